//! The edge where images are made: sources on disk and in git, the Docker Engine, registries. The
//! only place that reads a source, runs `git`, or names bollard and reqwest; what things mean
//! is decided in the domain.

mod build;
mod context;
mod credentials;
mod drafts;
mod engine;
mod git;
mod history;
mod known;
mod order;
mod outdated;
mod project;
mod registry;
mod rules;
mod secrets;
mod session;
mod simulate;
mod size;
mod source;
mod survey;

pub use build::{Order, base_digests, build, push, verify};
pub use context::Context;
pub use credentials::{Credentials, find as credentials};
pub use drafts::{Drafts, fingerprint};
pub use engine::Engine;
pub use git::{GitError, clone, labels, without_credentials};
pub use history::{Entry, History, Recording};
pub use known::sources;
pub use order::{order, weigh};
pub use outdated::{outdated, renew};
pub use project::{Opened, flawed, needed, recipe, text, write};
pub use rules::{CONFIG_KEY, ConfigMaps, Rules};
pub use secrets::{Secret, SecretFiles};
pub use simulate::simulate;
pub use size::base_size;
pub use source::{Source, SourceError};
pub use survey::{folder, survey};
