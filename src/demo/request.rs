//! What a request asks for: the target its path names, its query, and the form it accepts.

use hyper::{HeaderMap, Method, header};
use percent_encoding::percent_decode_str;

use super::{
    error::ApiError,
    kinds::{self, Kind},
};

/// The resource that a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The kind.
    pub kind: &'static Kind,
    /// The namespace; absent for all namespaces and for kinds without one.
    pub namespace: Option<String>,
    /// The object; absent for the collection.
    pub name: Option<String>,
    /// The subresource.
    pub subresource: Option<String>,
}

impl Target {
    /// Reads `/api/v1/...` and `/apis/GROUP/VERSION/...`; `None` for a path that names no served kind.
    pub fn parse(path: &str) -> Option<Self> {
        let mut parts = path.trim_matches('/').split('/').map(decode);
        let (group, version) = match parts.next()?.as_str() {
            "api" => (String::new(), parts.next()?),
            "apis" => (parts.next()?, parts.next()?),
            _ => return None,
        };
        let mut rest: Vec<String> = parts.collect();
        let mut namespace = None;
        let of_the_namespace = rest.len() == 3 && matches!(rest[2].as_str(), "status" | "finalize");
        if rest.len() >= 3 && rest[0] == "namespaces" && !of_the_namespace {
            namespace = rest.drain(..2).nth(1);
        }
        let mut rest = rest.into_iter();
        let kind = kinds::find(&group, &version, &rest.next()?)?;
        let target = Self {
            kind,
            namespace,
            name: rest.next(),
            subresource: rest.next(),
        };
        let complete = rest.next().is_none() && kind.namespaced >= target.namespace.is_some();
        let named = target.name.is_none() || !kind.namespaced || target.namespace.is_some();
        (complete && named).then_some(target)
    }

    /// The namespace, empty for none.
    pub fn ns(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }
}

/// The verb as access rules name it.
pub fn verb(method: &Method, named: bool, query: &Query) -> &'static str {
    match *method {
        Method::GET | Method::HEAD if query.flag("watch") => "watch",
        Method::GET | Method::HEAD if named => "get",
        Method::GET | Method::HEAD => "list",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if named => "delete",
        Method::DELETE => "deletecollection",
        _ => "",
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The decoded query of a URL.
#[derive(Debug, Clone, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Decodes a raw query.
    pub fn parse(raw: &str) -> Self {
        let pair = |pair: &str| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                decode(&key.replace('+', " ")),
                decode(&value.replace('+', " ")),
            )
        };
        Self(
            raw.split('&')
                .filter(|part| !part.is_empty())
                .map(pair)
                .collect(),
        )
    }

    /// The value of a parameter that is present and not empty.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(candidate, value)| candidate == key && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter, empty ones too, in their order.
    pub fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(candidate, _)| candidate == key)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is `true` or `1`.
    pub fn flag(&self, key: &str) -> bool {
        matches!(self.get(key), Some("true" | "1"))
    }

    /// Whether a parameter is there, with or without a value.
    pub fn given(&self, key: &str) -> bool {
        self.0.iter().any(|(candidate, _)| candidate == key)
    }

    /// The same query for one object of the collection.
    pub fn selecting(&self, name: &str) -> Self {
        let mut pairs = self.0.clone();
        pairs.retain(|(key, _)| key != "fieldSelector");
        pairs.push(("fieldSelector".to_owned(), format!("metadata.name={name}")));
        Self(pairs)
    }

    /// A number.
    ///
    /// # Errors
    /// `BadRequest` for anything but a number.
    pub fn number(&self, key: &str) -> Result<Option<u64>, ApiError> {
        let invalid = |text: &str| ApiError::bad_request(format!("{key} {text:?} is not a number"));
        self.get(key)
            .map(|text| text.parse().map_err(|_| invalid(text)))
            .transpose()
    }
}

/// What the object of a Table's row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Include {
    /// Nothing.
    None,
    /// Its metadata.
    #[default]
    Metadata,
    /// All of it.
    Object,
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Objects as they are.
    Object,
    /// `meta.k8s.io/v1` Table.
    Table(Include),
    /// `PartialObjectMetadata` and its list.
    Metadata,
}

/// Reads the `Accept` header and `includeObject`.
///
/// # Errors
/// 406 when nothing that the client accepts is JSON.
pub fn form(headers: &HeaderMap, query: &Query) -> Result<Form, ApiError> {
    let Some(accept) = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
    else {
        return Ok(Form::Object);
    };
    let include = match query.get("includeObject") {
        Some("None") => Include::None,
        Some("Object") => Include::Object,
        _ => Include::Metadata,
    };
    let known = |clause: &str| {
        let mut parts = clause.split(';').map(str::trim);
        if !matches!(
            parts.next()?,
            "application/json" | "application/*" | "*/*" | ""
        ) {
            return None;
        }
        let parameters: Vec<_> = parts.filter_map(|part| part.split_once('=')).collect();
        let value = |key: &str| {
            parameters
                .iter()
                .find(|(name, _)| *name == key)
                .map(|(_, value)| *value)
        };
        match (value("as"), value("v")) {
            (None, _) => Some(Form::Object),
            (Some("Table"), Some("v1")) => Some(Form::Table(include)),
            (Some("PartialObjectMetadata" | "PartialObjectMetadataList"), Some("v1")) => {
                Some(Form::Metadata)
            }
            _ => None,
        }
    };
    accept.split(',').find_map(known).ok_or_else(|| {
        ApiError::new(406, "NotAcceptable", "only the following media types are accepted: application/json, application/json;as=Table")
    })
}

/// Whether the client can read gzip.
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    let offered = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    offered
        .split(',')
        .any(|coding| matches!(coding.trim().split(';').next(), Some("gzip" | "*")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::demo::kinds::{DEPLOYMENTS, NAMESPACES, PODS};

    #[test]
    fn paths_name_targets() {
        let target = |path: &str| {
            Target::parse(path).map(|t| (t.kind.plural, t.namespace, t.name, t.subresource))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            target("/api/v1/pods"),
            Some((PODS.plural, None, None, None))
        );
        assert_eq!(
            target("/api/v1/namespaces/a"),
            Some((NAMESPACES.plural, None, some("a"), None))
        );
        assert_eq!(
            target("/api/v1/namespaces/a/status"),
            Some((NAMESPACES.plural, None, some("a"), some("status")))
        );
        assert_eq!(
            target("/api/v1/namespaces/a/pods/b"),
            Some((PODS.plural, some("a"), some("b"), None))
        );
        let scale = "/apis/apps/v1/namespaces/x/deployments/web/scale";
        assert_eq!(
            target(scale),
            Some((DEPLOYMENTS.plural, some("x"), some("web"), some("scale")))
        );
        assert_eq!(target("/api/v1/namespaces/a/nodes"), None);
        assert_eq!(target("/api/v1/pods/b"), None);
        assert_eq!(target("/apis/apps/v1"), None);
        assert_eq!(target("/api/v1/namespaces/a/pods/b/c/d"), None);
    }

    #[test]
    fn queries_are_decoded() {
        let query = Query::parse("labelSelector=a%3Db%2Cc&watch=1&limit=x&empty=");
        assert_eq!(query.get("labelSelector"), Some("a=b,c"));
        assert!(query.flag("watch"));
        assert_eq!(query.number("limit").unwrap_err().code, 400);
        assert_eq!(query.get("empty"), None);
    }

    #[test]
    fn the_first_known_clause_of_accept_counts() {
        let form = |accept: &str, query: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            form(&headers, &Query::parse(query)).map_err(|error| error.code)
        };
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        assert_eq!(form(table, ""), Ok(Form::Table(Include::Metadata)));
        assert_eq!(
            form(table, "includeObject=Object"),
            Ok(Form::Table(Include::Object))
        );
        assert_eq!(
            form("application/vnd.kubernetes.protobuf, application/json", ""),
            Ok(Form::Object)
        );
        assert_eq!(
            form(
                "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
                ""
            ),
            Ok(Form::Metadata)
        );
        assert_eq!(form("application/yaml", ""), Err(406));
    }
}
