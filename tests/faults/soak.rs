//! F25, F32. Under churn, with a log, a shell and a filter in use, memory and descriptors stay as
//! they are. Seconds by default, as long as the environment says otherwise.

use crate::common::terminal::Terminal;
use crate::console::Behind;
use crate::number;
use std::time::{Duration, Instant};

fn descriptors(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// Resident kilobytes.
fn resident(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// What somebody does all day, once around.
fn round(terminal: &mut Terminal) {
    for keys in [
        ":pods\r",
        "/web\r",
        "G",
        "g",
        "y",
        "\x1b",
        "d",
        "\x1b",
        "l",
        "/level>=warn\r",
        "\x1b",
        "\x1b",
        "\x1b",
        ":releases\r",
        "\r",
        "\x1b",
        ":nodes\r",
        "?",
        "\x1b",
        ":services\r",
        ":projects\r",
    ] {
        terminal.send(keys);
        terminal.settle(Duration::from_millis(60));
    }
    // A shell of its own, opened and ended.
    terminal.send(":pods\r");
    terminal.settle(Duration::from_millis(100));
    terminal.send("/Running\r");
    terminal.settle(Duration::from_millis(100));
    terminal.send("s");
    terminal.pump(Duration::from_millis(700));
    terminal.send("exit\r");
    terminal.pump(Duration::from_millis(1300));
    terminal.send("\x1bw");
    terminal.settle(Duration::from_millis(100));
    terminal.raw.clear();
}

#[test]
fn soak_memory_and_descriptors_stay_as_they_are() {
    let time = Duration::from_secs(number("QUARTERDECK_SOAK_SECONDS").unwrap_or(20));
    let behind = Behind::start(&["--seed", "7", "--pods", "1000", "--churn", "100"]);
    let mut terminal = behind.open(&["-A"]);
    terminal.wait_for("live");
    // What is made once, is made now.
    for _ in 0..2 {
        round(&mut terminal);
    }
    let pid = terminal.pid();
    let begun = Instant::now();
    let mut seen = vec![(Duration::ZERO, resident(pid), descriptors(pid))];
    while begun.elapsed() < time {
        round(&mut terminal);
        assert!(terminal.alive());
        seen.push((begun.elapsed(), resident(pid), descriptors(pid)));
    }
    let third = seen.len().div_ceil(3);
    let (early, late) = (&seen[..third], &seen[seen.len() - third..]);
    // One look may fall into an allocation, or upon a connection that is just being opened or closed:
    // the medians of the thirds, and the most before against the least after.
    let median = |part: &[(Duration, usize, usize)]| {
        let mut sizes: Vec<usize> = part.iter().map(|it| it.1).collect();
        sizes.sort_unstable();
        sizes[sizes.len() / 2]
    };
    let most = early.iter().map(|it| it.2).max().unwrap();
    let least = late.iter().map(|it| it.2).min().unwrap();
    let (early, late) = (median(early), median(late));
    eprintln!(
        "soak of {:?}: {} rounds, {early} kB early, {late} kB late, {most} and {least} descriptors",
        begun.elapsed(),
        seen.len() - 1,
    );
    assert!(least <= most + 2, "descriptors: {seen:?}");
    // A megabyte a minute at most, and what an allocator may keep.
    let grown = late.saturating_sub(early);
    let allowed = 6 * 1024 + usize::try_from(time.as_secs() * 1024 / 60).unwrap();
    assert!(
        grown <= allowed,
        "{grown} kB more, {allowed} are allowed: {seen:?}"
    );
}
