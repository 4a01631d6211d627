//! Small readers and writers for untyped objects. They answer for every shape of data: a path
//! that leads through something else than a map reads as nothing and is replaced on writing.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// The text at a JSON pointer, or the empty text.
pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The whole number at a JSON pointer.
pub fn int(value: &Value, pointer: &str) -> Option<i64> {
    value.pointer(pointer).and_then(Value::as_i64)
}

/// The truth value at a JSON pointer; false when it is absent.
pub fn flag(value: &Value, pointer: &str) -> bool {
    value
        .pointer(pointer)
        .and_then(Value::as_bool)
        .unwrap_or(false)
}

/// The items of the list at a JSON pointer; none when it is absent.
pub fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The instant at a JSON pointer.
pub fn time(value: &Value, pointer: &str) -> Option<Timestamp> {
    text(value, pointer).parse().ok()
}

/// The map at `path`, made on the way where it is missing.
pub fn map_at<'a>(value: &'a mut Value, path: &[&str]) -> &'a mut Map<String, Value> {
    path.iter().fold(as_map(value), |map, key| {
        as_map(map.entry(*key).or_insert(Value::Null))
    })
}

/// Writes `new` at `path`, making the maps on the way.
pub fn set(value: &mut Value, path: &[&str], new: impl Into<Value>) {
    if let Some((last, parents)) = path.split_last() {
        map_at(value, parents).insert((*last).to_owned(), new.into());
    }
}

/// Removes what stands at `path`, if anything does.
pub fn unset(value: &mut Value, path: &[&str]) {
    if let Some((last, parents)) = path.split_last() {
        let parent = parents.iter().try_fold(value, |at, key| at.get_mut(*key));
        if let Some(Value::Object(map)) = parent {
            map.remove(*last);
        }
    }
}

/// The list at `path`, made where it is missing.
pub fn list_at<'a>(value: &'a mut Value, path: &[&str]) -> &'a mut Vec<Value> {
    let mut at = value;
    for key in path {
        at = as_map(at).entry(*key).or_insert(Value::Null);
    }
    if !at.is_array() {
        *at = Value::Array(Vec::new());
    }
    as_list(at)
}

fn as_map(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("made a map just above"),
    }
}

fn as_list(value: &mut Value) -> &mut Vec<Value> {
    match value {
        Value::Array(list) => list,
        _ => unreachable!("made a list just above"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn writing_makes_the_way_and_replaces_what_is_no_map() {
        let mut value = json!({"spec": "broken"});
        set(&mut value, &["spec", "a", "b"], 3);
        list_at(&mut value, &["spec", "list"]).push(json!(1));
        assert_eq!(value, json!({"spec": {"a": {"b": 3}, "list": [1]}}));
        unset(&mut value, &["spec", "a", "b"]);
        unset(&mut value, &["nowhere", "b"]);
        assert_eq!(value["spec"]["a"], json!({}));
    }

    #[test]
    fn reading_the_wrong_shape_is_nothing() {
        let value = json!({"a": 1});
        assert_eq!(text(&value, "/a"), "");
        assert_eq!(items(&value, "/a/b").len(), 0);
        assert_eq!(int(&value, "/a"), Some(1));
        assert!(!flag(&value, "/a"));
    }
}
