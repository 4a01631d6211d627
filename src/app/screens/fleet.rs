//! Projects, releases and workloads: what the fleet is made of above the pods.

use crate::app::list::{Head, RowKey, Rows};
use crate::app::world::World;
use crate::config::Sort;
use crate::domain::fleet::{ProjectId, ProjectRow, ReleaseId, ReleaseRow, WorkloadId, WorkloadRow};
use crate::domain::health::Health;
use crate::domain::listing::{Listed, Seen};
use crate::domain::query::{Query, Scratch};
use crate::domain::rows::Kind;
use crate::domain::session::Target;
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use std::cmp::Ordering;

/// All projects of the scope.
#[derive(Clone, Copy, Debug, Default)]
pub struct Projects;

/// Releases: all of the scope, or those of a project.
#[derive(Clone, Debug, Default)]
pub struct Releases {
    project: Option<Text>,
}

/// All workloads of the scope.
#[derive(Clone, Copy, Debug, Default)]
pub struct Workloads;

impl Releases {
    /// All releases of the scope.
    pub fn all() -> Self {
        Self::default()
    }

    /// The releases of a project.
    pub fn of(project: &Text) -> Self {
        Self {
            project: Some(project.clone()),
        }
    }

    /// Whose releases; nothing for those of all projects.
    pub fn project(&self) -> Option<&Text> {
        self.project.as_ref()
    }

    /// What stands in the breadcrumb.
    pub fn title(&self) -> String {
        match &self.project {
            Some(project) => format!("{project} releases"),
            None => "Releases".into(),
        }
    }

    /// Whether it shows the releases of all projects.
    pub fn is_all(&self) -> bool {
        self.project.is_none()
    }

    /// How many there are.
    pub fn count(&self, world: &World) -> usize {
        match &self.project {
            None => world.fleet.releases().count(),
            Some(name) => world
                .fleet
                .project_by_name(name)
                .map_or(0, |id| world.fleet.releases_of(id).len()),
        }
    }

    fn shows(&self, row: &ReleaseRow) -> bool {
        // `unlabelled` is a name of ours: a label of that value is another project.
        self.project
            .as_ref()
            .is_none_or(|project| row.project == *project)
    }
}

/// Worst first: what every list of the fleet begins with.
pub(super) fn worst_first() -> Sort {
    Sort {
        column: "health".into(),
        reverse: false,
    }
}

/// Compares two rows that may be gone.
pub(super) fn compare<T: Listed>(a: Option<&T>, b: Option<&T>, column: &str) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.compare(b, column),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

pub(super) fn matches<T: Listed>(
    row: Option<&T>,
    world: &World,
    query: &Query,
    scratch: &mut Scratch,
) -> bool {
    row.is_some_and(|row| {
        query.matches(
            &Seen {
                row,
                now: world.now,
            },
            scratch,
        )
    })
}

pub(super) fn cell<T: Listed>(row: Option<&T>, world: &World, column: &str, out: &mut String) {
    if let Some(row) = row.filter(|_| column != "cause" || world.settled()) {
        row.text(column, world.now, out);
    }
}

pub(super) fn key<T: Listed>(row: Option<&T>) -> RowKey {
    row.map(|row| RowKey {
        namespace: row.namespace().clone(),
        name: row.name().clone(),
    })
    .unwrap_or_default()
}

/// A health that may be told: unknown until all first lists have come.
pub(super) fn known(world: &World, health: Health) -> Health {
    if world.settled() {
        health
    } else {
        Health::Unknown
    }
}

/// The heads of a table; without the namespace where there is but one.
pub(super) fn heads<T: Listed>(world: &World) -> Vec<Head> {
    let one = matches!(world.scopes.as_slice(), [scope] if scope.0.is_some());
    T::COLUMNS
        .iter()
        .filter(|column| !(one && column.id == "namespace"))
        .map(Head::of)
        .collect()
}

impl Rows for Projects {
    fn name(&self) -> &'static str {
        ProjectRow::NAME
    }

    fn heads(&self, world: &World) -> Vec<Head> {
        heads::<ProjectRow>(world)
    }

    fn all(&self, world: &World) -> Vec<u32> {
        world.fleet.projects().map(|(id, _)| id.0).collect()
    }

    fn holds(&self, world: &World, row: u32) -> bool {
        world.fleet.project(ProjectId(row)).is_some()
    }

    fn compare(&self, world: &World, a: u32, b: u32, column: &str) -> Ordering {
        let fleet = &world.fleet;
        let (a, b) = (fleet.project(ProjectId(a)), fleet.project(ProjectId(b)));
        // What nobody labelled stands below what somebody answers for, unless it is worse.
        compare(a, b, column).then_with(|| b.map(|p| p.labelled).cmp(&a.map(|p| p.labelled)))
    }

    fn matches(&self, world: &World, row: u32, query: &Query, scratch: &mut Scratch) -> bool {
        matches(world.fleet.project(ProjectId(row)), world, query, scratch)
    }

    fn cell(&self, world: &World, row: u32, column: &str, out: &mut String) {
        cell(world.fleet.project(ProjectId(row)), world, column, out);
    }

    fn time(&self, world: &World, row: u32, column: &str) -> Option<Timestamp> {
        world.fleet.project(ProjectId(row))?.time(column)
    }

    fn key(&self, world: &World, row: u32) -> RowKey {
        let name = world
            .fleet
            .project(ProjectId(row))
            .map(|project| project.name.clone());
        RowKey {
            namespace: Text::default(),
            name: name.unwrap_or_default(),
        }
    }

    fn target(&self, _world: &World, _row: u32) -> Option<Target> {
        None
    }

    fn health(&self, world: &World, row: u32) -> Option<Health> {
        world
            .fleet
            .project(ProjectId(row))
            .map(|project| known(world, project.health))
    }

    fn first_sort(&self) -> Sort {
        worst_first()
    }
}

impl Rows for Releases {
    fn name(&self) -> &'static str {
        ReleaseRow::NAME
    }

    fn heads(&self, world: &World) -> Vec<Head> {
        let mut heads = heads::<ReleaseRow>(world);
        heads.retain(|head| self.is_all() || head.id != "project");
        heads
    }

    fn all(&self, world: &World) -> Vec<u32> {
        world
            .fleet
            .releases()
            .filter(|(_, row)| self.shows(row))
            .map(|(id, _)| id.0)
            .collect()
    }

    fn holds(&self, world: &World, row: u32) -> bool {
        world
            .fleet
            .release(ReleaseId(row))
            .is_some_and(|row| self.shows(row))
    }

    fn compare(&self, world: &World, a: u32, b: u32, column: &str) -> Ordering {
        compare(
            world.fleet.release(ReleaseId(a)),
            world.fleet.release(ReleaseId(b)),
            column,
        )
    }

    fn matches(&self, world: &World, row: u32, query: &Query, scratch: &mut Scratch) -> bool {
        matches(world.fleet.release(ReleaseId(row)), world, query, scratch)
    }

    fn cell(&self, world: &World, row: u32, column: &str, out: &mut String) {
        cell(world.fleet.release(ReleaseId(row)), world, column, out);
    }

    fn time(&self, world: &World, row: u32, column: &str) -> Option<Timestamp> {
        world.fleet.release(ReleaseId(row))?.time(column)
    }

    fn key(&self, world: &World, row: u32) -> RowKey {
        key(world.fleet.release(ReleaseId(row)))
    }

    fn target(&self, _world: &World, _row: u32) -> Option<Target> {
        None
    }

    fn health(&self, world: &World, row: u32) -> Option<Health> {
        world
            .fleet
            .release(ReleaseId(row))
            .map(|release| known(world, release.health))
    }

    fn first_sort(&self) -> Sort {
        worst_first()
    }
}

impl Rows for Workloads {
    fn name(&self) -> &'static str {
        WorkloadRow::NAME
    }

    fn heads(&self, world: &World) -> Vec<Head> {
        heads::<WorkloadRow>(world)
    }

    fn all(&self, world: &World) -> Vec<u32> {
        world.fleet.workloads().map(|(id, _)| id.0).collect()
    }

    fn holds(&self, world: &World, row: u32) -> bool {
        world.fleet.workload(WorkloadId(row)).is_some()
    }

    fn compare(&self, world: &World, a: u32, b: u32, column: &str) -> Ordering {
        compare(
            world.fleet.workload(WorkloadId(a)),
            world.fleet.workload(WorkloadId(b)),
            column,
        )
    }

    fn matches(&self, world: &World, row: u32, query: &Query, scratch: &mut Scratch) -> bool {
        matches(world.fleet.workload(WorkloadId(row)), world, query, scratch)
    }

    fn cell(&self, world: &World, row: u32, column: &str, out: &mut String) {
        cell(world.fleet.workload(WorkloadId(row)), world, column, out);
    }

    fn time(&self, world: &World, row: u32, column: &str) -> Option<Timestamp> {
        world.fleet.workload(WorkloadId(row))?.time(column)
    }

    fn key(&self, world: &World, row: u32) -> RowKey {
        key(world.fleet.workload(WorkloadId(row)))
    }

    fn target(&self, world: &World, row: u32) -> Option<Target> {
        let row = world.fleet.workload(WorkloadId(row))?;
        // Owners of other kinds are known by their pods alone.
        Some(Target::watched(
            Kind::from_name(&row.kind)?,
            &row.namespace,
            &row.name,
        ))
    }

    fn health(&self, world: &World, row: u32) -> Option<Health> {
        world
            .fleet
            .workload(WorkloadId(row))
            .map(|workload| known(world, workload.health))
    }

    fn first_sort(&self) -> Sort {
        worst_first()
    }
}
