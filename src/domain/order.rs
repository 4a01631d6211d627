//! The order of a visible list, kept and not recomputed: an event costs a binary search, never a
//! sort of everything.

use std::cmp::Ordering;
use std::collections::HashSet;

/// Handles of rows in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    rows: Vec<u32>,
}

impl Order {
    /// The handles, first row first.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Sorts `rows` from nothing.
    pub fn rebuild(&mut self, mut rows: Vec<u32>, compare: impl Fn(u32, u32) -> Ordering) {
        rows.sort_unstable_by(|a, b| compare(*a, *b));
        self.rows = rows;
    }

    /// Drops the rows that do not pass; the others keep their order.
    pub fn retain(&mut self, mut passes: impl FnMut(u32) -> bool) {
        self.rows.retain(|row| passes(*row));
    }

    /// These rows changed, came or went: takes them out and puts those that `pass` back where
    /// they belong. One pass over the handles for the whole batch, a binary search per row.
    pub fn touch(
        &mut self,
        touched: &[u32],
        mut passes: impl FnMut(u32) -> bool,
        compare: impl Fn(u32, u32) -> Ordering,
    ) {
        let set: HashSet<u32> = touched.iter().copied().collect();
        self.rows.retain(|row| !set.contains(row));
        let mut coming: Vec<u32> = set.into_iter().filter(|row| passes(*row)).collect();
        coming.sort_unstable_by(|a, b| compare(*a, *b));
        let places: Vec<usize> = coming
            .iter()
            .map(|new| {
                self.rows
                    .partition_point(|old| compare(*old, *new) == Ordering::Less)
            })
            .collect();
        self.insert_at(&places, &coming);
    }

    /// Inserts each of `coming` before the old place given for it; places ascend. Moves every
    /// handle at most once, from the end.
    fn insert_at(&mut self, places: &[usize], coming: &[u32]) {
        let old = self.rows.len();
        self.rows.resize(old + coming.len(), 0);
        let mut end = old;
        for (n, (&place, &new)) in places.iter().zip(coming).enumerate().rev() {
            self.rows.copy_within(place..end, place + n + 1);
            self.rows[place + n] = new;
            end = place;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn touching_is_the_same_as_sorting_again(
            start in proptest::collection::vec(0_u32..1000, 1..60),
            touches in proptest::collection::vec((0_usize..60, 0_u32..1000, any::<bool>()), 0..40),
        ) {
            let mut keys: Vec<Option<u32>> = start.into_iter().map(Some).collect();
            let mut order = Order::default();
            let alive = |keys: &[Option<u32>]| (0_u32..).zip(keys).filter(|(_, k)| k.is_some()).map(|(n, _)| n).collect::<Vec<_>>();
            order.rebuild(alive(&keys), |a, b| (keys[a as usize], a).cmp(&(keys[b as usize], b)));
            for chunk in touches.chunks(5) {
                let mut touched = Vec::new();
                for (at, key, gone) in chunk {
                    let at = at % keys.len();
                    keys[at] = (!gone).then_some(*key);
                    touched.push(u32::try_from(at).unwrap_or(0));
                }
                order.touch(&touched, |row| keys[row as usize].is_some(), |a, b| (keys[a as usize], a).cmp(&(keys[b as usize], b)));
                let mut fresh = Order::default();
                fresh.rebuild(alive(&keys), |a, b| (keys[a as usize], a).cmp(&(keys[b as usize], b)));
                prop_assert_eq!(&order, &fresh);
            }
        }
    }
}
