//! How many log streams are opened at once, and how many stay open.
//!
//! Every stream is a connection of its own. Opening hundreds at a stroke would be refused by
//! servers and proxies; keeping them is mostly fine. A server that accepts fewer than we want shows
//! it by not answering: then streams take turns, so that none waits for ever.

use std::sync::{Mutex, MutexGuard, PoisonError};
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
    /// How many wait for a place.
    waiting: watch::Sender<usize>,
    count: Mutex<Count>,
}

/// What the gate knows of its places.
#[derive(Debug)]
struct Count {
    /// Places that there are.
    places: usize,
    /// Places that are held and go when they are given back.
    surplus: usize,
    /// Streams that the server has answered.
    streaming: usize,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            opening: Semaphore::new(OPENING),
            open: Semaphore::new(OPEN),
            waiting: watch::Sender::new(0),
            count: Mutex::new(Count {
                places: OPEN,
                surplus: 0,
                streaming: 0,
            }),
        }
    }
}

/// A place among the open streams.
#[derive(Debug)]
pub(super) struct Place<'a> {
    gate: &'a Gate,
    permit: Option<SemaphorePermit<'a>>,
    streaming: bool,
}

impl Place<'_> {
    /// The server has answered.
    pub(super) fn streams(&mut self) {
        self.streaming = true;
        self.gate.count().streaming += 1;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut count = self.gate.count();
        count.streaming -= usize::from(self.streaming);
        if count.surplus > 0
            && let Some(permit) = self.permit.take()
        {
            count.surplus -= 1;
            permit.forget();
        }
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
    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A turn at opening, at once or when one becomes free; first come, first served.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.opening.acquire().await.ok()
    }

    /// A place, at once or when one becomes free.
    pub(super) async fn place(&self) -> Place<'_> {
        self.waiting.send_modify(|waiting| *waiting += 1);
        let _waiting = Waiting(&self.waiting);
        // The gate lives as long as the session: its semaphores are never closed.
        let permit = loop {
            if let Ok(permit) = self.open.acquire().await {
                break permit;
            }
        };
        Place {
            gate: self,
            permit: Some(permit),
            streaming: false,
        }
    }

    /// Whether a stream can be opened now.
    pub(super) fn is_free(&self) -> bool {
        self.opening.available_permits() > 0 && self.open.available_permits() > 0
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

    /// Whether the server has answered other streams: then one that it does not answer may be one
    /// too many.
    pub(super) fn is_streaming(&self) -> bool {
        self.count().streaming > 0
    }

    /// A stream was not answered while others are open: the server bears no more than those.
    pub(super) fn too_many(&self) {
        let mut count = self.count();
        let bears = count.streaming.max(1);
        if bears < count.places {
            let less = count.places - bears;
            count.places = bears;
            // Those that are held go as they are given back: forgetting needs free ones.
            count.surplus += less - self.open.forget_permits(less);
        }
    }

    /// It was not the number of streams after all.
    pub(super) fn as_many_as_before(&self) {
        let mut count = self.count();
        let more = OPEN - count.places;
        count.places = OPEN;
        let kept = more.min(count.surplus);
        count.surplus -= kept;
        self.open.add_permits(more - kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_bears_few_streams_is_asked_for_no_more() {
        let gate = Gate::default();
        let mut held = Vec::new();
        for n in 0..40 {
            let mut place = gate.place().await;
            if n < 20 {
                place.streams();
            }
            held.push(place);
        }
        gate.too_many();
        gate.too_many();
        assert_eq!(gate.open.available_permits(), 0);
        // Those that were not answered give their places back, and these are gone.
        held.truncate(20);
        assert_eq!(gate.open.available_permits(), 0);
        held.pop();
        assert_eq!(gate.open.available_permits(), 1);
        gate.as_many_as_before();
        assert_eq!(gate.open.available_permits(), OPEN - 19);
        drop(held);
        assert_eq!(gate.open.available_permits(), OPEN);
    }
}
