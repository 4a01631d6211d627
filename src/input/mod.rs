//! Key maps: which key asks for which command, where.
//!
//! Maps are data (`keymaps/*.toml`), embedded and merged under the user's file.

mod keymap;
mod load;

pub use keymap::{Binding, Keymap, Resolution};
pub use load::{Problem, SHIPPED, load, shipped};
