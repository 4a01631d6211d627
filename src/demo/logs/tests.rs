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
            let out = read(&mut script, until - 200 * SECOND, until, usize::MAX);
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
