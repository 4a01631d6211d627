//! The verbs `image` and `catalogue`, as a pipeline meets them: no terminal, no engine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a run left: exit code, standard output, standard error.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

/// Runs the program in `folder`, with no settings of anybody.
fn run(folder: &Path, args: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .args(args)
        .current_dir(folder)
        .env("HOME", folder)
        .env_remove("XDG_CONFIG_HOME")
        .env("DOCKER_HOST", "unix:///nonexistent.sock")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A small Go service in a folder of its own.
fn service() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let main = "package main\n\nfunc main() {\n\tlisten(\":9000\")\n}\n";
    for (file, text) in [
        ("go.mod", "module example.test/hello\n\ngo 1.25\n"),
        ("main.go", main),
    ] {
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    folder
}

#[test]
fn from_a_source_to_a_dockerfile() {
    let folder = service();
    let dir = folder.path();
    let found = run(dir, &["image", "detect", "-o", "json"]);
    let found: Value = serde_json::from_str(&found.out).unwrap();
    assert_eq!(found["stack"], "go");
    let evidence: Vec<_> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["evidence"].as_str().unwrap())
        .collect();
    assert!(evidence.contains(&"go.mod line 3: go 1.25"), "{evidence:?}");

    assert_eq!(run(dir, &["image", "init"]).code, 0);
    assert!(
        !dir.join("quarterdeck.toml").exists(),
        "init without --yes only shows"
    );
    let init = run(dir, &["image", "init", "--yes"]);
    assert_eq!(init.code, 0, "{}", init.err);
    assert_eq!(
        run(dir, &["image", "init", "--yes"]).code,
        1,
        "a recipe is not written over"
    );

    let one = run(dir, &["image", "dockerfile"]);
    assert_eq!(one.code, 0, "{}", one.err);
    assert_eq!(one.out, run(dir, &["image", "dockerfile"]).out);
    assert!(
        one.out.contains("USER 10001:10001") && one.out.contains("EXPOSE 9000"),
        "{}",
        one.out
    );
    assert_eq!(run(dir, &["image", "lint"]).code, 0);

    assert_eq!(run(dir, &["image", "dockerfile", "--write"]).code, 0);
    assert_eq!(run(dir, &["image", "dockerfile", "--diff"]).code, 0);
    assert!(run(dir, &["image", "outdated"]).out.starts_with("current"));
}

#[test]
fn a_changed_catalogue_makes_dockerfiles_outdated() {
    let folder = service();
    let dir = folder.path();
    assert_eq!(run(dir, &["image", "init", "--yes"]).code, 0);
    assert_eq!(run(dir, &["image", "dockerfile", "--write"]).code, 0);
    let digest = format!("sha256:{}", "ab".repeat(32));
    let own = format!(
        "[stacks.go]\nimages = [{{ version = \"1.25\", system = \"debian\", builder = \"docker.io/library/golang:1.25\", run = \"docker.io/library/debian:12-slim@{digest}\" }}]\n"
    );
    std::fs::create_dir_all(dir.join(".config/quarterdeck")).unwrap();
    std::fs::write(dir.join(".config/quarterdeck/catalogue.toml"), own).unwrap();
    let listed = run(dir, &["image", "outdated", "-o", "json"]);
    let line: Value = serde_json::from_str(listed.out.lines().next().unwrap()).unwrap();
    assert_eq!(
        (listed.code, &line["state"]),
        (1, &Value::from("outdated")),
        "{}",
        listed.out
    );
    assert_eq!(run(dir, &["image", "outdated", "--write"]).code, 0);
    let written = std::fs::read_to_string(dir.join("Dockerfile")).unwrap();
    assert!(
        written.contains(&format!("base.digest=\"{digest}\"")),
        "{written}"
    );
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let folder = service();
    let dir = folder.path();
    let missing = run(dir, &["image", "detect", "nothing-here"]);
    assert_eq!(missing.code, 4);
    assert!(missing.err.contains("nothing-here"), "{}", missing.err);
    assert_eq!(run(dir, &["image", "dockerfile"]).code, 4);
    std::fs::write(dir.join("main.go"), "package hello\n").unwrap();
    let init = run(dir, &["image", "init", "--yes"]);
    assert!(
        init.code == 1 && init.err.contains("build.target") || init.err.contains("package main"),
        "{}",
        init.err
    );
    std::fs::write(
        dir.join("answers.toml"),
        "[build]\ntarget = \"./cmd\"\n[project]\nowner = \"ada\"\n",
    )
    .unwrap();
    let init = run(
        dir,
        &["image", "init", "--yes", "--answers", "answers.toml"],
    );
    assert_eq!(init.code, 0, "{}", init.err);
    let recipe = std::fs::read_to_string(dir.join("quarterdeck.toml")).unwrap();
    assert!(
        recipe.contains("target = \"./cmd\"") && recipe.contains("owner = \"ada\""),
        "{recipe}"
    );
    std::fs::write(
        dir.join("quarterdeck.toml"),
        format!("{recipe}\nno_such_key = 1\n"),
    )
    .unwrap();
    let flawed = run(dir, &["image", "dockerfile"]);
    assert!(
        flawed.code == 1
            && flawed.err.contains("quarterdeck.toml:")
            && flawed.err.contains("no_such_key"),
        "{}",
        flawed.err
    );
}

#[test]
fn a_dockerfile_of_ones_own_is_kept_linted_and_compared() {
    let folder = service();
    let dir = folder.path();
    std::fs::write(dir.join("Dockerfile"), "FROM debian\nCMD run\n").unwrap();
    assert_eq!(run(dir, &["image", "init", "--yes"]).code, 0);
    assert_eq!(
        run(dir, &["image", "dockerfile", "--write"]).code,
        1,
        "it is not written over"
    );
    let lint = run(dir, &["image", "lint", "--file", "Dockerfile"]);
    assert!(
        lint.code == 1 && lint.out.contains("untagged-base") && lint.out.contains("root"),
        "{}",
        lint.out
    );
    let diff = run(dir, &["image", "dockerfile", "--diff"]);
    assert!(
        diff.code == 1 && diff.out.contains("- FROM debian") && diff.out.contains("+ USER 10001"),
        "{}",
        diff.out
    );
}

#[test]
fn without_an_engine_the_build_says_what_to_do() {
    let folder = service();
    let dir = folder.path();
    assert_eq!(run(dir, &["image", "init", "--yes"]).code, 0);
    let built = run(
        dir,
        &[
            "image",
            "build",
            "--tag",
            "localhost:5000/x:1",
            "-o",
            "json",
        ],
    );
    assert_eq!(built.code, 5, "{}", built.err);
    assert!(
        built.err.contains("Docker Engine") && built.err.contains("apt-get install docker.io"),
        "{}",
        built.err
    );
    let last: Value = serde_json::from_str(built.out.lines().last().unwrap()).unwrap();
    assert_eq!(last["result"], "failed");
    assert_eq!(run(dir, &["image", "build", "--tag", "NO SUCH"]).code, 2);
}

#[test]
fn catalogues_are_checked_line_by_line() {
    let folder = service();
    let dir = folder.path();
    std::fs::write(dir.join("c.toml"), "[systems.debian]\npackages = \"rpm\"\n").unwrap();
    let checked = run(dir, &["catalogue", "check", "c.toml"]);
    assert!(
        checked.code == 1 && checked.out.starts_with("c.toml:2: "),
        "{}",
        checked.out
    );
    assert_eq!(run(dir, &["catalogue", "check", "nothing.toml"]).code, 4);
    let shown = run(dir, &["catalogue", "show", "-o", "toml"]).out;
    std::fs::write(dir.join("c.toml"), shown).unwrap();
    let checked = run(dir, &["catalogue", "check", "c.toml"]);
    assert_eq!(checked.code, 0, "{}", checked.out);
    assert!(
        run(dir, &["catalogue", "show"])
            .out
            .contains("built-in catalogue")
    );
}
