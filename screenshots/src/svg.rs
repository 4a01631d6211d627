//! A grid as SVG: each character once as a path, then placed; rows on their own, so that a film
//! shares those that stay.

use super::font::Fonts;
use super::grid::{Cell, Colour, Grid};
use super::shapes::{number, shape};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Width of a cell.
pub const WIDTH: f32 = 10.0;
/// Height of a cell.
pub const HEIGHT: f32 = 21.0;
/// From the top of a cell down to the baseline.
const BASELINE: f32 = 16.0;
/// Air around the grid.
pub const MARGIN: f32 = 10.0;

/// Draws rows and collects the characters that they need.
pub struct Painter<'a> {
    fonts: &'a Fonts,
    /// Number and drawing of each character that was used, by character and boldness.
    glyphs: BTreeMap<(char, bool), (usize, String)>,
}

impl<'a> Painter<'a> {
    pub fn new(fonts: &'a Fonts) -> Self {
        Self {
            fonts,
            glyphs: BTreeMap::new(),
        }
    }

    /// One row whose upper left corner is the origin; empty when nothing is to be seen on it.
    pub fn row(&mut self, grid: &Grid, y: usize) -> String {
        let Some(cells) = grid.rows.get(y) else {
            return String::new();
        };
        let mut cells = cells.clone();
        if let Some((x, cursor)) = grid.cursor
            && cursor == y
            && let Some(cell) = cells.get_mut(x)
        {
            (cell.fg, cell.bg) = (grid.ground, grid.ink);
        }
        let mut out = String::new();
        grounds(&cells, grid.ground, &mut out);
        self.text(&cells, &mut out);
        out
    }

    fn text(&mut self, cells: &[Cell], out: &mut String) {
        let mut ink: Option<Colour> = None;
        for (x, cell) in cells.iter().enumerate() {
            let left = WIDTH * count(x);
            let drawn = cell.text.chars().any(|c| c != ' ' && c != '\u{a0}');
            if !drawn && !cell.underline {
                continue;
            }
            if ink != Some(cell.fg) {
                let close = if ink.is_some() { "</g>" } else { "" };
                let hex = hex(cell.fg);
                let _ = write!(out, r#"{close}<g fill="{hex}" color="{hex}">"#);
                ink = Some(cell.fg);
            }
            if cell.underline {
                let (y, wide) = (number(BASELINE + 2.0), number(WIDTH * count(cell.width)));
                let left = number(left);
                let _ = write!(out, r#"<path d="M{left} {y}h{wide}v1h-{wide}z"/>"#);
            }
            for character in cell.text.chars().filter(|c| !c.is_whitespace()) {
                let id = self.glyph(character, cell);
                let lean = if cell.italic {
                    format!(
                        r#" transform="translate({} 0) skewX(-11)""#,
                        number(left + 3.0)
                    )
                } else {
                    format!(r#" x="{}""#, number(left))
                };
                let _ = write!(out, r##"<use href="#c{id}"{lean}/>"##);
            }
        }
        if ink.is_some() {
            out.push_str("</g>");
        }
    }

    fn glyph(&mut self, character: char, cell: &Cell) -> usize {
        let bold = cell.bold && shape(character, WIDTH, HEIGHT).is_none();
        let next = self.glyphs.len();
        let fonts = self.fonts;
        let width = WIDTH * count(cell.width.max(1));
        let draw = || {
            if let Some(shape) = shape(character, width, HEIGHT) {
                return shape;
            }
            if let Some(outline) = fonts.outline(character, bold, WIDTH) {
                return format!(r#"<path transform="translate(0 {BASELINE})" d="{outline}"/>"#);
            }
            // No face has it: a frame where it stands.
            let (w, h) = (number(width - 3.0), number(HEIGHT - 7.0));
            format!(r#"<path d="M1.5 4h{w}v{h}h-{w}z" fill="none" stroke="currentColor"/>"#)
        };
        self.glyphs
            .entry((character, bold))
            .or_insert_with(|| (next, draw()))
            .0
    }

    /// The picture: `body` on the terminal's ground, with the characters that it uses.
    pub fn finish(self, grid: &Grid, body: &str) -> String {
        let (w, h) = size(grid);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\">\n<defs>\n"
        );
        for (id, drawing) in self.glyphs.values() {
            let _ = writeln!(out, r#"<g id="c{id}">{drawing}</g>"#);
        }
        let _ = write!(
            out,
            "</defs>\n<rect width=\"{w}\" height=\"{h}\" rx=\"6\" fill=\"{}\"/>\n{body}</svg>\n",
            hex(grid.ground)
        );
        out
    }
}

/// Width and height of the picture of a grid.
pub fn size(grid: &Grid) -> (f32, f32) {
    (
        WIDTH.mul_add(count(grid.columns()), 2.0 * MARGIN),
        HEIGHT.mul_add(count(grid.rows.len()), 2.0 * MARGIN),
    )
}

/// How a row is moved to its place.
pub fn place(y: usize) -> String {
    let down = number(HEIGHT.mul_add(count(y), MARGIN));
    format!(r#"transform="translate({} {down})""#, number(MARGIN))
}

/// A still picture.
pub fn still(fonts: &Fonts, grid: &Grid) -> String {
    let mut painter = Painter::new(fonts);
    let mut body = String::new();
    for y in 0..grid.rows.len() {
        let row = painter.row(grid, y);
        if !row.is_empty() {
            let _ = writeln!(body, "<g {}>{row}</g>", place(y));
        }
    }
    painter.finish(grid, &body)
}

/// Runs of one background that is not the terminal's own.
fn grounds(cells: &[Cell], ground: Colour, out: &mut String) {
    let mut x = 0;
    for run in cells.chunk_by(|a, b| a.bg == b.bg) {
        let bg = run.first().map_or(ground, |cell| cell.bg);
        if bg != ground {
            let (left, wide) = (number(WIDTH * count(x)), number(WIDTH * count(run.len())));
            let _ = write!(
                out,
                r#"<rect x="{left}" width="{wide}" height="{HEIGHT}" fill="{}"/>"#,
                hex(bg)
            );
        }
        x += run.len();
    }
}

fn hex([r, g, b]: Colour) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// A count of cells; a terminal has fewer than 65,536 of them in a row.
fn count(cells: usize) -> f32 {
    f32::from(u16::try_from(cells).unwrap_or(u16::MAX))
}
