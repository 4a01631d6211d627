//! Why something is not healthy, as data: ages are made when the sentence is read.

use crate::domain::text::Text;
use crate::domain::time::{Millis, Timestamp};
use std::fmt::Write;

/// A cause. Inside a pod it names the container; seen from a workload, release or project it names
/// the workload too, and how many pods share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The workload; empty inside a pod.
    pub workload: Text,
    /// The container; empty when the cause is not about one.
    pub container: Text,
    /// How many pods of the workload are as bad, 1 inside a pod.
    pub pods: u32,
    /// Of how many.
    pub of: u32,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong (or merely going on).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A container ended with an error, now or a short while ago.
    Crash {
        /// What it is in now: `CrashLoopBackOff`, `Error`; empty when it runs again.
        state: Text,
        /// How it ended: `OOMKilled`, `Error`.
        reason: Text,
        /// Its exit code.
        exit_code: i32,
        /// The signal that ended it, 0 when none.
        signal: i32,
        /// Restarts of the container.
        restarts: u32,
        /// When it ended.
        at: Option<Timestamp>,
    },
    /// An image cannot be had.
    Image {
        /// The image of the spec.
        image: Text,
        /// Why.
        problem: ImageProblem,
        /// The kubelet's words in short.
        message: Text,
    },
    /// A container cannot be made.
    Setup {
        /// `CreateContainerConfigError`, ...
        reason: Text,
        /// The kubelet's words in short.
        message: Text,
    },
    /// A pod ended badly and no container says how.
    Ended {
        /// `Evicted`, ...
        reason: Text,
    },
    /// No node takes the pod.
    Unschedulable {
        /// Since when.
        since: Timestamp,
        /// The scheduler's reasons in short.
        reasons: Text,
    },
    /// A scheduling gate holds the pod.
    Gated,
    /// The pod's node does not answer.
    NodeLost {
        /// The node.
        node: Text,
        /// Since when, when known.
        since: Option<Timestamp>,
    },
    /// Running, not ready.
    NotReady {
        /// Since when.
        since: Timestamp,
        /// Readiness gates that are not true.
        gates: u8,
    },
    /// On its way to running or ready.
    Starting {
        /// STATUS: `ContainerCreating`, `Init:0/1`, `Running`.
        status: Text,
        /// Since when.
        since: Timestamp,
    },
    /// Being deleted.
    Terminating {
        /// Since when.
        since: Timestamp,
    },
    /// A new version is being rolled out.
    Rollout(Rollout),
    /// A rollout made no progress within its deadline.
    Deadline(Rollout),
    /// The controller cannot make pods.
    Replicas {
        /// `FailedCreate`, ...
        reason: Text,
        /// The controller's words in short.
        message: Text,
    },
    /// Fewer pods are ready than wanted.
    Missing {
        /// Ready.
        ready: u32,
        /// Wanted.
        desired: u32,
    },
    /// Wanted to be 0.
    ScaledToZero,
    /// A Job has failed.
    JobFailed {
        /// The Job when the workload is a `CronJob`, else empty.
        job: Text,
        /// `BackoffLimitExceeded`, `DeadlineExceeded`.
        reason: Text,
        /// The exit code of its last failed pod, when a pod is left that tells.
        exit_code: Option<i32>,
        /// When.
        at: Option<Timestamp>,
    },
    /// A Job tries again after failed attempts.
    JobRetries {
        /// Failed attempts.
        failed: u32,
        /// The exit code of the last one, when a pod is left that tells.
        exit_code: Option<i32>,
    },
    /// A Job or `CronJob` is suspended.
    Suspended,
    /// A node does not answer or is not ready.
    NodeNotReady {
        /// Since when.
        since: Option<Timestamp>,
        /// The kubelet's words in short.
        message: Text,
    },
    /// A node is short of something.
    NodePressure {
        /// `MemoryPressure, DiskPressure`
        kinds: Text,
    },
    /// A node takes no new pods.
    Cordoned,
    /// Objects without a project label.
    Unlabelled {
        /// In so many namespaces.
        namespaces: u32,
    },
    /// The object could not be read.
    Unreadable {
        /// Why.
        why: Text,
    },
}

/// How far a rollout is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rollout {
    /// Pods of the new version.
    pub updated: u32,
    /// Pods wanted.
    pub desired: u32,
    /// Pods that are ready.
    pub ready: u32,
    /// The version before, empty when unknown or the same.
    pub from: Text,
    /// The version after, empty when unknown or the same.
    pub to: Text,
    /// Since when, when known.
    pub since: Option<Timestamp>,
    /// Somebody paused it.
    pub paused: bool,
}

/// Why an image cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageProblem {
    /// The registry does not know it.
    NotFound,
    /// The registry wants other credentials.
    Denied,
    /// The registry cannot be reached.
    Unreachable,
    /// The name is not a name of an image.
    Invalid,
    /// It is not on the node, and `imagePullPolicy` is `Never`.
    NeverPulled,
    /// The message says no more.
    Other,
}

impl Cause {
    /// A cause inside a pod, about no container.
    pub fn new(fault: Fault) -> Self {
        Self {
            workload: Text::default(),
            container: Text::default(),
            pods: 1,
            of: 1,
            fault,
        }
    }

    /// A cause inside a pod, about a container.
    pub fn in_container(container: &Text, fault: Fault) -> Self {
        Self {
            container: container.clone(),
            ..Self::new(fault)
        }
    }

    /// The cause as the workload shows it.
    #[must_use]
    pub fn lifted(mut self, workload: &Text, pods: u32, of: u32) -> Self {
        self.workload = workload.clone();
        (self.pods, self.of) = (pods, of);
        self
    }

    /// Whether the container's run before this one tells more than the present one.
    pub fn is_about_previous_run(&self) -> bool {
        match &self.fault {
            // A container that ended and was not started again still has its own lines.
            Fault::Crash { state, .. } => *state == "CrashLoopBackOff" || state.is_empty(),
            _ => false,
        }
    }

    /// Which of two causes of equal health is told first; lower tells more.
    pub fn rank(&self) -> u8 {
        match self.fault {
            Fault::Crash { .. } => 0,
            Fault::Image { .. } => 1,
            Fault::Setup { .. } => 2,
            Fault::JobFailed { .. } => 3,
            Fault::Unschedulable { .. } => 4,
            Fault::Ended { .. } => 5,
            Fault::Replicas { .. } => 6,
            Fault::Deadline(_) => 7,
            Fault::NodeNotReady { .. } => 8,
            Fault::NodeLost { .. } => 9,
            Fault::NotReady { .. } => 10,
            Fault::JobRetries { .. } => 11,
            Fault::Missing { .. } => 12,
            Fault::Rollout(_) => 13,
            Fault::Starting { .. } => 14,
            Fault::Gated => 15,
            Fault::Terminating { .. } => 16,
            Fault::NodePressure { .. } => 17,
            Fault::Cordoned => 18,
            Fault::Suspended => 19,
            Fault::Unreadable { .. } => 20,
            Fault::Unlabelled { .. } => 21,
            Fault::ScaledToZero => 22,
        }
    }

    /// The cause as one sentence without a full stop.
    pub fn sentence(&self, now: Timestamp) -> String {
        let mut out = String::new();
        self.write(now, &mut out);
        out
    }

    /// Writes the sentence.
    pub fn write(&self, now: Timestamp, out: &mut String) {
        self.write_subject(out);
        // Writing to a String cannot fail.
        let _ = self.write_fault(now, out);
    }

    /// `web: `, `web/proxy: `; the container alone inside a pod.
    fn write_subject(&self, out: &mut String) {
        let (workload, container) = (self.workload.as_str(), self.container.as_str());
        let says_the_same = workload
            .strip_suffix(container)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('-'));
        match (workload, container) {
            ("", "") => return,
            ("", container) => out.push_str(container),
            (workload, _) if container.is_empty() || says_the_same => out.push_str(workload),
            (workload, container) => {
                out.push_str(workload);
                out.push('/');
                out.push_str(container);
            }
        }
        out.push_str(": ");
    }

    /// `2 pods `, `all 2 pods `; nothing for one pod.
    fn write_pods(&self, out: &mut String) {
        if self.pods > 1 {
            let all = if self.pods == self.of { "all " } else { "" };
            let _ = write!(out, "{all}{} pods ", self.pods);
        }
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one arm per fault: splitting it would hide what is missing"
    )]
    fn write_fault(&self, now: Timestamp, out: &mut String) -> std::fmt::Result {
        let ago = |at: Timestamp| span(now.since(at));
        match &self.fault {
            Fault::Crash {
                state,
                reason,
                exit_code,
                signal,
                restarts,
                at,
            } => {
                let telling = !matches!(reason.as_str(), "" | "Error" | "Completed");
                match (state.as_str(), telling) {
                    ("", true) => out.push_str(reason),
                    ("", false) => out.push_str("restarted"),
                    (state, true) if state != reason.as_str() => write!(out, "{state}, {reason}")?,
                    (state, _) => out.push_str(state),
                }
                if *signal == 0 {
                    write!(out, ", exit {exit_code}")?;
                } else {
                    write!(out, ", signal {signal}")?;
                }
                if *restarts > 0 {
                    write!(out, ", {}", plural(*restarts, "restart"))?;
                }
                if let Some(at) = at {
                    let last = if *restarts > 0 { "last " } else { "" };
                    write!(out, ", {last}{} ago", ago(*at))?;
                }
                if self.pods > 1 {
                    write!(out, ", {} pods", self.pods)?;
                }
                Ok(())
            }
            Fault::Image {
                image,
                problem,
                message,
            } => match problem {
                ImageProblem::NotFound => write!(out, "image {image} not found"),
                ImageProblem::Denied => write!(out, "image {image}: the registry denies the pull"),
                ImageProblem::Unreachable => {
                    write!(out, "image {image}: the registry cannot be reached")
                }
                ImageProblem::Invalid => write!(out, "image {image} is not a valid name"),
                ImageProblem::NeverPulled => {
                    write!(out, "image {image} is not on the node and never pulled")
                }
                ImageProblem::Other if message.is_empty() => {
                    write!(out, "image {image} cannot be pulled")
                }
                ImageProblem::Other => write!(out, "image {image} cannot be pulled: {message}"),
            },
            Fault::Setup { reason, message } | Fault::Replicas { reason, message } => {
                reason_and_message(reason, message, out)
            }
            Fault::Ended { reason } if reason.is_empty() => write!(out, "failed"),
            Fault::Ended { reason } => write!(out, "{reason}"),
            Fault::Unschedulable { since, reasons } => {
                self.write_pods(out);
                write!(out, "unschedulable {}", ago(*since))?;
                if reasons.is_empty() {
                    Ok(())
                } else {
                    write!(out, ": {reasons}")
                }
            }
            Fault::Gated => write!(out, "held by a scheduling gate"),
            Fault::NodeLost { node, since } => {
                self.write_pods(out);
                if self.pods > 1 {
                    out.push_str("on ");
                }
                write!(out, "node {node} not ready")?;
                since.map_or(Ok(()), |at| write!(out, " {}", ago(at)))
            }
            Fault::NotReady { since, gates } => {
                self.write_pods(out);
                write!(out, "not ready {}", ago(*since))?;
                match gates {
                    0 => Ok(()),
                    n => write!(
                        out,
                        ", {} not true",
                        plural(u32::from(*n), "readiness gate")
                    ),
                }
            }
            Fault::Starting { status, since } => {
                self.write_pods(out);
                match status.as_str() {
                    "Running" => write!(out, "starting {}", ago(*since)),
                    status => write!(out, "{status} {}", ago(*since)),
                }
            }
            Fault::Terminating { since } => {
                self.write_pods(out);
                write!(out, "terminating {}", ago(*since))
            }
            Fault::Rollout(rollout) => rollout.write(now, out),
            Fault::Deadline(rollout) => {
                out.push_str("no progress: ");
                rollout.write(now, out)
            }
            Fault::Missing { ready, desired } => write!(out, "{ready} of {desired} ready"),
            Fault::ScaledToZero => write!(out, "scaled to 0"),
            Fault::JobFailed {
                job,
                reason,
                exit_code,
                at,
            } => {
                if job.is_empty() {
                    out.push_str("job failed");
                } else {
                    write!(out, "job {job} failed")?;
                }
                if !reason.is_empty() {
                    write!(out, ", {reason}")?;
                }
                if let Some(code) = exit_code {
                    write!(out, ", exit {code}")?;
                }
                at.map_or(Ok(()), |at| write!(out, ", {} ago", ago(at)))
            }
            Fault::JobRetries { failed, exit_code } => {
                write!(out, "{} failed", plural(*failed, "attempt"))?;
                exit_code.map_or(Ok(()), |code| write!(out, ", exit {code}"))
            }
            Fault::Suspended => write!(out, "suspended"),
            Fault::NodeNotReady { since, message } => {
                write!(out, "not ready")?;
                if let Some(at) = since {
                    write!(out, " {}", ago(*at))?;
                }
                if message.is_empty() {
                    Ok(())
                } else {
                    write!(out, ": {message}")
                }
            }
            Fault::NodePressure { kinds } => write!(out, "{kinds}"),
            Fault::Cordoned => write!(out, "cordoned"),
            Fault::Unlabelled { namespaces } => {
                let carry = if *namespaces == 1 { "carries" } else { "carry" };
                let namespaces = plural(*namespaces, "namespace");
                write!(out, "{namespaces} {carry} no project label")
            }
            Fault::Unreadable { why } => write!(out, "cannot be read: {why}"),
        }
    }
}

impl Rollout {
    /// `2 of 3 updated, rollout 1.4.2 → 1.4.3 for 40 s`
    fn write(&self, now: Timestamp, out: &mut String) -> std::fmt::Result {
        write!(out, "{} of {} updated", self.updated, self.desired)?;
        if self.updated >= self.desired && self.ready < self.desired {
            write!(out, ", {} ready", self.ready)?;
        }
        out.push_str(if self.paused {
            ", rollout paused"
        } else {
            ", rollout"
        });
        match (self.from.as_str(), self.to.as_str()) {
            ("", "") => {}
            ("", to) => write!(out, " to {to}")?,
            (from, to) => write!(out, " {from} → {to}")?,
        }
        self.since
            .map_or(Ok(()), |at| write!(out, " for {}", span(now.since(at))))
    }
}

fn reason_and_message(reason: &str, message: &str, out: &mut String) -> std::fmt::Result {
    match (reason, message) {
        (reason, "") => write!(out, "{reason}"),
        ("", message) => write!(out, "{message}"),
        (reason, message) => write!(out, "{reason}: {message}"),
    }
}

fn plural(n: u32, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

/// A span of time in a sentence: `12 s`, `4 m`, `3 h`, `2 d`.
pub fn span(span: Millis) -> String {
    let s = span.whole_seconds();
    match s {
        0..60 => format!("{s} s"),
        60..3_600 => format!("{} m", s / 60),
        3_600..86_400 => format!("{} h", s / 3_600),
        _ => format!("{} d", s / 86_400),
    }
}
