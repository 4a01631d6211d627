//! What is healthy and what is not, and why: one table of rules.
//!
//! The first rule that fits decides; there is a test per row in `tests.rs`.
//!
//! # Pods ([`pod::judge`])
//!
//! | rule | when | health | cause says |
//! |---|---|---|---|
//! | `P1` | the row could not be read | unknown | why |
//! | `P2` | `deletionTimestamp` passed more than 60 s ago | degraded | terminating, for how long |
//! | `P3` | `deletionTimestamp` set | progressing | terminating |
//! | `P4` | phase `Succeeded` | finished | |
//! | `P5` | phase `Failed` | failing | reason, or the container's exit |
//! | `P6` | the node is not ready, or `status.reason` is `NodeLost` | degraded | node, for how long |
//! | `P7` | a container waits in `CrashLoopBackOff` | failing | container, exit, restarts, last |
//! | `P8` | a container's image cannot be had | failing | image, and not found, denied, unreachable, invalid |
//! | `P9` | a container waits for any other error (`CreateContainerConfigError`, ...) | failing | reason, message |
//! | `P10` | a container ended with an error and stands ended | failing | container, reason, exit |
//! | `P11` | unschedulable for 60 s or more | failing | for how long, the scheduler's reasons |
//! | `P12` | unschedulable for less, or held by a scheduling gate | progressing | the same |
//! | `P13` | a container was killed for memory in the last 10 min | degraded | container, `OOMKilled`, exit, restarts |
//! | `P14` | a container with 3 or more restarts ended with an error in the last 10 min | degraded | container, exit, restarts |
//! | `P15` | not running yet, for less than 5 min | progressing | what it waits for |
//! | `P16` | not running yet, for longer | degraded | the same |
//! | `P17` | running, never ready since its start less than 2 min ago | progressing | starting |
//! | `P18` | running, not ready otherwise | degraded | for how long |
//! | `P19` | running and ready | healthy | |
//! | `P20` | anything else | unknown | |
//!
//! Between two crashes a container runs for a moment, which is why `P13` and `P14` look back.
//! Pods that are terminating or have ended count neither as ready nor as missing; whether a failed
//! pod concerns its workload is for the workload to say (a controller replaces it).
//!
//! # Workloads ([`workload::judge`])
//!
//! The workload's own rule and its worst pod are compared; the worse of the two is its health.
//! At equal health a failing or degraded pod gives the cause, otherwise the workload.
//!
//! | rule | when | health | cause says |
//! |---|---|---|---|
//! | `W1` | the row could not be read | unknown | why |
//! | `W2` | Deployment: `Progressing` is false (`ProgressDeadlineExceeded`) | failing | updated of desired, versions |
//! | `W3` | `ReplicaFailure` is true (quota, admission) | failing | reason, message |
//! | `W4` | scaled to 0 | healthy | scaled to 0 |
//! | `W5` | a rollout is under way or paused | progressing | updated of desired, versions, for how long |
//! | `W6` | fewer pods exist than are wanted | progressing | ready of desired |
//! | `W7` | fewer are ready than wanted and no pod says why | degraded | ready of desired |
//! | `W8` | Job: `Failed` | failing | reason, exit |
//! | `W9` | Job: `Complete` | finished | |
//! | `W10` | Job: suspended | progressing | suspended |
//! | `W11` | Job: runs again after failed attempts | degraded | attempts, exit |
//! | `W12` | `CronJob`: the last Job that ended has failed | failing | job, reason, exit |
//! | `W13` | none of its pods is ready and the worst is degraded | failing | the pod's cause |
//! | `W14` | anything else with a row | healthy | |
//! | `W15` | no row: the pods alone; all ended well is finished, no pod is unknown | | |
//!
//! # Nodes ([`node::judge`])
//!
//! | rule | when | health | cause says |
//! |---|---|---|---|
//! | `N1` | the row could not be read | unknown | why |
//! | `N2` | `Ready` is not true | failing | for how long, message |
//! | `N3` | a pressure condition, or the network is unavailable | degraded | which |
//! | `N4` | cordoned | degraded | cordoned |
//! | `N5` | anything else | healthy | |
//!
//! # Releases, projects, namespaces ([`Tally::health`])
//!
//! The worst of what is in them: failing, degraded, progressing, unknown, healthy, finished. The
//! cause is that of the worst child.

pub mod cause;
mod digest;
pub mod node;
pub mod pod;
pub mod status;
#[cfg(test)]
mod tests;
pub mod workload;

pub use cause::{Cause, Fault, ImageProblem};

use super::rows::{Condition, Truth};
use serde::{Deserialize, Serialize};

/// How something is, worst first: the order in which lists show it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Health {
    /// It does not do its work, and will not by itself.
    Failing,
    /// It does less than it should, or is about to fail.
    Degraded,
    /// On its way to a wanted state.
    Progressing,
    /// As it should be.
    Healthy,
    /// Done, and done well.
    Finished,
    /// Nobody can tell.
    #[default]
    Unknown,
}

impl Health {
    /// All of them, worst first.
    pub const ALL: [Self; 6] = [
        Self::Failing,
        Self::Degraded,
        Self::Progressing,
        Self::Healthy,
        Self::Finished,
        Self::Unknown,
    ];

    /// The word for it: `failing`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Degraded => "degraded",
            Self::Progressing => "progressing",
            Self::Healthy => "healthy",
            Self::Finished => "finished",
            Self::Unknown => "unknown",
        }
    }

    /// Whether somebody should look at it.
    pub const fn wants_attention(self) -> bool {
        matches!(self, Self::Failing | Self::Degraded)
    }

    /// How bad it is inside something bigger, 0 worst: what is unknown hides nothing that is
    /// known to be bad, and is not hidden by what is well.
    pub const fn weight(self) -> u8 {
        match self {
            Self::Failing => 0,
            Self::Degraded => 1,
            Self::Progressing => 2,
            Self::Unknown => 3,
            Self::Healthy => 4,
            Self::Finished => 5,
        }
    }
}

impl std::fmt::Display for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

/// How many of each health, in the order of [`Health::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally(pub [u32; 6]);

impl Tally {
    /// One more.
    pub fn add(&mut self, health: Health) {
        self.0[health as usize] += 1;
    }

    /// One less.
    pub fn sub(&mut self, health: Health) {
        let n = &mut self.0[health as usize];
        *n = n.saturating_sub(1);
    }

    /// How many have this health.
    pub fn of(&self, health: Health) -> u32 {
        self.0[health as usize]
    }

    /// How many there are.
    pub fn total(&self) -> u32 {
        self.0.iter().sum()
    }

    /// The worst there is; unknown when there is nothing.
    pub fn health(&self) -> Health {
        Health::ALL
            .into_iter()
            .filter(|&health| self.of(health) > 0)
            .min_by_key(|health| health.weight())
            .unwrap_or_default()
    }
}

/// The condition of this type.
pub fn condition<'a>(conditions: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    conditions.iter().find(|c| c.kind == kind)
}

/// Whether the condition of this type is true.
pub fn is_true(conditions: &[Condition], kind: &str) -> bool {
    condition(conditions, kind).is_some_and(|c| c.status == Truth::True)
}
