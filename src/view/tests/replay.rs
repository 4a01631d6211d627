//! A recorded session, fed to a new program, leads to the same effects and the same frames: what
//! makes a bug report that can be run.

use super::company::{NOW, batches};
use super::stage::{Recorded, Stage, marked};
use crate::app::{Msg, Setup};
use crate::domain::feed::{Change, FeedState};
use crate::domain::time::Millis;
use proptest::prelude::*;

/// Keys that open, leave, filter, sort, mark, fold, scroll and ask, among others.
const KEYS: &[&str] = &[
    "j",
    "k",
    "down",
    "up",
    "enter",
    "esc",
    "pgdn",
    "home",
    "end",
    "space",
    "/",
    ":",
    "?",
    "y",
    "d",
    "tab",
    "shift-n",
    "shift-a",
    "shift-o",
    "[",
    "]",
    "0",
    "1",
    "ctrl-d",
    "ctrl-w",
    "n",
    "p",
    "w",
    "o",
    "s",
    "backspace",
    "left",
    "right",
];

/// Something that happens in a session.
#[derive(Clone, Debug)]
enum Step {
    Key(&'static str),
    Wait(u16),
    Resize(u16, u16),
    Wheel(i16),
    Paste(String),
    /// The rows of a batch of the company come or go once more.
    Rows {
        batch: usize,
        from: usize,
        go: bool,
    },
    Feeds(FeedState),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => proptest::sample::select(KEYS).prop_map(Step::Key),
        2 => (1..90_u16).prop_map(Step::Wait),
        1 => (0..200_u16, 0..60_u16).prop_map(|(columns, rows)| Step::Resize(columns, rows)),
        1 => (-3..=3_i16).prop_map(Step::Wheel),
        1 => "[a-z:>\\[ ]{0,6}".prop_map(Step::Paste),
        2 => (any::<usize>(), any::<usize>(), any::<bool>())
            .prop_map(|(batch, from, go)| Step::Rows { batch, from, go }),
        1 => proptest::bool::ANY.prop_map(|live| Step::Feeds(if live {
            FeedState::Live { seen: NOW }
        } else {
            FeedState::Disconnected { seen: Some(NOW), why: "connection reset".into(), retry_at: NOW }
        })),
    ]
}

fn perform(mut stage: Stage, step: Step) -> Stage {
    match step {
        Step::Key(key) => return stage.keys(key),
        Step::Resize(columns, rows) => return stage.sized(columns, rows),
        Step::Wait(seconds) => stage.wait(Millis::seconds(seconds.into())),
        Step::Wheel(lines) => stage.send(Msg::Wheel(lines)),
        Step::Paste(text) => stage.send(Msg::Paste(text)),
        Step::Feeds(told) => stage.feeds(&told),
        Step::Rows { batch, from, go } => {
            let mut all = batches();
            let at = batch % all.len();
            let mut batch = all.swap_remove(at);
            batch
                .changes
                .retain(|change| matches!(change, Change::Put(_)));
            let from = from % batch.changes.len().max(1);
            batch.changes.drain(..from);
            if go {
                for change in &mut batch.changes {
                    if let Change::Put(row) = change {
                        let meta = row.meta();
                        let (namespace, name) = (meta.namespace.clone(), meta.name.clone());
                        *change = Change::Gone { namespace, name };
                    }
                }
            }
            stage.send(Msg::Batch(batch));
        }
    }
    stage.serve();
    stage
}

/// The frame as it would be drawn now, without what an earlier frame left in the view's memory.
fn frame(stage: &Stage) -> ratatui::buffer::Buffer {
    stage.draw(&marked())
}

fn replay(record: &[Recorded]) -> Result<Stage, TestCaseError> {
    let mut stage = Stage::new(Setup::default());
    for (at, msg, effects) in record {
        let again = stage.app.update(msg.clone(), *at);
        prop_assert_eq!(&again, effects, "{:?}", msg);
    }
    Ok(stage)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_recorded_session_replays_to_the_same_effects_and_frames(
        steps in proptest::collection::vec(step(), 1..80)
    ) {
        let mut stage = Stage::company();
        for step in steps {
            stage = perform(stage, step);
            frame(&stage);
        }
        let again = replay(&stage.record)?;
        prop_assert_eq!(frame(&again), frame(&stage));
    }
}
