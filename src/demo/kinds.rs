//! The one static table of the kinds that the demo cluster serves.
//!
//! Discovery, routing, the store's shelves, selectors and printers are all drawn from this table;
//! no other module may list kinds of its own.

/// One resource type as the API serves it.
#[derive(Debug)]
pub struct Kind {
    /// Position in [`ALL`]; the store keeps one shelf per id.
    pub id: usize,
    /// API group; empty for the core group.
    pub group: &'static str,
    /// API version inside the group, such as `v1`.
    pub version: &'static str,
    /// Name in `kind:` of a manifest.
    pub kind: &'static str,
    /// Name in the URL path.
    pub plural: &'static str,
    /// Name for one, as kubectl prints it.
    pub singular: &'static str,
    /// Short names, such as `po`.
    pub short_names: &'static [&'static str],
    /// Categories, such as `all`.
    pub categories: &'static [&'static str],
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Whether the server counts `metadata.generation` for changes outside metadata and status.
    pub generation: bool,
    /// Subresources served besides the object itself: `status`, `scale`.
    pub subresources: &'static [&'static str],
    /// Selectable fields besides `metadata.name` and `metadata.namespace`.
    pub fields: &'static [Field],
}

/// A field that `fieldSelector` may name.
#[derive(Debug)]
pub struct Field {
    /// Name as the client writes it, such as `spec.nodeName`.
    pub name: &'static str,
    /// JSON pointer into the object.
    pub pointer: &'static str,
    /// What an object without the field counts as.
    pub default: &'static str,
}

impl Kind {
    /// `v1` or `apps/v1`, as `apiVersion:` of a manifest names it.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `pods` or `deployments.apps`, as messages of the API name it.
    pub fn resource(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_owned()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// Whether this kind is defined by a `CustomResourceDefinition` of the demo world.
    pub fn custom(&self) -> bool {
        self.group == INGRESSROUTES.group
    }

    /// Whether the kind has this subresource.
    pub fn has(&self, subresource: &str) -> bool {
        self.subresources.contains(&subresource)
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Kind {}

/// Looks a kind up by what a URL names.
pub fn find(group: &str, version: &str, plural: &str) -> Option<&'static Kind> {
    ALL.iter()
        .copied()
        .find(|kind| kind.plural == plural && kind.group == group && kind.version == version)
}

/// Looks a kind up by what a manifest names.
pub fn by_manifest(api_version: &str, kind: &str) -> Option<&'static Kind> {
    ALL.iter()
        .copied()
        .find(|candidate| candidate.kind == kind && candidate.api_version() == api_version)
}

const fn field(name: &'static str, pointer: &'static str, default: &'static str) -> Field {
    Field {
        name,
        pointer,
        default,
    }
}

/// What most kinds share; each entry below says only where it differs.
const BASE: Kind = Kind {
    id: 0,
    group: "",
    version: "v1",
    kind: "",
    plural: "",
    singular: "",
    short_names: &[],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    fields: &[],
};

/// Namespaces.
pub static NAMESPACES: Kind = Kind {
    id: 0,
    kind: "Namespace",
    plural: "namespaces",
    singular: "namespace",
    short_names: &["ns"],
    namespaced: false,
    subresources: &["status"],
    fields: &[field("status.phase", "/status/phase", "")],
    ..BASE
};
/// Nodes.
pub static NODES: Kind = Kind {
    id: 1,
    kind: "Node",
    plural: "nodes",
    singular: "node",
    short_names: &["no"],
    namespaced: false,
    subresources: &["status"],
    fields: &[field("spec.unschedulable", "/spec/unschedulable", "false")],
    ..BASE
};
/// Pods.
pub static PODS: Kind = Kind {
    id: 2,
    kind: "Pod",
    plural: "pods",
    singular: "pod",
    short_names: &["po"],
    categories: &["all"],
    subresources: &["attach", "exec", "log", "portforward", "status"],
    generation: true,
    fields: &[
        field("spec.nodeName", "/spec/nodeName", ""),
        field("spec.restartPolicy", "/spec/restartPolicy", ""),
        field("spec.schedulerName", "/spec/schedulerName", ""),
        field("spec.serviceAccountName", "/spec/serviceAccountName", ""),
        field("spec.hostNetwork", "/spec/hostNetwork", "false"),
        field("status.phase", "/status/phase", ""),
        field("status.podIP", "/status/podIP", ""),
        field("status.nominatedNodeName", "/status/nominatedNodeName", ""),
    ],
    ..BASE
};
/// Services.
pub static SERVICES: Kind = Kind {
    id: 3,
    kind: "Service",
    plural: "services",
    singular: "service",
    short_names: &["svc"],
    categories: &["all"],
    subresources: &["status"],
    fields: &[
        field("spec.clusterIP", "/spec/clusterIP", ""),
        field("spec.type", "/spec/type", ""),
    ],
    ..BASE
};
/// `ConfigMaps`.
pub static CONFIGMAPS: Kind = Kind {
    id: 4,
    kind: "ConfigMap",
    plural: "configmaps",
    singular: "configmap",
    short_names: &["cm"],
    ..BASE
};
/// Secrets.
pub static SECRETS: Kind = Kind {
    id: 5,
    kind: "Secret",
    plural: "secrets",
    singular: "secret",
    fields: &[field("type", "/type", "")],
    ..BASE
};
/// Service accounts.
pub static SERVICEACCOUNTS: Kind = Kind {
    id: 6,
    kind: "ServiceAccount",
    plural: "serviceaccounts",
    singular: "serviceaccount",
    short_names: &["sa"],
    ..BASE
};
/// Events of the core group.
pub static EVENTS: Kind = Kind {
    id: 7,
    kind: "Event",
    plural: "events",
    singular: "event",
    short_names: &["ev"],
    fields: &[
        field("involvedObject.kind", "/involvedObject/kind", ""),
        field("involvedObject.namespace", "/involvedObject/namespace", ""),
        field("involvedObject.name", "/involvedObject/name", ""),
        field("involvedObject.uid", "/involvedObject/uid", ""),
        field(
            "involvedObject.apiVersion",
            "/involvedObject/apiVersion",
            "",
        ),
        field(
            "involvedObject.resourceVersion",
            "/involvedObject/resourceVersion",
            "",
        ),
        field("involvedObject.fieldPath", "/involvedObject/fieldPath", ""),
        field("reason", "/reason", ""),
        field("reportingComponent", "/reportingComponent", ""),
        field("source", "/source/component", ""),
        field("type", "/type", ""),
    ],
    ..BASE
};
/// Deployments.
pub static DEPLOYMENTS: Kind = Kind {
    id: 8,
    group: "apps",
    kind: "Deployment",
    plural: "deployments",
    singular: "deployment",
    short_names: &["deploy"],
    categories: &["all"],
    generation: true,
    subresources: &["scale", "status"],
    ..BASE
};
/// `ReplicaSets`.
pub static REPLICASETS: Kind = Kind {
    id: 9,
    group: "apps",
    kind: "ReplicaSet",
    plural: "replicasets",
    singular: "replicaset",
    short_names: &["rs"],
    categories: &["all"],
    generation: true,
    subresources: &["scale", "status"],
    ..BASE
};
/// `StatefulSets`.
pub static STATEFULSETS: Kind = Kind {
    id: 10,
    group: "apps",
    kind: "StatefulSet",
    plural: "statefulsets",
    singular: "statefulset",
    short_names: &["sts"],
    categories: &["all"],
    generation: true,
    subresources: &["scale", "status"],
    ..BASE
};
/// `DaemonSets`.
pub static DAEMONSETS: Kind = Kind {
    id: 11,
    group: "apps",
    kind: "DaemonSet",
    plural: "daemonsets",
    singular: "daemonset",
    short_names: &["ds"],
    categories: &["all"],
    generation: true,
    subresources: &["status"],
    ..BASE
};
/// `ControllerRevisions`: the history of `StatefulSets` and `DaemonSets`.
pub static CONTROLLERREVISIONS: Kind = Kind {
    id: 12,
    group: "apps",
    kind: "ControllerRevision",
    plural: "controllerrevisions",
    singular: "controllerrevision",
    ..BASE
};
/// Jobs.
pub static JOBS: Kind = Kind {
    id: 13,
    group: "batch",
    kind: "Job",
    plural: "jobs",
    singular: "job",
    categories: &["all"],
    generation: true,
    subresources: &["status"],
    fields: &[field("status.successful", "/status/succeeded", "0")],
    ..BASE
};
/// `CronJobs`.
pub static CRONJOBS: Kind = Kind {
    id: 14,
    group: "batch",
    kind: "CronJob",
    plural: "cronjobs",
    singular: "cronjob",
    short_names: &["cj"],
    categories: &["all"],
    generation: true,
    subresources: &["status"],
    ..BASE
};
/// Ingresses.
pub static INGRESSES: Kind = Kind {
    id: 15,
    group: "networking.k8s.io",
    kind: "Ingress",
    plural: "ingresses",
    singular: "ingress",
    short_names: &["ing"],
    generation: true,
    subresources: &["status"],
    ..BASE
};
/// `PersistentVolumeClaims`.
pub static PERSISTENTVOLUMECLAIMS: Kind = Kind {
    id: 16,
    kind: "PersistentVolumeClaim",
    plural: "persistentvolumeclaims",
    singular: "persistentvolumeclaim",
    short_names: &["pvc"],
    subresources: &["status"],
    ..BASE
};
/// Roles.
pub static ROLES: Kind = Kind {
    id: 17,
    group: "rbac.authorization.k8s.io",
    kind: "Role",
    plural: "roles",
    singular: "role",
    ..BASE
};
/// `RoleBindings`.
pub static ROLEBINDINGS: Kind = Kind {
    id: 18,
    group: "rbac.authorization.k8s.io",
    kind: "RoleBinding",
    plural: "rolebindings",
    singular: "rolebinding",
    ..BASE
};
/// `ClusterRoles`.
pub static CLUSTERROLES: Kind = Kind {
    id: 19,
    group: "rbac.authorization.k8s.io",
    kind: "ClusterRole",
    plural: "clusterroles",
    singular: "clusterrole",
    namespaced: false,
    ..BASE
};
/// `ClusterRoleBindings`.
pub static CLUSTERROLEBINDINGS: Kind = Kind {
    id: 20,
    group: "rbac.authorization.k8s.io",
    kind: "ClusterRoleBinding",
    plural: "clusterrolebindings",
    singular: "clusterrolebinding",
    namespaced: false,
    ..BASE
};
/// Leases, as leader elections and node heartbeats hold them.
pub static LEASES: Kind = Kind {
    id: 21,
    group: "coordination.k8s.io",
    kind: "Lease",
    plural: "leases",
    singular: "lease",
    ..BASE
};
/// `CustomResourceDefinitions`.
pub static CUSTOMRESOURCEDEFINITIONS: Kind = Kind {
    id: 22,
    group: "apiextensions.k8s.io",
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    singular: "customresourcedefinition",
    short_names: &["crd", "crds"],
    categories: &["api-extensions"],
    namespaced: false,
    generation: true,
    subresources: &["status"],
    ..BASE
};
/// The demo world's custom resource: routes of an ingress controller.
pub static INGRESSROUTES: Kind = Kind {
    id: 23,
    group: "traefik.io",
    version: "v1alpha1",
    kind: "IngressRoute",
    plural: "ingressroutes",
    singular: "ingressroute",
    generation: true,
    ..BASE
};

/// Every kind, in the order of discovery; `ALL[k.id]` is `k`.
pub static ALL: &[&Kind] = &[
    &NAMESPACES,
    &NODES,
    &PODS,
    &SERVICES,
    &CONFIGMAPS,
    &SECRETS,
    &SERVICEACCOUNTS,
    &EVENTS,
    &DEPLOYMENTS,
    &REPLICASETS,
    &STATEFULSETS,
    &DAEMONSETS,
    &CONTROLLERREVISIONS,
    &JOBS,
    &CRONJOBS,
    &INGRESSES,
    &PERSISTENTVOLUMECLAIMS,
    &ROLES,
    &ROLEBINDINGS,
    &CLUSTERROLES,
    &CLUSTERROLEBINDINGS,
    &LEASES,
    &CUSTOMRESOURCEDEFINITIONS,
    &INGRESSROUTES,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_positions() {
        for (position, kind) in ALL.iter().enumerate() {
            assert_eq!(position, kind.id, "{}", kind.kind);
            assert_eq!(find(kind.group, kind.version, kind.plural), Some(*kind));
            assert_eq!(by_manifest(&kind.api_version(), kind.kind), Some(*kind));
        }
    }

    #[test]
    fn names_are_the_apis() {
        assert_eq!(DEPLOYMENTS.resource(), "deployments.apps");
        assert_eq!(PODS.resource(), "pods");
        assert_eq!(INGRESSROUTES.api_version(), "traefik.io/v1alpha1");
        assert!(INGRESSROUTES.custom() && !PODS.custom());
    }
}
