//! One copy of what labels say, however many pods say it.

use super::arena::Arena;
use crate::domain::labels::Facts;
use std::collections::HashMap;

/// Shared facts, counted by use.
#[derive(Debug, Default)]
pub(super) struct FactsTable {
    all: Arena<(Facts, u32)>,
    known: HashMap<Facts, u32>,
}

impl FactsTable {
    /// The handle of `facts`, used once more.
    pub fn take(&mut self, facts: Facts) -> u32 {
        if let Some(&id) = self.known.get(&facts) {
            if let Some((_, uses)) = self.all.get_mut(id) {
                *uses += 1;
            }
            return id;
        }
        let id = self.all.insert((facts.clone(), 1));
        self.known.insert(facts, id);
        id
    }

    /// The facts behind a handle.
    pub fn get(&self, id: u32) -> Option<&Facts> {
        self.all.get(id).map(|(facts, _)| facts)
    }

    /// Used once less; forgotten when nobody uses it.
    pub fn release(&mut self, id: u32) {
        let Some((_, uses)) = self.all.get_mut(id) else {
            return;
        };
        *uses -= 1;
        if *uses == 0
            && let Some((facts, _)) = self.all.remove(id)
        {
            self.known.remove(&facts);
        }
    }

    /// How many different facts there are.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.all.len()
    }
}
