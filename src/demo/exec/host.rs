//! `--exec host`: a command of this machine, in a scratch folder of the pod, with an environment of
//! its own and, through [`super::confine`], no right to write anywhere else.
//!
//! Each command leads a session of its own; when the connection ends the whole session is killed.

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use bytes::{BufMut, Bytes, BytesMut};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    sync::{mpsc, oneshot},
};

use super::{
    channel::{Exit, PAYLOAD, STDERR, STDOUT, Size},
    process::Inside,
    runtime,
};

/// Where commands are looked for.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// End of input as a terminal's line discipline understands it.
const END_OF_TRANSMISSION: u8 = 4;

/// A command of the machine, to be run.
#[derive(Debug, Clone)]
pub struct Job {
    /// The program that confines a command to a folder; none to run it unconfined.
    pub confiner: Option<PathBuf>,
    /// The folder it works in.
    pub folder: PathBuf,
    /// The pod, which is the host's name to the command.
    pub pod: String,
    /// The command.
    pub command: Vec<String>,
    /// On a pseudo-terminal.
    pub tty: bool,
    /// Errors have a channel of their own; without it they are thrown away.
    pub stderr: bool,
}

/// Runs the job to its end or to the end of the session.
pub async fn run(inside: Inside, job: Job) {
    if let Err(why) = find(&job.command) {
        // A client that is gone needs no answer.
        let _ = inside
            .exit
            .send(Exit::Failed(runtime::not_started(&job.command, &why)));
        return;
    }
    let ended = if job.tty {
        on_terminal(inside, &job).await
    } else {
        on_pipes(inside, &job).await
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "demo: a host command came to no end");
    }
}

/// Why a program cannot be started, in the words of a container runtime.
fn find(command: &[String]) -> Result<(), String> {
    let Some(program) = command.first() else {
        return Err("no command".to_owned());
    };
    if program.contains('/') {
        return match std::fs::metadata(program) {
            Ok(_) => Ok(()),
            Err(_) => Err(format!("stat {program}: no such file or directory")),
        };
    }
    PATH.split(':')
        .any(|folder| Path::new(folder).join(program).is_file())
        .then_some(())
        .ok_or_else(|| "executable file not found in $PATH".to_owned())
}

impl Job {
    fn arguments(&self) -> Vec<OsString> {
        let mut all: Vec<OsString> = Vec::new();
        if let Some(confiner) = &self.confiner {
            all.push(confiner.into());
            all.extend(["demo", "confined"].map(OsString::from));
            if self.tty {
                all.push("--greet".into());
            }
            all.push(self.folder.clone().into());
            all.push("--".into());
        }
        all.extend(self.command.iter().map(OsString::from));
        all
    }

    fn environment(&self) -> [(&'static str, OsString); 7] {
        [
            ("PATH", PATH.into()),
            ("HOME", self.folder.clone().into()),
            ("HOSTNAME", OsString::from(&self.pod)),
            ("TERM", "xterm-256color".into()),
            ("LANG", "C.UTF-8".into()),
            ("SHELL", "/bin/sh".into()),
            ("PS1", format!("{} $ ", self.pod).into()),
        ]
    }
}

async fn on_terminal(inside: Inside, job: &Job) -> io::Result<()> {
    let Inside {
        mut stdin,
        mut size,
        output,
        exit,
        end,
    } = inside;
    let first = *size.borrow_and_update();
    let (master, child) = open(job, first)?;
    let leader = child.process_id();
    let mut reader = master.try_clone_reader().map_err(io::Error::other)?;
    let mut writer = master.take_writer().map_err(io::Error::other)?;
    if job.confiner.is_none() {
        let greeting = "demo: this is a shell of your own machine, confined by nothing\r\n";
        // Without a client there is nobody to greet.
        let _ = output
            .send(super::channel::frame(STDOUT, greeting.as_bytes()))
            .await;
    }
    let (over, is_over) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        while let Some(bytes) = stdin.blocking_recv() {
            if writer.write_all(&bytes).is_err() {
                break;
            }
        }
        // Dropping the writer types a newline and an end of input: not before the command is gone.
        let _ = writer.write_all(&[END_OF_TRANSMISSION]);
        let _ = is_over.blocking_recv();
    });
    let reading = tokio::task::spawn_blocking(move || copy_blocking(&mut reader, &output));
    let waiting = tokio::task::spawn_blocking(move || wait(child));
    let resizing = async move {
        while size.changed().await.is_ok() {
            let now = *size.borrow_and_update();
            if let Err(error) = master.resize(pty_size(now)) {
                tracing::debug!(%error, "demo: no resize");
            }
        }
        // The client is gone: somebody else ends this.
        std::future::pending::<()>().await;
    };
    let status = tokio::select! {
        status = waiting => Some(status),
        () = resizing => None,
        () = end.cancelled() => None,
    };
    kill_session(leader);
    drop(over);
    if let Some(status) = status {
        // The rest of the output comes before the status.
        let _ = end.run_until_cancelled(reading).await;
        let _ = exit.send(Exit::Code(code(status.map_err(io::Error::other)??)));
    }
    Ok(())
}

fn pty_size(size: Size) -> PtySize {
    PtySize {
        rows: size.rows.max(1),
        cols: size.columns.max(1),
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn open(job: &Job, size: Size) -> io::Result<(Box<dyn MasterPty + Send>, Box<dyn Child>)> {
    let pair = native_pty_system()
        .openpty(pty_size(size))
        .map_err(io::Error::other)?;
    let mut command = CommandBuilder::from_argv(job.arguments());
    command.env_clear();
    for (name, value) in job.environment() {
        command.env(name, value);
    }
    command.cwd(&job.folder);
    let child = pair
        .slave
        .spawn_command(command)
        .map_err(io::Error::other)?;
    Ok((pair.master, child))
}

/// Waits for the child; the library's own status knows no signal's number.
fn wait(child: Box<dyn Child>) -> io::Result<ExitStatus> {
    match child.downcast::<std::process::Child>() {
        Ok(mut child) => child.wait(),
        Err(mut child) => {
            let code = child.wait()?.exit_code();
            Ok(ExitStatus::from_raw(i32::try_from(code).unwrap_or(1) << 8))
        }
    }
}

fn copy_blocking(from: &mut dyn Read, output: &mpsc::Sender<Bytes>) {
    let mut buffer = vec![0; PAYLOAD + 1];
    buffer[0] = STDOUT;
    // A pseudo-terminal whose other side is closed reads as an error on Linux.
    while let Ok(read @ 1..) = from.read(&mut buffer[1..]) {
        let frame = Bytes::copy_from_slice(&buffer[..=read]);
        if output.blocking_send(frame).is_err() {
            return;
        }
    }
}

async fn on_pipes(inside: Inside, job: &Job) -> io::Result<()> {
    let Inside {
        mut stdin,
        size: _,
        output,
        exit,
        end,
    } = inside;
    let mut words = job.arguments().into_iter();
    let mut command = tokio::process::Command::new(words.next().unwrap_or_default());
    command
        .args(words)
        .env_clear()
        .envs(job.environment())
        .current_dir(&job.folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(if job.stderr {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .kill_on_drop(true);
    if job.confiner.is_none() {
        // The confiner makes a session, which a leader of a group could not.
        command.process_group(0);
    }
    let mut child = command.spawn()?;
    let leader = child.id();
    let input = child.stdin.take();
    let feeding = tokio::spawn(async move {
        let Some(mut input) = input else { return };
        while let Some(bytes) = stdin.recv().await {
            if input.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
    let out = copy(child.stdout.take(), STDOUT, output.clone());
    let errors = copy(child.stderr.take(), STDERR, output);
    let copying = tokio::spawn(async move { tokio::join!(out, errors) });
    let status = tokio::select! {
        status = child.wait() => Some(status),
        () = end.cancelled() => None,
    };
    kill_session(leader);
    feeding.abort();
    if let Some(status) = status {
        let _ = end.run_until_cancelled(copying).await;
        let _ = exit.send(Exit::Code(code(status?)));
    }
    Ok(())
}

/// Reads whole frames straight into their place behind the channel byte.
async fn copy(from: Option<impl AsyncRead + Unpin>, channel: u8, output: mpsc::Sender<Bytes>) {
    let Some(mut from) = from else { return };
    loop {
        let mut frame = BytesMut::with_capacity(PAYLOAD + 1);
        frame.put_u8(channel);
        let mut room = (&mut frame).limit(PAYLOAD);
        match from.read_buf(&mut room).await {
            Ok(1..) if output.send(frame.freeze()).await.is_ok() => {}
            _ => return,
        }
    }
}

fn code(status: ExitStatus) -> i32 {
    // As shells and runtimes tell a death by signal.
    let by_signal = || status.signal().map_or(255, |signal| 128 + signal);
    status.code().unwrap_or_else(by_signal)
}

/// Kills the leader's group and everybody else in its session: jobs that an interactive shell put
/// into groups of their own.
fn kill_session(leader: Option<u32>) {
    let Some(leader) = leader
        .and_then(|leader| i32::try_from(leader).ok())
        .and_then(Pid::from_raw)
    else {
        return;
    };
    // Whoever is gone already needs no killing.
    let _ = kill_process_group(leader, Signal::KILL);
    for member in members(leader) {
        let _ = kill_process(member, Signal::KILL);
    }
}

fn members(leader: Pid) -> Vec<Pid> {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let member = |name: OsString| {
        let pid = name.to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // Behind the name, which is in parentheses and may hold anything: state, parent, group, session.
        let session = stat.rsplit_once(')')?.1.split_whitespace().nth(3)?;
        (session.parse() == Ok(leader.as_raw_pid())).then(|| Pid::from_raw(pid))?
    };
    processes
        .flatten()
        .filter_map(|entry| member(entry.file_name()))
        .collect()
}
