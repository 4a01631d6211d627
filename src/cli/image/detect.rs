//! `quarterdeck image detect`.

use super::{DetectArgs, Form};
use crate::cli::catalogue;
use crate::cli::exit::{Code, Refusal};
use crate::cli::out::{Out, warn};
use crate::domain::detect::{Finding, Found, detect};
use crate::domain::recipe::propose;
use crate::domain::text::clean;
use serde_json::{Value, json};

/// Prints what the source is.
pub fn run(args: &DetectArgs, out: &mut Out) -> anyhow::Result<Code> {
    let opened = super::open(&args.source)?;
    let catalogue = catalogue::load(args.catalogue.catalogue.as_deref())?;
    let projects = detect(&opened.source);
    for folder in opened.source.unread() {
        warn(&format!(
            "the folder `{folder}` cannot be read and was left out"
        ));
    }
    let Some(first) = projects.first() else {
        return Err(Refusal::new(
            Code::NotFound,
            format!(
                "nothing was recognised in `{}`; `quarterdeck image init --answers FILE` takes a recipe's answers as they are",
                args.source.dir.display()
            ),
        )
        .into());
    };
    let proposal = propose(first, &catalogue);
    match args.output {
        Form::Json => {
            let mut answer = as_json(first);
            answer["version"] = json!(proposal.recipe.base.version);
            answer["system"] = json!(proposal.recipe.base.system);
            answer["questions"] = proposal
                .questions
                .iter()
                .map(|it| json!({ "answer": it.key, "why": it.what, "remedy": it.remedy }))
                .collect();
            answer["projects"] = projects.iter().skip(1).map(as_json).collect();
            serde_json::to_writer_pretty(&mut *out, &answer)?;
            out.line("")?;
        }
        Form::Text => {
            text(first, out)?;
            for question in &proposal.questions {
                out.line(format!(
                    "? {:16} {}; {}",
                    question.key,
                    clean(&question.what),
                    clean(&question.remedy)
                ))?;
            }
            for other in &projects[1..] {
                out.line("")?;
                text(other, out)?;
            }
        }
    }
    Ok(Code::Done)
}

fn text(found: &Found, out: &mut Out) -> std::io::Result<()> {
    let folder = if found.folder.is_empty() {
        "."
    } else {
        &found.folder
    };
    out.line(format!("{} in {}", found.stack, clean(folder)))?;
    for Finding { answer, evidence } in &found.findings {
        out.line(format!(
            "  {:16} {:24} {}",
            answer.key(),
            clean(&answer.value()),
            clean(&evidence.to_string())
        ))?;
    }
    Ok(())
}

fn as_json(found: &Found) -> Value {
    let findings: Vec<Value> = found
        .findings
        .iter()
        .map(|Finding { answer, evidence }| {
            json!({
                "answer": answer.key(),
                "value": answer.value(),
                "evidence": evidence.to_string(),
                "file": evidence.file,
                "line": evidence.line,
            })
        })
        .collect();
    let questions: Vec<Value> = found
        .questions
        .iter()
        .map(|it| json!({ "answer": it.key, "why": it.why }))
        .collect();
    json!({ "folder": found.folder, "stack": found.stack, "findings": findings, "questions": questions })
}
