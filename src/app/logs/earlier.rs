//! `<`: lines from before the first kept one of each container.

use super::counted;
use crate::app::App;
use crate::app::effect::{Effect, Effects};
use crate::app::notice::Notice;
use crate::app::screens::Screen;
use crate::app::screens::logs::{EARLIER, Earlier, LogScreen};
use crate::domain::feed::Failure;
use crate::domain::logs::buffer::Older;
use crate::domain::logs::stamp::Stamps;
use crate::domain::logs::{Chunk, Item, Mark, Nanos, Reading, SourceId, SourceState, Start};

impl App {
    /// Asks for earlier lines.
    pub(super) fn load_earlier(&mut self, effects: &mut Effects) {
        let id = self.next_id();
        let Screen::Logs(screen) = &mut self.screens[self.at] else {
            return;
        };
        if screen.earlier.is_some() {
            return self.notify(Notice::info("earlier lines are on their way"));
        }
        let mut earlier = Earlier {
            id,
            ..Earlier::default()
        };
        let kept = screen.log.kept();
        for (n, (info, kept)) in screen.log.sources().iter().zip(kept).enumerate() {
            let Some(first) = kept.first else {
                continue;
            };
            let source = SourceId(u32::try_from(n).unwrap_or(u32::MAX));
            let known = u32::try_from(kept.lines).unwrap_or(u32::MAX);
            earlier.open.insert(source, true);
            effects.push(Effect::ReadLog {
                log: id,
                source,
                of: info.source.clone(),
                reading: Reading {
                    start: Start::Tail(known.saturating_add(EARLIER)),
                    until: Some(first),
                    previous: screen.reading.previous,
                    ..Reading::once()
                },
            });
        }
        if earlier.open.is_empty() {
            return self.notify(Notice::info(
                "there is no line yet before which others could be",
            ));
        }
        screen.earlier = Some(earlier);
    }
}

/// What came of asking for earlier lines.
pub(super) struct Came {
    lines: usize,
    failed: Option<Failure>,
}

impl From<Came> for Notice {
    fn from(came: Came) -> Self {
        match came {
            Came {
                failed: Some(failure),
                ..
            } => failure.into(),
            Came { lines: 0, .. } => Self::info("the server keeps no earlier lines"),
            Came { lines, .. } => Self::info(counted(lines, "earlier line")),
        }
    }
}

impl Earlier {
    fn keep(&mut self, source: SourceId, (at, raw): (Option<Nanos>, &[u8]), cut: u64) {
        // What has no stamp belongs to the line before it.
        let at = at.or_else(|| self.lines.last().map(|line| line.at));
        self.lines.push(Older {
            at: at.unwrap_or_default(),
            source,
            raw: raw.to_vec(),
            cut,
        });
    }
}

impl LogScreen {
    /// Earlier lines came; what came in all, once all sources have told theirs.
    pub(super) fn take_earlier(&mut self, chunk: Chunk) -> Option<Came> {
        let earlier = self.earlier.as_mut()?;
        let mut stamps = Stamps::default();
        for item in chunk.items {
            match item {
                Item::Lines(bytes) => {
                    let lines = bytes.split(|byte| *byte == b'\n');
                    for line in lines.filter(|line| !line.is_empty()) {
                        earlier.keep(chunk.source, stamps.split(line), 0);
                    }
                }
                Item::Long(head, cut) => earlier.keep(chunk.source, stamps.split(&head), cut),
                Item::Mark(Mark::Refused(failure)) => earlier.failed = Some(failure),
                Item::State(SourceState::Ended) => {
                    earlier.open.remove(&chunk.source);
                }
                _ => {}
            }
        }
        if !earlier.open.is_empty() {
            return None;
        }
        let Earlier { lines, failed, .. } = self.earlier.take()?;
        let came = Came {
            lines: lines.len(),
            failed,
        };
        self.log.prepend(lines);
        Some(came)
    }
}
