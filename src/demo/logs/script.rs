//! When a container writes: a log that is computed, never kept.
//!
//! A run's time is cut into slots of equal length. What is written in a slot follows from the run
//! and the slot's number alone, so that any part of the log can be made at once, forwards or
//! backwards, and is the same each time. Whole files of slots are rotated away like the kubelet's.

use super::stamp::{MILLI, SECOND, Stamper};
use super::voice::Speaker;
use crate::demo::random::Random;

/// From the second of its start until a program writes its first line: the status rounds the start
/// down and the end before it, too, and the lines of two runs must not mix.
pub const START_UP: i64 = SECOND;

/// After the last whole second of a run come its last words, within this time.
const LAST_WORDS: i64 = 2 * MILLI;

/// How long a program talks about its own start before it works.
const INTRODUCTION: i64 = 400 * MILLI;

/// The last part of a slot is free of new events, so that several lines never reach the next slot.
const MARGIN: i64 = 20 * MILLI;

/// Between two lines of one event.
const NEXT_LINE: i64 = 2_000;

/// Events in a file before the kubelet rotates it: about 10 MiB of usual lines.
const FILE: u64 = 60_000;

/// Slots that are looked at for the next line before one looks again later.
const LOOK_AHEAD: i64 = 64;

/// How often a container writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Never by itself.
    Silent,
    /// So many events in a thousand seconds, unevenly.
    Uneven(u64),
    /// One event in each period of so many nanoseconds.
    Steady(i64),
}

/// The log of one run.
#[derive(Debug)]
pub struct Script {
    speaker: Speaker,
    identity: u64,
    pace: Pace,
    begin: i64,
    end: Option<i64>,
    slot: i64,
    /// Lines with a moment of their own: the first words, the last words, the farewell.
    extras: Vec<(i64, Vec<u8>)>,
    page: Page,
}

/// What is written in one slot.
#[derive(Debug, Default)]
struct Page {
    slot: Option<i64>,
    text: Vec<u8>,
    lines: Vec<Line>,
}

#[derive(Debug, Clone, Copy)]
struct Line {
    at: i64,
    from: usize,
    to: usize,
}

impl Script {
    /// The log of a run that started and, perhaps, ended in these whole seconds.
    pub fn new(
        speaker: Speaker,
        identity: u64,
        pace: Pace,
        started: i64,
        ended: Option<i64>,
    ) -> Self {
        let end = ended.map(|at| at.saturating_add(SECOND));
        let begin = started.saturating_add(START_UP);
        // A run that was over in its first second has no more than its first and last words.
        let begin = end.map_or(begin, |end| begin.min(end - 2 * LAST_WORDS));
        let slot = match pace {
            Pace::Silent => 60 * SECOND,
            Pace::Uneven(per_thousand_seconds) => (2000 * SECOND
                / i64::try_from(per_thousand_seconds.max(1)).unwrap_or(i64::MAX))
            .clamp(SECOND, 40 * SECOND),
            Pace::Steady(period) => period.max(100 * MILLI),
        };
        let mut script = Self {
            speaker,
            identity,
            pace,
            begin,
            end,
            slot,
            extras: Vec::new(),
            page: Page::default(),
        };
        script.introduce();
        script
    }

    fn introduce(&mut self) {
        let room = self.end.map_or(INTRODUCTION, |end| {
            (end - LAST_WORDS - self.begin).min(INTRODUCTION)
        });
        let lines = self.speaker.first_words(self.begin);
        let step = room / (i64::try_from(lines.len()).unwrap_or(0) + 1);
        let mut at = self.begin + self.jitter(step.min(9 * MILLI));
        for line in lines {
            self.extras.push((at, line));
            at += step.max(1);
        }
        if let Some(end) = self.end {
            let mut at = end - LAST_WORDS + self.jitter(LAST_WORDS / 2);
            for line in self.speaker.last_words(at) {
                self.extras.push((at, line));
                at = (at + NEXT_LINE).min(end - 1);
            }
        }
    }

    /// A part of `most` that differs from run to run.
    fn jitter(&self, most: i64) -> i64 {
        let most = u64::try_from(most).unwrap_or(1).max(1);
        i64::try_from(self.identity % most).unwrap_or(0)
    }

    /// The program was asked to stop at `at`, and says so.
    pub fn say_farewell(&mut self, at: i64) {
        let mut at = at + 35 * MILLI;
        for line in self.speaker.farewell(at) {
            if self.end.is_none_or(|end| at < end - LAST_WORDS) {
                self.extras.push((at, line));
            }
            at += 3 * MILLI;
        }
        self.extras.sort_by_key(|(at, _)| *at);
        self.page.slot = None;
    }

    /// The moment after the last line, once the run is over.
    pub fn end(&self) -> Option<i64> {
        self.end
    }

    /// From when on the kubelet still has lines at `now`: the start of the current file.
    pub fn kept_from(&self, now: i64) -> i64 {
        let per_slot = match self.pace {
            Pace::Uneven(per_thousand_seconds) => {
                let slot = u64::try_from(self.slot / MILLI).unwrap_or(1);
                (per_thousand_seconds * slot / 1_000_000).max(1)
            }
            Pace::Silent | Pace::Steady(_) => 1,
        };
        let slots = i64::try_from(FILE / per_slot).unwrap_or(1).max(1);
        let last = self.slot_of(self.end.unwrap_or(now) - 1);
        let file = last.div_euclid(slots);
        if file <= 0 {
            i64::MIN
        } else {
            self.begin + file * slots * self.slot
        }
    }

    /// The moment of the line that is the last but `count - 1` of those from `from` until before
    /// `until`.
    pub fn tail(&mut self, count: u64, from: i64, until: i64) -> i64 {
        let mut left = usize::try_from(count).unwrap_or(usize::MAX);
        if left == 0 {
            return until;
        }
        let from = from.max(self.first());
        let mut slot = self.slot_of(until - 1);
        while slot >= self.slot_of(from) {
            self.turn_to(slot);
            let fits = |line: &&Line| line.at >= from && line.at < until;
            let lines = self.page.lines.iter().filter(fits);
            let here = lines.clone().count();
            if here >= left {
                return lines.rev().nth(left - 1).map_or(from, |line| line.at);
            }
            left -= here;
            slot -= 1;
        }
        from
    }

    /// Writes the lines from `from` until before `until` until `out` holds `room` bytes. Returns the
    /// moment from which to go on.
    pub fn write(
        &mut self,
        from: i64,
        until: i64,
        room: usize,
        mut stamps: Option<&mut Stamper>,
        out: &mut Vec<u8>,
    ) -> i64 {
        let from = from.max(self.first());
        if from >= until {
            return from;
        }
        for slot in self.slot_of(from)..=self.slot_of(until - 1) {
            self.turn_to(slot);
            for line in &self.page.lines {
                if line.at < from || line.at >= until {
                    continue;
                }
                if out.len() >= room {
                    return line.at;
                }
                if let Some(stamper) = stamps.as_deref_mut() {
                    stamper.write(line.at, out);
                    out.push(b' ');
                }
                out.extend_from_slice(&self.page.text[line.from..line.to]);
                out.push(b'\n');
            }
        }
        until
    }

    /// When the next line at or after `from` is written; a moment to look again where that is far.
    pub fn due(&mut self, from: i64) -> Option<i64> {
        if self.pace == Pace::Silent {
            let later = self.extras.iter().map(|(at, _)| *at);
            return later.filter(|at| *at >= from).min();
        }
        let from = from.max(self.first());
        let first = self.slot_of(from);
        for slot in first..first + LOOK_AHEAD {
            self.turn_to(slot);
            if let Some(line) = self.page.lines.iter().find(|line| line.at >= from) {
                return Some(line.at);
            }
        }
        Some(self.begin + (first + LOOK_AHEAD) * self.slot)
    }

    fn first(&self) -> i64 {
        self.begin
    }

    fn slot_of(&self, at: i64) -> i64 {
        at.saturating_sub(self.begin).div_euclid(self.slot)
    }

    /// Makes the lines of a slot.
    fn turn_to(&mut self, slot: i64) {
        if self.page.slot == Some(slot) {
            return;
        }
        let mut page = std::mem::take(&mut self.page);
        page.slot = Some(slot);
        page.text.clear();
        page.lines.clear();
        let start = self.begin + slot * self.slot;
        if slot >= 0 {
            self.work(slot, start, &mut page);
        }
        let own = self
            .extras
            .iter()
            .filter(|(at, _)| (start..start + self.slot).contains(at));
        let mut mixed = false;
        for (at, text) in own {
            page.push(*at, text);
            mixed = true;
        }
        if mixed {
            page.lines.sort_by_key(|line| line.at);
        }
        self.page = page;
    }

    /// The ordinary events of a slot.
    fn work(&self, slot: i64, start: i64, page: &mut Page) {
        let key = self.identity ^ u64::try_from(slot).unwrap_or(0).rotate_left(17);
        let mut random = Random::new(Random::new(key).bits());
        let begin = self.begin + INTRODUCTION;
        let stop = self.end.map_or(i64::MAX, |end| end - LAST_WORDS);
        let mut last = i64::MIN;
        for offset in self.offsets(&mut random) {
            let at = (start + offset).max(last.saturating_add(NEXT_LINE));
            let from = page.text.len();
            self.speaker.speak(at, &mut random, &mut page.text);
            if at < begin || at >= stop {
                page.text.truncate(from);
                continue;
            }
            last = page.split(from, at);
        }
    }

    /// When within a slot something happens, in order.
    fn offsets(&self, random: &mut Random) -> Vec<i64> {
        let Pace::Uneven(per_thousand_seconds) = self.pace else {
            let none = self.pace == Pace::Silent;
            return if none { Vec::new() } else { vec![0] };
        };
        let usable = u64::try_from(self.slot - MARGIN).unwrap_or(1);
        let expected = per_thousand_seconds * u64::try_from(self.slot / MILLI).unwrap_or(1) / 1000;
        let count = (expected * (300 + random.below(1401)) / 1000 + random.below(1000)) / 1000;
        let mut offsets: Vec<i64> = (0..count)
            .map(|_| i64::try_from(random.below(usable)).unwrap_or(0))
            .collect();
        // Now and then much happens at once.
        if random.below(90) == 0 {
            let centre = random.below(usable / 2);
            let many = 6 + random.below(24);
            offsets.extend(
                (0..many).map(|_| i64::try_from(centre + random.below(usable / 4)).unwrap_or(0)),
            );
        }
        offsets.sort_unstable();
        offsets
    }
}

impl Page {
    fn push(&mut self, at: i64, text: &[u8]) {
        let from = self.text.len();
        self.text.extend_from_slice(text);
        self.lines.push(Line {
            at,
            from,
            to: self.text.len(),
        });
    }

    /// Splits the text from `from` on into lines, the first of them written at `at`. Returns the
    /// moment of the last one.
    fn split(&mut self, from: usize, at: i64) -> i64 {
        let (mut at, mut from) = (at, from);
        let end = self.text.len();
        let breaks: Vec<usize> = memchr::memchr_iter(b'\n', &self.text[from..])
            .map(|at| at + from)
            .collect();
        for to in breaks {
            self.lines.push(Line { at, from, to });
            from = to + 1;
            at += NEXT_LINE;
        }
        self.lines.push(Line { at, from, to: end });
        at
    }
}
