//! WATCH: the history from a version on, then every change as it happens.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use hyper::{Response, body::Frame, header};
use serde_json::json;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    body::{Body, Piece, respond, stream},
    encode::{Encoder, Sink},
    error::ApiError,
    faults::{Act, Faults, intruder},
    gzip,
    list::Manner,
    object::Object,
    request::{Form, Query, Target},
    select::Selector,
    store::{Change, Store, Verb},
};

/// How often a client that allows bookmarks gets one.
const BOOKMARK_EVERY: Duration = Duration::from_secs(10);
/// How long a watch lasts that names no `timeoutSeconds`: the lower bound of the API server's choice.
const DEFAULT_TIMEOUT: u64 = 1800;
/// Bytes that are collected before they are handed to the connection.
const BATCH: usize = 64 * 1024;

/// What a watch needs of the server.
#[derive(Debug, Clone)]
pub struct Context {
    /// The objects.
    pub store: Arc<Store>,
    /// The switches.
    pub faults: Arc<Faults>,
    /// Ends every watch.
    pub end: CancellationToken,
}

/// Answers a watch. `acts` are the faults that struck the request.
///
/// # Errors
/// `BadRequest` for a bad selector or version, 422 for contradictory options.
pub fn watch(
    context: Context,
    target: &Target,
    path: &str,
    query: &Query,
    manner: Manner,
    acts: Vec<Act>,
) -> Result<Response<Body>, ApiError> {
    let selector = Selector::parse(target.kind, query)?;
    let version = query.number("resourceVersion")?;
    let streaming = query.flag("sendInitialEvents");
    if streaming && query.get("resourceVersionMatch") != Some("NotOlderThan") {
        return Err(ApiError::new(
            422,
            "Invalid",
            "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ));
    }
    let store = &context.store;
    let changed = store.subscribe(Some(target.kind));
    let initial =
        streaming || query.get("sendInitialEvents").is_none() && version.unwrap_or(0) == 0;
    let (revision, objects) = if initial {
        store.list_at(target.kind, target.namespace.as_deref())
    } else {
        (
            version
                .filter(|v| *v > 0)
                .unwrap_or_else(|| store.revision()),
            Vec::new(),
        )
    };
    let bookmarks = query.flag("allowWatchBookmarks");
    let timeout = Duration::from_secs(
        query
            .number("timeoutSeconds")?
            .filter(|seconds| *seconds > 0)
            .unwrap_or(DEFAULT_TIMEOUT),
    );
    let members = acts.contains(&Act::GzipMembers) && manner.gzip;
    let watcher = Watcher {
        encoder: Encoder::new(store, target.kind, manner.form),
        faults_changed: context.faults.subscribe(),
        target: target.clone(),
        path: path.to_owned(),
        selector,
        initial: objects.into_iter(),
        end_mark: streaming && bookmarks && !acts.contains(&Act::NoEndBookmark),
        revision,
        changed,
        bookmark: bookmarks.then(|| Instant::now() + BOOKMARK_EVERY),
        deadline: Instant::now() + timeout,
        columns_due: matches!(manner.form, Form::Table(_)),
        members,
        acts,
        state: State::Open,
        context,
    };
    let pieces = futures::stream::unfold(watcher, |mut watcher| async move {
        watcher.next().await.map(|piece| (piece, watcher))
    });
    let mut response = respond(200, "application/json", stream(pieces));
    if members {
        response.headers_mut().insert(
            header::CONTENT_ENCODING,
            header::HeaderValue::from_static("gzip"),
        );
    }
    Ok(response)
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Open,
    /// What is written is the last.
    Ending,
    Ended,
}

struct Watcher {
    context: Context,
    encoder: Encoder,
    target: Target,
    path: String,
    selector: Selector,
    initial: std::vec::IntoIter<Arc<Object>>,
    end_mark: bool,
    revision: u64,
    changed: watch::Receiver<u64>,
    faults_changed: watch::Receiver<u64>,
    bookmark: Option<Instant>,
    deadline: Instant,
    columns_due: bool,
    members: bool,
    acts: Vec<Act>,
    state: State,
}

impl Watcher {
    async fn next(&mut self) -> Option<Piece> {
        loop {
            if self.state == State::Ended {
                return None;
            }
            if self.state == State::Ending {
                self.state = State::Ended;
                continue;
            }
            let mut out = Vec::new();
            self.intrude(&mut out);
            self.fill_initial(&mut out);
            if self.initial.len() == 0 {
                self.fill_changes(&mut out);
            }
            if !out.is_empty() {
                return Some(Ok(Frame::data(self.pack(out))));
            }
            match self.idle().await {
                Ok(mark) if mark.is_empty() => {}
                Ok(mark) => return Some(Ok(Frame::data(self.pack(mark)))),
                Err(error) => {
                    self.state = State::Ended;
                    return Some(Err(error));
                }
            }
        }
    }

    fn pack(&self, out: Vec<u8>) -> Bytes {
        if self.members {
            gzip::member(&out).into()
        } else {
            out.into()
        }
    }

    /// Broken and huge objects of faults, and a 410 that a fault asks for.
    fn intrude(&mut self, out: &mut Vec<u8>) {
        let kind = self.target.kind;
        for act in std::mem::take(&mut self.acts) {
            if let Some(object) = intruder(&act, &kind.api_version(), kind.kind) {
                out.extend_from_slice(b"{\"type\":\"ADDED\",\"object\":");
                out.extend_from_slice(&object);
                out.extend_from_slice(b"}\n");
            } else if act == Act::Gone {
                self.gone("too old resource version (fault)", out);
            }
        }
    }

    fn fill_initial(&mut self, out: &mut Vec<u8>) {
        let was_open = self.initial.len() > 0 || self.end_mark;
        while out.len() < BATCH && self.state == State::Open {
            let Some(object) = self.initial.next() else {
                break;
            };
            if self.selector.matches(&object) {
                self.event("ADDED", &object, out);
            }
        }
        if was_open && self.initial.len() == 0 && self.end_mark && self.state == State::Open {
            self.end_mark = false;
            line("BOOKMARK", &self.encoder.bookmark(self.revision, true), out);
        }
    }

    fn fill_changes(&mut self, out: &mut Vec<u8>) {
        if self.state != State::Open {
            return;
        }
        let changes = match self
            .context
            .store
            .changes_after(Some(self.target.kind), self.revision)
        {
            Ok(changes) => changes,
            Err(gone) => return self.gone(&gone.to_string(), out),
        };
        for change in changes {
            self.revision = change.revision;
            if let Some((name, object)) = self.visible(&change) {
                self.event(name, &object, out);
            }
            if out.len() >= BATCH {
                break;
            }
        }
    }

    /// How this client sees a change: an object that enters or leaves its selection comes or goes.
    fn visible(&self, change: &Change) -> Option<(&'static str, Arc<Object>)> {
        let here = |object: &Object| {
            self.target
                .namespace
                .as_deref()
                .is_none_or(|ns| ns == object.namespace.as_ref())
                && self.selector.matches(object)
        };
        let was = change.previous.as_deref().is_some_and(here);
        let is = change.verb != Verb::Deleted && here(&change.object);
        let name = match (was, is) {
            (false, false) => return None,
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
        };
        Some((name, Arc::clone(&change.object)))
    }

    fn event(&mut self, name: &str, object: &Object, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"type\":\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\",\"object\":");
        let mut sink = Sink::Plain(std::mem::take(out));
        self.encoder.single(
            object,
            self.context.store.clock().now(),
            self.columns_due,
            &mut sink,
        );
        self.columns_due = false;
        *out = sink.finish().into();
        out.extend_from_slice(b"}\n");
    }

    fn gone(&mut self, message: &str, out: &mut Vec<u8>) {
        line(
            "ERROR",
            &ApiError::expired(message).status().to_string(),
            out,
        );
        self.state = State::Ending;
    }

    /// Waits until there may be something to tell. Returns a bookmark when one is due.
    async fn idle(&mut self) -> io::Result<Vec<u8>> {
        let bookmark = self.bookmark.unwrap_or(self.deadline);
        tokio::select! {
            changed = self.changed.changed() => {
                if changed.is_err() {
                    self.state = State::Ended;
                }
            }
            _ = self.faults_changed.changed() => self.struck().await?,
            () = tokio::time::sleep_until(bookmark.min(self.deadline)) => return Ok(self.due()),
            () = self.context.end.cancelled() => self.state = State::Ended,
        }
        Ok(Vec::new())
    }

    fn due(&mut self) -> Vec<u8> {
        let now = Instant::now();
        if now >= self.deadline {
            self.state = State::Ended;
            return Vec::new();
        }
        let mut out = Vec::new();
        // The revision is read first: what changes after it is told after the bookmark.
        let revision = self.context.store.revision();
        self.fill_changes(&mut out);
        if self.state == State::Open && self.bookmark.is_some_and(|at| now >= at) {
            self.bookmark = Some(now + BOOKMARK_EVERY);
            self.revision = self.revision.max(revision);
            line(
                "BOOKMARK",
                &self.encoder.bookmark(self.revision, false),
                &mut out,
            );
        }
        out
    }

    /// Faults that were switched on while the watch was open.
    async fn struck(&mut self) -> io::Result<()> {
        loop {
            let acts = self.context.faults.strike(&["watch"], &self.path);
            if acts.iter().any(|act| matches!(act, Act::Cut { .. })) {
                return Err(io::Error::from(io::ErrorKind::ConnectionReset));
            }
            if !acts.contains(&Act::Silence) {
                self.acts = acts;
                return Ok(());
            }
            tokio::select! {
                _ = self.faults_changed.changed() => {}
                () = self.context.end.cancelled() => return Ok(()),
            }
        }
    }
}

fn line(name: &str, object: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{{\"type\":{},\"object\":{object}}}\n", json!(name)).as_bytes());
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use http_body_util::BodyExt;
    use serde_json::Value;

    use super::*;
    use crate::demo::{kinds::PODS, store::StoreOptions};

    struct Open {
        body: Body,
        rest: Vec<u8>,
    }

    impl Open {
        /// The next event: its type and object.
        async fn event(&mut self) -> Option<(String, Value)> {
            loop {
                if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = self.rest.drain(..=end).collect();
                    let mut event: Value = serde_json::from_slice(&line).unwrap();
                    return Some((
                        event["type"].as_str().unwrap().to_owned(),
                        event["object"].take(),
                    ));
                }
                let piece = self.body.frame().await?.unwrap().into_data().unwrap();
                self.rest.extend_from_slice(&piece);
            }
        }

        async fn types(&mut self, count: usize) -> Vec<String> {
            let mut types = Vec::new();
            for _ in 0..count {
                types.push(self.event().await.map(|event| event.0).unwrap_or_default());
            }
            types
        }
    }

    fn context() -> Context {
        let store = Arc::new(Store::new(StoreOptions {
            history: 4,
            revision: 100,
            ..StoreOptions::default()
        }));
        Context {
            store,
            faults: Arc::default(),
            end: CancellationToken::new(),
        }
    }

    fn open(context: &Context, query: &str) -> Open {
        let target = Target::parse("/api/v1/pods").unwrap();
        let manner = Manner {
            form: Form::Object,
            gzip: false,
        };
        let response = watch(
            context.clone(),
            &target,
            "/api/v1/pods",
            &Query::parse(query),
            manner,
            Vec::new(),
        )
        .unwrap();
        Open {
            body: response.into_body(),
            rest: Vec::new(),
        }
    }

    fn pod(context: &Context, name: &str) {
        context
            .store
            .create(
                &PODS,
                json!({"metadata": {"name": name, "namespace": "n", "labels": {"app": "a"}}}),
            )
            .unwrap();
    }

    #[tokio::test]
    async fn a_change_between_list_and_watch_is_replayed() {
        let context = context();
        pod(&context, "one");
        let revision = context.store.revision();
        pod(&context, "two");
        let mut open = open(&context, &format!("resourceVersion={revision}"));
        assert_eq!(open.event().await.unwrap().1["metadata"]["name"], "two");
        context.store.delete(&PODS, "n", "one").unwrap();
        assert_eq!(open.event().await.unwrap().0, "DELETED");
    }

    #[tokio::test]
    async fn a_version_that_left_the_history_is_gone() {
        let context = context();
        for name in ["a", "b", "c", "d", "e", "f"] {
            pod(&context, name);
        }
        let mut open = open(&context, "resourceVersion=101");
        let (name, status) = open.event().await.unwrap();
        assert_eq!((name.as_str(), &status["code"]), ("ERROR", &json!(410)));
        assert!(open.event().await.is_none());
    }

    #[tokio::test]
    async fn streaming_lists_end_in_a_marked_bookmark() {
        let context = context();
        pod(&context, "one");
        let query =
            "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
        let mut open = open(&context, query);
        assert_eq!(open.event().await.unwrap().0, "ADDED");
        let (name, mark) = open.event().await.unwrap();
        assert_eq!(
            (
                name.as_str(),
                &mark["metadata"]["annotations"]["k8s.io/initial-events-end"]
            ),
            ("BOOKMARK", &json!("true"))
        );
        pod(&context, "two");
        assert_eq!(open.event().await.unwrap().1["metadata"]["name"], "two");
    }

    #[tokio::test]
    async fn objects_come_and_go_with_their_selection() {
        let context = context();
        let mut open = open(&context, "resourceVersion=100&labelSelector=app%3Da");
        pod(&context, "one");
        let label = |to: &'static str| {
            context.store.update(&PODS, "n", "one", |pod| {
                pod["metadata"]["labels"]["app"] = json!(to);
                Ok(())
            })
        };
        label("b").unwrap();
        label("a").unwrap();
        assert_eq!(open.types(3).await, ["ADDED", "DELETED", "ADDED"]);
    }

    #[tokio::test(start_paused = true)]
    async fn bookmarks_come_about_every_ten_seconds_and_the_timeout_ends_it() {
        let context = context();
        let began = Instant::now();
        let mut open = open(
            &context,
            "resourceVersion=100&allowWatchBookmarks=true&timeoutSeconds=25",
        );
        assert_eq!(open.types(2).await, ["BOOKMARK", "BOOKMARK"]);
        assert!(open.event().await.is_none());
        assert_eq!(began.elapsed().as_secs(), 25);
    }

    #[tokio::test]
    async fn faults_reach_open_watches() {
        let context = context();
        let mut open = open(&context, "resourceVersion=100");
        pod(&context, "one");
        assert_eq!(open.event().await.unwrap().0, "ADDED");
        context
            .faults
            .set(json!([{"fault": "gone", "verb": "watch"}]))
            .unwrap();
        assert_eq!(open.event().await.unwrap().0, "ERROR");
    }

    #[test]
    fn contradictory_options_are_refused() {
        let target = Target::parse("/api/v1/pods").unwrap();
        let manner = Manner {
            form: Form::Object,
            gzip: false,
        };
        let refused = watch(
            context(),
            &target,
            "",
            &Query::parse("sendInitialEvents=true"),
            manner,
            Vec::new(),
        );
        assert_eq!(refused.err().map(|error| error.code), Some(422));
    }
}
