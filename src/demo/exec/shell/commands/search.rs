//! `grep`, and of `sed` what is used most: `s///`, `p` and `d` with line numbers.

use std::borrow::Cow;

use regex::{Regex, RegexBuilder};

use super::{Call, Outcome, files::options};

/// Bytes that a compiled pattern may take; beyond it the pattern is refused.
const PATTERN: usize = 1 << 20;

/// A POSIX pattern as the library writes it. In a basic one `\(` groups and `(` is itself.
fn pattern(text: &str, extended: bool, fixed: bool) -> String {
    if fixed {
        return regex::escape(text);
    }
    if extended {
        return text.to_owned();
    }
    let mut all = String::with_capacity(text.len() + 8);
    let mut chars = text.chars();
    let mut class = false;
    while let Some(c) = chars.next() {
        match c {
            _ if class => {
                class = c != ']';
                all.push(c);
            }
            '[' => {
                class = true;
                all.push(c);
            }
            '\\' => match chars.next() {
                Some(special @ ('(' | ')' | '{' | '}' | '|' | '+' | '?')) => all.push(special),
                Some(other) => all.extend(['\\', other]),
                None => all.push_str("\\\\"),
            },
            '(' | ')' | '{' | '}' | '|' | '+' | '?' => all.extend(['\\', c]),
            _ => all.push(c),
        }
    }
    all
}

fn compile(text: &str, ignore_case: bool) -> Result<Regex, String> {
    RegexBuilder::new(text)
        .case_insensitive(ignore_case)
        .size_limit(PATTERN)
        .build()
        .map_err(|_| format!("bad regex '{text}'"))
}

pub async fn grep(call: &Call<'_>) -> Outcome {
    let options = options!(call, "ivncqlLhHoEFwxrRs", "emABC");
    let mut rest = options.rest.clone();
    let text = match options.value('e') {
        Some(text) => text.to_owned(),
        None if rest.is_empty() => {
            return call
                .complain(2, "usage: grep [-ivncqlEFwxo] PATTERN [FILE]...")
                .await;
        }
        None => rest.remove(0),
    };
    let mut source = pattern(&text, options.has('E'), options.has('F'));
    if options.has('w') {
        source = format!(r"\b(?:{source})\b");
    }
    if options.has('x') {
        source = format!("^(?:{source})$");
    }
    let regex = match compile(&source, options.has('i')) {
        Ok(regex) => regex,
        Err(why) => return call.complain(2, &why).await,
    };
    let recursive = options.has('r') || options.has('R');
    if recursive {
        rest = files_below(call, &rest);
    }
    let names = (rest.len() > 1 || recursive || options.has('H')) && !options.has('h');
    let most: usize = options
        .value('m')
        .and_then(|text| text.parse().ok())
        .unwrap_or(usize::MAX);
    let (inputs, mut status) = call.inputs(&rest).await?;
    let mut found = false;
    for (name, source) in inputs {
        let prefix = if names {
            format!("{name}:")
        } else {
            String::new()
        };
        let mut reader = source.reader().await;
        let (mut number, mut count) = (0, 0);
        while let Some(line) = reader.line().await {
            number += 1;
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end_matches('\n');
            if regex.is_match(text) == options.has('v') {
                continue;
            }
            count += 1;
            if options.has('q') {
                return Ok(0);
            }
            if !options.has('c') && !options.has('l') && !options.has('L') {
                let at = if options.has('n') {
                    format!("{number}:")
                } else {
                    String::new()
                };
                call.out(hit(call, &regex, text, &format!("{prefix}{at}"), &options))
                    .await?;
            }
            if count >= most || options.has('l') {
                break;
            }
        }
        found |= count > 0;
        if options.has('c') {
            call.out(format!("{prefix}{count}\n")).await?;
        }
        if (options.has('l') && count > 0) || (options.has('L') && count == 0) {
            call.out(format!("{name}\n")).await?;
        }
    }
    if status != 0 {
        status = 2;
    }
    Ok(if found { status } else { status.max(1) })
}

fn hit(
    call: &Call<'_>,
    regex: &Regex,
    text: &str,
    prefix: &str,
    options: &super::Options,
) -> String {
    if options.has('o') && !options.has('v') {
        return regex
            .find_iter(text)
            .map(|found| format!("{prefix}{}\n", found.as_str()))
            .collect();
    }
    let shown = if call.io.stdout.is_terminal() && !options.has('v') {
        regex.replace_all(text, "\x1b[1;31m$0\x1b[0m")
    } else {
        Cow::Borrowed(text)
    };
    format!("{prefix}{shown}\n")
}

/// The files in and below the operands.
fn files_below(call: &Call<'_>, operands: &[String]) -> Vec<String> {
    let mut left: Vec<String> = if operands.is_empty() {
        vec![".".to_owned()]
    } else {
        operands.to_vec()
    };
    left.reverse();
    let mut files = Vec::new();
    let fs = call.shell.container.fs();
    while let Some(path) = left.pop() {
        match fs.list(&call.path(&path)) {
            Ok(entries) => left.extend(
                entries
                    .into_iter()
                    .rev()
                    .map(|(name, _)| format!("{}/{name}", path.trim_end_matches('/'))),
            ),
            Err(_) => files.push(path),
        }
    }
    files
}

/// What a `sed` script does to a line.
struct Script {
    /// The lines it is for; all when absent. `usize::MAX` is the last one.
    lines: Option<(usize, usize)>,
    act: Act,
}

enum Act {
    Print,
    Delete,
    Substitute {
        regex: Regex,
        with: String,
        all: bool,
    },
}

pub async fn sed(call: &Call<'_>) -> Outcome {
    let options = options!(call, "nErs", "e");
    let mut rest = options.rest.clone();
    let text = match options.value('e') {
        Some(text) => text.to_owned(),
        None if rest.is_empty() => return call.complain(1, "no script").await,
        None => rest.remove(0),
    };
    let script = match script(text.trim(), options.has('E') || options.has('r')) {
        Ok(script) => script,
        Err(why) => return call.complain(1, &why).await,
    };
    let (inputs, status) = call.inputs(&rest).await?;
    let mut number = 0;
    for (_, source) in inputs {
        let mut reader = source.reader().await;
        let mut next = reader.line().await;
        while let Some(line) = next {
            next = reader.line().await;
            number += 1;
            let here = script.lines.is_none_or(|(from, to)| {
                (number >= from && number <= to) || (from == usize::MAX && next.is_none())
            });
            let text = String::from_utf8_lossy(&line)
                .trim_end_matches('\n')
                .to_owned();
            let shown = match (&script.act, here) {
                (Act::Delete, true) => continue,
                (Act::Print, true) if !options.has('n') => format!("{text}\n{text}\n"),
                (Act::Print, true) => format!("{text}\n"),
                (Act::Substitute { regex, with, all }, true) => {
                    let replaced = if *all {
                        regex.replace_all(&text, with)
                    } else {
                        regex.replace(&text, with)
                    };
                    format!("{replaced}\n")
                }
                _ => format!("{text}\n"),
            };
            if !options.has('n') || (here && matches!(script.act, Act::Print)) {
                call.out(shown).await?;
            }
        }
    }
    Ok(status)
}

fn script(text: &str, extended: bool) -> Result<Script, String> {
    let wrong = || format!("this demo's sed knows s///, p and d only: {text}");
    let digits = text
        .find(|c: char| !(c.is_ascii_digit() || c == ',' || c == '$'))
        .ok_or_else(wrong)?;
    let line = |part: &str| {
        if part == "$" {
            Some(usize::MAX)
        } else {
            part.parse().ok()
        }
    };
    let lines = match &text[..digits] {
        "" => None,
        address => {
            let (from, to) = address.split_once(',').unwrap_or((address, address));
            Some(line(from).zip(line(to)).ok_or_else(wrong)?)
        }
    };
    let act = match &text[digits..] {
        "p" => Act::Print,
        "d" => Act::Delete,
        rest => {
            let separator = rest
                .strip_prefix('s')
                .and_then(|rest| rest.chars().next())
                .ok_or_else(wrong)?;
            let parts: Vec<&str> = rest[1..].split(separator).collect();
            let [_, from, to, flags] = parts.as_slice() else {
                return Err(wrong());
            };
            Act::Substitute {
                regex: compile(
                    &pattern(from, extended, false),
                    flags.contains('i') || flags.contains('I'),
                )?,
                with: replacement(to),
                all: flags.contains('g'),
            }
        }
    };
    Ok(Script { lines, act })
}

/// `&` and `\1` as the library writes them.
fn replacement(text: &str) -> String {
    let mut all = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '&' => all.push_str("${0}"),
            '$' => all.push_str("$$"),
            '\\' => match chars.next() {
                Some(digit @ '0'..='9') => all.push_str(&format!("${{{digit}}}")),
                Some('n') => all.push('\n'),
                Some(other) => all.push(other),
                None => {}
            },
            _ => all.push(c),
        }
    }
    all
}
