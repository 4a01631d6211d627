//! What narrows a log: filters that hide, a search that lights, and the line in which they are
//! typed.

use super::LogScreen;
use crate::app::palette::Line as Typed;
use crate::domain::logs::shown::Shown;
use crate::domain::query::Query;
use crate::domain::time::{Timestamp, Zone};

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

/// What can be typed for a time.
const TIMES: &str =
    "a time is 10:04, 10:04:11, -5m, 2026-11-23, 11-23 10:04 or 2026-11-23T10:04:00Z";

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

impl LogScreen {
    pub(super) fn type_into(&mut self, purpose: Purpose) {
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
                input.problem = match self.moment(&text, now, zone) {
                    Some(at) => self.go_to_time(at, zone),
                    None => Some(TIMES.into()),
                };
                self.input = Some(input).filter(|input| input.problem.is_some());
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
        let last = self.narrowing().len().checked_sub(1);
        last.is_some_and(|last| self.take_away(last))
    }

    /// What narrows the log, as it is written: the level first.
    pub fn narrowing(&self) -> Vec<String> {
        let level = self
            .level
            .map(|it| format!("level>={}", it.name().to_lowercase()));
        let filters = self.filters.iter().map(|filter| filter.text.clone());
        level.into_iter().chain(filters).collect()
    }

    /// Takes away the n-th of what narrows. False when there is none.
    pub fn take_away(&mut self, n: usize) -> bool {
        let filters = usize::from(self.level.is_some());
        match n.checked_sub(filters) {
            None => self.level = None,
            Some(n) if n < self.filters.len() => drop(self.filters.remove(n)),
            Some(_) => return false,
        }
        self.look(self.shown.context(), self.shown.folded());
        true
    }

    /// What cannot be understood of what is typed, or of the filters and the search in force.
    pub fn problem(&self) -> Option<String> {
        let typed = self.input.as_ref().and_then(|input| match input.purpose {
            Purpose::Time => input.problem.clone(),
            Purpose::Filter => Query::parse(input.line.text()).problem,
            Purpose::Search => None,
        });
        let sought = self.search.iter().map(|search| &search.query);
        let mut queries = self.filters.iter().map(|it| &it.query).chain(sought);
        typed.or_else(|| queries.find_map(|query| query.problem.clone()))
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
    pub(super) fn look(&mut self, context: usize, folded: bool) {
        let queries = self.queries();
        self.shown.set(queries, context, folded, self.log.buffer());
        self.look_for_search();
    }

    /// The number of the match at or before the reader's line, from 1, and how many there are.
    pub fn match_position(&self) -> Option<(usize, usize)> {
        let found = &self.search.as_ref()?.found;
        let at = found.place(self.cursor);
        let here = usize::from(found.get(at) == Some(self.cursor));
        Some((at + here, found.len()))
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

    pub(super) fn next_match(&mut self, later: bool) {
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
}
