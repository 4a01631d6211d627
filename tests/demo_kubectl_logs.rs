//! `kubectl logs` against the demo cluster: every way to ask for a log, what is refused and how, and
//! what faults do to it. Without kubectl on the PATH each test says "skipped: no kubectl".
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::kubectl::{Kubectl, wait_until};
use serde_json::{Value, json};
use std::process::{Child, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");

/// A world that does nothing by itself, so that pods stay while they are read.
const STILL: &[&str] = &["--seed", "7", "--pods", "200"];

/// The first pod of a namespace whose name begins so.
fn pod(kubectl: &Kubectl, namespace: &str, prefix: &str) -> String {
    let all = kubectl.run(&format!("-n {namespace} get pods -o name"));
    let found = all.out.lines().find_map(|line| {
        let name = line.strip_prefix("pod/")?;
        name.starts_with(prefix).then(|| name.to_owned())
    });
    found.unwrap_or_else(|| panic!("no {prefix} in {}", all.all))
}

fn switch(kubectl: &Kubectl, faults: &Value) {
    kubectl
        .run_with("replace --raw /demo/faults -f -", &faults.to_string())
        .says(&[]);
}

/// A `kubectl logs -f` in the background.
fn follow(kubectl: &Kubectl, line: &str) -> Child {
    kubectl
        .command(line)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn sequence(text: &str) -> Vec<u64> {
    let number = |line: &str| line.split_once("seq=")?.1.split(' ').next()?.parse().ok();
    text.lines().filter_map(number).collect()
}

#[test]
fn a_log_is_read_in_every_way() {
    let Some(kubectl) = Kubectl::start(PROGRAM, STILL) else {
        return;
    };
    let api = pod(&kubectl, "shop-prod", "api-");
    let logs = |options: &str| {
        kubectl
            .run(&format!("-n shop-prod logs {api} {options}"))
            .says(&[])
            .out
    };
    assert_eq!(logs("--tail=5").lines().count(), 5);
    assert_eq!(logs("--tail=0"), "");
    assert_eq!(logs("--tail=9 --limit-bytes=77").len(), 77);
    let stamped = logs("--tail=20 --timestamps");
    let stamps: Vec<&str> = stamped.lines().filter_map(|line| line.get(..31)).collect();
    assert!(stamps.len() == 20 && stamps.is_sorted() && stamps.iter().all(|s| s.ends_with("Z ")));
    let second = &stamps[0][..19];
    let since = logs(&format!("--since-time={second}Z --timestamps"));
    assert!(since.contains(&stamped), "{since}");
    assert!(since.lines().all(|line| &line[..19] >= second));
    let recent = logs("--since=30s --timestamps");
    assert!(logs("--since=90s --timestamps").len() > recent.len());
    let mut owner = kubectl.run("-n shop-prod logs deploy/api --tail=2");
    owner.out.truncate(owner.out.trim_end().len());
    assert_eq!(owner.says(&["Found", "using pod/"]).out.lines().count(), 2);
}

#[test]
fn containers_are_chosen_and_many_are_read_at_once() {
    let Some(kubectl) = Kubectl::start(PROGRAM, STILL) else {
        return;
    };
    let api = pod(&kubectl, "shop-prod", "api-");
    kubectl
        .run(&format!("-n shop-prod logs {api} -c migrate"))
        .says(&["the database is up to date"]);
    let selected = "-n shop-prod logs -l app.kubernetes.io/name=api,app.kubernetes.io/instance=shop-prod --tail=3";
    let all = kubectl
        .run(&format!("{selected} --all-containers --prefix"))
        .says(&["/migrate] ", "/api] "]);
    let sources: std::collections::BTreeSet<&str> = all
        .out
        .lines()
        .filter_map(|line| line.split(']').next())
        .collect();
    assert_eq!(sources.len(), 10, "{sources:?}");
    assert_eq!(kubectl.run(selected).says(&[]).out.lines().count(), 15);
    kubectl
        .run(&format!("{selected} -f --max-log-requests=2"))
        .refuses("maximum allowed concurrency");
}

#[test]
fn what_cannot_be_read_is_refused_as_anywhere() {
    let Some(kubectl) = Kubectl::start(PROGRAM, STILL) else {
        return;
    };
    let api = pod(&kubectl, "shop-prod", "api-");
    let refused = |line: &str, why: &str| kubectl.run(line).refuses(why);
    refused("-n shop-prod logs nobody", "\"nobody\" not found");
    refused(
        &format!("-n shop-prod logs {api} -c nothing"),
        "container nothing is not valid for pod",
    );
    let (ledger, ranker) = (
        pod(&kubectl, "kube-system", "etcd"),
        kubectl.run("-n search-prod get pods"),
    );
    refused(
        &format!("-n kube-system logs {ledger} --previous"),
        "previous terminated container \"etcd\" in pod",
    );
    let unpullable = ranker
        .out
        .lines()
        .find(|line| line.contains("ImagePullBackOff"));
    let unpullable = unpullable.and_then(|line| line.split(' ').next()).unwrap();
    refused(
        &format!("-n search-prod logs {unpullable}"),
        "is waiting to start: trying and failing to pull image",
    );
    let trainer = pod(&kubectl, "search-prod", "trainer-");
    let nothing = kubectl.run(&format!("-n search-prod logs {trainer}"));
    assert!(nothing.ok && nothing.out.is_empty(), "{}", nothing.all);
    refused(
        &format!("-n shop-prod logs {api} --as=stranger"),
        "cannot get resource \"pods\"",
    );
    let both = format!(
        "get --raw /api/v1/namespaces/shop-prod/pods/{api}/log?sinceSeconds=5&sinceTime=2026-01-01T00:00:00Z"
    );
    refused(&both, "at most one of");
    refused(
        &format!("get --raw /api/v1/namespaces/shop-prod/pods/{api}/log?tailLines=-1"),
        "must be greater than or equal to 0",
    );
}

#[test]
fn the_previous_run_explains_the_crash() {
    let Some(kubectl) = Kubectl::start(PROGRAM, STILL) else {
        return;
    };
    let invoicer = pod(&kubectl, "billing-prod", "invoicer-");
    let previous = kubectl
        .run(&format!("-n billing-prod logs {invoicer} --previous"))
        .says(&["panic: open /app/config/config.yaml", "main.go:41"]);
    let now = kubectl.run(&format!("-n billing-prod logs {invoicer}"));
    assert_eq!(previous.out, now.out);
    let collector = pod(&kubectl, "insights-prod", "collector-");
    kubectl
        .run(&format!("-n insights-prod logs {collector} -p --tail=50"))
        .says(&["GC overhead"]);
}

#[test]
fn a_follow_ends_with_its_container_and_with_its_pod() {
    let Some(kubectl) = Kubectl::start(PROGRAM, STILL) else {
        return;
    };
    let cart = pod(&kubectl, "shop-prod", "cart-");
    let line = format!("-n shop-prod logs {cart} -f --tail=3 --timestamps");
    let restarted = follow(&kubectl, &line);
    let path = format!("/api/v1/namespaces/shop-prod/pods/{cart}");
    let requests = || kubectl.run("get --raw /demo/stats").all;
    wait_until("the log is read", || requests().contains(&cart));
    switch(&kubectl, &json!([{"fault": "restart", "path": path}]));
    let first = restarted.wait_with_output().unwrap();
    assert!(first.status.success());
    let first = String::from_utf8_lossy(&first.stdout).into_owned();
    wait_until("the container is up again", || {
        let get = format!("-n shop-prod get pod {cart} -o json");
        let status = kubectl.run(&get).json()["status"]["containerStatuses"][0].take();
        status["restartCount"] == 1 && status["state"]["running"].is_object()
    });
    let lines = first.lines().count();
    assert!(lines > 3, "{first}");
    let again = format!("-n shop-prod logs {cart} -p --timestamps --tail={lines}");
    assert_eq!(kubectl.run(&again).says(&["SIGTERM"]).out, first);

    let deleted = follow(&kubectl, &format!("-n shop-prod logs {cart} -f"));
    kubectl
        .run(&format!("-n shop-prod delete pod {cart} --wait=true"))
        .says(&["deleted"]);
    let output = deleted.wait_with_output().unwrap();
    assert!(output.status.success());
}

#[test]
fn a_flood_arrives_whole_and_in_order_and_faults_break_it() {
    let flood = ["--seed", "7", "--pods", "200", "--log-flood", "50000"];
    let Some(kubectl) = Kubectl::start(PROGRAM, &flood) else {
        return;
    };
    let web = pod(&kubectl, "shop-prod", "cart-");
    let logs = |options: &str| kubectl.run(&format!("-n shop-prod logs {web} {options}"));
    let all = logs("--timestamps").says(&[]).out;
    assert_eq!(sequence(&all), (0..50_000).collect::<Vec<_>>());
    assert_eq!(sequence(&logs("--tail=2").says(&[]).out), [49_998, 49_999]);
    let second = &all[..19];
    let since = logs(&format!("--since-time={second}Z")).says(&[]).out;
    assert_eq!(sequence(&since).len(), 50_000);

    switch(
        &kubectl,
        &json!([{"fault": "log_end", "lines": 10, "verb": "log"}]),
    );
    assert_eq!(sequence(&logs("-f").says(&[]).out).len(), 10);
    for by in ["fin", "rst"] {
        switch(
            &kubectl,
            &json!([{"fault": "log_cut", "lines": 1000, "by": by, "verb": "log"}]),
        );
        let cut = logs("-f");
        let why = if by == "fin" { "EOF" } else { "reset by peer" };
        cut.refuses(why);
        assert!(sequence(&cut.out).len() <= 1000);
    }
    switch(
        &kubectl,
        &json!([{"fault": "status", "code": 503, "verb": "log"}]),
    );
    logs("").refuses("unable to handle the request");
    switch(&kubectl, &json!([{"fault": "log_rotate", "keep": 7}]));
    assert_eq!(sequence(&logs("").says(&[]).out).len(), 7);
}
