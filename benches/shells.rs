//! Shells against their goals: real shells of this machine behind the demo server's exec, in the
//! console, in tmux and in kubectl, in the same run.
//!
//! `cargo bench --bench shells`. Prints a table; exits with 1 when a goal is missed.
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
use measure::{Goal, cpu_seconds, has, head, median, most, ms, percentiles, row, rss_mb};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// Bytes that are written to a terminal or a file.
const BYTES: usize = 100_000_000;

/// Rounds of what is compared.
const ROUNDS: usize = 3;

/// Keys of which the 99th percentile is taken.
const KEYS: usize = 200;

/// How long a quiet console is watched.
const IDLE: Duration = Duration::from_secs(30);

/// The frame around a pane: with it the shell has 200 columns and 50 rows.
const SIZE: (u16, u16) = (200, 52);

const LONG: Duration = Duration::from_mins(2);

fn main() -> ExitCode {
    let program = measure::binary();
    let folder = tempfile::tempdir().unwrap();
    let big = folder.path().join("big");
    let line = "the quick brown fox jumps over the lazy dog while nobody waits for it at all\n";
    fs::write(&big, &line.repeat(BYTES / line.len() + 1)[..BYTES]).unwrap();
    let flags = ["--pods", "200", "--seed", "7", "--exec", "host"];
    let demo = Demo::start(&program, &[&flags[..], &["--log-flood", "1000"]].concat());
    head("peer");
    let mut good = cat(&program, &demo, &big);
    good &= interrupt(&program, &demo);
    good &= echo(&program, &demo);
    good &= to_file(&program, &demo, &big, folder.path());
    good &= idle(&program, &demo);
    // Not by `exit`: the server ends with its handle.
    ExitCode::from(u8::from(!good))
}

/// The console on its pods.
fn open(program: &Path, demo: &Demo) -> Terminal {
    let env = demo.env();
    let env: Vec<(&str, &str)> = env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let args = ["-A", "-c", "pods"];
    let mut t = Terminal::start(program, &args, &env, SIZE.0, SIZE.1);
    t.wait("rows", LONG, |screen| screen.contains("Running"));
    t.settle(Duration::from_millis(300));
    t
}

/// Whether a shell asks for a command.
fn prompted(screen: &str) -> bool {
    let prompt = |line: &str| line.trim_end().ends_with(['$', '#']);
    screen.lines().skip(1).any(prompt)
}

/// A shell in the pod of that row, with a prompt of its own.
fn shell(t: &mut Terminal, pod: usize) {
    t.send("/status=Running\r");
    t.settle(Duration::from_millis(200));
    t.send("g");
    t.send(&"j".repeat(pod));
    t.settle(Duration::from_millis(200));
    t.send("s");
    t.wait("a shell", Duration::from_secs(10), prompted);
    t.settle(Duration::from_millis(200));
    t.send("PS1='re''ady> '\r");
    t.wait_for("ready>");
}

/// The 100 MB in a visible pane, in turns with tmux.
fn cat(program: &Path, demo: &Demo, big: &Path) -> bool {
    let mut t = open(program, demo);
    shell(&mut t, 0);
    t.send("clear; stty size\r");
    t.settle(Duration::from_millis(300));
    let rows = t.lines().iter().find_map(|line| {
        let mut words = line.trim().trim_matches('│').split_whitespace();
        Some((
            words.next()?.parse::<u32>().ok()?,
            words.next()?.parse::<u32>().ok()?,
        ))
    });
    let socket = format!("quarterdeck-bench-{}", std::process::id());
    let tmux = has("tmux", &["-V"]);
    let mut peer = tmux.then(|| {
        let args = ["-L", &socket, "-f", "/dev/null", "new-session", "/bin/sh"];
        let mut t = Terminal::start(Path::new("tmux"), &args, &[], 200, 51);
        t.settle(Duration::from_millis(500));
        t.send("PS1='re''ady> '\r");
        t.wait_for("ready>");
        t
    });
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        ours.push(through(&mut t, big, round));
        if let Some(peer) = &mut peer {
            peers.push(through(peer, big, round));
        }
    }
    if tmux {
        let _ = Command::new("tmux")
            .args(["-L", &socket, "kill-server"])
            .status();
    }
    let speed = |times: Vec<Duration>| BYTES as f64 / 1e6 / median(times.into_iter()).as_secs_f64();
    let size = rows.map_or_else(|| "?".into(), |(rows, columns)| format!("{columns}x{rows}"));
    row(
        format!("cat of 100 MB in a visible pane of {size} (beside tmux)"),
        speed(ours),
        "MB/s",
        (!peers.is_empty()).then(|| speed(peers)),
        Goal::LeastOfPeer(1.5),
    )
    .print()
}

/// From enter to the frame that shows that `cat` has ended.
fn through(t: &mut Terminal, big: &Path, round: usize) -> Duration {
    t.send(&format!(
        "clear; cat {}; echo do''ne-{round}",
        big.display()
    ));
    t.settle(Duration::from_millis(300));
    let start = Instant::now();
    t.send("\r");
    let done = format!("done-{round}");
    t.wait("the end of cat", LONG, |screen| screen.contains(&done));
    start.elapsed()
}

/// The process of this machine whose command line begins so.
fn process(words: &[&str]) -> Option<PathBuf> {
    let wanted = words.join("\0");
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        line.starts_with(wanted.as_bytes()).then(|| entry.path())
    })
}

/// Whether a process has ended, buried or not.
fn ended(process: &Path) -> bool {
    fs::read_to_string(process.join("stat"))
        .ok()
        .and_then(|stat| stat.rsplit(')').next()?.trim().chars().next())
        .is_none_or(|state| state == 'Z')
}

/// Keys while a command floods: ctrl-C ends it, and the keys of others are not held up.
fn interrupt(program: &Path, demo: &Demo) -> bool {
    let mut t = open(program, demo);
    shell(&mut t, 0);
    let mut times = Vec::new();
    for round in 0..30 {
        let mark = format!("flood-{}-{round}", std::process::id());
        t.send(&format!("yes {mark}\r"));
        t.pump(Duration::from_millis(400));
        let process = process(&["yes", &mark]).unwrap();
        let start = Instant::now();
        t.send("\x03");
        while !ended(&process) && start.elapsed() < Duration::from_secs(5) {
            t.pump(Duration::from_millis(1));
        }
        times.push(ms(start.elapsed()));
        t.settle(Duration::from_millis(200));
    }
    let mut good = most(
        "ctrl-C to the end of the flooding process, p99",
        percentiles(&mut times).1,
        "ms",
        100.0,
    )
    .print();
    // A flood in a tab that is not seen, and a quiet shell in another one.
    t.send("yes a flood that nobody sees\r");
    t.pump(Duration::from_millis(300));
    t.send("\x1d");
    t.pump(Duration::from_millis(300));
    t.send("\x14");
    t.pump(Duration::from_millis(500));
    t.send(":pods\r");
    t.wait_for("Running");
    t.pump(Duration::from_millis(300));
    let mut list = keys(&mut t);
    good &= most(
        "key to frame on a list while another tab floods, p99",
        percentiles(&mut list).1,
        "ms",
        16.0,
    )
    .print();
    shell(&mut t, 1);
    let mut typed = typed(&mut t);
    good &= most(
        "echo in a shell while another tab floods, p99",
        percentiles(&mut typed).1,
        "ms",
        16.0,
    )
    .print();
    good
}

/// From a movement key to the frame with another row selected.
fn keys(t: &mut Terminal) -> Vec<f64> {
    let mut times = Vec::new();
    for n in 0..KEYS {
        let key = if (n / 20) % 2 == 0 { "j" } else { "k" };
        t.pump(Duration::from_millis(7 + (n as u64 * 13) % 23));
        if let Some(time) = t.key_to_frame(key, Duration::from_secs(2), |_| true) {
            times.push(ms(time));
        }
    }
    times
}

/// From a letter to the frame that shows it, in a shell that has a prompt.
fn typed(t: &mut Terminal) -> Vec<f64> {
    let mut times = Vec::new();
    let mut line = String::new();
    for n in 0..KEYS {
        if n % 20 == 0 {
            t.send("\x15");
            t.pump(Duration::from_millis(100));
            line.clear();
        }
        let letter = char::from(b'a' + u8::try_from(n * 7 % 26).unwrap_or(0)).to_string();
        line += &letter;
        let wanted = format!("> {line}");
        t.pump(Duration::from_millis(7 + (n as u64 * 13) % 23));
        if let Some(time) = t.key_to_frame(&letter, Duration::from_secs(2), |screen| {
            screen.contains(&wanted)
        }) {
            times.push(ms(time));
        }
    }
    times
}

/// A running pod's namespace and name.
fn a_pod(program: &Path, demo: &Demo) -> (String, String) {
    let output = Command::new(program)
        .args([
            "get",
            "pods",
            "-A",
            "-l",
            "app.kubernetes.io/name=web",
            "-o",
            "json",
        ])
        .envs(demo.env())
        .output()
        .unwrap();
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let pods = list.get("items").unwrap_or(&list).as_array().unwrap();
    let name = |field: &str| {
        let value = pods[0].get("metadata").unwrap_or(&pods[0]).get(field);
        value.unwrap().as_str().unwrap().to_owned()
    };
    (name("namespace"), name("name"))
}

/// A letter through exec and back, in turns with `kubectl exec -it`.
fn echo(program: &Path, demo: &Demo) -> bool {
    let mut t = open(program, demo);
    shell(&mut t, 0);
    let (namespace, pod) = a_pod(program, demo);
    let env = demo.env();
    let env: Vec<(&str, &str)> = env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let mut peer = has("kubectl", &["version", "--client"]).then(|| {
        let args = ["exec", "-it", "-n", &namespace, &pod, "--", "/bin/sh"];
        let mut peer = Terminal::start(Path::new("kubectl"), &args, &env, 200, 50);
        peer.wait("a prompt", LONG, prompted);
        peer.send("PS1='re''ady> '\r");
        peer.wait_for("ready>");
        peer
    });
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.extend(typed(&mut t));
        if let Some(peer) = &mut peer {
            peers.extend(typed(peer));
        }
    }
    let peer = (!peers.is_empty()).then(|| percentiles(&mut peers).1);
    let goal = peer.map_or(Goal::MostOfPeer(1.0), |peer| {
        Goal::Most(((peer + 5.0) * 10.0).round() / 10.0)
    });
    row(
        "echo through exec, p99 (kubectl's and 5 ms)",
        percentiles(&mut ours).1,
        "ms",
        peer,
        goal,
    )
    .print()
}

/// The 100 MB through exec into a file, in turns with kubectl.
fn to_file(program: &Path, demo: &Demo, big: &Path, folder: &Path) -> bool {
    let (namespace, pod) = a_pod(program, demo);
    let target = format!("pod/{namespace}/{pod}");
    let big = big.to_str().unwrap();
    let out = folder.join("out");
    let once = |program: &Path, args: &[&str]| {
        let start = Instant::now();
        let status = Command::new(program)
            .args(args)
            .envs(demo.env())
            .stdin(Stdio::null())
            .stdout(File::create(&out).unwrap())
            .status()
            .unwrap();
        let time = start.elapsed();
        assert!(status.success(), "{} {args:?}", program.display());
        let bytes = fs::metadata(&out).unwrap().len();
        assert_eq!(bytes, BYTES as u64, "{}", program.display());
        time
    };
    let kubectl = has("kubectl", &["version", "--client"]);
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(once(program, &["exec", &target, "--", "cat", big]));
        if kubectl {
            let args = ["exec", "-n", &namespace, &pod, "--", "cat", big];
            peers.push(once(Path::new("kubectl"), &args));
        }
    }
    let seconds = |times: Vec<Duration>| median(times.into_iter()).as_secs_f64();
    row(
        "exec of 100 MB into a file (beside kubectl)",
        seconds(ours),
        "s",
        (!peers.is_empty()).then(|| seconds(peers)),
        Goal::MostOfPeer(1.1),
    )
    .print()
}

/// What eight quiet shells and four quiet logs cost over the console alone.
fn idle(program: &Path, demo: &Demo) -> bool {
    let mut t = open(program, demo);
    t.pump(Duration::from_secs(5));
    let memory = rss_mb(t.pid());
    let alone = usage(&mut t);
    for n in 0..12 {
        if n > 0 {
            t.send("\x14");
            t.settle(Duration::from_millis(300));
            t.send(":pods\r");
            t.wait_for("Running");
            t.settle(Duration::from_millis(300));
        }
        if n < 8 {
            shell(&mut t, n);
            t.send("\x1d");
            t.settle(Duration::from_millis(300));
        } else {
            t.send("l");
            t.wait("a log", LONG, |screen| screen.contains("in 1,000 "));
        }
    }
    t.pump(Duration::from_secs(5));
    let more = rss_mb(t.pid()) - memory;
    let cpu = usage(&mut t) - alone;
    most(
        "CPU of eight idle shells and four idle logs over the console's",
        cpu * 100.0,
        "%",
        0.5,
    )
    .print()
        & most("memory of them over the console's", more, "MB", 40.0).print()
}

fn usage(t: &mut Terminal) -> f64 {
    let cpu = cpu_seconds(t.pid());
    t.pump(IDLE);
    (cpu_seconds(t.pid()) - cpu) / IDLE.as_secs_f64()
}
