//! Configuration, environment and flags together: what holds for this run.

use super::args::{ClusterArgs, ConsoleArgs};
use crate::config::{self, Config, Paths, Problem};

/// What holds for this run.
#[derive(Debug)]
pub struct Settings {
    /// Where files live.
    pub paths: Paths,
    /// The configuration, with the flags laid over it.
    pub config: Config,
    /// What was wrong in files.
    pub problems: Vec<Problem>,
}

impl Settings {
    /// Reads the configuration and lays the flags over it.
    pub fn load(cluster: &ClusterArgs, console: &ConsoleArgs) -> Self {
        let paths = Paths::from_env(|name| std::env::var_os(name));
        let (mut config, problems) = config::load(&paths.config_file());
        if let Some(theme) = &console.theme {
            config.theme.clone_from(theme);
        }
        if let Some(keymap) = &console.keymap {
            config.keymap.clone_from(keymap);
        }
        config.readonly |= cluster.readonly;
        Self {
            paths,
            config,
            problems,
        }
    }

    /// Says on standard error what is wrong in the files; for the headless verbs.
    pub fn complain(&self) {
        for problem in &self.problems {
            super::out::warn(&format!("quarterdeck: {problem}"));
        }
    }
}
