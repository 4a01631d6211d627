//! READY, STATUS and RESTARTS of a pod exactly as kubectl prints them.
//!
//! kubectl prints what the API server's table printer computes; the rules here are that printer's.
//! Its answer depends on the order in which the kubelet lists the statuses, which is not the order
//! of the spec: rows keep each container's place there.

use super::{condition, is_true};
use crate::domain::rows::{Container, Pod, State, Terminated, Truth};
use crate::domain::time::{Timestamp, kubectl};
use std::borrow::Cow;

/// The three columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status<'a> {
    /// STATUS
    pub word: Cow<'a, str>,
    /// READY: containers that are ready, sidecars included.
    pub ready: u16,
    /// READY: containers that there are, sidecars included.
    pub total: u16,
    /// RESTARTS
    pub restarts: u32,
    /// When the last restart's predecessor ended.
    pub last_restart: Option<Timestamp>,
}

impl<'a> Status<'a> {
    /// The columns of `pod`.
    pub fn of(pod: &'a Pod) -> Self {
        let mut status = Self {
            word: first_word(pod),
            ready: 0,
            total: total(pod),
            restarts: 0,
            last_restart: None,
        };
        let initializing = status.read_init_containers(pod);
        if !initializing || is_true(&pod.conditions, "Initialized") {
            status.read_containers(pod);
        }
        let terminal = pod.phase == "Succeeded" || pod.phase == "Failed";
        if pod.meta.deleted.is_some() && pod.reason == "NodeLost" {
            status.word = "Unknown".into();
        } else if pod.meta.deleted.is_some() && !terminal {
            status.word = "Terminating".into();
        }
        status
    }

    /// True when an init container is not done.
    fn read_init_containers(&mut self, pod: &'a Pod) -> bool {
        for (place, container) in pod.init_containers.iter().enumerate() {
            self.count_restarts(container);
            let running_sidecar = container.sidecar && container.started;
            match &container.state {
                State::Terminated(end) if end.exit_code == 0 => {}
                // Nothing is known before the kubelet has seen the pod: no status, no word.
                State::Unknown if !has_status(pod) => {}
                _ if running_sidecar => self.ready += u16::from(container.ready),
                State::Terminated(end) => {
                    self.word = format!("Init:{}", end_word(end)).into();
                    return true;
                }
                State::Waiting { reason, .. }
                    if !reason.is_empty() && *reason != "PodInitializing" =>
                {
                    self.word = format!("Init:{reason}").into();
                    return true;
                }
                _ => {
                    self.word = format!("Init:{place}/{}", pod.init_containers.len()).into();
                    return true;
                }
            }
        }
        false
    }

    fn read_containers(&mut self, pod: &'a Pod) {
        // From here on only sidecars' restarts count among those of init containers.
        (self.restarts, self.last_restart) = (0, None);
        for container in pod.init_containers.iter().filter(|c| c.sidecar) {
            self.count_restarts(container);
        }
        let mut running = false;
        for container in &pod.containers {
            self.count_restarts(container);
            if container.ready && matches!(container.state, State::Running { .. }) {
                running = true;
                self.ready += 1;
            }
        }
        // The printer walks the statuses backwards and the last word wins: the first container's.
        let speaking = pod
            .containers
            .iter()
            .filter_map(|c| Some((c.place, state_word(&c.state)?)))
            .min_by_key(|(place, _)| *place);
        if let Some((_, word)) = speaking {
            self.word = word;
        }
        if self.word == "Completed" && running {
            self.word = if is_true(&pod.conditions, "Ready") {
                "Running".into()
            } else {
                "NotReady".into()
            };
        }
    }

    fn count_restarts(&mut self, container: &Container) {
        self.restarts = self.restarts.saturating_add(container.restarts);
        let ended = container.last.as_ref().and_then(|end| end.finished);
        self.last_restart = self.last_restart.max(ended);
    }

    /// RESTARTS as kubectl prints it: `7 (12s ago)`.
    pub fn restarts_text(&self, now: Timestamp) -> String {
        match self.last_restart {
            Some(at) if self.restarts > 0 => {
                format!("{} ({} ago)", self.restarts, kubectl(now.since(at)))
            }
            _ => self.restarts.to_string(),
        }
    }
}

/// Whether the kubelet has written any container status.
fn has_status(pod: &Pod) -> bool {
    let mut all = pod.init_containers.iter().chain(&pod.containers);
    all.any(|c| c.state != State::Unknown)
}

fn first_word(pod: &Pod) -> Cow<'_, str> {
    let gated = condition(&pod.conditions, "PodScheduled")
        .is_some_and(|c| c.reason == "SchedulingGated" && c.status != Truth::True);
    if gated {
        "SchedulingGated".into()
    } else if pod.reason.is_empty() {
        Cow::Borrowed(&pod.phase)
    } else {
        Cow::Borrowed(&pod.reason)
    }
}

fn total(pod: &Pod) -> u16 {
    let sidecars = pod.init_containers.iter().filter(|c| c.sidecar).count();
    u16::try_from(pod.containers.len() + sidecars).unwrap_or(u16::MAX)
}

/// The word for a container that waits or has ended; `None` when it runs.
pub fn state_word(state: &State) -> Option<Cow<'_, str>> {
    match state {
        State::Waiting { reason, .. } if !reason.is_empty() => Some(Cow::Borrowed(reason)),
        State::Terminated(end) => Some(end_word(end)),
        _ => None,
    }
}

/// `Error`, `OOMKilled`, `Signal:9`, `ExitCode:3`.
pub fn end_word(end: &Terminated) -> Cow<'_, str> {
    if !end.reason.is_empty() {
        Cow::Borrowed(&end.reason)
    } else if end.signal != 0 {
        format!("Signal:{}", end.signal).into()
    } else {
        format!("ExitCode:{}", end.exit_code).into()
    }
}
