//! A build as it is watched: its steps, what moves, and how it ended.

use super::{Event, Fault, StepState};
use crate::domain::catalogue::ImageRef;
use crate::domain::listing::bytes;
use crate::domain::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};

/// Movements that are kept: what is done falls out first.
const MOVING: usize = 32;

/// Movements that are told at a time.
const SEEN: usize = 3;

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its name for the engine.
    pub id: String,
    /// What it does.
    pub name: String,
    /// How it stands.
    pub state: StepState,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Lines that it wrote.
    pub lines: u64,
}

/// Something that is moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// What.
    pub what: String,
    /// Bytes so far.
    pub current: u64,
    /// Bytes in all; 0 when nobody knows.
    pub total: u64,
}

/// What was sent to the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The largest of them, largest first.
    pub largest: Vec<(String, u64)>,
}

/// Rows for the reason of a failure at most.
pub const REASON: u16 = 3;

/// More than this is a surprise, as a rule: the largest files are named.
const LARGE: u64 = 50_000_000;

impl Sent {
    /// Files and bytes in words.
    pub fn told(&self) -> String {
        let files = if self.files == 1 { "file" } else { "files" };
        let mut text = format!("{} {files}, {}", self.files, bytes(self.bytes));
        if text.ends_with(|c: char| c.is_ascii_digit()) {
            text.push_str(" bytes");
        }
        if self.bytes > LARGE {
            let named: Vec<String> = self
                .largest
                .iter()
                .map(|(name, size)| format!("{name} {}", bytes(*size)))
                .collect();
            text = format!("{text}; the largest: {}", named.join(", "));
        }
        text
    }
}

/// How a build ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The image is there.
    Built {
        /// Its id.
        image: String,
        /// The digest that the registry has, where it was pushed and verified.
        digest: Option<String>,
    },
    /// It failed.
    Failed(Fault),
    /// Somebody stopped it.
    Stopped,
}

/// A build.
#[derive(Clone, Debug, PartialEq)]
pub struct Build {
    /// Name and tag of the image.
    pub tag: ImageRef,
    /// It is pushed when it is built.
    pub push: bool,
    /// Nothing is built: the demo plays.
    pub simulated: bool,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How; `None` while it goes on.
    pub outcome: Option<Outcome>,
    /// What was sent of the source.
    pub context: Option<Sent>,
    /// Its steps, in the order in which they began.
    pub steps: Vec<Step>,
    /// What moves.
    pub moving: Vec<Moved>,
    /// The digest that the engine pushed.
    pub pushed: Option<String>,
    /// How long it took the last time.
    pub last: Option<Millis>,
}

impl Build {
    /// A build that begins now.
    pub fn new(tag: ImageRef, push: bool, simulated: bool, now: Timestamp) -> Self {
        Self {
            tag,
            push,
            simulated,
            began: now,
            ended: None,
            outcome: None,
            context: None,
            steps: Vec::new(),
            moving: Vec::new(),
            pushed: None,
            last: None,
        }
    }

    /// Takes in what happened.
    pub fn take(&mut self, event: &Event, now: Timestamp) {
        match event {
            Event::Context(sent) => self.context = Some(sent.clone()),
            Event::Step { id, name, state } => self.step(id, name, *state, now),
            Event::Log { step, .. } => {
                if let Some(step) = self.steps.iter_mut().find(|known| known.id == *step) {
                    step.lines += 1;
                }
            }
            Event::Progress {
                what,
                current,
                total,
            } => self.moved(what, *current, *total),
            Event::Image { .. } => self.moving.clear(),
            Event::Pushed { digest } => {
                self.moving.clear();
                self.pushed = Some(digest.clone());
            }
            Event::Verified { .. } => {}
        }
    }

    fn step(&mut self, id: &str, name: &str, state: StepState, now: Timestamp) {
        let ended = (state != StepState::Started).then_some(now);
        match self.steps.iter_mut().find(|known| known.id == id) {
            Some(step) => {
                step.state = state;
                step.ended = ended;
                if !name.is_empty() {
                    name.clone_into(&mut step.name);
                }
            }
            None => self.steps.push(Step {
                id: id.to_owned(),
                name: name.to_owned(),
                state,
                began: now,
                ended,
                lines: 0,
            }),
        }
    }

    fn moved(&mut self, what: &str, current: u64, total: u64) {
        if let Some(known) = self.moving.iter_mut().find(|known| known.what == what) {
            (known.current, known.total) = (current, total);
            return;
        }
        if self.moving.len() == MOVING {
            let done = self
                .moving
                .iter()
                .position(|it| it.total > 0 && it.current >= it.total);
            self.moving.remove(done.unwrap_or(0));
        }
        self.moving.push(Moved {
            what: what.to_owned(),
            current,
            total,
        });
    }

    /// It ended.
    pub fn end(&mut self, outcome: Outcome, now: Timestamp) {
        let failed = matches!(outcome, Outcome::Failed(_));
        for step in &mut self.steps {
            if step.state == StepState::Started && failed {
                step.state = StepState::Failed;
            }
            step.ended.get_or_insert(now);
        }
        self.moving.clear();
        self.ended = Some(now);
        self.outcome = Some(outcome);
    }

    /// Whether it goes on.
    pub fn runs(&self) -> bool {
        self.outcome.is_none()
    }

    /// How long it has taken.
    pub fn took(&self, now: Timestamp) -> Millis {
        self.ended.unwrap_or(now).since(self.began)
    }

    /// What moves now, the newest first.
    pub fn under_way(&self) -> impl Iterator<Item = &Moved> {
        let under_way = |it: &&Moved| it.total == 0 || it.current < it.total;
        self.moving.iter().rev().filter(under_way).take(SEEN)
    }

    /// Rows that tell of it in a page of so many: what it needs, at most half.
    pub fn rows(&self, page: u16) -> u16 {
        let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        // How it stands, what follows, and a rule; a reason may be long.
        let reason = match self.outcome {
            Some(Outcome::Failed(_)) => REASON,
            _ => 1,
        };
        let wanted = count(self.steps.len())
            .saturating_add(count(self.under_way().count()))
            .saturating_add(reason + 2);
        wanted.min(page / 2).max(3.min(page))
    }

    /// The step that failed, or the one that began last.
    pub fn current(&self) -> Option<usize> {
        let failed = self
            .steps
            .iter()
            .position(|step| step.state == StepState::Failed);
        let runs = self
            .steps
            .iter()
            .rposition(|step| step.state == StepState::Started);
        failed.or(runs).or(self.steps.len().checked_sub(1))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::domain::build::FaultSort;

    fn build() -> Build {
        Build::new(ImageRef::parse("a:1").unwrap(), false, false, Timestamp(0))
    }

    fn step(id: &str, state: StepState) -> Event {
        Event::Step {
            id: id.into(),
            name: format!("RUN {id}"),
            state,
        }
    }

    #[test]
    fn steps_keep_their_order_and_count_their_lines() {
        let mut build = build();
        build.take(&step("a", StepState::Started), Timestamp(1_000));
        build.take(&step("b", StepState::Started), Timestamp(2_000));
        build.take(
            &Event::Log {
                step: "a".into(),
                line: "x".into(),
            },
            Timestamp(2_000),
        );
        build.take(&step("a", StepState::Done), Timestamp(3_000));
        assert_eq!(build.steps[0].lines, 1);
        assert_eq!(build.steps[0].ended, Some(Timestamp(3_000)));
        assert_eq!(build.current(), Some(1));
    }

    #[test]
    fn a_failure_falls_on_the_step_that_ran() {
        let mut build = build();
        build.take(&step("a", StepState::Done), Timestamp(1));
        build.take(&step("b", StepState::Started), Timestamp(2));
        let fault = Fault::new(FaultSort::Build, "exit 1", "look");
        build.end(Outcome::Failed(fault), Timestamp(9));
        assert_eq!(build.steps[1].state, StepState::Failed);
        assert_eq!(build.current(), Some(1));
        assert!(!build.runs());
        assert_eq!(build.took(Timestamp(99)), Millis(9));
    }

    #[test]
    fn what_moves_is_bounded_and_what_is_done_goes_first() {
        let mut build = build();
        for n in 0..100_u64 {
            build.moved(&n.to_string(), if n == 3 { 5 } else { 1 }, 5);
        }
        assert_eq!(build.moving.len(), MOVING);
        assert!(build.moving.iter().all(|it| it.what != "3"));
    }
}
