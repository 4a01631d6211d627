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

#[cfg(test)]
mod tests {
    use super::*;

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
