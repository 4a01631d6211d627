//! `quarterdeck bundle`: what a bug report needs, in one file. Asks no server.

use super::args::{ClusterArgs, ConsoleArgs};
use super::exit::{Code, Refusal};
use super::out::Out;
use super::settings::Settings;
use super::{config, info};
use crate::runtime::files::create;
use crate::runtime::{Bundle, Part};
use clap::Args;
use std::io::{self, BufRead, IsTerminal};
use std::path::PathBuf;

/// Arguments of `bundle`.
#[derive(Debug, Args)]
pub struct BundleArgs {
    /// The file to write instead of one in the state folder
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write it without asking
    #[arg(short, long)]
    pub yes: bool,
}

/// Carries out `bundle`.
pub fn run(
    cluster: &ClusterArgs,
    console: &ConsoleArgs,
    args: &BundleArgs,
    out: &mut Out,
) -> anyhow::Result<Code> {
    let settings = Settings::load(cluster, console);
    let (log, reports) = (settings.log_file(console), settings.paths.reports());
    let bundle = Bundle::new(parts(cluster, console), &log, &reports);
    out.line("A support bundle holds, and nothing else:")?;
    for line in bundle.lines() {
        out.line(format!("  {line}"))?;
    }
    out.flush()?;
    if !args.yes && !agreed(out)? {
        out.line("nothing is written")?;
        return Ok(Code::Done);
    }
    let path = match &args.output {
        None => bundle.write_into(&settings.paths.bundles())?,
        Some(file) => {
            let made = create(file).map_err(|error| {
                let why = format!("{} cannot be made: {error}", file.display());
                Refusal::new(Code::Failed, why)
            })?;
            bundle.write(made)?;
            file.clone()
        }
    };
    out.line(format!("written: {}", path.display()))?;
    Ok(Code::Done)
}

/// Asks the person at the terminal.
fn agreed(out: &mut Out) -> anyhow::Result<bool> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        let why = "nobody is there to be asked; --yes writes it";
        return Err(Refusal::new(Code::Usage, why.to_owned()).into());
    }
    out.line("Write it? y or n")?;
    out.flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// What the files and the environment say.
pub fn parts(cluster: &ClusterArgs, console: &ConsoleArgs) -> Vec<Part> {
    let mut settings = Settings::load(cluster, console);
    let keys = settings.keymap();
    settings.theme();
    let problems: Vec<String> = settings.problems.iter().map(ToString::to_string).collect();
    vec![
        Part {
            name: "info.json",
            what: "versions, paths, names of what is in use",
            text: info::json(cluster),
        },
        Part {
            name: "config.txt",
            what: "the configuration, and where it comes from",
            text: config::shown(&settings, true),
        },
        Part {
            name: "problems.txt",
            what: "what is wrong in the person's files",
            text: problems.join("\n"),
        },
        Part {
            name: "keys.txt",
            what: "the key map in force",
            text: crate::app::help::keys(&keys),
        },
    ]
}
