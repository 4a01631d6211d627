//! The scheduler: binds pending pods to nodes with room, and says why when there is none.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::context::{Context, Key};
use super::event::{Source, Story};
use super::json::{items, list_at, text};
use super::machines::{Machine, Machines};
use super::pod;
use super::status::set_condition;
use super::summary::{Request, Summary};
use crate::demo::kinds::PODS;

const SOURCE: Source<'static> = Source::component("default-scheduler");

/// Pods that fit nowhere, until something changes.
#[derive(Debug, Default)]
pub struct Waiting(BTreeSet<Key>);

impl Waiting {
    /// Takes all of them out, for another try.
    pub fn take(&mut self) -> BTreeSet<Key> {
        std::mem::take(&mut self.0)
    }

    /// Whether any pod waits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Finds a node for a pod.
pub fn schedule(
    context: &mut Context<'_>,
    machines: &mut Machines,
    waiting: &mut Waiting,
    key: &Key,
) {
    let Some(object) = context.store.get(&PODS, &key.namespace, &key.name) else {
        return;
    };
    let value = object.value();
    if pod::is_leaving(&value) || !text(&value, "/spec/nodeName").is_empty() || is_gated(&value) {
        return;
    }
    let request = Summary::of(&object).request;
    match choose(&value, &request, machines) {
        Ok(node) => {
            let now = context.now;
            let bound = context.change(&PODS, key, |pod| pod::bind(pod, &node, now));
            if bound {
                machines.occupy(&object.uid, &node, &request);
                let message = format!(
                    "Successfully assigned {}/{} to {node}",
                    key.namespace, key.name
                );
                context.tell(&value, &Story::normal(SOURCE, "Scheduled", &message));
            }
        }
        Err(message) => {
            waiting.0.insert(key.clone());
            refuse(context, key, &value, &message);
        }
    }
}

fn is_gated(pod: &Value) -> bool {
    !items(pod, "/spec/schedulingGates").is_empty()
}

fn refuse(context: &mut Context<'_>, key: &Key, value: &Value, message: &str) {
    let now = context.now;
    context.change(&PODS, key, |pod| {
        set_condition(
            pod,
            "PodScheduled",
            false,
            Some(("Unschedulable", message)),
            now,
        );
    });
    context.tell(value, &Story::warning(SOURCE, "FailedScheduling", message));
}

/// The node for a pod, or the sentence that says why there is none.
fn choose(pod: &Value, request: &Request, machines: &Machines) -> Result<Box<str>, String> {
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut best: Option<(i64, i64, &Box<str>)> = None;
    for (name, machine) in &machines.all {
        if let Some(reason) = obstacle(pod, request, name, machine) {
            *reasons.entry(reason).or_default() += 1;
            continue;
        }
        let score = (machine.pods, machine.load(), name);
        if best.is_none_or(|best| score < best) {
            best = Some(score);
        }
    }
    best.map(|(_, _, name)| name.clone())
        .ok_or_else(|| explain(&reasons, machines.all.len()))
}

fn obstacle(pod: &Value, request: &Request, name: &str, machine: &Machine) -> Option<String> {
    if !selected(pod, name, machine) {
        return Some("node(s) didn't match Pod's node affinity/selector".to_owned());
    }
    let cordon = json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"});
    if machine.rules.unschedulable && !tolerates(pod, &cordon) {
        return Some("node(s) were unschedulable".to_owned());
    }
    let refused = machine
        .rules
        .taints
        .iter()
        .find(|taint| text(taint, "/effect") != "PreferNoSchedule" && !tolerates(pod, taint));
    if let Some(taint) = refused {
        return Some(format!(
            "node(s) had untolerated taint {{{}: {}}}",
            text(taint, "/key"),
            text(taint, "/value")
        ));
    }
    machine.lacks(request)
}

/// Whether the pod's `nodeSelector` and required node affinity admit the node.
pub fn selected(pod: &Value, name: &str, machine: &Machine) -> bool {
    let wanted = pod["spec"]["nodeSelector"].as_object();
    let by_label = wanted.is_none_or(|labels| {
        labels
            .iter()
            .all(|(key, value)| machine.rules.labels.get(key) == Some(value))
    });
    let terms = items(
        pod,
        "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms",
    );
    by_label && (terms.is_empty() || terms.iter().any(|term| term_matches(term, name, machine)))
}

fn term_matches(term: &Value, name: &str, machine: &Machine) -> bool {
    let field = |expression: &Value| {
        expression_matches(
            expression,
            (text(expression, "/key") == "metadata.name").then_some(name),
        )
    };
    let label = |expression: &Value| {
        expression_matches(
            expression,
            machine
                .rules
                .labels
                .get(text(expression, "/key"))
                .and_then(Value::as_str),
        )
    };
    items(term, "/matchFields").iter().all(field)
        && items(term, "/matchExpressions").iter().all(label)
}

fn expression_matches(expression: &Value, value: Option<&str>) -> bool {
    let listed = value.is_some_and(|value| {
        items(expression, "/values")
            .iter()
            .any(|candidate| candidate == value)
    });
    match text(expression, "/operator") {
        "In" => listed,
        "NotIn" => !listed,
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

/// Whether the pod tolerates a taint.
pub fn tolerates(pod: &Value, taint: &Value) -> bool {
    items(pod, "/spec/tolerations").iter().any(|toleration| {
        let (key, effect) = (text(toleration, "/key"), text(toleration, "/effect"));
        let exists = text(toleration, "/operator") == "Exists";
        (effect.is_empty() || effect == text(taint, "/effect"))
            && (key == text(taint, "/key") || key.is_empty() && exists)
            && (exists || text(toleration, "/value") == text(taint, "/value"))
    })
}

fn explain(reasons: &BTreeMap<String, usize>, nodes: usize) -> String {
    let mut parts: Vec<(&String, &usize)> = reasons.iter().collect();
    // The scheduler sorts its reasons as text, count first.
    parts.sort_by_key(|(reason, count)| format!("{count} {reason}"));
    let listed: Vec<String> = parts
        .iter()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    let short: usize = reasons
        .iter()
        .filter(|(reason, _)| reason.starts_with("Insufficient") || *reason == "Too many pods")
        .map(|(_, count)| count)
        .sum();
    let mut preemption = Vec::new();
    if nodes > short {
        preemption.push(format!(
            "{} Preemption is not helpful for scheduling",
            nodes - short
        ));
    }
    if short > 0 {
        preemption.push(format!(
            "{short} No preemption victims found for incoming pod"
        ));
    }
    format!(
        "0/{nodes} nodes are available: {}. preemption: 0/{nodes} nodes are available: {}.",
        listed.join(", "),
        preemption.join(", ")
    )
}

/// Adds the toleration and affinity that tie a `DaemonSet`'s pod to one node.
pub fn tie_to_node(pod: &mut Value, node: &str) {
    super::json::set(
        pod,
        &[
            "spec",
            "affinity",
            "nodeAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
        ],
        json!({"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}]}),
    );
    let tolerations = list_at(pod, &["spec", "tolerations"]);
    let wanted = [
        ("node.kubernetes.io/not-ready", "NoExecute"),
        ("node.kubernetes.io/unreachable", "NoExecute"),
        ("node.kubernetes.io/disk-pressure", "NoSchedule"),
        ("node.kubernetes.io/memory-pressure", "NoSchedule"),
        ("node.kubernetes.io/pid-pressure", "NoSchedule"),
        ("node.kubernetes.io/unschedulable", "NoSchedule"),
    ];
    for (key, effect) in wanted {
        if !tolerations.iter().any(|known| text(known, "/key") == key) {
            tolerations.push(json!({"key": key, "operator": "Exists", "effect": effect}));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taint_is_tolerated_by_key_effect_and_value() {
        let pod = json!({"spec": {"tolerations": [
            {"key": "a", "operator": "Exists"},
            {"key": "b", "value": "1", "effect": "NoSchedule"},
        ]}});
        let taint = |key: &str, value: &str, effect: &str| json!({"key": key, "value": value, "effect": effect});
        assert!(tolerates(&pod, &taint("a", "x", "NoExecute")));
        assert!(tolerates(&pod, &taint("b", "1", "NoSchedule")));
        assert!(!tolerates(&pod, &taint("b", "2", "NoSchedule")));
        assert!(!tolerates(&pod, &taint("b", "1", "NoExecute")));
        assert!(tolerates(
            &json!({"spec": {"tolerations": [{"operator": "Exists"}]}}),
            &taint("z", "", "NoExecute")
        ));
    }

    #[test]
    fn the_sentence_counts_reasons_as_the_scheduler_does() {
        let reasons = BTreeMap::from([
            ("Insufficient nvidia.com/gpu".to_owned(), 5),
            ("node(s) were unschedulable".to_owned(), 1),
        ]);
        assert_eq!(
            explain(&reasons, 6),
            "0/6 nodes are available: 1 node(s) were unschedulable, 5 Insufficient nvidia.com/gpu. preemption: 0/6 nodes are \
             available: 1 Preemption is not helpful for scheduling, 5 No preemption victims found for incoming pod."
        );
    }
}
