//! Which rows are wanted, as handles into the fleet.

use super::{Wanted, What};
use crate::domain::fleet::{
    Fleet, NamespaceId, NodeId, PodId, ProjectId, ReleaseId, Touched, WorkloadId,
};
use crate::domain::listing::Listed;
use crate::domain::rows::Labels;
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use std::cmp::Ordering;
use std::collections::HashSet;

impl What {
    /// Handles of the rows of this sort that a batch touched.
    pub(super) fn touched(self, touched: &Touched) -> Vec<u32> {
        match self {
            Self::Projects => touched.projects.iter().map(|id| id.0).collect(),
            Self::Releases => touched.releases.iter().map(|id| id.0).collect(),
            Self::Workloads => touched.workloads.iter().map(|id| id.0).collect(),
            Self::Pods => touched.pods.iter().map(|id| id.0).collect(),
            Self::Nodes => touched.nodes.iter().map(|id| id.0).collect(),
            Self::Namespaces => touched.namespaces.iter().map(|id| id.0).collect(),
        }
    }

    fn all(self, fleet: &Fleet) -> Vec<u32> {
        match self {
            Self::Projects => fleet.projects().map(|(id, _)| id.0).collect(),
            Self::Releases => fleet.releases().map(|(id, _)| id.0).collect(),
            Self::Workloads => fleet.workloads().map(|(id, _)| id.0).collect(),
            Self::Pods => fleet.pod_ids().map(|id| id.0).collect(),
            Self::Nodes => fleet.nodes().map(|(id, _)| id.0).collect(),
            Self::Namespaces => fleet.namespaces().map(|(id, _)| id.0).collect(),
        }
    }

    /// Namespace and name; `None` for a row that is gone.
    pub(super) fn key(self, fleet: &Fleet, row: u32) -> Option<(Text, Text)> {
        fn key(row: &impl Listed) -> (Text, Text) {
            (row.namespace().clone(), row.name().clone())
        }
        match self {
            Self::Projects => fleet
                .project(ProjectId(row))
                .map(|row| (Text::default(), row.name.clone())),
            Self::Releases => fleet.release(ReleaseId(row)).map(key),
            Self::Workloads => fleet.workload(WorkloadId(row)).map(key),
            Self::Pods => fleet.pod(PodId(row)).as_ref().map(key),
            Self::Nodes => fleet.node(NodeId(row)).map(key),
            Self::Namespaces => fleet
                .namespace(NamespaceId(row))
                .map(|row| (Text::default(), row.meta.name.clone())),
        }
    }

    /// Whether the row, or a pod of it, has labels that satisfy `test`.
    fn labelled(self, fleet: &Fleet, row: u32, test: impl Fn(&Labels) -> bool) -> bool {
        let pod = |id: PodId| fleet.pod(id).is_some_and(|pod| test(&pod.pod.meta.labels));
        match self {
            Self::Projects => fleet.pods_of_project(ProjectId(row)).any(pod),
            Self::Releases => fleet.pods_of_release(ReleaseId(row)).any(pod),
            Self::Workloads => fleet
                .pods_of_workload(WorkloadId(row))
                .iter()
                .copied()
                .any(pod),
            Self::Pods => pod(PodId(row)),
            Self::Nodes => fleet
                .node(NodeId(row))
                .is_some_and(|node| test(&node.node.meta.labels)),
            Self::Namespaces => fleet
                .namespace(NamespaceId(row))
                .is_some_and(|namespace| test(&namespace.meta.labels)),
        }
    }
}

impl Wanted {
    /// The rows that are wanted, in the order in which they are printed: the worst first where
    /// health is what one asks for, else by namespace and name.
    pub(super) fn found(&self, fleet: &Fleet, now: Timestamp) -> Vec<u32> {
        self.among(fleet, self.what.all(fleet), now)
    }

    /// Those of `rows` that are wanted and still there, in order.
    pub(super) fn among(&self, fleet: &Fleet, rows: Vec<u32>, _now: Timestamp) -> Vec<u32> {
        let mut kept: Vec<(u32, (Text, Text))> = rows
            .into_iter()
            .filter_map(|row| Some((row, self.what.key(fleet, row)?)))
            .filter(|(_, (_, name))| {
                self.names.is_empty() || self.names.iter().any(|wanted| *wanted == **name)
            })
            .filter(|(row, _)| {
                self.selector
                    .as_ref()
                    .is_none_or(|s| self.what.labelled(fleet, *row, |labels| s.matches(labels)))
            })
            .collect();
        kept.sort_by(|a, b| self.by_health(fleet, a.0, b.0).then_with(|| a.1.cmp(&b.1)));
        kept.into_iter().map(|(row, _)| row).collect()
    }

    fn by_health(&self, fleet: &Fleet, a: u32, b: u32) -> Ordering {
        let health = |row| match self.what {
            What::Projects => fleet.project(ProjectId(row)).map(|row| row.health),
            What::Releases => fleet.release(ReleaseId(row)).map(|row| row.health),
            What::Workloads => fleet.workload(WorkloadId(row)).map(|row| row.health),
            What::Pods | What::Nodes | What::Namespaces => None,
        };
        health(a).cmp(&health(b))
    }

    /// The names among the found rows.
    pub(super) fn names_found(&self, fleet: &Fleet, found: &[u32]) -> HashSet<String> {
        found
            .iter()
            .filter_map(|&row| self.what.key(fleet, row))
            .map(|(_, name)| name.to_string())
            .collect()
    }
}
