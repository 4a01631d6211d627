//! The two lanes into the loop: control (keys, signals, answers) comes first, data is bounded, so
//! that a flood of rows pushes back to the socket and never delays a key.

use super::driver::Made;
use crate::app::Msg;
use crate::cluster::{CHANNEL, Event};
use crate::key::Mouse;
use tokio::sync::mpsc;

/// Keys, signals and answers that may wait. More than a person can cause.
const CONTROL: usize = 1024;

/// What reaches the loop besides rows.
#[derive(Debug)]
pub enum Control {
    /// For the core.
    Msg(Msg),
    /// For the driver: a session was made, or could not be.
    Made(Made),
    /// The mouse was used at this column and row.
    Mouse(u16, u16, Mouse),
    /// The terminal's ground is light, or it is dark.
    Ground(bool),
    /// The terminal has another size.
    Resized,
    /// The terminal can tell keys apart.
    KeysApart,
    /// Stop (`SIGTSTP`).
    Suspend,
    /// The program runs again (`SIGCONT`).
    Resume,
    /// End with this exit code (`SIGTERM`, `SIGHUP`).
    End(u8),
    /// The terminal is gone.
    Gone,
}

impl From<Msg> for Control {
    fn from(msg: Msg) -> Self {
        Self::Msg(msg)
    }
}

/// Where control messages are put in.
#[derive(Clone, Debug)]
pub struct Post(mpsc::Sender<Control>);

impl Post {
    /// Puts something on the control lane. False when the loop has ended.
    pub async fn send(&self, what: impl Into<Control>) -> bool {
        self.0.send(what.into()).await.is_ok()
    }

    /// The same from a thread outside the async runtime.
    pub fn send_blocking(&self, what: impl Into<Control>) -> bool {
        self.0.blocking_send(what.into()).is_ok()
    }

    /// The same from anywhere; lost when the lane is full.
    pub fn send_or_lose(&self, what: impl Into<Control>) {
        // A full lane means that a thousand more urgent things are under way.
        let _ = self.0.try_send(what.into());
    }
}

/// Where the loop takes messages out.
#[derive(Debug)]
pub struct Mailbox {
    /// Taken out first.
    pub control: mpsc::Receiver<Control>,
    /// Taken out in turns.
    pub data: mpsc::Receiver<Event>,
    /// Keeps the data lane open while no session feeds it.
    feed: mpsc::Sender<Event>,
}

impl Mailbox {
    /// An empty mailbox and its slot.
    pub fn new() -> (Self, Post) {
        let (post, control) = mpsc::channel(CONTROL);
        let (feed, data) = mpsc::channel(CHANNEL);
        (
            Self {
                control,
                data,
                feed,
            },
            Post(post),
        )
    }

    /// A fresh data lane for a new session: what the old one still sends reaches nobody.
    pub fn fresh_data(&mut self) -> mpsc::Sender<Event> {
        (self.feed, self.data) = mpsc::channel(CHANNEL);
        self.feed.clone()
    }
}
