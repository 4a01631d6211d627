//! A line taken apart for drawing.

use crate::domain::logs::buffer::Line;
use crate::domain::logs::structure::{Format, Structure};
use crate::view::paint::wrap;
use std::borrow::Cow;
use std::fmt::Write as _;

/// A line taken apart, once for each time it is drawn.
pub(super) struct Said<'a> {
    pub(super) structure: Structure<'a>,
    /// What it says.
    pub(super) text: Cow<'a, str>,
    /// The message was lifted out of a structure.
    pub(super) lifted: bool,
    /// The text is a part of the line in which its inks have their places: from there on.
    pub(super) inked: Option<usize>,
}

impl<'a> Said<'a> {
    pub(super) fn of(line: Line<'a>) -> Self {
        let structure = Structure::of(line.text);
        let lifted = match structure.format {
            Format::Plain => structure.message.len() < line.text.len(),
            _ => !structure.message.is_empty(),
        };
        let text = if lifted {
            structure.message.clone()
        } else {
            Cow::Borrowed(line.text)
        };
        let tabs = text.contains('\t');
        // The message of a plain line is its end.
        let skipped = line.text.len().saturating_sub(text.len());
        let as_written = structure.format == Format::Plain || !lifted;
        let inked = as_written && !tabs && !line.runs.is_empty();
        let text = if tabs {
            Cow::Owned(text.replace('\t', "    "))
        } else {
            text
        };
        Self {
            structure,
            text,
            lifted,
            inked: inked.then_some(skipped),
        }
    }

    /// The message with all that stands beside it, over at most so many rows.
    pub(super) fn rows(&self, columns: u16, rows: usize) -> Vec<String> {
        let mut text = self.text.to_string();
        let details = if self.lifted {
            self.structure.details()
        } else {
            &[]
        };
        for (name, value) in details {
            // Writing to a String cannot fail.
            let _ = write!(text, "  {name}={value}");
        }
        let most = columns.saturating_mul(u16::try_from(rows).unwrap_or(u16::MAX));
        wrap(head(&text, most), columns)
    }
}

/// The beginning of a text that fills so many columns for certain: what is drawn of a line of
/// 64 KiB must not cost more than what is seen of it.
pub(super) fn head(text: &str, columns: u16) -> &str {
    // A character of one column has at most four bytes; marks over it may add a few.
    &text[..text.floor_char_boundary(usize::from(columns) * 16 + 16)]
}
