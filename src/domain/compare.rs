//! Two texts line by line: Dockerfiles, manifests.

use similar::{Algorithm, ChangeTag, capture_diff_slices};

/// The lines of both, in order: ` ` in both, `-` only in `old`, `+` only in `new`.
pub fn compare<'l>(old: &[&'l str], new: &[&'l str]) -> Vec<(char, &'l str)> {
    let steps = capture_diff_slices(Algorithm::Myers, old, new);
    let changes = steps.iter().flat_map(|step| step.iter_changes(old, new));
    changes
        .map(|change| {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            (sign, change.value())
        })
        .collect()
}

/// A row of two texts beside each other: the line of the old one, that of the new one.
pub type Beside<'l> = (Option<&'l str>, Option<&'l str>);

/// The lines of both beside each other: what is the same stands in one row, what was replaced
/// opposite its replacement.
pub fn side_by_side<'l>(old: &[&'l str], new: &[&'l str]) -> Vec<Beside<'l>> {
    let mut rows: Vec<Beside<'l>> = Vec::new();
    // The first row since the last line that is the same in both.
    let mut from = 0;
    for (sign, line) in compare(old, new) {
        let free = |rows: &[Beside<'l>], left: bool| {
            let taken = |row: &&Beside<'l>| {
                if left {
                    row.0.is_some()
                } else {
                    row.1.is_some()
                }
            };
            from + rows[from..].iter().take_while(taken).count()
        };
        match sign {
            '-' => match free(&rows, true) {
                at if at < rows.len() => rows[at].0 = Some(line),
                _ => rows.push((Some(line), None)),
            },
            '+' => match free(&rows, false) {
                at if at < rows.len() => rows[at].1 = Some(line),
                _ => rows.push((None, Some(line))),
            },
            _ => {
                rows.push((Some(line), Some(line)));
                from = rows.len();
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_replaced_stands_opposite_its_replacement() {
        let old = ["FROM a:1", "RUN x", "CMD y"];
        let new = ["FROM a:2", "RUN x", "USER 1", "CMD y"];
        let expected = [
            (Some("FROM a:1"), Some("FROM a:2")),
            (Some("RUN x"), Some("RUN x")),
            (None, Some("USER 1")),
            (Some("CMD y"), Some("CMD y")),
        ];
        assert_eq!(side_by_side(&old, &new), expected);
    }

    #[test]
    fn what_is_the_same_stays_together() {
        let old = ["FROM a:1", "RUN x", "CMD y"];
        let new = ["FROM a:2", "RUN x", "USER 1", "CMD y"];
        let expected = [
            ('-', "FROM a:1"),
            ('+', "FROM a:2"),
            (' ', "RUN x"),
            ('+', "USER 1"),
            (' ', "CMD y"),
        ];
        assert_eq!(compare(&old, &new), expected);
        assert_eq!(compare(&[], &["a"]), [('+', "a")]);
        assert_eq!(compare(&["a"], &[]), [('-', "a")]);
    }
}
