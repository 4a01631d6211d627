//! What is on the screen, for states that messages made.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod choices;
mod company;
mod hostile;
mod logs;
mod panes;
mod replay;
mod screens;
mod stage;
