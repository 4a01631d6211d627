//! Moments as nanoseconds since 1970, and how the kubelet writes them before a line.

use jiff::{Timestamp, civil::DateTime, tz::Offset};

/// Nanoseconds of a second.
pub const SECOND: i64 = 1_000_000_000;

/// Nanoseconds of a millisecond.
pub const MILLI: i64 = 1_000_000;

/// A moment in nanoseconds since 1970.
pub fn nanos(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX)
}

/// Year to nanosecond of a moment, in UTC.
pub fn civil(at: i64) -> DateTime {
    let at = Timestamp::from_nanosecond(i128::from(at)).unwrap_or_default();
    Offset::UTC.to_datetime(at)
}

/// Writes stamps as `2026-11-23T10:04:11.204123456Z`. Remembers the second, because the lines of
/// one second come together.
#[derive(Debug, Default)]
pub struct Stamper {
    second: Option<i64>,
    text: Vec<u8>,
}

impl Stamper {
    /// Writes a moment in RFC 3339 with nine digits of the second.
    pub fn write(&mut self, at: i64, out: &mut Vec<u8>) {
        let second = at.div_euclid(SECOND);
        if self.second != Some(second) {
            self.second = Some(second);
            self.text = civil(second.saturating_mul(SECOND))
                .strftime("%Y-%m-%dT%H:%M:%S.")
                .to_string()
                .into_bytes();
        }
        out.extend_from_slice(&self.text);
        let mut digits = *b"000000000Z";
        let mut rest = at.rem_euclid(SECOND);
        for digit in digits[..9].iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
        out.extend_from_slice(&digits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_have_nine_digits_and_follow_the_second() {
        let mut stamper = Stamper::default();
        let mut write = |at: i64| {
            let mut out = Vec::new();
            stamper.write(at, &mut out);
            String::from_utf8(out).unwrap_or_default()
        };
        assert_eq!(write(0), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(write(SECOND + 42), "1970-01-01T00:00:01.000000042Z");
        assert_eq!(
            write(1_795_428_251_204_123_456),
            "2026-11-23T10:04:11.204123456Z"
        );
    }
}
