//! Keys and pastes: to a line that is being typed, to a question, else to a command.

use super::App;
use super::effect::Effects;
use super::line::{self, WantedLine};
use super::notice::Notice;
use super::overlay::Overlay;
use super::palette::{Line, Palette};
use super::screens::logs::LogScreen;
use super::screens::welcome::Step;
use super::screens::{ListScreen, Screen};
use super::world::World;
use crate::command::{Command, Context};
use crate::domain::query::Query;
use crate::input::Resolution;
use crate::key::{Code, Key};

impl App {
    /// The contexts in which a key is looked up now, innermost first.
    pub fn key_contexts(&self) -> &'static [Context] {
        match &self.overlay {
            Some(Overlay::Confirm(_)) => &[Context::Confirm],
            _ => self.screen().key_contexts(),
        }
    }

    /// Whether keys are typed into a line: no key is a command then, but a few.
    pub fn typing(&self) -> bool {
        match &self.overlay {
            Some(Overlay::Palette(..)) => true,
            Some(Overlay::Confirm(confirm)) => confirm.word.is_some(),
            Some(Overlay::Pick(_)) => false,
            None => match self.screen() {
                Screen::List(screen) => screen.list.filter.editing,
                Screen::Text(screen) => screen.search.as_ref().is_some_and(|s| s.editing),
                Screen::Logs(screen) => screen.input.is_some(),
                Screen::Wizard(wizard) => wizard.typing(),
                Screen::Shell(shell) => shell.search.as_ref().is_some_and(|s| s.editing),
                Screen::Welcome(_) => false,
            },
        }
    }

    pub(super) fn key(&mut self, key: Key, effects: &mut Effects) {
        self.dirty = true;
        match &self.overlay {
            Some(Overlay::Palette(..)) => self.palette_key(key, effects),
            Some(Overlay::Confirm(confirm)) if confirm.word.is_some() => {
                self.word_key(key, effects);
            }
            Some(Overlay::Confirm(_)) => self.command_key(key, effects),
            Some(Overlay::Pick(_)) => self.pick_key(key, effects),
            None if matches!(self.screen(), Screen::Wizard(_)) => {
                if !self.wizard_key(key) {
                    self.command_key(key, effects);
                }
            }
            None if self.typing() => self.field_key(key),
            None => {
                if !self.shell_key(key, effects) {
                    self.command_key(key, effects);
                }
            }
        }
    }

    fn command_key(&mut self, key: Key, effects: &mut Effects) {
        if !self.pending.is_empty() && (key.code == Code::Esc || key == Key::ctrl('c')) {
            self.pending.clear();
            return;
        }
        self.pending.push(key);
        match self.keymap.resolve(self.key_contexts(), &self.pending) {
            Resolution::Command(command) => {
                self.pending.clear();
                self.command(command, effects);
            }
            Resolution::Pending(_) => {}
            Resolution::Unbound => {
                let sequence = self.pending.len() > 1;
                self.pending.clear();
                // A question is left by any key that is not an answer to it: never by doing it.
                if matches!(self.overlay, Some(Overlay::Confirm(_))) {
                    self.overlay = None;
                } else if sequence {
                    self.notify(Notice::warning(
                        "these keys mean nothing together",
                        "? shows the keys",
                    ));
                }
            }
        }
    }

    /// Keys of the filter line and of the search line.
    fn field_key(&mut self, key: Key) {
        let leave = key.code == Code::Esc || key == Key::ctrl('c');
        let (screen, world) = self.screen_mut();
        match screen {
            Screen::List(ListScreen { source, list }) => match key.code {
                _ if leave => {
                    list.filter.editing = false;
                    list.set_filter(String::new(), Query::default(), source.rows(), world);
                }
                Code::Enter => list.filter.editing = false,
                Code::Up | Code::Down | Code::PageUp | Code::PageDown => {
                    list.command(moving(key.code), source.rows(), world);
                }
                _ => {
                    let mut line = list.filter_line();
                    if line.key(key) {
                        list.set_filter_line(&line, source.rows(), world);
                    }
                }
            },
            Screen::Text(screen) => match key.code {
                _ if leave => screen.search = None,
                Code::Enter => {
                    if let Some(search) = &mut screen.search {
                        search.editing = false;
                        if search.text.is_empty() {
                            screen.search = None;
                        }
                    }
                }
                Code::Up => drop(screen.command(Command::PreviousMatch)),
                Code::Down => drop(screen.command(Command::NextMatch)),
                _ => {
                    let mut line = screen.search_line();
                    if line.key(key) {
                        screen.set_search_line(&line);
                    }
                }
            },
            Screen::Logs(screen) => log_key(screen, key, leave, world),
            Screen::Shell(shell) => shell.search_key(key, leave),
            Screen::Wizard(_) | Screen::Welcome(_) => {}
        }
    }

    fn palette_key(&mut self, key: Key, effects: &mut Effects) {
        let Some(Overlay::Palette(palette, wrong)) = &mut self.overlay else {
            return;
        };
        match key.code {
            Code::Esc => self.overlay = None,
            _ if key == Key::ctrl('c') => self.overlay = None,
            Code::Enter => {
                let answer = palette.answer();
                self.carry_out(&answer, effects);
            }
            Code::Tab if key.shift => palette.choose(false),
            Code::Tab => palette.take(&self.world),
            Code::Down => palette.choose(true),
            Code::Up => palette.choose(false),
            Code::Char('n') if key.ctrl => palette.choose(true),
            Code::Char('p') if key.ctrl => palette.choose(false),
            Code::Backspace if palette.line.text().is_empty() => self.overlay = None,
            _ => {
                if palette.line.key(key) {
                    *wrong = None;
                    palette.complete(&self.world);
                }
            }
        }
    }

    fn word_key(&mut self, key: Key, effects: &mut Effects) {
        let Some(Overlay::Confirm(confirm)) = &mut self.overlay else {
            return;
        };
        match key.code {
            Code::Esc => self.overlay = None,
            _ if key == Key::ctrl('c') => self.overlay = None,
            Code::Enter => self.answer_yes(effects),
            _ => {
                let mut line = Line::new(&confirm.typed);
                line.key(key);
                line.text().clone_into(&mut confirm.typed);
            }
        }
    }

    pub(super) fn answer_yes(&mut self, effects: &mut Effects) {
        let Some(Overlay::Confirm(confirm)) = &self.overlay else {
            return;
        };
        if !confirm.ready() {
            return;
        }
        let then = confirm.then.clone();
        self.overlay = None;
        self.then(then, effects);
    }

    pub(super) fn paste(&mut self, text: &str, effects: &mut Effects) {
        self.dirty = true;
        if self.overlay.is_none() && self.shell_paste(text, effects) {
            return;
        }
        let typing = self.typing();
        match &mut self.overlay {
            Some(Overlay::Palette(palette, _)) => {
                palette.line.insert(text);
                palette.complete(&self.world);
            }
            Some(Overlay::Confirm(_) | Overlay::Pick(_)) => {}
            None if typing => {
                let (screen, world) = self.screen_mut();
                match screen {
                    Screen::List(ListScreen { source, list }) => {
                        let mut line = list.filter_line();
                        line.insert(text);
                        list.set_filter_line(&line, source.rows(), world);
                    }
                    Screen::Text(screen) => {
                        let mut line = screen.search_line();
                        line.insert(text);
                        screen.set_search_line(&line);
                    }
                    Screen::Logs(screen) => {
                        if let Some(input) = &mut screen.input {
                            input.line.insert(text);
                        }
                        screen.typed();
                    }
                    Screen::Wizard(wizard) => drop(wizard.paste(text)),
                    Screen::Shell(shell) => shell.search_paste(text),
                    Screen::Welcome(_) => {}
                }
            }
            None => self.notify(Notice::info(
                "nothing here takes a paste; `:` opens the command line, `/` the filter",
            )),
        }
    }

    /// Carries out a line of the palette; a line that cannot be read stays, with the reason.
    pub(super) fn carry_out(&mut self, text: &str, effects: &mut Effects) {
        if text.is_empty() {
            self.overlay = None;
            return;
        }
        match line::read(text, &self.world) {
            Ok(meaning) => {
                self.overlay = None;
                self.mean(meaning, effects);
            }
            // It may name a kind that the server has not told yet.
            Err(_) if self.may_be_a_kind(text) => {
                self.overlay = None;
                self.wanted_line = Some(WantedLine {
                    line: text.to_owned(),
                    context: self.world.context().cloned(),
                });
                self.notify(Notice::info(format!(
                    "`{text}` waits until the server has told its kinds"
                )));
            }
            Err(notice) => {
                let mut palette = Palette::open(text, &self.world);
                palette.chosen = None;
                self.overlay = Some(Overlay::Palette(palette, Some(notice.clone())));
                self.notify(notice);
            }
        }
    }

    /// Whether the line may name a kind once the server has told its kinds: it is no misspelt
    /// command, and they are on their way.
    fn may_be_a_kind(&self, line: &str) -> bool {
        let verb = line.split_whitespace().next().unwrap_or_default();
        self.world.resources.is_empty()
            && self.world.failure.is_none()
            && crate::command::nearest(verb).is_none()
    }

    /// The chosen way of the welcome screen.
    pub(super) fn take_way(&mut self, effects: &mut Effects) {
        let Screen::Welcome(welcome) = self.screen() else {
            return;
        };
        let Some(way) = super::screens::welcome::Welcome::ways(&self.world)
            .into_iter()
            .nth(welcome.cursor)
        else {
            return;
        };
        match way.step {
            Step::Type(line) => {
                self.overlay = Some(Overlay::Palette(Palette::open(line, &self.world), None));
            }
            Step::Effect(effect) => self.connect(effect, effects),
        }
    }
}

/// Keys of the line that is being typed on a log screen.
fn log_key(screen: &mut LogScreen, key: Key, leave: bool, world: &World) {
    match key.code {
        _ if leave => screen.drop_input(),
        Code::Enter => screen.keep_input(world.now, &world.zone),
        Code::Up | Code::Down | Code::PageUp | Code::PageDown => {
            screen.command(moving(key.code));
        }
        _ => {
            let changed = screen.input.as_mut().is_some_and(|input| {
                input.problem = None;
                input.line.key(key)
            });
            if changed {
                screen.typed();
            }
        }
    }
}

fn moving(code: Code) -> Command {
    match code {
        Code::Up => Command::Up,
        Code::PageUp => Command::PageUp,
        Code::PageDown => Command::PageDown,
        _ => Command::Down,
    }
}
