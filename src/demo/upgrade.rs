//! The way from a request to a raw connection: the handshakes of WebSocket and SPDY over hyper's
//! upgrade.

use std::io;

use bytes::Bytes;
use hyper::{
    HeaderMap, Response, StatusCode,
    header::{self, HeaderName, HeaderValue},
    upgrade::OnUpgrade,
};
use hyper_util::rt::TokioIo;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{
    body::{Body, full},
    error::ApiError,
    socket::{self, Resetter},
};

/// The connection below an upgraded request.
pub type Raw = TlsStream<socket::Socket>;
/// A WebSocket on it.
pub type Socket = WebSocketStream<Raw>;

/// Bytes gathered before they are written: a few whole frames.
const WRITE_BUFFER: usize = 128 * 1024;
/// No client has to say more at once; kubectl sends 32 KiB.
const LARGEST_MESSAGE: usize = 4 * 1024 * 1024;

/// What kind of connection the client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// `Upgrade: websocket`.
    WebSocket,
    /// `Upgrade: SPDY/3.1`.
    Spdy,
}

/// What the client asks to upgrade to.
///
/// # Errors
/// 400 as the API server words it when it asks for nothing that is known.
pub fn wanted(headers: &HeaderMap) -> Result<Wanted, ApiError> {
    let has = |name: HeaderName, word: &str| {
        values(headers, &name).any(|value| value.eq_ignore_ascii_case(word))
    };
    if has(header::CONNECTION, "upgrade") {
        if has(header::UPGRADE, "websocket") {
            return Ok(Wanted::WebSocket);
        }
        if has(header::UPGRADE, "SPDY/3.1") {
            return Ok(Wanted::Spdy);
        }
    }
    Err(ApiError::bad_request("Upgrade request required"))
}

/// The values of a header that holds a comma list, over all of its lines.
pub fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

/// The subprotocols that a WebSocket client offers, the dearest first.
pub fn offers(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    values(headers, &header::SEC_WEBSOCKET_PROTOCOL)
}

/// The answer that begins a WebSocket.
///
/// # Errors
/// 400 when the handshake lacks its key.
pub fn websocket(headers: &HeaderMap, protocol: &str) -> Result<Response<Body>, ApiError> {
    let key = headers
        .get(header::SEC_WEBSOCKET_KEY)
        .ok_or_else(|| ApiError::bad_request("missing Sec-WebSocket-Key"))?;
    let accept = derive_accept_key(key.as_bytes());
    Ok(switching(
        "websocket",
        &[
            (header::SEC_WEBSOCKET_ACCEPT, &accept),
            (header::SEC_WEBSOCKET_PROTOCOL, protocol),
        ],
    ))
}

/// The header by which clients of SPDY say what they want to speak in its streams.
static STREAM_PROTOCOL: HeaderName = HeaderName::from_static("x-stream-protocol-version");

/// The answer that begins SPDY, with `protocol` in its streams.
///
/// # Errors
/// 403 as the kubelet when the client does not offer it.
pub fn spdy(headers: &HeaderMap, protocol: &str) -> Result<Response<Body>, ApiError> {
    if !values(headers, &STREAM_PROTOCOL).any(|offer| offer == protocol) {
        let message = format!(
            "unable to upgrade: unable to negotiate protocol: server supports [{protocol}]"
        );
        return Err(ApiError::new(403, "Forbidden", message));
    }
    let protocol = [(STREAM_PROTOCOL.clone(), protocol)];
    Ok(switching("SPDY/3.1", &protocol))
}

/// 101 with these headers.
fn switching(to: &'static str, headers: &[(HeaderName, &str)]) -> Response<Body> {
    let mut response = Response::new(full(Bytes::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let all = response.headers_mut();
    all.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    all.insert(header::UPGRADE, HeaderValue::from_static(to));
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            all.insert(name.clone(), value);
        }
    }
    response
}

/// The raw connection once the answer is out, and what the client has sent on it already.
///
/// # Errors
/// When the connection ended first.
pub async fn raw(upgrade: OnUpgrade) -> io::Result<(Raw, Bytes)> {
    let upgraded = upgrade.await.map_err(io::Error::other)?;
    let parts = upgraded
        .downcast::<TokioIo<Raw>>()
        .map_err(|_| io::Error::other("not a connection of this server"))?;
    Ok((parts.io.into_inner(), parts.read_buf))
}

/// What resets the connection below a WebSocket.
pub fn resetter(socket: &Socket) -> Resetter {
    socket.get_ref().get_ref().0.resetter()
}

/// A WebSocket on the raw connection once the answer is out.
///
/// # Errors
/// When the connection ended first.
pub async fn socket(upgrade: OnUpgrade) -> io::Result<Socket> {
    let (raw, begun) = raw(upgrade).await?;
    let config = WebSocketConfig::default()
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(LARGEST_MESSAGE))
        .max_frame_size(Some(LARGEST_MESSAGE));
    Ok(WebSocketStream::from_partially_read(raw, begun.to_vec(), Role::Server, Some(config)).await)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn only_an_upgrade_is_one() {
        let websocket = [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
        ];
        assert_eq!(wanted(&headers(&websocket)).unwrap(), Wanted::WebSocket);
        let spdy = [("connection", "Upgrade"), ("upgrade", "SPDY/3.1")];
        assert_eq!(wanted(&headers(&spdy)).unwrap(), Wanted::Spdy);
        let refused = wanted(&headers(&[("upgrade", "websocket")])).unwrap_err();
        assert_eq!(
            (refused.code, refused.message.as_str()),
            (400, "Upgrade request required")
        );
    }

    #[test]
    fn the_handshake_is_answered_as_rfc_6455_has_it() {
        let asked = headers(&[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")]);
        let response = websocket(&asked, "v5.channel.k8s.io").unwrap();
        assert_eq!(response.status(), 101);
        assert_eq!(
            response.headers()["sec-websocket-accept"],
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
        assert_eq!(
            response.headers()["sec-websocket-protocol"],
            "v5.channel.k8s.io"
        );
        assert_eq!(websocket(&HeaderMap::new(), "x").unwrap_err().code, 400);
    }

    #[test]
    fn spdy_begins_with_a_protocol_that_the_client_offers() {
        let asked = headers(&[("x-stream-protocol-version", "v4.channel.k8s.io")]);
        let response = spdy(&asked, "v4.channel.k8s.io").unwrap();
        assert_eq!(response.status(), 101);
        assert_eq!(response.headers()["upgrade"], "SPDY/3.1");
        assert_eq!(
            response.headers()["x-stream-protocol-version"],
            "v4.channel.k8s.io"
        );
        assert_eq!(spdy(&asked, "portforward.k8s.io").unwrap_err().code, 403);
    }
}
