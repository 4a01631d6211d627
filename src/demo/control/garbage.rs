//! Deletion by steps: grace for pods, cascades along `ownerReferences`, namespaces that empty
//! themselves before they go.

use serde_json::{Value, json};

use super::context::{Context, Key, Task};
use super::json::{int, items, list_at, set, text};
use super::pod;
use crate::demo::clock::stamp;
use crate::demo::error::ApiError;
use crate::demo::kinds::{self, EVENTS, Kind, NAMESPACES, PODS};
use crate::demo::store::{Object, Store};
use jiff::SignedDuration;
use std::sync::Arc;

/// A year is as good as for ever, and stays a date.
const LONGEST_GRACE: i64 = 365 * 24 * 3600;

/// What happens to the objects that a deleted object owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Propagation {
    /// The owner goes at once, the owned after it.
    Background,
    /// The owned go first, the owner after them.
    Foreground,
    /// The owned stay, without an owner.
    Orphan,
}

/// Deletes an object as a client asks for it. What goes at once is removed here; the rest is
/// marked and left to the controllers. Gives the object as it was last.
///
/// # Errors
/// `NotFound`.
pub fn request(
    store: &Store,
    kind: &'static Kind,
    namespace: &str,
    name: &str,
    grace: Option<i64>,
    propagation: Propagation,
) -> Result<Arc<Object>, ApiError> {
    let object = store
        .get(kind, namespace, name)
        .ok_or_else(|| ApiError::not_found(kind, name))?;
    let value = object.value();
    let finalizer = match propagation {
        Propagation::Background => None,
        Propagation::Foreground => Some("foregroundDeletion"),
        Propagation::Orphan => Some("orphan"),
    };
    let finalizer = finalizer.filter(|_| *kind != PODS && *kind != NAMESPACES);
    let bound = object
        .field("spec.nodeName")
        .is_some_and(|node| !node.is_empty());
    let ended = matches!(text(&value, "/status/phase"), "Succeeded" | "Failed");
    let grace = if *kind != PODS || !bound || ended {
        0
    } else {
        grace
            .or_else(|| int(&value, "/spec/terminationGracePeriodSeconds"))
            .unwrap_or(30)
            .clamp(0, LONGEST_GRACE)
    };
    let waits = grace > 0
        || *kind == NAMESPACES
        || finalizer.is_some()
        || !items(&value, "/metadata/finalizers").is_empty();
    if !waits {
        return store.delete(kind, namespace, name);
    }
    let now = store.clock().now();
    store.update(kind, namespace, name, |value| {
        if let Some(finalizer) = finalizer {
            let finalizers = list_at(value, &["metadata", "finalizers"]);
            if !finalizers.iter().any(|known| known == finalizer) {
                finalizers.push(finalizer.into());
            }
        }
        let sooner =
            int(value, "/metadata/deletionGracePeriodSeconds").is_none_or(|known| grace < known);
        if sooner {
            set(
                value,
                &["metadata", "deletionTimestamp"],
                stamp(now + SignedDuration::from_secs(grace)),
            );
            set(value, &["metadata", "deletionGracePeriodSeconds"], grace);
        }
        if *kind == NAMESPACES {
            set(value, &["status", "phase"], "Terminating");
        }
        Ok(())
    })
}

/// Finishes what a marked object waits for.
pub fn finalize(context: &mut Context<'_>, kind: &'static Kind, key: &Key) {
    let Some(object) = context.store.get(kind, &key.namespace, &key.name) else {
        return;
    };
    let value = object.value();
    if !pod::is_leaving(&value) {
        return;
    }
    if *kind == NAMESPACES {
        empty_namespace(context, key);
        return;
    }
    let finalizers: Vec<&str> = items(&value, "/metadata/finalizers")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let done = if finalizers.contains(&"orphan") {
        disown(context, &object.uid);
        "orphan"
    } else if finalizers.contains(&"foregroundDeletion") {
        if delete_owned(context, &object.uid) > 0 {
            return;
        }
        "foregroundDeletion"
    } else if finalizers.contains(&"kubernetes.io/pvc-protection") {
        "kubernetes.io/pvc-protection"
    } else if finalizers.is_empty() {
        context.remove(kind, key);
        return;
    } else {
        return;
    };
    context.change(kind, key, |value| {
        list_at(value, &["metadata", "finalizers"]).retain(|finalizer| finalizer != done);
    });
}

/// Deletes what an owner that is gone leaves behind.
pub fn orphans(context: &mut Context<'_>, uid: &str) {
    delete_owned(context, uid);
}

/// Asks everything that `uid` owns to go; says how many objects are still there.
fn delete_owned(context: &mut Context<'_>, uid: &str) -> usize {
    let mut left = 0;
    for kind in kinds::ALL {
        for object in context.store.owned(kind, uid) {
            left += 1;
            delete_one(context, kind, &object);
        }
    }
    left
}

fn delete_one(context: &mut Context<'_>, kind: &'static Kind, object: &Object) {
    if *kind == PODS {
        context.delete_pod(object);
    } else if items(&object.value(), "/metadata/finalizers").is_empty() {
        context.remove(kind, &Key::of(object));
    } else {
        // It is marked; its own finalizers are worked off when the change is seen.
        let _ = request(
            context.store,
            kind,
            &object.namespace,
            &object.name,
            None,
            Propagation::Background,
        );
    }
}

fn disown(context: &mut Context<'_>, uid: &str) {
    for kind in kinds::ALL {
        for object in context.store.owned(kind, uid) {
            context.change(kind, &Key::of(&object), |value| {
                list_at(value, &["metadata", "ownerReferences"])
                    .retain(|owner| text(owner, "/uid") != uid);
            });
        }
    }
}

/// Deletes what is in a namespace and, once it is empty, the namespace.
fn empty_namespace(context: &mut Context<'_>, key: &Key) {
    let mut left = 0;
    for kind in kinds::ALL.iter().filter(|kind| kind.namespaced) {
        for object in context.store.list(kind, Some(&key.name)) {
            left += usize::from(**kind != EVENTS);
            delete_one(context, kind, &object);
        }
    }
    if left > 0 {
        context.change(&NAMESPACES, key, |value| {
            set(value, &["status", "phase"], "Terminating");
        });
        context.after(
            SignedDuration::from_millis(700),
            Task::Finalize(&NAMESPACES, key.clone()),
        );
    } else {
        context.remove(&NAMESPACES, key);
    }
}

/// Gives a new namespace what Kubernetes gives each.
pub fn furnish(context: &mut Context<'_>, name: &str) {
    let account = json!({"metadata": {"name": "default", "namespace": name}});
    let authority = json!({
        "metadata": {"name": "kube-root-ca.crt", "namespace": name},
        "data": {"ca.crt": "-----BEGIN CERTIFICATE-----\n(the demo's own authority is in the kubeconfig)\n-----END CERTIFICATE-----\n"},
    });
    // What is there already is right.
    let _ = context.store.create(&kinds::SERVICEACCOUNTS, account);
    let _ = context.store.create(&kinds::CONFIGMAPS, authority);
    context.change(
        &NAMESPACES,
        &Key {
            namespace: "".into(),
            name: name.into(),
        },
        |value| {
            set(value, &["spec", "finalizers"], json!(["kubernetes"]));
            set(value, &["status", "phase"], "Active");
        },
    );
}
