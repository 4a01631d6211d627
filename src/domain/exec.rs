//! Commands in containers: what is run, what comes of it, and how it ended.

use super::feed::Failure;
use super::text::Text;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A command to run in a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecRequest {
    /// The pod's namespace.
    pub namespace: Text,
    /// The pod.
    pub pod: Text,
    /// The container.
    pub container: Text,
    /// The command and its arguments; empty to attach to what the container runs already.
    pub command: Vec<String>,
    /// With a terminal of its own.
    pub tty: bool,
    /// Something will be written to its standard input.
    pub stdin: bool,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
}

/// Which shell to open: one round trip that takes the best there is.
pub const BEST_SHELL: &str = "command -v bash >/dev/null 2>&1 && exec bash; command -v ash >/dev/null 2>&1 && exec ash; exec sh";

/// What a command brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ExecItem {
    /// The command runs.
    Started,
    /// Its output; with a terminal also what it says on standard error.
    Output(#[serde(with = "crate::domain::byte_text")] Bytes),
    /// What it says on standard error.
    Errors(#[serde(with = "crate::domain::byte_text")] Bytes),
    /// It ended: the last thing that comes.
    Ended(End),
}

/// How a command ended. Only what was told is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// With this exit code.
    Exited(i32),
    /// The server told an error instead of an exit code: `executable file not found`.
    Failed(Text),
    /// The connection was lost: nobody knows how the command ended, or whether it has.
    Lost(Text),
    /// It was not begun.
    Refused(Failure),
}

impl End {
    /// The image has no such program.
    pub fn is_missing_program(&self) -> bool {
        matches!(self, Self::Failed(why) if why.contains("executable file not found")
            || why.contains("no such file or directory"))
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code @ 129..=192) => {
                write!(f, "exit {code}")?;
                match signal(code - 128) {
                    Some(name) => write!(f, " ({name})"),
                    None => Ok(()),
                }
            }
            Self::Exited(code) => write!(f, "exit {code}"),
            Self::Failed(why) => write!(f, "{why}"),
            Self::Lost(why) => write!(f, "connection lost: the command's end is unknown ({why})"),
            Self::Refused(failure) => write!(f, "{}", failure.why),
        }
    }
}

/// What a signal does, for the usual ones.
fn signal(number: i32) -> Option<&'static str> {
    Some(match number {
        1 => "hung up",
        2 => "interrupted",
        3 => "quit",
        6 => "aborted",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        15 => "terminated",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_told_as_they_are_known() {
        for (end, text) in [
            (End::Exited(0), "exit 0"),
            (End::Exited(137), "exit 137 (killed)"),
            (End::Exited(150), "exit 150"),
            (
                End::Lost("reset".into()),
                "connection lost: the command's end is unknown (reset)",
            ),
        ] {
            assert_eq!(end.to_string(), text);
        }
        let missing = "exec: \"sh\": executable file not found in $PATH";
        assert!(End::Failed(missing.into()).is_missing_program());
    }
}
