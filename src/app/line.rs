//! What a line of the palette means.

use super::notice::{Notice, Severity};
use super::world::World;
use crate::command::{self, Command};
use crate::domain::feed::{Resource, Scope};
use crate::domain::text::Text;

/// What a line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A command, with where and which rows when the line says so.
    Command(Command, Arguments),
    /// A kind by name.
    Kind(Resource, Arguments),
    /// These namespaces.
    Scopes(Vec<Scope>),
    /// This context.
    Context(Text),
    /// This kubeconfig file.
    Kubeconfig(String),
}

/// What may follow a verb: `pods shop-prod /web`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// Namespaces, when given.
    pub scopes: Option<Vec<Scope>>,
    /// A filter, when given.
    pub filter: Option<String>,
    /// All of it as it was typed, for commands that read it themselves.
    pub words: String,
}

/// Reads a line. What cannot be read says what, why and what to do.
pub fn read(line: &str, world: &World) -> Result<Meaning, Notice> {
    let line = line.trim();
    let (verb, rest) = line
        .split_once(char::is_whitespace)
        .map_or((line, ""), |(verb, rest)| (verb, rest.trim()));
    match Command::from_word(&verb.to_lowercase()) {
        Some(Command::Namespaces) if !rest.is_empty() => Ok(Meaning::Scopes(scopes(rest))),
        Some(Command::Contexts) if !rest.is_empty() => context(rest, world),
        Some(Command::Kubeconfig) if !rest.is_empty() => Ok(Meaning::Kubeconfig(rest.to_owned())),
        Some(Command::Kubeconfig) => Err(Notice::warning(
            "kubeconfig needs a file",
            "type `:kubeconfig ~/path/to/file`",
        )),
        Some(Command::Filter) => Ok(Meaning::Command(
            Command::Filter,
            Arguments {
                filter: Some(rest.to_owned()),
                ..Arguments::default()
            },
        )),
        Some(
            command @ (Command::Logs
            | Command::SaveLog
            | Command::ShowTab
            | Command::SplitColumns
            | Command::Theme
            | Command::Tutor
            | Command::SplitRows
            | Command::NewImage
            | Command::Outdated),
        ) => Ok(Meaning::Command(
            command,
            Arguments {
                words: rest.to_owned(),
                ..Arguments::default()
            },
        )),
        Some(command) if rest.is_empty() || !command.info().argument.is_empty() => {
            Ok(Meaning::Command(command, arguments(rest)))
        }
        Some(command) => Err(Notice::warning(
            format!("`{command}` takes nothing after it"),
            format!("leave out `{rest}`"),
        )),
        None => match world.resources.iter().find(|r| r.answers_to(verb)) {
            Some(resource) => Ok(Meaning::Kind(resource.clone(), arguments(rest))),
            None => Err(unknown(verb, world)),
        },
    }
}

/// `shop-prod,shop-dev`, `shop-prod shop-dev` or `all`.
pub fn scopes(text: &str) -> Vec<Scope> {
    let names = text
        .split([',', ' '])
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let scopes: Vec<Scope> = names
        .map(|name| {
            if name == "all" || name == "*" {
                Scope::ALL
            } else {
                Scope::namespace(name)
            }
        })
        .collect();
    if scopes.is_empty() || scopes.contains(&Scope::ALL) {
        vec![Scope::ALL]
    } else {
        scopes
    }
}

fn context(name: &str, world: &World) -> Result<Meaning, Notice> {
    match world.contexts.iter().find(|context| context.name == name) {
        Some(context) => Ok(Meaning::Context(context.name.clone())),
        None => Err(Notice {
            severity: Severity::Warning,
            what: Text::new(&format!("there is no context `{name}`")),
            why: Text::new(&format!(
                "the kubeconfig has {}",
                list(world.contexts.iter().map(|c| c.name.as_str()))
            )),
            remedy: "choose one with `:ctx`".into(),
        }),
    }
}

/// `[namespaces] [/filter]` in this order; a word with `=` is a label selector, as in k9s.
fn arguments(rest: &str) -> Arguments {
    let (words, filter) = match rest.find('/') {
        Some(at) => (rest[..at].trim(), Some(rest[at + 1..].to_owned())),
        None => (rest, None),
    };
    if words.contains('=') && filter.is_none() {
        return Arguments {
            scopes: None,
            filter: Some(format!("-l {words}")),
            ..Arguments::default()
        };
    }
    Arguments {
        scopes: (!words.is_empty()).then(|| scopes(words)),
        filter,
        ..Arguments::default()
    }
}

fn unknown(verb: &str, world: &World) -> Notice {
    let close = |name: &str| strsim_close(verb, name);
    let near = command::nearest(verb).or_else(|| {
        world
            .resources
            .iter()
            .map(|r| r.plural.as_str())
            .find(|name| close(name))
    });
    let remedy = match near {
        Some(name) => format!("did you mean `:{name}`?"),
        None => "`?` lists commands, `:resources` the kinds".to_owned(),
    };
    let why = if world.resources.is_empty() {
        "and the server has not told its kinds yet"
    } else {
        "no kind of this server has that name either"
    };
    Notice {
        severity: Severity::Warning,
        what: Text::new(&format!("`{verb}` is not a command")),
        why: why.into(),
        remedy: Text::new(&remedy),
    }
}

/// One letter too many, too few, or exchanged.
fn strsim_close(typed: &str, name: &str) -> bool {
    typed.len().abs_diff(name.len()) <= 1
        && typed
            .chars()
            .zip(name.chars())
            .filter(|(a, b)| a == b)
            .count()
            + 2
            >= name.len()
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.take(8).collect();
    if names.is_empty() {
        "none".into()
    } else {
        names.join(", ")
    }
}
