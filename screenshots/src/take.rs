//! Takes one picture: a home and a cluster of its own, the steps, the SVG.

use super::console::Console;
use super::film::{Frame, film};
use super::font::Fonts;
use super::grid::Grid;
use super::script::{Picture, Script, Step, Victim, key};
use super::svg::still;
use anyhow::Context;
use portable_pty::CommandBuilder;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// How long a typed character stands in a film, in milliseconds.
const TYPED: u32 = 90;

/// What was taken: the SVG, and a grid to make a still of (the last one).
pub struct Taken {
    pub svg: String,
    pub last: Grid,
    /// The screens of a film.
    pub frames: Vec<Frame>,
}

/// The demo's server as a process; it is killed with its holder.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Takes `picture` of `program`.
pub fn take(
    program: &Path,
    script: &Script,
    picture: &Picture,
    fonts: &Fonts,
) -> anyhow::Result<Taken> {
    let home = tempfile::tempdir()?;
    for (path, text) in &picture.files {
        let path = home.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(home.path()))?;
        fs::write(path, text)?;
    }
    let mut server = None;
    let mut command = environment(program, home.path());
    command.args(["--still-at", &script.still_at]);
    if picture.served {
        let kubeconfig = home.path().join("demo.kubeconfig");
        server = Some(serve(program, script, &kubeconfig)?);
        command.arg("--kubeconfig");
        command.arg(&kubeconfig);
    } else {
        command.args(["demo", "--seed", &script.seed.to_string()]);
    }
    command.args(&picture.args);
    command.cwd(home.path().join(&picture.folder));
    let palette = if picture.light {
        &script.light
    } else {
        &script.dark
    };
    let mut console = Console::start(command, picture.size, palette)?;
    let mut frames: Vec<Frame> = Vec::new();
    let program = console.pid();
    let settle = |console: &mut Console, server: &Option<Server>, ready: &dyn Fn(&Grid) -> bool| {
        let server = server.as_ref().map(|server| server.0.id());
        let processes: Vec<u32> = program.into_iter().chain(server).collect();
        console.settled(ready, &processes, script.settle, script.patience)
    };
    for (at, step) in picture.steps.iter().enumerate() {
        let done = match step {
            Step::Wait(text) => settle(&mut console, &server, &|grid| grid.shows(text)).map(drop),
            Step::Gone(text) => settle(&mut console, &server, &|grid| !grid.shows(text)).map(drop),
            Step::Press(keys) => keys.split_ascii_whitespace().try_for_each(|name| {
                console.send(&key(name)?)?;
                settle(&mut console, &server, &|_| true).map(drop)
            }),
            Step::Type(text) => text.chars().try_for_each(|character| {
                console.send(character.encode_utf8(&mut [0; 4]).as_bytes())?;
                if picture.film {
                    let grid = settle(&mut console, &server, &|_| true)?;
                    frames.push(Frame {
                        grid,
                        stands: TYPED,
                    });
                }
                Ok(())
            }),
            Step::Hold(ms) => settle(&mut console, &server, &|_| true).map(|grid| {
                frames.push(Frame { grid, stands: *ms });
            }),
            Step::Kill(Victim::Server) => {
                server = None;
                Ok(())
            }
        };
        done.with_context(|| format!("picture {}, step {} ({step:?})", picture.name, at + 1))?;
    }
    let last = settle(&mut console, &server, &|_| true)?;
    drop(console);
    drop(server);
    let svg = if picture.film {
        film(fonts, &frames)
    } else {
        still(fonts, &last)
    };
    Ok(Taken { svg, last, frames })
}

/// The program with a home of its own and nothing else of this machine but its paths.
fn environment(program: &Path, home: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    command.env_clear();
    for (name, value) in variables(home) {
        command.env(name, value);
    }
    command
}

fn variables(home: &Path) -> Vec<(&'static str, std::ffi::OsString)> {
    vec![
        // The same on every machine: none has an engine.
        ("DOCKER_HOST", "unix:///nonexistent.sock".into()),
        ("PATH", std::env::var_os("PATH").unwrap_or_default()),
        ("HOME", home.into()),
        ("XDG_RUNTIME_DIR", home.into()),
        ("TERM", "xterm-256color".into()),
        ("COLORTERM", "truecolor".into()),
        ("LANG", "C.UTF-8".into()),
        ("TZ", "UTC".into()),
    ]
}

/// Starts the demo's server and waits until it answers.
fn serve(program: &Path, script: &Script, kubeconfig: &Path) -> anyhow::Result<Server> {
    let home = kubeconfig
        .parent()
        .context("the kubeconfig has no folder")?;
    let child = Command::new(program)
        .args(["--still-at", &script.still_at, "demo", "serve"])
        .args(["--seed", &script.seed.to_string(), "--kubeconfig-out"])
        .arg(kubeconfig)
        .env_clear()
        .envs(variables(home))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut server = Server(child);
    let output = server.0.stdout.take().context("the server has no output")?;
    let mut ready = String::new();
    BufReader::new(output).read_line(&mut ready)?;
    anyhow::ensure!(!ready.is_empty(), "the demo's server ended at once");
    Ok(server)
}
