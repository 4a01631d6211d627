//! Reading key map files and saying what is wrong in them.

use super::keymap::{Binding, Keymap};
use crate::command::{Command, Context};
use crate::key::Key;
use std::fmt;

/// The key maps that ship with the program: name and text. The first is whole; each of the others
/// says what differs from it. A test walks `keymaps/`.
pub const SHIPPED: &[(&str, &str)] = &[
    ("default", include_str!("../../keymaps/default.toml")),
    ("arrows", include_str!("../../keymaps/arrows.toml")),
    ("emacs", include_str!("../../keymaps/emacs.toml")),
    ("vim", include_str!("../../keymaps/vim.toml")),
];

/// Something wrong in a key map file; the rest of the file still counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// 1-based line in the file.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}; {}", self.line, self.what, self.remedy)
    }
}

/// The shipped key map of that name.
pub fn shipped(name: &str) -> Option<Keymap> {
    let (first, named) = (SHIPPED.first()?, SHIPPED.iter().find(|(n, _)| *n == name)?);
    let mut keymap = Keymap::default();
    // A test proves that the shipped ones have no problem.
    load(&mut keymap, first.1);
    if named.0 != first.0 {
        load(&mut keymap, named.1);
    }
    Some(keymap)
}

/// Lays the bindings of `text` over `keymap`. What cannot be used is left out and returned.
///
/// The form is one table per context; each key sequence (keys separated by spaces) names a
/// command, or `""` to take a binding away:
///
/// ```toml
/// [list]
/// "g g" = "top"
/// "ctrl-d" = ""
/// ```
pub fn load(keymap: &mut Keymap, text: &str) -> Vec<Problem> {
    let line_of = |offset: usize| text[..offset.min(text.len())].matches('\n').count() + 1;
    let mut problems = Vec::new();
    if let Err(error) = text.parse::<toml::Table>() {
        let line = error.span().map_or(1, |span| line_of(span.start));
        problems.push(Problem {
            line,
            what: error.message().to_owned(),
            remedy: "correct the TOML; until then none of this file counts".into(),
        });
        return problems;
    }
    let Ok(file) =
        toml::from_str::<std::collections::BTreeMap<toml::Spanned<String>, toml::Value>>(text)
    else {
        return problems;
    };
    let mut own: Vec<Own> = Vec::new();
    for (name, value) in &file {
        let line = line_of(name.span().start);
        let toml::Value::Table(bindings) = value else {
            continue;
        };
        let Some(context) = Context::from_name(name.get_ref()) else {
            let known = Context::ALL.map(Context::name).join(", ");
            problems.push(Problem {
                line,
                what: format!("`[{}]` is not a context", name.get_ref()),
                remedy: format!("use one of {known}"),
            });
            continue;
        };
        for (keys, command) in bindings {
            let line = line_of_key(text, name.span().start, keys);
            match binding(keys, command) {
                Ok((keys, command)) => {
                    let new = Own {
                        context,
                        keys,
                        line,
                    };
                    problems.extend(own.iter().find_map(|known| known.conflict(&new)));
                    keymap.bind(context, new.keys.clone(), command);
                    own.push(new);
                }
                Err((what, remedy)) => problems.push(Problem { line, what, remedy }),
            }
        }
    }
    for (long, short) in keymap.unreachable() {
        let line_of = |it: &Binding| {
            let mut own = own.iter();
            own.find(|own| own.context == it.context && own.keys == it.keys)
        };
        if let Some(own) = line_of(long).or_else(|| line_of(short)) {
            problems.push(hidden(own.line, long, short));
        }
    }
    problems
}

/// A binding of the file that is read.
struct Own {
    context: Context,
    keys: Vec<Key>,
    line: usize,
}

impl Own {
    /// One key may be written in several ways: then the later line would win without a word.
    fn conflict(&self, later: &Self) -> Option<Problem> {
        let same = self.context == later.context && self.keys == later.keys;
        let (first, last) = (self.line.min(later.line), self.line.max(later.line));
        same.then(|| Problem {
            line: last,
            what: format!(
                "[{}] `{}` is bound on line {first} already",
                later.context.name(),
                label(&later.keys)
            ),
            remedy: "keep one of the two".into(),
        })
    }
}

fn label(keys: &[Key]) -> String {
    let keys: Vec<_> = keys.iter().map(Key::to_string).collect();
    keys.join(" ")
}

fn hidden(line: usize, long: &Binding, short: &Binding) -> Problem {
    Problem {
        line,
        what: format!(
            "[{}] `{}` ({}) can never be pressed: [{}] `{}` is {} already",
            long.context.name(),
            long.label(),
            long.command.info().name,
            short.context.name(),
            short.label(),
            short.command.info().name,
        ),
        remedy: format!("choose other keys, or bind `{}` to \"\"", short.label()),
    }
}

/// The line on which `key` stands, searched from its table on.
fn line_of_key(text: &str, from: usize, key: &str) -> usize {
    let quoted = [format!("\"{key}\""), format!("'{key}'"), key.to_owned()];
    let before = text[..from].matches('\n').count();
    let after = text[from..].lines().position(|line| {
        quoted
            .iter()
            .any(|q| line.trim_start().starts_with(q.as_str()))
    });
    before + after.unwrap_or(0) + 1
}

type Bound = (Vec<Key>, Option<Command>);

fn binding(keys: &str, command: &toml::Value) -> Result<Bound, (String, String)> {
    let parsed: Result<Vec<Key>, _> = keys.split_whitespace().map(str::parse).collect();
    let parsed = parsed.map_err(|error| (error.to_string(), "correct the key".to_owned()))?;
    if parsed.is_empty() {
        return Err((
            "a binding without a key".into(),
            "write the key before the `=`".into(),
        ));
    }
    let Some(word) = command.as_str() else {
        return Err((
            format!("`{keys}` is bound to something that is not a text"),
            "write the name of a command in quotes".into(),
        ));
    };
    if word.is_empty() {
        return Ok((parsed, None));
    }
    match Command::from_name(word) {
        Some(command) => Ok((parsed, Some(command))),
        None => Err((format!("`{word}` is not a command"), nearest(word))),
    }
}

/// "did you mean", when some name is close enough to be what was meant.
fn nearest(word: &str) -> String {
    match crate::command::nearest(word) {
        Some(name) => format!("did you mean `{name}`? `:help` lists all"),
        None => "`:help` lists all commands".into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::command::TABLE;
    use crate::input::Resolution;

    #[test]
    fn the_folder_and_the_list_agree() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("keymaps");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|f| {
                f.unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        files.sort();
        let mut listed: Vec<_> = SHIPPED.iter().map(|(name, _)| (*name).to_owned()).collect();
        listed.sort();
        assert_eq!(files, listed);
    }

    #[test]
    fn shipped_maps_are_whole() {
        let (_, whole) = SHIPPED[0];
        for (name, text) in SHIPPED {
            let mut below = shipped("default").unwrap();
            assert_eq!(load(&mut below, text), [], "{name}");
            let keymap = shipped(name).unwrap();
            for info in TABLE {
                let listed = whole.lines().any(|l| {
                    l.starts_with("# unbound:")
                        && l.split_whitespace()
                            .any(|w| w.trim_end_matches(',') == info.name)
                });
                let bound = keymap.keys_of(info.command).next().is_some();
                assert!(
                    bound != listed,
                    "{name}: {} must be bound or listed as unbound, one of the two",
                    info.name
                );
            }
        }
    }

    #[test]
    fn no_prefix_is_shadowed() {
        for (name, _) in SHIPPED {
            let keymap = shipped(name).unwrap();
            for b in keymap.bindings() {
                for n in 1..b.keys.len() {
                    let shorter = keymap.resolve(&[b.context, Context::Global], &b.keys[..n]);
                    assert!(
                        matches!(shorter, Resolution::Pending(_)),
                        "{name}: `{}` can never be reached",
                        b.label()
                    );
                }
            }
        }
    }

    #[test]
    fn a_users_file_lies_over_the_shipped_one() {
        let mut keymap = shipped("default").unwrap();
        let problems = load(&mut keymap, "[list]\n\"ctrl-t\" = \"top\"\n\"/\" = \"\"\n");
        assert_eq!(problems, []);
        assert_eq!(
            keymap.resolve(&[Context::List], &["ctrl-t".parse().unwrap()]),
            Resolution::Command(Command::Top)
        );
        assert_eq!(
            keymap.resolve(&[Context::List], &[Key::char('/')]),
            Resolution::Unbound
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_the_rest_counts() {
        let mut keymap = Keymap::default();
        let problems = load(
            &mut keymap,
            "[list]\n\"x\" = \"opne\"\n\"hyper-x\" = \"open\"\n\"y\" = \"yaml\"\n[lists]\n\"z\" = \"open\"\n",
        );
        let lines: Vec<_> = problems.iter().map(|p| p.line).collect();
        assert_eq!(lines, [3, 2, 5], "{problems:?}");
        assert!(problems[1].remedy.contains("`open`"), "{problems:?}");
        assert_eq!(
            keymap.resolve(&[Context::List], &[Key::char('y')]),
            Resolution::Command(Command::Yaml)
        );
        let twice = load(
            &mut Keymap::default(),
            "[list]\n\"shift-g\" = \"top\"\n\"G\" = \"bottom\"\n",
        );
        assert_eq!(twice.len(), 1, "{twice:?}");
        assert!(
            twice[0].line == 3 && twice[0].what.contains("line 2"),
            "{twice:?}"
        );
        let mut keymap = shipped("default").unwrap();
        let hidden = load(
            &mut keymap,
            "[list]\n\"? x\" = \"top\"\n[pods]\n\"g\" = \"open\"\n",
        );
        assert_eq!(hidden.len(), 1, "{hidden:?}");
        assert!(
            hidden[0].line == 2 && hidden[0].what.contains("[global] `?`"),
            "{hidden:?}"
        );
        let broken = load(&mut keymap, "[list\n");
        assert_eq!(broken[0].line, 1);
    }
}
