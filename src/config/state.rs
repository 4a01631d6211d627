//! What the program remembers by itself: sort orders and columns of lists, favourites, the last
//! scope of each context, the tabs that are open.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The state file. Every part is optional in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// Sort order by list name.
    pub sorts: BTreeMap<String, Sort>,
    /// Favourite namespace scopes for the keys 1 to 9: namespaces, comma separated.
    pub favourites: Vec<String>,
    /// The last namespaces by context, for people who may not list them; empty means all.
    pub scopes: BTreeMap<String, Vec<String>>,
    /// Lists that show the columns that are hidden as a rule.
    pub wide: BTreeSet<String>,
    /// The step of the guided tour, once it was begun.
    pub tour: Option<usize>,
    /// The tabs that are open, by context. Leaving the program takes them away: what is there at
    /// the next start is what a run left that did not end well.
    pub tabs: BTreeMap<String, OpenTabs>,
}

/// The tabs of a context.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OpenTabs {
    /// The process that has them open: as long as it runs they are nobody else's.
    pub run: u32,
    /// The tab that is seen.
    pub seen: usize,
    /// Each as its path of screens, home first.
    pub tabs: Vec<Vec<Place>>,
}

/// What a screen shows, so that it can be shown again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// `pods`, `releases/shop`, `logs/pod/shop-prod/web-1`: words with slashes between them.
    pub shows: String,
    /// What filters it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub filter: String,
}

/// One remembered sort order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// Column id.
    pub column: String,
    /// Turned round.
    pub reverse: bool,
}
