//! Where the simulated commands read from and write to.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

use super::{
    super::channel::{PAYLOAD, frame},
    containers::Container,
};

/// Pieces in a pipe between two commands; a full pipe makes its writer wait.
const PIPE: usize = 4;
/// A command that reads all of its input takes no more than this.
pub const MOST_INPUT: usize = 16 * 1024 * 1024;

/// Nobody reads any more: what a real program learns by SIGPIPE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// The three streams of a command.
#[derive(Debug, Clone)]
pub struct Io {
    /// Input.
    pub stdin: Source,
    /// Output.
    pub stdout: Sink,
    /// Errors.
    pub stderr: Sink,
}

/// Something to read from; clones read from the same place.
#[derive(Debug, Clone)]
pub struct Source(Arc<tokio::sync::Mutex<Reader>>);

/// The reading end.
#[derive(Debug)]
pub struct Reader {
    from: Option<mpsc::Receiver<Bytes>>,
    buffer: BytesMut,
}

impl Source {
    /// Nothing to read.
    pub fn empty() -> Self {
        Self::text(b"")
    }

    /// This text.
    pub fn text(text: &[u8]) -> Self {
        Self(Arc::new(tokio::sync::Mutex::new(Reader {
            from: None,
            buffer: BytesMut::from(text),
        })))
    }

    /// What comes through a channel; an empty piece is an end of input that may be passed.
    pub fn channel(from: mpsc::Receiver<Bytes>) -> Self {
        Self(Arc::new(tokio::sync::Mutex::new(Reader {
            from: Some(from),
            buffer: BytesMut::new(),
        })))
    }

    /// Takes hold of the reading end.
    pub async fn reader(&self) -> tokio::sync::OwnedMutexGuard<Reader> {
        Arc::clone(&self.0).lock_owned().await
    }

    /// What has come and was not read, if nobody is reading.
    pub fn left_over(&self) -> Vec<u8> {
        let Ok(mut reader) = self.0.try_lock() else {
            return Vec::new();
        };
        let mut left = std::mem::take(&mut reader.buffer).to_vec();
        while let Some(piece) = reader.from.as_mut().and_then(|from| from.try_recv().ok()) {
            left.extend_from_slice(&piece);
        }
        left
    }
}

impl Reader {
    /// The next bytes, as they came; `None` at the end.
    pub async fn chunk(&mut self) -> Option<Bytes> {
        if !self.buffer.is_empty() {
            return Some(self.buffer.split().freeze());
        }
        let piece = self.from.as_mut()?.recv().await?;
        (!piece.is_empty()).then_some(piece)
    }

    /// The next line with its newline; the last one may have none.
    pub async fn line(&mut self) -> Option<Bytes> {
        let mut searched = 0;
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[searched..]) {
                return Some(self.buffer.split_to(searched + at + 1).freeze());
            }
            searched = self.buffer.len();
            let more = match self.from.as_mut() {
                Some(from) => from.recv().await.filter(|piece| !piece.is_empty()),
                None => None,
            };
            match more {
                Some(piece) if searched + piece.len() <= MOST_INPUT => {
                    self.buffer.extend_from_slice(&piece);
                }
                _ if searched == 0 => return None,
                _ => return Some(self.buffer.split().freeze()),
            }
        }
    }

    /// Everything up to the end, or to [`MOST_INPUT`].
    pub async fn all(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(piece) = self.chunk().await {
            all.extend_from_slice(&piece);
            if all.len() > MOST_INPUT {
                break;
            }
        }
        all
    }
}

/// Something to write to; clones write to the same place.
#[derive(Debug, Clone)]
pub enum Sink {
    /// The client.
    Client {
        /// Channel of the frames.
        channel: u8,
        /// A terminal wants carriage returns.
        tty: bool,
        /// Frames to the session.
        to: mpsc::Sender<Bytes>,
    },
    /// The next command.
    Pipe(mpsc::Sender<Bytes>),
    /// A file of the container, written behind what is there.
    File(Arc<Container>, String),
    /// A text for a substitution.
    Text(Arc<Mutex<Vec<u8>>>),
    /// Nowhere.
    Null,
}

/// A pipe between two commands.
pub fn pipe() -> (Sink, Source) {
    let (to, from) = mpsc::channel(PIPE);
    (Sink::Pipe(to), Source::channel(from))
}

impl Sink {
    /// Writes all of it.
    ///
    /// # Errors
    /// [`Closed`] when nobody reads any more, or nothing more fits.
    pub async fn write(&self, bytes: impl AsRef<[u8]> + Send) -> Result<(), Closed> {
        let bytes = bytes.as_ref();
        if bytes.is_empty() {
            return Ok(());
        }
        match self {
            Self::Client { channel, tty, to } => {
                let translated;
                let bytes = if *tty && memchr::memchr(b'\n', bytes).is_some() {
                    translated = with_returns(bytes);
                    &translated
                } else {
                    bytes
                };
                for piece in bytes.chunks(PAYLOAD) {
                    to.send(frame(*channel, piece)).await.map_err(|_| Closed)?;
                }
                Ok(())
            }
            Self::Pipe(to) => to
                .send(Bytes::copy_from_slice(bytes))
                .await
                .map_err(|_| Closed),
            Self::File(container, path) => {
                // A loop that writes must let others live.
                tokio::task::yield_now().await;
                container.append(path, bytes).map_err(|_| Closed)
            }
            Self::Text(text) => {
                tokio::task::yield_now().await;
                let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
                if text.len() + bytes.len() > MOST_INPUT {
                    return Err(Closed);
                }
                text.extend_from_slice(bytes);
                Ok(())
            }
            Self::Null => {
                tokio::task::yield_now().await;
                Ok(())
            }
        }
    }

    /// Whether this is the client's terminal.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Client { tty: true, .. })
    }
}

/// `\n` as a terminal wants it, `\r\n`.
fn with_returns(bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::with_capacity(bytes.len() + bytes.len() / 16);
    let mut from = 0;
    for at in memchr::memchr_iter(b'\n', bytes) {
        all.extend_from_slice(&bytes[from..at]);
        if at == 0 || bytes[at - 1] != b'\r' {
            all.push(b'\r');
        }
        all.push(b'\n');
        from = at + 1;
    }
    all.extend_from_slice(&bytes[from..]);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newlines_get_their_returns() {
        assert_eq!(with_returns(b"\na\nb\r\nc"), b"\r\na\r\nb\r\nc");
    }

    #[tokio::test]
    async fn lines_are_cut_where_they_end() {
        let (to, from) = mpsc::channel(8);
        for piece in ["a\nb", "c", "\nd"] {
            to.try_send(Bytes::from_static(piece.as_bytes())).ok();
        }
        drop(to);
        let source = Source::channel(from);
        let mut reader = source.reader().await;
        let mut lines = Vec::new();
        while let Some(line) = reader.line().await {
            lines.push(line);
        }
        assert_eq!(lines, ["a\n", "bc\n", "d"]);
    }
}
