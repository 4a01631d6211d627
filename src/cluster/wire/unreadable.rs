//! Objects that do not have the promised shape: a row with whatever name can be found, and a
//! reason that quotes nothing of the object.

use super::Parsed;
use crate::domain::rows::{Kind, Meta, Namespace, Node, Pod, Row, Workload};
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use serde_json::Value;

/// Where an unreadable object is searched for its name.
const SEARCHED: usize = 64 * 1024;

/// Why JSON could not be read, without the values that the parser's message holds.
pub(in crate::cluster) fn reason(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    let place = format!("byte {}", error.column());
    match error.classify() {
        Category::Eof => "the JSON ends too early".into(),
        Category::Syntax | Category::Io => format!("not JSON at {place}"),
        Category::Data => {
            let message = error.to_string();
            let expected = message
                .rsplit_once("expected ")
                .map(|(_, rest)| rest.split(" at line").next().unwrap_or_default())
                .filter(|rest| !rest.is_empty() && !rest.contains(['"', '`']));
            match expected {
                Some(expected) => format!("wrong type at {place}: expected {expected}"),
                None => format!("wrong type at {place}"),
            }
        }
    }
}

/// The row of an object that could not be read because of `why`.
pub(super) fn row(kind: Kind, json: &[u8], why: &str, nameless: &mut usize) -> Parsed {
    let found = identity(json);
    let unnamed = found.name.is_none();
    let name = found.name.unwrap_or_else(|| {
        *nameless += 1;
        Text::new(&format!("(unnamed {nameless})"))
    });
    let meta = Meta {
        uid: found.uid,
        namespace: found.namespace,
        name,
        created: found.created.unwrap_or_default(),
        unreadable: Some(Text::new(why)),
        ..Meta::default()
    };
    Parsed {
        row: bare(kind, meta),
        version: found.version,
        nameless: unnamed,
    }
}

fn bare(kind: Kind, meta: Meta) -> Row {
    match kind {
        Kind::Pod => Row::Pod(Pod {
            meta,
            ..Pod::default()
        }),
        Kind::Node => Row::Node(Node {
            meta,
            ..Node::default()
        }),
        Kind::Namespace => Row::Namespace(Namespace {
            meta,
            ..Namespace::default()
        }),
        _ => Row::Workload(Workload {
            kind,
            meta,
            desired: 0,
            current: 0,
            ready: 0,
            updated: 0,
            available: 0,
            failed: 0,
            paused: false,
            unobserved: false,
            revision: Text::default(),
            template_labels: crate::domain::rows::Labels::default(),
            images: Box::default(),
            schedule: Text::default(),
            last_time: None,
            started: None,
            conditions: Box::default(),
        }),
    }
}

/// Who an object is, as far as that can be found out.
#[derive(Debug, Default, PartialEq)]
pub(in crate::cluster) struct Identity {
    pub(in crate::cluster) name: Option<Text>,
    pub(in crate::cluster) namespace: Text,
    pub(in crate::cluster) uid: Text,
    pub(in crate::cluster) version: String,
    pub(in crate::cluster) created: Option<Timestamp>,
}

/// Looks for the identity of an object: in its JSON when it is JSON, else in its first bytes.
pub(in crate::cluster) fn identity(json: &[u8]) -> Identity {
    let object = serde_json::from_slice::<Value>(json).ok();
    by_fields(|name| match &object {
        Some(object) => object["metadata"][name].as_str().map(str::to_owned),
        None => search(&json[..json.len().min(SEARCHED)], name),
    })
}

/// Looks for the identity of the first object that stands anywhere in the JSON.
pub(in crate::cluster) fn identity_anywhere(json: &[u8]) -> Identity {
    by_fields(|name| search(&json[..json.len().min(SEARCHED)], name))
}

fn by_fields(field: impl Fn(&str) -> Option<String>) -> Identity {
    Identity {
        name: field("name")
            .filter(|name| !name.is_empty())
            .map(|name| Text::new(&name)),
        namespace: Text::new(&field("namespace").unwrap_or_default()),
        uid: Text::new(&field("uid").unwrap_or_default()),
        version: field("resourceVersion").unwrap_or_default(),
        created: field("creationTimestamp").and_then(|time| Timestamp::parse(&time)),
    }
}

/// The value of the first `"name":"…"` after `"metadata"` in broken JSON.
fn search(bytes: &[u8], name: &str) -> Option<String> {
    let from = memchr::memmem::find(bytes, b"\"metadata\"")?;
    let key = format!("\"{name}\":");
    let at = from + memchr::memmem::find(&bytes[from..], key.as_bytes())? + key.len();
    let value = bytes[at..].trim_ascii_start().strip_prefix(b"\"")?;
    let end = memchr::memchr(b'"', value)?;
    std::str::from_utf8(&value[..end]).ok().map(str::to_owned)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::super::Reader;
    use super::*;

    fn read(json: &str) -> Meta {
        let parsed = Reader::new(Kind::Pod).read(json.as_bytes());
        parsed.row.meta().clone()
    }

    #[test]
    fn a_wrong_type_is_told_with_the_name_and_without_the_value() {
        let meta = read(
            r#"{"metadata":{"name":"web","namespace":"shop","uid":"u1","resourceVersion":"7"},
               "status":{"containerStatuses":[{"name":"c","restartCount":"canary"}]}}"#,
        );
        assert_eq!((&*meta.name, &*meta.namespace), ("web", "shop"));
        let why = meta.unreadable.unwrap();
        assert!(why.contains("wrong type"), "{why}");
        assert!(!why.contains("canary"), "{why}");
    }

    #[test]
    fn broken_json_still_gives_its_name() {
        let meta = read(r#"{"kind":"Pod","metadata":{"name":"web","namespace":"shop"},"x":NaN}"#);
        assert_eq!((&*meta.name, &*meta.namespace), ("web", "shop"));
        assert!(meta.unreadable.unwrap().contains("not JSON"));
        let cut = read(r#"{"metadata":{"name":"we"#);
        assert_eq!(cut.name, "(unnamed 1)");
    }

    #[test]
    fn objects_without_a_name_stay_apart() {
        let mut reader = Reader::new(Kind::Deployment);
        let names: Vec<Text> = [
            "null",
            "{}",
            r#"{"metadata":null}"#,
            "7",
            r#"{"metadata":{}}"#,
        ]
        .iter()
        .map(|json| reader.read(json.as_bytes()).row.meta().name.clone())
        .collect();
        assert_eq!(
            names,
            [
                "(unnamed 1)",
                "(unnamed 2)",
                "(unnamed 3)",
                "(unnamed 4)",
                "(unnamed 5)"
            ]
        );
        reader.restart();
        assert_eq!(reader.read(b"null").row.meta().name, "(unnamed 1)");
    }
}
