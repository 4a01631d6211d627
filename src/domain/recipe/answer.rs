//! One answer as a text, for forms. What a person types is made a line of a recipe and read like
//! one: a form and a file never differ in what they take.

use super::Recipe;
use crate::domain::dockerfile::quote;
use crate::domain::document::Flaw;
use std::fmt::Write;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Value, value};

/// How the text of an answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One text.
    Word,
    /// Words as a shell splits them.
    Words,
    /// Names, with spaces or commas between them.
    Names,
    /// One on each line.
    Lines,
    /// One number.
    Number,
    /// Numbers, with spaces or commas between them.
    Numbers,
    /// `NAME=value`, one on each line.
    Pairs,
    /// Secrets as `id=/path`, one on each line.
    Secrets,
}

/// The answers that are texts, and how each is read.
const FORMS: &[(&str, Form)] = &[
    ("project.name", Form::Word),
    ("project.project", Form::Word),
    ("project.department", Form::Word),
    ("project.owner", Form::Word),
    ("project.source", Form::Word),
    ("build.directory", Form::Word),
    ("build.manifests", Form::Names),
    ("build.commands", Form::Lines),
    ("build.target", Form::Word),
    ("build.output", Form::Word),
    ("build.ignore", Form::Names),
    ("build.secrets", Form::Secrets),
    ("run.command", Form::Words),
    ("run.directory", Form::Word),
    ("run.user", Form::Number),
    ("run.ports", Form::Numbers),
    ("run.env", Form::Pairs),
    ("run.writable", Form::Names),
    ("health.path", Form::Word),
    ("health.command", Form::Words),
];

impl Form {
    /// The form of the answer `key`; `None` where it is no text.
    pub fn of(key: &str) -> Option<Self> {
        FORMS
            .iter()
            .find(|(known, _)| *known == key)
            .map(|(_, form)| *form)
    }

    /// Whether a text of several lines is meant.
    pub const fn is_long(self) -> bool {
        matches!(self, Self::Lines | Self::Pairs | Self::Secrets)
    }
}

impl Recipe {
    /// The answer `key` as a text; empty where nothing was answered.
    pub fn answer(&self, key: &str) -> String {
        let names = |list: &[String]| list.join(" ");
        let words = |list: &[String]| {
            let quoted: Vec<String> = list.iter().map(|word| quote::shell(word)).collect();
            quoted.join(" ")
        };
        match key {
            "project.name" => self.project.name.clone(),
            "project.project" => self.project.project.clone(),
            "project.department" => self.project.department.clone(),
            "project.owner" => self.project.owner.clone(),
            "project.source" => self.project.source.clone(),
            "build.directory" => self.build.directory.clone(),
            "build.manifests" => names(&self.build.manifests),
            "build.commands" => self.build.commands.clone().unwrap_or_default().join("\n"),
            "build.target" => self.build.target.clone(),
            "build.output" => self.build.output.clone(),
            "build.ignore" => names(&self.build.ignore),
            "build.secrets" => {
                let secrets = self.build.secrets.iter();
                let lines: Vec<String> = secrets
                    .map(|secret| format!("{}={}", secret.id, secret.target))
                    .collect();
                lines.join("\n")
            }
            "run.command" => words(&self.run.command),
            "run.directory" => self.run.directory.clone(),
            "run.user" => self.run.user.map(|it| it.to_string()).unwrap_or_default(),
            "run.ports" => {
                let ports: Vec<String> = self.run.ports.iter().map(u16::to_string).collect();
                ports.join(" ")
            }
            "run.env" => {
                let mut text = String::new();
                for (name, value) in &self.run.env {
                    // Writing to a text never fails.
                    let _ = writeln!(text, "{name}={value}");
                }
                text.trim_end_matches('\n').to_owned()
            }
            "run.writable" => names(&self.run.writable),
            "health.path" => self.health.path.clone(),
            "health.command" => words(&self.health.command),
            _ => String::new(),
        }
    }

    /// Puts `text` in place of the answer `key`; an empty one takes the answer away. What cannot
    /// be read leaves the recipe as it was.
    pub fn set_answer(&mut self, key: &str, text: &str) -> Result<(), Flaw> {
        let Some(form) = Form::of(key) else {
            return Err(Flaw::of(
                key,
                format!("`{key}` is not answered by a text"),
                "",
            ));
        };
        let mut changed = self.clone();
        changed.clear(key);
        if !text.trim().is_empty() {
            let document = document(key, form, text)?;
            let (flaws, _) = changed.lay("", &document);
            if let Some(flaw) = flaws.into_iter().next() {
                return Err(flaw);
            }
        }
        *self = changed;
        Ok(())
    }

    /// Takes the answer `key` away.
    pub fn clear(&mut self, key: &str) {
        match key {
            "project.name" => self.project.name.clear(),
            "project.project" => self.project.project.clear(),
            "project.department" => self.project.department.clear(),
            "project.owner" => self.project.owner.clear(),
            "project.source" => self.project.source.clear(),
            "base.stack" => self.base.stack.clear(),
            "base.version" => self.base.version.clear(),
            "base.system" => self.base.system.clear(),
            "build.dockerfile" => self.build.dockerfile.clear(),
            "build.tool" => self.build.tool.clear(),
            "build.directory" => self.build.directory.clear(),
            "build.manifests" => self.build.manifests.clear(),
            "build.commands" => self.build.commands = None,
            "build.target" => self.build.target.clear(),
            "build.output" => self.build.output.clear(),
            "build.dependencies" => self.build.dependencies.clear(),
            "build.secrets" => self.build.secrets.clear(),
            "build.ignore" => self.build.ignore.clear(),
            "run.command" => self.run.command.clear(),
            "run.directory" => self.run.directory.clear(),
            "run.user" => self.run.user = None,
            "run.ports" => self.run.ports.clear(),
            "run.env" => self.run.env.clear(),
            "run.dependencies" => self.run.dependencies.clear(),
            "run.writable" => self.run.writable.clear(),
            "health.path" => self.health.path.clear(),
            "health.command" => self.health.command.clear(),
            _ => {}
        }
    }
}

/// The words of a command line; one that only a shell can read is given to a shell.
fn words(line: &str) -> Result<Vec<String>, Flaw> {
    let first = line.split_whitespace().next().unwrap_or_default();
    if first.contains('=') {
        return Err(Flaw::of(
            "run.command",
            format!("`{first}` in front sets a variable"),
            "write it into the environment, one step further",
        ));
    }
    Ok(quote::split(line).unwrap_or_else(|_| {
        // One program takes the shell's place, so that signals reach it.
        let one = !line.contains([';', '&', '|', '(']);
        let exec = if one && first != "exec" { "exec " } else { "" };
        vec!["/bin/sh".into(), "-c".into(), format!("{exec}{line}")]
    }))
}

/// Lines of a name, `=` and what it stands for.
fn pairs<'t>(key: &str, text: &'t str, remedy: &str) -> Result<Vec<(&'t str, &'t str)>, Flaw> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let pair = |line: &'t str| match line.split_once('=') {
        Some((name, text)) => Ok((name.trim(), text.trim())),
        None => Err(Flaw::of(key, format!("`{line}` has no value"), remedy)),
    };
    lines.map(pair).collect()
}

/// A recipe of this one answer.
fn document(key: &str, form: Form, text: &str) -> Result<String, Flaw> {
    let wrong = |what: String, remedy: &str| Flaw::of(key, what, remedy);
    let parts = || {
        text.split([',', ' ', '\n'])
            .map(str::trim)
            .filter(|part| !part.is_empty())
    };
    let list = |words: &mut dyn Iterator<Item = &str>| value(words.collect::<Array>());
    let number = |text: &str| {
        text.parse::<i64>().map_err(|_| {
            wrong(
                format!("`{text}` is no number"),
                "write digits only, such as 8080",
            )
        })
    };
    let item: Item = match form {
        Form::Word => value(text.trim()),
        Form::Words => value(words(text.trim())?.iter().collect::<Array>()),
        Form::Names => list(&mut parts()),
        Form::Lines => list(&mut text.lines().map(str::trim).filter(|line| !line.is_empty())),
        Form::Number => value(number(text.trim())?),
        Form::Numbers => {
            let numbers: Result<Vec<i64>, Flaw> = parts().map(number).collect();
            value(numbers?.into_iter().collect::<Array>())
        }
        Form::Pairs => {
            let mut table = InlineTable::new();
            for (name, text) in pairs(key, text, "write NAME=value, one on each line")? {
                table.insert(name, Value::from(text));
            }
            value(table)
        }
        Form::Secrets => {
            let remedy = "write its name and where the build reads it, such as npmrc=/root/.npmrc";
            let mut secrets = Array::new();
            for (id, target) in pairs(key, text, remedy)? {
                let mut secret = InlineTable::new();
                secret.insert("id", Value::from(id));
                secret.insert("target", Value::from(target));
                secrets.push(secret);
            }
            value(secrets)
        }
    };
    let (section, name) = key.split_once('.').unwrap_or(("", key));
    let mut document = DocumentMut::new();
    document[section][name] = item;
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "tests")]

    use super::*;

    fn set(key: &str, text: &str) -> (Result<(), Flaw>, Recipe) {
        let mut recipe = Recipe::default();
        let done = recipe.set_answer(key, text);
        (done, recipe)
    }

    #[test]
    fn every_form_is_read_and_said_again() {
        for (key, text) in [
            ("project.name", "shop-api"),
            ("build.manifests", "package.json pnpm-lock.yaml"),
            ("build.commands", "make\nmake install"),
            ("run.command", "node 'a b.js' --port=1"),
            ("run.ports", "8080 9090"),
            ("run.user", "10001"),
            ("run.env", "A=1\nB=two words"),
            ("health.path", "/healthz"),
        ] {
            let (done, recipe) = set(key, text);
            assert_eq!(done, Ok(()), "{key}");
            assert_eq!(recipe.answer(key), text, "{key}");
        }
        assert_eq!(set("run.ports", "1, 2,3").1.run.ports, [1, 2, 3]);
    }

    #[test]
    fn every_answer_can_be_taken_away_again() {
        for (key, form) in FORMS {
            let text = match form {
                Form::Number | Form::Numbers => "8080",
                Form::Pairs => "A=1",
                _ => "/x",
            };
            let mut recipe = Recipe::default();
            // Some want another form than a path; then there is nothing to take away.
            if recipe.set_answer(key, text).is_ok() {
                assert_ne!(recipe.answer(key), "", "{key}");
                assert_eq!(recipe.set_answer(key, " "), Ok(()));
                assert_eq!(recipe, Recipe::default(), "{key}");
            }
        }
    }

    #[test]
    fn what_only_a_shell_can_read_is_given_to_one() {
        for (line, given) in [
            ("node x.js --port $PORT", "exec node x.js --port $PORT"),
            ("a && b", "a && b"),
        ] {
            let (_, recipe) = set("run.command", line);
            assert_eq!(recipe.run.command, ["/bin/sh", "-c", given]);
            let mut again = recipe.clone();
            assert_eq!(
                again.set_answer("run.command", &recipe.answer("run.command")),
                Ok(())
            );
            assert_eq!(again, recipe);
        }
    }

    #[test]
    fn what_is_wrong_is_said_and_changes_nothing() {
        for (key, text, said) in [
            ("run.ports", "http", "no number"),
            ("run.ports", "70000", "port"),
            ("run.user", "0", "number"),
            ("run.command", "PORT=1 node x.js", "environment"),
            ("run.env", "A", "NAME=value"),
            ("build.secrets", "npmrc", "no value"),
            ("build.secrets", "np mrc=/root/.npmrc", "letters"),
            ("run.env", "DB_PASSWORD=x", "secret"),
            ("health.path", "healthz", "/"),
        ] {
            let (done, recipe) = set(key, text);
            let flaw = done.expect_err(key);
            assert!(flaw.to_string().contains(said), "{key}: {flaw}");
            assert_eq!(recipe, Recipe::default());
        }
    }
}
