//! The edge where images are made: sources on disk and in git, the Docker Engine, registries. The
//! only place that reads a source, runs `git`, or names bollard and reqwest; what things mean
//! is decided in the domain.

mod build;
mod context;
mod credentials;
mod engine;
mod git;
mod order;
mod project;
mod registry;
mod source;

pub use build::{Order, build, push, verify};
pub use context::Context;
pub use credentials::{Credentials, find as credentials};
pub use engine::Engine;
pub use git::{GitError, clone, without_credentials};
pub use order::order;
pub use project::{Opened, catalogue, flawed, needed, recipe, text, write};
pub use source::{Source, SourceError};
