//! `quarterdeck image lint`.

use super::dockerfile::variant;
use super::{Form, LintArgs};
use crate::cli::catalogue;
use crate::cli::exit::Code;
use crate::cli::out::Out;
use crate::domain::build::Fault;
use crate::domain::catalogue::Catalogue;
use crate::domain::dockerfile::generate;
use crate::domain::lint::{Level, Remark, lint, lint_recipe};
use crate::domain::recipe::Recipe;
use crate::domain::text::clean;
use crate::images::{flawed, needed, recipe};
use serde_json::{Value, json};
use std::path::Path;

/// Prints what is wrong; fails on an error, and on anything when it is strict.
pub fn run(args: &LintArgs, out: &mut Out) -> anyhow::Result<Code> {
    let catalogue = catalogue::load(args.catalogue.catalogue.as_deref())?;
    let today = crate::cluster::now().day();
    let looked = looked_at(args, &catalogue)?;
    let mut remarks = lint(&looked.text, &catalogue, &today);
    if let Some(recipe) = &looked.recipe {
        remarks.extend(lint_recipe(recipe, &catalogue, &today));
    }
    let name = looked.name;
    match args.output {
        Form::Json => {
            let all: Vec<Value> = remarks.iter().map(as_json).collect();
            serde_json::to_writer_pretty(&mut *out, &all)?;
            out.line("")?;
        }
        Form::Text => {
            for remark in &remarks {
                out.line(format!("{name} {}", clean(&remark.to_string())))?;
            }
            if remarks.is_empty() {
                out.line(format!("{name}: nothing to remark"))?;
            }
        }
    }
    let fatal = if args.strict {
        Level::Note
    } else {
        Level::Error
    };
    let failed = remarks.iter().any(|remark| remark.level >= fatal);
    Ok(if failed { Code::Failed } else { Code::Done })
}

/// What is looked at.
struct Looked {
    /// The Dockerfile's name.
    name: String,
    /// Its text.
    text: String,
    /// The recipe that it was made from.
    recipe: Option<Recipe>,
}

fn looked_at(args: &LintArgs, catalogue: &Catalogue) -> Result<Looked, Fault> {
    let of_file = |file: &Path| {
        Ok(Looked {
            name: file.display().to_string(),
            text: needed(file)?,
            recipe: None,
        })
    };
    if let Some(file) = &args.file {
        return of_file(file);
    }
    let read = recipe(&args.dir)?;
    let own = &read.recipe.build.dockerfile;
    if !own.is_empty() {
        return of_file(&args.dir.join(own));
    }
    let text = generate(&read.recipe, catalogue, variant(false)).map_err(|mut flaws| {
        read.places.locate(&mut flaws);
        flawed("the recipe cannot be used", &flaws)
    })?;
    Ok(Looked {
        name: "Dockerfile".to_owned(),
        text,
        recipe: Some(read.recipe),
    })
}

fn as_json(remark: &Remark) -> Value {
    json!({
        "level": remark.level.word(),
        "rule": remark.rule,
        "line": remark.line,
        "what": remark.what,
        "remedy": remark.remedy,
    })
}
