//! `quarterdeck exec`: one command in a container, with its exit code.

use super::args::{ClusterArgs, ConsoleArgs};
use super::console::scopes;
use super::exit::{Code, Refusal};
use super::get::gather;
use super::out;
use super::session::with_session;
use super::settings::Settings;
use crate::cluster::{ExecHandle, ExecInput, ExecWriter, Session};
use crate::domain::exec::{End, ExecItem, ExecRequest};
use crate::domain::feed::Scope;
use crate::domain::fleet::Fleet;
use crate::domain::logs::Source;
use crate::domain::logs::target::Target;
use crate::domain::rows::Kind;
use crate::domain::text::Text;
use clap::Args;
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::sync::oneshot;

/// The exit code when nobody knows how the command ended.
const UNKNOWN: u8 = 255;

/// Pieces of output that wait to be written.
const WAITING: usize = 8;

/// Bytes of standard input that are read at once.
const INPUT: usize = 32 * 1024;

/// Arguments of `exec`.
#[derive(Clone, Debug, Args)]
pub struct ExecArgs {
    /// pod/NAMESPACE/NAME[/CONTAINER], or deploy/NAMESPACE/NAME, release/NAMESPACE/NAME: its first
    /// running pod
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// The container instead of the pod's default one
    #[arg(short, long, value_name = "NAME")]
    pub container: Option<String>,
    /// Pass standard input on (a pipe or a file is passed on without it)
    #[arg(short = 'i', long)]
    pub stdin: bool,
    /// Give the command a terminal
    #[arg(short, long)]
    pub tty: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// Carries out `exec`.
pub fn run(cluster: &ClusterArgs, args: &ExecArgs) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(cluster, &ConsoleArgs::default());
    settings.complain();
    let named = scopes(cluster);
    let home = named.as_deref().and_then(Scope::only);
    let target = Target::parse(&args.target, home).map_err(|why| Refusal::new(Code::Usage, why))?;
    with_session(cluster, &settings, async |session| {
        let mut place = place(&session, &target, &settings).await?;
        if let Some(container) = &args.container {
            place.container = Text::new(container);
        }
        if place.container.is_empty() {
            let containers = session
                .containers_to_enter(&place.namespace, &place.pod)
                .await
                .map_err(Refusal::from)?;
            place.container = containers.into_iter().next().unwrap_or_default();
        }
        command(&session, &place, args).await
    })
}

/// The pod that is meant; the container stays empty where none is named.
async fn place(session: &Session, target: &Target, settings: &Settings) -> anyhow::Result<Source> {
    match target {
        Target::Container(source) => return Ok(source.clone()),
        Target::Pod { namespace, name } => {
            return Ok(Source {
                namespace: namespace.clone(),
                pod: name.clone(),
                container: Text::default(),
            });
        }
        _ => {}
    }
    let scope = target
        .namespace()
        .map_or(Scope::ALL, |namespace| Scope(Some(namespace.clone())));
    let mut fleet = Fleet::new(settings.config.labels.clone());
    gather(session, &Kind::ALL, &[scope], Kind::Pod, &mut fleet).await?;
    let running = target
        .members(&fleet)
        .into_iter()
        .find(|member| member.running);
    let source = running.map(|member| member.source).ok_or_else(|| {
        Refusal::new(
            Code::NotFound,
            format!("{target} has no running pod, or does not exist"),
        )
    })?;
    Ok(Source {
        container: Text::default(),
        ..source
    })
}

/// The terminal as it was: given back when this is dropped.
struct Raw(Termios);

impl Raw {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        Ok(Self(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Nothing can be done about a terminal that is gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

fn size() -> (u16, u16) {
    tcgetwinsize(io::stdout()).map_or((80, 24), |size| (size.ws_col, size.ws_row))
}

async fn command(session: &Session, place: &Source, args: &ExecArgs) -> anyhow::Result<ExitCode> {
    let from_terminal = isatty(io::stdin());
    let tty = args.tty && from_terminal;
    if args.tty && !from_terminal {
        out::warn("quarterdeck: standard input is not a terminal: the command gets none");
    }
    let stdin = args.stdin || args.tty || !from_terminal;
    let request = ExecRequest {
        namespace: place.namespace.clone(),
        pod: place.pod.clone(),
        container: place.container.clone(),
        command: args.command.clone(),
        tty,
        stdin,
        size: size(),
    };
    let (tx, rx) = channel(WAITING);
    let handle = session.exec(request, move |item| {
        let tx = tx.clone();
        async move { tx.send(item).await.is_ok() }
    });
    let raw = if tty { Some(Raw::begin()?) } else { None };
    if tty {
        tell_sizes(&handle)?;
    }
    let end = copy(rx, &handle, stdin).await?;
    // The terminal is given back before anything is said on it.
    drop(raw);
    code(end)
}

/// Tells the command each new size of the terminal.
fn tell_sizes(handle: &ExecHandle) -> io::Result<()> {
    let mut changes = signal(SignalKind::window_change())?;
    let writer = handle.writer();
    tokio::spawn(async move {
        while changes.recv().await.is_some() {
            let (columns, rows) = size();
            if writer.send(ExecInput::Resize(columns, rows)).await.is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// Copies both ways until the command ends, or until a signal or the reader of our output ends us:
/// at once, also while nobody takes what we write.
async fn copy(rx: Receiver<ExecItem>, handle: &ExecHandle, stdin: bool) -> anyhow::Result<End> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (done, written) = oneshot::channel();
    let input = stdin.then(|| (handle.writer(), runtime::Handle::current()));
    std::thread::spawn(move || done.send(write(rx, input)));
    tokio::select! {
        end = written => Ok(end??),
        _ = terminate.recv() => Ok(End::Lost("terminated".into())),
        _ = hangup.recv() => Ok(End::Lost("the terminal is gone".into())),
        _ = interrupt.recv() => Ok(End::Exited(130)),
        () = out::closed() => Err(io::Error::from(io::ErrorKind::BrokenPipe).into()),
    }
}

/// Writes what comes until the command ends. A thread of its own: a reader may keep it waiting.
fn write(
    mut rx: Receiver<ExecItem>,
    mut input: Option<(ExecWriter, runtime::Handle)>,
) -> io::Result<End> {
    // A handle of its own: what waits for a reader must not hold the lock of the shared one, which
    // the end of the program takes.
    let stdout = io::stdout();
    let mut output = File::from(stdout.as_fd().try_clone_to_owned()?);
    loop {
        match rx.blocking_recv() {
            Some(ExecItem::Started) => {
                if let Some((writer, runtime)) = input.take() {
                    feed(writer, runtime);
                }
            }
            Some(ExecItem::Output(bytes)) => output.write_all(&bytes)?,
            Some(ExecItem::Errors(bytes)) => io::stderr().lock().write_all(&bytes)?,
            Some(ExecItem::Ended(end)) => return Ok(end),
            None => return Ok(End::Lost("the connection ended".into())),
        }
    }
}

/// Passes standard input on. A thread of its own: reading it cannot be waited for.
fn feed(writer: ExecWriter, runtime: runtime::Handle) {
    std::thread::spawn(move || {
        let mut buffer = vec![0; INPUT];
        let mut stdin = io::stdin().lock();
        loop {
            let input = match stdin.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Ok(0) | Err(_) => ExecInput::Close,
                Ok(read) => ExecInput::Bytes(buffer[..read].to_vec()),
            };
            let last = input == ExecInput::Close;
            if runtime.block_on(writer.send(input)).is_err() || last {
                return;
            }
        }
    });
}

fn code(end: End) -> anyhow::Result<ExitCode> {
    match end {
        End::Exited(code) => Ok(u8::try_from(code).unwrap_or(UNKNOWN).into()),
        End::Refused(failure) => Err(Refusal::from(failure).into()),
        End::Failed(why) => {
            let hint = "the image may have no such program; `quarterdeck logs` needs none";
            Err(Refusal::new(
                Code::Failed,
                format!("the command did not run: {why}\n{hint}"),
            )
            .into())
        }
        end @ End::Lost(_) => {
            out::complain(&end.to_string());
            Ok(UNKNOWN.into())
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn an_end_that_nobody_knows_has_a_code_of_its_own() {
        for (end, expected) in [
            (End::Exited(0), 0),
            (End::Exited(137), 137),
            (End::Exited(300), UNKNOWN),
            (End::Lost("cut".into()), UNKNOWN),
        ] {
            assert_eq!(code(end).unwrap(), ExitCode::from(expected));
        }
    }
}
