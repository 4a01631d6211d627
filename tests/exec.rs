//! `quarterdeck exec` from a script: codes, streams, and an end at once whatever keeps it waiting.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::demo::Demo;
use common::kubectl::wait_until;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");

/// A demo, and a command that runs `exec` on one of its pods.
struct Pod {
    demo: Demo,
    target: String,
}

impl Pod {
    fn find() -> Self {
        let flags = ["--pods", "60", "--seed", "7", "--exec", "host"];
        let demo = Demo::start(Path::new(PROGRAM), &flags);
        let listed = Command::new(PROGRAM)
            .args([
                "get",
                "pods",
                "-A",
                "-o",
                "json",
                "-l",
                "app.kubernetes.io/name=web",
            ])
            .envs(demo.env())
            .output()
            .unwrap();
        let list: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
        let pods = list.get("items").unwrap_or(&list).as_array().unwrap();
        let text = |field: &str| {
            let value = pods[0].get("metadata").unwrap_or(&pods[0]).get(field);
            value.unwrap().as_str().unwrap().to_owned()
        };
        let target = format!("pod/{}/{}", text("namespace"), text("name"));
        Self { demo, target }
    }

    fn exec(&self, command: &[&str]) -> Command {
        let mut program = Command::new(PROGRAM);
        program
            .args(["exec", &self.target, "--"])
            .args(command)
            .envs(self.demo.env())
            .stdin(Stdio::null());
        program
    }
}

/// How long it takes to end, and its exit code.
fn end(mut child: Child) -> (Duration, Option<i32>) {
    let begun = Instant::now();
    wait_until("it ends", || child.try_wait().unwrap().is_some());
    (begun.elapsed(), child.wait().unwrap().code())
}

/// What a process is waiting in, when the kernel tells.
fn sleeps_in_write(pid: u32) -> bool {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let calls = tasks.filter_map(|task| fs::read_to_string(task.path().join("syscall")).ok());
    // Number 1 is `write` on x86-64.
    calls.into_iter().any(|call| call.starts_with("1 "))
}

#[test]
fn streams_and_the_code_are_those_of_the_command() {
    let pod = Pod::find();
    let output = pod
        .exec(&["sh", "-c", "echo out; echo err >&2; exit 9"])
        .output()
        .unwrap();
    assert_eq!(output.stdout, b"out\n");
    assert!(String::from_utf8_lossy(&output.stderr).contains("err"));
    assert_eq!(output.status.code(), Some(9));
    let killed = pod.exec(&["sh", "-c", "kill -9 $$"]).output().unwrap();
    assert_eq!(killed.status.code(), Some(137));
    let refused = Command::new(PROGRAM)
        .args(["--readonly", "exec", &pod.target, "--", "true"])
        .envs(pod.demo.env())
        .output()
        .unwrap();
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).to_lowercase();
    assert!(said.contains("read-only"), "{said}");
}

#[test]
#[cfg(target_arch = "x86_64")]
fn an_interrupt_ends_it_at_once_also_while_nobody_takes_its_output() {
    let pod = Pod::find();
    let child = pod.exec(&["yes"]).stdout(Stdio::piped()).spawn().unwrap();
    wait_until("the pipe is full", || sleeps_in_write(child.id()));
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let (time, code) = end(child);
    assert!(time < Duration::from_secs(2), "{time:?}");
    assert_eq!(code, Some(130));
}

#[test]
fn a_closed_pipe_ends_it_quietly_also_while_the_command_is_silent() {
    let pod = Pod::find();
    let mut command = pod.exec(&["sh", "-c", "echo first; exec sleep 1000"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 6];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"first\n");
    drop(stdout);
    let mut stderr = child.stderr.take().unwrap();
    let (time, _) = end(child);
    assert!(time < Duration::from_secs(2), "{time:?}");
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}
