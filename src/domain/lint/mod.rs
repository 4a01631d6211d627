//! Lint of a Dockerfile: what the generator promises, and what a brought one should keep too.
//!
//! The rules are those that decide whether an image is safe, small and repeatable on the platform.
//! They look at the text only. The policy of the catalogue (registries, forbidden things, ends of
//! life) is looked at as well.

mod parse;
mod policy;
mod rules;

pub use parse::{Instruction, parse};

use super::catalogue::Catalogue;
use super::recipe::Recipe;
use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Should be changed.
    Warning,
    /// Must be changed: the image is unsafe, not allowed, or does not build.
    Error,
}

impl Level {
    /// The word in messages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// How bad it is.
    pub level: Level,
    /// The rule's name, stable.
    pub rule: &'static str,
    /// 1-based line.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}: {} [{}]: {}; {}",
            self.line,
            self.level.word(),
            self.rule,
            self.what,
            self.remedy
        )
    }
}

/// Everything that is to be said about a Dockerfile, by line. `today` is a day, `2026-11-23`.
pub fn lint(text: &str, catalogue: &Catalogue, today: &str) -> Vec<Remark> {
    let instructions = parse(text);
    let mut remarks = rules::check(text, &instructions);
    remarks.extend(policy::check(&instructions, catalogue, today));
    remarks.sort_by_key(|remark| (remark.line, remark.rule));
    remarks.dedup();
    remarks
}

/// What is to be said about a recipe's own choices: a version or system that has ended.
/// `today` is a day; the remarks stand at the first line.
pub fn lint_recipe(recipe: &Recipe, catalogue: &Catalogue, today: &str) -> Vec<Remark> {
    let base = &recipe.base;
    let stack = catalogue.stack(&base.stack);
    let version = stack.and_then(|stack| {
        let day = stack.ends(&base.version)?;
        Some((format!("{} {}", stack.title, base.version), day))
    });
    let system = catalogue.system(&base.system);
    let system = system.and_then(|system| Some((system.title.clone(), system.ends.as_deref()?)));
    let both = version.into_iter().chain(system);
    both.filter(|(_, day)| *day < today)
        .map(|(what, day)| policy::ended(1, &what, day))
        .collect()
}

#[cfg(test)]
mod tests;
