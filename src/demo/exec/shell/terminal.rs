//! The terminal between the client and the simulated shell: the line editor at the prompt, and
//! while a command runs the line discipline that echoes, collects lines and hears ^C.

use std::{
    collections::VecDeque,
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

use super::{
    super::channel::{STDOUT, Size, frame},
    editor::{Editor, Event},
    io::{Io, Sink, Source},
};

/// Lines typed ahead of a command that does not read them.
const TYPED_AHEAD: usize = 256;

/// A terminal.
pub struct Terminal {
    input: mpsc::Receiver<Bytes>,
    open: bool,
    pending: VecDeque<u8>,
    output: mpsc::Sender<Bytes>,
    size: watch::Receiver<Size>,
    raw: Arc<AtomicBool>,
    editor: Editor,
    line: Vec<u8>,
    to_command: mpsc::Sender<Bytes>,
    commands: Source,
}

/// What a line at the prompt came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    /// A line.
    Line(String),
    /// ^C.
    Interrupt,
    /// ^D, or the client's input is over.
    End,
}

/// Finds what a text before the cursor can go on with: the part to be completed and its candidates.
pub type Completer<'a> = &'a (dyn Fn(&str) -> (String, Vec<String>) + Send + Sync);

impl Terminal {
    /// A terminal on a client's streams.
    pub fn new(
        input: mpsc::Receiver<Bytes>,
        output: mpsc::Sender<Bytes>,
        size: watch::Receiver<Size>,
    ) -> Self {
        let (to_command, from_terminal) = mpsc::channel(TYPED_AHEAD);
        Self {
            input,
            open: true,
            pending: VecDeque::new(),
            output,
            size,
            raw: Arc::new(AtomicBool::new(false)),
            editor: Editor::new(String::new()),
            line: Vec::new(),
            to_command,
            commands: Source::channel(from_terminal),
        }
    }

    /// The streams of a command in the foreground.
    pub fn io(&self) -> Io {
        let sink = Sink::Client {
            channel: STDOUT,
            tty: true,
            to: self.output.clone(),
        };
        Io {
            stdin: self.commands.clone(),
            stdout: sink.clone(),
            stderr: sink,
        }
    }

    /// Size and mode, for commands that ask.
    pub fn tty(&self) -> super::interpret::Tty {
        super::interpret::Tty {
            size: self.size.clone(),
            raw: Arc::clone(&self.raw),
        }
    }

    /// Lines typed so far.
    pub fn history(&self) -> &[String] {
        self.editor.history()
    }

    /// Prints. Whether somebody is there to read.
    pub async fn print(&self, text: &[u8]) -> bool {
        text.is_empty() || self.output.send(frame(STDOUT, text)).await.is_ok()
    }

    async fn next(&mut self) -> Option<u8> {
        while self.pending.is_empty() {
            if !self.open {
                return None;
            }
            tokio::select! {
                piece = self.input.recv() => match piece {
                    Some(piece) => self.pending.extend(piece),
                    None => self.open = false,
                },
                Ok(()) = self.size.changed() => {
                    let columns = self.size.borrow_and_update().columns;
                    self.editor.resize(usize::from(columns));
                }
            }
        }
        self.pending.pop_front()
    }

    /// Reads a line at a prompt.
    pub async fn read(&mut self, prompt: String, complete: Completer<'_>) -> Read {
        let typed = self.commands.left_over();
        // What was typed ahead of a command that did not read it has been echoed with newlines.
        self.pending.extend(typed);
        let line = std::mem::take(&mut self.line);
        self.pending.extend(line);
        let columns = self.size.borrow_and_update().columns;
        self.editor.resize(usize::from(columns));
        let mut out = Vec::new();
        self.editor.begin(prompt, &mut out);
        let mut tabs = 0;
        loop {
            if self.pending.is_empty() {
                if !self.print(&out).await {
                    return Read::End;
                }
                out.clear();
            }
            let Some(byte) = self.next().await else {
                return Read::End;
            };
            let event = self.editor.byte(byte, &mut out);
            let done = match event {
                None => {
                    tabs = 0;
                    continue;
                }
                Some(Event::Complete(before)) => {
                    tabs += 1;
                    self.complete(&before, tabs > 1, complete, &mut out);
                    continue;
                }
                Some(Event::Line(line)) => Read::Line(line),
                Some(Event::Interrupt) => Read::Interrupt,
                Some(Event::End) => Read::End,
            };
            self.print(&out).await;
            return done;
        }
    }

    fn complete(&mut self, before: &str, list: bool, complete: Completer<'_>, out: &mut Vec<u8>) {
        let (part, candidates) = complete(before);
        let common = common_beginning(&candidates);
        match (
            &common[common.len().min(part.len())..],
            candidates.as_slice(),
        ) {
            (_, []) => out.push(7),
            (rest, [only]) => {
                let rest = if only.ends_with('/') {
                    rest.to_owned()
                } else {
                    format!("{rest} ")
                };
                self.editor.insert(&rest, out);
            }
            ("", many) if list => {
                out.extend_from_slice(b"\r\n");
                out.extend_from_slice(many.join("  ").as_bytes());
                out.extend_from_slice(b"\r\n");
                self.editor.redraw(out);
            }
            ("", _) => out.push(7),
            (rest, _) => self.editor.insert(rest, out),
        }
    }

    /// Runs a command while the terminal listens; `None` when ^C ended it.
    pub async fn foreground<T>(&mut self, job: impl Future<Output = T>) -> Option<T> {
        let mut job = pin!(job);
        loop {
            while let Some(byte) = self.pending.pop_front() {
                if self.discipline(byte) {
                    self.raw.store(false, Ordering::Relaxed);
                    return None;
                }
            }
            tokio::select! {
                piece = self.input.recv(), if self.open => if let Some(piece) = piece { self.pending.extend(piece) } else {
                    self.open = false;
                    // A full channel means that nobody reads anyway.
                    let _ = self.to_command.try_send(Bytes::new());
                },
                done = &mut job => {
                    self.raw.store(false, Ordering::Relaxed);
                    return Some(done);
                }
            }
        }
    }

    /// One byte for a running command; whether it is ^C.
    fn discipline(&mut self, byte: u8) -> bool {
        if byte == 3 || byte == 0x1c {
            self.line.clear();
            self.echo(if byte == 3 { b"^C\r\n" } else { b"^\\\r\n" });
            return true;
        }
        if self.raw.load(Ordering::Relaxed) {
            self.hand_on(Bytes::copy_from_slice(&[byte]));
            return false;
        }
        match byte {
            b'\r' | b'\n' => {
                self.line.push(b'\n');
                self.echo(b"\r\n");
                let line = std::mem::take(&mut self.line);
                self.hand_on(line.into());
            }
            4 => {
                // An empty piece is the end of input.
                let line = std::mem::take(&mut self.line);
                self.hand_on(line.into());
            }
            8 | 0x7f if erase(&mut self.line) => {
                self.echo(b"\x08 \x08");
            }
            0x15 => {
                while erase(&mut self.line) {
                    self.echo(b"\x08 \x08");
                }
            }
            0x1a => {}
            _ if self.line.len() < 4096 => {
                self.line.push(byte);
                if byte < 0x20 && byte != b'\t' {
                    self.echo(&[b'^', byte + 0x40]);
                } else {
                    self.echo(&[byte]);
                }
            }
            _ => {}
        }
        false
    }

    fn hand_on(&self, piece: Bytes) {
        // A line that no command reads and no room is left for is lost, as on any terminal.
        let _ = self.to_command.try_send(piece);
    }

    fn echo(&self, bytes: &[u8]) {
        // Under a flood of output the echo is what can be missed; ^C must not wait for it.
        let _ = self.output.try_send(frame(STDOUT, bytes));
    }
}

/// Takes the last character off; whether there was one.
fn erase(line: &mut Vec<u8>) -> bool {
    while let Some(byte) = line.pop() {
        // Bytes inside of a character go with its first.
        if byte & 0xc0 != 0x80 {
            return true;
        }
    }
    false
}

fn common_beginning(all: &[String]) -> String {
    let Some((first, rest)) = all.split_first() else {
        return String::new();
    };
    let mut common = first.as_str();
    for other in rest {
        let length = common
            .char_indices()
            .zip(other.chars())
            .find(|((_, a), b)| a != b)
            .map_or(common.len().min(other.len()), |((at, _), _)| at);
        common = &common[..length];
    }
    common.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_beginning() {
        let common = |all: &[&str]| {
            common_beginning(&all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(common(&["config/", "configure"]), "config");
        assert_eq!(common(&["ab", "abc"]), "ab");
        assert_eq!(common(&["\u{e4}x", "\u{e4}y"]), "\u{e4}");
        assert_eq!(common(&[]), "");
    }
}
