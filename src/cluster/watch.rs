//! A watch: the changes after a list, or the list itself as a stream of changes.

use super::body::Chunks;
use super::call::{Call, Status, escape};
use super::error::Fault;
use super::feed::{Decoder, Done, End, Feed, Told};
use super::pulse::Health;
use super::scan::{Lines, Piece};
use super::wire::Str;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Objects of a streaming list in the last second that prove it still makes progress.
const PROGRESS: usize = 100;

/// A watch that has brought no error for so long has begun well: servers send headers first and
/// only then say that they have forgotten where we were.
const SETTLED: Duration = Duration::from_millis(200);

/// How long a single wait for bytes may be, so that deadlines of a stream are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// An event as it stands in a line.
#[derive(Debug, PartialEq)]
enum Kind {
    Put,
    Gone,
    Bookmark,
    Error,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Str<'a>,
    #[serde(borrow, default)]
    object: Option<&'a RawValue>,
}

/// What a bookmark says.
#[derive(Debug, Default, Deserialize)]
struct Bookmark {
    #[serde(default)]
    metadata: BookmarkMeta,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BookmarkMeta {
    #[serde(default)]
    resource_version: String,
    #[serde(default)]
    annotations: Option<std::collections::BTreeMap<String, String>>,
}

/// Marks the bookmark that ends a streaming list.
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// Splits a line into the kind of event and its object, without reading the object.
fn event(line: &[u8]) -> Option<(Kind, &[u8])> {
    for (prefix, kind) in [
        (&b"{\"type\":\"ADDED\",\"object\":"[..], Kind::Put),
        (b"{\"type\":\"MODIFIED\",\"object\":", Kind::Put),
        (b"{\"type\":\"DELETED\",\"object\":", Kind::Gone),
    ] {
        // As every server writes it. The object ends with the line's last brace.
        if let Some(rest) = line.strip_prefix(prefix)
            && let Some(object) = rest.trim_ascii_end().strip_suffix(b"}")
        {
            return Some((kind, object));
        }
    }
    let envelope: Envelope<'_> = serde_json::from_slice(line).ok()?;
    let kind = match envelope.kind.as_str() {
        "ADDED" | "MODIFIED" => Kind::Put,
        "DELETED" => Kind::Gone,
        "BOOKMARK" => Kind::Bookmark,
        "ERROR" => Kind::Error,
        _ => return None,
    };
    Some((kind, envelope.object?.get().as_bytes()))
}

/// A watch that is open.
struct Stream {
    chunks: Chunks,
    lines: Lines,
    health: watch::Receiver<Health>,
    opened: Instant,
    /// When bytes last came.
    heard: Instant,
    /// Set while the stream still brings the initial list.
    initial: Option<Initial>,
    /// Shown as live.
    settled: bool,
    /// When a new list is due because an object did not say who it is.
    doubt: Option<Instant>,
}

/// Progress of a streaming list.
struct Initial {
    began: bool,
    /// Objects since the last look.
    objects: usize,
    looked: Instant,
}

/// What the lines of a chunk came to.
#[derive(Default)]
struct Outcome {
    fault: Option<Fault>,
    ended_initial: bool,
    nameless: bool,
    skipped: Vec<(crate::domain::text::Text, usize)>,
}

impl Stream {
    /// A watch of which it is not yet known whether it works.
    fn unsettled(&self) -> bool {
        !self.settled && self.initial.is_none()
    }
}

impl<D: Decoder> Feed<D> {
    /// Follows the changes after `version` until the watch ends.
    pub(super) async fn follow(&mut self, version: &str) -> Result<Done, End> {
        let path = format!(
            "{}?watch=true&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={}",
            self.place.path,
            self.session.timing().watch_seconds,
            escape(version)
        );
        let stream = self.open_stream(path, false).await?;
        self.denied = false;
        self.read_stream(stream).await
    }

    /// Takes the list as a stream of changes and then follows it.
    pub(super) async fn fill_by_stream(&mut self) -> Result<Done, End> {
        let path = format!(
            "{}?watch=true&allowWatchBookmarks=true&timeoutSeconds={}\
             &sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
            self.place.path,
            self.session.timing().watch_seconds
        );
        let ended = match self.open_stream(path, true).await {
            Ok(stream) => {
                self.loading().await?;
                self.decoder.restart();
                self.read_stream(stream).await
            }
            Err(end) => Err(end),
        };
        let unwilling = match &ended {
            Err(End::Failed(fault)) if !self.listed() => unwilling(fault),
            Ok(_) => !self.listed(),
            _ => false,
        };
        if unwilling {
            self.session.forget_streaming();
            return self.fill_by_list().await;
        }
        if matches!(&ended, Err(End::Failed(fault)) if fault.code() == 403) {
            // Some may list but not watch; from now on a refusal costs one request, not two.
            self.denied = true;
            return self.fill_by_list().await;
        }
        ended
    }

    /// The stream has brought its list: there is a point to go on from.
    fn listed(&self) -> bool {
        self.version.is_some()
    }

    async fn open_stream(&mut self, path: String, initial: bool) -> Result<Stream, End> {
        let call = Call {
            accept: D::ACCEPT,
            ..Call::get(path)
        };
        let session = self.session.clone();
        let timing = session.timing();
        let answer = {
            let attempt = session.open(&call, timing.watch_start);
            tokio::pin!(attempt);
            tokio::select! {
                answer = &mut attempt => answer?,
                () = tokio::time::sleep(timing.slow_attempt) => {
                    if self.filled {
                        self.hanging().await?;
                    }
                    attempt.await?
                }
            }
        };
        self.heard();
        let begun = Instant::now();
        Ok(Stream {
            chunks: Chunks::of(answer),
            lines: Lines::default(),
            health: session.pulse().health(),
            opened: begun,
            heard: begun,
            initial: initial.then_some(Initial {
                began: false,
                objects: 0,
                looked: begun,
            }),
            settled: false,
            doubt: None,
        })
    }

    async fn read_stream(&mut self, mut stream: Stream) -> Result<Done, End> {
        let session = self.session.clone();
        let _open = session.pulse().opened();
        stream.health.borrow_and_update();
        loop {
            let due = self.batch.due();
            let look = Instant::now() + LOOK;
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(due.unwrap_or(look)), if due.is_some() => {
                    self.batch.flush().await?;
                }
                chunk = stream.chunks.next() => {
                    let Some(chunk) = chunk? else { return Ok(Done::Ended) };
                    stream.heard = Instant::now();
                    self.heard();
                    self.take(&mut stream, &chunk).await?;
                }
                changed = stream.health.changed() => {
                    if changed.is_ok() {
                        let health = *stream.health.borrow_and_update();
                        self.pulse_changed(stream.heard, stream.initial.is_none(), health)
                            .await?;
                    }
                }
                () = tokio::time::sleep_until(look), if stream.initial.is_some() => {}
                () = tokio::time::sleep_until(stream.opened + SETTLED), if stream.unsettled() => {
                    self.settle(&mut stream).await?;
                }
                () = tokio::time::sleep_until(stream.doubt.unwrap_or(look)), if stream.doubt.is_some() => {
                    self.version = None;
                    return Ok(Done::Ended);
                }
            }
            self.look(&mut stream)?;
        }
    }

    /// Hands on what a chunk holds.
    async fn take(&mut self, stream: &mut Stream, chunk: &[u8]) -> Result<(), End> {
        let mut outcome = Outcome::default();
        let initial = &mut stream.initial;
        let mut lines = std::mem::take(&mut stream.lines);
        lines.feed(chunk, &mut |piece| self.line(&piece, initial, &mut outcome));
        stream.lines = lines;
        if outcome.ended_initial {
            stream.initial = None;
            self.batch.flush().await?;
            self.filled = true;
        }
        for (name, size) in outcome.skipped {
            self.skipped(name, size).await?;
        }
        if let Some(fault) = outcome.fault {
            return Err(End::Failed(fault));
        }
        if stream.initial.is_none() {
            self.settle(stream).await?;
        }
        if outcome.nameless && stream.doubt.is_none() {
            stream.doubt = Some(Instant::now() + self.session.timing().doubt);
        }
        Ok(self.batch.flush_if_due().await?)
    }

    fn line(&mut self, piece: &Piece<'_>, initial: &mut Option<Initial>, outcome: &mut Outcome) {
        if outcome.fault.is_some() {
            return;
        }
        match *piece {
            Piece::Field(..) => {}
            Piece::Huge(head, size) => {
                let (change, name) = self.decoder.huge(head, size);
                self.begin(initial);
                if let Some(change) = change {
                    self.batch.add(change);
                }
                outcome.skipped.push((name, size));
            }
            Piece::Item(line) => match event(line) {
                Some((Kind::Bookmark, json)) => self.bookmark(json, initial, outcome),
                Some((Kind::Error, json)) => {
                    let status: Status = serde_json::from_slice(json).unwrap_or_default();
                    outcome.fault = Some(status.fault(500, None));
                }
                Some((kind, json)) => self.change(kind == Kind::Gone, json, initial, outcome),
                // Not an event: the object in it, if any, is shown as unreadable.
                None => self.change(false, line, initial, outcome),
            },
        }
    }

    fn begin(&mut self, initial: &mut Option<Initial>) {
        if let Some(initial) = initial {
            initial.objects += 1;
            if !initial.began {
                initial.began = true;
                let begin = self.decoder.begin();
                self.batch.add(begin);
            }
        }
    }

    fn change(
        &mut self,
        deleted: bool,
        json: &[u8],
        initial: &mut Option<Initial>,
        outcome: &mut Outcome,
    ) {
        self.begin(initial);
        let Told {
            changes,
            version,
            nameless,
        } = self.decoder.event(deleted, json);
        outcome.nameless |= nameless && initial.is_none();
        for change in changes {
            self.batch.add(change);
        }
        // Before the initial list is complete there is no point to go on from.
        if initial.is_none() && !version.is_empty() {
            self.version = Some(version);
        }
    }

    fn bookmark(&mut self, json: &[u8], initial: &mut Option<Initial>, outcome: &mut Outcome) {
        let Ok(bookmark) = serde_json::from_slice::<Bookmark>(json) else {
            return;
        };
        let meta = bookmark.metadata;
        let ends = meta
            .annotations
            .is_some_and(|marks| marks.get(INITIAL_EVENTS_END).is_some_and(|v| v == "true"));
        if initial.is_some() && ends {
            self.begin(initial);
            let complete = self.decoder.complete();
            self.batch.add(complete);
            outcome.ended_initial = true;
            *initial = None;
        }
        if initial.is_none() && !meta.resource_version.is_empty() {
            self.version = Some(meta.resource_version);
        }
    }

    /// The watch works: everything up to now has arrived.
    async fn settle(&mut self, stream: &mut Stream) -> Result<(), End> {
        stream.settled = true;
        Ok(self.live().await?)
    }

    /// The probes of the session say something new.
    async fn pulse_changed(
        &mut self,
        heard: Instant,
        complete: bool,
        health: Health,
    ) -> Result<(), End> {
        let silent = heard.elapsed() >= self.session.timing().ping_deadline;
        match health.failures {
            0 if complete => Ok(self.live().await?),
            0 => Ok(()),
            _ if !silent => Ok(()),
            1 => Ok(self.stale().await?),
            _ => Err(End::Failed(Fault::Cut(
                "the server has stopped answering".into(),
            ))),
        }
    }

    /// Gives up a streaming list that does not come to its end.
    fn look(&self, stream: &mut Stream) -> Result<(), End> {
        let Some(initial) = &mut stream.initial else {
            return Ok(());
        };
        let timing = self.session.timing();
        let silent = stream.heard.elapsed() >= timing.silent_stream;
        let late = stream.opened.elapsed() >= timing.end_bookmark;
        if silent {
            return Err(no_end().into());
        }
        if initial.looked.elapsed() >= LOOK.min(timing.end_bookmark) {
            let slow = initial.objects < PROGRESS;
            initial.looked = Instant::now();
            initial.objects = 0;
            if late && slow {
                return Err(no_end().into());
            }
        }
        Ok(())
    }
}

/// The words for a streaming list without an end; only ever seen when the list fails as well.
const NO_END: &str = "the streaming list did not come to its end";

fn no_end() -> Fault {
    Fault::Malformed(NO_END.into())
}

/// Whether a fault means that the server cannot stream lists, rather than that it is in trouble.
fn unwilling(fault: &Fault) -> bool {
    match fault {
        Fault::Malformed(why) => why == NO_END,
        _ => matches!(fault.code(), 400 | 405 | 406 | 415 | 422 | 500 | 501),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_split_without_reading_their_object() {
        let line = br#"{"type":"MODIFIED","object":{"a":{"b":1}}}"#;
        assert_eq!(event(line), Some((Kind::Put, &br#"{"a":{"b":1}}"#[..])));
        let spaced = br#"{ "object" : {"a":1}, "type" : "DELETED" }"#;
        assert_eq!(event(spaced), Some((Kind::Gone, &br#"{"a":1}"#[..])));
        let mark = br#"{"type":"BOOKMARK","object":{"metadata":{}}}"#;
        assert_eq!(
            event(mark),
            Some((Kind::Bookmark, &br#"{"metadata":{}}"#[..]))
        );
        assert_eq!(event(b"rubbish"), None);
        assert_eq!(event(br#"{"type":"NEW","object":{}}"#), None);
    }
}
