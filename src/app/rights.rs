//! What the person may do with the selection: asked of the server beforehand, so that a hint is grey
//! with its reason where the answer would be no.

use super::effect::Effects;
use super::screens::{ListScreen, Screen, Source};
use super::{App, Job, Request};
use crate::command::Command;
use crate::domain::feed::{AccessQuestion, Scope};
use crate::domain::session::Target;
use crate::domain::text::Text;

/// Commands that need a right on the selection.
const ASKED: [Command; 5] = [
    Command::Delete,
    Command::Edit,
    Command::Shell,
    Command::Attach,
    Command::Logs,
];

impl App {
    /// Asks for the rights on the selection that are not known yet.
    pub(super) fn learn_rights(&mut self, effects: &mut Effects) {
        if self.world.session.is_none() {
            return;
        }
        let mut questions: Vec<AccessQuestion> = ASKED
            .into_iter()
            .filter(|command| !(self.world.readonly && changes(*command)))
            .flat_map(|command| self.rights_for(command))
            .collect();
        questions.retain(|question| {
            self.world.access(question).is_none() && self.world.may_ask(question)
        });
        if !questions.is_empty() {
            self.ask(
                Job::Access(questions.clone()),
                Request::Access(questions),
                effects,
            );
        }
    }

    /// Why a command is refused here, when that is known already.
    pub fn refusal(&self, command: Command) -> Option<String> {
        // The run before is read with the same right.
        let command = match command {
            Command::PreviousLogs => Command::Logs,
            command => command,
        };
        if !ASKED.contains(&command) {
            return None;
        }
        let questions = self.rights_for(command);
        if self.world.readonly && changes(command) && !questions.is_empty() {
            return Some("read-only".into());
        }
        let answers = questions.iter().filter_map(|it| self.world.access(it));
        let denied = answers.map(|answer| answer.allowed).any(|allowed| !allowed);
        denied.then(|| {
            let what = match command {
                Command::Shell => "exec here".into(),
                Command::Attach => "attach here".into(),
                Command::Logs => "read logs here".into(),
                _ => format!("{} {}", questions[0].verb, questions[0].resource),
            };
            format!("you may not {what}")
        })
    }

    /// What must be allowed for a command on the selection; nothing where it does not apply.
    fn rights_for(&self, command: Command) -> Vec<AccessQuestion> {
        let Screen::List(ListScreen { source, list }) = self.screen() else {
            return Vec::new();
        };
        let Some(row) = list.selected() else {
            return Vec::new();
        };
        let rows = source.rows();
        let of_pods = |verbs: &[&str], subresource: &str| {
            let namespace = match source {
                Source::Containers(rows) => rows.pod.namespace.clone(),
                Source::Pods(_) | Source::Releases(_) | Source::Workloads(_) => {
                    rows.key(&self.world, row).namespace
                }
                _ => return Vec::new(),
            };
            let question = |verb: &&str| AccessQuestion {
                verb: (*verb).into(),
                group: Text::default(),
                resource: "pods".into(),
                subresource: subresource.into(),
                scope: Scope(Some(namespace.clone())),
            };
            verbs.iter().map(question).collect()
        };
        let enters = matches!(source, Source::Pods(_) | Source::Containers(_));
        let on_object = |verb| {
            let target = rows.target(&self.world, row);
            target.iter().map(|it| may(verb, it)).collect()
        };
        match command {
            Command::Delete => on_object("delete"),
            Command::Edit => on_object("update"),
            // Servers differ in which of the verbs they check.
            Command::Shell if enters => of_pods(&["get", "create"], "exec"),
            Command::Attach if enters => of_pods(&["get", "create"], "attach"),
            Command::Logs => of_pods(&["get"], "log"),
            _ => Vec::new(),
        }
    }
}

/// Whether a command needs more than looking.
const fn changes(command: Command) -> bool {
    !matches!(command, Command::Logs)
}

/// The right to do this with an object.
pub(super) fn may(verb: &str, target: &Target) -> AccessQuestion {
    AccessQuestion {
        verb: verb.into(),
        group: target.group.clone(),
        resource: target.plural.clone(),
        subresource: Text::default(),
        scope: target.scope(),
    }
}
