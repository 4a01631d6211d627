//! A list screen: its rows, or in its own words why there are none.

use super::columns::Memory;
use super::frame::UNNOTICED;
use super::hits::Hits;
use super::paint::{Canvas, wrap};
use super::table::Table;
use super::words::{ago, grouped};
use crate::app::App;
use crate::app::layout::{Area, Regions};
use crate::app::screens::{ListScreen, Source};
use crate::app::status::{ListState, Refusal};
use crate::app::world::Connection;
use crate::command::Command;
use crate::domain::time::{Millis, brief};
use ratatui::style::Style;

/// Draws the list.
pub fn draw(
    app: &App,
    screen: &ListScreen,
    memory: &mut Memory,
    canvas: &mut Canvas<'_>,
    regions: &Regions,
    hits: &mut Hits,
) {
    let area = regions.body;
    let state = app.state_of(screen);
    let dimmed = matches!(
        state,
        ListState::Disconnected { .. } | ListState::Stale { .. }
    );
    let id = app.crumbs().join("/");
    let (table, below) = split(screen, area);
    let refused = app.refused_scopes(&screen.source);
    Table {
        id: &id,
        rows: screen.source.rows(),
        world: &app.world,
        list: &screen.list,
        dimmed,
        refused: &refused,
        settled: matches!(app.world.connection(), Connection::Live),
        previewed: regions.preview.is_some(),
        // The rule of the preview is the rail, where there is one.
        rail: regions
            .preview
            .map_or(area.x + area.width.saturating_sub(1), |preview| preview.x),
    }
    .draw(memory, canvas, table, hits);
    if let (Source::Containers(pod), Some(below)) = (&screen.source, below) {
        let chosen = regions.preview.is_none();
        super::containers::draw(app, pod, &screen.list, chosen, canvas, below);
    }
    if screen.list.order.rows().is_empty() {
        explain(app, screen, &state, canvas, area);
    }
}

/// A pod's screen has its containers above and what is known about them below.
fn split(screen: &ListScreen, area: Area) -> (Area, Option<Area>) {
    if !matches!(screen.source, Source::Containers(_)) {
        return (area, None);
    }
    let height = u16::try_from(screen.list.page + 1)
        .unwrap_or(area.height)
        .min(area.height);
    let below = Area {
        y: area.y + height,
        height: area.height - height,
        ..area
    };
    (Area { height, ..area }, (below.height > 2).then_some(below))
}

/// Says why no row is there, and what to do.
fn explain(app: &App, screen: &ListScreen, state: &ListState, canvas: &mut Canvas<'_>, area: Area) {
    let now = app.world.now;
    let theme = canvas.theme;
    let (head, style, rest): (String, Style, Vec<String>) = match state {
        ListState::Loading { since, .. } if now.since(*since) < UNNOTICED => return,
        ListState::Loading { what, since } => {
            let long = now.since(*since) > Millis::seconds(5);
            let hint = if long {
                let ctx = app.key_of(Command::Contexts);
                vec![format!("the server takes its time; {ctx} goes elsewhere")]
            } else {
                Vec::new()
            };
            (
                format!("loading {what}, {}", brief(now.since(*since))),
                theme.dim,
                hint,
            )
        }
        ListState::Empty {
            what, hidden: 0, ..
        } if !screen.source.in_namespaces() => (
            format!("no {what} yet"),
            theme.text,
            vec![format!("{} goes back", app.key_of(Command::Back))],
        ),
        ListState::Empty {
            what,
            scope,
            hidden: 0,
        } => (
            format!("no {what} in {scope}"),
            theme.text,
            ways_on(app, what),
        ),
        ListState::Empty { what, hidden, .. } => (
            match hidden {
                1 => "the only one does not match".to_owned(),
                more => format!("none of {} {what} matches", grouped(*more)),
            },
            theme.text,
            changes_of_filter(app, screen),
        ),
        ListState::Forbidden(refusal) => {
            (refusal.to_string(), theme.warning, despite(app, refusal))
        }
        ListState::Nothing { what, remedy } => (what.clone(), theme.text, vec![remedy.clone()]),
        ListState::Absent => (
            "this server does not have the kind".into(),
            theme.warning,
            vec![format!(
                "{} lists what it has · {} goes back",
                app.key_of(Command::Resources),
                app.key_of(Command::Back)
            )],
        ),
        ListState::Disconnected {
            seen,
            why,
            retry_at,
        } => {
            let seen = seen.map_or("nothing was seen yet".to_owned(), |at| {
                format!("last seen {}", ago(now, at))
            });
            (
                format!("disconnected: {why}"),
                theme.failing,
                vec![
                    format!("{seen}; retry in {}", brief(retry_at.since(now))),
                    elsewhere(app),
                ],
            )
        }
        ListState::Stale { seen } => (
            format!("no answer from the server since {}", ago(now, *seen)),
            theme.degraded,
            vec![elsewhere(app)],
        ),
        ListState::Ready | ListState::Partial(_) => return,
    };
    let width = area.width.saturating_sub(8);
    let x = area.x + 4;
    let mut y = area.y + (area.height / 4).min(6) + u16::from(area.height > 4);
    let mut line = |canvas: &mut Canvas<'_>, text: &str, style: Style| {
        for part in wrap(text, width) {
            if y < area.y + area.height {
                canvas.put(x, y, width, &part, style);
            }
            y += 1;
        }
    };
    line(canvas, &head, style);
    for text in &rest {
        line(canvas, text, theme.dim);
    }
}

/// Why the filter may have found nothing, and what to do.
fn changes_of_filter(app: &App, screen: &ListScreen) -> Vec<String> {
    let misnamed = app.no_column(screen).map(|(name, meant)| match meant {
        Some(meant) => format!("there is no column `{name}` here, but `{meant}`"),
        None => format!("there is no column `{name}` here: it was sought as a text"),
    });
    let unlabelled = app.no_label(screen).map(|(key, common)| match &common[..] {
        [] => "no row of this list has labels; pods have".to_owned(),
        common => format!(
            "no row has a label `{key}`; many have {}",
            common.join(", ")
        ),
    });
    let keys = format!(
        "{} shows them all again · {} changes the filter",
        app.key_of(Command::Back),
        app.key_of(Command::Filter)
    );
    misnamed
        .into_iter()
        .chain(unlabelled)
        .chain([keys])
        .collect()
}

/// What the server refuses, and what to do all the same.
fn despite(app: &App, refusal: &Refusal) -> Vec<String> {
    vec![
        format!(
            "the server refuses `{}` on `{}` to {}",
            refusal.verb,
            refusal.resource,
            who(app)
        ),
        format!(
            ":ns NAME,NAME shows namespaces in which you may · {} uses another context",
            app.key_of(Command::Contexts)
        ),
        "everything else that you may see still works".into(),
    ]
}

/// What to do where the server does not answer.
fn elsewhere(app: &App) -> String {
    format!(
        "{} tries now · {} goes to another cluster",
        app.key_of(Command::Reconnect),
        app.key_of(Command::Contexts)
    )
}

/// What to do where there is nothing.
fn ways_on(app: &App, what: &str) -> Vec<String> {
    let others = if app.world.scope_names().is_none() {
        String::new()
    } else {
        let all = app.key_of(Command::AllNamespaces);
        format!("{all} shows all namespaces · ")
    };
    let mut ways = vec![format!(
        "{others}{} chooses namespaces · {} goes to another cluster",
        app.key_of(Command::Namespaces),
        app.key_of(Command::Contexts)
    )];
    if what == "projects" {
        let new = app.key_of(Command::NewImage);
        ways.push(format!(
            "{new} makes the first image from a source, without a Dockerfile"
        ));
    }
    ways
}

fn who(app: &App) -> String {
    let user = app
        .world
        .session
        .as_ref()
        .map(|session| session.user.to_string())
        .unwrap_or_default();
    if user.is_empty() { "you".into() } else { user }
}

/// How many there are, for heads of sections: `Releases 3`.
pub fn section(title: &str, n: usize) -> String {
    format!("{title} {}", grouped(n))
}
