//! The strip of tabs, and the last line of a pane.

use super::hits::Hits;
use super::paint::{Canvas, width};
use super::shell;
use crate::app::layout::Area;
use crate::app::screens::Screen;
use crate::app::screens::shell::{Life, ShellScreen};
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
                Life::Ended(End::Exited(code)) => (format!(" (exit {code})"), theme.dim),
                Life::Ended(_) => (" (lost)".into(), theme.warning),
                _ if shell.rung => (" !".into(), theme.warning),
                _ if shell.active => (" •".into(), theme.info),
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

/// The last line of a pane: where it is, and the one key that matters.
pub fn draw_foot(
    app: &App,
    screen: &ShellScreen,
    canvas: &mut Canvas<'_>,
    area: Area,
    hits: &mut Hits,
) {
    if area.height == 0 {
        return;
    }
    let theme = canvas.theme;
    let label = |command| {
        app.keymap
            .key_for(command, &[Context::Shell, Context::Global])
            .map(Binding::label)
            .unwrap_or_default()
    };
    let context = app
        .world
        .context()
        .map(|context| context.to_string())
        .unwrap_or_default();
    let context = format!(" {context} ");
    let place = if app.is_production() {
        theme.production
    } else {
        theme.dim
    };
    let right = area.width.saturating_sub(width(&context) + 1);
    canvas.put(area.x + right, area.y, width(&context), &context, place);
    let mut x = area.x + 1;
    let mut add = |canvas: &mut Canvas<'_>, key: &str, text: &str, command: Option<Command>| {
        let start = x;
        if x + width(key) + width(text) + 2 > right {
            return;
        }
        x += canvas.put(x, area.y, right - x, key, theme.key) + 1;
        x += canvas.put(x, area.y, right - x, text, theme.dim) + 3;
        if let Some(command) = command {
            let used = Area {
                x: start,
                width: x - start,
                ..area
            };
            hits.add(used, Hit::Command(command));
        }
    };
    let leave = label(Command::LeaveShell);
    if let Some(notice) = app
        .world
        .notices
        .current(app.world.now)
        .filter(|_| !screen.focused)
    {
        canvas.put(
            area.x + 1,
            area.y,
            right.saturating_sub(2),
            &notice.line(),
            theme.warning,
        );
        return;
    }
    match &screen.life {
        Life::Ended(_) => {
            add(
                canvas,
                &label(Command::Refresh),
                "again",
                Some(Command::Refresh),
            );
            add(canvas, &label(Command::Open), "close", Some(Command::Open));
            add(
                canvas,
                &label(Command::CopyLines),
                "copy",
                Some(Command::CopyLines),
            );
            add(canvas, "", &shell::state(screen), None);
        }
        _ if screen.focused => {
            add(canvas, &leave, "leaves the shell", None);
            add(
                canvas,
                &format!("{leave} {leave}"),
                "sends it to the shell",
                None,
            );
            add(canvas, "", &shell::state(screen), None);
        }
        _ => {
            add(
                canvas,
                &label(Command::Open),
                "back to the shell",
                Some(Command::Open),
            );
            add(canvas, &leave, "send it to the shell", None);
            add(
                canvas,
                &label(Command::Palette),
                "command",
                Some(Command::Palette),
            );
            add(
                canvas,
                &label(Command::NextTab),
                "next tab",
                Some(Command::NextTab),
            );
            add(
                canvas,
                &label(Command::CopyLines),
                "copy",
                Some(Command::CopyLines),
            );
            add(canvas, &label(Command::Back), "close", Some(Command::Back));
            add(canvas, "", &shell::state(screen), None);
        }
    }
}
