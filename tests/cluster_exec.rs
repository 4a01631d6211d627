//! Commands in containers through the edge: whole output, honest ends, and nothing when only
//! reading is allowed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail loudly"
)]

#[path = "fake/stage.rs"]
mod stage;
#[path = "fake/timing.rs"]
mod timing;

use quarterdeck::cluster::{ExecHandle, ExecInput};
use quarterdeck::demo::Options;
use quarterdeck::demo::exec::Mode;
use quarterdeck::domain::exec::{End, ExecItem, ExecRequest};
use quarterdeck::domain::feed::FailureSort;
use serde_json::json;
use stage::Stage;
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver};

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
    let (pod, container) = stage.pods(NAMESPACE).await.remove(0);
    let request = ExecRequest {
        namespace: NAMESPACE.into(),
        pod: pod.into(),
        container: container.into(),
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        tty,
        stdin: true,
        size: (91, 33),
    };
    let (tx, rx) = mpsc::channel(8);
    let handle = stage.session.exec(request, move |item| {
        let tx = tx.clone();
        async move { tx.send(item).await.is_ok() }
    });
    (handle, rx)
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
async fn a_terminal_has_its_size_and_interrupts_a_flood() {
    let stage = host(false).await;
    let (handle, mut rx) = begin(&stage, &["sh", "-c", "stty size; exec yes"], true).await;
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
