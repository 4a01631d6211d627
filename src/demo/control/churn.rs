//! Load for measuring: so many changes to pods in each second, spread evenly, by a seeded hand.
//!
//! Each changed pod carries the annotation [`STAMP`] with the moment of the change in nanoseconds
//! since 1970. One pod more, [`STAMPED_POD`], shows the moment where every client sees it: its
//! `status.reason`, which kubectl and the console print as STATUS, is `t` and milliseconds.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::context::{Context, Key, Task};
use super::json::{int, set, text};
use super::status::{self, Part};
use crate::demo::clock::stamp;
use crate::demo::kinds::{NAMESPACES, PODS};
use crate::demo::store::Object;

/// Annotation with the moment of a pod's last churn: nanoseconds since 1970.
pub const STAMP: &str = "quarterdeck.io/stamp";

/// Namespace and name of the pod whose STATUS is the moment of its last change.
pub const STAMPED_POD: (&str, &str) = ("quarterdeck-churn", "stamp-0");

/// Slices of a second in which changes are made.
const SLICES: u32 = 50;

/// Slices between two changes of the stamped pod: five a second.
const SLICES_PER_STAMP: u64 = 10;

/// Slices after which the list of pods to draw from is made anew.
const SLICES_PER_LIST: u64 = 1500;

/// Where the churn stands.
#[derive(Debug, Default)]
pub struct Churn {
    per_second: u32,
    owed: u32,
    slice: u64,
    pods: Vec<Arc<Object>>,
    /// Pods that were made unready and come back with the next change.
    down: Vec<Key>,
}

impl Churn {
    /// So many changes in a second; 0 for none.
    pub fn new(per_second: u32) -> Self {
        Self {
            per_second,
            ..Self::default()
        }
    }
}

/// Makes the stamped pod and plans the first slice.
pub fn begin(context: &mut Context<'_>, churn: &Churn) {
    if churn.per_second == 0 {
        return;
    }
    let (namespace, name) = STAMPED_POD;
    let now = stamp(context.now);
    // Both are there already when a server was started again on the same state.
    let _ = context.store.create(
        &NAMESPACES,
        json!({"metadata": {"name": namespace}, "status": {"phase": "Active"}}),
    );
    let _ = context.store.create(
        &PODS,
        json!({
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"nodeName": "none", "restartPolicy": "Always", "containers": [{"name": "stamp", "image": "registry.k8s.io/pause:3.10"}]},
            "status": {"phase": "Running", "reason": "t0", "startTime": now, "containerStatuses": [{
                "name": "stamp", "image": "registry.k8s.io/pause:3.10", "imageID": "", "lastState": {}, "ready": true, "restartCount": 0,
                "started": true, "state": {"running": {"startedAt": now}},
            }], "conditions": [{"type": "Ready", "status": "True", "lastProbeTime": null, "lastTransitionTime": now}]},
        }),
    );
    context.agenda.now(Task::Churn);
}

/// Makes the changes of one slice and plans the next.
pub fn slice(context: &mut Context<'_>, churn: &mut Churn) {
    context.after(
        SignedDuration::from_secs(1) / i32::try_from(SLICES).unwrap_or(1),
        Task::Churn,
    );
    if churn.slice.is_multiple_of(SLICES_PER_LIST) {
        churn.pods = context.store.list(&PODS, None);
        churn.pods.retain(|pod| {
            pod.field("status.phase") == Some("Running") && *pod.name != *STAMPED_POD.1
        });
    }
    churn.owed += churn.per_second;
    let mut count = churn.owed / SLICES;
    churn.owed %= SLICES;
    if count > 0 && churn.slice.is_multiple_of(SLICES_PER_STAMP) {
        touch_stamped(context);
        count -= 1;
    }
    churn.slice += 1;
    for _ in 0..count {
        change_one(context, churn);
    }
}

fn touch_stamped(context: &mut Context<'_>) {
    let now = context.store.clock().now();
    let key = Key {
        namespace: STAMPED_POD.0.into(),
        name: STAMPED_POD.1.into(),
    };
    context.change(&PODS, &key, |pod| {
        set(
            pod,
            &["metadata", "annotations", STAMP],
            now.as_nanosecond().to_string(),
        );
        set(
            pod,
            &["status", "reason"],
            format!("t{}", now.as_millisecond()),
        );
    });
}

/// One change: a pod that is down comes up, or a drawn one restarts, falters or is just reported.
fn change_one(context: &mut Context<'_>, churn: &mut Churn) {
    let now = context.store.clock().now();
    let nanos = now.as_nanosecond().to_string();
    let draw = context.random.below(10);
    if draw < 2 && churn.down.len() > 4 {
        let key = churn.down.remove(0);
        context.change(&PODS, &key, |pod| {
            set(pod, &["metadata", "annotations", STAMP], nanos);
            make_ready(pod, true);
            status::settle(pod, now);
        });
        return;
    }
    let at = context.random.index(churn.pods.len());
    let Some(pod) = churn.pods.get(at) else {
        return;
    };
    let key = Key::of(pod);
    let changed = context.change(&PODS, &key, |pod| {
        set(pod, &["metadata", "annotations", STAMP], nanos);
        let ready = status::is_ready(pod);
        match draw {
            0..2 if ready => {
                make_ready(pod, false);
                status::settle(pod, now);
            }
            2..6 => count_restart(pod, &stamp(now)),
            _ => {}
        }
    });
    if changed && draw < 2 {
        churn.down.push(key);
    }
}

fn make_ready(pod: &mut Value, ready: bool) {
    let names: Vec<String> = status::statuses(pod, Part::Main)
        .iter()
        .map(|s| text(s, "/name").to_owned())
        .collect();
    for name in names {
        if let Some(container) = status::container_mut(pod, Part::Main, &name)
            && container.pointer("/state/running").is_some()
        {
            container["ready"] = ready.into();
        }
    }
}

/// The container has restarted within the blink of an eye.
fn count_restart(pod: &mut Value, now: &str) {
    let name = text(pod, "/status/containerStatuses/0/name").to_owned();
    let Some(container) = status::container_mut(pod, Part::Main, &name) else {
        return;
    };
    let Some(running) = container.pointer("/state/running/startedAt").cloned() else {
        return;
    };
    container["restartCount"] = (int(container, "/restartCount").unwrap_or(0) + 1).into();
    container["lastState"] = json!({"terminated": {
        "containerID": container["containerID"], "exitCode": 1, "reason": "Error", "startedAt": running, "finishedAt": now,
    }});
    container["state"] = json!({"running": {"startedAt": now}});
}
