//! What stands in one place of the screen, in words of our own.

use alacritty_terminal::term::cell::{Cell as Raw, Flags};
use alacritty_terminal::term::color::Colors;
use alacritty_terminal::vte::ansi::{Color, NamedColor};

/// A colour as the program asked for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// The outer terminal's own.
    #[default]
    Default,
    /// One of the palette of 256.
    Indexed(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

/// How a cell is underlined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Underline {
    /// Not at all.
    #[default]
    None,
    /// By one line.
    Single,
    /// By two lines.
    Double,
    /// By a wave.
    Curly,
    /// By dots.
    Dotted,
    /// By dashes.
    Dashed,
}

/// How a cell looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are the attributes of a terminal's cell, each by itself"
)]
pub struct Style {
    /// Colour of the text.
    pub foreground: Colour,
    /// Colour behind it.
    pub background: Colour,
    /// Colour of the underline; `Default` is that of the text.
    pub underline_colour: Colour,
    /// Underlined how.
    pub underline: Underline,
    /// Bold.
    pub bold: bool,
    /// Dim.
    pub dim: bool,
    /// Italic.
    pub italic: bool,
    /// Text and background exchanged.
    pub inverse: bool,
    /// Crossed out.
    pub strikeout: bool,
}

/// One place of the visible screen. The second half of a wide character is not a cell.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    /// Row, 0 at the top of what is shown.
    pub row: u16,
    /// Column, 0 at the left.
    pub column: u16,
    /// Columns that it takes: 1 or 2.
    pub width: u8,
    /// How it looks.
    pub style: Style,
    /// It is part of the selection.
    pub selected: bool,
    /// It is part of something that was searched for.
    pub found: bool,
    base: char,
    marks: &'a [char],
}

impl<'a> Cell<'a> {
    pub(super) fn new(raw: &'a Raw, colours: &Colors, row: u16, column: u16) -> Self {
        let hidden = raw.flags.contains(Flags::HIDDEN);
        let steers = !shows(raw.c);
        Self {
            row,
            column,
            width: if raw.flags.contains(Flags::WIDE_CHAR) {
                2
            } else {
                1
            },
            style: style(raw, colours),
            selected: false,
            found: false,
            base: if hidden || steers { ' ' } else { raw.c },
            marks: if hidden {
                &[]
            } else {
                raw.zerowidth().unwrap_or_default()
            },
        }
    }

    /// The character, without the marks that stand over or under it.
    pub const fn base(&self) -> char {
        self.base
    }

    /// Adds the cell's text to `out`: one character and the marks over or under it.
    pub fn text(&self, out: &mut String) {
        out.push(self.base);
        out.extend(self.marks.iter().copied().filter(|mark| !joins(*mark)));
    }

    /// Whether the cell is an empty place of the default look.
    pub fn is_blank(&self) -> bool {
        self.base == ' '
            && self.marks.is_empty()
            && !self.selected
            && !self.found
            && self.style == Style::default()
    }
}

/// Whether a character may stand on the screen: no control, nothing that turns the direction of
/// writing, nothing that ends a line.
pub(super) fn shows(c: char) -> bool {
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    !(c.is_control()
        || matches!(c,
            '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{200b}' | '\u{feff}'))
}

/// Characters that would melt a cell with its neighbour, or widen it, in an outer terminal that
/// draws emoji sequences as one: the grid has given each part its own place.
fn joins(mark: char) -> bool {
    matches!(mark, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

fn style(raw: &Raw, colours: &Colors) -> Style {
    let flags = raw.flags;
    let (foreground, dim) = colour(raw.fg, colours);
    Style {
        foreground,
        background: colour(raw.bg, colours).0,
        underline_colour: raw
            .underline_color()
            .map_or(Colour::Default, |it| colour(it, colours).0),
        underline: underline(flags),
        bold: flags.contains(Flags::BOLD),
        dim: dim || flags.contains(Flags::DIM),
        italic: flags.contains(Flags::ITALIC),
        inverse: flags.contains(Flags::INVERSE),
        strikeout: flags.contains(Flags::STRIKEOUT),
    }
}

fn underline(flags: Flags) -> Underline {
    [
        (Flags::UNDERLINE, Underline::Single),
        (Flags::DOUBLE_UNDERLINE, Underline::Double),
        (Flags::UNDERCURL, Underline::Curly),
        (Flags::DOTTED_UNDERLINE, Underline::Dotted),
        (Flags::DASHED_UNDERLINE, Underline::Dashed),
    ]
    .into_iter()
    .find(|(flag, _)| flags.contains(*flag))
    .map_or(Underline::None, |(_, underline)| underline)
}

/// The colour, and whether it stands for a dim one. Colours that the program has redefined hold
/// for its own screen only, so that they are resolved here.
fn colour(colour: Color, colours: &Colors) -> (Colour, bool) {
    let (index, dim) = match colour {
        Color::Spec(rgb) => return (Colour::Rgb(rgb.r, rgb.g, rgb.b), false),
        Color::Indexed(index) => (usize::from(index), false),
        Color::Named(named) => undimmed(named),
    };
    if let Some(rgb) = colours[index] {
        return (Colour::Rgb(rgb.r, rgb.g, rgb.b), dim);
    }
    (
        u8::try_from(index).map_or(Colour::Default, Colour::Indexed),
        dim,
    )
}

fn undimmed(named: NamedColor) -> (usize, bool) {
    let plain = match named {
        NamedColor::DimBlack => NamedColor::Black,
        NamedColor::DimRed => NamedColor::Red,
        NamedColor::DimGreen => NamedColor::Green,
        NamedColor::DimYellow => NamedColor::Yellow,
        NamedColor::DimBlue => NamedColor::Blue,
        NamedColor::DimMagenta => NamedColor::Magenta,
        NamedColor::DimCyan => NamedColor::Cyan,
        NamedColor::DimWhite => NamedColor::White,
        NamedColor::DimForeground => NamedColor::Foreground,
        NamedColor::BrightForeground => return (NamedColor::Foreground as usize, false),
        other => return (other as usize, false),
    };
    (plain as usize, true)
}

/// Where the next character goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Row of what is shown.
    pub row: u16,
    /// Column.
    pub column: u16,
    /// How the program wants it to look.
    pub shape: CursorShape,
}

/// How a cursor looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CursorShape {
    /// A block.
    #[default]
    Block,
    /// A line below.
    Underline,
    /// A line at the left.
    Bar,
}
