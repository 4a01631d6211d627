//! Commands of the shell itself.

use super::{BUILTINS, Call, Outcome, SHELLS, find};
use crate::demo::exec::shell::{
    image::PROGRAMS,
    interpret::{Shell, Stop},
    io::Io,
    syntax::{self, Fault},
};

const HELP: &str = "\
demo: this shell is simulated: a small sh over files in memory, kept while the
demo runs. Nothing here touches your machine. Start the demo with --exec host
for a real shell in a scratch folder.

Also: pipes, && || ; ! > >> < << 2>&1, $(...), $((...)), $VAR ${VAR:-x}, quotes,
*.glob, if/for/while, ^A ^E ^U ^K ^W ^Y ^L ^R is not there, history, tab.

";

pub async fn run(call: &mut Call<'_>) -> Outcome {
    match call.name {
        "cd" => cd(call).await,
        "pwd" => call.out(format!("{}\n", call.shell.cwd)).await,
        "exit" | "return" => {
            let code = call.arguments.first().map(|word| word.parse::<i32>());
            match code {
                None => Err(Stop::Exit(call.shell.status)),
                Some(Ok(code)) => Err(Stop::Exit(code & 255)),
                Some(Err(_)) => {
                    let why = format!("Illegal number: {}", call.arguments[0]);
                    call.complain(2, &why).await?;
                    Err(Stop::Exit(2))
                }
            }
        }
        "exec" => exec(call).await,
        "true" | ":" | "trap" | "umask" | "wait" | "times" => Ok(0),
        "false" => Ok(1),
        "break" => Err(Stop::Break(levels(call))),
        "continue" => Err(Stop::Continue(levels(call))),
        "export" => export(call).await,
        "unset" => {
            for name in call.arguments {
                call.shell.vars.remove(name);
            }
            Ok(0)
        }
        "set" => set(call).await,
        "shift" => {
            let by = call
                .arguments
                .first()
                .and_then(|word| word.parse().ok())
                .unwrap_or(1);
            let by = call.shell.positional.len().min(by);
            call.shell.positional.drain(..by);
            Ok(0)
        }
        "read" => read(call).await,
        "eval" => {
            let text = call.arguments.join(" ");
            call.shell.script(&text, call.io).await
        }
        "." | "source" => source(call).await,
        "command" => command(call).await,
        "type" => describe(call, call.arguments).await,
        "history" => {
            let lines = call.shell.history.iter().enumerate();
            let text: String = lines
                .map(|(at, line)| format!("{:5}  {line}\n", at + 1))
                .collect();
            call.out(text).await
        }
        "kill" => kill(call).await,
        "help" => help(call).await,
        // Everything that can be found has its place above or in the dispatch.
        other => call.complain(127, &format!("{other}: not found")).await,
    }
}

fn levels(call: &Call<'_>) -> u32 {
    call.arguments
        .first()
        .and_then(|word| word.parse().ok())
        .unwrap_or(1)
        .max(1)
}

async fn cd(call: &mut Call<'_>) -> Outcome {
    let target = match call.arguments.first().map(String::as_str) {
        None => call.shell.parameter("HOME"),
        Some("-") => call.shell.parameter("OLDPWD"),
        Some(path) => path.to_owned(),
    };
    let path = call.path(&target);
    let meta = call.shell.container.meta(&path);
    match meta {
        Some(meta) if meta.folder => {
            let old = std::mem::replace(&mut call.shell.cwd, path);
            call.shell.vars.insert("OLDPWD".to_owned(), old);
            Ok(0)
        }
        Some(_) => {
            call.complain(1, &format!("can't cd to {target}: Not a directory"))
                .await
        }
        None => {
            call.complain(
                1,
                &format!("can't cd to {target}: No such file or directory"),
            )
            .await
        }
    }
}

async fn export(call: &mut Call<'_>) -> Outcome {
    if call.arguments.is_empty() || call.arguments[0] == "-p" {
        let all = call
            .shell
            .vars
            .iter()
            .filter(|(name, _)| call.shell.exported.contains(name));
        let text: String = all
            .map(|(name, value)| format!("export {name}='{value}'\n"))
            .collect();
        return call.out(text).await;
    }
    for word in call.arguments {
        let (name, value) = word
            .split_once('=')
            .map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
        if let Some(value) = value {
            call.shell.vars.insert(name.to_owned(), value.to_owned());
        }
        if !call.shell.exported.iter().any(|known| known == name) {
            call.shell.exported.push(name.to_owned());
        }
    }
    Ok(0)
}

async fn set(call: &mut Call<'_>) -> Outcome {
    if call.arguments.is_empty() {
        let all = call.shell.vars.iter();
        let text: String = all
            .map(|(name, value)| format!("{name}='{value}'\n"))
            .collect();
        return call.out(text).await;
    }
    for (at, word) in call.arguments.iter().enumerate() {
        let on = word.starts_with('-');
        match word.strip_prefix(['-', '+']) {
            Some("-") => {
                call.shell.positional = call.arguments[at + 1..].to_vec();
                break;
            }
            Some(letters) => {
                for letter in letters.chars() {
                    match letter {
                        'e' => call.shell.strict = on,
                        'x' => call.shell.tracing = on,
                        _ => {}
                    }
                }
            }
            None => {
                call.shell.positional = call.arguments[at..].to_vec();
                break;
            }
        }
    }
    Ok(0)
}

async fn read(call: &mut Call<'_>) -> Outcome {
    let names: Vec<&String> = call
        .arguments
        .iter()
        .filter(|word| !word.starts_with('-'))
        .collect();
    let line = call.io.stdin.reader().await.line().await;
    let Some(line) = line else { return Ok(1) };
    let text = String::from_utf8_lossy(&line)
        .trim_end_matches('\n')
        .to_owned();
    let mut rest = text.trim();
    for (at, name) in names.iter().enumerate() {
        let (value, more) = if at + 1 == names.len() {
            (rest, "")
        } else {
            rest.split_once(char::is_whitespace).unwrap_or((rest, ""))
        };
        call.shell.vars.insert((*name).clone(), value.to_owned());
        rest = more.trim_start();
    }
    if names.is_empty() {
        call.shell.vars.insert("REPLY".to_owned(), text);
    }
    Ok(0)
}

async fn source(call: &mut Call<'_>) -> Outcome {
    let Some(path) = call.arguments.first() else {
        return call.complain(2, "filename argument required").await;
    };
    let text = call
        .shell
        .container
        .fs()
        .read(&call.path(path))
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    match text {
        Ok(text) => call.shell.script(&text, call.io).await,
        Err(error) => call.complain(1, &format!("{path}: {error}")).await,
    }
}

async fn command(call: &mut Call<'_>) -> Outcome {
    match call.arguments.split_first() {
        Some((flag, rest)) if flag == "-v" || flag == "-V" => {
            let mut status = 0;
            for name in rest {
                match find(call.shell, name) {
                    Some(known) if BUILTINS.contains(&known) => {
                        call.out(format!("{name}\n")).await?
                    }
                    Some(known) => call.out(format!("/bin/{known}\n")).await?,
                    None => {
                        status = 127;
                        127
                    }
                };
            }
            Ok(status)
        }
        _ => call.shell.run(call.arguments, call.io).await,
    }
}

async fn describe(call: &Call<'_>, names: &[String]) -> Outcome {
    let mut status = 0;
    for name in names {
        let what = match find(call.shell, name) {
            Some(known) if BUILTINS.contains(&known) => "a shell builtin".to_owned(),
            Some(known) => format!("/bin/{known}"),
            None => {
                status = 127;
                "not found".to_owned()
            }
        };
        let is = if status == 127 { ":" } else { " is" };
        call.out(format!("{name}{is} {what}\n")).await?;
    }
    Ok(status)
}

async fn kill(call: &Call<'_>) -> Outcome {
    const SIGNALS: [(&str, i32); 8] = [
        ("HUP", 1),
        ("INT", 2),
        ("QUIT", 3),
        ("KILL", 9),
        ("USR1", 10),
        ("USR2", 12),
        ("TERM", 15),
        ("CONT", 18),
    ];
    let mut signal = 15;
    let mut words = call.arguments.iter();
    let mut status = 0;
    while let Some(word) = words.next() {
        let name = match word.strip_prefix('-') {
            Some("l") => {
                let all: Vec<&str> = SIGNALS.iter().map(|(name, _)| *name).collect();
                return call.out(format!("{}\n", all.join(" "))).await;
            }
            Some("s") => words.next().map(String::as_str),
            other => other,
        };
        if let Some(name) = name {
            let plain = name.trim_start_matches("SIG");
            let known = SIGNALS
                .iter()
                .find(|(known, _)| *known == plain)
                .map(|(_, number)| *number);
            match known.or_else(|| plain.parse().ok()) {
                Some(number) => signal = number,
                None => return call.complain(1, &format!("bad signal name '{name}'")).await,
            }
            continue;
        }
        match word.parse::<u32>() {
            Ok(pid) if call.shell.container.kill(pid, signal) => {}
            Ok(pid) => {
                status = call
                    .complain(1, &format!("can't kill pid {pid}: No such process"))
                    .await?;
            }
            Err(_) => {
                status = call
                    .complain(1, &format!("invalid number '{word}'"))
                    .await?;
            }
        }
    }
    Ok(status)
}

async fn help(call: &Call<'_>) -> Outcome {
    let mut names: Vec<&str> = BUILTINS
        .iter()
        .chain(PROGRAMS)
        .copied()
        .filter(|name| name.len() > 1)
        .collect();
    names.sort_unstable();
    names.dedup();
    let mut text = HELP.to_owned();
    let mut line = String::new();
    for name in names {
        if line.len() + name.len() > 76 {
            text += line.trim_end();
            text.push('\n');
            line.clear();
        }
        line += name;
        line.push(' ');
    }
    text += line.trim_end();
    call.out(text + "\n").await
}

/// `sh`: `-c TEXT`, a script among the files, or lines from the input.
pub async fn sh(call: &mut Call<'_>) -> Outcome {
    let mut shell = call.shell.clone();
    call.name.clone_into(&mut shell.name);
    shell.positional.clear();
    let mut words = call.arguments;
    while let Some((word, rest)) = words.split_first() {
        words = rest;
        match word.strip_prefix('-') {
            Some(letters) if letters.ends_with('c') && !letters.starts_with('-') => {
                shell.strict |= letters.contains('e');
                shell.tracing |= letters.contains('x');
                let Some((text, rest)) = words.split_first() else {
                    return call.complain(2, "-c requires an argument").await;
                };
                if let Some((name, rest)) = rest.split_first() {
                    name.clone_into(&mut shell.name);
                    shell.positional = rest.to_vec();
                }
                let done = shell.script(text, call.io).await;
                return end(&shell, done, call.io).await;
            }
            Some(letters) => shell.strict |= letters == "e",
            None => {
                shell.positional = words.to_vec();
                shell.name.clone_from(word);
                let text = shell
                    .container
                    .fs()
                    .read(&shell.path(word))
                    .map(|bytes| String::from_utf8_lossy(bytes).into_owned());
                return match text {
                    Ok(text) => {
                        let done = shell.script(&text, call.io).await;
                        end(&shell, done, call.io).await
                    }
                    Err(error) => {
                        call.complain(127, &format!("can't open '{word}': {error}"))
                            .await
                    }
                };
            }
        }
    }
    from_input(&mut shell, call.io).await
}

async fn end(shell: &Shell, done: Result<i32, Stop>, io: &Io) -> Outcome {
    match done {
        Ok(status) => Ok(status),
        Err(stop @ Stop::Become(_)) => Err(stop),
        Err(stop) => Ok(shell.settle(Err(stop), &io.stderr).await),
    }
}

/// Runs a command in place of this shell. A shell on the terminal is not run in here: whoever holds
/// the terminal goes on as that shell, with its line editing and control keys.
async fn exec(call: &mut Call<'_>) -> Outcome {
    let Some((name, rest)) = call.arguments.split_first() else {
        return Ok(0);
    };
    let on_terminal = call.shell.tty.is_some() && call.io.stdout.is_terminal();
    let is_shell = find(call.shell, name).is_some_and(|known| SHELLS.contains(&known));
    if on_terminal && is_shell && rest.is_empty() {
        return Err(Stop::Become(name.clone()));
    }
    let status = call.shell.run(call.arguments, call.io).await?;
    Err(Stop::Exit(status))
}

/// Runs lines as they come, as a script through a pipe or a shell within the shell.
async fn from_input(shell: &mut Shell, io: &Io) -> Outcome {
    let mut text = String::new();
    let at_prompt = shell.tty.is_some() && io.stdout.is_terminal();
    loop {
        if at_prompt {
            let prompt = if text.is_empty() {
                shell.prompt()
            } else {
                "> ".to_owned()
            };
            io.stdout.write(prompt).await?;
        }
        let line = io.stdin.reader().await.line().await;
        let ended = line.is_none();
        text.push_str(&String::from_utf8_lossy(&line.unwrap_or_default()));
        if !ended && syntax::parse(&text) == Err(Fault::Unfinished) {
            continue;
        }
        if at_prompt && ended {
            io.stdout.write("\n").await?;
        }
        let done = shell.script(&text, io).await;
        text.clear();
        match done {
            Ok(_) if ended => return Ok(shell.status),
            Ok(_) => {}
            Err(Stop::Error(why)) if at_prompt => {
                shell.status = shell.settle(Err(Stop::Error(why)), &io.stderr).await;
            }
            Err(stop) => return Ok(shell.settle(Err(stop), &io.stderr).await),
        }
    }
}
