//! A way to a server that behaves like a bad network: late, narrow, deaf, cut.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How the network is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weather {
    /// Each piece arrives so much later.
    pub latency: Duration,
    /// So many bytes a second arrive, in each direction of each connection; any number when 0.
    pub bytes_per_second: usize,
    /// Nothing arrives, and nobody is told.
    pub hole: bool,
    /// New connections are reset.
    pub refuses: bool,
    /// New connections end after so many bytes of the server's; never when 0.
    pub ends_after: usize,
}

/// How connections end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sever {
    /// In order, in the middle of what was said.
    Fin,
    /// By a reset.
    Rst,
}

/// The way. Dropping it ends every connection.
pub struct Proxy {
    /// Where it listens.
    pub addr: SocketAddr,
    weather: watch::Sender<Weather>,
    cuts: watch::Sender<(usize, Sever)>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Proxy {
    /// A clear way to `server`.
    pub fn start(server: SocketAddr) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let addr = listener.local_addr().unwrap();
        let weather = watch::Sender::new(Weather::default());
        let cuts = watch::Sender::new((0, Sever::Fin));
        let (skies, scissors) = (weather.subscribe(), cuts.subscribe());
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                if let Ok((client, _)) = listener.accept().await {
                    let (weather, mut cuts) = (skies.clone(), scissors.clone());
                    cuts.mark_unchanged();
                    tokio::spawn(async move {
                        let _ = carry(client, server, weather, cuts).await;
                    });
                }
            }
        });
        Self {
            addr,
            weather,
            cuts,
            runtime: Some(runtime),
        }
    }

    /// Changes the weather, for open connections too.
    pub fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    /// Ends every open connection.
    pub fn sever(&self, how: Sever) {
        self.cuts.send_modify(|(count, last)| {
            *count += 1;
            *last = how;
        });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // It may be dropped within another runtime, which may not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn carry(
    mut client: TcpStream,
    server: SocketAddr,
    weather: watch::Receiver<Weather>,
    mut cuts: watch::Receiver<(usize, Sever)>,
) -> std::io::Result<()> {
    let present = *weather.borrow();
    if present.refuses {
        return client.set_zero_linger();
    }
    let mut server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let limit = (present.ends_after > 0).then_some(present.ends_after);
    let severed = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let up = pump(from_client, to_server, weather.clone(), None);
        let down = pump(from_server, to_client, weather, limit);
        tokio::select! {
            _ = async { tokio::try_join!(up, down) } => None,
            _ = cuts.changed() => Some(cuts.borrow().1),
        }
    };
    match severed {
        Some(Sever::Rst) => client.set_zero_linger(),
        _ => Ok(()),
    }
}

/// Carries bytes until the giver ends; more than the limit are an abortion.
async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut weather: watch::Receiver<Weather>,
    mut limit: Option<usize>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let n = from.read(&mut buffer).await?;
        let mut rest = &buffer[..n.min(limit.unwrap_or(n))];
        while !rest.is_empty() {
            let now = *weather.wait_for(|weather| !weather.hole).await.unwrap();
            let rate = now.bytes_per_second;
            let piece = if rate == 0 {
                rest.len()
            } else {
                rest.len().min(rate.div_ceil(20))
            };
            let wait = now.latency
                + if rate == 0 {
                    Duration::ZERO
                } else {
                    Duration::from_millis(50)
                };
            tokio::time::sleep(wait).await;
            // It may have closed in meanwhile.
            weather.wait_for(|weather| !weather.hole).await.unwrap();
            to.write_all(&rest[..piece]).await?;
            rest = &rest[piece..];
        }
        if let Some(limit) = &mut limit {
            *limit = limit.saturating_sub(n);
        }
        if limit == Some(0) {
            return Err(std::io::ErrorKind::ConnectionAborted.into());
        }
        if n == 0 {
            return to.shutdown().await;
        }
    }
}
