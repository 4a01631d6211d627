//! Every built-in kind that is neither pod nor workload, as kubectl prints it.

use serde_json::Value;

use super::{Column, cells::Cell, column, wide, workloads::pairs};

pub const PLAIN: &[Column] = &[column("Name"), column("Age")];
pub const NAMESPACE: &[Column] = &[column("Name"), column("Status"), column("Age")];
pub const CONFIGMAP: &[Column] = &[column("Name"), column("Data"), column("Age")];
pub const SECRET: &[Column] = &[
    column("Name"),
    column("Type"),
    column("Data"),
    column("Age"),
];
pub const LEASE: &[Column] = &[column("Name"), column("Holder"), column("Age")];
pub const ROLE: &[Column] = &[
    column("Name"),
    Column {
        name: "Created At",
        r#type: "date",
        priority: 0,
    },
];
pub const BINDING: &[Column] = &[
    column("Name"),
    column("Role"),
    column("Age"),
    wide("Users"),
    wide("Groups"),
    wide("ServiceAccounts"),
];
pub const INGRESS: &[Column] = &[
    column("Name"),
    column("Class"),
    column("Hosts"),
    column("Address"),
    column("Ports"),
    column("Age"),
];
pub const SERVICE: &[Column] = &[
    column("Name"),
    column("Type"),
    column("Cluster-IP"),
    column("External-IP"),
    column("Port(s)"),
    column("Age"),
    wide("Selector"),
];
pub const NODE: &[Column] = &[
    column("Name"),
    column("Status"),
    column("Roles"),
    column("Age"),
    column("Version"),
    wide("Internal-IP"),
    wide("External-IP"),
    wide("OS-Image"),
    wide("Kernel-Version"),
    wide("Container-Runtime"),
];
pub const CLAIM: &[Column] = &[
    column("Name"),
    column("Status"),
    column("Volume"),
    column("Capacity"),
    column("Access Modes"),
    column("StorageClass"),
    column("VolumeAttributesClass"),
    column("Age"),
    wide("VolumeMode"),
];
pub const EVENT: &[Column] = &[
    column("Last Seen"),
    column("Type"),
    column("Reason"),
    column("Object"),
    wide("Subobject"),
    wide("Source"),
    column("Message"),
    wide("First Seen"),
    wide("Count"),
    wide("Name"),
];

pub fn plain(object: &Value) -> Vec<Cell> {
    vec![name(object), age(object)]
}

pub fn namespace(object: &Value) -> Vec<Cell> {
    vec![
        name(object),
        Cell::or(&object["status"]["phase"], ""),
        age(object),
    ]
}

pub fn configmap(object: &Value) -> Vec<Cell> {
    let data = length(&object["data"]) + length(&object["binaryData"]);
    vec![name(object), Cell::Fixed(data.into()), age(object)]
}

pub fn secret(object: &Value) -> Vec<Cell> {
    vec![
        name(object),
        Cell::or(&object["type"], ""),
        Cell::Fixed(length(&object["data"]).into()),
        age(object),
    ]
}

pub fn lease(object: &Value) -> Vec<Cell> {
    vec![
        name(object),
        Cell::or(&object["spec"]["holderIdentity"], ""),
        age(object),
    ]
}

pub fn role(object: &Value) -> Vec<Cell> {
    vec![
        name(object),
        Cell::or(&object["metadata"]["creationTimestamp"], ""),
    ]
}

pub fn binding(object: &Value) -> Vec<Cell> {
    let subjects = |kind: &str| {
        let of_kind = items(&object["subjects"])
            .iter()
            .filter(|subject| subject["kind"] == kind);
        let names: Vec<_> = of_kind
            .map(|subject| {
                let name = text(&subject["name"]);
                if kind == "ServiceAccount" {
                    format!("{}/{name}", text(&subject["namespace"]))
                } else {
                    name.to_owned()
                }
            })
            .collect();
        Cell::text(names.join(", "))
    };
    let role = format!(
        "{}/{}",
        text(&object["roleRef"]["kind"]),
        text(&object["roleRef"]["name"])
    );
    vec![
        name(object),
        Cell::text(role),
        age(object),
        subjects("User"),
        subjects("Group"),
        subjects("ServiceAccount"),
    ]
}

pub fn ingress(object: &Value) -> Vec<Cell> {
    let spec = &object["spec"];
    let hosts: Vec<_> = items(&spec["rules"])
        .iter()
        .filter_map(|rule| rule["host"].as_str())
        .collect();
    let hosts = match hosts.as_slice() {
        [] => "*".to_owned(),
        [first, second, third, rest @ ..] if !rest.is_empty() => {
            format!("{first},{second},{third} + {} more...", rest.len())
        }
        some => some.join(","),
    };
    let ports = if items(&spec["tls"]).is_empty() {
        "80"
    } else {
        "80, 443"
    };
    vec![
        name(object),
        Cell::or(&spec["ingressClassName"], "<none>"),
        Cell::text(hosts),
        Cell::text(balancers(&object["status"])),
        Cell::text(ports),
        age(object),
    ]
}

fn balancers(status: &Value) -> String {
    let address = |ingress: &Value| {
        ingress["ip"]
            .as_str()
            .or(ingress["hostname"].as_str())
            .map(str::to_owned)
    };
    items(&status["loadBalancer"]["ingress"])
        .iter()
        .filter_map(address)
        .collect::<Vec<_>>()
        .join(",")
}

pub fn service(object: &Value) -> Vec<Cell> {
    let spec = &object["spec"];
    let ports: Vec<_> = items(&spec["ports"]).iter().map(service_port).collect();
    vec![
        name(object),
        Cell::or(&spec["type"], "ClusterIP"),
        Cell::or(&spec["clusterIP"], "<none>"),
        Cell::text(external(object)),
        Cell::text(if ports.is_empty() {
            "<none>".to_owned()
        } else {
            ports.join(",")
        }),
        age(object),
        Cell::text(pairs(&spec["selector"])),
    ]
}

fn service_port(port: &Value) -> String {
    let protocol = port["protocol"].as_str().unwrap_or("TCP");
    match port["nodePort"].as_i64() {
        Some(node) if node > 0 => format!("{}:{node}/{protocol}", port["port"]),
        _ => format!("{}/{protocol}", port["port"]),
    }
}

fn external(object: &Value) -> String {
    let spec = &object["spec"];
    let mut addresses: Vec<_> = items(&spec["externalIPs"])
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    match spec["type"].as_str() {
        Some("ExternalName") => return text(&spec["externalName"]).to_owned(),
        Some("LoadBalancer") => {
            let balancers = balancers(&object["status"]);
            if balancers.is_empty() && addresses.is_empty() {
                return "<pending>".to_owned();
            }
            addresses.splice(0..0, Some(balancers).filter(|text| !text.is_empty()));
        }
        _ => {}
    }
    if addresses.is_empty() {
        "<none>".to_owned()
    } else {
        addresses.join(",")
    }
}

pub fn node(object: &Value) -> Vec<Cell> {
    let (status, info) = (&object["status"], &object["status"]["nodeInfo"]);
    let address = |kind: &str| {
        let found = items(&status["addresses"])
            .iter()
            .find(|address| address["type"] == kind);
        Cell::or(
            found.map_or(&Value::Null, |address| &address["address"]),
            "<none>",
        )
    };
    let kernel = match (
        info["kernelVersion"].as_str(),
        info["architecture"].as_str(),
    ) {
        (Some(kernel), Some(architecture)) => format!("{kernel} ({architecture})"),
        (kernel, _) => kernel.unwrap_or("<unknown>").to_owned(),
    };
    vec![
        name(object),
        Cell::text(node_status(object)),
        Cell::text(node_roles(object)),
        age(object),
        Cell::or(&info["kubeletVersion"], ""),
        address("InternalIP"),
        address("ExternalIP"),
        Cell::or(&info["osImage"], "<unknown>"),
        Cell::text(kernel),
        Cell::or(&info["containerRuntimeVersion"], "<unknown>"),
    ]
}

fn node_status(object: &Value) -> String {
    let ready = items(&object["status"]["conditions"])
        .iter()
        .find(|condition| condition["type"] == "Ready");
    let state = match ready.map(|condition| condition["status"] == "True") {
        Some(true) => "Ready",
        Some(false) => "NotReady",
        None => "Unknown",
    };
    if object["spec"]["unschedulable"] == true {
        format!("{state},SchedulingDisabled")
    } else {
        state.to_owned()
    }
}

fn node_roles(object: &Value) -> String {
    let labels = object["metadata"]["labels"].as_object();
    let roles: Vec<_> = labels
        .into_iter()
        .flatten()
        .filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/"))
        .filter(|role| !role.is_empty())
        .collect();
    if roles.is_empty() {
        "<none>".to_owned()
    } else {
        roles.join(",")
    }
}

pub fn claim(object: &Value) -> Vec<Cell> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let bound = !text(&spec["volumeName"]).is_empty();
    let phase = if object["metadata"]["deletionTimestamp"].is_null() {
        Cell::or(&status["phase"], "")
    } else {
        Cell::text("Terminating")
    };
    let modes: Vec<_> = items(&status["accessModes"])
        .iter()
        .map(|mode| access_mode(text(mode)))
        .collect();
    vec![
        name(object),
        phase,
        Cell::or(&spec["volumeName"], ""),
        Cell::text(if bound {
            text(&status["capacity"]["storage"])
        } else {
            ""
        }),
        Cell::text(if bound {
            modes.join(",")
        } else {
            String::new()
        }),
        Cell::or(&spec["storageClassName"], ""),
        Cell::or(&spec["volumeAttributesClassName"], "<unset>"),
        age(object),
        Cell::or(&spec["volumeMode"], "<unset>"),
    ]
}

fn access_mode(mode: &str) -> &str {
    match mode {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        other => other,
    }
}

pub fn event(object: &Value) -> Vec<Cell> {
    let series = &object["series"];
    let first = [&object["firstTimestamp"], &object["eventTime"]]
        .into_iter()
        .find(|time| time.is_string())
        .unwrap_or(&Value::Null);
    let last = [&series["lastObservedTime"], &object["lastTimestamp"], first]
        .into_iter()
        .find(|time| time.is_string())
        .unwrap_or(&Value::Null);
    let count = series["count"]
        .as_i64()
        .or(object["count"].as_i64())
        .filter(|count| *count > 0)
        .unwrap_or(1);
    let involved = &object["involvedObject"];
    let about = format!(
        "{}/{}",
        text(&involved["kind"]).to_lowercase(),
        text(&involved["name"])
    );
    vec![
        Cell::age(last),
        Cell::or(&object["type"], ""),
        Cell::or(&object["reason"], ""),
        Cell::text(about),
        Cell::or(&involved["fieldPath"], ""),
        Cell::text(event_source(object)),
        Cell::text(text(&object["message"]).trim()),
        Cell::age(first),
        Cell::Fixed(count.into()),
        name(object),
    ]
}

fn event_source(object: &Value) -> String {
    let either = |old: &Value, new: &str| {
        Some(text(old))
            .filter(|t| !t.is_empty())
            .unwrap_or(text(&object[new]))
            .to_owned()
    };
    let component = either(&object["source"]["component"], "reportingComponent");
    let host = either(&object["source"]["host"], "reportingInstance");
    if host.is_empty() {
        component
    } else {
        format!("{component}, {host}")
    }
}

fn name(object: &Value) -> Cell {
    Cell::or(&object["metadata"]["name"], "")
}

fn age(object: &Value) -> Cell {
    Cell::age(&object["metadata"]["creationTimestamp"])
}

fn length(map: &Value) -> usize {
    map.as_object().map_or(0, serde_json::Map::len)
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nodes_tell_state_and_roles() {
        let node = json!({"metadata": {"labels": {"node-role.kubernetes.io/control-plane": ""}}, "spec": {"unschedulable": true},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]}});
        assert_eq!(node_status(&node), "Ready,SchedulingDisabled");
        assert_eq!(node_roles(&node), "control-plane");
        assert_eq!(
            (node_status(&json!({})), node_roles(&json!({}))),
            ("Unknown".into(), "<none>".into())
        );
    }

    #[test]
    fn services_tell_addresses_and_ports() {
        let balanced = json!({"spec": {"type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 30080}]}, "status": {}});
        assert_eq!(
            service(&balanced)[3..5],
            [Cell::text("<pending>"), Cell::text("80:30080/TCP")]
        );
        let balanced = json!({"spec": {"type": "LoadBalancer"}, "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}});
        assert_eq!(
            service(&balanced)[3..5],
            [Cell::text("1.2.3.4"), Cell::text("<none>")]
        );
    }

    #[test]
    fn events_tell_their_object_source_and_count() {
        let cells = event(
            &json!({"involvedObject": {"kind": "Pod", "name": "a"}, "source": {"component": "kubelet", "host": "n1"}, "count": 3, "message": "x\n"}),
        );
        assert_eq!(cells[3], Cell::text("pod/a"));
        assert_eq!(cells[5..7], [Cell::text("kubelet, n1"), Cell::text("x")]);
        assert_eq!(cells[8], Cell::Fixed(3.into()));
    }
}
