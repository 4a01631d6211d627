//! One stored object: its bytes as they go over the wire, and what selectors need without parsing them.

use std::{ops::Range, sync::OnceLock};

use bytes::Bytes;
use serde_json::{Map, Value};

use super::{
    gzip::Fragment,
    kinds::Kind,
    table::{self, Cells},
};

/// One version of one object. Never changes; a write makes a new one.
#[derive(Debug)]
pub struct Object {
    /// What it is.
    pub kind: &'static Kind,
    /// Its namespace; empty for kinds without one.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// Its identity over its whole life.
    pub uid: Box<str>,
    /// The store's revision at which this version was written.
    pub resource_version: u64,
    /// The uid of its controller (or else of its first owner).
    pub owner: Option<Box<str>>,
    /// Labels, sorted by key.
    pub labels: Box<[(Box<str>, Box<str>)]>,
    /// Values of `kind.fields`, in that order.
    pub fields: Box<[Box<str>]>,
    /// The object as JSON: `kind`, `apiVersion`, `metadata`, then the rest by name.
    pub bytes: Bytes,
    /// Its row in a Table; empty for custom kinds, whose columns are not fixed.
    pub(super) cells: Cells,
    metadata: Range<usize>,
    deflated: OnceLock<Fragment>,
    deflated_metadata: OnceLock<Fragment>,
}

impl Object {
    /// Serialises a value that has a name, a uid and all that the store adds.
    pub(super) fn new(kind: &'static Kind, value: &Value, resource_version: u64) -> Self {
        let metadata = &value["metadata"];
        let text = |key: &str| Box::from(metadata[key].as_str().unwrap_or_default());
        let (bytes, range) = serialise(kind, value);
        Self {
            kind,
            namespace: if kind.namespaced {
                text("namespace")
            } else {
                Box::from("")
            },
            name: text("name"),
            uid: text("uid"),
            resource_version,
            owner: owner(metadata),
            labels: labels(metadata),
            fields: kind
                .fields
                .iter()
                .map(|field| plain(value.pointer(field.pointer), field.default))
                .collect(),
            bytes: Bytes::from(bytes),
            cells: if kind.custom() {
                Cells::default()
            } else {
                table::cells(kind, value)
            },
            metadata: range,
            deflated: OnceLock::new(),
            deflated_metadata: OnceLock::new(),
        }
    }

    /// The object parsed; costs time in proportion to its size.
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    /// The JSON of `metadata`.
    pub fn metadata(&self) -> &[u8] {
        &self.bytes[self.metadata.clone()]
    }

    /// The JSON after `kind` and `apiVersion`, without the opening brace: what items of built-in lists consist of.
    pub fn after_type(&self) -> &[u8] {
        &self.bytes[self.metadata.start - METADATA_KEY.len()..]
    }

    /// [`Object::after_type`] deflated; the work is done once.
    pub(super) fn deflated(&self) -> &Fragment {
        self.deflated
            .get_or_init(|| Fragment::new(self.after_type()))
    }

    /// [`Object::metadata`] deflated; the work is done once.
    pub(super) fn deflated_metadata(&self) -> &Fragment {
        self.deflated_metadata
            .get_or_init(|| Fragment::new(self.metadata()))
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        let at = self
            .labels
            .binary_search_by(|(candidate, _)| candidate.as_ref().cmp(key))
            .ok()?;
        Some(&self.labels[at].1)
    }

    /// The value of a selectable field; `None` when the kind has no such field.
    pub fn field(&self, name: &str) -> Option<&str> {
        match name {
            "metadata.name" => Some(&self.name),
            "metadata.namespace" => Some(&self.namespace),
            _ => self
                .kind
                .fields
                .iter()
                .position(|field| field.name == name)
                .map(|at| self.fields[at].as_ref()),
        }
    }
}

const METADATA_KEY: &str = "\"metadata\":";

fn serialise(kind: &Kind, value: &Value) -> (Vec<u8>, Range<usize>) {
    let mut out = Vec::with_capacity(2048);
    out.extend_from_slice(
        format!(
            "{{\"kind\":\"{}\",\"apiVersion\":\"{}\",{METADATA_KEY}",
            kind.kind,
            kind.api_version()
        )
        .as_bytes(),
    );
    let start = out.len();
    write(&mut out, &value["metadata"]);
    let end = out.len();
    for (key, field) in value.as_object().unwrap_or(&Map::new()) {
        if !matches!(key.as_str(), "kind" | "apiVersion" | "metadata") {
            out.push(b',');
            write(&mut out, &Value::String(key.clone()));
            out.push(b':');
            write(&mut out, field);
        }
    }
    out.push(b'}');
    out.shrink_to_fit();
    (out, start..end)
}

fn write(out: &mut Vec<u8>, value: &Value) {
    // Writing a `Value` into memory has no way to fail.
    let _ = serde_json::to_writer(out, value);
}

fn plain(value: Option<&Value>, default: &str) -> Box<str> {
    match value {
        Some(Value::String(text)) => Box::from(text.as_str()),
        None | Some(Value::Null) => Box::from(default),
        Some(other) => other.to_string().into(),
    }
}

fn labels(metadata: &Value) -> Box<[(Box<str>, Box<str>)]> {
    let Some(map) = metadata["labels"].as_object() else {
        return Box::default();
    };
    // `serde_json`'s map is ordered by key, which the binary search of `label` relies on.
    let mut labels: Vec<_> = map
        .iter()
        .map(|(key, value)| (Box::from(key.as_str()), plain(Some(value), "")))
        .collect();
    labels.sort_unstable();
    labels.into()
}

fn owner(metadata: &Value) -> Option<Box<str>> {
    let owners = metadata["ownerReferences"].as_array()?;
    let controller = owners
        .iter()
        .find(|owner| owner["controller"] == true)
        .or_else(|| owners.first())?;
    controller["uid"].as_str().map(Box::from)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::demo::kinds::PODS;

    #[test]
    fn slices_of_the_bytes_are_json() {
        let value = json!({
            "apiVersion": "v1", "kind": "Pod", "spec": {"nodeName": "n1"},
            "metadata": {"name": "a", "namespace": "b", "uid": "u", "labels": {"x": "1", "app": "web"},
                "ownerReferences": [{"uid": "o1"}, {"uid": "o2", "controller": true}]},
        });
        let object = Object::new(&PODS, &value, 7);
        assert_eq!(object.value(), value);
        assert_eq!(
            serde_json::from_slice::<Value>(object.metadata()).ok(),
            Some(value["metadata"].clone())
        );
        assert!(
            object
                .bytes
                .starts_with(br#"{"kind":"Pod","apiVersion":"v1","metadata":{"#)
        );
        assert!(object.after_type().starts_with(br#""metadata":{"#));
        assert_eq!(object.label("app"), Some("web"));
        assert_eq!(object.label("none"), None);
        assert_eq!(object.field("spec.nodeName"), Some("n1"));
        assert_eq!(object.field("spec.hostNetwork"), Some("false"));
        assert_eq!(object.field("spec.nonsense"), None);
        assert_eq!(object.owner.as_deref(), Some("o2"));
    }
}
