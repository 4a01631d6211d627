//! Saving lines, part by part: no key waits for them, and a slow disk fills no memory.

use super::LogScreen;
use crate::app::msg::Id;
use crate::domain::logs::Seq;
use crate::domain::logs::buffer::Line;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Bytes that are saved at a time: a moment's work.
const PART: usize = 1 << 20;

/// Which lines are saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Those on the page.
    Visible,
    /// Those that pass the filters.
    Filtered,
    /// All that are kept.
    All,
}

/// How far a log is saved.
#[derive(Clone, Debug)]
pub struct Saving {
    /// Parts and answers carry it.
    pub(in crate::app) id: Id,
    extent: Extent,
    next: Seq,
    end: Seq,
    /// Lines that were handed on, and all of them.
    lines: (usize, usize),
    /// A part has been written: the next one is due.
    due: bool,
    /// The file, once it is there.
    pub file: Option<PathBuf>,
}

impl Saving {
    /// How much of it is done, in percent.
    pub fn percent(&self) -> usize {
        self.lines.0 * 100 / self.lines.1.max(1)
    }
}

impl LogScreen {
    /// How many lines that is.
    pub fn extent(&self, extent: Extent) -> usize {
        match extent {
            Extent::Visible => self.page.min(self.shown.len() - self.first_on_page()),
            Extent::Filtered => self.shown.len(),
            Extent::All => self.log.buffer().len(),
        }
    }

    /// Whether some kept lines are hidden by filters.
    pub fn is_filtered(&self) -> bool {
        !self.shown.filters().is_empty()
    }

    /// Begins to save lines.
    pub(in crate::app) fn begin_to_save(&mut self, id: Id, extent: Extent) {
        let extent = match extent {
            // Folded traces are saved whole.
            Extent::Filtered if !self.is_filtered() => Extent::All,
            extent => extent,
        };
        let buffer = self.log.buffer();
        let (next, end) = match extent {
            Extent::Visible => {
                let first = self.first_on_page();
                let last = (first + self.page).min(self.shown.len()).saturating_sub(1);
                let seq = |n| self.shown.get(n).unwrap_or_default();
                (seq(first), Seq(seq(last).0 + 1))
            }
            Extent::Filtered | Extent::All => (buffer.first(), buffer.end()),
        };
        self.saving = Some(Saving {
            id,
            extent,
            next,
            end,
            lines: (0, self.extent(extent)),
            due: true,
            file: None,
        });
    }

    /// The file is there and a part of it is written.
    pub(in crate::app) fn part_is_saved(&mut self, file: PathBuf) {
        if let Some(saving) = &mut self.saving {
            saving.file = Some(file);
            saving.due = true;
        }
    }

    /// The next part of what is saved, when one is due: lines with their stamps and sources, in the
    /// form in which they are seen. `true` with the last one. What passes the filters must be known
    /// first.
    pub(in crate::app) fn next_to_save(&mut self) -> Option<(Id, String, bool)> {
        let filtered = self.saving.as_ref()?.extent != Extent::All;
        if filtered && !self.shown.is_complete(self.log.buffer()) {
            return None;
        }
        let mut saving = self.saving.take_if(|saving| saving.due)?;
        let mut text = String::with_capacity(PART + PART / 8);
        let first = self.log.buffer().first();
        if saving.next < first {
            let gone = (first.0 - saving.next.0).min(saving.end.0 - saving.next.0);
            // Writing to a String cannot fail.
            let _ = writeln!(text, "── {gone} lines were given up before they were saved");
            saving.next = first;
        }
        while text.len() < PART
            && let Some(line) = self.next_line(&saving)
        {
            self.write(line, &mut text);
            saving.next = Seq(line.seq.0 + 1);
            saving.lines.0 += 1;
        }
        let last = self.next_line(&saving).is_none();
        let id = saving.id;
        saving.due = false;
        self.saving = Some(saving).filter(|_| !last);
        Some((id, text, last))
    }

    /// The next line to be saved.
    fn next_line(&self, saving: &Saving) -> Option<Line<'_>> {
        let line = match saving.extent {
            Extent::All => self.log.buffer().get(saving.next),
            Extent::Visible | Extent::Filtered => self.line(self.shown.place(saving.next)),
        };
        line.filter(|line| line.seq < saving.end)
    }

    fn write(&self, line: Line<'_>, text: &mut String) {
        let source = self.log.source(line.source).map_or("", |info| &info.short);
        // Writing to a String cannot fail.
        let _ = write!(text, "{} {source} ", line.at.rfc3339());
        let _ = match line.mark {
            Some(mark) => writeln!(text, "── {mark}"),
            None if line.cut > 0 => writeln!(text, "{} … +{} bytes", line.text, line.cut),
            None => writeln!(text, "{}", line.text),
        };
    }
}
