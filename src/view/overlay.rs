//! What lies over a screen: the palette, and questions.

use super::hits::Hits;
use super::paint::{Canvas, width, wrap};
use crate::app::layout::Area;
use crate::app::notice::Notice;
use crate::app::overlay::{Confirm, Overlay};
use crate::app::palette::Palette;
use crate::app::{App, Hit};
use crate::command::{Command, Info};
use crate::input::Binding;

/// Choices of the palette that are shown at once.
const CHOICES: u16 = 12;

/// Draws the overlay.
pub fn draw(app: &App, overlay: &Overlay, canvas: &mut Canvas<'_>, hits: &mut Hits) {
    match overlay {
        Overlay::Palette(palette, wrong) => {
            draw_palette(app, palette, wrong.as_ref(), canvas, hits);
        }
        Overlay::Confirm(confirm) => draw_confirm(app, confirm, canvas, hits),
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
    let floor = rows.saturating_sub(u16::from(app.regions().hints.height > 0));
    let shown = u16::try_from(palette.choices.len())
        .unwrap_or(CHOICES)
        .min(CHOICES)
        .min(floor.saturating_sub(2));
    let height = shown + 1 + u16::from(wrong.is_some());
    let area = Area {
        x: 0,
        y: floor.saturating_sub(height),
        width: columns,
        height,
    };
    canvas.clear(area, theme.overlay);
    let mut y = area.y;
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

fn draw_confirm(app: &App, confirm: &Confirm, canvas: &mut Canvas<'_>, hits: &mut Hits) {
    let theme = canvas.theme;
    let (columns, rows) = app.size;
    let inner = columns.saturating_sub(8).clamp(1, 76);
    let mut lines: Vec<(String, ratatui::style::Style)> = wrap(&confirm.question, inner)
        .into_iter()
        .map(|line| (line, theme.warning))
        .collect();
    let room = usize::from(rows / 3);
    lines.extend(
        confirm
            .lines
            .iter()
            .take(room)
            .map(|line| (format!("  {line}"), theme.text)),
    );
    if confirm.lines.len() > room {
        lines.push((
            format!("  and {} more", confirm.lines.len() - room),
            theme.dim,
        ));
    }
    lines.push((String::new(), theme.text));
    match &confirm.word {
        Some(word) => {
            lines.push((
                format!("This is production. Type {word} to go on:"),
                theme.text,
            ));
            lines.push((format!("> {}▏", confirm.typed), theme.field));
        }
        None => lines.push((String::new(), theme.text)),
    }
    let height = u16::try_from(lines.len())
        .unwrap_or(rows)
        .saturating_add(2)
        .min(rows);
    let box_width = (inner + 4).min(columns);
    let area = Area {
        x: (columns - box_width) / 2,
        y: (rows - height) / 2,
        width: box_width,
        height,
    };
    canvas.clear(area, theme.overlay);
    for ((line, style), y) in lines.iter().zip(area.y + 1..area.y + area.height) {
        canvas.put(area.x + 2, y, inner, line, *style);
    }
    if confirm.word.is_none() && height > 2 {
        answers(app, canvas, area.x + 2, area.y + height - 2, hits);
    }
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
