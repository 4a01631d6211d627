//! A pane is fed every pair of bytes, and what is written for it to the outer terminal is read.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "../../tests/common/outer.rs"]
mod outer;

use super::face::Face;
use super::frames::Frames;
use crate::app::{App, Effect, Id, Msg, Settings, Setup};
use crate::domain::exec::ExecItem;
use crate::domain::session::SessionInfo;
use crate::domain::time::Timestamp;
use crate::theme::Theme;
use outer::foreign;
use std::time::Instant;

const SIZE: (u16, u16) = (60, 12);

/// A console in which a local shell is seen.
struct Console {
    app: App,
    pane: Id,
    face: Face,
    frames: Frames,
}

impl Console {
    fn new() -> Self {
        let setup = Setup {
            settings: Settings {
                keymap: crate::input::shipped("default").unwrap(),
                ..Settings::default()
            },
            ..Setup::default()
        };
        let (mut app, _) = App::new(setup, SIZE, Timestamp::default());
        let info = SessionInfo {
            context: "here".into(),
            ..SessionInfo::default()
        };
        app.update(Msg::Connected(info), Timestamp::default());
        let keys = [":", "s", "h", "e", "l", "l", "enter"];
        let press = |key: &&str| app.update(Msg::Key(key.parse().unwrap()), Timestamp::default());
        let effects: Vec<Effect> = keys.iter().flat_map(press).collect();
        let pane = effects.iter().find_map(|effect| match effect {
            Effect::Local { id, .. } => Some(*id),
            _ => None,
        });
        Self {
            app,
            pane: pane.unwrap(),
            face: Face::new(Theme::default(), false),
            frames: Frames::new(SIZE),
        }
    }

    /// The program writes; nothing but answers to it may come of that.
    fn write(&mut self, bytes: &[u8]) {
        let output = ExecItem::Output(bytes.to_vec().into());
        let effects = self
            .app
            .update(Msg::Exec(self.pane, output), Timestamp::default());
        let harmless = |effect: &Effect| {
            matches!(
                effect,
                Effect::Write(..) | Effect::Bell | Effect::Motion(_) | Effect::After(..)
            )
        };
        assert!(effects.iter().all(harmless), "{bytes:?}: {effects:?}");
    }

    /// What the terminal gets for the next frame.
    fn drawn(&mut self) -> &[u8] {
        let (app, face) = (&self.app, &mut self.face);
        let paint = |buffer: &mut _| face.paint(app, buffer);
        self.frames.draw(Instant::now(), paint).unwrap()
    }
}

#[test]
fn the_list_knows_what_is_ours() {
    assert_eq!(
        foreign("\x1b[?2026h\x1b[3;7H\x1b[38;2;1;2;3mtext — 日本".as_bytes()),
        None
    );
    for bytes in [
        "\x1b]0;x\x07",
        "\x1b[6n",
        "\x07",
        "a\nb",
        "\u{9b}31m",
        "\u{202e}",
    ] {
        assert!(foreign(bytes.as_bytes()).is_some(), "{bytes:?}");
    }
    assert!(foreign(b"\xff").is_some());
}

/// What an escape begins is drawn by itself, since it may wipe out its neighbours; others share a
/// frame, each on a row of its own.
#[test]
fn no_pair_of_bytes_of_a_program_reaches_the_outer_terminal_as_a_command() {
    let mut console = Console::new();
    let mut bytes = 0;
    for first in 0..=255_u8 {
        let together = if first == 0x1b { 1 } else { 8 };
        for second in 0..=255_u8 {
            let row = second % 8 + 1;
            console.write(format!("\x1b[{row};1H").as_bytes());
            console.write(&[first, second, b'x']);
            if (u16::from(second) + 1) % together == 0 {
                let drawn = console.drawn();
                bytes += drawn.len();
                assert_eq!(foreign(drawn), None, "{first:#x} {second:#x}");
            }
            console.write(b"\x18\x1b\\");
        }
        console.write(b"\x1bc");
    }
    assert!(bytes > 100_000, "only {bytes} bytes were drawn");
}

#[test]
fn neither_does_a_pair_within_a_title() {
    let mut console = Console::new();
    let mut seen = false;
    for first in 0..=255_u8 {
        for second in [0, 7, 0x1b, 0x80, 0x9b, 0x9c, 0xe2, b'x'] {
            console.write(&[&b"\x1b]0;begin"[..], &[first, second], b"end\x07"].concat());
            let drawn = console.drawn();
            seen |= String::from_utf8_lossy(drawn).contains("beginaxend");
            assert_eq!(foreign(drawn), None, "{first:#x} {second:#x}");
            console.write(b"\x18\x1b\\\x1bc");
        }
    }
    assert!(seen, "titles are seen");
}
