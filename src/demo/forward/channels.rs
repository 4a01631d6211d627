//! The protocol in the numbered channels of a WebSocket: two for each port that the request names,
//! for its data and for its errors. Each begins with the port, in two bytes, the lower first. No
//! direction of a port can end alone, so that the connection ends with the client or with the last port.

use std::sync::Arc;

use bytes::Bytes;
use futures::{
    SinkExt, StreamExt,
    future::{join_all, pending},
    stream::{SplitSink, SplitStream},
};
use tokio::{
    io::{AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf},
    sync::mpsc,
};
use tokio_tungstenite::tungstenite::Message;

use super::pod::{Cut, Pod, next_of};
use crate::demo::{
    error::ApiError, exec::channel::frame, place::Place, request::Query, upgrade::Socket,
};

/// Ports of one request at most: their channels must fit into a byte.
const PORTS: usize = 128;
/// Messages that wait to be sent.
const QUEUE: usize = 32;

/// The ports that a request names.
///
/// # Errors
/// 400 in the kubelet's words.
pub fn ports(query: &Query) -> Result<Vec<u16>, ApiError> {
    let texts: Vec<&str> = query
        .all("ports")
        .flat_map(|list| list.split(','))
        .collect();
    if texts.is_empty() || texts.len() > PORTS {
        return Err(ApiError::bad_request(
            "query parameter \"port\" is required",
        ));
    }
    let port = |text: &&str| {
        let port = text.parse().ok().filter(|port| *port != 0);
        port.ok_or_else(|| ApiError::bad_request(format!("unable to parse {text:?} as a port")))
    };
    texts.iter().map(port).collect()
}

/// Serves the connection until the client is gone or every port is closed.
pub async fn serve(socket: Socket, ports: &[u16], pod: &Arc<Pod>, cut: &Cut) {
    let (sink, stream) = socket.split();
    let (say, said) = mpsc::channel(QUEUE);
    let (mut writers, mut voices) = (Vec::new(), Vec::new());
    for (number, port) in (0_u8..).zip(ports) {
        let (writer, answers) = match pod.connect(*port) {
            Ok(port) => {
                let (reader, writer, place) = port.split();
                (Some(writer), Ok((reader, place)))
            }
            Err(why) => (None, Err(why)),
        };
        writers.push(writer);
        let voice = Voice {
            data: 2 * number,
            pod,
            cut,
            say: say.clone(),
        };
        voices.push(voice.tell(*port, answers));
    }
    drop(say);
    let telling = async {
        join_all(voices).await;
        // What they have said is still to be sent.
        pending::<()>().await;
    };
    tokio::select! {
        () = send(sink, said) => {}
        () = listen(stream, writers) => {}
        () = telling => {}
    }
}

/// What one port says to the client.
struct Voice<'a> {
    /// The channel of its data; that of its errors is the next.
    data: u8,
    pod: &'a Pod,
    cut: &'a Cut,
    say: mpsc::Sender<Bytes>,
}

impl Voice<'_> {
    /// Says all that the port has to say; a client that is gone ends the whole connection.
    async fn tell(self, port: u16, answers: Result<(ReadHalf<DuplexStream>, Place), String>) {
        for channel in [self.data, self.data + 1] {
            self.say(channel, &port.to_le_bytes()).await;
        }
        match answers {
            Ok((reader, place)) => tokio::select! {
                () = self.pass_on(reader) => {}
                () = self.pod.closed(&place) => {}
            },
            Err(why) => self.say(self.data + 1, why.as_bytes()).await,
        }
    }

    async fn pass_on(&self, mut reader: ReadHalf<DuplexStream>) {
        loop {
            let bytes = next_of(&mut reader).await;
            if bytes.is_empty() {
                return;
            }
            let (admitted, by) = self.pod.admit(bytes.len()).await;
            self.say(self.data, &bytes[..admitted]).await;
            if let Some(by) = by {
                self.cut.make(by);
            }
        }
    }

    async fn say(&self, channel: u8, payload: &[u8]) {
        // Nobody is left to be told that nobody is left.
        let _ = self.say.send(frame(channel, payload)).await;
    }
}

async fn send(mut sink: SplitSink<Socket, Message>, mut said: mpsc::Receiver<Bytes>) {
    while let Some(frame) = said.recv().await {
        if sink.send(Message::Binary(frame)).await.is_err() {
            return;
        }
    }
    // Whether the client hears it changes nothing.
    let _ = sink.close().await;
}

/// Hands on what the client says; what is for no port is for nobody.
async fn listen(mut stream: SplitStream<Socket>, mut ports: Vec<Option<WriteHalf<DuplexStream>>>) {
    while let Some(Ok(message)) = stream.next().await {
        let Message::Binary(frame) = message else {
            continue;
        };
        let Some((channel, payload)) = frame.split_first() else {
            continue;
        };
        let port = ports.get_mut(usize::from(channel / 2));
        if let (0, Some(Some(port))) = (channel % 2, port) {
            // A service that has ended reads no more.
            let _ = port.write_all(payload).await;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_from_lists_and_repetitions() {
        let read = |query: &str| ports(&Query::parse(query)).map_err(|error| error.message);
        assert_eq!(read("ports=80%2C81&ports=9000"), Ok(vec![80, 81, 9000]));
        assert_eq!(
            read("").unwrap_err(),
            "query parameter \"port\" is required"
        );
        for wrong in ["x", "0", "65536", "80,"] {
            assert!(read(&format!("ports={wrong}")).is_err(), "{wrong}");
        }
    }
}
