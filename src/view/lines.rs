//! A column of styled lines, filled from the top: what previews and pages are made of.

use super::paint::{Canvas, width, wrap};
use crate::app::layout::Area;
use crate::domain::health::Health;
use ratatui::style::Style;

/// Writes lines into an area until it is full.
pub struct Lines<'c, 'a> {
    canvas: &'c mut Canvas<'a>,
    area: Area,
    y: u16,
}

impl<'c, 'a> Lines<'c, 'a> {
    /// Lines in `area`.
    pub fn new(canvas: &'c mut Canvas<'a>, area: Area) -> Self {
        Self {
            canvas,
            area,
            y: area.y,
        }
    }

    /// How many more lines fit.
    pub fn left(&self) -> usize {
        usize::from((self.area.y + self.area.height).saturating_sub(self.y))
    }

    /// Columns of a line.
    pub fn width(&self) -> u16 {
        self.area.width
    }

    /// The roles.
    pub fn theme(&self) -> &'a crate::theme::Theme {
        self.canvas.theme
    }

    /// An empty line; nothing at the top.
    pub fn gap(&mut self) {
        if self.y > self.area.y {
            self.y += 1;
        }
    }

    /// One line, cut at the edge.
    pub fn line(&mut self, text: &str, style: Style) {
        self.spans(&[(text, style)]);
    }

    /// One line of several styles.
    pub fn spans(&mut self, spans: &[(&str, Style)]) {
        if self.left() > 0 {
            self.canvas
                .put_spans(self.area.x, self.y, self.area.width, spans);
        }
        self.y = self.y.saturating_add(1);
    }

    /// A text over as many lines as it takes.
    pub fn wrapped(&mut self, text: &str, style: Style) {
        for part in wrap(text, self.area.width) {
            self.line(&part, style);
        }
    }

    /// The head of a section.
    pub fn head(&mut self, text: &str) {
        self.gap();
        self.line(text, self.theme().accent);
    }

    /// `name   value`, the value over several lines under itself; nothing for an empty value.
    pub fn fact(&mut self, name: &str, value: &str) {
        const NAME: u16 = 12;
        if value.is_empty() {
            return;
        }
        let theme = self.theme();
        for (n, part) in wrap(value, self.area.width.saturating_sub(NAME))
            .into_iter()
            .enumerate()
        {
            if self.left() > 0 {
                let name = if n == 0 { name } else { "" };
                self.canvas
                    .put(self.area.x, self.y, NAME - 1, name, theme.dim);
                self.canvas.put(
                    self.area.x + NAME,
                    self.y,
                    self.area.width.saturating_sub(NAME),
                    &part,
                    theme.text,
                );
            }
            self.y = self.y.saturating_add(1);
        }
    }

    /// A child: sign, name, and what stands at the right edge.
    pub fn child(&mut self, health: Health, name: &str, right: &str) {
        if self.left() > 0 {
            let (shape, style) = self.canvas.sign(health);
            let theme = self.canvas.theme;
            let room = self.area.width.saturating_sub(width(right) + 3);
            self.canvas.put(self.area.x, self.y, 1, shape, style);
            self.canvas
                .put(self.area.x + 2, self.y, room, name, theme.text);
            self.canvas.put_right(
                self.area.x + 2,
                self.y,
                self.area.width.saturating_sub(2),
                right,
                theme.dim,
            );
        }
        self.y = self.y.saturating_add(1);
    }
}
