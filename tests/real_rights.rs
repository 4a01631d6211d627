//! The roles of `docs/rights.yaml` on a true API server: they are enough for what they promise, and
//! what they do not give is told as forbidden. Needs `QUARTERDECK_TEST_KUBECONFIG` with the right to
//! make roles, and kubectl.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may fail loudly"
)]

mod common;

use common::demo::clean_home;
use common::kubectl::{wait_until, with_input};
use common::terminal::Terminal;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");

/// Who may make roles, and everything that was made, under names of this process.
struct Admin {
    kubeconfig: PathBuf,
    prefix: String,
    namespace: String,
}

impl Admin {
    fn new() -> Option<Self> {
        let Some(kubeconfig) = std::env::var_os("QUARTERDECK_TEST_KUBECONFIG") else {
            eprintln!("skipped: QUARTERDECK_TEST_KUBECONFIG is not set");
            return None;
        };
        let mut admin = Self {
            kubeconfig: kubeconfig.into(),
            prefix: format!("quarterdeck-test-{}", std::process::id()),
            namespace: String::new(),
        };
        let pods = admin.json(&["get", "pods", "-A", "--field-selector=status.phase=Running"]);
        let namespaces = pods["items"].as_array().unwrap().iter();
        let mut namespaces: Vec<&str> = namespaces
            .filter_map(|pod| pod["metadata"]["namespace"].as_str())
            .collect();
        namespaces.sort_by_key(|name| name.starts_with("kube-"));
        admin.namespace = String::from(*namespaces.first().expect("a running pod"));
        Some(admin)
    }

    fn kubectl(&self, words: &[&str], input: &str) -> Output {
        let mut command = Command::new("kubectl");
        command.args(words).env("KUBECONFIG", &self.kubeconfig);
        with_input(&mut command, input.as_bytes())
    }

    fn must(&self, words: &[&str], input: &str) -> String {
        let output = self.kubectl(words, input);
        assert!(
            output.status.success(),
            "{words:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, words: &[&str]) -> Value {
        let words: Vec<&str> = words.iter().copied().chain(["-o", "json"]).collect();
        serde_json::from_str(&self.must(&words, "")).unwrap()
    }

    /// The roles of the paper, under names of our own.
    fn make_roles(&self) {
        let paper = include_str!("../docs/rights.yaml")
            .replace("name: quarterdeck-", &format!("name: {}-", self.prefix));
        self.must(&["apply", "-f", "-"], &paper);
    }

    /// A service account that has these roles in the namespace, or in all; its kubeconfig.
    fn account(&self, name: &str, roles: &[&str], everywhere: bool, home: &Path) -> PathBuf {
        let name = format!("{}-{name}", self.prefix);
        self.must(
            &["-n", &self.namespace, "create", "serviceaccount", &name],
            "",
        );
        for role in roles {
            let kind = if everywhere {
                "clusterrolebinding"
            } else {
                "rolebinding"
            };
            let (binding, role) = (
                format!("{name}-{role}"),
                format!("--clusterrole={}-{role}", self.prefix),
            );
            let account = format!("--serviceaccount={}:{name}", self.namespace);
            self.must(
                &[
                    "-n",
                    &self.namespace,
                    "create",
                    kind,
                    &binding,
                    &role,
                    &account,
                ],
                "",
            );
        }
        let token = self.must(&["-n", &self.namespace, "create", "token", &name], "");
        let mut config: Value = serde_json::from_str(
            &self.must(&["config", "view", "--raw", "--minify", "-o", "json"], ""),
        )
        .unwrap();
        config["users"][0]["user"] = json!({ "token": token.trim() });
        config["contexts"][0]["context"]["namespace"] = json!(self.namespace);
        let file = home.join(format!("{name}.kubeconfig"));
        std::fs::write(&file, config.to_string()).unwrap();
        file
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        let all = [
            "serviceaccounts,rolebindings",
            "clusterrolebindings,clusterroles",
        ];
        for kinds in all {
            let output = self.kubectl(&["-n", &self.namespace, "get", kinds, "-o", "name"], "");
            let names = String::from_utf8_lossy(&output.stdout).into_owned();
            let mine = names.lines().filter(|name| name.contains(&self.prefix));
            for name in mine {
                self.kubectl(&["-n", &self.namespace, "delete", name], "");
            }
        }
    }
}

/// The program as somebody: exit code, output, complaints.
fn run(home: &Path, kubeconfig: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(PROGRAM)
        .args(args)
        .envs(clean_home(home))
        .env("KUBECONFIG", kubeconfig)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn the_roles_of_the_paper_are_enough_and_no_more() {
    let Some(admin) = Admin::new() else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let namespace = admin.namespace.as_str();
    admin.make_roles();
    let viewer = admin.account("viewer", &["view"], false, home);
    let operator = admin.account("operator", &["view", "operate"], false, home);
    let observer = admin.account("observer", &["view"], true, home);
    let well = |who: &Path, args: &[&str]| {
        let (code, out, errors) = run(home, who, args);
        assert_eq!(code, Some(0), "{args:?}: {errors}");
        out
    };
    wait_until("the roles hold", || {
        run(home, &operator, &["get", "pods", "-n", namespace]).0 == Some(0)
    });
    for kind in ["projects", "releases", "workloads", "pods"] {
        assert!(
            well(&viewer, &["get", kind, "-n", namespace])
                .lines()
                .count()
                > 1,
            "{kind}"
        );
    }
    let pods: Value = serde_json::from_str(&well(
        &viewer,
        &["get", "pods", "-n", namespace, "-o", "json"],
    ))
    .unwrap();
    let pods = pods
        .as_array()
        .or_else(|| pods["items"].as_array())
        .unwrap();
    let running = pods
        .iter()
        .find(|pod| pod.to_string().contains("Running"))
        .unwrap();
    let pod = format!("pod/{namespace}/{}", running["name"].as_str().unwrap());
    well(&viewer, &["logs", &pod]);
    // No shell for who only looks; one for who operates, or the word of a container that has none.
    let (code, _, errors) = run(home, &viewer, &["exec", &pod, "--", "true"]);
    assert_eq!(code, Some(3), "{errors}");
    let (code, _, errors) = run(home, &operator, &["exec", &pod, "--", "true"]);
    assert!(
        code == Some(0) || errors.contains("not found"),
        "{code:?} {errors}"
    );
    // Other namespaces and nodes are for who may see them.
    assert_eq!(run(home, &viewer, &["get", "nodes"]).0, Some(3));
    assert!(well(&observer, &["get", "nodes"]).lines().count() > 1);
    assert!(well(&observer, &["get", "projects", "-A"]).lines().count() > 1);
    screens(home, &viewer, &observer);
}

/// The console tells the same.
fn screens(home: &Path, viewer: &Path, observer: &Path) {
    let env = clean_home(home);
    for (who, keys, wanted) in [
        (viewer, ":pods\r", "Running"),
        (viewer, ":nodes\r", "you may not"),
        (observer, ":nodes\r", "Ready"),
    ] {
        let mut env: Vec<(&str, &str)> = env
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        env.push(("KUBECONFIG", who.to_str().unwrap()));
        let mut terminal = Terminal::start(Path::new(PROGRAM), &[], &env, 120, 40);
        terminal.wait("it is live", Duration::from_secs(20), |text| {
            text.contains("live")
        });
        terminal.send(keys);
        terminal.wait_for(wanted);
    }
}
