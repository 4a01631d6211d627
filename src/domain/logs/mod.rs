//! The log engine: what containers wrote, kept whole, in order, and searchable.
//!
//! The edge brings [`Chunk`]s of bytes as the server sent them. A [`Log`] merges them by time
//! ([`merge`]), keeps them in a ring that is bounded in bytes ([`buffer`]), and a [`shown::Shown`]
//! says which of them are seen. Lines are made harmless once, when they are kept ([`text`]); levels
//! are recognised then ([`level`]), everything else of a line's structure when somebody looks at it
//! ([`structure`]).
//!
//! Nothing is dropped in silence: what the ring gives up is counted, and what the server could not
//! give stands in its place as a [`Mark`].

pub mod buffer;
pub mod histogram;
pub mod level;
mod log;
pub mod merge;
pub mod shown;
pub mod stamp;
pub mod structure;
pub mod target;
#[cfg(test)]
mod tests;
pub mod text;

pub use buffer::{Line, Seq};
pub use level::Level;
pub use log::{Admitted, Counts, Kept, Log, SourceInfo};
pub use merge::Order;
pub use stamp::Nanos;

use super::feed::Failure;
use super::text::Text;
use super::time::{Millis, brief};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// One container of one pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// Namespace of the pod.
    pub namespace: Text,
    /// Name of the pod.
    pub pod: Text,
    /// Name of the container.
    pub container: Text,
}

impl std::fmt::Display for Source {
    /// `shop-prod/web-1/app`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.namespace, self.pod, self.container)
    }
}

/// A source within one log: its place in the list of sources.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct SourceId(pub u32);

/// Where reading begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the first line that the server keeps.
    Head,
    /// So many lines before the end.
    Tail(u32),
    /// With lines of so long ago.
    Since(Millis),
    /// With lines of this moment.
    At(Nanos),
}

/// What to read of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Where it begins.
    pub start: Start,
    /// No more than so many lines before the end.
    pub most: Option<u32>,
    /// Stay and wait for more, also through restarts of the container.
    pub follow: bool,
    /// Only what the container wrote before its last restart.
    pub previous: bool,
    /// Stop before the first line of this moment or later: what comes then is known already.
    pub until: Option<Nanos>,
    /// First what the container wrote before its last restart.
    pub before: bool,
}

impl Reading {
    /// All that the server keeps of the present run, once.
    pub fn once() -> Self {
        Self {
            start: Start::Head,
            most: None,
            follow: false,
            previous: false,
            until: None,
            before: false,
        }
    }
}

/// What a source brought, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chunk {
    /// The source.
    pub source: SourceId,
    /// What it brought.
    pub items: Vec<Item>,
}

/// One thing that a source brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Item {
    /// Whole lines, each with the server's stamp before it and a line feed behind it.
    Lines(#[serde(with = "crate::domain::byte_text")] Bytes),
    /// The head of a line that was too long, with its stamp, and how many bytes were left out.
    Long(#[serde(with = "crate::domain::byte_text")] Bytes, u64),
    /// Something that happened to the stream, in its place between the lines.
    Mark(Mark),
    /// How the stream stands now.
    State(SourceState),
    /// Everything that was written before this moment has been brought.
    Told(Nanos),
    /// The uid of the pod that is read.
    Pod(Text),
}

/// Something other than a line that stands between the lines of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mark {
    /// The container ended.
    Ended {
        /// Its exit code.
        exit_code: i32,
        /// `OOMKilled`, `Error`, `Completed`.
        reason: Text,
        /// How long it ran.
        ran: Option<Millis>,
    },
    /// A new run of the container began; how often it was restarted.
    Started(u32),
    /// Lines are missing: the server no longer had them.
    Gap {
        /// The last line before it.
        from: Nanos,
        /// The first line after it.
        to: Option<Nanos>,
    },
    /// The stream was cut and goes on; nothing is missing.
    Resumed {
        /// For how long nothing was read.
        after: Millis,
    },
    /// The pod is gone, and with it its log.
    Deleted,
    /// It cannot be read.
    Refused(Failure),
}

impl Mark {
    /// Lines were lost, or cannot be read.
    pub fn is_loss(&self) -> bool {
        matches!(self, Self::Gap { .. } | Self::Refused(_))
    }
}

impl std::fmt::Display for Mark {
    /// With times in UTC.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.write(f, 0)
    }
}

impl Mark {
    /// What happened, with times so many seconds east of UTC.
    pub fn words(&self, offset: i64) -> String {
        struct At<'a>(&'a Mark, i64);
        impl std::fmt::Display for At<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.write(f, self.1)
            }
        }
        At(self, offset).to_string()
    }

    fn write(&self, f: &mut std::fmt::Formatter<'_>, offset: i64) -> std::fmt::Result {
        match self {
            Self::Ended {
                exit_code,
                reason,
                ran,
            } => {
                write!(f, "ended: exit {exit_code}")?;
                if !reason.is_empty() {
                    write!(f, ", {reason}")?;
                }
                match ran {
                    Some(ran) => write!(f, ", after {}", brief(*ran)),
                    None => Ok(()),
                }
            }
            Self::Started(restarts) => write!(f, "started again, restart {restarts}"),
            Self::Gap { from, to: Some(to) } => {
                let lost = to.timestamp().since(from.timestamp());
                write!(
                    f,
                    "gap: {}, the server kept nothing older than {}",
                    seconds(lost),
                    to.clock(offset)
                )
            }
            Self::Gap { from, to: None } if *from == Nanos::default() => {
                f.write_str("gap: lines may be missing")
            }
            Self::Gap { from, to: None } => {
                write!(f, "gap: lines after {} may be missing", from.clock(offset))
            }
            Self::Resumed { after } => write!(
                f,
                "connection lost for {}, resumed, nothing missing",
                seconds(*after)
            ),
            Self::Deleted => f.write_str("the pod is gone"),
            Self::Refused(failure) => write!(f, "{}: {}", failure.what, failure.why),
        }
    }
}

/// `2.1 s`
fn seconds(span: Millis) -> String {
    let tenths = span.0.max(0) / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

/// How the stream of a source stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SourceState {
    /// It waits for its turn: only so many streams are opened at once.
    #[default]
    Queued,
    /// It is being opened.
    Opening,
    /// It is open, and what the server kept has been read up to the present.
    Live,
    /// The container has not started; the kubelet's reason.
    Waiting(Text),
    /// It was cut and is tried again; why.
    Lost(Text),
    /// It came to its end.
    Ended,
}

impl SourceState {
    /// Older lines may still come before newer ones of other sources are told.
    pub fn is_catching_up(&self) -> bool {
        matches!(self, Self::Queued | Self::Opening)
    }
}
