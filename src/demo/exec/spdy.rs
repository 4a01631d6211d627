//! `exec` and `attach` in SPDY's streams, as clients before WebSocket speak them: the client opens a
//! stream for errors and one for each that it has asked for, and says in a header which is which.

use std::{collections::HashMap, io::Cursor, time::Duration};

use bytes::Bytes;
use tokio::{
    io::AsyncReadExt,
    sync::{mpsc, watch},
};

use super::{
    Streams,
    channel::{self, Exit, STDERR, STDOUT, Size, Version},
    process::Process,
    session::Manner,
};
use crate::demo::{
    faults::{Disturbance, Severance},
    spdy::{self, Arrival, Sending, Stream},
    upgrade::Raw,
};

/// How long the client may take to open its streams.
const OPENING: Duration = Duration::from_secs(30);
/// How long it may take to read the rest and close.
const FAREWELL: Duration = Duration::from_secs(5);
/// The longest message about a terminal's size.
const SIZE: usize = 1024;

/// The streams of a session, by their type.
type Opened = HashMap<String, Stream>;

/// Serves the connection until the process has ended or the client is gone. `early` is what the client
/// has sent on it already; the process is begun by `begin` once the streams are there.
pub async fn serve(
    raw: Raw,
    early: Bytes,
    streams: Streams,
    begin: impl FnOnce() -> Process,
    manner: Manner,
) {
    let resetter = raw.get_ref().0.resetter();
    let (reader, writer) = tokio::io::split(raw);
    let reader = Cursor::new(early).chain(reader);
    let session = async |mut arrivals| {
        let opened = tokio::time::timeout(OPENING, open(&mut arrivals, streams)).await;
        let cut = match opened {
            Ok(Some(opened)) => run(opened, begin(), &manner).await,
            _ => None,
        };
        if cut.is_none() {
            // All is said; the client closes, or has gone already.
            let closing = async { while arrivals.recv().await.is_some() {} };
            let _ = tokio::time::timeout(FAREWELL, closing).await;
        }
        cut
    };
    match spdy::serve(reader, writer, session).await {
        Ok(Some(Some(Severance::Rst))) => resetter.reset(),
        Ok(_) => {}
        Err(error) => tracing::debug!(%error, "demo: a session broke off"),
    }
}

/// Takes streams until all that were asked for are there; `None` when the client is gone before.
async fn open(arrivals: &mut mpsc::Receiver<Arrival>, streams: Streams) -> Option<Opened> {
    let mut wanted = vec!["error"];
    for (asked, name) in [
        (streams.stdin, "stdin"),
        (streams.stdout, "stdout"),
        (streams.stderr, "stderr"),
        (streams.tty, "resize"),
    ] {
        wanted.extend(asked.then_some(name));
    }
    let mut opened = Opened::new();
    while opened.len() < wanted.len() {
        let arrival = arrivals.recv().await?;
        let kind = arrival.headers.get("streamtype").unwrap_or_default();
        let kind = kind.to_owned();
        if wanted.contains(&kind.as_str()) && !opened.contains_key(&kind) {
            opened.insert(kind, arrival.accept().await);
        } else {
            arrival.refuse().await;
        }
    }
    Some(opened)
}

/// Runs the process in its streams; says how a fault cuts the connection, if one does.
async fn run(mut opened: Opened, process: Process, manner: &Manner) -> Option<Severance> {
    let Process {
        stdin,
        size,
        output,
        exit,
        life,
    } = process;
    let mut there = |name| opened.remove(name).map(|stream| stream.incoming);
    let (input, resize) = (there("stdin"), there("resize"));
    let mut back = |name| opened.remove(name).map(|stream| stream.sending);
    let (errors, stdout, stderr) = (back("error")?, back("stdout"), back("stderr"));
    let listening = async { tokio::join!(type_in(input, stdin), resizes(resize, size)) };
    let ending = async {
        let cut = write(output, stdout.as_ref(), stderr.as_ref(), manner).await;
        if cut.is_some() {
            return cut;
        }
        if let Ok(exit) = exit.await {
            // A client that is gone needs no answer.
            let _ = tell(errors, &exit, &manner.command).await;
        }
        for stream in [stdout, stderr].into_iter().flatten() {
            let _ = stream.finish().await;
        }
        None
    };
    let cut = tokio::select! {
        cut = ending => cut,
        cut = async { listening.await; std::future::pending().await } => cut,
    };
    drop(life);
    cut
}

/// Hands on what is typed, to its end.
async fn type_in(input: Option<mpsc::Receiver<Bytes>>, stdin: Option<mpsc::Sender<Bytes>>) {
    let (Some(mut input), Some(stdin)) = (input, stdin) else {
        return;
    };
    while let Some(bytes) = input.recv().await {
        if stdin.send(bytes).await.is_err() {
            return;
        }
    }
}

/// Hands on the sizes of the terminal: JSON objects, one after the other.
async fn resizes(input: Option<mpsc::Receiver<Bytes>>, size: watch::Sender<Size>) {
    let Some(mut input) = input else { return };
    let mut text = Vec::new();
    while let Some(bytes) = input.recv().await {
        text.extend_from_slice(&bytes);
        let mut values = serde_json::Deserializer::from_slice(&text).into_iter::<Size>();
        let told: Vec<Size> = values.by_ref().map_while(Result::ok).collect();
        let read = values.byte_offset();
        text.drain(..read);
        if text.len() > SIZE {
            return;
        }
        for new in told {
            size.send_if_modified(|size| std::mem::replace(size, new) != new);
        }
    }
}

/// Writes the output until its end, or until a fault cuts it or the client is gone.
async fn write(
    mut output: mpsc::Receiver<Bytes>,
    stdout: Option<&Sending>,
    stderr: Option<&Sending>,
    manner: &Manner,
) -> Option<Severance> {
    let mut fault = Disturbance::of(&manner.acts);
    let mut cut = fault.cut_at_once();
    while let (None, Some(frame)) = (cut, output.recv().await) {
        let to = match frame.first() {
            Some(&STDOUT) => stdout,
            Some(&STDERR) => stderr,
            _ => None,
        };
        let Some(to) = to else { continue };
        fault.wait().await;
        let (admitted, by) = fault.admit(frame.len() - 1);
        cut = by;
        if to.send(frame.slice(1..=admitted)).await.is_err() {
            return None;
        }
    }
    cut
}

async fn tell(errors: Sending, exit: &Exit, command: &[String]) -> Result<(), spdy::Gone> {
    let status = channel::status(Version::V4, exit, command);
    errors.send(status.to_string().into()).await?;
    errors.finish().await
}
