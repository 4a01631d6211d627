//! What a line of the palette means.

use super::notice::{Notice, Severity};
use super::world::World;
use crate::command::{self, Command, LIST_ARGUMENTS};
use crate::domain::feed::{Resource, Scope};
use crate::domain::text::{Text, nearest};

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
    /// This line in this context.
    Elsewhere(Text, String),
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

/// A line that waits until the server has told its kinds, or for another context.
#[derive(Clone, Debug)]
pub struct WantedLine {
    /// As typed.
    pub line: String,
    /// The context that it is meant for; the first one that is reached when `None`.
    pub context: Option<Text>,
}

/// Reads a line. What cannot be read says what, why and what to do.
pub fn read(line: &str, world: &World) -> Result<Meaning, Notice> {
    let line = line.trim();
    let (verb, rest) = line
        .split_once(char::is_whitespace)
        .map_or((line, ""), |(verb, rest)| (verb, rest.trim()));
    let command = Command::from_word(&verb.to_lowercase());
    let lists = command.is_none_or(|command| command.info().argument == LIST_ARGUMENTS);
    if let Some((name, line)) = elsewhere(rest).filter(|_| lists) {
        context(name, world)?;
        return Ok(Meaning::Elsewhere(
            Text::new(name),
            format!("{verb} {line}"),
        ));
    }
    match command {
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
            Ok(Meaning::Command(command, arguments(rest)?))
        }
        Some(command) => Err(Notice::warning(
            format!("`{command}` takes nothing after it"),
            format!("leave out `{rest}`"),
        )),
        None => match kind(verb, world) {
            Some(resource) => Ok(Meaning::Kind(resource.clone(), arguments(rest)?)),
            None => Err(unknown(verb, world)),
        },
    }
}

/// Short names that k9s gives kinds beside those that the server tells: fingers know them.
const FAMILIAR: [(&str, &str); 8] = [
    ("cr", "clusterroles"),
    ("crb", "clusterrolebindings"),
    ("dp", "deployments"),
    ("jo", "jobs"),
    ("np", "networkpolicies"),
    ("rb", "rolebindings"),
    ("ro", "roles"),
    ("sec", "secrets"),
];

/// The kind of that name; a name of the server's comes before a familiar one.
fn kind<'w>(name: &str, world: &'w World) -> Option<&'w Resource> {
    let of = |name: &str| world.resources.iter().find(|r| r.answers_to(name));
    let familiar = || FAMILIAR.iter().find(|(short, _)| *short == name);
    of(name).or_else(|| of(familiar()?.1))
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

/// `[namespaces] [-l selector] [/filter]`; as in k9s a word with `=` is a selector too. A `/` begins
/// a filter at the beginning of a word, or behind a namespace; in a label's key it stands for itself.
fn arguments(rest: &str) -> Result<Arguments, Notice> {
    let mut names = Vec::new();
    let mut selector = "";
    let mut filter = None;
    let mut rest = rest.trim_start();
    while let Some(word) = rest.split_whitespace().next() {
        let behind = rest[word.len()..].trim_start();
        let mut next = behind;
        if let Some(text) = rest.strip_prefix('/') {
            filter = Some(text.to_owned());
            break;
        }
        match word {
            "-A" | "--all-namespaces" => names.push("all"),
            "-n" | "--namespace" | "-l" | "--selector" if behind.is_empty() || ends(behind) => {
                return Err(Notice::warning(
                    format!("`{word}` needs something after it"),
                    EXAMPLE,
                ));
            }
            "-n" | "--namespace" => {
                let end = behind.find(char::is_whitespace).unwrap_or(behind.len());
                let name;
                (name, next) = behind.split_at(end);
                names.push(name);
            }
            "-l" | "--selector" => {
                // `tier in (a, b)` has spaces: it goes on to the next option.
                let mut spaces = behind.match_indices(' ').map(|(at, _)| at);
                let end = spaces.find(|at| ends(&behind[*at..]));
                (selector, next) = behind.split_at(end.unwrap_or(behind.len()));
            }
            _ if word.contains('=') => selector = word,
            _ if word.starts_with('-') => {
                let what = format!("there is no option `{word}` here");
                return Err(Notice::warning(what, EXAMPLE));
            }
            _ => {
                let (name, text) = word.split_once('/').unwrap_or((word, ""));
                names.push(name);
                if word.len() > name.len() {
                    filter = Some(format!("{text}{}", &rest[word.len()..]));
                    break;
                }
            }
        }
        rest = next.trim_start();
    }
    if !selector.is_empty() {
        filter = Some(match filter {
            None => format!("-l {selector}"),
            Some(text) if selector.contains(' ') => format!("{text} -l \"{selector}\""),
            Some(text) => format!("{text} -l {selector}"),
        });
    }
    Ok(Arguments {
        scopes: (!names.is_empty()).then(|| scopes(&names.join(" "))),
        filter,
        words: String::new(),
    })
}

/// Whether a selector is over here: what comes is an option or a filter.
fn ends(text: &str) -> bool {
    text.trim_start().starts_with(['-', '/'])
}

/// Whatever may follow the name of a list.
const EXAMPLE: &str = "as in `:pods shop -l app=web /text`";

/// `pods shop-prod @staging`: the context, and the line without it.
fn elsewhere(line: &str) -> Option<(&str, String)> {
    let words = || line.split_whitespace();
    let at = words()
        .take_while(|word| !word.starts_with('/'))
        .position(|word| word.len() > 1 && word.starts_with('@'))?;
    let rest: Vec<&str> = words().take(at).chain(words().skip(at + 1)).collect();
    Some((&words().nth(at)?[1..], rest.join(" ")))
}

fn unknown(verb: &str, world: &World) -> Notice {
    let kinds = world.resources.iter().map(|r| r.plural.as_str());
    let near = command::nearest(verb).or_else(|| nearest(verb, kinds));
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

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.take(8).collect();
    if names.is_empty() {
        "none".into()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_list_is_asked_for_as_in_k9s_and_as_in_kubectl() {
        for (rest, namespaces, filter) in [
            ("", None, None),
            ("shop-prod", Some("shop-prod"), None),
            (
                "shop-prod,shop-dev /web a/b",
                Some("shop-prod shop-dev"),
                Some("web a/b"),
            ),
            ("shop-prod/web", Some("shop-prod"), Some("web")),
            ("/-l app=web", None, Some("-l app=web")),
            ("all /web", Some("all"), Some("web")),
            (
                "app.kubernetes.io/name=api",
                None,
                Some("-l app.kubernetes.io/name=api"),
            ),
            (
                "-l app.kubernetes.io/name=api -n shop /web",
                Some("shop"),
                Some("web -l app.kubernetes.io/name=api"),
            ),
            (
                "-A -l tier in (a, b) /x",
                Some("all"),
                Some(r#"x -l "tier in (a, b)""#),
            ),
            ("-l größe=groß", None, Some("-l größe=groß")),
        ] {
            let read = arguments(rest).unwrap();
            assert_eq!(read.scopes, namespaces.map(scopes), "{rest}");
            assert_eq!(read.filter.as_deref(), filter, "{rest}");
        }
        for (rest, why) in [
            ("-x", "no option `-x`"),
            ("-n", "`-n` needs"),
            ("-l /web", "`-l` needs"),
            ("shop -l", "`-l` needs"),
        ] {
            let refused = arguments(rest).unwrap_err().what;
            assert!(refused.contains(why), "{rest}: {refused}");
        }
    }

    #[test]
    fn a_line_may_name_the_context_it_is_meant_for() {
        let moved = |line| elsewhere(line).map(|(name, line)| (name.to_owned(), line));
        assert_eq!(
            moved("shop @staging /a"),
            Some(("staging".into(), "shop /a".into()))
        );
        assert_eq!(moved("shop /@staging"), None);
        assert_eq!(moved("@"), None);
    }
}
