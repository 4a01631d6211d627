//! The rules `W1` to `W15` for workloads.

use super::cause::Rollout;
use super::{Cause, Fault, Health, Tally, condition, digest, is_true};
use crate::domain::labels::LabelScheme;
use crate::domain::rows::{Condition, Kind, Labels, Truth, Workload};
use crate::domain::text::Text;
use crate::domain::time::Timestamp;

/// What a workload's rules must know about its pods.
#[derive(Clone, Debug, Default)]
pub struct Pods {
    /// Pods that count, and how many of them are ready.
    pub total: u32,
    /// See `total`.
    pub ready: u32,
    /// Pods that have neither ended nor are on their way out, by health.
    pub alive: Tally,
    /// All others.
    pub gone: Tally,
    /// The worst of the living with its cause; without a row, the worst of all.
    pub worst: Option<(Health, Cause)>,
    /// The exit code of a pod that failed.
    pub exit_code: Option<i32>,
}

/// What else there is to look at.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The workload's name.
    pub name: &'a Text,
    /// `ReplicaSets` of a Deployment, Jobs of a `CronJob`, in any order.
    pub children: &'a [&'a Workload],
    /// When the present revision was first seen to appear, if it was.
    pub rolled: Option<Timestamp>,
    /// Where versions are found.
    pub scheme: &'a LabelScheme,
}

type Judged = (Health, Option<Fault>);

/// Judges a workload.
pub fn judge(row: Option<&Workload>, pods: &Pods, around: Around) -> (Health, Option<Cause>) {
    let Some(row) = row else {
        return by_pods(pods, around.name);
    };
    let own = own(row, pods, around);
    let from_pods = match row.kind {
        // A Job that is over does not care about its pods any more.
        Kind::Job if is_over(row) => None,
        _ => pods.worst.as_ref(),
    };
    let Some((health, cause)) = from_pods else {
        return told(own, pods, around.name);
    };
    // W13
    let nobody_left = *health == Health::Degraded && row.desired > 0 && pods.ready == 0;
    let health = if nobody_left {
        Health::Failing
    } else {
        *health
    };
    let pod_tells =
        health.weight() < own.0.weight() || (health == own.0 && health.wants_attention());
    if pod_tells {
        let as_bad = as_bad(pods, &pods.alive);
        let cause = cause.clone().lifted(around.name, as_bad, pods.total);
        (health, Some(cause))
    } else {
        told(own, pods, around.name)
    }
}

fn told(own: Judged, pods: &Pods, name: &Text) -> (Health, Option<Cause>) {
    let (health, fault) = own;
    (
        health,
        fault.map(|fault| Cause::new(fault).lifted(name, 1, pods.total)),
    )
}

/// How many pods are as bad as the worst one.
fn as_bad(pods: &Pods, tally: &Tally) -> u32 {
    pods.worst
        .as_ref()
        .map_or(1, |(health, _)| tally.of(*health))
        .max(1)
}

/// `W15`
fn by_pods(pods: &Pods, name: &Text) -> (Health, Option<Cause>) {
    let mut tally = pods.alive;
    for (n, more) in tally.0.iter_mut().zip(pods.gone.0) {
        *n += more;
    }
    let cause = pods.worst.as_ref().map(|(_, cause)| {
        let as_bad = as_bad(pods, &tally);
        cause.clone().lifted(name, as_bad, tally.total())
    });
    (tally.health(), cause)
}

fn own(row: &Workload, pods: &Pods, around: Around) -> Judged {
    if let Some(why) = &row.meta.unreadable {
        let why = why.clone();
        return (Health::Unknown, Some(Fault::Unreadable { why }));
    }
    match row.kind {
        Kind::Job => job(row, pods, None),
        Kind::CronJob => cron_job(row, pods, around.children),
        _ => replicated(row, pods, around),
    }
}

/// `W2` to `W7`
fn replicated(row: &Workload, pods: &Pods, around: Around) -> Judged {
    let progress = condition(&row.conditions, "Progressing");
    if let Some(c) = progress
        && c.status == Truth::False
        && c.reason == "ProgressDeadlineExceeded"
    {
        return (Health::Failing, Some(Fault::Deadline(rollout(row, around))));
    }
    if let Some(c) = condition(&row.conditions, "ReplicaFailure")
        && c.status == Truth::True
    {
        return (Health::Failing, Some(replica_failure(c)));
    }
    if row.desired == 0 && row.current == 0 {
        return (Health::Healthy, Some(Fault::ScaledToZero));
    }
    if is_rolling(row, progress) {
        return (
            Health::Progressing,
            Some(Fault::Rollout(rollout(row, around))),
        );
    }
    let missing = Fault::Missing {
        ready: row.ready,
        desired: row.desired,
    };
    if row.current < row.desired {
        (Health::Progressing, Some(missing))
    } else if row.ready < row.desired && pods.worst.is_none() {
        (Health::Degraded, Some(missing))
    } else {
        (Health::Healthy, None)
    }
}

/// A Deployment rolls until every pod is of the new template and available, and its controller
/// says so. The others replace pods one by one and may be told to wait for somebody (`OnDelete`,
/// `partition`): they roll while a pod is missing.
fn is_rolling(row: &Workload, progress: Option<&Condition>) -> bool {
    let behind = row.updated < row.desired;
    match row.kind {
        Kind::Deployment => {
            let announced = progress
                .is_some_and(|c| c.status == Truth::True && c.reason != "NewReplicaSetAvailable");
            row.unobserved
                || behind
                || row.current > row.updated
                || (announced && row.available < row.desired)
        }
        Kind::StatefulSet | Kind::DaemonSet => {
            row.unobserved || (behind && row.ready < row.desired && row.current >= row.desired)
        }
        _ => row.unobserved,
    }
}

fn replica_failure(condition: &Condition) -> Fault {
    Fault::Replicas {
        reason: condition.reason.clone(),
        message: Text::from(digest::short(&condition.message)),
    }
}

fn is_over(job: &Workload) -> bool {
    is_true(&job.conditions, "Complete") || is_true(&job.conditions, "Failed")
}

/// `W8` to `W11`; `as_child` names a Job of a `CronJob`.
fn job(row: &Workload, pods: &Pods, as_child: Option<&Text>) -> Judged {
    if let Some(failed) = condition(&row.conditions, "Failed")
        && failed.status == Truth::True
    {
        let fault = Fault::JobFailed {
            job: as_child.cloned().unwrap_or_default(),
            reason: failed.reason.clone(),
            exit_code: pods.exit_code,
            at: failed.since,
        };
        return (Health::Failing, Some(fault));
    }
    if is_true(&row.conditions, "Complete") {
        return (Health::Finished, None);
    }
    if row.paused {
        return (Health::Progressing, Some(Fault::Suspended));
    }
    if row.failed > 0 {
        let fault = Fault::JobRetries {
            failed: row.failed,
            exit_code: pods.exit_code,
        };
        return (Health::Degraded, Some(fault));
    }
    (Health::Healthy, None)
}

/// `W12`: the youngest Job that is over decides.
fn cron_job(row: &Workload, pods: &Pods, jobs: &[&Workload]) -> Judged {
    let last = jobs
        .iter()
        .filter(|job| is_over(job))
        .max_by_key(|job| (job.meta.created, &job.meta.name));
    if let Some(last) = last
        && is_true(&last.conditions, "Failed")
    {
        return job(last, pods, Some(&last.meta.name));
    }
    let fault = row.paused.then_some(Fault::Suspended);
    (Health::Healthy, fault)
}

fn rollout(row: &Workload, around: Around) -> Rollout {
    let target = revision(row, around.children);
    let source = around
        .children
        .iter()
        .filter(|set| set.current > 0 && target.is_none_or(|t| t.meta.name != set.meta.name))
        .max_by_key(|set| (number(&set.revision), set.meta.created));
    let (from, to) = match source {
        Some(source) => versions(source, row, around.scheme),
        None => (Text::default(), Text::default()),
    };
    Rollout {
        updated: row.updated,
        desired: row.desired,
        ready: row.ready,
        from,
        to,
        since: around.rolled.max(target.map(|set| set.meta.created)),
        paused: row.paused,
    }
}

/// The `ReplicaSet` of a Deployment's present revision.
pub fn revision<'a>(row: &Workload, sets: &[&'a Workload]) -> Option<&'a Workload> {
    sets.iter()
        .copied()
        .filter(|set| !row.revision.is_empty() && set.revision == row.revision)
        .max_by_key(|set| (set.meta.created, &set.meta.name))
}

fn number(revision: &str) -> u64 {
    revision.parse().unwrap_or(0)
}

/// The two versions, both empty when no difference between them can be named (a restart).
fn versions(from: &Workload, to: &Workload, scheme: &LabelScheme) -> (Text, Text) {
    let label = |row: &Workload| scheme.version(&row.template_labels).cloned();
    match (label(from), label(to)) {
        (Some(a), Some(b)) if a != b => return (a, b),
        _ => {}
    }
    let changed = to.images.iter().find_map(|(name, image)| {
        let (_, before) = from.images.iter().find(|(n, i)| n == name && i != image)?;
        Some((Text::new(tag(before)), Text::new(tag(image))))
    });
    changed.filter(|(a, b)| a != b).unwrap_or_default()
}

/// The version of a template: its label, else the tag of its first image, else empty.
pub fn version(labels: &Labels, images: &[(Text, Text)], scheme: &LabelScheme) -> Text {
    scheme.version(labels).cloned().unwrap_or_else(|| {
        images
            .first()
            .map(|(_, image)| Text::new(tag(image)))
            .unwrap_or_default()
    })
}

/// The tag of an image, the start of its digest when it has no tag, else nothing.
pub fn tag(image: &str) -> &str {
    let (name, digest) = image.split_once('@').unwrap_or((image, ""));
    let last = name.rsplit('/').next().unwrap_or(name);
    if let Some((_, tag)) = last.split_once(':') {
        tag
    } else {
        let hash = digest.split_once(':').map_or(digest, |(_, hash)| hash);
        hash.get(..12).unwrap_or(hash)
    }
}
