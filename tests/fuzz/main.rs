//! Everything that reads what others write, given what nobody would write: known good inputs,
//! changed at random, and what must hold for each of them.
//!
//! ```text
//! cargo test --test fuzz                                      # two seconds for each target
//! QUARTERDECK_FUZZ_SECONDS=60 cargo test --test fuzz          # as continuous integration does
//! QUARTERDECK_FUZZ_CASE=123 cargo test --test fuzz log_lines  # one case again
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may fail loudly"
)]

#[path = "../common/mod.rs"]
mod common;
mod exec;
mod files;
mod harness;
mod images;
mod query;
mod terminal;
