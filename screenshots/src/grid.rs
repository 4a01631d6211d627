//! What a terminal shows, as a value: cells with their final colours.

/// Red, green, blue.
pub type Colour = [u8; 3];

/// One place of the grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The character with its marks; empty behind a wide one.
    pub text: String,
    /// Places that it takes: 1, 2, or 0 behind a wide one.
    pub width: usize,
    /// Colour of the text.
    pub fg: Colour,
    /// Colour of the place.
    pub bg: Colour,
    pub bold: bool,
    pub italic: bool,
    pub underline: bool,
}

/// A whole screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Of equal length.
    pub rows: Vec<Vec<Cell>>,
    /// Column and row of the cursor, when it is shown.
    pub cursor: Option<(usize, usize)>,
    /// Colour of the terminal itself.
    pub ground: Colour,
    /// Colour of its text.
    pub ink: Colour,
}

impl Grid {
    /// Places in a row.
    pub fn columns(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    /// The text of each row.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.rows
            .iter()
            .map(|row| row.iter().map(|cell| cell.text.as_str()).collect())
    }

    /// Whether a row holds `text`.
    pub fn shows(&self, text: &str) -> bool {
        self.lines().any(|line| line.contains(text))
    }

    /// The screen as plain text, for messages.
    pub fn text(&self) -> String {
        let lines: Vec<_> = self
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect();
        lines.join("\n")
    }
}
