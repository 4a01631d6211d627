//! Pods.

use super::page::{Page, date, each, or, pairs, plain};
use super::{container, controller, volume, write_head, write_labels};
use serde_json::Value;

pub(super) fn write(page: &mut Page, pod: &Value) {
    let (meta, spec, status) = (&pod["metadata"], &pod["spec"], &pod["status"]);
    write_head(page, pod);
    page.field("Priority", &or(&spec["priority"], "0"));
    page.some("Priority Class Name", &plain(&spec["priorityClassName"]));
    page.some("Service Account", &plain(&spec["serviceAccountName"]));
    let node = plain(&spec["nodeName"]);
    if node.is_empty() {
        page.field("Node", "<none>");
    } else {
        page.field("Node", &format!("{node}/{}", plain(&status["hostIP"])));
    }
    page.some("Start Time", &date(&status["startTime"]));
    write_labels(page, pod);
    if meta["deletionTimestamp"].is_string() {
        let since = date(&meta["deletionTimestamp"]);
        page.field("Status", &format!("Terminating (by {since})"));
        let grace = or(&meta["deletionGracePeriodSeconds"], "0");
        page.field("Termination Grace Period", &format!("{grace}s"));
    } else {
        page.field("Status", &plain(&status["phase"]));
    }
    page.some("Reason", &plain(&status["reason"]));
    page.some("Message", &plain(&status["message"]));
    page.field("IP", &plain(&status["podIP"]));
    addresses(page, status);
    page.some("Controlled By", &controller(pod));
    page.some("Nominated Node Name", &plain(&status["nominatedNodeName"]));
    for (label, list, statuses) in [
        ("Init Containers", "initContainers", "initContainerStatuses"),
        ("Containers", "containers", "containerStatuses"),
        (
            "Ephemeral Containers",
            "ephemeralContainers",
            "ephemeralContainerStatuses",
        ),
    ] {
        let nobody = Value::Array(Vec::new());
        let known = Some(&status[statuses]).filter(|list| list.is_array());
        container::write(page, label, &spec[list], known.unwrap_or(&nobody));
    }
    gates(page, spec, status);
    conditions(page, status);
    volume::write(page, &spec["volumes"]);
    page.field("QoS Class", &plain(&status["qosClass"]));
    placement(page, spec);
}

fn addresses(page: &mut Page, status: &Value) {
    if each(&status["podIPs"]).next().is_none() {
        return page.field("IPs", "<none>");
    }
    page.title("IPs");
    page.inside(|page| {
        for address in each(&status["podIPs"]) {
            page.field("IP", &plain(&address["ip"]));
        }
    });
}

fn gates(page: &mut Page, spec: &Value, status: &Value) {
    if each(&spec["readinessGates"]).next().is_none() {
        return;
    }
    page.title("Readiness Gates");
    page.inside(|page| {
        page.row(&["Type", "Status"]);
        for gate in each(&spec["readinessGates"]) {
            let kind = &gate["conditionType"];
            let condition = each(&status["conditions"]).find(|c| c["type"] == *kind);
            let met = condition.map_or("<none>".into(), |c| plain(&c["status"]));
            page.row(&[&plain(kind), &met]);
        }
    });
}

fn conditions(page: &mut Page, status: &Value) {
    if each(&status["conditions"]).next().is_none() {
        return;
    }
    page.title("Conditions");
    page.inside(|page| {
        page.row(&["Type", "Status"]);
        for condition in each(&status["conditions"]) {
            page.row(&[&plain(&condition["type"]), &plain(&condition["status"])]);
        }
    });
}

/// Node selectors and tolerations, of a pod or of a template.
pub(super) fn placement(page: &mut Page, spec: &Value) {
    page.many("Node-Selectors", &pairs(&spec["nodeSelector"], "="));
    let tolerations: Vec<String> = each(&spec["tolerations"]).map(toleration).collect();
    page.many("Tolerations", &tolerations);
}

/// `node.kubernetes.io/not-ready:NoExecute op=Exists for 300s`
fn toleration(toleration: &Value) -> String {
    let mut text = plain(&toleration["key"]);
    let value = plain(&toleration["value"]);
    if !value.is_empty() {
        text = format!("{text}={value}");
    }
    let effect = plain(&toleration["effect"]);
    if !effect.is_empty() {
        text = format!("{text}:{effect}");
    }
    if toleration["operator"] == "Exists" {
        let space = if text.is_empty() { "" } else { " " };
        text = format!("{text}{space}op=Exists");
    }
    match toleration["tolerationSeconds"].as_i64() {
        Some(seconds) => format!("{text} for {seconds}s"),
        None => text,
    }
}
