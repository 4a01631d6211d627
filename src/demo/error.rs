//! What the demo API answers when it cannot do what was asked: the API's own `Status` object.

use serde_json::{Value, json};

use super::kinds::Kind;

/// A failure as the API reports it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{reason}: {message}")]
pub struct ApiError {
    /// HTTP status code.
    pub code: u16,
    /// Machine-readable reason, such as `NotFound`.
    pub reason: &'static str,
    /// What a person reads.
    pub message: String,
    /// `details` of the Status; `null` for none.
    pub details: Value,
}

impl ApiError {
    /// An error without details.
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            details: Value::Null,
        }
    }

    fn about(code: u16, reason: &'static str, kind: &Kind, name: &str, what: &str) -> Self {
        let mut details = json!({"name": name, "kind": kind.plural});
        if !kind.group.is_empty() {
            details["group"] = json!(kind.group);
        }
        Self {
            code,
            reason,
            message: format!("{} \"{name}\" {what}", kind.resource()),
            details,
        }
    }

    /// 404: no such object.
    pub fn not_found(kind: &Kind, name: &str) -> Self {
        Self::about(404, "NotFound", kind, name, "not found")
    }

    /// 404: no such path.
    pub fn no_such_path() -> Self {
        Self::new(
            404,
            "NotFound",
            "the server could not find the requested resource",
        )
    }

    /// 409: the name is taken.
    pub fn already_exists(kind: &Kind, name: &str) -> Self {
        Self::about(409, "AlreadyExists", kind, name, "already exists")
    }

    /// 409: the writer saw an older version of the object.
    pub fn conflict(kind: &Kind, name: &str) -> Self {
        Self {
            message: format!(
                "Operation cannot be fulfilled on {} \"{name}\": the object has been modified; please apply your changes to the latest version and try again",
                kind.resource()
            ),
            ..Self::about(409, "Conflict", kind, name, "")
        }
    }

    /// 422: the object breaks a rule of its kind.
    pub fn invalid(kind: &Kind, name: &str, field: &str, why: &str) -> Self {
        let mut error = Self::about(422, "Invalid", kind, name, "");
        error.message = format!(
            "{} \"{name}\" is invalid: {field}: {why}",
            kind_dot_group(kind)
        );
        error.details["kind"] = json!(kind.kind);
        error.details["causes"] =
            json!([{"reason": "FieldValueInvalid", "message": why, "field": field}]);
        error
    }

    /// 400: the request makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 401: no valid token.
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// 405: the resource has no such verb.
    pub fn method_not_allowed() -> Self {
        Self::new(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        )
    }

    /// 410: the version asked for has left the history.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// The `Status` object.
    pub fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code,
        });
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        status
    }
}

fn kind_dot_group(kind: &Kind) -> String {
    if kind.group.is_empty() {
        kind.kind.to_owned()
    } else {
        format!("{}.{}", kind.kind, kind.group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::kinds::DEPLOYMENTS;

    #[test]
    fn a_missing_object_reads_as_kubectl_expects() {
        let status = ApiError::not_found(&DEPLOYMENTS, "web").status();
        assert_eq!(status["message"], "deployments.apps \"web\" not found");
        assert_eq!(
            status["details"],
            json!({"name": "web", "group": "apps", "kind": "deployments"})
        );
        assert_eq!(status["code"], 404);
    }
}
