//! The table of projects.

use super::{Column, Listed, age, age_number, by_age, count, share};
use crate::domain::fleet::ProjectRow;
use crate::domain::text::Text;
use crate::domain::time::{Timestamp, brief};
use std::cmp::Ordering;

impl Listed for ProjectRow {
    const NAME: &'static str = "projects";

    const COLUMNS: &'static [Column] = &[
        Column::HEALTH,
        Column::text("name", "PROJECT", 0),
        Column::text("department", "DEPARTMENT", 3),
        Column::number("releases", "RELEASES", 4),
        Column::number("pods", "PODS", 0),
        Column::number("restarts", "RESTARTS/h", 5),
        Column::sentence("cause", "CAUSE", 0),
        Column::text("changed", "CHANGED", 2),
        Column::text("owner", "OWNER", 6).wide(),
        Column::text("environments", "ENVIRONMENTS", 6).wide(),
        Column::number("age", "AGE", 6),
    ];

    fn name(&self) -> &Text {
        &self.name
    }

    /// A project has no namespace of its own: filters by `ns:` see where its releases are.
    fn namespace(&self) -> &Text {
        self.namespaces.first().unwrap_or(&self.name)
    }

    fn text(&self, column: &str, now: Timestamp, out: &mut String) {
        match column {
            "health" => out.push_str(self.health.word()),
            "name" => out.push_str(&self.name),
            "department" => out.push_str(&self.department),
            "owner" => out.push_str(&self.owner),
            "environments" => super::join(&self.environments, out),
            "releases" => count(self.releases, out),
            "pods" => share(self.sums.ready, self.sums.total, out),
            "restarts" => count(self.sums.restarts, out),
            "cause" => self.cause.iter().for_each(|cause| cause.write(now, out)),
            "changed" => {
                if let Some(changed) = &self.changed {
                    out.push_str(&brief(now.since(changed.at)));
                    if !changed.version.is_empty() {
                        out.push(' ');
                        out.push_str(&changed.version);
                    }
                }
            }
            "age" => age(self.created, now, out),
            _ => {}
        }
    }

    fn compare(&self, other: &Self, column: &str) -> Ordering {
        match column {
            "health" => self.health.cmp(&other.health),
            "department" => self.department.cmp(&other.department),
            "owner" => self.owner.cmp(&other.owner),
            "environments" => self.environments.cmp(&other.environments),
            "releases" => self.releases.cmp(&other.releases),
            "pods" => (self.sums.total, self.sums.ready).cmp(&(other.sums.total, other.sums.ready)),
            "restarts" => other.sums.restarts.cmp(&self.sums.restarts),
            "changed" => by_age(
                super::when(self.changed.as_ref()),
                super::when(other.changed.as_ref()),
            ),
            "age" => by_age(self.created, other.created),
            "cause" => super::by_cause(self.cause.as_ref(), other.cause.as_ref()),
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
            "releases" => self.releases.into(),
            "pods" => self.sums.total.into(),
            "ready" => self.sums.ready.into(),
            "restarts" => self.sums.restarts.into(),
            "age" => age_number(self.created, now),
            "changed" => age_number(self.changed.as_ref()?.at, now),
            _ => return None,
        })
    }
}
