//! How large the image will be at the least: its base, as far as anybody knows.

use super::{Step, Wizard};
use crate::domain::build::Fault;
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
