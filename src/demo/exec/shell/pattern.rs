//! Shell patterns: `*`, `?` and `[...]`.

/// Whether `text` as a whole is matched. Protected characters stand for themselves.
pub fn matches(pattern: &[(char, bool)], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where the last star stands and what it has taken: the only place to come back to.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let step = match pattern.get(p) {
            Some(('*', false)) => {
                star = Some((p, t));
                p += 1;
                continue;
            }
            Some(('?', false)) => Some(p + 1),
            Some(('[', false)) => class(&pattern[p..], text[t]).map_or_else(
                || (text[t] == '[').then_some(p + 1),
                |(length, within)| within.then_some(p + length),
            ),
            Some((c, _)) => (*c == text[t]).then_some(p + 1),
            None => None,
        };
        match (step, star) {
            (Some(next), _) => {
                p = next;
                t += 1;
            }
            (None, Some((at, taken))) => {
                star = Some((at, taken + 1));
                p = at + 1;
                t = taken + 1;
            }
            (None, None) => return false,
        }
    }
    pattern[p..]
        .iter()
        .all(|(c, protected)| *c == '*' && !protected)
}

/// Length of the class that begins here and whether `c` is in it; `None` when it does not end.
fn class(pattern: &[(char, bool)], c: char) -> Option<(usize, bool)> {
    let negated = matches!(pattern.get(1), Some(('!' | '^', false)));
    let first = 1 + usize::from(negated);
    let end = (first + 1..pattern.len()).find(|at| pattern[*at].0 == ']')?;
    let mut within = false;
    let mut at = first;
    while at < end {
        let low = pattern[at].0;
        if at + 2 < end && pattern[at + 1].0 == '-' {
            within |= (low..=pattern[at + 2].0).contains(&c);
            at += 3;
        } else {
            within |= low == c;
            at += 1;
        }
    }
    Some((end + 1, within != negated))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_what_they_mean() {
        let matches = |pattern: &str, text: &str| {
            let marked: Vec<_> = pattern.chars().map(|c| (c, false)).collect();
            matches(&marked, text)
        };
        for (pattern, text, wanted) in [
            ("*", "", true),
            ("*.yaml", "app.yaml", true),
            ("*.yaml", "app.yml", false),
            ("a*b*c", "aXbYbZc", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]]", "]", true),
            ("[a", "[a", true),
            ("abc", "abcd", false),
        ] {
            assert_eq!(matches(pattern, text), wanted, "{pattern} {text}");
        }
        assert!(!super::matches(&[('*', true)], "x"));
    }
}
