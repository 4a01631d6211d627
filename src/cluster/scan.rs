//! Cuts the objects out of a list, and the lines out of a watch, while their bytes arrive.
//!
//! A list of 50,000 pods is 300 MB of JSON; nothing here ever holds more than one object of it.
//! Only the structure is looked at (strings, braces): whether an object is valid JSON is decided
//! by whoever reads it, so that one broken object costs one object.

use super::error::Fault;

/// Larger objects are not kept in memory: they are skipped and counted.
pub(super) const MAX_OBJECT: usize = 8 << 20;
/// As much of a skipped object is kept as its name is usually found in.
const HEAD: usize = 64 << 10;
/// Fields beside the objects (metadata, column definitions) are small.
const MAX_FIELD: usize = 1 << 20;

/// A part of an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Piece<'a> {
    /// An element of the array.
    Item(&'a [u8]),
    /// Another field of the answer: name and raw value.
    Field(&'a str, &'a [u8]),
    /// An element that was too large, its first bytes and its size.
    Huge(&'a [u8], usize),
}

/// Bytes that are kept until their end arrives.
#[derive(Debug, Default)]
struct Carry {
    bytes: Vec<u8>,
    /// All bytes of the value, kept or not.
    total: usize,
}

impl Carry {
    fn push(&mut self, part: &[u8], limit: usize) {
        self.total += part.len();
        if self.total <= limit {
            self.bytes.extend_from_slice(part);
        } else {
            let room = HEAD.saturating_sub(self.bytes.len()).min(part.len());
            self.bytes.extend_from_slice(&part[..room]);
            self.bytes.truncate(HEAD);
            self.bytes.shrink_to(HEAD);
        }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.total = 0;
    }
}

/// How far a value has been read.
#[derive(Debug, Default)]
struct Progress {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// A number or literal: it ends before the next separator.
    bare: bool,
}

impl Progress {
    /// Reads on; the index after the value's last byte when it ends within `bytes`.
    fn advance(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.in_string {
                at = self.string(bytes, at)?;
                if self.depth == 0 {
                    return Some(at);
                }
                continue;
            }
            match bytes[at] {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth <= 1 => {
                    // A bracket that was not opened here belongs to what surrounds the value.
                    return Some(if self.depth == 0 { at } else { at + 1 });
                }
                b'}' | b']' => self.depth -= 1,
                b',' | b' ' | b'\n' | b'\r' | b'\t' if self.depth == 0 && self.bare => {
                    return Some(at);
                }
                _ if self.depth == 0 => self.bare = true,
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// Reads on inside a string; the index after its closing quote.
    fn string(&mut self, bytes: &[u8], mut at: usize) -> Option<usize> {
        loop {
            if at >= bytes.len() {
                return None;
            }
            if self.escaped {
                self.escaped = false;
                at += 1;
            }
            let found = memchr::memchr2(b'"', b'\\', &bytes[at..])?;
            at += found + 1;
            if bytes[at - 1] == b'"' {
                self.in_string = false;
                return Some(at);
            }
            self.escaped = true;
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    /// Before the opening brace of the answer.
    Start,
    /// Before a field's name, or the end of the answer.
    Name,
    /// Inside a field's name.
    InName,
    /// Between a name and its value.
    Value,
    /// Inside the value of a field that is not the array.
    InField,
    /// Between elements of the array.
    Between,
    /// Inside an element.
    InItem,
    /// After the answer.
    Done,
}

/// Cuts `{"metadata":{…},"items":[{…},{…}]}` into its pieces.
#[derive(Debug)]
pub(super) struct Scanner {
    arrays: &'static [&'static str],
    at: At,
    name: Vec<u8>,
    progress: Progress,
    carry: Carry,
    max: usize,
}

impl Scanner {
    /// Elements come from the fields `arrays` of the answer.
    pub(super) fn new(arrays: &'static [&'static str]) -> Self {
        Self::with_limit(arrays, MAX_OBJECT)
    }

    fn with_limit(arrays: &'static [&'static str], max: usize) -> Self {
        Self {
            arrays,
            at: At::Start,
            name: Vec::new(),
            progress: Progress::default(),
            carry: Carry::default(),
            max,
        }
    }

    /// Reads on; hands every piece that ends in `bytes` to `sink`.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        sink: &mut impl FnMut(Piece<'_>),
    ) -> Result<(), Fault> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let used = match self.at {
                At::InName => self.in_name(rest),
                At::InField => self.in_field(rest, sink)?,
                At::InItem => self.in_item(rest, sink),
                At::Done => rest.len(),
                _ => self.between(rest)?,
            };
            rest = &rest[used..];
        }
        Ok(())
    }

    /// Whether the answer was complete.
    pub(super) fn complete(&self) -> bool {
        self.at == At::Done
    }

    /// One byte outside names, fields and elements; values begin without being consumed.
    fn between(&mut self, rest: &[u8]) -> Result<usize, Fault> {
        let byte = rest[0];
        if byte.is_ascii_whitespace() {
            return Ok(1);
        }
        let (next, used) = match (self.at, byte) {
            (At::Start, b'{') | (At::Name | At::Between, b',') => {
                let next = if self.at == At::Start {
                    At::Name
                } else {
                    self.at
                };
                (next, 1)
            }
            (At::Name, b'"') => {
                self.name.clear();
                self.begin();
                self.progress.in_string = true;
                (At::InName, 1)
            }
            (At::Name, b'}') => (At::Done, 1),
            (At::Value, b':') => (At::Value, 1),
            (At::Value, b'[') if self.holds_objects() => (At::Between, 1),
            (At::Value, _) => {
                self.begin();
                (At::InField, 0)
            }
            (At::Between, b']') => (At::Name, 1),
            // A brace that closes nothing begins no element: it would be an empty one for ever.
            (At::Between, byte) if byte != b'}' => {
                self.begin();
                (At::InItem, 0)
            }
            _ => {
                return Err(Fault::Malformed(
                    "the server's answer is not a JSON list".into(),
                ));
            }
        };
        self.at = next;
        Ok(used)
    }

    /// Whether the field just named holds the objects.
    fn holds_objects(&self) -> bool {
        self.arrays.iter().any(|name| name.as_bytes() == self.name)
    }

    fn begin(&mut self) {
        self.progress = Progress::default();
        self.carry.clear();
    }

    fn in_name(&mut self, rest: &[u8]) -> usize {
        let end = self.progress.string(rest, 0);
        let part = &rest[..end.map_or(rest.len(), |end| end - 1)];
        // Field names of a list are short; a longer one is none of ours.
        let room = 256_usize.saturating_sub(self.name.len()).min(part.len());
        self.name.extend_from_slice(&part[..room]);
        if end.is_some() {
            self.at = At::Value;
        }
        end.unwrap_or(rest.len())
    }

    fn in_field(&mut self, rest: &[u8], sink: &mut impl FnMut(Piece<'_>)) -> Result<usize, Fault> {
        let end = self.progress.advance(rest);
        let used = end.unwrap_or(rest.len());
        self.carry.push(&rest[..used], MAX_FIELD);
        if end.is_some() {
            let name = std::str::from_utf8(&self.name).unwrap_or_default();
            if self.carry.total > MAX_FIELD {
                return Err(Fault::Malformed(format!("the field {name} is too large")));
            }
            sink(Piece::Field(name, &self.carry.bytes));
            self.carry.clear();
            self.at = At::Name;
        }
        Ok(used)
    }

    fn in_item(&mut self, rest: &[u8], sink: &mut impl FnMut(Piece<'_>)) -> usize {
        let end = self.progress.advance(rest);
        let used = end.unwrap_or(rest.len());
        let part = &rest[..used];
        if end.is_none() {
            self.carry.push(part, self.max);
        } else {
            if self.carry.total == 0 && part.len() <= self.max {
                sink(Piece::Item(part));
            } else {
                self.carry.push(part, self.max);
                emit(&self.carry, self.max, sink);
            }
            self.carry.clear();
            self.at = At::Between;
        }
        used
    }
}

fn emit(carry: &Carry, max: usize, sink: &mut impl FnMut(Piece<'_>)) {
    sink(if carry.total > max {
        Piece::Huge(&carry.bytes, carry.total)
    } else {
        Piece::Item(&carry.bytes)
    });
}

/// Cuts a watch into its events, one per line.
#[derive(Debug)]
pub(super) struct Lines {
    carry: Carry,
    max: usize,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            carry: Carry::default(),
            max: MAX_OBJECT,
        }
    }
}

impl Lines {
    /// Reads on; hands every line that ends in `bytes` to `sink`.
    pub(super) fn feed(&mut self, bytes: &[u8], sink: &mut impl FnMut(Piece<'_>)) {
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            let part = &bytes[from..end];
            from = end + 1;
            if self.carry.total == 0 && part.len() <= self.max {
                if !part.trim_ascii().is_empty() {
                    sink(Piece::Item(part));
                }
            } else {
                self.carry.push(part, self.max);
                emit(&self.carry, self.max, sink);
                self.carry.clear();
            }
        }
        if from < bytes.len() {
            self.carry.push(&bytes[from..], self.max);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    fn own(piece: &Piece<'_>) -> String {
        match piece {
            Piece::Item(item) => format!("item {}", String::from_utf8_lossy(item)),
            Piece::Field(name, value) => {
                format!("field {name} {}", String::from_utf8_lossy(value))
            }
            Piece::Huge(head, total) => format!("huge {} of {total}", head.len()),
        }
    }

    fn scan(text: &str, chunk: usize, max: usize) -> (Vec<String>, bool) {
        let mut scanner = Scanner::with_limit(&["items"], max);
        let mut out = Vec::new();
        for part in text.as_bytes().chunks(chunk) {
            scanner
                .feed(part, &mut |piece| out.push(own(&piece)))
                .unwrap();
        }
        (out, scanner.complete())
    }

    const LIST: &str = "{ \"kind\":\"PodList\",\"metadata\":{\"continue\":\"a\\\"}]\",\"x\":[1]},\n\
        \"items\": [ {\"a\":\"}\\\\\"} , null,[1,[2]], 7 ,\"s,\\\"]\",NaN\n],\"n\":12,\"b\":true} \n";

    #[test]
    fn every_way_to_cut_the_bytes_gives_the_same_pieces() {
        let (whole, done) = scan(LIST, LIST.len(), 1000);
        assert!(done);
        assert_eq!(
            whole,
            [
                "field kind \"PodList\"",
                "field metadata {\"continue\":\"a\\\"}]\",\"x\":[1]}",
                "item {\"a\":\"}\\\\\"}",
                "item null",
                "item [1,[2]]",
                "item 7",
                "item \"s,\\\"]\"",
                "item NaN",
                "field n 12",
                "field b true",
            ]
        );
        for chunk in 1..LIST.len() {
            assert_eq!(scan(LIST, chunk, 1000), (whole.clone(), true), "{chunk}");
        }
    }

    #[test]
    fn a_brace_that_closes_nothing_is_refused() {
        for text in [
            r#"{"items":[}"#,
            r#"{"items":[{"a":1}}]}"#,
            r#"{"items":[7}, {"b":2}],"n":1}"#,
        ] {
            for chunk in 1..text.len() {
                let mut scanner = Scanner::with_limit(&["items"], 100);
                let mut items = 0;
                let mut count = |_: Piece<'_>| items += 1;
                let mut parts = text.as_bytes().chunks(chunk);
                let refused = parts.find_map(|part| scanner.feed(part, &mut count).err());
                assert!(matches!(refused, Some(Fault::Malformed(_))), "{text}");
                assert!(items <= 1, "{text}");
            }
        }
    }

    #[test]
    fn a_cut_list_is_not_complete() {
        for end in 0..LIST.trim_end().len() {
            assert!(!scan(&LIST[..end], 7, 1000).1, "{end}");
        }
    }

    #[test]
    fn null_items_are_no_items() {
        let (pieces, done) = scan("{\"items\":null}", 3, 1000);
        assert!(done);
        assert_eq!(pieces, ["field items null"]);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let mut scanner = Scanner::new(&["items"]);
        assert!(scanner.feed(b"<html>", &mut |_| {}).is_err());
    }

    #[test]
    fn a_huge_object_is_skipped_and_the_next_is_read() {
        let big = "x".repeat(200_000);
        let text = format!("{{\"items\":[{{\"m\":\"{big}\"}},{{\"a\":1}}]}}");
        for chunk in [1 << 10, 1 << 20] {
            let (pieces, done) = scan(&text, chunk, 100_000);
            assert!(done);
            assert_eq!(pieces, ["huge 65536 of 200008", "item {\"a\":1}"]);
        }
    }

    #[test]
    fn lines_are_cut_anywhere() {
        let text = "{\"a\":1}\n\n{\"b\":\"\\n\"}\r\n{\"c\":2}\nrest";
        for chunk in 1..text.len() {
            let mut lines = Lines::default();
            let mut out = Vec::new();
            for part in text.as_bytes().chunks(chunk) {
                lines.feed(part, &mut |piece| {
                    out.push(own(&piece).trim_end().to_owned());
                });
            }
            assert_eq!(
                out,
                ["item {\"a\":1}", "item {\"b\":\"\\n\"}", "item {\"c\":2}"]
            );
        }
    }

    #[test]
    fn a_huge_line_is_skipped_and_the_next_is_read() {
        let mut lines = Lines {
            max: 100,
            ..Lines::default()
        };
        let mut out = Vec::new();
        let text = format!("{}\nshort\n", "y".repeat(500));
        for part in text.as_bytes().chunks(64) {
            lines.feed(part, &mut |piece| out.push(own(&piece)));
        }
        assert_eq!(out, ["huge 500 of 500", "item short"]);
    }
}
