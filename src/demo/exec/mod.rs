//! `pods/exec` and `pods/attach`: from the request to a connection with
//! something living at its other end.
//!
//! By default that is a small shell over an in-memory file system, so that nobody who plays with
//! the demo can harm the machine; see [`Mode`].

#![allow(
    clippy::format_push_string,
    clippy::format_collect,
    reason = "the simulated shell writes short texts: one allocation more is nobody's loss"
)]

mod attach;
pub mod channel;
pub mod confine;
mod host;
mod process;
mod runtime;
mod scratch;
mod session;
mod shell;
mod spdy;

use std::{path::PathBuf, sync::Arc};

use hyper::{HeaderMap, Response, upgrade::OnUpgrade};
use tokio_util::sync::CancellationToken;

use super::{
    body::Body,
    error::ApiError,
    faults::Act,
    logs::Logs,
    place::Place,
    request::{Query, Target},
    store::Store,
    upgrade::{self, Wanted},
};
use channel::{Exit, STDERR, STDOUT, Version};
use process::{Process, pair};
use scratch::Scratch;
use session::Manner;
use shell::containers::Containers;

/// Whose shell a client gets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Mode {
    /// A small built-in one that touches nothing of the machine.
    #[default]
    Simulated,
    /// The machine's own, in a scratch folder.
    Host {
        /// This program: its `demo confined` confines commands to that folder. Without it they
        /// are not confined.
        confiner: Option<PathBuf>,
    },
    /// Nobody's: every exec and attach is refused.
    None,
}

/// What the connections of a server share.
#[derive(Debug)]
pub struct Exec {
    mode: Mode,
    store: Arc<Store>,
    logs: Arc<Logs>,
    end: CancellationToken,
    scratch: Scratch,
    containers: Containers,
}

/// The subresources served here.
pub fn serves(subresource: &str) -> bool {
    matches!(subresource, "exec" | "attach")
}

/// A request for a connection, allowed by the access rules already.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The pod and the subresource.
    pub target: &'a Target,
    /// Container, command and streams.
    pub query: &'a Query,
    /// The handshake.
    pub headers: &'a HeaderMap,
    /// The connection to come.
    pub upgrade: OnUpgrade,
    /// What goes wrong on purpose.
    pub acts: Vec<Act>,
}

impl Exec {
    /// Connections over the pods of `store`, whose containers say what is in `logs`, until `end`.
    pub fn new(mode: Mode, store: Arc<Store>, logs: Arc<Logs>, end: CancellationToken) -> Self {
        Self {
            containers: Containers::new(store.clock().clone()),
            mode,
            store,
            logs,
            end,
            scratch: Scratch::default(),
        }
    }

    /// Removes what host commands left behind.
    pub fn clean_up(&self) {
        self.scratch.remove();
    }

    /// Answers with an upgrade, after which the connection lives in a task of its own.
    ///
    /// # Errors
    /// As the API server: no such pod, no such container, no known protocol.
    pub fn answer(self: &Arc<Self>, asked: Asked<'_>) -> Result<Response<Body>, ApiError> {
        let subresource = asked.target.subresource.as_deref().unwrap_or_default();
        if self.mode == Mode::None {
            let pod = asked.target.name.as_deref().unwrap_or_default();
            return Err(ApiError::new(
                403,
                "Forbidden",
                format!(
                    "pods \"{pod}\" is forbidden: {subresource} is switched off in this demo (--exec none)"
                ),
            ));
        }
        let container = asked.query.get("container");
        let place = Place::find(&self.store, asked.target, container)?;
        let streams = Streams::of(asked.query)?;
        let command: Vec<String> = match subresource {
            "exec" => asked.query.all("command").map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        if subresource == "exec" && command.is_empty() {
            return Err(ApiError::bad_request(
                "you must specify at least one command for the container",
            ));
        }
        let (response, version) = handshake(asked.headers)?;
        if !place.running && version == Version::V4 {
            return Err(ApiError::new(
                500,
                "InternalError",
                runtime::not_running(&place.container),
            ));
        }
        let manner = Manner {
            version,
            announce: streams.announcement(),
            command: command.clone(),
            acts: asked.acts,
        };
        let exec = Arc::clone(self);
        let end = self.end.clone();
        let wanted = upgrade::wanted(asked.headers)?;
        tokio::spawn(end.run_until_cancelled_owned(async move {
            let begin = || exec.begin(place, command, streams);
            let error = match wanted {
                Wanted::WebSocket => match upgrade::socket(asked.upgrade).await {
                    Ok(socket) => return session::serve(socket, begin(), manner).await,
                    Err(error) => error,
                },
                Wanted::Spdy => match upgrade::raw(asked.upgrade).await {
                    Ok((raw, early)) => {
                        return spdy::serve(raw, early, streams, begin, manner).await;
                    }
                    Err(error) => error,
                },
            };
            tracing::debug!(%error, "demo: no upgrade");
        }));
        Ok(response)
    }

    /// Starts what the connection is for.
    fn begin(&self, place: Place, command: Vec<String>, streams: Streams) -> Process {
        let (process, inside) = pair(streams.stdin);
        if !place.running {
            // Nobody can have stopped listening yet.
            let _ = inside
                .exit
                .send(Exit::Failed(runtime::not_running(&place.container)));
            return process;
        }
        if command.is_empty() {
            tokio::spawn(attach::run(inside, place, Arc::clone(&self.logs)));
            return process;
        }
        if let Mode::Host { confiner } = &self.mode {
            match self.scratch.of(&place.namespace, &place.pod) {
                Ok(folder) => {
                    let job = host::Job {
                        confiner: confiner.clone(),
                        folder,
                        pod: place.pod,
                        command,
                        tty: streams.tty,
                        stderr: streams.stderr,
                    };
                    tokio::spawn(host::run(inside, job));
                }
                Err(error) => {
                    let _ = inside
                        .exit
                        .send(Exit::Failed(format!("no scratch folder: {error}")));
                }
            }
            return process;
        }
        let container = self.containers.of(&place);
        tokio::spawn(shell::run(inside, container, command, streams));
        process
    }
}

/// The answer to the handshake, and the framing that it agrees on.
fn handshake(headers: &HeaderMap) -> Result<(Response<Body>, Version), ApiError> {
    if upgrade::wanted(headers)? == Wanted::Spdy {
        let version = Version::V4;
        return Ok((upgrade::spdy(headers, version.name())?, version));
    }
    let version = Version::choose(upgrade::offers(headers)).ok_or_else(|| {
        ApiError::new(
            403,
            "Forbidden",
            "no known subprotocol is offered: v5.channel.k8s.io and v4.channel.k8s.io are",
        )
    })?;
    Ok((upgrade::websocket(headers, version.name())?, version))
}

/// The streams that a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four switches of the API, one for one"
)]
pub struct Streams {
    /// Input.
    pub stdin: bool,
    /// Output.
    pub stdout: bool,
    /// Errors apart from output; never on a terminal.
    pub stderr: bool,
    /// A terminal.
    pub tty: bool,
}

impl Streams {
    fn of(query: &Query) -> Result<Self, ApiError> {
        let tty = query.flag("tty");
        let streams = Self {
            stdin: query.flag("stdin"),
            stdout: query.flag("stdout"),
            stderr: query.flag("stderr") && !tty,
            tty,
        };
        if streams.stdin || streams.stdout || streams.stderr {
            Ok(streams)
        } else {
            Err(ApiError::bad_request(
                "you must specify at least 1 of stdin, stdout, stderr",
            ))
        }
    }

    fn announcement(self) -> u8 {
        match (self.stdout, self.stderr) {
            (true, _) => STDOUT,
            (_, true) => STDERR,
            _ => channel::ERROR,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_has_no_errors_of_its_own() {
        let streams =
            Streams::of(&Query::parse("stdin=true&stdout=1&stderr=true&tty=true")).unwrap();
        assert!(streams.tty && !streams.stderr);
        assert_eq!(streams.announcement(), STDOUT);
        assert_eq!(
            Streams::of(&Query::parse("tty=true")).unwrap_err().code,
            400
        );
    }
}
