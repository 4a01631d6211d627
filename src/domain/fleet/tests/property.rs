//! Whatever happened, in whatever order: the fleet is what a fleet would be that saw only the end.

use super::*;
use crate::domain::fleet::{PodRef, Sums, restarts::RestartLog};
use crate::domain::health::Tally;
use crate::domain::labels::LabelScheme;
use crate::domain::rows::Namespace;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// What the server holds, by kind, namespace and name.
type World = BTreeMap<(Kind, Text, Text), Row>;

#[derive(Clone, Debug)]
enum Step {
    /// A feed brings these; `None` is a deletion.
    Events(Vec<(Name, Option<Look>)>),
    /// The feed of a kind lists everything again, after these changes that nobody announced; the
    /// batch may be cut in two.
    Relist(usize, Vec<(Name, Option<Look>)>, bool),
    /// Time passes.
    Wait(i64),
}

/// An object out of a small set of names, so that things meet.
#[derive(Clone, Debug)]
struct Name {
    kind: usize,
    namespace: u8,
    number: u8,
}

/// How an object looks: digits that each builder reads as it likes.
#[derive(Clone, Debug)]
struct Look {
    state: u8,
    labels: u8,
    age: i64,
    count: u32,
}

const KINDS: [Kind; 9] = Kind::ALL;

fn key(name: &Name) -> (Kind, Text, Text) {
    let kind = KINDS[name.kind % KINDS.len()];
    let n = name.number;
    let namespace = if kind.namespaced() {
        format!("ns{}", name.namespace % 2).into()
    } else {
        Text::default()
    };
    let name = match kind {
        Kind::Pod => format!("pod{}", n % 8),
        Kind::ReplicaSet => format!("dep{}-h{}", n % 2, n / 2 % 2),
        Kind::Deployment => format!("dep{}", n % 2),
        Kind::Job => format!("job{}", n % 3),
        Kind::CronJob => "cron".into(),
        Kind::StatefulSet | Kind::DaemonSet => format!("set{}", n % 2),
        Kind::Namespace => format!("ns{}", n % 2),
        Kind::Node => format!("node{}", n % 2),
    };
    (kind, namespace, name.into())
}

fn some_labels(look: u8, hash: Option<&str>) -> Labels {
    let mut pairs = Vec::new();
    if look & 1 != 0 {
        pairs.push((
            "app.kubernetes.io/part-of",
            if look & 2 != 0 { "shop" } else { "billing" },
        ));
    }
    if look & 4 != 0 {
        pairs.push((
            "app.kubernetes.io/instance",
            if look & 8 != 0 { "one" } else { "two" },
        ));
    }
    if look & 16 != 0 {
        pairs.push((
            "quarterdeck.io/department",
            if look & 32 != 0 { "retail" } else { "finance" },
        ));
    }
    if look & 64 != 0 {
        pairs.push((
            "app.kubernetes.io/version",
            if look & 128 != 0 { "1.0" } else { "2.0" },
        ));
    }
    if let Some(hash) = hash {
        pairs.push(("pod-template-hash", hash));
    }
    labels(&pairs)
}

fn build(key: &(Kind, Text, Text), look: &Look) -> Row {
    let (kind, namespace, name) = key;
    let mut meta = meta(namespace, name, some_labels(look.labels, None));
    meta.created = after(-look.age);
    meta.helm_release = look.labels.is_multiple_of(5).then(|| "helm".into());
    match kind {
        Kind::Pod => Row::Pod(build_pod(meta, look)),
        Kind::Node => Row::Node(Node {
            cordoned: look.state & 2 != 0,
            ..a_node(
                name,
                if look.state & 1 != 0 {
                    Truth::True
                } else {
                    Truth::False
                },
            )
        }),
        Kind::Namespace => Row::Namespace(Namespace {
            meta,
            phase: "Active".into(),
        }),
        kind => Row::Workload(build_workload(*kind, meta, look)),
    }
}

fn build_workload(kind: Kind, mut meta: Meta, look: &Look) -> Workload {
    let deployment = meta.name.split_once("-h").map(|(name, _)| name.to_owned());
    meta.owner = match kind {
        // Sometimes an owner that is not what the name tells, sometimes none.
        Kind::ReplicaSet => match look.state % 4 {
            0 => None,
            1 => Some(owner("Rollout", "dep0")),
            _ => Some(owner("Deployment", &deployment.unwrap_or_default())),
        },
        Kind::Job if look.state.is_multiple_of(2) => Some(owner("CronJob", "cron")),
        _ => None,
    };
    let failed = kind == Kind::Job && look.state & 8 != 0;
    Workload {
        desired: look.count % 4,
        current: look.count % 3,
        ready: look.count % 2,
        updated: look.count % 3,
        failed: u32::from(look.state & 16 != 0),
        revision: format!("{}", look.count % 3).into(),
        template_labels: some_labels(look.labels.rotate_left(3), None),
        conditions: failed
            .then(|| condition("Failed", Truth::True, after(-30)))
            .into_iter()
            .collect(),
        ..a_workload(kind, meta)
    }
}

fn build_pod(mut meta: Meta, look: &Look) -> Pod {
    // The owner and hash belong to the name: Kubernetes never changes them.
    let n: u8 = meta.name.trim_start_matches("pod").parse().unwrap();
    meta.owner = match n {
        0..=3 => Some(owner("ReplicaSet", &format!("dep{}-h{}", n % 2, n / 2 % 2))),
        4 => Some(owner("Job", "job0")),
        5 => Some(owner("StatefulSet", "set0")),
        6 => Some(owner("Workflow", "flow")),
        _ => None,
    };
    let hash = (n < 4).then(|| format!("h{}", n / 2 % 2));
    meta.labels = some_labels(look.labels, hash.as_deref());
    meta.deleted = (look.state & 64 != 0).then(|| after(look.age % 100));
    let mut pod = a_pod(meta);
    pod.node = format!("node{}", look.count % 2).into();
    match look.state % 6 {
        0 => pod = crashing(pod, look.count % 9, after(-(look.age % 900))),
        1 => pod.phase = "Succeeded".into(),
        2 => pod.phase = "Failed".into(),
        3 => {
            pod.phase = "Pending".into();
            pod.conditions = Box::default();
        }
        _ => {}
    }
    pod
}

fn look() -> impl Strategy<Value = Look> {
    (any::<u8>(), any::<u8>(), 0i64..4000, 0u32..12).prop_map(|(state, labels, age, count)| Look {
        state,
        labels,
        age,
        count,
    })
}

fn names() -> impl Strategy<Value = Name> {
    // Pods twice as often as all others together.
    let kind = prop_oneof![2 => Just(8usize), 1 => 0usize..8];
    (kind, 0u8..2, any::<u8>()).prop_map(|(kind, namespace, number)| Name {
        kind,
        namespace,
        number,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let changes = |n| prop::collection::vec((names(), prop::option::weighted(0.8, look())), 0..n);
    prop_oneof![
        6 => changes(12).prop_map(Step::Events),
        2 => (0usize..9, changes(6), any::<bool>())
            .prop_map(|(kind, changes, cut)| Step::Relist(kind, changes, cut)),
        1 => (0i64..2000).prop_map(Step::Wait),
    ]
}

/// Carries a step out on the world and tells the fleet of it.
fn carry_out(step: &Step, world: &mut World, fleet: &mut Fleet, now: &mut Timestamp) {
    match step {
        Step::Wait(seconds) => {
            *now = now.plus(Millis::seconds(*seconds));
            check_touched(fleet, |fleet| fleet.tick(*now));
        }
        Step::Events(changes) => {
            for (name, look) in changes {
                let key = key(name);
                let change = change_world(world, &key, look.as_ref());
                let batch = batch(key.0, vec![change]);
                check_touched(fleet, |fleet| fleet.apply(batch, *now));
            }
        }
        Step::Relist(kind, changes, cut) => {
            let kind = KINDS[*kind];
            for (name, look) in changes {
                let name = Name {
                    kind: KINDS.iter().position(|&k| k == kind).unwrap(),
                    ..name.clone()
                };
                change_world(world, &key(&name), look.as_ref());
            }
            let rows = world.iter().filter(|((k, _, _), _)| *k == kind);
            let mut changes = vec![Change::Begin];
            changes.extend(rows.map(|(_, row)| put(row.clone())));
            let rest = changes.split_off(if *cut {
                changes.len() / 2
            } else {
                changes.len()
            });
            let end = rest.into_iter().chain([Change::Complete]).collect();
            check_touched(fleet, |fleet| fleet.apply(batch(kind, changes), *now));
            check_touched(fleet, |fleet| fleet.apply(batch(kind, end), *now));
        }
    }
}

fn change_world(world: &mut World, key: &(Kind, Text, Text), look: Option<&Look>) -> Change {
    if let Some(look) = look {
        let row = build(key, look);
        world.insert(key.clone(), row.clone());
        put(row)
    } else {
        world.remove(key);
        gone(&key.1, &key.2)
    }
}

/// Every row that differs afterwards was named, each handle once.
fn check_touched(fleet: &mut Fleet, act: impl FnOnce(&mut Fleet) -> crate::domain::fleet::Touched) {
    let before = handles(fleet);
    let touched = act(fleet);
    let after = handles(fleet);
    let mut named: BTreeSet<(&str, u32)> = BTreeSet::new();
    let mut name = |what: &'static str, ids: Vec<u32>| {
        for id in ids {
            assert!(named.insert((what, id)), "{what} {id} is named twice");
        }
    };
    name("pod", touched.pods.iter().map(|id| id.0).collect());
    name(
        "workload",
        touched.workloads.iter().map(|id| id.0).collect(),
    );
    name("release", touched.releases.iter().map(|id| id.0).collect());
    name("project", touched.projects.iter().map(|id| id.0).collect());
    name("node", touched.nodes.iter().map(|id| id.0).collect());
    name(
        "namespace",
        touched.namespaces.iter().map(|id| id.0).collect(),
    );
    for key in before.keys().chain(after.keys()) {
        let same = before.get(key) == after.get(key);
        assert!(
            same || named.contains(key),
            "{key:?} changed and was not named"
        );
    }
}

fn handles(fleet: &Fleet) -> BTreeMap<(&'static str, u32), String> {
    let mut all = BTreeMap::new();
    for pod in fleet.pods() {
        let seen = (pod.pod, pod.health, pod.restarts_last_hour);
        all.insert(("pod", pod.id.0), format!("{seen:?} {:?}", pod.workload_id));
    }
    all.extend(
        fleet
            .workloads()
            .map(|(id, row)| (("workload", id.0), format!("{row:?}"))),
    );
    all.extend(
        fleet
            .releases()
            .map(|(id, row)| (("release", id.0), format!("{row:?}"))),
    );
    all.extend(
        fleet
            .projects()
            .map(|(id, row)| (("project", id.0), format!("{row:?}"))),
    );
    all.extend(
        fleet
            .nodes()
            .map(|(id, row)| (("node", id.0), format!("{row:?}"))),
    );
    all.extend(
        fleet
            .namespaces()
            .map(|(id, row)| (("namespace", id.0), format!("{row:?}"))),
    );
    all
}

/// Everything a fleet says that does not depend on when it was told, with names for handles.
fn told(fleet: &Fleet) -> String {
    let mut lines: Vec<String> = Vec::new();
    let pod_name = |id: Option<crate::domain::fleet::PodId>| {
        let pod = id.and_then(|id| fleet.pod(id));
        pod.map(|pod: PodRef| pod.pod.meta.name.clone())
    };
    for (id, row) in fleet.projects() {
        let mut row = row.clone();
        let (culprit, worst) = (pod_name(row.culprit.take()), row.worst.take());
        let worst = worst
            .and_then(|id| fleet.release(id))
            .map(|r| (&r.namespace, &r.name));
        row.sums.restarts = 0;
        row.changed = None;
        let children = fleet.releases_of(id).len();
        lines.push(format!("project {row:?} {culprit:?} {worst:?} {children}"));
    }
    for (id, row) in fleet.releases() {
        let mut row = row.clone();
        let (culprit, worst) = (pod_name(row.culprit.take()), row.worst.take());
        let worst = worst
            .and_then(|id| fleet.workload(id))
            .map(|r| (&r.kind, &r.name));
        row.sums.restarts = 0;
        (row.changed, row.version, row.revision) = (None, Text::default(), Text::default());
        let children = fleet.workloads_of(id).len();
        lines.push(format!("release {row:?} {culprit:?} {worst:?} {children}"));
    }
    for (id, row) in fleet.workloads() {
        let mut row = row.clone();
        let culprit = pod_name(row.culprit.take());
        row.sums.restarts = 0;
        row.changed = None;
        let children = fleet.pods_of_workload(id).len();
        lines.push(format!("workload {row:?} {culprit:?} {children}"));
    }
    for pod in fleet.pods() {
        let facts = pod.facts();
        let home = (
            &pod.workload.kind,
            &pod.workload.name,
            &pod.workload.release,
            &pod.workload.project,
        );
        let counts = (
            pod.health,
            pod.ready,
            pod.total,
            pod.restarts,
            pod.labelled(),
        );
        let sought = pod.sought();
        lines.push(format!(
            "pod {:?} {home:?} {facts:?} {counts:?} {sought}",
            pod.pod
        ));
    }
    lines.extend(
        fleet
            .nodes()
            .map(|(id, row)| format!("node {row:?} {}", fleet.pods_on(id).len())),
    );
    for (id, row) in fleet.namespaces() {
        let mut row = row.clone();
        row.sums.restarts = 0;
        lines.push(format!("namespace {row:?} {}", fleet.releases_in(id).len()));
    }
    lines.push(format!("{:?}", fleet.counts()));
    lines.sort();
    let mut out = String::new();
    for line in lines {
        // Times of rollouts are observations; inside causes they are masked.
        let _ = writeln!(out, "{}", mask_rollouts(&line));
    }
    out
}

fn mask_rollouts(line: &str) -> String {
    let mut parts = line.split("Rollout {");
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let (inside, after) = part.split_once("paused").unwrap_or((part, ""));
        let inside = inside.split("since:").next().unwrap_or("");
        let _ = write!(out, "Rollout {{{inside}paused{after}");
    }
    out
}

/// Sums and tallies of every level are those of what is in it.
fn check_sums(fleet: &Fleet) {
    let sum = |pods: &mut dyn Iterator<Item = crate::domain::fleet::PodId>| {
        let mut sums = Sums::default();
        for id in pods {
            sums.pods += 1;
            sums.restarts += fleet.pod(id).unwrap().restarts_last_hour;
        }
        sums
    };
    for (id, row) in fleet.projects() {
        let sums = sum(&mut fleet.pods_of_project(id));
        assert_eq!(
            (row.sums.pods, row.sums.restarts),
            (sums.pods, sums.restarts),
            "{}",
            row.name
        );
        let mut tally = Tally::default();
        fleet
            .releases_of(id)
            .iter()
            .for_each(|&id| tally.add(fleet.release(id).unwrap().health));
        assert_eq!(row.tally, tally, "{}", row.name);
    }
    for (id, row) in fleet.releases() {
        let sums = sum(&mut fleet.pods_of_release(id));
        assert_eq!(
            (row.sums.pods, row.sums.restarts),
            (sums.pods, sums.restarts),
            "{}",
            row.name
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happened_only_the_end_counts(steps in prop::collection::vec(step(), 1..25)) {
        let mut world = World::new();
        let mut fleet = Fleet::new(LabelScheme::default());
        let mut now = START;
        for step in &steps {
            carry_out(step, &mut world, &mut fleet, &mut now);
            check_sums(&fleet);
        }
        // Everything is listed again: what nobody announced is known now.
        for kind in KINDS {
            let relist = Step::Relist(KINDS.iter().position(|&k| k == kind).unwrap(), Vec::new(), false);
            carry_out(&relist, &mut world, &mut fleet, &mut now);
        }
        fleet.tick(now);
        // The same world told to a new fleet, pods first, so that every pod is there before its owners.
        let mut fresh = Fleet::new(LabelScheme::default());
        for kind in KINDS.into_iter().rev() {
            let rows = world.iter().filter(|((k, _, _), _)| *k == kind);
            let changes = rows.map(|(_, row)| put(row.clone())).collect();
            fresh.apply(batch(kind, changes), now);
        }
        let (lived, made) = (told(&fleet), told(&fresh));
        prop_assert!(lived == made, "{}", first_difference(&lived, &made));
        // And nothing is left of it when it goes.
        fleet.clear();
        prop_assert_eq!(fleet.counts(), crate::domain::fleet::Counts::default());
        prop_assert_eq!((fleet.things.len(), fleet.places.len(), fleet.nodes.len(), fleet.facts.len()), (0, 0, 0, 0));
        prop_assert!(fleet.due.is_empty() && fleet.restarts.is_empty());
        prop_assert!(fleet.index.things.is_empty() && fleet.index.releases.is_empty() && fleet.index.pods.is_empty());
    }

    /// The log never counts more restarts than there were, and nothing older than an hour.
    #[test]
    fn restarts_are_never_overstated(
        age in 0i64..9000,
        seen in prop::collection::vec((0i64..1500, 0u32..3), 1..20),
    ) {
        let mut now = START;
        let mut pod = a_pod(meta("a", "p", Labels::default()));
        pod.meta.created = after(-age);
        let mut log = RestartLog::first_seen(&pod, now);
        let mut happened: Vec<(Timestamp, u32)> = Vec::new();
        for (wait, new) in seen {
            now = now.plus(Millis::seconds(wait));
            let total = pod.containers[0].restarts + new;
            let next = if new > 0 { crashing(pod.clone(), total, now) } else { pod.clone() };
            log.observe(&pod, &next, now);
            happened.push((now, new));
            pod = next;
            let (counted, _) = log.count(now);
            let within: u32 = happened.iter().filter(|(at, _)| now < at.plus(Millis::minutes(60))).map(|(_, n)| n).sum();
            prop_assert_eq!(counted, within);
        }
    }
}

fn first_difference(a: &str, b: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
    let only = |x: &[&str], y: &[&str]| {
        let lines: Vec<String> = x
            .iter()
            .filter(|l| !y.contains(l))
            .map(|l| (*l).to_owned())
            .collect();
        lines.join("\n")
    };
    format!("lived:\n{}\nmade:\n{}", only(&a, &b), only(&b, &a))
}
