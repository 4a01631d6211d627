//! Every command that the README shows is run, in its order, against the demo's own server. What a
//! machine lacks (an engine, kubectl) is said, never passed over in silence.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests"
)]

mod common;

use common::demo::{Demo, clean_home};
use common::terminal::Terminal;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");

/// What follows a `$ ` in a console block, without the remark behind it.
fn commands() -> Vec<String> {
    let readme = include_str!("../README.md");
    let mut inside = false;
    let mut found = Vec::new();
    for line in readme.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let (true, Some(command)) = (inside, line.strip_prefix("$ ")) {
            let command = command.split(" # ").next().unwrap();
            found.push(command.trim().to_owned());
        }
    }
    found
}

fn run(command: &str, folder: &Path, env: &[(String, String)], follow: bool) -> Output {
    let line = command.replacen("quarterdeck", PROGRAM, 1);
    let mut child = Command::new("/bin/sh")
        .args(["-c", &format!("exec {line}")])
        .current_dir(folder)
        .envs(env.iter().cloned())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    if follow {
        // It never ends by itself: it is asked to, after its first words had time.
        let deadline = Instant::now() + Duration::from_secs(4);
        while Instant::now() < deadline && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let pid = child.id().to_string();
        drop(Command::new("kill").args(["-TERM", &pid]).status());
    }
    child.wait_with_output().unwrap()
}

/// The console itself: it must show the demo's cluster.
fn console(command: &str, env: &[(String, String)]) {
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let env: Vec<(&str, &str)> = env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let mut terminal = Terminal::start(Path::new(PROGRAM), &words, &env, 120, 40);
    terminal.wait("the console is live", Duration::from_secs(20), |text| {
        text.contains("live")
    });
}

/// A copy of the services, so that nothing is written into the project.
fn copied(to: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/services");
    std::fs::create_dir_all(to.join("tests")).unwrap();
    let done = Command::new("cp")
        .arg("-r")
        .args([&from, &to.join("tests/services")])
        .status();
    assert!(done.unwrap().success());
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let home = tempfile::tempdir().unwrap();
    copied(home.path());
    let demo = Demo::start(Path::new(PROGRAM), &["--seed", "7"]);
    let mut env = clean_home(home.path());
    env.extend(demo.env());
    env.push(("XDG_RUNTIME_DIR".into(), String::new()));
    let commands = commands();
    assert!(commands.len() > 15, "{commands:?}");
    for command in &commands {
        let words: Vec<&str> = command.split(' ').collect();
        let verb = words.get(1).copied().unwrap_or_default();
        if words[0] == "cargo" {
            // What builds and tests the program is under way.
            continue;
        }
        if words[0] != "quarterdeck" {
            eprintln!("left to the tests of kubectl: {command}");
            continue;
        }
        if verb == "demo" {
            // It is what the others speak to; the test of the demo starts it with these flags.
            continue;
        }
        if verb.starts_with('-') {
            // The context of the demo has a name of its own.
            console(&command.replace("--context NAME ", ""), &env);
            continue;
        }
        let follow = words.iter().any(|word| matches!(*word, "-f" | "-w"));
        let output = run(command, home.path(), &env, follow);
        let errors = String::from_utf8_lossy(&output.stderr);
        if command.contains("image build") && !output.status.success() {
            // The registry of the example exists nowhere: what is missing is said.
            assert!(
                errors.contains("Docker Engine")
                    || errors.contains("base image")
                    || errors.contains("not pushed")
                    || errors.contains("failed"),
                "{command}: {errors}"
            );
            eprintln!("no engine with those bases here: {command}");
            continue;
        }
        let well = output.status.success()
            // Asked to end, it ends by that.
            || follow && output.status.code() != Some(2)
            // What is not written yet is outdated, and that is an answer.
            || command.contains("outdated") && output.status.code() == Some(1);
        assert!(well, "{command}: {:?} {errors}", output.status);
        let quiet = command.contains("lint");
        assert!(
            quiet || !output.stdout.is_empty(),
            "{command} says nothing: {errors}"
        );
    }
}
