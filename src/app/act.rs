//! What each command does on the screen that is seen.

use super::effect::Effects;
use super::notice::Notice;
use super::overlay::{Confirm, Overlay};
use super::palette::Palette;
use super::rights::may;
use super::screens::text::Search;
use super::screens::{ListScreen, Screen, Source};
use super::{App, Effect, Job, Request, help};
use crate::command::Command;
use crate::domain::feed::{AccessQuestion, READONLY_REMEDY, Scope};
use crate::domain::query::Query;
use crate::domain::session::Target;
use crate::domain::text::Text;

/// Terminals take so many bytes for the clipboard, if not less.
const CLIPBOARD: usize = 512 << 10;

impl App {
    /// Carries out a command.
    pub(super) fn command(&mut self, command: Command, effects: &mut Effects) {
        self.dirty = true;
        if self.list_or_text_command(command, effects) {
            return;
        }
        if self.recipe_command(command, effects)
            || self.wizard_command(command, effects)
            || self.tab_command(command, effects)
            || self.shell_command(command, effects)
            || self.log_command(command, effects)
            || self.edit_command(command, effects)
        {
            return;
        }
        match command {
            Command::Palette => {
                self.overlay = Some(Overlay::Palette(Palette::open("", &self.world), None));
            }
            Command::Help => {
                self.show_own_text("help", &help::text(&self.keymap, self.key_contexts()));
            }
            Command::Keys => self.show_own_text("keys", &help::keys(&self.keymap)),
            Command::Theme => self.choose_theme(""),
            Command::Tutor => self.tutor("", effects),
            Command::Bundle => effects.push(Effect::PlanBundle),
            Command::Reload => effects.push(Effect::Reload),
            Command::About => self.show_own_text("about", &help::about(self)),
            Command::Back => self.back(effects),
            Command::Quit => self.quit(),
            Command::Interrupt => self.interrupt(),
            Command::HistoryBack => self.go_to(self.at.saturating_sub(1)),
            Command::HistoryForward => self.go_to(self.at + 1),
            Command::Refresh | Command::Reconnect => self.refresh(effects),
            Command::Logs => self.open_logs(false, effects),
            Command::PreviousLogs => self.open_logs(true, effects),
            Command::Demo => self.connect(Effect::ConnectDemo, effects),
            Command::Open => self.open(effects),
            Command::Yaml | Command::Describe => self.show_object(command, effects),
            Command::Delete => self.delete(effects),
            Command::CopyName | Command::CopyNamespace | Command::CopyRow | Command::CopyAll => {
                self.copy(command, effects);
            }
            Command::Filter => self.edit_filter(),
            Command::ClearFilter => self.clear_filter(),
            Command::Search => self.edit_search(),
            Command::ManagedFields | Command::Reveal => self.fetch_again(command, effects),
            Command::ShowNode => self.show_node(),
            Command::ShowOwner => self.show_owner(),
            Command::AllNamespaces => self.set_scopes(vec![Scope::ALL], effects),
            Command::KeepFavourite => self.keep_favourite(effects),
            Command::Yes => self.answer_yes(effects),
            Command::No => self.overlay = None,
            Command::Projects
            | Command::Releases
            | Command::Workloads
            | Command::Pods
            | Command::Nodes
            | Command::Namespaces
            | Command::Contexts
            | Command::Events
            | Command::Resources
            | Command::Notices => self.go(command, &super::line::Arguments::default(), effects),
            Command::Kubeconfig => {
                self.overlay = Some(Overlay::Palette(
                    Palette::open("kubeconfig ", &self.world),
                    None,
                ));
            }
            command => {
                if let Some(n) = command.favourite() {
                    self.favourite(n, effects);
                }
            }
        }
    }

    /// Moving, sorting, marking, folding: what lists and texts do by themselves.
    fn list_or_text_command(&mut self, command: Command, effects: &mut Effects) -> bool {
        let (screen, world) = self.screen_mut();
        let done = match screen {
            Screen::List(ListScreen { source, list }) => {
                list.command(command, source.rows(), world)
            }
            Screen::Text(screen) => screen.command(command),
            Screen::Logs(screen) => screen.command(command),
            Screen::Shell(_) | Screen::Wizard(_) => false,
            Screen::Welcome(welcome) => welcome.command(command, world),
        };
        if done && matches!(self.screen(), Screen::Logs(_)) {
            self.fit();
        }
        if done {
            self.remember_sort(effects);
            self.remember_columns(effects);
        }
        done
    }

    /// Keeps whether the visible list shows the columns that are hidden as a rule.
    fn remember_columns(&mut self, effects: &mut Effects) {
        let Screen::List(screen) = self.screen() else {
            return;
        };
        let (name, wide) = (screen.source.rows().name().to_owned(), screen.list.wide);
        let kept = &mut self.world.state.wide;
        let changed = if wide {
            kept.insert(name)
        } else {
            kept.remove(&name)
        };
        if changed {
            effects.push(Effect::SaveState(self.world.state.clone()));
        }
    }

    /// Keeps the order of the visible list when it changed.
    pub(super) fn remember_sort(&mut self, effects: &mut Effects) {
        let Screen::List(screen) = self.screen() else {
            return;
        };
        let rows = screen.source.rows();
        let (name, sort) = (rows.name().to_owned(), screen.list.sort.clone());
        let known = self
            .world
            .state
            .sorts
            .get(&name)
            .cloned()
            .unwrap_or_else(|| rows.first_sort());
        // Tables of different kinds have different columns: nothing to remember for all of them.
        if known != sort && !matches!(screen.source, Source::Table(_)) {
            self.world.state.sorts.insert(name, sort);
            effects.push(Effect::SaveState(self.world.state.clone()));
        }
    }

    /// Escape: closes what is open, clears what narrows, else goes up a level.
    fn back(&mut self, effects: &mut Effects) {
        if self.overlay.take().is_some() {
            return;
        }
        if self.clear_what_narrows() || self.world.notices.dismiss(self.world.now) && self.at == 0 {
            return;
        }
        if self.at > 0 {
            let asked_from = self.asked_from.take_if(
                |(text, _)| matches!(self.screens.get(self.at), Some(Screen::Text(screen)) if screen.id == *text),
            );
            self.leave(effects);
            if let Some(tab) = asked_from.and_then(|(_, pane)| self.tab_of_pane(pane)) {
                self.show_tab(tab);
            }
        }
    }

    fn clear_what_narrows(&mut self) -> bool {
        let (screen, world) = self.screen_mut();
        match screen {
            Screen::List(ListScreen { source, list }) => {
                if !list.filter.text.is_empty() {
                    list.set_filter(String::new(), Query::default(), source.rows(), world);
                } else if list.faults_only {
                    list.faults_only = false;
                    list.rebuild(source.rows(), world);
                } else if list.marks.is_empty() {
                    return false;
                } else {
                    list.marks.clear();
                }
                true
            }
            Screen::Text(screen) => screen.search.take().is_some(),
            Screen::Logs(screen) => screen.close_something(),
            Screen::Wizard(wizard) => wizard.close_body(),
            Screen::Shell(_) | Screen::Welcome(_) => false,
        }
    }

    /// `q`: up a level, or the question whether to leave.
    fn quit(&mut self) {
        if self.at > self.root()
            || matches!(self.screen(), Screen::Text(_) | Screen::Logs(_)) && self.at > 0
        {
            self.go_to(self.at - 1);
        } else {
            let live = self.what_would_end();
            let confirm = if live.is_empty() {
                Confirm::quit()
            } else {
                Confirm::quit_with(live)
            };
            self.overlay = Some(Overlay::Confirm(confirm));
        }
    }

    /// ctrl-c: cancels what is being asked or typed, and says how to leave.
    fn interrupt(&mut self) {
        if self.overlay.take().is_none() && !self.clear_what_narrows() {
            self.notify(Notice::info(
                "ctrl-c does not end quarterdeck; type :q to leave",
            ));
        }
    }

    fn refresh(&mut self, effects: &mut Effects) {
        if let Screen::Text(screen) = self.screen()
            && let Some(request) = screen.request()
        {
            let id = screen.id;
            self.ask(Job::Text(id), request, effects);
            return;
        }
        if self.world.session.is_none() {
            return self.connect(Effect::Connect(None), effects);
        }
        effects.push(Effect::Retry);
        self.notify(Notice::info("asking the server again"));
    }

    fn show_object(&mut self, command: Command, effects: &mut Effects) {
        let Screen::List(ListScreen { source, list }) = self.screen() else {
            return;
        };
        let rows = source.rows();
        match list
            .selected()
            .and_then(|row| rows.target(&self.world, row))
        {
            Some(target) => self.show_text(command, target, effects),
            None => self.notify(Notice::info(
                "this row is not an object of the cluster; enter opens it",
            )),
        }
    }

    fn delete(&mut self, effects: &mut Effects) {
        let Screen::List(ListScreen { source, list }) = self.screen() else {
            return;
        };
        let targets = list.chosen(source.rows(), &self.world);
        if targets.is_empty() {
            return self.notify(Notice::info("nothing here can be deleted"));
        }
        if self.world.readonly {
            return self.notify(Notice::warning(
                "read-only: nothing is deleted",
                READONLY_REMEDY,
            ));
        }
        let questions: Vec<AccessQuestion> = targets.iter().map(|it| may("delete", it)).collect();
        if questions.iter().all(|q| self.world.access(q).is_some()) {
            return self.confirm_delete(&questions, &targets);
        }
        self.ask(
            Job::AccessToDelete(questions.clone(), targets),
            Request::Access(questions),
            effects,
        );
    }

    /// The rights are known: ask the person, or say what is missing.
    pub(super) fn confirm_delete(&mut self, questions: &[AccessQuestion], targets: &[Target]) {
        let denied = questions.iter().zip(targets).find_map(|(q, target)| {
            let answer = self.world.access(q)?;
            (!answer.allowed).then(|| (target.clone(), answer.reason.clone()))
        });
        if let Some((target, reason)) = denied {
            let notice = Notice {
                severity: super::Severity::Warning,
                what: Text::new(&format!(
                    "you may not delete {} in {}",
                    target.resource(),
                    target.namespace
                )),
                why: reason,
                remedy: "ask for the right, or switch the context with :ctx".into(),
            };
            return self.notify(notice);
        }
        let context = self.world.context().cloned().unwrap_or_default();
        self.overlay = Some(Overlay::Confirm(Confirm::delete(
            targets,
            &context,
            self.demands_name(),
        )));
        self.dirty = true;
    }

    /// Sends confirmed requests.
    pub(super) fn send(&mut self, requests: Vec<Request>, effects: &mut Effects) {
        for request in requests {
            if let Request::Delete(target) = &request {
                let job = Job::Delete(target.clone());
                self.ask(job, request, effects);
            }
        }
        if let Screen::List(screen) = self.screen_mut().0 {
            screen.list.marks.clear();
        }
    }

    fn copy(&mut self, command: Command, effects: &mut Effects) {
        let text = match self.screen() {
            Screen::Text(screen) => screen.text(),
            Screen::Logs(_) | Screen::Shell(_) | Screen::Wizard(_) | Screen::Welcome(_) => return,
            Screen::List(ListScreen { source, list }) => {
                let rows = source.rows();
                let Some(row) = list.selected() else { return };
                let key = rows.key(&self.world, row);
                match command {
                    Command::CopyName => key.name.to_string(),
                    Command::CopyNamespace => key.namespace.to_string(),
                    _ => {
                        let mut line = String::new();
                        for head in rows.heads(&self.world) {
                            rows.cell(&self.world, row, &head.id, &mut line);
                            line.push('\t');
                        }
                        line.trim_end().to_owned()
                    }
                }
            }
        };
        self.put_on_clipboard(text, effects);
    }

    /// Puts a text on the clipboard and says so.
    pub(super) fn put_on_clipboard(&mut self, text: String, effects: &mut Effects) {
        if text.trim_end_matches('\n').is_empty() {
            return self.notify(Notice::info("there is nothing to copy"));
        }
        if text.len() > CLIPBOARD {
            let size = text.len() >> 10;
            return self.notify(Notice::warning(
                format!("{size} KiB are more than a terminal takes for its clipboard"),
                "select less, or save it to a file",
            ));
        }
        let what = match text.trim_end_matches('\n') {
            one if !one.contains('\n') && one.len() < 80 => format!("`{one}`"),
            several => format!("{} lines", several.lines().count()),
        };
        self.notify(Notice::info(format!("copied {what}")));
        effects.push(Effect::Copy(text));
    }

    fn edit_filter(&mut self) {
        match self.screen_mut().0 {
            Screen::List(screen) => screen.list.filter.editing = true,
            Screen::Text(_) => self.edit_search(),
            Screen::Logs(_) | Screen::Shell(_) | Screen::Wizard(_) | Screen::Welcome(_) => {}
        }
    }

    fn clear_filter(&mut self) {
        if let (Screen::List(ListScreen { source, list }), world) = self.screen_mut() {
            list.set_filter(String::new(), Query::default(), source.rows(), world);
        }
    }

    fn edit_search(&mut self) {
        if let Screen::Text(screen) = self.screen_mut().0 {
            let text = screen.search.take().map(|s| s.text).unwrap_or_default();
            screen.search = Some(Search {
                cursor: text.len(),
                text: text.clone(),
                regex: None,
                hits: Vec::new(),
                editing: true,
            });
            screen.set_search(&text);
        }
    }

    /// Asks for the same object with managedFields, or with the values of a Secret.
    fn fetch_again(&mut self, command: Command, effects: &mut Effects) {
        let Screen::Text(screen) = self.screen_mut().0 else {
            return;
        };
        if screen.target.is_none() {
            return;
        }
        if command == Command::Reveal {
            screen.reveal(!screen.reveals());
        } else {
            screen.managed_fields = !screen.managed_fields;
        }
        let id = screen.id;
        if let Some(request) = screen.request() {
            self.ask(Job::Text(id), request, effects);
        }
    }

    fn keep_favourite(&mut self, effects: &mut Effects) {
        let Some(names) = self.world.scope_names() else {
            return self.notify(Notice::info(
                "all namespaces are on 0 already; choose some with :ns first",
            ));
        };
        let favourite = names.iter().map(Text::as_str).collect::<Vec<_>>().join(",");
        let favourites = &mut self.world.state.favourites;
        favourites.retain(|known| *known != favourite);
        favourites.insert(0, favourite.clone());
        favourites.truncate(9);
        effects.push(Effect::SaveState(self.world.state.clone()));
        self.notify(Notice::info(format!("{favourite} is favourite 1 now")));
    }

    fn favourite(&mut self, n: usize, effects: &mut Effects) {
        match self.world.state.favourites.get(n - 1).cloned() {
            Some(favourite) => self.set_scopes(super::line::scopes(&favourite), effects),
            None => self.notify(Notice::info(format!(
                "there is no favourite {n}; `:keep-favourite` keeps the present namespaces as one"
            ))),
        }
    }

    /// Whether a command does something here: what does nothing is not hinted at.
    pub fn offers(&self, command: Command) -> bool {
        match (command, self.screen()) {
            (Command::Open, Screen::List(screen)) => {
                !matches!(screen.source, Source::Containers(_))
                    && !screen.list.order.rows().is_empty()
            }
            (Command::Compare, Screen::Wizard(wizard)) => wizard.own_dockerfile().is_some(),
            (Command::EditRecipe | Command::Renew | Command::Compare, Screen::List(screen)) => {
                !screen.list.order.rows().is_empty()
            }
            (
                Command::Yaml | Command::Describe | Command::Edit | Command::Mark | Command::Delete,
                Screen::List(screen),
            ) => !screen.list.order.rows().is_empty(),
            (Command::Filter, Screen::Welcome(_)) => false,
            (Command::StopBuild, Screen::Logs(screen)) => {
                screen.build.as_ref().is_some_and(|it| it.build.runs())
            }
            (Command::ChangeAnswer | Command::BuildImage, Screen::Logs(screen)) => {
                screen.build.as_ref().is_some_and(|it| !it.build.runs())
            }
            (Command::Shell | Command::Attach, Screen::List(screen)) => {
                matches!(screen.source, Source::Pods(_) | Source::Containers(_))
                    && !self.shell_sources().is_empty()
            }
            (Command::NextTab | Command::PreviousTab | Command::CloseTab, _) => {
                self.tab_count() > 1
            }
            (Command::OtherHalf | Command::Unsplit, _) => self.other_half().is_some(),
            (Command::Logs | Command::PreviousLogs, Screen::List(_)) => self.log_target().is_some(),
            (Command::Back, screen) => {
                self.at > 0
                    || matches!(screen, Screen::List(screen) if !screen.list.filter.text.is_empty() || screen.list.faults_only)
            }
            (Command::NextMatch | Command::PreviousMatch, Screen::Logs(screen)) => {
                screen.search.is_some()
            }
            (Command::NextMatch | Command::PreviousMatch, Screen::Text(screen)) => {
                screen.search.is_some()
            }
            (Command::Edit, Screen::Text(screen)) => screen.target.is_some(),
            (Command::Reveal, Screen::Text(screen)) => screen.has_secrets(),
            (Command::RenewAll, _) => self.has_outdated(),
            (Command::Fold, Screen::Text(screen)) => screen.target.is_some(),
            _ => true,
        }
    }
}
