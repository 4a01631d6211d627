//! The ring of kept lines, bounded in bytes.
//!
//! Lines lie one behind the other in segments of text; 24 bytes beside each tell where it is, when
//! it was written, by whom, and how bad it says it is. What few lines have (colours, a cut end, a
//! mark) lies apart. When the ring is full its oldest segment goes.

use super::level::{self, Level};
use super::stamp::Nanos;
use super::text::{self, Run};
use super::{Mark, SourceId};
use std::collections::{BTreeMap, VecDeque};

/// The place of a line in its log. Later lines have higher numbers; the numbers of kept lines have
/// no gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub i64);

/// A segment holds so many bytes of text, less in a small ring.
const SEGMENT: usize = 256 * 1024;

/// A ring has about so many segments at least: what goes at once is a small part of it.
const SEGMENTS: usize = 32;

const CONTINUATION: u8 = 1;
const MARK: u8 = 2;
const EXTRA: u8 = 4;

/// A line before it is kept.
#[derive(Clone, Copy, Debug)]
pub struct NewLine<'a> {
    /// When it was written.
    pub at: Nanos,
    /// By whom.
    pub source: SourceId,
    /// What was written, as it came.
    pub raw: &'a [u8],
    /// Bytes that were left out behind it.
    pub cut: u64,
}

/// A line from before the first kept one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Older {
    /// When it was written.
    pub at: Nanos,
    /// By whom.
    pub source: SourceId,
    /// What was written, as it came.
    pub raw: Vec<u8>,
    /// Bytes that were left out behind it.
    pub cut: u64,
}

/// A kept line.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Its place.
    pub seq: Seq,
    /// When it was written.
    pub at: Nanos,
    /// By whom.
    pub source: SourceId,
    /// The level it says it has; the lines of a trace have that of their head.
    pub level: Option<Level>,
    /// Harmless text; empty for a mark.
    pub text: &'a str,
    /// It goes on with what the line before it of the same source began (a trace).
    pub continuation: bool,
    /// Where its ink changes.
    pub runs: &'a [Run],
    /// Bytes that were left out behind it.
    pub cut: u64,
    /// It is not a line but says what happened between lines.
    pub mark: Option<&'a Mark>,
}

#[derive(Clone, Copy, Debug)]
struct Meta {
    at: i64,
    offset: u32,
    length: u32,
    source: u32,
    level: u8,
    flags: u8,
}

#[derive(Debug, Default)]
struct Extra {
    runs: Box<[Run]>,
    cut: u64,
    mark: Option<Mark>,
}

#[derive(Debug, Default)]
struct Segment {
    first: i64,
    text: String,
    metas: Vec<Meta>,
    extras: BTreeMap<u32, Extra>,
    /// Bytes in use, what stands beside the text included.
    cost: usize,
}

/// What an [`Extra`] takes beside what it points to, with its part of the tree.
const EXTRA_COST: usize = 96;

impl Segment {
    /// Whether a line of so many bytes begins another segment of this size. Lines without a text
    /// fill one too.
    fn is_full(&self, more: usize, size: usize) -> bool {
        !self.metas.is_empty() && (self.text.len() + more > size || self.cost > 2 * size)
    }

    fn end(&self) -> i64 {
        self.first + i64::try_from(self.metas.len()).unwrap_or(0)
    }

    fn line(&self, seq: i64) -> Option<Line<'_>> {
        let at = usize::try_from(seq - self.first).ok()?;
        let meta = self.metas.get(at)?;
        let extra = if meta.flags & EXTRA == 0 {
            None
        } else {
            self.extras.get(&u32::try_from(at).ok()?)
        };
        let from = meta.offset as usize;
        Some(Line {
            seq: Seq(seq),
            at: Nanos(meta.at),
            source: SourceId(meta.source),
            level: Level::from_code(meta.level),
            text: self.text.get(from..from + meta.length as usize)?,
            continuation: meta.flags & CONTINUATION != 0,
            runs: extra.map_or(&[], |extra| &extra.runs),
            cut: extra.map_or(0, |extra| extra.cut),
            mark: extra.and_then(|extra| extra.mark.as_ref()),
        })
    }

    /// Adds a line; what it costs.
    fn add(&mut self, line: &NewLine<'_>, mark: Option<Mark>) -> usize {
        let offset = self.text.len();
        let runs = text::clean(line.raw, &mut self.text);
        let written = &self.text[offset..];
        let mut flags = 0;
        let mut cost = written.len() + size_of::<Meta>();
        if !runs.is_empty() || line.cut > 0 || mark.is_some() {
            flags |= EXTRA | if mark.is_some() { MARK } else { 0 };
            cost += EXTRA_COST + size_of_val(&*runs);
            let extra = Extra {
                runs: runs.into(),
                cut: line.cut,
                mark,
            };
            let at = u32::try_from(self.metas.len()).unwrap_or(u32::MAX);
            self.extras.insert(at, extra);
        }
        let level = if flags & MARK == 0 {
            level::detect(written.as_bytes())
        } else {
            None
        };
        self.metas.push(Meta {
            at: line.at.0,
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
            length: u32::try_from(written.len()).unwrap_or(u32::MAX),
            source: line.source.0,
            level: Level::code(level),
            flags,
        });
        self.cost += cost;
        cost
    }
}

impl Segment {
    /// Asks whether the line added last goes on with the one before.
    fn follow(&mut self, follows: impl FnOnce(&str, Option<Level>) -> (bool, Option<Level>)) {
        let Some(meta) = self.metas.last_mut() else {
            return;
        };
        let own = Level::from_code(meta.level);
        let from = meta.offset as usize;
        let text = self.text.get(from..from + meta.length as usize);
        let (follows, level) = follows(text.unwrap_or_default(), own);
        if follows {
            meta.flags |= CONTINUATION;
            meta.level = Level::code(level.or(own));
        }
    }
}

/// The ring.
#[derive(Debug)]
pub struct Buffer {
    segments: VecDeque<Segment>,
    segment: usize,
    limit: usize,
    bytes: usize,
    evicted: u64,
}

impl Buffer {
    /// An empty ring that keeps about `limit` bytes, what it needs beside the text included.
    pub fn new(limit: usize) -> Self {
        Self {
            segments: VecDeque::new(),
            segment: (limit / SEGMENTS).clamp(1024, SEGMENT),
            limit,
            bytes: 0,
            evicted: 0,
        }
    }

    /// Keeps about so much from now on.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
        while self.bytes > self.limit && self.evict() {}
    }

    /// The first kept line.
    pub fn first(&self) -> Seq {
        Seq(self.segments.front().map_or(0, |segment| segment.first))
    }

    /// The place after the last kept line.
    pub fn end(&self) -> Seq {
        Seq(self.segments.back().map_or(0, Segment::end))
    }

    /// How many lines are kept.
    pub fn len(&self) -> usize {
        usize::try_from(self.end().0 - self.first().0).unwrap_or(0)
    }

    /// Whether no line is kept.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Bytes in use.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Lines that were given up because the ring was full.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Keeps a line. `follows` says from the line's text whether it goes on with the one before,
    /// and then with which level.
    pub fn push(
        &mut self,
        line: &NewLine<'_>,
        follows: impl FnOnce(&str, Option<Level>) -> (bool, Option<Level>),
    ) -> Line<'_> {
        self.make_room(line.raw.len());
        let at = self.segments.len() - 1;
        self.bytes += self.segments[at].add(line, None);
        self.segments[at].follow(follows);
        self.last()
    }

    /// Keeps a mark.
    pub fn push_mark(&mut self, at: Nanos, source: SourceId, mark: Mark) {
        self.make_room(0);
        let line = NewLine {
            at,
            source,
            raw: b"",
            cut: 0,
        };
        if let Some(segment) = self.segments.back_mut() {
            self.bytes += segment.add(&line, Some(mark));
        }
    }

    /// Keeps older lines before the first one; `follows` as for [`Buffer::push`]. They are not
    /// counted against the limit until newer ones come: somebody has just asked for them.
    pub fn prepend<'a>(
        &mut self,
        lines: impl ExactSizeIterator<Item = NewLine<'a>>,
        mut follows: impl FnMut(SourceId, &str, Option<Level>) -> (bool, Option<Level>),
    ) {
        let count = i64::try_from(lines.len()).unwrap_or(0);
        let first = self.first().0 - count;
        let mut older: Vec<Segment> = Vec::new();
        for (first, line) in (first..).zip(lines) {
            let full = |segment: &Segment| segment.is_full(line.raw.len(), self.segment);
            if older.last().is_none_or(full) {
                older.push(Segment {
                    first,
                    ..Segment::default()
                });
            }
            if let Some(segment) = older.last_mut() {
                self.bytes += segment.add(&line, None);
                segment.follow(|text, level| follows(line.source, text, level));
            }
        }
        for segment in older.into_iter().rev() {
            self.segments.push_front(segment);
        }
    }

    /// Gives up the oldest segment. Returns whether there was one to give up besides the last.
    pub fn evict(&mut self) -> bool {
        if self.segments.len() < 2 {
            return false;
        }
        if let Some(gone) = self.segments.pop_front() {
            self.bytes -= gone.cost.min(self.bytes);
            self.evicted += gone.metas.len() as u64;
        }
        true
    }

    fn make_room(&mut self, more: usize) {
        let full = |segment: &Segment| segment.is_full(more, self.segment);
        if self.segments.back().is_none_or(full) {
            if let Some(last) = self.segments.back_mut() {
                last.text.shrink_to_fit();
                last.metas.shrink_to_fit();
            }
            let first = self.end().0;
            self.segments.push_back(Segment {
                first,
                text: String::with_capacity(self.segment),
                ..Segment::default()
            });
            while self.bytes > self.limit && self.evict() {}
        }
    }

    fn last(&self) -> Line<'_> {
        // A line was kept just now.
        let line = self
            .segments
            .back()
            .and_then(|last| last.line(last.end() - 1));
        #[expect(clippy::expect_used, reason = "called after a line was kept")]
        line.expect("a line was kept")
    }

    /// The line at a place.
    pub fn get(&self, seq: Seq) -> Option<Line<'_>> {
        let at = self
            .segments
            .partition_point(|segment| segment.end() <= seq.0);
        self.segments.get(at)?.line(seq.0)
    }

    /// All kept lines.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.segments.iter().flat_map(|segment| {
            (segment.first..segment.end()).filter_map(move |seq| segment.line(seq))
        })
    }

    /// The first line that was written at this moment or later; the end when there is none.
    pub fn at_or_after(&self, at: Nanos) -> Seq {
        let (mut low, mut high) = (self.first().0, self.end().0);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.get(Seq(middle)).is_some_and(|line| line.at < at) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Seq(low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(buffer: &mut Buffer, n: i64, text: &str) {
        let line = NewLine {
            at: Nanos(n),
            source: SourceId(1),
            raw: text.as_bytes(),
            cut: 0,
        };
        buffer.push(&line, |_, _| (false, None));
    }

    #[test]
    fn a_million_lines_fit_into_the_default_and_take_at_most_half_more_than_their_text() {
        let mut buffer = Buffer::new(256 << 20);
        let text = "x".repeat(125);
        for n in 0..1_000_000 {
            push(&mut buffer, n, &text);
        }
        assert_eq!((buffer.len(), buffer.evicted()), (1_000_000, 0));
        assert!(buffer.bytes() <= 125_000_000 * 3 / 2, "{}", buffer.bytes());
    }

    #[test]
    fn a_full_ring_gives_up_its_oldest_lines_and_keeps_to_its_limit() {
        let limit = 1 << 20;
        let mut buffer = Buffer::new(limit);
        for n in 0..50_000 {
            push(&mut buffer, n, &format!("line {n} {}", "x".repeat(100)));
            assert!(buffer.bytes() <= limit + limit / 20, "{}", buffer.bytes());
        }
        assert!(buffer.bytes() >= limit - limit / 10, "{}", buffer.bytes());
        let first = buffer.first();
        assert_eq!(buffer.evicted(), u64::try_from(first.0).unwrap_or(0));
        assert_eq!(buffer.get(Seq(first.0 - 1)).map(|line| line.seq), None);
        let line = buffer.get(first).map(|line| line.text.to_owned());
        assert!(line.is_some_and(|text| text.starts_with(&format!("line {} ", first.0))));
        assert_eq!(buffer.at_or_after(Nanos(49_000)), Seq(49_000));
        assert_eq!(buffer.at_or_after(Nanos(60_000)), buffer.end());
    }

    #[test]
    fn lines_without_a_text_keep_to_the_limit_too() {
        let limit = 1 << 20;
        let mut buffer = Buffer::new(limit);
        for n in 0..200_000 {
            push(&mut buffer, n, if n % 2 == 0 { "" } else { "\u{1b}[31m" });
        }
        assert!(buffer.bytes() <= limit + limit / 10, "{}", buffer.bytes());
        assert!(buffer.evicted() > 100_000);
    }

    #[test]
    fn older_lines_come_before_the_first() {
        let mut buffer = Buffer::new(1 << 20);
        push(&mut buffer, 10, "ten");
        let older = [8, 9].map(|n| NewLine {
            at: Nanos(n),
            source: SourceId(0),
            raw: b"older",
            cut: 0,
        });
        buffer.prepend(older.into_iter(), |_, _, _| (false, None));
        let stamps: Vec<i64> = (buffer.first().0..buffer.end().0)
            .filter_map(|seq| Some(buffer.get(Seq(seq))?.at.0))
            .collect();
        assert_eq!(stamps, [8, 9, 10]);
        assert_eq!(buffer.len(), 3);
    }
}
