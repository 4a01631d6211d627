//! The table of a pod's containers.

use super::Column;
use crate::domain::health::status::state_word;
use crate::domain::rows::{Container, Role, State};
use crate::domain::time::{Timestamp, brief};
use std::fmt::Write;

/// The columns.
pub const CONTAINERS: &[Column] = &[
    Column::HEALTH,
    Column::text("name", "CONTAINER", 0),
    Column::text("kind", "KIND", 3),
    Column::text("ready", "READY", 1),
    Column::text("state", "STATE", 0),
    Column::number("restarts", "RESTARTS", 1),
    Column::text("exit", "LAST EXIT", 2),
    Column::sentence("image", "IMAGE", 0),
];

/// Writes the text of a container's cell.
pub fn container_text(
    container: &Container,
    role: Role,
    column: &str,
    now: Timestamp,
    out: &mut String,
) {
    match column {
        "name" => out.push_str(&container.name),
        "kind" if container.sidecar => out.push_str("sidecar"),
        "kind" => out.push_str(match role {
            Role::Init => "init",
            Role::Main => "",
            Role::Ephemeral => "debug",
        }),
        "ready" => out.push_str(if container.ready {
            "yes"
        } else if role != Role::Main && !container.sidecar {
            ""
        } else {
            "no"
        }),
        "state" => match (&container.state, state_word(&container.state)) {
            (State::Running { since: Some(since) }, _) => {
                let _ = write!(out, "Running {}", brief(now.since(*since)));
            }
            (State::Running { since: None }, _) => out.push_str("Running"),
            (_, Some(word)) => out.push_str(&word),
            (_, None) => out.push_str("Waiting"),
        },
        "restarts" => super::count(container.restarts, out),
        "exit" => {
            if let Some(last) = &container.last {
                let _ = write!(out, "{} {}", last.exit_code, last.reason);
                if let Some(at) = last.finished {
                    let _ = write!(out, ", {} ago", brief(now.since(at)));
                }
            }
        }
        "image" => out.push_str(&container.image),
        _ => {}
    }
}
