//! Sizes and texts that nobody would choose: nothing panics, nothing steers the terminal, nothing
//! leaves its place.

use super::company::stranger;
use super::stage::{Stage, text};
use crate::app::{Msg, Setup};
use crate::domain::feed::FeedState;
use crate::theme::{Depth, Theme, shipped};
use crate::view::Memory;

/// One stage per screen and overlay.
fn stages() -> Vec<(&'static str, Stage)> {
    let company = Stage::company;
    vec![
        ("start", Stage::new(Setup::default())),
        ("projects", company()),
        ("pods", company().run("pods").keys("ctrl-w shift-l")),
        ("containers", company().keys("enter enter enter")),
        ("nodes", company().run("nodes")),
        (
            "filter",
            company()
                .run("pods")
                .keys("/")
                .typed("日本語 nothing has this"),
        ),
        ("yaml", company().run("pods").keys("y w /").typed("name")),
        ("help", company().keys("?")),
        ("palette", company().keys(":").typed("p").keys("down")),
        ("wrong", company().run("nosuch")),
        (
            "confirm",
            company().run("pods").keys("space space space ctrl-d"),
        ),
        (
            "tabs",
            company()
                .run("pods")
                .keys("ctrl-t ctrl-t ctrl-t ctrl-t ctrl-t ctrl-t alt-1"),
        ),
        ("beside", company().keys("ctrl-t alt-s")),
        ("below", company().keys("ctrl-t alt-u")),
        ("logs", company().run("pods /web").keys("l")),
        ("shell", company().run("pods /web").keys("s")),
        ("wizard", company().run("new")),
        ("tour", company().run("tutor")),
        ("builds", company().run("builds")),
        ("themes", company().run("theme")),
        ("keys", company().run("keys")),
        ("cut", {
            let mut stage = company();
            let retry_at = stage.now;
            stage.feeds(&FeedState::Disconnected {
                seen: None,
                why: "gone".into(),
                retry_at,
            });
            stage
        }),
    ]
}

#[test]
fn no_size_is_too_small_or_too_large() {
    let theme = shipped("dark").unwrap();
    let mut sizes: Vec<(u16, u16)> = (0..=24)
        .flat_map(|columns| (0..=16).map(move |rows| (columns, rows)))
        .collect();
    sizes.extend(
        (24..=200)
            .step_by(11)
            .flat_map(|columns| (1..=60).step_by(7).map(move |rows| (columns, rows))),
    );
    sizes.extend([
        (59, 15),
        (60, 14),
        (60, 15),
        (119, 40),
        (120, 40),
        (200, 60),
        (500, 200),
        (1, 200),
        (500, 1),
    ]);
    for (_, mut stage) in stages() {
        let mut memory = Memory::default();
        for &size in &sizes {
            stage = stage.sized(size.0, size.1);
            stage.draw_in(&theme, &mut memory, size);
        }
    }
}

#[test]
fn a_terminal_that_shrank_before_the_core_knows_is_no_harm() {
    let theme = shipped("dark").unwrap();
    for (_, stage) in stages() {
        let stage = stage.sized(160, 50);
        for size in [(0, 0), (1, 1), (10, 4), (80, 24), (159, 50), (160, 49)] {
            stage.draw_in(&theme, &mut Memory::default(), size);
        }
    }
}

/// Names and messages by somebody who means harm, or who writes otherwise than we do.
const STRANGE: &[&str] = &[
    "\x1b[2J\x1b]0;owned\x07",
    "a\u{9b}31mred",
    "left\u{202e}thgir",
    "line\nfeed\rreturn\ttab",
    "日本語の名前がとても長いのです",
    "👨‍👩‍👧‍👦 family 🇪🇺",
    "e\u{301}\u{301}\u{301}\u{301} combining",
    "\u{200b}\u{200d}\u{feff}",
    "ﷺﷺﷺ",
];

#[test]
fn what_strangers_write_never_steers_the_terminal() {
    let long = "n".repeat(200);
    let theme = shipped("dark").unwrap();
    for strange in STRANGE.iter().copied().chain([long.as_str()]) {
        for keys in [
            "down",
            "enter",
            "enter enter",
            "enter enter enter",
            ": p o d s enter ctrl-w shift-l",
        ] {
            let mut stage = Stage::connected(Setup::default(), strange);
            stage.send(Msg::Batch(stranger(strange, strange, strange)));
            stage.feeds(&FeedState::Live);
            let mut stage = stage.keys(keys);
            for (columns, rows) in [(80, 24), (160, 50), (33, 9)] {
                stage = stage.sized(columns, rows);
                let buffer = stage.draw(&theme);
                for cell in buffer.content() {
                    let bad = cell
                        .symbol()
                        .chars()
                        .find(|c| c.is_control() || "\u{202e}\u{feff}\u{200b}".contains(*c));
                    assert_eq!(
                        bad,
                        None,
                        "{strange:?} reached the screen in {:?}",
                        cell.symbol()
                    );
                }
                for line in text(&buffer).lines() {
                    let used = crate::view::paint::width(line);
                    assert!(
                        used <= columns,
                        "{strange:?}: {used} columns of {columns} in {line:?}"
                    );
                }
            }
        }
    }
}

/// F20
#[test]
fn a_clock_that_jumps_shows_no_time_below_zero() {
    use crate::domain::time::Millis;
    let below = regex::Regex::new(r"(^|\s)-\s?\d+ ?(ms|s|m|h|d|y)").unwrap();
    for minutes in [10, -10, 24 * 60, -24 * 60] {
        for (name, mut stage) in stages() {
            stage.wait(Millis::minutes(minutes));
            stage.feeds(&FeedState::Stale {
                seen: super::company::NOW,
            });
            for size in [(80, 24), (160, 50)] {
                stage = stage.sized(size.0, size.1);
                let shown = text(&stage.draw(&Theme::default()));
                let found = below.find(&shown).map(|found| found.as_str().to_owned());
                assert_eq!(found, None, "{name}, {minutes} minutes: {shown}");
            }
        }
    }
}

#[test]
fn without_colour_every_health_still_has_its_own_shape() {
    let plain = shipped("dark").unwrap().at_depth(Depth::None);
    let stage = Stage::company().sized(160, 50).run("pods");
    let buffer = stage.draw(&plain);
    assert!(buffer.content().iter().all(|cell| {
        let none = ratatui::style::Color::Reset;
        cell.fg == none && cell.bg == none
    }));
    let text = text(&buffer);
    for shape in ["✖", "▲", "●"] {
        assert!(text.contains(shape), "{shape} is missing");
    }
}

#[test]
fn where_the_terminal_lacks_shapes_everything_is_ascii() {
    let theme = Theme::default();
    for (name, stage) in stages() {
        if name == "filter" {
            continue;
        }
        let stage = stage.sized(160, 50);
        let mut memory = Memory::default();
        memory.ascii = true;
        let (buffer, _) = stage.draw_in(&theme, &mut memory, (160, 50));
        let strange: Vec<_> = buffer
            .content()
            .iter()
            .map(ratatui::buffer::Cell::symbol)
            .filter(|s| !s.is_ascii())
            .collect();
        assert!(strange.is_empty(), "{name}: {strange:?}");
    }
}

#[test]
fn in_sixteen_colours_the_selected_row_can_be_read() {
    let theme = shipped("sixteen").unwrap();
    let stage = Stage::company().sized(160, 50).run("pods");
    let buffer = stage.draw(&theme);
    let row = (0..100).map(|x| &buffer[(x, 3)]);
    assert!(
        row.filter(|cell| cell.symbol() != " ")
            .all(|cell| Some(cell.fg) == theme.selected.fg)
    );
}

#[test]
fn the_first_list_is_no_news_and_what_comes_later_is() {
    let theme = super::stage::marked();
    let mut memory = Memory::default();
    let mut stage = Stage::connected(Setup::default(), "prod-eu").sized(80, 24);
    stage.feeds(&FeedState::Loading { since: stage.now });
    let sign =
        |stage: &Stage, memory: &mut Memory| stage.draw_in(&theme, memory, (80, 24)).0[(1, 3)].fg;
    for batch in super::company::batches() {
        stage.send(Msg::Batch(batch));
        stage.draw_in(&theme, &mut memory, (80, 24));
    }
    stage.feeds(&FeedState::Live);
    assert_eq!(sign(&stage, &mut memory), theme.failing.fg.unwrap());
    let mut stage = stage.run("pods");
    sign(&stage, &mut memory);
    stage.send(Msg::Batch(stranger("aaa", "aaa", "CrashLoopBackOff")));
    assert_eq!(
        sign(&stage, &mut memory),
        theme.accent.fg.unwrap(),
        "a row came"
    );
    stage.wait(crate::domain::time::Millis::seconds(2));
    assert_eq!(sign(&stage, &mut memory), theme.failing.fg.unwrap());
}
