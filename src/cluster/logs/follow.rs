//! The life of one source: open, read, and after every end find out what it meant.
//!
//! A stream that ends may mean that the container ended, that it was restarted, that the pod is
//! gone, or that the server wanted no more: only the pod's status tells. A stream that breaks is
//! opened again from the second of its last line. Lines that the server no longer has leave a
//! mark; nothing is ever left out in silence.

use super::cursor::{Cursor, Jump};
use super::gate::{Gate, TURN};
use super::lines::{Lines, Piece};
use super::status::{Ended, Status, pod_path, status};
use crate::cluster::Event;
use crate::cluster::body::Chunks;
use crate::cluster::call::{Call, escape};
use crate::cluster::clock::now;
use crate::cluster::connect::Session;
use crate::cluster::error::Fault;
use crate::cluster::retry::Backoff;
use crate::domain::feed::{Failure, FailureSort};
use crate::domain::logs::stamp::Stamps;
use crate::domain::logs::{
    Chunk, Item, Mark, Nanos, Reading, Source, SourceId, SourceState, Start,
};
use crate::domain::text::Text;
use crate::domain::time::{Millis, Timestamp};
use bytes::Bytes;
use std::fmt::Write as _;
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::time::Instant;

/// The longest time between two looks at the end of a silent log.
const RAREST_LOOK: Duration = Duration::from_mins(5);

/// How often a container is looked at that has done its work: only a pod that is set up anew runs
/// it again.
const DONE_LOOK: Duration = Duration::from_secs(30);

/// After so many looks at a container that does not run they become rarer: its waits grow too.
const PATIENT: u32 = 30;

/// Kubelets look this often, at most, whether a log is to be rotated.
const ROTATION: Duration = Duration::from_secs(3);

/// What is told later than this may lie in a file that was rotated twice.
const LATE: Millis = Millis(3_000);

/// A stream that is silent has told everything that is older than this: its node reads what a
/// container writes within a second, and the server's clock is known to the second.
const TELLING: Millis = Millis(2_000);

/// The status of a container comes so much later than the container itself, at most: kubelets look
/// once a second and tell then.
const STATUS_LAG: Duration = Duration::from_secs(3);

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

/// What a look at one line of the log shows.
enum Look {
    Line(Nanos),
    /// There is no line.
    Empty,
    /// The server did not answer.
    Unknown,
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

    /// The stream is silent: it has told what there was.
    async fn caught_up(&mut self) -> Result<(), Closed> {
        self.state = SourceState::Live;
        let until = now().0 - self.skew.0 - TELLING.0;
        let told = Nanos::of(Timestamp(until));
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
                    // A flood never rests: it looks by itself whether others wait.
                    if opened.elapsed() >= TURN && gate.is_crowded() {
                        return Ok(End::Turn);
                    }
                }
                () = tokio::time::sleep(timing.caught_up), if !caught_up => {
                    self.resumed().await?;
                    self.caught_up().await?;
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

    /// The run is over: what stands behind its last line feed is a line too.
    async fn take_unfinished(&mut self) -> Result<(), Closed> {
        if let Some(piece) = self.unfinished.take() {
            self.take(vec![piece], false).await?;
        }
        Ok(())
    }

    /// Hands on what is new.
    async fn take(&mut self, pieces: Vec<Piece>, follow: bool) -> Result<Taken, Closed> {
        let mut items = Vec::with_capacity(pieces.len());
        let mut enough = false;
        for piece in pieces {
            if let Piece::Lines(lines) = &piece
                && let Some(failure) = not_kept(lines, &self.source)
            {
                self.gaps += 1;
                items.push(Item::Mark(Mark::Refused(failure)));
                continue;
            }
            let before = self.cursor.may_miss().then(|| self.cursor.clone());
            let mut jumps = Vec::new();
            let (gap, item) = match piece {
                Piece::Lines(lines) => {
                    let (lines, past) = self.until(lines);
                    enough |= past;
                    let news = self.cursor.read(&lines);
                    jumps = news.jumps;
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
                // A run of the container that its status has not told yet looks like a gap. The end
                // of the run before it comes first.
                if follow
                    && let Some(before) = before
                    && self.runs_anew().await
                {
                    self.cursor = before;
                    return Ok(Taken::OtherRun);
                }
                self.lost = None;
                self.gaps += 1;
                items.push(Item::Mark(Mark::Gap { from, to: Some(to) }));
            }
            match item {
                Item::Lines(lines) if lines.is_empty() => {}
                Item::Lines(lines) if follow && !jumps.is_empty() => {
                    self.mark_rotations(lines, jumps, &mut items).await;
                }
                item => items.push(item),
            }
            if enough {
                break;
            }
        }
        let taken = if enough { Taken::Enough } else { Taken::More };
        if items.is_empty() {
            return Ok(taken);
        }
        self.new_run = false;
        self.late_at = self.cursor.last().filter(|at| self.is_late(*at));
        self.resumed().await?;
        self.send(items).await?;
        Ok(taken)
    }

    /// Whether the container runs anew, or another pod has its name. A server that has ended the
    /// stream has probably seen the container end: then the status is waited for.
    async fn runs_anew(&self) -> bool {
        let Some(known) = self.known.as_ref().filter(|known| !known.id.is_empty()) else {
            return false;
        };
        let lag = if self.ended_by_server {
            STATUS_LAG
        } else {
            Duration::ZERO
        };
        let until = Instant::now() + lag;
        loop {
            if let Ok(status) = status(&self.session, &self.source).await
                && (status.pod != known.pod || !status.id.is_empty() && status.id != known.id)
            {
                return true;
            }
            if Instant::now() >= until {
                return false;
            }
            tokio::time::sleep(self.session.timing().restart_look).await;
        }
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
    async fn behind(&mut self) -> Result<bool, Closed> {
        let Some(last) = self.cursor.last() else {
            return Ok(false);
        };
        match self.look("&tailLines=1").await {
            Look::Line(at) => return Ok(at > last),
            // The file was rotated after the last line was read, and before that was told late:
            // it need not have been the last one.
            Look::Empty if self.late_at == Some(last) => {
                self.late_at = None;
                self.gaps += 1;
                let gap = Mark::Gap {
                    from: last,
                    to: None,
                };
                self.mark(gap).await?;
            }
            Look::Empty | Look::Unknown => {}
        }
        Ok(false)
    }

    /// Looks at one line of the log: its first one that the server still has, or its last.
    async fn look(&self, which: &str) -> Look {
        let path = format!(
            "{}/log?container={}&timestamps=true&limitBytes=64{which}",
            pod_path(&self.source),
            escape(&self.source.container)
        );
        let call = Call {
            accept: "*/*",
            ..Call::get(path)
        };
        // A server that does not answer shows it by other signs.
        match self.session.bytes(&call).await {
            Ok(bytes) if bytes.is_empty() => Look::Empty,
            Ok(bytes) => match Stamps::default().split(&bytes).0 {
                Some(at) => Look::Line(at),
                None => Look::Unknown,
            },
            Err(_) => Look::Unknown,
        }
    }

    /// A kubelet that tells a log late goes from the file that it reads to the newest one, past
    /// those between them. That leaves a jump in time, with the beginning of a file behind it.
    async fn mark_rotations(&mut self, mut lines: Bytes, jumps: Vec<Jump>, items: &mut Vec<Item>) {
        let mut handed_on = 0;
        for Jump { at, from, to } in jumps {
            if !self.is_late(from) || self.in_one_file(from).await {
                continue;
            }
            self.gaps += 1;
            let before = lines.split_to(at - handed_on);
            handed_on = at;
            if !before.is_empty() {
                items.push(Item::Lines(before));
            }
            items.push(Item::Mark(Mark::Gap { from, to: Some(to) }));
        }
        items.push(Item::Lines(lines));
    }

    /// Whether a line of this moment is told so late that the log may have been rotated twice since.
    fn is_late(&self, at: Nanos) -> bool {
        let now = Millis(now().0 - self.skew.0);
        now.0 - at.timestamp().0 > LATE.0
    }

    /// Whether the file that is read now began before this moment.
    async fn in_one_file(&mut self, at: Nanos) -> bool {
        let fresh = |looked: Instant| looked.elapsed() < ROTATION;
        if self
            .file
            .is_some_and(|(first, looked)| first <= at && fresh(looked))
        {
            return true;
        }
        match self.look("").await {
            Look::Line(first) => {
                self.file = Some((first, Instant::now()));
                first <= at
            }
            Look::Empty => false,
            Look::Unknown => true,
        }
    }

    /// The stream came to its end while it was followed. Whether there will be another one.
    async fn ended(&mut self) -> Result<bool, Closed> {
        let session = self.session.clone();
        let mut looks = 0;
        loop {
            let status = match status(&session, &self.source).await {
                Ok(status) => status,
                Err(fault) if fault.code() == 404 => return self.gone().await,
                Err(fault) => {
                    self.lost.get_or_insert_with(Instant::now);
                    self.tell(SourceState::Lost(Text::new(&fault.to_string())))
                        .await?;
                    self.rest().await;
                    continue;
                }
            };
            let known = self.known.clone().unwrap_or_default();
            if !known.pod.is_empty() && status.pod != known.pod {
                return self.gone().await;
            }
            if known.id.is_empty() {
                // The status was behind the container when it was asked first.
                self.known = Some(status.clone());
            } else if status.id != known.id && !status.id.is_empty() {
                self.take_unfinished().await?;
                // The end of the known run is read; a run in between nobody has seen.
                let runs = status.restarts.saturating_sub(known.restarts);
                if runs > 1 {
                    self.new_run = runs == 2;
                    self.run_between(runs > 2).await?;
                    looks = 0;
                }
                if looks == 0 {
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
            if looks == 0 {
                self.take_unfinished().await?;
                self.tell_end(&status).await?;
            }
            looks += 1;
            if status.over {
                return Ok(false);
            }
            self.await_next_run(&status, looks).await?;
        }
    }

    /// The container does not run: a while passes before it is looked at again.
    async fn await_next_run(&mut self, status: &Status, looks: u32) -> Result<(), Closed> {
        let look = self.session.timing().restart_look;
        let (state, wait) = if status.done {
            (SourceState::Ended, DONE_LOOK)
        } else {
            let wait = if looks > PATIENT { look * 2 } else { look };
            (SourceState::Waiting("not running".into()), wait)
        };
        self.tell(state).await?;
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// The pod is gone; another one of its name is another one's to read.
    async fn gone(&mut self) -> Result<bool, Closed> {
        self.take_unfinished().await?;
        self.mark(Mark::Deleted).await?;
        Ok(false)
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

    /// Reads what is kept of the run before the present one, from the last known line on. Where
    /// still more runs were `missed`, lines are missing even when that one has none.
    async fn run_between(&mut self, missed: bool) -> Result<(), Closed> {
        let stretch = Stretch {
            previous: true,
            follow: false,
        };
        let from = self.cursor.last().unwrap_or_default();
        let gaps = self.gaps;
        let lost = match self.stream(stretch).await {
            End::Closed => return Err(Closed),
            // Nobody can say what it held.
            End::Failed(_) => true,
            _ => missed && self.gaps == gaps,
        };
        if lost {
            self.gaps += 1;
            self.mark(Mark::Gap { from, to: None }).await?;
        }
        Ok(())
    }

    /// After a broken stream: the container may have been restarted before it is opened again.
    /// Then what the old run wrote after the break comes first, as far as it is kept. False when
    /// the pod is gone.
    async fn look_for_restart(&mut self) -> Result<bool, Closed> {
        let Some(known) = self.known.clone().filter(|known| !known.id.is_empty()) else {
            return Ok(true);
        };
        let Ok(status) = status(&self.session, &self.source).await else {
            return Ok(true);
        };
        if status.pod != known.pod {
            return self.gone().await;
        }
        if status.id == known.id || status.id.is_empty() {
            return Ok(true);
        }
        let runs = status.restarts.saturating_sub(known.restarts);
        if self.cursor.last().is_some() {
            self.run_between(runs > 1).await?;
        }
        self.tell_end(&status).await?;
        self.begin_run(&known, status).await?;
        Ok(true)
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
            404 if self.known.is_some() && stretch.follow => return self.gone().await,
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

/// How far our clock is before that of the server that answered so.
fn skew(headers: &http::HeaderMap) -> Millis {
    let date = headers.get(http::header::DATE);
    let date = date.and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    let server = date.map(|date| date.timestamp().as_millisecond());
    Millis(server.map_or(0, |server| now().0 - server))
}

/// What a kubelet says in place of a log whose file it has removed: with 200, as if it were a line,
/// but without a stamp.
const NOT_KEPT: &[u8] = b"unable to retrieve container logs for ";

/// Why there is no log, where a kubelet says so.
fn not_kept(lines: &[u8], source: &Source) -> Option<Failure> {
    lines.starts_with(NOT_KEPT).then(|| Failure {
        what: Text::new(&format!("read the log of {source}")),
        why: Text::new(String::from_utf8_lossy(lines).trim_end()),
        remedy: "the node has removed it; what collects the logs of the cluster may have it".into(),
        sort: FailureSort::NotFound,
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kubelet_says_in_place_of_a_log_is_no_line_of_it() {
        let source = Source::default();
        let said = b"unable to retrieve container logs for containerd://1a";
        let failure = not_kept(said, &source);
        assert_eq!(failure.map(|it| it.sort), Some(FailureSort::NotFound));
        let line = b"2026-11-23T10:04:11.2Z unable to retrieve container logs for x\n";
        assert_eq!(not_kept(line, &source), None);
    }
}
