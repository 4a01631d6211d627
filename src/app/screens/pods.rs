//! Pods: all of the scope, or those of a release, a workload or a node.

use super::fleet::{cell, compare, heads, key, matches, worst_first};
use crate::app::list::{Head, RowKey, Rows};
use crate::app::world::World;
use crate::config::Sort;
use crate::domain::fleet::{PodId, PodRef, ReleaseId, WorkloadId};
use crate::domain::health::Health;
use crate::domain::listing::Listed;
use crate::domain::query::{Query, Scratch};
use crate::domain::rows::{Kind, Labels};
use crate::domain::session::Target;
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use std::cmp::Ordering;

/// Whose pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// All of the scope.
    All,
    /// Those of a release.
    Release {
        /// Its project.
        project: Text,
        /// Its namespace.
        namespace: Text,
        /// Its name.
        name: Text,
    },
    /// Those of a workload.
    Workload {
        /// Its kind.
        kind: Text,
        /// Its namespace.
        namespace: Text,
        /// Its name.
        name: Text,
    },
    /// Those on a node.
    Node(Text),
}

impl Of {
    /// The pods of the release with this handle.
    pub fn release(world: &World, row: u32) -> Self {
        let release = world
            .fleet
            .release(ReleaseId(row))
            .cloned()
            .unwrap_or_default();
        Self::Release {
            project: release.project,
            namespace: release.namespace,
            name: release.name,
        }
    }

    /// The pods of the workload with this handle.
    pub fn workload(world: &World, row: u32) -> Self {
        let workload = world
            .fleet
            .workload(WorkloadId(row))
            .cloned()
            .unwrap_or_default();
        Self::Workload {
            kind: workload.kind,
            namespace: workload.namespace,
            name: workload.name,
        }
    }

    /// The pods of an object, when it is a workload that the fleet knows.
    pub fn owned_by(world: &World, target: &Target) -> Option<Self> {
        world
            .fleet
            .workload_by_key(&target.kind, &target.namespace, &target.name)?;
        Some(Self::Workload {
            kind: target.kind.clone(),
            namespace: target.namespace.clone(),
            name: target.name.clone(),
        })
    }

    fn holds(&self, pod: &PodRef<'_>) -> bool {
        let workload = pod.workload;
        match self {
            Self::All => true,
            Self::Release {
                project,
                namespace,
                name,
            } => {
                workload.release == *name
                    && workload.namespace == *namespace
                    && workload.project == *project
            }
            Self::Workload {
                kind,
                namespace,
                name,
            } => {
                workload.name == *name && workload.namespace == *namespace && workload.kind == *kind
            }
            Self::Node(node) => pod.pod.node == *node,
        }
    }
}

/// A list of pods.
#[derive(Clone, Debug)]
pub struct Pods {
    of: Of,
}

impl Pods {
    /// The pods of this.
    pub fn new(of: Of) -> Self {
        Self { of }
    }

    /// Whose pods.
    pub fn of(&self) -> &Of {
        &self.of
    }

    /// What stands in the breadcrumb.
    pub fn title(&self) -> String {
        match &self.of {
            Of::All => "Pods".into(),
            Of::Release {
                namespace, name, ..
            } if namespace == name => format!("{name} pods"),
            Of::Release {
                namespace, name, ..
            } => format!("{namespace}/{name} pods"),
            Of::Workload { kind, name, .. } => format!("{} {name} pods", kind.to_lowercase()),
            Of::Node(node) => format!("{node} pods"),
        }
    }

    /// Whether it shows all pods of the scope.
    pub fn is_all(&self) -> bool {
        self.of == Of::All
    }

    /// How many there are.
    pub fn count(&self, world: &World) -> usize {
        match &self.of {
            Of::All => world.fleet.counts().pods as usize,
            _ => self.ids(world).len(),
        }
    }

    fn ids(&self, world: &World) -> Vec<PodId> {
        let fleet = &world.fleet;
        let held = |id: &PodId| fleet.pod(*id).is_some_and(|pod| self.of.holds(&pod));
        match &self.of {
            Of::All => fleet.pod_ids().collect(),
            Of::Release {
                project,
                namespace,
                name,
            } => {
                let release = fleet
                    .project_by_name(project)
                    .and_then(|project| fleet.release_by_project(project, namespace, name));
                release
                    .map(|id| fleet.pods_of_release(id).collect())
                    .unwrap_or_default()
            }
            Of::Workload {
                kind,
                namespace,
                name,
            } => {
                let workload = fleet.workload_by_key(kind, namespace, name);
                workload
                    .map(|id| fleet.pods_of_workload(id).to_vec())
                    .unwrap_or_default()
            }
            Of::Node(node) => {
                let on = fleet
                    .node_by_name(node)
                    .map(|id| fleet.pods_on(id).to_vec());
                // Without the right to see nodes their pods are still known by name.
                on.unwrap_or_else(|| fleet.pod_ids().filter(held).collect())
            }
        }
    }
}

impl Rows for Pods {
    fn name(&self) -> &'static str {
        PodRef::NAME
    }

    fn heads(&self, world: &World) -> Vec<Head> {
        let mut heads = heads::<PodRef<'_>>(world);
        let of_one = matches!(self.of, Of::Release { .. } | Of::Workload { .. });
        let scope_is_one = world.scope_names().is_some_and(|names| names.len() == 1);
        heads.retain(|head| head.id != "namespace" || !(of_one || scope_is_one));
        heads
    }

    fn all(&self, world: &World) -> Vec<u32> {
        self.ids(world).into_iter().map(|id| id.0).collect()
    }

    fn holds(&self, world: &World, row: u32) -> bool {
        world
            .fleet
            .pod(PodId(row))
            .is_some_and(|pod| self.of.holds(&pod))
    }

    fn compare(&self, world: &World, a: u32, b: u32, column: &str) -> Ordering {
        compare(
            world.fleet.pod(PodId(a)).as_ref(),
            world.fleet.pod(PodId(b)).as_ref(),
            column,
        )
    }

    fn matches(&self, world: &World, row: u32, query: &Query, scratch: &mut Scratch) -> bool {
        matches(world.fleet.pod(PodId(row)).as_ref(), world, query, scratch)
    }

    fn cell(&self, world: &World, row: u32, column: &str, out: &mut String) {
        cell(world.fleet.pod(PodId(row)).as_ref(), world, column, out);
    }

    fn time(&self, world: &World, row: u32, column: &str) -> Option<Timestamp> {
        world.fleet.pod(PodId(row))?.time(column)
    }

    fn key(&self, world: &World, row: u32) -> RowKey {
        key(world.fleet.pod(PodId(row)).as_ref())
    }

    fn target(&self, world: &World, row: u32) -> Option<Target> {
        let meta = &world.fleet.pod(PodId(row))?.pod.meta;
        Some(Target::watched(Kind::Pod, &meta.namespace, &meta.name))
    }

    fn health(&self, world: &World, row: u32) -> Option<Health> {
        world.fleet.pod(PodId(row)).map(|pod| pod.health)
    }

    fn labels<'a>(&'a self, world: &'a World, row: u32) -> Option<&'a Labels> {
        world.fleet.pod(PodId(row)).map(|pod| &pod.pod.meta.labels)
    }

    /// Inside a release the sick pod is what one comes for; among all, names are.
    fn first_sort(&self) -> Sort {
        worst_first()
    }
}
