//! What a `.dockerignore` leaves out, as the Docker Engine's own client decides it.

use regex::Regex;

/// The patterns of a `.dockerignore`.
#[derive(Clone, Debug, Default)]
pub struct Ignore {
    /// Whether the pattern brings back, and what it matches.
    patterns: Vec<(bool, Regex)>,
}

impl Ignore {
    /// Reads the text of a file. Patterns that cannot be understood match nothing.
    pub fn parse(text: &str) -> Self {
        let lines = text.trim_start_matches('\u{feff}').lines();
        let patterns = lines
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .filter_map(|line| {
                let back = line.starts_with('!');
                let pattern = cleaned(line.trim_start_matches('!').trim());
                (!pattern.is_empty())
                    .then(|| Some((back, Regex::new(&expression(&pattern)).ok()?)))?
            })
            .collect();
        Self { patterns }
    }

    /// Whether a path (relative, with `/`) is left out: the last pattern that matches it, or a
    /// folder above it, decides.
    pub fn leaves_out(&self, path: &str) -> bool {
        let mut out = false;
        for (back, pattern) in &self.patterns {
            // What would change nothing need not be looked at.
            if out == *back && matches(pattern, path) {
                out = !back;
            }
        }
        out
    }

    /// Whether something below a folder that is left out may be brought back.
    pub fn brings_back(&self) -> bool {
        self.patterns.iter().any(|(back, _)| *back)
    }
}

fn matches(pattern: &Regex, path: &str) -> bool {
    let above = path.match_indices('/').map(|(at, _)| &path[..at]);
    pattern.is_match(path) || above.into_iter().any(|folder| pattern.is_match(folder))
}

/// A pattern without `.`, empty parts and slashes at its ends.
fn cleaned(pattern: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in pattern.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The regular expression of a pattern.
fn expression(pattern: &str) -> String {
    let mut out = String::from("^");
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' if rest.peek() == Some(&'*') => {
                rest.next();
                if rest.peek() == Some(&'/') {
                    rest.next();
                    out.push_str("(.*/)?");
                } else {
                    out.push_str(".*");
                }
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '\\' => {
                let escaped = rest.next().unwrap_or('\\');
                out.push_str(&regex::escape(escaped.encode_utf8(&mut [0; 4])));
            }
            '[' | ']' | '-' => out.push(c),
            c => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push('$');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_pattern_that_matches_decides() {
        let ignore = Ignore::parse(
            "# comment\n*.md\n!README.md\n/build/\n**/node_modules\n**/*.pem\ndocs/*\n!docs/keep\n.env*\n[ab].txt\n./x/../y\n",
        );
        for (path, out) in [
            ("a.md", true),
            ("README.md", false),
            ("sub/a.md", false),
            ("build", true),
            ("build/x/y", true),
            ("sub/build", false),
            ("node_modules/a", true),
            ("a/b/node_modules/c", true),
            ("k.pem", true),
            ("a/k.pem", true),
            ("docs/other", true),
            ("docs/keep", false),
            ("docs/keep/x", false),
            (".env.local", true),
            ("a.txt", true),
            ("c.txt", false),
            ("y", true),
            ("src/main.rs", false),
        ] {
            assert_eq!(ignore.leaves_out(path), out, "{path}");
        }
        assert!(ignore.brings_back());
        assert!(!Ignore::parse("a\n[\n").leaves_out("["));
    }
}
