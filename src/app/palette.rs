//! The palette: a line in which a command or the name of a kind is typed, with completion.

use super::world::World;
use crate::command::{Context, Info, LIST_ARGUMENTS, TABLE};
use crate::domain::fuzzy::Fuzzy;
use crate::domain::session::ContextInfo;
use crate::domain::text::Text;

/// How many choices are kept; more would not be read.
const CHOICES: usize = 200;

/// One line that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is put into the line: `pods`, `ctx prod-eu`.
    pub line: String,
    /// What it does.
    pub help: String,
    /// The command, for its key.
    pub info: Option<&'static str>,
}

/// The open palette.
#[derive(Debug, Default)]
pub struct Palette {
    /// The line being typed.
    pub line: Line,
    /// What fits it, best first.
    pub choices: Vec<Choice>,
    /// The chosen one; `None` while the line itself is meant.
    pub chosen: Option<usize>,
}

/// A line being typed: text and a cursor in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    text: String,
    cursor: usize,
}

impl Line {
    /// A line with the cursor at its end.
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            cursor: text.len(),
        }
    }

    /// A line with the cursor at this byte, or at its end where no character begins there.
    pub fn at(text: &str, cursor: usize) -> Self {
        let mut line = Self::new(text);
        if text.is_char_boundary(cursor) {
            line.cursor = cursor;
        }
        line
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The byte position of the cursor, on a character boundary.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Types a text at the cursor; line ends and other controls are left out.
    pub fn insert(&mut self, text: &str) {
        for c in text.chars().filter(|c| !c.is_control()) {
            self.text.insert(self.cursor, c);
            self.cursor += c.len_utf8();
        }
    }

    /// Carries out an editing key. False when the key is not one.
    pub fn key(&mut self, key: crate::key::Key) -> bool {
        use crate::key::Code;
        if let Some(c) = key.typed() {
            self.insert(c.encode_utf8(&mut [0; 4]));
            return true;
        }
        match (key.code, key.ctrl) {
            (Code::Backspace, false) | (Code::Char('h'), true) => {
                self.remove(self.before()..self.cursor);
            }
            (Code::Delete, _) => self.remove(self.cursor..self.after()),
            (Code::Char('w') | Code::Backspace, true) => {
                self.remove(self.word_before()..self.cursor);
            }
            (Code::Char('u'), true) => self.remove(0..self.cursor),
            (Code::Char('k'), true) => self.remove(self.cursor..self.text.len()),
            (Code::Left, false) | (Code::Char('b'), true) => self.cursor = self.before(),
            (Code::Right, false) | (Code::Char('f'), true) => self.cursor = self.after(),
            (Code::Left, true) => self.cursor = self.word_before(),
            (Code::Home, _) | (Code::Char('a'), true) => self.cursor = 0,
            (Code::End, _) | (Code::Char('e'), true) => self.cursor = self.text.len(),
            _ => return false,
        }
        true
    }

    fn remove(&mut self, range: std::ops::Range<usize>) {
        self.cursor = range.start;
        self.text.drain(range);
    }

    fn before(&self) -> usize {
        self.text[..self.cursor]
            .char_indices()
            .next_back()
            .map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.text[self.cursor..]
            .chars()
            .next()
            .map_or(self.cursor, |c| self.cursor + c.len_utf8())
    }

    fn word_before(&self) -> usize {
        let head = self.text[..self.cursor].trim_end();
        head.rfind(' ').map_or(0, |at| at + 1)
    }
}

impl Palette {
    /// An open palette with this line.
    pub fn open(text: &str, world: &World) -> Self {
        let mut palette = Self {
            line: Line::new(text),
            ..Self::default()
        };
        palette.complete(world);
        palette
    }

    /// Seeks what fits the line.
    pub fn complete(&mut self, world: &World) {
        self.chosen = None;
        let typed = self.line.text().trim_start();
        let mut fuzzy = Fuzzy::new(&typed.to_lowercase());
        let mut scored: Vec<(u32, usize, Choice)> = candidates(typed, world)
            .enumerate()
            .filter_map(|(place, choice)| {
                let by_line = fuzzy.score(&choice.line);
                let by_alias = Info::named(choice.info)
                    .and_then(|info| info.aliases.iter().filter_map(|a| fuzzy.score(a)).max());
                Some((by_line.max(by_alias)?, place, choice))
            })
            .collect();
        scored.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        self.choices = scored
            .into_iter()
            .take(CHOICES)
            .map(|(_, _, choice)| choice)
            .collect();
    }

    /// Goes down (or up) the choices; beyond the ends the line itself is meant again.
    pub fn choose(&mut self, down: bool) {
        let last = self.choices.len().checked_sub(1);
        self.chosen = match (self.chosen, down) {
            (None, true) => last.map(|_| 0),
            (None, false) => last,
            (Some(n), true) => (Some(n) < last).then_some(n + 1),
            (Some(n), false) => n.checked_sub(1),
        };
    }

    /// Puts the chosen (or best) choice into the line, to be typed on.
    pub fn take(&mut self, world: &World) {
        if let Some(choice) = self.choices.get(self.chosen.unwrap_or(0)) {
            self.line = Line::new(&format!("{} ", choice.line));
            self.complete(world);
        }
    }

    /// What enter means: the chosen choice, else the line as typed.
    pub fn answer(&self) -> String {
        if let Some(choice) = self.chosen.and_then(|n| self.choices.get(n)) {
            return choice.line.clone();
        }
        self.line.text().trim().to_owned()
    }
}

impl Info {
    /// The row of the table with this name.
    pub fn named(name: Option<&str>) -> Option<&'static Info> {
        TABLE.iter().find(|info| Some(info.name) == name)
    }
}

/// Everything that the line could become: commands and kinds for its first word, names for more.
fn candidates<'a>(typed: &str, world: &'a World) -> Box<dyn Iterator<Item = Choice> + 'a> {
    match typed
        .split_once(' ')
        .map(|(verb, _)| crate::command::Command::from_word(&verb.to_lowercase()))
    {
        Some(Some(crate::command::Command::Contexts)) => Box::new(
            world
                .contexts
                .iter()
                .map(|context| named("ctx", &context.name, "context")),
        ),
        Some(Some(crate::command::Command::Namespaces)) => Box::new(
            std::iter::once(named("ns", &Text::new("all"), "all namespaces")).chain(
                namespaces(world)
                    .into_iter()
                    .map(|ns| named("ns", &ns, "namespace")),
            ),
        ),
        Some(Some(command)) if command.info().argument == LIST_ARGUMENTS => {
            Box::new(arguments(typed, command.info().name, world).into_iter())
        }
        Some(_) => Box::new(std::iter::empty()),
        None => Box::new(commands().chain(kinds(world))),
    }
}

/// What the last word behind the name of a list could become: a namespace, or a context.
fn arguments(typed: &str, verb: &str, world: &World) -> Vec<Choice> {
    let (_, rest) = typed.split_once(' ').unwrap_or((typed, ""));
    let (before, last) = rest.rsplit_once(' ').unwrap_or(("", rest));
    let head = format!("{verb} {before}");
    let head = head.trim_end();
    if last.starts_with('@') && !before.contains('/') {
        let at = |context: &ContextInfo| Text::new(&format!("@{}", context.name));
        let contexts = world.contexts.iter().map(at);
        return contexts
            .map(|name| named(head, &name, "in this context"))
            .collect();
    }
    // Behind a selector or in a filter nobody wants a namespace.
    let first = before.is_empty() && !last.starts_with(['-', '/']) && !last.contains('=');
    if !first && before.split(' ').next_back() != Some("-n") {
        return Vec::new();
    }
    let namespaces = namespaces(world).into_iter();
    namespaces
        .map(|name| named(head, &name, "in this namespace"))
        .collect()
}

fn commands() -> impl Iterator<Item = Choice> {
    let offered = |info: &&Info| {
        !info.contexts.contains(&Context::Confirm)
            && info.command != crate::command::Command::Palette
    };
    TABLE.iter().filter(offered).map(|info| Choice {
        line: info.name.to_owned(),
        help: info.help.to_owned(),
        info: Some(info.name),
    })
}

fn kinds(world: &World) -> impl Iterator<Item = Choice> {
    let own = |name: &str| crate::command::Command::from_word(name).is_some();
    world
        .resources
        .iter()
        .filter(move |r| !own(&r.plural) && r.verbs.iter().any(|v| *v == "list"))
        .map(|r| {
            let group = if r.group.is_empty() {
                "core"
            } else {
                r.group.as_str()
            };
            let short = r
                .short_names
                .first()
                .map(|s| format!(", {s}"))
                .unwrap_or_default();
            Choice {
                line: r.plural.to_string(),
                help: format!("{} ({group}{short})", r.kind),
                info: None,
            }
        })
}

fn named(verb: &str, name: &Text, help: &str) -> Choice {
    Choice {
        line: format!("{verb} {name}"),
        help: help.to_owned(),
        info: None,
    }
}

/// Namespaces that are known: the cluster's, else those remembered for the context.
fn namespaces(world: &World) -> Vec<Text> {
    let mut names: Vec<Text> = world
        .fleet
        .namespaces()
        .map(|(_, ns)| ns.meta.name.clone())
        .collect();
    if names.is_empty() {
        let remembered = world
            .context()
            .and_then(|c| world.state.scopes.get(c.as_str()));
        names = remembered
            .into_iter()
            .flatten()
            .map(|ns| Text::new(ns))
            .collect();
    }
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{Code, Key};

    #[test]
    fn a_line_is_edited_like_a_shells() {
        let mut line = Line::new("pods shöp");
        for (key, text) in [
            (Key::plain(Code::Backspace), "pods shö"),
            (Key::plain(Code::Backspace), "pods sh"),
            (Key::ctrl('w'), "pods "),
            (Key::plain(Code::Home), "pods "),
            (Key::char('x'), "xpods "),
            (Key::plain(Code::Delete), "xods "),
            (Key::ctrl('k'), "x"),
            (Key::ctrl('u'), ""),
        ] {
            assert!(line.key(key));
            assert_eq!(line.text(), text);
        }
        assert!(!line.key(Key::plain(Code::F(1))));
    }

    #[test]
    fn pasted_controls_are_left_out() {
        let mut line = Line::default();
        line.insert("po\r\nds\x1b[A");
        assert_eq!(line.text(), "pods[A");
    }
}
