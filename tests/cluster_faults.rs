//! The Kubernetes edge against a server in trouble: each fault with what must come of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail loudly"
)]

#[path = "fake/client.rs"]
mod client;
mod fake;
#[path = "fake/held.rs"]
mod held;
#[path = "fake/timing.rs"]
mod timing;

use client::{Client, SOON, session};
use fake::{Fake, Trouble};
use quarterdeck::cluster::Timing;
use quarterdeck::domain::feed::{FRESH, FailureSort, FeedState, Scope};
use quarterdeck::domain::rows::Kind;
use quarterdeck::domain::session::Target;
use serde_json::json;
use std::time::{Duration, Instant};
use timing::quick;

async fn filled(pods: usize) -> Fake {
    let fake = Fake::start().await;
    for i in 0..pods {
        fake.put(["shop", "billing"][i % 2], &format!("p{i:04}"), "Running");
    }
    fake
}

const MS: Duration = Duration::from_millis(1);

/// A small generator, so that a failure can be repeated from its printed seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

#[test]
fn the_promised_limits_hold_by_the_default_waits() {
    let t = Timing::default();
    // A dead connection is marked within 15 s: a skipped probe, the next one, its deadline.
    let fresh = Duration::from_millis(FRESH.0.unsigned_abs());
    assert!(fresh <= Duration::from_secs(15) && t.ping_every * 2 + t.ping_deadline <= fresh);
    // A streaming list without its end is given up within 10 s, looked at once a second.
    assert!(t.end_bookmark + 2 * Duration::from_secs(1) <= Duration::from_secs(10));
    assert!(t.silent_stream <= Duration::from_secs(10));
    assert!(t.backoff_cap <= Duration::from_secs(5));
    assert!(t.slow_attempt < Duration::from_secs(2));
    assert!(t.forbidden_retry >= Duration::from_secs(30));
    assert!(t.storm_gap >= 500 * MS);
    assert!(t.plugin <= Duration::from_secs(30));
    assert!(t.access <= Duration::from_mins(1));
}

#[tokio::test]
async fn a_list_comes_by_stream_and_follows_changes() {
    let fake = filled(1200).await;
    let mut client = Client::start(&fake).await;
    client.until_live().await;
    client.until_true(&fake).await;
    fake.put("shop", "p0000", "Failed");
    fake.put("shop", "new", "Pending");
    fake.delete("billing", "p0001");
    client.until_true(&fake).await;
    assert_eq!(client.held.lists, 1);
    assert_eq!(
        fake.seen("/api/v1/pods").len(),
        1,
        "one request brings list and changes"
    );
    assert!(
        fake.seen("pods")[0]
            .head
            .contains("accept-encoding: identity")
    );
}

#[tokio::test]
async fn a_server_without_streaming_lists_is_listed_by_pages() {
    let fake = filled(1200).await;
    fake.stream_lists(false);
    let mut client = Client::start(&fake).await;
    client.until_live().await;
    client.until_true(&fake).await;
    fake.delete("billing", "p0001");
    client.until_true(&fake).await;
    assert_eq!(fake.seen("limit=500").len(), 1);
    assert_eq!(fake.seen("continue=500").len(), 1);
}

/// F1
#[tokio::test]
async fn a_killed_server_is_told_at_once_and_comes_back_by_itself() {
    let mut fake = filled(50).await;
    let mut client = Client::start(&fake).await;
    client.until_live().await;
    fake.kill();
    let killed = Instant::now();
    client
        .until("disconnected", 2 * SOON, Client::disconnected)
        .await;
    assert!(killed.elapsed() < Duration::from_secs(2));
    fake.put("shop", "meanwhile", "Running");
    client.for_a_while(300 * MS).await;
    assert_eq!(client.held.rows.len(), 50, "rows stay");
    fake.up().await;
    let up = Instant::now();
    client.until_live().await;
    client.until_true(&fake).await;
    assert!(up.elapsed() < Duration::from_secs(3));
    assert!(!client.blanked);
    assert_eq!(
        client.held.lists, 1,
        "the watch goes on where it was: no new list"
    );
}

/// F2
#[tokio::test]
async fn a_hundred_kills_anywhere_leave_the_truth() {
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(0x5eed);
    let mut dice = Dice(seed);
    let mut fake = filled(700).await;
    let mut client = Client::start(&fake).await;
    for round in 0..100 {
        let cut = usize::try_from(dice.roll(120_000)).unwrap();
        fake.rule("/pods", Trouble::Cut(cut), Some(2));
        fake.stream_lists(dice.roll(2) == 0);
        for _ in 0..dice.roll(6) {
            let name = format!("p{:04}", dice.roll(800));
            match dice.roll(3) {
                0 => fake.delete("shop", &name),
                1 => fake.put("shop", &name, "Failed"),
                _ => fake.put("billing", &name, "Pending"),
            }
        }
        if dice.roll(4) == 0 {
            fake.forget();
        }
        fake.kill();
        client
            .for_a_while(Duration::from_millis(dice.roll(20)))
            .await;
        fake.up().await;
        if round % 10 == 9 {
            fake.heal();
            client.until_true(&fake).await;
        }
    }
    fake.heal();
    client.until_true(&fake).await;
    client.until_live().await;
    assert!(!client.blanked, "seed {seed}");
}

/// F3
#[tokio::test]
async fn a_forgotten_history_costs_one_list_and_no_empty_frame() {
    let mut fake = filled(600).await;
    let mut client = Client::start(&fake).await;
    client.until_live().await;
    fake.kill();
    fake.delete("shop", "p0000");
    fake.put("shop", "new", "Running");
    fake.forget();
    fake.up().await;
    client.until_true(&fake).await;
    client.until_live().await;
    assert_eq!(client.held.lists, 2);
    assert!(!client.blanked);
    fake.rule("resourceVersion=", Trouble::ErrorEvent(410), Some(1));
    fake.kill();
    fake.up().await;
    client
        .until("one more list", SOON, |client| client.held.lists == 3)
        .await;
    client.for_a_while(300 * MS).await;
    assert_eq!(client.held.lists, 3, "one list for one 410");
}

/// F3
#[tokio::test]
async fn an_expired_page_starts_the_list_again() {
    let fake = filled(1200).await;
    fake.stream_lists(false);
    fake.rule("continue=", Trouble::Status(410, None), Some(1));
    let mut client = Client::start(&fake).await;
    client.until_live().await;
    client.until_true(&fake).await;
    assert_eq!(client.held.lists, 1);
}

#[tokio::test]
async fn a_server_whose_history_is_always_gone_is_not_hammered() {
    let fake = filled(10).await;
    fake.rule("resourceVersion=", Trouble::ErrorEvent(410), None);
    fake.rule("sendInitialEvents", Trouble::ErrorEvent(410), None);
    let mut client = Client::start(&fake).await;
    client.for_a_while(1000 * MS).await;
    let asked = fake.seen("/pods").len();
    assert!(asked < 60, "{asked} requests in a second");
}

#[tokio::test]
async fn a_server_that_ends_each_watch_at_once_is_not_hammered() {
    let fake = filled(10).await;
    fake.rule("watch=true", Trouble::EndAtOnce, None);
    let mut client = Client::start(&fake).await;
    client.for_a_while(1000 * MS).await;
    let asked = fake.seen("watch=true").len();
    assert!((3..60).contains(&asked), "{asked} watches in a second");
    fake.heal();
    client.until_true(&fake).await;
    client.until_live().await;
}

/// F4
#[tokio::test]
async fn a_dead_connection_is_marked_stale_and_then_lost() {
    let fake = filled(20).await;
    let mut client = Client::start(&fake).await;
    client.until_live().await;
    fake.freeze();
    client
        .until("stale", SOON, |c| {
            matches!(c.state(), Some(FeedState::Stale { .. }))
        })
        .await;
    client
        .until("disconnected", SOON, Client::disconnected)
        .await;
    assert_eq!(client.held.rows.len(), 20);
    fake.put("shop", "meanwhile", "Running");
    fake.heal();
    client.until_true(&fake).await;
    client.until_live().await;
    assert!(!client.blanked);
}

#[tokio::test]
async fn a_quiet_watch_on_a_living_server_stays_live() {
    let fake = filled(5).await;
    let mut client = Client::start(&fake).await;
    client.until_live().await;
    let states = client.states.len();
    client.for_a_while(1000 * MS).await;
    assert!(client.live());
    assert_eq!(
        client.states.len(),
        states,
        "nothing happens, nothing is told"
    );
    assert!(fake.seen("/version").len() >= 2);
}

/// F5
#[tokio::test]
async fn a_server_that_never_answers_is_told_and_dropping_the_feed_is_at_once() {
    let fake = filled(5).await;
    fake.rule("/pods", Trouble::Silence, None);
    let mut client = Client::start(&fake).await;
    client
        .until("disconnected", SOON, Client::disconnected)
        .await;
    let begun = Instant::now();
    drop(client);
    assert!(begun.elapsed() < 100 * MS);
}

/// F5
#[tokio::test]
async fn a_slow_list_is_shown_as_it_comes() {
    let fake = filled(400).await;
    fake.rule("/pods", Trouble::Slow(4096, 10 * MS), None);
    let mut client = Client::start(&fake).await;
    client
        .until("first rows", SOON, |client| !client.held.rows.is_empty())
        .await;
    assert_eq!(client.held.lists, 0, "the list is far from its end");
    assert!(
        !client.disconnected(),
        "slow is not lost: {:?}",
        client.states
    );
    let begun = Instant::now();
    drop(client);
    assert!(begun.elapsed() < 100 * MS, "to cancel is to drop");
}

/// F6
#[tokio::test]
async fn a_busy_server_is_asked_as_rarely_as_it_says() {
    let fake = filled(5).await;
    fake.rule("/pods", Trouble::Status(429, Some(1)), None);
    let mut client = Client::start(&fake).await;
    client.for_a_while(2500 * MS).await;
    let asked = fake.seen("/pods");
    assert!((2..=4).contains(&asked.len()), "{} requests", asked.len());
    for pair in asked.windows(2).skip(1) {
        let gap = pair[1].at - pair[0].at;
        assert!(gap >= 900 * MS, "asked again after {gap:?}");
    }
    assert!(
        client.disconnected(),
        "the wait is shown: {:?}",
        client.state()
    );
    fake.heal();
    let healed = Instant::now();
    client.until_live().await;
    assert!(
        healed.elapsed() < Duration::from_secs(2),
        "one wait more at most: {:?}",
        healed.elapsed()
    );
    client.until_true(&fake).await;
}

/// F6
#[tokio::test]
async fn many_feeds_share_what_a_busy_server_bears() {
    let fake = filled(5).await;
    fake.rule("/api", Trouble::Status(503, None), None);
    fake.rule("/apis", Trouble::Status(503, None), None);
    let timing = Timing {
        storm_gap: 100 * MS,
        ..quick()
    };
    let (session, _dir) = session(&fake, "{token: t}", timing, false).await;
    let (tx, mut rx) = tokio::sync::mpsc::channel(64);
    let _feeds: Vec<_> = Kind::ALL
        .iter()
        .map(|kind| session.watch(*kind, &Scope::ALL, tx.clone()))
        .collect();
    let drain = tokio::spawn(async move { while rx.recv().await.is_some() {} });
    tokio::time::sleep(300 * MS).await;
    fake.forget_requests();
    tokio::time::sleep(1000 * MS).await;
    let asked = fake.seen("/api").len();
    assert!(
        (5..=12).contains(&asked),
        "{asked} requests in a second, one per 100 ms is borne"
    );
    drain.abort();
}

/// F7
#[tokio::test]
async fn a_malformed_object_costs_its_own_row() {
    let fake = filled(6).await;
    fake.put_object("shop", "odd", &json!({"phase": {"canary": 1}}));
    let mut client = Client::start(&fake).await;
    client.until_live().await;
    assert_eq!(client.held.rows.len(), 7);
    let odd = &client.held.rows[&("shop".into(), "odd".into())];
    let why = odd.meta().unreadable.clone().unwrap();
    assert!(
        why.contains("wrong type") && !why.contains("canary"),
        "{why}"
    );
    let right = client
        .held
        .rows
        .values()
        .filter(|row| row.meta().unreadable.is_none());
    assert_eq!(right.count(), 6);
    fake.put("shop", "odd", "Running");
    client
        .until("readable again", SOON, |client| {
            client.held.rows[&("shop".into(), "odd".into())]
                .meta()
                .unreadable
                .is_none()
        })
        .await;
}

/// F7
#[tokio::test]
async fn null_items_and_broken_json_in_a_list_cost_their_rows() {
    let fake = filled(0).await;
    fake.stream_lists(false);
    let body = br#"{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[
        null,{"metadata":{"name":"a","namespace":"n"}},{"metadata":{"name":"b","namespace":"n"},"x":NaN},
        {"spec":{}},{"metadata":{"name":"c","namespace":"n","labels":[1]}}]}"#;
    fake.rule("limit=", Trouble::Body(body.to_vec()), Some(1));
    let mut client = Client::start(&fake).await;
    client
        .until("listed", SOON, |client| client.held.lists == 1)
        .await;
    let readable: Vec<bool> = client
        .held
        .rows
        .values()
        .map(|row| row.meta().unreadable.is_none())
        .collect();
    let names: Vec<&str> = client
        .held
        .rows
        .keys()
        .map(|(_, name)| name.as_str())
        .collect();
    assert_eq!(names, ["(unnamed 1)", "(unnamed 2)", "a", "b", "c"]);
    assert_eq!(readable, [false, false, true, false, false]);
}

/// F7
#[tokio::test]
async fn an_object_without_a_name_in_a_watch_is_shown_until_a_new_list_tells_the_truth() {
    let mut fake = filled(3).await;
    let mut client = Client::start(&fake).await;
    client.until_live().await;
    let nameless = br#"{"type":"ADDED","object":{"metadata":{"namespace":"shop"},"spec":{}}}"#;
    fake.rule(
        "resourceVersion=",
        Trouble::Line(nameless.to_vec()),
        Some(1),
    );
    fake.kill();
    fake.up().await;
    client
        .until("the row", SOON, |client| client.held.rows.len() == 4)
        .await;
    client.until_true(&fake).await;
    client.until_live().await;
    assert_eq!(client.held.lists, 2, "one list for one doubt");
    client.for_a_while(500 * MS).await;
    assert_eq!(client.held.lists, 2);
    assert!(!client.blanked);
}

/// F8
#[tokio::test]
async fn a_large_object_below_the_limit_is_read_whole() {
    let fake = filled(1).await;
    let labels: Vec<String> = (0..100_000).map(|n| format!("\"l{n}\":\"v\"")).collect();
    let wide = format!(
        r#"{{"type":"ADDED","object":{{"metadata":{{"name":"wide","namespace":"shop","labels":{{{}}}}}}}}}"#,
        labels.join(",")
    );
    let long = format!(
        r#"{{"type":"ADDED","object":{{"metadata":{{"name":"long","namespace":"shop","annotations":{{"a":"{}"}}}}}}}}"#,
        "y".repeat(1_500_000)
    );
    let lines = format!("{wide}\n{long}").into_bytes();
    fake.rule("sendInitialEvents", Trouble::Line(lines), Some(1));
    // So many labels take a build for debugging its time.
    let timing = Timing {
        silent_stream: SOON,
        end_bookmark: SOON,
        ..quick()
    };
    let mut client = Client::with(&fake, "{token: t}", timing).await;
    client.until_live().await;
    let row = |name: &str| &client.held.rows[&("shop".to_owned(), name.to_owned())];
    assert_eq!(row("wide").meta().unreadable, None);
    assert_eq!(row("wide").meta().labels.0.len(), 100_000);
    assert_eq!(row("long").meta().unreadable, None);
    assert_eq!(client.skipped, 0);
}

/// Resident memory of this process, and the most it ever was, in bytes.
fn memory() -> (usize, usize) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kb = line.and_then(|rest| rest.split_whitespace().next()?.parse::<usize>().ok());
        kb.unwrap() << 10
    };
    (of("VmRSS:"), of("VmHWM:"))
}

/// Runs an ignored test of this file in a process of its own, whose memory is its alone.
fn alone(name: &str) {
    let ran = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", name, "--nocapture"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
    assert!(
        ran.status.success() && said.contains("1 passed"),
        "{name}: {said}"
    );
}

/// F8
#[test]
fn a_huge_event_costs_no_more_than_four_times_its_size() {
    alone("helper_memory_of_a_huge_event");
}

#[tokio::test]
#[ignore = "run in a process of its own"]
async fn helper_memory_of_a_huge_event() {
    const SIZE: usize = 10 << 20;
    let fake = filled(3).await;
    let mut client = Client::start(&fake).await;
    client.until_live().await;
    let huge = format!(
        r#"{{"type":"ADDED","object":{{"metadata":{{"name":"huge","namespace":"shop"}},"x":"{}"}}}}"#,
        "y".repeat(SIZE)
    );
    fake.rule("/pods", Trouble::Line(huge.into_bytes()), Some(1));
    let (before, _) = memory();
    let (tx, mut rx) = tokio::sync::mpsc::channel(16);
    let _feed = client.session.watch(Kind::Pod, &Scope::ALL, tx);
    let skipped = async {
        while let Some(event) = rx.recv().await {
            if matches!(event, quarterdeck::cluster::Event::Skipped { .. }) {
                return;
            }
        }
    };
    tokio::time::timeout(SOON, skipped).await.unwrap();
    let (_, most) = memory();
    // The server of this test makes four copies of the line: they are not ours.
    let ours = most.saturating_sub(before).saturating_sub(4 * SIZE);
    assert!(ours <= 4 * SIZE, "{} MiB", ours >> 20);
}

/// F2
#[test]
fn kills_do_not_grow_memory() {
    alone("helper_memory_after_kills");
}

#[tokio::test]
#[ignore = "run in a process of its own"]
async fn helper_memory_after_kills() {
    let mut fake = filled(500).await;
    let mut client = Client::start(&fake).await;
    client.until_live().await;
    let mut before = 0;
    for round in 0..100 {
        fake.forget();
        fake.kill();
        client.for_a_while(5 * MS).await;
        fake.up().await;
        client.until_live().await;
        // What is needed for a first relist is had by then.
        if round == 10 {
            before = memory().0;
        }
    }
    client.until_true(&fake).await;
    let after = memory().0;
    assert!(
        after * 10 <= before * 12,
        "{} MiB, then {} MiB",
        before >> 20,
        after >> 20
    );
}

/// F8
#[tokio::test]
async fn a_huge_event_is_skipped_and_counted() {
    let fake = filled(3).await;
    let huge = format!(
        r#"{{"type":"ADDED","object":{{"metadata":{{"name":"huge","namespace":"shop"}},"x":"{}"}}}}"#,
        "y".repeat(9 << 20)
    );
    fake.rule(
        "sendInitialEvents",
        Trouble::Line(huge.into_bytes()),
        Some(1),
    );
    let mut client = Client::start(&fake).await;
    client.until_live().await;
    assert_eq!(client.skipped, 1);
    let row = &client.held.rows[&("shop".into(), "huge".into())];
    assert!(row.meta().unreadable.as_ref().unwrap().contains("9 MiB"));
    fake.put("shop", "after", "Running");
    client
        .until("the next event", SOON, |client| {
            client
                .held
                .rows
                .contains_key(&("shop".into(), "after".into()))
        })
        .await;
}

/// F20
#[tokio::test]
async fn a_token_that_is_over_by_our_clock_is_still_tried() {
    let fake = filled(3).await;
    let dir = tempfile::tempdir().unwrap();
    let runs = dir.path().join("runs");
    let user = plugin(&format!(
        "echo x >> {}; echo '{{\"status\":{{\"token\":\"t\",\
         \"expirationTimestamp\":\"2001-01-01T00:00:00Z\"}}}}'",
        runs.display()
    ));
    let timing = Timing {
        refresh_gap: Duration::from_mins(1),
        ..quick()
    };
    let mut client = Client::with(&fake, &user, timing).await;
    client.until_live().await;
    client.for_a_while(500 * MS).await;
    let runs = std::fs::read_to_string(runs).unwrap().lines().count();
    assert!(
        runs <= 2,
        "a clock that is ahead must not run the plugin for each request: {runs}"
    );
}

fn plugin(script: &str) -> String {
    json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "sh",
        "args": ["-c", script], "interactiveMode": "Never"}})
    .to_string()
}

/// F21
#[tokio::test]
async fn a_refused_token_is_made_anew_once_and_the_stream_goes_on() {
    let mut fake = filled(10).await;
    fake.accept_tokens(&["t1"]);
    let dir = tempfile::tempdir().unwrap();
    let (token, runs) = (dir.path().join("token"), dir.path().join("runs"));
    std::fs::write(&token, "t1").unwrap();
    let user = plugin(&format!(
        "echo x >> {}; printf '{{\"status\":{{\"token\":\"%s\"}}}}' \"$(cat {})\"",
        runs.display(),
        token.display()
    ));
    let mut client = Client::with(&fake, &user, quick()).await;
    client.until_live().await;
    client.for_a_while(100 * MS).await;
    std::fs::write(&token, "t2").unwrap();
    fake.accept_tokens(&["t2"]);
    fake.kill();
    fake.up().await;
    let begun = Instant::now();
    fake.put("shop", "meanwhile", "Running");
    client.until_true(&fake).await;
    client.until_live().await;
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(std::fs::read_to_string(runs).unwrap().lines().count(), 2);
}

/// F21
#[tokio::test]
async fn credentials_that_stay_refused_are_not_made_in_a_loop() {
    let fake = filled(3).await;
    fake.accept_tokens(&["other"]);
    let dir = tempfile::tempdir().unwrap();
    let runs = dir.path().join("runs");
    let script = format!(
        "echo x >> {}; echo '{{\"status\":{{\"token\":\"bad\"}}}}'",
        runs.display()
    );
    let mut client = Client::with(&fake, &plugin(&script), quick()).await;
    client.for_a_while(300 * MS).await;
    assert!(client.disconnected(), "{:?}", client.state());
    let runs = std::fs::read_to_string(runs).unwrap().lines().count();
    assert!(runs <= 2, "{runs}");
}

/// F21
#[tokio::test]
async fn what_a_plugin_prints_is_never_repeated() {
    let fake = filled(3).await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config");
    for script in [
        "echo canary; echo canary >&2; exit 1",
        "echo canary",
        "sleep 100",
    ] {
        std::fs::write(&path, fake.kubeconfig(&plugin(script))).unwrap();
        let options = quarterdeck::cluster::ConnectOptions {
            kubeconfig: Some(path.clone()),
            timing: Timing {
                plugin: 300 * MS,
                ..quick()
            },
            ..quarterdeck::cluster::ConnectOptions::default()
        };
        let failure = quarterdeck::cluster::Session::connect(options)
            .await
            .unwrap_err();
        assert_eq!(failure.sort, FailureSort::Unauthorized);
        assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
        assert!(failure.why.contains("plugin sh"), "{failure:?}");
    }
}

/// F21
#[tokio::test]
async fn a_plugin_that_is_gone_is_named_and_found_again() {
    use std::os::unix::fs::PermissionsExt;
    let mut fake = filled(4).await;
    fake.accept_tokens(&["t1"]);
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("login");
    let install = |token: &str| {
        let script = format!("#!/bin/sh\necho '{{\"status\":{{\"token\":\"{token}\"}}}}'\n");
        // Written aside, so that it is never busy when it is run.
        let fresh = dir.path().join("fresh");
        std::fs::write(&fresh, script).unwrap();
        std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o700)).unwrap();
        std::fs::rename(&fresh, &program).unwrap();
    };
    install("t1");
    let user = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": program, "interactiveMode": "Never",
        "installHint": "install login from the intranet"}});
    let mut client = Client::with(&fake, &user.to_string(), quick()).await;
    client.until_live().await;
    std::fs::remove_file(&program).unwrap();
    fake.accept_tokens(&["t2"]);
    fake.kill();
    fake.up().await;
    client
        .until("the reason", SOON, |client| {
            matches!(client.state(), Some(FeedState::Disconnected { why, .. }) if why.contains("not on this machine"))
        })
        .await;
    assert_eq!(client.held.rows.len(), 4, "rows stay");
    install("t2");
    client.until_live().await;
    client.until_true(&fake).await;
}

/// F23
#[tokio::test]
async fn a_right_that_is_taken_away_is_told_and_rarely_asked_for() {
    let mut fake = filled(5).await;
    let mut client = Client::start(&fake).await;
    client.until_live().await;
    fake.rule("/pods", Trouble::Status(403, None), None);
    fake.kill();
    fake.up().await;
    let forbidden = |client: &Client| matches!(client.state(), Some(FeedState::Forbidden { .. }));
    client.until("forbidden", SOON, forbidden).await;
    assert_eq!(client.held.rows.len(), 5, "rows stay");
    client.for_a_while(500 * MS).await;
    fake.forget_requests();
    client.for_a_while(1300 * MS).await;
    let asked = fake.seen("/pods").len();
    assert!((2..=4).contains(&asked), "{asked} requests in three waits");
    fake.heal();
    client.until_live().await;
}

#[tokio::test]
async fn a_kind_that_the_server_lacks_is_absent_and_nothing_else() {
    let fake = filled(5).await;
    let (session, _dir) = session(&fake, "{token: t}", quick(), false).await;
    let (tx, mut rx) = tokio::sync::mpsc::channel(16);
    let _feed = session.watch(Kind::CronJob, &Scope::ALL, tx);
    let absent = async {
        while let Some(event) = rx.recv().await {
            if matches!(
                &event,
                quarterdeck::cluster::Event::Feed {
                    state: FeedState::Absent,
                    ..
                }
            ) {
                return;
            }
        }
        panic!("the feed has ended");
    };
    tokio::time::timeout(SOON, absent).await.unwrap();
}

/// F26
#[tokio::test]
async fn a_streaming_list_without_its_end_becomes_a_list() {
    let fake = filled(30).await;
    fake.rule("sendInitialEvents", Trouble::NoEnd, None);
    let mut client = Client::start(&fake).await;
    client.until_live().await;
    client.until_true(&fake).await;
    assert_eq!(fake.seen("sendInitialEvents").len(), 1);
    assert_eq!(fake.seen("limit=").len(), 1);
    // Churn must not keep the endless list alive, and other feeds need not find out again.
    let (tx, _rx) = tokio::sync::mpsc::channel(16);
    let _feed = client
        .session
        .watch(Kind::Pod, &Scope::namespace("shop"), tx);
    client.for_a_while(200 * MS).await;
    assert_eq!(fake.seen("sendInitialEvents").len(), 1);
}

/// F26
#[tokio::test]
async fn changes_do_not_keep_an_endless_list_alive() {
    let fake = filled(30).await;
    fake.rule("sendInitialEvents", Trouble::NoEnd, None);
    let mut client = Client::start(&fake).await;
    let begun = Instant::now();
    while !client.live() {
        fake.put("shop", "p0000", "Running");
        client.for_a_while(20 * MS).await;
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{:?}",
            client.states
        );
    }
    client.until_true(&fake).await;
}

/// F26
#[tokio::test]
async fn an_error_in_place_of_a_streaming_list_becomes_a_list_at_once() {
    let fake = filled(30).await;
    fake.rule("sendInitialEvents", Trouble::ErrorEvent(500), None);
    let mut client = Client::start(&fake).await;
    client.until_live().await;
    client.until_true(&fake).await;
    let told = |client: &Client| {
        client
            .states
            .iter()
            .any(|(_, s)| matches!(s, FeedState::Disconnected { .. }))
    };
    assert!(
        !told(&client),
        "the user need not know: {:?}",
        client.states
    );
}

/// F27
#[tokio::test]
async fn events_packed_one_by_one_are_read() {
    let fake = filled(100).await;
    fake.rule("watch=true", Trouble::Gzip, None);
    let mut client = Client::start(&fake).await;
    client.until_live().await;
    for i in 0..50 {
        fake.put("shop", &format!("p{i:04}"), "Failed");
    }
    client.until_true(&fake).await;
}

#[tokio::test]
async fn a_read_only_session_refuses_to_delete_before_it_reaches_the_server() {
    let fake = filled(1).await;
    let (session, _dir) = session(&fake, "{token: t}", quick(), true).await;
    let pod = Target::watched(Kind::Pod, &"shop".into(), &"p0000".into());
    let failure = session
        .delete(&pod, &quarterdeck::cluster::Deletion::default())
        .await;
    assert_eq!(failure.unwrap_err().sort, FailureSort::ReadOnly);
    assert!(fake.seen("p0000").is_empty());
}
