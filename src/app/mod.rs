//! The core: the state of the program and its one transition function.
//!
//! [`App::update`] is pure and synchronous: the present comes in with the message, what is to be
//! done outside goes out as [`Effect`]s.

mod effect;
mod hit;
pub mod layout;
mod msg;
mod notice;

pub use effect::{Effect, Effects, Request};
pub use hit::Hit;
pub use msg::{Answer, Id, Msg};
pub use notice::{Notice, Notices, Severity};
