//! Choices between several things: a container, a theme, lines to save, a filter to take away.

use super::App;
use super::effect::{Effect, Effects};
use super::notice::Notice;
use super::overlay::{Choice, Overlay, Pick};
use super::screens::Screen;
use crate::key::{Code, Key};

impl App {
    /// Keys of a choice.
    pub(super) fn pick_key(&mut self, key: Key, effects: &mut Effects) {
        let Some(Overlay::Pick(pick)) = &mut self.overlay else {
            return;
        };
        match key.code {
            Code::Up | Code::Char('k') => pick.chosen = pick.chosen.saturating_sub(1),
            Code::Down | Code::Char('j') => {
                pick.chosen = (pick.chosen + 1).min(pick.names.len().saturating_sub(1));
            }
            Code::Home => pick.chosen = 0,
            Code::End => pick.chosen = pick.names.len().saturating_sub(1),
            Code::Enter => self.take_choice(effects),
            _ => self.overlay = None,
        }
    }

    fn take_choice(&mut self, effects: &mut Effects) {
        let Some(Overlay::Pick(pick)) = self.overlay.take() else {
            return;
        };
        match pick.of {
            Choice::Container(sources, way) => {
                if let Some(source) = sources.into_iter().nth(pick.chosen) {
                    self.enter(source, way, effects);
                }
            }
            Choice::Theme => {
                if let Some(name) = pick.names.into_iter().nth(pick.chosen) {
                    self.keep_theme(name);
                }
            }
            Choice::Extent(extents) => {
                if let Some(extent) = extents.into_iter().nth(pick.chosen) {
                    self.save_lines(extent, None, effects);
                }
            }
            Choice::Narrowing => {
                if let Screen::Logs(screen) = &mut self.screens[self.at] {
                    screen.take_away(pick.chosen);
                }
            }
        }
    }

    /// The theme on trial while one is chosen, else the one that was taken, else that of the
    /// context, else the usual one.
    fn theme_now(&self) -> String {
        let on_trial = match &self.overlay {
            Some(Overlay::Pick(pick)) if pick.of == Choice::Theme => pick.names.get(pick.chosen),
            _ => None,
        };
        on_trial
            .or(self.chosen_theme.as_ref())
            .cloned()
            .or_else(|| self.ruled(|it| it.theme.clone()))
            .unwrap_or_else(|| self.settings.theme.clone())
    }

    /// After each message: what is worn is what should be.
    pub(super) fn dress(&mut self, effects: &mut Effects) {
        let now = self.theme_now();
        if self.worn != now {
            self.worn.clone_from(&now);
            effects.push(Effect::Theme(now));
        }
    }

    /// `:theme`: a choice with a preview; `:theme NAME` takes it at once.
    pub(super) fn choose_theme(&mut self, name: &str) {
        let name = name.trim();
        if name.is_empty() {
            let pick = Pick::theme(self.settings.themes.clone(), &self.theme_now());
            self.overlay = Some(Overlay::Pick(pick));
        } else if self.settings.themes.iter().any(|known| known == name) {
            self.keep_theme(name.to_owned());
        } else {
            self.notify(Notice::warning(
                format!("there is no theme `{name}`"),
                "`:theme` shows all",
            ));
        }
    }

    fn keep_theme(&mut self, name: String) {
        self.notify(Notice::info(format!(
            "theme {name} until the end; `theme = \"{name}\"` in config.toml keeps it"
        )));
        self.chosen_theme = Some(name);
    }
}
