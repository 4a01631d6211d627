//! Who we are to which cluster, and what can be asked of it about one object.

use super::feed::Scope;
use super::text::Text;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A context of the kubeconfig.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextInfo {
    /// Its name.
    pub name: Text,
    /// The name of its cluster entry.
    pub cluster: Text,
    /// The name of its user entry.
    pub user: Text,
    /// Its namespace, empty when it names none.
    pub namespace: Text,
    /// The server's address.
    pub server: Text,
    /// It is the current one of the kubeconfig.
    pub current: bool,
}

/// A cluster we talk to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// The context's name.
    pub context: Text,
    /// The server's address.
    pub server: Text,
    /// Who the server says we are; empty while it has not said.
    pub user: Text,
    /// `gitVersion` of the server; empty while unknown.
    pub version: Text,
    /// The context's namespace, empty when it names none.
    pub namespace: Text,
    /// The server's certificate is not checked (`insecure-skip-tls-verify`).
    pub insecure: bool,
    /// The cluster is the demo inside this program.
    pub demo: bool,
}

/// One object of a cluster, by its resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// API group, empty for the core group.
    pub group: Text,
    /// API version.
    pub version: Text,
    /// `kind:` of its manifest.
    pub kind: Text,
    /// Plural resource name.
    pub plural: Text,
    /// Namespace, empty for cluster-scoped kinds.
    pub namespace: Text,
    /// Name.
    pub name: Text,
}

impl Target {
    /// The object `name` of a watched kind.
    pub fn watched(kind: super::rows::Kind, namespace: &Text, name: &Text) -> Self {
        Self {
            group: kind.group().into(),
            version: "v1".into(),
            kind: kind.name().into(),
            plural: kind.plural().into(),
            namespace: namespace.clone(),
            name: name.clone(),
        }
    }

    /// `pods`, `deployments.apps`.
    pub fn resource(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_string()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// The namespace as a scope; all of the cluster for cluster-scoped kinds.
    pub fn scope(&self) -> Scope {
        if self.namespace.is_empty() {
            Scope::ALL
        } else {
            Scope(Some(self.namespace.clone()))
        }
    }
}

impl std::fmt::Display for Target {
    /// `pod shop-prod/web-1`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = self.kind.to_lowercase();
        if self.namespace.is_empty() {
            write!(f, "{kind} {}", self.name)
        } else {
            write!(f, "{kind} {}/{}", self.namespace, self.name)
        }
    }
}

/// An event that Kubernetes wrote about an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLine {
    /// `Warning` or `Normal`.
    pub warning: bool,
    /// `BackOff`, `Scheduled`, ...
    pub reason: Text,
    /// The sentence.
    pub message: Text,
    /// How often.
    pub count: u32,
    /// When last.
    pub last: Option<Timestamp>,
    /// When first.
    pub first: Option<Timestamp>,
    /// Who wrote it: `kubelet, worker-1`.
    pub source: Text,
}

/// What a pod's containers are made of, fetched when somebody opens the pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerSpec {
    /// `name`
    pub name: Text,
    /// Image digest from the status, empty while unknown.
    pub digest: Text,
    /// `http 8080/TCP`, one each.
    pub ports: Vec<Text>,
    /// `liveness: http-get :8080/healthz, every 10s`, one each.
    pub probes: Vec<Text>,
    /// `cpu 100m, memory 128Mi`
    pub requests: Text,
    /// `memory 256Mi`
    pub limits: Text,
    /// Names of the environment, with where each value comes from; never the values.
    pub env: Vec<Text>,
    /// `/etc/config from configmap web (ro)`, one each.
    pub mounts: Vec<Text>,
    /// Command and arguments, when given.
    pub command: Text,
}
