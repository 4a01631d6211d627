//! What all log streams share: the measuring mode, rotations that were asked for, and how many
//! streams are open.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::source::Source;
use super::stamp::nanos;
use crate::demo::{faults::Act, watch::Context};

/// The shared state of all log streams.
#[derive(Debug)]
pub struct Logs {
    pub(super) context: Context,
    /// Lines of each container in measuring mode.
    flood: Option<u64>,
    since: Timestamp,
    open: watch::Sender<usize>,
    rotations: Mutex<Vec<Rotation>>,
}

/// A rotation that was asked for.
#[derive(Debug)]
struct Rotation {
    path: String,
    at: i64,
    keep: u64,
}

/// The right to stream one log; it ends with its holder.
#[derive(Debug)]
pub struct Seat(Arc<Logs>);

impl Seat {
    /// What it is a seat in.
    pub fn logs(&self) -> &Logs {
        &self.0
    }

    /// Ends every stream.
    pub fn end(&self) -> &CancellationToken {
        &self.0.context.end
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.open.send_modify(|open| *open -= 1);
    }
}

impl Logs {
    /// Logs of a server; with `flood`, of so many lines for each container.
    pub fn new(context: Context, flood: Option<u64>) -> Self {
        Self {
            since: context.store.clock().now(),
            context,
            flood,
            open: watch::Sender::new(0),
            rotations: Mutex::default(),
        }
    }

    /// Lines of each container, where a fault or the server's start asked for a flood.
    pub fn flood(&self, acts: &[Act]) -> Option<u64> {
        let struck = acts.iter().find_map(|act| match act {
            Act::LogFlood { lines } => Some(*lines),
            _ => None,
        });
        struck.or(self.flood)
    }

    /// From when on floods count.
    pub fn measured_since(&self) -> Timestamp {
        self.since
    }

    /// Rotates the logs below a path now: later requests find only the last `keep` lines before.
    pub fn rotate(&self, path: &str, keep: u64) {
        let rotation = Rotation {
            path: path.to_owned(),
            at: nanos(self.context.store.clock().now()),
            keep,
        };
        self.rotations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(rotation);
    }

    /// From when on there are lines to be had at `now`.
    pub fn kept(&self, path: &str, source: &mut Source, now: i64) -> i64 {
        let rotations = self
            .rotations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        rotations
            .iter()
            .filter(|rotation| path.starts_with(&rotation.path))
            .fold(source.kept_from(now), |kept, rotation| {
                kept.max(source.kept_after(rotation.at, rotation.keep))
            })
    }

    /// Waits until a fault that limits the number of streams lets one more through.
    pub async fn seat(self: &Arc<Self>, path: &str, acts: &[Act]) -> Seat {
        let mut limit = limit_of(acts);
        let mut open = self.open.subscribe();
        let mut switched = self.context.faults.subscribe();
        loop {
            let free = |open: &usize| limit.is_none_or(|limit| *open < limit);
            let taken = self.open.send_if_modified(|open| {
                let may = free(open);
                *open += usize::from(may);
                may
            });
            if taken {
                return Seat(Arc::clone(self));
            }
            // Both senders live as long as this does: neither wait can fail.
            tokio::select! {
                _ = open.changed() => {}
                _ = switched.changed() => {
                    let acts = self.context.faults.strike_where(&["log"], path, is_limit);
                    limit = limit_of(&acts);
                }
            }
        }
    }
}

fn is_limit(act: &Act) -> bool {
    matches!(act, Act::LogLimit { .. })
}

fn limit_of(acts: &[Act]) -> Option<usize> {
    acts.iter().find_map(|act| match act {
        Act::LogLimit { streams } => Some(*streams),
        _ => None,
    })
}
