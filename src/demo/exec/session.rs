//! One exec or attach connection: the client's messages to the process, the process's output to
//! the client, and at the end the status. Reading and writing are tasks of their own, so that a ^C
//! is heard while output floods.

use std::time::Duration;

use bytes::Bytes;
use futures::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};
use tokio_util::sync::CancellationToken;

use super::{
    channel::{self, Exit, Inbound, Size, Version},
    process::Process,
};
use crate::demo::{
    faults::{Act, Disturbance, Severance},
    upgrade::{Socket, resetter},
};

/// Frames taken from the process at once.
const BATCH: usize = 32;
/// How long the client may take to read the rest and close. Closing earlier, with bytes of the
/// client unread, would reset the connection and could destroy output on its way.
const FAREWELL: Duration = Duration::from_secs(5);

/// How a session is to be held.
#[derive(Debug)]
pub struct Manner {
    /// The framing.
    pub version: Version,
    /// The first message, empty on the lowest channel that is open: "the connection stands".
    pub announce: u8,
    /// What was asked for, for the status.
    pub command: Vec<String>,
    /// What goes wrong on purpose.
    pub acts: Vec<Act>,
}

type Out = SplitSink<Socket, Message>;
type In = SplitStream<Socket>;

/// How the writing ended.
enum Written {
    /// The status is out.
    All,
    /// The client is gone, or the connection broke.
    Broken,
    /// A fault cuts the connection here.
    Cut(Severance),
}

/// Serves the connection until the process has ended or the client is gone.
pub async fn serve(socket: Socket, process: Process, manner: Manner) {
    let Process {
        stdin,
        size,
        output,
        exit,
        life,
    } = process;
    let (mut sink, stream) = socket.split();
    let gone = CancellationToken::new();
    let enough = CancellationToken::new();
    let listening = {
        let (gone, enough, version) = (gone.clone(), enough.clone(), manner.version);
        tokio::spawn(async move {
            let mut stream = stream;
            enough
                .run_until_cancelled(listen(&mut stream, version, stdin, size))
                .await;
            gone.cancel();
            stream
        })
    };
    let writing = async {
        match write(&mut sink, output, &manner).await {
            Written::All => match exit.await {
                Ok(exit) => farewell(&mut sink, &exit, &manner).await,
                // The process died without a word, as a runtime that was killed does.
                Err(_) => Written::Broken,
            },
            ended => ended,
        }
    };
    let written = gone
        .run_until_cancelled(writing)
        .await
        .unwrap_or(Written::Broken);
    drop(life);
    if let Written::All = written {
        // The outcome does not matter: all is said.
        let _ = tokio::time::timeout(FAREWELL, gone.cancelled()).await;
    }
    enough.cancel();
    if let (Written::Cut(Severance::Rst), Ok(stream)) = (written, listening.await) {
        reset(stream, sink);
    }
}

/// Ends the connection as a crashed peer does: with a TCP reset.
fn reset(stream: In, sink: Out) {
    if let Ok(socket) = stream.reunite(sink) {
        resetter(&socket).reset();
    }
}

/// Hands on what the client says until it says no more.
async fn listen(
    stream: &mut In,
    version: Version,
    stdin: Option<mpsc::Sender<Bytes>>,
    size: watch::Sender<Size>,
) {
    let mut stdin = stdin;
    while let Some(Ok(message)) = stream.next().await {
        match message {
            Message::Binary(frame) => match channel::read(version, frame) {
                Inbound::Stdin(bytes) => {
                    if let Some(open) = &stdin
                        && open.send(bytes).await.is_err()
                    {
                        stdin = None;
                    }
                }
                Inbound::StdinEnd => stdin = None,
                Inbound::Resize(new) => {
                    size.send_if_modified(|size| std::mem::replace(size, new) != new);
                }
                Inbound::Nothing => {}
            },
            Message::Close(_) => return,
            // Pings are answered below this.
            _ => {}
        }
    }
}

async fn write(sink: &mut Out, mut output: mpsc::Receiver<Bytes>, manner: &Manner) -> Written {
    let mut fault = Disturbance::of(&manner.acts);
    let announcement = Message::Binary(Bytes::copy_from_slice(&[manner.announce]));
    if sink.send(announcement).await.is_err() {
        return Written::Broken;
    }
    if let Some(by) = fault.cut_at_once() {
        return Written::Cut(by);
    }
    let mut frames = Vec::with_capacity(BATCH);
    while output.recv_many(&mut frames, BATCH).await > 0 {
        channel::join(&mut frames);
        for frame in frames.drain(..) {
            fault.wait().await;
            let (payload, cut) = fault.admit(frame.len() - 1);
            let frame = frame.slice(..=payload);
            if sink.feed(Message::Binary(frame)).await.is_err() {
                return Written::Broken;
            }
            if let Some(by) = cut {
                // What was let through shall arrive; that it may not is part of the fault.
                let _ = sink.flush().await;
                return Written::Cut(by);
            }
        }
        if sink.flush().await.is_err() {
            return Written::Broken;
        }
    }
    Written::All
}

async fn farewell(sink: &mut Out, exit: &Exit, manner: &Manner) -> Written {
    let status = channel::status(manner.version, exit, &manner.command);
    let close = CloseFrame {
        code: CloseCode::Normal,
        reason: "".into(),
    };
    let status = Message::Binary(channel::status_frame(&status));
    let sent = match sink.feed(status).await {
        Ok(()) => sink.send(Message::Close(Some(close))).await,
        broken => broken,
    };
    if sent.is_ok() {
        Written::All
    } else {
        Written::Broken
    }
}
