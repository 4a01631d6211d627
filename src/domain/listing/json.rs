//! What `quarterdeck get -o json` prints. Field names are a promise: scripts rely on them.
//!
//! Times are RFC 3339 in UTC; what is not known is an empty text or `null`.

use super::Listed;
use crate::domain::fleet::{NamespaceRow, NodeRow, PodRef, ProjectRow, ReleaseRow, WorkloadRow};
use crate::domain::health::{Cause, Health};
use crate::domain::rows::{Container, Labels, Role};
use crate::domain::time::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// A project.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the columns of the console")]
pub struct ProjectJson {
    pub name: String,
    /// False for what carries no project label.
    pub labelled: bool,
    pub department: String,
    pub owner: String,
    pub environments: Vec<String>,
    pub namespaces: Vec<String>,
    pub releases: u32,
    /// Pods that are ready, of `pods_total`.
    pub pods_ready: u32,
    pub pods_total: u32,
    pub restarts_last_hour: u32,
    pub health: Health,
    /// One sentence, empty when healthy.
    pub cause: String,
    pub changed: Option<String>,
    pub version: String,
    pub created: Option<String>,
}

/// A release.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the columns of the console")]
pub struct ReleaseJson {
    pub namespace: String,
    pub name: String,
    pub project: String,
    pub department: String,
    pub owner: String,
    pub environment: String,
    pub version: String,
    pub versions: Vec<String>,
    pub revision: String,
    /// Replicas that are ready, of `desired`.
    pub ready: u32,
    pub desired: u32,
    pub workloads: u32,
    pub restarts_last_hour: u32,
    pub health: Health,
    /// One sentence, empty when healthy.
    pub cause: String,
    pub changed: Option<String>,
    pub created: Option<String>,
}

/// A workload.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the columns of the console")]
pub struct WorkloadJson {
    pub namespace: String,
    pub kind: String,
    pub name: String,
    pub project: String,
    pub release: String,
    pub version: String,
    pub revision: String,
    pub ready: u32,
    pub desired: u32,
    pub updated: u32,
    pub available: u32,
    pub restarts_last_hour: u32,
    pub health: Health,
    /// One sentence, empty when healthy.
    pub cause: String,
    pub changed: Option<String>,
    pub created: Option<String>,
}

/// A pod.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the columns of the console")]
pub struct PodJson {
    pub namespace: String,
    pub name: String,
    /// STATUS as kubectl prints it.
    pub status: String,
    pub phase: String,
    /// Containers that are ready, of `containers_total`.
    pub ready: u16,
    pub containers_total: u16,
    pub restarts: u32,
    pub last_restart: Option<String>,
    pub health: Health,
    /// One sentence, empty when healthy.
    pub cause: String,
    pub ip: String,
    pub node: String,
    pub project: String,
    pub release: String,
    pub workload: String,
    pub labels: BTreeMap<String, String>,
    pub containers: Vec<ContainerJson>,
    pub created: Option<String>,
}

/// A container of a pod.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the columns of the console")]
pub struct ContainerJson {
    pub name: String,
    pub image: String,
    /// An init container.
    pub init: bool,
    /// A container that was added to look into the pod.
    pub ephemeral: bool,
    pub ready: bool,
    /// `Running`, or why it waits or how it ended.
    pub state: String,
    pub restarts: u32,
    /// The exit code of the run before this one.
    pub last_exit_code: Option<i32>,
}

/// A node.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the columns of the console")]
pub struct NodeJson {
    pub name: String,
    pub status: String,
    pub roles: String,
    pub health: Health,
    /// One sentence, empty when healthy.
    pub cause: String,
    /// Null where only some namespaces are looked at.
    pub pods: Option<u32>,
    pub pods_max: u32,
    /// Allocatable, in thousandths of a core.
    pub cpu_milli: u64,
    /// Allocatable, in bytes.
    pub memory: u64,
    pub version: String,
    pub internal_ip: String,
    pub created: Option<String>,
}

/// A namespace.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the columns of the console")]
pub struct NamespaceJson {
    pub name: String,
    pub status: String,
    pub department: String,
    /// Null, as the next two, where nothing in it is looked at.
    pub releases: Option<u32>,
    pub pods_ready: Option<u32>,
    pub pods_total: Option<u32>,
    pub health: Health,
    /// One sentence, empty when healthy.
    pub cause: String,
    pub created: Option<String>,
}

fn time(at: Timestamp) -> Option<String> {
    (at != Timestamp::default()).then(|| at.to_string())
}

fn sentence(cause: Option<&Cause>, now: Timestamp) -> String {
    cause.map(|cause| cause.sentence(now)).unwrap_or_default()
}

fn texts<T: ToString>(texts: &[T]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

fn cell<T: Listed>(row: &T, column: &str, now: Timestamp) -> String {
    let mut out = String::new();
    row.text(column, now, &mut out);
    out
}

fn labels(labels: &Labels) -> BTreeMap<String, String> {
    labels
        .0
        .iter()
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect()
}

impl ProjectJson {
    /// The row at a point in time.
    pub fn of(row: &ProjectRow, now: Timestamp) -> Self {
        Self {
            name: row.name.to_string(),
            labelled: row.labelled,
            department: row.department.to_string(),
            owner: row.owner.to_string(),
            environments: texts(&row.environments),
            namespaces: texts(&row.namespaces),
            releases: row.releases,
            pods_ready: row.sums.ready,
            pods_total: row.sums.total,
            restarts_last_hour: row.sums.restarts,
            health: row.health,
            cause: sentence(row.cause.as_ref(), now),
            changed: row.changed.as_ref().and_then(|changed| time(changed.at)),
            version: row
                .changed
                .as_ref()
                .map(|changed| changed.version.to_string())
                .unwrap_or_default(),
            created: time(row.created),
        }
    }
}

impl ReleaseJson {
    /// The row at a point in time.
    pub fn of(row: &ReleaseRow, now: Timestamp) -> Self {
        Self {
            namespace: row.namespace.to_string(),
            name: row.name.to_string(),
            project: row.project.to_string(),
            department: row.department.to_string(),
            owner: row.owner.to_string(),
            environment: row.environment.to_string(),
            version: row.version.to_string(),
            versions: texts(&row.versions),
            revision: row.revision.to_string(),
            ready: row.ready,
            desired: row.desired,
            workloads: row.workloads,
            restarts_last_hour: row.sums.restarts,
            health: row.health,
            cause: sentence(row.cause.as_ref(), now),
            changed: row.changed.as_ref().and_then(|changed| time(changed.at)),
            created: time(row.created),
        }
    }
}

impl WorkloadJson {
    /// The row at a point in time.
    pub fn of(row: &WorkloadRow, now: Timestamp) -> Self {
        Self {
            namespace: row.namespace.to_string(),
            kind: row.kind.to_string(),
            name: row.name.to_string(),
            project: row.project.to_string(),
            release: row.release.to_string(),
            version: row.version.to_string(),
            revision: row.revision.to_string(),
            ready: row.ready,
            desired: row.desired,
            updated: row.updated,
            available: row.available,
            restarts_last_hour: row.sums.restarts,
            health: row.health,
            cause: sentence(row.cause.as_ref(), now),
            changed: row.changed.and_then(time),
            created: time(row.created),
        }
    }
}

impl PodJson {
    /// The row at a point in time.
    pub fn of(row: &PodRef<'_>, now: Timestamp) -> Self {
        let status = row.status();
        let pod = row.pod;
        let containers = pod.all_containers();
        Self {
            namespace: pod.meta.namespace.to_string(),
            name: pod.meta.name.to_string(),
            status: cell(row, "status", now),
            phase: pod.phase.to_string(),
            ready: row.ready,
            containers_total: row.total,
            restarts: row.restarts,
            last_restart: status.last_restart.and_then(time),
            health: row.health,
            cause: sentence(row.cause(now).as_ref(), now),
            ip: pod.ip.to_string(),
            node: pod.node.to_string(),
            project: row.workload.project.to_string(),
            release: row.workload.release.to_string(),
            workload: row.workload.name.to_string(),
            labels: labels(&pod.meta.labels),
            containers: containers
                .map(|(container, role)| ContainerJson::of(container, role, now))
                .collect(),
            created: time(pod.meta.created),
        }
    }
}

impl ContainerJson {
    fn of(container: &Container, role: Role, now: Timestamp) -> Self {
        let mut state = String::new();
        super::container_text(container, role, "state", now, &mut state);
        Self {
            name: container.name.to_string(),
            image: container.image.to_string(),
            init: role == Role::Init,
            ephemeral: role == Role::Ephemeral,
            ready: container.ready,
            state: state.split(' ').next().unwrap_or_default().to_owned(),
            restarts: container.restarts,
            last_exit_code: container.last.as_ref().map(|end| end.exit_code),
        }
    }
}

impl NodeJson {
    /// The row at a point in time.
    pub fn of(row: &NodeRow, now: Timestamp) -> Self {
        let node = &row.node;
        Self {
            name: node.meta.name.to_string(),
            status: cell(row, "status", now),
            roles: node.roles.to_string(),
            health: row.health,
            cause: sentence(row.cause.as_ref(), now),
            pods: (!row.partial).then_some(row.pods),
            pods_max: node.max_pods,
            cpu_milli: node.cpu_milli,
            memory: node.memory,
            version: node.version.to_string(),
            internal_ip: node.internal_ip.to_string(),
            created: time(node.meta.created),
        }
    }
}

impl NamespaceJson {
    /// The row at a point in time.
    pub fn of(row: &NamespaceRow, now: Timestamp) -> Self {
        let known = |n: u32| (!row.outside).then_some(n);
        Self {
            name: row.meta.name.to_string(),
            status: row.phase.to_string(),
            department: row.department.to_string(),
            releases: known(row.releases),
            pods_ready: known(row.sums.ready),
            pods_total: known(row.sums.total),
            health: row.health,
            cause: sentence(row.cause.as_ref(), now),
            created: time(row.meta.created),
        }
    }
}
