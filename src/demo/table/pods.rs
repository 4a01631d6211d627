//! Pods as `kubectl get pods` prints them; STATUS is decided as the API server decides it.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Column,
    cells::{Cell, moment},
    column, wide,
};

pub const COLUMNS: &[Column] = &[
    column("Name"),
    column("Ready"),
    column("Status"),
    column("Restarts"),
    column("Age"),
    wide("IP"),
    wide("Node"),
    wide("Nominated Node"),
    wide("Readiness Gates"),
];

/// Ready containers, STATUS and restarts while they are being found out.
#[derive(Default)]
struct Tally {
    ready: usize,
    status: String,
    restarts: i64,
    last: Option<Timestamp>,
}

impl Tally {
    fn count_restarts(&mut self, status: &Value) {
        self.restarts += status["restartCount"].as_i64().unwrap_or(0);
        self.last = self
            .last
            .max(moment(&status["lastState"]["terminated"]["finishedAt"]));
    }
}

pub fn cells(pod: &Value) -> Vec<Cell> {
    let (metadata, spec, status) = (&pod["metadata"], &pod["spec"], &pod["status"]);
    let inits = items(&spec["initContainers"]);
    let total =
        items(&spec["containers"]).len() + inits.iter().filter(|init| is_sidecar(init)).count();
    let tally = tally(pod);
    let restarts = match tally.last {
        Some(last) if tally.restarts > 0 => {
            Cell::Age(format!("{} (", tally.restarts), last, " ago)")
        }
        _ => Cell::text(tally.restarts.to_string()),
    };
    let ip = &items(&status["podIPs"])
        .first()
        .map_or(&status["podIP"], |ip| &ip["ip"]);
    vec![
        Cell::or(&metadata["name"], ""),
        Cell::text(format!("{}/{total}", tally.ready)),
        Cell::text(tally.status),
        restarts,
        Cell::age(&metadata["creationTimestamp"]),
        Cell::or(ip, "<none>"),
        Cell::or(&spec["nodeName"], "<none>"),
        Cell::or(&status["nominatedNodeName"], "<none>"),
        Cell::text(gates(pod)),
    ]
}

fn tally(pod: &Value) -> Tally {
    let status = &pod["status"];
    let text = |key: &str| status[key].as_str().unwrap_or_default();
    let mut tally = Tally {
        status: text("phase").to_owned(),
        ..Tally::default()
    };
    if !text("reason").is_empty() {
        text("reason").clone_into(&mut tally.status);
    }
    if condition(status, "PodScheduled")["reason"] == "SchedulingGated" {
        "SchedulingGated".clone_into(&mut tally.status);
    }
    let mut sidecars = Tally::default();
    let initializing = initialize(pod, &mut tally, &mut sidecars);
    if !initializing || condition(status, "Initialized")["status"] == "True" {
        (tally.restarts, tally.last) = (sidecars.restarts, sidecars.last);
        run(status, &mut tally);
    }
    if !pod["metadata"]["deletionTimestamp"].is_null() {
        if text("reason") == "NodeLost" {
            "Unknown".clone_into(&mut tally.status);
        } else if !matches!(text("phase"), "Succeeded" | "Failed") {
            "Terminating".clone_into(&mut tally.status);
        }
    }
    tally
}

/// Walks the init containers; true when one of them is still at work.
fn initialize(pod: &Value, tally: &mut Tally, sidecars: &mut Tally) -> bool {
    let inits = items(&pod["spec"]["initContainers"]);
    for (position, status) in items(&pod["status"]["initContainerStatuses"])
        .iter()
        .enumerate()
    {
        let sidecar = inits
            .iter()
            .any(|init| init["name"] == status["name"] && is_sidecar(init));
        tally.count_restarts(status);
        if sidecar {
            sidecars.count_restarts(status);
        }
        let (waiting, terminated) = (&status["state"]["waiting"], &status["state"]["terminated"]);
        if terminated.is_object() && terminated["exitCode"] == 0 {
            continue;
        }
        if sidecar && status["started"] == true {
            tally.ready += usize::from(status["ready"] == true);
            continue;
        }
        let reason = waiting["reason"].as_str().unwrap_or_default();
        tally.status = if terminated.is_object() {
            format!("Init:{}", ended(terminated))
        } else if !reason.is_empty() && reason != "PodInitializing" {
            format!("Init:{reason}")
        } else {
            format!("Init:{position}/{}", inits.len())
        };
        return true;
    }
    false
}

fn run(status: &Value, tally: &mut Tally) {
    let mut running = false;
    for container in items(&status["containerStatuses"]).iter().rev() {
        tally.count_restarts(container);
        let (waiting, terminated) = (
            &container["state"]["waiting"],
            &container["state"]["terminated"],
        );
        if let Some(reason) = waiting["reason"]
            .as_str()
            .filter(|reason| !reason.is_empty())
        {
            reason.clone_into(&mut tally.status);
        } else if terminated.is_object() {
            tally.status = ended(terminated);
        } else if container["ready"] == true && container["state"]["running"].is_object() {
            running = true;
            tally.ready += 1;
        }
    }
    if tally.status == "Completed" && running {
        let ready = condition(status, "Ready")["status"] == "True";
        if ready { "Running" } else { "NotReady" }.clone_into(&mut tally.status);
    }
}

fn ended(terminated: &Value) -> String {
    match (terminated["reason"].as_str(), terminated["signal"].as_i64()) {
        (Some(reason), _) if !reason.is_empty() => reason.to_owned(),
        (_, Some(signal)) if signal != 0 => format!("Signal:{signal}"),
        _ => format!("ExitCode:{}", terminated["exitCode"].as_i64().unwrap_or(0)),
    }
}

fn gates(pod: &Value) -> String {
    let gates = items(&pod["spec"]["readinessGates"]);
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let open = |gate: &&Value| {
        condition(
            &pod["status"],
            gate["conditionType"].as_str().unwrap_or_default(),
        )["status"]
            == "True"
    };
    format!("{}/{}", gates.iter().filter(open).count(), gates.len())
}

fn is_sidecar(container: &Value) -> bool {
    container["restartPolicy"] == "Always"
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn condition<'a>(status: &'a Value, name: &str) -> &'a Value {
    items(&status["conditions"])
        .iter()
        .find(|condition| condition["type"] == name)
        .unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn printed(spec: &Value, status: &Value) -> (String, String, String) {
        let pod = json!({"metadata": {"name": "p"}, "spec": spec, "status": status});
        let tally = tally(&pod);
        let Cell::Fixed(ready) = &cells(&pod)[1] else {
            return Default::default();
        };
        (
            ready.as_str().unwrap_or_default().to_owned(),
            tally.status,
            tally.restarts.to_string(),
        )
    }

    fn row(ready: &str, status: &str, restarts: &str) -> (String, String, String) {
        (ready.to_owned(), status.to_owned(), restarts.to_owned())
    }

    #[test]
    fn containers_decide_the_status() {
        let one = json!({"containers": [{"name": "a"}]});
        let with = |state: Value| json!({"phase": "Running", "containerStatuses": [{"name": "a", "restartCount": 2, "state": state, "ready": true}]});
        assert_eq!(
            printed(&one, &with(json!({"running": {}}))),
            row("1/1", "Running", "2")
        );
        assert_eq!(
            printed(
                &one,
                &with(json!({"waiting": {"reason": "CrashLoopBackOff"}}))
            ),
            row("0/1", "CrashLoopBackOff", "2")
        );
        assert_eq!(
            printed(&one, &with(json!({"terminated": {"exitCode": 3}}))),
            row("0/1", "ExitCode:3", "2")
        );
        assert_eq!(
            printed(
                &one,
                &with(json!({"terminated": {"exitCode": 137, "signal": 9}}))
            ),
            row("0/1", "Signal:9", "2")
        );
        assert_eq!(
            printed(&one, &json!({"phase": "Failed", "reason": "Evicted"})),
            row("0/1", "Evicted", "0")
        );
        assert_eq!(
            printed(&one, &json!({"phase": "Pending"})),
            row("0/1", "Pending", "0")
        );
    }

    #[test]
    fn init_containers_come_first() {
        let spec = json!({"initContainers": [{"name": "i"}, {"name": "s", "restartPolicy": "Always"}], "containers": [{"name": "a"}]});
        let with = |init: Value| json!({"phase": "Pending", "initContainerStatuses": init, "containerStatuses": [{"state": {"waiting": {"reason": "PodInitializing"}}}]});
        assert_eq!(
            printed(
                &spec,
                &with(json!([{"name": "i", "state": {"running": {}}}]))
            ),
            row("0/2", "Init:0/2", "0")
        );
        assert_eq!(
            printed(
                &spec,
                &with(
                    json!([{"name": "i", "state": {"terminated": {"exitCode": 1, "reason": "Error"}}}])
                )
            ),
            row("0/2", "Init:Error", "0")
        );
        let done = json!([{"name": "i", "restartCount": 4, "state": {"terminated": {"exitCode": 0}}}, {"name": "s", "started": true, "ready": true, "restartCount": 1, "state": {"running": {}}}]);
        assert_eq!(
            printed(&spec, &with(done)),
            row("1/2", "PodInitializing", "1")
        );
    }

    #[test]
    fn a_finished_container_beside_a_running_one() {
        let spec = json!({"containers": [{"name": "a"}, {"name": "b"}]});
        let containers = json!([{"name": "a", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}, {"name": "b", "ready": true, "state": {"running": {}}}]);
        let with = |ready: &str| json!({"phase": "Running", "containerStatuses": containers, "conditions": [{"type": "Ready", "status": ready}]});
        assert_eq!(printed(&spec, &with("True")), row("1/2", "Running", "0"));
        assert_eq!(printed(&spec, &with("False")), row("1/2", "NotReady", "0"));
    }

    #[test]
    fn a_leaving_pod_is_terminating_until_it_has_ended() {
        let status = |phase: &str| {
            tally(&json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "status": {"phase": phase}})).status
        };
        assert_eq!(
            (status("Running"), status("Succeeded")),
            ("Terminating".to_owned(), "Succeeded".to_owned())
        );
    }
}
