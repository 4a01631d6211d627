//! The controllers together, on a store without a network and a clock that tests move.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use serde_json::{Value, json};

use super::json::{int, items, text};
use super::*;
use crate::demo::clock::Clock;
use crate::demo::kinds::{CONFIGMAPS, CONTROLLERREVISIONS, NAMESPACES, PERSISTENTVOLUMECLAIMS};
use crate::demo::object::Object;
use crate::demo::store::{StoreOptions, Verb};
use crate::demo::world::{self, WorldOptions};

fn fill_company(store: &Store) {
    let now = store.clock().now();
    let options = WorldOptions {
        seed: 7,
        pods: None,
        now,
    };
    world::seed(store, &options).unwrap();
}

/// A cluster with a clock of its own.
struct Cluster {
    store: Arc<Store>,
    clock: Clock,
    controllers: Controllers,
}

impl Cluster {
    fn start(fill: impl FnOnce(&Store), churn: u32) -> Self {
        Self::start_at(Pace::Alive, fill, churn)
    }

    fn start_at(pace: Pace, fill: impl FnOnce(&Store), churn: u32) -> Self {
        let clock = Clock::manual("2026-03-04T10:17:42Z".parse().unwrap());
        let store = Store::new(StoreOptions {
            seed: 7,
            clock: clock.clone(),
            ..StoreOptions::default()
        });
        fill(&store);
        let store = Arc::new(store);
        let options = ControlOptions {
            seed: 7,
            churn,
            pace,
        };
        let controllers = Controllers::new(Arc::clone(&store), &options, clock.now());
        Self {
            store,
            clock,
            controllers,
        }
    }

    /// Two nodes with room, and a namespace.
    fn small() -> Self {
        Self::start(
            |store| {
                for name in ["n1", "n2"] {
                    store.create(&NODES, node(name)).unwrap();
                }
                let shop = json!({"metadata": {"name": "shop"}, "status": {"phase": "Active"}});
                store.create(&NAMESPACES, shop).unwrap();
            },
            0,
        )
    }

    fn company() -> Self {
        Self::start(fill_company, 0)
    }

    /// Lets time pass, from one moment at which something is due to the next, and looks on.
    fn watch(&mut self, seconds: i64, mut look: impl FnMut(&Store)) {
        let end = self.clock.now() + SignedDuration::from_secs(seconds);
        loop {
            let next = self.controllers.step(self.clock.now());
            look(&self.store);
            let Some(next) = next.filter(|next| *next <= end) else {
                break;
            };
            self.clock.advance(next.duration_since(self.clock.now()));
        }
        self.clock.advance(end.duration_since(self.clock.now()));
        self.controllers.step(end);
    }

    fn pass(&mut self, seconds: i64) {
        self.watch(seconds, |_| {});
    }

    fn create(&mut self, kind: &'static Kind, object: Value) {
        self.store.create(kind, object).unwrap();
    }

    fn get(&self, kind: &'static Kind, name: &str) -> Value {
        self.store
            .get(kind, "shop", name)
            .map_or(Value::Null, |object| object.value())
    }

    fn change(&self, kind: &'static Kind, name: &str, change: impl FnOnce(&mut Value)) {
        let changed = self.store.update(kind, "shop", name, |value| {
            change(value);
            Ok(())
        });
        changed.unwrap();
    }

    fn delete(&self, kind: &'static Kind, name: &str, how: garbage::Propagation) {
        garbage::request(&self.store, kind, "shop", name, None, how).unwrap();
    }

    fn pods(&self) -> Vec<Value> {
        self.store
            .list(&PODS, Some("shop"))
            .iter()
            .map(|pod| pod.value())
            .collect()
    }

    fn reasons(&self) -> Vec<String> {
        self.store
            .list(&EVENTS, Some("shop"))
            .iter()
            .map(|event| text(&event.value(), "/reason").to_owned())
            .collect()
    }
}

fn node(name: &str) -> Value {
    json!({
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "spec": {"podCIDR": "10.42.1.0/24"},
        "status": {
            "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
            "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "20"},
        },
    })
}

fn template(image: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": image}]},
    })
}

fn deployment(replicas: i64, image: &str, strategy: &Value) -> Value {
    json!({
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": strategy,
            "template": template(image),
        },
    })
}

fn available(deployment: &Value) -> i64 {
    int(deployment, "/status/availableReplicas").unwrap_or(0)
}

/// What `kubectl rollout status` waits for.
fn is_rolled_out(deployment: &Value) -> bool {
    let count = |name: &str| deployment["status"][name].as_i64().unwrap_or(0);
    let wanted = int(deployment, "/spec/replicas").unwrap_or(1);
    deployment["status"]["observedGeneration"] == deployment["metadata"]["generation"]
        && count("updatedReplicas") >= wanted
        && count("replicas") <= count("updatedReplicas")
        && count("availableReplicas") >= count("updatedReplicas")
}

#[test]
fn the_seeded_world_is_as_the_controllers_would_have_it() {
    let mut cluster = Cluster::company();
    let start = cluster.store.revision();
    cluster.controllers.step(cluster.clock.now());
    let changed: Vec<String> = cluster
        .store
        .changes_after(None, start)
        .unwrap()
        .iter()
        .map(|change| {
            let before = change
                .previous
                .as_ref()
                .map_or(Value::Null, |object| object.value());
            let after = change.object.value();
            format!(
                "{} {}/{}\n  {}\n  {}",
                change.object.kind.kind,
                change.object.namespace,
                change.object.name,
                before["status"],
                after["status"]
            )
        })
        .collect();
    assert!(changed.is_empty(), "{}", changed.join("\n"));
}

#[test]
fn a_deployment_comes_up_and_says_what_happened() {
    let mut cluster = Cluster::small();
    cluster.create(&DEPLOYMENTS, deployment(3, "nginx:1.27", &json!({})));
    cluster.pass(8);
    let web = cluster.get(&DEPLOYMENTS, "web");
    assert!(is_rolled_out(&web), "{}", web["status"]);
    let pod = &cluster.pods()[0];
    assert!(text(pod, "/metadata/name").starts_with(text(pod, "/metadata/ownerReferences/0/name")));
    assert!(!text(pod, "/status/podIP").is_empty() && !text(pod, "/spec/nodeName").is_empty());
    let reasons = cluster.reasons();
    for reason in [
        "ScalingReplicaSet",
        "SuccessfulCreate",
        "Scheduled",
        "Pulling",
        "Pulled",
        "Created",
        "Started",
    ] {
        assert!(
            reasons.iter().any(|known| known == reason),
            "{reason} in {reasons:?}"
        );
    }
}

#[test]
fn scaling_makes_and_removes_pods() {
    let mut cluster = Cluster::small();
    cluster.create(&DEPLOYMENTS, deployment(2, "nginx:1.27", &json!({})));
    cluster.pass(8);
    for (replicas, seconds) in [(5, 8), (1, 8), (0, 8)] {
        cluster.change(&DEPLOYMENTS, "web", |web| {
            web["spec"]["replicas"] = replicas.into();
        });
        cluster.pass(seconds);
        assert_eq!(cluster.pods().len(), usize::try_from(replicas).unwrap());
        assert!(is_rolled_out(&cluster.get(&DEPLOYMENTS, "web")));
    }
}

#[test]
fn a_deleted_pod_is_replaced_and_goes_after_its_grace() {
    let mut cluster = Cluster::small();
    cluster.create(&DEPLOYMENTS, deployment(2, "nginx:1.27", &json!({})));
    cluster.pass(8);
    let gone = text(&cluster.pods()[0], "/metadata/name").to_owned();
    cluster.delete(&PODS, &gone, garbage::Propagation::Background);
    assert!(
        cluster
            .get(&PODS, &gone)
            .pointer("/metadata/deletionTimestamp")
            .is_some()
    );
    cluster.pass(8);
    assert_eq!(cluster.get(&PODS, &gone), Value::Null);
    assert_eq!(available(&cluster.get(&DEPLOYMENTS, "web")), 2);
    assert!(cluster.reasons().contains(&"Killing".to_owned()));
}

#[test]
fn a_rollout_stays_inside_its_bounds_and_completes() {
    let bounds = [
        (json!(1), json!(0), 4, 5),
        (json!("50%"), json!("25%"), 3, 6),
        (json!(0), json!(2), 2, 4),
    ];
    for (surge, missing, least, most) in bounds {
        let strategy = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": missing}});
        let mut cluster = Cluster::small();
        cluster.create(&DEPLOYMENTS, deployment(4, "nginx:1.27", &strategy));
        cluster.pass(10);
        cluster.change(&DEPLOYMENTS, "web", |web| {
            web["spec"]["template"] = template("nginx:1.28");
        });
        cluster.watch(60, |store| {
            let pods: Vec<Summary> = store
                .list(&PODS, Some("shop"))
                .iter()
                .map(|pod| Summary::of(pod))
                .collect();
            let active = pods.iter().filter(|pod| pod.is_active());
            let ready = active.clone().filter(|pod| pod.ready).count();
            assert!(ready >= least, "{ready} ready of at least {least}");
            assert!(active.count() <= most, "at most {most}");
        });
        let web = cluster.get(&DEPLOYMENTS, "web");
        assert!(is_rolled_out(&web), "{}", web["status"]);
        assert_eq!(cluster.store.list(&REPLICASETS, Some("shop")).len(), 2);
        assert_eq!(
            web["metadata"]["annotations"]["deployment.kubernetes.io/revision"],
            "2"
        );
        assert!(
            cluster
                .pods()
                .iter()
                .all(|pod| pod["spec"]["containers"][0]["image"] == "nginx:1.28")
        );
    }
}

#[test]
fn recreate_never_runs_two_revisions_at_once() {
    let mut cluster = Cluster::small();
    cluster.create(
        &DEPLOYMENTS,
        deployment(2, "nginx:1.27", &json!({"type": "Recreate"})),
    );
    cluster.pass(8);
    cluster.change(&DEPLOYMENTS, "web", |web| {
        web["spec"]["template"] = template("nginx:1.28");
    });
    cluster.watch(20, |store| {
        let images: std::collections::BTreeSet<String> = store
            .list(&PODS, Some("shop"))
            .iter()
            .flat_map(|pod| summary::images(pod))
            .collect();
        assert!(images.len() <= 1, "{images:?}");
    });
    assert!(is_rolled_out(&cluster.get(&DEPLOYMENTS, "web")));
}

#[test]
fn a_bad_image_never_becomes_ready_and_undo_brings_the_old_one_back() {
    let mut cluster = Cluster::small();
    cluster.create(&DEPLOYMENTS, deployment(3, "nginx:1.27", &json!({})));
    cluster.pass(8);
    cluster.change(&DEPLOYMENTS, "web", |web| {
        web["spec"]["template"] = template("nginx:does-not-exist");
    });
    cluster.watch(700, |store| {
        for pod in store.list(&PODS, Some("shop")) {
            let bad = summary::images(&pod)
                .iter()
                .any(|image| image.contains("does-not-exist"));
            assert!(!(bad && Summary::of(&pod).ready));
        }
    });
    let web = cluster.get(&DEPLOYMENTS, "web");
    assert_eq!(available(&web), 3, "the old pods still serve");
    let progressing = items(&web, "/status/conditions")
        .iter()
        .find(|c| text(c, "/type") == "Progressing")
        .unwrap();
    assert_eq!(text(progressing, "/reason"), "ProgressDeadlineExceeded");
    let stuck = cluster
        .pods()
        .into_iter()
        .find(|pod| !status::is_ready(pod))
        .unwrap();
    let waiting = &stuck["status"]["containerStatuses"][0]["state"]["waiting"];
    assert!(["ErrImagePull", "ImagePullBackOff"].contains(&text(waiting, "/reason")));
    assert!(
        text(waiting, "/message").contains("docker.io/library/nginx:does-not-exist: not found")
    );

    cluster.change(&DEPLOYMENTS, "web", |web| {
        web["spec"]["template"] = template("nginx:1.27");
    });
    cluster.pass(10);
    let web = cluster.get(&DEPLOYMENTS, "web");
    assert!(is_rolled_out(&web), "{}", web["status"]);
    assert_eq!(
        web["metadata"]["annotations"]["deployment.kubernetes.io/revision"],
        "3"
    );
    assert_eq!(
        cluster.store.list(&REPLICASETS, Some("shop")).len(),
        2,
        "an undo brings a set back"
    );
}

#[test]
fn a_paused_deployment_scales_but_does_not_roll() {
    let mut cluster = Cluster::small();
    cluster.create(&DEPLOYMENTS, deployment(2, "nginx:1.27", &json!({})));
    cluster.pass(8);
    cluster.change(&DEPLOYMENTS, "web", |web| {
        web["spec"]["paused"] = true.into();
        web["spec"]["replicas"] = 3.into();
        web["spec"]["template"] = template("nginx:1.28");
    });
    cluster.pass(10);
    assert_eq!(cluster.pods().len(), 3);
    assert!(
        cluster
            .pods()
            .iter()
            .all(|pod| pod["spec"]["containers"][0]["image"] == "nginx:1.27")
    );
    cluster.change(&DEPLOYMENTS, "web", |web| {
        web["spec"]["paused"] = false.into();
    });
    cluster.pass(30);
    assert!(is_rolled_out(&cluster.get(&DEPLOYMENTS, "web")));
}

#[test]
fn old_revisions_are_trimmed_to_the_limit() {
    let mut cluster = Cluster::small();
    let mut web = deployment(1, "nginx:1.0", &json!({}));
    web["spec"]["revisionHistoryLimit"] = 2.into();
    cluster.create(&DEPLOYMENTS, web);
    for tag in 1..6 {
        cluster.pass(12);
        cluster.change(&DEPLOYMENTS, "web", |web| {
            web["spec"]["template"] = template(&format!("nginx:1.{tag}"));
        });
    }
    cluster.pass(12);
    assert_eq!(cluster.store.list(&REPLICASETS, Some("shop")).len(), 3);
}

#[test]
fn a_crashing_container_backs_off_and_comes_again() {
    let mut cluster = Cluster::small();
    let mut web = deployment(1, "busybox:1.36", &json!({}));
    web["spec"]["template"]["spec"]["containers"][0]["command"] =
        json!(["sh", "-c", "sleep 1; exit 3"]);
    cluster.create(&DEPLOYMENTS, web);
    cluster.pass(120);
    let container = &cluster.pods()[0]["status"]["containerStatuses"][0];
    let restarts = int(container, "/restartCount").unwrap();
    assert!((3..=6).contains(&restarts), "{restarts}");
    assert_eq!(text(container, "/state/waiting/reason"), "CrashLoopBackOff");
    assert_eq!(int(container, "/lastState/terminated/exitCode"), Some(3));
    assert!(cluster.reasons().contains(&"BackOff".to_owned()));
}

#[test]
fn a_pod_without_room_waits_and_says_why() {
    let mut cluster = Cluster::small();
    let mut pod = json!({"metadata": {"name": "big", "namespace": "shop"}, "spec": template("nginx:1.27")["spec"]});
    pod["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "64"}});
    cluster.create(&PODS, pod);
    cluster.pass(5);
    let big = cluster.get(&PODS, "big");
    assert_eq!(text(&big, "/status/phase"), "Pending");
    assert!(
        text(&items(&big, "/status/conditions")[0], "/message")
            .starts_with("0/2 nodes are available: 2 Insufficient cpu.")
    );
    let mut large = node("n3");
    large["status"]["allocatable"]["cpu"] = "96".into();
    cluster.create(&NODES, large);
    cluster.pass(8);
    assert_eq!(text(&cluster.get(&PODS, "big"), "/spec/nodeName"), "n3");
}

#[test]
fn a_cordoned_node_is_tainted_and_passed_over() {
    let mut cluster = Cluster::small();
    cluster
        .store
        .update(&NODES, "", "n1", |node| {
            node["spec"]["unschedulable"] = true.into();
            Ok(())
        })
        .unwrap();
    cluster.create(&DEPLOYMENTS, deployment(3, "nginx:1.27", &json!({})));
    cluster.pass(8);
    assert!(
        cluster
            .pods()
            .iter()
            .all(|pod| text(pod, "/spec/nodeName") == "n2")
    );
    let node = cluster.store.get(&NODES, "", "n1").unwrap().value();
    assert_eq!(
        text(&node, "/spec/taints/0/key"),
        "node.kubernetes.io/unschedulable"
    );
}

fn stateful_set(replicas: i64) -> Value {
    json!({
        "metadata": {"name": "db", "namespace": "shop"},
        "spec": {
            "replicas": replicas, "serviceName": "db", "selector": {"matchLabels": {"app": "web"}}, "template": template("postgres:17"),
            "updateStrategy": {"type": "RollingUpdate"},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}],
        },
    })
}

#[test]
fn a_stateful_set_goes_in_order() {
    let mut cluster = Cluster::small();
    cluster.create(&STATEFULSETS, stateful_set(3));
    cluster.watch(20, |store| {
        let pods = store.list(&PODS, Some("shop"));
        let unready = pods.iter().filter(|pod| !Summary::of(pod).ready).count();
        assert!(unready <= 1, "one after the other");
    });
    let names: Vec<String> = cluster
        .pods()
        .iter()
        .map(|pod| text(pod, "/metadata/name").to_owned())
        .collect();
    assert_eq!(names, ["db-0", "db-1", "db-2"]);
    assert_eq!(
        cluster
            .store
            .list(&PERSISTENTVOLUMECLAIMS, Some("shop"))
            .len(),
        3
    );
    cluster.change(&STATEFULSETS, "db", |db| {
        db["spec"]["template"] = template("postgres:18");
    });
    cluster.pass(30);
    let db = cluster.get(&STATEFULSETS, "db");
    assert_eq!(
        db["status"]["currentRevision"],
        db["status"]["updateRevision"]
    );
    assert_eq!(
        (
            int(&db, "/status/updatedReplicas"),
            int(&db, "/status/readyReplicas")
        ),
        (Some(3), Some(3))
    );
    assert!(
        cluster
            .pods()
            .iter()
            .all(|pod| pod["spec"]["containers"][0]["image"] == "postgres:18")
    );
    assert_eq!(
        cluster.store.list(&CONTROLLERREVISIONS, Some("shop")).len(),
        2
    );
    cluster.change(&STATEFULSETS, "db", |db| db["spec"]["replicas"] = 1.into());
    cluster.pass(15);
    assert_eq!(cluster.pods().len(), 1);
}

#[test]
fn a_daemon_set_has_a_pod_on_each_node_and_rolls_one_by_one() {
    let mut cluster = Cluster::small();
    let agent = json!({
        "metadata": {"name": "agent", "namespace": "shop"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template("nginx:1.27")},
    });
    cluster.create(&DAEMONSETS, agent);
    cluster.pass(8);
    cluster.create(&NODES, node("n3"));
    cluster.pass(8);
    assert_eq!(
        int(&cluster.get(&DAEMONSETS, "agent"), "/status/numberReady"),
        Some(3)
    );
    cluster.change(&DAEMONSETS, "agent", |agent| {
        agent["spec"]["template"] = template("nginx:1.28");
    });
    cluster.watch(40, |store| {
        let ready = store
            .list(&PODS, Some("shop"))
            .iter()
            .filter(|pod| Summary::of(pod).ready)
            .count();
        assert!(ready >= 2);
    });
    let agent = cluster.get(&DAEMONSETS, "agent");
    assert_eq!(
        (
            int(&agent, "/status/updatedNumberScheduled"),
            int(&agent, "/status/numberReady")
        ),
        (Some(3), Some(3))
    );
}

fn job(command: &Value) -> Value {
    let mut job = json!({
        "metadata": {"name": "once", "namespace": "shop"},
        "spec": {"completions": 3, "parallelism": 2, "backoffLimit": 1, "template": template("busybox:1.36")},
    });
    job["spec"]["template"]["spec"]["restartPolicy"] = "Never".into();
    job["spec"]["template"]["spec"]["containers"][0]["command"] = command.clone();
    job
}

#[test]
fn a_job_finishes_within_its_parallelism() {
    let mut cluster = Cluster::small();
    cluster.create(&JOBS, job(&json!(["sleep", "3"])));
    cluster.watch(40, |store| {
        let active = store
            .list(&PODS, Some("shop"))
            .iter()
            .filter(|pod| Summary::of(pod).is_active())
            .count();
        assert!(active <= 2);
    });
    let once = cluster.get(&JOBS, "once");
    assert_eq!(job::ended_by(&once), Some("Complete"));
    assert_eq!(
        (
            int(&once, "/status/succeeded"),
            once.pointer("/status/active")
        ),
        (Some(3), None)
    );
    assert!(
        cluster
            .pods()
            .iter()
            .all(|pod| text(pod, "/status/phase") == "Succeeded")
    );
}

#[test]
fn a_failing_job_gives_up_at_its_limit() {
    let mut cluster = Cluster::small();
    cluster.create(&JOBS, job(&json!(["false"])));
    cluster.pass(120);
    let once = cluster.get(&JOBS, "once");
    assert_eq!(job::ended_by(&once), Some("Failed"));
    assert!(
        cluster
            .reasons()
            .contains(&"BackoffLimitExceeded".to_owned())
    );
}

#[test]
fn a_cron_job_fires_and_keeps_the_latest() {
    let mut cluster = Cluster::small();
    let mut spec = job(&json!(["echo", "hello"]))["spec"].clone();
    spec["completions"] = 1.into();
    let cron = json!({
        "metadata": {"name": "tick", "namespace": "shop"},
        "spec": {"schedule": "* * * * *", "successfulJobsHistoryLimit": 2, "jobTemplate": {"spec": spec}},
    });
    cluster.create(&CRONJOBS, cron);
    cluster.pass(60 * 5 + 30);
    let jobs = cluster.store.list(&JOBS, Some("shop"));
    assert_eq!(
        jobs.len(),
        2,
        "{:?}",
        jobs.iter().map(|job| job.name.clone()).collect::<Vec<_>>()
    );
    assert!(
        jobs[0].name.starts_with("tick-29"),
        "the name ends in the minute: {}",
        jobs[0].name
    );
    let tick = cluster.get(&CRONJOBS, "tick");
    assert_eq!(
        text(&tick, "/status/lastScheduleTime"),
        "2026-03-04T10:23:00Z"
    );
    assert_eq!(tick.pointer("/status/active"), None);
}

#[test]
fn deleting_an_owner_deletes_what_it_owns() {
    use garbage::Propagation::{Background, Foreground, Orphan};
    for (how, sets, pods) in [(Background, 0, 0), (Foreground, 0, 0), (Orphan, 1, 2)] {
        let mut cluster = Cluster::small();
        cluster.create(&DEPLOYMENTS, deployment(2, "nginx:1.27", &json!({})));
        cluster.pass(8);
        cluster.delete(&DEPLOYMENTS, "web", how);
        assert_eq!(
            cluster.get(&DEPLOYMENTS, "web").is_null(),
            how == Background
        );
        cluster.pass(10);
        assert!(cluster.get(&DEPLOYMENTS, "web").is_null());
        assert_eq!(
            cluster.store.list(&REPLICASETS, Some("shop")).len(),
            sets,
            "{how:?}"
        );
        assert_eq!(cluster.pods().len(), pods, "{how:?}");
    }
}

#[test]
fn a_namespace_empties_itself_and_goes() {
    let mut cluster = Cluster::small();
    cluster.create(&DEPLOYMENTS, deployment(2, "nginx:1.27", &json!({})));
    cluster.create(
        &CONFIGMAPS,
        json!({"metadata": {"name": "c", "namespace": "shop"}}),
    );
    cluster.pass(8);
    garbage::request(
        &cluster.store,
        &NAMESPACES,
        "",
        "shop",
        None,
        garbage::Propagation::Background,
    )
    .unwrap();
    let shop = cluster.store.get(&NAMESPACES, "", "shop").unwrap().value();
    assert_eq!(text(&shop, "/status/phase"), "Terminating");
    cluster.pass(20);
    assert!(cluster.store.get(&NAMESPACES, "", "shop").is_none());
    for kind in [&PODS, &REPLICASETS, &DEPLOYMENTS, &CONFIGMAPS] {
        assert!(
            cluster.store.list(kind, Some("shop")).is_empty(),
            "{}",
            kind.kind
        );
    }
}

#[test]
fn the_company_lives_on() {
    let mut cluster = Cluster::company();
    cluster.pass(240);
    let web = cluster
        .store
        .get(&DEPLOYMENTS, "shop-prod", "web")
        .unwrap()
        .value();
    assert!(
        is_rolled_out(&web),
        "the rollout completes: {}",
        web["status"]
    );
    let invoicer = cluster.store.list(&PODS, Some("billing-prod"));
    let invoicer = invoicer
        .iter()
        .find(|pod| pod.name.starts_with("invoicer"))
        .unwrap()
        .value();
    assert!(!status::is_ready(&invoicer));
    let unready = |store: &Store| {
        store
            .list(&PODS, Some("checkout-prod"))
            .iter()
            .filter(|pod| !Summary::of(pod).ready)
            .count()
    };
    assert_eq!(
        unready(&cluster.store),
        2,
        "failing probes stay until their upstream is back"
    );
}

#[test]
fn a_still_world_changes_only_when_somebody_changes_it() {
    let mut cluster = Cluster::start_at(Pace::Still, fill_company, 0);
    let pods = |cluster: &Cluster| cluster.store.list(&PODS, None);
    // The scheduler has its say on the pod that fits nowhere.
    cluster.pass(60);
    let seen = pods(&cluster);
    cluster.pass(1800);
    let unseen: Vec<_> = pods(&cluster)
        .into_iter()
        .filter(|pod| seen.iter().all(|old| old.bytes != pod.bytes))
        .map(|pod| pod.name.clone())
        .collect();
    assert_eq!(unseen, []);
    assert_eq!(pods(&cluster).len(), seen.len());
    let invoicer =
        |pod: &&Arc<Object>| &*pod.namespace == "billing-prod" && pod.name.starts_with("invoicer");
    let old = seen.iter().find(invoicer).unwrap();
    cluster
        .store
        .delete(&PODS, &old.namespace, &old.name)
        .unwrap();
    cluster.pass(120);
    let all = pods(&cluster);
    let new = all.iter().find(invoicer).unwrap().value();
    assert!(
        int(&new, "/status/containerStatuses/0/restartCount") > Some(0),
        "what is new lives, and crashes as it always did"
    );
}

#[test]
fn what_somebody_makes_in_a_still_world_follows_time() {
    let mut cluster = Cluster::start_at(Pace::Still, fill_company, 0);
    let schedules = |cluster: &Cluster| cluster.store.list(&CRONJOBS, None);
    let old = schedules(&cluster);
    assert!(!old.is_empty());
    let template = json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "tick", "image": "alpine:3"}]}});
    cluster.create(
        &CRONJOBS,
        json!({
            "metadata": {"name": "tick", "namespace": "shop-prod"},
            "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}},
        }),
    );
    cluster.pass(150);
    let fired = |name: &str, ns: &str| {
        let cron = cluster.store.get(&CRONJOBS, ns, name).unwrap();
        cluster.store.owned(&JOBS, &cron.uid).len()
    };
    assert!(fired("tick", "shop-prod") >= 2);
    for cron in old {
        let now = cluster.store.get(&CRONJOBS, &cron.namespace, &cron.name);
        assert_eq!(now.unwrap().bytes, cron.bytes, "what was there rests");
    }
}

#[test]
fn the_scenario_is_the_same_for_a_seed() {
    let tell = || {
        let mut cluster = Cluster::company();
        let now = cluster.clock.now();
        scenario::begin(&mut cluster.controllers.context(now));
        cluster.pass(900);
        let pods = cluster.store.list(&PODS, None);
        pods.iter()
            .map(|pod| (pod.name.clone(), pod.uid.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(tell(), tell());
}

#[test]
fn churn_changes_as_many_pods_as_it_was_told() {
    let mut cluster = Cluster::start(fill_company, 500);
    cluster.pass(2);
    let before = cluster.store.revision();
    let mut changes = 0;
    let mut seen = before;
    cluster.watch(2, |store| {
        let new = store.changes_after(Some(&PODS), seen).unwrap();
        changes += new
            .iter()
            .filter(|change| change.verb == Verb::Modified)
            .count();
        seen = new.last().map_or(seen, |change| change.revision);
    });
    assert!((950..=1080).contains(&changes), "{changes}");
    let (namespace, name) = churn::STAMPED_POD;
    let stamped = cluster.store.get(&PODS, namespace, name).unwrap().value();
    let shown: i64 = text(&stamped, "/status/reason")
        .trim_start_matches('t')
        .parse()
        .unwrap();
    assert!((cluster.clock.now().as_millisecond() - shown).abs() <= 300);
}
