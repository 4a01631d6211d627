//! Logs of a true cluster, named by `QUARTERDECK_TEST_KUBECONFIG` (an admin's). Without that variable
//! these tests say that they were skipped. They make pods in a namespace of their own and take them
//! away again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{DeleteParams, PostParams};
use kube::{Api, Client, Config};
use quarterdeck::cluster::{CHANNEL, ConnectOptions, Event, Session};
use quarterdeck::domain::logs::{Item, Mark, Reading, Source, SourceId};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// An image with a shell that the cluster has or can pull; `QUARTERDECK_TEST_IMAGE` names another.
const IMAGE: &str = "busybox:1.37";
const NAMESPACE: &str = "quarterdeck-logs";

/// A pod that runs this script; gone with [`Made::end`].
struct Made {
    pods: Api<Pod>,
    session: Session,
    name: &'static str,
}

impl Made {
    async fn pod(name: &'static str, script: &str, restart: &str) -> Option<Self> {
        let Some(kubeconfig) = std::env::var_os("QUARTERDECK_TEST_KUBECONFIG") else {
            eprintln!("skipped: QUARTERDECK_TEST_KUBECONFIG is not set");
            return None;
        };
        let path = PathBuf::from(kubeconfig);
        let config = kube::config::Kubeconfig::read_from(&path).unwrap();
        let options = kube::config::KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(config, &options).await;
        let client = Client::try_from(config.unwrap()).unwrap();
        let namespace: Namespace = of(json!({"metadata": {"name": NAMESPACE}}));
        // Another of these tests may have made it.
        let _ = Api::all(client.clone())
            .create(&PostParams::default(), &namespace)
            .await;
        let pods: Api<Pod> = Api::namespaced(client, NAMESPACE);
        let pod: Pod = of(json!({
            "metadata": {"name": name},
            "spec": {
                "restartPolicy": restart,
                "terminationGracePeriodSeconds": 0,
                "containers": [{
                    "name": "app",
                    "image": std::env::var("QUARTERDECK_TEST_IMAGE").as_deref().unwrap_or(IMAGE),
                    "command": ["sh", "-c", script],
                }],
            },
        }));
        let made = Self {
            pods,
            session: Session::connect(ConnectOptions {
                kubeconfig: Some(path),
                ..ConnectOptions::default()
            })
            .await
            .unwrap(),
            name,
        };
        made.end().await;
        let begun = Instant::now();
        // The service account of a new namespace takes a moment, and so does an old pod's end.
        while let Err(error) = made.pods.create(&PostParams::default(), &pod).await {
            assert!(begun.elapsed() < Duration::from_secs(30), "{error}");
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        Some(made)
    }

    async fn end(&self) {
        let now = DeleteParams {
            grace_period_seconds: Some(0),
            ..DeleteParams::default()
        };
        // It may be gone already.
        let _ = self.pods.delete(self.name, &now).await;
    }

    /// Follows the pod from its first line until `done`, for at most so long.
    async fn follow(&self, limit: Duration, done: impl Fn(&Read) -> bool) -> Read {
        let source = Source {
            namespace: NAMESPACE.into(),
            pod: self.name.into(),
            container: "app".into(),
        };
        let reading = Reading {
            follow: true,
            ..Reading::once()
        };
        let (tx, mut events) = mpsc::channel(CHANNEL);
        let _handle = self.session.read_log(1, SourceId(0), &source, &reading, tx);
        let mut read = Read::default();
        let all = async {
            while !done(&read) {
                if let Some(Event::Log { chunk, .. }) = events.recv().await {
                    chunk.items.into_iter().for_each(|item| read.take(item));
                }
            }
        };
        let in_time = tokio::time::timeout(limit, all).await.is_ok();
        assert!(in_time, "{} lines, {:?}", read.numbers.len(), read.marks);
        read
    }
}

fn of<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// The numbers with which lines begin, and marks with how many lines were before them.
#[derive(Default)]
struct Read {
    numbers: Vec<u64>,
    marks: Vec<(usize, Mark)>,
}

impl Read {
    fn take(&mut self, item: Item) {
        match item {
            Item::Lines(lines) => {
                let text = String::from_utf8_lossy(&lines);
                let number = |line: &str| line.split(' ').nth(1)?.parse::<u64>().ok();
                self.numbers.extend(text.lines().filter_map(number));
            }
            Item::Mark(mark) => self.marks.push((self.numbers.len(), mark)),
            _ => {}
        }
    }

    fn runs(&self) -> usize {
        let started = |(_, mark): &&(usize, Mark)| matches!(mark, Mark::Started(_));
        self.marks.iter().filter(started).count()
    }

    /// Numbers that are left out without a mark in their place.
    fn unmarked(&self) -> Vec<(u64, u64)> {
        let gap = |at: usize| {
            let here = |(lines, mark): &(usize, Mark)| *lines == at && mark.is_loss();
            self.marks.iter().any(here)
        };
        let pairs = self.numbers.windows(2).enumerate();
        let holes = pairs.filter(|(n, pair)| pair[1] != pair[0] + 1 && !gap(n + 1));
        holes.map(|(_, pair)| (pair[0], pair[1])).collect()
    }
}

/// A flood that the kubelet rotates several times while it is followed.
#[tokio::test]
async fn a_flood_arrives_once_and_in_order_through_rotations() {
    let lines = std::env::var("QUARTERDECK_TEST_FLOOD").ok();
    let lines: u64 = lines.and_then(|it| it.parse().ok()).unwrap_or(400_000);
    // In spells, so that rotations fall between.
    let script = format!(
        "awk 'BEGIN{{for(i=1;i<={lines};i++){{printf \"%09d the quick brown fox jumps over the lazy dog and again the quick brown fox jumps over the lazy dog 0123456789\\n\", i; if(i%100000==0){{fflush(); system(\"sleep 6\")}}}}}}'; sleep 1000000"
    );
    let Some(made) = Made::pod("flood", &script, "Never").await else {
        return;
    };
    let begun = Instant::now();
    let read = made
        .follow(Duration::from_secs(400), |read| {
            read.numbers.last() == Some(&lines)
        })
        .await;
    eprintln!(
        "{} of {lines} lines in {:?}, {:?}",
        read.numbers.len(),
        begun.elapsed(),
        read.marks
    );
    assert_eq!(read.unmarked(), []);
    assert!(read.numbers.is_sorted_by(|a, b| a < b), "a line twice");
    made.end().await;
}

/// Three restarts, each within the wait that the kubelet makes before it.
#[tokio::test]
async fn a_crash_loop_is_followed_through_its_restarts() {
    let restarts = std::env::var("QUARTERDECK_TEST_RESTARTS").ok();
    let restarts: usize = restarts.and_then(|it| it.parse().ok()).unwrap_or(2);
    let script = "for i in $(seq 1 50); do echo $i line; done; sleep 1; echo 51 last; exit 3";
    let Some(made) = Made::pod("crash", script, "Always").await else {
        return;
    };
    let read = made
        .follow(Duration::from_secs(400), |read| {
            read.runs() == restarts && read.numbers.len() == 51 * (restarts + 1)
        })
        .await;
    let expected: Vec<u64> = (0..=restarts).flat_map(|_| 1..=51).collect();
    assert_eq!(read.numbers, expected);
    let lost: Vec<_> = read.marks.iter().filter(|it| it.1.is_loss()).collect();
    assert!(lost.is_empty(), "{lost:?}");
    let ends = |mark: &Mark| matches!(mark, Mark::Ended { exit_code: 3, .. });
    let ends = read.marks.iter().filter(|it| ends(&it.1)).count();
    assert_eq!(ends, restarts, "{:?}", read.marks);
    made.end().await;
}
