//! The preview of the selection, at the right: whose it is, what is in it, and where something
//! fails, the reason, with the last lines of the container that is to blame.

use super::lines::Lines;
use super::list::section;
use super::paint::{Canvas, width, wrap};
use super::words::ago;
use crate::app::App;
use crate::app::layout::Area;
use crate::app::preview::Tail;
use crate::app::screens::recipes::Recipes;
use crate::app::screens::{ListScreen, Source};
use crate::domain::fleet::{NamespaceId, NodeId, PodId, ProjectId, ReleaseId, WorkloadId};
use crate::domain::health::Cause;
use crate::domain::listing::{Listed, labels_text};
use crate::domain::logs::Level;
use crate::domain::logs::structure::Structure;
use crate::domain::outdated::Age;
use crate::domain::rows::Truth;
use crate::domain::text::{Text, clean};
use crate::domain::time::brief;
use ratatui::style::Style;
use std::fmt::Write as _;

/// Children shown before "and n more".
const CHILDREN: usize = 12;

/// Draws the preview.
pub fn draw(app: &App, screen: &ListScreen, canvas: &mut Canvas<'_>, area: Area) {
    canvas.bar(area.x, area.y, area.height);
    let inner = Area {
        x: area.x + 2,
        width: area.width.saturating_sub(3),
        ..area
    };
    // Recipes are no rows of a cluster.
    if let (Source::Recipes(rows), Some(row)) = (&screen.source, screen.list.selected()) {
        return recipe(rows, row, &mut Lines::new(canvas, inner));
    }
    let Some(row) = screen.list.selected().filter(|_| app.world.settled()) else {
        return;
    };
    let mut lines = Lines::new(canvas, inner);
    match &screen.source {
        Source::Projects(_) => project(app, ProjectId(row), &mut lines),
        Source::Releases(_) => release(app, ReleaseId(row), &mut lines),
        Source::Workloads(_) => workload(app, WorkloadId(row), &mut lines),
        Source::Pods(_) => pod(app, PodId(row), &mut lines),
        Source::Nodes(_) => node(app, NodeId(row), &mut lines),
        Source::Namespaces(_) => namespace(app, NamespaceId(row), &mut lines),
        Source::Containers(pod) => super::containers::container(app, pod, row, &mut lines),
        _ => return,
    }
    tail(app, &mut lines);
}

/// Whose it is: what is known of department, owner and environment, broken between the parts.
fn whose(lines: &mut Lines<'_, '_>, parts: &[(&str, &Text)]) {
    let dim = lines.theme().dim;
    let room = lines.width();
    let mut line = String::new();
    for (name, value) in parts.iter().filter(|(_, value)| !value.is_empty()) {
        let part = format!("{name} {value}");
        if !line.is_empty() && width(&line) + 3 + width(&part) > room {
            lines.line(&line, dim);
            line.clear();
        }
        if !line.is_empty() {
            line.push_str(" · ");
        }
        line.push_str(&part);
    }
    if !line.is_empty() {
        lines.line(&line, dim);
    }
}

/// A recipe, and what would change in its files.
fn recipe(rows: &Recipes, row: u32, lines: &mut Lines<'_, '_>) {
    let Some(aged) = rows.at(row) else { return };
    let theme = lines.theme();
    lines.line(Text::new(&rows.name(aged)).as_str(), theme.accent);
    let style = match aged.age {
        Age::Flawed => theme.failing,
        Age::Outdated => theme.warning,
        Age::Left => theme.dim,
        Age::Current => theme.healthy,
    };
    lines.line(aged.age.word(), style);
    if aged.files.is_empty() {
        lines.gap();
        lines.wrapped(&clean(&aged.why), theme.text);
    }
    for file in &aged.files {
        lines.head(&file.name);
        for (sign, line) in file.changes() {
            let style = match sign {
                '-' => theme.failing,
                '+' => theme.healthy,
                _ => theme.dim,
            };
            lines.line(&format!("{sign} {line}"), style);
        }
    }
}

fn cause(app: &App, cause: Option<&Cause>, lines: &mut Lines<'_, '_>) {
    if let Some(cause) = cause {
        lines.gap();
        let text = lines.theme().text;
        lines.wrapped(&cause.sentence(app.world.now), text);
    }
}

fn more(lines: &mut Lines<'_, '_>, shown: usize, all: usize) {
    if all > shown {
        let dim = lines.theme().dim;
        lines.line(&format!("  and {} more", all - shown), dim);
    }
}

fn project(app: &App, id: ProjectId, lines: &mut Lines<'_, '_>) {
    let fleet = &app.world.fleet;
    let Some(row) = fleet.project(id) else { return };
    let accent = lines.theme().accent;
    lines.line(&row.name, accent);
    whose(
        lines,
        &[("department", &row.department), ("owner", &row.owner)],
    );
    cause(app, row.cause.as_ref(), lines);
    let mut releases: Vec<_> = fleet
        .releases_of(id)
        .iter()
        .filter_map(|id| fleet.release(*id))
        .collect();
    releases.sort_by(|a, b| a.health.cmp(&b.health).then_with(|| a.name.cmp(&b.name)));
    lines.head(&section("Releases", releases.len()));
    for release in releases.iter().take(CHILDREN) {
        lines.child(
            release.health,
            &release.name,
            &format!("{}  {}/{}", release.version, release.ready, release.desired),
        );
    }
    more(lines, CHILDREN, releases.len());
}

fn release(app: &App, id: ReleaseId, lines: &mut Lines<'_, '_>) {
    let fleet = &app.world.fleet;
    let Some(row) = fleet.release(id) else { return };
    let accent = lines.theme().accent;
    lines.line(&row.name, accent);
    whose(
        lines,
        &[
            ("namespace", &row.namespace),
            ("environment", &row.environment),
            ("owner", &row.owner),
        ],
    );
    let rolled = row.changed.as_ref().map_or_else(Text::default, |changed| {
        Text::new(&ago(app.world.now, changed.at))
    });
    whose(
        lines,
        &[
            ("version", &row.version),
            ("revision", &row.revision),
            ("rolled out", &rolled),
        ],
    );
    cause(app, row.cause.as_ref(), lines);
    let mut workloads: Vec<_> = fleet
        .workloads_of(id)
        .iter()
        .filter_map(|id| fleet.workload(*id))
        .collect();
    workloads.sort_by(|a, b| a.health.cmp(&b.health).then_with(|| a.name.cmp(&b.name)));
    lines.head(&section("Workloads", workloads.len()));
    for workload in workloads.iter().take(CHILDREN) {
        let ready = if workload.desired > 0 {
            format!("{}/{}", workload.ready, workload.desired)
        } else {
            String::new()
        };
        lines.child(
            workload.health,
            &workload.name,
            &format!("{}  {ready}", workload.kind.to_lowercase()),
        );
    }
    more(lines, CHILDREN, workloads.len());
}

fn workload(app: &App, id: WorkloadId, lines: &mut Lines<'_, '_>) {
    let fleet = &app.world.fleet;
    let Some(row) = fleet.workload(id) else {
        return;
    };
    let accent = lines.theme().accent;
    lines.line(&format!("{} {}", row.kind.to_lowercase(), row.name), accent);
    whose(
        lines,
        &[
            ("namespace", &row.namespace),
            ("release", &row.release),
            ("owner", &row.owner),
        ],
    );
    cause(app, row.cause.as_ref(), lines);
    if let Some(object) = fleet
        .workload_object(id)
        .and_then(|workload| workload.object)
    {
        lines.head("Images");
        let text = lines.theme().text;
        for (name, image) in &object.images {
            lines.wrapped(&format!("{name}  {image}"), text);
        }
    }
    let mut pods: Vec<_> = fleet
        .pods_of_workload(id)
        .iter()
        .filter_map(|id| fleet.pod(*id))
        .collect();
    pods.sort_by(|a, b| {
        a.health
            .cmp(&b.health)
            .then_with(|| a.pod.meta.name.cmp(&b.pod.meta.name))
    });
    lines.head(&section("Pods", pods.len()));
    for pod in pods.iter().take(CHILDREN) {
        lines.child(pod.health, &pod.pod.meta.name, &pod.status().word);
    }
    more(lines, CHILDREN, pods.len());
}

fn pod(app: &App, id: PodId, lines: &mut Lines<'_, '_>) {
    let now = app.world.now;
    let Some(row) = app.world.fleet.pod(id) else {
        return;
    };
    let theme = lines.theme();
    lines.wrapped(&row.pod.meta.name, theme.accent);
    whose(
        lines,
        &[
            ("project", &row.workload.project),
            ("release", &row.workload.release),
            ("owner", &row.workload.owner),
        ],
    );
    cause(app, row.cause(now).as_ref(), lines);
    let containers: Vec<_> = row.pod.all_containers().collect();
    lines.head(&section("Containers", containers.len()));
    for (container, role) in containers {
        let mut state = String::new();
        crate::domain::listing::container_text(container, role, "state", now, &mut state);
        lines.child(
            crate::app::screens::containers::health_of(container, role),
            &container.name,
            &state,
        );
    }
    let bad: Vec<_> = row
        .pod
        .conditions
        .iter()
        .filter(|c| c.status != Truth::True)
        .collect();
    if !bad.is_empty() && row.health.wants_attention() {
        lines.head("Conditions");
        for condition in bad {
            let since = condition
                .since
                .map(|at| format!(" {}", brief(now.since(at))))
                .unwrap_or_default();
            let why = [&condition.message, &condition.reason];
            let why = why.into_iter().find(|text| !text.is_empty());
            let why = why.map(|text| format!(": {text}")).unwrap_or_default();
            lines.wrapped(&format!("not {}{since}{why}", condition.kind), theme.text);
        }
    }
    let mut labels = String::new();
    labels_text(&row.pod.meta.labels, &mut labels);
    if !labels.is_empty() && matches!(app.preview.tail, Tail::None) {
        lines.head("Labels");
        for label in labels.split(',') {
            lines.line(label, theme.dim);
        }
    }
}

fn node(app: &App, id: NodeId, lines: &mut Lines<'_, '_>) {
    let fleet = &app.world.fleet;
    let now = app.world.now;
    let Some(row) = fleet.node(id) else { return };
    let theme = lines.theme();
    lines.line(&row.node.meta.name, theme.accent);
    whose(
        lines,
        &[("roles", &row.node.roles), ("kubelet", &row.node.version)],
    );
    cause(app, row.cause.as_ref(), lines);
    lines.head("Capacity");
    for column in ["cpu", "memory", "pods"] {
        let mut text = String::new();
        row.text(column, now, &mut text);
        lines.fact(column, &text);
    }
    lines.fact("address", &row.node.internal_ip);
    lines.fact("system", &row.node.os_image);
    lines.fact("kernel", &row.node.kernel);
    lines.fact("runtime", &row.node.runtime);
    if !row.node.taints.is_empty() {
        lines.head("Taints");
        for taint in &row.node.taints {
            lines.wrapped(taint, theme.text);
        }
    }
    let mut sick: Vec<_> = fleet
        .pods_on(id)
        .iter()
        .filter_map(|id| fleet.pod(*id))
        .filter(|pod| pod.health.wants_attention())
        .collect();
    sick.sort_by(|a, b| {
        a.health
            .cmp(&b.health)
            .then_with(|| a.pod.meta.name.cmp(&b.pod.meta.name))
    });
    if !sick.is_empty() {
        lines.head(&section("Pods that are not well", sick.len()));
        for pod in sick.iter().take(CHILDREN) {
            lines.child(pod.health, &pod.pod.meta.name, &pod.status().word);
        }
    }
}

fn namespace(app: &App, id: NamespaceId, lines: &mut Lines<'_, '_>) {
    let fleet = &app.world.fleet;
    let Some(row) = fleet.namespace(id) else {
        return;
    };
    let accent = lines.theme().accent;
    lines.line(&row.meta.name, accent);
    whose(lines, &[("department", &row.department)]);
    cause(app, row.cause.as_ref(), lines);
    if row.outside {
        let dim = lines.theme().dim;
        lines.line("outside of the scope: nothing in it is watched", dim);
        lines.line("enter shows it", dim);
        return;
    }
    let releases: Vec<_> = fleet
        .releases_in(id)
        .iter()
        .filter_map(|id| fleet.release(*id))
        .collect();
    lines.head(&section("Releases", releases.len()));
    for release in releases.iter().take(CHILDREN) {
        lines.child(
            release.health,
            &release.name,
            &format!("{}/{}", release.ready, release.desired),
        );
    }
    more(lines, CHILDREN, releases.len());
}

/// The last lines of the one to blame.
fn tail(app: &App, lines: &mut Lines<'_, '_>) {
    let theme = lines.theme();
    let Some(culprit) = &app.preview.culprit else {
        return;
    };
    let head = if culprit.previous {
        format!("Before {} ended", culprit.container)
    } else {
        format!("Last lines of {}", culprit.container)
    };
    match &app.preview.tail {
        Tail::Lines(tail) if !tail.is_empty() => {
            lines.head(&head);
            last_lines(tail, lines);
        }
        Tail::Lines(_) => {
            lines.head(&head);
            lines.line("it wrote nothing", theme.dim);
        }
        Tail::Failed(why) => {
            lines.head(&head);
            lines.wrapped(&format!("not to be had: {why}"), theme.dim);
        }
        Tail::None | Tail::Waiting => {}
    }
}

/// The last of the lines that fit, whole: what a crashing program says last is the reason.
fn last_lines(tail: &[Text], lines: &mut Lines<'_, '_>) {
    let theme = lines.theme();
    let mut room = lines.left();
    let mut parts: Vec<(String, Vec<String>, Style)> = Vec::new();
    for line in tail.iter().rev() {
        let structure = Structure::of(line);
        let time = clock(&structure);
        let mut said = structure.message.to_string();
        for (name, value) in structure.details() {
            // Writing to a String cannot fail.
            let _ = write!(said, "  {name}={value}");
        }
        let indent = if time.is_empty() { 0 } else { width(&time) + 1 };
        let wrapped = wrap(&said, lines.width().saturating_sub(indent));
        if wrapped.len() > room {
            break;
        }
        room -= wrapped.len();
        let style = match structure.level {
            Some(Level::Fatal | Level::Error) => theme.error,
            Some(Level::Warn) => theme.warning,
            _ => theme.text,
        };
        parts.push((time, wrapped, style));
    }
    for (time, wrapped, style) in parts.iter().rev() {
        for (n, part) in wrapped.iter().enumerate() {
            let gap = if time.is_empty() { "" } else { " " };
            let blank = " ".repeat(time.len());
            lines.spans(&[
                (if n == 0 { time } else { &blank }, theme.dim),
                (gap, theme.dim),
                (part, *style),
            ]);
        }
    }
}

/// The time of day at which a line says it was written, empty when it says none: the date of a
/// last line is today.
fn clock(line: &Structure<'_>) -> String {
    let aside = &line.fields[line.details().len()..];
    let mut times = aside.iter().filter_map(|(_, value)| {
        let at = value.find(':')?.checked_sub(2)?;
        let time = value.get(at..at + 8)?;
        let shape = |c: u8| if c.is_ascii_digit() { b'0' } else { c };
        time.bytes()
            .map(shape)
            .eq(*b"00:00:00")
            .then(|| time.to_owned())
    });
    times.next_back().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lines_time_of_day_is_told_from_its_text() {
        for (line, time) in [
            ("2026-11-23T09:59:46.123Z INFO  up", "09:59:46"),
            (r"ts=2026-11-23T09:59:46Z level=info msg=up", "09:59:46"),
            (r#"{"time":1764000000,"msg":"up"}"#, ""),
            ("panic: no configuration", ""),
            ("日本語日本語日本語日本語 x", ""),
        ] {
            assert_eq!(clock(&Structure::of(line)), time, "{line}");
        }
    }
}
