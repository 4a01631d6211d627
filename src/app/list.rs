//! A list of rows: which are seen, in which order, which one is selected, what is marked.
//!
//! The rows themselves stay where they are (in the fleet, in a table); a list holds handles. What
//! rows there are and how they compare is a [`Rows`]; what is here is the same for every list.

use super::hit::Hit;
use super::palette::Line;
use super::world::World;
use crate::command::Command;
use crate::config::Sort;
use crate::domain::health::Health;
use crate::domain::listing::{Column, Shape};
use crate::domain::order::{Order, Place};
use crate::domain::query::{Query, Scratch};
use crate::domain::rows::Labels;
use crate::domain::session::Target;
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// A column of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its name in filters, in the state file and in messages.
    pub id: Text,
    /// What stands above it, upper case.
    pub title: Text,
    /// Numbers stand at the right.
    pub right: bool,
    /// 0 survives 80 columns; the higher, the sooner it goes.
    pub priority: u8,
    /// Only shown when wide.
    pub wide: bool,
    /// Takes the width that is left and is the last to be cut.
    pub sentence: bool,
}

impl Head {
    /// The column of a table that is defined in the domain.
    pub fn of(column: &Column) -> Self {
        Self {
            id: column.id.into(),
            title: column.title.into(),
            right: column.shape == Shape::Number,
            priority: column.priority,
            wide: column.wide,
            sentence: column.shape == Shape::Sentence,
        }
    }

    /// A column of texts.
    pub fn text(id: &str, title: &str, priority: u8) -> Self {
        Self {
            id: Text::new(id),
            title: Text::new(&title.to_uppercase()),
            right: false,
            priority,
            wide: false,
            sentence: false,
        }
    }
}

/// Where a list's rows come from.
pub trait Rows {
    /// The name under which sort order is remembered, and which titles the screen.
    fn name(&self) -> &'static str;

    /// The columns.
    fn heads(&self, world: &World) -> Vec<Head>;

    /// The handles of all rows, in any order.
    fn all(&self, world: &World) -> Vec<u32>;

    /// Whether the handle is (still) a row of this list.
    fn holds(&self, world: &World, row: u32) -> bool;

    /// How two rows compare by a column, ascending.
    fn compare(&self, world: &World, a: u32, b: u32, column: &str) -> Ordering;

    /// Whether the row passes the filter.
    fn matches(&self, world: &World, row: u32, query: &Query, scratch: &mut Scratch) -> bool;

    /// Writes the text of a cell.
    fn cell(&self, world: &World, row: u32, column: &str, out: &mut String);

    /// The point in time behind a cell that shows how long ago something was.
    fn time(&self, _world: &World, _row: u32, _column: &str) -> Option<Timestamp> {
        None
    }

    /// Name and namespace of the row (an empty namespace when it has none).
    fn key(&self, world: &World, row: u32) -> RowKey;

    /// The object behind the row.
    fn target(&self, world: &World, row: u32) -> Option<Target>;

    /// Its health, where rows have one.
    fn health(&self, _world: &World, _row: u32) -> Option<Health> {
        None
    }

    /// Its labels, where rows have some.
    fn labels<'a>(&'a self, _world: &'a World, _row: u32) -> Option<&'a Labels> {
        None
    }

    /// The order that a list starts with.
    fn first_sort(&self) -> Sort;
}

/// Name and namespace: what marks are kept by.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// Namespace, empty when it has none.
    pub namespace: Text,
    /// Name.
    pub name: Text,
}

/// The filter of a list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// As typed.
    pub text: String,
    /// The byte at which the cursor stands while keys go into it.
    pub cursor: usize,
    /// As understood.
    pub query: Query,
    /// Keys go into it.
    pub editing: bool,
}

/// The state of a list.
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches of the reader, each by itself"
)]
#[derive(Debug)]
pub struct List {
    /// The handles that pass the filter, in order.
    pub order: Order,
    /// How many rows there are without the filter.
    pub total: usize,
    /// The position of the selected row in `order`.
    pub cursor: usize,
    /// The first visible position.
    pub offset: usize,
    /// How many rows a page has, as last told.
    pub page: usize,
    /// The order.
    pub sort: Sort,
    /// The filter.
    pub filter: Filter,
    /// Only rows with something wrong.
    pub faults_only: bool,
    /// Marked rows.
    pub marks: BTreeSet<RowKey>,
    /// Wide columns are shown.
    pub wide: bool,
    /// Labels are shown.
    pub labels: bool,
    /// Points in time instead of ages.
    pub absolute_times: bool,
    /// How many columns are scrolled away at the left.
    pub left: usize,
    /// The handle of the selected row; the cursor follows it when the order changes.
    selected: Option<u32>,
    /// The person has moved: until then the cursor stays on the first row.
    moved: bool,
    last_mark: Option<usize>,
    stale: bool,
}

impl List {
    /// A list with this order that has not looked at its rows yet.
    pub fn new(sort: Sort) -> Self {
        Self {
            order: Order::default(),
            total: 0,
            cursor: 0,
            offset: 0,
            page: 1,
            sort,
            filter: Filter::default(),
            faults_only: false,
            marks: BTreeSet::new(),
            wide: false,
            labels: false,
            absolute_times: false,
            left: 0,
            selected: None,
            moved: false,
            last_mark: None,
            stale: true,
        }
    }

    /// The handle of the selected row.
    pub fn selected(&self) -> Option<u32> {
        self.order.rows().get(self.cursor).copied()
    }

    /// The handles to draw now.
    pub fn visible(&self) -> &[u32] {
        let rows = self.order.rows();
        let from = self.offset.min(rows.len());
        &rows[from..rows.len().min(from + self.page)]
    }

    /// Rows may have changed while nobody looked: look at all of them before the next use.
    pub fn mark_stale(&mut self) {
        self.stale = true;
    }

    /// Looks at all rows again if that was put off.
    pub fn freshen(&mut self, rows: &dyn Rows, world: &World) {
        if self.stale {
            self.rebuild(rows, world);
        }
    }

    /// Looks at all rows again.
    pub fn rebuild(&mut self, rows: &dyn Rows, world: &World) {
        self.stale = false;
        let all = rows.all(world);
        self.total = all.len();
        self.order
            .rebuild(all, |a, b| compare(rows, world, &self.sort, a, b));
        self.refilter(rows, world);
    }

    /// Another filter over the same rows: their order stays.
    fn refilter(&mut self, rows: &dyn Rows, world: &World) {
        let mut scratch = Scratch::default();
        let mut order = std::mem::take(&mut self.order);
        if self.filters() {
            order.filter(|row| self.passes(rows, world, row, &mut scratch));
        } else {
            order.unfilter();
        }
        self.order = order;
        self.follow();
    }

    fn filters(&self) -> bool {
        self.faults_only || !self.filter.text.is_empty()
    }

    /// Narrows to the rows that still pass: nothing that was hidden can come back.
    fn narrow(&mut self, rows: &dyn Rows, world: &World) {
        let mut scratch = Scratch::default();
        let mut order = std::mem::take(&mut self.order);
        order.retain(|row| self.passes(rows, world, row, &mut scratch));
        self.order = order;
        self.follow();
    }

    /// These rows, in ascending order, changed, came or went. Whether any of it can be seen.
    pub fn touch(&mut self, rows: &dyn Rows, world: &World, touched: &[u32], total: usize) -> bool {
        if self.stale || touched.is_empty() {
            return self.stale;
        }
        let before = (self.window(), self.visible().to_vec());
        self.total = total;
        let mut scratch = Scratch::default();
        let mut order = std::mem::take(&mut self.order);
        order.touch(
            touched,
            |row| {
                if !rows.holds(world, row) {
                    Place::Gone
                } else if self.passes(rows, world, row, &mut scratch) {
                    Place::Shown
                } else {
                    Place::Hidden
                }
            },
            |a, b| compare(rows, world, &self.sort, a, b),
        );
        self.order = order;
        self.follow();
        let seen = |row: &u32| touched.binary_search(row).is_ok();
        before != (self.window(), self.visible().to_vec()) || before.1.iter().any(seen)
    }

    /// What is told of the rows that cannot be seen: how many there are, and where the window is.
    fn window(&self) -> (usize, usize, usize, usize) {
        (self.total, self.order.len(), self.offset, self.cursor)
    }

    fn passes(&self, rows: &dyn Rows, world: &World, row: u32, scratch: &mut Scratch) -> bool {
        if self.faults_only && !rows.health(world, row).is_none_or(needs_look) {
            return false;
        }
        self.filter.text.is_empty() || rows.matches(world, row, &self.filter.query, scratch)
    }

    /// Puts the cursor back on the selected row; where that is gone, it stays at its place.
    fn follow(&mut self) {
        let rows = self.order.rows();
        let last = rows.len().saturating_sub(1);
        match self.selected {
            Some(row) if self.moved => {
                if rows.get(self.cursor) != Some(&row)
                    && let Some(at) = rows.iter().position(|&r| r == row)
                {
                    // The row stays where the eye is: the window moves with it.
                    let distance = self.cursor.saturating_sub(self.offset);
                    self.cursor = at;
                    self.offset = at.saturating_sub(distance);
                }
            }
            _ => self.cursor = 0,
        }
        self.cursor = self.cursor.min(last);
        self.selected = self.selected();
        self.scroll_to_cursor();
    }

    fn scroll_to_cursor(&mut self) {
        let page = self.page.max(1);
        if self.cursor < self.offset {
            self.offset = self.cursor;
        } else if self.cursor >= self.offset + page {
            self.offset = self.cursor + 1 - page;
        }
        self.offset = self
            .offset
            .min(self.order.rows().len().saturating_sub(page));
    }

    /// A page has so many rows now.
    pub fn set_page(&mut self, page: usize) {
        self.page = page.max(1);
        self.scroll_to_cursor();
    }

    /// Puts the cursor on a position.
    pub fn move_to(&mut self, position: usize) {
        self.moved = true;
        self.cursor = position.min(self.order.rows().len().saturating_sub(1));
        self.selected = self.selected();
        self.scroll_to_cursor();
    }

    /// Puts the cursor on the row of that name, when it is there.
    pub fn select_key(&mut self, rows: &dyn Rows, world: &World, key: &RowKey) -> bool {
        let at = self
            .order
            .rows()
            .iter()
            .position(|&row| rows.key(world, row) == *key);
        if let Some(at) = at {
            self.move_to(at);
        }
        at.is_some()
    }

    /// Moves the cursor by so many rows.
    pub fn move_by(&mut self, by: isize) {
        self.move_to(self.cursor.saturating_add_signed(by));
    }

    /// Sets the filter and applies it; hits of a narrower filter are sought among the hits before.
    pub fn set_filter(&mut self, text: String, query: Query, rows: &dyn Rows, world: &World) {
        let narrows =
            !self.stale && !self.filter.text.is_empty() && query.narrows(&self.filter.query);
        self.filter.cursor = text.len();
        self.filter.text = text;
        self.filter.query = query;
        if narrows {
            self.narrow(rows, world);
        } else if self.stale {
            self.rebuild(rows, world);
        } else {
            self.refilter(rows, world);
        }
    }

    /// The filter as a line that is edited.
    pub fn filter_line(&self) -> Line {
        Line::at(&self.filter.text, self.filter.cursor)
    }

    /// Filters by an edited line.
    pub fn set_filter_line(&mut self, line: &Line, rows: &dyn Rows, world: &World) {
        if line.text() != self.filter.text {
            self.set_filter(
                line.text().to_owned(),
                Query::parse(line.text()),
                rows,
                world,
            );
        }
        self.filter.cursor = line.cursor();
    }

    /// Carries out what every list can do. False when the command is not one of these.
    pub fn command(&mut self, command: Command, rows: &dyn Rows, world: &World) -> bool {
        let page = isize::try_from(self.page).unwrap_or(1).max(1);
        match command {
            Command::Up => self.move_by(-1),
            Command::Down => self.move_by(1),
            Command::PageUp => self.move_by(-page),
            Command::PageDown => self.move_by(page),
            Command::Top => self.move_to(0),
            Command::Bottom => self.move_to(usize::MAX),
            Command::Left => self.left = self.left.saturating_sub(1),
            Command::Right => {
                self.left = (self.left + 1).min(rows.heads(world).len().saturating_sub(1));
            }
            Command::Wide => self.wide = !self.wide,
            Command::Labels => self.labels = !self.labels,
            Command::AbsoluteTimes => self.absolute_times = !self.absolute_times,
            Command::Faults => {
                self.faults_only = !self.faults_only;
                self.refilter(rows, world);
            }
            Command::SortByName => self.sort_by("name", rows, world),
            Command::SortByAge => self.sort_by("age", rows, world),
            Command::SortByHealth => self.sort_by("health", rows, world),
            Command::SortLeft => self.sort_beside(-1, rows, world),
            Command::SortRight => self.sort_beside(1, rows, world),
            Command::SortReverse => {
                self.sort.reverse = !self.sort.reverse;
                self.rebuild(rows, world);
            }
            Command::Mark => self.toggle_mark(rows, world),
            Command::MarkRange => self.mark_range(rows, world),
            Command::ClearMarks => self.marks.clear(),
            _ => return false,
        }
        true
    }

    /// Sorts by a column; by the same again turns the order round.
    pub fn sort_by(&mut self, column: &str, rows: &dyn Rows, world: &World) {
        if !rows.heads(world).iter().any(|head| head.id == *column) {
            return;
        }
        if self.sort.column == column {
            self.sort.reverse = !self.sort.reverse;
        } else {
            self.sort = Sort {
                column: column.to_owned(),
                reverse: false,
            };
        }
        self.rebuild(rows, world);
    }

    fn sort_beside(&mut self, step: isize, rows: &dyn Rows, world: &World) {
        let heads: Vec<_> = rows
            .heads(world)
            .into_iter()
            .filter(|head| self.wide || !head.wide)
            .collect();
        let at = heads
            .iter()
            .position(|head| *head.id == *self.sort.column)
            .unwrap_or(0);
        let at = at
            .saturating_add_signed(step)
            .min(heads.len().saturating_sub(1));
        if let Some(head) = heads.get(at) {
            self.sort = Sort {
                column: head.id.to_string(),
                reverse: false,
            };
            self.rebuild(rows, world);
        }
    }

    fn toggle_mark(&mut self, rows: &dyn Rows, world: &World) {
        let Some(row) = self.selected() else { return };
        let key = rows.key(world, row);
        if !self.marks.remove(&key) {
            self.marks.insert(key);
        }
        self.last_mark = Some(self.cursor);
        self.move_by(1);
    }

    fn mark_range(&mut self, rows: &dyn Rows, world: &World) {
        let from = self
            .last_mark
            .unwrap_or(self.cursor)
            .min(self.order.rows().len().saturating_sub(1));
        let (low, high) = (from.min(self.cursor), from.max(self.cursor));
        let keys: Vec<_> = self
            .order
            .rows()
            .iter()
            .skip(low)
            .take(high - low + 1)
            .map(|&row| rows.key(world, row))
            .collect();
        self.marks.extend(keys);
        self.last_mark = Some(self.cursor);
    }

    /// What an action is about: the marked rows that are still there, else the selected one.
    pub fn chosen(&self, rows: &dyn Rows, world: &World) -> Vec<Target> {
        if self.marks.is_empty() {
            return self
                .selected()
                .and_then(|row| rows.target(world, row))
                .into_iter()
                .collect();
        }
        let marked = rows
            .all(world)
            .into_iter()
            .filter(|&row| self.marks.contains(&rows.key(world, row)));
        marked.filter_map(|row| rows.target(world, row)).collect()
    }

    /// The mouse was pressed on the list. True when a row that was selected already was hit.
    pub fn click(&mut self, hit: Hit, rows: &dyn Rows, world: &World) -> bool {
        match hit {
            Hit::Row(row) => {
                let again = self.cursor == row && self.moved;
                self.move_to(row);
                again
            }
            Hit::Column(column) => {
                if let Some(head) = rows.heads(world).get(column) {
                    let id = head.id.clone();
                    self.sort_by(&id, rows, world);
                }
                false
            }
            _ => false,
        }
    }
}

/// Two rows by the sorted column, then by name, so that equal rows never change places.
fn compare(rows: &dyn Rows, world: &World, sort: &Sort, a: u32, b: u32) -> Ordering {
    let by_column = rows.compare(world, a, b, &sort.column);
    let by_column = if sort.reverse {
        by_column.reverse()
    } else {
        by_column
    };
    by_column
        .then_with(|| rows.compare(world, a, b, "name"))
        .then_with(|| rows.compare(world, a, b, "namespace"))
        .then(a.cmp(&b))
}

/// What "faults only" keeps: everything that is not as it should be.
fn needs_look(health: Health) -> bool {
    matches!(
        health,
        Health::Failing | Health::Degraded | Health::Progressing
    )
}
