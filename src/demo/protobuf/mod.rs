//! The protobuf that a kubectl must be understood in: its typed clients (`create`, `auth can-i`,
//! `delete`) send in no other form. The messages are described in `messages.txt`; what they hold is
//! made into the JSON that everybody else sends. Answers are JSON always, as clients allow.

mod schema;
mod wire;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use schema::{Holds, Schema};
use wire::{Content, field};

/// How Kubernetes marks a body as protobuf.
const MAGIC: &[u8] = b"k8s\0";

/// Reads a body; `None` for one that is damaged, of a kind that is not understood, or with something
/// in it that would be lost.
pub fn read(body: &[u8]) -> Option<Value> {
    let (api_version, kind, raw) = envelope(body.strip_prefix(MAGIC)?)?;
    let mut read = message(raw, &kind, Schema::known())?;
    // The type stands outside the message; reviews and options are known by their path.
    if read["metadata"].is_object() {
        read["apiVersion"] = json!(api_version);
        read["kind"] = json!(kind);
    }
    Some(read)
}

/// `runtime.Unknown`: the type, and the message itself.
fn envelope(mut rest: &[u8]) -> Option<(String, String, &[u8])> {
    let (mut api_version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    while !rest.is_empty() {
        let (number, content, after) = field(rest)?;
        rest = after;
        match (number, content) {
            (1, Content::Bytes(mut typed)) => {
                while !typed.is_empty() {
                    let (number, content, after) = field(typed)?;
                    typed = after;
                    match (number, content) {
                        (1, Content::Bytes(bytes)) => api_version = text(bytes)?,
                        (2, Content::Bytes(bytes)) => kind = text(bytes)?,
                        _ => {}
                    }
                }
            }
            (2, Content::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    Some((api_version, kind, raw))
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

fn message(mut rest: &[u8], name: &str, schema: &Schema) -> Option<Value> {
    let fields = schema.message(name)?;
    let mut read = Map::new();
    while !rest.is_empty() {
        let (number, content, after) = field(rest)?;
        rest = after;
        let Some(known) = fields.get(&number) else {
            if content.is_empty() {
                continue;
            }
            return None;
        };
        match &known.holds {
            Holds::Nothing => {}
            Holds::Amount | Holds::Switch if content.is_empty() => {}
            Holds::List(holds) => {
                let item = value(&content, holds, schema)?;
                entry(&mut read, &known.name, json!([]))
                    .as_array_mut()?
                    .push(item);
            }
            Holds::Map(holds) => {
                let (key, item) = pair(&content, holds, schema)?;
                entry(&mut read, &known.name, json!({}))[key] = item;
            }
            holds if known.name == ".." => {
                let inner = value(&content, holds, schema)?;
                read.extend(inner.as_object()?.clone());
            }
            holds => {
                // Go writes empty texts and zeros that JSON leaves out.
                let value = value(&content, holds, schema)?;
                if value != json!("") {
                    read.insert(known.name.clone(), value);
                }
            }
        }
    }
    Some(Value::Object(read))
}

fn entry<'a>(read: &'a mut Map<String, Value>, name: &str, empty: Value) -> &'a mut Value {
    read.entry(name).or_insert(empty)
}

fn value(content: &Content<'_>, holds: &Holds, schema: &Schema) -> Option<Value> {
    Some(match (holds, content) {
        (Holds::Text, Content::Bytes(bytes)) => json!(text(bytes)?),
        (Holds::Bytes, Content::Bytes(bytes)) => json!(STANDARD.encode(bytes)),
        // Negative numbers are the upper half.
        (Holds::Number | Holds::Amount, Content::Number(number)) => json!(number.cast_signed()),
        (Holds::Flag | Holds::Switch, Content::Number(number)) => json!(*number != 0),
        (Holds::Quantity, Content::Bytes(bytes)) => {
            message(bytes, "Quantity", schema)?["text"].take()
        }
        (Holds::Either, Content::Bytes(bytes)) => either(bytes, schema)?,
        (Holds::Message(name), Content::Bytes(bytes)) => message(bytes, name, schema)?,
        _ => return None,
    })
}

/// A number or a text.
fn either(bytes: &[u8], schema: &Schema) -> Option<Value> {
    let mut read = message(bytes, "IntOrString", schema)?;
    Some(if read["type"] == 1 {
        read["text"].take()
    } else {
        read["number"].as_i64().unwrap_or(0).into()
    })
}

/// An entry of a map: a message of its own with key and value.
fn pair(content: &Content<'_>, holds: &Holds, schema: &Schema) -> Option<(String, Value)> {
    let Content::Bytes(mut rest) = *content else {
        return None;
    };
    // Either is left out when it is empty.
    let (mut key, mut item) = (String::new(), json!(""));
    while !rest.is_empty() {
        let (number, content, after) = field(rest)?;
        rest = after;
        match (number, &content) {
            (1, Content::Bytes(bytes)) => key = text(bytes)?,
            (2, content) => item = value(content, holds, schema)?,
            _ => return None,
        }
    }
    Some((key, item))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn bytes(number: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        [&[(number << 3) | 2, length][..], content].concat()
    }

    fn body(kind: &str, raw: &[u8]) -> Vec<u8> {
        let typed = [bytes(1, b"v1"), bytes(2, kind.as_bytes())].concat();
        [
            MAGIC,
            bytes(1, &typed).as_slice(),
            bytes(2, raw).as_slice(),
            bytes(3, b"").as_slice(),
        ]
        .concat()
    }

    #[test]
    fn what_kubectl_asks_is_read() {
        let attributes = [bytes(2, b"delete"), bytes(5, b"pods"), bytes(7, b"")].concat();
        let raw = [bytes(1, b""), bytes(2, &bytes(1, &attributes))].concat();
        let expected =
            json!({"spec": {"resourceAttributes": {"verb": "delete", "resource": "pods"}}});
        assert_eq!(read(&body("SelfSubjectAccessReview", &raw)), Some(expected));
        let raw = [&[8, 30][..], &bytes(5, b"All")].concat();
        let expected = json!({"gracePeriodSeconds": 30, "dryRun": ["All"]});
        assert_eq!(read(&body("DeleteOptions", &raw)), Some(expected));
        assert_eq!(
            read(&body("SelfSubjectReview", &bytes(1, b""))),
            Some(json!({}))
        );
    }

    #[test]
    fn objects_become_what_they_are_in_json() {
        let label = [bytes(1, b"app"), bytes(2, b"web")].concat();
        let metadata = [bytes(1, b"web"), bytes(2, b""), bytes(11, &label)].concat();
        let either = |kind: u8, rest: &[u8]| [&[8, kind][..], rest].concat();
        let ports = [
            [&[24, 80][..], &bytes(4, &either(0, &[16, 80]))].concat(),
            [&[24, 81][..], &bytes(4, &either(1, &bytes(3, b"http")))].concat(),
        ];
        let spec = [
            bytes(1, &ports[0]),
            bytes(1, &ports[1]),
            bytes(4, b"ClusterIP"),
        ]
        .concat();
        let raw = [bytes(1, &metadata), bytes(2, &spec), bytes(3, b"\x0a\0")].concat();
        let expected = json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "web", "labels": {"app": "web"}},
            "spec": {"type": "ClusterIP", "ports": [{"port": 80, "targetPort": 80}, {"port": 81, "targetPort": "http"}]},
        });
        assert_eq!(read(&body("Service", &raw)), Some(expected));
        let datum = [bytes(1, b"key"), bytes(2, &[0, 255])].concat();
        let secret = [bytes(1, &bytes(1, b"s")), bytes(2, &datum)].concat();
        assert_eq!(
            read(&body("Secret", &secret)).unwrap()["data"],
            json!({"key": "AP8="})
        );
        let path = bytes(1, b"/a");
        let rule = [bytes(1, b"x"), bytes(2, &bytes(1, &bytes(1, &path)))].concat();
        let ingress = [bytes(1, b""), bytes(2, &bytes(3, &rule))].concat();
        assert_eq!(
            read(&body("Ingress", &ingress)).unwrap()["spec"]["rules"],
            json!([{"host": "x", "http": {"paths": [{"path": "/a"}]}}])
        );
    }

    #[test]
    fn what_is_damaged_unknown_or_would_be_lost_is_not_read() {
        let whole = body("SelfSubjectReview", &bytes(1, b"x"));
        for end in 0..whole.len() {
            // Must come back, whatever it says.
            let _ = read(&whole[..end]);
        }
        assert_eq!(read(&body("Pod", b"")), None);
        assert_eq!(read(&body("ConfigMap", &bytes(9, b"new"))), None);
        assert!(read(&body("ConfigMap", &bytes(9, b""))).is_some());
        assert_eq!(read(b"{}"), None);
        assert_eq!(
            read(b"k8s\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
            None
        );
    }
}
