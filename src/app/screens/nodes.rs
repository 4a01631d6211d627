//! Nodes.

use super::fleet::{cell, compare, heads, key, matches, worst_first};
use crate::app::list::{Head, RowKey, Rows};
use crate::app::world::World;
use crate::config::Sort;
use crate::domain::fleet::{NodeId, NodeRow};
use crate::domain::health::Health;
use crate::domain::listing::Listed;
use crate::domain::query::{Query, Scratch};
use crate::domain::rows::{Kind, Labels};
use crate::domain::session::Target;
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use std::cmp::Ordering;

/// All nodes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nodes;

impl Rows for Nodes {
    fn name(&self) -> &'static str {
        NodeRow::NAME
    }

    fn heads(&self, world: &World) -> Vec<Head> {
        heads::<NodeRow>(world)
    }

    fn all(&self, world: &World) -> Vec<u32> {
        world.fleet.nodes().map(|(id, _)| id.0).collect()
    }

    fn holds(&self, world: &World, row: u32) -> bool {
        world.fleet.node(NodeId(row)).is_some()
    }

    fn compare(&self, world: &World, a: u32, b: u32, column: &str) -> Ordering {
        compare(
            world.fleet.node(NodeId(a)),
            world.fleet.node(NodeId(b)),
            column,
        )
    }

    fn matches(&self, world: &World, row: u32, query: &Query, scratch: &mut Scratch) -> bool {
        matches(world.fleet.node(NodeId(row)), world, query, scratch)
    }

    fn cell(&self, world: &World, row: u32, column: &str, out: &mut String) {
        cell(world.fleet.node(NodeId(row)), world, column, out);
    }

    fn time(&self, world: &World, row: u32, column: &str) -> Option<Timestamp> {
        world.fleet.node(NodeId(row))?.time(column)
    }

    fn key(&self, world: &World, row: u32) -> RowKey {
        key(world.fleet.node(NodeId(row)))
    }

    fn target(&self, world: &World, row: u32) -> Option<Target> {
        let node = &world.fleet.node(NodeId(row))?.node;
        Some(Target::watched(
            Kind::Node,
            &Text::default(),
            &node.meta.name,
        ))
    }

    fn health(&self, world: &World, row: u32) -> Option<Health> {
        world.fleet.node(NodeId(row)).map(|node| node.health)
    }

    fn labels<'a>(&'a self, world: &'a World, row: u32) -> Option<&'a Labels> {
        world
            .fleet
            .node(NodeId(row))
            .map(|node| &node.node.meta.labels)
    }

    fn first_sort(&self) -> Sort {
        worst_first()
    }
}
