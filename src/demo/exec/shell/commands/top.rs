//! `top`: a screen that refreshes until `q` or ^C.

use std::{fmt::Write, sync::atomic::Ordering, time::Duration};

use jiff::tz::TimeZone;

use super::{Call, Outcome, files::options, system::cpu_time};
use crate::demo::random::Random;

pub async fn top(call: &Call<'_>) -> Outcome {
    let options = options!(call, "b", "nd");
    let pause = options
        .value('d')
        .and_then(|text| text.parse().ok())
        .and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok())
        .unwrap_or(Duration::from_secs(2))
        .max(Duration::from_millis(100));
    let turns: usize = options
        .value('n')
        .and_then(|text| text.parse().ok())
        .unwrap_or(usize::MAX);
    let batch = options.has('b') || call.shell.tty.is_none();
    for turn in 0..turns {
        if turn > 0 && wait(call, pause, batch).await {
            break;
        }
        call.out(screen(call, batch)).await?;
    }
    if let Some(tty) = &call.shell.tty {
        tty.raw.store(false, Ordering::Relaxed);
    }
    Ok(0)
}

/// Waits for the next turn, a new size or a key; whether the key was `q`.
async fn wait(call: &Call<'_>, pause: Duration, batch: bool) -> bool {
    let Some(tty) = call.shell.tty.as_ref().filter(|_| !batch) else {
        tokio::time::sleep(pause).await;
        return false;
    };
    tty.raw.store(true, Ordering::Relaxed);
    let mut size = tty.size.clone();
    size.mark_unchanged();
    let mut reader = call.io.stdin.reader().await;
    tokio::select! {
        () = tokio::time::sleep(pause) => false,
        Ok(()) = size.changed() => false,
        key = reader.chunk() => match key {
            Some(keys) => keys.contains(&b'q'),
            None => true,
        },
    }
}

fn screen(call: &Call<'_>, batch: bool) -> String {
    let now = call.shell.container.clock.now();
    // A second of one process looks the same whenever it is looked at.
    let second = now.as_second().cast_unsigned();
    let mut random = Random::new(u64::from(call.shell.pid) ^ second);
    let image = &call.shell.container.image;
    let size = call.shell.tty.as_ref().map(|tty| *tty.size.borrow());
    let (columns, rows) = size
        .filter(|_| !batch)
        .map_or((usize::MAX, usize::MAX), |size| {
            (
                usize::from(size.columns).max(1),
                usize::from(size.rows).max(1),
            )
        });
    let total = image.memory / 1024;
    let used = total / 2 + random.below(total / 50 + 1);
    let busy = 3 + random.below(9);
    let mut lines = vec![
        format!(
            "Mem: {used}K used, {}K free, 0K shrd, 0K buff, {}K cached",
            total - used.min(total),
            total / 6
        ),
        format!(
            "CPU: {busy:3}% usr   1% sys   0% nic {:3}% idle   0% io   0% irq   0% sirq",
            99 - busy
        ),
        format!(
            "Load average: 0.21 0.18 0.12 1/214 {}  {}",
            call.shell.pid,
            now.to_zoned(TimeZone::UTC).strftime("%H:%M:%S")
        ),
    ];
    let heading = "  PID  PPID USER     STAT   VSZ %CPU   TIME COMMAND";
    lines.push(heading.to_owned());
    for process in call.shell.container.running() {
        let main = process.pid < 20;
        let share = if process.pid == 1 { busy } else { 0 };
        let memory = if main { used / 1024 } else { 2 };
        let state = if process.pid == 1 { "S" } else { "R" };
        lines.push(format!(
            "{:>5} {:>5} root     {state}    {memory:>4}m {share:>3}% {} {}",
            process.pid,
            process.parent,
            cpu_time(&process, now),
            process.command
        ));
    }
    let mut text = String::new();
    if !batch {
        text.push_str("\x1b[H");
    }
    for (at, line) in lines.iter().take(rows.saturating_sub(1)).enumerate() {
        let shown: String = line.chars().take(columns).collect();
        let end = if batch { "" } else { "\x1b[K" };
        // Writing to a String cannot fail.
        let _ = if at == 3 && !batch {
            writeln!(text, "\x1b[7m{shown}\x1b[0m{end}")
        } else {
            writeln!(text, "{shown}{end}")
        };
    }
    if !batch {
        text.push_str("\x1b[J");
    }
    text
}
