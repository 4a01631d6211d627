//! How many log streams are opened at once, and how many stay open.
//!
//! Every stream is a connection of its own. Opening hundreds at a stroke would be refused by
//! servers and proxies; keeping them is mostly fine. A server that accepts fewer than we want shows
//! it by not answering: then streams take turns, so that none waits for ever.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit, watch};

/// Streams that are being opened at once.
const OPENING: usize = 20;

/// Streams that may be open at once. A node's proxies and file descriptors bear this.
const OPEN: usize = 500;

/// A stream keeps its place for so long while others wait.
pub(super) const TURN: Duration = Duration::from_millis(1500);

/// The gate of a session.
#[derive(Debug)]
pub(in crate::cluster) struct Gate {
    opening: Semaphore,
    open: Semaphore,
    places: AtomicUsize,
    /// How many wait for a place.
    waiting: watch::Sender<usize>,
    held: AtomicUsize,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            opening: Semaphore::new(OPENING),
            open: Semaphore::new(OPEN),
            places: AtomicUsize::new(OPEN),
            waiting: watch::Sender::new(0),
            held: AtomicUsize::new(0),
        }
    }
}

/// A place among the open streams.
#[derive(Debug)]
pub(super) struct Place<'a> {
    gate: &'a Gate,
    _permit: SemaphorePermit<'a>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.gate.held.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts a stream as waiting while it lives.
struct Waiting<'a>(&'a watch::Sender<usize>);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}

impl Gate {
    /// A place, at once or when one becomes free; first come, first served.
    pub(super) async fn place(&self) -> Place<'_> {
        self.waiting.send_modify(|waiting| *waiting += 1);
        let _waiting = Waiting(&self.waiting);
        // The gate lives as long as the session: its semaphores are never closed.
        let permit = loop {
            if let Ok(permit) = self.open.acquire().await {
                break permit;
            }
        };
        self.held.fetch_add(1, Ordering::Relaxed);
        Place {
            gate: self,
            _permit: permit,
        }
    }

    /// Whether a place is free now.
    pub(super) fn is_free(&self) -> bool {
        self.open.available_permits() > 0
    }

    /// A turn at opening.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.opening.acquire().await.ok()
    }

    /// How many wait for a place, and every change of it.
    pub(super) fn waiting(&self) -> watch::Receiver<usize> {
        self.waiting.subscribe()
    }

    /// Whether somebody waits for a place.
    pub(super) fn is_crowded(&self) -> bool {
        *self.waiting.borrow() > 0
    }

    /// Ends when somebody waits for a place.
    pub(super) async fn crowd(&self, waiting: &mut watch::Receiver<usize>) {
        // The gate outlives its streams: its end is never seen here.
        let _ = waiting.wait_for(|waiting| *waiting > 0).await;
    }

    /// A stream was not answered while others are open: the server bears fewer than we hold.
    pub(super) fn too_many(&self) {
        let held = self.held.load(Ordering::Relaxed);
        let places = self.places.load(Ordering::Relaxed);
        let bears = held.saturating_sub(1).max(1);
        if bears < places
            && self
                .places
                .compare_exchange(places, bears, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            // Those that are held go as they are given back: forgetting needs free ones.
            let gone = self.open.forget_permits(places - bears);
            self.places
                .fetch_add(places - bears - gone, Ordering::Relaxed);
        }
    }
}
