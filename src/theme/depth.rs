//! What a terminal can show, and themes taken down to it.

use super::roles::Theme;
use ratatui::style::{Color, Style};

/// How many colours a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None.
    None,
    /// The sixteen that the person chose for the terminal.
    Sixteen,
    /// The 256 of xterm.
    Indexed,
    /// Any.
    True,
}

/// The depth that the environment tells: `NO_COLOR` (any value but none), `COLORTERM`, `TERM`.
pub fn detect(no_color: Option<&str>, colorterm: Option<&str>, term: Option<&str>) -> Depth {
    let term = term.unwrap_or("");
    if no_color.is_some_and(|value| !value.is_empty()) || term == "dumb" {
        return Depth::None;
    }
    match colorterm {
        Some("truecolor" | "24bit") => Depth::True,
        _ if term.contains("direct")
            || term.contains("kitty")
            || term.contains("ghostty")
            || term.contains("alacritty") =>
        {
            Depth::True
        }
        _ if term.contains("256color") => Depth::Indexed,
        _ => Depth::Sixteen,
    }
}

impl Theme {
    /// The theme as a terminal of this depth can show it.
    #[must_use]
    pub fn at_depth(&self, depth: Depth) -> Self {
        if depth == Depth::None {
            return self.without_colour();
        }
        let mut theme = self.clone();
        for role in Self::ROLES {
            if let Some(style) = theme.role_mut(role) {
                *style = Style {
                    fg: style.fg.map(|c| reduce(c, depth)),
                    bg: style.bg.map(|c| reduce(c, depth)),
                    ..*style
                };
            }
        }
        theme
    }
}

/// The nearest colour of that depth.
fn reduce(colour: Color, depth: Depth) -> Color {
    match (colour, depth) {
        (Color::Rgb(r, g, b), Depth::Indexed) => Color::Indexed(nearest_indexed((r, g, b))),
        (Color::Rgb(r, g, b), Depth::Sixteen) => nearest_sixteen((r, g, b)),
        (colour, _) => colour,
    }
}

type Rgb = (u8, u8, u8);

/// The levels of xterm's 6×6×6 cube.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

fn distance(a: Rgb, b: Rgb) -> u32 {
    let d = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    // The eye sees green better than red, and red better than blue.
    3 * d(a.0, b.0) + 6 * d(a.1, b.1) + d(a.2, b.2)
}

fn nearest_indexed(colour: Rgb) -> u8 {
    let cube = (0..216_u8).map(|n| {
        (
            16 + n,
            (
                LEVELS[usize::from(n / 36)],
                LEVELS[usize::from(n / 6 % 6)],
                LEVELS[usize::from(n % 6)],
            ),
        )
    });
    let greys = (0..24_u8).map(|n| (232 + n, (8 + n * 10, 8 + n * 10, 8 + n * 10)));
    cube.chain(greys)
        .min_by_key(|(_, rgb)| distance(*rgb, colour))
        .map_or(7, |(index, _)| index)
}

fn nearest_sixteen(colour: Rgb) -> Color {
    let known: [(Color, Rgb); 16] = [
        (Color::Black, (0, 0, 0)),
        (Color::Red, (170, 0, 0)),
        (Color::Green, (0, 170, 0)),
        (Color::Yellow, (170, 110, 0)),
        (Color::Blue, (0, 0, 170)),
        (Color::Magenta, (170, 0, 170)),
        (Color::Cyan, (0, 170, 170)),
        (Color::Gray, (190, 190, 190)),
        (Color::DarkGray, (100, 100, 100)),
        (Color::LightRed, (255, 85, 85)),
        (Color::LightGreen, (85, 255, 85)),
        (Color::LightYellow, (255, 255, 85)),
        (Color::LightBlue, (85, 85, 255)),
        (Color::LightMagenta, (255, 85, 255)),
        (Color::LightCyan, (85, 255, 255)),
        (Color::White, (255, 255, 255)),
    ];
    known
        .iter()
        .min_by_key(|(_, rgb)| distance(*rgb, colour))
        .map_or(Color::Reset, |(colour, _)| *colour)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_tells_the_depth() {
        assert_eq!(
            detect(Some("1"), Some("truecolor"), Some("xterm")),
            Depth::None
        );
        assert_eq!(
            detect(Some(""), Some("truecolor"), Some("xterm")),
            Depth::True
        );
        assert_eq!(detect(None, None, Some("xterm-256color")), Depth::Indexed);
        assert_eq!(detect(None, None, Some("xterm")), Depth::Sixteen);
        assert_eq!(detect(None, None, Some("dumb")), Depth::None);
    }

    #[test]
    fn colours_come_down_to_the_nearest() {
        assert_eq!(
            reduce(Color::Rgb(255, 0, 0), Depth::Indexed),
            Color::Indexed(196)
        );
        assert_eq!(
            reduce(Color::Rgb(250, 80, 80), Depth::Sixteen),
            Color::LightRed
        );
        assert_eq!(
            reduce(Color::Rgb(1, 2, 3), Depth::True),
            Color::Rgb(1, 2, 3)
        );
    }

    #[test]
    fn without_colour_the_selection_can_still_be_seen() {
        let theme = super::super::shipped("dark")
            .unwrap_or_default()
            .at_depth(Depth::None);
        assert!(
            theme
                .all()
                .iter()
                .all(|(_, style)| style.fg.is_none() && style.bg.is_none())
        );
        assert_ne!(theme.selected, Style::new());
    }
}
