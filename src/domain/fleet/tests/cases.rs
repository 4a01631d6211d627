//! Cases that people think of.

use super::*;
use crate::domain::fleet::UNLABELLED;
use crate::domain::health::Health;
use crate::domain::labels::LabelScheme;
use crate::domain::rows::Namespace;

fn shop(more: &[(&str, &str)]) -> Labels {
    let mut pairs = vec![
        ("app.kubernetes.io/part-of", "shop"),
        ("app.kubernetes.io/instance", "shop-prod"),
    ];
    pairs.extend(more);
    labels(&pairs)
}

fn deployment(namespace: &str, name: &str, labels: Labels) -> Row {
    Row::Workload(a_workload(Kind::Deployment, meta(namespace, name, labels)))
}

fn replica_set(namespace: &str, name: &str, of: &str) -> Row {
    let mut meta = meta(namespace, name, Labels::default());
    meta.owner = Some(owner("Deployment", of));
    Row::Workload(a_workload(Kind::ReplicaSet, meta))
}

fn pod_of(namespace: &str, name: &str, (kind, of): (&str, &str), labels: Labels) -> Pod {
    let mut meta = meta(namespace, name, labels);
    meta.owner = Some(owner(kind, of));
    a_pod(meta)
}

/// Where a pod stands: project, release, kind and name of its workload.
fn path(fleet: &Fleet, namespace: &str, name: &str) -> String {
    let pod = fleet
        .pod(fleet.pod_by_name(namespace, name).unwrap())
        .unwrap();
    let w = pod.workload;
    format!("{} / {} / {} {}", w.project, w.release, w.kind, w.name)
}

fn new() -> Fleet {
    Fleet::new(LabelScheme::default())
}

#[test]
fn a_pod_takes_what_it_lacks_from_its_owners_in_any_order() {
    let rows = || {
        vec![
            deployment("shop", "web", shop(&[])),
            replica_set("shop", "web-7d9", "web"),
            Row::Pod(pod_of(
                "shop",
                "web-7d9-x",
                ("ReplicaSet", "web-7d9"),
                Labels::default(),
            )),
        ]
    };
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let mut fleet = new();
        feed(
            &mut fleet,
            order.into_iter().map(|n| rows()[n].clone()).collect(),
        );
        assert_eq!(
            path(&fleet, "shop", "web-7d9-x"),
            "shop / shop-prod / Deployment web",
            "{order:?}"
        );
        assert_eq!(fleet.counts().workloads.total(), 1, "{order:?}");
        assert_eq!(fleet.counts().unlabelled_pods, 0, "{order:?}");
    }
}

#[test]
fn a_job_of_a_cron_job_belongs_to_it() {
    let mut fleet = new();
    let mut job = a_workload(Kind::Job, meta("shop", "report-1", Labels::default()));
    job.meta.owner = Some(owner("CronJob", "report"));
    job.conditions = [condition("Failed", Truth::True, START)].into();
    let mut failed = pod_of("shop", "report-1-x", ("Job", "report-1"), Labels::default());
    failed.phase = "Failed".into();
    failed.containers[0].state = State::Terminated(Box::new(Terminated {
        exit_code: 3,
        ..Terminated::default()
    }));
    feed(
        &mut fleet,
        vec![
            Row::Pod(failed),
            Row::Workload(job),
            Row::Workload(a_workload(Kind::CronJob, meta("shop", "report", shop(&[])))),
        ],
    );
    assert_eq!(
        path(&fleet, "shop", "report-1-x"),
        "shop / shop-prod / CronJob report"
    );
    let (_, release) = fleet.releases().next().unwrap();
    assert_eq!(release.health, Health::Failing);
    let sentence = release.cause.as_ref().unwrap().sentence(after(60));
    assert_eq!(sentence, "report: job report-1 failed, exit 3, 1 m ago");
    assert_eq!(
        (release.sums.pods, release.sums.total),
        (1, 0),
        "an ended pod lacks nothing"
    );
}

#[test]
fn without_the_right_to_list_replica_sets_the_deployment_is_told_by_the_hash() {
    let mut fleet = new();
    let labels = labels(&[("pod-template-hash", "7d9")]);
    feed(
        &mut fleet,
        vec![Row::Pod(pod_of(
            "legacy",
            "web-7d9-x",
            ("ReplicaSet", "web-7d9"),
            labels,
        ))],
    );
    assert_eq!(
        path(&fleet, "legacy", "web-7d9-x"),
        "unlabelled / legacy / Deployment web"
    );
}

#[test]
fn helm_names_the_release_of_what_has_no_label() {
    let mut fleet = new();
    let mut web = a_workload(Kind::Deployment, meta("tools", "web", Labels::default()));
    web.meta.helm_release = Some("grafana".into());
    feed(
        &mut fleet,
        vec![
            Row::Workload(web),
            replica_set("tools", "web-1", "web"),
            Row::Pod(pod_of(
                "tools",
                "web-1-x",
                ("ReplicaSet", "web-1"),
                Labels::default(),
            )),
            Row::Pod(a_pod(meta("tools", "bare", Labels::default()))),
            Row::Pod(pod_of(
                "tools",
                "flow-1",
                ("Workflow", "flow"),
                Labels::default(),
            )),
        ],
    );
    assert_eq!(
        path(&fleet, "tools", "web-1-x"),
        "unlabelled / grafana / Deployment web"
    );
    assert_eq!(
        path(&fleet, "tools", "bare"),
        "unlabelled / tools / Pod bare"
    );
    assert_eq!(
        path(&fleet, "tools", "flow-1"),
        "unlabelled / tools / Workflow flow"
    );
    let unlabelled = fleet
        .project(fleet.project_by_name(UNLABELLED).unwrap())
        .unwrap();
    assert_eq!(
        (unlabelled.labelled, unlabelled.health),
        (false, Health::Unknown)
    );
    let sentence = unlabelled.cause.as_ref().unwrap().sentence(START);
    assert_eq!(sentence, "1 namespace carries no project label");
    assert_eq!(fleet.counts().unlabelled_pods, 3);
}

#[test]
fn a_namespace_gives_its_releases_what_they_lack() {
    let mut fleet = new();
    let namespace = Namespace {
        meta: meta(
            "",
            "shop",
            labels(&[("quarterdeck.io/department", "retail")]),
        ),
        phase: "Active".into(),
    };
    feed(
        &mut fleet,
        vec![
            Row::Pod(a_pod(meta("shop", "a", shop(&[])))),
            Row::Pod(a_pod(meta(
                "shop",
                "b",
                labels(&[("quarterdeck.io/department", "own")]),
            ))),
            Row::Namespace(namespace),
        ],
    );
    let department = |name: &str| {
        fleet
            .release(fleet.release_by_key("shop", name).unwrap())
            .unwrap()
            .department
            .to_string()
    };
    assert_eq!(
        (department("shop-prod"), department("shop")),
        ("retail".into(), "own".into())
    );
    let project = fleet
        .project(fleet.project_by_name("shop").unwrap())
        .unwrap();
    assert_eq!(project.department, "retail");
}

#[test]
fn one_pod_tells_its_release_and_project_what_is_wrong() {
    let mut fleet = new();
    let name = |n: usize| format!("invoicer-1-{n}");
    let pod = |n: usize| pod_of("shop", &name(n), ("ReplicaSet", "invoicer-1"), shop(&[]));
    let mut rows = vec![
        deployment("shop", "invoicer", shop(&[])),
        replica_set("shop", "invoicer-1", "invoicer"),
    ];
    rows.extend((0..5).map(|n| Row::Pod(pod(n))));
    feed(&mut fleet, rows);
    let bad = crashing(pod(3), 7, after(-12));
    let touched = fleet.apply(batch(Kind::Pod, vec![put(Row::Pod(bad))]), START);
    assert_eq!(
        (
            touched.pods.len(),
            touched.workloads.len(),
            touched.releases.len(),
            touched.projects.len()
        ),
        (1, 1, 1, 1)
    );
    let (_, project) = fleet.projects().next().unwrap();
    assert_eq!(project.health, Health::Failing);
    assert_eq!((project.sums.ready, project.sums.total), (4, 5));
    let sentence = project.cause.as_ref().unwrap().sentence(START);
    assert_eq!(
        sentence,
        "invoicer/main: CrashLoopBackOff, exit 2, 7 restarts, last 12 s ago"
    );
    assert_eq!(project.culprit, fleet.pod_by_name("shop", &name(3)));
    // The same again touches nothing.
    let same = crashing(pod(3), 7, after(-12));
    assert!(
        fleet
            .apply(batch(Kind::Pod, vec![put(Row::Pod(same))]), START)
            .is_empty()
    );
}

#[test]
fn a_relist_leaves_no_hole_and_no_ghost() {
    let mut fleet = new();
    let pod = |name: &str| put(Row::Pod(a_pod(meta("shop", name, shop(&[])))));
    fleet.apply(
        batch(
            Kind::Pod,
            vec![Change::Begin, pod("a"), pod("b"), Change::Complete],
        ),
        START,
    );
    let keys = |fleet: &Fleet| {
        let mut names: Vec<String> = fleet.pods().map(|p| p.pod.meta.name.to_string()).collect();
        names.sort();
        names.join(" ")
    };
    fleet.apply(batch(Kind::Pod, vec![Change::Begin, pod("b")]), START);
    assert_eq!(keys(&fleet), "a b", "what is not listed yet stays");
    // Another feed of the same kind brings a row meanwhile: it exists, whatever this list says.
    let other = Batch {
        scope: Scope::namespace("shop"),
        ..batch(Kind::Pod, vec![pod("c")])
    };
    fleet.apply(other, START);
    fleet.apply(batch(Kind::Pod, vec![Change::Complete]), START);
    assert_eq!(keys(&fleet), "b c");
    fleet.apply(batch(Kind::Pod, vec![Change::Complete]), START);
    assert_eq!(
        keys(&fleet),
        "b c",
        "an end without a beginning says nothing"
    );
    // A list of one namespace says nothing about another.
    let elsewhere = Batch {
        scope: Scope::namespace("billing"),
        ..batch(Kind::Pod, vec![Change::Begin, Change::Complete])
    };
    fleet.apply(elsewhere, START);
    assert_eq!(keys(&fleet), "b c");
    fleet.apply(
        batch(Kind::Deployment, vec![Change::Begin, Change::Complete]),
        START,
    );
    assert_eq!(keys(&fleet), "b c");
}

#[test]
fn a_narrower_scope_drops_what_is_outside() {
    let mut fleet = new();
    feed(
        &mut fleet,
        vec![
            Row::Pod(a_pod(meta("shop", "a", shop(&[])))),
            Row::Pod(a_pod(meta("billing", "b", Labels::default()))),
            deployment("billing", "web", Labels::default()),
            Row::Node(a_node("worker-1", Truth::True)),
        ],
    );
    let touched = fleet.retain_scope(&[Scope::namespace("shop")]);
    assert!(!touched.projects.is_empty());
    let counts = fleet.counts();
    assert_eq!(
        (counts.pods, counts.projects.total(), counts.nodes.total()),
        (1, 1, 1)
    );
    // What the old feed has still sent comes too late.
    feed(
        &mut fleet,
        vec![Row::Pod(a_pod(meta("billing", "c", Labels::default())))],
    );
    assert_eq!(fleet.counts().pods, 1);
    let outside = fleet.namespaces().filter(|(_, row)| row.outside);
    for (_, row) in outside {
        assert_eq!(row.health, Health::Unknown, "{row:?}");
    }
    fleet.retain_scope(&[Scope::ALL]);
    assert!(fleet.namespaces().all(|(_, row)| !row.outside));
    assert!(fleet.retain_scope(&[Scope::ALL]).is_empty());
}

#[test]
fn a_handle_stays_and_dies_with_its_object() {
    let mut fleet = new();
    let pod = |name: &str| Row::Pod(a_pod(meta("shop", name, shop(&[]))));
    feed(&mut fleet, vec![pod("a")]);
    let id = fleet.pod_by_name("shop", "a").unwrap();
    feed(&mut fleet, vec![pod("a")]);
    assert_eq!(fleet.pod_by_name("shop", "a"), Some(id));
    let touched = fleet.apply(batch(Kind::Pod, vec![gone("shop", "a")]), START);
    assert_eq!(touched.pods, [id]);
    feed(&mut fleet, vec![pod("b")]);
    assert!(
        fleet.pod(id).is_none(),
        "the slot may live again, the handle does not"
    );
}

#[test]
fn restarts_are_counted_for_an_hour() {
    let mut fleet = new();
    let restarts = |fleet: &Fleet| fleet.projects().next().unwrap().1.sums.restarts;
    let base = || a_pod(meta("shop", "a", shop(&[])));
    // Seen for the first time, two hours old: the last restart is proved, the six before are not.
    let at = |seconds| after(seconds);
    let put_at = |fleet: &mut Fleet, pod: Pod, now| {
        fleet.apply(batch(Kind::Pod, vec![put(Row::Pod(pod))]), now);
    };
    put_at(&mut fleet, crashing(base(), 7, at(-600)), START);
    assert_eq!(restarts(&fleet), 1);
    put_at(&mut fleet, crashing(base(), 9, at(100)), at(100));
    assert_eq!(restarts(&fleet), 3);
    fleet.tick(at(2999));
    assert_eq!(restarts(&fleet), 3);
    let touched = fleet.tick(at(3000));
    assert_eq!(restarts(&fleet), 2, "the first was 600 s before the start");
    assert_eq!(touched.projects.len(), 1);
    fleet.tick(at(3700));
    assert_eq!(restarts(&fleet), 0);
    // A young pod: all of them are within the hour.
    let mut young = crashing(base(), 5, at(3690));
    young.meta.name = "young".into();
    young.meta.created = at(2000);
    put_at(&mut fleet, young, at(3700));
    assert_eq!(restarts(&fleet), 5);
    // The name is used again by another pod: nothing of the old one counts.
    let mut again = base();
    again.meta.uid = "another".into();
    put_at(&mut fleet, again, at(3700));
    assert_eq!(restarts(&fleet), 5);
}

#[test]
fn a_node_that_goes_down_takes_its_pods_along() {
    let mut fleet = new();
    feed(
        &mut fleet,
        vec![
            Row::Pod(a_pod(meta("shop", "a", shop(&[])))),
            Row::Node(a_node("worker-1", Truth::True)),
        ],
    );
    let health = |fleet: &Fleet| fleet.pods().next().unwrap().health;
    assert_eq!(health(&fleet), Health::Healthy);
    feed(
        &mut fleet,
        vec![Row::Node(a_node("worker-1", Truth::Unknown))],
    );
    assert_eq!(health(&fleet), Health::Degraded);
    assert_eq!(fleet.counts().nodes.of(Health::Failing), 1);
    fleet.apply(batch(Kind::Node, vec![gone("", "worker-1")]), START);
    assert_eq!(
        health(&fleet),
        Health::Healthy,
        "what is not known is not known to be down"
    );
    assert_eq!(
        (fleet.counts().nodes.total(), fleet.nodes().count()),
        (0, 0)
    );
}

#[test]
fn replicas_are_counted_over_the_workloads_of_a_release() {
    let mut fleet = new();
    let scaled = |name: &str, desired, ready| {
        let mut row = a_workload(Kind::Deployment, meta("shop", name, shop(&[])));
        (row.desired, row.current, row.updated, row.available) = (desired, desired, desired, ready);
        row.ready = ready;
        Row::Workload(row)
    };
    feed(&mut fleet, vec![scaled("web", 3, 2), scaled("api", 2, 2)]);
    let release = |fleet: &Fleet| fleet.releases().next().unwrap().1.clone();
    assert_eq!((release(&fleet).ready, release(&fleet).desired), (4, 5));
    assert_eq!(release(&fleet).health, Health::Degraded);
    feed(&mut fleet, vec![scaled("web", 0, 0), scaled("api", 0, 0)]);
    let asleep = release(&fleet);
    assert_eq!(
        (asleep.ready, asleep.desired, asleep.health),
        (0, 0, Health::Healthy)
    );
    assert_eq!(asleep.cause.unwrap().sentence(START), "scaled to 0");
}

#[test]
fn the_last_change_is_the_newest_revision() {
    let mut fleet = new();
    let mut web = a_workload(
        Kind::Deployment,
        meta(
            "shop",
            "web",
            shop(&[("app.kubernetes.io/version", "1.4.3")]),
        ),
    );
    web.revision = "2".into();
    let set = |revision: &str, created| {
        let mut meta = meta("shop", &format!("web-{revision}"), Labels::default());
        meta.owner = Some(owner("Deployment", "web"));
        meta.created = created;
        let mut row = a_workload(Kind::ReplicaSet, meta);
        row.revision = revision.into();
        Row::Workload(row)
    };
    feed(
        &mut fleet,
        vec![
            set("2", after(-40)),
            set("1", after(-9000)),
            Row::Workload(web.clone()),
        ],
    );
    let changed = |fleet: &Fleet| fleet.projects().next().unwrap().1.changed.clone().unwrap();
    assert_eq!(
        (changed(&fleet).at, changed(&fleet).version.as_str()),
        (after(-40), "1.4.3")
    );
    // A rollback takes an old ReplicaSet with a new revision: only we have seen when.
    web.revision = "3".into();
    fleet.apply(
        batch(Kind::ReplicaSet, vec![put(set("3", after(-9000)))]),
        after(10),
    );
    fleet.apply(
        batch(Kind::Deployment, vec![put(Row::Workload(web))]),
        after(10),
    );
    assert_eq!(changed(&fleet).at, after(10));
}
