//! What comes from the cluster: sessions, rows, feed states, answers.

use super::effect::Effects;
use super::msg::{Answer, Id, Msg};
use super::notice::{Notice, Severity};
use super::overlay::{Confirm, Overlay};
use super::preview::{Culprit, LINES, Preview, REST, Tail};
use super::screens::table::Table;
use super::screens::text::Arrival;
use super::screens::{ListScreen, Screen, Source};
use super::tabs::every;
use super::world::World;
use super::{App, Effect, Job, Request};
use crate::domain::feed::{Batch, Failure, FailureSort, FeedState, Scope, TableChange};
use crate::domain::fleet::Touched;
use crate::domain::health::Tally;
use crate::domain::rows::Kind;
use crate::domain::session::{SessionInfo, Target};
use crate::domain::text::Text;

impl App {
    pub(super) fn take_in(&mut self, msg: Msg, effects: &mut Effects) {
        match msg {
            Msg::Contexts(contexts) => {
                self.world.contexts = contexts;
                self.stale_lists(|source| matches!(source, Source::Contexts(_)));
            }
            Msg::Connecting(name) => self.world.connecting = Some((name, self.world.now)),
            Msg::Connected(info) => self.connected(info, effects),
            Msg::ConnectFailed(failure) => self.connect_failed(failure),
            Msg::Batch(batch) => return self.batch(batch, effects),
            Msg::Listed(batches) => return self.compare_with_lists(&batches, effects),
            Msg::Bundled(lines) => self.overlay = Some(Overlay::Confirm(Confirm::bundle(lines))),
            Msg::Feed { kind, scope, state } => self.feed(kind, scope, state, effects),
            Msg::Table(id, changes) => return self.table(id, changes),
            Msg::Saved(id, saved) => return self.take_saved(id, saved, effects),
            Msg::Reloaded(new) => self.reloaded(*new, effects),
            Msg::Copied(id, file) => return self.take_copy(id, file, effects),
            Msg::Edit(id, edited) => return self.take_edit(id, edited, effects),
            Msg::Exec(id, item) => return self.take_exec(id, item, effects),
            Msg::Log(id, chunk) => return self.take_log(id, chunk, effects),
            Msg::TableFeed(id, state) => self.table_feed(id, state),
            Msg::Work(id, worked) => self.take_work(id, worked, effects),
            Msg::Answer(id, answer) => self.answer(id, answer, effects),
            _ => return,
        }
        self.dirty = true;
    }

    fn connected(&mut self, info: SessionInfo, effects: &mut Effects) {
        self.world.connecting = None;
        self.world.failure = None;
        let more = self
            .world
            .session
            .as_ref()
            .is_some_and(|known| known.context == info.context && known.server == info.server);
        let context = info.context.clone();
        self.world.session = Some(info);
        if more {
            return;
        }
        self.screens
            .retain(|screen| !matches!(screen, Screen::Welcome(_)));
        self.at = self.at.min(self.screens.len() - 1);
        self.guard();
        self.await_tabs();
        let scopes = self.first_scopes(&context);
        self.world.look_at(scopes);
        effects.push(Effect::Watch(self.world.scopes.clone()));
        self.ask(Job::Resources, Request::Resources, effects);
        self.fit();
    }

    /// The scope to begin with: what was asked for, else what was last shown in this context.
    fn first_scopes(&mut self, context: &Text) -> Vec<Scope> {
        if let Some(scopes) = self.wanted_scopes.take() {
            return scopes;
        }
        let remembered = self.world.state.scopes.get(context.as_str());
        let scopes: Vec<Scope> = remembered
            .into_iter()
            .flatten()
            .map(|ns| Scope::namespace(ns))
            .collect();
        if scopes.is_empty() {
            vec![Scope::ALL]
        } else {
            scopes
        }
    }

    fn connect_failed(&mut self, failure: Failure) {
        self.world.connecting = None;
        self.notify(Notice::from(failure.clone()));
        self.world.failure = Some(failure);
    }

    fn batch(&mut self, batch: Batch, effects: &mut Effects) {
        let touched = self.world.fleet.apply(batch, self.world.now);
        self.touch(&touched);
        if !touched.pods.is_empty() {
            self.join_logs(effects);
        }
    }

    /// Rows of the fleet changed: the visible list takes them in, the others look again later.
    /// What cannot be seen costs no frame.
    pub(super) fn touch(&mut self, touched: &Touched) {
        let at = self.at;
        for (n, screen) in self.screens.iter_mut().enumerate() {
            let Screen::List(ListScreen { source, list }) = screen else {
                continue;
            };
            if let Some((rows, total)) = source.touched(touched, &self.world) {
                if n == at {
                    self.dirty |= list.touch(source.rows(), &self.world, &rows, total);
                } else {
                    list.mark_stale();
                }
            }
            // Beside the others stands what is in them: rows of other lists.
            self.dirty |= n == at && !matches!(source, Source::Pods(_)) && !touched.is_empty();
        }
        let told = Told::of(&self.world);
        self.dirty |= self.told != told || (self.pair.is_some() && !touched.is_empty());
        self.told = told;
    }

    fn feed(&mut self, kind: Kind, scope: Scope, state: FeedState, effects: &mut Effects) {
        let denied = matches!(state, FeedState::Forbidden { .. })
            && kind == Kind::Pod
            && scope == Scope::ALL;
        if !kind.namespaced() || self.world.scopes.contains(&scope) {
            self.world.feeds.insert((kind, scope), state);
        }
        if denied && !self.fell_back && self.world.scopes == [Scope::ALL] {
            self.fall_back(effects);
        }
    }

    /// All namespaces are forbidden: those remembered, else the context's own, are shown.
    fn fall_back(&mut self, effects: &mut Effects) {
        self.fell_back = true;
        let Some(session) = &self.world.session else {
            return;
        };
        let remembered = self
            .world
            .state
            .scopes
            .get(session.context.as_str())
            .filter(|names| !names.is_empty());
        let names = remembered.cloned().unwrap_or_else(|| {
            vec![if session.namespace.is_empty() {
                "default".to_owned()
            } else {
                session.namespace.to_string()
            }]
        });
        self.notify(Notice {
            severity: Severity::Warning,
            what: "you may not list pods in all namespaces".into(),
            why: Text::new(&format!("showing {} instead", names.join(", "))),
            remedy: "`:ns a,b` shows others".into(),
        });
        self.set_scopes(
            names.iter().map(|ns| Scope::namespace(ns)).collect(),
            effects,
        );
    }

    fn table_of(&mut self, id: Id) -> Option<(usize, &mut ListScreen)> {
        every(&mut self.screens, &mut self.tabs).enumerate().find_map(|(n, screen)| match screen {
            Screen::List(list) if matches!(&list.source, Source::Table(table) if table.id == id) => Some((n, list)),
            _ => None,
        })
    }

    fn table(&mut self, id: Id, changes: Vec<TableChange>) {
        let at = self.at;
        // The list borrows the world while it takes the rows in: both are taken out of `self`.
        let Some(n) = self.table_of(id).map(|(n, _)| n) else {
            return;
        };
        let screen = every(&mut self.screens, &mut self.tabs).nth(n);
        let Some(Screen::List(ListScreen { source, list })) = screen else {
            return;
        };
        let Source::Table(table) = source else { return };
        let news = table.apply(changes, self.world.now);
        let total = table.len();
        if news.columns || n != at {
            if list.sort.column.is_empty() || list.order.rows().is_empty() {
                list.sort = first_sort(table);
            }
            list.mark_stale();
        } else {
            list.touch(source.rows(), &self.world, &news.rows, total);
        }
        self.dirty |= n == at;
    }

    fn table_feed(&mut self, id: Id, state: FeedState) {
        if let Some((
            _,
            ListScreen {
                source: Source::Table(table),
                ..
            },
        )) = self.table_of(id)
        {
            table.state = state;
        }
    }

    fn answer(&mut self, id: Id, answer: Answer, effects: &mut Effects) {
        // A job that is not known any more was given up: its answer is of no interest.
        let Some(job) = self.jobs.remove(&id) else {
            return;
        };
        match (job, answer) {
            (Job::Text(screen), answer) => self.text_arrived(screen, answer),
            (Job::Resources, Answer::Resources(resources)) => {
                self.world.resources = resources;
                self.read_wanted_line(effects);
                self.restore_tabs(effects);
            }
            (Job::Resources, Answer::Failed(failure)) => {
                self.notify(Notice::from(failure));
                self.restore_tabs(effects);
            }
            (Job::Access(questions), Answer::Access(answers)) => self.learn(questions, answers),
            (Job::AccessToDelete(questions, targets), Answer::Access(answers)) => {
                self.learn(questions.clone(), answers);
                self.confirm_delete(&questions, &targets);
            }
            (Job::AccessToEdit(question, target), Answer::Access(answers)) => {
                self.learn(vec![question.clone()], answers);
                self.begin_edit(&question, target, effects);
            }
            (Job::Delete(target), Answer::Done) => {
                self.notify(Notice::info(format!("{target} is being deleted")));
            }
            (Job::Tail, Answer::Tail(lines)) => self.preview.tail = Tail::Lines(lines),
            // A server without logs has nothing to tell here.
            (Job::Tail, Answer::Failed(failure)) if failure.sort == FailureSort::NotFound => {
                self.preview.tail = Tail::None;
            }
            (Job::Tail, Answer::Failed(failure)) => self.preview.tail = Tail::Failed(failure.why),
            (Job::Containers(pod), Answer::Containers(specs)) => {
                self.with_pod_screen(&pod, |rows| rows.specs = specs);
            }
            (Job::Events(pod), Answer::Events(events)) => {
                self.with_pod_screen(&pod, |rows| rows.events = Some(events));
            }
            (Job::Events(pod), Answer::Failed(failure)) => {
                self.with_pod_screen(&pod, |rows| rows.trouble = Some(failure.why));
            }
            (_, Answer::Failed(failure)) => self.notify(Notice::from(failure)),
            (job, answer) => mismatch(&job, &answer),
        }
    }

    fn learn(
        &mut self,
        questions: Vec<crate::domain::feed::AccessQuestion>,
        answers: Vec<crate::domain::feed::AccessAnswer>,
    ) {
        for (question, answer) in questions.into_iter().zip(answers) {
            self.world.learn_access(question, answer);
        }
    }

    fn text_arrived(&mut self, id: Id, answer: Answer) {
        let text = every(&mut self.screens, &mut self.tabs).find_map(|screen| match screen {
            Screen::Text(text) if text.id == id => Some(text),
            _ => None,
        });
        match (text, answer) {
            (Some(screen), Answer::Document(text)) => screen.set_text(&text),
            (Some(screen), Answer::Failed(failure)) => screen.arrival = Arrival::Failed(failure),
            _ => {}
        }
    }

    fn with_pod_screen(
        &mut self,
        pod: &Target,
        change: impl FnOnce(&mut super::screens::containers::Containers),
    ) {
        for screen in every(&mut self.screens, &mut self.tabs) {
            if let Screen::List(ListScreen {
                source: Source::Containers(rows),
                ..
            }) = screen
                && rows.pod == *pod
            {
                return change(rows);
            }
        }
    }

    /// The preview follows the selection: when the one to blame is another, his lines are asked
    /// for as soon as the selection rests.
    pub(super) fn follow_culprit(&mut self, effects: &mut Effects) {
        let culprit = self.culprit();
        if culprit == self.preview.culprit {
            return;
        }
        if let Some(id) = self
            .preview
            .waiting
            .filter(|id| self.jobs.remove(id).is_some())
        {
            effects.push(Effect::Cancel(id));
        }
        let waiting = culprit.is_some().then(|| {
            let id = self.next_id();
            effects.push(Effect::After(id, REST));
            id
        });
        let tail = if waiting.is_some() {
            Tail::Waiting
        } else {
            Tail::None
        };
        self.preview = Preview {
            culprit,
            tail,
            waiting,
        };
    }

    /// The selection has rested: ask for the lines.
    pub(super) fn timer(&mut self, id: Id, effects: &mut Effects) {
        if self.preview.waiting != Some(id) {
            if !self.shell_timer(id) {
                self.log_timer(id, effects);
            }
            return;
        }
        let Some(Culprit {
            pod,
            container,
            previous,
        }) = self.preview.culprit.clone()
        else {
            return;
        };
        let asked = self.ask(
            Job::Tail,
            Request::Tail {
                pod,
                container,
                previous,
                lines: LINES,
            },
            effects,
        );
        self.preview.waiting = Some(asked);
    }

    /// Whose last lines tell the reason for what is selected; only where a preview is shown.
    fn culprit(&self) -> Option<Culprit> {
        self.regions().preview?;
        if !self.world.settled() {
            return None;
        }
        let Screen::List(ListScreen { source, list }) = self.screen() else {
            return None;
        };
        source.culprit(&self.world, list.selected()?)
    }
}

/// What every screen tells of the fleet.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pods: u32,
    projects: u32,
    releases: Tally,
}

impl Told {
    fn of(world: &World) -> Self {
        let counts = world.fleet.counts();
        Self {
            pods: counts.pods,
            projects: counts.projects.total(),
            releases: counts.releases,
        }
    }
}

fn first_sort(table: &Table) -> crate::config::Sort {
    use super::list::Rows;
    table.first_sort()
}

/// An answer of the wrong sort is a fault of the driver: nothing to do, nothing to break.
fn mismatch(job: &Job, answer: &Answer) {
    debug_assert!(false, "answer {answer:?} does not fit job {job:?}");
}
