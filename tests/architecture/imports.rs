//! Which paths a source file names. A small scanner instead of a parser: it knows comments, texts,
//! `use` trees, `super`, and nothing else.

/// A path that a file names.
#[derive(Debug, PartialEq)]
pub struct Named {
    /// 1-based line.
    pub line: usize,
    /// From its root: `crate::app::Msg`, `tokio::sync::mpsc`.
    pub path: String,
    /// It stands in a module that exists only for tests.
    pub in_tests: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Colons,
    Sign(char),
}

/// All paths in `text`, the text of the file `file` below `src/`.
pub fn named(file: &str, text: &str) -> Vec<Named> {
    let mut scan = Scan {
        tokens: tokens(text),
        at: 0,
        home: home(file),
        inner: Vec::new(),
        depth: 0,
        tests_file: file
            .split('/')
            .any(|part| part == "tests" || part == "tests.rs"),
        found: Vec::new(),
    };
    scan.run();
    scan.found
}

/// The module path of a file: `view/list.rs` is `["view", "list"]`.
fn home(file: &str) -> Vec<String> {
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    let mut parts: Vec<String> = stem.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

struct Scan {
    tokens: Vec<(usize, Token)>,
    at: usize,
    home: Vec<String>,
    /// Inline modules that are open, each with the depth of its braces.
    inner: Vec<(usize, String)>,
    depth: usize,
    /// The whole file is a module of tests.
    tests_file: bool,
    found: Vec<Named>,
}

impl Scan {
    fn run(&mut self) {
        while let Some((line, token)) = self.tokens.get(self.at).cloned() {
            match token {
                Token::Word(word) if word == "use" => {
                    self.at += 1;
                    self.tree(&[]);
                }
                Token::Word(word) if word == "mod" => self.module(),
                Token::Word(word) if word == "extern" => self.extern_crate(),
                Token::Word(_) => self.inline(line),
                Token::Colons => self.at += 1,
                Token::Sign(sign) => {
                    self.brace(sign);
                    self.at += 1;
                }
            }
        }
    }

    fn brace(&mut self, sign: char) {
        match sign {
            '{' => self.depth += 1,
            '}' => {
                self.depth = self.depth.saturating_sub(1);
                if self
                    .inner
                    .last()
                    .is_some_and(|(depth, _)| *depth == self.depth)
                {
                    self.inner.pop();
                }
            }
            _ => {}
        }
    }

    fn module(&mut self) {
        if let (Some(Token::Word(name)), Some(Token::Sign('{'))) = (self.peek(1), self.peek(2)) {
            self.inner.push((self.depth, name));
        }
        self.at += 2;
    }

    fn extern_crate(&mut self) {
        if let (Some(Token::Word(krate)), Some(Token::Word(name))) = (self.peek(1), self.peek(2))
            && krate == "crate"
        {
            let line = self.tokens[self.at].0;
            self.note(line, &[name]);
            self.at += 2;
        }
        self.at += 1;
    }

    /// `a::b::c` somewhere in code.
    fn inline(&mut self, line: usize) {
        let after_colons = self.at > 0 && self.tokens[self.at - 1].1 == Token::Colons;
        // `::kube::x` starts at the crates; `<T>::x` is no path from a root.
        let from_root = self.at < 2
            || !matches!(
                self.tokens[self.at - 2].1,
                Token::Word(_) | Token::Sign('>')
            );
        let mut parts = Vec::new();
        while let Some(Token::Word(word)) = self.peek(0) {
            parts.push(word);
            self.at += 1;
            if self.peek(0) != Some(Token::Colons) {
                break;
            }
            self.at += 1;
        }
        if parts.len() > 1 && (!after_colons || from_root) {
            self.note(line, &parts);
        }
    }

    /// A `use` tree below `prefix`; stops behind it.
    fn tree(&mut self, prefix: &[String]) {
        let mut parts = prefix.to_vec();
        let mut line = self.tokens.get(self.at).map_or(0, |(line, _)| *line);
        loop {
            match self.peek(0) {
                Some(Token::Word(word)) if word == "as" => self.at += 2,
                Some(Token::Word(word)) => {
                    line = self.tokens[self.at].0;
                    parts.push(word);
                    self.at += 1;
                }
                Some(Token::Colons | Token::Sign('*')) => self.at += 1,
                Some(Token::Sign('{')) => {
                    self.at += 1;
                    while !matches!(self.peek(0), None | Some(Token::Sign('}'))) {
                        self.tree(&parts);
                        if self.peek(0) == Some(Token::Sign(',')) {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                _ => break,
            }
        }
        self.note(line, &parts);
    }

    fn peek(&self, by: usize) -> Option<Token> {
        self.tokens
            .get(self.at + by)
            .map(|(_, token)| token.clone())
    }

    /// Keeps a path, written from its root.
    fn note(&mut self, line: usize, parts: &[String]) {
        let supers = parts.iter().take_while(|part| *part == "super").count();
        let rest = &parts[supers..];
        let mut path: Vec<String> = vec!["crate".into()];
        if supers > 0 || rest.first().is_some_and(|first| first == "self") {
            let mut here = self.home.clone();
            here.extend(self.inner.iter().map(|(_, name)| name.clone()));
            here.truncate(here.len().saturating_sub(supers));
            path.extend(here);
            path.extend(rest.iter().filter(|part| *part != "self").cloned());
        } else if rest
            .first()
            .is_some_and(|first| first == "crate" || first == "quarterdeck")
        {
            path.extend(rest[1..].iter().cloned());
        } else {
            path = rest.to_vec();
        }
        let path = path.join("::");
        let in_tests = self.tests_file || self.inner.iter().any(|(_, name)| name == "tests");
        if !path.is_empty() {
            self.found.push(Named {
                line,
                path,
                in_tests,
            });
        }
    }
}

/// Words, `::` and signs of `text`, without comments and texts.
fn tokens(text: &str) -> Vec<(usize, Token)> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let start = at;
        let (c, next) = (chars[at], chars.get(at + 1).copied());
        match c {
            '/' if next == Some('/') => at = skip_line(&chars, at),
            '/' if next == Some('*') => at = skip_comment(&chars, at),
            '"' => at = skip_text(&chars, at + 1),
            '\'' => at = skip_char(&chars, at),
            ':' if next == Some(':') => {
                found.push((line, Token::Colons));
                at += 2;
            }
            c if c.is_alphabetic() || c == '_' => {
                at += chars[at..]
                    .iter()
                    .take_while(|c| c.is_alphanumeric() || **c == '_')
                    .count();
                let word: String = chars[start..at].iter().collect();
                match raw_text(&chars, at, &word) {
                    Some(end) => at = end,
                    None => found.push((line, Token::Word(word))),
                }
            }
            c => {
                if !c.is_whitespace() {
                    found.push((line, Token::Sign(c)));
                }
                at += 1;
            }
        }
        line += chars[start..at.min(chars.len())]
            .iter()
            .filter(|c| **c == '\n')
            .count();
    }
    found
}

fn skip_line(chars: &[char], at: usize) -> usize {
    at + chars[at..].iter().take_while(|c| **c != '\n').count()
}

fn skip_comment(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => (depth, at) = (depth + 1, at + 2),
            ('*', '/') => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

/// Behind the quote that ends the text that starts at `at`.
fn skip_text(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

/// A character literal is skipped whole; of a lifetime only the tick.
fn skip_char(chars: &[char], at: usize) -> usize {
    if chars.get(at + 1) == Some(&'\\') {
        return at + 3 + chars[at + 3..].iter().take_while(|c| **c != '\'').count() + 1;
    }
    if chars.get(at + 2) == Some(&'\'') {
        at + 3
    } else {
        at + 1
    }
}

/// The end of a raw text whose `r`, `br` or `cr` ended at `at`.
fn raw_text(chars: &[char], at: usize, word: &str) -> Option<usize> {
    if !matches!(word, "r" | "br" | "cr") {
        return None;
    }
    let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
    if chars.get(at + hashes) != Some(&'"') {
        return None;
    }
    let mut end = at + hashes + 1;
    while end < chars.len() {
        if chars[end] == '"'
            && chars[end + 1..]
                .iter()
                .take(hashes)
                .filter(|c| **c == '#')
                .count()
                == hashes
        {
            return Some(end + 1 + hashes);
        }
        end += 1;
    }
    Some(end)
}
