//! `ControllerRevision`s: the history of `StatefulSet`s and `DaemonSet`s, in the form that
//! `kubectl rollout history` and `undo` read.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::context::{Context, Key};
use super::hash::template_hash;
use super::json::{int, set, text};
use super::pod::Owner;
use crate::demo::clock::stamp;
use crate::demo::kinds::CONTROLLERREVISIONS;
use crate::demo::store::Object;

/// Label that carries the hash of the template on revisions and on a `DaemonSet`'s pods.
pub const HASH_LABEL: &str = "controller-revision-hash";

/// The revision that records the template of `workload` as it is now.
pub fn build(workload: &Value, number: i64, uid: &str, at: Timestamp) -> Value {
    let hash = template_hash(&workload["spec"]["template"]);
    let mut template = workload["spec"]["template"].clone();
    set(&mut template, &["$patch"], "replace");
    let mut labels = workload["spec"]["template"]["metadata"]["labels"].clone();
    set(&mut labels, &[HASH_LABEL], hash.as_str());
    let mut annotations = workload["metadata"]["annotations"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    json!({
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": format!("{}-{hash}", text(workload, "/metadata/name")),
            "namespace": workload["metadata"]["namespace"],
            "uid": uid,
            "creationTimestamp": stamp(at),
            "labels": labels,
            "annotations": annotations,
            "ownerReferences": [Owner::of(workload).reference()],
        },
        "data": {"spec": {"template": template}},
        "revision": number,
    })
}

/// The hash of the template of `workload`, recorded as its newest revision, and the older hashes.
pub fn record(context: &mut Context<'_>, workload: &Value) -> String {
    let hash = template_hash(&workload["spec"]["template"]);
    let mut known: Vec<(i64, Arc<Object>)> = context
        .store
        .owned(&CONTROLLERREVISIONS, text(workload, "/metadata/uid"))
        .into_iter()
        .map(|object| (int(&object.value(), "/revision").unwrap_or(0), object))
        .collect();
    known.sort_by_key(|(number, _)| *number);
    let newest = known.last().map_or(0, |(number, _)| *number);
    match known
        .iter()
        .find(|(_, object)| object.label(HASH_LABEL) == Some(&hash))
    {
        Some((number, _)) if *number == newest => {}
        Some((_, object)) => {
            context.change(&CONTROLLERREVISIONS, &Key::of(object), |value| {
                set(value, &["revision"], newest + 1);
            });
        }
        None => {
            let made = build(workload, newest + 1, &context.random.uid(), context.now);
            // A name that is taken belongs to the same template under another owner's name.
            let _ = context.store.create(&CONTROLLERREVISIONS, made);
            let limit = usize::try_from(int(workload, "/spec/revisionHistoryLimit").unwrap_or(10))
                .unwrap_or(10);
            for (_, object) in known.iter().take(known.len().saturating_sub(limit)) {
                context.remove(&CONTROLLERREVISIONS, &Key::of(object));
            }
        }
    }
    hash
}
