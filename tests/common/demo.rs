//! The demo server in a process of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running `demo serve`. Dropping it ends the server.
pub struct Demo {
    child: Child,
    home: tempfile::TempDir,
    /// `https://127.0.0.1:PORT`
    pub server: String,
    /// The kubeconfig it wrote.
    pub kubeconfig: PathBuf,
}

impl Demo {
    /// Starts a server with these further flags and waits until it is ready.
    pub fn start(program: &Path, flags: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        Self::start_in(program, flags, home)
    }

    fn start_in(program: &Path, flags: &[&str], home: tempfile::TempDir) -> Self {
        let kubeconfig = home.path().join("kubeconfig");
        let mut child = Command::new(program)
            .args(["demo", "serve", "--kubeconfig-out"])
            .arg(&kubeconfig)
            .arg("--state")
            .arg(home.path().join("demo"))
            .args(flags)
            .env("HOME", home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("demo serve said {line:?}: {error}"));
        let server = ready["server"].as_str().unwrap().to_owned();
        Self {
            child,
            home,
            server,
            kubeconfig,
        }
    }

    /// The port it listens on.
    pub fn port(&self) -> &str {
        self.server
            .rsplit(':')
            .next()
            .unwrap()
            .trim_end_matches('/')
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills the server at once and starts the same one again on the same port.
    pub fn kill_and_restart(mut self, program: &Path, flags: &[&str]) -> Self {
        let port = self.port().to_owned();
        self.kill();
        let home = std::mem::replace(&mut self.home, tempfile::tempdir().unwrap());
        let mut all = vec!["--port", &port];
        all.extend(flags);
        Self::start_in(program, &all, home)
    }

    /// Kills the server at once.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Environment of a program that is to use this server, with a home of its own.
    pub fn env(&self) -> Vec<(String, String)> {
        let mut env = clean_home(self.home.path());
        env.push((
            "KUBECONFIG".into(),
            self.kubeconfig.to_string_lossy().into_owned(),
        ));
        env
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Environment variables for a home of its own under `root`.
pub fn clean_home(root: &Path) -> Vec<(String, String)> {
    let at = |name: &str| root.join(name).to_string_lossy().into_owned();
    [
        ("HOME", ""),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_CACHE_HOME", "cache"),
    ]
    .into_iter()
    .map(|(name, folder)| (name.to_owned(), at(folder)))
    .collect()
}
