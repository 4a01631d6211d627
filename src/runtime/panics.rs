//! A panic never leaves a broken terminal, a panic in a task never ends the program, and each
//! leaves a report.

use super::files::create_beside;
use super::mailbox::Post;
use super::terminal;
use crate::app::{Msg, Notice, Severity};
use crate::cluster::now;
use crate::domain::text::Text;
use std::backtrace::Backtrace;
use std::fs;
use std::io::{self, Write};
use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::path::{Path, PathBuf};

/// So many reports are kept.
const KEPT: usize = 10;

/// Begins the name of a report.
const STEM: &str = "panic-";

/// From now on a panic of this thread gives the terminal back before it says anything; a panic of
/// another thread, which is one of a task, is told on screen. A report of it is written into
/// `reports`, and where it is, is said.
pub fn watch(post: Post, reports: PathBuf) {
    let ours = std::thread::current().id();
    let usual = take_hook();
    set_hook(Box::new(move |info| {
        tracing::error!("panic: {info}");
        let report = write(&reports, info);
        if std::thread::current().id() != ours && terminal::is_taken() {
            post.send_or_lose(Msg::Notice(told(info, report.ok().as_deref())));
        } else {
            terminal::give_back();
            usual(info);
            let said = match report {
                Ok(file) => format!(
                    "quarterdeck failed; a report of it is in {}. `quarterdeck bundle` gathers what else helps to mend it.",
                    file.display()
                ),
                Err(error) => format!(
                    "quarterdeck failed, and a report of it cannot be written into {}: {error}",
                    reports.display()
                ),
            };
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(io::stderr(), "{said}");
        }
    }));
}

fn told(info: &PanicHookInfo<'_>, report: Option<&Path>) -> Notice {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let report = report.map_or_else(String::new, |file| {
        format!("; the report is {}", file.display())
    });
    Notice {
        severity: Severity::Error,
        what: Text::new("a part of quarterdeck failed and was stopped"),
        why: Text::new(&format!(
            "{} at {place}",
            info.payload_as_str().unwrap_or("panic")
        )),
        remedy: Text::new(&format!(
            "lists start again by themselves, `:reconnect` starts the rest; `:bundle` gathers what helps to mend it{report}"
        )),
    }
}

/// Writes a report, for this person alone, and takes the oldest ones away.
fn write(folder: &Path, info: &PanicHookInfo<'_>) -> io::Result<PathBuf> {
    let at = now();
    let stem = format!("{STEM}{at}");
    let (path, mut file) = create_beside(folder, &stem, "txt")?;
    let thread = std::thread::current();
    writeln!(
        file,
        "quarterdeck {} on {} {}\n{at}, thread {}\n\n{info}\n\n{}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        thread.name().unwrap_or("without a name"),
        Backtrace::force_capture(),
    )?;
    let reports = reports(folder);
    for old in reports.iter().rev().skip(KEPT) {
        fs::remove_file(old)?;
    }
    Ok(path)
}

/// The reports in a folder, oldest first.
pub fn reports(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_one = |file: &PathBuf| {
        let name = file.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(STEM))
    };
    let mut reports: Vec<_> = files.map(|file| file.path()).filter(is_one).collect();
    // Their names are their moments.
    reports.sort();
    reports
}
