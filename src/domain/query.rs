//! The filter language: what is typed after `/`.
//!
//! | term | keeps rows |
//! |---|---|
//! | `web` | in which the regular expression is found (capitals count only when one is typed) |
//! | `!web`, `!ns:shop*` | in which it is not found, for which it does not hold |
//! | `-l app=web,tier!=db` | with these labels, as `kubectl -l` |
//! | `-f shw` | that contain the letters in this order |
//! | `health:failing`, `ns:shop*` | whose column begins with the word, or matches the wildcards |
//! | `restarts>3`, `age<2h`, `ready<1`, `memory>=1Gi`, `level>=warn` | whose column compares so |
//! | `name=web-1`, `name!=web-1` | whose column is this text, or is not |
//! | `path=~^/api`, `path!~health` | in whose column the expression is found, or is not |
//!
//! Terms stand side by side, separated by spaces; all must hold. `"two words"` is one term, `\"` a
//! quote in it. `.source=x` asks the field that a line of a log writes where every line has one of
//! that name. What
//! is only half typed (`restarts>`, `ns:`) hides nothing yet, and a word that merely looks like a
//! column (`registry:5000`) is sought as a text where rows have no such column. Such rows pass what
//! asks that a column is something else (`status!=200`).

use super::fuzzy::Fuzzy;
use super::logs::Level;
use super::rows::Labels;
use super::selector::Selector;
use memchr::memmem::Finder;
use regex::{Regex, RegexBuilder};
use std::borrow::Cow;

/// The value of a column, as filters compare it.
#[derive(Clone, Debug, PartialEq)]
pub enum Field<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// A number; spans of time are seconds, sizes bytes.
    Number(f64),
    /// A text that also has a place in an order: a level, a number that was written as a text.
    Ranked(Cow<'a, str>, f64),
}

/// A row, as filters see it.
pub trait Record {
    /// The value of a column; `None` when the row has no such column.
    fn field(&self, column: &str) -> Option<Field<'_>>;

    /// Its labels, when it has any.
    fn labels(&self) -> Option<&Labels>;

    /// Writes the texts in which a plain term is sought, separated by line feeds: `^` and `$` mean
    /// the ends of each.
    fn haystack(&self, out: &mut String);

    /// The same in lower case, where it is kept at hand.
    fn folded(&self) -> Option<&str> {
        None
    }

    /// Writes the text in which letters are sought (`-f`): a name is enough, in a whole row any
    /// letters are found somewhere.
    fn title(&self, out: &mut String) {
        self.haystack(out);
    }
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
    row: Texts,
    fuzzy: Vec<(String, Fuzzy)>,
}

/// The texts of one row, made when a term first needs them.
#[derive(Debug, Default)]
struct Texts {
    whole: Option<String>,
    folded: Option<String>,
    spare: Vec<String>,
}

#[derive(Clone, Debug)]
enum Term {
    Text { pattern: Pattern, negated: bool },
    Labels(Selector),
    Fuzzy(String),
    Column(ColumnTerm),
}

/// A regular expression, and the plain text it stands for when it is nothing more.
#[derive(Clone, Debug)]
struct Pattern {
    regex: Regex,
    literal: Option<Finder<'static>>,
    /// It is lower case and meant in either case.
    folded: bool,
}

#[derive(Clone, Debug)]
struct ColumnTerm {
    name: String,
    test: Test,
    negated: bool,
    /// The whole word, for rows without that column.
    word: Pattern,
}

/// A column, and what is asked of it.
type Asked = (String, Test);

#[derive(Clone, Debug)]
enum Test {
    Matches(Regex, bool),
    Compares(Comparison, f64),
    /// Half typed: what it will be compared with is still to come.
    Pending,
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
            query.push_selector(selector.trim());
        } else if let Some(letters) = text.strip_prefix("-f").filter(|s| s.starts_with(' ')) {
            query.terms.push(Term::Fuzzy(letters.trim().to_owned()));
        } else {
            let mut words = words(text).into_iter();
            while let Some(word) = words.next() {
                match word.as_str() {
                    "-l" => query.push_selector(&words.next().unwrap_or_default()),
                    "-f" => query.terms.extend(words.next().map(Term::Fuzzy)),
                    word => {
                        let term = term(word, &mut query.problem);
                        query.terms.push(term);
                    }
                }
            }
        }
        query
    }

    /// A filter that seeks this expression and nothing else, spaces and colons included.
    pub fn sought(expression: &str) -> Self {
        let mut problem = None;
        let term = Term::Text {
            pattern: pattern(expression, &mut problem),
            negated: false,
        };
        Self {
            terms: vec![term],
            problem,
        }
    }

    fn push_selector(&mut self, text: &str) {
        match Selector::parse(text) {
            Ok(selector) => self.terms.push(Term::Labels(selector)),
            Err(problem) => self.problem = Some(problem),
        }
    }

    /// Whether nothing is filtered.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether the row passes.
    pub fn matches(&self, record: &impl Record, scratch: &mut Scratch) -> bool {
        let Scratch { row, fuzzy } = scratch;
        row.clear();
        self.terms.iter().all(|term| match term {
            Term::Text { pattern, negated } => pattern.is_in(record, row) != *negated,
            Term::Labels(selector) => record
                .labels()
                .is_some_and(|labels| selector.matches(labels)),
            Term::Fuzzy(letters) => {
                let mut title = row.buffer();
                record.title(&mut title);
                let found = fuzzy_for(fuzzy, letters).score(&title).is_some();
                row.spare.push(title);
                found
            }
            Term::Column(term) => term.holds(record, row),
        })
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

    /// The columns that a row must have to pass.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().filter_map(|term| match term {
            Term::Column(term) if !term.negated && term.test.needs_column() => Some(&*term.name),
            _ => None,
        })
    }

    /// The labels that a row must have to pass.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().flat_map(|term| {
            match term {
                Term::Labels(selector) => Some(selector.keys()),
                _ => None,
            }
            .into_iter()
            .flatten()
        })
    }

    /// The columns of which anything is asked.
    pub fn asks(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().filter_map(|term| match term {
            Term::Column(term) => Some(&*term.name),
            _ => None,
        })
    }

    /// The regular expressions that are sought in texts, to light up what they match.
    pub fn highlights(&self) -> impl Iterator<Item = &Regex> {
        self.terms.iter().filter_map(|term| match term {
            Term::Text {
                pattern,
                negated: false,
            } => Some(&pattern.regex),
            _ => None,
        })
    }
}

impl Term {
    /// A longer literal that holds the shorter one is found in fewer texts.
    fn extends(&self, old: &Self) -> bool {
        match (self, old) {
            (
                Self::Text {
                    pattern: new,
                    negated: false,
                },
                Self::Text {
                    pattern: old,
                    negated: false,
                },
            ) => match (&new.literal, &old.literal) {
                (Some(longer), Some(shorter)) => {
                    new.folded == old.folded && shorter.find(longer.needle()).is_some()
                }
                _ => false,
            },
            (Self::Fuzzy(new), Self::Fuzzy(old)) => {
                new.starts_with(old.as_str()) && !new.contains(['^', '$', '!', '\''])
            }
            _ => false,
        }
    }
}

impl Texts {
    fn clear(&mut self) {
        self.spare.extend(self.whole.take());
        self.spare.extend(self.folded.take());
    }

    fn buffer(&mut self) -> String {
        let mut buffer = self.spare.pop().unwrap_or_default();
        buffer.clear();
        buffer
    }

    fn whole(&mut self, record: &impl Record) -> &str {
        if self.whole.is_none() {
            let mut text = self.buffer();
            record.haystack(&mut text);
            self.whole = Some(text);
        }
        self.whole.as_deref().unwrap_or_default()
    }

    fn folded<'a>(&'a mut self, record: &'a impl Record) -> &'a str {
        if let Some(kept) = record.folded() {
            return kept;
        }
        if self.folded.is_none() {
            let mut text = self.buffer();
            text.push_str(self.whole(record));
            text.make_ascii_lowercase();
            self.folded = Some(text);
        }
        self.folded.as_deref().unwrap_or_default()
    }
}

impl Pattern {
    fn is_in(&self, record: &impl Record, row: &mut Texts) -> bool {
        let text = if self.folded {
            row.folded(record)
        } else {
            row.whole(record)
        };
        match &self.literal {
            Some(needle) => needle.find(text.as_bytes()).is_some(),
            None => self.regex.is_match(text),
        }
    }
}

impl ColumnTerm {
    fn holds(&self, record: &impl Record, row: &mut Texts) -> bool {
        if matches!(self.test, Test::Pending) {
            return true;
        }
        let found = match record.field(&self.name) {
            Some(field) => self.test.holds(&field),
            // What is not there is certainly something else.
            None if !self.test.needs_column() => true,
            None => self.word.is_in(record, row),
        };
        found != self.negated
    }
}

impl Test {
    /// Whether a row without the column fails it.
    fn needs_column(&self) -> bool {
        match self {
            Self::Matches(_, negated) => !negated,
            Self::Compares(comparison, _) => *comparison != Comparison::NotEqual,
            Self::Pending => false,
        }
    }

    fn holds(&self, field: &Field<'_>) -> bool {
        match (self, field) {
            (Self::Matches(regex, negated), Field::Text(text)) => regex.is_match(text) != *negated,
            (Self::Matches(regex, negated), Field::Number(number)) => {
                regex.is_match(&number.to_string()) != *negated
            }
            (Self::Matches(regex, negated), Field::Ranked(text, _)) => {
                regex.is_match(text) != *negated
            }
            (
                Self::Compares(comparison, wanted),
                Field::Number(number) | Field::Ranked(_, number),
            ) => comparison.holds(*number, *wanted),
            (Self::Compares(comparison, wanted), Field::Text(text)) => match quantity(text) {
                Some(number) => comparison.holds(number, *wanted),
                None => *comparison == Comparison::NotEqual,
            },
            (Self::Pending, _) => true,
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
            '"' if word.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1 => {
                word.pop();
                word.push('"');
            }
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
    let (word, negated) = match word.strip_prefix('!') {
        Some("") | None => (word, false),
        Some(rest) => (rest, true),
    };
    match column(word, problem) {
        Some((name, test)) => Term::Column(ColumnTerm {
            name,
            test,
            negated,
            word: pattern(word, &mut None),
        }),
        None => Term::Text {
            pattern: pattern(word, problem),
            negated,
        },
    }
}

fn pattern(text: &str, problem: &mut Option<String>) -> Pattern {
    let folded = !text.chars().any(char::is_uppercase);
    let plain = text.is_ascii() && regex::escape(text) == text;
    Pattern {
        regex: regex(text, problem),
        literal: plain.then(|| Finder::new(text).into_owned()),
        folded,
    }
}

/// What becomes of an expression that cannot be read, at the end of the problem.
pub const AS_IT_STANDS: &str = "; sought as it stands";

/// The regular expression, or the literal text when it is none.
fn regex(pattern: &str, problem: &mut Option<String>) -> Regex {
    let sensitive = pattern.chars().any(char::is_uppercase);
    let build = |p: &str| {
        RegexBuilder::new(p)
            .case_insensitive(!sensitive)
            .multi_line(true)
            .size_limit(1 << 20)
            .build()
    };
    build(pattern)
        .or_else(|error| {
            *problem = Some(format!(
                "`{pattern}`: {}{AS_IT_STANDS}",
                reason(&error, pattern)
            ));
            build(&regex::escape(pattern))
        })
        .unwrap_or_else(|_| never())
}

/// What is wrong with an expression, and where: the library draws a picture of the pattern with a
/// mark under the place, and says what below it.
fn reason(error: &regex::Error, pattern: &str) -> String {
    /// The pattern stands in the picture behind so many spaces.
    const INDENT: usize = 4;
    let text = error.to_string();
    let what = text.lines().last().unwrap_or("");
    let what = what.trim_start_matches("error: ").trim_end_matches('.');
    let marks = |line: &str| line.contains('^') && line.chars().all(|c| c == ' ' || c == '^');
    let place = text.lines().find(|line| marks(line));
    match place.and_then(|line| line.find('^')?.checked_sub(INDENT)) {
        Some(at) if at < pattern.chars().count() => {
            let rest: String = pattern.chars().skip(at).take(12).collect();
            format!("{what} at character {}, `{rest}`", at + 1)
        }
        Some(_) => format!("{what} at its end"),
        None => what.to_owned(),
    }
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

/// `name:pattern`, `name!:pattern`, `name=~expression`, `name>3`: when the name looks like a
/// column's.
fn column(word: &str, problem: &mut Option<String>) -> Option<Asked> {
    let at = word.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.@/".contains(c)))?;
    let (name, rest) = word.split_at(at);
    let plain = name.strip_prefix('.').unwrap_or(name);
    if !plain.starts_with(|c: char| c.is_ascii_alphabetic() || c == '@') {
        return None;
    }
    let name = name.to_ascii_lowercase();
    for (sign, negated) in [("!:", true), (":", false)] {
        match rest.strip_prefix(sign) {
            Some("") => return Some((name, Test::Pending)),
            Some(pattern) => return Some((name, Test::Matches(wildcard(pattern), negated))),
            None => {}
        }
    }
    for (sign, negated) in [("!~", true), ("=~", false)] {
        match rest.strip_prefix(sign) {
            Some("") => return Some((name, Test::Pending)),
            Some(pattern) => return Some((name, Test::Matches(regex(pattern, problem), negated))),
            None => {}
        }
    }
    let (rest, comparison) = OPERATORS
        .iter()
        .find_map(|(sign, comparison)| Some((rest.strip_prefix(sign)?, *comparison)))?;
    let level = |word: &str| {
        let level = (name == "level").then(|| Level::from_word(word.as_bytes()))??;
        Some(f64::from(level as u8))
    };
    match quantity(rest).or_else(|| level(rest)) {
        Some(number) => Some((name, Test::Compares(comparison, number))),
        None if rest.is_empty() => Some((name, Test::Pending)),
        // `status=Running`: equality of texts.
        None if matches!(comparison, Comparison::Equal | Comparison::NotEqual) => {
            let negated = comparison == Comparison::NotEqual;
            if looks_like_expression(rest) {
                let sign = if negated { "!~" } else { "=~" };
                *problem = Some(format!(
                    "`{word}` compares with this very text; `{name}{sign}{rest}` seeks an expression"
                ));
            }
            Some((name, Test::Matches(whole(rest), negated)))
        }
        None => {
            *problem = Some(format!(
                "`{rest}` is no number to compare with, and no time like 2h: `{word}` is sought as text"
            ));
            None
        }
    }
}

/// Whether an expression was probably meant where a text is compared.
fn looks_like_expression(text: &str) -> bool {
    text.contains(['\\', '^', '$', '|', '*', '+']) && regex::escape(text) != text
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
            out.push_str("shop-prod\nweb-1\nCrashLoopBackOff\ntag:5000 stopped: 3 \"at once\"");
        }

        fn title(&self, out: &mut String) {
            out.push_str("shop-prod/web-1");
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
            ("^sh.*prod$", true),
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
            ("!unknown:x", true),
            ("tag:5000", true),
            ("!health:failing", false),
            ("!ns:*-dev restarts>3", true),
            ("name=~^web-\\d$", true),
            ("name=~DB", false),
            ("name!~^web", false),
            ("name=~", true),
            ("!name=~db", true),
            ("unknown=~x", false),
            ("unknown!~x", true),
            ("unknown!=3", true),
            ("unknown:", true),
            ("name!=7", true),
            ("restarts>", true),
            ("ns:", true),
            ("health:failing -l app=web", true),
            ("-l app=db health:failing", false),
            ("crash -f wb1", true),
            ("^web-1$", true),
            ("^shop-prod$ ^web", true),
            ("web-1.CrashLoop", false),
            ("\"stopped: 3\"", true),
            (r#""3 \"at once\"""#, true),
            (r#""3 \"at twice\"""#, false),
            (r#""stopped\\" !no"#, false),
        ] {
            assert_eq!(passes(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_sought_is_one_expression() {
        let pod = Pod {
            labels: Labels::default(),
        };
        let finds = |text: &str| Query::sought(text).matches(&pod, &mut Scratch::default());
        assert!(finds("stopped: 3"));
        assert!(finds("tag:5000 stop"));
        assert!(!finds("health:failing"), "no column is meant");
        assert!(Query::sought("web[").problem.is_some());
    }

    #[test]
    fn a_broken_expression_is_sought_as_it_stands_and_said() {
        let query = Query::parse("web[");
        assert!(query.problem.is_some_and(|p| p.contains("web[")));
        assert!(!passes("web["));
        assert!(Query::parse("-l =x").problem.is_some());
    }

    #[test]
    fn a_problem_says_what_and_where() {
        let problem = |text: &str| Query::parse(text).problem.unwrap_or_default();
        assert!(problem("restarts>x").contains("`x` is no number"));
        assert!(problem("age<2x").contains("`2x` is no number"));
        let web = problem("web[0-9");
        assert!(web.contains("unclosed character class"), "{web}");
        assert!(web.contains("at character 4, `[0-9`"), "{web}");
        let field = problem("path=~a(b");
        assert!(field.contains("unclosed group at character 2"), "{field}");
        let text = problem(r"seq=\d*7");
        assert!(text.contains(r"`seq=~\d*7` seeks an expression"), "{text}");
        assert_eq!(problem("path=/a/b-1.html"), "");
    }

    #[test]
    fn a_longer_word_narrows() {
        let narrows = |new: &str, old: &str| Query::parse(new).narrows(&Query::parse(old));
        assert!(narrows("web", "we"));
        assert!(narrows("web health:failing", "web"));
        assert!(narrows("myweb", "web"));
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
