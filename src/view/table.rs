//! The windowed table: only visible rows are formatted. It never asks how many rows there are in
//! all, but for the thumb that shows where the window is.

use super::columns::{Laid, Memory, WIDEST, lay_out};
use super::hits::Hits;
use super::paint::{Canvas, width};
use crate::app::Hit;
use crate::app::layout::Area;
use crate::app::list::{Head, List, Rows};
use crate::app::world::World;
use crate::domain::feed::Scope;
use crate::domain::health::Health;
use crate::domain::listing::labels_text;
use ratatui::style::{Modifier, Style};

/// A list and what it is drawn from.
pub struct Table<'a> {
    /// What its widths are remembered by.
    pub id: &'a str,
    /// The rows.
    pub rows: &'a dyn Rows,
    /// What the rows are read from.
    pub world: &'a World,
    /// Which of them are seen, and how.
    pub list: &'a List,
    /// What is seen is not what is: colours say nothing.
    pub dimmed: bool,
    /// The same for what stands here.
    pub refused: &'a [&'a Scope],
    /// Everything has been listed: what comes now is news.
    pub settled: bool,
    /// A preview of the selection stands beside it.
    pub previewed: bool,
    /// The column of the thumb.
    pub rail: u16,
}

impl Table<'_> {
    /// Draws heads and visible rows into `area`.
    pub fn draw(&self, memory: &mut Memory, canvas: &mut Canvas<'_>, area: Area, hits: &mut Hits) {
        memory.look_at(self.id, self.list.total, self.settled);
        let heads = self.heads();
        let cells = self.cells(&heads, std::mem::take(&mut memory.cells));
        let widths = self.measure(&heads, memory, &cells);
        let mut layout = lay_out(&heads, &widths, self.list, area.width, self.previewed);
        for column in &mut layout.columns {
            column.x += area.x;
        }
        let mut y = area.y;
        let headed = area.height > 1 && area.y > 0;
        if headed {
            if self.list.total > 0 {
                self.draw_heads(&layout.columns, canvas, y, hits);
                Self::draw_ends(layout.before, layout.after, canvas, area);
            }
            y += 1;
        }
        for (n, &row) in self.list.visible().iter().enumerate() {
            if y >= area.y + area.height {
                break;
            }
            let line = Area {
                y,
                height: 1,
                ..area
            };
            let position = self.list.offset + n;
            let texts = |column: usize| cells.text(n * heads.len() + column);
            self.draw_row(position, row, &layout.columns, texts, memory, canvas, line);
            hits.add(line, Hit::Row(self.list.offset + n));
            y += 1;
        }
        self.draw_thumb(canvas, area, headed);
        memory.cells = cells;
    }

    /// The texts of all cells that are visible, row by row. Columns that are only shown when wide
    /// have none otherwise.
    fn cells(&self, heads: &[Head], mut cells: Cells) -> Cells {
        cells.clear();
        for &row in self.list.visible() {
            for head in heads {
                if head.id != "health" && (self.list.wide || !head.wide) {
                    self.write(row, head, &mut cells.texts);
                }
                cells.ends.push(cells.texts.len());
            }
        }
        cells
    }

    fn heads(&self) -> Vec<Head> {
        let mut heads = self.rows.heads(self.world);
        if self.list.labels {
            heads.push(Head {
                sentence: true,
                ..Head::text("labels", "labels", 0)
            });
        }
        heads
    }

    fn draw_heads(&self, columns: &[Laid<'_>], canvas: &mut Canvas<'_>, y: u16, hits: &mut Hits) {
        let theme = canvas.theme;
        for column in columns {
            let sorted = *column.head.id == *self.list.sort.column;
            put(
                canvas,
                column,
                y,
                &column.head.title,
                if sorted { theme.accent } else { theme.head },
            );
            let area = Area {
                x: column.x,
                y,
                width: column.width + 1,
                height: 1,
            };
            hits.add(area, Hit::Column(column.index));
        }
    }

    /// Says that there are more columns at a side.
    fn draw_ends(before: bool, after: bool, canvas: &mut Canvas<'_>, area: Area) {
        if before {
            canvas.put(area.x, area.y, 1, "‹", canvas.theme.accent);
        }
        if after {
            canvas.put(
                area.x + area.width.saturating_sub(1),
                area.y,
                1,
                "›",
                canvas.theme.accent,
            );
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "what is drawn, where, and the buffers to do it with"
    )]
    fn draw_row<'t>(
        &self,
        position: usize,
        row: u32,
        columns: &[Laid<'_>],
        texts: impl Fn(usize) -> &'t str,
        memory: &mut Memory,
        canvas: &mut Canvas<'_>,
        line: Area,
    ) {
        let theme = canvas.theme;
        let selected = position == self.list.cursor;
        if selected {
            canvas.wash(line, theme.selected);
        }
        if !self.list.marks.is_empty() && self.list.marks.contains(&self.rows.key(self.world, row))
        {
            canvas.put(line.x, line.y, 1, "▌", theme.marked);
        }
        let dimmed = self.dimmed || self.refuses(row);
        let health = self.rows.health(self.world, row);
        let flash = health.is_some_and(|health| memory.flashes(row, health, self.world.now));
        for column in columns {
            if column.head.id == "health" {
                let (shape, style) = canvas.sign(health.unwrap_or_default());
                let style = if dimmed {
                    theme.dim
                } else if flash {
                    theme.accent
                } else {
                    style
                };
                let style = if selected {
                    canvas.on_selected(style)
                } else {
                    style
                };
                canvas.put(column.x, line.y, 1, shape, style);
                continue;
            }
            let text = texts(column.index);
            let style = if dimmed {
                theme.dim
            } else {
                cell_style(canvas, column.head, text, health)
            };
            let style = if selected {
                canvas.on_selected(style)
            } else {
                style
            };
            put(canvas, column, line.y, text, style);
            // A node has room for so many pods: none of them is missing.
            if !dimmed && self.rows.name() != "nodes" {
                light(canvas, column, line.y, text, health, selected);
            }
        }
    }

    /// Whether the server does not let us see the row any more.
    fn refuses(&self, row: u32) -> bool {
        if self.refused.is_empty() {
            return false;
        }
        let namespace = self.rows.key(self.world, row).namespace;
        self.refused.iter().any(|scope| scope.holds(&namespace))
    }

    /// Appends the text of a cell.
    fn write(&self, row: u32, head: &Head, text: &mut String) {
        let start = text.len();
        if head.id == "labels" && self.list.labels {
            if let Some(labels) = self.rows.labels(self.world, row) {
                labels_text(labels, text);
            }
            return;
        }
        let time = self.rows.time(self.world, row, &head.id);
        match time.filter(|_| self.list.absolute_times) {
            Some(at) => text.push_str(&at.to_string()),
            None => self.rows.cell(self.world, row, &head.id, text),
        }
        // An age and mostly a version in one column: each stands under its like.
        if head.id == "changed" && !head.right {
            let age = text[start..].find(' ').unwrap_or(text.len() - start);
            if (1..3).contains(&age) {
                text.insert_str(start, &"  "[..3 - age]);
            }
        }
    }

    /// How wide each column would like to be, by what is visible and was visible before.
    fn measure(&self, heads: &[Head], memory: &mut Memory, cells: &Cells) -> Vec<u16> {
        let rows = self.list.visible().len();
        let measure = |(n, head): (usize, &Head)| {
            if head.id == "health" {
                return 1;
            }
            let texts = (0..rows).map(|row| cells.text(row * heads.len() + n));
            let mut needed = texts.map(width).max().unwrap_or(0);
            // A column in which nothing ever stood takes no room.
            if needed > 0 || self.list.visible().is_empty() || head.id == "name" {
                needed = needed.max(width(&head.title));
            }
            memory.grow(
                &head.id,
                if head.sentence {
                    needed
                } else {
                    needed.min(WIDEST)
                },
            )
        };
        heads.iter().enumerate().map(measure).collect()
    }

    /// Where the window is in the whole; nothing when all is seen.
    fn draw_thumb(&self, canvas: &mut Canvas<'_>, area: Area, headed: bool) {
        let (all, page) = (self.list.order.rows().len(), self.list.page);
        let top = area.y + u16::from(headed);
        let height = usize::from((area.y + area.height).saturating_sub(top));
        if all <= page || height < 3 {
            return;
        }
        let length = (height * page / all).clamp(1, height);
        let at = (height - length) * self.list.offset / (all - page).max(1);
        for n in at..at + length {
            let y = top + u16::try_from(n).unwrap_or(0);
            canvas.put(self.rail, y, 1, "┃", canvas.theme.scrollbar);
        }
    }
}

/// Texts of cells in one piece of memory, which the next frame uses again.
#[derive(Debug, Default)]
pub struct Cells {
    texts: String,
    /// Where each text ends.
    ends: Vec<usize>,
}

impl Cells {
    fn clear(&mut self) {
        self.texts.clear();
        self.ends.clear();
    }

    fn text(&self, n: usize) -> &str {
        let start = if n == 0 { 0 } else { self.ends[n - 1] };
        &self.texts[start..self.ends[n]]
    }
}

/// Colour means something or is absent.
fn cell_style(canvas: &Canvas<'_>, head: &Head, text: &str, health: Option<Health>) -> Style {
    let theme = canvas.theme;
    let bad = health.is_some_and(Health::wants_attention);
    let of_health = health.map_or(theme.text, |health| canvas.sign(health).1);
    match head.id.as_str() {
        "status" | "state" | "phase" | "restarts" if bad => of_health,
        "cause" if bad || health == Some(Health::Progressing) => theme.text,
        // What the program says by itself, where a cause would stand.
        "cause" if health == Some(Health::Unknown) => theme.dim.add_modifier(Modifier::ITALIC),
        // Of events.
        "type" if text == "Warning" => theme.warning,
        "name" | "notice" | "message" | "ready" | "pods" | "status" | "state" | "restarts"
        | "version" => theme.text,
        _ => theme.dim,
    }
}

/// Lights what is missing: the 14 of 14/15.
fn light(
    canvas: &mut Canvas<'_>,
    column: &Laid<'_>,
    y: u16,
    text: &str,
    health: Option<Health>,
    selected: bool,
) {
    let counted = matches!(column.head.id.as_str(), "ready" | "pods");
    let Some(health) = health.filter(|_| counted) else {
        return;
    };
    let Some((have, _)) = text.split_once('/').filter(|(have, want)| have != want) else {
        return;
    };
    if !(health.wants_attention() || health == Health::Progressing) {
        return;
    }
    let used = width(text);
    if column.head.right && used <= column.width {
        let style = canvas.sign(health).1;
        let style = if selected {
            canvas.on_selected(style)
        } else {
            style
        };
        canvas.put(column.x + column.width - used, y, width(have), have, style);
    }
}

fn put(canvas: &mut Canvas<'_>, column: &Laid<'_>, y: u16, text: &str, style: Style) {
    if column.head.right {
        canvas.put_right(column.x, y, column.width, text, style);
    } else {
        canvas.put(column.x, y, column.width, text, style);
    }
}
