//! What happens while an image is built and pushed, as values.

mod progress;
mod tree;

pub use progress::{Build, Moved, Outcome, REASON, Sent, Step};
pub use tree::{Branch, Joint};

use serde::{Deserialize, Serialize};

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepState {
    /// It runs.
    Started,
    /// It was taken from an earlier build.
    Cached,
    /// It is done.
    Done,
    /// It failed.
    Failed,
}

impl StepState {
    /// The word in messages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Cached => "cached",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// What the image's labels say of this build; empty where nobody knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labels {
    /// The software's version.
    pub version: String,
    /// The source's revision.
    pub revision: String,
    /// The moment, RFC 3339.
    pub created: String,
}

/// One thing that happened. Texts come from containers and registries, and are cleaned already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// What will be sent to the engine.
    Context(Sent),
    /// A step of the build changed its state.
    Step {
        /// Its name for the engine.
        id: String,
        /// What it does.
        name: String,
        /// How it stands.
        state: StepState,
    },
    /// A line that a step wrote.
    Log {
        /// The step.
        step: String,
        /// The line.
        line: String,
    },
    /// Bytes that were moved.
    Progress {
        /// What is moved.
        what: String,
        /// Bytes so far.
        current: u64,
        /// Bytes in all; 0 when nobody knows.
        total: u64,
    },
    /// The image is there, under this id.
    Image {
        /// `sha256:…` of its configuration.
        id: String,
    },
    /// The registry took the image.
    Pushed {
        /// `sha256:…` of its manifest, as the engine says.
        digest: String,
    },
    /// The registry was asked and has this digest under the tag.
    Verified {
        /// `sha256:…` of the manifest.
        digest: String,
    },
}

/// What a build that fails says: what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{what}{}{remedy}", if remedy.is_empty() { "" } else { "; " })]
pub struct Fault {
    /// How far it came.
    pub sort: FaultSort,
    /// What went wrong.
    pub what: String,
    /// What to do; empty where `what` says it all.
    pub remedy: String,
    /// The recipe's key of the answer to change; empty where no answer helps.
    pub answer: String,
}

/// The sorts of faults, for exit codes and for what to offer next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FaultSort {
    /// A file or folder that was named is not there.
    Missing,
    /// What was named is not what is wanted: a file in place of a folder.
    Usage,
    /// The recipe, the catalogue, or a file beside them cannot be used.
    Project,
    /// There is no engine, or it went away.
    NoEngine,
    /// The source cannot be sent.
    Context,
    /// Where the source is, nothing answers.
    NoSource,
    /// A step failed, or the Dockerfile cannot be read.
    Build,
    /// The registry refused.
    Denied,
    /// The registry did not answer, or not as it should.
    Registry,
    /// The digest in the registry is another one, or none.
    NotVerified,
}

impl Fault {
    /// A fault.
    pub fn new(sort: FaultSort, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            sort,
            what: what.into(),
            remedy: remedy.into(),
            answer: String::new(),
        }
    }

    /// The same, with the answer of the recipe that would have to be another one.
    #[must_use]
    pub fn about(mut self, answer: &str) -> Self {
        answer.clone_into(&mut self.answer);
        self
    }
}
