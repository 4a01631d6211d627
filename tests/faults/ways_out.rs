//! F28. On every screen: whatever ends or stops the program, the terminal is as it was, within a
//! second.

use crate::common::demo::Demo;
use crate::common::terminal::Terminal;
use crate::console::{PROGRAM, open};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What gives a terminal back, in the order in which it must come last.
const GIVEN_BACK: &str =
    "\x1b[?2026l\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?2004l\x1b[0m\x1b[?25h\x1b[?1049l";
const LIMIT: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_secs(20);

/// A screen: the keys that lead to it, and what is on it.
const SCREENS: &[(&str, &str, &str)] = &[
    ("projects", "", "billing"),
    ("releases", ":releases\r", "shop-prod"),
    ("workloads", ":workloads\r", "Deployment"),
    ("pods", ":pods\r", "Running"),
    ("containers", ":pods\r~\r", "mounts"),
    ("nodes", ":nodes\r", "Ready"),
    ("namespaces", ":ns\r", "shop-prod"),
    ("contexts", ":ctx\r", "quarterdeck-demo"),
    ("a kind", ":services\r", "ClusterIP"),
    ("kinds", ":resources\r", "configmaps"),
    ("notices", ":notices\r", "Notices"),
    ("yaml", ":pods\r~y", "apiVersion"),
    ("describe", ":pods\r~d", "Namespace"),
    ("log", ":pods\r~l", "live"),
    ("shell", ":pods\r/web ns:shop-prod age>1h\r~s", ":/app#"),
    ("wizard", ":new\r", "Dockerfile"),
    ("recipes", ":outdated\r", "Recipes"),
    ("builds", ":builds\r", "Builds"),
    ("about", ":about\r", "certificate"),
    ("keys", ":keys\r", "ctrl"),
    ("themes", ":theme\r", "harbour"),
    ("help", "?", "Help"),
    ("palette", ":lo", "logs"),
    ("filter", "/web", "web"),
    ("question", ":pods\r~\u{4}", "elete"),
    ("splits", ":pods\r~\x1bs", "Running"),
];

/// The console at a screen.
fn at(home: &Path, demo: &Demo, screen: &(&str, &str, &str)) -> Terminal {
    let kubeconfig = demo.kubeconfig.to_str().unwrap();
    let mut terminal = open(home, &["-A"], &[("KUBECONFIG", kubeconfig)]);
    terminal.wait_for("live");
    terminal.wait_for("billing");
    for keys in screen.1.split('~') {
        terminal.send(keys);
        terminal.settle(Duration::from_millis(250));
    }
    let limit = SOON;
    terminal.wait(screen.0, limit, |text| text.contains(screen.2));
    terminal
}

fn assert_given_back(terminal: &Terminal, before: &str, screen: &str) {
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    assert!(
        raw.ends_with(GIVEN_BACK),
        "{screen}: {:?}",
        &raw[raw.len().saturating_sub(200)..]
    );
    assert_eq!(terminal.stty(), before, "{screen}: stty -a");
}

/// The signal ends it in time, with this code, and the terminal is whole.
fn assert_ends(terminal: &mut Terminal, (signal, code): (&str, u32), before: &str, screen: &str) {
    let asked = Instant::now();
    terminal.signal(signal);
    assert_eq!(terminal.exit(LIMIT * 2), Some(code), "{screen}");
    let took = asked.elapsed();
    // The clock of the test is looked at a little later.
    assert!(
        took <= LIMIT + Duration::from_millis(70),
        "{screen}: {took:?}"
    );
    assert_given_back(terminal, before, screen);
}

/// `stty -a` of a terminal that nobody has touched.
fn untouched() -> String {
    Terminal::start(Path::new("/bin/cat"), &[], &[], 120, 40).stty()
}

fn state_of(pid: u32) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit(") ").next().unwrap()[..1].to_owned()
}

#[test]
fn stopped_and_ended_on_every_screen_it_gives_the_terminal_back() {
    let demo = Demo::start(Path::new(PROGRAM), &["--seed", "7"]);
    let before = untouched();
    for screen in SCREENS {
        let home = tempfile::tempdir().unwrap();
        let mut terminal = at(home.path(), &demo, screen);
        terminal.signal("TSTP");
        let asked = Instant::now();
        while state_of(terminal.pid()) != "T" {
            assert!(
                asked.elapsed() < LIMIT * 2,
                "{}: it does not stop",
                screen.0
            );
            terminal.pump(Duration::from_millis(10));
        }
        terminal.settle(Duration::from_millis(50));
        assert_given_back(&terminal, &before, screen.0);
        terminal.raw.clear();
        terminal.signal("CONT");
        terminal.wait(screen.0, SOON, |text| text.contains(screen.2));
        assert!(
            terminal.stty().contains("-icanon"),
            "{}: raw mode again",
            screen.0
        );
        assert_ends(&mut terminal, ("TERM", 143), &before, screen.0);
    }
}

#[test]
fn hung_up_on_every_screen_it_ends_within_a_second() {
    let demo = Demo::start(Path::new(PROGRAM), &["--seed", "7"]);
    let before = untouched();
    for screen in SCREENS {
        let home = tempfile::tempdir().unwrap();
        let mut terminal = at(home.path(), &demo, screen);
        assert_ends(&mut terminal, ("HUP", 129), &before, screen.0);
    }
}

/// Holds the terminals of consoles, as the emulator of a person does, until it is killed.
#[test]
#[ignore = "started by the test that follows"]
fn helper_that_holds_a_terminal_at_each_screen() {
    let demo = Demo::start(Path::new(PROGRAM), &["--seed", "7"]);
    let home = tempfile::tempdir().unwrap();
    let mut held = Vec::new();
    for screen in SCREENS {
        held.push(at(home.path(), &demo, screen));
        println!("\nholds {} {}", held.last().unwrap().pid(), screen.0);
    }
    println!(
        "\nholds them all, and demo {} in {}",
        demo.pid(),
        home.path().display()
    );
    loop {
        std::thread::park();
    }
}

#[test]
fn without_its_terminal_it_ends_within_a_second_on_every_screen() {
    let mut helper = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "--test-threads=1"])
        .arg("ways_out::helper_that_holds_a_terminal_at_each_screen")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut held = Vec::new();
    let mut left = (String::new(), String::new());
    for line in BufReader::new(helper.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["holds", "them", ..] => {
                left = (words[5].to_owned(), words[7].to_owned());
                break;
            }
            ["holds", pid, ..] => held.push((pid.to_owned(), words[2..].join(" "))),
            _ => {}
        }
    }
    let all = held.len();
    helper.kill().unwrap();
    let closed = Instant::now();
    helper.wait().unwrap();
    let gone = |pid: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    };
    // They all end at once, on the cores that there are: a second is for each of them.
    let limit = LIMIT * 3;
    while closed.elapsed() < limit && !held.iter().all(|(pid, _)| gone(pid)) {
        std::thread::yield_now();
    }
    held.retain(|(pid, _)| !gone(pid));
    for (pid, _) in &held {
        drop(Command::new("kill").args(["-9", pid]).status());
    }
    drop(Command::new("kill").arg(&left.0).status());
    drop(std::fs::remove_dir_all(&left.1));
    assert_eq!(all, SCREENS.len(), "the helper says which it holds");
    assert_eq!(held, [], "still there after {:?}", closed.elapsed());
}
