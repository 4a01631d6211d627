//! Where the lines of a run come from: a script, or a flood in measuring mode.

use super::flood::Flood;
use super::script::Script;
use super::stamp::Stamper;

/// The lines of a run.
#[derive(Debug)]
pub enum Source {
    /// A program at work.
    Script(Box<Script>),
    /// Numbered lines as fast as they are read.
    Flood(Flood),
}

impl Source {
    /// The moment before which all lines are there by now.
    pub fn until(&self, now: i64) -> i64 {
        match self {
            Self::Script(script) => script.end().unwrap_or(now + 1),
            Self::Flood(flood) => flood.until(),
        }
    }

    /// Whether no further line will come.
    pub fn is_over(&self) -> bool {
        match self {
            Self::Script(script) => script.end().is_some(),
            Self::Flood(flood) => flood.is_over(),
        }
    }

    /// From when on the kubelet still has lines at `now`.
    pub fn kept_from(&self, now: i64) -> i64 {
        match self {
            Self::Script(script) => script.kept_from(now),
            Self::Flood(flood) => flood.first(),
        }
    }

    /// From when on it has lines after a rotation at `at` that kept so many.
    pub fn kept_after(&mut self, at: i64, lines: u64) -> i64 {
        match self {
            Self::Script(script) if lines == 0 => script.end().map_or(at, |end| at.min(end)),
            Self::Script(script) => {
                let until = script.end().map_or(at, |end| at.min(end));
                script.tail(lines, i64::MIN, until)
            }
            // A flood is there as a whole: what a rotation leaves is its end.
            Self::Flood(flood) if at >= flood.first() => flood.tail(lines, i64::MIN),
            Self::Flood(flood) => flood.first(),
        }
    }

    /// The moment of the last line but `count - 1` of those from `from` until before `until`.
    pub fn tail(&mut self, count: u64, from: i64, until: i64) -> i64 {
        match self {
            Self::Script(script) => script.tail(count, from, until),
            Self::Flood(flood) => flood.tail(count, from),
        }
    }

    /// Writes lines as [`Script::write`] does.
    pub fn write(
        &mut self,
        from: i64,
        until: i64,
        room: usize,
        stamps: Option<&mut Stamper>,
        out: &mut Vec<u8>,
    ) -> i64 {
        match self {
            Self::Script(script) => script.write(from, until, room, stamps, out),
            Self::Flood(flood) => flood.write(from, until, room, stamps, out),
        }
    }

    /// When the next line at or after `from` is written, if one comes by itself.
    pub fn due(&mut self, from: i64) -> Option<i64> {
        match self {
            Self::Script(script) => script.due(from),
            Self::Flood(_) => None,
        }
    }
}
