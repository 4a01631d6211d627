//! What tests and benchmarks of the whole program share: the binary in a pseudo-terminal with a
//! model of the screen, and the demo server in a process of its own.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a harness: each user takes a part of it, and a harness that cannot go on says why and ends"
)]

pub mod demo;
pub mod dockerd;
pub mod image;
pub mod kubectl;
pub mod outer;
pub mod proxy;
pub mod registry;
pub mod terminal;
pub mod wire;
