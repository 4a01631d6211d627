//! The strip of the guided tour: which step, what to do, with the keys as they are bound.

use super::paint::Canvas;
use crate::app::App;
use crate::app::layout::Area;

/// Draws the strip.
pub fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let Some(strip) = app.tour() else {
        return;
    };
    let theme = canvas.theme;
    canvas.clear(area, theme.overlay);
    for row in 0..area.height {
        canvas.put(area.x, area.y + row, 1, "▌", theme.accent);
    }
    let room = area.width.saturating_sub(3);
    let head = format!("Tour {} of {}  ", strip.step, strip.of);
    let used = canvas.put(area.x + 2, area.y, room, &head, theme.dim);
    canvas.put(
        area.x + 2 + used,
        area.y,
        room.saturating_sub(used),
        strip.title,
        theme.accent,
    );
    let ways = ":tutor leaves   :tutor skip goes on";
    canvas.put_right(
        area.x,
        area.y,
        area.width.saturating_sub(1),
        ways,
        theme.dim,
    );
    for (pieces, y) in strip.lines.iter().zip(area.y + 1..area.y + area.height) {
        let spans: Vec<_> = pieces
            .iter()
            .map(|(text, key)| (text.as_str(), if *key { theme.key } else { theme.text }))
            .collect();
        canvas.put_spans(area.x + 2, y, room, &spans);
    }
}
