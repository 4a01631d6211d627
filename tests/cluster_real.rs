//! The Kubernetes edge against a true cluster, named by `QUARTERDECK_TEST_KUBECONFIG`.
//! Without that variable these tests say that they were skipped.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use quarterdeck::cluster::{CHANNEL, ConnectOptions, Deletion, Event, Session};
use quarterdeck::domain::feed::{
    AccessQuestion, Change, FailureSort, FeedState, Scope, TableChange,
};
use quarterdeck::domain::rows::{Kind, Row};
use quarterdeck::domain::session::Target;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver};

async fn session() -> Option<Session> {
    let Some(kubeconfig) = std::env::var_os("QUARTERDECK_TEST_KUBECONFIG") else {
        eprintln!("skipped: QUARTERDECK_TEST_KUBECONFIG is not set");
        return None;
    };
    let options = ConnectOptions {
        kubeconfig: Some(PathBuf::from(kubeconfig)),
        readonly: true,
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
                    FeedState::Live { .. } => live.push(kind),
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
    let snapshot = session.snapshot(&Kind::ALL, &[Scope::ALL]).await.unwrap();
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
                FeedState::Live { .. } => break,
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
