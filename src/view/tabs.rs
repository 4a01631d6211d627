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
use crate::theme::Theme;
use ratatui::style::Style;
use std::ops::Range;

/// The longest name on the strip.
const NAME: u16 = 28;

/// Columns for what is told of tabs that the strip has no room for.
const MORE: u16 = 6;

/// Columns between two tabs.
const GAP: u16 = 3;

/// A tab as the strip tells it: number, name, whether something came, whether it rang, how it ended.
struct Label {
    number: String,
    name: String,
    sign: String,
    style: Style,
    seen: bool,
    news: News,
}

impl Label {
    fn of(n: usize, seen: bool, screen: &Screen, theme: &Theme) -> Self {
        let (sign, style) = match screen {
            Screen::Shell(shell) => match &shell.life {
                Life::Ended(_) if shell.edit.is_some() => (String::new(), theme.dim),
                Life::Ended(End::Exited(code)) => (format!(" (exit {code})"), theme.dim),
                Life::Ended(_) => (" (lost)".into(), theme.warning),
                _ if shell.news == News::Rang => (" !".into(), theme.warning),
                _ if shell.news == News::Written => (" •".into(), theme.info),
                _ => (String::new(), theme.dim),
            },
            Screen::Logs(log) if log.news => (" •".into(), theme.info),
            _ => (String::new(), theme.dim),
        };
        let news = match screen {
            Screen::Shell(shell) => shell.news,
            Screen::Logs(log) if log.news => News::Written,
            _ => News::None,
        };
        Self {
            number: format!("{} ", n + 1),
            name: screen.title(),
            sign,
            style,
            seen,
            news,
        }
    }

    fn width(&self) -> u16 {
        width(&self.number) + width(&self.name).min(NAME) + width(&self.sign) + GAP
    }

    fn draw(&self, canvas: &mut Canvas<'_>, x: u16, y: u16, room: u16) -> u16 {
        let theme = canvas.theme;
        let style = if self.seen { theme.accent } else { theme.dim };
        let name = canvas.put(x, y, room, &self.number, theme.dim);
        let sign = name + canvas.put(x + name, y, NAME.min(room - name), &self.name, style);
        sign + canvas.put(x + sign, y, room - sign, &self.sign, self.style)
    }
}

/// Which of so wide tabs are drawn in so much room, the seen one among them.
fn window(widths: &[u16], seen: usize, room: u16) -> Range<usize> {
    let fits = |range: Range<usize>, room: u16| widths[range].iter().sum::<u16>() <= room + GAP;
    if fits(0..widths.len(), room) {
        return 0..widths.len();
    }
    let room = room.saturating_sub(2 * MORE);
    let first = (0..=seen).find(|&n| fits(n..seen + 1, room));
    let first = first.unwrap_or(seen);
    let end = (seen + 1..=widths.len())
        .rev()
        .find(|&n| fits(first..n, room));
    first..end.unwrap_or(seen + 1)
}

/// Draws the strip, and at its right edge the title that the program in the pane has set.
pub fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area, hits: &mut Hits) {
    let theme = canvas.theme;
    let labels: Vec<Label> = app
        .tab_screens()
        .enumerate()
        .map(|(n, (seen, screen))| Label::of(n, seen, screen, theme))
        .collect();
    let widths: Vec<u16> = labels.iter().map(Label::width).collect();
    let seen = labels.iter().position(|label| label.seen).unwrap_or(0);
    let end = area.x + area.width;
    let shown = window(&widths, seen, area.width.saturating_sub(2));
    let (before, after) = (&labels[..shown.start], &labels[shown.end..]);
    let mut x = area.x + 1;
    if !before.is_empty() {
        let more = format!("‹ {}", before.len());
        canvas.put(x, area.y, MORE, &more, news_style(before, theme));
        x += MORE;
    }
    for n in shown {
        let room = end.saturating_sub(x);
        if room < 4 {
            break;
        }
        let used = Area {
            x,
            width: labels[n].draw(canvas, x, area.y, room),
            ..area
        };
        hits.add(used, Hit::Tab(n));
        x += used.width + GAP;
    }
    if !after.is_empty() {
        let more = format!("{} ›", after.len());
        let (x, style) = (end.saturating_sub(MORE), news_style(after, theme));
        canvas.put_right(
            x,
            area.y,
            MORE.min(area.width).saturating_sub(1),
            &more,
            style,
        );
    } else if let Screen::Shell(shell) = app.screen() {
        draw_title(shell, canvas, x, end.saturating_sub(1), area.y);
    }
}

/// What is drawn of tabs without room in the strip is coloured by the weightiest news among them.
fn news_style(labels: &[Label], theme: &Theme) -> Style {
    match labels.iter().map(|label| label.news).max() {
        Some(News::Rang) => theme.warning,
        Some(News::Written) => theme.info,
        _ => theme.dim,
    }
}

/// The title that a program has set, said to be one: it may hold anything.
fn draw_title(shell: &ShellScreen, canvas: &mut Canvas<'_>, x: u16, end: u16, y: u16) {
    const LEAST: u16 = 16;
    let title = shell.terminal.title();
    let room = end.saturating_sub(x);
    if room >= LEAST && !title.is_empty() {
        let dim = canvas.theme.dim;
        canvas.put_right(x, y, room, &format!("title: {title}"), dim);
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
