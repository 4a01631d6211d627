//! Carries commands out: lists, pipes, redirections, loops, and the names of commands.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
    time::Duration,
};

use futures::future::{BoxFuture, join_all};
use tokio::sync::watch;

use super::{
    super::channel::Size,
    commands,
    containers::Container,
    fs::absolute,
    io::{Closed, Io, Sink, Source, pipe},
    syntax::{self, AndOr, Command, Fault, Goal, Kind, Pipeline, Redirect},
};

/// How deep shells may call themselves by substitution, `eval` and scripts.
const DEEPEST: u32 = 24;
/// How often a running command looks whether it was killed.
const KILL_CHECK: Duration = Duration::from_millis(50);

/// Why a command did not come to its own end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// `exit`.
    Exit(i32),
    /// Nobody reads its output any more.
    Pipe,
    /// `break`, out of so many loops.
    Break(u32),
    /// `continue`, of the so-manieth loop.
    Continue(u32),
    /// The line makes no sense.
    Error(String),
    /// `exec` of an interactive shell of this name on the terminal, which goes on in its place.
    Become(String),
}

impl From<Closed> for Stop {
    fn from(_: Closed) -> Self {
        Self::Pipe
    }
}

/// The terminal as commands see it.
#[derive(Debug, Clone)]
pub struct Tty {
    /// Its size.
    pub size: watch::Receiver<Size>,
    /// Keys come one by one, unechoed.
    pub raw: Arc<AtomicBool>,
}

/// The state of a shell. A clone is a subshell.
#[derive(Debug, Clone)]
pub struct Shell {
    pub(super) container: Arc<Container>,
    pub(super) vars: BTreeMap<String, String>,
    pub(super) exported: Vec<String>,
    pub(super) cwd: String,
    pub(super) status: i32,
    pub(super) positional: Vec<String>,
    pub(super) name: String,
    pub(super) pid: u32,
    pub(super) tty: Option<Tty>,
    pub(super) history: Vec<String>,
    depth: u32,
    /// `set -e` and `set -x`.
    pub(super) strict: bool,
    pub(super) tracing: bool,
}

impl Shell {
    /// A shell in a container.
    pub fn new(container: Arc<Container>, name: &str, pid: u32, tty: Option<Tty>) -> Self {
        let mut vars = BTreeMap::new();
        let mut exported = Vec::new();
        for (name, value) in &container.image.environment {
            vars.insert(name.clone(), value.clone());
            exported.push(name.clone());
        }
        if tty.is_some() {
            vars.insert("TERM".to_owned(), "xterm-256color".to_owned());
            exported.push("TERM".to_owned());
        }
        let home = container.image.home.clone();
        let cwd = if container.fs().is_folder(&home) {
            home
        } else {
            "/".to_owned()
        };
        Self {
            container,
            vars,
            exported,
            cwd,
            status: 0,
            positional: Vec::new(),
            name: name.to_owned(),
            pid,
            tty,
            history: Vec::new(),
            depth: 0,
            strict: false,
            tracing: false,
        }
    }

    /// The prompt.
    pub fn prompt(&self) -> String {
        format!("root@{}:{}# ", self.container.image.host, self.cwd)
    }

    /// The absolute path that `path` means here.
    pub fn path(&self, path: &str) -> String {
        absolute(&self.cwd, path)
    }

    /// Runs a text of commands; the status it leaves.
    pub fn script<'a>(&'a mut self, text: &'a str, io: &'a Io) -> BoxFuture<'a, Result<i32, Stop>> {
        Box::pin(async move {
            if self.depth >= DEEPEST {
                return Err(Stop::Error("nested too deeply".to_owned()));
            }
            let list = match syntax::parse(text) {
                Ok(list) => list,
                Err(Fault::Unfinished) => {
                    return Err(Stop::Error(
                        "syntax error: unexpected end of file".to_owned(),
                    ));
                }
                Err(Fault::Unexpected(what)) => {
                    return Err(Stop::Error(format!("syntax error: unexpected \"{what}\"")));
                }
            };
            self.depth += 1;
            let done = self.list(&list, io).await;
            self.depth -= 1;
            done.map(|()| self.status)
        })
    }

    /// Runs a list of commands, leaving the status in the shell.
    pub fn list<'a>(
        &'a mut self,
        list: &'a [AndOr],
        io: &'a Io,
    ) -> BoxFuture<'a, Result<(), Stop>> {
        Box::pin(async move {
            for and_or in list {
                self.pipeline(&and_or.first, io).await?;
                for (and, pipeline) in &and_or.rest {
                    if (self.status == 0) == *and {
                        self.pipeline(pipeline, io).await?;
                    }
                }
                if self.strict && self.status != 0 && and_or.rest.is_empty() {
                    return Err(Stop::Exit(self.status));
                }
            }
            Ok(())
        })
    }

    async fn pipeline(&mut self, pipeline: &Pipeline, io: &Io) -> Result<(), Stop> {
        // A loop of built-in commands must let others live, the ^C that ends it among them.
        tokio::task::yield_now().await;
        if let [only] = pipeline.commands.as_slice() {
            self.command(only, io.clone()).await?;
        } else {
            self.status = self.stages(&pipeline.commands, io).await;
        }
        if pipeline.negated {
            self.status = i32::from(self.status == 0);
        }
        Ok(())
    }

    /// Runs commands side by side, each in a shell of its own; the status of the last.
    async fn stages(&self, commands: &[Command], io: &Io) -> i32 {
        let mut stages = Vec::with_capacity(commands.len());
        let mut stdin = io.stdin.clone();
        for (at, command) in commands.iter().enumerate() {
            let (stdout, next) = if at + 1 == commands.len() {
                (io.stdout.clone(), Source::empty())
            } else {
                pipe()
            };
            let own = Io {
                stdin: std::mem::replace(&mut stdin, next),
                stdout,
                stderr: io.stderr.clone(),
            };
            let mut shell = self.clone();
            stages.push(async move {
                let errors = own.stderr.clone();
                let done = shell.command(command, own).await;
                shell.settle(done, &errors).await
            });
        }
        join_all(stages).await.last().copied().unwrap_or(0)
    }

    /// The status of a subshell that came to this.
    pub async fn settle(&self, done: Result<(), Stop>, errors: &Sink) -> i32 {
        match done {
            Ok(()) | Err(Stop::Break(_) | Stop::Continue(_) | Stop::Become(_)) => self.status,
            Err(Stop::Exit(code)) => code,
            Err(Stop::Pipe) => 141,
            Err(Stop::Error(why)) => {
                // Somebody who does not read errors has none.
                let _ = errors.write(format!("{}: {why}\n", self.name)).await;
                2
            }
        }
    }

    fn command<'a>(&'a mut self, command: &'a Command, io: Io) -> BoxFuture<'a, Result<(), Stop>> {
        Box::pin(async move {
            let mut io = io;
            for redirect in &command.redirects {
                if let Err(why) = self.redirect(redirect, &mut io).await? {
                    io.stderr.write(format!("{}: {why}\n", self.name)).await?;
                    self.status = 1;
                    return Ok(());
                }
            }
            match &command.kind {
                Kind::Simple { assignments, words } => self.simple(assignments, words, &io).await,
                Kind::Group(list) => self.list(list, &io).await,
                Kind::Subshell(list) => {
                    let mut shell = self.clone();
                    let done = shell.list(list, &io).await;
                    self.status = shell.settle(done, &io.stderr).await;
                    Ok(())
                }
                Kind::If { arms, otherwise } => self.conditional(arms, otherwise, &io).await,
                Kind::Loop {
                    until,
                    condition,
                    body,
                } => self.repeat(*until, condition, body, &io).await,
                Kind::For { name, words, body } => {
                    for value in self.arguments(words, &io).await? {
                        self.vars.insert(name.clone(), value);
                        if self.turn(body, &io).await? {
                            break;
                        }
                    }
                    Ok(())
                }
            }
        })
    }

    async fn conditional(
        &mut self,
        arms: &[(Vec<AndOr>, Vec<AndOr>)],
        otherwise: &[AndOr],
        io: &Io,
    ) -> Result<(), Stop> {
        for (condition, body) in arms {
            let strict = std::mem::take(&mut self.strict);
            let done = self.list(condition, io).await;
            self.strict = strict;
            done?;
            if self.status == 0 {
                return self.list(body, io).await;
            }
        }
        self.status = 0;
        self.list(otherwise, io).await
    }

    async fn repeat(
        &mut self,
        until: bool,
        condition: &[AndOr],
        body: &[AndOr],
        io: &Io,
    ) -> Result<(), Stop> {
        let mut last = 0;
        loop {
            let strict = std::mem::take(&mut self.strict);
            let done = self.list(condition, io).await;
            self.strict = strict;
            done?;
            if (self.status == 0) == until || self.turn(body, io).await? {
                break;
            }
            last = self.status;
        }
        self.status = last;
        Ok(())
    }

    /// One turn of a loop; whether the loop is left.
    async fn turn(&mut self, body: &[AndOr], io: &Io) -> Result<bool, Stop> {
        match self.list(body, io).await {
            Ok(()) | Err(Stop::Continue(1)) => Ok(false),
            Err(Stop::Break(1)) => Ok(true),
            Err(Stop::Break(more)) => Err(Stop::Break(more - 1)),
            Err(Stop::Continue(more)) => Err(Stop::Continue(more - 1)),
            Err(other) => Err(other),
        }
    }

    async fn redirect(
        &mut self,
        redirect: &Redirect,
        io: &mut Io,
    ) -> Result<Result<(), String>, Stop> {
        let sink = match &redirect.to {
            Goal::Text(word) => {
                io.stdin = Source::text(self.text(word, io).await?.as_bytes());
                return Ok(Ok(()));
            }
            Goal::Read(word) => {
                let path = self.text(word, io).await?;
                return Ok(match commands::open(self, &path, io) {
                    Ok(source) => {
                        io.stdin = source;
                        Ok(())
                    }
                    Err(why) => Err(format!("can't open {path}: {why}")),
                });
            }
            Goal::Stream(1) => io.stdout.clone(),
            Goal::Stream(_) => io.stderr.clone(),
            Goal::Write(word) | Goal::Append(word) => {
                let path = self.text(word, io).await?;
                let append = matches!(redirect.to, Goal::Append(_));
                match self.create(&path, append, io) {
                    Ok(sink) => sink,
                    Err(why) => return Ok(Err(format!("can't create {path}: {why}"))),
                }
            }
        };
        match redirect.stream {
            2 => io.stderr = sink,
            _ => io.stdout = sink,
        }
        Ok(Ok(()))
    }

    /// Opens a file for writing.
    pub(super) fn create(&self, path: &str, append: bool, io: &Io) -> Result<Sink, String> {
        let path = self.path(path);
        match path.as_str() {
            "/dev/null" => return Ok(Sink::Null),
            "/dev/stdout" | "/dev/tty" => return Ok(io.stdout.clone()),
            "/dev/stderr" => return Ok(io.stderr.clone()),
            _ => {}
        }
        self.container
            .fs()
            .write(&path, b"", append, self.container.clock.now())
            .map_err(|error| error.to_string())?;
        Ok(Sink::File(Arc::clone(&self.container), path))
    }

    async fn simple(
        &mut self,
        assignments: &[(String, syntax::Word)],
        words: &[syntax::Word],
        io: &Io,
    ) -> Result<(), Stop> {
        let arguments = self.arguments(words, io).await?;
        let mut before = Vec::new();
        for (name, word) in assignments {
            let value = self.text(word, io).await?;
            before.push((name.clone(), self.vars.insert(name.clone(), value)));
        }
        if self.tracing && !arguments.is_empty() {
            io.stderr
                .write(format!("+ {}\n", arguments.join(" ")))
                .await?;
        }
        if arguments.is_empty() {
            self.status = 0;
            return Ok(());
        }
        let done = self.run(&arguments, io).await;
        // Assignments before a command hold for that command.
        for (name, value) in before {
            match value {
                Some(value) => self.vars.insert(name, value),
                None => self.vars.remove(&name),
            };
        }
        self.status = done?;
        Ok(())
    }

    /// Runs a command by name; its status.
    pub fn run<'a>(
        &'a mut self,
        arguments: &'a [String],
        io: &'a Io,
    ) -> BoxFuture<'a, Result<i32, Stop>> {
        Box::pin(async move {
            let Some((name, rest)) = arguments.split_first() else {
                return Ok(0);
            };
            let Some(known) = commands::find(self, name) else {
                return self.file(name, rest, io).await;
            };
            if commands::is_builtin(known) {
                return commands::run(self, known, rest, io).await;
            }
            let container = Arc::clone(&self.container);
            let process = Running::begin(container, self.pid, &arguments.join(" "));
            let end = tokio::select! {
                done = commands::run(self, known, rest, io) => Ok(done?),
                signal = process.killed() => Err(signal),
            };
            match end {
                Ok(status) => Ok(status),
                Err(signal) => {
                    if let Some(tty) = &self.tty {
                        tty.raw.store(false, std::sync::atomic::Ordering::Relaxed);
                        let word = if signal == 9 { "Killed" } else { "Terminated" };
                        io.stderr.write(format!("{word}\n")).await?;
                    }
                    Ok(128 + signal)
                }
            }
        })
    }

    /// A name that is no command: perhaps a script among the files.
    async fn file(&mut self, name: &str, rest: &[String], io: &Io) -> Result<i32, Stop> {
        let path = self.path(name);
        let text = if name.contains('/') {
            let fs = self.container.fs();
            match fs.meta(&path) {
                None => Err((127, "not found".to_owned())),
                Some(meta) if meta.folder => Err((126, "Is a directory".to_owned())),
                Some(meta) if meta.mode & 0o111 == 0 => Err((126, "Permission denied".to_owned())),
                Some(_) => match fs
                    .read(&path)
                    .map(|bytes| std::str::from_utf8(bytes).map(str::to_owned))
                {
                    Ok(Ok(text)) if !text.starts_with('\u{7f}') => Ok(text),
                    _ => Err((126, "cannot be run: this shell is simulated".to_owned())),
                },
            }
        } else {
            Err((127, "not found".to_owned()))
        };
        match text {
            Ok(text) => {
                let mut shell = self.clone();
                shell.name = name.to_owned();
                shell.positional = rest.to_vec();
                let done = shell.script(&text, io).await;
                if let Ok(status) = done {
                    return Ok(status);
                }
                Ok(shell.settle(done.map(|_| ()), &io.stderr).await)
            }
            Err((status, why)) => {
                io.stderr
                    .write(format!("{}: {name}: {why}\n", self.name))
                    .await?;
                Ok(status)
            }
        }
    }

    /// `$(...)`: what the commands print, without the last newlines.
    pub(super) async fn substitute(&mut self, commands: &str, io: &Io) -> Result<String, Stop> {
        let text = Arc::new(Mutex::new(Vec::new()));
        let own = Io {
            stdin: io.stdin.clone(),
            stdout: Sink::Text(Arc::clone(&text)),
            stderr: io.stderr.clone(),
        };
        let mut shell = self.clone();
        // A deeper one is a subshell too, so its depth has to count here.
        let done = shell.script(commands, &own).await;
        self.status = match done {
            Ok(status) => status,
            Err(stop) => shell.settle(Err(stop), &io.stderr).await,
        };
        let bytes = std::mem::take(&mut *text.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(String::from_utf8_lossy(&bytes)
            .trim_end_matches('\n')
            .to_owned())
    }
}

/// A process in the container's table for as long as this lives.
pub struct Running {
    container: Arc<Container>,
    /// Its number.
    pub pid: u32,
}

impl Running {
    /// Enters a process.
    pub fn begin(container: Arc<Container>, parent: u32, command: &str) -> Self {
        let pid = container.begin(parent, command);
        Self { container, pid }
    }

    /// The signal that kills it, when one does.
    pub async fn killed(&self) -> i32 {
        loop {
            tokio::time::sleep(KILL_CHECK).await;
            if let Some(signal) = self.container.killed(self.pid) {
                return signal;
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.container.gone(self.pid);
    }
}
