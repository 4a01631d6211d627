//! Recipes of images: the list of those whose Dockerfile is outdated, making them again, and the way
//! from a project to its recipe.

use super::App;
use super::effect::{Effect, Effects, Work};
use super::msg::Id;
use super::notice::Notice;
use super::overlay::{Confirm, Overlay};
use super::palette::Palette;
use super::screens::recipes::{Known, Recipes};
use super::screens::{ListScreen, Screen, Source};
use super::tabs::every;
use crate::command::Command;
use crate::domain::build::Fault;
use crate::domain::fleet::{ProjectId, ReleaseId};
use crate::domain::outdated::{Age, Aged};
use std::path::PathBuf;

impl App {
    /// A command about recipes. False when it is none.
    pub(super) fn recipe_command(&mut self, command: Command, effects: &mut Effects) -> bool {
        match (command, self.recipes_seen()) {
            (Command::Outdated, _) => self.open_recipes("", effects),
            (Command::EditRecipe, _) => self.find_source(effects),
            (Command::Refresh, Some(rows)) => {
                effects.push(Effect::Work(rows.id, Work::Outdated(rows.place.clone())));
            }
            (Command::Renew, Some(_)) => self.renew_chosen(effects),
            (Command::RenewAll, Some(rows)) => {
                let folders = rows.outdated().cloned().collect();
                self.ask_to_renew(folders, effects);
            }
            (Command::Compare, Some(_)) => self.show_changes(),
            _ => return false,
        }
        true
    }

    /// Opens the list of the recipes in and below a folder.
    pub(super) fn open_recipes(&mut self, words: &str, effects: &mut Effects) {
        let place = match words.trim() {
            "" => ".",
            place => place.trim_end_matches('/'),
        };
        let id = self.next_id();
        let rows = Recipes::new(id, place, self.world.now);
        let source = Source::Recipes(Box::new(rows));
        self.push(Screen::list(source, &self.world), effects);
        effects.push(Effect::Work(id, Work::Outdated(place.to_owned())));
    }

    fn recipes_seen(&self) -> Option<&Recipes> {
        match self.screen() {
            Screen::List(ListScreen {
                source: Source::Recipes(rows),
                ..
            }) => Some(rows),
            _ => None,
        }
    }

    /// Whether a recipe of the list that is seen is outdated.
    pub(super) fn has_outdated(&self) -> bool {
        self.recipes_seen()
            .is_some_and(|rows| rows.outdated().next().is_some())
    }

    /// The recipe of the selected row.
    pub(super) fn selected_recipe(&self) -> Option<&Aged> {
        let Screen::List(ListScreen { list, .. }) = self.screen() else {
            return None;
        };
        self.recipes_seen()?.at(list.selected()?)
    }

    fn renew_chosen(&mut self, effects: &mut Effects) {
        let (Some(rows), Screen::List(screen)) = (self.recipes_seen(), self.screen()) else {
            return;
        };
        let marks = &screen.list.marks;
        let chosen = rows.recipes.iter().enumerate().filter(|(n, _)| {
            let row = u32::try_from(*n).unwrap_or(u32::MAX);
            if marks.is_empty() {
                screen.list.selected() == Some(row)
            } else {
                marks.contains(&screen.source.rows().key(&self.world, row))
            }
        });
        let chosen: Vec<&Aged> = chosen.map(|(_, aged)| aged).collect();
        let outdated = chosen.iter().filter(|aged| aged.age == Age::Outdated);
        let folders: Vec<PathBuf> = outdated.map(|aged| aged.folder.clone()).collect();
        if let (Some(first), true) = (chosen.first(), folders.is_empty()) {
            let notice = match first.age {
                Age::Current => Notice::info("it is what the catalogue gives today"),
                _ => Notice::warning(
                    format!("it is not made again: {}", first.why),
                    "enter opens its wizard",
                ),
            };
            return self.notify(notice);
        }
        self.ask_to_renew(folders, effects);
    }

    /// One is made again at once, several after a question.
    fn ask_to_renew(&mut self, folders: Vec<PathBuf>, effects: &mut Effects) {
        match folders.len() {
            0 => self.notify(Notice::info("no Dockerfile of this list is outdated")),
            1 => self.renew(folders, effects),
            _ => self.overlay = Some(Overlay::Confirm(Confirm::renew(folders))),
        }
    }

    /// Makes the Dockerfiles of these recipes again.
    pub(super) fn renew(&mut self, folders: Vec<PathBuf>, effects: &mut Effects) {
        let Screen::List(ListScreen {
            source: Source::Recipes(rows),
            list,
        }) = self.screen_mut().0
        else {
            return;
        };
        list.marks.clear();
        rows.asked.clone_from(&folders);
        effects.push(Effect::Work(
            rows.id,
            Work::Renew(rows.place.clone(), folders),
        ));
    }

    /// What would change in the selected recipe's files, as a text.
    fn show_changes(&mut self) {
        let Some(aged) = self.selected_recipe() else {
            return;
        };
        let mut text = format!(
            "{}\n{}: {}\n",
            aged.folder.display(),
            aged.age.word(),
            aged.why
        );
        for file in &aged.files {
            text.push('\n');
            text.push_str(&file.name);
            text.push('\n');
            for (sign, line) in file.changes() {
                text.push_str(format!("{sign} {line}").trim_end());
                text.push('\n');
            }
        }
        self.show_own_text("changes", &text);
    }

    /// Recipes were looked at.
    pub(super) fn take_recipes(&mut self, id: Id, found: Vec<Aged>) {
        let mut told = None;
        for screen in every(&mut self.screens, &mut self.tabs) {
            let Screen::List(ListScreen {
                source: Source::Recipes(rows),
                list,
            }) = screen
            else {
                continue;
            };
            if rows.id != id {
                continue;
            }
            let asked = std::mem::take(&mut rows.asked);
            let stuck: Vec<&Aged> = found
                .iter()
                .filter(|it| asked.contains(&it.folder) && it.age != Age::Current)
                .collect();
            if let Some(first) = stuck.first() {
                told = Some(Notice::warning(
                    format!(
                        "{} of {} were not made again: {}",
                        stuck.len(),
                        asked.len(),
                        first.why
                    ),
                    "enter opens its wizard",
                ));
            } else if !asked.is_empty() {
                let files = if asked.len() == 1 {
                    "the Dockerfile is".to_owned()
                } else {
                    format!("{} Dockerfiles are", asked.len())
                };
                told = Some(Notice::info(format!("{files} made again")));
            }
            rows.recipes = found;
            rows.known = Known::All;
            list.mark_stale();
            break;
        }
        if let Some(notice) = told {
            self.notify(notice);
        }
    }

    /// Recipes could not be looked at; whether a list waited for them.
    pub(super) fn fail_recipes(&mut self, id: Id, fault: &Fault) -> bool {
        for screen in every(&mut self.screens, &mut self.tabs) {
            if let Screen::List(ListScreen {
                source: Source::Recipes(rows),
                list,
            }) = screen
                && rows.id == id
            {
                rows.known = Known::Failed(fault.clone());
                rows.asked.clear();
                rows.recipes.clear();
                list.mark_stale();
                return true;
            }
        }
        false
    }

    /// From a project or release to its recipe: where its source is, builds and drafts say.
    fn find_source(&mut self, effects: &mut Effects) {
        let Screen::List(ListScreen { source, list }) = self.screen() else {
            return;
        };
        let Some(row) = list.selected() else { return };
        let fleet = &self.world.fleet;
        let (project, releases) = match source {
            Source::Projects(_) => {
                let project = fleet.project(ProjectId(row));
                let releases = fleet.releases_of(ProjectId(row)).to_vec();
                (project.map(|it| it.name.clone()), releases)
            }
            Source::Releases(_) => {
                let release = fleet.release(ReleaseId(row));
                (release.map(|it| it.project.clone()), vec![ReleaseId(row)])
            }
            _ => return,
        };
        let Some(project) = project else { return };
        let mut names: Vec<String> = releases
            .iter()
            .flat_map(|release| fleet.workloads_of(*release))
            .filter_map(|workload| fleet.workload(*workload))
            .map(|workload| workload.name.to_string())
            .collect();
        names.sort();
        names.dedup();
        let project = project.to_string();
        effects.push(Effect::Work(
            self.next_id(),
            Work::Sources { project, names },
        ));
    }

    /// Where the source of a project is.
    pub(super) fn take_sources(&mut self, project: &str, found: &[PathBuf], effects: &mut Effects) {
        let [first, others @ ..] = found else {
            let notice = Notice::info(format!(
                "no build of {project} here: type the folder or git address of its source"
            ));
            let line = Palette::open("new ", &self.world);
            self.overlay = Some(Overlay::Palette(line, Some(notice)));
            return;
        };
        self.open_wizard(&first.display().to_string(), effects);
        if !others.is_empty() {
            let others: Vec<String> = others.iter().map(|it| it.display().to_string()).collect();
            self.notify(Notice::info(format!(
                "{project} has other sources here: {}; `:new FOLDER` opens one",
                others.join(", ")
            )));
        }
    }
}
