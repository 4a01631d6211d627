//! The versioned store: every object as bytes ready for the wire, and a bounded history of changes.
//!
//! Writers take turns and do their parsing and serialising before readers are asked to step aside;
//! readers share. Nothing here knows HTTP, users or what controllers do.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard},
};

use serde_json::{Value, json};
use tokio::sync::watch;

pub use super::object::Object;
use super::{
    clock::Clock,
    error::ApiError,
    kinds::{self, Kind},
    random::Random,
};

/// Changes kept per kind unless said otherwise: minutes of an ordinary cluster's life.
pub const HISTORY: usize = 8192;

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// It came to be.
    Added,
    /// It has a new version.
    Modified,
    /// It is gone; the change carries its last state under the revision of the deletion.
    Deleted,
}

/// One entry of the history.
#[derive(Debug, Clone)]
pub struct Change {
    /// The store's revision after the change.
    pub revision: u64,
    /// What happened.
    pub verb: Verb,
    /// The object after the change.
    pub object: Arc<Object>,
    /// The object before the change.
    pub previous: Option<Arc<Object>>,
}

/// The history no longer reaches back to the revision asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too old resource version: {asked} ({oldest})")]
pub struct Gone {
    /// The revision asked for.
    pub asked: u64,
    /// The oldest revision from which changes can still be told.
    pub oldest: u64,
}

/// How a store is made.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Fixes uids and generated names.
    pub seed: u64,
    /// Changes kept per kind.
    pub history: usize,
    /// The revision before the first write; later than any a client may remember from an earlier run.
    pub revision: u64,
    /// Where creation times come from.
    pub clock: Clock,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            history: HISTORY,
            revision: 0,
            clock: Clock::Wall,
        }
    }
}

/// The store. Share it as `Arc<Store>`.
#[derive(Debug)]
pub struct Store {
    clock: Clock,
    history: usize,
    writer: Mutex<Writer>,
    shelves: RwLock<Shelves>,
    signals: Vec<watch::Sender<u64>>,
    signal: watch::Sender<u64>,
}

#[derive(Debug)]
struct Writer {
    revision: u64,
    random: Random,
}

#[derive(Debug)]
struct Shelves {
    revision: u64,
    kinds: Vec<Shelf>,
    owned: HashMap<Box<str>, BTreeMap<Box<str>, Arc<Object>>>,
}

/// All objects of one kind, by namespace and name, and the latest changes to them.
#[derive(Debug, Default)]
struct Shelf {
    objects: BTreeMap<Box<str>, BTreeMap<Box<str>, Arc<Object>>>,
    log: VecDeque<Change>,
    /// Changes up to this revision are no longer in the log.
    floor: u64,
}

impl Store {
    /// An empty store.
    pub fn new(options: StoreOptions) -> Self {
        let revision = options.revision;
        let shelf = || Shelf {
            floor: revision,
            ..Shelf::default()
        };
        Self {
            clock: options.clock,
            history: options.history.max(1),
            writer: Mutex::new(Writer {
                revision,
                random: Random::new(options.seed),
            }),
            shelves: RwLock::new(Shelves {
                revision,
                kinds: kinds::ALL.iter().map(|_| shelf()).collect(),
                owned: HashMap::new(),
            }),
            signals: kinds::ALL
                .iter()
                .map(|_| watch::Sender::new(revision))
                .collect(),
            signal: watch::Sender::new(revision),
        }
    }

    /// The store's clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The revision of the last write.
    pub fn revision(&self) -> u64 {
        self.read().revision
    }

    /// One object; `ns` is empty for kinds without namespaces.
    pub fn get(&self, kind: &'static Kind, ns: &str, name: &str) -> Option<Arc<Object>> {
        self.read().kinds[kind.id]
            .objects
            .get(ns)?
            .get(name)
            .cloned()
    }

    /// All objects of a kind, or those of one namespace, by namespace and name.
    pub fn list(&self, kind: &'static Kind, ns: Option<&str>) -> Vec<Arc<Object>> {
        self.list_at(kind, ns).1
    }

    /// The same with the revision at which the list was true.
    pub fn list_at(&self, kind: &'static Kind, ns: Option<&str>) -> (u64, Vec<Arc<Object>>) {
        let shelves = self.read();
        let objects = &shelves.kinds[kind.id].objects;
        let list = match ns {
            Some(ns) => objects
                .get(ns)
                .into_iter()
                .flat_map(BTreeMap::values)
                .cloned()
                .collect(),
            None => objects
                .values()
                .flat_map(BTreeMap::values)
                .cloned()
                .collect(),
        };
        (shelves.revision, list)
    }

    /// The objects of a kind whose controller (or first owner) has this uid, by uid.
    pub fn owned(&self, kind: &'static Kind, owner: &str) -> Vec<Arc<Object>> {
        let shelves = self.read();
        shelves
            .owned
            .get(owner)
            .into_iter()
            .flat_map(BTreeMap::values)
            .filter(|object| object.kind == kind)
            .cloned()
            .collect()
    }

    /// Changes after a revision, oldest first; of one kind or of all.
    ///
    /// # Errors
    /// [`Gone`] when the history no longer reaches back that far.
    pub fn changes_after(
        &self,
        kind: Option<&'static Kind>,
        revision: u64,
    ) -> Result<Vec<Change>, Gone> {
        let shelves = self.read();
        if let Some(kind) = kind {
            shelves.kinds[kind.id]
                .after(revision)
                .map(|changes| changes.cloned().collect())
        } else {
            let mut all = Vec::new();
            for shelf in &shelves.kinds {
                all.extend(shelf.after(revision)?.cloned());
            }
            all.sort_unstable_by_key(|change| change.revision);
            Ok(all)
        }
    }

    /// Wakes after each change of a kind, or of anything; carries the revision. Read with
    /// [`Store::changes_after`] from the last revision seen.
    pub fn subscribe(&self, kind: Option<&'static Kind>) -> watch::Receiver<u64> {
        kind.map_or(&self.signal, |kind| &self.signals[kind.id])
            .subscribe()
    }

    /// Stores a new object. Fills in uid, creationTimestamp, generation, resourceVersion and, from
    /// `generateName`, the name.
    ///
    /// # Errors
    /// `AlreadyExists`, or `Invalid` when it has no usable name or namespace.
    pub fn create(&self, kind: &'static Kind, mut object: Value) -> Result<Arc<Object>, ApiError> {
        let mut writer = self.write();
        self.prepare(&mut writer, kind, &mut object)?;
        let (ns, name) = (text(&object, "namespace"), text(&object, "name"));
        if self.get(kind, ns, name).is_some() {
            return Err(ApiError::already_exists(kind, name));
        }
        Ok(self.commit(&mut writer, kind, object, Verb::Added, None))
    }

    /// Reads, changes and writes one object as one step. A change that changes nothing is no event;
    /// one outside metadata and status counts `generation` up where the kind has one.
    ///
    /// # Errors
    /// `NotFound`, what `change` returns, or `Conflict` when `change` leaves another
    /// `metadata.resourceVersion` than it found (an absent one matches all).
    pub fn update(
        &self,
        kind: &'static Kind,
        ns: &str,
        name: &str,
        change: impl FnOnce(&mut Value) -> Result<(), ApiError>,
    ) -> Result<Arc<Object>, ApiError> {
        let mut writer = self.write();
        let old = self
            .get(kind, ns, name)
            .ok_or_else(|| ApiError::not_found(kind, name))?;
        let before = old.value();
        let mut after = before.clone();
        change(&mut after)?;
        keep_identity(&before, &mut after);
        let seen = text(&after, "resourceVersion");
        if !seen.is_empty() && seen != text(&before, "resourceVersion") {
            return Err(ApiError::conflict(kind, name));
        }
        after["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"].clone();
        if after == before {
            return Ok(old);
        }
        if kind.generation && desired_state_differs(&before, &after) {
            after["metadata"]["generation"] =
                json!(before["metadata"]["generation"].as_i64().unwrap_or(0) + 1);
        }
        Ok(self.commit(&mut writer, kind, after, Verb::Modified, Some(old)))
    }

    /// Removes an object at once; deletion by steps (grace, finalizers, dependants) is its caller's matter.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn delete(
        &self,
        kind: &'static Kind,
        ns: &str,
        name: &str,
    ) -> Result<Arc<Object>, ApiError> {
        let mut writer = self.write();
        let old = self
            .get(kind, ns, name)
            .ok_or_else(|| ApiError::not_found(kind, name))?;
        Ok(self.commit(&mut writer, kind, old.value(), Verb::Deleted, Some(old)))
    }

    fn prepare(
        &self,
        writer: &mut Writer,
        kind: &Kind,
        object: &mut Value,
    ) -> Result<(), ApiError> {
        if !object.is_object() || !object["metadata"].is_object() {
            return Err(ApiError::bad_request("the object has no metadata"));
        }
        object["apiVersion"] = json!(kind.api_version());
        object["kind"] = json!(kind.kind);
        let metadata = &mut object["metadata"];
        if metadata["name"].as_str().is_none_or(str::is_empty)
            && let Some(base) = metadata["generateName"].as_str()
        {
            metadata["name"] = json!(format!("{base}{}", writer.random.suffix(5)));
        }
        let name = metadata["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            return Err(ApiError::invalid(
                kind,
                "",
                "metadata.name",
                "Required value: name or generateName is required",
            ));
        }
        if name.contains(['/', '%']) || name == "." || name == ".." {
            return Err(ApiError::invalid(
                kind,
                name,
                "metadata.name",
                "Invalid value: may not contain '/' or '%' nor be '.' or '..'",
            ));
        }
        if kind.namespaced && metadata["namespace"].as_str().is_none_or(str::is_empty) {
            return Err(ApiError::invalid(
                kind,
                name,
                "metadata.namespace",
                "Required value",
            ));
        }
        fill(metadata, kind, writer, &self.clock);
        Ok(())
    }

    fn commit(
        &self,
        writer: &mut Writer,
        kind: &'static Kind,
        mut value: Value,
        verb: Verb,
        previous: Option<Arc<Object>>,
    ) -> Arc<Object> {
        writer.revision += 1;
        let revision = writer.revision;
        value["metadata"]["resourceVersion"] = json!(revision.to_string());
        let object = Arc::new(Object::new(kind, &value, revision));
        let change = Change {
            revision,
            verb,
            object: Arc::clone(&object),
            previous,
        };
        self.shelves
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .apply(change, self.history);
        self.signals[kind.id].send_replace(revision);
        self.signal.send_replace(revision);
        object
    }

    fn read(&self) -> RwLockReadGuard<'_, Shelves> {
        self.shelves.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelves {
    fn apply(&mut self, change: Change, history: usize) {
        self.revision = change.revision;
        let object = &change.object;
        if let Some(old) = &change.previous {
            self.disown(old);
        }
        let of_kind = &mut self.kinds[object.kind.id];
        if change.verb == Verb::Deleted {
            of_kind.remove(object);
        } else {
            of_kind
                .objects
                .entry(object.namespace.clone())
                .or_default()
                .insert(object.name.clone(), Arc::clone(object));
            if let Some(owner) = &object.owner {
                self.owned
                    .entry(owner.clone())
                    .or_default()
                    .insert(object.uid.clone(), Arc::clone(object));
            }
        }
        of_kind.record(change, history);
    }

    fn disown(&mut self, object: &Object) {
        let Some(owner) = &object.owner else { return };
        if let Some(children) = self.owned.get_mut(owner) {
            children.remove(&object.uid);
            if children.is_empty() {
                self.owned.remove(owner);
            }
        }
    }
}

impl Shelf {
    fn remove(&mut self, object: &Object) {
        if let Some(names) = self.objects.get_mut(&object.namespace) {
            names.remove(&object.name);
            if names.is_empty() {
                self.objects.remove(&object.namespace);
            }
        }
    }

    fn record(&mut self, change: Change, history: usize) {
        self.log.push_back(change);
        while self.log.len() > history {
            self.floor = self
                .log
                .pop_front()
                .map_or(self.floor, |dropped| dropped.revision);
        }
    }

    fn after(&self, revision: u64) -> Result<impl Iterator<Item = &Change>, Gone> {
        if revision < self.floor {
            return Err(Gone {
                asked: revision,
                oldest: self.floor,
            });
        }
        let start = self
            .log
            .partition_point(|change| change.revision <= revision);
        Ok(self.log.range(start..))
    }
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object["metadata"][key].as_str().unwrap_or_default()
}

fn fill(metadata: &mut Value, kind: &Kind, writer: &mut Writer, clock: &Clock) {
    let Some(map) = metadata.as_object_mut() else {
        return;
    };
    if !kind.namespaced {
        map.remove("namespace");
    }
    if map
        .get("uid")
        .and_then(Value::as_str)
        .is_none_or(str::is_empty)
    {
        map.insert("uid".into(), json!(writer.random.uid()));
    }
    if map.get("creationTimestamp").is_none_or(Value::is_null) {
        map.insert("creationTimestamp".into(), json!(clock.stamp()));
    }
    if kind.generation {
        map.entry("generation").or_insert(json!(1));
    }
}

/// What an update may not take from an object.
fn keep_identity(before: &Value, after: &mut Value) {
    for key in ["apiVersion", "kind"] {
        after[key] = before[key].clone();
    }
    if !after["metadata"].is_object() {
        after["metadata"] = json!({});
    }
    for key in [
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "generation",
    ] {
        match before["metadata"].get(key) {
            Some(value) => after["metadata"][key] = value.clone(),
            None => drop(
                after["metadata"]
                    .as_object_mut()
                    .and_then(|map| map.remove(key)),
            ),
        }
    }
}

fn desired_state_differs(before: &Value, after: &Value) -> bool {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else {
        return true;
    };
    let desired = |key: &String| !matches!(key.as_str(), "metadata" | "status");
    before
        .keys()
        .chain(after.keys())
        .filter(|key| desired(key))
        .any(|key| before.get(key) != after.get(key))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::demo::kinds::{NODES, PODS};

    fn store(history: usize) -> Store {
        let clock = Clock::manual("2026-01-02T03:04:05Z".parse().unwrap());
        Store::new(StoreOptions {
            seed: 1,
            history,
            revision: 100,
            clock,
        })
    }

    fn pod(name: &str) -> Value {
        json!({"metadata": {"namespace": "a", "name": name}, "spec": {"x": 1}})
    }

    #[test]
    fn create_fills_in_what_the_server_owns() {
        let store = store(10);
        let made = store
            .create(
                &PODS,
                json!({"metadata": {"namespace": "a", "generateName": "web-"}}),
            )
            .unwrap();
        let value = made.value();
        assert!(made.name.starts_with("web-") && made.name.len() == 9);
        assert_eq!(
            value["metadata"]["creationTimestamp"],
            "2026-01-02T03:04:05Z"
        );
        assert_eq!(value["metadata"]["resourceVersion"], "101");
        assert_eq!(value["metadata"]["generation"], 1);
        assert_eq!(value["kind"], "Pod");
        assert!(!made.uid.is_empty());
    }

    #[test]
    fn the_same_seed_makes_the_same_names() {
        let make = || {
            store(10)
                .create(
                    &PODS,
                    json!({"metadata": {"namespace": "a", "generateName": "web-"}}),
                )
                .unwrap()
        };
        assert_eq!(make().bytes, make().bytes);
    }

    #[test]
    fn names_are_unique_and_usable() {
        let store = store(10);
        store.create(&PODS, pod("one")).unwrap();
        assert_eq!(
            store.create(&PODS, pod("one")).unwrap_err().reason,
            "AlreadyExists"
        );
        assert_eq!(
            store.create(&PODS, pod("a/b")).unwrap_err().reason,
            "Invalid"
        );
        assert_eq!(
            store
                .create(&PODS, json!({"metadata": {"name": "x"}}))
                .unwrap_err()
                .reason,
            "Invalid"
        );
        assert_eq!(
            store
                .create(&NODES, json!({"metadata": {}}))
                .unwrap_err()
                .reason,
            "Invalid"
        );
        assert_eq!(store.create(&PODS, json!(3)).unwrap_err().code, 400);
    }

    #[test]
    fn update_counts_generation_for_the_spec_only() {
        let store = store(10);
        store.create(&PODS, pod("one")).unwrap();
        let generation =
            |object: Arc<Object>| object.value()["metadata"]["generation"].as_i64().unwrap();
        let set = |pointer: &'static str, to: Value| {
            move |value: &mut Value| {
                value[pointer] = to;
                Ok(())
            }
        };
        assert_eq!(
            generation(
                store
                    .update(
                        &PODS,
                        "a",
                        "one",
                        set("status", json!({"phase": "Running"}))
                    )
                    .unwrap()
            ),
            1
        );
        assert_eq!(
            generation(
                store
                    .update(&PODS, "a", "one", set("spec", json!({"x": 2})))
                    .unwrap()
            ),
            2
        );
        let revision = store.revision();
        store
            .update(&PODS, "a", "one", set("spec", json!({"x": 2})))
            .unwrap();
        assert_eq!(
            store.revision(),
            revision,
            "a change that changes nothing is no event"
        );
    }

    #[test]
    fn update_refuses_an_old_version_and_keeps_the_identity() {
        let store = store(10);
        let made = store.create(&PODS, pod("one")).unwrap();
        let replaced = store.update(&PODS, "a", "one", |value| {
            *value = json!({"metadata": {"name": "other", "uid": "x"}, "spec": {}});
            Ok(())
        });
        let replaced = replaced.unwrap();
        assert_eq!((replaced.name.as_ref(), &replaced.uid), ("one", &made.uid));
        let stale = store.update(&PODS, "a", "one", |value| {
            value["metadata"]["resourceVersion"] = json!(made.resource_version.to_string());
            Ok(())
        });
        assert_eq!(stale.unwrap_err().reason, "Conflict");
        assert_eq!(
            store
                .update(&PODS, "a", "none", |_| Ok(()))
                .unwrap_err()
                .reason,
            "NotFound"
        );
    }

    #[test]
    fn history_is_told_in_order_and_bounded() {
        let store = store(3);
        for name in ["a", "b", "c"] {
            store.create(&PODS, pod(name)).unwrap();
        }
        store
            .create(&NODES, json!({"metadata": {"name": "n"}}))
            .unwrap();
        store.delete(&PODS, "a", "b").unwrap();
        let told: Vec<_> = store
            .changes_after(Some(&PODS), 101)
            .unwrap()
            .iter()
            .map(|c| (c.revision, c.verb))
            .collect();
        assert_eq!(
            told,
            [(102, Verb::Added), (103, Verb::Added), (105, Verb::Deleted)]
        );
        assert_eq!(
            store.changes_after(Some(&PODS), 100).unwrap_err(),
            Gone {
                asked: 100,
                oldest: 101
            }
        );
        assert_eq!(store.changes_after(None, 103).unwrap().len(), 2);
        assert!(store.changes_after(None, 105).unwrap().is_empty());
        assert_eq!(store.list(&PODS, Some("a")).len(), 2);
    }

    #[test]
    fn deletion_tells_the_last_state_under_a_new_revision() {
        let store = store(10);
        let made = store.create(&PODS, pod("one")).unwrap();
        let gone = store.delete(&PODS, "a", "one").unwrap();
        assert!(gone.resource_version > made.resource_version);
        assert!(store.get(&PODS, "a", "one").is_none());
        assert!(store.list(&PODS, None).is_empty());
    }

    #[test]
    fn children_are_found_by_their_owner() {
        let store = store(10);
        let mut child = pod("one");
        child["metadata"]["ownerReferences"] = json!([{"uid": "o", "controller": true}]);
        store.create(&PODS, child).unwrap();
        assert_eq!(store.owned(&PODS, "o").len(), 1);
        assert!(store.owned(&NODES, "o").is_empty());
        store.delete(&PODS, "a", "one").unwrap();
        assert!(store.owned(&PODS, "o").is_empty());
    }

    #[tokio::test]
    async fn subscribers_are_woken() {
        let store = store(10);
        let (mut pods, nodes) = (store.subscribe(Some(&PODS)), store.subscribe(Some(&NODES)));
        store.create(&PODS, pod("one")).unwrap();
        pods.changed().await.unwrap();
        assert_eq!(*pods.borrow(), 101);
        assert!(!nodes.has_changed().unwrap());
    }
}
