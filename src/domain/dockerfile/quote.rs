//! What may stand in a Dockerfile, and how it is written there.
//!
//! A Dockerfile is read by lines, then by words, and some instructions expand `$`. Everything that
//! a recipe or a catalogue puts in goes through here: it is checked first, then quoted for the
//! place where it stands. A check answers with what the value must be.

/// Characters that mean nothing to a shell, to a Dockerfile, or to both.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c)
}

/// What a shell sees in a command, outside of quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signs {
    /// It is several commands, of which the first could fail unnoticed: `;`, `||` or `&`.
    pub list: bool,
    /// It ends in a comment, which would take in what stands behind it.
    pub comment: bool,
    /// A quote is not closed.
    pub open: bool,
}

/// Looks for them.
pub fn signs(command: &str) -> Signs {
    let mut signs = Signs::default();
    let mut quote = None;
    let mut before = ' ';
    let mut rest = command.chars().peekable();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (None | Some('"'), '\\') => drop(rest.next()),
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '#') if before.is_whitespace() || ";&|(".contains(before) => {
                signs.comment = true;
            }
            // Both have to be done; of a redirection it is a part.
            (None, '&') if rest.peek() == Some(&'&') => drop(rest.next()),
            (None, '&') if before == '>' || before == '<' || rest.peek() == Some(&'>') => {}
            (None, '|') if rest.peek() != Some(&'|') => {}
            (None, ';' | '&' | '|') => signs.list = true,
            (None, _) => {}
        }
        before = c;
    }
    signs.open = quote.is_some();
    signs
}

/// One command of a `RUN`: shell text, on one line, that cannot leave its instruction.
pub fn command(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("a command, not an empty text".into());
    }
    if text.chars().any(char::is_control) {
        return Err("one line; several commands are a list of texts".into());
    }
    if text.trim_end().ends_with('\\') {
        return Err(
            "a command that does not end in `\\`, which would join the next line to it".into(),
        );
    }
    if text.starts_with("--")
        || text.starts_with('#')
        || text.starts_with('[') && text.ends_with(']')
    {
        return Err("a shell command; `--`, `#` or `[…]` at its beginning mean something else in a Dockerfile".into());
    }
    let signs = signs(text);
    if signs.comment {
        return Err("a command without a comment, which would hide the commands behind it".into());
    }
    if signs.open {
        return Err("a command whose quotes are closed".into());
    }
    if text.contains("<<") {
        return Err(
            "a command without `<<`: put the text into a file or a script of the project".into(),
        );
    }
    Ok(())
}

/// One word of an exec-form command.
pub fn argument(text: &str) -> Result<(), String> {
    if text.chars().any(char::is_control) {
        return Err("words without control characters".into());
    }
    Ok(())
}

/// A path in the source: relative, no way out, no sign that a shell or a pattern reads.
pub fn source_path(path: &str) -> Result<(), String> {
    let well = !path.is_empty()
        && !path.starts_with(['/', '-'])
        && path.split('/').all(|part| part != "..")
        && path.chars().all(path_character);
    if well {
        return Ok(());
    }
    Err("a path below the source, such as \"cmd/server\", of letters, digits and `._-+@/`".into())
}

/// A path in the image: absolute, no way up.
pub fn image_path(path: &str) -> Result<(), String> {
    let well = path.starts_with('/')
        && path.split('/').all(|part| part != "..")
        && path.chars().all(path_character);
    if well {
        return Ok(());
    }
    Err("an absolute path, such as \"/app\", of letters, digits and `._-+@/`".into())
}

fn path_character(c: char) -> bool {
    c.is_alphanumeric() || "._-+@/".contains(c)
}

/// The name of an environment variable.
pub fn variable(name: &str) -> Result<(), String> {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let digit = name.bytes().next().is_some_and(|b| b.is_ascii_digit());
    if !name.is_empty() && name.bytes().all(inner) && !digit {
        return Ok(());
    }
    Err("named with letters, digits and `_`, not beginning with a digit".into())
}

/// The value of a Kubernetes label: the labels of the image go to pods later.
pub fn label(value: &str) -> Result<(), String> {
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let inner = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    let bytes = value.as_bytes();
    let well = bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| inner(*b));
    if well {
        return Ok(());
    }
    Err("at most 63 letters, digits, `.`, `_` and `-`, beginning and ending with a letter or digit: it becomes a Kubernetes label".into())
}

/// A word for a shell: as it is, or in single quotes.
pub fn shell(word: &str) -> String {
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A value for `ENV` and `LABEL`: in double quotes, nothing in it is expanded.
pub fn value(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '$') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// A JSON array, for the exec form.
pub fn exec(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| json(word)).collect();
    format!("[{}]", words.join(", "))
}

fn json(word: &str) -> String {
    let mut text = String::with_capacity(word.len() + 2);
    text.push('"');
    for c in word.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            // Controls do not come here: `argument` refuses them.
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

/// A part of a cache's name: lower case letters, digits and dashes.
pub fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// Splits a command line into words as a shell does, with quotes and backslashes. `Err` names what
/// only a shell could do: that has to be asked for.
pub fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => words.extend(word.take()),
            '\'' => {
                let part: String = chars.by_ref().take_while(|c| *c != '\'').collect();
                word.get_or_insert_default().push_str(&part);
            }
            '"' => {
                let word = word.get_or_insert_default();
                while let Some(c) = chars.next().filter(|c| *c != '"') {
                    match c {
                        '\\' => word.extend(chars.next()),
                        '$' | '`' => return Err(needs_shell(c)),
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            '$' | '`' | '|' | '&' | ';' | '<' | '>' | '(' | ')' | '*' | '?' => {
                return Err(needs_shell(c));
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if let Some(first) = words.first().filter(|word| word.contains('=')) {
        return Err(format!(
            "`{first}` in front sets a variable: write it into [run.env]"
        ));
    }
    Ok(words)
}

fn needs_shell(c: char) -> String {
    format!(
        "`{c}` is read by a shell only: write [\"/bin/sh\", \"-c\", \"exec …\"], or start a script of the project"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_cannot_leave_its_instruction() {
        for text in [
            "",
            "  ",
            "a\nUSER root",
            "a \\",
            "a \\ ",
            "--mount=type=bind x",
            "# nothing",
            "[\"a\", \"b\"]",
            "cat <<EOF",
            "a\rb",
            "a\u{0}b",
            "npm ci # dependencies",
            "a;#b",
            "echo it's",
            "echo \"a",
        ] {
            assert!(command(text).is_err(), "{text:?}");
        }
        for text in [
            "npm ci",
            "test -f x || true",
            "[ -f x ] && echo '\\n'",
            "echo \"$HOME\"",
            "echo 'a # b' x#y \\# \"it's\"",
        ] {
            assert_eq!(command(text), Ok(()), "{text:?}");
        }
    }

    #[test]
    fn paths_stay_where_they_belong() {
        for path in [
            "",
            "/etc",
            "../x",
            "a/../../b",
            "-r",
            "a b",
            "$HOME",
            "a*",
            "a\nb",
            "a\"b",
        ] {
            assert!(source_path(path).is_err(), "{path:?}");
        }
        for path in [
            ".",
            "cmd/server",
            "./cmd",
            "src/Ünï.py",
            "target/a-1.0.jar",
            "..a",
        ] {
            assert_eq!(source_path(path), Ok(()), "{path:?}");
        }
        assert!(image_path("app").is_err() && image_path("/a/../b").is_err());
        assert_eq!(image_path("/usr/share/nginx/html"), Ok(()));
    }

    #[test]
    fn values_are_quoted_for_where_they_stand() {
        assert_eq!(value(r#"a "b" $HOME \n"#), r#""a \"b\" \$HOME \\n""#);
        assert_eq!(shell("curl=7.88.*"), "'curl=7.88.*'");
        assert_eq!(shell("git=1:2.39.5"), "git=1:2.39.5");
        assert_eq!(shell("it's; rm"), r"'it'\''s; rm'");
        assert_eq!(
            exec(&["a \"b\"".into(), "\\".into()]),
            r#"["a \"b\"", "\\"]"#
        );
        assert_eq!(slug("/Root/.npm/"), "root-npm");
    }

    #[test]
    fn command_lines_are_split_as_a_shell_would() {
        let words = |line| split(line);
        let expect = |words: &[&str]| Ok(words.iter().map(|&it| it.to_owned()).collect());
        assert_eq!(words("node  server.js"), expect(&["node", "server.js"]));
        assert_eq!(
            words(r#"a 'b c' "d \" e" f\ g """#),
            expect(&["a", "b c", "d \" e", "f g", ""])
        );
        for line in [
            "a && b",
            "a | b",
            "a $PORT",
            "a \"$PORT\"",
            "a; b",
            "a > b",
            "A=b c",
            "ls *",
        ] {
            assert!(split(line).is_err(), "{line}");
        }
    }

    #[test]
    fn label_values_are_those_of_kubernetes() {
        for value in ["", "a@b.c", "-a", "a b", "日本", &"x".repeat(64)] {
            assert!(label(value).is_err(), "{value}");
        }
        assert_eq!(label("Team_A.1-x"), Ok(()));
    }
}
