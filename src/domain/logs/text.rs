//! Makes the text of a line harmless. Colours (SGR) become [`Run`]s of [`Ink`]; every other
//! sequence that could steer a terminal is left out, and what is no text at all shows as `�`.
//!
//! An unfinished sequence ends with its line: it never swallows the next.

use crate::domain::text::is_hostile;

/// A colour as programs ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// One of the 256 of the palette; the first 16 are the terminal's own.
    Indexed(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

/// How a part of a line is to be drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an attribute of its own"
)]
pub struct Ink {
    /// Foreground; the terminal's own when `None`.
    pub fg: Option<Color>,
    /// Background.
    pub bg: Option<Color>,
    /// Bold.
    pub bold: bool,
    /// Faint.
    pub dim: bool,
    /// Italic.
    pub italic: bool,
    /// Underlined.
    pub underline: bool,
    /// Foreground and background exchanged.
    pub inverse: bool,
}

/// From this byte of the text on, this ink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Byte offset in the cleaned text.
    pub from: u32,
    /// The ink.
    pub ink: Ink,
}

/// Whether a line can be kept as it is: printable ASCII and tabs, which is the rule.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without branches the loop goes over many bytes at once"
)]
pub fn is_plain(line: &[u8]) -> bool {
    // Without an early exit the compiler does sixteen bytes at a time.
    line.iter().fold(true, |plain, byte| {
        plain & ((0x20..0x7f).contains(byte) | (*byte == b'\t'))
    })
}

/// Appends the cleaned line to `out`; the runs of ink are empty for a line without colour.
pub fn clean(line: &[u8], out: &mut String) -> Vec<Run> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if is_plain(line) {
        // Checked above: ASCII is UTF-8.
        out.push_str(std::str::from_utf8(line).unwrap_or_default());
        return Vec::new();
    }
    let text = String::from_utf8_lossy(line);
    let mut cleaner = Cleaner {
        base: out.len(),
        out,
        ink: Ink::default(),
        runs: Vec::new(),
    };
    cleaner.take(&text);
    cleaner.runs
}

struct Cleaner<'a> {
    out: &'a mut String,
    base: usize,
    ink: Ink,
    runs: Vec<Run>,
}

impl Cleaner<'_> {
    fn take(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            rest = match c {
                '\x1b' => self.escape(&rest[1..]),
                '\u{9b}' => self.control_sequence(&rest[c.len_utf8()..]),
                '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => string(&rest[c.len_utf8()..]),
                // Programs that redraw a line: only what stood there last would have been seen,
                // but what was overwritten may be what is sought.
                '\r' => {
                    self.out.push(' ');
                    &rest[1..]
                }
                '\t' => {
                    self.out.push('\t');
                    &rest[1..]
                }
                c if is_hostile(c) => {
                    self.out.push('\u{fffd}');
                    &rest[c.len_utf8()..]
                }
                c => {
                    self.out.push(c);
                    &rest[c.len_utf8()..]
                }
            };
        }
    }

    /// What follows an escape character.
    fn escape<'t>(&mut self, rest: &'t str) -> &'t str {
        match rest.chars().next() {
            Some('[') => self.control_sequence(&rest[1..]),
            Some(']' | 'P' | 'X' | '^' | '_') => string(&rest[1..]),
            // Intermediate bytes and one final one.
            Some(' '..='/') => {
                let end = rest.find(|c: char| !(' '..='/').contains(&c));
                end.map_or("", |at| skip_char(&rest[at..]))
            }
            Some('0'..='~') => &rest[1..],
            _ => {
                self.out.push('\u{fffd}');
                rest
            }
        }
    }

    fn control_sequence<'t>(&mut self, rest: &'t str) -> &'t str {
        let Some(end) = rest.find(|c: char| !('\x20'..='\x3f').contains(&c)) else {
            return "";
        };
        let (parameters, tail) = rest.split_at(end);
        if !tail.starts_with(|c: char| ('\x40'..='\x7e').contains(&c)) {
            return tail;
        }
        if tail.starts_with('m') {
            self.colour(parameters);
        }
        &tail[1..]
    }

    fn colour(&mut self, parameters: &str) {
        if !parameters
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':'))
        {
            return;
        }
        let numbers: Vec<u16> = parameters
            .split([';', ':'])
            .map(|number| number.parse().unwrap_or(0))
            .collect();
        let mut at = 0;
        while let Some(&number) = numbers.get(at) {
            at += 1;
            match number {
                38 | 48 => {
                    let (colour, used) = extended(&numbers[at..]);
                    at += used;
                    let place = if number == 38 {
                        &mut self.ink.fg
                    } else {
                        &mut self.ink.bg
                    };
                    *place = colour.or(*place);
                }
                number => self.ink.set(number),
            }
        }
        let from = u32::try_from(self.out.len() - self.base).unwrap_or(u32::MAX);
        if let Some(last) = self.runs.last_mut().filter(|run| run.from == from) {
            last.ink = self.ink;
        } else if self.runs.last().map_or(Ink::default(), |run| run.ink) != self.ink {
            self.runs.push(Run {
                from,
                ink: self.ink,
            });
        }
    }
}

impl Ink {
    fn set(&mut self, number: u16) {
        let palette = |from: u16| u8::try_from(number - from).ok().map(Color::Indexed);
        match number {
            0 => *self = Self::default(),
            1 => self.bold = true,
            2 => self.dim = true,
            3 => self.italic = true,
            4 => self.underline = true,
            7 => self.inverse = true,
            22 => (self.bold, self.dim) = (false, false),
            23 => self.italic = false,
            24 => self.underline = false,
            27 => self.inverse = false,
            30..=37 => self.fg = palette(30),
            39 => self.fg = None,
            40..=47 => self.bg = palette(40),
            49 => self.bg = None,
            90..=97 => self.fg = palette(82),
            100..=107 => self.bg = palette(92),
            _ => {}
        }
    }
}

/// The colour after 38 or 48, and how many numbers it took.
fn extended(numbers: &[u16]) -> (Option<Color>, usize) {
    let byte = |n: usize| numbers.get(n).and_then(|n| u8::try_from(*n).ok());
    match numbers.first() {
        Some(5) => (byte(1).map(Color::Indexed), 2),
        Some(2) => {
            let colour = byte(1)
                .zip(byte(2))
                .zip(byte(3))
                .map(|((r, g), b)| Color::Rgb(r, g, b));
            (colour, 4)
        }
        _ => (None, 1),
    }
}

/// What follows a string (title, hyperlink, device control): it ends at BEL, at ST, or with the
/// line.
fn string(rest: &str) -> &str {
    let Some(end) = rest.find(['\x07', '\x1b', '\u{9c}']) else {
        return "";
    };
    let tail = &rest[end..];
    match tail.strip_prefix("\x1b\\") {
        Some(after) => after,
        // Another sequence begins: the string is cut short, the sequence is read.
        None if tail.starts_with('\x1b') => tail,
        None => skip_char(tail),
    }
}

fn skip_char(text: &str) -> &str {
    let mut chars = text.chars();
    chars.next();
    chars.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_tab_makes_no_line_plain() {
        assert!(is_plain(b"a\tb ~"));
        assert!(!is_plain(b"\x1b]0;x\x07\tb"));
        let (text, _) = cleaned(b"\x1b]0;x\x07\x9b\tb\tc");
        assert!(!text.contains(['\x1b', '\x07', '\u{9b}']), "{text:?}");
    }

    fn cleaned(line: &[u8]) -> (String, Vec<Run>) {
        let mut out = String::from("before");
        let runs = clean(line, &mut out);
        (out["before".len()..].to_owned(), runs)
    }

    #[test]
    fn sequences_leave_nothing_behind() {
        for (line, text) in [
            (&b"plain\ttext"[..], "plain\ttext"),
            (b"windows\r", "windows"),
            (b"a\x1b[2Jb\x1b[?25lc", "abc"),
            (
                b"\x1b]0;title\x07x\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\",
                "xlink",
            ),
            (b"\x1b]52;c;ZXZpbA==", ""),
            (b"\x1bP$q q\x1b\\after", "after"),
            (b"\x1b(Bx\x1b=y", "xy"),
            (b"bell\x07 nul\0", "bell\u{fffd} nul\u{fffd}"),
            (b"bad \xff\xfe utf", "bad \u{fffd}\u{fffd} utf"),
            ("日本 \u{202e}x".as_bytes(), "日本 \u{fffd}x"),
            (b"\xc2\x9b31mred", "red"),
            (b"50%\r100%", "50% 100%"),
            (b"lone \x1b", "lone \u{fffd}"),
            (b"\x1b[", ""),
        ] {
            assert_eq!(cleaned(line).0, text, "{line:?}");
        }
    }

    #[test]
    fn colours_become_runs() {
        let (text, runs) =
            cleaned(b"\x1b[1;31mERROR\x1b[0m boom \x1b[38;2;1;2;3mrgb\x1b[48;5;200m");
        assert_eq!(text, "ERROR boom rgb");
        let red = Ink {
            fg: Some(Color::Indexed(1)),
            bold: true,
            ..Ink::default()
        };
        let rgb = Ink {
            fg: Some(Color::Rgb(1, 2, 3)),
            ..Ink::default()
        };
        let both = Ink {
            bg: Some(Color::Indexed(200)),
            ..rgb
        };
        let expected = [(0, red), (5, Ink::default()), (11, rgb), (14, both)];
        assert_eq!(runs, expected.map(|(from, ink)| Run { from, ink }));
        assert_eq!(cleaned(b"\x1b[91mx").1[0].ink.fg, Some(Color::Indexed(9)));
        assert!(cleaned(b"\x1b[mx").1.is_empty());
    }

    const PARTS: &[&[u8]] = &[
        b"\x1b[",
        b"\x1b]",
        b"\x1bP",
        b"\x1b\\",
        b"\x07",
        b"31",
        b";",
        b"m",
        b"text",
        b"\x1b",
        b"\xc2\x9b",
        b"\xc2\x9d",
        b"\x1b[38;5",
        b"\xe6\x97",
        b" ",
        b"?",
    ];

    proptest! {
        #[test]
        fn nothing_hostile_survives(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let (text, runs) = cleaned(&line);
            prop_assert!(!text.chars().any(|c| is_hostile(c) && c != '\t'));
            for run in runs {
                prop_assert!(text.is_char_boundary(run.from as usize));
            }
        }

        #[test]
        fn nor_does_anything_made_of_sequences(
            parts in proptest::collection::vec(
                proptest::sample::select(PARTS),
                0..30,
            )
        ) {
            let (text, _) = cleaned(&parts.concat());
            prop_assert!(!text.chars().any(|c| is_hostile(c) && c != '\t'), "{text:?}");
        }
    }
}
