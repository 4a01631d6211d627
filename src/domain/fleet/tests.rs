//! The tree against a tree made from nothing, and the cases that people think of.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may fail loudly"
)]

mod cases;
mod property;

use super::Fleet;
use crate::domain::feed::{Batch, Change, Scope};
use crate::domain::rows::{
    Condition, Container, Kind, Labels, Meta, Node, Owner, Pod, Row, State, Terminated, Truth,
    Workload,
};
use crate::domain::text::Text;
use crate::domain::time::{Millis, Timestamp};

/// When these tests begin.
const START: Timestamp = Timestamp(1_000_000_000);

fn after(seconds: i64) -> Timestamp {
    START.plus(Millis::seconds(seconds))
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    let mut pairs: Vec<(Text, Text)> = pairs.iter().map(|&(k, v)| (k.into(), v.into())).collect();
    pairs.sort();
    Labels(pairs.into())
}

fn meta(namespace: &str, name: &str, labels: Labels) -> Meta {
    Meta {
        uid: format!("{namespace}/{name}").into(),
        namespace: namespace.into(),
        name: name.into(),
        created: after(-7200),
        labels,
        ..Meta::default()
    }
}

fn owner(kind: &str, name: &str) -> Owner {
    Owner {
        kind: kind.into(),
        name: name.into(),
        uid: name.into(),
    }
}

fn a_workload(kind: Kind, meta: Meta) -> Workload {
    Workload {
        kind,
        meta,
        desired: 1,
        current: 1,
        ready: 1,
        updated: 1,
        available: 1,
        failed: 0,
        paused: false,
        unobserved: false,
        revision: Text::default(),
        template_labels: Labels::default(),
        images: Box::default(),
        schedule: Text::default(),
        last_time: None,
        started: None,
        conditions: Box::default(),
    }
}

fn condition(kind: &str, status: Truth, since: Timestamp) -> Condition {
    Condition {
        kind: kind.into(),
        status,
        since: Some(since),
        ..Condition::default()
    }
}

/// A pod that runs and is ready.
fn a_pod(meta: Meta) -> Pod {
    Pod {
        node: "worker-1".into(),
        phase: "Running".into(),
        conditions: [condition("Ready", Truth::True, after(-7000))].into(),
        containers: [Container {
            name: "main".into(),
            image: "registry/app:1".into(),
            ready: true,
            started: true,
            state: State::Running {
                since: Some(after(-7100)),
            },
            ..Container::default()
        }]
        .into(),
        meta,
        ..Pod::default()
    }
}

/// The same pod in a crash loop since `at`, restarted so often.
fn crashing(mut pod: Pod, restarts: u32, at: Timestamp) -> Pod {
    pod.conditions = [condition("Ready", Truth::False, at)].into();
    let container = &mut pod.containers[0];
    container.ready = false;
    container.restarts = restarts;
    container.state = State::Waiting {
        reason: "CrashLoopBackOff".into(),
        message: Text::default(),
    };
    container.last = Some(Box::new(Terminated {
        reason: "Error".into(),
        exit_code: 2,
        finished: Some(at),
        ..Terminated::default()
    }));
    pod
}

fn a_node(name: &str, ready: Truth) -> Node {
    Node {
        meta: meta("", name, Labels::default()),
        conditions: [condition("Ready", ready, after(-60))].into(),
        ..Node::default()
    }
}

fn batch(kind: Kind, changes: Vec<Change>) -> Batch {
    Batch {
        kind,
        scope: Scope::ALL,
        changes,
    }
}

fn put(row: Row) -> Change {
    Change::Put(Box::new(row))
}

fn feed(fleet: &mut Fleet, rows: Vec<Row>) {
    for row in rows {
        fleet.apply(batch(row.kind(), vec![put(row)]), START);
    }
}

fn gone(namespace: &str, name: &str) -> Change {
    Change::Gone {
        namespace: namespace.into(),
        name: name.into(),
    }
}
