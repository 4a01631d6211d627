//! In which of its states a list is; the view shows each in its own words.

use super::App;
use super::screens::recipes::Known;
use super::screens::{ListScreen, Screen, Source};
use super::world::Connection;
use crate::domain::feed::{FeedState, Scope};
use crate::domain::text::{Text, nearest};
use crate::domain::time::Timestamp;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

/// The state of the visible list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListState {
    /// Rows are there and they are current.
    Ready,
    /// Rows are there and they are current, but in some namespaces the server said no.
    Partial(Refusal),
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
    Forbidden(Refusal),
    /// The server does not have the kind.
    Absent,
    /// There is nothing, for a reason of its own.
    Nothing {
        /// What there is none of, and why.
        what: String,
        /// What to do.
        remedy: String,
    },
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

/// What the server said no to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `list`
    pub verb: Text,
    /// `pods`
    pub resource: Text,
    /// Everywhere it said so, in words.
    pub scope: String,
}

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            verb,
            resource,
            scope,
        } = self;
        write!(f, "you may not {verb} {resource} in {scope}")
    }
}

impl App {
    /// The state of the visible list; `Ready` for other screens.
    pub fn list_state(&self) -> ListState {
        match self.screen() {
            Screen::List(screen) => self.state_of(screen),
            _ => ListState::Ready,
        }
    }

    /// The state of a list.
    pub fn state_of(&self, screen: &ListScreen) -> ListState {
        let ListScreen { source, list } = screen;
        if let Source::Recipes(rows) = source
            && list.total == 0
        {
            return match &rows.known {
                Known::Waiting(since) => ListState::Loading {
                    what: "recipes".into(),
                    since: *since,
                },
                Known::Failed(fault) => ListState::Nothing {
                    what: fault.what.clone(),
                    remedy: fault.remedy.clone(),
                },
                Known::All => ListState::Nothing {
                    what: format!("no recipe in {}", rows.place),
                    remedy:
                        ":new FOLDER makes one from a source · :outdated FOLDER looks elsewhere"
                            .into(),
                },
            };
        }
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
        let refused = refusal(self.feeds_of(source));
        if !list.order.rows().is_empty() {
            return refused.map_or(ListState::Ready, ListState::Partial);
        }
        if let (Some(refusal), Some(FeedState::Forbidden { .. }), 0) = (refused, feed, list.total) {
            return ListState::Forbidden(refusal);
        }
        let what = source.rows().name().to_owned();
        match feed {
            Some(FeedState::Loading { since }) => ListState::Loading {
                what,
                since: *since,
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

    /// What the filter of a list takes for a column that it does not have, with the column that was
    /// probably meant. It was sought as a text.
    pub fn no_column<'a>(&self, screen: &'a ListScreen) -> Option<(&'a str, Option<String>)> {
        let heads = screen.source.rows().heads(&self.world);
        let names = || heads.iter().map(|head| head.id.as_str());
        let known = |name: &str| ["name", "namespace", "ns"].contains(&name);
        let mut asked = screen.list.filter.query.asks();
        let unknown = asked.find(|name| !known(name) && !names().any(|head| head == *name))?;
        Some((unknown, nearest(unknown, names()).map(str::to_owned)))
    }

    /// The label that the filter of a list asks for and no row has, with those that most rows have.
    pub fn no_label<'a>(&self, screen: &'a ListScreen) -> Option<(&'a str, Vec<Text>)> {
        /// Rows of one list are alike: so many tell what labels there are.
        const LOOKED_AT: usize = 2_000;
        let mut asked = screen.list.filter.query.labels().peekable();
        asked.peek()?;
        let rows = screen.source.rows();
        let mut counts: BTreeMap<&Text, usize> = BTreeMap::new();
        let all = rows.all(&self.world);
        let labelled = all.iter().take(LOOKED_AT);
        for labels in labelled.filter_map(|row| rows.labels(&self.world, *row)) {
            // Hashes are the controllers' own.
            for (key, _) in labels.0.iter().filter(|(key, _)| !key.ends_with("-hash")) {
                *counts.entry(key).or_default() += 1;
            }
        }
        let absent = asked.find(|key| !counts.keys().any(|known| known.as_str() == *key))?;
        let mut common: Vec<_> = counts.into_iter().collect();
        common.sort_by_key(|(_, count)| Reverse(*count));
        let common = common.into_iter().take(3).map(|(key, _)| key.clone());
        Some((absent, common.collect()))
    }

    /// Where rows of a list may stand that the server does not let us see any more: they are what
    /// was last seen.
    pub fn refused_scopes<'a>(&'a self, source: &'a Source) -> Vec<&'a Scope> {
        let refused = |state: &'a FeedState| match state {
            FeedState::Forbidden { scope, .. } => Some(scope),
            _ => None,
        };
        self.feeds_of(source).filter_map(refused).collect()
    }

    /// The feeds that fill a list.
    fn feeds_of<'a>(&'a self, source: &'a Source) -> impl Iterator<Item = &'a FeedState> {
        let table = match source {
            Source::Table(table) => Some(&table.state),
            _ => None,
        };
        let kind = source.kind().filter(|_| table.is_none());
        let feeds = kind.into_iter().flat_map(|kind| self.world.feeds_of(kind));
        table.into_iter().chain(feeds.map(|(_, state)| state))
    }

    /// The feed that decides about a list: the worst of its own.
    fn feed_of<'a>(&'a self, source: &'a Source) -> Option<&'a FeedState> {
        self.feeds_of(source).max_by_key(|state| match state {
            FeedState::Live => 0,
            FeedState::Absent => 1,
            FeedState::Forbidden { .. } => 2,
            FeedState::Loading { .. } => 3,
            FeedState::Stale { .. } => 4,
            FeedState::Disconnected { .. } => 5,
        })
    }
}

/// What some of these feeds were refused.
fn refusal<'a>(feeds: impl Iterator<Item = &'a FeedState>) -> Option<Refusal> {
    let mut namespaces = Vec::new();
    let mut refused = None;
    for state in feeds {
        if let FeedState::Forbidden {
            verb,
            resource,
            scope,
        } = state
        {
            namespaces.extend(scope.0.as_deref());
            refused = Some((verb, resource));
        }
    }
    let (verb, resource) = refused?;
    Some(Refusal {
        verb: verb.clone(),
        resource: resource.clone(),
        scope: match &namespaces[..] {
            [] => "all namespaces".into(),
            [one] => format!("namespace {one}"),
            several => format!("namespaces {}", several.join(", ")),
        },
    })
}
