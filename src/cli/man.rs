//! `quarterdeck man [VERB]`

use super::args::Cli;
use super::exit::{Code, Refusal};
use super::out::Out;
use clap::{Command, CommandFactory};
use clap_mangen::Man;

/// Prints the manual page of the program or of one verb, as roff.
pub fn run(verb: Option<&str>, out: &mut Out) -> anyhow::Result<Code> {
    let mut program = Cli::command();
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
