//! The bones of every screen: what world this is, where I am, what was said, what I can press.

use super::hits::Hits;
use super::paint::{Canvas, skip_columns, width};
use super::words::{ago, grouped};
use crate::app::layout::Area;
use crate::app::overlay::Overlay;
use crate::app::screens::logs::{LogScreen, Purpose};
use crate::app::screens::{ListScreen, Screen};
use crate::app::status::ListState;
use crate::app::{App, Hit, Notice, Severity};
use crate::command::{Command, Info, TABLE};
use crate::domain::time::{Millis, brief};
use crate::input::{Binding, Resolution};
use ratatui::style::Style;

/// Nothing is said about a wait that nobody has noticed yet.
pub const UNNOTICED: Millis = Millis(150);

/// Between the parts of the path.
const STEP: &str = "  ›  ";
/// Between the path and what filters.
const GAP: u16 = 3;

/// Line 2: where I am, and what filters it. What is typed and how much it finds is always seen;
/// the order, then the beginning of the path, give way.
pub fn place(app: &App, canvas: &mut Canvas<'_>, area: Area, hits: &mut Hits) {
    let theme = canvas.theme;
    let room = area.width.saturating_sub(2);
    let narrowing = narrowing(app, room / 2, canvas);
    let narrowed: u16 = narrowing.iter().map(|(text, _)| width(text)).sum();
    let crumbs = app.crumbs();
    let path = path_width(&crumbs);
    let mut right = place_right(app);
    let taken = |right: &str| {
        narrowed
            + GAP
            + if right.is_empty() {
                0
            } else {
                width(right) + 2
            }
    };
    if path.saturating_add(taken(&right)) > room && narrowed > 0 {
        right.clear();
    }
    let left = room.saturating_sub(taken(&right)).max(room / 4);
    let x = draw_path(
        &crumbs,
        canvas,
        Area {
            x: area.x + 1,
            width: left,
            ..area
        },
        hits,
    );
    let mut x = x + GAP;
    for (text, style) in &narrowing {
        let end = (area.x + area.width).saturating_sub(1);
        x += canvas.put(x, area.y, end.saturating_sub(x), text, *style);
    }
    let at = (area.x + area.width).saturating_sub(width(&right) + 1);
    canvas.put(at, area.y, width(&right), &right, theme.dim);
}

fn path_width(crumbs: &[String]) -> u16 {
    let names = crumbs
        .iter()
        .map(|crumb| width(crumb))
        .fold(0, u16::saturating_add);
    let steps = u16::try_from(crumbs.len().saturating_sub(1)).unwrap_or(u16::MAX);
    names.saturating_add(steps.saturating_mul(width(STEP)))
}

/// The path, without its beginning where that does not fit. Returns the column after it.
fn draw_path(crumbs: &[String], canvas: &mut Canvas<'_>, area: Area, hits: &mut Hits) -> u16 {
    let theme = canvas.theme;
    let end = area.x + area.width;
    let more = width(STEP) + 1;
    let fits = |from: usize| {
        let cut = if from > 0 { more } else { 0 };
        path_width(&crumbs[from..]).saturating_add(cut) <= area.width
    };
    let last = crumbs.len().saturating_sub(1);
    let first = (0..last).find(|&from| fits(from)).unwrap_or(last);
    let mut x = area.x;
    if first > 0 {
        x += canvas.put_spans(
            x,
            area.y,
            end.saturating_sub(x),
            &[("…", theme.dim), (STEP, theme.dim)],
        ) - x;
    }
    for (n, crumb) in crumbs.iter().enumerate().skip(first) {
        let style = if n == last { theme.accent } else { theme.dim };
        let used = canvas.put(x, area.y, end.saturating_sub(x), crumb, style);
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
        if n < last {
            x += canvas.put(x, area.y, end.saturating_sub(x), STEP, theme.dim);
        }
    }
    x
}

/// What narrows the rows or is sought in the text, with how much it finds; the beginning of what
/// is typed is cut beyond `limit`.
fn narrowing(app: &App, limit: u16, canvas: &Canvas<'_>) -> Vec<(String, Style)> {
    let theme = canvas.theme;
    match app.screen() {
        Screen::List(screen) => filter(screen, limit, canvas),
        Screen::Text(screen) => {
            let Some(search) = &screen.search else {
                return Vec::new();
            };
            let mut spans = typed(
                &search.text,
                search.editing.then_some(search.cursor),
                limit,
                canvas,
            );
            if !search.text.is_empty() {
                let (at, of) = screen.match_position().unwrap_or_default();
                spans.push((format!("   {at} of {of}"), theme.dim));
            }
            spans
        }
        Screen::Logs(screen) => log_filters(screen, limit, canvas),
        Screen::Shell(_) | Screen::Wizard(_) | Screen::Welcome(_) => Vec::new(),
    }
}

/// The filters in force, and what is being typed.
fn log_filters(screen: &LogScreen, limit: u16, canvas: &Canvas<'_>) -> Vec<(String, Style)> {
    let theme = canvas.theme;
    let mut spans = Vec::new();
    let mut add = |text: String, style: Style| {
        if !spans.is_empty() {
            spans.push(("  ".to_owned(), theme.dim));
        }
        spans.push((text, style));
    };
    for text in screen.narrowing() {
        add(format!("/{text}"), theme.field);
    }
    if let Some(input) = &screen.input {
        let sign = match input.purpose {
            Purpose::Filter => "/",
            Purpose::Search => "search: ",
            Purpose::Time => "go to time: ",
        };
        let mut parts = typed(input.line.text(), Some(input.line.cursor()), limit, canvas);
        sign.clone_into(&mut parts[0].0);
        if !spans.is_empty() {
            spans.push(("  ".into(), theme.dim));
        }
        spans.extend(parts);
    } else if let Some(search) = &screen.search {
        let (at, of) = screen.match_position().unwrap_or_default();
        let more = if screen.is_complete() { "" } else { "+" };
        if !spans.is_empty() {
            spans.push(("  ".into(), theme.dim));
        }
        spans.push(("search: ".into(), theme.key));
        spans.push((search.text.clone(), theme.field));
        let found = format!("   {} of {}{more}", grouped(at), grouped(of));
        spans.push((found, theme.dim));
    }
    if let Some(problem) = screen.problem() {
        spans.push((format!("   {problem}"), theme.warning));
    }
    spans
}

/// What is typed, with the cursor where there is one.
fn typed(
    text: &str,
    cursor: Option<usize>,
    limit: u16,
    canvas: &Canvas<'_>,
) -> Vec<(String, Style)> {
    let theme = canvas.theme;
    let over = usize::from(width(text).saturating_sub(limit));
    let (mark, shown) = if over == 0 {
        ("", text)
    } else {
        ("…", skip_columns(text, over + 1))
    };
    // A cursor left of what is shown stands at its beginning.
    let left = text.len() - shown.len();
    let at = cursor.map_or(shown.len(), |at| at.saturating_sub(left));
    let (before, after) = shown.split_at_checked(at).unwrap_or((shown, ""));
    let mut spans = vec![
        ("/".to_owned(), theme.key),
        (format!("{mark}{before}"), theme.field),
    ];
    if cursor.is_some() {
        spans.push(("▏".into(), theme.accent));
    }
    if !after.is_empty() {
        spans.push((after.to_owned(), theme.field));
    }
    spans
}

fn filter(screen: &ListScreen, limit: u16, canvas: &Canvas<'_>) -> Vec<(String, Style)> {
    let theme = canvas.theme;
    let list = &screen.list;
    let filter = &list.filter;
    let mut spans = Vec::new();
    if filter.editing || !filter.text.is_empty() {
        spans = typed(
            &filter.text,
            filter.editing.then_some(filter.cursor),
            limit,
            canvas,
        );
    }
    if list.faults_only {
        let gap = if spans.is_empty() { "" } else { "   " };
        spans.push((format!("{gap}faults only"), theme.warning));
    }
    if list.faults_only || !filter.text.is_empty() {
        let found = format!(
            "   {} of {}",
            grouped(list.order.rows().len()),
            grouped(list.total)
        );
        spans.push((found, theme.dim));
    }
    if let Some(problem) = &filter.query.problem {
        spans.push((format!("   {problem}"), theme.warning));
    }
    if !list.marks.is_empty() {
        let gap = if spans.is_empty() { "" } else { "   " };
        spans.push((
            format!("{gap}{} marked", grouped(list.marks.len())),
            theme.marked,
        ));
    }
    spans
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
        Screen::Logs(screen) => screen.remark.clone().unwrap_or_default(),
        Screen::Wizard(wizard) => super::wizard::summary(wizard),
        Screen::Shell(shell) => shell.terminal.title(),
        _ => String::new(),
    }
}

/// The line above the hints: what was said last; else why the list is not live.
pub fn notice(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let room = area.width.saturating_sub(2);
    // The welcome screen says in its own place why there is no cluster.
    let told = |notice: &&Notice| {
        let failure = app.world.failure.as_ref();
        matches!(app.screen(), Screen::Welcome(_)) && failure.is_some_and(|f| f.what == notice.what)
    };
    if let Some(notice) = app
        .world
        .notices
        .current(app.world.now)
        .filter(|notice| !told(notice))
    {
        let style = match notice.severity {
            Severity::Error => theme.error,
            Severity::Warning => theme.warning,
            Severity::Info => theme.info,
        };
        canvas.put(area.x + 1, area.y, room, &notice.line(), style);
        return;
    }
    // An empty list says it in its own place.
    if matches!(app.screen(), Screen::List(screen) if screen.list.order.rows().is_empty()) {
        return;
    }
    let now = app.world.now;
    let line = match app.list_state() {
        ListState::Disconnected { seen, why, .. } => {
            let seen = seen
                .map(|at| format!(" · rows as of {}", ago(now, at)))
                .unwrap_or_default();
            format!("{why}{seen} · :reconnect tries now")
        }
        ListState::Stale { seen } => format!(
            "no answer from the server for {}; rows as of then",
            brief(now.since(seen))
        ),
        ListState::Partial(refusal) => {
            let kept = if shows_refused(app) {
                "; dimmed rows are as last seen"
            } else {
                ""
            };
            format!("{refusal}{kept}")
        }
        _ => return,
    };
    canvas.put(area.x + 1, area.y, room, &line, theme.warning);
}

/// Whether rows are in the list of which the server tells nothing any more.
fn shows_refused(app: &App) -> bool {
    let Screen::List(ListScreen { source, list }) = app.screen() else {
        return false;
    };
    let refused = app.refused_scopes(source);
    let stands = |&row: &u32| {
        let namespace = source.rows().key(&app.world, row).namespace;
        refused.iter().any(|scope| scope.holds(&namespace))
    };
    !refused.is_empty() && list.order.rows().iter().any(stands)
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
    let typed = app.typing() && !matches!(app.screen(), Screen::Wizard(_));
    if typed
        || app.overlay.is_some() && app.typing()
        || matches!(app.overlay, Some(Overlay::Pick(_)))
    {
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
    if matches!(app.screen(), Screen::Logs(screen) if screen.opened.is_some()) {
        for (command, label) in super::logs::fields::HINTS {
            let key = app.key_of(command);
            hint(canvas, &key, label, Some(Hit::Command(command)), false);
        }
        return;
    }
    let mut rows: Vec<_> = TABLE
        .iter()
        .filter(|info| info.hint_rank > 0 && works(app, info))
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
    if app.offers_tour() && app.crumbs().len() == 1 {
        let press = Some(Hit::Command(Command::Tutor));
        hint(canvas, ":tutor", "guided tour", press, false);
    }
}

/// Whether pressing it would do something here and now.
fn works(app: &App, info: &Info) -> bool {
    let contexts = app.key_contexts();
    info.contexts
        .iter()
        .any(|context| contexts.contains(context))
        && app.offers(info.command)
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
        Some(Overlay::Pick(_)) => &[
            ("enter", "take it"),
            ("up/down", "choose"),
            ("esc", "leave it"),
        ],
        Some(Overlay::Confirm(_)) => &[],
        None if matches!(app.screen(), Screen::Wizard(_)) => &[],
        None if app.typing() => &[("enter", "keep"), ("esc", "clear"), ("up/down", "move")],
        None => &[],
    }
}
