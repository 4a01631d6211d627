//! The wizard: from a source to an image without writing a Dockerfile.
//!
//! Here is what it knows and how answers change it; `form` says which rows a step has, `edit` how
//! keys move and change them. The rules are in the domain: a recipe, a catalogue and a Dockerfile
//! that grows with every answer.

mod draft;
mod edit;
mod form;
mod review;
mod size;

pub use edit::Wish;
pub use form::{Act, Group, Row, Switch, Ticked, field};

use crate::app::msg::Id;
use crate::domain::build::{Fault, Sent};
use crate::domain::catalogue::{Catalogue, ImageRef};
use crate::domain::detect::PROJECT;
use crate::domain::dockerfile::{Variant, sketch};
use crate::domain::document::Flaw;
use crate::domain::lint::{Remark, lint, lint_recipe};
use crate::domain::recipe::{Recipe, propose};
use crate::domain::survey::{BaseSize, Survey};
use crate::domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use tui_textarea::TextArea;

/// A step of the wizard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is described by its title and its rows")]
pub enum Step {
    Source,
    System,
    Runtime,
    Dependencies,
    Build,
    Run,
    Settings,
    Name,
    Review,
}

impl Step {
    /// All, in order.
    pub const ALL: [Self; 9] = [
        Self::Source,
        Self::System,
        Self::Runtime,
        Self::Dependencies,
        Self::Build,
        Self::Run,
        Self::Settings,
        Self::Name,
        Self::Review,
    ];

    /// Its name on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Source => "Source",
            Self::System => "System",
            Self::Runtime => "Runtime",
            Self::Dependencies => "Dependencies",
            Self::Build => "Build",
            Self::Run => "Run",
            Self::Settings => "Settings",
            Self::Name => "Name and tag",
            Self::Review => "Review",
        }
    }

    /// The step at which the answer `key` of a recipe is given.
    pub fn of(key: &str) -> Self {
        match key {
            "base.system" => Self::System,
            "run.dependencies" | "build.dependencies" => Self::Dependencies,
            "run.command" => Self::Run,
            "build.dockerfile" => Self::Source,
            "image" => Self::Name,
            "build.tool" => Self::Runtime,
            _ => match key.split('.').next() {
                Some("base") => Self::Runtime,
                Some("build") => Self::Build,
                Some("run" | "health") => Self::Settings,
                Some("project") => Self::Name,
                _ => Self::Source,
            },
        }
    }

    /// Its place in [`Self::ALL`].
    pub fn place(self) -> usize {
        Self::ALL
            .iter()
            .position(|step| *step == self)
            .unwrap_or_default()
    }
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Answered.
    Done,
    /// Something is asked.
    Asks,
    /// An answer cannot be used.
    Wrong,
    /// Not looked at; the catalogue's answers hold.
    Open,
}

/// What is known of the source.
#[derive(Debug)]
pub enum Look {
    /// It is being read since then.
    Waiting(Timestamp),
    /// It could not be read.
    Failed(Fault),
    /// This.
    Known(Box<Survey>),
}

/// The Dockerfile that is shown.
#[derive(Debug, Default)]
pub struct Shown {
    /// Its lines.
    pub lines: Vec<String>,
    /// Lines that the last change brought.
    pub lit: BTreeSet<usize>,
    /// The answers give none now: these are the lines of the last that did.
    pub stale: bool,
}

/// The wizard.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own for the person"
)]
pub struct Wizard {
    /// Its messages carry it.
    pub id: Id,
    /// The source.
    pub look: Look,
    /// The answers.
    pub recipe: Recipe,
    /// What the source leaves open.
    pub questions: Vec<Flaw>,
    /// What stands in the way of a Dockerfile.
    pub flaws: Vec<Flaw>,
    /// What the lint says of it.
    pub remarks: Vec<Remark>,
    /// The step that is seen.
    pub step: Step,
    /// The row of the step that the keys go to.
    pub row: usize,
    /// The texts of this step's fields.
    pub fields: BTreeMap<&'static str, TextArea<'static>>,
    /// Fields that cannot be read as they are, and why.
    pub wrong: BTreeMap<&'static str, Flaw>,
    /// Name and tag, when they can be read.
    pub image: Option<ImageRef>,
    /// The image is pushed after the build.
    pub push: bool,
    /// The recipe is written beside the source.
    pub keep_recipe: bool,
    /// The Dockerfile.
    pub shown: Shown,
    /// The Dockerfile has the whole body.
    pub whole: bool,
    /// Its own Dockerfile and the one of the answers have the whole body, beside each other.
    pub comparing: bool,
    /// Lines of them scrolled away.
    pub scroll: usize,
    /// Something to be told once: a draft was taken up.
    pub remark: Option<String>,
    /// The base whose size was asked for, and what came of it.
    size: Option<(ImageRef, Option<Result<BaseSize, Fault>>)>,
    /// The recipe for which was asked what it sends, and what came of it.
    weight: Option<(String, Option<Result<Sent, Fault>>)>,
    /// The typed name of the image: empty while it follows from the answers.
    image_text: String,
    /// Where the source is, as typed.
    place: String,
    reference: String,
    search: String,
    seen: BTreeSet<Step>,
    unkept: bool,
    kept_at: Timestamp,
    today: String,
}

impl Wizard {
    /// A wizard whose source is about to be read.
    pub fn new(id: Id, place: &str, now: Timestamp) -> Self {
        let mut wizard = Self {
            id,
            look: Look::Waiting(now),
            recipe: Recipe::default(),
            questions: Vec::new(),
            flaws: Vec::new(),
            remarks: Vec::new(),
            step: Step::Source,
            row: 0,
            fields: BTreeMap::new(),
            wrong: BTreeMap::new(),
            image: None,
            push: false,
            keep_recipe: true,
            shown: Shown::default(),
            whole: false,
            comparing: false,
            scroll: 0,
            remark: None,
            size: None,
            weight: None,
            image_text: String::new(),
            place: place.to_owned(),
            reference: String::new(),
            search: String::new(),
            seen: BTreeSet::new(),
            unkept: false,
            kept_at: now,
            today: now.day(),
        };
        wizard.enter(Step::Source);
        wizard
    }

    /// What stands in the breadcrumb.
    pub fn title(&self) -> String {
        let folder = self.folder().and_then(|folder| folder.file_name());
        match folder {
            Some(folder) => format!("New image of {}", folder.to_string_lossy()),
            None => "New image".into(),
        }
    }

    /// What is known of the source.
    pub fn survey(&self) -> Option<&Survey> {
        match &self.look {
            Look::Known(survey) => Some(survey),
            _ => None,
        }
    }

    /// The catalogue in force, once it is known.
    pub fn catalogue(&self) -> Option<&Catalogue> {
        self.survey().map(|survey| &survey.catalogue)
    }

    /// The folder or address, as typed, and the branch or tag of an address.
    pub fn place(&self) -> (&str, &str) {
        (&self.place, &self.reference)
    }

    /// The source has been read: its answers are taken, a draft before a recipe before what was
    /// detected.
    pub fn surveyed(&mut self, survey: Survey, now: Timestamp) {
        let draft = survey.draft.clone();
        let written = survey.recipe.clone();
        self.look = Look::Known(Box::new(survey));
        self.shown = Shown::default();
        self.wrong.clear();
        self.today = now.day();
        self.start_from_source();
        if let Some(text) = written {
            self.take_recipe(&text);
        }
        if let Some(draft) = draft {
            self.take_draft(&draft);
        }
        self.unkept = false;
        self.replan();
        let trouble = self.first_trouble();
        self.enter(trouble.unwrap_or(Step::Review));
    }

    /// Everything from what the source says, nothing else.
    fn start_from_source(&mut self) {
        let Look::Known(survey) = &self.look else {
            return;
        };
        let proposal = survey
            .found
            .first()
            .map(|found| propose(found, &survey.catalogue))
            .unwrap_or_default();
        self.recipe = proposal.recipe;
        self.questions = proposal.questions;
        if let Some(url) = &survey.url {
            self.recipe.project.source.clone_from(url);
        }
        self.image_text.clear();
        self.image = None;
        self.remark = None;
        self.follow_name();
        self.push = self.has_registry();
    }

    fn take_recipe(&mut self, text: &str) {
        let mut recipe = Recipe::default();
        let (flaws, places) = recipe.lay(crate::domain::recipe::FILE, text);
        // A recipe stands where its project is.
        self.questions
            .retain(|question| !places.has(&question.key) && question.key != PROJECT);
        // What is wrong in the file is shown where it belongs.
        self.questions.extend(flaws);
        self.recipe = recipe;
        self.follow_name();
    }

    /// The folder of the project.
    pub fn folder(&self) -> Option<&PathBuf> {
        self.survey().map(|survey| &survey.folder)
    }

    /// The name that the image has while nobody types another: the catalogue's pattern, or the
    /// project's name, with what git calls the version.
    fn follow_name(&mut self) {
        if self.image_text.is_empty() {
            let text = self.proposed_image();
            self.image = ImageRef::parse(&text).ok();
        }
    }

    fn proposed_image(&self) -> String {
        let Some(survey) = self.survey() else {
            return String::new();
        };
        let version = match survey.labels.version.as_str() {
            "" => "dev",
            version => version,
        };
        let project = &self.recipe.project;
        let pattern = match survey.catalogue.push.image.as_str() {
            "" => "{name}:{version}",
            pattern => pattern,
        };
        let mut text = pattern.to_owned();
        for (hole, value) in [
            ("{name}", project.name.as_str()),
            ("{project}", project.project.as_str()),
            ("{department}", project.department.as_str()),
            ("{version}", version),
        ] {
            text = text.replace(hole, value);
        }
        // A hole that nobody filled leaves an empty part of the path.
        while text.contains("//") {
            text = text.replace("//", "/");
        }
        text
    }

    /// Whether the image's name says where to push it.
    pub fn has_registry(&self) -> bool {
        self.image
            .as_ref()
            .is_some_and(|image| image.name.starts_with(image.registry()))
    }

    /// What the engine can do, as far as it is known.
    pub fn variant(&self) -> Variant {
        match self.survey().map(|survey| &survey.engine) {
            Some(Ok(engine)) if !engine.buildkit => Variant::Classic,
            _ => Variant::BuildKit,
        }
    }

    /// The brought Dockerfile that is used as it is.
    pub fn brought(&self) -> Option<&str> {
        let name = &self.recipe.build.dockerfile;
        let (_, text) = self
            .survey()?
            .dockerfiles
            .iter()
            .find(|(known, _)| known == name)?;
        Some(text)
    }

    /// The Dockerfile of the project's own that can be compared: the one in use, else the first;
    /// its name and text.
    pub fn own_dockerfile(&self) -> Option<(&str, &str)> {
        let all = &self.survey()?.dockerfiles;
        let used = |(name, _): &&(String, String)| *name == self.recipe.build.dockerfile;
        let (name, text) = all.iter().find(used).or_else(|| all.first())?;
        Some((name, text))
    }

    /// The Dockerfile that the answers give, also where the project's own is used; empty while they
    /// give none.
    pub fn made_dockerfile(&self) -> String {
        let Some(catalogue) = self.catalogue() else {
            return String::new();
        };
        let mut recipe = self.recipe.clone();
        recipe.build.dockerfile.clear();
        let (text, _) = sketch(&recipe, catalogue, self.variant());
        text.unwrap_or_default()
    }

    /// Shows both beside each other, or no longer.
    pub fn compare(&mut self) {
        self.scroll = 0;
        self.whole = false;
        self.comparing = !self.comparing && self.own_dockerfile().is_some();
        if self.own_dockerfile().is_none() {
            self.remark = Some("the source has no Dockerfile of its own to compare with".into());
        }
    }

    /// Rows of what has the whole body.
    fn whole_rows(&self) -> usize {
        match self.own_dockerfile() {
            Some((_, own)) if self.comparing => {
                let made = self.made_dockerfile();
                let lines = |text: &'_ str| text.lines().count();
                // No more rows than lines of both.
                lines(own) + lines(&made)
            }
            _ => self.shown.lines.len(),
        }
    }

    /// Makes the Dockerfile anew and lights what changed in it.
    fn replan(&mut self) {
        let Look::Known(survey) = &self.look else {
            return;
        };
        let (text, flaws) = match self.brought() {
            Some(text) => (Some(text.to_owned()), Vec::new()),
            None => sketch(&self.recipe, &survey.catalogue, self.variant()),
        };
        self.flaws = flaws;
        self.remarks = match &text {
            Some(text) if self.flaws.is_empty() => {
                let mut remarks = lint(text, &survey.catalogue, &self.today);
                remarks.extend(lint_recipe(&self.recipe, &survey.catalogue, &self.today));
                remarks
            }
            _ => Vec::new(),
        };
        let Some(text) = text else {
            self.shown.stale = !self.shown.lines.is_empty();
            return;
        };
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if lines != self.shown.lines {
            let known: HashSet<&str> = self.shown.lines.iter().map(String::as_str).collect();
            let first = self.shown.lines.is_empty();
            let lit = lines.iter().enumerate().filter(|(_, line)| {
                !first && !line.trim().is_empty() && !known.contains(line.as_str())
            });
            self.shown.lit = lit.map(|(n, _)| n).collect();
            self.shown.lines = lines;
        }
        self.shown.stale = false;
    }

    /// What is asked or wrong, with the key of the answer.
    pub fn troubles(&self) -> impl Iterator<Item = (&str, &Flaw)> {
        let typed = self.wrong.iter().map(|(key, flaw)| (*key, flaw));
        let asked = self.questions.iter().map(|flaw| (flaw.key.as_str(), flaw));
        let missing = self.flaws.iter().filter(|flaw| {
            let known = self.questions.iter().any(|asked| asked.key == flaw.key);
            !known && !self.wrong.contains_key(flaw.key.as_str())
        });
        typed
            .chain(asked)
            .chain(missing.map(|flaw| (flaw.key.as_str(), flaw)))
    }

    fn first_trouble(&self) -> Option<Step> {
        self.troubles().map(|(key, _)| Step::of(key)).min()
    }

    /// How a step stands.
    pub fn standing(&self, step: Step) -> Standing {
        let known = self.survey().is_some();
        if step == Step::Source {
            return match &self.look {
                Look::Known(_) if self.asks_which() => Standing::Asks,
                Look::Known(_) => Standing::Done,
                Look::Failed(_) => Standing::Wrong,
                Look::Waiting(_) => Standing::Asks,
            };
        }
        let wrong = self.wrong.keys().any(|key| Step::of(key) == step)
            || self.flaws.iter().any(|flaw| {
                Step::of(&flaw.key) == step && !self.recipe.answer(&flaw.key).is_empty()
            });
        if wrong {
            return Standing::Wrong;
        }
        if self.troubles().any(|(key, _)| Step::of(key) == step)
            || step == Step::Name && known && self.image.is_none()
        {
            return Standing::Asks;
        }
        if known && (self.seen.contains(&step) || self.answered(step)) {
            Standing::Done
        } else {
            Standing::Open
        }
    }

    /// Whether the recipe itself answers what the step asks.
    fn answered(&self, step: Step) -> bool {
        let Recipe {
            base, build, run, ..
        } = &self.recipe;
        match step {
            Step::Source => true,
            Step::System => !base.system.is_empty(),
            Step::Runtime => !base.stack.is_empty(),
            Step::Dependencies => !run.dependencies.is_empty() || !build.dependencies.is_empty(),
            Step::Build => build.commands.is_some() || !build.manifests.is_empty(),
            Step::Run => !run.command.is_empty(),
            Step::Settings => !run.ports.is_empty() || !run.env.is_empty(),
            Step::Name => self.image.is_some(),
            Step::Review => false,
        }
    }

    /// Whether several projects are there, and nobody said which is meant.
    pub(super) fn asks_which(&self) -> bool {
        self.questions
            .iter()
            .any(|question| question.key == PROJECT)
    }

    /// Several projects are built as one: what was found of the first says nothing of it.
    pub(super) fn take_whole(&mut self) {
        self.recipe = Recipe::default();
        self.questions.clear();
        self.follow_name();
        self.touch();
        self.replan();
    }

    /// Whether a build can begin.
    pub fn ready(&self) -> bool {
        self.survey().is_some() && self.troubles().next().is_none() && self.image.is_some()
    }

    /// The text of `quarterdeck.toml`, with the comments of the one that is there.
    pub fn written(&self) -> String {
        let old = self.survey().and_then(|survey| survey.recipe.as_deref());
        crate::domain::recipe::write(&self.recipe, old)
    }

    /// Shows a step.
    pub fn enter(&mut self, step: Step) {
        self.step = step;
        self.seen.insert(step);
        self.fields.clear();
        self.make_fields();
        let rows = self.rows();
        let build = rows
            .iter()
            .position(|row| matches!(row, Row::Act(Act::Build, ..)));
        let chosen = rows
            .iter()
            .position(|row| matches!(row, Row::Choice { chosen: true, .. }));
        let wrong = rows.iter().position(
            |row| matches!(row, Row::Field(key) if self.troubles().any(|(known, _)| known == *key)),
        );
        let project = rows.iter().position(
            |row| matches!(row, Row::Choice { group: Group::Project, .. } if self.asks_which()),
        );
        let first = rows.iter().position(Row::takes_keys);
        self.row = match step {
            Step::Review => build,
            _ => wrong.or(project).or(chosen),
        }
        .or(first)
        .unwrap_or_default();
    }
}

#[cfg(test)]
mod tests;
