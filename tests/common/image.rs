//! A small service without a language, and the program as a pipeline runs it on it.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");

/// The recipe of the service.
pub const RECIPE: &str = "version = 1\n[project]\nname = \"hello\"\n[base]\nstack = \"shell\"\nversion = \"1\"\nsystem = \"scratch\"\n[build]\ntool = \"plain\"\n[run]\ncommand = [\"/app/hello\"]\n";

/// A catalogue with an empty base.
pub const CATALOGUE: &str =
    "[stacks.shell]\nimages = [{ version = \"1\", system = \"scratch\", run = \"scratch\" }]\n";

/// A service with its recipe, in `service` below a folder of its own.
pub fn service() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("service");
    fs::create_dir(&dir).unwrap();
    for (file, text) in [
        ("quarterdeck.toml", RECIPE),
        ("catalogue.toml", CATALOGUE),
        ("hello", "#!/bin/sh\n"),
    ] {
        fs::write(dir.join(file), text).unwrap();
    }
    folder
}

/// The program in the service, with the engine at `host`.
pub fn command(folder: &Path, host: &str, args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(args)
        .current_dir(folder.join("service"))
        .env("HOME", folder)
        .env_remove("XDG_CONFIG_HOME")
        .env("DOCKER_HOST", host)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What a run left: exit code, lines of JSON, standard error.
pub struct Ran {
    pub code: i32,
    pub events: Vec<Value>,
    pub err: String,
}

impl Ran {
    /// Waits for its end.
    pub fn of(child: Child) -> Self {
        let output = child.wait_with_output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let mut ran = Self {
            code: output.status.code().unwrap(),
            events: Vec::new(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        ran.read(out.lines());
        ran
    }

    /// Takes lines of JSON that it said.
    pub fn read<L: AsRef<str>>(&mut self, lines: impl IntoIterator<Item = L>) {
        let events = lines.into_iter();
        let events = events.filter_map(|line| serde_json::from_str(line.as_ref()).ok());
        self.events.extend(events);
    }

    /// It failed with this code, said all of `words`, and its last line of JSON says so too.
    #[track_caller]
    pub fn failed(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{}", self.err);
        for word in words {
            assert!(self.err.contains(word), "`{word}` is not in: {}", self.err);
        }
        assert!(!self.err.contains("panicked"), "{}", self.err);
        let last = self.events.last().unwrap();
        assert_eq!(last["result"], "failed", "{last}");
        assert!(self.err.contains(last["error"].as_str().unwrap()), "{last}");
    }
}
