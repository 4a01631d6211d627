//! From words to arguments: parameters, substitution, arithmetic, splitting and patterns.

use futures::future::BoxFuture;

use super::{
    interpret::{Shell, Stop},
    io::Io,
    pattern,
    syntax::{self, Piece, What, Word},
};

/// Arguments that one command line may grow to.
const MOST: usize = 100_000;

/// A character of an expanded word: whether it is protected from splitting and patterns.
type Marked = (char, bool);

impl Shell {
    /// Expands words to arguments.
    pub(super) async fn arguments(&mut self, words: &[Word], io: &Io) -> Result<Vec<String>, Stop> {
        let mut all = Vec::new();
        for word in words {
            if let [
                Piece {
                    what: What::Parameter(name, None),
                    quoted: true,
                },
            ] = word.as_slice()
                && name == "@"
            {
                all.extend(self.positional.iter().cloned());
                continue;
            }
            let (marked, kept) = self.expand(word, io).await?;
            let fields = split(&marked, kept);
            for field in fields {
                self.with_patterns(&field, &mut all);
                if all.len() > MOST {
                    return Err(Stop::Error("argument list too long".to_owned()));
                }
            }
        }
        Ok(all)
    }

    /// Expands a word to one text, without splitting or patterns.
    pub(super) async fn text(&mut self, word: &Word, io: &Io) -> Result<String, Stop> {
        let (marked, _) = self.expand(word, io).await?;
        Ok(marked.into_iter().map(|(c, _)| c).collect())
    }

    /// The characters of a word, and whether it stays a word when there are none.
    async fn expand(&mut self, word: &Word, io: &Io) -> Result<(Vec<Marked>, bool), Stop> {
        let mut all = Vec::new();
        let mut kept = false;
        for (at, piece) in word.iter().enumerate() {
            kept |= piece.quoted;
            let (text, literal) = match &piece.what {
                What::Text(text) if at == 0 && !piece.quoted => (self.home(text), true),
                What::Text(text) => (text.clone(), true),
                What::Parameter(name, None) => (self.parameter(name), false),
                What::Parameter(name, Some((operator, word))) => {
                    (self.operated(name, operator, word, io).await?, false)
                }
                What::Commands(commands) => (self.substitute(commands, io).await?, false),
                What::Arithmetic(text) => {
                    let value =
                        super::arithmetic::evaluate(text, &mut self.vars).map_err(Stop::Error)?;
                    (value.to_string(), false)
                }
            };
            // Text of the line itself is not split, but its patterns count.
            let split = !piece.quoted && !literal;
            all.extend(text.chars().map(|c| {
                let protected = piece.quoted || (!split && c.is_whitespace());
                (c, protected)
            }));
        }
        Ok((all, kept))
    }

    fn home(&self, text: &str) -> String {
        match text.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                format!("{}{rest}", self.parameter("HOME"))
            }
            _ => text.to_owned(),
        }
    }

    /// The value of a parameter; empty when it is not set.
    pub(super) fn parameter(&self, name: &str) -> String {
        match name {
            "?" => self.status.to_string(),
            "$" => self.pid.to_string(),
            "#" => self.positional.len().to_string(),
            "@" | "*" => self.positional.join(" "),
            "!" => String::new(),
            "0" => self.name.clone(),
            "PWD" => self.cwd.clone(),
            "RANDOM" => (self.container.clock.now().as_nanosecond() / 1000 % 32_768).to_string(),
            _ => match name.parse::<usize>() {
                Ok(at) => self.positional.get(at - 1).cloned().unwrap_or_default(),
                Err(_) => self.vars.get(name).cloned().unwrap_or_default(),
            },
        }
    }

    fn is_set(&self, name: &str) -> bool {
        match name {
            "?" | "$" | "#" | "@" | "*" | "0" | "PWD" | "RANDOM" => true,
            _ => match name.parse::<usize>() {
                Ok(at) => at <= self.positional.len(),
                Err(_) => self.vars.contains_key(name),
            },
        }
    }

    fn operated<'a>(
        &'a mut self,
        name: &'a str,
        operator: &'a str,
        word: &'a str,
        io: &'a Io,
    ) -> BoxFuture<'a, Result<String, Stop>> {
        Box::pin(async move {
            let value = self.parameter(name);
            let there = self.is_set(name) && (!operator.starts_with(':') || !value.is_empty());
            let fault = |_| Stop::Error(format!("{name}: bad substitution"));
            let word = syntax::parse_quoted(word).map_err(fault)?;
            match operator.trim_start_matches(':') {
                "length" => return Ok(value.chars().count().to_string()),
                "+" if there => return self.text(&word, io).await,
                "+" => return Ok(String::new()),
                "#" | "##" | "%" | "%%" => {
                    let pattern = self.text(&word, io).await?;
                    return Ok(cut(&value, operator, &pattern));
                }
                _ => {}
            }
            if there {
                return Ok(value);
            }
            let instead = self.text(&word, io).await?;
            match operator.trim_start_matches(':') {
                "=" => {
                    self.vars.insert(name.to_owned(), instead.clone());
                    Ok(instead)
                }
                "?" => Err(Stop::Error(format!("{name}: {instead}"))),
                _ => Ok(instead),
            }
        })
    }

    fn with_patterns(&self, field: &[Marked], all: &mut Vec<String>) {
        let text: String = field.iter().map(|(c, _)| *c).collect();
        let is_pattern = field
            .iter()
            .any(|(c, protected)| !protected && matches!(c, '*' | '?' | '['));
        if is_pattern {
            let pattern: Vec<Marked> = field.to_vec();
            let found = self.container.matching(&self.cwd, &pattern);
            if !found.is_empty() {
                all.extend(found);
                return;
            }
        }
        all.push(text);
    }
}

/// Cuts marked characters into fields at unprotected blanks.
fn split(marked: &[Marked], kept: bool) -> Vec<Vec<Marked>> {
    let mut fields: Vec<Vec<Marked>> = marked
        .split(|(c, protected)| !protected && matches!(c, ' ' | '\t' | '\n'))
        .filter(|field| !field.is_empty())
        .map(<[Marked]>::to_vec)
        .collect();
    if fields.is_empty() && kept {
        fields.push(Vec::new());
    }
    fields
}

/// `${name#pattern}` and its kin.
fn cut(value: &str, operator: &str, pattern: &str) -> String {
    let pattern: Vec<Marked> = pattern.chars().map(|c| (c, false)).collect();
    let ends: Vec<usize> = value
        .char_indices()
        .map(|(at, _)| at)
        .chain([value.len()])
        .collect();
    let front = operator.starts_with('#');
    let matches = |at: &&usize| {
        let part = if front {
            &value[..**at]
        } else {
            &value[**at..]
        };
        pattern::matches(&pattern, part)
    };
    // The shortest at the front and the longest at the back are found from the left.
    let from_left = matches!(operator, "#" | "%%");
    let found = if from_left {
        ends.iter().find(matches)
    } else {
        ends.iter().rev().find(matches)
    };
    match found {
        Some(at) if front => value[*at..].to_owned(),
        Some(at) => value[..*at].to_owned(),
        None => value.to_owned(),
    }
}
