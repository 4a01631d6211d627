//! Writing `quarterdeck.toml`: a new one, or an old one with its comments and its order kept.

use super::{Recipe, VERSION};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value, value};

const HEAD: &str = "# How this project becomes an image: answers only, what they mean is in the catalogue.\n# `quarterdeck image dockerfile` shows the result, `quarterdeck image lint` what is wrong.\n";

/// The text of `recipe`. Where `old` is a recipe already, only what differs is changed in it.
pub fn write(recipe: &Recipe, old: Option<&str>) -> String {
    let old = old.and_then(|text| text.parse::<DocumentMut>().ok());
    let mut document = old.unwrap_or_else(|| {
        let mut fresh = DocumentMut::new();
        fresh.insert("version", value(VERSION));
        if let Some(mut key) = fresh.key_mut("version") {
            key.leaf_decor_mut().set_prefix(HEAD);
        }
        fresh
    });
    let Recipe {
        project,
        base,
        build,
        run,
        health,
    } = recipe;
    section(
        &mut document,
        "project",
        [
            ("name", text(&project.name)),
            ("project", text(&project.project)),
            ("department", text(&project.department)),
            ("owner", text(&project.owner)),
            ("source", text(&project.source)),
        ],
    );
    section(
        &mut document,
        "base",
        [
            ("stack", text(&base.stack)),
            ("version", text(&base.version)),
            ("system", text(&base.system)),
        ],
    );
    let secrets = build.secrets.iter().map(|secret| {
        let mut table = InlineTable::new();
        table.insert("id", secret.id.as_str().into());
        table.insert("target", secret.target.as_str().into());
        Value::from(table)
    });
    section(
        &mut document,
        "build",
        [
            ("dockerfile", text(&build.dockerfile)),
            ("tool", text(&build.tool)),
            ("directory", text(&build.directory)),
            ("manifests", texts(&build.manifests)),
            (
                "commands",
                build
                    .commands
                    .as_deref()
                    .map(|list| array(list.iter().map(Value::from))),
            ),
            ("target", text(&build.target)),
            ("output", text(&build.output)),
            ("dependencies", texts(&build.dependencies)),
            (
                "secrets",
                (!build.secrets.is_empty()).then(|| array(secrets)),
            ),
            ("ignore", texts(&build.ignore)),
        ],
    );
    let ports = run.ports.iter().map(|port| Value::from(i64::from(*port)));
    section(
        &mut document,
        "run",
        [
            ("command", texts(&run.command)),
            ("directory", text(&run.directory)),
            ("user", run.user.map(|user| value(i64::from(user)))),
            ("ports", (!run.ports.is_empty()).then(|| array(ports))),
            ("dependencies", texts(&run.dependencies)),
            ("writable", texts(&run.writable)),
            ("env", env(&run.env)),
        ],
    );
    section(
        &mut document,
        "health",
        [
            ("path", text(&health.path)),
            ("command", texts(&health.command)),
        ],
    );
    document.to_string()
}

fn text(text: &str) -> Option<Item> {
    (!text.is_empty()).then(|| value(text))
}

fn texts(list: &[String]) -> Option<Item> {
    (!list.is_empty()).then(|| array(list.iter().map(Value::from)))
}

fn array(values: impl Iterator<Item = Value>) -> Item {
    value(values.collect::<Array>())
}

fn env(pairs: &[(String, String)]) -> Option<Item> {
    let mut table = InlineTable::new();
    for (name, text) in pairs {
        table.insert(name, text.as_str().into());
    }
    (!pairs.is_empty()).then(|| value(table))
}

/// Brings one table up to date.
fn section<const N: usize>(
    document: &mut DocumentMut,
    name: &str,
    entries: [(&str, Option<Item>); N],
) {
    let wanted = entries.iter().any(|(_, item)| item.is_some());
    if !document.contains_key(name) {
        if !wanted {
            return;
        }
        document.insert(name, Item::Table(Table::new()));
    }
    let Some(table) = document.get_mut(name).and_then(Item::as_table_like_mut) else {
        return;
    };
    for (key, item) in entries {
        match (table.get_mut(key), item) {
            (None, Some(item)) => {
                table.insert(key, item);
            }
            (Some(_), None) => {
                table.remove(key);
            }
            (Some(old), Some(new)) => replace(old, new),
            (None, None) => {}
        }
    }
}

/// Puts `new` where `old` is, unless they say the same; what stands around it stays.
fn replace(old: &mut Item, new: Item) {
    if plain(old) == plain(&new) {
        return;
    }
    let decor = old.as_value().map(|value| value.decor().clone());
    *old = new;
    if let (Some(decor), Some(value)) = (decor, old.as_value_mut()) {
        *value.decor_mut() = decor;
    }
}

/// What an item says, whatever way it is written.
fn plain(item: &Item) -> String {
    fn say(value: &Value, out: &mut String) {
        match value {
            Value::Array(list) => {
                out.push('[');
                for value in list {
                    say(value, out);
                    out.push(',');
                }
                out.push(']');
            }
            Value::InlineTable(table) => {
                let mut pairs: Vec<_> = table.iter().collect();
                pairs.sort_by_key(|(key, _)| *key);
                out.push('{');
                for (key, value) in pairs {
                    out.push_str(key);
                    out.push('=');
                    say(value, out);
                    out.push(',');
                }
                out.push('}');
            }
            Value::String(text) => {
                out.push('"');
                out.push_str(text.value());
                out.push('"');
            }
            Value::Integer(number) => out.push_str(&number.value().to_string()),
            other => out.push_str(other.to_string().trim()),
        }
    }
    let mut out = String::new();
    let value = item.clone().into_value();
    if let Ok(value) = value {
        say(&value, &mut out);
    }
    out
}
