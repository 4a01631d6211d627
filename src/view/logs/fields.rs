//! The opened line as its fields, below the others.

use crate::app::layout::Area;
use crate::app::screens::logs::LogScreen;
use crate::view::paint::{Canvas, width};

/// The fields of the opened line stand below the others, at most in half of the page.
pub(super) fn area(screen: &LogScreen, body: Area) -> Area {
    let wanted = u16::try_from(screen.fields().len() + 1).unwrap_or(u16::MAX);
    let height = wanted.min(body.height / 2 + 1).min(body.height);
    Area {
        y: body.y + body.height - height,
        height,
        ..body
    }
}

pub(super) fn draw(screen: &LogScreen, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let fields = screen.fields();
    canvas.rule(area.x + 1, area.y, area.width.saturating_sub(2));
    let chosen = screen.opened.as_ref().map_or(0, |opened| opened.chosen);
    let rows = usize::from(area.height.saturating_sub(1));
    let from = (chosen + 1).saturating_sub(rows);
    let names = fields
        .iter()
        .map(|(name, _)| width(name))
        .max()
        .unwrap_or(0)
        .min(24);
    for (n, (name, value)) in fields.iter().enumerate().skip(from).take(rows) {
        let y = area.y + 1 + u16::try_from(n - from).unwrap_or(0);
        canvas.put(area.x + 2, y, names, name, theme.yaml_key);
        let room = area.width.saturating_sub(names + 6);
        canvas.put(area.x + 4 + names, y, room, value, theme.text);
        if n == chosen {
            canvas.wash(
                Area {
                    y,
                    height: 1,
                    ..area
                },
                theme.selected,
            );
        }
    }
}
