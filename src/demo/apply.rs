//! Server-side apply: merge what a manager applies, remove what it applied before and does not any
//! more, and write down in `managedFields` what it owns. Conflicts between managers are not raised:
//! the last one to apply a field has it.

use serde_json::{Map, Value, json};

use super::patch::{merge_key, strategic};

/// Applies a manager's configuration to an object.
pub fn apply(target: &mut Value, applied: &Value, manager: &str, now: &str) {
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
        .take()
        .as_array()
        .cloned()
        .unwrap_or_default();
    let is_ours = |entry: &Value| entry["manager"] == manager && entry["operation"] == "Apply";
    let before = entries
        .iter()
        .find(|entry| is_ours(entry))
        .map(|entry| entry["fieldsV1"].clone());
    if let Some(before) = &before {
        disown(target, before, &owns);
    }
    strategic(target, &configuration, "");
    let unchanged = before.as_ref() == Some(&owns);
    if !unchanged {
        entries.retain(|entry| !is_ours(entry));
        let version = applied["apiVersion"].clone();
        entries.push(json!({"manager": manager, "operation": "Apply", "apiVersion": version, "time": now, "fieldsType": "FieldsV1", "fieldsV1": owns}));
    }
    target["metadata"]["managedFields"] = Value::Array(entries);
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
mod tests {
    use super::*;

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
}
