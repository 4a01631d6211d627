//! The tables of the console and of `quarterdeck get`: one definition for both.
//!
//! A column has an id (what filters, sort orders and the state file call it), a head, and a place
//! in the order in which columns go when the terminal is narrow. What a cell says, how rows
//! compare and what filters see are functions of the row and the present.

mod columns;
mod containers;
mod json;
mod namespaces;
mod nodes;
mod pods;
mod projects;
mod releases;
mod workloads;

pub use columns::{Column, Shape};
pub use containers::{CONTAINERS, container_text};
pub use json::{
    ContainerJson, NamespaceJson, NodeJson, PodJson, ProjectJson, ReleaseJson, WorkloadJson,
};
pub use nodes::bytes;

use super::fleet::Changed;
use super::health::Cause;
use super::query::{Field, Record};
use super::rows::Labels;
use super::text::Text;
use super::time::{Millis, Timestamp, brief};
use std::cmp::Ordering;

/// A row that stands in a table.
pub trait Listed {
    /// The plural name of the rows: `pods`.
    const NAME: &'static str;

    /// The columns, in order.
    const COLUMNS: &'static [Column];

    /// Name of the row.
    fn name(&self) -> &Text;

    /// Its namespace, empty when it has none.
    fn namespace(&self) -> &Text;

    /// Its labels, when it has any.
    fn labels(&self) -> Option<&Labels> {
        None
    }

    /// Writes the text of a cell; nothing for a column that is not one of [`Self::COLUMNS`].
    fn text(&self, column: &str, now: Timestamp, out: &mut String);

    /// How two rows compare by a column, ascending. Health is ascending from worst; ages are
    /// ascending from youngest.
    fn compare(&self, other: &Self, column: &str) -> Ordering;

    /// The point in time behind a cell that shows how long ago something was.
    fn time(&self, column: &str) -> Option<Timestamp> {
        let _ = column;
        None
    }

    /// Writes the texts in which a filter without a column seeks, separated by line feeds.
    fn haystack(&self, now: Timestamp, out: &mut String) {
        for column in Self::COLUMNS.iter().filter(|c| c.sought) {
            self.text(column.id, now, out);
            out.push('\n');
        }
    }

    /// The same in lower case, where it is kept at hand.
    fn folded(&self) -> Option<&str> {
        None
    }

    /// The value that filters compare; the text of the cell where it is not a number.
    fn number(&self, column: &str, now: Timestamp) -> Option<f64> {
        let _ = (column, now);
        None
    }
}

/// A row at a point in time, as filters see it.
#[derive(Debug)]
pub struct Seen<'a, T> {
    /// The row.
    pub row: &'a T,
    /// The present.
    pub now: Timestamp,
}

impl<T: Listed> Record for Seen<'_, T> {
    fn field(&self, column: &str) -> Option<Field<'_>> {
        let column = match column {
            "ns" => "namespace",
            column => column,
        };
        if column == "name" {
            return Some(Field::Text(self.row.name().as_str().into()));
        }
        if column == "namespace" {
            return Some(Field::Text(self.row.namespace().as_str().into()));
        }
        if let Some(number) = self.row.number(column, self.now) {
            return Some(Field::Number(number));
        }
        T::COLUMNS.iter().find(|c| c.id == column)?;
        let mut text = String::new();
        self.row.text(column, self.now, &mut text);
        Some(Field::Text(text.into()))
    }

    fn labels(&self) -> Option<&Labels> {
        self.row.labels()
    }

    fn haystack(&self, out: &mut String) {
        self.row.haystack(self.now, out);
    }

    fn folded(&self) -> Option<&str> {
        self.row.folded()
    }

    fn title(&self, out: &mut String) {
        out.push_str(self.row.namespace());
        out.push('/');
        out.push_str(self.row.name());
    }
}

/// The age of something, in one unit.
fn age(created: Timestamp, now: Timestamp, out: &mut String) {
    if created != Timestamp::default() {
        out.push_str(&brief(now.since(created)));
    }
}

/// Seconds since, for filters such as `age<2h`.
fn age_number(created: Timestamp, now: Timestamp) -> f64 {
    let Millis(span) = now.since(created);
    #[expect(
        clippy::cast_precision_loss,
        reason = "an age in seconds needs no more than 52 bits"
    )]
    let seconds = span as f64 / 1000.0;
    seconds
}

/// Younger first.
fn by_age(a: Timestamp, b: Timestamp) -> Ordering {
    b.cmp(&a)
}

/// `14/15`, nothing for `0/0`.
fn share(ready: u32, total: u32, out: &mut String) {
    use std::fmt::Write;
    if total > 0 {
        let _ = write!(out, "{ready}/{total}");
    }
}

/// A count, nothing for 0: a zero in every row is noise.
fn count(n: u32, out: &mut String) {
    use std::fmt::Write;
    if n > 0 {
        let _ = write!(out, "{n}");
    }
}

/// `app=web,tier=front`
pub fn labels_text(labels: &Labels, out: &mut String) {
    for (n, (key, value)) in labels.0.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        out.push_str(key);
        out.push('=');
        out.push_str(value);
    }
}

/// `a, b, c`
fn join(texts: &[Text], out: &mut String) {
    for (n, text) in texts.iter().enumerate() {
        if n > 0 {
            out.push_str(", ");
        }
        out.push_str(text);
    }
}

/// When a change was; the beginning of time when there was none.
fn when(changed: Option<&Changed>) -> Timestamp {
    changed.map(|changed| changed.at).unwrap_or_default()
}

/// What tells more first, nothing to tell last.
fn by_cause(a: Option<&Cause>, b: Option<&Cause>) -> Ordering {
    let rank = |cause: Option<&Cause>| cause.map_or(u8::MAX, Cause::rank);
    rank(a).cmp(&rank(b))
}
