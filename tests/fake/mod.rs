//! A Kubernetes API of one kind (pods) over plain HTTP, written byte by byte so that a test can
//! break it anywhere: refuse, stay silent, cut an answer after so many bytes, lose its history.
//! Its store is the truth that a client must come to agree with.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "a harness: each user takes a part of it, and a harness that cannot go on ends"
)]

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// What happens to requests that a rule meets.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// An error answer with this code and `Retry-After`.
    Status(u16, Option<u32>),
    /// No answer, ever.
    Silence,
    /// The connection ends after so many bytes of the answer's body.
    Cut(usize),
    /// An ERROR event with this code as the first line of a watch.
    ErrorEvent(u16),
    /// Exactly this body instead of the right one.
    Body(Vec<u8>),
    /// These bytes as an event before the right ones.
    Line(Vec<u8>),
    /// A streaming list never ends.
    NoEnd,
    /// A watch ends at once, in good order.
    EndAtOnce,
    /// Each event is packed on its own.
    Gzip,
    /// The answer comes later.
    Late(Duration),
    /// The body comes in pieces of so many bytes, with so long between them.
    Slow(usize, Duration),
}

/// A trouble for the requests whose path holds `part`.
#[derive(Clone, Debug)]
pub struct Rule {
    pub part: &'static str,
    pub trouble: Trouble,
    /// How often it still happens; for ever when `None`.
    pub times: Option<u32>,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub at: Instant,
    pub path: String,
    pub head: String,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<(String, String), Value>,
    version: u64,
    /// Version, type and object of each change that is still known.
    history: Vec<(u64, &'static str, Value)>,
    /// Changes up to this version are forgotten.
    forgotten: u64,
    rules: Vec<Rule>,
    seen: Vec<Seen>,
    /// Tokens that are accepted; all when empty.
    tokens: Vec<String>,
    streams: bool,
    /// Nothing is read or written any more, as behind a cable that was pulled.
    frozen: bool,
}

/// The server. Dropping it ends everything.
pub struct Fake {
    state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
    addr: SocketAddr,
    alive: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl Fake {
    pub async fn start() -> Self {
        let mut fake = Self {
            state: Arc::default(),
            changed: Arc::default(),
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            alive: watch::Sender::new(true),
            task: None,
        };
        fake.lock().streams = true;
        fake.up().await;
        fake
    }

    /// Listens again, on the same port as before.
    pub async fn up(&mut self) {
        let listener = loop {
            // The port may still be held by connections that are going down.
            match TcpListener::bind(self.addr).await {
                Ok(listener) => break listener,
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        self.addr = listener.local_addr().unwrap();
        self.alive = watch::Sender::new(true);
        let (state, changed) = (self.state.clone(), self.changed.clone());
        let alive = self.alive.subscribe();
        self.task = Some(tokio::spawn(async move {
            loop {
                let Ok((socket, _)) = listener.accept().await else {
                    continue;
                };
                let serve = serve(socket, state.clone(), changed.clone());
                let mut alive = alive.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = serve => {}
                        _ = alive.wait_for(|alive| !*alive) => {}
                    }
                });
            }
        }));
    }

    /// Ends at once, in the middle of everything.
    pub fn kill(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
        self.alive.send_replace(false);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// A kubeconfig whose user has this entry.
    pub fn kubeconfig(&self, user: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: fake\n\
             clusters:\n- name: c\n  cluster: {{server: '{}'}}\n\
             users:\n- name: u\n  user: {user}\n\
             contexts:\n- name: fake\n  context: {{cluster: c, user: u}}\n",
            self.url()
        )
    }

    /// Creates or changes a pod.
    pub fn put(&self, namespace: &str, name: &str, phase: &str) {
        self.put_object(namespace, name, &json!({ "phase": phase }));
    }

    pub fn put_object(&self, namespace: &str, name: &str, status: &Value) {
        let mut state = self.lock();
        state.version += 1;
        let version = state.version;
        let key = (namespace.to_owned(), name.to_owned());
        let object = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": name, "namespace": namespace, "uid": format!("{namespace}/{name}"),
                "resourceVersion": version.to_string(),
                "creationTimestamp": "2026-11-23T06:00:00Z",
                "labels": {"app": "web"},
            },
            "spec": {"containers": [{"name": "main", "image": "i:1"}]},
            "status": status,
        });
        let known = state.objects.insert(key, object.clone()).is_some();
        let kind = if known { "MODIFIED" } else { "ADDED" };
        state.history.push((version, kind, object));
        drop(state);
        self.changed.notify_waiters();
    }

    pub fn delete(&self, namespace: &str, name: &str) {
        let mut state = self.lock();
        let key = (namespace.to_owned(), name.to_owned());
        let Some(mut object) = state.objects.remove(&key) else {
            return;
        };
        state.version += 1;
        let version = state.version;
        object["metadata"]["resourceVersion"] = version.to_string().into();
        state.history.push((version, "DELETED", object));
        drop(state);
        self.changed.notify_waiters();
    }

    /// What a client must come to know: namespace, name, phase.
    pub fn truth(&self) -> BTreeMap<(String, String), String> {
        let state = self.lock();
        let phase = |object: &Value| object["status"]["phase"].as_str().unwrap_or("").to_owned();
        let objects = state.objects.iter();
        objects.map(|(key, o)| (key.clone(), phase(o))).collect()
    }

    /// Forgets the history: whoever asks for it gets 410.
    pub fn forget(&self) {
        let mut state = self.lock();
        state.forgotten = state.version;
        state.history.clear();
    }

    pub fn rule(&self, part: &'static str, trouble: Trouble, times: Option<u32>) {
        self.lock().rules.push(Rule {
            part,
            trouble,
            times,
        });
    }

    pub fn heal(&self) {
        let mut state = self.lock();
        state.rules.clear();
        state.frozen = false;
        drop(state);
        self.changed.notify_waiters();
    }

    pub fn freeze(&self) {
        self.lock().frozen = true;
    }

    pub fn stream_lists(&self, yes: bool) {
        self.lock().streams = yes;
    }

    pub fn accept_tokens(&self, tokens: &[&str]) {
        self.lock().tokens = tokens.iter().map(|token| (*token).to_owned()).collect();
    }

    /// The requests whose path holds `part`.
    pub fn seen(&self, part: &str) -> Vec<Seen> {
        let state = self.lock();
        let seen = state.seen.iter().filter(|seen| seen.path.contains(part));
        seen.cloned().collect()
    }

    /// Ends the watches that are open, in good order or in the middle of a line.
    pub fn forget_requests(&self) {
        self.lock().seen.clear();
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.kill();
    }
}

type Shared = Arc<Mutex<State>>;

async fn serve(mut socket: TcpStream, state: Shared, changed: Arc<Notify>) -> Option<()> {
    let mut buffer = Vec::new();
    loop {
        let (path, head) = read_request(&mut socket, &mut buffer).await?;
        thaw(&state, &changed).await;
        let trouble = note(&state, &path, &head);
        let mut reply = Reply::new(&mut socket, &state, &changed);
        if let Some(Trouble::Late(wait)) = trouble {
            tokio::time::sleep(wait).await;
        }
        match trouble {
            Some(Trouble::Status(code, after)) => reply.status(code, after).await?,
            Some(Trouble::Silence) => std::future::pending().await,
            Some(Trouble::Body(body)) => reply.whole(200, &body, None).await?,
            trouble => {
                match trouble {
                    Some(Trouble::Cut(bytes)) => reply.budget = Some(bytes),
                    Some(Trouble::Slow(bytes, pause)) => reply.pace = Some((bytes, pause)),
                    _ => {}
                }
                answer(&mut reply, &path, &head, trouble.as_ref()).await?;
            }
        }
    }
}

async fn read_request(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(String, String)> {
    let end = loop {
        if let Some(end) = memchr::memmem::find(buffer, b"\r\n\r\n") {
            break end + 4;
        }
        let mut chunk = [0; 4096];
        let n = socket.read(&mut chunk).await.ok().filter(|n| *n > 0)?;
        buffer.extend_from_slice(&chunk[..n]);
    };
    let head = String::from_utf8_lossy(&buffer[..end]).to_lowercase();
    let path = {
        let raw = String::from_utf8_lossy(&buffer[..end]);
        raw.split(' ').nth(1)?.to_owned()
    };
    let body = head
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.split("\r\n").next()?.parse::<usize>().ok())
        .unwrap_or(0);
    while buffer.len() < end + body {
        let mut chunk = [0; 4096];
        let n = socket.read(&mut chunk).await.ok().filter(|n| *n > 0)?;
        buffer.extend_from_slice(&chunk[..n]);
    }
    buffer.drain(..end + body);
    Some((path, head))
}

/// Notes the request and finds its trouble.
fn note(state: &Shared, path: &str, head: &str) -> Option<Trouble> {
    let mut state = state.lock().unwrap();
    state.seen.push(Seen {
        at: Instant::now(),
        path: path.to_owned(),
        head: head.to_owned(),
    });
    if !state.tokens.is_empty()
        && !state
            .tokens
            .iter()
            .any(|token| head.contains(&format!("authorization: bearer {token}\r\n")))
    {
        return Some(Trouble::Status(401, None));
    }
    let rule = state
        .rules
        .iter_mut()
        .find(|rule| path.contains(rule.part) && rule.times != Some(0))?;
    if let Some(times) = &mut rule.times {
        *times -= 1;
    }
    Some(rule.trouble.clone())
}

/// Waits until nothing is frozen.
async fn thaw(state: &Shared, changed: &Notify) {
    loop {
        let notified = changed.notified();
        if !state.lock().unwrap().frozen {
            return;
        }
        notified.await;
    }
}

async fn answer(
    reply: &mut Reply<'_>,
    path: &str,
    head: &str,
    trouble: Option<&Trouble>,
) -> Option<()> {
    let (route, query) = path.split_once('?').unwrap_or((path, ""));
    let query: BTreeMap<&str, &str> = query.split('&').filter_map(|p| p.split_once('=')).collect();
    if route == "/version" {
        return reply.whole(200, br#"{"gitVersion":"v1.36.0"}"#, None).await;
    }
    let scope = match route {
        "/api/v1/pods" => None,
        _ => match route.strip_prefix("/api/v1/namespaces/") {
            Some(rest) if rest.ends_with("/pods") => {
                Some(rest.trim_end_matches("/pods").to_owned())
            }
            _ => return reply.status(404, None).await,
        },
    };
    if query.contains_key("watch") {
        return reply.watch(&query, scope.as_deref(), trouble).await;
    }
    reply.list(&query, scope.as_deref(), head).await
}

struct Reply<'a> {
    socket: &'a mut TcpStream,
    state: &'a Shared,
    changed: &'a Notify,
    /// Bytes of the body that still get through.
    budget: Option<usize>,
    /// Bytes of the body at once, and the pause after them.
    pace: Option<(usize, Duration)>,
    gzip: bool,
}

impl<'a> Reply<'a> {
    fn new(socket: &'a mut TcpStream, state: &'a Shared, changed: &'a Notify) -> Self {
        Self {
            socket,
            state,
            changed,
            budget: None,
            pace: None,
            gzip: false,
        }
    }

    async fn status(&mut self, code: u16, after: Option<u32>) -> Option<()> {
        let reason = match code {
            403 => "Forbidden",
            410 => "Expired",
            _ => "Trouble",
        };
        let body = json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
            "reason": reason, "message": format!("trouble {code}"),
        });
        self.whole(code, body.to_string().as_bytes(), after).await
    }

    async fn whole(&mut self, code: u16, body: &[u8], after: Option<u32>) -> Option<()> {
        let after = after.map_or_else(String::new, |s| format!("Retry-After: {s}\r\n"));
        let head = format!(
            "HTTP/1.1 {code} X\r\nContent-Length: {}\r\n{after}\r\n",
            body.len()
        );
        self.socket.write_all(head.as_bytes()).await.ok()?;
        self.raw(body).await
    }

    /// Body bytes, as far as the budget allows; the connection ends where it does not.
    async fn raw(&mut self, bytes: &[u8]) -> Option<()> {
        thaw(self.state, self.changed).await;
        let let_through = self
            .budget
            .map_or(bytes.len(), |left| left.min(bytes.len()));
        let (piece, pause) = self.pace.unwrap_or((usize::MAX, Duration::ZERO));
        for part in bytes[..let_through].chunks(piece) {
            self.socket.write_all(part).await.ok()?;
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
        if let Some(left) = &mut self.budget {
            *left -= let_through;
            if let_through < bytes.len() {
                return None;
            }
        }
        Some(())
    }

    async fn chunk(&mut self, bytes: &[u8]) -> Option<()> {
        let bytes = if self.gzip {
            pack(bytes)
        } else {
            bytes.to_vec()
        };
        let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
        framed.extend(bytes);
        framed.extend(b"\r\n");
        self.raw(&framed).await
    }

    async fn list(
        &mut self,
        query: &BTreeMap<&str, &str>,
        scope: Option<&str>,
        head: &str,
    ) -> Option<()> {
        let (items, version) = self.snapshot(scope);
        let limit = query.get("limit").and_then(|l| l.parse::<usize>().ok());
        let from = query
            .get("continue")
            .and_then(|c| c.parse().ok())
            .unwrap_or(0);
        let to = limit.map_or(items.len(), |limit| (from + limit).min(items.len()));
        let mut meta = json!({ "resourceVersion": version.to_string() });
        if to < items.len() {
            meta["continue"] = to.to_string().into();
        }
        let list = json!({
            "kind": "PodList", "apiVersion": "v1", "metadata": meta, "items": items[from..to],
        });
        let body = list.to_string().into_bytes();
        let packed = head.contains("accept-encoding: gzip");
        let body = if packed { pack(&body) } else { body };
        let encoding = if packed {
            "Content-Encoding: gzip\r\n"
        } else {
            ""
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\n{encoding}Content-Length: {}\r\n\r\n",
            body.len()
        );
        self.socket.write_all(head.as_bytes()).await.ok()?;
        self.raw(&body).await
    }

    fn snapshot(&self, scope: Option<&str>) -> (Vec<Value>, u64) {
        let state = self.state.lock().unwrap();
        let items = state
            .objects
            .iter()
            .filter(|((namespace, _), _)| scope.is_none_or(|scope| scope == namespace))
            .map(|(_, object)| object.clone())
            .collect();
        (items, state.version)
    }

    async fn watch(
        &mut self,
        query: &BTreeMap<&str, &str>,
        scope: Option<&str>,
        trouble: Option<&Trouble>,
    ) -> Option<()> {
        let initial = query.contains_key("sendInitialEvents");
        if initial && !self.state.lock().unwrap().streams {
            return self.status(422, None).await;
        }
        self.gzip = matches!(trouble, Some(Trouble::Gzip));
        let encoding = if self.gzip {
            "Content-Encoding: gzip\r\n"
        } else {
            ""
        };
        let head = format!("HTTP/1.1 200 OK\r\n{encoding}Transfer-Encoding: chunked\r\n\r\n");
        self.socket.write_all(head.as_bytes()).await.ok()?;
        match trouble {
            Some(Trouble::ErrorEvent(code)) => {
                let reason = if *code == 410 {
                    "Expired"
                } else {
                    "InternalError"
                };
                let status = json!({"kind": "Status", "code": code, "reason": reason,
                    "message": format!("trouble {code}")});
                self.event("ERROR", &status).await?;
                return self.raw(b"0\r\n\r\n").await;
            }
            Some(Trouble::EndAtOnce) => return self.raw(b"0\r\n\r\n").await,
            Some(Trouble::Line(line)) => {
                let mut line = line.clone();
                line.push(b'\n');
                self.chunk(&line).await?;
            }
            _ => {}
        }
        let mut at: u64 = match query.get("resourceVersion").and_then(|v| v.parse().ok()) {
            Some(version) => version,
            None => {
                self.initial(scope, !matches!(trouble, Some(Trouble::NoEnd)))
                    .await?
            }
        };
        let seconds = query
            .get("timeoutSeconds")
            .and_then(|s| s.parse().ok())
            .unwrap_or(300);
        let end = Instant::now() + Duration::from_secs(seconds);
        loop {
            let notified = self.changed.notified();
            let Some(events) = self.since(at) else {
                let status = json!({"kind": "Status", "code": 410, "reason": "Expired",
                    "message": "too old"});
                self.event("ERROR", &status).await?;
                return self.raw(b"0\r\n\r\n").await;
            };
            for (version, kind, object) in events {
                at = version;
                if scope.is_none_or(|scope| object["metadata"]["namespace"] == scope) {
                    self.event(kind, &object).await?;
                }
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return self.raw(b"0\r\n\r\n").await;
            }
            let _ = tokio::time::timeout(left.min(Duration::from_millis(500)), notified).await;
        }
    }

    async fn initial(&mut self, scope: Option<&str>, ends: bool) -> Option<u64> {
        let (items, version) = self.snapshot(scope);
        for item in &items {
            self.event("ADDED", item).await?;
        }
        if ends {
            let mark = json!({"kind": "Pod", "apiVersion": "v1", "metadata": {
                "resourceVersion": version.to_string(),
                "annotations": {"k8s.io/initial-events-end": "true"}}});
            self.event("BOOKMARK", &mark).await?;
        }
        Some(version)
    }

    /// The changes after `version`; `None` when they are forgotten.
    fn since(&self, version: u64) -> Option<Vec<(u64, &'static str, Value)>> {
        let state = self.state.lock().unwrap();
        if version < state.forgotten {
            return None;
        }
        let newer = state.history.iter().filter(|(v, ..)| *v > version);
        Some(newer.cloned().collect())
    }

    async fn event(&mut self, kind: &str, object: &Value) -> Option<()> {
        let line = format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n");
        self.chunk(line.as_bytes()).await
    }
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
