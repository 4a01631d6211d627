//! What the controllers remember of each pod, read from its bytes without building the object:
//! fifty thousand pods must fit, and a change must cost little.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::quantity;
use crate::demo::store::Object;

/// Where a pod stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Not all containers have started.
    Pending,
    /// Started.
    Running,
    /// All containers ended well.
    Succeeded,
    /// A container ended badly and will not come back.
    Failed,
}

/// Names and counts of extended resources.
pub type Devices = Box<[(Box<str>, i64)]>;

/// How far a pod has come on its way to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It has no node.
    Unbound,
    /// It has a node.
    Bound,
    /// The node's kubelet has begun to report it.
    Reported,
}

/// What a pod asks of its node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// CPU in millicores.
    pub cpu: i64,
    /// Memory in MiB.
    pub memory: i64,
    /// Extended resources, such as GPUs.
    pub devices: Option<Devices>,
}

/// The part of a pod that controllers decide by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Phase.
    pub phase: Phase,
    /// Its `Ready` condition holds.
    pub ready: bool,
    /// Since when its `Ready` condition is what it is.
    pub ready_since: Timestamp,
    /// It was asked to go.
    pub leaving: bool,
    /// How far it has come on its way to a node.
    pub stage: Stage,
    /// When it was created.
    pub created: Timestamp,
    /// What it asks of its node.
    pub request: Request,
}

impl Summary {
    /// It stands on a node.
    pub fn is_bound(&self) -> bool {
        self.stage >= Stage::Bound
    }

    /// It counts towards its controller's replicas.
    pub fn is_active(&self) -> bool {
        !self.leaving && !self.is_finished()
    }

    /// It has ended and will not come back.
    pub fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Succeeded | Phase::Failed)
    }

    /// It has been ready for at least `seconds`.
    pub fn is_available(&self, seconds: i64, now: Timestamp) -> bool {
        self.ready && now.duration_since(self.ready_since).as_secs() >= seconds
    }

    /// Reads the summary of a stored pod; a pod of unreadable shape counts as pending.
    pub fn of(pod: &Object) -> Self {
        let read: Read<'_> = serde_json::from_slice(&pod.bytes).unwrap_or_default();
        let condition = read
            .status
            .conditions
            .iter()
            .flatten()
            .find(|condition| condition.kind == "Ready");
        Self {
            phase: match read.status.phase.as_ref() {
                "Running" => Phase::Running,
                "Succeeded" => Phase::Succeeded,
                "Failed" => Phase::Failed,
                _ => Phase::Pending,
            },
            ready: condition.is_some_and(|condition| condition.status == "True"),
            ready_since: condition
                .and_then(|c| c.since.parse().ok())
                .unwrap_or(Timestamp::UNIX_EPOCH),
            leaving: read.metadata.deletion.is_some(),
            stage: match (read.spec.node.is_empty(), read.status.start_time.is_some()) {
                (true, _) => Stage::Unbound,
                (false, false) => Stage::Bound,
                (false, true) => Stage::Reported,
            },
            created: read
                .metadata
                .created
                .parse()
                .unwrap_or(Timestamp::UNIX_EPOCH),
            request: request(&read.spec),
        }
    }
}

/// The images of a pod's containers.
pub fn images(pod: &Object) -> Vec<String> {
    let read: Read<'_> = serde_json::from_slice(&pod.bytes).unwrap_or_default();
    read.spec
        .containers
        .iter()
        .flatten()
        .map(|container| container.image.to_string())
        .collect()
}

fn request(spec: &Spec<'_>) -> Request {
    let mut sum = Request::default();
    let mut devices: Vec<(Box<str>, i64)> = Vec::new();
    for container in spec.containers.iter().flatten() {
        for (name, amount) in container.resources.requests.iter().flatten() {
            // Manifests may write a whole number without quotes.
            let amount = amount
                .as_str()
                .map_or_else(|| Cow::Owned(amount.to_string()), Cow::Borrowed);
            match name.as_ref() {
                "cpu" => sum.cpu += quantity::milli(&amount),
                "memory" => sum.memory += quantity::mebi(&amount),
                _ if name.contains('/') => {
                    devices.push((name.as_ref().into(), quantity::milli(&amount) / 1000));
                }
                _ => {}
            }
        }
    }
    sum.devices = (!devices.is_empty()).then(|| devices.into());
    sum
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Read<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
    #[serde(borrow)]
    spec: Spec<'a>,
    #[serde(borrow)]
    status: Status<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata<'a> {
    #[serde(borrow, rename = "deletionTimestamp")]
    deletion: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "creationTimestamp")]
    created: Cow<'a, str>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec<'a> {
    #[serde(borrow, rename = "nodeName")]
    node: Cow<'a, str>,
    #[serde(borrow)]
    containers: Option<Vec<Container<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Container<'a> {
    #[serde(borrow)]
    image: Cow<'a, str>,
    #[serde(borrow)]
    resources: Resources<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Resources<'a> {
    #[serde(borrow)]
    requests: Option<BTreeMap<Cow<'a, str>, Value>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status<'a> {
    #[serde(borrow)]
    phase: Cow<'a, str>,
    #[serde(borrow, rename = "startTime")]
    start_time: Option<Cow<'a, str>>,
    #[serde(borrow)]
    conditions: Option<Vec<Condition<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Condition<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow, rename = "lastTransitionTime")]
    since: Cow<'a, str>,
}
