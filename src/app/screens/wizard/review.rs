//! The review: what was decided, what stands in the way, and what comes then.

use super::Wizard;
use super::form::{Act, Row, Switch, field};
use crate::domain::dockerfile::plan;

impl Wizard {
    /// The rows of the review.
    pub(super) fn review_rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for (key, flaw) in self.troubles() {
            // What is wrong in a text that was typed speaks of the text alone.
            let about = field(key).filter(|_| self.wrong.contains_key(key));
            let what = match about {
                Some(field) => format!("{}: {}", field.label, flaw.what),
                None => flaw.what.clone(),
            };
            rows.push(Row::Trouble(key.to_owned(), what, flaw.remedy.clone()));
        }
        if self.image.is_none() {
            rows.push(Row::Trouble(
                "image".into(),
                "the image has no name".into(),
                "name it: registry/path/name:tag".into(),
            ));
        }
        rows.extend(self.facts());
        if let Some(Err(fault)) = self.survey().map(|survey| &survey.engine) {
            rows.push(Row::Say(fault.remedy.clone()));
        }
        rows.extend(self.remarks.iter().map(|remark| {
            Row::Remark(
                remark.level,
                format!("line {}: {}; {}", remark.line, remark.what, remark.remedy),
            )
        }));
        rows.push(Row::Head("Then".into()));
        rows.push(Row::Act(
            Act::Build,
            if self.push { "Build and push" } else { "Build" }.into(),
            if self.ready() {
                String::new()
            } else {
                "once nothing stands in the way".into()
            },
        ));
        let registry = self.image.as_ref().map_or("", |image| image.registry());
        if self.has_registry() {
            rows.push(Row::Switch(
                Switch::Push,
                self.push,
                format!("push to {registry} and verify it there"),
            ));
        }
        rows.push(Row::Switch(
            Switch::Recipe,
            self.keep_recipe,
            "write quarterdeck.toml beside the source".into(),
        ));
        rows.push(Row::Act(
            Act::Write,
            "Only write quarterdeck.toml".into(),
            String::new(),
        ));
        rows
    }

    /// What was decided, in short.
    fn facts(&self) -> Vec<Row> {
        let recipe = &self.recipe;
        let run = &recipe.run;
        // Of a text that is wrong the last that was right is known: nobody meant that.
        let or = |key: &str| {
            if self.wrong.contains_key(key) {
                return String::new();
            }
            let given = recipe.answer(key);
            if given.is_empty() {
                self.stands_in(key)
            } else {
                given
            }
        };
        let own = self.brought().is_some();
        let kept = match self.own_dockerfile() {
            Some((name, _)) if !own => {
                format!(
                    "made from the answers; {name} stays as it is (alt-d compares, Source takes it)"
                )
            }
            _ => String::new(),
        };
        // Placeholders of the catalogue are filled once all answers are there.
        let planned = self
            .catalogue()
            .filter(|_| !own)
            .and_then(|catalogue| plan(recipe, catalogue, self.variant()).ok());
        let (builds, runs) = match &planned {
            Some(plan) => {
                let filled = |it: &String| plan.fill(it, str::to_owned);
                let builds: Vec<String> = plan.commands.iter().map(filled).collect();
                (builds.join("; "), plan.command.join(" "))
            }
            None if own => (String::new(), String::new()),
            None => (or("build.commands").replace('\n', "; "), or("run.command")),
        };
        let secrets: Vec<&str> = recipe
            .build
            .secrets
            .iter()
            .map(|it| it.id.as_str())
            .collect();
        let image = self.image.as_ref().map(ToString::to_string);
        // The built-in one is told with the source.
        let own_rules = self.catalogue().is_some_and(|it| it.layers.len() > 1);
        let facts = [
            ("Image", image.unwrap_or_default()),
            ("Made of", self.made_of()),
            ("Installs", run.dependencies.join(" ")),
            ("Dockerfile", kept),
            ("Builds with", builds),
            ("Secrets", secrets.join(" ")),
            ("Runs", runs),
            (
                "Listens on",
                if own { String::new() } else { or("run.ports") },
            ),
            ("Sends", self.weight_told()),
            ("Size", self.size_told()),
            ("Lint", self.lint_told()),
            (
                "Catalogue",
                self.in_force().filter(|_| own_rules).unwrap_or_default(),
            ),
            ("Engine", self.engine_told()),
        ];
        facts
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(about, text)| Row::Fact(about, text))
            .collect()
    }

    fn made_of(&self) -> String {
        let system = self
            .catalogue()
            .and_then(|catalogue| catalogue.system(&self.recipe.base.system))
            .map_or(self.recipe.base.system.as_str(), |system| &system.title);
        match (self.stack(), self.brought()) {
            (_, Some(_)) => self.recipe.build.dockerfile.clone(),
            (Some(stack), _) => format!("{} {} on {system}", stack.title, self.recipe.base.version),
            (None, _) => String::new(),
        }
    }

    fn engine_told(&self) -> String {
        match self.survey().map(|survey| &survey.engine) {
            Some(Ok(engine)) if engine.simulated => {
                "none here: the demo plays a build, nothing is made".into()
            }
            Some(Ok(engine)) => format!(
                "Docker {}{} at {}",
                engine.version,
                if engine.buildkit {
                    " with BuildKit"
                } else {
                    ""
                },
                engine.address
            ),
            Some(Err(fault)) => format!("none: {}", fault.what),
            None => String::new(),
        }
    }

    fn lint_told(&self) -> String {
        if !self.flaws.is_empty() {
            "once the answers are complete".into()
        } else if self.remarks.is_empty() {
            "clean".into()
        } else {
            let s = if self.remarks.len() == 1 { "" } else { "s" };
            format!("{} remark{s}", self.remarks.len())
        }
    }

    /// Which catalogue is in force: its name, and the documents it was read from.
    pub(super) fn in_force(&self) -> Option<String> {
        let catalogue = self.catalogue()?;
        let layers = catalogue.layers.join(", then ");
        Some(if catalogue.layers.len() < 2 {
            layers
        } else {
            format!("{} ({layers})", catalogue.name)
        })
    }
}
