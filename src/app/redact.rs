//! What a recording may hold: messages without what is nobody else's business. Values, log text,
//! what panes show and what a person types into them keep their shape and lose their meaning.
//!
//! Names of objects, labels, images, states and times stay: without them nothing could be seen
//! again.

use super::screens::Screen;
use super::{Answer, App, Edited, Msg, Notice};
use crate::domain::exec::{End, ExecItem};
use crate::domain::feed::{Change, Failure, FeedState, TableChange};
use crate::domain::logs::stamp::Stamps;
use crate::domain::logs::{Item, Mark, SourceState};
use crate::domain::rows::{Condition, Container, Row, State, Terminated};
use crate::domain::text::{Text, shape, shape_bytes};
use crate::key::Code;
use bytes::{Bytes, BytesMut};

impl App {
    /// Whether what is typed now goes to a program, or into a form.
    pub fn typing_is_private(&self) -> bool {
        self.overlay.is_none()
            && match self.screen() {
                Screen::Shell(shell) => shell.focused,
                Screen::Wizard(wizard) => wizard.typing(),
                _ => false,
            }
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
        Item::Mark(_) | Item::State(_) | Item::Pod(_) => {}
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
        Answer::Containers(specs) => specs.iter_mut().for_each(|spec| hide(&mut spec.command)),
        Answer::Access(answers) => answers.iter_mut().for_each(|it| hide(&mut it.reason)),
        Answer::Failed(failure) => hide_failure(failure),
        Answer::Resources(_) | Answer::Done => {}
    }
}
