//! The pod at the other end of a forwarded port.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use serde_json::Value;
use tokio::io::{AsyncReadExt, DuplexStream, ReadHalf, WriteHalf};
use tokio_util::sync::CancellationToken;

use super::service::{self, Service};
use crate::demo::{
    control::{
        hash::digest_of,
        json::{items, text},
    },
    error::ApiError,
    faults::{Act, Disturbance, Severance},
    kinds::PODS,
    place::Place,
    request::Target,
    store::Store,
};

/// Bytes of a service that are read at once.
const PIECE: usize = 16 * 1024;

/// A pod and its containers as they are when the connection begins.
#[derive(Debug)]
pub struct Pod {
    store: Arc<Store>,
    places: Vec<Place>,
    fault: Mutex<Disturbance>,
}

/// A connection to a port.
#[derive(Debug)]
pub struct Port {
    /// Its bytes.
    pub stream: DuplexStream,
    /// The container behind it.
    place: Place,
}

/// Where a fault cuts the whole connection.
#[derive(Debug, Default)]
pub struct Cut {
    made: CancellationToken,
    by: Mutex<Option<Severance>>,
}

impl Cut {
    /// Cuts the connection.
    pub fn make(&self, by: Severance) {
        *self.by.lock().unwrap_or_else(PoisonError::into_inner) = Some(by);
        self.made.cancel();
    }

    /// Waits until it is cut.
    pub async fn made(&self) {
        self.made.cancelled().await;
    }

    /// How it was cut.
    pub fn by(&self) -> Option<Severance> {
        *self.by.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pod {
    /// The pod that is meant.
    ///
    /// # Errors
    /// 404 for one that is not there, 400 for one that no node has.
    pub fn find(store: &Arc<Store>, target: &Target, acts: &[Act]) -> Result<Arc<Self>, ApiError> {
        Ok(Arc::new(Self {
            places: Place::all(store, target)?,
            store: Arc::clone(store),
            fault: Mutex::new(Disturbance::of(acts)),
        }))
    }

    /// Connects to a port.
    ///
    /// # Errors
    /// What the kubelet says when nobody listens there.
    pub fn connect(&self, port: u16) -> Result<Port, String> {
        let listens = |place: &&Place| {
            place.still_running(&self.store)
                && place
                    .spec()
                    .is_some_and(|container| declares(container, port))
        };
        let place = self.places.iter().find(listens);
        let place = place.ok_or_else(|| self.refusal(port))?;
        let (stream, inside) = tokio::io::duplex(2 * PIECE);
        // It ends with the connection.
        tokio::spawn(service::serve(Service::of(place, port), inside));
        Ok(Port {
            stream,
            place: place.clone(),
        })
    }

    /// The words of the kubelet and of containerd below it.
    fn refusal(&self, port: u16) -> String {
        let uid = self
            .places
            .first()
            .map(|place| text(&place.object, "/metadata/uid"));
        let sandbox = digest_of(uid.unwrap_or_default());
        let sandbox = sandbox.trim_start_matches("sha256:");
        format!(
            "error forwarding port {port} to pod {sandbox}, uid : failed to execute portforward in network namespace \"/var/run/netns/cni-{}\": \
             failed to connect to localhost:{port} inside namespace \"{sandbox}\", IPv4: dial tcp4 127.0.0.1:{port}: connect: connection refused IPv6 dial tcp6: address localhost: no suitable address found ",
            sandbox.get(..8).unwrap_or_default()
        )
    }

    /// Waits until the pod is gone.
    pub async fn gone(&self) {
        let Some(place) = self.places.first() else {
            return;
        };
        let uid = text(&place.object, "/metadata/uid");
        let mut changed = self.store.subscribe(Some(&PODS));
        loop {
            let now = self.store.get(&PODS, &place.namespace, &place.pod);
            if now.is_none_or(|now| *now.uid != *uid) || changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// Whether the next bytes to the client may go out, after the wait that a fault asks for, how
    /// many of them, and whether the connection is cut behind them.
    pub async fn admit(&self, bytes: usize) -> (usize, Option<Severance>) {
        let fault = *self.fault();
        fault.wait().await;
        self.fault().admit(bytes)
    }

    fn fault(&self) -> std::sync::MutexGuard<'_, Disturbance> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the container behind a port has ended.
    pub async fn closed(&self, place: &Place) {
        place.ended(&self.store).await;
    }
}

impl Port {
    /// Its two directions, and the container whose end is theirs.
    pub fn split(self) -> (ReadHalf<DuplexStream>, WriteHalf<DuplexStream>, Place) {
        let (reader, writer) = tokio::io::split(self.stream);
        (reader, writer, self.place)
    }
}

/// The next bytes that a service says; empty at its end.
pub async fn next_of(reader: &mut ReadHalf<DuplexStream>) -> Bytes {
    let mut piece = BytesMut::with_capacity(PIECE);
    // A service that broke off has ended, too.
    let _ = reader.read_buf(&mut piece).await;
    piece.freeze()
}

fn declares(container: &Value, port: u16) -> bool {
    items(container, "/ports").iter().any(|declared| {
        declared["containerPort"] == port && matches!(text(declared, "/protocol"), "" | "TCP")
    })
}
