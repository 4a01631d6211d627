//! The open tabs, remembered while the program runs: a run that does not end well leaves them to
//! the next one. Lists and logs open again by themselves; a shell is offered.

use super::App;
use super::effect::{Effect, Effects};
use super::notice::Notice;
use super::screens::fleet::{Projects, Releases, Workloads};
use super::screens::logs::{LogScreen, TAIL};
use super::screens::pods::{Of, Pods};
use super::screens::shell::{Life, ShellScreen, Way};
use super::screens::{ListScreen, Screen, Source, namespaces, nodes};
use crate::command::{Command, Context};
use crate::config::{OpenTabs, Place};
use crate::domain::exec::End;
use crate::domain::feed::Resource;
use crate::domain::logs::target::Target as LogTarget;
use crate::domain::logs::{self, Start};
use crate::domain::rows::Kind;
use crate::domain::selector::Selector;
use crate::domain::session::Target;
use crate::domain::text::Text;
use crate::input::Binding;

/// Between the words of a place. No name of an object holds one.
const BETWEEN: char = '/';

/// Filters of a log stand on lines of their own.
const FILTERS: char = '\n';

impl App {
    /// After something that a person did: what is open now is remembered.
    pub(super) fn remember_tabs(&mut self, effects: &mut Effects) {
        let Some(context) = self.own_context().filter(|_| self.to_restore.is_none()) else {
            return;
        };
        let open = self.open_tabs();
        let known = self.world.state.tabs.get(&context);
        if known == Some(&open) || known.is_none() && is_home(&open) {
            return;
        }
        self.world.state.tabs.insert(context, open);
        effects.push(Effect::SaveState(self.world.state.clone()));
    }

    /// The person leaves: nothing is to be opened again.
    pub(super) fn leave_for_good(&mut self, effects: &mut Effects) {
        self.forget_tabs(effects);
        effects.push(Effect::Quit);
    }

    /// The person goes to another cluster.
    pub(super) fn forget_tabs(&mut self, effects: &mut Effects) {
        self.to_restore = None;
        let context = self.own_context();
        if context.is_some_and(|it| self.world.state.tabs.remove(&it).is_some()) {
            effects.push(Effect::SaveState(self.world.state.clone()));
        }
    }

    /// The present context, unless it is the demo's: that one is another company each time.
    fn own_context(&self) -> Option<String> {
        let session = self.world.session.as_ref().filter(|it| !it.demo)?;
        Some(session.context.to_string())
    }

    /// Connected: what the last run had open waits until the server's kinds are known.
    pub(super) fn await_tabs(&mut self) {
        let wanted = self.wanted_line.is_none() && self.is_untouched();
        let context = self.own_context().filter(|_| wanted);
        let kept = context.and_then(|it| self.world.state.tabs.get(&it));
        self.to_restore = kept.filter(|open| !is_home(open)).cloned();
    }

    /// Opens what the last run had open, unless somebody has opened something meanwhile.
    pub(super) fn restore_tabs(&mut self, effects: &mut Effects) {
        let Some(open) = self.to_restore.take().filter(|_| self.is_untouched()) else {
            return;
        };
        let mut count = 0;
        for path in &open.tabs {
            let mut first = true;
            for place in path {
                let Some(screen) = self.screen_of(place, effects) else {
                    break;
                };
                if !first {
                    self.push(screen, effects);
                } else if count == 0 {
                    self.screens = vec![screen];
                    self.at = 0;
                    self.arrive();
                } else {
                    self.new_tab(screen);
                }
                first = false;
                self.filter_again(&place.filter);
            }
            count += usize::from(!first);
        }
        self.show_tab(open.seen);
        self.notify(Notice::info(
            "quarterdeck did not end well the last time: what was open is open again",
        ));
    }

    fn is_untouched(&self) -> bool {
        self.screens.len() == 1 && self.tab_count() == 1 && self.overlay.is_none()
    }

    fn filter_again(&mut self, filter: &str) {
        let filters = filter.split(FILTERS).filter(|it| !it.is_empty());
        for filter in filters {
            self.filter(filter.to_owned());
        }
    }

    fn open_tabs(&self) -> OpenTabs {
        let path = |screens: &[Screen]| -> Vec<Place> { screens.iter().map_while(place).collect() };
        let mut open = OpenTabs {
            run: self.run,
            seen: 0,
            tabs: Vec::new(),
        };
        for (seen, screens) in self.tab_paths() {
            let path = path(screens);
            if path.is_empty() {
                continue;
            }
            if seen {
                open.seen = open.tabs.len();
            }
            open.tabs.push(path);
        }
        open
    }

    /// The screen that a place stands for; what it needs is asked for.
    fn screen_of(&mut self, place: &Place, effects: &mut Effects) -> Option<Screen> {
        let words: Vec<&str> = place.shows.split(BETWEEN).collect();
        let list = |source| Some(Screen::list(source, &self.world));
        let pods = |of| list(Source::Pods(Pods::new(of)));
        match words[..] {
            ["projects"] => list(Source::Projects(Projects)),
            ["releases"] => list(Source::Releases(Releases::all())),
            ["releases", project] => list(Source::Releases(Releases::of(&project.into()))),
            ["workloads"] => list(Source::Workloads(Workloads)),
            ["nodes"] => list(Source::Nodes(nodes::Nodes)),
            ["namespaces"] => list(Source::Namespaces(namespaces::Namespaces)),
            ["pods"] => pods(Of::All),
            ["pods", "node", node] => pods(Of::Node(node.into())),
            ["pods", "release", project, namespace, name] => pods(Of::Release {
                project: project.into(),
                namespace: namespace.into(),
                name: name.into(),
            }),
            ["pods", "workload", kind, namespace, name] => pods(Of::Workload {
                kind: kind.into(),
                namespace: namespace.into(),
                name: name.into(),
            }),
            ["pod", namespace, name] => {
                let pod = Target::watched(Kind::Pod, &namespace.into(), &name.into());
                Some(self.pod_screen(pod, effects))
            }
            ["kind", plural, group] => {
                let is_it = |it: &&Resource| it.plural == plural && it.group == group;
                let resource = self.world.resources.iter().find(is_it).cloned()?;
                Some(self.table_screen(resource, effects))
            }
            ["logs", ..] => self.log_screen_of(&words[1..], effects),
            ["shell", namespace, pod, container] => {
                Some(self.offered_shell(Way::Shell, [namespace, pod, container]))
            }
            ["attach", namespace, pod, container] => {
                Some(self.offered_shell(Way::Attach, [namespace, pod, container]))
            }
            ["local-shell"] => Some(self.offered_shell(Way::Local, [""; 3])),
            _ => None,
        }
    }

    fn log_screen_of(&mut self, words: &[&str], effects: &mut Effects) -> Option<Screen> {
        let text = |word: &str| Text::new(word);
        let target = match *words {
            ["project", name] => LogTarget::Project(text(name)),
            ["release", namespace, name] => LogTarget::Release {
                namespace: text(namespace),
                name: text(name),
            },
            ["workload", kind, namespace, name] => LogTarget::Workload {
                kind: text(kind),
                namespace: text(namespace),
                name: text(name),
            },
            ["pod", namespace, name] => LogTarget::Pod {
                namespace: text(namespace),
                name: text(name),
            },
            ["container", namespace, pod, container] => LogTarget::Container(logs::Source {
                namespace: text(namespace),
                pod: text(pod),
                container: text(container),
            }),
            ["selector", ref rest @ ..] => {
                let words = rest.join("/");
                LogTarget::Selector(text(&words), Selector::parse(&words).ok()?)
            }
            _ => return None,
        };
        let id = self.next_id();
        let reading = super::logs::reading_from(Start::Tail(TAIL), false);
        let members = target.members(&self.world.fleet);
        let mut screen = LogScreen::new(id, target, reading, self.world.log_bytes);
        screen.join(&members, effects);
        Some(Screen::Logs(Box::new(screen)))
    }

    /// A pane in which nothing runs: the person says whether it is to be opened again.
    fn offered_shell(&mut self, way: Way, [namespace, pod, container]: [&str; 3]) -> Screen {
        let id = self.next_id();
        let source = logs::Source {
            namespace: namespace.into(),
            pod: pod.into(),
            container: container.into(),
        };
        let bound = self
            .keymap
            .key_for(Command::Refresh, &[Context::Shell, Context::Global]);
        let key = bound.map_or_else(|| ":refresh".to_owned(), Binding::label);
        let mut shell = ShellScreen::new(id, source, way, &self.settings.panes);
        shell.stopped();
        shell.life = Life::Ended(End::Lost("quarterdeck ended".into()));
        shell.say(&format!(
            "This pane was open when quarterdeck ended. {key} opens it again."
        ));
        Screen::Shell(Box::new(shell))
    }
}

/// Nothing but what is there at every start.
fn is_home(open: &OpenTabs) -> bool {
    let home = |place: &Place| place.shows == "projects" && place.filter.is_empty();
    matches!(&open.tabs[..], [path] if matches!(&path[..], [place] if home(place)))
}

/// What a screen shows; nothing where it cannot be shown again.
fn place(screen: &Screen) -> Option<Place> {
    let (words, filter) = match screen {
        Screen::List(screen) => (list_words(screen)?, screen.list.filter.text.clone()),
        Screen::Logs(screen) if screen.build.is_none() => {
            let filters: Vec<&str> = screen.filters.iter().map(|it| it.text.as_str()).collect();
            (log_words(&screen.target)?, filters.join("\n"))
        }
        Screen::Shell(shell) => (shell_words(shell)?, String::new()),
        _ => return None,
    };
    let words: Vec<&str> = words.iter().map(Text::as_str).collect();
    Some(Place {
        shows: words.join("/"),
        filter,
    })
}

fn list_words(screen: &ListScreen) -> Option<Vec<Text>> {
    let word = |word: &str| Text::new(word);
    Some(match &screen.source {
        Source::Projects(_) => vec![word("projects")],
        Source::Releases(rows) => std::iter::once(word("releases"))
            .chain(rows.project().cloned())
            .collect(),
        Source::Workloads(_) => vec![word("workloads")],
        Source::Nodes(_) => vec![word("nodes")],
        Source::Namespaces(_) => vec![word("namespaces")],
        Source::Pods(rows) => match rows.of() {
            Of::All => vec![word("pods")],
            Of::Node(node) => vec![word("pods"), word("node"), node.clone()],
            Of::Release {
                project,
                namespace,
                name,
            } => vec![
                word("pods"),
                word("release"),
                project.clone(),
                namespace.clone(),
                name.clone(),
            ],
            Of::Workload {
                kind,
                namespace,
                name,
            } => vec![
                word("pods"),
                word("workload"),
                kind.clone(),
                namespace.clone(),
                name.clone(),
            ],
        },
        Source::Containers(rows) => {
            vec![
                word("pod"),
                rows.pod.namespace.clone(),
                rows.pod.name.clone(),
            ]
        }
        Source::Table(table) => vec![
            word("kind"),
            table.resource.plural.clone(),
            table.resource.group.clone(),
        ],
        Source::Contexts(_) | Source::Resources(_) | Source::Notices(_) | Source::Recipes(_) => {
            return None;
        }
    })
}

fn log_words(target: &LogTarget) -> Option<Vec<Text>> {
    let mut words: Vec<Text> = vec!["logs".into()];
    words.extend(match target {
        LogTarget::Project(name) => vec!["project".into(), name.clone()],
        LogTarget::Release { namespace, name } => {
            vec!["release".into(), namespace.clone(), name.clone()]
        }
        LogTarget::Workload {
            kind,
            namespace,
            name,
        } => vec![
            "workload".into(),
            kind.clone(),
            namespace.clone(),
            name.clone(),
        ],
        LogTarget::Pod { namespace, name } => {
            vec!["pod".into(), namespace.clone(), name.clone()]
        }
        LogTarget::Container(source) => vec![
            "container".into(),
            source.namespace.clone(),
            source.pod.clone(),
            source.container.clone(),
        ],
        LogTarget::Selector(text, _) => vec!["selector".into(), text.clone()],
        LogTarget::Several(_) | LogTarget::Build(_) => return None,
    });
    Some(words)
}

fn shell_words(shell: &ShellScreen) -> Option<Vec<Text>> {
    let way = match shell.way {
        Way::Shell => "shell",
        Way::Attach => "attach",
        Way::Local => return Some(vec!["local-shell".into()]),
        Way::Edit | Way::Read | Way::Page => return None,
    };
    let source = &shell.source;
    Some(vec![
        way.into(),
        source.namespace.clone(),
        source.pod.clone(),
        source.container.clone(),
    ])
}
