//! From a recipe and a catalogue to a Dockerfile and a `.dockerignore`.
//!
//! [`plan()`] looks everything up and says what is missing or not allowed; [`render()`] writes what was
//! planned. Both are pure: the same recipe and catalogue give the same bytes, always. Nothing of a
//! recipe gets into the text without passing [`quote`].

mod ignore;
mod patterns;
mod plan;
pub mod quote;
mod render;
mod sketch;
mod steps;

pub use ignore::render as render_ignore;
pub use patterns::Ignore;
pub use plan::{Plan, plan};
pub use render::render;
pub use sketch::sketch;

use super::catalogue::Catalogue;
use super::document::Flaw;
use super::recipe::Recipe;

/// The first line of every Dockerfile that was made here: it tells a made one from a brought one.
pub const MARK: &str = "# Made by quarterdeck";

/// The name of the secret that holds the company's certificate authorities while a step runs.
pub const CA_SECRET: &str = "quarterdeck-ca";

/// The file of the context that holds them for a builder without secrets.
pub const CA_FILE: &str = ".quarterdeck-ca.pem";

/// What the engine can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Variant {
    /// Cache and secret mounts.
    #[default]
    BuildKit,
    /// None of them.
    Classic,
}

/// The Dockerfile of a recipe, or everything that stands in its way.
pub fn generate(
    recipe: &Recipe,
    catalogue: &Catalogue,
    variant: Variant,
) -> Result<String, Vec<Flaw>> {
    plan(recipe, catalogue, variant).map(|plan| render(&plan))
}

#[cfg(test)]
#[path = "tests/matrix.rs"]
mod matrix;
#[cfg(test)]
mod tests;
