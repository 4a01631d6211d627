//! What the program looks like at this moment: the theme, and what the view remembers of the last
//! frame.

use crate::app::{App, Hit};
use crate::theme::Theme;
use crate::view::{self, Hits, Memory};
use ratatui::buffer::Buffer;

/// The looks.
#[derive(Debug)]
pub struct Face {
    theme: Theme,
    memory: Memory,
    hits: Hits,
}

impl Face {
    /// Nothing drawn yet. `ascii` for a terminal that shows nothing else.
    pub fn new(theme: Theme, ascii: bool) -> Self {
        let mut memory = Memory::default();
        memory.ascii = ascii;
        Self {
            theme,
            memory,
            hits: Hits::default(),
        }
    }

    /// Another theme.
    pub fn wear(&mut self, theme: Theme) {
        self.theme = theme;
    }

    /// Draws the state.
    pub fn paint(&mut self, app: &App, buffer: &mut Buffer) {
        self.hits = view::draw(app, &self.theme, &mut self.memory, buffer);
    }

    /// What was drawn at a cell.
    pub fn hit(&self, column: u16, row: u16) -> Hit {
        self.hits.at(column, row)
    }
}
