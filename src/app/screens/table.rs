//! Any kind by name: a table whose columns and cells the server makes.

use crate::app::list::{Head, RowKey, Rows};
use crate::app::msg::Id;
use crate::app::world::World;
use crate::config::Sort;
use crate::domain::feed::{Columns, FeedState, Resource, TableChange, TableRow};
use crate::domain::query::{Query, Scratch};
use crate::domain::rows::Labels;
use crate::domain::session::Target;
use crate::domain::text::Text;
use crate::domain::time::{Timestamp, brief, kubectl, span};
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

/// Columns that say how long ago something was. The server writes them once, when it tells of the
/// row: from then on the time is ours to count.
const AGES: [&str; 2] = ["last seen", "last schedule"];

/// A row, and the moment behind the cell of one of [`AGES`].
#[derive(Debug)]
struct Kept {
    row: TableRow,
    at: Option<Timestamp>,
}

/// The rows of one kind.
#[derive(Debug)]
pub struct Table {
    /// The id that its messages carry.
    pub id: Id,
    /// What it lists.
    pub resource: Resource,
    /// The state of its feed.
    pub state: FeedState,
    columns: Columns,
    rows: Vec<Option<Kept>>,
    free: Vec<u32>,
    by_key: HashMap<RowKey, u32>,
    /// Rows put since the list began; `None` when no list is under way.
    listing: Option<HashSet<u32>>,
    across_namespaces: bool,
}

/// What a batch of changes did to the rows.
#[derive(Debug, Default)]
pub struct Changed {
    /// Handles that changed, came or went.
    pub rows: Vec<u32>,
    /// The columns are others now.
    pub columns: bool,
}

impl Table {
    /// An empty table.
    pub fn new(id: Id, resource: Resource, across_namespaces: bool, state: FeedState) -> Self {
        Self {
            id,
            resource,
            state,
            columns: Columns::default(),
            rows: Vec::new(),
            free: Vec::new(),
            by_key: HashMap::new(),
            listing: None,
            across_namespaces,
        }
    }

    /// What stands in the breadcrumb.
    pub fn title(&self) -> String {
        let mut title = self.resource.plural.to_string();
        if !self.resource.group.is_empty()
            && self.resource.group.contains('.')
            && !self.resource.group.ends_with(".k8s.io")
        {
            title = format!("{title}.{}", self.resource.group);
        }
        title
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// The row behind a handle.
    pub fn row(&self, row: u32) -> Option<&TableRow> {
        self.kept(row).map(|kept| &kept.row)
    }

    fn kept(&self, row: u32) -> Option<&Kept> {
        self.rows.get(row as usize)?.as_ref()
    }

    /// Takes in changes of the feed.
    pub fn apply(&mut self, changes: Vec<TableChange>, now: Timestamp) -> Changed {
        let mut news = Changed::default();
        for change in changes {
            match change {
                TableChange::Begin(columns) => {
                    news.columns |= columns != self.columns;
                    self.columns = columns;
                    self.listing = Some(HashSet::new());
                }
                TableChange::Put(row) => news.rows.push(self.put(*row, now)),
                TableChange::Gone { namespace, name } => {
                    news.rows.extend(self.remove(&RowKey { namespace, name }));
                }
                TableChange::Complete => self.sweep(&mut news),
            }
        }
        news.rows.sort_unstable();
        news.rows.dedup();
        news
    }

    fn put(&mut self, row: TableRow, now: Timestamp) -> u32 {
        let aged = AGES.iter().find_map(|column| self.position(column));
        let ago = aged.and_then(|n| span(row.cells.get(n)?)).map(|ago| ago.0);
        let at = ago.map(|ago| Timestamp(now.0.saturating_sub(ago.0)));
        let key = RowKey {
            namespace: row.namespace.clone(),
            name: row.name.clone(),
        };
        let handle = match self.by_key.get(&key) {
            Some(&handle) => handle,
            None => self.free.pop().unwrap_or_else(|| {
                self.rows.push(None);
                u32::try_from(self.rows.len() - 1).unwrap_or(u32::MAX)
            }),
        };
        self.by_key.insert(key, handle);
        self.rows[handle as usize] = Some(Kept { row, at });
        if let Some(listing) = &mut self.listing {
            listing.insert(handle);
        }
        handle
    }

    fn remove(&mut self, key: &RowKey) -> Option<u32> {
        let handle = self.by_key.remove(key)?;
        self.rows[handle as usize] = None;
        self.free.push(handle);
        Some(handle)
    }

    /// The list is complete: what it did not name is gone.
    fn sweep(&mut self, changed: &mut Changed) {
        let Some(listed) = self.listing.take() else {
            return;
        };
        let gone: Vec<RowKey> = self
            .by_key
            .iter()
            .filter(|(_, handle)| !listed.contains(handle))
            .map(|(key, _)| key.clone())
            .collect();
        changed
            .rows
            .extend(gone.iter().filter_map(|key| self.remove(key)));
    }

    fn cell_text(&self, row: u32, column: &str) -> Option<&Text> {
        let row = self.row(row)?;
        match column {
            "namespace" => Some(&row.namespace),
            "name" => Some(&row.name),
            column => row.cells.get(self.position(column)?),
        }
    }

    fn position(&self, column: &str) -> Option<usize> {
        self.columns
            .0
            .iter()
            .position(|c| c.name.eq_ignore_ascii_case(column))
    }
}

/// Two cells: as numbers where both begin with one (`3`, `2/3`, `15Mi`), else as texts.
fn compare_cells(a: &str, b: &str) -> Ordering {
    let number = |s: &str| {
        s.split(|c: char| !c.is_ascii_digit())
            .next()
            .and_then(|n| n.parse::<u64>().ok())
    };
    match (number(a), number(b)) {
        (Some(x), Some(y)) => x.cmp(&y).then_with(|| a.cmp(b)),
        _ => a.cmp(b),
    }
}

impl Rows for Table {
    fn name(&self) -> &'static str {
        "table"
    }

    fn heads(&self, _world: &World) -> Vec<Head> {
        // What happened, and to what, is more than where.
        let events = self.resource.plural == "events";
        let namespace = self
            .across_namespaces
            .then(|| Head::text("namespace", "namespace", if events { 4 } else { 0 }));
        let columns = &self.columns.0;
        let last = columns.iter().rposition(|column| column.priority == 0);
        let columns = columns.iter().enumerate().map(|(n, column)| {
            let sentence = Some(n) == last && column.kind == "string" && n > 0;
            let priority = match column.name.as_str() {
                _ if sentence => 0,
                "Type" if events => 3,
                _ if events => 0,
                _ => u8::try_from(n / 3).unwrap_or(u8::MAX),
            };
            Head {
                id: Text::new(&column.name.to_lowercase()),
                title: Text::new(&column.name.to_uppercase()),
                right: matches!(column.kind.as_str(), "integer" | "number"),
                priority,
                wide: column.priority > 0,
                sentence,
            }
        });
        namespace.into_iter().chain(columns).collect()
    }

    fn all(&self, _world: &World) -> Vec<u32> {
        self.by_key.values().copied().collect()
    }

    fn holds(&self, _world: &World, row: u32) -> bool {
        self.row(row).is_some()
    }

    fn compare(&self, _world: &World, a: u32, b: u32, column: &str) -> Ordering {
        // The server's ages are texts; the younger one is the later.
        if AGES.contains(&column) {
            let at = |row| self.kept(row).and_then(|kept| kept.at);
            return at(b).cmp(&at(a));
        }
        if column == "age" {
            let created = |row| self.row(row).and_then(|r| r.created);
            return created(b).cmp(&created(a));
        }
        compare_cells(
            self.cell_text(a, column).map_or("", |t| t),
            self.cell_text(b, column).map_or("", |t| t),
        )
    }

    fn matches(&self, world: &World, row: u32, query: &Query, scratch: &mut Scratch) -> bool {
        super::matches_cells(self, world, row, query, scratch)
    }

    fn cell(&self, world: &World, row: u32, column: &str, out: &mut String) {
        // The server's age is as old as the last event about the row: ours goes on.
        if column == "age"
            && let Some(created) = self.row(row).and_then(|r| r.created)
        {
            out.push_str(&brief(world.now.since(created)));
        } else if AGES.contains(&column)
            && let Some(Kept { row, at: Some(at) }) = self.kept(row)
        {
            out.push_str(&kubectl(world.now.since(*at)));
            let said = self.position(column).and_then(|n| row.cells.get(n));
            out.push_str(
                said.and_then(|text| span(text))
                    .map_or("", |(_, rest)| rest),
            );
        } else if let Some(text) = self.cell_text(row, column) {
            out.push_str(text);
        }
    }

    fn time(&self, _world: &World, row: u32, column: &str) -> Option<Timestamp> {
        let kept = self.kept(row)?;
        match column {
            "age" => kept.row.created,
            column if AGES.contains(&column) => kept.at,
            _ => None,
        }
    }

    fn key(&self, _world: &World, row: u32) -> RowKey {
        self.row(row)
            .map(|r| RowKey {
                namespace: r.namespace.clone(),
                name: r.name.clone(),
            })
            .unwrap_or_default()
    }

    fn target(&self, _world: &World, row: u32) -> Option<Target> {
        let row = self.row(row)?;
        let r = &self.resource;
        Some(Target {
            group: r.group.clone(),
            version: r.version.clone(),
            kind: r.kind.clone(),
            plural: r.plural.clone(),
            namespace: row.namespace.clone(),
            name: row.name.clone(),
        })
    }

    fn labels<'a>(&'a self, _world: &'a World, row: u32) -> Option<&'a Labels> {
        self.row(row).map(|r| &r.labels)
    }

    fn first_sort(&self) -> Sort {
        let column = if self.resource.plural == "events" {
            "last seen"
        } else {
            "name"
        };
        Sort {
            column: column.into(),
            reverse: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::feed::Column;
    use crate::domain::fleet::Fleet;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn table() -> Table {
        Table::new(
            Id(1),
            resource(),
            false,
            FeedState::Loading {
                since: Timestamp(0),
            },
        )
    }

    fn resource() -> Resource {
        Resource {
            group: "".into(),
            version: "v1".into(),
            kind: "Service".into(),
            plural: "services".into(),
            singular: "service".into(),
            short_names: vec!["svc".into()],
            namespaced: true,
            verbs: vec!["list".into()],
        }
    }

    fn put(name: &str) -> TableChange {
        TableChange::Put(Box::new(TableRow {
            namespace: "a".into(),
            name: name.into(),
            uid: name.into(),
            created: None,
            labels: Labels::default(),
            cells: vec![name.into()],
        }))
    }

    fn begin() -> TableChange {
        TableChange::Begin(Columns(vec![Column {
            name: "Name".into(),
            kind: "string".into(),
            priority: 0,
        }]))
    }

    #[test]
    fn a_relist_keeps_what_it_names_and_drops_the_rest_at_its_end() {
        let mut table = table();
        table.apply(
            vec![begin(), put("x"), put("y"), TableChange::Complete],
            NOW,
        );
        assert_eq!(table.len(), 2);
        table.apply(vec![begin(), put("y")], NOW);
        assert_eq!(table.len(), 2, "nothing goes before the list is complete");
        let changed = table.apply(vec![TableChange::Complete], NOW);
        assert_eq!((table.len(), changed.rows.len()), (1, 1));
        assert_eq!(
            table
                .row(*table.by_key.values().next().unwrap_or(&9))
                .map(|r| r.name.to_string()),
            Some("y".into())
        );
    }

    #[test]
    fn a_handle_stays_with_its_object() {
        let mut table = table();
        table.apply(vec![begin(), put("x"), TableChange::Complete], NOW);
        let before = table.by_key.clone();
        let changed = table.apply(vec![put("x")], NOW);
        assert_eq!(table.by_key, before);
        assert_eq!(changed.rows, before.values().copied().collect::<Vec<_>>());
    }

    /// The server tells of an event once; an hour later it is an hour older.
    #[test]
    fn what_was_seen_some_time_ago_grows_older() {
        let column = |name: &str, priority| Column {
            name: name.into(),
            kind: "string".into(),
            priority,
        };
        let event = |name: &str, seen: &str| {
            TableChange::Put(Box::new(TableRow {
                namespace: "a".into(),
                name: name.into(),
                uid: name.into(),
                created: None,
                labels: Labels::default(),
                cells: vec![seen.into(), "Pulled".into(), name.into()],
            }))
        };
        let mut events = table();
        events.resource.plural = "events".into();
        let columns = vec![
            column("Last Seen", 0),
            column("Message", 0),
            column("Name", 1),
        ];
        events.apply(
            vec![
                TableChange::Begin(Columns(columns)),
                event("old", "3m59s (x4 over 1h)"),
            ],
            NOW,
        );
        let later = NOW.plus(crate::domain::time::Millis::minutes(60));
        events.apply(vec![event("new", "2m")], later);
        let world = World::new(Fleet::default(), crate::config::State::default(), later);
        let cell = |row| {
            let mut text = String::new();
            events.cell(&world, row, "last seen", &mut text);
            text
        };
        assert_eq!(
            (cell(0).as_str(), cell(1).as_str()),
            ("63m (x4 over 1h)", "2m")
        );
        assert_eq!(events.compare(&world, 1, 0, "last seen"), Ordering::Less);
        let heads = events.heads(&world);
        let sentence = heads.iter().find(|head| head.sentence);
        assert_eq!(sentence.map(|head| &*head.id), Some("message"));
    }

    #[test]
    fn numbers_compare_as_numbers() {
        assert_eq!(compare_cells("9", "10"), Ordering::Less);
        assert_eq!(compare_cells("2/3", "10/10"), Ordering::Less);
        assert_eq!(compare_cells("a", "b"), Ordering::Less);
    }
}
