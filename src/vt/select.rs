//! Selecting text with the pointer.

use super::terminal::Terminal;
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::{Column, Line, Point, Side};
use alacritty_terminal::selection::{Selection, SelectionType};
use alacritty_terminal::term::viewport_to_point;

/// What a selection grows by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectKind {
    /// By characters.
    Simple,
    /// By words.
    Word,
    /// By lines.
    Line,
}

impl Terminal {
    /// Begins a selection at a place of what is shown.
    pub fn select(&mut self, kind: SelectKind, column: u16, row: u16) {
        self.anchor = Some((kind, self.point(column, row)));
        self.select_to(column, row);
    }

    /// Takes the selection to a place of what is shown.
    pub fn select_to(&mut self, column: u16, row: u16) {
        let Some((kind, anchor)) = self.anchor else {
            return;
        };
        let to = self.point(column, row);
        let (first, last) = if to < anchor {
            (Side::Right, Side::Left)
        } else {
            (Side::Left, Side::Right)
        };
        let kind = match kind {
            SelectKind::Simple => SelectionType::Simple,
            SelectKind::Word => SelectionType::Semantic,
            SelectKind::Line => SelectionType::Lines,
        };
        let mut selection = Selection::new(kind, self.kept(anchor), first);
        selection.update(to, last);
        self.term.selection = Some(selection);
        self.touch();
    }

    /// Selects nothing any more.
    pub fn select_none(&mut self) {
        self.anchor = None;
        if self.term.selection.take().is_some() {
            self.touch();
        }
    }

    /// The selected text; `None` when nothing is selected.
    pub fn selected(&self) -> Option<String> {
        let text = self.term.selection_to_string()?;
        (!text.is_empty()).then_some(text)
    }

    fn point(&self, column: u16, row: u16) -> Point {
        let column = usize::from(column).min(self.term.columns() - 1);
        let row = usize::from(row).min(self.term.screen_lines() - 1);
        let offset = self.term.grid().display_offset();
        viewport_to_point(offset, Point::new(row, Column(column)))
    }

    /// `point` inside the grid as it is now: lines may have gone since it was taken.
    fn kept(&self, point: Point) -> Point {
        let line = point
            .line
            .clamp(self.term.topmost_line(), self.term.bottommost_line());
        Point::new(Line(line.0), point.column.min(self.term.last_column()))
    }
}
