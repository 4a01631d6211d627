//! Real programs on real terminals.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use super::*;
use std::time::Instant;
use tokio::time::timeout;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

struct Running {
    child: Child,
    items: mpsc::Receiver<ExecItem>,
    text: String,
}

impl Running {
    fn shell(script: &str) -> Self {
        Self::with(script, |_| {})
    }

    fn with(script: &str, change: impl FnOnce(&mut Program)) -> Self {
        let mut program = Program {
            name: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            size: (80, 24),
            ..Program::default()
        };
        change(&mut program);
        let (tx, items) = mpsc::channel(4);
        let child = spawn(&program, move |item| {
            let tx = tx.clone();
            async move { tx.send(item).await.is_ok() }
        });
        Self {
            child: child.unwrap(),
            items,
            text: String::new(),
        }
    }

    async fn item(&mut self) -> Option<ExecItem> {
        let next = timeout(PATIENCE, self.items.recv());
        next.await.expect("the program says something in time")
    }

    /// Reads until the text holds `what`.
    async fn until(&mut self, what: &str) {
        while !self.text.contains(what) {
            match self.item().await {
                Some(ExecItem::Output(bytes)) => {
                    assert!(bytes.len() <= PIECE);
                    self.text.push_str(&String::from_utf8_lossy(&bytes));
                }
                Some(ExecItem::Started) => {}
                other => panic!("{other:?} instead of {what:?} behind {:?}", self.text),
            }
        }
    }

    /// Reads to the end.
    async fn end(&mut self) -> End {
        loop {
            match self.item().await {
                Some(ExecItem::Output(bytes)) => {
                    self.text.push_str(&String::from_utf8_lossy(&bytes));
                }
                Some(ExecItem::Started) => {}
                Some(ExecItem::Ended(end)) => {
                    assert_eq!(self.item().await, None, "the end comes once, and last");
                    return end;
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_program_gets_arguments_environment_folder_and_size() {
    let script = "echo \"$TERM|$GREETING|$(pwd)|$(stty size)\"; exit 7";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    let mut running = Running::with(script, |program| {
        program.environment = vec![("GREETING".into(), "hello".into())];
        program.folder = Some(path.clone());
        program.size = (111, 33);
    });
    assert_eq!(running.end().await, End::Exited(7));
    let wanted = format!("xterm-256color|hello|{}|33 111", path.display());
    assert!(running.text.contains(&wanted), "{}", running.text);
}

#[tokio::test]
async fn keys_go_in_and_a_new_size_is_seen() {
    let mut running = Running::shell("read a; echo got-$a; read b; stty size; exit 0");
    assert!(running.child.write(b"one\n".to_vec()));
    running.until("got-one").await;
    assert!(running.child.resize(100, 40));
    assert!(running.child.write(b"two\n".to_vec()));
    running.until("40 100").await;
    assert_eq!(running.end().await, End::Exited(0));
}

#[tokio::test]
async fn control_c_reaches_a_flood() {
    let mut running = Running::shell("echo begun; exec yes flood");
    running.until("flood").await;
    assert!(running.child.write(vec![3]));
    assert_eq!(running.end().await, End::Exited(130));
}

#[tokio::test]
async fn all_output_comes_before_the_end() {
    let mut running =
        Running::shell("i=0; while [ $i -lt 3000 ]; do echo line-$i; i=$((i+1)); done");
    assert_eq!(running.end().await, End::Exited(0));
    assert_eq!(running.text.matches("line-").count(), 3000);
    assert!(running.text.contains("line-2999"));
}

#[tokio::test]
async fn a_program_that_is_missing_is_named() {
    let program = Program {
        name: "no-such-program-here".into(),
        size: (80, 24),
        ..Program::default()
    };
    let failure = spawn(&program, |_| async { true }).unwrap_err();
    assert!(failure.what.contains("no-such-program-here"), "{failure:?}");
    assert!(!failure.why.is_empty());
}

#[tokio::test]
async fn who_ignores_the_hangup_is_killed() {
    let mut running = Running::shell("trap '' HUP; echo ready; while :; do sleep 1; done");
    running.until("ready").await;
    running.child.kill();
    assert_eq!(running.end().await, End::Exited(137));
}

#[tokio::test]
async fn a_half_typed_line_is_not_run_when_its_shell_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let canary = folder.path().join("canary");
    let mut running = Running::with("", |program| {
        program.arguments = vec!["-i".into()];
        program.environment = vec![("PS1".into(), "ready> ".into())];
    });
    running.until("ready> ").await;
    // A shell that ignores the hangup lives long enough to run a line that is ended too early.
    let ask = b"trap '' HUP; echo pid-$((0+$$)).\n".to_vec();
    assert!(running.child.write(ask));
    running.until(".\r\nready> ").await;
    let said = running.text.rsplit("pid-").next().unwrap();
    let pid: u32 = said.split('.').next().unwrap().parse().unwrap();
    let typed = format!("touch {}", canary.display());
    assert!(running.child.write(typed.into_bytes()));
    running.until("canary").await;
    let Running { child, items, .. } = running;
    drop((child, items));
    let begun = Instant::now();
    let process = PathBuf::from(format!("/proc/{pid}"));
    while process.exists() {
        assert!(begun.elapsed() < PATIENCE, "the shell lives on");
        tokio::task::yield_now().await;
    }
    assert!(!canary.exists(), "the line was run");
}
