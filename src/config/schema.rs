//! What `config.toml` may say: the one table of its keys.

use toml::de::DeValue;

/// The version of the schema. A file without `version` is of this one.
pub const VERSION: i64 = 1;

/// Contexts that look like production to most people: `prod`, `production`, `prd` or `live` as a
/// word of the name.
const PRODUCTION: &str = r"(?i)(^|[^a-z])(prod|production|prd|live)([^a-z]|$)";

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
    /// Label keys in the order in which they are tried, by what they mean; only what was changed.
    pub labels: Vec<(&'static str, Vec<String>)>,
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
            labels: Vec::new(),
        }
    }
}

/// One key of the file.
#[derive(Clone, Copy)]
pub struct Key {
    /// Its name; a key of a table is written with the table's name and a dot.
    pub name: &'static str,
    /// What its value must be, after "must be".
    pub form: &'static str,
    /// What it does, one sentence.
    pub help: &'static str,
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
    ($meaning:literal, $help:literal) => {
        Key {
            name: concat!("labels.", $meaning),
            form: KEYS_OF_LABELS,
            help: $help,
            set: |config, value| {
                let keys = texts(value)?;
                if keys.is_empty() {
                    return Err("a list with at least one label key".into());
                }
                config.labels.retain(|(meaning, _)| *meaning != $meaning);
                config.labels.push(($meaning, keys));
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
        set: |config, value| word(value).map(|name| config.theme = name),
    },
    Key {
        name: "keymap",
        form: "the name of a key map in quotes",
        help: "The key map: `default` or a file in `keymaps/`, laid over the default one.",
        set: |config, value| word(value).map(|name| config.keymap = name),
    },
    Key {
        name: "readonly",
        form: "true or false",
        help: "Refuse every mutating request, as `--readonly` does.",
        set: |config, value| flag(value).map(|on| config.readonly = on),
    },
    Key {
        name: "mouse",
        form: "true or false",
        help: "Take the mouse; `false` leaves it to the terminal for selecting text.",
        set: |config, value| flag(value).map(|on| config.mouse = on),
    },
    Key {
        name: "production",
        form: "a list of regular expressions",
        help: "Contexts whose name matches one of these are marked as production.",
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
        set: |config, value| word(value).map(|name| config.catalogue = name),
    },
    label!("project", "Labels that name the project."),
    label!("release", "Labels that name the release."),
    label!("component", "Labels that name the part of a release."),
    label!("version", "Labels that name the version."),
    label!("department", "Labels that name the department."),
    label!("owner", "Labels that name the owner."),
    label!("environment", "Labels that name the environment."),
];

fn wrong<T>() -> Result<T, String> {
    Err(String::new())
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn word(value: &DeValue<'_>) -> Result<String, String> {
    match value.as_str() {
        Some(word) if !word.trim().is_empty() => Ok(word.trim().to_owned()),
        _ => wrong(),
    }
}

fn flag(value: &DeValue<'_>) -> Result<bool, String> {
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
