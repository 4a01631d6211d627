//! The socket below a connection, which a fault can end by a reset instead of in order.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// Makes one connection end by a reset.
#[derive(Debug, Clone, Default)]
pub struct Resetter(Arc<AtomicBool>);

impl Resetter {
    /// From now on the connection ends by a reset: the peer gets RST, not FIN.
    pub fn reset(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A TCP connection with a [`Resetter`].
#[derive(Debug)]
pub struct Socket {
    tcp: TcpStream,
    resetter: Resetter,
}

impl Socket {
    /// Takes a connection over.
    pub fn new(tcp: TcpStream) -> Self {
        Self {
            tcp,
            resetter: Resetter::default(),
        }
    }

    /// What resets it.
    pub fn resetter(&self) -> Resetter {
        self.resetter.clone()
    }

    fn tcp(self: Pin<&mut Self>) -> Pin<&mut TcpStream> {
        Pin::new(&mut self.get_mut().tcp)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.resetter.0.load(Ordering::Acquire)
            && let Err(error) = self.tcp.set_zero_linger()
        {
            tracing::debug!(%error, "demo: no reset");
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.tcp().poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.tcp().poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.tcp().poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp().poll_shutdown(context)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use tokio::{io::AsyncReadExt, net::TcpListener};

    #[tokio::test]
    async fn a_reset_connection_is_told_from_one_that_ends_in_order() {
        for reset in [false, true] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap());
            let (client, accepted) = tokio::join!(client, listener.accept());
            let socket = Socket::new(accepted.unwrap().0);
            if reset {
                socket.resetter().reset();
            }
            drop(socket);
            let end = client.unwrap().read(&mut [0]).await;
            let kind = end.map_err(|error| error.kind());
            let wanted = if reset {
                Err(io::ErrorKind::ConnectionReset)
            } else {
                Ok(0)
            };
            assert_eq!(kind, wanted);
        }
    }
}
