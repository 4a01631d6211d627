//! A terminal inside the terminal: bytes of a program go in, cells and replies come out.
//!
//! A container's bytes are hostile. They enter [`Terminal`] and nothing else; the outer terminal
//! only ever gets what the view draws from [`Cell`]s, whose text holds no character that steers a
//! terminal. What a program asks of its terminal is answered with [`Terminal::take_replies`],
//! which belong to that program's standard input alone. Titles are never reported back, the
//! clipboard is never read, and what a program wants on the clipboard is only kept as data.
//!
//! The only room that names the emulator. It knows no clock, no thread and no channel: the same
//! bytes always give the same cells, so that a recorded session can be replayed.

mod cell;
mod encode;
mod find;
mod guard;
mod outbox;
mod run;
mod select;
mod strings;
mod terminal;
#[cfg(test)]
mod tests;

pub use cell::{Cell, Colour, Cursor, CursorShape, Style, Underline};
pub use encode::{encode_focus, encode_key, encode_mouse, encode_paste};
pub use select::SelectKind;
pub use terminal::{Modes, MouseEncoding, MouseMode, Scroll, Terminal};
