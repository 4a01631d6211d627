//! Reading `quarterdeck.toml`: every answer is checked where it stands.

use super::{Recipe, Secret, VERSION};
use crate::domain::dockerfile::quote;
use crate::domain::document::{Flaw, Item, Places, Reader};
use crate::domain::secrecy::looks_secret;

/// Lays `text` over `recipe`.
pub(super) fn lay(recipe: &mut Recipe, file: &str, text: &str) -> (Vec<Flaw>, Places) {
    Reader::read(file, text, |reader, items| {
        for item in &items {
            match item.name.as_str() {
                "version" => {
                    reader.number(item, VERSION, VERSION);
                }
                "project" => project(recipe, reader, item),
                "base" => base(recipe, reader, item),
                "build" => build(recipe, reader, item),
                "run" => run(recipe, reader, item),
                "health" => health(recipe, reader, item),
                _ => reader.unknown(
                    item,
                    &["version", "project", "base", "build", "run", "health"],
                ),
            }
        }
    })
}

/// Puts a value in place when there is one.
fn set(place: &mut String, value: Option<String>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn project(recipe: &mut Recipe, reader: &mut Reader<'_>, item: &Item<'_>) {
    let project = &mut recipe.project;
    for part in reader.entries(item) {
        match part.name.as_str() {
            "name" => set(&mut project.name, reader.checked(&part, quote::label)),
            "project" => set(&mut project.project, reader.checked(&part, quote::label)),
            "department" => set(&mut project.department, reader.checked(&part, quote::label)),
            "owner" => set(&mut project.owner, reader.checked(&part, quote::label)),
            "source" => set(&mut project.source, reader.checked(&part, source)),
            _ => reader.unknown(&part, &["name", "project", "department", "owner", "source"]),
        }
    }
}

/// An address without a password in it.
fn source(text: &str) -> Result<(), String> {
    let credentials = text
        .split_once("://")
        .and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'))
        .is_some_and(|(user, _)| user.contains(':'));
    if credentials {
        return Err("an address without user and password".into());
    }
    Ok(())
}

fn base(recipe: &mut Recipe, reader: &mut Reader<'_>, item: &Item<'_>) {
    for part in reader.entries(item) {
        match part.name.as_str() {
            "stack" => set(&mut recipe.base.stack, reader.word(&part)),
            "version" => set(&mut recipe.base.version, reader.word(&part)),
            "system" => set(&mut recipe.base.system, reader.word(&part)),
            _ => reader.unknown(&part, &["stack", "version", "system"]),
        }
    }
}

/// The elements of a list of texts that pass `check`.
fn list(
    reader: &mut Reader<'_>,
    item: &Item<'_>,
    check: fn(&str) -> Result<(), String>,
) -> Vec<String> {
    if !item.is_list() {
        return reader.checked(item, check).into_iter().collect();
    }
    let elements = reader.elements(item);
    elements
        .iter()
        .filter_map(|element| reader.checked(element, check))
        .collect()
}

fn build(recipe: &mut Recipe, reader: &mut Reader<'_>, item: &Item<'_>) {
    let build = &mut recipe.build;
    for part in reader.entries(item) {
        match part.name.as_str() {
            "dockerfile" => set(
                &mut build.dockerfile,
                reader.checked(&part, quote::source_path),
            ),
            "tool" => set(&mut build.tool, reader.word(&part)),
            "directory" => set(
                &mut build.directory,
                reader.checked(&part, quote::source_path),
            ),
            "manifests" => build.manifests = list(reader, &part, quote::source_path),
            "commands" => build.commands = Some(list(reader, &part, quote::command)),
            "target" => set(&mut build.target, reader.checked(&part, quote::source_path)),
            "output" => set(&mut build.output, reader.checked(&part, quote::source_path)),
            "dependencies" => build.dependencies = reader.words(&part),
            "secrets" => build.secrets = secrets(reader, &part),
            "ignore" => build.ignore = reader.words(&part),
            _ => reader.unknown(
                &part,
                &[
                    "dockerfile",
                    "tool",
                    "directory",
                    "manifests",
                    "commands",
                    "target",
                    "output",
                    "dependencies",
                    "secrets",
                    "ignore",
                ],
            ),
        }
    }
}

fn secrets(reader: &mut Reader<'_>, item: &Item<'_>) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for element in reader.elements(item) {
        let mut secret = Secret::default();
        for part in reader.entries(&element) {
            match part.name.as_str() {
                "id" => set(&mut secret.id, reader.checked(&part, quote::label)),
                "target" => set(&mut secret.target, reader.checked(&part, quote::image_path)),
                _ => reader.unknown(&part, &["id", "target"]),
            }
        }
        if secret.id.is_empty() || secret.target.is_empty() {
            let key = if secret.id.is_empty() { "id" } else { "target" };
            let remedy =
                "a secret has an id and a target: { id = \"npmrc\", target = \"/root/.npmrc\" }";
            reader.missing(&element, key, remedy);
        } else {
            secrets.push(secret);
        }
    }
    secrets
}

fn run(recipe: &mut Recipe, reader: &mut Reader<'_>, item: &Item<'_>) {
    let run = &mut recipe.run;
    for part in reader.entries(item) {
        match part.name.as_str() {
            "command" => run.command = command(reader, &part),
            "directory" => set(&mut run.directory, reader.checked(&part, quote::image_path)),
            "user" => run.user = user(reader, &part),
            "ports" => run.ports = ports(reader, &part),
            "env" => run.env = env(reader, &part),
            "dependencies" => run.dependencies = reader.words(&part),
            "writable" => run.writable = list(reader, &part, quote::source_path),
            _ => reader.unknown(
                &part,
                &[
                    "command",
                    "directory",
                    "user",
                    "ports",
                    "env",
                    "dependencies",
                    "writable",
                ],
            ),
        }
    }
}

/// A command: a list of words, or one line that is split as a shell would.
/// Words behind the first may be empty, or have spaces around them.
fn command(reader: &mut Reader<'_>, item: &Item<'_>) -> Vec<String> {
    let mut words = Vec::new();
    if item.is_list() {
        for element in reader.elements(item) {
            match reader
                .exact(&element)
                .map(|word| (quote::argument(&word), word))
            {
                Some((Ok(()), word)) => words.push(word),
                Some((Err(must_be), _)) => reader.wrong(&element, &must_be),
                None => {}
            }
        }
    } else {
        reader.checked(item, |line| {
            words = quote::split(line)?;
            Ok(())
        });
    }
    if words
        .first()
        .is_some_and(|program| program.trim().is_empty())
    {
        reader.wrong(item, "a command whose first word names a program");
        return Vec::new();
    }
    words
}

fn user(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<u32> {
    let number = reader.number(item, 1, i64::from(u32::MAX - 1))?;
    u32::try_from(number).ok()
}

fn ports(reader: &mut Reader<'_>, item: &Item<'_>) -> Vec<u16> {
    if !item.is_list() {
        return reader.port(item).into_iter().collect();
    }
    let elements = reader.elements(item);
    elements
        .iter()
        .filter_map(|element| reader.port(element))
        .collect()
}

fn env(reader: &mut Reader<'_>, item: &Item<'_>) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for part in reader.entries(item) {
        if let Err(must_be) = quote::variable(&part.name) {
            reader.wrong(&part, &must_be);
            continue;
        }
        let Some(value) = reader.text(&part) else {
            continue;
        };
        if looks_secret(&part.name) && !value.is_empty() {
            reader.wrong_secret(&part);
            continue;
        }
        pairs.push((part.name.clone(), value));
    }
    pairs.sort();
    pairs
}

fn health(recipe: &mut Recipe, reader: &mut Reader<'_>, item: &Item<'_>) {
    for part in reader.entries(item) {
        match part.name.as_str() {
            "path" => set(&mut recipe.health.path, reader.checked(&part, http_path)),
            "command" => recipe.health.command = command(reader, &part),
            _ => reader.unknown(&part, &["path", "command"]),
        }
    }
}

/// An HTTP path that needs no quoting anywhere.
fn http_path(path: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-~?=&%".contains(c);
    if path.starts_with('/') && path.chars().all(plain) {
        return Ok(());
    }
    Err("a path such as \"/healthz\"".into())
}
