//! The console against its goals: the program in a pseudo-terminal, the demo server in another
//! process, kubectl as the peer in the same run where it is installed.
//!
//! `cargo bench --bench console [-- PODS...]`. Prints a table; exits with 1 when a goal is missed.
//! Absolute times depend on the machine, the ratios to kubectl much less.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    reason = "a benchmark prints its figures and ends where it cannot go on"
)]

#[path = "../tests/common/mod.rs"]
mod common;
mod measure;

use common::demo::Demo;
use common::terminal::Terminal;
use measure::{
    Goal, binary, cpu_seconds, grouped, head, median, most, ms, percentiles, row, rss_mb,
};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn main() {
    let program = binary();
    let sizes: Vec<usize> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    let sizes = if sizes.is_empty() {
        vec![1_000, 10_000, 50_000]
    } else {
        sizes
    };
    head("kubectl");
    let mut good = start(&program);
    for pods in sizes {
        good &= list(&program, pods);
        good &= churn(&program, pods);
    }
    std::process::exit(i32::from(!good));
}

/// What needs no cluster.
fn start(program: &Path) -> bool {
    let version = median((0..15).map(|_| {
        let start = Instant::now();
        Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .unwrap();
        start.elapsed()
    }));
    let home = tempfile::tempdir().unwrap();
    let env = common::demo::clean_home(home.path());
    let paint = median((0..7).map(|_| {
        let started = Instant::now();
        let mut t = open(program, &[], &env);
        t.wait("a first frame", Duration::from_secs(5), |screen| {
            screen.to_lowercase().contains("projects") || screen.contains("demo")
        });
        started.elapsed()
    }));
    most("--version", ms(version), "ms", 5.0).print()
        & most("first paint without a network", ms(paint), "ms", 50.0).print()
}

fn list(program: &Path, pods: usize) -> bool {
    let demo = Demo::start(program, &["--pods", &pods.to_string(), "--seed", "7"]);
    let env = demo.env();
    let real = count_pods(&env).unwrap_or(pods);
    let kubectl = kubectl_list(&env);
    let wanted = format!("pods {}", grouped(real));
    let mut times = Vec::new();
    let mut first = Vec::new();
    for _ in 0..5 {
        let started = Instant::now();
        let mut t = open(program, &["-A", "-c", "pods"], &env);
        t.wait("rows", Duration::from_mins(1), |screen| {
            screen.contains("Running")
        });
        first.push(started.elapsed());
        t.wait("all pods", Duration::from_mins(2), |screen| {
            screen.contains(&wanted)
        });
        times.push(started.elapsed());
    }
    let whole = median(times.into_iter());
    let goal = if real > 30_000 {
        0.10
    } else if real > 5_000 {
        0.20
    } else {
        1.0
    };
    let mut good = row(
        format!("complete list of {real} pods"),
        ms(whole),
        "ms",
        kubectl.map(ms),
        Goal::MostOfPeer(goal),
    )
    .print();
    good &= most(
        format!("first rows of {real} pods, from the start of the process"),
        ms(median(first.into_iter())),
        "ms",
        150.0,
    )
    .print();

    let mut t = open(program, &["-A", "-c", "pods"], &env);
    t.wait("all pods", Duration::from_mins(2), |screen| {
        screen.contains(&wanted)
    });
    t.settle(Duration::from_millis(800));
    t.pump(Duration::from_secs(3));
    let goal = if real > 30_000 { 200.0 } else { 65.0 };
    good &= most(
        format!("resident memory at {real} pods"),
        rss_mb(t.pid()),
        "MB",
        goal,
    )
    .print();
    // Pods whose ages are told in days, none of which was restarted some minutes ago: nothing that is
    // seen changes.
    t.send("/age>9d restarts<1\r");
    t.pump(Duration::from_secs(1));
    t.send("G");
    t.pump(Duration::from_secs(2));
    let (cpu, bytes) = usage(&mut t, Duration::from_secs(30));
    good &= most(format!("CPU idle at {real} pods"), cpu * 100.0, "%", 0.3).print();
    good &= most(
        format!("bytes to the terminal idle at {real} pods"),
        bytes,
        "B/s",
        0.0,
    )
    .print();
    t.send("\x1b");
    t.settle(Duration::from_millis(150));
    t.send("g");
    t.settle(Duration::from_millis(150));
    let (p50, p99) = keys(&mut t, 300);
    good &= most(format!("key to frame at {real} pods, p50"), p50, "ms", 2.0).print();
    good &= most(format!("key to frame at {real} pods, p99"), p99, "ms", 8.0).print();
    good &= most(
        format!("filter keystroke over {real} pods, p99"),
        filter(&mut t),
        "ms",
        16.0,
    )
    .print();
    good
}

fn churn(program: &Path, pods: usize) -> bool {
    if pods < 10_000 {
        return true;
    }
    let demo = Demo::start(
        program,
        &[
            "--pods",
            &pods.to_string(),
            "--churn",
            "1000",
            "--seed",
            "7",
        ],
    );
    let env = demo.env();
    let mut t = open(program, &["-A", "-c", "pods"], &env);
    t.wait("rows", Duration::from_mins(1), |screen| {
        screen.contains("Running")
    });
    t.pump(Duration::from_secs(6));
    let server = cpu_seconds(demo.pid());
    let (cpu, _) = usage(&mut t, Duration::from_secs(10));
    let server = (cpu_seconds(demo.pid()) - server) / 10.0;
    let goal = if pods > 30_000 { 26.0 } else { 20.0 };
    let mut good = most(
        format!(
            "CPU at 1,000 events/s and {pods} pods (server {:.0} %)",
            server * 100.0
        ),
        cpu * 100.0,
        "%",
        goal,
    )
    .print();
    let (_, p99) = keys(&mut t, 300);
    good &= most(
        format!("key to frame under churn at {pods} pods, p99"),
        p99,
        "ms",
        16.0,
    )
    .print();
    good &= most(
        format!("event to visible row under churn at {pods} pods, p99"),
        event_to_row(&mut t),
        "ms",
        100.0,
    )
    .print();
    good
}

/// From the moment that a pod's STATUS says (the demo's churn stamps one with the time of its change)
/// to the frame in which it is read. Not a number when no stamp was seen.
fn event_to_row(t: &mut Terminal) -> f64 {
    t.send("/^stamp-0\r");
    t.pump(Duration::from_secs(1));
    let mut times = Vec::new();
    let mut last = stamp(&t.text());
    let end = Instant::now() + Duration::from_secs(15);
    while Instant::now() < end {
        t.pump(Duration::from_millis(1));
        let seen = stamp(&t.text());
        if seen != last {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            times.extend(seen.map(|at| ms(now) - at));
            last = seen;
        }
    }
    percentiles(&mut times).1
}

/// The milliseconds since 1970 in the first `t1795438044123` of a screen.
fn stamp(screen: &str) -> Option<f64> {
    screen
        .split_whitespace()
        .filter_map(|word| word.strip_prefix('t'))
        .find(|digits| digits.len() == 13)
        .and_then(|digits| digits.parse().ok())
}

fn open(program: &Path, args: &[&str], env: &[(String, String)]) -> Terminal {
    let env: Vec<(&str, &str)> = env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    Terminal::start(program, args, &env, 160, 50)
}

/// From a movement key to the frame in which the selected row is another.
fn keys(t: &mut Terminal, count: usize) -> (f64, f64) {
    let mut times = Vec::new();
    for n in 0..count {
        let key = if (n / 20) % 2 == 0 { "j" } else { "k" };
        // A phase that never falls into step with the program's own second.
        t.pump(Duration::from_millis(7 + (n as u64 * 13) % 23));
        if let Some(time) = t.key_to_frame(key, Duration::from_secs(2), |_| true) {
            times.push(ms(time));
        }
    }
    percentiles(&mut times)
}

/// From a letter of the filter to the frame that shows it.
fn filter(t: &mut Terminal) -> f64 {
    let mut times = Vec::new();
    for word in ["api-", "shop", "web", "worker", "zzz"] {
        t.send("/");
        t.settle(Duration::from_millis(120));
        for n in 0..word.len() {
            let typed = &word[..=n];
            if let Some(time) = t.key_to_frame(&word[n..=n], Duration::from_secs(2), |screen| {
                screen.contains(typed)
            }) {
                times.push(ms(time));
            }
            t.pump(Duration::from_millis(40));
        }
        t.send("\x1b");
        t.settle(Duration::from_millis(150));
    }
    percentiles(&mut times).1
}

fn kubectl_list(env: &[(String, String)]) -> Option<Duration> {
    let once = || {
        let start = Instant::now();
        let status = Command::new("kubectl")
            .args(["get", "pods", "-A"])
            .envs(env.iter().cloned())
            .stdout(Stdio::null())
            .status()
            .ok()?;
        status.success().then(|| start.elapsed())
    };
    once()?;
    Some(median((0..3).filter_map(|_| once())))
}

/// How many pods the world really has.
fn count_pods(env: &[(String, String)]) -> Option<usize> {
    let output = Command::new(binary())
        .args(["get", "pods", "-A", "-o", "name"])
        .envs(env.iter().cloned())
        .output()
        .ok()?;
    let count = memchr::memchr_iter(b'\n', &output.stdout).count();
    (count > 0).then_some(count)
}

fn usage(t: &mut Terminal, time: Duration) -> (f64, f64) {
    let (cpu, bytes) = (cpu_seconds(t.pid()), t.bytes);
    t.pump(time);
    (
        (cpu_seconds(t.pid()) - cpu) / time.as_secs_f64(),
        (t.bytes - bytes) as f64 / time.as_secs_f64(),
    )
}
