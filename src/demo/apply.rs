//! Server-side apply: merge what a manager applies, remove what it applied before and does not any
//! more, and write down in `managedFields` what it owns. Who applies another value to a field that
//! another manager has applied is told so and changes nothing, unless it is forced; then the field is
//! its own. Fields that were written in other ways belong to nobody here.

use serde_json::{Map, Value, json};

use super::{
    error::ApiError,
    patch::{merge_key, strategic},
};

/// Applies a manager's configuration to an object.
///
/// # Errors
/// `Conflict` unless `force` is given.
pub fn apply(
    target: &mut Value,
    applied: &Value,
    manager: &str,
    force: bool,
    now: &str,
) -> Result<(), ApiError> {
    let mut configuration = applied.clone();
    if let Some(metadata) = configuration["metadata"].as_object_mut() {
        for key in [
            "managedFields",
            "resourceVersion",
            "uid",
            "creationTimestamp",
        ] {
            metadata.remove(key);
        }
    }
    let owns = owned(&configuration);
    let mut entries = target["metadata"]["managedFields"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let is_ours = |entry: &Value| entry["manager"] == manager && entry["operation"] == "Apply";
    let mut lost = Vec::new();
    for entry in entries.iter_mut().filter(|entry| !is_ours(entry)) {
        let mut found = Vec::new();
        conflicts(
            &entry["fieldsV1"],
            &owns,
            target,
            &configuration,
            &[],
            &mut found,
        );
        let name = entry["manager"].as_str().unwrap_or_default().to_owned();
        for keys in found {
            lost.push((name.clone(), path_of(&keys)));
            give_up(&mut entry["fieldsV1"], &keys);
        }
    }
    if !lost.is_empty() && !force {
        return Err(ApiError::apply_conflict(&lost));
    }
    let before = entries
        .iter()
        .find(|entry| is_ours(entry))
        .map(|entry| entry["fieldsV1"].clone());
    if let Some(before) = &before {
        disown(target, before, &owns);
    }
    strategic(target, &configuration, "");
    if before.as_ref() != Some(&owns) {
        entries.retain(|entry| !is_ours(entry));
        let version = applied["apiVersion"].clone();
        entries.push(json!({"manager": manager, "operation": "Apply", "apiVersion": version, "time": now, "fieldsType": "FieldsV1", "fieldsV1": owns}));
    }
    target["metadata"]["managedFields"] = Value::Array(entries);
    Ok(())
}

/// The fields, by their keys in `fieldsV1`, that are theirs and ours and whose value would change.
fn conflicts(
    theirs: &Value,
    ours: &Value,
    current: &Value,
    wanted: &Value,
    above: &[String],
    found: &mut Vec<Vec<String>>,
) {
    for (key, ours) in ours.as_object().into_iter().flatten() {
        let Some(theirs) = theirs.get(key).filter(|_| key != ".") else {
            continue;
        };
        let (current, wanted) = (child(current, key), child(wanted, key));
        let keys = [above, std::slice::from_ref(key)].concat();
        if !is_leaf(ours) {
            conflicts(theirs, ours, current, wanted, &keys, found);
        } else if current != wanted {
            found.push(keys);
        }
    }
}

fn is_leaf(fields: &Value) -> bool {
    let mut keys = fields.as_object().into_iter().flat_map(Map::keys);
    keys.all(|key| key == ".")
}

/// What a key of `fieldsV1` names in a value.
fn child<'a>(value: &'a Value, key: &str) -> &'a Value {
    if let Some(name) = key.strip_prefix("f:") {
        return &value[name];
    }
    let named: Option<Value> = key
        .strip_prefix("k:")
        .and_then(|json| serde_json::from_str(json).ok());
    let is_named = |item: &&Value| {
        let keys = named.as_ref().and_then(Value::as_object);
        keys.is_some_and(|keys| {
            keys.iter()
                .all(|(name, value)| item.get(name) == Some(value))
        })
    };
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().find(is_named).unwrap_or(&Value::Null)
}

/// `.spec.containers[name="web"].image`, as messages name a field.
fn path_of(keys: &[String]) -> String {
    let step = |key: &String| {
        if let Some(name) = key.strip_prefix("f:") {
            return format!(".{name}");
        }
        let named: Map<String, Value> = key
            .strip_prefix("k:")
            .and_then(|json| serde_json::from_str(json).ok())
            .unwrap_or_default();
        let named: Vec<_> = named
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        format!("[{}]", named.join(","))
    };
    keys.iter().map(step).collect()
}

/// Takes a field away from its owner, and what is empty without it.
fn give_up(fields: &mut Value, keys: &[String]) {
    let (Some((first, rest)), Some(map)) = (keys.split_first(), fields.as_object_mut()) else {
        return;
    };
    if let Some(inner) = map.get_mut(first).filter(|_| !rest.is_empty()) {
        give_up(inner, rest);
        if inner.as_object().is_some_and(|inner| !inner.is_empty()) {
            return;
        }
    }
    map.remove(first);
}

/// The fields of a configuration in the notation of `fieldsV1`.
fn owned(configuration: &Value) -> Value {
    let mut fields = fields(configuration);
    if let Some(map) = fields.as_object_mut() {
        map.remove("f:apiVersion");
        map.remove("f:kind");
        if let Some(metadata) = map.get_mut("f:metadata").and_then(Value::as_object_mut) {
            metadata.remove("f:name");
            metadata.remove("f:namespace");
        }
        // What is left with nothing in it would stand for all of it.
        if map.get("f:metadata").is_some_and(is_leaf) {
            map.remove("f:metadata");
        }
    }
    fields
}

fn fields(value: &Value) -> Value {
    let Value::Object(map) = value else {
        return json!({});
    };
    let field = |(key, value): (&String, &Value)| {
        let owned = match value {
            Value::Array(items)
                if items
                    .first()
                    .is_some_and(|item| merge_key(key, item).is_some()) =>
            {
                list_fields(key, items)
            }
            other => fields(other),
        };
        (format!("f:{key}"), owned)
    };
    Value::Object(map.iter().map(field).collect())
}

fn list_fields(field: &str, items: &[Value]) -> Value {
    let mut owned = Map::new();
    for item in items {
        if let Some(key) = merge_key(field, item) {
            let mut fields = fields(item);
            fields["."] = json!({});
            owned.insert(format!("k:{}", json!({key: item[key]})), fields);
        }
    }
    Value::Object(owned)
}

/// Takes away what `before` owned and `now` does not.
fn disown(target: &mut Value, before: &Value, now: &Value) {
    let Some(before) = before.as_object() else {
        return;
    };
    for (key, inner) in before.iter().filter(|(key, _)| *key != ".") {
        let still = now.get(key);
        let leaf = inner.as_object().is_none_or(Map::is_empty);
        if let Some(item) = key.strip_prefix("k:") {
            disown_item(target, item, inner, still);
        } else if let Some(name) = key.strip_prefix("f:") {
            match still {
                None if leaf => drop(target.as_object_mut().and_then(|map| map.remove(name))),
                None => disown(&mut target[name], inner, &Value::Null),
                Some(still) if target.get(name).is_some() => {
                    disown(&mut target[name], inner, still);
                }
                Some(_) => {}
            }
        }
    }
}

fn disown_item(target: &mut Value, item: &str, inner: &Value, still: Option<&Value>) {
    let (Value::Array(items), Ok(Value::Object(key))) = (target, serde_json::from_str(item)) else {
        return;
    };
    let Some(at) = items.iter().position(|item| {
        key.iter()
            .all(|(name, value)| item.get(name) == Some(value))
    }) else {
        return;
    };
    match still {
        None => drop(items.remove(at)),
        Some(still) => disown(&mut items[at], inner, still),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn apply(target: &mut Value, applied: &Value, manager: &str, now: &str) {
        super::apply(target, applied, manager, false, now).unwrap();
    }

    #[test]
    fn what_is_no_longer_applied_goes_and_what_others_set_stays() {
        let mut target = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"theirs": "1"}});
        let config = |data: Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data});
        apply(
            &mut target,
            &config(json!({"a": "1", "b": "2"})),
            "me",
            "t1",
        );
        assert_eq!(target["data"], json!({"theirs": "1", "a": "1", "b": "2"}));
        apply(&mut target, &config(json!({"b": "3"})), "me", "t2");
        assert_eq!(target["data"], json!({"theirs": "1", "b": "3"}));
        let before = target.clone();
        apply(&mut target, &config(json!({"b": "3"})), "me", "t3");
        assert_eq!(target, before, "applying the same again changes nothing");
    }

    #[test]
    fn items_of_lists_are_owned_by_their_key() {
        let mut target = json!({"metadata": {}});
        let pod =
            |containers: Value| json!({"apiVersion": "v1", "spec": {"containers": containers}});
        apply(
            &mut target,
            &pod(json!([{"name": "a", "image": "1"}, {"name": "b"}])),
            "me",
            "t",
        );
        apply(&mut target, &pod(json!([{"name": "a"}])), "me", "t");
        assert_eq!(target["spec"]["containers"], json!([{"name": "a"}]));
        assert_eq!(
            target["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:containers"]["k:{\"name\":\"a\"}"],
            json!({".": {}, "f:name": {}})
        );
    }

    #[test]
    fn a_name_is_no_field_to_quarrel_about() {
        let named = |value: &str| json!({"apiVersion": "v1", "metadata": {"name": "c", "namespace": "n"}, "data": {"a": value}});
        let mut target = json!({"metadata": {"name": "c", "namespace": "n", "uid": "u"}});
        apply(&mut target, &named("1"), "one", "t");
        apply(&mut target, &named("1"), "other", "t");
        let refused = super::apply(&mut target, &named("2"), "third", false, "t").unwrap_err();
        assert!(refused.message.starts_with("Apply failed with 2 conflicts"));
        assert!(!refused.message.contains("metadata"), "{}", refused.message);
    }

    #[test]
    fn who_changes_what_another_has_applied_is_told_or_takes_it() {
        let web = |image: &str, label: &str| json!({"apiVersion": "v1", "metadata": {"labels": {"a": label}}, "spec": {"containers": [{"name": "web", "image": image}]}});
        let mut target = json!({"metadata": {}});
        apply(&mut target, &web("1", "b"), "one", "t");
        apply(&mut target, &web("1", "b"), "other", "t");
        let before = target.clone();
        let refused = super::apply(&mut target, &web("2", "c"), "third", false, "t").unwrap_err();
        assert_eq!(
            refused.message,
            "Apply failed with 4 conflicts: conflicts with \"one\":\n- .metadata.labels.a\n- .spec.containers[name=\"web\"].image\n\
             conflicts with \"other\":\n- .metadata.labels.a\n- .spec.containers[name=\"web\"].image"
        );
        assert_eq!((refused.code, &target), (409, &before));
        super::apply(&mut target, &web("2", "c"), "third", true, "t").unwrap();
        assert_eq!(target["spec"]["containers"][0]["image"], "2");
        let left = &target["metadata"]["managedFields"][0]["fieldsV1"];
        assert!(left.pointer("/f:metadata").is_none(), "{left}");
        let refused = super::apply(&mut target, &web("1", "c"), "one", false, "t").unwrap_err();
        assert_eq!(
            refused.message,
            "Apply failed with 1 conflict: conflict with \"third\": .spec.containers[name=\"web\"].image"
        );
    }
}
