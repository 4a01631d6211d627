//! What a recording may hold: messages without what is nobody else's business. Values, log text,
//! what panes show and what a person types into them keep their shape and lose their meaning.
//!
//! Names of objects, labels, images, states and times stay: without them nothing could be seen
//! again.

use super::screens::Screen;
use super::{Answer, App, Edited, Msg, Notice, Worked};
use crate::domain::build::{Event, Fault, Outcome};
use crate::domain::detect;
use crate::domain::exec::{End, ExecItem};
use crate::domain::feed::{Change, Failure, FeedState, TableChange};
use crate::domain::logs::stamp::Stamps;
use crate::domain::logs::{Item, Mark, SourceState};
use crate::domain::recipe::{self, Recipe};
use crate::domain::rows::{Condition, Container, Row, State, Terminated};
use crate::domain::text::{Text, shape, shape_bytes};
use crate::key::Code;
use bytes::{Bytes, BytesMut};

impl App {
    /// Whether what is typed goes to a program, or into a form: also when the program has just
    /// ended, and a paste that nothing of ours takes.
    pub fn is_private(&self, msg: &Msg) -> bool {
        let private = self.overlay.is_none()
            && match self.screen() {
                Screen::Shell(shell) => shell.focused || shell.just_ended(self.world.now),
                Screen::Wizard(wizard) => wizard.typing(),
                _ => false,
            };
        private || matches!(msg, Msg::Paste(_)) && !self.typing()
    }
}

/// The message as it may be kept; `private` when what is typed goes to a program.
pub fn redact(mut msg: Msg, private: bool) -> Msg {
    match &mut msg {
        Msg::Key(key) if private && !key.ctrl && !key.alt => {
            if let Code::Char(c) = &mut key.code {
                *c = if *c == ' ' { ' ' } else { 'x' };
            }
        }
        Msg::Paste(text) if private => *text = shape(text),
        Msg::ConnectFailed(failure) => hide_failure(failure),
        Msg::Batch(batch) => batch.changes.iter_mut().for_each(hide_change),
        Msg::Listed(batches) => {
            let changes = batches.iter_mut().flat_map(|batch| &mut batch.changes);
            changes.for_each(hide_change);
        }
        Msg::Feed { state, .. } | Msg::TableFeed(_, state) => {
            if let FeedState::Disconnected { why, .. } = state {
                hide(why);
            }
        }
        Msg::Table(_, changes) => changes.iter_mut().for_each(hide_cells),
        Msg::Log(_, chunk) => chunk.items.iter_mut().for_each(hide_item),
        Msg::Exec(_, item) => hide_exec(item),
        Msg::Edit(_, edited) => match edited {
            Edited::Changed(lines) => lines.iter_mut().for_each(hide),
            Edited::Failed(failure) => hide_failure(failure),
            Edited::Ready(_) | Edited::Unchanged | Edited::Applied => {}
        },
        Msg::Answer(_, answer) => hide_answer(answer),
        Msg::Work(_, worked) => hide_work(worked),
        Msg::Notice(notice) => hide_notice(notice),
        _ => {}
    }
    msg
}

/// What a notice says of itself stays, the words of others do not.
pub fn hide_notice(notice: &mut Notice) {
    hide(&mut notice.why);
}

fn hide(text: &mut Text) {
    *text = Text::new(&shape(text));
}

fn hide_failure(failure: &mut Failure) {
    hide(&mut failure.why);
}

fn hide_change(change: &mut Change) {
    let Change::Put(row) = change else { return };
    match &mut **row {
        Row::Pod(pod) => {
            hide_conditions(&mut pod.conditions);
            let containers = [
                &mut pod.init_containers,
                &mut pod.containers,
                &mut pod.ephemeral_containers,
            ];
            for container in containers.into_iter().flat_map(|it| it.iter_mut()) {
                hide_container(container);
            }
        }
        Row::Workload(workload) => hide_conditions(&mut workload.conditions),
        Row::Node(node) => hide_conditions(&mut node.conditions),
        Row::Namespace(_) => {}
    }
}

fn hide_conditions(conditions: &mut [Condition]) {
    for condition in conditions {
        hide(&mut condition.message);
    }
}

fn hide_container(container: &mut Container) {
    let hide_end = |end: &mut Terminated| hide(&mut end.message);
    match &mut container.state {
        State::Waiting { message, .. } => hide(message),
        State::Terminated(end) => hide_end(end),
        State::Unknown | State::Running { .. } => {}
    }
    if let Some(end) = &mut container.last {
        hide_end(end);
    }
}

/// Nobody knows what the columns of a stranger's kind hold.
fn hide_cells(change: &mut TableChange) {
    let TableChange::Put(row) = change else {
        return;
    };
    let row = &mut **row;
    for cell in &mut row.cells {
        if *cell != row.name && *cell != row.namespace {
            hide(cell);
        }
    }
}

fn hide_item(item: &mut Item) {
    match item {
        Item::Lines(lines) => *lines = hide_lines(lines),
        Item::Long(head, _) => *head = hide_lines(head),
        Item::Mark(Mark::Refused(failure)) => hide_failure(failure),
        Item::State(SourceState::Waiting(why) | SourceState::Lost(why)) => hide(why),
        Item::Mark(_) | Item::State(_) | Item::Told(_) | Item::Pod(_) => {}
    }
}

/// The stamps stay: by them the lines are merged.
fn hide_lines(lines: &Bytes) -> Bytes {
    let mut stamps = Stamps::default();
    let mut out = BytesMut::with_capacity(lines.len());
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let (_, said) = stamps.split(line);
        out.extend_from_slice(&line[..line.len() - said.len()]);
        out.extend_from_slice(&shape_bytes(said));
    }
    out.freeze()
}

fn hide_exec(item: &mut ExecItem) {
    match item {
        ExecItem::Started | ExecItem::Ended(End::Exited(_)) => {}
        ExecItem::Output(bytes) | ExecItem::Errors(bytes) => *bytes = shape_bytes(bytes).into(),
        ExecItem::Ended(End::Failed(why) | End::Lost(why)) => hide(why),
        ExecItem::Ended(End::Refused(failure)) => hide_failure(failure),
    }
}

fn hide_answer(answer: &mut Answer) {
    match answer {
        Answer::Document(text) => *text = shape(text),
        Answer::Tail(lines) => lines.iter_mut().for_each(hide),
        Answer::Events(events) => events.iter_mut().for_each(|event| hide(&mut event.message)),
        Answer::Containers(specs) => {
            for spec in specs {
                hide(&mut spec.command);
                spec.probes.iter_mut().for_each(hide);
            }
        }
        Answer::Access(answers) => answers.iter_mut().for_each(|it| hide(&mut it.reason)),
        Answer::Failed(failure) => hide_failure(failure),
        Answer::Resources(_) | Answer::Done => {}
    }
}

/// Names, versions, images and times stay; commands, values and what files and steps say do not.
fn hide_work(worked: &mut Worked) {
    match worked {
        Worked::Surveyed(survey) => {
            for found in &mut survey.found {
                found.findings.iter_mut().for_each(hide_finding);
            }
            let recipes = [&mut survey.recipe, &mut survey.draft];
            for text in recipes.into_iter().flatten() {
                *text = blurred_recipe(text);
            }
            for (_, text) in &mut survey.dockerfiles {
                *text = shape(text);
            }
            if let Err(fault) = &mut survey.engine {
                hide_fault(fault);
            }
        }
        Worked::Outdated(recipes) => {
            for aged in recipes {
                aged.why = shape(&aged.why);
                for file in &mut aged.files {
                    file.there = shape(&file.there);
                    file.made = shape(&file.made);
                }
            }
        }
        Worked::History(text) => *text = shape(text),
        Worked::Events(events) => events.iter_mut().for_each(hide_event),
        Worked::Sized(_, Err(fault))
        | Worked::Ended(Outcome::Failed(fault))
        | Worked::Failed(fault) => hide_fault(fault),
        Worked::Weighed(recipe, weighed) => {
            *recipe = blurred_recipe(recipe);
            if let Err(fault) = weighed {
                hide_fault(fault);
            }
        }
        Worked::Sized(..)
        | Worked::Ended(_)
        | Worked::Written(_)
        | Worked::Last(_)
        | Worked::Sources(..) => {}
    }
}

fn hide_finding(finding: &mut detect::Finding) {
    finding.evidence.text = shape(&finding.evidence.text);
    match &mut finding.answer {
        detect::Answer::Commands(words) | detect::Answer::Command(words) => {
            for word in words {
                *word = shape(word);
            }
        }
        _ => {}
    }
}

fn hide_event(event: &mut Event) {
    match event {
        Event::Step { name, .. } => *name = blurred_step(name),
        Event::Log { line, .. } => *line = shape(line),
        Event::Context(_)
        | Event::Progress { .. }
        | Event::Image { .. }
        | Event::Pushed { .. }
        | Event::Verified { .. } => {}
    }
}

/// The stage and the instruction stay: `[build 3/4] RUN xxx xxxxx`.
fn blurred_step(name: &str) -> String {
    let upper = |word: &&str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    let end = name.split(' ').find(upper).and_then(|word| {
        let from = name.find(word)?;
        Some(from + word.len())
    });
    let (kept, said) = name.split_at(end.unwrap_or(0));
    format!("{kept}{}", shape(said))
}

fn hide_fault(fault: &mut Fault) {
    fault.what = shape(&fault.what);
}

/// The same answers, without commands and values. What is no recipe keeps its shape alone.
fn blurred_recipe(text: &str) -> String {
    let read = Recipe::read("", text);
    if !read.flaws.is_empty() {
        return shape(text);
    }
    let mut recipe = read.recipe;
    let commands = recipe.build.commands.iter_mut().flatten();
    let words = recipe.run.command.iter_mut();
    let asked = recipe.health.command.iter_mut();
    let values = recipe.run.env.iter_mut().map(|(_, value)| value);
    for said in commands.chain(words).chain(asked).chain(values) {
        *said = shape(said);
    }
    recipe::write(&recipe, None)
}
