//! One key press, what terminals send, what key maps write, what help prints; and the mouse.
//!
//! A leaf: the runtime makes these from terminal events, everything else only compares them.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A key with its modifiers.
///
/// A character that needs shift stands for itself (`?`, `G`), whatever way the terminal reported
/// it, so that `shift-g` and `G` are one key and `?` never carries a modifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// Which key.
    pub code: Code,
    /// Control was held.
    pub ctrl: bool,
    /// Alt (option, meta) was held.
    pub alt: bool,
    /// Shift was held, for keys that are not characters.
    pub shift: bool,
}

/// Which key of the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the keys")]
pub enum Code {
    Char(char),
    F(u8),
    Enter,
    Esc,
    Tab,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
}

/// A button of the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Button {
    /// The left one.
    Left,
    /// The middle one.
    Middle,
    /// The right one.
    Right,
    /// The wheel, away from the hand: up.
    WheelUp,
    /// The wheel, towards the hand: down.
    WheelDown,
}

/// What was done with the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MouseAction {
    /// A button went down, or the wheel was turned by one notch.
    Press(Button),
    /// A button came up.
    Release(Button),
    /// The pointer moved while a button was held down.
    Drag(Button),
    /// The pointer moved, and no button was held down.
    Move,
}

/// One event of the mouse, without its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mouse {
    /// What was done.
    pub action: MouseAction,
    /// Control was held.
    pub ctrl: bool,
    /// Alt was held.
    pub alt: bool,
    /// Shift was held.
    pub shift: bool,
}

impl Mouse {
    /// An event without modifiers.
    pub const fn plain(action: MouseAction) -> Self {
        Self {
            action,
            ctrl: false,
            alt: false,
            shift: false,
        }
    }
}

/// Names of keys that are not characters, as key maps write them; the first name is printed.
const NAMES: &[(&str, Code)] = &[
    ("enter", Code::Enter),
    ("esc", Code::Esc),
    ("tab", Code::Tab),
    ("space", Code::Char(' ')),
    ("backspace", Code::Backspace),
    ("delete", Code::Delete),
    ("insert", Code::Insert),
    ("up", Code::Up),
    ("down", Code::Down),
    ("left", Code::Left),
    ("right", Code::Right),
    ("pgup", Code::PageUp),
    ("pgdn", Code::PageDown),
    ("home", Code::Home),
    ("end", Code::End),
    ("return", Code::Enter),
    ("escape", Code::Esc),
    ("pageup", Code::PageUp),
    ("pagedown", Code::PageDown),
    ("pgdown", Code::PageDown),
    ("del", Code::Delete),
];

impl Key {
    /// `code` without modifiers.
    pub const fn plain(code: Code) -> Self {
        Self {
            code,
            ctrl: false,
            alt: false,
            shift: false,
        }
    }

    /// A character without modifiers.
    pub const fn char(c: char) -> Self {
        Self::plain(Code::Char(c))
    }

    /// A character with control.
    pub const fn ctrl(c: char) -> Self {
        Self {
            code: Code::Char(c),
            ctrl: true,
            alt: false,
            shift: false,
        }
    }

    /// The key as this type wants it: shift folded into characters, control characters in lower
    /// case (terminals cannot tell `ctrl-d` from `ctrl-D`).
    #[must_use]
    pub fn normal(mut self) -> Self {
        if let Code::Char(c) = self.code {
            if self.ctrl {
                self.code = Code::Char(c.to_ascii_lowercase());
            } else if self.shift && c.is_ascii_lowercase() {
                self.code = Code::Char(c.to_ascii_uppercase());
            }
            if c != ' ' {
                self.shift = false;
            }
        }
        self
    }

    /// The character that this key types into a text field, if it types one.
    pub const fn typed(self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("ctrl-")?;
        }
        if self.alt {
            f.write_str("alt-")?;
        }
        match self.code {
            Code::Char(c) if c.is_ascii_uppercase() && !self.ctrl => {
                write!(f, "shift-{}", c.to_ascii_lowercase())
            }
            code => {
                if self.shift {
                    f.write_str("shift-")?;
                }
                match (NAMES.iter().find(|(_, named)| *named == code), code) {
                    (Some((name, _)), _) => f.write_str(name),
                    (None, Code::F(n)) => write!(f, "f{n}"),
                    (None, Code::Char(c)) => write!(f, "{c}"),
                    (None, _) => Ok(()),
                }
            }
        }
    }
}

/// A key name that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKey(pub String);

impl fmt::Display for UnknownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a key; keys look like `x`, `shift-x`, `ctrl-x`, `alt-x`, `f1`, `enter`, `pgdn`",
            self.0
        )
    }
}

impl std::error::Error for UnknownKey {}

impl FromStr for Key {
    type Err = UnknownKey;

    fn from_str(text: &str) -> Result<Self, UnknownKey> {
        let unknown = || UnknownKey(text.to_owned());
        let mut key = Self::char(' ');
        let mut rest = text;
        while let Some((modifier, tail)) = rest.split_once('-').filter(|(_, tail)| !tail.is_empty())
        {
            match modifier.to_ascii_lowercase().as_str() {
                "ctrl" | "control" => key.ctrl = true,
                "alt" | "meta" => key.alt = true,
                "shift" => key.shift = true,
                _ => return Err(unknown()),
            }
            rest = tail;
        }
        let mut chars = rest.chars();
        key.code = match (chars.next(), chars.next()) {
            (Some(c), None) => Code::Char(c),
            (Some(_), Some(_)) => {
                let name = rest.to_ascii_lowercase();
                let function = || {
                    name.strip_prefix('f')?
                        .parse()
                        .ok()
                        .filter(|n| (1..=24).contains(n))
                        .map(Code::F)
                };
                NAMES
                    .iter()
                    .find(|(n, _)| *n == name)
                    .map(|(_, code)| *code)
                    .or_else(function)
                    .ok_or_else(unknown)?
            }
            (None, _) => return Err(unknown()),
        };
        Ok(key.normal())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_printed_can_be_read() {
        for text in [
            "x",
            "shift-g",
            "ctrl-d",
            "alt-enter",
            "f12",
            "pgdn",
            "space",
            "?",
            "-",
            "ctrl-]",
            "ctrl-\\",
            "shift-left",
            ":",
        ] {
            let key: Key = text.parse().unwrap();
            assert_eq!(key.to_string(), text);
        }
    }

    #[test]
    fn shift_is_folded_into_characters() {
        assert_eq!("shift-g".parse::<Key>().unwrap(), Key::char('G'));
        assert_eq!("G".parse::<Key>().unwrap(), Key::char('G'));
        assert_eq!(
            Key {
                shift: true,
                ..Key::char('?')
            }
            .normal(),
            Key::char('?')
        );
        assert_eq!("ctrl-D".parse::<Key>().unwrap(), Key::ctrl('d'));
    }

    #[test]
    fn nonsense_is_named() {
        for text in ["", "hyper-x", "pgdwn", "f99", "ctrl-enterr"] {
            assert!(text.parse::<Key>().is_err(), "{text}");
        }
    }
}
