//! What the program remembers by itself: sort orders, favourites, the last scope of each context.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
}

/// One remembered sort order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// Column id.
    pub column: String,
    /// Turned round.
    pub reverse: bool,
}
