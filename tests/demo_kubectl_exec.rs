//! `kubectl exec`, `attach` and `cp` against the demo cluster, over WebSocket and over SPDY as older
//! ones speak it. Without kubectl on the PATH each test says "skipped: no kubectl".
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use std::{path::Path, process::Stdio, time::Duration};

use common::{
    kubectl::{Kubectl, Said, wait_until, with_input},
    terminal::Terminal,
};
use serde_json::json;

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");

/// A world that does nothing by itself, so that pods stay while they are used.
const STILL: &[&str] = &["--seed", "7", "--pods", "200"];

/// Two containers with a shell, and one without.
const PODS: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: tried}\n---\n\
    apiVersion: v1\nkind: Pod\nmetadata: {name: two, namespace: tried}\n\
    spec: {containers: [{name: web, image: 'docker.io/library/nginx:1.29', ports: [{containerPort: 80}]}, \
    {name: side, image: 'docker.io/library/busybox:1.37', command: [sleep, '9999']}]}\n---\n\
    apiVersion: v1\nkind: Pod\nmetadata: {name: bare, namespace: tried}\n\
    spec: {containers: [{name: pause, image: 'registry.k8s.io/pause:3.10'}]}\n";

/// The protocol that kubectl is to speak.
const SPEAKS: &str = "KUBECTL_REMOTE_COMMAND_WEBSOCKETS";

fn start(flags: &[&str]) -> Option<Kubectl> {
    let kubectl = Kubectl::start(PROGRAM, flags)?;
    kubectl
        .run_with("apply -f -", PODS)
        .says(&["pod/two created"]);
    kubectl
        .run("-n tried wait pod --all --for=condition=Ready --timeout=30s")
        .says(&["pod/two condition met"]);
    Some(kubectl)
}

/// Runs a command of separate words in a container, with this input.
fn exec(
    kubectl: &Kubectl,
    websocket: bool,
    target: &str,
    words: &[&str],
    input: &[u8],
) -> (i32, Said) {
    let mut command = kubectl.command(&format!("-n tried exec -i {target} --"));
    command.args(words).env(SPEAKS, websocket.to_string());
    let output = with_input(&mut command, input);
    (output.status.code().unwrap(), Said::of(&output))
}

#[test]
fn commands_run_with_their_input_output_and_exit_code() {
    let Some(kubectl) = start(STILL) else { return };
    for websocket in [true, false] {
        let run = |target: &str, words: &[&str], input: &str| {
            exec(&kubectl, websocket, target, words, input.as_bytes())
        };
        let (code, said) = run(
            "two -c web",
            &["sh", "-c", "echo out; echo err >&2; exit 7"],
            "",
        );
        assert_eq!((code, said.out.as_str()), (7, "out\n"), "{}", said.all);
        assert!(said.all.contains("err\n") && said.all.contains("exit code 7"));
        let (code, said) = run("two -c side", &["cat"], "typed\n");
        assert_eq!((code, said.out.as_str()), (0, "typed\n"), "{}", said.all);
        let (code, said) = run("two", &["hostname"], "");
        assert_eq!((code, said.out.as_str()), (0, "two\n"));
        assert!(
            said.all
                .contains("Defaulted container \"web\" out of: web, side")
        );
        let (code, said) = run("two -c side", &["sh"], "echo $((6*7))\nexit 3\n");
        assert_eq!((code, said.out.as_str()), (3, "42\n"));
        let (code, said) = run("two -c web", &["no-such-program"], "");
        assert_eq!(code, 1);
        assert!(
            said.all
                .contains("exec: \"no-such-program\": executable file not found in $PATH"),
            "{}",
            said.all
        );
        let (code, said) = run("bare", &["sh"], "");
        assert!(code == 1 && said.all.contains("exec: \"sh\": executable file not found"));
    }
    let megabyte: Vec<u8> = (0..1_000_000_u32)
        .map(|n| (n.wrapping_mul(n) >> 7).to_le_bytes()[0])
        .collect();
    for websocket in [true, false] {
        let target = "two -c web";
        let keep = ["sh", "-c", "cat > /tmp/kept"];
        assert_eq!(exec(&kubectl, websocket, target, &keep, &megabyte).0, 0);
        let output = kubectl
            .command(&format!("-n tried exec {target} -- cat /tmp/kept"))
            .env(SPEAKS, websocket.to_string())
            .output()
            .unwrap();
        assert!(
            output.stdout == megabyte,
            "{} bytes came back",
            output.stdout.len()
        );
    }
}

#[test]
fn what_cannot_be_run_is_refused_as_anywhere() {
    let Some(kubectl) = start(STILL) else { return };
    let refused = |line: &str, why: &str| kubectl.run(&format!("-n tried {line}")).refuses(why);
    refused("exec nobody -- ls", "pods \"nobody\" not found");
    refused(
        "exec two -c nothing -- ls",
        "container nothing is not valid for pod two",
    );
    refused("exec two -- ls --as=stranger", "");
    refused(
        "--as=stranger exec two -- ls",
        "cannot get resource \"pods\"",
    );
    refused(
        "attach two -c nothing",
        "container nothing not found in pod two",
    );
    let Some(none) = start(&["--seed", "7", "--pods", "200", "--exec", "none"]) else {
        return;
    };
    none.run("-n tried exec two -c web -- ls")
        .refuses("exec is switched off in this demo (--exec none)");
}

#[test]
fn a_terminal_has_a_prompt_line_editing_and_a_size() {
    let Some(kubectl) = start(STILL) else { return };
    let env = kubectl.demo.env();
    for websocket in ["true", "false"] {
        let mut env: Vec<(&str, &str)> =
            env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        env.push((SPEAKS, websocket));
        let words = ["-n", "tried", "exec", "-it", "two", "-c", "web", "--", "sh"];
        let mut terminal = Terminal::start(Path::new("kubectl"), &words, &env, 80, 24);
        terminal.wait_for("simulated");
        terminal.wait_for("two");
        terminal.send("stty size\r");
        terminal.wait_for("24 80");
        terminal.resize(100, 30);
        // The size travels on its own way: ask until it is there.
        wait_until("the new size is known", || {
            terminal.send("stty size\r");
            terminal.pump(Duration::from_millis(300));
            terminal.text().contains("30 100")
        });
        terminal.send("echo abX\u{7f}c\r");
        terminal.wait_for("\nabc");
        terminal.send("tail -f /etc/hostname\r");
        terminal.pump(Duration::from_millis(300));
        terminal.send("\u{3}echo after=$?\r");
        terminal.wait_for("after=130");
        terminal.send("exit 9\r");
        assert_eq!(terminal.exit(Duration::from_secs(10)), Some(9));
    }
}

#[test]
fn files_are_copied_both_ways() {
    let Some(kubectl) = start(STILL) else { return };
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name).to_string_lossy().into_owned();
    std::fs::create_dir_all(at("folder/below")).unwrap();
    std::fs::write(at("folder/below/file"), "text\n").unwrap();
    std::fs::write(at("bytes"), (0..=255).collect::<Vec<u8>>()).unwrap();
    let run = |line: String| kubectl.run(&format!("-n tried {line}"));
    run(format!("cp {} two:/tmp/bytes -c side", at("bytes"))).says(&[]);
    run(format!("cp {} two:/tmp/ -c side", at("folder"))).says(&[]);
    run("exec two -c side -- cat /tmp/folder/below/file".to_owned()).says(&["text\n"]);
    run(format!("cp two:/tmp/bytes {} -c side", at("back"))).says(&[]);
    run(format!("cp two:/tmp/folder {} -c side", at("again"))).says(&[]);
    assert_eq!(
        std::fs::read(at("back")).unwrap(),
        (0..=255).collect::<Vec<u8>>()
    );
    assert_eq!(std::fs::read(at("again/below/file")).unwrap(), b"text\n");
    // kubectl ends as soon as it has the archive, often before it has shown what tar complained of:
    // the words are asked for without it.
    run(format!("cp two:/tmp/nothing {} -c side", at("x")));
    assert!(!home.path().join("x").exists());
    run("exec two -c side -- tar cf - /tmp/nothing".to_owned()).refuses("No such file");
    run(format!("cp {} bare:/tmp/", at("bytes"))).refuses("executable file not found");
}

#[test]
fn attach_tells_what_the_log_gets() {
    let Some(kubectl) = start(STILL) else { return };
    for websocket in ["true", "false"] {
        let mut attached = kubectl
            .command("-n tried attach two -c web")
            .env(SPEAKS, websocket)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines =
            std::io::BufRead::lines(std::io::BufReader::new(attached.stdout.take().unwrap()));
        let line = lines.next().unwrap().unwrap();
        attached.kill().unwrap();
        attached.wait().unwrap();
        wait_until("the log has the line", || {
            kubectl
                .run("-n tried logs two -c web --tail=200")
                .out
                .contains(&line)
        });
    }
}

#[test]
fn connections_end_without_a_word_when_a_fault_says_so() {
    let Some(kubectl) = start(STILL) else { return };
    for by in ["fin", "rst"] {
        let faults = json!([{"fault": "cut_stream", "bytes": 1000, "by": by, "path": "/api/v1/namespaces/tried/pods/two/exec"}]);
        kubectl
            .run_with("replace --raw /demo/faults -f -", &faults.to_string())
            .says(&[]);
        for websocket in [true, false] {
            let flood = ["sh", "-c", "while true; do echo 0123456789; done"];
            let (code, said) = exec(&kubectl, websocket, "two -c web", &flood, b"");
            assert!(said.out.len() <= 1000, "{by}: {} bytes", said.out.len());
            // Over SPDY, kubectl takes an end in order for the end of the command.
            assert!(code != 0 || !websocket, "{by} {websocket}: {}", said.all);
        }
    }
}
