//! The guided tour: walked whole by keys, for somebody who is stuck, left and taken up again.

use super::stage::{Stage, marked, text};
use crate::app::screens::Screen;
use crate::app::{Effect, Msg, Setup};
use crate::domain::exec::ExecItem;
use crate::domain::time::Millis;
use crate::input::shipped;

fn begun(columns: u16, rows: u16) -> Stage {
    Stage::demo(Setup::default())
        .sized(columns, rows)
        .run("tutor")
}

fn step(stage: &Stage) -> usize {
    stage.app.tour().map_or(0, |strip| strip.step)
}

fn shown(stage: &Stage) -> String {
    text(&stage.draw(&marked()))
}

/// The program in the container runs.
fn live(mut stage: Stage) -> Stage {
    let effects = stage.record.iter().flat_map(|(_, _, effects)| effects);
    let mut asked = effects.filter_map(|effect| match effect {
        Effect::Exec(id, _) => Some(*id),
        _ => None,
    });
    let id = asked.next_back().expect("a shell was asked for");
    stage.send(Msg::Exec(id, ExecItem::Started));
    stage.serve();
    stage
}

#[test]
fn every_step_waits_until_it_is_done() {
    let mut stage = begun(80, 24);
    assert_eq!(step(&stage), 1);
    stage = stage.keys("j k");
    assert_eq!(step(&stage), 1, "it waits");
    stage = stage.keys("enter");
    assert_eq!(step(&stage), 2);
    stage = stage.keys("esc");
    assert_eq!(step(&stage), 3);
    stage = stage.keys("/").typed("health:failing");
    assert_eq!(step(&stage), 3, "not while it is typed");
    stage = stage.keys("enter");
    assert_eq!(step(&stage), 4);
    stage = stage.keys("enter enter");
    assert_eq!(step(&stage), 4);
    stage = stage.keys("enter");
    assert_eq!(step(&stage), 5, "{}", shown(&stage));
    stage = stage.keys("l");
    assert_eq!(step(&stage), 6);
    stage = stage.keys("ctrl-f").typed("error").keys("enter");
    assert_eq!(step(&stage), 7);
    stage = stage.keys(":").typed("pods");
    assert_eq!(step(&stage), 7);
    stage = stage.keys("enter");
    assert_eq!(step(&stage), 8);
    stage = stage.keys("/").typed("status:running").keys("enter s");
    if stage.app.overlay.is_some() {
        stage = stage.keys("enter");
    }
    assert_eq!(step(&stage), 8, "it is being opened");
    stage = live(stage);
    assert_eq!(step(&stage), 9, "{}", shown(&stage));
    stage = stage.keys("l s enter");
    assert_eq!(step(&stage), 9);
    stage = stage.keys("ctrl-]");
    assert_eq!(step(&stage), 10);
    stage = stage.keys("alt-left");
    assert_eq!(step(&stage), 11);
    stage = stage.run("new");
    assert_eq!(step(&stage), 12);
    stage = stage.keys("esc ?");
    assert_eq!(step(&stage), 13, "{}", shown(&stage));
    stage.wait(Millis::seconds(31));
    assert_eq!(step(&stage), 0, "the last words go by themselves");
    assert!(matches!(stage.app.screen(), Screen::Text(_)));
}

#[test]
fn the_hint_grows_for_somebody_who_is_stuck() {
    let lines = |stage: &Stage| stage.app.tour().map_or(0, |strip| strip.lines.len());
    let mut stage = begun(80, 24);
    assert_eq!(lines(&stage), 1);
    stage.wait(Millis::seconds(21));
    assert_eq!(lines(&stage), 2);
    stage.wait(Millis::seconds(41));
    assert_eq!(lines(&stage), 3);
    let stage = stage.keys("enter");
    assert_eq!(lines(&stage), 1, "the next step begins calmly");
    let stage = stage.keys("j k j k j k j k j k");
    assert_eq!(lines(&stage), 2, "keys that do not help tell it too");
}

#[test]
fn it_is_left_taken_up_again_and_skipped() {
    let stage = begun(80, 24).keys("enter").run("tutor");
    assert_eq!(step(&stage), 0);
    let kept = stage.app.world.state.clone();
    assert_eq!(step(&stage.run("tutor")), 2);
    // The next run of the program knows it too.
    let setup = Setup {
        state: kept,
        ..Setup::default()
    };
    let stage = Stage::demo(setup).run("tutor");
    assert_eq!(step(&stage), 3, "at home the second step is done");
    let stage = stage.run("tutor skip");
    assert_eq!(step(&stage), 4);
    let stage = stage.run("tutor again");
    assert_eq!(step(&stage), 1);
    let stage = stage.run("tutor off");
    assert_eq!(step(&stage), 0);
}

#[test]
fn on_a_cluster_of_ones_own_it_asks_before_it_opens_the_demo() {
    let stage = Stage::company().run("tutor");
    assert_eq!(step(&stage), 0);
    assert!(shown(&stage).contains("The tour is in the demo"));
    let stage = stage.keys("y");
    let effects = stage.record.iter().flat_map(|(_, _, effects)| effects);
    assert!(effects.clone().any(|effect| *effect == Effect::ConnectDemo));
}

#[test]
fn keys_are_those_of_the_key_map_in_force() {
    for name in ["default", "vim", "emacs", "arrows"] {
        let mut stage = begun(80, 24);
        loop {
            let skipping = std::mem::replace(&mut stage.app.keymap, shipped(name).unwrap());
            // Steps that are done already pass by themselves.
            for _ in 0..3 {
                stage.wait(Millis::seconds(1));
            }
            let last = stage.app.tour().is_some_and(|strip| strip.step == strip.of);
            if last {
                break;
            }
            stage.wait(Millis::seconds(61));
            let strip = stage.app.tour().unwrap();
            let at = format!("{name}: step {}", strip.step);
            assert_eq!(strip.lines.len(), 3, "{at}");
            let pieces = || strip.lines.iter().flatten();
            assert!(pieces().any(|(_, key)| *key), "{at} names a key");
            for (text, _) in pieces() {
                assert!(!text.contains(['{', '}']), "{at}: {text}");
            }
            for line in &strip.lines {
                let width: usize = line.iter().map(|(text, _)| text.chars().count()).sum();
                assert!(width <= 77, "{at}: {width} columns: {line:?}");
            }
            stage.app.keymap = skipping;
            stage = stage.run("tutor skip");
        }
    }
}

#[test]
fn it_stands_above_the_hints() {
    for (columns, rows) in [(80, 24), (160, 50)] {
        let mut stage = begun(columns, rows);
        let name = |what: &str| format!("tour-{what}-{columns}x{rows}");
        insta::assert_snapshot!(name("begins"), stage.photograph());
        stage.wait(Millis::seconds(61));
        insta::assert_snapshot!(name("stuck"), stage.photograph());
        let stage = stage.keys(":");
        insta::assert_snapshot!(name("palette"), stage.photograph());
    }
}
