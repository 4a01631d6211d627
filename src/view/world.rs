//! Line 1 of every screen: which cluster this is, who we are to it, how the connection stands, and
//! how the company is.

use super::paint::{Canvas, skip_columns, width};
use super::words::{count, grouped};
use crate::app::App;
use crate::app::layout::Area;
use crate::app::world::Connection;
use crate::domain::feed::FRESH;
use crate::domain::health::{Health, Tally};
use crate::domain::rows::Kind;
use crate::domain::time::{Millis, brief};
use crate::theme::Theme;
use ratatui::style::Style;

/// Between two parts, and between the health totals.
const GAPS: (u16, u16) = (2, 1);
/// A longer user name loses its beginning.
const USER: u16 = 28;
/// Below this the line has no room for what is merely nice to know.
const ROOMY: u16 = 110;

/// A name gives way down to this when nothing else can go.
const NAME: u16 = 8;
/// Before parts of this rank and below go, others are told in fewer words.
const TERSE: u8 = 2;

/// One part of the line.
struct Part {
    text: String,
    /// The same in fewer words, where there are some.
    terse: Option<&'static str>,
    style: Style,
    /// 0 stays; the higher, the sooner it goes.
    rank: u8,
    /// Columns before it.
    gap: u16,
}

impl Part {
    fn new(text: impl Into<String>, style: Style, rank: u8) -> Self {
        Self {
            text: text.into(),
            terse: None,
            style,
            rank,
            gap: GAPS.0,
        }
    }

    fn width(&self) -> u16 {
        width(&self.text) + self.gap
    }
}

/// Draws the line; a production context is a band from edge to edge.
pub fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let production = app.is_production();
    let mut left = who_and_where(app, theme, production, area.width);
    let mut right = how_it_is(app, canvas, area.width);
    if production {
        canvas.wash(area, theme.production);
        let badges = [theme.badge];
        for part in left
            .iter_mut()
            .chain(&mut right)
            .filter(|part| !badges.contains(&part.style))
        {
            part.style = theme.production;
        }
    }
    fit(&mut left, &mut right, area.width.saturating_sub(2));
    let needed: u16 = right.iter().map(Part::width).sum();
    let start = (area.x + area.width).saturating_sub(needed + 1);
    write(
        &left,
        canvas,
        Area {
            width: start.saturating_sub(1),
            ..area
        },
    );
    write(
        &right,
        canvas,
        Area {
            x: start.saturating_sub(1),
            width: area.width - start.saturating_sub(1),
            ..area
        },
    );
}

fn write(parts: &[Part], canvas: &mut Canvas<'_>, area: Area) {
    let end = area.x + area.width;
    let mut x = area.x + 1;
    for (n, part) in parts.iter().enumerate() {
        x += if n > 0 || area.x > 0 { part.gap } else { 0 };
        x += canvas.put(x, area.y, end.saturating_sub(x), &part.text, part.style);
    }
}

/// By how much two sides are too wide.
fn over(left: &[Part], right: &[Part], room: u16) -> u16 {
    let needed: u16 = left.iter().chain(right).map(Part::width).sum();
    needed.saturating_sub(room)
}

/// Takes away what matters less until both sides fit: ranks, long words, the ends of names.
fn fit(left: &mut Vec<Part>, right: &mut Vec<Part>, room: u16) {
    while over(left, right, room) > 0 {
        let ranks = left.iter().chain(right.iter()).map(|part| part.rank);
        let rank = ranks.max().unwrap_or(0);
        if rank <= TERSE
            && let Some((part, terse)) = left
                .iter_mut()
                .find_map(|part| part.terse.take().map(|terse| (part, terse)))
        {
            terse.clone_into(&mut part.text);
        } else if rank > 0 {
            left.retain(|part| part.rank < rank);
            right.retain(|part| part.rank < rank);
        } else {
            break;
        }
    }
    for n in 0..left.len().min(2) {
        let over = over(left, right, room);
        let whole = width(&left[n].text);
        if over > 0 && whole > NAME {
            left[n].text = cut(&left[n].text, whole.saturating_sub(over).max(NAME));
        }
    }
}

/// The beginning of a text, in so many columns.
fn cut(text: &str, columns: u16) -> String {
    let mut end = text.len();
    while width(&text[..end]) >= columns {
        end = text[..end]
            .char_indices()
            .next_back()
            .map_or(0, |(at, _)| at);
    }
    format!("{}…", &text[..end])
}

fn who_and_where(app: &App, theme: &Theme, production: bool, columns: u16) -> Vec<Part> {
    let world = &app.world;
    let mut parts = Vec::new();
    if columns >= ROOMY {
        parts.push(Part::new("quarterdeck", theme.accent, 5));
    }
    let context = world.context().filter(|name| !name.is_empty());
    let context = context.map_or_else(|| "no cluster".to_owned(), ToString::to_string);
    let context = if production {
        format!("PRODUCTION {context}")
    } else {
        context
    };
    parts.push(Part::new(context, theme.text, 0));
    if let Some(session) = &world.session {
        if !session.user.is_empty() {
            parts.push(Part::new(shortened(&session.user), theme.dim, 0));
        }
        let all = world.scope_names().is_none();
        parts.push(Part {
            terse: all.then_some("all ns"),
            ..Part::new(world.scope_label(), theme.dim, 0)
        });
        if session.demo {
            parts.push(Part::new("simulated", theme.dim, 0));
        }
        if session.insecure {
            parts.push(Part::new(" TLS NOT CHECKED ", theme.badge, 0));
        }
    }
    if world.readonly {
        parts.push(Part::new(" READ-ONLY ", theme.badge, 0));
    }
    parts
}

/// A service account has a long name: its end tells it apart.
fn shortened(user: &str) -> String {
    let over = usize::from(width(user).saturating_sub(USER));
    if over == 0 {
        return user.to_owned();
    }
    format!("…{}", skip_columns(user, over + 1))
}

fn how_it_is(app: &App, canvas: &Canvas<'_>, columns: u16) -> Vec<Part> {
    let theme = canvas.theme;
    let (text, style) = connection(app, theme);
    let mut parts = vec![Part::new(text, style, 0)];
    if matches!(app.world.connection(), Connection::Live) {
        let age = format!("<{}", brief(FRESH));
        parts.push(Part {
            gap: GAPS.1,
            ..Part::new(age, theme.dim, 2)
        });
    }
    if app.world.session.is_none() {
        return parts;
    }
    let (forbidden, scopes) = app.world.forbidden(Kind::Pod);
    if forbidden > 0 && forbidden == scopes {
        parts.push(Part::new("pods ?", theme.text, 0));
        return parts;
    }
    let counts = app.world.fleet.counts();
    let number = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    if columns >= ROOMY {
        parts.push(Part::new(
            count(number(counts.projects.total()), "project"),
            theme.dim,
            3,
        ));
        parts.push(Part::new(
            count(number(counts.releases.total()), "release"),
            theme.dim,
            4,
        ));
    }
    // Until the first list is complete, and where one is forbidden, the number is not the number of
    // pods.
    let pods = match (counts.pods, app.world.complete(Kind::Pod), forbidden) {
        (0, false, _) => "pods …".to_owned(),
        (n, false, _) => format!("pods {}…", grouped(number(n))),
        (n, true, 0) => format!("pods {}", grouped(number(n))),
        (n, true, _) => format!("pods {}+", grouped(number(n))),
    };
    parts.push(Part::new(pods, theme.text, 0));
    if app.world.settled() {
        parts.extend(totals(canvas, &counts.releases));
    }
    parts
}

/// `✖ 3 ▲ 1 ◐ 1` over releases; words when there is nothing to look at.
fn totals(canvas: &Canvas<'_>, tally: &Tally) -> Vec<Part> {
    let mut parts = Vec::new();
    for health in [Health::Failing, Health::Degraded, Health::Progressing] {
        if tally.of(health) > 0 {
            let (shape, style) = canvas.sign(health);
            let gap = if parts.is_empty() { GAPS.0 } else { GAPS.1 };
            parts.push(Part {
                gap,
                ..Part::new(format!("{shape} {}", tally.of(health)), style, 1)
            });
        }
    }
    if parts.is_empty() && tally.total() > 0 {
        parts.push(Part::new("all well", canvas.theme.healthy, 1));
    }
    parts
}

/// The connection in words: what is told must be true now.
fn connection(app: &App, theme: &Theme) -> (String, Style) {
    let now = app.world.now;
    let age = |at| brief(now.since(at));
    match app.world.connection() {
        Connection::Off => ("✖ no connection".into(), theme.failing),
        Connection::Connecting { since } if now.since(since) < Millis::seconds(1) => {
            ("◌ connecting".into(), theme.dim)
        }
        Connection::Connecting { since } => {
            (format!("◌ connecting {}", age(since)), theme.progressing)
        }
        Connection::Live => ("● live".into(), theme.healthy),
        Connection::Stale { seen } => (format!("▲ stale {}", age(seen)), theme.degraded),
        Connection::Disconnected { seen, retry_at, .. } => {
            let since = seen.map(|at| format!(" {}", age(at))).unwrap_or_default();
            let text = format!(
                "✖ disconnected{since}, retry in {}",
                brief(retry_at.since(now))
            );
            (text, theme.failing)
        }
    }
}
