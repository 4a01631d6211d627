//! The catalogue: what operations allow an image to be made of.
//!
//! Systems × runtimes × versions give a builder image and a run image; dependencies give packages
//! per system; stacks give commands. It is data: the default ships in `default.toml` here, and
//! documents of operations are laid over it ([`Catalogue::lay`]). Nothing here reads a file or asks
//! a registry.

mod check;
pub mod image;
mod lay;
mod version;

use super::document::Flaw;
pub use image::ImageRef;
use serde::{Deserialize, Serialize};
pub use version::{at_least, newest, resolve};

/// The catalogue that ships with the program.
const BUILT_IN: &str = include_str!("default.toml");

/// The name under which the built-in catalogue stands in messages.
pub const BUILT_IN_NAME: &str = "built-in catalogue";

/// The version of the document's form.
pub const VERSION: i64 = 1;

/// Everything an image can be made of, and the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// What operations call it.
    pub name: String,
    /// The documents it was read from, in the order in which they were laid.
    pub layers: Vec<String>,
    /// Operating systems, in the order in which they are offered.
    pub systems: Vec<System>,
    /// Languages and frameworks, in the order in which they are offered.
    pub stacks: Vec<Stack>,
    /// What can be ticked.
    pub dependencies: Vec<Dependency>,
    /// What is allowed.
    pub policy: Policy,
    /// How build steps reach the network.
    pub network: Network,
    /// Where images go.
    pub push: Push,
}

/// File and line of an entry, for messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The document.
    pub file: String,
    /// 1-based line.
    pub line: usize,
}

/// How a system installs packages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Packages {
    /// `apt-get` (Debian, Ubuntu).
    Apt,
    /// `apk` (Alpine).
    Apk,
    /// Not at all (distroless, scratch).
    #[default]
    None,
}

/// An operating system of the run image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct System {
    /// Its key.
    pub id: String,
    /// Its name on screen.
    pub title: String,
    /// How it installs packages.
    pub packages: Packages,
    /// Whether it has `/bin/sh`.
    pub shell: bool,
    /// Last day of its security updates, `2028-06-30`.
    pub ends: Option<String>,
    /// How to ask an HTTP address from inside, with `{port}` and `{path}`; empty: it cannot.
    pub probe: Vec<String>,
    /// Programs that it does not have though people expect them.
    pub lacks: Vec<String>,
    /// What to know before choosing it.
    pub note: String,
    /// Where it is written.
    pub place: Place,
}

/// Something that can be ticked: packages by system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// Its key.
    pub id: String,
    /// Its name on screen.
    pub title: String,
    /// The heading it stands under.
    pub group: String,
    /// Packages (with version) by system.
    pub packages: Vec<(String, Vec<String>)>,
    /// How to ask an HTTP address with it, with `{port}` and `{path}`; empty: it cannot.
    pub probe: Vec<String>,
    /// Dependencies that cannot be in the same image.
    pub conflicts: Vec<String>,
    /// What to know.
    pub note: String,
    /// Where it is written.
    pub place: Place,
}

/// A language or framework.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stack {
    /// Its key.
    pub id: String,
    /// Its name on screen.
    pub title: String,
    /// The port it listens on when nobody says another.
    pub port: Option<u16>,
    /// Numeric user and group it runs as when nobody says another.
    pub user: u32,
    /// The folder it runs in when nobody says another.
    pub directory: String,
    /// The command it runs when nobody says another.
    pub run: Vec<String>,
    /// How to ask an HTTP address from inside; empty: the way of the system.
    pub probe: Vec<String>,
    /// Environment of the run image.
    pub env: Vec<(String, String)>,
    /// Folders put in front of `PATH`, in both images.
    pub path: Vec<String>,
    /// Patterns for `.dockerignore`.
    pub ignore: Vec<String>,
    /// Commands that make the stack's own tools believe the certificates in `$SSL_CERT_FILE`.
    pub trust: Vec<String>,
    /// Package managers and ways to build.
    pub tools: Vec<Tool>,
    /// Builder and run images by version and system, in the order in which they are offered.
    pub images: Vec<Pair>,
    /// What is special on one system.
    pub on: Vec<On>,
    /// Last day of security updates by version.
    pub ends: Vec<(String, String)>,
    /// Where it is written.
    pub place: Place,
}

/// A package manager, or another way to build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its key.
    pub id: String,
    /// Its name on screen.
    pub title: String,
    /// No build stage: the source goes into the run image as it is.
    pub direct: bool,
    /// Environment of the build stage.
    pub env: Vec<(String, String)>,
    /// Environment of the build stage where there are no cache mounts.
    pub plain_env: Vec<(String, String)>,
    /// Before the dependencies are fetched.
    pub prepare: Vec<String>,
    /// Fetches the dependencies that the lockfile names.
    pub fetch: Vec<String>,
    /// Builds, when the recipe does not say how.
    pub build: Vec<String>,
    /// After the build: what is not needed is dropped, what is needed is put in place.
    pub finish: Vec<String>,
    /// Folders worth keeping from build to build.
    pub caches: Vec<String>,
    /// What is taken into the run image: from (below the source, or absolute) to (below the run
    /// folder, or absolute).
    pub copy: Vec<(String, String)>,
    /// The command it runs, when it is not the stack's.
    pub run: Vec<String>,
    /// Where it is written.
    pub place: Place,
}

/// One line of the matrix: a version on a system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The runtime's version, `1.24`.
    pub version: String,
    /// Key of the system.
    pub system: String,
    /// What builds; nothing where nothing can be built.
    pub builder: Option<ImageRef>,
    /// What runs.
    pub run: ImageRef,
    /// Where it is written.
    pub place: Place,
}

/// What is special about a stack on one system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct On {
    /// Key of the system.
    pub system: String,
    /// Packages that the run image always needs.
    pub packages: Vec<String>,
    /// Packages that the builder always needs.
    pub build_packages: Vec<String>,
    /// Commands in the run image, as root, before anything is copied into it. They may fetch. Where
    /// there is a bundle of authorities and a builder without mounts, a stage aside runs them and
    /// its whole file system is taken: right, and twice as large. See `configure`.
    pub setup: Vec<String>,
    /// The same after those, for what does not leave the machine: always in the image itself.
    pub configure: Vec<String>,
    /// More to take from the builder: from, to.
    pub copy: Vec<(String, String)>,
    /// The command, when it is not the stack's.
    pub run: Vec<String>,
    /// First words of a command that have another path here.
    pub programs: Vec<(String, String)>,
    /// The image's own entry point stands in the way of a command, and is taken away.
    pub reset_entrypoint: bool,
    /// How to ask an HTTP address from inside, when it is not the stack's.
    pub probe: Vec<String>,
    /// Where it is written.
    pub place: Place,
}

/// What is allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Registries (and paths below them) that images may come from; empty: all.
    pub registries: Vec<String>,
    /// What may not be in an image.
    pub forbidden: Vec<Forbidden>,
}

/// What a rule of [`Forbidden`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum About {
    /// A package, by name without version.
    Package,
    /// An image reference.
    Image,
    /// A build or run command.
    Command,
    /// The name of an environment variable.
    Variable,
    /// A port number.
    Port,
}

impl About {
    /// All, with the word in the document.
    pub const ALL: [(&'static str, Self); 5] = [
        ("package", Self::Package),
        ("image", Self::Image),
        ("command", Self::Command),
        ("variable", Self::Variable),
        ("port", Self::Port),
    ];

    /// The word in the document and in messages.
    pub fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, about)| *about == self)
            .map_or("", |(word, _)| *word)
    }
}

/// One forbidden thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forbidden {
    /// What is looked at.
    pub about: About,
    /// Regular expression; what it matches is forbidden.
    pub pattern: String,
    /// Why, and what to do instead.
    pub reason: String,
    /// Where it is written.
    pub place: Place,
}

/// Where images go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// The name that an image is offered, with `{name}`, `{project}`, `{department}` and
    /// `{version}`; empty: its own name and version, without a registry.
    pub image: String,
}

/// How build steps reach the network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Proxy for HTTP and HTTPS; it reaches build steps as a build argument and is no part of the
    /// Dockerfile.
    pub proxy: String,
    /// Hosts that are reached without it.
    pub no_proxy: String,
    /// Path, on the machine that builds, of a PEM bundle of certificate authorities.
    pub ca_bundle: String,
    /// Variables that tools read the path of such a bundle from.
    pub ca_variables: Vec<String>,
}

impl Catalogue {
    /// The catalogue that ships with the program.
    pub fn built_in() -> Self {
        let mut catalogue = Self::default();
        // A test holds that the shipped document has no flaw.
        let _flawless = catalogue.lay(BUILT_IN_NAME, BUILT_IN);
        catalogue
    }

    /// The text of the catalogue that ships with the program.
    pub fn built_in_text() -> &'static str {
        BUILT_IN
    }

    /// Lays the document `text` over what is known; `file` stands in messages. Entries of the same
    /// key are replaced part by part; a document that says `extends = false` stands alone. The
    /// flaws are those of the document itself; [`Self::check`] looks at the whole.
    pub fn lay(&mut self, file: &str, text: &str) -> Vec<Flaw> {
        lay::lay(self, file, text)
    }

    /// What does not fit together: references to nothing, images of registries that are not
    /// allowed, and the like.
    pub fn check(&self) -> Vec<Flaw> {
        check::check(self)
    }

    /// The system of that key.
    pub fn system(&self, id: &str) -> Option<&System> {
        self.systems.iter().find(|system| system.id == id)
    }

    /// The stack of that key.
    pub fn stack(&self, id: &str) -> Option<&Stack> {
        self.stacks.iter().find(|stack| stack.id == id)
    }

    /// Every image that is named, each once, sorted.
    pub fn images(&self) -> Vec<ImageRef> {
        let pairs = self.stacks.iter().flat_map(|stack| &stack.images);
        let mut images: Vec<ImageRef> = pairs
            .flat_map(|pair| pair.builder.iter().chain([&pair.run]))
            .cloned()
            .collect();
        images.sort();
        images.dedup();
        images
    }

    /// The dependency of that key.
    pub fn dependency(&self, id: &str) -> Option<&Dependency> {
        self.dependencies
            .iter()
            .find(|dependency| dependency.id == id)
    }
}

impl Stack {
    /// Versions, in the order in which they are offered, each once.
    pub fn versions(&self) -> Vec<&str> {
        let mut versions: Vec<&str> = Vec::new();
        for pair in &self.images {
            if !versions.contains(&pair.version.as_str()) {
                versions.push(&pair.version);
            }
        }
        versions
    }

    /// Systems that `version` is offered on.
    pub fn systems(&self, version: &str) -> Vec<&str> {
        let on = self.images.iter().filter(|pair| pair.version == version);
        on.map(|pair| pair.system.as_str()).collect()
    }

    /// The images of a version on a system.
    pub fn pair(&self, version: &str, system: &str) -> Option<&Pair> {
        self.images
            .iter()
            .find(|pair| pair.version == version && pair.system == system)
    }

    /// The tool of that key.
    pub fn tool(&self, id: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.id == id)
    }

    /// What is special on a system.
    pub fn on(&self, system: &str) -> Option<&On> {
        self.on.iter().find(|on| on.system == system)
    }

    /// The last day of security updates of a version.
    pub fn ends(&self, version: &str) -> Option<&str> {
        self.ends
            .iter()
            .find(|(known, _)| known == version)
            .map(|(_, day)| day.as_str())
    }
}

impl Dependency {
    /// The packages on a system; nothing when it is not offered there.
    pub fn on(&self, system: &str) -> Option<&[String]> {
        self.packages
            .iter()
            .find(|(known, _)| known == system)
            .map(|(_, packages)| packages.as_slice())
    }
}

#[cfg(test)]
mod tests;
