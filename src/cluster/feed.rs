//! One feed: everything of one kind in one scope, kept up to date for ever.
//!
//! The life of a feed is a loop: fill (list), follow (watch), and after every failure say so, wait
//! and try again. It never ends by itself, never spins, and never takes rows away because of an
//! error: rows change only by what the server says.

use super::batch::{Batcher, Closed, Keyed};
use super::clock::now;
use super::connect::Session;
use super::error::Fault;
use super::retry::Backoff;
use super::timing::Timing;
use super::{Event, FeedHandle};
use crate::domain::feed::{FeedState, Scope};
use crate::domain::text::Text;
use crate::domain::time::{Millis, Timestamp};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::time::Instant;

/// No useful watch is shorter.
const SHORT: Duration = Duration::from_secs(1);

/// Reads what a feed brings: rows of our own kinds, or rows of a server-side table.
pub(super) trait Decoder: Send + 'static {
    /// One change.
    type Change: Keyed + Send;
    /// The fields of a list that may hold the objects.
    const ARRAYS: &'static [&'static str];
    /// The representation to ask for.
    const ACCEPT: &'static str;
    /// Whether the server may send a list as a stream.
    const STREAMS: bool;

    /// A new list: forget what belongs to the one before.
    fn restart(&mut self);
    /// A field of the list beside the objects.
    fn field(&mut self, name: &str, json: &[u8]);
    /// The mark before the first row.
    fn begin(&mut self) -> Self::Change;
    /// The mark after the last row.
    fn complete(&self) -> Self::Change;
    /// An object of a list.
    fn item(&mut self, json: &[u8]) -> Self::Change;
    /// The object of an event.
    fn event(&mut self, deleted: bool, json: &[u8]) -> Told<Self::Change>;
    /// An object that was too large: its first bytes and its size.
    fn huge(&mut self, head: &[u8], size: usize) -> (Option<Self::Change>, Text);
}

/// What the object of an event came to.
#[derive(Debug)]
pub(super) struct Told<C> {
    pub(super) changes: Vec<C>,
    /// Its resource version, empty when unknown.
    pub(super) version: String,
    /// It did not say who it is: no later event can be told to be about the same object.
    pub(super) nameless: bool,
}

/// Where a feed reads.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// `/api/v1/namespaces/shop/pods`
    pub(super) path: String,
    /// `pods`, `deployments.apps`
    pub(super) resource: Text,
    pub(super) scope: Scope,
    /// The kind can be watched; else it is read again and again.
    pub(super) watchable: bool,
}

/// How what a feed brings, its states and its losses are told.
pub(super) struct Labels<C> {
    pub(super) changes: Box<dyn Fn(Vec<C>) -> Event + Send + Sync>,
    pub(super) state: Box<dyn Fn(FeedState) -> Event + Send + Sync>,
    /// `None` where the loss shows in the row itself.
    pub(super) skipped: Option<Box<dyn Fn(Text, usize) -> Event + Send + Sync>>,
}

/// How a pass over the server ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// The list is complete.
    Filled,
    /// The server ended the watch in good order.
    Ended,
}

/// Why a pass over the server ended otherwise.
#[derive(Debug)]
pub(super) enum End {
    /// Nobody listens any more.
    Closed,
    /// Something failed.
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

pub(super) struct Feed<D: Decoder> {
    pub(super) session: Session,
    pub(super) place: Place,
    pub(super) decoder: D,
    pub(super) batch: Batcher<D::Change, Event>,
    labels: Arc<Labels<D::Change>>,
    shown: Option<FeedState>,
    /// Where to go on watching; `None` when a list is needed.
    pub(super) version: Option<String>,
    /// The server refused to let us watch.
    pub(super) denied: bool,
    /// A complete list was handed on at least once.
    pub(super) filled: bool,
    since: Timestamp,
    /// Times in a row that the server had forgotten where we were.
    gone: u32,
    /// When something last arrived on this feed.
    seen: Option<Timestamp>,
    backoff: Backoff,
}

/// Starts a feed whose decoders `decoder` makes; dropping the handle ends it.
pub(super) fn start<D: Decoder>(
    session: Session,
    place: Place,
    decoder: impl Fn() -> D + Send + 'static,
    tx: Sender<Event>,
    labels: Labels<D::Change>,
) -> FeedHandle {
    let labels = Arc::new(labels);
    let timing = session.timing().clone();
    let run = move |stumbled| {
        Feed::new(session.clone(), place.clone(), decoder(), &tx, &labels).run(stumbled)
    };
    FeedHandle::of(tokio::spawn(
        async move { keep_running(&timing, run).await },
    ))
}

/// Runs what `run` makes until it ends by itself. A panic inside costs one run: another follows,
/// which is told how long to wait first, longer each time.
async fn keep_running<F: Future<Output = ()>>(
    timing: &Timing,
    mut run: impl FnMut(Option<Duration>) -> F,
) {
    let mut backoff = Backoff::new(timing.backoff_first, timing.panic_cap);
    let mut stumbled = None;
    loop {
        let begun = Instant::now();
        // What panicked is dropped whole: nothing of it is seen again.
        if AssertUnwindSafe(run(stumbled)).catch_unwind().await.is_ok() {
            return;
        }
        if begun.elapsed() >= 2 * timing.panic_cap {
            backoff.reset();
        }
        stumbled = Some(backoff.next());
    }
}

impl<D: Decoder> Feed<D> {
    fn new(
        session: Session,
        place: Place,
        decoder: D,
        tx: &Sender<Event>,
        labels: &Arc<Labels<D::Change>>,
    ) -> Self {
        let timing = session.timing();
        let wrap = labels.clone();
        Self {
            batch: Batcher::new(tx.clone(), timing.batch_window, move |changes| {
                (wrap.changes)(changes)
            }),
            backoff: Backoff::new(timing.backoff_first, timing.backoff_cap),
            session,
            place,
            decoder,
            labels: labels.clone(),
            shown: None,
            version: None,
            denied: false,
            filled: false,
            since: now(),
            gone: 0,
            seen: None,
        }
    }

    /// Lists and watches for ever; `stumbled` is how long to wait after the run before panicked.
    async fn run(mut self, stumbled: Option<Duration>) {
        // What the run before handed on stays until a new list tells otherwise.
        self.filled = stumbled.is_some();
        let shown = match stumbled {
            None => self.show(FeedState::Loading { since: self.since }).await,
            Some(wait) => self.stumbled(wait).await,
        };
        if shown.is_err() {
            return;
        }
        loop {
            let begun = Instant::now();
            let end = self.pass().await;
            let flushed = self.batch.flush().await;
            if flushed.is_err() || self.after(end, begun).await.is_err() {
                return;
            }
        }
    }

    /// One list or one watch.
    async fn pass(&mut self) -> Result<Done, End> {
        match self.version.clone() {
            Some(version) if self.place.watchable => self.follow(&version).await,
            Some(_) => self.poll().await,
            None => self.fill().await,
        }
    }

    async fn fill(&mut self) -> Result<Done, End> {
        let streams = D::STREAMS && self.place.watchable && !self.denied;
        if streams && self.session.streams_lists() {
            self.fill_by_stream().await
        } else {
            self.fill_by_list().await
        }
    }

    /// A kind that cannot be watched is read again after a while.
    async fn poll(&mut self) -> Result<Done, End> {
        tokio::time::sleep(self.session.timing().poll).await;
        self.fill_by_list().await
    }

    /// What to do after a pass: show it, wait, go on.
    async fn after(&mut self, end: Result<Done, End>, begun: Instant) -> Result<(), Closed> {
        let healthy = begun.elapsed() >= self.session.timing().healthy_after;
        if healthy {
            self.backoff.reset();
        }
        match end {
            Err(End::Closed) => Err(Closed),
            Err(End::Failed(fault)) => self.failed(&fault).await,
            // A server that ends every watch at once must not be asked in a loop.
            Ok(Done::Ended) if begun.elapsed() < SHORT => {
                let wait = self.backoff.next();
                tokio::time::sleep(wait).await;
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }

    /// Says that a part of this program failed, and waits.
    async fn stumbled(&mut self, wait: Duration) -> Result<(), Closed> {
        let in_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        self.show(FeedState::Disconnected {
            seen: self.session.pulse().proof(),
            why: "this list failed inside quarterdeck; it starts again by itself".into(),
            retry_at: now().plus(Millis(in_ms)),
        })
        .await?;
        tokio::time::sleep(wait).await;
        Ok(())
    }

    fn shown_live(&self) -> bool {
        matches!(self.shown, Some(FeedState::Live))
    }

    async fn failed(&mut self, fault: &Fault) -> Result<(), Closed> {
        let timing = self.session.timing().clone();
        match fault.code() {
            _ if fault.gone() => {
                self.version = None;
                self.gone += 1;
                // The first new list follows at once; a server that says so again is given time.
                if self.gone > 1 {
                    let wait = self.backoff.next();
                    return self.wait(fault, wait, Duration::ZERO).await;
                }
                Ok(())
            }
            403 => {
                let verb = if self.version.is_some() {
                    "watch"
                } else {
                    "list"
                };
                self.version = None;
                let forbidden = FeedState::Forbidden {
                    verb: verb.into(),
                    resource: self.place.resource.clone(),
                    scope: self.place.scope.clone(),
                };
                self.show(forbidden).await?;
                tokio::time::sleep(timing.forbidden_retry).await;
                Ok(())
            }
            404 => {
                self.version = None;
                self.show(FeedState::Absent).await?;
                tokio::time::sleep(timing.absent_retry).await;
                Ok(())
            }
            _ => {
                let least = fault.retry_after().unwrap_or_default();
                let wait = self.backoff.next().max(least);
                self.wait(fault, wait, least.max(timing.backoff_first / 2))
                    .await
            }
        }
    }

    /// Shows why nothing comes, and waits: `wait` as a rule, not less than `least` when woken.
    async fn wait(&mut self, fault: &Fault, wait: Duration, least: Duration) -> Result<(), Closed> {
        let pulse = self.session.pulse();
        let start = Instant::now();
        let at = pulse.slot(start + wait);
        let earliest = if fault.busy() { at } else { start + least };
        let in_ms = i64::try_from((at - start).as_millis()).unwrap_or(i64::MAX);
        let state = FeedState::Disconnected {
            seen: self.last_proof(),
            why: Text::new(&fault.to_string()),
            retry_at: now().plus(Millis(in_ms)),
        };
        self.show(state).await?;
        self.session.pulse().rest(earliest, at).await;
        Ok(())
    }

    fn last_proof(&self) -> Option<Timestamp> {
        self.seen
            .max(self.session.pulse().proof().filter(|_| self.seen.is_some()))
    }

    /// Something arrived.
    pub(super) fn heard(&mut self) {
        self.seen = Some(now());
        self.session.pulse().heard();
    }

    /// The feed is complete and open.
    pub(super) async fn live(&mut self) -> Result<(), Closed> {
        self.gone = 0;
        if self.shown_live() {
            return Ok(());
        }
        self.show(FeedState::Live).await
    }

    /// A first list that comes after a failure is loading again.
    pub(super) async fn loading(&mut self) -> Result<(), Closed> {
        if self.filled {
            return Ok(());
        }
        let since = self.since;
        self.show(FeedState::Loading { since }).await
    }

    /// The feed is open, but the server does not answer.
    pub(super) async fn stale(&mut self) -> Result<(), Closed> {
        let seen = self.last_proof().unwrap_or(self.since);
        self.show(FeedState::Stale { seen }).await
    }

    /// An attempt hangs: shown as a lost connection while it is still tried.
    pub(super) async fn hanging(&mut self) -> Result<(), Closed> {
        let state = FeedState::Disconnected {
            seen: self.last_proof(),
            why: "the server does not answer; still trying".into(),
            retry_at: now(),
        };
        self.show(state).await
    }

    /// Tells the state, once, after everything that came before it.
    async fn show(&mut self, state: FeedState) -> Result<(), Closed> {
        if self.shown.as_ref() == Some(&state) {
            return Ok(());
        }
        self.shown = Some(state.clone());
        self.batch.send((self.labels.state)(state)).await
    }

    /// Counts an object that was too large to read.
    pub(super) async fn skipped(&mut self, name: Text, size: usize) -> Result<(), Closed> {
        match &self.labels.skipped {
            Some(event) => self.batch.send(event(name, size)).await,
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test(start_paused = true)]
    async fn what_panics_runs_again_after_longer_and_longer_waits_up_to_a_cap() {
        let timing = Timing::default();
        let runs = AtomicUsize::new(0);
        let mut waits = Vec::new();
        keep_running(&timing, |stumbled| {
            waits.push(stumbled);
            let run = runs.fetch_add(1, Ordering::Relaxed);
            async move {
                tokio::time::sleep(stumbled.unwrap_or_default()).await;
                assert_eq!(run, 12, "the panic of run {run}");
            }
        })
        .await;
        assert_eq!((waits[0], waits.len()), (None, 13));
        let waits: Vec<Duration> = waits.into_iter().flatten().collect();
        assert!(waits[0] <= timing.backoff_first, "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= timing.panic_cap));
        assert!(waits[11] >= timing.panic_cap * 3 / 4, "{waits:?}");
    }
}
