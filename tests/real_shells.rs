//! Shells in a true cluster, named by `QUARTERDECK_TEST_KUBECONFIG` (somebody who may exec
//! everywhere), with `QUARTERDECK_TEST_ONCALL` (may look, may not exec) and
//! `QUARTERDECK_TEST_ALICE` (may exec in `shop-prod` alone) beside it where there are such people.
//! Without the variables these tests say that they were skipped.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may fail loudly; what is skipped is said"
)]

#[path = "common/command.rs"]
mod command;

use command::begin as exec;
use quarterdeck::cluster::{ConnectOptions, ExecInput, Session};
use quarterdeck::domain::exec::{BEST_SHELL, End, ExecItem};
use quarterdeck::domain::feed::{AccessQuestion, FailureSort, Scope};
use quarterdeck::domain::rows::{Kind, Row, State};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;

const LIMIT: Duration = Duration::from_mins(1);

async fn session(variable: &str) -> Option<Session> {
    let Some(kubeconfig) = std::env::var_os(variable) else {
        eprintln!("skipped: {variable} is not set");
        return None;
    };
    let options = ConnectOptions {
        kubeconfig: Some(PathBuf::from(kubeconfig)),
        ..ConnectOptions::default()
    };
    Some(Session::connect(options).await.unwrap())
}

/// Namespace, pod and container of what runs, of those that `wanted` chooses.
async fn places(session: &Session, scope: Scope, wanted: &str) -> Vec<[String; 3]> {
    let mut found = Vec::new();
    let mut keep = |row: Row| {
        let Row::Pod(pod) = row else { return };
        for container in &pod.containers {
            let place = [&pod.meta.namespace, &pod.meta.name, &container.name];
            if matches!(container.state, State::Running { .. }) && pod.meta.name.contains(wanted) {
                found.push(place.map(ToString::to_string));
            }
        }
    };
    session.list(Kind::Pod, &scope, &mut keep).await.unwrap();
    found
}

async fn whole(rx: &mut Receiver<ExecItem>) -> (String, End) {
    let mut out = Vec::new();
    loop {
        let item = tokio::time::timeout(LIMIT, rx.recv()).await.unwrap();
        match item.unwrap() {
            ExecItem::Output(bytes) | ExecItem::Errors(bytes) => out.extend_from_slice(&bytes),
            ExecItem::Ended(end) => return (String::from_utf8_lossy(&out).into_owned(), end),
            ExecItem::Started => {}
        }
    }
}

#[tokio::test]
async fn commands_shells_and_ends_are_those_of_the_container() {
    let Some(session) = session("QUARTERDECK_TEST_KUBECONFIG").await else {
        return;
    };
    let namespace = Scope::namespace("shop-prod");
    let place = places(&session, namespace, "").await.swap_remove(0);
    let (_handle, mut rx) = exec(&session, &place, &["sh", "-c", "echo out; exit 7"], false);
    assert_eq!(whole(&mut rx).await, ("out\n".into(), End::Exited(7)));
    // Eight shells at once, each with its own words.
    let mut shells: Vec<_> = (0..8)
        .map(|_| exec(&session, &place, &["sh", "-c", BEST_SHELL], true))
        .collect();
    for (n, (handle, _)) in shells.iter().enumerate() {
        let line = format!("stty size; echo shell $(({n} + 100)); kill -9 $$\r");
        assert!(handle.write(ExecInput::Bytes(line.into_bytes())));
    }
    for (n, (_, rx)) in shells.iter_mut().enumerate() {
        let (text, end) = whole(rx).await;
        assert!(text.contains("33 91"), "{text}");
        assert!(text.contains(&format!("shell {}", n + 100)), "{text}");
        assert_eq!(end, End::Exited(137));
    }
    let (_handle, mut rx) = exec(
        &session,
        &place,
        &["sh", "-c", "head -c 20000000 /dev/zero"],
        false,
    );
    let (text, end) = whole(&mut rx).await;
    assert_eq!((text.len(), end), (20_000_000, End::Exited(0)));
}

#[tokio::test]
async fn an_image_without_a_shell_says_so() {
    let Some(session) = session("QUARTERDECK_TEST_KUBECONFIG").await else {
        return;
    };
    let bare = places(&session, Scope::ALL, "indexer").await.swap_remove(0);
    let (_handle, mut rx) = exec(&session, &bare, &["sh", "-c", BEST_SHELL], true);
    let (_, end) = whole(&mut rx).await;
    assert!(end.is_missing_program(), "{end:?}");
}

#[tokio::test]
async fn rights_are_those_that_the_server_tells() {
    let question = |verb: &str, namespace: &str| AccessQuestion {
        verb: verb.into(),
        group: "".into(),
        resource: "pods".into(),
        subresource: "exec".into(),
        scope: Scope::namespace(namespace),
    };
    if let Some(oncall) = session("QUARTERDECK_TEST_ONCALL").await {
        let answer = oncall.access(&question("create", "shop-prod")).await;
        assert!(!answer.unwrap().allowed);
        let place = places(&oncall, Scope::namespace("shop-prod"), "")
            .await
            .swap_remove(0);
        let (_handle, mut rx) = exec(&oncall, &place, &["true"], false);
        let (_, End::Refused(failure)) = whole(&mut rx).await else {
            panic!("it was not refused");
        };
        assert_eq!(failure.sort, FailureSort::Forbidden);
    }
    if let Some(alice) = session("QUARTERDECK_TEST_ALICE").await {
        for (namespace, allowed) in [("shop-prod", true), ("billing-prod", false)] {
            let answer = alice.access(&question("create", namespace)).await;
            assert_eq!(answer.unwrap().allowed, allowed, "{namespace}");
        }
        let place = places(&alice, Scope::namespace("shop-prod"), "")
            .await
            .swap_remove(0);
        let (_handle, mut rx) = exec(&alice, &place, &["true"], false);
        assert_eq!(whole(&mut rx).await.1, End::Exited(0));
    }
}
