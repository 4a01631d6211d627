//! `tar`: as much of it as `kubectl cp` needs, over the in-memory files.

use std::io::Read;

use super::{Call, Outcome};
use crate::demo::exec::shell::fs::{Errno, absolute};

/// What is asked for: letters with or without a dash, `-C`, `-f -`.
#[derive(Debug, Default)]
struct Wanted {
    mode: Option<char>,
    verbose: bool,
    folder: Option<String>,
    file: Option<String>,
    operands: Vec<String>,
}

fn wanted(arguments: &[String]) -> Result<Wanted, String> {
    let mut wanted = Wanted::default();
    let mut words = arguments.iter().enumerate();
    while let Some((at, word)) = words.next() {
        if word == "--" {
            wanted.operands.extend(words.map(|(_, word)| word.clone()));
            break;
        }
        if word.starts_with("--") {
            // How modes and owners are kept makes no difference to files of one owner.
            if matches!(word.as_str(), "--no-same-permissions" | "--no-same-owner") {
                continue;
            }
            return Err(format!("unrecognized option '{word}'"));
        }
        let letters = match word.strip_prefix('-') {
            Some(letters) if !letters.is_empty() => letters,
            _ if at == 0 => word,
            _ => {
                wanted.operands.push(word.clone());
                continue;
            }
        };
        for letter in letters.chars() {
            match letter {
                'c' | 'x' | 't' => wanted.mode = Some(letter),
                'v' => wanted.verbose = true,
                'm' | 'o' | 'p' | 'h' => {}
                'f' => wanted.file = words.next().map(|(_, word)| word.clone()),
                'C' => wanted.folder = words.next().map(|(_, word)| word.clone()),
                other => return Err(format!("invalid option -- '{other}'")),
            }
        }
    }
    Ok(wanted)
}

pub async fn tar(call: &Call<'_>) -> Outcome {
    let wanted = match wanted(call.arguments) {
        Ok(wanted) => wanted,
        Err(why) => return call.complain(1, &why).await,
    };
    let base = wanted
        .folder
        .as_ref()
        .map_or_else(|| call.shell.cwd.clone(), |folder| call.path(folder));
    if !call.shell.container.fs().is_folder(&base) {
        return call
            .complain(
                1,
                &format!("can't change directory to '{base}': {}", Errno::NotFound),
            )
            .await;
    }
    match wanted.mode {
        Some('c') => create(call, &wanted, &base).await,
        Some(mode) => extract(call, &wanted, &base, mode == 't').await,
        None => call.complain(1, "must specify one of -c -x -t").await,
    }
}

async fn create(call: &Call<'_>, wanted: &Wanted, base: &str) -> Outcome {
    let mut builder = tar::Builder::new(Vec::new());
    let mut status = 0;
    for operand in &wanted.operands {
        let name = operand.trim_matches('/');
        let name = if name.is_empty() { "." } else { name };
        if operand.starts_with('/') {
            call.complain(0, "removing leading '/' from member names")
                .await?;
        }
        if let Err(why) = add(call, &mut builder, &absolute(base, operand), name) {
            status = call.complain(1, &format!("{operand}: {why}")).await?;
        }
    }
    let bytes = match builder.into_inner() {
        Ok(bytes) => bytes,
        Err(error) => return call.complain(1, &error.to_string()).await,
    };
    match wanted.file.as_deref() {
        None | Some("-") => call.out(bytes).await?,
        Some(path) => {
            let path = absolute(base, path);
            let container = &call.shell.container;
            let now = container.clock.now();
            let written = container.fs().write(&path, &bytes, false, now);
            if let Err(error) = written {
                return call.complain(1, &format!("{path}: {error}")).await;
            }
            0
        }
    };
    Ok(status)
}

fn add(
    call: &Call<'_>,
    builder: &mut tar::Builder<Vec<u8>>,
    path: &str,
    name: &str,
) -> Result<(), String> {
    let fs = call.shell.container.fs();
    let mut left = vec![(path.to_owned(), name.to_owned())];
    while let Some((path, name)) = left.pop() {
        let meta = fs.meta(&path).ok_or_else(|| Errno::NotFound.to_string())?;
        let mut header = tar::Header::new_gnu();
        header.set_mode(meta.mode);
        header.set_mtime(u64::try_from(meta.changed.as_second()).unwrap_or(0));
        let bytes = if meta.folder {
            header.set_entry_type(tar::EntryType::Directory);
            let entries = fs.list(&path).unwrap_or_default();
            left.extend(
                entries
                    .into_iter()
                    .rev()
                    .map(|(entry, _)| (format!("{path}/{entry}"), format!("{name}/{entry}"))),
            );
            &[][..]
        } else {
            fs.read(&path).map_err(|error| error.to_string())?
        };
        header.set_size(bytes.len() as u64);
        builder
            .append_data(&mut header, &name, bytes)
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

async fn extract(call: &Call<'_>, wanted: &Wanted, base: &str, list: bool) -> Outcome {
    let bytes = match wanted.file.as_deref() {
        None | Some("-") => call.io.stdin.reader().await.all().await,
        Some(path) => {
            let bytes = call
                .shell
                .container
                .fs()
                .read(&absolute(base, path))
                .map(<[u8]>::to_vec);
            match bytes {
                Ok(bytes) => bytes,
                Err(error) => {
                    return call
                        .complain(1, &format!("can't open '{path}': {error}"))
                        .await;
                }
            }
        }
    };
    let mut names = String::new();
    let unpacked = unpack(call, &bytes, base, list, &mut names);
    if wanted.verbose || list {
        call.out(names).await?;
    }
    match unpacked {
        Ok(()) => Ok(0),
        Err(why) => call.complain(1, &why).await,
    }
}

fn unpack(
    call: &Call<'_>,
    bytes: &[u8],
    base: &str,
    list: bool,
    names: &mut String,
) -> Result<(), String> {
    let damaged = |error: std::io::Error| format!("damaged archive: {error}");
    let mut archive = tar::Archive::new(bytes);
    let now = call.shell.container.clock.now();
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        names.push_str(&name);
        names.push('\n');
        if list {
            continue;
        }
        // `..` cannot lead out: there is nothing outside.
        let path = absolute(base, name.trim_start_matches('/'));
        let words = |error: Errno| format!("can't create '{name}': {error}");
        let mut fs = call.shell.container.fs();
        match entry.header().entry_type() {
            tar::EntryType::Directory => fs.make_folder(&path, true, now).map_err(words)?,
            tar::EntryType::Regular => {
                let mut content = Vec::new();
                entry.read_to_end(&mut content).map_err(damaged)?;
                if let Some((parent, _)) = path.rsplit_once('/') {
                    fs.make_folder(parent, true, now).map_err(words)?;
                }
                fs.write(&path, &content, false, now).map_err(words)?;
                let mode = entry.header().mode().unwrap_or(0o644);
                fs.set_mode(&path, mode).map_err(words)?;
            }
            // There are no links and no devices in here.
            _ => {}
        }
    }
    Ok(())
}
