//! A moving picture: screens that follow each other, as one SVG that moves by itself. A row is kept
//! once for as long as it stays the same.

use super::font::Fonts;
use super::grid::Grid;
use super::svg::{Painter, place};
use std::fmt::Write;

/// A screen and how long it stands, in milliseconds.
#[derive(Clone, Debug)]
pub struct Frame {
    pub grid: Grid,
    pub stands: u32,
}

/// The film; empty without frames. The first screen is what a viewer shows that cannot move.
pub fn film(fonts: &Fonts, frames: &[Frame]) -> String {
    let Some(first) = frames.first() else {
        return String::new();
    };
    let total: u32 = frames.iter().map(|frame| frame.stands).sum();
    let mut painter = Painter::new(fonts);
    let mut body = String::new();
    for y in 0..first.grid.rows.len() {
        let mut begun = 0;
        let drawn = frames.iter().map(|frame| {
            let from = begun;
            begun += frame.stands;
            (painter.row(&frame.grid, y), from, begun)
        });
        // (drawing, spans in which it is seen), in order of appearance.
        let mut rows: Vec<(String, Vec<(u32, u32)>)> = Vec::new();
        for (row, from, to) in drawn {
            if row.is_empty() {
                continue;
            }
            match rows.iter_mut().find(|(known, _)| *known == row) {
                Some((_, spans)) => match spans.last_mut() {
                    Some(last) if last.1 == from => last.1 = to,
                    _ => spans.push((from, to)),
                },
                None => rows.push((row, vec![(from, to)])),
            }
        }
        for (row, spans) in rows {
            let _ = writeln!(body, "<g {}{}</g>", place(y), timed(&row, &spans, total));
        }
    }
    painter.finish(&first.grid, &body)
}

/// The rest of a row's element: shown in its spans only.
fn timed(row: &str, spans: &[(u32, u32)], total: u32) -> String {
    if spans == [(0, total)] {
        return format!(">{row}");
    }
    let mut values = Vec::new();
    let mut times = Vec::new();
    let mut at = |value: &'static str, ms: u32| {
        values.push(value);
        times.push(share(ms, total));
    };
    if spans.first().is_none_or(|span| span.0 != 0) {
        at("none", 0);
    }
    for (from, to) in spans {
        at("inline", *from);
        if *to != total {
            at("none", *to);
        }
    }
    let first = values.first().copied().unwrap_or("none");
    let hidden = if first == "none" {
        r#" display="none""#
    } else {
        ""
    };
    format!(
        r#"{hidden}>{row}<animate attributeName="display" values="{}" keyTimes="{}" dur="{total}ms" calcMode="discrete" repeatCount="indefinite"/>"#,
        values.join(";"),
        times.join(";")
    )
}

/// `ms` of `total` as a part of 1 with five places.
fn share(ms: u32, total: u32) -> String {
    let part = u64::from(ms) * 100_000 / u64::from(total.max(1));
    let text = format!("{}.{:05}", part / 100_000, part % 100_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_seen_in_its_spans_only() {
        assert_eq!(timed("r", &[(0, 100)], 100), ">r");
        let late = timed("r", &[(20, 40), (60, 100)], 100);
        assert!(late.starts_with(r#" display="none">r<animate"#), "{late}");
        assert!(
            late.contains(r#"values="none;inline;none;inline" keyTimes="0;0.2;0.4;0.6""#),
            "{late}"
        );
        let early = timed("r", &[(0, 50)], 100);
        assert!(
            early.contains(r#"values="inline;none" keyTimes="0;0.5""#),
            "{early}"
        );
    }
}
