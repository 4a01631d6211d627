//! Contexts of the kubeconfig.

use crate::app::list::{Head, RowKey, Rows};
use crate::app::world::World;
use crate::config::Sort;
use crate::domain::query::{Query, Scratch};
use crate::domain::session::{ContextInfo, Target};
use crate::domain::text::Text;
use std::cmp::Ordering;

/// All contexts.
#[derive(Debug, Default)]
pub struct Contexts;

fn at(world: &World, row: u32) -> Option<&ContextInfo> {
    world.contexts.get(row as usize)
}

fn field<'a>(context: &'a ContextInfo, column: &str) -> &'a str {
    match column {
        "name" => &context.name,
        "cluster" => &context.cluster,
        "user" => &context.user,
        "namespace" => &context.namespace,
        "server" => &context.server,
        _ => "",
    }
}

impl Rows for Contexts {
    fn name(&self) -> &'static str {
        "contexts"
    }

    fn heads(&self, _world: &World) -> Vec<Head> {
        ["now", "name", "cluster", "user", "namespace", "server"]
            .into_iter()
            .enumerate()
            .map(|(n, id)| Head {
                sentence: id == "server",
                ..Head::text(
                    id,
                    if id == "now" { "" } else { id },
                    u8::try_from(n / 2).unwrap_or(0),
                )
            })
            .collect()
    }

    fn all(&self, world: &World) -> Vec<u32> {
        (0..u32::try_from(world.contexts.len()).unwrap_or(0)).collect()
    }

    fn holds(&self, world: &World, row: u32) -> bool {
        at(world, row).is_some()
    }

    fn compare(&self, world: &World, a: u32, b: u32, column: &str) -> Ordering {
        at(world, a)
            .map(|c| field(c, column))
            .cmp(&at(world, b).map(|c| field(c, column)))
    }

    fn matches(&self, world: &World, row: u32, query: &Query, scratch: &mut Scratch) -> bool {
        super::matches_cells(self, world, row, query, scratch)
    }

    fn cell(&self, world: &World, row: u32, column: &str, out: &mut String) {
        let Some(context) = at(world, row) else {
            return;
        };
        match column {
            "now" if world.context() == Some(&context.name) => out.push('●'),
            "now" if context.current => out.push('·'),
            column => out.push_str(field(context, column)),
        }
    }

    fn key(&self, world: &World, row: u32) -> RowKey {
        RowKey {
            namespace: Text::default(),
            name: at(world, row).map(|c| c.name.clone()).unwrap_or_default(),
        }
    }

    fn target(&self, _world: &World, _row: u32) -> Option<Target> {
        None
    }

    fn first_sort(&self) -> Sort {
        Sort {
            column: "name".into(),
            reverse: false,
        }
    }
}
