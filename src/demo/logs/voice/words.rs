//! What programs say at their start, when they are asked to stop, and at their end. The last words
//! explain what the pod's status says about the end.

use super::super::run::End;
use super::super::stamp::MILLI;
use super::formats::java_trace;
use super::{Level, Speaker, Voice};
use crate::demo::random::Random;

/// The first lines of a run that begins at `at`.
pub fn first(speaker: &Speaker, at: i64) -> Vec<Vec<u8>> {
    let info =
        |step: i64, message: String| speaker.line(at + step * 30 * MILLI, Level::Info, &message);
    let (component, version) = (&speaker.component, &speaker.version);
    match speaker.voice {
        Voice::Silent => Vec::new(),
        Voice::Echo => vec![speaker.echo.clone().unwrap_or_default().into_bytes()],
        Voice::Job if speaker.container == "migrate" => vec![
            info(0, format!("migrate {version}: connecting to the database")),
            info(1, "12 migrations known, 11 applied".to_owned()),
        ],
        Voice::Job => vec![info(0, format!("{component} {version} starts"))],
        Voice::Logback => {
            let mut lines: Vec<Vec<u8>> = BANNER.lines().map(Into::into).collect();
            lines.push(info(
                0,
                format!("Starting {component} v{version} using Java 21.0.8 with PID 1"),
            ));
            lines.push(info(3, "HikariPool-1 - Start completed.".to_owned()));
            lines.push(info(6, format!("Started {component} in 4.812 seconds")));
            lines
        }
        Voice::Access | Voice::Klog | Voice::Guest(_) => {
            vec![info(0, format!("starting {component} {version}"))]
        }
        _ => {
            let mut lines = vec![info(0, format!("starting {component} {version}"))];
            if speaker.doomed {
                return lines;
            }
            lines.push(info(1, "configuration read from /app/config".to_owned()));
            if speaker.serves {
                lines.push(info(4, format!("listening on {}", speaker.address)));
            }
            lines
        }
    }
}

const BANNER: &str = "  _  _   _   _   __   __ _   ___ ___
 | || | /_\\ | |  \\ \\ / //_\\ | _ \\   \\
 | __ |/ _ \\| |__ \\ V // _ \\|   / |) |
 |_||_/_/ \\_\\____| |_|/_/ \\_\\_|_\\___/";

/// The lines that explain an end.
pub fn last(speaker: &Speaker, end: &End, at: i64) -> Vec<Vec<u8>> {
    if matches!(speaker.voice, Voice::Silent | Voice::Echo) {
        return Vec::new();
    }
    if !end.message.is_empty() {
        return told(speaker, end, at);
    }
    match (end.code, end.reason.as_str()) {
        (0, _) => vec![speaker.line(at, Level::Info, finished(speaker))],
        // The kernel asks nobody: the program's own worry is all there is.
        (_, "OOMKilled") => vec![speaker.line(
            at,
            Level::Error,
            &format!(
                "GC overhead: 97% of the time in collections, heap {}% of limit",
                speaker.memory(at).max(96)
            ),
        )],
        (137 | 143, _) => vec![speaker.line(at, Level::Info, "received SIGTERM, stopping")],
        (code, _) => failed(speaker, code, at),
    }
}

fn finished(speaker: &Speaker) -> &'static str {
    match speaker.voice {
        Voice::Job if speaker.container == "migrate" => "the database is up to date",
        Voice::Job => "done",
        _ => "stopped",
    }
}

/// A termination message is the end of the log: it stands here word for word.
fn told(speaker: &Speaker, end: &End, at: i64) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    if matches!(speaker.voice, Voice::Job | Voice::Python) {
        for line in [
            "Traceback (most recent call last):",
            "  File \"/app/service/__main__.py\", line 31, in <module>",
            "    main(sys.argv[1:])",
            "  File \"/app/service/run.py\", line 118, in main",
            "    check(batch)",
        ] {
            lines.push(line.into());
        }
    } else if let Some(line) = end.message.lines().next() {
        let why = line.trim_start_matches("panic: ");
        lines.push(speaker.line(at, Level::Error, &format!("cannot start: {why}")));
    }
    lines.extend(end.message.lines().map(|line| line.as_bytes().to_vec()));
    lines
}

fn failed(speaker: &Speaker, code: i64, at: i64) -> Vec<Vec<u8>> {
    let why = "lost the connection to the database: server closed the connection unexpectedly";
    let mut line = speaker.line(at, Level::Error, why);
    if speaker.voice == Voice::Logback {
        java_trace(speaker, why, &mut Random::new(1), &mut line);
    }
    let mut lines: Vec<Vec<u8>> = line
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    lines.push(speaker.line(
        at,
        Level::Error,
        &format!("fatal: exiting with code {code}"),
    ));
    lines
}

/// The lines of a program that was asked to stop at `at`.
pub fn farewell(speaker: &Speaker, at: i64) -> Vec<Vec<u8>> {
    if matches!(speaker.voice, Voice::Silent | Voice::Echo) {
        return Vec::new();
    }
    vec![
        speaker.line(at, Level::Info, "received SIGTERM, draining connections"),
        speaker.line(at + 3 * MILLI, Level::Info, "no new work is accepted"),
    ]
}

/// The text that a command line echoes: what stands between `echo` and the next command.
pub fn echoed(command: &str) -> Option<String> {
    let (before, after) = command.split_once("echo ")?;
    if !(before.is_empty() || before.ends_with([' ', ';', '&', '\n'])) {
        return None;
    }
    let text = after.split([';', '&', '|', '>', '\n']).next()?;
    Some(text.trim().trim_matches(['"', '\'']).to_owned())
}

/// Seconds between two echoes of a loop.
pub fn period(command: &str) -> Option<i64> {
    let loops = ["while ", "until ", "for "]
        .iter()
        .any(|word| command.contains(word));
    if !loops {
        return None;
    }
    let (_, after) = command.split_once("sleep ").unwrap_or(("", "1"));
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    Some(digits.parse().unwrap_or(1).clamp(1, 86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_that_echo_are_heard() {
        assert_eq!(echoed("echo hello").as_deref(), Some("hello"));
        assert_eq!(
            echoed("sh -c while true; do echo \"tick tock\"; sleep 5; done").as_deref(),
            Some("tick tock")
        );
        assert_eq!(echoed("/bin/noecho x"), None);
        assert_eq!(period("while true; do echo x; sleep 5; done"), Some(5));
        assert_eq!(period("echo x; sleep 5"), None);
    }
}
