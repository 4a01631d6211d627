//! From screen to screen: drilling, going back, opening by name, changing scope and context.

use super::effect::Effects;
use super::layout::Split;
use super::line::{self, Arguments, Meaning, WantedLine};
use super::list::RowKey;
use super::notice::Notice;
use super::overlay::{Confirm, Overlay};
use super::screens::containers::Containers;
use super::screens::fleet::{Projects, Releases, Workloads};
use super::screens::pods::{Of, Pods};
use super::screens::table::Table;
use super::screens::text::{Syntax, TextScreen};
use super::screens::{ListScreen, Screen, Source, contexts, namespaces, nodes, notices, resources};
use super::tabs::every;
use super::{App, Effect, HISTORY, Job, Request};
use crate::command::Command;
use crate::domain::feed::{FeedState, Resource, Scope};
use crate::domain::query::Query;
use crate::domain::rows::Kind;
use crate::domain::session::Target;
use crate::domain::text::{Text, nearest};

impl App {
    /// Carries out what a palette line means.
    pub(super) fn mean(&mut self, meaning: Meaning, effects: &mut Effects) {
        match meaning {
            Meaning::Command(Command::Filter, arguments) => {
                self.filter(arguments.filter.unwrap_or_default());
            }
            Meaning::Command(Command::Logs, Arguments { words, .. }) if !words.is_empty() => {
                self.open_named_logs(&words, effects);
            }
            Meaning::Command(Command::SaveLog, Arguments { words, .. }) if !words.is_empty() => {
                self.save_named(&words, effects);
            }
            Meaning::Command(Command::Quit, _) => self.ask_to_quit(effects),
            Meaning::Command(Command::ShowTab, Arguments { words, .. }) => {
                self.show_named_tab(&words);
            }
            Meaning::Command(Command::Theme, Arguments { words, .. }) => {
                self.choose_theme(&words);
            }
            Meaning::Command(Command::Tutor, Arguments { words, .. }) => {
                self.tutor(&words, effects);
            }
            Meaning::Command(Command::SplitColumns, Arguments { words, .. }) => {
                self.split(&words, Split::Columns);
            }
            Meaning::Command(Command::SplitRows, Arguments { words, .. }) => {
                self.split(&words, Split::Rows);
            }
            Meaning::Command(Command::Outdated, Arguments { words, .. }) => {
                self.open_recipes(&words, effects);
            }
            Meaning::Command(Command::NewImage, Arguments { words, .. }) => {
                self.open_wizard(&words, effects);
            }
            Meaning::Command(command, arguments) if arguments == Arguments::default() => {
                self.command(command, effects);
            }
            Meaning::Command(command, arguments) => self.go(command, &arguments, effects),
            Meaning::Kind(resource, arguments) => self.open_table(resource, arguments, effects),
            Meaning::Scopes(scopes) => self.set_scopes(scopes, effects),
            Meaning::Context(name) => self.connect(Effect::Connect(Some(name)), effects),
            Meaning::Elsewhere(name, line) => {
                let context = Some(name.clone());
                self.wanted_line = Some(WantedLine { line, context });
                if self.world.context() == Some(&name) {
                    self.read_wanted_line(effects);
                } else {
                    self.connect(Effect::Connect(Some(name)), effects);
                }
            }
            Meaning::Kubeconfig(file) => self.connect(Effect::UseKubeconfig(file), effects),
        }
    }

    /// A line that waits, once it can be understood. One that was meant for another context is
    /// forgotten.
    pub(super) fn read_wanted_line(&mut self, effects: &mut Effects) {
        let Some(WantedLine { line, context }) = self.wanted_line.clone() else {
            return;
        };
        if context.is_some() && context.as_ref() != self.world.context() {
            self.wanted_line = None;
            return;
        }
        match line::read(&line, &self.world) {
            Ok(meaning) => {
                self.wanted_line = None;
                self.mean(meaning, effects);
            }
            // The kinds of the server are not known yet: the line waits for them.
            Err(_) if self.world.resources.is_empty() => {}
            Err(notice) => {
                self.wanted_line = None;
                self.notify(notice);
            }
        }
    }

    /// Opens one of the program's own lists.
    pub(super) fn go(&mut self, command: Command, arguments: &Arguments, effects: &mut Effects) {
        if let Some(scopes) = &arguments.scopes {
            self.set_scopes(scopes.clone(), effects);
        }
        let source = match command {
            Command::Projects => Source::Projects(Projects),
            Command::Releases => Source::Releases(Releases::all()),
            Command::Workloads => Source::Workloads(Workloads),
            Command::Pods => Source::Pods(Pods::new(Of::All)),
            Command::Nodes => Source::Nodes(nodes::Nodes),
            Command::Namespaces => Source::Namespaces(namespaces::Namespaces),
            Command::Contexts => Source::Contexts(contexts::Contexts),
            Command::Resources => Source::Resources(resources::Resources),
            Command::Notices => Source::Notices(notices::NoticeRows),
            Command::Events => return self.open_named("events", arguments.clone(), effects),
            command => return self.command(command, effects),
        };
        self.push(Screen::list(source, &self.world), effects);
        if let Some(filter) = &arguments.filter {
            self.filter(filter.clone());
        }
    }

    fn open_named(&mut self, name: &str, arguments: Arguments, effects: &mut Effects) {
        match self
            .world
            .resources
            .iter()
            .find(|r| r.answers_to(name))
            .cloned()
        {
            Some(resource) => self.open_table(resource, arguments, effects),
            None => self.notify(Notice::warning(
                "the server has not told its kinds yet",
                "try again when it is connected",
            )),
        }
    }

    pub(super) fn filter(&mut self, text: String) {
        match self.screen_mut() {
            (Screen::List(ListScreen { source, list }), world) => {
                let query = Query::parse(&text);
                list.set_filter(text, query, source.rows(), world);
            }
            (Screen::Logs(screen), _) => screen.add_filter(&text),
            _ => {}
        }
    }

    fn open_table(&mut self, resource: Resource, arguments: Arguments, effects: &mut Effects) {
        // What is watched anyway needs no second feed.
        let own = match resource.plural.as_str() {
            "pods" if resource.group.is_empty() => Some(Command::Pods),
            "nodes" if resource.group.is_empty() => Some(Command::Nodes),
            "namespaces" if resource.group.is_empty() => Some(Command::Namespaces),
            _ => None,
        };
        if let Some(command) = own {
            return self.go(command, &arguments, effects);
        }
        if let Some(scopes) = arguments.scopes {
            self.set_scopes(scopes, effects);
        }
        let screen = self.table_screen(resource, effects);
        self.push(screen, effects);
        if let Some(filter) = arguments.filter {
            self.filter(filter);
        }
    }

    /// A table of a kind; its rows are asked for.
    pub(super) fn table_screen(&mut self, resource: Resource, effects: &mut Effects) -> Screen {
        let id = self.next_id();
        let scopes = if resource.namespaced {
            self.world.scopes.clone()
        } else {
            vec![Scope::ALL]
        };
        let across = resource.namespaced && (scopes.len() > 1 || scopes.contains(&Scope::ALL));
        let since = self.world.now;
        let table = Table::new(id, resource.clone(), across, FeedState::Loading { since });
        effects.push(Effect::OpenTable {
            id,
            resource,
            scopes,
        });
        Screen::list(Source::Table(Box::new(table)), &self.world)
    }

    /// Enter: opens the selected row.
    pub(super) fn open(&mut self, effects: &mut Effects) {
        let Screen::List(ListScreen { source, list }) = self.screen() else {
            return self.take_way(effects);
        };
        let Some(row) = list.selected() else { return };
        let rows = source.rows();
        let key = rows.key(&self.world, row);
        let target = rows.target(&self.world, row);
        let next = match source {
            Source::Projects(_) => Source::Releases(Releases::of(&key.name)),
            Source::Releases(_) => Source::Pods(Pods::new(Of::release(&self.world, row))),
            Source::Workloads(_) => Source::Pods(Pods::new(Of::workload(&self.world, row))),
            Source::Nodes(_) => Source::Pods(Pods::new(Of::Node(key.name))),
            Source::Namespaces(_) => return self.enter_namespace(&key, effects),
            Source::Contexts(_) => return self.connect(Effect::Connect(Some(key.name)), effects),
            Source::Resources(_) => {
                let resource = self.world.resources.get(row as usize).cloned();
                return resource
                    .into_iter()
                    .for_each(|r| self.open_table(r, Arguments::default(), effects));
            }
            Source::Pods(_) => {
                return target
                    .into_iter()
                    .for_each(|pod| self.open_pod(pod, effects));
            }
            Source::Table(_) => match target.as_ref().and_then(|t| Of::owned_by(&self.world, t)) {
                Some(of) => Source::Pods(Pods::new(of)),
                None => {
                    return target
                        .into_iter()
                        .for_each(|t| self.show_text(Command::Describe, t, effects));
                }
            },
            Source::Recipes(_) => {
                let folder = self.selected_recipe().map(|it| it.folder.clone());
                return folder
                    .into_iter()
                    .for_each(|it| self.open_wizard(&it.display().to_string(), effects));
            }
            // Whoever opens a container wants to know what it says.
            Source::Containers(_) => return self.command(Command::Logs, effects),
            Source::Notices(_) => {
                let notice = self.world.notices.all().nth(row as usize);
                let text = notice.map(|(_, notice)| notice.whole()).unwrap_or_default();
                return self.show_own_text("notice", &text);
            }
        };
        self.push(Screen::list(next, &self.world), effects);
    }

    fn open_pod(&mut self, pod: Target, effects: &mut Effects) {
        let screen = self.pod_screen(pod, effects);
        self.push(screen, effects);
    }

    /// The page of a pod; what belongs on it is asked for.
    pub(super) fn pod_screen(&mut self, pod: Target, effects: &mut Effects) -> Screen {
        self.ask(
            Job::Containers(pod.clone()),
            Request::Containers(pod.clone()),
            effects,
        );
        self.ask(
            Job::Events(pod.clone()),
            Request::Events(pod.clone()),
            effects,
        );
        let rows = Containers::new(pod);
        let foremost = rows.foremost(&self.world);
        let mut screen = ListScreen::new(Source::Containers(Box::new(rows)), &self.world);
        let rows = screen.source.rows();
        screen.list.select_key(rows, &self.world, &foremost);
        Screen::List(screen)
    }

    fn enter_namespace(&mut self, key: &RowKey, effects: &mut Effects) {
        self.leave(effects);
        if matches!(
            self.screen(),
            Screen::List(ListScreen {
                source: Source::Namespaces(_) | Source::Contexts(_) | Source::Resources(_),
                ..
            }) | Screen::Text(_)
        ) {
            self.push(
                Screen::list(Source::Projects(Projects), &self.world),
                effects,
            );
        }
        self.set_scopes(vec![Scope(Some(key.name.clone()))], effects);
    }

    pub(super) fn show_text(&mut self, command: Command, target: Target, effects: &mut Effects) {
        let id = self.next_id();
        let (title, syntax) = if command == Command::Yaml {
            ("yaml", Syntax::Yaml)
        } else {
            ("describe", Syntax::Describe)
        };
        let title = format!("{title} {target}");
        let screen = TextScreen::awaiting(id, &title, Some(target), syntax, self.world.now);
        let request = screen.request();
        self.push(Screen::Text(screen), effects);
        if let Some(request) = request {
            self.ask(Job::Text(id), request, effects);
        }
    }

    pub(super) fn show_own_text(&mut self, title: &str, text: &str) {
        let id = self.next_id();
        if matches!(self.screen(), Screen::Text(screen) if screen.title == title) {
            return;
        }
        if let Screen::Shell(shell) = self.screen() {
            self.asked_from = Some((id, shell.id));
        }
        let mut none = Effects::new();
        self.push(Screen::Text(TextScreen::with(id, title, text)), &mut none);
    }

    pub(super) fn show_node(&mut self) {
        let Screen::List(ListScreen {
            source: Source::Pods(_),
            list,
        }) = self.screen()
        else {
            return;
        };
        let Some(pod) = list.selected().and_then(|row| self.world.pod(row)) else {
            return;
        };
        let key = RowKey {
            namespace: Text::default(),
            name: pod.node.clone(),
        };
        if key.name.is_empty() {
            return self.notify(Notice::info(format!(
                "{} is not on a node yet",
                pod.meta.name
            )));
        }
        let mut screen = ListScreen::new(Source::Nodes(nodes::Nodes), &self.world);
        screen
            .list
            .select_key(screen.source.rows(), &self.world, &key);
        self.push(Screen::List(screen), &mut Effects::new());
    }

    pub(super) fn show_owner(&mut self) {
        let Screen::List(ListScreen {
            source: Source::Pods(_),
            list,
        }) = self.screen()
        else {
            return;
        };
        let Some((project, release)) = list.selected().and_then(|row| self.world.home_of_pod(row))
        else {
            return;
        };
        let mut screen = ListScreen::new(Source::Releases(Releases::of(&project)), &self.world);
        screen
            .list
            .select_key(screen.source.rows(), &self.world, &release);
        self.push(Screen::List(screen), &mut Effects::new());
    }

    /// Shows a new screen after the present one; what could be gone forward to is forgotten.
    pub(super) fn push(&mut self, screen: Screen, effects: &mut Effects) {
        // A shell keeps its tab to itself: what is opened from it goes to the first one.
        if matches!(self.screen(), Screen::Shell(_)) {
            self.show_tab(0);
        }
        let dropped: Vec<Screen> = self.screens.drain(self.at + 1..).collect();
        Self::forget(&dropped, effects);
        self.screens.push(screen);
        if self.screens.len() > HISTORY {
            // The home screen stays where it is.
            let oldest: Vec<Screen> = self.screens.drain(1..2).collect();
            Self::forget(&oldest, effects);
        }
        self.at = self.screens.len() - 1;
        self.arrive();
    }

    pub(super) fn forget(screens: &[Screen], effects: &mut Effects) {
        for screen in screens {
            if let Screen::List(ListScreen {
                source: Source::Table(table),
                ..
            }) = screen
            {
                effects.push(Effect::CloseTable(table.id));
            }
            if let Screen::Shell(shell) = screen {
                effects.push(Effect::CloseExec(shell.id));
                if shell.edit.is_some() {
                    effects.push(Effect::LeaveEdit(shell.id));
                }
            }
            if let Screen::Wizard(wizard) = screen {
                effects.push(Effect::Work(wizard.id, super::Work::Stop));
            }
            if let Screen::Logs(log) = screen
                && log.build.is_some()
            {
                effects.push(Effect::Work(log.id, super::Work::Stop));
            } else if let Screen::Logs(log) = screen {
                super::logs::save::end_saving(log, effects);
                effects.push(Effect::CloseLog(log.id));
                effects.extend(
                    log.earlier
                        .iter()
                        .map(|earlier| Effect::CloseLog(earlier.id)),
                );
            }
        }
    }

    /// Goes up a level: the screen can be gone forward to.
    pub(super) fn leave(&mut self, _effects: &mut Effects) {
        self.go_to(self.at.saturating_sub(1));
    }

    /// Shows the n-th screen of the history, when there is one.
    pub(super) fn go_to(&mut self, n: usize) {
        if n < self.screens.len() {
            self.at = n;
            self.arrive();
        }
    }

    /// The visible screen changed: its page is as high as the frame allows, its rows are fresh.
    pub(super) fn arrive(&mut self) {
        self.pending.clear();
        if let Screen::List(screen) = self.screen_mut().0 {
            screen.list.mark_stale();
        }
        self.fit();
    }

    /// A namespace that is not there has nothing in it, which looks like peace.
    fn tell_unknown_namespaces(&mut self, scopes: &[Scope]) {
        let forbidden = self.world.forbidden(Kind::Namespace).0 > 0;
        if forbidden || !self.world.complete(Kind::Namespace) {
            return;
        }
        let fleet = &self.world.fleet;
        let known = |name: &str| {
            let id = fleet.namespace_by_name(name);
            id.and_then(|id| fleet.namespace(id)).is_some()
        };
        let mut wanted = scopes.iter().filter_map(|scope| scope.0.as_deref());
        let Some(name) = wanted.find(|name| !known(name)) else {
            return;
        };
        let names = fleet.namespaces().map(|(_, row)| row.meta.name.as_str());
        let remedy = match nearest(name, names) {
            Some(meant) => format!("did you mean `{meant}`? :ns chooses"),
            None => ":ns shows those that there are".into(),
        };
        let what = format!("there is no namespace `{name}`");
        self.notify(Notice::warning(what, remedy));
    }

    /// Shows other namespaces: every list, and what is watched.
    pub(super) fn set_scopes(&mut self, scopes: Vec<Scope>, effects: &mut Effects) {
        if self.world.scopes == scopes {
            return;
        }
        self.tell_unknown_namespaces(&scopes);
        self.world.look_at(scopes.clone());
        self.world
            .feeds
            .retain(|(kind, scope), _| !kind.namespaced() || scopes.contains(scope));
        for screen in every(&mut self.screens, &mut self.tabs) {
            if let Screen::List(screen) = screen {
                screen.list.mark_stale();
            }
        }
        if let Some(context) = self
            .world
            .context()
            .cloned()
            .filter(|_| self.world.session.is_some())
        {
            let names = self.world.scope_names().unwrap_or_default();
            self.world.state.scopes.insert(
                context.to_string(),
                names.iter().map(Text::to_string).collect(),
            );
            effects.push(Effect::SaveState(self.world.state.clone()));
            effects.push(Effect::Watch(scopes));
            self.reopen_tables(effects);
        }
        self.dirty = true;
    }

    /// Tables follow the scope.
    fn reopen_tables(&mut self, effects: &mut Effects) {
        let scopes = self.world.scopes.clone();
        let now = self.world.now;
        let across = scopes.len() > 1 || scopes.contains(&Scope::ALL);
        let mut last_id = self.last_id;
        for screen in every(&mut self.screens, &mut self.tabs) {
            if let Screen::List(ListScreen {
                source: Source::Table(table),
                list,
            }) = screen
                && table.resource.namespaced
            {
                effects.push(Effect::CloseTable(table.id));
                last_id += 1;
                let id = super::Id(last_id);
                let resource = table.resource.clone();
                **table = Table::new(
                    id,
                    resource.clone(),
                    across,
                    FeedState::Loading { since: now },
                );
                list.mark_stale();
                effects.push(Effect::OpenTable {
                    id,
                    resource,
                    scopes: scopes.clone(),
                });
            }
        }
        self.last_id = last_id;
    }

    /// Another context, file or the demo: what came from the old cluster is forgotten at once.
    /// Programs that run in it are asked about first.
    pub(super) fn connect(&mut self, effect: Effect, effects: &mut Effects) {
        let live = self.programs();
        if live.is_empty() {
            self.connect_now(effect, effects);
        } else {
            self.overlay = Some(Overlay::Confirm(Confirm::leave(live, effect)));
        }
    }

    /// The same without a question.
    pub(super) fn connect_now(&mut self, effect: Effect, effects: &mut Effects) {
        let name = match &effect {
            Effect::Connect(Some(name)) => name.clone(),
            Effect::ConnectDemo => "demo".into(),
            _ => self.world.context().cloned().unwrap_or_default(),
        };
        self.forget_tabs(effects);
        self.world.forget_cluster();
        self.world.connecting = Some((name, self.world.now));
        self.guard();
        self.world.look_at(vec![Scope::ALL]);
        self.wanted_scopes = None;
        self.fell_back = false;
        self.jobs.clear();
        self.leave_for_another_cluster(effects);
        effects.push(effect);
        self.dirty = true;
    }
}
