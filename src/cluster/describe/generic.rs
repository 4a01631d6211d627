//! Any kind, field by field, as kubectl describes kinds that it does not know.

use super::page::{Page, plain};
use super::{write_head, write_labels};
use serde_json::{Map, Value};

/// Fields of `metadata` that say nothing to a reader.
const NOISE: [&str; 6] = [
    "managedFields",
    "name",
    "namespace",
    "labels",
    "annotations",
    "selfLink",
];

pub(super) fn write(page: &mut Page, object: &Value) {
    write_head(page, object);
    write_labels(page, object);
    page.field("API Version", &plain(&object["apiVersion"]));
    page.field("Kind", &plain(&object["kind"]));
    let Some(map) = object.as_object() else {
        return;
    };
    let mut shown: Map<String, Value> = map.clone();
    shown.remove("apiVersion");
    shown.remove("kind");
    if let Some(meta) = shown.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in NOISE {
            meta.remove(field);
        }
    }
    fields(page, &Value::Object(shown));
}

/// All fields of a map, each under a readable label.
pub(super) fn fields(page: &mut Page, value: &Value) {
    for (name, value) in value.as_object().into_iter().flatten() {
        field(page, &label(name), value);
    }
}

fn field(page: &mut Page, label: &str, value: &Value) {
    match value {
        Value::Object(map) if map.is_empty() => {}
        Value::Object(_) => {
            page.title(label);
            page.inside(|page| fields(page, value));
        }
        Value::Array(list) => {
            page.title(label);
            page.inside(|page| list.iter().for_each(|element| self::element(page, element)));
        }
        Value::Null => {}
        other => page.field(label, &plain(other)),
    }
}

fn element(page: &mut Page, value: &Value) {
    match value {
        Value::Object(_) => fields(page, value),
        Value::Array(list) => list.iter().for_each(|inner| element(page, inner)),
        other => page.row(&[&plain(other)]),
    }
}

/// `clusterIP` as `Cluster IP`; names that are not words of an API (with dots, slashes or
/// dashes) stay as they are.
fn label(name: &str) -> String {
    if name.contains(['.', '/', '-', '_']) || name.starts_with(|c: char| !c.is_ascii_lowercase()) {
        return name.to_owned();
    }
    let mut words = String::new();
    let mut before = ' ';
    for c in name.chars() {
        if c.is_ascii_uppercase() && !before.is_ascii_uppercase() {
            words.push(' ');
        }
        if words.is_empty() {
            words.extend(c.to_uppercase());
        } else {
            words.push(c);
        }
        before = c;
    }
    match words.as_str() {
        "Uid" => "UID".into(),
        "Url" => "URL".into(),
        _ => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_words() {
        let cases = [
            ("creationTimestamp", "Creation Timestamp"),
            ("clusterIP", "Cluster IP"),
            ("uid", "UID"),
            ("spec", "Spec"),
            ("nginx.conf", "nginx.conf"),
            ("Upper", "Upper"),
        ];
        for (name, words) in cases {
            assert_eq!(label(name), words);
        }
    }
}
