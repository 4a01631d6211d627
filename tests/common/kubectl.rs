//! An unmodified kubectl on a demo cluster of its own.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::demo::Demo;

/// kubectl on a demo cluster of its own.
pub struct Kubectl {
    /// The cluster.
    pub demo: Demo,
}

/// What kubectl said.
pub struct Said {
    /// It was content.
    pub ok: bool,
    /// Its standard output.
    pub out: String,
    /// Both outputs.
    pub all: String,
}

impl Said {
    /// What a finished kubectl said.
    pub fn of(output: &Output) -> Self {
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        let all = format!("{out}{}", String::from_utf8_lossy(&output.stderr));
        Self {
            ok: output.status.success(),
            out,
            all,
        }
    }

    /// Fails the test unless kubectl was content and said each of these.
    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Self {
        assert!(self.ok, "{}", self.all);
        for part in parts {
            assert!(self.all.contains(part), "no {part:?} in:\n{}", self.all);
        }
        self
    }

    /// Fails the test unless kubectl refused and said this.
    #[track_caller]
    pub fn refuses(&self, part: &str) {
        assert!(
            !self.ok && self.all.contains(part),
            "no {part:?} in:\n{}",
            self.all
        );
    }

    /// The output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.all))
    }

    /// The lines of the output, sorted.
    pub fn lines(&self) -> BTreeSet<String> {
        self.out.lines().map(str::to_owned).collect()
    }
}

impl Kubectl {
    /// `None` where there is no kubectl.
    pub fn start(program: &str, flags: &[&str]) -> Option<Self> {
        let found = Command::new("kubectl")
            .args(["version", "--client"])
            .output();
        if found.is_err() {
            eprintln!("skipped: no kubectl");
            return None;
        }
        Some(Self {
            demo: Demo::start(Path::new(program), flags),
        })
    }

    /// kubectl with these words, not yet run.
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new("kubectl");
        command.args(line.split_whitespace()).envs(self.demo.env());
        command
    }

    /// Runs a line of words without quotes.
    pub fn run(&self, line: &str) -> Said {
        Said::of(&self.command(line).stdin(Stdio::null()).output().unwrap())
    }

    /// Runs a line of words without quotes with this input.
    pub fn run_with(&self, line: &str, input: &str) -> Said {
        Said::of(&with_input(&mut self.command(line), input.as_bytes()))
    }

    /// A Deployment with at least two ready replicas: namespace, name, selector, replicas.
    pub fn deployment(&self) -> (String, String, String, i64) {
        let list = self.run("get deploy -A -o json").says(&[]).json();
        let healthy = |item: &&Value| {
            item["status"]["readyReplicas"].as_i64().unwrap_or(0) >= 2
                && item["status"]["readyReplicas"] == item["spec"]["replicas"]
        };
        let item = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(healthy)
            .unwrap();
        let labels = item["spec"]["selector"]["matchLabels"].as_object().unwrap();
        let selector: Vec<_> = labels
            .iter()
            .map(|(key, value)| format!("{key}={}", value.as_str().unwrap()))
            .collect();
        let text = |key: &str| item["metadata"][key].as_str().unwrap().to_owned();
        (
            text("namespace"),
            text("name"),
            selector.join(","),
            item["spec"]["replicas"].as_i64().unwrap(),
        )
    }

    /// The pods that a selector selects.
    pub fn pods(&self, ns: &str, selector: &str) -> BTreeSet<String> {
        self.run(&format!("-n {ns} get pods -l {selector} -o name"))
            .says(&[])
            .lines()
    }
}

/// Waits until it holds; fails the test after half a minute.
#[track_caller]
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "never: {what}");
        #[expect(clippy::disallowed_methods, reason = "polls another process")]
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Runs a command with this input to its end, whether it reads all of it or not.
pub fn with_input(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // A command that reads nothing closes the pipe.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().unwrap()
    })
}
