//! Commands that tell about the container and its processes.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{Call, Outcome, files::options};
use crate::demo::exec::shell::{KERNEL, containers::Process};

pub async fn ps(call: &Call<'_>) -> Outcome {
    // `ps aux` and `ps -ef` are typed by habit; the columns are those of a small system either way.
    let now = call.shell.container.clock.now();
    let mut text = "PID   USER     TIME  COMMAND\n".to_owned();
    for process in call.shell.container.running() {
        text += &format!(
            "{:>5} root     {} {}\n",
            process.pid,
            cpu_time(&process, now),
            process.command
        );
    }
    call.out(text).await
}

/// Processor time as a service of this age would have used: a minute for two hours.
pub fn cpu_time(process: &Process, now: Timestamp) -> String {
    let age = now.duration_since(process.began).max(SignedDuration::ZERO);
    let share = if process.pid < 20 { 120 } else { 100_000 };
    let seconds = age.as_secs() / share;
    format!("{:>2}:{:02}", seconds / 60, seconds % 60)
}

pub async fn env(call: &mut Call<'_>) -> Outcome {
    let mut words = call.arguments;
    let mut shell = call.shell.clone();
    while let Some((first, rest)) = words.split_first() {
        match first.split_once('=') {
            Some((name, value)) => {
                shell.vars.insert(name.to_owned(), value.to_owned());
                shell.exported.push(name.to_owned());
            }
            None if first == "-i" => {
                shell.vars.clear();
                shell.exported.clear();
            }
            None => break,
        }
        words = rest;
    }
    if !words.is_empty() {
        return shell.run(words, call.io).await;
    }
    let mut names: Vec<&String> = Vec::new();
    for name in &shell.exported {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut text = String::new();
    for name in names {
        if let Some(value) = shell.vars.get(name) {
            text += &format!("{name}={value}\n");
        }
    }
    text += &format!("PWD={}\n", shell.cwd);
    call.out(text).await
}

pub async fn printenv(call: &Call<'_>) -> Outcome {
    let mut status = 0;
    let mut text = String::new();
    if call.arguments.is_empty() {
        for (name, value) in &call.shell.vars {
            if call.shell.exported.contains(name) {
                text += &format!("{name}={value}\n");
            }
        }
    }
    for name in call.arguments {
        match call.shell.vars.get(name) {
            Some(value) => text += &format!("{value}\n"),
            None => status = 1,
        }
    }
    call.out(text).await?;
    Ok(status)
}

pub async fn date(call: &Call<'_>) -> Outcome {
    let options = options!(call, "uIR", "d");
    let now = call.shell.container.clock.now().to_zoned(TimeZone::UTC);
    let format = match options.rest.first() {
        Some(format) if format.starts_with('+') => &format[1..],
        Some(other) => return call.complain(1, &format!("invalid date '{other}'")).await,
        None if options.has('I') => "%Y-%m-%d",
        None if options.has('R') => "%a, %d %b %Y %H:%M:%S +0000",
        None => "%a %b %e %H:%M:%S UTC %Y",
    };
    match jiff::fmt::strtime::format(format, &now) {
        Ok(text) => call.out(format!("{text}\n")).await,
        Err(_) => {
            call.complain(1, &format!("invalid format '{format}'"))
                .await
        }
    }
}

/// Commands of one line.
pub async fn tell(call: &Call<'_>) -> Outcome {
    let image = &call.shell.container.image;
    let text = match call.name {
        "hostname" if call.arguments.iter().any(|word| word == "-i") => image.address.clone(),
        "hostname" => image.host.clone(),
        "whoami" => "root".to_owned(),
        "id" if call
            .arguments
            .iter()
            .any(|word| word == "-u" || word == "-g") =>
        {
            "0".to_owned()
        }
        "id" => "uid=0(root) gid=0(root) groups=0(root)".to_owned(),
        "uname" => uname(call),
        "tty" if call.shell.tty.is_some() => "/dev/pts/0".to_owned(),
        "tty" => {
            call.out("not a tty\n").await?;
            return Ok(1);
        }
        "uptime" => {
            let now = call.shell.container.clock.now();
            let age = now.duration_since(image.began).as_secs().max(0);
            let clock = now.to_zoned(TimeZone::UTC).strftime("%H:%M:%S").to_string();
            format!(
                " {clock} up {} days, {:2}:{:02},  0 users,  load average: 0.21, 0.18, 0.12",
                age / 86_400,
                age / 3600 % 24,
                age / 60 % 60
            )
        }
        "free" => {
            let total = image.memory / 1024;
            format!(
                "              total        used        free      shared  buff/cache   available\nMem:     {total:>10}  {:>10}  {:>10}           0  {:>10}  {:>10}",
                total / 2,
                total / 3,
                total / 6,
                total / 2
            )
        }
        _ => return which(call).await,
    };
    call.out(text + "\n").await
}

fn uname(call: &Call<'_>) -> String {
    let release = KERNEL.split(' ').nth(2).unwrap_or_default();
    let letters: String = call
        .arguments
        .iter()
        .map(|word| word.trim_start_matches('-'))
        .collect();
    let all = letters.contains('a');
    let parts = [
        ('s', "Linux"),
        ('n', &call.shell.container.image.host),
        ('r', release),
        ('v', "#1 simulated"),
        ('m', "x86_64"),
        ('o', "Linux"),
    ];
    let wanted: Vec<&str> = parts
        .into_iter()
        .filter(|(letter, _)| {
            all || letters.contains(*letter) || (letters.is_empty() && *letter == 's')
        })
        .map(|(_, part)| part)
        .collect();
    wanted.join(" ")
}

async fn which(call: &Call<'_>) -> Outcome {
    let mut status = 0;
    for name in call.arguments {
        if let Some(known) = super::program(&call.shell.container, name) {
            call.out(format!("/bin/{known}\n")).await?
        } else {
            status = 1;
            1
        };
    }
    Ok(status)
}

pub async fn sleep(call: &Call<'_>) -> Outcome {
    let mut total = 0.0;
    if call.arguments.is_empty() {
        return call.complain(1, "missing operand").await;
    }
    for word in call.arguments {
        let (digits, factor) = match word.char_indices().last() {
            Some((at, 's')) => (&word[..at], 1.0),
            Some((at, 'm')) => (&word[..at], 60.0),
            Some((at, 'h')) => (&word[..at], 3600.0),
            Some((at, 'd')) => (&word[..at], 86_400.0),
            _ => (word.as_str(), 1.0),
        };
        match digits.parse::<f64>() {
            Ok(number) if number >= 0.0 => total += number * factor,
            _ if matches!(word.as_str(), "infinity" | "inf") => total = f64::INFINITY,
            _ => return call.complain(1, &format!("invalid number '{word}'")).await,
        }
    }
    match Duration::try_from_secs_f64(total) {
        Ok(duration) => tokio::time::sleep(duration).await,
        Err(_) => std::future::pending().await,
    }
    Ok(0)
}

pub async fn stty(call: &Call<'_>) -> Outcome {
    let Some(tty) = &call.shell.tty else {
        return call.complain(1, "standard input: Not a tty").await;
    };
    let size = *tty.size.borrow();
    match call.arguments.first().map(String::as_str) {
        Some("size") => call.out(format!("{} {}\n", size.rows, size.columns)).await,
        None | Some("-a") => {
            call.out(format!(
                "speed 38400 baud; rows {}; columns {};\n",
                size.rows, size.columns
            ))
            .await
        }
        // Modes belong to the built-in line editor.
        Some(_) => Ok(0),
    }
}

pub async fn xargs(call: &mut Call<'_>) -> Outcome {
    let mut words = call.arguments.to_vec();
    let mut at_once = usize::MAX;
    if words.first().is_some_and(|word| word == "-n") && words.len() > 1 {
        at_once = words[1].parse().unwrap_or(1).max(1);
        words.drain(..2);
    }
    if words.is_empty() {
        words.push("echo".to_owned());
    }
    let all = call.io.stdin.reader().await.all().await;
    let all = String::from_utf8_lossy(&all).into_owned();
    let arguments: Vec<String> = all.split_whitespace().map(str::to_owned).collect();
    let mut status = 0;
    for group in arguments.chunks(at_once.min(arguments.len().max(1))) {
        let mut command = words.clone();
        command.extend(group.iter().cloned());
        let done = call.shell.run(&command, call.io).await?;
        if done != 0 {
            status = 123;
        }
    }
    Ok(status)
}
