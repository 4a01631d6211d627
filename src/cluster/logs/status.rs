//! How a container fares: asked when its stream ends, to tell a restart from a cut.

use crate::cluster::call::{Call, escape};
use crate::cluster::connect::Session;
use crate::cluster::error::Fault;
use crate::domain::logs::Source;
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use serde::Deserialize;

/// How a container fares.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Status {
    /// Names its present or last run.
    pub(super) id: Text,
    /// How often it was restarted.
    pub(super) restarts: u32,
    /// It runs.
    pub(super) running: bool,
    /// How its last run ended: the present one when it does not run.
    pub(super) ended: Option<Ended>,
    /// No run will follow: the pod has succeeded or failed.
    pub(super) over: bool,
}

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ended {
    pub(super) exit_code: i32,
    pub(super) reason: Text,
    pub(super) started: Option<Timestamp>,
    pub(super) finished: Option<Timestamp>,
}

#[derive(Default, Deserialize)]
struct Pod {
    #[serde(default)]
    status: PodStatus,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PodStatus {
    phase: Option<String>,
    init_container_statuses: Option<Vec<ContainerStatus>>,
    container_statuses: Option<Vec<ContainerStatus>>,
    ephemeral_container_statuses: Option<Vec<ContainerStatus>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContainerStatus {
    name: String,
    #[serde(rename = "containerID")]
    container_id: Option<String>,
    restart_count: u32,
    state: Option<State>,
    last_state: Option<State>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct State {
    running: Option<serde::de::IgnoredAny>,
    terminated: Option<Terminated>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Terminated {
    exit_code: i32,
    reason: Option<String>,
    started_at: Option<String>,
    finished_at: Option<String>,
    #[serde(rename = "containerID")]
    container_id: Option<String>,
}

impl Terminated {
    fn ended(&self) -> Ended {
        let time = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse);
        Ended {
            exit_code: self.exit_code,
            reason: Text::new(self.reason.as_deref().unwrap_or_default()),
            started: time(&self.started_at),
            finished: time(&self.finished_at),
        }
    }
}

impl Status {
    fn of(pod: Pod, container: &str) -> Self {
        let status = pod.status;
        let over = matches!(status.phase.as_deref(), Some("Succeeded" | "Failed"));
        let lists = [
            status.container_statuses,
            status.init_container_statuses,
            status.ephemeral_container_statuses,
        ];
        let mut all = lists.into_iter().flatten().flatten();
        let Some(found) = all.find(|known| known.name == container) else {
            return Self {
                over,
                ..Self::default()
            };
        };
        let state = found.state.unwrap_or_default();
        let last = found.last_state.unwrap_or_default();
        let terminated = state.terminated.as_ref().or(last.terminated.as_ref());
        let id = found.container_id.filter(|id| !id.is_empty());
        // Between two runs the status may name no container: the last run is meant then.
        let id = id.or_else(|| terminated?.container_id.clone());
        Self {
            id: Text::new(&id.unwrap_or_default()),
            restarts: found.restart_count,
            running: state.running.is_some(),
            ended: terminated.map(Terminated::ended),
            over,
        }
    }
}

/// The path of the source's pod.
pub(super) fn pod_path(source: &Source) -> String {
    format!(
        "/api/v1/namespaces/{}/pods/{}",
        escape(&source.namespace),
        escape(&source.pod)
    )
}

/// Asks how the container fares.
pub(super) async fn status(session: &Session, source: &Source) -> Result<Status, Fault> {
    let pod: Pod = session.json(&Call::get(pod_path(source))).await?;
    Ok(Status::of(pod, &source.container))
}
