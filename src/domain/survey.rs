//! What is known of a project before anybody answers a question: what its source says, the recipe
//! and Dockerfiles that are there, the catalogue in force, and where a build would happen.

use super::build::{Fault, Labels};
use super::catalogue::Catalogue;
use super::detect::Found;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A look at a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    /// The folder that was looked at.
    pub folder: PathBuf,
    /// The address that it is a copy of, without credentials.
    pub url: Option<String>,
    /// The catalogue in force.
    pub catalogue: Catalogue,
    /// Projects that were recognised, the folder's own first.
    pub found: Vec<Found>,
    /// Folders that could not be read.
    pub unread: Vec<String>,
    /// The recipe that is there.
    pub recipe: Option<String>,
    /// Dockerfiles of the project's own: name and text.
    pub dockerfiles: Vec<(String, String)>,
    /// Version and revision, as git has them.
    pub labels: Labels,
    /// The engine's version and whether it has `BuildKit`, or why there is none.
    pub engine: Result<EngineInfo, Fault>,
    /// What was kept of an earlier look that was not ended.
    pub draft: Option<String>,
}

/// How large a base image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseSize {
    /// Bytes.
    pub bytes: u64,
    /// As it travels, packed; else as it lies on a disk.
    pub packed: bool,
}

/// The engine that would build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineInfo {
    /// Its address.
    pub address: String,
    /// Its version.
    pub version: String,
    /// Whether it builds with `BuildKit`.
    pub buildkit: bool,
    /// It only plays: nothing is built.
    pub simulated: bool,
}
