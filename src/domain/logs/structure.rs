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
    /// Everything else, in the order in which it was written; what stands in a column of its own
    /// anyway, last.
    pub fields: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// How many of the fields stand in a column of their own.
    pub aside: usize,
}

/// Keys under which programs write what they say.
const MESSAGES: [&str; 5] = ["msg", "message", "event", "@message", "log"];
/// Keys under which programs write when they say it.
const TIMES: [&str; 6] = ["ts", "time", "timestamp", "@timestamp", "t", "datetime"];
/// Keys under which programs write where they run: in a container that is the column of the source.
const PLACES: [&str; 2] = ["pid", "hostname"];

impl<'a> Structure<'a> {
    /// Takes a line apart.
    pub fn of(text: &'a str) -> Self {
        json(text)
            .or_else(|| klog(text))
            .or_else(|| logfmt(text))
            .unwrap_or_else(|| plain(text))
    }

    /// The fields that are worth a place beside the message.
    pub fn details(&self) -> &[(Cow<'a, str>, Cow<'a, str>)] {
        &self.fields[..self.fields.len() - self.aside]
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
            aside: 0,
        };
        let mut aside = Vec::new();
        let mut said = false;
        for (key, value) in fields {
            if sorted.level.is_none() && is(&level::KEYS, &key) {
                sorted.level =
                    Level::from_word(value.as_bytes()).or_else(|| level::detect(text.as_bytes()));
            } else if !said && is(&MESSAGES, &key) {
                sorted.message = value;
                said = true;
            } else if is(&TIMES, &key) || is(&PLACES, &key) {
                aside.push((key, value));
            } else {
                sorted.fields.push((key, value));
            }
        }
        sorted.aside = aside.len();
        sorted.fields.extend(aside);
        sorted
    }
}

/// The value behind `name=` somewhere in a text, as people write into their messages:
/// `took ms=12, status=200`.
pub fn written<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let bytes = text.as_bytes();
    let at = memchr::memchr_iter(b'=', bytes).find(|&at| {
        let Some(from) = at.checked_sub(name.len()) else {
            return false;
        };
        let begins = from
            .checked_sub(1)
            .is_none_or(|before| !is_of_name(bytes[before]));
        begins && bytes[from..at].eq_ignore_ascii_case(name.as_bytes())
    })?;
    let value = &text[at + 1..];
    if let Some(quoted) = value.strip_prefix('"') {
        return Some(&quoted[..closing_quote(quoted)?]);
    }
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | ')' | ']' | '}');
    Some(&value[..value.find(ends).unwrap_or(value.len())])
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.-@/".contains(&byte)
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
        aside: 0,
    })
}

/// A line in nobody's format: a stamp and a level at its head stand in columns of their own.
fn plain(text: &str) -> Structure<'_> {
    let (stamp, rest) = stamp(text).unwrap_or(("", text));
    let said = without_level(rest);
    let message = if said.is_empty() { text } else { said };
    let (message, mut fields) = spring(message).unwrap_or((message, Vec::new()));
    let mut aside = 0;
    if !stamp.is_empty() && !said.is_empty() {
        fields.push((Cow::Borrowed("time"), Cow::Borrowed(stamp)));
        aside = 1;
    }
    Structure {
        format: Format::Plain,
        level: level::detect(text.as_bytes()),
        message: Cow::Borrowed(message),
        aside,
        fields,
    }
}

/// `1 --- [nio-8080-exec-2] com.example.Service : message`, as Spring Boot writes: the message, and
/// who says it.
#[expect(clippy::type_complexity, reason = "a message and its fields")]
fn spring(text: &str) -> Option<(&str, Vec<(Cow<'_, str>, Cow<'_, str>)>)> {
    let (pid, rest) = text.split_once(" --- [")?;
    if pid.is_empty() || !pid.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (place, message) = rest.split_once(" : ")?;
    // Newer versions name the application in brackets before the thread.
    let (threads, logger) = place.rsplit_once(']')?;
    let thread = threads.rsplit('[').next().unwrap_or_default();
    let fields = [("logger", logger), ("thread", thread)];
    let fields = fields.map(|(name, value)| (name.into(), value.trim().into()));
    Some((message, fields.into()))
}

/// `2026-11-24T10:04:11.204Z rest`, `[2026/11/24 10:04:11,204] rest`, `10:04:11 rest`: the stamp,
/// and what follows it.
fn stamp(text: &str) -> Option<(&str, &str)> {
    let (open, inner) = match text.strip_prefix('[') {
        Some(inner) => (true, inner),
        None => (false, text),
    };
    let bytes = inner.as_bytes();
    // `0` stands for any digit.
    let like = |from: usize, shape: &[u8]| {
        bytes.get(from..from + shape.len()).is_some_and(|part| {
            part.iter().zip(shape).all(|(byte, shape)| match shape {
                b'0' => byte.is_ascii_digit(),
                b'-' => matches!(byte, b'-' | b'/'),
                b' ' => matches!(byte, b' ' | b'T'),
                shape => byte == shape,
            })
        })
    };
    let mut end = if like(0, b"0000-00-00 00:00:00") {
        19
    } else if like(0, b"00:00:00") {
        8
    } else {
        return None;
    };
    if matches!(bytes.get(end), Some(b'.' | b',')) && like(end + 1, b"0") {
        end += 1;
        end += bytes[end..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
    }
    if bytes.get(end) == Some(&b'Z') {
        end += 1;
    } else if matches!(bytes.get(end), Some(b'+' | b'-')) && like(end + 1, b"00:00") {
        end += 6;
    } else if matches!(bytes.get(end), Some(b'+' | b'-')) && like(end + 1, b"0000") {
        end += 5;
    }
    let (stamp, rest) = inner.split_at(end);
    let rest = if open { rest.strip_prefix(']')? } else { rest };
    let rest = rest.strip_prefix(|c: char| c == ' ' || c == '\t' || c == ':')?;
    Some((stamp, rest.trim_start()))
}

/// The text without a level at its head: a whole word in capitals (`WARN`, `ERROR:`), or one in
/// brackets (`[info]`). `Error: no such file` is what the program says, and stays.
fn without_level(text: &str) -> &str {
    let bracketed = text
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .filter(|(word, _)| Level::from_word(word.trim().as_bytes()).is_some());
    let rest = if let Some((_, rest)) = bracketed {
        rest
    } else {
        let end = text
            .find(|c: char| !c.is_ascii_uppercase())
            .unwrap_or(text.len());
        if Level::from_word(&text.as_bytes()[..end]).is_none() {
            return text;
        }
        &text[end..]
    };
    match rest.strip_prefix([' ', '\t', ':']) {
        Some(rest) => rest.trim_start(),
        None if rest.is_empty() => rest,
        None => text,
    }
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
        let end = rest.bytes().position(|byte| !is_of_name(byte))?;
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
        for (text, level, message, fields) in [
            (
                "2026-11-24T10:04:11.204Z WARN cache is cold",
                Some(Level::Warn),
                "cache is cold",
                "time=2026-11-24T10:04:11.204Z",
            ),
            (
                "[2026/11/24 10:04:11,204] [info] up",
                Some(Level::Info),
                "up",
                "time=2026/11/24 10:04:11,204",
            ),
            (
                "10:04:11 ERROR: lost",
                Some(Level::Error),
                "lost",
                "time=10:04:11",
            ),
            (
                "2026-11-24 10:04:11+02:00 x",
                None,
                "x",
                "time=2026-11-24 10:04:11+02:00",
            ),
            ("2026-11-24T10:04:11Z", None, "2026-11-24T10:04:11Z", ""),
            (
                "2026-11-24T10:04:11Zulu x",
                None,
                "2026-11-24T10:04:11Zulu x",
                "",
            ),
            ("[2026-11-24 10:04:11 x", None, "[2026-11-24 10:04:11 x", ""),
        ] {
            assert_eq!(
                parts(text),
                of(Format::Plain, level, message, fields),
                "{text}"
            );
        }
        assert_eq!(
            parts("2026-11-24 10:04:11.204  INFO 1 --- [  exec-2] c.e.Service   : paid : 3"),
            of(
                Format::Plain,
                Some(Level::Info),
                "paid : 3",
                "logger=c.e.Service thread=exec-2 time=2026-11-24 10:04:11.204"
            )
        );
        assert_eq!(parts("Error: no such file").2, "Error: no such file");
        assert_eq!(parts("INFORMED x").2, "INFORMED x");
        assert_eq!(parts("héllo 10:04:11").2, "héllo 10:04:11");
        let pino = Structure::of(r#"{"level":30,"pid":1,"hostname":"a","msg":"m","n":1}"#);
        assert_eq!(pino.details(), [("n".into(), "1".into())]);
        assert_eq!(parts("{not json}").0, Format::Plain);
        assert_eq!(parts("a=1").0, Format::Plain);
        assert_eq!(parts(r#"a="1" b="#).0, Format::Logfmt);
    }

    #[test]
    fn values_are_found_within_a_message() {
        let text = r#"served seq=17, (took ms=12) path="/a b" xseq=3 last=z"#;
        for (name, value) in [
            ("seq", Some("17")),
            ("MS", Some("12")),
            ("path", Some("/a b")),
            ("last", Some("z")),
            ("q", None),
        ] {
            assert_eq!(written(text, name), value, "{name}");
        }
    }

    #[test]
    fn escapes_of_json_steer_no_terminal() {
        let line = Structure::of(r#"{"msg":"a\u001b[31mb","k\u0007":"\u202e"}"#);
        assert_eq!(line.message, "a\u{fffd}[31mb");
        assert_eq!(line.fields[0], ("k\u{fffd}".into(), "\u{fffd}".into()));
    }
}
