//! What the fleet keeps per row: the row, its place in the tree, and what it counts there.

use super::ids::{NamespaceId, NodeId, PodId, ProjectId, ReleaseId, WorkloadId};
use super::view::{NamespaceRow, NodeRow, ProjectRow, ReleaseRow, Sums, WorkloadRow};
use crate::domain::health::{Cause, Health, Tally};
use crate::domain::rows::{Pod, Workload};
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use std::collections::BTreeSet;

/// The handle of an [`Thing`].
pub(super) type ThingId = u32;

/// An owner of pods as Kubernetes names it: an object, or a name that an owner reference uses.
#[derive(Debug, Default)]
pub(super) struct Thing {
    pub kind: Text,
    pub namespace: Text,
    pub name: Text,
    /// The object, where it is known.
    pub object: Option<Box<Workload>>,
    /// The owner that decides where its pods belong: of a `ReplicaSet` its Deployment, of a Job
    /// its `CronJob`.
    pub root: Option<ThingId>,
    /// Whose root this is.
    pub children: Vec<ThingId>,
    /// The pods whose owner reference names it.
    pub pods: Vec<PodId>,
    /// Where it stands in the tree: once per release that its pods (or itself) belong to.
    pub places: Vec<WorkloadId>,
    /// The place of the object itself.
    pub home: Option<WorkloadId>,
    /// When the present revision was seen to appear.
    pub rolled: Option<Timestamp>,
    /// The last epoch in which the object was put.
    pub seen: u32,
}

/// What a pod counts at every level above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub sums: Sums,
    pub health: Health,
    /// It has ended or is on its way out: only workloads whose object is unknown care.
    pub gone: bool,
    pub problem: Option<(u8, Timestamp)>,
}

/// A pod.
#[derive(Debug)]
pub(super) struct PodSlot {
    pub pod: Pod,
    pub thing: ThingId,
    pub place: WorkloadId,
    pub namespace: NamespaceId,
    pub node: Option<NodeId>,
    /// Handle into the table of facts.
    pub facts: u32,
    pub share: Share,
    /// STATUS.
    pub word: Text,
    /// See [`super::PodRef::sought`].
    pub sought: Box<str>,
    pub ready: u16,
    pub total: u16,
    pub restarts: u32,
    /// When its verdict or its restarts change by themselves.
    pub due: Option<Timestamp>,
    /// The last epoch in which it was put.
    pub seen: u32,
    /// Its positions in the lists of its place, thing and node.
    pub at_place: u32,
    pub at_thing: u32,
    pub at_node: u32,
}

/// Something not well, ordered so that the first is the one to tell of: worst health first, then
/// what tells most, then what has lasted longest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Problem {
    pub gone: bool,
    pub weight: u8,
    pub rank: u8,
    pub since: Timestamp,
    pub name: Text,
    /// What tells rows of one name apart: namespace and project of a release, kind of a workload.
    pub within: (Text, Text),
    pub id: u32,
}

impl Problem {
    /// The entry of a row, when its health is one to tell of.
    pub fn of_row(
        health: Health,
        cause: Option<&Cause>,
        name: &Text,
        within: (&Text, &Text),
        id: u32,
    ) -> Option<Self> {
        if health.weight() > Health::Unknown.weight() {
            return None;
        }
        Some(Self {
            gone: false,
            weight: health.weight(),
            rank: cause.map_or(u8::MAX, Cause::rank),
            since: Timestamp::default(),
            name: name.clone(),
            within: (within.0.clone(), within.1.clone()),
            id,
        })
    }
}

/// Healths of children, and the ones to tell of.
#[derive(Debug, Default)]
pub(super) struct Rollup {
    pub tally: Tally,
    pub problems: BTreeSet<Problem>,
}

impl Rollup {
    pub fn add(&mut self, health: Health, problem: Option<Problem>) {
        self.tally.add(health);
        self.problems.extend(problem);
    }

    pub fn sub(&mut self, health: Health, problem: Option<&Problem>) {
        self.tally.sub(health);
        if let Some(problem) = problem {
            self.problems.remove(problem);
        }
    }

    /// The handle of the worst child.
    pub fn worst(&self) -> Option<u32> {
        self.problems.first().map(|problem| problem.id)
    }
}

/// A workload's place in a release.
#[derive(Debug)]
pub(super) struct PlaceSlot {
    pub thing: ThingId,
    pub release: ReleaseId,
    pub pods: Vec<PodId>,
    pub sums: Sums,
    pub alive: Tally,
    pub gone: Tally,
    pub problems: BTreeSet<Problem>,
    /// Facts of its pods with their number.
    pub facts: Vec<(u32, u32)>,
    /// Facts of the object, when this is its home.
    pub own_facts: Option<u32>,
    pub row: WorkloadRow,
    /// What the release has been told.
    pub told: Option<Told>,
    pub at_release: u32,
    pub dirty: bool,
    /// Pods came or went, or the object changed: ages and versions must be looked at again.
    pub reshaped: bool,
}

/// A release.
#[derive(Debug)]
pub(super) struct ReleaseSlot {
    pub project: ProjectId,
    pub namespace: NamespaceId,
    pub workloads: Vec<WorkloadId>,
    pub sums: Sums,
    pub rollup: Rollup,
    pub ready: u32,
    pub desired: u32,
    /// Workloads that are scaled to 0.
    pub asleep: u32,
    pub row: ReleaseRow,
    pub told: Option<Told>,
    pub at_project: u32,
    pub at_namespace: u32,
    pub dirty: bool,
    pub reshaped: bool,
}

/// A project.
#[derive(Debug)]
pub(super) struct ProjectSlot {
    /// `None` for what is unlabelled.
    pub key: Option<Text>,
    pub releases: Vec<ReleaseId>,
    pub sums: Sums,
    pub rollup: Rollup,
    pub row: ProjectRow,
    pub counted: Option<Health>,
    pub dirty: bool,
    pub reshaped: bool,
}

/// A namespace.
#[derive(Debug, Default)]
pub(super) struct NamespaceSlot {
    /// The object is known.
    pub known: bool,
    pub releases: Vec<ReleaseId>,
    pub sums: Sums,
    pub rollup: Rollup,
    pub row: NamespaceRow,
    pub seen: u32,
    pub dirty: bool,
    pub reshaped: bool,
}

/// A node.
#[derive(Debug, Default)]
pub(super) struct NodeSlot {
    pub known: bool,
    pub name: Text,
    pub pods: Vec<PodId>,
    pub down: Option<Timestamp>,
    pub row: NodeRow,
    pub seen: u32,
    pub dirty: bool,
}

/// What a child has added to its parent, to be taken back when it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub health: Health,
    pub problem: Option<Problem>,
    pub ready: u32,
    pub desired: u32,
    pub asleep: bool,
}
