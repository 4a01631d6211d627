//! The Deployment controller: revisions as `ReplicaSet`s, and rollouts inside the bounds of
//! `maxSurge` and `maxUnavailable`.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::context::{Context, Key, Task};
use super::event::{Source, Story};
use super::hash::template_hash;
use super::json::{flag, int, items, list_at, set, text, time};
use super::pod;
use super::replicaset::{self, Plan};
use crate::demo::clock::stamp;
use crate::demo::kinds::{DEPLOYMENTS, REPLICASETS};

const SOURCE: Source<'static> = Source::component("deployment-controller");
const REVISION: &str = "deployment.kubernetes.io/revision";

/// One `ReplicaSet` of a Deployment, as far as a rollout counts with it.
#[derive(Debug)]
struct Set {
    key: Key,
    hash: String,
    value: Value,
    /// Pods it should run.
    wanted: i64,
    /// Pods it runs.
    replicas: i64,
    ready: i64,
    available: i64,
    revision: i64,
}

/// How far a rollout may go above and below the wanted count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Pods that a rollout may run on top.
    pub surge: i64,
    /// Pods that may be missing during a rollout.
    pub unavailable: i64,
}

impl Bounds {
    /// Reads them from a Deployment; percentages round up for surge and down for the missing.
    pub fn of(deployment: &Value, wanted: i64) -> Self {
        if text(deployment, "/spec/strategy/type") == "Recreate" {
            return Self {
                surge: 0,
                unavailable: wanted,
            };
        }
        let rolling = &deployment["spec"]["strategy"]["rollingUpdate"];
        let surge = absolute(&rolling["maxSurge"], wanted, true);
        let unavailable = absolute(&rolling["maxUnavailable"], wanted, false);
        // Both zero would never move; Kubernetes then lets one be missing.
        Self {
            surge,
            unavailable: if surge == 0 && unavailable == 0 {
                1
            } else {
                unavailable.min(wanted)
            },
        }
    }
}

/// A count or a percentage of `whole`; absent means Kubernetes' default of 25 %.
pub fn absolute(value: &Value, whole: i64, round_up: bool) -> i64 {
    if let Some(count) = value.as_i64() {
        return count.max(0);
    }
    let text = value.as_str().unwrap_or("25%");
    match text
        .strip_suffix('%')
        .and_then(|percent| percent.parse::<i64>().ok())
    {
        Some(percent) if round_up => (whole * percent.max(0) + 99) / 100,
        Some(percent) => whole * percent.max(0) / 100,
        None => text.parse().unwrap_or(0),
    }
}

/// Brings one Deployment a step further.
pub fn sync(context: &mut Context<'_>, key: &Key) {
    let Some(object) = context.store.get(&DEPLOYMENTS, &key.namespace, &key.name) else {
        return;
    };
    let deployment = object.value();
    if pod::is_leaving(&deployment) {
        return;
    }
    let mut sets = owned_sets(context, &object.uid);
    let hash = template_hash(&deployment["spec"]["template"]);
    let paused = flag(&deployment, "/spec/paused");
    let wanted = int(&deployment, "/spec/replicas").unwrap_or(1).max(0);
    let bounds = Bounds::of(&deployment, wanted);
    let mut current = sets.iter().position(|set| set.hash == hash);
    if current.is_none() && !paused {
        current = begin_revision(context, &deployment, &hash, wanted, bounds, &mut sets);
    }
    if let Some(at) = current {
        adopt_revision(context, key, &sets, at);
    }
    let rollout = Rollout {
        deployment: &deployment,
        wanted,
        bounds,
    };
    if paused {
        rollout.scale_newest(context, &mut sets, current);
    } else if text(&deployment, "/spec/strategy/type") == "Recreate" {
        rollout.recreate(context, &mut sets, current);
    } else {
        rollout.roll(context, &mut sets, current);
    }
    let progress = Progress::of(&sets, current, wanted);
    let now = context.now;
    context.change(&DEPLOYMENTS, key, |live| write_status(live, &progress, now));
    if progress.is_complete() {
        trim_history(context, &deployment, &sets, current);
    } else {
        watch_deadline(context, key, &deployment);
    }
}

fn owned_sets(context: &Context<'_>, uid: &str) -> Vec<Set> {
    let mut sets: Vec<Set> = context
        .store
        .owned(&REPLICASETS, uid)
        .into_iter()
        .map(|object| {
            let value = object.value();
            let count = |pointer| int(&value, pointer).unwrap_or(0);
            Set {
                key: Key::of(&object),
                hash: template_hash(&value["spec"]["template"]),
                wanted: int(&value, "/spec/replicas").unwrap_or(1),
                replicas: count("/status/replicas"),
                ready: count("/status/readyReplicas"),
                available: count("/status/availableReplicas"),
                revision: revision(&value),
                value,
            }
        })
        .filter(|set| !pod::is_leaving(&set.value))
        .collect();
    sets.sort_by_key(|set| set.revision);
    sets
}

fn revision(object: &Value) -> i64 {
    object["metadata"]["annotations"][REVISION]
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

fn begin_revision(
    context: &mut Context<'_>,
    deployment: &Value,
    hash: &str,
    wanted: i64,
    bounds: Bounds,
    sets: &mut Vec<Set>,
) -> Option<usize> {
    let revision = sets.iter().map(|set| set.revision).max().unwrap_or(0) + 1;
    let plan = Plan {
        deployment,
        template: &deployment["spec"]["template"],
        hash,
        replicas: 0,
        revision,
        max_replicas: wanted + bounds.surge,
        uid: context.random.uid(),
        at: context.now,
    };
    let made = Arc::clone(
        &context
            .store
            .create(&REPLICASETS, replicaset::build(&plan))
            .ok()?,
    );
    sets.push(Set {
        key: Key::of(&made),
        hash: hash.to_owned(),
        value: made.value(),
        wanted: 0,
        replicas: 0,
        ready: 0,
        available: 0,
        revision,
    });
    Some(sets.len() - 1)
}

/// Makes the set at `at` the newest revision (an undo brings an old one back) and notes it on the
/// Deployment.
fn adopt_revision(context: &Context<'_>, key: &Key, sets: &[Set], at: usize) {
    let newest = sets
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != at)
        .map(|(_, set)| set.revision)
        .max()
        .unwrap_or(0);
    let set_now = &sets[at];
    let revision = if set_now.revision > newest {
        set_now.revision
    } else {
        newest + 1
    };
    if revision != set_now.revision {
        context.change(&REPLICASETS, &set_now.key, |value| {
            set(
                value,
                &["metadata", "annotations", REVISION],
                revision.to_string(),
            );
        });
    }
    context.change(&DEPLOYMENTS, key, |value| {
        set(
            value,
            &["metadata", "annotations", REVISION],
            revision.to_string(),
        );
    });
}

struct Rollout<'a> {
    deployment: &'a Value,
    wanted: i64,
    bounds: Bounds,
}

impl Rollout<'_> {
    /// While paused nothing rolls, but the count is kept.
    fn scale_newest(&self, context: &mut Context<'_>, sets: &mut [Set], current: Option<usize>) {
        let at = current
            .or_else(|| sets.iter().rposition(|set| set.wanted > 0))
            .or(sets.len().checked_sub(1));
        let Some(at) = at else { return };
        let others: i64 = sets
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .map(|(_, set)| set.wanted)
            .sum();
        self.scale(context, &mut sets[at], (self.wanted - others).max(0));
    }

    /// Stops everything old, waits, then starts the new.
    fn recreate(&self, context: &mut Context<'_>, sets: &mut [Set], current: Option<usize>) {
        for (_, set) in sets
            .iter_mut()
            .enumerate()
            .filter(|(at, _)| Some(*at) != current)
        {
            self.scale(context, set, 0);
        }
        let old_runs = sets
            .iter()
            .enumerate()
            .filter(|(at, _)| Some(*at) != current)
            .any(|(_, set)| {
                !context
                    .owned_pods(text(&set.value, "/metadata/uid"))
                    .iter()
                    .all(|(_, pod)| pod.is_finished())
            });
        if let (Some(at), false) = (current, old_runs) {
            self.scale(context, &mut sets[at], self.wanted);
        }
    }

    /// One step of a rolling update: the new as far up as the surge allows, the old as far down
    /// as enough pods stay available.
    fn roll(&self, context: &mut Context<'_>, sets: &mut [Set], current: Option<usize>) {
        let Some(at) = current else { return };
        if sets[at].wanted > self.wanted {
            self.scale(context, &mut sets[at], self.wanted);
        } else if sets[at].wanted < self.wanted {
            let total: i64 = sets.iter().map(|set| set.wanted.max(set.replicas)).sum();
            let room = (self.wanted + self.bounds.surge - total).max(0);
            let up = (self.wanted - sets[at].wanted).min(room);
            let goal = sets[at].wanted + up;
            self.scale(context, &mut sets[at], goal);
        }
        let floor = self.wanted - self.bounds.unavailable;
        let new_missing = sets[at].wanted - sets[at].available;
        let total: i64 = sets.iter().map(|set| set.wanted).sum();
        let mut spare = total - floor - new_missing;
        // What serves nobody goes first.
        for (_, set) in sets
            .iter_mut()
            .enumerate()
            .filter(|(other, _)| *other != at)
        {
            let idle = (set.wanted - set.available).min(spare).max(0);
            if idle > 0 {
                let goal = set.wanted - idle;
                spare -= idle;
                self.scale(context, set, goal);
            }
        }
        let available: i64 = sets.iter().map(|set| set.available.min(set.wanted)).sum();
        let mut surplus = available - floor;
        for (_, set) in sets
            .iter_mut()
            .enumerate()
            .filter(|(other, _)| *other != at)
        {
            let down = set.wanted.min(surplus).max(0);
            if down > 0 {
                let goal = set.wanted - down;
                surplus -= down;
                self.scale(context, set, goal);
            }
        }
    }

    fn scale(&self, context: &mut Context<'_>, set_now: &mut Set, goal: i64) {
        let annotations = [
            (
                "deployment.kubernetes.io/desired-replicas",
                self.wanted.to_string(),
            ),
            (
                "deployment.kubernetes.io/max-replicas",
                (self.wanted + self.bounds.surge).to_string(),
            ),
        ];
        if goal == set_now.wanted {
            return;
        }
        let changed = context.change(&REPLICASETS, &set_now.key, |value| {
            set(value, &["spec", "replicas"], goal);
            for (name, count) in &annotations {
                set(value, &["metadata", "annotations", name], count.as_str());
            }
        });
        if !changed {
            return;
        }
        let way = if goal > set_now.wanted { "up" } else { "down" };
        let message = format!(
            "Scaled {way} replica set {} from {} to {goal}",
            set_now.key.name, set_now.wanted
        );
        context.tell(
            self.deployment,
            &Story::normal(SOURCE, "ScalingReplicaSet", &message),
        );
        set_now.wanted = goal;
    }
}

/// What a Deployment's status counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Pods wanted.
    pub wanted: i64,
    /// Pods there are.
    pub replicas: i64,
    /// Pods of the newest template.
    pub updated: i64,
    /// Ready pods.
    pub ready: i64,
    /// Available pods.
    pub available: i64,
    /// Name of the newest `ReplicaSet`; empty while there is none.
    pub set_name: String,
}

impl Progress {
    fn of(sets: &[Set], current: Option<usize>, wanted: i64) -> Self {
        let sum = |count: fn(&Set) -> i64| sets.iter().map(count).sum();
        Self {
            wanted,
            replicas: sum(|set| set.replicas),
            updated: current.map_or(0, |at| sets[at].replicas),
            ready: sum(|set| set.ready),
            available: sum(|set| set.available),
            set_name: current.map_or_else(String::new, |at| sets[at].key.name.to_string()),
        }
    }

    /// Adds the counts of one `ReplicaSet`, the newest one last.
    pub fn add(&mut self, counts: replicaset::Counts, set_name: &str) {
        self.replicas += counts.replicas;
        self.updated = counts.replicas;
        self.ready += counts.ready;
        self.available += counts.available;
        set_name.clone_into(&mut self.set_name);
    }

    /// The rollout has nothing left to do.
    pub fn is_complete(&self) -> bool {
        self.updated == self.wanted && self.replicas == self.wanted && self.available >= self.wanted
    }
}

/// Writes counts and conditions into a Deployment's status.
pub fn write_status(deployment: &mut Value, progress: &Progress, now: Timestamp) {
    let moved = progressed(&deployment["status"], progress);
    let counts = [
        ("replicas", progress.replicas),
        ("updatedReplicas", progress.updated),
        ("readyReplicas", progress.ready),
        ("availableReplicas", progress.available),
        (
            "unavailableReplicas",
            (progress.replicas.max(progress.wanted) - progress.available).max(0),
        ),
    ];
    for (name, count) in counts {
        if count == 0 {
            super::json::unset(deployment, &["status", name]);
        } else {
            set(deployment, &["status", name], count);
        }
    }
    if let Some(generation) = int(deployment, "/metadata/generation") {
        set(deployment, &["status", "observedGeneration"], generation);
    }
    let bounds = Bounds::of(deployment, progress.wanted);
    if progress.available >= progress.wanted - bounds.unavailable {
        condition(
            deployment,
            "Available",
            "True",
            "MinimumReplicasAvailable",
            "Deployment has minimum availability.",
            now,
            false,
        );
    } else {
        condition(
            deployment,
            "Available",
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
            now,
            false,
        );
    }
    write_progressing(deployment, progress, moved, now);
}

/// Whether the counts say that the rollout has come further since `status` was written.
fn progressed(status: &Value, progress: &Progress) -> bool {
    let was = |name: &str| status[name].as_i64().unwrap_or(0);
    let old_was = was("replicas") - was("updatedReplicas");
    progress.updated > was("updatedReplicas")
        || progress.ready > was("readyReplicas")
        || progress.available > was("availableReplicas")
        || progress.replicas - progress.updated < old_was
}

fn write_progressing(deployment: &mut Value, progress: &Progress, moved: bool, now: Timestamp) {
    let name = &progress.set_name;
    let known = items(deployment, "/status/conditions")
        .iter()
        .find(|condition| text(condition, "/type") == "Progressing");
    let reason = known.map_or_else(String::new, |condition| {
        text(condition, "/reason").to_owned()
    });
    let same_set = known.is_some_and(|condition| {
        !name.is_empty() && text(condition, "/message").contains(&format!("\"{name}\""))
    });
    if flag(deployment, "/spec/paused") {
        condition(
            deployment,
            "Progressing",
            "Unknown",
            "DeploymentPaused",
            "Deployment is paused",
            now,
            false,
        );
        return;
    }
    if progress.is_complete() {
        let message = format!("ReplicaSet \"{name}\" has successfully progressed.");
        condition(
            deployment,
            "Progressing",
            "True",
            "NewReplicaSetAvailable",
            &message,
            now,
            false,
        );
        return;
    }
    // Once rolled out, a pod that falters does not make it a rollout again.
    if same_set && reason == "NewReplicaSetAvailable" && progress.replicas == progress.updated {
        return;
    }
    if !same_set || moved {
        let message = format!("ReplicaSet \"{name}\" is progressing.");
        condition(
            deployment,
            "Progressing",
            "True",
            "ReplicaSetUpdated",
            &message,
            now,
            true,
        );
    } else if reason == "ReplicaSetUpdated"
        && deadline(deployment).is_some_and(|deadline| deadline <= now)
    {
        let message = format!("ReplicaSet \"{name}\" has timed out progressing.");
        condition(
            deployment,
            "Progressing",
            "False",
            "ProgressDeadlineExceeded",
            &message,
            now,
            false,
        );
    }
}

/// When a rollout that does not move any more counts as stuck.
fn deadline(deployment: &Value) -> Option<Timestamp> {
    let seconds = int(deployment, "/spec/progressDeadlineSeconds").unwrap_or(600);
    let condition = items(deployment, "/status/conditions")
        .iter()
        .find(|condition| text(condition, "/type") == "Progressing")?;
    Some(time(condition, "/lastUpdateTime")? + SignedDuration::from_secs(seconds))
}

fn watch_deadline(context: &mut Context<'_>, key: &Key, deployment: &Value) {
    if let Some(at) = deadline(deployment).filter(|at| *at > context.now) {
        context.agenda.at(at, Task::Sync(&DEPLOYMENTS, key.clone()));
    }
}

/// Sets a Deployment's condition, whose update time moves on a change or on `touch`.
fn condition(
    deployment: &mut Value,
    kind: &str,
    status: &str,
    reason: &str,
    message: &str,
    now: Timestamp,
    touch: bool,
) {
    let conditions = list_at(deployment, &["status", "conditions"]);
    let known = conditions
        .iter_mut()
        .find(|condition| text(condition, "/type") == kind);
    let moment = stamp(now);
    let (since, updated) = match &known {
        Some(old) => {
            let same = text(old, "/reason") == reason && text(old, "/message") == message && !touch;
            let since = if text(old, "/status") == status {
                text(old, "/lastTransitionTime")
            } else {
                &moment
            };
            let updated = if same {
                text(old, "/lastUpdateTime")
            } else {
                &moment
            };
            (since.to_owned(), updated.to_owned())
        }
        None => (moment.clone(), moment),
    };
    let fresh = json!({
        "type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": since, "lastUpdateTime": updated,
    });
    match known {
        Some(old) => *old = fresh,
        None => conditions.push(fresh),
    }
}

fn trim_history(context: &Context<'_>, deployment: &Value, sets: &[Set], current: Option<usize>) {
    let limit =
        usize::try_from(int(deployment, "/spec/revisionHistoryLimit").unwrap_or(10)).unwrap_or(10);
    let old: Vec<&Set> = sets
        .iter()
        .enumerate()
        .filter(|(at, set)| Some(*at) != current && set.wanted == 0 && set.replicas == 0)
        .map(|(_, set)| set)
        .collect();
    for set in old.iter().take(old.len().saturating_sub(limit)) {
        context.remove(&REPLICASETS, &set.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_round_as_kubernetes_rounds() {
        let of =
            |strategy: Value, wanted| Bounds::of(&json!({"spec": {"strategy": strategy}}), wanted);
        assert_eq!(
            of(json!({}), 3),
            Bounds {
                surge: 1,
                unavailable: 0
            }
        );
        assert_eq!(
            of(
                json!({"rollingUpdate": {"maxSurge": "50%", "maxUnavailable": 1}}),
                5
            ),
            Bounds {
                surge: 3,
                unavailable: 1
            }
        );
        assert_eq!(
            of(
                json!({"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}),
                5
            ),
            Bounds {
                surge: 0,
                unavailable: 1
            }
        );
        assert_eq!(
            of(json!({"type": "Recreate"}), 4),
            Bounds {
                surge: 0,
                unavailable: 4
            }
        );
    }

    #[test]
    fn a_finished_rollout_stays_finished_while_a_pod_falters() {
        let mut deployment = json!({"spec": {"replicas": 3}});
        let mut progress = Progress {
            wanted: 3,
            replicas: 3,
            updated: 3,
            ready: 3,
            available: 3,
            set_name: "web-1".to_owned(),
        };
        write_status(&mut deployment, &progress, Timestamp::UNIX_EPOCH);
        progress.ready = 2;
        progress.available = 2;
        write_status(
            &mut deployment,
            &progress,
            Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1),
        );
        let reasons: Vec<&str> = items(&deployment, "/status/conditions")
            .iter()
            .map(|c| text(c, "/reason"))
            .collect();
        assert_eq!(
            reasons,
            ["MinimumReplicasUnavailable", "NewReplicaSetAvailable"]
        );
        assert_eq!(deployment["status"]["unavailableReplicas"], 1);
    }

    #[test]
    fn a_rollout_that_stops_moving_runs_into_its_deadline() {
        let mut deployment = json!({"spec": {"replicas": 2}});
        let progress = Progress {
            wanted: 2,
            replicas: 3,
            updated: 1,
            ready: 2,
            available: 2,
            set_name: "web-2".to_owned(),
        };
        let reason = |deployment: &Value| {
            text(&items(deployment, "/status/conditions")[1], "/reason").to_owned()
        };
        write_status(&mut deployment, &progress, Timestamp::UNIX_EPOCH);
        assert_eq!(reason(&deployment), "ReplicaSetUpdated");
        write_status(
            &mut deployment,
            &progress,
            Timestamp::UNIX_EPOCH + SignedDuration::from_secs(601),
        );
        assert_eq!(reason(&deployment), "ProgressDeadlineExceeded");
    }
}
