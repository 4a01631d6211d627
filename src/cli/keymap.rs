//! `quarterdeck keymap`: what a key map binds, and whether one is sound.

use super::args::{ClusterArgs, ConsoleArgs};
use super::exit::{Code, Refusal};
use super::out::Out;
use super::settings::Settings;
use crate::app::help;
use crate::input::{self, Keymap};
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};

/// Arguments of `keymap`.
#[derive(Debug, Args)]
pub struct KeymapArgs {
    #[command(subcommand)]
    pub what: What,
}

/// What to do with the key map.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Say what is wrong with a key map file, each with line and remedy
    Check {
        /// The file
        file: PathBuf,
    },
    /// Show the keys of a key map: the one in force, or the one of a name
    Show {
        /// `default`, `vim`, `emacs`, `arrows`, or one of your own
        name: Option<String>,
    },
}

/// Carries out `keymap`.
pub fn run(
    args: &KeymapArgs,
    cluster: &ClusterArgs,
    console: &ConsoleArgs,
    out: &mut Out,
) -> anyhow::Result<Code> {
    match &args.what {
        What::Check { file } => check(file, out),
        What::Show { name } => {
            let mut console = console.clone();
            if name.is_some() {
                console.keymap.clone_from(name);
            }
            let mut settings = Settings::load(cluster, &console);
            let keymap = settings.keymap();
            out.line(help::keys(&keymap).trim_end())?;
            settings.complain();
            Ok(if settings.problems.is_empty() {
                Code::Done
            } else {
                Code::Failed
            })
        }
    }
}

fn check(file: &Path, out: &mut Out) -> anyhow::Result<Code> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Refusal::new(
            Code::NotFound,
            format!("{} cannot be read: {error}", file.display()),
        )
    })?;
    // It is laid over the default one, as it is when it is used.
    let mut keymap: Keymap = input::shipped("default").unwrap_or_default();
    let problems = input::load(&mut keymap, &text);
    for problem in &problems {
        out.line(format!(
            "{}:{}: {}; {}",
            file.display(),
            problem.line,
            problem.what,
            problem.remedy
        ))?;
    }
    if problems.is_empty() {
        out.line(format!("{} is sound", file.display()))?;
        return Ok(Code::Done);
    }
    Ok(Code::Failed)
}
