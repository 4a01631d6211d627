//! `e`: an object in the person's editor, and what was saved there back on the server; and logs and
//! texts in the pager. An edit is never lost: what is not applied stays in its file, which is told.

use super::effect::{EditStep, Effect, Effects, LocalProgram};
use super::msg::{Edited, Id};
use super::notice::Notice;
use super::overlay::{Confirm, Overlay};
use super::rights::may;
use super::screens::logs::Extent;
use super::screens::shell::{Edit, ShellScreen, Stage, Way};
use super::screens::{ListScreen, Screen};
use super::tabs::every;
use super::{App, Job, Request};
use crate::command::Command;
use crate::domain::exec::{End, ExecItem};
use crate::domain::feed::{AccessQuestion, READONLY_REMEDY};
use crate::domain::logs::Source;
use crate::domain::session::Target;
use crate::domain::text::Text;
use std::path::PathBuf;

impl App {
    /// A command about editing or paging. False when it is none here.
    pub(super) fn edit_command(&mut self, command: Command, effects: &mut Effects) -> bool {
        match (command, self.screen()) {
            (Command::Edit, Screen::List(_) | Screen::Text(_)) => self.edit(effects),
            (Command::Page | Command::Edit, Screen::Logs(_)) => {
                let way = reading(command);
                self.save_lines(Extent::Filtered, Some(way), effects);
            }
            (Command::Page, Screen::Text(screen)) => {
                let (name, text) = (screen.title.clone(), screen.text());
                self.read_in(reading(command), &name, text, effects);
            }
            (Command::Page | Command::Edit, Screen::Shell(shell)) => {
                let (name, text) = (shell.title(), shell.terminal.history_text());
                if text.trim().is_empty() {
                    self.notify(Notice::info("the program has written nothing"));
                    return true;
                }
                self.read_in(reading(command), &name, text, effects);
            }
            _ => return false,
        }
        true
    }

    /// A text in the pager or, for reading, in the editor.
    fn read_in(&mut self, way: Way, name: &str, text: String, effects: &mut Effects) {
        if self.world.session.is_none() {
            return self.notify(Notice::warning(
                "there is no cluster: no program is started",
                "connect first, with :ctx or :demo",
            ));
        }
        let id = self.next_id();
        self.copies.insert(id, (way, Text::new(name)));
        effects.push(Effect::Save {
            id,
            name: name.to_owned(),
            copy: true,
        });
        effects.push(Effect::SavePart {
            id,
            text,
            last: true,
        });
    }

    /// A copy is complete: the program that shows it is started.
    pub(super) fn take_copy(&mut self, id: Id, file: PathBuf, effects: &mut Effects) {
        if let Some((way, name)) = self.copies.remove(&id) {
            let mut shell = ShellScreen::new(id, Source::default(), way, &self.settings.panes);
            (shell.subject, shell.file) = (name, Some(file));
            self.open_pane(shell, effects);
        }
    }

    /// The object of the selection, or of the text that is seen.
    fn edit(&mut self, effects: &mut Effects) {
        let target = match self.screen() {
            Screen::List(ListScreen { source, list }) => list
                .selected()
                .and_then(|row| source.rows().target(&self.world, row)),
            Screen::Text(screen) => screen.target.clone(),
            _ => None,
        };
        let Some(target) = target else {
            return self.notify(Notice::info("nothing that can be edited is selected"));
        };
        if self.world.readonly {
            return self.notify(Notice::warning(
                "read-only: nothing is edited",
                READONLY_REMEDY,
            ));
        }
        let question = may("update", &target);
        if self.world.access(&question).is_some() {
            return self.begin_edit(&question, target, effects);
        }
        self.ask(
            Job::AccessToEdit(question.clone(), target),
            Request::Access(vec![question]),
            effects,
        );
    }

    /// The right is known: the editor is opened, or what is missing is said.
    pub(super) fn begin_edit(
        &mut self,
        question: &AccessQuestion,
        target: Target,
        effects: &mut Effects,
    ) {
        if let Some(answer) = self.world.access(question)
            && !answer.allowed
        {
            let notice = Notice {
                why: answer.reason.clone(),
                ..Notice::warning(
                    format!("you may not update {target}"),
                    "ask for the right, or switch the context with :ctx",
                )
            };
            return self.notify(notice);
        }
        let id = self.next_id();
        let mut shell = ShellScreen::new(id, Source::default(), Way::Edit, &self.settings.panes);
        shell.subject = Text::new(&format!("{} {}", target.kind.to_lowercase(), target.name));
        shell.edit = Some(Edit {
            target,
            stage: Stage::Editing,
        });
        self.open_pane(shell, effects);
    }

    /// Something came of an edit.
    pub(super) fn take_edit(&mut self, id: Id, edited: Edited, effects: &mut Effects) {
        let seen = matches!(self.screen(), Screen::Shell(shell) if shell.id == id);
        let Some(shell) = self.pane_mut(id) else {
            return;
        };
        let name = shell.subject.clone();
        match edited {
            Edited::Ready(file) => {
                let size = shell.terminal.size();
                shell.file = Some(file.clone());
                effects.push(Effect::Local {
                    id,
                    program: LocalProgram::Editor(file),
                    size,
                });
            }
            Edited::Unchanged => {
                self.close_pane(id, effects);
                self.notify(Notice::info(format!("{name} is as it was")));
            }
            Edited::Applied => {
                self.close_pane(id, effects);
                self.notify(Notice::info(format!("{name} is changed")));
            }
            Edited::Changed(lines) => {
                shell.say(&format!("{} lines of {name} would change", lines.len()));
                shell.set_stage(Stage::Asked(lines));
                if seen {
                    self.ask_to_apply();
                }
            }
            Edited::Failed(failure) => {
                shell.stopped();
                shell.say(&Notice::from(failure.clone()).line());
                if let Some(file) = &shell.file {
                    let kept = format!("the edit is kept in {}", file.display());
                    shell.say(&kept);
                }
                shell.set_stage(Stage::Refused);
                self.notify(Notice::from(failure));
            }
        }
        self.dirty = true;
    }

    /// The question whether what was edited is applied.
    pub(super) fn ask_to_apply(&mut self) {
        let Screen::Shell(shell) = self.screen() else {
            return;
        };
        let Some(Edit {
            target,
            stage: Stage::Asked(lines),
        }) = &shell.edit
        else {
            return;
        };
        let context = self.world.context().cloned().unwrap_or_default();
        let confirm = Confirm::apply(shell.id, target, lines, &context, self.demands_name());
        self.overlay = Some(Overlay::Confirm(confirm));
    }

    /// The question was answered with yes.
    pub(super) fn apply_edit(&mut self, id: Id, effects: &mut Effects) {
        if let Some(shell) = self.pane_mut(id) {
            shell.set_stage(Stage::Applying);
            effects.push(Effect::Edit(id, EditStep::Apply));
        }
    }

    /// A program that was started for a file has ended. False when the end is to be shown.
    pub(super) fn file_closed(&mut self, id: Id, item: &ExecItem, effects: &mut Effects) -> bool {
        let ExecItem::Ended(end) = item else {
            return false;
        };
        let Some(shell) = self.pane_mut(id) else {
            return false;
        };
        match (shell.way, end) {
            (Way::Edit, End::Exited(0)) => {
                shell.stopped();
                effects.push(Effect::Edit(id, EditStep::Judge));
            }
            (Way::Edit, end) => {
                let why = format!("the editor ended with {end}: nothing is applied");
                shell.stopped();
                shell.say(&why);
                shell.set_stage(Stage::Refused);
            }
            (Way::Page | Way::Read, End::Exited(0)) => self.close_pane(id, effects),
            _ => return false,
        }
        self.dirty = true;
        true
    }

    fn pane_mut(&mut self, id: Id) -> Option<&mut ShellScreen> {
        every(&mut self.screens, &mut self.tabs).find_map(|screen| match screen {
            Screen::Shell(shell) if shell.id == id => Some(&mut **shell),
            _ => None,
        })
    }
}

/// Which program reads a text for this command.
const fn reading(command: Command) -> Way {
    match command {
        Command::Edit => Way::Read,
        _ => Way::Page,
    }
}
