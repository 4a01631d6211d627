//! Everything that can happen to the program, as plain data: a session can be recorded, replayed
//! and written down in a test.

use super::hit::Hit;
use super::notice::Notice;
use super::settings::Settings;
use crate::domain::build::{Event, Fault, Outcome, Sent};
use crate::domain::catalogue::ImageRef;
use crate::domain::exec::ExecItem;
use crate::domain::feed::{AccessAnswer, Batch, Failure, FeedState, Resource, Scope, TableChange};
use crate::domain::logs::Chunk;
use crate::domain::outdated::Aged;
use crate::domain::rows::Kind;
use crate::domain::session::{ContainerSpec, ContextInfo, EventLine, SessionInfo};
use crate::domain::survey::{BaseSize, Survey};
use crate::domain::text::Text;
use crate::domain::time::Millis;
use crate::key::{Key, Mouse};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A screen, table feed or request. Never reused: a message that carries a dead id is ignored.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Id(pub u64);

/// Something happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The mouse was used over something.
    Mouse(Hit, Mouse),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// The terminal tells keys apart (the kitty keyboard protocol).
    KeysApart,
    /// A second has passed.
    Tick,
    /// A timer that [`super::Effect::After`] asked for.
    Timer(Id),
    /// The kubeconfig holds these contexts.
    Contexts(Vec<ContextInfo>),
    /// A connection is being made to this context.
    Connecting(Text),
    /// A session stands, or more is known about it.
    Connected(SessionInfo),
    /// No session could be made.
    ConnectFailed(Failure),
    /// Rows changed.
    Batch(Batch),
    /// Everything that is watched, as a list says it: for a comparison.
    Listed(Vec<Batch>),
    /// What a support bundle would hold, a line each.
    Bundled(Vec<String>),
    /// A feed changed its state.
    Feed {
        /// Its kind.
        kind: Kind,
        /// Its scope.
        scope: Scope,
        /// The state it is in now.
        state: FeedState,
    },
    /// Rows of a server-side table changed.
    Table(Id, Vec<TableChange>),
    /// A table's feed changed its state.
    TableFeed(Id, FeedState),
    /// A source of a log brought something.
    Log(Id, Chunk),
    /// Something came of saving.
    Saved(Id, Saved),
    /// The files of the person were read again.
    Reloaded(Box<Settings>),
    /// A copy for reading is complete.
    Copied(Id, PathBuf),
    /// Something came of an edit.
    Edit(Id, Edited),
    /// Something came of a program in a pane.
    Exec(Id, ExecItem),
    /// Something came of work on images.
    Work(Id, Worked),
    /// The answer to a request.
    Answer(Id, Answer),
    /// Something to tell the person.
    Notice(Notice),
    /// The process was asked to end.
    Terminate,
}

/// What came of [`super::Effect::Save`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Saved {
    /// A part is written to this file: the next one may follow.
    Part(PathBuf),
    /// The file is whole.
    Whole {
        /// Which.
        file: PathBuf,
        /// Its lines.
        lines: usize,
    },
    /// It could not be written, or not all of it.
    Failed(Failure),
}

/// What came of [`super::Effect::Edit`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Edited {
    /// The object stands in this file.
    Ready(PathBuf),
    /// The editor has changed nothing.
    Unchanged,
    /// The lines that would change, each with its sign.
    Changed(Vec<Text>),
    /// The object is what the file says.
    Applied,
    /// It could not be done.
    Failed(Failure),
}

/// What came of [`super::Effect::Work`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Worked {
    /// The source was looked at.
    Surveyed(Box<Survey>),
    /// The file was written.
    Written(PathBuf),
    /// How long the build took the last time.
    Last(Millis),
    /// What was built before, for reading.
    History(String),
    /// How large a base image is, or why nobody knows.
    Sized(ImageRef, Result<BaseSize, Fault>),
    /// What a build with this recipe would send, or why nobody knows.
    Weighed(String, Result<Sent, Fault>),
    /// Recipes, and how they stand.
    Outdated(Vec<Aged>),
    /// Where the source of this project is, the likeliest first.
    Sources(String, Vec<PathBuf>),
    /// Things that happened in a build, in order.
    Events(Vec<Event>),
    /// The build ended.
    Ended(Outcome),
    /// It could not be done.
    Failed(Fault),
}

/// The answer to a request of [`super::Effect::Fetch`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// A text over many lines (YAML, describe), already cleaned.
    Document(String),
    /// The last lines of a container's log.
    Tail(Vec<Text>),
    /// Events of an object.
    Events(Vec<EventLine>),
    /// The containers of a pod.
    Containers(Vec<ContainerSpec>),
    /// The kinds that the server knows.
    Resources(Vec<Resource>),
    /// Rights, in the order of the questions.
    Access(Vec<AccessAnswer>),
    /// It was done.
    Done,
    /// It could not be done.
    Failed(Failure),
}
