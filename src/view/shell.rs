//! A pane: the cells of the emulator, one for one. Nothing of the program's bytes gets any further.

use super::hits::Hits;
use super::paint::Canvas;
use crate::app::Hit;
use crate::app::layout::Area;
use crate::app::screens::shell::{Life, ShellScreen};
use crate::vt::{Colour, CursorShape, Style as Look, Underline};
use ratatui::style::{Color, Modifier, Style};

/// Draws the pane.
pub fn draw(screen: &ShellScreen, canvas: &mut Canvas<'_>, area: Area, hits: &mut Hits) {
    hits.add(area, Hit::Cell(0, 0));
    let theme = canvas.theme;
    let mut text = String::new();
    for cell in screen.terminal.cells() {
        if cell.row >= area.height
            || cell.column + u16::from(cell.width) > area.width
            || cell.is_blank()
        {
            continue;
        }
        text.clear();
        cell.text(&mut text);
        let mut style = styled(cell.style);
        if cell.found {
            style = theme.found;
        }
        if cell.selected {
            style.add_modifier.toggle(Modifier::REVERSED);
        }
        canvas.put(
            area.x + cell.column,
            area.y + cell.row,
            u16::from(cell.width),
            &text,
            style,
        );
    }
    if screen.focused
        && let Some(cursor) = screen.terminal.cursor()
        && cursor.row < area.height
        && cursor.column < area.width
    {
        let (x, y) = (area.x + cursor.column, area.y + cursor.row);
        match cursor.shape {
            CursorShape::Block => canvas.invert(x, y),
            CursorShape::Underline | CursorShape::Bar => {
                let at = Area {
                    x,
                    y,
                    width: 1,
                    height: 1,
                };
                canvas.wash(at, Style::default().add_modifier(Modifier::UNDERLINED));
            }
        }
    }
    if screen.life == Life::Opening && screen.terminal.is_blank() {
        let line = screen.opening_words();
        canvas.put(
            area.x + 2,
            area.y + 1,
            area.width.saturating_sub(4),
            &line,
            theme.dim,
        );
    }
}

/// The state of the pane in words, for the last line.
pub fn state(screen: &ShellScreen) -> String {
    let words = match &screen.life {
        Life::Opening => "opening".to_owned(),
        Life::Live if screen.focused => String::new(),
        Life::Live => "runs".into(),
        Life::Ended(_) => screen
            .verdict()
            .map(|verdict| verdict.to_string())
            .unwrap_or_default(),
    };
    let offset = screen.terminal.offset();
    if offset > 0 {
        return format!("{words}  {offset} lines up");
    }
    words
}

fn colour(colour: Colour) -> Option<Color> {
    match colour {
        Colour::Default => None,
        Colour::Indexed(n) => Some(Color::Indexed(n)),
        Colour::Rgb(r, g, b) => Some(Color::Rgb(r, g, b)),
    }
}

fn styled(look: Look) -> Style {
    // The pane has the outer terminal's own colours: programs count on them.
    let mut style = Style {
        fg: colour(look.foreground).or(Some(Color::Reset)),
        bg: colour(look.background).or(Some(Color::Reset)),
        underline_color: colour(look.underline_colour),
        ..Style::default()
    };
    for (on, modifier) in [
        (look.bold, Modifier::BOLD),
        (look.dim, Modifier::DIM),
        (look.italic, Modifier::ITALIC),
        (look.underline != Underline::None, Modifier::UNDERLINED),
        (look.inverse, Modifier::REVERSED),
        (look.strikeout, Modifier::CROSSED_OUT),
    ] {
        if on {
            style = style.add_modifier(modifier);
        }
    }
    style
}
