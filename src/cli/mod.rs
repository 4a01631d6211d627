//! The command line: one file per verb, what they share beside them.
//!
//! Standard output belongs to [`out`], exit codes to [`exit`]. Nothing here draws or knows a
//! screen; the console is the runtime's.

mod args;
mod bundle;
mod catalogue;
mod completions;
mod config;
mod console;
mod demo;
mod exec;
mod exit;
mod get;
mod image;
mod info;
mod keymap;
mod logs;
mod man;
mod out;
mod replay;
mod session;
mod settings;

use crate::cluster::stand_still;
use args::{Cli, Verb};
use clap::Parser;
use exit::Code;
use out::Out;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program with these arguments, the program's own name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return not_parsed(&error),
    };
    let mut out = Out::stdout();
    let done =
        carry_out(cli, &mut out).and_then(|code| out.flush().map(|()| code).map_err(Into::into));
    match done {
        Ok(code) => code,
        Err(error) if out::is_closed(&error) => Code::Done.into(),
        Err(error) => {
            out::complain(&format!("{error:#}"));
            Code::of(&error).into()
        }
    }
}

/// Help and version are answers; anything else is a usage error.
fn not_parsed(error: &clap::Error) -> ExitCode {
    // A closed pipe behind `--help` is not worth a word.
    let _ = error.print();
    if error.use_stderr() {
        Code::Usage
    } else {
        Code::Done
    }
    .into()
}

fn carry_out(cli: Cli, out: &mut Out) -> anyhow::Result<ExitCode> {
    if let Some(at) = cli.cluster.still_at {
        stand_still(at);
    }
    let done = match cli.verb {
        Some(Verb::Get(args)) => get::run(&cli.cluster, &args, out),
        Some(Verb::Logs(args)) => logs::run(&cli.cluster, &args, out),
        Some(Verb::Image(args)) => image::run(&args, &mut *out),
        Some(Verb::Catalogue(args)) => catalogue::run(&args, out),
        Some(Verb::Exec(args)) => return exec::run(&cli.cluster, &args),
        Some(Verb::Keymap(args)) => keymap::run(&args, &cli.cluster, &cli.console, out),
        Some(Verb::Config(args)) => config::run(&args, &cli.cluster, &cli.console, out),
        Some(Verb::Info(args)) => info::run(&cli.cluster, &args, out),
        Some(Verb::Bundle(args)) => bundle::run(&cli.cluster, &cli.console, &args, out),
        Some(Verb::Replay(args)) => return replay::run(&cli.cluster, &cli.console, &args, out),
        Some(Verb::Completions { shell }) => completions::run(shell, out),
        Some(Verb::Man { verb, to }) => man::run(verb.as_deref(), to.as_deref(), out),
        Some(Verb::Demo(args)) => return demo::run(&cli.cluster, cli.console, *args, out),
        None => {
            let world = demo::Wanted::of(&demo::WorldArgs::default(), cli.cluster.still_at);
            return console::run(&cli.cluster, &cli.console, false, world.starter());
        }
    };
    done.map(ExitCode::from)
}
