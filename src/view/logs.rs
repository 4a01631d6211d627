//! A log: counts and the sparkline above, then lines with their time, source, level and message.
//!
//! Only the lines on the page are taken apart and drawn.

use super::build;
use super::hits::Hits;
use super::paint::{Canvas, skip_columns, width, wrap};
use super::words::{ago, count, grouped};
use crate::app::layout::{Area, Regions};
use crate::app::screens::logs::{HEAD_ROWS, LogScreen, Times};
use crate::app::{App, Hit};
use crate::command::Command;
use crate::domain::logs::buffer::Line;
use crate::domain::logs::structure::{Format, Structure};
use crate::domain::logs::text::{Color as InkColor, Ink, Run};
use crate::domain::logs::{Level, Seq, SourceState, Start};
use crate::domain::query::Query;
use crate::domain::time::brief;
use crate::theme::Theme;
use ratatui::style::{Color, Modifier, Style};
use std::borrow::Cow;
use std::fmt::Write as _;

/// From so many columns on a level is a word; below, its first letter.
const WIDE: u16 = 100;
/// The widest column of sources.
const SOURCE: u16 = 24;
/// Where fewer than one line in so many is an error, every error is worth a light.
const RARE: u64 = 200;
/// Continuations that are looked for under a folded line.
const FOLDED: i64 = 500;

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
    let head = if regions.world.height > 0 {
        HEAD_ROWS
    } else {
        0
    };
    if head > 0 {
        draw_head(
            app,
            screen,
            canvas,
            Area {
                height: head,
                ..area
            },
            hits,
        );
    }
    let mut body = Area {
        y: area.y + head,
        height: area.height.saturating_sub(head),
        ..area
    };
    if screen.opened.is_some() {
        let fields = fields_area(screen, body);
        draw_fields(screen, canvas, fields);
        body.height = fields.y.saturating_sub(body.y);
    }
    if screen.shown.is_empty() {
        return draw_empty(app, screen, canvas, body);
    }
    let columns = Columns::of(screen, body.width);
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
}

/// What is told above the lines.
fn draw_head(app: &App, screen: &LogScreen, canvas: &mut Canvas<'_>, area: Area, hits: &mut Hits) {
    let theme = canvas.theme;
    let counts = screen.log.counts();
    let mut spans: Vec<(String, Style)> = Vec::new();
    let unread = screen.unread();
    spans.push(if screen.follow {
        ("follow".into(), theme.healthy)
    } else if unread > 0 {
        (
            format!("▼ {} (end)", count(unread, "new line")),
            theme.warning,
        )
    } else if screen.reading.follow {
        ("paused (end follows)".into(), theme.dim)
    } else {
        ("whole".into(), theme.dim)
    });
    if counts.gaps > 0 {
        spans.push((
            count(usize::try_from(counts.gaps).unwrap_or(0), "gap"),
            theme.warning,
        ));
    }
    spans.extend(troubles(app, screen, theme));
    let mut numbers = format!("in {}", grouped(usize::try_from(counts.lines).unwrap_or(0)));
    if !screen.shown.filters().is_empty() {
        numbers = format!(
            "{numbers}  shown {}  hidden {}",
            grouped(screen.shown.len()),
            grouped(screen.shown.hidden())
        );
    }
    if !screen.is_complete() {
        numbers += "  looking…";
    }
    spans.push((numbers, theme.dim));
    if counts.evicted > 0 {
        let evicted = grouped(usize::try_from(counts.evicted).unwrap_or(0));
        spans.push((format!("given up {evicted}"), theme.dim));
    }
    spans.push((beginning(screen), theme.dim));
    spans.push((containers(screen), theme.dim));
    let sparkline = sparkline_width(area.width);
    let end = area.x + area.width.saturating_sub(sparkline + 3);
    let mut x = area.x + 1;
    for (text, style) in spans.iter().filter(|(text, _)| !text.is_empty()) {
        if x + width(text) > end {
            break;
        }
        x += canvas.put(x, area.y, end - x, text, *style) + 2;
    }
    if sparkline > 0 {
        let at = Area {
            x: area.x + area.width - sparkline - 1,
            width: sparkline,
            ..area
        };
        draw_sparkline(screen, canvas, at, hits);
    }
}

fn sparkline_width(columns: u16) -> u16 {
    match columns {
        0..70 => 0,
        70..120 => 20,
        120..200 => 48,
        _ => 80,
    }
}

/// Where reading began.
fn beginning(screen: &LogScreen) -> String {
    match screen.reading.start {
        Start::Head => "all kept lines".into(),
        Start::Tail(lines) => format!("tail {}", grouped(lines as usize)),
        Start::Since(span) => format!("since {}", brief(span)),
        Start::At(at) => format!("since {}", at.clock(0)),
    }
}

fn containers(screen: &LogScreen) -> String {
    let sources = screen.log.sources();
    match sources {
        [one] if screen.build.is_none() => one.source.container.to_string(),
        sources if screen.build.is_some() => count(sources.len(), "step"),
        sources => count(sources.len(), "container"),
    }
}

/// Streams that are not as they should be.
fn troubles(app: &App, screen: &LogScreen, theme: &Theme) -> Vec<(String, Style)> {
    let (mut queued, mut lost, mut waiting) = (0, 0, 0);
    for info in screen.log.sources() {
        match info.state {
            SourceState::Queued | SourceState::Opening => queued += 1,
            SourceState::Lost(_) => lost += 1,
            SourceState::Waiting(_) => waiting += 1,
            SourceState::Live | SourceState::Ended => {}
        }
    }
    let mut spans = Vec::new();
    if queued > 0 && app.world.session.is_some() {
        spans.push((format!("{queued} being opened"), theme.progressing));
    }
    if waiting > 0 {
        spans.push((format!("{waiting} not running"), theme.degraded));
    }
    if lost > 0 {
        spans.push((format!("{lost} lost, tried again"), theme.failing));
    }
    spans
}

/// Lines by time; columns with errors in the colour of errors. A click goes there.
fn draw_sparkline(screen: &LogScreen, canvas: &mut Canvas<'_>, area: Area, hits: &mut Hits) {
    const STEPS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let theme = canvas.theme;
    let bars = screen
        .log
        .histogram()
        .timeline(usize::from(area.width))
        .bars;
    let highest = bars.iter().map(|bar| bar.lines).max().unwrap_or(0).max(1);
    let lines: u64 = bars.iter().map(|bar| u64::from(bar.lines)).sum();
    let errors: u64 = bars.iter().map(|bar| u64::from(bar.errors)).sum();
    let from = area.x + area.width - u16::try_from(bars.len()).unwrap_or(area.width);
    for (n, bar) in bars.iter().enumerate() {
        let x = from + u16::try_from(n).unwrap_or(0);
        // The root: a burst of thousands must not flatten everything else.
        let part = f64::from(bar.lines).sqrt() / f64::from(highest).sqrt();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 7"
        )]
        let step = (part * 7.0).round() as usize;
        // More of its lines are errors than of all lines: that is worth a light.
        let many = u64::from(bar.errors) * lines > errors * u64::from(bar.lines);
        let style = if bar.errors > 0 && (many || errors * RARE < lines) {
            theme.failing
        } else {
            theme.dim
        };
        if bar.lines > 0 {
            canvas.put(x, area.y, 1, STEPS[step.min(7)], style);
        }
        hits.add(
            Area {
                x,
                width: 1,
                ..area
            },
            Hit::Moment(n, bars.len()),
        );
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
        lines.push(("no line passes the filter".into(), theme.text));
        let key = app.key_of(Command::ClearFilter);
        lines.push((format!("{key} takes the last filter away"), theme.dim));
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

/// Where the parts of a line stand.
#[derive(Clone, Copy, Debug)]
struct Columns {
    time: u16,
    source: u16,
    level: u16,
    /// Where the message begins.
    message: u16,
}

impl Columns {
    fn of(screen: &LogScreen, columns: u16) -> Self {
        let sources = screen.log.sources();
        let several = sources.len() > 1;
        let longest = sources
            .iter()
            .map(|info| width(&info.short))
            .max()
            .unwrap_or(0);
        let time = match screen.times {
            Times::Off => 0,
            Times::Ago => 5,
            Times::Local | Times::Utc => 12,
        };
        let source = if several {
            longest.min(SOURCE).min(columns / 5)
        } else {
            0
        };
        let level = if columns >= WIDE { 5 } else { 1 };
        let gap = |part: u16| if part > 0 { part + 2 } else { 0 };
        Self {
            time,
            source,
            level,
            message: 1 + gap(time) + gap(source) + gap(level),
        }
    }
}

struct Lines<'a> {
    app: &'a App,
    screen: &'a LogScreen,
    columns: Columns,
}

impl Lines<'_> {
    /// The first line to draw. Wrapped lines take more rows than the core counts: the line the
    /// reader is at must be seen, and while he follows the last one.
    fn first(&self, area: Area) -> usize {
        let first = self.screen.first_on_page();
        if !self.screen.wrap && self.screen.opened.is_none() {
            return first;
        }
        let at = self.screen.shown.place(self.screen.cursor);
        let mut room = usize::from(area.height);
        let mut from = at + 1;
        while from > first {
            let height = self
                .screen
                .line(from - 1)
                .map_or(1, |line| self.height(line, area.width));
            if height > room && from <= at {
                break;
            }
            room = room.saturating_sub(height);
            from -= 1;
        }
        from
    }

    fn height(&self, line: Line<'_>, columns: u16) -> usize {
        if !self.screen.wrap || line.mark.is_some() {
            return 1;
        }
        let room = columns.saturating_sub(self.columns.message + 1);
        Said::of(line)
            .rows(room, usize::from(self.app.size.1))
            .len()
    }

    /// Draws a line; how many rows it took.
    fn draw(&self, line: Line<'_>, canvas: &mut Canvas<'_>, area: Area) -> u16 {
        let theme = canvas.theme;
        let columns = self.columns;
        if line.mark.is_some() {
            self.draw_mark(line, canvas, area);
            return 1;
        }
        let mut x = area.x + 1;
        if columns.time > 0 {
            canvas.put(x, area.y, columns.time, &self.time(line), theme.dim);
            x += columns.time + 2;
        }
        if columns.source > 0 {
            if let Some(info) = self.screen.log.source(line.source) {
                let style = source_style(theme, &info.source.pod);
                canvas.put(x, area.y, columns.source, &info.short, style);
            }
            x += columns.source + 2;
        }
        if let Some(level) = line.level.filter(|_| !line.continuation) {
            canvas.put(
                x,
                area.y,
                columns.level,
                level_name(level, columns.level),
                level_style(theme, level),
            );
        }
        let room = area.width.saturating_sub(columns.message + 1);
        let used = self.draw_message(
            line,
            canvas,
            Area {
                x: area.x + columns.message,
                width: room,
                ..area
            },
        );
        self.draw_place(
            line,
            canvas,
            Area {
                height: used,
                ..area
            },
        );
        used
    }

    /// The row's wash and its mark at the left edge.
    fn draw_place(&self, line: Line<'_>, canvas: &mut Canvas<'_>, area: Area) {
        let theme = canvas.theme;
        let at_cursor = line.seq == self.screen.cursor && !self.screen.follow;
        if self.screen.is_selected(line.seq) {
            for y in area.y..area.y + area.height {
                canvas.put(area.x, y, 1, "▌", theme.marked);
            }
        }
        if at_cursor
            || self
                .screen
                .opened
                .as_ref()
                .is_some_and(|o| o.seq == line.seq)
        {
            canvas.wash(area, theme.selected);
        }
    }

    fn time(&self, line: Line<'_>) -> String {
        match self.screen.times {
            Times::Off => String::new(),
            Times::Ago => {
                let text = ago(self.app.world.now, line.at.timestamp());
                format!("{:>5}", text.trim_end_matches(" ago"))
            }
            Times::Utc => clock(line, 0),
            Times::Local => clock(line, self.app.world.zone.offset(line.at.timestamp())),
        }
    }

    fn draw_mark(&self, line: Line<'_>, canvas: &mut Canvas<'_>, area: Area) {
        let theme = canvas.theme;
        let Some(mark) = line.mark else { return };
        let style = if mark.is_loss() {
            theme.warning
        } else {
            theme.dim
        };
        let who = self
            .screen
            .log
            .source(line.source)
            .map_or("", |info| info.short.as_str());
        let offset = match self.screen.times {
            Times::Utc => 0,
            _ => self.app.world.zone.offset(line.at.timestamp()),
        };
        let text = format!("── {who} {} ", mark.words(offset));
        let used = canvas.put(
            area.x + 1,
            area.y,
            area.width.saturating_sub(2),
            &text,
            style,
        );
        let left = area.width.saturating_sub(used + 2);
        canvas.rule(area.x + 1 + used, area.y, left);
        self.draw_place(line, canvas, Area { height: 1, ..area });
    }

    /// The message, and what is known beside it.
    fn draw_message(&self, line: Line<'_>, canvas: &mut Canvas<'_>, area: Area) -> u16 {
        let theme = canvas.theme;
        let said = Said::of(line);
        let style = match line.level {
            Some(Level::Error | Level::Fatal) if line.continuation => theme.dim,
            _ => theme.text,
        };
        let mut area = area;
        for column in &self.screen.columns {
            let value = said.structure.field(column).unwrap_or("");
            let wide = width(column).max(width(value)).clamp(6, 20).min(area.width);
            canvas.put(area.x, area.y, wide, value, theme.accent);
            area.x += wide + 2;
            area.width = area.width.saturating_sub(wide + 2);
        }
        let height = usize::from(area.height);
        let parts: Vec<Cow<'_, str>> = if self.screen.wrap {
            said.rows(area.width, height)
                .into_iter()
                .map(Cow::Owned)
                .collect()
        } else {
            let from = skip_columns(&said.text, self.screen.left);
            vec![Cow::Borrowed(head(from, area.width))]
        };
        let inked = said.inked && !self.screen.wrap && self.screen.left == 0;
        let mut end = area.x;
        let mut rows = 0;
        for part in parts.iter().take(height) {
            let row = Area {
                y: area.y + rows,
                ..area
            };
            end = if inked {
                draw_runs(canvas, row, part, line.runs, style)
            } else {
                row.x + canvas.put(row.x, row.y, row.width, part, style)
            };
            self.light(part, canvas, row);
            rows += 1;
        }
        let rest = Area {
            x: end,
            y: area.y + rows.max(1) - 1,
            width: (area.x + area.width).saturating_sub(end),
            height: 1,
        };
        self.draw_details(line, &said, canvas, rest);
        rows.max(1)
    }

    /// Fields beside the message, a cut end, and what is folded away.
    fn draw_details(&self, line: Line<'_>, said: &Said<'_>, canvas: &mut Canvas<'_>, area: Area) {
        let theme = canvas.theme;
        let mut x = area.x;
        let end = area.x + area.width;
        let mut add = |canvas: &mut Canvas<'_>, text: &str, style: Style| {
            if x + 2 < end {
                x += 2;
                x += canvas.put(x, area.y, end - x, text, style);
            }
        };
        if said.lifted && !self.screen.wrap {
            for (name, value) in said.structure.details() {
                if !self.screen.columns.iter().any(|column| *column == **name) {
                    let value = head(value, area.width);
                    add(canvas, &format!("{name}={value}"), theme.dim);
                }
            }
        }
        if line.cut > 0 {
            let cut = grouped(usize::try_from(line.cut).unwrap_or(usize::MAX));
            add(canvas, &format!("… +{cut} bytes"), theme.warning);
        }
        if self.screen.shown.folded() && self.screen.shown.filters().is_empty() {
            let hidden = self.folded_under(line);
            if hidden > 0 {
                let more = format!("▸ {}", count(hidden, "more line"));
                add(canvas, &more, theme.info);
            }
        }
    }

    /// How many lines of a trace are folded away under its head.
    fn folded_under(&self, line: Line<'_>) -> usize {
        if line.continuation {
            return 0;
        }
        let buffer = self.screen.log.buffer();
        let mut hidden = 0;
        for seq in line.seq.0 + 1..(line.seq.0 + FOLDED).min(buffer.end().0) {
            match buffer.get(Seq(seq)) {
                Some(next) if next.source != line.source => {}
                Some(next) if next.continuation => hidden += 1,
                _ => break,
            }
        }
        hidden
    }

    /// Lights what is sought and what filters found.
    fn light(&self, text: &str, canvas: &mut Canvas<'_>, area: Area) {
        let filters = self.screen.filters.iter().map(|filter| &filter.query);
        let sought = self.screen.search.iter().map(|search| &search.query);
        for regex in filters.chain(sought).flat_map(Query::highlights) {
            for hit in regex.find_iter(text).filter(|hit| !hit.is_empty()).take(50) {
                let from = width(&text[..hit.start()]);
                if from < area.width {
                    canvas.put(
                        area.x + from,
                        area.y,
                        area.width - from,
                        hit.as_str(),
                        canvas.theme.found,
                    );
                }
            }
        }
    }
}

/// A line taken apart, once for each time it is drawn.
struct Said<'a> {
    structure: Structure<'a>,
    /// What it says.
    text: Cow<'a, str>,
    /// The message was lifted out of a structure.
    lifted: bool,
    /// The places of its inks are those of the text.
    inked: bool,
}

impl<'a> Said<'a> {
    fn of(line: Line<'a>) -> Self {
        let structure = Structure::of(line.text);
        let lifted = match structure.format {
            // Colours have their places in the line as it was written.
            Format::Plain => line.runs.is_empty() && structure.message.len() < line.text.len(),
            _ => !structure.message.is_empty(),
        };
        let text = if lifted {
            structure.message.clone()
        } else {
            Cow::Borrowed(line.text)
        };
        let tabs = text.contains('\t');
        let text = if tabs {
            Cow::Owned(text.replace('\t', "    "))
        } else {
            text
        };
        Self {
            structure,
            text,
            lifted,
            inked: !lifted && !tabs && !line.runs.is_empty(),
        }
    }

    /// The message with all that stands beside it, over at most so many rows.
    fn rows(&self, columns: u16, rows: usize) -> Vec<String> {
        let mut text = self.text.to_string();
        let details = if self.lifted {
            self.structure.details()
        } else {
            &[]
        };
        for (name, value) in details {
            // Writing to a String cannot fail.
            let _ = write!(text, "  {name}={value}");
        }
        let most = columns.saturating_mul(u16::try_from(rows).unwrap_or(u16::MAX));
        wrap(head(&text, most), columns)
    }
}

/// The beginning of a text that fills so many columns for certain: what is drawn of a line of
/// 64 KiB must not cost more than what is seen of it.
fn head(text: &str, columns: u16) -> &str {
    // A character of one column has at most four bytes; marks over it may add a few.
    &text[..text.floor_char_boundary(usize::from(columns) * 16 + 16)]
}

/// `10:04:11.204`
fn clock(line: Line<'_>, offset: i64) -> String {
    let millis = line.at.0.div_euclid(1_000_000) + offset * 1_000;
    let day = millis.rem_euclid(86_400_000);
    format!(
        "{:02}:{:02}:{:02}.{:03}",
        day / 3_600_000,
        day / 60_000 % 60,
        day / 1_000 % 60,
        day % 1_000
    )
}

fn level_name(level: Level, columns: u16) -> &'static str {
    let name = level.name();
    if columns > 1 { name } else { &name[..1] }
}

fn level_style(theme: &Theme, level: Level) -> Style {
    match level {
        Level::Fatal | Level::Error => theme.error,
        Level::Warn => theme.warning,
        Level::Info => theme.info,
        Level::Debug | Level::Trace => theme.dim,
    }
}

/// The same pod has the same colour in every log.
fn source_style(theme: &Theme, pod: &str) -> Style {
    let styles = [
        theme.source_1,
        theme.source_2,
        theme.source_3,
        theme.source_4,
        theme.source_5,
        theme.source_6,
    ];
    // FNV-1a: stable between runs and versions.
    let hash = pod.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let at = usize::try_from(hash % styles.len() as u64).unwrap_or(0);
    styles[at]
}

/// Draws a text in the inks that its program asked for. Returns the column after it.
fn draw_runs(canvas: &mut Canvas<'_>, area: Area, text: &str, runs: &[Run], base: Style) -> u16 {
    let mut x = area.x;
    let end = area.x + area.width;
    let mut from = 0;
    let mut style = base;
    for run in runs {
        let to = (run.from as usize).min(text.len());
        x += canvas.put(x, area.y, end.saturating_sub(x), &text[from..to], style);
        (from, style) = (to, inked(run.ink, base));
    }
    x + canvas.put(x, area.y, end.saturating_sub(x), &text[from..], style)
}

fn inked(ink: Ink, base: Style) -> Style {
    let colour = |colour: InkColor| match colour {
        InkColor::Indexed(n) => Color::Indexed(n),
        InkColor::Rgb(r, g, b) => Color::Rgb(r, g, b),
    };
    let mut style = base;
    if let Some(fg) = ink.fg {
        style = style.fg(colour(fg));
    }
    if let Some(bg) = ink.bg {
        style = style.bg(colour(bg));
    }
    for (on, modifier) in [
        (ink.bold, Modifier::BOLD),
        (ink.dim, Modifier::DIM),
        (ink.italic, Modifier::ITALIC),
        (ink.underline, Modifier::UNDERLINED),
        (ink.inverse, Modifier::REVERSED),
    ] {
        if on {
            style = style.add_modifier(modifier);
        }
    }
    style
}

/// The fields of the opened line stand below the others, at most in half of the page.
fn fields_area(screen: &LogScreen, body: Area) -> Area {
    let wanted = u16::try_from(screen.fields().len() + 1).unwrap_or(u16::MAX);
    let height = wanted.min(body.height / 2 + 1).min(body.height);
    Area {
        y: body.y + body.height - height,
        height,
        ..body
    }
}

fn draw_fields(screen: &LogScreen, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let fields = screen.fields();
    canvas.rule(area.x + 1, area.y, area.width.saturating_sub(2));
    let chosen = screen.opened.as_ref().map_or(0, |opened| opened.chosen);
    let rows = usize::from(area.height.saturating_sub(1));
    let from = (chosen + 1).saturating_sub(rows);
    let names = fields
        .iter()
        .map(|(name, _)| width(name))
        .max()
        .unwrap_or(0)
        .min(24);
    for (n, (name, value)) in fields.iter().enumerate().skip(from).take(rows) {
        let y = area.y + 1 + u16::try_from(n - from).unwrap_or(0);
        canvas.put(area.x + 2, y, names, name, theme.yaml_key);
        let room = area.width.saturating_sub(names + 6);
        canvas.put(area.x + 4 + names, y, room, value, theme.text);
        if n == chosen {
            canvas.wash(
                Area {
                    y,
                    height: 1,
                    ..area
                },
                theme.selected,
            );
        }
    }
}
