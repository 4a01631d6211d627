//! `quarterdeck replay`: a recording, run again on the screen or down to its last frame.

use super::args::{ClusterArgs, ConsoleArgs};
use super::exit::{Code, Refusal};
use super::out::Out;
use super::settings::{Settings, speaks_utf8};
use crate::runtime::{Recording, ReplayLooks, last_frame, play};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The recording
    pub file: PathBuf,
    /// Print the last frame instead of showing how it went
    #[arg(long)]
    pub dump: bool,
    /// With --dump: the frame after so many messages
    #[arg(long, value_name = "MESSAGES", requires = "dump")]
    pub until: Option<usize>,
    /// So many times as fast
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
}

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok().filter(|it| (0.01..=1000.0).contains(it));
    speed.ok_or_else(|| "a number from 0.01 to 1000".to_owned())
}

/// Carries out `replay`.
pub fn run(
    cluster: &ClusterArgs,
    console: &ConsoleArgs,
    args: &ReplayArgs,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let recording = Recording::open(&args.file).map_err(|why| Refusal::new(Code::Failed, why))?;
    let mut settings = Settings::load(cluster, console);
    let theme = settings.theme();
    if args.dump {
        out.line(last_frame(recording, args.until, &theme).trim_end())?;
        return Ok(Code::Done.into());
    }
    let looks = ReplayLooks {
        theme,
        ascii: !speaks_utf8(|name| std::env::var(name).ok()),
        reports: settings.paths.reports(),
        speed: args.speed,
    };
    let code = play(recording, looks).map_err(|error| {
        let why = format!("a replay needs a terminal: {error}; --dump works without one");
        Refusal::new(Code::Failed, why)
    })?;
    Ok(code.into())
}
