//! The `ReplicaSet` controller: as many pods of one template as the spec says.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::context::{Context, Key, Task};
use super::event::{Source, Story};
use super::json::{int, set, text};
use super::pod::{self, Birth, Owner};
use super::summary::{Phase, Summary};
use crate::demo::clock::stamp;
use crate::demo::kinds::{PODS, REPLICASETS};

const SOURCE: Source<'static> = Source::component("replicaset-controller");

/// Pods made or deleted in one go, so that a scale to thousands leaves room for others.
const BURST: usize = 500;

/// Counts of a `ReplicaSet`'s pods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Pods that are neither leaving nor finished.
    pub replicas: i64,
    /// Those that are ready.
    pub ready: i64,
    /// Those that have been ready for `minReadySeconds`.
    pub available: i64,
}

impl Counts {
    /// Counts pods by what is known of them.
    pub fn of<'a>(pods: impl Iterator<Item = &'a Summary>, min_ready: i64, now: Timestamp) -> Self {
        pods.filter(|pod| pod.is_active())
            .fold(Self::default(), |sum, pod| Self {
                replicas: sum.replicas + 1,
                ready: sum.ready + i64::from(pod.ready),
                available: sum.available + i64::from(pod.is_available(min_ready, now)),
            })
    }
}

/// Makes pods where there are too few, asks pods to go where there are too many, and reports.
pub fn sync(context: &mut Context<'_>, key: &Key) {
    let Some(object) = context.store.get(&REPLICASETS, &key.namespace, &key.name) else {
        return;
    };
    let set = object.value();
    if pod::is_leaving(&set) {
        return;
    }
    let pods = context.active_pods(&object.uid);
    let wanted = usize::try_from(int(&set, "/spec/replicas").unwrap_or(1)).unwrap_or(0);
    if pods.len() < wanted {
        let missing = wanted - pods.len();
        for _ in 0..missing.min(BURST) {
            make_pod(context, &set);
        }
    } else {
        let mut surplus = pods;
        // The least useful go first: unbound, pending, not ready, then the youngest.
        surplus.sort_by_key(|(_, s)| {
            (
                s.is_bound(),
                s.phase == Phase::Running,
                s.ready,
                std::cmp::Reverse(s.created),
            )
        });
        let excess = surplus.len() - wanted;
        for (pod, _) in surplus.iter().take(excess.min(BURST)) {
            context.delete_pod(pod);
            let message = format!("Deleted pod: {}", pod.name);
            context.tell(&set, &Story::normal(SOURCE, "SuccessfulDelete", &message));
        }
    }
    report(context, key, &set);
}

fn make_pod(context: &mut Context<'_>, set: &Value) {
    let owner = Owner::of(set);
    let generate_name = format!("{}-", owner.name);
    let birth = Birth {
        namespace: text(set, "/metadata/namespace"),
        name: format!("{generate_name}{}", context.random.suffix(5)),
        generate_name,
        uid: context.random.uid(),
        at: context.now,
        owner: Some(&owner),
    };
    let pod = pod::from_template(&set["spec"]["template"], &birth, context.random);
    match context.store.create(&PODS, pod) {
        Ok(made) => {
            let message = format!("Created pod: {}", made.name);
            context.tell(set, &Story::normal(SOURCE, "SuccessfulCreate", &message));
        }
        Err(error) => {
            let message = format!("Error creating: {}", error.message);
            context.tell(set, &Story::warning(SOURCE, "FailedCreate", &message));
        }
    }
}

fn report(context: &mut Context<'_>, key: &Key, set: &Value) {
    let min_ready = int(set, "/spec/minReadySeconds").unwrap_or(0);
    // Pods that were made or asked to go just now are known by the next round, which they cause.
    let pods = context.owned_pods(text(set, "/metadata/uid"));
    let counts = Counts::of(pods.iter().map(|(_, pod)| pod), min_ready, context.now);
    if counts.available < counts.ready {
        let soonest = pods
            .iter()
            .filter(|(_, p)| p.ready && !p.is_available(min_ready, context.now))
            .map(|(_, p)| p.ready_since)
            .min();
        if let Some(since) = soonest {
            context.agenda.at(
                since + jiff::SignedDuration::from_secs(min_ready),
                Task::Sync(&REPLICASETS, key.clone()),
            );
        }
    }
    let generation = int(set, "/metadata/generation");
    context.change(&REPLICASETS, key, |set| {
        write_status(set, counts, generation);
    });
}

/// Writes the counts into a `ReplicaSet`'s status.
pub fn write_status(set_object: &mut Value, counts: Counts, generation: Option<i64>) {
    let mut status = json!({"replicas": counts.replicas});
    let parts = [
        ("fullyLabeledReplicas", counts.replicas),
        ("readyReplicas", counts.ready),
        ("availableReplicas", counts.available),
    ];
    for (name, count) in parts {
        if count != 0 {
            status[name] = count.into();
        }
    }
    if let Some(generation) = generation {
        status["observedGeneration"] = generation.into();
    }
    set(set_object, &["status"], status);
}

/// What a Deployment gives a `ReplicaSet` of its own.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The Deployment.
    pub deployment: &'a Value,
    /// The template to run; the hash label is added here.
    pub template: &'a Value,
    /// Hash of that template.
    pub hash: &'a str,
    /// Pods to run.
    pub replicas: i64,
    /// Revision number.
    pub revision: i64,
    /// Pods that may run at once during a rollout.
    pub max_replicas: i64,
    /// Identity.
    pub uid: String,
    /// Moment of creation.
    pub at: Timestamp,
}

/// A new `ReplicaSet` of a Deployment.
pub fn build(plan: &Plan<'_>) -> Value {
    let deployment = plan.deployment;
    let mut template = plan.template.clone();
    set(
        &mut template,
        &["metadata", "labels", "pod-template-hash"],
        plan.hash,
    );
    let mut selector = deployment["spec"]["selector"].clone();
    set(
        &mut selector,
        &["matchLabels", "pod-template-hash"],
        plan.hash,
    );
    let mut annotations = inherited_annotations(deployment);
    set(
        &mut annotations,
        &["deployment.kubernetes.io/desired-replicas"],
        int(deployment, "/spec/replicas").unwrap_or(1).to_string(),
    );
    set(
        &mut annotations,
        &["deployment.kubernetes.io/max-replicas"],
        plan.max_replicas.to_string(),
    );
    set(
        &mut annotations,
        &["deployment.kubernetes.io/revision"],
        plan.revision.to_string(),
    );
    let mut spec = json!({"replicas": plan.replicas, "selector": selector, "template": template});
    if let Some(seconds) = int(deployment, "/spec/minReadySeconds").filter(|seconds| *seconds > 0) {
        spec["minReadySeconds"] = seconds.into();
    }
    json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{}", text(deployment, "/metadata/name"), plan.hash),
            "namespace": deployment["metadata"]["namespace"],
            "uid": plan.uid,
            "creationTimestamp": stamp(plan.at),
            "labels": spec["template"]["metadata"]["labels"],
            "annotations": annotations,
            "ownerReferences": [Owner::of(deployment).reference()],
        },
        "spec": spec,
        "status": {"replicas": 0},
    })
}

/// The annotations that a `ReplicaSet` takes over from its Deployment.
pub fn inherited_annotations(deployment: &Value) -> Value {
    let mut annotations = deployment["metadata"]["annotations"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    annotations.remove("deployment.kubernetes.io/revision");
    Value::Object(annotations)
}
