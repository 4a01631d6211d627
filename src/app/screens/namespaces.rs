//! Namespaces: enter shows one alone.

use super::fleet::{cell, compare, heads, known, matches};
use crate::app::list::{Head, RowKey, Rows};
use crate::app::world::World;
use crate::config::Sort;
use crate::domain::fleet::{NamespaceId, NamespaceRow};
use crate::domain::health::Health;
use crate::domain::listing::Listed;
use crate::domain::query::{Query, Scratch};
use crate::domain::rows::{Kind, Labels};
use crate::domain::session::Target;
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use std::cmp::Ordering;

/// All namespaces that are known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Namespaces;

fn name(world: &World, row: u32) -> Option<Text> {
    world
        .fleet
        .namespace(NamespaceId(row))
        .map(|namespace| namespace.meta.name.clone())
}

impl Rows for Namespaces {
    fn name(&self) -> &'static str {
        NamespaceRow::NAME
    }

    fn heads(&self, world: &World) -> Vec<Head> {
        heads::<NamespaceRow>(world)
    }

    fn all(&self, world: &World) -> Vec<u32> {
        world.fleet.namespaces().map(|(id, _)| id.0).collect()
    }

    fn holds(&self, world: &World, row: u32) -> bool {
        world.fleet.namespace(NamespaceId(row)).is_some()
    }

    fn compare(&self, world: &World, a: u32, b: u32, column: &str) -> Ordering {
        compare(
            world.fleet.namespace(NamespaceId(a)),
            world.fleet.namespace(NamespaceId(b)),
            column,
        )
    }

    fn matches(&self, world: &World, row: u32, query: &Query, scratch: &mut Scratch) -> bool {
        matches(
            world.fleet.namespace(NamespaceId(row)),
            world,
            query,
            scratch,
        )
    }

    fn cell(&self, world: &World, row: u32, column: &str, out: &mut String) {
        cell(world.fleet.namespace(NamespaceId(row)), world, column, out);
    }

    fn time(&self, world: &World, row: u32, column: &str) -> Option<Timestamp> {
        world.fleet.namespace(NamespaceId(row))?.time(column)
    }

    fn key(&self, world: &World, row: u32) -> RowKey {
        RowKey {
            namespace: Text::default(),
            name: name(world, row).unwrap_or_default(),
        }
    }

    fn target(&self, world: &World, row: u32) -> Option<Target> {
        Some(Target::watched(
            Kind::Namespace,
            &Text::default(),
            &name(world, row)?,
        ))
    }

    fn health(&self, world: &World, row: u32) -> Option<Health> {
        world
            .fleet
            .namespace(NamespaceId(row))
            .map(|namespace| known(world, namespace.health))
    }

    fn labels<'a>(&'a self, world: &'a World, row: u32) -> Option<&'a Labels> {
        world
            .fleet
            .namespace(NamespaceId(row))
            .map(|namespace| &namespace.meta.labels)
    }

    fn first_sort(&self) -> Sort {
        Sort {
            column: "name".into(),
            reverse: false,
        }
    }
}
