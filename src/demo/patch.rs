//! The ways to change an object that a client may use: JSON merge patch (RFC 7386), JSON patch
//! (RFC 6902), strategic merge as far as kubectl's own commands need it, and server-side apply.

use serde_json::{Map, Value};

use super::{apply, error::ApiError, kinds::Kind, request::Query};

/// A patch as it was sent.
#[derive(Debug)]
pub enum Patch {
    /// RFC 7386.
    Merge(Value),
    /// RFC 6902.
    Json(Vec<Value>),
    /// Lists merge by the keys of their items.
    Strategic(Value),
    /// Server-side apply.
    Apply {
        /// What is applied.
        configuration: Value,
        /// In whose name.
        manager: String,
        /// Others' fields are taken over.
        force: bool,
    },
}

impl Patch {
    /// Reads a patch by its content type; `fieldManager` and `force` are in the query.
    ///
    /// # Errors
    /// 415 for an unknown type or strategic merge on a custom kind; `BadRequest` for what is no patch.
    pub fn parse(
        kind: &Kind,
        content_type: &str,
        body: Value,
        query: &Query,
    ) -> Result<Self, ApiError> {
        match content_type {
            "application/json-patch+json" => match body {
                Value::Array(steps) => Ok(Self::Json(steps)),
                _ => Err(ApiError::bad_request("a JSON patch is a list of steps")),
            },
            _ if !body.is_object() => Err(ApiError::bad_request("the patch is no object")),
            "application/merge-patch+json" => Ok(Self::Merge(body)),
            "application/strategic-merge-patch+json" if !kind.custom() => Ok(Self::Strategic(body)),
            "application/apply-patch+yaml" => query
                .get("fieldManager")
                .map(|manager| Self::Apply {
                    configuration: body,
                    manager: manager.to_owned(),
                    force: query.flag("force"),
                })
                .ok_or_else(|| ApiError::bad_request("PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch")),
            other => Err(ApiError::new(415, "UnsupportedMediaType", format!("the body of the request was in an unknown format: {other:?}"))),
        }
    }

    /// Changes `target`.
    ///
    /// # Errors
    /// 422 when a JSON patch does not fit, 409 when what is applied is another's.
    pub fn apply(&self, kind: &Kind, target: &mut Value, now: &str) -> Result<(), ApiError> {
        match self {
            Self::Merge(patch) => merge(target, patch),
            Self::Strategic(patch) => strategic(target, patch, ""),
            Self::Apply {
                configuration,
                manager,
                force,
            } => apply::apply(target, configuration, manager, *force, now)?,
            Self::Json(steps) => {
                for step in steps {
                    json_step(target, step).map_err(|why| {
                        let name = target["metadata"]["name"]
                            .as_str()
                            .unwrap_or_default()
                            .to_owned();
                        ApiError::invalid(kind, &name, "patch", &why)
                    })?;
                }
            }
        }
        Ok(())
    }
}

/// RFC 7386.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else {
        return;
    };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.as_str()).or_insert(Value::Null), value);
        }
    }
}

/// The key by which items of a list are told apart; `None` for lists that are replaced as a whole.
pub fn merge_key(field: &str, item: &Value) -> Option<&'static str> {
    Some(match field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "env"
        | "volumes"
        | "imagePullSecrets"
        | "secrets" => "name",
        "volumeMounts" => "mountPath",
        "volumeDevices" => "devicePath",
        "ports" if item.get("containerPort").is_some() => "containerPort",
        "ports" => "port",
        "conditions" | "addresses" => "type",
        "ownerReferences" => "uid",
        "hostAliases" => "ip",
        "topologySpreadConstraints" => "topologyKey",
        _ => return None,
    })
}

/// Lists of plain values that merge as sets.
fn is_set(field: &str) -> bool {
    field == "finalizers"
}

/// Kubernetes' strategic merge, with its directives.
pub fn strategic(target: &mut Value, patch: &Value, field: &str) {
    match patch {
        Value::Object(patch) => strategic_object(target, patch),
        Value::Array(patch) => strategic_list(target, patch, field),
        other => *target = other.clone(),
    }
}

fn strategic_object(target: &mut Value, patch: &Map<String, Value>) {
    if patch
        .get("$patch")
        .is_some_and(|directive| directive == "replace")
    {
        let mut replaced = patch.clone();
        replaced.remove("$patch");
        *target = Value::Object(replaced);
        return;
    }
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else {
        return;
    };
    if let Some(Value::Array(kept)) = patch.get("$retainKeys") {
        target.retain(|key, _| kept.iter().any(|name| name == key));
    }
    for (key, value) in patch {
        if let Some(list) = key.strip_prefix("$deleteFromPrimitiveList/") {
            if let (Some(Value::Array(items)), Value::Array(gone)) = (target.get_mut(list), value) {
                items.retain(|item| !gone.contains(item));
            }
        } else if key.starts_with('$') {
            // `$retainKeys` is done, `$setElementOrder` below, `$patch: merge` is what happens anyway.
        } else if value.is_null() || value["$patch"] == "delete" {
            target.remove(key);
        } else {
            strategic(
                target.entry(key.as_str()).or_insert(Value::Null),
                value,
                key,
            );
        }
    }
    for (key, order) in patch {
        if let (Some(list), Value::Array(order)) = (key.strip_prefix("$setElementOrder/"), order)
            && let Some(Value::Array(items)) = target.get_mut(list)
        {
            reorder(items, order, list);
        }
    }
}

fn strategic_list(target: &mut Value, patch: &[Value], field: &str) {
    if !target.is_array() {
        *target = Value::Array(Vec::new());
    }
    let Value::Array(items) = target else { return };
    let key = patch
        .first()
        .and_then(|item| merge_key(field, item))
        .filter(|_| patch.iter().all(Value::is_object));
    if patch.iter().any(|item| {
        item["$patch"] == "replace" && item.as_object().is_some_and(|map| map.len() == 1)
    }) {
        items.clear();
    } else if key.is_none() && !is_set(field) {
        *target = Value::Array(patch.to_vec());
        return;
    }
    for item in patch {
        let Some(key) = key else {
            if !items.contains(item) {
                items.push(item.clone());
            }
            continue;
        };
        let at = items
            .iter()
            .position(|present| present.get(key) == item.get(key));
        match (at, item["$patch"].as_str()) {
            (Some(at), Some("delete")) => drop(items.remove(at)),
            (None, Some("delete")) | (_, Some("replace")) => {}
            (Some(at), _) => strategic(&mut items[at], item, ""),
            (None, _) => {
                let mut fresh = Value::Null;
                strategic(&mut fresh, item, "");
                items.push(fresh);
            }
        }
    }
}

fn reorder(items: &mut [Value], order: &[Value], field: &str) {
    let place = |item: &Value| {
        let key = merge_key(field, item);
        order
            .iter()
            .position(|wanted| key.map_or(wanted == item, |key| wanted.get(key) == item.get(key)))
            .unwrap_or(order.len())
    };
    items.sort_by_key(place);
}

fn json_step(target: &mut Value, step: &Value) -> Result<(), String> {
    let text = |key: &str| {
        step[key]
            .as_str()
            .ok_or_else(|| format!("the step has no {key:?}"))
    };
    let value = || {
        step.get("value")
            .cloned()
            .ok_or_else(|| "the step has no \"value\"".to_owned())
    };
    let path = text("path")?;
    match text("op")? {
        "add" => add(target, path, value()?),
        "remove" => remove(target, path).map(drop),
        "replace" => {
            let place = target
                .pointer_mut(path)
                .ok_or_else(|| format!("{path:?} does not exist"))?;
            *place = value()?;
            Ok(())
        }
        "move" => {
            let moved = remove(target, text("from")?)?;
            add(target, path, moved)
        }
        "copy" => {
            let from = text("from")?;
            let copied = target
                .pointer(from)
                .cloned()
                .ok_or_else(|| format!("{from:?} does not exist"))?;
            add(target, path, copied)
        }
        "test" if target.pointer(path) == step.get("value") => Ok(()),
        "test" => Err(format!("{path:?} is not what the test expects")),
        other => Err(format!("{other:?} is no operation")),
    }
}

fn parent<'a>(target: &'a mut Value, path: &str) -> Result<(&'a mut Value, String), String> {
    let (parent, last) = path
        .rsplit_once('/')
        .ok_or_else(|| format!("{path:?} is no path"))?;
    let place = target
        .pointer_mut(parent)
        .ok_or_else(|| format!("{parent:?} does not exist"))?;
    Ok((place, last.replace("~1", "/").replace("~0", "~")))
}

fn add(target: &mut Value, path: &str, value: Value) -> Result<(), String> {
    if path.is_empty() {
        *target = value;
        return Ok(());
    }
    match parent(target, path)? {
        (Value::Object(map), key) => drop(map.insert(key, value)),
        (Value::Array(items), key) if key == "-" => items.push(value),
        (Value::Array(items), key) => {
            let at = key
                .parse()
                .ok()
                .filter(|at| *at <= items.len())
                .ok_or_else(|| format!("{path:?} is outside the list"))?;
            items.insert(at, value);
        }
        _ => return Err(format!("{path:?} cannot hold anything")),
    }
    Ok(())
}

fn remove(target: &mut Value, path: &str) -> Result<Value, String> {
    let missing = || format!("{path:?} does not exist");
    match parent(target, path)? {
        (Value::Object(map), key) => map.remove(&key).ok_or_else(missing),
        (Value::Array(items), key) => {
            let at = key
                .parse()
                .ok()
                .filter(|at| *at < items.len())
                .ok_or_else(missing)?;
            Ok(items.remove(at))
        }
        _ => Err(missing()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::demo::kinds::{INGRESSROUTES, PODS};

    #[test]
    fn merge_patches_as_the_rfc_says() {
        let mut target = json!({"a": "b", "c": {"d": "e", "f": "g"}, "l": [1]});
        merge(
            &mut target,
            &json!({"a": "z", "c": {"f": null}, "l": [2], "n": {"x": null}}),
        );
        assert_eq!(
            target,
            json!({"a": "z", "c": {"d": "e"}, "l": [2], "n": {}})
        );
    }

    #[test]
    fn json_patches_step_by_step() {
        let mut target = json!({"a": [1, 2], "m": {"x/y": 1}});
        let steps = json!([{"op": "test", "path": "/a/0", "value": 1}, {"op": "add", "path": "/a/-", "value": 3}, {"op": "add", "path": "/a/0", "value": 0},
            {"op": "remove", "path": "/a/1"}, {"op": "replace", "path": "/m/x~1y", "value": 2}, {"op": "copy", "from": "/m", "path": "/n"}, {"op": "move", "from": "/m", "path": "/o"}]);
        let patch = Patch::parse(
            &PODS,
            "application/json-patch+json",
            steps,
            &Query::default(),
        )
        .unwrap();
        patch.apply(&PODS, &mut target, "").unwrap();
        assert_eq!(
            target,
            json!({"a": [0, 2, 3], "n": {"x/y": 2}, "o": {"x/y": 2}})
        );
        for wrong in [
            json!({"op": "remove", "path": "/zz"}),
            json!({"op": "add", "path": "/a/9", "value": 1}),
            json!({"op": "test", "path": "/a", "value": 1}),
            json!({"op": "fly", "path": "/a"}),
            json!({}),
        ] {
            let patch = Patch::parse(
                &PODS,
                "application/json-patch+json",
                json!([wrong]),
                &Query::default(),
            )
            .unwrap();
            assert_eq!(patch.apply(&PODS, &mut target, "").unwrap_err().code, 422);
        }
    }

    #[test]
    fn strategic_merge_knows_list_keys_and_directives() {
        let mut target = json!({"spec": {"containers": [{"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}]}, {"name": "b", "image": "1"}],
            "tolerations": [{"key": "k"}], "strategy": {"type": "RollingUpdate", "rollingUpdate": {}}}, "metadata": {"finalizers": ["one"]}});
        let patch = json!({"spec": {"$setElementOrder/containers": [{"name": "c"}, {"name": "a"}],
            "containers": [{"name": "a", "image": "2", "env": [{"name": "Y", "value": "2"}]}, {"name": "b", "$patch": "delete"}, {"name": "c"}],
            "tolerations": [{"key": "z"}], "strategy": {"$retainKeys": ["type"], "type": "Recreate"}}, "metadata": {"finalizers": ["two"]}});
        strategic(&mut target, &patch, "");
        assert_eq!(
            target,
            json!({"spec": {"containers": [{"name": "c"}, {"name": "a", "image": "2", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]}],
            "tolerations": [{"key": "z"}], "strategy": {"type": "Recreate"}}, "metadata": {"finalizers": ["one", "two"]}})
        );
        strategic(
            &mut target,
            &json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["one"]}, "spec": {"$patch": "replace", "x": 1}}),
            "",
        );
        assert_eq!(
            target,
            json!({"spec": {"x": 1}, "metadata": {"finalizers": ["two"]}})
        );
    }

    #[test]
    fn types_that_do_not_fit_are_refused() {
        let code = |kind: &Kind, r#type: &str, body: Value| {
            Patch::parse(kind, r#type, body, &Query::default())
                .unwrap_err()
                .code
        };
        assert_eq!(
            code(
                &INGRESSROUTES,
                "application/strategic-merge-patch+json",
                json!({})
            ),
            415
        );
        assert_eq!(code(&PODS, "text/plain", json!({})), 415);
        assert_eq!(code(&PODS, "application/merge-patch+json", json!([])), 400);
        assert_eq!(code(&PODS, "application/apply-patch+yaml", json!({})), 400);
    }
}
