//! The build context: a folder as a tar stream, the same bytes for the same files.
//!
//! Names are sorted, owners and times are fixed, modes are what git keeps (executable or not). The
//! stream is made while it is sent: nothing of it stays in memory but one chunk.

use crate::domain::build::{Fault, FaultSort, Sent};
use crate::domain::dockerfile::Ignore;
use bytes::Bytes;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// Seconds since 1970 that every entry carries: 2 January 1980, before which ZIP files, and with
/// them wheels and jars, cannot go.
const TIME: u64 = 315_619_200;

/// Bytes of a chunk on its way to the engine.
const CHUNK: usize = 64 * 1024;

/// Chunks that wait at most; the reader of the files waits when the engine is slower.
const WAITING: usize = 16;

/// How many of the largest files are named.
const LARGEST: usize = 5;

/// What is sent: a folder, what is left out of it, and files that are not in it.
#[derive(Clone, Debug)]
pub struct Context {
    root: PathBuf,
    entries: Vec<Entry>,
    extra: Vec<(String, Vec<u8>)>,
    /// Names of files that are neither files nor links: sockets and the like, not sent.
    pub skipped: Vec<String>,
}

#[derive(Clone, Debug)]
struct Entry {
    path: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Folder,
    File(u64),
    Link(PathBuf),
}

impl Context {
    /// Lists what is sent of `root`; `extra` are files by name with their bytes, which win over
    /// files of the folder.
    pub fn list(
        root: &Path,
        ignore: &Ignore,
        extra: Vec<(String, Vec<u8>)>,
    ) -> Result<Self, Fault> {
        let mut context = Self {
            root: root.to_owned(),
            entries: Vec::new(),
            extra,
            skipped: Vec::new(),
        };
        context.walk(root, "", ignore)?;
        Ok(context)
    }

    fn walk(&mut self, folder: &Path, prefix: &str, ignore: &Ignore) -> Result<(), Fault> {
        let unread = |path: &Path, error: &io::Error| {
            Fault::new(
                FaultSort::Context,
                format!("`{}` cannot be read: {error}", path.display()),
                "make it readable, or leave it out with [build] ignore",
            )
        };
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = entries.map_err(|error| unread(folder, &error))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let Ok(name) = entry.file_name().into_string() else {
                self.skipped.push(entry.path().display().to_string());
                continue;
            };
            let path = format!("{prefix}{name}");
            let whole = entry.path();
            let out = ignore.leaves_out(&path);
            let meta = fs::symlink_metadata(&whole).map_err(|error| unread(&whole, &error))?;
            if meta.is_dir() {
                if !out {
                    self.push(path.clone(), Kind::Folder);
                }
                if !out || ignore.brings_back() {
                    self.walk(&whole, &format!("{path}/"), ignore)?;
                }
            } else if out || self.extra.iter().any(|(name, _)| *name == path) {
                // Left out, or given otherwise.
            } else if meta.is_symlink() {
                let to = fs::read_link(&whole).map_err(|error| unread(&whole, &error))?;
                self.push(path, Kind::Link(to));
            } else if meta.is_file() {
                self.push(path, Kind::File(meta.len()));
            } else {
                self.skipped.push(path);
            }
        }
        Ok(())
    }

    fn push(&mut self, path: String, kind: Kind) {
        self.entries.push(Entry { path, kind });
    }

    /// Files, bytes, and the largest.
    pub fn size(&self) -> Sent {
        let mut files: Vec<(String, u64)> = self
            .entries
            .iter()
            .filter_map(|entry| match entry.kind {
                Kind::File(bytes) => Some((entry.path.clone(), bytes)),
                _ => None,
            })
            .collect();
        let (count, bytes) = (
            files.len() as u64,
            files.iter().map(|(_, bytes)| bytes).sum(),
        );
        files.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        files.truncate(LARGEST);
        Sent {
            files: count,
            bytes,
            largest: files,
        }
    }

    /// The tar stream. The last item is an error when a file could not be read, or changed.
    pub fn stream(self) -> mpsc::Receiver<io::Result<Bytes>> {
        let (tx, rx) = mpsc::channel(WAITING);
        tokio::task::spawn_blocking(move || {
            let mut writer = Chunks {
                tx: tx.clone(),
                buffer: Vec::with_capacity(CHUNK),
            };
            if let Err(error) = self.write(&mut writer) {
                // A reader that went away does not want the reason.
                let _ = tx.blocking_send(Err(error));
            }
        });
        rx
    }

    /// Writes the whole tar.
    pub fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        let mut tar = tar::Builder::new(&mut *writer);
        for (name, bytes) in &self.extra {
            let mut header = header(tar::EntryType::Regular, 0o644, bytes.len() as u64);
            tar.append_data(&mut header, name, bytes.as_slice())?;
        }
        for entry in &self.entries {
            let whole = self.root.join(&entry.path);
            match &entry.kind {
                Kind::Folder => {
                    let mut header = header(tar::EntryType::Directory, 0o755, 0);
                    tar.append_data(&mut header, format!("{}/", entry.path), io::empty())?;
                }
                Kind::Link(to) => {
                    let mut header = header(tar::EntryType::Symlink, 0o777, 0);
                    tar.append_link(&mut header, &entry.path, to)?;
                }
                Kind::File(bytes) => {
                    let named = |error: io::Error| {
                        io::Error::new(error.kind(), format!("{}: {error}", entry.path))
                    };
                    let file = File::open(&whole).map_err(named)?;
                    let runs = file.metadata().map_err(named)?.permissions().mode() & 0o111 != 0;
                    let mode = if runs { 0o755 } else { 0o644 };
                    let mut header = header(tar::EntryType::Regular, mode, *bytes);
                    let exact = Exact { file, left: *bytes };
                    tar.append_data(&mut header, &entry.path, exact)
                        .map_err(named)?;
                }
            }
        }
        tar.into_inner()?;
        writer.flush()
    }
}

fn header(kind: tar::EntryType, mode: u32, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(TIME);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// A file of which exactly so many bytes are read: a header has promised them.
struct Exact {
    file: File,
    left: u64,
}

impl Read for Exact {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Ok(0);
        }
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let read = self.file.read(&mut buffer[..most])?;
        if read == 0 {
            let why = "it became shorter while it was read; build again when nothing writes to the source";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
        }
        self.left -= read as u64;
        Ok(read)
    }
}

/// Sends what is written in chunks.
struct Chunks {
    tx: mpsc::Sender<io::Result<Bytes>>,
    buffer: Vec<u8>,
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        let sent = self.tx.blocking_send(Ok(full.into()));
        sent.map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "the engine no longer reads"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn tar_of(root: &Path, ignore: &str) -> Vec<u8> {
        let extra = vec![("Dockerfile".to_owned(), b"FROM scratch\n".to_vec())];
        let context = Context::list(root, &Ignore::parse(ignore), extra).unwrap();
        let mut bytes = Vec::new();
        context.write(&mut bytes).unwrap();
        bytes
    }

    fn names(bytes: &[u8]) -> Vec<String> {
        let mut archive = tar::Archive::new(bytes);
        let entries = archive.entries().unwrap();
        entries
            .map(|entry| entry.unwrap().path().unwrap().display().to_string())
            .collect()
    }

    #[test]
    fn the_same_files_are_the_same_bytes() {
        let one = tempfile::tempdir().unwrap();
        let two = tempfile::tempdir().unwrap();
        for (root, order) in [(one.path(), ["b", "a"]), (two.path(), ["a", "b"])] {
            for name in order {
                fs::write(root.join(name), name).unwrap();
            }
            fs::create_dir(root.join("sub")).unwrap();
            fs::write(root.join("sub/run.sh"), "#!").unwrap();
            fs::set_permissions(root.join("sub/run.sh"), fs::Permissions::from_mode(0o750))
                .unwrap();
            std::os::unix::fs::symlink("../a", root.join("sub/link")).unwrap();
        }
        let (first, second) = (tar_of(one.path(), ""), tar_of(two.path(), ""));
        assert!(first == second, "the bytes differ");
        assert_eq!(
            names(&first),
            ["Dockerfile", "a", "b", "sub/", "sub/link", "sub/run.sh"]
        );
        let mut archive = tar::Archive::new(first.as_slice());
        for entry in archive.entries().unwrap() {
            let entry = entry.unwrap();
            let header = entry.header();
            assert_eq!((header.mtime().unwrap(), header.uid().unwrap()), (TIME, 0));
            if entry.path().unwrap().ends_with("run.sh") {
                assert_eq!(header.mode().unwrap(), 0o755);
            }
        }
    }

    #[test]
    fn what_is_ignored_is_not_sent() {
        let root = tempfile::tempdir().unwrap();
        for path in ["keep", "drop/a", "drop/back", "Dockerfile"] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "own").unwrap();
        }
        let bytes = tar_of(root.path(), "drop\n!drop/back\n");
        assert_eq!(names(&bytes), ["Dockerfile", "drop/back", "keep"]);
    }

    #[test]
    fn a_file_that_shrinks_is_told_by_name() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("log"), "long text").unwrap();
        let context = Context::list(root.path(), &Ignore::default(), Vec::new()).unwrap();
        fs::write(root.path().join("log"), "s").unwrap();
        let error = context.write(&mut io::sink()).unwrap_err().to_string();
        assert!(error.contains("log: it became shorter"), "{error}");
    }

    #[tokio::test]
    async fn the_stream_is_the_tar() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("big"), vec![7; 300_000]).unwrap();
        let context = Context::list(root.path(), &Ignore::default(), Vec::new()).unwrap();
        let mut whole = Vec::new();
        context.write(&mut whole).unwrap();
        let mut stream = context.stream();
        let mut streamed = Vec::new();
        while let Some(chunk) = stream.recv().await {
            streamed.extend_from_slice(&chunk.unwrap());
        }
        assert!(whole == streamed, "the bytes differ");
    }
}
