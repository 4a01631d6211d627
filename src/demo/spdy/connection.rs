//! One connection: a reader that hands bytes to their streams, and a writer that all streams share.

use std::{
    collections::HashMap,
    io,
    pin::pin,
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{
        AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt,
        BufReader,
    },
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;

use super::{
    frame::{Broken, Control, HEAD, Head, Reason, Said},
    headers::{self, Headers},
};

/// Bytes of a stream that are handed on at once.
pub const PIECE: usize = 16 * 1024;
/// Pieces of a stream that wait for its reader.
const PIECES: usize = 4;
/// Streams at once.
const STREAMS: usize = 256;
/// New streams that nobody has looked at yet.
const ARRIVALS: usize = 16;
/// Frames that wait to be written.
const QUEUE: usize = 32;
/// The largest control frame.
const CONTROL: usize = 64 * 1024;
/// How long a peer may take to read the last word.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why a connection ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The peer broke the rules.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The socket failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A stream that the peer has opened and nobody has answered yet.
#[derive(Debug)]
pub struct Arrival {
    /// What the peer says of it.
    pub headers: Headers,
    stream: Stream,
}

impl Arrival {
    /// Takes it.
    pub async fn accept(self) -> Stream {
        let Sending { id, out, .. } = &self.stream.sending;
        // A peer that is gone shows when the stream is used.
        let _ = out.send(Said::Reply(*id)).await;
        self.stream
    }

    /// Does not take it.
    pub async fn refuse(self) {
        let Sending { id, out, .. } = &self.stream.sending;
        let _ = out.send(Said::Reset(*id, Reason::RefusedStream)).await;
    }
}

/// A stream that was accepted.
#[derive(Debug)]
pub struct Stream {
    /// What the peer sends, piece by piece; `None` is its end.
    pub incoming: mpsc::Receiver<Bytes>,
    /// The way back.
    pub sending: Sending,
}

/// This side's half of a stream.
#[derive(Debug)]
pub struct Sending {
    id: u32,
    out: mpsc::Sender<Said>,
    reset: Arc<CancellationToken>,
}

/// The peer has reset the stream, or is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

impl Sending {
    /// Sends bytes, in frames of no more than [`PIECE`].
    pub async fn send(&self, mut bytes: Bytes) -> Result<(), Gone> {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(PIECE));
            self.say(Said::Data(self.id, piece)).await?;
        }
        Ok(())
    }

    /// Says that no more will come.
    pub async fn finish(self) -> Result<(), Gone> {
        self.say(Said::Fin(self.id)).await
    }

    /// Ends the stream in both directions.
    pub async fn cancel(self) -> Result<(), Gone> {
        self.say(Said::Reset(self.id, Reason::Cancel)).await
    }

    async fn say(&self, said: Said) -> Result<(), Gone> {
        let sent = self.reset.run_until_cancelled(self.out.send(said)).await;
        sent.and_then(Result::ok).ok_or(Gone)
    }
}

/// Serves a connection for as long as `session` lives in its streams; `None` when the peer was gone
/// first. What the session has said last is still sent.
///
/// # Errors
/// [`Ended`] when it did not end in order; a peer that broke the rules has been told.
pub async fn serve<R, W, S, T>(reader: R, writer: W, session: S) -> Result<Option<T>, Ended>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
    S: AsyncFnOnce(mpsc::Receiver<Arrival>) -> T,
{
    let (out, said) = mpsc::channel(QUEUE);
    let (arrive, arrivals) = mpsc::channel(ARRIVALS);
    let mut reading = Reading {
        headers: headers::Reader::default(),
        streams: HashMap::new(),
        last: 0,
        arrivals: arrive,
        out: out.clone(),
    };
    let mut writing = pin!(write(writer, said));
    let ended = {
        let reader = BufReader::new(reader);
        tokio::select! {
            read = reading.run(reader) => read.map(|()| None),
            written = &mut writing => written.map(|()| None).map_err(Ended::from),
            done = session(arrivals) => Ok(Some(done)),
        }
    };
    match &ended {
        // There is nobody to say goodbye to.
        Ok(None) | Err(Ended::Io(_)) => return ended,
        Err(Ended::Broken(_)) => {
            let blamed = out.try_send(Said::GoAway(reading.last));
            // A peer that reads nothing does not hear it.
            drop(blamed);
        }
        Ok(Some(_)) => {}
    }
    drop((out, reading));
    // Whether the peer still hears the rest changes nothing.
    let _ = tokio::time::timeout(FAREWELL, writing).await;
    ended
}

/// Writes what is said until nobody has more to say.
async fn write<W>(mut writer: W, mut said: mpsc::Receiver<Said>) -> io::Result<()>
where
    W: AsyncWrite + Unpin,
{
    let mut headers = headers::Writer::default();
    let mut frames = Vec::with_capacity(QUEUE);
    let mut bytes = BytesMut::new();
    while said.recv_many(&mut frames, QUEUE).await > 0 {
        for frame in frames.drain(..) {
            frame.write(|| headers.write(&Headers::default()), &mut bytes);
        }
        writer.write_all(&bytes).await?;
        writer.flush().await?;
        bytes.clear();
    }
    writer.shutdown().await
}

/// The peer's half of a stream.
struct Peer {
    /// To whoever reads it, until its end.
    to: Option<mpsc::Sender<Bytes>>,
    /// Gone with this side's half.
    reset: Weak<CancellationToken>,
}

impl Peer {
    /// Nothing will come on it in either direction.
    fn is_over(&self) -> bool {
        let unread = self.to.as_ref().is_none_or(mpsc::Sender::is_closed);
        unread && self.reset.strong_count() == 0
    }
}

struct Reading {
    headers: headers::Reader,
    streams: HashMap<u32, Peer>,
    /// The last stream that the peer has opened.
    last: u32,
    arrivals: mpsc::Sender<Arrival>,
    out: mpsc::Sender<Said>,
}

impl Reading {
    async fn run<R>(&mut self, mut reader: R) -> Result<(), Ended>
    where
        R: AsyncBufRead + Unpin,
    {
        while !reader.fill_buf().await?.is_empty() {
            let mut head = [0; HEAD];
            reader.read_exact(&mut head).await?;
            match Head::read(head)? {
                Head::Data { id, fin, length } => {
                    self.data(&mut reader, id, length).await?;
                    if fin {
                        self.end_of(id);
                    }
                }
                Head::Control {
                    kind,
                    flags,
                    length,
                } => {
                    if length > CONTROL {
                        return Err(Broken::Length { kind, length }.into());
                    }
                    let mut payload = vec![0; length];
                    reader.read_exact(&mut payload).await?;
                    self.control(Control::read(kind, flags, &payload.into())?)
                        .await?;
                }
            }
        }
        Ok(())
    }

    /// Hands on the bytes of a stream as they come; those of one that is gone are for nobody.
    async fn data<R>(&mut self, reader: &mut R, id: u32, length: usize) -> Result<(), Ended>
    where
        R: AsyncRead + Unpin,
    {
        let mut left = length;
        while left > 0 {
            let mut piece = BytesMut::with_capacity(left.min(PIECE));
            let wanted = piece.capacity().min(left);
            let read = reader.take(wanted as u64).read_buf(&mut piece).await?;
            if read == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            left -= read;
            if let Some(Peer { to: Some(to), .. }) = self.streams.get(&id) {
                // Nobody reads it any more, which is no fault of the peer.
                let _ = to.send(piece.freeze()).await;
            }
        }
        Ok(())
    }

    async fn control(&mut self, control: Control) -> Result<(), Ended> {
        match control {
            Control::SynStream { id, fin, block } => self.begin(id, fin, &block).await?,
            Control::Headers(block) => drop(self.headers.read(&block)?),
            Control::RstStream(id) => {
                let peer = self.streams.remove(&id);
                if let Some(reset) = peer.and_then(|peer| peer.reset.upgrade()) {
                    reset.cancel();
                }
            }
            Control::Ping(id) => self.say(Said::Pong(id)).await,
            Control::GoAway | Control::Ignored => {}
        }
        Ok(())
    }

    async fn begin(&mut self, id: u32, fin: bool, block: &[u8]) -> Result<(), Ended> {
        let headers = self.headers.read(block)?;
        if id.is_multiple_of(2) || id <= self.last {
            return Err(Broken::Stream(id).into());
        }
        self.last = id;
        self.streams.retain(|_, peer| !peer.is_over());
        if self.streams.len() >= STREAMS {
            self.say(Said::Reset(id, Reason::RefusedStream)).await;
            return Ok(());
        }
        let (to, incoming) = mpsc::channel(PIECES);
        let reset = Arc::new(CancellationToken::new());
        let peer = Peer {
            to: (!fin).then_some(to),
            reset: Arc::downgrade(&reset),
        };
        self.streams.insert(id, peer);
        let sending = Sending {
            id,
            out: self.out.clone(),
            reset,
        };
        let arrival = Arrival {
            headers,
            stream: Stream { incoming, sending },
        };
        // Without a taker the stream is over at once.
        let _ = self.arrivals.send(arrival).await;
        Ok(())
    }

    fn end_of(&mut self, id: u32) {
        if let Some(peer) = self.streams.get_mut(&id) {
            peer.to = None;
        }
    }

    /// A writer that is gone ends the connection by itself.
    async fn say(&self, said: Said) {
        let _ = self.out.send(said).await;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use tokio::io::{DuplexStream, ReadHalf, WriteHalf, duplex, split};

    /// A client that writes its frames by hand.
    struct Client {
        reader: ReadHalf<DuplexStream>,
        writer: WriteHalf<DuplexStream>,
        headers: headers::Writer,
    }

    impl Client {
        async fn control(&mut self, kind: u8, payload: &[u8]) {
            let length = u8::try_from(payload.len()).unwrap();
            let head = [0x80, 3, 0, kind, 0, 0, 0, length];
            self.writer
                .write_all(&[&head, payload].concat())
                .await
                .unwrap();
        }

        async fn open(&mut self, id: u8) {
            let block = self.headers.write(&Headers::from([("streamtype", "data")]));
            let stream = [0, 0, 0, id, 0, 0, 0, 0, 0, 0];
            self.control(1, &[&stream, block.as_slice()].concat()).await;
        }

        async fn data(&mut self, id: u8, fin: u8, payload: &[u8]) {
            let length = u8::try_from(payload.len()).unwrap();
            let head = [0, 0, 0, id, fin, 0, 0, length];
            self.writer
                .write_all(&[&head, payload].concat())
                .await
                .unwrap();
        }

        /// The head of the next frame and what follows it.
        async fn hear(&mut self) -> (Vec<u8>, Vec<u8>) {
            let mut head = [0; HEAD];
            self.reader.read_exact(&mut head).await.unwrap();
            let mut payload = vec![0; usize::from(head[7])];
            self.reader.read_exact(&mut payload).await.unwrap();
            (head[..5].to_vec(), payload)
        }
    }

    fn pair() -> (Client, ReadHalf<DuplexStream>, WriteHalf<DuplexStream>) {
        let (near, far) = duplex(64 * 1024);
        let (reader, writer) = split(near);
        let client = Client {
            reader,
            writer,
            headers: headers::Writer::default(),
        };
        let (reader, writer) = split(far);
        (client, reader, writer)
    }

    /// Sends everything back that it gets.
    async fn echo(mut arrivals: mpsc::Receiver<Arrival>) {
        while let Some(arrival) = arrivals.recv().await {
            assert_eq!(arrival.headers.get("streamtype"), Some("data"));
            let Stream {
                mut incoming,
                sending,
            } = arrival.accept().await;
            while let Some(bytes) = incoming.recv().await {
                sending.send(bytes).await.unwrap();
            }
            // One that was reset takes no end.
            let _ = sending.finish().await;
        }
    }

    #[tokio::test]
    async fn streams_are_opened_fed_and_ended() {
        let (mut client, reader, writer) = pair();
        let talk = async move {
            client.control(4, &[0, 0, 0, 0]).await;
            client.control(6, &[0, 0, 0, 1]).await;
            assert_eq!(
                client.hear().await,
                (vec![0x80, 3, 0, 6, 0], vec![0, 0, 0, 1])
            );
            client.open(1).await;
            let (head, payload) = client.hear().await;
            assert_eq!(
                (&head[..4], &payload[..4]),
                (&[0x80, 3, 0, 2][..], &[0, 0, 0, 1][..])
            );
            client.data(9, 0, b"for nobody").await;
            client.data(1, 0, b"ab").await;
            assert_eq!(client.hear().await, (vec![0, 0, 0, 1, 0], b"ab".to_vec()));
            client.data(1, 1, b"c").await;
            assert_eq!(client.hear().await, (vec![0, 0, 0, 1, 0], b"c".to_vec()));
            assert_eq!(client.hear().await, (vec![0, 0, 0, 1, 1], Vec::new()));
            client.open(3).await;
            client.hear().await;
            client.control(3, &[0, 0, 0, 3, 0, 0, 0, 5]).await;
            // The one that was reset says nothing more; the next goes on.
            client.open(5).await;
            let (head, payload) = client.hear().await;
            assert_eq!((&head[..4], payload[3]), (&[0x80, 3, 0, 2][..], 5));
        };
        let (served, ()) = tokio::join!(serve(reader, writer, echo), talk);
        assert!(
            matches!(served, Ok(None)),
            "the client went first: {served:?}"
        );
    }

    #[tokio::test]
    async fn who_breaks_the_rules_is_told_and_left() {
        for (kind, payload) in [(1, vec![0; 10]), (6, vec![0; 3]), (1, vec![0; 30])] {
            let (mut client, reader, writer) = pair();
            let talk = async move {
                client.control(kind, &payload).await;
                let (head, payload) = client.hear().await;
                assert_eq!(head[..4], [0x80, 3, 0, 7], "GOAWAY");
                assert_eq!(payload[7], 1, "for a protocol error");
                client
            };
            let (served, _client) = tokio::join!(serve(reader, writer, echo), talk);
            assert!(matches!(served, Err(Ended::Broken(_))), "{served:?}");
        }
    }

    #[tokio::test]
    async fn what_a_session_says_last_is_sent() {
        let (mut client, reader, writer) = pair();
        let session = async |mut arrivals: mpsc::Receiver<Arrival>| {
            let Stream { sending, .. } = arrivals.recv().await.unwrap().accept().await;
            for _ in 0..20 {
                sending.send(Bytes::from_static(b"more")).await.unwrap();
            }
            sending.finish().await.unwrap();
            7
        };
        let talk = async move {
            client.open(1).await;
            client.hear().await;
            for _ in 0..20 {
                assert_eq!(client.hear().await.1, b"more");
            }
            assert_eq!(client.hear().await.0, [0, 0, 0, 1, 1]);
            assert_eq!(client.reader.read(&mut [0]).await.unwrap(), 0);
        };
        let (served, ()) = tokio::join!(serve(reader, writer, session), talk);
        assert!(matches!(served, Ok(Some(7))));
    }
}
