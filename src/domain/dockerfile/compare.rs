//! Two Dockerfiles line by line.

/// The lines of both, in order: ` ` in both, `-` only in `old`, `+` only in `new`.
///
/// The longest common subsequence decides; Dockerfiles are short. Beyond 2,000 lines, everything
/// old stands before everything new.
pub fn compare<'l>(old: &[&'l str], new: &[&'l str]) -> Vec<(char, &'l str)> {
    const LONG: usize = 2_000;
    let mut out = Vec::with_capacity(old.len() + new.len());
    if old.len() > LONG || new.len() > LONG {
        out.extend(old.iter().map(|line| ('-', *line)));
        out.extend(new.iter().map(|line| ('+', *line)));
        return out;
    }
    let width = new.len() + 1;
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for a in (0..old.len()).rev() {
        for b in (0..new.len()).rev() {
            common[a * width + b] = if old[a] == new[b] {
                common[(a + 1) * width + b + 1] + 1
            } else {
                common[(a + 1) * width + b].max(common[a * width + b + 1])
            };
        }
    }
    let (mut a, mut b) = (0, 0);
    while a < old.len() || b < new.len() {
        if a < old.len() && b < new.len() && old[a] == new[b] {
            out.push((' ', old[a]));
            a += 1;
            b += 1;
        } else if b == new.len()
            || a < old.len() && common[(a + 1) * width + b] >= common[a * width + b + 1]
        {
            out.push(('-', old[a]));
            a += 1;
        } else {
            out.push(('+', new[b]));
            b += 1;
        }
    }
    out
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
