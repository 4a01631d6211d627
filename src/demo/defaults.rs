//! What the API server fills in when a client leaves it out; as much as clients rely on.

use serde_json::{Map, Value, json};

use super::kinds::{self, Kind};

/// Fills in a new object. A status that the client sent does not count.
pub fn fill(kind: &Kind, object: &mut Value) {
    if kind.has("status") {
        object["status"] = initial_status(kind);
    }
    let spec = &mut object["spec"];
    match kind {
        _ if *kind == kinds::PODS => pod(spec),
        _ if *kind == kinds::DEPLOYMENTS => {
            set(
                spec,
                json!({"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600, "strategy": {}}),
            );
            set(&mut spec["strategy"], json!({"type": "RollingUpdate"}));
            if spec["strategy"]["type"] == "RollingUpdate" {
                set(&mut spec["strategy"], json!({"rollingUpdate": {}}));
                set(
                    &mut spec["strategy"]["rollingUpdate"],
                    json!({"maxSurge": "25%", "maxUnavailable": "25%"}),
                );
            }
            template(spec);
        }
        _ if *kind == kinds::REPLICASETS => {
            set(spec, json!({"replicas": 1}));
            template(spec);
        }
        _ if *kind == kinds::STATEFULSETS => {
            set(
                spec,
                json!({"replicas": 1, "revisionHistoryLimit": 10, "podManagementPolicy": "OrderedReady", "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}}),
            );
            template(spec);
        }
        _ if *kind == kinds::DAEMONSETS => {
            set(
                spec,
                json!({"revisionHistoryLimit": 10, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}}),
            );
            template(spec);
        }
        _ if *kind == kinds::JOBS => job(spec),
        _ if *kind == kinds::CRONJOBS => {
            set(
                spec,
                json!({"concurrencyPolicy": "Allow", "suspend": false, "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1}),
            );
            template(&mut spec["jobTemplate"]["spec"]);
        }
        _ if *kind == kinds::SERVICES => service(spec),
        _ if *kind == kinds::NAMESPACES => {
            let name = object["metadata"]["name"].clone();
            set(&mut object["metadata"], json!({"labels": {}}));
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
            set(&mut object["spec"], json!({"finalizers": ["kubernetes"]}));
        }
        _ if *kind == kinds::SECRETS => {
            set(object, json!({"type": "Opaque"}));
            encode_string_data(object);
        }
        _ => {}
    }
    if object["spec"].is_null() {
        drop(object.as_object_mut().and_then(|map| map.remove("spec")));
    }
}

fn initial_status(kind: &Kind) -> Value {
    match kind {
        _ if *kind == kinds::PODS || *kind == kinds::PERSISTENTVOLUMECLAIMS => {
            json!({"phase": "Pending"})
        }
        _ if *kind == kinds::NAMESPACES => json!({"phase": "Active"}),
        _ if *kind == kinds::SERVICES || *kind == kinds::INGRESSES => json!({"loadBalancer": {}}),
        _ => json!({}),
    }
}

/// Puts in what is absent.
fn set(target: &mut Value, defaults: Value) {
    if target.is_null() {
        *target = Value::Object(Map::new());
    }
    if let (Value::Object(target), Value::Object(defaults)) = (target, defaults) {
        for (key, value) in defaults {
            let present = target.entry(key).or_insert(Value::Null);
            if present.is_null() {
                *present = value;
            }
        }
    }
}

fn template(spec: &mut Value) {
    pod(&mut spec["template"]["spec"]);
}

fn pod(spec: &mut Value) {
    set(
        spec,
        json!({"restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler", "securityContext": {}, "terminationGracePeriodSeconds": 30}),
    );
    for list in ["containers", "initContainers"] {
        for container in spec[list].as_array_mut().into_iter().flatten() {
            let image = container["image"].as_str().unwrap_or_default();
            let last = image.rsplit('/').next().unwrap_or_default();
            let pull = if last.ends_with(":latest") || !last.contains([':', '@']) {
                "Always"
            } else {
                "IfNotPresent"
            };
            set(
                container,
                json!({"imagePullPolicy": pull, "resources": {}, "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}),
            );
            for port in container["ports"].as_array_mut().into_iter().flatten() {
                set(port, json!({"protocol": "TCP"}));
            }
        }
        // Reading a list that is not there must not leave a null behind.
        if spec[list].is_null() {
            drop(spec.as_object_mut().and_then(|map| map.remove(list)));
        }
    }
}

fn job(spec: &mut Value) {
    set(
        spec,
        json!({"completions": 1, "parallelism": 1, "backoffLimit": 6, "completionMode": "NonIndexed", "suspend": false}),
    );
    template(spec);
}

fn service(spec: &mut Value) {
    set(
        spec,
        json!({"type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster"}),
    );
    let outside = matches!(spec["type"].as_str(), Some("NodePort" | "LoadBalancer"));
    let mixed = mix(spec);
    for port in spec["ports"].as_array_mut().into_iter().flatten() {
        let target = port["port"].clone();
        set(port, json!({"protocol": "TCP", "targetPort": target}));
        if outside && port["nodePort"].is_null() {
            port["nodePort"] = json!(30_000 + (mixed ^ mix(port)) % 2768);
        }
    }
    if spec["ports"].is_null() {
        drop(spec.as_object_mut().and_then(|map| map.remove("ports")));
    }
    if spec["clusterIP"].is_null() && spec["type"] != "ExternalName" {
        let address = format!("10.96.{}.{}", (mixed >> 8) & 0xFF, mixed % 254 + 1);
        spec["clusterIP"] = json!(address);
        spec["clusterIPs"] = json!([address]);
    }
}

/// A number that follows from a value.
fn mix(value: &Value) -> u32 {
    value.to_string().bytes().fold(7_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    })
}

fn encode_string_data(secret: &mut Value) {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let Some(Value::Object(plain)) = secret
        .as_object_mut()
        .and_then(|map| map.remove("stringData"))
    else {
        return;
    };
    set(secret, json!({"data": {}}));
    for (key, value) in plain {
        secret["data"][key] = json!(STANDARD.encode(value.as_str().unwrap_or_default()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_gets_what_clients_rely_on() {
        let mut object = json!({"metadata": {}, "spec": {"replicas": 3, "template": {"spec": {"containers": [{"name": "a", "image": "r:5000/x"}]}}}, "status": {"replicas": 9}});
        fill(&kinds::DEPLOYMENTS, &mut object);
        assert_eq!(
            (
                &object["spec"]["replicas"],
                &object["spec"]["strategy"]["rollingUpdate"]["maxSurge"]
            ),
            (&json!(3), &json!("25%"))
        );
        let pod = &object["spec"]["template"]["spec"];
        assert_eq!(
            (
                &pod["containers"][0]["imagePullPolicy"],
                &pod["restartPolicy"]
            ),
            (&json!("Always"), &json!("Always"))
        );
        assert!(pod.get("initContainers").is_none() && object["status"] == json!({}));
    }

    #[test]
    fn secrets_are_encoded_and_configmaps_left_alone() {
        let mut secret = json!({"metadata": {}, "stringData": {"a": "b"}});
        fill(&kinds::SECRETS, &mut secret);
        assert_eq!(
            secret,
            json!({"metadata": {}, "type": "Opaque", "data": {"a": "Yg=="}})
        );
        let mut config = json!({"metadata": {}, "data": {}});
        fill(&kinds::CONFIGMAPS, &mut config);
        assert_eq!(config, json!({"metadata": {}, "data": {}}));
    }
}
