//! `metadata.managedFields` as the API server keeps them: who set which field, in the `FieldsV1`
//! form. Objects of the demo carry them because real ones do, and because they weigh.

use serde_json::{Map, Value, json};

/// Fields of a pod's status that the kubelet owns, the same for every running pod.
const KUBELET_CONDITIONS: [&str; 4] = [
    "ContainersReady",
    "Initialized",
    "PodReadyToStartContainers",
    "Ready",
];

/// One entry of `managedFields` over everything that `fields` holds.
pub fn entry(
    manager: &str,
    api_version: &str,
    time: &str,
    subresource: Option<&str>,
    fields: Value,
) -> Value {
    let mut entry = json!({
        "manager": manager,
        "operation": "Update",
        "apiVersion": api_version,
        "time": time,
        "fieldsType": "FieldsV1",
    });
    entry["fieldsV1"] = fields;
    if let Some(subresource) = subresource {
        entry["subresource"] = subresource.into();
    }
    entry
}

/// The `FieldsV1` set of every field in `value`.
pub fn fields_of(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let fields = map
                .iter()
                .map(|(key, child)| (format!("f:{key}"), fields_of(child)));
            Value::Object(fields.collect())
        }
        Value::Array(list) => Value::Object(list.iter().filter_map(keyed).collect()),
        _ => json!({}),
    }
}

/// The fields of a pod that the kubelet reports.
pub fn kubelet_fields() -> Value {
    let mut conditions = Map::new();
    for kind in KUBELET_CONDITIONS {
        conditions.insert(
            format!("k:{{\"type\":\"{kind}\"}}"),
            json!({".": {}, "f:lastTransitionTime": {}, "f:status": {}, "f:type": {}}),
        );
    }
    json!({"f:status": {
        "f:conditions": conditions,
        "f:containerStatuses": {}, "f:hostIP": {}, "f:hostIPs": {}, "f:phase": {},
        "f:podIP": {}, "f:podIPs": {".": {}}, "f:startTime": {},
    }})
}

/// A list item by the key that Kubernetes merges it by; lists without one are owned whole.
fn keyed(item: &Value) -> Option<(String, Value)> {
    let key = ["uid", "containerPort", "mountPath", "name", "type", "ip"]
        .into_iter()
        .find(|key| item.get(key).is_some())?;
    let mut fields = fields_of(item);
    fields.as_object_mut()?.insert(".".to_owned(), json!({}));
    let name = match (key, item.get("protocol")) {
        ("containerPort", Some(protocol)) => format!(
            "k:{{\"containerPort\":{},\"protocol\":{protocol}}}",
            item[key]
        ),
        _ => format!("k:{{\"{key}\":{}}}", item[key]),
    };
    Some((name, fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_keyed_as_kubernetes_merges_them() {
        let fields = fields_of(
            &json!({"spec": {"containers": [{"name": "web", "ports": [{"containerPort": 80, "protocol": "TCP"}]}]}}),
        );
        let web = &fields["f:spec"]["f:containers"]["k:{\"name\":\"web\"}"];
        assert_eq!(web["f:name"], json!({}));
        assert!(web["f:ports"]["k:{\"containerPort\":80,\"protocol\":\"TCP\"}"].is_object());
    }
}
