//! The little protobuf that a kubectl must be understood in: reviews about oneself and the options
//! of a deletion, which its typed clients send in no other form. Objects are taken as JSON only.

use serde_json::{Map, Value, json};

/// How Kubernetes marks a body as protobuf.
const MAGIC: &[u8] = b"k8s\0";

/// What a field holds.
enum Holds {
    Text,
    Number,
    Texts,
    Message(&'static [Field]),
}

/// A field of a message: number, JSON name, content.
type Field = (u64, &'static str, Holds);

const RESOURCE: &[Field] = &[
    (1, "namespace", Holds::Text),
    (2, "verb", Holds::Text),
    (3, "group", Holds::Text),
    (4, "version", Holds::Text),
    (5, "resource", Holds::Text),
    (6, "subresource", Holds::Text),
    (7, "name", Holds::Text),
];
const PATH: &[Field] = &[(1, "path", Holds::Text), (2, "verb", Holds::Text)];
const ACCESS_SPEC: &[Field] = &[
    (1, "resourceAttributes", Holds::Message(RESOURCE)),
    (2, "nonResourceAttributes", Holds::Message(PATH)),
];
const ACCESS: &[Field] = &[(2, "spec", Holds::Message(ACCESS_SPEC))];
const RULES_SPEC: &[Field] = &[(1, "namespace", Holds::Text)];
const RULES: &[Field] = &[(2, "spec", Holds::Message(RULES_SPEC))];
const NOTHING: &[Field] = &[];
const PRECONDITIONS: &[Field] = &[(1, "uid", Holds::Text), (2, "resourceVersion", Holds::Text)];
const DELETE: &[Field] = &[
    (1, "gracePeriodSeconds", Holds::Number),
    (2, "preconditions", Holds::Message(PRECONDITIONS)),
    (4, "propagationPolicy", Holds::Text),
    (5, "dryRun", Holds::Texts),
];
/// `runtime.Unknown`: its type is field 1, the message itself field 2.
const TYPE: &[Field] = &[(1, "apiVersion", Holds::Text), (2, "kind", Holds::Text)];

/// Reads a body; `None` for one that is damaged or of a kind that is not understood.
pub fn read(body: &[u8]) -> Option<Value> {
    let envelope = body.strip_prefix(MAGIC)?;
    let (mut typed, mut raw) = (json!({}), &[][..]);
    let mut rest = envelope;
    while !rest.is_empty() {
        let (number, content, after) = field(rest)?;
        match (number, content) {
            (1, Content::Bytes(bytes)) => typed = message(bytes, TYPE)?,
            (2, Content::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
        rest = after;
    }
    let schema = match typed["kind"].as_str()? {
        "SelfSubjectAccessReview" => ACCESS,
        "SelfSubjectRulesReview" => RULES,
        "SelfSubjectReview" => NOTHING,
        "DeleteOptions" => DELETE,
        _ => return None,
    };
    message(raw, schema)
}

enum Content<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn message(mut rest: &[u8], schema: &[Field]) -> Option<Value> {
    let mut read = Map::new();
    while !rest.is_empty() {
        let (number, content, after) = field(rest)?;
        rest = after;
        let Some((_, name, holds)) = schema.iter().find(|(known, ..)| *known == number) else {
            continue;
        };
        let value = match (holds, content) {
            (Holds::Text, Content::Bytes(bytes)) => json!(std::str::from_utf8(bytes).ok()?),
            (Holds::Number, Content::Number(number)) => json!(number),
            (Holds::Message(inner), Content::Bytes(bytes)) => message(bytes, inner)?,
            (Holds::Texts, Content::Bytes(bytes)) => {
                let text = json!(std::str::from_utf8(bytes).ok()?);
                let mut texts = read.remove(*name).unwrap_or_else(|| json!([]));
                texts.as_array_mut()?.push(text);
                texts
            }
            _ => return None,
        };
        read.insert((*name).to_owned(), value);
    }
    Some(Value::Object(read))
}

/// The next field: its number, its content and what follows.
fn field(bytes: &[u8]) -> Option<(u64, Content<'_>, &[u8])> {
    let (tag, rest) = varint(bytes)?;
    let (content, rest) = match tag & 7 {
        0 => {
            let (number, rest) = varint(rest)?;
            (Content::Number(number), rest)
        }
        1 => (Content::Bytes(rest.get(..8)?), rest.get(8..)?),
        2 => {
            let (length, rest) = varint(rest)?;
            let length = usize::try_from(length).ok()?;
            (Content::Bytes(rest.get(..length)?), rest.get(length..)?)
        }
        5 => (Content::Bytes(rest.get(..4)?), rest.get(4..)?),
        _ => return None,
    };
    Some((tag >> 3, content, rest))
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let end = bytes.iter().take(10).position(|byte| byte & 0x80 == 0)?;
    let (number, rest) = bytes.split_at(end + 1);
    let shifted = number.iter().rev();
    let value = shifted.fold(0_u64, |value, byte| (value << 7) | u64::from(byte & 0x7F));
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(number: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
        [&[(number << 3) | 2, length][..], content].concat()
    }

    fn body(kind: &str, raw: &[u8]) -> Vec<u8> {
        let typed = [bytes(1, b"v1"), bytes(2, kind.as_bytes())].concat();
        [
            MAGIC,
            &bytes(1, &typed),
            &bytes(2, raw),
            &bytes(3, b""),
            &bytes(4, b""),
        ]
        .concat()
    }

    #[test]
    fn reviews_and_options_are_read() {
        let resource = [bytes(2, b"delete"), bytes(5, b"pods")].concat();
        let raw = [bytes(1, b""), bytes(2, &bytes(1, &resource))].concat();
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
    fn what_is_damaged_or_unknown_is_not_read() {
        let whole = body("SelfSubjectReview", &bytes(1, b"x"));
        for end in 0..whole.len() {
            // Must come back, whatever it says.
            let _ = read(&whole[..end]);
        }
        assert_eq!(read(&body("Pod", b"")), None);
        assert_eq!(read(b"{}"), None);
        assert_eq!(
            read(b"k8s\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
            None
        );
    }
}
