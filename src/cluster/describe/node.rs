//! Nodes, with the pods that run on them and what those have reserved.

use super::page::{Page, date, each, or, plain};
use super::{write_head, write_labels};
use crate::cluster::call::{Call, escape};
use crate::cluster::connect::Session;
use crate::cluster::error::Fault;
use crate::cluster::wire::{thousandths, whole};
use crate::domain::session::Target;
use crate::domain::time::{Timestamp, kubectl};
use serde_json::Value;

impl Session {
    /// The pods of a node that have not ended.
    pub(super) async fn pods_on(&self, node: &Target) -> Result<Value, Fault> {
        let selector = format!(
            "spec.nodeName={},status.phase!=Succeeded,status.phase!=Failed",
            node.name
        );
        let path = format!("/api/v1/pods?limit=500&fieldSelector={}", escape(&selector));
        self.json(&Call::get(path)).await
    }
}

pub(super) fn write(page: &mut Page, node: &Value, pods: Option<&Value>, now: Timestamp) {
    let (spec, status) = (&node["spec"], &node["status"]);
    write_head(page, node);
    page.field("Roles", &roles(node));
    write_labels(page, node);
    page.field(
        "CreationTimestamp",
        &date(&node["metadata"]["creationTimestamp"]),
    );
    let taints: Vec<String> = each(&spec["taints"]).map(taint).collect();
    page.many("Taints", &taints);
    page.field("Unschedulable", &or(&spec["unschedulable"], "false"));
    conditions(page, status);
    page.title("Addresses");
    page.inside(|page| {
        for address in each(&status["addresses"]) {
            page.field(&plain(&address["type"]), &plain(&address["address"]));
        }
    });
    for (label, field) in [("Capacity", "capacity"), ("Allocatable", "allocatable")] {
        page.title(label);
        page.inside(|page| {
            for (name, quantity) in status[field].as_object().into_iter().flatten() {
                page.field(name, &plain(quantity));
            }
        });
    }
    system(page, &status["nodeInfo"]);
    page.some("PodCIDR", &plain(&spec["podCIDR"]));
    page.some("ProviderID", &plain(&spec["providerID"]));
    match pods {
        Some(pods) => reserved(page, pods, &status["allocatable"], now),
        None => page.field("Non-terminated Pods", "<cannot be read>"),
    }
}

fn roles(node: &Value) -> String {
    let labels = node["metadata"]["labels"].as_object().into_iter().flatten();
    let roles: Vec<&str> = labels
        .filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/"))
        .collect();
    if roles.is_empty() {
        "<none>".into()
    } else {
        roles.join(",")
    }
}

fn taint(taint: &Value) -> String {
    let (key, value) = (plain(&taint["key"]), plain(&taint["value"]));
    let pair = if value.is_empty() {
        key
    } else {
        format!("{key}={value}")
    };
    format!("{pair}:{}", plain(&taint["effect"]))
}

fn conditions(page: &mut Page, status: &Value) {
    let rows: Vec<Vec<String>> = each(&status["conditions"])
        .map(|condition| {
            vec![
                plain(&condition["type"]),
                plain(&condition["status"]),
                date(&condition["lastHeartbeatTime"]),
                date(&condition["lastTransitionTime"]),
                plain(&condition["reason"]),
                plain(&condition["message"]),
            ]
        })
        .collect();
    page.title("Conditions");
    let head = [
        "Type",
        "Status",
        "LastHeartbeatTime",
        "LastTransitionTime",
        "Reason",
        "Message",
    ];
    page.inside(|page| page.table(&head, &rows));
}

fn system(page: &mut Page, info: &Value) {
    page.title("System Info");
    page.inside(|page| {
        for (label, field) in [
            ("Machine ID", "machineID"),
            ("System UUID", "systemUUID"),
            ("Boot ID", "bootID"),
            ("Kernel Version", "kernelVersion"),
            ("OS Image", "osImage"),
            ("Operating System", "operatingSystem"),
            ("Architecture", "architecture"),
            ("Container Runtime Version", "containerRuntimeVersion"),
            ("Kubelet Version", "kubeletVersion"),
        ] {
            page.field(label, &plain(&info[field]));
        }
    });
}

/// What one or several pods ask for, in millicores and bytes.
#[derive(Clone, Copy, Default)]
struct Wants {
    cpu: [u64; 2],
    memory: [u64; 2],
}

impl Wants {
    /// The sum over the containers of a pod, or the largest init container where that is more.
    fn of(pod: &Value) -> Self {
        let mut sum = Self::default();
        for container in each(&pod["spec"]["containers"]) {
            sum.add(Self::of_container(container));
        }
        for container in each(&pod["spec"]["initContainers"]) {
            let one = Self::of_container(container);
            for at in 0..2 {
                sum.cpu[at] = sum.cpu[at].max(one.cpu[at]);
                sum.memory[at] = sum.memory[at].max(one.memory[at]);
            }
        }
        sum
    }

    fn of_container(container: &Value) -> Self {
        let resources = &container["resources"];
        let read = |field: &str| {
            let of = &resources[field];
            (
                thousandths(&plain(&of["cpu"])).unwrap_or(0),
                whole(&plain(&of["memory"])).unwrap_or(0),
            )
        };
        let (requests, limits) = (read("requests"), read("limits"));
        Self {
            cpu: [requests.0, limits.0],
            memory: [requests.1, limits.1],
        }
    }

    fn add(&mut self, other: Self) {
        for at in 0..2 {
            self.cpu[at] = self.cpu[at].saturating_add(other.cpu[at]);
            self.memory[at] = self.memory[at].saturating_add(other.memory[at]);
        }
    }

    /// CPU requests, CPU limits, memory requests, memory limits, each with its share.
    fn cells(self, cpu: u64, memory: u64) -> [String; 4] {
        let share = |part: u64, of: u64| part.saturating_mul(100).checked_div(of).unwrap_or(0);
        let milli = |part: u64| {
            let text = if part == 0 {
                "0".into()
            } else {
                format!("{part}m")
            };
            format!("{text} ({}%)", share(part, cpu))
        };
        let bytes = |part: u64| {
            let text = if part == 0 {
                "0".into()
            } else {
                format!("{}Mi", part >> 20)
            };
            format!("{text} ({}%)", share(part, memory))
        };
        [
            milli(self.cpu[0]),
            milli(self.cpu[1]),
            bytes(self.memory[0]),
            bytes(self.memory[1]),
        ]
    }
}

fn reserved(page: &mut Page, pods: &Value, allocatable: &Value, now: Timestamp) {
    let cpu = thousandths(&plain(&allocatable["cpu"])).unwrap_or(0);
    let memory = whole(&plain(&allocatable["memory"])).unwrap_or(0);
    let mut sum = Wants::default();
    let rows: Vec<Vec<String>> = each(&pods["items"])
        .map(|pod| {
            let wants = Wants::of(pod);
            sum.add(wants);
            let meta = &pod["metadata"];
            let created = meta["creationTimestamp"]
                .as_str()
                .and_then(Timestamp::parse);
            let age = created.map_or_else(String::new, |at| kubectl(now.since(at)));
            let mut row = vec![plain(&meta["namespace"]), plain(&meta["name"])];
            row.extend(wants.cells(cpu, memory));
            row.push(age);
            row
        })
        .collect();
    let more = if pods["metadata"]["continue"]
        .as_str()
        .is_some_and(|c| !c.is_empty())
    {
        " shown, there are more"
    } else {
        " in total"
    };
    page.field("Non-terminated Pods", &format!("({}{more})", rows.len()));
    let head = [
        "Namespace",
        "Name",
        "CPU Requests",
        "CPU Limits",
        "Memory Requests",
        "Memory Limits",
        "Age",
    ];
    page.inside(|page| page.table(&head, &rows));
    let [cpu_requests, cpu_limits, memory_requests, memory_limits] = sum.cells(cpu, memory);
    page.title("Allocated resources");
    page.inside(|page| {
        page.table(
            &["Resource", "Requests", "Limits"],
            &[
                vec!["cpu".into(), cpu_requests, cpu_limits],
                vec!["memory".into(), memory_requests, memory_limits],
            ],
        );
    });
}
