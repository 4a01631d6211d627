//! Small real services, each from its source to an answer over HTTP: detected, its recipe written,
//! built by a real Docker Engine with its dependencies from their registries, pushed to a real
//! registry with a password, verified there, run, and asked.
//!
//! The base image is made by `tests/services/bases.sh`; without it, an engine or a registry it says
//! what is missing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests"
)]

mod common;

use common::registry::{Registry, docker, missing};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const BASE: &str = "quarterdeck-test/debian:12";

/// Each with what it answers.
const SERVICES: [(&str, &str); 9] = [
    ("shell", "hello from a shell"),
    ("static", "hello from static"),
    ("node", "hello from node true"),
    ("python", "hello from python"),
    ("go", "hello from go"),
    ("rust", "hello from rust 1"),
    ("java", "hello from java"),
    ("php", "hello from php"),
    ("ruby", "hello from ruby"),
];

fn quarterdeck(home: &Path, words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .args(words)
        .current_dir(home)
        .env("HOME", home)
        .env_remove("XDG_CONFIG_HOME")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {out}{err}");
    out
}

/// A container that ends with the test.
struct Container(String);

impl Drop for Container {
    fn drop(&mut self) {
        docker(&["rm", "-f", &self.0]);
    }
}

/// What the service answers, once it does.
fn answer(container: &Container, path: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let address = docker(&["port", &container.0, "8080"]).unwrap_or_default();
        let address = address.lines().next().unwrap_or_default();
        if let Ok(mut stream) = TcpStream::connect(address) {
            let mut text = String::new();
            let asked = write!(stream, "GET {path} HTTP/1.0\r\nHost: x\r\n\r\n");
            if asked.is_ok() && stream.read_to_string(&mut text).is_ok() && !text.is_empty() {
                return text;
            }
        }
        assert!(
            Instant::now() < deadline,
            "no answer: {:?}",
            docker(&["logs", &container.0])
        );
        std::thread::yield_now();
    }
}

#[test]
fn every_service_goes_from_its_source_to_an_answer() {
    if let Some(why) = missing() {
        eprintln!("skipped: {why}");
        return;
    }
    let label = "{{index .Config.Labels \"services\"}}";
    let Some(possible) = docker(&["image", "inspect", "--format", label, BASE]) else {
        eprintln!("skipped: no base image (tests/services/bases.sh makes it)");
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/services");
    let copied = Command::new("cp")
        .arg("-r")
        .args([&services, &home.path().join("services")])
        .status();
    assert!(copied.unwrap().success());
    let registry = Registry::start(home.path());
    registry.log_in(home.path());
    for (name, expected) in SERVICES {
        if !possible.split_whitespace().any(|it| it == name) {
            eprintln!("skipped: {name} (tests/services/bases.sh makes a base with its language)");
            continue;
        }
        let folder = format!("services/{name}");
        let answers = format!("{folder}/answers.toml");
        let catalogue = ["--catalogue", "services/catalogue.toml"];
        let init = ["image", "init", &folder, "--yes", "--answers", &answers];
        quarterdeck(home.path(), &[&init[..], &catalogue].concat());
        let tag = format!("127.0.0.1:{}/tests/{name}:1", registry.port);
        let build = ["image", "build", &folder, "--tag", &tag, "--push"];
        let told = quarterdeck(home.path(), &[&build[..], &catalogue].concat());
        let verified = told.lines().find_map(|line| line.strip_prefix("verified "));
        let known = quarterdeck(home.path(), &["image", "verify", &tag]);
        assert!(known.contains(verified.expect(&told)), "{known}");
        let run = ["run", "-d", "-p", "127.0.0.1:0:8080", &tag];
        let container = Container(docker(&run).expect("it runs").trim().to_owned());
        let path = if name == "shell" { "/hello.txt" } else { "/" };
        let text = answer(&container, path);
        assert!(text.contains(expected), "{name}: {text}");
        // What the build was given to reach its registries is in no layer.
        let history = docker(&["history", "--no-trunc", "--format", "{{.CreatedBy}}", &tag]);
        assert!(!history.unwrap().contains("PRIVATE"), "{name}");
        let found = docker(&[
            "exec",
            &container.0,
            "sh",
            "-c",
            "ls /tmp /run/secrets 2>/dev/null",
        ]);
        assert!(
            !found.unwrap_or_default().contains("quarterdeck-ca"),
            "{name}"
        );
        drop(container);
        docker(&["rmi", "-f", &tag]);
    }
}
