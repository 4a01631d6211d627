//! The life of one source: open, read, and after every end find out what it meant.
//!
//! A stream that ends may mean that the container ended, that it was restarted, that the pod is
//! gone, or that the server wanted no more: only the pod's status tells. A stream that breaks is
//! opened again from the second of its last line. Lines that the server no longer has leave a
//! mark; nothing is ever left out in silence.

mod rotation;
mod runs;
mod take;

use super::cursor::Cursor;
use super::gate::{Gate, TURN};
use super::lines::{Lines, Piece};
use super::status::{Status, pod_path, status};
use crate::cluster::Event;
use crate::cluster::body::Chunks;
use crate::cluster::call::{Call, escape};
use crate::cluster::clock::now;
use crate::cluster::connect::Session;
use crate::cluster::error::Fault;
use crate::cluster::retry::Backoff;
use crate::domain::logs::{
    Chunk, Item, Mark, Nanos, Reading, Source, SourceId, SourceState, Start,
};
use crate::domain::time::{Millis, Timestamp};
use std::fmt::Write as _;
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::time::Instant;

/// The longest time between two looks at the end of a silent log.
const RAREST_LOOK: Duration = Duration::from_mins(5);

/// A stream that is silent has told everything that is older than this: its node reads what a
/// container writes within a second, and the server's clock is known to the second.
const TELLING: Millis = Millis(2_000);

/// Nobody listens any more.
struct Closed;

/// What came of what a stream brought.
enum Taken {
    /// It goes on.
    More,
    /// What was asked for has been read.
    Enough,
    /// It is of another run of the container than its status told: nothing of it was taken.
    OtherRun,
}

/// How a stream ended.
enum End {
    /// The receiver is gone.
    Closed,
    /// The server said that this is all.
    Complete,
    /// What was asked for has been read.
    Enough,
    /// Others wait for a place.
    Turn,
    /// It tells another run of the container.
    OtherRun,
    /// It failed, or has stopped to tell what the log holds.
    Failed(Fault),
}

impl From<Closed> for End {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

/// What is read now.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    /// The run before the present one.
    previous: bool,
    follow: bool,
}

/// Follows one source.
pub(super) struct Follower {
    session: Session,
    log: u64,
    id: SourceId,
    source: Source,
    reading: Reading,
    tx: Sender<Event>,
    cursor: Cursor,
    backoff: Backoff,
    state: SourceState,
    /// The run whose lines were read last.
    known: Option<Status>,
    /// The last line of a stream that ended without a line feed. It is whole only when the
    /// container has ended; otherwise the server sends it again.
    unfinished: Option<Piece>,
    /// Gaps that were told.
    gaps: u32,
    /// How often in a row the server did not answer, though it answered others.
    unanswered: u32,
    /// How far our clock is before the server's.
    skew: Millis,
    /// The last line, when it was told late.
    late_at: Option<Nanos>,
    /// The first line of the file that the server reads, and when that was looked up.
    file: Option<(Nanos, Instant)>,
    /// When the stream was lost.
    lost: Option<Instant>,
    /// The server ended the last stream, as it does when a container ends.
    ended_by_server: bool,
    begun: Instant,
    /// A run of the container of which, as far as is known, nothing was read: nothing is missing
    /// before its first line.
    new_run: bool,
}

impl Follower {
    pub(super) fn new(
        session: &Session,
        (log, id): (u64, SourceId),
        source: &Source,
        reading: Reading,
        tx: Sender<Event>,
    ) -> Self {
        let timing = session.timing();
        Self {
            session: session.clone(),
            log,
            id,
            source: source.clone(),
            reading,
            tx,
            cursor: Cursor::default(),
            backoff: Backoff::new(timing.backoff_first, timing.backoff_cap),
            state: SourceState::Queued,
            known: None,
            unfinished: None,
            gaps: 0,
            unanswered: 0,
            skew: Millis(0),
            late_at: None,
            file: None,
            lost: None,
            ended_by_server: false,
            begun: Instant::now(),
            new_run: false,
        }
    }

    pub(super) async fn run(mut self) {
        // Nobody listens any more: there is nobody to tell.
        let _ = self.live().await;
    }

    async fn live(&mut self) -> Result<(), Closed> {
        if self.reading.before {
            self.run_before().await?;
        }
        let stretch = Stretch {
            previous: self.reading.previous,
            follow: self.reading.follow && !self.reading.previous,
        };
        loop {
            let end = self.stream(stretch).await;
            self.ended_by_server = matches!(end, End::Complete);
            match end {
                End::Closed => return Err(Closed),
                End::Enough => return self.over().await,
                End::Turn => {}
                End::OtherRun => {
                    if !self.look_for_restart().await? {
                        return self.over().await;
                    }
                }
                End::Complete if !stretch.follow => return self.over().await,
                End::Complete => {
                    if !self.ended().await? {
                        return self.over().await;
                    }
                }
                End::Failed(fault) => {
                    if !self.failed(fault, stretch).await? {
                        return self.over().await;
                    }
                    if stretch.follow && !self.look_for_restart().await? {
                        return self.over().await;
                    }
                }
            }
        }
    }

    async fn over(&mut self) -> Result<(), Closed> {
        self.tell(SourceState::Ended).await
    }

    async fn send(&self, items: Vec<Item>) -> Result<(), Closed> {
        let chunk = Chunk {
            source: self.id,
            items,
        };
        let log = self.log;
        self.tx
            .send(Event::Log { log, chunk })
            .await
            .map_err(|_| Closed)
    }

    async fn tell(&mut self, state: SourceState) -> Result<(), Closed> {
        if self.state == state {
            return Ok(());
        }
        self.state = state.clone();
        self.send(vec![Item::State(state)]).await
    }

    async fn mark(&self, mark: Mark) -> Result<(), Closed> {
        self.send(vec![Item::Mark(mark)]).await
    }

    /// The stream tells the present, and has told everything that was written before `told`.
    async fn caught_up(&mut self, told: Nanos) -> Result<(), Closed> {
        self.state = SourceState::Live;
        self.backoff.reset();
        let live = Item::State(SourceState::Live);
        self.send(vec![Item::Told(told), live]).await
    }

    /// Where the log is read, from where on.
    fn path(&self, stretch: Stretch) -> String {
        let mut path = format!(
            "{}/log?container={}&timestamps=true",
            pod_path(&self.source),
            escape(&self.source.container)
        );
        if stretch.follow {
            path.push_str("&follow=true");
        }
        if stretch.previous {
            path.push_str("&previous=true");
        }
        let start = match self.cursor.since() {
            Some(at) => Start::At(at),
            None => self.reading.start,
        };
        // Writing to a String cannot fail.
        let _ = match start {
            Start::Head => Ok(()),
            Start::Tail(lines) => write!(path, "&tailLines={lines}"),
            // By the server's clock, and the same moment however late the stream is opened.
            Start::Since(span) => {
                let late = i64::try_from(self.begun.elapsed().as_secs()).unwrap_or(0);
                write!(
                    path,
                    "&sinceSeconds={}",
                    (span.whole_seconds() + late).max(1)
                )
            }
            Start::At(at) => {
                let second = jiff::Timestamp::from_second(at.seconds()).unwrap_or_default();
                write!(path, "&sinceTime={}", escape(&second.to_string()))
            }
        };
        if let (Some(lines), None) = (self.reading.most, self.cursor.last()) {
            let _ = write!(path, "&tailLines={lines}");
        }
        path
    }

    /// Opens a stream and reads it to its end.
    async fn stream(&mut self, stretch: Stretch) -> End {
        let session = self.session.clone();
        let gate = &session.inner().caches.logs;
        if !gate.is_free()
            && let Err(closed) = self.tell(SourceState::Queued).await
        {
            return closed.into();
        }
        let turn = gate.turn().await;
        let mut place = gate.place().await;
        let opened = self.open(stretch, gate).await;
        drop(turn);
        match opened {
            Ok(chunks) => {
                place.streams();
                match self.read(chunks, stretch, gate).await {
                    Ok(end) | Err(end) => end,
                }
            }
            Err(end) => end,
        }
    }

    async fn open(&mut self, stretch: Stretch, gate: &Gate) -> Result<Chunks, End> {
        let session = self.session.clone();
        let timing = session.timing();
        self.tell(SourceState::Opening).await?;
        if stretch.follow && self.known.is_none() {
            let status = status(&session, &self.source).await?;
            self.send(vec![Item::Pod(status.pod.clone())]).await?;
            self.known = Some(status);
        }
        let call = Call {
            accept: "*/*",
            ..Call::get(self.path(stretch))
        };
        // Where others are answered, one that is not soon is probably one too many.
        let suspected = self.unanswered < 2 && gate.is_streaming();
        let limit = if suspected {
            timing.log_start
        } else {
            timing.watch_start
        };
        let opened = session.open(&call, limit).await;
        if matches!(opened, Err(Fault::Deadline(_)))
            && session.pulse().health().borrow().failures == 0
        {
            self.unanswered += 1;
            match self.unanswered {
                1 => gate.too_many(),
                // Others have made room, and still there is no answer: this one is slow by itself.
                2 => gate.as_many_as_before(),
                _ => {}
            }
        }
        let opened = opened?;
        self.unanswered = 0;
        self.skew = skew(opened.headers());
        let chunks = Chunks::of(opened);
        self.unfinished = None;
        self.cursor.reopen(self.new_run);
        Ok(chunks)
    }

    /// Reads a stream to its end.
    async fn read(
        &mut self,
        mut chunks: Chunks,
        stretch: Stretch,
        gate: &Gate,
    ) -> Result<End, End> {
        let session = self.session.clone();
        let timing = session.timing();
        let _open = session.pulse().opened();
        let mut health = session.pulse().health();
        health.borrow_and_update();
        let opened = Instant::now();
        let (mut heard, mut look_every) = (opened, timing.stall);
        let mut look = opened + look_every;
        let mut lines = Lines::default();
        let (mut waiting, mut crowded) = (gate.waiting(), false);
        loop {
            let caught_up = self.state == SourceState::Live;
            tokio::select! {
                biased;
                chunk = chunks.next() => {
                    let Some(chunk) = chunk? else {
                        self.unfinished = lines.rest();
                        if !stretch.follow {
                            self.take_unfinished().await?;
                        }
                        self.resumed().await?;
                        return Ok(End::Complete);
                    };
                    session.pulse().heard();
                    heard = Instant::now();
                    (look_every, look) = (timing.stall, heard + timing.stall);
                    let mut pieces = Vec::new();
                    lines.feed(chunk, &mut pieces);
                    match self.take(pieces, stretch.follow).await? {
                        Taken::More => {}
                        Taken::Enough => return Ok(End::Enough),
                        Taken::OtherRun => return Ok(End::OtherRun),
                    }
                    if let Some(last) = self.cursor.last().filter(|last| !caught_up && !self.is_late(*last)) {
                        // It never rests, and tells the present all the same.
                        self.caught_up(last).await?;
                    }
                    // A flood never rests: it looks by itself whether others wait.
                    if opened.elapsed() >= TURN && gate.is_crowded() {
                        return Ok(End::Turn);
                    }
                }
                () = tokio::time::sleep(timing.caught_up), if !caught_up => {
                    self.resumed().await?;
                    let told = now().0 - self.skew.0 - TELLING.0;
                    self.caught_up(Nanos::of(Timestamp(told))).await?;
                }
                () = gate.crowd(&mut waiting), if caught_up && !crowded => {
                    crowded = true;
                }
                () = tokio::time::sleep_until(opened + TURN), if crowded => {
                    crowded = gate.is_crowded();
                    if crowded {
                        return Ok(End::Turn);
                    }
                }
                changed = health.changed() => {
                    let failures = health.borrow_and_update().failures;
                    let silent = heard.elapsed() >= timing.ping_deadline;
                    if changed.is_ok() && failures > 1 && silent {
                        return Err(Fault::Cut("the server has stopped answering".into()).into());
                    }
                }
                () = tokio::time::sleep_until(look), if stretch.follow && caught_up => {
                    if self.behind().await? {
                        return Err(Fault::Cut("the stream stopped while the container went on".into()).into());
                    }
                    look_every = (look_every * 2).min(RAREST_LOOK);
                    look = Instant::now() + look_every;
                }
            }
        }
    }
}

/// How far our clock is before that of the server that answered so.
fn skew(headers: &http::HeaderMap) -> Millis {
    let date = headers.get(http::header::DATE);
    let date = date.and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    let server = date.map(|date| date.timestamp().as_millisecond());
    Millis(server.map_or(0, |server| now().0 - server))
}
