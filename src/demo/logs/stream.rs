//! Reads a log out to a client, and goes on with it for as long as the run lasts.

use std::{io, time::Duration};

use hyper::body::Frame;
use serde_json::Value;
use tokio::{sync::watch, time::Instant};

use super::disorder::{Disorder, End, Fate};
use super::flood::Flood;
use super::run::{self, Run};
use super::script::{START_UP, Script};
use super::source::Source;
use super::stamp::{SECOND, Stamper, nanos};
use super::state::Seat;
use super::voice::Speaker;
use super::wanted::{Since, Wanted};
use crate::demo::{
    body::{Body, Piece, stream},
    control::json::{int, text, time},
    faults::{Act, Severance},
    kinds::PODS,
    object::Object,
    socket::Resetter,
};

/// Bytes that are collected before they are handed to the connection.
const BATCH: usize = 64 * 1024;

/// A pod is looked at again so long after a look at the earliest, however much changes elsewhere.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What a request brings along besides its options.
pub struct Asked {
    /// The path, by which faults find it.
    pub path: String,
    /// The faults that struck it.
    pub acts: Vec<Act>,
    /// Resets the connection below.
    pub resetter: Option<Resetter>,
}

/// One client's way through a log.
pub struct Reader {
    seat: Seat,
    asked: Asked,
    disorder: Disorder,
    /// What a stall holds back.
    held: Vec<u8>,
    stalled: bool,
    /// The stream is cut after what has been sent.
    severed: Option<Severance>,
    /// The first second comes again: from here, once this moment is reached.
    repeat: Option<(i64, i64)>,
    /// Wakes after any change to a pod.
    changed: watch::Receiver<u64>,
    /// Wakes when faults are switched.
    faults_changed: watch::Receiver<u64>,
    look_after: Instant,
    namespace: Box<str>,
    name: Box<str>,
    uid: Box<str>,
    /// The version of the pod that was looked at last.
    version: u64,
    run: Run,
    source: Source,
    wanted: Wanted,
    stamper: Stamper,
    /// The moment from which lines are still to be sent.
    next: i64,
    /// Bytes that may still be sent.
    room: Option<u64>,
    /// The pod or the run is gone; what was written until then is still sent.
    gone: Option<i64>,
    over: bool,
}

impl Reader {
    /// A reader of a run of one of the pod's containers.
    pub fn new(
        seat: Seat,
        asked: Asked,
        changed: watch::Receiver<u64>,
        object: &Object,
        run: Run,
        wanted: Wanted,
    ) -> Self {
        let logs = seat.logs();
        let pod = object.value();
        let mut source = source(&pod, &run, logs.flood(&asked.acts), logs.measured_since());
        let now = nanos(logs.context.store.clock().now());
        let until = source.until(now);
        let kept = logs.kept(&asked.path, &mut source, now);
        let mut next = wanted.from(now).max(kept);
        if let Some(count) = wanted.tail {
            next = next.max(source.tail(count, next, until));
        }
        let disorder = Disorder::of(&asked.acts);
        let again = disorder.repeat && matches!(wanted.since, Some(Since::Moment(_)));
        Self {
            faults_changed: logs.context.faults.subscribe(),
            look_after: Instant::now(),
            namespace: object.namespace.clone(),
            name: object.name.clone(),
            uid: object.uid.clone(),
            version: object.resource_version,
            repeat: again.then(|| (next, until.min(next.saturating_add(SECOND)))),
            disorder,
            held: Vec::new(),
            stalled: false,
            severed: None,
            seat,
            asked,
            changed,
            run,
            source,
            room: wanted.limit,
            wanted,
            stamper: Stamper::default(),
            next,
            gone: None,
            over: false,
        }
    }

    /// The log as a body.
    pub fn body(self) -> Body {
        stream(futures::stream::unfold(self, |mut reader| async move {
            reader.piece().await.map(|piece| (piece, reader))
        }))
    }

    async fn piece(&mut self) -> Option<Piece> {
        loop {
            if let Some(how) = self.severed.filter(|_| self.over) {
                self.severed = None;
                if let (Severance::Rst, Some(resetter)) = (how, &self.asked.resetter) {
                    resetter.reset();
                }
                return Some(Err(io::Error::from(io::ErrorKind::ConnectionReset)));
            }
            if self.over {
                return None;
            }
            let mut out = self.read();
            self.disturb(&mut out);
            if !out.is_empty() {
                return Some(Ok(Frame::data(out.into())));
            }
            if !self.over {
                self.idle().await;
            }
        }
    }

    /// What there is to send now.
    fn read(&mut self) -> Vec<u8> {
        if !self.held.is_empty() || self.stalled {
            return std::mem::take(&mut self.held);
        }
        let now = self.now();
        let end = match (&self.source, self.gone) {
            (Source::Flood(_), Some(_)) => Some(self.next),
            (source, gone) => source.is_over().then(|| source.until(now)).or(gone),
        };
        let all = end.unwrap_or_else(|| self.source.until(now));
        let until = self.repeat.map_or(all, |(_, until)| until.min(all));
        let stamps = self.wanted.timestamps.then_some(&mut self.stamper);
        let mut out = Vec::new();
        self.next = self.source.write(self.next, until, BATCH, stamps, &mut out);
        let mut through = self.next >= all;
        if let Some((from, _)) = self.repeat.filter(|_| self.next >= until) {
            self.repeat = None;
            self.next = from;
            through = false;
        }
        if let Some(room) = &mut self.room {
            out.truncate(usize::try_from(*room).unwrap_or(usize::MAX));
            *room -= out.len() as u64;
            through |= *room == 0;
        }
        let last = end.is_some() || !self.wanted.follow || self.room == Some(0);
        self.over = through && last;
        out
    }

    /// Does to `out` what the faults ask for.
    fn disturb(&mut self, out: &mut Vec<u8>) {
        let (fate, held) = self.disorder.pass(out);
        match fate {
            Fate::On => {}
            Fate::Stalled => {
                self.stalled = true;
                self.held = held;
                self.over = false;
            }
            Fate::Cut(end) => {
                self.over = true;
                if let End::Severed(how) = end {
                    self.severed = Some(how);
                }
            }
        }
    }

    fn now(&self) -> i64 {
        nanos(self.seat.logs().context.store.clock().now())
    }

    /// Waits until there may be something to send.
    async fn idle(&mut self) {
        let due = if self.stalled {
            None
        } else {
            self.source.due(self.next)
        };
        let due = due.map(|due| {
            let left = u64::try_from(due - self.now()).unwrap_or(0);
            Instant::now() + Duration::from_nanos(left)
        });
        let line = async {
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        let change = async {
            tokio::time::sleep_until(self.look_after).await;
            self.changed.changed().await.is_ok()
        };
        tokio::select! {
            () = line => {}
            lives = change => {
                self.over = !lives;
                self.look_after = Instant::now() + LOOK_EVERY;
                self.look();
            }
            _ = self.faults_changed.changed() => self.be_struck(),
            () = self.seat.end().cancelled() => self.over = true,
        }
    }

    /// Takes in what has become of the pod.
    fn look(&mut self) {
        let logs = self.seat.logs();
        let found = logs
            .context
            .store
            .get(&PODS, &self.namespace, &self.name)
            .filter(|object| object.uid == self.uid);
        if let Some(object) = &found {
            if object.resource_version == self.version {
                return;
            }
            self.version = object.resource_version;
            let pod = object.value();
            if let Some(run) = self.run.again(&pod) {
                let flood = logs.flood(&self.asked.acts);
                self.source = source(&pod, &run, flood, logs.measured_since());
                self.run = run;
                return;
            }
        }
        // The kubelet closes the stream with what it has.
        self.gone = Some(self.now() + 1);
    }

    /// Faults that were switched while the stream was open.
    fn be_struck(&mut self) {
        let faults = &self.seat.logs().context.faults;
        let acts = faults.strike_where(&["log"], &self.asked.path, Disorder::concerns);
        self.disorder = Disorder::of(&acts);
        self.stalled = false;
    }
}

/// The lines of a run of one of the pod's containers.
fn source(pod: &Value, run: &Run, flood: Option<u64>, measured_since: jiff::Timestamp) -> Source {
    let Some(lines) = flood else {
        return Source::Script(Box::new(script_of(pod, run)));
    };
    let ended = run.end.as_ref().map(|end| end.at + SECOND);
    let begin = Flood::begin(run.started + START_UP, ended, measured_since);
    let name = text(pod, "/metadata/name");
    Source::Flood(Flood::new(
        lines,
        begin,
        ended.is_some(),
        name,
        &run.container,
    ))
}

/// The log of a run of one of the pod's containers.
pub(super) fn script_of(pod: &Value, run: &Run) -> Script {
    let nothing = Value::Null;
    let spec = run::spec(pod, &run.container).unwrap_or(&nothing);
    let speaker = Speaker::of(pod, spec, run);
    let pace = speaker.pace(spec);
    let ended = run.end.as_ref().map(|end| end.at);
    let mut script = Script::new(speaker, run.identity, pace, run.started, ended);
    let deadline = time(pod, "/metadata/deletionTimestamp").map(nanos);
    if let (Some(deadline), None) = (deadline, ended) {
        let grace = int(pod, "/metadata/deletionGracePeriodSeconds").unwrap_or(0);
        // The next second: what was written in this one may have been read already.
        script.say_farewell(deadline - grace * SECOND + SECOND);
    }
    script
}
