//! The draft: what was answered and not written yet, kept so that nothing is lost.

use super::{Step, Wizard};
use crate::domain::catalogue::ImageRef;
use crate::domain::recipe::{Recipe, write};
use crate::domain::time::{Millis, Timestamp};

/// A change is kept at the latest after so long.
const KEEP: Millis = Millis(1_000);

/// Begins the line with the image's name in a draft.
const IMAGE: &str = "# image ";

impl Wizard {
    /// The draft, when there is something in it that is not kept yet and it is time for it, or it
    /// is the last chance.
    pub fn draft(&mut self, now: Timestamp, last: bool) -> Option<String> {
        if !self.unkept || self.survey().is_none() || !last && now.since(self.kept_at) < KEEP {
            return None;
        }
        self.unkept = false;
        self.kept_at = now;
        let recipe = write(&self.recipe, None);
        Some(format!("{IMAGE}{}\n{recipe}", self.image_text))
    }

    /// Something changed.
    pub(super) fn touch(&mut self) {
        self.unkept = true;
    }

    pub(super) fn take_draft(&mut self, text: &str) {
        let first = text.lines().next().unwrap_or_default();
        let mut recipe = Recipe::default();
        let (flaws, places) = recipe.lay("draft", text);
        if !flaws.is_empty() {
            // A draft of another version: what is detected is better than half of it.
            return;
        }
        self.questions.retain(|question| !places.has(&question.key));
        self.recipe = recipe;
        first
            .strip_prefix(IMAGE)
            .unwrap_or_default()
            .trim()
            .clone_into(&mut self.image_text);
        if self.image_text.is_empty() {
            self.follow_name();
        } else {
            self.image = ImageRef::parse(&self.image_text).ok();
        }
        self.remark = Some(format!(
            "your answers of last time; {} has the way back",
            Step::Source.title()
        ));
    }
}
