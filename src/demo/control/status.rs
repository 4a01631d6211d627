//! The status of a pod: how the kubelet reports containers, conditions and phase. Pure edits of
//! one object; the seeded world and the running kubelet share them, so that both look the same.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::hash::{digest_of, fnv1a};
use super::json::{flag, int, items, list_at, set, text, time};
use super::managed;
use crate::demo::clock::stamp;
use crate::demo::random::Random;

/// Which list of containers of a pod is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// `initContainers`, run one after the other first.
    Init,
    /// `containers`, run side by side.
    Main,
}

impl Part {
    /// Key of the list in the spec.
    pub fn spec_key(self) -> &'static str {
        match self {
            Self::Init => "initContainers",
            Self::Main => "containers",
        }
    }

    fn status_key(self) -> &'static str {
        match self {
            Self::Init => "initContainerStatuses",
            Self::Main => "containerStatuses",
        }
    }

    fn status_pointer(self) -> &'static str {
        match self {
            Self::Init => "/status/initContainerStatuses",
            Self::Main => "/status/containerStatuses",
        }
    }
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// Exit code.
    pub code: i64,
    /// `Completed`, `Error` or `OOMKilled`.
    pub reason: &'static str,
    /// Termination message, empty for none.
    pub message: String,
}

impl Exit {
    /// An ending with `code` and nothing to say.
    pub fn code(code: i64) -> Self {
        Self {
            code,
            reason: if code == 0 { "Completed" } else { "Error" },
            message: String::new(),
        }
    }

    /// An ending with `code` and last words.
    pub fn saying(code: i64, message: &str) -> Self {
        Self {
            message: message.to_owned(),
            ..Self::code(code)
        }
    }

    /// Killed by the kernel for its memory.
    pub fn out_of_memory() -> Self {
        Self {
            code: 137,
            reason: "OOMKilled",
            message: String::new(),
        }
    }
}

/// The statuses of one list of containers.
pub fn statuses(pod: &Value, part: Part) -> &[Value] {
    items(pod, part.status_pointer())
}

/// The kubelet accepts the pod: containers wait, the clock of the pod starts.
pub fn admit(pod: &mut Value, host_ip: &str, at: Timestamp) {
    let has_init = !items(pod, "/spec/initContainers").is_empty();
    for part in [Part::Init, Part::Main] {
        let waiting = if has_init {
            "PodInitializing"
        } else {
            "ContainerCreating"
        };
        let containers = items(pod, &format!("/spec/{}", part.spec_key()));
        if containers.is_empty() {
            continue;
        }
        let mut fresh: Vec<Value> = containers
            .iter()
            .map(|container| waiting_status(container, waiting))
            .collect();
        if part == Part::Main {
            // The kubelet reports them in the order of their names.
            fresh.sort_by(|a, b| text(a, "/name").cmp(text(b, "/name")));
        }
        set(pod, &["status", part.status_key()], Value::Array(fresh));
    }
    set(pod, &["status", "hostIP"], host_ip);
    set(pod, &["status", "hostIPs"], json!([{"ip": host_ip}]));
    set(pod, &["status", "startTime"], stamp(at));
    set_condition(pod, "PodReadyToStartContainers", false, None, at);
    settle(pod, at);
}

/// The pod's sandbox has its network.
pub fn give_address(pod: &mut Value, ip: &str, at: Timestamp) {
    set(pod, &["status", "podIP"], ip);
    set(pod, &["status", "podIPs"], json!([{"ip": ip}]));
    set_condition(pod, "PodReadyToStartContainers", true, None, at);
}

fn waiting_status(container: &Value, reason: &str) -> Value {
    json!({
        "name": text(container, "/name"),
        "image": text(container, "/image"),
        "imageID": "",
        "lastState": {},
        "ready": false,
        "restartCount": 0,
        "started": false,
        "state": {"waiting": {"reason": reason}},
    })
}

/// The status of the container called `name`.
pub fn container_mut<'a>(pod: &'a mut Value, part: Part, name: &str) -> Option<&'a mut Value> {
    list_at(pod, &["status", part.status_key()])
        .iter_mut()
        .find(|status| text(status, "/name") == name)
}

/// The container waits for `reason`.
pub fn wait(status: &mut Value, reason: &str, message: &str) {
    let mut waiting = json!({"reason": reason});
    if !message.is_empty() {
        waiting["message"] = message.into();
    }
    status["state"] = json!({"waiting": waiting});
    status["ready"] = false.into();
    status["started"] = false.into();
}

/// The container runs since `at`, as the container with this id.
pub fn run(status: &mut Value, id: &str, at: Timestamp) {
    let image = text(status, "/image").to_owned();
    status["image"] = image.as_str().into();
    status["imageID"] = format!("{}@sha256:{}", repository(&image), digest_of(&image)).into();
    status["containerID"] = format!("containerd://{id}").into();
    status["state"] = json!({"running": {"startedAt": stamp(at)}});
    status["started"] = true.into();
    status["ready"] = false.into();
}

/// The container ended at `at`. Its restart, if any, is [`restart`].
pub fn end(status: &mut Value, exit: &Exit, at: Timestamp) {
    let started = match text(status, "/state/running/startedAt") {
        "" => stamp(at),
        started => started.to_owned(),
    };
    let mut terminated = json!({
        "containerID": status["containerID"],
        "exitCode": exit.code,
        "reason": exit.reason,
        "startedAt": started,
        "finishedAt": stamp(at),
    });
    if !exit.message.is_empty() {
        terminated["message"] = exit.message.as_str().into();
    }
    status["state"] = json!({"terminated": terminated});
    status["started"] = false.into();
    status["ready"] = false.into();
}

/// The ended container's state becomes its last state, and it waits out its back-off.
pub fn back_off(status: &mut Value, message: &str) {
    let ended = std::mem::take(&mut status["state"]);
    if ended.get("terminated").is_some() {
        status["lastState"] = ended;
    }
    wait(status, "CrashLoopBackOff", message);
}

/// Counts one restart and keeps how the container ended before.
pub fn restart(status: &mut Value) {
    if status["state"].get("terminated").is_some() {
        status["lastState"] = std::mem::take(&mut status["state"]);
    }
    status["restartCount"] = (int(status, "/restartCount").unwrap_or(0) + 1).into();
}

/// The repository of an image reference: the reference without tag and digest.
pub fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    match image.rfind(':') {
        Some(colon) if !image[colon..].contains('/') => &image[..colon],
        _ => image,
    }
}

/// A container id that follows from the pod and the container's name and restart.
pub fn container_id(uid: &str, container: &str, restarts: i64) -> String {
    Random::new(fnv1a(&format!("{uid}/{container}/{restarts}"))).hex(64)
}

/// Sets a condition; the transition time moves only when the status changes.
pub fn set_condition(
    object: &mut Value,
    kind: &str,
    on: bool,
    why: Option<(&str, &str)>,
    at: Timestamp,
) {
    let wanted = if on { "True" } else { "False" };
    let generation = object.pointer("/metadata/generation").cloned();
    let conditions = list_at(object, &["status", "conditions"]);
    let known = conditions
        .iter_mut()
        .find(|condition| text(condition, "/type") == kind);
    let since = match &known {
        Some(condition) if text(condition, "/status") == wanted => {
            text(condition, "/lastTransitionTime").to_owned()
        }
        _ => stamp(at),
    };
    let mut fresh =
        json!({"type": kind, "status": wanted, "lastProbeTime": null, "lastTransitionTime": since});
    if let Some(generation) = generation {
        fresh["observedGeneration"] = generation;
    }
    if let Some((reason, message)) = why {
        fresh["reason"] = reason.into();
        fresh["message"] = message.into();
    }
    match known {
        Some(condition) => *condition = fresh,
        None => conditions.push(fresh),
    }
}

/// Recomputes conditions and phase from the containers' states, as the kubelet does after each
/// change.
pub fn settle(pod: &mut Value, at: Timestamp) {
    let phase = phase(pod);
    set(pod, &["status", "phase"], phase);
    let finished = matches!(phase, "Succeeded" | "Failed");
    let init_left = names_where(pod, Part::Init, |s| {
        s.pointer("/state/terminated/exitCode") != Some(&json!(0))
    });
    let unready = names_where(pod, Part::Main, |s| !flag(s, "/ready"));
    let incomplete = format!(
        "containers with incomplete status: [{}]",
        init_left.join(" ")
    );
    let not_ready = format!("containers with unready status: [{}]", unready.join(" "));
    let done = ("PodCompleted", "");
    let why_init = (!init_left.is_empty() && phase == "Pending")
        .then_some(("ContainersNotInitialized", incomplete.as_str()));
    let initialised = why_init.is_none();
    let ready = unready.is_empty() && initialised && phase == "Running";
    let why_ready = match (ready, finished) {
        (true, _) => None,
        (false, true) if phase == "Succeeded" => Some(done),
        (false, true) => Some(("PodFailed", "")),
        (false, false) => Some(("ContainersNotReady", not_ready.as_str())),
    };
    set_condition(
        pod,
        "Initialized",
        initialised,
        why_init.or((phase == "Succeeded").then_some(done)),
        at,
    );
    set_condition(pod, "Ready", ready, why_ready, at);
    set_condition(pod, "ContainersReady", ready, why_ready, at);
}

fn names_where(pod: &Value, part: Part, wanted: impl Fn(&Value) -> bool) -> Vec<&str> {
    statuses(pod, part)
        .iter()
        .filter(|status| wanted(status))
        .map(|status| text(status, "/name"))
        .collect()
}

/// The phase by the rules of the kubelet (`getPhase`).
fn phase(pod: &Value) -> &'static str {
    let policy = text(pod, "/spec/restartPolicy");
    let init_ok = statuses(pod, Part::Init)
        .iter()
        .all(|s| s.pointer("/state/terminated/exitCode") == Some(&json!(0)));
    if !init_ok {
        let failed = statuses(pod, Part::Init)
            .iter()
            .any(|s| int(s, "/state/terminated/exitCode").is_some_and(|code| code != 0));
        return if failed && policy == "Never" {
            "Failed"
        } else {
            "Pending"
        };
    }
    let main = statuses(pod, Part::Main);
    let ended = |s: &Value| s.pointer("/state/terminated").is_some();
    let began = |s: &Value| {
        s.pointer("/state/running").is_some()
            || ended(s)
            || s.pointer("/lastState/terminated").is_some()
    };
    if main.is_empty() || !main.iter().all(began) {
        return "Pending";
    }
    let all_ended = main.iter().all(ended);
    let all_well = main
        .iter()
        .all(|s| int(s, "/state/terminated/exitCode") == Some(0));
    match policy {
        _ if !all_ended => "Running",
        "Always" => "Running",
        "OnFailure" if !all_well => "Running",
        _ if all_well => "Succeeded",
        _ => "Failed",
    }
}

/// Whether the pod's `Ready` condition holds.
pub fn is_ready(pod: &Value) -> bool {
    items(pod, "/status/conditions")
        .iter()
        .any(|c| text(c, "/type") == "Ready" && text(c, "/status") == "True")
}

/// Since when the pod's `Ready` condition is what it is.
pub fn ready_since(pod: &Value) -> Option<Timestamp> {
    items(pod, "/status/conditions")
        .iter()
        .find(|c| text(c, "/type") == "Ready")
        .and_then(|c| time(c, "/lastTransitionTime"))
}

/// Notes in `managedFields` that the kubelet has reported, the first time it does.
pub fn mark_reported(pod: &mut Value, at: Timestamp) {
    let known = items(pod, "/metadata/managedFields")
        .iter()
        .any(|entry| text(entry, "/manager") == "kubelet");
    if !known {
        let entry = managed::entry(
            "kubelet",
            "v1",
            &stamp(at),
            Some("status"),
            managed::kubelet_fields(),
        );
        list_at(pod, &["metadata", "managedFields"]).push(entry);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn pod(policy: &str) -> Value {
        let mut pod = json!({"spec": {"restartPolicy": policy, "containers": [{"name": "web", "image": "r.test:5000/a/web:1"}]}});
        admit(&mut pod, "10.0.0.1", START);
        pod
    }

    fn web(pod: &mut Value) -> &mut Value {
        container_mut(pod, Part::Main, "web").unwrap()
    }

    #[test]
    fn a_pod_comes_up_in_the_steps_of_a_kubelet() {
        let mut pod = pod("Always");
        assert_eq!(pod["status"]["phase"], "Pending");
        run(web(&mut pod), "abc", START);
        settle(&mut pod, START);
        assert_eq!(pod["status"]["phase"], "Running");
        assert!(!is_ready(&pod));
        web(&mut pod)["ready"] = true.into();
        settle(&mut pod, START);
        assert!(is_ready(&pod));
        assert!(text(web(&mut pod), "/imageID").starts_with("r.test:5000/a/web@sha256:"));
    }

    #[test]
    fn a_crash_keeps_its_last_words_through_the_back_off() {
        let mut pod = pod("Always");
        run(web(&mut pod), "abc", START);
        end(web(&mut pod), &Exit::saying(2, "panic"), START);
        back_off(web(&mut pod), "back-off 10s");
        settle(&mut pod, START);
        assert_eq!(pod["status"]["phase"], "Running");
        assert_eq!(
            text(web(&mut pod), "/lastState/terminated/message"),
            "panic"
        );
        assert_eq!(
            text(web(&mut pod), "/state/waiting/reason"),
            "CrashLoopBackOff"
        );
    }

    #[test]
    fn a_pod_that_may_not_restart_ends_by_its_exit_code() {
        for (policy, code, phase) in [
            ("Never", 0, "Succeeded"),
            ("Never", 3, "Failed"),
            ("OnFailure", 3, "Running"),
            ("OnFailure", 0, "Succeeded"),
        ] {
            let mut pod = pod(policy);
            run(web(&mut pod), "abc", START);
            end(web(&mut pod), &Exit::code(code), START);
            settle(&mut pod, START);
            assert_eq!(pod["status"]["phase"], phase, "{policy} {code}");
        }
    }

    #[test]
    fn a_repository_keeps_its_port() {
        assert_eq!(repository("r.test:5000/a/web:1"), "r.test:5000/a/web");
        assert_eq!(repository("r.test:5000/a/web"), "r.test:5000/a/web");
        assert_eq!(repository("nginx@sha256:aa"), "nginx");
    }
}
