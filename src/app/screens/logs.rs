//! A log on the screen: which of its lines are seen, where the reader stands in them, what is
//! sought and what is opened.
//!
//! Nothing moves under the reader's eye: as long as he follows, the page ends with the newest line;
//! once he has moved up, it stays where it is and tells how many lines have come since.

use crate::app::effect::{BuildOrder, Effect, Effects};
use crate::app::msg::Id;
use crate::app::palette::Line as Typed;
use crate::command::Command;
use crate::domain::build::Build;
use crate::domain::logs::buffer::Line;
use crate::domain::logs::buffer::Older;
use crate::domain::logs::shown::Shown;
use crate::domain::logs::structure::Structure;
use crate::domain::logs::target::{Member, Target};
use crate::domain::logs::{Level, Log, Mark, Nanos, Order, Reading, Seq, Source, SourceId, Start};
use crate::domain::query::{Query, quantity};
use crate::domain::time::{Millis, Timestamp, Zone};
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

/// Lines of each container that are read when a log is opened.
pub const TAIL: u32 = 1_000;

/// Earlier lines of each container that `<` asks for at a time.
pub const EARLIER: u32 = 2_000;

/// The kept time is looked through for errors in so many parts.
const PARTS: usize = 120;

/// Rows of the screen that are not lines: counts and the sparkline.
pub const HEAD_ROWS: u16 = 1;

/// How the time of a line is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Times {
    /// `10:04:11.204`, in the zone of the machine the console runs on.
    #[default]
    Local,
    /// The same in UTC.
    Utc,
    /// `12s` ago.
    Ago,
    /// Not at all.
    Off,
}

/// What is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A filter: hides the lines that do not pass.
    Filter,
    /// A search: lights what it finds.
    Search,
    /// A time to go to.
    Time,
}

/// A line that is being typed on the log screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// What for.
    pub purpose: Purpose,
    /// What has been typed.
    pub line: Typed,
    /// Why it cannot be understood.
    pub problem: Option<String>,
}

/// A search: the lines among those that are seen in which something is found.
#[derive(Debug)]
pub struct Search {
    /// As typed.
    pub text: String,
    /// As understood.
    pub query: Query,
    /// Where it is found; it grows as the seen lines do.
    pub found: Shown,
}

/// A filter in force.
#[derive(Clone, Debug)]
pub struct Filter {
    /// As typed.
    pub text: String,
    /// As understood.
    pub query: Query,
}

/// A line opened as its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Which line.
    pub seq: Seq,
    /// The chosen field.
    pub chosen: usize,
}

/// Bytes that are saved at a time: a moment's work.
const PART: usize = 1 << 20;

/// How far a log is saved.
#[derive(Clone, Copy, Debug)]
pub(in crate::app) struct Saving {
    pub id: Id,
    next: Seq,
    end: Seq,
}

/// The build whose lines a screen shows.
#[derive(Debug)]
pub struct Building {
    /// Its steps, and how it ended.
    pub build: Build,
    /// What is built: to build it again.
    pub order: BuildOrder,
    /// The wizard that ordered it.
    pub wizard: Id,
}

/// A log screen.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own for the reader"
)]
pub struct LogScreen {
    /// Messages of its sources carry it.
    pub id: Id,
    /// What it is of.
    pub target: Target,
    /// Its lines.
    pub log: Log,
    /// Those that are seen.
    pub shown: Shown,
    /// Where reading began, and whether it goes on.
    pub reading: Reading,
    /// Filters in force, the first one first.
    pub filters: Vec<Filter>,
    /// Only lines of this level and above.
    pub level: Option<Level>,
    /// What is being typed.
    pub input: Option<Input>,
    /// What is sought.
    pub search: Option<Search>,
    /// The page ends with the newest line.
    pub follow: bool,
    /// Lines have come since somebody looked.
    pub news: bool,
    /// The end of the log when the reader stopped to follow: later lines are new to him.
    pub left_at: Seq,
    /// The first line on the page, unless it is followed.
    pub top: Seq,
    /// The line the reader is at.
    pub cursor: Seq,
    /// The other end of a selection of lines.
    pub selecting: Option<Seq>,
    /// Marked lines.
    pub marked: BTreeSet<Seq>,
    /// Fields that have a column of their own.
    pub columns: Vec<String>,
    /// A line that is opened.
    pub opened: Option<Opened>,
    /// How times are shown.
    pub times: Times,
    /// Long lines go on in the next row.
    pub wrap: bool,
    /// Columns scrolled away at the left.
    pub left: usize,
    /// The screen has no frame around it.
    pub fullscreen: bool,
    /// Rows for lines.
    pub page: usize,
    /// It is of a build: its steps.
    pub build: Option<Box<Building>>,
    /// Something is to be said at the head: why it starts where it does.
    pub remark: Option<String>,
    /// Jump to where a run of this source ended, once that is here.
    pub(in crate::app) wanted_source: Option<Source>,
    /// Lines before this one were there when the log was last looked at.
    looked: Seq,
    /// Containers have joined: what joins from now on has appeared since.
    joined: bool,
    /// What is being saved.
    pub(in crate::app) saving: Option<Saving>,
    /// Sources for which earlier lines were asked, and the lines that came.
    pub(in crate::app) earlier: Option<Earlier>,
    /// A timer that is under way, and the instant that it waits for.
    pub(in crate::app) timer: Option<(Id, Timestamp)>,
}

/// Earlier lines that were asked for.
#[derive(Debug, Default)]
pub(in crate::app) struct Earlier {
    /// Their messages carry it.
    pub id: Id,
    pub open: HashMap<SourceId, bool>,
    pub lines: Vec<Older>,
}

impl LogScreen {
    /// A log of this target that is about to be read.
    pub fn new(id: Id, target: Target, reading: Reading, limit: usize) -> Self {
        let log = Log::new(limit);
        Self {
            id,
            target,
            shown: Shown::new(log.buffer().end()),
            log,
            reading,
            filters: Vec::new(),
            level: None,
            input: None,
            search: None,
            follow: true,
            news: false,
            left_at: Seq::default(),
            top: Seq::default(),
            cursor: Seq::default(),
            selecting: None,
            marked: BTreeSet::new(),
            columns: Vec::new(),
            opened: None,
            times: Times::default(),
            wrap: false,
            left: 0,
            fullscreen: false,
            page: 1,
            build: None,
            remark: None,
            wanted_source: None,
            looked: Seq::default(),
            joined: false,
            saving: None,
            earlier: None,
            timer: None,
        }
    }

    /// What stands in the breadcrumb.
    pub fn title(&self) -> String {
        if self.build.is_some() {
            return format!("build {}", self.target.title());
        }
        let run = if self.reading.previous {
            "previous log"
        } else {
            "log"
        };
        format!("{run} {}", self.target.title())
    }

    /// Containers that have joined are read. `init` containers too; what has not started yet
    /// joins when it does.
    pub(in crate::app) fn join(&mut self, members: &[Member], effects: &mut Effects) {
        let worth = members
            .iter()
            .filter(|member| member.has_log(self.reading.previous))
            .map(|member| &member.source);
        for (id, source) in self.log.join(worth) {
            let mut reading = self.reading.clone();
            if self.joined {
                // It appeared while we look: all of it is new.
                reading.start = Start::Head;
            }
            self.read(id, source, reading, effects);
        }
        self.joined = true;
    }

    fn read(&self, source: SourceId, of: &Source, reading: Reading, effects: &mut Effects) {
        effects.push(Effect::ReadLog {
            log: self.id,
            source,
            of: of.clone(),
            reading,
        });
    }

    /// The timer that is under way.
    #[cfg(test)]
    pub fn timer(&self) -> Option<Id> {
        self.timer.map(|(id, _)| id)
    }

    /// The same, and whether anything on the screen has changed: the lines where somebody sees them,
    /// else the mark on the strip that there are new ones.
    pub(in crate::app) fn freshen_seen(&mut self, seen: bool) -> bool {
        let before = self.looked;
        self.freshen();
        let came = self.looked > before;
        seen || came && !std::mem::replace(&mut self.news, true)
    }

    /// The lines have changed: those that are seen follow.
    pub(in crate::app) fn freshen(&mut self) {
        let first = self.log.buffer().first();
        let new = self.looked.max(first);
        self.looked = self.log.buffer().end();
        let (buffer, sources) = (self.log.buffer(), self.log.sources());
        let found = self.search.as_mut().map(|it| &mut it.found);
        for shown in std::iter::once(&mut self.shown).chain(found) {
            shown.trim(first);
            shown.grow(buffer, sources);
        }
        while self.marked.first().is_some_and(|seq| *seq < first) {
            self.marked.pop_first();
        }
        if self.follow {
            self.cursor = self.last();
            self.left_at = self.log.buffer().end();
        } else {
            self.top = self.top.max(first);
            self.cursor = self.cursor.max(first);
        }
        self.jump_to_wanted_end(new);
    }

    /// Looks through the new lines for the end of the run that is to be shown.
    fn jump_to_wanted_end(&mut self, from: Seq) {
        let Some(source) = &self.wanted_source else {
            return;
        };
        let buffer = self.log.buffer();
        let end = (from.0..buffer.end().0).rev().map(Seq).find(|seq| {
            let line = buffer.get(*seq);
            line.is_some_and(|line| {
                matches!(line.mark, Some(Mark::Ended { .. }))
                    && self
                        .log
                        .source(line.source)
                        .is_some_and(|info| info.source == *source)
            })
        });
        if let Some(seq) = end {
            self.leave_following();
            self.cursor = seq;
            let at = self.shown.place(seq);
            let above = at.saturating_sub(self.page.saturating_sub(3));
            self.top = self.shown.get(above).unwrap_or(seq);
        }
    }

    fn last(&self) -> Seq {
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

    fn leave_following(&mut self) {
        self.wanted_source = None;
        if self.follow {
            self.top = self.shown.get(self.first_on_page()).unwrap_or_default();
            self.follow = false;
            self.left_at = self.log.buffer().end();
        }
    }

    /// Moves the cursor to the n-th seen line; the page follows it.
    fn go_to(&mut self, n: usize) {
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

    /// Carries out a command that concerns this screen alone. False when it is none.
    pub fn command(&mut self, command: Command) -> bool {
        if self.opened.is_some() && self.opened_command(command) {
            return true;
        }
        let page = isize::try_from(self.page).unwrap_or(1).max(1);
        match command {
            Command::Up => self.move_by(-1),
            Command::Down => self.move_by(1),
            Command::PageUp => self.move_by(-page),
            Command::PageDown => self.move_by(page),
            Command::Top => self.go_to(0),
            Command::Bottom => self.resume(),
            Command::Left => self.left = self.left.saturating_sub(8),
            Command::Right => self.left += 8,
            Command::Wrap => self.wrap = !self.wrap,
            Command::Fullscreen => self.fullscreen = !self.fullscreen,
            Command::AbsoluteTimes => {
                self.times = match self.times {
                    Times::Local => Times::Utc,
                    Times::Utc => Times::Ago,
                    Times::Ago => Times::Off,
                    Times::Off => Times::Local,
                }
            }
            Command::FollowLog if self.follow => self.leave_following(),
            Command::FollowLog => self.resume(),
            Command::Fold => self.look(self.shown.context(), !self.shown.folded()),
            Command::LogContext => {
                let context = match self.shown.context() {
                    0 => 2,
                    2 => 5,
                    5 => 20,
                    _ => 0,
                };
                self.look(context, self.shown.folded());
            }
            Command::LogLevel => {
                self.level = match self.level {
                    None => Some(Level::Warn),
                    Some(Level::Warn) => Some(Level::Error),
                    _ => None,
                };
                self.look(self.shown.context(), self.shown.folded());
            }
            Command::LogOrder => {
                let order = match self.log.order() {
                    Order::Time => Order::Arrival,
                    Order::Arrival => Order::Time,
                };
                self.log.set_order(order);
            }
            Command::Mark => {
                if !self.marked.remove(&self.cursor) {
                    self.marked.insert(self.cursor);
                }
            }
            Command::SelectLines => {
                self.leave_following();
                self.selecting = match self.selecting {
                    None => Some(self.cursor),
                    Some(_) => None,
                };
            }
            Command::Filter => self.type_into(Purpose::Filter),
            Command::Search => self.type_into(Purpose::Search),
            Command::GoToTime => self.type_into(Purpose::Time),
            Command::ClearFilter => drop(self.drop_filter()),
            Command::NextMatch => self.next_match(true),
            Command::PreviousMatch => self.next_match(false),
            Command::LaterPeak => self.peak(true),
            Command::EarlierPeak => self.peak(false),
            Command::Open => self.open_line(),
            _ => return false,
        }
        true
    }

    /// Follows again.
    pub fn resume(&mut self) {
        self.follow = true;
        self.selecting = None;
        self.cursor = self.last();
        self.left_at = self.log.buffer().end();
    }

    fn type_into(&mut self, purpose: Purpose) {
        let text = match (purpose, &self.search) {
            (Purpose::Search, Some(search)) => search.text.clone(),
            _ => String::new(),
        };
        self.input = Some(Input {
            purpose,
            line: Typed::new(&text),
            problem: None,
        });
    }

    /// What is typed has changed: filters and searches show at once what they find.
    pub(in crate::app) fn typed(&mut self) {
        let Some(input) = &self.input else { return };
        let text = input.line.text().to_owned();
        match input.purpose {
            Purpose::Filter => self.look(self.shown.context(), self.shown.folded()),
            Purpose::Search => {
                self.search = (!text.is_empty()).then(|| Search {
                    query: Query::sought(&text),
                    found: Shown::new(self.log.buffer().end()),
                    text,
                });
                self.look_for_search();
            }
            Purpose::Time => {}
        }
    }

    /// Enter: what was typed is kept.
    pub(in crate::app) fn keep_input(&mut self, now: Timestamp, zone: &Zone) {
        let Some(mut input) = self.input.take() else {
            return;
        };
        let text = input.line.text().trim().to_owned();
        match input.purpose {
            Purpose::Filter if text.is_empty() => {
                self.look(self.shown.context(), self.shown.folded());
            }
            Purpose::Filter => self.add_filter(&text),
            Purpose::Search => self.next_match(false),
            Purpose::Time if text.is_empty() => {}
            Purpose::Time => {
                if let Some(at) = self.moment(&text, now, zone) {
                    self.go_to_moment(at);
                } else {
                    input.problem =
                        Some("a time is 10:04, 10:04:11, -5m or 2026-11-23T10:04:00Z".into());
                    self.input = Some(input);
                }
            }
        }
    }

    /// Escape while typing: as if nothing had been typed.
    pub(in crate::app) fn drop_input(&mut self) {
        let Some(input) = self.input.take() else {
            return;
        };
        match input.purpose {
            Purpose::Filter => self.look(self.shown.context(), self.shown.folded()),
            Purpose::Search => self.search = None,
            Purpose::Time => {}
        }
    }

    /// One more filter.
    pub fn add_filter(&mut self, text: &str) {
        self.filters.push(Filter {
            text: text.to_owned(),
            query: Query::parse(text),
        });
        self.look(self.shown.context(), self.shown.folded());
    }

    /// Takes away the filter that came last.
    pub fn drop_filter(&mut self) -> bool {
        let dropped = self.filters.pop().is_some() || self.level.take().is_some();
        if dropped {
            self.look(self.shown.context(), self.shown.folded());
        }
        dropped
    }

    /// Escape: what narrows or is open goes first. False when nothing did.
    pub(in crate::app) fn close_something(&mut self) -> bool {
        if self.opened.take().is_some() || self.selecting.take().is_some() {
            return true;
        }
        if self.search.take().is_some() {
            return true;
        }
        if self.drop_filter() {
            return true;
        }
        let marked = !self.marked.is_empty();
        self.marked.clear();
        marked
    }

    /// What lines must pass to be seen.
    fn queries(&self) -> Vec<Query> {
        let mut queries: Vec<Query> = self.filters.iter().map(|f| f.query.clone()).collect();
        if let Some(level) = self.level {
            queries.push(Query::parse(&format!("level>={}", level.name())));
        }
        if let Some(Input {
            purpose: Purpose::Filter,
            line,
            ..
        }) = &self.input
        {
            queries.push(Query::parse(line.text()));
        }
        queries
    }

    /// Looks anew which lines are seen. The line the reader is at stays where it is, or the one
    /// next to it.
    fn look(&mut self, context: usize, folded: bool) {
        let queries = self.queries();
        self.shown.set(queries, context, folded, self.log.buffer());
        self.look_for_search();
    }

    /// Looks anew where the search is found.
    fn look_for_search(&mut self) {
        let mut queries = self.queries();
        if let Some(search) = &mut self.search {
            queries.push(search.query.clone());
            search.found.set_without_marks(queries, self.log.buffer());
        }
        self.work();
    }

    /// Looks anew after the lines themselves were exchanged.
    pub(in crate::app) fn look_again(&mut self, context: usize, folded: bool) {
        self.look(context, folded);
    }

    /// Whether all kept lines have been looked at, for the filters and for the search.
    pub fn is_complete(&self) -> bool {
        let buffer = self.log.buffer();
        let search = self.search.as_ref();
        self.shown.is_complete(buffer) && search.is_none_or(|it| it.found.is_complete(buffer))
    }

    /// Looks at some more kept lines.
    pub(in crate::app) fn work(&mut self) {
        let (buffer, sources) = (self.log.buffer(), self.log.sources());
        self.shown.work(buffer, sources);
        if let Some(search) = &mut self.search {
            search.found.work(buffer, sources);
        }
        if self.follow {
            self.cursor = self.last();
        }
    }

    fn next_match(&mut self, later: bool) {
        let Some(search) = &self.search else { return };
        let at = search.found.place(self.cursor);
        let next = if later {
            let here = search.found.get(at) == Some(self.cursor);
            search.found.get(at + usize::from(here))
        } else {
            at.checked_sub(1).and_then(|n| search.found.get(n))
        };
        if let Some(seq) = next {
            let n = self.shown.place(seq);
            self.go_to(n);
            self.center(n);
        }
    }

    /// Puts a line into the middle of the page, when it is at its edge.
    fn center(&mut self, n: usize) {
        let first = self.first_on_page();
        if n < first + 2 || n + 2 >= first + self.page {
            let top = n.saturating_sub(self.page / 2);
            self.top = self.shown.get(top).unwrap_or_default();
        }
    }

    fn moment(&self, text: &str, now: Timestamp, zone: &Zone) -> Option<Nanos> {
        if let Some(span) = text.strip_prefix('-') {
            #[expect(clippy::cast_possible_truncation, reason = "spans of time fit")]
            let span = Millis((quantity(span)? * -1000.0) as i64);
            return Some(Nanos::of(now.plus(span)));
        }
        if let Some(at) = Timestamp::parse(text) {
            return Some(Nanos::of(at));
        }
        // A time of the day: of the day of the last line.
        let mut parts = text.split(':');
        let mut part = || -> Option<i64> { parts.next()?.parse().ok() };
        let (hours, minutes) = (part()?, part()?);
        let seconds = part().unwrap_or(0);
        if !(0..24).contains(&hours) || !(0..60).contains(&minutes) || !(0..60).contains(&seconds) {
            return None;
        }
        let last = Nanos(self.log.histogram().span()?.1 * 1_000_000_000);
        let offset = match self.times {
            Times::Utc => 0,
            _ => zone.offset(last.timestamp()),
        };
        let local = last.seconds() + offset;
        let midnight = local - local.rem_euclid(86_400) - offset;
        Some(Nanos(
            (midnight + hours * 3_600 + minutes * 60 + seconds) * 1_000_000_000,
        ))
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
    fn peak(&mut self, later: bool) {
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

    fn open_line(&mut self) {
        self.leave_following();
        if self
            .log
            .buffer()
            .get(self.cursor)
            .is_some_and(|line| line.mark.is_none())
        {
            self.opened = Some(Opened {
                seq: self.cursor,
                chosen: 0,
            });
        }
    }

    /// The opened line's fields: names and values, the message first.
    pub fn fields(&self) -> Vec<(String, String)> {
        let Some(line) = self
            .opened
            .as_ref()
            .and_then(|opened| self.log.buffer().get(opened.seq))
        else {
            return Vec::new();
        };
        let structure = Structure::of(line.text);
        let mut fields = vec![("message".to_owned(), structure.message.to_string())];
        fields.extend(
            line.level
                .map(|level| ("level".to_owned(), level.name().to_lowercase())),
        );
        fields.extend(
            structure
                .fields
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string())),
        );
        if let Some(info) = self.log.source(line.source) {
            fields.push(("pod".into(), info.source.pod.to_string()));
            fields.push(("container".into(), info.source.container.to_string()));
        }
        fields
    }

    fn opened_command(&mut self, command: Command) -> bool {
        let fields = self.fields();
        let Some(opened) = &mut self.opened else {
            return false;
        };
        match command {
            Command::Up => opened.chosen = opened.chosen.saturating_sub(1),
            Command::Down => {
                opened.chosen = (opened.chosen + 1).min(fields.len().saturating_sub(1));
            }
            Command::Open | Command::Filter => {
                if let Some((name, value)) = fields.get(opened.chosen) {
                    let filter = if value.contains(' ') || value.is_empty() {
                        format!("\"{name}={value}\"")
                    } else {
                        format!("{name}={value}")
                    };
                    self.opened = None;
                    self.add_filter(&filter);
                }
            }
            Command::Right | Command::FieldColumn => {
                if let Some((name, _)) = fields.get(opened.chosen) {
                    match self.columns.iter().position(|column| column == name) {
                        Some(at) => drop(self.columns.remove(at)),
                        None => self.columns.push(name.clone()),
                    }
                }
            }
            _ => return false,
        }
        true
    }

    /// What `c` copies: the chosen field, the selection, the marked lines, or the line.
    pub(in crate::app) fn copied(&self) -> String {
        if let Some(opened) = &self.opened {
            let fields = self.fields();
            return fields
                .get(opened.chosen)
                .map_or(String::new(), |(_, value)| value.clone());
        }
        let mut text = String::new();
        let mut add = |seq: Seq| {
            if let Some(line) = self
                .log
                .buffer()
                .get(seq)
                .filter(|line| line.mark.is_none())
            {
                text.push_str(line.text);
                text.push('\n');
            }
        };
        if let Some(other) = self.selecting {
            let (from, to) = (other.min(self.cursor), other.max(self.cursor));
            (self.shown.place(from)..self.shown.len())
                .map_while(|n| self.shown.get(n).filter(|seq| *seq <= to))
                .for_each(add);
        } else if self.marked.is_empty() {
            add(self.cursor);
        } else {
            self.marked.iter().copied().for_each(add);
        }
        text
    }

    /// Begins to save all seen lines.
    pub(in crate::app) fn begin_to_save(&mut self, id: Id) {
        self.saving = Some(Saving {
            id,
            next: self.shown.get(0).unwrap_or_default(),
            end: self.log.buffer().end(),
        });
    }

    /// The next part of what is saved: lines with their stamps and sources, in the form in which
    /// they are seen. `true` with the last one.
    pub(in crate::app) fn next_to_save(&mut self) -> Option<(Id, String, bool)> {
        let saving = self.saving?;
        let mut text = String::with_capacity(PART + PART / 8);
        let mut n = self.shown.place(saving.next);
        while text.len() < PART
            && let Some(line) = self.line(n).filter(|line| line.seq < saving.end)
        {
            n += 1;
            let source = self.log.source(line.source).map_or("", |info| &info.short);
            // Writing to a String cannot fail.
            let _ = match line.mark {
                Some(mark) => writeln!(text, "{} {source} {mark}", line.at.rfc3339()),
                None => writeln!(text, "{} {source} {}", line.at.rfc3339(), line.text),
            };
        }
        let next = self.shown.get(n).filter(|seq| *seq < saving.end);
        self.saving = next.map(|next| Saving { next, ..saving });
        Some((saving.id, text, next.is_none()))
    }
}
