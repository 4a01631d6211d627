//! Points in time and how long ago they were, as Kubernetes writes and kubectl prints them.
//!
//! Nothing here reads a clock: the present comes in as an argument.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Milliseconds since the Unix epoch, UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Reads RFC 3339 as Kubernetes writes it (`2026-11-23T06:00:00Z`, with or without fractions).
    /// `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(|t| Self(t.as_millisecond()))
    }

    /// The day in UTC, `2026-11-23`; empty for a time that no calendar has.
    pub fn day(self) -> String {
        let stamp = jiff::Timestamp::from_millisecond(self.0);
        stamp.map_or_else(|_| String::new(), |at| at.strftime("%Y-%m-%d").to_string())
    }

    /// Milliseconds from `earlier` to `self`; negative when `earlier` is later.
    pub fn since(self, earlier: Self) -> Millis {
        Millis(self.0 - earlier.0)
    }

    /// `self` moved by `by`.
    #[must_use]
    pub fn plus(self, by: Millis) -> Self {
        Self(self.0.saturating_add(by.0))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, to the second.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(t) => write!(f, "{}", t.strftime("%Y-%m-%dT%H:%M:%SZ")),
            Err(_) => f.write_str("-"),
        }
    }
}

/// The zone in which points in time are shown to a person; UTC by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Zone(Option<jiff::tz::TimeZone>);

impl Zone {
    /// The zone of this machine. The one function here that looks at the system: the shell calls
    /// it once, at the start.
    pub fn system() -> Self {
        Self(Some(jiff::tz::TimeZone::system()))
    }

    /// Seconds to add to UTC at this moment.
    pub fn offset(&self, at: Timestamp) -> i64 {
        let (Some(zone), Ok(at)) = (&self.0, jiff::Timestamp::from_millisecond(at.0)) else {
            return 0;
        };
        i64::from(zone.to_offset(at).seconds())
    }
}

/// A span of time in milliseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Millis(pub i64);

impl Millis {
    /// `n` seconds.
    pub const fn seconds(n: i64) -> Self {
        Self(n * 1000)
    }

    /// `n` minutes.
    pub const fn minutes(n: i64) -> Self {
        Self::seconds(n * 60)
    }

    /// Whole seconds, rounded down, never negative (clocks of two machines differ).
    pub const fn whole_seconds(self) -> i64 {
        if self.0 < 0 { 0 } else { self.0 / 1000 }
    }
}

/// One unit, the largest that fits: `12s`, `4m`, `3h`, `2d`, `1y`. For tables.
pub fn brief(span: Millis) -> String {
    let s = span.whole_seconds();
    match s {
        0..60 => format!("{s}s"),
        60..3_600 => format!("{}m", s / 60),
        3_600..86_400 => format!("{}h", s / 3_600),
        86_400..63_072_000 => format!("{}d", s / 86_400),
        _ => format!("{}y", s / 31_536_000),
    }
}

/// Exactly what kubectl prints as AGE (`duration.HumanDuration`): two units where the first is
/// small (`3m12s`, `2d4h`), one where it is large.
pub fn kubectl(span: Millis) -> String {
    if span.0 < -1_000 {
        return "<invalid>".into();
    }
    let s = span.whole_seconds();
    let (m, h, d, years) = (s / 60, s / 3_600, s / 86_400, s / 31_536_000);
    let two = |a: i64, ua: &str, b: i64, ub: &str| {
        if b == 0 {
            format!("{a}{ua}")
        } else {
            format!("{a}{ua}{b}{ub}")
        }
    };
    if s < 120 {
        format!("{s}s")
    } else if m < 10 {
        two(m, "m", s % 60, "s")
    } else if m < 180 {
        format!("{m}m")
    } else if h < 8 {
        two(h, "h", m % 60, "m")
    } else if h < 48 {
        format!("{h}h")
    } else if h < 192 {
        two(d, "d", h % 24, "h")
    } else if d < 730 {
        format!("{d}d")
    } else if years < 8 {
        two(years, "y", d % 365, "d")
    } else {
        format!("{years}y")
    }
}

/// Reads what [`kubectl`] writes from the beginning of a text; the span and what follows it.
pub fn span(text: &str) -> Option<(Millis, &str)> {
    let mut seconds = 0_i64;
    let mut rest = text;
    loop {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let unit = rest[digits..].chars().next();
        let (Ok(n), Some(unit)) = (rest[..digits].parse::<i64>(), unit) else {
            break;
        };
        let unit = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'y' => 31_536_000,
            _ => break,
        };
        seconds = seconds.checked_add(n.checked_mul(unit)?)?;
        rest = &rest[digits + 1..];
    }
    let whole = rest.is_empty() || rest.starts_with(' ');
    let millis = seconds.checked_mul(1_000)?;
    (whole && rest.len() < text.len()).then_some((Millis(millis), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_kubectl_are_read() {
        let read = |text| span(text).map(|(span, rest)| (span.whole_seconds(), rest));
        assert_eq!(read("14s"), Some((14, "")));
        assert_eq!(read("3m59s (x4 over 2h)"), Some((239, " (x4 over 2h)")));
        assert_eq!(read("2d3h"), Some((183_600, "")));
        for text in [
            "",
            "<none>",
            "web",
            "3",
            "5x",
            "12sx",
            "99999999999999y",
            "99999999999999999s",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn kubernetes_times_are_read() {
        assert_eq!(
            Timestamp::parse("1970-01-01T00:00:01Z"),
            Some(Timestamp(1000))
        );
        assert_eq!(
            Timestamp::parse("1970-01-01T00:00:01.5Z"),
            Some(Timestamp(1500))
        );
        assert_eq!(Timestamp::parse("yesterday"), None);
    }

    #[test]
    fn ages_are_kubectls() {
        let cases = [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (192, "3m12s"),
            (600, "10m"),
            (10_740, "179m"),
            (10_800, "3h"),
            (11_100, "3h5m"),
            (28_800, "8h"),
            (172_800, "2d"),
            (187_200, "2d4h"),
            (691_200, "8d"),
            (63_072_000, "2y"),
            (64_000_000, "2y10d"),
            (252_288_000, "8y"),
        ];
        for (seconds, text) in cases {
            assert_eq!(kubectl(Millis::seconds(seconds)), text, "{seconds} s");
        }
    }

    #[test]
    fn an_age_is_never_negative() {
        assert_eq!(brief(Millis::seconds(-600)), "0s");
        assert_eq!(kubectl(Millis::seconds(-1)), "0s");
    }
}
