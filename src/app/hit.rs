//! What the mouse can hit. The view says what it drew where; the core says what a click does.

use crate::command::Command;
use serde::{Deserialize, Serialize};

/// Something under the pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Hit {
    /// The n-th row of the visible list or text, counted over the whole list.
    Row(usize),
    /// The head of the column with this position in the list's columns.
    Column(usize),
    /// The n-th part of the breadcrumb.
    Crumb(usize),
    /// A hint at the bottom, or a line of the help screen.
    Command(Command),
    /// The n-th entry of the open palette.
    Choice(usize),
    /// The n-th of so many parts of the time that a log keeps.
    Moment(usize, usize),
    /// A cell of the pane: column and row, 0 at the upper left.
    Cell(u16, u16),
    /// The half of the screen that has not the keyboard.
    Beside,
    /// The n-th tab.
    Tab(usize),
    /// The n-th step of the wizard, or of a build.
    Step(usize),
    /// Nothing in particular.
    Nothing,
}
