//! What reaches the outer terminal, held against the list of what may.

use regex::bytes::Regex;
use std::sync::LazyLock;

/// All that the console ever writes besides text: frames, places, styles, and the modes that it
/// takes and gives back.
static OURS: LazyLock<Regex> = LazyLock::new(|| {
    let modes = "1049|25|2004|2026|1002|1003|1006";
    let list = format!(r"\x1b\[(\?({modes})[hl]|2J|[0-9]+;[0-9]+H|[0-9;:]*m|\?u|c|>1u|<u)");
    Regex::new(&list).expect("it is an expression")
});

/// The first thing in `bytes` that is neither ours nor text, with what stands around it.
pub fn foreign(bytes: &[u8]) -> Option<String> {
    let rest = OURS.replace_all(bytes, &b""[..]);
    let text = match std::str::from_utf8(&rest) {
        Ok(text) => text,
        Err(error) => return Some(format!("no UTF-8 after {} bytes", error.valid_up_to())),
    };
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let at = text.find(steers)?;
    let tail: String = text[at..].chars().take(20).collect();
    Some(format!("{tail:?}"))
}
