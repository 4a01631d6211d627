//! How many lines and errors were written in each second: what the sparkline is made of.

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

/// Counts by second.
#[derive(Debug, Default)]
pub struct Histogram {
    seconds: BTreeMap<i64, Bar>,
    /// The second that is being counted: neighbours fall into it.
    present: Option<(i64, Bar)>,
}

impl Histogram {
    /// Counts a line.
    pub fn add(&mut self, at: Nanos, level: Option<Level>) {
        let second = at.seconds();
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
                    sum(self.seconds.entry(second).or_default(), bar);
                }
            }
        }
    }

    /// Forgets what is older than the first kept line.
    pub fn trim(&mut self, first: Nanos) {
        self.seconds = self.seconds.split_off(&first.seconds());
        self.present = self
            .present
            .filter(|(second, _)| *second >= first.seconds());
    }

    /// The first and the last second with a line.
    pub fn span(&self) -> Option<(i64, i64)> {
        let seconds = self
            .seconds
            .keys()
            .chain(self.present.as_ref().map(|p| &p.0));
        let first = seconds.clone().min()?;
        Some((*first, *seconds.max()?))
    }

    fn all(&self) -> impl Iterator<Item = (i64, Bar)> {
        let seconds = self.seconds.iter().map(|(second, bar)| (*second, *bar));
        seconds.chain(self.present)
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
        let columns = i64::try_from(columns).unwrap_or(1).clamp(1, seconds);
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
}
