//! The log: a file of its own, private and bounded. Never the terminal, never a body of an object.

use super::files::private_folder;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// A log file of this size is put aside for a new one; one old file is kept.
const LIMIT: u64 = 4 << 20;

/// Starts to log at `level` into `file`. A second call in one process changes nothing.
pub fn start(file: &Path, level: LevelFilter) -> io::Result<()> {
    if level == LevelFilter::OFF {
        return Ok(());
    }
    let writer = Mutex::new(Capped::open(file.to_owned(), LIMIT)?);
    let layer = fmt::layer().with_writer(writer).with_ansi(false);
    // Already started: the first log goes on.
    let _ = tracing_subscriber::registry()
        .with(layer)
        .with(targets(level))
        .try_init();
    Ok(())
}

/// Our own words at the asked level, those of libraries from warnings on. `kube_client` writes
/// bodies of answers that it cannot read, and so it writes nothing.
fn targets(level: LevelFilter) -> Targets {
    Targets::new()
        .with_target("quarterdeck", level)
        .with_target("kube_client", LevelFilter::OFF)
        .with_default(level.min(LevelFilter::WARN))
}

/// A file that does not grow for ever.
#[derive(Debug)]
struct Capped {
    path: PathBuf,
    file: File,
    size: u64,
    limit: u64,
}

impl Capped {
    fn open(path: PathBuf, limit: u64) -> io::Result<Self> {
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            private_folder(folder)?;
        }
        let file = private(&path)?;
        let size = file.metadata()?.len();
        Ok(Self {
            path,
            file,
            size,
            limit,
        })
    }
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.size > self.limit {
            let mut old = self.path.clone().into_os_string();
            old.push(".1");
            fs::rename(&self.path, old)?;
            self.file = private(&self.path)?;
            self.size = 0;
        }
        let written = self.file.write(bytes)?;
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use tracing::Level;

    #[test]
    fn the_file_is_private_and_bounded() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("state/quarterdeck.log");
        let mut log = Capped::open(path.clone(), 100).unwrap();
        for _ in 0..100 {
            log.write_all(b"a line of the log\n").unwrap();
        }
        let sizes: Vec<u64> = fs::read_dir(path.parent().unwrap())
            .unwrap()
            .map(|f| f.unwrap().metadata().unwrap().len())
            .collect();
        assert_eq!(sizes.len(), 2, "the file and the one before it");
        assert!(sizes.iter().all(|size| *size <= 120), "{sizes:?}");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn bodies_of_answers_are_never_logged() {
        let targets = targets(LevelFilter::TRACE);
        assert!(!targets.would_enable("kube_client::client", &Level::ERROR));
        assert!(targets.would_enable("quarterdeck::cluster", &Level::TRACE));
        assert!(
            !targets.would_enable("hyper", &Level::INFO)
                && targets.would_enable("hyper", &Level::WARN)
        );
    }
}
