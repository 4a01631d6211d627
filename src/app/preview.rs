//! The last lines of the container that is to blame, fetched when the selection rests.

use super::msg::Id;
use crate::domain::session::Target;
use crate::domain::text::Text;
use crate::domain::time::Millis;

/// The selection must rest so long before lines are fetched, so that scrolling asks for nothing.
pub const REST: Millis = Millis(250);

/// How many lines are fetched.
pub const LINES: u16 = 12;

/// A container whose last lines tell the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Culprit {
    /// Its pod.
    pub pod: Target,
    /// Its name.
    pub container: Text,
    /// The run before this one is meant.
    pub previous: bool,
}

/// What is known about the culprit's lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tail {
    /// Nobody is to blame.
    #[default]
    None,
    /// Waiting for the selection to rest, or for the answer.
    Waiting,
    /// These are its last lines.
    Lines(Vec<Text>),
    /// They could not be had.
    Failed(Text),
}

/// The state of the preview.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// Whose lines are meant.
    pub culprit: Option<Culprit>,
    /// The lines.
    pub tail: Tail,
    /// The timer or request under way.
    pub waiting: Option<Id>,
}
