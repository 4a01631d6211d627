//! How large the image will be at the least: its base, as far as anybody knows; and how much of the
//! source goes to the engine.

use super::{Step, Wizard};
use crate::app::effect::Work;
use crate::domain::build::{Fault, Sent};
use crate::domain::catalogue::ImageRef;
use crate::domain::lint::parse;
use crate::domain::listing::bytes;
use crate::domain::survey::BaseSize;

impl Wizard {
    /// The image that the last stage begins with.
    fn base_image(&self) -> Option<ImageRef> {
        let base = &self.recipe.base;
        let Some(own) = self.brought() else {
            let pair = self.stack()?.pair(&base.version, &base.system)?;
            return Some(pair.run.clone());
        };
        // A stage may begin with one before it, by its name.
        let mut stages: Vec<(String, String)> = Vec::new();
        for from in parse(own).iter().filter(|at| at.keyword == "FROM") {
            let mut words = from.rest.split_whitespace();
            let named = words.next()?;
            let known = stages.iter().rfind(|(name, _)| name == named);
            let image = known.map_or(named, |(_, image)| image).to_owned();
            let name = words.nth(1).unwrap_or_default().to_owned();
            stages.push((name, image));
        }
        ImageRef::parse(&stages.pop()?.1).ok()
    }

    /// The base whose size the review wants to tell and nobody was asked for; it counts as asked.
    pub fn wants_size(&mut self) -> Option<ImageRef> {
        if self.step != Step::Review {
            return None;
        }
        let base = self.base_image().filter(|base| !base.is_scratch())?;
        if self.size.as_ref().is_some_and(|(known, _)| *known == base) {
            return None;
        }
        self.size = Some((base.clone(), None));
        Some(base)
    }

    /// The answer for a base.
    pub fn sized(&mut self, image: &ImageRef, size: Result<BaseSize, Fault>) {
        if let Some((known, answer)) = &mut self.size
            && known == image
        {
            *answer = Some(size);
        }
    }

    /// The question what a build sends, when the review wants to tell it and nobody was asked; it
    /// counts as asked.
    pub fn wants_weight(&mut self) -> Option<Work> {
        if self.step != Step::Review || !self.flaws.is_empty() {
            return None;
        }
        let survey = self.survey()?;
        let written = self.written();
        if self
            .weight
            .as_ref()
            .is_some_and(|(known, _)| *known == written)
        {
            return None;
        }
        let work = Work::Weigh {
            folder: survey.folder.clone(),
            recipe: Box::new(self.recipe.clone()),
            catalogue: Box::new(survey.catalogue.clone()),
            written: written.clone(),
        };
        self.weight = Some((written, None));
        Some(work)
    }

    /// The answer for a recipe.
    pub fn weighed(&mut self, recipe: &str, sent: Result<Sent, Fault>) {
        if let Some((known, answer)) = &mut self.weight
            && known == recipe
        {
            *answer = Some(sent);
        }
    }

    /// What is told of the source on its way; empty while the answers are not complete.
    pub(super) fn weight_told(&self) -> String {
        if !self.flaws.is_empty() {
            return String::new();
        }
        match &self.weight {
            Some((_, Some(Ok(sent)))) => format!("{} to the engine", sent.told()),
            Some((_, Some(Err(fault)))) => format!("nothing yet: {}", fault.what),
            // The row is there from the beginning: none below it moves when the answer comes.
            _ => "looking at the source …".into(),
        }
    }

    /// What is told of the size; empty where there is no base to tell of.
    pub(super) fn size_told(&self) -> String {
        let Some(base) = self.base_image() else {
            return String::new();
        };
        if base.is_scratch() {
            return "only what you add: the base is empty".into();
        }
        match &self.size {
            Some((known, Some(Ok(size)))) if *known == base => format!(
                "at least {} {} (estimate: the base, {})",
                bytes(size.bytes),
                if size.packed { "packed" } else { "unpacked" },
                if size.packed {
                    "as its registry has it"
                } else {
                    "as the engine has it"
                },
            ),
            Some((known, Some(Err(fault)))) if *known == base => {
                // The causes behind the first are for who asks the registry itself.
                let why = fault.what.split(": ").next().unwrap_or_default();
                format!("unknown: {why}")
            }
            _ => "asking for the size of the base …".into(),
        }
    }
}
