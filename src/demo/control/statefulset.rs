//! The `StatefulSet` controller: pods with names that stay, made and replaced in order.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::context::{Context, Key};
use super::event::{Source, Story};
use super::json::{int, items, list_at, set, text};
use super::pod::{self, Birth, Owner};
use super::revision;
use super::summary::Summary;
use crate::demo::clock::stamp;
use crate::demo::kinds::{PERSISTENTVOLUMECLAIMS, PODS, STATEFULSETS};
use crate::demo::random::Random;
use crate::demo::store::Object;

const SOURCE: Source<'static> = Source::component("statefulset-controller");

/// What a `StatefulSet`'s status counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Pods there are.
    pub replicas: i64,
    /// Ready pods.
    pub ready: i64,
    /// Pods of the newest revision.
    pub updated: i64,
    /// Pods of the revision before.
    pub current: i64,
    /// Name of the revision that the set comes from.
    pub current_revision: String,
    /// Name of the revision that it goes to.
    pub update_revision: String,
}

impl Tally {
    /// All pods ready and of one revision.
    pub fn all_well(replicas: i64, hash_or_name: &str) -> Self {
        Self {
            replicas,
            ready: replicas,
            updated: replicas,
            current: replicas,
            current_revision: hash_or_name.to_owned(),
            update_revision: hash_or_name.to_owned(),
        }
    }
}

/// The pod of `set` with this ordinal, of the revision whose hash is given.
pub fn pod(
    set_object: &Value,
    hash: &str,
    ordinal: usize,
    uid: String,
    at: Timestamp,
    random: &mut Random,
) -> Value {
    let owner = Owner::of(set_object);
    let name = format!("{}-{ordinal}", owner.name);
    let mut template = set_object["spec"]["template"].clone();
    let labels = [
        ("apps.kubernetes.io/pod-index", ordinal.to_string()),
        (revision::HASH_LABEL, format!("{}-{hash}", owner.name)),
        ("statefulset.kubernetes.io/pod-name", name.clone()),
    ];
    for (key, value) in labels {
        set(&mut template, &["metadata", "labels", key], value);
    }
    let volumes = list_at(&mut template, &["spec", "volumes"]);
    for claim in items(set_object, "/spec/volumeClaimTemplates") {
        let volume = text(claim, "/metadata/name");
        volumes.retain(|known| text(known, "/name") != volume);
        volumes.push(json!({"name": volume, "persistentVolumeClaim": {"claimName": format!("{volume}-{name}")}}));
    }
    if text(&template, "/spec/hostname").is_empty() {
        set(&mut template, &["spec", "hostname"], name.as_str());
        set(
            &mut template,
            &["spec", "subdomain"],
            text(set_object, "/spec/serviceName"),
        );
    }
    let generate_name = format!("{}-", owner.name);
    let birth = Birth {
        namespace: text(set_object, "/metadata/namespace"),
        name,
        generate_name,
        uid,
        at,
        owner: Some(&owner),
    };
    pod::from_template(&template, &birth, random)
}

/// The first volume claim of the pod with this ordinal.
pub fn claim(set_object: &Value, ordinal: usize, uid: &str, at: Timestamp) -> Value {
    claim_from(
        &set_object["spec"]["volumeClaimTemplates"][0],
        set_object,
        ordinal,
        uid,
        at,
    )
}

fn claim_from(
    template: &Value,
    set_object: &Value,
    ordinal: usize,
    uid: &str,
    at: Timestamp,
) -> Value {
    let name = format!(
        "{}-{}-{ordinal}",
        text(template, "/metadata/name"),
        text(set_object, "/metadata/name")
    );
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": name,
            "namespace": set_object["metadata"]["namespace"],
            "uid": uid,
            "creationTimestamp": stamp(at),
            "labels": set_object["spec"]["selector"]["matchLabels"],
            "finalizers": ["kubernetes.io/pvc-protection"],
        },
        "spec": template["spec"],
        "status": {"phase": "Pending"},
    })
}

type Crew = BTreeMap<usize, (Arc<Object>, Summary)>;

/// Brings one `StatefulSet` a step further.
pub fn sync(context: &mut Context<'_>, key: &Key) {
    let Some(object) = context.store.get(&STATEFULSETS, &key.namespace, &key.name) else {
        return;
    };
    let set_object = object.value();
    if pod::is_leaving(&set_object) {
        return;
    }
    let hash = revision::record(context, &set_object);
    let wanted = usize::try_from(int(&set_object, "/spec/replicas").unwrap_or(1)).unwrap_or(0);
    let crew = crew(context, &object);
    step(context, &set_object, &hash, wanted, &crew);
    let update = format!("{}-{hash}", key.name);
    let tally = tally(&crew, &set_object, update);
    context.change(&STATEFULSETS, key, |live| write_status(live, &tally));
}

fn crew(context: &Context<'_>, set_object: &Object) -> Crew {
    let ordinal = |pod: &Object| {
        pod.name
            .strip_prefix(&*set_object.name)?
            .strip_prefix('-')?
            .parse()
            .ok()
    };
    context
        .owned_pods(&set_object.uid)
        .into_iter()
        .filter_map(|(pod, s)| Some((ordinal(&pod)?, (pod, s))))
        .collect()
}

/// Does the one next thing, as an ordered set does; a parallel one does not wait for readiness.
fn step(context: &mut Context<'_>, set_object: &Value, hash: &str, wanted: usize, crew: &Crew) {
    let ordered = text(set_object, "/spec/podManagementPolicy") != "Parallel";
    for ordinal in 0..wanted {
        match crew.get(&ordinal) {
            None => {
                make_pod(context, set_object, hash, ordinal);
                if ordered {
                    return;
                }
            }
            Some((pod, summary)) if summary.is_finished() && !summary.leaving => {
                context.delete_pod(pod);
                return;
            }
            Some((_, summary)) if ordered && (summary.leaving || !summary.ready) => {
                return replace_broken(context, set_object, hash, crew);
            }
            Some(_) => {}
        }
    }
    if let Some((pod, summary)) = crew.range(wanted..).next_back().map(|(_, found)| found) {
        if !summary.leaving {
            remove_pod(context, set_object, pod);
        }
        return;
    }
    roll(context, set_object, hash, crew);
}

/// Replaces outdated pods from the highest ordinal down, one at a time.
fn roll(context: &mut Context<'_>, set_object: &Value, hash: &str, crew: &Crew) {
    if text(set_object, "/spec/updateStrategy/type") == "OnDelete" {
        return;
    }
    let partition = int(set_object, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0);
    let first = usize::try_from(partition).unwrap_or(0);
    for (_, (pod, summary)) in crew.range(first..).rev() {
        if summary.leaving {
            return;
        }
        if !is_of(pod, hash) {
            remove_pod(context, set_object, pod);
            return;
        }
        if !summary.ready {
            return;
        }
    }
}

/// An outdated pod that is not ready is replaced even though the order would wait for it, so that
/// a fixed template heals a set that is stuck on a broken one.
fn replace_broken(context: &mut Context<'_>, set_object: &Value, hash: &str, crew: &Crew) {
    let stuck = crew
        .values()
        .rev()
        .find(|(pod, summary)| !summary.ready && !summary.leaving && !is_of(pod, hash));
    if let Some((pod, _)) = stuck {
        remove_pod(context, set_object, pod);
    }
}

fn is_of(pod: &Object, hash: &str) -> bool {
    pod.label(revision::HASH_LABEL)
        .is_some_and(|label| label.rsplit('-').next() == Some(hash))
}

fn make_pod(context: &mut Context<'_>, set_object: &Value, hash: &str, ordinal: usize) {
    for template in items(set_object, "/spec/volumeClaimTemplates") {
        let mut claim = claim_from(
            template,
            set_object,
            ordinal,
            &context.random.uid(),
            context.now,
        );
        let volume = format!("pvc-{}", text(&claim, "/metadata/uid"));
        set(&mut claim, &["spec", "volumeName"], volume);
        let size = claim["spec"]["resources"]["requests"]["storage"].clone();
        claim["status"] = json!({"phase": "Bound", "accessModes": claim["spec"]["accessModes"], "capacity": {"storage": size}});
        // A claim that is there already is the one of an earlier pod with this ordinal.
        let _ = context.store.create(&PERSISTENTVOLUMECLAIMS, claim);
    }
    let uid = context.random.uid();
    let made = pod(set_object, hash, ordinal, uid, context.now, context.random);
    let name = text(&made, "/metadata/name").to_owned();
    let set_name = text(set_object, "/metadata/name");
    if context.store.create(&PODS, made).is_ok() {
        let message = format!("create Pod {name} in StatefulSet {set_name} successful");
        context.tell(
            set_object,
            &Story::normal(SOURCE, "SuccessfulCreate", &message),
        );
    }
}

fn remove_pod(context: &mut Context<'_>, set_object: &Value, pod: &Object) {
    context.delete_pod(pod);
    let message = format!(
        "delete Pod {} in StatefulSet {} successful",
        pod.name,
        text(set_object, "/metadata/name")
    );
    context.tell(
        set_object,
        &Story::normal(SOURCE, "SuccessfulDelete", &message),
    );
}

fn tally(crew: &Crew, set_object: &Value, update_revision: String) -> Tally {
    let count = |wanted: &dyn Fn(&Object, &Summary) -> bool| {
        i64::try_from(
            crew.values()
                .filter(|(pod, summary)| wanted(pod, summary))
                .count(),
        )
        .unwrap_or(0)
    };
    let of = |pod: &Object, name: &str| pod.label(revision::HASH_LABEL) == Some(name);
    let before = match text(set_object, "/status/currentRevision") {
        "" => update_revision.clone(),
        known => known.to_owned(),
    };
    let mut tally = Tally {
        replicas: count(&|_, _| true),
        ready: count(&|_, summary| summary.ready && !summary.leaving),
        updated: count(&|pod, _| of(pod, &update_revision)),
        current: count(&|pod, _| of(pod, &before)),
        current_revision: before,
        update_revision,
    };
    let wanted = int(set_object, "/spec/replicas").unwrap_or(1);
    if tally.updated == wanted && tally.ready == wanted && tally.replicas == wanted {
        tally.current_revision.clone_from(&tally.update_revision);
        tally.current = tally.updated;
    }
    tally
}

/// Writes the counts into a `StatefulSet`'s status.
pub fn write_status(set_object: &mut Value, tally: &Tally) {
    let name = text(set_object, "/metadata/name").to_owned();
    let full = |revision: &str| {
        if revision.starts_with(&format!("{name}-")) {
            revision.to_owned()
        } else {
            format!("{name}-{revision}")
        }
    };
    let mut status = json!({
        "replicas": tally.replicas,
        "readyReplicas": tally.ready,
        "availableReplicas": tally.ready,
        "updatedReplicas": tally.updated,
        "currentReplicas": tally.current,
        "currentRevision": full(&tally.current_revision),
        "updateRevision": full(&tally.update_revision),
        "collisionCount": 0,
    });
    if let Some(generation) = int(set_object, "/metadata/generation") {
        status["observedGeneration"] = generation.into();
    }
    set(set_object, &["status"], status);
}
