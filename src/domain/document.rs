//! TOML documents that people write: each wrong part is named with file, line and remedy.
//!
//! A catalogue and a recipe are read through this. It knows tables, texts and numbers, and nothing
//! of what they mean. A wrong part costs itself only: everything else is still read, so that one
//! look at the answers shows all that is to be corrected.

use super::text::clean;
use std::fmt;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One thing that is wrong in a document: where, what, and what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flaw {
    /// The file as the person named it.
    pub file: String,
    /// 1-based line, where the flaw has one.
    pub line: Option<usize>,
    /// The key it is about, with its tables and dots; empty when it is about the whole document.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl Flaw {
    /// A flaw of a key whose place in a file is not known yet.
    pub fn of(key: &str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            key: key.to_owned(),
            what: what.into(),
            remedy: remedy.into(),
            ..Self::default()
        }
    }

    /// The file and, when there is one, the line: `quarterdeck.toml:3`.
    pub fn place(&self) -> String {
        match self.line {
            Some(line) => format!("{}:{line}", self.file),
            None => self.file.clone(),
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}: ", self.place())?;
        }
        write!(f, "{}; {}", self.what, self.remedy)
    }
}

/// Where each key of a document stands, for flaws that are found after reading.
#[derive(Clone, Debug, Default)]
pub struct Places {
    file: String,
    lines: Vec<(String, usize)>,
}

impl Places {
    /// Places of a document called `file`, none known yet.
    pub fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            lines: Vec::new(),
        }
    }

    /// Gives each flaw its file, and the line of its key, or of the nearest table around it.
    pub fn locate(&self, flaws: &mut [Flaw]) {
        for flaw in flaws.iter_mut().filter(|flaw| flaw.file.is_empty()) {
            flaw.file.clone_from(&self.file);
            flaw.line = self.line(&flaw.key);
        }
    }

    /// Whether the document gives this key.
    pub fn has(&self, key: &str) -> bool {
        self.lines.iter().any(|(known, _)| known == key)
    }

    /// The line of `key`, or of the table that would hold it.
    pub fn line(&self, key: &str) -> Option<usize> {
        let mut key = key;
        loop {
            if let Some((_, line)) = self.lines.iter().find(|(known, _)| known == key) {
                return Some(*line);
            }
            key = key.rsplit_once('.')?.0;
        }
    }
}

/// One entry of a table, or one element of a list.
#[derive(Clone, Debug)]
pub struct Item<'d> {
    /// The name with its tables and dots, for messages.
    pub path: String,
    /// The name alone.
    pub name: String,
    /// Byte offset of the key.
    at: usize,
    value: &'d Spanned<DeValue<'d>>,
}

impl Item<'_> {
    /// Whether the value is a list.
    pub fn is_list(&self) -> bool {
        self.value.get_ref().is_array()
    }

    /// Whether the value is a table.
    pub fn is_table(&self) -> bool {
        self.value.get_ref().is_table()
    }
}

/// Reads one document and keeps what is wrong with it.
#[derive(Debug)]
pub struct Reader<'t> {
    file: &'t str,
    text: &'t str,
    flaws: Vec<Flaw>,
    places: Places,
}

impl<'t> Reader<'t> {
    /// Reads `text`; `take` is given the entries of the root table. `file` only stands in flaws.
    pub fn read(
        file: &'t str,
        text: &'t str,
        take: impl FnOnce(&mut Reader<'t>, Vec<Item<'_>>),
    ) -> (Vec<Flaw>, Places) {
        let mut reader = Reader {
            file,
            text,
            flaws: Vec::new(),
            places: Places::new(file),
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            reader.flaw(
                at,
                "",
                error.message().to_owned(),
                "correct the TOML".into(),
            );
        }
        // The parser may stumble several times over one mistake, and what it made of a line that
        // is not TOML is not believed.
        reader.flaws.dedup_by_key(|flaw| flaw.line);
        let broken: Vec<_> = reader.flaws.iter().filter_map(|flaw| flaw.line).collect();
        let mut entries = reader.children("", table.get_ref());
        entries.retain(|item| !broken.contains(&reader.line(item.at)));
        take(&mut reader, entries);
        reader.flaws.sort_by_key(|flaw| flaw.line);
        (reader.flaws, reader.places)
    }

    /// The file's name, for places.
    pub fn file(&self) -> &'t str {
        self.file
    }

    /// The 1-based line of an item.
    pub fn line_of(&self, item: &Item<'_>) -> usize {
        self.line(item.at)
    }

    /// The entries of a table, in the order of the file; a flaw when the item is none.
    pub fn entries<'d>(&mut self, item: &Item<'d>) -> Vec<Item<'d>> {
        if let DeValue::Table(table) = item.value.get_ref() {
            return self.children(&item.path, table);
        }
        self.wrong(
            item,
            &format!("a table: write `[{}]` and its keys below", item.path),
        );
        Vec::new()
    }

    /// The elements of a list; a flaw when the item is none.
    pub fn elements<'d>(&mut self, item: &Item<'d>) -> Vec<Item<'d>> {
        let DeValue::Array(list) = item.value.get_ref() else {
            self.wrong(item, "a list, in square brackets");
            return Vec::new();
        };
        list.iter()
            .map(|value| Item {
                path: item.path.clone(),
                name: item.name.clone(),
                at: value.span().start,
                value,
            })
            .collect()
    }

    /// A text of one line without control characters, without the spaces around it.
    pub fn text(&mut self, item: &Item<'_>) -> Option<String> {
        self.exact(item).map(|text| text.trim().to_owned())
    }

    /// The same with the spaces around it.
    pub fn exact(&mut self, item: &Item<'_>) -> Option<String> {
        let Some(text) = item.value.get_ref().as_str() else {
            self.wrong(item, "a text in quotes");
            return None;
        };
        if clean(text) != text {
            self.wrong(
                item,
                "one line without control characters; several commands are a list of texts",
            );
            return None;
        }
        Some(text.to_owned())
    }

    /// A text that says something.
    pub fn word(&mut self, item: &Item<'_>) -> Option<String> {
        let text = self.text(item)?;
        if text.is_empty() {
            self.wrong(item, "a text that is not empty; take the line away instead");
            return None;
        }
        Some(text)
    }

    /// A text that `check` accepts; it answers with what the value must be.
    pub fn checked(
        &mut self,
        item: &Item<'_>,
        check: impl FnOnce(&str) -> Result<(), String>,
    ) -> Option<String> {
        let word = self.word(item)?;
        match check(&word) {
            Ok(()) => Some(word),
            Err(must_be) => {
                self.wrong(item, &must_be);
                None
            }
        }
    }

    /// A list of texts, or one text as a list of one.
    pub fn words(&mut self, item: &Item<'_>) -> Vec<String> {
        if !item.is_list() {
            return self.word(item).into_iter().collect();
        }
        let elements = self.elements(item);
        elements
            .iter()
            .filter_map(|element| self.word(element))
            .collect()
    }

    /// Names and texts of a table, sorted by name.
    pub fn pairs(&mut self, item: &Item<'_>) -> Vec<(String, String)> {
        let mut pairs: Vec<_> = self
            .entries(item)
            .iter()
            .filter_map(|entry| Some((entry.name.clone(), self.text(entry)?)))
            .collect();
        pairs.sort();
        pairs
    }

    /// A whole number between `from` and `to`.
    pub fn number(&mut self, item: &Item<'_>, from: i64, to: i64) -> Option<i64> {
        let number = item
            .value
            .get_ref()
            .as_integer()
            .and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok())
            .filter(|number| (from..=to).contains(number));
        if number.is_none() {
            self.wrong(item, &format!("a whole number from {from} to {to}"));
        }
        number
    }

    /// A port.
    pub fn port(&mut self, item: &Item<'_>) -> Option<u16> {
        self.number(item, 1, 65_535)
            .and_then(|number| u16::try_from(number).ok())
    }

    /// True or false.
    pub fn flag(&mut self, item: &Item<'_>) -> Option<bool> {
        let flag = item.value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong(item, "true or false");
        }
        flag
    }

    /// Says that a key is none of `known`.
    pub fn unknown(&mut self, item: &Item<'_>, known: &[&str]) {
        let nearest = known
            .iter()
            .map(|name| (strsim::damerau_levenshtein(&item.name, name), *name))
            .filter(|(distance, name)| *distance * 3 <= name.len().max(4) + 2)
            .min();
        let remedy = match nearest {
            Some((_, name)) => format!("did you mean `{name}`?"),
            None => format!("take it away; the keys here are {}", known.join(", ")),
        };
        let what = format!("`{}` is not a key that means something here", item.path);
        self.flaw(item.at, &item.path, what, remedy);
    }

    /// Says what a value must be.
    pub fn wrong(&mut self, item: &Item<'_>, must_be: &str) {
        let what = format!(
            "`{}` has a value that it cannot have ({})",
            item.path,
            shown(item.value.get_ref())
        );
        self.flaw(
            item.value.span().start,
            &item.path,
            what,
            format!("it must be {must_be}"),
        );
    }

    /// Says that a value is a secret by its name; the value itself is never shown.
    pub fn wrong_secret(&mut self, item: &Item<'_>) {
        self.flaw(
            item.at,
            &item.path,
            format!("`{}` looks like a secret", item.path),
            "an image keeps it: make it a Kubernetes Secret, or a secret of the build".into(),
        );
    }

    /// Says that something is missing from a table.
    pub fn missing(&mut self, item: &Item<'_>, key: &str, remedy: &str) {
        let what = format!("`{}` has no `{key}`", item.path);
        self.flaw(item.at, &item.path, what, remedy.to_owned());
    }

    fn flaw(&mut self, at: usize, key: &str, what: String, remedy: String) {
        self.flaws.push(Flaw {
            file: self.file.to_owned(),
            line: Some(self.line(at)),
            key: key.to_owned(),
            what,
            remedy,
        });
    }

    fn children<'d>(&mut self, path: &str, table: &'d DeTable<'d>) -> Vec<Item<'d>> {
        let mut items: Vec<_> = table
            .iter()
            .map(|(key, value)| {
                let name = key.get_ref().to_string();
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                Item {
                    path,
                    name,
                    at: key.span().start,
                    value,
                }
            })
            .collect();
        items.sort_by_key(|item| item.at);
        for item in &items {
            let line = self.line(item.at);
            self.places.lines.push((item.path.clone(), line));
        }
        items
    }

    fn line(&self, at: usize) -> usize {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        memchr::memchr_iter(b'\n', before).count() + 1
    }
}

/// A value for a message, short: its text, or its sort.
fn shown(value: &DeValue<'_>) -> String {
    match value.as_str() {
        Some(text) => {
            let mut short: String = clean(text).chars().take(60).collect();
            if short.len() < text.len() {
                short.push('…');
            }
            format!("\"{short}\"")
        }
        None => value.type_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flaws(text: &str) -> Vec<(Option<usize>, String)> {
        let (flaws, _) = Reader::read("a.toml", text, |reader, items| {
            for item in &items {
                match item.name.as_str() {
                    "name" => drop(reader.word(item)),
                    "port" => drop(reader.port(item)),
                    "commands" => drop(reader.words(item)),
                    _ => reader.unknown(item, &["name", "port", "commands"]),
                }
            }
        });
        flaws
            .iter()
            .map(|flaw| (flaw.line, flaw.to_string()))
            .collect()
    }

    #[test]
    fn each_flaw_has_its_line_and_a_remedy() {
        let found =
            flaws("nam = 1\nport = 70000\ncommands = [\n  \"a\",\n  7]\nname = \"a\\nb\"\n");
        let lines: Vec<_> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [Some(1), Some(2), Some(5), Some(6)], "{found:#?}");
        assert!(
            found[0].1.starts_with("a.toml:1: `nam`") && found[0].1.contains("did you mean `name`")
        );
        assert!(found[1].1.contains("1 to 65535"));
    }

    #[test]
    fn broken_toml_costs_its_line_only() {
        let found = flaws("name = \"x\nport = 80\n");
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].0, Some(1));
    }

    #[test]
    fn a_flaw_found_later_gets_the_line_of_its_key_or_table() {
        let (_, places) = Reader::read("r.toml", "\n[run]\nuser = 1\n", |reader, items| {
            reader.entries(&items[0]);
        });
        let mut flaws = [
            Flaw::of("run.user", "a", "b"),
            Flaw::of("run.ports", "a", "b"),
            Flaw::of("base", "a", "b"),
        ];
        places.locate(&mut flaws);
        let lines: Vec<_> = flaws.iter().map(|flaw| flaw.line).collect();
        assert_eq!(lines, [Some(3), Some(2), None]);
        assert_eq!(flaws[0].place(), "r.toml:3");
    }
}
