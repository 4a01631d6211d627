//! The rows as others read them.

use super::Fleet;
use super::ids::{NamespaceId, NodeId, PodId, ProjectId, ReleaseId, WorkloadId};
use super::slots::PodSlot;
use crate::domain::health::status::Status;
use crate::domain::health::{Cause, Health, Tally};
use crate::domain::labels::Facts;
use crate::domain::rows::{Meta, Node, Pod, Workload};
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use std::fmt;

/// The last change of what runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Changed {
    /// When.
    pub at: Timestamp,
    /// To which version; empty when unknown.
    pub version: Text,
}

/// Sums over pods, kept up to date at every level.
///
/// `total` and `ready` leave out pods that have ended or are terminating: a finished Job lacks
/// nothing. `pods` counts all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// All pods.
    pub pods: u32,
    /// Pods that should be ready.
    pub total: u32,
    /// Pods that are.
    pub ready: u32,
    /// Restarts in the last hour, see [`super::restarts`].
    pub restarts: u32,
}

impl Sums {
    pub(super) fn add(&mut self, other: Self) {
        self.pods += other.pods;
        self.total += other.total;
        self.ready += other.ready;
        self.restarts += other.restarts;
    }

    pub(super) fn sub(&mut self, other: Self) {
        self.pods = self.pods.saturating_sub(other.pods);
        self.total = self.total.saturating_sub(other.total);
        self.ready = self.ready.saturating_sub(other.ready);
        self.restarts = self.restarts.saturating_sub(other.restarts);
    }
}

/// A project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectRow {
    /// Its name; [`super::UNLABELLED`] for what carries no project label.
    pub name: Text,
    /// Whether a label gives the name.
    pub labelled: bool,
    /// Departments of its releases, comma separated.
    pub department: Text,
    /// Owners of its releases, comma separated.
    pub owner: Text,
    /// Environments of its releases.
    pub environments: Vec<Text>,
    /// Namespaces of its releases.
    pub namespaces: Vec<Text>,
    /// Releases.
    pub releases: u32,
    /// Releases by health.
    pub tally: Tally,
    /// Pods.
    pub sums: Sums,
    /// Its health.
    pub health: Health,
    /// Why.
    pub cause: Option<Cause>,
    /// The pod behind the cause.
    pub culprit: Option<PodId>,
    /// The release behind the cause.
    pub worst: Option<ReleaseId>,
    /// The last change in any release.
    pub changed: Option<Changed>,
    /// When its oldest object was created.
    pub created: Timestamp,
}

/// A release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReleaseRow {
    /// Its project's name.
    pub project: Text,
    /// Whether a label gives the project.
    pub labelled: bool,
    /// Namespace.
    pub namespace: Text,
    /// Name: the release label, else Helm's release, else the namespace.
    pub name: Text,
    /// Department.
    pub department: Text,
    /// Owner.
    pub owner: Text,
    /// Environment.
    pub environment: Text,
    /// The version of the workload that changed last.
    pub version: Text,
    /// All versions of its workloads.
    pub versions: Vec<Text>,
    /// The revision of the workload that changed last.
    pub revision: Text,
    /// Replicas that are ready, over its workloads (Jobs apart).
    pub ready: u32,
    /// Replicas that are wanted.
    pub desired: u32,
    /// Workloads.
    pub workloads: u32,
    /// Workloads by health.
    pub tally: Tally,
    /// Pods.
    pub sums: Sums,
    /// Its health.
    pub health: Health,
    /// Why.
    pub cause: Option<Cause>,
    /// The pod behind the cause.
    pub culprit: Option<PodId>,
    /// The workload behind the cause.
    pub worst: Option<WorkloadId>,
    /// The last rollout of any of its workloads.
    pub changed: Option<Changed>,
    /// When its oldest object was created.
    pub created: Timestamp,
}

/// A workload within a release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkloadRow {
    /// `Deployment`, ..., or the kind of an owner that is not watched; `Pod` for a pod on its own.
    pub kind: Text,
    /// Namespace.
    pub namespace: Text,
    /// Name.
    pub name: Text,
    /// Its project's name.
    pub project: Text,
    /// Its release's name.
    pub release: Text,
    /// The component that its labels name, else its name.
    pub component: Text,
    /// Department.
    pub department: Text,
    /// Owner.
    pub owner: Text,
    /// Environment.
    pub environment: Text,
    /// Version: the label, else the tag of the first image.
    pub version: Text,
    /// Revision of a Deployment, update revision of a `StatefulSet`.
    pub revision: Text,
    /// Whether the object itself is known, and not only its pods.
    pub known: bool,
    /// Replicas that are ready.
    pub ready: u32,
    /// Replicas that are wanted.
    pub desired: u32,
    /// Replicas of the present template.
    pub updated: u32,
    /// Replicas that are available.
    pub available: u32,
    /// Pods.
    pub sums: Sums,
    /// Its health.
    pub health: Health,
    /// Why.
    pub cause: Option<Cause>,
    /// The worst pod.
    pub culprit: Option<PodId>,
    /// When it last changed what runs. For a Deployment this is when the `ReplicaSet` of its
    /// present revision was created, or when the revision was seen to change; for others when the
    /// oldest pod of the present revision was created, which may be later than the rollout.
    pub changed: Option<Timestamp>,
    /// `metadata.creationTimestamp`, of the oldest pod where the object is not known.
    pub created: Timestamp,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeRow {
    /// The object.
    pub node: Node,
    /// Pods on it, ended ones included.
    pub pods: u32,
    /// Only some namespaces are watched: there may be more pods on it.
    pub partial: bool,
    /// Its health.
    pub health: Health,
    /// Why.
    pub cause: Option<Cause>,
}

/// A namespace: known by its own object or by what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceRow {
    /// Identity and labels; the name alone where the object is not known.
    pub meta: Meta,
    /// `Active`, `Terminating`; empty where the object is not known.
    pub phase: Text,
    /// Nothing in it is watched: what is counted here is not known.
    pub outside: bool,
    /// Department, by its labels, else of its releases.
    pub department: Text,
    /// Releases.
    pub releases: u32,
    /// Pods.
    pub sums: Sums,
    /// The health of its releases.
    pub health: Health,
    /// Why.
    pub cause: Option<Cause>,
}

/// A pod with what the fleet knows about it. Cheap to make, and made when it is read.
#[derive(Clone, Copy)]
pub struct PodRef<'a> {
    /// Its handle.
    pub id: PodId,
    /// The row.
    pub pod: &'a Pod,
    /// Its health.
    pub health: Health,
    /// STATUS as kubectl prints it.
    pub word: &'a Text,
    /// READY: containers that are ready.
    pub ready: u16,
    /// READY: containers.
    pub total: u16,
    /// RESTARTS.
    pub restarts: u32,
    /// Restarts in the last hour, see [`super::restarts`].
    pub restarts_last_hour: u32,
    /// Its workload.
    pub workload: &'a WorkloadRow,
    /// Its workload's handle.
    pub workload_id: WorkloadId,
    pub(super) fleet: &'a Fleet,
    pub(super) slot: &'a PodSlot,
}

impl fmt::Debug for PodRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PodRef")
            .field("id", &self.id)
            .field("pod", &self.pod)
            .field("health", &self.health)
            .field("workload", &self.workload)
            .finish_non_exhaustive()
    }
}

impl<'a> PodRef<'a> {
    /// READY, STATUS, RESTARTS as kubectl prints them.
    pub fn status(&self) -> Status<'a> {
        Status::of(self.pod)
    }

    /// Since when its node is not ready.
    pub fn node_down(&self) -> Option<Timestamp> {
        self.fleet.down_since(self.slot.node)
    }

    /// What its own labels and those of its owners say.
    pub fn facts(&self) -> Option<&'a Facts> {
        self.fleet.facts.get(self.slot.facts)
    }

    /// Whether a project label was found for it.
    pub fn labelled(&self) -> bool {
        self.facts().is_some_and(|facts| facts.project.is_some())
    }

    /// The texts in which a filter without a column seeks, in lower case. Every pod is asked at
    /// every key, which is why this is kept.
    pub fn sought(&self) -> &'a str {
        &self.slot.sought
    }

    /// Writes the same as it is spelt.
    pub fn write_sought(&self, out: &mut String) {
        write_sought(self.slot, self.workload, out);
    }

    /// Why it is not healthy.
    pub fn cause(&self, now: Timestamp) -> Option<Cause> {
        crate::domain::health::pod::judge(self.pod, self.node_down(), now).cause
    }
}

/// Name, namespace, STATUS, node, address, project, release and workload, a line each.
pub(super) fn write_sought(slot: &PodSlot, workload: &WorkloadRow, out: &mut String) {
    let texts: [&Text; 8] = [
        &slot.pod.meta.name,
        &slot.pod.meta.namespace,
        &slot.word,
        &slot.pod.node,
        &slot.pod.ip,
        &workload.project,
        &workload.release,
        &workload.name,
    ];
    for text in texts {
        out.push_str(text);
        out.push('\n');
    }
}

/// What a batch touched: rows that changed, came or went, each once. The handle of a row that is
/// gone is dead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Pods.
    pub pods: Vec<PodId>,
    /// Workloads.
    pub workloads: Vec<WorkloadId>,
    /// Releases.
    pub releases: Vec<ReleaseId>,
    /// Projects.
    pub projects: Vec<ProjectId>,
    /// Nodes.
    pub nodes: Vec<NodeId>,
    /// Namespaces.
    pub namespaces: Vec<NamespaceId>,
}

impl Touched {
    /// Whether nothing was touched.
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty()
            && self.workloads.is_empty()
            && self.releases.is_empty()
            && self.projects.is_empty()
            && self.nodes.is_empty()
            && self.namespaces.is_empty()
    }

    pub(super) fn deduplicate(&mut self) {
        fn each<T: Ord>(ids: &mut Vec<T>) {
            ids.sort_unstable();
            ids.dedup();
        }
        each(&mut self.pods);
        each(&mut self.workloads);
        each(&mut self.releases);
        each(&mut self.projects);
        each(&mut self.nodes);
        each(&mut self.namespaces);
    }
}

/// Totals over the fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All pods, ended ones included.
    pub pods: u32,
    /// Pods by health.
    pub pods_by_health: Tally,
    /// Projects by health.
    pub projects: Tally,
    /// Releases by health.
    pub releases: Tally,
    /// Workloads by health.
    pub workloads: Tally,
    /// Nodes by health.
    pub nodes: Tally,
    /// Namespaces.
    pub namespaces: u32,
    /// Pods for which no project label was found.
    pub unlabelled_pods: u32,
}

/// The object behind a workload, where it is known.
#[derive(Clone, Debug)]
pub struct WorkloadRef<'a> {
    /// What the fleet shows.
    pub row: &'a WorkloadRow,
    /// The object.
    pub object: Option<&'a Workload>,
}
