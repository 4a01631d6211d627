//! The whole program where the world is bad: each test is a row of `docs/promises.md`, which also
//! names those that stand elsewhere.
//!
//! ```text
//! cargo test --test faults
//! QUARTERDECK_TEST_SEEDS=200 cargo test --test faults random       # more seeds than twenty
//! QUARTERDECK_TEST_SEED=123 cargo test --test faults random        # one again
//! QUARTERDECK_SOAK_SECONDS=1800 cargo test --test faults soak      # half an hour instead of seconds
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a test may fail loudly"
)]

#[path = "../fake/client.rs"]
mod client;
#[path = "../common/mod.rs"]
mod common;
mod console;
mod disk;
#[path = "../fake/mod.rs"]
mod fake;
#[path = "../fake/held.rs"]
mod held;
mod network;
mod promises;
mod soak;
#[path = "../fake/timing.rs"]
mod timing;
mod ways_out;

/// A number that the environment sets.
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} must be a number, it is `{text}`")),
    )
}
