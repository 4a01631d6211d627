//! What the benchmarks share: a table of goals, times, and what a process costs.
//!
//! A figure is compared with its goal as it is, or as a ratio to a peer that did the same in the
//! same run. A goal whose peer is not installed is skipped and says so; it is never taken as met.
#![allow(
    dead_code,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a harness of which each benchmark takes a part; it prints figures"
)]

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What is asked of a figure.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// The value at most this.
    Most(f64),
    /// The value at least this.
    Least(f64),
    /// The value at most so many times the peer's.
    MostOfPeer(f64),
    /// The value at least so many times the peer's.
    LeastOfPeer(f64),
    /// The value within this part of the peer's, either way.
    NearPeer(f64),
    /// Told for what it says about the others.
    None,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// How much it is.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
    /// The peer's value in the same unit.
    pub peer: Option<f64>,
    /// What is asked.
    pub goal: Goal,
}

/// A row whose value is to be at most `goal`.
pub fn most(what: impl Into<String>, value: f64, unit: &'static str, goal: f64) -> Row {
    row(what, value, unit, None, Goal::Most(goal))
}

/// A row of any kind.
pub fn row(
    what: impl Into<String>,
    value: f64,
    unit: &'static str,
    peer: Option<f64>,
    goal: Goal,
) -> Row {
    Row {
        what: what.into(),
        value,
        unit,
        peer,
        goal,
    }
}

/// The head of the table.
pub fn head(peer: &str) {
    println!(
        "{:<66} {:>10} {:<8} {peer:>10} {:>8} {:>8}",
        "what", "value", "", "ratio", "goal"
    );
}

impl Row {
    /// Prints the row. False when the goal is missed: a value that is not a number misses it.
    pub fn print(&self) -> bool {
        let ratio = self.peer.map(|peer| self.value / peer);
        let (goal, met) = match self.goal {
            Goal::Most(goal) => (format!("<={goal}"), Some(self.value <= goal)),
            Goal::Least(goal) => (format!(">={goal}"), Some(self.value >= goal)),
            Goal::MostOfPeer(goal) => (format!("<={goal}x"), ratio.map(|ratio| ratio <= goal)),
            Goal::LeastOfPeer(goal) => (format!(">={goal}x"), ratio.map(|ratio| ratio >= goal)),
            Goal::NearPeer(part) => (
                format!("±{:.0} %", part * 100.0),
                ratio.map(|ratio| (ratio - 1.0).abs() <= part),
            ),
            Goal::None => ("-".to_owned(), Some(true)),
        };
        let told = |value: Option<f64>, digits: usize| {
            value.map_or("-".to_owned(), |value| format!("{value:.digits$}"))
        };
        let verdict = match (met, self.goal) {
            (_, Goal::None) => "",
            (None, _) => "skipped: no peer",
            (Some(true), _) => "ok",
            (Some(false), _) => "MISSED",
        };
        println!(
            "{:<66} {:>10.2} {:<8} {:>10} {:>8} {goal:>8} {verdict}",
            self.what,
            self.value,
            self.unit,
            told(self.peer, 2),
            told(ratio, 3),
        );
        met.unwrap_or(true)
    }
}

/// The program as cargo built it for benchmarks.
pub fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_quarterdeck"))
}

/// Whether a program can be run here.
pub fn has(program: &str, args: &[&str]) -> bool {
    Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs a program in a pseudo-terminal whose bytes are read and thrown away; from its first byte to
/// its end, and how many bytes came.
pub fn drained(program: &str, args: &[&str], env: &[(String, String)]) -> (Duration, usize) {
    let size = PtySize {
        rows: 50,
        cols: 160,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pty = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(program);
    command.args(args);
    for (name, value) in env {
        command.env(name, value);
    }
    command.env("TERM", "xterm-256color");
    let mut child = pty.slave.spawn_command(command).unwrap();
    drop(pty.slave);
    let mut reader = pty.master.try_clone_reader().unwrap();
    let mut buffer = vec![0; 1 << 16];
    let (mut first, mut bytes) = (None, 0);
    while let Ok(n @ 1..) = reader.read(&mut buffer) {
        first.get_or_insert_with(Instant::now);
        bytes += n;
    }
    let time = first.map_or(Duration::ZERO, |first| first.elapsed());
    let _ = child.wait();
    (time, bytes)
}

/// User and system time of a process, from /proc in ticks of 10 ms.
pub fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or("")
        .split_whitespace()
        .collect();
    let ticks = |n: usize| {
        fields
            .get(n)
            .and_then(|field| field.parse::<f64>().ok())
            .unwrap_or(f64::NAN)
    };
    (ticks(11) + ticks(12)) / 100.0
}

/// Resident memory of a process in MB.
pub fn rss_mb(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kb = status.lines().find_map(|line| {
        line.strip_prefix("VmRSS:")?
            .split_whitespace()
            .next()?
            .parse::<f64>()
            .ok()
    });
    kb.map_or(f64::NAN, |kb| kb * 1024.0 / 1e6)
}

/// The median of some times.
pub fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<_> = times.collect();
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The median and the 99th percentile; not numbers when there is nothing.
pub fn percentiles(times: &mut [f64]) -> (f64, f64) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| {
        times
            .get(((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1)))
            .copied()
            .unwrap_or(f64::NAN)
    };
    (at(0.5), at(0.99))
}

/// A time in milliseconds.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// `50,012`, as the console writes it.
pub fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, c) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}
