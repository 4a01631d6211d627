//! Signals become messages; the one that stops us is carried out here.

use super::mailbox::{Control, Post};
use super::terminal;
use crate::app::Msg;
use crate::key::Key;
use rustix::process::{Signal, getpid, kill_process};
use std::io;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// A shell adds this to the number of the signal that ended a program.
const ENDED_BY: u8 = 128;

/// The loop has this long to end after it was asked to, then the program ends without it: it may
/// hang in a write to a terminal that takes nothing any more.
const PATIENCE: Duration = Duration::from_secs(1);

/// Starts to listen.
pub fn start(post: &Post) -> io::Result<()> {
    let messages: [(Signal, fn() -> Control); 4] = [
        (Signal::WINCH, || Control::Resized),
        (Signal::TSTP, || Control::Suspend),
        (Signal::CONT, || Control::Resume),
        // In raw mode ctrl-c is a key; a sent signal means the same.
        (Signal::INT, || Msg::Key(Key::ctrl('c')).into()),
    ];
    for (which, message) in messages {
        let mut signals = signal(SignalKind::from_raw(which.as_raw()))?;
        let post = post.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() && post.send(message()).await {}
        });
    }
    for which in [Signal::TERM, Signal::HUP, Signal::QUIT] {
        let mut signals = signal(SignalKind::from_raw(which.as_raw()))?;
        let post = post.clone();
        let code = u8::try_from(which.as_raw()).unwrap_or(0) + ENDED_BY;
        tokio::spawn(async move {
            if signals.recv().await.is_some() {
                post.send_or_lose(Control::End(code));
                end_anyway(code).await;
            }
        });
    }
    Ok(())
}

/// Ends the program when the loop does not.
async fn end_anyway(code: u8) {
    tokio::time::sleep(PATIENCE).await;
    // The write of the loop may hold the terminal: giving it back must not wait for it.
    std::thread::spawn(terminal::give_back);
    tokio::time::sleep(PATIENCE / 5).await;
    #[expect(
        clippy::disallowed_methods,
        reason = "the terminal was given back, and nothing else can end a hanging write"
    )]
    std::process::exit(code.into());
}

/// Stops the program as the shell expects it, with the terminal given back. Returns when it runs
/// again; [`Control::Resume`] then comes by itself.
pub fn stop() {
    terminal::give_back();
    // STOP, since TSTP is what we listen to. It cannot fail for ourselves.
    let _ = kill_process(getpid(), Signal::STOP);
}
