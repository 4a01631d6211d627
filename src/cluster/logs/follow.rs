//! The life of one source: open, read, and after every end find out what it meant.
//!
//! A stream that ends may mean that the container ended, that it was restarted, that the pod is
//! gone, or that the server wanted no more: only the pod's status tells. A stream that breaks is
//! opened again from the second of its last line. Lines that the server no longer has leave a
//! mark; nothing is ever left out in silence.

use super::cursor::Cursor;
use super::gate::{Gate, TURN};
use super::lines::{Lines, Piece};
use super::status::{Ended, Status, pod_path, status};
use crate::cluster::Event;
use crate::cluster::body::Chunks;
use crate::cluster::call::{Call, escape};
use crate::cluster::connect::Session;
use crate::cluster::error::Fault;
use crate::cluster::retry::Backoff;
use crate::domain::logs::stamp::Stamps;
use crate::domain::logs::{Chunk, Item, Mark, Reading, Source, SourceId, SourceState, Start};
use crate::domain::text::Text;
use crate::domain::time::Millis;
use bytes::Bytes;
use std::fmt::Write as _;
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::time::Instant;

/// The longest time between two looks at the end of a silent log.
const RAREST_LOOK: Duration = Duration::from_mins(5);

/// Nobody listens any more.
struct Closed;

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
    /// When the stream was lost.
    lost: Option<Instant>,
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
            lost: None,
            begun: Instant::now(),
            new_run: false,
        }
    }

    pub(super) async fn run(mut self) {
        // Nobody listens any more: there is nobody to tell.
        let _ = self.live().await;
    }

    /// Reads all that the container wrote before its last restart, and how that run ended.
    async fn run_before(&mut self) -> Result<(), Closed> {
        let before = Stretch {
            previous: true,
            follow: false,
        };
        if let End::Closed = self.stream(before).await {
            return Err(Closed);
        }
        if let Ok(status) = status(&self.session, &self.source).await {
            if let Some(ended) = status.ended.as_ref().filter(|_| status.running) {
                self.mark(ended_mark(ended)).await?;
            }
            self.known = Some(status);
        }
        // The present run is read from its beginning: nothing of it is known.
        self.reading.start = Start::Head;
        self.cursor = Cursor::default();
        Ok(())
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
            match self.stream(stretch).await {
                End::Closed => return Err(Closed),
                End::Enough => return self.over().await,
                End::Turn => {}
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
                    if stretch.follow {
                        self.look_for_restart().await?;
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
        let _place = gate.place().await;
        match self.open(stretch, gate).await {
            Ok(chunks) => match self.read(chunks, stretch, gate).await {
                Ok(end) | Err(end) => end,
            },
            Err(end) => end,
        }
    }

    async fn open(&mut self, stretch: Stretch, gate: &Gate) -> Result<Chunks, End> {
        let session = self.session.clone();
        let _turn = gate.turn().await;
        self.tell(SourceState::Opening).await?;
        if stretch.follow && self.known.is_none() {
            self.known = Some(status(&session, &self.source).await?);
        }
        let call = Call {
            accept: "*/*",
            ..Call::get(self.path(stretch))
        };
        let opened = session.open(&call, session.timing().watch_start).await;
        if matches!(opened, Err(Fault::Deadline(_)))
            && session.pulse().health().borrow().failures == 0
        {
            gate.too_many();
        }
        let chunks = Chunks::of(opened?);
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
                        let mut pieces = Vec::new();
                        lines.finish(&mut pieces);
                        self.take(pieces).await?;
                        self.resumed().await?;
                        return Ok(End::Complete);
                    };
                    session.pulse().heard();
                    heard = Instant::now();
                    (look_every, look) = (timing.stall, heard + timing.stall);
                    let mut pieces = Vec::new();
                    lines.feed(chunk, &mut pieces);
                    if self.take(pieces).await? {
                        return Ok(End::Enough);
                    }
                    // A flood never rests: it looks by itself whether others wait.
                    if opened.elapsed() >= TURN && gate.is_crowded() {
                        return Ok(End::Turn);
                    }
                }
                () = tokio::time::sleep(timing.caught_up), if !caught_up => {
                    self.resumed().await?;
                    self.tell(SourceState::Live).await?;
                    self.backoff.reset();
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

    /// Hands on what is new. True when what was asked for has been read.
    async fn take(&mut self, pieces: Vec<Piece>) -> Result<bool, Closed> {
        let mut items = Vec::with_capacity(pieces.len());
        let mut enough = false;
        for piece in pieces {
            let (gap, item) = match piece {
                Piece::Lines(lines) => {
                    let (lines, past) = self.until(lines);
                    enough |= past;
                    let news = self.cursor.read(&lines);
                    (news.gap, Item::Lines(news.lines))
                }
                Piece::Long(head, cut) => {
                    if self.is_past(&head) {
                        enough = true;
                        break;
                    }
                    match self.cursor.read_long(&head) {
                        (true, gap) => (gap, Item::Long(head, cut)),
                        (false, _) => continue,
                    }
                }
            };
            if let Some((from, to)) = gap {
                self.lost = None;
                items.push(Item::Mark(Mark::Gap { from, to: Some(to) }));
            }
            if !matches!(&item, Item::Lines(lines) if lines.is_empty()) {
                items.push(item);
            }
            if enough {
                break;
            }
        }
        if items.is_empty() {
            return Ok(enough);
        }
        self.new_run = false;
        self.resumed().await?;
        self.send(items).await?;
        Ok(enough)
    }

    /// Whether a line lies past the moment at which reading is to stop.
    fn is_past(&self, line: &[u8]) -> bool {
        let stamp = Stamps::default().split(line).0;
        self.reading
            .until
            .zip(stamp)
            .is_some_and(|(until, at)| at >= until)
    }

    /// Lines before the moment at which reading is to stop, and whether it was reached.
    fn until(&self, lines: Bytes) -> (Bytes, bool) {
        let Some(until) = self.reading.until else {
            return (lines, false);
        };
        let mut stamps = Stamps::default();
        let mut at = 0;
        while at < lines.len() {
            let end = memchr::memchr(b'\n', &lines[at..]).map_or(lines.len(), |n| at + n + 1);
            if stamps
                .split(&lines[at..end])
                .0
                .is_some_and(|stamp| stamp >= until)
            {
                return (lines.slice(..at), true);
            }
            at = end;
        }
        (lines, false)
    }

    /// After a cut: the stream goes on where it was, or waits at its end.
    async fn resumed(&mut self) -> Result<(), Closed> {
        if let Some(lost) = self.lost.take().filter(|_| self.cursor.last().is_some()) {
            let after = Millis(i64::try_from(lost.elapsed().as_millis()).unwrap_or(i64::MAX));
            self.mark(Mark::Resumed { after }).await?;
        }
        Ok(())
    }

    /// Whether the log holds lines that the stream has not told.
    async fn behind(&self) -> Result<bool, Closed> {
        let Some(last) = self.cursor.last() else {
            return Ok(false);
        };
        let path = format!(
            "{}/log?container={}&timestamps=true&tailLines=1&limitBytes=64",
            pod_path(&self.source),
            escape(&self.source.container)
        );
        let call = Call {
            accept: "*/*",
            ..Call::get(path)
        };
        // A server that does not answer shows it by other signs.
        let Ok(end) = self.session.bytes(&call).await else {
            return Ok(false);
        };
        Ok(Stamps::default().split(&end).0.is_some_and(|at| at > last))
    }

    /// The stream came to its end while it was followed. Whether there will be another one.
    async fn ended(&mut self) -> Result<bool, Closed> {
        let session = self.session.clone();
        let mut told = false;
        loop {
            let fault = match status(&session, &self.source).await {
                Ok(status) => {
                    let known = self.known.clone().unwrap_or_default();
                    if known.id.is_empty() {
                        // The status was behind the container when it was asked first.
                        self.known = Some(status.clone());
                    } else if status.id != known.id && !status.id.is_empty() {
                        // The end of the known run is read; a run in between nobody has seen.
                        let runs = status.restarts.saturating_sub(known.restarts);
                        if runs > 1 {
                            self.new_run = runs == 2;
                            self.run_between().await?;
                            told = false;
                        }
                        if !told {
                            self.tell_end(&status).await?;
                        }
                        self.begin_run(&known, status).await?;
                        return Ok(true);
                    }
                    if status.running {
                        // The server ended the stream, not the container.
                        self.rest().await;
                        return Ok(true);
                    }
                    if !told {
                        self.tell_end(&status).await?;
                        told = true;
                    }
                    if status.over {
                        return Ok(false);
                    }
                    self.tell(SourceState::Waiting("not running".into()))
                        .await?;
                    tokio::time::sleep(session.timing().restart_look).await;
                    continue;
                }
                Err(fault) => fault,
            };
            if fault.code() == 404 {
                self.mark(Mark::Deleted).await?;
                return Ok(false);
            }
            self.lost.get_or_insert_with(Instant::now);
            self.tell(SourceState::Lost(Text::new(&fault.to_string())))
                .await?;
            self.rest().await;
        }
    }

    async fn tell_end(&self, status: &Status) -> Result<(), Closed> {
        match &status.ended {
            Some(ended) => self.mark(ended_mark(ended)).await,
            None => Ok(()),
        }
    }

    async fn begin_run(&mut self, known: &Status, status: Status) -> Result<(), Closed> {
        if status.restarts > known.restarts {
            self.mark(Mark::Started(status.restarts)).await?;
        }
        self.known = Some(status);
        self.new_run = true;
        Ok(())
    }

    /// Reads what is kept of the run before the present one, from the last known line on.
    async fn run_between(&mut self) -> Result<(), Closed> {
        let stretch = Stretch {
            previous: true,
            follow: false,
        };
        match (self.stream(stretch).await, self.cursor.last()) {
            (End::Closed, _) => Err(Closed),
            // Nobody can say what it held.
            (End::Failed(_), Some(from)) => self.mark(Mark::Gap { from, to: None }).await,
            _ => Ok(()),
        }
    }

    /// After a broken stream: the container may have been restarted before it is opened again.
    /// Then what the old run wrote after the break comes first, as far as it is kept.
    async fn look_for_restart(&mut self) -> Result<(), Closed> {
        let Some(known) = self.known.clone().filter(|known| !known.id.is_empty()) else {
            return Ok(());
        };
        let Ok(status) = status(&self.session, &self.source).await else {
            return Ok(());
        };
        if status.id == known.id || status.id.is_empty() {
            return Ok(());
        }
        if self.cursor.last().is_some() {
            self.run_between().await?;
        }
        self.tell_end(&status).await?;
        self.begin_run(&known, status).await
    }

    /// A stream failed. False when there is no use in trying again.
    async fn failed(&mut self, fault: Fault, stretch: Stretch) -> Result<bool, Closed> {
        let waiting = waits(&fault);
        match fault.code() {
            400 if waiting.is_some() && stretch.follow => {
                let reason = waiting.unwrap_or_default();
                self.tell(SourceState::Waiting(reason)).await?;
                tokio::time::sleep(self.session.timing().restart_look).await;
                return Ok(true);
            }
            404 if self.cursor.last().is_some() && stretch.follow => {
                self.mark(Mark::Deleted).await?;
                return Ok(false);
            }
            400..=428 => {
                let what = format!("read the log of {}", self.source);
                self.mark(Mark::Refused(fault.failure(&what))).await?;
                return Ok(false);
            }
            _ => {}
        }
        self.lost.get_or_insert_with(Instant::now);
        self.tell(SourceState::Lost(Text::new(&fault.to_string())))
            .await?;
        match fault.retry_after() {
            Some(wait) => tokio::time::sleep(wait).await,
            None => self.rest().await,
        }
        Ok(true)
    }

    /// Waits before the next attempt; a server that has come back ends the wait.
    async fn rest(&mut self) {
        let now = Instant::now();
        let pulse = self.session.pulse();
        let until = pulse.slot(now + self.backoff.next());
        let least = now + self.session.timing().backoff_first.min(until - now);
        pulse.rest(least, until).await;
    }
}

fn ended_mark(ended: &Ended) -> Mark {
    let ran = ended.started.zip(ended.finished);
    Mark::Ended {
        exit_code: ended.exit_code,
        reason: ended.reason.clone(),
        ran: ran.map(|(from, to)| to.since(from)),
    }
}

/// Why the container has not started, when that is what the server says.
fn waits(fault: &Fault) -> Option<Text> {
    let Fault::Status { message, .. } = fault else {
        return None;
    };
    let (_, reason) = message
        .split_once("is waiting to start: ")
        .or_else(|| message.split_once("is terminated: "))
        .or_else(|| {
            let pulling = message.contains("trying and failing to pull image");
            let early = message.ends_with("is not available");
            pulling
                .then_some(("", "the image cannot be pulled"))
                .or_else(|| early.then_some(("", "not available yet")))
        })?;
    Some(Text::new(reason))
}
