//! The table of pods: kubectl's wide columns first.

use super::{Column, Listed, age_number, by_age};
use crate::domain::fleet::PodRef;
use crate::domain::health::status::end_word;
use crate::domain::rows::{Container, Labels, State, Terminated};
use crate::domain::text::Text;
use crate::domain::time::{Timestamp, kubectl};
use std::cmp::Ordering;
use std::fmt::Write;

impl PodRef<'_> {
    /// How the container that ended last ended: this run, else the one before. That an init container
    /// has done its work is nothing to tell.
    fn last_end(&self) -> Option<&Terminated> {
        let done = |c: &&Container| {
            matches!(&c.state, State::Terminated(end) if end.exit_code == 0) && !c.sidecar
        };
        let init = self.pod.init_containers.iter().filter(|c| !done(c));
        let ends = init
            .chain(&self.pod.containers)
            .filter_map(|c| match &c.state {
                State::Terminated(end) => Some(end.as_ref()),
                _ => c.last.as_deref(),
            });
        ends.max_by_key(|end| end.finished)
    }
}

impl Listed for PodRef<'_> {
    const NAME: &'static str = "pods";

    const COLUMNS: &'static [Column] = &[
        Column::HEALTH,
        Column::text("namespace", "NAMESPACE", 1),
        Column::text("name", "NAME", 0),
        Column::number("ready", "READY", 0),
        Column::text("status", "STATUS", 0),
        Column::number("restarts", "RESTARTS", 1),
        Column::text("exit", "LAST EXIT", 3),
        Column::number("age", "AGE", 0),
        Column::text("ip", "IP", 5),
        Column::text("node", "NODE", 2),
        Column::text("nominated", "NOMINATED NODE", 8).wide(),
        Column::text("gates", "READINESS GATES", 8).wide(),
        Column::text("project", "PROJECT", 6).wide(),
        Column::text("release", "RELEASE", 6).wide(),
        Column::text("workload", "WORKLOAD", 6).wide(),
    ];

    fn name(&self) -> &Text {
        &self.pod.meta.name
    }

    fn namespace(&self) -> &Text {
        &self.pod.meta.namespace
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.pod.meta.labels)
    }

    fn haystack(&self, _now: Timestamp, out: &mut String) {
        self.write_sought(out);
    }

    fn folded(&self) -> Option<&str> {
        Some(self.sought())
    }

    fn text(&self, column: &str, now: Timestamp, out: &mut String) {
        match column {
            "health" => out.push_str(self.health.word()),
            "namespace" => out.push_str(&self.pod.meta.namespace),
            "name" => out.push_str(&self.pod.meta.name),
            "ready" => {
                let _ = write!(out, "{}/{}", self.ready, self.total);
            }
            "status" => match &self.pod.meta.unreadable {
                Some(why) => {
                    let _ = write!(out, "unreadable: {why}");
                }
                None => out.push_str(self.word),
            },
            "restarts" => restarts(self, now, out),
            "exit" => {
                if let Some(end) = self.last_end() {
                    let _ = write!(out, "{} {}", end.exit_code, end_word(end));
                }
            }
            "age" if self.pod.meta.created != Timestamp::default() => {
                out.push_str(&kubectl(now.since(self.pod.meta.created)));
            }
            "ip" => out.push_str(&self.pod.ip),
            "node" => out.push_str(&self.pod.node),
            "nominated" => out.push_str(&self.pod.nominated_node),
            "gates" => {
                let (good, all) = self.pod.readiness_gates;
                if all > 0 {
                    let _ = write!(out, "{good}/{all}");
                }
            }
            "project" => out.push_str(&self.workload.project),
            "release" => out.push_str(&self.workload.release),
            "workload" => out.push_str(&self.workload.name),
            "cause" => self
                .cause(now)
                .iter()
                .for_each(|cause| cause.write(now, out)),
            _ => {}
        }
    }

    fn compare(&self, other: &Self, column: &str) -> Ordering {
        let (a, b) = (self.pod, other.pod);
        match column {
            "health" => self.health.cmp(&other.health),
            "namespace" => a.meta.namespace.cmp(&b.meta.namespace),
            "ready" => (self.total, self.ready).cmp(&(other.total, other.ready)),
            "status" => self.word.cmp(other.word),
            "restarts" => other.restarts.cmp(&self.restarts),
            "exit" => other
                .last_end()
                .map(|e| e.finished)
                .cmp(&self.last_end().map(|e| e.finished)),
            "age" => by_age(a.meta.created, b.meta.created),
            "ip" => address(&a.ip).cmp(&address(&b.ip)),
            "node" => a.node.cmp(&b.node),
            "nominated" => a.nominated_node.cmp(&b.nominated_node),
            "gates" => a.readiness_gates.cmp(&b.readiness_gates),
            "project" => self.workload.project.cmp(&other.workload.project),
            "release" => self.workload.release.cmp(&other.workload.release),
            "workload" => self.workload.name.cmp(&other.workload.name),
            _ => a.meta.name.cmp(&b.meta.name),
        }
    }

    fn time(&self, column: &str) -> Option<Timestamp> {
        (column == "age").then_some(self.pod.meta.created)
    }

    fn number(&self, column: &str, now: Timestamp) -> Option<f64> {
        Some(match column {
            "restarts" => self.restarts.into(),
            "ready" => self.ready.into(),
            "containers" => self.total.into(),
            "age" => age_number(self.pod.meta.created, now),
            "exit" => self.last_end()?.exit_code.into(),
            _ => return None,
        })
    }
}

/// `7 (12s ago)` as kubectl prints it; nothing for 0: a zero in every row is noise.
fn restarts(pod: &PodRef<'_>, now: Timestamp, out: &mut String) {
    if pod.restarts > 0 {
        out.push_str(&pod.status().restarts_text(now));
    }
}

/// Addresses compare as numbers, other texts as texts after them.
fn address(text: &str) -> (Option<std::net::IpAddr>, &str) {
    (text.parse().ok(), text)
}
