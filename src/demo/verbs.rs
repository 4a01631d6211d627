//! CREATE, UPDATE, PATCH, DELETE and their subresources `status` and `scale`.

use std::sync::Arc;

use hyper::Response;
use serde_json::{Value, json};

use super::{
    body::{self, Body},
    control::garbage::{self, Propagation},
    defaults,
    error::ApiError,
    kinds::{Kind, NAMESPACES, PODS},
    list::single,
    object::Object,
    patch::Patch,
    request::{Form, Query, Target},
    select::Selector,
    store::Store,
};

/// Creates an object.
///
/// # Errors
/// What the store refuses; `NotFound` for a namespace that is not there.
pub fn create(
    store: &Store,
    target: &Target,
    query: &Query,
    form: Form,
    object: Value,
) -> Result<Response<Body>, ApiError> {
    let made = create_object(store, target, query, object)?;
    Ok(single(store, 201, &made, form))
}

fn create_object(
    store: &Store,
    target: &Target,
    query: &Query,
    mut object: Value,
) -> Result<Arc<Object>, ApiError> {
    let kind = target.kind;
    check_type(kind, &object)?;
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    if kind.namespaced {
        let ns = target.ns();
        let named = object["metadata"]["namespace"].as_str().unwrap_or(ns);
        if named != ns {
            return Err(ApiError::bad_request(format!(
                "the namespace of the object ({named}) does not match the namespace on the URL ({ns})"
            )));
        }
        let home = store.get(&NAMESPACES, "", ns);
        let home = home.ok_or_else(|| ApiError::not_found(&NAMESPACES, ns))?;
        if home.field("status.phase") == Some("Terminating") {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            return Err(ApiError::terminating(kind, name, ns));
        }
        object["metadata"]["namespace"] = json!(ns);
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for key in [
            "uid",
            "resourceVersion",
            "creationTimestamp",
            "generation",
            "deletionTimestamp",
        ] {
            metadata.remove(key);
        }
    }
    defaults::fill(kind, &mut object);
    if dry_run(query) {
        object["metadata"]["uid"] = json!("");
        return Ok(Arc::new(Object::new(kind, &object, 0)));
    }
    store.create(kind, object)
}

fn check_type(kind: &Kind, object: &Value) -> Result<(), ApiError> {
    let (version, name) = (
        object["apiVersion"].as_str().unwrap_or_default(),
        object["kind"].as_str().unwrap_or_default(),
    );
    let fits = |told: &str, expected: &str| told.is_empty() || told == expected;
    if object.is_object() && fits(name, kind.kind) && fits(version, &kind.api_version()) {
        Ok(())
    } else {
        Err(ApiError::bad_request(format!(
            "the object provided is {version} {name}, expected {} {}",
            kind.api_version(),
            kind.kind
        )))
    }
}

fn dry_run(query: &Query) -> bool {
    query.get("dryRun") == Some("All")
}

/// Replaces an object or a subresource of it.
///
/// # Errors
/// `NotFound`, `Conflict`, `BadRequest`.
pub fn update(
    store: &Store,
    target: &Target,
    name: &str,
    query: &Query,
    form: Form,
    object: Value,
) -> Result<Response<Body>, ApiError> {
    if target.subresource.as_deref() == Some("scale") {
        return scale(store, target, name, query, |current| {
            *current = object;
            Ok(())
        });
    }
    check_type(target.kind, &object)?;
    change(store, target, name, query, form, |current| {
        *current = object;
        Ok(())
    })
}

/// Patches an object or a subresource of it. Server-side apply makes what is not there.
///
/// # Errors
/// `NotFound`, `Conflict`, and what the patch does not fit.
pub fn patch(
    store: &Store,
    target: &Target,
    name: &str,
    query: &Query,
    form: Form,
    patch: &Patch,
) -> Result<Response<Body>, ApiError> {
    let now = store.clock().stamp();
    let kind = target.kind;
    if target.subresource.as_deref() == Some("scale") {
        return scale(store, target, name, query, |current| {
            patch.apply(kind, current, &now)
        });
    }
    if matches!(patch, Patch::Apply { .. }) && store.get(kind, target.ns(), name).is_none() {
        let mut fresh = json!({"metadata": {"name": name}});
        patch.apply(kind, &mut fresh, &now)?;
        return create(store, target, query, form, fresh);
    }
    change(store, target, name, query, form, |current| {
        patch.apply(kind, current, &now)
    })
}

fn change(
    store: &Store,
    target: &Target,
    name: &str,
    query: &Query,
    form: Form,
    change: impl FnOnce(&mut Value) -> Result<(), ApiError>,
) -> Result<Response<Body>, ApiError> {
    let kind = target.kind;
    let of_status = target.subresource.as_deref() == Some("status");
    let guarded = |value: &mut Value| {
        let before = value.clone();
        change(value)?;
        guard(kind, &before, value, of_status);
        Ok(())
    };
    if dry_run(query) {
        let current = store
            .get(kind, target.ns(), name)
            .ok_or_else(|| ApiError::not_found(kind, name))?;
        let mut value = current.value();
        guarded(&mut value)?;
        return Ok(single(
            store,
            200,
            &Object::new(kind, &value, current.resource_version),
            form,
        ));
    }
    let changed = store.update(kind, target.ns(), name, guarded)?;
    let freed = finish_deletion(store, &changed)?;
    Ok(single(store, 200, freed.as_ref().unwrap_or(&changed), form))
}

/// The status is changed through its subresource only, and nothing else is changed through that.
fn guard(kind: &Kind, before: &Value, after: &mut Value, of_status: bool) {
    if of_status {
        let (status, version) = (
            after["status"].take(),
            after["metadata"]["resourceVersion"].take(),
        );
        *after = before.clone();
        after["status"] = status;
        if !version.is_null() {
            after["metadata"]["resourceVersion"] = version;
        }
    } else if kind.has("status") && before.get("status") != after.get("status") {
        match before.get("status") {
            Some(status) => after["status"] = status.clone(),
            None => drop(after.as_object_mut().and_then(|map| map.remove("status"))),
        }
    }
    for key in ["deletionTimestamp", "deletionGracePeriodSeconds"] {
        if let Some(value) = before["metadata"].get(key) {
            after["metadata"][key] = value.clone();
        }
    }
}

/// An object that waits for its finalizers goes when the last one is taken away.
fn finish_deletion(store: &Store, object: &Object) -> Result<Option<Arc<Object>>, ApiError> {
    let value = object.value();
    let leaving = !value["metadata"]["deletionTimestamp"].is_null() && object.kind != &PODS;
    if leaving && !has_finalizers(&value) {
        return store
            .delete(object.kind, &object.namespace, &object.name)
            .map(Some);
    }
    Ok(None)
}

fn has_finalizers(value: &Value) -> bool {
    value["metadata"]["finalizers"]
        .as_array()
        .is_some_and(|finalizers| !finalizers.is_empty())
}

/// The `Scale` of a workload.
///
/// # Errors
/// `NotFound`.
pub fn read_scale(store: &Store, target: &Target, name: &str) -> Result<Response<Body>, ApiError> {
    let object = store
        .get(target.kind, target.ns(), name)
        .ok_or_else(|| ApiError::not_found(target.kind, name))?;
    Ok(body::json(200, &scale_of(&object.value())))
}

fn scale_of(object: &Value) -> Value {
    let labels = object["spec"]["selector"]["matchLabels"].as_object();
    let selector: Vec<_> = labels
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    let metadata = &object["metadata"];
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {"name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"], "creationTimestamp": metadata["creationTimestamp"]},
        "spec": {"replicas": object["spec"]["replicas"].as_i64().unwrap_or(1)},
        "status": {"replicas": object["status"]["replicas"].as_i64().unwrap_or(0), "selector": selector.join(",")},
    })
}

fn scale(
    store: &Store,
    target: &Target,
    name: &str,
    query: &Query,
    change: impl FnOnce(&mut Value) -> Result<(), ApiError>,
) -> Result<Response<Body>, ApiError> {
    let kind = target.kind;
    let write = |object: &mut Value| {
        let mut scale = scale_of(object);
        change(&mut scale)?;
        let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
        if replicas < 0 {
            return Err(ApiError::invalid(
                kind,
                name,
                "spec.replicas",
                "Invalid value: must be greater than or equal to 0",
            ));
        }
        object["spec"]["replicas"] = json!(replicas);
        object["metadata"]["resourceVersion"] = scale["metadata"]["resourceVersion"].take();
        Ok(())
    };
    if dry_run(query) {
        let mut value = store
            .get(kind, target.ns(), name)
            .ok_or_else(|| ApiError::not_found(kind, name))?
            .value();
        write(&mut value)?;
        return Ok(body::json(200, &scale_of(&value)));
    }
    let changed = store.update(kind, target.ns(), name, write)?;
    Ok(body::json(200, &scale_of(&changed.value())))
}

/// Deletes one object.
///
/// # Errors
/// `NotFound`; `Conflict` when a precondition of the options does not hold.
pub fn delete(
    store: &Store,
    target: &Target,
    name: &str,
    query: &Query,
    form: Form,
    options: &Value,
) -> Result<Response<Body>, ApiError> {
    let object = store
        .get(target.kind, target.ns(), name)
        .ok_or_else(|| ApiError::not_found(target.kind, name))?;
    for (key, actual) in [
        ("uid", object.uid.to_string()),
        ("resourceVersion", object.resource_version.to_string()),
    ] {
        if options["preconditions"][key]
            .as_str()
            .is_some_and(|wanted| wanted != actual)
        {
            return Err(ApiError::conflict(target.kind, name));
        }
    }
    if let Some(leaving) = remove(store, &object, query, options)? {
        Ok(single(store, 200, &leaving, form))
    } else {
        let mut details = json!({"name": name, "kind": target.kind.plural, "uid": object.uid});
        if !target.kind.group.is_empty() {
            details["group"] = json!(target.kind.group);
        }
        Ok(body::json(
            200,
            &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}),
        ))
    }
}

/// Deletes every selected object of a collection.
///
/// # Errors
/// `BadRequest` for a bad selector.
pub fn delete_collection(
    store: &Store,
    target: &Target,
    query: &Query,
    options: &Value,
) -> Result<Response<Body>, ApiError> {
    let selector = Selector::parse(target.kind, query)?;
    for object in store.list(target.kind, target.namespace.as_deref()) {
        if selector.matches(&object) {
            // One that went by itself in the meantime is gone as wished.
            drop(remove(store, &object, query, options).or_else(|error| {
                if error.code == 404 {
                    Ok(None)
                } else {
                    Err(error)
                }
            })?);
        }
    }
    Ok(body::json(
        200,
        &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}),
    ))
}

/// Begins or carries out a deletion; an object that stays for a while is returned.
fn remove(
    store: &Store,
    object: &Object,
    query: &Query,
    options: &Value,
) -> Result<Option<Arc<Object>>, ApiError> {
    if dry_run(query) || options["dryRun"][0] == "All" {
        return Ok(None);
    }
    let policy = options["propagationPolicy"]
        .as_str()
        .or(query.get("propagationPolicy"));
    let propagation = match policy {
        Some("Orphan") => Propagation::Orphan,
        Some("Foreground") => Propagation::Foreground,
        _ => Propagation::Background,
    };
    let grace = match options["gracePeriodSeconds"].as_i64() {
        Some(seconds) => Some(seconds),
        None => query
            .number("gracePeriodSeconds")?
            .map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX)),
    };
    let (kind, namespace, name) = (object.kind, &object.namespace, &object.name);
    garbage::request(store, kind, namespace, name, grace, propagation)?;
    let left = store.get(kind, namespace, name);
    Ok(left.filter(|left| left.uid == object.uid))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::demo::{
        kinds::{CONFIGMAPS, DEPLOYMENTS},
        store::StoreOptions,
    };

    fn store() -> Store {
        let store = Store::new(StoreOptions::default());
        store
            .create(&NAMESPACES, json!({"metadata": {"name": "n"}}))
            .unwrap();
        store
    }

    fn target(path: &str) -> Target {
        Target::parse(path).unwrap()
    }

    fn none() -> Query {
        Query::default()
    }

    #[test]
    fn objects_are_made_in_namespaces_that_exist() {
        let store = store();
        let make = |path: &str, object: Value| {
            create(&store, &target(path), &none(), Form::Object, object)
                .map(|r| r.status().as_u16())
        };
        let config = || json!({"metadata": {"name": "c"}});
        assert_eq!(
            make("/api/v1/namespaces/n/configmaps", config()).unwrap(),
            201
        );
        assert_eq!(
            make("/api/v1/namespaces/n/configmaps", config())
                .unwrap_err()
                .code,
            409
        );
        assert_eq!(
            make("/api/v1/namespaces/none/configmaps", config())
                .unwrap_err()
                .message,
            "namespaces \"none\" not found"
        );
        assert_eq!(
            make("/api/v1/namespaces/n/configmaps", json!({"kind": "Pod"}))
                .unwrap_err()
                .code,
            400
        );
        assert_eq!(
            make(
                "/api/v1/namespaces/n/configmaps",
                json!({"metadata": {"name": "c", "namespace": "m"}})
            )
            .unwrap_err()
            .code,
            400
        );
    }

    #[test]
    fn a_dry_run_changes_nothing() {
        let store = store();
        let revision = store.revision();
        let path = target("/api/v1/namespaces/n/configmaps");
        create(
            &store,
            &path,
            &Query::parse("dryRun=All"),
            Form::Object,
            json!({"metadata": {"name": "c"}}),
        )
        .unwrap();
        assert_eq!(store.revision(), revision);
    }

    #[test]
    fn scale_and_status_change_only_their_part() {
        let store = store();
        store.create(&DEPLOYMENTS, json!({"metadata": {"name": "d", "namespace": "n"}, "spec": {"replicas": 2}, "status": {"replicas": 2}})).unwrap();
        let change = |path: &str, patch_body: Value| {
            let merge = Patch::parse(
                &DEPLOYMENTS,
                "application/merge-patch+json",
                patch_body,
                &none(),
            )
            .unwrap();
            patch(&store, &target(path), "d", &none(), Form::Object, &merge)
                .map(drop)
                .map_err(|error| error.code)
        };
        let base = "/apis/apps/v1/namespaces/n/deployments/d";
        change(&format!("{base}/scale"), json!({"spec": {"replicas": 5}})).unwrap();
        change(
            &format!("{base}/status"),
            json!({"status": {"replicas": 4}, "spec": {"replicas": 9}}),
        )
        .unwrap();
        change(
            base,
            json!({"status": {"replicas": 7}, "metadata": {"labels": {"a": "b"}}}),
        )
        .unwrap();
        let now = store.get(&DEPLOYMENTS, "n", "d").unwrap().value();
        assert_eq!(
            (
                &now["spec"]["replicas"],
                &now["status"]["replicas"],
                &now["metadata"]["labels"]["a"]
            ),
            (&json!(5), &json!(4), &json!("b"))
        );
        assert_eq!(now["metadata"]["generation"], 2);
        assert_eq!(
            change(&format!("{base}/scale"), json!({"spec": {"replicas": -1}})),
            Err(422)
        );
    }

    #[test]
    fn a_running_pod_gets_time_to_end_and_others_go_at_once() {
        let store = store();
        let pod = |name: &str, spec: Value| {
            store
                .create(
                    &PODS,
                    json!({"metadata": {"name": name, "namespace": "n"}, "spec": spec}),
                )
                .unwrap()
        };
        pod(
            "a",
            json!({"nodeName": "x", "terminationGracePeriodSeconds": 20}),
        );
        pod("b", json!({}));
        let path = target("/api/v1/namespaces/n/pods");
        delete(&store, &path, "a", &none(), Form::Object, &Value::Null).unwrap();
        delete(&store, &path, "b", &none(), Form::Object, &Value::Null).unwrap();
        let leaving = store.get(&PODS, "n", "a").unwrap().value();
        assert_eq!(leaving["metadata"]["deletionGracePeriodSeconds"], 20);
        assert!(
            leaving["metadata"]["deletionTimestamp"].is_string()
                && store.get(&PODS, "n", "b").is_none()
        );
        let now = json!({"gracePeriodSeconds": 0, "preconditions": {"uid": "other"}});
        assert_eq!(
            delete(&store, &path, "a", &none(), Form::Object, &now)
                .unwrap_err()
                .code,
            409
        );
        delete(
            &store,
            &path,
            "a",
            &Query::parse("gracePeriodSeconds=0"),
            Form::Object,
            &Value::Null,
        )
        .unwrap();
        assert!(store.get(&PODS, "n", "a").is_none());
    }

    #[test]
    fn finalizers_hold_an_object_until_they_are_taken_away() {
        let store = store();
        store
            .create(
                &CONFIGMAPS,
                json!({"metadata": {"name": "c", "namespace": "n", "finalizers": ["x/y"]}}),
            )
            .unwrap();
        let path = target("/api/v1/namespaces/n/configmaps/c");
        delete(&store, &path, "c", &none(), Form::Object, &Value::Null).unwrap();
        assert!(store.get(&CONFIGMAPS, "n", "c").is_some());
        let free = Patch::parse(
            &CONFIGMAPS,
            "application/merge-patch+json",
            json!({"metadata": {"finalizers": null}}),
            &none(),
        )
        .unwrap();
        patch(&store, &path, "c", &none(), Form::Object, &free).unwrap();
        assert!(store.get(&CONFIGMAPS, "n", "c").is_none());
    }

    #[test]
    fn a_collection_goes_as_a_whole_and_a_namespace_takes_nothing_in_any_more() {
        let store = store();
        let config = |name: &str, app: &str| json!({"metadata": {"name": name, "namespace": "n", "labels": {"app": app}}});
        for (name, app) in [("a", "x"), ("b", "x"), ("c", "y")] {
            store.create(&CONFIGMAPS, config(name, app)).unwrap();
        }
        let path = target("/api/v1/namespaces/n/configmaps");
        let selected = Query::parse("labelSelector=app%3Dx");
        delete_collection(&store, &path, &selected, &Value::Null).unwrap();
        assert_eq!(store.list(&CONFIGMAPS, None).len(), 1);
        let ns = target("/api/v1/namespaces/n");
        delete(&store, &ns, "n", &none(), Form::Object, &Value::Null).unwrap();
        let leaving = store.get(&NAMESPACES, "", "n").unwrap().value();
        assert_eq!(leaving["status"]["phase"], "Terminating");
        let late = create(&store, &path, &none(), Form::Object, config("d", "x")).unwrap_err();
        assert_eq!(
            (late.code, late.message.as_str()),
            (
                403,
                "configmaps \"d\" is forbidden: unable to create new content in namespace n because it is being terminated"
            )
        );
    }

    #[test]
    fn what_an_owner_leaves_is_decided_before_it_goes() {
        for (policy, finalizer) in [("Orphan", "orphan"), ("Foreground", "foregroundDeletion")] {
            let store = store();
            let made = json!({"metadata": {"name": "d", "namespace": "n"}});
            store.create(&DEPLOYMENTS, made).unwrap();
            let path = target("/apis/apps/v1/namespaces/n/deployments/d");
            let options = json!({"propagationPolicy": policy});
            delete(&store, &path, "d", &none(), Form::Object, &options).unwrap();
            let leaving = store.get(&DEPLOYMENTS, "n", "d").unwrap().value();
            assert_eq!(leaving["metadata"]["finalizers"], json!([finalizer]));
        }
    }
}
