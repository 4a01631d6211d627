//! The review: what was decided, what stands in the way, and what comes then.

use super::Wizard;
use super::form::{Act, Row, Switch};
use crate::domain::dockerfile::plan;

impl Wizard {
    /// The rows of the review.
    pub(super) fn review_rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for (key, flaw) in self.troubles() {
            rows.push(Row::Trouble(
                key.to_owned(),
                flaw.what.clone(),
                flaw.remedy.clone(),
            ));
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
        let (base, run) = (&recipe.base, &recipe.run);
        let system = self
            .catalogue()
            .and_then(|catalogue| catalogue.system(&base.system))
            .map_or(base.system.as_str(), |system| &system.title);
        let made_of = match (self.stack(), self.brought()) {
            (_, Some(_)) => recipe.build.dockerfile.clone(),
            (Some(stack), _) => format!("{} {} on {system}", stack.title, base.version),
            (None, _) => String::new(),
        };
        let or = |key: &str| {
            let given = recipe.answer(key);
            if given.is_empty() {
                self.stands_in(key)
            } else {
                given
            }
        };
        let engine = match self.survey().map(|survey| &survey.engine) {
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
        let lint = if !self.flaws.is_empty() {
            "once the answers are complete".into()
        } else if self.remarks.is_empty() {
            "clean".into()
        } else {
            let s = if self.remarks.len() == 1 { "" } else { "s" };
            format!("{} remark{s}", self.remarks.len())
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
            ("Made of", made_of),
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
            ("Lint", lint),
            (
                "Catalogue",
                self.in_force().filter(|_| own_rules).unwrap_or_default(),
            ),
            ("Engine", engine),
        ];
        facts
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(about, text)| Row::Fact(about, text))
            .collect()
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
