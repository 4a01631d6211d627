//! Stamps before the lines of a log: RFC 3339 with nanoseconds, as the container runtime wrote
//! them.

use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Nanoseconds since 1970-01-01 UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Nanos(pub i64);

impl Nanos {
    /// The moment in milliseconds.
    pub fn timestamp(self) -> Timestamp {
        Timestamp(self.0.div_euclid(1_000_000))
    }

    /// The moment of a timestamp.
    pub fn of(at: Timestamp) -> Self {
        Self(at.0.saturating_mul(1_000_000))
    }

    /// `2026-11-23T10:04:11.204123456Z`
    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_nanosecond(i128::from(self.0))
            .map(|at| format!("{at:.9}"))
            .unwrap_or_default()
    }

    /// `10:04:11`, so many seconds east of UTC.
    pub fn clock(self, offset: i64) -> String {
        let seconds = (self.seconds() + offset).rem_euclid(86_400);
        format!(
            "{:02}:{:02}:{:02}",
            seconds / 3_600,
            seconds / 60 % 60,
            seconds % 60
        )
    }

    /// `11-23 10:04:11`, so many seconds east of UTC.
    pub fn date_and_clock(self, offset: i64) -> String {
        let there = Self(self.0.saturating_add(offset.saturating_mul(1_000_000_000)));
        let text = there.rfc3339();
        text.get(5..19).unwrap_or_default().replace('T', " ")
    }

    /// Whole seconds since 1970-01-01 UTC: what `sinceTime` is rounded to.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }
}

/// `2026-11-23T10:04:`
const MINUTE: usize = 17;

/// Reads stamps. Keeps the minute that it read last: neighbours share it.
#[derive(Clone, Debug, Default)]
pub struct Stamps {
    minute: [u8; MINUTE],
    base: i64,
}

impl Stamps {
    /// The stamp of a line and what follows it. A line without a stamp is all text.
    pub fn split<'a>(&mut self, line: &'a [u8]) -> (Option<Nanos>, &'a [u8]) {
        if let Some((nanos, length)) = self.quick(line) {
            return (Some(Nanos(nanos)), &line[length..]);
        }
        let end = memchr::memchr(b' ', &line[..line.len().min(40)]).unwrap_or(line.len().min(40));
        let stamp = std::str::from_utf8(&line[..end])
            .ok()
            .filter(|text| text.len() >= "2026-11-23T10:04:11Z".len())
            .and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let Some(stamp) = stamp else {
            return (None, line);
        };
        let nanos = i64::try_from(stamp.as_nanosecond()).unwrap_or(i64::MAX);
        if line[..end].ends_with(b"Z") && end > MINUTE + 2 {
            self.minute.copy_from_slice(&line[..MINUTE]);
            self.base = nanos - nanos.rem_euclid(60_000_000_000);
        }
        let rest = (end + 1).min(line.len());
        (Some(Nanos(nanos)), &line[rest..])
    }

    /// A stamp of the known minute: its value, and its length with the space behind it.
    fn quick(&self, line: &[u8]) -> Option<(i64, usize)> {
        let rest = line.strip_prefix(&self.minute)?;
        let digit = |byte: &u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
        let seconds = digit(rest.first()?)? * 10 + digit(rest.get(1)?)?;
        let mut at = 2;
        let mut fraction = 0;
        if rest.get(at) == Some(&b'.') {
            at += 1;
            let mut places = 0;
            while let Some(value) = rest.get(at).and_then(digit) {
                fraction = fraction * 10 + value;
                places += 1;
                at += 1;
                if places > 9 {
                    return None;
                }
            }
            for _ in places..9 {
                fraction *= 10;
            }
        }
        if rest.get(at) != Some(&b'Z') {
            return None;
        }
        let length = match rest.get(at + 1) {
            None => MINUTE + at + 1,
            Some(b' ') => MINUTE + at + 2,
            Some(_) => return None,
        };
        Some((self.base + seconds * 1_000_000_000 + fraction, length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_read_in_every_form_that_runtimes_write() {
        let mut stamps = Stamps::default();
        for (line, nanos, rest) in [
            ("1970-01-01T00:01:02.5Z a b", 62_500_000_000, "a b"),
            ("1970-01-01T00:01:03.000000001Z x", 63_000_000_001, "x"),
            ("1970-01-01T00:01:04Z ", 64_000_000_000, ""),
            ("1970-01-01T00:01:05.123456789Z", 65_123_456_789, ""),
            ("1970-01-01T01:01:02.5+01:00 y", 62_500_000_000, "y"),
            ("1970-01-01T00:02:00.25Z  two", 120_250_000_000, " two"),
        ] {
            let (at, text) = stamps.split(line.as_bytes());
            assert_eq!(at, Some(Nanos(nanos)), "{line}");
            assert_eq!(text, rest.as_bytes(), "{line}");
        }
    }

    #[test]
    fn what_is_no_stamp_is_text() {
        let mut stamps = Stamps::default();
        for line in ["", "hello", "2026-11-23 plain", "2026-99-23T10:04:11Z x"] {
            assert_eq!(stamps.split(line.as_bytes()), (None, line.as_bytes()));
        }
    }
}
