//! Reads a log out to a client, and goes on with it for as long as the run lasts.

use std::time::Duration;

use hyper::body::Frame;
use serde_json::Value;
use tokio::{sync::watch, time::Instant};

use super::run;
use super::run::Run;
use super::script::Script;
use super::stamp::{SECOND, Stamper, nanos};
use super::voice::Speaker;
use super::wanted::Wanted;
use crate::demo::{
    body::{Body, Piece, stream},
    control::json::{int, time},
    kinds::PODS,
    object::Object,
    watch::Context,
};

/// Bytes that are collected before they are handed to the connection.
const BATCH: usize = 64 * 1024;

/// A pod is looked at again so long after a look at the earliest, however much changes elsewhere.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// One client's way through a log.
pub struct Reader {
    context: Context,
    /// Wakes after any change to a pod.
    changed: watch::Receiver<u64>,
    look_after: Instant,
    namespace: Box<str>,
    name: Box<str>,
    uid: Box<str>,
    /// The version of the pod that was looked at last.
    version: u64,
    run: Run,
    script: Script,
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
        context: Context,
        changed: watch::Receiver<u64>,
        object: &Object,
        pod: &Value,
        run: Run,
        wanted: Wanted,
    ) -> Self {
        let mut script = script_of(pod, &run);
        let now = nanos(context.store.clock().now());
        let until = script.end().unwrap_or(now + 1);
        let mut next = wanted.from(now).max(script.kept_from(now));
        if let Some(count) = wanted.tail {
            next = next.max(script.tail(count, next, until));
        }
        Self {
            context,
            changed,
            look_after: Instant::now(),
            namespace: object.namespace.clone(),
            name: object.name.clone(),
            uid: object.uid.clone(),
            version: object.resource_version,
            run,
            script,
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
        while !self.over {
            let out = self.read();
            if !out.is_empty() {
                return Some(Ok(Frame::data(out.into())));
            }
            if !self.over {
                self.idle().await;
            }
        }
        None
    }

    /// What there is to send now.
    fn read(&mut self) -> Vec<u8> {
        let now = nanos(self.context.store.clock().now());
        let end = self.script.end().or(self.gone);
        let until = end.unwrap_or(now + 1);
        let stamps = self.wanted.timestamps.then_some(&mut self.stamper);
        let mut out = Vec::new();
        self.next = self.script.write(self.next, until, BATCH, stamps, &mut out);
        if let Some(room) = &mut self.room {
            out.truncate(usize::try_from(*room).unwrap_or(usize::MAX));
            *room -= out.len() as u64;
            self.over = *room == 0;
        }
        let all = self.next >= until;
        self.over |= all && (end.is_some() || !self.wanted.follow);
        out
    }

    /// Waits until there may be something to send.
    async fn idle(&mut self) {
        let due = self.script.due(self.next).map(|due| {
            let now = nanos(self.context.store.clock().now());
            Instant::now() + Duration::from_nanos(u64::try_from(due - now).unwrap_or(0))
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
            () = self.context.end.cancelled() => self.over = true,
        }
    }

    /// Takes in what has become of the pod.
    fn look(&mut self) {
        let found = self
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
                self.script = script_of(&pod, &run);
                self.run = run;
                return;
            }
        }
        // The kubelet closes the stream with what it has.
        self.gone = Some(nanos(self.context.store.clock().now()) + 1);
    }
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
