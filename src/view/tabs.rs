//! The strip of tabs, and the last line of a pane.

use super::hits::Hits;
use super::paint::{Canvas, width};
use super::shell;
use crate::app::layout::{Area, Regions};
use crate::app::screens::Screen;
use crate::app::screens::shell::{Life, News, Search, ShellScreen, Stage};
use crate::app::{App, Hit};
use crate::command::{Command, Context};
use crate::domain::exec::End;
use crate::input::Binding;

/// The longest name on the strip.
const NAME: u16 = 28;

/// Draws the strip: number, name, whether something came, whether it rang, how it ended.
pub fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area, hits: &mut Hits) {
    let theme = canvas.theme;
    let mut x = area.x + 1;
    for (n, (seen, screen)) in app.tab_screens().enumerate() {
        let start = x;
        let room = (area.x + area.width).saturating_sub(x);
        if room < 4 {
            break;
        }
        let style = if seen { theme.accent } else { theme.dim };
        x += canvas.put(x, area.y, room, &format!("{} ", n + 1), theme.dim);
        let title = screen.title();
        x += canvas.put(x, area.y, NAME.min(room), &title, style);
        let (sign, style) = match screen {
            Screen::Shell(shell) => match &shell.life {
                Life::Ended(_) if shell.edit.is_some() => (String::new(), theme.dim),
                Life::Ended(End::Exited(code)) => (format!(" (exit {code})"), theme.dim),
                Life::Ended(_) => (" (lost)".into(), theme.warning),
                _ if shell.news == News::Rang => (" !".into(), theme.warning),
                _ if shell.news == News::Written => (" •".into(), theme.info),
                _ => (String::new(), theme.dim),
            },
            Screen::Logs(log) if !seen && log.follow => (" •".into(), theme.dim),
            _ => (String::new(), theme.dim),
        };
        x += canvas.put(
            x,
            area.y,
            (area.x + area.width).saturating_sub(x),
            &sign,
            style,
        );
        let used = Area {
            x: start,
            width: x - start,
            ..area
        };
        hits.add(used, Hit::Tab(n));
        x += 3;
    }
}

/// What tells the other half from this one: its name, and the rule between them.
pub fn draw_beside(screen: &Screen, canvas: &mut Canvas<'_>, there: &Regions, here: Area) {
    let dim = canvas.theme.dim;
    let place = there.place;
    let room = place.width.saturating_sub(2);
    let mut title = screen.title();
    if let Screen::List(screen) = screen
        && !screen.list.filter.text.is_empty()
    {
        title = format!("{title}   /{}", screen.list.filter.text);
    }
    canvas.put(place.x + 1, place.y, room, &title, dim);
    // A line between the halves is free: after the upper or left one, before the other.
    if there.body.width == there.world.width {
        let below = there.body.y + there.body.height;
        let y = if here.y > place.y { below } else { place.y - 1 };
        canvas.rule(place.x, y, place.width);
    } else {
        let right = place.x + place.width;
        let x = if here.x > place.x { right } else { place.x - 1 };
        canvas.bar(x, place.y, there.body.height + 1);
    }
}

/// The last line of a pane: where it is, and the one key that matters.
pub fn draw_foot(
    app: &App,
    screen: &ShellScreen,
    canvas: &mut Canvas<'_>,
    regions: &Regions,
    hits: &mut Hits,
) {
    let area = regions.hints;
    if area.height == 0 {
        return;
    }
    let theme = canvas.theme;
    let right = draw_context(app, canvas, area);
    if let Some(search) = &screen.search {
        draw_search(search, canvas, area, right);
        return;
    }
    let notices = &app.world.notices;
    let alone = regions.notice.height == 0;
    let notice = notices
        .current(app.world.now)
        .filter(|_| alone && !screen.focused);
    if let Some(notice) = notice {
        let room = right.saturating_sub(2);
        canvas.put(area.x + 1, area.y, room, &notice.line(), theme.warning);
        return;
    }
    let mut x = area.x + 1;
    for (key, text, command) in hints(app, screen) {
        let start = x;
        if x + width(&key) + width(&text) + 2 > right {
            return;
        }
        x += canvas.put(x, area.y, right - x, &key, theme.key) + 1;
        x += canvas.put(x, area.y, right - x, &text, theme.dim) + 3;
        if let Some(command) = command {
            let used = Area {
                x: start,
                width: x - start,
                ..area
            };
            hits.add(used, Hit::Command(command));
        }
    }
}

/// What is sought in the pane, and the keys that go on with it.
fn draw_search(search: &Search, canvas: &mut Canvas<'_>, area: Area, right: u16) {
    let theme = canvas.theme;
    let mut parts = vec![("/", theme.key), (search.line.text(), theme.field)];
    if search.editing {
        parts.push(("▏", theme.accent));
    }
    if let Some(problem) = &search.problem {
        parts.extend([("   ", theme.dim), (problem.as_str(), theme.warning)]);
    } else if search.editing {
        parts.extend([
            ("   enter", theme.key),
            (" keep   ", theme.dim),
            ("up/down", theme.key),
            (" move   ", theme.dim),
            ("esc", theme.key),
            (" end", theme.dim),
        ]);
    } else {
        parts.extend([
            ("   n N", theme.key),
            (" next, before   ", theme.dim),
            ("esc", theme.key),
            (" end", theme.dim),
        ]);
    }
    let room = right.saturating_sub(2);
    canvas.put_spans(area.x + 1, area.y, room, &parts);
}

/// The context at the right edge, in its warning colours on production. Returns where it begins.
fn draw_context(app: &App, canvas: &mut Canvas<'_>, area: Area) -> u16 {
    let context = app.world.context().map(ToString::to_string);
    let context = format!(" {} ", context.unwrap_or_default());
    let style = if app.is_production() {
        canvas.theme.production
    } else {
        canvas.theme.dim
    };
    let right = area.width.saturating_sub(width(&context) + 1);
    canvas.put(area.x + right, area.y, width(&context), &context, style);
    right
}

/// Keys, what they do, and what a click there does.
fn hints(app: &App, screen: &ShellScreen) -> Vec<(String, String, Option<Command>)> {
    let label = |command| {
        let binding = app
            .keymap
            .key_for(command, &[Context::Shell, Context::Global]);
        binding.map(Binding::label).unwrap_or_default()
    };
    let hint = |command, text: &str| (label(command), text.to_owned(), Some(command));
    let leave = label(Command::LeaveShell);
    let mut hints = match &screen.life {
        Life::Ended(_) if screen.edit.is_some() => match screen.edit.as_ref().map(|it| &it.stage) {
            Some(Stage::Asked(_)) => vec![
                hint(Command::Open, "see and apply"),
                hint(Command::Refresh, "edit again"),
                hint(Command::Back, "leave it"),
            ],
            Some(Stage::Applying) => vec![(String::new(), "the server is told…".into(), None)],
            _ => vec![
                hint(Command::Refresh, "edit again"),
                hint(Command::Back, "leave it"),
            ],
        },
        Life::Ended(_) if !screen.can_reopen() => vec![
            hint(Command::Open, "close"),
            hint(Command::CopyLines, "copy"),
        ],
        Life::Ended(_) => vec![
            hint(Command::Refresh, "again"),
            hint(Command::Open, "close"),
            hint(Command::CopyLines, "copy"),
        ],
        _ if screen.focused => vec![
            (leave.clone(), "leaves the shell".into(), None),
            (
                format!("{leave} {leave}"),
                "sends it to the shell".into(),
                None,
            ),
        ],
        _ => vec![
            hint(Command::Open, "back to the shell"),
            hint(Command::LeaveShell, "send it to the shell"),
            hint(Command::Palette, "command"),
            if app.beside().is_some() {
                hint(Command::OtherHalf, "other half")
            } else {
                hint(Command::NextTab, "next tab")
            },
            hint(Command::Search, "search"),
            hint(Command::CopyLines, "copy"),
            hint(Command::Back, "close"),
        ],
    };
    hints.push((String::new(), shell::state(screen), None));
    hints
}
