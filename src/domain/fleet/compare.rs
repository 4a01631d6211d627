//! A list of the server beside what is kept: whether the feeds have kept up.

use super::Fleet;
use crate::domain::feed::{Batch, Change};
use crate::domain::rows::{Kind, Namespace, Row};
use crate::domain::text::Text;
use std::collections::HashSet;

/// An object that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace, empty for cluster-scoped kinds.
    pub namespace: Text,
    /// Its name.
    pub name: Text,
    /// What is kept.
    pub kept: Option<Box<Row>>,
    /// What the server listed.
    pub listed: Option<Box<Row>>,
}

impl Fleet {
    /// How a complete list of a kind in a scope differs from what is kept of it.
    pub fn differences(&self, list: &Batch) -> Vec<Difference> {
        let mut seen: HashSet<(&Text, &Text)> = HashSet::new();
        let mut found = Vec::new();
        for change in &list.changes {
            let Change::Put(row) = change else { continue };
            let meta = row.meta();
            seen.insert((&meta.namespace, &meta.name));
            let kept = self.kept(list.kind, &meta.namespace, &meta.name);
            if kept.as_ref() != Some(row) {
                found.push(Difference {
                    kind: list.kind,
                    namespace: meta.namespace.clone(),
                    name: meta.name.clone(),
                    kept,
                    listed: Some(row.clone()),
                });
            }
        }
        for (namespace, name) in self.names(list.kind) {
            let within = !list.kind.namespaced() || list.scope.holds(namespace);
            if within && !seen.contains(&(namespace, name)) {
                found.push(Difference {
                    kind: list.kind,
                    namespace: namespace.clone(),
                    name: name.clone(),
                    kept: self.kept(list.kind, namespace, name),
                    listed: None,
                });
            }
        }
        found
    }

    /// The row that is kept of an object.
    fn kept(&self, kind: Kind, namespace: &Text, name: &Text) -> Option<Box<Row>> {
        let row = match kind {
            Kind::Pod => Row::Pod(self.pod(self.pod_by_name(namespace, name)?)?.pod.clone()),
            Kind::Node => {
                let slot = self.nodes.get(self.index.nodes.get(name)?.0)?;
                Row::Node(slot.known.then(|| slot.row.node.clone())?)
            }
            Kind::Namespace => {
                let slot = self.namespaces.get(self.index.namespaces.get(name)?.0)?;
                Row::Namespace(slot.known.then(|| Namespace {
                    meta: slot.row.meta.clone(),
                    phase: slot.row.phase.clone(),
                })?)
            }
            _ => {
                let key = (Text::new(kind.name()), namespace.clone(), name.clone());
                let thing = self.things.get(*self.index.things.get(&key)?)?;
                Row::Workload((**thing.object.as_ref()?).clone())
            }
        };
        Some(Box::new(row))
    }

    /// Namespace and name of everything that is kept of a kind.
    fn names(&self, kind: Kind) -> Vec<(&Text, &Text)> {
        match kind {
            Kind::Pod => {
                let pods = self.pods.iter().map(|(_, slot)| &slot.pod.meta);
                pods.map(|meta| (&meta.namespace, &meta.name)).collect()
            }
            Kind::Node => {
                let known = self.nodes.iter().filter(|(_, slot)| slot.known);
                known
                    .map(|(_, slot)| (&slot.row.node.meta.namespace, &slot.name))
                    .collect()
            }
            Kind::Namespace => {
                let known = self.namespaces.iter().filter(|(_, slot)| slot.known);
                let metas = known.map(|(_, slot)| &slot.row.meta);
                metas.map(|meta| (&meta.namespace, &meta.name)).collect()
            }
            _ => {
                let objects = self.things.iter().filter_map(|(_, it)| it.object.as_ref());
                let of_kind = objects.filter(|object| object.kind == kind);
                of_kind
                    .map(|object| (&object.meta.namespace, &object.meta.name))
                    .collect()
            }
        }
    }
}
