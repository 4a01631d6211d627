//! The listener: accepts on loopback, speaks TLS and HTTP/1.1, and hands each request on.

use std::{sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::{
    control::Orders, exec::Exec, faults::Faults, list::Snapshots, logs::Logs, people::Tokens,
    rbac::Rbac, route::handle, socket::Socket, stats::Stats, store::Store, watch::Context,
};

/// A client that does not finish its handshake by then is let go.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Pause after an accept that failed (out of file descriptors), so as not to spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What all connections share.
#[derive(Debug)]
pub struct Server {
    /// The objects.
    pub store: Arc<Store>,
    /// Who is who.
    pub tokens: Tokens,
    /// Who may do what.
    pub rbac: Rbac,
    /// What goes wrong on purpose.
    pub faults: Arc<Faults>,
    /// Connections into containers.
    pub exec: Arc<Exec>,
    /// Containers' logs.
    pub logs: Arc<Logs>,
    /// What the controllers are told to do besides their work.
    pub orders: Orders,
    /// What was asked.
    pub stats: Stats,
    /// Lists begun and not finished.
    pub snapshots: Snapshots,
    /// Ends everything.
    pub end: CancellationToken,
}

impl Server {
    /// What a watch needs.
    pub fn watch_context(&self) -> Context {
        Context {
            store: Arc::clone(&self.store),
            faults: Arc::clone(&self.faults),
            end: self.end.clone(),
        }
    }
}

/// Accepts connections until the end is called; open ones are dropped then.
pub async fn serve(server: Arc<Server>, listener: TcpListener, tls: Arc<ServerConfig>) {
    let acceptor = TlsAcceptor::from(tls);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = server.end.cancelled() => return,
        };
        match accepted {
            Ok((socket, _)) => {
                let connection = connection(Arc::clone(&server), acceptor.clone(), socket);
                let end = server.end.clone();
                tokio::spawn(async move { end.run_until_cancelled(connection).await });
            }
            Err(error) => {
                tracing::warn!(%error, "demo: accept failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(server: Arc<Server>, acceptor: TlsAcceptor, socket: TcpStream) {
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "demo: no TCP_NODELAY");
    }
    let socket = Socket::new(socket);
    let resetter = socket.resetter();
    let stream = match tokio::time::timeout(HANDSHAKE, acceptor.accept(socket)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%error, "demo: no TLS"),
        Err(_) => return tracing::debug!("demo: handshake took too long"),
    };
    let service = service_fn(move |mut request| {
        request.extensions_mut().insert(resetter.clone());
        handle(Arc::clone(&server), request)
    });
    let outcome = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    if let Err(error) = outcome {
        tracing::debug!(%error, "demo: connection ended");
    }
}
