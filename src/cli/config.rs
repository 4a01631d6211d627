//! `quarterdeck config`: what `config.toml` may say, whether it is sound, and what holds.

use super::args::{ClusterArgs, ConsoleArgs};
use super::exit::{Code, Refusal};
use super::out::Out;
use super::settings::Settings;
use crate::config::{self, Config, KEYS, Paths, RULE_KEYS, Shape, Tint};
use crate::runtime::files::create_whole;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    pub what: What,
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Write a file with every key, explained and commented out
    Init,
    /// Say what is wrong in the file, each with line and remedy
    Check {
        /// The file instead of the one in the configuration folder
        file: Option<PathBuf>,
    },
    /// Show what holds
    Show {
        /// Say of each where it comes from
        #[arg(long)]
        origin: bool,
    },
    /// Print the JSON Schema of the file, for editors
    Schema,
}

/// Carries out `config`.
pub fn run(
    args: &ConfigArgs,
    cluster: &ClusterArgs,
    console: &ConsoleArgs,
    out: &mut Out,
) -> anyhow::Result<Code> {
    let file = Paths::from_env(|name| std::env::var_os(name)).config_file();
    match &args.what {
        What::Init => init(&file, out),
        What::Check { file: other } => check(other.as_ref().unwrap_or(&file), out),
        What::Show { origin } => show(*origin, cluster, console, out),
        What::Schema => {
            out.line(serde_json::to_string_pretty(&schema())?)?;
            Ok(Code::Done)
        }
    }
}

fn init(file: &Path, out: &mut Out) -> anyhow::Result<Code> {
    let refused = |error: std::io::Error| {
        Refusal::new(
            Code::Failed,
            format!(
                "{} cannot be written: {error}; `quarterdeck config check` reads one that is there",
                file.display()
            ),
        )
    };
    // What somebody has written is never overwritten.
    create_whole(file, sample().as_bytes()).map_err(refused)?;
    out.line(format!(
        "{} is written: every key, commented out",
        file.display()
    ))?;
    Ok(Code::Done)
}

/// Every key with its sentence and its default, commented out; `version` alone holds.
fn sample() -> String {
    let default = Config::default();
    let mut text = String::from("# What quarterdeck does otherwise than by default.\n");
    let mut table = "";
    for key in KEYS {
        let (inside, name) = key.name.split_once('.').unwrap_or(("", key.name));
        if inside != table {
            let _ = write!(text, "\n[{inside}]\n");
            table = inside;
        }
        let off = if key.name == "version" { "" } else { "# " };
        let _ = write!(
            text,
            "\n# {} It is {}.\n{off}{name} = {}\n",
            key.help,
            key.form,
            (key.get)(&default)
        );
    }
    text += "\n# Colours of roles, over those of every theme.\n# [colours]\n";
    text += "# failing = \"#ff5555\"\n";
    text += "\n# What holds in contexts of some names only; `*` stands for anything.\n";
    text += "# [contexts.\"prod-*\"]\n";
    for key in RULE_KEYS {
        let example = if key.shape == Shape::Flag {
            "true"
        } else {
            "\"ember\""
        };
        let _ = writeln!(text, "# {} = {example}  # {}", key.name, key.help);
    }
    text
}

fn check(file: &Path, out: &mut Out) -> anyhow::Result<Code> {
    if !file.exists() {
        out.line(format!(
            "{} is not there: the defaults hold",
            file.display()
        ))?;
        return Ok(Code::Done);
    }
    let (config, problems) = config::load(file);
    let paths = Paths::from_env(|name| std::env::var_os(name));
    let mut settings = Settings {
        paths,
        config,
        problems,
    };
    // What it names is read too: the key map, and every theme.
    settings.keymap();
    settings.theme();
    let rules = std::mem::take(&mut settings.config.contexts);
    settings.config.colours.clear();
    for theme in rules.into_iter().filter_map(|rule| rule.theme) {
        settings.config.theme = theme;
        settings.theme();
    }
    for problem in &settings.problems {
        out.line(problem)?;
    }
    if settings.problems.is_empty() {
        out.line(format!("{} is sound", file.display()))?;
        return Ok(Code::Done);
    }
    Ok(Code::Failed)
}

fn show(
    origin: bool,
    cluster: &ClusterArgs,
    console: &ConsoleArgs,
    out: &mut Out,
) -> anyhow::Result<Code> {
    let settings = Settings::load(cluster, console);
    out.line(shown(&settings, origin).trim_end())?;
    settings.complain();
    Ok(Code::Done)
}

/// What holds, a line each, with where it comes from when that is wanted.
pub fn shown(settings: &Settings, origin: bool) -> String {
    let file = settings.paths.config_file();
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let lines = config::lines(&text, &file);
    let (configured, _) = config::parse(&text, &file);
    let mut out = String::new();
    for key in KEYS {
        let value = (key.get)(&settings.config);
        let from = if value == (key.get)(&configured) {
            let line = lines.iter().find(|(name, _)| name == key.name);
            line.map_or("default".to_owned(), |(_, line)| {
                format!("{}:{line}", file.display())
            })
        } else {
            "the command line".to_owned()
        };
        say(&mut out, key.name, &value, origin.then_some(&from));
    }
    for Tint { role, colour, line } in &settings.config.colours {
        let from = format!("{}:{line}", file.display());
        let name = format!("colours.{role}");
        say(
            &mut out,
            &name,
            &format!("\"{colour}\""),
            origin.then_some(&from),
        );
    }
    for rules in &settings.config.contexts {
        for key in RULE_KEYS {
            let Some(value) = (key.get)(rules) else {
                continue;
            };
            let name = format!("contexts.\"{}\".{}", rules.pattern, key.name);
            let line = lines.iter().find(|(known, _)| *known == name);
            let from = line.map_or_else(String::new, |(_, line)| {
                format!("{}:{line}", file.display())
            });
            say(&mut out, &name, &value, origin.then_some(&from));
        }
    }
    out
}

fn say(out: &mut String, name: &str, value: &str, from: Option<&String>) {
    // Writing into a text cannot fail.
    let _ = match from {
        Some(from) => writeln!(out, "{name} = {value}  # {from}"),
        None => writeln!(out, "{name} = {value}"),
    };
}

/// The JSON Schema of a value of this shape.
fn schema_of(shape: Shape) -> Value {
    match shape {
        Shape::Version => json!({ "const": config::VERSION }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Text => json!({ "type": "string" }),
        Shape::Word => json!({ "type": "string", "minLength": 1 }),
        Shape::Number { least, most } => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Shape::Words { least, most } => json!({
            "type": "array",
            "items": { "type": "string", "minLength": 1 },
            "minItems": least,
            "maxItems": most,
        }),
    }
}

/// The JSON Schema of the file.
fn schema() -> Value {
    let mut root = Map::new();
    for key in KEYS {
        let mut value = schema_of(key.shape);
        value["description"] = key.help.into();
        match key.name.split_once('.') {
            None => drop(root.insert(key.name.into(), value)),
            Some((table, name)) => {
                let table = root.entry(table).or_insert_with(
                    || json!({ "type": "object", "additionalProperties": false, "properties": {} }),
                );
                table["properties"][name] = value;
            }
        }
    }
    root.insert(
        "colours".into(),
        json!({
            "type": "object",
            "description": "Colours of roles, over those of every theme.",
            "additionalProperties": { "type": "string", "minLength": 1 },
        }),
    );
    let mut rules = Map::new();
    for key in RULE_KEYS {
        let mut value = schema_of(key.shape);
        value["description"] = key.help.into();
        rules.insert(key.name.into(), value);
    }
    root.insert(
        "contexts".into(),
        json!({
            "type": "object",
            "description": "What holds in contexts of some names only; `*` stands for anything.",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": false,
                "properties": rules,
            },
        }),
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "quarterdeck's config.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": root,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_init_writes_is_sound_and_says_the_defaults() {
        let text = sample();
        let file = Path::new("config.toml");
        assert_eq!(config::parse(&text, file), (Config::default(), vec![]));
        let uncommented: String = text
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if rest.contains(" = ") || rest.starts_with('[') => format!("{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let (config, problems) = config::parse(&uncommented, file);
        assert_eq!(problems, [], "{uncommented}");
        for key in KEYS {
            assert_eq!(
                (key.get)(&config),
                (key.get)(&Config::default()),
                "{}",
                key.name
            );
            let name = key.name.rsplit('.').next().unwrap();
            assert!(uncommented.contains(&format!("\n{name} = ")), "{name}");
        }
    }

    #[test]
    fn the_schema_knows_every_key() {
        let schema = schema();
        for key in KEYS {
            let place = format!("/properties/{}", key.name.replace('.', "/properties/"));
            let found = schema.pointer(&place).unwrap();
            assert_eq!(found["description"], key.help, "{}", key.name);
        }
    }

    #[test]
    fn the_readme_explains_every_key() {
        let readme = include_str!("../../README.md");
        for key in KEYS {
            let row = format!("| `{}` |", key.name);
            assert!(
                readme.contains(&row),
                "the README has no row for {}",
                key.name
            );
        }
        for key in RULE_KEYS {
            let row = format!("| `contexts.\"prod-*\".{}` |", key.name);
            assert!(readme.contains(&row), "the README has no row `{row}`");
        }
    }
}
