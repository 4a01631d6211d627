//! The lines on the page: time, source, level, message, and what is known beside it.

use super::ink::draw_runs;
use super::said::{Said, head};
use crate::app::App;
use crate::app::layout::Area;
use crate::app::screens::logs::{LogScreen, Times};
use crate::domain::logs::Level;
use crate::domain::logs::buffer::Line;
use crate::domain::query::Query;
use crate::domain::time::Timestamp;
use crate::theme::Theme;
use crate::view::paint::{Canvas, skip_columns, width};
use crate::view::words::{ago, count, grouped};
use ratatui::style::Style;
use std::borrow::Cow;

/// From so many columns on a level is a word; below, its first letter.
const WIDE: u16 = 100;
/// The widest column of sources.
const SOURCE: u16 = 24;

/// Where the parts of a line stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    time: u16,
    source: u16,
    level: u16,
    /// Where the message begins, or the first of the columns that the reader has added.
    message: u16,
    /// What the columns that he has added take of it.
    added: u16,
}

/// How wide a column is that the reader has added: the same in every line.
fn added_width(name: &str) -> u16 {
    width(name).clamp(12, 20)
}

impl Columns {
    pub(super) fn of(app: &App, screen: &LogScreen, columns: u16) -> Self {
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
            Times::Local | Times::Utc if !is_dated(app, screen) => 12,
            // `11-23 10:04:11.204`, without the fraction where there is little room.
            Times::Local | Times::Utc if columns < WIDE => 14,
            Times::Local | Times::Utc => 18,
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
            added: screen.columns.iter().map(|it| added_width(it) + 2).sum(),
        }
    }

    /// The names of the columns that the reader has added, in the last of the rows above the lines.
    pub(super) fn draw_names(
        &self,
        screen: &LogScreen,
        canvas: &mut Canvas<'_>,
        area: Area,
        rows: u16,
    ) {
        let (mut x, end) = (area.x + self.message, area.x + area.width);
        let y = area.y + rows - 1;
        for name in &screen.columns {
            let wide = added_width(name).min(end.saturating_sub(x));
            canvas.put(x, y, wide, name, canvas.theme.head);
            x += wide + 2;
        }
    }
}

pub(super) struct Lines<'a> {
    pub(super) app: &'a App,
    pub(super) screen: &'a LogScreen,
    pub(super) columns: Columns,
}

impl Lines<'_> {
    /// The first line to draw. Wrapped lines take more rows than the core counts: the line the
    /// reader is at must be seen, and while he follows the last one.
    pub(super) fn first(&self, area: Area) -> usize {
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
        let room = columns.saturating_sub(self.columns.message + self.columns.added + 1);
        Said::of(line)
            .rows(room, usize::from(self.app.size.1))
            .len()
    }

    /// Draws a line; how many rows it took.
    pub(super) fn draw(&self, line: Line<'_>, canvas: &mut Canvas<'_>, area: Area) -> u16 {
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
            Times::Utc => self.stamp(line, 0),
            Times::Local => self.stamp(line, self.app.world.zone.offset(line.at.timestamp())),
        }
    }

    /// Lines of today need no date, also where others have one.
    fn stamp(&self, line: Line<'_>, offset: i64) -> String {
        if self.columns.time == 12 {
            return clock(line, offset);
        }
        let whole = line.at.date_and_clock(offset);
        let (date, time) = whole.split_at_checked(6).unwrap_or_default();
        let today = day(self.app, self.screen, line.at.timestamp())
            == day(self.app, self.screen, self.app.world.now);
        let date = if today { "" } else { date };
        match self.columns.time {
            14 => format!("{date:6}{time}"),
            _ => format!("{date:6}{}", clock(line, offset)),
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
            let value = said.structure.field(column.trim_start_matches('.'));
            let value = value.unwrap_or("");
            let wide = added_width(column).min(area.width);
            canvas.put(area.x, area.y, wide, value, theme.accent);
            area.x += wide + 2;
            area.width = area.width.saturating_sub(wide + 2);
        }
        let height = usize::from(area.height);
        let rest = skip_columns(&said.text, self.screen.left);
        let parts: Vec<Cow<'_, str>> = if self.screen.wrap {
            said.rows(area.width, height)
                .into_iter()
                .map(Cow::Owned)
                .collect()
        } else {
            vec![Cow::Borrowed(head(rest, area.width))]
        };
        let inked = said.inked.filter(|_| !self.screen.wrap);
        let mut end = area.x;
        let mut rows = 0;
        for part in parts.iter().take(height) {
            let row = Area {
                y: area.y + rows,
                ..area
            };
            end = match inked {
                Some(skipped) => {
                    let skipped = skipped + said.text.len() - rest.len();
                    draw_runs(canvas, row, part, (line.runs, skipped), style)
                }
                None => row.x + canvas.put(row.x, row.y, row.width, part, style),
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
                if !self
                    .screen
                    .columns
                    .iter()
                    .any(|it| it.trim_start_matches('.') == &**name)
                {
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
            let hidden = self.screen.trace(line).count();
            if hidden > 0 {
                let more = format!("▸ {}", count(hidden, "more line"));
                add(canvas, &more, theme.info);
            }
        }
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

/// Whether the page begins with a line that is not of today: such lines tell their day. A page of
/// today has no room to give for the day of a line that nobody sees.
fn is_dated(app: &App, screen: &LogScreen) -> bool {
    screen.line(screen.first_on_page()).is_some_and(|line| {
        day(app, screen, line.at.timestamp()) != day(app, screen, app.world.now)
    })
}

/// The day of a moment, counted from 1970, where the times are shown.
fn day(app: &App, screen: &LogScreen, at: Timestamp) -> i64 {
    let offset = match screen.times {
        Times::Utc => 0,
        _ => app.world.zone.offset(at),
    };
    (at.0 + offset * 1_000).div_euclid(86_400_000)
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
