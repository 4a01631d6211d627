//! Which version of the catalogue answers what a project asks for.

use std::cmp::Ordering;

/// The version among `offered` that answers `wanted`, the way its file means it: `1.24`, `v22.3.0`,
/// `>=22`, `^8.3`, `~3.12`, `3.x`, `>=3.10,<4`, `20 || 22`, `lts/*`.
///
/// A bare version means that line of releases: `22.3.0` is answered by `22`. Of several that fit,
/// the newest wins. `None` when none fits, or when the text is not understood.
pub fn resolve<'v>(wanted: &str, offered: &[&'v str]) -> Option<&'v str> {
    let wanted = wanted.trim().trim_matches(['"', '\'']);
    let mut fitting: Vec<&str> = offered
        .iter()
        .copied()
        .filter(|version| wanted.split("||").any(|any| all_fit(any, version)))
        .collect();
    fitting.sort_by(|a, b| compare(&numbers(a), &numbers(b)));
    fitting.last().copied()
}

/// The version among `offered` that is at least `wanted`: the same line if it is there, else the
/// next above.
pub fn at_least<'v>(wanted: &str, offered: &[&'v str]) -> Option<&'v str> {
    if let Some(same) = resolve(wanted, offered) {
        return Some(same);
    }
    let floor = numbers(wanted);
    let mut above: Vec<&str> = offered
        .iter()
        .copied()
        .filter(|version| compare(&numbers(version), &floor) != Ordering::Less)
        .collect();
    above.sort_by(|a, b| compare(&numbers(a), &numbers(b)));
    above.first().copied()
}

/// The newest of `offered`.
pub fn newest<'v>(offered: &[&'v str]) -> Option<&'v str> {
    let mut all = offered.to_vec();
    all.sort_by(|a, b| compare(&numbers(a), &numbers(b)));
    all.last().copied()
}

/// Whether `version` fits every part of a text such as `>=3.10, <4`.
fn all_fit(wanted: &str, version: &str) -> bool {
    // "> = 3" and ">= 3" are written too: the sign belongs to what follows it.
    let glued =
        wanted
            .replace(',', " ")
            .split_whitespace()
            .fold(String::new(), |mut text, word| {
                if !text.is_empty() && !text.ends_with(['<', '>', '=', '^', '~', '!']) {
                    text.push(' ');
                }
                text.push_str(word);
                text
            });
    let mut parts = glued.split(' ').filter(|part| !part.is_empty()).peekable();
    parts.peek().is_some() && parts.all(|part| fits(part, version))
}

fn fits(part: &str, version: &str) -> bool {
    let sign = part.len()
        - part
            .trim_start_matches(['<', '>', '=', '^', '~', '!'])
            .len();
    let (sign, rest) = part.split_at(sign);
    let rest = rest.trim_start_matches('v');
    if matches!(rest, "*" | "x" | "X" | "latest" | "node" | "stable") || rest.starts_with("lts") {
        return true;
    }
    let wanted = numbers(rest);
    if wanted.is_empty() {
        return false;
    }
    let have = numbers(version);
    // A line such as `22` stands for its newest release: compare as far as both speak.
    let common = wanted.len().min(have.len());
    let order = have[..common].cmp(&wanted[..common]);
    match sign {
        ">=" => order != Ordering::Less,
        // `>3.9` leaves out the line 3.9 itself only when it is whole.
        ">" => {
            order == Ordering::Greater || (order == Ordering::Equal && wanted.len() > have.len())
        }
        "<=" => order != Ordering::Greater,
        "<" => order == Ordering::Less || (order == Ordering::Equal && wanted.len() > have.len()),
        "!=" => order != Ordering::Equal,
        "^" => have.first() == wanted.first() && order != Ordering::Less,
        "~" | "~=" | "~>" => {
            let fixed = if sign == "~" && wanted.len() >= 2 {
                2
            } else {
                wanted.len().saturating_sub(1).max(1)
            };
            let fixed = fixed.min(have.len());
            have[..fixed] == wanted[..fixed.min(wanted.len())] && order != Ordering::Less
        }
        "" | "=" | "==" => order == Ordering::Equal && have.len() <= wanted.len().max(have.len()),
        _ => false,
    }
}

/// The leading numbers of a version: `3.12.x` is 3, 12.
fn numbers(version: &str) -> Vec<u64> {
    let version = version.trim_start_matches(['<', '>', '=', '^', '~', 'v', ' ']);
    version
        .split('.')
        .map_while(|part| {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            part[..digits].parse().ok()
        })
        .collect()
}

fn compare(a: &[u64], b: &[u64]) -> Ordering {
    a.cmp(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_projects_write_is_answered() {
        let node = ["20", "22", "24"];
        let python = ["3.11", "3.12", "3.13"];
        let go = ["1.24", "1.25"];
        for (wanted, offered, answer) in [
            (">=22", &node[..], Some("24")),
            ("22", &node, Some("22")),
            ("v22.3.1", &node, Some("22")),
            ("^20.9.0", &node, Some("20")),
            ("20.x || 22.x", &node, Some("22")),
            (">= 20 < 23", &node, Some("22")),
            ("lts/*", &node, Some("24")),
            ("18", &node, None),
            ("banana", &node, None),
            ("", &node, None),
            ("3.12", &python, Some("3.12")),
            ("3.12.4", &python, Some("3.12")),
            (">=3.10,<3.13", &python, Some("3.12")),
            ("~=3.11", &python, Some("3.13")),
            ("^3.11", &python, Some("3.13")),
            ("1.24", &go, Some("1.24")),
            ("1.24.3", &go, Some("1.24")),
            ("1.26", &go, None),
            ("~> 3.12.0", &python, Some("3.12")),
            ("~3.12", &python, Some("3.12")),
        ] {
            assert_eq!(resolve(wanted, offered), answer, "{wanted}");
        }
    }

    #[test]
    fn a_floor_takes_the_same_line_or_the_next() {
        let go = ["1.24", "1.25"];
        assert_eq!(at_least("1.21", &go), Some("1.24"));
        assert_eq!(at_least("1.24.2", &go), Some("1.24"));
        assert_eq!(at_least("1.30", &go), None);
        assert_eq!(newest(&["3.9", "3.12", "3.10"]), Some("3.12"));
    }
}
