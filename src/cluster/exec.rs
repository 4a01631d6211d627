//! Runs commands in containers: our own framing over the client's WebSocket.
//!
//! Reader and writer are tasks of their own, so that a key leaves while output floods. Output goes
//! through a bounded channel: a receiver that does not keep up slows the program, never fills
//! memory. What was written is sent once or not at all. An end that the server did not tell is
//! told as unknown.

use super::FeedHandle;
use super::call::{Status, escape};
use super::connect::Session;
use super::error::{Fault, from_chain};
use super::timing::Timing;
use crate::domain::exec::{End, ExecItem, ExecRequest};
use crate::domain::feed::Failure;
use crate::domain::text::Text;
use bytes::Bytes;
use futures::stream::SplitStream;
use futures::{Sink, SinkExt, StreamExt};
use kube::client::Connection;
use serde::Deserialize;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{self, Message};

/// Output is handed on in pieces of at most so many bytes.
const PIECE: usize = 32 * 1024;
/// Bytes that wait to be written at most: a program that reads nothing stops the hand that types, not
/// the console.
const ROOM: usize = 1 << 20;
/// The room that anything takes at least. A key is one byte, and a terminal that marks no paste types
/// it faster than any network.
const LEAST: usize = 64;
/// Sizes are told at most this often: dragging the edge of a window brings hundreds.
const RESIZE_GAP: Duration = Duration::from_millis(50);

/// Channels of the protocol.
const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;
const RESIZE: u8 = 4;
const CLOSE: u8 = 255;

/// Something to write to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecInput {
    /// Bytes for its standard input.
    Bytes(Vec<u8>),
    /// Its standard input has ended.
    Close,
    /// Its terminal has this many columns and rows now.
    Resize(u16, u16),
}

/// A running command. Dropping it ends the connection, and with it the command.
#[derive(Debug)]
pub struct ExecHandle {
    input: ExecWriter,
    _task: FeedHandle,
}

/// Something to write, and the room that it takes until it is written.
#[derive(Debug)]
struct Waiting {
    input: ExecInput,
    _room: OwnedSemaphorePermit,
}

/// A way to write to a command.
#[derive(Clone, Debug)]
pub struct ExecWriter {
    items: Sender<Waiting>,
    room: Arc<Semaphore>,
}

/// The command takes nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the command takes no input any more")]
pub struct InputEnded;

impl ExecWriter {
    fn new() -> (Self, Receiver<Waiting>) {
        let (items, waiting) = channel(ROOM / LEAST);
        let room = Arc::new(Semaphore::new(ROOM));
        (Self { items, room }, waiting)
    }

    fn cost(input: &ExecInput) -> u32 {
        let bytes = match input {
            ExecInput::Bytes(bytes) => bytes.len(),
            ExecInput::Close | ExecInput::Resize(..) => 0,
        };
        u32::try_from(bytes.clamp(LEAST, ROOM)).unwrap_or(u32::MAX)
    }

    /// Writes; waits while there is no room.
    pub async fn send(&self, input: ExecInput) -> Result<(), InputEnded> {
        let room = Arc::clone(&self.room);
        let room = room.acquire_many_owned(Self::cost(&input)).await;
        let room = room.map_err(|_| InputEnded)?;
        let waiting = Waiting { input, _room: room };
        self.items.send(waiting).await.map_err(|_| InputEnded)
    }

    /// Writes without waiting; false when there is no room now, or the command has ended.
    fn write(&self, input: ExecInput) -> bool {
        let room = Arc::clone(&self.room);
        let Ok(room) = room.try_acquire_many_owned(Self::cost(&input)) else {
            return false;
        };
        self.items.try_send(Waiting { input, _room: room }).is_ok()
    }
}

impl ExecHandle {
    /// Writes to the command, without waiting; false when it cannot take more now, or has ended.
    pub fn write(&self, input: ExecInput) -> bool {
        self.input.write(input)
    }

    /// A way to write that waits where there is no room.
    pub fn writer(&self) -> ExecWriter {
        self.input.clone()
    }
}

type Socket = WebSocketStream<hyper_util::rt::TokioIo<hyper::upgrade::Upgraded>>;

impl Session {
    /// Runs a command, or attaches. What comes of it goes to `give`, one thing after another; the
    /// last one is [`ExecItem::Ended`].
    pub fn exec<F, R>(&self, request: ExecRequest, give: F) -> ExecHandle
    where
        F: Fn(ExecItem) -> R + Send + Sync + 'static,
        R: Future<Output = bool> + Send,
    {
        let (tx, rx) = ExecWriter::new();
        let session = self.clone();
        let task = tokio::spawn(async move {
            let end = run(&session, &request, rx, &give).await;
            give(ExecItem::Ended(end)).await;
        });
        ExecHandle {
            input: tx,
            _task: FeedHandle::of(task),
        }
    }
}

/// What tells the default container.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Pod {
    metadata: PodMeta,
    spec: PodSpec,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PodMeta {
    annotations: Option<std::collections::BTreeMap<String, String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PodSpec {
    containers: Vec<PodContainer>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PodContainer {
    name: String,
}

/// The annotation that names the container a person means who names none.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

impl Session {
    /// The containers of a pod, the one that is meant when none is named first.
    pub async fn containers_to_enter(
        &self,
        namespace: &str,
        pod: &str,
    ) -> Result<Vec<Text>, Failure> {
        let path = format!(
            "/api/v1/namespaces/{}/pods/{}",
            escape(namespace),
            escape(pod)
        );
        let found: Pod = self
            .json(&super::call::Call::get(path))
            .await
            .map_err(|fault| fault.failure(&format!("look at pod {namespace}/{pod}")))?;
        let mut names: Vec<Text> = found
            .spec
            .containers
            .iter()
            .map(|container| Text::new(&container.name))
            .collect();
        let annotations = found.metadata.annotations.unwrap_or_default();
        if let Some(meant) = annotations.get(DEFAULT_CONTAINER)
            && let Some(at) = names.iter().position(|name| **name == **meant)
        {
            let meant = names.remove(at);
            names.insert(0, meant);
        }
        Ok(names)
    }
}

/// Path and query of the request.
fn path(request: &ExecRequest) -> String {
    let verb = if request.command.is_empty() {
        "attach"
    } else {
        "exec"
    };
    let mut path = format!(
        "/api/v1/namespaces/{}/pods/{}/{verb}?container={}&stdout=true&stdin={}&stderr={}&tty={}",
        escape(&request.namespace),
        escape(&request.pod),
        escape(&request.container),
        request.stdin,
        !request.tty,
        request.tty
    );
    for argument in &request.command {
        path.push_str("&command=");
        path.push_str(&escape(argument));
    }
    path
}

async fn connect(session: &Session, request: &ExecRequest) -> Result<Connection, Fault> {
    let limit = session.timing().unary;
    let access = session.access_now().await?;
    match attempt(&access.client, request, limit).await {
        Err(fault) if fault.code() == 401 => {
            let access = session.refresh(&access, fault).await?;
            attempt(&access.client, request, limit).await
        }
        other => other,
    }
}

async fn attempt(
    client: &kube::Client,
    request: &ExecRequest,
    limit: Duration,
) -> Result<Connection, Fault> {
    let http = http::Request::builder()
        .method(http::Method::GET)
        .uri(path(request))
        .body(Vec::new())
        .map_err(|_| Fault::Malformed("the name is not one that Kubernetes allows".into()))?;
    match tokio::time::timeout(limit, client.connect(http)).await {
        Err(_) => Err(Fault::Deadline(limit)),
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(kube::Error::Api(status))) => {
            let code = status.code;
            let told = Status {
                code: Some(code),
                reason: Some(status.reason.clone()),
                message: Some(status.message.clone()),
                ..Status::default()
            };
            Err(told.fault(code, None))
        }
        Ok(Err(error)) => Err(from_chain(&error)),
    }
}

async fn run<F, R>(
    session: &Session,
    request: &ExecRequest,
    mut input: Receiver<Waiting>,
    give: &F,
) -> End
where
    F: Fn(ExecItem) -> R + Send + Sync,
    R: Future<Output = bool> + Send,
{
    let connection = match connect(session, request).await {
        Ok(connection) => connection,
        Err(fault) => {
            let verb = if request.command.is_empty() {
                "attach to"
            } else {
                "exec in"
            };
            let what = format!(
                "{verb} {}/{}/{}",
                request.namespace, request.pod, request.container
            );
            return End::Refused(fault.failure(&what));
        }
    };
    if !give(ExecItem::Started).await {
        return End::Lost("nobody listens".into());
    }
    let timing = session.timing();
    let half_close = connection.supports_stream_close();
    let (sink, stream) = connection.into_stream().split();
    let pulse = Arc::new(Pulse::default());
    let size = request.tty.then_some(request.size);
    let writer = write(sink, &mut input, size, half_close, &pulse, timing);
    let reader = read(stream, give, &pulse);
    tokio::pin!(reader);
    // The reader decides; a writer that has ended leaves it alone.
    tokio::select! {
        end = &mut reader => return end,
        why = full_and_dead(session, &pulse) => return End::Lost(Text::new(&why)),
        why = writer => {
            if let Some(why) = why {
                return End::Lost(Text::new(&why));
            }
        }
    }
    reader.await
}

/// Signs of life of a connection.
#[derive(Debug)]
struct Pulse {
    /// Milliseconds since the beginning at which something last came.
    heard: AtomicI64,
    begun: Instant,
    /// The receiver takes its time: silence is our own.
    busy: AtomicBool,
    /// Something is being written, and may have to wait for the connection to take it.
    writing: AtomicBool,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            heard: AtomicI64::new(0),
            begun: Instant::now(),
            busy: AtomicBool::new(false),
            writing: AtomicBool::new(false),
        }
    }
}

impl Pulse {
    fn hear(&self) {
        let now = i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.heard.store(now, Ordering::Relaxed);
    }

    fn silent(&self, limit: Duration) -> bool {
        let now = i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        let silence = now.saturating_sub(self.heard.load(Ordering::Relaxed));
        !self.busy.load(Ordering::Relaxed)
            && u128::try_from(silence).unwrap_or(0) >= limit.as_millis()
    }
}

async fn read<F, R>(mut stream: SplitStream<Socket>, give: &F, pulse: &Pulse) -> End
where
    F: Fn(ExecItem) -> R + Send + Sync,
    R: Future<Output = bool> + Send,
{
    loop {
        let message = match stream.next().await {
            None => return End::Lost("the server closed the connection".into()),
            Some(Err(error)) => return End::Lost(Text::new(&broken(&error))),
            Some(Ok(message)) => message,
        };
        pulse.hear();
        let bytes = match message {
            Message::Binary(bytes) => bytes,
            Message::Close(_) => return End::Lost("the server closed the connection".into()),
            _ => continue,
        };
        let Some((&channel, _)) = bytes.split_first().filter(|(_, rest)| !rest.is_empty()) else {
            continue;
        };
        let mut rest = bytes.slice(1..);
        match channel {
            STDOUT | STDERR => {
                pulse.busy.store(true, Ordering::Relaxed);
                while !rest.is_empty() {
                    let piece = rest.split_to(rest.len().min(PIECE));
                    let item = if channel == STDOUT {
                        ExecItem::Output(piece)
                    } else {
                        ExecItem::Errors(piece)
                    };
                    if !give(item).await {
                        return End::Lost("nobody listens".into());
                    }
                }
                pulse.busy.store(false, Ordering::Relaxed);
                pulse.hear();
            }
            STATUS => return end(&rest),
            _ => {}
        }
    }
}

/// Writes what is to be written until the connection is lost (why), or nobody writes any more.
async fn write(
    mut sink: impl Sink<Message, Error = tungstenite::Error> + Unpin,
    input: &mut Receiver<Waiting>,
    mut size: Option<(u16, u16)>,
    half_close: bool,
    pulse: &Pulse,
    timing: &Timing,
) -> Option<String> {
    let mut told = Instant::now();
    let mut held = None;
    let mut ping = tokio::time::interval(timing.exec_ping);
    ping.reset();
    if let Some(first) = size.take()
        && let Err(error) = sink.send(resize(first)).await
    {
        return Some(broken(&error));
    }
    loop {
        let due = told + RESIZE_GAP;
        let message = tokio::select! {
            biased;
            () = tokio::time::sleep_until(due), if size.is_some() => {
                told = Instant::now();
                size.take().map(resize)
            }
            next = async {
                match held.take() {
                    Some(held) => Some(held),
                    None => input.recv().await.map(|waiting| waiting.input),
                }
            } => match next {
                None => return None,
                Some(ExecInput::Resize(columns, rows)) => {
                    size = Some((columns, rows));
                    None
                }
                Some(ExecInput::Bytes(mut bytes)) => {
                    // What was typed meanwhile goes with it.
                    while bytes.len() < PIECE {
                        match input.try_recv().map(|waiting| waiting.input) {
                            Ok(ExecInput::Bytes(more)) => bytes.extend_from_slice(&more),
                            Ok(other) => {
                                held = Some(other);
                                break;
                            }
                            Err(_) => break,
                        }
                    }
                    Some(framed(STDIN, &bytes))
                }
                Some(ExecInput::Close) if half_close => {
                    Some(Message::binary(Bytes::from_static(&[CLOSE, STDIN])))
                }
                // An older server knows no end of the input but the end of everything.
                Some(ExecInput::Close) => Some(Message::Close(None)),
            },
            _ = ping.tick() => {
                if pulse.silent(timing.exec_silence) {
                    return Some(no_sign_of_life(timing));
                }
                Some(Message::Ping(Bytes::new()))
            }
        };
        let Some(message) = message else { continue };
        pulse.writing.store(true, Ordering::Relaxed);
        if let Err(error) = sink.send(message).await {
            return Some(broken(&error));
        }
        pulse.writing.store(false, Ordering::Relaxed);
    }
}

/// Ends when the connection takes nothing, tells nothing, and the server does not answer another
/// question either. A command that reads none of its input fills the connection as well, and then
/// not even a ping gets through: the silence alone says nothing.
async fn full_and_dead(session: &Session, pulse: &Pulse) -> String {
    let timing = session.timing();
    loop {
        tokio::time::sleep(timing.exec_ping).await;
        while pulse.writing.load(Ordering::Relaxed)
            && pulse.silent(timing.exec_ping)
            && !session.answers().await
        {
            if pulse.silent(timing.exec_silence) {
                return no_sign_of_life(timing);
            }
            tokio::time::sleep(timing.exec_ping / 50).await;
        }
    }
}

fn no_sign_of_life(timing: &Timing) -> String {
    format!("no sign of life for {} s", timing.exec_silence.as_secs())
}

/// Why the connection broke, in the words of every other request.
fn broken(error: &tungstenite::Error) -> String {
    match from_chain(error) {
        Fault::Cut(why) | Fault::Connect(why) => why,
        fault => fault.to_string(),
    }
}

fn framed(channel: u8, bytes: &[u8]) -> Message {
    let mut frame = Vec::with_capacity(bytes.len() + 1);
    frame.push(channel);
    frame.extend_from_slice(bytes);
    Message::binary(frame)
}

fn resize((columns, rows): (u16, u16)) -> Message {
    let json = format!(r#"{{"Width":{columns},"Height":{rows}}}"#);
    framed(RESIZE, json.as_bytes())
}

/// The status that ends a command.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Verdict {
    status: String,
    message: String,
    reason: String,
    details: Option<Details>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    causes: Vec<Cause>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cause {
    reason: String,
    message: String,
}

fn end(json: &[u8]) -> End {
    // JSON is text throughout: a parser that skips a field does not look into it.
    let text = str::from_utf8(json).ok();
    let Some(verdict) = text.and_then(|text| serde_json::from_str::<Verdict>(text).ok()) else {
        return End::Lost("the server's last word cannot be read".into());
    };
    if verdict.status == "Success" {
        return End::Exited(0);
    }
    let causes = verdict
        .details
        .map(|details| details.causes)
        .unwrap_or_default();
    let code = causes
        .iter()
        .find(|cause| cause.reason == "ExitCode")
        .and_then(|cause| cause.message.parse().ok());
    match code {
        Some(code) if verdict.reason == "NonZeroExitCode" => End::Exited(code),
        _ => End::Failed(Text::new(&verdict.message)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_is_read() {
        for (json, expected) in [
            (r#"{"metadata":{},"status":"Success"}"#, End::Exited(0)),
            (
                r#"{"status":"Failure","message":"command terminated with non-zero exit code: exit status 7","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"7"}]}}"#,
                End::Exited(7),
            ),
            (
                r#"{"status":"Failure","message":"executable file not found","reason":"InternalError"}"#,
                End::Failed("executable file not found".into()),
            ),
        ] {
            assert_eq!(end(json.as_bytes()), expected);
        }
        for rubbish in [
            &b"rubbish"[..],
            b"{\"status\":\"Success\",\"other\":\"\xd6a\"}",
        ] {
            assert!(matches!(end(rubbish), End::Lost(_)));
        }
    }

    /// Runs the writer on a sink that keeps what it gets; ends when `input` is dropped.
    fn writer(size: (u16, u16)) -> (ExecWriter, impl Future<Output = Vec<(Instant, Bytes)>>) {
        let (sink, mut sent) = futures::channel::mpsc::unbounded();
        let (input, mut inputs) = ExecWriter::new();
        let sink = sink.sink_map_err(|_| tungstenite::Error::ConnectionClosed);
        let kept = tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Some(message) = sent.next().await {
                kept.push((Instant::now(), Message::into_data(message)));
            }
            kept
        });
        let written = tokio::spawn(async move {
            let (pulse, timing) = (Pulse::default(), Timing::default());
            write(sink, &mut inputs, Some(size), true, &pulse, &timing).await
        });
        let all = async move {
            assert_eq!(written.await.ok().flatten(), None);
            kept.await.unwrap_or_default()
        };
        (input, all)
    }

    #[tokio::test(start_paused = true)]
    async fn many_sizes_are_one_message_in_fifty_milliseconds_and_the_last_is_told() {
        let (input, written) = writer((80, 24));
        for n in 1..=500 {
            assert!(input.send(ExecInput::Resize(n, 24)).await.is_ok());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(RESIZE_GAP).await;
        drop(input);
        let told: Vec<(Instant, Bytes)> = written
            .await
            .into_iter()
            .filter(|(_, bytes)| bytes.first() == Some(&RESIZE))
            .collect();
        assert!((90..=102).contains(&told.len()), "{}", told.len());
        let gaps = told.windows(2).map(|pair| pair[1].0 - pair[0].0);
        assert!(gaps.into_iter().all(|gap| gap >= RESIZE_GAP));
        let last = told.last().map(|(_, bytes)| bytes.slice(1..));
        assert_eq!(last, Some(r#"{"Width":500,"Height":24}"#.into()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_does_not_wait_for_a_size_to_be_told() {
        let (input, written) = writer((80, 24));
        let typed = Instant::now();
        for n in 0..20 {
            assert!(input.send(ExecInput::Resize(n + 1, 24)).await.is_ok());
            assert!(input.send(ExecInput::Bytes(vec![b'a'])).await.is_ok());
        }
        tokio::time::sleep(RESIZE_GAP).await;
        drop(input);
        let keys = written.await;
        let keys = keys.iter().filter(|(_, bytes)| bytes[..] == *b"\0a");
        assert!(keys.clone().all(|(at, _)| *at == typed));
        assert_eq!(keys.count(), 20);
    }

    #[test]
    fn arguments_cannot_become_others() {
        let request = ExecRequest {
            namespace: "a".into(),
            pod: "p".into(),
            container: "c".into(),
            command: vec!["sh".into(), "-c".into(), "echo a&tty=true #x".into()],
            ..ExecRequest::default()
        };
        assert!(
            path(&request).ends_with("&command=sh&command=-c&command=echo%20a%26tty%3Dtrue%20%23x")
        );
        let attach = ExecRequest {
            command: Vec::new(),
            ..request
        };
        assert!(path(&attach).contains("/attach?"));
    }
}
