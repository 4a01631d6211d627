//! Recipes on disk whose Dockerfile is not what the catalogue gives today.

use super::project::{recipe, text, write};
use super::source::Source;
use crate::domain::build::Fault;
use crate::domain::catalogue::Catalogue;
use crate::domain::detect::Tree;
use crate::domain::dockerfile::{MARK, Variant, plan, render, render_ignore};
use crate::domain::outdated::{Age, Aged, Redrawn};
use crate::domain::recipe::FILE;
use std::path::{Path, PathBuf};

/// What the head of a Dockerfile for an engine without `BuildKit` says of itself.
const CLASSIC: &str = " --classic --write";

/// Looks at all recipes in and below the given folders. A Dockerfile that was made for an engine
/// without `BuildKit` is compared with one for such an engine; `classic` takes all for those.
pub fn outdated(
    dirs: &[PathBuf],
    catalogue: &Catalogue,
    classic: bool,
) -> Result<Vec<Aged>, Fault> {
    let mut found = Vec::new();
    for dir in dirs {
        let source = Source::read(dir)?;
        found.extend(source.files().iter().filter_map(|path| {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let below = || match folder {
                "" => dir.clone(),
                folder => dir.join(folder),
            };
            (name == FILE).then(below)
        }));
    }
    let look = |folder: &PathBuf| look(folder, catalogue, classic);
    Ok(found.iter().map(look).collect())
}

/// Makes what is outdated in a folder again, and looks at it.
pub fn renew(folder: &Path, catalogue: &Catalogue, classic: bool) -> Aged {
    let aged = look(folder, catalogue, classic);
    if aged.age != Age::Outdated {
        return aged;
    }
    for file in &aged.files {
        if let Err(fault) = write(&folder.join(&file.name), &file.made) {
            return flawed(folder, &fault);
        }
    }
    look(folder, catalogue, classic)
}

fn aged(folder: &Path, age: Age, why: impl Into<String>) -> Aged {
    Aged {
        folder: folder.to_owned(),
        age,
        why: why.into(),
        files: Vec::new(),
    }
}

fn flawed(folder: &Path, fault: &Fault) -> Aged {
    aged(folder, Age::Flawed, fault.to_string().replace('\n', ": "))
}

fn look(folder: &Path, catalogue: &Catalogue, classic: bool) -> Aged {
    let known = || -> Result<Aged, Fault> {
        let read = recipe(folder)?;
        if !read.recipe.build.dockerfile.is_empty() {
            let why = "it brings a Dockerfile of its own";
            return Ok(aged(folder, Age::Left, why));
        }
        let mut there = Vec::new();
        for name in ["Dockerfile", ".dockerignore"] {
            let Some(text) = text(&folder.join(name))? else {
                let why = format!(
                    "there is no {name} yet; `quarterdeck image dockerfile --write` makes it"
                );
                return Ok(aged(folder, Age::Left, why));
            };
            if !text.starts_with(MARK) {
                let why = format!("{name} was not made by quarterdeck");
                return Ok(aged(folder, Age::Left, why));
            }
            there.push((name, text));
        }
        let head = there[0].1.lines().take(3).any(|it| it.contains(CLASSIC));
        let variant = if classic || head {
            Variant::Classic
        } else {
            Variant::BuildKit
        };
        let plan = match plan(&read.recipe, catalogue, variant) {
            Ok(plan) => plan,
            Err(mut flaws) => {
                read.places.locate(&mut flaws);
                let why: Vec<String> = flaws.iter().map(ToString::to_string).collect();
                return Ok(aged(folder, Age::Flawed, why.join("; ")));
            }
        };
        let files: Vec<Redrawn> = there
            .into_iter()
            .zip([render(&plan), render_ignore(&plan)])
            .filter(|((_, there), made)| there != made)
            .map(|((name, there), made)| Redrawn {
                name: name.to_owned(),
                there,
                made,
            })
            .collect();
        Ok(match files.first() {
            None => aged(folder, Age::Current, ""),
            Some(first) => Aged {
                files: files.clone(),
                ..aged(folder, Age::Outdated, first.first_difference())
            },
        })
    };
    known().unwrap_or_else(|fault| flawed(folder, &fault))
}
