//! What was built: one line of JSON for each build, and what its steps wrote, compressed.

use super::project::private_folder;
use crate::domain::build::{Build, Event, Outcome};
use crate::domain::time::Millis;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Builds whose lines are kept; of older ones the entry stays.
const LOGS: usize = 100;

/// Entries that are read at most, the newest.
const ENTRIES: usize = 500;

/// One build.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// When it began, RFC 3339.
    pub at: String,
    /// Name and tag.
    pub tag: String,
    /// The folder of the source.
    pub folder: String,
    /// Hash of the answers: equal answers have equal ones.
    pub recipe: String,
    /// What the engine calls the base images.
    pub bases: Vec<String>,
    /// How long it took.
    pub seconds: f64,
    /// `built`, `pushed`, `failed` or `stopped`.
    pub result: String,
    /// Why it failed.
    pub why: String,
    /// The image's id.
    pub image: String,
    /// The digest that the registry has.
    pub digest: String,
    /// The file with what its steps wrote, below the folder of builds.
    pub log: String,
}

impl Entry {
    /// Takes in how it ended.
    pub fn ended(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Built { image, digest } => {
                self.result = if digest.is_some() { "pushed" } else { "built" }.into();
                self.image.clone_from(image);
                self.digest = digest.clone().unwrap_or_default();
            }
            Outcome::Failed(fault) => {
                self.result = "failed".into();
                self.why.clone_from(&fault.what);
            }
            Outcome::Stopped => self.result = "stopped".into(),
        }
    }
}

/// Where builds are remembered.
#[derive(Clone, Debug)]
pub struct History(pub PathBuf);

impl History {
    /// The newest entries, newest first. A line that cannot be read is left out.
    pub fn read(&self) -> Vec<Entry> {
        // No history yet is an empty one.
        let text = fs::read_to_string(self.file()).unwrap_or_default();
        let lines = text.lines().rev().take(ENTRIES);
        lines
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    /// How long the last build of the same image took that came to its end.
    pub fn last(&self, name: &str) -> Option<Millis> {
        let same = |entry: &Entry| {
            let known = entry
                .tag
                .rsplit_once(':')
                .map_or(entry.tag.as_str(), |(n, _)| n);
            known == name && matches!(entry.result.as_str(), "built" | "pushed")
        };
        let entry = self.read().into_iter().find(same)?;
        #[expect(clippy::cast_possible_truncation, reason = "seconds of a build")]
        let millis = (entry.seconds * 1000.0) as i64;
        Some(Millis(millis))
    }

    /// Begins to keep the lines of a build called `name`.
    pub fn record(&self, name: &str) -> io::Result<Recording> {
        private_folder(&self.0)?;
        let log = format!("{name}.log.gz");
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(self.0.join(&log))?;
        Ok(Recording {
            log,
            lines: GzEncoder::new(file, Compression::fast()),
        })
    }

    /// Adds an entry, and drops the lines of builds that are long ago.
    pub fn add(&self, entry: &Entry) -> io::Result<()> {
        private_folder(&self.0)?;
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(self.file())?;
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        // One write: two consoles may add at once.
        file.write_all(&line)?;
        for old in self.read().iter().skip(LOGS) {
            if is_name(&old.log) {
                // It may be gone already.
                let _ = fs::remove_file(self.0.join(&old.log));
            }
        }
        Ok(())
    }

    fn file(&self) -> PathBuf {
        self.0.join("builds.jsonl")
    }
}

/// A file of the folder itself: an entry that was written by others leads nowhere else.
fn is_name(log: &str) -> bool {
    !log.is_empty() && Path::new(log).file_name().is_some_and(|name| name == log)
}

/// The lines of a build that goes on.
#[derive(Debug)]
pub struct Recording {
    /// The file's name.
    pub log: String,
    lines: GzEncoder<File>,
}

impl Recording {
    /// Keeps what an event says.
    pub fn take(&mut self, event: &Event, build: &Build) -> io::Result<()> {
        match event {
            Event::Step { name, state, .. } => writeln!(self.lines, "{}: {name}", state.word()),
            Event::Log { step, line } => {
                let number = build.steps.iter().position(|known| known.id == *step);
                writeln!(self.lines, "{:>3} {line}", number.map_or(0, |n| n + 1))
            }
            _ => Ok(()),
        }
    }

    /// The build has ended.
    pub fn end(self) -> io::Result<()> {
        self.lines.finish()?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::domain::build::StepState;
    use crate::domain::catalogue::ImageRef;
    use crate::domain::time::Timestamp;
    use flate2::read::GzDecoder;
    use std::io::Read;

    fn entry(tag: &str, seconds: f64, result: &str) -> Entry {
        Entry {
            tag: tag.into(),
            seconds,
            result: result.into(),
            ..Entry::default()
        }
    }

    #[test]
    fn the_newest_comes_first_and_rubbish_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let history = History(folder.path().join("builds"));
        assert_eq!(history.read(), []);
        history.add(&entry("a:1", 10.0, "built")).unwrap();
        let mut file = OpenOptions::new()
            .append(true)
            .open(history.file())
            .unwrap();
        file.write_all(b"rubbish\n").unwrap();
        history.add(&entry("a:2", 1.5, "failed")).unwrap();
        let tags: Vec<String> = history.read().into_iter().map(|it| it.tag).collect();
        assert_eq!(tags, ["a:2", "a:1"]);
        assert_eq!(
            history.last("a"),
            Some(Millis(10_000)),
            "of one that was built"
        );
        assert_eq!(history.last("b"), None);
    }

    #[test]
    fn lines_are_kept_and_those_of_long_ago_are_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let history = History(folder.path().to_owned());
        let mut build = Build::new(ImageRef::parse("a:1").unwrap(), false, false, Timestamp(0));
        let mut recording = history.record("one").unwrap();
        for event in [
            Event::Step {
                id: "x".into(),
                name: "RUN x".into(),
                state: StepState::Started,
            },
            Event::Log {
                step: "x".into(),
                line: "said".into(),
            },
        ] {
            build.take(&event, Timestamp(0));
            recording.take(&event, &build).unwrap();
        }
        recording.end().unwrap();
        let mut text = String::new();
        let file = File::open(folder.path().join("one.log.gz")).unwrap();
        GzDecoder::new(file).read_to_string(&mut text).unwrap();
        assert_eq!(text, "started: RUN x\n  1 said\n");
        let old = Entry {
            log: "one.log.gz".into(),
            ..Entry::default()
        };
        history.add(&old).unwrap();
        for _ in 0..LOGS {
            history.add(&Entry::default()).unwrap();
        }
        assert!(!folder.path().join("one.log.gz").exists());
    }

    #[test]
    fn an_entry_leads_to_no_file_elsewhere() {
        for (log, well) in [
            ("a.log.gz", true),
            ("../a", false),
            ("/etc/x", false),
            ("", false),
        ] {
            assert_eq!(is_name(log), well, "{log}");
        }
    }
}
