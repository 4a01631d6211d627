//! What stands above the lines: how the log is read, its counts, what is wrong, and the sparkline.

use crate::app::layout::Area;
use crate::app::screens::logs::LogScreen;
use crate::app::{App, Hit};
use crate::domain::logs::{Order, SourceState, Start};
use crate::domain::time::brief;
use crate::theme::Theme;
use crate::view::hits::Hits;
use crate::view::paint::{Canvas, width};
use crate::view::words::{count, grouped};
use ratatui::style::Style;

/// Where fewer than one line in so many is an error, every error is worth a light.
const RARE: u64 = 200;

/// What is told above the lines.
pub(super) fn draw(
    app: &App,
    screen: &LogScreen,
    canvas: &mut Canvas<'_>,
    area: Area,
    hits: &mut Hits,
) {
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
    spans.extend(saving(screen).map(|text| (text, theme.progressing)));
    let number = |n: u64| grouped(usize::try_from(n).unwrap_or(usize::MAX));
    let mut numbers = vec![format!("in {}", number(counts.lines))];
    if screen.is_filtered() {
        numbers.push(format!("shown {}", grouped(screen.shown.written())));
        numbers.push(format!("filtered {}", grouped(screen.shown.hidden())));
    }
    if !screen.is_complete() {
        numbers.push("looking…".into());
    }
    if counts.evicted > 0 {
        numbers.push(format!("evicted {}", number(counts.evicted)));
    }
    spans.push((numbers.join("  "), theme.dim));
    spans.push((beginning(screen), theme.dim));
    if screen.log.order() == Order::Arrival && screen.build.is_none() {
        spans.push(("by arrival".into(), theme.info));
    }
    if screen.shown.context() > 0 && screen.is_filtered() {
        let context = screen.shown.context();
        spans.push((format!("±{context} lines"), theme.info));
    }
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

/// How far saving is.
fn saving(screen: &LogScreen) -> Option<String> {
    let saving = screen.saving.as_ref()?;
    let file = saving.file.as_ref().and_then(|file| file.file_name());
    let file = file.map_or(String::new(), |name| format!(" {}", name.to_string_lossy()));
    Some(format!("saving{file} {} %", saving.percent()))
}

/// Streams that are not as they should be.
fn troubles(app: &App, screen: &LogScreen, theme: &Theme) -> Vec<(String, Style)> {
    let (mut queued, mut opening, mut lost, mut waiting) = (0, 0, 0, 0);
    for info in screen.log.sources() {
        match info.state {
            SourceState::Queued => queued += 1,
            SourceState::Opening => opening += 1,
            SourceState::Lost(_) => lost += 1,
            SourceState::Waiting(_) => waiting += 1,
            SourceState::Live | SourceState::Ended => {}
        }
    }
    let mut spans = Vec::new();
    let connected = app.world.session.is_some();
    if opening > 0 && connected {
        spans.push((format!("{opening} being opened"), theme.progressing));
    }
    if queued > 0 && connected {
        spans.push((format!("{queued} queued"), theme.progressing));
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
