//! What is on the screen, for states that messages made.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod choices;
mod company;
mod consistency;
mod hostile;
mod logs;
mod panes;
mod replay;
mod screens;
mod stage;
mod tour;
mod ways_on;
