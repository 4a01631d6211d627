//! The end of a batch: every row on the way from what changed to the top is made anew, once.

use super::ids::{NamespaceId, NodeId, ProjectId, ReleaseId, WorkloadId};
use super::slots::{PlaceSlot, PodSlot, Problem, ReleaseSlot, Thing, Told};
use super::view::{Changed, ProjectRow, ReleaseRow, Touched, WorkloadRow};
use super::{Fleet, arena::Arena};
use crate::domain::health::workload::{self as rules, Around, Pods};
use crate::domain::health::{Cause, Fault, Health, pod as pod_rules};
use crate::domain::labels::Facts;
use crate::domain::rows::{Kind, Workload};
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use std::collections::BTreeSet;

/// The label in which pods of `StatefulSets` and `DaemonSets` carry their revision.
const REVISION_HASH: &str = "controller-revision-hash";

impl Fleet {
    /// Makes everything anew that the batch has touched, and says what that was.
    pub(super) fn settle(&mut self) -> Touched {
        for id in std::mem::take(&mut self.pending.places) {
            self.settle_place(id);
        }
        for id in std::mem::take(&mut self.pending.releases) {
            self.settle_release(id);
        }
        for id in std::mem::take(&mut self.pending.projects) {
            self.settle_project(id);
        }
        for id in std::mem::take(&mut self.pending.namespaces) {
            self.settle_namespace(id);
        }
        for id in std::mem::take(&mut self.pending.nodes) {
            self.settle_node(id);
        }
        let mut touched = std::mem::take(&mut self.pending.touched);
        touched.deduplicate();
        touched
    }

    fn settle_place(&mut self, id: WorkloadId) {
        let Some(slot) = self.places.get(id.0) else {
            return;
        };
        if slot.pods.is_empty() && slot.own_facts.is_none() {
            self.remove_place(id);
            return;
        }
        let Some(thing) = self.things.get(slot.thing) else {
            return;
        };
        let object = thing.object.as_deref().filter(|_| slot.own_facts.is_some());
        let mut row = slot.row.clone();
        if slot.reshaped {
            self.reshape_workload(slot, thing, object, &mut row);
        }
        self.judge_workload(slot, thing, object, &mut row);
        let reshaped = slot.row.created != row.created
            || slot.row.changed != row.changed
            || slot.row.version != row.version
            || slot.row.revision != row.revision
            || slot.row.department != row.department
            || slot.row.owner != row.owner
            || slot.row.environment != row.environment;
        let told = Told {
            health: row.health,
            problem: Problem::of_row(
                row.health,
                row.cause.as_ref(),
                &row.name,
                (&row.kind, &row.namespace),
                id.0,
            ),
            // A Job's completions are not replicas that somebody waits for.
            ready: if row.kind == Kind::Job.name() {
                0
            } else {
                row.ready
            },
            desired: if row.kind == Kind::Job.name() {
                0
            } else {
                row.desired
            },
            asleep: row
                .cause
                .as_ref()
                .is_some_and(|cause| cause.fault == Fault::ScaledToZero),
        };
        let release = slot.release;
        let Some(slot) = self.places.get_mut(id.0) else {
            return;
        };
        (slot.dirty, slot.reshaped) = (false, false);
        if slot.row != row {
            slot.row = row;
            self.pending.touched.workloads.push(id);
            // The release shows the cause of its worst workload.
            self.touch_release(release, reshaped);
        }
        let Some(slot) = self.places.get_mut(id.0) else {
            return;
        };
        if slot.told.as_ref() != Some(&told) {
            let before = slot.told.replace(told.clone());
            if let Some(before) = &before {
                self.totals.workloads.sub(before.health);
            }
            self.totals.workloads.add(told.health);
            if let Some(release) = self.releases.get_mut(release.0) {
                if let Some(before) = before {
                    release.untell(&before);
                }
                release.tell(told);
            }
            self.touch_release(release, reshaped);
        }
    }

    /// What changes seldom: versions, owners, ages.
    fn reshape_workload(
        &self,
        slot: &PlaceSlot,
        thing: &Thing,
        object: Option<&Workload>,
        row: &mut WorkloadRow,
    ) {
        let facts: Vec<&Facts> = match slot.own_facts {
            Some(own) => self.facts.get(own).into_iter().collect(),
            None => slot
                .facts
                .iter()
                .filter_map(|(id, _)| self.facts.get(*id))
                .collect(),
        };
        row.department = joined(facts.iter().filter_map(|f| f.department.as_ref()));
        row.owner = joined(facts.iter().filter_map(|f| f.owner.as_ref()));
        row.environment = joined(facts.iter().filter_map(|f| f.environment.as_ref()));
        row.version = joined(facts.iter().filter_map(|f| f.version.as_ref()));
        let pods = || slot.pods.iter().filter_map(|id| self.pods.get(id.0));
        let oldest_pod = pods().map(|pod| pod.pod.meta.created).min();
        row.known = object.is_some();
        row.component = row.name.clone();
        if let Some(object) = object {
            let labels = [&object.template_labels, &object.meta.labels];
            if let Some(name) = labels.into_iter().find_map(|l| self.scheme.component(l)) {
                row.component = name.clone();
            }
            if row.version.is_empty() {
                row.version = rules::version(&object.template_labels, &object.images, &self.scheme);
            }
            row.revision = object.revision.clone();
            row.created = object.meta.created;
            let seen = match object.kind {
                Kind::Deployment => rules::revision(object, &children(&self.things, thing))
                    .map(|set| set.meta.created),
                Kind::StatefulSet | Kind::DaemonSet => {
                    pods_of_revision(pods(), &object.revision).min()
                }
                Kind::CronJob => object.last_time,
                _ => Some(object.meta.created),
            };
            row.changed = thing.rolled.max(seen).or(Some(object.meta.created));
        } else {
            row.revision = Text::default();
            row.created = oldest_pod.unwrap_or(row.created);
            row.changed = pods().map(|pod| pod.pod.meta.created).max();
        }
    }

    fn judge_workload(
        &self,
        slot: &PlaceSlot,
        thing: &Thing,
        object: Option<&Workload>,
        row: &mut WorkloadRow,
    ) {
        let (worst, failed) = Self::worst_pods(slot, object.is_some());
        let pods = Pods {
            total: slot.sums.total,
            ready: slot.sums.ready,
            alive: slot.alive,
            gone: slot.gone,
            worst: worst.and_then(|pod| self.cause_of(pod)),
            exit_code: failed.and_then(|pod| self.exit_code(pod)),
        };
        let children = children(&self.things, thing);
        let around = Around {
            name: &row.name,
            children: &children,
            rolled: thing.rolled,
            scheme: &self.scheme,
        };
        (row.health, row.cause) = rules::judge(object, &pods, around);
        row.culprit = worst.or(failed).map(super::PodId);
        row.sums = slot.sums;
        if let Some(object) = object {
            row.ready = object.ready;
            row.desired = object.desired;
            row.updated = object.updated;
            row.available = object.available;
        } else {
            (row.ready, row.desired) = (slot.sums.ready, slot.sums.total);
            (row.updated, row.available) = (slot.sums.total, slot.sums.ready);
        }
    }

    /// The pod to tell of, and the one that failed last of those that a controller replaces.
    fn worst_pods(slot: &PlaceSlot, known: bool) -> (Option<u32>, Option<u32>) {
        let mut problems = slot.problems.iter();
        let alive = slot.problems.first().filter(|problem| !problem.gone);
        let gone = problems.find(|problem| problem.gone);
        let worst = if known {
            alive
        } else {
            [alive, gone].into_iter().flatten().min_by_key(|p| p.weight)
        };
        let failed = slot
            .problems
            .iter()
            .rev()
            .find(|p| p.gone && p.weight == Health::Failing.weight());
        (worst.map(|p| p.id), failed.map(|p| p.id))
    }

    fn cause_of(&self, pod: u32) -> Option<(Health, Cause)> {
        let slot = self.pods.get(pod)?;
        let verdict = pod_rules::judge(&slot.pod, self.down_since(slot.node), self.now);
        // The tree holds what was decided when the pod was assessed; the cause is only put in words.
        Some((slot.share.health, verdict.cause?))
    }

    fn exit_code(&self, pod: u32) -> Option<i32> {
        match self.cause_of(pod)?.1.fault {
            Fault::Crash { exit_code, .. } => Some(exit_code),
            _ => None,
        }
    }

    fn settle_release(&mut self, id: ReleaseId) {
        let Some(slot) = self.releases.get(id.0) else {
            return;
        };
        if slot.workloads.is_empty() {
            self.remove_release(id);
            return;
        }
        let mut row = slot.row.clone();
        if slot.reshaped {
            self.reshape_release(slot, &mut row);
        }
        row.sums = slot.sums;
        (row.ready, row.desired) = (slot.ready, slot.desired);
        row.tally = slot.rollup.tally;
        row.health = row.tally.health();
        let worst = slot.rollup.worst().and_then(|id| self.places.get(id));
        row.worst = slot.rollup.worst().map(WorkloadId);
        row.cause = worst.and_then(|place| place.row.cause.clone());
        row.culprit = worst.and_then(|place| place.row.culprit);
        if row.cause.is_none() && slot.asleep > 0 && slot.asleep == row.tally.total() {
            row.cause = Some(Cause::new(Fault::ScaledToZero));
        }
        let told = Told {
            health: row.health,
            problem: Problem::of_row(
                row.health,
                row.cause.as_ref(),
                &row.name,
                (&row.namespace, &row.project),
                id.0,
            ),
            ready: 0,
            desired: 0,
            asleep: false,
        };
        let (project, namespace) = (slot.project, slot.namespace);
        let reshaped = shape_differs(&slot.row, &row);
        let Some(slot) = self.releases.get_mut(id.0) else {
            return;
        };
        (slot.dirty, slot.reshaped) = (false, false);
        if slot.row == row && slot.told.as_ref() == Some(&told) {
            return;
        }
        slot.row = row;
        let before = slot.told.replace(told.clone());
        self.pending.touched.releases.push(id);
        if let Some(before) = &before {
            self.totals.releases.sub(before.health);
        }
        self.totals.releases.add(told.health);
        let above = [
            self.projects
                .get_mut(project.0)
                .map(|slot| &mut slot.rollup),
            self.namespaces
                .get_mut(namespace.0)
                .map(|slot| &mut slot.rollup),
        ];
        for rollup in above.into_iter().flatten() {
            if let Some(before) = &before {
                rollup.sub(before.health, before.problem.as_ref());
            }
            rollup.add(told.health, told.problem.clone());
        }
        self.touch_project(project, reshaped);
        if reshaped && let Some(slot) = self.namespaces.get_mut(namespace.0) {
            slot.reshaped = true;
        }
        self.touch_namespace(namespace);
    }

    fn reshape_release(&self, slot: &ReleaseSlot, row: &mut ReleaseRow) {
        let workloads: Vec<&WorkloadRow> = slot
            .workloads
            .iter()
            .filter_map(|id| self.places.get(id.0))
            .map(|place| &place.row)
            .collect();
        let namespace = self.namespaces.get(slot.namespace.0);
        let labels = namespace.map(|slot| &slot.row.meta.labels);
        let or_namespace = |own: Text, theirs: Option<&Text>| {
            if own.is_empty() {
                theirs.cloned().unwrap_or_default()
            } else {
                own
            }
        };
        row.workloads = u32::try_from(workloads.len()).unwrap_or(u32::MAX);
        row.department = or_namespace(
            joined(workloads.iter().map(|w| &w.department)),
            labels.and_then(|l| self.scheme.department(l)),
        );
        row.owner = or_namespace(
            joined(workloads.iter().map(|w| &w.owner)),
            labels.and_then(|l| self.scheme.owner(l)),
        );
        row.environment = or_namespace(
            joined(workloads.iter().map(|w| &w.environment)),
            labels.and_then(|l| self.scheme.environment(l)),
        );
        row.versions = distinct(workloads.iter().map(|w| &w.version));
        let latest = workloads
            .iter()
            .filter(|w| w.changed.is_some() && w.kind != Kind::CronJob.name())
            .max_by_key(|w| (w.changed, &w.name, &w.kind))
            .or_else(|| {
                workloads
                    .iter()
                    .max_by_key(|w| (w.changed, &w.name, &w.kind))
            });
        row.version = latest.map(|w| w.version.clone()).unwrap_or_default();
        row.revision = latest.map(|w| w.revision.clone()).unwrap_or_default();
        row.changed = latest.and_then(|w| {
            Some(Changed {
                at: w.changed?,
                version: w.version.clone(),
            })
        });
        row.created = oldest(workloads.iter().map(|w| w.created));
    }

    fn settle_project(&mut self, id: ProjectId) {
        let Some(slot) = self.projects.get(id.0) else {
            return;
        };
        if slot.releases.is_empty() {
            self.remove_project(id);
            return;
        }
        let mut row = slot.row.clone();
        if slot.reshaped {
            self.reshape_project(&slot.releases, &mut row);
        }
        row.sums = slot.sums;
        row.tally = slot.rollup.tally;
        row.health = row.tally.health();
        let worst = slot.rollup.worst().and_then(|id| self.releases.get(id));
        row.worst = slot.rollup.worst().map(ReleaseId);
        row.cause = worst.and_then(|release| release.row.cause.clone());
        row.culprit = worst.and_then(|release| release.row.culprit);
        let well = matches!(row.health, Health::Healthy | Health::Finished);
        if !row.labelled && well {
            // Nothing is wrong with the pods, but nobody can tell whose they are.
            row.health = Health::Unknown;
            let namespaces = u32::try_from(row.namespaces.len()).unwrap_or(u32::MAX);
            row.cause = Some(Cause::new(Fault::Unlabelled { namespaces }));
        }
        let Some(slot) = self.projects.get_mut(id.0) else {
            return;
        };
        (slot.dirty, slot.reshaped) = (false, false);
        if let Some(before) = slot.counted.replace(row.health) {
            self.totals.projects.sub(before);
        }
        self.totals.projects.add(row.health);
        if slot.row != row {
            slot.row = row;
            self.pending.touched.projects.push(id);
        }
    }

    fn reshape_project(&self, releases: &[ReleaseId], row: &mut ProjectRow) {
        let rows: Vec<&ReleaseRow> = releases
            .iter()
            .filter_map(|id| self.releases.get(id.0))
            .map(|slot| &slot.row)
            .collect();
        row.releases = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        row.department = joined(rows.iter().map(|r| &r.department));
        row.owner = joined(rows.iter().map(|r| &r.owner));
        row.environments = distinct(rows.iter().map(|r| &r.environment));
        row.namespaces = distinct(rows.iter().map(|r| &r.namespace));
        row.changed = rows.iter().filter_map(|r| r.changed.clone()).max();
        row.created = oldest(rows.iter().map(|r| r.created));
    }

    fn settle_namespace(&mut self, id: NamespaceId) {
        let Some(slot) = self.namespaces.get(id.0) else {
            return;
        };
        if !slot.known && slot.releases.is_empty() {
            if let Some(slot) = self.namespaces.remove(id.0) {
                self.index.namespaces.remove(&slot.row.meta.name);
                self.pending.touched.namespaces.push(id);
            }
            return;
        }
        let mut row = slot.row.clone();
        row.sums = slot.sums;
        row.releases = u32::try_from(slot.releases.len()).unwrap_or(u32::MAX);
        row.outside = !self.watches(&row.meta.name);
        row.health = if row.outside {
            Health::Unknown
        } else if slot.releases.is_empty() {
            Health::Healthy
        } else {
            slot.rollup.tally.health()
        };
        row.cause = slot
            .rollup
            .worst()
            .and_then(|id| self.releases.get(id))
            .and_then(|release| release.row.cause.clone());
        if slot.reshaped || row.releases != slot.row.releases {
            row.department = match self.scheme.department(&row.meta.labels) {
                Some(department) => department.clone(),
                None => joined(
                    slot.releases
                        .iter()
                        .filter_map(|id| self.releases.get(id.0))
                        .map(|release| &release.row.department),
                ),
            };
        }
        let Some(slot) = self.namespaces.get_mut(id.0) else {
            return;
        };
        (slot.dirty, slot.reshaped) = (false, false);
        if slot.row != row {
            slot.row = row;
            self.pending.touched.namespaces.push(id);
        }
    }

    fn settle_node(&mut self, id: NodeId) {
        let partial = !self.watches_all();
        let Some(slot) = self.nodes.get_mut(id.0) else {
            return;
        };
        slot.dirty = false;
        slot.row.pods = u32::try_from(slot.pods.len()).unwrap_or(u32::MAX);
        slot.row.partial = partial;
        self.pending.touched.nodes.push(id);
        if !slot.known && slot.pods.is_empty() {
            let name = slot.name.clone();
            self.nodes.remove(id.0);
            self.index.nodes.remove(&name);
        }
    }
}

impl ReleaseSlot {
    fn tell(&mut self, told: Told) {
        self.ready += told.ready;
        self.desired += told.desired;
        self.asleep += u32::from(told.asleep);
        self.rollup.add(told.health, told.problem);
    }

    pub(super) fn untell(&mut self, told: &Told) {
        self.ready = self.ready.saturating_sub(told.ready);
        self.desired = self.desired.saturating_sub(told.desired);
        self.asleep = self.asleep.saturating_sub(u32::from(told.asleep));
        self.rollup.sub(told.health, told.problem.as_ref());
    }
}

/// The objects below a root.
fn children<'a>(things: &'a Arena<Thing>, thing: &Thing) -> Vec<&'a Workload> {
    thing
        .children
        .iter()
        .filter_map(|&id| things.get(id)?.object.as_deref())
        .collect()
}

fn pods_of_revision<'a>(
    pods: impl Iterator<Item = &'a PodSlot>,
    revision: &str,
) -> impl Iterator<Item = Timestamp> {
    // A StatefulSet's pods carry the revision's whole name, a DaemonSet's only its hash.
    pods.filter(move |slot| {
        let hash = slot.pod.meta.labels.get(REVISION_HASH);
        hash.is_some_and(|hash| !hash.is_empty() && revision.ends_with(hash.as_str()))
    })
    .map(|slot| slot.pod.meta.created)
}

fn shape_differs(a: &ReleaseRow, b: &ReleaseRow) -> bool {
    a.department != b.department
        || a.owner != b.owner
        || a.environment != b.environment
        || a.changed != b.changed
        || a.created != b.created
        || a.workloads == 0
}

/// The different texts that are not empty, sorted.
fn distinct<'a>(texts: impl Iterator<Item = &'a Text>) -> Vec<Text> {
    let set: BTreeSet<&Text> = texts.filter(|text| !text.is_empty()).collect();
    set.into_iter().cloned().collect()
}

/// The different texts, comma separated.
fn joined<'a>(texts: impl Iterator<Item = &'a Text>) -> Text {
    let all = distinct(texts);
    match all.as_slice() {
        [] => Text::default(),
        [one] => one.clone(),
        all => {
            let all: Vec<&str> = all.iter().map(Text::as_str).collect();
            Text::from(all.join(", "))
        }
    }
}

fn oldest(times: impl Iterator<Item = Timestamp>) -> Timestamp {
    times.min().unwrap_or_default()
}
