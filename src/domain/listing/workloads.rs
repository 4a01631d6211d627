//! The table of workloads.

use super::{Column, Listed, age, age_number, by_age, count, share};
use crate::domain::fleet::WorkloadRow;
use crate::domain::text::Text;
use crate::domain::time::{Timestamp, brief};
use std::cmp::Ordering;

impl Listed for WorkloadRow {
    const NAME: &'static str = "workloads";

    const COLUMNS: &'static [Column] = &[
        Column::HEALTH,
        Column::text("namespace", "NAMESPACE", 1),
        Column::text("kind", "KIND", 2),
        Column::text("name", "NAME", 0),
        Column::text("version", "VERSION", 2),
        Column::number("ready", "READY", 0),
        Column::number("updated", "UPDATED", 5),
        Column::number("restarts", "RESTARTS/h", 5),
        Column::sentence("cause", "CAUSE", 0),
        Column::text("release", "RELEASE", 4),
        Column::text("project", "PROJECT", 6).wide(),
        Column::text("owner", "OWNER", 6).wide(),
        Column::number("changed", "ROLLOUT", 4),
        Column::number("age", "AGE", 3),
    ];

    fn name(&self) -> &Text {
        &self.name
    }

    fn namespace(&self) -> &Text {
        &self.namespace
    }

    fn text(&self, column: &str, now: Timestamp, out: &mut String) {
        match column {
            "health" => out.push_str(self.health.word()),
            "namespace" => out.push_str(&self.namespace),
            "kind" => out.push_str(&self.kind),
            "name" => out.push_str(&self.name),
            "version" => out.push_str(&self.version),
            "ready" => share(self.ready, self.desired, out),
            "updated" => count(self.updated, out),
            "restarts" => count(self.sums.restarts, out),
            "cause" => self.cause.iter().for_each(|cause| cause.write(now, out)),
            "release" => out.push_str(&self.release),
            "project" => out.push_str(&self.project),
            "owner" => out.push_str(&self.owner),
            "changed" => self
                .changed
                .iter()
                .for_each(|at| out.push_str(&brief(now.since(*at)))),
            "age" => age(self.created, now, out),
            _ => {}
        }
    }

    fn compare(&self, other: &Self, column: &str) -> Ordering {
        match column {
            "health" => self.health.cmp(&other.health),
            "namespace" => self.namespace.cmp(&other.namespace),
            "kind" => self.kind.cmp(&other.kind),
            "version" => self.version.cmp(&other.version),
            "ready" => (self.desired, self.ready).cmp(&(other.desired, other.ready)),
            "updated" => self.updated.cmp(&other.updated),
            "restarts" => other.sums.restarts.cmp(&self.sums.restarts),
            "cause" => super::by_cause(self.cause.as_ref(), other.cause.as_ref()),
            "release" => self.release.cmp(&other.release),
            "project" => self.project.cmp(&other.project),
            "owner" => self.owner.cmp(&other.owner),
            "changed" => by_age(
                self.changed.unwrap_or_default(),
                other.changed.unwrap_or_default(),
            ),
            "age" => by_age(self.created, other.created),
            _ => self.name.cmp(&other.name),
        }
    }

    fn time(&self, column: &str) -> Option<Timestamp> {
        match column {
            "age" => Some(self.created),
            "changed" => self.changed,
            _ => None,
        }
    }

    fn number(&self, column: &str, now: Timestamp) -> Option<f64> {
        Some(match column {
            "ready" => self.ready.into(),
            "desired" => self.desired.into(),
            "updated" => self.updated.into(),
            "restarts" => self.sums.restarts.into(),
            "age" => age_number(self.created, now),
            "changed" => age_number(self.changed?, now),
            _ => return None,
        })
    }
}
