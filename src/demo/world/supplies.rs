//! What stands around the workloads of a release: namespaces, service accounts, services,
//! configuration, credentials, routes.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::builder::{Builder, metadata};
use super::company::{Component, DOMAIN, REGISTRY, Runs};
use super::template::{Place, labels, selector, spread, workload_name};
use crate::demo::kinds::{
    CONFIGMAPS, INGRESSES, INGRESSROUTES, NAMESPACES, SECRETS, SERVICEACCOUNTS, SERVICES,
};

/// A namespace with what Kubernetes puts into each.
pub fn namespace(builder: &mut Builder<'_>, name: &str, extra_labels: Value, born: Timestamp) {
    let mut labels = json!({"kubernetes.io/metadata.name": name});
    if let (Some(map), Value::Object(extra)) = (labels.as_object_mut(), extra_labels) {
        map.extend(extra);
    }
    builder.put(
        &NAMESPACES,
        json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": metadata("", name, &labels, born),
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        }),
    );
    service_account(builder, name, "default", &Value::Null, born);
    let authority = "-----BEGIN CERTIFICATE-----\n(the demo's own authority is in the kubeconfig)\n-----END CERTIFICATE-----\n";
    let note = json!({"kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver."});
    let mut map = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": metadata(name, "kube-root-ca.crt", &Value::Null, born),
        "data": {"ca.crt": authority},
    });
    map["metadata"]["annotations"] = note;
    builder.put(&CONFIGMAPS, map);
}

/// A service account.
pub fn service_account(
    builder: &mut Builder<'_>,
    namespace: &str,
    name: &str,
    labels: &Value,
    born: Timestamp,
) {
    builder.put(
        &SERVICEACCOUNTS,
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata(namespace, name, labels, born)}),
    );
}

/// The department's pull secret and the project's account in a namespace.
pub fn accounts(builder: &mut Builder<'_>, place: &Place<'_>, born: Timestamp) {
    let tag = json!({"app.kubernetes.io/part-of": place.project, "quarterdeck.io/department": place.department});
    service_account(builder, place.namespace, place.project, &tag, born);
    // Not a credential: the demo pulls nothing.
    let login = format!(
        "{{\"auths\":{{\"{REGISTRY}\":{{\"username\":\"robot${}\",\"password\":\"simulated\"}}}}}}",
        place.department
    );
    builder.put(
        &SECRETS,
        secret(
            place.namespace,
            &format!("harbor-{}", place.department),
            "kubernetes.io/dockerconfigjson",
            ".dockerconfigjson",
            &login,
            &tag,
            born,
        ),
    );
}

/// A Secret with one entry.
pub fn secret(
    namespace: &str,
    name: &str,
    kind: &str,
    key: &str,
    value: &str,
    labels: &Value,
    born: Timestamp,
) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": metadata(namespace, name, labels, born),
        "type": kind,
        "data": {key: encode(value)},
    })
}

/// Base64, as `data` of a Secret is written.
pub fn encode(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Service, configuration, credentials and routes of one component.
pub fn of_component(
    builder: &mut Builder<'_>,
    place: &Place<'_>,
    component: &Component,
    version: &str,
    born: Timestamp,
) {
    let name = workload_name(place, component.name);
    let labels = labels(place, component.name, version);
    builder.put(
        &CONFIGMAPS,
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": metadata(place.namespace, &format!("{name}-config"), &labels, born),
            "data": {
                "LOG_LEVEL": if place.environment == "prod" { "info" } else { "debug" },
                "app.yaml": format!("listen: :{}\nenvironment: {}\nshutdown: 20s\n", component.port, place.environment),
            },
        }),
    );
    let url = format!(
        "postgres://{name}:simulated@postgresql.databases.svc:5432/{}",
        place.project
    );
    builder.put(
        &SECRETS,
        secret(
            place.namespace,
            &format!("{name}-credentials"),
            "Opaque",
            "database-url",
            &url,
            &labels,
            born,
        ),
    );
    if component.port == 0 {
        return;
    }
    service(builder, place, &name, component, &labels, born);
    if let (Some(host), false) = (component.host, name.ends_with("-canary")) {
        route(builder, place, &name, host, &labels, born);
    }
}

fn service(
    builder: &mut Builder<'_>,
    place: &Place<'_>,
    name: &str,
    component: &Component,
    labels: &Value,
    born: Timestamp,
) {
    let headless = matches!(component.runs, Runs::Stateful(_));
    let mark = spread(place, component.name);
    let address = if headless {
        "None".to_owned()
    } else {
        format!("10.96.{}.{}", mark >> 8 & 0xff, 1 + mark % 254)
    };
    let full = if headless {
        format!("{name}-headless")
    } else {
        name.to_owned()
    };
    builder.put(
        &SERVICES,
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": metadata(place.namespace, &full, labels, born),
            "spec": {
                "type": "ClusterIP",
                "clusterIP": address,
                "clusterIPs": [address],
                "internalTrafficPolicy": "Cluster",
                "ipFamilies": ["IPv4"],
                "ipFamilyPolicy": "SingleStack",
                "ports": [{"name": "http", "port": if headless { component.port } else { 80 }, "protocol": "TCP", "targetPort": "http"}],
                "selector": selector(place, component.name),
                "sessionAffinity": "None",
            },
            "status": {"loadBalancer": {}},
        }),
    );
}

/// Production answers under an Ingress, the other environments under Traefik's own routes.
fn route(
    builder: &mut Builder<'_>,
    place: &Place<'_>,
    name: &str,
    host: &str,
    labels: &Value,
    born: Timestamp,
) {
    if place.environment != "prod" {
        let host = format!("{host}.{}.{DOMAIN}", place.environment);
        builder.put(
            &INGRESSROUTES,
            json!({
                "apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute",
                "metadata": metadata(place.namespace, name, labels, born),
                "spec": {
                    "entryPoints": ["websecure"],
                    "routes": [{"kind": "Rule", "match": format!("Host(`{host}`)"), "services": [{"name": name, "port": 80}]}],
                    "tls": {"secretName": "wildcard-tls"},
                },
            }),
        );
        return;
    }
    let host = if place.instance.ends_with("-outlet") {
        format!("outlet-{host}.{DOMAIN}")
    } else {
        format!("{host}.{DOMAIN}")
    };
    builder.put(
        &INGRESSES,
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": metadata(place.namespace, name, labels, born),
            "spec": {
                "ingressClassName": "nginx",
                "rules": [{"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix",
                    "backend": {"service": {"name": name, "port": {"name": "http"}}}}]}}],
                "tls": [{"hosts": [host], "secretName": "wildcard-tls"}],
            },
            "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.10"}]}},
        }),
    );
}
