//! The rules `N1` to `N5` for nodes.

use super::{Cause, Fault, Health, condition, digest};
use crate::domain::rows::{Node, Truth};
use crate::domain::text::Text;
use crate::domain::time::Timestamp;

/// Conditions that are bad when true.
const PRESSURES: [&str; 4] = [
    "MemoryPressure",
    "DiskPressure",
    "PIDPressure",
    "NetworkUnavailable",
];

/// Judges a node.
pub fn judge(node: &Node) -> (Health, Option<Cause>) {
    if let Some(why) = &node.meta.unreadable {
        let why = why.clone();
        return because(Health::Unknown, Fault::Unreadable { why });
    }
    if let Some((since, message)) = not_ready(node) {
        return because(Health::Failing, Fault::NodeNotReady { since, message });
    }
    let pressures: Vec<&str> = PRESSURES
        .into_iter()
        .filter(|kind| super::is_true(&node.conditions, kind))
        .collect();
    if !pressures.is_empty() {
        let kinds = Text::from(pressures.join(", "));
        return because(Health::Degraded, Fault::NodePressure { kinds });
    }
    if node.cordoned {
        return because(Health::Degraded, Fault::Cordoned);
    }
    (Health::Healthy, None)
}

fn because(health: Health, fault: Fault) -> (Health, Option<Cause>) {
    (health, Some(Cause::new(fault)))
}

/// Since when pods on the node cannot be trusted; `None` when it is ready.
pub fn down_since(node: &Node) -> Option<Timestamp> {
    if node.meta.unreadable.is_some() {
        return None;
    }
    not_ready(node).map(|(since, _)| since.unwrap_or(node.meta.created))
}

fn not_ready(node: &Node) -> Option<(Option<Timestamp>, Text)> {
    match condition(&node.conditions, "Ready") {
        Some(ready) if ready.status == Truth::True => None,
        Some(ready) => Some((ready.since, Text::from(digest::short(&ready.message)))),
        None => Some((None, Text::default())),
    }
}

/// STATUS as kubectl prints it: `Ready,SchedulingDisabled`.
pub fn status(node: &Node) -> String {
    let mut status = match condition(&node.conditions, "Ready").map(|c| c.status) {
        Some(Truth::True) => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if node.cordoned {
        status.push_str(",SchedulingDisabled");
    }
    status
}
