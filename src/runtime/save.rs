//! Files that people ask for: a log that is saved, what a pane holds. Each is new, for this person
//! alone, and told with its path; a write that fails says how far it came.

use super::files::create_beside;
use super::mailbox::Post;
use crate::app::{Id, Msg, Saved};
use crate::domain::feed::{Failure, FailureSort};
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

/// The parts of files that are being written, each by a thread of its own: a slow disk stops
/// nothing.
#[derive(Debug)]
pub struct Savers {
    folder: PathBuf,
    post: Post,
    open: HashMap<Id, Sender<(String, bool)>>,
}

impl Savers {
    /// Files in `folder`.
    pub fn new(folder: PathBuf, post: Post) -> Self {
        Self {
            folder,
            post,
            open: HashMap::new(),
        }
    }

    /// Begins a file.
    pub fn begin(&mut self, id: Id, name: &str, copy: bool, now: Timestamp) {
        let (parts, received) = channel();
        let (folder, post, name) = (self.folder.clone(), self.post.clone(), name.to_owned());
        tokio::task::spawn_blocking(move || {
            let tell = |saved| post.send_or_lose(Msg::Saved(id, saved));
            let written = |file: &Path| tell(Saved::Part(file.to_owned()));
            match save(&folder, &name, now, &received, written) {
                Some(Ok((file, _))) if copy => post.send_or_lose(Msg::Copied(id, file)),
                Some(Ok((file, lines))) => tell(Saved::Whole { file, lines }),
                Some(Err(failure)) => tell(Saved::Failed(failure)),
                None => {}
            }
        });
        self.open.insert(id, parts);
    }

    /// Writes a part.
    pub fn part(&mut self, id: Id, text: String, last: bool) {
        if let Some(parts) = self.open.get(&id) {
            // A writer that has failed has said why.
            let _ = parts.send((text, last));
        }
        if last {
            self.open.remove(&id);
        }
    }
}

/// Writes the parts into a new file: which, and how many lines. Nothing when nobody sends them any
/// more.
fn save(
    folder: &Path,
    name: &str,
    now: Timestamp,
    parts: &Receiver<(String, bool)>,
    written: impl Fn(&Path),
) -> Option<Result<(PathBuf, usize), Failure>> {
    let (mut bytes, mut lines) = (0, 0);
    let mut file = match create(folder, name, now) {
        Ok(file) => file,
        Err(error) => return Some(Err(failed(folder, &error, 0))),
    };
    while let Ok((text, last)) = parts.recv() {
        if let Err(error) = write(&mut file.1, text.as_bytes(), &mut bytes) {
            return Some(Err(failed(&file.0, &error, bytes)));
        }
        lines += text.lines().count();
        if last {
            return Some(match file.1.sync_all() {
                Ok(()) => Ok((file.0, lines)),
                Err(error) => Err(failed(&file.0, &error, bytes)),
            });
        }
        written(&file.0);
    }
    None
}

/// Writes all of it, and counts what came to the file.
fn write(file: &mut File, mut text: &[u8], bytes: &mut usize) -> io::Result<()> {
    while !text.is_empty() {
        match file.write(text) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => {
                *bytes += n;
                text = &text[n..];
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn failed(file: &Path, error: &io::Error, written: usize) -> Failure {
    Failure {
        what: Text::new(&format!("save to {}", file.display())),
        why: Text::new(&format!("{error}; {written} bytes are written")),
        remedy: "make room, or choose another folder with XDG_DATA_HOME".into(),
        sort: FailureSort::Other,
    }
}

/// `shop-prod-20261123T100411.log`
fn create(folder: &Path, name: &str, now: Timestamp) -> io::Result<(PathBuf, File)> {
    let digit = |c: &char| c.is_ascii_digit() || *c == 'T';
    let stamp: String = now.to_string().chars().filter(digit).collect();
    let name: String = name.chars().take(80).collect();
    create_beside(folder, &format!("{name}-{stamp}"), "log")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn saved(folder: &Path, parts: &[&str]) -> Result<(PathBuf, usize), Failure> {
        let (tx, rx) = channel();
        for (n, part) in parts.iter().enumerate() {
            tx.send(((*part).to_owned(), n + 1 == parts.len())).unwrap();
        }
        save(folder, "$ ../evil name", Timestamp(0), &rx, |_| {}).unwrap()
    }

    #[test]
    fn a_saved_log_is_private_whole_and_new() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("saved");
        let done = saved(&inside, &["a\n", "b\n"]).unwrap();
        let file = inside.join("evil-name-19700101T000000.log");
        assert_eq!(done, (file.clone(), 2));
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "a\nb\n");
        let second = saved(&inside, &["again\n"]).unwrap().0;
        assert!(second.ends_with("evil-name-19700101T000000-2.log"));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "a\nb\n");
    }

    /// A file system of a quarter of a megabyte, gone with this.
    struct Small(tempfile::TempDir);

    impl Small {
        fn mounted() -> Option<Self> {
            let folder = tempfile::tempdir().unwrap();
            let mut mount = std::process::Command::new("mount");
            mount.args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"]);
            let done = mount.arg(folder.path()).output();
            done.is_ok_and(|it| it.status.success())
                .then(|| Self(folder))
        }
    }

    impl Drop for Small {
        fn drop(&mut self) {
            let mut umount = std::process::Command::new("umount");
            let _ = umount.arg(self.0.path()).output();
        }
    }

    #[test]
    #[allow(clippy::print_stderr, reason = "a skipped test says so")]
    fn a_full_disk_is_told_with_what_is_written_and_harms_no_other_file() {
        let Some(small) = Small::mounted() else {
            return eprintln!("skipped: only root may mount a small file system");
        };
        let folder = small.0.path();
        let old = saved(folder, &["kept\n"]).unwrap().0;
        let part = "x".repeat(99).as_str().to_owned() + "\n";
        let part = part.repeat(1_000);
        let parts = [part.as_str(); 5];
        let failure = saved(folder, &parts).unwrap_err();
        assert!(failure.why.contains("No space left"), "{}", failure.why);
        let second = folder.join("evil-name-19700101T000000-2.log");
        let written = std::fs::metadata(&second).unwrap().len();
        let told = format!("; {written} bytes are written");
        assert!(
            written > 100_000 && failure.why.ends_with(&told),
            "{}",
            failure.why
        );
        assert!(failure.what.contains("-2.log"), "{}", failure.what);
        assert_eq!(std::fs::read_to_string(old).unwrap(), "kept\n");
    }

    #[test]
    fn what_cannot_be_written_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let why = saved(&file, &["a\n"]).unwrap_err().why;
        assert!(why.contains("0 bytes are written"), "{why}");
    }
}
