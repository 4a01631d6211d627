//! What the edge reads of one container, from a server that says exactly what the test wants: lines
//! of any length, streams that end anywhere, pods that are replaced. And what `quarterdeck logs`
//! makes of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    dead_code,
    reason = "a test may fail loudly"
)]

mod common;
#[path = "fake/timing.rs"]
mod timing;

use common::wire::{self, Request, Wire};
use quarterdeck::cluster::{CHANNEL, ConnectOptions, Event, FeedHandle, Session, Timing};
use quarterdeck::domain::logs::{Item, Mark, Reading, Source, SourceId, SourceState};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{self, Receiver};

const LIMIT: Duration = Duration::from_secs(30);

/// A run of the container: its id, and how the pod's status tells of it.
#[derive(Clone)]
struct Status {
    uid: &'static str,
    container: &'static str,
    restarts: u32,
    running: bool,
}

const FIRST: Status = Status {
    uid: "pod-1",
    container: "run-1",
    restarts: 0,
    running: true,
};

impl Status {
    fn pod(&self) -> Value {
        let ended = json!({"terminated": {"exitCode": 2, "reason": "Error", "containerID": self.container}});
        let state = if self.running {
            json!({"running": {}})
        } else {
            ended.clone()
        };
        json!({
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": {"name": "p", "namespace": "n", "uid": self.uid},
            "spec": {"containers": [{"name": "app"}]},
            "status": {"phase": "Running", "containerStatuses": [{
                "name": "app",
                "ready": self.running,
                "image": "x",
                "imageID": "x",
                "containerID": self.container,
                "restartCount": self.restarts,
                "state": state,
                "lastState": if self.restarts > 0 { ended } else { json!({}) },
            }]},
        })
    }
}

/// Tells the log for the so-manieth time.
type Tell = dyn Fn(usize, &Request, &mut Wire<'_>) + Send + Sync;

/// A server of one pod.
struct Server {
    status: Arc<Mutex<Option<Status>>>,
    home: tempfile::TempDir,
}

impl Server {
    fn start(tell: impl Fn(usize, &Request, &mut Wire<'_>) + Send + Sync + 'static) -> Self {
        let status = Arc::new(Mutex::new(Some(FIRST)));
        let (known, told) = (Arc::clone(&status), Mutex::new(0));
        let tell: Box<Tell> = Box::new(tell);
        let port = wire::on_loopback(move |request, wire| {
            let path = request.path.split('?').next().unwrap_or_default();
            if path.ends_with("/log") {
                let time = {
                    let mut told = told.lock().unwrap();
                    *told += 1;
                    *told
                };
                return tell(time, request, wire);
            }
            answer(path, known.lock().unwrap().as_ref(), wire);
        });
        let home = tempfile::tempdir().unwrap();
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": format!("http://127.0.0.1:{port}")}}],
            "users": [{"name": "u", "user": {"token": "t"}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": "n"}}],
        });
        std::fs::write(home.path().join("config"), config.to_string()).unwrap();
        Self { status, home }
    }

    fn kubeconfig(&self) -> PathBuf {
        self.home.path().join("config")
    }

    fn set(&self, status: Option<Status>) {
        *self.status.lock().unwrap() = status;
    }

    async fn follow(&self) -> (FeedHandle, Receiver<Event>) {
        let session = Session::connect(ConnectOptions {
            kubeconfig: Some(self.kubeconfig()),
            readonly: true.into(),
            timing: Timing {
                caught_up: Duration::from_millis(50),
                stall: Duration::from_millis(300),
                restart_look: Duration::from_millis(100),
                ..timing::quick()
            },
            ..ConnectOptions::default()
        });
        let (tx, events) = mpsc::channel(CHANNEL);
        let source = Source {
            namespace: "n".into(),
            pod: "p".into(),
            container: "app".into(),
        };
        let reading = Reading {
            follow: true,
            ..Reading::once()
        };
        let handle = session
            .await
            .unwrap()
            .read_log(1, SourceId(0), &source, &reading, tx);
        (handle, events)
    }

    /// `quarterdeck logs` with these arguments.
    fn logs(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command
            .arg("--kubeconfig")
            .arg(self.kubeconfig())
            .arg("logs")
            .args(arguments)
            .env("HOME", self.home.path())
            .env("XDG_CONFIG_HOME", self.home.path())
            .stdin(Stdio::null());
        command
    }
}

fn answer(path: &str, status: Option<&Status>, wire: &mut Wire<'_>) {
    let json = "Content-Type: application/json\r\n";
    let list = |kind: &str, items: Vec<Value>| json!({"kind": kind, "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items});
    let body = match (path, status) {
        ("/version", _) => json!({"gitVersion": "v1.36.0", "major": "1", "minor": "36"}),
        ("/api/v1/namespaces/n/pods/p", Some(status)) => status.pod(),
        ("/api/v1/namespaces/n/pods", Some(status)) => list("PodList", vec![status.pod()]),
        ("/api/v1/namespaces/n/pods", None) => list("PodList", Vec::new()),
        _ => {
            let gone = json!({"kind": "Status", "status": "Failure", "code": 404, "reason": "NotFound", "message": "not found"});
            return wire.answer("404 Not Found", json, &gone.to_string());
        }
    };
    wire.answer("200 OK", json, &body.to_string());
}

fn stamped(n: usize) -> String {
    format!("2026-11-23T10:04:{:02}.{:09}Z line {n}\n", n / 10, n)
}

fn lines(range: std::ops::Range<usize>) -> String {
    range.map(stamped).collect()
}

/// The stream stays open and silent.
fn hold() {
    std::thread::sleep(LIMIT);
}

/// What came: lines as text (a long one as its head and what was cut), and marks.
#[derive(Default)]
struct Came {
    text: String,
    long: Vec<(usize, u64)>,
    marks: Vec<Mark>,
    state: SourceState,
}

impl Came {
    async fn until(events: &mut Receiver<Event>, done: impl Fn(&Self) -> bool) -> Self {
        let mut came = Self::default();
        let read = async {
            while !done(&came) {
                let Some(Event::Log { chunk, .. }) = events.recv().await else {
                    panic!("it ended: {:?}", came.marks)
                };
                for item in chunk.items {
                    match item {
                        Item::Lines(lines) => came.text += &String::from_utf8_lossy(&lines),
                        Item::Long(head, cut) => came.long.push((head.len(), cut)),
                        Item::Mark(mark) => came.marks.push(mark),
                        Item::State(state) => came.state = state,
                        Item::Told(_) | Item::Pod(_) => {}
                    }
                }
            }
        };
        let ended = tokio::time::timeout(LIMIT, read).await.is_ok();
        assert!(ended, "{:?} {:?} {}", came.state, came.marks, came.text);
        came
    }
}

/// Bytes that this process holds in memory.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = text
        .split(' ')
        .nth(1)
        .and_then(|it| it.parse().ok())
        .unwrap_or(0);
    pages * 4096
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_without_an_end_is_cut_at_64_kib_and_fills_no_memory() {
    const MIB: usize = 1 << 20;
    const LONG: usize = 256;
    let server = Server::start(|time, _, wire| {
        wire.lines();
        if time == 1 {
            let filler = vec![b'x'; MIB];
            wire.piece(b"2026-11-23T10:04:00.000000001Z ");
            // A megabyte first: a line of a usual mistake.
            wire.piece(&filler);
            wire.piece(b"\n2026-11-23T10:04:00.000000002Z ");
            for _ in 0..LONG {
                wire.piece(&filler);
            }
            wire.piece(b"\n2026-11-23T10:04:00.000000003Z next\n");
        }
        hold();
    });
    let (_handle, mut events) = server.follow().await;
    let before = resident();
    let came = Came::until(&mut events, |came| came.text.contains("next")).await;
    let grown = resident().saturating_sub(before);
    let stamp = "2026-11-23T10:04:00.000000001Z ".len();
    let cut = |bytes: usize| (64 * 1024, (bytes + stamp - 64 * 1024) as u64);
    assert_eq!(came.long, [cut(MIB), cut(LONG * MIB)]);
    assert!(came.text.ends_with("next\n"), "the next line is right");
    assert!(grown < 48 * MIB, "{} MiB more", grown / MIB);
}

#[tokio::test]
async fn a_stream_that_ends_within_a_line_gives_the_line_whole() {
    let server = Server::start(|time, _, wire| {
        wire.lines();
        if time == 1 {
            // The kubelet died: the API server ends the stream in order, in the midst of a line.
            wire.piece(lines(0..5).as_bytes());
            wire.piece(&stamped(5).as_bytes()[..33]);
            wire.end();
        } else {
            wire.piece(lines(0..8).as_bytes());
            hold();
        }
    });
    let (_handle, mut events) = server.follow().await;
    let came = Came::until(&mut events, |came| came.text.contains("line 7\n")).await;
    assert_eq!(came.text, lines(0..8));
    assert!(
        came.marks.iter().all(|mark| !mark.is_loss()),
        "{:?}",
        came.marks
    );
}

#[tokio::test]
async fn the_last_words_of_a_container_need_no_line_feed() {
    let status = Arc::new(Mutex::new(None::<Arc<Mutex<Option<Status>>>>));
    let known = Arc::clone(&status);
    let server = Server::start(move |_, _, wire| {
        wire.lines();
        wire.piece(lines(0..3).as_bytes());
        wire.piece(stamped(3).trim_end().as_bytes());
        if let Some(status) = &*known.lock().unwrap() {
            *status.lock().unwrap() = Some(Status {
                running: false,
                ..FIRST
            });
        }
        wire.end();
    });
    *status.lock().unwrap() = Some(Arc::clone(&server.status));
    let (_handle, mut events) = server.follow().await;
    let came = Came::until(&mut events, |came| !came.marks.is_empty()).await;
    let text = came.text.trim_end();
    assert_eq!(text, lines(0..4).trim_end(), "{:?}", came.marks);
    assert!(matches!(came.marks[..], [Mark::Ended { exit_code: 2, .. }]));
}

#[tokio::test]
async fn another_pod_of_the_same_name_is_another_one() {
    let server = Server::start(|_, _, wire| {
        wire.lines();
        wire.piece(lines(0..3).as_bytes());
        wire.end();
    });
    let (_handle, mut events) = server.follow().await;
    let first = Came::until(&mut events, |came| came.text.contains("line 2")).await;
    assert!(first.marks.is_empty());
    server.set(Some(Status {
        uid: "pod-2",
        container: "run-2",
        ..FIRST
    }));
    let came = Came::until(&mut events, |came| came.state == SourceState::Ended).await;
    assert_eq!(
        (came.text.as_str(), &came.marks[..]),
        ("", &[Mark::Deleted][..])
    );
}

/// A kubelet that has begun again knows no pod for a while: that is not the pod's end.
#[tokio::test]
async fn a_kubelet_that_does_not_know_its_pods_yet_is_waited_for() {
    const ANSWERS: [(u16, &str); 4] = [
        (404, r#"pod "n/p" does not exist"#),
        (400, r#"pod "p" cannot be found - no logs available"#),
        (
            400,
            r#"container "app" in pod "p" is waiting to start - no logs yet"#,
        ),
        (400, r#"container "app" in pod "p" is terminated"#),
    ];
    let server = Server::start(
        |time, _, wire| match (time, ANSWERS.get(time.wrapping_sub(2))) {
            (_, Some((code, message))) => {
                let status = json!({"kind": "Status", "status": "Failure", "code": code, "message": message});
                let kind = "Content-Type: application/json\r\n";
                wire.answer(&format!("{code} No"), kind, &status.to_string());
            }
            (1, _) => {
                wire.lines();
                wire.piece(lines(0..3).as_bytes());
                // Not to its end: the connection breaks.
            }
            _ => {
                wire.lines();
                wire.piece(lines(0..6).as_bytes());
            }
        },
    );
    let (_handle, mut events) = server.follow().await;
    let came = Came::until(&mut events, |came| came.text.contains("line 5")).await;
    assert_eq!(came.text.matches("line 2").count(), 1, "{}", came.text);
    assert!(
        matches!(&came.marks[..], [Mark::Resumed { .. }]),
        "{:?}",
        came.marks
    );
}

#[tokio::test]
async fn runs_that_nobody_saw_leave_a_gap_even_when_the_last_of_them_was_silent() {
    let server = Server::start(|_, request, wire| {
        wire.lines();
        if !request.path.contains("previous=true") {
            wire.piece(lines(0..3).as_bytes());
        }
        wire.end();
    });
    let (_handle, mut events) = server.follow().await;
    Came::until(&mut events, |came| came.text.contains("line 2")).await;
    server.set(Some(Status {
        container: "run-5",
        restarts: 4,
        ..FIRST
    }));
    let started = |mark: &Mark| matches!(mark, Mark::Started(4));
    let came = Came::until(&mut events, |came| came.marks.iter().any(started)).await;
    assert!(
        matches!(came.marks[0], Mark::Gap { .. }),
        "{:?}",
        came.marks
    );
}

/// What is asked of the log when only one line of it is looked at.
fn is_look(request: &Request) -> bool {
    request.path.contains("limitBytes")
}

#[tokio::test]
async fn a_file_that_the_kubelet_passed_over_leaves_a_gap() {
    for (first, gap) in [(42, true), (0, false)] {
        let server = Server::start(move |_, request, wire| {
            wire.lines();
            if is_look(request) {
                wire.piece(lines(first..first + 1).as_bytes());
                return wire.end();
            }
            wire.piece(lines(0..15).as_bytes());
            wire.piece((lines(42..45) + &lines(72..75)).as_bytes());
            hold();
        });
        let (_handle, mut events) = server.follow().await;
        let came = Came::until(&mut events, |came| came.text.contains("line 74\n")).await;
        assert_eq!(came.text, lines(0..15) + &lines(42..45) + &lines(72..75));
        let told = matches!(came.marks[..], [Mark::Gap { to: Some(_), .. }]);
        assert_eq!(
            (told, came.marks.is_empty()),
            (gap, !gap),
            "{:?}",
            came.marks
        );
    }
}

#[tokio::test]
async fn a_log_that_was_rotated_while_it_was_told_late_may_have_had_more() {
    let server = Server::start(|_, request, wire| {
        wire.lines();
        if is_look(request) {
            return wire.end();
        }
        wire.piece(lines(0..3).as_bytes());
        hold();
    });
    let (_handle, mut events) = server.follow().await;
    let came = Came::until(&mut events, |came| !came.marks.is_empty()).await;
    assert!(
        matches!(came.marks[..], [Mark::Gap { to: None, .. }]),
        "{:?}",
        came.marks
    );
    let more = tokio::time::timeout(Duration::from_secs(2), events.recv()).await;
    assert!(more.is_err(), "it is told once: {more:?}");
}

/// A server whose log loses lines: it is cut, and later lines are all that is kept.
fn lossy() -> Server {
    Server::start(|time, _, wire| {
        wire.lines();
        if time == 1 {
            // Nothing after these: the connection breaks.
            wire.piece(lines(0..15).as_bytes());
        } else {
            wire.piece(lines(42..45).as_bytes());
            wire.end();
        }
    })
}

#[test]
fn lost_lines_are_told_and_end_with_1() {
    let server = lossy();
    let output = server.logs(&["pod/n/p/app"]).output().unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert_eq!(output.status.code(), Some(1), "{out}\n{err}");
    assert_eq!(out.lines().count(), 18, "{out}");
    assert!(
        err.contains("gap: 3.0 s, the server kept nothing older than 10:04:04"),
        "{err}"
    );
    assert!(err.contains("lost, tried again"), "{err}");

    let output = lossy()
        .logs(&["pod/n/p/app", "-o", "json"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let objects: Vec<Value> = out
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    assert_eq!(objects.len(), 19);
    assert_eq!(objects[15]["mark"], "gap");
    assert_eq!(objects[16]["message"], "line 42");
    assert_eq!(objects[16]["time"], "2026-11-23T10:04:04.000000042Z");
}

#[test]
fn what_is_read_is_chosen_by_flags() {
    let asked = Arc::new(Mutex::new(Vec::<String>::new()));
    let seen = Arc::clone(&asked);
    let server = Server::start(move |_, request, wire| {
        seen.lock().unwrap().push(request.path.clone());
        wire.lines();
        wire.piece(lines(0..3).as_bytes());
        wire.piece(b"2026-11-23T10:05:00Z ERROR boom\n");
        wire.piece(b"2026-11-23T10:05:01Z   at Pool.take\n");
        wire.end();
    });
    server.set(Some(Status {
        restarts: 1,
        ..FIRST
    }));
    for (arguments, query, expected) in [
        (&["pod/n/p"][..], "container=app", 5),
        (&["pod/n/p", "--tail", "7"], "tailLines=7", 5),
        (&["pod/n/p", "--since", "10m"], "sinceSeconds=600", 5),
        (
            &["pod/n/p", "--since", "10m", "--tail", "7"],
            "sinceSeconds=600&tailLines=7",
            5,
        ),
        (
            &["pod/n/p", "--since", "2026-11-23T10:04:00Z"],
            "sinceTime=2026-11-23T10%3A04%3A00Z",
            5,
        ),
        (&["pod/n/p", "-p"], "previous=true", 5),
        (&["pod/n/p", "--level", "warn"], "", 2),
        (&["pod/n/p", "--grep", "line [01]$"], "", 2),
    ] {
        asked.lock().unwrap().clear();
        let output = server.logs(arguments).output().unwrap();
        let out = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{arguments:?} {output:?}");
        let lines = out.lines().count();
        assert_eq!(lines, expected, "{arguments:?} {out}");
        let asked = asked.lock().unwrap();
        assert!(asked.iter().all(|path| path.contains(query)), "{asked:?}");
    }
    let output = server
        .logs(&["pod/n/p", "--timestamps", "--tail", "1"])
        .output()
        .unwrap();
    assert!(
        output
            .stdout
            .starts_with(b"2026-11-23T10:04:00.000000000Z line 0\n")
    );
    for (arguments, word) in [
        (
            &["pod/n/p", "--grep", "a["][..],
            "unclosed character class at character 2",
        ),
        (&["pod/n/p", "--level", "loud"], "is no level"),
        (&["pod/n/p", "--since", "soon"], "neither a span"),
        (&["node/x"], "names no containers"),
    ] {
        let output = server.logs(arguments).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {err}");
        assert!(err.contains(word), "{err}");
    }
}

#[test]
fn bytes_that_steer_a_terminal_do_not_come_out() {
    let server = Server::start(|_, _, wire| {
        // A generator is noise enough, and the same each time.
        let mut state = 7_u64;
        let mut noise = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as u8
        };
        wire.lines();
        for n in 0..2_000_u32 {
            let mut line = format!("2026-11-23T10:04:00.{n:09}Z ").into_bytes();
            line.extend((0..200).map(|_| noise()).filter(|byte| *byte != b'\n'));
            line.extend(b"\x1b]52;c;ZXZpbA==\x07\x1bP1$r\x1b[?1049h\xc2\x9b2J\x1b\n");
            wire.piece(&line);
        }
        wire.piece(b"2026-11-23T10:04:01Z the next line is right\n");
        wire.end();
    });
    for form in ["text", "json"] {
        let output = server.logs(&["pod/n/p/app", "-o", form]).output().unwrap();
        let out = String::from_utf8(output.stdout).expect("all of it is UTF-8");
        assert_eq!(out.lines().count(), 2_001);
        let hostile = |c: &char| c.is_control() && !matches!(c, '\n' | '\t');
        assert_eq!(out.chars().find(hostile), None);
        assert!(out.contains("the next line is right"));
    }
}

/// A log that never ends.
fn endless() -> Server {
    Server::start(|_, _, wire| {
        wire.lines();
        let mut n = 0;
        while wire.piece(lines(n..n + 1).as_bytes()) {
            n = (n + 1) % 500;
            std::thread::sleep(Duration::from_millis(5));
        }
    })
}

/// Whether this process was begun with SIGINT ignored.
fn interrupts_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & 0b10 != 0)
}

#[test]
fn an_interrupt_and_a_closed_pipe_end_it_at_once() {
    let server = endless();
    let mut child = server
        .logs(&["-f", "pod/n/p/app"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut String::new()).unwrap();
    let begun = Instant::now();
    let pid = child.id().to_string();
    // What begins in the background of a shell may be told to ignore interrupts, and so are its
    // children: they end by the other signal.
    let signal = if interrupts_are_ignored() {
        "-TERM"
    } else {
        "-INT"
    };
    Command::new("kill").args([signal, &pid]).status().unwrap();
    child.wait().unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );

    let mut child = server
        .logs(&["-f", "pod/n/p/app"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut String::new()).unwrap();
    let begun = Instant::now();
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(output.stderr, b"", "it ends without a word");
}
