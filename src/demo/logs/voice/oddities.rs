//! What logs hold now and then that no reader expects: bytes that are no text, escapes, lines
//! without end.

use super::{Speaker, Voice, put};
use crate::demo::random::Random;

/// One event in so many is odd.
const ONE_IN: u64 = 2_500;

/// Writes something odd instead of an event, rarely.
pub fn intrude(speaker: &Speaker, random: &mut Random, out: &mut Vec<u8>) -> bool {
    let speaks = matches!(
        speaker.voice,
        Voice::GoJson
            | Voice::Logfmt
            | Voice::Pino
            | Voice::Coloured
            | Voice::Python
            | Voice::Uvicorn
    );
    if !speaks || random.below(ONE_IN) != 0 {
        return false;
    }
    // Bytes that are no text come from old scripts, not from services that write structured lines.
    let raw = matches!(
        speaker.voice,
        Voice::Python | Voice::Uvicorn | Voice::Coloured
    );
    match random.below(6) {
        0 if raw => rubbish(random, out),
        1 if raw => {
            out.extend_from_slice(b"payload: ");
            rubbish(random, out);
        }
        2 => long_line(random, out),
        // Whoever prints input as it comes prints its escapes, too.
        3 => put!(
            out,
            "rejected user agent: \x1b]0;owned\x07\x1b[2J\x1b[31mcurl\x1b[0m/8.9\r\u{202e}gnp.exe"
        ),
        4 if raw => out.extend_from_slice(b"caf\xe9 latin-1 \x9b31m and a lone \x1b"),
        _ => put!(
            out,
            "全角の行：｢{}｣ ｶﾀｶﾅ 👩‍👩‍👧‍👦 🇪🇺 e\u{301} \t tab",
            random.below(1000)
        ),
    }
    true
}

fn rubbish(random: &mut Random, out: &mut Vec<u8>) {
    for _ in 0..24 + random.below(16) {
        let bytes = random.bits().to_le_bytes();
        // A line feed would end the line.
        out.extend(bytes.into_iter().filter(|byte| *byte != b'\n'));
    }
}

fn long_line(random: &mut Random, out: &mut Vec<u8>) {
    put!(out, "{{\"level\":\"debug\",\"msg\":\"dump\",\"rows\":[");
    for row in 0..400 + random.below(1200) {
        put!(out, "{{\"row\":{row},\"id\":\"{:016x}\"}},", random.bits());
    }
    out.extend_from_slice(b"null]}");
}
