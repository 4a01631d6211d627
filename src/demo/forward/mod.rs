//! `pods/portforward`: connections to the ports of a pod.
//!
//! Clients speak it in three ways: kubectl in SPDY streams, tunnelled through a WebSocket
//! ([`tunnel`]) or on the bare connection, both read by [`streams`]; others in the numbered channels
//! of a WebSocket ([`channels`]). Nothing of the machine is connected: behind a port that a container
//! declares there is a tiny HTTP service of the demo's own ([`service`]).

mod channels;
mod pod;
mod service;
mod streams;
mod tunnel;

use std::{io::Cursor, sync::Arc};

use bytes::Bytes;
use hyper::{HeaderMap, Response, upgrade::OnUpgrade};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::{
    body::Body,
    error::ApiError,
    faults::{Act, Severance},
    request::{Query, Target},
    socket::Resetter,
    spdy,
    store::Store,
    upgrade::{self, Raw, Socket, Wanted},
};
use pod::{Cut, Pod};

/// The protocol in the streams of SPDY.
const PROTOCOL: &str = "portforward.k8s.io";
/// SPDY in the binary messages of a WebSocket.
const TUNNEL: &str = "SPDY/3.1+portforward.k8s.io";
/// Numbered channels in the binary messages of a WebSocket.
const CHANNELS: &str = "v4.channel.k8s.io";

/// Whether a subresource is served here.
pub fn serves(subresource: &str) -> bool {
    subresource == "portforward"
}

/// A request for connections, allowed by the access rules already.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The pod.
    pub target: &'a Target,
    /// The ports, for clients that say them here.
    pub query: &'a Query,
    /// The handshake.
    pub headers: &'a HeaderMap,
    /// The connection to come.
    pub upgrade: OnUpgrade,
    /// What goes wrong on purpose.
    pub acts: Vec<Act>,
}

/// Answers with an upgrade, after which the connection lives in a task of its own until the client,
/// the pod or the server ends.
///
/// # Errors
/// As the API server and the kubelet: no such pod, no known protocol, no port.
pub fn answer(
    store: &Arc<Store>,
    end: &CancellationToken,
    asked: Asked<'_>,
) -> Result<Response<Body>, ApiError> {
    let pod = Pod::find(store, asked.target, &asked.acts)?;
    let headers = asked.headers;
    let (response, way) = match upgrade::wanted(headers)? {
        Wanted::Spdy => (upgrade::spdy(headers, PROTOCOL)?, Way::Streams),
        Wanted::WebSocket => {
            let known = |offer: &&str| matches!(*offer, TUNNEL | CHANNELS);
            match upgrade::offers(headers).find(known) {
                Some(TUNNEL) => (upgrade::websocket(headers, TUNNEL)?, Way::Tunnel),
                Some(_) => {
                    let ports = channels::ports(asked.query)?;
                    (upgrade::websocket(headers, CHANNELS)?, Way::Channels(ports))
                }
                None => {
                    let message =
                        format!("no known subprotocol is offered: {TUNNEL} and {CHANNELS} are");
                    return Err(ApiError::new(403, "Forbidden", message));
                }
            }
        }
    };
    let connection = connection(asked.upgrade, way, pod);
    tokio::spawn(end.clone().run_until_cancelled_owned(connection));
    Ok(response)
}

/// How the client speaks.
enum Way {
    Streams,
    Tunnel,
    Channels(Vec<u16>),
}

async fn connection(upgrade: OnUpgrade, way: Way, pod: Arc<Pod>) {
    let opened = match way {
        Way::Streams => upgrade::raw(upgrade).await.map(|(raw, begun)| {
            let resetter = raw.get_ref().0.resetter();
            (resetter, Opened::Streams(raw, begun))
        }),
        Way::Tunnel => upgrade::socket(upgrade)
            .await
            .map(|socket| (upgrade::resetter(&socket), Opened::Tunnel(socket))),
        Way::Channels(ports) => upgrade::socket(upgrade)
            .await
            .map(|socket| (upgrade::resetter(&socket), Opened::Channels(socket, ports))),
    };
    match opened {
        Ok((resetter, opened)) => serve(opened, pod, &resetter).await,
        Err(error) => tracing::debug!(%error, "demo: no upgrade"),
    }
}

enum Opened {
    /// A raw connection, and what the client has sent on it already.
    Streams(Raw, Bytes),
    Tunnel(Socket),
    Channels(Socket, Vec<u16>),
}

/// Serves the connection until its end, the pod's or a fault's.
async fn serve(opened: Opened, pod: Arc<Pod>, resetter: &Resetter) {
    let cut = Cut::default();
    match opened {
        Opened::Streams(raw, begun) => {
            let (reader, writer) = tokio::io::split(raw);
            let reader = Cursor::new(begun).chain(reader);
            spoken(reader, writer, &pod, &cut).await;
        }
        Opened::Tunnel(socket) => {
            let (reader, writer) = tunnel::split(socket);
            spoken(reader, writer, &pod, &cut).await;
        }
        Opened::Channels(socket, ports) => {
            tokio::select! {
                () = channels::serve(socket, &ports, &pod, &cut) => {}
                () = pod.gone() => {}
                () = cut.made() => {}
            }
        }
    }
    if cut.by() == Some(Severance::Rst) {
        resetter.reset();
    }
}

/// Serves SPDY over any pair of reader and writer.
async fn spoken<R, W>(reader: R, writer: W, pod: &Arc<Pod>, cut: &Cut)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let session = async |arrivals| {
        tokio::select! {
            () = streams::forward(arrivals, pod, cut) => {}
            () = pod.gone() => {}
        }
    };
    if let Err(error) = spdy::serve(reader, writer, session).await {
        tracing::debug!(%error, "demo: a port-forward broke off");
    }
}
