//! What is secret stays so: a value of a Secret, a value of the environment, what a credential
//! plugin says and the body of an error are in no file that the program writes and in no frame,
//! unless somebody asks for them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::kubectl::Kubectl;
use common::terminal::Terminal;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");
const SOON: Duration = Duration::from_secs(10);
const QUIET: Duration = Duration::from_millis(400);

/// `canary-secret-5e1`, as a Secret holds it and a screen shows it when asked.
const VALUE_IN_BASE64: &str = "Y2FuYXJ5LXNlY3JldC01ZTE=";
/// How each of the canaries begins; the company has pods of such a name, too.
const CANARIES: [&str; 6] = [
    "canary-secret-",
    "canary-env-",
    "canary-body-",
    "canary-plugin-",
    "canary-token-",
    VALUE_IN_BASE64,
];

const OBJECTS: &str = r#"{"apiVersion": "v1", "kind": "List", "items": [
  {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "bird", "namespace": "shop-prod"},
   "data": {"password": "Y2FuYXJ5LXNlY3JldC01ZTE="}},
  {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "cage", "namespace": "shop-prod"},
   "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "cage"}},
    "template": {"metadata": {"labels": {"app": "cage"}},
     "spec": {"containers": [{"name": "cage", "image": "registry.local/cage:1",
      "env": [{"name": "TOKEN", "value": "canary-env-77b"}]}]}}}}
]}"#;

/// A server that answers everything with an error that is no Status.
fn angry() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut buffer = [0; 1 << 14];
                while let Ok(1..) = stream.read(&mut buffer) {
                    let body = "<html>canary-body-c04 at line 7</html>";
                    let head = "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/html";
                    let answer = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                    if stream.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    format!("http://{address}")
}

/// Contexts beside the demo's: one whose plugin fails loudly, one whose server is angry.
fn more_contexts(folder: &Path, server: &str) -> PathBuf {
    let file = folder.join("more");
    let plugin = "echo canary-plugin-a1d; echo canary-plugin-a1d >&2; exit 1";
    let text = format!(
        "{{apiVersion: v1, kind: Config, contexts: [{{name: loud, context: {{cluster: angry, user: loud}}}}, {{name: angry, context: {{cluster: angry, user: nobody}}}}], clusters: [{{name: angry, cluster: {{server: '{server}'}}}}], users: [{{name: nobody, user: {{token: canary-token-e9f}}}}, {{name: loud, user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: /bin/sh, args: [-c, '{plugin}']}}}}}}]}}"
    );
    std::fs::write(&file, text).unwrap();
    file
}

/// Every file below a folder that holds a canary, packed ones unpacked.
fn found_below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let path = entry.path();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && leaks(&std::fs::read(&path).unwrap()) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

fn leaks(bytes: &[u8]) -> bool {
    let mut unpacked = Vec::new();
    if bytes.starts_with(b"\x1f\x8b") {
        let mut packed = flate2::read::GzDecoder::new(bytes);
        packed.read_to_end(&mut unpacked).unwrap();
    }
    [bytes, &unpacked].iter().any(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        CANARIES.iter().any(|canary| text.contains(canary))
    })
}

#[track_caller]
fn assert_unseen(terminal: &Terminal) {
    assert!(!leaks(&terminal.raw), "{}", terminal.text());
    assert!(!leaks(terminal.text().as_bytes()), "{}", terminal.text());
}

/// The environment of a person with contexts for everything.
struct Person {
    home: tempfile::TempDir,
    env: Vec<(String, String)>,
}

impl Person {
    fn new(kubeconfig: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut env = common::demo::clean_home(home.path());
        env.push(("KUBECONFIG".into(), kubeconfig.into()));
        env.push(("XDG_RUNTIME_DIR".into(), String::new()));
        Self { home, env }
    }

    fn open(&self, args: &[&str]) -> Terminal {
        let env: Vec<(&str, &str)> = self
            .env
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        Terminal::start(Path::new(PROGRAM), args, &env, 160, 50)
    }

    fn file(&self, name: &str) -> String {
        self.home.path().join(name).display().to_string()
    }
}

/// Opens the YAML of the Secret.
fn show_secret(terminal: &mut Terminal) {
    terminal.send(":secrets shop-prod /bird\r");
    terminal.wait_for("Opaque");
    terminal.settle(QUIET);
    terminal.send("y");
    terminal.wait_for("kind: Secret");
    terminal.settle(QUIET);
}

/// Has its value shown, and leaves.
fn reveal_and_quit(terminal: &mut Terminal) {
    terminal.send("x");
    terminal.wait_for(VALUE_IN_BASE64);
    terminal.send(":quit\r");
    assert_eq!(terminal.exit(SOON), Some(0));
}

#[test]
fn canaries_are_in_no_file_and_no_frame_unless_asked_for() {
    let Some(kubectl) = Kubectl::start(PROGRAM, &[]) else {
        return;
    };
    kubectl
        .run_with("apply --validate=false -f -", OBJECTS)
        .says(&["bird", "cage"]);
    let elsewhere = tempfile::tempdir().unwrap();
    let more = more_contexts(elsewhere.path(), &angry());
    let own = kubectl.demo.kubeconfig.display();
    let person = Person::new(&format!("{own}:{}", more.display()));
    let mut terminal = person.open(&["-l", "trace", "--record", &person.file("session.qdr")]);
    terminal.wait_for("billing");

    // The Secret, as YAML and described; the pod with its page and its preview.
    show_secret(&mut terminal);
    terminal.send("\x1b");
    terminal.settle(QUIET);
    terminal.send("d");
    terminal.wait_for("Describe secret");
    terminal.settle(QUIET);
    assert_unseen(&terminal);
    terminal.send(":pods shop-prod /cage\r");
    terminal.wait_for("cage-");
    terminal.settle(QUIET);
    terminal.send("\r");
    terminal.wait_for("TOKEN");
    assert_unseen(&terminal);
    for line in [":pods shop-prod /cage\r", ":deployments shop-prod /cage\r"] {
        for (key, shows) in [("y", "<hidden, 14 bytes>"), ("d", "TOKEN:")] {
            terminal.send(line);
            terminal.wait_for("cage");
            terminal.settle(QUIET);
            terminal.send(key);
            terminal.settle(QUIET);
            // It may stand further down.
            terminal.send("/TOKEN\r");
            terminal.wait_for(shows);
            terminal.settle(QUIET);
            assert_unseen(&terminal);
        }
    }

    // The plugin that talks, the server that is angry.
    terminal.send(":ctx loud\r");
    terminal.wait_for("log in");
    terminal.settle(QUIET);
    assert_unseen(&terminal);
    terminal.send(":ctx angry\r");
    terminal.wait_for("500");
    terminal.settle(QUIET);
    terminal.send(":notices\r");
    terminal.settle(QUIET);
    assert_unseen(&terminal);
    terminal.send(":bundle\r");
    terminal.wait_for("Write a support bundle?");
    terminal.send("y");
    terminal.wait_for("the bundle is");
    assert_unseen(&terminal);

    // Asked for, it is shown; it is written nowhere for all that.
    terminal.send(":ctx quarterdeck-demo\r");
    // In the last scope, which is one namespace.
    terminal.wait_for("retail");
    show_secret(&mut terminal);
    reveal_and_quit(&mut terminal);
    let done = Command::new(PROGRAM)
        .args(["bundle", "--yes"])
        .envs(person.env.iter().cloned())
        .output()
        .unwrap();
    assert!(done.status.success() && !leaks(&done.stdout) && !leaks(&done.stderr));
    assert_eq!(found_below(person.home.path()), [""; 0]);

    // The search can find: a recording that is to leave nothing out holds it.
    let all = person.file("all.qdr");
    let mut terminal = person.open(&["--record", &all, "--record-all"]);
    terminal.wait_for("retail");
    show_secret(&mut terminal);
    reveal_and_quit(&mut terminal);
    assert_eq!(found_below(person.home.path()), [all]);
}
