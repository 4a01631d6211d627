//! The Kubernetes edge and the program against a true cluster, named by
//! `QUARTERDECK_TEST_KUBECONFIG`. Kubeconfigs of people with fewer rights can be named, with `:`
//! between them, by `QUARTERDECK_TEST_KUBECONFIG_LIMITED`. Without these variables the tests say
//! that they were skipped. Nothing on the cluster is changed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use quarterdeck::cluster::{CHANNEL, ConnectOptions, Deletion, Event, Session};
use quarterdeck::domain::feed::{
    AccessQuestion, Change, FailureSort, FeedState, Scope, TableChange,
};
use quarterdeck::domain::rows::{Kind, Row};
use quarterdeck::domain::session::Target;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver};

async fn session() -> Option<Session> {
    let Some(kubeconfig) = std::env::var_os("QUARTERDECK_TEST_KUBECONFIG") else {
        eprintln!("skipped: QUARTERDECK_TEST_KUBECONFIG is not set");
        return None;
    };
    let options = ConnectOptions {
        kubeconfig: Some(PathBuf::from(kubeconfig)),
        readonly: true.into(),
        ..ConnectOptions::default()
    };
    Some(Session::connect(options).await.unwrap())
}

/// Collects rows until every kind is complete and live.
async fn until_live(kinds: &[Kind], rx: &mut Receiver<Event>) -> BTreeMap<String, Row> {
    let mut rows = BTreeMap::new();
    let mut live = Vec::new();
    let collect = async {
        while live.len() < kinds.len() {
            match rx.recv().await.unwrap() {
                Event::Batch(batch) => {
                    for change in batch.changes {
                        if let Change::Put(row) = change {
                            let meta = row.meta();
                            let key =
                                format!("{}/{}/{}", batch.kind.plural(), meta.namespace, meta.name);
                            rows.insert(key, *row);
                        }
                    }
                }
                Event::Feed { kind, state, .. } => match state {
                    FeedState::Live => live.push(kind),
                    FeedState::Loading { .. } => {}
                    other => panic!("{kind:?}: {other:?}"),
                },
                other => panic!("{other:?}"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), collect)
        .await
        .unwrap();
    rows
}

#[tokio::test]
async fn all_kinds_come_live_and_agree_with_a_snapshot() {
    let Some(session) = session().await else {
        return;
    };
    let info = session.identify().await.unwrap();
    eprintln!("{info:?}");
    assert!(info.version.starts_with('v'));
    let (tx, mut rx) = mpsc::channel(CHANNEL);
    let _feeds: Vec<_> = Kind::ALL
        .iter()
        .map(|kind| session.watch(*kind, &Scope::ALL, tx.clone()))
        .collect();
    let rows = until_live(&Kind::ALL, &mut rx).await;
    let snapshot = session.snapshot(&Kind::ALL, &[Scope::ALL]).await;
    let snapshot: Vec<_> = snapshot.into_iter().map(Result::unwrap).collect();
    let listed: usize = snapshot.iter().map(|b| b.changes.len() - 2).sum();
    assert_eq!(rows.len(), listed);
    for row in rows.values() {
        assert_eq!(row.meta().unreadable, None, "{row:?}");
        assert!(!row.meta().uid.is_empty());
    }
}

#[tokio::test]
async fn objects_tables_and_rights_are_answered() {
    let Some(session) = session().await else {
        return;
    };
    let resources = session.resources().await.unwrap();
    let named = |word: &str| {
        let found = resources.iter().find(|r| r.answers_to(word));
        found.unwrap_or_else(|| panic!("{word}")).clone()
    };
    assert_eq!(named("deploy").plural, "deployments");
    assert_eq!(named("svc").group, "");
    let (tx, mut rx) = mpsc::channel(CHANNEL);
    let _table = session.watch_table(7, &named("pods"), &Scope::ALL, tx);
    let mut listed_names = Vec::new();
    loop {
        match rx.recv().await.unwrap() {
            Event::Table { id: 7, changes } => {
                for change in changes {
                    if let TableChange::Put(row) = change {
                        listed_names.push(format!("{}/{}", row.namespace, row.name));
                    }
                }
            }
            Event::TableFeed { state, .. } => match state {
                FeedState::Live => break,
                FeedState::Loading { .. } => {}
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }
    let mut rows = Vec::new();
    let mut keep = |row: Row| rows.push(row);
    session
        .list(Kind::Pod, &Scope::ALL, &mut keep)
        .await
        .unwrap();
    assert_eq!(rows.len(), listed_names.len());
    for kind in [
        Kind::Pod,
        Kind::Deployment,
        Kind::DaemonSet,
        Kind::CronJob,
        Kind::Job,
        Kind::Node,
    ] {
        let mut first = None;
        let mut keep = |row: Row| first = Some(row);
        session.list(kind, &Scope::ALL, &mut keep).await.unwrap();
        let Some(row) = first else { continue };
        let target = Target::watched(kind, &row.meta().namespace, &row.meta().name);
        let text = session.describe(&target).await.unwrap();
        eprintln!("--- {target}\n{text}");
        assert!(text.starts_with("Name:"), "{text}");
        let yaml = session.get_yaml(&target, false, false).await.unwrap();
        assert!(yaml.starts_with("apiVersion:") && !yaml.contains("managedFields"));
        if kind == Kind::Deployment {
            eprintln!("{yaml}");
        }
        if kind == Kind::Pod {
            let spec = session.containers(&target).await.unwrap();
            eprintln!("{spec:?}");
            let lines = session.tail(&target, &spec[0].name, false, 5).await;
            eprintln!("{lines:?}");
        }
        let refused = session.delete(&target, &Deletion::default()).await;
        assert_eq!(refused.unwrap_err().sort, FailureSort::ReadOnly);
    }
    let question = AccessQuestion {
        verb: "create".into(),
        group: "".into(),
        resource: "pods".into(),
        subresource: "exec".into(),
        scope: Scope::namespace("shop-prod"),
    };
    eprintln!("{:?}", session.access(&question).await.unwrap());
    eprintln!("{:?}", session.namespaces().await.unwrap());
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");

/// Runs kubectl or our program with this kubeconfig.
fn ran(program: &str, kubeconfig: &Path, words: &str) -> Output {
    Command::new(program)
        .args(words.split(' '))
        .env("KUBECONFIG", kubeconfig)
        .output()
        .unwrap()
}

/// The kubeconfig of the cluster, where there is one and a kubectl to compare with.
fn beside_kubectl() -> Option<PathBuf> {
    let Some(kubeconfig) = std::env::var_os("QUARTERDECK_TEST_KUBECONFIG") else {
        eprintln!("skipped: QUARTERDECK_TEST_KUBECONFIG is not set");
        return None;
    };
    if Command::new("kubectl").arg("version").output().is_err() {
        eprintln!("skipped: no kubectl");
        return None;
    }
    Some(kubeconfig.into())
}

/// Namespace, name and STATUS of pods, by kubectl and by our program.
type Statuses = BTreeMap<(String, String), String>;

fn by_kubectl(kubeconfig: &Path, scope: &str) -> Statuses {
    let out = ran(
        "kubectl",
        kubeconfig,
        &format!("get pods {scope} --no-headers"),
    );
    let text = String::from_utf8(out.stdout).unwrap();
    let lines = text.lines().map(|line| {
        let mut words = line.split_whitespace().map(str::to_owned);
        let namespace = match scope.strip_prefix("-n ") {
            Some(namespace) => namespace.to_owned(),
            None => words.next().unwrap(),
        };
        let (name, status) = (words.next().unwrap(), words.nth(1).unwrap());
        ((namespace, name), status)
    });
    lines.collect()
}

fn by_us(kubeconfig: &Path, scope: &str) -> Statuses {
    let out = ran(PROGRAM, kubeconfig, &format!("get pods {scope} -o json"));
    let rows: Vec<Value> = serde_json::from_slice(&out.stdout).unwrap_or_default();
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    rows.iter()
        .map(|row| {
            (
                (text(row, "namespace"), text(row, "name")),
                text(row, "status"),
            )
        })
        .collect()
}

/// Both name the same pods with the same STATUS. A cluster lives: what differs is looked at again.
#[track_caller]
fn assert_agree(kubeconfig: &Path, scope: &str) {
    let mut last = (Statuses::new(), Statuses::new());
    for _ in 0..10 {
        last = (by_us(kubeconfig, scope), by_kubectl(kubeconfig, scope));
        if last.0 == last.1 {
            return;
        }
    }
    assert_eq!(last.0, last.1, "{} {scope}", kubeconfig.display());
}

#[test]
fn pods_and_their_status_are_those_of_kubectl() {
    let Some(kubeconfig) = beside_kubectl() else {
        return;
    };
    assert_agree(&kubeconfig, "-A");
    assert!(
        !by_us(&kubeconfig, "-A").is_empty(),
        "an empty cluster proves nothing"
    );
}

#[test]
fn people_with_fewer_rights_get_what_kubectl_gives_them() {
    let (Some(all), Some(limited)) = (
        beside_kubectl(),
        std::env::var_os("QUARTERDECK_TEST_KUBECONFIG_LIMITED"),
    ) else {
        eprintln!("skipped: QUARTERDECK_TEST_KUBECONFIG_LIMITED is not set");
        return;
    };
    let namespaces = ran("kubectl", &all, "get namespaces -o name").stdout;
    let namespaces = String::from_utf8(namespaces).unwrap();
    for person in std::env::split_paths(&limited) {
        let may = |words: &str| {
            ran("kubectl", &person, &format!("auth can-i {words}"))
                .status
                .success()
        };
        let scopes = namespaces
            .lines()
            .map(|line| format!("-n {}", line.trim_start_matches("namespace/")));
        for scope in std::iter::once("-A".to_owned()).chain(scopes) {
            let ours = ran(PROGRAM, &person, &format!("get pods {scope} -o json"));
            let said = String::from_utf8_lossy(&ours.stderr).into_owned();
            if may(&format!("list pods {scope}")) {
                assert_eq!(ours.status.code(), Some(0), "{scope}: {said}");
                assert_agree(&person, &scope);
            } else {
                assert_eq!(ours.status.code(), Some(3), "{scope}: {said}");
                assert!(said.contains("pods") && said.contains("list"), "{said}");
            }
        }
        // The first pod that the person sees: may he enter it?
        let seen = by_us(&person, "-A");
        let Some((namespace, name)) = seen.keys().next() else {
            continue;
        };
        if !may(&format!("create pods --subresource=exec -n {namespace}")) {
            let ours = ran(
                PROGRAM,
                &person,
                &format!("exec pod/{namespace}/{name} -- true"),
            );
            let said = String::from_utf8_lossy(&ours.stderr).into_owned();
            assert_eq!(ours.status.code(), Some(3), "{said}");
            assert!(said.contains("exec"), "{said}");
        }
    }
}

#[test]
fn somebody_without_any_right_is_told_so() {
    let Some(kubeconfig) = beside_kubectl() else {
        return;
    };
    let ours = ran(PROGRAM, &kubeconfig, "--as quarterdeck-nobody get pods -A");
    let said = String::from_utf8_lossy(&ours.stderr).into_owned();
    assert_eq!(ours.status.code(), Some(3), "{said}");
    assert!(said.contains("quarterdeck-nobody"), "{said}");
}
