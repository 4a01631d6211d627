//! `pictures.toml`: which pictures there are and which keys lead to them.

use super::grid::Colour;
use anyhow::Context;
use serde::{Deserialize, Deserializer, de::Error};
use std::collections::BTreeMap;
use std::time::Duration;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The instant at which time stands still, RFC 3339.
    pub still_at: String,
    /// Fixes the demo's world.
    pub seed: u64,
    /// A screen counts as settled when it stayed as it is for so long.
    #[serde(rename = "settle_ms", deserialize_with = "millis")]
    pub settle: Duration,
    /// After so long without what a step waits for, the picture fails.
    #[serde(rename = "patience_ms", deserialize_with = "millis")]
    pub patience: Duration,
    /// Colours of a dark terminal.
    pub dark: Palette,
    /// Colours of a light terminal.
    pub light: Palette,
    /// The pictures.
    #[serde(rename = "picture")]
    pub pictures: Vec<Picture>,
}

/// Colours of a terminal.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Palette {
    pub ground: Hex,
    pub ink: Hex,
    /// The sixteen, in the order of SGR 30 to 37 and 90 to 97.
    pub sixteen: [Hex; 16],
}

/// One picture.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// The files' name.
    pub name: String,
    /// Columns and rows.
    pub size: (u16, u16),
    /// Arguments behind those that every picture has.
    #[serde(default)]
    pub args: Vec<String>,
    /// The terminal is a light one.
    #[serde(default)]
    pub light: bool,
    /// The demo's server is a process of its own instead of the console's.
    #[serde(default)]
    pub served: bool,
    /// A moving picture of every `hold` and of every character typed.
    #[serde(default)]
    pub film: bool,
    /// Files in the home folder, by path.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// A folder of the home, in which the program starts.
    #[serde(default)]
    pub folder: String,
    pub steps: Vec<Step>,
}

/// One step on the way to a picture. After each the screen settles.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Until this text is on the screen.
    Wait(String),
    /// Until this text is not on the screen any more.
    Gone(String),
    /// Keys by name, with blanks between them.
    Press(String),
    /// Text, character by character.
    Type(String),
    /// In a film: the screen as it is stands for so many milliseconds.
    Hold(u32),
    /// Ends a process the hard way.
    Kill(Victim),
}

/// What can be killed.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Victim {
    /// The demo's server, where it is a process of its own.
    Server,
}

/// A colour, `#rrggbb`.
#[derive(Clone, Copy, Debug)]
pub struct Hex(pub Colour);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let wrong = || D::Error::custom(format!("`{text}` is no colour; write it as #rrggbb"));
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
        let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let [_, r, g, b] = value.ok_or_else(wrong)?.to_be_bytes();
        Ok(Self([r, g, b]))
    }
}

fn millis<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    u64::deserialize(from).map(Duration::from_millis)
}

/// The bytes that a terminal sends for a key.
pub fn key(name: &str) -> anyhow::Result<Vec<u8>> {
    let unknown = || format!("`{name}` is no key; see `key` in script.rs");
    if let Some(rest) = name.strip_prefix("ctrl-") {
        let byte = *rest.as_bytes().first().with_context(unknown)?;
        anyhow::ensure!(rest.len() == 1 && byte.is_ascii_graphic(), unknown());
        return Ok(vec![byte & 0x1f]);
    }
    if let Some(rest) = name.strip_prefix("alt-") {
        return Ok([vec![0x1b], key(rest)?].concat());
    }
    let bytes: &[u8] = match name {
        "enter" => b"\r",
        "esc" => b"\x1b",
        "tab" => b"\t",
        "shift-tab" => b"\x1b[Z",
        "space" => b" ",
        "backspace" => b"\x7f",
        "delete" => b"\x1b[3~",
        "up" => b"\x1b[A",
        "down" => b"\x1b[B",
        "right" => b"\x1b[C",
        "left" => b"\x1b[D",
        "home" => b"\x1b[H",
        "end" => b"\x1b[F",
        "pgup" => b"\x1b[5~",
        "pgdn" => b"\x1b[6~",
        one if one.chars().count() == 1 => one.as_bytes(),
        _ => anyhow::bail!(unknown()),
    };
    Ok(bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_bytes_of_a_terminal() {
        let bytes = |name| key(name).ok();
        assert_eq!(bytes("ctrl-]"), Some(vec![0x1d]));
        assert_eq!(bytes("alt-left"), Some(b"\x1b\x1b[D".to_vec()));
        assert_eq!(bytes("?"), Some(b"?".to_vec()));
        assert_eq!(bytes("return"), None);
        assert_eq!(bytes("ctrl-"), None);
    }
}
