//! What `config.toml` may say: the one table of its keys.

use super::contexts::ContextRules;
use crate::domain::labels::LabelScheme;
use toml::de::DeValue;

/// The version of the schema. A file without `version` is of this one.
pub const VERSION: i64 = 1;

/// Contexts that look like production to most people: `prod`, `production`, `prd` or `live` as a
/// word of the name.
const PRODUCTION: &str = r"(?i)(^|[^a-z])(prod|production|prd|live)([^a-z]|$)";

/// Bytes that all logs together keep by default.
pub const LOG_BYTES: usize = 256 << 20;

/// Lines that a pane keeps by default, as most terminals do.
pub const SCROLLBACK: usize = 10_000;

/// The configuration, every part with its default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Name of the theme; `auto` lets the terminal decide.
    pub theme: String,
    /// Name of the key map.
    pub keymap: String,
    /// Refuse every mutating request.
    pub readonly: bool,
    /// Take the mouse.
    pub mouse: bool,
    /// Patterns (regex) of context names that are production.
    pub production: Vec<String>,
    /// Namespace scopes for the keys 1 to 9: namespaces, comma separated.
    pub favourites: Vec<String>,
    /// A catalogue in a registry or a `ConfigMap`, laid over those of this machine; empty: none.
    pub catalogue: String,
    /// Label keys in the order in which they are tried, by what they mean.
    pub labels: LabelScheme,
    /// Bytes that all logs together may keep.
    pub log_bytes: usize,
    /// Lines that a pane keeps of what has scrolled out of it.
    pub scrollback: usize,
    /// What is run for a shell in a container; empty: the best of bash, ash and sh.
    pub shell: Vec<String>,
    /// What holds in contexts of some names only, in the order of the file.
    pub contexts: Vec<ContextRules>,
    /// Colours of roles, over those of every theme.
    pub colours: Vec<Tint>,
}

/// Another colour for a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tint {
    /// The role, as themes call it.
    pub role: String,
    /// The colour, as themes write it.
    pub colour: String,
    /// The 1-based line on which it stands.
    pub line: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            theme: "auto".into(),
            keymap: "default".into(),
            readonly: false,
            mouse: true,
            production: vec![PRODUCTION.into()],
            favourites: Vec::new(),
            catalogue: String::new(),
            labels: LabelScheme::default(),
            log_bytes: LOG_BYTES,
            scrollback: SCROLLBACK,
            shell: Vec::new(),
            contexts: Vec::new(),
            colours: Vec::new(),
        }
    }
}

/// The shape of a value, as far as a schema can say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The version of the form.
    Version,
    /// `true` or `false`.
    Flag,
    /// A text with something in it.
    Word,
    /// A text, or none.
    Text,
    /// A whole number.
    Number {
        /// The smallest.
        least: i64,
        /// The largest.
        most: i64,
    },
    /// A list of texts.
    Words {
        /// How many at least.
        least: usize,
        /// How many at most.
        most: usize,
    },
}

/// Lists of texts have no end but sense.
const MANY: usize = 1_000;

/// One key of the file.
#[derive(Clone, Copy)]
pub struct Key {
    /// Its name; a key of a table is written with the table's name and a dot.
    pub name: &'static str,
    /// What its value must be, after "must be".
    pub form: &'static str,
    /// What it does, one sentence.
    pub help: &'static str,
    /// The sort of its value.
    pub shape: Shape,
    /// The value that holds, as TOML.
    pub get: fn(&Config) -> String,
    /// Takes the value in. `Err` says what it must be instead, empty for `form`.
    pub(super) set: fn(&mut Config, &DeValue<'_>) -> Result<(), String>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const KEYS_OF_LABELS: &str = "a list of label keys, the first that an object carries counts";

macro_rules! label {
    ($field:ident, $help:literal) => {
        Key {
            name: concat!("labels.", stringify!($field)),
            form: KEYS_OF_LABELS,
            help: $help,
            shape: Shape::Words {
                least: 1,
                most: MANY,
            },
            get: |config| list(&config.labels.$field),
            set: |config, value| {
                let keys = texts(value)?;
                if keys.is_empty() {
                    return Err("a list with at least one label key".into());
                }
                config.labels.$field = keys;
                Ok(())
            },
        }
    };
}

macro_rules! number {
    ($name:literal, $least:literal, $most:literal, $help:literal,
     |$from:ident| $get:expr, |$into:ident, $given:ident| $set:expr) => {
        Key {
            name: $name,
            form: concat!("a whole number from ", $least, " to ", $most),
            help: $help,
            shape: Shape::Number {
                least: $least,
                most: $most,
            },
            get: |$from| ($get).to_string(),
            set: |$into, value| {
                let $given = within(value, $least, $most)?;
                $set;
                Ok(())
            },
        }
    };
}

/// Every key that the file may hold.
pub static KEYS: &[Key] = &[
    Key {
        name: "version",
        form: "1",
        help: "The version of this file's form.",
        shape: Shape::Version,
        get: |_| VERSION.to_string(),
        set: |_, value| match integer(value) {
            Some(VERSION) => Ok(()),
            Some(newer) if newer > VERSION => Err(format!(
                "{VERSION}: version {newer} needs a newer quarterdeck"
            )),
            _ => wrong(),
        },
    },
    Key {
        name: "theme",
        form: "the name of a theme in quotes",
        help: "The theme: `auto`, one that ships with the program, or a file in `themes/`.",
        shape: Shape::Word,
        get: |config| quoted(&config.theme),
        set: |config, value| word(value).map(|name| config.theme = name),
    },
    Key {
        name: "keymap",
        form: "the name of a key map in quotes",
        help: "The key map: `default` or a file in `keymaps/`, laid over the default one.",
        shape: Shape::Word,
        get: |config| quoted(&config.keymap),
        set: |config, value| word(value).map(|name| config.keymap = name),
    },
    Key {
        name: "readonly",
        form: "true or false",
        help: "Refuse every mutating request, as `--readonly` does.",
        shape: Shape::Flag,
        get: |config| config.readonly.to_string(),
        set: |config, value| flag(value).map(|on| config.readonly = on),
    },
    Key {
        name: "mouse",
        form: "true or false",
        help: "Take the mouse; `false` leaves it to the terminal for selecting text.",
        shape: Shape::Flag,
        get: |config| config.mouse.to_string(),
        set: |config, value| flag(value).map(|on| config.mouse = on),
    },
    Key {
        name: "production",
        form: "a list of regular expressions",
        help: "Contexts whose name matches one of these are marked as production.",
        shape: Shape::Words {
            least: 0,
            most: MANY,
        },
        get: |config| list(&config.production),
        set: |config, value| {
            let patterns = texts(value)?;
            for pattern in &patterns {
                regex::Regex::new(pattern).map_err(|error| {
                    format!(
                        "a list of regular expressions; `{pattern}` is not one ({})",
                        last_line(&error)
                    )
                })?;
            }
            config.production = patterns;
            Ok(())
        },
    },
    Key {
        name: "favourites",
        form: "a list of at most nine texts, each of namespaces with commas between them",
        help: "What the keys 1 to 9 show: namespaces, several with commas.",
        shape: Shape::Words { least: 0, most: 9 },
        get: |config| list(&config.favourites),
        set: |config, value| {
            let favourites = texts(value)?;
            if favourites.len() > 9 {
                return wrong();
            }
            config.favourites = favourites;
            Ok(())
        },
    },
    Key {
        name: "catalogue",
        form: "`registry/path/name:tag` or `configmap:namespace/name` in quotes",
        help: "A catalogue of images, laid over those of this machine: in a registry (`oras push NAME catalogue.toml`), or under `catalogue.toml` in a ConfigMap.",
        shape: Shape::Text,
        get: |config| quoted(&config.catalogue),
        set: |config, value| {
            let name = value.as_str().ok_or_else(String::new)?;
            name.trim().clone_into(&mut config.catalogue);
            Ok(())
        },
    },
    number!(
        "logs.mebibytes",
        1,
        65_536,
        "How much all logs together may keep; what is older is given up, and counted.",
        |config| config.log_bytes >> 20,
        |config, mebibytes| config.log_bytes = mebibytes << 20
    ),
    Key {
        name: "shells.command",
        form: "a list of texts: a program and its arguments",
        help: "What is run for a shell in a container; empty: the best of bash, ash and sh.",
        shape: Shape::Words {
            least: 0,
            most: MANY,
        },
        get: |config| list(&config.shell),
        set: |config, value| texts(value).map(|command| config.shell = command),
    },
    number!(
        "shells.scrollback",
        0,
        1_000_000,
        "How many lines a pane keeps of what has scrolled out of it.",
        |config| config.scrollback,
        |config, lines| config.scrollback = lines
    ),
    label!(project, "Labels that name the project."),
    label!(release, "Labels that name the release."),
    label!(component, "Labels that name the part of a release."),
    label!(version, "Labels that name the version."),
    label!(department, "Labels that name the department."),
    label!(owner, "Labels that name the owner."),
    label!(environment, "Labels that name the environment."),
];

fn wrong<T>() -> Result<T, String> {
    Err(String::new())
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn within(value: &DeValue<'_>, least: i64, most: i64) -> Result<usize, String> {
    let number = integer(value).filter(|number| (least..=most).contains(number));
    number
        .and_then(|number| usize::try_from(number).ok())
        .ok_or_else(String::new)
}

/// A text as TOML.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A list of texts as TOML.
fn list(texts: &[String]) -> String {
    let texts = texts.iter().map(|text| quoted(text));
    format!("[{}]", texts.collect::<Vec<_>>().join(", "))
}

pub(super) fn word(value: &DeValue<'_>) -> Result<String, String> {
    match value.as_str() {
        Some(word) if !word.trim().is_empty() => Ok(word.trim().to_owned()),
        _ => wrong(),
    }
}

pub(super) fn flag(value: &DeValue<'_>) -> Result<bool, String> {
    value.as_bool().ok_or_else(String::new)
}

fn texts(value: &DeValue<'_>) -> Result<Vec<String>, String> {
    let list = value.as_array().ok_or_else(String::new)?;
    list.iter().map(|item| word(item.get_ref())).collect()
}

fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let line = text.lines().last().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}
