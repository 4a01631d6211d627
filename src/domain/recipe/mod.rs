//! The recipe: a project's answers, `quarterdeck.toml` beside its source.
//!
//! It holds answers only. What they mean is in the catalogue, so that operations can change a base
//! image or a rule without touching a project; recipe and catalogue together give the same
//! Dockerfile every time. Nothing here reads a file.

mod answer;
mod propose;
mod read;
mod write;

use super::document::{Flaw, Places};
pub use answer::Form;
pub use propose::{Proposal, propose};
pub use write::write;

/// The file's name.
pub const FILE: &str = "quarterdeck.toml";

/// The version of the file's form.
pub const VERSION: i64 = 1;

/// All answers. What is empty was not answered: the catalogue's default holds, or it is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipe {
    /// Whose it is.
    pub project: Project,
    /// What it is made of.
    pub base: Base,
    /// How it is built.
    pub build: Build,
    /// How it is run.
    pub run: Run,
    /// Whether and how the container is asked for its health.
    pub health: Health,
}

/// Names that become labels of the image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// This image's own name.
    pub name: String,
    /// The project it is part of.
    pub project: String,
    /// The department that owns the project.
    pub department: String,
    /// Who answers for it.
    pub owner: String,
    /// Where its source is, a URL without credentials.
    pub source: String,
}

/// Stack, version and system: keys of the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// The language or framework.
    pub stack: String,
    /// Its version.
    pub version: String,
    /// The operating system.
    pub system: String,
}

/// How it is built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// A Dockerfile of the project's own that is used as it is.
    pub dockerfile: String,
    /// The way to build: a key of the stack's tools.
    pub tool: String,
    /// Folder below the recipe that holds the source; empty: the recipe's own.
    pub directory: String,
    /// Files that name the dependencies: copied and fetched first.
    pub manifests: Vec<String>,
    /// Commands; nothing: the catalogue's, an empty list: none.
    pub commands: Option<Vec<String>>,
    /// What is built: a package, a program, a project file.
    pub target: String,
    /// What the build leaves: a file or folder.
    pub output: String,
    /// Dependencies that only the build needs: keys of the catalogue.
    pub dependencies: Vec<String>,
    /// Secrets that build steps see and no layer keeps.
    pub secrets: Vec<Secret>,
    /// More patterns for `.dockerignore`.
    pub ignore: Vec<String>,
}

/// A secret of the build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secret {
    /// Its name at the builder.
    pub id: String,
    /// The file it is seen as.
    pub target: String,
}

/// How it is run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// The command, word by word.
    pub command: Vec<String>,
    /// The folder it runs in.
    pub directory: String,
    /// Numeric user and group.
    pub user: Option<u32>,
    /// Ports it listens on, the first is the main one.
    pub ports: Vec<u16>,
    /// Environment, sorted by name.
    pub env: Vec<(String, String)>,
    /// What has to be installed: keys of the catalogue.
    pub dependencies: Vec<String>,
    /// Folders below the run folder that the user may write to.
    pub writable: Vec<String>,
}

/// Whether and how the container is asked for its health; empty: not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// HTTP path.
    pub path: String,
    /// A command instead.
    pub command: Vec<String>,
}

/// A recipe as it was read.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// The answers, as far as they could be read.
    pub recipe: Recipe,
    /// Where each key stands.
    pub places: Places,
    /// What is wrong with the document itself.
    pub flaws: Vec<Flaw>,
}

impl Recipe {
    /// Reads a recipe; `file` stands in flaws.
    pub fn read(file: &str, text: &str) -> Read {
        let mut recipe = Self::default();
        let (flaws, places) = recipe.lay(file, text);
        Read {
            recipe,
            places,
            flaws,
        }
    }

    /// Lays the answers in `text` over what is known.
    pub fn lay(&mut self, file: &str, text: &str) -> (Vec<Flaw>, Places) {
        read::lay(self, file, text)
    }
}

#[cfg(test)]
mod tests;
