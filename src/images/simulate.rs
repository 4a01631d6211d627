//! A build that is only played: the demo shows what a build looks like where there is no engine.
//! Nothing is made, nothing is sent, and the lines say so.

use crate::domain::build::{Event, Outcome, Sent, StepState};
use crate::domain::lint::parse;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a step that copies or sets something takes.
const SHORT: Duration = Duration::from_millis(250);

/// Lines that a step which runs something writes, and how long each takes.
const LINES: usize = 6;
const LINE: Duration = Duration::from_millis(180);

/// Plays the build of a Dockerfile. Where time stands still it stops in the middle of the last step
/// that runs something, until it is given up.
pub async fn simulate(
    dockerfile: &str,
    files: u64,
    still: bool,
    events: &mpsc::Sender<Event>,
) -> Outcome {
    let tell = async |event: Event| {
        // A reader that went away does not stop a play.
        let _ = events.send(event).await;
    };
    tell(Event::Context(Sent {
        files,
        bytes: 0,
        largest: Vec::new(),
    }))
    .await;
    let instructions = parse(dockerfile);
    let steps: Vec<_> = instructions
        .iter()
        .filter(|it| matches!(it.keyword.as_str(), "FROM" | "RUN" | "COPY" | "WORKDIR"))
        .collect();
    let last_run = steps.iter().rposition(|step| step.keyword == "RUN");
    for (n, step) in steps.into_iter().enumerate() {
        // As the classic builder calls them: the tree knows the stages by it.
        let id = format!("Step {}", n + 1);
        let name = format!("{} {}", step.keyword, step.rest);
        let event = |state| Event::Step {
            id: id.clone(),
            name: name.clone(),
            state,
        };
        tell(event(StepState::Started)).await;
        if step.keyword == "RUN" {
            for line in 1..=LINES {
                tokio::time::sleep(LINE).await;
                tell(Event::Log {
                    step: id.clone(),
                    line: format!("played line {line} of {LINES}: nothing runs"),
                })
                .await;
                if still && last_run == Some(n) && line > LINES / 2 {
                    std::future::pending::<()>().await;
                }
            }
        } else {
            tokio::time::sleep(SHORT).await;
        }
        tell(event(if n % 4 == 1 {
            StepState::Cached
        } else {
            StepState::Done
        }))
        .await;
    }
    Outcome::Built {
        image: String::new(),
        digest: None,
    }
}
