//! `[contexts."prod-*"]`: what holds in contexts of some names only.

use super::schema::{Shape, flag, word};
use serde::{Deserialize, Serialize};
use toml::de::DeValue;

/// What holds in contexts whose name has this form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextRules {
    /// The form of the name: `*` stands for anything.
    pub pattern: String,
    /// The name of the theme.
    pub theme: Option<String>,
    /// Refuse every mutating request.
    pub readonly: Option<bool>,
    /// Mark it as production, or do not.
    pub production: Option<bool>,
    /// What changes something asks for its name to be typed.
    pub demand_name: Option<bool>,
}

impl ContextRules {
    fn holds(&self, context: &str) -> bool {
        is_like(&self.pattern, context)
    }
}

/// What the first rule says that holds in `context` and says something.
pub fn rule<T>(
    rules: &[ContextRules],
    context: &str,
    pick: impl Fn(&ContextRules) -> Option<T>,
) -> Option<T> {
    let mut holding = rules.iter().filter(|it| it.holds(context));
    holding.find_map(pick)
}

/// Whether a name has the form of a pattern.
fn is_like(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|head| name.strip_prefix(head)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    true
}

/// One key of the table of a context.
#[derive(Clone, Copy)]
pub struct RuleKey {
    /// Its name.
    pub name: &'static str,
    /// What its value must be, after "must be".
    pub form: &'static str,
    /// What it does, one sentence.
    pub help: &'static str,
    /// The sort of its value.
    pub shape: Shape,
    /// The value that it has, as TOML.
    pub get: fn(&ContextRules) -> Option<String>,
    pub(super) set: fn(&mut ContextRules, &DeValue<'_>) -> Result<(), String>,
}

impl std::fmt::Debug for RuleKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

macro_rules! switch {
    ($field:ident, $help:literal) => {
        RuleKey {
            name: stringify!($field),
            form: "true or false",
            help: $help,
            shape: Shape::Flag,
            get: |rules| rules.$field.map(|on| on.to_string()),
            set: |rules, value| flag(value).map(|on| rules.$field = Some(on)),
        }
    };
}

/// Every key that the table of a context may hold.
pub static RULE_KEYS: &[RuleKey] = &[
    RuleKey {
        name: "theme",
        form: "the name of a theme in quotes",
        help: "The theme in these contexts.",
        shape: Shape::Word,
        get: |rules| rules.theme.as_deref().map(super::schema::quoted),
        set: |rules, value| word(value).map(|name| rules.theme = Some(name)),
    },
    switch!(readonly, "Refuse every mutating request in these contexts."),
    switch!(
        production,
        "Mark these contexts as production, or with `false` do not."
    ),
    switch!(
        demand_name,
        "What changes something in these contexts asks for its name to be typed."
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name, like) in [
            ("prod-eu", "prod-eu", true),
            ("prod-eu", "prod-eu-2", false),
            ("prod-*", "prod-", true),
            ("prod-*", "prod-eu", true),
            ("prod-*", "eu-prod-1", false),
            ("*prod*", "eu-prod-1", true),
            ("*-eu", "prod-eu", true),
            ("*-eu", "prod-eu-2", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c", false),
            ("*", "", true),
        ] {
            assert_eq!(is_like(pattern, name), like, "{pattern} {name}");
        }
    }

    #[test]
    fn the_first_that_says_something_counts() {
        let on = |pattern: &str, readonly| ContextRules {
            pattern: pattern.into(),
            readonly,
            ..ContextRules::default()
        };
        let rules = [
            on("prod-*", None),
            on("prod-eu", Some(false)),
            on("*", Some(true)),
        ];
        assert_eq!(rule(&rules, "prod-eu", |it| it.readonly), Some(false));
        assert_eq!(rule(&rules, "prod-us", |it| it.readonly), Some(true));
        assert_eq!(rule(&rules, "prod-us", |it| it.theme.clone()), None);
    }
}
