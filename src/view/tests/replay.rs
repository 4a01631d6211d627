//! A recorded session, fed to a new program, leads to the same effects and the same frames: what
//! makes a bug report that can be run.

use super::company::{NOW, batches};
use super::stage::{Stage, marked};
use crate::app::{Hit, Msg, Setup};
use crate::domain::feed::{Change, FeedState};
use crate::domain::time::Millis;
use crate::key::{Button, Mouse, MouseAction};
use crate::view::Memory;
use proptest::prelude::*;

/// Keys that open, leave, filter, sort, mark, fold, scroll and ask, among others.
const KEYS: &str = "j k down up enter esc pgdn home end space / : ? y d tab shift-n shift-a shift-o [ ] 0 1 \
    ctrl-d ctrl-w n p w o s backspace left right alt-s alt-u alt-o alt-w ctrl-t";

/// Something that happens in a session.
#[derive(Clone, Debug)]
enum Step {
    Key(&'static str),
    Wait(u16),
    Resize(u16, u16),
    /// Up, or down.
    Wheel(bool),
    /// Column and row, in thousandths of the terminal.
    Click(u16, u16),
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
        8 => proptest::sample::select(KEYS.split(' ').collect::<Vec<_>>()).prop_map(Step::Key),
        2 => (1..90_u16).prop_map(Step::Wait),
        1 => (0..200_u16, 0..60_u16).prop_map(|(columns, rows)| Step::Resize(columns, rows)),
        1 => any::<bool>().prop_map(Step::Wheel),
        2 => (0..1_000_u16, 0..1_000_u16).prop_map(|(x, y)| Step::Click(x, y)),
        1 => "[a-z:>\\[ ]{0,6}".prop_map(Step::Paste),
        2 => (any::<usize>(), any::<usize>(), any::<bool>())
            .prop_map(|(batch, from, go)| Step::Rows { batch, from, go }),
        1 => proptest::bool::ANY.prop_map(|live| Step::Feeds(if live {
            FeedState::Live
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
        Step::Wheel(up) => {
            let button = if up {
                Button::WheelUp
            } else {
                Button::WheelDown
            };
            let turned = Mouse::plain(MouseAction::Press(button));
            stage.send(Msg::Mouse(Hit::Nothing, turned));
        }
        Step::Click(x, y) => {
            let (columns, rows) = stage.app.size;
            let part = |of: u16, share: u16| {
                u16::try_from(u32::from(of) * u32::from(share) / 1_000).unwrap()
            };
            let (_, hits) = stage.draw_in(&marked(), &mut Memory::default(), (columns, rows));
            let press = Mouse::plain(MouseAction::Press(Button::Left));
            stage.send(Msg::Mouse(hits.at(part(columns, x), part(rows, y)), press));
        }
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_recorded_session_replays_to_the_same_effects_and_frames(
        steps in proptest::collection::vec(step(), 1..80)
    ) {
        let mut stage = Stage::company();
        // Frames, each with the number of messages that led to it.
        let mut frames = Vec::new();
        for step in steps {
            stage = perform(stage, step);
            frames.push((stage.record.len(), frame(&stage)));
        }
        let mut frames = frames.into_iter().peekable();
        let mut again = Stage::new(Setup::default());
        for (n, (at, msg, effects)) in stage.record.iter().enumerate() {
            // As a file keeps it.
            let written = serde_json::to_string(msg).unwrap();
            let read: Msg = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(&read, msg);
            prop_assert_eq!(&again.app.update(read, *at), effects, "{:?}", msg);
            while let Some((_, seen)) = frames.next_if(|(sent, _)| *sent == n + 1) {
                prop_assert_eq!(frame(&again), seen, "{:?}", msg);
            }
        }
    }
}
