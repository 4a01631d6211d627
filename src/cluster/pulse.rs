//! Whether the server is alive, and how much it can bear: shared by all streams of a session.
//!
//! A quiet watch and a dead connection look the same. While nothing arrives, a small request on
//! another connection tells them apart; it runs only while streams are open.

use super::call::Call;
use super::clock::now;
use super::connect::{Inner, Session};
use super::error::Fault;
use super::timing::Timing;
use crate::domain::time::Timestamp;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// What the probes say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Health {
    /// Probes in a row without an answer; 0 when the server is alive.
    pub(super) failures: u32,
}

/// The state shared by the streams of a session.
#[derive(Debug)]
pub(super) struct Pulse {
    health: watch::Sender<Health>,
    /// Streams that are open now.
    open: AtomicUsize,
    /// When anything last arrived from the server, by the wall clock, in milliseconds.
    proof: AtomicI64,
    /// The same by the clock that never jumps.
    heard: Mutex<Instant>,
    storm: Mutex<Storm>,
    /// Wakes everybody who waits to try again.
    wake: Notify,
    gap: Duration,
}

/// The server pushes back.
#[derive(Debug, Default)]
struct Storm {
    raging: bool,
    /// The earliest moment for the next attempt of any stream.
    next: Option<Instant>,
}

impl Pulse {
    pub(super) fn new(timing: &Timing) -> Self {
        Self {
            health: watch::Sender::new(Health::default()),
            open: AtomicUsize::new(0),
            proof: AtomicI64::new(0),
            heard: Mutex::new(Instant::now()),
            storm: Mutex::default(),
            wake: Notify::new(),
            gap: timing.storm_gap,
        }
    }

    pub(super) fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// Something arrived from the server.
    pub(super) fn heard(&self) {
        self.proof.store(now().0, Ordering::Relaxed);
        *lock(&self.heard) = Instant::now();
        if self.health.borrow().failures != 0 {
            self.health.send_replace(Health::default());
        }
    }

    /// When the server last proved to be alive; `None` when it never did.
    pub(super) fn proof(&self) -> Option<Timestamp> {
        let at = self.proof.load(Ordering::Relaxed);
        (at != 0).then_some(Timestamp(at))
    }

    /// Counts a stream as open until the guard is dropped.
    pub(super) fn opened(&self) -> OpenStream<'_> {
        self.open.fetch_add(1, Ordering::Relaxed);
        self.wake.notify_waiters();
        OpenStream(self)
    }

    /// The server answered 429 or 503: all streams together slow down.
    pub(super) fn storm(&self) {
        let mut storm = lock(&self.storm);
        storm.raging = true;
    }

    /// The server answered again.
    pub(super) fn calm(&self) {
        let mut storm = lock(&self.storm);
        if storm.raging {
            *storm = Storm::default();
            drop(storm);
            self.wake.notify_waiters();
        }
    }

    /// When an attempt that wants to start at `at` may start.
    pub(super) fn slot(&self, at: Instant) -> Instant {
        let mut storm = lock(&self.storm);
        if !storm.raging {
            return at;
        }
        let slot = storm.next.map_or(at, |next| next.max(at));
        storm.next = Some(slot + self.gap);
        slot
    }

    /// Ends the waits of all streams: somebody asks for it.
    pub(super) fn wake_all(&self) {
        self.wake.notify_waiters();
    }

    /// Waits until `until`, or until somebody wakes the waiting streams, but not less than until
    /// `least`.
    pub(super) async fn rest(&self, least: Instant, until: Instant) {
        tokio::time::sleep_until(least).await;
        tokio::select! {
            () = tokio::time::sleep_until(until) => {}
            () = self.wake.notified() => {}
        }
    }

    fn raging(&self) -> bool {
        lock(&self.storm).raging
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An open stream.
#[derive(Debug)]
pub(super) struct OpenStream<'a>(&'a Pulse);

impl Drop for OpenStream<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Session {
    /// Probes the server while streams are open and quiet, as long as the session lives.
    pub(super) fn watch_pulse(&self) {
        let inner = Arc::downgrade(self.inner());
        let every = self.timing().ping_every;
        tokio::spawn(async move { beat(inner, every).await });
    }

    /// Whether the server answers at all: any answer, even a refusal, proves that it lives.
    pub(super) async fn answers(&self) -> bool {
        let limit = self.timing().ping_deadline;
        match self.open(&Call::get("/version"), limit).await {
            Ok(_) | Err(Fault::Status { .. }) => true,
            Err(_) => false,
        }
    }
}

async fn beat(inner: Weak<Inner>, every: Duration) {
    let mut wait = every;
    loop {
        tokio::time::sleep(wait).await;
        let Some(session) = inner.upgrade().map(Session::of_inner) else {
            return;
        };
        wait = every;
        let pulse = session.pulse();
        let quiet = lock(&pulse.heard).elapsed() >= every;
        if pulse.open.load(Ordering::Relaxed) == 0 || !quiet || pulse.raging() {
            continue;
        }
        if session.answers().await {
            pulse.heard();
        } else if pulse.open.load(Ordering::Relaxed) > 0 {
            pulse.health.send_modify(|health| health.failures += 1);
            // The next probe follows at once: one lost answer is not yet a lost connection.
            wait = Duration::from_millis(100).min(every);
        }
    }
}
