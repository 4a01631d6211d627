//! How well a colour can be read on another.

use ratatui::style::Color;

/// The WCAG 2 contrast ratio, 1 to 21; `None` for colours that the terminal chooses.
pub fn contrast(a: Color, b: Color) -> Option<f64> {
    let (a, b) = (luminance(a)?, luminance(b)?);
    let (light, dark) = if a > b { (a, b) } else { (b, a) };
    Some((light + 0.05) / (dark + 0.05))
}

/// Relative luminance as WCAG 2 defines it.
fn luminance(colour: Color) -> Option<f64> {
    let Color::Rgb(r, g, b) = colour else {
        return None;
    };
    let channel = |c: u8| {
        let c = f64::from(c) / 255.0;
        if c <= 0.04045 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    };
    Some(0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_on_white_is_twenty_one() {
        let ratio = contrast(Color::Rgb(0, 0, 0), Color::Rgb(255, 255, 255)).unwrap_or(0.0);
        assert!((ratio - 21.0).abs() < 0.01);
        assert_eq!(contrast(Color::Red, Color::Reset), None);
    }
}
