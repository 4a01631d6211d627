//! Which of the kept lines are seen: all of them, or those that pass every filter.
//!
//! The list is made from the newest line backwards, a step at a time, so that the first results are
//! there at once and no key ever waits for the rest.

use super::buffer::{Buffer, Line, Seq};
use super::level::Level;
use super::structure::{Structure, written};
use super::{Source, SourceInfo};
use crate::domain::query::{Field, Query, Record, Scratch, quantity};
use crate::domain::rows::Labels;
use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::VecDeque;

/// Lines looked at in one step: a few milliseconds with a slow expression.
pub const STEP: usize = 20_000;

/// A line as filters see it.
struct Written<'a> {
    line: Line<'a>,
    source: Option<&'a Source>,
    structure: OnceCell<Structure<'a>>,
    absent: &'a RefCell<Vec<String>>,
}

/// Fields that every line has of the source that it came from. One that a line writes itself is asked
/// for with a dot before its name.
pub const OF_SOURCE: [&str; 5] = ["pod", "container", "ns", "namespace", "source"];

/// Fields that are never missed: a line has them, or what they ask is no.
const OWN: [&str; 4] = ["level", "msg", "message", "step"];

impl Record for Written<'_> {
    fn field(&self, column: &str) -> Option<Field<'_>> {
        let text = |text: &'_ str| Some(Field::Text(Cow::Owned(text.to_owned())));
        let dotted = column.strip_prefix('.');
        let own = dotted.is_some_and(|name| OF_SOURCE.contains(&name));
        let column = dotted.unwrap_or(column);
        // The lines of a build stand under the numbers of its steps.
        if column == "step"
            && let Ok(number) = self.source?.pod.parse::<u32>()
        {
            return Some(Field::Number(f64::from(number)));
        }
        match column {
            _ if own => {}
            "level" => {
                let level = self.line.level;
                let rank = level.map_or(0.0, |level| f64::from(Level::code(Some(level))));
                let name = level.map_or("", Level::name);
                return Some(Field::Ranked(Cow::Borrowed(name), rank));
            }
            "pod" => return text(&self.source?.pod),
            "container" => return text(&self.source?.container),
            "ns" | "namespace" => return text(&self.source?.namespace),
            "source" => return Some(Field::Text(Cow::Owned(self.source?.to_string()))),
            _ => {}
        }
        let structure = self.structure.get_or_init(|| Structure::of(self.line.text));
        let value = match column {
            "msg" | "message" => &*structure.message,
            column => {
                let value = structure
                    .field(column)
                    .or_else(|| written(self.line.text, column))?;
                if !self.absent.borrow().is_empty() {
                    self.absent
                        .borrow_mut()
                        .retain(|name| name.trim_start_matches('.') != column);
                }
                value
            }
        };
        Some(match quantity(value) {
            Some(number) => Field::Ranked(Cow::Borrowed(value), number),
            None => Field::Text(Cow::Borrowed(value)),
        })
    }

    fn labels(&self) -> Option<&Labels> {
        None
    }

    fn haystack(&self, out: &mut String) {
        out.push_str(self.line.text);
    }
}

/// Whether something is seen, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passed {
    No,
    Line,
    Mark,
}

/// The list of seen lines.
#[derive(Debug)]
pub struct Shown {
    filters: Vec<Query>,
    /// Marks are seen too.
    marks: bool,
    /// Lines of context around each that passes a filter.
    context: usize,
    /// Traces stand as their first line.
    folded: bool,
    lines: VecDeque<i64>,
    /// Those of them that are marks.
    marks_seen: VecDeque<i64>,
    /// Fields that the filters ask for and no line has had that was looked at.
    absent: RefCell<Vec<String>>,
    /// What has been looked at: from here …
    low: i64,
    /// … to before here.
    high: i64,
    /// The last line that passed: context follows it.
    last_hit: i64,
    /// Down to this line, lines are context of one that passed.
    wanted: i64,
    scratch: Scratch,
}

impl Shown {
    /// Sees all lines of a buffer that ends at `end`, traces folded.
    pub fn new(end: Seq) -> Self {
        Self {
            filters: Vec::new(),
            marks: true,
            context: 0,
            folded: true,
            lines: VecDeque::new(),
            marks_seen: VecDeque::new(),
            absent: RefCell::default(),
            low: end.0,
            high: end.0,
            last_hit: i64::MIN / 2,
            wanted: i64::MAX,
            scratch: Scratch::default(),
        }
    }

    /// The filters, all of which a line must pass.
    pub fn filters(&self) -> &[Query] {
        &self.filters
    }

    /// Lines of context around each line that passes.
    pub fn context(&self) -> usize {
        self.context
    }

    /// Whether traces stand as their first line.
    pub fn folded(&self) -> bool {
        self.folded
    }

    /// Looks anew, with other filters.
    pub fn set(&mut self, filters: Vec<Query>, context: usize, folded: bool, buffer: &Buffer) {
        let filters: Vec<Query> = filters
            .into_iter()
            .filter(|query| !query.is_empty())
            .collect();
        let asked = filters.iter().flat_map(Query::columns);
        let absent = asked.filter(|name| !OWN.contains(name) && !OF_SOURCE.contains(name));
        *self = Self {
            absent: RefCell::new(absent.map(str::to_owned).collect()),
            filters,
            context,
            folded,
            ..Self::new(buffer.end())
        };
    }

    /// Looks anew, with other filters, for lines alone.
    pub fn set_without_marks(&mut self, filters: Vec<Query>, buffer: &Buffer) {
        self.set(filters, 0, false, buffer);
        self.marks = false;
    }

    /// How many lines and marks are seen.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// How many of them are lines.
    pub fn written(&self) -> usize {
        self.lines.len() - self.marks_seen.len()
    }

    /// A field that the filters ask for and that no line has: none that passes the filters before
    /// that one.
    pub fn absent(&self) -> Option<String> {
        self.absent.borrow().first().cloned()
    }

    /// Whether none is seen.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The n-th seen line.
    pub fn get(&self, n: usize) -> Option<Seq> {
        self.lines.get(n).map(|seq| Seq(*seq))
    }

    /// The place among the seen lines of `seq`, or of the first seen line after it.
    pub fn place(&self, seq: Seq) -> usize {
        self.lines.partition_point(|line| *line < seq.0)
    }

    /// Whether every kept line has been looked at.
    pub fn is_complete(&self, buffer: &Buffer) -> bool {
        self.low <= buffer.first().0 && self.high >= buffer.end().0
    }

    /// Lines that were looked at and are not seen.
    pub fn hidden(&self) -> usize {
        let looked = usize::try_from(self.high - self.low).unwrap_or(0);
        looked.saturating_sub(self.lines.len())
    }

    /// Forgets what the ring gave up; how many seen lines that were.
    pub fn trim(&mut self, first: Seq) -> usize {
        let gone = self.place(first);
        self.lines.drain(..gone);
        let marks = self.marks_seen.partition_point(|mark| *mark < first.0);
        self.marks_seen.drain(..marks);
        self.low = self.low.max(first.0);
        self.high = self.high.max(first.0);
        gone
    }

    /// Looks at the lines that have come.
    pub fn grow(&mut self, buffer: &Buffer, sources: &[SourceInfo]) {
        while self.high < buffer.end().0 {
            let seq = self.high;
            self.high += 1;
            let passed = self.passes(seq, buffer, sources);
            if passed != Passed::No {
                let from = self.lines.back().map_or(self.low, |last| last + 1);
                let from = from.max(seq - self.context_lines()).max(self.low);
                self.lines.extend(from..=seq);
                self.marks_seen
                    .extend((passed == Passed::Mark).then_some(seq));
                self.last_hit = seq;
                self.wanted = self.wanted.min(seq - self.context_lines());
            } else if seq - self.last_hit <= self.context_lines() {
                self.lines.push_back(seq);
            }
        }
    }

    /// Looks at up to [`STEP`] older lines. Returns how many were found, and whether more are to
    /// be looked at.
    pub fn work(&mut self, buffer: &Buffer, sources: &[SourceInfo]) -> (usize, bool) {
        let before = self.lines.len();
        let stop = buffer
            .first()
            .0
            .max(self.low - i64::try_from(STEP).unwrap_or(i64::MAX));
        let context = self.context_lines();
        while self.low > stop {
            self.low -= 1;
            let seq = self.low;
            let passed = self.passes(seq, buffer, sources);
            if passed != Passed::No {
                let first = self.lines.front().copied().unwrap_or(self.high);
                let after = (seq + context).min(first - 1);
                for line in (seq..=after).rev() {
                    self.lines.push_front(line);
                }
                if passed == Passed::Mark {
                    self.marks_seen.push_front(seq);
                }
                self.wanted = self.wanted.min(seq - context);
                self.last_hit = self.last_hit.max(seq);
            } else if seq >= self.wanted {
                self.lines.push_front(seq);
            }
        }
        let found = self.lines.len() - before;
        (found, self.low > buffer.first().0)
    }

    fn context_lines(&self) -> i64 {
        if self.filters.is_empty() {
            0
        } else {
            i64::try_from(self.context).unwrap_or(0)
        }
    }

    fn passes(&mut self, seq: i64, buffer: &Buffer, sources: &[SourceInfo]) -> Passed {
        let passed = |passes: bool| if passes { Passed::Line } else { Passed::No };
        let Some(line) = buffer.get(Seq(seq)) else {
            return Passed::No;
        };
        if line.mark.is_some() {
            return if self.marks { Passed::Mark } else { Passed::No };
        }
        if self.filters.is_empty() {
            return passed(!(self.folded && line.continuation));
        }
        let source = sources.get(line.source.0 as usize);
        let written = Written {
            line,
            source: source.map(|info| &info.source),
            structure: OnceCell::new(),
            absent: &self.absent,
        };
        let scratch = &mut self.scratch;
        let mut filters = self.filters.iter();
        passed(filters.all(|query| query.matches(&written, scratch)))
    }
}
