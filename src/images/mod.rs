//! The edge where images are made: sources on disk and in git. The only place that reads a source
//! or runs `git`; what things mean is decided in the domain.

mod git;
mod source;

pub use git::{GitError, clone, without_credentials};
pub use source::{Source, SourceError};
