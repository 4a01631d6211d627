//! Where the program's files live, by the XDG base directory rules.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The name of our folder in each base directory.
const FOLDER: &str = "quarterdeck";

/// The catalogue of a whole machine.
pub const SYSTEM_CATALOGUE: &str = "/etc/quarterdeck/catalogue.toml";

/// Folders of this program for this person. None of them need exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// `config.toml`, `keymaps/`, `themes/`, `secrets/`: written by people.
    pub config: PathBuf,
    /// State and log: written by the program.
    pub state: PathBuf,
    /// Data worth keeping.
    pub data: PathBuf,
    /// What can be thrown away at any time.
    pub cache: PathBuf,
    /// Sockets and other things of one login session, when the system has such a place.
    pub runtime: Option<PathBuf>,
}

impl Paths {
    /// The folders for this environment; `get` looks a variable up.
    ///
    /// A base directory that is not absolute is ignored, as the XDG rules want it. Without `HOME`
    /// the root folder stands in: nothing can be written there as a rule, and writing says so.
    pub fn from_env(get: impl Fn(&str) -> Option<OsString>) -> Self {
        let absolute = |name: &str| {
            get(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let home = absolute("HOME").unwrap_or_else(|| PathBuf::from("/"));
        let base = |name: &str, default: &str| {
            absolute(name)
                .unwrap_or_else(|| home.join(default))
                .join(FOLDER)
        };
        Self {
            config: base("XDG_CONFIG_HOME", ".config"),
            state: base("XDG_STATE_HOME", ".local/state"),
            data: base("XDG_DATA_HOME", ".local/share"),
            cache: base("XDG_CACHE_HOME", ".cache"),
            runtime: absolute("XDG_RUNTIME_DIR").map(|path| path.join(FOLDER)),
        }
    }

    /// The configuration file.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The file of the person's key map of that name.
    pub fn keymap_file(&self, name: &str) -> PathBuf {
        named(&self.config.join("keymaps"), name)
    }

    /// The file of the person's theme of that name.
    pub fn theme_file(&self, name: &str) -> PathBuf {
        named(&self.config.join("themes"), name)
    }

    /// The documents laid over the built-in catalogue, each where it is there: the machine's, then
    /// the person's.
    pub fn catalogue_files(&self) -> [PathBuf; 2] {
        [SYSTEM_CATALOGUE.into(), self.config.join("catalogue.toml")]
    }

    /// The folder with the secrets of builds, each a file of its name.
    pub fn secrets(&self) -> PathBuf {
        self.config.join("secrets")
    }

    /// The file that remembers things between runs.
    pub fn state_file(&self) -> PathBuf {
        self.state.join("state.json")
    }

    /// The folder for reports of panics.
    pub fn reports(&self) -> PathBuf {
        self.state.join("reports")
    }

    /// The folder for support bundles.
    pub fn bundles(&self) -> PathBuf {
        self.state.join("bundles")
    }

    /// The log file.
    pub fn log_file(&self) -> PathBuf {
        self.state.join("quarterdeck.log")
    }
}

/// `folder/name.toml`. A name is one word, never a way out of the folder.
fn named(folder: &Path, name: &str) -> PathBuf {
    let name = name.replace(['/', '\\', '\0'], "_");
    folder.join(format!("{name}.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(env: &[(&str, &str)]) -> Paths {
        Paths::from_env(|name| {
            env.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).into())
        })
    }

    #[test]
    fn the_defaults_stand_under_home() {
        let paths = paths(&[("HOME", "/home/ada")]);
        assert_eq!(
            paths.config_file(),
            Path::new("/home/ada/.config/quarterdeck/config.toml")
        );
        assert_eq!(
            paths.state_file(),
            Path::new("/home/ada/.local/state/quarterdeck/state.json")
        );
        assert_eq!(paths.runtime, None);
    }

    #[test]
    fn variables_win_unless_they_are_relative() {
        let paths = paths(&[
            ("HOME", "/h"),
            ("XDG_CONFIG_HOME", "/c"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_RUNTIME_DIR", "/run/u"),
        ]);
        assert_eq!(paths.config, Path::new("/c/quarterdeck"));
        assert_eq!(paths.state, Path::new("/h/.local/state/quarterdeck"));
        assert_eq!(
            paths.runtime.as_deref(),
            Some(Path::new("/run/u/quarterdeck"))
        );
    }

    #[test]
    fn a_name_cannot_leave_its_folder() {
        let paths = paths(&[("HOME", "/h")]);
        assert_eq!(
            paths.theme_file("../../x"),
            Path::new("/h/.config/quarterdeck/themes/.._.._x.toml")
        );
    }
}
