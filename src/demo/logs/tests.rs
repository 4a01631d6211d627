//! The logs of the seeded world: the same however they are read, and true to what the pods' status
//! says.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::run::Run;
use super::script::Script;
use super::stamp::{SECOND, Stamper, nanos};
use super::stream::script_of;
use crate::demo::control::json::{items, text};
use crate::demo::kinds::PODS;
use crate::demo::world::{self, WorldOptions};

const NOW: &str = "2026-11-23T10:04:11.5Z";

fn now() -> i64 {
    nanos(NOW.parse::<Timestamp>().unwrap())
}

/// All pods of the company's world.
fn pods() -> Vec<Value> {
    let options = WorldOptions {
        seed: 1,
        pods: None,
        now: NOW.parse().unwrap(),
    };
    let mut pods = Vec::new();
    world::build(&options, &mut |kind, object| {
        if kind == &PODS {
            pods.push(object);
        }
    });
    pods
}

fn pod<'a>(pods: &'a [Value], namespace: &str, prefix: &str) -> &'a Value {
    pods.iter()
        .find(|pod| {
            text(pod, "/metadata/namespace") == namespace
                && text(pod, "/metadata/name").starts_with(prefix)
        })
        .unwrap()
}

fn script(pod: &Value, container: &str, previous: bool) -> Script {
    script_of(pod, &Run::find(pod, container, previous).unwrap())
}

fn read(script: &mut Script, from: i64, until: i64, room: usize) -> Vec<u8> {
    let mut stamper = Stamper::default();
    let mut all = Vec::new();
    let mut next = from;
    while next < until {
        let mut out = Vec::new();
        next = script.write(next, until, room, Some(&mut stamper), &mut out);
        all.extend(out);
    }
    all
}

fn whole(script: &mut Script) -> String {
    let until = script.end().unwrap_or(now() + 1);
    let from = script.kept_from(now());
    String::from_utf8_lossy(&read(script, from, until, usize::MAX)).into_owned()
}

#[test]
fn a_log_is_the_same_however_it_is_read() {
    let pods = pods();
    let web = pod(&pods, "shop-prod", "api-");
    let (from, until) = (now() - 600 * SECOND, now());
    let once = read(&mut script(web, "api", false), from, until, usize::MAX);
    assert!(once.len() > 10_000, "{}", once.len());
    assert_eq!(read(&mut script(web, "api", false), from, until, 1), once);
    let mut pieces = Vec::new();
    for step in 0..60 {
        let from = from + step * 10 * SECOND;
        pieces.extend(read(
            &mut script(web, "api", false),
            from,
            from + 10 * SECOND,
            1 << 16,
        ));
    }
    assert_eq!(pieces, once);
}

#[test]
fn the_last_lines_are_found_from_the_end() {
    let pods = pods();
    let web = pod(&pods, "shop-prod", "api-");
    let mut script = script(web, "api", false);
    let all = read(&mut script, now() - 3600 * SECOND, now(), usize::MAX);
    let lines: Vec<&[u8]> = all.split_inclusive(|byte| *byte == b'\n').collect();
    for count in [1_usize, 10, 333] {
        let from = script.tail(count as u64, i64::MIN, now());
        let tail = read(&mut script, from, now(), usize::MAX);
        assert_eq!(tail, lines[lines.len() - count..].concat(), "{count}");
    }
    assert_eq!(script.tail(0, i64::MIN, now()), now());
}

#[test]
fn stamps_rise_strictly_and_none_is_missed_by_waiting() {
    let pods = pods();
    for pod in pods.iter().step_by(9) {
        let name = text(pod, "/spec/containers/0/name");
        let Ok(run) = Run::find(pod, name, false) else {
            continue;
        };
        let mut script = script_of(pod, &run);
        let until = script.end().unwrap_or(now());
        let from = until - 300 * SECOND;
        let all = read(&mut script, from, until, usize::MAX);
        let stamps: Vec<i64> = String::from_utf8_lossy(&all)
            .lines()
            .filter_map(|line| line.get(..30)?.parse::<Timestamp>().ok())
            .map(nanos)
            .collect();
        assert!(stamps.is_sorted_by(|a, b| a < b), "{run:?}");
        let mut next = from;
        for stamp in &stamps {
            let mut due = script.due(next).unwrap();
            while due < *stamp {
                due = script.due(due).unwrap();
            }
            assert_eq!(due, *stamp);
            next = stamp + 1;
        }
    }
}

#[test]
fn a_log_explains_what_the_status_says() {
    let pods = pods();
    let invoicer = pod(&pods, "billing-prod", "invoicer-");
    let panicked = whole(&mut script(invoicer, "invoicer", false));
    assert!(
        panicked.contains("panic: open /app/config/config.yaml: no such file or directory")
            && panicked.trim_end().ends_with("main.go:41 +0x1d5"),
        "{panicked}"
    );
    let reconcile = pod(&pods, "payouts-prod", "reconcile-");
    let failed = whole(&mut script(reconcile, "reconcile", false));
    assert!(
        failed.contains("Traceback")
            && failed.trim_end().ends_with("3 transfers without a booking"),
        "{failed}"
    );
    let collector = pod(&pods, "insights-prod", "collector-");
    let killed = whole(&mut script(collector, "collector", true));
    let tail: String = killed.lines().rev().take(400).collect();
    assert!(killed.trim_end().ends_with("of limit"), "{tail}");
    assert!(tail.contains("GC (Allocation Failure)"), "{tail}");
    let sick = pods
        .iter()
        .find(|pod| {
            text(pod, "/metadata/namespace") == "checkout-prod"
                && text(pod, "/status/containerStatuses/0/name") == "api"
                && pod["status"]["containerStatuses"][0]["ready"] == false
        })
        .unwrap();
    let mut api = script(sick, "api", false);
    let since = read(&mut api, now() - 170 * SECOND, now(), usize::MAX);
    let since = String::from_utf8_lossy(&since);
    assert!(since.contains("payments"), "{since}");
}

#[test]
fn the_world_speaks_in_many_voices() {
    let pods = pods();
    let mut openings = BTreeSet::new();
    let mut strange = 0;
    let mut wide = 0;
    for pod in &pods {
        for container in items(pod, "/spec/containers") {
            let name = text(container, "/name");
            let Ok(run) = Run::find(pod, name, false) else {
                continue;
            };
            let mut script = script_of(pod, &run);
            let until = script.end().unwrap_or(now());
            let out = read(&mut script, until - 1_200 * SECOND, until, usize::MAX);
            for line in out.split(|byte| *byte == b'\n') {
                match std::str::from_utf8(line) {
                    Err(_) => strange += 1,
                    Ok(line) => {
                        wide += usize::from(line.contains(['ラ', '大', '🎉', '👩']));
                        openings.extend(line.get(31..).and_then(|line| line.chars().next()));
                    }
                }
            }
        }
    }
    for opening in ['{', '2', 't', 'I', 'E', '\u{1b}', '\t', '[', '1'] {
        assert!(openings.contains(&opening), "{opening:?} {openings:?}");
    }
    assert!(strange > 0 && wide > 0, "{strange} {wide}");
}

#[test]
fn a_long_life_has_lost_its_beginning() {
    let pods = pods();
    let ingress = pod(&pods, "ingress-nginx", "ingress-nginx-controller");
    let mut script = script(ingress, "controller", false);
    let kept = script.kept_from(now());
    assert!(kept > now() - 86_400 * SECOND && kept <= now());
    assert!(whole(&mut script).len() < 20 << 20);
}

mod streams {
    //! Whole answers, and what faults make of them.

    use std::sync::Arc;

    use futures::StreamExt;
    use http_body_util::BodyExt;
    use jiff::SignedDuration;
    use serde_json::json;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::demo::clock::Clock;
    use crate::demo::error::ApiError;
    use crate::demo::faults::Faults;
    use crate::demo::logs::{Asked, Logs, answer};
    use crate::demo::request::{Query, Target};
    use crate::demo::store::{Store, StoreOptions};
    use crate::demo::watch::Context;

    const PATH: &str = "/api/v1/namespaces/n/pods/web-1/log";

    /// A server with one pod, whose container runs since ten minutes.
    fn logs(flood: Option<u64>) -> Arc<Logs> {
        let store = Store::new(StoreOptions {
            clock: Clock::manual(NOW.parse().unwrap()),
            ..StoreOptions::default()
        });
        let pod = json!({
            "metadata": {"name": "web-1", "namespace": "n"},
            "spec": {"nodeName": "x", "restartPolicy": "Always", "containers": [{"name": "web", "image": "r.test/shop/web:1", "ports": [{"containerPort": 80}]}]},
            "status": {"containerStatuses": [{"name": "web", "containerID": "containerd://a", "ready": true, "restartCount": 0,
                "state": {"running": {"startedAt": "2026-11-23T09:54:11Z"}}, "lastState": {}}]},
        });
        store.create(&PODS, pod).unwrap();
        let context = Context {
            store: Arc::new(store),
            faults: Arc::new(Faults::default()),
            end: CancellationToken::new(),
        };
        Arc::new(Logs::new(context, flood))
    }

    fn end_container(logs: &Logs) {
        let ended = |pod: &mut Value| {
            let status = &mut pod["status"]["containerStatuses"][0];
            status["state"] = json!({"terminated": {"containerID": "containerd://a", "exitCode": 2, "reason": "Error", "message": "panic: boom",
                "startedAt": "2026-11-23T09:54:11Z", "finishedAt": "2026-11-23T10:04:11Z"}});
            Ok(())
        };
        let store = &logs.context.store;
        store.update(&PODS, "n", "web-1", ended).unwrap();
    }

    async fn ask(logs: &Arc<Logs>, query: &str) -> Result<crate::demo::body::Body, ApiError> {
        let asked = Asked {
            path: PATH.to_owned(),
            acts: logs.context.faults.strike(&["get", "log"], PATH),
            resetter: None,
        };
        let target = Target::parse(PATH).unwrap();
        let query = Query::parse(query);
        let response = answer(logs, &target, "web-1", &query, asked).await?;
        Ok(response.into_body())
    }

    /// The text until the end, and whether the end was in order.
    async fn text(body: crate::demo::body::Body) -> (String, bool) {
        let mut pieces = body.into_data_stream();
        let mut all = Vec::new();
        while let Some(piece) = pieces.next().await {
            let Ok(piece) = piece else {
                return (String::from_utf8_lossy(&all).into_owned(), false);
            };
            all.extend_from_slice(&piece);
        }
        (String::from_utf8_lossy(&all).into_owned(), true)
    }

    async fn read_all(logs: &Arc<Logs>, query: &str) -> String {
        let (text, whole) = text(ask(logs, query).await.unwrap()).await;
        assert!(whole);
        text
    }

    fn switch(logs: &Logs, faults: Value) {
        logs.context.faults.set(faults).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_follow_ends_with_the_container_and_loses_nothing() {
        let logs = logs(None);
        let followed = tokio::spawn(text(
            ask(&logs, "follow=true&timestamps=true&tailLines=5")
                .await
                .unwrap(),
        ));
        let clock = logs.context.store.clock().clone();
        for _ in 0..40 {
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
            clock.advance(SignedDuration::from_millis(12));
        }
        end_container(&logs);
        let (followed, whole) = followed.await.unwrap();
        assert!(whole && followed.ends_with("panic: boom\n"), "{followed}");
        let lines = followed.lines().count();
        let again = read_all(&logs, &format!("timestamps=true&tailLines={lines}")).await;
        assert_eq!(followed, again);
    }

    #[tokio::test(start_paused = true)]
    async fn a_follow_of_a_pod_that_goes_ends() {
        let logs = logs(None);
        let body = ask(&logs, "follow=true&tailLines=3").await.unwrap();
        logs.context.store.delete(&PODS, "n", "web-1").unwrap();
        let (text, whole) = text(body).await;
        assert!(whole && text.lines().count() >= 3, "{text}");
        let gone = ask(&logs, "").await.unwrap_err();
        assert_eq!(
            (gone.code, gone.message.as_str()),
            (404, "pods \"web-1\" not found")
        );
    }

    #[tokio::test]
    async fn no_more_bytes_than_asked_for() {
        let logs = logs(None);
        let whole = read_all(&logs, "sinceSeconds=60").await;
        assert_eq!(
            read_all(&logs, "sinceSeconds=60&limitBytes=100&follow=true").await,
            whole[..100]
        );
    }

    #[tokio::test]
    async fn a_flood_is_whole_and_found_by_time_and_from_its_end() {
        let logs = logs(Some(100_000));
        let all = read_all(&logs, "timestamps=true").await;
        assert_eq!(all.lines().count(), 100_000);
        let last = all.lines().last().unwrap();
        assert!(last.contains("web-1/web seq=99999 "), "{last}");
        let second = &all[..19];
        let since = read_all(&logs, &format!("timestamps=true&sinceTime={second}Z")).await;
        assert_eq!(since, all);
        assert_eq!(
            read_all(&logs, "timestamps=true&tailLines=1")
                .await
                .trim_end(),
            last
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_that_is_followed_waits_at_its_end() {
        let logs = logs(Some(10));
        let mut pieces = ask(&logs, "follow=true").await.unwrap().into_data_stream();
        let piece = pieces.next().await.unwrap().unwrap();
        assert_eq!(memchr::memchr_iter(b'\n', &piece).count(), 10);
        let wait = tokio::time::timeout(std::time::Duration::from_mins(1), pieces.next());
        assert!(wait.await.is_err());
        end_container(&logs);
        assert!(pieces.next().await.is_none());
    }

    #[tokio::test]
    async fn streams_are_cut_and_ended_early() {
        let logs = logs(Some(1000));
        switch(
            &logs,
            json!([{"fault": "log_cut", "lines": 700, "by": "rst"}]),
        );
        let (cut, whole) = text(ask(&logs, "").await.unwrap()).await;
        assert_eq!((cut.lines().count(), whole), (700, false));
        switch(&logs, json!([{"fault": "log_end", "lines": 3}]));
        let (ended, whole) = text(ask(&logs, "follow=true").await.unwrap()).await;
        assert_eq!((ended.lines().count(), whole), (3, true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stall_is_silent_until_it_is_lifted() {
        let logs = logs(Some(1000));
        switch(&logs, json!([{"fault": "log_stall", "lines": 10}]));
        let mut pieces = ask(&logs, "").await.unwrap().into_data_stream();
        let first = pieces.next().await.unwrap().unwrap();
        assert_eq!(memchr::memchr_iter(b'\n', &first).count(), 10);
        let wait = tokio::time::timeout(std::time::Duration::from_mins(1), pieces.next());
        assert!(wait.await.is_err());
        switch(&logs, json!([]));
        let mut lines = 10;
        while let Some(piece) = pieces.next().await {
            lines += memchr::memchr_iter(b'\n', &piece.unwrap()).count();
        }
        assert_eq!(lines, 1000);
    }

    #[tokio::test]
    async fn a_reconnect_gets_a_second_twice_and_a_rotation_leaves_a_gap() {
        let logs = logs(Some(1000));
        let plain = read_all(&logs, "sinceTime=2026-11-23T10:04:11Z").await;
        switch(&logs, json!([{"fault": "log_repeat"}]));
        assert_eq!(
            read_all(&logs, "sinceTime=2026-11-23T10:04:11Z").await,
            plain.repeat(2)
        );
        assert_eq!(read_all(&logs, "").await, plain);
        logs.rotate("/api/v1/namespaces/n/", 5);
        switch(&logs, json!([]));
        assert_eq!(read_all(&logs, "").await.lines().count(), 5);
        let script = self::logs(None);
        script.rotate(PATH, 0);
        assert_eq!(read_all(&script, "").await, "");
    }

    #[tokio::test(start_paused = true)]
    async fn one_more_than_may_be_waits_for_its_turn() {
        let logs = logs(Some(10));
        switch(&logs, json!([{"fault": "log_limit", "streams": 1}]));
        let first = ask(&logs, "follow=true").await.unwrap();
        let second = tokio::spawn({
            let logs = Arc::clone(&logs);
            async move { ask(&logs, "").await.map(drop) }
        });
        tokio::time::sleep(std::time::Duration::from_mins(1)).await;
        assert!(!second.is_finished());
        drop(first);
        second.await.unwrap().unwrap();
    }
}
