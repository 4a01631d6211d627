//! The cells of one row: JSON written once, with gaps where ages go.

use jiff::Timestamp;
use serde_json::Value;

use super::duration::human;

/// One cell before it is written.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A fixed value.
    Fixed(Value),
    /// `before`, the age of a moment, `after`.
    Age(String, Timestamp, &'static str),
}

impl Cell {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Fixed(Value::String(text.into()))
    }

    /// A number; 0 when the object has none.
    pub fn number(value: &Value) -> Self {
        Self::Fixed(value.as_i64().unwrap_or(0).into())
    }

    /// The text of a field, or a stand-in.
    pub fn or(value: &Value, otherwise: &str) -> Self {
        Self::text(
            value
                .as_str()
                .filter(|text| !text.is_empty())
                .unwrap_or(otherwise),
        )
    }

    /// The age of a timestamp field.
    pub fn age(value: &Value) -> Self {
        Self::age_or(value, "<unknown>")
    }

    /// The age of a timestamp field, or a stand-in.
    pub fn age_or(value: &Value, otherwise: &str) -> Self {
        moment(value).map_or_else(
            || Self::text(otherwise),
            |at| Self::Age(String::new(), at, ""),
        )
    }
}

/// A timestamp field.
pub fn moment(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// Written cells.
#[derive(Debug, Default)]
pub struct Cells {
    json: Box<[u8]>,
    /// Where ages go, in order, and of which moment (seconds of the Unix epoch).
    gaps: Box<[(usize, i64)]>,
}

impl Cells {
    /// Writes cells down.
    pub fn new(cells: &[Cell]) -> Self {
        let (mut json, mut gaps) = (vec![b'['], Vec::new());
        for (position, cell) in cells.iter().enumerate() {
            if position > 0 {
                json.push(b',');
            }
            match cell {
                // Writing a `Value` into memory has no way to fail.
                Cell::Fixed(value) => drop(serde_json::to_writer(&mut json, value)),
                Cell::Age(before, at, after) => {
                    json.push(b'"');
                    json.extend_from_slice(before.as_bytes());
                    gaps.push((json.len(), at.as_second()));
                    json.extend_from_slice(after.as_bytes());
                    json.push(b'"');
                }
            }
        }
        json.push(b']');
        Self {
            json: json.into(),
            gaps: gaps.into(),
        }
    }

    /// The JSON array at a moment, added to `out`.
    pub fn write(&self, now: Timestamp, out: &mut Vec<u8>) {
        let mut from = 0;
        for (at, since) in &self.gaps {
            out.extend_from_slice(&self.json[from..*at]);
            out.extend_from_slice(human(now.as_second() - since).as_bytes());
            from = *at;
        }
        out.extend_from_slice(&self.json[from..]);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ages_are_filled_in_when_asked() {
        let born = json!("2026-01-02T03:04:05Z");
        let at = moment(&born).unwrap();
        let cells = Cells::new(&[
            Cell::text("a\"b"),
            Cell::age(&born),
            Cell::Age("3 (".into(), at, " ago)"),
            Cell::age(&Value::Null),
        ]);
        let mut out = Vec::new();
        cells.write("2026-01-02T03:06:10Z".parse().unwrap(), &mut out);
        assert_eq!(
            serde_json::from_slice::<Value>(&out).unwrap(),
            json!(["a\"b", "2m5s", "3 (2m5s ago)", "<unknown>"])
        );
    }
}
