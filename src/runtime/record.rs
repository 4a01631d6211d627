//! `--record`: what happens, written down so that it can be run again.
//!
//! The file is of this person alone, one JSON value a line: first what the program began with, then
//! each message with its moment, and a mark wherever a frame was drawn: columns are as wide as what
//! was seen in them, so which frames there were is part of how it looked. Its form has a version,
//! its size an end.

use super::files::create;
use crate::app::redact::{hide_notice, redact};
use crate::app::{App, Msg, Notice, Setup};
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufWriter, Lines, Write};
use std::path::{Path, PathBuf};

/// The version of the form.
pub const VERSION: u32 = 2;

/// No recording grows beyond this.
const LIMIT: u64 = 64 << 20;

/// The first line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Head {
    /// The version of the form.
    pub recording: u32,
    /// The version of the program.
    pub quarterdeck: String,
    /// Secrets, log text and what panes show are placeholders.
    pub redacted: bool,
    /// Columns and rows.
    pub size: (u16, u16),
    /// The moment of the start.
    pub at: Timestamp,
    /// What the program began with.
    pub setup: Setup,
}

/// Where a recording goes, and whether nothing is left out of it.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The file; it must not be there yet.
    pub file: PathBuf,
    /// Secrets and all.
    pub all: bool,
}

/// The line that says that a frame was drawn.
const DRAWN: &str = "drawn";

/// What a recording tells after its first line.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// The core heard this, then.
    Heard(Timestamp, Box<Msg>),
    /// A frame was drawn.
    Drawn,
}

/// Writes a recording.
#[derive(Debug)]
pub struct Recorder {
    out: BufWriter<File>,
    wanted: Wanted,
    left: u64,
    /// Nothing is written any more.
    ended: bool,
}

impl Recorder {
    /// Begins a recording.
    pub fn begin(
        wanted: Wanted,
        setup: &Setup,
        size: (u16, u16),
        now: Timestamp,
    ) -> io::Result<Self> {
        let mut setup = setup.clone();
        if !wanted.all {
            setup.notices.iter_mut().for_each(hide_notice);
        }
        let head = Head {
            recording: VERSION,
            quarterdeck: env!("CARGO_PKG_VERSION").into(),
            redacted: !wanted.all,
            size,
            at: now,
            setup,
        };
        let mut recorder = Self {
            out: BufWriter::new(create(&wanted.file)?),
            wanted,
            left: LIMIT,
            ended: false,
        };
        recorder.line(&head)?;
        recorder.out.flush()?;
        Ok(recorder)
    }

    /// Writes down what the core is about to hear. A notice when the recording ends with it.
    pub fn note(&mut self, app: &App, msg: &Msg, now: Timestamp) -> Option<Notice> {
        if self.ended {
            return None;
        }
        let private = app.is_private(msg);
        let done = if self.wanted.all {
            self.line(&(now, msg))
        } else {
            self.line(&(now, redact(msg.clone(), private)))
        };
        // Once a second everything is on disk, so that a crash has its last moments recorded.
        let done = done.and_then(|()| match msg {
            Msg::Tick => self.out.flush(),
            _ => Ok(()),
        });
        self.over(done)
    }

    /// Writes down that a frame was drawn. A notice when the recording ends with it.
    pub fn drawn(&mut self) -> Option<Notice> {
        if self.ended {
            return None;
        }
        let done = self.line(&DRAWN);
        self.over(done)
    }

    fn over(&mut self, done: io::Result<()>) -> Option<Notice> {
        let why = match done {
            Err(error) => error.to_string(),
            Ok(()) if self.left == 0 => format!("it has reached {} MiB", LIMIT >> 20),
            Ok(()) => return None,
        };
        self.ended = true;
        Some(Notice {
            why: why.into(),
            ..Notice::warning(
                format!("the recording {} ends here", self.wanted.file.display()),
                "what is in it can be replayed",
            )
        })
    }

    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(value).map_err(io::Error::other)?;
        line.push(b'\n');
        let size = line.len() as u64;
        if size > self.left {
            self.left = 0;
            return self.out.flush();
        }
        self.left -= size;
        self.out.write_all(&line)
    }

    /// Everything is on disk.
    pub fn flush(&mut self) {
        // Who leaves has nobody to be told any more.
        let _ = self.out.flush();
    }
}

/// A recording that is read.
#[derive(Debug)]
pub struct Recording {
    /// What it begins with.
    pub head: Head,
    messages: Lines<io::BufReader<File>>,
}

impl Recording {
    /// Opens a recording; `Err` says what is wrong with it.
    pub fn open(file: &Path) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Version {
            recording: u32,
        }
        let cannot = |error: io::Error| format!("{} cannot be read: {error}", file.display());
        let opened = File::open(file).map_err(cannot)?;
        let mut messages = io::BufRead::lines(io::BufReader::new(opened));
        let first = messages
            .next()
            .transpose()
            .map_err(cannot)?
            .unwrap_or_default();
        let no = || {
            let file = file.display();
            format!("{file} is no recording; `quarterdeck --record FILE` makes one")
        };
        let Version { recording } = serde_json::from_str(&first).map_err(|_| no())?;
        if recording != VERSION {
            let which = if recording < VERSION {
                "an older"
            } else {
                "a newer"
            };
            return Err(format!(
                "{} is of version {recording}, which needs {which} quarterdeck",
                file.display()
            ));
        }
        let mut head: Head =
            serde_json::from_str(&first).map_err(|error| format!("{}: {error}", no()))?;
        head.size = sane(head.size);
        Ok(Self { head, messages })
    }
}

/// A recording may come from a stranger: no terminal is larger than this.
fn sane((columns, rows): (u16, u16)) -> (u16, u16) {
    (columns.min(2_000), rows.min(1_000))
}

impl Iterator for Recording {
    type Item = Entry;

    /// The next entry. A line that is cut off, as a crash leaves it, is the end.
    fn next(&mut self) -> Option<Entry> {
        let line = self.messages.next()?.ok()?;
        if serde_json::from_str::<&str>(&line).is_ok_and(|mark| mark == DRAWN) {
            return Some(Entry::Drawn);
        }
        let (at, mut msg): (_, Box<Msg>) = serde_json::from_str(&line).ok()?;
        if let Msg::Resize(columns, rows) = &mut *msg {
            (*columns, *rows) = sane((*columns, *rows));
        }
        Some(Entry::Heard(at, msg))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::app::{Answer, Id, Worked};
    use crate::domain::build::{self, Fault, FaultSort, Labels, StepState};
    use crate::domain::catalogue::Catalogue;
    use crate::domain::exec::ExecItem;
    use crate::domain::logs::{Chunk, Item, SourceId};
    use crate::domain::survey::Survey;
    use crate::input::shipped;
    use crate::key::Key;
    use std::os::unix::fs::PermissionsExt;

    fn setup() -> Setup {
        let mut setup = Setup::default();
        setup.settings.keymap = shipped("default").unwrap();
        setup.demo = true;
        setup
    }

    fn worked() -> Vec<Worked> {
        let fault = Fault::new(FaultSort::NoEngine, "CANARY7 is gone", "start it").about("image");
        let survey = Survey {
            folder: "/src/web".into(),
            url: None,
            catalogue: Catalogue::default(),
            found: Vec::new(),
            unread: Vec::new(),
            recipe: Some("version = 1\n[run]\nenv = { A = \"CANARY7\" }\n".into()),
            dockerfiles: vec![("Dockerfile".into(), "ENV A=CANARY7\n".into())],
            labels: Labels::default(),
            engine: Err(fault.clone()),
            draft: Some("no recipe: CANARY7".into()),
        };
        let step = build::Event::Step {
            id: "1".into(),
            name: "[build 3/4] RUN login CANARY7".into(),
            state: StepState::Started,
        };
        let line = build::Event::Log {
            step: "1".into(),
            line: "CANARY7".into(),
        };
        vec![
            Worked::Surveyed(Box::new(survey)),
            Worked::Events(vec![step, line]),
            Worked::Failed(fault),
        ]
    }

    fn messages() -> Vec<Msg> {
        let lines = b"2026-11-23T10:00:00.5Z token=CANARY7\n2026-11-23T10:00:01Z \xff\n".to_vec();
        let mut messages = vec![
            Msg::Resize(100, 30),
            Msg::Key(Key::char('?')),
            Msg::Answer(Id(7), Answer::Document("password: CANARY7\n".into())),
            Msg::Log(
                Id(8),
                Chunk {
                    source: SourceId(1),
                    items: vec![Item::Lines(lines.into())],
                },
            ),
            Msg::Exec(
                Id(9),
                ExecItem::Output(b"\x1b[1mCANARY7\x1b[0m".to_vec().into()),
            ),
            Msg::Notice(Notice {
                why: "CANARY7".into(),
                ..Notice::warning("it failed", "try again")
            }),
            Msg::Tick,
        ];
        messages.extend(worked().into_iter().map(|it| Msg::Work(Id(10), it)));
        messages
    }

    fn record(all: bool) -> (String, Vec<Entry>) {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("session.qdr");
        let wanted = Wanted {
            file: file.clone(),
            all,
        };
        let now = Timestamp(1_795_428_000_000);
        let (mut app, _) = App::new(setup(), (80, 24), now);
        let mut recorder = Recorder::begin(wanted, &setup(), (80, 24), now).unwrap();
        for msg in messages() {
            assert_eq!(recorder.note(&app, &msg, now), None);
            app.update(msg, now);
            assert_eq!(recorder.drawn(), None);
        }
        recorder.flush();
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let text = std::fs::read_to_string(&file).unwrap();
        let recording = Recording::open(&file).unwrap();
        assert_eq!(recording.head.setup.settings, setup().settings);
        assert_eq!(recording.head.redacted, !all);
        (text, recording.collect())
    }

    #[test]
    fn everything_comes_back_when_all_is_wanted() {
        let (_, read) = record(true);
        let now = Timestamp(1_795_428_000_000);
        let heard = |msg| [Entry::Heard(now, Box::new(msg)), Entry::Drawn];
        let written: Vec<Entry> = messages().into_iter().flat_map(heard).collect();
        assert_eq!(read, written);
    }

    #[test]
    fn what_is_secret_keeps_its_shape_alone() {
        let (text, read) = record(false);
        assert!(!text.contains("CANARY"), "{text}");
        assert!(
            text.contains("2026-11-23T10:00:00.5Z xxxxx=XXXXXX0"),
            "{text}"
        );
        assert!(text.contains("[build 3/4] RUN xxxxx XXXXXX0"), "{text}");
        assert!(text.contains("A = \\\"XXXXXX0\\\""), "{text}");
        assert_eq!(read.len(), 2 * messages().len());
    }

    #[test]
    fn what_is_no_recording_is_told() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("x");
        std::fs::write(&file, format!("{{\"recording\":{}}}\n", VERSION + 1)).unwrap();
        assert!(Recording::open(&file).unwrap_err().contains("newer"));
        std::fs::write(&file, "{\"recording\":1}\n").unwrap();
        assert!(Recording::open(&file).unwrap_err().contains("older"));
        std::fs::write(&file, "hello\n").unwrap();
        assert!(Recording::open(&file).unwrap_err().contains("no recording"));
        assert!(Recording::open(Path::new("/nowhere")).is_err());
    }
}
