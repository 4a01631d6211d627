//! Keys in the wizard: moving between rows and steps, typing, choosing, ticking.

use super::form::is_address;
use super::{Act, Group, Row, Step, Switch, Ticked, Wizard};
use crate::domain::catalogue::{ImageRef, newest};
use crate::domain::document::Flaw;
use crate::key::{Code, Key};
use tui_textarea::{CursorMove, Input, TextArea};

/// Lines of the whole Dockerfile that a page moves by, on the smallest screen.
const PAGE: usize = 15;

/// What is to be done outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Read the source of that place.
    Look,
    /// Forget the draft.
    StartAnew,
    /// Build.
    Build,
    /// Write the recipe.
    Write,
}

impl Wizard {
    /// The row that the keys go to.
    pub fn focused(&self) -> Option<Row> {
        self.rows().into_iter().nth(self.row)
    }

    /// Whether a Dockerfile has the body, and the form is not seen.
    pub fn takes_body(&self) -> bool {
        self.whole || self.comparing
    }

    /// Back to the form, from a Dockerfile that has the body; whether one had it.
    pub fn close_body(&mut self) -> bool {
        let had = self.takes_body();
        (self.whole, self.comparing) = (false, false);
        had
    }

    /// Whether keys are typed into a field.
    pub fn typing(&self) -> bool {
        !self.takes_body() && matches!(self.focused(), Some(Row::Field(_)))
    }

    /// The fields of this step as texts that can be edited.
    pub(super) fn make_fields(&mut self) {
        for row in self.rows() {
            if let Row::Field(key) = row
                && !self.fields.contains_key(key)
            {
                let text = self.text_of(key);
                let mut area = TextArea::new(text.lines().map(str::to_owned).collect());
                area.move_cursor(CursorMove::Bottom);
                area.move_cursor(CursorMove::End);
                self.fields.insert(key, area);
            }
        }
    }

    /// A key for the field that is typed into; whether it was one for it.
    pub fn key(&mut self, key: Key) -> bool {
        let Some(Row::Field(name)) = self.focused() else {
            return false;
        };
        if self.takes_body() {
            return false;
        }
        let long = Self::is_long(name);
        let Some(area) = self.fields.get_mut(name) else {
            return false;
        };
        let (row, last) = (area.cursor().0, area.lines().len().saturating_sub(1));
        let plain = !key.ctrl && !key.alt;
        let input = match key.code {
            Code::Char(c) if plain || key.ctrl && "aekuwfh".contains(c) => {
                tui_textarea::Key::Char(c)
            }
            Code::Backspace => tui_textarea::Key::Backspace,
            Code::Delete => tui_textarea::Key::Delete,
            Code::Left => tui_textarea::Key::Left,
            Code::Right => tui_textarea::Key::Right,
            Code::Home => tui_textarea::Key::Home,
            Code::End => tui_textarea::Key::End,
            Code::Enter if long => tui_textarea::Key::Enter,
            Code::Up if long && row > 0 => tui_textarea::Key::Up,
            Code::Down if long && row < last => tui_textarea::Key::Down,
            _ => return false,
        };
        // ctrl-u takes back in the text area; people of terminals expect the line to go.
        if key == Key::ctrl('u') {
            area.delete_line_by_head();
        } else {
            area.input(Input {
                key: input,
                ctrl: key.ctrl,
                alt: key.alt,
                shift: key.shift,
            });
        }
        self.typed(name);
        true
    }

    /// A text was pasted.
    pub fn paste(&mut self, text: &str) -> bool {
        let Some(Row::Field(name)) = self.focused() else {
            return false;
        };
        let text = if Self::is_long(name) {
            text.to_owned()
        } else {
            text.replace('\n', " ").trim().to_owned()
        };
        if let Some(area) = self.fields.get_mut(name) {
            area.insert_str(text);
        }
        self.typed(name);
        true
    }

    /// The text of a field changed: it becomes an answer, or it is said why not.
    fn typed(&mut self, name: &'static str) {
        let Some(area) = self.fields.get(name) else {
            return;
        };
        let text = area.lines().join("\n");
        if text == self.text_of(name) && !self.wrong.contains_key(name) {
            return;
        }
        match name {
            "place" => {
                let was = is_address(&self.place);
                self.place = text;
                if was != is_address(&self.place) {
                    self.make_fields();
                }
                return;
            }
            "reference" => return self.reference = text,
            "search" => return self.search = text,
            "image" => self.type_image(&text),
            key => match self.recipe.set_answer(key, &text) {
                Ok(()) => {
                    self.wrong.remove(key);
                    self.questions.retain(|question| question.key != key);
                    if key.starts_with("project.") {
                        self.follow_name();
                    }
                }
                Err(flaw) => drop(self.wrong.insert(name, flaw)),
            },
        }
        self.touch();
        self.replan();
    }

    fn type_image(&mut self, text: &str) {
        self.wrong.remove("image");
        let had = self.has_registry();
        text.trim().clone_into(&mut self.image_text);
        if self.image_text.is_empty() {
            self.follow_name();
        } else {
            match ImageRef::parse(&self.image_text) {
                Ok(image) => self.image = Some(image),
                Err(must_be) => {
                    self.image = None;
                    let what = format!("`{}` is no name for an image", self.image_text);
                    let flaw = Flaw::of("image", what, format!("it must be {must_be}"));
                    self.wrong.insert("image", flaw);
                }
            }
        }
        if self.has_registry() != had {
            self.push = self.has_registry();
        }
    }

    /// Up or down among the rows that take keys, and on into the step before or after.
    pub fn move_by(&mut self, down: bool) {
        if self.takes_body() {
            return self.scroll_by(down, 1);
        }
        let rows = self.rows();
        let next = if down {
            (self.row + 1..rows.len()).find(|n| rows[*n].takes_keys())
        } else {
            (0..self.row).rev().find(|n| rows[*n].takes_keys())
        };
        if let Some(next) = next {
            self.row = next;
        }
    }

    /// Moves over the whole Dockerfile.
    fn scroll_by(&mut self, down: bool, lines: usize) {
        self.scroll = if down {
            (self.scroll + lines).min(self.whole_rows().saturating_sub(1))
        } else {
            self.scroll.saturating_sub(lines)
        };
    }

    /// The step after or before.
    pub fn step_by(&mut self, forward: bool) {
        if self.takes_body() {
            return self.scroll_by(forward, PAGE);
        }
        let at = self.step.place();
        let next = if forward {
            (at + 1).min(Step::ALL.len() - 1)
        } else {
            at.saturating_sub(1)
        };
        self.enter(Step::ALL[next]);
    }

    /// A click on the n-th row.
    pub fn click(&mut self, row: usize) -> Option<Wish> {
        let rows = self.rows();
        if !rows.get(row).is_some_and(Row::takes_keys) {
            return None;
        }
        self.row = row;
        match &rows[row] {
            Row::Field(_) => None,
            Row::Act(..) | Row::Trouble(..) => self.enter_row(),
            _ => {
                self.tick();
                None
            }
        }
    }

    /// Enter: takes the row, and goes on.
    pub fn enter_row(&mut self) -> Option<Wish> {
        if self.close_body() {
            return None;
        }
        match self.focused()? {
            Row::Field("place" | "reference") => Some(Wish::Look),
            Row::Field(_) => {
                self.go_on();
                None
            }
            Row::Choice { group, value, .. } => {
                let look = self.choose(group, &value);
                if look.is_none() {
                    self.leave_group(group);
                }
                look
            }
            Row::Tick { .. } | Row::Switch(..) => {
                self.go_on();
                None
            }
            Row::Trouble(key, ..) => {
                let step = Step::of(&key);
                self.enter(step);
                None
            }
            Row::Act(act, ..) => Some(self.act(act)),
            Row::Head(_) | Row::Say(_) | Row::Fact(..) | Row::Found { .. } | Row::Remark(..) => {
                None
            }
        }
    }

    fn act(&mut self, act: Act) -> Wish {
        match act {
            Act::Look => Wish::Look,
            Act::StartAnew => {
                self.start_from_source();
                self.wrong.clear();
                self.replan();
                self.enter(Step::Source);
                self.remark = Some("only what was found is left".into());
                Wish::StartAnew
            }
            Act::Build => Wish::Build,
            Act::Write => Wish::Write,
        }
    }

    /// From a field, tick or switch: to the next row, or to the next step from the last one.
    fn go_on(&mut self) {
        let before = self.row;
        if !matches!(
            self.focused(),
            Some(Row::Tick { .. } | Row::Field("search"))
        ) {
            self.move_by(true);
        }
        if self.row == before {
            self.step_by(true);
        }
    }

    /// After a choice: to the next group of this step, or to the next step.
    fn leave_group(&mut self, group: Group) {
        let rows = self.rows();
        let later = |row: &Row| match row {
            Row::Choice {
                group: other,
                chosen,
                ..
            } => *other != group && *chosen,
            _ => false,
        };
        match (self.row + 1..rows.len()).find(|n| later(&rows[*n])) {
            Some(next) => self.row = next,
            None => self.step_by(true),
        }
    }

    /// Space: chooses, ticks or switches.
    pub fn tick(&mut self) -> Option<Wish> {
        match self.focused()? {
            Row::Choice { group, value, .. } => return self.choose(group, &value),
            Row::Tick {
                id,
                state,
                why_not: None,
                ..
            } => self.set_tick(&id, state),
            // What is ticked and cannot be stays removable.
            Row::Tick { id, state, .. } if state != Ticked::No => {
                self.set_tick(&id, Ticked::Build);
            }
            Row::Switch(Switch::Push, on, _) => self.push = !on,
            Row::Switch(Switch::Recipe, on, _) => self.keep_recipe = !on,
            Row::Act(act, ..) => return Some(self.act(act)),
            _ => {}
        }
        None
    }

    /// From nowhere into the image, from there into the build only, from there nowhere.
    fn set_tick(&mut self, id: &str, was: Ticked) {
        let (run, build) = (
            &mut self.recipe.run.dependencies,
            &mut self.recipe.build.dependencies,
        );
        run.retain(|known| known != id);
        build.retain(|known| known != id);
        match was {
            Ticked::No => run.push(id.to_owned()),
            Ticked::Run => build.push(id.to_owned()),
            Ticked::Build => {}
        }
        run.sort();
        build.sort();
        self.touch();
        self.replan();
    }

    #[cfg(test)]
    pub(super) fn choose_for_test(&mut self, group: Group, value: &str) {
        self.enter(match group {
            Group::Project | Group::Dockerfile => Step::Source,
            Group::System => Step::System,
            Group::Stack | Group::Version | Group::Tool => Step::Runtime,
        });
        self.choose(group, value);
    }

    fn choose(&mut self, group: Group, value: &str) -> Option<Wish> {
        let possible = self.rows().into_iter().any(|row| {
            matches!(row, Row::Choice { group: g, value: v, why_not: None, .. } if g == group && v == value)
        });
        if !possible {
            return None;
        }
        let base = &mut self.recipe.base;
        match group {
            Group::Project => {
                if !value.is_empty() {
                    let folder = self.folder()?.join(value);
                    self.place = folder.display().to_string();
                    self.fields.clear();
                    self.make_fields();
                    return Some(Wish::Look);
                }
                if self.asks_which() {
                    self.take_whole();
                }
                return None;
            }
            Group::Dockerfile => value.clone_into(&mut self.recipe.build.dockerfile),
            Group::System => value.clone_into(&mut base.system),
            Group::Version => {
                value.clone_into(&mut base.version);
                self.fit_system();
            }
            Group::Tool => value.clone_into(&mut self.recipe.build.tool),
            Group::Stack if base.stack == value => {}
            Group::Stack => {
                value.clone_into(&mut base.stack);
                self.fit_stack();
            }
        }
        let keys: &[&str] = match group {
            Group::Project => &[],
            Group::Dockerfile => &["build.dockerfile"],
            Group::System => &["base.system"],
            Group::Version => &["base.version", "base.system"],
            Group::Tool => &["build.tool"],
            Group::Stack => &["base.stack", "base.version", "base.system", "build.tool"],
        };
        self.questions
            .retain(|question| !keys.contains(&question.key.as_str()));
        self.touch();
        self.replan();
        None
    }

    /// Another language: what was answered for the one before means nothing now.
    fn fit_stack(&mut self) {
        for key in [
            "build.manifests",
            "build.commands",
            "build.target",
            "build.output",
            "build.tool",
            "run.command",
        ] {
            self.recipe.clear(key);
            self.questions.retain(|question| question.key != key);
        }
        let Some(stack) = self.stack() else { return };
        let version = newest(&stack.versions()).map(str::to_owned);
        let tool = match stack.tools.as_slice() {
            [first, _, ..] => first.id.clone(),
            _ => String::new(),
        };
        self.recipe.base.version = version.unwrap_or_default();
        self.recipe.build.tool = tool;
        self.fit_system();
    }

    /// The system stays where the version is offered on it.
    fn fit_system(&mut self) {
        let Some(stack) = self.stack() else { return };
        let base = &self.recipe.base;
        let systems = stack.systems(&base.version);
        if !systems.contains(&base.system.as_str()) {
            let first = systems.first().copied().unwrap_or_default().to_owned();
            self.recipe.base.system = first;
        }
    }
}
