//! The framing of `v4.channel.k8s.io` and `v5.channel.k8s.io`: the first byte of every binary
//! message says which stream the rest belongs to. Pure; nothing here knows a socket.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

/// What the client types.
pub const STDIN: u8 = 0;
/// What the process says.
pub const STDOUT: u8 = 1;
/// What it complains about; never used on a terminal.
pub const STDERR: u8 = 2;
/// How it ended: one `Status` object, the last message.
pub const ERROR: u8 = 3;
/// The size of the client's terminal.
pub const RESIZE: u8 = 4;
/// The client will send no more on the channel that follows; v5 only.
pub const CLOSE: u8 = 255;

/// Bytes of a frame without its channel byte: what a kubelet's copy loop reads at once.
pub const PAYLOAD: usize = 32 * 1024;

/// The two versions that clients of this decade speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Status with an exit code; the end of stdin cannot be told.
    V4,
    /// As v4, and a channel can be closed.
    V5,
}

impl Version {
    /// The first of the client's offers that is known here.
    pub fn choose<'a>(offers: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        offers.into_iter().find_map(|offer| match offer {
            "v5.channel.k8s.io" => Some(Self::V5),
            "v4.channel.k8s.io" => Some(Self::V4),
            _ => None,
        })
    }

    /// Its name in `Sec-WebSocket-Protocol`.
    pub fn name(self) -> &'static str {
        match self {
            Self::V4 => "v4.channel.k8s.io",
            Self::V5 => "v5.channel.k8s.io",
        }
    }
}

/// Columns and rows of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Size {
    /// Columns.
    #[serde(rename = "Width", default)]
    pub columns: u16,
    /// Rows.
    #[serde(rename = "Height", default)]
    pub rows: u16,
}

impl Default for Size {
    /// What a terminal has that was told nothing.
    fn default() -> Self {
        Self {
            columns: 80,
            rows: 24,
        }
    }
}

/// A message of the client, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// Bytes for the process.
    Stdin(Bytes),
    /// No more bytes for the process.
    StdinEnd,
    /// The terminal has another size.
    Resize(Size),
    /// Nothing that means anything here: an empty announcement, an unknown channel, a size that
    /// is no size. A kubelet passes over them too.
    Nothing,
}

/// Reads one binary message.
pub fn read(version: Version, mut message: Bytes) -> Inbound {
    if message.is_empty() {
        return Inbound::Nothing;
    }
    let payload = message.split_off(1);
    match message[0] {
        STDIN if !payload.is_empty() => Inbound::Stdin(payload),
        RESIZE => serde_json::from_slice(&payload).map_or(Inbound::Nothing, Inbound::Resize),
        CLOSE if version == Version::V5 && payload.as_ref() == [STDIN] => Inbound::StdinEnd,
        _ => Inbound::Nothing,
    }
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// With this code; 128 + the signal when it was killed by one.
    Code(i32),
    /// It could not be started or watched, and why.
    Failed(String),
}

/// The `Status` that ends a session. `command` is told in v4, where a client hears the runtime's
/// own words; in v5 the API server stands between and has its own.
pub fn status(version: Version, exit: &Exit, command: &[String]) -> Value {
    match exit {
        Exit::Code(0) => json!({"metadata": {}, "status": "Success"}),
        Exit::Code(code) => {
            let why = match version {
                Version::V4 => {
                    let words = command.join(" ");
                    format!("error executing command [{words}], exit code {code}")
                }
                Version::V5 => format!("command terminated with exit code {code}"),
            };
            json!({
                "metadata": {}, "status": "Failure",
                "message": format!("command terminated with non-zero exit code: {why}"),
                "reason": "NonZeroExitCode",
                "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]},
            })
        }
        Exit::Failed(why) => {
            // In v5 the API server wraps what the kubelet has wrapped already.
            let why = match version {
                Version::V4 => why.clone(),
                Version::V5 => format!("Internal error occurred: {why}"),
            };
            json!({
                "metadata": {}, "status": "Failure",
                "message": format!("Internal error occurred: {why}"),
                "reason": "InternalError",
                "details": {"causes": [{"message": why}]},
                "code": 500,
            })
        }
    }
}

/// The status as the last message.
pub fn status_frame(status: &Value) -> Bytes {
    let mut frame = vec![ERROR];
    frame.extend_from_slice(status.to_string().as_bytes());
    frame.into()
}

/// Joins neighbours of the same channel up to [`PAYLOAD`]: a pseudo-terminal is read 4 KiB at a
/// time, and a client pays for each message.
pub fn join(frames: &mut Vec<Bytes>) {
    let mut joined: Vec<Bytes> = Vec::with_capacity(frames.len());
    let mut group: Vec<u8> = Vec::new();
    let mut pending: Option<Bytes> = None;
    for frame in frames.drain(..) {
        let Some(first) = &pending else {
            pending = Some(frame);
            continue;
        };
        let so_far = if group.is_empty() {
            first.len()
        } else {
            group.len()
        };
        if first[0] == frame[0] && so_far + frame.len() - 1 <= PAYLOAD + 1 {
            if group.is_empty() {
                group.reserve(PAYLOAD + 1);
                group.extend_from_slice(first);
            }
            group.extend_from_slice(&frame[1..]);
            continue;
        }
        joined.extend(settle(&mut group, pending.replace(frame)));
    }
    joined.extend(settle(&mut group, pending));
    *frames = joined;
}

fn settle(group: &mut Vec<u8>, single: Option<Bytes>) -> Option<Bytes> {
    if group.is_empty() {
        single
    } else {
        Some(std::mem::take(group).into())
    }
}

/// A frame of a channel with this payload.
pub fn frame(channel: u8, payload: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(payload.len() + 1);
    frame.push(channel);
    frame.extend_from_slice(payload);
    frame.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_offer_is_taken() {
        assert_eq!(
            Version::choose([
                "v9.channel.k8s.io",
                "v4.channel.k8s.io",
                "v5.channel.k8s.io"
            ]),
            Some(Version::V4)
        );
        assert_eq!(Version::choose(["channel.k8s.io", ""]), None);
    }

    #[test]
    fn messages_are_read_as_they_are_meant() {
        let read = |version, bytes: &'static [u8]| read(version, Bytes::from_static(bytes));
        assert_eq!(
            read(Version::V4, b"\0ls\n"),
            Inbound::Stdin(Bytes::from_static(b"ls\n"))
        );
        let size = Size {
            columns: 111,
            rows: 33,
        };
        assert_eq!(
            read(Version::V5, b"\x04{\"Width\":111,\"Height\":33}"),
            Inbound::Resize(size)
        );
        assert_eq!(read(Version::V5, b"\xff\0"), Inbound::StdinEnd);
        for nothing in [
            &b""[..],
            b"\0",
            b"\x01x",
            b"\x04{",
            b"\x04{\"Width\":-1}",
            b"\xff\x01",
            b"\x09",
        ] {
            assert_eq!(read(Version::V5, nothing), Inbound::Nothing, "{nothing:?}");
        }
        assert_eq!(read(Version::V4, b"\xff\0"), Inbound::Nothing);
    }

    #[test]
    fn an_end_is_told_as_a_kubelet_tells_it() {
        let command = ["sh".to_owned(), "-c".to_owned(), "exit 7".to_owned()];
        let told = status(Version::V4, &Exit::Code(7), &command);
        assert_eq!(told["reason"], "NonZeroExitCode");
        assert_eq!(
            told["details"]["causes"][0],
            json!({"reason": "ExitCode", "message": "7"})
        );
        assert_eq!(
            status(Version::V5, &Exit::Code(0), &command)["status"],
            "Success"
        );
        let failed = status(Version::V5, &Exit::Failed("no".into()), &command);
        assert_eq!(
            failed["message"],
            "Internal error occurred: Internal error occurred: no"
        );
        assert_eq!(failed["reason"], "InternalError");
    }

    #[test]
    fn neighbours_join_and_nothing_is_lost_or_reordered() {
        let big = vec![b'x'; PAYLOAD - 1];
        let mut frames = vec![
            frame(1, b"a"),
            frame(1, b"b"),
            frame(2, b"e"),
            frame(1, b"c"),
            frame(1, &big),
            frame(1, b"d"),
        ];
        join(&mut frames);
        let told: Vec<(u8, usize)> = frames
            .iter()
            .map(|frame| (frame[0], frame.len() - 1))
            .collect();
        assert_eq!(told, [(1, 2), (2, 1), (1, PAYLOAD), (1, 1)]);
        assert_eq!(frames[0].as_ref(), b"\x01ab");
        assert_eq!(frames[2][1], b'c');
    }
}
