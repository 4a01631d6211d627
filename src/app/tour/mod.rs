//! `:tutor`: a guided tour of the demo. Each step waits until the reader has done it, which is seen
//! in the state after each message; what it says grows for somebody who is stuck.

mod steps;

use super::effect::{Effect, Effects};
use super::line::Arguments;
use super::notice::Notice;
use super::overlay::{Confirm, Overlay};
use super::screens::Source;
use super::{App, layout};
use crate::command::Command;
use crate::domain::time::{Millis, Timestamp};
use steps::{STEPS, source};

/// So long, or so many keys, and the hint grows: once, and once more.
const STUCK: [(Millis, u32); 2] = [(Millis::seconds(20), 10), (Millis::seconds(60), 25)];

/// The last words go by themselves.
const FAREWELL: Millis = Millis::seconds(30);

/// Where the reader is on the tour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tour {
    step: usize,
    /// When the step began.
    since: Timestamp,
    /// Keys that were pressed in it.
    keys: u32,
    /// How many of its hints are shown.
    shown: usize,
}

/// A piece of a line: text, and whether it is the name of a key.
pub type Piece = (String, bool);

/// What the strip above the hints says.
#[derive(Debug)]
pub struct Strip {
    /// Which step this is, from 1.
    pub step: usize,
    /// How many there are.
    pub of: usize,
    /// What it is about.
    pub title: &'static str,
    /// What to do, a line each.
    pub lines: Vec<Vec<Piece>>,
}

impl App {
    /// What the tour says now; nothing where there is none.
    pub fn tour(&self) -> Option<Strip> {
        let tour = self.tour.as_ref().filter(|_| self.in_demo())?;
        let step = STEPS.get(tour.step)?;
        let hints = step.hints.iter().take(tour.shown);
        Some(Strip {
            step: tour.step + 1,
            of: STEPS.len(),
            title: step.title,
            lines: hints
                .filter(|hint| !hint.is_empty())
                .map(|hint| self.with_keys(hint))
                .collect(),
        })
    }

    /// Rows that the strip takes.
    pub(super) fn tour_rows(&self) -> u16 {
        self.tour()
            .map_or(0, |strip| u16::try_from(strip.lines.len() + 1).unwrap_or(0))
    }

    /// Whether somebody who has never taken the tour should be told of it.
    pub fn offers_tour(&self) -> bool {
        self.tour.is_none() && self.in_demo() && self.world.state.tour.is_none()
    }

    fn in_demo(&self) -> bool {
        self.world.session.as_ref().is_some_and(|it| it.demo)
    }

    /// The hint with the keys of its commands.
    fn with_keys(&self, hint: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (n, part) in hint.split(['{', '}']).enumerate() {
            match Command::from_name(part).filter(|_| n % 2 == 1) {
                Some(command) => pieces.push((self.key_of(command), true)),
                None => pieces.push((part.to_owned(), false)),
            }
        }
        pieces.retain(|(text, _)| !text.is_empty());
        pieces
    }

    /// `:tutor`: begins, goes on or leaves; `again`, `skip` and `off` say which.
    pub(super) fn tutor(&mut self, words: &str, effects: &mut Effects) {
        let kept = self.world.state.tour.filter(|step| step + 1 < STEPS.len());
        let now = self.tour.as_ref().map(|tour| tour.step);
        match (words.trim(), now) {
            ("again", _) => self.begin_tour(0, effects),
            ("skip", Some(step)) => self.begin_tour(step + 1, effects),
            ("off" | "", Some(_)) if self.in_demo() => self.leave_tour(),
            ("" | "skip", _) => self.begin_tour(kept.unwrap_or(0), effects),
            ("off", _) => self.notify(Notice::info("there is no tour; :tutor begins one")),
            (other, _) => self.notify(Notice::warning(
                format!("`{other}` is nothing that the tour can do"),
                ":tutor goes on or leaves, :tutor skip does the next step, :tutor again begins anew",
            )),
        }
    }

    fn begin_tour(&mut self, step: usize, effects: &mut Effects) {
        if !self.in_demo() {
            let live = self.programs();
            self.overlay = Some(Overlay::Confirm(Confirm::tour(live)));
            return;
        }
        self.begin_step(step.min(STEPS.len() - 1), effects);
    }

    /// The reader wants the tour and leaves his cluster for it.
    pub(super) fn tour_in_demo(&mut self, effects: &mut Effects) {
        self.begin_step(0, effects);
        self.connect_now(Effect::ConnectDemo, effects);
    }

    fn begin_step(&mut self, step: usize, effects: &mut Effects) {
        // The first step speaks of what stands at home.
        let at_home = matches!(source(self), Some(Source::Projects(_)));
        if step == 0 && self.in_demo() && !at_home {
            self.go(Command::Projects, &Arguments::default(), effects);
        }
        self.tour = Some(Tour {
            step,
            since: self.world.now,
            keys: 0,
            shown: 1,
        });
        self.world.state.tour = Some(step);
        effects.push(Effect::SaveState(self.world.state.clone()));
        self.fit();
    }

    fn leave_tour(&mut self) {
        self.tour = None;
        self.notify(Notice::info(
            "the tour waits where you left it; :tutor goes on",
        ));
        self.fit();
    }

    /// A key was pressed on the tour.
    pub(super) fn count_key(&mut self) {
        if let Some(tour) = &mut self.tour {
            tour.keys += 1;
        }
    }

    /// After each message: whether the step is done, and whether the reader is stuck.
    pub(super) fn guide(&mut self, effects: &mut Effects) {
        let Some(tour) = self.tour.as_ref().filter(|_| self.in_demo()) else {
            return;
        };
        let waited = self.world.now.since(tour.since);
        let last = tour.step + 1 >= STEPS.len();
        if last && waited >= FAREWELL {
            self.tour = None;
            return self.fit();
        }
        if self.overlay.is_none() && STEPS.get(tour.step).is_some_and(|step| (step.done)(self)) {
            return self.begin_step(tour.step + 1, effects);
        }
        let is_stuck = |(span, keys): &&(Millis, u32)| waited >= *span || tour.keys >= *keys;
        let shown = 1 + STUCK.iter().filter(is_stuck).count();
        if shown > tour.shown
            && let Some(tour) = &mut self.tour
        {
            tour.shown = shown;
            self.fit();
        }
    }

    /// The regions of a frame that leaves room for the strip above the hints, where it fits.
    pub(super) fn above_tour(
        &self,
        regions: impl Fn(u16, u16) -> layout::Regions,
    ) -> layout::Regions {
        let (columns, rows) = self.size;
        layout::above_strip(columns, rows, self.tour_rows(), regions)
    }
}
