//! Saving the lines of a log, and reading them in the pager.

use super::counted;
use crate::app::App;
use crate::app::effect::{Effect, Effects};
use crate::app::msg::{Id, Saved};
use crate::app::notice::Notice;
use crate::app::overlay::{Choice, Overlay, Pick};
use crate::app::screens::Screen;
use crate::app::screens::logs::{Extent, LogScreen};
use crate::app::screens::shell::Way;
use crate::app::tabs::every;
use crate::domain::text::Text;

impl App {
    /// ctrl-s: all lines, or a choice of which where filters hide some.
    pub(super) fn save_log(&mut self, effects: &mut Effects) {
        let Screen::Logs(screen) = self.screen() else {
            return;
        };
        if !screen.is_filtered() {
            return self.save_lines(Extent::All, None, effects);
        }
        let lines = |extent| counted(screen.extent(extent), "line");
        let choices = [
            (Extent::Filtered, "what passes the filters"),
            (Extent::Visible, "what is on the page"),
            (Extent::All, "all that is kept"),
        ];
        let names = choices.map(|(extent, name)| format!("{name}, {}", lines(extent)));
        self.overlay = Some(Overlay::Pick(Pick {
            title: "Save which lines?".into(),
            names: names.into(),
            chosen: 0,
            of: Choice::Extent(choices.map(|(extent, _)| extent).into()),
        }));
    }

    /// `:save` with words behind it.
    pub(in crate::app) fn save_named(&mut self, words: &str, effects: &mut Effects) {
        let extent = match words.trim() {
            "visible" | "page" => Extent::Visible,
            "filtered" => Extent::Filtered,
            "all" => Extent::All,
            other => {
                return self.notify(Notice::warning(
                    format!("`{other}` is no part of a log"),
                    "`:save visible`, `:save filtered` or `:save all`",
                ));
            }
        };
        self.save_lines(extent, None, effects);
    }

    /// Saves lines, for good or for a program that shows them once.
    pub(in crate::app) fn save_lines(
        &mut self,
        extent: Extent,
        way: Option<Way>,
        effects: &mut Effects,
    ) {
        let id = self.next_id();
        let Screen::Logs(screen) = &mut self.screens[self.at] else {
            return self.notify(Notice::info("there are no lines to save here"));
        };
        if screen.saving.is_some() {
            return self.notify(Notice::info("the lines are being saved"));
        }
        screen.begin_to_save(id, extent);
        let name = screen.target.title();
        if let Some(way) = way {
            self.copies.insert(id, (way, Text::new(&name)));
        }
        effects.push(Effect::Save {
            id,
            name,
            copy: way.is_some(),
        });
        self.save_more(id, effects);
    }

    /// Something came of saving.
    pub(in crate::app) fn take_saved(&mut self, id: Id, saved: Saved, effects: &mut Effects) {
        self.dirty = true;
        match saved {
            Saved::Part(file) => {
                if let Some(screen) = self.saver(id) {
                    screen.part_is_saved(file);
                }
                self.save_more(id, effects);
            }
            Saved::Whole { file, lines } => {
                let lines = counted(lines, "line");
                self.notify(Notice::info(format!("saved {lines} to {}", file.display())));
            }
            Saved::Failed(failure) => {
                if let Some(screen) = self.saver(id) {
                    screen.saving = None;
                }
                self.copies.remove(&id);
                effects.push(Effect::SavePart {
                    id,
                    text: String::new(),
                    last: true,
                });
                self.notify(failure.into());
            }
        }
    }

    fn saver(&mut self, id: Id) -> Option<&mut LogScreen> {
        every(&mut self.screens, &mut self.tabs).find_map(|screen| match screen {
            Screen::Logs(screen) if screen.saving.as_ref().is_some_and(|it| it.id == id) => {
                Some(&mut **screen)
            }
            _ => None,
        })
    }

    /// Hands on the next part, when it is due: the one before it is written.
    pub(super) fn save_more(&mut self, id: Id, effects: &mut Effects) {
        if let Some(screen) = self.saver(id)
            && let Some((id, text, last)) = screen.next_to_save()
        {
            effects.push(Effect::SavePart { id, text, last });
        }
    }
}

/// A log is left while it is saved: its file ends with a word about that.
pub(in crate::app) fn end_saving(screen: &LogScreen, effects: &mut Effects) {
    if let Some(saving) = &screen.saving {
        effects.push(Effect::SavePart {
            id: saving.id,
            text: "── the log was left before all of it was saved\n".into(),
            last: true,
        });
    }
}
