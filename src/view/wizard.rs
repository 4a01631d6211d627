//! The wizard: steps at the left, the form in the middle, the Dockerfile growing at the right.

use super::dockerfile;
use super::hits::Hits;
use super::paint::{Canvas, width, wrap};
use crate::app::layout::Area;
use crate::app::screens::wizard::{Act, Look, Row, Standing, Step, Ticked, Wizard, field};
use crate::app::{App, Hit};
use crate::domain::lint::Level;
use crate::domain::time::brief;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

/// Columns of the steps.
const STEPS: u16 = 20;
/// From so many columns on the Dockerfile stands beside the form.
const BESIDE: u16 = 110;
/// The narrowest form.
const FORM: u16 = 50;
/// Rows of a field for several lines.
const LONG: u16 = 4;
/// From so many rows on there is air between title, rows and help.
const AIRY: u16 = 30;
/// Rows of the help below the form.
const HELP: u16 = 2;
/// Columns of labels.
const LABEL: u16 = 24;
/// Columns of what a fact is about.
const FACT: u16 = 13;
/// The widest title of a choice.
const TITLE: u16 = 26;

/// What is told at the right of the breadcrumb.
pub fn summary(wizard: &Wizard) -> String {
    if let Some(remark) = &wizard.remark {
        return remark.clone();
    }
    let Some(found) = wizard.survey().and_then(|survey| survey.found.first()) else {
        return String::new();
    };
    let base = &wizard.recipe.base;
    let title = wizard
        .catalogue()
        .and_then(|catalogue| catalogue.stack(&base.stack))
        .map_or(base.stack.as_str(), |stack| &stack.title);
    let file = found
        .findings
        .first()
        .map_or("", |finding| &finding.evidence.file);
    format!("detected: {title} {} ({file})", base.version)
}

/// Draws the screen.
pub fn draw(app: &App, wizard: &Wizard, canvas: &mut Canvas<'_>, area: Area, hits: &mut Hits) {
    if wizard.comparing {
        return dockerfile::comparison(wizard, canvas, area);
    }
    if wizard.whole {
        return dockerfile::draw(wizard, canvas, area);
    }
    let side = if area.width >= BESIDE {
        area.width.saturating_sub(STEPS + FORM).min(area.width / 2)
    } else {
        0
    };
    let steps = Area {
        width: STEPS,
        ..area
    };
    let form = Area {
        x: area.x + STEPS,
        width: area.width.saturating_sub(STEPS + side),
        ..area
    };
    draw_steps(wizard, canvas, steps, hits);
    draw_form(app, wizard, canvas, form, hits);
    if side > 0 {
        let right = Area {
            x: area.x + area.width - side,
            width: side,
            ..area
        };
        canvas.bar(right.x, right.y, right.height);
        dockerfile::draw(
            wizard,
            canvas,
            Area {
                x: right.x + 2,
                width: side.saturating_sub(2),
                ..right
            },
        );
    }
}

fn draw_steps(wizard: &Wizard, canvas: &mut Canvas<'_>, area: Area, hits: &mut Hits) {
    let theme = canvas.theme;
    let top = head(area);
    for (n, step) in (0_u16..).zip(Step::ALL) {
        if n + top >= area.height {
            break;
        }
        let y = area.y + top + n;
        let (sign, style) = match wizard.standing(step) {
            Standing::Done => ("✔", theme.healthy),
            Standing::Asks => ("?", theme.warning),
            Standing::Wrong => ("✖", theme.failing),
            Standing::Open => ("·", theme.dim),
        };
        let seen = step == wizard.step;
        let mark = if seen { "▸" } else { " " };
        canvas.put(area.x + 1, y, 1, mark, theme.accent);
        canvas.put(area.x + 3, y, 1, sign, style);
        let style = if seen { theme.accent } else { theme.text };
        canvas.put(
            area.x + 5,
            y,
            area.width.saturating_sub(6),
            step.title(),
            style,
        );
        let line = Area {
            y,
            height: 1,
            ..area
        };
        hits.add(line, Hit::Step(step.place()));
    }
}

/// Rows above the first row of the form.
fn head(area: Area) -> u16 {
    if area.height >= AIRY { 2 } else { 1 }
}

/// Rows that a row of the form takes.
fn height(row: &Row, room: u16) -> u16 {
    let lines = |text: &str| u16::try_from(wrap(text, room).len()).unwrap_or(1);
    match row {
        Row::Head(_) => 2,
        Row::Say(text) | Row::Remark(_, text) => lines(text),
        Row::Fact(_, text) => {
            u16::try_from(wrap(text, room.saturating_sub(FACT)).len()).unwrap_or(1)
        }
        Row::Field(key) if Wizard::is_long(key) => LONG,
        Row::Trouble(_, what, remedy) => {
            lines(what) + if remedy.is_empty() { 0 } else { lines(remedy) }
        }
        Row::Field(_)
        | Row::Found { .. }
        | Row::Choice { .. }
        | Row::Tick { .. }
        | Row::Switch(..)
        | Row::Act(..) => 1,
    }
}

fn draw_form(app: &App, wizard: &Wizard, canvas: &mut Canvas<'_>, area: Area, hits: &mut Hits) {
    let theme = canvas.theme;
    let room = area.width.saturating_sub(3);
    canvas.put(area.x, area.y, room, wizard.step.title(), theme.accent);
    if let Look::Waiting(since) = wizard.look
        && wizard.step == Step::Source
    {
        let waited = app.world.now.since(since);
        if waited.0 >= 1_000 {
            canvas.put_right(area.x, area.y, room, &brief(waited), theme.dim);
        }
    }
    // The review says all of itself; elsewhere a row parts the help from what stands above it.
    let help = if wizard.step == Step::Review {
        0
    } else {
        HELP + 1
    };
    let foot = area.height.saturating_sub(HELP);
    let body = Area {
        y: area.y + head(area),
        height: area.height.saturating_sub(head(area) + help),
        width: room,
        ..area
    };
    let rows = wizard.rows();
    let mut heights: Vec<u16> = rows.iter().map(|row| height(row, room)).collect();
    let is_field = |row: &Row| matches!(row, Row::Field(_));
    let fields = rows.iter().filter(|row| is_field(row)).count();
    let wanted = heights.iter().map(|it| usize::from(*it)).sum::<usize>() + fields;
    // Fields stand apart where all of them are seen even so.
    let gap = u16::from(area.height >= AIRY && wanted <= usize::from(body.height));
    for (row, height) in rows.iter().zip(&mut heights) {
        *height += gap * u16::from(is_field(row));
    }
    let mut y = body.y;
    for (n, row) in rows
        .iter()
        .enumerate()
        .skip(first_row(wizard.row, &heights, body.height))
    {
        let left = (body.y + body.height).saturating_sub(y);
        if left == 0 {
            break;
        }
        let place = Area {
            y,
            height: heights[n].min(left),
            ..body
        };
        hits.add(place, Hit::Row(n));
        let drawn = Area {
            height: place
                .height
                .saturating_sub(gap * u16::from(is_field(row)))
                .max(1),
            ..place
        };
        draw_row(wizard, row, n == wizard.row, canvas, drawn);
        y += place.height;
    }
    if help == 0 {
        return;
    }
    let below = if area.height >= AIRY {
        y + 1
    } else {
        area.y + foot
    };
    let top = below.min(area.y + foot);
    let help = Area {
        y: top,
        height: (area.y + area.height).saturating_sub(top),
        width: room,
        ..area
    };
    draw_help(wizard, rows.get(wizard.row), canvas, help);
}

/// The first row that is drawn, so that the one with the keys is seen, with some of what follows.
fn first_row(focus: usize, heights: &[u16], room: u16) -> usize {
    let sum = |from: usize, to: usize| -> u16 { heights[from..to].iter().sum() };
    let end = (focus + 3).min(heights.len());
    (0..=focus)
        .find(|first| sum(*first, end) <= room)
        .unwrap_or(focus)
}

fn draw_row(wizard: &Wizard, row: &Row, focus: bool, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    if focus && !matches!(row, Row::Field(_)) {
        canvas.wash(area, theme.selected);
    }
    match row {
        Row::Head(text) => {
            if area.height > 1 {
                canvas.put(area.x, area.y + 1, area.width, text, theme.head);
            }
        }
        Row::Say(text) => {
            put_lines(canvas, area, text, theme.dim);
        }
        Row::Fact(about, text) => {
            canvas.put(area.x, area.y, FACT, about, theme.dim);
            let right = Area {
                x: area.x + FACT,
                width: area.width.saturating_sub(FACT),
                ..area
            };
            put_lines(canvas, right, text, theme.text);
        }
        Row::Remark(level, text) => {
            let style = match level {
                Level::Error => theme.failing,
                Level::Warning => theme.warning,
                Level::Note => theme.text,
            };
            put_lines(canvas, area, text, style);
        }
        Row::Found { what, evidence } => {
            let used = canvas.put(area.x, area.y, area.width, what, theme.text);
            let left = area.width.saturating_sub(used + 2);
            if width(evidence) <= left || left > 12 {
                canvas.put(area.x + used + 2, area.y, left, evidence, theme.dim);
            }
        }
        Row::Field(key) => draw_field(wizard, key, focus, canvas, area),
        Row::Choice {
            title,
            note,
            chosen,
            why_not,
            ..
        } => {
            let sign = if *chosen { "(•)" } else { "( )" };
            draw_option(sign, title, note, why_not.as_deref(), focus, canvas, area);
        }
        Row::Tick {
            title,
            note,
            state,
            why_not,
            ..
        } => {
            let sign = match state {
                Ticked::No => "[ ]",
                Ticked::Run => "[x]",
                Ticked::Build => "[b]",
            };
            draw_option(sign, title, note, why_not.as_deref(), focus, canvas, area);
        }
        Row::Switch(_, on, text) => {
            let sign = if *on { "[x]" } else { "[ ]" };
            canvas.put(area.x, area.y, 3, sign, theme.text);
            canvas.put(
                area.x + 4,
                area.y,
                area.width.saturating_sub(4),
                text,
                theme.text,
            );
        }
        Row::Act(act, text, note) => {
            let style = if *act == Act::Build && !wizard.ready() {
                theme.dim
            } else {
                theme.accent
            };
            let used = canvas.put(area.x, area.y, area.width, &format!("→ {text}"), style);
            let left = area.width.saturating_sub(used + 2);
            canvas.put(area.x + used + 2, area.y, left, note, theme.dim);
        }
        Row::Trouble(_, what, remedy) => {
            let used = put_lines(canvas, area, what, theme.failing);
            let below = Area {
                y: area.y + used,
                height: area.height - used,
                ..area
            };
            if !remedy.is_empty() {
                put_lines(canvas, below, remedy, theme.dim);
            }
        }
    }
}

fn draw_option(
    sign: &str,
    title: &str,
    note: &str,
    why_not: Option<&str>,
    focus: bool,
    canvas: &mut Canvas<'_>,
    area: Area,
) {
    let theme = canvas.theme;
    let style = if why_not.is_some() {
        theme.dim
    } else if focus {
        theme.accent
    } else {
        theme.text
    };
    canvas.put(area.x, area.y, 3, sign, style);
    let room = area.width.saturating_sub(4);
    canvas.put(area.x + 4, area.y, room.min(TITLE), title, style);
    let at = 4 + TITLE + 2;
    let left = area.width.saturating_sub(at);
    canvas.put(
        area.x + at,
        area.y,
        left,
        why_not.unwrap_or(note),
        theme.dim,
    );
}

fn draw_field(
    wizard: &Wizard,
    key: &'static str,
    focus: bool,
    canvas: &mut Canvas<'_>,
    area: Area,
) {
    let theme = canvas.theme;
    let label = field(key).map_or(key, |field| field.label);
    let wrong = wizard.troubles().any(|(known, _)| known == key);
    let style = match (focus, wrong) {
        (_, true) => theme.failing,
        (true, _) => theme.accent,
        _ => theme.dim,
    };
    let labels = LABEL.min(area.width / 3);
    canvas.put(area.x, area.y, labels, label, style);
    let x = area.x + labels + 1;
    let text = Area {
        x,
        width: area.width.saturating_sub(labels + 1),
        ..area
    };
    let Some(typed) = wizard.fields.get(key) else {
        return;
    };
    let empty = typed.lines().iter().all(String::is_empty);
    // The place where one types is seen, also while it is empty.
    canvas.wash(text, if focus { theme.selected } else { Style::new() });
    if focus {
        let mut typed = typed.clone();
        typed.set_style(theme.text.patch(theme.selected));
        typed.set_cursor_line_style(Style::new());
        typed.set_cursor_style(Style::new().add_modifier(ratatui::style::Modifier::REVERSED));
        typed.set_placeholder_style(theme.dim.patch(theme.selected));
        typed.set_placeholder_text(wizard.stands_in(key));
        let place = Rect {
            x: text.x,
            y: text.y,
            width: text.width,
            height: text.height,
        };
        typed.render(place.intersection(canvas.buffer.area), canvas.buffer);
        return;
    }
    let stands_in = wizard.stands_in(key);
    let (lines, style): (Vec<&str>, Style) = if empty {
        (stands_in.lines().collect(), theme.dim)
    } else {
        (
            typed.lines().iter().map(String::as_str).collect(),
            theme.text,
        )
    };
    for (y, line) in (text.y..text.y + text.height).zip(&lines) {
        canvas.put(text.x, y, text.width, line, style);
    }
    let missing = empty && stands_in.is_empty();
    if missing {
        let line = "─".repeat(usize::from(text.width.min(16)));
        canvas.put(text.x, text.y, text.width, &line, theme.rule);
    }
}

/// What to know about the row with the keys: what is wrong, where it was found, what is meant.
fn draw_help(wizard: &Wizard, row: Option<&Row>, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let (text, style) = match row {
        Some(Row::Field(key)) => {
            let trouble = wizard.troubles().find(|(known, _)| known == key);
            match (trouble, wizard.evidence(key)) {
                (Some((_, flaw)), _) => (format!("{}; {}", flaw.what, flaw.remedy), theme.failing),
                (None, Some(evidence)) => (format!("found: {evidence}"), theme.dim),
                (None, None) => (
                    field(key).map_or_else(String::new, |field| field.help.to_owned()),
                    theme.dim,
                ),
            }
        }
        Some(Row::Tick { note, why_not, .. }) => {
            let way = "space: [x] in the image, [b] for the build, [ ] no";
            let note = why_not.as_ref().unwrap_or(note);
            canvas.put(area.x, area.y, area.width, note, theme.text);
            let below = Area {
                y: area.y + 1,
                height: area.height.saturating_sub(1),
                ..area
            };
            put_lines(canvas, below, way, theme.dim);
            return;
        }
        Some(Row::Choice { .. }) => ("space chooses, enter chooses and goes on".into(), theme.dim),
        Some(Row::Trouble(..)) => ("enter goes to the answer".into(), theme.dim),
        _ => return,
    };
    put_lines(canvas, area, &text, style);
}

/// Puts a text over as many lines as there are; the lines used.
fn put_lines(canvas: &mut Canvas<'_>, area: Area, text: &str, style: Style) -> u16 {
    let lines = wrap(text, area.width);
    let mut used = 0;
    for (y, line) in (area.y..area.y + area.height).zip(&lines) {
        canvas.put(area.x, y, area.width, line, style);
        used += 1;
    }
    used
}
