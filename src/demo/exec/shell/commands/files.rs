//! Commands on files and folders.

use jiff::Timestamp;

use super::{Call, Outcome};
use crate::demo::exec::shell::{
    fs::{Errno, Meta},
    interpret::Stop,
    pattern,
};

/// Complains about options and leaves the command.
macro_rules! options {
    ($call:expr, $flags:expr, $valued:expr) => {
        match $call.options($flags, $valued) {
            Ok(options) => options,
            Err(why) => return $call.complain(2, &why).await,
        }
    };
}
pub(super) use options;

pub async fn ls(call: &Call<'_>) -> Outcome {
    let options = options!(call, "laAh1dRtrSFi", "");
    let operands = if options.rest.is_empty() {
        vec![".".to_owned()]
    } else {
        options.rest.clone()
    };
    let mut status = 0;
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for operand in operands {
        match call.shell.container.meta(&call.path(&operand)) {
            None => {
                let why = format!("{operand}: {}", Errno::NotFound);
                status = call.complain(1, &why).await?;
            }
            Some(meta) if meta.folder && !options.has('d') => folders.push(operand),
            Some(meta) => files.push((operand, meta)),
        }
    }
    let many = folders.len() + usize::from(!files.is_empty()) > 1 || options.has('R');
    let mut text = String::new();
    if !files.is_empty() {
        text += &listing(call, &options, files);
    }
    let mut folders: std::collections::VecDeque<String> = folders.into();
    while let Some(folder) = folders.pop_front() {
        let fs = call.shell.container.fs();
        let mut entries = fs.list(&call.path(&folder)).unwrap_or_default();
        entries.retain(|(name, _)| options.has('a') || options.has('A') || !name.starts_with('.'));
        if options.has('R') {
            let below: Vec<String> = entries
                .iter()
                .filter(|(_, meta)| meta.folder)
                .map(|(name, _)| format!("{}/{name}", folder.trim_end_matches('/')))
                .collect();
            for folder in below.into_iter().rev() {
                folders.push_front(folder);
            }
        }
        if options.has('a') {
            let meta = |path: String| fs.meta(&path);
            let dots = [".", ".."]
                .map(|dot| (dot.to_owned(), meta(call.path(&format!("{folder}/{dot}")))));
            let dots = dots
                .into_iter()
                .filter_map(|(name, meta)| Some((name, meta?)));
            entries = dots.chain(entries).collect();
        }
        drop(fs);
        if many {
            if !text.is_empty() {
                text.push('\n');
            }
            text += &format!("{folder}:\n");
        }
        if options.has('l') {
            text += &format!(
                "total {}\n",
                entries.iter().map(|(_, meta)| blocks(meta)).sum::<usize>()
            );
        }
        text += &listing(call, &options, entries);
    }
    call.out(text).await?;
    Ok(status)
}

/// Kibibytes on the disk.
fn blocks(meta: &Meta) -> usize {
    meta.size.div_ceil(4096) * 4
}

fn listing(call: &Call<'_>, options: &super::Options, mut entries: Vec<(String, Meta)>) -> String {
    if options.has('t') {
        entries.sort_by_key(|(_, meta)| std::cmp::Reverse(meta.changed));
    }
    if options.has('S') {
        entries.sort_by_key(|(_, meta)| std::cmp::Reverse(meta.size));
    }
    if options.has('r') {
        entries.reverse();
    }
    let terminal = call.io.stdout.is_terminal();
    let shown = |name: &str, meta: &Meta| {
        let mark = match (options.has('F'), meta.folder, meta.mode & 0o111 != 0) {
            (true, true, _) => "/",
            (true, _, true) => "*",
            _ => "",
        };
        let colour = match (terminal, meta.folder, meta.mode & 0o111 != 0) {
            (true, true, _) => Some("1;34"),
            (true, _, true) => Some("1;32"),
            _ => None,
        };
        colour.map_or_else(
            || format!("{name}{mark}"),
            |colour| format!("\x1b[{colour}m{name}\x1b[0m{mark}"),
        )
    };
    if options.has('l') {
        let sizes: Vec<String> = entries
            .iter()
            .map(|(_, meta)| size(meta.size, options.has('h')))
            .collect();
        let width = sizes.iter().map(String::len).max().unwrap_or(0);
        let lines = entries.iter().zip(&sizes).map(|((name, meta), size)| {
            let links = if meta.folder { 2 } else { 1 };
            format!(
                "{} {links} root root {size:>width$} {} {}\n",
                mode(meta),
                moment(meta.changed),
                shown(name, meta)
            )
        });
        return lines.collect();
    }
    if terminal && !options.has('1') {
        return columns(call, &entries, shown);
    }
    entries
        .iter()
        .map(|(name, meta)| format!("{}\n", shown(name, meta)))
        .collect()
}

/// Names side by side, as wide as the terminal.
fn columns(
    call: &Call<'_>,
    entries: &[(String, Meta)],
    shown: impl Fn(&str, &Meta) -> String,
) -> String {
    let wide = call
        .shell
        .tty
        .as_ref()
        .map_or(80, |tty| usize::from(tty.size.borrow().columns));
    let widest = entries
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0)
        + 2;
    let fit = (wide / widest).max(1);
    let rows = entries.len().div_ceil(fit);
    let mut text = String::new();
    for row in 0..rows {
        let mut line = String::new();
        for (name, meta) in entries.iter().skip(row).step_by(rows) {
            line += &shown(name, meta);
            line += &" ".repeat(widest - name.chars().count().min(widest));
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn mode(meta: &Meta) -> String {
    let bit = |shift: u32, letter: char| {
        if meta.mode >> shift & 1 == 1 {
            letter
        } else {
            '-'
        }
    };
    let kind = if meta.folder { 'd' } else { '-' };
    let bits = (0..9)
        .rev()
        .map(|shift| bit(shift, ['x', 'w', 'r'][shift as usize % 3]));
    std::iter::once(kind).chain(bits).collect()
}

fn size(bytes: usize, human: bool) -> String {
    if !human || bytes < 1024 {
        return bytes.to_string();
    }
    let (mut whole, mut unit) = (bytes * 10 / 1024, 'K');
    for next in ['M', 'G'] {
        if whole >= 10_240 {
            whole /= 1024;
            unit = next;
        }
    }
    if whole < 100 {
        format!("{}.{}{unit}", whole / 10, whole % 10)
    } else {
        format!("{}{unit}", whole / 10)
    }
}

fn moment(at: Timestamp) -> String {
    let zoned = at.to_zoned(jiff::tz::TimeZone::UTC);
    zoned.strftime("%b %e %H:%M").to_string()
}

pub async fn cat(call: &Call<'_>) -> Outcome {
    let options = options!(call, "nAe", "");
    let (inputs, status) = call.inputs(&options.rest).await?;
    let mut number = 0;
    for (_, source) in inputs {
        let mut reader = source.reader().await;
        if options.has('n') {
            while let Some(line) = reader.line().await {
                number += 1;
                let mut numbered = format!("{number:6}\t").into_bytes();
                numbered.extend_from_slice(&line);
                call.out(numbered).await?;
            }
            continue;
        }
        while let Some(chunk) = reader.chunk().await {
            call.out(chunk).await?;
        }
    }
    Ok(status)
}

/// Where something goes that is copied or moved to `to`: into it when it is a folder.
fn destination(call: &Call<'_>, from: &str, to: &str) -> String {
    let target = call.path(to);
    if call.shell.container.fs().is_folder(&target) {
        let name = from
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or(from);
        format!("{}/{name}", target.trim_end_matches('/'))
    } else {
        target
    }
}

async fn two_or_more<'a>(
    call: &Call<'_>,
    rest: &'a [String],
) -> Result<Result<(&'a [String], &'a str), i32>, Stop> {
    match rest.split_last() {
        Some((to, from)) if !from.is_empty() => {
            let folder = call.shell.container.fs().is_folder(&call.path(to));
            if from.len() > 1 && !folder {
                return Ok(Err(call
                    .complain(1, &format!("target '{to}': {}", Errno::NotFolder))
                    .await?));
            }
            Ok(Ok((from, to)))
        }
        _ => Ok(Err(call.complain(1, "missing file operand").await?)),
    }
}

pub async fn cp(call: &Call<'_>) -> Outcome {
    let options = options!(call, "rRafpvi", "");
    let (from, to) = match two_or_more(call, &options.rest).await? {
        Ok(both) => both,
        Err(status) => return Ok(status),
    };
    let recursive = "rRa".chars().any(|flag| options.has(flag));
    let mut status = 0;
    for source in from {
        let target = destination(call, source, to);
        if let Err(why) = copy(call, &call.path(source), &target, recursive) {
            status = call.complain(1, &format!("{source}: {why}")).await?;
        }
    }
    Ok(status)
}

fn copy(call: &Call<'_>, from: &str, to: &str, recursive: bool) -> Result<(), String> {
    let words = |error: Errno| error.to_string();
    let container = &call.shell.container;
    let now = container.clock.now();
    let mut fs = container.fs();
    let mut left = vec![(from.to_owned(), to.to_owned())];
    if format!("{to}/").starts_with(&format!("{from}/")) {
        return Err(format!("cannot be copied to itself, '{to}'"));
    }
    while let Some((from, to)) = left.pop() {
        let meta = fs.meta(&from).ok_or(Errno::NotFound).map_err(words)?;
        if meta.folder {
            if !recursive {
                return Err("omitting directory".to_owned());
            }
            fs.make_folder(&to, true, now).map_err(words)?;
            for (name, _) in fs.list(&from).map_err(words)? {
                left.push((format!("{from}/{name}"), format!("{to}/{name}")));
            }
        } else {
            let bytes = fs.read(&from).map_err(words)?.to_vec();
            fs.write(&to, &bytes, false, now).map_err(words)?;
            fs.set_mode(&to, meta.mode).map_err(words)?;
        }
    }
    Ok(())
}

pub async fn mv(call: &Call<'_>) -> Outcome {
    let options = options!(call, "fivn", "");
    let (from, to) = match two_or_more(call, &options.rest).await? {
        Ok(both) => both,
        Err(status) => return Ok(status),
    };
    let mut status = 0;
    for source in from {
        let target = destination(call, source, to);
        let moved = call
            .shell
            .container
            .fs()
            .rename(&call.path(source), &target);
        if let Err(error) = moved {
            status = call
                .complain(1, &format!("can't rename '{source}': {error}"))
                .await?;
        }
    }
    Ok(status)
}

pub async fn rm(call: &Call<'_>) -> Outcome {
    let options = options!(call, "rRfvi", "");
    let recursive = options.has('r') || options.has('R');
    if options.rest.is_empty() && !options.has('f') {
        return call.complain(1, "missing operand").await;
    }
    let mut status = 0;
    for operand in &options.rest {
        let removed = call
            .shell
            .container
            .fs()
            .remove(&call.path(operand), recursive);
        match removed {
            Ok(()) => {}
            Err(Errno::NotFound) if options.has('f') => {}
            Err(error) => {
                status = call
                    .complain(1, &format!("can't remove '{operand}': {error}"))
                    .await?;
            }
        }
    }
    Ok(status)
}

/// Does something to each operand; a complaint for each that fails.
async fn each(
    call: &Call<'_>,
    operands: &[String],
    what: &str,
    act: impl Fn(&str) -> Result<(), Errno>,
) -> Outcome {
    if operands.is_empty() {
        return call.complain(1, "missing operand").await;
    }
    let mut status = 0;
    for operand in operands {
        if let Err(error) = act(&call.path(operand)) {
            status = call
                .complain(1, &format!("{what} '{operand}': {error}"))
                .await?;
        }
    }
    Ok(status)
}

pub async fn mkdir(call: &Call<'_>) -> Outcome {
    let options = options!(call, "pv", "m");
    let container = super::container(call);
    each(call, &options.rest, "can't create directory", |path| {
        container
            .fs()
            .make_folder(path, options.has('p'), container.clock.now())
    })
    .await
}

pub async fn rmdir(call: &Call<'_>) -> Outcome {
    let options = options!(call, "p", "");
    let container = super::container(call);
    each(call, &options.rest, "", |path| {
        container.fs().remove_folder(path)
    })
    .await
}

pub async fn touch(call: &Call<'_>) -> Outcome {
    let options = options!(call, "acm", "");
    let container = super::container(call);
    each(call, &options.rest, "", |path| {
        let now = container.clock.now();
        let mut fs = container.fs();
        if fs.meta(path).is_some() {
            fs.touch(path, now)
        } else if options.has('c') {
            Ok(())
        } else {
            fs.write(path, b"", true, now)
        }
    })
    .await
}

pub async fn chmod(call: &Call<'_>) -> Outcome {
    let options = options!(call, "Rv", "");
    let Some((mode, operands)) = options.rest.split_first() else {
        return call.complain(1, "missing operand").await;
    };
    let container = super::container(call);
    let change = |old: u32| match mode.as_str() {
        "+x" | "a+x" => Some(old | 0o111),
        "-x" | "a-x" => Some(old & !0o111),
        "+w" | "u+w" => Some(old | 0o200),
        "-w" | "u-w" => Some(old & !0o200),
        "u+x" => Some(old | 0o100),
        "+r" | "a+r" => Some(old | 0o444),
        octal => u32::from_str_radix(octal, 8).ok(),
    };
    if change(0).is_none() {
        return call.complain(1, &format!("invalid mode '{mode}'")).await;
    }
    each(call, operands, "", |path| {
        let mut fs = container.fs();
        let old = fs.meta(path).ok_or(Errno::NotFound)?.mode;
        fs.set_mode(path, change(old).unwrap_or(old))
    })
    .await
}

pub async fn tee(call: &Call<'_>) -> Outcome {
    let options = options!(call, "ai", "");
    let mut status = 0;
    let mut files = Vec::new();
    for operand in &options.rest {
        match call.shell.create(operand, options.has('a'), call.io) {
            Ok(sink) => files.push(sink),
            Err(why) => status = call.complain(1, &format!("{operand}: {why}")).await?,
        }
    }
    let mut reader = call.io.stdin.reader().await;
    while let Some(chunk) = reader.chunk().await {
        for file in &files {
            if file.write(&chunk).await.is_err() {
                return call.complain(1, &Errno::Full.to_string()).await;
            }
        }
        call.out(chunk).await?;
    }
    Ok(status)
}

pub async fn find(call: &Call<'_>) -> Outcome {
    let mut roots: Vec<&str> = Vec::new();
    let mut words = call.arguments.iter();
    let (mut name, mut kind, mut depth) = (None, None, usize::MAX);
    while let Some(word) = words.next() {
        match word.as_str() {
            "-name" | "-iname" => name = words.next().cloned(),
            "-type" => kind = words.next().cloned(),
            "-maxdepth" => depth = words.next().and_then(|text| text.parse().ok()).unwrap_or(0),
            "-print" => {}
            other if other.starts_with('-') => {
                return call.complain(1, &format!("unrecognized: {other}")).await;
            }
            root => roots.push(root),
        }
    }
    if roots.is_empty() {
        roots.push(".");
    }
    let pattern: Option<Vec<(char, bool)>> =
        name.map(|name| name.chars().map(|c| (c, false)).collect());
    let mut status = 0;
    let mut text = String::new();
    for root in roots {
        let mut left = vec![(root.to_owned(), 0)];
        if call.shell.container.meta(&call.path(root)).is_none() {
            status = call
                .complain(1, &format!("{root}: {}", Errno::NotFound))
                .await?;
            continue;
        }
        while let Some((path, level)) = left.pop() {
            let fs = call.shell.container.fs();
            let Some(meta) = fs.meta(&call.path(&path)) else {
                continue;
            };
            let own = path
                .trim_end_matches('/')
                .rsplit('/')
                .next()
                .unwrap_or(&path);
            let kind_fits = kind
                .as_deref()
                .is_none_or(|kind| (kind == "d") == meta.folder);
            if kind_fits
                && pattern
                    .as_ref()
                    .is_none_or(|pattern| pattern::matches(pattern, own))
            {
                text += &format!("{path}\n");
            }
            if meta.folder && level < depth {
                let entries = fs.list(&call.path(&path)).unwrap_or_default();
                let base = path.trim_end_matches('/');
                left.extend(
                    entries
                        .into_iter()
                        .rev()
                        .map(|(name, _)| (format!("{base}/{name}"), level + 1)),
                );
            }
        }
    }
    call.out(text).await?;
    Ok(status)
}

pub async fn du(call: &Call<'_>) -> Outcome {
    let options = options!(call, "shakm", "d");
    let operands = if options.rest.is_empty() {
        vec![".".to_owned()]
    } else {
        options.rest.clone()
    };
    let mut text = String::new();
    let mut status = 0;
    for operand in operands {
        if call.shell.container.meta(&call.path(&operand)).is_none() {
            status = call
                .complain(1, &format!("{operand}: {}", Errno::NotFound))
                .await?;
            continue;
        }
        let fs = call.shell.container.fs();
        let mut lines = Vec::new();
        let total = weigh(&fs, &call.path(&operand), &operand, &mut lines);
        if options.has('s') {
            lines = vec![(total, operand)];
        }
        for (kibibytes, path) in lines {
            let shown = if options.has('h') {
                size(kibibytes * 1024, true)
            } else {
                kibibytes.to_string()
            };
            text += &format!("{shown}\t{path}\n");
        }
    }
    call.out(text).await?;
    Ok(status)
}

/// Kibibytes at a path, with a line for each folder.
fn weigh(
    fs: &crate::demo::exec::shell::fs::Fs,
    path: &str,
    shown: &str,
    lines: &mut Vec<(usize, String)>,
) -> usize {
    let Some(meta) = fs.meta(path) else { return 0 };
    if !meta.folder {
        return blocks(&meta);
    }
    let mut sum = blocks(&meta);
    for (name, _) in fs.list(path).unwrap_or_default() {
        sum += weigh(
            fs,
            &format!("{path}/{name}"),
            &format!("{}/{name}", shown.trim_end_matches('/')),
            lines,
        );
    }
    lines.push((sum, shown.to_owned()));
    sum
}

pub async fn df(call: &Call<'_>) -> Outcome {
    let _ = options!(call, "hkPT", "");
    call.out("Filesystem           1K-blocks      Used Available Use% Mounted on\noverlay               62914560  21338112  41576448  34% /\ntmpfs                    65536         0     65536   0% /dev\n").await
}
