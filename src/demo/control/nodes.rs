//! The nodes' own life: heartbeats in leases, and the taint that follows a cordon.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::context::{Context, Key, Task};
use super::event::{Source, Story};
use super::json::{flag, items, list_at, set, text};
use crate::demo::clock::stamp;
use crate::demo::kinds::{LEASES, NODES};
use crate::demo::world::micro;

/// Each node renews its lease this often, as kubelets do.
const RENEW_EVERY: SignedDuration = SignedDuration::from_secs(10);

/// A large world's nodes renew less often, so that heartbeats stay a murmur.
const SHORTEST_PAUSE: SignedDuration = SignedDuration::from_millis(400);

/// Renewals of a node's lease between two reports of its status: kubelets report every 5 minutes.
const RENEWALS_PER_REPORT: u64 = 30;

const CORDON_TAINT: &str = "node.kubernetes.io/unschedulable";

/// Whose turn it is.
#[derive(Debug, Default)]
pub struct Heartbeats {
    turn: usize,
    rounds: u64,
}

/// Renews the next lease and plans the one after it.
pub fn beat(context: &mut Context<'_>, hearts: &mut Heartbeats) {
    let leases = context.store.list(&LEASES, None);
    if let Some(lease) = leases.get(hearts.turn) {
        let now = context.now;
        context.change(&LEASES, &Key::of(lease), |value| {
            set(value, &["spec", "renewTime"], micro(now));
        });
        // Nodes report in different rounds, not all in the same one.
        if &*lease.namespace == "kube-node-lease"
            && (hearts.rounds + hearts.turn as u64).is_multiple_of(RENEWALS_PER_REPORT)
        {
            report(context, &lease.name);
        }
    }
    hearts.turn += 1;
    if hearts.turn >= leases.len() {
        hearts.turn = 0;
        hearts.rounds += 1;
    }
    let pause = RENEW_EVERY / i32::try_from(leases.len().max(1)).unwrap_or(i32::MAX);
    context.after(pause.max(SHORTEST_PAUSE), Task::Heartbeat);
}

fn report(context: &mut Context<'_>, node: &str) {
    let beat = stamp(context.now);
    context.change(
        &NODES,
        &Key {
            namespace: "".into(),
            name: node.into(),
        },
        |node| {
            for condition in list_at(node, &["status", "conditions"]) {
                condition["lastHeartbeatTime"] = beat.as_str().into();
            }
        },
    );
}

/// Puts the cordon's taint on a node or takes it off, and says so.
pub fn sync(context: &mut Context<'_>, key: &Key) {
    let Some(object) = context.store.get(&NODES, "", &key.name) else {
        return;
    };
    let node = object.value();
    let cordoned = flag(&node, "/spec/unschedulable");
    let tainted = items(&node, "/spec/taints").iter().any(is_cordon);
    if cordoned == tainted {
        return;
    }
    let now = context.now;
    context.change(&NODES, key, |node| {
        let taints = list_at(node, &["spec", "taints"]);
        if cordoned {
            taints.push(
                json!({"key": CORDON_TAINT, "effect": "NoSchedule", "timeAdded": stamp(now)}),
            );
        } else {
            taints.retain(|taint| !is_cordon(taint));
        }
        if taints.is_empty() {
            super::json::unset(node, &["spec", "taints"]);
        }
    });
    let reason = if cordoned {
        "NodeNotSchedulable"
    } else {
        "NodeSchedulable"
    };
    let message = format!("Node {} status is now: {reason}", key.name);
    context.tell(
        &node,
        &Story::normal(Source::kubelet(&key.name), reason, &message),
    );
}

fn is_cordon(taint: &Value) -> bool {
    text(taint, "/key") == CORDON_TAINT
}
