//! The branches: places in releases, releases in projects and namespaces.

use super::ids::{NamespaceId, NodeId, ProjectId, ReleaseId, WorkloadId};
use super::slots::{PlaceSlot, ProjectSlot, ReleaseSlot, Rollup, ThingId};
use super::view::{ProjectRow, ReleaseRow, Sums, WorkloadRow};
use super::{Fleet, UNLABELLED};
use crate::domain::health::Tally;
use crate::domain::labels::Facts;
use crate::domain::text::Text;
use std::collections::BTreeSet;

impl Fleet {
    /// The place of `root` in the release that the facts name, made when there is none.
    pub(super) fn place_of(
        &mut self,
        root: ThingId,
        namespace: &Text,
        facts: &Facts,
    ) -> WorkloadId {
        let project = self.project_id(facts.project.as_ref());
        let namespace_id = self.namespace_id(namespace);
        let name = facts.release.as_ref().unwrap_or(namespace);
        let release = self.release_id(project, namespace_id, name);
        let known = self.things.get(root).and_then(|thing| {
            let mut places = thing.places.iter().copied();
            places.find(|place| {
                let slot = self.places.get(place.0);
                slot.is_some_and(|slot| slot.release == release)
            })
        });
        known.unwrap_or_else(|| self.insert_place(root, release))
    }

    fn insert_place(&mut self, root: ThingId, release: ReleaseId) -> WorkloadId {
        let (project, release_name) = self
            .releases
            .get(release.0)
            .map(|slot| (slot.row.project.clone(), slot.row.name.clone()))
            .unwrap_or_default();
        let Some(thing) = self.things.get_mut(root) else {
            return WorkloadId(u32::MAX);
        };
        let row = WorkloadRow {
            kind: thing.kind.clone(),
            namespace: thing.namespace.clone(),
            name: thing.name.clone(),
            project,
            release: release_name,
            ..WorkloadRow::default()
        };
        let id = WorkloadId(self.places.insert(PlaceSlot {
            thing: root,
            release,
            pods: Vec::new(),
            sums: Sums::default(),
            alive: Tally::default(),
            gone: Tally::default(),
            problems: BTreeSet::new(),
            facts: Vec::new(),
            own_facts: None,
            row,
            told: None,
            at_release: 0,
            dirty: false,
            reshaped: false,
        }));
        thing.places.push(id);
        if let Some(slot) = self.releases.get_mut(release.0) {
            let at = u32::try_from(slot.workloads.len()).unwrap_or(u32::MAX);
            slot.workloads.push(id);
            if let Some(place) = self.places.get_mut(id.0) {
                place.at_release = at;
            }
        }
        self.touch_place(id, true);
        self.touch_release(release, true);
        self.pending.touched.workloads.push(id);
        id
    }

    fn release_id(&mut self, project: ProjectId, namespace: NamespaceId, name: &Text) -> ReleaseId {
        let key = (project, namespace, name.clone());
        if let Some(&id) = self.index.releases.get(&key) {
            return id;
        }
        let row = ReleaseRow {
            project: self
                .projects
                .get(project.0)
                .map(|slot| slot.row.name.clone())
                .unwrap_or_default(),
            labelled: self
                .projects
                .get(project.0)
                .is_some_and(|slot| slot.row.labelled),
            namespace: self
                .namespaces
                .get(namespace.0)
                .map(|slot| slot.row.meta.name.clone())
                .unwrap_or_default(),
            name: name.clone(),
            ..ReleaseRow::default()
        };
        let mut slot = ReleaseSlot {
            project,
            namespace,
            workloads: Vec::new(),
            sums: Sums::default(),
            rollup: Rollup::default(),
            ready: 0,
            desired: 0,
            asleep: 0,
            row,
            told: None,
            at_project: 0,
            at_namespace: 0,
            dirty: false,
            reshaped: false,
        };
        let project_slot = self.projects.get_mut(project.0);
        let namespace_slot = self.namespaces.get_mut(namespace.0);
        let len = |list: &[ReleaseId]| u32::try_from(list.len()).unwrap_or(u32::MAX);
        slot.at_project = project_slot.as_ref().map_or(0, |p| len(&p.releases));
        slot.at_namespace = namespace_slot.as_ref().map_or(0, |n| len(&n.releases));
        let id = ReleaseId(self.releases.insert(slot));
        if let Some(project) = project_slot {
            project.releases.push(id);
        }
        if let Some(namespace) = namespace_slot {
            namespace.releases.push(id);
        }
        self.index.releases.insert(key, id);
        self.touch_release(id, true);
        self.touch_project(project, true);
        self.touch_namespace(namespace);
        self.pending.touched.releases.push(id);
        id
    }

    fn project_id(&mut self, name: Option<&Text>) -> ProjectId {
        let key = name.cloned();
        if let Some(&id) = self.index.projects.get(&key) {
            return id;
        }
        let row = ProjectRow {
            name: key.clone().unwrap_or_else(|| Text::new(UNLABELLED)),
            labelled: key.is_some(),
            ..ProjectRow::default()
        };
        let id = ProjectId(self.projects.insert(ProjectSlot {
            key: key.clone(),
            releases: Vec::new(),
            sums: Sums::default(),
            rollup: Rollup::default(),
            row,
            counted: None,
            dirty: false,
            reshaped: false,
        }));
        self.index.projects.insert(key, id);
        self.touch_project(id, true);
        self.pending.touched.projects.push(id);
        id
    }

    /// Takes a place without pods and without object out of the tree.
    pub(super) fn remove_place(&mut self, id: WorkloadId) {
        let Some(slot) = self.places.remove(id.0) else {
            return;
        };
        if let Some(told) = &slot.told {
            self.totals.workloads.sub(told.health);
        }
        if let Some(release) = self.releases.get_mut(slot.release.0) {
            if let Some(told) = slot.told {
                release.untell(&told);
            }
            release.workloads.swap_remove(slot.at_release as usize);
            let moved = release.workloads.get(slot.at_release as usize).copied();
            if let Some(moved) = moved.and_then(|id| self.places.get_mut(id.0)) {
                moved.at_release = slot.at_release;
            }
        }
        self.touch_release(slot.release, true);
        if let Some(thing) = self.things.get_mut(slot.thing) {
            thing.places.retain(|&place| place != id);
        }
        self.drop_if_unused(slot.thing);
        self.pending.touched.workloads.push(id);
    }

    /// Takes a release without workloads out of the tree.
    pub(super) fn remove_release(&mut self, id: ReleaseId) {
        let Some(slot) = self.releases.remove(id.0) else {
            return;
        };
        if let Some(told) = &slot.told {
            self.totals.releases.sub(told.health);
        }
        if let Some(project) = self.projects.get_mut(slot.project.0) {
            if let Some(told) = &slot.told {
                project.rollup.sub(told.health, told.problem.as_ref());
            }
            project.releases.swap_remove(slot.at_project as usize);
            let moved = project.releases.get(slot.at_project as usize).copied();
            if let Some(moved) = moved.and_then(|id| self.releases.get_mut(id.0)) {
                moved.at_project = slot.at_project;
            }
        }
        if let Some(namespace) = self.namespaces.get_mut(slot.namespace.0) {
            if let Some(told) = &slot.told {
                namespace.rollup.sub(told.health, told.problem.as_ref());
            }
            namespace.reshaped = true;
            namespace.releases.swap_remove(slot.at_namespace as usize);
            let moved = namespace.releases.get(slot.at_namespace as usize).copied();
            if let Some(moved) = moved.and_then(|id| self.releases.get_mut(id.0)) {
                moved.at_namespace = slot.at_namespace;
            }
        }
        let key = (slot.project, slot.namespace, slot.row.name);
        self.index.releases.remove(&key);
        self.touch_project(slot.project, true);
        self.touch_namespace(slot.namespace);
        self.pending.touched.releases.push(id);
    }

    /// Forgets a project without releases.
    pub(super) fn remove_project(&mut self, id: ProjectId) {
        let Some(slot) = self.projects.remove(id.0) else {
            return;
        };
        if let Some(health) = slot.counted {
            self.totals.projects.sub(health);
        }
        self.index.projects.remove(&slot.key);
        self.pending.touched.projects.push(id);
    }

    pub(super) fn touch_place(&mut self, id: WorkloadId, reshaped: bool) {
        if let Some(slot) = self.places.get_mut(id.0) {
            slot.reshaped |= reshaped;
            if !std::mem::replace(&mut slot.dirty, true) {
                self.pending.places.push(id);
            }
        }
    }

    pub(super) fn touch_release(&mut self, id: ReleaseId, reshaped: bool) {
        if let Some(slot) = self.releases.get_mut(id.0) {
            slot.reshaped |= reshaped;
            if !std::mem::replace(&mut slot.dirty, true) {
                self.pending.releases.push(id);
            }
        }
    }

    pub(super) fn touch_project(&mut self, id: ProjectId, reshaped: bool) {
        if let Some(slot) = self.projects.get_mut(id.0) {
            slot.reshaped |= reshaped;
            if !std::mem::replace(&mut slot.dirty, true) {
                self.pending.projects.push(id);
            }
        }
    }

    pub(super) fn touch_namespace(&mut self, id: NamespaceId) {
        if let Some(slot) = self.namespaces.get_mut(id.0)
            && !std::mem::replace(&mut slot.dirty, true)
        {
            self.pending.namespaces.push(id);
        }
    }

    pub(super) fn touch_node(&mut self, id: NodeId) {
        if let Some(slot) = self.nodes.get_mut(id.0)
            && !std::mem::replace(&mut slot.dirty, true)
        {
            self.pending.nodes.push(id);
        }
    }
}
