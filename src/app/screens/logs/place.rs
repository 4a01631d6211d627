//! Where the reader is in a log: at its end, which he follows, or at a line that stays where it is.

use super::{LogScreen, Times};
use crate::domain::logs::buffer::Line;
use crate::domain::logs::{Nanos, Seq};
use crate::domain::query::quantity;
use crate::domain::time::{Millis, Timestamp, Zone};

/// The kept time is looked through for errors in so many parts.
const PARTS: usize = 120;

impl LogScreen {
    pub(super) fn last(&self) -> Seq {
        let last = self.shown.len().checked_sub(1);
        last.and_then(|n| self.shown.get(n)).unwrap_or_default()
    }

    /// The place among the seen lines of the first one on the page.
    pub fn first_on_page(&self) -> usize {
        if self.follow {
            self.shown.len().saturating_sub(self.page)
        } else {
            self.shown
                .place(self.top)
                .min(self.shown.len().saturating_sub(1))
        }
    }

    /// The n-th seen line.
    pub fn line(&self, n: usize) -> Option<Line<'_>> {
        self.log.buffer().get(self.shown.get(n)?)
    }

    /// Lines that have come since the reader stopped to follow.
    pub fn unread(&self) -> usize {
        if self.follow {
            0
        } else {
            self.shown.len() - self.shown.place(self.left_at)
        }
    }

    /// Whether a line is selected or marked.
    pub fn is_selected(&self, seq: Seq) -> bool {
        let in_range = self
            .selecting
            .is_some_and(|other| (other.min(self.cursor)..=other.max(self.cursor)).contains(&seq));
        in_range || self.marked.contains(&seq)
    }

    pub(super) fn leave_following(&mut self) {
        self.wanted_source = None;
        if self.follow {
            self.top = self.shown.get(self.first_on_page()).unwrap_or_default();
            self.follow = false;
            self.left_at = self.log.buffer().end();
        }
    }

    /// Moves the cursor to the n-th seen line; the page follows it.
    pub(super) fn go_to(&mut self, n: usize) {
        self.leave_following();
        let Some(seq) = self.shown.get(n.min(self.shown.len().saturating_sub(1))) else {
            return;
        };
        self.cursor = seq;
        let at = self.shown.place(seq);
        let first = self.first_on_page();
        if at < first {
            self.top = seq;
        } else if at >= first + self.page {
            self.top = self.shown.get(at + 1 - self.page).unwrap_or(seq);
        }
    }

    /// Moves by lines; up leaves following, down does not resume it.
    pub fn move_by(&mut self, by: isize) {
        if self.follow && by > 0 {
            return;
        }
        let at = self.shown.place(self.cursor);
        self.go_to(at.saturating_add_signed(by));
    }

    /// A line was clicked.
    pub fn click(&mut self, n: usize) {
        self.selecting = None;
        self.go_to(n);
    }

    /// The pointer was dragged to a line: all from where it was pressed are selected.
    pub fn select_to(&mut self, n: usize) {
        self.leave_following();
        self.selecting.get_or_insert(self.cursor);
        self.go_to(n);
    }

    /// Follows again.
    pub fn resume(&mut self) {
        self.follow = true;
        self.selecting = None;
        self.cursor = self.last();
        self.left_at = self.log.buffer().end();
    }

    /// Puts a line into the middle of the page, when it is at its edge.
    pub(super) fn center(&mut self, n: usize) {
        let first = self.first_on_page();
        if n < first + 2 || n + 2 >= first + self.page {
            let top = n.saturating_sub(self.page / 2);
            self.top = self.shown.get(top).unwrap_or_default();
        }
    }

    /// The moment that was typed: `10:04`, `10:04:11`, `-5m`, `2026-11-23`, `11-23 10:04`, or a
    /// whole timestamp.
    pub(super) fn moment(&self, text: &str, now: Timestamp, zone: &Zone) -> Option<Nanos> {
        if let Some(span) = text.strip_prefix('-') {
            #[expect(clippy::cast_possible_truncation, reason = "spans of time fit")]
            let span = Millis((quantity(span)? * -1000.0) as i64);
            return Some(Nanos::of(now.plus(span)));
        }
        if let Some(at) = Timestamp::parse(text) {
            return Some(Nanos::of(at));
        }
        let (first, last) = self.log.histogram().span()?;
        let offset = |second: i64| match self.times {
            Times::Utc => 0,
            _ => zone.offset(Timestamp(second * 1_000)),
        };
        let local = last + offset(last);
        if let Some((day, clock)) = date(text, local) {
            let second = day + clock;
            return Some(nanos(second - offset(second - offset(last))));
        }
        // A time of the day: of the last day on which it lies within what is kept.
        let second = local - local.rem_euclid(DAY) + clock(text)? - offset(last);
        let days_back = i64::from(second > last && second - DAY >= first);
        Some(nanos(second - days_back * DAY))
    }

    /// Goes to a moment; what there is to say when nothing was kept from it.
    pub(super) fn go_to_time(&mut self, at: Nanos, zone: &Zone) -> Option<String> {
        self.go_to_moment(at);
        let buffer = self.log.buffer();
        let clock = |line: Line<'_>| {
            let offset = match self.times {
                Times::Utc => 0,
                _ => zone.offset(line.at.timestamp()),
            };
            line.at.date_and_clock(offset)
        };
        let first = buffer.get(buffer.first())?;
        let last = buffer.get(Seq(buffer.end().0 - 1))?;
        if at.seconds() < first.at.seconds() {
            let first = clock(first);
            return Some(format!(
                "the first kept line is of {first}; `<` loads earlier ones"
            ));
        }
        (at > last.at).then(|| format!("the last line is of {}", clock(last)))
    }

    /// Goes to the first line of a moment or after it.
    pub fn go_to_moment(&mut self, at: Nanos) {
        let seq = self.log.buffer().at_or_after(at);
        let n = self.shown.place(seq);
        self.go_to(n);
        self.top = self.shown.get(n).unwrap_or(self.top);
    }

    /// Goes to the beginning of the n-th of so many parts of the kept time.
    pub fn go_to_part(&mut self, n: usize, of: usize) {
        let timeline = self.log.histogram().timeline(of);
        self.go_to_moment(timeline.moment(n));
    }

    /// Goes to the next part of the kept time in which there were errors, or, where there were
    /// none, more lines than usual.
    pub(super) fn peak(&mut self, later: bool) {
        let timeline = self.log.histogram().timeline(PARTS);
        let bars = &timeline.bars;
        let total: u64 = bars.iter().map(|bar| u64::from(bar.lines)).sum();
        let usual = total / (bars.len() as u64).max(1);
        let errors = bars.iter().any(|bar| bar.errors > 0);
        let high = |n: &usize| match bars[*n] {
            bar if errors => bar.errors > 0,
            bar => u64::from(bar.lines) > usual * 2,
        };
        let Some(line) = self.log.buffer().get(self.cursor) else {
            return;
        };
        let here = timeline.part_of(line.at);
        let next = if later {
            (here + 1..bars.len()).find(high)
        } else {
            (0..here).rev().find(high)
        };
        if let Some(n) = next {
            self.go_to_moment(timeline.moment(n));
        }
    }
}

const DAY: i64 = 86_400;

fn nanos(second: i64) -> Nanos {
    Nanos(second * 1_000_000_000)
}

/// `10:04`, `10:04:11`: seconds since midnight.
fn clock(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let mut part = |most: i64| {
        let part = parts.next()?;
        let number: i64 = part.parse().ok()?;
        (part.len() <= 2 && (0..most).contains(&number)).then_some(number)
    };
    let (hours, minutes) = (part(24)?, part(60)?);
    let seconds = if text.matches(':').count() > 1 {
        part(60)?
    } else {
        0
    };
    parts
        .next()
        .is_none()
        .then_some(hours * 3_600 + minutes * 60 + seconds)
}

/// `2026-11-23`, `11-23 10:04`, `2026-11-23 10:04:11`: the day as the second with which it begins,
/// and the seconds since. Without a year the last day of that name before `local` is meant.
fn date(text: &str, local: i64) -> Option<(i64, i64)> {
    let (day, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00"));
    let seconds = clock(time)?;
    let begins = |day: &str| Some(Timestamp::parse(&format!("{day}T00:00:00Z"))?.0 / 1_000);
    if day.matches('-').count() == 2 {
        return Some((begins(day)?, seconds));
    }
    let year = Nanos(local * 1_000_000_000).rfc3339();
    let year: i64 = year.get(..4)?.parse().ok()?;
    let of = |year: i64| begins(&format!("{year:04}-{day}"));
    let this = of(year).filter(|begin| *begin <= local);
    Some((this.or_else(|| of(year - 1))?, seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_day_and_dates_are_read() {
        for (text, seconds) in [
            ("10:04", Some(36_240)),
            ("10:04:07", Some(36_247)),
            ("0:00", Some(0)),
            ("24:00", None),
            ("10:4x", None),
            ("10:04:07:1", None),
            ("1004", None),
            ("", None),
        ] {
            assert_eq!(clock(text), seconds, "{text}");
        }
        // 2026-11-23T12:00:00
        let local = 1_795_435_200;
        let day = local - DAY / 2;
        for (text, expected) in [
            ("2026-11-23", Some((day, 0))),
            ("2026-11-22 10:04", Some((day - DAY, 36_240))),
            ("11-23 10:04:07", Some((day, 36_247))),
            ("11-24", Some((day - 364 * DAY, 0))),
            ("11-24 soon", None),
            ("yesterday", None),
        ] {
            assert_eq!(date(text, local), expected, "{text}");
        }
    }
}
