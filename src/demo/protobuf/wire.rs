//! Protobuf on the wire: numbered fields, each a number or bytes.

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// A number.
    Number(u64),
    /// Bytes: a text, a message, or a number of fixed length.
    Bytes(&'a [u8]),
}

impl Content<'_> {
    /// Nothing, as far as anybody could miss it.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Number(0) | Self::Bytes([]))
    }
}

/// The next field: its number, its content and what follows.
pub fn field(bytes: &[u8]) -> Option<(u64, Content<'_>, &[u8])> {
    let (tag, rest) = varint(bytes)?;
    let (content, rest) = match tag & 7 {
        0 => {
            let (number, rest) = varint(rest)?;
            (Content::Number(number), rest)
        }
        1 => (Content::Bytes(rest.get(..8)?), rest.get(8..)?),
        2 => {
            let (length, rest) = varint(rest)?;
            let length = usize::try_from(length).ok()?;
            (Content::Bytes(rest.get(..length)?), rest.get(length..)?)
        }
        5 => (Content::Bytes(rest.get(..4)?), rest.get(4..)?),
        _ => return None,
    };
    Some((tag >> 3, content, rest))
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let end = bytes.iter().take(10).position(|byte| byte & 0x80 == 0)?;
    let (number, rest) = bytes.split_at(end + 1);
    let shifted = number.iter().rev();
    let value = shifted.fold(0_u64, |value, byte| (value << 7) | u64::from(byte & 0x7F));
    Some((value, rest))
}
