//! The commands of the simulated shell: finding one by name, and what they share.

mod archive;
mod builtin;
mod condition;
mod files;
mod lines;
mod print;
mod search;
mod system;
mod top;

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{
    containers::Container,
    image::PROGRAMS,
    interpret::{Shell, Stop},
    io::{Io, Source},
};

/// Names that the shell itself answers to.
const BUILTINS: &[&str] = &[
    ".", ":", "[", "break", "cd", "command", "continue", "echo", "eval", "exec", "exit", "export",
    "false", "help", "history", "kill", "printf", "pwd", "read", "return", "set", "shift",
    "source", "test", "times", "trap", "true", "type", "umask", "unset", "wait",
];

/// Names of the shell itself.
pub const SHELLS: &[&str] = &["sh", "bash", "ash"];

/// A command's end: its status, or why it was stopped.
pub type Outcome = Result<i32, Stop>;

/// The name under which a word of a command line is known: a built-in or a program of the image.
pub fn find(shell: &Shell, word: &str) -> Option<&'static str> {
    if let Some(builtin) = BUILTINS.iter().find(|name| **name == word) {
        return Some(builtin);
    }
    if word.contains('/') {
        let path = shell.path(word);
        program(&shell.container, &path)
    } else {
        program(&shell.container, word)
    }
}

/// The program of the image that a runtime would find under this name.
pub fn program(container: &Container, word: &str) -> Option<&'static str> {
    let (folder, name) = word.rsplit_once('/').unwrap_or(("/bin", word));
    let known = PROGRAMS.iter().find(|program| **program == name)?;
    let there = matches!(folder, "/bin" | "/usr/bin" | "/sbin" | "/usr/local/bin");
    // A program that somebody removed is gone.
    (there && container.meta(&format!("/bin/{name}")).is_some()).then_some(known)
}

/// Whether the command runs inside of the shell and is no process of its own.
pub fn is_builtin(name: &str) -> bool {
    BUILTINS.contains(&name)
}

/// Runs what a client asked for, which the runtime has found already.
pub async fn run_program(shell: &mut Shell, command: &[String], io: &Io) -> Outcome {
    let Some((name, rest)) = command.split_first() else {
        return Ok(0);
    };
    match program(&shell.container, name) {
        Some(known) => run(shell, known, rest, io).await,
        None => Ok(127),
    }
}

/// Runs a command that [`find`] has found.
pub async fn run(shell: &mut Shell, name: &'static str, arguments: &[String], io: &Io) -> Outcome {
    let mut call = Call {
        shell,
        name,
        arguments,
        io,
    };
    match name {
        "ls" => files::ls(&call).await,
        "cat" => files::cat(&call).await,
        "cp" => files::cp(&call).await,
        "mv" => files::mv(&call).await,
        "rm" => files::rm(&call).await,
        "mkdir" => files::mkdir(&call).await,
        "rmdir" => files::rmdir(&call).await,
        "touch" => files::touch(&call).await,
        "chmod" => files::chmod(&call).await,
        "tee" => files::tee(&call).await,
        "find" => files::find(&call).await,
        "du" => files::du(&call).await,
        "df" => files::df(&call).await,
        "tar" => archive::tar(&call).await,
        "head" => lines::head(&call).await,
        "tail" => lines::tail(&call).await,
        "wc" => lines::wc(&call).await,
        "sort" => lines::sort(&call).await,
        "uniq" => lines::uniq(&call).await,
        "cut" => lines::cut(&call).await,
        "tr" => lines::tr(&call).await,
        "grep" => search::grep(&call).await,
        "sed" => search::sed(&call).await,
        "echo" => print::echo(&call).await,
        "printf" => print::printf(&call).await,
        "seq" => print::seq(&call).await,
        "yes" => print::yes(&call).await,
        "basename" | "dirname" => print::name(&call).await,
        "test" | "[" => condition::test(&call).await,
        "top" => top::top(&call).await,
        "ps" => system::ps(&call).await,
        "env" => system::env(&mut call).await,
        "printenv" => system::printenv(&call).await,
        "date" => system::date(&call).await,
        "hostname" | "whoami" | "id" | "uname" | "tty" | "uptime" | "free" | "which" => {
            system::tell(&call).await
        }
        "sleep" => system::sleep(&call).await,
        "stty" => system::stty(&call).await,
        "clear" => call.out("\x1b[H\x1b[2J\x1b[3J").await,
        "xargs" => system::xargs(&mut call).await,
        "sh" | "bash" | "ash" => builtin::sh(&mut call).await,
        _ => builtin::run(&mut call).await,
    }
}

/// One call of a command.
pub struct Call<'a> {
    shell: &'a mut Shell,
    name: &'static str,
    arguments: &'a [String],
    io: &'a Io,
}

/// Arguments taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    flags: String,
    values: Vec<(char, String)>,
    rest: Vec<String>,
}

impl Options {
    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    fn value(&self, flag: char) -> Option<&str> {
        self.values
            .iter()
            .rev()
            .find(|(name, _)| *name == flag)
            .map(|(_, value)| value.as_str())
    }
}

/// Takes options apart: `flags` stand alone, `valued` ones have a value.
fn take(arguments: &[String], flags: &str, valued: &str) -> Result<Options, String> {
    let mut options = Options::default();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            options.rest.extend(words.cloned());
            break;
        }
        let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
            options.rest.push(word.clone());
            continue;
        };
        if letters.starts_with('-') {
            return Err(format!("unrecognized option '{word}'"));
        }
        for (at, letter) in letters.char_indices() {
            if flags.contains(letter) {
                options.flags.push(letter);
            } else if valued.contains(letter) {
                let glued = &letters[at + letter.len_utf8()..];
                let value = if glued.is_empty() {
                    words.next().cloned()
                } else {
                    Some(glued.to_owned())
                };
                let value =
                    value.ok_or_else(|| format!("option requires an argument -- '{letter}'"))?;
                options.values.push((letter, value));
                break;
            } else {
                return Err(format!("invalid option -- '{letter}'"));
            }
        }
    }
    Ok(options)
}

impl Call<'_> {
    fn options(&self, flags: &str, valued: &str) -> Result<Options, String> {
        take(self.arguments, flags, valued)
    }

    async fn out(&self, text: impl AsRef<[u8]> + Send) -> Outcome {
        self.io.stdout.write(text).await?;
        Ok(0)
    }

    async fn complain(&self, status: i32, why: &str) -> Outcome {
        self.io
            .stderr
            .write(format!("{}: {why}\n", self.name))
            .await?;
        Ok(status)
    }

    fn path(&self, path: &str) -> String {
        self.shell.path(path)
    }

    /// What a file operand names: `-` is the input.
    fn open(&self, path: &str) -> Result<Source, String> {
        open(self.shell, path, self.io)
    }

    /// The operands opened in turn, or the input when there are none; those that cannot be opened
    /// are complained about.
    async fn inputs(&self, paths: &[String]) -> Result<(Vec<(String, Source)>, i32), Stop> {
        if paths.is_empty() {
            return Ok((vec![("-".to_owned(), self.io.stdin.clone())], 0));
        }
        let mut status = 0;
        let mut all = Vec::new();
        for path in paths {
            match self.open(path) {
                Ok(source) => all.push((path.clone(), source)),
                Err(why) => {
                    status = self.complain(1, &format!("{path}: {why}")).await?;
                }
            }
        }
        Ok((all, status))
    }
}

/// Opens a file for reading, the devices included.
pub fn open(shell: &Shell, path: &str, io: &Io) -> Result<Source, String> {
    if path == "-" {
        return Ok(io.stdin.clone());
    }
    let path = shell.path(path);
    match path.as_str() {
        "/dev/null" => Ok(Source::empty()),
        "/dev/stdin" | "/dev/tty" => Ok(io.stdin.clone()),
        "/dev/zero" => Ok(endless(false)),
        "/dev/urandom" | "/dev/random" => Ok(endless(true)),
        _ => shell
            .container
            .fs()
            .read(&path)
            .map(Source::text)
            .map_err(|error| error.to_string()),
    }
}

/// Bytes without end, until nobody reads them.
fn endless(random: bool) -> Source {
    let (to, from) = mpsc::channel(2);
    tokio::spawn(async move {
        let mut seed = crate::demo::random::Random::new(
            u64::try_from(jiff::Timestamp::now().as_microsecond()).unwrap_or(0),
        );
        let mut piece = Bytes::from(vec![0; super::super::channel::PAYLOAD]);
        loop {
            if random {
                let words = (0..piece.len() / 8).flat_map(|_| seed.bits().to_le_bytes());
                piece = words.collect();
            }
            if to.send(piece.clone()).await.is_err() {
                return;
            }
        }
    });
    Source::channel(from)
}

/// What the word before the cursor could become: the word's last part and the candidates for it.
pub fn complete(shell: &Shell, before: &str) -> (String, Vec<String>) {
    let word = before
        .rsplit([' ', '\t', ';', '|', '&', '>', '<', '='])
        .next()
        .unwrap_or_default();
    let first = before[..before.len() - word.len()].trim_end();
    let is_command = first.is_empty() || first.ends_with([';', '|', '&']);
    if is_command && !word.contains('/') {
        let mut names: Vec<String> = BUILTINS
            .iter()
            .chain(PROGRAMS)
            .filter(|name| name.starts_with(word) && name.len() > 1)
            .map(|name| (*name).to_owned())
            .collect();
        names.sort();
        names.dedup();
        return (word.to_owned(), names);
    }
    let (folder, part) = match word.rsplit_once('/') {
        Some(("", part)) => ("/".to_owned(), part),
        Some((folder, part)) => (folder.to_owned(), part),
        None => (String::new(), word),
    };
    let entries = shell
        .container
        .fs()
        .list(&shell.path(&folder))
        .unwrap_or_default();
    let names = entries
        .into_iter()
        .filter(|(name, _)| {
            name.starts_with(part) && (!name.starts_with('.') || part.starts_with('.'))
        })
        .map(|(name, meta)| {
            if meta.folder {
                format!("{name}/")
            } else {
                name
            }
        })
        .collect();
    (part.to_owned(), names)
}

/// The shell's container.
fn container(call: &Call<'_>) -> Arc<Container> {
    Arc::clone(&call.shell.container)
}
