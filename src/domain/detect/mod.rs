//! What a source tree says about itself: language, version, package manager, commands, ports.
//!
//! The rules are pure: they see a [`Tree`] that lists names and hands out the text of the few files
//! that a rule asks for. Every finding carries its evidence, and what is uncertain becomes a
//! question instead of a guess.

mod dotnet;
mod elixir;
mod go;
mod java;
mod node;
mod php;
mod procfile;
mod python;
mod ruby;
mod rust;
mod scope;
mod shell;
mod statics;
mod toml_text;
mod tree;
mod xml;

pub use scope::Scope;
pub use tree::{MemoryTree, Tree};

use serde::{Deserialize, Serialize};
use std::fmt;

/// Folders below the root in which a project of its own is looked for.
const DEPTH: usize = 4;

/// Projects that are told of at most; a tree of thousands of examples is not listed whole.
const PROJECTS: usize = 200;

/// Where a finding comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The file, relative to the tree.
    pub file: String,
    /// 1-based line, when the finding is a line of it.
    pub line: Option<usize>,
    /// The line, or what there is to say about the file.
    pub text: String,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{} line {line}: {}", self.file, self.text),
            None => write!(f, "{}: {}", self.file, self.text),
        }
    }
}

/// One thing that was found out: an answer of the recipe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// `base.stack`.
    Stack(String),
    /// `base.version`, as the file wants it: `>=22`.
    Version(String),
    /// `base.version`, a floor: any version from this one on will do.
    AtLeast(String),
    /// `build.tool`.
    Tool(String),
    /// `build.manifests`.
    Manifests(Vec<String>),
    /// `build.commands`.
    Commands(Vec<String>),
    /// `build.target`.
    Target(String),
    /// `build.output`.
    Output(String),
    /// `run.command`.
    Command(Vec<String>),
    /// `run.ports`.
    Port(u16),
    /// `project.name`.
    Name(String),
    /// `project.source`.
    Source(String),
    /// `build.dockerfile`: there is one already.
    Dockerfile(String),
}

impl Answer {
    /// The recipe's key.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Stack(_) => "base.stack",
            Self::Version(_) | Self::AtLeast(_) => "base.version",
            Self::Tool(_) => "build.tool",
            Self::Manifests(_) => "build.manifests",
            Self::Commands(_) => "build.commands",
            Self::Target(_) => "build.target",
            Self::Output(_) => "build.output",
            Self::Command(_) => "run.command",
            Self::Port(_) => "run.ports",
            Self::Name(_) => "project.name",
            Self::Source(_) => "project.source",
            Self::Dockerfile(_) => "build.dockerfile",
        }
    }

    /// The value as a text.
    pub fn value(&self) -> String {
        match self {
            Self::Stack(text)
            | Self::Version(text)
            | Self::Tool(text)
            | Self::Target(text)
            | Self::Output(text)
            | Self::Name(text)
            | Self::Source(text)
            | Self::Dockerfile(text) => text.clone(),
            Self::AtLeast(text) => format!("{text} or newer"),
            Self::Manifests(list) => list.join(", "),
            Self::Commands(list) => list.join(" && "),
            Self::Command(words) => words.join(" "),
            Self::Port(port) => port.to_string(),
        }
    }
}

/// An answer and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was found out.
    pub answer: Answer,
    /// Where.
    pub evidence: Evidence,
}

/// What has to be asked, because the source does not say it for sure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The recipe's key.
    pub key: String,
    /// Why it is asked, and what could be answered.
    pub why: String,
}

/// One project that was found in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The folder; empty for the root.
    pub folder: String,
    /// Key of the stack.
    pub stack: String,
    /// What was found out, each with evidence.
    pub findings: Vec<Finding>,
    /// What has to be asked.
    pub questions: Vec<Question>,
}

impl Found {
    /// A project of `stack` in the scope's folder.
    fn new(scope: &Scope<'_>, stack: &'static str, evidence: Evidence) -> Self {
        let mut found = Self {
            folder: scope.folder().to_owned(),
            stack: stack.to_owned(),
            findings: Vec::new(),
            questions: Vec::new(),
        };
        found.add(Answer::Stack(stack.to_owned()), evidence);
        found
    }

    /// Adds a finding; the first for a key counts, later ones are not kept.
    fn add(&mut self, answer: Answer, evidence: Evidence) {
        if self.get(answer.key()).is_none() {
            self.findings.push(Finding { answer, evidence });
        }
    }

    /// Adds a finding that may be missing.
    fn take(&mut self, finding: Option<(Answer, Evidence)>) {
        if let Some((answer, evidence)) = finding {
            self.add(answer, evidence);
        }
    }

    fn ask(&mut self, key: &'static str, why: impl Into<String>) {
        self.questions.push(Question {
            key: key.to_owned(),
            why: why.into(),
        });
    }

    /// The finding for a key of the recipe.
    pub fn get(&self, key: &str) -> Option<&Finding> {
        self.findings
            .iter()
            .find(|finding| finding.answer.key() == key)
    }
}

/// A rule: looks at one folder.
type Rule = fn(&Scope<'_>) -> Option<Found>;

/// The rules, in the order in which they win over each other in one folder: what serves comes
/// before what only decorates (a Rails project has a `package.json` too).
const RULES: &[Rule] = &[
    go::detect,
    rust::detect,
    java::detect,
    dotnet::detect,
    elixir::detect,
    php::detect,
    ruby::detect,
    python::detect,
    node::detect,
    statics::detect,
    shell::detect,
];

/// Files that begin a project, or endings of such files.
const MARKERS: &[&str] = &[
    "go.mod",
    "Cargo.toml",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "mix.exs",
    "composer.json",
    "Gemfile",
    "requirements.txt",
    "pyproject.toml",
    "Pipfile",
    "package.json",
    ".csproj",
    ".fsproj",
];

/// All projects of the tree: the root's first, then those of folders below, by depth and name.
pub fn detect(tree: &dyn Tree) -> Vec<Found> {
    let mut projects = Vec::new();
    projects.extend(folder(tree, ""));
    for below in candidates(tree) {
        if projects.len() == PROJECTS {
            break;
        }
        projects.extend(folder(tree, &below));
    }
    ask_which(&mut projects);
    projects
}

/// Which of several projects is meant, nobody can know where the folder itself is none of them.
fn ask_which(projects: &mut [Found]) {
    let all: Vec<String> = projects
        .iter()
        .map(|it| format!("{} ({})", it.folder, it.stack))
        .collect();
    if let [first, _, ..] = projects
        && !first.folder.is_empty()
    {
        let why = format!("there are several projects in it: {}", all.join(", "));
        first.ask(PROJECT, why);
    }
}

/// The key of the question which of several projects is meant: no answer of a recipe, which stands in
/// the folder of one.
pub const PROJECT: &str = "source.folder";

/// The project in one folder of the tree.
pub fn folder(tree: &dyn Tree, folder: &str) -> Option<Found> {
    let scope = Scope::new(tree, folder);
    let mut matches = RULES.iter().filter_map(|rule| rule(&scope));
    let mut found = matches.next()?;
    let rivals: Vec<Found> = matches.filter(|other| rivals(&found, other)).collect();
    if let Some(rival) = rivals.first() {
        let both = format!(
            "this folder is {} by {} and {} by {}",
            found.stack,
            found.findings[0].evidence.file,
            rival.stack,
            rival.findings[0].evidence.file
        );
        found.ask("base.stack", both);
    }
    procfile::apply(&scope, &mut found);
    common(&scope, &mut found);
    Some(found)
}

/// Whether two stacks in one folder are both able to serve, so that nobody can tell which is meant.
fn rivals(first: &Found, second: &Found) -> bool {
    let serves = |found: &Found| {
        !matches!(found.stack.as_str(), "static" | "shell")
            && (found.stack != "node" || found.get("run.command").is_some())
    };
    // PHP, Ruby, Python and Elixir projects carry a package.json for their pages.
    let pages = second.stack == "node" && matches!(first.stack.as_str(), "php" | "ruby" | "elixir");
    serves(first) && serves(second) && !pages
}

/// What is the same for every stack: name, source, a Dockerfile that is there already.
fn common(scope: &Scope<'_>, found: &mut Found) {
    if let Some(name) = scope.tree().name() {
        let last = scope.folder().rsplit('/').next().unwrap_or_default();
        let folder = if last.is_empty() { name } else { last };
        let name = name_of(folder);
        if !name.is_empty() {
            let evidence = Evidence {
                file: folder.to_owned(),
                line: None,
                text: "the folder's name".into(),
            };
            found.add(Answer::Name(name), evidence);
        }
    }
    if let Some((url, evidence)) = scope.tree().origin() {
        found.add(Answer::Source(url), evidence);
    }
    if scope.has("Dockerfile")
        && let Some(text) = scope.read("Dockerfile")
    {
        if !text.contains(super::dockerfile::MARK) {
            found.add(
                Answer::Dockerfile("Dockerfile".into()),
                scope.there("Dockerfile", "there is one already"),
            );
        }
        let port = text.lines().enumerate().find_map(|(at, line)| {
            let port = line.trim().strip_prefix("EXPOSE ")?.trim();
            let port = port.split(['/', ' ']).next()?.parse().ok()?;
            Some((Answer::Port(port), scope.line("Dockerfile", at + 1, line)))
        });
        found.take(port);
    }
}

/// A name for labels and images from a name of a project file: lower case, without what a label
/// cannot hold.
pub fn name_of(raw: &str) -> String {
    let last = raw.trim_end_matches('/').rsplit(['/', ':']).next();
    let lower = last.unwrap_or_default().to_ascii_lowercase();
    let mut name = String::new();
    for c in lower.chars() {
        if c.is_ascii_alphanumeric() {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.truncate(name.len().min(63));
    name.truncate(name.trim_end_matches('-').len());
    name
}

/// Whether a path ends so. Tools look at names as they are written, in lower case.
fn ends(path: &str, end: &str) -> bool {
    path.as_bytes().ends_with(end.as_bytes())
}

/// Folders below the root that hold a file which begins a project.
fn candidates(tree: &dyn Tree) -> Vec<String> {
    let mut folders: Vec<&str> = tree
        .files()
        .iter()
        .filter_map(|path| {
            let (folder, name) = path.rsplit_once('/')?;
            let marks = MARKERS
                .iter()
                .any(|mark| name == *mark || mark.starts_with('.') && name.ends_with(mark));
            (marks && folder.matches('/').count() < DEPTH && !is_aside(folder)).then_some(folder)
        })
        .collect();
    folders.sort_by_key(|folder| (folder.matches('/').count(), *folder));
    folders.dedup();
    folders.into_iter().map(str::to_owned).collect()
}

/// Folders of tests, examples and other people's code.
fn is_aside(folder: &str) -> bool {
    folder.split('/').any(|part| {
        matches!(
            part,
            "test"
                | "tests"
                | "testdata"
                | "fixtures"
                | "examples"
                | "example"
                | "vendor"
                | "third_party"
                | "node_modules"
                | "docs"
                | "__tests__"
        )
    })
}

#[cfg(test)]
mod tests;
