//! Putting text into cells: cut by display width, never by bytes.

use crate::app::layout::Area;
use crate::domain::health::Health;
use crate::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What everything is drawn on.
pub struct Canvas<'a> {
    /// The cells.
    pub buffer: &'a mut Buffer,
    /// The roles.
    pub theme: &'a Theme,
}

/// Whether each byte of a text is a character that takes one column.
fn plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Display columns of a text.
pub fn width(text: &str) -> u16 {
    if plain(text) {
        return u16::try_from(text.len()).unwrap_or(u16::MAX);
    }
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

impl Canvas<'_> {
    /// Writes `text` into at most `limit` columns; what does not fit is cut, with `…` at its end.
    /// Returns the columns used.
    pub fn put(&mut self, x: u16, y: u16, limit: u16, text: &str, style: Style) -> u16 {
        if limit == 0 || !self.holds(x, y) {
            return 0;
        }
        let limit = limit.min(self.buffer.area.right().saturating_sub(x));
        if plain(text) {
            return self.put_plain(x, y, limit, text, style);
        }
        if width(text) <= limit {
            return self.put_whole(x, y, limit, text, style) - x;
        }
        let end = self.put_whole(x, y, limit - 1, text, style);
        self.put_whole(end, y, 1, "…", style) - x
    }

    /// What fits of any text; returns the column after it.
    fn put_whole(&mut self, x: u16, y: u16, limit: u16, text: &str, style: Style) -> u16 {
        let limit = usize::from(limit);
        self.buffer.set_stringn(x, y, text, limit, style).0
    }

    /// Almost every text is plain: a cell for each byte, without a look at clusters and widths.
    fn put_plain(&mut self, x: u16, y: u16, limit: u16, text: &str, style: Style) -> u16 {
        let whole = text.len() <= usize::from(limit);
        let shown = &text[..text.len().min(usize::from(limit - u16::from(!whole)))];
        let start = self.buffer.index_of(x, y);
        let cells = self.buffer.content[start..].iter_mut();
        for (cell, byte) in cells.zip(shown.bytes()) {
            cell.set_char(char::from(byte)).set_style(style);
        }
        let used = u16::try_from(shown.len()).unwrap_or(limit);
        if whole {
            used
        } else {
            self.put_whole(x + used, y, 1, "…", style) - x
        }
    }

    /// Writes `text` so that it ends at the right edge of `limit` columns.
    pub fn put_right(&mut self, x: u16, y: u16, limit: u16, text: &str, style: Style) {
        let used = width(text).min(limit);
        self.put(x + limit - used, y, used, text, style);
    }

    /// Writes texts one after another; returns the column after the last.
    pub fn put_spans(&mut self, x: u16, y: u16, limit: u16, spans: &[(&str, Style)]) -> u16 {
        let end = x.saturating_add(limit);
        let mut at = x;
        for (text, style) in spans {
            at += self.put(at, y, end.saturating_sub(at), text, *style);
        }
        at
    }

    /// Lays a style under an area.
    pub fn wash(&mut self, area: Area, style: Style) {
        let area = rect(area).intersection(self.buffer.area);
        self.buffer.set_style(area, style);
    }

    /// Turns the colours of a cell around: once more where they are so already, that it differs.
    pub fn invert(&mut self, x: u16, y: u16) {
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.modifier.toggle(Modifier::REVERSED);
        }
    }

    /// Empties an area and lays a style under it.
    pub fn clear(&mut self, area: Area, style: Style) {
        let area = rect(area).intersection(self.buffer.area);
        for position in area.positions() {
            self.buffer[position].reset();
        }
        self.buffer.set_style(area, style);
    }

    /// A horizontal rule.
    pub fn rule(&mut self, x: u16, y: u16, length: u16) {
        let line = "─".repeat(usize::from(length));
        self.put(x, y, length, &line, self.theme.rule);
    }

    /// A vertical rule.
    pub fn bar(&mut self, x: u16, y: u16, height: u16) {
        for row in y..y + height {
            self.put(x, row, 1, "│", self.theme.rule);
        }
    }

    /// A frame around an area.
    pub fn frame(&mut self, area: Area, style: Style) {
        let (right, bottom) = (area.x + area.width - 1, area.y + area.height - 1);
        let line = "─".repeat(usize::from(area.width));
        self.put(area.x, area.y, area.width, &line, style);
        self.put(area.x, bottom, area.width, &line, style);
        for y in area.y..=bottom {
            self.put(area.x, y, 1, "│", style);
            self.put(right, y, 1, "│", style);
        }
        for (x, y, corner) in [
            (area.x, area.y, "┌"),
            (right, area.y, "┐"),
            (area.x, bottom, "└"),
            (right, bottom, "┘"),
        ] {
            self.put(x, y, 1, corner, style);
        }
    }

    /// A style as it can be read on the selected row: colours that the terminal chose may not go
    /// together, so there the row has one colour and shapes tell the rest.
    pub fn on_selected(&self, style: Style) -> Style {
        match self.theme.selected.bg {
            None | Some(Color::Rgb(..) | Color::Indexed(_) | Color::Reset) => style,
            Some(_) => self.theme.selected,
        }
    }

    /// The sign of health: shape and colour.
    pub fn sign(&self, health: Health) -> (&'static str, Style) {
        let theme = self.theme;
        match health {
            Health::Failing => ("✖", theme.failing),
            Health::Degraded => ("▲", theme.degraded),
            Health::Progressing => ("◐", theme.progressing),
            Health::Healthy => ("●", theme.healthy),
            Health::Finished => ("○", theme.finished),
            Health::Unknown => ("?", theme.unknown),
        }
    }

    fn holds(&self, x: u16, y: u16) -> bool {
        x < self.buffer.area.right() && y < self.buffer.area.bottom()
    }
}

fn rect(area: Area) -> Rect {
    Rect {
        x: area.x,
        y: area.y,
        width: area.width,
        height: area.height,
    }
}

/// Breaks a text into lines of at most `limit` columns, at spaces where there are some.
pub fn wrap(text: &str, limit: u16) -> Vec<String> {
    let limit = usize::from(limit.max(1));
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.width() + 1 + word.width() > limit {
            lines.push(std::mem::take(&mut line));
        } else if !line.is_empty() {
            line.push(' ');
        }
        for c in word.chars() {
            if line.width() + c.width().unwrap_or(0) > limit {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    lines.push(line);
    lines
}

/// `text` without its first `columns` display columns.
pub fn skip_columns(text: &str, columns: usize) -> &str {
    let mut passed = 0;
    for (at, c) in text.char_indices() {
        if passed >= columns {
            return &text[at..];
        }
        passed += c.width().unwrap_or(0);
    }
    if passed >= columns && columns == 0 {
        text
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(limit: u16, text: &str) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 1));
        let theme = Theme::default();
        let mut canvas = Canvas {
            buffer: &mut buffer,
            theme: &theme,
        };
        canvas.put(0, 0, limit, text, Style::new());
        (0..20)
            .map(|x| buffer[(x, 0)].symbol().to_owned())
            .collect::<String>()
            .trim_end()
            .to_owned()
    }

    #[test]
    fn what_does_not_fit_is_cut_by_columns() {
        assert_eq!(row(5, "shop"), "shop");
        assert_eq!(row(5, "shop-prod"), "shop…");
        assert_eq!(
            row(5, "日本語"),
            "日 本 …",
            "a wide character takes two cells"
        );
        assert_eq!(row(0, "x"), "");
        assert_eq!(row(1, "xy"), "…");
        assert_eq!(
            row(30, "abcdefghijklmnopqrstuvwxyz"),
            "abcdefghijklmnopqrs…"
        );
    }

    #[test]
    fn lines_break_at_spaces_and_long_words_anywhere() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
    }

    #[test]
    fn columns_are_skipped_by_width() {
        assert_eq!(skip_columns("日本語x", 4), "語x");
        assert_eq!(skip_columns("ab", 5), "");
        assert_eq!(skip_columns("ab", 0), "ab");
    }
}
