//! The filter language: what is typed after `/`.
//!
//! | term | keeps rows |
//! |---|---|
//! | `web` | in which the regular expression is found (capitals count only when one is typed) |
//! | `!web` | in which it is not found |
//! | `-l app=web,tier!=db` | with these labels, as `kubectl -l` |
//! | `-f shw` | that contain the letters in this order |
//! | `health:failing`, `ns:shop*` | whose column begins with the word, or matches the wildcards |
//! | `restarts>3`, `age<2h`, `ready<1`, `memory>=1Gi` | whose column compares so |
//!
//! Terms stand side by side, separated by spaces; all must hold. `"two words"` is one term.

use super::fuzzy::Fuzzy;
use super::rows::Labels;
use super::selector::Selector;
use regex::{Regex, RegexBuilder};
use std::borrow::Cow;

/// The value of a column, as filters compare it.
#[derive(Clone, Debug, PartialEq)]
pub enum Field<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// A number; spans of time are seconds, sizes bytes.
    Number(f64),
}

/// A row, as filters see it.
pub trait Record {
    /// The value of a column; `None` when the row has no such column.
    fn field(&self, column: &str) -> Option<Field<'_>>;

    /// Its labels, when it has any.
    fn labels(&self) -> Option<&Labels>;

    /// Writes the texts in which a plain term is sought, separated by spaces.
    fn haystack(&self, out: &mut String);
}

/// A filter as understood.
#[derive(Debug, Default)]
pub struct Query {
    terms: Vec<Term>,
    /// What could not be understood, in one sentence; the term counts literally then.
    pub problem: Option<String>,
}

/// Buffers kept between rows.
#[derive(Debug, Default)]
pub struct Scratch {
    text: String,
    fuzzy: Vec<(String, Fuzzy)>,
}

#[derive(Clone, Debug)]
enum Term {
    Text { regex: Regex, negated: bool },
    Labels(Selector),
    Fuzzy(String),
    Column { name: String, test: Test },
}

#[derive(Clone, Debug)]
enum Test {
    Matches(Regex, bool),
    Compares(Comparison, f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

impl Clone for Query {
    fn clone(&self) -> Self {
        Self {
            terms: self.terms.clone(),
            problem: self.problem.clone(),
        }
    }
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        format!("{:?}", self.terms) == format!("{:?}", other.terms)
    }
}

impl Query {
    /// Reads a filter. Nothing is refused: what cannot be understood is sought literally, and
    /// `problem` says so.
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        let text = text.trim_start();
        if let Some(selector) = text.strip_prefix("-l").filter(|s| s.starts_with(' ')) {
            match Selector::parse(selector.trim()) {
                Ok(selector) => query.terms.push(Term::Labels(selector)),
                Err(problem) => query.problem = Some(problem),
            }
        } else if let Some(letters) = text.strip_prefix("-f").filter(|s| s.starts_with(' ')) {
            query.terms.push(Term::Fuzzy(letters.trim().to_owned()));
        } else {
            for word in words(text) {
                let term = term(&word, &mut query.problem);
                query.terms.push(term);
            }
        }
        query
    }

    /// Whether nothing is filtered.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether the row passes.
    pub fn matches(&self, record: &impl Record, scratch: &mut Scratch) -> bool {
        let Scratch { text, fuzzy } = scratch;
        text.clear();
        for term in &self.terms {
            if text.is_empty() && matches!(term, Term::Text { .. } | Term::Fuzzy(_)) {
                record.haystack(text);
            }
            let holds = match term {
                Term::Text { regex, negated } => regex.is_match(text) != *negated,
                Term::Labels(selector) => record
                    .labels()
                    .is_some_and(|labels| selector.matches(labels)),
                Term::Fuzzy(letters) => fuzzy_for(fuzzy, letters).score(text).is_some(),
                Term::Column { name, test } => {
                    record.field(name).is_some_and(|field| test.holds(&field))
                }
            };
            if !holds {
                return false;
            }
        }
        true
    }

    /// Whether every row that passes `self` is known to have passed `before`: the same terms, and
    /// more, or a longer literal word at the end of what was typed.
    pub fn narrows(&self, before: &Self) -> bool {
        let same = |a: &Term, b: &Term| format!("{a:?}") == format!("{b:?}");
        self.terms.len() >= before.terms.len()
            && self
                .terms
                .iter()
                .zip(&before.terms)
                .all(|(new, old)| same(new, old) || new.extends(old))
    }

    /// The regular expressions that are sought in texts, to light up what they match.
    pub fn highlights(&self) -> impl Iterator<Item = &Regex> {
        self.terms.iter().filter_map(|term| match term {
            Term::Text {
                regex,
                negated: false,
            } => Some(regex),
            _ => None,
        })
    }
}

impl Term {
    /// A longer literal that begins with the shorter one is found in fewer texts.
    fn extends(&self, old: &Self) -> bool {
        let literal = |regex: &Regex| {
            regex
                .as_str()
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        match (self, old) {
            (
                Self::Text {
                    regex: new,
                    negated: false,
                },
                Self::Text {
                    regex: old,
                    negated: false,
                },
            ) => {
                let folded = |r: &Regex| !r.as_str().chars().any(char::is_uppercase);
                literal(new)
                    && literal(old)
                    && new.as_str().starts_with(old.as_str())
                    && folded(old) == folded(new)
            }
            (Self::Fuzzy(new), Self::Fuzzy(old)) => {
                new.starts_with(old.as_str()) && !new.contains(['^', '$', '!', '\''])
            }
            _ => false,
        }
    }
}

impl Test {
    fn holds(&self, field: &Field<'_>) -> bool {
        match (self, field) {
            (Self::Matches(regex, negated), Field::Text(text)) => regex.is_match(text) != *negated,
            (Self::Matches(regex, negated), Field::Number(number)) => {
                regex.is_match(&number.to_string()) != *negated
            }
            (Self::Compares(comparison, wanted), Field::Number(number)) => {
                comparison.holds(*number, *wanted)
            }
            (Self::Compares(comparison, wanted), Field::Text(text)) => {
                quantity(text).is_some_and(|number| comparison.holds(number, *wanted))
            }
        }
    }
}

impl Comparison {
    fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Self::Less => a < b,
            Self::LessOrEqual => a <= b,
            Self::Greater => a > b,
            Self::GreaterOrEqual => a >= b,
            Self::Equal => (a - b).abs() < f64::EPSILON,
            Self::NotEqual => (a - b).abs() >= f64::EPSILON,
        }
    }
}

fn fuzzy_for<'a>(known: &'a mut Vec<(String, Fuzzy)>, letters: &str) -> &'a mut Fuzzy {
    let at = known
        .iter()
        .position(|(l, _)| l == letters)
        .unwrap_or_else(|| {
            known.push((letters.to_owned(), Fuzzy::new(letters)));
            known.len() - 1
        });
    &mut known[at].1
}

/// Words at spaces; quotes hold words together.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

fn term(word: &str, problem: &mut Option<String>) -> Term {
    if let Some(column) = column(word) {
        return column;
    }
    let (pattern, negated) = match word.strip_prefix('!') {
        Some("") | None => (word, false),
        Some(pattern) => (pattern, true),
    };
    Term::Text {
        regex: regex(pattern, problem),
        negated,
    }
}

/// The regular expression, or the literal text when it is none.
fn regex(pattern: &str, problem: &mut Option<String>) -> Regex {
    let sensitive = pattern.chars().any(char::is_uppercase);
    let build = |p: &str| {
        RegexBuilder::new(p)
            .case_insensitive(!sensitive)
            .size_limit(1 << 20)
            .build()
    };
    build(pattern)
        .or_else(|error| {
            *problem = Some(format!(
                "`{pattern}` is not a regular expression ({}); it is sought as it stands",
                reason(&error)
            ));
            build(&regex::escape(pattern))
        })
        .unwrap_or_else(|_| never())
}

/// The last line of a regex error: the ones before draw a picture of the pattern.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines()
        .last()
        .unwrap_or("")
        .trim_start_matches("error: ")
        .to_owned()
}

/// A pattern too large to be built matches nothing.
fn never() -> Regex {
    #[expect(clippy::expect_used, reason = "a constant pattern")]
    Regex::new("[^\\s\\S]").expect("a constant pattern")
}

const OPERATORS: [(&str, Comparison); 6] = [
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("=", Comparison::Equal),
];

/// `name:pattern`, `name!:pattern`, `name>3`: when the name looks like a column's.
fn column(word: &str) -> Option<Term> {
    let at = word.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))?;
    let (name, rest) = word.split_at(at);
    if name.is_empty() || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let name = name.to_ascii_lowercase();
    for (sign, negated) in [("!:", true), (":", false)] {
        if let Some(pattern) = rest.strip_prefix(sign) {
            return Some(Term::Column {
                name,
                test: Test::Matches(wildcard(pattern), negated),
            });
        }
    }
    let (rest, comparison) = OPERATORS
        .iter()
        .find_map(|(sign, comparison)| Some((rest.strip_prefix(sign)?, *comparison)))?;
    match quantity(rest) {
        Some(number) => Some(Term::Column {
            name,
            test: Test::Compares(comparison, number),
        }),
        // `status=Running`: equality of texts.
        None if matches!(comparison, Comparison::Equal | Comparison::NotEqual)
            && !rest.is_empty() =>
        {
            Some(Term::Column {
                name,
                test: Test::Matches(whole(rest), comparison == Comparison::NotEqual),
            })
        }
        None => None,
    }
}

/// A word matches what begins with it; `*` and `?` stand for any text and any character.
fn wildcard(pattern: &str) -> Regex {
    let open = !pattern.contains(['*', '?']);
    let body = regex::escape(pattern)
        .replace("\\*", ".*")
        .replace("\\?", ".");
    let end = if open { "" } else { "$" };
    RegexBuilder::new(&format!("^{body}{end}"))
        .case_insensitive(true)
        .build()
        .unwrap_or_else(|_| never())
}

fn whole(text: &str) -> Regex {
    RegexBuilder::new(&format!("^{}$", regex::escape(text)))
        .case_insensitive(true)
        .build()
        .unwrap_or_else(|_| never())
}

/// `3`, `1.5`, `2h`, `90s`, `1d12h`, `128Mi`, `1G`: seconds for spans, bytes for sizes. A small
/// `m` is minutes.
pub fn quantity(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        total += number * unit(&rest[..letters])?;
        rest = &rest[letters..];
    }
    Some(total)
}

fn unit(name: &str) -> Option<f64> {
    Some(match name {
        "" => 1.0,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        "w" => 604_800.0,
        "y" => 31_536_000.0,
        "k" | "K" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1_024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pod {
        labels: Labels,
    }

    impl Record for Pod {
        fn field(&self, column: &str) -> Option<Field<'_>> {
            Some(match column {
                "name" => Field::Text("web-1".into()),
                "ns" => Field::Text("shop-prod".into()),
                "health" => Field::Text("failing".into()),
                "restarts" => Field::Number(7.0),
                "age" => Field::Number(3_600.0),
                _ => return None,
            })
        }

        fn labels(&self) -> Option<&Labels> {
            Some(&self.labels)
        }

        fn haystack(&self, out: &mut String) {
            out.push_str("shop-prod web-1 CrashLoopBackOff");
        }
    }

    fn passes(text: &str) -> bool {
        let pod = Pod {
            labels: Labels([("app".into(), "web".into())].into_iter().collect()),
        };
        Query::parse(text).matches(&pod, &mut Scratch::default())
    }

    #[test]
    fn every_kind_of_term() {
        for (text, expected) in [
            ("", true),
            ("web", true),
            ("WEB", false),
            ("crash", true),
            ("^shop.*1", true),
            ("!web", false),
            ("!db", true),
            ("-l app=web", true),
            ("-l app=db", false),
            ("-f shw", true),
            ("-f zzz", false),
            ("health:failing", true),
            ("health:fail", true),
            ("health!:fail", false),
            ("ns:shop*", true),
            ("ns:*-dev", false),
            ("restarts>3", true),
            ("restarts>=7 age<2h", true),
            ("age<59m", false),
            ("name=web-1", true),
            ("name=web", false),
            ("health:failing restarts>3 age<2h ns:shop*", true),
            ("unknown:x", false),
            ("\"web-1 crash\"", true),
        ] {
            assert_eq!(passes(text), expected, "{text}");
        }
    }

    #[test]
    fn a_broken_expression_is_sought_as_it_stands_and_said() {
        let query = Query::parse("web[");
        assert!(query.problem.is_some_and(|p| p.contains("web[")));
        assert!(!passes("web["));
        assert!(Query::parse("-l =x").problem.is_some());
    }

    #[test]
    fn a_longer_word_narrows() {
        let narrows = |new: &str, old: &str| Query::parse(new).narrows(&Query::parse(old));
        assert!(narrows("web", "we"));
        assert!(narrows("web health:failing", "web"));
        assert!(!narrows("we", "web"));
        assert!(!narrows("!web", "!we"));
        assert!(!narrows("web.*", "web"));
        assert!(!narrows("a|web", "a"));
        assert!(
            !narrows("weB", "we"),
            "a capital changes how the rest is sought"
        );
    }

    #[test]
    fn quantities() {
        for (text, value) in [
            ("3", 3.0),
            ("2h", 7_200.0),
            ("1d12h", 129_600.0),
            ("128Mi", 134_217_728.0),
            ("1.5", 1.5),
        ] {
            assert_eq!(quantity(text), Some(value), "{text}");
        }
        assert_eq!(quantity("x"), None);
        assert_eq!(quantity("3x"), None);
    }
}
