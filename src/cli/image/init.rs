//! `quarterdeck image init`.

use super::InitArgs;
use crate::cli::catalogue;
use crate::cli::exit::{Code, Refusal};
use crate::cli::out::{Out, warn};
use crate::domain::build::Fault;
use crate::domain::detect::detect;
use crate::domain::dockerfile::{Variant, plan};
use crate::domain::document::Flaw;
use crate::domain::recipe::{self, Proposal, Recipe, propose};
use crate::images::{flawed, needed, text, write};

/// Writes the recipe, or shows it.
pub fn run(args: &InitArgs, out: &mut Out) -> anyhow::Result<Code> {
    let opened = super::open(&args.source)?;
    let catalogue = catalogue::load(args.catalogue.catalogue.as_deref())?;
    let file = args.source.dir.join(recipe::FILE);
    let old = text(&file)?;
    if old.is_some() && !args.force && args.yes {
        return Err(Refusal::new(
            Code::Failed,
            format!(
                "`{}` is there already; --force writes over it and keeps its comments",
                file.display()
            ),
        )
        .into());
    }
    let Proposal {
        mut recipe,
        mut questions,
    } = detect(&opened.source)
        .first()
        .map(|found| propose(found, &catalogue))
        .unwrap_or_default();
    if let Some(url) = opened.url {
        recipe.project.source = url;
    }
    if let Some(answers) = &args.answers {
        let given = needed(answers)?;
        answer(
            &mut recipe,
            &mut questions,
            &answers.display().to_string(),
            &given,
        )?;
    }
    let mut missing = questions;
    if recipe.build.dockerfile.is_empty()
        && let Err(flaws) = plan(&recipe, &catalogue, Variant::BuildKit)
    {
        let new = |flaw: &Flaw| missing.iter().all(|known| known.key != flaw.key);
        let flaws: Vec<Flaw> = flaws.into_iter().filter(new).collect();
        missing.extend(flaws);
    }
    let written = recipe::write(&recipe, old.as_deref());
    if !args.yes {
        out.line(written.trim_end())?;
        for flaw in &missing {
            warn(&format!("missing: {flaw}"));
        }
        warn(&format!(
            "nothing was written; --yes writes this to {}",
            file.display()
        ));
        return Ok(Code::Done);
    }
    if !missing.is_empty() {
        let what =
            "some answers are missing: give them with --answers FILE, in the form of a recipe";
        return Err(flawed(what, &missing).into());
    }
    write(&file, &written)?;
    out.line(format!("wrote {}", file.display()))?;
    Ok(Code::Done)
}

/// Lays given answers over detected ones; what is answered is no question any more.
fn answer(
    recipe: &mut Recipe,
    questions: &mut Vec<Flaw>,
    file: &str,
    text: &str,
) -> Result<(), Fault> {
    let (flaws, places) = recipe.lay(file, text);
    if !flaws.is_empty() {
        return Err(flawed("the answers cannot be used", &flaws));
    }
    questions.retain(|question| !places.has(&question.key));
    Ok(())
}
