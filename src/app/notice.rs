//! What the program tells the person: shown for a few seconds, kept for `:notices`.

use crate::domain::feed::Failure;
use crate::domain::text::Text;
use crate::domain::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How long a notice stands above the hint row.
const SHOWN: Millis = Millis::seconds(8);

/// How many notices are kept.
const KEPT: usize = 500;

/// How grave a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// It went as asked.
    Info,
    /// It needs a look.
    Warning,
    /// It did not work.
    Error,
}

/// What, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// How grave.
    pub severity: Severity,
    /// What happened.
    pub what: Text,
    /// Why, empty when that is plain.
    pub why: Text,
    /// What to do, empty when nothing is to be done.
    pub remedy: Text,
}

impl Notice {
    /// A notice that only says what.
    pub fn info(what: impl Into<Text>) -> Self {
        Self {
            severity: Severity::Info,
            what: what.into(),
            why: Text::default(),
            remedy: Text::default(),
        }
    }

    /// A warning with a way on.
    pub fn warning(what: impl Into<Text>, remedy: impl Into<Text>) -> Self {
        Self {
            severity: Severity::Warning,
            what: what.into(),
            why: Text::default(),
            remedy: remedy.into(),
        }
    }

    /// The whole of it in one line.
    pub fn line(&self) -> String {
        let mut line = self.what.to_string();
        for (glue, part) in [(": ", &self.why), (" · ", &self.remedy)] {
            if !part.is_empty() {
                line.push_str(glue);
                line.push_str(part);
            }
        }
        line
    }
}

impl Notice {
    /// The whole of it, each part by itself.
    pub fn whole(&self) -> String {
        let parts = [&self.what, &self.why, &self.remedy];
        let said = parts.into_iter().filter(|part| !part.is_empty());
        said.map(Text::as_str).collect::<Vec<_>>().join("\n\n")
    }
}

impl From<Failure> for Notice {
    fn from(failure: Failure) -> Self {
        Self {
            severity: Severity::Error,
            what: failure.what,
            why: failure.why,
            remedy: failure.remedy,
        }
    }
}

/// The history of notices, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notices {
    kept: VecDeque<(Timestamp, Notice)>,
}

impl Notices {
    /// Adds one; the same text twice in a row is kept once, with the later time.
    pub fn push(&mut self, now: Timestamp, notice: Notice) {
        if self.kept.front().is_some_and(|(_, last)| *last == notice) {
            self.kept.pop_front();
        }
        self.kept.push_front((now, notice));
        self.kept.truncate(KEPT);
    }

    /// The one to show now.
    pub fn current(&self, now: Timestamp) -> Option<&Notice> {
        let (at, notice) = self.kept.front()?;
        (now.since(*at) < SHOWN).then_some(notice)
    }

    /// Takes the shown one away without forgetting it. True when there was one.
    pub fn dismiss(&mut self, now: Timestamp) -> bool {
        match self.kept.front_mut() {
            Some((at, _)) if now.since(*at) < SHOWN => {
                *at = Timestamp(now.0 - SHOWN.0);
                true
            }
            _ => false,
        }
    }

    /// All, newest first.
    pub fn all(&self) -> impl ExactSizeIterator<Item = &(Timestamp, Notice)> {
        self.kept.iter()
    }
}
