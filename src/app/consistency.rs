//! `--check-consistency`: now and then everything is listed and compared with what is kept. A
//! difference counts when two lists in a row find the same one: what has just changed is on its way.

use super::App;
use super::effect::{Effect, Effects};
use super::notice::{Notice, Severity};
use super::world::Connection;
use crate::domain::feed::Batch;
use crate::domain::fleet::Difference;
use crate::domain::text::Text;
use crate::domain::time::{Millis, Timestamp};

/// A difference is looked at again so soon.
const AGAIN: Millis = Millis::seconds(5);

/// How many differences are named in the notice; all are in the log.
const NAMED: usize = 3;

/// When it is looked, and what was found.
#[derive(Debug)]
pub(super) struct Checks {
    every: Millis,
    due: Option<Timestamp>,
    suspects: Vec<Difference>,
    told: Vec<Difference>,
}

impl Checks {
    /// Looks so often.
    pub(super) fn every(every: Millis) -> Self {
        Self {
            every,
            due: None,
            suspects: Vec::new(),
            told: Vec::new(),
        }
    }

    /// Takes in what a look has found; what was found twice, and has not been told.
    fn judge(&mut self, found: Vec<Difference>, now: Timestamp) -> Vec<Difference> {
        let (sure, suspects): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|it| self.suspects.contains(it) || self.told.contains(it));
        let wait = if suspects.is_empty() {
            self.every
        } else {
            AGAIN
        };
        self.due = Some(now.plus(wait));
        let news = sure.iter().filter(|it| !self.told.contains(it)).cloned();
        let news = news.collect();
        self.suspects = suspects;
        self.told = sure;
        news
    }
}

impl App {
    /// A second has passed.
    pub(super) fn check_consistency(&mut self, effects: &mut Effects) {
        let live = matches!(self.world.connection(), Connection::Live);
        let ready = live && self.world.settled();
        let now = self.world.now;
        let Some(checks) = self.checks.as_mut().filter(|_| ready) else {
            return;
        };
        let every = checks.every;
        if *checks.due.get_or_insert(now.plus(every)) <= now {
            // The next one is counted from its answer, or from here where none comes.
            checks.due = Some(now.plus(every));
            effects.push(Effect::List(self.world.scopes.clone()));
        }
    }

    /// The server's lists have come.
    pub(super) fn compare_with_lists(&mut self, lists: &[Batch], effects: &mut Effects) {
        let fleet = &self.world.fleet;
        let found = lists
            .iter()
            .flat_map(|list| fleet.differences(list))
            .collect();
        let now = self.world.now;
        let Some(checks) = &mut self.checks else {
            return;
        };
        let news = checks.judge(found, now);
        if news.is_empty() {
            return;
        }
        let words: Vec<String> = news.iter().map(words).collect();
        effects.extend(
            words
                .iter()
                .map(|it| Effect::Log(format!("inconsistent: {it}"))),
        );
        let more = match words.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = words.into_iter().take(NAMED).collect::<Vec<_>>().join("; ");
        self.notify(Notice {
            severity: Severity::Error,
            what: "what is shown is not what the server has".into(),
            why: Text::new(&format!("{named}{more}")),
            remedy: ":reconnect lists everything again; :bundle gathers what a report needs".into(),
        });
    }
}

/// Which object, and how it differs. Never what it holds.
fn words(difference: &Difference) -> String {
    let Difference {
        kind,
        namespace,
        name,
        kept,
        listed,
    } = difference;
    let how = match (kept, listed) {
        (None, _) => "the server has it, it is not shown",
        (_, None) => "it is shown, the server does not have it",
        _ => "an older state of it is shown",
    };
    let place = if namespace.is_empty() {
        name.to_string()
    } else {
        format!("{namespace}/{name}")
    };
    format!("{} {place}: {how}", kind.name().to_lowercase())
}
