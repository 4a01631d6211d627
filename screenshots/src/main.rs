//! Takes the pictures of quarterdeck: runs the program in a pseudo-terminal against its demo, at an
//! instant at which time stands still, walks the steps of `pictures.toml`, and draws what the
//! terminal shows.
//!
//! ```text
//! pictures.toml ─▶ script ─▶ take ─▶ console (program, terminal) ─▶ grid ─▶ svg, film ─▶ raster
//! ```

#![forbid(unsafe_code)]

mod console;
mod film;
mod font;
mod grid;
mod raster;
mod script;
mod shapes;
mod svg;
mod take;

use anyhow::{Context, bail};
use clap::Parser;
use font::Fonts;
use script::{Picture, Script};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, thread};
use take::Taken;

/// Takes the pictures of quarterdeck
#[derive(Debug, Parser)]
struct Args {
    /// Write nothing; fail where a picture is no longer what the program draws
    #[arg(long)]
    check: bool,
    /// Program to take pictures of; a release build is made when absent
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Also write each screen of a film as PNG to this folder
    #[arg(long, value_name = "DIR")]
    screens: Option<PathBuf>,
    /// These pictures only
    names: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("pictures: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// A line for the person who called.
fn say(line: &str) {
    // There is no other place to say that this one is closed.
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn run(args: &Args) -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = folder.join("pictures.toml");
    let text = fs::read_to_string(&file).with_context(|| format!("{}", file.display()))?;
    let script: Script = toml::from_str(&text).with_context(|| format!("{}", file.display()))?;
    let program = match &args.program {
        Some(program) => program.clone(),
        None => build(folder)?,
    };
    let program = fs::canonicalize(&program).with_context(|| format!("{}", program.display()))?;
    let wanted: Vec<&Picture> = script
        .pictures
        .iter()
        .filter(|picture| args.names.is_empty() || args.names.contains(&picture.name))
        .collect();
    if let Some(name) = args
        .names
        .iter()
        .find(|name| wanted.iter().all(|p| p.name != **name))
    {
        bail!("there is no picture `{name}` in {}", file.display());
    }
    let fonts = Fonts::load()?;
    let next = AtomicUsize::new(0);
    let failed = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(picture) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let done = take::take(&program, &script, picture, &fonts)
                        .and_then(|taken| keep(args, folder, picture, &taken, &fonts));
                    if let Err(error) = done {
                        failed.fetch_add(1, Ordering::Relaxed);
                        say(&format!("✖ {}: {error:#}", picture.name));
                    } else {
                        say(&format!("● {}", picture.name));
                    }
                }
            });
        }
    });
    match failed.into_inner() {
        0 => Ok(()),
        failed => bail!("{failed} of {} pictures failed", wanted.len()),
    }
}

/// Makes a release build; where it is.
fn build(folder: &Path) -> anyhow::Result<PathBuf> {
    let root = folder.parent().context("the project has no folder")?;
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--package", "quarterdeck"])
        .current_dir(root)
        .status()?;
    anyhow::ensure!(built.success(), "the program does not compile");
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join("release/quarterdeck"))
}

/// Writes a picture, or compares it with the one that is kept.
fn keep(
    args: &Args,
    folder: &Path,
    picture: &Picture,
    taken: &Taken,
    fonts: &Fonts,
) -> anyhow::Result<()> {
    let file = folder.join(&picture.name).with_extension("svg");
    if let Some(screens) = &args.screens {
        fs::create_dir_all(screens)?;
        for (at, frame) in taken.frames.iter().enumerate() {
            let still = svg::still(fonts, &frame.grid);
            fs::write(
                screens.join(format!("{}-{at:03}.png", picture.name)),
                raster::png(&still)?,
            )?;
        }
    }
    if args.check {
        let kept = fs::read_to_string(&file).unwrap_or_default();
        anyhow::ensure!(
            kept == taken.svg,
            "the program draws another picture now; `cargo run -p pictures` takes it again, then look \
             at what changed. It shows\n{}",
            taken.last.text()
        );
        return Ok(());
    }
    fs::write(&file, &taken.svg)?;
    if !picture.film {
        fs::write(file.with_extension("png"), raster::png(&taken.svg)?)?;
    }
    Ok(())
}
