//! The lower half of a pod's screen: the selected container, the pod's conditions, what happened.

use super::lines::Lines;
use super::paint::{Canvas, width, wrap};
use super::words::ago;
use crate::app::App;
use crate::app::layout::Area;
use crate::app::list::List;
use crate::app::screens::containers::Containers;
use crate::domain::rows::Truth;
use crate::domain::session::EventLine;
use crate::domain::text::Text;
use crate::domain::time::brief;

/// Draws what is known about the pod; the `chosen` container too, where no preview shows it.
pub fn draw(
    app: &App,
    pod: &Containers,
    list: &List,
    chosen: bool,
    canvas: &mut Canvas<'_>,
    area: Area,
) {
    canvas.rule(area.x + 1, area.y, area.width.saturating_sub(2));
    let inner = Area {
        x: area.x + 2,
        y: area.y + 1,
        width: area.width.saturating_sub(4),
        height: area.height - 1,
    };
    let mut lines = Lines::new(canvas, inner);
    if chosen && let Some(row) = list.selected() {
        container(app, pod, row, &mut lines);
        lines.gap();
    }
    about(app, pod, &mut lines);
    events(app, pod, &mut lines);
}

/// What the container is made of and how it is.
pub fn container(app: &App, pod: &Containers, row: u32, lines: &mut Lines<'_, '_>) {
    let Some((container, _)) = pod.container(&app.world, row) else {
        return;
    };
    let now = app.world.now;
    let accent = lines.theme().accent;
    lines.line(&container.name, accent);
    lines.fact("image", &container.image);
    if let Some(last) = &container.last {
        let when = last
            .finished
            .map(|at| format!(", {} ago", brief(now.since(at))))
            .unwrap_or_default();
        let ran = match (last.started, last.finished) {
            (Some(from), Some(to)) => format!(" after {}", brief(to.since(from))),
            _ => String::new(),
        };
        lines.fact(
            "last end",
            &format!(
                "{}, exit {}{ran}{when} {}",
                last.reason, last.exit_code, last.message
            ),
        );
    }
    let Some(spec) = pod.spec(&container.name) else {
        return;
    };
    lines.fact("digest", &spec.digest);
    lines.fact("ports", &joined(&spec.ports));
    for (n, probe) in spec.probes.iter().enumerate() {
        lines.fact(if n == 0 { "probes" } else { "" }, probe);
    }
    lines.fact("requests", &spec.requests);
    lines.fact("limits", &spec.limits);
    lines.fact("command", &spec.command);
    lines.fact("env", &joined(&spec.env));
    for (n, mount) in spec.mounts.iter().enumerate() {
        lines.fact(if n == 0 { "mounts" } else { "" }, mount);
    }
}

fn joined(texts: &[Text]) -> String {
    texts
        .iter()
        .map(Text::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

fn about(app: &App, pod: &Containers, lines: &mut Lines<'_, '_>) {
    let now = app.world.now;
    let theme = lines.theme();
    let Some(row) = pod.row(&app.world) else {
        lines.line("the pod is gone; esc goes back", theme.warning);
        return;
    };
    lines.head("Pod");
    lines.fact("node", &row.node);
    lines.fact("address", &row.ip);
    lines.fact("phase", &row.phase);
    let conditions: Vec<String> = row
        .conditions
        .iter()
        .map(|condition| {
            let since = condition
                .since
                .map(|at| format!(" {}", brief(now.since(at))))
                .unwrap_or_default();
            let not = if condition.status == Truth::True {
                ""
            } else {
                "not "
            };
            format!("{not}{}{since}", condition.kind)
        })
        .collect();
    lines.fact("conditions", &conditions.join(", "));
}

fn events(app: &App, pod: &Containers, lines: &mut Lines<'_, '_>) {
    let theme = lines.theme();
    lines.head("Events");
    match (&pod.events, &pod.trouble) {
        (Some(events), _) if events.is_empty() => {
            lines.line("none that the server still has", theme.dim);
        }
        (Some(events), _) => {
            let reason = events
                .iter()
                .map(|event| width(&reason(event)))
                .max()
                .unwrap_or(0);
            for event in events {
                event_line(app, event, reason, lines);
            }
        }
        (None, Some(why)) => lines.wrapped(&format!("not to be had: {why}"), theme.dim),
        (None, None) => lines.line("asking", theme.dim),
    }
}

/// `BackOff ×31`
fn reason(event: &EventLine) -> String {
    if event.count > 1 {
        format!("{} ×{}", event.reason, event.count)
    } else {
        event.reason.to_string()
    }
}

/// When, why, and the whole sentence under itself.
fn event_line(app: &App, event: &EventLine, reason_width: u16, lines: &mut Lines<'_, '_>) {
    const WHEN: u16 = 10;
    let theme = lines.theme();
    let when = event
        .last
        .map(|at| ago(app.world.now, at))
        .unwrap_or_default();
    let style = if event.warning {
        theme.warning
    } else {
        theme.text
    };
    let what = reason(event);
    let gap =
        |text: &str, columns: u16| " ".repeat(usize::from(columns.saturating_sub(width(text))));
    let (after_when, after_reason) = (gap(&when, WHEN), gap(&what, reason_width + 2));
    let indent = WHEN + reason_width + 2;
    let parts = wrap(&event.message, lines.width().saturating_sub(indent));
    for (n, part) in parts.iter().enumerate() {
        if n == 0 {
            lines.spans(&[
                (&when, theme.dim),
                (&after_when, theme.dim),
                (&what, style),
                (&after_reason, theme.dim),
                (part, theme.text),
            ]);
        } else {
            lines.spans(&[(&gap("", indent), theme.dim), (part, theme.text)]);
        }
    }
}
