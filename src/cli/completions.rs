//! `quarterdeck completions SHELL`

use super::args::Cli;
use super::exit::Code;
use super::out::Out;
use clap::CommandFactory;
use clap_complete::Shell;
use std::io::Write;

/// Prints the completions of a shell.
pub fn run(shell: Shell, out: &mut Out) -> anyhow::Result<Code> {
    // `generate` ends the program on a write error, so it writes into memory.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "quarterdeck", &mut script);
    out.write_all(&script)?;
    Ok(Code::Done)
}
