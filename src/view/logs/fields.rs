//! The opened line as its fields, below the others.

use super::said::head;
use crate::app::layout::Area;
use crate::app::screens::logs::LogScreen;
use crate::command::Command;
use crate::view::paint::{Canvas, width, wrap};

/// A value takes so many rows at most: others must be seen beside it. A copy has the whole of it.
const ROWS: u16 = 8;
/// The widest column of names.
const NAME: u16 = 24;

/// What opens, filters and copies here.
pub(in crate::view) const HINTS: [(Command, &str); 4] = [
    (Command::Open, "filter by it"),
    (Command::FieldColumn, "column of its own"),
    (Command::CopyLines, "copy it"),
    (Command::Back, "close"),
];

/// The fields as rows: the name beside the first row of its value.
struct Rows {
    names: u16,
    /// The field each row belongs to, its name where the field begins, and a part of the value.
    rows: Vec<(usize, String, String)>,
}

impl Rows {
    fn of(screen: &LogScreen, columns: u16) -> Self {
        let fields = screen.fields();
        let names = fields.iter().map(|(name, _)| width(name)).max();
        let names = names.unwrap_or(0).min(NAME);
        let room = columns.saturating_sub(names + 6).max(1);
        let mut rows = Vec::new();
        for (n, (name, value)) in fields.into_iter().enumerate() {
            let most = room * ROWS;
            let shown = head(&value, most);
            let mut parts = wrap(shown, room);
            let whole = parts.len() <= usize::from(ROWS) && shown.len() == value.len();
            parts.truncate(usize::from(ROWS));
            if let Some(last) = parts.last_mut().filter(|_| !whole) {
                while width(last) + 2 > room && last.pop().is_some() {}
                last.push_str(" …");
            }
            let mut name = Some(name);
            rows.extend(
                parts
                    .into_iter()
                    .map(|part| (n, name.take().unwrap_or_default(), part)),
            );
        }
        Self { names, rows }
    }
}

/// The fields of the opened line stand below the others, at most in half of the page.
pub(super) fn area(screen: &LogScreen, body: Area) -> Area {
    let rows = Rows::of(screen, body.width).rows.len();
    let wanted = u16::try_from(rows + 1).unwrap_or(u16::MAX);
    let height = wanted.min(body.height / 2 + 1).min(body.height);
    Area {
        y: body.y + body.height - height,
        height,
        ..body
    }
}

pub(super) fn draw(screen: &LogScreen, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    canvas.rule(area.x + 1, area.y, area.width.saturating_sub(2));
    let Rows { names, rows } = Rows::of(screen, area.width);
    let chosen = screen.opened.as_ref().map_or(0, |opened| opened.chosen);
    let room = usize::from(area.height.saturating_sub(1));
    let end = rows.iter().rposition(|row| row.0 == chosen);
    let from = (end.unwrap_or(0) + 1).saturating_sub(room);
    for (y, (n, name, part)) in (area.y + 1..).zip(rows.iter().skip(from).take(room)) {
        canvas.put(area.x + 2, y, names, name, theme.yaml_key);
        let wide = area.width.saturating_sub(names + 6);
        canvas.put(area.x + 4 + names, y, wide, part, theme.text);
        if *n == chosen {
            let row = Area {
                y,
                height: 1,
                ..area
            };
            canvas.wash(row, theme.selected);
        }
    }
}
