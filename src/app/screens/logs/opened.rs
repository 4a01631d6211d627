//! A line that is opened as its fields, and what is copied.

use super::LogScreen;
use crate::command::Command;
use crate::domain::logs::Seq;
use crate::domain::logs::buffer::Line;
use crate::domain::logs::shown::OF_SOURCE;
use crate::domain::logs::structure::Structure;

/// So many lines are looked through for those of a trace.
const TRACE: i64 = 500;

/// A line opened as its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Which line.
    pub seq: Seq,
    /// The chosen field.
    pub chosen: usize,
}

impl LogScreen {
    pub(super) fn open_line(&mut self) {
        self.leave_following();
        if self
            .log
            .buffer()
            .get(self.cursor)
            .is_some_and(|line| line.mark.is_none())
        {
            self.opened = Some(Opened {
                seq: self.cursor,
                chosen: 0,
            });
        }
    }

    /// The lines of a trace that a line begins, without it.
    pub fn trace<'a>(&'a self, head: Line<'a>) -> impl Iterator<Item = Line<'a>> {
        let buffer = self.log.buffer();
        let after = (head.seq.0 + 1..head.seq.0 + TRACE).map(Seq);
        after
            .map_while(|seq| buffer.get(seq))
            .filter(move |line| line.source == head.source)
            .take_while(move |line| line.continuation && !head.continuation)
    }

    /// The opened line's fields: names and values, the message first; then what of its trace is
    /// folded away.
    pub fn fields(&self) -> Vec<(String, String)> {
        let Some(line) = self
            .opened
            .as_ref()
            .and_then(|opened| self.log.buffer().get(opened.seq))
        else {
            return Vec::new();
        };
        let structure = Structure::of(line.text);
        let mut fields = vec![("message".to_owned(), structure.message.to_string())];
        fields.extend(
            line.level
                .map(|level| ("level".to_owned(), level.name().to_lowercase())),
        );
        fields.extend(structure.fields.iter().map(|(name, value)| {
            let dot = if OF_SOURCE.contains(&&**name) {
                "."
            } else {
                ""
            };
            (format!("{dot}{name}"), value.to_string())
        }));
        if let Some(info) = self.log.source(line.source) {
            fields.push(("pod".into(), info.source.pod.to_string()));
            fields.push(("container".into(), info.source.container.to_string()));
        }
        let folded = self.shown.folded() && !self.is_filtered();
        let trace = self.trace(line).filter(|_| folded);
        fields.extend(trace.map(|line| (String::new(), line.text.replace('\t', "    "))));
        fields
    }

    pub(super) fn opened_command(&mut self, command: Command) -> bool {
        let fields = self.fields();
        let Some(opened) = &mut self.opened else {
            return false;
        };
        match command {
            Command::Up => opened.chosen = opened.chosen.saturating_sub(1),
            Command::Down => {
                opened.chosen = (opened.chosen + 1).min(fields.len().saturating_sub(1));
            }
            Command::Open | Command::Filter => {
                if let Some((name, value)) = fields.get(opened.chosen).filter(|it| !it.0.is_empty())
                {
                    let value = value.replace('"', "\\\"");
                    let filter = if value.contains(' ') || value.is_empty() {
                        format!("\"{name}={value}\"")
                    } else {
                        format!("{name}={value}")
                    };
                    self.opened = None;
                    self.add_filter(&filter);
                }
            }
            Command::Right | Command::FieldColumn => {
                if let Some((name, _)) = fields.get(opened.chosen).filter(|it| !it.0.is_empty()) {
                    match self.columns.iter().position(|column| column == name) {
                        Some(at) => drop(self.columns.remove(at)),
                        None => self.columns.push(name.clone()),
                    }
                }
            }
            _ => return false,
        }
        true
    }

    /// What `c` copies: the chosen field, the selection, the marked lines, or the line.
    pub(in crate::app) fn copied(&self) -> String {
        if let Some(opened) = &self.opened {
            let fields = self.fields();
            return fields
                .get(opened.chosen)
                .map_or(String::new(), |(_, value)| value.clone());
        }
        let mut text = String::new();
        let mut add = |seq: Seq| {
            if let Some(line) = self
                .log
                .buffer()
                .get(seq)
                .filter(|line| line.mark.is_none())
            {
                text.push_str(line.text);
                text.push('\n');
            }
        };
        if let Some(other) = self.selecting {
            let (from, to) = (other.min(self.cursor), other.max(self.cursor));
            (self.shown.place(from)..self.shown.len())
                .map_while(|n| self.shown.get(n).filter(|seq| *seq <= to))
                .for_each(add);
        } else if self.marked.is_empty() {
            add(self.cursor);
        } else {
            self.marked.iter().copied().for_each(add);
        }
        text
    }
}
