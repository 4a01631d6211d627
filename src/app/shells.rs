//! Shells: opening a program in a container, giving it the keyboard, and what the console does with
//! a pane.

use super::App;
use super::effect::{Effect, Effects};
use super::msg::Id;
use super::notice::Notice;
use super::overlay::{Confirm, Overlay, Pick, Then};
use super::screens::shell::{Life, ShellScreen, Stage, Way};
use super::screens::{ListScreen, Screen, Source as Rows};
use super::tabs::every;
use crate::command::Command;
use crate::domain::exec::ExecItem;
use crate::domain::feed::{READONLY_REMEDY, Scope};
use crate::domain::logs::Source;
use crate::domain::rows::{Role, State};
use crate::domain::time::Millis;
use crate::key::{Code, Key};
use crate::vt::Scroll;

/// A frame that a program has begun is shown after so long even if it is not ended.
const FRAME: Millis = Millis(150);

/// The least time between two bells.
const BELLS: Millis = Millis(1000);

impl App {
    /// A command about tabs or shells. False when it is none.
    pub(super) fn shell_command(&mut self, command: Command, effects: &mut Effects) -> bool {
        match command {
            Command::Shell => self.open_shell(Way::Shell, effects),
            Command::Attach => self.open_shell(Way::Attach, effects),
            Command::LocalShell => self.open_local_shell(effects),
            command => return self.pane_command(command, effects),
        }
        true
    }

    /// A command on the pane that is seen.
    fn pane_command(&mut self, command: Command, effects: &mut Effects) -> bool {
        let leave = self
            .keymap
            .key_for(Command::LeaveShell, self.key_contexts())
            .and_then(|binding| binding.keys.last().copied());
        let Screen::Shell(shell) = &mut self.screens[self.at] else {
            return false;
        };
        match command {
            // The keyboard is with the console: the same key again is meant for the program.
            Command::LeaveShell => {
                shell.press(leave.unwrap_or(Key::ctrl(']')), effects);
                shell.focused = shell.is_live();
            }
            Command::Open => {
                if shell.is_live() {
                    shell.focused = true;
                } else if matches!(&shell.edit, Some(edit) if matches!(edit.stage, Stage::Asked(_)))
                {
                    self.ask_to_apply();
                } else {
                    self.ask_to_close(effects);
                }
            }
            Command::Refresh | Command::Reconnect if !shell.is_live() && shell.can_reopen() => {
                shell.life = Life::Opening;
                shell.set_stage(Stage::Editing);
                shell.focused = true;
                effects.push(shell.opening(Scope::only(&self.world.scopes)));
            }
            Command::Back if shell.search.is_some() => shell.end_search(),
            Command::Back | Command::Quit => self.ask_to_close(effects),
            Command::Search => shell.begin_search(),
            Command::NextMatch => shell.next_match(true),
            Command::PreviousMatch => shell.next_match(false),
            Command::TakeClipboard => match shell.offered.take() {
                Some(text) => self.put_on_clipboard(text, effects),
                None => self.notify(Notice::info("the program has put nothing up for copying")),
            },
            Command::PageUp => shell.terminal.scroll(Scroll::PageUp),
            Command::PageDown => shell.terminal.scroll(Scroll::PageDown),
            Command::Up => shell.terminal.scroll(Scroll::Lines(1)),
            Command::Down => shell.terminal.scroll(Scroll::Lines(-1)),
            Command::Top => shell.terminal.scroll(Scroll::Top),
            Command::Bottom => shell.terminal.scroll(Scroll::Bottom),
            Command::CopyLines => {
                let text = shell.terminal.selected();
                let text = text.unwrap_or_else(|| shell.terminal.text());
                self.put_on_clipboard(text, effects);
            }
            Command::SaveLog => {
                let (name, text) = (shell.title(), shell.terminal.history_text());
                let id = self.next_id();
                effects.push(Effect::Save {
                    id,
                    name,
                    copy: false,
                });
                effects.push(Effect::SavePart {
                    id,
                    text,
                    last: true,
                });
            }
            _ => return false,
        }
        true
    }

    /// A key while the pane has the keyboard. False when the console is to have it.
    pub(super) fn shell_key(&mut self, key: Key, effects: &mut Effects) -> bool {
        let leave = self
            .keymap
            .key_for(Command::LeaveShell, &[crate::command::Context::Shell])
            .is_some_and(|binding| binding.keys == [key]);
        let Screen::Shell(shell) = &mut self.screens[self.at] else {
            return false;
        };
        if !shell.focused {
            return shell.just_ended(self.world.now);
        }
        match key.code {
            _ if leave => shell.focused = false,
            Code::PageUp if key.shift => shell.terminal.scroll(Scroll::PageUp),
            Code::PageDown if key.shift => shell.terminal.scroll(Scroll::PageDown),
            _ => shell.press(key, effects),
        }
        true
    }

    /// A paste into the pane asks once when it would run at once.
    pub(super) fn shell_paste(&mut self, text: &str, effects: &mut Effects) -> bool {
        let Screen::Shell(shell) = &mut self.screens[self.at] else {
            return false;
        };
        if !shell.focused {
            return false;
        }
        if shell.runs_at_once(text) {
            self.overlay = Some(Overlay::Confirm(Confirm::paste(text)));
        } else {
            shell.paste(text, effects);
        }
        true
    }

    /// The paste was confirmed.
    pub(super) fn paste_anyway(&mut self, text: &str, effects: &mut Effects) {
        if let Screen::Shell(shell) = &mut self.screens[self.at] {
            shell.paste(text, effects);
        }
    }

    /// `s`, `a`: a shell in the selected pod or container; several containers are a choice.
    fn open_shell(&mut self, way: Way, effects: &mut Effects) {
        if self.world.readonly {
            return self.notify(Notice::warning(
                "this session is read-only: no shell is opened",
                READONLY_REMEDY,
            ));
        }
        let command = match way {
            Way::Attach => Command::Attach,
            _ => Command::Shell,
        };
        if let Some(why) = self.refusal(command) {
            let remedy = "ask for the right, or switch the context with :ctx";
            return self.notify(Notice::warning(why, remedy));
        }
        let sources = self.shell_sources();
        match sources.len() {
            0 => self.notify(Notice::info("no running container is selected")),
            1 => self.enter(sources[0].clone(), way, effects),
            _ => self.overlay = Some(Overlay::Pick(Pick::container(sources, way))),
        }
    }

    /// The running containers of the selection, the default one first.
    pub(super) fn shell_sources(&self) -> Vec<Source> {
        let Screen::List(ListScreen { source, list }) = self.screen() else {
            return Vec::new();
        };
        let Some(row) = list.selected() else {
            return Vec::new();
        };
        let key = source.rows().key(&self.world, row);
        let (namespace, name, only) = match source {
            Rows::Pods(_) => (key.namespace, key.name, None),
            Rows::Containers(rows) => (
                rows.pod.namespace.clone(),
                rows.pod.name.clone(),
                Some(key.name),
            ),
            _ => return Vec::new(),
        };
        let Some(pod) = self.world.pod_named(&namespace, &name) else {
            return Vec::new();
        };
        pod.all_containers()
            .filter(|(container, role)| *role != Role::Init || container.sidecar || only.is_some())
            .map(|(container, _)| container)
            .filter(|container| matches!(container.state, State::Running { .. }))
            .filter(|container| only.as_ref().is_none_or(|only| *only == container.name))
            .map(|container| Source {
                namespace: namespace.clone(),
                pod: name.clone(),
                container: container.name.clone(),
            })
            .collect()
    }

    /// Opens a program in a container, on a tab of its own.
    pub(super) fn enter(&mut self, source: Source, way: Way, effects: &mut Effects) {
        let id = self.next_id();
        let shell = ShellScreen::new(id, source, way, &self.settings.panes);
        self.open_pane(shell, effects);
    }

    /// Opens a pane on a tab of its own and starts what it is for.
    pub(super) fn open_pane(&mut self, shell: ShellScreen, effects: &mut Effects) {
        self.new_tab(Screen::Shell(Box::new(shell)));
        let size = self.pane_size();
        if let Screen::Shell(shell) = &mut self.screens[self.at] {
            shell.resize(size, &mut Effects::new());
            let home = Scope::only(&self.world.scopes);
            effects.push(shell.opening(home));
        }
    }

    /// Opens a shell of this machine, on a tab of its own.
    fn open_local_shell(&mut self, effects: &mut Effects) {
        if self.world.session.is_none() {
            return self.notify(Notice::warning(
                "there is no cluster for a local shell to speak to",
                "connect first, with :ctx or :demo",
            ));
        }
        if self.world.readonly {
            return self.notify(Notice::warning(
                "this session is read-only, and a shell of this machine is not",
                READONLY_REMEDY,
            ));
        }
        self.enter(Source::default(), Way::Local, effects);
    }

    fn pane_size(&self) -> (u16, u16) {
        let body = self.regions().body;
        (body.width, body.height)
    }

    /// Every pane fits its place, and its program knows whether it has the keyboard; programs that
    /// are not seen keep their size.
    pub(super) fn fit_shells(&mut self, effects: &mut Effects) {
        let size = self.pane_size();
        if let Screen::Shell(shell) = &mut self.screens[self.at] {
            shell.resize(size, effects);
            shell.tell_focus(shell.focused, effects);
        }
        if let Some((_, there)) = self.halves() {
            let size = (there.body.width, there.body.height);
            self.on_other_half(|app| {
                if let Screen::Shell(shell) = &mut app.screens[app.at] {
                    shell.resize(size, effects);
                }
            });
        }
        for tab in &mut self.tabs {
            for screen in tab.screens_mut() {
                if let Screen::Shell(shell) = screen {
                    shell.tell_focus(false, effects);
                }
            }
        }
    }

    /// The programs whose panes are seen, the one that has the keyboard first.
    pub fn seen_programs(&self) -> impl Iterator<Item = Id> {
        let beside = self.beside().map(|(screen, _)| screen);
        let screens = std::iter::once(self.screen()).chain(beside);
        screens.filter_map(|screen| match screen {
            Screen::Shell(shell) => Some(shell.id),
            _ => None,
        })
    }

    /// Something came of a program.
    pub(super) fn take_exec(&mut self, id: Id, item: ExecItem, effects: &mut Effects) {
        if self.file_closed(id, &item, effects) {
            return;
        }
        let seen = self.seen_programs().any(|it| it == id);
        let ended = matches!(item, ExecItem::Ended(_));
        let timer = self.next_id();
        let now = self.world.now;
        let (mut verdict, mut offered) = (None, None);
        let (mut news, mut rang, mut empty) = (false, false, false);
        for screen in every(&mut self.screens, &mut self.tabs) {
            let Screen::Shell(shell) = screen else {
                continue;
            };
            if shell.id != id {
                continue;
            }
            let before = shell.news;
            rang = shell.take(item, seen, now, effects);
            news = shell.news != before || ended;
            if let Some(text) = shell.terminal.take_clipboard() {
                offered = Some((shell.title(), text.chars().count()));
                shell.offered = Some(text);
            }
            if shell.terminal.is_holding() && shell.timer.is_none() {
                shell.timer = Some(timer);
                effects.push(Effect::After(timer, FRAME));
            }
            empty = ended && shell.has_no_program();
            if ended {
                verdict = Some((shell.title(), shell.verdict().unwrap_or_default()));
            }
            break;
        }
        if empty {
            self.close_pane(id, effects);
        }
        if let Some((title, verdict)) = verdict {
            self.notify(Notice::info(format!("{title}: {verdict}")));
        }
        // A program may write to the clipboard only when the person says so.
        if let Some((title, characters)) = offered {
            self.notify(Notice::info(format!(
                "{title} offers {characters} characters for the clipboard; :take-clipboard copies them"
            )));
        }
        if rang && seen {
            self.ring(effects);
        }
        // A hidden pane shows on the strip only what is news.
        self.dirty |= seen || news;
    }

    /// Rings the person's own bell: not more often than anybody can bear.
    fn ring(&mut self, effects: &mut Effects) {
        let now = self.world.now;
        if self.rang.is_none_or(|before| now.since(before) >= BELLS) {
            self.rang = Some(now);
            effects.push(Effect::Bell);
        }
    }

    /// The terminal tells of every move of the pointer while a program wants to know.
    pub(super) fn follow_pointer(&mut self, effects: &mut Effects) {
        let wanted = self.overlay.is_none()
            && matches!(self.screen(), Screen::Shell(shell) if shell.wants_motion());
        if std::mem::replace(&mut self.motion, wanted) != wanted {
            effects.push(Effect::Motion(wanted));
        }
    }

    /// A frame that a program began has taken too long. False when the timer is another's.
    pub(super) fn shell_timer(&mut self, timer: Id) -> bool {
        let seen: Vec<Id> = self.seen_programs().collect();
        for screen in every(&mut self.screens, &mut self.tabs) {
            if let Screen::Shell(shell) = screen
                && shell.timer == Some(timer)
            {
                shell.timer = None;
                shell.terminal.release();
                self.dirty |= seen.contains(&shell.id);
                return true;
            }
        }
        false
    }

    /// Carries out what was chosen or confirmed.
    pub(super) fn then(&mut self, then: Then, effects: &mut Effects) {
        match then {
            Then::Quit => self.leave_for_good(effects),
            Then::Requests(requests) => self.send(requests, effects),
            Then::CloseTab => self.close_tab(effects),
            Then::Renew(folders) => self.renew(folders, effects),
            Then::Paste(text) => self.paste_anyway(&text, effects),
            Then::Apply(id) => self.apply_edit(id, effects),
            Then::Connect(effect) => self.connect_now(*effect, effects),
            Then::Tour => self.tour_in_demo(effects),
            Then::Bundle => effects.push(Effect::Bundle),
        }
    }
}
