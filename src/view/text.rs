//! A text screen: coloured by what it is, folds and matches shown.

use super::frame::UNNOTICED;
use super::hits::Hits;
use super::paint::{Canvas, skip_columns, width, wrap};
use crate::app::layout::Area;
use crate::app::screens::text::{Arrival, Syntax, TextScreen};
use crate::app::{App, Hit};
use crate::command::Command;
use crate::domain::time::brief;
use crate::theme::Theme;
use ratatui::style::Style;

/// Draws the text.
pub fn draw(app: &App, screen: &TextScreen, canvas: &mut Canvas<'_>, area: Area, hits: &mut Hits) {
    let theme = canvas.theme;
    match &screen.arrival {
        Arrival::Loading(since) if screen.is_empty() => {
            let span = app.world.now.since(*since);
            if span >= UNNOTICED {
                canvas.put(
                    area.x + 4,
                    area.y + 2,
                    area.width.saturating_sub(6),
                    &format!("asking the server, {}", brief(span)),
                    theme.dim,
                );
            }
            return;
        }
        Arrival::Failed(failure) => {
            let ways = format!(
                "{} asks again · {} goes back",
                app.key_of(Command::Refresh),
                app.key_of(Command::Back)
            );
            let text: [&str; 4] = [&failure.what, &failure.why, &failure.remedy, &ways];
            let lines = text
                .into_iter()
                .flat_map(|text| wrap(text, area.width.saturating_sub(8)));
            for ((n, part), y) in lines.enumerate().zip(area.y + 2..area.y + area.height) {
                let style = if n == 0 { theme.error } else { theme.text };
                canvas.put(area.x + 4, y, area.width.saturating_sub(6), &part, style);
            }
            return;
        }
        _ => {}
    }
    let mut y = area.y;
    let mut n = first_line(screen, area);
    let bottom = area.y + area.height;
    while y < bottom {
        let Some((number, line, hidden)) = screen.line(n) else {
            break;
        };
        let row = Area {
            x: area.x,
            y,
            width: area.width,
            height: 1,
        };
        let parts = if screen.wrap {
            wrapped(line, screen.syntax, area.width.saturating_sub(3))
        } else {
            vec![skip_columns(line, screen.left).to_owned()]
        };
        for (at, part) in parts
            .iter()
            .enumerate()
            .take_while(|(at, _)| y + u16::try_from(*at).unwrap_or(u16::MAX) < bottom)
        {
            let y = y + u16::try_from(at).unwrap_or(0);
            if n == screen.cursor {
                canvas.wash(Area { y, ..row }, theme.selected);
            }
            draw_line(
                canvas,
                screen,
                part,
                area.x + 2,
                y,
                area.width.saturating_sub(3),
            );
        }
        if screen.foldable(number) && screen.syntax != Syntax::Plain {
            let mark = if hidden > 0 { "▸" } else { "▾" };
            canvas.put(area.x, y, 1, mark, theme.dim);
        }
        if hidden > 0 {
            let x = area.x + 2 + width(line) + 1;
            canvas.put(
                x,
                y,
                (area.x + area.width).saturating_sub(x),
                &format!("… {hidden} lines"),
                theme.dim,
            );
        }
        hits.add(row, Hit::Row(n));
        y += u16::try_from(parts.len()).unwrap_or(1);
        n += 1;
    }
}

/// The first line to draw: wrapped lines take more rows than the core counts, and the cursor must
/// be seen all the same.
fn first_line(screen: &TextScreen, area: Area) -> usize {
    if !screen.wrap {
        return screen.offset;
    }
    let height = |n: usize| {
        let line = screen.line(n).map_or("", |(_, line, _)| line);
        wrapped(line, screen.syntax, area.width.saturating_sub(3)).len()
    };
    let mut room = usize::from(area.height).saturating_sub(height(screen.cursor));
    let mut first = screen.cursor;
    while first > screen.offset && height(first - 1) <= room {
        first -= 1;
        room -= height(first);
    }
    first
}

/// A line over several rows; what goes on stands under the text it belongs to.
fn wrapped(line: &str, syntax: Syntax, limit: u16) -> Vec<String> {
    if width(line) <= limit {
        return vec![line.to_owned()];
    }
    let lead = line.len() - line.trim_start_matches([' ', '-']).len();
    let (at, indent) = match syntax {
        Syntax::Plain => {
            let gap = line.trim_end().rfind("  ").map_or(lead, |gap| gap + 2);
            (gap, width(&line[..gap]))
        }
        _ => (lead, width(&line[..lead]) + 2),
    };
    let (at, indent) = if indent > limit / 2 {
        (lead, width(&line[..lead]))
    } else {
        (at, indent)
    };
    let (head, body) = line.split_at(at);
    let gap = " ".repeat(usize::from(indent));
    let parts = wrap(body, limit.saturating_sub(indent));
    parts
        .into_iter()
        .enumerate()
        .map(|(n, part)| {
            if n == 0 {
                format!("{head}{part}")
            } else {
                format!("{gap}{part}")
            }
        })
        .collect()
}

fn draw_line(canvas: &mut Canvas<'_>, screen: &TextScreen, line: &str, x: u16, y: u16, limit: u16) {
    let theme = canvas.theme;
    match screen.syntax {
        Syntax::Yaml => {
            if line.trim_start().starts_with('#') {
                canvas.put(x, y, limit, line, theme.yaml_comment);
                return found(canvas, screen, line, x, y, limit);
            }
            let (key, rest) = yaml_key(line);
            let style = yaml_style(rest.trim(), theme);
            canvas.put_spans(x, y, limit, &[(key, theme.yaml_key), (rest, style)]);
        }
        Syntax::Describe => {
            let (key, rest) = describe_key(line);
            canvas.put_spans(x, y, limit, &[(key, theme.yaml_key), (rest, theme.text)]);
        }
        Syntax::Plain => {
            let head = !line.starts_with(' ') && !line.is_empty();
            canvas.put(
                x,
                y,
                limit,
                line,
                if head { theme.accent } else { theme.text },
            );
        }
    }
    found(canvas, screen, line, x, y, limit);
}

/// Lights what the search found.
fn found(canvas: &mut Canvas<'_>, screen: &TextScreen, line: &str, x: u16, y: u16, limit: u16) {
    let Some(regex) = screen
        .search
        .as_ref()
        .and_then(|search| search.regex.as_ref())
    else {
        return;
    };
    for found in regex.find_iter(line).filter(|found| !found.is_empty()) {
        let from = width(&line[..found.start()]);
        if from < limit {
            canvas.put(
                x + from,
                y,
                limit - from,
                found.as_str(),
                canvas.theme.found,
            );
        }
    }
}

/// `  - key:` and what follows; everything is value where there is no key.
fn yaml_key(line: &str) -> (&str, &str) {
    let body = line.trim_start_matches([' ', '-']);
    let indent = line.len() - body.len();
    let end = match body.as_bytes().first() {
        Some(b'"') => body[1..].find('"').map(|at| at + 2),
        _ => body.find(':'),
    };
    match end {
        Some(end)
            if body[end..].starts_with(':')
                && (body.len() == end + 1 || body[end + 1..].starts_with(' ')) =>
        {
            line.split_at(indent + end + 1)
        }
        _ => ("", line),
    }
}

fn yaml_style(value: &str, theme: &Theme) -> Style {
    let value = value.trim_start_matches("- ");
    match value {
        "true" | "false" | "null" | "~" | "{}" | "[]" | "|" | "|-" | ">" | ">-" => {
            theme.yaml_literal
        }
        _ if value.parse::<f64>().is_ok() => theme.yaml_number,
        _ => theme.yaml_string,
    }
}

/// `Name:` at the beginning of a line, as kubectl describes.
fn describe_key(line: &str) -> (&str, &str) {
    let key = line
        .find(':')
        .filter(|&at| line[at + 1..].starts_with(' ') || at + 1 == line.len());
    match key {
        Some(at)
            if line[..at]
                .trim()
                .chars()
                .next()
                .is_some_and(char::is_uppercase) =>
        {
            line.split_at(at + 1)
        }
        _ => ("", line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrapped_stands_under_the_text_it_belongs_to() {
        assert_eq!(
            wrapped("  enter  open the row that is selected", Syntax::Plain, 24),
            [
                "  enter  open the row",
                "         that is",
                "         selected"
            ]
        );
        assert_eq!(
            wrapped("    - one two three four", Syntax::Yaml, 18),
            ["    - one two", "        three four"]
        );
    }

    #[test]
    fn keys_of_yaml_end_at_their_colon() {
        for (line, key) in [
            ("kind: Pod", "kind:"),
            ("  - name: web", "  - name:"),
            ("  labels:", "  labels:"),
            (
                "    app.kubernetes.io/name: web",
                "    app.kubernetes.io/name:",
            ),
            ("  \"a b\": 1", "  \"a b\":"),
            ("  - http://x", ""),
            ("plain text", ""),
        ] {
            assert_eq!(yaml_key(line).0, key, "{line}");
        }
    }
}
