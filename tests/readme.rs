//! Every command that the README and the papers beside it show is run, in its order, against the
//! demo's own server. What a machine lacks (an engine, kubectl) is said, never passed over in silence.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests"
)]

mod common;

use common::demo::{Demo, clean_home};
use common::kubectl::wait_until;
use common::terminal::Terminal;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PAPERS: &[&str] = &[
    include_str!("../README.md"),
    include_str!("../docs/logs.md"),
    include_str!("../docs/shells.md"),
    include_str!("../docs/images.md"),
    include_str!("../docs/packaging.md"),
];

type Env = Vec<(String, String)>;

/// What follows a `$ ` in a console block, without the remark behind it.
fn commands() -> Vec<String> {
    let mut found = Vec::new();
    for paper in PAPERS {
        let mut inside = false;
        for line in paper.lines() {
            if line.starts_with("```") {
                inside = line == "```console";
            } else if let (true, Some(command)) = (inside, line.strip_prefix("$ ")) {
                let command = command.split(" # ").next().unwrap().trim().to_owned();
                if !found.contains(&command) {
                    found.push(command);
                }
            }
        }
    }
    found
}

/// A line of a shell, in this folder.
fn shell(line: &str, folder: &Path, env: &Env) -> Child {
    Command::new("/bin/sh")
        .args(["-c", line])
        .current_dir(folder)
        .envs(env.iter().cloned())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn ended(pid: u32) {
    drop(
        Command::new("kill")
            .args(["-TERM", &pid.to_string()])
            .status(),
    );
}

/// The program with what follows its name.
fn run(command: &str, folder: &Path, env: &Env, follow: bool) -> Output {
    let line = command.replacen("quarterdeck", PROGRAM, 1);
    let mut child = shell(&format!("exec {line}"), folder, env);
    if follow {
        // It never ends by itself: it is asked to, after its first words had time.
        let deadline = Instant::now() + Duration::from_secs(4);
        while Instant::now() < deadline && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        ended(child.id());
    }
    child.wait_with_output().unwrap()
}

/// The console itself: it must be live.
fn console(words: &[&str], env: &Env) {
    let env: Vec<(&str, &str)> = env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let mut terminal = Terminal::start(Path::new(PROGRAM), words, &env, 120, 40);
    terminal.wait("the console is live", Duration::from_secs(20), |text| {
        text.contains("live")
    });
}

/// A copy of the services, so that nothing is written into the project.
fn copied(to: &Path) {
    let from = Path::new(ROOT).join("tests/services");
    std::fs::create_dir_all(to.join("tests")).unwrap();
    let done = Command::new("cp")
        .arg("-r")
        .args([&from, &to.join("tests/services")])
        .status();
    assert!(done.unwrap().success());
}

/// What cargo does takes too long to be done twice: that what it names is there, is looked at.
/// `QUARTERDECK_TEST_INSTALL=1` installs.
fn cargo(command: &str, env: &Env, home: &Path) {
    let words: Vec<&str> = command.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "cargo").unwrap();
    match words[at + 1] {
        // The words behind the dashes are the program's own.
        "run" => console(&words[at + 4..], env),
        "install" if std::env::var_os("QUARTERDECK_TEST_INSTALL").is_some() => {
            let line = format!("{command} --root {}", home.join("installed").display());
            // Cargo knows its own home, and the tools theirs.
            let done = shell(&line, Path::new(ROOT), &Vec::new())
                .wait_with_output()
                .unwrap();
            assert!(
                done.status.success(),
                "{}",
                String::from_utf8_lossy(&done.stderr)
            );
            let installed = home.join("installed/bin/quarterdeck");
            assert!(
                Command::new(installed)
                    .arg("--version")
                    .output()
                    .unwrap()
                    .status
                    .success()
            );
        }
        "test" | "bench" | "build" | "install" => {
            if let Some(name) = words
                .iter()
                .position(|word| matches!(*word, "--test" | "--bench"))
            {
                let (folder, name) = (words[name].trim_start_matches('-'), words[name + 1]);
                let folder =
                    Path::new(ROOT).join(if folder == "test" { "tests" } else { "benches" });
                let there = folder.join(name).join("main.rs").exists()
                    || folder.join(format!("{name}.rs")).exists();
                assert!(there, "{command}: there is no `{name}`");
            }
            if let Some(name) = words.iter().position(|word| *word == "--profile") {
                assert!(
                    include_str!("../Cargo.toml")
                        .contains(&format!("[profile.{}]", words[name + 1])),
                    "{command}"
                );
            }
            eprintln!("not run within a test: {command}");
        }
        other => panic!("`cargo {other}` is not known here: {command}"),
    }
}

/// What the papers leave running until they end.
struct Served(Option<Child>);

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            ended(child.id());
            drop(child.wait());
        }
    }
}

#[test]
fn every_command_of_the_papers_does_what_it_says() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    copied(home);
    let demo = Demo::start(Path::new(PROGRAM), &["--seed", "7"]);
    let mut env = clean_home(home);
    env.extend(demo.env());
    env.push(("XDG_RUNTIME_DIR".into(), String::new()));
    let mut served = Served(None);
    let commands = commands();
    assert!(commands.len() > 25, "{commands:?}");
    for command in &commands {
        let temporary = command.replace("/tmp/", &format!("{}/", home.display()));
        let words: Vec<&str> = command.split(' ').collect();
        match words[0] {
            "quarterdeck" if command.contains("demo serve") => {
                let line = temporary.replacen("quarterdeck", PROGRAM, 1);
                served.0 = Some(shell(&format!("exec {line}"), home, &env));
                wait_until("the kubeconfig is written", || {
                    home.join("demo.kubeconfig").exists()
                });
            }
            "quarterdeck" => program(command, &words, home, &env),
            "packaging/deb.sh" => {
                let line = command.replace(words[1], PROGRAM);
                let mut env = env.clone();
                env.push(("DEB_COMPRESSION".into(), "none".into()));
                if Command::new("dpkg-deb").arg("--version").output().is_err() {
                    eprintln!("no dpkg-deb here: {command}");
                    continue;
                }
                let done = shell(&format!("{ROOT}/{line} {}", home.display()), home, &env)
                    .wait_with_output()
                    .unwrap();
                assert!(
                    done.status.success(),
                    "{command}: {}",
                    String::from_utf8_lossy(&done.stderr)
                );
            }
            "rustup" => eprintln!("not run within a test: {command}"),
            _ if command.contains("kubectl") => {
                if Command::new("kubectl")
                    .args(["version", "--client"])
                    .output()
                    .is_err()
                {
                    eprintln!("no kubectl here: {command}");
                    continue;
                }
                let done = shell(&temporary, home, &env).wait_with_output().unwrap();
                assert!(
                    done.status.success(),
                    "{command}: {}",
                    String::from_utf8_lossy(&done.stderr)
                );
                assert!(!done.stdout.is_empty(), "{command}");
            }
            _ if command.contains("cargo ") => cargo(command, &env, home),
            other => panic!("`{other}` is not known here: {command}"),
        }
    }
}

fn program(command: &str, words: &[&str], home: &Path, env: &Env) {
    if words[1].starts_with('-') {
        // The context of the demo has a name of its own.
        let words: Vec<&str> = words[1..]
            .iter()
            .copied()
            .filter(|word| !matches!(*word, "--context" | "NAME"))
            .collect();
        return console(&words, env);
    }
    let follow = words.iter().any(|word| matches!(*word, "-f" | "-w"));
    let output = run(command, home, env, follow);
    let errors = String::from_utf8_lossy(&output.stderr);
    if command.contains("image build") && !output.status.success() {
        // The registry of the example exists nowhere: what is missing is said.
        let said = ["Docker Engine", "base image", "not pushed", "failed"];
        assert!(
            said.iter().any(|words| errors.contains(words)),
            "{command}: {errors}"
        );
        eprintln!("no engine with those bases here: {command}");
        return;
    }
    let well = output.status.success()
        // Asked to end, it ends by that.
        || follow && output.status.code() != Some(2)
        // What is not written yet is outdated, and that is an answer.
        || command.contains("outdated") && output.status.code() == Some(1);
    assert!(well, "{command}: {:?} {errors}", output.status);
    let quiet = command.contains("lint") || command.contains("--to");
    assert!(
        quiet || !output.stdout.is_empty(),
        "{command} says nothing: {errors}"
    );
}

/// Pictures and papers that the papers lead to are there.
#[test]
fn every_link_leads_somewhere() {
    for (paper, folder) in PAPERS.iter().zip(["", "docs", "docs", "docs", "docs"]) {
        for link in paper
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let local = !link.starts_with("http") && !link.starts_with('#');
            let there = Path::new(ROOT).join(folder).join(link).exists();
            assert!(!local || there, "`{link}` leads nowhere");
        }
    }
}

/// Files and folders that the papers name are there.
#[test]
fn every_file_that_is_named_is_there() {
    let papers = PAPERS.iter().chain(&[
        include_str!("../CONTRIBUTING.md"),
        include_str!("../SECURITY.md"),
    ]);
    let mut seen = 0;
    for name in papers.flat_map(|paper| paper.split('`').skip(1).step_by(2)) {
        let inside = [
            "src/",
            "tests/",
            "docs/",
            "keymaps/",
            "themes/",
            "benches/",
            "packaging/",
            ".ci/",
        ];
        let plain = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
        if plain && inside.iter().any(|folder| name.starts_with(folder)) {
            assert!(
                Path::new(ROOT).join(name).exists(),
                "`{name}` is named and not there"
            );
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}
