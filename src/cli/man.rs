//! `quarterdeck man [VERB]`, `quarterdeck man --to FOLDER`

use super::args::Cli;
use super::exit::{Code, Refusal};
use super::out::Out;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use std::path::Path;

/// Prints the manual page of the program or of one verb, as roff; or writes all pages to a folder.
pub fn run(verb: Option<&str>, to: Option<&Path>, out: &mut Out) -> anyhow::Result<Code> {
    let mut program = Cli::command();
    if let Some(folder) = to {
        clap_mangen::generate_to(program, folder).map_err(|error| {
            let what = format!("{}: {error}; name a folder that is there", folder.display());
            Refusal::new(Code::Failed, what)
        })?;
        return Ok(Code::Done);
    }
    program.build();
    let page = match verb {
        None => program,
        Some(verb) => page_of(&program, verb)?,
    };
    Man::new(page).render(out)?;
    Ok(Code::Done)
}

fn page_of(program: &Command, verb: &str) -> Result<Command, Refusal> {
    // `build` has given each verb its display name, `quarterdeck-VERB`.
    program.find_subcommand(verb).cloned().ok_or_else(|| {
        let known: Vec<_> = program.get_subcommands().map(Command::get_name).collect();
        Refusal::new(
            Code::Usage,
            format!(
                "`{verb}` has no page; there are pages for {}",
                known.join(", ")
            ),
        )
    })
}
