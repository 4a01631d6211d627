//! Restarts in the last hour.
//!
//! Kubernetes keeps a counter per container and the end of one previous run. What is counted is
//! what can be proved, never more:
//!
//! - every restart that is seen to happen, at the time at which the run before it ended (or now,
//!   where the status does not tell);
//! - of a pod that is seen for the first time and is younger than an hour: all its restarts, which
//!   are all within the hour. The last one has a time of its own, the others count as of the pod's
//!   creation, the earliest they can have happened;
//! - of an older pod that is seen for the first time: the last restart of each container, if its
//!   previous run ended within the hour.

use crate::domain::rows::{Container, Pod};
use crate::domain::time::{Millis, Timestamp};

/// How long a restart counts.
pub const WINDOW: Millis = Millis::minutes(60);

/// The restarts of one pod that still count, in no order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RestartLog(Vec<(Timestamp, u32)>);

impl RestartLog {
    /// What a pod that is seen for the first time proves.
    pub fn first_seen(pod: &Pod, now: Timestamp) -> Self {
        let young = now < pod.meta.created.plus(WINDOW);
        let mut log = Self::default();
        for container in containers(pod).filter(|c| c.restarts > 0) {
            let ended = ended(container);
            if young {
                log.note(ended.unwrap_or(pod.meta.created), 1);
                log.note(pod.meta.created, container.restarts - 1);
            } else if let Some(at) = ended {
                log.note(at, 1);
            }
        }
        log
    }

    /// Adds what happened between two sights of the same pod.
    pub fn observe(&mut self, before: &Pod, after: &Pod, now: Timestamp) {
        for container in containers(after) {
            let known = containers(before)
                .find(|c| c.name == container.name)
                .map_or(0, |c| c.restarts);
            let new = container.restarts.saturating_sub(known);
            if new > 0 {
                self.note(ended(container).unwrap_or(now), 1);
                self.note(now, new - 1);
            }
        }
    }

    fn note(&mut self, at: Timestamp, restarts: u32) {
        if restarts > 0 {
            self.0.push((at, restarts));
        }
    }

    /// Forgets what is too long ago; how many are left, and when the next one falls out.
    pub fn count(&mut self, now: Timestamp) -> (u32, Option<Timestamp>) {
        self.0.retain(|(at, _)| now < at.plus(WINDOW));
        let sum = self.0.iter().map(|(_, n)| n).sum();
        let next = self.0.iter().map(|(at, _)| at.plus(WINDOW)).min();
        (sum, next)
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn containers(pod: &Pod) -> impl Iterator<Item = &Container> {
    let sidecars = pod.init_containers.iter().filter(|c| c.sidecar);
    sidecars.chain(&pod.containers)
}

fn ended(container: &Container) -> Option<Timestamp> {
    container.last.as_ref().and_then(|end| end.finished)
}
