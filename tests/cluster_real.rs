//! The Kubernetes edge against a true cluster, named by `QUARTERDECK_TEST_KUBECONFIG`.
//! Without that variable these tests say that they were skipped.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use quarterdeck::cluster::{CHANNEL, ConnectOptions, Event, Session};
use quarterdeck::domain::feed::{Change, FeedState, Scope};
use quarterdeck::domain::rows::{Kind, Row};
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
