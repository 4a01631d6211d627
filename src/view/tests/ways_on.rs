//! Where there is nothing to see, the next key is named: one that is bound, or a command.

use super::company::NOW;
use super::stage::{Stage, marked, text};
use crate::app::{Answer, Effect, Msg, Setup, Worked};
use crate::command::Command;
use crate::domain::feed::{Failure, FailureSort, FeedState, Scope};
use crate::domain::time::Millis;
use crate::input::{Resolution, shipped};
use crate::key::Key;

/// The stage with this key map.
fn with_map(mut stage: Stage, name: &str) -> Stage {
    stage.app.keymap = shipped(name).unwrap();
    stage
}

/// The ways on that the body of the frame names.
fn ways(stage: &Stage) -> Vec<String> {
    let frame = text(&stage.draw(&marked()));
    let body: Vec<&str> = frame.lines().skip(2).collect();
    let body = &body[..body.len() - 1];
    let parts = body.iter().flat_map(|line| line.split(" · "));
    let first = parts.map(|part| {
        let part = part.split(';').next_back().unwrap_or(part).trim();
        part.split(' ').next().unwrap_or_default().to_owned()
    });
    first.filter(|word| is_way(stage, word)).collect()
}

fn is_way(stage: &Stage, word: &str) -> bool {
    if let Some(command) = word.strip_prefix(':') {
        return Command::from_word(command).is_some();
    }
    let Ok(key) = word.parse::<Key>() else {
        return false;
    };
    let contexts = stage.app.key_contexts();
    stage.app.keymap.resolve(contexts, &[key]) != Resolution::Unbound
}

fn nothing_listed(feeds: &FeedState) -> Stage {
    let mut stage = Stage::connected(Setup::default(), "dev");
    stage.feeds(feeds);
    stage
}

fn no_recipe() -> Stage {
    let mut stage = Stage::company().run("outdated");
    let effects = stage.record.iter().flat_map(|(_, _, effects)| effects);
    let mut ids = effects.filter_map(|effect| match effect {
        Effect::Work(id, _) => Some(*id),
        _ => None,
    });
    let id = ids.next_back().unwrap();
    stage.send(Msg::Work(id, Worked::Outdated(Vec::new())));
    stage
}

fn states() -> Vec<(&'static str, Stage)> {
    let live = FeedState::Live;
    let mut slow = nothing_listed(&FeedState::Loading { since: NOW });
    slow.wait(Millis::seconds(7));
    let forbidden = FeedState::Forbidden {
        verb: "list".into(),
        resource: "pods".into(),
        scope: Scope::ALL,
    };
    let cut = FeedState::Disconnected {
        seen: Some(NOW),
        why: "connection reset".into(),
        retry_at: NOW.plus(Millis::seconds(9)),
    };
    let mut refused = Stage::company().run("pods");
    refused.send(Msg::Key("y".parse().unwrap()));
    let asked = refused.last_asked();
    refused.send(Msg::Answer(
        asked,
        Answer::Failed(Failure {
            what: "read the pod".into(),
            why: "it is gone".into(),
            remedy: "it may be gone".into(),
            sort: FailureSort::NotFound,
        }),
    ));
    vec![
        ("loading for long", slow),
        ("empty", nothing_listed(&live)),
        ("forbidden", nothing_listed(&forbidden)),
        ("absent", nothing_listed(&FeedState::Absent)),
        ("cut off", nothing_listed(&cut)),
        ("silent", nothing_listed(&FeedState::Stale { seen: NOW })),
        ("filtered away", Stage::company().run("pods /nosuch")),
        ("a text that cannot be had", refused),
        (
            "a log without a container",
            Stage::company().run("logs -l a=b"),
        ),
        ("no recipe", no_recipe()),
    ]
}

#[test]
fn every_empty_forbidden_and_broken_state_names_the_next_key() {
    for map in ["default", "emacs", "arrows"] {
        for (name, stage) in states() {
            let stage = with_map(stage.sized(80, 24), map);
            let frame = text(&stage.draw(&marked()));
            assert!(!ways(&stage).is_empty(), "{map}: {name}:\n{frame}");
        }
    }
}
