//! How many instructions the core spends, counted by valgrind: a number that another load of the
//! machine does not change, kept in `benches/counts.toml` and compared.
//!
//! `cargo bench --bench counts` exits with 1 where a count differs by more than two in a hundred;
//! `cargo bench --bench counts -- --keep` writes down the present ones. A count depends on compiler,
//! libraries and the processor's features; the file says with which it was made.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a benchmark prints its figures and ends where it cannot go on"
)]

mod measure;

use bytes::Bytes;
use measure::{Goal, has, head, row};
use quarterdeck::app::{App, Msg, Settings, Setup};
use quarterdeck::domain::feed::{Batch, Change, FeedState, Scope};
use quarterdeck::domain::logs::{Chunk, Item, Log, Source, SourceId};
use quarterdeck::domain::rows::{Container, Kind, Labels, Meta, Pod, Row, State};
use quarterdeck::domain::session::SessionInfo;
use quarterdeck::domain::text::Text;
use quarterdeck::domain::time::{Millis, Timestamp};
use quarterdeck::key::Key;
use quarterdeck::view::{Memory, draw};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::hint::black_box;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// How far a count may be from the one that is kept.
const TOLERANCE: f64 = 0.02;
const NOW: Timestamp = Timestamp(1_795_428_000_000);
const PODS: usize = 10_000;

/// What is counted: name, what stands before it, and the work itself.
type Case = (&'static str, fn(), fn());

const CASES: &[Case] = &[
    (
        "list 10,000 pods and draw them",
        || drop(black_box(pods())),
        || drop(black_box(listed())),
    ),
    (
        "apply 10,000 events, a frame for every hundred",
        || drop(black_box(listed())),
        events,
    ),
    (
        "scroll 1,000 rows, a frame for each",
        || drop(black_box(listed())),
        scroll,
    ),
    (
        "ingest 1,000,000 log lines",
        || drop(black_box(lines())),
        ingest,
    ),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == "--run") {
        let case = &CASES[args[at + 1].parse::<usize>().unwrap()];
        if args[at + 2] == "work" {
            case.2();
        } else {
            case.1();
        }
        return ExitCode::SUCCESS;
    }
    if !has("valgrind", &["--version"]) {
        println!("skipped: instructions are counted by valgrind, which is not installed");
        return ExitCode::SUCCESS;
    }
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/counts.toml");
    let kept: BTreeMap<String, f64> = std::fs::read_to_string(&file)
        .ok()
        .and_then(|text| toml::from_str(&text).ok())
        .unwrap_or_default();
    head("kept");
    let mut good = true;
    let compiler = Command::new("rustc").arg("-V").output();
    let compiler = compiler.map(|it| String::from_utf8_lossy(&it.stdout).trim().to_owned());
    let mut text = format!(
        "# Millions of instructions, by `cargo bench --bench counts -- --keep`, with {}.\n",
        compiler.unwrap_or_default()
    );
    for (at, (name, ..)) in CASES.iter().enumerate() {
        let millions = (count(at, "work") - count(at, "before")) / 1e6;
        good &= row(
            *name,
            millions,
            "M",
            kept.get(*name).copied(),
            Goal::NearPeer(TOLERANCE),
        )
        .print();
        // Writing to a text never fails.
        let _ = writeln!(text, "\"{name}\" = {millions:.1}");
    }
    if args.iter().any(|arg| arg == "--keep") {
        std::fs::write(&file, text).unwrap();
        println!("kept in {}", file.display());
        return ExitCode::SUCCESS;
    }
    ExitCode::from(u8::from(!good))
}

/// Instructions of this program when it runs a case.
fn count(case: usize, part: &str) -> f64 {
    let output = Command::new("valgrind")
        .args([
            "--tool=cachegrind",
            "--cache-sim=no",
            "--cachegrind-out-file=/dev/null",
        ])
        .arg(std::env::current_exe().unwrap())
        .args(["--run", &case.to_string(), part])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    let line = told
        .lines()
        .find(|line| line.contains("I   refs:") || line.contains("I refs:"));
    let number = line
        .unwrap_or_else(|| panic!("{told}"))
        .rsplit(':')
        .next()
        .unwrap();
    number.trim().replace(',', "").parse().unwrap()
}

fn pod(n: usize, restarts: u32) -> Row {
    let release = n % 400;
    let text = |text: String| Text::new(&text);
    let mut labels = vec![
        (
            "app.kubernetes.io/part-of".into(),
            text(format!("project-{}", release % 40)),
        ),
        (
            "app.kubernetes.io/instance".into(),
            text(format!("release-{release}")),
        ),
        ("app.kubernetes.io/name".into(), "web".into()),
        ("app.kubernetes.io/version".into(), "1.4.3".into()),
    ];
    labels.sort();
    Row::Pod(Pod {
        meta: Meta {
            uid: text(format!("uid-{n}")),
            namespace: text(format!("ns-{}", release % 50)),
            name: text(format!("web-{release}-{n:05}")),
            created: NOW.plus(Millis(-1000 * n as i64)),
            labels: Labels(labels.into()),
            ..Meta::default()
        },
        phase: "Running".into(),
        node: text(format!("node-{}", n % 100)),
        containers: [Container {
            name: "web".into(),
            image: "registry.example/web:1.4.3".into(),
            ready: true,
            started: true,
            restarts,
            state: State::Running { since: Some(NOW) },
            ..Container::default()
        }]
        .into(),
        ..Pod::default()
    })
}

fn batch(changes: Vec<Change>) -> Msg {
    Msg::Batch(Batch {
        kind: Kind::Pod,
        scope: Scope::ALL,
        changes,
    })
}

/// Batches as they come from the edge.
fn pods() -> Vec<Msg> {
    let all: Vec<Change> = (0..PODS)
        .map(|n| Change::Put(Box::new(pod(n, 0))))
        .collect();
    let mut batches = vec![batch(vec![Change::Begin])];
    batches.extend(all.chunks(500).map(|part| batch(part.to_vec())));
    batches.push(batch(vec![Change::Complete]));
    batches
}

/// The program with a list of pods on the screen.
struct Stage {
    app: App,
    memory: Memory,
    buffer: Buffer,
}

impl Stage {
    fn send(&mut self, msg: Msg) {
        black_box(self.app.update(msg, NOW));
    }

    fn draw(&mut self) {
        let theme = quarterdeck::theme::shipped("dark").unwrap();
        self.buffer.reset();
        black_box(draw(&self.app, &theme, &mut self.memory, &mut self.buffer));
    }
}

fn listed() -> Stage {
    let setup = Setup {
        settings: Settings {
            keymap: quarterdeck::input::shipped("default").unwrap(),
            ..Settings::default()
        },
        command: Some("pods".into()),
        scopes: Some(vec![Scope::ALL]),
        ..Setup::default()
    };
    let (app, _) = App::new(setup, (160, 50), NOW);
    let mut stage = Stage {
        app,
        memory: Memory::default(),
        buffer: Buffer::empty(Rect::new(0, 0, 160, 50)),
    };
    stage.send(Msg::Connected(SessionInfo {
        context: "counted".into(),
        ..SessionInfo::default()
    }));
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Pod) {
        for change in [Change::Begin, Change::Complete] {
            stage.send(Msg::Batch(Batch {
                kind,
                scope: Scope::ALL,
                changes: vec![change],
            }));
        }
    }
    for msg in pods() {
        stage.send(msg);
    }
    for kind in Kind::ALL {
        let live = FeedState::Live;
        stage.send(Msg::Feed {
            kind,
            scope: Scope::ALL,
            state: live,
        });
    }
    stage.draw();
    let drawn: String = stage
        .buffer
        .content
        .iter()
        .map(ratatui::buffer::Cell::symbol)
        .collect();
    assert!(
        drawn.contains("Running") && drawn.contains("10,000"),
        "the list is drawn: {drawn}"
    );
    stage
}

fn events() {
    let mut stage = listed();
    for hundred in 0..PODS / 100 {
        let changed = |n| Change::Put(Box::new(pod((hundred * 100 + n) * 7 % PODS, 1)));
        stage.send(batch((0..100).map(changed).collect()));
        stage.draw();
    }
}

fn scroll() {
    let mut stage = listed();
    for _ in 0..1000 {
        stage.send(Msg::Key(Key::char('j')));
        stage.draw();
    }
}

/// A million lines in chunks as a server sends them.
fn lines() -> Vec<Bytes> {
    (0..1000)
        .map(|second| {
            let mut text = String::new();
            for n in 0..1000 {
                let _ = writeln!(
                    text,
                    "2026-11-23T{:02}:{:02}:{:02}.{n:03}000000Z level=info msg=\"request served\" path=/cart/{n} status=200 took=12ms",
                    second / 3600, second / 60 % 60, second % 60
                );
            }
            text.into()
        })
        .collect()
}

fn ingest() {
    let mut log = Log::new(256 << 20);
    log.join([&Source::default()]);
    for (second, lines) in lines().into_iter().enumerate() {
        let chunk = Chunk {
            source: SourceId(0),
            items: vec![Item::Lines(lines)],
        };
        log.take(chunk, NOW.plus(Millis(1000 * second as i64)));
    }
    log.release(NOW.plus(Millis(1_000_000_000)));
    assert_eq!(log.counts().lines, 1_000_000);
}
