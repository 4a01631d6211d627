//! One request, and the ways its answer can be read. Every call has a deadline, and credentials
//! that the server refuses are made anew once.

use super::body::Chunks;
use super::connect::Session;
use super::error::{Fault, from_chain};
use http::{Method, Request, Response};
use kube::client::Body;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fmt::Write as _;
use std::time::Duration;

/// The largest answer to a small request: a Secret or `ConfigMap` of 1 MiB has room many times.
const MAX_ANSWER: usize = 32 << 20;
/// The largest error answer that is read.
const MAX_STATUS: usize = 64 << 10;

/// A request, before it is sent.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// Path and query.
    pub(super) path: String,
    pub(super) accept: &'static str,
    /// Ask for a packed answer.
    pub(super) gzip: bool,
    pub(super) body: Vec<u8>,
}

impl Call {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            accept: "application/json",
            gzip: false,
            body: Vec::new(),
        }
    }

    pub(super) fn send(method: Method, path: impl Into<String>, body: &serde_json::Value) -> Self {
        Self {
            method,
            body: body.to_string().into_bytes(),
            ..Self::get(path)
        }
    }

    fn request(&self) -> Result<Request<Body>, Fault> {
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(&self.path)
            .header(http::header::ACCEPT, self.accept)
            .header(
                http::header::ACCEPT_ENCODING,
                if self.gzip { "gzip" } else { "identity" },
            );
        if !self.body.is_empty() {
            request = request.header(http::header::CONTENT_TYPE, "application/json");
        }
        request
            .body(Body::from(self.body.clone()))
            .map_err(|_| Fault::Malformed("the name is not one that Kubernetes allows".into()))
    }
}

/// `text` as a part of a path or the value of a query.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    // A path of dots alone would lead elsewhere.
    match out.as_str() {
        "." => "%2E".into(),
        ".." => "%2E%2E".into(),
        _ => out,
    }
}

/// No server is believed that wants to be left alone for longer.
const LONGEST_RETRY: Duration = Duration::from_mins(5);

/// The error object of Kubernetes.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Status {
    #[serde(default)]
    pub(super) code: Option<u16>,
    #[serde(default)]
    pub(super) reason: Option<String>,
    #[serde(default)]
    pub(super) message: Option<String>,
    #[serde(default)]
    pub(super) details: Option<Details>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Details {
    #[serde(default)]
    retry_after_seconds: Option<u64>,
}

impl Status {
    pub(super) fn fault(self, http: u16, retry_after: Option<Duration>) -> Fault {
        let code = self.code.filter(|code| *code != 0).unwrap_or(http);
        let Fault::Status { message, .. } = Fault::status(code) else {
            return Fault::status(code);
        };
        Fault::Status {
            code,
            reason: self.reason.unwrap_or_default(),
            message: self.message.filter(|m| !m.is_empty()).unwrap_or(message),
            retry_after: retry_after
                .or_else(|| {
                    let seconds = self.details?.retry_after_seconds?;
                    Some(Duration::from_secs(seconds))
                })
                .map(|wait| wait.min(LONGEST_RETRY)),
        }
    }
}

impl Session {
    /// Sends the call; the answer has begun to arrive and is a success.
    pub(super) async fn open(&self, call: &Call, limit: Duration) -> Result<Response<Body>, Fault> {
        let access = self.access_now().await?;
        let answer = send(&access.client, call, limit).await?;
        if answer.status().as_u16() != 401 {
            access.works();
            return self.judge(answer, limit).await;
        }
        let refused = status_of(answer, limit).await;
        let access = self.refresh(&access, refused).await?;
        let answer = send(&access.client, call, limit).await?;
        if answer.status().as_u16() != 401 {
            access.works();
        }
        self.judge(answer, limit).await
    }

    async fn judge(
        &self,
        answer: Response<Body>,
        limit: Duration,
    ) -> Result<Response<Body>, Fault> {
        if answer.status().is_success() {
            self.pulse().calm();
            return Ok(answer);
        }
        let fault = status_of(answer, limit).await;
        if fault.busy() {
            self.pulse().storm();
        }
        Err(fault)
    }

    /// The whole answer to a small call.
    pub(super) async fn bytes(&self, call: &Call) -> Result<Vec<u8>, Fault> {
        let limit = self.timing().unary;
        let answer = self.open(call, limit).await?;
        tokio::time::timeout(limit, Chunks::of(answer).collect(MAX_ANSWER))
            .await
            .map_err(|_| Fault::Deadline(limit))?
    }

    /// The answer to a small call, read as JSON.
    pub(super) async fn json<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Fault> {
        let bytes = self.bytes(call).await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            Fault::Malformed(format!(
                "the server's answer cannot be read: {}",
                super::wire::reason(&error)
            ))
        })
    }
}

async fn send(
    client: &kube::Client,
    call: &Call,
    limit: Duration,
) -> Result<Response<Body>, Fault> {
    match tokio::time::timeout(limit, client.send(call.request()?)).await {
        Err(_) => Err(Fault::Deadline(limit)),
        Ok(Err(error)) => Err(from_chain(&error)),
        Ok(Ok(answer)) => Ok(answer),
    }
}

/// The fault that an unsuccessful answer stands for.
async fn status_of(answer: Response<Body>, limit: Duration) -> Fault {
    let code = answer.status().as_u16();
    let retry_after = answer
        .headers()
        .get(http::header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(Duration::from_secs);
    let read = tokio::time::timeout(limit, Chunks::of(answer).collect(MAX_STATUS)).await;
    let status = match read {
        Ok(Ok(bytes)) => serde_json::from_slice::<Status>(&bytes).unwrap_or_default(),
        _ => Status::default(),
    };
    status.fault(code, retry_after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_place_in_a_path() {
        assert_eq!(escape("web-1.x_~"), "web-1.x_~");
        assert_eq!(escape("../a?b=c&d"), "..%2Fa%3Fb%3Dc%26d");
        assert_eq!(escape(".."), "%2E%2E");
        assert_eq!(escape("ü"), "%C3%BC");
    }

    #[test]
    fn a_status_names_the_fault() {
        let status: Status = serde_json::from_str(
            r#"{"code":429,"reason":"TooManyRequests","details":{"retryAfterSeconds":3}}"#,
        )
        .unwrap_or_default();
        let fault = status.fault(500, None);
        assert!(fault.busy());
        assert_eq!(fault.retry_after(), Some(Duration::from_secs(3)));
        let never = Status::default().fault(429, Some(Duration::MAX));
        assert_eq!(never.retry_after(), Some(LONGEST_RETRY));
        assert_eq!(Status::default().fault(404, None), Fault::status(404));
    }
}
