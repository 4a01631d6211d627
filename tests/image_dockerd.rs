//! Faults of a real engine, which this test starts for itself: its disk fills up, and it is killed in
//! the midst of a step. Says that it was skipped where no engine can be started.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests"
)]

mod common;

use common::dockerd::Dockerd;
use common::image::{CATALOGUE, RECIPE, Ran, command, service};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A base that this engine is given.
const BASE: &str = "quarterdeck-test/busybox:1";

const ARGS: [&str; 8] = [
    "image",
    "build",
    "--catalogue",
    "catalogue.toml",
    "--tag",
    "shop/hello:1",
    "-o",
    "json",
];

/// Starts the engine, or says why the test is skipped.
fn engine(megabytes: u32) -> Option<Dockerd> {
    Dockerd::start(megabytes)
        .inspect_err(|why| eprintln!("skipped: {why}"))
        .ok()
}

/// Both builders.
const BUILDERS: [&[&str]; 2] = [&[], &["--classic"]];

#[test]
fn a_full_disk_of_the_engine_has_its_remedy() {
    for builder in BUILDERS {
        let Some(engine) = engine(64) else { return };
        let folder = service();
        let big = fs::File::create(folder.path().join("service/big")).unwrap();
        big.set_len(200 << 20).unwrap();
        let args = [&ARGS[..], builder].concat();
        let build = || {
            Ran::of(
                command(folder.path(), &engine.host(), &args)
                    .spawn()
                    .unwrap(),
            )
        };
        build().failed(1, &["no space left", "docker system prune"]);
        // With room again the same engine builds the same.
        engine.resize(1024);
        let ran = build();
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
}

/// Gives the engine a base of the machine's busybox.
fn base(engine: &Dockerd, folder: &Path) -> bool {
    let root = folder.join("root");
    fs::create_dir_all(root.join("bin")).unwrap();
    let busybox = ["/bin/busybox", "/usr/bin/busybox"];
    let Some(busybox) = busybox.iter().find(|it| Path::new(it).exists()) else {
        return false;
    };
    fs::copy(busybox, root.join("bin/busybox")).unwrap();
    std::os::unix::fs::symlink("busybox", root.join("bin/sh")).unwrap();
    let archive = folder.join("root.tar");
    let tar = Command::new("tar")
        .arg("-C")
        .arg(&root)
        .arg("-cf")
        .arg(&archive)
        .arg(".")
        .status();
    tar.unwrap().success()
        && engine
            .docker(&["import", archive.to_str().unwrap(), BASE])
            .is_some()
}

#[test]
fn an_engine_that_is_killed_in_a_step_is_told_and_the_step_failed() {
    for builder in BUILDERS {
        let Some(mut engine) = engine(256) else {
            return;
        };
        let folder = service();
        if !base(&engine, folder.path()) {
            eprintln!("skipped: no busybox (apt-get install busybox-static)");
            return;
        }
        let dir = folder.path().join("service");
        let own = format!("FROM {BASE}\nRUN echo begun; /bin/busybox sleep 5\n");
        fs::write(dir.join("Dockerfile"), &own).unwrap();
        let recipe = RECIPE.replace("tool = \"plain\"", "dockerfile = \"Dockerfile\"");
        fs::write(dir.join("quarterdeck.toml"), &recipe).unwrap();
        let catalogue = format!("[policy]\nregistries = []\n{CATALOGUE}");
        fs::write(dir.join("catalogue.toml"), catalogue).unwrap();
        let args = [&ARGS[..], builder].concat();
        let mut child = command(folder.path(), &engine.host(), &args)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let begun = lines.any(|line| line.unwrap().contains("\"line\":\"begun\""));
        assert!(begun, "the step runs");
        let killed = Instant::now();
        engine.kill();
        let rest: Vec<String> = lines.map_while(Result::ok).collect();
        let mut ran = Ran::of(child);
        ran.read(&rest);
        assert!(killed.elapsed() < Duration::from_secs(5));
        ran.failed(5, &["the engine went away", "RUN echo begun", "still runs"]);
        let failed = ran.events.iter().any(|it| it["state"] == "failed");
        assert!(failed, "the step that ran is told to have failed");
        assert_eq!(fs::read_to_string(dir.join("Dockerfile")).unwrap(), own);
        assert_eq!(
            fs::read_to_string(dir.join("quarterdeck.toml")).unwrap(),
            recipe
        );
    }
}
