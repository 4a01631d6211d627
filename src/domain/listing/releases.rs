//! The table of releases.

use super::{Column, Listed, age, age_number, by_age, count, share};
use crate::domain::fleet::ReleaseRow;
use crate::domain::text::Text;
use crate::domain::time::{Timestamp, brief};
use std::cmp::Ordering;

impl Listed for ReleaseRow {
    const NAME: &'static str = "releases";

    const COLUMNS: &'static [Column] = &[
        Column::HEALTH,
        Column::text("namespace", "NAMESPACE", 2),
        Column::text("name", "RELEASE", 0),
        Column::text("project", "PROJECT", 5),
        Column::text("environment", "ENV", 3),
        Column::text("version", "VERSION", 1),
        Column::number("revision", "REV", 5),
        Column::number("ready", "READY", 0),
        Column::number("restarts", "RESTARTS/h", 6),
        Column::sentence("cause", "CAUSE", 0),
        Column::text("owner", "OWNER", 4),
        Column::number("changed", "ROLLOUT", 2),
        Column::number("workloads", "WORKLOADS", 6).wide(),
        Column::text("department", "DEPARTMENT", 6).wide(),
        Column::number("age", "AGE", 7),
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
            "name" => out.push_str(&self.name),
            "project" => out.push_str(&self.project),
            "environment" => out.push_str(&self.environment),
            "version" => {
                out.push_str(&self.version);
                if self.versions.len() > 1 {
                    out.push_str(" +");
                    out.push_str(&(self.versions.len() - 1).to_string());
                }
            }
            "revision" => out.push_str(&self.revision),
            "ready" => share(self.ready, self.desired, out),
            "restarts" => count(self.sums.restarts, out),
            "cause" => self.cause.iter().for_each(|cause| cause.write(now, out)),
            "owner" => out.push_str(&self.owner),
            "department" => out.push_str(&self.department),
            "changed" => self
                .changed
                .iter()
                .for_each(|changed| out.push_str(&brief(now.since(changed.at)))),
            "workloads" => count(self.workloads, out),
            "age" => age(self.created, now, out),
            _ => {}
        }
    }

    fn compare(&self, other: &Self, column: &str) -> Ordering {
        match column {
            "health" => self.health.cmp(&other.health),
            "namespace" => self.namespace.cmp(&other.namespace),
            "project" => self.project.cmp(&other.project),
            "environment" => self.environment.cmp(&other.environment),
            "version" => self.version.cmp(&other.version),
            "revision" => self
                .revision
                .len()
                .cmp(&other.revision.len())
                .then_with(|| self.revision.cmp(&other.revision)),
            "ready" => (self.desired, self.ready).cmp(&(other.desired, other.ready)),
            "restarts" => other.sums.restarts.cmp(&self.sums.restarts),
            "cause" => super::by_cause(self.cause.as_ref(), other.cause.as_ref()),
            "owner" => self.owner.cmp(&other.owner),
            "department" => self.department.cmp(&other.department),
            "changed" => by_age(
                super::when(self.changed.as_ref()),
                super::when(other.changed.as_ref()),
            ),
            "workloads" => self.workloads.cmp(&other.workloads),
            "age" => by_age(self.created, other.created),
            _ => self.name.cmp(&other.name),
        }
    }

    fn time(&self, column: &str) -> Option<Timestamp> {
        match column {
            "age" => Some(self.created),
            "changed" => self.changed.as_ref().map(|changed| changed.at),
            _ => None,
        }
    }

    fn number(&self, column: &str, now: Timestamp) -> Option<f64> {
        Some(match column {
            "ready" => self.ready.into(),
            "desired" => self.desired.into(),
            "pods" => self.sums.total.into(),
            "workloads" => self.workloads.into(),
            "restarts" => self.sums.restarts.into(),
            "age" => age_number(self.created, now),
            "changed" => age_number(self.changed.as_ref()?.at, now),
            _ => return None,
        })
    }
}
