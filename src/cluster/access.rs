//! Who we are and what we may do, as the server says it.

use super::call::Call;
use super::connect::Session;
use super::error::Fault;
use crate::domain::feed::{AccessAnswer, AccessQuestion, Failure};
use crate::domain::text::Text;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Answers that are still good.
#[derive(Debug, Default)]
pub(super) struct Answers(Mutex<HashMap<AccessQuestion, (Instant, AccessAnswer)>>);

impl Answers {
    fn get(&self, question: &AccessQuestion, good_for: Duration) -> Option<AccessAnswer> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, answer) = known.get(question)?;
        (at.elapsed() < good_for).then(|| answer.clone())
    }

    fn put(&self, question: &AccessQuestion, answer: &AccessAnswer, good_for: Duration) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (at, _)| at.elapsed() < good_for);
        known.insert(question.clone(), (Instant::now(), answer.clone()));
    }
}

#[derive(Deserialize)]
struct Review {
    #[serde(default)]
    status: ReviewStatus,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReviewStatus {
    #[serde(default)]
    allowed: bool,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    evaluation_error: String,
    #[serde(default)]
    user_info: UserInfo,
}

#[derive(Default, Deserialize)]
struct UserInfo {
    #[serde(default)]
    username: String,
}

impl Session {
    /// The name the server knows us by.
    pub async fn whoami(&self) -> Result<Text, Failure> {
        let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
        let body = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "SelfSubjectReview",
        });
        let review: Review = self
            .json(&Call::send(Method::POST, path, &body))
            .await
            .map_err(|fault| fault.failure("ask who we are"))?;
        Ok(Text::new(&review.status.user_info.username))
    }

    /// Whether we may. Answers are remembered for a minute at most.
    ///
    /// Executing in a pod, attaching and forwarding ports need both `get` and `create` on the
    /// subresource, depending on the server's version and the protocol: both are asked.
    pub async fn access(&self, question: &AccessQuestion) -> Result<AccessAnswer, Failure> {
        let good_for = self.timing().access;
        if let Some(answer) = self.inner().caches.answers.get(question, good_for) {
            return Ok(answer);
        }
        let both = matches!(&*question.subresource, "exec" | "attach" | "portforward");
        let answer = if both {
            let mut answer = self.ask(question, "get").await;
            if answer.as_ref().is_ok_and(|answer| answer.allowed) {
                answer = self.ask(question, "create").await;
            }
            answer
        } else {
            self.ask(question, &question.verb).await
        };
        let answer = answer.map_err(|fault| fault.failure("ask what we may do"))?;
        self.inner().caches.answers.put(question, &answer, good_for);
        Ok(answer)
    }

    async fn ask(&self, question: &AccessQuestion, verb: &str) -> Result<AccessAnswer, Fault> {
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let review: Review = self
            .json(&Call::send(Method::POST, path, &review(question, verb)))
            .await?;
        let status = review.status;
        let reason = if status.allowed {
            status.reason
        } else {
            denial(question, verb, &status)
        };
        Ok(AccessAnswer {
            allowed: status.allowed,
            reason: Text::new(&reason),
        })
    }
}

fn review(question: &AccessQuestion, verb: &str) -> Value {
    let mut attributes = json!({
        "verb": verb,
        "group": &*question.group,
        "resource": &*question.resource,
    });
    if !question.subresource.is_empty() {
        attributes["subresource"] = (*question.subresource).into();
    }
    if let Some(namespace) = &question.scope.0 {
        attributes["namespace"] = namespace.as_str().into();
    }
    json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": attributes },
    })
}

/// The server's reason, or what exactly is missing.
fn denial(question: &AccessQuestion, verb: &str, status: &ReviewStatus) -> String {
    let said = [&status.reason, &status.evaluation_error];
    if let Some(reason) = said.into_iter().find(|reason| !reason.is_empty()) {
        return reason.clone();
    }
    let mut resource = question.resource.to_string();
    if !question.subresource.is_empty() {
        resource = format!("{resource}/{}", question.subresource);
    }
    if !question.group.is_empty() {
        resource = format!("{resource}.{}", question.group);
    }
    let place = match &question.scope.0 {
        Some(namespace) => format!("in namespace {namespace}"),
        None => "in the whole cluster".into(),
    };
    format!("you have no right to {verb} {resource} {place}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::feed::Scope;

    fn question() -> AccessQuestion {
        AccessQuestion {
            verb: "create".into(),
            group: Text::default(),
            resource: "pods".into(),
            subresource: "exec".into(),
            scope: Scope::namespace("shop"),
        }
    }

    #[test]
    fn a_review_names_everything() {
        let review = review(&question(), "create");
        let attributes = &review["spec"]["resourceAttributes"];
        assert_eq!(attributes["subresource"], "exec");
        assert_eq!(attributes["namespace"], "shop");
        assert_eq!(attributes["verb"], "create");
    }

    #[test]
    fn a_denial_says_what_is_missing() {
        let denial = denial(&question(), "create", &ReviewStatus::default());
        assert_eq!(
            denial,
            "you have no right to create pods/exec in namespace shop"
        );
    }

    #[test]
    fn answers_are_forgotten_in_time() {
        let answers = Answers::default();
        let yes = AccessAnswer {
            allowed: true,
            reason: Text::default(),
        };
        let long = Duration::from_mins(1);
        answers.put(&question(), &yes, long);
        assert_eq!(answers.get(&question(), long), Some(yes));
        assert_eq!(answers.get(&question(), Duration::ZERO), None);
    }
}
