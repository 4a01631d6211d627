//! The Kubernetes edge: the only room that names kube.
//!
//! [`Session`] is the way in: made from a kubeconfig by [`Session::connect`], it brings rows by
//! [`Session::watch`], and answers questions about single objects. Everything it hands out is a
//! value of [`crate::domain`]; rows and states of feeds come through one bounded channel of
//! [`Event`]s, and a receiver that does not keep up slows the server instead of filling memory.
//!
//! The room never draws, never writes the kubeconfig, and never puts into a message or a log what
//! may be secret: tokens, what a credential plugin prints, bodies of objects.

mod access;
mod batch;
mod body;
mod call;
mod clock;
mod connect;
mod describe;
mod discovery;
mod error;
mod exec;
mod exec_plugin;
mod feed;
mod kubeconfig;
mod list;
mod logs;
mod object;
mod pulse;
mod retry;
mod rows;
mod scan;
mod table;
mod timing;
mod transport;
mod watch;
mod wire;

pub use clock::{now, stand_still, stands_still};
pub use connect::{ConnectOptions, ReadOnly, Session};
pub use exec::{ExecHandle, ExecInput, ExecWriter, InputEnded};
pub use kubeconfig::{Environment, IN_CLUSTER, Loaded, load};
pub use object::{Deletion, Propagation};
pub use timing::Timing;

use crate::domain::feed::{Batch, FeedState, Scope, TableChange};
use crate::domain::logs::Chunk;
use crate::domain::rows::Kind;
use crate::domain::text::Text;
use tokio::task::JoinHandle;

/// A good capacity for the channel of [`Event`]s: a batch holds up to some hundred rows, so that a
/// few of them bridge a frame and more would only be memory.
pub const CHANNEL: usize = 16;

/// Something that a feed brought.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Rows changed.
    Batch(Batch),
    /// A feed changed its state. Sent on changes only: a feed that is `Live` stays so, and how
    /// long it has been silent is told when it becomes `Stale`.
    Feed {
        /// Its kind.
        kind: Kind,
        /// Its scope.
        scope: Scope,
        /// The state it is in now.
        state: FeedState,
    },
    /// An object was too large to be read.
    Skipped {
        /// Its kind.
        kind: Kind,
        /// The feed's scope.
        scope: Scope,
        /// Its name, empty when it was not found.
        name: Text,
        /// Its size.
        bytes: usize,
    },
    /// Rows of a server-side table changed.
    Table {
        /// The id it was opened with.
        id: u64,
        /// What happened.
        changes: Vec<TableChange>,
    },
    /// A table's feed changed its state.
    TableFeed {
        /// The id it was opened with.
        id: u64,
        /// The state it is in now.
        state: FeedState,
    },
    /// Lines of a container, or something that happened to their stream.
    Log {
        /// The log they were asked for.
        log: u64,
        /// What came.
        chunk: Chunk,
    },
}

/// A running feed; dropping it ends the feed.
#[derive(Debug)]
pub struct FeedHandle(JoinHandle<()>);

impl FeedHandle {
    fn of(task: JoinHandle<()>) -> Self {
        Self(task)
    }
}

impl Drop for FeedHandle {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What a session remembers of the server's answers.
#[derive(Debug, Default)]
pub(crate) struct Caches {
    answers: access::Answers,
    kinds: discovery::Known,
    logs: logs::Gate,
}

impl Session {
    /// Tries every waiting feed now. Feeds that the server has asked for patience, or forbidden,
    /// keep waiting.
    pub fn retry_now(&self) {
        self.pulse().wake_all();
    }
}
