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
