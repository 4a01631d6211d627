//! How bad a line says it is.

use std::fmt;

/// The level of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// `trace`
    Trace = 1,
    /// `debug`
    Debug,
    /// `info`, `notice`
    Info,
    /// `warn`
    Warn,
    /// `error`
    Error,
    /// `fatal`, `panic`, `critical`, `emergency`
    Fatal,
}

impl Level {
    /// Every level, mildest first.
    pub const ALL: [Self; 6] = [
        Self::Trace,
        Self::Debug,
        Self::Info,
        Self::Warn,
        Self::Error,
        Self::Fatal,
    ];

    /// `ERROR`
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }

    /// The level of a word, in any of the usual spellings and in either case.
    pub fn from_word(word: &[u8]) -> Option<Self> {
        let is = |names: &[&str]| {
            names
                .iter()
                .any(|name| name.as_bytes().eq_ignore_ascii_case(word))
        };
        Some(match word.first()?.to_ascii_lowercase() {
            b't' if is(&["trace", "trc"]) => Self::Trace,
            b'f' if is(&["fine", "finer", "finest"]) => Self::Trace,
            b'd' if is(&["debug", "dbg"]) => Self::Debug,
            b'v' if is(&["verbose"]) => Self::Debug,
            b'i' if is(&["info", "inf", "information", "informational"]) => Self::Info,
            b'n' if is(&["notice"]) => Self::Info,
            b'w' if is(&["warn", "warning", "wrn"]) => Self::Warn,
            b'e' if is(&["error", "err", "eror"]) => Self::Error,
            b's' if is(&["severe"]) => Self::Error,
            b'f' if is(&["fatal", "ftl"]) => Self::Fatal,
            b'p' if is(&["panic"]) => Self::Fatal,
            b'c' if is(&["critical", "crit"]) => Self::Fatal,
            b'e' if is(&["emerg", "emergency"]) => Self::Fatal,
            b'a' if is(&["alert"]) => Self::Fatal,
            _ => return None,
        })
    }

    /// The level of a number, as bunyan and pino count them (30 is `info`).
    fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            10..20 => Self::Trace,
            20..30 => Self::Debug,
            30..40 => Self::Info,
            40..50 => Self::Warn,
            50..60 => Self::Error,
            60..=70 => Self::Fatal,
            _ => return None,
        })
    }

    pub(super) const fn code(level: Option<Self>) -> u8 {
        match level {
            None => 0,
            Some(level) => level as u8,
        }
    }

    pub(super) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code).checked_sub(1)?).copied()
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How far into a line its level is sought.
const HEAD: usize = 160;
/// How far into a JSON line: keys have no fixed order.
const JSON_HEAD: usize = 2048;

/// The level that a line says it has.
pub fn detect(line: &[u8]) -> Option<Level> {
    match line.first()? {
        b'{' => json(&line[..line.len().min(JSON_HEAD)]),
        b'I' | b'W' | b'E' | b'F' if is_klog(line) => klog(line[0]),
        _ => plain(&line[..line.len().min(HEAD)]),
    }
}

/// `E1123 10:04:11.204000`
pub(super) fn is_klog(line: &[u8]) -> bool {
    line.len() > 20
        && line[1..5].iter().all(u8::is_ascii_digit)
        && line[5] == b' '
        && line[8] == b':'
}

pub(super) fn klog(letter: u8) -> Option<Level> {
    Some(match letter {
        b'I' => Level::Info,
        b'W' => Level::Warn,
        b'E' => Level::Error,
        b'F' => Level::Fatal,
        _ => return None,
    })
}

/// Keys under which programs write their level.
pub(super) const KEYS: [&str; 6] = [
    "level",
    "severity",
    "lvl",
    "levelname",
    "loglevel",
    "log.level",
];

fn json(line: &[u8]) -> Option<Level> {
    let mut from = 0;
    while let Some(at) = memchr::memchr(b'"', &line[from..]) {
        let key = from + at + 1;
        let end = key + memchr::memchr(b'"', &line[key..])?;
        from = end + 1;
        if line.get(from) != Some(&b':') && line.get(from..from + 2) != Some(b" :") {
            continue;
        }
        let name = &line[key..end];
        if name.len() < 3 || !KEYS.iter().any(|k| k.as_bytes().eq_ignore_ascii_case(name)) {
            continue;
        }
        let value = line[from..].trim_ascii_start().strip_prefix(b":")?;
        let value = value.trim_ascii_start();
        return match value.first()? {
            b'"' => Level::from_word(value[1..].split(|b| *b == b'"').next()?),
            b'0'..=b'9' => {
                let digits = value.iter().take_while(|b| b.is_ascii_digit()).count();
                let number = std::str::from_utf8(&value[..digits]).ok()?.parse().ok()?;
                Level::from_number(number)
            }
            _ => None,
        };
    }
    None
}

/// `level=warn`, `[error]`, `ERROR`, `panic:`, `java.io.IOException:`; the first that is found.
fn plain(line: &[u8]) -> Option<Level> {
    // A level stands beside a sign or in capitals. Most lines have few of them, and a block is looked
    // at as a whole: every line of a flood comes through here.
    const BLOCK: usize = 16;
    for (n, block) in line.chunks(BLOCK).enumerate() {
        let bits = block.iter().zip(0..);
        let mut places = bits.fold(0_u16, |all, (byte, at)| all | u16::from(tells(*byte)) << at);
        while places != 0 {
            let at = n * BLOCK + places.trailing_zeros() as usize;
            places &= places - 1;
            let word = word_at(line, at);
            if let Some(level) = word.and_then(|(start, word)| word_level(line, start, word)) {
                return Some(level);
            }
        }
    }
    None
}

/// Whether a byte may stand before, in or behind a level.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without branches sixteen bytes are looked at together"
)]
const fn tells(byte: u8) -> bool {
    byte.is_ascii_uppercase() | (byte == b':') | opens(byte)
}

/// Whether a level may stand behind this byte, written in any way.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without branches sixteen bytes are looked at together"
)]
const fn opens(byte: u8) -> bool {
    (byte == b'[')
        | (byte == b'<')
        | (byte == b'(')
        | (byte == b'|')
        | (byte == b'=')
        | (byte == b'"')
}

/// The word that a byte tells of, and where it starts.
fn word_at(line: &[u8], at: usize) -> Option<(usize, &[u8])> {
    let letter = |byte: &&u8| byte.is_ascii_alphabetic();
    let before = |end: usize| line[..end].iter().rev().take_while(letter).count();
    let start = match line[at] {
        b':' => at - before(at),
        byte if opens(byte) => at + 1,
        // A capital within a word tells nothing of it.
        _ => (at == 0 || !line[at - 1].is_ascii_alphabetic()).then_some(at)?,
    };
    let length = line[start..].iter().take_while(letter).count();
    (length > 0).then(|| (start, &line[start..start + length]))
}

/// A word counts where it stands as a level does: in capitals, in brackets, as the value of a
/// level's key, or before a colon. `no error found` is not an error.
fn word_level(line: &[u8], start: usize, word: &[u8]) -> Option<Level> {
    let after = line.get(start + word.len()).copied().unwrap_or(b' ');
    if word.len() > 8 {
        let thrown = after == b':' && (word.ends_with(b"Exception") || word.ends_with(b"Error"));
        return thrown.then_some(Level::Error);
    }
    let before = start.checked_sub(1).map_or(b' ', |n| line[n]);
    // What most words are: no capitals, no sign at either side. Nothing dearer is asked of them.
    let shouted = word[0].is_ascii_uppercase() && word.len() > 2 && word[1].is_ascii_uppercase();
    if !shouted && after != b':' && !opens(before) {
        return None;
    }
    let level = Level::from_word(word)?;
    let capitals = word.len() > 2 && word.iter().all(u8::is_ascii_uppercase);
    let bracketed = matches!(
        (before, after),
        (b'[', b']') | (b'<', b'>') | (b'(', b')') | (b'|', b'|')
    );
    let valued = matches!(before, b'=' | b'"') && {
        let head = line[..start].trim_ascii_end();
        let head = head.strip_suffix(b"\"").unwrap_or(head);
        head.strip_suffix(b"=").is_some_and(|key| {
            KEYS.iter().any(|k| {
                key.len() >= k.len()
                    && key[key.len() - k.len()..].eq_ignore_ascii_case(k.as_bytes())
            })
        })
    };
    let announced = after == b':' && (start == 0 || before == b' ') && level >= Level::Warn;
    (capitals || bracketed || valued || announced).then_some(level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn levels_are_found_where_programs_write_them() {
        for (line, level) in [
            (r#"{"ts":1,"level":"error","msg":"x"}"#, Some(Level::Error)),
            (
                r#"{"msg":"say \"level\"","severity":"WARNING"}"#,
                Some(Level::Warn),
            ),
            (r#"{"level":30,"msg":"pino"}"#, Some(Level::Info)),
            (r#"{"level" : "debug"}"#, Some(Level::Debug)),
            (r#"{"message":"level"}"#, None),
            (
                "E1123 10:04:11.204000       1 main.go:4] boom",
                Some(Level::Error),
            ),
            (
                "I1123 10:04:11.204000       1 main.go:4] fine",
                Some(Level::Info),
            ),
            ("time=2026 level=warn msg=slow", Some(Level::Warn)),
            ("lvl=\"error\" x=1", Some(Level::Error)),
            ("2026-11-23 10:00:00 [error] 7#7: nope", Some(Level::Error)),
            ("10:04:11 ERROR [main] c.e.Api - boom", Some(Level::Error)),
            (
                "panic: open /app/config.yaml: no such file",
                Some(Level::Fatal),
            ),
            ("java.lang.IllegalStateException: gone", Some(Level::Error)),
            ("ValueError: bad", Some(Level::Error)),
            ("requests.ConnectionError: refused", Some(Level::Error)),
            ("no error found", None),
            ("no Error found", None),
            ("(warn) <error>", Some(Level::Warn)),
            ("|error| at |info|", Some(Level::Error)),
            ("error (here)", None),
            ("the info page", None),
            ("GET /healthz 200", None),
            ("", None),
        ] {
            assert_eq!(detect(line.as_bytes()), level, "{line}");
        }
    }

    /// What [`plain`] finds, sought in every word.
    fn slowly(line: &[u8]) -> Option<Level> {
        let mut end = 0;
        let words = line.chunk_by(|a, b| a.is_ascii_alphabetic() == b.is_ascii_alphabetic());
        words
            .map(|word| {
                end += word.len();
                (end - word.len(), word)
            })
            .filter(|(_, word)| word[0].is_ascii_alphabetic())
            .find_map(|(start, word)| word_level(line, start, word))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn blocks_that_are_passed_over_hold_no_level(
            line in "([a-zE ]{0,9}|[\\[<(|=\":>)\\]]|level|ERROR|warn|err|KeyError:|info|Fatal|é){0,24}"
        ) {
            prop_assert_eq!(plain(line.as_bytes()), slowly(line.as_bytes()));
        }
    }
}
