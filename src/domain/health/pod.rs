//! The rules `P1` to `P20` for pods.

use super::status::Status;
use super::{Cause, Fault, Health, condition, digest, is_true};
use crate::domain::rows::{Container, Pod, State, Terminated, Truth};
use crate::domain::text::Text;
use crate::domain::time::{Millis, Timestamp};

/// A pod that terminates for longer than its grace period and this is stuck (`P2`).
pub const STUCK_AFTER: Millis = Millis::seconds(60);
/// The scheduler, or an autoscaler, gets so long before a pod counts as failing (`P11`).
pub const UNSCHEDULABLE_AFTER: Millis = Millis::seconds(60);
/// How far back a crash matters while the container runs again (`P13`, `P14`); the kubelet forgets
/// its back-off after the same time.
pub const CRASH_MEMORY: Millis = Millis::minutes(10);
/// So many restarts make a crash a habit (`P14`).
pub const CRASH_HABIT: u32 = 3;
/// Pulling images and mounting volumes gets so long (`P15`).
pub const CREATE_GRACE: Millis = Millis::minutes(5);
/// A container that runs gets so long to become ready (`P17`).
pub const READY_GRACE: Millis = Millis::minutes(2);

/// What the rules say about a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How it is.
    pub health: Health,
    /// Why, where there is something to say.
    pub cause: Option<Cause>,
    /// The anchor of the cause in time, to tell the longest-standing first.
    pub since: Timestamp,
    /// Until when the verdict holds if the pod does not change.
    pub until: Option<Timestamp>,
}

impl Verdict {
    fn new(health: Health, cause: Option<Cause>, since: Timestamp) -> Self {
        Self {
            health,
            cause,
            since,
            until: None,
        }
    }

    fn because(health: Health, fault: Fault, since: Timestamp) -> Self {
        Self::new(health, Some(Cause::new(fault)), since)
    }

    fn until(mut self, until: Timestamp) -> Self {
        self.until = Some(until);
        self
    }
}

/// A pod counts as ready or missing while it is neither ended nor terminating.
pub fn counts(pod: &Pod) -> bool {
    pod.meta.deleted.is_none() && !has_ended(pod)
}

/// Whether its phase is final.
pub fn has_ended(pod: &Pod) -> bool {
    pod.phase == "Succeeded" || pod.phase == "Failed"
}

/// Whether it is ready, by its condition.
pub fn is_ready(pod: &Pod) -> bool {
    counts(pod) && is_true(&pod.conditions, "Ready")
}

/// Judges a pod; `node_down` is since when its node is not ready.
pub fn judge(pod: &Pod, node_down: Option<Timestamp>, now: Timestamp) -> Verdict {
    let created = pod.meta.created;
    if let Some(why) = &pod.meta.unreadable {
        let why = why.clone();
        return Verdict::because(Health::Unknown, Fault::Unreadable { why }, created);
    }
    if pod.phase == "Succeeded" {
        return Verdict::new(Health::Finished, None, created);
    }
    if pod.phase == "Failed" {
        return failed(pod);
    }
    if let Some(deleted) = pod.meta.deleted {
        return terminating(deleted, now);
    }
    if node_down.is_some() || pod.reason == "NodeLost" {
        let since = node_down.or_else(|| not_ready_since(pod));
        let node = pod.node.clone();
        let fault = Fault::NodeLost { node, since };
        return Verdict::because(Health::Degraded, fault, since.unwrap_or(created));
    }
    broken(pod)
        .or_else(|| unscheduled(pod, now))
        .or_else(|| crashed_lately(pod, now))
        .unwrap_or_else(|| waiting_or_running(pod, now))
}

/// `P2`, `P3`. The deletion timestamp lies at the end of the grace period.
fn terminating(deleted: Timestamp, now: Timestamp) -> Verdict {
    let stuck = deleted.plus(STUCK_AFTER);
    let fault = Fault::Terminating { since: deleted };
    if now >= stuck {
        Verdict::because(Health::Degraded, fault, deleted)
    } else {
        Verdict::because(Health::Progressing, fault, deleted).until(stuck)
    }
}

/// `P5`
fn failed(pod: &Pod) -> Verdict {
    let ended = all_containers(pod).find_map(|c| match &c.state {
        State::Terminated(end) if end.exit_code != 0 => Some((c, end)),
        _ => None,
    });
    match ended {
        Some((container, end)) if pod.reason.is_empty() => {
            let since = end.finished.unwrap_or(pod.meta.created);
            Verdict::new(
                Health::Failing,
                Some(crash(container, &state(end), end)),
                since,
            )
        }
        _ => {
            let reason = pod.reason.clone();
            Verdict::because(Health::Failing, Fault::Ended { reason }, pod.meta.created)
        }
    }
}

/// `P7` to `P10`: the container that tells the most, by the rank of its cause.
fn broken(pod: &Pod) -> Option<Verdict> {
    let causes = all_containers(pod).filter_map(|c| Some((broken_container(c)?, c)));
    let (cause, container) = causes.min_by_key(|(cause, _)| cause.rank())?;
    let since = match (&container.state, &container.last) {
        (State::Terminated(end), _) => end.finished,
        (_, Some(end)) => end.finished,
        _ => None,
    };
    let since = since.or_else(|| not_ready_since(pod));
    Some(Verdict::new(
        Health::Failing,
        Some(cause),
        since.unwrap_or(pod.meta.created),
    ))
}

fn broken_container(container: &Container) -> Option<Cause> {
    match &container.state {
        State::Waiting { reason, message } => waiting_badly(container, reason, message),
        State::Terminated(end) if end.exit_code != 0 => Some(crash(container, &state(end), end)),
        // What ended well is done, or comes back.
        _ => None,
    }
}

fn waiting_badly(container: &Container, reason: &Text, message: &str) -> Option<Cause> {
    let fault = match reason.as_str() {
        "" | "ContainerCreating" | "PodInitializing" => return None,
        "CrashLoopBackOff" => {
            let end = container.last.as_deref().cloned().unwrap_or_default();
            return Some(crash(container, reason, &end));
        }
        "ErrImagePull"
        | "ImagePullBackOff"
        | "InvalidImageName"
        | "ErrImageNeverPull"
        | "ImageInspectError"
        | "RegistryUnavailable"
        | "SignatureValidationFailed" => {
            let problem = digest::image(reason, message);
            // Without a detail the kubelet's sentence only repeats the image.
            let detail = if message.starts_with("Back-off pulling image") {
                ""
            } else {
                message
            };
            Fault::Image {
                image: container.image.clone(),
                problem,
                message: Text::from(digest::short(detail)),
            }
        }
        _ => Fault::Setup {
            reason: reason.clone(),
            message: Text::from(digest::short(message)),
        },
    };
    Some(Cause::in_container(&container.name, fault))
}

fn crash(container: &Container, state: &Text, end: &Terminated) -> Cause {
    let fault = Fault::Crash {
        state: state.clone(),
        reason: end.reason.clone(),
        exit_code: end.exit_code,
        signal: end.signal,
        restarts: container.restarts,
        at: end.finished,
    };
    Cause::in_container(&container.name, fault)
}

fn state(end: &Terminated) -> Text {
    if end.reason.is_empty() {
        Text::new("ended")
    } else {
        end.reason.clone()
    }
}

/// `P11`, `P12`
fn unscheduled(pod: &Pod, now: Timestamp) -> Option<Verdict> {
    if !pod.node.is_empty() {
        return None;
    }
    let scheduled = condition(&pod.conditions, "PodScheduled")?;
    if scheduled.status == Truth::True {
        return None;
    }
    let since = scheduled.since.unwrap_or(pod.meta.created);
    match scheduled.reason.as_str() {
        "SchedulingGated" => Some(Verdict::because(Health::Progressing, Fault::Gated, since)),
        "Unschedulable" => {
            let reasons = Text::from(digest::scheduling(&scheduled.message));
            let fault = Fault::Unschedulable { since, reasons };
            let patience = since.plus(UNSCHEDULABLE_AFTER);
            Some(if now >= patience {
                Verdict::because(Health::Failing, fault, since)
            } else {
                Verdict::because(Health::Progressing, fault, since).until(patience)
            })
        }
        _ => None,
    }
}

/// `P13`, `P14`
fn crashed_lately(pod: &Pod, now: Timestamp) -> Option<Verdict> {
    let (container, end, at) = all_containers(pod)
        .filter(|c| matches!(c.state, State::Running { .. }))
        .filter_map(|c| {
            let end = c.last.as_deref()?;
            let bad = end.reason == "OOMKilled" || c.restarts >= CRASH_HABIT;
            let at = end.finished?;
            (bad && end.exit_code != 0 && now < at.plus(CRASH_MEMORY)).then_some((c, end, at))
        })
        .max_by_key(|(_, _, at)| *at)?;
    let cause = crash(container, &Text::default(), end);
    Some(Verdict::new(Health::Degraded, Some(cause), at).until(at.plus(CRASH_MEMORY)))
}

/// `P15` to `P20`
fn waiting_or_running(pod: &Pod, now: Timestamp) -> Verdict {
    let created = pod.meta.created;
    match pod.phase.as_str() {
        "Running" if is_true(&pod.conditions, "Ready") => {
            Verdict::new(Health::Healthy, None, created)
        }
        "Running" => not_ready(pod, now),
        "Pending" => {
            let scheduled = condition(&pod.conditions, "PodScheduled").and_then(|c| c.since);
            let since = scheduled.unwrap_or(created);
            let status = Text::new(&Status::of(pod).word);
            let fault = Fault::Starting { status, since };
            let patience = since.plus(CREATE_GRACE);
            if now < patience {
                Verdict::because(Health::Progressing, fault, since).until(patience)
            } else {
                Verdict::because(Health::Degraded, fault, since)
            }
        }
        _ => Verdict::new(Health::Unknown, None, created),
    }
}

/// `P17`, `P18`. A pod that was ready before has lost it later than its containers started.
fn not_ready(pod: &Pod, now: Timestamp) -> Verdict {
    let started = pod
        .containers
        .iter()
        .filter_map(|c| match c.state {
            State::Running { since } => since,
            _ => None,
        })
        .max();
    let lost = not_ready_since(pod);
    if let Some(started) = started
        && lost.is_none_or(|lost| lost <= started)
    {
        let patience = started.plus(READY_GRACE);
        if now < patience {
            let status = Text::new("Running");
            let fault = Fault::Starting {
                status,
                since: started,
            };
            return Verdict::because(Health::Progressing, fault, started).until(patience);
        }
    }
    let since = lost.or(started).unwrap_or(pod.meta.created);
    let (good, all) = pod.readiness_gates;
    let fault = Fault::NotReady {
        since,
        gates: all.saturating_sub(good),
    };
    let container = pod.containers.iter().find(|c| !c.ready);
    let mut verdict = Verdict::because(Health::Degraded, fault, since);
    if let (Some(cause), Some(container)) = (&mut verdict.cause, container) {
        cause.container = container.name.clone();
    }
    verdict
}

fn not_ready_since(pod: &Pod) -> Option<Timestamp> {
    condition(&pod.conditions, "Ready")
        .filter(|c| c.status != Truth::True)
        .and_then(|c| c.since)
}

fn all_containers(pod: &Pod) -> impl Iterator<Item = &Container> {
    pod.init_containers.iter().chain(&pod.containers)
}
