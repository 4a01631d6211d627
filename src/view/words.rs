//! Numbers and spans of time in words.

use crate::domain::time::{Millis, Timestamp, brief};

/// `1,234`
pub fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, c) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `12 projects`, `1 project`
pub fn count(n: usize, one: &str) -> String {
    format!("{} {one}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// How long ago, `now` within a second.
pub fn ago(now: Timestamp, at: Timestamp) -> String {
    let span = now.since(at);
    if span < Millis::seconds(1) {
        "now".into()
    } else {
        format!("{} ago", brief(span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(n), text);
        }
        assert_eq!(count(1, "project"), "1 project");
    }
}
