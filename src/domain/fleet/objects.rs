//! Owners of pods: Deployments, `ReplicaSets`, Jobs and all others, known or only named.

use super::Fleet;
use super::ids::{PodId, WorkloadId};
use super::slots::{Thing, ThingId};
use crate::domain::labels::Facts;
use crate::domain::rows::{Kind, Meta, Pod, Workload};
use crate::domain::text::Text;

/// The label that a Deployment's controller gives to `ReplicaSets` and their pods.
const TEMPLATE_HASH: &str = "pod-template-hash";

impl Fleet {
    pub(super) fn put_object(&mut self, object: Workload) {
        let kind = Text::new(object.kind.name());
        let id = self.thing_id(&kind, &object.meta.namespace, &object.meta.name);
        let epoch = self.epoch;
        let Some(thing) = self.things.get_mut(id) else {
            return;
        };
        thing.seen = epoch;
        if thing.object.as_deref() == Some(&object) {
            return;
        }
        let before = thing.object.take();
        let rolled = before.as_ref().is_some_and(|before| {
            before.meta.uid == object.meta.uid
                && !before.revision.is_empty()
                && before.revision != object.revision
        });
        if rolled {
            thing.rolled = Some(self.now);
        } else if before
            .as_ref()
            .is_none_or(|before| before.meta.uid != object.meta.uid)
        {
            thing.rolled = None;
        }
        let moved = before
            .as_ref()
            .is_none_or(|before| !same_place(before, &object));
        thing.object = Some(Box::new(object));
        if moved {
            self.set_root(id);
            self.rehome_below(id);
        }
        self.touch_thing(id);
    }

    pub(super) fn remove_object(&mut self, kind: Kind, namespace: &Text, name: &Text) {
        let key = (Text::new(kind.name()), namespace.clone(), name.clone());
        let Some(&id) = self.index.things.get(&key) else {
            return;
        };
        let Some(thing) = self.things.get_mut(id) else {
            return;
        };
        if thing.object.take().is_none() {
            return;
        }
        thing.rolled = None;
        self.set_root(id);
        self.rehome_below(id);
        self.touch_thing(id);
        self.drop_if_unused(id);
    }

    /// The thing that the pod's owner reference names.
    pub(super) fn thing_of_pod(&mut self, pod: &Pod) -> ThingId {
        let meta = &pod.meta;
        let Some(owner) = meta.owner.as_ref().filter(|owner| owner.kind != "Node") else {
            return self.thing_id(&Text::new(Kind::Pod.name()), &meta.namespace, &meta.name);
        };
        let id = self.thing_id(&owner.kind, &meta.namespace, &owner.name);
        if owner.kind == Kind::ReplicaSet.name()
            && let Some(thing) = self.things.get(id)
            && thing.object.is_none()
            && thing.root.is_none()
            && let Some(deployment) = deployment_by_hash(pod, &owner.name)
        {
            let root = self.thing_id(
                &Kind::Deployment.name().into(),
                &meta.namespace,
                &deployment,
            );
            self.link(id, Some(root));
        }
        id
    }

    /// Where the pods of `thing` belong: itself, or what owns it.
    pub(super) fn root_of(&self, thing: ThingId) -> ThingId {
        self.things
            .get(thing)
            .and_then(|thing| thing.root)
            .unwrap_or(thing)
    }

    pub(super) fn thing_id(&mut self, kind: &Text, namespace: &Text, name: &Text) -> ThingId {
        let key = (kind.clone(), namespace.clone(), name.clone());
        if let Some(&id) = self.index.things.get(&key) {
            return id;
        }
        let id = self.things.insert(Thing {
            kind: kind.clone(),
            namespace: namespace.clone(),
            name: name.clone(),
            ..Thing::default()
        });
        self.index.things.insert(key, id);
        id
    }

    /// Finds out anew who decides where the pods of `id` belong.
    fn set_root(&mut self, id: ThingId) {
        let Some(thing) = self.things.get(id) else {
            return;
        };
        let is_link = thing.kind == Kind::ReplicaSet.name() || thing.kind == Kind::Job.name();
        let namespace = thing.namespace.clone();
        let wanted = match &thing.object {
            Some(object) if is_link => object
                .meta
                .owner
                .as_ref()
                .map(|owner| (owner.kind.clone(), owner.name.clone())),
            None if is_link => thing
                .pods
                .first()
                .and_then(|id| self.pods.get(id.0))
                .and_then(|slot| deployment_by_hash(&slot.pod, &thing.name))
                .map(|name| (Text::new(Kind::Deployment.name()), name)),
            _ => None,
        };
        let root = wanted.map(|(kind, name)| self.thing_id(&kind, &namespace, &name));
        self.link(id, root.filter(|&root| root != id));
    }

    fn link(&mut self, id: ThingId, root: Option<ThingId>) {
        let Some(thing) = self.things.get_mut(id) else {
            return;
        };
        let before = std::mem::replace(&mut thing.root, root);
        if before == root {
            return;
        }
        if let Some(before) = before {
            if let Some(parent) = self.things.get_mut(before) {
                parent.children.retain(|&child| child != id);
            }
            self.touch_thing(before);
            self.drop_if_unused(before);
        }
        if let Some(root) = root {
            if let Some(parent) = self.things.get_mut(root) {
                parent.children.push(id);
            }
            self.touch_thing(root);
        }
    }

    /// Puts the object itself, its pods, and the pods below it where they belong now.
    fn rehome_below(&mut self, id: ThingId) {
        self.rehome_object(id);
        let mut pods: Vec<PodId> = Vec::new();
        let mut below = vec![id];
        while let Some(id) = below.pop() {
            if let Some(thing) = self.things.get(id) {
                pods.extend(&thing.pods);
                below.extend(&thing.children);
            }
        }
        for id in pods {
            self.rehome_pod(id);
        }
    }

    /// Gives the object a place of its own in the tree, if it is one that stands there.
    fn rehome_object(&mut self, id: ThingId) {
        let Some(thing) = self.things.get(id) else {
            return;
        };
        let stands = thing.root.is_none();
        let new = match thing.object.as_deref().filter(|_| stands) {
            None => None,
            Some(object) => {
                let facts = self.facts_of_object(object);
                let namespace = object.meta.namespace.clone();
                Some((
                    self.place_of(id, &namespace, &facts),
                    self.facts.take(facts),
                ))
            }
        };
        let old = self.things.get(id).and_then(|thing| thing.home);
        if let Some(old) = old {
            self.set_home_facts(old, None);
        }
        if let Some((place, facts)) = new {
            self.set_home_facts(place, Some(facts));
        }
        if let Some(thing) = self.things.get_mut(id) {
            thing.home = new.map(|(place, _)| place);
        }
    }

    fn facts_of_object(&self, object: &Workload) -> Facts {
        let labels = [&object.template_labels, &object.meta.labels];
        let metas: [&Meta; 1] = [&object.meta];
        Facts::of_chain(&self.scheme, labels.into_iter(), metas.into_iter())
    }

    fn set_home_facts(&mut self, place: WorkloadId, facts: Option<u32>) {
        let before = match self.places.get_mut(place.0) {
            Some(slot) => std::mem::replace(&mut slot.own_facts, facts),
            None => facts,
        };
        if let Some(before) = before {
            self.facts.release(before);
        }
        self.touch_place(place, true);
    }

    /// The thing changed: its places, and those of its root, are to be judged anew.
    pub(super) fn touch_thing(&mut self, id: ThingId) {
        let root = self.root_of(id);
        let places = self
            .things
            .get(root)
            .map(|thing| thing.places.clone())
            .unwrap_or_default();
        for place in places {
            self.touch_place(place, true);
        }
    }

    /// Forgets a thing that nothing names any more.
    pub(super) fn drop_if_unused(&mut self, id: ThingId) {
        let Some(thing) = self.things.get(id) else {
            return;
        };
        let used = thing.object.is_some()
            || !thing.pods.is_empty()
            || !thing.children.is_empty()
            || !thing.places.is_empty();
        if used {
            return;
        }
        self.link(id, None);
        if let Some(thing) = self.things.remove(id) {
            let key = (thing.kind, thing.namespace, thing.name);
            self.index.things.remove(&key);
        }
    }
}

/// Whether nothing changed that decides where an object or its pods belong.
fn same_place(a: &Workload, b: &Workload) -> bool {
    a.meta.labels == b.meta.labels
        && a.template_labels == b.template_labels
        && a.meta.owner == b.meta.owner
        && a.meta.helm_release == b.meta.helm_release
}

/// The Deployment of a `ReplicaSet` that is not known: its name is the Deployment's with the hash
/// that its pods carry.
fn deployment_by_hash(pod: &Pod, replica_set: &str) -> Option<Text> {
    let hash = pod.meta.labels.get(TEMPLATE_HASH)?;
    let name = replica_set.strip_suffix(hash.as_str())?.strip_suffix('-')?;
    (!name.is_empty()).then(|| Text::new(name))
}
