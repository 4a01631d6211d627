//! A test per rule of the table, and kubectl's STATUS.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]
#![expect(
    clippy::too_many_lines,
    reason = "a table of rules is read as one piece"
)]

use super::status::Status;
use super::workload::{Around, Pods};
use super::{Cause, Health, Tally, node, pod, workload};
use crate::domain::labels::LabelScheme;
use crate::domain::rows::{
    Condition, Container, Kind, Labels, Meta, Node, Pod, State, Terminated, Truth, Workload,
};
use crate::domain::text::Text;
use crate::domain::time::{Millis, Timestamp};

/// The present of these tests; pods are an hour old unless they say otherwise.
const NOW: Timestamp = Timestamp(100_000_000);

fn ago(seconds: i64) -> Timestamp {
    NOW.plus(Millis::seconds(-seconds))
}

fn running(name: &str) -> Container {
    Container {
        name: name.into(),
        image: format!("registry/{name}:1").into(),
        ready: true,
        started: true,
        state: State::Running {
            since: Some(ago(3600)),
        },
        ..Container::default()
    }
}

fn ended(code: i32, reason: &str, seconds: i64) -> Terminated {
    Terminated {
        reason: reason.into(),
        exit_code: code,
        finished: Some(ago(seconds)),
        ..Terminated::default()
    }
}

fn waiting(name: &str, reason: &str, message: &str) -> Container {
    Container {
        ready: false,
        started: false,
        state: State::Waiting {
            reason: reason.into(),
            message: message.into(),
        },
        ..running(name)
    }
}

fn terminated(name: &str, end: Terminated) -> Container {
    Container {
        ready: false,
        started: false,
        state: State::Terminated(Box::new(end)),
        ..running(name)
    }
}

fn restarted(name: &str, restarts: u32, end: Terminated) -> Container {
    Container {
        restarts,
        last: Some(Box::new(end)),
        ..running(name)
    }
}

fn crash_loop(name: &str, restarts: u32, end: Terminated) -> Container {
    Container {
        restarts,
        last: Some(Box::new(end)),
        ..waiting(name, "CrashLoopBackOff", "back-off 5m0s restarting")
    }
}

fn condition(kind: &str, status: Truth, reason: &str, seconds: i64) -> Condition {
    Condition {
        kind: kind.into(),
        status,
        reason: reason.into(),
        message: Text::default(),
        since: Some(ago(seconds)),
    }
}

fn with_message(condition: Condition, message: &str) -> Condition {
    Condition {
        message: message.into(),
        ..condition
    }
}

/// A pod whose readiness follows its containers.
fn a_pod(phase: &str, containers: Vec<Container>) -> Pod {
    let ready = !containers.is_empty() && containers.iter().all(|c| c.ready);
    let truth = if ready { Truth::True } else { Truth::False };
    Pod {
        meta: Meta {
            uid: "u".into(),
            namespace: "shop".into(),
            name: "web-1".into(),
            created: ago(3600),
            ..Meta::default()
        },
        node: "worker-1".into(),
        phase: phase.into(),
        conditions: [
            condition("PodScheduled", Truth::True, "", 3600),
            condition("Ready", truth, "", 180),
        ]
        .into(),
        containers: containers.into(),
        ..Pod::default()
    }
}

fn unscheduled(reason: &str, message: &str, seconds: i64) -> Pod {
    let condition = condition("PodScheduled", Truth::False, reason, seconds);
    Pod {
        node: Text::default(),
        conditions: [with_message(condition, message)].into(),
        ..a_pod("Pending", vec![Container::default()])
    }
}

fn judged(pod: &Pod) -> (Health, String) {
    let verdict = pod::judge(pod, None, NOW);
    let cause = verdict.cause.map(|cause| cause.sentence(NOW));
    (verdict.health, cause.unwrap_or_default())
}

fn deleted(pod: Pod, seconds: i64) -> Pod {
    let meta = Meta {
        deleted: Some(ago(seconds)),
        ..pod.meta
    };
    Pod { meta, ..pod }
}

#[test]
fn every_rule_for_pods() {
    let fresh_container = |seconds| Container {
        ready: false,
        state: State::Running {
            since: Some(ago(seconds)),
        },
        ..running("web")
    };
    let created = |seconds| {
        let mut pod = a_pod("Pending", vec![waiting("web", "ContainerCreating", "")]);
        pod.conditions = [condition("PodScheduled", Truth::True, "", seconds)].into();
        pod
    };
    let never_ready = |seconds| {
        let mut pod = a_pod("Running", vec![fresh_container(seconds)]);
        pod.conditions = [condition("Ready", Truth::False, "", seconds + 5)].into();
        pod
    };
    let cases: Vec<(&str, Pod, Health, &str)> = vec![
        (
            "P1",
            {
                let mut pod = a_pod("Running", vec![running("web")]);
                pod.meta.unreadable = Some("spec is not an object".into());
                pod
            },
            Health::Unknown,
            "cannot be read: spec is not an object",
        ),
        (
            "P2",
            deleted(a_pod("Running", vec![running("web")]), 300),
            Health::Degraded,
            "terminating 5 m",
        ),
        (
            "P3",
            deleted(a_pod("Running", vec![running("web")]), 10),
            Health::Progressing,
            "terminating 10 s",
        ),
        (
            "P4",
            a_pod(
                "Succeeded",
                vec![terminated("web", ended(0, "Completed", 9))],
            ),
            Health::Finished,
            "",
        ),
        (
            "P5 by exit",
            a_pod("Failed", vec![terminated("web", ended(1, "Error", 5))]),
            Health::Failing,
            "web: Error, exit 1, 5 s ago",
        ),
        (
            "P5 by reason",
            Pod {
                reason: "Evicted".into(),
                ..a_pod("Failed", vec![])
            },
            Health::Failing,
            "Evicted",
        ),
        (
            "P6",
            Pod {
                reason: "NodeLost".into(),
                ..a_pod("Running", vec![waiting("web", "", "")])
            },
            Health::Degraded,
            "node worker-1 not ready 3 m",
        ),
        (
            "P7",
            a_pod(
                "Running",
                vec![crash_loop("invoicer", 7, ended(2, "Error", 12))],
            ),
            Health::Failing,
            "invoicer: CrashLoopBackOff, exit 2, 7 restarts, last 12 s ago",
        ),
        (
            "P7 for memory",
            a_pod(
                "Running",
                vec![crash_loop("invoicer", 1, ended(137, "OOMKilled", 12))],
            ),
            Health::Failing,
            "invoicer: CrashLoopBackOff, OOMKilled, exit 137, 1 restart, last 12 s ago",
        ),
        (
            "P8",
            a_pod(
                "Pending",
                vec![waiting("ranker", "ErrImagePull", "rpc error: not found")],
            ),
            Health::Failing,
            "ranker: image registry/ranker:1 not found",
        ),
        (
            "P8 without a detail",
            a_pod(
                "Pending",
                vec![waiting(
                    "ranker",
                    "ImagePullBackOff",
                    "Back-off pulling image \"x\"",
                )],
            ),
            Health::Failing,
            "ranker: image registry/ranker:1 cannot be pulled",
        ),
        (
            "P9",
            a_pod(
                "Pending",
                vec![waiting(
                    "web",
                    "CreateContainerConfigError",
                    "secret \"db\" not found",
                )],
            ),
            Health::Failing,
            "web: CreateContainerConfigError: secret \"db\" not found",
        ),
        (
            "P10",
            a_pod(
                "Running",
                vec![running("web"), terminated("proxy", ended(3, "Error", 4))],
            ),
            Health::Failing,
            "proxy: Error, exit 3, 4 s ago",
        ),
        (
            "P11",
            unscheduled(
                "Unschedulable",
                "0/1 nodes are available: 1 Insufficient cpu.",
                240,
            ),
            Health::Failing,
            "unschedulable 4 m: 1 node: insufficient cpu",
        ),
        (
            "P12",
            unscheduled("Unschedulable", "", 20),
            Health::Progressing,
            "unschedulable 20 s",
        ),
        (
            "P12 gated",
            unscheduled("SchedulingGated", "", 240),
            Health::Progressing,
            "held by a scheduling gate",
        ),
        (
            "P13",
            a_pod(
                "Running",
                vec![restarted("web", 1, ended(137, "OOMKilled", 180))],
            ),
            Health::Degraded,
            "web: OOMKilled, exit 137, 1 restart, last 3 m ago",
        ),
        (
            "P14",
            a_pod("Running", vec![restarted("web", 3, ended(2, "Error", 30))]),
            Health::Degraded,
            "web: restarted, exit 2, 3 restarts, last 30 s ago",
        ),
        (
            "P15",
            created(20),
            Health::Progressing,
            "ContainerCreating 20 s",
        ),
        (
            "P16",
            created(400),
            Health::Degraded,
            "ContainerCreating 6 m",
        ),
        ("P17", never_ready(20), Health::Progressing, "starting 20 s"),
        (
            "P18 for long",
            never_ready(180),
            Health::Degraded,
            "web: not ready 3 m",
        ),
        (
            "P18 lost",
            a_pod(
                "Running",
                vec![Container {
                    ready: false,
                    ..running("web")
                }],
            ),
            Health::Degraded,
            "web: not ready 3 m",
        ),
        (
            "P18 by a gate",
            Pod {
                readiness_gates: (0, 1),
                conditions: [condition("Ready", Truth::False, "", 180)].into(),
                ..a_pod("Running", vec![running("web")])
            },
            Health::Degraded,
            "not ready 3 m, 1 readiness gate not true",
        ),
        (
            "P19",
            a_pod("Running", vec![running("web")]),
            Health::Healthy,
            "",
        ),
        (
            "P19 after a crash long ago",
            a_pod("Running", vec![restarted("web", 9, ended(2, "Error", 700))]),
            Health::Healthy,
            "",
        ),
        (
            "P19 after one crash",
            a_pod("Running", vec![restarted("web", 1, ended(2, "Error", 7))]),
            Health::Healthy,
            "",
        ),
        ("P20", a_pod("", vec![]), Health::Unknown, ""),
    ];
    for (rule, pod, health, cause) in cases {
        assert_eq!(judged(&pod), (health, cause.to_owned()), "{rule}");
    }
}

#[test]
fn a_node_that_is_down_takes_its_pods_with_it() {
    let verdict = pod::judge(&a_pod("Running", vec![running("web")]), Some(ago(60)), NOW);
    assert_eq!(verdict.health, Health::Degraded);
    assert_eq!(
        verdict.cause.unwrap().sentence(NOW),
        "node worker-1 not ready 1 m"
    );
}

#[test]
fn a_verdict_says_until_when_it_holds() {
    let mut crashed = a_pod("Running", vec![restarted("web", 3, ended(2, "Error", 30))]);
    let verdict = pod::judge(&crashed, None, NOW);
    let until = verdict.until.unwrap();
    assert_eq!(until, ago(30).plus(pod::CRASH_MEMORY));
    let just_before = until.plus(Millis(-1));
    assert_eq!(
        pod::judge(&crashed, None, just_before).health,
        Health::Degraded
    );
    assert_eq!(pod::judge(&crashed, None, until).health, Health::Healthy);
    crashed.meta.deleted = Some(NOW);
    let stuck = pod::judge(&crashed, None, NOW).until.unwrap();
    assert_eq!(pod::judge(&crashed, None, stuck).health, Health::Degraded);
}

#[test]
fn status_is_kubectls() {
    let init = |containers: Vec<Container>, main: Vec<Container>| Pod {
        init_containers: containers.into(),
        ..a_pod("Pending", main)
    };
    let sidecar = |container: Container| Container {
        sidecar: true,
        ..container
    };
    let pending = || vec![waiting("web", "PodInitializing", "")];
    let done = || terminated("setup", ended(0, "Completed", 9));
    let placed = |place, container: Container| Container { place, ..container };
    let with = |mut pod: Pod, condition: Condition| {
        pod.conditions = pod.conditions.iter().cloned().chain([condition]).collect();
        pod
    };
    let cases: Vec<(&str, Pod, &str, &str)> = vec![
        (
            "runs",
            a_pod("Running", vec![running("a"), running("b")]),
            "Running",
            "2/2",
        ),
        (
            "one is not ready",
            a_pod("Running", vec![running("a"), waiting("b", "", "")]),
            "Running",
            "1/2",
        ),
        (
            "no status yet",
            a_pod("Pending", vec![Container::default()]),
            "Pending",
            "0/1",
        ),
        (
            "no status and init containers",
            init(vec![Container::default()], vec![Container::default()]),
            "Pending",
            "0/1",
        ),
        (
            "gated",
            unscheduled("SchedulingGated", "", 9),
            "SchedulingGated",
            "0/1",
        ),
        (
            "waits",
            a_pod("Pending", vec![waiting("a", "ContainerCreating", "")]),
            "ContainerCreating",
            "0/1",
        ),
        (
            "crash loop",
            a_pod("Running", vec![crash_loop("a", 3, ended(1, "Error", 3))]),
            "CrashLoopBackOff",
            "0/1",
        ),
        (
            "the first status speaks",
            a_pod(
                "Running",
                vec![
                    placed(1, waiting("a", "ImagePullBackOff", "")),
                    placed(0, crash_loop("b", 3, ended(1, "Error", 3))),
                ],
            ),
            "CrashLoopBackOff",
            "0/2",
        ),
        (
            "ended by signal",
            a_pod(
                "Running",
                vec![terminated(
                    "a",
                    Terminated {
                        signal: 9,
                        ..ended(137, "", 3)
                    },
                )],
            ),
            "Signal:9",
            "0/1",
        ),
        (
            "ended without reason",
            a_pod("Running", vec![terminated("a", ended(3, "", 3))]),
            "ExitCode:3",
            "0/1",
        ),
        (
            "killed for memory",
            a_pod("Failed", vec![terminated("a", ended(137, "OOMKilled", 3))]),
            "OOMKilled",
            "0/1",
        ),
        (
            "completed",
            a_pod("Succeeded", vec![terminated("a", ended(0, "Completed", 3))]),
            "Completed",
            "0/1",
        ),
        (
            "evicted",
            Pod {
                reason: "Evicted".into(),
                ..a_pod("Failed", vec![])
            },
            "Evicted",
            "0/0",
        ),
        (
            "one done, one runs",
            a_pod(
                "Running",
                vec![terminated("a", ended(0, "Completed", 3)), running("b")],
            ),
            "NotReady",
            "1/2",
        ),
        (
            "one done, one runs, ready",
            {
                let mut pod = a_pod(
                    "Running",
                    vec![terminated("a", ended(0, "Completed", 3)), running("b")],
                );
                pod.conditions = [condition("Ready", Truth::True, "", 3)].into();
                pod
            },
            "Running",
            "1/2",
        ),
        (
            "init runs",
            init(vec![done(), running("b")], pending()),
            "Init:1/2",
            "0/1",
        ),
        (
            "init waits for its turn",
            init(vec![waiting("a", "PodInitializing", "")], pending()),
            "Init:0/1",
            "0/1",
        ),
        (
            "init crash loop",
            init(vec![crash_loop("a", 2, ended(1, "Error", 3))], pending()),
            "Init:CrashLoopBackOff",
            "0/1",
        ),
        (
            "init error",
            init(vec![terminated("a", ended(1, "Error", 3))], pending()),
            "Init:Error",
            "0/1",
        ),
        (
            "init exit code",
            init(vec![terminated("a", ended(1, "", 3))], pending()),
            "Init:ExitCode:1",
            "0/1",
        ),
        (
            "init signal",
            init(
                vec![terminated(
                    "a",
                    Terminated {
                        signal: 9,
                        ..ended(137, "", 3)
                    },
                )],
                pending(),
            ),
            "Init:Signal:9",
            "0/1",
        ),
        (
            "init done",
            init(vec![done()], pending()),
            "PodInitializing",
            "0/1",
        ),
        (
            "sidecar up, init done",
            init(vec![sidecar(running("s")), done()], pending()),
            "PodInitializing",
            "1/2",
        ),
        (
            "sidecar starts",
            init(
                vec![sidecar(waiting("s", "ContainerCreating", ""))],
                pending(),
            ),
            "Init:ContainerCreating",
            "0/2",
        ),
        (
            "sidecar not started",
            init(
                vec![sidecar(Container {
                    started: false,
                    ready: false,
                    ..running("s")
                })],
                pending(),
            ),
            "Init:0/1",
            "0/2",
        ),
        (
            "all up with a sidecar",
            init(vec![sidecar(running("s"))], vec![running("a")]),
            "Pending",
            "2/2",
        ),
        (
            "sidecar crashes beside running containers",
            with(
                Pod {
                    phase: "Running".into(),
                    ..init(
                        vec![sidecar(crash_loop("s", 4, ended(1, "Error", 3)))],
                        vec![running("a")],
                    )
                },
                condition("Initialized", Truth::True, "", 60),
            ),
            "Init:CrashLoopBackOff",
            "1/2",
        ),
        (
            "terminating",
            deleted(a_pod("Running", vec![running("a")]), 3),
            "Terminating",
            "1/1",
        ),
        (
            "ended and deleted",
            deleted(
                a_pod("Succeeded", vec![terminated("a", ended(0, "Completed", 3))]),
                3,
            ),
            "Completed",
            "0/1",
        ),
        (
            "node lost",
            Pod {
                reason: "NodeLost".into(),
                ..deleted(a_pod("Running", vec![running("a")]), 3)
            },
            "Unknown",
            "1/1",
        ),
    ];
    for (what, pod, word, ready) in cases {
        let status = Status::of(&pod);
        let shown = (
            status.word.to_string(),
            format!("{}/{}", status.ready, status.total),
        );
        assert_eq!(shown, (word.to_owned(), ready.to_owned()), "{what}");
    }
}

#[test]
fn restarts_are_kubectls() {
    let of = |pod: &Pod| Status::of(pod).restarts_text(NOW);
    let two = a_pod(
        "Running",
        vec![
            restarted("a", 3, ended(1, "Error", 700)),
            restarted("b", 4, ended(1, "Error", 12)),
        ],
    );
    assert_eq!(of(&two), "7 (12s ago)");
    let init = Pod {
        init_containers: [restarted("setup", 2, ended(1, "Error", 60))].into(),
        ..a_pod("Pending", vec![waiting("web", "PodInitializing", "")])
    };
    assert_eq!(
        of(&init),
        "2 (60s ago)",
        "while it initialises, restarts of init containers count"
    );
    let mut done = init.clone();
    done.init_containers[0].state = State::Terminated(Box::new(ended(0, "Completed", 9)));
    assert_eq!(of(&done), "0", "afterwards they do not");
    done.init_containers[0].sidecar = true;
    assert_eq!(of(&done), "2 (60s ago)", "those of sidecars always do");
}

fn a_workload(kind: Kind, desired: u32) -> Workload {
    Workload {
        kind,
        meta: Meta {
            uid: "w".into(),
            namespace: "shop".into(),
            name: "web".into(),
            created: ago(3600),
            ..Meta::default()
        },
        desired,
        current: desired,
        ready: desired,
        updated: desired,
        available: desired,
        failed: 0,
        paused: false,
        unobserved: false,
        revision: "2".into(),
        template_labels: Labels::default(),
        images: [("web".into(), "registry/shop/web:1.4.3".into())].into(),
        schedule: Text::default(),
        last_time: None,
        started: None,
        conditions: Box::default(),
    }
}

fn replica_set(revision: &str, image: &str, current: u32, seconds: i64) -> Workload {
    Workload {
        meta: Meta {
            name: format!("web-{revision}").into(),
            created: ago(seconds),
            ..Meta::default()
        },
        current,
        revision: revision.into(),
        images: [("web".into(), image.into())].into(),
        ..a_workload(Kind::ReplicaSet, current)
    }
}

fn judged_workload(
    row: Option<&Workload>,
    pods: &Pods,
    children: &[&Workload],
) -> (Health, String) {
    let scheme = LabelScheme::default();
    let name = Text::new("web");
    let around = Around {
        name: &name,
        children,
        rolled: None,
        scheme: &scheme,
    };
    let (health, cause) = workload::judge(row, pods, around);
    (health, cause.map(|c| c.sentence(NOW)).unwrap_or_default())
}

/// So many pods, all but the given ones healthy, the worst of them as judged.
fn pods_with(total: u32, bad: &[&Pod]) -> Pods {
    let mut pods = Pods {
        total,
        ..Pods::default()
    };
    for pod in bad {
        let verdict = pod::judge(pod, None, NOW);
        pods.alive.add(verdict.health);
        let cause = verdict.cause.unwrap();
        if pods.worst.as_ref().is_none_or(|(h, _)| verdict.health < *h) {
            pods.worst = Some((verdict.health, cause));
        }
    }
    let well = total - pods.alive.total();
    pods.alive.0[Health::Healthy as usize] += well;
    pods.ready = well;
    pods
}

#[test]
fn every_rule_for_replicated_workloads() {
    let deployment = |change: fn(&mut Workload)| {
        let mut row = a_workload(Kind::Deployment, 3);
        change(&mut row);
        row
    };
    let well = pods_with(3, &[]);
    let not_ready = a_pod(
        "Running",
        vec![Container {
            ready: false,
            ..running("web")
        }],
    );
    let crashing = a_pod("Running", vec![crash_loop("web", 7, ended(2, "Error", 12))]);
    let rolling = |row: &mut Workload| (row.updated, row.ready) = (2, 2);
    let cases: Vec<(&str, Workload, Pods, Health, &str)> = vec![
        (
            "W1",
            deployment(|row| row.meta.unreadable = Some("no spec".into())),
            well.clone(),
            Health::Unknown,
            "web: cannot be read: no spec",
        ),
        (
            "W2",
            deployment(|row| {
                row.updated = 1;
                row.conditions = [condition(
                    "Progressing",
                    Truth::False,
                    "ProgressDeadlineExceeded",
                    60,
                )]
                .into();
            }),
            well.clone(),
            Health::Failing,
            "web: no progress: 1 of 3 updated, rollout 1.4.2 → 1.4.3 for 40 s",
        ),
        (
            "W3",
            deployment(|row| {
                let failure = condition("ReplicaFailure", Truth::True, "FailedCreate", 60);
                row.conditions = [with_message(
                    failure,
                    "pods \"web\" is forbidden: exceeded quota: compute.",
                )]
                .into();
            }),
            well.clone(),
            Health::Failing,
            "web: FailedCreate: pods \"web\" is forbidden: exceeded quota: compute",
        ),
        (
            "W4",
            a_workload(Kind::Deployment, 0),
            Pods::default(),
            Health::Healthy,
            "web: scaled to 0",
        ),
        (
            "W5",
            deployment(rolling),
            well.clone(),
            Health::Progressing,
            "web: 2 of 3 updated, rollout 1.4.2 → 1.4.3 for 40 s",
        ),
        (
            "W5 paused",
            deployment(|row| (row.updated, row.paused) = (1, true)),
            well.clone(),
            Health::Progressing,
            "web: 1 of 3 updated, rollout paused 1.4.2 → 1.4.3 for 40 s",
        ),
        (
            "W5 before a bad pod of the old version",
            deployment(rolling),
            pods_with(3, &[&crashing]),
            Health::Failing,
            "web: CrashLoopBackOff, exit 2, 7 restarts, last 12 s ago",
        ),
        (
            "W6",
            deployment(|row| (row.current, row.updated, row.ready) = (1, 1, 1)),
            pods_with(1, &[]),
            Health::Progressing,
            // A Deployment that has fewer pods of its template than wanted is rolling.
            "web: 1 of 3 updated, rollout 1.4.2 → 1.4.3 for 40 s",
        ),
        (
            "W7",
            deployment(|row| row.ready = 1),
            Pods::default(),
            Health::Degraded,
            "web: 1 of 3 ready",
        ),
        (
            "W13",
            deployment(|row| row.ready = 0),
            pods_with(2, &[&not_ready, &not_ready]),
            Health::Failing,
            "web: all 2 pods not ready 3 m",
        ),
        (
            "not W13: one is left",
            deployment(|row| row.ready = 1),
            pods_with(3, &[&not_ready, &not_ready]),
            Health::Degraded,
            "web: 2 pods not ready 3 m",
        ),
        ("W14", deployment(|_| {}), well.clone(), Health::Healthy, ""),
    ];
    let old = replica_set("1", "registry/shop/web:1.4.2", 1, 9_000);
    let new = replica_set("2", "registry/shop/web:1.4.3", 2, 40);
    for (rule, row, pods, health, cause) in cases {
        let judged = judged_workload(Some(&row), &pods, &[&old, &new]);
        assert_eq!(judged, (health, cause.to_owned()), "{rule}");
    }
}

#[test]
fn a_stateful_set_with_fewer_pods_is_on_its_way() {
    let mut row = a_workload(Kind::StatefulSet, 3);
    (row.current, row.ready, row.updated) = (1, 1, 1);
    let judged = judged_workload(Some(&row), &pods_with(1, &[]), &[]);
    assert_eq!(
        judged,
        (Health::Progressing, "web: 1 of 3 ready".to_owned())
    );
    // `OnDelete`: pods of the old template may stay for good.
    (row.current, row.ready, row.updated) = (3, 3, 0);
    assert_eq!(
        judged_workload(Some(&row), &pods_with(3, &[]), &[]).0,
        Health::Healthy
    );
    row.ready = 2;
    assert_eq!(
        judged_workload(Some(&row), &pods_with(3, &[]), &[]).0,
        Health::Progressing
    );
}

#[test]
fn every_rule_for_jobs() {
    let job = |change: fn(&mut Workload)| {
        let mut row = a_workload(Kind::Job, 1);
        (row.ready, row.current) = (0, 0);
        change(&mut row);
        row
    };
    let pods = Pods {
        exit_code: Some(3),
        ..Pods::default()
    };
    let failed = |row: &mut Workload| {
        row.conditions = [condition(
            "Failed",
            Truth::True,
            "BackoffLimitExceeded",
            300,
        )]
        .into();
    };
    let complete = |row: &mut Workload| {
        row.conditions = [condition("Complete", Truth::True, "", 300)].into();
    };
    let cases: Vec<(&str, Workload, Health, &str)> = vec![
        (
            "W8",
            job(failed),
            Health::Failing,
            "web: job failed, BackoffLimitExceeded, exit 3, 5 m ago",
        ),
        ("W9", job(complete), Health::Finished, ""),
        (
            "W10",
            job(|row| row.paused = true),
            Health::Progressing,
            "web: suspended",
        ),
        (
            "W11",
            job(|row| row.failed = 2),
            Health::Degraded,
            "web: 2 attempts failed, exit 3",
        ),
        ("W14", job(|_| {}), Health::Healthy, ""),
    ];
    for (rule, row, health, cause) in cases {
        assert_eq!(
            judged_workload(Some(&row), &pods, &[]),
            (health, cause.to_owned()),
            "{rule}"
        );
    }
    // W12: the youngest that is over decides; one that runs says nothing yet.
    let named = |mut row: Workload, name: &str, seconds| {
        (row.meta.name, row.meta.created) = (name.into(), ago(seconds));
        row
    };
    let cron = a_workload(Kind::CronJob, 0);
    let (bad, good, active) = (
        named(job(failed), "web-1", 600),
        named(job(complete), "web-2", 900),
        named(job(|_| {}), "web-3", 5),
    );
    let judged = judged_workload(Some(&cron), &pods, &[&good, &bad, &active]);
    let sentence = "web: job web-1 failed, BackoffLimitExceeded, exit 3, 5 m ago";
    assert_eq!(judged, (Health::Failing, sentence.to_owned()), "W12");
    let good = named(good, "web-2", 300);
    assert_eq!(
        judged_workload(Some(&cron), &pods, &[&good, &bad, &active]).0,
        Health::Healthy
    );
}

#[test]
fn without_a_row_the_pods_decide() {
    let judged = |health, gone: bool| {
        let mut pods = Pods::default();
        if gone {
            &mut pods.gone
        } else {
            &mut pods.alive
        }
        .add(health);
        judged_workload(None, &pods, &[]).0
    };
    assert_eq!(judged(Health::Healthy, false), Health::Healthy, "W15");
    assert_eq!(judged(Health::Finished, true), Health::Finished, "W15");
    assert_eq!(judged(Health::Failing, true), Health::Failing, "W15");
    assert_eq!(
        judged_workload(None, &Pods::default(), &[]).0,
        Health::Unknown,
        "W15"
    );
}

#[test]
fn every_rule_for_nodes() {
    let a_node = |conditions: Vec<Condition>, cordoned| Node {
        meta: Meta {
            name: "worker-1".into(),
            ..Meta::default()
        },
        cordoned,
        conditions: conditions.into(),
        ..Node::default()
    };
    let ready = || condition("Ready", Truth::True, "KubeletReady", 3600);
    let down = with_message(
        condition("Ready", Truth::Unknown, "NodeStatusUnknown", 180),
        "Kubelet stopped posting node status.",
    );
    let cases = [
        (
            "N2",
            a_node(vec![down], false),
            Health::Failing,
            "not ready 3 m: Kubelet stopped posting node status",
            "NotReady",
        ),
        (
            "N2 without a word",
            a_node(vec![], false),
            Health::Failing,
            "not ready",
            "Unknown",
        ),
        (
            "N3",
            a_node(
                vec![
                    ready(),
                    condition("DiskPressure", Truth::True, "", 9),
                    condition("MemoryPressure", Truth::True, "", 9),
                ],
                false,
            ),
            Health::Degraded,
            "MemoryPressure, DiskPressure",
            "Ready",
        ),
        (
            "N4",
            a_node(vec![ready()], true),
            Health::Degraded,
            "cordoned",
            "Ready,SchedulingDisabled",
        ),
        (
            "N5",
            a_node(vec![ready()], false),
            Health::Healthy,
            "",
            "Ready",
        ),
    ];
    for (rule, row, health, cause, status) in cases {
        let (found, why) = node::judge(&row);
        let why = why.map(|c: Cause| c.sentence(NOW)).unwrap_or_default();
        assert_eq!(
            (found, why.as_str(), node::status(&row).as_str()),
            (health, cause, status),
            "{rule}"
        );
    }
    let mut unreadable = a_node(vec![], false);
    unreadable.meta.unreadable = Some("x".into());
    assert_eq!(node::judge(&unreadable).0, Health::Unknown, "N1");
}

#[test]
fn a_cause_names_the_workload_and_the_container_once() {
    let sentence = |workload: &str, container: &str| {
        let pod = a_pod(
            "Running",
            vec![crash_loop(container, 7, ended(2, "Error", 12))],
        );
        let cause = pod::judge(&pod, None, NOW).cause.unwrap();
        let sentence = cause.lifted(&workload.into(), 1, 1).sentence(NOW);
        sentence.split_once(':').unwrap().0.to_owned()
    };
    assert_eq!(sentence("invoicer", "invoicer"), "invoicer");
    assert_eq!(sentence("billing-invoicer", "invoicer"), "billing-invoicer");
    assert_eq!(sentence("web", "proxy"), "web/proxy");
    assert_eq!(sentence("overweb", "web"), "overweb/web");
}

#[test]
fn the_worst_child_decides_and_unknown_does_not_hide_it() {
    use Health::{Degraded, Failing, Finished, Healthy, Unknown};
    let health = |healths: &[Health]| {
        let mut tally = Tally::default();
        for &health in healths {
            tally.add(health);
        }
        tally.health()
    };
    assert_eq!(health(&[]), Unknown);
    assert_eq!(health(&[Healthy, Finished]), Healthy);
    assert_eq!(health(&[Healthy, Unknown]), Unknown);
    assert_eq!(health(&[Unknown, Degraded]), Degraded);
    assert_eq!(health(&[Degraded, Failing, Healthy]), Failing);
    let mut sorted = [Healthy, Failing, Unknown, Degraded];
    sorted.sort();
    assert_eq!(
        sorted,
        [Failing, Degraded, Healthy, Unknown],
        "lists show what is known to be bad first"
    );
}

#[test]
fn versions_are_read_from_tags() {
    let cases = [
        ("registry:5000/shop/web:1.4.3", "1.4.3"),
        ("registry:5000/shop/web", ""),
        ("web@sha256:0123456789abcdef", "0123456789ab"),
        ("web:2@sha256:0123456789abcdef", "2"),
        ("", ""),
    ];
    for (image, tag) in cases {
        assert_eq!(workload::tag(image), tag, "{image}");
    }
}
