//! What the program said so far, newest first.

use crate::app::list::{Head, RowKey, Rows};
use crate::app::notice::{Notice, Severity};
use crate::app::world::World;
use crate::config::Sort;
use crate::domain::health::Health;
use crate::domain::query::{Query, Scratch};
use crate::domain::session::Target;
use crate::domain::text::Text;
use crate::domain::time::{Timestamp, brief};
use std::cmp::Ordering;

/// All notices.
#[derive(Debug, Default)]
pub struct NoticeRows;

fn at(world: &World, row: u32) -> Option<&(Timestamp, Notice)> {
    world.notices.all().nth(row as usize)
}

impl Rows for NoticeRows {
    fn name(&self) -> &'static str {
        "notices"
    }

    fn heads(&self, _world: &World) -> Vec<Head> {
        vec![
            Head::text("health", "", 0),
            Head {
                right: true,
                ..Head::text("age", "age", 0)
            },
            Head {
                sentence: true,
                ..Head::text("notice", "notice", 0)
            },
        ]
    }

    fn all(&self, world: &World) -> Vec<u32> {
        (0..u32::try_from(world.notices.all().len()).unwrap_or(0)).collect()
    }

    fn holds(&self, world: &World, row: u32) -> bool {
        at(world, row).is_some()
    }

    fn compare(&self, world: &World, a: u32, b: u32, column: &str) -> Ordering {
        match column {
            "notice" => at(world, a)
                .map(|n| n.1.line())
                .cmp(&at(world, b).map(|n| n.1.line())),
            // Handles count from the newest.
            _ => a.cmp(&b),
        }
    }

    fn matches(&self, world: &World, row: u32, query: &Query, scratch: &mut Scratch) -> bool {
        super::matches_cells(self, world, row, query, scratch)
    }

    fn cell(&self, world: &World, row: u32, column: &str, out: &mut String) {
        let Some((time, notice)) = at(world, row) else {
            return;
        };
        match column {
            "age" => out.push_str(&brief(world.now.since(*time))),
            _ => out.push_str(&notice.line()),
        }
    }

    fn key(&self, _world: &World, row: u32) -> RowKey {
        RowKey {
            namespace: Text::default(),
            name: Text::new(&row.to_string()),
        }
    }

    fn target(&self, _world: &World, _row: u32) -> Option<Target> {
        None
    }

    fn health(&self, world: &World, row: u32) -> Option<Health> {
        Some(match at(world, row)?.1.severity {
            Severity::Error => Health::Failing,
            Severity::Warning => Health::Degraded,
            Severity::Info => Health::Healthy,
        })
    }

    fn first_sort(&self) -> Sort {
        Sort {
            column: "age".into(),
            reverse: false,
        }
    }
}
