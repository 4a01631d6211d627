//! Reads the logs of containers: followed through restarts, cuts and stalls, without losing or
//! repeating a line, and with a mark wherever that could not be kept.
//!
//! `lines` makes whole lines of the bytes that arrive, `cursor` knows exactly how far a log was
//! read, `status` asks how the container fared, `gate` lets only so many streams be open, and
//! `follow` is the life of one source.

mod cursor;
mod follow;
mod gate;
mod lines;
mod status;

pub(super) use gate::Gate;

use super::connect::Session;
use super::{Event, FeedHandle};
use crate::domain::logs::{Reading, Source, SourceId};
use tokio::sync::mpsc::Sender;

impl Session {
    /// Reads the log of a container. What it brings carries `log` and `id`; dropping the handle
    /// ends it. A receiver that does not keep up slows the server: nothing is dropped.
    pub fn read_log(
        &self,
        log: u64,
        id: SourceId,
        source: &Source,
        reading: &Reading,
        tx: Sender<Event>,
    ) -> FeedHandle {
        let follower = follow::Follower::new(self, (log, id), source, reading.clone(), tx);
        FeedHandle::of(tokio::spawn(follower.run()))
    }
}
