//! `Procfile`: its `web` line says how the service starts, whatever the stack.

use super::{Answer, Finding, Found, Scope};
use crate::domain::dockerfile::quote;

/// The port that is put in where a `Procfile` says `$PORT` and nothing else says which.
const PORT: u16 = 8080;

/// Lets the `Procfile` say the run command.
pub fn apply(scope: &Scope<'_>, found: &mut Found) {
    let line = |kind: &str| {
        scope.find("Procfile", |line| {
            let rest = line.strip_prefix(kind)?.trim_start().strip_prefix(':')?;
            Some(rest.trim().to_owned())
        })
    };
    let Some((command, evidence)) = line("web").or_else(|| line("worker")) else {
        return;
    };
    let known = found
        .findings
        .iter()
        .find_map(|finding| match finding.answer {
            Answer::Port(port) => Some(port),
            _ => None,
        });
    let port = known.unwrap_or(PORT);
    let uses_port = command.contains("$PORT") || command.contains("${PORT}");
    let command = command
        .replace("${PORT}", &port.to_string())
        .replace("$PORT", &port.to_string());
    let words = quote::split(&command).unwrap_or_else(|_| {
        ["/bin/sh", "-c", &format!("exec {command}")]
            .map(str::to_owned)
            .to_vec()
    });
    if words.is_empty() {
        return;
    }
    found
        .findings
        .retain(|finding| finding.answer.key() != "run.command");
    found
        .questions
        .retain(|question| question.key != "run.command");
    found.findings.push(Finding {
        answer: Answer::Command(words),
        evidence: evidence.clone(),
    });
    if uses_port {
        found.add(Answer::Port(port), evidence);
    }
}
