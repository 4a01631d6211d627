//! The order of a list, kept while rows change.
//!
//! A list holds handles. All of them are kept sorted, those that pass the filter are a second
//! list in the same order: another filter costs one pass and no sorting, and a changed row costs
//! one pass and its own insertion. Handles are those of an arena ([`super::fleet::arena`]): the
//! slot is dense, so that membership is a bit.

use super::fleet::arena::slot;
use std::cmp::Ordering;

/// What becomes of a row that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It is not a row of the list (any more).
    Gone,
    /// It is one, and the filter hides it.
    Hidden,
    /// It is one, and it is seen.
    Shown,
}

impl From<bool> for Place {
    /// Shown or gone: for lists that never widen their filter without a rebuild.
    fn from(shown: bool) -> Self {
        if shown { Self::Shown } else { Self::Gone }
    }
}

/// Sorted handles: all, and those that are seen.
#[derive(Clone, Debug, Default)]
pub struct Order {
    all: Vec<u32>,
    /// `None` while nothing is hidden.
    seen: Option<Vec<u32>>,
    marks: Marks,
}

/// One bit per slot.
#[derive(Clone, Debug, Default)]
struct Marks(Vec<u64>);

impl Marks {
    fn has(&self, row: u32) -> bool {
        let word = self.0.get(slot(row) / 64);
        word.is_some_and(|word| word & (1 << (slot(row) % 64)) != 0)
    }

    fn set(&mut self, rows: &[u32]) {
        let slots = rows.iter().map(|&row| slot(row)).max().unwrap_or(0) + 1;
        self.0.clear();
        self.0.resize(slots.div_ceil(64), 0);
        for &row in rows {
            if let Some(word) = self.0.get_mut(slot(row) / 64) {
                *word |= 1 << (slot(row) % 64);
            }
        }
    }
}

impl Order {
    /// The handles that are seen, in order.
    pub fn rows(&self) -> &[u32] {
        self.seen.as_ref().unwrap_or(&self.all)
    }

    /// All handles, in order.
    pub fn all(&self) -> &[u32] {
        &self.all
    }

    /// How many rows are seen.
    pub fn len(&self) -> usize {
        self.rows().len()
    }

    /// Whether none is seen.
    pub fn is_empty(&self) -> bool {
        self.rows().is_empty()
    }

    /// Starts over with these rows, all of them seen. `compare` must be total: equal rows would
    /// change places.
    pub fn rebuild(&mut self, rows: Vec<u32>, mut compare: impl FnMut(u32, u32) -> Ordering) {
        self.all = rows;
        self.all.sort_unstable_by(|&a, &b| compare(a, b));
        self.seen = None;
    }

    /// Another filter: looks at all rows again, in the order in which they lie in memory: with
    /// 50,000 rows, jumping about in the order of the list takes twice as long.
    pub fn filter(&mut self, mut keep: impl FnMut(u32) -> bool) {
        let mut by_slot = self.seen.take().unwrap_or_default();
        by_slot.clone_from(&self.all);
        by_slot.sort_unstable_by_key(|&row| slot(row));
        by_slot.retain(|&row| keep(row));
        self.marks.set(&by_slot);
        let mut seen = by_slot;
        seen.clear();
        seen.extend(self.all.iter().copied().filter(|&row| self.marks.has(row)));
        self.seen = Some(seen);
    }

    /// No filter any more.
    pub fn unfilter(&mut self) {
        self.seen = None;
    }

    /// A narrower filter: looks only at the rows that are seen.
    pub fn retain(&mut self, mut keep: impl FnMut(u32) -> bool) {
        match &mut self.seen {
            Some(seen) => seen.retain(|&row| keep(row)),
            None => self.filter(keep),
        }
    }

    /// The position of a seen row.
    pub fn position(&self, row: u32) -> Option<usize> {
        self.rows().iter().position(|&r| r == row)
    }

    /// These rows changed, came or went; each is named once. Dead handles are never compared.
    pub fn touch<P: Into<Place>>(
        &mut self,
        touched: &[u32],
        mut place: impl FnMut(u32) -> P,
        mut compare: impl FnMut(u32, u32) -> Ordering,
    ) {
        if touched.is_empty() {
            return;
        }
        self.marks.set(touched);
        let marks = &self.marks;
        self.all.retain(|&row| !marks.has(row));
        if let Some(seen) = &mut self.seen {
            seen.retain(|&row| !marks.has(row));
        }
        let (mut all, mut seen) = (Vec::new(), Vec::new());
        let mut hides = self.seen.is_some();
        for &row in touched {
            match place(row).into() {
                Place::Gone => {}
                Place::Hidden => {
                    all.push(row);
                    hides = true;
                }
                Place::Shown => {
                    all.push(row);
                    seen.push(row);
                }
            }
        }
        if hides {
            // The first row that is hidden: until now all were seen.
            let rows = self.seen.get_or_insert_with(|| self.all.clone());
            merge(rows, seen, &mut compare);
        }
        merge(&mut self.all, all, &mut compare);
    }
}

/// Puts `new` rows into sorted `rows`: each finds its position by bisection, and everything moves
/// once, from the end.
fn merge(rows: &mut Vec<u32>, mut new: Vec<u32>, compare: &mut impl FnMut(u32, u32) -> Ordering) {
    new.sort_unstable_by(|&a, &b| compare(a, b));
    let mut end = rows.len();
    rows.resize(end + new.len(), 0);
    while let Some(row) = new.pop() {
        let at = rows[..end].partition_point(|&r| compare(r, row) == Ordering::Less);
        rows.copy_within(at..end, at + new.len() + 1);
        rows[at + new.len()] = row;
        end = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn sorted(world: &BTreeMap<u32, (u8, bool)>, shown: bool) -> Vec<u32> {
        let mut rows: Vec<u32> = world
            .iter()
            .filter(|(_, v)| !shown || v.1)
            .map(|(k, _)| *k)
            .collect();
        rows.sort_by_key(|row| (world[row].0, *row));
        rows
    }

    proptest! {
        /// Rows come, go, move and hide: the order kept is the order made anew.
        #[test]
        fn touching_is_rebuilding(
            start in prop::collection::btree_map(0u32..200, (0u8..20, any::<bool>()), 0..100),
            steps in prop::collection::vec(
                prop::collection::btree_map(0u32..200, prop::option::of((0u8..20, any::<bool>())), 0..40),
                0..8,
            ),
        ) {
            let mut world = start;
            let mut order = Order::default();
            order.rebuild(world.keys().copied().collect(), |a, b| (world[&a].0, a).cmp(&(world[&b].0, b)));
            order.filter(|row| world[&row].1);
            for step in steps {
                let touched: Vec<u32> = step.keys().copied().collect();
                for (row, value) in step {
                    match value {
                        Some(value) => { world.insert(row, value); }
                        None => { world.remove(&row); }
                    }
                }
                order.touch(
                    &touched,
                    |row| match world.get(&row) {
                        None => Place::Gone,
                        Some((_, false)) => Place::Hidden,
                        Some((_, true)) => Place::Shown,
                    },
                    |a, b| (world[&a].0, a).cmp(&(world[&b].0, b)),
                );
                prop_assert_eq!(order.all(), sorted(&world, false));
                prop_assert_eq!(order.rows(), sorted(&world, true));
            }
        }
    }

    #[test]
    fn a_wider_filter_brings_rows_back_in_order() {
        let mut order = Order::default();
        order.rebuild(vec![3, 1, 2], |a, b| a.cmp(&b));
        order.filter(|row| row == 2);
        assert_eq!(order.rows(), [2]);
        order.filter(|_| true);
        assert_eq!(order.rows(), [1, 2, 3]);
        order.retain(|row| row != 1);
        assert_eq!(
            (order.rows(), order.position(3)),
            ([2, 3].as_slice(), Some(1))
        );
    }
}
