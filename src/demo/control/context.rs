//! What every controller works with: the store, the moment, chance, events and the two queues.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::event::{self, Recorder, Story};
use super::json::{int, set, time};
use super::kubelet::Step;
use super::summary::Summary;
use crate::demo::clock::stamp;
use crate::demo::kinds::{Kind, PODS};
use crate::demo::random::Random;
use crate::demo::store::{Object, Store};

/// Namespace and name of an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Namespace; empty for kinds without one.
    pub namespace: Box<str>,
    /// Name.
    pub name: Box<str>,
}

impl Key {
    /// The key of a stored object.
    pub fn of(object: &Object) -> Self {
        Self {
            namespace: object.namespace.clone(),
            name: object.name.clone(),
        }
    }
}

/// Something that a controller has to look at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Task {
    /// Make this object's world agree with its spec.
    Sync(&'static Kind, Key),
    /// Find a node for this pod.
    Schedule(Key),
    /// Look again at the pods that fit nowhere.
    RetryUnschedulable,
    /// The next step in the life of a pod on its node.
    Pod(Key, Box<str>, Step),
    /// Objects that the owner with this uid leaves behind.
    Orphans(Box<str>),
    /// Finish the deletion of an object that was marked for it.
    Finalize(&'static Kind, Key),
    /// Give a new namespace what each has.
    Furnish(Box<str>),
    /// Fill in the defaults of a pod that a user made.
    Complete(Key),
    /// Renew the next node leases.
    Heartbeat,
    /// Delete old events.
    ForgetEvents,
    /// The next act of the scenario.
    Act,
    /// The next slice of churn.
    Churn,
}

impl std::hash::Hash for Kind {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

/// Tasks to do now, each once, and tasks to do later.
#[derive(Debug, Default)]
pub struct Agenda {
    ready: VecDeque<Task>,
    queued: HashSet<Task>,
    later: BinaryHeap<Reverse<(Timestamp, u64)>>,
    tasks: HashMap<u64, Task>,
    serial: u64,
}

impl Agenda {
    /// Does `task` now, once however often it is asked for.
    pub fn now(&mut self, task: Task) {
        if self.queued.insert(task.clone()) {
            self.ready.push_back(task);
        }
    }

    /// Does `task` at `when`.
    pub fn at(&mut self, when: Timestamp, task: Task) {
        self.serial += 1;
        self.tasks.insert(self.serial, task);
        self.later.push(Reverse((when, self.serial)));
    }

    /// The next task that is due.
    pub fn pop(&mut self, now: Timestamp) -> Option<Task> {
        while let Some(Reverse((when, serial))) = self.later.peek().copied() {
            if when > now {
                break;
            }
            self.later.pop();
            if let Some(task) = self.tasks.remove(&serial) {
                self.now(task);
            }
        }
        let task = self.ready.pop_front()?;
        self.queued.remove(&task);
        Some(task)
    }

    /// When the next timer is due; `None` with an empty agenda.
    pub fn next(&self) -> Option<Timestamp> {
        self.later.peek().map(|Reverse((when, _))| *when)
    }
}

/// The tools of a controller during one step.
#[derive(Debug)]
pub struct Context<'a> {
    /// The cluster's objects.
    pub store: &'a Store,
    /// The moment of this step.
    pub now: Timestamp,
    /// Chance.
    pub random: &'a mut Random,
    /// Writer of events.
    pub events: &'a mut Recorder,
    /// What is to be done.
    pub agenda: &'a mut Agenda,
    /// What is known of every pod, by uid.
    pub pods: &'a HashMap<Box<str>, Summary>,
    /// Time alone changes nothing in what was made before; everything follows time when absent.
    pub still_before: Option<Timestamp>,
}

impl Context<'_> {
    /// Whether time alone changes nothing about this object.
    pub fn rests(&self, object: &Value) -> bool {
        let made = time(object, "/metadata/creationTimestamp");
        self.still_before
            .is_some_and(|start| made.is_none_or(|made| made < start))
    }

    /// Does `task` after `delay`.
    pub fn after(&mut self, delay: SignedDuration, task: Task) {
        self.agenda.at(self.now + delay, task);
    }

    /// Says `story` about `object`.
    pub fn tell(&mut self, object: &Value, story: &Story<'_>) {
        self.events
            .record(self.store, self.now, &event::involved(object, ""), story);
    }

    /// Changes an object. One that is gone needs no change, and says `false`.
    pub fn change(&self, kind: &'static Kind, key: &Key, change: impl FnOnce(&mut Value)) -> bool {
        let changed = self.store.update(kind, &key.namespace, &key.name, |value| {
            change(value);
            Ok(())
        });
        changed.is_ok()
    }

    /// Removes an object for good. One that is gone already stays gone.
    pub fn remove(&self, kind: &'static Kind, key: &Key) {
        let _ = self.store.delete(kind, &key.namespace, &key.name);
    }

    /// Asks a pod to go, as a delete request with its own grace period does; one that no kubelet
    /// holds goes at once.
    pub fn delete_pod(&self, pod: &Object) {
        let key = Key::of(pod);
        if pod.field("spec.nodeName").is_none_or(str::is_empty) {
            self.remove(&PODS, &key);
            return;
        }
        let now = self.now;
        self.change(&PODS, &key, |pod| {
            if pod.pointer("/metadata/deletionTimestamp").is_none() {
                let grace = int(pod, "/spec/terminationGracePeriodSeconds")
                    .unwrap_or(30)
                    .max(0);
                set(
                    pod,
                    &["metadata", "deletionTimestamp"],
                    stamp(now + SignedDuration::from_secs(grace)),
                );
                set(pod, &["metadata", "deletionGracePeriodSeconds"], grace);
            }
        });
    }

    /// The pods that a controller owns and that still count: neither leaving nor finished.
    pub fn active_pods(&self, owner_uid: &str) -> Vec<(std::sync::Arc<Object>, Summary)> {
        self.owned_pods(owner_uid)
            .into_iter()
            .filter(|(_, summary)| summary.is_active())
            .collect()
    }

    /// All pods that a controller owns.
    pub fn owned_pods(&self, owner_uid: &str) -> Vec<(std::sync::Arc<Object>, Summary)> {
        let owned = self.store.owned(&PODS, owner_uid).into_iter();
        owned
            .filter_map(|pod| {
                self.pods
                    .get(&pod.uid)
                    .map(|summary| (pod, summary.clone()))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_waits_for_its_time_and_is_done_once() {
        let start = Timestamp::UNIX_EPOCH;
        let mut agenda = Agenda::default();
        agenda.at(start + SignedDuration::from_secs(5), Task::Heartbeat);
        agenda.now(Task::Act);
        agenda.now(Task::Act);
        assert_eq!(agenda.pop(start), Some(Task::Act));
        assert_eq!(agenda.pop(start), None);
        assert_eq!(agenda.next(), Some(start + SignedDuration::from_secs(5)));
        assert_eq!(
            agenda.pop(start + SignedDuration::from_secs(6)),
            Some(Task::Heartbeat)
        );
        assert_eq!(agenda.next(), None);
    }
}
