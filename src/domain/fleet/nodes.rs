//! Nodes and namespaces: known by their own objects, or by what is on and in them.

use super::Fleet;
use super::ids::{NamespaceId, NodeId};
use super::slots::{NamespaceSlot, NodeSlot};
use super::view::{NamespaceRow, NodeRow};
use crate::domain::health::{Health, node as rules};
use crate::domain::rows::{Meta, Namespace, Node};
use crate::domain::text::Text;
use crate::domain::time::Timestamp;

impl Fleet {
    pub(super) fn put_node(&mut self, node: Node) {
        let id = self.node_id(&node.meta.name);
        let epoch = self.epoch;
        let Some(slot) = self.nodes.get_mut(id.0) else {
            return;
        };
        slot.seen = epoch;
        if slot.known && slot.row.node == node {
            return;
        }
        let (health, cause) = rules::judge(&node);
        if slot.known {
            self.totals.nodes.sub(slot.row.health);
        }
        self.totals.nodes.add(health);
        slot.known = true;
        slot.row = NodeRow {
            pods: slot.row.pods,
            partial: slot.row.partial,
            health,
            cause,
            node,
        };
        let down = rules::down_since(&slot.row.node);
        self.set_down(id, down);
        self.touch_node(id);
    }

    pub(super) fn remove_node(&mut self, name: &Text) {
        let Some(&id) = self.index.nodes.get(name) else {
            return;
        };
        let Some(slot) = self.nodes.get_mut(id.0) else {
            return;
        };
        if slot.known {
            self.totals.nodes.sub(slot.row.health);
        }
        slot.known = false;
        slot.row.node = Node::default();
        (slot.row.health, slot.row.cause) = (Health::Unknown, None);
        // What is not known is not known to be down.
        self.set_down(id, None);
        self.touch_node(id);
    }

    fn set_down(&mut self, id: NodeId, down: Option<Timestamp>) {
        let Some(slot) = self.nodes.get_mut(id.0) else {
            return;
        };
        if slot.down == down {
            return;
        }
        slot.down = down;
        for pod in slot.pods.clone() {
            self.assess(pod);
        }
    }

    pub(super) fn down_since(&self, node: Option<NodeId>) -> Option<Timestamp> {
        self.nodes.get(node?.0)?.down
    }

    pub(super) fn node_id(&mut self, name: &Text) -> NodeId {
        if let Some(&id) = self.index.nodes.get(name) {
            return id;
        }
        let id = NodeId(self.nodes.insert(NodeSlot {
            name: name.clone(),
            ..NodeSlot::default()
        }));
        self.index.nodes.insert(name.clone(), id);
        id
    }

    pub(super) fn put_namespace(&mut self, namespace: Namespace) {
        let id = self.namespace_id(&namespace.meta.name);
        let epoch = self.epoch;
        let Some(slot) = self.namespaces.get_mut(id.0) else {
            return;
        };
        slot.seen = epoch;
        slot.known = true;
        if slot.row.meta == namespace.meta && slot.row.phase == namespace.phase {
            self.touch_namespace(id);
            return;
        }
        let relabelled = slot.row.meta.labels != namespace.meta.labels;
        slot.row.meta = namespace.meta;
        slot.row.phase = namespace.phase;
        slot.reshaped = true;
        if relabelled {
            for release in slot.releases.clone() {
                self.touch_release(release, true);
            }
        }
        self.pending.touched.namespaces.push(id);
        self.touch_namespace(id);
    }

    pub(super) fn remove_namespace(&mut self, name: &Text) {
        let Some(&id) = self.index.namespaces.get(name) else {
            return;
        };
        let Some(slot) = self.namespaces.get_mut(id.0) else {
            return;
        };
        slot.known = false;
        slot.reshaped = true;
        slot.row.meta = bare(name);
        slot.row.phase = Text::default();
        for release in slot.releases.clone() {
            self.touch_release(release, true);
        }
        self.pending.touched.namespaces.push(id);
        self.touch_namespace(id);
    }

    pub(super) fn namespace_id(&mut self, name: &Text) -> NamespaceId {
        if let Some(&id) = self.index.namespaces.get(name) {
            return id;
        }
        let id = NamespaceId(self.namespaces.insert(NamespaceSlot {
            row: NamespaceRow {
                meta: bare(name),
                ..NamespaceRow::default()
            },
            ..NamespaceSlot::default()
        }));
        self.index.namespaces.insert(name.clone(), id);
        self.pending.touched.namespaces.push(id);
        id
    }
}

/// What is known of a namespace by its name alone.
fn bare(name: &Text) -> Meta {
    Meta {
        name: name.clone(),
        ..Meta::default()
    }
}
