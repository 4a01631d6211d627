//! Merges the lines of many containers by the time at which they were written.
//!
//! A line waits until no other source can still bring an earlier one, but never longer than the
//! window: a container that is silent must not hold up those that speak. Within a container
//! nothing is ever reordered, whatever its clock says, and equal stamps keep the order of the
//! sources.

use super::stamp::{Nanos, Stamps};
use super::{Item, Mark, SourceId};
use crate::domain::time::{Millis, Timestamp};
use bytes::Bytes;
use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BinaryHeap, VecDeque};

/// How lines of different containers follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By the time at which they were written.
    #[default]
    Time,
    /// As they arrived.
    Arrival,
}

/// A line waits so long for earlier ones of open, silent sources: longer than the answers of one
/// server are apart, shorter than what a reader would notice as delay.
pub const WINDOW: Millis = Millis(250);

/// While sources are still being opened, their older lines are awaited for so long.
pub const PATIENCE: Millis = Millis(2_000);

/// More bytes than this do not wait: they are merged as far as they are here.
pub const HELD: usize = 4 << 20;

/// Something that leaves the merger, in its order.
#[derive(Debug)]
pub enum Merged<'a> {
    /// A line.
    Line {
        /// When it was written.
        at: Nanos,
        /// By whom.
        source: SourceId,
        /// Its text as it came, without the stamp.
        raw: &'a [u8],
        /// Bytes left out behind it.
        cut: u64,
    },
    /// A mark.
    Mark(Nanos, SourceId, Mark),
}

/// Something that a source brought.
#[derive(Debug)]
enum Piece {
    Lines(Bytes),
    Long(Bytes, u64),
    Mark(Mark),
}

/// What a queue gives next, out of its first piece.
#[derive(Clone, Copy, Debug)]
struct Head {
    /// The stamp under which it leaves: never before the last one's.
    at: Nanos,
    /// Where the text of the line begins and ends, after what the piece has given already.
    text: (usize, usize),
}

impl Head {
    /// The line, out of what the piece has not given yet.
    fn line(self, source: SourceId, rest: &[u8], cut: u64) -> Merged<'_> {
        Merged::Line {
            at: self.at,
            source,
            raw: &rest[self.text.0..self.text.1],
            cut,
        }
    }
}

#[derive(Debug, Default)]
struct Queue {
    pieces: VecDeque<(Timestamp, Piece)>,
    /// Bytes of the first piece that were given.
    given: usize,
    stamps: Stamps,
    head: Option<Head>,
    last: Nanos,
    open: bool,
    catching_up: bool,
    /// What was written before this has been brought.
    told: Nanos,
}

/// The merger.
#[derive(Debug, Default)]
pub struct Merge {
    order: Order,
    queues: Vec<Queue>,
    /// Sources with a line to give, earliest first.
    heads: BinaryHeap<Reverse<(Nanos, u32)>>,
    held: usize,
    began: Option<Timestamp>,
    /// Open sources that have given nothing to compare with, and those of them that still bring
    /// what is old: counted, because every line asks.
    silent: usize,
    silent_and_behind: usize,
    /// What was written before this, all open sources have brought that are not behind.
    told: Nanos,
}

impl Queue {
    /// Whether others wait for it, and whether they wait longer.
    fn silence(&self) -> (bool, bool) {
        let silent = self.open && self.head.is_none();
        (silent, silent && self.catching_up)
    }

    /// Finds the next line and its stamp. A line without a stamp stays with the one before it.
    fn look(&mut self) {
        let Some((_, piece)) = self.pieces.front() else {
            self.head = None;
            return;
        };
        let (at, text) = match piece {
            Piece::Lines(bytes) => {
                let rest = &bytes[self.given..];
                let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                let (at, text) = self.stamps.split(&rest[..end]);
                (at, (end - text.len(), end))
            }
            Piece::Long(bytes, _) => {
                let (at, text) = self.stamps.split(bytes);
                (at, (bytes.len() - text.len(), bytes.len()))
            }
            Piece::Mark(Mark::Gap { to: Some(to), .. }) => (Some(*to), (0, 0)),
            Piece::Mark(_) => (None, (0, 0)),
        };
        let at = at.unwrap_or(self.last).max(self.last);
        self.head = Some(Head { at, text });
    }

    /// Gives out lines while they `may` go, by their stamp and by when they arrived, and no more
    /// than so many bytes. Returns how many bytes that were.
    fn drain(
        &mut self,
        source: SourceId,
        most: usize,
        may: impl Fn(Nanos, Timestamp) -> bool,
        give: &mut impl FnMut(Merged<'_>),
    ) -> usize {
        let mut bytes_given = 0;
        while let Some(head) = self.head.filter(|_| bytes_given < most) {
            let Some((arrived, piece)) = self.pieces.front_mut() else {
                break;
            };
            if !may(head.at, *arrived) {
                break;
            }
            self.last = head.at;
            let done = match piece {
                Piece::Lines(bytes) => {
                    give(head.line(source, &bytes[self.given..], 0));
                    let from = self.given;
                    self.given = (from + head.text.1 + 1).min(bytes.len());
                    bytes_given += self.given - from;
                    self.given == bytes.len()
                }
                Piece::Long(bytes, cut) => {
                    give(head.line(source, bytes, *cut));
                    bytes_given += bytes.len();
                    true
                }
                Piece::Mark(mark) => {
                    give(Merged::Mark(head.at, source, mark.clone()));
                    true
                }
            };
            if done {
                self.pieces.pop_front();
                self.given = 0;
            }
            self.look();
        }
        bytes_given
    }
}

impl Merge {
    /// A merger in this order.
    pub fn new(order: Order) -> Self {
        Self {
            order,
            ..Self::default()
        }
    }

    /// The order.
    pub fn order(&self) -> Order {
        self.order
    }

    /// Bytes that wait for earlier lines of others.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Changes the order of what comes from now on.
    pub fn set_order(&mut self, order: Order) {
        self.order = order;
    }

    fn queue(&mut self, source: SourceId) -> &mut Queue {
        let at = source.0 as usize;
        if at >= self.queues.len() {
            self.queues.resize_with(at + 1, Queue::default);
        }
        &mut self.queues[at]
    }

    /// Whether lines of the source may still come, and whether older ones than those of others.
    pub fn set_open(&mut self, source: SourceId, open: bool, catching_up: bool) {
        self.change(source, |queue| {
            (queue.open, queue.catching_up) = (open, catching_up);
        });
        self.ask_told();
    }

    /// A source has brought everything that was written before `until`.
    pub fn set_told(&mut self, source: SourceId, until: Nanos) {
        let queue = self.queue(source);
        queue.told = queue.told.max(until);
        self.ask_told();
    }

    fn ask_told(&mut self) {
        let followed = |queue: &&Queue| queue.open && !queue.catching_up;
        let told = self.queues.iter().filter(followed).map(|queue| queue.told);
        self.told = told.min().unwrap_or_default();
    }

    /// Changes a queue and keeps count of those that are silent.
    fn change<T>(&mut self, source: SourceId, change: impl FnOnce(&mut Queue) -> T) -> T {
        let queue = self.queue(source);
        let before = queue.silence();
        let result = change(queue);
        let after = queue.silence();
        let add = |count: &mut usize, before: bool, after: bool| {
            *count = *count + usize::from(after) - usize::from(before);
        };
        add(&mut self.silent, before.0, after.0);
        add(&mut self.silent_and_behind, before.1, after.1);
        result
    }

    /// Takes in what a source brought at `now`.
    pub fn take(&mut self, source: SourceId, item: Item, now: Timestamp) {
        let piece = match item {
            Item::Lines(bytes) if bytes.is_empty() => return,
            Item::Lines(bytes) => {
                self.held += bytes.len();
                Piece::Lines(bytes)
            }
            Item::Long(bytes, cut) => {
                self.held += bytes.len();
                Piece::Long(bytes, cut)
            }
            Item::Mark(mark) => Piece::Mark(mark),
            Item::State(_) | Item::Told(_) | Item::Pod(_) => return,
        };
        self.began.get_or_insert(now);
        let head = self.change(source, |queue| {
            queue.pieces.push_back((now, piece));
            let first = queue.head.is_none();
            if first {
                queue.look();
            }
            queue.head.filter(|_| first)
        });
        if let Some(head) = head {
            self.heads.push(Reverse((head.at, source.0)));
        }
    }

    /// Gives out every line that needs to wait no longer. Returns when to ask again, when lines
    /// still wait.
    pub fn release(
        &mut self,
        now: Timestamp,
        mut give: impl FnMut(Merged<'_>),
    ) -> Option<Timestamp> {
        let by_time = self.order == Order::Time;
        while let Some(&Reverse((at, source))) = self.heads.peek() {
            let patience = self.patience(now);
            let arrived = self.queues[source as usize].pieces.front()?.0;
            if let Some(until) = patience.waits(at, arrived) {
                return Some(until);
            }
            // Lines of one source mostly come in runs: they need no heap between them. The next
            // head after the first is one of the two below it in the heap.
            let below = self.heads.as_slice().get(1..).unwrap_or_default();
            let bound = below.iter().take(2).max().map(|head| head.0);
            let bound = bound.filter(|_| by_time);
            let may = |at: Nanos, arrived: Timestamp| {
                bound.is_none_or(|bound| (at, source) <= bound)
                    && patience.waits(at, arrived).is_none()
            };
            let queue = &mut self.queues[source as usize];
            let was = queue.silence();
            self.held -= queue.drain(SourceId(source), patience.most, may, &mut give);
            let is = queue.silence();
            self.silent = self.silent + usize::from(is.0) - usize::from(was.0);
            self.silent_and_behind =
                self.silent_and_behind + usize::from(is.1) - usize::from(was.1);
            let head = queue.head.map(|head| Reverse((head.at, source)));
            if let Some(mut first) = self.heads.peek_mut() {
                match head {
                    Some(head) => *first = head,
                    None => drop(PeekMut::pop(first)),
                }
            }
        }
        None
    }

    /// What lines wait for now.
    fn patience(&self, now: Timestamp) -> Patience {
        let surplus = self.held.saturating_sub(HELD);
        let waits = self.order == Order::Time && self.silent > 0;
        let began = self.began.unwrap_or(now);
        Patience {
            now,
            waits: waits && surplus == 0,
            told: self.told,
            behind: (self.silent_and_behind > 0).then(|| began.plus(PATIENCE)),
            most: if waits && surplus > 0 {
                surplus
            } else {
                usize::MAX
            },
        }
    }
}

/// What lines wait for, at a moment.
#[derive(Clone, Copy, Debug)]
struct Patience {
    now: Timestamp,
    /// They wait at all: for sources that are silent.
    waits: bool,
    /// What was written before this has been brought by those that are not behind.
    told: Nanos,
    /// Until when others are awaited that are behind.
    behind: Option<Timestamp>,
    /// Bytes that may go although others are silent, because too many are held.
    most: usize,
}

impl Patience {
    /// Until when a line waits; `None` when it may go.
    fn waits(&self, at: Nanos, arrived: Timestamp) -> Option<Timestamp> {
        if !self.waits || self.behind.is_none() && at < self.told {
            return None;
        }
        let until = arrived.plus(WINDOW);
        let until = self.behind.map_or(until, |behind| until.max(behind));
        (until > self.now).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(n: i64) -> String {
        format!("1970-01-01T00:00:{:02}.{:03}Z", n / 1000, n % 1000)
    }

    fn lines(stamps: &[i64]) -> Item {
        let lines: Vec<String> = stamps
            .iter()
            .map(|n| format!("{} {n}\n", stamp(*n)))
            .collect();
        Item::Lines(lines.concat().into())
    }

    fn released(merge: &mut Merge, now: i64) -> (Vec<(u32, String)>, Option<i64>) {
        let mut out = Vec::new();
        let again = merge.release(Timestamp(now), |merged| {
            if let Merged::Line { source, raw, .. } = merged {
                out.push((source.0, String::from_utf8_lossy(raw).into_owned()));
            }
        });
        (out, again.map(|at| at.0))
    }

    fn texts(released: &[(u32, String)]) -> Vec<&str> {
        released.iter().map(|(_, text)| text.as_str()).collect()
    }

    fn two() -> Merge {
        let mut merge = Merge::default();
        merge.set_open(SourceId(0), true, false);
        merge.set_open(SourceId(1), true, false);
        merge
    }

    #[test]
    fn lines_of_two_containers_come_in_the_order_in_which_they_were_written() {
        let mut merge = two();
        merge.take(SourceId(0), lines(&[10, 30, 50]), Timestamp(1000));
        merge.take(SourceId(1), lines(&[20, 30, 40]), Timestamp(1000));
        let (out, again) = released(&mut merge, 1000);
        assert_eq!(texts(&out), ["10", "20", "30", "30", "40"]);
        assert_eq!(out[2].0, 0, "equal stamps keep the order of the sources");
        assert_eq!(again, Some(1250), "50 waits for what 1 may still bring");
        assert_eq!(texts(&released(&mut merge, 1249).0), Vec::<&str>::new());
        assert_eq!(texts(&released(&mut merge, 1250).0), ["50"]);
        assert_eq!(merge.held(), 0);
    }

    #[test]
    fn a_source_that_ended_holds_nobody_up() {
        let mut merge = two();
        merge.take(SourceId(0), lines(&[10]), Timestamp(1000));
        merge.set_open(SourceId(1), false, false);
        assert_eq!(texts(&released(&mut merge, 1000).0), ["10"]);
    }

    #[test]
    fn one_that_is_still_being_opened_is_awaited_longer() {
        let mut merge = two();
        merge.set_open(SourceId(1), true, true);
        merge.take(SourceId(0), lines(&[10]), Timestamp(1000));
        assert_eq!(released(&mut merge, 1300).1, Some(3000));
        merge.take(SourceId(1), lines(&[5]), Timestamp(1400));
        assert_eq!(texts(&released(&mut merge, 1400).0), ["5"]);
        assert_eq!(texts(&released(&mut merge, 3000).0), ["10"]);
    }

    #[test]
    fn what_all_others_have_told_already_does_not_wait() {
        let mut merge = two();
        merge.take(SourceId(0), lines(&[10, 30]), Timestamp(1000));
        assert_eq!(released(&mut merge, 1000).1, Some(1250));
        // Of the other one alone it is known.
        merge.set_told(SourceId(1), Nanos(20_000_000));
        assert_eq!(released(&mut merge, 1000).1, Some(1250));
        merge.set_told(SourceId(0), Nanos(40_000_000));
        let (out, again) = released(&mut merge, 1000);
        assert_eq!((texts(&out), again), (vec!["10"], Some(1250)));
        // A third is still behind.
        merge.set_open(SourceId(2), true, true);
        merge.set_told(SourceId(1), Nanos(40_000_000));
        assert_eq!(released(&mut merge, 1000).1, Some(3000));
        merge.set_open(SourceId(2), true, false);
        assert_eq!(released(&mut merge, 1000).1, Some(1250));
        merge.set_told(SourceId(2), Nanos(31_000_000));
        assert_eq!(texts(&released(&mut merge, 1000).0), ["30"]);
    }

    #[test]
    fn a_clock_that_goes_back_reorders_nothing_within_its_container() {
        let mut merge = two();
        merge.take(SourceId(0), lines(&[30, 10, 20]), Timestamp(1000));
        merge.take(SourceId(1), lines(&[15, 40]), Timestamp(1000));
        assert_eq!(
            texts(&released(&mut merge, 2000).0),
            ["15", "30", "10", "20", "40"]
        );
    }

    #[test]
    fn each_line_waits_from_when_it_arrived() {
        let mut merge = two();
        merge.take(SourceId(0), lines(&[10]), Timestamp(1000));
        merge.take(SourceId(0), lines(&[30]), Timestamp(1200));
        let (out, again) = released(&mut merge, 1250);
        assert_eq!((texts(&out), again), (vec!["10"], Some(1450)));
        merge.take(SourceId(1), lines(&[20]), Timestamp(1300));
        assert_eq!(texts(&released(&mut merge, 1450).0), ["20", "30"]);
    }

    #[test]
    fn what_is_too_much_does_not_wait() {
        let mut merge = two();
        let many = "1970-01-01T00:00:00.001Z x\n".repeat(HELD / 26 + 1);
        merge.take(SourceId(0), Item::Lines(many.into()), Timestamp(1000));
        let (out, _) = released(&mut merge, 1000);
        assert!(!out.is_empty());
    }

    #[test]
    fn by_arrival_nothing_waits() {
        let mut merge = two();
        merge.set_order(Order::Arrival);
        merge.take(SourceId(0), lines(&[50]), Timestamp(1000));
        assert_eq!(texts(&released(&mut merge, 1000).0), ["50"]);
        merge.take(SourceId(1), lines(&[20]), Timestamp(1000));
        assert_eq!(texts(&released(&mut merge, 1000).0), ["20"]);
    }

    #[test]
    fn a_mark_stands_after_the_lines_that_came_before_it() {
        let mut merge = two();
        merge.set_open(SourceId(1), false, false);
        merge.take(SourceId(0), lines(&[10, 20]), Timestamp(1000));
        merge.take(SourceId(0), Item::Mark(Mark::Deleted), Timestamp(1000));
        let mut seen = Vec::new();
        merge.release(Timestamp(1000), |merged| {
            seen.push(match merged {
                Merged::Line { at, .. } => (at.0, false),
                Merged::Mark(at, ..) => (at.0, true),
            });
        });
        assert_eq!(
            seen,
            [(10_000_000, false), (20_000_000, false), (20_000_000, true)]
        );
    }
}
