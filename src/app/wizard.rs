//! The wizard and the builds that it begins: keys and commands, and what comes of the work.

use super::effect::{BuildOrder, Effect, Effects, Work};
use super::hit::Hit;
use super::msg::{Id, Worked};
use super::notice::Notice;
use super::screens::Screen;
use super::screens::build::Building;
use super::screens::logs::LogScreen;
use super::screens::wizard::{Look, Step, Wish, Wizard};
use super::tabs::every;
use super::{App, Severity};
use crate::command::Command;
use crate::domain::build::{Build, Event, Fault, Outcome};
use crate::domain::logs::target::Target;
use crate::domain::logs::{Chunk, Item, Nanos, Order, Reading, Source, SourceState, Start};
use crate::domain::recipe;
use crate::domain::text::Text;
use crate::key::Key;
use bytes::Bytes;

/// What a wizard or a build says of itself, for a person.
impl From<&Fault> for Notice {
    fn from(fault: &Fault) -> Self {
        Self {
            severity: Severity::Error,
            what: Text::new(&fault.what),
            why: Text::default(),
            remedy: Text::new(&fault.remedy),
        }
    }
}

impl App {
    /// Opens the wizard on a folder or git address; without one on the present folder.
    pub(super) fn open_wizard(&mut self, words: &str, effects: &mut Effects) {
        let place = words.trim();
        let place = if place.is_empty() { "." } else { place };
        let id = self.next_id();
        let wizard = Wizard::new(id, place, self.world.now);
        self.push(Screen::Wizard(Box::new(wizard)), effects);
        effects.push(Effect::Work(
            id,
            Work::Survey {
                place: place.to_owned(),
                reference: String::new(),
            },
        ));
    }

    /// A key while the wizard is seen; whether it was typed into a field.
    pub(super) fn wizard_key(&mut self, key: Key) -> bool {
        match self.screen_mut().0 {
            Screen::Wizard(wizard) => {
                wizard.remark = None;
                wizard.key(key)
            }
            _ => false,
        }
    }

    /// A command about the wizard or a build. False when it is none.
    pub(super) fn wizard_command(&mut self, command: Command, effects: &mut Effects) -> bool {
        if command == Command::Builds {
            effects.push(Effect::Work(self.next_id(), Work::History));
            return true;
        }
        if command == Command::NewImage {
            self.open_wizard("", effects);
            return true;
        }
        if let Screen::Wizard(wizard) = self.screen_mut().0 {
            let wish = match command {
                Command::NextRow => wizard.enter_row(),
                Command::Tick => wizard.tick(),
                Command::NextStep => {
                    wizard.step_by(true);
                    None
                }
                Command::PreviousStep => {
                    wizard.step_by(false);
                    None
                }
                Command::Up | Command::Down => {
                    wizard.move_by(command == Command::Down);
                    None
                }
                Command::Compare => {
                    wizard.compare();
                    None
                }
                Command::WholeDockerfile => {
                    wizard.comparing = false;
                    wizard.whole = !wizard.whole;
                    wizard.scroll = 0;
                    None
                }
                Command::WriteRecipe => Some(Wish::Write),
                Command::BuildImage => Some(Wish::Build),
                _ => return false,
            };
            if let Some(wish) = wish {
                self.grant(&wish, effects);
            }
            return true;
        }
        self.build_command(command, effects)
    }

    /// A click in the wizard.
    pub(super) fn wizard_click(&mut self, hit: Hit, effects: &mut Effects) {
        let Screen::Wizard(wizard) = self.screen_mut().0 else {
            return;
        };
        let wish = match hit {
            Hit::Step(n) => {
                if let Some(step) = Step::ALL.get(n) {
                    wizard.enter(*step);
                }
                None
            }
            Hit::Row(row) => wizard.click(row),
            _ => None,
        };
        if let Some(wish) = wish {
            self.grant(&wish, effects);
        }
    }

    fn grant(&mut self, wish: &Wish, effects: &mut Effects) {
        let now = self.world.now;
        let Screen::Wizard(wizard) = self.screen_mut().0 else {
            return;
        };
        match wish {
            Wish::Look => {
                let (place, reference) = wizard.place();
                let place = if place.trim().is_empty() { "." } else { place };
                let work = Work::Survey {
                    place: place.trim().to_owned(),
                    reference: reference.trim().to_owned(),
                };
                effects.push(Effect::Work(wizard.id, work));
                wizard.look = Look::Waiting(now);
                wizard.enter(Step::Source);
            }
            Wish::StartAnew => {
                if let Some(folder) = wizard.folder() {
                    effects.push(Effect::Work(wizard.id, Work::Keep(folder.clone(), None)));
                }
            }
            Wish::Write => self.write_recipe(effects),
            Wish::Build => self.start_build(effects),
        }
    }

    fn write_recipe(&mut self, effects: &mut Effects) {
        let Screen::Wizard(wizard) = self.screen_mut().0 else {
            return;
        };
        let Some(folder) = wizard.folder() else {
            return;
        };
        let file = folder.join(recipe::FILE);
        if let Some((_, flaw)) = wizard.wrong.iter().next() {
            let notice = Notice::warning(flaw.what.clone(), flaw.remedy.clone());
            return self.notify(notice);
        }
        effects.push(Effect::Work(wizard.id, Work::Write(file, wizard.written())));
    }

    fn start_build(&mut self, effects: &mut Effects) {
        let Screen::Wizard(wizard) = self.screen_mut().0 else {
            return;
        };
        if !wizard.ready() {
            wizard.enter(Step::Review);
            let trouble = wizard.troubles().next().map(|(_, flaw)| flaw.to_string());
            let why = trouble.unwrap_or_else(|| "the source is not known yet".into());
            return self.notify(Notice::warning(
                format!("nothing is built yet: {why}"),
                "enter on the line above goes to its answer",
            ));
        }
        let (Some(survey), Some(tag)) = (wizard.survey(), wizard.image.clone()) else {
            return;
        };
        let simulated = match &survey.engine {
            Ok(engine) => engine.simulated,
            Err(fault) => {
                let notice = Notice::from(fault);
                return self.notify(notice);
            }
        };
        let order = BuildOrder {
            folder: survey.folder.clone(),
            recipe: wizard.recipe.clone(),
            catalogue: survey.catalogue.clone(),
            tag,
            labels: survey.labels.clone(),
            push: wizard.push,
            simulated,
        };
        let from = wizard.id;
        if wizard.keep_recipe && survey.url.is_none() {
            let file = survey.folder.join(recipe::FILE);
            effects.push(Effect::Work(from, Work::Write(file, wizard.written())));
        }
        self.begin_build(order, from, effects);
    }

    fn begin_build(&mut self, mut order: BuildOrder, wizard: Id, effects: &mut Effects) {
        let now = self.world.now;
        if order.labels.created.is_empty() {
            let stamp = Nanos::of(now).rfc3339();
            // To the second: nobody needs more of a label.
            order.labels.created = format!("{}Z", stamp.get(..19).unwrap_or(&stamp));
        }
        let id = self.next_id();
        let title = Text::new(&order.tag.tagged());
        let reading = Reading {
            start: Start::Head,
            follow: true,
            ..Reading::once()
        };
        let mut screen = LogScreen::new(id, Target::Build(title), reading, self.world.log_bytes);
        screen.log.set_order(Order::Arrival);
        screen.build = Some(Box::new(Building {
            build: Build::new(order.tag.clone(), order.push, order.simulated, now),
            order: order.clone(),
            wizard,
        }));
        self.new_tab(Screen::Logs(Box::new(screen)));
        effects.push(Effect::Work(id, Work::Build(Box::new(order))));
    }

    fn build_command(&mut self, command: Command, effects: &mut Effects) -> bool {
        let Screen::Logs(screen) = self.screen_mut().0 else {
            return false;
        };
        if screen.build.is_some() && matches!(command, Command::NextStep | Command::PreviousStep) {
            screen.choose_step_by(command == Command::NextStep);
            return true;
        }
        let Some(building) = &screen.build else {
            return false;
        };
        let (id, runs) = (screen.id, building.build.runs());
        match command {
            Command::StopBuild if runs => {
                effects.push(Effect::Work(id, Work::Stop));
                self.end_build(id, Outcome::Stopped);
            }
            Command::StopBuild => self.notify(Notice::info("it has ended already")),
            Command::BuildImage if runs => {
                self.notify(Notice::info("it runs still; x stops it"));
            }
            Command::BuildImage => {
                let (order, wizard) = (building.order.clone(), building.wizard);
                self.begin_build(order, wizard, effects);
            }
            Command::ChangeAnswer => self.change_answer(effects),
            _ => return false,
        }
        true
    }

    /// Back to the wizard, at the answer that the fault is about.
    fn change_answer(&mut self, effects: &mut Effects) {
        let Screen::Logs(screen) = self.screen() else {
            return;
        };
        let Some(building) = &screen.build else {
            return;
        };
        let outcome = building.build.outcome.as_ref();
        let failed = matches!(outcome, Some(Outcome::Failed(_)));
        let step = match outcome {
            Some(Outcome::Failed(fault)) if !fault.answer.is_empty() => Step::of(&fault.answer),
            _ => Step::Review,
        };
        let (id, folder) = (building.wizard, building.order.folder.clone());
        if !self.show_wizard(id) {
            return self.open_wizard(&folder.display().to_string(), effects);
        }
        if let Screen::Wizard(wizard) = self.screen_mut().0 {
            wizard.enter(step);
            wizard.remark = failed.then(|| "the build failed here".into());
        }
    }

    /// Shows the wizard of that id, wherever it is.
    fn show_wizard(&mut self, id: Id) -> bool {
        for tab in 0..self.tab_count() {
            self.show_tab(tab);
            let at = self
                .screens
                .iter()
                .position(|screen| matches!(screen, Screen::Wizard(wizard) if wizard.id == id));
            if let Some(at) = at {
                self.go_to(at);
                return true;
            }
        }
        false
    }

    /// Something came of the work on images.
    pub(super) fn take_work(&mut self, id: Id, worked: Worked, effects: &mut Effects) {
        let now = self.world.now;
        match worked {
            Worked::Events(events) => self.take_events(id, &events),
            Worked::Ended(outcome) => self.end_build(id, outcome),
            Worked::Last(last) => {
                if let Some(building) = self.build(id).and_then(|it| it.build.as_mut()) {
                    building.build.last = Some(last);
                }
            }
            Worked::History(text) => self.show_own_text("builds", &text),
            Worked::Written(file) => {
                if let Some(wizard) = self.wizard(id)
                    && let Some(folder) = wizard.folder().cloned()
                {
                    // What is written is no draft any more.
                    effects.push(Effect::Work(id, Work::Keep(folder, None)));
                }
                self.notify(Notice::info(format!("wrote {}", file.display())));
            }
            Worked::Surveyed(survey) => {
                if let Some(wizard) = self.wizard(id) {
                    wizard.surveyed(*survey, now);
                }
            }
            Worked::Sized(image, size) => {
                if let Some(wizard) = self.wizard(id) {
                    wizard.sized(&image, size);
                }
            }
            Worked::Weighed(recipe, sent) => {
                if let Some(wizard) = self.wizard(id) {
                    wizard.weighed(&recipe, sent);
                }
            }
            Worked::Outdated(found) => self.take_recipes(id, found),
            Worked::Sources(project, found) => self.take_sources(&project, &found, effects),
            Worked::Failed(fault) if self.fail_recipes(id, &fault) => {}
            Worked::Failed(fault) => match self.wizard(id) {
                Some(wizard) if matches!(wizard.look, Look::Waiting(_)) => {
                    wizard.look = Look::Failed(fault);
                    wizard.enter(Step::Source);
                }
                _ => self.notify(Notice::from(&fault)),
            },
        }
        self.dirty = true;
    }

    fn wizard(&mut self, id: Id) -> Option<&mut Wizard> {
        every(&mut self.screens, &mut self.tabs).find_map(|screen| match screen {
            Screen::Wizard(wizard) if wizard.id == id => Some(wizard.as_mut()),
            _ => None,
        })
    }

    fn build(&mut self, id: Id) -> Option<&mut LogScreen> {
        every(&mut self.screens, &mut self.tabs).find_map(|screen| match screen {
            Screen::Logs(screen) if screen.id == id && screen.build.is_some() => {
                Some(screen.as_mut())
            }
            _ => None,
        })
    }

    fn take_events(&mut self, id: Id, events: &[Event]) {
        let now = self.world.now;
        let Some(screen) = self.build(id) else { return };
        for event in events {
            let Some(building) = &mut screen.build else {
                return;
            };
            building.build.take(event, now);
            if let Event::Log { step, line } = event {
                let number = building.build.steps.iter().position(|it| it.id == *step);
                let source = Source {
                    pod: Text::new(&number.map_or_else(String::new, |n| (n + 1).to_string())),
                    ..Source::default()
                };
                let id = screen.log.join([&source]).first().map(|(id, _)| *id);
                let id = id.or_else(|| screen.log.find(&source));
                if let Some(id) = id {
                    let line = format!("{} {line}\n", Nanos::of(now).rfc3339());
                    let items = vec![
                        Item::State(SourceState::Live),
                        Item::Lines(Bytes::from(line)),
                    ];
                    screen.log.take(Chunk { source: id, items }, now);
                }
            }
        }
        screen.freshen();
    }

    fn end_build(&mut self, id: Id, outcome: Outcome) {
        let now = self.world.now;
        let Some(screen) = self.build(id) else { return };
        let Some(building) = &mut screen.build else {
            return;
        };
        if !building.build.runs() {
            return;
        }
        let tag = building.order.tag.tagged();
        let notice = match &outcome {
            Outcome::Built {
                digest: Some(digest),
                ..
            } => Notice::info(format!("{tag} is in the registry: {digest}")),
            Outcome::Built { .. } if building.build.simulated => {
                Notice::info(format!("the build of {tag} was played to its end"))
            }
            Outcome::Built { .. } => Notice::info(format!("{tag} is built")),
            Outcome::Failed(fault) => Notice::from(fault),
            Outcome::Stopped => Notice::info(format!("the build of {tag} was stopped")),
        };
        building.build.end(outcome, now);
        self.notify(notice);
    }

    /// The review tells how large the base is and what will be sent: asks for it, once for each base
    /// and recipe.
    pub(super) fn learn_sizes(&mut self, effects: &mut Effects) {
        let remote = self.world.session.as_ref().is_none_or(|it| !it.demo);
        let Screen::Wizard(wizard) = self.screen_mut().0 else {
            return;
        };
        if let Some(image) = wizard.wants_size() {
            effects.push(Effect::Work(wizard.id, Work::Size { image, remote }));
        }
        if let Some(work) = wizard.wants_weight() {
            effects.push(Effect::Work(wizard.id, work));
        }
    }

    /// Drafts that changed are kept, soon; that of a wizard that is left, at once.
    pub(super) fn keep_drafts(&mut self, effects: &mut Effects) {
        let now = self.world.now;
        let seen = match self.screen() {
            Screen::Wizard(wizard) => Some(wizard.id),
            _ => None,
        };
        for screen in every(&mut self.screens, &mut self.tabs) {
            let Screen::Wizard(wizard) = screen else {
                continue;
            };
            let last = Some(wizard.id) != seen || effects.contains(&Effect::Quit);
            if let Some(draft) = wizard.draft(now, last)
                && let Some(folder) = wizard.folder()
            {
                effects.push(Effect::Work(
                    wizard.id,
                    Work::Keep(folder.clone(), Some(draft)),
                ));
            }
        }
    }
}
