//! Reading the fleet.

use super::ids::{NamespaceId, NodeId, PodId, ProjectId, ReleaseId, WorkloadId};
use super::slots::PodSlot;
use super::view::{
    Counts, NamespaceRow, NodeRow, PodRef, ProjectRow, ReleaseRow, WorkloadRef, WorkloadRow,
};
use super::{Fleet, UNLABELLED};
use crate::domain::text::Text;

impl Fleet {
    /// Totals.
    pub fn counts(&self) -> Counts {
        Counts {
            pods: self.totals.pods.total(),
            pods_by_health: self.totals.pods,
            projects: self.totals.projects,
            releases: self.totals.releases,
            workloads: self.totals.workloads,
            nodes: self.totals.nodes,
            namespaces: u32::try_from(self.namespaces.len()).unwrap_or(u32::MAX),
            unlabelled_pods: self.totals.unlabelled,
        }
    }

    /// The project behind a handle.
    pub fn project(&self, id: ProjectId) -> Option<&ProjectRow> {
        self.projects.get(id.0).map(|slot| &slot.row)
    }

    /// The release behind a handle.
    pub fn release(&self, id: ReleaseId) -> Option<&ReleaseRow> {
        self.releases.get(id.0).map(|slot| &slot.row)
    }

    /// The workload behind a handle.
    pub fn workload(&self, id: WorkloadId) -> Option<&WorkloadRow> {
        self.places.get(id.0).map(|slot| &slot.row)
    }

    /// The workload behind a handle with its object.
    pub fn workload_object(&self, id: WorkloadId) -> Option<WorkloadRef<'_>> {
        let slot = self.places.get(id.0)?;
        let thing = self.things.get(slot.thing)?;
        Some(WorkloadRef {
            row: &slot.row,
            object: thing.object.as_deref().filter(|_| slot.own_facts.is_some()),
        })
    }

    /// The pod behind a handle.
    pub fn pod(&self, id: PodId) -> Option<PodRef<'_>> {
        self.pod_ref(id, self.pods.get(id.0)?)
    }

    fn pod_ref<'a>(&'a self, id: PodId, slot: &'a PodSlot) -> Option<PodRef<'a>> {
        Some(PodRef {
            id,
            pod: &slot.pod,
            health: slot.share.health,
            word: &slot.word,
            ready: slot.ready,
            total: slot.total,
            restarts: slot.restarts,
            restarts_last_hour: slot.share.sums.restarts,
            workload: &self.places.get(slot.place.0)?.row,
            workload_id: slot.place,
            fleet: self,
            slot,
        })
    }

    /// The node behind a handle; `None` when only pods name it.
    pub fn node(&self, id: NodeId) -> Option<&NodeRow> {
        let slot = self.nodes.get(id.0)?;
        slot.known.then_some(&slot.row)
    }

    /// The namespace behind a handle.
    pub fn namespace(&self, id: NamespaceId) -> Option<&NamespaceRow> {
        self.namespaces.get(id.0).map(|slot| &slot.row)
    }

    /// All projects, in no order.
    pub fn projects(&self) -> impl Iterator<Item = (ProjectId, &ProjectRow)> {
        let slots = self.projects.iter();
        slots.map(|(id, slot)| (ProjectId(id), &slot.row))
    }

    /// All releases, in no order.
    pub fn releases(&self) -> impl Iterator<Item = (ReleaseId, &ReleaseRow)> {
        let slots = self.releases.iter();
        slots.map(|(id, slot)| (ReleaseId(id), &slot.row))
    }

    /// All workloads, in no order.
    pub fn workloads(&self) -> impl Iterator<Item = (WorkloadId, &WorkloadRow)> {
        let slots = self.places.iter();
        slots.map(|(id, slot)| (WorkloadId(id), &slot.row))
    }

    /// All pods, in no order.
    pub fn pods(&self) -> impl Iterator<Item = PodRef<'_>> {
        let slots = self.pods.iter();
        slots.filter_map(|(id, slot)| self.pod_ref(PodId(id), slot))
    }

    /// The handles of all pods, in no order.
    pub fn pod_ids(&self) -> impl Iterator<Item = PodId> {
        self.pods.iter().map(|(id, _)| PodId(id))
    }

    /// All nodes that are known by their objects, in no order.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &NodeRow)> {
        let slots = self.nodes.iter().filter(|(_, slot)| slot.known);
        slots.map(|(id, slot)| (NodeId(id), &slot.row))
    }

    /// All namespaces, those included that are known only by what is in them, in no order.
    pub fn namespaces(&self) -> impl Iterator<Item = (NamespaceId, &NamespaceRow)> {
        let slots = self.namespaces.iter();
        slots.map(|(id, slot)| (NamespaceId(id), &slot.row))
    }

    /// The project of that name; [`UNLABELLED`] names what carries no label, unless a label
    /// happens to say the same.
    pub fn project_by_name(&self, name: &str) -> Option<ProjectId> {
        let labelled = self.index.projects.get(&Some(Text::new(name)));
        let unlabelled = || {
            let key = (name == UNLABELLED).then_some(None)?;
            self.index.projects.get(&key)
        };
        labelled.or_else(unlabelled).copied()
    }

    /// The release of that name in that namespace. Where several projects have one of that name,
    /// the first by project, labelled ones before the unlabelled.
    pub fn release_by_key(&self, namespace: &str, name: &str) -> Option<ReleaseId> {
        let namespace = self
            .namespaces
            .get(self.index.namespaces.get(namespace)?.0)?;
        namespace
            .releases
            .iter()
            .filter_map(|&id| Some((id, self.release(id)?)))
            .filter(|(_, row)| row.name == name)
            .min_by_key(|(_, row)| (!row.labelled, &row.project))
            .map(|(id, _)| id)
    }

    /// The release by its whole key.
    pub fn release_by_project(
        &self,
        project: ProjectId,
        namespace: &str,
        name: &str,
    ) -> Option<ReleaseId> {
        let namespace = *self.index.namespaces.get(namespace)?;
        let key = (project, namespace, Text::new(name));
        self.index.releases.get(&key).copied()
    }

    /// The pod of that name.
    pub fn pod_by_name(&self, namespace: &str, name: &str) -> Option<PodId> {
        let key = (Text::new(namespace), Text::new(name));
        self.index.pods.get(&key).copied()
    }

    /// The workload of that kind and name; where its pods stand in several releases, the place of
    /// the object itself.
    pub fn workload_by_key(&self, kind: &str, namespace: &str, name: &str) -> Option<WorkloadId> {
        let key = (Text::new(kind), Text::new(namespace), Text::new(name));
        let thing = self.things.get(*self.index.things.get(&key)?)?;
        thing.home.or(thing.places.first().copied())
    }

    /// The node of that name.
    pub fn node_by_name(&self, name: &str) -> Option<NodeId> {
        self.index.nodes.get(name).copied()
    }

    /// The namespace of that name.
    pub fn namespace_by_name(&self, name: &str) -> Option<NamespaceId> {
        self.index.namespaces.get(name).copied()
    }

    /// The project that a release belongs to.
    pub fn project_of(&self, id: ReleaseId) -> Option<ProjectId> {
        self.releases.get(id.0).map(|slot| slot.project)
    }

    /// The release that a workload belongs to.
    pub fn release_of(&self, id: WorkloadId) -> Option<ReleaseId> {
        self.places.get(id.0).map(|slot| slot.release)
    }

    /// The workload, release and project that a pod belongs to.
    pub fn path_of(&self, id: PodId) -> Option<(ProjectId, ReleaseId, WorkloadId)> {
        let workload = self.pods.get(id.0)?.place;
        let release = self.release_of(workload)?;
        Some((self.project_of(release)?, release, workload))
    }

    /// The releases of a project, in no order.
    pub fn releases_of(&self, id: ProjectId) -> &[ReleaseId] {
        self.projects
            .get(id.0)
            .map_or(&[], |slot| slot.releases.as_slice())
    }

    /// The workloads of a release, in no order.
    pub fn workloads_of(&self, id: ReleaseId) -> &[WorkloadId] {
        self.releases
            .get(id.0)
            .map_or(&[], |slot| slot.workloads.as_slice())
    }

    /// The pods of a workload, in no order.
    pub fn pods_of_workload(&self, id: WorkloadId) -> &[PodId] {
        self.places
            .get(id.0)
            .map_or(&[], |slot| slot.pods.as_slice())
    }

    /// The pods of a release, in no order.
    pub fn pods_of_release(&self, id: ReleaseId) -> impl Iterator<Item = PodId> {
        let workloads = self.workloads_of(id).iter();
        workloads.flat_map(|&id| self.pods_of_workload(id).iter().copied())
    }

    /// The pods of a project, in no order.
    pub fn pods_of_project(&self, id: ProjectId) -> impl Iterator<Item = PodId> {
        let releases = self.releases_of(id).iter();
        releases.flat_map(|&id| self.pods_of_release(id))
    }

    /// The releases of a namespace, in no order.
    pub fn releases_in(&self, id: NamespaceId) -> &[ReleaseId] {
        self.namespaces
            .get(id.0)
            .map_or(&[], |slot| slot.releases.as_slice())
    }

    /// The pods on a node, in no order.
    pub fn pods_on(&self, id: NodeId) -> &[PodId] {
        self.nodes
            .get(id.0)
            .map_or(&[], |slot| slot.pods.as_slice())
    }
}
