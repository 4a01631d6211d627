//! Questions about oneself: `SelfSubjectAccessReview`, `SelfSubjectRulesReview`, `SelfSubjectReview`.

use serde_json::{Value, json};

use super::{
    error::ApiError,
    people::User,
    rbac::{Attributes, Rbac},
};

/// The review that a path names, if it names one.
pub fn named(path: &str) -> Option<&'static str> {
    match path.trim_end_matches('/') {
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" => Some("access"),
        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews" => Some("rules"),
        "/apis/authentication.k8s.io/v1/selfsubjectreviews" => Some("self"),
        _ => None,
    }
}

/// Answers a review.
///
/// # Errors
/// `BadRequest` when the question has no subject.
pub fn answer(
    review: &str,
    rbac: &Rbac,
    user: &User,
    mut question: Value,
) -> Result<Value, ApiError> {
    if !question.is_object() {
        return Err(ApiError::bad_request("the review is no object"));
    }
    let (kind, version, status) = match review {
        "access" => (
            "SelfSubjectAccessReview",
            "authorization.k8s.io/v1",
            access(rbac, user, &question["spec"])?,
        ),
        "rules" => {
            let namespace = question["spec"]["namespace"].as_str().unwrap_or_default();
            let (resources, paths) = rbac.rules(user, namespace);
            let status =
                json!({"resourceRules": resources, "nonResourceRules": paths, "incomplete": false});
            ("SelfSubjectRulesReview", "authorization.k8s.io/v1", status)
        }
        _ => {
            let status = json!({"userInfo": {"username": user.name, "groups": user.groups}});
            ("SelfSubjectReview", "authentication.k8s.io/v1", status)
        }
    };
    question["kind"] = json!(kind);
    question["apiVersion"] = json!(version);
    question["status"] = status;
    if !question["metadata"].is_object() {
        question["metadata"] = json!({});
    }
    Ok(question)
}

fn access(rbac: &Rbac, user: &User, spec: &Value) -> Result<Value, ApiError> {
    if spec["resourceAttributes"].is_object() {
        let wanted: Attributes = serde_json::from_value(spec["resourceAttributes"].clone())
            .map_err(|error| ApiError::bad_request(format!("spec.resourceAttributes: {error}")))?;
        return Ok(match rbac.allows(user, &wanted) {
            Some(reason) => json!({"allowed": true, "reason": reason}),
            None => json!({"allowed": false}),
        });
    }
    let path = &spec["nonResourceAttributes"];
    match (path["path"].as_str(), path["verb"].as_str()) {
        (Some(path), Some(verb)) => Ok(json!({"allowed": rbac.allows_path(user, verb, path)})),
        _ => Err(ApiError::bad_request(
            "exactly one of resourceAttributes or nonResourceAttributes must be specified",
        )),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::demo::{
        people::Tokens,
        store::{Store, StoreOptions},
    };

    #[test]
    fn reviews_answer_for_the_asker() {
        let rbac = Rbac::new(Arc::new(Store::new(StoreOptions::default())));
        let tokens = Tokens::make();
        let (admin, oncall) = (
            tokens.user(&tokens.admin).unwrap(),
            tokens.user(&tokens.oncall).unwrap(),
        );
        let question = json!({"spec": {"resourceAttributes": {"verb": "delete", "resource": "pods", "namespace": "n"}}});
        let allowed = |user: &User| {
            answer("access", &rbac, user, question.clone()).unwrap()["status"]["allowed"].clone()
        };
        assert_eq!(
            (allowed(&admin), allowed(&oncall)),
            (json!(true), json!(false))
        );
        assert_eq!(
            answer("self", &rbac, &oncall, json!({})).unwrap()["status"]["userInfo"]["username"],
            "oncall"
        );
        assert_eq!(
            answer("access", &rbac, &admin, json!({"spec": {}}))
                .unwrap_err()
                .code,
            400
        );
        assert!(
            answer("rules", &rbac, &admin, json!({})).unwrap()["status"]["resourceRules"]
                .as_array()
                .unwrap()
                .len()
                > 2
        );
    }
}
