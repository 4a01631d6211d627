//! Workloads with their history: Deployments with a `ReplicaSet` per revision, `StatefulSet`s and
//! `DaemonSet`s with `ControllerRevision`s, `CronJob`s with their latest jobs, and the pods of each.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::builder::{Builder, Mood, Name, metadata};
use crate::demo::clock::stamp;
use crate::demo::control::deployment::{self, Bounds, Progress};
use crate::demo::control::hash::template_hash;
use crate::demo::control::json::{set, text};
use crate::demo::control::managed;
use crate::demo::control::pod::Owner;
use crate::demo::control::replicaset::{self, Counts, Plan};
use crate::demo::control::{daemonset, revision, statefulset, status};
use crate::demo::kinds::{
    CONTROLLERREVISIONS, DAEMONSETS, DEPLOYMENTS, Kind, PERSISTENTVOLUMECLAIMS, PODS, REPLICASETS,
    STATEFULSETS,
};

/// A workload to be made.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Labels of the workload.
    pub labels: Value,
    /// Annotations of the workload.
    pub annotations: Value,
    /// Labels that select its pods.
    pub selector: Value,
    /// Pod templates, the oldest revision first, each with its change cause and moment.
    pub revisions: Vec<Revision>,
    /// Replicas.
    pub replicas: usize,
    /// Who applied it, for `managedFields`.
    pub manager: &'static str,
}

/// One revision of a workload.
#[derive(Debug, Clone)]
pub struct Revision {
    /// Its pod template.
    pub template: Value,
    /// Why it was rolled out; empty for no word.
    pub cause: String,
    /// When it was rolled out.
    pub at: Timestamp,
}

/// A Deployment that rolls, or one that stops the old pod first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// `RollingUpdate` with the default bounds.
    Rolling,
    /// `Recreate`.
    Recreate,
}

/// How many pods of a Deployment are of its last revision and what they are doing; the others
/// are still of the revision before and well.
#[derive(Debug)]
pub struct Crew {
    /// Moods of the pods of the last revision, with their moment of birth.
    pub new: Vec<(Mood, Timestamp)>,
    /// Moments of birth of the pods that are left of the revision before.
    pub old: Vec<Timestamp>,
}

impl Workload {
    fn object(&self, builder: &mut Builder<'_>, kind: &str, spec: Value) -> Value {
        let born = self
            .revisions
            .first()
            .map_or(builder.now, |revision| revision.at);
        let mut object = json!({
            "apiVersion": "apps/v1",
            "kind": kind,
            "metadata": metadata(&self.namespace, &self.name, &self.labels, born),
        });
        object["spec"] = spec;
        object["metadata"]["uid"] = builder.random.uid().into();
        object["metadata"]["generation"] = self.revisions.len().into();
        if self.annotations.is_object() {
            object["metadata"]["annotations"] = self.annotations.clone();
        }
        if let Some(cause) = self
            .revisions
            .last()
            .map(|revision| revision.cause.as_str())
            .filter(|cause| !cause.is_empty())
        {
            set(
                &mut object,
                &["metadata", "annotations", "kubernetes.io/change-cause"],
                cause,
            );
        }
        let mut fields = json!({"f:spec": managed::fields_of(&object["spec"])});
        fields["f:metadata"]["f:labels"] = managed::fields_of(&object["metadata"]["labels"]);
        let changed = self.revisions.last().map_or(born, |revision| revision.at);
        object["metadata"]["managedFields"] = json!([managed::entry(
            self.manager,
            "apps/v1",
            &stamp(changed),
            None,
            fields
        )]);
        object
    }

    fn template(&self) -> Value {
        self.revisions
            .last()
            .map_or(Value::Null, |revision| revision.template.clone())
    }
}

/// Makes a Deployment with its history. Gives it back, and its pods, which the caller hands on
/// when it has told what there is to tell about them.
pub fn deployment(
    builder: &mut Builder<'_>,
    workload: &Workload,
    strategy: Strategy,
    crew: &Crew,
) -> (Value, Vec<Value>) {
    let wanted = i64::try_from(workload.replicas).unwrap_or(0);
    let rollout = match strategy {
        Strategy::Rolling => {
            json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}})
        }
        Strategy::Recreate => json!({"type": "Recreate"}),
    };
    let spec = json!({
        "replicas": wanted,
        "selector": {"matchLabels": workload.selector},
        "template": workload.template(),
        "strategy": rollout,
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
    });
    let mut object = workload.object(builder, "Deployment", spec);
    set(
        &mut object,
        &[
            "metadata",
            "annotations",
            "deployment.kubernetes.io/revision",
        ],
        workload.revisions.len().to_string(),
    );
    let mut pods = Vec::with_capacity(crew.new.len() + crew.old.len());
    let mut sets = Vec::with_capacity(workload.revisions.len());
    let mut progress = Progress {
        wanted,
        ..Progress::default()
    };
    for at in 0..workload.revisions.len() {
        let births = crew.of_revision(at, workload.revisions.len());
        let mut set_object = replica_set(builder, workload, &object, at, births.len());
        let first = pods.len();
        staff(builder, &set_object, births, &mut pods);
        let counts = count(&pods[first..]);
        let generation = if at + 1 == workload.revisions.len() {
            1
        } else {
            2
        };
        set_object["metadata"]["generation"] = generation.into();
        replicaset::write_status(&mut set_object, counts, Some(generation));
        progress.add(counts, text(&set_object, "/metadata/name"));
        sets.push(set_object);
    }
    report(builder.now, workload, &mut object, crew, &progress, &pods);
    builder.put(&DEPLOYMENTS, object.clone());
    for set_object in sets {
        builder.put(&REPLICASETS, set_object);
    }

    (object, pods)
}

impl Crew {
    /// A crew that has been well since the last rollout.
    pub fn well(births: impl Iterator<Item = Timestamp>) -> Self {
        Self {
            new: births.map(|born| (Mood::Well, born)).collect(),
            old: Vec::new(),
        }
    }

    fn of_revision(&self, at: usize, revisions: usize) -> Vec<(Mood, Timestamp)> {
        match revisions - at {
            1 => self.new.clone(),
            2 => self.old.iter().map(|born| (Mood::Well, *born)).collect(),
            _ => Vec::new(),
        }
    }

    /// The last revision has served at some time.
    fn was_up(&self) -> bool {
        let up = |mood: &Mood| matches!(mood, Mood::Well | Mood::Unready(_) | Mood::Recovered(..));
        self.old.is_empty() && self.new.iter().all(|(mood, _)| up(mood))
    }
}

fn replica_set(
    builder: &mut Builder<'_>,
    workload: &Workload,
    object: &Value,
    at: usize,
    replicas: usize,
) -> Value {
    let revision = &workload.revisions[at];
    let wanted = i64::try_from(workload.replicas).unwrap_or(0);
    let hash = template_hash(&revision.template);
    let plan = Plan {
        deployment: object,
        template: &revision.template,
        hash: &hash,
        replicas: i64::try_from(replicas).unwrap_or(0),
        revision: i64::try_from(at + 1).unwrap_or(1),
        max_replicas: wanted + Bounds::of(object, wanted).surge,
        uid: builder.random.uid(),
        at: revision.at,
    };
    let mut made = replicaset::build(&plan);
    if !revision.cause.is_empty() {
        set(
            &mut made,
            &["metadata", "annotations", "kubernetes.io/change-cause"],
            revision.cause.as_str(),
        );
    }
    made
}

fn staff(
    builder: &mut Builder<'_>,
    set_object: &Value,
    births: Vec<(Mood, Timestamp)>,
    pods: &mut Vec<Value>,
) {
    let owner = Owner::of(set_object);
    let namespace = text(set_object, "/metadata/namespace");
    for (mood, born) in births {
        let mut pod = builder.pod(
            &set_object["spec"]["template"],
            namespace,
            Name::Drawn(&owner.name),
            Some(&owner),
            born,
        );
        builder.live(&mut pod, born, &mood, None);
        pods.push(pod);
    }
}

fn count(pods: &[Value]) -> Counts {
    pods.iter().fold(Counts::default(), |sum, pod| {
        let ready = i64::from(status::is_ready(pod));
        Counts {
            replicas: sum.replicas + 1,
            ready: sum.ready + ready,
            available: sum.available + ready,
        }
    })
}

/// Writes the Deployment's status as it came about: complete at its last good moment, then as it
/// is now. That is how its conditions get their times.
fn report(
    now: Timestamp,
    workload: &Workload,
    object: &mut Value,
    crew: &Crew,
    progress: &Progress,
    pods: &[Value],
) {
    let rolled = workload
        .revisions
        .last()
        .map_or(now, |revision| revision.at);
    let whole = Progress {
        replicas: progress.wanted,
        updated: progress.wanted,
        ready: progress.wanted,
        available: progress.wanted,
        ..progress.clone()
    };
    if crew.was_up() {
        deployment::write_status(
            object,
            &whole,
            (rolled + SignedDuration::from_secs(25)).min(now),
        );
        deployment::write_status(object, progress, unready_since(pods).unwrap_or(now));
        return;
    }
    if let [.., before, last] = workload.revisions.as_slice() {
        let set_name = format!("{}-{}", workload.name, template_hash(&before.template));
        deployment::write_status(
            object,
            &Progress { set_name, ..whole },
            before.at.min(last.at),
        );
    }
    let moved = if crew.old.is_empty() {
        rolled
    } else {
        crew.new
            .iter()
            .map(|(_, born)| *born)
            .max()
            .unwrap_or(rolled)
    };
    deployment::write_status(object, progress, moved);
    // A rollout that has not moved for longer than its deadline says so.
    let deadline = moved + SignedDuration::from_secs(600);
    if deadline <= now {
        deployment::write_status(object, progress, deadline);
    }
}

fn unready_since(pods: &[Value]) -> Option<Timestamp> {
    pods.iter()
        .filter(|pod| !status::is_ready(pod))
        .filter_map(status::ready_since)
        .max()
}

/// Makes a `StatefulSet` with its volumes, its history and its pods.
pub fn stateful_set(builder: &mut Builder<'_>, workload: &Workload, size: &str) {
    let spec = json!({
        "replicas": workload.replicas,
        "serviceName": format!("{}-headless", workload.name),
        "podManagementPolicy": "OrderedReady",
        "revisionHistoryLimit": 10,
        "selector": {"matchLabels": workload.selector},
        "template": workload.template(),
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        "volumeClaimTemplates": [{
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "data", "labels": workload.selector},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, "volumeMode": "Filesystem"},
            "status": {"phase": "Pending"},
        }],
    });
    let mut object = workload.object(builder, "StatefulSet", spec);
    let history = history(builder, workload, &object);
    let hash = template_hash(&object["spec"]["template"]);
    let born = workload
        .revisions
        .last()
        .map_or(builder.now, |revision| revision.at);
    let mut pods = Vec::new();
    for ordinal in 0..workload.replicas {
        let at = (born + SignedDuration::from_secs(8 * i64::try_from(ordinal).unwrap_or(0)))
            .min(builder.now);
        let first = workload
            .revisions
            .first()
            .map_or(at, |revision| revision.at);
        let claim = statefulset::claim(&object, ordinal, &builder.random.uid(), first);
        builder.put(&PERSISTENTVOLUMECLAIMS, bound(claim));
        let uid = builder.random.uid();
        let mut pod = statefulset::pod(&object, &hash, ordinal, uid, at, &mut builder.random);
        builder.live(&mut pod, at, &Mood::Well, None);
        pods.push(pod);
    }
    let count = i64::try_from(workload.replicas).unwrap_or(0);
    statefulset::write_status(&mut object, &statefulset::Tally::all_well(count, &hash));
    put_all(builder, &STATEFULSETS, object, history, pods);
}

/// A claim that has its volume.
fn bound(mut claim: Value) -> Value {
    let size = claim["spec"]["resources"]["requests"]["storage"].clone();
    let volume = format!("pvc-{}", text(&claim, "/metadata/uid"));
    set(&mut claim, &["spec", "volumeName"], volume);
    set(&mut claim, &["spec", "storageClassName"], "fast-ssd");
    claim["status"] =
        json!({"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": size}});
    claim
}

/// Makes a `DaemonSet` with its history and a pod on each node that its pods tolerate.
pub fn daemon_set(builder: &mut Builder<'_>, workload: &Workload, everywhere: bool) {
    let spec = json!({
        "revisionHistoryLimit": 10,
        "selector": {"matchLabels": workload.selector},
        "template": workload.template(),
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
    });
    let mut object = workload.object(builder, "DaemonSet", spec);
    set(
        &mut object,
        &[
            "metadata",
            "annotations",
            "deprecated.daemonset.template.generation",
        ],
        workload.revisions.len().to_string(),
    );
    let history = history(builder, workload, &object);
    let hash = template_hash(&object["spec"]["template"]);
    let born = workload
        .revisions
        .last()
        .map_or(builder.now, |revision| revision.at);
    let places: Vec<usize> = (0..builder.nodes.all.len())
        .filter(|at| everywhere || !builder.nodes.all[*at].control_plane)
        .collect();
    let mut pods = Vec::new();
    for at in places {
        let node = builder.nodes.all[at].name.clone();
        let uid = builder.random.uid();
        let mut pod = daemonset::pod(&object, &hash, &node, uid, born, &mut builder.random);
        builder.live(&mut pod, born, &Mood::Well, Some(at));
        pods.push(pod);
    }
    daemonset::write_status(
        &mut object,
        daemonset::Tally::all_well(i64::try_from(pods.len()).unwrap_or(0)),
    );
    put_all(builder, &DAEMONSETS, object, history, pods);
}

/// The workload's `ControllerRevision`s, the oldest first.
fn history(builder: &mut Builder<'_>, workload: &Workload, object: &Value) -> Vec<Value> {
    let mut made = Vec::with_capacity(workload.revisions.len());
    for (number, entry) in (1..).zip(&workload.revisions) {
        let mut owner = object.clone();
        owner["spec"]["template"] = entry.template.clone();
        if !entry.cause.is_empty() {
            set(
                &mut owner,
                &["metadata", "annotations", "kubernetes.io/change-cause"],
                entry.cause.as_str(),
            );
        }
        made.push(revision::build(
            &owner,
            number,
            &builder.random.uid(),
            entry.at,
        ));
    }
    made
}

/// Hands a workload on, then its history, then its pods.
fn put_all(
    builder: &mut Builder<'_>,
    kind: &'static Kind,
    object: Value,
    history: Vec<Value>,
    pods: Vec<Value>,
) {
    builder.put(kind, object);
    for revision in history {
        builder.put(&CONTROLLERREVISIONS, revision);
    }

    for pod in pods {
        builder.put(&PODS, pod);
    }
}
