//! Label selectors as `kubectl -l` takes them.

use super::rows::Labels;

/// All requirements must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    rule: Rule,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
}

impl Selector {
    /// Reads `app=web,tier!=cache,env in (a, b),!legacy,version`. The error says which part is
    /// not a requirement.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = split(text);
        let requirements: Result<Vec<_>, _> =
            parts.iter().map(|part| requirement(part.trim())).collect();
        Ok(Self(requirements?))
    }

    /// Whether the labels satisfy it. An empty selector is satisfied by everything.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|r| {
            let value = labels.get(&r.key).map(super::text::Text::as_str);
            match &r.rule {
                Rule::Exists => value.is_some(),
                Rule::Absent => value.is_none(),
                Rule::In(values) => value.is_some_and(|v| values.iter().any(|x| x == v)),
                // As in Kubernetes, an absent key is not in any set.
                Rule::NotIn(values) => value.is_none_or(|v| values.iter().all(|x| x != v)),
            }
        })
    }

    /// The labels that something must have to satisfy it.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let needs = |r: &&Requirement| matches!(r.rule, Rule::Exists | Rule::In(_));
        self.0.iter().filter(needs).map(|r| r.key.as_str())
    }
}

/// Splits at commas that stand outside of parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn requirement(part: &str) -> Result<Requirement, String> {
    let one = |key: &str, rule| {
        let key = key.trim();
        let legal = !key.is_empty()
            && key
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
        if legal {
            Ok(Requirement {
                key: key.to_owned(),
                rule,
            })
        } else {
            Err(format!(
                "`{part}` is not a label requirement such as app=web, app!=web, app in (a,b), app or !app"
            ))
        }
    };
    if let Some((key, value)) = part.split_once("!=") {
        return one(key, Rule::NotIn(vec![value.trim().to_owned()]));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return one(key, Rule::In(vec![value.trim().to_owned()]));
    }
    if let Some(values) = part
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'))
    {
        let values = values.split(',').map(|v| v.trim().to_owned()).collect();
        let head = part.split_once('(').map_or("", |(head, _)| head).trim();
        return match head.strip_suffix(" notin") {
            Some(key) => one(key, Rule::NotIn(values)),
            None => one(head.strip_suffix(" in").unwrap_or(""), Rule::In(values)),
        };
    }
    match part.strip_prefix('!') {
        Some(key) => one(key, Rule::Absent),
        None => one(part, Rule::Exists),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        Labels(
            pairs
                .iter()
                .map(|(k, v)| ((*k).into(), (*v).into()))
                .collect(),
        )
    }

    #[test]
    fn every_form_of_kubectl() {
        let web = labels(&[("app", "web"), ("env", "prod")]);
        for (selector, expected) in [
            ("app=web", true),
            ("app==web,env=prod", true),
            ("app!=web", false),
            ("tier!=cache", true),
            ("env in (prod, staging)", true),
            ("env notin (prod,staging)", false),
            ("app", true),
            ("!app", false),
            ("!tier,app", true),
            ("", true),
        ] {
            assert_eq!(
                Selector::parse(selector).unwrap().matches(&web),
                expected,
                "{selector}"
            );
        }
    }

    #[test]
    fn what_is_no_requirement_is_named() {
        for text in ["=web", "app web", "app in web)", "a b in (c)"] {
            assert!(Selector::parse(text).is_err(), "{text}");
        }
    }
}
