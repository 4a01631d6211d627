//! The colour of the terminal's ground: asked for with OSC 11, answered among the keys.
//!
//! crossterm does not know the answer and makes keys of its bytes. Here they are held back until it
//! is plain whether they are one: what a person types never begins with `alt-]` and comes slower.

use crate::key::{Code, Key};

/// No answer is longer.
const LONGEST: usize = 40;

/// The keys that an answer begins with.
const BEGIN: &str = "11;";

/// Looks for the answer among keys.
#[derive(Debug, Default)]
pub struct Ground {
    held: Vec<Key>,
}

/// What became of a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// These keys are keys.
    Keys(Vec<Key>),
    /// It may belong to an answer.
    Held,
    /// The ground is light, or it is dark.
    Light(bool),
}

impl Ground {
    /// Takes in a key.
    pub fn take(&mut self, key: Key) -> Found {
        if self.held.is_empty() && !is_alt(key, ']') {
            return Found::Keys(vec![key]);
        }
        self.held.push(key);
        if self.held.len() == 1 {
            return Found::Held;
        }
        // BEL, or ESC \, or the lone ST.
        if key == Key::ctrl('g') || is_alt(key, '\\') {
            let light = self.told().as_deref().and_then(is_light);
            return match light {
                Some(light) => {
                    self.held.clear();
                    Found::Light(light)
                }
                None => self.give_up(),
            };
        }
        let said = self.told();
        let fits = said.is_some_and(|said| {
            let n = said.len().min(BEGIN.len());
            said.get(..n) == BEGIN.get(..n)
        });
        if fits && self.held.len() < LONGEST {
            Found::Held
        } else {
            self.give_up()
        }
    }

    /// Nothing more came: what was held are keys.
    pub fn give_up(&mut self) -> Found {
        Found::Keys(std::mem::take(&mut self.held))
    }

    /// Whether keys are held.
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// What was held after its beginning, as text; nothing when one is no character.
    fn told(&self) -> Option<String> {
        let said = self.held.iter().skip(1);
        let end = |key: &Key| *key == Key::ctrl('g') || is_alt(*key, '\\');
        said.filter(|key| !end(key))
            .map(|key| key.typed())
            .collect()
    }
}

fn is_alt(key: Key, c: char) -> bool {
    key.code == Code::Char(c) && key.alt && !key.ctrl
}

/// Whether `11;rgb:ffff/ffff/dddd` is a light colour.
fn is_light(told: &str) -> Option<bool> {
    let colour = told.strip_prefix(BEGIN)?;
    let parts = colour
        .strip_prefix("rgb:")
        .or_else(|| colour.strip_prefix("rgba:"))?;
    let part = |text: &str| {
        let most = 16_u32
            .checked_pow(u32::try_from(text.len()).ok()?)?
            .checked_sub(1)?;
        let value = u32::from_str_radix(text, 16).ok()?;
        (most > 0).then(|| f64::from(value) / f64::from(most))
    };
    let mut parts = parts.split('/').map(part);
    let (red, green, blue) = (parts.next()??, parts.next()??, parts.next()??);
    // As the eye weighs them.
    Some(0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.5)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "tests")]
    use super::*;

    fn alt(c: char) -> Key {
        Key {
            alt: true,
            ..Key::char(c)
        }
    }

    fn answer(colour: &str, end: Key) -> Vec<Key> {
        let said = format!("11;{colour}");
        std::iter::once(alt(']'))
            .chain(said.chars().map(Key::char))
            .chain([end])
            .collect()
    }

    fn found(keys: Vec<Key>) -> Vec<Found> {
        let mut ground = Ground::default();
        let found = keys.into_iter().map(|key| ground.take(key));
        let mut found: Vec<_> = found.filter(|it| *it != Found::Held).collect();
        if ground.is_holding() {
            found.push(ground.give_up());
        }
        found
    }

    #[test]
    fn an_answer_is_no_keys() {
        for (colour, light) in [
            ("rgb:ffff/ffff/ffff", true),
            ("rgb:fd/f6/e3", true),
            ("rgb:0000/2b2b/3636", false),
            ("rgba:1e1e/1e1e/2e2e/ffff", false),
        ] {
            for end in [Key::ctrl('g'), alt('\\')] {
                assert_eq!(
                    found(answer(colour, end)),
                    [Found::Light(light)],
                    "{colour}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_answer_stays_keys() {
        let typed = vec![Key::char('j'), alt(']'), Key::char('1'), Key::char('j')];
        let keys: Vec<Key> = found(typed.clone())
            .into_iter()
            .flat_map(|it| match it {
                Found::Keys(keys) => keys,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(keys, typed);
        let broken = answer("rgb:what", Key::ctrl('g'));
        assert_eq!(found(broken.clone()), [Found::Keys(broken)]);
    }
}
