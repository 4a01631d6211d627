//! What a session leaves behind: its tabs after a crash, a recording that runs again, a bundle for
//! those who mend the program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::demo::{Demo, clean_home};
use common::kubectl::wait_until;
use common::terminal::Terminal;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");
const SOON: Duration = Duration::from_secs(10);
const QUIET: Duration = Duration::from_millis(300);

fn open(env: &[(String, String)], args: &[&str], size: (u16, u16)) -> Terminal {
    let mut env: Vec<(&str, &str)> = env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    env.push(("XDG_RUNTIME_DIR", ""));
    Terminal::start(Path::new(PROGRAM), args, &env, size.0, size.1)
}

fn run(env: &[(String, String)], args: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(args)
        .envs(env.iter().cloned())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn state_folder(env: &[(String, String)]) -> String {
    let state = env.iter().find(|(name, _)| name == "XDG_STATE_HOME");
    format!("{}/quarterdeck", state.unwrap().1)
}

/// Waits until the state file says this.
fn wait_until_kept(env: &[(String, String)], text: &str) {
    let file = format!("{}/state.json", state_folder(env));
    wait_until(text, || {
        std::fs::read_to_string(&file).is_ok_and(|kept| kept.contains(text))
    });
}

#[test]
fn tabs_survive_a_killed_console_and_a_shell_is_offered() {
    let demo = Demo::start(Path::new(PROGRAM), &[]);
    let env = demo.env();
    let mut terminal = open(&env, &[], (120, 30));
    terminal.wait_for("billing");
    terminal.send(":nodes\r");
    terminal.wait_for("Nodes");
    // ctrl-t: a tab.
    terminal.send("\x14");
    terminal.wait_for("billing");
    terminal.send(":pods shop-prod /web age>1h\r");
    terminal.wait_for("Running");
    terminal.settle(QUIET);
    terminal.send("l");
    terminal.wait_for(" follow ");
    terminal.send("\x1b");
    terminal.settle(QUIET);
    terminal.send("s");
    terminal.settle(QUIET);
    if terminal.text().contains("Which container") {
        terminal.send("\r");
    }
    terminal.wait_for("leaves the shell");
    wait_until_kept(&env, "shell/shop-prod/");
    terminal.signal("KILL");
    assert!(terminal.exit(SOON).is_some());

    let mut terminal = open(&env, &[], (120, 30));
    terminal.wait_for("This pane was open when quarterdeck ended");
    // The pods, with their filter; then the nodes.
    terminal.send("\x1b2");
    terminal.wait("the pods again", SOON, |screen| {
        screen.contains("Pods") && screen.contains("/web age") && screen.contains("Running")
    });
    terminal.send("\x1b1");
    terminal.wait_for("Nodes");
    terminal.send("\x1b3");
    terminal.wait_for("This pane was open");
    terminal.settle(QUIET);
    terminal.send("r");
    terminal.wait_for("leaves the shell");
    terminal.send("exit\r");
    terminal.wait_for("exit 0");
    // Who leaves on purpose starts at home the next time.
    terminal.pump(Duration::from_secs(1));
    terminal.send(":quit\r");
    assert_eq!(terminal.exit(SOON), Some(0));
    let mut terminal = open(&env, &[], (120, 30));
    terminal.wait("home again, in the last scope", SOON, |screen| {
        screen.contains("Projects") && screen.contains("retail")
    });
    terminal.settle(QUIET);
    assert!(!terminal.text().contains("did not end well"));
}

#[test]
fn a_recorded_session_runs_again() {
    let home = tempfile::tempdir().unwrap();
    let env = clean_home(home.path());
    let file = home.path().join("session.qdr");
    let name = file.to_str().unwrap();
    let args = [
        "demo",
        "--still-at",
        "2026-03-04T10:15:00Z",
        "--record",
        name,
    ];
    let mut terminal = open(&env, &args, (80, 24));
    terminal.wait_for("billing");
    terminal.send(":pods shop-prod\r");
    terminal.wait_for("Running");
    terminal.send("jj");
    terminal.settle(QUIET);
    terminal.send("/web");
    terminal.settle(Duration::from_millis(1_500));
    let seen = terminal.text();
    terminal.signal("TERM");
    assert_eq!(terminal.exit(SOON), Some(143));
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let dump = run(&env, &["replay", name, "--dump"]);
    let dumped = String::from_utf8(dump.stdout).unwrap();
    assert_eq!(dumped.trim_end(), seen.trim_end(), "{:?}", dump.stderr);
    let first = run(&env, &["replay", name, "--dump", "--until", "1"]);
    assert!(!String::from_utf8(first.stdout).unwrap().contains("/web"));

    // On the screen, with a line of its own below.
    let mut terminal = open(&env, &["replay", name, "--speed", "1000"], (80, 25));
    terminal.wait_for("· end");
    assert!(terminal.text().contains("/web"), "{}", terminal.text());
    terminal.send("q");
    assert_eq!(terminal.exit(SOON), Some(0));

    // A recording is never overwritten, and what is none is told.
    let mut terminal = open(&env, &["demo", "--record", name], (80, 24));
    assert_eq!(terminal.exit(SOON), Some(1));
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    assert!(raw.contains("is there already"), "{raw}");
    let none = run(&env, &["replay", "/dev/null", "--dump"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&none.stderr).contains("is no recording"));
}

#[test]
fn a_bundle_says_what_it_holds_before_it_is_written() {
    let home = tempfile::tempdir().unwrap();
    let env = clean_home(home.path());
    let asked = run(&env, &["bundle"]);
    assert_eq!(asked.status.code(), Some(2), "nobody is there to be asked");
    let told = String::from_utf8(asked.stdout).unwrap();
    for part in ["info.json", "config.txt", "problems.txt", "quarterdeck.log"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!Path::new(&state_folder(&env)).join("bundles").exists());

    let mut terminal = open(&env, &["demo"], (80, 24));
    terminal.wait_for("billing");
    terminal.send(":bundle\r");
    terminal.wait_for("Write a support bundle?");
    terminal.send("n");
    terminal.settle(QUIET);
    assert!(!Path::new(&state_folder(&env)).join("bundles").exists());
    terminal.send(":bundle\r");
    terminal.wait_for("Write a support bundle?");
    terminal.send("y");
    terminal.wait_for("the bundle is");
    let folder = Path::new(&state_folder(&env)).join("bundles");
    let mut files = std::fs::read_dir(folder).unwrap().flatten();
    let file = files.next().unwrap();
    assert!(file.file_name().to_string_lossy().ends_with(".tar.gz"));
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn lists_that_are_compared_agree() {
    let home = tempfile::tempdir().unwrap();
    let env = clean_home(home.path());
    let mut terminal = open(&env, &["demo", "--check-consistency=1"], (120, 30));
    terminal.wait_for("billing");
    terminal.pump(Duration::from_secs(8));
    assert!(
        !terminal.text().contains("not what the server has"),
        "{}",
        terminal.text()
    );
    let log = std::fs::read_to_string(format!("{}/quarterdeck.log", state_folder(&env)));
    let log = log.unwrap_or_default();
    assert!(!log.contains("inconsistent"), "{log}");
}
