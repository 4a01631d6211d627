//! A log: counts and the sparkline above, then lines with their time, source, level and message.
//!
//! Only the lines on the page are taken apart and drawn.

pub(super) mod fields;
mod head;
mod ink;
mod lines;
mod said;

use super::build;
use super::hits::Hits;
use super::paint::Canvas;
use super::words::count;
use crate::app::layout::{Area, Regions};
use crate::app::screens::logs::LogScreen;
use crate::app::{App, Hit};
use crate::command::Command;
use crate::domain::logs::{SourceState, Start};
use lines::{Columns, Lines};
use ratatui::style::Style;

/// Draws the screen.
pub fn draw(
    app: &App,
    screen: &LogScreen,
    canvas: &mut Canvas<'_>,
    regions: &Regions,
    hits: &mut Hits,
) {
    let mut area = regions.body;
    if let Some(building) = &screen.build {
        let rows = building.build.rows(area.height);
        build::draw(
            app,
            &building.build,
            screen.chosen_step(),
            canvas,
            Area {
                height: rows,
                ..area
            },
            hits,
        );
        area.y += rows;
        area.height -= rows;
    }
    let rows = if regions.world.height > 0 {
        screen.head_rows()
    } else {
        0
    };
    let columns = Columns::of(app, screen, area.width);
    if rows > 0 {
        head::draw(
            app,
            screen,
            canvas,
            Area {
                height: rows,
                ..area
            },
            hits,
        );
        columns.draw_names(screen, canvas, area, rows);
    }
    let mut body = Area {
        y: area.y + rows,
        height: area.height.saturating_sub(rows),
        ..area
    };
    if screen.opened.is_some() {
        let fields = fields::area(screen, body);
        fields::draw(screen, canvas, fields);
        body.height = fields.y.saturating_sub(body.y);
    }
    if screen.shown.is_empty() {
        return draw_empty(app, screen, canvas, body);
    }
    let lines = Lines {
        app,
        screen,
        columns,
    };
    let mut n = lines.first(body);
    let (mut y, bottom) = (body.y, body.y + body.height);
    while y < bottom {
        let Some(line) = screen.line(n) else { break };
        let row = Area {
            y,
            height: bottom - y,
            ..body
        };
        let used = lines.draw(line, canvas, row);
        hits.add(
            Area {
                height: used,
                ..row
            },
            Hit::Row(n),
        );
        y += used;
        n += 1;
    }
    // Marks are seen always: that no line is must be said all the same.
    if screen.shown.written() == 0 && screen.is_filtered() {
        let rest = Area {
            y,
            height: bottom - y,
            ..body
        };
        draw_empty(app, screen, canvas, rest);
    }
}

fn back(app: &App) -> String {
    format!("{} goes back", app.key_of(Command::Back))
}

fn draw_empty(app: &App, screen: &LogScreen, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let sources = screen.log.sources();
    let mut lines: Vec<(String, Style)> = Vec::new();
    if !screen.shown.is_complete(screen.log.buffer()) {
        lines.push(("looking through the kept lines…".into(), theme.dim));
    } else if !screen.log.buffer().is_empty() {
        lines.push(("no line passes the filters".into(), theme.text));
        if let Some(field) = screen.shown.absent() {
            let passed = if screen.narrowing().len() > 1 {
                "no line that passes the others"
            } else {
                "no kept line"
            };
            lines.push((format!("{passed} has a field `{field}`"), theme.warning));
            lines.push((
                format!("`{field}=value` asks a field; a word alone is sought in the whole line"),
                theme.dim,
            ));
        }
        if let Some(problem) = screen.problem() {
            lines.push((problem, theme.warning));
        }
        let (last, any) = (Command::ClearFilter, Command::Filters);
        let (last, any) = (app.key_of(last), app.key_of(any));
        lines.push((
            format!("{last} takes the last filter away, {any} any of them"),
            theme.dim,
        ));
    } else if screen.build.is_some() {
        lines.push(("no step has written anything".into(), theme.text));
        lines.push((back(app), theme.dim));
    } else if sources.is_empty() {
        lines.push(("no container of it has started yet".into(), theme.text));
        lines.push((
            "containers join by themselves when they do".into(),
            theme.dim,
        ));
        lines.push((back(app), theme.dim));
    } else if app.world.session.is_none() {
        lines.push(("not connected".into(), theme.warning));
        let key = app.key_of(Command::Reconnect);
        lines.push((format!("{key} tries now"), theme.dim));
    } else {
        let open = sources
            .iter()
            .filter(|info| info.state == SourceState::Live)
            .count();
        let text = if open == 0 {
            format!("opening {}…", count(sources.len(), "log"))
        } else {
            "nothing has been written yet".into()
        };
        lines.push((text, theme.dim));
        if !matches!(screen.reading.start, Start::Head) && open > 0 {
            let key = app.key_of(Command::LogHead);
            lines.push((format!("{key} reads all that the server keeps"), theme.dim));
        }
    }
    for (n, (text, style)) in lines.iter().enumerate() {
        let y = area.y + 2 + u16::try_from(n).unwrap_or(0);
        if y < area.y + area.height {
            canvas.put(area.x + 4, y, area.width.saturating_sub(6), text, *style);
        }
    }
}
