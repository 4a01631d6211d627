//! The fleet: every watched object, arranged as project → release → workload → pod.
//!
//! Batches of the cluster edge come in through [`Fleet::apply`]; what changed comes out as
//! [`Touched`]. An event costs the depth of the tree, not the number of pods: every level keeps
//! sums and an ordered set of what is not well, and only rows on the way from a changed pod to its
//! project are made anew, once per batch.
//!
//! # Who belongs where
//!
//! A pod takes each fact (project, release, version, department, owner, environment) from its own
//! labels; what is missing from its `ReplicaSet` or Job, then from the Deployment or `CronJob`
//! above; the release then from Helm's annotation along the same way. A namespace's labels give
//! department, owner and environment to releases that have none.
//!
//! - No project: it stands under [`UNLABELLED`].
//! - No release: the release is named after the namespace.
//! - An owner that is not watched (a custom resource) is a workload of its kind; a pod without
//!   owner, or owned by its node, is a workload of its own.
//! - Objects arrive in any order. A pod whose `ReplicaSet` is not known stands under the
//!   Deployment that its name and `pod-template-hash` tell; everything moves when its owner comes.
//! - Pods whose labels say something else than their workload's stand in the release that their
//!   own labels name.
//!
//! Nothing here may depend on the order in which objects arrived, except restarts and the times of
//! rollouts, which are observations.

pub mod arena;
mod compare;
mod facts;
mod ids;
mod nodes;
mod objects;
mod pods;
mod read;
pub mod restarts;
mod settle;
mod slots;
#[cfg(test)]
mod tests;
mod tree;
mod view;

pub use compare::Difference;
pub use ids::{NamespaceId, NodeId, PodId, ProjectId, ReleaseId, WorkloadId};
pub use view::{
    Changed, Counts, NamespaceRow, NodeRow, PodRef, ProjectRow, ReleaseRow, Sums, Touched,
    WorkloadRef, WorkloadRow,
};

use super::feed::{Batch, Change, Scope};
use super::health::Tally;
use super::labels::LabelScheme;
use super::rows::{Kind, Row};
use super::text::{Interner, Text};
use super::time::Timestamp;
use arena::Arena;
use facts::FactsTable;
use restarts::RestartLog;
use slots::{
    NamespaceSlot, NodeSlot, PlaceSlot, PodSlot, ProjectSlot, ReleaseSlot, Thing, ThingId,
};
use std::collections::{BTreeSet, HashMap};

/// The name under which objects without a project label stand.
pub const UNLABELLED: &str = "unlabelled";

/// The tree and everything that keeps it.
#[derive(Debug, Default)]
pub struct Fleet {
    scheme: LabelScheme,
    /// What is watched; empty for everything.
    scopes: Vec<Scope>,
    pods: Arena<PodSlot>,
    things: Arena<Thing>,
    places: Arena<PlaceSlot>,
    releases: Arena<ReleaseSlot>,
    projects: Arena<ProjectSlot>,
    namespaces: Arena<NamespaceSlot>,
    nodes: Arena<NodeSlot>,
    facts: FactsTable,
    /// One copy of each STATUS.
    words: Interner,
    index: Index,
    /// Pods by the time at which their verdict ends.
    due: BTreeSet<(Timestamp, PodId)>,
    restarts: HashMap<PodId, RestartLog>,
    /// Lists that are under way, with the epoch in which they began.
    lists: HashMap<(Kind, Scope), u32>,
    epoch: u32,
    totals: Totals,
    pending: Pending,
    /// A buffer for texts that are compared before they are kept.
    spare: String,
    /// The present, as last told.
    now: Timestamp,
}

/// Handles by name.
#[derive(Debug, Default)]
struct Index {
    pods: HashMap<(Text, Text), PodId>,
    things: HashMap<(Text, Text, Text), ThingId>,
    releases: HashMap<(ProjectId, NamespaceId, Text), ReleaseId>,
    projects: HashMap<Option<Text>, ProjectId>,
    namespaces: HashMap<Text, NamespaceId>,
    nodes: HashMap<Text, NodeId>,
}

/// Healths of everything, for the header.
#[derive(Debug, Default)]
struct Totals {
    pods: Tally,
    workloads: Tally,
    releases: Tally,
    projects: Tally,
    nodes: Tally,
    unlabelled: u32,
}

/// What must be made anew before the batch is done.
#[derive(Debug, Default)]
struct Pending {
    touched: Touched,
    places: Vec<WorkloadId>,
    releases: Vec<ReleaseId>,
    projects: Vec<ProjectId>,
    namespaces: Vec<NamespaceId>,
    nodes: Vec<NodeId>,
}

impl Fleet {
    /// An empty fleet.
    pub fn new(scheme: LabelScheme) -> Self {
        Self {
            scheme,
            ..Self::default()
        }
    }

    /// The label scheme in use.
    pub fn scheme(&self) -> &LabelScheme {
        &self.scheme
    }

    /// Takes in what a feed brought.
    pub fn apply(&mut self, batch: Batch, now: Timestamp) -> Touched {
        self.now = now;
        let Batch {
            kind,
            scope,
            changes,
        } = batch;
        // What a feed of another scope has still sent, before it was closed.
        let late = kind.namespaced() && !self.scopes.is_empty() && !self.scopes.contains(&scope);
        for change in changes.into_iter().filter(|_| !late) {
            match change {
                Change::Begin => {
                    self.epoch += 1;
                    self.lists.insert((kind, scope.clone()), self.epoch);
                }
                Change::Put(row) => self.put(*row),
                Change::Gone { namespace, name } => self.remove(kind, &namespace, &name),
                Change::Complete => {
                    // Without a beginning nobody knows what the list holds.
                    if let Some(epoch) = self.lists.remove(&(kind, scope.clone())) {
                        self.sweep(kind, &scope, epoch);
                    }
                }
            }
        }
        self.settle()
    }

    /// Lets time pass: grace periods end, restarts fall out of the last hour.
    pub fn tick(&mut self, now: Timestamp) -> Touched {
        self.now = now;
        self.words.sweep();
        while let Some(&(at, id)) = self.due.first()
            && at <= now
        {
            self.due.pop_first();
            self.assess(id);
        }
        self.settle()
    }

    /// Forgets everything.
    pub fn clear(&mut self) -> Touched {
        self.lists.clear();
        self.remove_where(|_, _, _| true);
        self.settle()
    }

    /// Drops namespaced rows outside of `scopes`, and lists that were under way there.
    pub fn retain_scope(&mut self, scopes: &[Scope]) -> Touched {
        let inside = |namespace: &str| scopes.iter().any(|scope| scope.holds(namespace));
        self.lists
            .retain(|(kind, scope), _| !kind.namespaced() || scopes.contains(scope));
        self.remove_where(|kind, namespace, _| kind.namespaced() && !inside(namespace));
        if self.scopes != scopes {
            self.scopes = scopes.to_vec();
            // What is counted for them is counted of these alone.
            let namespaces: Vec<_> = self.namespaces().map(|(id, _)| id).collect();
            for id in namespaces {
                self.touch_namespace(id);
            }
            let nodes: Vec<_> = self.nodes().map(|(id, _)| id).collect();
            for id in nodes {
                self.touch_node(id);
            }
        }
        self.settle()
    }

    fn watches(&self, namespace: &str) -> bool {
        self.scopes.is_empty() || self.scopes.iter().any(|scope| scope.holds(namespace))
    }

    fn watches_all(&self) -> bool {
        self.scopes.is_empty() || self.scopes.contains(&Scope::ALL)
    }

    fn put(&mut self, row: Row) {
        match row {
            Row::Pod(pod) => self.put_pod(pod),
            Row::Workload(workload) => self.put_object(workload),
            Row::Node(node) => self.put_node(node),
            Row::Namespace(namespace) => self.put_namespace(namespace),
        }
    }

    fn remove(&mut self, kind: Kind, namespace: &Text, name: &Text) {
        match kind {
            Kind::Pod => {
                let key = (namespace.clone(), name.clone());
                if let Some(&id) = self.index.pods.get(&key) {
                    self.remove_pod(id);
                }
            }
            Kind::Node => self.remove_node(name),
            Kind::Namespace => self.remove_namespace(name),
            _ => self.remove_object(kind, namespace, name),
        }
    }

    /// The end of a list: what was not put since its beginning is gone.
    fn sweep(&mut self, swept: Kind, scope: &Scope, epoch: u32) {
        self.remove_where(|kind, place, seen| {
            kind == swept && seen < epoch && (kind == Kind::Node || scope.holds(place))
        });
    }

    /// Removes every row for which `is_gone(kind, namespace, last epoch)`; for a namespace its own
    /// name is given, for a node nothing.
    fn remove_where(&mut self, is_gone: impl Fn(Kind, &str, u32) -> bool) {
        let pods: Vec<PodId> = self
            .pods
            .iter()
            .filter(|(_, slot)| is_gone(Kind::Pod, &slot.pod.meta.namespace, slot.seen))
            .map(|(id, _)| PodId(id))
            .collect();
        for id in pods {
            self.remove_pod(id);
        }
        let objects: Vec<(Kind, Text, Text)> = self
            .things
            .iter()
            .filter_map(|(_, thing)| Some((thing, thing.object.as_ref()?.kind)))
            .filter(|(thing, kind)| is_gone(*kind, &thing.namespace, thing.seen))
            .map(|(thing, kind)| (kind, thing.namespace.clone(), thing.name.clone()))
            .collect();
        for (kind, namespace, name) in objects {
            self.remove_object(kind, &namespace, &name);
        }
        let nodes: Vec<Text> = self
            .nodes
            .iter()
            .filter(|(_, slot)| slot.known && is_gone(Kind::Node, "", slot.seen))
            .map(|(_, slot)| slot.name.clone())
            .collect();
        for name in nodes {
            self.remove_node(&name);
        }
        let namespaces: Vec<Text> = self
            .namespaces
            .iter()
            .filter(|(_, slot)| {
                slot.known && is_gone(Kind::Namespace, &slot.row.meta.name, slot.seen)
            })
            .map(|(_, slot)| slot.row.meta.name.clone())
            .collect();
        for name in namespaces {
            self.remove_namespace(&name);
        }
    }
}
