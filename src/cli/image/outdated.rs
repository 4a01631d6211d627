//! `quarterdeck image outdated`.

use super::{Form, OutdatedArgs};
use crate::cli::catalogue;
use crate::cli::exit::Code;
use crate::cli::out::Out;
use crate::domain::outdated::Age;
use crate::domain::text::clean;
use crate::images::{outdated, renew};
use serde_json::json;

/// Lists recipes; ends with 1 while something is outdated or flawed.
pub fn run(args: &OutdatedArgs, out: &mut Out) -> anyhow::Result<Code> {
    let catalogue = catalogue::load(args.catalogue.catalogue.as_deref())?;
    let mut failed = false;
    let found = outdated(&args.dirs, &catalogue, args.classic)?;
    if found.is_empty() && args.output == Form::Text {
        out.line("there is no quarterdeck.toml there; `quarterdeck image init` writes one")?;
    }
    for mut aged in found {
        if args.write && aged.age == Age::Outdated {
            aged = renew(&aged.folder, &catalogue, args.classic);
        }
        failed |= matches!(aged.age, Age::Outdated | Age::Flawed);
        let word = aged.age.word();
        let line = match args.output {
            Form::Json => {
                json!({ "folder": aged.folder, "state": word, "why": aged.why }).to_string()
            }
            Form::Text => format!("{word:9} {}  {}", aged.folder.display(), clean(&aged.why))
                .trim_end()
                .to_owned(),
        };
        out.line(line)?;
    }
    Ok(if failed { Code::Failed } else { Code::Done })
}
