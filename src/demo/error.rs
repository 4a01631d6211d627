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
        Self {
            // kubectl looks into them unasked.
            details: json!({}),
            ..Self::new(
                404,
                "NotFound",
                "the server could not find the requested resource",
            )
        }
    }

    /// 403: the namespace is going away.
    pub fn terminating(kind: &Kind, name: &str, ns: &str) -> Self {
        let mut error = Self::about(403, "Forbidden", kind, name, "");
        let why = format!("namespace {ns} is being terminated");
        error.message = format!(
            "{} \"{name}\" is forbidden: unable to create new content in namespace {ns} because it is being terminated",
            kind.resource()
        );
        error.details["causes"] = json!([{"reason": "NamespaceTerminating", "message": why, "field": "metadata.namespace"}]);
        error
    }

    /// 409: others have applied other values to these fields; manager and path of each.
    pub fn apply_conflict(fields: &[(String, String)]) -> Self {
        let list = match fields {
            [(manager, path)] => format!("1 conflict: conflict with \"{manager}\": {path}"),
            many => {
                let of_one = |same: &[(String, String)]| {
                    let paths: Vec<_> =
                        same.iter().map(|(_, path)| format!("\n- {path}")).collect();
                    format!("conflicts with \"{}\":{}", same[0].0, paths.concat())
                };
                let told: Vec<_> = many.chunk_by(|a, b| a.0 == b.0).map(of_one).collect();
                format!("{} conflicts: {}", many.len(), told.join("\n"))
            }
        };
        let cause = |(manager, path): &(String, String)| json!({"reason": "FieldManagerConflict", "message": format!("conflict with \"{manager}\""), "field": path});
        let mut error = Self::new(409, "Conflict", format!("Apply failed with {list}"));
        error.details = json!({"causes": fields.iter().map(cause).collect::<Vec<_>>()});
        error
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
