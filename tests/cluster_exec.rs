//! Commands in containers through the edge: whole output, honest ends, and nothing when only
//! reading is allowed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail loudly"
)]

#[path = "common/command.rs"]
mod command;
#[path = "fake/stage.rs"]
mod stage;
#[path = "fake/timing.rs"]
mod timing;

use quarterdeck::cluster::{ConnectOptions, ExecHandle, ExecInput, Session, Timing};
use quarterdeck::demo::Options;
use quarterdeck::demo::exec::Mode;
use quarterdeck::domain::exec::{End, ExecItem};
use quarterdeck::domain::feed::FailureSort;
use serde_json::json;
use stage::Stage;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::Receiver;
use tokio::sync::watch;

const NAMESPACE: &str = "shop-prod";
const LIMIT: Duration = Duration::from_secs(20);

async fn host(readonly: bool) -> Stage {
    let confiner = Some(env!("CARGO_BIN_EXE_quarterdeck").into());
    let options = Options {
        pods: Some(200),
        exec: Mode::Host { confiner },
        ..Options::default()
    };
    Stage::set(options, readonly).await
}

async fn begin(stage: &Stage, command: &[&str], tty: bool) -> (ExecHandle, Receiver<ExecItem>) {
    exec(&stage.session, stage, command, tty).await
}

/// The same without a terminal, by another session.
async fn begin_in(
    session: &Session,
    stage: &Stage,
    command: &[&str],
) -> (ExecHandle, Receiver<ExecItem>) {
    exec(session, stage, command, false).await
}

async fn exec(
    session: &Session,
    stage: &Stage,
    words: &[&str],
    tty: bool,
) -> (ExecHandle, Receiver<ExecItem>) {
    let (pod, container) = stage.pods(NAMESPACE).await.remove(0);
    let place = [NAMESPACE.into(), pod, container];
    command::begin(session, &place, words, tty)
}

/// All that comes: output, what was said on standard error, and the end.
async fn whole(rx: &mut Receiver<ExecItem>) -> (Vec<u8>, Vec<u8>, End) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    loop {
        match tokio::time::timeout(LIMIT, rx.recv())
            .await
            .unwrap()
            .unwrap()
        {
            ExecItem::Started => {}
            ExecItem::Output(bytes) => out.extend_from_slice(&bytes),
            ExecItem::Errors(bytes) => err.extend_from_slice(&bytes),
            ExecItem::Ended(end) => return (out, err, end),
        }
    }
}

#[tokio::test]
async fn output_errors_and_the_exit_code_come_apart_and_whole() {
    let stage = host(false).await;
    let script = "echo out; echo err >&2; exit 9";
    let (_handle, mut rx) = begin(&stage, &["sh", "-c", script], false).await;
    let expected = (b"out\n".to_vec(), b"err\n".to_vec(), End::Exited(9));
    assert_eq!(whole(&mut rx).await, expected);
    for _ in 0..5 {
        let numbers = "i=0; while [ $i -lt 4 ]; do seq 1 200000; i=$((i+1)); done";
        let (_handle, mut rx) = begin(&stage, &["sh", "-c", numbers], false).await;
        let (out, _, end) = whole(&mut rx).await;
        let once: String = (1..=200_000)
            .map(|n| format!("{n}\n"))
            .collect::<Vec<_>>()
            .concat();
        assert!(out == once.repeat(4).into_bytes(), "{} bytes", out.len());
        assert_eq!(end, End::Exited(0));
    }
}

#[tokio::test]
async fn input_is_passed_on_and_its_end_too() {
    let stage = host(false).await;
    let (handle, mut rx) = begin(&stage, &["cat"], false).await;
    let bytes = b"some bytes \xff\x00\n".repeat(20_000);
    let writer = handle.writer();
    let sent = bytes.clone();
    tokio::spawn(async move {
        for piece in sent.chunks(10_000) {
            writer.send(ExecInput::Bytes(piece.to_vec())).await.unwrap();
        }
        writer.send(ExecInput::Close).await.unwrap();
    });
    let (out, _, end) = whole(&mut rx).await;
    assert!(out == bytes, "{} of {} bytes", out.len(), bytes.len());
    assert_eq!(end, End::Exited(0));
}

#[tokio::test]
async fn what_is_typed_at_a_stroke_arrives_whole() {
    let stage = host(false).await;
    let (handle, mut rx) = begin(&stage, &["cat"], false).await;
    // As a terminal types a paste that it does not mark.
    let typed: Vec<u8> = (0..10_000_u32).map(|n| b'a' + (n % 26) as u8).collect();
    for byte in &typed {
        assert!(handle.write(ExecInput::Bytes(vec![*byte])));
    }
    assert!(handle.write(ExecInput::Close));
    let (out, _, end) = whole(&mut rx).await;
    assert!(out == typed, "{} of {} bytes", out.len(), typed.len());
    assert_eq!(end, End::Exited(0));
}

#[tokio::test]
async fn a_terminal_has_its_size_and_interrupts_a_flood() {
    let stage = host(false).await;
    // The size is told once the command is there: it may look too early.
    let command = "until [ \"$(stty size)\" = '33 91' ]; do sleep 0.05; done; stty size; exec yes";
    let (handle, mut rx) = begin(&stage, &["sh", "-c", command], true).await;
    let mut out = Vec::new();
    while out.len() < 1 << 20 {
        if let ExecItem::Output(bytes) = rx.recv().await.unwrap() {
            out.extend_from_slice(&bytes);
        }
    }
    assert!(String::from_utf8_lossy(&out[..200]).contains("33 91"));
    assert!(handle.write(ExecInput::Bytes(vec![3])));
    assert_eq!(whole(&mut rx).await.2, End::Exited(130));
}

#[tokio::test]
async fn a_cut_connection_is_never_told_as_an_exit() {
    for by in ["fin", "rst"] {
        let stage = host(false).await;
        let cut = json!([{"fault": "cut_stream", "bytes": 50_000, "by": by}]);
        stage.faults(cut).await;
        let (_handle, mut rx) = begin(&stage, &["seq", "1", "100000"], false).await;
        let (out, _, end) = whole(&mut rx).await;
        assert!(matches!(end, End::Lost(_)), "{end:?}");
        assert!(
            out.starts_with(b"1\n2\n3\n") && out.len() <= 50_000,
            "{}",
            out.len()
        );
    }
}

#[tokio::test]
async fn what_is_refused_is_refused_with_its_sort() {
    let stage = host(true).await;
    let (_handle, mut rx) = begin(&stage, &["true"], false).await;
    let End::Refused(failure) = whole(&mut rx).await.2 else {
        panic!("read-only");
    };
    assert_eq!(failure.sort, FailureSort::ReadOnly);
    let stage = host(false).await;
    let (_handle, mut rx) = begin(&stage, &["no-such-program"], false).await;
    assert!(whole(&mut rx).await.2.is_missing_program());
}

/// Passes connections on to `server` until it falls deaf: then nothing comes through any more, and
/// nothing is closed.
async fn proxy(server: SocketAddr, deaf: watch::Receiver<bool>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let mut deaf = deaf.clone();
            tokio::spawn(async move {
                let mut far = TcpStream::connect(server).await.unwrap();
                let fallen_deaf = async { deaf.wait_for(|deaf| *deaf).await.is_ok() };
                let deaf = tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut near, &mut far) => false,
                    deaf = fallen_deaf => deaf,
                };
                if deaf {
                    // Both ends stay open.
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    address
}

/// A session that reaches the stage's server through a proxy, and what makes the proxy deaf.
async fn through_proxy(stage: &Stage, timing: Timing) -> (Session, watch::Sender<bool>) {
    let (deafen, deaf) = watch::channel(false);
    let server = stage.session.info().server;
    let server: SocketAddr = server.trim_start_matches("https://").parse().unwrap();
    let address = proxy(server, deaf).await;
    let text = std::fs::read_to_string(stage.kubeconfig()).unwrap();
    let path = stage.kubeconfig().with_file_name("through-proxy");
    let text = text.replace(&server.to_string(), &address.to_string());
    std::fs::write(&path, text).unwrap();
    let options = ConnectOptions {
        kubeconfig: Some(path),
        timing,
        ..ConnectOptions::default()
    };
    (Session::connect(options).await.unwrap(), deafen)
}

/// Signs of life are asked for and missed sooner than usual.
fn impatient() -> Timing {
    Timing {
        exec_ping: Duration::from_millis(200),
        exec_silence: Duration::from_secs(2),
        ping_deadline: Duration::from_millis(500),
        ..Timing::default()
    }
}

#[tokio::test]
async fn a_connection_without_a_sign_of_life_is_lost_and_others_go_on() {
    let stage = host(false).await;
    let (session, deafen) = through_proxy(&stage, impatient()).await;
    let (_handle, mut rx) = begin_in(&session, &stage, &["sh", "-c", "echo on; exec cat"]).await;
    let (other, mut other_rx) = begin(&stage, &["cat"], false).await;
    loop {
        let item = tokio::time::timeout(LIMIT, rx.recv()).await.unwrap();
        if matches!(item.unwrap(), ExecItem::Output(_)) {
            break;
        }
    }
    deafen.send(true).unwrap();
    let begun = Instant::now();
    let (_, _, end) = whole(&mut rx).await;
    let why = end.to_string();
    assert!(why.contains("end is unknown (no sign of life"), "{why}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(other.write(ExecInput::Bytes(b"still here".to_vec())));
    assert!(other.write(ExecInput::Close));
    let expected = (b"still here".to_vec(), Vec::new(), End::Exited(0));
    assert_eq!(whole(&mut other_rx).await, expected);
}

#[tokio::test]
async fn a_command_that_is_silent_is_not_taken_for_lost() {
    let stage = host(false).await;
    let (session, _deafen) = through_proxy(&stage, impatient()).await;
    let (_handle, mut rx) = begin_in(&session, &stage, &["sleep", "5"]).await;
    assert_eq!(whole(&mut rx).await.2, End::Exited(0));
}

/// A full connection takes no ping: whether it is the command that reads nothing, or the network that
/// is gone, only another question can tell.
#[tokio::test]
async fn a_full_connection_is_lost_only_when_the_server_is_silent_too() {
    let stage = host(false).await;
    let (session, deafen) = through_proxy(&stage, impatient()).await;
    let (handle, mut rx) = begin_in(&session, &stage, &["sleep", "60"]).await;
    let writer = handle.writer();
    let writing = tokio::spawn(async move {
        let piece = ExecInput::Bytes(vec![b'x'; 64 * 1024]);
        let mut taken = 0;
        while let Ok(Ok(())) = tokio::time::timeout(LIMIT, writer.send(piece.clone())).await {
            taken += 1;
        }
        taken
    });
    let patience = Duration::from_secs(5);
    let told = tokio::time::timeout(patience, whole(&mut rx)).await;
    assert!(told.is_err(), "{told:?}");
    assert!(
        !writing.is_finished(),
        "something still waits to be written"
    );
    deafen.send(true).unwrap();
    let (_, _, end) = tokio::time::timeout(LIMIT, whole(&mut rx)).await.unwrap();
    assert!(
        end.to_string().contains("end is unknown (no sign of life"),
        "{end}"
    );
    assert!(writing.await.unwrap() > 0);
}

/// Whether a process of this machine has ended, buried or not.
fn ended(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default();
    matches!(state.trim().chars().next(), None | Some('Z'))
}

/// Nobody reads the flood, so that it fills everything between the command and us: the interrupt
/// has to leave all the same.
#[tokio::test]
async fn an_interrupt_leaves_at_once_while_a_flood_is_held_back() {
    let stage = host(false).await;
    let mut times = Vec::new();
    for _ in 0..15 {
        let (handle, mut rx) = begin(&stage, &["sh", "-c", "echo $$; exec yes"], true).await;
        let mut out = Vec::new();
        while out.len() < 1 << 18 {
            if let ExecItem::Output(bytes) = rx.recv().await.unwrap() {
                out.extend_from_slice(&bytes);
            }
        }
        let text = String::from_utf8_lossy(&out).into_owned();
        // The demo's greeting stands before it.
        let number = |line: &&str| line.trim().parse::<u32>().is_ok();
        let pid = text.lines().find(number).unwrap().trim();
        assert!(!ended(pid), "{pid}");
        let begun = Instant::now();
        assert!(handle.write(ExecInput::Bytes(vec![3])));
        while !ended(pid) {
            assert!(begun.elapsed() < LIMIT, "the interrupt never came");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        times.push(begun.elapsed());
    }
    times.sort();
    // The median: single rounds may wait for a machine that does other work.
    let median = times[times.len() / 2];
    assert!(median < Duration::from_millis(100), "{times:?}");
}

/// Numbers without an end that look like chance; the same for the same seed.
fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    let step = |state: &u64| {
        let mut x = *state;
        x ^= x << 13;
        x ^= x >> 7;
        Some(x ^ (x << 17))
    };
    std::iter::successors(Some(seed), step).skip(1)
}

/// `QUARTERDECK_LONG_TESTS` makes it 50 times 100 MB.
#[tokio::test]
async fn known_bytes_arrive_whole_whatever_the_delays() {
    let long = std::env::var_os("QUARTERDECK_LONG_TESTS").is_some();
    let (size, runs) = if long {
        (100_000_000, 50)
    } else {
        (2_000_000, 8)
    };
    let stage = host(false).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("known");
    let known: Vec<u8> = numbers(7).flat_map(u64::to_le_bytes).take(size).collect();
    std::fs::write(&file, &known).unwrap();
    for run in 1..=runs {
        let slow = json!([{"fault": "slow_frames", "ms": 1}]);
        let none = json!([]);
        stage.faults(if run % 4 == 0 { slow } else { none }).await;
        let command = ["cat", file.to_str().unwrap()];
        let (_handle, mut rx) = begin(&stage, &command, false).await;
        let mut delays = numbers(run);
        let mut at = 0;
        let end = loop {
            match tokio::time::timeout(LIMIT, rx.recv())
                .await
                .unwrap()
                .unwrap()
            {
                ExecItem::Output(bytes) => {
                    let next = known.get(at..at + bytes.len());
                    assert!(
                        next == Some(&bytes[..]),
                        "run {run}: other bytes after {at}"
                    );
                    at += bytes.len();
                }
                ExecItem::Ended(end) => break end,
                ExecItem::Started | ExecItem::Errors(_) => {}
            }
            if let Some(delay) = delays.next().filter(|n| n % 16 == 0) {
                tokio::time::sleep(Duration::from_micros(delay / 16 % 4000)).await;
            }
        };
        assert_eq!((at, end), (size, End::Exited(0)), "run {run}");
    }
}

#[tokio::test]
async fn what_is_typed_is_never_sent_twice() {
    let stage = host(false).await;
    for (round, by) in ["fin", "rst", "fin", "rst", "never"]
        .into_iter()
        .enumerate()
    {
        let cut = json!([{"fault": "cut_stream", "bytes": 20_000, "by": by}]);
        let cut = if by == "never" { json!([]) } else { cut };
        stage.faults(cut).await;
        let (handle, mut rx) = begin(&stage, &["tee", "-a", "seen"], false).await;
        let writer = handle.writer();
        tokio::spawn(async move {
            for n in 0..4000 {
                let bytes = format!("<{round}.{n}>").into_bytes();
                if writer.send(ExecInput::Bytes(bytes)).await.is_err() {
                    return;
                }
            }
            // It may be lost by now.
            let _ = writer.send(ExecInput::Close).await;
        });
        let (_, _, end) = whole(&mut rx).await;
        assert_eq!(matches!(end, End::Lost(_)), by != "never", "{end:?}");
    }
    let (_handle, mut rx) = begin(&stage, &["cat", "seen"], false).await;
    let seen = String::from_utf8(whole(&mut rx).await.0).unwrap();
    let mut next = [0; 5];
    for word in seen.split(['<', '>']).filter(|word| word.contains('.')) {
        let (round, n) = word.split_once('.').unwrap();
        // A word that the cut tore has no end.
        if let (Ok(round), Ok(n)) = (round.parse::<usize>(), n.parse::<usize>()) {
            assert!(
                n == next[round] || seen.contains(&format!("<{word}<")),
                "{word}"
            );
            next[round] = n + 1;
        }
    }
    assert_eq!(next[4], 4000);
    assert!(next[..4].iter().all(|n| *n > 0), "{next:?}");
}
