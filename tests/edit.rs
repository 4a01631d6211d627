//! Objects in the person's editor, logs in the pager: the console in a pseudo-terminal, scripts in
//! the place of editors.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::demo::clean_home;
use common::terminal::Terminal;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");
const SOON: Duration = Duration::from_secs(10);

/// A program that `$KUBE_EDITOR` or `$PAGER` names.
fn script(home: &Path, text: &str) -> PathBuf {
    let file = home.join("program.sh");
    fs::write(
        &file,
        format!("#!/bin/sh\nset -eu\ncd {}\n{text}", home.display()),
    )
    .unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o700)).unwrap();
    file
}

/// The console of the demo, at the deployment accounts-prod/web.
fn at_a_deployment(home: &Path, variable: &str, program: &Path, more: &[&str]) -> Terminal {
    let mut env = clean_home(home);
    env.push((variable.into(), program.display().to_string()));
    let env: Vec<(&str, &str)> = env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let mut args = vec!["demo", "--seed", "1", "-n", "accounts-prod"];
    args.extend(more);
    let mut terminal = Terminal::start(Path::new(PROGRAM), &args, &env, 120, 40);
    terminal.wait_for("accounts-prod");
    terminal.send(":deploy /web\r");
    terminal.wait_for("UP-TO-DATE");
    terminal.wait_for("web");
    terminal
}

/// Files of edits that are kept.
fn kept(home: &Path) -> Vec<PathBuf> {
    let state = clean_home(home)
        .into_iter()
        .find(|(name, _)| name == "XDG_STATE_HOME")
        .map_or_else(|| home.join(".local/state"), |(_, folder)| folder.into());
    let Ok(files) = fs::read_dir(state.join("quarterdeck/edits")) else {
        return Vec::new();
    };
    files.flatten().map(|file| file.path()).collect()
}

/// A pane takes no key for a moment after the end of its program.
fn rest(terminal: &mut Terminal) {
    terminal.pump(Duration::from_millis(900));
}

#[test]
fn what_was_saved_is_shown_and_applied() {
    let home = tempfile::tempdir().unwrap();
    let editor = script(
        home.path(),
        "cp \"$1\" given; stat -c %a \"$1\" > mode\nsed -i 's/^  replicas: .*/  replicas: 5/' \"$1\"\n",
    );
    let mut terminal = at_a_deployment(home.path(), "KUBE_EDITOR", &editor, &[]);
    terminal.send("e");
    terminal.wait_for("Change deployment accounts-prod/web");
    assert!(
        terminal.text().contains("+   replicas: 5"),
        "{}",
        terminal.text()
    );
    let given = fs::read_to_string(home.path().join("given")).unwrap();
    assert!(
        given.starts_with('#') && given.contains("\nkind: Deployment"),
        "{given}"
    );
    assert!(!given.contains("managedFields"), "{given}");
    assert_eq!(
        fs::read_to_string(home.path().join("mode")).unwrap().trim(),
        "600"
    );
    terminal.send("y");
    terminal.wait_for("deployment web is changed");
    terminal.wait("5 of 5", SOON, |screen| screen.contains("5/5"));
    assert_eq!(kept(home.path()), [] as [PathBuf; 0]);
}

#[test]
fn an_edit_that_somebody_overtook_is_kept_and_goes_on() {
    let home = tempfile::tempdir().unwrap();
    // The first edit waits until the second is applied; the third is the first one again.
    let editor = script(
        home.path(),
        "n=$(cat turn 2>/dev/null || echo 0); n=$((n + 1)); echo $n > turn\n\
         case $n in\n\
         1) while [ ! -e go ]; do sleep 0.05; done; sed -i 's/^  replicas: .*/  replicas: 5/' \"$1\";;\n\
         2) sed -i 's/^  replicas: .*/  replicas: 4/' \"$1\";;\n\
         *) cp \"$1\" again;;\n\
         esac\n",
    );
    let mut terminal = at_a_deployment(home.path(), "KUBE_EDITOR", &editor, &[]);
    terminal.send("e");
    terminal.wait_for("edit deployment web");
    terminal.wait("the first editor", SOON, |_| {
        home.path().join("turn").exists()
    });
    terminal.send("\x1d:tab 1\r");
    terminal.wait_for("UP-TO-DATE");
    terminal.send("e");
    terminal.wait_for("+   replicas: 4");
    terminal.send("y");
    terminal.wait_for("deployment web is changed");
    fs::write(home.path().join("go"), "").unwrap();
    terminal.send(":tab 2\r");
    terminal.wait_for("would change");
    rest(&mut terminal);
    terminal.send("\r");
    terminal.wait_for("+   replicas: 5");
    terminal.send("y");
    terminal.wait_for("somebody else has changed it");
    assert_eq!(kept(home.path()).len(), 1, "the edit is not lost");
    terminal.send("r");
    terminal.wait_for("Change deployment accounts-prod/web");
    let again = fs::read_to_string(home.path().join("again")).unwrap();
    for part in [
        "#   -   replicas: 3",
        "#   +   replicas: 4",
        "\n  replicas: 5\n",
    ] {
        assert!(again.contains(part), "{part:?} in {again}");
    }
    terminal.send("y");
    terminal.wait_for("deployment web is changed");
    assert_eq!(kept(home.path()), [] as [PathBuf; 0]);
}

#[test]
fn an_edit_that_cannot_be_read_or_is_refused_stays_in_its_file() {
    for (change, why) in [
        ("echo '  - : [' >> \"$1\"", "read the edit"),
        ("sed -i 's/^kind: .*/kind: Job/' \"$1\"", "cannot change"),
        ("exit 3", "exit 3"),
    ] {
        let home = tempfile::tempdir().unwrap();
        let editor = script(home.path(), &format!("echo 'x: 1' >> \"$1\"\n{change}\n"));
        let mut terminal = at_a_deployment(home.path(), "KUBE_EDITOR", &editor, &[]);
        terminal.send("e");
        terminal.wait_for(why);
        rest(&mut terminal);
        terminal.send("\x1b");
        terminal.wait_for("the edit stays in");
        let files = kept(home.path());
        assert!(fs::read_to_string(&files[0]).unwrap().contains("x: 1"));
    }
}

#[test]
fn nothing_is_edited_when_nothing_may_be_changed() {
    let home = tempfile::tempdir().unwrap();
    let editor = script(home.path(), "touch opened\n");
    let mut terminal = at_a_deployment(home.path(), "KUBE_EDITOR", &editor, &["--readonly"]);
    terminal.send("e");
    terminal.wait_for("read-only: nothing is edited");
    assert!(!home.path().join("opened").exists());
}

#[test]
fn an_edit_without_a_change_does_nothing() {
    let home = tempfile::tempdir().unwrap();
    let editor = script(home.path(), "touch \"$1\"\n");
    let mut terminal = at_a_deployment(home.path(), "KUBE_EDITOR", &editor, &[]);
    terminal.send("e");
    terminal.wait_for("deployment web is as it was");
    assert_eq!(kept(home.path()), [] as [PathBuf; 0]);
}

#[test]
fn a_log_is_read_in_the_pager_and_its_copy_goes_with_it() {
    let home = tempfile::tempdir().unwrap();
    let pager = script(
        home.path(),
        "echo \"$1\" > copy; stat -c %a \"$1\" > mode; head -3 \"$1\"; echo 'the pager'; read line\n",
    );
    let mut terminal = at_a_deployment(home.path(), "PAGER", &pager, &[]);
    terminal.send("l");
    terminal.wait_for("follow");
    terminal.send("|");
    terminal.wait_for("the pager");
    let copy = fs::read_to_string(home.path().join("copy")).unwrap();
    let copy = Path::new(copy.trim());
    assert_eq!(
        fs::read_to_string(home.path().join("mode")).unwrap().trim(),
        "600"
    );
    assert!(copy.exists());
    terminal.send("\r");
    terminal.wait("the log again", SOON, |screen| screen.contains("follow"));
    terminal.wait("no copy", SOON, |_| !copy.exists());
}
