//! Reading theme files and saying what is wrong in them.
//!
//! A file has a table `colours` that names colours, and a table `roles` in which each role has
//! `fg`, `bg` (a name, or `#rrggbb`, or one of the sixteen, or `default`) and `bold`, `italic`,
//! `underline`, `dim`.

use super::roles::Theme;
use ratatui::style::{Color, Modifier, Style};
use std::collections::BTreeMap;
use std::fmt;
use toml::{Spanned, Value};

/// The themes that ship with the program: name and text. A test walks `themes/`.
pub const SHIPPED: &[(&str, &str)] = &[
    ("clear", include_str!("../../themes/clear.toml")),
    ("dark", include_str!("../../themes/dark.toml")),
    ("dusk", include_str!("../../themes/dusk.toml")),
    ("ember", include_str!("../../themes/ember.toml")),
    ("frost", include_str!("../../themes/frost.toml")),
    ("harbour", include_str!("../../themes/harbour.toml")),
    ("ink", include_str!("../../themes/ink.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
    ("moss", include_str!("../../themes/moss.toml")),
    ("sand", include_str!("../../themes/sand.toml")),
    ("sixteen", include_str!("../../themes/sixteen.toml")),
    ("slate", include_str!("../../themes/slate.toml")),
];

/// Something wrong in a theme file; the rest of the file still counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// 1-based line in the file.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}; {}", self.line, self.what, self.remedy)
    }
}

/// The shipped theme of that name.
pub fn shipped(name: &str) -> Option<Theme> {
    let (_, text) = SHIPPED.iter().find(|(n, _)| *n == name)?;
    let mut theme = Theme::default();
    load(&mut theme, text);
    Some(theme)
}

/// How a colour is written.
const COLOUR: &str = "write \"#rrggbb\", \"default\" or one of the sixteen, such as \"lightblue\"";

type Table = BTreeMap<Spanned<String>, Spanned<Value>>;

/// The tables of a file.
#[derive(serde::Deserialize)]
struct Parts {
    #[serde(default)]
    colours: Table,
    #[serde(default)]
    roles: Table,
}

/// Lays the roles of `text` over `theme`. What cannot be used is left out and returned.
pub fn load(theme: &mut Theme, text: &str) -> Vec<Problem> {
    let line_of = |offset: usize| text[..offset.min(text.len())].matches('\n').count() + 1;
    let mut problems = Vec::new();
    let file: BTreeMap<Spanned<String>, Spanned<Value>> = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let line = error.span().map_or(1, |span| line_of(span.start));
            problems.push(Problem {
                line,
                what: error.message().to_owned(),
                remedy: "correct the TOML; until then none of this file counts".into(),
            });
            return problems;
        }
    };
    let mut say = |at: usize, what: String, remedy: &str| {
        problems.push(Problem {
            line: line_of(at),
            what,
            remedy: remedy.to_owned(),
        });
    };
    for name in file.keys().filter(|name| {
        !matches!(
            name.get_ref().as_str(),
            "name" | "light" | "colours" | "roles"
        )
    }) {
        say(
            name.span().start,
            format!("`{}` means nothing in a theme", name.get_ref()),
            "use name, light, colours or roles",
        );
    }
    let parts: Parts = match toml::from_str(text) {
        Ok(parts) => parts,
        Err(error) => {
            say(
                error.span().map_or(0, |span| span.start),
                error.message().to_owned(),
                "`colours` and `roles` are tables",
            );
            return problems;
        }
    };
    let mut colours = BTreeMap::new();
    for (name, value) in &parts.colours {
        match value.get_ref().as_str().and_then(literal) {
            Some(colour) => drop(colours.insert(name.get_ref().as_str(), colour)),
            None => say(
                value.span().start,
                format!("`{}` is not a colour", value.get_ref()),
                COLOUR,
            ),
        }
    }
    let colour = |name: &str| colours.get(name).copied().or_else(|| literal(name));
    for (name, value) in &parts.roles {
        let Some(role) = theme.role_mut(name.get_ref()) else {
            say(
                name.span().start,
                format!("`{}` is not a role", name.get_ref()),
                &nearest(name.get_ref()),
            );
            continue;
        };
        match style(value.get_ref(), colour) {
            Ok(style) => *role = style,
            Err(what) => say(
                value.span().start,
                what,
                "a role is a table such as { fg = \"#ff8800\", bold = true }",
            ),
        }
    }
    problems
}

/// Gives a role another colour. `Err` says what is wrong, and what to do.
pub fn tint(theme: &mut Theme, role: &str, colour: &str) -> Result<(), (String, String)> {
    let Some(style) = theme.role_mut(role) else {
        return Err((format!("`{role}` is not a role"), nearest(role)));
    };
    let Some(colour) = literal(colour) else {
        let what = format!("`{colour}` is not a colour");
        return Err((what, COLOUR.to_owned()));
    };
    style.fg = Some(colour);
    Ok(())
}

fn nearest(word: &str) -> String {
    let near = Theme::ROLES
        .iter()
        .min_by_key(|role| strsim::damerau_levenshtein(role, word));
    near.map_or_else(String::new, |role| format!("did you mean `{role}`?"))
}

/// `#rrggbb`, `default`, or one of the sixteen colours by name.
fn literal(text: &str) -> Option<Color> {
    if text == "default" {
        return Some(Color::Reset);
    }
    text.parse().ok()
}

fn style(value: &Value, colour: impl Fn(&str) -> Option<Color>) -> Result<Style, String> {
    let Value::Table(table) = value else {
        return Err(format!("`{value}` is not a style"));
    };
    let mut style = Style::new();
    for (key, value) in table {
        match (key.as_str(), value) {
            ("fg" | "bg", Value::String(name)) => {
                let colour = colour(name).ok_or_else(|| {
                    format!("`{name}` is neither a colour nor named in [colours]")
                })?;
                style = if key == "fg" {
                    style.fg(colour)
                } else {
                    style.bg(colour)
                };
            }
            ("bold" | "italic" | "underline" | "dim", Value::Boolean(on)) => {
                let modifier = match key.as_str() {
                    "bold" => Modifier::BOLD,
                    "italic" => Modifier::ITALIC,
                    "dim" => Modifier::DIM,
                    _ => Modifier::UNDERLINED,
                };
                style = if *on {
                    style.add_modifier(modifier)
                } else {
                    style
                };
            }
            _ => return Err(format!("`{key} = {value}` is not a part of a style")),
        }
    }
    Ok(style)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::theme::contrast;

    #[test]
    fn the_folder_and_the_list_agree() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("themes");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|f| {
                f.unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        files.sort();
        assert_eq!(
            files,
            SHIPPED
                .iter()
                .map(|(name, _)| (*name).to_owned())
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn shipped_themes_are_whole_and_can_be_read() {
        for (name, text) in SHIPPED {
            let mut theme = Theme::default();
            assert_eq!(load(&mut theme, text), [], "{name}");
            for (role, style) in theme.all() {
                assert!(style != Style::new(), "{name}: {role} is missing");
            }
            let ground = theme.ground.bg.unwrap();
            for (role, style) in theme.all() {
                if matches!(role, "ground" | "rule") {
                    continue;
                }
                // A role without a ground of its own is read on every ground it may stand on.
                let grounds = style.bg.map_or_else(
                    || {
                        vec![
                            ground,
                            theme.selected.bg.unwrap_or(ground),
                            theme.overlay.bg.unwrap_or(ground),
                        ]
                    },
                    |bg| vec![bg],
                );
                for on in grounds {
                    if let Some(ratio) = contrast(style.fg.or(theme.text.fg).unwrap(), on) {
                        assert!(ratio >= 4.5, "{name}: {role} has {ratio:.2}:1 on {on}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_the_rest_counts() {
        let mut theme = Theme::default();
        let text = "[colours]\nsky = \"#zzz\"\n[roles]\ntext = { fg = \"#ffffff\" }\nfailling = { fg = \"red\" }\ndim = { fg = \"nosuch\" }\n";
        let problems = load(&mut theme, text);
        assert_eq!(
            problems.iter().map(|p| p.line).collect::<Vec<_>>(),
            [2, 6, 5],
            "{problems:?}"
        );
        assert!(problems[2].remedy.contains("failing"));
        assert_eq!(theme.text.fg, Some(Color::Rgb(255, 255, 255)));
        assert_eq!(load(&mut theme, "[roles\n")[0].line, 1);
    }
}
