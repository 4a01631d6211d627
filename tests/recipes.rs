//! Recipes in a pseudo-terminal: which Dockerfiles are outdated, making them again, and the way from
//! a project of the cluster to its recipe.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::demo::clean_home;
use common::terminal::Terminal;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");

fn open(home: &Path, args: &[&str], size: (u16, u16)) -> Terminal {
    let env = clean_home(home);
    let mut env: Vec<(&str, &str)> = env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    env.push(("XDG_RUNTIME_DIR", ""));
    env.push(("DOCKER_HOST", "unix:///nonexistent.sock"));
    Terminal::start(Path::new(PROGRAM), args, &env, size.0, size.1)
}

/// A small Go service with recipe and Dockerfile.
fn service(home: &Path, folder: &Path, project: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("go.mod"), "module example.test/x\n\ngo 1.25\n").unwrap();
    fs::write(
        folder.join("main.go"),
        "package main\n\nfunc main() {\n\tlisten(\":9000\")\n}\n",
    )
    .unwrap();
    let answers = home.join("answers.toml");
    fs::write(&answers, format!("[project]\nproject = \"{project}\"\n")).unwrap();
    let answers = answers.display().to_string();
    for args in [
        &["image", "init", "--yes", "--answers", &answers][..],
        &["image", "dockerfile", "--write"],
    ] {
        let mut command = Command::new(PROGRAM);
        command.args(args).current_dir(folder);
        let envs = clean_home(home);
        let done = command.envs(envs.iter().map(|(a, b)| (a, b))).output();
        let done = done.unwrap();
        assert!(done.status.success(), "{done:?}");
    }
}

/// Where the program looks for a catalogue of the person's own.
fn own_catalogue(home: &Path) -> PathBuf {
    let envs = clean_home(home);
    let config = envs
        .iter()
        .find(|(name, _)| name == "XDG_CONFIG_HOME")
        .map_or_else(|| home.join(".config"), |(_, value)| PathBuf::from(value));
    config.join("quarterdeck/catalogue.toml")
}

#[test]
fn what_is_outdated_is_seen_with_its_change_and_made_again() {
    let (home, all) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (one, two) = (all.path().join("one"), all.path().join("team/two"));
    service(home.path(), &one, "shop");
    service(home.path(), &two, "shop");
    let digest = format!("sha256:{}", "ab".repeat(32));
    let own = own_catalogue(home.path());
    fs::create_dir_all(own.parent().unwrap()).unwrap();
    let newer = format!(
        "[stacks.go]\nimages = [{{ version = \"1.25\", system = \"debian\", builder = \"docker.io/library/golang:1.25\", run = \"docker.io/library/debian:12-slim@{digest}\" }}]\n"
    );
    fs::write(own, newer).unwrap();

    let mut terminal = open(home.path(), &[], (160, 50));
    terminal.wait_for("Open the demo");
    terminal.send(&format!(":outdated {}\r", all.path().display()));
    terminal.wait_for("team/two");
    terminal.wait_for("+ FROM docker.io/library/golang:1.25");
    terminal.send("R");
    terminal.wait_for("Write 2 Dockerfiles again?");
    terminal.send("y");
    terminal.wait_for("2 Dockerfiles are made again");
    for folder in [&one, &two] {
        let text = fs::read_to_string(folder.join("Dockerfile")).unwrap();
        assert!(text.contains(&digest), "{text}");
    }
    terminal.send("r");
    terminal.wait_for("it is what the catalogue gives today");
}

#[test]
fn a_small_screen_shows_the_change_as_a_page() {
    let (home, all) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    service(home.path(), all.path(), "shop");
    let dockerfile = all.path().join("Dockerfile");
    let text = fs::read_to_string(&dockerfile).unwrap();
    fs::write(&dockerfile, text.replace("EXPOSE 9000\n", "")).unwrap();
    let mut terminal = open(home.path(), &[], (80, 24));
    terminal.wait_for("Open the demo");
    terminal.send(&format!(":outdated {}\r", all.path().display()));
    terminal.wait_for("outdated");
    terminal.send("d");
    terminal.wait_for("+ EXPOSE 9000");
    terminal.send("q");
    terminal.wait_for("WHAT DIFFERS");
    terminal.send("r");
    terminal.wait_for("the Dockerfile is made again");
    assert_eq!(fs::read_to_string(&dockerfile).unwrap(), text);
    terminal.send(":outdated /nonexistent/x\r");
    terminal.wait_for("there is no folder `/nonexistent/x`");
}

#[test]
fn a_project_leads_to_its_recipe_where_that_is_known() {
    let (home, all) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = all.path().join("checkout-service");
    let mut terminal = open(home.path(), &["demo"], (160, 50));
    terminal.wait_for("billing");
    terminal.send("/billing\r");
    terminal.wait_for("billing-");
    terminal.send("b");
    terminal.wait_for("no build of billing here");
    terminal.send("\x03");
    terminal.wait_for("enter open");
    service(home.path(), &folder, "billing");
    let envs = clean_home(home.path());
    let state = envs
        .iter()
        .find(|(name, _)| name == "XDG_STATE_HOME")
        .map_or_else(
            || home.path().join(".local/state"),
            |it| PathBuf::from(&it.1),
        );
    let builds = state.join("quarterdeck/builds");
    fs::create_dir_all(&builds).unwrap();
    let entry = format!(
        "{{\"folder\":\"{}\",\"tag\":\"x/checkout-service:1\"}}\n",
        folder.display()
    );
    fs::write(builds.join("builds.jsonl"), entry).unwrap();
    terminal.send("b");
    terminal.wait_for("New image of checkout-service");
    terminal.wait_for("EXPOSE 9000");
}
