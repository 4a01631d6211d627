//! From changes in the store to tasks: who has to look when something has changed.

use jiff::{SignedDuration, Timestamp};
use memchr::memmem;

use super::context::{Key, Task};
use super::kubelet::Step;
use super::summary::{Stage, Summary};
use super::{Controllers, Pace, may_own};
use crate::demo::kinds::{
    self, CRONJOBS, DAEMONSETS, DEPLOYMENTS, EVENTS, JOBS, NAMESPACES, NODES, PODS, REPLICASETS,
    STATEFULSETS,
};
use crate::demo::store::{Change, Object, Verb};

/// How long pods that fit nowhere wait before another look when room may have appeared.
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(2);

impl Controllers {
    /// Learns the store as it is and plans what is unfinished in it.
    pub(super) fn take_over(&mut self, now: Timestamp) {
        self.seen = self.store.revision();
        for kind in kinds::ALL.iter().copied().filter(|kind| may_own(kind)) {
            for object in self.store.list(kind, None) {
                self.owners
                    .insert(object.uid.clone(), (kind, Key::of(&object)));
                if *kind == NODES {
                    self.machines.put(&object);
                }
                if is_marked(&object) {
                    self.agenda.now(Task::Finalize(kind, Key::of(&object)));
                }
            }
        }
        for kind in [
            &DEPLOYMENTS,
            &REPLICASETS,
            &STATEFULSETS,
            &DAEMONSETS,
            &JOBS,
            &CRONJOBS,
        ] {
            for object in self.store.list(kind, None) {
                self.agenda.now(Task::Sync(kind, Key::of(&object)));
            }
        }
        self.store
            .list(&EVENTS, None)
            .iter()
            .for_each(|event| self.events.adopt(event));
        self.take_over_pods(now);
    }

    fn take_over_pods(&mut self, now: Timestamp) {
        let known = std::mem::take(&mut self.pods);
        let pods = self.store.list(&PODS, None);
        self.pods = pods
            .iter()
            .map(|pod| (pod.uid.clone(), Summary::of(pod)))
            .collect();
        let mut kubelet = std::mem::take(&mut self.kubelet);
        let lives_on = self.pace != Pace::Still || !known.is_empty();
        for pod in &pods {
            let Some(summary) = self.pods.get(&pod.uid).cloned() else {
                continue;
            };
            if summary.is_bound() && !summary.is_finished() {
                self.machines
                    .occupy(&pod.uid, node_of(pod), &summary.request);
            }
            // After a gap in the history only what was not known before is taken up again.
            if !known.contains_key(&pod.uid) {
                if !summary.is_bound() && !summary.leaving {
                    self.agenda
                        .at(now + RETRY_AFTER, Task::Schedule(Key::of(pod)));
                }
                kubelet.adopt(&mut self.context(now), pod, &summary, lives_on);
            }
        }
        self.kubelet = kubelet;
    }

    /// Takes in what has changed since the last look.
    pub(super) fn take_changes(&mut self, now: Timestamp) {
        if self.store.revision() == self.seen {
            return;
        }
        match self.store.changes_after(None, self.seen) {
            Ok(changes) => {
                for change in changes {
                    self.seen = change.revision;
                    self.take_change(&change, now);
                }
            }
            // Too much has happened to tell: look at everything again.
            Err(_) => self.take_over(now),
        }
    }

    fn take_change(&mut self, change: &Change, now: Timestamp) {
        let object = &change.object;
        let kind = object.kind;
        if *kind == EVENTS {
            return;
        }
        if *kind == PODS {
            self.take_pod(change, now);
        } else if change.verb == Verb::Deleted {
            self.owners.remove(&object.uid);
            self.agenda.now(Task::Orphans(object.uid.clone()));
        } else {
            self.owners
                .insert(object.uid.clone(), (kind, Key::of(object)));
            if is_marked(object) {
                self.agenda.now(Task::Finalize(kind, Key::of(object)));
            }
        }
        if *kind == NODES {
            self.take_node(change);
        }
        if *kind == NAMESPACES && change.verb == Verb::Added {
            self.agenda.now(Task::Furnish(object.name.clone()));
        }
        if change.verb != Verb::Deleted && *kind != PODS {
            self.agenda.now(Task::Sync(kind, Key::of(object)));
        }
        self.tell_owner(change);
    }

    /// Lets the owner look; an object whose owner is gone goes, too.
    fn tell_owner(&mut self, change: &Change) {
        let Some(uid) = &change.object.owner else {
            return;
        };
        match self.owners.get(uid) {
            Some((kind, key)) => {
                let (kind, key) = (*kind, key.clone());
                if change.verb == Verb::Deleted
                    && self
                        .store
                        .get(kind, &key.namespace, &key.name)
                        .is_some_and(|owner| is_marked(&owner))
                {
                    self.agenda.now(Task::Finalize(kind, key.clone()));
                }
                if change.verb == Verb::Deleted && *kind == REPLICASETS {
                    self.tell_grand_owner(&key);
                }
                self.agenda.now(Task::Sync(kind, key));
            }
            None if change.verb == Verb::Added => self.agenda.now(Task::Orphans(uid.clone())),
            None => {}
        }
    }

    /// A Deployment that recreates waits for the last old pod to be gone, which no count of its
    /// `ReplicaSet` tells.
    fn tell_grand_owner(&mut self, key: &Key) {
        let set = self.store.get(&REPLICASETS, &key.namespace, &key.name);
        let owner = set
            .and_then(|set| set.owner.clone())
            .and_then(|uid| self.owners.get(&uid).cloned());
        if let Some((kind, key)) = owner {
            self.agenda.now(Task::Sync(kind, key));
        }
    }

    fn take_node(&mut self, change: &Change) {
        if change.verb == Verb::Deleted {
            self.machines.remove(&change.object.name);
        } else if !self.machines.put(&change.object) {
            return;
        }
        for set in self.store.list(&DAEMONSETS, None) {
            self.agenda.now(Task::Sync(&DAEMONSETS, Key::of(&set)));
        }
        self.agenda.now(Task::RetryUnschedulable);
    }

    fn take_pod(&mut self, change: &Change, now: Timestamp) {
        let pod = &change.object;
        let key = Key::of(pod);
        let step = |step| Task::Pod(key.clone(), pod.uid.clone(), step);
        if change.verb == Verb::Deleted {
            self.pods.remove(&pod.uid);
            self.kubelet.forget(&pod.uid);
            self.leave(&pod.uid, now);
            return;
        }
        let summary = Summary::of(pod);
        let before = self.pods.insert(pod.uid.clone(), summary.clone());
        if before.as_ref() == Some(&summary) {
            return;
        }
        if before.is_none() && pod.field("spec.restartPolicy").is_none_or(str::is_empty) {
            self.agenda.now(Task::Complete(key.clone()));
        }
        if summary.is_finished() {
            self.leave(&pod.uid, now);
        } else if summary.is_bound() {
            self.machines
                .occupy(&pod.uid, node_of(pod), &summary.request);
        }
        if summary.leaving {
            if !before.is_some_and(|before| before.leaving) {
                self.agenda.now(step(Step::Stop));
            }
        } else if !summary.is_bound() {
            if before.is_none() {
                self.agenda.at(
                    now + SignedDuration::from_millis(80),
                    Task::Schedule(key.clone()),
                );
            }
        } else if summary.stage == Stage::Bound && !before.is_some_and(|before| before.is_bound()) {
            self.agenda
                .at(now + SignedDuration::from_millis(150), step(Step::Admit));
        }
    }

    /// A pod has left its node: there may be room for another.
    fn leave(&mut self, uid: &str, now: Timestamp) {
        if self.machines.release(uid) && !self.waiting.is_empty() {
            self.agenda.at(now + RETRY_AFTER, Task::RetryUnschedulable);
        }
    }
}

fn node_of(pod: &Object) -> &str {
    pod.field("spec.nodeName").unwrap_or_default()
}

/// Whether an object is marked for deletion.
fn is_marked(object: &Object) -> bool {
    memmem::find(object.metadata(), b"\"deletionTimestamp\":\"").is_some()
}
