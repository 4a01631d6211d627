//! How many lines and errors were written when: what the sparkline is made of.
//!
//! Counted by the second; where the kept time is long, by more seconds at a time, so that drawing it
//! costs the same for a minute and for a month.

use super::level::Level;
use super::stamp::Nanos;
use std::collections::BTreeMap;

/// Lines of a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bar {
    /// All lines.
    pub lines: u32,
    /// Those of level `error` and above.
    pub errors: u32,
}

/// One line in so many may lie far before the others.
const FEW: u64 = 20;

/// A span of time in equal parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    first: i64,
    seconds: i64,
    /// The counts of each part.
    pub bars: Vec<Bar>,
}

impl Timeline {
    /// The moment at which the n-th part begins.
    pub fn moment(&self, n: usize) -> Nanos {
        let parts = i64::try_from(self.bars.len()).unwrap_or(1).max(1);
        let n = i64::try_from(n).unwrap_or(0).min(parts - 1);
        Nanos((self.first + n * self.seconds / parts) * 1_000_000_000)
    }

    /// The part in which a moment lies; the first for what lies before all.
    pub fn part_of(&self, at: Nanos) -> usize {
        let parts = i64::try_from(self.bars.len()).unwrap_or(1);
        let past = (at.seconds() - self.first).max(0);
        let n = past * parts / self.seconds.max(1);
        usize::try_from(n.min(parts - 1)).unwrap_or(0)
    }
}

/// So many spans of time are told apart at most.
const SPANS: usize = 4096;

/// Counts by spans of seconds.
#[derive(Debug)]
pub struct Histogram {
    /// So many seconds are counted together.
    width: i64,
    /// By the first second of each span.
    spans: BTreeMap<i64, Bar>,
    /// The span that is being counted: neighbours fall into it.
    present: Option<(i64, Bar)>,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            width: 1,
            spans: BTreeMap::new(),
            present: None,
        }
    }
}

impl Histogram {
    /// Counts a line.
    pub fn add(&mut self, at: Nanos, level: Option<Level>) {
        let second = self.span_of(at);
        let error = u32::from(level >= Some(Level::Error));
        match &mut self.present {
            Some((present, bar)) if *present == second => {
                bar.lines += 1;
                bar.errors += error;
            }
            present => {
                let new = Bar {
                    lines: 1,
                    errors: error,
                };
                if let Some((second, bar)) = present.replace((second, new)) {
                    sum(self.spans.entry(second).or_default(), bar);
                    self.widen();
                }
            }
        }
    }

    fn span_of(&self, at: Nanos) -> i64 {
        let second = at.seconds();
        second - second.rem_euclid(self.width)
    }

    /// Counts more seconds together when there are too many spans.
    fn widen(&mut self) {
        while self.spans.len() > SPANS {
            self.width *= 2;
            let width = self.width;
            let wide = |second: i64| second - second.rem_euclid(width);
            let mut spans = BTreeMap::new();
            for (second, bar) in std::mem::take(&mut self.spans) {
                sum(spans.entry(wide(second)).or_default(), bar);
            }
            self.spans = spans;
            self.present = self.present.map(|(second, bar)| (wide(second), bar));
        }
    }

    /// Forgets what is older than the first kept line.
    pub fn trim(&mut self, first: Nanos) {
        let first = self.span_of(first);
        self.spans = self.spans.split_off(&first);
        self.present = self.present.filter(|(second, _)| *second >= first);
    }

    /// The first and the last second with a line.
    pub fn span(&self) -> Option<(i64, i64)> {
        let ends = [self.spans.keys().next(), self.spans.keys().next_back()];
        let present = self.present.as_ref().map(|(second, _)| second);
        let all = ends.into_iter().chain([present]).flatten();
        let first = all.clone().min()?;
        Some((*first, *all.max()? + self.width - 1))
    }

    fn all(&self) -> impl Iterator<Item = (i64, Bar)> {
        let spans = self.spans.iter().map(|(second, bar)| (*second, *bar));
        spans.chain(self.present)
    }

    /// The kept time in at most `columns` equal parts, fewer when it has fewer seconds. A few old
    /// lines that would press the rest into a corner are left out.
    pub fn timeline(&self, columns: usize) -> Timeline {
        let Some((first, last)) = self.span() else {
            return Timeline::default();
        };
        let all: u64 = self.all().map(|(_, bar)| u64::from(bar.lines)).sum();
        let mut passed = 0;
        let usual = self.all().find(|(_, bar)| {
            passed += u64::from(bar.lines);
            passed * FEW > all
        });
        let usual = usual.map_or(first, |(second, _)| second);
        let far = usual - first > (last - first) / 2;
        let first = if far { usual } else { first };
        let seconds = last - first + 1;
        let spans = (seconds / self.width).max(1);
        let columns = i64::try_from(columns).unwrap_or(1).clamp(1, spans);
        let mut bars = vec![Bar::default(); usize::try_from(columns).unwrap_or(1)];
        for (second, bar) in self.all() {
            let at = (second - first) * columns / seconds;
            if second >= first
                && let Some(into) = bars.get_mut(usize::try_from(at).unwrap_or(usize::MAX))
            {
                sum(into, bar);
            }
        }
        Timeline {
            first,
            seconds,
            bars,
        }
    }
}

fn sum(into: &mut Bar, bar: Bar) {
    into.lines = into.lines.saturating_add(bar.lines);
    into.errors = into.errors.saturating_add(bar.errors);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_add_up_to_all_lines() {
        let mut histogram = Histogram::default();
        for n in 0..1000_i64 {
            let level = (n % 10 == 0).then_some(Level::Error);
            histogram.add(Nanos(n * 250_000_000), level);
        }
        for columns in [1, 7, 60, 250, 1000] {
            let bars = histogram.timeline(columns).bars;
            assert!(bars.len() <= columns);
            assert_eq!(bars.iter().map(|bar| bar.lines).sum::<u32>(), 1000);
            assert_eq!(bars.iter().map(|bar| bar.errors).sum::<u32>(), 100);
        }
        let timeline = histogram.timeline(10);
        assert_eq!(timeline.moment(0), Nanos(0));
        assert_eq!(timeline.moment(5), Nanos(125_000_000_000));
        assert_eq!(timeline.part_of(Nanos(130_000_000_000)), 5);
        histogram.add(Nanos(-86_400_000_000_000), None);
        assert_eq!(histogram.timeline(10).moment(0), Nanos(12_000_000_000));
        assert_eq!(histogram.timeline(1).bars[0].lines, 952);
        histogram.trim(Nanos(200_000_000_000));
        let kept: u32 = histogram.all().map(|(_, bar)| bar.lines).sum();
        assert_eq!(kept, 200);
    }

    #[test]
    fn a_month_costs_what_a_minute_does() {
        let mut histogram = Histogram::default();
        let seconds = 30 * 86_400;
        for second in (0..seconds).step_by(20) {
            histogram.add(Nanos(second * 1_000_000_000), None);
        }
        assert!(histogram.spans.len() <= SPANS);
        let bars = histogram.timeline(100).bars;
        let all: u32 = bars.iter().map(|bar| bar.lines).sum();
        assert_eq!(i64::from(all), seconds / 20);
        let most = bars.iter().map(|bar| bar.lines).max();
        let least = bars.iter().map(|bar| bar.lines).min();
        let even = |bar: Option<u32>| bar.is_some_and(|bar| bar.abs_diff(1296) < 100);
        assert!(even(most) && even(least), "{least:?} to {most:?}");
    }
}
