//! The headless verbs, as a script meets them: standard output, standard error, exit codes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::demo::{Demo, clean_home};
use serde_json::Value;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");

/// What a run left: exit code, standard output, standard error.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }

    fn rows(&self) -> Vec<Value> {
        self.json().as_array().unwrap().clone()
    }
}

fn command(env: &[(String, String)], args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(args)
        .env_remove("KUBECONFIG")
        .envs(env.iter().cloned())
        .stdin(Stdio::null());
    command
}

fn run(env: &[(String, String)], args: &[&str]) -> Ran {
    let output = command(env, args).output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn nobody() -> (tempfile::TempDir, Vec<(String, String)>) {
    let home = tempfile::tempdir().unwrap();
    let env = clean_home(home.path());
    (home, env)
}

/// A kubeconfig that leads to `server`, which is nobody's.
fn kubeconfig(folder: &Path, server: &str) -> String {
    let path = folder.join("kubeconfig");
    let text = format!(
        "{{apiVersion: v1, kind: Config, current-context: c, contexts: [{{name: c, context: {{cluster: c, user: u}}}}], clusters: [{{name: c, cluster: {{server: '{server}'}}}}], users: [{{name: u, user: {{token: t}}}}]}}"
    );
    std::fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn lists_come_in_every_form() {
    let demo = Demo::start(Path::new(PROGRAM), &["--seed", "7"]);
    let env = demo.env();

    let pods = run(&env, &["get", "pods", "-A", "-o", "json"]);
    assert_eq!((pods.code, pods.err.as_str()), (0, ""));
    let pods = pods.rows();
    assert!(pods.len() > 150, "{} pods", pods.len());
    for field in [
        "namespace",
        "name",
        "status",
        "ready",
        "restarts",
        "node",
        "project",
        "release",
    ] {
        assert!(
            pods.iter().all(|pod| !pod[field].is_null()),
            "{field}: {}",
            pods[0]
        );
    }
    assert!(pods.iter().any(|pod| pod["status"] == "CrashLoopBackOff"));

    for what in ["projects", "releases", "workloads"] {
        let rows = run(&env, &["get", what, "-A", "-o", "json"]).rows();
        assert!(!rows.is_empty(), "{what}");
        for field in ["name", "health", "cause"] {
            assert!(
                rows.iter().all(|row| row[field].is_string()),
                "{what} {field}: {}",
                rows[0]
            );
        }
    }

    let table = run(&env, &["get", "projects", "-A"]).out;
    assert!(
        table.starts_with("HEALTH") && table.contains("billing"),
        "{table}"
    );
    let names = run(
        &env,
        &[
            "get",
            "pods",
            "-A",
            "-l",
            "app.kubernetes.io/part-of=billing",
            "-o",
            "name",
        ],
    )
    .out;
    assert!(
        !names.is_empty() && names.lines().all(|line| line.starts_with("pod/")),
        "{names}"
    );
    let yaml = run(&env, &["get", "nodes", "-o", "yaml"]).out;
    let nodes: Vec<Value> = serde_saphyr::from_str(&yaml).unwrap();
    assert_eq!(nodes.len(), 9);

    let namespace = pods[0]["namespace"].as_str().unwrap();
    let some = run(&env, &["get", "pods", "-n", namespace, "-o", "json"]).rows();
    assert!(!some.is_empty() && some.iter().all(|pod| pod["namespace"] == namespace));
}

#[test]
fn what_is_outside_of_the_scope_is_not_told_as_well() {
    let demo = Demo::start(Path::new(PROGRAM), &["--seed", "7"]);
    let env = demo.env();
    let all = run(&env, &["get", "namespaces", "-o", "json"]).rows();
    let one = run(
        &env,
        &["get", "namespaces", "-n", "shop-prod", "-o", "json"],
    )
    .rows();
    let of = |rows: &[Value], name: &str| rows.iter().find(|row| row["name"] == name).cloned();
    assert_eq!(of(&all, "billing-prod").unwrap()["health"], "failing");
    let outside = of(&one, "billing-prod").unwrap();
    assert_eq!(outside["health"], "unknown", "{outside}");
    assert_eq!(outside["pods_total"], Value::Null, "{outside}");
    assert!(
        of(&one, "shop-prod").unwrap()["pods_total"]
            .as_u64()
            .unwrap()
            > 0
    );
    let nodes = run(&env, &["get", "nodes", "-n", "shop-prod"]).out;
    assert!(
        nodes.contains("+/110") && !nodes.contains(" 0/110"),
        "{nodes}"
    );
}

#[test]
fn what_is_not_there_is_said() {
    let demo = Demo::start(Path::new(PROGRAM), &[]);
    let env = demo.env();
    let empty = run(&env, &["get", "pods", "-n", "no-such-namespace"]);
    assert_eq!((empty.code, empty.out.as_str()), (0, ""));
    assert!(
        empty
            .err
            .contains("no pods found in namespace no-such-namespace"),
        "{}",
        empty.err
    );
    let missing = run(&env, &["get", "pods", "no-such-pod", "-A"]);
    assert_eq!(missing.code, 4, "{}", missing.err);
    assert!(missing.err.contains("no-such-pod"), "{}", missing.err);
    let context = run(&env, &["get", "pods", "--context", "nope"]);
    assert_eq!(context.code, 4);
    assert!(
        context.err.contains("nope") && context.err.contains("quarterdeck-demo"),
        "{}",
        context.err
    );
}

#[test]
fn what_is_forbidden_is_named() {
    let demo = Demo::start(Path::new(PROGRAM), &[]);
    let ran = run(
        &demo.env(),
        &["--context", "quarterdeck-demo-dana", "get", "pods", "-A"],
    );
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(
        ran.err.contains("pods") && ran.err.contains("forbidden"),
        "{}",
        ran.err
    );
}

#[test]
fn a_server_that_is_not_there_is_unreachable() {
    let (home, env) = nobody();
    // The port was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let kubeconfig = kubeconfig(home.path(), &format!("https://127.0.0.1:{port}"));
    let ran = run(&env, &["get", "pods", "--kubeconfig", &kubeconfig]);
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
}

#[test]
fn without_a_kubeconfig_there_is_a_reason_and_a_way_on() {
    let (_home, env) = nobody();
    let ran = run(&env, &["get", "pods"]);
    assert_eq!(ran.code, 5, "nobody to ask");
    assert!(
        ran.err.contains("kubeconfig") && ran.err.contains("quarterdeck demo"),
        "{}",
        ran.err
    );
}

#[test]
fn a_kubeconfig_that_is_not_there_or_broken_is_named() {
    let (home, env) = nobody();
    let path = home.path().join("broken");
    std::fs::write(&path, "apiVersion: v1\nclusters: \"canary\"\n").unwrap();
    let path = path.to_str().unwrap();
    let absent = home.path().join("absent");
    let absent = absent.to_str().unwrap();
    let mut unset = env.clone();
    unset.push(("KUBECONFIG".into(), absent.into()));
    for (env, args, code, part) in [
        (
            &env,
            &["get", "pods", "--kubeconfig", absent][..],
            4,
            absent,
        ),
        (&unset, &["get", "pods"], 4, absent),
        (&env, &["get", "pods", "--kubeconfig", path], 1, "line 2"),
        (
            &env,
            &["logs", "pod/a/b", "--kubeconfig", absent],
            4,
            absent,
        ),
        (
            &env,
            &["exec", "pod/a/b", "--kubeconfig", absent, "--", "true"],
            4,
            absent,
        ),
    ] {
        let ran = run(env, args);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.err);
        assert!(ran.err.contains(part), "{args:?}: {}", ran.err);
        assert!(!ran.err.contains("canary"), "{}", ran.err);
    }
}

#[test]
fn a_misspelt_word_gets_a_suggestion() {
    let (_home, env) = nobody();
    for (args, word) in [
        (&["get", "porjects"][..], "projects"),
        (&["gett", "pods"], "get"),
        (&["demo", "srve"], "serve"),
        (&["get", "pods", "--contxt", "x"], "--context"),
    ] {
        let ran = run(&env, args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}");
        assert!(ran.err.contains(word), "{args:?}: {}", ran.err);
    }
    let selector = run(&env, &["get", "pods", "-l", "a in (b"]);
    assert_eq!(selector.code, 2, "{}", selector.err);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let demo = Demo::start(Path::new(PROGRAM), &["--pods", "2000"]);
    for args in [
        &["get", "pods", "-A", "-o", "json"][..],
        &["completions", "zsh"],
        &["man"],
    ] {
        let mut child = command(&demo.env(), args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        assert_eq!(
            (child.wait().unwrap().code(), err.as_str()),
            (Some(0), ""),
            "{args:?}"
        );
    }
}

#[test]
fn info_knows_the_files() {
    let (home, env) = nobody();
    let ran = run(&env, &["info", "-o", "json"]);
    assert_eq!(ran.code, 0);
    let info = ran.json();
    for (field, tail) in [
        ("config", "config/quarterdeck/config.toml"),
        ("state", "state/quarterdeck/state.json"),
        ("log", "state/quarterdeck/quarterdeck.log"),
        ("data", "data/quarterdeck"),
        ("cache", "cache/quarterdeck"),
    ] {
        assert_eq!(
            info[field],
            home.path().join(tail).to_str().unwrap(),
            "{field}"
        );
    }
    assert_eq!(info["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn mistakes_in_the_configuration_are_told_and_the_rest_counts() {
    let (home, env) = nobody();
    let folder = home.path().join("config/quarterdeck");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        folder.join("config.toml"),
        "mous = true\nreadonly = true\ntheme = \"\x1b[31m\n",
    )
    .unwrap();
    let info = run(&env, &["info", "-o", "json"]).json();
    assert_eq!(info["readonly"], true);
    let problems = info["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 2, "{problems:?}");
    let get = run(&env, &["get", "pods"]);
    assert!(
        get.err.contains("config.toml:1") && get.err.contains("did you mean `mouse`?"),
        "{}",
        get.err
    );
    assert!(!get.err.contains('\x1b'), "{:?}", get.err);
}

#[test]
fn a_check_of_the_configuration_reads_what_it_names() {
    let (home, env) = nobody();
    let file = home.path().join("config.toml");
    let check = |text: &str| {
        std::fs::write(&file, text).unwrap();
        run(&env, &["config", "check", file.to_str().unwrap()])
    };
    let sound = check("theme = \"light\"\nkeymap = \"vim\"\n[colours]\nfailing = \"#ff5555\"\n");
    assert_eq!((sound.code, sound.err.as_str()), (0, ""), "{}", sound.out);
    for (text, word) in [
        ("theme = \"nix\"\n", "`nix`"),
        ("keymap = \"nokeys\"\n", "`nokeys`"),
        ("[contexts.\"prod-*\"]\ntheme = \"nix\"\n", "`nix`"),
        ("[colours]\nfailing = \"notacolour\"\n", "notacolour"),
        ("readonly = True\n", "`readonly`"),
    ] {
        let told = check(text);
        assert_eq!(told.code, 1, "{text}: {}", told.out);
        assert!(told.out.contains(word), "{text}: {}", told.out);
    }
}

#[test]
fn completions_and_manual_are_printed() {
    let (_home, env) = nobody();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(&env, &["completions", shell]);
        assert!(ran.code == 0 && ran.out.contains("quarterdeck"), "{shell}");
    }
    for (args, title) in [
        (&["man"][..], ".TH quarterdeck 1"),
        (&["man", "get"], ".TH quarterdeck-get 1"),
        (&["man", "demo"], ".TH quarterdeck-demo 1"),
    ] {
        let ran = run(&env, args);
        assert!(
            ran.code == 0 && ran.out.contains(title),
            "{args:?}: {}",
            ran.out
        );
    }
    assert_eq!(run(&env, &["man", "nothing"]).code, 2);
    let version = run(&env, &["--version"]);
    assert_eq!(
        version.out,
        concat!("quarterdeck ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn the_console_needs_a_terminal_and_says_so() {
    let (_home, env) = nobody();
    let ran = run(&env, &[]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(
        ran.err.contains("terminal") && ran.err.contains("quarterdeck get"),
        "{}",
        ran.err
    );
}

#[test]
fn the_demo_ends_cleanly_and_keeps_its_secrets() {
    let (home, env) = nobody();
    let kubeconfig = home.path().join("kc");
    let mut child = command(
        &env,
        &[
            "demo",
            "serve",
            "--kubeconfig-out",
            kubeconfig.to_str().unwrap(),
        ],
    )
    .stdout(Stdio::piped())
    .spawn()
    .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(
        &mut std::io::BufReader::new(child.stdout.take().unwrap()),
        &mut line,
    )
    .unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    assert!(
        ready["server"]
            .as_str()
            .unwrap()
            .starts_with("https://127.0.0.1:"),
        "{ready}"
    );
    assert_eq!(
        (&ready["kubeconfig"], &ready["pid"]),
        (&kubeconfig.to_str().unwrap().into(), &child.id().into())
    );
    assert_eq!(
        std::fs::metadata(&kubeconfig).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let killed = Command::new("kill")
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
