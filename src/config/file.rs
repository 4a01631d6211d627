//! Reading `config.toml`. A wrong part costs itself: everything else still counts.

use super::contexts::{ContextRules, RULE_KEYS};
use super::problem::Problem;
use super::schema::{Config, KEYS, Key, Tint};
use std::io::ErrorKind;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The table of colours of roles.
const COLOURS: &str = "colours";

/// The table of what holds in contexts of some names only.
const CONTEXTS: &str = "contexts";

/// The configuration in `file`, and what is wrong with it. A file that does not exist is the
/// defaults.
pub fn load(file: &Path) -> (Config, Vec<Problem>) {
    match std::fs::read_to_string(file) {
        Ok(text) => parse(&text, file),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            (Config::default(), Vec::new())
        }
        Err(error) => (Config::default(), vec![Problem::unreadable(file, &error)]),
    }
}

/// The keys that `text` says something valid about, each with its 1-based line.
pub fn lines(text: &str, file: &Path) -> Vec<(String, usize)> {
    read(text, file).lines
}

/// The configuration in `text`; `file` only stands in the problems.
pub fn parse(text: &str, file: &Path) -> (Config, Vec<Problem>) {
    let reader = read(text, file);
    (reader.config, reader.problems)
}

fn read<'a>(text: &'a str, file: &'a Path) -> Reader<'a> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader {
        text,
        file,
        config: Config::default(),
        problems: Vec::new(),
        lines: Vec::new(),
    };
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        let key = reader.key_at(at).to_owned();
        let what = match key.as_str() {
            "" => error.message().to_owned(),
            key => format!("`{key}`: {}", error.message()),
        };
        // A guard that cannot be read holds until it can.
        reader.config.readonly |= key == READONLY;
        reader.problem(at, what, remedy_of(&key).into());
    }
    // The parser may stumble several times over one mistake.
    reader.problems.dedup_by_key(|problem| problem.line);
    let broken: Vec<usize> = reader
        .problems
        .iter()
        .filter_map(|problem| problem.line)
        .collect();
    reader.table("", table.get_ref(), &broken);
    reader.problems.sort_by_key(|problem| problem.line);
    reader
}

/// The key that keeps hands off a cluster.
const READONLY: &str = "readonly";

fn remedy_of(key: &str) -> &'static str {
    if key == READONLY {
        "write `true` or `false`; until then nothing can be changed in a cluster"
    } else {
        "correct the TOML; what stands on other lines counts"
    }
}

struct Reader<'a> {
    text: &'a str,
    file: &'a Path,
    config: Config,
    problems: Vec<Problem>,
    lines: Vec<(String, usize)>,
}

impl Reader<'_> {
    /// Takes in the keys of a table; `prefix` is its name with a dot. Lines that are not TOML have
    /// been told of: what the parser made of them is not believed.
    fn table(&mut self, prefix: &str, table: &DeTable<'_>, broken: &[usize]) {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            if broken.contains(&self.line(key.span().start)) {
                continue;
            }
            let inner = format!("{name}.");
            match (
                KEYS.iter().find(|known| known.name == name),
                value.get_ref(),
            ) {
                (Some(known), _) => self.set(known, value),
                (None, DeValue::Table(table))
                    if KEYS.iter().any(|known| known.name.starts_with(&inner)) =>
                {
                    self.table(&inner, table, broken);
                }
                (None, DeValue::Table(table)) if name == CONTEXTS => self.contexts(table, broken),
                (None, DeValue::Table(table)) if name == COLOURS => self.colours(table, broken),
                (None, _)
                    if name == CONTEXTS
                        || name == COLOURS
                        || KEYS.iter().any(|known| known.name.starts_with(&inner)) =>
                {
                    self.no_table(key.span().start, &name);
                }
                (None, _) => {
                    let tops = KEYS
                        .iter()
                        .filter_map(|known| known.name.strip_prefix(prefix));
                    let more = [CONTEXTS, COLOURS]
                        .into_iter()
                        .filter(|_| prefix.is_empty());
                    let known: Vec<&str> = tops.chain(more).collect();
                    self.unknown(key.span().start, prefix, key.get_ref(), &known);
                }
            }
        }
    }

    /// Takes in `[colours]`. Which roles there are is not known here.
    fn colours(&mut self, table: &DeTable<'_>, broken: &[usize]) {
        for (role, value) in table {
            let line = self.line(role.span().start);
            if broken.contains(&line) {
                continue;
            }
            let Some(colour) = value.get_ref().as_str() else {
                let name = format!("{COLOURS}.{}", role.get_ref());
                self.judge(Err(String::new()), &name, "a colour in quotes", value);
                continue;
            };
            self.config.colours.push(Tint {
                role: role.get_ref().to_string(),
                colour: colour.to_owned(),
                line,
            });
        }
    }

    /// Takes in `[contexts."prod-*"]` and the like, in the order of the file.
    fn contexts(&mut self, table: &DeTable<'_>, broken: &[usize]) {
        let mut all: Vec<_> = table.iter().collect();
        all.sort_by_key(|(pattern, _)| pattern.span().start);
        for (pattern, value) in all {
            let at = pattern.span().start;
            let name = format!("{CONTEXTS}.\"{}\"", pattern.get_ref());
            let DeValue::Table(keys) = value.get_ref() else {
                self.no_table(at, &name);
                continue;
            };
            let mut rules = ContextRules {
                pattern: pattern.get_ref().to_string(),
                ..ContextRules::default()
            };
            for (key, value) in keys {
                let at = key.span().start;
                if broken.contains(&self.line(at)) {
                    continue;
                }
                let known = RULE_KEYS.iter().find(|known| known.name == *key.get_ref());
                let Some(known) = known else {
                    let known: Vec<_> = RULE_KEYS.iter().map(|known| known.name).collect();
                    self.unknown(at, &format!("{name}."), key.get_ref(), &known);
                    continue;
                };
                let done = (known.set)(&mut rules, value.get_ref());
                if done.is_err() && known.name == READONLY {
                    rules.readonly = Some(true);
                }
                let name = format!("{name}.{}", known.name);
                let line = self.line(value.span().start);
                self.lines.push((name.clone(), line));
                self.judge(done, &name, known.form, value);
            }
            self.config.contexts.push(rules);
        }
    }

    fn set(&mut self, key: &'static Key, value: &Spanned<DeValue<'_>>) {
        let done = (key.set)(&mut self.config, value.get_ref());
        self.config.readonly |= done.is_err() && key.name == READONLY;
        if done.is_ok() {
            let line = self.line(value.span().start);
            self.lines.push((key.name.to_owned(), line));
        }
        self.judge(done, key.name, key.form, value);
    }

    /// Says that a value cannot be had, where it cannot.
    fn judge(
        &mut self,
        done: Result<(), String>,
        name: &str,
        form: &str,
        value: &Spanned<DeValue<'_>>,
    ) {
        let Err(instead) = done else { return };
        let form = if instead.is_empty() { form } else { &instead };
        let what = format!(
            "`{name}` has a value that it cannot have ({})",
            value.get_ref().type_str()
        );
        self.problem(value.span().start, what, format!("it must be {form}"));
    }

    fn no_table(&mut self, at: usize, name: &str) {
        self.problem(
            at,
            format!("`{name}` is not a table"),
            format!("write `[{name}]` on a line of its own, and its keys below"),
        );
    }

    fn unknown(&mut self, at: usize, prefix: &str, word: &str, known: &[&str]) {
        let nearest = known
            .iter()
            .map(|name| (strsim::damerau_levenshtein(word, name), name))
            .filter(|(distance, name)| *distance * 3 <= name.len().max(4) + 2)
            .min();
        let remedy = if let Some((_, name)) = nearest {
            format!("did you mean `{name}`?")
        } else {
            let names = known
                .iter()
                .map(|name| name.split('.').next().unwrap_or(name));
            let mut names: Vec<_> = names.collect();
            names.dedup();
            format!("the keys are {}", names.join(", "))
        };
        self.problem(
            at,
            format!("`{prefix}{word}` is not a key of the configuration"),
            remedy,
        );
    }

    fn problem(&mut self, at: usize, what: String, remedy: String) {
        let line = Some(self.line(at));
        self.problems.push(Problem {
            file: self.file.to_owned(),
            line,
            what,
            remedy,
        });
    }

    /// The key on the line of this byte; empty where none can be made out.
    fn key_at(&self, at: usize) -> &str {
        let line = self.text.lines().nth(self.line(at) - 1).unwrap_or_default();
        let key = line.split_once('=').map_or("", |(key, _)| key.trim());
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if key.chars().all(plain) { key } else { "" }
    }

    fn line(&self, at: usize) -> usize {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        memchr::memchr_iter(b'\n', before).count() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::labels::LabelScheme;

    fn read(text: &str) -> (Config, Vec<(usize, String)>) {
        let (config, problems) = parse(text, Path::new("config.toml"));
        let problems = problems.into_iter().map(|problem| {
            (
                problem.line.unwrap_or(0),
                format!("{}; {}", problem.what, problem.remedy),
            )
        });
        (config, problems.collect())
    }

    #[test]
    fn an_empty_file_is_the_defaults() {
        assert_eq!(read(""), (Config::default(), vec![]));
        let (config, problems) = load(Path::new("/nonexistent/config.toml"));
        assert_eq!((config, problems), (Config::default(), vec![]));
    }

    #[test]
    fn everything_can_be_said() {
        let text = r##"
            version = 1
            theme = "light"
            keymap = "mine"
            readonly = true
            mouse = false
            production = ["^eu-"]
            favourites = ["shop-prod", "a,b"]
            catalogue = "harbor.example.com/ops/catalogue:3"
            logs.mebibytes = 64
            shells = { command = ["zsh", "-l"], scrollback = 500 }
            [labels]
            project = ["team.example.com/product", "app.kubernetes.io/part-of"]
            [contexts."prod-*"]
            theme = "ember"
            demand_name = true
            [contexts.dev]
            readonly = false
            production = false
            [colours]
            failing = "#ff5555"
        "##;
        let (config, problems) = read(text);
        assert_eq!(problems, []);
        let expected = Config {
            theme: "light".into(),
            keymap: "mine".into(),
            readonly: true,
            mouse: false,
            production: vec!["^eu-".into()],
            favourites: vec!["shop-prod".into(), "a,b".into()],
            catalogue: "harbor.example.com/ops/catalogue:3".into(),
            labels: LabelScheme {
                project: vec![
                    "team.example.com/product".into(),
                    "app.kubernetes.io/part-of".into(),
                ],
                ..LabelScheme::default()
            },
            log_bytes: 64 << 20,
            scrollback: 500,
            shell: vec!["zsh".into(), "-l".into()],
            colours: vec![Tint {
                role: "failing".into(),
                colour: "#ff5555".into(),
                line: 21,
            }],
            contexts: vec![
                ContextRules {
                    pattern: "prod-*".into(),
                    theme: Some("ember".into()),
                    demand_name: Some(true),
                    ..ContextRules::default()
                },
                ContextRules {
                    pattern: "dev".into(),
                    readonly: Some(false),
                    production: Some(false),
                    ..ContextRules::default()
                },
            ],
        };
        assert_eq!(config, expected);
    }

    #[test]
    fn what_is_wrong_has_a_line_and_a_remedy_and_the_rest_counts() {
        let (config, problems) = read(
            "theem = \"light\"\nmouse = \"no\"\nreadonly = true\nproduction = [\"(\"]\n[labels]\nprojet = [\"x\"]\nrelease = []\n[elsewhere]\na = 1\n[colours]\nfailing = 3\n",
        );
        assert!(config.readonly && config.mouse);
        let lines: Vec<_> = problems.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 2, 4, 6, 7, 8, 11], "{problems:#?}");
        for (n, word) in [
            "did you mean `theme`?",
            "true or false",
            "`(` is not one",
            "did you mean `project`?",
            "at least one",
            "the keys are",
            "it must be a colour",
        ]
        .iter()
        .enumerate()
        {
            assert!(problems[n].1.contains(word), "{word}: {}", problems[n].1);
        }
    }

    #[test]
    fn what_is_wrong_in_the_table_of_a_context_has_a_line_and_a_remedy() {
        let (config, problems) = read(
            "[contexts.\"prod-*\"]\nthem = \"ember\"\nreadonly = 1\nproduction = true\n[contexts]\ndev = 3\n[context.x]\n",
        );
        assert_eq!(config.contexts.len(), 1);
        assert_eq!(config.contexts[0].production, Some(true));
        for (line, word) in [
            (2, "did you mean `theme`?"),
            (3, "`contexts.\"prod-*\".readonly` has a value"),
            (6, "is not a table"),
            (7, "did you mean `contexts`?"),
        ] {
            let told = problems
                .iter()
                .any(|(at, said)| *at == line && said.contains(word));
            assert!(told, "{line}: {word}: {problems:#?}");
        }
    }

    #[test]
    fn broken_toml_costs_its_line() {
        let (config, problems) = read("readonly = true\ntheme = \"light\nmouse = false\n");
        assert!(config.readonly && !config.mouse, "{config:?}");
        assert_eq!(
            problems.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
            [2],
            "{problems:?}"
        );
        assert_eq!(config.theme, "auto");
    }

    #[test]
    fn a_guard_that_cannot_be_read_holds() {
        for text in [
            "readonly = True\n",
            "readonly = tru\n",
            "readonly = \"yes\"\n",
        ] {
            let (config, problems) = read(text);
            assert!(config.readonly, "{text}");
            assert!(problems[0].1.contains("`readonly`"), "{problems:?}");
        }
        let (config, _) = read("[contexts.\"prod-*\"]\nreadonly = 1\n");
        assert_eq!(config.contexts[0].readonly, Some(true));
    }

    #[test]
    fn a_table_written_as_a_value_is_told() {
        let (_, problems) = read("labels = 3\n");
        assert!(problems[0].1.contains("not a table"), "{problems:?}");
    }

    #[test]
    fn a_newer_file_is_told() {
        let (_, problems) = read("version = 2\n");
        assert!(problems[0].1.contains("newer quarterdeck"), "{problems:?}");
    }

    #[test]
    fn production_is_a_word_of_the_name() {
        let config = Config::default();
        let pattern = regex::Regex::new(&config.production[0]);
        let pattern = pattern.as_ref().map_err(ToString::to_string);
        for (name, production) in [
            ("prod-eu", true),
            ("eu-prod", true),
            ("PROD", true),
            ("acme_prd_1", true),
            ("products-dev", false),
            ("staging", false),
            ("delivery", false),
        ] {
            assert_eq!(
                pattern.clone().map(|p| p.is_match(name)),
                Ok(production),
                "{name}"
            );
        }
    }

    #[test]
    fn keys_explain_themselves() {
        for key in KEYS {
            assert!(
                key.help.ends_with('.') && !key.form.is_empty(),
                "{}",
                key.name
            );
        }
    }
}
