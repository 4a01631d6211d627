//! A small company on a cluster: what the snapshots are drawn from. Nothing here is random, and
//! every age is counted from [`NOW`].

use crate::domain::feed::{Batch, Change, Scope};
use crate::domain::rows::{
    Condition, Container, Kind, Labels, Meta, Namespace, Node, Owner, Pod, Row, State, Terminated,
    Truth, Workload,
};
use crate::domain::text::Text;
use crate::domain::time::{Millis, Timestamp};

/// 2026-11-23 10:00:00 UTC.
pub const NOW: Timestamp = Timestamp(1_795_428_000_000);

/// So many seconds before [`NOW`].
pub fn ago(seconds: i64) -> Timestamp {
    NOW.plus(Millis(-seconds * 1000))
}

const DAY: i64 = 86_400;

/// How the last pods of a workload are.
#[derive(Clone, Copy, PartialEq)]
pub enum Mood {
    Well,
    Crash,
    OutOfMemory,
    NoImage,
    Unschedulable,
    NotReady,
}

/// A workload and where it belongs.
struct Place {
    project: &'static str,
    department: &'static str,
    owner: &'static str,
    environment: &'static str,
    workload: &'static str,
    version: &'static str,
    replicas: u32,
    mood: Mood,
}

const fn place(
    [project, department, owner, environment, workload, version]: [&'static str; 6],
    replicas: u32,
    mood: Mood,
) -> Place {
    Place {
        project,
        department,
        owner,
        environment,
        workload,
        version,
        replicas,
        mood,
    }
}

const COMPANY: &[Place] = &[
    place(
        ["billing", "finance", "bob", "prod", "invoicer", "3.1.1"],
        3,
        Mood::Crash,
    ),
    place(
        ["billing", "finance", "bob", "prod", "api", "3.1.1"],
        4,
        Mood::Well,
    ),
    place(
        ["billing", "finance", "bob", "dev", "api", "3.2.0-rc1"],
        2,
        Mood::Well,
    ),
    place(
        ["search", "platform", "carol", "prod", "ranker", "0.9.1"],
        2,
        Mood::NoImage,
    ),
    place(
        ["search", "platform", "carol", "prod", "indexer", "0.9.0"],
        5,
        Mood::Well,
    ),
    place(
        ["checkout", "retail", "alice", "prod", "api", "7.4.2"],
        6,
        Mood::NotReady,
    ),
    place(
        ["checkout", "retail", "alice", "staging", "api", "7.5.0"],
        2,
        Mood::Well,
    ),
    place(
        ["forecast", "data", "dmitri", "prod", "trainer", "2.0.0"],
        1,
        Mood::Unschedulable,
    ),
    place(
        ["forecast", "data", "dmitri", "prod", "server", "2.0.0"],
        3,
        Mood::OutOfMemory,
    ),
    place(
        ["shop", "retail", "alice", "prod", "web", "1.4.3"],
        8,
        Mood::Well,
    ),
    place(
        ["shop", "retail", "alice", "staging", "web", "1.4.3"],
        2,
        Mood::Well,
    ),
    place(
        ["shop", "retail", "alice", "dev", "web", "1.5.0-dev"],
        1,
        Mood::Well,
    ),
    place(
        ["accounts", "finance", "bob", "prod", "ledger", "5.0.4"],
        4,
        Mood::Well,
    ),
    place(
        ["accounts", "finance", "bob", "dev", "ledger", "5.1.0"],
        1,
        Mood::Well,
    ),
    place(
        ["mail", "platform", "erin", "prod", "relay", "11.2"],
        3,
        Mood::Well,
    ),
    place(["", "", "", "legacy", "cron-box", "old"], 2, Mood::Well),
];

fn labels(pairs: &[(&str, &str)]) -> Labels {
    let mut pairs: Vec<(Text, Text)> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| (Text::new(key), Text::new(value)))
        .collect();
    pairs.sort();
    Labels(pairs.into())
}

fn meta(uid: &str, namespace: &str, name: &str, created: Timestamp, labels: Labels) -> Meta {
    Meta {
        uid: uid.into(),
        namespace: namespace.into(),
        name: name.into(),
        created,
        labels,
        ..Meta::default()
    }
}

fn owner(kind: &str, name: &str) -> Owner {
    Owner {
        kind: kind.into(),
        name: name.into(),
        uid: name.into(),
    }
}

fn condition(kind: &str, good: bool, reason: &str, message: &str, since: Timestamp) -> Condition {
    Condition {
        kind: kind.into(),
        status: if good { Truth::True } else { Truth::False },
        reason: reason.into(),
        message: message.into(),
        since: Some(since),
    }
}

impl Place {
    fn namespace(&self) -> String {
        if self.project.is_empty() {
            self.environment.to_owned()
        } else {
            format!("{}-{}", self.project, self.environment)
        }
    }

    fn labels(&self, hash: &str) -> Labels {
        let release = if self.project.is_empty() {
            String::new()
        } else {
            self.namespace()
        };
        let given = |value: &'static str| if self.project.is_empty() { "" } else { value };
        labels(&[
            ("app.kubernetes.io/part-of", self.project),
            ("app.kubernetes.io/instance", &release),
            ("app.kubernetes.io/name", given(self.workload)),
            ("app.kubernetes.io/version", given(self.version)),
            ("quarterdeck.io/department", self.department),
            ("quarterdeck.io/owner", self.owner),
            ("quarterdeck.io/environment", given(self.environment)),
            ("pod-template-hash", hash),
        ])
    }

    fn image(&self) -> Text {
        let project = if self.project.is_empty() {
            "legacy"
        } else {
            self.project
        };
        Text::new(&format!(
            "registry.local/{project}/{}:{}",
            self.workload, self.version
        ))
    }

    fn hash(&self) -> String {
        let sum: u32 = self
            .namespace()
            .bytes()
            .chain(self.workload.bytes())
            .map(u32::from)
            .sum();
        format!("{:x}b{sum}", 0x6c4 + sum)
    }

    fn sick(&self) -> u32 {
        match self.mood {
            Mood::Well => 0,
            Mood::NotReady | Mood::NoImage => 2,
            _ => 1,
        }
    }

    fn workload(&self) -> Workload {
        let ready = self.replicas - self.sick();
        let changed = if self.mood == Mood::Well {
            3 * DAY
        } else {
            1200
        };
        Workload {
            kind: Kind::Deployment,
            meta: meta(
                self.workload,
                &self.namespace(),
                self.workload,
                ago(40 * DAY),
                self.labels(""),
            ),
            desired: self.replicas,
            current: self.replicas,
            ready,
            updated: self.replicas,
            available: ready,
            failed: 0,
            paused: false,
            unobserved: false,
            revision: "7".into(),
            template_labels: self.labels(""),
            images: Box::new([(self.workload.into(), self.image())]),
            schedule: Text::default(),
            last_time: None,
            started: None,
            conditions: Box::new([condition("Available", ready > 0, "", "", ago(changed))]),
        }
    }

    fn replica_set(&self) -> Workload {
        let name = format!("{}-{}", self.workload, self.hash());
        let mut set = self.workload();
        set.kind = Kind::ReplicaSet;
        let age = if self.mood == Mood::Well {
            3 * DAY
        } else {
            1200
        };
        set.meta = meta(
            &name,
            &self.namespace(),
            &name,
            ago(age),
            self.labels(&self.hash()),
        );
        set.meta.owner = Some(owner("Deployment", self.workload));
        set
    }

    fn pod(&self, n: u32) -> Pod {
        let set = format!("{}-{}", self.workload, self.hash());
        let name = format!(
            "{set}-{}",
            [
                "x7kq2", "m4mbg", "8gs8p", "5jmkz", "t2vbn", "qw9rd", "c6hhl", "zz4fp"
            ][n as usize % 8]
        );
        let mood = if n < self.sick() {
            self.mood
        } else {
            Mood::Well
        };
        let mut pod = Pod {
            meta: meta(
                &name,
                &self.namespace(),
                &name,
                ago(1200 + 3600 * i64::from(n)),
                self.labels(&self.hash()),
            ),
            node: Text::new(&format!("worker-{}", 1 + n % 3)),
            phase: "Running".into(),
            ip: Text::new(&format!("10.42.{}.{}", 1 + n % 3, 10 + n)),
            conditions: Box::new([condition("Ready", mood == Mood::Well, "", "", ago(180))]),
            containers: Box::new([self.container(mood)]),
            ..Pod::default()
        };
        pod.meta.owner = Some(owner("ReplicaSet", &set));
        match mood {
            Mood::NoImage => pod.phase = "Pending".into(),
            Mood::Unschedulable => {
                pod.phase = "Pending".into();
                pod.node = Text::default();
                pod.ip = Text::default();
                pod.containers[0].state = State::Unknown;
                pod.conditions = Box::new([condition(
                    "PodScheduled",
                    false,
                    "Unschedulable",
                    "0/3 nodes are available: 3 Insufficient memory.",
                    ago(240),
                )]);
            }
            _ => {}
        }
        pod
    }

    fn container(&self, mood: Mood) -> Container {
        let end = |reason: &str, code: i32, at: i64| {
            Box::new(Terminated {
                reason: reason.into(),
                exit_code: code,
                started: Some(ago(at + 5)),
                finished: Some(ago(at)),
                ..Terminated::default()
            })
        };
        let mut container = Container {
            name: self.workload.into(),
            image: self.image(),
            ready: mood == Mood::Well,
            started: true,
            state: State::Running {
                since: Some(ago(1180)),
            },
            ..Container::default()
        };
        let waiting = |reason: &str, message: &str| State::Waiting {
            reason: reason.into(),
            message: message.into(),
        };
        match mood {
            Mood::Crash => {
                container.state = waiting(
                    "CrashLoopBackOff",
                    "back-off 5m0s restarting failed container",
                );
                container.last = Some(end("Error", 2, 12));
                container.restarts = 7;
            }
            Mood::OutOfMemory => {
                container.state = State::Running {
                    since: Some(ago(40)),
                };
                container.last = Some(end("OOMKilled", 137, 45));
                container.restarts = 3;
            }
            Mood::NoImage => {
                let message = format!("failed to pull image \"{}\": not found", self.image());
                container.state = waiting("ImagePullBackOff", &message);
            }
            _ => {}
        }
        container
    }
}

fn put(rows: impl IntoIterator<Item = Row>) -> Vec<Change> {
    let rows = rows.into_iter().map(|row| Change::Put(Box::new(row)));
    std::iter::once(Change::Begin)
        .chain(rows)
        .chain([Change::Complete])
        .collect()
}

fn batch(kind: Kind, rows: impl IntoIterator<Item = Row>) -> Batch {
    Batch {
        kind,
        scope: Scope::ALL,
        changes: put(rows),
    }
}

fn node(n: u32) -> Row {
    let name = format!("worker-{n}");
    let cordoned = n == 3;
    Row::Node(Node {
        meta: meta(
            &name,
            "",
            &name,
            ago(90 * DAY),
            labels(&[("kubernetes.io/arch", "amd64")]),
        ),
        cordoned,
        roles: "<none>".into(),
        version: "v1.33.4".into(),
        internal_ip: Text::new(&format!("10.0.0.{}", 10 + n)),
        os_image: "Debian GNU/Linux 13 (trixie)".into(),
        kernel: "6.12.48".into(),
        runtime: "containerd://2.1.4".into(),
        cpu_milli: 8_000,
        memory: 32 << 30,
        max_pods: 110,
        taints: if cordoned {
            Box::new(["node.kubernetes.io/unschedulable:NoSchedule".into()])
        } else {
            Box::new([])
        },
        conditions: Box::new([condition("Ready", true, "KubeletReady", "", ago(80 * DAY))]),
    })
}

/// Everything that the company's cluster lists.
pub fn batches() -> Vec<Batch> {
    let mut spaces: Vec<String> = COMPANY.iter().map(Place::namespace).collect();
    spaces.sort();
    spaces.dedup();
    let spaces = spaces.iter().map(|name| {
        Row::Namespace(Namespace {
            meta: meta(name, "", name, ago(200 * DAY), Labels::default()),
            phase: "Active".into(),
        })
    });
    let pods = COMPANY
        .iter()
        .flat_map(|place| (0..place.replicas).map(|n| Row::Pod(place.pod(n))));
    vec![
        batch(Kind::Namespace, spaces.collect::<Vec<_>>()),
        batch(Kind::Node, (1..=3).map(node)),
        batch(
            Kind::Deployment,
            COMPANY.iter().map(|place| Row::Workload(place.workload())),
        ),
        batch(
            Kind::ReplicaSet,
            COMPANY
                .iter()
                .map(|place| Row::Workload(place.replica_set())),
        ),
        batch(Kind::Pod, pods.collect::<Vec<_>>()),
    ]
}

/// A pod of a project, both named like this.
pub fn stranger(project: &str, name: &str, cause: &str) -> Batch {
    let mut pod = COMPANY[0].pod(0);
    let facts = [
        ("app.kubernetes.io/part-of", project),
        ("app.kubernetes.io/instance", project),
        ("quarterdeck.io/department", name),
        ("quarterdeck.io/owner", cause),
    ];
    pod.meta = meta(name, "strange", name, ago(60), labels(&facts));
    pod.containers[0].name = name.into();
    pod.containers[0].state = State::Waiting {
        reason: cause.into(),
        message: cause.into(),
    };
    Batch {
        kind: Kind::Pod,
        scope: Scope::ALL,
        changes: vec![Change::Put(Box::new(Row::Pod(pod)))],
    }
}
