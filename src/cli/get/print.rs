//! The forms of the answer: tables as the console has them, JSON, YAML, names.

use super::{Output, What};
use crate::cli::out::Out;
use crate::domain::feed::Scope;
use crate::domain::fleet::{
    Fleet, NamespaceId, NamespaceRow, NodeId, NodeRow, PodId, PodRef, ProjectId, ProjectRow,
    ReleaseId, ReleaseRow, WorkloadId, WorkloadRow,
};
use crate::domain::listing::{
    Column, Listed, NamespaceJson, NodeJson, PodJson, ProjectJson, ReleaseJson, Shape, WorkloadJson,
};
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use serde_json::Value;
use std::collections::HashMap;
use unicode_width::UnicodeWidthStr;

/// Spaces between columns, as kubectl has them.
const GAP: usize = 3;

/// Prints rows in one form.
pub(super) struct Printer {
    what: What,
    output: Output,
    one_namespace: bool,
    /// Widths of the columns of the first table: rows that come later line up with it.
    widths: Vec<usize>,
    /// What was printed of each row, so that a watch prints what changed and nothing else.
    printed: HashMap<(Text, Text), String>,
}

impl Printer {
    pub(super) fn new(what: What, output: Output, scopes: &[Scope]) -> Self {
        let one_namespace = matches!(scopes, [scope] if scope.0.is_some());
        Self {
            what,
            output,
            one_namespace,
            widths: Vec::new(),
            printed: HashMap::new(),
        }
    }

    /// Prints all rows.
    pub(super) fn all(
        &mut self,
        fleet: &Fleet,
        rows: &[u32],
        now: Timestamp,
        out: &mut Out,
    ) -> anyhow::Result<()> {
        match self.output {
            Output::Json | Output::Yaml => {
                let values: Vec<Value> = rows
                    .iter()
                    .filter_map(|&row| value(self.what, fleet, row, now))
                    .collect();
                if self.output == Output::Json {
                    out.line(serde_json::to_string_pretty(&values)?)?;
                } else {
                    out.line(serde_saphyr::to_string(&values)?.trim_end())?;
                }
                for &row in rows {
                    self.is_news(fleet, row, now);
                }
                Ok(())
            }
            Output::Name => rows.iter().try_for_each(|&row| self.name(fleet, row, out)),
            Output::Table | Output::Wide => self.table(fleet, rows, now, out),
        }
    }

    /// Prints rows that changed since they were printed last.
    pub(super) fn changed(
        &mut self,
        fleet: &Fleet,
        rows: &[u32],
        now: Timestamp,
        out: &mut Out,
    ) -> anyhow::Result<()> {
        for &row in rows {
            if !self.is_news(fleet, row, now) {
                continue;
            }
            match self.output {
                Output::Json | Output::Yaml => {
                    if let Some(value) = value(self.what, fleet, row, now) {
                        out.line(serde_json::to_string(&value)?)?;
                    }
                }
                Output::Name => self.name(fleet, row, out)?,
                Output::Table | Output::Wide => {
                    let cells = self.cells(fleet, row, now);
                    self.line(&cells, out)?;
                }
            }
        }
        Ok(())
    }

    /// Whether a row says something else than when it was printed last.
    fn is_news(&mut self, fleet: &Fleet, row: u32, now: Timestamp) -> bool {
        let Some(key) = self.what.key(fleet, row) else {
            return false;
        };
        // Ages and sentences grow older by themselves: no news.
        let _ = now;
        let text = value(self.what, fleet, row, Timestamp::default())
            .map(|value| value.to_string())
            .unwrap_or_default();
        self.printed.insert(key, text.clone()) != Some(text)
    }

    fn name(&self, fleet: &Fleet, row: u32, out: &mut Out) -> anyhow::Result<()> {
        let Some((namespace, name)) = self.what.key(fleet, row) else {
            return Ok(());
        };
        let what = self.what.plural().trim_end_matches('s');
        // A release is named by its namespace too: names repeat.
        match self.what {
            What::Releases => out.line(format_args!("{what}/{namespace}/{name}"))?,
            _ => out.line(format_args!("{what}/{name}"))?,
        }
        Ok(())
    }

    fn table(
        &mut self,
        fleet: &Fleet,
        rows: &[u32],
        now: Timestamp,
        out: &mut Out,
    ) -> anyhow::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let columns = self.columns();
        let heads: Vec<String> = columns
            .iter()
            .map(|column| {
                if column.id == "health" {
                    "HEALTH".to_owned()
                } else {
                    column.title.to_uppercase()
                }
            })
            .collect();
        let cells: Vec<Vec<String>> = rows
            .iter()
            .map(|&row| self.cells(fleet, row, now))
            .collect();
        self.widths = heads.iter().map(|head| head.width()).collect();
        for row in &cells {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        self.line(&heads, out)?;
        for (row, &id) in cells.iter().zip(rows) {
            self.line(row, out)?;
            self.is_news(fleet, id, now);
        }
        Ok(())
    }

    fn line(&self, cells: &[String], out: &mut Out) -> anyhow::Result<()> {
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(&self.widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + GAP));
        }
        out.line(line.trim_end())?;
        Ok(())
    }

    /// The columns of the form; sentences stand last, where they may be long.
    fn columns(&self) -> Vec<Column> {
        let all = match self.what {
            What::Projects => ProjectRow::COLUMNS,
            What::Releases => ReleaseRow::COLUMNS,
            What::Workloads => WorkloadRow::COLUMNS,
            What::Pods => PodRef::COLUMNS,
            What::Nodes => NodeRow::COLUMNS,
            What::Namespaces => NamespaceRow::COLUMNS,
        };
        // kubectl's table of pods is what scripts and eyes know.
        let pods = |column: &Column| match self.output {
            Output::Wide => !matches!(column.id, "health" | "exit"),
            _ => matches!(
                column.id,
                "namespace" | "name" | "ready" | "status" | "restarts" | "age"
            ),
        };
        let fits = |column: &&Column| {
            (self.what != What::Pods || pods(column))
                && (self.output == Output::Wide || !column.wide)
                && !(self.one_namespace && column.id == "namespace")
        };
        let (sentences, mut columns): (Vec<Column>, Vec<Column>) = all
            .iter()
            .filter(fits)
            .copied()
            .partition(|column| column.shape == Shape::Sentence);
        columns.extend(sentences);
        columns
    }

    fn cells(&self, fleet: &Fleet, row: u32, now: Timestamp) -> Vec<String> {
        self.columns()
            .iter()
            .map(|column| {
                let mut text = String::new();
                cell(self.what, fleet, row, column.id, now, &mut text);
                // kubectl writes something into every cell, so that columns can be cut by words.
                if text.is_empty() && column.shape != Shape::Sentence {
                    text.push_str(if column.shape == Shape::Number {
                        "0"
                    } else {
                        "<none>"
                    });
                }
                text
            })
            .collect()
    }
}

fn cell(what: What, fleet: &Fleet, row: u32, column: &str, now: Timestamp, out: &mut String) {
    fn write(row: Option<&impl Listed>, column: &str, now: Timestamp, out: &mut String) {
        if let Some(row) = row {
            row.text(column, now, out);
        }
    }
    match what {
        What::Projects => write(fleet.project(ProjectId(row)), column, now, out),
        What::Releases => write(fleet.release(ReleaseId(row)), column, now, out),
        What::Workloads => write(fleet.workload(WorkloadId(row)), column, now, out),
        What::Pods => write(fleet.pod(PodId(row)).as_ref(), column, now, out),
        What::Nodes => write(fleet.node(NodeId(row)), column, now, out),
        What::Namespaces => write(fleet.namespace(NamespaceId(row)), column, now, out),
    }
}

/// The row as JSON; `None` when it is gone.
fn value(what: What, fleet: &Fleet, row: u32, now: Timestamp) -> Option<Value> {
    let value = match what {
        What::Projects => {
            serde_json::to_value(ProjectJson::of(fleet.project(ProjectId(row))?, now))
        }
        What::Releases => {
            serde_json::to_value(ReleaseJson::of(fleet.release(ReleaseId(row))?, now))
        }
        What::Workloads => {
            serde_json::to_value(WorkloadJson::of(fleet.workload(WorkloadId(row))?, now))
        }
        What::Pods => serde_json::to_value(PodJson::of(&fleet.pod(PodId(row))?, now)),
        What::Nodes => serde_json::to_value(NodeJson::of(fleet.node(NodeId(row))?, now)),
        What::Namespaces => {
            serde_json::to_value(NamespaceJson::of(fleet.namespace(NamespaceId(row))?, now))
        }
    };
    value.ok()
}
