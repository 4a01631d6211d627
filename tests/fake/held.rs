//! The rows of one kind, as a feed's changes leave them.

use quarterdeck::domain::feed::Change;
use quarterdeck::domain::rows::Row;
use std::collections::{BTreeMap, BTreeSet};

/// Namespace and name.
pub type Key = (String, String);

#[derive(Default)]
pub struct Held {
    pub rows: BTreeMap<Key, Row>,
    /// Keys of the list that is arriving.
    listing: Option<BTreeSet<Key>>,
    /// Lists that came to their end.
    pub lists: usize,
}

impl Held {
    pub fn change(&mut self, change: Change) {
        match change {
            Change::Begin => self.listing = Some(BTreeSet::new()),
            Change::Put(row) => {
                let meta = row.meta();
                let key = (meta.namespace.to_string(), meta.name.to_string());
                if let Some(listing) = &mut self.listing {
                    listing.insert(key.clone());
                }
                self.rows.insert(key, *row);
            }
            Change::Gone { namespace, name } => {
                let key = (namespace.to_string(), name.to_string());
                if let Some(listing) = &mut self.listing {
                    listing.remove(&key);
                }
                self.rows.remove(&key);
            }
            Change::Complete => {
                let listed = self.listing.take().expect("Complete without Begin");
                self.rows.retain(|key, _| listed.contains(key));
                self.lists += 1;
            }
        }
    }
}
