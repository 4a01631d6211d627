//! Any other kind, as a table that the server makes (`as=Table`): its columns, its cells.
//!
//! A server that makes no table for a kind sends the objects themselves; they are shown by name.

use super::connect::Session;
use super::discovery::path_of;
use super::feed::{Decoder, Labels, Place, Told, start};
use super::wire::{Shared, WireMeta, or_default, reason};
use super::{Event, FeedHandle};
use crate::domain::feed::{Column, Columns, Resource, Scope, TableChange, TableRow};
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::mpsc::Sender;

#[derive(Debug, Deserialize)]
struct WireColumn {
    name: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    priority: i64,
}

#[derive(Debug, Deserialize)]
struct WireRow<'a> {
    #[serde(default)]
    cells: Option<Vec<Value>>,
    #[serde(borrow, default)]
    object: Option<WireObject<'a>>,
    /// Of a plain object, where the server makes no table.
    #[serde(borrow, default)]
    metadata: Option<WireMeta<'a>>,
}

#[derive(Debug, Deserialize)]
struct WireObject<'a> {
    #[serde(borrow, default)]
    metadata: Option<WireMeta<'a>>,
}

/// The object of an event: a table of one row, or a plain object.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTable<'a> {
    #[serde(borrow, default)]
    metadata: Option<WireMeta<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    rows: Vec<&'a RawValue>,
}

/// Reads rows of a table.
struct Table {
    columns: Columns,
    shared: Shared,
    nameless: usize,
}

impl Table {
    fn new() -> Self {
        Self {
            columns: plain_columns(),
            shared: Shared::default(),
            nameless: 0,
        }
    }

    fn row(&mut self, json: &[u8]) -> (TableRow, String) {
        let read = serde_json::from_slice::<WireRow<'_>>(json).map_err(|error| reason(&error));
        match read {
            Ok(row) => {
                let meta = row.object.and_then(|object| object.metadata);
                let meta = meta.or(row.metadata).unwrap_or_default();
                self.known(meta, row.cells)
            }
            Err(why) => (self.unreadable(json, &why), String::new()),
        }
    }

    fn known(&mut self, meta: WireMeta<'_>, cells: Option<Vec<Value>>) -> (TableRow, String) {
        let version = meta.resource_version.as_str().to_owned();
        let created = Timestamp::parse(&meta.creation_timestamp);
        let cells = match cells {
            Some(cells) => cells.iter().map(cell).collect(),
            None => vec![Text::new(&meta.name), Text::new(&meta.creation_timestamp)],
        };
        let name = if meta.name.is_empty() {
            self.unnamed(cells.first())
        } else {
            Text::new(&meta.name)
        };
        let row = TableRow {
            namespace: self.shared.text(&meta.namespace),
            name,
            uid: Text::new(&meta.uid),
            created,
            labels: self.shared.labels(meta.labels),
            cells,
        };
        (row, version)
    }

    /// The first cell is the name by convention; without one, rows are numbered.
    fn unnamed(&mut self, first: Option<&Text>) -> Text {
        if let Some(first) = first.filter(|first| !first.is_empty()) {
            return first.clone();
        }
        self.nameless += 1;
        Text::new(&format!("(unnamed {})", self.nameless))
    }

    fn unreadable(&mut self, json: &[u8], why: &str) -> TableRow {
        let found = super::wire::identity_anywhere(json);
        let name = self.unnamed(found.name.as_ref());
        TableRow {
            cells: vec![name.clone(), Text::new(&format!("unreadable: {why}"))],
            namespace: found.namespace,
            name,
            uid: found.uid,
            created: found.created,
            labels: crate::domain::rows::Labels::default(),
        }
    }
}

/// What is shown of objects that come without a table.
fn plain_columns() -> Columns {
    let column = |name: &str, kind: &str| Column {
        name: name.into(),
        kind: kind.into(),
        priority: 0,
    };
    Columns(vec![column("Name", "string"), column("Created At", "date")])
}

fn cell(value: &Value) -> Text {
    match value {
        Value::String(text) => Text::new(text),
        Value::Null => Text::default(),
        other => Text::new(&other.to_string()),
    }
}

impl Decoder for Table {
    type Change = TableChange;
    const ARRAYS: &'static [&'static str] = &["rows", "items"];
    const ACCEPT: &'static str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    // A streamed table names its columns in its first event only, and not every server streams
    // tables: the plain list is never wrong.
    const STREAMS: bool = false;

    fn restart(&mut self) {
        self.columns = plain_columns();
        self.nameless = 0;
        self.shared.sweep();
    }

    fn field(&mut self, name: &str, json: &[u8]) {
        if name != "columnDefinitions" {
            return;
        }
        if let Ok(columns) = serde_json::from_slice::<Vec<WireColumn>>(json) {
            let columns = columns.into_iter().map(|column| Column {
                name: Text::new(&column.name),
                kind: Text::new(&column.kind),
                priority: u8::try_from(column.priority.max(0)).unwrap_or(u8::MAX),
            });
            self.columns = Columns(columns.collect());
        }
    }

    fn begin(&mut self) -> TableChange {
        TableChange::Begin(self.columns.clone())
    }

    fn complete(&self) -> TableChange {
        TableChange::Complete
    }

    fn item(&mut self, json: &[u8]) -> TableChange {
        TableChange::Put(Box::new(self.row(json).0))
    }

    fn event(&mut self, deleted: bool, json: &[u8]) -> Told<TableChange> {
        let nameless = self.nameless;
        let table = serde_json::from_slice::<WireTable<'_>>(json).ok();
        let whole = table
            .as_ref()
            .and_then(|table| table.metadata.as_ref())
            .map(|meta| meta.resource_version.as_str().to_owned())
            .unwrap_or_default();
        let rows: Vec<&[u8]> = match &table {
            Some(table) if !table.rows.is_empty() => {
                table.rows.iter().map(|row| row.get().as_bytes()).collect()
            }
            _ => vec![json],
        };
        let mut version = whole;
        let changes = rows.into_iter().map(|row| {
            let (row, of_row) = self.row(row);
            if !of_row.is_empty() {
                version = of_row;
            }
            if deleted {
                TableChange::Gone {
                    namespace: row.namespace,
                    name: row.name,
                }
            } else {
                TableChange::Put(Box::new(row))
            }
        });
        Told {
            changes: changes.collect(),
            version,
            nameless: self.nameless > nameless,
        }
    }

    fn huge(&mut self, head: &[u8], size: usize) -> (Option<TableChange>, Text) {
        let why = format!("too large to read: {} MiB", size >> 20);
        let row = self.unreadable(head, &why);
        let name = row.name.clone();
        (Some(TableChange::Put(Box::new(row))), name)
    }
}

impl Session {
    /// Keeps the table of `resource` in `scope` up to date on `tx` until the handle is dropped.
    /// A kind that cannot be watched is read again every few seconds. Nothing tells of rows that
    /// were too large but the rows themselves.
    pub fn watch_table(
        &self,
        id: u64,
        resource: &Resource,
        scope: &Scope,
        tx: Sender<Event>,
    ) -> FeedHandle {
        let name = if resource.group.is_empty() {
            resource.plural.clone()
        } else {
            Text::new(&format!("{}.{}", resource.plural, resource.group))
        };
        let place = Place {
            path: path_of(resource, scope.0.as_deref()),
            resource: name,
            scope: scope.clone(),
            watchable: resource.verbs.iter().any(|verb| *verb == "watch"),
        };
        let labels = Labels {
            changes: Box::new(move |changes| Event::Table { id, changes }),
            state: Box::new(move |state| Event::TableFeed { id, state }),
            skipped: None,
        };
        start(self.clone(), place, Table::new, tx, labels)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    const ROW: &str = r#"{"cells":["web","ClusterIP",80,null,true],"object":{"kind":
        "PartialObjectMetadata","metadata":{"name":"web","namespace":"shop","uid":"u",
        "resourceVersion":"9","creationTimestamp":"2026-11-23T06:00:00Z","labels":{"a":"b"}}}}"#;

    #[test]
    fn a_row_has_its_cells_and_its_object() {
        let (row, version) = Table::new().row(ROW.as_bytes());
        assert_eq!(row.cells, ["web", "ClusterIP", "80", "", "true"]);
        assert_eq!(
            (&*row.name, &*row.namespace, version.as_str()),
            ("web", "shop", "9")
        );
        assert_eq!(row.labels.get("a").unwrap(), "b");
        assert!(row.created.is_some());
    }

    #[test]
    fn events_bring_tables_of_one_row() {
        let mut table = Table::new();
        let json =
            format!(r#"{{"kind":"Table","metadata":{{"resourceVersion":"9"}},"rows":[{ROW}]}}"#);
        let told = table.event(false, json.as_bytes());
        assert!(matches!(&told.changes[..], [TableChange::Put(row)] if row.name == "web"));
        assert_eq!(told.version, "9");
        let told = table.event(true, json.as_bytes());
        assert!(matches!(&told.changes[..], [TableChange::Gone { name, .. }] if name == "web"));
    }

    #[test]
    fn objects_without_a_table_are_shown_by_name() {
        let json = r#"{"kind":"X","metadata":{"name":"x","namespace":"n"},"spec":{"rows":3}}"#;
        let mut table = Table::new();
        let TableChange::Put(row) = table.item(json.as_bytes()) else {
            panic!("no row");
        };
        assert_eq!(row.cells[0], "x");
        let told = table.event(false, json.as_bytes());
        assert!(matches!(&told.changes[..], [TableChange::Put(row)] if row.name == "x"));
    }

    #[test]
    fn a_broken_row_says_so() {
        let broken = ROW.replace("\"labels\":{\"a\":\"b\"}", "\"labels\":7");
        let row = Table::new().row(broken.as_bytes()).0;
        assert_eq!(row.name, "web");
        assert!(row.cells[1].contains("unreadable"), "{row:?}");
    }
}
