//! The colours that programs ask for in their lines.

use crate::app::layout::Area;
use crate::domain::logs::text::{Color as InkColor, Ink, Run};
use crate::view::paint::Canvas;
use ratatui::style::{Color, Modifier, Style};

/// Draws a text in the inks that its program asked for: their places are counted from so many bytes
/// before it. Returns the column after it.
pub(super) fn draw_runs(
    canvas: &mut Canvas<'_>,
    area: Area,
    text: &str,
    (runs, skipped): (&[Run], usize),
    base: Style,
) -> u16 {
    let mut x = area.x;
    let end = area.x + area.width;
    let mut from = 0;
    let mut style = base;
    for run in runs {
        let to = (run.from as usize).saturating_sub(skipped).min(text.len());
        x += canvas.put(x, area.y, end.saturating_sub(x), &text[from..to], style);
        (from, style) = (to, inked(run.ink, base));
    }
    x + canvas.put(x, area.y, end.saturating_sub(x), &text[from..], style)
}

fn inked(ink: Ink, base: Style) -> Style {
    let colour = |colour: InkColor| match colour {
        InkColor::Indexed(n) => Color::Indexed(n),
        InkColor::Rgb(r, g, b) => Color::Rgb(r, g, b),
    };
    let mut style = base;
    if let Some(fg) = ink.fg {
        style = style.fg(colour(fg));
    }
    if let Some(bg) = ink.bg {
        style = style.bg(colour(bg));
    }
    for (on, modifier) in [
        (ink.bold, Modifier::BOLD),
        (ink.dim, Modifier::DIM),
        (ink.italic, Modifier::ITALIC),
        (ink.underline, Modifier::UNDERLINED),
        (ink.inverse, Modifier::REVERSED),
    ] {
        if on {
            style = style.add_modifier(modifier);
        }
    }
    style
}
