//! The simulated shell: what a client finds behind `exec` by default. It has files, processes and
//! the commands that one uses to look around, all of it in memory; it runs nothing and touches
//! nothing of the machine.

mod arithmetic;
mod commands;
pub mod containers;
mod editor;
mod expand;
mod fs;
mod image;
mod interpret;
mod io;
mod pattern;
mod syntax;
mod terminal;

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{
    Streams,
    channel::{Exit, STDERR, STDOUT},
    process::Inside,
    runtime,
};
use containers::Container;
use interpret::{Running, Shell, Stop};
use io::{Io, Sink, Source};
use syntax::Fault;
use terminal::{Read, Terminal};

/// What `uname -a` and `/proc/version` tell.
const KERNEL: &str = "Linux version 6.12.0-demo (simulated)";
/// Said first on every terminal.
const GREETING: &[u8] =
    b"demo: this shell is simulated; nothing here touches your machine (try help)\r\n";
/// A command over several lines may grow to this.
const LONGEST: usize = 64 * 1024;

/// Runs a command to its end or to the end of the session.
pub async fn run(
    inside: Inside,
    container: Arc<Container>,
    command: Vec<String>,
    streams: Streams,
) {
    let Inside {
        stdin,
        size,
        output,
        exit,
        end,
    } = inside;
    let name = command.first().map(String::as_str).unwrap_or_default();
    let bare = !container.image.shell || container.fs().meta("/bin").is_none();
    let missing =
        (bare || commands::program(&container, name).is_none()).then(|| runtime::missing(name));
    if let Some(why) = missing {
        // A client that is gone needs no answer.
        let _ = exit.send(Exit::Failed(runtime::not_started(&command, &why)));
        return;
    }
    let process = Running::begin(Arc::clone(&container), 0, &command.join(" "));
    // Owns the output: it ends before the status is told.
    let working = async {
        if streams.tty {
            let terminal = Terminal::new(stdin, output, size);
            on_terminal(terminal, container, process.pid, &command).await
        } else {
            on_pipes(stdin, output, container, process.pid, &command, streams).await
        }
    };
    let code = tokio::select! {
        code = working => Some(code),
        signal = process.killed() => Some(128 + signal),
        () = end.cancelled() => None,
    };
    if let Some(code) = code {
        let _ = exit.send(Exit::Code(code));
    }
}

async fn on_pipes(
    stdin: mpsc::Receiver<Bytes>,
    output: mpsc::Sender<Bytes>,
    container: Arc<Container>,
    pid: u32,
    command: &[String],
    streams: Streams,
) -> i32 {
    let sink = |channel, open| {
        if open {
            Sink::Client {
                channel,
                tty: false,
                to: output.clone(),
            }
        } else {
            Sink::Null
        }
    };
    let io = Io {
        stdin: Source::channel(stdin),
        stdout: sink(STDOUT, streams.stdout),
        stderr: sink(STDERR, streams.stderr),
    };
    let mut shell = Shell::new(container, shell_name(command), pid, None);
    let done = commands::run_program(&mut shell, command, &io).await;
    finish(&mut shell, done, &io).await
}

async fn finish(shell: &mut Shell, done: Result<i32, Stop>, io: &Io) -> i32 {
    match done {
        Ok(status) => status,
        Err(stop) => shell.settle(Err(stop), &io.stderr).await,
    }
}

fn shell_name(command: &[String]) -> &str {
    let name = command.first().map_or("sh", String::as_str);
    name.rsplit('/').next().unwrap_or("sh")
}

async fn on_terminal(
    mut terminal: Terminal,
    container: Arc<Container>,
    pid: u32,
    command: &[String],
) -> i32 {
    let name = shell_name(command);
    let mut shell = Shell::new(container, name, pid, Some(terminal.tty()));
    let interactive = commands::SHELLS.contains(&name)
        && command[1..].iter().all(|word| {
            matches!(
                word.as_str(),
                "-i" | "-l" | "-il" | "--login" | "--norc" | "--noprofile"
            )
        });
    if !terminal.print(GREETING).await {
        return 129;
    }
    if interactive {
        return prompt(terminal, shell).await;
    }
    let io = terminal.io();
    let done = terminal
        .foreground(commands::run_program(&mut shell, command, &io))
        .await;
    match done {
        Some(Err(Stop::Become(name))) => {
            shell.name = name;
            prompt(terminal, shell).await
        }
        Some(done) => finish(&mut shell, done, &io).await,
        None => 130,
    }
}

/// Reads lines and runs them until the end.
async fn prompt(mut terminal: Terminal, mut shell: Shell) -> i32 {
    let io = terminal.io();
    let mut text = String::new();
    loop {
        let prompt = if text.is_empty() {
            shell.prompt()
        } else {
            "> ".to_owned()
        };
        let read = {
            let shell = &shell;
            let complete = |before: &str| commands::complete(shell, before);
            terminal.read(prompt, &complete).await
        };
        match read {
            Read::Line(line) => {
                text.push_str(&line);
                text.push('\n');
            }
            Read::Interrupt => {
                text.clear();
                shell.status = 130;
                continue;
            }
            Read::End if text.is_empty() => {
                terminal.print(b"exit\r\n").await;
                return shell.status;
            }
            Read::End => text.clear(),
        }
        if syntax::parse(&text) == Err(Fault::Unfinished) && text.len() < LONGEST {
            continue;
        }
        let line = std::mem::take(&mut text);
        shell.history = terminal.history().to_vec();
        let done = terminal.foreground(shell.script(&line, &io)).await;
        match done {
            Some(Ok(_)) => {}
            Some(Err(Stop::Exit(code))) => return code,
            Some(Err(Stop::Become(name))) => shell.name = name,
            Some(Err(stop)) => shell.status = shell.settle(Err(stop), &io.stderr).await,
            None => shell.status = 130,
        }
    }
}

#[cfg(test)]
mod tests;
