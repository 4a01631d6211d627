//! Carries out what the core asks for: one session, its feeds, one task for each request.
//!
//! To cancel is to drop the task. What arrives late carries a dead id, or comes from a channel that
//! nobody reads any more.

use super::answers;
use super::edits::Edits;
use super::local::{self, Local};
use super::mailbox::{Control, Post};
use super::outputs::Outputs;
use super::sources::{Guards, Sources};
use super::workshop::Workshop;
use crate::app::{Answer, EditStep, Effect, Id, LocalProgram, Msg, Notice, Request};
use crate::cluster::{Event, ExecHandle, ExecInput, FeedHandle, Session};
use crate::domain::exec::{End, ExecItem, ExecRequest};
use crate::domain::feed::{Failure, FeedState, Scope};
use crate::domain::rows::Kind;
use crate::domain::text::Text;
use crate::domain::time::Millis;
use crate::images::Rules;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::task::{AbortHandle, JoinHandle};

/// A session was made, or could not be.
#[derive(Debug)]
pub struct Made {
    /// Which attempt this was.
    attempt: u64,
    result: Result<Session, Failure>,
}

/// A program in a container, or one of this machine.
#[derive(Debug)]
enum Program {
    Remote(ExecHandle),
    Local(Local),
}

impl Program {
    /// False when it takes nothing now.
    fn write(&self, input: ExecInput) -> bool {
        match (self, input) {
            (Self::Remote(program), input) => program.write(input),
            (Self::Local(local), ExecInput::Bytes(bytes)) => local.child.write(bytes),
            (Self::Local(local), ExecInput::Resize(columns, rows)) => {
                // One that has ended has no terminal to resize.
                let _ = local.child.resize(columns, rows);
                true
            }
            (Self::Local(_), _) => true,
        }
    }
}

/// A task that ends when this is dropped.
#[derive(Debug)]
struct Task(AbortHandle);

impl Task {
    fn of(handle: &JoinHandle<()>) -> Self {
        Self(handle.abort_handle())
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The present session and everything under way for it.
#[derive(Debug)]
pub struct Driver {
    post: Post,
    sources: Sources,
    workshop: Workshop,
    edits: Edits,
    attempt: u64,
    connecting: Option<Task>,
    /// The demo is what was asked for last.
    demo: bool,
    session: Option<Session>,
    data: Option<Sender<Event>>,
    identifying: Option<Task>,
    /// The server has said who we are.
    identified: bool,
    feeds: HashMap<(Kind, Scope), FeedHandle>,
    tables: HashMap<Id, Vec<FeedHandle>>,
    logs: HashMap<Id, Vec<FeedHandle>>,
    programs: HashMap<Id, Program>,
    /// What the programs write.
    pub outputs: Outputs,
    requests: HashMap<Id, Task>,
}

impl Driver {
    /// Connects to what `sources` names.
    pub fn new(post: Post, sources: Sources, workshop: Workshop, edits: Edits) -> Self {
        Self {
            post,
            sources,
            workshop,
            edits,
            attempt: 0,
            connecting: None,
            demo: false,
            session: None,
            data: None,
            identifying: None,
            identified: false,
            feeds: HashMap::new(),
            tables: HashMap::new(),
            logs: HashMap::new(),
            programs: HashMap::new(),
            outputs: Outputs::default(),
            requests: HashMap::new(),
        }
    }

    /// Carries out an effect that concerns a cluster, or a timer.
    pub fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Connect(context) => self.connect(context),
            Effect::UseKubeconfig(file) => {
                self.sources.use_file(&file);
                self.connect(None);
            }
            Effect::ConnectDemo => self.connect_demo(),
            Effect::Watch(scopes) => self.watch(&scopes),
            Effect::WatchAnew(scopes) => {
                self.feeds.clear();
                self.watch(&scopes);
            }
            Effect::List(scopes) => self.list(scopes),
            Effect::Log(line) => tracing::warn!("{line}"),
            Effect::Retry => self.retry(),
            Effect::OpenTable {
                id,
                resource,
                scopes,
            } => {
                if let (Some(session), Some(data)) = (&self.session, &self.data) {
                    let open = |scope| session.watch_table(id.0, &resource, scope, data.clone());
                    self.tables.insert(id, scopes.iter().map(open).collect());
                }
            }
            Effect::CloseTable(id) => drop(self.tables.remove(&id)),
            Effect::ReadLog {
                log,
                source,
                of,
                reading,
            } => {
                if let (Some(session), Some(data)) = (&self.session, &self.data) {
                    let handle = session.read_log(log.0, source, &of, &reading, data.clone());
                    self.logs.entry(log).or_default().push(handle);
                }
            }
            Effect::CloseLog(id) => drop(self.logs.remove(&id)),
            Effect::Exec(id, request) => self.exec(id, request),
            Effect::Local { id, program, size } => self.local(id, &program, size),
            Effect::Edit(id, step) => self.edit(id, step),
            Effect::LeaveEdit(id) => {
                if let Some(file) = self.edits.leave(id) {
                    let kept = format!("the edit stays in {}", file.display());
                    self.post.send_or_lose(Msg::Notice(Notice::info(kept)));
                }
            }
            Effect::Write(id, bytes) => self.write(id, ExecInput::Bytes(bytes)),
            Effect::ResizeExec(id, columns, rows) => {
                self.write(id, ExecInput::Resize(columns, rows));
            }
            Effect::CloseExec(id) => {
                self.programs.remove(&id);
                self.outputs.close(id);
            }
            Effect::Fetch(id, request) => self.fetch(id, request),
            Effect::Cancel(id) => drop(self.requests.remove(&id)),
            Effect::After(id, wait) => self.after(id, wait),
            Effect::Work(id, work) => {
                let session = self.session.as_ref().map(Session::info);
                // A wizard may be asked for before the demo is there.
                let demo = session.map_or(self.demo, |info| self.sources.is_demo(&info.context));
                self.workshop.carry_out(id, work, demo);
            }
            Effect::Bell
            | Effect::Motion(_)
            | Effect::Copy(_)
            | Effect::PlanBundle
            | Effect::Bundle
            | Effect::Theme(_)
            | Effect::Reload
            | Effect::Save { .. }
            | Effect::SavePart { .. }
            | Effect::SaveState(_)
            | Effect::Quit => {}
        }
    }

    /// Forgets the session and everything that hangs on it.
    fn end_session(&mut self) {
        self.attempt += 1;
        self.connecting = None;
        self.identifying = None;
        self.identified = false;
        self.feeds.clear();
        self.tables.clear();
        self.logs.clear();
        self.programs.clear();
        self.outputs.clear();
        self.requests.clear();
        self.session = None;
        self.data = None;
    }

    fn connect(&mut self, context: Option<Text>) {
        self.end_session();
        self.demo = false;
        let (post, attempt, sources) = (self.post.clone(), self.attempt, self.sources.clone());
        let task = tokio::spawn(async move {
            let result = async {
                let (options, contexts, warnings) = sources.load(context.as_deref())?;
                let current = contexts
                    .iter()
                    .find(|known| known.current)
                    .map(|known| known.name.clone());
                post.send(Msg::Contexts(contexts)).await;
                for warning in warnings {
                    post.send(Msg::Notice(Notice::warning(warning, ""))).await;
                }
                if let Some(name) = context.or(current) {
                    post.send(Msg::Connecting(name)).await;
                }
                Session::connect(options).await
            };
            let result = result.await;
            post.send(Control::Made(Made { attempt, result })).await;
        });
        self.connecting = Some(Task::of(&task));
    }

    fn connect_demo(&mut self) {
        self.end_session();
        self.demo = true;
        let (post, attempt, sources) = (self.post.clone(), self.attempt, self.sources.clone());
        let task = tokio::spawn(async move {
            let result = async {
                let context = sources.start_demo().await?;
                let (options, contexts, _) = sources.load(Some(&context))?;
                post.send(Msg::Contexts(contexts)).await;
                Session::connect(options).await
            };
            let result = result.await;
            post.send(Control::Made(Made { attempt, result })).await;
        });
        self.connecting = Some(Task::of(&task));
    }

    /// Takes in a session; what the core shall know of it. `fresh_data` opens a data lane.
    pub fn made(&mut self, made: Made, fresh_data: impl FnOnce() -> Sender<Event>) -> Option<Msg> {
        if made.attempt != self.attempt {
            return None;
        }
        self.connecting = None;
        match made.result {
            Err(failure) => Some(Msg::ConnectFailed(failure)),
            Ok(session) => {
                let mut info = session.info();
                info.demo = self.sources.is_demo(&info.context);
                self.data = Some(fresh_data());
                self.session = Some(session);
                self.identify();
                Some(Msg::Connected(info))
            }
        }
    }

    /// Asks who we are and which version the server has.
    fn identify(&mut self) {
        let Some(session) = self.session.clone() else {
            return;
        };
        let (post, demo) = (
            self.post.clone(),
            self.sources.is_demo(&session.info().context),
        );
        let task = tokio::spawn(async move {
            // When the server cannot be reached, its feeds say so.
            if let Ok(mut info) = session.identify().await {
                info.demo = demo;
                post.send(Msg::Connected(info)).await;
            }
        });
        self.identifying = Some(Task::of(&task));
    }

    fn watch(&mut self, scopes: &[Scope]) {
        let (Some(session), Some(data)) = (&self.session, &self.data) else {
            return;
        };
        let all = scopes.is_empty() || scopes.contains(&Scope::ALL);
        let scopes = if all { &[Scope::ALL][..] } else { scopes };
        let each = |kind| {
            Scope::of(kind, scopes)
                .iter()
                .map(move |scope| (kind, scope.clone()))
        };
        let wanted: Vec<(Kind, Scope)> = Kind::ALL.into_iter().flat_map(each).collect();
        self.feeds.retain(|feed, _| wanted.contains(feed));
        for (kind, scope) in wanted {
            self.feeds
                .entry((kind, scope.clone()))
                .or_insert_with(|| session.watch(kind, &scope, data.clone()));
        }
    }

    /// Everything that is watched, once, for a look at whether the feeds have kept up.
    fn list(&self, scopes: Vec<Scope>) {
        let (Some(session), post) = (self.session.clone(), self.post.clone()) else {
            return;
        };
        tokio::spawn(async move {
            // What cannot be listed, for want of rights or for now, is not compared.
            let lists = session.snapshot(&Kind::ALL, &scopes).await;
            let batches = lists.into_iter().flatten().collect();
            post.send(Msg::Listed(batches)).await;
        });
    }

    /// Other guards: they hold for the present session too.
    pub fn guard(&mut self, guards: Guards) {
        self.sources.guard(guards);
        if let Some(session) = &self.session {
            let refuses = self.sources.refuses(&session.info().context);
            session.readonly().set(refuses);
        }
    }

    /// Another catalogue.
    pub fn rule(&mut self, rules: Rules) {
        self.workshop.rule(rules);
    }

    fn retry(&mut self) {
        if let Some(session) = &self.session {
            session.retry_now();
        }
    }

    fn fetch(&mut self, id: Id, request: Request) {
        let Some(session) = self.session.clone() else {
            let answer = Answer::Failed(answers::no_session());
            return self.post.send_or_lose(Msg::Answer(id, answer));
        };
        let post = self.post.clone();
        let task = tokio::spawn(async move {
            let answer = answers::answer(&session, request).await;
            post.send(Msg::Answer(id, answer)).await;
        });
        self.requests.insert(id, Task::of(&task));
    }

    fn exec(&mut self, id: Id, request: ExecRequest) {
        let Some(session) = &self.session else {
            let end = End::Refused(answers::no_session());
            return self.post.send_or_lose(Msg::Exec(id, ExecItem::Ended(end)));
        };
        let output = self.outputs.open(id);
        let handle = session.exec(request, move |item| {
            let output = output.clone();
            async move { output.give(item).await }
        });
        self.programs.insert(id, Program::Remote(handle));
    }

    fn local(&mut self, id: Id, program: &LocalProgram, size: (u16, u16)) {
        let Some(session) = &self.session else {
            let end = End::Refused(answers::no_session());
            return self.post.send_or_lose(Msg::Exec(id, ExecItem::Ended(end)));
        };
        let (context, output) = (session.info().context, self.outputs.open(id));
        let give = move |item| {
            let output = output.clone();
            async move { output.give(item).await }
        };
        let name = id.0.to_string();
        match local::start(program, &self.sources, &context, size, &name, give) {
            Ok(local) => drop(self.programs.insert(id, Program::Local(local))),
            Err(failure) => {
                let end = ExecItem::Ended(End::Refused(failure));
                self.post.send_or_lose(Msg::Exec(id, end));
            }
        }
    }

    fn edit(&mut self, id: Id, step: EditStep) {
        let (edits, post) = (self.edits.clone(), self.post.clone());
        let session = self.session.clone();
        // Not one of the requests that end with the session: what was begun is told.
        tokio::spawn(async move {
            let told = edits.step(session, id, step).await;
            post.send(told).await;
        });
    }

    /// Writes to a program; one that takes nothing more is told of.
    fn write(&mut self, id: Id, input: ExecInput) {
        if let Some(program) = self.programs.get(&id)
            && !program.write(input)
        {
            self.post.send_or_lose(Msg::Notice(Notice::warning(
                "the program takes no input now: what was typed is lost",
                "wait until it reads again",
            )));
        }
    }

    fn after(&mut self, id: Id, wait: Millis) {
        let (post, wait) = (
            self.post.clone(),
            Duration::from_millis(u64::try_from(wait.0).unwrap_or(0)),
        );
        let task = tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            post.send(Msg::Timer(id)).await;
        });
        self.requests.insert(id, Task::of(&task));
    }

    /// The core is about to hear this: what is under way for it is over.
    pub fn heard(&mut self, msg: &Msg) {
        match msg {
            Msg::Answer(id, _) | Msg::Timer(id) => drop(self.requests.remove(id)),
            Msg::Connected(info) => self.identified |= !info.version.is_empty(),
            // The server is there now: it may not have been when it was asked first.
            Msg::Feed {
                state: FeedState::Live,
                ..
            } if !self.identified
                && self
                    .identifying
                    .as_ref()
                    .is_none_or(|task| task.0.is_finished()) =>
            {
                self.identify();
            }
            _ => {}
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Tasks that still end hold copies of the sources: the demo must not wait for them.
        self.sources.end_demo();
    }
}

/// What a feed brought, for the core.
pub fn message(event: Event) -> Msg {
    match event {
        Event::Batch(batch) => Msg::Batch(batch),
        Event::Feed { kind, scope, state } => Msg::Feed { kind, scope, state },
        Event::Table { id, changes } => Msg::Table(Id(id), changes),
        Event::TableFeed { id, state } => Msg::TableFeed(Id(id), state),
        Event::Log { log, chunk } => Msg::Log(Id(log), chunk),
        Event::Skipped {
            kind, name, bytes, ..
        } => Msg::Notice(skipped(kind, &name, bytes)),
    }
}

fn skipped(kind: Kind, name: &Text, bytes: usize) -> Notice {
    let name = if name.is_empty() {
        "without a readable name"
    } else {
        name
    };
    let size = bytes / (1 << 20);
    Notice::warning(
        format!(
            "{} {name} is too large to be shown ({size} MiB)",
            kind.name()
        ),
        "`kubectl get -o json` can tell what fills it",
    )
}
