//! What the configuration says, as far as the core goes by it: taken at the start, and again when
//! the files are read again.

use super::effect::{Effect, Effects};
use super::notice::Notice;
use super::screens::Screen;
use super::screens::shell::Panes;
use super::tabs::every;
use super::{App, World};
use crate::config::{ContextRules, LOG_BYTES, rule};
use crate::domain::fleet::Fleet;
use crate::domain::labels::LabelScheme;
use crate::input::Keymap;
use regex::Regex;
use serde::{Deserialize, Serialize};

/// What it says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Which labels mean what.
    pub labels: LabelScheme,
    /// Key bindings.
    pub keymap: Keymap,
    /// No mutating request leaves the program.
    pub readonly: bool,
    /// Bytes that all logs together may keep; the default when 0.
    pub log_bytes: usize,
    /// How programs in panes are run.
    pub panes: Panes,
    /// Patterns of context names that are production.
    pub production: Vec<String>,
    /// What holds in single contexts.
    pub contexts: Vec<ContextRules>,
    /// Scopes of the keys 1 to 9.
    pub favourites: Vec<String>,
    /// The name of the theme.
    pub theme: String,
    /// All themes that there are.
    pub themes: Vec<String>,
}

impl Settings {
    pub(super) fn production(&self) -> Vec<Regex> {
        // The configuration was read with a look at each pattern.
        let patterns = self.production.iter();
        patterns.filter_map(|it| Regex::new(it).ok()).collect()
    }

    /// Puts what the world goes by into it.
    pub(super) fn lay_over(&self, world: &mut World) {
        world.log_bytes = match self.log_bytes {
            0 => LOG_BYTES,
            bytes => bytes,
        };
        // A configured favourite has its key; remembered ones have the others.
        for (place, name) in self.favourites.iter().enumerate() {
            match world.state.favourites.get_mut(place) {
                Some(kept) => kept.clone_from(name),
                None => world.state.favourites.push(name.clone()),
            }
        }
    }
}

impl App {
    /// The files of the person were read again: everything in them holds from now on.
    pub(super) fn reloaded(&mut self, mut new: Settings, effects: &mut Effects) {
        self.keymap = std::mem::take(&mut new.keymap);
        self.pending.clear();
        self.production = new.production();
        new.lay_over(&mut self.world);
        let other_labels = *self.world.fleet.scheme() != new.labels;
        // The terminal told it, no file.
        new.panes.kitty = self.settings.panes.kitty;
        self.settings = new;
        self.chosen_theme = None;
        // Its file may say something else now.
        self.worn.clear();
        self.guard();
        self.resize_what_is_kept();
        if other_labels {
            self.arrange_anew(effects);
        }
        self.notify(Notice::info(
            "configuration, key map and theme were read again",
        ));
    }

    /// What holds in the present context.
    pub(super) fn ruled<T>(&self, pick: impl Fn(&ContextRules) -> Option<T>) -> Option<T> {
        rule(&self.settings.contexts, self.world.context()?, pick)
    }

    /// Whether anything may be changed in the present context.
    pub(super) fn guard(&mut self) {
        self.world.readonly =
            self.settings.readonly || self.ruled(|it| it.readonly).unwrap_or(false);
    }

    /// Logs and panes that are open keep as much as is configured now.
    fn resize_what_is_kept(&mut self) {
        let (bytes, lines) = (self.world.log_bytes, self.settings.panes.scrollback);
        for screen in every(&mut self.screens, &mut self.tabs) {
            match screen {
                Screen::Logs(screen) => {
                    screen.log.set_limit(bytes);
                    screen.freshen();
                }
                Screen::Shell(shell) => shell.terminal.set_scrollback(lines),
                _ => {}
            }
        }
    }

    /// Other labels make other projects and releases: everything is listed once more.
    fn arrange_anew(&mut self, effects: &mut Effects) {
        self.world.fleet = Fleet::new(self.settings.labels.clone());
        self.world.look_at(self.world.scopes.clone());
        self.world.feeds.clear();
        self.stale_lists(|_| true);
        if self.world.session.is_some() {
            effects.push(Effect::WatchAnew(self.world.scopes.clone()));
        }
    }
}
