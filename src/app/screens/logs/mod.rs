//! A log on the screen: which of its lines are seen, where the reader stands in them, what is
//! sought and what is opened.
//!
//! Nothing moves under the reader's eye: as long as he follows, the page ends with the newest line;
//! once he has moved up, it stays where it is and tells how many lines have come since.

mod narrow;
mod opened;
mod place;
mod save;

pub use narrow::{Filter, Input, Purpose, Search};
pub use opened::Opened;
pub use save::{Extent, Saving};

use super::build::Building;
use crate::app::effect::{Effect, Effects};
use crate::app::msg::Id;
use crate::command::Command;
use crate::domain::feed::Failure;
use crate::domain::logs::buffer::Older;
use crate::domain::logs::shown::Shown;
use crate::domain::logs::target::{Member, Target};
use crate::domain::logs::{
    Admitted, Level, Log, Mark, Order, Reading, Seq, Source, SourceId, Start,
};
use crate::domain::time::Timestamp;
use std::collections::{BTreeSet, HashMap};

/// Lines of each container that are read when a log is opened.
pub const TAIL: u32 = 1_000;

/// Earlier lines of each container that `<` asks for at a time.
pub const EARLIER: u32 = 2_000;

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
    /// What is being saved, and how far.
    pub saving: Option<Saving>,
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
    /// Why those of one could not be read.
    pub failed: Option<Failure>,
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
            .filter(|member| member.has_log(self.reading.previous));
        for Admitted { id, source, again } in self.log.admit(worth, self.reading.follow) {
            let mut reading = self.reading.clone();
            if self.joined || again {
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

    /// Rows of the screen that are not lines: counts and the sparkline, and the names of columns that
    /// the reader has added.
    pub fn head_rows(&self) -> u16 {
        1 + u16::from(!self.columns.is_empty())
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
}
