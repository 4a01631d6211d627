//! What a session talks to: something with input, a terminal's size, output and an end. The
//! simulated shell, a process of the machine and an attached container all look like this.

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::channel::{Exit, Size};

/// Frames between the process and the socket: 2 MiB of whole frames. What lies here still reaches
/// the client after a ^C, so it is not more.
const OUTPUT: usize = 64;
/// Messages of the client that the process has not read yet.
const INPUT: usize = 64;

/// The session's half of a process. Dropping it ends the process.
#[derive(Debug)]
pub struct Process {
    /// Input; dropping it is the end of the input.
    pub stdin: Option<mpsc::Sender<Bytes>>,
    /// The terminal's size.
    pub size: watch::Sender<Size>,
    /// Output as frames, the channel byte included; it ends before `exit` is told.
    pub output: mpsc::Receiver<Bytes>,
    /// How it ended.
    pub exit: oneshot::Receiver<Exit>,
    /// Ends the process when it is dropped.
    pub life: DropGuard,
}

/// The process's own half.
#[derive(Debug)]
pub struct Inside {
    /// Input; `None` is its end.
    pub stdin: mpsc::Receiver<Bytes>,
    /// The terminal's size.
    pub size: watch::Receiver<Size>,
    /// Output as frames, the channel byte included.
    pub output: mpsc::Sender<Bytes>,
    /// How it ended; to be told after the last output.
    pub exit: oneshot::Sender<Exit>,
    /// The session is over and the process shall be too.
    pub end: CancellationToken,
}

/// A process and its inside. Without `stdin` the input has ended before it began.
pub fn pair(stdin: bool) -> (Process, Inside) {
    let (to_stdin, stdin_here) = mpsc::channel(INPUT);
    let (size, size_here) = watch::channel(Size::default());
    let (to_output, output) = mpsc::channel(OUTPUT);
    let (to_exit, exit) = oneshot::channel();
    let end = CancellationToken::new();
    let process = Process {
        stdin: stdin.then_some(to_stdin),
        size,
        output,
        exit,
        life: end.clone().drop_guard(),
    };
    let inside = Inside {
        stdin: stdin_here,
        size: size_here,
        output: to_output,
        exit: to_exit,
        end,
    };
    (process, inside)
}
