//! `quarterdeck image outdated`.

use super::dockerfile::variant;
use super::{Form, OutdatedArgs};
use crate::cli::catalogue;
use crate::cli::exit::{Code, Refusal};
use crate::cli::out::Out;
use crate::domain::build::Fault;
use crate::domain::catalogue::Catalogue;
use crate::domain::detect::Tree;
use crate::domain::dockerfile::{MARK, Variant, plan, render, render_ignore};
use crate::domain::recipe::FILE;
use crate::domain::text::clean;
use crate::images::{Source, recipe, text, write};
use serde_json::json;
use std::path::{Path, PathBuf};

/// How a recipe stands to what was written from it.
#[derive(Debug, PartialEq, Eq)]
enum State {
    /// What is written is what the catalogue gives today.
    Current,
    /// Something differs: the first line that does.
    Outdated(String),
    /// Nothing was written yet, or the Dockerfile is a person's own: nothing to renew.
    Left(String),
    /// The recipe cannot be used.
    Flawed(String),
}

/// Lists recipes; ends with 1 while something is outdated or flawed.
pub fn run(args: &OutdatedArgs, out: &mut Out) -> anyhow::Result<Code> {
    let catalogue = catalogue::load(args.catalogue.catalogue.as_deref())?;
    let mut failed = false;
    for folder in recipes(&args.dirs)? {
        let mut state = look(&folder, &catalogue, variant(args.classic), false);
        if args.write && matches!(state, State::Outdated(_)) {
            state = look(&folder, &catalogue, variant(args.classic), true);
        }
        failed |= matches!(state, State::Outdated(_) | State::Flawed(_));
        let (word, why) = match &state {
            State::Current => ("current", ""),
            State::Outdated(why) => ("outdated", why.as_str()),
            State::Left(why) => ("left", why.as_str()),
            State::Flawed(why) => ("flawed", why.as_str()),
        };
        let line = match args.output {
            Form::Json => json!({ "folder": folder, "state": word, "why": why }).to_string(),
            Form::Text => format!("{word:9} {}  {}", folder.display(), clean(why))
                .trim_end()
                .to_owned(),
        };
        out.line(line)?;
    }
    Ok(if failed { Code::Failed } else { Code::Done })
}

/// Folders with a recipe, in and below the given ones.
fn recipes(dirs: &[PathBuf]) -> Result<Vec<PathBuf>, Refusal> {
    let mut found = Vec::new();
    for dir in dirs {
        let source =
            Source::read(dir).map_err(|error| Refusal::new(Code::NotFound, error.to_string()))?;
        found.extend(source.files().iter().filter_map(|path| {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            (name == FILE).then(|| dir.join(folder))
        }));
    }
    Ok(found)
}

/// Compares, and writes when asked.
fn look(folder: &Path, catalogue: &Catalogue, variant: Variant, renew: bool) -> State {
    let flawed = |fault: Fault| State::Flawed(fault.to_string().replace('\n', ": "));
    let read = match recipe(folder) {
        Ok(read) => read,
        Err(fault) => return flawed(fault),
    };
    if !read.recipe.build.dockerfile.is_empty() {
        return State::Left("it brings a Dockerfile of its own".into());
    }
    let plan = match plan(&read.recipe, catalogue, variant) {
        Ok(plan) => plan,
        Err(mut flaws) => {
            read.places.locate(&mut flaws);
            let why: Vec<String> = flaws.iter().map(ToString::to_string).collect();
            return State::Flawed(why.join("; "));
        }
    };
    let mut state = State::Current;
    for (name, made) in [
        ("Dockerfile", render(&plan)),
        (".dockerignore", render_ignore(&plan)),
    ] {
        let file = folder.join(name);
        let there = match text(&file) {
            Ok(there) => there,
            Err(fault) => return flawed(fault),
        };
        let Some(there) = there else {
            return State::Left(format!(
                "there is no {name} yet; `quarterdeck image dockerfile --write` makes it"
            ));
        };
        if !there.starts_with(MARK) {
            return State::Left(format!("{name} was not made by quarterdeck"));
        }
        if there == made {
            continue;
        }
        if renew {
            if let Err(fault) = write(&file, &made) {
                return flawed(fault);
            }
        } else if state == State::Current {
            state = State::Outdated(format!("{name}: {}", first_difference(&there, &made)));
        }
    }
    state
}

/// The first line that is new.
fn first_difference(there: &str, made: &str) -> String {
    let old: Vec<&str> = there.lines().collect();
    let new = made.lines().find(|line| !old.contains(line));
    new.unwrap_or("lines are gone or moved").trim().to_owned()
}
