//! One pod: its containers, what they are made of, how they are, and what happened to it.

use crate::app::list::{Head, RowKey, Rows};
use crate::app::world::World;
use crate::config::Sort;
use crate::domain::health::Health;
use crate::domain::query::{Query, Scratch};
use crate::domain::rows::{Container, Pod, Role, State};
use crate::domain::session::{ContainerSpec, EventLine, Target};
use crate::domain::text::Text;
use std::cmp::Ordering;

/// The containers of a pod: init containers first, in their order.
#[derive(Debug)]
pub struct Containers {
    /// The pod.
    pub pod: Target,
    /// What the containers are made of; empty until it is known.
    pub specs: Vec<ContainerSpec>,
    /// What happened to the pod; `None` until it is known.
    pub events: Option<Vec<EventLine>>,
    /// Why the events are not known.
    pub trouble: Option<Text>,
}

impl Containers {
    /// The containers of this pod.
    pub fn new(pod: Target) -> Self {
        Self {
            pod,
            specs: Vec::new(),
            events: None,
            trouble: None,
        }
    }

    /// What stands in the breadcrumb.
    pub fn title(&self) -> String {
        self.pod.name.to_string()
    }

    /// The pod's row, while it exists.
    pub fn row<'a>(&self, world: &'a World) -> Option<&'a Pod> {
        world.pod_named(&self.pod.namespace, &self.pod.name)
    }

    /// The n-th container and what it is in its pod.
    pub fn container<'a>(&self, world: &'a World, n: u32) -> Option<(&'a Container, Role)> {
        self.row(world)?.all_containers().nth(n as usize)
    }

    /// The container that is looked at first: the one to blame, else the first that is no init
    /// container.
    pub fn foremost(&self, world: &World) -> RowKey {
        let row = world.fleet.pod_by_name(&self.pod.namespace, &self.pod.name);
        let row = row.and_then(|id| world.fleet.pod(id));
        let cause = row.as_ref().and_then(|row| row.cause(world.now));
        let blamed = cause.map(|cause| cause.container.clone());
        let name = blamed.filter(|name| !name.is_empty()).or_else(|| {
            let mut all = row.as_ref()?.pod.all_containers();
            let (container, _) = all.find(|(_, role)| *role == Role::Main)?;
            Some(container.name.clone())
        });
        RowKey {
            namespace: self.pod.namespace.clone(),
            name: name.unwrap_or_default(),
        }
    }

    /// What the container of that name is made of.
    pub fn spec(&self, name: &str) -> Option<&ContainerSpec> {
        self.specs.iter().find(|spec| spec.name == name)
    }
}

impl Rows for Containers {
    fn name(&self) -> &'static str {
        "containers"
    }

    fn heads(&self, _world: &World) -> Vec<Head> {
        crate::domain::listing::CONTAINERS
            .iter()
            .map(Head::of)
            .collect()
    }

    fn all(&self, world: &World) -> Vec<u32> {
        let count = self
            .row(world)
            .map_or(0, |pod| pod.all_containers().count());
        (0..u32::try_from(count).unwrap_or(0)).collect()
    }

    fn holds(&self, world: &World, row: u32) -> bool {
        self.container(world, row).is_some()
    }

    fn compare(&self, world: &World, a: u32, b: u32, column: &str) -> Ordering {
        if column == "order" {
            return a.cmp(&b);
        }
        let text = |row| {
            let mut out = String::new();
            self.cell(world, row, column, &mut out);
            out
        };
        text(a).cmp(&text(b))
    }

    fn matches(&self, world: &World, row: u32, query: &Query, scratch: &mut Scratch) -> bool {
        super::matches_cells(self, world, row, query, scratch)
    }

    fn cell(&self, world: &World, row: u32, column: &str, out: &mut String) {
        if let Some((container, role)) = self.container(world, row) {
            crate::domain::listing::container_text(container, role, column, world.now, out);
        }
    }

    fn key(&self, world: &World, row: u32) -> RowKey {
        RowKey {
            namespace: self.pod.namespace.clone(),
            name: self
                .container(world, row)
                .map(|(c, _)| c.name.clone())
                .unwrap_or_default(),
        }
    }

    /// Actions on a container are about its pod.
    fn target(&self, _world: &World, _row: u32) -> Option<Target> {
        Some(self.pod.clone())
    }

    fn health(&self, world: &World, row: u32) -> Option<Health> {
        self.container(world, row)
            .map(|(container, role)| health_of(container, role))
    }

    fn first_sort(&self) -> Sort {
        Sort {
            column: "order".into(),
            reverse: false,
        }
    }
}

/// How one container is by itself; the rules for pods say how the pod is.
pub fn health_of(container: &Container, role: Role) -> Health {
    match &container.state {
        State::Terminated(end) if end.exit_code == 0 => Health::Finished,
        // Somebody has left the shell with which he looked into the pod.
        State::Terminated(_) if role == Role::Ephemeral => Health::Finished,
        State::Terminated(_) => Health::Failing,
        State::Running { .. } if container.ready || (role != Role::Main && !container.sidecar) => {
            Health::Healthy
        }
        State::Running { .. } => Health::Degraded,
        State::Waiting { reason, .. }
            if matches!(
                reason.as_str(),
                "" | "ContainerCreating" | "PodInitializing"
            ) =>
        {
            Health::Progressing
        }
        State::Waiting { .. } => Health::Failing,
        State::Unknown => Health::Unknown,
    }
}
