//! In which of its states a list is; the view shows each in its own words.

use super::App;
use super::screens::{ListScreen, Screen, Source};
use super::world::Connection;
use crate::domain::feed::{FeedState, Scope};
use crate::domain::text::Text;
use crate::domain::time::Timestamp;

/// The state of the visible list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListState {
    /// Rows are there and they are current.
    Ready,
    /// Nothing yet: what is being loaded, and since when.
    Loading {
        /// What.
        what: String,
        /// Since when.
        since: Timestamp,
    },
    /// There is nothing; the filter when it hides what there is.
    Empty {
        /// What there is none of.
        what: String,
        /// Where.
        scope: String,
        /// How many rows the filter hides, 0 when there are none at all.
        hidden: usize,
    },
    /// The server said no, and nothing is there to show.
    Forbidden {
        /// `list`
        verb: Text,
        /// `pods`
        resource: Text,
        /// In words.
        scope: String,
    },
    /// The server does not have the kind.
    Absent,
    /// No connection: rows stay, dimmed.
    Disconnected {
        /// The last proof of life.
        seen: Option<Timestamp>,
        /// Why.
        why: Text,
        /// The next attempt.
        retry_at: Timestamp,
    },
    /// The server is silent: rows stay, dimmed.
    Stale {
        /// The last proof of life.
        seen: Timestamp,
    },
}

impl App {
    /// The state of the visible list; `Ready` for other screens.
    pub fn list_state(&self) -> ListState {
        let Screen::List(ListScreen { source, list }) = self.screen() else {
            return ListState::Ready;
        };
        let feed = self.feed_of(source);
        match feed {
            Some(FeedState::Disconnected {
                seen,
                why,
                retry_at,
            }) => {
                return ListState::Disconnected {
                    seen: *seen,
                    why: why.clone(),
                    retry_at: *retry_at,
                };
            }
            Some(FeedState::Stale { seen }) => return ListState::Stale { seen: *seen },
            _ => {}
        }
        if !list.order.rows().is_empty() {
            return ListState::Ready;
        }
        let what = source.rows().name().to_owned();
        match feed {
            Some(FeedState::Loading { since }) => ListState::Loading {
                what,
                since: *since,
            },
            Some(FeedState::Forbidden {
                verb,
                resource,
                scope,
            }) => ListState::Forbidden {
                verb: verb.clone(),
                resource: resource.clone(),
                scope: scope_label(scope),
            },
            Some(FeedState::Absent) => ListState::Absent,
            None if source.kind().is_some() && self.world.session.is_none() => {
                match self.world.connection() {
                    Connection::Connecting { since } => ListState::Loading { what, since },
                    _ => ListState::Empty {
                        what,
                        scope: self.world.scope_label(),
                        hidden: list.total,
                    },
                }
            }
            None if source.kind().is_some() && self.world.feeds.is_empty() => ListState::Loading {
                what,
                since: self.world.now,
            },
            _ => ListState::Empty {
                what,
                scope: self.world.scope_label(),
                hidden: list.total,
            },
        }
    }

    /// The feed that decides about a list: the worst of its kind.
    fn feed_of<'a>(&'a self, source: &'a Source) -> Option<&'a FeedState> {
        if let Source::Table(table) = source {
            return Some(&table.state);
        }
        let rank = |state: &FeedState| match state {
            FeedState::Live { .. } => 0,
            FeedState::Absent => 1,
            FeedState::Forbidden { .. } => 2,
            FeedState::Loading { .. } => 3,
            FeedState::Stale { .. } => 4,
            FeedState::Disconnected { .. } => 5,
        };
        self.world
            .feeds_of(source.kind()?)
            .map(|(_, state)| state)
            .max_by_key(|state| rank(state))
    }
}

/// A feed's scope in words.
pub fn scope_label(scope: &Scope) -> String {
    match &scope.0 {
        None => "all namespaces".into(),
        Some(ns) => format!("namespace {ns}"),
    }
}
