//! Pods.

use super::Wire;
use super::meta::{Shared, WireCondition, WireMeta, count, time};
use super::text::{Str, or_default};
use crate::domain::rows::{Condition, Container, Kind, Pod, Row, State, Terminated, Truth};
use crate::domain::text::Text;
use serde::Deserialize;
use std::borrow::Cow;

/// A pod as far as a row needs it.
#[derive(Debug, Deserialize)]
pub(super) struct WirePod<'a> {
    #[serde(borrow, default)]
    metadata: Option<WireMeta<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    spec: Spec<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    status: Status<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    #[serde(borrow, default)]
    node_name: Str<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    init_containers: Vec<SpecContainer<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    containers: Vec<SpecContainer<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    ephemeral_containers: Vec<SpecContainer<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    readiness_gates: Vec<Gate<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpecContainer<'a> {
    #[serde(borrow, default)]
    name: Str<'a>,
    #[serde(borrow, default)]
    image: Str<'a>,
    #[serde(borrow, default)]
    restart_policy: Str<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Gate<'a> {
    #[serde(borrow, default)]
    condition_type: Str<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    #[serde(borrow, default)]
    phase: Str<'a>,
    #[serde(borrow, default)]
    reason: Str<'a>,
    #[serde(borrow, default, rename = "podIP")]
    pod_ip: Str<'a>,
    #[serde(borrow, default)]
    nominated_node_name: Str<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    conditions: Vec<WireCondition<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    init_container_statuses: Vec<StatusContainer<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    container_statuses: Vec<StatusContainer<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    ephemeral_container_statuses: Vec<StatusContainer<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusContainer<'a> {
    #[serde(borrow, default)]
    name: Str<'a>,
    #[serde(default)]
    ready: Option<bool>,
    #[serde(default)]
    started: Option<bool>,
    #[serde(default)]
    restart_count: Option<i64>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    state: WireState<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    last_state: WireState<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct WireState<'a> {
    #[serde(borrow, default)]
    waiting: Option<Waiting<'a>>,
    #[serde(borrow, default)]
    running: Option<Running<'a>>,
    #[serde(borrow, default)]
    terminated: Option<WireTerminated<'a>>,
}

#[derive(Debug, Deserialize)]
struct Waiting<'a> {
    #[serde(borrow, default)]
    reason: Str<'a>,
    #[serde(borrow, default)]
    message: Str<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Running<'a> {
    #[serde(borrow, default)]
    started_at: Str<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTerminated<'a> {
    #[serde(borrow, default)]
    reason: Str<'a>,
    #[serde(borrow, default)]
    message: Str<'a>,
    #[serde(default)]
    exit_code: Option<i32>,
    #[serde(default)]
    signal: Option<i32>,
    #[serde(borrow, default)]
    started_at: Str<'a>,
    #[serde(borrow, default)]
    finished_at: Str<'a>,
}

impl<'a> Wire<'a> for WirePod<'a> {
    fn meta(&self) -> Option<&WireMeta<'a>> {
        self.metadata.as_ref()
    }

    fn row(self, _: Kind, shared: &mut Shared) -> Row {
        let gates = readiness_gates(&self.spec.readiness_gates, &self.status.conditions);
        Row::Pod(Pod {
            meta: self.metadata.unwrap_or_default().into_meta(shared),
            node: shared.text(&self.spec.node_name),
            phase: shared.text(&self.status.phase),
            reason: shared.text(&self.status.reason),
            ip: Text::new(&self.status.pod_ip),
            nominated_node: shared.text(&self.status.nominated_node_name),
            readiness_gates: gates,
            conditions: conditions(
                &self.status.conditions,
                !self.spec.init_containers.is_empty(),
                shared,
            ),
            init_containers: containers(
                &self.spec.init_containers,
                &self.status.init_container_statuses,
                shared,
            ),
            containers: containers(
                &self.spec.containers,
                &self.status.container_statuses,
                shared,
            ),
            ephemeral_containers: containers(
                &self.spec.ephemeral_containers,
                &self.status.ephemeral_container_statuses,
                shared,
            ),
        })
    }
}

/// What pod rules look at: whether it is ready, placed, or being evicted.
const KEPT: [&str; 3] = ["Ready", "PodScheduled", "DisruptionTarget"];
/// What they look at where there are init containers.
const INITIALIZED: &str = "Initialized";

fn conditions(
    all: &[WireCondition<'_>],
    initializes: bool,
    shared: &mut Shared,
) -> Box<[Condition]> {
    all.iter()
        .filter(|condition| {
            KEPT.contains(&&*condition.kind) || (initializes && &*condition.kind == INITIALIZED)
        })
        .map(|condition| {
            let healthy = match &*condition.kind {
                "DisruptionTarget" => Truth::False,
                _ => Truth::True,
            };
            condition.condition(healthy, shared)
        })
        .collect()
}

fn readiness_gates(gates: &[Gate<'_>], conditions: &[WireCondition<'_>]) -> (u8, u8) {
    let open = gates.iter().filter(|gate| {
        conditions
            .iter()
            .any(|c| c.kind == gate.condition_type && c.truth() == Truth::True)
    });
    let small = |n: usize| u8::try_from(n).unwrap_or(u8::MAX);
    (small(open.count()), small(gates.len()))
}

fn containers(
    specs: &[SpecContainer<'_>],
    statuses: &[StatusContainer<'_>],
    shared: &mut Shared,
) -> Box<[Container]> {
    specs
        .iter()
        .enumerate()
        .map(|(at, spec)| {
            // Where names are in order, the n-th status is the n-th container's.
            let place = Some(at)
                .filter(|&at| statuses.get(at).is_some_and(|s| s.name == spec.name))
                .or_else(|| statuses.iter().position(|s| s.name == spec.name));
            let mut container = container(spec, place.and_then(|at| statuses.get(at)), shared);
            container.place = place.map_or(u8::MAX, |at| u8::try_from(at).unwrap_or(u8::MAX));
            container
        })
        .collect()
}

fn container(
    spec: &SpecContainer<'_>,
    status: Option<&StatusContainer<'_>>,
    shared: &mut Shared,
) -> Container {
    let mut container = Container {
        name: shared.text(&spec.name),
        image: shared.text(&spec.image),
        sidecar: &*spec.restart_policy == "Always",
        ..Container::default()
    };
    if let Some(status) = status {
        container.ready = status.ready.unwrap_or(false);
        container.started = status.started.unwrap_or(false);
        container.restarts = count(status.restart_count);
        container.state = state(&status.state, shared);
        container.last = status
            .last_state
            .terminated
            .as_ref()
            .map(|last| Box::new(terminated(last, shared)));
    }
    container
}

fn state(state: &WireState<'_>, shared: &mut Shared) -> State {
    if let Some(ended) = &state.terminated {
        return State::Terminated(Box::new(terminated(ended, shared)));
    }
    if let Some(running) = &state.running {
        return State::Running {
            since: time(&running.started_at),
        };
    }
    match &state.waiting {
        Some(waiting) => State::Waiting {
            reason: shared.text(&waiting.reason),
            message: shared.text(&one_line(&waiting.message)),
        },
        None => State::Unknown,
    }
}

/// A message that may be a page (what a container left behind) as one line.
fn one_line(message: &str) -> Cow<'_, str> {
    if !message.contains(['\n', '\t']) {
        return Cow::Borrowed(message);
    }
    let parts: Vec<_> = message.split(['\n', '\t']).map(str::trim).collect();
    Cow::Owned(
        parts
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" · "),
    )
}

fn terminated(ended: &WireTerminated<'_>, shared: &mut Shared) -> Terminated {
    Terminated {
        reason: shared.text(&ended.reason),
        exit_code: ended.exit_code.unwrap_or(0),
        signal: ended.signal.unwrap_or(0),
        message: shared.text(&one_line(&ended.message)),
        started: time(&ended.started_at),
        finished: time(&ended.finished_at),
    }
}

#[cfg(test)]
#[path = "pod_tests.rs"]
mod tests;
