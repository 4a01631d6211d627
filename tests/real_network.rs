//! Bad networks before a true API server, named by `QUARTERDECK_TEST_KUBECONFIG`: eight shells and
//! four logs under connections that are reset, refused and half open. Needs kubectl, and somebody
//! who may exec.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may fail loudly; what is skipped is said"
)]

mod common;

use common::demo::clean_home;
use common::proxy::{Proxy, Sever, Weather};
use common::terminal::Terminal;
use serde_json::{Value, json};
use std::net::ToSocketAddrs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");

const MS: Duration = Duration::from_millis(1);
const SOON: Duration = Duration::from_secs(30);

/// As many shells as one console has; the list stands before them.
const SHELLS: usize = 8;
const LOGS: usize = 4;

/// A true server, and a way to it that can be made bad.
struct Behind {
    proxy: Proxy,
    home: tempfile::TempDir,
    kubeconfig: PathBuf,
}

impl Behind {
    fn start() -> Option<Self> {
        let Some(kubeconfig) = std::env::var_os("QUARTERDECK_TEST_KUBECONFIG") else {
            eprintln!("skipped: QUARTERDECK_TEST_KUBECONFIG is not set");
            return None;
        };
        let home = tempfile::tempdir().unwrap();
        let words = "config view --raw --minify --flatten -o json";
        let mut config: Value =
            serde_json::from_str(&kubectl(Path::new(&kubeconfig), words)).unwrap();
        let cluster = &mut config["clusters"][0]["cluster"];
        let server = cluster["server"].as_str().unwrap().to_owned();
        let address = server.strip_prefix("https://").expect("a server with TLS");
        let address = address.trim_end_matches('/');
        let (host, _) = address.rsplit_once(':').unwrap_or((address, ""));
        let port = if host == address { ":443" } else { "" };
        let addresses = format!("{address}{port}").to_socket_addrs().unwrap();
        let proxy = Proxy::start(addresses.into_iter().next().expect("an address"));
        cluster["server"] = json!(format!("https://{}", proxy.addr));
        if cluster["tls-server-name"].is_null() {
            cluster["tls-server-name"] = json!(host);
        }
        let kubeconfig = home.path().join("kubeconfig");
        std::fs::write(&kubeconfig, config.to_string()).unwrap();
        Some(Self {
            proxy,
            home,
            kubeconfig,
        })
    }

    fn open(&self, name: &str, args: &[&str]) -> Terminal {
        let home = self.home.path().join(name);
        std::fs::create_dir(&home).unwrap();
        let env = clean_home(&home);
        let mut env: Vec<(&str, &str)> =
            env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        env.push(("KUBECONFIG", self.kubeconfig.to_str().unwrap()));
        let mut terminal = Terminal::start(Path::new(PROGRAM), args, &env, 160, 45);
        terminal.wait("live", SOON, |screen| screen.contains("● live"));
        terminal
    }

    /// Running pods in which there is a shell: namespace, pod and container.
    fn places(&self, wanted: usize) -> Vec<[String; 3]> {
        let words = "get pods -A -o json --field-selector=status.phase=Running";
        let pods: Value = serde_json::from_str(&kubectl(&self.kubeconfig, words)).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let place = |pod: &Value| {
            let (meta, spec) = (&pod["metadata"], &pod["spec"]);
            [
                text(&meta["namespace"]),
                text(&meta["name"]),
                text(&spec["containers"][0]["name"]),
            ]
        };
        let has_shell = |[namespace, pod, container]: &[String; 3]| {
            let mut command = Command::new("kubectl");
            command.env("KUBECONFIG", &self.kubeconfig);
            command.args(["exec", "-n", namespace, pod, "-c", container]);
            command.args(["--", "sh", "-c", "true"]);
            command.output().unwrap().status.success()
        };
        let pods = pods["items"].as_array().unwrap().iter().map(place);
        pods.filter(has_shell).take(wanted).collect()
    }
}

fn kubectl(kubeconfig: &Path, words: &str) -> String {
    let output = Command::new("kubectl")
        .args(words.split(' '))
        .env("KUBECONFIG", kubeconfig)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "kubectl {words}: {told}");
    String::from_utf8(output.stdout).unwrap()
}

/// To the tab of this number, out of a pane that may have the keyboard.
fn tab(terminal: &mut Terminal, number: usize) {
    terminal.settle(200 * MS);
    if terminal.text().contains("leaves the shell") {
        terminal.send("\x1d");
        terminal.settle(200 * MS);
    }
    terminal.send(&format!("\x1b{number}"));
    terminal.settle(300 * MS);
}

fn shells(terminal: &mut Terminal, places: &[[String; 3]]) {
    for (n, [namespace, pod, _]) in places.iter().cycle().take(SHELLS).enumerate() {
        tab(terminal, 1);
        terminal.send(&format!(":pods {namespace} /{pod}\r"));
        terminal.wait_for("1 of ");
        terminal.settle(300 * MS);
        terminal.send("s");
        terminal.settle(500 * MS);
        if terminal.text().contains("Which container") {
            terminal.send("\r");
        }
        terminal.wait("a shell", SOON, |screen| {
            screen.contains("leaves the shell")
        });
        terminal.settle(500 * MS);
        terminal.send(&format!("echo kept-{n}-$((40+2))\r"));
        terminal.wait_for(&format!("kept-{n}-42"));
    }
}

/// Every shell says that its end is unknown, and has kept its text.
fn are_lost(terminal: &mut Terminal) {
    // A pane takes no key for a moment after the end of its program.
    terminal.pump(1200 * MS);
    for n in 0..SHELLS {
        tab(terminal, n + 2);
        terminal.wait("the shell is lost", SOON, |screen| {
            screen.contains("end is unknown") && screen.contains(&format!("kept-{n}-42"))
        });
    }
}

/// A key begins another shell on each tab.
fn begin_again(terminal: &mut Terminal) {
    for n in 0..SHELLS {
        tab(terminal, n + 2);
        terminal.pump(1200 * MS);
        terminal.send("r");
        terminal.wait("another shell", SOON, |screen| {
            screen.contains("leaves the shell")
        });
        terminal.settle(500 * MS);
        terminal.send(&format!("clear; echo kept-{n}-$((40+2))\r"));
        terminal.wait_for(&format!("kept-{n}-42"));
    }
}

#[test]
fn shells_and_logs_bear_a_bad_network_before_a_true_server() {
    let Some(behind) = Behind::start() else {
        return;
    };
    let places = behind.places(SHELLS);
    assert!(!places.is_empty(), "no running pod has a shell");
    let mut list = behind.open("list", &["-A", "-c", "pods"]);
    let mut panes = behind.open("panes", &["-A", "-c", "pods"]);
    let mut logs = behind.open("logs", &["-A", "-c", "pods"]);
    shells(&mut panes, &places);
    for (n, [namespace, pod, container]) in places.iter().cycle().take(LOGS).enumerate() {
        if n > 0 {
            logs.send("\x14");
            logs.settle(300 * MS);
        }
        logs.send(&format!(":logs pod/{namespace}/{pod}/{container}\r"));
        logs.wait_for(" follow ");
        logs.settle(500 * MS);
    }

    // Reset, and refused for a while: as when the server is killed and comes back.
    behind.proxy.set(Weather {
        refuses: true,
        ..Weather::default()
    });
    behind.proxy.sever(Sever::Rst);
    list.wait("the end of the connection", 3000 * MS, |screen| {
        screen.contains("disconnected")
    });
    assert!(
        list.text().contains("Running"),
        "rows stay: {}",
        list.text()
    );
    list.pump(3000 * MS);
    behind.proxy.set(Weather::default());
    list.wait("live again", SOON, |screen| screen.contains("● live"));
    are_lost(&mut panes);
    begin_again(&mut panes);
    for n in 0..LOGS {
        tab(&mut logs, n + 1);
        logs.wait("the log goes on", SOON, |screen| {
            screen.contains("● live") && screen.contains(" follow ") && !screen.contains("lost:")
        });
        assert!(!logs.text().contains("gap:"), "{}", logs.text());
    }

    // Half open: nobody is told anything.
    behind.proxy.set(Weather {
        hole: true,
        ..Weather::default()
    });
    let holed = Instant::now();
    let left = |limit: u64| Duration::from_secs(limit).saturating_sub(holed.elapsed());
    list.wait("the list is stale", left(15), |screen| {
        screen.contains("stale") || screen.contains("disconnected")
    });
    assert!(
        list.text().contains("Running"),
        "rows stay: {}",
        list.text()
    );
    panes.wait("the shell is lost", left(20), |screen| {
        screen.contains("end is unknown")
    });
    logs.wait("the log is lost", left(30), |screen| {
        ["lost", "disconnected", "stale"]
            .iter()
            .any(|word| screen.contains(word))
    });
    eprintln!("half open: all told after {:?}", holed.elapsed());
    are_lost(&mut panes);
    behind.proxy.set(Weather::default());
    tab(&mut panes, 1);
    for terminal in [&mut list, &mut panes, &mut logs] {
        terminal.wait("live again", SOON, |screen| screen.contains("● live"));
    }
}
