//! Which fields the messages have, read from `messages.txt`.

use std::{collections::HashMap, sync::LazyLock};

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    /// Something that is passed over.
    Nothing,
    /// A text.
    Text,
    /// Bytes; JSON has them in base64.
    Bytes,
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
    /// A whole number that JSON leaves out at 0.
    Amount,
    /// Yes or no; JSON leaves no out.
    Switch,
    /// A quantity, which JSON has as a text.
    Quantity,
    /// A number or a text.
    Either,
    /// A message.
    Message(String),
    /// As many as there are.
    List(Box<Self>),
    /// As many as there are, by a text.
    Map(Box<Self>),
}

impl Holds {
    fn read(text: &str) -> Self {
        let inner = |open, close| text.strip_prefix(open)?.strip_suffix(close);
        if let Some(item) = inner('[', ']') {
            return Self::List(Box::new(Self::read(item)));
        }
        if let Some(item) = inner('{', '}') {
            return Self::Map(Box::new(Self::read(item)));
        }
        match text {
            "-" => Self::Nothing,
            "text" => Self::Text,
            "bytes" => Self::Bytes,
            "number" => Self::Number,
            "flag" => Self::Flag,
            "amount" => Self::Amount,
            "switch" => Self::Switch,
            "quantity" => Self::Quantity,
            "either" => Self::Either,
            message => Self::Message(message.to_owned()),
        }
    }
}

/// A field of a message.
#[derive(Debug)]
pub struct Field {
    /// Its name in JSON; `..` where its own fields lie flat there.
    pub name: String,
    /// What it holds.
    pub holds: Holds,
}

/// Messages by name, their fields by number.
#[derive(Debug)]
pub struct Schema(HashMap<String, HashMap<u64, Field>>);

static KNOWN: LazyLock<Schema> = LazyLock::new(|| Schema::read(include_str!("messages.txt")));
/// The two messages that are no objects in JSON.
const VALUES: &str =
    "Quantity: 1 text text\nIntOrString: 1 type number, 2 number number, 3 text text";

impl Schema {
    /// All messages that are understood.
    pub fn known() -> &'static Self {
        &KNOWN
    }

    /// The fields of a message; `None` for an unknown one.
    pub fn message(&self, name: &str) -> Option<&HashMap<u64, Field>> {
        self.0.get(name)
    }

    fn read(text: &str) -> Self {
        let lines = text.lines().chain(VALUES.lines());
        let messages = lines
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| {
                let (name, fields) = line.split_once(':')?;
                let fields = fields.split(',').filter_map(|field| {
                    let mut words = field.split_whitespace();
                    let number = words.next()?.parse().ok()?;
                    let name = words.next()?.to_owned();
                    let holds = Holds::read(words.next()?);
                    Some((number, Field { name, holds }))
                });
                Some((name.to_owned(), fields.collect()))
            });
        Self(messages.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(holds: &Holds) -> Option<&str> {
        match holds {
            Holds::Message(name) => Some(name),
            Holds::List(item) | Holds::Map(item) => names(item),
            _ => None,
        }
    }

    #[test]
    fn every_message_that_is_named_is_described_and_every_field_read() {
        let schema = Schema::known();
        let described: usize = include_str!("messages.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| Some(line.split_once(':')?.1.split(',').count()))
            .sum();
        let read: usize = schema.0.values().map(HashMap::len).sum();
        assert_eq!(read, described + 4);
        for field in schema.0.values().flat_map(HashMap::values) {
            if let Some(name) = names(&field.holds) {
                assert!(schema.message(name).is_some(), "{name}");
            }
        }
    }
}
