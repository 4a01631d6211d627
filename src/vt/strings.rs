//! Bounds for control strings. The parser keeps an operating system command (`ESC ]`) until it
//! ends, however long it is; a program that never ends one would fill the memory.

use memchr::memchr;

/// The longest command that is passed on whole: room for a long text for the clipboard, and many
/// times what titles, links and colours need.
pub(super) const LIMIT: usize = 256 << 10;

/// Ends a control string for the parser.
pub(super) const CANCEL: u8 = 0x18;

const ESCAPE: u8 = 0x1b;

/// Where in the stream of bytes we are, as far as control strings go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Strings {
    #[default]
    Ground,
    /// Behind an escape character.
    Escape,
    /// Inside a command, with so many bytes of it.
    Command(usize),
    /// Inside a command that was too long: dropped up to its end or the end of the line.
    Dropping,
}

/// A piece of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// For the parser.
    Bytes(&'a [u8]),
    /// The parser must forget the command it has begun to read.
    Forget,
}

impl Strings {
    /// The next piece of `bytes`, and how many of them it takes.
    pub(super) fn next<'a>(&mut self, bytes: &'a [u8]) -> (Option<Piece<'a>>, usize) {
        if *self == Self::Dropping {
            let ends = |byte: &u8| matches!(*byte, 0x07 | b'\n' | 0x18 | 0x1a | ESCAPE);
            let Some(end) = bytes.iter().position(ends) else {
                return (None, bytes.len());
            };
            *self = Self::Ground;
            // The bell belongs to the command; an escape may begin something of its own.
            return (None, if bytes[end] == 0x07 { end + 1 } else { end });
        }
        match self.walk(bytes) {
            None => (Some(Piece::Bytes(bytes)), bytes.len()),
            Some(0) => {
                *self = Self::Dropping;
                (Some(Piece::Forget), 0)
            }
            // The state stays as it is: the next call comes to the same place first.
            Some(place) => (Some(Piece::Bytes(&bytes[..place])), place),
        }
    }

    /// Walks over `bytes`, up to the place where a command has become too long.
    fn walk(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            match *self {
                Self::Ground | Self::Dropping => {
                    let found = memchr(ESCAPE, &bytes[at..])?;
                    at += found + 1;
                    *self = Self::Escape;
                }
                Self::Escape => {
                    match bytes[at] {
                        b']' => *self = Self::Command(0),
                        0x18 | 0x1a => *self = Self::Ground,
                        // Other controls, and another escape, leave the state as it is.
                        0..=0x1f | 0x7f.. => {}
                        _ => *self = Self::Ground,
                    }
                    at += 1;
                }
                Self::Command(length) if length > LIMIT => return Some(at),
                Self::Command(length) => {
                    *self = match bytes[at] {
                        ESCAPE => Self::Escape,
                        0x07 | 0x18 | 0x1a => Self::Ground,
                        _ => Self::Command(length + 1),
                    };
                    at += 1;
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the parser gets, `!` where it is told to forget.
    fn passed(strings: &mut Strings, mut bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        while !bytes.is_empty() {
            let (piece, taken) = strings.next(bytes);
            match piece {
                Some(Piece::Bytes(bytes)) => out.extend_from_slice(bytes),
                Some(Piece::Forget) => out.push(b'!'),
                None => {}
            }
            bytes = &bytes[taken..];
        }
        out
    }

    #[test]
    fn what_ends_in_time_is_passed_on() {
        let text = b"a\x1b]0;title\x07b\x1b]8;;x\x1b\\c\x1b[1mdef\x1b]";
        let mut strings = Strings::default();
        assert_eq!(passed(&mut strings, text), text);
        assert_eq!(strings, Strings::Command(0));
    }

    #[test]
    fn a_command_without_end_is_forgotten_at_the_end_of_its_line() {
        let mut strings = Strings::default();
        let mut out = passed(&mut strings, b"\x1b]52;c;");
        for _ in 0..2 * LIMIT / 1024 {
            out.extend(passed(&mut strings, &[b'A'; 1024]));
        }
        out.extend(passed(&mut strings, b"tail\nnext"));
        assert!(out.len() < LIMIT + 4096, "{}", out.len());
        assert!(out.contains(&b'!'));
        assert!(out.ends_with(b"A!\nnext"), "{:?}", &out[out.len() - 20..]);
    }
}
