//! The Job controller: runs pods until enough have succeeded or too many have failed.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::context::{Context, Key, Task};
use super::event::{Source, Story};
use super::json::{flag, int, items, list_at, set, text, time};
use super::pod::{self, Birth, Owner};
use super::summary::Phase;
use crate::demo::clock::stamp;
use crate::demo::kinds::{JOBS, PODS};
use crate::demo::random::Random;

const SOURCE: Source<'static> = Source::component("job-controller");

/// What a Job's pods have come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Pods at work.
    pub active: i64,
    /// Of those, the ready ones.
    pub ready: i64,
    /// Pods that ended well.
    pub succeeded: i64,
    /// Pods that ended badly.
    pub failed: i64,
}

/// The end of a Job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Enough pods ended well.
    Complete,
    /// More pods failed than it allows.
    BackoffLimitExceeded,
    /// It took longer than it may.
    DeadlineExceeded,
}

/// A pod of a Job. The Job's template carries its labels already, see [`prepare`].
pub fn pod(job: &Value, uid: String, at: Timestamp, random: &mut Random) -> Value {
    let owner = Owner::of(job);
    let generate_name = format!("{}-", owner.name);
    let name = format!("{generate_name}{}", random.suffix(5));
    let birth = Birth {
        namespace: text(job, "/metadata/namespace"),
        name,
        generate_name,
        uid,
        at,
        owner: Some(&owner),
    };
    pod::from_template(&job["spec"]["template"], &birth, random)
}

/// Gives a new Job the selector and the pod labels that the API server makes for it.
pub fn prepare(job: &mut Value) {
    let (uid, name) = (
        text(job, "/metadata/uid").to_owned(),
        text(job, "/metadata/name").to_owned(),
    );
    if uid.is_empty() || job.pointer("/spec/selector").is_some() {
        return;
    }
    let labels = [
        ("batch.kubernetes.io/controller-uid", &uid),
        ("batch.kubernetes.io/job-name", &name),
        ("controller-uid", &uid),
        ("job-name", &name),
    ];
    for (key, value) in labels {
        set(
            job,
            &["spec", "template", "metadata", "labels", key],
            value.as_str(),
        );
    }
    set(
        job,
        &["spec", "selector"],
        json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}),
    );
}

/// Brings one Job a step further.
pub fn sync(context: &mut Context<'_>, key: &Key) {
    let Some(object) = context.store.get(&JOBS, &key.namespace, &key.name) else {
        return;
    };
    let mut job = object.value();
    if pod::is_leaving(&job) {
        return;
    }
    if is_finished(&job) {
        expire(context, key, &job);
        return;
    }
    if job.pointer("/spec/selector").is_none() {
        context.change(&JOBS, key, prepare);
        prepare(&mut job);
    }
    let now = context.now;
    if job.pointer("/status/startTime").is_none() {
        set(&mut job, &["status", "startTime"], stamp(now));
    }
    let tally = tally(context, &object.uid);
    let outcome = outcome(&job, tally, now);
    match outcome {
        None => staff(context, key, &job, tally),
        Some(outcome) => wind_up(context, &object.uid, &job, outcome),
    }
    context.change(&JOBS, key, |live| {
        set(
            live,
            &["status", "startTime"],
            text(&job, "/status/startTime"),
        );
        write_status(live, tally, outcome, now);
    });
}

/// Whether a Job has come to its end.
pub fn is_finished(job: &Value) -> bool {
    ended_by(job).is_some()
}

/// The condition that ended a Job: `Complete` or `Failed`.
pub fn ended_by(job: &Value) -> Option<&str> {
    let ended = |condition: &&Value| {
        matches!(text(condition, "/type"), "Complete" | "Failed")
            && text(condition, "/status") == "True"
    };
    items(job, "/status/conditions")
        .iter()
        .find(ended)
        .map(|condition| text(condition, "/type"))
}

fn tally(context: &Context<'_>, uid: &str) -> Tally {
    context
        .owned_pods(uid)
        .iter()
        .fold(Tally::default(), |mut sum, (_, pod)| {
            match pod.phase {
                Phase::Succeeded => sum.succeeded += 1,
                Phase::Failed => sum.failed += 1,
                _ if pod.leaving => sum.failed += 1,
                _ => {
                    sum.active += 1;
                    sum.ready += i64::from(pod.ready);
                }
            }
            sum
        })
}

fn outcome(job: &Value, tally: Tally, now: Timestamp) -> Option<Outcome> {
    let wanted = int(job, "/spec/completions")
        .or(int(job, "/spec/parallelism"))
        .unwrap_or(1);
    if tally.succeeded >= wanted {
        return Some(Outcome::Complete);
    }
    if tally.failed > int(job, "/spec/backoffLimit").unwrap_or(6) {
        return Some(Outcome::BackoffLimitExceeded);
    }
    let deadline = int(job, "/spec/activeDeadlineSeconds").map(SignedDuration::from_secs);
    let started = time(job, "/status/startTime");
    (started
        .zip(deadline)
        .is_some_and(|(at, limit)| at + limit <= now))
    .then_some(Outcome::DeadlineExceeded)
}

/// Starts the pods that may run beside those at work. After a failure it waits 10 s, then 20 s …
fn staff(context: &mut Context<'_>, key: &Key, job: &Value, tally: Tally) {
    if flag(job, "/spec/suspend") {
        return;
    }
    let parallel = int(job, "/spec/parallelism").unwrap_or(1);
    let open = int(job, "/spec/completions")
        .map_or(parallel, |wanted| (wanted - tally.succeeded).min(parallel));
    let missing = open - tally.active;
    if missing <= 0 {
        return;
    }
    if tally.failed > 0 {
        let pause =
            SignedDuration::from_secs(10_i64.saturating_mul(1 << (tally.failed - 1).clamp(0, 5)));
        let due =
            last_failure(context, text(job, "/metadata/uid")).map_or(context.now, |at| at + pause);
        if due > context.now {
            context.agenda.at(due, Task::Sync(&JOBS, key.clone()));
            return;
        }
    }
    for _ in 0..missing {
        let uid = context.random.uid();
        let made = pod(job, uid, context.now, context.random);
        let name = text(&made, "/metadata/name").to_owned();
        if context.store.create(&PODS, made).is_ok() {
            context.tell(
                job,
                &Story::normal(SOURCE, "SuccessfulCreate", &format!("Created pod: {name}")),
            );
        }
    }
    if let Some(limit) = int(job, "/spec/activeDeadlineSeconds") {
        context.after(
            SignedDuration::from_secs(limit),
            Task::Sync(&JOBS, key.clone()),
        );
    }
}

fn last_failure(context: &Context<'_>, uid: &str) -> Option<Timestamp> {
    let failed = context
        .owned_pods(uid)
        .into_iter()
        .filter(|(_, pod)| pod.phase == Phase::Failed);
    failed.map(|(_, pod)| pod.ready_since).max()
}

fn wind_up(context: &mut Context<'_>, uid: &str, job: &Value, outcome: Outcome) {
    for (pod, _) in context.active_pods(uid) {
        context.delete_pod(&pod);
    }
    let story = match outcome {
        Outcome::Complete => Story::normal(SOURCE, "Completed", "Job completed"),
        Outcome::BackoffLimitExceeded => Story::warning(
            SOURCE,
            "BackoffLimitExceeded",
            "Job has reached the specified backoff limit",
        ),
        Outcome::DeadlineExceeded => Story::warning(
            SOURCE,
            "DeadlineExceeded",
            "Job was active longer than specified deadline",
        ),
    };
    context.tell(job, &story);
}

/// Deletes a Job whose `ttlSecondsAfterFinished` is over.
fn expire(context: &mut Context<'_>, key: &Key, job: &Value) {
    let Some(ttl) = int(job, "/spec/ttlSecondsAfterFinished") else {
        return;
    };
    let ended = items(job, "/status/conditions")
        .iter()
        .filter_map(|c| time(c, "/lastTransitionTime"))
        .max();
    let due = ended.unwrap_or(context.now) + SignedDuration::from_secs(ttl);
    if context.rests(job) {
        return;
    }
    if due <= context.now {
        context.remove(&JOBS, key);
    } else {
        context.agenda.at(due, Task::Sync(&JOBS, key.clone()));
    }
}

/// Writes the counts and, at its end, the outcome into a Job's status.
pub fn write_status(job: &mut Value, tally: Tally, outcome: Option<Outcome>, now: Timestamp) {
    let active = if outcome.is_some() { 0 } else { tally.active };
    let counts = [
        ("active", active),
        ("succeeded", tally.succeeded),
        ("failed", tally.failed),
    ];
    for (name, count) in counts {
        if count > 0 {
            set(job, &["status", name], count);
        } else {
            super::json::unset(job, &["status", name]);
        }
    }
    set(
        job,
        &["status", "ready"],
        if outcome.is_some() { 0 } else { tally.ready },
    );
    set(job, &["status", "terminating"], 0);
    set(job, &["status", "uncountedTerminatedPods"], json!({}));
    let conditions: [(&str, &str, &str); 2] = match outcome {
        None => return,
        Some(Outcome::Complete) => {
            set(job, &["status", "completionTime"], stamp(now));
            let reason = "CompletionsReached";
            let message = "Reached expected number of succeeded pods";
            [
                ("SuccessCriteriaMet", reason, message),
                ("Complete", reason, message),
            ]
        }
        Some(Outcome::BackoffLimitExceeded) => {
            let message = "Job has reached the specified backoff limit";
            [
                ("FailureTarget", "BackoffLimitExceeded", message),
                ("Failed", "BackoffLimitExceeded", message),
            ]
        }
        Some(Outcome::DeadlineExceeded) => {
            let message = "Job was active longer than specified deadline";
            [
                ("FailureTarget", "DeadlineExceeded", message),
                ("Failed", "DeadlineExceeded", message),
            ]
        }
    };
    let list = list_at(job, &["status", "conditions"]);
    for (kind, reason, message) in conditions {
        list.push(json!({
            "type": kind, "status": "True", "reason": reason, "message": message,
            "lastProbeTime": stamp(now), "lastTransitionTime": stamp(now),
        }));
    }
}
