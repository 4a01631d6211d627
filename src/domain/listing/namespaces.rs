//! The table of namespaces.

use super::{Column, Listed, age, age_number, by_age, count, share};
use crate::domain::fleet::NamespaceRow;
use crate::domain::rows::Labels;
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use std::cmp::Ordering;

impl Listed for NamespaceRow {
    const NAME: &'static str = "namespaces";

    const COLUMNS: &'static [Column] = &[
        Column::HEALTH,
        Column::text("name", "NAMESPACE", 0),
        Column::text("status", "STATUS", 2),
        Column::text("department", "DEPARTMENT", 3),
        Column::number("releases", "RELEASES", 1),
        Column::number("pods", "PODS", 0),
        Column::number("restarts", "RESTARTS/h", 4),
        Column::sentence("cause", "CAUSE", 0),
        Column::number("age", "AGE", 2),
    ];

    fn name(&self) -> &Text {
        &self.meta.name
    }

    #[expect(
        clippy::misnamed_getters,
        reason = "a namespace is its own namespace: `ns:` finds it"
    )]
    fn namespace(&self) -> &Text {
        &self.meta.name
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.meta.labels)
    }

    fn text(&self, column: &str, now: Timestamp, out: &mut String) {
        match column {
            "releases" | "pods" | "restarts" if self.outside => out.push('?'),
            "cause" if self.outside => out.push_str("outside of the scope"),
            "health" => out.push_str(self.health.word()),
            "name" => out.push_str(&self.meta.name),
            "status" => out.push_str(&self.phase),
            "department" => out.push_str(&self.department),
            "releases" => count(self.releases, out),
            "pods" => share(self.sums.ready, self.sums.total, out),
            "restarts" => count(self.sums.restarts, out),
            "cause" => self.cause.iter().for_each(|cause| cause.write(now, out)),
            "age" => age(self.meta.created, now, out),
            _ => {}
        }
    }

    fn compare(&self, other: &Self, column: &str) -> Ordering {
        match column {
            "health" => self.health.cmp(&other.health),
            "status" => self.phase.cmp(&other.phase),
            "department" => self.department.cmp(&other.department),
            "releases" => self.releases.cmp(&other.releases),
            "pods" => (self.sums.total, self.sums.ready).cmp(&(other.sums.total, other.sums.ready)),
            "restarts" => other.sums.restarts.cmp(&self.sums.restarts),
            "cause" => super::by_cause(self.cause.as_ref(), other.cause.as_ref()),
            "age" => by_age(self.meta.created, other.meta.created),
            _ => self.meta.name.cmp(&other.meta.name),
        }
    }

    fn time(&self, column: &str) -> Option<Timestamp> {
        (column == "age").then_some(self.meta.created)
    }

    fn number(&self, column: &str, now: Timestamp) -> Option<f64> {
        Some(match column {
            "releases" | "pods" | "ready" | "restarts" if self.outside => return None,
            "releases" => self.releases.into(),
            "pods" => self.sums.total.into(),
            "ready" => self.sums.ready.into(),
            "restarts" => self.sums.restarts.into(),
            "age" => age_number(self.meta.created, now),
            _ => return None,
        })
    }
}
