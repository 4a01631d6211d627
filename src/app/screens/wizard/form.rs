//! The rows of each step: what is asked, what can be chosen, and what stands in the way.

use super::{Look, Step, Wizard};
use crate::domain::catalogue::{Dependency, Packages, Stack, Tool};
use crate::domain::detect::Found;
use crate::domain::lint::Level;
use crate::domain::recipe::Form;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A heading.
    Head(String),
    /// A sentence.
    Say(String),
    /// What is decided: what it is about, and how.
    Fact(&'static str, String),
    /// What was found out, and where it stands.
    Found {
        /// The answer.
        what: String,
        /// File and line.
        evidence: String,
    },
    /// A text to be typed; [`field`] describes it.
    Field(&'static str),
    /// One of several.
    Choice {
        /// Which several.
        group: Group,
        /// Its key.
        value: String,
        /// Its name.
        title: String,
        /// What to know about it.
        note: String,
        /// It is in force.
        chosen: bool,
        /// Why it cannot be chosen.
        why_not: Option<String>,
    },
    /// A dependency.
    Tick {
        /// Its key.
        id: String,
        /// Its name.
        title: String,
        /// What to know about it.
        note: String,
        /// Where it is installed.
        state: Ticked,
        /// Why it cannot be.
        why_not: Option<String>,
    },
    /// Yes or no.
    Switch(Switch, bool, String),
    /// Something to do: what, and what to know.
    Act(Act, String, String),
    /// Something stands in the way: the key of the answer, what, and what to do.
    Trouble(String, String, String),
    /// The lint says something.
    Remark(Level, String),
}

/// What can be chosen from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Group {
    Project,
    Dockerfile,
    Stack,
    Version,
    Tool,
    System,
}

/// Where a dependency is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticked {
    /// Nowhere.
    No,
    /// In the image.
    Run,
    /// Only where the build happens.
    Build,
}

/// A switch of the review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// Push after the build.
    Push,
    /// Write the recipe beside the source.
    Recipe,
}

/// Something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Read the source that was typed.
    Look,
    /// Forget the draft and the recipe.
    StartAnew,
    /// Build.
    Build,
    /// Write the recipe only.
    Write,
}

/// What a field is called, and what to know when one types into it.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its key: that of the recipe, or a name of this form.
    pub key: &'static str,
    /// Its name.
    pub label: &'static str,
    /// One sentence.
    pub help: &'static str,
}

const fn text(key: &'static str, label: &'static str, help: &'static str) -> Field {
    Field { key, label, help }
}

const FIELDS: &[Field] = &[
    text(
        "place",
        "Folder or git address",
        "a folder of this machine, or https://… and git@… of a repository",
    ),
    text("reference", "Branch, tag or commit", "of a git address"),
    text(
        "search",
        "Search",
        "by name or purpose: ffmpeg, postgres, fonts",
    ),
    text(
        "build.commands",
        "Build commands",
        "one on each line; empty: those of the catalogue",
    ),
    text(
        "build.target",
        "What is built",
        "a package, a program, a project file",
    ),
    text(
        "build.output",
        "What comes out",
        "the file or folder that the build leaves",
    ),
    text(
        "build.manifests",
        "Files that name dependencies",
        "copied first, so that they are fetched only when these change",
    ),
    text(
        "build.directory",
        "Folder of the source",
        "below the recipe's own",
    ),
    text(
        "build.ignore",
        "Left out",
        "more patterns for .dockerignore",
    ),
    text(
        "build.secrets",
        "Secrets",
        "name=/path where the build reads it, such as npmrc=/root/.npmrc; the content comes from `secrets/npmrc` of your configuration and stays in no layer",
    ),
    text(
        "run.command",
        "Run command",
        "as you would type it in a terminal",
    ),
    text("run.directory", "Folder", "in which it runs"),
    text("run.user", "User", "a number, never root"),
    text(
        "run.ports",
        "Ports",
        "on which it listens, the main one first",
    ),
    text(
        "run.env",
        "Environment",
        "NAME=value, one on each line; never a secret: those come from the cluster",
    ),
    text("run.writable", "Writable folders", "below the run folder"),
    text(
        "health.path",
        "Health path",
        "asked over HTTP, such as /healthz; empty: not asked",
    ),
    text("health.command", "Health command", "in place of a path"),
    text("project.name", "Name", "of this image"),
    text("project.project", "Project", "that it is part of"),
    text("project.department", "Department", "that owns the project"),
    text("project.owner", "Owner", "who answers for it"),
    text(
        "image",
        "Image and tag",
        "registry/path/name:tag; without a registry it stays here",
    ),
];

/// The field of that key.
pub fn field(key: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.key == key)
}

impl Row {
    /// Whether keys can go to it.
    pub fn takes_keys(&self) -> bool {
        match self {
            Self::Field(_)
            | Self::Switch(..)
            | Self::Act(..)
            | Self::Trouble(..)
            | Self::Tick { .. }
            | Self::Choice { .. } => true,
            Self::Head(_)
            | Self::Say(_)
            | Self::Fact(..)
            | Self::Found { .. }
            | Self::Remark(..) => false,
        }
    }
}

impl Wizard {
    /// The rows of the step that is seen.
    pub fn rows(&self) -> Vec<Row> {
        match self.step {
            Step::Source => self.source_rows(),
            _ if self.survey().is_none() => vec![Row::Say(
                "the source comes first: it says most of what is asked here".into(),
            )],
            Step::System => self.system_rows(),
            Step::Runtime => self.runtime_rows(),
            Step::Dependencies => self.dependency_rows(),
            Step::Build => self.build_rows(),
            Step::Run => self.run_rows(),
            Step::Settings => fields(&[
                "run.ports",
                "run.env",
                "health.path",
                "run.directory",
                "run.user",
                "run.writable",
                "health.command",
            ]),
            Step::Name => self.name_rows(),
            Step::Review => self.review_rows(),
        }
    }

    fn source_rows(&self) -> Vec<Row> {
        let mut rows = vec![Row::Field("place")];
        if is_address(self.place().0) {
            rows.push(Row::Field("reference"));
        }
        rows.push(Row::Act(Act::Look, "Read it".into(), String::new()));
        match &self.look {
            Look::Waiting(_) => rows.push(Row::Say("reading the source …".into())),
            Look::Failed(fault) => {
                rows.push(Row::Trouble(
                    "place".into(),
                    fault.what.clone(),
                    fault.remedy.clone(),
                ));
            }
            Look::Known(survey) => {
                let folder = survey.folder.display().to_string();
                match survey.found.as_slice() {
                    [] => rows.push(Row::Say(format!(
                        "nothing was recognised in {folder}; the next steps ask for everything"
                    ))),
                    [first, others @ ..] => {
                        rows.push(Row::Head(format!("Found in {folder}")));
                        rows.extend(first.findings.iter().map(|finding| Row::Found {
                            what: format!(
                                "{} {}",
                                name_of(finding.answer.key()),
                                finding.answer.value()
                            ),
                            evidence: finding.evidence.to_string(),
                        }));
                        if !others.is_empty() {
                            rows.push(Row::Head(if self.asks_which() {
                                "Which of these is meant?".into()
                            } else {
                                "Projects in it".into()
                            }));
                            rows.extend(survey.found.iter().map(|found| self.project_row(found)));
                            if self.asks_which() {
                                rows.push(Row::Choice {
                                    group: Group::Project,
                                    value: String::new(),
                                    title: "all as one".into(),
                                    note: "with answers of your own".into(),
                                    chosen: false,
                                    why_not: None,
                                });
                            }
                        }
                    }
                }
                if !survey.dockerfiles.is_empty() {
                    rows.push(Row::Head("Dockerfile".into()));
                    let own = &self.recipe.build.dockerfile;
                    let made = ("", "made from the answers", "small, pinned, without root");
                    let brought = survey.dockerfiles.iter().map(|(name, _)| {
                        (name.as_str(), name.as_str(), "used as it is, with lint")
                    });
                    rows.extend(std::iter::once(made).chain(brought).map(
                        |(value, title, note)| Row::Choice {
                            group: Group::Dockerfile,
                            value: value.into(),
                            title: title.into(),
                            note: note.into(),
                            chosen: own == value,
                            why_not: None,
                        },
                    ));
                }
                if let Some(catalogue) = self.in_force() {
                    rows.push(Row::Head("Rules".into()));
                    rows.push(Row::Fact("Catalogue", catalogue));
                }
                if survey.draft.is_some() || survey.recipe.is_some() {
                    rows.push(Row::Act(
                        Act::StartAnew,
                        "Start anew".into(),
                        "forgets the answers, keeps what was found".into(),
                    ));
                }
            }
        }
        rows
    }

    fn project_row(&self, found: &Found) -> Row {
        let title = if found.folder.is_empty() {
            "."
        } else {
            &found.folder
        };
        let stack = self
            .catalogue()
            .and_then(|catalogue| catalogue.stack(&found.stack));
        Row::Choice {
            group: Group::Project,
            value: found.folder.clone(),
            title: title.into(),
            note: stack.map_or(&found.stack, |stack| &stack.title).into(),
            chosen: found.folder.is_empty(),
            why_not: None,
        }
    }

    pub(super) fn stack(&self) -> Option<&Stack> {
        self.catalogue()?.stack(&self.recipe.base.stack)
    }

    fn system_rows(&self) -> Vec<Row> {
        let Some(catalogue) = self.catalogue() else {
            return Vec::new();
        };
        let base = &self.recipe.base;
        let offered = self
            .stack()
            .map(|stack| (stack, stack.systems(&base.version)));
        let row = |system: &crate::domain::catalogue::System| {
            let why_not = offered.as_ref().and_then(|(stack, systems)| {
                let no = !systems.contains(&system.id.as_str());
                no.then(|| format!("not offered for {} {}", stack.title, base.version))
            });
            let mut note = system.note.clone();
            if let Some(day) = &system.ends {
                let ends = format!("until {day}");
                note = if note.is_empty() {
                    ends
                } else {
                    format!("{ends}; {note}")
                };
            }
            Row::Choice {
                group: Group::System,
                value: system.id.clone(),
                title: system.title.clone(),
                note,
                chosen: base.system == system.id,
                why_not,
            }
        };
        let mut rows: Vec<Row> = catalogue.systems.iter().map(row).collect();
        // What can be chosen comes first.
        rows.sort_by_key(|row| {
            matches!(
                row,
                Row::Choice {
                    why_not: Some(_),
                    ..
                }
            )
        });
        rows
    }

    fn runtime_rows(&self) -> Vec<Row> {
        let Some(catalogue) = self.catalogue() else {
            return Vec::new();
        };
        let base = &self.recipe.base;
        let choice = |group, value: &str, title: &str, note: String, chosen| Row::Choice {
            group,
            value: value.into(),
            title: title.into(),
            note,
            chosen,
            why_not: None,
        };
        let mut rows = vec![Row::Head("Language".into())];
        rows.extend(catalogue.stacks.iter().map(|stack| {
            choice(
                Group::Stack,
                &stack.id,
                &stack.title,
                String::new(),
                stack.id == base.stack,
            )
        }));
        let Some(stack) = self.stack() else {
            return rows;
        };
        rows.push(Row::Head("Version".into()));
        rows.extend(stack.versions().into_iter().map(|version| {
            let note = stack.ends(version).map(|day| format!("until {day}"));
            choice(
                Group::Version,
                version,
                version,
                note.unwrap_or_default(),
                version == base.version,
            )
        }));
        if stack.tools.len() > 1 {
            rows.push(Row::Head("Built with".into()));
            rows.extend(stack.tools.iter().map(|tool| {
                choice(
                    Group::Tool,
                    &tool.id,
                    &tool.title,
                    String::new(),
                    tool.id == self.recipe.build.tool,
                )
            }));
        }
        rows
    }

    fn dependency_rows(&self) -> Vec<Row> {
        let Some(catalogue) = self.catalogue() else {
            return Vec::new();
        };
        let mut rows = vec![Row::Field("search")];
        let system = catalogue.system(&self.recipe.base.system);
        if system.is_some_and(|system| system.packages == Packages::None) {
            rows.push(Row::Say(format!(
                "{} cannot install anything: choose another system for that",
                system.map_or("", |system| &system.title)
            )));
        }
        let wanted = self.search.trim().to_lowercase();
        let fits = |it: &Dependency| {
            let packages = it.packages.iter().flat_map(|(_, packages)| packages);
            let hay = [&it.id, &it.title, &it.group, &it.note];
            wanted.is_empty()
                || hay
                    .into_iter()
                    .chain(packages)
                    .any(|text| text.to_lowercase().contains(&wanted))
        };
        let mut group = None;
        for dependency in catalogue.dependencies.iter().filter(|it| fits(it)) {
            if group != Some(&dependency.group) {
                group = Some(&dependency.group);
                rows.push(Row::Head(dependency.group.clone()));
            }
            rows.push(self.tick_row(dependency));
        }
        if group.is_none() {
            rows.push(Row::Say(format!(
                "`{}` is not in the catalogue; operations can add it to {}",
                self.search.trim(),
                catalogue.layers.last().map_or("it", String::as_str)
            )));
        }
        rows
    }

    fn tick_row(&self, dependency: &Dependency) -> Row {
        let Recipe { run, build } = Recipe {
            run: &self.recipe.run.dependencies,
            build: &self.recipe.build.dependencies,
        };
        let state = if run.contains(&dependency.id) {
            Ticked::Run
        } else if build.contains(&dependency.id) {
            Ticked::Build
        } else {
            Ticked::No
        };
        let system = &self.recipe.base.system;
        let packages = dependency.on(system);
        let conflict = run.iter().find(|other| {
            let against = self
                .catalogue()
                .and_then(|catalogue| catalogue.dependency(other))
                .is_some_and(|other| other.conflicts.contains(&dependency.id));
            against || dependency.conflicts.contains(other)
        });
        let why_not = match (packages, conflict) {
            (None, _) => Some(format!("not for {system}")),
            (_, Some(other)) => Some(format!("not together with {other}")),
            _ => None,
        };
        let note = if dependency.note.is_empty() {
            packages.map(|list| list.join(" ")).unwrap_or_default()
        } else {
            dependency.note.clone()
        };
        Row::Tick {
            id: dependency.id.clone(),
            title: dependency.title.clone(),
            note,
            state,
            why_not,
        }
    }

    fn build_rows(&self) -> Vec<Row> {
        if self.brought().is_some() {
            return vec![Row::Say(format!(
                "{} says how it is built",
                self.recipe.build.dockerfile
            ))];
        }
        fields(&[
            "build.commands",
            "build.target",
            "build.output",
            "build.manifests",
            "build.directory",
            "build.ignore",
            "build.secrets",
        ])
    }

    fn run_rows(&self) -> Vec<Row> {
        if self.brought().is_some() {
            return vec![Row::Say(format!(
                "{} says what runs",
                self.recipe.build.dockerfile
            ))];
        }
        fields(&["run.command"])
    }

    fn name_rows(&self) -> Vec<Row> {
        let mut rows = fields(&[
            "project.name",
            "project.project",
            "project.department",
            "project.owner",
            "image",
        ]);
        rows.push(Row::Say(match &self.image {
            Some(image) if self.has_registry() => {
                format!("goes to {} as {image}", image.registry())
            }
            Some(image) => format!("{image} stays in the engine: its name has no registry"),
            None => "the image has no name yet".into(),
        }));
        rows
    }

    /// What holds while a field is empty.
    pub fn stands_in(&self, key: &str) -> String {
        let tool = self.tool();
        let stack = self.stack();
        let of = |text: Option<&str>| text.unwrap_or_default().to_owned();
        match key {
            "place" => ".".into(),
            "image" => self.proposed_image(),
            "build.commands" => tool.map(|tool| tool.build.join("\n")).unwrap_or_default(),
            "run.command" => {
                let of_tool = tool.map(|tool| &tool.run).filter(|run| !run.is_empty());
                let run = of_tool.or(stack.map(|stack| &stack.run));
                run.map(|words| words.join(" ")).unwrap_or_default()
            }
            "run.directory" => of(stack.map(|stack| stack.directory.as_str())),
            "run.user" => stack
                .map(|stack| stack.user.to_string())
                .unwrap_or_default(),
            "run.ports" => stack
                .and_then(|stack| stack.port)
                .map(|port| port.to_string())
                .unwrap_or_default(),
            _ => String::new(),
        }
    }

    fn tool(&self) -> Option<&Tool> {
        let stack = self.stack()?;
        match (self.recipe.build.tool.as_str(), stack.tools.as_slice()) {
            ("", [only]) => Some(only),
            (id, _) => stack.tool(id),
        }
    }

    /// Where the answer of a field comes from, when the source said it.
    pub fn evidence(&self, key: &str) -> Option<String> {
        let finding = self.survey()?.found.first()?.get(key)?;
        let same = finding.answer.value() == self.recipe.answer(key)
            || key == "run.command"
            || key == "build.manifests"
            || key == "build.commands";
        same.then(|| finding.evidence.to_string())
    }

    /// The text of a field, as it is kept.
    pub(super) fn text_of(&self, key: &str) -> String {
        match key {
            "place" => self.place.clone(),
            "reference" => self.reference.clone(),
            "search" => self.search.clone(),
            "image" => self.image_text.clone(),
            key => self.recipe.answer(key),
        }
    }

    /// Whether a field takes several lines.
    pub fn is_long(key: &str) -> bool {
        Form::of(key).is_some_and(Form::is_long)
    }
}

/// The two lists of dependencies.
struct Recipe<'r> {
    run: &'r [String],
    build: &'r [String],
}

fn fields(keys: &[&'static str]) -> Vec<Row> {
    keys.iter().map(|key| Row::Field(key)).collect()
}

/// Whether the source is fetched by git.
pub(super) fn is_address(place: &str) -> bool {
    place.contains("://") || place.starts_with("git@")
}

/// What an answer is called among what was found.
fn name_of(key: &str) -> &'static str {
    match key {
        "base.stack" => "language",
        "base.version" => "version",
        "build.tool" => "built with",
        "build.manifests" => "dependencies in",
        "build.commands" => "build",
        "build.target" => "target",
        "build.output" => "output",
        "run.command" => "run",
        "run.ports" => "port",
        "project.name" => "name",
        "project.source" => "source",
        "build.dockerfile" => "has a",
        _ => "",
    }
}
