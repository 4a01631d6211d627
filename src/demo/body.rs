//! Bodies of answers.

use std::io;

use bytes::Bytes;
use futures::Stream;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{Response, StatusCode, body::Frame, header};
use serde_json::Value;

use super::error::ApiError;

/// A body; an error in it cuts the connection, as a server that dies does.
pub type Body = UnsyncBoxBody<Bytes, io::Error>;

/// What a body is made of.
pub type Piece = Result<Frame<Bytes>, io::Error>;

/// A body that is there at once.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// A body that comes piece by piece.
pub fn stream(pieces: impl Stream<Item = Piece> + Send + 'static) -> Body {
    BodyExt::boxed_unsync(StreamBody::new(pieces))
}

/// An answer of a given type.
pub fn respond(code: u16, content_type: &str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = header::HeaderValue::from_str(content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        header::HeaderValue::from_static("no-cache, private"),
    );
    response
}

/// A JSON answer.
pub fn json(code: u16, value: &Value) -> Response<Body> {
    let mut text = value.to_string();
    text.push('\n');
    respond(code, "application/json", full(text))
}

/// A plain text answer.
pub fn text(code: u16, text: impl Into<Bytes>) -> Response<Body> {
    respond(code, "text/plain; charset=utf-8", full(text))
}

/// A failure.
pub fn failure(error: &ApiError) -> Response<Body> {
    json(error.code, &error.status())
}
