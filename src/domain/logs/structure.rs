//! What a line is made of: JSON, logfmt and klog are taken apart, anything else is its message.
//!
//! Lines are kept as text; this runs for the few that are drawn, opened, or asked for a field.

use super::level::{self, Level};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// The way a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `{"level":"info","msg":"…"}`
    Json,
    /// `level=info msg="…"`
    Logfmt,
    /// `I1123 10:04:11.204000  1 main.go:4] …`
    Klog,
    /// Anything else.
    Plain,
}

/// A line taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Structure<'a> {
    /// How it is written.
    pub format: Format,
    /// Its level, when it has one.
    pub level: Option<Level>,
    /// What it says.
    pub message: Cow<'a, str>,
    /// Everything else, in the order in which it was written; times, which stand in a column of
    /// their own, last.
    pub fields: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// How many of the fields are times.
    pub times: usize,
}

/// Keys under which programs write what they say.
const MESSAGES: [&str; 5] = ["msg", "message", "event", "@message", "log"];
/// Keys under which programs write when they say it.
const TIMES: [&str; 6] = ["ts", "time", "timestamp", "@timestamp", "t", "datetime"];

impl<'a> Structure<'a> {
    /// Takes a line apart.
    pub fn of(text: &'a str) -> Self {
        json(text)
            .or_else(|| klog(text))
            .or_else(|| logfmt(text))
            .unwrap_or_else(|| Self {
                format: Format::Plain,
                level: level::detect(text.as_bytes()),
                message: Cow::Borrowed(text),
                fields: Vec::new(),
                times: 0,
            })
    }

    /// The fields that are worth a place beside the message.
    pub fn details(&self) -> &[(Cow<'a, str>, Cow<'a, str>)] {
        &self.fields[..self.fields.len() - self.times]
    }

    /// The value of a field, in either case.
    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self
            .fields
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| &**value)
    }

    fn sort(format: Format, text: &'a str, fields: Vec<(Cow<'a, str>, Cow<'a, str>)>) -> Self {
        let is =
            |names: &[&str], key: &str| names.iter().any(|name| name.eq_ignore_ascii_case(key));
        let mut sorted = Self {
            format,
            level: None,
            message: Cow::Borrowed(""),
            fields: Vec::with_capacity(fields.len()),
            times: 0,
        };
        let mut times = Vec::new();
        let mut said = false;
        for (key, value) in fields {
            if sorted.level.is_none() && is(&level::KEYS, &key) {
                sorted.level =
                    Level::from_word(value.as_bytes()).or_else(|| level::detect(text.as_bytes()));
            } else if !said && is(&MESSAGES, &key) {
                sorted.message = value;
                said = true;
            } else if is(&TIMES, &key) {
                times.push((key, value));
            } else {
                sorted.fields.push((key, value));
            }
        }
        sorted.times = times.len();
        sorted.fields.extend(times);
        sorted
    }
}

/// The pairs of an object in the order in which they were written.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

fn json(text: &str) -> Option<Structure<'_>> {
    let text = text.trim();
    if !(text.starts_with('{') && text.ends_with('}')) {
        return None;
    }
    let Pairs(pairs) = serde_json::from_str(text).ok()?;
    let fields = pairs
        .into_iter()
        .map(|(key, value)| {
            let value = match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            (harmless(key), harmless(value))
        })
        .collect();
    Some(Structure::sort(Format::Json, text, fields))
}

/// Escapes in JSON can hold what the raw line could not.
fn harmless(text: String) -> Cow<'static, str> {
    match crate::domain::text::clean(&text) {
        Cow::Borrowed(_) => Cow::Owned(text),
        Cow::Owned(clean) => Cow::Owned(clean),
    }
}

fn klog(text: &str) -> Option<Structure<'_>> {
    if !level::is_klog(text.as_bytes()) {
        return None;
    }
    let level = level::klog(text.as_bytes()[0])?;
    let (head, said) = text.split_once("] ")?;
    let place = head.rsplit(' ').next().unwrap_or_default();
    let mut fields = Vec::new();
    let mut message = Cow::Borrowed(said);
    if let Some(rest) = said.strip_prefix('"')
        && let Some((quoted, rest)) = rest.split_once('"')
    {
        message = Cow::Borrowed(quoted);
        fields = pairs(rest).unwrap_or_default();
    }
    fields.push((Cow::Borrowed("at"), Cow::Borrowed(place)));
    Some(Structure {
        format: Format::Klog,
        level: Some(level),
        message,
        fields,
        times: 0,
    })
}

fn logfmt(text: &str) -> Option<Structure<'_>> {
    let fields = pairs(text)?;
    (fields.len() > 1).then(|| Structure::sort(Format::Logfmt, text, fields))
}

/// `key=value key="two words"`; `None` when something else stands between.
fn pairs(text: &str) -> Option<Vec<(Cow<'_, str>, Cow<'_, str>)>> {
    let mut pairs = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "_.-@/".contains(c)))?;
        let key = &rest[..end];
        rest = rest[end..].strip_prefix('=')?;
        if key.is_empty() {
            return None;
        }
        let value;
        if let Some(quoted) = rest.strip_prefix('"') {
            let end = closing_quote(quoted)?;
            value = if quoted[..end].contains('\\') {
                Cow::Owned(quoted[..end].replace("\\\"", "\"").replace("\\n", " "))
            } else {
                Cow::Borrowed(&quoted[..end])
            };
            rest = &quoted[end + 1..];
        } else {
            let end = rest.find(' ').unwrap_or(rest.len());
            value = Cow::Borrowed(&rest[..end]);
            rest = &rest[end..];
        }
        pairs.push((Cow::Borrowed(key), value));
        if !rest.is_empty() && !rest.starts_with(' ') {
            return None;
        }
        rest = rest.trim_start();
    }
    Some(pairs)
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (Format, Option<Level>, String, String) {
        let line = Structure::of(text);
        let fields: Vec<String> = line
            .fields
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        (
            line.format,
            line.level,
            line.message.into_owned(),
            fields.join(" "),
        )
    }

    #[test]
    fn lines_are_taken_apart() {
        let of = |format, level, message: &str, fields: &str| {
            (format, level, message.to_owned(), fields.to_owned())
        };
        assert_eq!(
            parts(
                r#"{"ts":"x","level":"error","msg":"timed out","service":"pay","ms":3000,"o":{"a":1}}"#
            ),
            of(
                Format::Json,
                Some(Level::Error),
                "timed out",
                r#"service=pay ms=3000 o={"a":1} ts=x"#
            )
        );
        assert_eq!(
            parts(r#"time=2026 level=warn msg="too \"slow\"" attempt=2"#),
            of(
                Format::Logfmt,
                Some(Level::Warn),
                "too \"slow\"",
                "attempt=2 time=2026"
            )
        );
        assert_eq!(
            parts(r#"E1123 10:04:11.204000       1 reflector.go:138] "Failed" err="x y" kind=Pod"#),
            of(
                Format::Klog,
                Some(Level::Error),
                "Failed",
                "err=x y kind=Pod at=reflector.go:138"
            )
        );
        assert_eq!(
            parts("GET /api?x=1 200"),
            of(Format::Plain, None, "GET /api?x=1 200", "")
        );
        assert_eq!(parts("{not json}").0, Format::Plain);
        assert_eq!(parts("a=1").0, Format::Plain);
        assert_eq!(parts(r#"a="1" b="#).0, Format::Logfmt);
    }

    #[test]
    fn escapes_of_json_steer_no_terminal() {
        let line = Structure::of(r#"{"msg":"a\u001b[31mb","k\u0007":"\u202e"}"#);
        assert_eq!(line.message, "a\u{fffd}[31mb");
        assert_eq!(line.fields[0], ("k\u{fffd}".into(), "\u{fffd}".into()));
    }
}
