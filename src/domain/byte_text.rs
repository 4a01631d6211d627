//! Bytes as text in a recording: each byte is the character of its number, so that what is plain
//! can be read and nothing is lost.

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serializer};
use std::borrow::Cow;

/// Writes them.
pub fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    let text: String = bytes.iter().copied().map(char::from).collect();
    serializer.serialize_str(&text)
}

/// Reads them.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    let byte = |c: char| u8::try_from(u32::from(c)).unwrap_or(b'?');
    Ok(text.chars().map(byte).collect())
}
