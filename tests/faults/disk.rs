//! F18, F19: a full disk, and a death at every system call of a write.

use crate::common::demo::Demo;
use crate::console::{PROGRAM, open};
use quarterdeck::runtime::files::{create_whole, replace};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// A small file system that goes with the test. Nothing where one may not be made.
struct Small(tempfile::TempDir);

impl Small {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=128k", "tmpfs"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status();
        if done.is_ok_and(|done| done.success()) {
            return Some(Self(folder));
        }
        eprintln!("skipped: a small tmpfs needs the right to mount one");
        None
    }

    /// Leaves no room.
    fn fill(&self) {
        drop(std::fs::write(
            self.0.path().join("filler"),
            vec![0; 256 << 10],
        ));
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0.path()).status());
    }
}

/// F18. A full disk is told with the bytes that were written; files that were there stay whole, and
/// the console goes on.
#[test]
fn a_full_disk_is_told_and_costs_no_file() {
    let Some(disk) = Small::mount() else { return };
    let home = tempfile::tempdir().unwrap();
    let (data, state) = (disk.0.path().join("data"), disk.0.path().join("state"));
    let old = state.join("quarterdeck/state.json");
    std::fs::create_dir_all(old.parent().unwrap()).unwrap();
    std::fs::write(&old, "{}\n").unwrap();
    disk.fill();
    let demo = Demo::start(Path::new(PROGRAM), &["--seed", "7"]);
    let more = [
        ("XDG_DATA_HOME", data.to_str().unwrap()),
        ("XDG_STATE_HOME", state.to_str().unwrap()),
        ("KUBECONFIG", demo.kubeconfig.to_str().unwrap()),
    ];
    let mut terminal = open(home.path(), &["-n", "shop-prod", "-c", "pods"], &more);
    terminal.wait_for("Running");
    terminal.send("l");
    terminal.settle(Duration::from_millis(800));
    terminal.send("\x13");
    terminal.wait("the full disk is told", Duration::from_secs(10), |text| {
        text.contains("No space left") || text.contains("space left")
    });
    terminal.send(":nodes\r");
    terminal.wait_for("Ready");
    terminal.send(":quit\r");
    assert_eq!(terminal.exit(Duration::from_secs(5)), Some(0));
    let kept = std::fs::read_to_string(&old).unwrap();
    assert!(
        serde_json::from_str::<serde_json::Value>(&kept).is_ok(),
        "{kept:?}"
    );
    let file = disk.0.path().join("file");
    std::fs::remove_file(disk.0.path().join("filler")).unwrap();
    replace(&file, b"old").unwrap();
    disk.fill();
    assert!(replace(&file, &vec![b'n'; 200 << 10]).is_err());
    assert_eq!(std::fs::read(&file).unwrap(), b"old");
}

const OLD: &str = "old\n";

fn new() -> String {
    "new, and longer than a page\n".repeat(500)
}

#[test]
#[ignore = "started by the test that follows"]
fn helper_that_writes_files() {
    let folder = std::env::var("QUARTERDECK_TEST_FOLDER").unwrap();
    // Calls are counted for each thread: those of this one come behind any that another makes.
    for _ in 0..OTHERS {
        let mut nothing = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/null")
            .unwrap();
        nothing.write_all(b"-").unwrap();
    }
    replace(&Path::new(&folder).join("replaced"), new().as_bytes()).unwrap();
    create_whole(&Path::new(&folder).join("made"), new().as_bytes()).unwrap();
}

/// More calls of a kind than the thread makes that runs the test.
const OTHERS: usize = 100;

/// System calls that change files, or end a change.
const CALLS: &str = "openat,write,fsync,rename,linkat,unlink,mkdir,close";

/// The writes, in a process of their own and in its first thread, under strace.
fn traced(place: &Path, options: &[&str]) -> ExitStatus {
    Command::new("strace")
        .args(["-f", "-qq", "-e", &format!("trace={CALLS}")])
        .args(options)
        .arg("--")
        .arg(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "--test-threads=1",
            "disk::helper_that_writes_files",
        ])
        .env("QUARTERDECK_TEST_FOLDER", place)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
}

/// Each such call from the first that touches the folder on: its name, and the how manieth of that
/// name it is.
fn calls(folder: &Path) -> Vec<(String, usize)> {
    let (place, log) = (prepared(folder, "counted"), folder.join("log"));
    let status = traced(&place, &["-o", log.to_str().unwrap()]);
    assert!(status.success());
    let log = std::fs::read_to_string(log).unwrap();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut touched = false;
    let mut calls = Vec::new();
    let path = place.to_str().unwrap();
    let thread = log.lines().find(|line| line.contains(path)).unwrap();
    let thread = thread.split_whitespace().next().unwrap();
    for line in log.lines().filter_map(|line| line.strip_prefix(thread)) {
        let Some((name, _)) = line.trim_start().split_once('(') else {
            continue;
        };
        let count = seen.entry(name).or_default();
        *count += 1;
        touched |= line.contains(path);
        if touched {
            calls.push((name.to_owned(), *count));
        }
    }
    calls
}

/// A folder with the file that is to be replaced.
fn prepared(folder: &Path, name: &str) -> PathBuf {
    let place = folder.join(name);
    std::fs::create_dir(&place).unwrap();
    replace(&place.join("replaced"), OLD.as_bytes()).unwrap();
    place
}

/// F19. Killed at each system call that touches a file, from the first to the last: what was there
/// is the old or the new, what is new is there whole or not at all, and nobody else may read it.
#[test]
fn killed_at_every_system_call_a_file_is_the_old_or_the_new() {
    if Command::new("strace")
        .arg("-V")
        .stdout(Stdio::null())
        .status()
        .is_err()
    {
        eprintln!("skipped: no strace");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (mut killed, mut states) = (0, [0; 3]);
    for (call, nth) in calls(folder.path()) {
        let at = format!("{call} {nth}");
        let place = prepared(folder.path(), &at);
        let inject = format!("inject={call}:signal=KILL:when={nth}");
        let ended = traced(&place, &["-o", "/dev/null", "-e", &inject]);
        assert!(!ended.success(), "it was not killed at {at}");
        killed += 1;
        let read = |name: &str| std::fs::read_to_string(place.join(name)).ok();
        let replaced = read("replaced").unwrap();
        assert!(
            replaced == OLD || replaced == new(),
            "killed at {at}: {replaced:?}"
        );
        let made = read("made");
        assert!(
            made.is_none() || made == Some(new()),
            "killed at {at}: {made:?}"
        );
        for entry in std::fs::read_dir(&place).unwrap().flatten() {
            use std::os::unix::fs::PermissionsExt;
            let rights = entry.metadata().unwrap().permissions().mode();
            assert_eq!(rights & 0o777, 0o600, "{:?}", entry.file_name());
        }
        states[usize::from(replaced != OLD) + usize::from(made.is_some())] += 1;
    }
    eprintln!("killed at {killed} calls: {states:?} times before, between and after");
    assert!(
        killed > 6 && states.iter().all(|times| *times > 0),
        "{killed} {states:?}"
    );
}
