//! Values of TOML project files with the line they stand on.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The text at a dotted path, with its 1-based line.
pub fn text(document: &str, path: &str) -> Option<(String, usize)> {
    let (root, _) = DeTable::parse_recoverable(document);
    let mut table = root.get_ref();
    let mut parts = path.split('.').peekable();
    while let Some(part) = parts.next() {
        let value = table.get(part)?;
        if parts.peek().is_none() {
            return Some((value.get_ref().as_str()?.to_owned(), line(document, value)));
        }
        table = value.get_ref().as_table()?;
    }
    None
}

/// Whether there is a table or value at a dotted path.
pub fn has(document: &str, path: &str) -> bool {
    let (root, _) = DeTable::parse_recoverable(document);
    let mut table = root.get_ref();
    let mut parts = path.split('.').peekable();
    while let Some(part) = parts.next() {
        let Some(value) = table.get(part) else {
            return false;
        };
        if parts.peek().is_none() {
            return true;
        }
        let Some(inner) = value.get_ref().as_table() else {
            return false;
        };
        table = inner;
    }
    false
}

/// The texts of a list at a dotted path, or, for a list of tables, their texts of `field`.
pub fn list(document: &str, path: &str, field: &str) -> Vec<String> {
    let (root, _) = DeTable::parse_recoverable(document);
    let mut table = root.get_ref();
    let mut parts = path.split('.').peekable();
    while let Some(part) = parts.next() {
        let Some(value) = table.get(part) else {
            return Vec::new();
        };
        match (parts.peek(), value.get_ref()) {
            (None, DeValue::Array(list)) => {
                let text = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
                    DeValue::Table(table) => table
                        .get(field)
                        .and_then(|value| value.get_ref().as_str())
                        .map(str::to_owned),
                    value => value.as_str().map(str::to_owned),
                };
                return list.iter().filter_map(text).collect();
            }
            (Some(_), DeValue::Table(inner)) => table = inner,
            _ => return Vec::new(),
        }
    }
    Vec::new()
}

fn line(document: &str, value: &Spanned<DeValue<'_>>) -> usize {
    let at = value.span().start.min(document.len());
    memchr::memchr_iter(b'\n', &document.as_bytes()[..at]).count() + 1
}
