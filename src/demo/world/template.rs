//! Pod templates of the company's components: what its build platform would write for each.

use serde_json::{Value, json};

use super::company::{Component, REGISTRY, Stack};
use crate::demo::control::hash::{digest_of, fnv1a};

/// Whose component in which release a template is for.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Project.
    pub project: &'a str,
    /// Department that owns it.
    pub department: &'a str,
    /// Person who owns it.
    pub owner: &'a str,
    /// Namespace.
    pub namespace: &'a str,
    /// Release.
    pub instance: &'a str,
    /// Environment.
    pub environment: &'a str,
}

/// The labels of the scheme, as every object of a component carries them.
pub fn labels(place: &Place<'_>, component: &str, version: &str) -> Value {
    json!({
        "app.kubernetes.io/name": component,
        "app.kubernetes.io/instance": place.instance,
        "app.kubernetes.io/part-of": place.project,
        "app.kubernetes.io/version": version,
        "quarterdeck.io/department": place.department,
        "quarterdeck.io/owner": place.owner,
        "quarterdeck.io/environment": place.environment,
    })
}

/// The labels that select a component's pods.
pub fn selector(place: &Place<'_>, component: &str) -> Value {
    json!({"app.kubernetes.io/name": component, "app.kubernetes.io/instance": place.instance})
}

/// Name of a component's workload: releases that share a namespace are told apart.
pub fn workload_name(place: &Place<'_>, component: &str) -> String {
    match place.instance.strip_prefix(place.project) {
        Some("-canary") => format!("{component}-canary"),
        _ => component.to_owned(),
    }
}

/// The image of a component at a version.
pub fn image(project: &str, component: &str, version: &str) -> String {
    format!("{REGISTRY}/{project}/{component}:{version}")
}

/// The pod template of `component` at `version`.
pub fn template(place: &Place<'_>, component: &Component, version: &str) -> Value {
    let name = workload_name(place, component.name);
    let metadata = json!({
        "labels": labels(place, component.name, version),
        "annotations": {"checksum/config": digest_of(&format!("{}/{name}/{version}", place.namespace))},
    });
    let mut spec = json!({
        "serviceAccountName": place.project,
        "containers": [container(place, component, &name, version)],
        "imagePullSecrets": [{"name": format!("harbor-{}", place.department)}],
        "securityContext": {"runAsNonRoot": true, "runAsUser": 10001, "fsGroup": 10001},
        "volumes": [
            {"name": "config", "configMap": {"name": format!("{name}-config"), "defaultMode": 420}},
        ],
    });
    if component.migrates {
        spec["initContainers"] = json!([migration(place, component, &name, version)]);
    }
    json!({"metadata": metadata, "spec": spec})
}

fn container(place: &Place<'_>, component: &Component, name: &str, version: &str) -> Value {
    let mut container = json!({
        "name": component.name,
        "image": image(place.project, component.name, version),
        "args": arguments(component.stack),
        "env": environment(place, name),
        "envFrom": [{"configMapRef": {"name": format!("{name}-config")}}],
        "resources": resources(component),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {"name": "config", "mountPath": "/app/config", "readOnly": true},
        ],
    });
    if component.port != 0 {
        container["ports"] =
            json!([{"name": "http", "containerPort": component.port, "protocol": "TCP"}]);
        container["livenessProbe"] = probe(component, "/healthz", 10, 3);
        container["readinessProbe"] = probe(component, "/readyz", 5, 3);
    }
    container
}

fn arguments(stack: Stack) -> Value {
    match stack {
        Stack::Go => json!(["serve", "--config=/app/config/app.yaml"]),
        Stack::Java => json!(["-XX:MaxRAMPercentage=75", "-jar", "/app/service.jar"]),
        Stack::Node => json!(["dist/server.js"]),
        Stack::Python => json!(["-m", "service"]),
        Stack::Static => json!(["-g", "daemon off;"]),
    }
}

fn environment(place: &Place<'_>, name: &str) -> Value {
    json!([
        {"name": "ENVIRONMENT", "value": place.environment},
        {"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": format!("{name}-credentials"), "key": "database-url"}}},
    ])
}

fn resources(component: &Component) -> Value {
    let mut resources = json!({
        "requests": {"cpu": milli(component.cpu), "memory": format!("{}Mi", component.memory)},
        "limits": {"memory": format!("{}Mi", component.memory * 2)},
    });
    if let Some(device) = component.device {
        resources["requests"][device] = "1".into();
        resources["limits"][device] = "1".into();
    }
    resources
}

fn milli(cpu: u32) -> String {
    if cpu.is_multiple_of(1000) {
        (cpu / 1000).to_string()
    } else {
        format!("{cpu}m")
    }
}

fn probe(component: &Component, path: &str, period: u32, failures: u32) -> Value {
    let patience = if component.stack == Stack::Java { 5 } else { 1 };
    json!({
        "httpGet": {"path": path, "port": "http", "scheme": "HTTP"},
        "initialDelaySeconds": patience,
        "periodSeconds": period,
        "timeoutSeconds": 1,
        "successThreshold": 1,
        "failureThreshold": failures,
    })
}

fn migration(place: &Place<'_>, component: &Component, name: &str, version: &str) -> Value {
    json!({
        "name": "migrate",
        "image": image(place.project, component.name, version),
        "args": ["migrate", "--config=/app/config/app.yaml"],
        "env": [{"name": "DATABASE_URL",
            "valueFrom": {"secretKeyRef": {"name": format!("{name}-credentials"), "key": "database-url"}}}],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
        "volumeMounts": [{"name": "config", "mountPath": "/app/config", "readOnly": true}],
    })
}

/// A number that follows from where a component stands, for ages that differ but are stable.
pub fn spread(place: &Place<'_>, component: &str) -> u64 {
    fnv1a(&format!(
        "{}/{}/{component}",
        place.namespace, place.instance
    ))
}
