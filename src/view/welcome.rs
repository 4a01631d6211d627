//! No cluster: what is wrong, why, and the ways on.

use super::hits::Hits;
use super::paint::{Canvas, wrap};
use crate::app::layout::Area;
use crate::app::screens::welcome::Welcome;
use crate::app::{App, Hit};

/// Draws the welcome screen.
pub fn draw(app: &App, screen: &Welcome, canvas: &mut Canvas<'_>, area: Area, hits: &mut Hits) {
    let theme = canvas.theme;
    let indent = if area.width >= 60 { 4 } else { 1 };
    let (x, width) = (
        area.x + indent,
        area.width.saturating_sub(2 * indent).min(100),
    );
    let bottom = area.y + area.height;
    let mut y = area.y + u16::from(area.height > 16);
    let (what, why, remedy) = Welcome::trouble(&app.world);
    for (text, style) in [
        (&what, theme.error),
        (&why, theme.text),
        (&remedy, theme.dim),
    ] {
        for part in wrap(text, width)
            .into_iter()
            .filter(|part| !part.is_empty())
        {
            if y < bottom {
                canvas.put(x, y, width, &part, style);
            }
            y += 1;
        }
    }
    y += 1;
    if y < bottom {
        canvas.put(x, y, width, "Ways on", theme.accent);
    }
    y += 1;
    let ways = Welcome::ways(&app.world);
    let label = ways
        .iter()
        .map(|way| super::paint::width(&way.label))
        .max()
        .unwrap_or(0)
        .min(40);
    // The chosen way is always seen, however many there are.
    let room = usize::from(bottom.saturating_sub(y)).max(1);
    let first = (screen.cursor + 1).saturating_sub(room);
    for (n, way) in ways.iter().enumerate().skip(first) {
        if y >= bottom {
            break;
        }
        let line = Area {
            x: area.x,
            y,
            width: area.width,
            height: 1,
        };
        if n == screen.cursor {
            canvas.wash(line, theme.selected);
        }
        canvas.put(x, y, label, &way.label, theme.text);
        canvas.put(
            x + label + 3,
            y,
            width.saturating_sub(label + 3),
            &way.help,
            theme.dim,
        );
        hits.add(line, Hit::Row(n));
        y += 1;
    }
}
