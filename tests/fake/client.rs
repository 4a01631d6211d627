//! A client of the edge that keeps rows as the console does, and what it was told about the feed.
#![allow(dead_code, reason = "a harness: each user takes a part of it")]

use super::fake::Fake;
use super::held::{Held, Key};
use super::timing::quick;
use quarterdeck::cluster::{
    CHANNEL, ConnectOptions, Environment, Event, FeedHandle, Session, Timing,
};
use quarterdeck::domain::feed::{FeedState, Scope};
use quarterdeck::domain::rows::{Kind, Row};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{self, Receiver};

/// A feed of pods and what it brought.
pub struct Client {
    pub session: Session,
    rx: Receiver<Event>,
    _feed: FeedHandle,
    _dir: tempfile::TempDir,
    pub held: Held,
    pub states: Vec<(Instant, FeedState)>,
    pub skipped: usize,
    /// The rows were seen empty after they had been listed.
    pub blanked: bool,
}

pub async fn session(
    fake: &Fake,
    user: &str,
    timing: Timing,
    readonly: bool,
) -> (Session, tempfile::TempDir) {
    connect(&fake.kubeconfig(user), timing, readonly).await
}

async fn connect(kubeconfig: &str, timing: Timing, readonly: bool) -> (Session, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config");
    std::fs::write(&path, kubeconfig).unwrap();
    let options = ConnectOptions {
        kubeconfig: Some(path),
        readonly: readonly.into(),
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
        Self::of(session(fake, user, timing, false).await)
    }

    /// A client that comes to the server by another address.
    pub async fn by(fake: &Fake, addr: SocketAddr, timing: Timing) -> Self {
        let kubeconfig = fake.kubeconfig("{token: t}");
        let kubeconfig = kubeconfig.replace(&fake.addr().to_string(), &addr.to_string());
        Self::of(connect(&kubeconfig, timing, false).await)
    }

    fn of((session, dir): (Session, tempfile::TempDir)) -> Self {
        let (tx, rx) = mpsc::channel(CHANNEL);
        let feed = session.watch(Kind::Pod, &Scope::ALL, tx);
        Self {
            session,
            rx,
            _feed: feed,
            _dir: dir,
            held: Held::default(),
            states: Vec::new(),
            skipped: 0,
            blanked: false,
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Batch(batch) => batch.changes.into_iter().for_each(|c| self.held.change(c)),
            Event::Feed { state, .. } => self.states.push((Instant::now(), state)),
            Event::Skipped { .. } => self.skipped += 1,
            other => panic!("{other:?}"),
        }
        self.blanked |= self.held.lists > 0 && self.held.rows.is_empty();
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
        matches!(self.state(), Some(FeedState::Live))
    }

    pub fn disconnected(&self) -> bool {
        matches!(self.state(), Some(FeedState::Disconnected { .. }))
    }

    pub fn phases(&self) -> BTreeMap<Key, String> {
        let phase = |row: &Row| match row {
            Row::Pod(pod) => pod.phase.to_string(),
            other => panic!("not a pod: {other:?}"),
        };
        let rows = self.held.rows.iter();
        rows.map(|(key, row)| (key.clone(), phase(row))).collect()
    }
}

/// Long enough for a busy machine; what is awaited comes in a fraction of it.
pub const SOON: Duration = Duration::from_secs(20);
