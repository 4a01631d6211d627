//! Who may do what: the roles of Kubernetes, an owner of one department, and an on-call reader.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::builder::{Builder, metadata};
use crate::demo::kinds::{CLUSTERROLEBINDINGS, CLUSTERROLES, ROLEBINDINGS, ROLES};

const GROUP: &str = "rbac.authorization.k8s.io";

/// The person who owns every namespace of [`OWNED_DEPARTMENT`] and sees nothing else.
pub const OWNER: &str = "dana";

/// The department whose namespaces [`OWNER`] may work in.
pub const OWNED_DEPARTMENT: &str = "finance";

/// The person who may read everything but secrets, and change nothing.
pub const READER: &str = "oncall";

/// The person who may do everything.
pub const ADMIN: &str = "admin";

/// Cluster-wide roles and bindings.
pub fn cluster(builder: &mut Builder<'_>, born: Timestamp) {
    let all = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}, {"nonResourceURLs": ["*"], "verbs": ["*"]}]);
    cluster_role(builder, "cluster-admin", all, born);
    for name in ["admin", "edit"] {
        let verbs = [
            "create",
            "delete",
            "deletecollection",
            "get",
            "list",
            "patch",
            "update",
            "watch",
        ];
        let mut rules = namespaced(&verbs, true);
        if let Some(rules) = rules.as_array_mut() {
            rules.push(json!({"apiGroups": [""], "resources": ["pods/attach", "pods/exec", "pods/portforward"], "verbs": verbs}));
        }
        cluster_role(builder, name, rules, born);
    }
    let mut view = namespaced(&["get", "list", "watch"], false);
    if let Some(rules) = view.as_array_mut() {
        rules.push(json!({"apiGroups": [""], "resources": ["namespaces", "nodes"], "verbs": ["get", "list", "watch"]}));
        rules.push(json!({"apiGroups": ["metrics.k8s.io"], "resources": ["nodes", "pods"], "verbs": ["get", "list", "watch"]}));
        rules.push(json!({"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "list", "watch"]}));
        rules.push(json!({"apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"], "verbs": ["get", "list", "watch"]}));
    }
    cluster_role(builder, "view", view, born);
    let discovery = json!([{"nonResourceURLs": ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/"], "verbs": ["get"]}]);
    cluster_role(builder, "system:discovery", discovery, born);
    cluster_binding(
        builder,
        "cluster-admin",
        "cluster-admin",
        &json!({"kind": "Group", "apiGroup": GROUP, "name": "system:masters"}),
        born,
    );
    cluster_binding(
        builder,
        "platform-admins",
        "cluster-admin",
        &user(ADMIN),
        born,
    );
    cluster_binding(builder, "oncall-view", "view", &user(READER), born);
    cluster_binding(
        builder,
        "system:discovery",
        "system:discovery",
        &json!({"kind": "Group", "apiGroup": GROUP, "name": "system:authenticated"}),
        born,
    );
}

/// The owner's role and its binding in one namespace of the department.
pub fn business_owner(
    builder: &mut Builder<'_>,
    namespace: &str,
    department: &str,
    born: Timestamp,
) {
    let labels = json!({"quarterdeck.io/department": department});
    let mut rules = namespaced(&["get", "list", "watch"], true);
    if let Some(rules) = rules.as_array_mut() {
        rules.push(json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["delete"]}));
        rules.push(json!({"apiGroups": [""], "resources": ["pods/exec", "pods/attach", "pods/portforward"], "verbs": ["create", "get"]}));
        rules.push(json!({"apiGroups": ["apps"], "resources": ["deployments", "deployments/scale", "statefulsets", "statefulsets/scale"], "verbs": ["patch", "update"]}));
    }
    builder.put(
        &ROLES,
        json!({"apiVersion": format!("{GROUP}/v1"), "kind": "Role", "metadata": metadata(namespace, "business-owner", &labels, born), "rules": rules}),
    );
    builder.put(
        &ROLEBINDINGS,
        json!({
            "apiVersion": format!("{GROUP}/v1"), "kind": "RoleBinding",
            "metadata": metadata(namespace, &format!("business-owner-{OWNER}"), &labels, born),
            "roleRef": {"apiGroup": GROUP, "kind": "Role", "name": "business-owner"},
            "subjects": [user(OWNER)],
        }),
    );
}

/// Rules over the ordinary things in a namespace; Secrets only when asked for.
fn namespaced(verbs: &[&str], secrets: bool) -> Value {
    let mut core = vec![
        "bindings",
        "configmaps",
        "endpoints",
        "events",
        "limitranges",
        "persistentvolumeclaims",
        "pods",
        "pods/log",
        "pods/status",
        "replicationcontrollers",
        "resourcequotas",
        "serviceaccounts",
        "services",
    ];
    if secrets {
        core.push("secrets");
    }
    json!([
        {"apiGroups": [""], "resources": core, "verbs": verbs},
        {"apiGroups": ["apps"], "resources": ["controllerrevisions", "daemonsets", "deployments", "deployments/scale", "replicasets", "replicasets/scale", "statefulsets", "statefulsets/scale"], "verbs": verbs},
        {"apiGroups": ["batch"], "resources": ["cronjobs", "jobs"], "verbs": verbs},
        {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "networkpolicies"], "verbs": verbs},
        {"apiGroups": ["traefik.io"], "resources": ["ingressroutes"], "verbs": verbs},
        {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["rolebindings", "roles"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["metrics.k8s.io"], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
    ])
}

fn user(name: &str) -> Value {
    json!({"kind": "User", "apiGroup": GROUP, "name": name})
}

fn cluster_role(builder: &mut Builder<'_>, name: &str, rules: Value, born: Timestamp) {
    let labels = json!({"kubernetes.io/bootstrapping": "rbac-defaults"});
    let mut role = json!({"apiVersion": format!("{GROUP}/v1"), "kind": "ClusterRole", "metadata": metadata("", name, &labels, born)});
    role["rules"] = rules;
    builder.put(&CLUSTERROLES, role);
}

fn cluster_binding(
    builder: &mut Builder<'_>,
    name: &str,
    role: &str,
    subject: &Value,
    born: Timestamp,
) {
    builder.put(
        &CLUSTERROLEBINDINGS,
        json!({
            "apiVersion": format!("{GROUP}/v1"), "kind": "ClusterRoleBinding",
            "metadata": metadata("", name, &Value::Null, born),
            "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": role},
            "subjects": [subject],
        }),
    );
}
