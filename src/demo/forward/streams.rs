//! The protocol in SPDY's streams: for each connection to a port the client opens a stream for
//! errors and one for the data, with the same `requestID`.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{io::AsyncWriteExt, sync::mpsc, task::JoinSet, time::Instant};

use super::pod::{Cut, Pod, next_of};
use crate::demo::spdy::{Arrival, Headers, Sending, Stream};

/// How long the first stream of a pair waits for the second.
const PAIRING: Duration = Duration::from_secs(30);

/// A stream's place in a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Error,
    Data,
}

/// What a stream is for.
#[derive(Debug, PartialEq, Eq)]
struct Purpose {
    kind: Kind,
    port: u16,
    request: String,
}

impl Purpose {
    /// `None` for a stream that means nothing here, which is refused as the kubelet does.
    fn of(headers: &Headers) -> Option<Self> {
        let kind = match headers.get("streamtype")? {
            "error" => Kind::Error,
            "data" => Kind::Data,
            _ => return None,
        };
        Some(Self {
            kind,
            port: headers
                .get("port")?
                .parse()
                .ok()
                .filter(|port| *port != 0)?,
            request: headers.get("requestid")?.to_owned(),
        })
    }
}

/// The first stream of a pair.
#[derive(Debug)]
struct Half {
    kind: Kind,
    stream: Stream,
    since: Instant,
}

/// Forwards what arrives until the client is gone.
pub async fn forward(mut arrivals: mpsc::Receiver<Arrival>, pod: &Arc<Pod>, cut: &Cut) {
    let mut halves: HashMap<String, Half> = HashMap::new();
    let mut running = JoinSet::new();
    let (severed, mut severing) = mpsc::channel(1);
    let mut late = tokio::time::interval(PAIRING);
    loop {
        tokio::select! {
            arrival = arrivals.recv() => {
                let Some(arrival) = arrival else { return };
                if let Some((port, errors, data)) = pair(&mut halves, arrival).await {
                    running.spawn(connect(Arc::clone(pod), port, errors, data, severed.clone()));
                }
            }
            Some(by) = severing.recv() => return cut.make(by),
            Some(_) = running.join_next() => {}
            _ = late.tick() => give_up(&mut halves).await,
        }
    }
}

/// Takes a stream and gives its pair when it is complete.
async fn pair(
    halves: &mut HashMap<String, Half>,
    arrival: Arrival,
) -> Option<(u16, Stream, Stream)> {
    let Some(Purpose {
        kind,
        port,
        request,
    }) = Purpose::of(&arrival.headers)
    else {
        arrival.refuse().await;
        return None;
    };
    let Some(other) = halves.remove(&request) else {
        let stream = arrival.accept().await;
        let half = Half {
            kind,
            stream,
            since: Instant::now(),
        };
        halves.insert(request, half);
        return None;
    };
    if other.kind == kind {
        halves.insert(request, other);
        arrival.refuse().await;
        return None;
    }
    let stream = arrival.accept().await;
    Some(match kind {
        Kind::Data => (port, other.stream, stream),
        Kind::Error => (port, stream, other.stream),
    })
}

/// Ends the streams that have waited too long.
async fn give_up(halves: &mut HashMap<String, Half>) {
    let late = halves.extract_if(|_, half| half.since.elapsed() >= PAIRING);
    for (_, half) in late.collect::<Vec<_>>() {
        // A client that is gone needs no answer.
        let _ = half.stream.sending.cancel().await;
    }
}

/// Connects a pair to its port, to the end of both directions or of the container.
async fn connect(
    pod: Arc<Pod>,
    port: u16,
    errors: Stream,
    data: Stream,
    severed: mpsc::Sender<crate::demo::faults::Severance>,
) {
    // In what follows a client that is gone ends everything by itself.
    let (mut incoming, outgoing) = (data.incoming, data.sending);
    match pod.connect(port) {
        Ok(connected) => {
            let (mut reader, mut writer, place) = connected.split();
            let upstream = async {
                while let Some(bytes) = incoming.recv().await {
                    if writer.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
                let _ = writer.shutdown().await;
            };
            let downstream = async {
                loop {
                    let bytes = next_of(&mut reader).await;
                    if bytes.is_empty() {
                        return;
                    }
                    let (admitted, by) = pod.admit(bytes.len()).await;
                    let sent = outgoing.send(bytes.slice(..admitted)).await;
                    if let Some(by) = by {
                        let _ = severed.send(by).await;
                    }
                    if sent.is_err() {
                        return;
                    }
                }
            };
            tokio::select! {
                _ = futures::future::join(upstream, downstream) => {}
                () = pod.closed(&place) => {}
            }
        }
        Err(why) => {
            let _ = errors.sending.send(Bytes::from(why)).await;
        }
    }
    finish(errors.sending, outgoing).await;
}

/// As the kubelet: the errors end first.
async fn finish(errors: Sending, data: Sending) {
    let _ = errors.finish().await;
    let _ = data.finish().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_says_what_it_is_for() {
        let of = |kind, port, request| {
            Purpose::of(&Headers::from([
                ("streamtype", kind),
                ("port", port),
                ("requestid", request),
            ]))
        };
        let wanted = Purpose {
            kind: Kind::Data,
            port: 8080,
            request: "7".to_owned(),
        };
        assert_eq!(of("data", "8080", "7"), Some(wanted));
        for (kind, port) in [
            ("stdin", "80"),
            ("data", "0"),
            ("error", "65536"),
            ("error", ""),
        ] {
            assert_eq!(of(kind, port, "7"), None, "{kind} {port}");
        }
        assert_eq!(Purpose::of(&Headers::from([("port", "80")])), None);
    }
}
