//! A client of the edge that keeps rows as the console does, and what it was told about the feed.

use super::Fake;
use super::timing::quick;
use quarterdeck::cluster::{
    CHANNEL, ConnectOptions, Environment, Event, FeedHandle, Session, Timing,
};
use quarterdeck::domain::feed::{Change, FeedState, Scope};
use quarterdeck::domain::rows::{Kind, Pod, Row};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{self, Receiver};

type Key = (String, String);

/// A feed of pods and what it brought.
pub struct Client {
    pub session: Session,
    rx: Receiver<Event>,
    _feed: FeedHandle,
    _dir: tempfile::TempDir,
    pub rows: BTreeMap<Key, Pod>,
    /// Keys of the list that is arriving.
    listing: Option<BTreeSet<Key>>,
    pub states: Vec<(Instant, FeedState)>,
    pub lists: usize,
    pub skipped: usize,
    /// The rows were seen empty after they had been filled.
    pub blanked: bool,
    filled: bool,
}

pub async fn session(
    fake: &Fake,
    user: &str,
    timing: Timing,
    readonly: bool,
) -> (Session, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config");
    std::fs::write(&path, fake.kubeconfig(user)).unwrap();
    let options = ConnectOptions {
        kubeconfig: Some(path),
        readonly,
        environment: Environment::default(),
        timing,
        ..ConnectOptions::default()
    };
    (Session::connect(options).await.unwrap(), dir)
}

impl Client {
    pub async fn start(fake: &Fake) -> Self {
        Self::with(fake, "{token: t}", quick()).await
    }

    pub async fn with(fake: &Fake, user: &str, timing: Timing) -> Self {
        let (session, dir) = session(fake, user, timing, false).await;
        let (tx, rx) = mpsc::channel(CHANNEL);
        let feed = session.watch(Kind::Pod, &Scope::ALL, tx);
        Self {
            session,
            rx,
            _feed: feed,
            _dir: dir,
            rows: BTreeMap::new(),
            listing: None,
            states: Vec::new(),
            lists: 0,
            skipped: 0,
            blanked: false,
            filled: false,
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Batch(batch) => batch.changes.into_iter().for_each(|c| self.change(c)),
            Event::Feed { state, .. } => self.states.push((Instant::now(), state)),
            Event::Skipped { .. } => self.skipped += 1,
            other => panic!("{other:?}"),
        }
        self.blanked |= self.filled && self.rows.is_empty();
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Begin => self.listing = Some(BTreeSet::new()),
            Change::Put(row) => {
                let Row::Pod(pod) = *row else {
                    panic!("not a pod");
                };
                let key = (pod.meta.namespace.to_string(), pod.meta.name.to_string());
                if let Some(listing) = &mut self.listing {
                    listing.insert(key.clone());
                }
                self.rows.insert(key, pod);
            }
            Change::Gone { namespace, name } => {
                let key = (namespace.to_string(), name.to_string());
                if let Some(listing) = &mut self.listing {
                    listing.remove(&key);
                }
                self.rows.remove(&key);
            }
            Change::Complete => {
                let listed = self.listing.take().expect("Complete without Begin");
                self.rows.retain(|key, _| listed.contains(key));
                self.lists += 1;
                self.filled = true;
            }
        }
    }

    /// Takes events until `done`, or panics after `limit`.
    pub async fn until(&mut self, what: &str, limit: Duration, done: impl Fn(&Self) -> bool) {
        let end = tokio::time::Instant::now() + limit;
        while !done(self) {
            match tokio::time::timeout_at(end, self.rx.recv()).await {
                Ok(Some(event)) => self.take(event),
                Ok(None) => panic!("the feed ended while waiting: {what}"),
                Err(late) => panic!("{late}, not within {limit:?}: {what}; {:?}", self.states),
            }
        }
    }

    /// Takes events for so long.
    pub async fn for_a_while(&mut self, time: Duration) {
        let end = tokio::time::Instant::now() + time;
        while let Ok(event) = tokio::time::timeout_at(end, self.rx.recv()).await {
            self.take(event.expect("the feed has ended"));
        }
    }

    pub async fn until_live(&mut self) {
        self.until("live", SOON, Self::live).await;
    }

    /// Waits until the rows are what the server has.
    pub async fn until_true(&mut self, fake: &Fake) {
        self.until("the rows are the server's", SOON, |client| {
            client.phases() == fake.truth()
        })
        .await;
    }

    pub fn state(&self) -> Option<&FeedState> {
        self.states.last().map(|(_, state)| state)
    }

    pub fn live(&self) -> bool {
        matches!(self.state(), Some(FeedState::Live { .. }))
    }

    pub fn disconnected(&self) -> bool {
        matches!(self.state(), Some(FeedState::Disconnected { .. }))
    }

    pub fn phases(&self) -> BTreeMap<Key, String> {
        let rows = self.rows.iter();
        rows.map(|(key, pod)| (key.clone(), pod.phase.to_string()))
            .collect()
    }
}

/// Long enough for a busy machine; what is awaited comes in a fraction of it.
pub const SOON: Duration = Duration::from_secs(20);
