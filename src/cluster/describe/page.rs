//! A text of aligned columns, as kubectl's describe writes it.
//!
//! A column is as wide as its widest cell in the lines around that have this column too: lines
//! without it end the block.

use crate::domain::text::clean;
use serde_json::Value;
use std::fmt::Write as _;

/// Between columns.
const GAP: usize = 2;

/// Lines of cells.
#[derive(Debug, Default)]
pub(super) struct Page {
    lines: Vec<Vec<String>>,
    indent: usize,
}

impl Page {
    /// A line of one label and one value. Further lines of the value stand below it.
    pub(super) fn field(&mut self, label: &str, value: &str) {
        let mut rest = value.trim_end_matches('\n').split('\n');
        let first = rest.next().unwrap_or_default();
        self.row(&[&format!("{label}:"), first]);
        for line in rest {
            self.row(&["", line]);
        }
    }

    /// The same, left out when there is no value.
    pub(super) fn some(&mut self, label: &str, value: &str) {
        if !value.is_empty() {
            self.field(label, value);
        }
    }

    /// A field of several lines; `<none>` when there are none.
    pub(super) fn many(&mut self, label: &str, values: &[String]) {
        match values.split_first() {
            None => self.field(label, "<none>"),
            Some((first, rest)) => {
                self.field(label, first);
                for value in rest {
                    self.row(&["", value]);
                }
            }
        }
    }

    /// A line of cells.
    pub(super) fn row(&mut self, cells: &[&str]) {
        // Programs leave messages with tabs behind.
        let cleaned = |cell: &&str| clean(&cell.replace('\t', "    ")).into_owned();
        let mut cells: Vec<String> = cells.iter().map(cleaned).collect();
        if let Some(first) = cells.first_mut() {
            first.insert_str(0, &" ".repeat(self.indent));
        }
        self.lines.push(cells);
    }

    /// A line that stands alone.
    pub(super) fn title(&mut self, text: &str) {
        self.row(&[&format!("{text}:")]);
    }

    /// A table with its head underlined.
    pub(super) fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        self.row(head);
        let rule: Vec<String> = head.iter().map(|name| "-".repeat(name.len())).collect();
        self.row(&rule.iter().map(String::as_str).collect::<Vec<_>>());
        for row in rows {
            self.row(&row.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }

    /// What `inner` writes stands two columns further right.
    pub(super) fn inside(&mut self, inner: impl FnOnce(&mut Self)) {
        self.shift(2, inner);
    }

    /// What `inner` writes stands `by` columns further right.
    pub(super) fn shift(&mut self, by: usize, inner: impl FnOnce(&mut Self)) {
        self.indent += by;
        inner(self);
        self.indent -= by;
    }

    /// The finished text.
    pub(super) fn finish(self) -> String {
        let widths = self.widths();
        let mut out = String::new();
        for (line, widths) in self.lines.iter().zip(&widths) {
            let mut text = String::new();
            for (at, cell) in line.iter().enumerate() {
                match widths.get(at) {
                    Some(width) => {
                        let _ = write!(text, "{cell:<width$}");
                    }
                    None => text.push_str(cell),
                }
            }
            out.push_str(text.trim_end());
            out.push('\n');
        }
        out
    }

    /// For each line, the width of each cell that another one follows.
    fn widths(&self) -> Vec<Vec<usize>> {
        let followed = |line: &Vec<String>| line.len().saturating_sub(1);
        let mut widths: Vec<Vec<usize>> = self
            .lines
            .iter()
            .map(|line| vec![0; followed(line)])
            .collect();
        let columns = self.lines.iter().map(followed).max().unwrap_or(0);
        for column in 0..columns {
            let mut from = 0;
            while from < self.lines.len() {
                let block = self.lines[from..]
                    .iter()
                    .take_while(|line| followed(line) > column)
                    .count();
                let cells = &self.lines[from..from + block];
                let widest = cells.iter().map(|line| line[column].chars().count()).max();
                for line in &mut widths[from..from + block] {
                    line[column] = widest.unwrap_or(0) + GAP;
                }
                from += block.max(1);
            }
        }
        widths
    }
}

/// A value as one line of text: empty for what is not there.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The same, or `otherwise` for what is not there.
pub(super) fn or(value: &Value, otherwise: &str) -> String {
    let text = plain(value);
    if text.is_empty() {
        otherwise.to_owned()
    } else {
        text
    }
}

/// The elements of a list; none for what is not one.
pub(super) fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The pairs of a map as `key=value`, sorted as the map is.
pub(super) fn pairs(value: &Value, between: &str) -> Vec<String> {
    let map = value.as_object().into_iter().flatten();
    map.map(|(key, value)| format!("{key}{between}{}", plain(value)))
        .collect()
}

/// The pairs of a map in one line, `<none>` when there are none.
pub(super) fn joined(value: &Value) -> String {
    let pairs = pairs(value, "=");
    if pairs.is_empty() {
        "<none>".into()
    } else {
        pairs.join(",")
    }
}

/// A point in time as kubectl's describe writes it.
pub(super) fn date(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    match text.parse::<jiff::Timestamp>() {
        Ok(at) => at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string(),
        Err(_) => text.to_owned(),
    }
}

/// `True`, `False`
pub(super) fn truth(value: &Value) -> &'static str {
    if value.as_bool() == Some(true) {
        "True"
    } else {
        "False"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_block() {
        let mut page = Page::default();
        page.field("Name", "web");
        page.many("Labels", &["a=1".into(), "b=2".into()]);
        page.title("IPs");
        page.inside(|page| page.field("IP", "10.0.0.1"));
        page.field("Controlled By", "x");
        assert_eq!(
            page.finish(),
            "Name:    web\nLabels:  a=1\n         b=2\nIPs:\n  IP:           10.0.0.1\n\
             Controlled By:  x\n"
        );
    }

    #[test]
    fn hostile_values_stay_on_their_line() {
        let mut page = Page::default();
        page.field("Message", "a\x1b[2Jb\rc");
        assert_eq!(page.finish(), "Message:  a\u{fffd}[2Jb\u{fffd}c\n");
    }
}
