//! Box drawing and block elements (U+2500 to U+259F) as shapes: drawn from a font they would leave
//! hairlines between cells.

use std::fmt::Write;

/// The arms of each box character: up, right, down, left; 0 none, 1 light, 2 heavy, 3 double. What
/// is not made of arms (dashes, arcs, diagonals) has dots.
const ARMS: &str = "\
    0101 0202 1010 2020 .... .... .... .... \
    .... .... .... .... 0110 0210 0120 0220 \
    0011 0012 0021 0022 1100 1200 2100 2200 \
    1001 1002 2001 2002 1110 1210 2110 1120 \
    2120 2210 1220 2220 1011 1012 2011 1021 \
    2021 2012 1022 2022 0111 0112 0211 0212 \
    0121 0122 0221 0222 1101 1102 1201 1202 \
    2101 2102 2201 2202 1111 1112 1211 1212 \
    2111 1121 2121 2112 2211 1122 1221 2212 \
    1222 2122 2221 2222 .... .... .... .... \
    0303 3030 0310 0130 0330 0013 0031 0033 \
    1300 3100 3300 1003 3001 3003 1310 3130 \
    3330 1013 3031 3033 0313 0131 0333 1303 \
    3101 3303 1313 3131 3333 .... .... .... \
    .... .... .... .... 0001 1000 0100 0010 \
    0002 2000 0200 0020 0201 1020 0102 2010";

/// Width of a light line.
const LIGHT: f32 = 1.2;

/// The SVG of a character in a cell `w` by `h` whose corner is the origin, drawn in the current
/// fill; `None` when it is none of ours.
pub fn shape(character: char, w: f32, h: f32) -> Option<String> {
    let code = u32::from(character);
    match code {
        0x2580..=0x259F => Some(block(code, w, h)),
        0x2500..=0x257F => Some(line(code, w, h)),
        _ => None,
    }
}

fn rect(x: f32, y: f32, w: f32, h: f32) -> String {
    format!(
        r#"<path d="M{} {}h{}v{}h-{}z"/>"#,
        number(x),
        number(y),
        number(w),
        number(h),
        number(w)
    )
}

/// A number as short as it can be, with two places.
pub fn number(value: f32) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0" } else { text }.to_owned()
}

fn line(code: u32, w: f32, h: f32) -> String {
    let (cx, cy) = (w / 2.0, h / 2.0);
    let stroke = |d: String| {
        format!(r#"<path d="{d}" fill="none" stroke="currentColor" stroke-width="{LIGHT}"/>"#)
    };
    match code {
        0x256D => return stroke(format!("M{w} {cy}Q{cx} {cy} {cx} {h}")),
        0x256E => return stroke(format!("M0 {cy}Q{cx} {cy} {cx} {h}")),
        0x256F => return stroke(format!("M0 {cy}Q{cx} {cy} {cx} 0")),
        0x2570 => return stroke(format!("M{w} {cy}Q{cx} {cy} {cx} 0")),
        0x2571 => return stroke(format!("M0 {h}L{w} 0")),
        0x2572 => return stroke(format!("M0 0L{w} {h}")),
        0x2573 => return stroke(format!("M0 {h}L{w} 0M0 0L{w} {h}")),
        0x2504..=0x250B | 0x254C..=0x254F => return dashes(code, w, h),
        _ => {}
    }
    let at = usize::try_from(code - 0x2500).unwrap_or(0);
    let arms = ARMS.split_ascii_whitespace().nth(at).unwrap_or("0000");
    arms.chars()
        .zip(0..4)
        .fold(String::new(), |mut out, (weight, way)| {
            let (thick, shifts): (f32, &[f32]) = match weight {
                '1' => (LIGHT, &[0.0]),
                '2' => (LIGHT * 2.0, &[0.0]),
                '3' => (LIGHT, &[-1.6, 1.6]),
                _ => return out,
            };
            for shift in shifts {
                // An arm reaches a little over the middle, so that corners close.
                let over = thick / 2.0 + shift.abs();
                out += &match way {
                    0 => rect(cx + shift - thick / 2.0, 0.0, thick, cy + over),
                    1 => rect(cx - over, cy + shift - thick / 2.0, w - cx + over, thick),
                    2 => rect(cx + shift - thick / 2.0, cy - over, thick, h - cy + over),
                    _ => rect(0.0, cy + shift - thick / 2.0, cx + over, thick),
                };
            }
            out
        })
}

fn dashes(code: u32, w: f32, h: f32) -> String {
    let count = match code {
        0x2504..=0x2507 => 3.0,
        0x2508..=0x250B => 4.0,
        _ => 2.0,
    };
    let thick = if code.is_multiple_of(2) {
        LIGHT
    } else {
        LIGHT * 2.0
    };
    let upright = code % 4 >= 2;
    let length = if upright { h } else { w } / count;
    let mut out = String::new();
    let mut from = length * 0.2;
    while from < length * count {
        out += &if upright {
            rect((w - thick) / 2.0, from, thick, length * 0.6)
        } else {
            rect(from, (h - thick) / 2.0, length * 0.6, thick)
        };
        from += length;
    }
    out
}

fn block(code: u32, w: f32, h: f32) -> String {
    // `code` is below 0x25A0: eighths of a cell are small numbers.
    let eighths = |n: u32| f32::from(u8::try_from(n).unwrap_or(8)) / 8.0;
    match code {
        0x2580 => rect(0.0, 0.0, w, h / 2.0),
        0x2581..=0x2588 => {
            let part = eighths(code - 0x2580) * h;
            rect(0.0, h - part, w, part)
        }
        0x2589..=0x258F => rect(0.0, 0.0, eighths(0x2590 - code) * w, h),
        0x2590 => rect(w / 2.0, 0.0, w / 2.0, h),
        0x2591..=0x2593 => {
            let mut out = String::new();
            let strength = eighths(code - 0x2590) * 2.0;
            let _ = write!(
                out,
                r#"<g opacity="{}">{}</g>"#,
                number(strength),
                rect(0.0, 0.0, w, h)
            );
            out
        }
        0x2594 => rect(0.0, 0.0, w, h / 8.0),
        0x2595 => rect(w * 7.0 / 8.0, 0.0, w / 8.0, h),
        _ => quadrants(code, w, h),
    }
}

/// U+2596 to U+259F: upper left 1, upper right 2, lower left 4, lower right 8.
fn quadrants(code: u32, w: f32, h: f32) -> String {
    const PARTS: [u8; 10] = [
        4,
        8,
        1,
        1 | 4 | 8,
        1 | 8,
        1 | 2 | 4,
        1 | 2 | 8,
        2,
        2 | 4,
        2 | 4 | 8,
    ];
    let parts = usize::try_from(code - 0x2596).ok();
    let parts = parts.and_then(|at| PARTS.get(at)).copied().unwrap_or(0);
    let places = [(1, 0.0, 0.0), (2, 0.5, 0.0), (4, 0.0, 0.5), (8, 0.5, 0.5)];
    places
        .into_iter()
        .filter(|(bit, ..)| parts & bit != 0)
        .map(|(_, x, y)| rect(x * w, y * h, w / 2.0, h / 2.0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_box_and_block_has_a_shape_and_nothing_else_has() {
        assert_eq!(ARMS.split_ascii_whitespace().count(), 128);
        for code in 0x2500..=0x259F_u32 {
            let drawn = char::from_u32(code).and_then(|c| shape(c, 10.0, 21.0));
            assert!(drawn.is_some_and(|svg| svg.contains("<path")), "{code:x}");
        }
        assert_eq!(shape('a', 10.0, 21.0), None);
    }

    #[test]
    fn lines_meet_at_the_edges_of_their_cells() {
        // Across: from the left edge to the right one, in two arms.
        let across = shape('─', 10.0, 20.0).unwrap_or_default();
        assert!(
            across.contains("M0 9.4h5.6") && across.contains("M4.4 9.4h5.6"),
            "{across}"
        );
        assert_eq!(
            shape('▄', 10.0, 20.0).unwrap_or_default(),
            r#"<path d="M0 10h10v10h-10z"/>"#
        );
        assert_eq!(
            shape('▝', 10.0, 20.0).unwrap_or_default(),
            r#"<path d="M5 0h5v10h-5z"/>"#
        );
    }
}
