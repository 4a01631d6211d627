//! Text that came from a server or a container, made harmless before anything can draw it.
//!
//! Object names, labels, messages and image names are written by strangers. [`Text`] is the only
//! string type that rows hold, and the only way to make one removes what could steer a terminal:
//! C0 and C1 controls, escape sequences, bidirectional overrides, line separators. What is removed
//! is shown as `�`, so that two hostile names do not silently become equal to a harmless one.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::{Borrow, Cow};
use std::collections::HashSet;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A cleaned, cheaply cloned piece of text. `Text::default()` is the empty text.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Arc<str>);

impl Text {
    /// Cleans `raw` and keeps it.
    pub fn new(raw: &str) -> Self {
        match clean(raw) {
            Cow::Borrowed(s) => Self(Arc::from(s)),
            Cow::Owned(s) => Self(Arc::from(s)),
        }
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(raw: &str) -> Self {
        Self::new(raw)
    }
}

impl From<String> for Text {
    fn from(raw: String) -> Self {
        Self::new(&raw)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

/// Keeps one copy of each text that many rows share (namespaces, nodes, images, labels).
///
/// An entry that no row holds any more stays until [`Interner::sweep`].
#[derive(Debug, Default)]
pub struct Interner {
    known: HashSet<Text>,
}

impl Interner {
    /// The shared copy of `raw`, cleaned.
    pub fn text(&mut self, raw: &str) -> Text {
        if let Some(known) = self.known.get(raw) {
            return known.clone();
        }
        let text = Text::new(raw);
        // A text that cleaning changed is kept under its clean form: the raw form never is a key.
        self.known.insert(text.clone());
        text
    }

    /// Forgets what nobody else holds. Returns how many entries are left.
    pub fn sweep(&mut self) -> usize {
        self.known.retain(|text| Arc::strong_count(&text.0) > 1);
        self.known.len()
    }
}

/// `raw` without anything that steers a terminal; borrowed when it is clean, which is the rule.
pub fn clean(raw: &str) -> Cow<'_, str> {
    if raw.bytes().all(|b| (0x20..0x7f).contains(&b)) || !raw.chars().any(is_hostile) {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(
        raw.chars()
            .map(|c| if is_hostile(c) { '\u{fffd}' } else { c })
            .collect(),
    )
}

/// Like [`clean`], but keeps line feeds and tabs: for text that is shown over several lines.
pub fn clean_lines(raw: &str) -> Cow<'_, str> {
    let bad = |c: char| is_hostile(c) && c != '\n' && c != '\t';
    if !raw.chars().any(bad) {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(
        raw.chars()
            .map(|c| if bad(c) { '\u{fffd}' } else { c })
            .collect(),
    )
}

/// Characters that move the cursor, change the direction of writing, or end a line.
pub(super) fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{2028}' | '\u{2029}'      // line and paragraph separators
            | '\u{202a}'..='\u{202e}'    // bidirectional embeddings and overrides
            | '\u{2066}'..='\u{2069}'    // bidirectional isolates
            | '\u{200e}' | '\u{200f}' | '\u{061c}' // bidirectional marks
            | '\u{200b}' | '\u{feff}'    // zero-width space, byte order mark
        )
}

/// The name that was probably meant by `word`: the nearest of those that two letters make of it.
pub fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance <= 2 && *distance < name.len())
        .min()
        .map(|(_, name)| name)
}

/// The shape of a text: which kinds of characters stand where, and nothing of what it says.
pub fn shape(text: &str) -> String {
    let blur = |c: char| match c {
        'A'..='Z' => 'X',
        '0'..='9' => '0',
        c if c.is_ascii() && !c.is_ascii_alphabetic() => c,
        _ => 'x',
    };
    text.chars().map(blur).collect()
}

/// The same of bytes for a terminal: what steers it stays, but for the texts of its strings.
pub fn shape_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        let steers = match (byte, after.first()) {
            (0x1b, Some(b'[')) => {
                let end = after
                    .iter()
                    .skip(1)
                    .position(|it| (0x40..=0x7e).contains(it));
                end.map_or(rest.len(), |end| end + 3)
            }
            (0x1b, Some(_)) => 2,
            _ => 0,
        };
        if steers > 0 {
            out.extend_from_slice(&rest[..steers]);
            rest = &rest[steers..];
            continue;
        }
        match byte {
            b'A'..=b'Z' => out.push(b'X'),
            b'0'..=b'9' => out.push(b'0'),
            b'a'..=b'z' | 0xc0.. => out.push(b'x'),
            // It goes on with a character that has begun.
            0x80..=0xbf => {}
            byte => out.push(byte),
        }
        rest = after;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_text_is_borrowed() {
        assert!(matches!(clean("web-7d9c4/1"), Cow::Borrowed(_)));
        assert!(matches!(clean("日本語 👨‍👩‍👧"), Cow::Borrowed(_)));
    }

    #[test]
    fn nothing_that_steers_a_terminal_survives() {
        let hostile = "a\x1b[31mb\x07c\u{9b}2Jd\u{202e}e\r\nf\u{2028}g\x7f";
        let text = Text::new(hostile);
        assert!(!text.chars().any(is_hostile), "{text:?}");
        assert_eq!(
            text,
            "a\u{fffd}[31mb\u{fffd}c\u{fffd}2Jd\u{fffd}e\u{fffd}\u{fffd}f\u{fffd}g\u{fffd}"
        );
    }

    #[test]
    fn lines_are_kept_where_lines_are_shown() {
        assert_eq!(clean_lines("a\n\tb\x1b"), "a\n\tb\u{fffd}");
    }

    #[test]
    fn the_interner_shares_and_forgets() {
        let mut interner = Interner::default();
        let a = interner.text("shop-prod");
        let b = interner.text("shop-prod");
        assert!(Arc::ptr_eq(&a.0, &b.0));
        drop((a, b));
        assert_eq!(interner.sweep(), 0);
    }

    #[test]
    fn a_shape_says_nothing_of_what_was_said() {
        assert_eq!(shape("Token: Ab3-é\n"), "Xxxxx: Xx0-x\n");
        let seen = shape_bytes(b"\x1b[31;1mS3cret \xc3\xa9\x1b[0m\x1b]0;title\x07\r\n");
        assert_eq!(seen, b"\x1b[31;1mX0xxxx x\x1b[0m\x1b]0;xxxxx\x07\r\n");
        // A sequence that is cut off at the end.
        assert_eq!(shape_bytes(b"a\x1b[3"), b"x\x1b[3");
        assert_eq!(shape_bytes(b"a\x1b"), b"x\x1b");
    }
}
