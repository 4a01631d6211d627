//! Lists that are compared: a difference that stays is told, one that was on its way is not.

use super::company::batches;
use super::stage::{Stage, marked, text};
use crate::app::{Effect, Msg, Setup};
use crate::domain::feed::{Batch, Change};
use crate::domain::rows::{Kind, Row};
use crate::domain::time::Millis;

fn stage() -> Stage {
    let setup = Setup {
        check: Some(Millis::seconds(60)),
        ..Setup::default()
    };
    Stage::company_in(setup, "dev").sized(160, 50)
}

fn lists() -> Vec<Batch> {
    batches()
}

fn pods(lists: &mut [Batch]) -> &mut Vec<Change> {
    let pods = lists.iter_mut().find(|list| list.kind == Kind::Pod);
    &mut pods.unwrap().changes
}

fn told(stage: &Stage) -> bool {
    text(&stage.draw(&marked())).contains("what is shown is not what the server has")
}

fn logged(stage: &Stage) -> Vec<String> {
    let effects = stage.record.iter().flat_map(|(_, _, effects)| effects);
    effects
        .filter_map(|effect| match effect {
            Effect::Log(line) => Some(line.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn it_is_looked_as_often_as_was_asked_for() {
    let mut stage = stage();
    let looks = |stage: &Stage| {
        let effects = stage.record.iter().flat_map(|(_, _, effects)| effects);
        effects.filter(|it| matches!(it, Effect::List(_))).count()
    };
    stage.wait(Millis::seconds(1));
    assert_eq!(looks(&stage), 0);
    stage.wait(Millis::seconds(61));
    assert_eq!(looks(&stage), 1);
    stage.send(Msg::Listed(lists()));
    assert!(!told(&stage) && logged(&stage).is_empty());
    stage.wait(Millis::seconds(30));
    assert_eq!(looks(&stage), 1);
    stage.wait(Millis::seconds(31));
    assert_eq!(looks(&stage), 2);
}

#[test]
fn what_differs_twice_is_told_once() {
    let mut stage = stage();
    let mut other = lists();
    // The server has lost a pod that is shown, and has another state of a second one.
    let changes = pods(&mut other);
    let at = changes.iter().position(|it| matches!(it, Change::Put(_)));
    changes.remove(at.unwrap());
    let row = changes.iter_mut().find_map(|it| match it {
        Change::Put(row) => Some(row),
        _ => None,
    });
    if let Row::Pod(pod) = &mut **row.unwrap() {
        pod.phase = "Failed".into();
    }
    stage.send(Msg::Listed(other.clone()));
    assert!(!told(&stage), "it may be on its way");
    stage.send(Msg::Listed(other.clone()));
    assert!(told(&stage));
    let lines = logged(&stage);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines
            .iter()
            .any(|it| it.contains("the server does not have it")),
        "{lines:?}"
    );
    assert!(
        lines
            .iter()
            .any(|it| it.contains("an older state of it is shown")),
        "{lines:?}"
    );
    stage.send(Msg::Listed(other));
    assert_eq!(logged(&stage).len(), 2, "it is told once");
    // An event that is missing altogether.
    let mut first = lists();
    let mut more = first.clone();
    let new = pods(&mut first).iter().find_map(|it| match it {
        Change::Put(row) => Some(row.clone()),
        _ => None,
    });
    let mut new = new.unwrap();
    if let Row::Pod(pod) = &mut *new {
        pod.meta.name = "never-seen".into();
    }
    pods(&mut more).insert(1, Change::Put(new));
    stage.send(Msg::Listed(more.clone()));
    stage.send(Msg::Listed(more));
    let last = logged(&stage).pop().unwrap();
    assert!(last.contains("never-seen: the server has it"), "{last}");
}
