//! Logs against their goals: floods of numbered lines from the demo server into the console, and
//! into `kubectl logs` in a pseudo-terminal in the same run.
//!
//! `cargo bench --bench logs`. Prints a table; exits with 1 when a goal is missed.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a benchmark prints its figures and ends where it cannot go on"
)]

#[path = "../tests/common/mod.rs"]
mod common;
mod measure;

use common::demo::Demo;
use common::terminal::Terminal;
use measure::{Goal, drained, grouped, head, most, ms, percentiles, row, rss_mb};
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Lines of the flood of one pod.
const LINES: usize = 3_000_000;

/// Lines that are kept for filters and memory.
const KEPT: usize = 1_000_000;

/// Bytes of a line.
const LINE: usize = 125;

/// Rounds of what is compared.
const ROUNDS: usize = 3;

/// A hundred pods, and a few more, of the world of a thousand carry it.
const MANY: &str = "app.kubernetes.io/instance=tax-prod-eu1";

fn main() {
    let program = measure::binary();
    head("kubectl");
    let (alone, mut good) = one(&program);
    good &= many(&program, alone);
    good &= kept(&program);
    std::process::exit(i32::from(!good));
}

fn world(program: &Path, lines: usize) -> Demo {
    let lines = lines.to_string();
    let flags = ["--pods", "1000", "--seed", "7", "--log-flood", &lines];
    Demo::start(program, &flags)
}

/// The console on its pods, in a terminal of 160 by 50.
fn open(program: &Path, demo: &Demo) -> Terminal {
    let env = demo.env();
    let env: Vec<(&str, &str)> = env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let mut t = Terminal::start(program, &["-A", "-c", "pods"], &env, 160, 50);
    t.wait("rows", Duration::from_mins(1), |screen| {
        screen.contains("pods 1,000")
    });
    t
}

/// Opens a log in a fresh console, then reads all of it: lines a second and frames a second.
fn flood(program: &Path, demo: &Demo, target: &str, lines: usize) -> (f64, f64) {
    let mut t = open(program, demo);
    t.send(&format!(":logs {target}\r"));
    t.wait("the tail", Duration::from_secs(30), |screen| {
        screen.contains("tail 1,000") && screen.contains("seq=") && !screen.contains("being opened")
    });
    t.settle(Duration::from_millis(300));
    let wanted = format!("in {} ", grouped(lines));
    let shown = t.raw.len();
    let start = Instant::now();
    t.send("1");
    t.wait("all lines", Duration::from_mins(2), |screen| {
        screen.contains(&wanted)
    });
    let time = start.elapsed().as_secs_f64();
    let frames = memchr::memmem::find_iter(&t.raw[shown..], b"\x1b[?2026h").count();
    (lines as f64 / time, frames as f64 / time)
}

/// One pod alone, in turns with the peer. Lines a second, for the others.
fn one(program: &Path) -> (f64, bool) {
    let demo = world(program, LINES);
    let (namespace, pod) = a_pod(program, &demo);
    let (mut ours, mut frames, mut peers) = (Vec::new(), Vec::new(), Vec::new());
    let kubectl = measure::has("kubectl", &["version", "--client"]);
    for _ in 0..ROUNDS {
        let (lines, drawn) = flood(program, &demo, &format!("pod/{namespace}/{pod}"), LINES);
        ours.push(lines);
        frames.push(drawn);
        if kubectl {
            let args = ["logs", "-n", &namespace, &pod];
            let (time, bytes) = drained("kubectl", &args, &demo.env());
            assert!(bytes >= LINES * LINE, "kubectl logs wrote {bytes} bytes");
            peers.push(LINES as f64 / time.as_secs_f64());
        }
    }
    let ours = percentiles(&mut ours).0;
    let peer = (!peers.is_empty()).then(|| percentiles(&mut peers).0);
    let million = |lines: f64| lines / 1e6;
    let good = row(
        "one pod's flood into the view",
        million(ours),
        "M line/s",
        peer.map(million),
        Goal::LeastOfPeer(2.5),
    )
    .print()
        & row(
            "one pod's flood into the view",
            million(ours),
            "M line/s",
            None,
            Goal::Least(1.0),
        )
        .print()
        & row(
            "frames meanwhile",
            percentiles(&mut frames).0,
            "1/s",
            None,
            Goal::Least(20.0),
        )
        .print();
    (ours, good)
}

/// A running pod of one container.
fn a_pod(program: &Path, demo: &Demo) -> (String, String) {
    let output = Command::new(program)
        .args(["get", "pods", "-A", "-l", MANY, "-o", "json"])
        .envs(demo.env())
        .output()
        .unwrap();
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let pods = list.get("items").unwrap_or(&list).as_array().unwrap();
    let pod = &pods[0];
    let name = |field: &str| {
        let value = pod.get("metadata").unwrap_or(pod).get(field);
        value.unwrap().as_str().unwrap().to_owned()
    };
    (name("namespace"), name("name"))
}

/// A hundred pods at once: nothing lost, nothing twice, in order; and nearly as fast as one.
fn many(program: &Path, alone: f64) -> bool {
    let each = LINES / 100;
    let demo = world(program, each);
    let (pods, lines, wrong) = exactly(program, &demo, each);
    let mut good = row(
        format!("lines of {pods} pods lost, twice or out of order"),
        wrong as f64,
        "lines",
        None,
        Goal::Most(0.0),
    )
    .print();
    let mut ours: Vec<f64> = (0..ROUNDS)
        .map(|_| flood(program, &demo, &format!("-l {MANY}"), lines).0)
        .collect();
    good &= row(
        format!("{pods} pods' floods into the view (beside one pod's)"),
        percentiles(&mut ours).0 / 1e6,
        "M line/s",
        Some(alone / 1e6),
        Goal::LeastOfPeer(0.8),
    )
    .print();
    good
}

/// Reads the logs of many pods without a screen: pods, lines, and lines that are not the next ones
/// of their container.
fn exactly(program: &Path, demo: &Demo, each: usize) -> (usize, usize, usize) {
    let mut child = Command::new(program)
        .args(["logs", "-A", "-l", MANY])
        .envs(demo.env())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut next: HashMap<Vec<u8>, usize> = HashMap::new();
    let (mut lines, mut wrong) = (0, 0);
    let mut reader = BufReader::with_capacity(1 << 18, child.stdout.take().unwrap());
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).unwrap() > 0 {
        let at = memchr::memmem::find(&line, b"seq=").unwrap();
        let number: usize = line[at + 4..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .fold(0, |n, digit| n * 10 + usize::from(digit - b'0'));
        if !next.contains_key(&line[..at]) {
            next.insert(line[..at].to_vec(), 0);
        }
        let wanted = next.get_mut(&line[..at]).unwrap();
        wrong += usize::from(*wanted != number);
        *wanted = number + 1;
        lines += 1;
        line.clear();
    }
    assert!(child.wait().unwrap().success(), "quarterdeck logs failed");
    wrong += next.values().filter(|count| **count != each).count();
    (next.len(), lines, wrong)
}

/// A million kept lines: what they weigh, and how soon a filter shows something.
fn kept(program: &Path) -> bool {
    let demo = world(program, KEPT);
    let (namespace, pod) = a_pod(program, &demo);
    let mut t = open(program, &demo);
    t.send(&format!(":logs pod/{namespace}/{pod}\r"));
    t.wait("the tail", Duration::from_secs(30), |screen| {
        screen.contains("in 1,000 ")
    });
    t.settle(Duration::from_millis(500));
    let before = rss_mb(t.pid());
    t.send("1");
    let wanted = format!("in {} ", grouped(KEPT));
    t.wait("all lines", Duration::from_mins(2), |screen| {
        screen.contains(&wanted)
    });
    t.settle(Duration::from_millis(500));
    let text = (KEPT * LINE) as f64 / 1e6;
    let mut good = row(
        "memory of 1 M kept lines of 125 B (beside their bytes)",
        rss_mb(t.pid()) - before,
        "MB",
        Some(text),
        Goal::MostOfPeer(1.5),
    )
    .print();
    let (mut first, mut whole) = (Vec::new(), Vec::new());
    // A line in ten thousand passes.
    for number in [7777, 1234, 4321, 5050, 9008, 6006, 3210] {
        t.send("/");
        t.settle(Duration::from_millis(200));
        let hit = format!("{number} the quick");
        let pasted = format!("\x1b[200~{number}\\b\x1b[201~");
        let start = Instant::now();
        if let Some(time) = t.key_to_frame(&pasted, Duration::from_secs(5), |screen| {
            screen.lines().skip(3).any(|line| line.contains(&hit)) && screen.contains("shown")
        }) {
            first.push(ms(time));
        }
        t.wait("every line looked at", Duration::from_secs(20), |screen| {
            !screen.contains("looking")
        });
        whole.push(ms(start.elapsed()));
        t.send("\x1b");
        t.settle(Duration::from_millis(300));
    }
    good &= most(
        "filter over 1 M lines, first results, the worst of 7",
        percentiles(&mut first).1,
        "ms",
        50.0,
    )
    .print();
    row(
        "filter over 1 M lines, every line looked at",
        percentiles(&mut whole).0,
        "ms",
        None,
        Goal::None,
    )
    .print();
    good
}
