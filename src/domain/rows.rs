//! The rows the console keeps: our own small structs, read straight from the wire by the edge.
//!
//! A row holds what lists, health rules and drill-downs need, nothing more: about 2 kB for a pod,
//! where a typed `Pod` takes 60 kB. Full objects are fetched when somebody asks for YAML.

use super::text::Text;
use super::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

/// The kinds that are watched all the time. Any other kind is opened as a server-side table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// `pods`
    Pod,
    /// `deployments.apps`
    Deployment,
    /// `replicasets.apps`
    ReplicaSet,
    /// `statefulsets.apps`
    StatefulSet,
    /// `daemonsets.apps`
    DaemonSet,
    /// `jobs.batch`
    Job,
    /// `cronjobs.batch`
    CronJob,
    /// `namespaces`
    Namespace,
    /// `nodes`
    Node,
}

impl Kind {
    /// Every watched kind, workloads before pods so that owners are known when pods arrive.
    pub const ALL: [Self; 9] = [
        Self::Namespace,
        Self::Node,
        Self::CronJob,
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::Job,
        Self::ReplicaSet,
        Self::Pod,
    ];

    /// The plural resource name in the API path: `pods`.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Pod => "pods",
            Self::Deployment => "deployments",
            Self::ReplicaSet => "replicasets",
            Self::StatefulSet => "statefulsets",
            Self::DaemonSet => "daemonsets",
            Self::Job => "jobs",
            Self::CronJob => "cronjobs",
            Self::Namespace => "namespaces",
            Self::Node => "nodes",
        }
    }

    /// The name in `kind:` and in owner references: `Pod`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pod => "Pod",
            Self::Deployment => "Deployment",
            Self::ReplicaSet => "ReplicaSet",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::Namespace => "Namespace",
            Self::Node => "Node",
        }
    }

    /// The API group, empty for the core group.
    pub const fn group(self) -> &'static str {
        match self {
            Self::Pod | Self::Namespace | Self::Node => "",
            Self::Deployment | Self::ReplicaSet | Self::StatefulSet | Self::DaemonSet => "apps",
            Self::Job | Self::CronJob => "batch",
        }
    }

    /// Whether objects of this kind live in a namespace.
    pub const fn namespaced(self) -> bool {
        !matches!(self, Self::Namespace | Self::Node)
    }

    /// The kind of an owner reference or manifest, `None` when it is not one of the watched.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Label pairs, sorted by key. Rows of one template share one allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Labels(pub Arc<[(Text, Text)]>);

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter())
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(|pairs| Self(pairs.into()))
    }
}

impl Labels {
    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Text> {
        let at = self.0.binary_search_by(|(k, _)| k.as_str().cmp(key)).ok()?;
        Some(&self.0[at].1)
    }
}

/// What every object has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// `metadata.uid`
    pub uid: Text,
    /// `metadata.namespace`, empty for cluster-scoped objects.
    pub namespace: Text,
    /// `metadata.name`
    pub name: Text,
    /// `metadata.creationTimestamp`
    pub created: Timestamp,
    /// `metadata.deletionTimestamp`
    pub deleted: Option<Timestamp>,
    /// `metadata.labels`
    pub labels: Labels,
    /// The annotation `meta.helm.sh/release-name`.
    pub helm_release: Option<Text>,
    /// The controlling owner, or the first one.
    pub owner: Option<Owner>,
    /// Why the object could not be read; the row then holds its name and nothing else.
    pub unreadable: Option<Text>,
}

/// An owner reference.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Owner {
    /// `kind`, as written (an owner may be a custom resource).
    pub kind: Text,
    /// `name`
    pub name: Text,
    /// `uid`
    pub uid: Text,
}

/// A pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pod {
    /// Identity and labels.
    pub meta: Meta,
    /// `spec.nodeName`, empty while unscheduled.
    pub node: Text,
    /// `status.phase` as written.
    pub phase: Text,
    /// `status.reason` (`Evicted`, `NodeLost`), empty as a rule.
    pub reason: Text,
    /// `status.podIP`
    pub ip: Text,
    /// `status.nominatedNodeName`
    pub nominated_node: Text,
    /// Readiness gates: how many are true, how many there are.
    pub readiness_gates: (u8, u8),
    /// The conditions that rules look at.
    pub conditions: Box<[Condition]>,
    /// `spec.initContainers` with their status, in order.
    pub init_containers: Box<[Container]>,
    /// `spec.containers` with their status, in order.
    pub containers: Box<[Container]>,
    /// `spec.ephemeralContainers` with their status: what somebody looks into the pod with.
    pub ephemeral_containers: Box<[Container]>,
}

/// What a container is in its pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It runs before the others, or beside them as a sidecar.
    Init,
    /// What the pod is for.
    Main,
    /// It was added to look into the pod; no rule about the pod asks for it.
    Ephemeral,
}

impl Pod {
    /// All containers, in the order in which they begin.
    pub fn all_containers(&self) -> impl Iterator<Item = (&Container, Role)> {
        let with = |role| move |container| (container, role);
        let init = self.init_containers.iter().map(with(Role::Init));
        let main = self.containers.iter().map(with(Role::Main));
        let ephemeral = self.ephemeral_containers.iter();
        init.chain(main).chain(ephemeral.map(with(Role::Ephemeral)))
    }
}

/// A condition of a pod, workload or node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// `type`: `Ready`, `PodScheduled`, `Available`, `Progressing`, ...
    pub kind: Text,
    /// `status`
    pub status: Truth,
    /// `reason`
    pub reason: Text,
    /// `message`, kept only where `status` is not the healthy one.
    pub message: Text,
    /// `lastTransitionTime`
    pub since: Option<Timestamp>,
}

/// The three values of a condition's `status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Truth {
    /// `True`
    True,
    /// `False`
    False,
    /// `Unknown`, or anything else.
    #[default]
    Unknown,
}

/// A container of a pod: its spec's name and image and its status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// `name`
    pub name: Text,
    /// `image` of the spec.
    pub image: Text,
    /// An init container with `restartPolicy: Always` (a sidecar).
    pub sidecar: bool,
    /// `ready`
    pub ready: bool,
    /// `started`, false when absent.
    pub started: bool,
    /// Its place in the list of statuses (the kubelet sorts that list by name); kubectl's STATUS
    /// depends on it.
    pub place: u8,
    /// `restartCount`
    pub restarts: u32,
    /// `state`
    pub state: State,
    /// `lastState.terminated`
    pub last: Option<Box<Terminated>>,
}

/// The state of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// The status says nothing about the container yet.
    #[default]
    Unknown,
    /// `waiting`
    Waiting {
        /// `CrashLoopBackOff`, `ImagePullBackOff`, `ContainerCreating`, ...
        reason: Text,
        /// The kubelet's sentence.
        message: Text,
    },
    /// `running`
    Running {
        /// `startedAt`
        since: Option<Timestamp>,
    },
    /// `terminated`
    Terminated(Box<Terminated>),
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminated {
    /// `Completed`, `Error`, `OOMKilled`, ...
    pub reason: Text,
    /// `exitCode`
    pub exit_code: i32,
    /// `signal`, 0 when none.
    pub signal: i32,
    /// The termination message.
    pub message: Text,
    /// `startedAt`
    pub started: Option<Timestamp>,
    /// `finishedAt`
    pub finished: Option<Timestamp>,
}

/// A Deployment, `ReplicaSet`, `StatefulSet`, `DaemonSet`, Job or `CronJob`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workload {
    /// Which of them.
    pub kind: Kind,
    /// Identity and labels.
    pub meta: Meta,
    /// `spec.replicas`, `desiredNumberScheduled`, `completions`; 0 for a `CronJob`.
    pub desired: u32,
    /// `status.replicas` or its counterpart: pods that exist.
    pub current: u32,
    /// `status.readyReplicas`, `numberReady`, `succeeded`.
    pub ready: u32,
    /// `status.updatedReplicas`, `updatedNumberScheduled`; `active` for Jobs and `CronJobs`.
    pub updated: u32,
    /// `status.availableReplicas`, `numberAvailable`.
    pub available: u32,
    /// `status.failed` of a Job.
    pub failed: u32,
    /// `spec.paused` of a Deployment, `spec.suspend` of a Job or `CronJob`.
    pub paused: bool,
    /// `metadata.generation` is ahead of `status.observedGeneration`.
    pub unobserved: bool,
    /// The annotation `deployment.kubernetes.io/revision`, or the update revision's name.
    pub revision: Text,
    /// Labels of the pod template (the version label stands here first).
    pub template_labels: Labels,
    /// Container names and images of the pod template, in order.
    pub images: Box<[(Text, Text)]>,
    /// `spec.schedule` of a `CronJob`, else empty.
    pub schedule: Text,
    /// `status.lastScheduleTime` of a `CronJob`, `status.completionTime` of a Job.
    pub last_time: Option<Timestamp>,
    /// `status.startTime` of a Job.
    pub started: Option<Timestamp>,
    /// `Available`, `Progressing`, `ReplicaFailure`, `Complete`, `Failed`, `Suspended`.
    pub conditions: Box<[Condition]>,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Identity and labels.
    pub meta: Meta,
    /// `spec.unschedulable`
    pub cordoned: bool,
    /// From `node-role.kubernetes.io/*`, sorted, comma separated; `<none>` when none.
    pub roles: Text,
    /// `status.nodeInfo.kubeletVersion`
    pub version: Text,
    /// The address of type `InternalIP`.
    pub internal_ip: Text,
    /// `status.nodeInfo.osImage`
    pub os_image: Text,
    /// `status.nodeInfo.kernelVersion`
    pub kernel: Text,
    /// `status.nodeInfo.containerRuntimeVersion`
    pub runtime: Text,
    /// Allocatable CPU in millicores.
    pub cpu_milli: u64,
    /// Allocatable memory in bytes.
    pub memory: u64,
    /// Allocatable pods.
    pub max_pods: u32,
    /// `key=value:effect`, as many as there are.
    pub taints: Box<[Text]>,
    /// All conditions.
    pub conditions: Box<[Condition]>,
}

/// A namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Namespace {
    /// Identity and labels.
    pub meta: Meta,
    /// `status.phase`: `Active` or `Terminating`.
    pub phase: Text,
}

/// Any watched row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Row {
    /// A pod.
    Pod(Pod),
    /// Deployment, `ReplicaSet`, `StatefulSet`, `DaemonSet`, Job, `CronJob`.
    Workload(Workload),
    /// A node.
    Node(Node),
    /// A namespace.
    Namespace(Namespace),
}

impl Row {
    /// What every object has.
    pub fn meta(&self) -> &Meta {
        match self {
            Self::Pod(row) => &row.meta,
            Self::Workload(row) => &row.meta,
            Self::Node(row) => &row.meta,
            Self::Namespace(row) => &row.meta,
        }
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Pod(_) => Kind::Pod,
            Self::Workload(row) => row.kind,
            Self::Node(_) => Kind::Node,
            Self::Namespace(_) => Kind::Namespace,
        }
    }
}
