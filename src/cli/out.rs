//! Standard output and standard error of the headless verbs: the only place that writes to them.
//!
//! A reader that goes away (`quarterdeck get pods | head -1`) ends the program quietly.

use crate::domain::text::clean_lines;
use rustix::event::{PollFd, PollFlags, poll};
use std::fmt;
use std::io::{self, BufWriter, ErrorKind, Stdout, Write};

/// Standard output, buffered.
#[derive(Debug)]
pub struct Out {
    inner: BufWriter<Stdout>,
}

impl Out {
    /// The program's standard output.
    pub fn stdout() -> Self {
        Self {
            inner: BufWriter::with_capacity(1 << 16, io::stdout()),
        }
    }

    /// Writes one line. Text of strangers in it has been cleaned already.
    pub fn line(&mut self, line: impl fmt::Display) -> io::Result<()> {
        writeln!(self.inner, "{line}")
    }

    /// Writes out what is buffered.
    pub fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Returns when the reader of standard output has gone away; never where that cannot be seen.
pub async fn closed() {
    let (gone, heard) = tokio::sync::oneshot::channel();
    // A thread of its own: there is nothing to write, so that no runtime waits for it.
    std::thread::spawn(move || {
        let stdout = io::stdout();
        let mut fds = [PollFd::new(&stdout, PollFlags::empty())];
        while let Err(rustix::io::Errno::INTR) = poll(&mut fds, None) {}
        let broken = PollFlags::ERR | PollFlags::HUP;
        if fds[0].revents().intersects(broken) {
            // The command may have ended meanwhile.
            let _ = gone.send(());
        }
    });
    if heard.await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Says what went wrong, on standard error.
pub fn complain(message: &str) {
    warn(&format!("quarterdeck: {message}"));
}

/// One line, or several, for a person on standard error. Messages quote servers and files: what
/// steers a terminal is taken out.
pub fn warn(message: &str) {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(io::stderr(), "{}", clean_lines(message));
}

/// Whether this is the reader of our output going away.
pub fn is_closed(error: &anyhow::Error) -> bool {
    let closed = |error: &io::Error| error.kind() == ErrorKind::BrokenPipe;
    error.downcast_ref::<io::Error>().is_some_and(closed)
        || error
            .downcast_ref::<serde_json::Error>()
            .is_some_and(|error| error.io_error_kind() == Some(ErrorKind::BrokenPipe))
}
