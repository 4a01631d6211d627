//! How long the edge waits for what. Tests shorten these; everything else uses the defaults.

use std::time::Duration;

/// Waits and limits of a session.
#[derive(Clone, Debug)]
pub struct Timing {
    /// A TCP connection must stand after this.
    pub connect: Duration,
    /// A small request (get, delete, review) must be answered completely after this.
    pub unary: Duration,
    /// A list must begin to arrive after this; large clusters need a while to prepare one.
    pub list_start: Duration,
    /// The next bytes of a list must arrive after this.
    pub list_idle: Duration,
    /// A watch must answer with its headers after this.
    pub watch_start: Duration,
    /// How long a watch may last before the server ends it, in seconds (`timeoutSeconds`).
    pub watch_seconds: u32,
    /// While nothing arrives on a stream, the server is probed this often.
    pub ping_every: Duration,
    /// A probe must be answered after this. Together with `ping_every` it keeps the promise that
    /// a dead connection is marked within 15 s.
    pub ping_deadline: Duration,
    /// A streaming list without its end bookmark is given up after this, unless objects still come.
    pub end_bookmark: Duration,
    /// A streaming list in which nothing at all arrives is given up after this.
    pub silent_stream: Duration,
    /// The first wait before a new attempt.
    pub backoff_first: Duration,
    /// The longest wait before a new attempt.
    pub backoff_cap: Duration,
    /// A feed that panicked starts again after at most this.
    pub panic_cap: Duration,
    /// An object without a name that a watch brought cannot be told from others: after this a new
    /// list says what there is.
    pub doubt: Duration,
    /// A stream that lasted this long was healthy: the backoff starts anew.
    pub healthy_after: Duration,
    /// How often a forbidden list is tried again.
    pub forbidden_retry: Duration,
    /// How often a kind that the server does not know is tried again.
    pub absent_retry: Duration,
    /// While the server pushes back (429, 503), all streams together try no more often than this.
    pub storm_gap: Duration,
    /// An attempt that takes longer than this is shown as a lost connection.
    pub slow_attempt: Duration,
    /// A credential plugin is ended after this.
    pub plugin: Duration,
    /// Credentials that the server refuses are made anew no more often than this.
    pub refresh_gap: Duration,
    /// Changes are handed on together, at most this long after the first of them.
    pub batch_window: Duration,
    /// The answer to a question about rights is good for this long.
    pub access: Duration,
    /// A table of a kind that cannot be watched is read again this often.
    pub poll: Duration,
    /// Where other log streams are open, a new one must answer after this; else the server is
    /// supposed to bear no more of them.
    pub log_start: Duration,
    /// A log stream that has brought nothing for so long has brought what the server kept.
    pub caught_up: Duration,
    /// A log stream that has been silent for so long is compared with a fresh look at the end of
    /// the log: kubelets are known to stop telling after a rotation.
    pub stall: Duration,
    /// A command whose connection is silent is asked for a sign of life this often.
    pub exec_ping: Duration,
    /// After so long without one the connection is lost. With the time between two questions it
    /// keeps the promise that this is told within 20 s.
    pub exec_silence: Duration,
    /// While a container is between two runs, its status is asked this often.
    pub restart_look: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            unary: Duration::from_secs(15),
            list_start: Duration::from_secs(30),
            list_idle: Duration::from_secs(20),
            watch_start: Duration::from_secs(10),
            watch_seconds: 240,
            ping_every: Duration::from_secs(4),
            ping_deadline: Duration::from_secs(4),
            end_bookmark: Duration::from_secs(8),
            silent_stream: Duration::from_secs(4),
            backoff_first: Duration::from_millis(250),
            backoff_cap: Duration::from_secs(5),
            panic_cap: Duration::from_mins(1),
            doubt: Duration::from_mins(1),
            healthy_after: Duration::from_secs(5),
            forbidden_retry: Duration::from_secs(30),
            absent_retry: Duration::from_mins(1),
            storm_gap: Duration::from_millis(500),
            slow_attempt: Duration::from_millis(1500),
            plugin: Duration::from_secs(30),
            refresh_gap: Duration::from_secs(5),
            batch_window: Duration::from_millis(30),
            access: Duration::from_mins(1),
            poll: Duration::from_secs(5),
            log_start: Duration::from_secs(3),
            caught_up: Duration::from_millis(100),
            stall: Duration::from_secs(10),
            exec_ping: Duration::from_secs(5),
            exec_silence: Duration::from_secs(14),
            restart_look: Duration::from_secs(1),
        }
    }
}
