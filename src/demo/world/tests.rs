//! The world as a whole: the same for a seed, whole in itself, and of the promised size.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;
use crate::demo::control::json::{int, items, text};
use crate::demo::kinds::{self, DEPLOYMENTS, EVENTS, PODS, REPLICASETS};

fn options(seed: u64, pods: Option<usize>) -> WorldOptions {
    WorldOptions {
        seed,
        pods,
        now: "2026-03-04T10:17:42Z".parse().unwrap(),
    }
}

fn objects(seed: u64, pods: Option<usize>) -> Vec<(&'static Kind, Value)> {
    let mut all = Vec::new();
    build(&options(seed, pods), &mut |kind, object| {
        all.push((kind, object));
    });
    all
}

fn of_kind<'a>(
    all: &'a [(&'static Kind, Value)],
    kind: &'static Kind,
) -> impl Iterator<Item = &'a Value> {
    all.iter()
        .filter(move |(k, _)| *k == kind)
        .map(|(_, object)| object)
}

#[test]
fn a_seed_fixes_the_world() {
    assert_eq!(objects(7, None), objects(7, None));
    let names = |seed| {
        of_kind(&objects(seed, None), &PODS)
            .map(|pod| text(pod, "/metadata/name").to_owned())
            .collect::<Vec<_>>()
    };
    assert_ne!(names(7), names(8));
}

#[test]
fn every_owner_is_there_and_comes_first() {
    let mut known: BTreeMap<String, (String, String)> = BTreeMap::new();
    for (_, object) in objects(7, None) {
        for owner in items(&object, "/metadata/ownerReferences") {
            let found = known.get(text(owner, "/uid"));
            let said = (
                text(owner, "/kind").to_owned(),
                text(owner, "/name").to_owned(),
            );
            assert_eq!(found, Some(&said), "{}", text(&object, "/metadata/name"));
        }
        let me = (
            text(&object, "/kind").to_owned(),
            text(&object, "/metadata/name").to_owned(),
        );
        assert!(
            known
                .insert(text(&object, "/metadata/uid").to_owned(), me)
                .is_none(),
            "uids are unique"
        );
    }
}

#[test]
fn the_store_takes_the_whole_world() {
    let store = Store::new(crate::demo::store::StoreOptions::default());
    seed(&store, &options(7, None)).unwrap();
    let pods = store.list(&PODS, None).len();
    assert!((175..=195).contains(&pods), "{pods} pods");
    assert_eq!(store.list(&kinds::NODES, None).len(), 9);
    assert!(store.list(&EVENTS, None).len() > 40);
}

#[test]
fn a_grown_world_has_exactly_the_pods_asked_for() {
    let all = objects(7, Some(1000));
    assert_eq!(of_kind(&all, &PODS).count(), 1000);
    let names: BTreeSet<_> = of_kind(&all, &PODS)
        .map(|p| (text(p, "/metadata/namespace"), text(p, "/metadata/name")))
        .collect();
    assert_eq!(names.len(), 1000, "names are unique");
}

#[test]
fn pods_that_are_unready_have_been_so_since_the_incident_began() {
    let began: Timestamp = "2026-03-04T10:14:42Z".parse().unwrap();
    let all = objects(7, None);
    let mut since: Vec<Timestamp> = Vec::new();
    for pod in of_kind(&all, &PODS) {
        let conditions = items(pod, "/status/conditions");
        let condition = |kind| {
            conditions
                .iter()
                .find(|condition| text(condition, "/type") == kind)
        };
        if text(pod, "/metadata/namespace") == "checkout-prod"
            && let Some(ready) =
                condition("Ready").filter(|ready| text(ready, "/status") == "False")
        {
            since.push(text(ready, "/lastTransitionTime").parse().unwrap());
            let initialised = condition("Initialized").unwrap();
            assert_ne!(
                initialised["lastTransitionTime"],
                ready["lastTransitionTime"]
            );
        }
    }
    assert_eq!(since, [began, began - jiff::SignedDuration::from_secs(7)]);
}

#[test]
fn pods_weigh_what_real_ones_do() {
    let store = Store::new(crate::demo::store::StoreOptions::default());
    seed(&store, &options(7, Some(1500))).unwrap();
    let pods = store.list(&PODS, None);
    let mean = pods.iter().map(|pod| pod.bytes.len()).sum::<usize>() / pods.len();
    assert!((4000..=7000).contains(&mean), "{mean} bytes");
}

#[test]
fn deployments_count_what_their_replica_sets_run() {
    let all = objects(7, None);
    for deployment in of_kind(&all, &DEPLOYMENTS) {
        let uid = text(deployment, "/metadata/uid");
        let sets: Vec<&Value> = of_kind(&all, &REPLICASETS)
            .filter(|set| text(set, "/metadata/ownerReferences/0/uid") == uid)
            .collect();
        let sum: i64 = sets
            .iter()
            .map(|set| int(set, "/status/replicas").unwrap_or(0))
            .sum();
        assert_eq!(
            int(deployment, "/status/replicas").unwrap_or(0),
            sum,
            "{}",
            text(deployment, "/metadata/name")
        );
        let revisions: BTreeSet<&str> = sets
            .iter()
            .map(|set| {
                set["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
                    .as_str()
                    .unwrap()
            })
            .collect();
        assert_eq!(
            revisions.len(),
            sets.len(),
            "each set is a revision of its own"
        );
    }
}

#[test]
fn the_incidents_look_as_kubectl_shows_them() {
    let all = objects(7, None);
    let pod = |namespace: &str, name: &str| {
        let mut found = of_kind(&all, &PODS)
            .filter(|p| {
                text(p, "/metadata/namespace") == namespace
                    && text(p, "/metadata/name").starts_with(name)
            })
            .cloned()
            .collect::<Vec<_>>();
        found.sort_by_key(|pod| text(pod, "/status/phase").to_owned());
        found
    };
    let invoicer = &pod("billing-prod", "invoicer-")[0]["status"]["containerStatuses"][0];
    assert_eq!(text(invoicer, "/state/waiting/reason"), "CrashLoopBackOff");
    assert_eq!(
        (
            int(invoicer, "/restartCount"),
            int(invoicer, "/lastState/terminated/exitCode")
        ),
        (Some(7), Some(2))
    );
    let ranker = pod("search-prod", "ranker-");
    let waiting: Vec<&str> = ranker
        .iter()
        .map(|p| text(p, "/status/containerStatuses/0/state/waiting/reason"))
        .collect();
    assert_eq!(
        waiting
            .iter()
            .filter(|reason| **reason == "ImagePullBackOff")
            .count(),
        1,
        "{waiting:?}"
    );
    let trainer = &pod("search-prod", "trainer-")[0];
    assert_eq!(
        text(trainer, "/status/conditions/0/reason"),
        "Unschedulable"
    );
    let collector = &pod("insights-prod", "collector-")[0]["status"]["containerStatuses"][0];
    assert_eq!(text(collector, "/lastState/terminated/reason"), "OOMKilled");
}
