//! The bones of every screen: what world this is, where I am, what was said, what I can press.

use super::hits::Hits;
use super::paint::{Canvas, width};
use super::words::{ago, count, grouped};
use crate::app::layout::Area;
use crate::app::overlay::Overlay;
use crate::app::screens::{ListScreen, Screen};
use crate::app::status::ListState;
use crate::app::world::Connection;
use crate::app::{App, Hit, Severity};
use crate::command::TABLE;
use crate::domain::health::{Health, Tally};
use crate::domain::rows::Kind;
use crate::domain::time::{Millis, brief};
use crate::input::{Binding, Resolution};
use ratatui::style::Style;

/// Nothing is said about a wait that nobody has noticed yet.
pub const UNNOTICED: Millis = Millis(150);

/// From so many columns on the program says its name.
const NAME_FROM: u16 = 110;

/// Line 1: the state of the world.
pub fn world(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let production = app.is_production();
    if production {
        canvas.wash(area, theme.production);
    }
    let over = |style: Style| if production { theme.production } else { style };
    let world = &app.world;
    let mut left: Vec<(String, Style)> = Vec::new();
    if area.width >= NAME_FROM {
        left.push(("quarterdeck".into(), over(theme.accent)));
    }
    let context = world
        .context()
        .filter(|name| !name.is_empty())
        .map_or_else(|| "no cluster".to_owned(), ToString::to_string);
    left.push((
        if production {
            format!("PRODUCTION {context}")
        } else {
            context
        },
        over(theme.text),
    ));
    if let Some(session) = &world.session {
        if !session.user.is_empty() && area.width >= 100 {
            left.push((session.user.to_string(), over(theme.dim)));
        }
        left.push((world.scope_label(), over(theme.dim)));
        if session.insecure {
            left.push((" certificate not checked ".into(), theme.production));
        }
        if session.demo && area.width >= 100 {
            left.push(("simulated".into(), over(theme.dim)));
        }
    }
    if world.readonly {
        left.push((" READ-ONLY ".into(), theme.badge));
    }
    let right = world_counts(app, canvas, over, area.width);
    let right_width: u16 = right.iter().map(|(text, _)| width(text)).sum();
    let room = area.width.saturating_sub(right_width + 2);
    let mut x = area.x + 1;
    for (text, style) in &left {
        let used = canvas.put(x, area.y, room.saturating_sub(x), text, *style);
        x += used + if used > 0 { 2 } else { 0 };
    }
    let mut x = area.width.saturating_sub(right_width + 1);
    for (text, style) in &right {
        x += canvas.put(x, area.y, area.width.saturating_sub(x), text, *style);
    }
}

/// Connection and counts, as they stand at the right.
fn world_counts(
    app: &App,
    canvas: &Canvas<'_>,
    over: impl Fn(Style) -> Style,
    columns: u16,
) -> Vec<(String, Style)> {
    let theme = canvas.theme;
    let (text, style) = connection(app, canvas);
    let mut parts = vec![(text, over(style))];
    if app.world.session.is_none() {
        return parts;
    }
    let counts = app.world.fleet.counts();
    let number = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let mut push = |text: String, style: Style| parts.push((format!("  {text}"), over(style)));
    if columns >= 130 {
        push(count(number(counts.projects.total()), "project"), theme.dim);
        push(count(number(counts.releases.total()), "release"), theme.dim);
    }
    // Until the first list is complete the number is not the number of pods.
    let open = if app.world.complete(Kind::Pod) {
        ""
    } else {
        "…"
    };
    push(
        format!("pods {}{open}", grouped(number(counts.pods))),
        theme.text,
    );
    push(String::new(), theme.text);
    parts.extend(
        health_counts(canvas, &counts.releases)
            .into_iter()
            .map(|(text, style)| (text, over(style))),
    );
    parts
}

/// `✖ 3 ▲ 1 ◐ 1`, and `● all well` when there is nothing to look at.
fn health_counts(canvas: &Canvas<'_>, tally: &Tally) -> Vec<(String, Style)> {
    let shown = [Health::Failing, Health::Degraded, Health::Progressing]
        .into_iter()
        .filter(|health| tally.of(*health) > 0);
    let parts: Vec<_> = shown
        .map(|health| {
            let (shape, style) = canvas.sign(health);
            (format!("{shape} {} ", tally.of(health)), style)
        })
        .collect();
    if parts.is_empty() && tally.total() > 0 {
        return vec![("all well".into(), canvas.theme.dim)];
    }
    parts
}

/// The connection in words: what is told must be true now.
fn connection(app: &App, canvas: &Canvas<'_>) -> (String, Style) {
    let theme = canvas.theme;
    let now = app.world.now;
    match app.world.connection() {
        Connection::Off => (format!("{} no connection", "✖"), theme.failing),
        Connection::Connecting { since } if now.since(since) < Millis::seconds(1) => {
            (format!("{} connecting", "◌"), theme.dim)
        }
        Connection::Connecting { since } => (
            format!("{} connecting {}", "◌", brief(now.since(since))),
            theme.progressing,
        ),
        Connection::Live { .. } => (format!("{} live", "●"), theme.healthy),
        Connection::Stale { seen } => (
            format!("{} stale {}", "▲", brief(now.since(seen))),
            theme.degraded,
        ),
        Connection::Disconnected { seen, retry_at, .. } => {
            let since = seen
                .map(|at| format!(" {}", brief(now.since(at))))
                .unwrap_or_default();
            (
                format!(
                    "{} disconnected{since}, retry in {}",
                    "✖",
                    brief(retry_at.since(now))
                ),
                theme.failing,
            )
        }
    }
}

/// Line 2: where I am, and what filters it.
pub fn place(app: &App, canvas: &mut Canvas<'_>, area: Area, hits: &mut Hits) {
    let theme = canvas.theme;
    let right = place_right(app);
    let right_width = width(&right);
    let room = area.width.saturating_sub(right_width + 2);
    let mut x = area.x + 1;
    let crumbs = app.crumbs();
    for (n, crumb) in crumbs.iter().enumerate() {
        let last = n + 1 == crumbs.len();
        let used = canvas.put(
            x,
            area.y,
            room.saturating_sub(x),
            crumb,
            if last { theme.accent } else { theme.dim },
        );
        hits.add(
            Area {
                x,
                y: area.y,
                width: used,
                height: 1,
            },
            Hit::Crumb(n),
        );
        x += used;
        if !last {
            x += canvas.put(x, area.y, room.saturating_sub(x), "  ›  ", theme.rule);
        }
    }
    x += 3;
    match app.screen() {
        Screen::List(screen) => filter(screen, canvas, x, area.y, room),
        Screen::Text(screen) => {
            if let Some(search) = &screen.search {
                let cursor = if search.editing { "▏" } else { "" };
                let (at, of) = screen.match_position().unwrap_or_default();
                let found = if search.text.is_empty() {
                    String::new()
                } else {
                    format!("   {at} of {of}")
                };
                canvas.put_spans(
                    x,
                    area.y,
                    room.saturating_sub(x),
                    &[
                        ("/", theme.key),
                        (&search.text, theme.field),
                        (cursor, theme.accent),
                        (&found, theme.dim),
                    ],
                );
            }
        }
        Screen::Welcome(_) => {}
    }
    canvas.put(
        area.width.saturating_sub(right_width + 1),
        area.y,
        right_width,
        &right,
        theme.dim,
    );
}

fn filter(screen: &ListScreen, canvas: &mut Canvas<'_>, x: u16, y: u16, room: u16) {
    let theme = canvas.theme;
    let list = &screen.list;
    let filter = &list.filter;
    let mut spans: Vec<(&str, Style)> = Vec::new();
    if filter.editing || !filter.text.is_empty() {
        spans.extend([("/", theme.key), (filter.text.as_str(), theme.field)]);
    }
    if filter.editing {
        spans.push(("▏", theme.accent));
    }
    let faults = if list.faults_only {
        "  faults only"
    } else {
        ""
    };
    let found = format!(
        "   {} of {}",
        grouped(list.order.rows().len()),
        grouped(list.total)
    );
    let narrowed = !filter.text.is_empty() || list.faults_only;
    if narrowed {
        spans.extend([(faults, theme.warning), (found.as_str(), theme.dim)]);
    }
    let problem = filter
        .query
        .problem
        .as_ref()
        .map(|problem| format!("   {problem}"));
    if let Some(problem) = &problem {
        spans.push((problem, theme.warning));
    }
    let marks = format!("   {} marked", list.marks.len());
    if !list.marks.is_empty() {
        spans.push((&marks, theme.marked));
    }
    canvas.put_spans(x, y, room.saturating_sub(x), &spans);
}

/// How the list is sorted, or which line of the text one is on.
fn place_right(app: &App) -> String {
    match app.screen() {
        Screen::List(screen) => {
            let sort = &screen.list.sort;
            match (sort.column.as_str(), sort.reverse) {
                ("order" | "", _) => String::new(),
                ("health", false) => "worst first".into(),
                ("health", true) => "best first".into(),
                ("age" | "changed" | "last seen", false) => {
                    format!("newest first by {}", sort.column)
                }
                ("age" | "changed" | "last seen", true) => {
                    format!("oldest first by {}", sort.column)
                }
                (column, false) => format!("by {column}"),
                (column, true) => format!("by {column}, reversed"),
            }
        }
        Screen::Text(screen) if !screen.is_empty() => format!(
            "line {} of {}",
            grouped(screen.cursor + 1),
            grouped(screen.len())
        ),
        _ => String::new(),
    }
}

/// The line above the hints: what was said last; else why the list is not live.
pub fn notice(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let room = area.width.saturating_sub(2);
    if let Some(notice) = app.world.notices.current(app.world.now) {
        let style = match notice.severity {
            Severity::Error => theme.error,
            Severity::Warning => theme.warning,
            Severity::Info => theme.info,
        };
        canvas.put(area.x + 1, area.y, room, &notice.line(), style);
        return;
    }
    let now = app.world.now;
    let line = match app.list_state() {
        ListState::Disconnected {
            seen,
            why,
            retry_at,
        } => {
            let seen = seen
                .map(|at| format!(", rows as of {}", ago(now, at)))
                .unwrap_or_default();
            format!(
                "disconnected: {why}{seen}; retry in {}, :reconnect tries now",
                brief(retry_at.since(now))
            )
        }
        ListState::Stale { seen } => format!(
            "stale: no answer from the server for {}; rows as of then",
            brief(now.since(seen))
        ),
        _ => return,
    };
    canvas.put(area.x + 1, area.y, room, &line, theme.warning);
}

/// The last line: what I can press here.
pub fn hints(app: &App, canvas: &mut Canvas<'_>, area: Area, hits: &mut Hits) {
    let theme = canvas.theme;
    let mut x = area.x + 1;
    let mut hint =
        |canvas: &mut Canvas<'_>, key: &str, label: &str, hit: Option<Hit>, off: bool| {
            let needed = width(key) + 1 + width(label);
            if x + needed + 1 > area.width {
                return;
            }
            let start = x;
            x += canvas.put(
                x,
                area.y,
                needed,
                key,
                if off { theme.dim } else { theme.key },
            ) + 1;
            x += canvas.put(x, area.y, needed, label, theme.dim);
            if let Some(hit) = hit {
                hits.add(
                    Area {
                        x: start,
                        y: area.y,
                        width: needed,
                        height: 1,
                    },
                    hit,
                );
            }
            x += 3;
        };
    for (key, label) in typing_hints(app) {
        hint(canvas, key, label, None, false);
    }
    if app.typing() {
        return;
    }
    if let Resolution::Pending(bindings) = pending(app) {
        for binding in bindings {
            hint(
                canvas,
                &binding.label(),
                binding.command.info().hint,
                Some(Hit::Command(binding.command)),
                false,
            );
        }
        return;
    }
    let contexts = app.key_contexts();
    let mut rows: Vec<_> = TABLE
        .iter()
        .filter(|info| {
            info.hint_rank > 0
                && info.contexts.iter().any(|c| contexts.contains(c))
                && app.offers(info.command)
        })
        .collect();
    rows.sort_by_key(|info| info.hint_rank);
    for info in rows {
        if let Some(key) = app
            .keymap
            .key_for(info.command, contexts)
            .map(Binding::label)
        {
            match app.refusal(info.command) {
                Some(why) => hint(canvas, &key, &format!("{} ({why})", info.hint), None, true),
                None => hint(
                    canvas,
                    &key,
                    info.hint,
                    Some(Hit::Command(info.command)),
                    false,
                ),
            }
        }
    }
}

fn pending(app: &App) -> Resolution {
    if app.pending.is_empty() {
        Resolution::Unbound
    } else {
        app.keymap.resolve(app.key_contexts(), &app.pending)
    }
}

fn typing_hints(app: &App) -> &'static [(&'static str, &'static str)] {
    match &app.overlay {
        Some(Overlay::Palette(..)) => &[
            ("enter", "do it"),
            ("tab", "complete"),
            ("up/down", "choose"),
            ("esc", "close"),
        ],
        Some(Overlay::Confirm(confirm)) if confirm.word.is_some() => &[
            ("enter", "do it, once the name stands there"),
            ("esc", "leave it"),
        ],
        Some(Overlay::Confirm(_)) => &[],
        None if app.typing() => &[("enter", "keep"), ("esc", "clear"), ("up/down", "move")],
        None => &[],
    }
}
