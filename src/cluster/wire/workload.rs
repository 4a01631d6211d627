//! Deployments, replica sets, stateful sets, daemon sets, jobs and cron jobs: one shape with all
//! their fields, since each of them leaves out what it does not have.

use super::Wire;
use super::meta::{Pairs, Shared, WireCondition, WireMeta, count, time};
use super::text::{Str, or_default};
use crate::domain::rows::{Condition, Kind, Labels, Row, Truth, Workload};
use crate::domain::text::Text;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// A workload as far as a row needs it.
#[derive(Debug, Deserialize)]
pub(super) struct WireWorkload<'a> {
    #[serde(borrow, default)]
    metadata: Option<WireMeta<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    spec: Spec<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    status: Status<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    #[serde(default)]
    replicas: Option<i64>,
    #[serde(default)]
    completions: Option<i64>,
    #[serde(default)]
    parallelism: Option<i64>,
    #[serde(default)]
    paused: Option<bool>,
    #[serde(default)]
    suspend: Option<bool>,
    #[serde(borrow, default)]
    schedule: Str<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    template: Template<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    job_template: JobTemplate<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct JobTemplate<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    spec: JobSpec<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct JobSpec<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    template: Template<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct Template<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    metadata: TemplateMeta<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    spec: TemplateSpec<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct TemplateMeta<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    labels: Pairs<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct TemplateSpec<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    containers: Vec<TemplateContainer<'a>>,
}

#[derive(Debug, Deserialize)]
struct TemplateContainer<'a> {
    #[serde(borrow, default)]
    name: Str<'a>,
    #[serde(borrow, default)]
    image: Str<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    #[serde(default)]
    observed_generation: Option<i64>,
    #[serde(default)]
    replicas: Option<i64>,
    #[serde(default)]
    ready_replicas: Option<i64>,
    #[serde(default)]
    updated_replicas: Option<i64>,
    #[serde(default)]
    available_replicas: Option<i64>,
    #[serde(borrow, default)]
    update_revision: Str<'a>,
    #[serde(default)]
    desired_number_scheduled: Option<i64>,
    #[serde(default)]
    current_number_scheduled: Option<i64>,
    #[serde(default)]
    number_ready: Option<i64>,
    #[serde(default)]
    number_available: Option<i64>,
    #[serde(default)]
    updated_number_scheduled: Option<i64>,
    #[serde(default, deserialize_with = "or_default")]
    active: Active,
    #[serde(default)]
    succeeded: Option<i64>,
    #[serde(default)]
    failed: Option<i64>,
    #[serde(borrow, default)]
    start_time: Str<'a>,
    #[serde(borrow, default)]
    completion_time: Str<'a>,
    #[serde(borrow, default)]
    last_schedule_time: Str<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    conditions: Vec<WireCondition<'a>>,
}

/// `status.active`: a number in a Job, a list of references in a `CronJob`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Active {
    Number(i64),
    List(Vec<IgnoredAny>),
}

impl Default for Active {
    fn default() -> Self {
        Self::Number(0)
    }
}

impl Active {
    fn count(&self) -> u32 {
        match self {
            Self::Number(n) => count(Some(*n)),
            Self::List(jobs) => u32::try_from(jobs.len()).unwrap_or(u32::MAX),
        }
    }
}

impl<'a> Wire<'a> for WireWorkload<'a> {
    fn meta(&self) -> Option<&WireMeta<'a>> {
        self.metadata.as_ref()
    }

    fn row(self, kind: Kind, shared: &mut Shared) -> Row {
        let meta = self.metadata.unwrap_or_default();
        let (spec, status) = (self.spec, self.status);
        let counts = Counts::of(kind, &spec, &status);
        let unobserved = meta.generation.is_some_and(|generation| {
            status
                .observed_generation
                .is_some_and(|seen| seen < generation)
        });
        let revision = if meta.annotations.revision.is_empty() {
            shared.text(&status.update_revision)
        } else {
            shared.text(&meta.annotations.revision)
        };
        let template = match kind {
            Kind::CronJob => spec.job_template.spec.template,
            _ => spec.template,
        };
        let (template_labels, images) = template.parts(shared);
        let last_time = match kind {
            Kind::CronJob => time(&status.last_schedule_time),
            _ => time(&status.completion_time),
        };
        Row::Workload(Workload {
            kind,
            meta: meta.into_meta(shared),
            desired: counts.desired,
            current: counts.current,
            ready: counts.ready,
            updated: counts.updated,
            available: counts.available,
            failed: count(status.failed),
            paused: spec.paused == Some(true) || spec.suspend == Some(true),
            unobserved,
            revision,
            template_labels,
            images,
            schedule: shared.text(&spec.schedule),
            last_time,
            started: time(&status.start_time),
            conditions: conditions(&status.conditions, shared),
        })
    }
}

struct Counts {
    desired: u32,
    current: u32,
    ready: u32,
    updated: u32,
    available: u32,
}

impl Counts {
    fn of(kind: Kind, spec: &Spec<'_>, status: &Status<'_>) -> Self {
        match kind {
            Kind::DaemonSet => Self {
                desired: count(status.desired_number_scheduled),
                current: count(status.current_number_scheduled),
                ready: count(status.number_ready),
                updated: count(status.updated_number_scheduled),
                available: count(status.number_available),
            },
            Kind::Job | Kind::CronJob => {
                // A Job without completions is done when one pod of its workers succeeds.
                let wanted = spec.completions.or(spec.parallelism).or(Some(1));
                let active = status.active.count();
                Self {
                    desired: if kind == Kind::Job { count(wanted) } else { 0 },
                    current: active,
                    ready: count(status.succeeded),
                    updated: active,
                    available: 0,
                }
            }
            _ => Self {
                // The server fills in 1 where a manifest names no number.
                desired: count(spec.replicas.or(Some(1))),
                current: count(status.replicas),
                ready: count(status.ready_replicas),
                updated: count(status.updated_replicas),
                available: count(status.available_replicas),
            },
        }
    }
}

impl Template<'_> {
    fn parts(self, shared: &mut Shared) -> (Labels, Box<[(Text, Text)]>) {
        let images = self
            .spec
            .containers
            .iter()
            .map(|container| {
                let name = shared.text(&container.name);
                (name, shared.text(&container.image))
            })
            .collect();
        (shared.labels(self.metadata.labels), images)
    }
}

/// What workload rules look at.
const KEPT: [&str; 6] = [
    "Available",
    "Progressing",
    "ReplicaFailure",
    "Complete",
    "Failed",
    "Suspended",
];

fn conditions(all: &[WireCondition<'_>], shared: &mut Shared) -> Box<[Condition]> {
    all.iter()
        .filter(|condition| KEPT.contains(&&*condition.kind))
        .map(|condition| {
            let healthy = match &*condition.kind {
                "ReplicaFailure" | "Failed" | "Suspended" => Truth::False,
                _ => Truth::True,
            };
            condition.condition(healthy, shared)
        })
        .collect()
}

#[cfg(test)]
#[path = "workload_tests.rs"]
mod tests;
