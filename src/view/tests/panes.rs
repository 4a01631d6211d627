//! Panes: two tabs at once, the mouse, and what is sought in what a program has written.

use super::stage::{Stage, text};
use crate::app::{EditStep, Edited, Effect, Hit, Id, Msg, Setup};
use crate::domain::exec::{End, ExecItem};
use crate::key::{Button, Mouse, MouseAction};
use crate::view::Memory;

/// A stage on which a shell stands, in a tab of its own.
fn with_shell(columns: u16, rows: u16) -> (Stage, Id) {
    let mut stage = Stage::company().sized(columns, rows).run("pods /web");
    stage.send(Msg::Key("s".parse().unwrap()));
    let id = first(&stage, |effect| match effect {
        Effect::Exec(id, _) => Some(*id),
        _ => None,
    });
    stage.send(Msg::Exec(id, ExecItem::Started));
    stage.serve();
    (stage, id)
}

/// What was asked for first of its sort.
fn first(stage: &Stage, pick: impl Fn(&Effect) -> Option<Id>) -> Id {
    let mut effects = stage.record.iter().flat_map(|(_, _, effects)| effects);
    effects.find_map(pick).expect("it was asked for")
}

fn write(stage: &mut Stage, id: Id, bytes: &str) {
    let bytes = bytes.as_bytes().to_vec();
    stage.send(Msg::Exec(id, ExecItem::Output(bytes.into())));
    stage.serve();
}

/// The mouse does something at a cell of the terminal; what the core wants done.
fn point(stage: &mut Stage, at: (u16, u16), action: MouseAction) -> Vec<Effect> {
    let (_, hits) = stage.draw_in(
        &super::stage::marked(),
        &mut Memory::default(),
        stage.app.size,
    );
    stage.send(Msg::Mouse(hits.at(at.0, at.1), Mouse::plain(action)));
    let effects = stage.record.last().unwrap().2.clone();
    stage.serve();
    effects
}

fn shown(stage: &Stage) -> String {
    text(&stage.draw(&super::stage::marked()))
}

const LEFT: MouseAction = MouseAction::Press(Button::Left);

#[test]
fn two_tabs_stand_side_by_side_and_one_above_the_other() {
    for (name, line, columns, rows) in [
        ("side-by-side", "split", 160, 50),
        ("side-by-side", "split", 80, 24),
        ("one-above-the-other", "split-rows", 80, 24),
    ] {
        let (mut stage, id) = with_shell(columns, rows);
        write(&mut stage, id, "$ uptime\r\n up 3 days\r\n$ ");
        let stage = stage.keys("ctrl-]").run(line);
        insta::assert_snapshot!(format!("{name}-{columns}x{rows}"), stage.photograph());
    }
}

/// The list in the right half stands right of the line between them, with every one of its columns.
#[test]
fn two_lists_side_by_side_stand_apart() {
    let stage = Stage::company_in(Setup::default(), "prod-eu")
        .run("pods")
        .run("split");
    let shown = shown(&stage);
    let heads = shown.lines().find(|line| line.contains("STATUS")).unwrap();
    let (left, right) = heads.split_once('│').unwrap();
    assert!(
        left.contains("STATUS") && !left.contains("CAUSE"),
        "{shown}"
    );
    assert!(
        right.contains("CAUSE") && !right.contains("STATUS"),
        "{shown}"
    );
}

#[test]
fn the_program_is_told_the_size_of_its_half_and_of_the_whole() {
    let (mut stage, id) = with_shell(160, 50);
    stage = stage.keys("ctrl-]").run("split");
    let sizes = |stage: &Stage| -> Vec<(u16, u16)> {
        let effects = stage.record.iter().flat_map(|(_, _, effects)| effects);
        effects
            .filter_map(|effect| match effect {
                Effect::ResizeExec(it, columns, rows) if *it == id => Some((*columns, *rows)),
                _ => None,
            })
            .collect()
    };
    assert_eq!(sizes(&stage).last(), Some(&(80, 45)));
    stage = stage.run("unsplit");
    assert_eq!(sizes(&stage).last(), Some(&(160, 48)));
}

#[test]
fn a_press_on_the_other_half_gives_it_the_keyboard_and_the_wheel_moves_it() {
    let (mut stage, _) = with_shell(160, 50);
    stage = stage.keys("ctrl-]").run("split");
    let is_shell =
        |stage: &Stage| matches!(stage.app.screen(), crate::app::screens::Screen::Shell(_));
    assert!(is_shell(&stage));
    point(&mut stage, (10, 10), MouseAction::Press(Button::WheelDown));
    assert!(is_shell(&stage), "the wheel takes no keyboard");
    point(&mut stage, (10, 10), LEFT);
    assert!(!is_shell(&stage));
    point(&mut stage, (120, 10), LEFT);
    assert!(is_shell(&stage));
}

#[test]
fn the_half_that_is_left_goes_on_alone_when_the_other_is_closed() {
    let (stage, _) = with_shell(160, 50);
    let stage = stage.keys("ctrl-]").run("split").keys("alt-w y");
    assert_eq!(stage.app.tab_count(), 1);
    assert!(stage.app.beside().is_none());
    assert!(shown(&stage).contains("Pods"));
}

#[test]
fn a_flood_that_nobody_sees_draws_nothing_after_its_first_news() {
    let (mut stage, id) = with_shell(80, 24);
    stage = stage.keys("ctrl-] alt-1");
    stage.app.take_dirty();
    write(&mut stage, id, "first");
    assert!(stage.app.take_dirty(), "the strip tells of it");
    write(&mut stage, id, "second");
    assert!(!stage.app.take_dirty());
    write(&mut stage, id, "\x07");
    assert!(stage.app.take_dirty(), "the bell is news");
}

#[test]
fn an_edit_that_is_not_applied_is_named_before_it_is_left() {
    let mut stage = Stage::company().sized(100, 30).run("pods /web");
    stage.send(Msg::Key("e".parse().unwrap()));
    stage.serve();
    let id = first(&stage, |effect| match effect {
        Effect::Edit(id, EditStep::Begin(_)) => Some(*id),
        _ => None,
    });
    let file = std::path::PathBuf::from("/state/edits/pod-web.yaml");
    stage.send(Msg::Edit(id, Edited::Ready(file)));
    stage.send(Msg::Exec(id, ExecItem::Ended(End::Exited(0))));
    stage.send(Msg::Edit(id, Edited::Changed(vec!["+ a: b".into()])));
    stage.serve();
    assert!(shown(&stage).contains("+ a: b"), "{}", shown(&stage));
    let stage = stage.keys("n").run("quit");
    let asked = shown(&stage);
    assert!(asked.contains("not applied, stays in"), "{asked}");
    let stage = stage.keys("n").run("demo").keys("y");
    let left = |effect: &Effect| matches!(effect, Effect::LeaveEdit(it) if *it == id);
    let effects = stage.record.iter().flat_map(|(_, _, effects)| effects);
    assert_eq!(effects.filter(|it| left(it)).count(), 1);
    assert_eq!(stage.app.tab_count(), 1);
}

#[test]
fn a_drag_selects_and_copies() {
    let (mut stage, id) = with_shell(80, 24);
    write(&mut stage, id, "one two three\r\nfour\r\n");
    // The strip of tabs is the first row of the terminal.
    point(&mut stage, (4, 1), LEFT);
    point(&mut stage, (6, 1), MouseAction::Drag(Button::Left));
    let effects = point(&mut stage, (6, 1), MouseAction::Release(Button::Left));
    assert_eq!(effects, [Effect::Copy("two".into())]);
    let effects = point(&mut stage, (0, 2), LEFT);
    assert!(effects.is_empty(), "{effects:?}");
    let effects = point(&mut stage, (0, 2), MouseAction::Release(Button::Left));
    assert!(
        effects.is_empty(),
        "a mere press copies nothing: {effects:?}"
    );
}

#[test]
fn a_second_press_selects_the_word() {
    let (mut stage, id) = with_shell(80, 24);
    write(&mut stage, id, "one two three\r\n");
    for action in [LEFT, MouseAction::Release(Button::Left), LEFT] {
        point(&mut stage, (9, 1), action);
    }
    let effects = point(&mut stage, (9, 1), MouseAction::Release(Button::Left));
    assert_eq!(effects, [Effect::Copy("three".into())]);
}

#[test]
fn a_program_that_wants_the_mouse_has_it_unless_shift_is_held() {
    let (mut stage, id) = with_shell(80, 24);
    write(&mut stage, id, "\x1b[?1002h\x1b[?1006h");
    let effects = point(&mut stage, (4, 3), LEFT);
    assert_eq!(effects, [Effect::Write(id, b"\x1b[<0;5;3M".to_vec())]);
    let effects = point(&mut stage, (5, 3), MouseAction::Drag(Button::Left));
    assert_eq!(effects, [Effect::Write(id, b"\x1b[<32;6;3M".to_vec())]);
    let shift = Mouse {
        shift: true,
        ..Mouse::plain(LEFT)
    };
    stage.send(Msg::Mouse(Hit::Cell(4, 3), shift));
    assert!(stage.record.last().unwrap().2.is_empty());
}

#[test]
fn a_program_that_asks_is_told_of_the_focus() {
    let (mut stage, id) = with_shell(80, 24);
    write(&mut stage, id, "\x1b[?1004h");
    stage.send(Msg::Key("ctrl-]".parse().unwrap()));
    let told = |stage: &Stage| stage.record.last().unwrap().2.clone();
    assert_eq!(told(&stage), [Effect::Write(id, b"\x1b[O".to_vec())]);
    stage.send(Msg::Key("enter".parse().unwrap()));
    assert_eq!(told(&stage), [Effect::Write(id, b"\x1b[I".to_vec())]);
}

#[test]
fn what_was_written_is_searched() {
    let (mut stage, id) = with_shell(80, 24);
    for n in 0..200 {
        write(&mut stage, id, &format!("line {n}\r\n"));
    }
    let stage = stage.keys("ctrl-] /").typed("line 42");
    assert!(shown(&stage).contains("line 42\n"), "{}", shown(&stage));
    assert!(shown(&stage).contains("/line 42"));
    let stage = stage.typed("x");
    assert!(shown(&stage).contains("not found"));
    let stage = stage.keys("esc");
    assert!(shown(&stage).contains("line 199"));
    let stage = stage.keys("/").typed("(");
    let wrong = shown(&stage);
    assert!(wrong.contains("unclosed group"), "{wrong}");
}

#[test]
fn a_program_puts_nothing_on_the_clipboard_by_itself() {
    let (mut stage, id) = with_shell(80, 24);
    write(&mut stage, id, "\x1b]52;c;c2VjcmV0\x07");
    let copied = |stage: &Stage| {
        let effects = stage.record.iter().flat_map(|(_, _, effects)| effects);
        effects.filter(|it| matches!(it, Effect::Copy(_))).count()
    };
    assert_eq!(copied(&stage), 0);
    let stage = stage.keys("ctrl-]");
    assert!(
        shown(&stage).contains("offers 6 characters"),
        "{}",
        shown(&stage)
    );
    let stage = stage.run("take-clipboard");
    assert_eq!(copied(&stage), 1);
}

/// One more shell, in a tab of its own.
fn another(mut stage: Stage) -> (Stage, Id) {
    stage = stage.keys("ctrl-] alt-1");
    stage.send(Msg::Key("s".parse().unwrap()));
    let effects = stage
        .record
        .iter()
        .rev()
        .flat_map(|(_, _, effects)| effects);
    let id = effects.clone().find_map(|effect| match effect {
        Effect::Exec(id, _) => Some(*id),
        _ => None,
    });
    let id = id.unwrap();
    stage.send(Msg::Exec(id, ExecItem::Started));
    stage.serve();
    (stage, id)
}

#[test]
fn the_strip_shows_the_seen_tab_and_counts_those_it_has_no_room_for() {
    let (mut stage, first) = with_shell(80, 24);
    let mut last = first;
    for _ in 0..7 {
        (stage, last) = another(stage);
    }
    let strip = |stage: &Stage| shown(stage).lines().next().unwrap_or_default().to_owned();
    assert!(strip(&stage).contains("9 $ "), "{}", strip(&stage));
    assert!(strip(&stage).starts_with(" ‹ "), "{}", strip(&stage));
    write(&mut stage, last, "\x1b]0;vim: notes\x07");
    assert!(
        strip(&stage).ends_with("title: vim: notes"),
        "{}",
        strip(&stage)
    );
    insta::assert_snapshot!("many-tabs-80x24", stage.photograph());
    write(&mut stage, first, "\x07");
    let mut stage = stage.keys("ctrl-] alt-1");
    assert!(strip(&stage).starts_with(" 1 Pods"), "{}", strip(&stage));
    let second = strip(&stage);
    let second = second.split("  3 ").next().unwrap_or_default();
    assert!(
        second.contains("2 $ web") && second.trim_end().ends_with(" !"),
        "{second}"
    );
    assert!(strip(&stage).ends_with('›'), "{}", strip(&stage));
    // A click on what is drawn is a click on that tab.
    point(&mut stage, (12, 0), LEFT);
    assert_eq!(stage.app.seen_programs().collect::<Vec<_>>(), [first]);
}

#[test]
fn a_lost_connection_keeps_the_text_and_one_key_opens_the_program_again() {
    let (mut stage, id) = with_shell(100, 30);
    write(&mut stage, id, "precious text\r\n");
    let lost = ExecItem::Ended(End::Lost("connection reset".into()));
    stage.send(Msg::Exec(id, lost));
    stage.wait(crate::domain::time::Millis::seconds(1));
    let seen = shown(&stage);
    assert!(seen.contains("precious text"), "{seen}");
    assert!(
        seen.contains("connection lost: the command's end is unknown"),
        "{seen}"
    );
    assert!(
        seen.contains("(lost)") && !seen.contains("exit 0"),
        "{seen}"
    );
    stage.send(Msg::Key("r".parse().unwrap()));
    let effects = stage.record.last().unwrap().2.clone();
    let opened = |effect: &Effect| matches!(effect, Effect::Exec(it, _) if *it == id);
    assert_eq!(effects.iter().filter(|effect| opened(effect)).count(), 1);
    let written = |effect: &Effect| matches!(effect, Effect::Write(..));
    assert!(
        !effects.iter().any(written),
        "nothing is typed again: {effects:?}"
    );
    assert!(shown(&stage).contains("precious text"));
}

#[test]
fn the_bell_of_a_pane_that_is_seen_rings_and_not_without_end() {
    let (mut stage, id) = with_shell(80, 24);
    let rings = |stage: &Stage| {
        let effects = stage.record.iter().flat_map(|(_, _, effects)| effects);
        effects.filter(|it| matches!(it, Effect::Bell)).count()
    };
    for _ in 0..50 {
        write(&mut stage, id, "\x07");
    }
    assert_eq!(rings(&stage), 1);
    stage.wait(crate::domain::time::Millis::seconds(2));
    write(&mut stage, id, "\x07");
    assert_eq!(rings(&stage), 2);
    let mut stage = stage.keys("ctrl-] alt-1");
    stage.wait(crate::domain::time::Millis::seconds(2));
    write(&mut stage, id, "\x07");
    assert_eq!(rings(&stage), 2, "what nobody sees is marked on the strip");
}

#[test]
fn every_move_of_the_pointer_is_told_while_a_program_wants_it() {
    let (mut stage, id) = with_shell(80, 24);
    let motion = |stage: &Stage| -> Vec<bool> {
        let effects = stage.record.iter().flat_map(|(_, _, effects)| effects);
        effects
            .filter_map(|it| match it {
                Effect::Motion(wanted) => Some(*wanted),
                _ => None,
            })
            .collect()
    };
    write(&mut stage, id, "\x1b[?1003h\x1b[?1006h");
    assert_eq!(motion(&stage), [true]);
    let effects = point(&mut stage, (4, 3), MouseAction::Move);
    assert_eq!(effects, [Effect::Write(id, b"\x1b[<35;5;3M".to_vec())]);
    let stage = stage.keys("ctrl-]");
    assert_eq!(motion(&stage), [true, false]);
    let mut stage = stage.keys("enter");
    assert_eq!(motion(&stage), [true, false, true]);
    stage.send(Msg::Exec(id, ExecItem::Ended(End::Exited(0))));
    assert_eq!(motion(&stage), [true, false, true, false]);
}

#[test]
fn programs_may_ask_for_keys_told_apart_where_the_terminal_does() {
    let (mut stage, plain) = with_shell(80, 24);
    stage.send(Msg::KeysApart);
    let (mut stage, id) = another(stage);
    for (pane, answer) in [(plain, None), (id, Some("\x1b[?1u"))] {
        stage.send(Msg::Exec(pane, ExecItem::Output("\x1b[>31u\x1b[?u".into())));
        let effects = stage.record.last().unwrap().2.clone();
        let answer = answer.map(|bytes| Effect::Write(pane, bytes.as_bytes().to_vec()));
        assert_eq!(effects, Vec::from_iter(answer), "no more than there is");
    }
    stage.send(Msg::Key("ctrl-i".parse().unwrap()));
    let typed = Effect::Write(id, b"\x1b[105;5u".to_vec());
    assert_eq!(stage.record.last().unwrap().2, [typed]);
}

#[test]
fn a_held_frame_of_a_pane_that_nobody_sees_draws_nothing_when_its_time_is_over() {
    let (mut stage, id) = with_shell(80, 24);
    stage = stage.keys("ctrl-] alt-1");
    write(&mut stage, id, "news\x1b[?2026hheld");
    let timer = first(&stage, |effect| match effect {
        Effect::After(timer, wait) if wait.0 == 150 => Some(*timer),
        _ => None,
    });
    stage.app.take_dirty();
    stage.send(Msg::Timer(timer));
    assert!(!stage.app.take_dirty());
    assert!(shown(&stage.keys("alt-2")).contains("newsheld"));
}

/// A line comes for a log, and every timer that waits for it rings; whether a frame is wanted.
fn log_line(stage: &mut Stage, second: usize) -> bool {
    use crate::domain::logs::{Chunk, Item, SourceState};
    let (log, source) = stage
        .record
        .iter()
        .flat_map(|(_, _, effects)| effects)
        .find_map(|effect| match effect {
            Effect::ReadLog { log, source, .. } => Some((*log, *source)),
            _ => None,
        })
        .unwrap();
    stage.app.take_dirty();
    let line = format!("2026-03-01T10:00:{second:02}.000000000Z line {second}\n");
    let items = vec![Item::Lines(line.into()), Item::State(SourceState::Live)];
    stage.send(Msg::Log(log, Chunk { source, items }));
    let timers: Vec<Id> = stage
        .record
        .iter()
        .flat_map(|(_, _, effects)| effects)
        .filter_map(|effect| match effect {
            Effect::After(id, _) => Some(*id),
            _ => None,
        })
        .collect();
    for timer in timers {
        stage.send(Msg::Timer(timer));
    }
    stage.app.take_dirty()
}

#[test]
fn a_log_that_nobody_sees_is_marked_once_and_one_beside_is_drawn() {
    let stage = Stage::company().sized(160, 50).keys("ctrl-t");
    let mut stage = stage.run("pods /web").keys("l");
    assert!(log_line(&mut stage, 1));
    let mut stage = stage.keys("alt-1");
    let strip = |stage: &Stage| shown(stage).lines().next().unwrap_or_default().to_owned();
    assert!(!strip(&stage).contains('•'), "{}", strip(&stage));
    assert!(log_line(&mut stage, 2), "the mark is news");
    assert!(strip(&stage).contains('•'), "{}", strip(&stage));
    assert!(!log_line(&mut stage, 3), "it is there already");
    let mut stage = stage.run("split 2");
    assert!(log_line(&mut stage, 4), "it is seen");
    assert!(shown(&stage).contains("line 4"), "{}", shown(&stage));
}
