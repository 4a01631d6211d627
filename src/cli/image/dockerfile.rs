//! `quarterdeck image dockerfile`.

use super::DockerfileArgs;
use crate::cli::catalogue;
use crate::cli::exit::{Code, Refusal};
use crate::cli::out::Out;
use crate::domain::dockerfile::{MARK, Variant, plan, render, render_ignore};
use crate::domain::text::clean;
use crate::images::{flawed, needed, recipe, text, write};
use std::path::Path;

/// Prints, compares or writes.
pub fn run(args: &DockerfileArgs, out: &mut Out) -> anyhow::Result<Code> {
    let read = recipe(&args.dir)?;
    let catalogue = catalogue::load(args.catalogue.catalogue.as_deref())?;
    let variant = variant(args.classic);
    let brought = &read.recipe.build.dockerfile;
    if !brought.is_empty() && !args.diff {
        return bring(&args.dir.join(brought), args.write, out);
    }
    let plan = plan(&read.recipe, &catalogue, variant).map_err(|mut flaws| {
        read.places.locate(&mut flaws);
        flawed("the recipe cannot be used", &flaws)
    })?;
    let (made, ignore) = (render(&plan), render_ignore(&plan));
    if args.diff {
        let other = if brought.is_empty() {
            "Dockerfile"
        } else {
            brought
        };
        return diff(&args.dir.join(other), &made, out);
    }
    if args.write {
        for (name, text) in [("Dockerfile", &made), (".dockerignore", &ignore)] {
            let file = args.dir.join(name);
            keep_foreign(&file, args.force)?;
            write(&file, text)?;
            out.line(format!("wrote {}", file.display()))?;
        }
        return Ok(Code::Done);
    }
    out.line(if args.ignore {
        ignore.trim_end()
    } else {
        made.trim_end()
    })?;
    Ok(Code::Done)
}

/// The variant for an engine.
pub fn variant(classic: bool) -> Variant {
    if classic {
        Variant::Classic
    } else {
        Variant::BuildKit
    }
}

/// A Dockerfile of the project's own is used as it is.
fn bring(file: &Path, write: bool, out: &mut Out) -> anyhow::Result<Code> {
    if write {
        let what = format!(
            "the recipe brings a Dockerfile of its own (`build.dockerfile`), `{}`: there is nothing to write",
            file.display()
        );
        return Err(Refusal::new(Code::Failed, what).into());
    }
    let brought = text(file)?.ok_or_else(|| {
        let what = format!(
            "the recipe's `build.dockerfile`, `{}`, is not there",
            file.display()
        );
        Refusal::new(Code::NotFound, what)
    })?;
    out.line(brought.trim_end())?;
    Ok(Code::Done)
}

/// Refuses to write over what a person wrote.
fn keep_foreign(file: &Path, force: bool) -> anyhow::Result<()> {
    let old = text(file)?;
    if force || old.is_none_or(|old| old.is_empty() || old.starts_with(MARK)) {
        return Ok(());
    }
    Err(Refusal::new(
        Code::Failed,
        format!(
            "`{}` was not made by quarterdeck; --force writes over it, `build.dockerfile` in the recipe keeps it, --diff compares",
            file.display()
        ),
    )
    .into())
}

/// What differs, line by line: `-` is there now, `+` would be made.
fn diff(file: &Path, made: &str, out: &mut Out) -> anyhow::Result<Code> {
    let there = needed(file)?;
    let old: Vec<&str> = there.lines().collect();
    let new: Vec<&str> = made.lines().collect();
    if old == new {
        return Ok(Code::Done);
    }
    for (sign, line) in crate::domain::compare::compare(&old, &new) {
        out.line(format!("{sign} {}", clean(line)))?;
    }
    Ok(Code::Failed)
}
