//! Files of this person alone: made new, or replaced whole.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// So many files may have one name, told apart by a number.
const SAME: u32 = 1_000;

/// Makes a folder for this person alone.
pub fn private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes a file that is not there yet, for this person alone.
pub fn create(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(file)
}

/// Makes a file in `folder` whose name nobody has yet: `stem.extension`, `stem-2.extension`, … The
/// stem becomes one word, never a way out of the folder.
pub fn create_beside(folder: &Path, stem: &str, extension: &str) -> io::Result<(PathBuf, File)> {
    private_folder(folder)?;
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let word: String = stem.chars().map(plain).take(100).collect();
    let word = word.trim_matches('-');
    for n in 1..=SAME {
        let more = if n == 1 {
            String::new()
        } else {
            format!("-{n}")
        };
        let file = folder.join(format!("{word}{more}.{extension}"));
        match create(&file) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => return Ok((file, made?)),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// Replaces a file so that a crash leaves the old one or the new one, never half of one.
pub fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    put(file, bytes, |fresh| fs::rename(fresh, file))
}

/// Makes a file that is not there yet so that a crash leaves the whole of it or nothing.
pub fn create_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link, unlike a rename, never takes the place of what somebody else has made meanwhile.
    put(file, bytes, |fresh| {
        fs::hard_link(fresh, file).and_then(|()| fs::remove_file(fresh))
    })
}

/// Writes a fresh file beside `file` and lets `place` put it there.
fn put(file: &Path, bytes: &[u8], place: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    private_folder(folder)?;
    // Two consoles may write at once: each has a file of its own until it is placed.
    let fresh = file.with_extension(format!("{}.new", std::process::id()));
    let mut out = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)?;
    let written = out
        .write_all(bytes)
        .and_then(|()| out.sync_all())
        .and_then(|()| place(&fresh));
    if written.is_err() {
        // The error that matters is the first one.
        let _ = fs::remove_file(&fresh);
    }
    written?;
    File::open(folder)?.sync_all()
}
