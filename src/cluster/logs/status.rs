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
    /// The uid of its pod.
    pub(super) pod: Text,
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
    /// It has done what it had to do before the pod's containers: no run follows but in a pod that
    /// is set up anew.
    pub(super) done: bool,
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
    metadata: Meta,
    #[serde(default)]
    status: PodStatus,
}

#[derive(Default, Deserialize)]
struct Meta {
    #[serde(default)]
    uid: String,
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
        let known = Self {
            pod: Text::new(&pod.metadata.uid),
            over: matches!(status.phase.as_deref(), Some("Succeeded" | "Failed")),
            ..Self::default()
        };
        let lists = [
            (status.container_statuses, false),
            (status.init_container_statuses, true),
            (status.ephemeral_container_statuses, false),
        ];
        let mut all = lists
            .into_iter()
            .flat_map(|(list, init)| list.into_iter().flatten().map(move |it| (it, init)));
        let Some((found, init)) = all.find(|(it, _)| it.name == container) else {
            return known;
        };
        let state = found.state.unwrap_or_default();
        let last = found.last_state.unwrap_or_default();
        let present = state.terminated.as_ref();
        let terminated = present.or(last.terminated.as_ref());
        let id = found.container_id.filter(|id| !id.is_empty());
        // Between two runs the status may name no container: the last run is meant then.
        let id = id.or_else(|| terminated?.container_id.clone());
        Self {
            id: Text::new(&id.unwrap_or_default()),
            restarts: found.restart_count,
            running: state.running.is_some(),
            done: init && present.is_some_and(|end| end.exit_code == 0),
            ended: terminated.map(Terminated::ended),
            ..known
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(status: &serde_json::Value) -> Status {
        let pod = json!({"metadata": {"uid": "u"}, "status": status});
        Status::of(serde_json::from_value(pod).unwrap(), "app")
    }

    #[test]
    fn an_init_container_that_succeeded_is_done() {
        let ended = |code: i32| json!([{"name": "app", "restartCount": 0, "state": {"terminated": {"exitCode": code}}}]);
        assert!(of(&json!({"initContainerStatuses": ended(0)})).done);
        assert!(!of(&json!({"initContainerStatuses": ended(1)})).done);
        let other = of(&json!({"phase": "Succeeded", "containerStatuses": ended(0)}));
        assert_eq!((other.done, other.over, &*other.pod), (false, true, "u"));
    }

    #[test]
    fn between_two_runs_the_last_one_is_meant() {
        let status = of(&json!({"containerStatuses": [{
            "name": "app",
            "restartCount": 3,
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "containerID": "c"}},
        }]}));
        assert_eq!(
            (&*status.id, status.running, status.restarts),
            ("c", false, 3)
        );
        assert_eq!(status.ended.unwrap().exit_code, 137);
    }
}
