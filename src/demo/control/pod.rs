//! Pods from pod templates: what the controllers, the API server's defaults and the service
//! account admission make of a template before a scheduler or kubelet sees the pod.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::json::{flag, items, list_at, map_at, set, text};
use super::managed;
use crate::demo::clock::stamp;
use crate::demo::random::Random;

/// The controller of an object, as its `ownerReferences` name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// `apiVersion` of the owner.
    pub api_version: String,
    /// `kind` of the owner.
    pub kind: String,
    /// Name of the owner.
    pub name: String,
    /// Identity of the owner.
    pub uid: String,
}

impl Owner {
    /// The owner that `object` is to others.
    pub fn of(object: &Value) -> Self {
        Self {
            api_version: text(object, "/apiVersion").to_owned(),
            kind: text(object, "/kind").to_owned(),
            name: text(object, "/metadata/name").to_owned(),
            uid: text(object, "/metadata/uid").to_owned(),
        }
    }

    /// The controlling owner reference to it.
    pub fn reference(&self) -> Value {
        json!({
            "apiVersion": self.api_version,
            "kind": self.kind,
            "name": self.name,
            "uid": self.uid,
            "controller": true,
            "blockOwnerDeletion": true,
        })
    }
}

/// Where and as what a pod is made.
#[derive(Debug)]
pub struct Birth<'a> {
    /// Namespace.
    pub namespace: &'a str,
    /// Full name.
    pub name: String,
    /// `generateName`, empty for none.
    pub generate_name: String,
    /// Identity.
    pub uid: String,
    /// Moment of creation.
    pub at: Timestamp,
    /// Controller, unless the pod is bare.
    pub owner: Option<&'a Owner>,
}

/// A new pod from `template`, pending and unbound, with every default that the API server sets.
pub fn from_template(template: &Value, birth: &Birth<'_>, random: &mut Random) -> Value {
    let mut metadata = json!({
        "name": birth.name,
        "namespace": birth.namespace,
        "uid": birth.uid,
        "creationTimestamp": stamp(birth.at),
    });
    for part in ["labels", "annotations"] {
        if let Some(map @ Value::Object(_)) = template.pointer(&format!("/metadata/{part}")) {
            metadata[part] = map.clone();
        }
    }
    if !birth.generate_name.is_empty() {
        metadata["generateName"] = birth.generate_name.as_str().into();
    }
    if let Some(owner) = birth.owner {
        metadata["ownerReferences"] = json!([owner.reference()]);
    }
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod"});
    // Not through the macro, which would copy them once more.
    pod["metadata"] = metadata;
    pod["spec"] = template.get("spec").cloned().unwrap_or_else(|| json!({}));
    let manager = if birth.owner.is_some() {
        "kube-controller-manager"
    } else {
        "kubectl-create"
    };
    let fields = owned_fields(&pod);
    complete(&mut pod, random);
    pod["metadata"]["managedFields"] = json!([managed::entry(
        manager,
        "v1",
        &stamp(birth.at),
        None,
        fields
    )]);
    pod
}

/// What the creator of a pod set, for its `managedFields`.
fn owned_fields(pod: &Value) -> Value {
    let part = |name: &str| pod["metadata"].get(name).map(managed::fields_of);
    let mut fields = json!({"f:metadata": {}, "f:spec": managed::fields_of(&pod["spec"])});
    for name in ["annotations", "generateName", "labels", "ownerReferences"] {
        if let Some(part) = part(name) {
            fields["f:metadata"][format!("f:{name}")] = part;
        }
    }
    fields
}

/// Fills in what the API server and its admission plug-ins add to a new pod: defaults, the
/// service account's token volume, the default tolerations, and a pending status.
///
/// Pods that a user creates come here too; what is set already stays.
pub fn complete(pod: &mut Value, random: &mut Random) {
    let account = match text(pod, "/spec/serviceAccountName") {
        "" => "default".to_owned(),
        name => name.to_owned(),
    };
    let spec = map_at(pod, &["spec"]);
    let defaults = [
        ("restartPolicy", json!("Always")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("dnsPolicy", json!("ClusterFirst")),
        ("serviceAccountName", json!(account)),
        ("serviceAccount", json!(account)),
        ("securityContext", json!({})),
        ("schedulerName", json!("default-scheduler")),
        ("priority", json!(0)),
        ("enableServiceLinks", json!(true)),
        ("preemptionPolicy", json!("PreemptLowerPriority")),
    ];
    for (key, default) in defaults {
        spec.entry(key).or_insert(default);
    }
    let token = token_volume(pod, random);
    for list in ["initContainers", "containers"] {
        if let Some(Value::Array(containers)) = map_at(pod, &["spec"]).get_mut(list) {
            for container in containers {
                complete_container(container, token.as_deref());
            }
        }
    }
    tolerate_outages(list_at(pod, &["spec", "tolerations"]));
    let qos = qos_class(pod);
    let status = map_at(pod, &["status"]);
    status.entry("phase").or_insert(json!("Pending"));
    status.entry("qosClass").or_insert(json!(qos));
}

/// The defaults of one container, and the mount of the service account's token.
pub fn complete_container(container: &mut Value, token_volume: Option<&str>) {
    let image = text(container, "/image");
    let floating =
        !image.contains('@') && (image.ends_with(":latest") || !after_slash(image).contains(':'));
    let pull = if floating { "Always" } else { "IfNotPresent" };
    let map = map_at(container, &[]);
    map.entry("resources").or_insert(json!({}));
    map.entry("terminationMessagePath")
        .or_insert(json!("/dev/termination-log"));
    map.entry("terminationMessagePolicy")
        .or_insert(json!("File"));
    map.entry("imagePullPolicy").or_insert(json!(pull));
    if let Some(volume) = token_volume {
        let mounts = list_at(container, &["volumeMounts"]);
        mounts.push(json!({"name": volume, "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}));
    }
}

fn after_slash(image: &str) -> &str {
    image.rsplit('/').next().unwrap_or(image)
}

/// Adds the projected service account volume; `None` when the pod has one or wants none.
fn token_volume(pod: &mut Value, random: &mut Random) -> Option<String> {
    let wants = pod
        .pointer("/spec/automountServiceAccountToken")
        .and_then(Value::as_bool)
        .unwrap_or(true);
    let has = items(pod, "/spec/volumes")
        .iter()
        .any(|v| text(v, "/name").starts_with("kube-api-access-"));
    if !wants || has {
        return None;
    }
    let name = format!("kube-api-access-{}", random.suffix(5));
    list_at(pod, &["spec", "volumes"]).push(json!({
        "name": name,
        "projected": {"defaultMode": 420, "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [
                {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}},
            ]}},
        ]},
    }));
    Some(name)
}

fn tolerate_outages(tolerations: &mut Vec<Value>) {
    for key in [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ] {
        if !tolerations
            .iter()
            .any(|t| text(t, "/key") == key || flag_all(t))
        {
            tolerations.push(json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}));
        }
    }
}

/// A toleration of everything.
fn flag_all(toleration: &Value) -> bool {
    text(toleration, "/operator") == "Exists" && text(toleration, "/key").is_empty()
}

/// Guaranteed, Burstable or `BestEffort`, by the rules of Kubernetes.
pub fn qos_class(pod: &Value) -> &'static str {
    let mut any = false;
    let mut guaranteed = true;
    for container in items(pod, "/spec/containers")
        .iter()
        .chain(items(pod, "/spec/initContainers"))
    {
        let (limits, requests) = (
            &container["resources"]["limits"],
            &container["resources"]["requests"],
        );
        any |= [limits, requests]
            .into_iter()
            .any(|part| part.get("cpu").is_some() || part.get("memory").is_some());
        guaranteed &= ["cpu", "memory"].into_iter().all(|name| {
            limits.get(name).is_some()
                && requests
                    .get(name)
                    .is_none_or(|request| Some(request) == limits.get(name))
        });
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

/// Binds a pod to a node, as the scheduler does.
pub fn bind(pod: &mut Value, node: &str, at: Timestamp) {
    set(pod, &["spec", "nodeName"], node);
    super::status::set_condition(pod, "PodScheduled", true, None, at);
}

/// Whether the pod was asked to go.
pub fn is_leaving(pod: &Value) -> bool {
    pod.pointer("/metadata/deletionTimestamp").is_some()
}

/// Whether the pod uses its node's network.
pub fn on_host_network(pod: &Value) -> bool {
    flag(pod, "/spec/hostNetwork")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(containers: &Value) -> Value {
        let template =
            json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}});
        let birth = Birth {
            namespace: "shop",
            name: "web-1".to_owned(),
            generate_name: String::new(),
            uid: "u".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            owner: None,
        };
        from_template(&template, &birth, &mut Random::new(1))
    }

    #[test]
    fn a_pod_gets_the_defaults_of_the_api_server() {
        let pod = pod(&json!([{"name": "web", "image": "nginx"}]));
        assert_eq!(pod["spec"]["restartPolicy"], "Always");
        assert_eq!(pod["spec"]["containers"][0]["imagePullPolicy"], "Always");
        assert_eq!(pod["spec"]["tolerations"].as_array().map(Vec::len), Some(2));
        assert_eq!(
            pod["status"],
            json!({"phase": "Pending", "qosClass": "BestEffort"})
        );
        let mount = &pod["spec"]["containers"][0]["volumeMounts"][0]["name"];
        assert_eq!(mount, &pod["spec"]["volumes"][0]["name"]);
    }

    #[test]
    fn completing_twice_changes_nothing() {
        let mut pod = pod(&json!([{"name": "web", "image": "nginx:1.27"}]));
        let once = pod.clone();
        complete(&mut pod, &mut Random::new(2));
        assert_eq!(pod, once);
        assert_eq!(
            pod["spec"]["containers"][0]["imagePullPolicy"],
            "IfNotPresent"
        );
    }

    #[test]
    fn quality_of_service_follows_requests_and_limits() {
        let of = |resources: Value| {
            qos_class(&pod(
                &json!([{"name": "a", "image": "b", "resources": resources}]),
            ))
        };
        assert_eq!(of(json!({})), "BestEffort");
        assert_eq!(of(json!({"requests": {"cpu": "1"}})), "Burstable");
        assert_eq!(
            of(json!({"limits": {"cpu": "1", "memory": "1Gi"}})),
            "Guaranteed"
        );
        assert_eq!(
            of(json!({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}})),
            "Burstable"
        );
    }
}
