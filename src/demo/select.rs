//! Label and field selectors, answered from what each object carries beside its bytes.

use super::{error::ApiError, kinds::Kind, object::Object, request::Query};

/// One requirement on a label.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Requirement {
    Exists(String),
    Absent(String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Greater(String, i64),
    Less(String, i64),
}

/// Both selectors of a request; the default selects everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<(String, bool, String)>,
}

impl Selector {
    /// Reads `labelSelector` and `fieldSelector`.
    ///
    /// # Errors
    /// `BadRequest` for what is no selector or names a field that the kind does not offer.
    pub fn parse(kind: &Kind, query: &Query) -> Result<Self, ApiError> {
        Ok(Self {
            labels: labels(query.get("labelSelector").unwrap_or_default())?,
            fields: fields(kind, query.get("fieldSelector").unwrap_or_default())?,
        })
    }

    /// Whether it selects everything.
    pub fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether it selects this object.
    pub fn matches(&self, object: &Object) -> bool {
        self.fields
            .iter()
            .all(|(name, equal, value)| (object.field(name) == Some(value.as_str())) == *equal)
            && self
                .labels
                .iter()
                .all(|requirement| requirement.holds(object))
    }
}

impl Requirement {
    fn holds(&self, object: &Object) -> bool {
        let number = |key: &str| {
            object
                .label(key)
                .and_then(|value| value.parse::<i64>().ok())
        };
        let among = |key: &str, values: &[String]| {
            object
                .label(key)
                .is_some_and(|value| values.iter().any(|v| v == value))
        };
        match self {
            Self::Exists(key) => object.label(key).is_some(),
            Self::Absent(key) => object.label(key).is_none(),
            Self::In(key, values) => among(key, values),
            Self::NotIn(key, values) => !among(key, values),
            Self::Greater(key, bound) => number(key).is_some_and(|value| value > *bound),
            Self::Less(key, bound) => number(key).is_some_and(|value| value < *bound),
        }
    }
}

/// Splits at commas outside parentheses.
fn clauses(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

fn labels(text: &str) -> Result<Vec<Requirement>, ApiError> {
    clauses(text).into_iter().map(requirement).collect()
}

fn requirement(clause: &str) -> Result<Requirement, ApiError> {
    let unreadable = || ApiError::bad_request(format!("unable to parse requirement: {clause:?}"));
    let one = |(key, value): (&str, &str)| (key.trim().to_owned(), vec![value.trim().to_owned()]);
    let parsed = if let Some((key, values)) = clause.split_once(" notin ") {
        Requirement::NotIn(key.trim().to_owned(), set(values).ok_or_else(unreadable)?)
    } else if let Some((key, values)) = clause.split_once(" in ") {
        Requirement::In(key.trim().to_owned(), set(values).ok_or_else(unreadable)?)
    } else if let Some(pair) = clause.split_once("!=") {
        let (key, values) = one(pair);
        Requirement::NotIn(key, values)
    } else if let Some(pair) = clause.split_once("==").or_else(|| clause.split_once('=')) {
        let (key, values) = one(pair);
        Requirement::In(key, values)
    } else if let Some((key, bound)) = clause.split_once('>') {
        Requirement::Greater(
            key.trim().to_owned(),
            bound.trim().parse().map_err(|_| unreadable())?,
        )
    } else if let Some((key, bound)) = clause.split_once('<') {
        Requirement::Less(
            key.trim().to_owned(),
            bound.trim().parse().map_err(|_| unreadable())?,
        )
    } else if let Some(key) = clause.strip_prefix('!') {
        Requirement::Absent(key.trim().to_owned())
    } else {
        Requirement::Exists(clause.to_owned())
    };
    if parsed.key().is_empty() || parsed.key().contains([' ', '(', ')']) {
        Err(unreadable())
    } else {
        Ok(parsed)
    }
}

impl Requirement {
    fn key(&self) -> &str {
        match self {
            Self::Exists(key)
            | Self::Absent(key)
            | Self::In(key, _)
            | Self::NotIn(key, _)
            | Self::Greater(key, _)
            | Self::Less(key, _) => key,
        }
    }
}

fn set(text: &str) -> Option<Vec<String>> {
    let inner = text.trim().strip_prefix('(')?.strip_suffix(')')?;
    Some(
        inner
            .split(',')
            .map(|value| value.trim().to_owned())
            .collect(),
    )
}

fn fields(kind: &Kind, text: &str) -> Result<Vec<(String, bool, String)>, ApiError> {
    let offered = |name: &str| {
        name == "metadata.name"
            || name == "metadata.namespace" && kind.namespaced
            || kind.fields.iter().any(|field| field.name == name)
    };
    clauses(text)
        .into_iter()
        .map(|clause| {
            let unequal = clause.split_once("!=").map(|pair| (pair, false));
            let equal = || clause.split_once("==").or_else(|| clause.split_once('=')).map(|pair| (pair, true));
            let ((name, value), equal) = unequal
                .or_else(equal)
                .ok_or_else(|| ApiError::bad_request(format!("invalid field selector: {clause:?}; can't understand it")))?;
            let name = name.trim();
            if !offered(name) {
                return Err(ApiError::bad_request(format!("Unable to find {:?} that match label selector \"\", field selector {text:?}: field label not supported: {name}", kind.resource())));
            }
            Ok((name.to_owned(), equal, value.trim().to_owned()))
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::demo::kinds::PODS;

    fn selects(labels: &str, fields: &str) -> bool {
        let value = json!({"metadata": {"name": "a", "namespace": "n", "uid": "u", "labels": {"app": "web", "rev": "3", "x/y": ""}},
            "spec": {"nodeName": "n1"}, "status": {"phase": "Running"}});
        let object = Object::new(&PODS, &value, 1);
        let query = Query::parse(&format!("labelSelector={labels}&fieldSelector={fields}"));
        Selector::parse(&PODS, &query).unwrap().matches(&object)
    }

    #[test]
    fn labels_are_matched_as_the_api_defines() {
        for yes in [
            "app=web",
            "app==web",
            "app",
            "!none",
            "app in (web, db)",
            "app notin (db)",
            "none notin (a)",
            "none!=a",
            "rev>2",
            "rev<4",
            "x/y",
            "app=web,rev=3",
            "x/y=",
        ] {
            assert!(selects(yes, ""), "{yes}");
        }
        for no in [
            "app=db",
            "none",
            "!app",
            "app in (db)",
            "app notin (web,db)",
            "app!=web",
            "rev>3",
            "app>1",
            "app=web,rev=4",
        ] {
            assert!(!selects(no, ""), "{no}");
        }
    }

    #[test]
    fn fields_are_matched_and_unknown_ones_refused() {
        assert!(selects(
            "",
            "status.phase=Running,spec.nodeName==n1,metadata.name!=b,metadata.namespace=n"
        ));
        assert!(!selects("", "status.phase!=Running"));
        let error =
            Selector::parse(&PODS, &Query::parse("fieldSelector=spec.color=red")).unwrap_err();
        assert!(
            error.code == 400
                && error
                    .message
                    .contains("field label not supported: spec.color")
        );
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["a in b", "a b", "=x", "a>b", "a in (b"] {
            assert_eq!(labels(text).unwrap_err().code, 400, "{text}");
        }
    }
}
