//! The `CronJob` controller: makes a Job each time the schedule says so and keeps the latest few.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::context::{Context, Key, Task};
use super::cron::Schedule;
use super::event::{Source, Story};
use super::job;
use super::json::{flag, int, items, list_at, map_at, set, text, time};
use super::pod::{self, Owner};
use crate::demo::clock::stamp;
use crate::demo::kinds::{CRONJOBS, JOBS};
use crate::demo::store::Object;

const SOURCE: Source<'static> = Source::component("cronjob-controller");

/// A Job of a `CronJob` for the moment that it was due; its name ends in the minute, as in
/// Kubernetes.
pub fn job_of(cron: &Value, due: Timestamp, uid: &str, at: Timestamp) -> Value {
    let owner = Owner::of(cron);
    let template = &cron["spec"]["jobTemplate"];
    let mut job = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": format!("{}-{}", owner.name, due.as_second() / 60),
            "namespace": cron["metadata"]["namespace"],
            "uid": uid,
            "creationTimestamp": stamp(at),
            "ownerReferences": [owner.reference()],
        },
        "spec": template["spec"],
    });
    if let Some(labels @ Value::Object(_)) = template.pointer("/metadata/labels") {
        job["metadata"]["labels"] = labels.clone();
    }
    set(
        &mut job,
        &[
            "metadata",
            "annotations",
            "batch.kubernetes.io/cronjob-scheduled-timestamp",
        ],
        stamp(due),
    );
    let spec = map_at(&mut job, &["spec"]);
    for (key, default) in [
        ("parallelism", json!(1)),
        ("completions", json!(1)),
        ("backoffLimit", json!(6)),
        ("completionMode", json!("NonIndexed")),
        ("suspend", json!(false)),
        ("podReplacementPolicy", json!("TerminatingOrFailed")),
    ] {
        spec.entry(key).or_insert(default);
    }
    job::prepare(&mut job);
    job
}

/// Fires what is due, tidies the history and waits for the next moment.
pub fn sync(context: &mut Context<'_>, key: &Key) {
    let Some(object) = context.store.get(&CRONJOBS, &key.namespace, &key.name) else {
        return;
    };
    let cron = object.value();
    if pod::is_leaving(&cron) {
        return;
    }
    let jobs: Vec<(Arc<Object>, Value)> = context
        .store
        .owned(&JOBS, &object.uid)
        .into_iter()
        .map(|job| (Arc::clone(&job), job.value()))
        .collect();
    note_active(context, key, &cron, &jobs);
    trim(context, &cron, &jobs);
    if flag(&cron, "/spec/suspend") || context.rests(&cron) {
        return;
    }
    let zone = TimeZone::get(text(&cron, "/spec/timeZone")).unwrap_or(TimeZone::UTC);
    let schedule = match Schedule::parse(text(&cron, "/spec/schedule")) {
        Ok(schedule) => schedule,
        Err(why) => {
            let message = format!(
                "unparseable schedule: {:?}: {why}",
                text(&cron, "/spec/schedule")
            );
            context.tell(
                &cron,
                &Story::warning(SOURCE, "UnparseableSchedule", &message),
            );
            return;
        }
    };
    let last = time(&cron, "/status/lastScheduleTime")
        .or_else(|| time(&cron, "/metadata/creationTimestamp"))
        .unwrap_or(context.now);
    if let Some(due) = latest_due(&schedule, &zone, last, context.now) {
        fire(context, key, &cron, due, &jobs);
    }
    if let Some(next) = schedule.next(context.now, &zone) {
        context.agenda.at(next, Task::Sync(&CRONJOBS, key.clone()));
    }
}

/// The latest moment in `(last, now]` that the schedule names. Older missed ones are not made up
/// for, and a long absence does not cost a walk through all of it.
fn latest_due(
    schedule: &Schedule,
    zone: &TimeZone,
    last: Timestamp,
    now: Timestamp,
) -> Option<Timestamp> {
    let mut from = last;
    for back in [
        SignedDuration::from_mins(1),
        SignedDuration::from_hours(1),
        SignedDuration::from_hours(25),
    ] {
        if schedule.next(now - back, zone).is_some_and(|at| at <= now) {
            from = from.max(now - back);
            break;
        }
    }
    let mut due = None;
    while let Some(at) = schedule.next(from, zone).filter(|at| *at <= now) {
        due = Some(at);
        from = at;
    }
    due
}

fn fire(
    context: &mut Context<'_>,
    key: &Key,
    cron: &Value,
    due: Timestamp,
    jobs: &[(Arc<Object>, Value)],
) {
    let running: Vec<&Arc<Object>> = jobs
        .iter()
        .filter(|(_, job)| !job::is_finished(job))
        .map(|(job, _)| job)
        .collect();
    match text(cron, "/spec/concurrencyPolicy") {
        "Forbid" if !running.is_empty() => {
            let message = "Not starting job because prior execution is running and concurrency policy is Forbid";
            context.tell(cron, &Story::normal(SOURCE, "JobAlreadyActive", message));
            return;
        }
        "Replace" => running
            .iter()
            .for_each(|job| context.remove(&JOBS, &Key::of(job))),
        _ => {}
    }
    let job = job_of(cron, due, &context.random.uid(), context.now);
    let (name, reference) = (text(&job, "/metadata/name").to_owned(), reference(&job));
    if context.store.create(&JOBS, job).is_err() {
        return;
    }
    context.tell(
        cron,
        &Story::normal(SOURCE, "SuccessfulCreate", &format!("Created job {name}")),
    );
    context.change(&CRONJOBS, key, |cron| {
        set(cron, &["status", "lastScheduleTime"], stamp(due));
        list_at(cron, &["status", "active"]).push(reference);
    });
}

fn reference(job: &Value) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "name": job["metadata"]["name"], "namespace": job["metadata"]["namespace"], "uid": job["metadata"]["uid"],
    })
}

/// Takes finished jobs out of the list of active ones.
fn note_active(context: &mut Context<'_>, key: &Key, cron: &Value, jobs: &[(Arc<Object>, Value)]) {
    let listed = items(cron, "/status/active");
    let state = |entry: &Value| {
        jobs.iter()
            .find(|(job, _)| *job.uid == *text(entry, "/uid"))
            .map(|(_, job)| job)
    };
    let over: Vec<&Value> = listed
        .iter()
        .filter(|entry| state(entry).is_none_or(job::is_finished))
        .collect();
    if over.is_empty() {
        return;
    }
    for entry in &over {
        if let Some(ended) = state(entry).and_then(job::ended_by) {
            let message = format!(
                "Saw completed job: {}, condition: {ended}",
                text(entry, "/name")
            );
            context.tell(cron, &Story::normal(SOURCE, "SawCompletedJob", &message));
        }
    }
    let now = context.now;
    let succeeded = over
        .iter()
        .any(|entry| state(entry).and_then(job::ended_by) == Some("Complete"));
    let left: Vec<Value> = listed
        .iter()
        .filter(|entry| !over.contains(entry))
        .cloned()
        .collect();
    context.change(&CRONJOBS, key, |cron| {
        if left.is_empty() {
            super::json::unset(cron, &["status", "active"]);
        } else {
            set(cron, &["status", "active"], left);
        }
        if succeeded {
            set(cron, &["status", "lastSuccessfulTime"], stamp(now));
        }
    });
}

/// Deletes all but the latest few finished jobs.
fn trim(context: &mut Context<'_>, cron: &Value, jobs: &[(Arc<Object>, Value)]) {
    for (condition, limit_name, default) in [
        ("Complete", "/spec/successfulJobsHistoryLimit", 3),
        ("Failed", "/spec/failedJobsHistoryLimit", 1),
    ] {
        let limit = usize::try_from(int(cron, limit_name).unwrap_or(default)).unwrap_or(0);
        let mut ended: Vec<&(Arc<Object>, Value)> = jobs
            .iter()
            .filter(|(_, job)| job::ended_by(job) == Some(condition))
            .collect();
        ended.sort_by_key(|(_, job)| text(job, "/status/startTime").to_owned());
        for (job, _) in ended.iter().take(ended.len().saturating_sub(limit)) {
            context.remove(&JOBS, &Key::of(job));
            context.tell(
                cron,
                &Story::normal(
                    SOURCE,
                    "SuccessfulDelete",
                    &format!("Deleted job {}", job.name),
                ),
            );
        }
    }
}
