//! The log screen: lines, marks, filters, search, fields, and what stays where the reader is.

use super::stage::{Stage, text};
use crate::app::screens::Screen;
use crate::app::screens::logs::LogScreen;
use crate::app::{Effect, Id, Msg, Notice, Saved};
use crate::domain::feed::{Failure, FailureSort};
use crate::domain::logs::buffer::Line;
use crate::domain::logs::{Chunk, Item, Mark, Nanos, Seq, Source, SourceId, SourceState, Start};
use crate::domain::time::Millis;
use crate::theme::Theme;
use std::fmt::Write as _;

/// A log and the sources that are read for it.
struct Opened {
    stage: Stage,
    log: Id,
    sources: Vec<(SourceId, Source)>,
}

/// The log of a release of the company.
fn opened(columns: u16, rows: u16) -> Opened {
    let stage = Stage::company()
        .sized(columns, rows)
        .run("logs release/shop-prod/shop-prod");
    let mut sources = Vec::new();
    let mut log = Id::default();
    for (_, _, effects) in &stage.record {
        for effect in effects {
            if let Effect::ReadLog {
                log: id,
                source,
                of,
                ..
            } = effect
            {
                log = *id;
                sources.push((*source, of.clone()));
            }
        }
    }
    assert!(sources.len() > 1, "{sources:?}");
    Opened {
        stage,
        log,
        sources,
    }
}

impl Opened {
    fn send(&mut self, source: usize, items: Vec<Item>) {
        let source = self.sources[source].0;
        self.stage.send(Msg::Log(self.log, Chunk { source, items }));
    }

    /// All sources are read up to the present.
    fn live(mut self) -> Self {
        for n in 0..self.sources.len() {
            self.send(n, vec![Item::State(SourceState::Live)]);
        }
        self
    }

    /// `count` lines of each kind of writing, from the first sources in turn.
    fn lines(&mut self, from: usize, count: usize) {
        for n in from..from + count {
            let stamp = format!(
                "2026-11-23T06:{:02}:{:02}.{:03}Z",
                n / 60 % 60,
                n % 60,
                n % 1000
            );
            let mut line = String::new();
            let said = match n % 6 {
                0 => {
                    format!(r#"{{"level":"info","msg":"request served","path":"/cart","ms":{n}}}"#)
                }
                1 => format!("level=warn msg=\"retrying checkout\" attempt={n}"),
                2 => format!(
                    "E1123 06:00:11.204000       1 reflector.go:138] \"Failed to watch\" n={n}"
                ),
                3 => format!("GET /healthz 200 {n}"),
                4 => format!("\x1b[32mINFO\x1b[0m listening on :8080 日本 {n}"),
                _ => format!(
                    "java.lang.IllegalStateException: pool {n}\n{stamp} \tat com.example.Pool.take(Pool.java:7)"
                ),
            };
            let _ = writeln!(line, "{stamp} {said}");
            self.send(n % 2, vec![Item::Lines(line.into())]);
        }
        self.settle();
    }

    /// Lets timers run out: what waits for others waits no longer.
    fn settle(&mut self) {
        for _ in 0..3 {
            self.stage.now = self.stage.now.plus(Millis(300));
            let timer = self.screen().timer();
            if let Some(timer) = timer {
                self.stage.send(Msg::Timer(timer));
            }
        }
    }

    fn screen(&self) -> &LogScreen {
        match self.stage.app.screen() {
            Screen::Logs(screen) => screen,
            other => panic!("{other:?}"),
        }
    }

    /// What the program says.
    fn said(&self) -> String {
        let notice = self.stage.app.world.notices.current(self.stage.now);
        notice.map(Notice::line).unwrap_or_default()
    }

    /// The line the reader is at.
    fn line(&self) -> Line<'_> {
        let screen = self.screen();
        screen.log.buffer().get(screen.cursor).unwrap()
    }

    fn keys(mut self, keys: &str) -> Self {
        self.stage = self.stage.keys(keys);
        self.settle();
        self
    }

    fn typed(mut self, text: &str) -> Self {
        self.stage = self.stage.typed(text);
        self.settle();
        self
    }

    fn body(&self) -> Vec<String> {
        let text = text(&self.stage.draw(&Theme::default()));
        text.lines().skip(3).map(str::to_owned).collect()
    }
}

fn shoot(name: &str, make: impl Fn(Opened) -> Opened) {
    for (columns, rows) in [(80, 24), (160, 50)] {
        let opened = make(opened(columns, rows));
        insta::assert_snapshot!(
            format!("logs-{name}-{columns}x{rows}"),
            opened.stage.photograph()
        );
    }
}

fn written(opened: Opened) -> Opened {
    let mut opened = opened.live();
    opened.lines(0, 90);
    let marks = [
        Mark::Ended {
            exit_code: 137,
            reason: "OOMKilled".into(),
            ran: Some(Millis::minutes(180)),
        },
        Mark::Started(3),
        Mark::Gap {
            from: Nanos(0),
            to: Some(Nanos(2_100_000_000)),
        },
        Mark::Resumed {
            after: Millis(2_100),
        },
    ];
    opened.send(0, marks.into_iter().map(Item::Mark).collect());
    opened.settle();
    opened
}

#[test]
fn states_of_a_log() {
    shoot("opening", |opened| opened);
    shoot("silent", Opened::live);
    shoot("lines", written);
    shoot("filtered", |opened| {
        written(opened)
            .keys("/")
            .typed("level>=warn")
            .keys("enter /")
            .typed("!retrying")
    });
    shoot("nothing-passes", |opened| {
        written(opened).keys("/").typed("zzz-no-line")
    });
    shoot("no-such-field", |opened| {
        written(opened).keys("/").typed("stauts>=500").keys("enter")
    });
    shoot("bad-expression", |opened| {
        written(opened).keys("/").typed("path=~a(b")
    });
    shoot("filters", |opened| {
        let opened = written(opened).keys("e /").typed("watch");
        opened.keys("enter /").typed("!pool").keys("enter shift-f")
    });
    shoot("save", |opened| {
        written(opened)
            .keys("/")
            .typed("retry")
            .keys("enter ctrl-s")
    });
    shoot("search", |opened| {
        written(opened)
            .keys("ctrl-f")
            .typed("listening")
            .keys("enter n")
    });
    shoot("fields", |opened| {
        written(opened)
            .keys("/")
            .typed("cart")
            .keys("enter up up up up up enter down")
    });
    shoot("fields-long", |opened| {
        let mut opened = written(opened);
        let stack = "at com.example.Pool.take(Pool.java:7) ".repeat(50);
        let line = format!(
            "2026-11-23T06:02:00.0Z {}\n",
            serde_json::json!({"level": "error", "msg": "no connection", "stack": stack, "source": "pool", "status": 503})
        );
        opened.send(0, vec![Item::Lines(line.into())]);
        opened.settle();
        opened.keys("up down enter down down")
    });
    shoot("columns", |opened| {
        written(opened)
            .keys("/")
            .typed("cart")
            .keys("enter up up up up up enter down down + down + esc")
    });
    shoot("unread", |opened| {
        let mut opened = written(opened).keys("up up up");
        opened.lines(90, 48);
        opened
    });
    shoot("selected", |opened| written(opened).keys("up up v up up m"));
    shoot("wrapped", |opened| written(opened).keys("w t"));
    shoot("fullscreen", |opened| written(opened).keys("f"));
}

#[test]
fn nothing_moves_under_the_readers_eye() {
    let mut opened = written(opened(100, 30)).keys("up up up");
    let before = opened.body();
    opened.lines(100, 60);
    let after = opened.body();
    assert_eq!(before[..20], after[..20]);
    assert!(opened.screen().unread() > 0);
    let opened = opened.keys("end");
    assert!(opened.screen().follow);
    assert_ne!(opened.body()[..20], after[..20]);
}

#[test]
fn a_filter_keeps_the_line_the_reader_is_at() {
    let opened = written(opened(100, 30)).keys("pgup");
    let cursor = opened.screen().cursor;
    let opened = opened.keys("/").typed("!zzz").keys("enter");
    assert_eq!(opened.screen().cursor, cursor);
    let opened = opened.keys("backspace");
    assert!(opened.screen().filters.is_empty());
    assert_eq!(opened.screen().cursor, cursor);
}

#[test]
fn any_filter_can_be_taken_away() {
    let opened = written(opened(100, 30)).keys("e /").typed("watch");
    let opened = opened.keys("enter /").typed("!pool").keys("enter");
    assert_eq!(
        opened.screen().narrowing(),
        ["level>=warn", "watch", "!pool"]
    );
    let opened = opened.keys("shift-f up enter");
    assert_eq!(opened.screen().narrowing(), ["level>=warn", "!pool"]);
    let opened = opened.keys("shift-f up enter");
    assert_eq!(opened.screen().narrowing(), ["!pool"]);
    assert_eq!(opened.screen().level, None);
    let opened = opened.keys("backspace shift-f");
    assert!(opened.screen().narrowing().is_empty());
}

/// The part that is to be written last: of which file, and whether it is the last one.
fn part(opened: &Opened) -> (Id, String, bool) {
    let mut effects = opened.stage.record.iter().rev().flat_map(|it| &it.2);
    let part = effects.find_map(|effect| match effect {
        Effect::SavePart { id, text, last } => Some((*id, text.clone(), *last)),
        _ => None,
    });
    part.expect("a part follows")
}

/// Lets the file be written part by part, and returns what came into it.
fn written_file(opened: &mut Opened) -> String {
    let file = || "/home/alice/x.log".into();
    let (id, mut text, mut last) = part(opened);
    while !last {
        opened.stage.send(Msg::Saved(id, Saved::Part(file())));
        let (_, more, end) = part(opened);
        text += &more;
        last = end;
    }
    let lines = text.lines().count();
    let file = file();
    opened
        .stage
        .send(Msg::Saved(id, Saved::Whole { file, lines }));
    text
}

#[test]
fn what_is_visible_filtered_or_all_is_saved() {
    let filtered = || {
        let opened = written(opened(100, 30)).keys("/").typed("java.lang");
        opened.keys("enter")
    };
    for (choice, lines) in [
        ("enter", 15 + 4),
        ("down enter", 19),
        ("down down enter", 109),
    ] {
        let mut opened = filtered().keys("ctrl-s");
        opened.stage = opened.stage.keys(choice);
        let text = written_file(&mut opened);
        assert_eq!(text.lines().count(), lines, "{choice}: {text}");
        let traces = text.matches("Pool.take").count();
        assert_eq!(traces, if lines == 109 { 15 } else { 0 }, "{choice}");
    }
    // Without filters all is saved at once, the folded lines of traces too.
    let mut opened = written(opened(100, 30));
    opened.stage = opened.stage.keys("ctrl-s");
    assert_eq!(written_file(&mut opened).lines().count(), 109);
    assert_eq!(opened.said(), "saved 109 lines to /home/alice/x.log");
}

#[test]
fn a_file_that_cannot_be_written_ends_the_saving() {
    let mut opened = written(opened(100, 30));
    // More than one part.
    for n in 0..12 {
        let line = format!("2026-11-23T07:00:{n:02}Z {}", "x".repeat(120_000));
        opened.send(0, vec![Item::Long(line.into(), 7)]);
    }
    opened.settle();
    opened.stage = opened.stage.keys("ctrl-s");
    assert!(opened.screen().saving.is_some());
    let (id, _, last) = part(&opened);
    assert!(!last);
    let failure = Failure {
        what: "save".into(),
        why: "no room; 7 bytes are written".into(),
        remedy: "make room".into(),
        sort: FailureSort::Other,
    };
    opened.stage.send(Msg::Saved(id, Saved::Failed(failure)));
    assert!(opened.screen().saving.is_none());
    let said = opened.said();
    assert!(said.contains("7 bytes are written"), "{said}");
}

#[test]
fn a_time_is_gone_to() {
    let mut opened = written(opened(100, 30))
        .keys("g")
        .typed("06:01:05")
        .keys("enter");
    assert_eq!(opened.line().at.clock(0), "06:01:05");
    for (typed, clock) in [
        ("06:00", "06:00:00"),
        ("11-23 06:01:02", "06:01:02"),
        ("2026-11-23 06:00:30", "06:00:30"),
        ("2026-11-23T06:00:40Z", "06:00:40"),
    ] {
        opened = opened.keys("g").typed(typed).keys("enter");
        let line = opened.line();
        assert_eq!(line.at.clock(0), clock, "{typed}");
        assert_eq!(opened.screen().input, None, "{typed}");
    }
    opened = opened.keys("g").typed("11-22").keys("enter");
    let problem = opened.screen().problem().unwrap();
    assert!(
        problem.contains("the first kept line is of 11-23 06:00:00"),
        "{problem}"
    );
    let opened = opened.keys("esc g").typed("soon").keys("enter");
    let problem = opened
        .screen()
        .input
        .as_ref()
        .and_then(|input| input.problem.clone());
    assert!(problem.is_some_and(|problem| problem.contains("10:04")));
}

#[test]
fn another_range_reads_anew_and_keeps_the_filters() {
    let opened = written(opened(100, 30))
        .keys("/")
        .typed("cart")
        .keys("enter")
        .keys("4");
    let (_, _, effects) = opened.stage.record.last().unwrap();
    assert!(effects.contains(&Effect::CloseLog(opened.log)));
    let starts: Vec<Start> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::ReadLog { reading, .. } => Some(reading.start),
            _ => None,
        })
        .collect();
    assert_eq!(starts.len(), opened.sources.len());
    assert!(
        starts
            .iter()
            .all(|start| *start == Start::Since(Millis::minutes(15)))
    );
    assert_eq!(opened.screen().filters.len(), 1);
    assert_eq!(opened.screen().log.buffer().end(), Seq(0));
}

#[test]
fn earlier_lines_come_before_the_first_and_move_nothing() {
    let mut opened = written(opened(100, 30)).keys("home down").keys("<");
    let before = opened.body();
    let (_, _, effects) = opened.stage.record.last().unwrap();
    let asked: Vec<(Id, SourceId)> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::ReadLog {
                log,
                source,
                reading,
                ..
            } => {
                assert!(reading.until.is_some() && !reading.follow);
                Some((*log, *source))
            }
            _ => None,
        })
        .collect();
    assert!(!asked.is_empty());
    for (log, source) in asked {
        let line = format!("2026-11-23T05:00:00.{:03}Z earlier\n", source.0);
        let items = vec![Item::Lines(line.into()), Item::State(SourceState::Ended)];
        opened.stage.send(Msg::Log(log, Chunk { source, items }));
    }
    opened.settle();
    assert_eq!(opened.body()[..20], before[..20]);
    let first = opened.screen().log.buffer().first();
    let line = opened.screen().log.buffer().get(first).unwrap();
    assert_eq!(line.text, "earlier");
}

#[test]
fn leaving_a_log_for_good_closes_it() {
    let opened = written(opened(100, 30));
    let stage = opened.stage.keys("esc").run("pods");
    let closed = stage
        .record
        .iter()
        .flat_map(|(_, _, effects)| effects)
        .any(|effect| *effect == Effect::CloseLog(opened.log));
    assert!(closed);
}
