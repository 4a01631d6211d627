//! Which run of which container a request means, found in the pod's status as the kubelet finds it.

use serde_json::Value;

use super::stamp::nanos;
use crate::demo::control::hash::fnv1a;
use crate::demo::control::json::{int, items, text, time};
use crate::demo::error::ApiError;

/// The lists of containers in a pod and of their statuses.
const LISTS: [(&str, &str); 3] = [
    ("/spec/containers", "/status/containerStatuses"),
    ("/spec/initContainers", "/status/initContainerStatuses"),
    (
        "/spec/ephemeralContainers",
        "/status/ephemeralContainerStatuses",
    ),
];

/// One run of a container: from a start to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Name of the container.
    pub container: String,
    /// It prepares the pod and ends.
    pub init: bool,
    /// Tells this run from all others.
    pub identity: u64,
    /// When it started: a whole second, because the status tells no more.
    pub started: i64,
    /// How it ended, if it has.
    pub end: Option<End>,
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// When: a whole second.
    pub at: i64,
    /// Exit code.
    pub code: i64,
    /// `Completed`, `Error`, `OOMKilled`.
    pub reason: String,
    /// Termination message, empty for none.
    pub message: String,
}

/// The container that a request means: the one it names, else the only one.
///
/// # Errors
/// `BadRequest` in the words of the API server.
pub fn container(pod: &Value, asked: Option<&str>) -> Result<String, ApiError> {
    let pod_name = text(pod, "/metadata/name");
    let names = |list: &str| -> Vec<&str> {
        items(pod, list)
            .iter()
            .map(|container| text(container, "/name"))
            .collect()
    };
    if let Some(asked) = asked {
        let known = LISTS.iter().any(|(list, _)| names(list).contains(&asked));
        return known.then(|| asked.to_owned()).ok_or_else(|| {
            ApiError::bad_request(format!("container {asked} is not valid for pod {pod_name}"))
        });
    }
    let (main, init) = (names(LISTS[0].0), names(LISTS[1].0));
    match main.as_slice() {
        [only] => Ok((*only).to_owned()),
        [] => Err(ApiError::bad_request(format!(
            "a container name must be specified for pod {pod_name}"
        ))),
        several => {
            let mut message = format!(
                "a container name must be specified for pod {pod_name}, choose one of: [{}]",
                several.join(" ")
            );
            if !init.is_empty() {
                message = format!(
                    "{message} or one of the init containers: [{}]",
                    init.join(" ")
                );
            }
            Err(ApiError::bad_request(message))
        }
    }
}

/// The spec of a container.
pub fn spec<'a>(pod: &'a Value, container: &str) -> Option<&'a Value> {
    LISTS
        .iter()
        .flat_map(|(list, _)| items(pod, list))
        .find(|candidate| text(candidate, "/name") == container)
}

fn status<'a>(pod: &'a Value, container: &str) -> Option<(&'a Value, bool)> {
    LISTS.iter().enumerate().find_map(|(at, (_, list))| {
        items(pod, list)
            .iter()
            .find(|status| text(status, "/name") == container)
            .map(|status| (status, at == 1))
    })
}

impl Run {
    /// The run whose log the kubelet gives.
    ///
    /// # Errors
    /// `BadRequest` in the words of the kubelet, when there is none.
    pub fn find(pod: &Value, container: &str, previous: bool) -> Result<Self, ApiError> {
        let pod_name = text(pod, "/metadata/name");
        let refuse = |what: &str| {
            let message = format!("container \"{container}\" in pod \"{pod_name}\" {what}");
            Err(ApiError::bad_request(message))
        };
        let Some((status, init)) = status(pod, container) else {
            return refuse("is not available");
        };
        let last = Self::ended(status, "/lastState/terminated", container, init);
        if previous {
            return last.ok_or_else(|| {
                ApiError::bad_request(format!(
                    "previous terminated container \"{container}\" in pod \"{pod_name}\" not found"
                ))
            });
        }
        if let Some(run) = Self::running(status, container, init) {
            return Ok(run);
        }
        if let Some(run) = Self::ended(status, "/state/terminated", container, init).or(last) {
            return Ok(run);
        }
        match text(status, "/state/waiting/reason") {
            "" => refuse("is waiting to start - no logs yet"),
            "ErrImagePull" => refuse("is waiting to start: image can't be pulled"),
            "ImagePullBackOff" => refuse("is waiting to start: trying and failing to pull image"),
            reason => refuse(&format!("is waiting to start: {reason}")),
        }
    }

    /// The same run in a later state of the pod; `None` when the pod has forgotten it.
    pub fn again(&self, pod: &Value) -> Option<Self> {
        let (status, init) = status(pod, &self.container)?;
        [
            Self::running(status, &self.container, init),
            Self::ended(status, "/state/terminated", &self.container, init),
            Self::ended(status, "/lastState/terminated", &self.container, init),
        ]
        .into_iter()
        .flatten()
        .find(|run| run.identity == self.identity)
    }

    fn running(status: &Value, container: &str, init: bool) -> Option<Self> {
        let started = text(status, "/state/running/startedAt");
        Some(Self {
            container: container.to_owned(),
            init,
            identity: identity(status, text(status, "/containerID"), started),
            started: nanos(time(status, "/state/running/startedAt")?),
            end: None,
        })
    }

    fn ended(status: &Value, at: &str, container: &str, init: bool) -> Option<Self> {
        let ended = status.pointer(at)?;
        let started = text(ended, "/startedAt");
        Some(Self {
            container: container.to_owned(),
            init,
            identity: identity(status, text(ended, "/containerID"), started),
            started: nanos(time(ended, "/startedAt")?),
            end: Some(End {
                at: nanos(time(ended, "/finishedAt")?),
                code: int(ended, "/exitCode").unwrap_or(0),
                reason: text(ended, "/reason").to_owned(),
                message: text(ended, "/message").to_owned(),
            }),
        })
    }
}

/// A run is told by the container's id and its start, because load made for measuring restarts
/// containers without giving them a new id.
fn identity(status: &Value, id: &str, started: &str) -> u64 {
    fnv1a(&format!("{id}/{}/{started}", text(status, "/name")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(state: &Value, last: &Value) -> Value {
        json!({
            "metadata": {"name": "web-1"},
            "spec": {"initContainers": [{"name": "migrate"}], "containers": [{"name": "web"}, {"name": "proxy"}]},
            "status": {"containerStatuses": [{"name": "web", "containerID": "containerd://b", "state": state, "lastState": last}]},
        })
    }

    fn ended(id: &str) -> Value {
        json!({"terminated": {"containerID": id, "exitCode": 2, "reason": "Error", "message": "panic", "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:03Z"}})
    }

    #[test]
    fn a_container_must_be_named_where_there_are_several() {
        let pod = pod(&Value::Null, &Value::Null);
        assert_eq!(
            container(&pod, None).unwrap_err().message,
            "a container name must be specified for pod web-1, choose one of: [web proxy] or one of the init containers: [migrate]"
        );
        assert_eq!(container(&pod, Some("migrate")).unwrap(), "migrate");
        assert_eq!(
            container(&pod, Some("db")).unwrap_err().message,
            "container db is not valid for pod web-1"
        );
    }

    #[test]
    fn a_run_stays_itself_when_it_ends_and_is_followed() {
        let running = json!({"running": {"startedAt": "2026-01-01T00:00:00Z"}});
        let before = Run::find(&pod(&running, &json!({})), "web", false).unwrap();
        assert_eq!(before.end, None);
        let crashed = pod(&ended("containerd://b"), &json!({}));
        let now = before.again(&crashed).unwrap();
        assert_eq!(now.end.as_ref().unwrap().code, 2);
        let waits = pod(
            &json!({"waiting": {"reason": "CrashLoopBackOff"}}),
            &ended("containerd://b"),
        );
        assert_eq!(before.again(&waits).unwrap(), now);
        assert_eq!(Run::find(&waits, "web", false).unwrap(), now);
        assert_eq!(Run::find(&waits, "web", true).unwrap(), now);
        let other = pod(
            &json!({"running": {"startedAt": "2026-01-01T00:00:09Z"}}),
            &json!({}),
        );
        assert_eq!(before.again(&other), None);
    }

    #[test]
    fn what_has_not_run_is_refused_in_the_kubelets_words() {
        let refused = |state: Value, previous: bool| {
            Run::find(&pod(&state, &json!({})), "web", previous)
                .unwrap_err()
                .message
        };
        assert_eq!(
            refused(json!({"waiting": {"reason": "ContainerCreating"}}), false),
            "container \"web\" in pod \"web-1\" is waiting to start: ContainerCreating"
        );
        assert_eq!(
            refused(json!({"waiting": {"reason": "ImagePullBackOff"}}), false),
            "container \"web\" in pod \"web-1\" is waiting to start: trying and failing to pull image"
        );
        assert_eq!(
            refused(json!({}), true),
            "previous terminated container \"web\" in pod \"web-1\" not found"
        );
    }
}
