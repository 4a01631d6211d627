//! Configuration, environment and flags together: what holds for this run.

use super::args::{ClusterArgs, ConsoleArgs};
use crate::app::{self, Panes};
use crate::config::{self, Config, Paths, Problem, Tint};
use crate::input::{self, Keymap};
use crate::theme::{self, Depth, Theme};
use std::path::{Path, PathBuf};

/// The key map that every other one is laid over.
const KEYMAP: &str = "default";

/// The theme for a light ground.
const LIGHT: &str = "light";

/// The name that leaves the theme to the terminal.
const AUTO: &str = "auto";

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

    /// The key map: the shipped default, over it the shipped or own one of the configured name.
    pub fn keymap(&mut self) -> Keymap {
        let name = self.config.keymap.clone();
        let mut keymap = input::shipped(&name)
            .or_else(|| input::shipped(KEYMAP))
            .unwrap_or_default();
        let file = self.paths.keymap_file(&name);
        self.lay_over(
            &mut keymap,
            ("key map", &name, &file),
            input::shipped,
            |keymap, text| {
                let problems = input::load(keymap, text).into_iter();
                problems.map(|p| (p.line, p.what, p.remedy)).collect()
            },
        );
        keymap
    }

    /// The theme of the configured name, as this terminal can show it.
    pub fn theme(&mut self) -> Theme {
        let variable = |name: &str| std::env::var(name).ok();
        let depth = depth();
        let usual = usual_theme(depth, variable("COLORFGBG").as_deref());
        let mut loaded = theme::shipped(usual).unwrap_or_default();
        let name = self.config.theme.clone();
        if name != AUTO {
            let file = self.paths.theme_file(&name);
            self.lay_over(
                &mut loaded,
                ("theme", &name, &file),
                theme::shipped,
                |theme, text| {
                    let problems = theme::load(theme, text).into_iter();
                    problems.map(|p| (p.line, p.what, p.remedy)).collect()
                },
            );
        }
        let problems = self.tint(&mut loaded);
        self.problems.extend(problems);
        loaded.at_depth(depth)
    }

    /// Gives roles the person's own colours; what is wrong with those.
    fn tint(&self, theme: &mut Theme) -> Vec<Problem> {
        let mut problems = Vec::new();
        for Tint { role, colour, line } in &self.config.colours {
            if let Err((what, remedy)) = theme::tint(theme, role, colour) {
                problems.push(Problem {
                    file: self.paths.config_file(),
                    line: Some(*line),
                    what,
                    remedy,
                });
            }
        }
        problems
    }

    /// The name of the theme in force.
    pub fn theme_name(&self) -> String {
        if self.config.theme == AUTO {
            let variable = |name: &str| std::env::var(name).ok();
            usual_theme(depth(), variable("COLORFGBG").as_deref()).to_owned()
        } else {
            self.config.theme.clone()
        }
    }

    /// All themes: those that ship with the program, and the person's own.
    pub fn themes(&self) -> Vec<String> {
        let shipped = theme::SHIPPED.iter().map(|(name, _)| (*name).to_owned());
        let mut names: Vec<String> = shipped.collect();
        let folder = self.paths.theme_file("x");
        let own = folder.parent().and_then(|it| std::fs::read_dir(it).ok());
        for file in own.into_iter().flatten().flatten() {
            let file = file.path();
            if file.extension().is_some_and(|it| it == "toml")
                && let Some(name) = file.file_stem().and_then(|it| it.to_str())
            {
                names.push(name.to_owned());
            }
        }
        names.sort();
        names.dedup();
        names
    }

    /// Lays the person's own file of a name over `value`; where there is none, the shipped one of
    /// that name takes its place. What is wrong is kept as problems.
    fn lay_over<T>(
        &mut self,
        value: &mut T,
        (what, name, file): (&str, &str, &Path),
        shipped: impl Fn(&str) -> Option<T>,
        load: impl Fn(&mut T, &str) -> Vec<(usize, String, String)>,
    ) {
        match std::fs::read_to_string(file) {
            Ok(text) => {
                let problems = load(value, &text).into_iter();
                self.problems
                    .extend(problems.map(|(line, what, remedy)| Problem {
                        file: file.to_owned(),
                        line: Some(line),
                        what,
                        remedy,
                    }));
            }
            Err(error) => match shipped(name) {
                Some(shipped) => *value = shipped,
                None => self.problems.push(missing(file, what, name, &error)),
            },
        }
    }

    /// The log file of this run.
    pub fn log_file(&self, console: &ConsoleArgs) -> PathBuf {
        let named = console.log_file.clone();
        named.unwrap_or_else(|| self.paths.log_file())
    }

    /// The theme for a light ground, where the terminal is to be asked for its own: nobody has
    /// chosen one, the environment does not tell, and it has colours to speak of.
    pub fn on_light_ground(&self) -> Option<Theme> {
        let depth = depth();
        let told = std::env::var_os("COLORFGBG").is_some();
        let asked = self.config.theme == AUTO && !told && depth >= Depth::Indexed;
        let mut light = asked.then(|| theme::shipped(LIGHT)).flatten()?;
        // What is wrong with them has been told of the other theme.
        self.tint(&mut light);
        Some(light.at_depth(depth))
    }

    /// What the core goes by. What is wrong in the files is kept as problems.
    pub fn for_core(&mut self) -> app::Settings {
        let keymap = self.keymap();
        let themes = self.themes();
        self.look_at_themes_of_contexts(&themes);
        let config = &self.config;
        app::Settings {
            labels: config.labels.clone(),
            keymap,
            readonly: config.readonly,
            log_bytes: config.log_bytes,
            panes: Panes {
                scrollback: config.scrollback,
                shell: config.shell.clone(),
                ..Panes::default()
            },
            production: config.production.clone(),
            contexts: config.contexts.clone(),
            favourites: config.favourites.clone(),
            theme: self.theme_name(),
            themes,
        }
    }

    fn look_at_themes_of_contexts(&mut self, themes: &[String]) {
        for rules in &self.config.contexts {
            let Some(name) = rules.theme.as_ref().filter(|it| !themes.contains(it)) else {
                continue;
            };
            self.problems.push(Problem {
                file: self.paths.config_file(),
                line: None,
                what: format!(
                    "there is no theme `{name}`, which contexts.\"{}\" names",
                    rules.pattern
                ),
                remedy: format!("the themes are {}", themes.join(", ")),
            });
        }
    }

    /// Says on standard error what is wrong in the files; for the headless verbs.
    pub fn complain(&self) {
        for problem in &self.problems {
            super::out::warn(&format!("quarterdeck: {problem}"));
        }
    }
}

/// How many colours the terminal has.
fn depth() -> Depth {
    let variable = |name: &str| std::env::var(name).ok();
    theme::detect(
        variable("NO_COLOR").as_deref(),
        variable("COLORTERM").as_deref(),
        variable("TERM").as_deref(),
    )
}

/// The theme for a terminal that nobody has chosen one for. `COLORFGBG` (`15;0`, foreground and
/// background as colours of the sixteen) tells of a light ground where a terminal sets it.
fn usual_theme(depth: Depth, colours: Option<&str>) -> &'static str {
    let ground = colours.and_then(|colours| colours.rsplit(';').next()?.parse::<u8>().ok());
    match (depth, ground) {
        (Depth::Sixteen, _) => "sixteen",
        (_, Some(7 | 9..=15)) => LIGHT,
        _ => "dark",
    }
}

/// Whether the locale is a UTF-8 one, by the variable that decides. A machine that says nothing is
/// taken for a modern one.
pub fn speaks_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let said = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(variable)
        .find(|value| !value.is_empty());
    said.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// A file that a name asks for and that is not there, or cannot be read.
fn missing(file: &Path, what: &str, name: &str, error: &std::io::Error) -> Problem {
    Problem {
        file: file.to_owned(),
        line: None,
        what: format!("there is no {what} `{name}` ({error})"),
        remedy: format!(
            "write this file, or name another {what} in config.toml; until then the default holds"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_decides_when_nobody_else_does() {
        assert_eq!(usual_theme(Depth::True, None), "dark");
        assert_eq!(usual_theme(Depth::True, Some("0;15")), "light");
        assert_eq!(usual_theme(Depth::True, Some("15;default;0")), "dark");
        assert_eq!(usual_theme(Depth::Sixteen, Some("0;15")), "sixteen");
        for depth in [Depth::None, Depth::Sixteen, Depth::Indexed, Depth::True] {
            assert!(theme::shipped(usual_theme(depth, None)).is_some());
        }
    }

    #[test]
    fn the_locale_decides_what_can_be_shown() {
        let speaks = |variables: &[(&str, &str)]| {
            speaks_utf8(|name| {
                variables
                    .iter()
                    .find(|(n, _)| *n == name)
                    .map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(
            speaks(&[])
                && speaks(&[("LANG", "de_DE.UTF-8")])
                && speaks(&[("LC_ALL", ""), ("LANG", "C.utf8")])
        );
        assert!(!speaks(&[("LANG", "C")]) && !speaks(&[("LC_ALL", "POSIX"), ("LANG", "C.UTF-8")]));
    }
}
