//! Programs of this machine on a terminal of their own: an editor, a local shell.
//!
//! The local twin of a command in a container: what comes of it is told in the same words
//! ([`ExecItem`]), goes through a short bounded channel, so that a flood slows the program instead
//! of filling memory, and ends once, with what is known about the end. The room knows no screen
//! and reads no configuration: what to run is said by the caller.
//!
//! Reading, writing and waiting block, so each is a thread of its own, asleep while nothing
//! happens. Dropping a [`Child`] ends the program: it hears a hangup first, and is killed when it
//! does not listen. Only then is its input closed, because closing it types an end of line, which
//! would run whatever stands half-typed in a shell.

mod end;
#[cfg(test)]
mod tests;

use crate::domain::exec::{End, ExecItem};
use crate::domain::feed::{Failure, FailureSort};
use crate::domain::text::Text;
use bytes::Bytes;
use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::ffi::OsString;
use std::future::Future;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::mpsc as blocking;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

/// Output is handed on in pieces of at most so many bytes.
const PIECE: usize = 32 * 1024;
/// Pieces of output that wait for their reader.
const IN_FLIGHT: usize = 8;
/// Inputs that wait for a program that reads nothing; a key is one, people type ahead, and a terminal
/// that marks no paste types it.
const INPUTS: usize = 16 * 1024;
/// A program that has closed its terminal and lives on is looked at this often.
const LOOK: Duration = Duration::from_millis(50);

/// What to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// Its name, looked up in `PATH`, or its path.
    pub name: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Laid over the environment of this process.
    pub environment: Vec<(OsString, OsString)>,
    /// Where it starts; the home folder when `None`.
    pub folder: Option<PathBuf>,
    /// Columns and rows of its terminal.
    pub size: (u16, u16),
}

/// What the thread that owns the process is told.
enum Order {
    /// Nothing can be read from the terminal any more: the program has ended, or let go of it.
    Read,
    /// Nobody wants the program any more.
    Kill,
}

/// A running program. Dropping it ends the program.
pub struct Child {
    input: mpsc::Sender<Vec<u8>>,
    master: Mutex<Box<dyn MasterPty + Send>>,
    orders: blocking::Sender<Order>,
    task: AbortHandle,
}

impl std::fmt::Debug for Child {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Child").finish_non_exhaustive()
    }
}

impl Child {
    /// Writes to the program, without waiting; false when it cannot take more now, or has ended.
    pub fn write(&self, bytes: Vec<u8>) -> bool {
        self.input.try_send(bytes).is_ok()
    }

    /// Its terminal has this many columns and rows now; false when it has no terminal any more.
    pub fn resize(&self, columns: u16, rows: u16) -> bool {
        let master = self.master.lock().unwrap_or_else(PoisonError::into_inner);
        master.resize(size(columns, rows)).is_ok()
    }

    /// Ends the program: a hangup, and where that is not heard, a kill. Its end is told as usual.
    pub fn kill(&self) {
        // It may have ended by itself.
        let _ = self.orders.send(Order::Kill);
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
        self.task.abort();
    }
}

/// Runs a program on a terminal of its own. What comes of it goes to `give`, one thing after
/// another; the last one is [`ExecItem::Ended`]. `give` answers false when nobody listens.
///
/// Must be called within the async runtime.
pub fn spawn<F, R>(program: &Program, give: F) -> Result<Child, Failure>
where
    F: Fn(ExecItem) -> R + Send + Sync + 'static,
    R: Future<Output = bool> + Send + 'static,
{
    let failure = |why: &dyn std::fmt::Display| failure(program, why);
    let pair = native_pty_system()
        .openpty(size(program.size.0, program.size.1))
        .map_err(|error| failure(&format!("no terminal could be made: {error:#}")))?;
    let child = pair
        .slave
        .spawn_command(command(program))
        .map_err(|error| failure(&format!("{error:#}")))?;
    // While we hold the program's side, the end of the program is not the end of its output.
    drop(pair.slave);
    let (orders, orders_in) = blocking::channel();
    let (dead, death) = blocking::channel();
    let (ended, end) = oneshot::channel();
    // From here on the thread that waits ends the program whatever fails below.
    thread("pty-wait", move || {
        // Nobody may be left to hear it.
        let _ = ended.send(wait(child, &orders_in));
        drop(dead);
    })
    .map_err(|error| failure(&error))?;
    let started = || -> Result<_, String> {
        let reader = pair
            .master
            .try_clone_reader()
            .map_err(|error| format!("{error:#}"))?;
        let writer = pair
            .master
            .take_writer()
            .map_err(|error| format!("{error:#}"))?;
        let (input, inputs) = mpsc::channel(INPUTS);
        let (output, outputs) = mpsc::channel(IN_FLIGHT);
        let done = orders.clone();
        thread("pty-read", move || {
            read(reader, &output);
            let _ = done.send(Order::Read);
        })
        .map_err(|error| error.to_string())?;
        thread("pty-write", move || write(writer, inputs, &death))
            .map_err(|error| error.to_string())?;
        Ok((input, outputs))
    };
    let (input, outputs) = started().map_err(|why| {
        let _ = orders.send(Order::Kill);
        failure(&why)
    })?;
    let task = tokio::spawn(hand_on(outputs, end, give));
    Ok(Child {
        input,
        master: Mutex::new(pair.master),
        orders,
        task: task.abort_handle(),
    })
}

/// A terminal of two columns and one row is the smallest that programs bear.
fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        cols: columns.max(2),
        rows: rows.max(1),
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn command(program: &Program) -> CommandBuilder {
    let mut command = CommandBuilder::new(&program.name);
    command.args(&program.arguments);
    // What the pane is, whatever the outer terminal is called.
    command.env("TERM", "xterm-256color");
    command.env("COLORTERM", "truecolor");
    // They speak of the outer terminal, whose size and multiplexer are not the pane's.
    for outer in ["LINES", "COLUMNS", "TMUX", "STY"] {
        command.env_remove(outer);
    }
    for (name, value) in &program.environment {
        command.env(name, value);
    }
    if let Some(folder) = &program.folder {
        command.cwd(folder);
    }
    command
}

fn failure(program: &Program, why: &dyn std::fmt::Display) -> Failure {
    let name = program.name.to_string_lossy();
    Failure {
        what: Text::new(&format!("start {name}")),
        why: Text::new(&why.to_string()),
        remedy: "check that the program is installed and in PATH".into(),
        sort: FailureSort::Other,
    }
}

fn thread(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(run)
        .map(drop)
}

/// Hands on what was read; waits where nobody takes it. Ends with the terminal, or with the
/// listener.
fn read(mut reader: Box<dyn Read + Send>, output: &mpsc::Sender<Bytes>) {
    let mut piece = vec![0; PIECE];
    loop {
        match reader.read(&mut piece) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            // A terminal without a program is an input/output error.
            Ok(0) | Err(_) => return,
            Ok(n) => {
                if output
                    .blocking_send(Bytes::copy_from_slice(&piece[..n]))
                    .is_err()
                {
                    return;
                }
            }
        }
    }
}

/// Writes what comes. The writer is dropped once the program is dead: dropping it types an end of
/// line.
fn write(
    mut writer: Box<dyn Write + Send>,
    mut inputs: mpsc::Receiver<Vec<u8>>,
    death: &blocking::Receiver<()>,
) {
    while let Some(mut bytes) = inputs.blocking_recv() {
        // What was typed meanwhile goes with it.
        while bytes.len() < PIECE
            && let Ok(more) = inputs.try_recv()
        {
            bytes.extend_from_slice(&more);
        }
        // What cannot be written has nobody to read it: the end of the program is told elsewhere.
        if writer
            .write_all(&bytes)
            .and_then(|()| writer.flush())
            .is_err()
        {
            break;
        }
    }
    // Nothing is ever sent: the other side goes away with the program.
    let _ = death.recv();
}

/// Waits for the program, and ends it when that is wanted.
fn wait(
    mut child: Box<dyn portable_pty::Child + Send + Sync>,
    orders: &blocking::Receiver<Order>,
) -> End {
    let mut order = orders.recv().unwrap_or(Order::Kill);
    loop {
        if matches!(order, Order::Kill) {
            // A hangup, then a kill for who does not listen. It may have ended meanwhile.
            let _ = child.kill();
            return end::of(child.wait());
        }
        // Its terminal is closed, so that it has ended by now, but for the odd one.
        match child.try_wait() {
            Ok(Some(status)) => return end::of(Ok(status)),
            Ok(None) => {}
            Err(error) => return end::of(Err(error)),
        }
        order = match orders.recv_timeout(LOOK) {
            Ok(order) => order,
            Err(blocking::RecvTimeoutError::Timeout) => Order::Read,
            Err(blocking::RecvTimeoutError::Disconnected) => Order::Kill,
        };
    }
}

/// Output first, all of it, then the end.
async fn hand_on<F, R>(mut outputs: mpsc::Receiver<Bytes>, end: oneshot::Receiver<End>, give: F)
where
    F: Fn(ExecItem) -> R,
    R: Future<Output = bool>,
{
    let mut listens = give(ExecItem::Started).await;
    while listens && let Some(bytes) = outputs.recv().await {
        listens = give(ExecItem::Output(bytes)).await;
    }
    // The reader ends when nobody takes what it reads.
    drop(outputs);
    let unknown = || End::Lost("the program's end was not told".into());
    let end = end.await.unwrap_or_else(|_| unknown());
    give(ExecItem::Ended(end)).await;
}
