//! Scheduled work: `CronJob`s with the jobs and pods of their latest runs.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::builder::{Builder, Mood, metadata};
use crate::demo::clock::stamp;
use crate::demo::control::cron::Schedule;
use crate::demo::control::cronjob;
use crate::demo::control::event::{Source, Story};
use crate::demo::control::job::{self, Outcome, Tally};
use crate::demo::control::json::text;
use crate::demo::control::status::Exit;
use crate::demo::kinds::{CRONJOBS, JOBS, PODS};

/// Pods that a failing job tries before it gives up.
const TRIES: i64 = 3;

/// A `CronJob` to be made.
#[derive(Debug)]
pub struct Scheduled<'a> {
    /// Namespace.
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// Labels.
    pub labels: &'a Value,
    /// Cron schedule.
    pub schedule: &'a str,
    /// Template of its pods.
    pub template: Value,
    /// When it was made.
    pub born: Timestamp,
    /// How its runs end; `None` when well.
    pub failure: Option<Exit>,
}

/// Makes a `CronJob` with its latest runs.
pub fn cron_job(builder: &mut Builder<'_>, plan: Scheduled<'_>) {
    let mut template = plan.template;
    template["spec"]["restartPolicy"] = "Never".into();
    let due = latest(plan.schedule, builder.now, 1);
    let mut cron = json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": metadata(plan.namespace, plan.name, plan.labels, plan.born),
        "spec": {
            "schedule": plan.schedule,
            "concurrencyPolicy": "Forbid",
            "suspend": false,
            "successfulJobsHistoryLimit": 1,
            "failedJobsHistoryLimit": 1,
            "jobTemplate": {
                "metadata": {"labels": plan.labels},
                "spec": {"backoffLimit": TRIES - 1, "template": template},
            },
        },
        "status": {},
    });
    cron["metadata"]["uid"] = builder.random.uid().into();
    if let Some(last) = due.last() {
        cron["status"]["lastScheduleTime"] = stamp(*last).into();
        if plan.failure.is_none() {
            cron["status"]["lastSuccessfulTime"] =
                stamp(*last + SignedDuration::from_secs(12)).into();
        }
    }
    builder.put(&CRONJOBS, cron.clone());
    for at in due {
        run(builder, &cron, at, plan.failure.as_ref());
    }
}

/// The latest `count` moments that a schedule named, the oldest first; none that is so fresh that
/// its run could not have ended.
fn latest(schedule: &str, now: Timestamp, count: usize) -> Vec<Timestamp> {
    let Ok(schedule) = Schedule::parse(schedule) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let settled = now - SignedDuration::from_mins(2);
    let mut at = now - SignedDuration::from_hours(50);
    while let Some(next) = schedule
        .next(at, &TimeZone::UTC)
        .filter(|next| *next <= settled)
    {
        found.push(next);
        at = next;
    }
    found.split_off(found.len().saturating_sub(count))
}

fn run(builder: &mut Builder<'_>, cron: &Value, due: Timestamp, failure: Option<&Exit>) {
    let mut job = cronjob::job_of(cron, due, &builder.random.uid(), due);
    let seconds = builder.random.between(4, 12);
    let tries = if failure.is_some() { TRIES } else { 1 };
    let mut born = due;
    let mut pods = Vec::new();
    for attempt in 0..tries {
        let uid = builder.random.uid();
        let mut pod = job::pod(&job, uid, born, &mut builder.random);
        let exit = failure.cloned().unwrap_or_else(|| Exit::code(0));
        builder.live(&mut pod, born, &Mood::Ended(seconds, exit), None);
        pods.push(pod);
        born += SignedDuration::from_secs(seconds + (10 << attempt));
    }
    let ended = born.min(builder.now);
    job["status"] = json!({"startTime": stamp(due)});
    let (tally, outcome) = match failure {
        None => (
            Tally {
                succeeded: 1,
                ..Tally::default()
            },
            Outcome::Complete,
        ),
        Some(_) => (
            Tally {
                failed: tries,
                ..Tally::default()
            },
            Outcome::BackoffLimitExceeded,
        ),
    };
    job::write_status(&mut job, tally, Some(outcome), ended);
    builder.put(&JOBS, job.clone());
    if builder.now.duration_since(ended) < SignedDuration::from_mins(50) {
        tell(builder, &job, &pods, due, ended, failure.is_some());
    }
    for pod in pods {
        builder.put(&PODS, pod);
    }
}

fn tell(
    builder: &mut Builder<'_>,
    job: &Value,
    pods: &[Value],
    due: Timestamp,
    ended: Timestamp,
    failed: bool,
) {
    let source = Source::component("job-controller");
    for pod in pods {
        let message = format!("Created pod: {}", text(pod, "/metadata/name"));
        builder.told(
            job,
            "",
            &Story::normal(source, "SuccessfulCreate", &message),
            1,
            due,
            due,
        );
    }
    let story = if failed {
        Story::warning(
            source,
            "BackoffLimitExceeded",
            "Job has reached the specified backoff limit",
        )
    } else {
        Story::normal(source, "Completed", "Job completed")
    };
    builder.told(job, "", &story, 1, ended, ended);
}
