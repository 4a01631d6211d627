//! Puts changes together before they are handed on: the last value of an object wins, and a flood
//! becomes a few batches instead of a thousand messages.

use crate::domain::feed::{Change, TableChange};
use crate::domain::text::Text;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::time::Instant;

/// A full batch. Small enough that a list of thousands is drawn while it arrives.
const FULL: usize = 512;

/// What a change concerns.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Concerns {
    /// The object of this namespace and name.
    Object(Text, Text),
    /// The list that begins here.
    Begin,
    /// The list that is complete here.
    Complete,
}

/// A change that can be put together with others.
pub(super) trait Keyed {
    /// What it concerns.
    fn concerns(&self) -> Concerns;
}

impl Keyed for Change {
    fn concerns(&self) -> Concerns {
        match self {
            Self::Put(row) => {
                let meta = row.meta();
                Concerns::Object(meta.namespace.clone(), meta.name.clone())
            }
            Self::Gone { namespace, name } => Concerns::Object(namespace.clone(), name.clone()),
            Self::Begin => Concerns::Begin,
            Self::Complete => Concerns::Complete,
        }
    }
}

impl Keyed for TableChange {
    fn concerns(&self) -> Concerns {
        match self {
            Self::Put(row) => Concerns::Object(row.namespace.clone(), row.name.clone()),
            Self::Gone { namespace, name } => Concerns::Object(namespace.clone(), name.clone()),
            Self::Begin(_) => Concerns::Begin,
            Self::Complete => Concerns::Complete,
        }
    }
}

/// The receiver is gone: nobody wants the changes any more.
#[derive(Debug, PartialEq)]
pub(super) struct Closed;

/// Collects changes of one feed.
pub(super) struct Batcher<C, E> {
    tx: Sender<E>,
    wrap: Box<dyn Fn(Vec<C>) -> E + Send>,
    window: Duration,
    /// Batches that are finished.
    sealed: Vec<Vec<C>>,
    changes: Vec<C>,
    places: HashMap<(Text, Text), usize>,
    flushed: Option<Instant>,
}

impl<C: Keyed, E> Batcher<C, E> {
    pub(super) fn new(
        tx: Sender<E>,
        window: Duration,
        wrap: impl Fn(Vec<C>) -> E + Send + 'static,
    ) -> Self {
        Self {
            tx,
            wrap: Box::new(wrap),
            window,
            sealed: Vec::new(),
            changes: Vec::new(),
            places: HashMap::new(),
            flushed: None,
        }
    }

    /// Adds a change. The marks around a list stand at the ends of batches, so that within one
    /// batch an object appears once and no change from outside a list takes a place inside it.
    pub(super) fn add(&mut self, change: C) {
        match change.concerns() {
            Concerns::Object(namespace, name) => {
                let key = (namespace, name);
                if let Some(&at) = self.places.get(&key) {
                    self.changes[at] = change;
                } else {
                    self.places.insert(key, self.changes.len());
                    self.changes.push(change);
                }
            }
            Concerns::Begin => {
                self.seal();
                self.changes.push(change);
            }
            Concerns::Complete => {
                self.changes.push(change);
                self.seal();
            }
        }
    }

    /// Ends the batch here; the next change starts another.
    fn seal(&mut self) {
        self.places.clear();
        if !self.changes.is_empty() {
            self.sealed.push(std::mem::take(&mut self.changes));
        }
    }

    /// Whether the batch should be sent before anything is added.
    pub(super) fn full(&self) -> bool {
        self.changes.len() >= FULL
    }

    /// When the batch is to be sent; `None` when there is nothing to send.
    pub(super) fn due(&self) -> Option<Instant> {
        if self.changes.is_empty() && self.sealed.is_empty() {
            return None;
        }
        Some(
            self.flushed
                .map_or_else(Instant::now, |at| at + self.window),
        )
    }

    /// Sends the batch when its time has come.
    pub(super) async fn flush_if_due(&mut self) -> Result<(), Closed> {
        if self.full() || self.due().is_some_and(|due| due <= Instant::now()) {
            return self.flush().await;
        }
        Ok(())
    }

    /// Sends what there is. Waits while the receiver is busy, which in the end slows the server.
    pub(super) async fn flush(&mut self) -> Result<(), Closed> {
        self.seal();
        for changes in std::mem::take(&mut self.sealed) {
            let sent = self.tx.send((self.wrap)(changes)).await;
            self.flushed = Some(Instant::now());
            sent.map_err(|_| Closed)?;
        }
        Ok(())
    }

    /// Sends what there is and then `event`.
    pub(super) async fn send(&mut self, event: E) -> Result<(), Closed> {
        self.flush().await?;
        self.tx.send(event).await.map_err(|_| Closed)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    fn gone(name: &str) -> Change {
        Change::Gone {
            namespace: "n".into(),
            name: name.into(),
        }
    }

    fn put(name: &str) -> Change {
        let mut pod = crate::domain::rows::Pod::default();
        pod.meta.namespace = "n".into();
        pod.meta.name = name.into();
        Change::Put(Box::new(crate::domain::rows::Row::Pod(pod)))
    }

    #[tokio::test]
    async fn the_last_value_wins_within_a_list_and_not_across_its_marks() {
        let (tx, mut rx) = mpsc::channel(4);
        let mut batch = Batcher::new(tx, Duration::from_millis(30), |changes| changes);
        for change in [put("a"), put("b"), gone("a")] {
            batch.add(change);
        }
        batch.add(Change::Begin);
        for change in [put("a"), put("a")] {
            batch.add(change);
        }
        batch.add(Change::Complete);
        batch.add(gone("a"));
        batch.flush().await.unwrap();
        drop(batch);
        let mut batches = Vec::new();
        while let Some(changes) = rx.recv().await {
            batches.push(changes);
        }
        let expected = [
            vec![gone("a"), put("b")],
            vec![Change::Begin, put("a"), Change::Complete],
            vec![gone("a")],
        ];
        assert_eq!(batches, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_change_goes_at_once_and_a_flood_in_windows() {
        let (tx, mut rx) = mpsc::channel(100);
        let mut batch = Batcher::new(tx, Duration::from_millis(30), |changes| changes);
        for i in 0..100 {
            batch.add(put(&format!("p{i}")));
            batch.flush_if_due().await.unwrap();
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        batch.flush().await.unwrap();
        drop(batch);
        let mut sizes = Vec::new();
        while let Some(changes) = rx.recv().await {
            sizes.push(changes.len());
        }
        assert_eq!(sizes[0], 1);
        assert!(sizes.len() <= 5, "{sizes:?}");
        assert_eq!(sizes.iter().sum::<usize>(), 100);
    }

    #[tokio::test]
    async fn a_gone_receiver_is_noticed() {
        let (tx, rx) = mpsc::channel(1);
        drop(rx);
        let mut batch = Batcher::new(tx, Duration::ZERO, |changes| changes);
        batch.add(gone("a"));
        assert_eq!(batch.flush().await, Err(Closed));
    }
}
