//! A connection that can be swallowed: nothing goes through any more, and nobody is told.

use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Stands before a server on loopback.
pub struct Proxy {
    pub port: u16,
    hole: Arc<watch::Sender<bool>>,
}

impl Proxy {
    /// Before the server on this port.
    pub async fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let hole = Arc::new(watch::Sender::new(false));
        let swallowed = Arc::clone(&hole);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let hole = swallowed.subscribe();
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else {
                        return;
                    };
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) = server.into_split();
                    tokio::join!(
                        pass(from_client, to_server, hole.clone()),
                        pass(from_server, to_client, hole),
                    );
                });
            }
        });
        Self { port, hole }
    }

    /// From now on nothing goes through, or everything again.
    pub fn swallow(&self, yes: bool) {
        self.hole.send_replace(yes);
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut hole: watch::Receiver<bool>) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        if hole.wait_for(|hole| !hole).await.is_err() || to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}
