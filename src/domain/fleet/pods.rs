//! Pods: where they belong, and what they count there.

use super::Fleet;
use super::ids::{NodeId, PodId, WorkloadId};
use super::restarts::RestartLog;
use super::slots::{PlaceSlot, PodSlot, Problem, Share, ThingId};
use super::view::{Sums, write_sought};
use crate::domain::health::status::Status;
use crate::domain::health::{Health, pod as rules};
use crate::domain::labels::Facts;
use crate::domain::rows::Pod;
use crate::domain::text::Text;
use crate::domain::time::Timestamp;

/// Where a pod goes.
struct Home {
    thing: ThingId,
    place: WorkloadId,
    facts: u32,
}

impl Fleet {
    pub(super) fn put_pod(&mut self, pod: Pod) {
        let key = (pod.meta.namespace.clone(), pod.meta.name.clone());
        if let Some(id) = self.index.pods.get(&key).copied() {
            self.change_pod(id, pod);
        } else {
            let id = self.insert_pod(pod);
            self.index.pods.insert(key, id);
            self.assess(id);
        }
    }

    fn insert_pod(&mut self, pod: Pod) -> PodId {
        let log = RestartLog::first_seen(&pod, self.now);
        let namespace = self.namespace_id(&pod.meta.namespace);
        let node = self.pod_node(&pod);
        let Home {
            thing,
            place,
            facts,
        } = self.find_home(&pod);
        let id = PodId(self.pods.insert(PodSlot {
            share: Share::new(Sums::default(), Health::Unknown),
            word: Text::default(),
            sought: Box::default(),
            ready: 0,
            total: 0,
            restarts: 0,
            due: None,
            seen: self.epoch,
            at_place: 0,
            at_thing: 0,
            at_node: 0,
            pod,
            thing,
            place,
            namespace,
            node,
            facts,
        }));
        if !log.is_empty() {
            self.restarts.insert(id, log);
        }
        self.enter_place(id);
        self.enter_thing(id);
        self.enter_node(id);
        self.count_pod(id, true);
        id
    }

    fn change_pod(&mut self, id: PodId, pod: Pod) {
        let Some(slot) = self.pods.get_mut(id.0) else {
            return;
        };
        slot.seen = self.epoch;
        if slot.pod == pod {
            return;
        }
        let before = std::mem::replace(&mut slot.pod, pod);
        let after = &slot.pod;
        let moved_home = before.meta.labels != after.meta.labels
            || before.meta.owner != after.meta.owner
            || before.meta.helm_release != after.meta.helm_release;
        let moved_node = before.node != after.node;
        let sought_elsewhere = moved_node || before.ip != after.ip;
        // The name is used again by another pod.
        let reborn = before.meta.created != after.meta.created;
        let place = slot.place;
        let log = self.restarts.remove(&id).unwrap_or_default();
        let log = if before.meta.uid == after.meta.uid {
            let mut log = log;
            log.observe(&before, after, self.now);
            log
        } else {
            RestartLog::first_seen(after, self.now)
        };
        if !log.is_empty() {
            self.restarts.insert(id, log);
        }
        if reborn {
            self.touch_place(place, true);
        }
        if moved_node {
            self.leave_node(id);
            self.settle_on_node(id);
        }
        if moved_home {
            self.rehome_pod(id);
        }
        self.assess(id);
        if sought_elsewhere {
            self.note_sought(id);
        }
    }

    pub(super) fn remove_pod(&mut self, id: PodId) {
        self.count_pod(id, false);
        self.leave_node(id);
        self.leave_thing(id);
        self.leave_place(id);
        self.restarts.remove(&id);
        let Some(slot) = self.pods.remove(id.0) else {
            return;
        };
        if let Some(due) = slot.due {
            self.due.remove(&(due, id));
        }
        self.facts.release(slot.facts);
        self.drop_if_unused(slot.thing);
        let meta = slot.pod.meta;
        self.index.pods.remove(&(meta.namespace, meta.name));
        self.pending.touched.pods.push(id);
        self.touch_namespace(slot.namespace);
    }

    /// Puts the pod where its labels and owners say now.
    pub(super) fn rehome_pod(&mut self, id: PodId) {
        let Some(slot) = self.pods.get_mut(id.0) else {
            return;
        };
        let old = Home {
            thing: slot.thing,
            place: slot.place,
            facts: slot.facts,
        };
        let pod = std::mem::take(&mut slot.pod);
        let new = self.find_home(&pod);
        if let Some(slot) = self.pods.get_mut(id.0) {
            slot.pod = pod;
        }
        if new.place == old.place && new.thing == old.thing && new.facts == old.facts {
            self.facts.release(new.facts);
            return;
        }
        self.count_pod(id, false);
        self.leave_thing(id);
        self.leave_place(id);
        if let Some(slot) = self.pods.get_mut(id.0) {
            slot.thing = new.thing;
            slot.place = new.place;
            slot.facts = new.facts;
        }
        self.enter_place(id);
        self.enter_thing(id);
        self.count_pod(id, true);
        self.facts.release(old.facts);
        self.drop_if_unused(old.thing);
        self.note_sought(id);
        self.pending.touched.pods.push(id);
    }

    fn find_home(&mut self, pod: &Pod) -> Home {
        let thing = self.thing_of_pod(pod);
        let root = self.root_of(thing);
        let facts = self.facts_of_pod(pod, thing, root);
        let place = self.place_of(root, &pod.meta.namespace, &facts);
        let facts = self.facts.take(facts);
        Home {
            thing,
            place,
            facts,
        }
    }

    fn facts_of_pod(&self, pod: &Pod, thing: ThingId, root: ThingId) -> Facts {
        let object = |id: ThingId| self.things.get(id).and_then(|t| t.object.as_deref());
        let owners = [
            object(thing),
            (root != thing).then(|| object(root)).flatten(),
        ];
        let metas = || std::iter::once(&pod.meta).chain(owners.iter().flatten().map(|o| &o.meta));
        Facts::of_chain(&self.scheme, metas().map(|meta| &meta.labels), metas())
    }

    fn pod_node(&mut self, pod: &Pod) -> Option<NodeId> {
        (!pod.node.is_empty()).then(|| self.node_id(&pod.node))
    }

    fn settle_on_node(&mut self, id: PodId) {
        let Some(name) = self.pods.get(id.0).map(|slot| slot.pod.node.clone()) else {
            return;
        };
        let node = (!name.is_empty()).then(|| self.node_id(&name));
        if let Some(slot) = self.pods.get_mut(id.0) {
            slot.node = node;
        }
        self.enter_node(id);
    }

    /// Judges the pod anew and passes the difference up the tree.
    pub(super) fn assess(&mut self, id: PodId) {
        let (restarts, falls_out) = self.count_restarts(id);
        let Some(slot) = self.pods.get(id.0) else {
            return;
        };
        let pod = &slot.pod;
        let verdict = rules::judge(pod, self.down_since(slot.node), self.now);
        let status = Status::of(pod);
        let word = self.words.text(&status.word);
        let (ready, total, all_restarts) = (status.ready, status.total, status.restarts);
        let counts = rules::counts(pod);
        let sums = Sums {
            pods: 1,
            total: u32::from(counts),
            ready: u32::from(counts && rules::is_ready(pod)),
            restarts,
        };
        let stuck = pod.meta.deleted.is_some() && verdict.health == Health::Degraded;
        let share = Share {
            sums,
            health: verdict.health,
            gone: !counts && !stuck,
            problem: (verdict.health.weight() <= Health::Unknown.weight()).then(|| {
                let rank = verdict
                    .cause
                    .as_ref()
                    .map_or(u8::MAX, super::super::health::cause::Cause::rank);
                (rank, verdict.since)
            }),
        };
        let due = verdict.until.into_iter().chain(falls_out).min();
        self.set_due(id, due);
        let place = slot_place(&self.pods, id);
        let changed = self.pods.get(id.0).is_some_and(|slot| slot.share != share);
        if changed {
            self.count_pod(id, false);
        }
        let mut renamed = false;
        if let Some(slot) = self.pods.get_mut(id.0) {
            renamed = slot.word != word || slot.sought.is_empty();
            (slot.ready, slot.total, slot.restarts) = (ready, total, all_restarts);
            slot.word = word;
            slot.share = share;
        }
        if changed {
            self.count_pod(id, true);
        }
        if renamed {
            self.note_sought(id);
        }
        if let Some(place) = place {
            // The share may be the same and the cause another: more restarts, a new exit code.
            self.touch_place(place, false);
        }
        self.pending.touched.pods.push(id);
    }

    fn note_sought(&mut self, id: PodId) {
        let Some(slot) = self.pods.get_mut(id.0) else {
            return;
        };
        let Some(place) = self.places.get(slot.place.0) else {
            return;
        };
        let mut text = std::mem::take(&mut self.spare);
        text.clear();
        write_sought(slot, &place.row, &mut text);
        text.make_ascii_lowercase();
        if *slot.sought != *text {
            slot.sought = text.as_str().into();
        }
        self.spare = text;
    }

    fn count_restarts(&mut self, id: PodId) -> (u32, Option<Timestamp>) {
        let now = self.now;
        let Some(log) = self.restarts.get_mut(&id) else {
            return (0, None);
        };
        let counted = log.count(now);
        if log.is_empty() {
            self.restarts.remove(&id);
        }
        counted
    }

    fn set_due(&mut self, id: PodId, due: Option<Timestamp>) {
        let Some(slot) = self.pods.get_mut(id.0) else {
            return;
        };
        let before = std::mem::replace(&mut slot.due, due);
        if let Some(before) = before {
            self.due.remove(&(before, id));
        }
        if let Some(due) = due {
            self.due.insert((due, id));
        }
    }

    /// Adds what the pod counts to everything above it, or takes it away.
    fn count_pod(&mut self, id: PodId, enter: bool) {
        let Some(slot) = self.pods.get(id.0) else {
            return;
        };
        let share = slot.share.clone();
        let problem = share.problem.map(|(rank, since)| Problem {
            gone: share.gone,
            weight: share.health.weight(),
            rank,
            since,
            name: slot.pod.meta.name.clone(),
            within: Default::default(),
            id: id.0,
        });
        let (place, namespace) = (slot.place, slot.namespace);
        let unlabelled = self
            .facts
            .get(slot.facts)
            .is_some_and(|facts| facts.project.is_none());
        let apply = |sums: &mut Sums| {
            if enter {
                sums.add(share.sums);
            } else {
                sums.sub(share.sums);
            }
        };
        if enter {
            self.totals.pods.add(share.health);
            self.totals.unlabelled += u32::from(unlabelled);
        } else {
            self.totals.pods.sub(share.health);
            self.totals.unlabelled -= u32::from(unlabelled);
        }
        let mut above = None;
        if let Some(slot) = self.places.get_mut(place.0) {
            slot.count(&share, problem, enter);
            apply(&mut slot.sums);
            above = Some(slot.release);
        }
        self.touch_place(place, false);
        if let Some(release) = above
            && let Some(slot) = self.releases.get_mut(release.0)
        {
            apply(&mut slot.sums);
            let project = slot.project;
            self.touch_release(release, false);
            if let Some(slot) = self.projects.get_mut(project.0) {
                apply(&mut slot.sums);
            }
            self.touch_project(project, false);
        }
        if let Some(slot) = self.namespaces.get_mut(namespace.0) {
            apply(&mut slot.sums);
        }
        self.touch_namespace(namespace);
    }

    fn enter_place(&mut self, id: PodId) {
        let Some(slot) = self.pods.get_mut(id.0) else {
            return;
        };
        let (place, facts) = (slot.place, slot.facts);
        if let Some(at) = self.places.get_mut(place.0) {
            slot.at_place = position(at.pods.len());
            at.pods.push(id);
            match at.facts.iter_mut().find(|(known, _)| *known == facts) {
                Some((_, n)) => *n += 1,
                None => at.facts.push((facts, 1)),
            }
        }
        self.touch_place(place, true);
    }

    fn leave_place(&mut self, id: PodId) {
        let Some(slot) = self.pods.get(id.0) else {
            return;
        };
        let (place, facts, at) = (slot.place, slot.facts, slot.at_place);
        let Some(slot) = self.places.get_mut(place.0) else {
            return;
        };
        slot.pods.swap_remove(at as usize);
        if let Some((_, n)) = slot.facts.iter_mut().find(|(known, _)| *known == facts) {
            *n -= 1;
        }
        slot.facts.retain(|(_, n)| *n > 0);
        let moved = slot.pods.get(at as usize).copied();
        if let Some(moved) = moved.and_then(|id| self.pods.get_mut(id.0)) {
            moved.at_place = at;
        }
        self.touch_place(place, true);
    }

    fn enter_thing(&mut self, id: PodId) {
        if let Some(slot) = self.pods.get_mut(id.0)
            && let Some(thing) = self.things.get_mut(slot.thing)
        {
            slot.at_thing = position(thing.pods.len());
            thing.pods.push(id);
        }
    }

    fn leave_thing(&mut self, id: PodId) {
        let Some(slot) = self.pods.get(id.0) else {
            return;
        };
        let (thing, at) = (slot.thing, slot.at_thing);
        let Some(thing) = self.things.get_mut(thing) else {
            return;
        };
        thing.pods.swap_remove(at as usize);
        let moved = thing.pods.get(at as usize).copied();
        if let Some(moved) = moved.and_then(|id| self.pods.get_mut(id.0)) {
            moved.at_thing = at;
        }
    }

    fn enter_node(&mut self, id: PodId) {
        let Some(slot) = self.pods.get_mut(id.0) else {
            return;
        };
        let Some(node) = slot.node else { return };
        if let Some(at) = self.nodes.get_mut(node.0) {
            slot.at_node = position(at.pods.len());
            at.pods.push(id);
        }
        self.touch_node(node);
    }

    fn leave_node(&mut self, id: PodId) {
        let Some(slot) = self.pods.get_mut(id.0) else {
            return;
        };
        let at = slot.at_node;
        let Some(node) = slot.node.take() else { return };
        let Some(slot) = self.nodes.get_mut(node.0) else {
            return;
        };
        slot.pods.swap_remove(at as usize);
        let moved = slot.pods.get(at as usize).copied();
        if let Some(moved) = moved.and_then(|id| self.pods.get_mut(id.0)) {
            moved.at_node = at;
        }
        self.touch_node(node);
    }
}

fn slot_place(pods: &super::arena::Arena<PodSlot>, id: PodId) -> Option<WorkloadId> {
    pods.get(id.0).map(|slot| slot.place)
}

fn position(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

impl Share {
    fn new(sums: Sums, health: Health) -> Self {
        Self {
            sums,
            health,
            gone: false,
            problem: None,
        }
    }
}

impl PlaceSlot {
    fn count(&mut self, share: &Share, problem: Option<Problem>, enter: bool) {
        let tally = if share.gone {
            &mut self.gone
        } else {
            &mut self.alive
        };
        if enter {
            tally.add(share.health);
            self.problems.extend(problem);
        } else {
            tally.sub(share.health);
            if let Some(problem) = problem {
                self.problems.remove(&problem);
            }
        }
    }
}
