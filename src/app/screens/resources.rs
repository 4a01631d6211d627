//! Every kind that the server knows; enter opens one as a table.

use crate::app::list::{Head, RowKey, Rows};
use crate::app::world::World;
use crate::config::Sort;
use crate::domain::feed::Resource;
use crate::domain::query::{Query, Scratch};
use crate::domain::session::Target;
use crate::domain::text::Text;
use std::cmp::Ordering;

/// All kinds.
#[derive(Debug, Default)]
pub struct Resources;

fn at(world: &World, row: u32) -> Option<&Resource> {
    world.resources.get(row as usize)
}

fn field(resource: &Resource, column: &str) -> String {
    match column {
        "name" => resource.plural.to_string(),
        "short" => resource
            .short_names
            .iter()
            .map(Text::as_str)
            .collect::<Vec<_>>()
            .join(","),
        "group" if resource.group.is_empty() => resource.version.to_string(),
        "group" => format!("{}/{}", resource.group, resource.version),
        "namespaced" => if resource.namespaced { "yes" } else { "no" }.to_owned(),
        "kind" => resource.kind.to_string(),
        "verbs" => resource
            .verbs
            .iter()
            .map(Text::as_str)
            .collect::<Vec<_>>()
            .join(" "),
        _ => String::new(),
    }
}

impl Rows for Resources {
    fn name(&self) -> &'static str {
        "resources"
    }

    fn heads(&self, _world: &World) -> Vec<Head> {
        [
            ("name", 0),
            ("short", 0),
            ("group", 0),
            ("namespaced", 2),
            ("kind", 1),
            ("verbs", 3),
        ]
        .into_iter()
        .map(|(id, priority)| Head {
            sentence: id == "verbs",
            ..Head::text(id, id, priority)
        })
        .collect()
    }

    fn all(&self, world: &World) -> Vec<u32> {
        let listable = |(n, r): (usize, &Resource)| {
            r.verbs
                .iter()
                .any(|v| *v == "list")
                .then(|| u32::try_from(n).unwrap_or(u32::MAX))
        };
        world
            .resources
            .iter()
            .enumerate()
            .filter_map(listable)
            .collect()
    }

    fn holds(&self, world: &World, row: u32) -> bool {
        at(world, row).is_some()
    }

    fn compare(&self, world: &World, a: u32, b: u32, column: &str) -> Ordering {
        at(world, a)
            .map(|r| field(r, column))
            .cmp(&at(world, b).map(|r| field(r, column)))
    }

    fn matches(&self, world: &World, row: u32, query: &Query, scratch: &mut Scratch) -> bool {
        super::matches_cells(self, world, row, query, scratch)
    }

    fn cell(&self, world: &World, row: u32, column: &str, out: &mut String) {
        if let Some(resource) = at(world, row) {
            out.push_str(&field(resource, column));
        }
    }

    fn key(&self, world: &World, row: u32) -> RowKey {
        at(world, row)
            .map(|r| RowKey {
                namespace: r.group.clone(),
                name: r.plural.clone(),
            })
            .unwrap_or_default()
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
