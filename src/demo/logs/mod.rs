//! Container logs as the API server and the kubelet give them.
//!
//! No container runs and no line is kept: what a container has written by now is a function of the
//! run that the pod's status tells of ([`run`]), of when a program of its kind writes ([`script`])
//! and of what it says ([`voice`]). [`stream`] reads it out and follows it, with the faults that
//! [`disorder`] makes. In measuring mode the lines are those of [`flood`] instead.

mod disorder;
mod flood;
mod run;
mod script;
mod source;
mod stamp;
mod state;
mod stream;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests;
mod voice;
mod wanted;

use std::sync::Arc;

use hyper::Response;

use super::{
    body::{Body, full, respond},
    error::ApiError,
    kinds::PODS,
    place::Place,
    request::{Query, Target},
};
use run::Run;
pub use state::Logs;
pub use stream::Asked;
use stream::Reader;
use wanted::Wanted;

/// Media type of a log.
const PLAIN: &str = "text/plain";

/// Answers a request for the log of a container of the pod called `name`.
///
/// # Errors
/// In the words of the API server and the kubelet: no such pod, no such container, nothing to read.
pub async fn answer(
    logs: &Arc<Logs>,
    target: &Target,
    name: &str,
    query: &Query,
    asked: Asked,
) -> Result<Response<Body>, ApiError> {
    let wanted = Wanted::parse(query, name)?;
    open(logs, target.ns(), name, wanted, asked)
        .await
        .map(|body| respond(200, PLAIN, body))
}

/// What a container says from now on.
///
/// # Errors
/// When it has ended meanwhile.
pub async fn from_now_on(logs: &Arc<Logs>, place: &Place) -> Result<Body, ApiError> {
    let wanted = Wanted {
        container: Some(place.container.clone()),
        follow: true,
        tail: Some(0),
        ..Wanted::default()
    };
    let asked = Asked {
        path: format!(
            "/api/v1/namespaces/{}/pods/{}/log",
            place.namespace, place.pod
        ),
        acts: Vec::new(),
        resetter: None,
    };
    open(logs, &place.namespace, &place.pod, wanted, asked).await
}

async fn open(
    logs: &Arc<Logs>,
    namespace: &str,
    name: &str,
    wanted: Wanted,
    asked: Asked,
) -> Result<Body, ApiError> {
    let seat = logs.seat(&asked.path, &asked.acts).await;
    let store = &logs.context.store;
    // Before the pod is read, so that no later change is missed.
    let changed = store.subscribe(Some(&PODS));
    let object = store
        .get(&PODS, namespace, name)
        .ok_or_else(|| ApiError::not_found(&PODS, name))?;
    let pod = object.value();
    let container = run::container(&pod, wanted.container.as_deref())?;
    if object.field("spec.nodeName").is_none_or(str::is_empty) {
        // No kubelet has it yet: the API server answers with nothing.
        return Ok(full(""));
    }
    let run = Run::find(&pod, &container, wanted.previous)?;
    let reader = Reader::new(seat, asked, changed, &object, run, wanted);
    Ok(reader.body())
}
