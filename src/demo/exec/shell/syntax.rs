//! The grammar of the simulated shell: text to commands. A useful part of POSIX sh: quoting,
//! parameters, substitution, pipes, lists, redirection, `if`, `for`, `while`, `until`, groups.

/// A list of commands, one after the other.
pub type List = Vec<AndOr>;

/// Pipelines joined by `&&` and `||`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AndOr {
    /// The first one.
    pub first: Pipeline,
    /// The others, each with whether it wants the one before to have succeeded (`&&`).
    pub rest: Vec<(bool, Pipeline)>,
}

/// Commands that feed one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// `!` stands before it.
    pub negated: bool,
    /// At least one.
    pub commands: Vec<Command>,
}

/// One command with where its streams go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What it is.
    pub kind: Kind,
    /// In the order that they are written.
    pub redirects: Vec<Redirect>,
}

/// The forms of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `A=b name words`.
    Simple {
        /// Assignments before the name.
        assignments: Vec<(String, Word)>,
        /// Name and arguments; none when there are only assignments.
        words: Vec<Word>,
    },
    /// `{ list; }`
    Group(List),
    /// `( list )`
    Subshell(List),
    /// `if a; then b; elif c; then d; else e; fi`
    If {
        /// Conditions with what they lead to.
        arms: Vec<(List, List)>,
        /// `else`.
        otherwise: List,
    },
    /// `while a; do b; done`, `until` with the condition turned round.
    Loop {
        /// It is an `until`.
        until: bool,
        /// Condition.
        condition: List,
        /// Body.
        body: List,
    },
    /// `for name in words; do list; done`
    For {
        /// Variable.
        name: String,
        /// What it goes through.
        words: Vec<Word>,
        /// Body.
        body: List,
    },
}

/// Where a stream goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// 0, 1 or 2.
    pub stream: u8,
    /// Where to.
    pub to: Goal,
}

/// The other end of a redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// `< word`
    Read(Word),
    /// `> word`
    Write(Word),
    /// `>> word`
    Append(Word),
    /// `>&n`
    Stream(u8),
    /// `<<< word`, and here-documents as they were read.
    Text(Word),
}

/// A word before expansion.
pub type Word = Vec<Piece>;

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub what: What,
    /// It stands in quotes: no splitting, no patterns.
    pub quoted: bool,
}

/// The kinds of parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Text as it is.
    Text(String),
    /// `$name`, `${name}`, `${name:-word}` and its kin: the operator and its raw word.
    Parameter(String, Option<(String, String)>),
    /// `$(commands)`
    Commands(String),
    /// `$((arithmetic))`
    Arithmetic(String),
}

/// Why a text is no list of commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It could become one with more text.
    Unfinished,
    /// It cannot, because of this.
    Unexpected(String),
}

/// How deep groups, loops and conditions may lie in one another.
const DEEPEST: usize = 64;

/// Reads a list of commands.
///
/// # Errors
/// [`Fault`].
pub fn parse(text: &str) -> Result<List, Fault> {
    let mut parser = Parser {
        text: text.chars().collect(),
        at: 0,
        depth: 0,
    };
    let list = parser.list(&[])?;
    parser.blanks();
    match parser.peek() {
        None => Ok(list),
        Some(_) => Err(parser.unexpected()),
    }
}

/// Reads the inside of a double-quoted text: parameters and substitutions, no words.
///
/// # Errors
/// [`Fault`].
pub fn parse_quoted(text: &str) -> Result<Word, Fault> {
    let mut parser = Parser {
        text: text.chars().collect(),
        at: 0,
        depth: 0,
    };
    parser.double_quoted(None)
}

struct Parser {
    text: Vec<char>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }

    fn starts(&self, with: &str) -> bool {
        with.chars()
            .enumerate()
            .all(|(offset, c)| self.text.get(self.at + offset) == Some(&c))
    }

    fn eat(&mut self, what: &str) -> bool {
        let there = self.starts(what);
        if there {
            self.at += what.chars().count();
        }
        there
    }

    /// Passes over blanks, comments and continued lines.
    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t') => self.at += 1,
                Some('\\') if self.starts("\\\n") => self.at += 2,
                Some('#') => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn lines(&mut self) {
        loop {
            self.blanks();
            if self.peek() != Some('\n') {
                return;
            }
            self.at += 1;
        }
    }

    fn unexpected(&self) -> Fault {
        match self.peek() {
            None => Fault::Unfinished,
            Some('\n') => Fault::Unexpected("newline".to_owned()),
            Some(c) if ";&|<>()".contains(c) => {
                let doubled = self.text.get(self.at + 1) == Some(&c) && ";&|".contains(c);
                Fault::Unexpected(if doubled {
                    format!("{c}{c}")
                } else {
                    c.to_string()
                })
            }
            Some(_) => Fault::Unexpected(
                self.text[self.at..]
                    .iter()
                    .take_while(|c| !c.is_whitespace() && !";&|<>()".contains(**c))
                    .collect(),
            ),
        }
    }

    /// The reserved word that stands here, if one of these does.
    fn reserved<'a>(&self, words: &[&'a str]) -> Option<&'a str> {
        words.iter().copied().find(|word| {
            let behind = self.text.get(self.at + word.chars().count());
            self.starts(word) && behind.is_none_or(|c| c.is_whitespace() || ";&|<>()".contains(*c))
        })
    }

    fn expect(&mut self, word: &str) -> Result<(), Fault> {
        self.lines();
        if self.reserved(&[word]).is_some() && self.eat(word) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    /// Commands up to one of these words (not taken), a `)` or the end.
    fn list(&mut self, ends: &[&str]) -> Result<List, Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Fault::Unexpected("too much nesting".to_owned()));
        }
        let mut list = Vec::new();
        loop {
            self.lines();
            if self.peek().is_none_or(|c| c == ')') || self.reserved(ends).is_some() {
                break;
            }
            list.push(self.and_or()?);
            self.blanks();
            match self.peek() {
                Some('\n') => self.at += 1,
                Some(';') if !self.starts(";;") => self.at += 1,
                // There is one foreground and no other: a job behind it is done before it.
                Some('&') if !self.starts("&&") => self.at += 1,
                None | Some(')') => break,
                Some(_) => return Err(self.unexpected()),
            }
        }
        self.depth -= 1;
        Ok(list)
    }

    fn and_or(&mut self) -> Result<AndOr, Fault> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.blanks();
            let and = self.starts("&&");
            if !and && !self.starts("||") {
                return Ok(AndOr { first, rest });
            }
            self.at += 2;
            self.lines();
            rest.push((and, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Result<Pipeline, Fault> {
        let mut negated = false;
        self.blanks();
        while self.reserved(&["!"]).is_some() {
            self.at += 1;
            negated = !negated;
            self.blanks();
        }
        let mut commands = vec![self.command()?];
        loop {
            self.blanks();
            if !self.starts("|") || self.starts("||") {
                return Ok(Pipeline { negated, commands });
            }
            self.at += 1;
            self.lines();
            commands.push(self.command()?);
        }
    }

    fn command(&mut self) -> Result<Command, Fault> {
        self.blanks();
        let words = ["if", "while", "until", "for", "{"];
        let kind = if self.eat("(") {
            let list = self.list(&[])?;
            if !self.eat(")") {
                return Err(self.unexpected());
            }
            Kind::Subshell(list)
        } else {
            match self.reserved(&words) {
                Some(word) => {
                    self.eat(word);
                    self.compound(word)?
                }
                None => return self.simple(),
            }
        };
        let mut redirects = Vec::new();
        while let Some(redirect) = self.redirect()? {
            redirects.push(redirect);
        }
        Ok(Command { kind, redirects })
    }

    fn compound(&mut self, word: &str) -> Result<Kind, Fault> {
        match word {
            "if" => self.conditional(),
            "for" => self.for_loop(),
            "{" => {
                let list = self.list(&["}"])?;
                self.expect("}")?;
                Ok(Kind::Group(list))
            }
            _ => {
                let condition = self.list(&["do"])?;
                Ok(Kind::Loop {
                    until: word == "until",
                    condition,
                    body: self.body()?,
                })
            }
        }
    }

    fn body(&mut self) -> Result<List, Fault> {
        self.expect("do")?;
        let body = self.list(&["done"])?;
        self.expect("done")?;
        Ok(body)
    }

    fn conditional(&mut self) -> Result<Kind, Fault> {
        let mut arms = Vec::new();
        let mut otherwise = Vec::new();
        loop {
            let condition = self.list(&["then"])?;
            self.expect("then")?;
            arms.push((condition, self.list(&["elif", "else", "fi"])?));
            self.lines();
            if self.reserved(&["elif"]).is_some() {
                self.eat("elif");
                continue;
            }
            if self.reserved(&["else"]).is_some() {
                self.eat("else");
                otherwise = self.list(&["fi"])?;
            }
            self.expect("fi")?;
            return Ok(Kind::If { arms, otherwise });
        }
    }

    fn for_loop(&mut self) -> Result<Kind, Fault> {
        self.blanks();
        let name = self.name();
        if name.is_empty() {
            return Err(self.unexpected());
        }
        self.blanks();
        let mut words = Vec::new();
        if self.reserved(&["in"]).is_some() {
            self.eat("in");
            loop {
                self.blanks();
                let word = self.word()?;
                if word.is_empty() {
                    break;
                }
                words.push(word);
            }
        }
        self.blanks();
        self.eat(";");
        let body = self.body()?;
        Ok(Kind::For { name, words, body })
    }

    fn simple(&mut self) -> Result<Command, Fault> {
        let (mut assignments, mut words, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            self.blanks();
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            if words.is_empty()
                && let Some(name) = self.assignment()
            {
                assignments.push((name, self.word()?));
                continue;
            }
            let word = self.word()?;
            if word.is_empty() {
                break;
            }
            words.push(word);
        }
        if words.is_empty() && assignments.is_empty() && redirects.is_empty() {
            return Err(self.unexpected());
        }
        let kind = Kind::Simple { assignments, words };
        Ok(Command { kind, redirects })
    }

    /// The name of an assignment that begins here; it and its `=` are taken.
    fn assignment(&mut self) -> Option<String> {
        let before = self.at;
        let name = self.name();
        if !name.is_empty() && self.eat("=") {
            return Some(name);
        }
        self.at = before;
        None
    }

    fn name(&mut self) -> String {
        let first = |c: char| c.is_ascii_alphabetic() || c == '_';
        let mut name = String::new();
        while let Some(c) = self.peek() {
            if !(first(c) || (!name.is_empty() && c.is_ascii_digit())) {
                break;
            }
            name.push(c);
            self.at += 1;
        }
        name
    }

    fn redirect(&mut self) -> Result<Option<Redirect>, Fault> {
        self.blanks();
        let numbered = self.peek().filter(|c| matches!(c, '0'..='2'));
        let behind = usize::from(numbered.is_some());
        let Some(operator @ ('<' | '>')) = self.text.get(self.at + behind).copied() else {
            // `&>file` is both streams in bash.
            return Ok(None);
        };
        self.at += behind + 1;
        let default = u8::from(operator != '<');
        let stream = numbered
            .and_then(|c| c.to_digit(10))
            .and_then(|digit| u8::try_from(digit).ok())
            .unwrap_or(default);
        if self.eat("&") {
            let to = match self.next() {
                Some('0') => 0,
                Some('1') => 1,
                Some('2') => 2,
                _ => return Err(Fault::Unexpected("&".to_owned())),
            };
            return Ok(Some(Redirect {
                stream,
                to: Goal::Stream(to),
            }));
        }
        if operator == '<' && self.eat("<<") {
            let mut word = self.target()?;
            word.push(Piece {
                what: What::Text("\n".to_owned()),
                quoted: true,
            });
            return Ok(Some(Redirect {
                stream,
                to: Goal::Text(word),
            }));
        }
        if operator == '<' && self.eat("<") {
            return self.here_document(stream).map(Some);
        }
        let append = operator == '>' && self.eat(">");
        let word = self.target()?;
        let to = match (operator, append) {
            ('<', _) => Goal::Read(word),
            (_, true) => Goal::Append(word),
            (_, false) => Goal::Write(word),
        };
        Ok(Some(Redirect { stream, to }))
    }

    fn target(&mut self) -> Result<Word, Fault> {
        self.blanks();
        let word = self.word()?;
        if word.is_empty() {
            return Err(match self.peek() {
                None => Fault::Unexpected("newline".to_owned()),
                Some(_) => self.unexpected(),
            });
        }
        Ok(word)
    }

    /// `<<EOF`: the lines behind this one, which are cut out of the text.
    fn here_document(&mut self, stream: u8) -> Result<Redirect, Fault> {
        let strip = self.eat("-");
        let mark = self.target()?;
        let literal = mark.iter().any(|piece| piece.quoted);
        let mark: String = mark
            .iter()
            .map(|piece| match &piece.what {
                What::Text(text) => text.as_str(),
                _ => "",
            })
            .collect();
        let from = (self.at..self.text.len())
            .find(|at| self.text[*at] == '\n')
            .ok_or(Fault::Unfinished)?
            + 1;
        let mut body = String::new();
        let mut at = from;
        loop {
            if at >= self.text.len() {
                return Err(Fault::Unfinished);
            }
            let line: String = self.text[at..].iter().take_while(|c| **c != '\n').collect();
            at += line.chars().count() + 1;
            let line = if strip {
                line.trim_start_matches('\t')
            } else {
                &line
            };
            if line == mark {
                break;
            }
            body.push_str(line);
            body.push('\n');
        }
        self.text.drain(from..at.min(self.text.len()));
        let word = if literal {
            vec![Piece {
                what: What::Text(body),
                quoted: true,
            }]
        } else {
            parse_quoted(&body)?
        };
        Ok(Redirect {
            stream,
            to: Goal::Text(word),
        })
    }

    /// A word; empty when none begins here.
    fn word(&mut self) -> Result<Word, Fault> {
        let mut word = Word::new();
        let mut text = String::new();
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')' => break,
                '\'' => {
                    settle(&mut word, &mut text, false);
                    self.at += 1;
                    let quoted = self.until('\'')?;
                    word.push(Piece {
                        what: What::Text(quoted),
                        quoted: true,
                    });
                }
                '"' => {
                    settle(&mut word, &mut text, false);
                    self.at += 1;
                    word.extend(self.double_quoted(Some('"'))?);
                }
                '\\' => {
                    self.at += 1;
                    match self.next() {
                        None => return Err(Fault::Unfinished),
                        Some('\n') => {}
                        Some(c) => {
                            settle(&mut word, &mut text, false);
                            word.push(Piece {
                                what: What::Text(c.to_string()),
                                quoted: true,
                            });
                        }
                    }
                }
                '$' => match self.dollar()? {
                    Some(what) => {
                        settle(&mut word, &mut text, false);
                        word.push(Piece {
                            what,
                            quoted: false,
                        });
                    }
                    None => text.push('$'),
                },
                '`' => {
                    settle(&mut word, &mut text, false);
                    self.at += 1;
                    let commands = self.until('`')?;
                    word.push(Piece {
                        what: What::Commands(commands),
                        quoted: false,
                    });
                }
                _ => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
        settle(&mut word, &mut text, false);
        Ok(word)
    }

    fn until(&mut self, end: char) -> Result<String, Fault> {
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(Fault::Unfinished),
                Some(c) if c == end => return Ok(text),
                Some(c) => text.push(c),
            }
        }
    }

    /// Up to `end`, which is taken, or to the end of the text when there is no such.
    fn double_quoted(&mut self, end: Option<char>) -> Result<Word, Fault> {
        let mut word = Word::new();
        let mut text = String::new();
        loop {
            match self.peek() {
                None if end.is_none() => break,
                None => return Err(Fault::Unfinished),
                Some(c) if Some(c) == end => {
                    self.at += 1;
                    break;
                }
                Some('\\') => {
                    self.at += 1;
                    match self.next() {
                        None => return Err(Fault::Unfinished),
                        Some('\n') => {}
                        Some(c @ ('$' | '`' | '"' | '\\')) => text.push(c),
                        Some(c) => text.extend(['\\', c]),
                    }
                }
                Some('$') => match self.dollar()? {
                    Some(what) => {
                        settle(&mut word, &mut text, true);
                        word.push(Piece { what, quoted: true });
                    }
                    None => text.push('$'),
                },
                Some('`') => {
                    settle(&mut word, &mut text, true);
                    self.at += 1;
                    let commands = self.until('`')?;
                    word.push(Piece {
                        what: What::Commands(commands),
                        quoted: true,
                    });
                }
                Some(c) => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
        // Also "" is a word.
        if !text.is_empty() || word.is_empty() {
            word.push(Piece {
                what: What::Text(text),
                quoted: true,
            });
        }
        Ok(word)
    }

    /// What a `$` begins; `None` (and only the `$` is taken) when it stands for itself.
    fn dollar(&mut self) -> Result<Option<What>, Fault> {
        self.at += 1;
        if self.eat("((") {
            let inside = self.balanced(2)?;
            return Ok(Some(What::Arithmetic(inside)));
        }
        if self.eat("(") {
            return Ok(Some(What::Commands(self.balanced(1)?)));
        }
        if self.eat("{") {
            return self.braced().map(Some);
        }
        if let Some(c @ ('?' | '$' | '#' | '@' | '*' | '!' | '0'..='9')) = self.peek() {
            self.at += 1;
            return Ok(Some(What::Parameter(c.to_string(), None)));
        }
        let name = self.name();
        Ok((!name.is_empty()).then_some(What::Parameter(name, None)))
    }

    /// Up to the parenthesis that closes, quotes respected; with 2 up to `))`.
    fn balanced(&mut self, closing: usize) -> Result<String, Fault> {
        let mut inside = String::new();
        let mut depth = closing;
        loop {
            let c = self.next().ok_or(Fault::Unfinished)?;
            match c {
                '(' => depth += 1,
                ')' => {
                    depth -= 1;
                    if depth == 0 {
                        if closing == 2 {
                            inside.pop();
                        }
                        return Ok(inside);
                    }
                }
                '\'' | '"' if closing == 1 => {
                    inside.push(c);
                    inside.push_str(&self.until(c)?);
                }
                _ => {}
            }
            inside.push(c);
        }
    }

    fn braced(&mut self) -> Result<What, Fault> {
        let length = self.eat("#") && self.peek() != Some('}');
        let name = match self.peek() {
            Some(c @ ('?' | '$' | '@' | '*' | '0'..='9')) => {
                self.at += 1;
                c.to_string()
            }
            _ => self.name(),
        };
        let mut rest = String::new();
        let mut depth = 1;
        loop {
            let c = self.next().ok_or(Fault::Unfinished)?;
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            rest.push(c);
        }
        if length {
            return Ok(What::Parameter(name, Some(("length".to_owned(), rest))));
        }
        if name.is_empty() {
            return Err(Fault::Unexpected(format!("${{{rest}}}: bad substitution")));
        }
        if rest.is_empty() {
            return Ok(What::Parameter(name, None));
        }
        let operators = [
            ":-", ":=", ":+", ":?", "-", "=", "+", "?", "##", "#", "%%", "%",
        ];
        let found = operators
            .iter()
            .find(|operator| rest.starts_with(**operator));
        match found {
            None => Err(Fault::Unexpected(format!(
                "${{{name}{rest}}}: bad substitution"
            ))),
            Some(operator) => {
                let word = rest[operator.len()..].to_owned();
                Ok(What::Parameter(name, Some(((*operator).to_owned(), word))))
            }
        }
    }
}

fn settle(word: &mut Word, text: &mut String, quoted: bool) {
    if !text.is_empty() {
        word.push(Piece {
            what: What::Text(std::mem::take(text)),
            quoted,
        });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Word> {
        match parse(text).unwrap().remove(0).first.commands.remove(0).kind {
            Kind::Simple { words, .. } => words,
            other => panic!("{other:?}"),
        }
    }

    fn text(text: &str, quoted: bool) -> Piece {
        Piece {
            what: What::Text(text.to_owned()),
            quoted,
        }
    }

    #[test]
    fn quotes_keep_words_together() {
        assert_eq!(
            words(r#"echo 'a  b' "c d"e f\ g ''"#)[1..],
            [
                vec![text("a  b", true)],
                vec![text("c d", true), text("e", false)],
                vec![text("f", false), text(" ", true), text("g", false)],
                vec![text("", true)],
            ]
        );
    }

    #[test]
    fn dollars_begin_what_they_begin() {
        let what = |line: &str| words(line)[0][0].what.clone();
        let parameter = |name: &str| What::Parameter(name.to_owned(), None);
        assert_eq!(what("$?x"), parameter("?"));
        assert_eq!(what("${HOME}x"), parameter("HOME"));
        assert_eq!(
            what("${A:-b c}"),
            What::Parameter("A".to_owned(), Some((":-".to_owned(), "b c".to_owned())))
        );
        assert_eq!(
            what("$((1 + (2*3)))"),
            What::Arithmetic("1 + (2*3)".to_owned())
        );
        assert_eq!(
            what("$(echo ')' (x))"),
            What::Commands("echo ')' (x)".to_owned())
        );
        assert_eq!(what("$"), What::Text("$".to_owned()));
    }

    #[test]
    fn lists_pipes_and_redirections() {
        let list = parse("a | b 2>&1 >>f && c; ! d").unwrap();
        assert_eq!(list.len(), 2);
        assert!(list[1].first.negated);
        let second = &list[0].first.commands[1];
        assert_eq!(
            second.redirects[0],
            Redirect {
                stream: 2,
                to: Goal::Stream(1)
            }
        );
        assert_eq!(second.redirects[1].to, Goal::Append(vec![text("f", false)]));
        assert!(list[0].rest[0].0);
    }

    #[test]
    fn compounds_are_read() {
        let kind = |text: &str| parse(text).unwrap().remove(0).first.commands.remove(0).kind;
        assert!(
            matches!(kind("if a; then b; elif c; then d; else e; fi"), Kind::If { arms, otherwise } if arms.len() == 2 && otherwise.len() == 1)
        );
        assert!(
            matches!(kind("for i in 1 2 3; do echo $i; done"), Kind::For { words, .. } if words.len() == 3)
        );
        assert!(matches!(
            kind("while true; do sleep 1; done > f"),
            Kind::Loop { until: false, .. }
        ));
        assert!(matches!(kind("{ a; b; }"), Kind::Group(list) if list.len() == 2));
        assert!(matches!(kind("(a; b)"), Kind::Subshell(list) if list.len() == 2));
        // Only where a command may stand are they special.
        assert_eq!(words("echo if then done").len(), 4);
    }

    #[test]
    fn here_documents_are_cut_out() {
        let list = parse("cat <<EOF | wc\na $X\nb\nEOF\necho c").unwrap();
        assert_eq!(list.len(), 2);
        let Goal::Text(word) = &list[0].first.commands[0].redirects[0].to else {
            panic!("{list:?}")
        };
        assert_eq!(word.len(), 3);
    }

    #[test]
    fn what_is_not_finished_is_told_from_what_is_wrong() {
        for unfinished in [
            "echo 'a",
            "echo \"a",
            "a |",
            "a &&",
            "if a; then",
            "for i in 1; do",
            "echo \\",
            "(a",
            "$(a",
            "cat <<E\nx",
        ] {
            assert_eq!(parse(unfinished), Err(Fault::Unfinished), "{unfinished}");
        }
        for (wrong, at) in [
            ("| a", "|"),
            ("a ;; b", ";;"),
            ("a )", ")"),
            ("fi )", ")"),
            ("a > ;", ";"),
        ] {
            assert_eq!(
                parse(wrong),
                Err(Fault::Unexpected(at.to_owned())),
                "{wrong}"
            );
        }
        assert_eq!(parse(" # nothing\n").unwrap(), []);
        assert!(parse(&"(".repeat(1000)).is_err());
    }
}
