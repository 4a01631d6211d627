//! What lies over a screen: the palette, and questions.

use super::hits::Hits;
use super::paint::{Canvas, width, wrap};
use crate::app::layout::Area;
use crate::app::notice::Notice;
use crate::app::overlay::{Confirm, Overlay, Pick};
use crate::app::palette::Palette;
use crate::app::{App, Hit};
use crate::command::{Command, Info};
use crate::input::Binding;
use ratatui::style::Style;

/// Choices of the palette that are shown at once.
const CHOICES: u16 = 12;

/// Draws the overlay.
pub fn draw(app: &App, overlay: &Overlay, canvas: &mut Canvas<'_>, hits: &mut Hits) {
    match overlay {
        Overlay::Palette(palette, wrong) => {
            draw_palette(app, palette, wrong.as_ref(), canvas, hits);
        }
        Overlay::Confirm(confirm) => draw_confirm(app, confirm, canvas, hits),
        Overlay::Pick(pick) => draw_pick(app, pick, canvas),
    }
}

/// The palette stands at the bottom, where the hand is; its line is the last.
fn draw_palette(
    app: &App,
    palette: &Palette,
    wrong: Option<&Notice>,
    canvas: &mut Canvas<'_>,
    hits: &mut Hits,
) {
    let theme = canvas.theme;
    let (columns, rows) = app.size;
    let regions = app.regions();
    let floor = if regions.tour.height > 0 {
        regions.tour.y
    } else {
        rows.saturating_sub(u16::from(regions.hints.height > 0))
    };
    let shown = u16::try_from(palette.choices.len())
        .unwrap_or(CHOICES)
        .min(CHOICES)
        .min(floor.saturating_sub(3));
    let height = (shown + 2 + u16::from(wrong.is_some())).min(floor);
    let area = Area {
        x: 0,
        y: floor - height,
        width: columns,
        height,
    };
    canvas.clear(area, theme.overlay);
    canvas.rule(0, area.y, columns);
    let mut y = area.y + u16::from(height > 1);
    let first = palette
        .chosen
        .map_or(0, |n| (n + 1).saturating_sub(usize::from(shown.max(1))));
    let name = palette
        .choices
        .iter()
        .skip(first)
        .take(usize::from(shown))
        .map(|c| width(&c.line))
        .max()
        .unwrap_or(0)
        .clamp(12, 36);
    for (n, choice) in palette
        .choices
        .iter()
        .enumerate()
        .skip(first)
        .take(usize::from(shown))
    {
        let line = Area {
            x: 0,
            y,
            width: columns,
            height: 1,
        };
        if palette.chosen == Some(n) {
            canvas.wash(line, theme.selected);
        }
        let key = Info::named(choice.info)
            .and_then(|info| app.keymap.keys_of(info.command).next())
            .map(Binding::label)
            .unwrap_or_default();
        let key_width = width(&key);
        canvas.put(2, y, name, &choice.line, theme.text);
        canvas.put(
            4 + name,
            y,
            columns.saturating_sub(name + key_width + 8),
            &choice.help,
            theme.dim,
        );
        canvas.put_right(0, y, columns.saturating_sub(2), &key, theme.key);
        hits.add(line, Hit::Choice(n));
        y += 1;
    }
    if let Some(wrong) = wrong {
        canvas.put(
            2,
            y,
            columns.saturating_sub(3),
            &wrong.line(),
            theme.warning,
        );
        y += 1;
    }
    let (before, after) = palette.line.text().split_at(palette.line.cursor());
    let cursor = "▏";
    canvas.put_spans(
        1,
        y,
        columns.saturating_sub(2),
        &[
            (":", theme.key),
            (before, theme.field),
            (cursor, theme.accent),
            (after, theme.field),
        ],
    );
}

/// The containers to choose from stand in the middle.
fn draw_pick(app: &App, pick: &Pick, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let (columns, rows) = app.size;
    let names = pick.names.iter().map(|name| width(name));
    let widest = names.max().unwrap_or(0).max(width(&pick.title));
    let lines = u16::try_from(pick.names.len()).unwrap_or(rows);
    let (area, _) = window(
        canvas,
        (columns, rows),
        widest,
        lines.saturating_add(4),
        theme.accent,
    );
    let room = area.width.saturating_sub(6);
    canvas.put(area.x + 3, area.y + 1, room, &pick.title, theme.accent);
    // A long list is moved so that the chosen one is seen.
    let fitting = usize::from(area.height.saturating_sub(3)).max(1);
    let first = pick.chosen.saturating_sub(fitting - 1);
    for (n, name) in pick.names.iter().enumerate().skip(first).take(fitting) {
        let y = area.y + 2 + u16::try_from(n - first).unwrap_or(rows);
        if y + 1 >= area.y + area.height {
            break;
        }
        canvas.put(area.x + 3, y, room, name, theme.text);
        if n == pick.chosen {
            let line = Area {
                x: area.x + 2,
                y,
                width: area.width.saturating_sub(4),
                height: 1,
            };
            canvas.wash(line, theme.selected);
        }
    }
}

/// Clears a place in the middle for lines of that width; framed where there is room for a frame.
fn window(
    canvas: &mut Canvas<'_>,
    (columns, rows): (u16, u16),
    widest: u16,
    height: u16,
    style: Style,
) -> (Area, bool) {
    let width = widest.saturating_add(6).min(columns);
    let height = height.min(rows);
    let area = Area {
        x: (columns - width) / 2,
        y: (rows - height) / 2,
        width,
        height,
    };
    canvas.clear(area, canvas.theme.overlay);
    let roomy = height > 4 && width > 6;
    if roomy {
        canvas.frame(area, style);
    }
    (area, roomy)
}

/// A question stands in the middle, in the one frame that is drawn: it must be seen without
/// colours too.
fn draw_confirm(app: &App, confirm: &Confirm, canvas: &mut Canvas<'_>, hits: &mut Hits) {
    let theme = canvas.theme;
    let (columns, rows) = app.size;
    let lines = question(
        confirm,
        canvas,
        columns.saturating_sub(8).clamp(1, 72),
        usize::from(rows / 3),
        app.is_production(),
    );
    let widest = lines.iter().map(|(line, _)| width(line)).max().unwrap_or(0);
    let height = u16::try_from(lines.len())
        .unwrap_or(rows)
        .saturating_add(if confirm.word.is_none() { 4 } else { 2 });
    let (area, roomy) = window(
        canvas,
        (columns, rows),
        widest.max(24),
        height,
        theme.warning,
    );
    let (x, mut y) = if roomy {
        (area.x + 3, area.y + 1)
    } else {
        (area.x, area.y)
    };
    let room = (area.x + area.width).saturating_sub(x + u16::from(roomy));
    for (line, style) in &lines {
        if y < area.y + area.height {
            canvas.put(x, y, room, line, *style);
        }
        y += 1;
    }
    if confirm.word.is_none() && roomy {
        answers(app, canvas, x, y + 1, hits);
    }
}

/// What is asked, what it is about, and what has to be typed.
fn question(
    confirm: &Confirm,
    canvas: &Canvas<'_>,
    limit: u16,
    room: usize,
    production: bool,
) -> Vec<(String, Style)> {
    let theme = canvas.theme;
    let mut lines: Vec<_> = wrap(&confirm.question, limit)
        .into_iter()
        .map(|line| (line, theme.warning))
        .collect();
    if !confirm.lines.is_empty() {
        lines.push((String::new(), theme.text));
    }
    lines.extend(
        confirm
            .lines
            .iter()
            .take(room)
            .map(|line| (line.clone(), theme.text)),
    );
    if confirm.lines.len() > room {
        lines.push((
            format!("and {} more", confirm.lines.len() - room),
            theme.dim,
        ));
    }
    if let Some(word) = &confirm.word {
        lines.push((String::new(), theme.text));
        let why = if production {
            "This is production. "
        } else {
            ""
        };
        let ask = format!("{why}Type {word} to go on:");
        lines.extend(wrap(&ask, limit).into_iter().map(|line| (line, theme.text)));
        lines.push((format!("› {}▏", confirm.typed), theme.field));
    }
    lines
}

/// `y yes   n no`, with the keys that are bound to them.
fn answers(app: &App, canvas: &mut Canvas<'_>, mut x: u16, y: u16, hits: &mut Hits) {
    let theme = canvas.theme;
    for command in [Command::Yes, Command::No] {
        let key = app
            .keymap
            .key_for(command, &[crate::command::Context::Confirm])
            .map(Binding::label)
            .unwrap_or_default();
        let start = x;
        x = canvas.put_spans(
            x,
            y,
            30,
            &[
                (&key, theme.key),
                (" ", theme.dim),
                (command.info().hint, theme.text),
            ],
        );
        hits.add(
            Area {
                x: start,
                y,
                width: x - start,
                height: 1,
            },
            Hit::Command(command),
        );
        x += 3;
    }
}
