//! The log of a container in measuring mode: so many numbered lines, there as fast as they are read.
//!
//! Line `n` (from 0) stands a microsecond after line `n - 1`, so that any place in the log is found
//! by arithmetic.

use super::stamp::{Stamper, nanos};
use jiff::Timestamp;

/// Bytes of a line, line feed included.
pub const LINE: usize = 125;

/// Nanoseconds between two lines.
const STEP: i64 = 1_000;

/// What fills a line up; longer than any line.
const FILLER: &[u8; 128] = b" the quick brown fox jumps over the lazy dog and reports status=200 duration_ms=12 user=mara while nobody waits for the result \n";

/// A log of numbered lines.
#[derive(Debug)]
pub struct Flood {
    lines: i64,
    begin: i64,
    /// The run is over.
    ended: bool,
    head: Vec<u8>,
}

impl Flood {
    /// The log of a run of `container` in `pod` that wrote its first line at `begin`.
    pub fn new(lines: u64, begin: i64, ended: bool, pod: &str, container: &str) -> Self {
        let mut head = format!("{pod}/{container} seq=").into_bytes();
        // The number and the end of the line must have room.
        head.drain(..head.len().saturating_sub(LINE - 30));
        Self {
            lines: i64::try_from(lines).unwrap_or(i64::MAX / STEP),
            begin,
            ended,
            head,
        }
    }

    /// When a run that started in this second began to write; one that ran already when the
    /// measuring began counts from there, so that its lines are not as old as it is.
    pub fn begin(first: i64, ended: Option<i64>, measured_since: Timestamp) -> i64 {
        let since = nanos(measured_since);
        if ended.is_some_and(|end| end <= since) {
            first
        } else {
            first.max(since)
        }
    }

    /// The moment of the first line.
    pub fn first(&self) -> i64 {
        self.begin
    }

    /// The moment after the last line.
    pub fn until(&self) -> i64 {
        self.begin.saturating_add(self.lines.saturating_mul(STEP))
    }

    /// Whether the run is over.
    pub fn is_over(&self) -> bool {
        self.ended
    }

    /// The moment of the last line but `count - 1` of those from `from` on.
    pub fn tail(&self, count: u64, from: i64) -> i64 {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        from.max(self.until().saturating_sub(count.saturating_mul(STEP)))
    }

    /// Writes the lines from `from` until before `until` until `out` holds `room` bytes. Returns
    /// the moment from which to go on.
    pub fn write(
        &self,
        from: i64,
        until: i64,
        room: usize,
        mut stamps: Option<&mut Stamper>,
        out: &mut Vec<u8>,
    ) -> i64 {
        let until = until.min(self.until());
        let ahead = from.max(self.begin) - self.begin;
        let mut number = ahead / STEP + i64::from(ahead % STEP != 0);
        let mut at = self.begin + number * STEP;
        let left = usize::try_from((until - at) / STEP + 1).unwrap_or(0);
        out.reserve(left.saturating_mul(LINE + 32).min(room) + LINE + 32);
        while at < until && out.len() < room {
            if let Some(stamper) = stamps.as_deref_mut() {
                stamper.write(at, out);
                out.push(b' ');
            }
            self.line(number, out);
            number += 1;
            at += STEP;
        }
        at
    }

    fn line(&self, number: i64, out: &mut Vec<u8>) {
        let mut digits = [0_u8; 20];
        let mut from = digits.len();
        let mut rest = number;
        loop {
            from -= 1;
            digits[from] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        out.extend_from_slice(&self.head);
        out.extend_from_slice(&digits[from..]);
        let written = self.head.len() + digits.len() - from;
        out.extend_from_slice(&FILLER[..LINE.saturating_sub(written + 1)]);
        out.push(b'\n');
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn text(flood: &Flood, from: i64, stamps: bool) -> String {
        let mut out = Vec::new();
        let mut stamper = Stamper::default();
        let stamps = stamps.then_some(&mut stamper);
        let next = flood.write(from, i64::MAX, usize::MAX / 4, stamps, &mut out);
        assert_eq!(next, flood.until());
        String::from_utf8(out).unwrap()
    }

    fn numbers(text: &str) -> Vec<u64> {
        let number = |line: &str| {
            let (_, rest) = line.split_once("seq=").unwrap();
            rest.split(' ').next().unwrap().parse().unwrap()
        };
        text.lines().map(number).collect()
    }

    #[test]
    fn each_line_has_its_number_its_length_and_its_moment() {
        let flood = Flood::new(1200, 5_000_000_000, false, "web-1", "web");
        let all = text(&flood, i64::MIN, false);
        assert!(all.lines().all(|line| line.len() + 1 == LINE), "{all}");
        assert_eq!(numbers(&all), (0..1200).collect::<Vec<_>>());
        let stamped = text(&flood, i64::MIN, true);
        assert!(
            stamped
                .lines()
                .nth(7)
                .unwrap()
                .starts_with("1970-01-01T00:00:05.000007000Z web-1/web seq=7 ")
        );
    }

    #[test]
    fn a_place_in_it_is_found_by_time_and_from_the_end() {
        let flood = Flood::new(5000, 0, true, "web-1", "web");
        assert_eq!(numbers(&text(&flood, 4_990_001, false))[0], 4991);
        let from = flood.tail(3, i64::MIN);
        assert_eq!(numbers(&text(&flood, from, false)), [4997, 4998, 4999]);
        let mut out = Vec::new();
        let next = flood.write(0, i64::MAX, 1, None, &mut out);
        assert_eq!((out.len(), next), (LINE, STEP));
    }
}
