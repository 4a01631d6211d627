//! Choices: themes on trial, and files that are read again.

use super::stage::{Stage, marked, text};
use crate::app::{Effect, Hit, Msg, Settings, Setup};
use crate::key::{Button, Mouse, MouseAction};

fn stage() -> Stage {
    let setup = Setup {
        settings: Settings {
            theme: "dark".into(),
            production: vec!["prod".into()],
            themes: ["clear", "dark", "light"].map(str::to_owned).to_vec(),
            ..Settings::default()
        },
        ..Setup::default()
    };
    Stage::company_in(setup, "prod-eu").sized(80, 24)
}

/// The themes that were asked for, in order.
fn worn(stage: &Stage) -> Vec<String> {
    let effects = stage.record.iter().flat_map(|(_, _, effects)| effects);
    effects
        .filter_map(|effect| match effect {
            Effect::Theme(name) => Some(name.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_theme_is_seen_while_it_is_chosen_and_goes_when_it_is_not_taken() {
    let stage = stage().run("theme").keys("down up down esc");
    assert_eq!(worn(&stage), ["light", "dark", "light", "dark"]);
    assert!(stage.app.overlay.is_none());
    let mut stage = stage.run("theme").keys("down");
    let press = Mouse::plain(MouseAction::Press(Button::Left));
    stage.send(Msg::Mouse(Hit::Tab(0), press));
    assert_eq!(
        worn(&stage)[4..],
        ["light", "dark"],
        "left by a press elsewhere"
    );
    let stage = stage.keys("esc").run("theme").keys("up enter");
    assert_eq!(worn(&stage)[6..], ["clear"]);
    let shown = text(&stage.draw(&marked()));
    assert!(shown.contains("theme clear until the end"), "{shown}");
}

#[test]
fn a_theme_is_named_at_once_and_an_unknown_one_is_told() {
    let stage = stage().run("theme light");
    assert_eq!(worn(&stage), ["light"]);
    let stage = stage.run("theme sepia");
    assert_eq!(worn(&stage), ["light"]);
    let shown = text(&stage.draw(&marked()));
    assert!(shown.contains("there is no theme `sepia`"), "{shown}");
}

#[test]
fn what_is_read_again_counts_at_once() {
    let mut stage = stage();
    assert!(stage.app.is_production());
    stage.send(Msg::Reloaded(Box::new(Settings {
        keymap: crate::input::shipped("vim").unwrap(),
        production: vec!["^live-".into()],
        favourites: vec!["shop-prod".into()],
        theme: "light".into(),
        themes: vec!["light".into()],
        ..Settings::default()
    })));
    assert!(!stage.app.is_production());
    assert_eq!(stage.app.keymap, crate::input::shipped("vim").unwrap());
    assert_eq!(stage.app.world.state.favourites, ["shop-prod"]);
}
