//! A support bundle: what a bug report needs, in one file, and nothing that is secret. What it holds
//! is said before it is written.

use super::files::{create_beside, private_folder};
use super::{journal, panics};
use crate::app::redact::hide_notice;
use crate::app::{App, help};
use crate::cluster::now;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// So much of the end of the log.
const LOG: u64 = 256 << 10;

/// One file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// What is in it.
    pub what: &'static str,
    /// All of it.
    pub text: String,
}

/// What a bundle holds.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    parts: Vec<Part>,
}

impl Bundle {
    /// A bundle of these parts, the end of the log and the last report of a panic.
    pub fn new(mut parts: Vec<Part>, log: &Path, reports: &Path) -> Self {
        parts.push(Part {
            name: "quarterdeck.log",
            what: "the end of the program's own log",
            text: end_of(log, LOG).unwrap_or_else(|error| format!("{error}\n")),
        });
        if let Some(report) = panics::reports(reports).last() {
            parts.push(Part {
                name: "panic.txt",
                what: "the last report of a panic",
                text: end_of(report, LOG).unwrap_or_else(|error| format!("{error}\n")),
            });
        }
        Self { parts }
    }

    /// With what the console knows: the session and what was said. The words of servers are
    /// placeholders.
    #[must_use]
    pub fn with_session(mut self, app: &App) -> Self {
        let mut notices = String::new();
        for (at, notice) in app.world.notices.all() {
            let mut notice = notice.clone();
            hide_notice(&mut notice);
            // Writing into a text cannot fail.
            let _ = writeln!(notices, "{at} {:?} {}", notice.severity, notice.line());
        }
        let mut session = format!("{}\nFeeds\n\n", help::about(app));
        for ((kind, scope), state) in &app.world.feeds {
            let scope = scope.0.as_deref().unwrap_or("all namespaces");
            let state = journal::word(state);
            let _ = writeln!(session, "  {:<19}{state} in {scope}", kind.plural());
        }
        self.parts.push(Part {
            name: "session.txt",
            what: "the server, who you are, how the feeds stand",
            text: session,
        });
        self.parts.push(Part {
            name: "notices.txt",
            what: "what was said, servers' words as placeholders",
            text: notices,
        });
        self
    }

    /// What is in it, a line each.
    pub fn lines(&self) -> Vec<String> {
        let widest = self.parts.iter().map(|part| part.name.len()).max();
        let line = |part: &Part| {
            let size = match part.text.len().div_ceil(1024) {
                0 => "empty".to_owned(),
                size => format!("{size} KiB"),
            };
            let name = format!("{:<1$}", part.name, widest.unwrap_or(0));
            format!("{name}  {} ({size})", part.what)
        };
        self.parts.iter().map(line).collect()
    }

    /// Writes it into a new file of `folder`.
    pub fn write_into(&self, folder: &Path) -> io::Result<PathBuf> {
        private_folder(folder)?;
        let stem = format!("quarterdeck-{}", now());
        let (path, file) = create_beside(folder, &stem, "tar.gz")?;
        self.write(file)?;
        Ok(path)
    }

    /// Writes it.
    pub fn write(&self, file: File) -> io::Result<()> {
        let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::default()));
        let seconds = u64::try_from(now().0 / 1000).unwrap_or(0);
        for part in &self.parts {
            let mut header = tar::Header::new_gnu();
            header.set_size(part.text.len() as u64);
            header.set_mode(0o600);
            header.set_mtime(seconds);
            let place = Path::new("quarterdeck").join(part.name);
            archive.append_data(&mut header, place, part.text.as_bytes())?;
        }
        archive.into_inner()?.finish()?.sync_all()
    }
}

/// The last bytes of a file, from the beginning of a line on.
fn end_of(file: &Path, most: u64) -> io::Result<String> {
    let mut file = File::open(file)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(most)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let cut = if size > most {
        text.find('\n').map_or(0, |at| at + 1)
    } else {
        0
    };
    Ok(text[cut..].to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn it_holds_what_it_says_and_is_private() {
        let home = tempfile::tempdir().unwrap();
        let log = home.path().join("log");
        std::fs::write(&log, "a line of the log\n".repeat(1 << 15)).unwrap();
        let parts = vec![Part {
            name: "info.json",
            what: "versions",
            text: "{}".into(),
        }];
        let bundle = Bundle::new(parts, &log, home.path());
        assert_eq!(bundle.lines().len(), 2, "{:?}", bundle.lines());
        let path = bundle.write_into(&home.path().join("new")).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let unpacked = flate2::read::GzDecoder::new(File::open(&path).unwrap());
        let mut archive = tar::Archive::new(unpacked);
        let mut names = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().display().to_string();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            if name.ends_with("quarterdeck.log") {
                assert!(
                    text.len() as u64 <= LOG && text.starts_with("a line"),
                    "{name}"
                );
            }
            names.push(name);
        }
        assert_eq!(
            names,
            ["quarterdeck/info.json", "quarterdeck/quarterdeck.log"]
        );
    }
}
