//! Frames of SPDY/3.1: eight bytes of head, and what follows them. Pure; nothing here knows a socket.

use bytes::{BufMut, Bytes, BytesMut};

/// Bytes of every frame's head.
pub const HEAD: usize = 8;
/// The version in every control frame.
const VERSION: u16 = 3;
/// The bit that tells control frames from data.
const CONTROL: u32 = 1 << 31;
/// Stream ids have one bit less than their field.
const ID: u32 = CONTROL - 1;
/// Lengths have 24 bits beside eight of flags.
const LENGTH: u32 = (1 << 24) - 1;
/// "I shall send no more on this stream."
const FIN: u8 = 1;

const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const SETTINGS: u16 = 4;
const PING: u16 = 6;
const GOAWAY: u16 = 7;
const HEADERS: u16 = 8;
const WINDOW_UPDATE: u16 = 9;

/// Why a stream is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Reason {
    /// The peer broke the rules.
    ProtocolError = 1,
    /// It is not wanted; nothing was done with it.
    RefusedStream = 3,
    /// It is no longer needed.
    Cancel = 5,
}

/// What a peer may not send. The connection cannot go on after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Not SPDY/3.
    #[error("SPDY version {0} is not spoken here")]
    Version(u16),
    /// A control frame that is longer or shorter than its kind can be.
    #[error("a control frame of kind {kind} has {length} bytes")]
    Length {
        /// The frame's number.
        kind: u16,
        /// Its bytes.
        length: usize,
    },
    /// A block of headers that is none.
    #[error("a block of headers is damaged or too large")]
    Headers,
    /// A stream under a number that may not be used now.
    #[error("stream {0} is begun out of turn")]
    Stream(u32),
}

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// A control frame follows.
    Control {
        /// Which.
        kind: u16,
        /// Its flags.
        flags: u8,
        /// Its bytes.
        length: usize,
    },
    /// Bytes of a stream follow.
    Data {
        /// The stream.
        id: u32,
        /// They are the last.
        fin: bool,
        /// How many.
        length: usize,
    },
}

impl Head {
    /// Reads a head.
    ///
    /// # Errors
    /// [`Broken::Version`].
    pub fn read(bytes: [u8; HEAD]) -> Result<Self, Broken> {
        let [a, b, c, d, flags, ..] = bytes;
        let first = u32::from_be_bytes([a, b, c, d]);
        let length = (number(&bytes[4..]) & LENGTH) as usize;
        if first & CONTROL == 0 {
            return Ok(Self::Data {
                id: first,
                fin: flags & FIN != 0,
                length,
            });
        }
        let version = u16::from_be_bytes([a, b]) & 0x7FFF;
        if version != VERSION {
            return Err(Broken::Version(version));
        }
        Ok(Self::Control {
            kind: u16::from_be_bytes([c, d]),
            flags,
            length,
        })
    }
}

/// A control frame of the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// A new stream.
    SynStream {
        /// Its number.
        id: u32,
        /// The peer sends nothing on it.
        fin: bool,
        /// Its headers, compressed.
        block: Bytes,
    },
    /// Headers besides those of a new stream. They mean nothing here, but the compression goes on
    /// through them.
    Headers(Bytes),
    /// A stream ends at once in both directions.
    RstStream(u32),
    /// A question for a sign of life.
    Ping(u32),
    /// No new streams will come.
    GoAway,
    /// Settings and windows: the peers of this server hold no flow control (Kubernetes' clients
    /// neither send nor heed windows), so nothing follows from them.
    Ignored,
}

impl Control {
    /// Reads the payload of a control frame.
    ///
    /// # Errors
    /// [`Broken::Length`].
    pub fn read(kind: u16, flags: u8, payload: &Bytes) -> Result<Self, Broken> {
        let length = payload.len();
        let fits = match kind {
            SYN_STREAM => length >= 10,
            SYN_REPLY | HEADERS | SETTINGS => length >= 4,
            RST_STREAM | GOAWAY | WINDOW_UPDATE => length == 8,
            PING => length == 4,
            _ => true,
        };
        if !fits {
            return Err(Broken::Length { kind, length });
        }
        Ok(match kind {
            SYN_STREAM => Self::SynStream {
                id: number(payload) & ID,
                fin: flags & FIN != 0,
                block: payload.slice(10..),
            },
            SYN_REPLY | HEADERS => Self::Headers(payload.slice(4..)),
            RST_STREAM => Self::RstStream(number(payload) & ID),
            PING => Self::Ping(number(payload)),
            GOAWAY => Self::GoAway,
            _ => Self::Ignored,
        })
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .take(4)
        .fold(0, |number, byte| (number << 8) | u32::from(*byte))
}

/// What this side says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// The stream is accepted.
    Reply(u32),
    /// Bytes of a stream.
    Data(u32, Bytes),
    /// A stream's last word.
    Fin(u32),
    /// A stream is ended in both directions.
    Reset(u32, Reason),
    /// The answer to a ping.
    Pong(u32),
    /// The connection ends because the peer broke the rules; the last stream that it began.
    GoAway(u32),
}

impl Said {
    /// Writes the frame. `no_headers` is an empty block of headers as the compression has it now.
    pub fn write(&self, no_headers: impl FnOnce() -> Vec<u8>, out: &mut BytesMut) {
        match self {
            Self::Reply(id) => {
                let block = no_headers();
                control(out, SYN_REPLY, 4 + block.len());
                out.put_u32(*id);
                out.put_slice(&block);
            }
            Self::Data(id, bytes) => {
                data(out, *id, 0, bytes.len());
                out.put_slice(bytes);
            }
            Self::Fin(id) => data(out, *id, FIN, 0),
            Self::Reset(id, reason) => {
                control(out, RST_STREAM, 8);
                out.put_u32(*id);
                out.put_u32(*reason as u32);
            }
            Self::Pong(id) => {
                control(out, PING, 4);
                out.put_u32(*id);
            }
            Self::GoAway(last) => {
                control(out, GOAWAY, 8);
                out.put_u32(*last);
                out.put_u32(Reason::ProtocolError as u32);
            }
        }
    }
}

fn control(out: &mut BytesMut, kind: u16, length: usize) {
    out.put_u16(0x8000 | VERSION);
    out.put_u16(kind);
    put_length(out, 0, length);
}

fn data(out: &mut BytesMut, id: u32, flags: u8, length: usize) {
    out.put_u32(id & ID);
    put_length(out, flags, length);
}

/// What is written here fits into 24 bits: pieces and blocks are small.
fn put_length(out: &mut BytesMut, flags: u8, length: usize) {
    out.put_u8(flags);
    out.put_uint(length as u64, 3);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn written(said: &Said) -> Vec<u8> {
        let mut out = BytesMut::new();
        said.write(|| vec![9, 9], &mut out);
        out.to_vec()
    }

    #[test]
    fn heads_tell_control_from_data() {
        let data = Head::read([0, 0, 1, 2, 1, 0, 1, 0]).unwrap();
        assert_eq!(
            data,
            Head::Data {
                id: 0x102,
                fin: true,
                length: 256
            }
        );
        let control = Head::read([0x80, 3, 0, 6, 7, 0, 0, 4]).unwrap();
        assert_eq!(
            control,
            Head::Control {
                kind: PING,
                flags: 7,
                length: 4
            }
        );
        assert_eq!(
            Head::read([0x80, 2, 0, 6, 0, 0, 0, 4]),
            Err(Broken::Version(2))
        );
    }

    #[test]
    fn control_frames_are_read_as_they_are_meant() {
        let read = |kind, flags, bytes: &'static [u8]| {
            Control::read(kind, flags, &Bytes::from_static(bytes))
        };
        assert_eq!(
            read(SYN_STREAM, 1, &[0x80, 0, 0, 5, 0, 0, 0, 0, 0, 0, 42]).unwrap(),
            Control::SynStream {
                id: 5,
                fin: true,
                block: Bytes::from_static(&[42])
            }
        );
        assert_eq!(
            read(SYN_REPLY, 0, &[0, 0, 0, 1, 7]).unwrap(),
            Control::Headers(Bytes::from_static(&[7]))
        );
        assert_eq!(
            read(RST_STREAM, 0, &[0, 0, 0, 3, 0, 0, 0, 5]).unwrap(),
            Control::RstStream(3)
        );
        assert_eq!(read(PING, 0, &[0, 0, 1, 0]).unwrap(), Control::Ping(256));
        assert_eq!(read(GOAWAY, 0, &[0; 8]).unwrap(), Control::GoAway);
        for ignored in [SETTINGS, WINDOW_UPDATE, 77] {
            assert_eq!(read(ignored, 0, &[0; 8]).unwrap(), Control::Ignored);
        }
        for (kind, length) in [(SYN_STREAM, 9), (RST_STREAM, 7), (PING, 5), (SETTINGS, 3)] {
            let short = Control::read(kind, 0, &Bytes::from(vec![0; length]));
            assert_eq!(short, Err(Broken::Length { kind, length }));
        }
    }

    #[test]
    fn what_is_said_has_its_head_and_its_length() {
        assert_eq!(
            written(&Said::Reply(1)),
            [0x80, 3, 0, 2, 0, 0, 0, 6, 0, 0, 0, 1, 9, 9]
        );
        assert_eq!(
            written(&Said::Data(3, Bytes::from_static(b"ab"))),
            [0, 0, 0, 3, 0, 0, 0, 2, b'a', b'b']
        );
        assert_eq!(written(&Said::Fin(3)), [0, 0, 0, 3, 1, 0, 0, 0]);
        assert_eq!(
            written(&Said::Reset(5, Reason::Cancel)),
            [0x80, 3, 0, 3, 0, 0, 0, 8, 0, 0, 0, 5, 0, 0, 0, 5]
        );
        assert_eq!(
            written(&Said::Pong(7)),
            [0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 7]
        );
        assert_eq!(
            written(&Said::GoAway(9)),
            [0x80, 3, 0, 7, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0, 1]
        );
    }
}
