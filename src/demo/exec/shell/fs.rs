//! A file system that is nothing but memory, with room for so many bytes and no more.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;

/// Bytes that the files of one container may hold.
const ROOM: usize = 8 * 1024 * 1024;
/// What an entry costs besides its bytes; bounds how many there can be.
const ENTRY: usize = 512;

/// Why a file operation failed, in the words of the C library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errno {
    /// `ENOENT`
    NotFound,
    /// `EISDIR`
    IsFolder,
    /// `ENOTDIR`
    NotFolder,
    /// `EEXIST`
    Exists,
    /// `ENOTEMPTY`
    NotEmpty,
    /// `ENOSPC`
    Full,
    /// `EROFS`
    ReadOnly,
    /// `EBUSY`
    Busy,
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "No such file or directory",
            Self::IsFolder => "Is a directory",
            Self::NotFolder => "Not a directory",
            Self::Exists => "File exists",
            Self::NotEmpty => "Directory not empty",
            Self::Full => "No space left on device",
            Self::ReadOnly => "Read-only file system",
            Self::Busy => "Device or resource busy",
        })
    }
}

#[derive(Debug, Clone)]
enum Content {
    File(Vec<u8>),
    Folder(BTreeMap<String, Node>),
}

#[derive(Debug, Clone)]
struct Node {
    content: Content,
    mode: u32,
    changed: Timestamp,
}

/// What `ls -l` shows of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// It holds others.
    pub folder: bool,
    /// Permission bits.
    pub mode: u32,
    /// Bytes of a file; 4096 for a folder.
    pub size: usize,
    /// Last change.
    pub changed: Timestamp,
}

/// The files of one container.
#[derive(Debug)]
pub struct Fs {
    root: Node,
    used: usize,
    /// Folders under which nothing may be changed: mounts of configuration and secrets.
    mounts: Vec<String>,
}

impl Fs {
    /// An empty file system.
    pub fn new(now: Timestamp) -> Self {
        Self {
            root: folder(now),
            used: 0,
            mounts: Vec::new(),
        }
    }

    /// Nothing below this folder can be changed from now on.
    pub fn protect(&mut self, path: &str) {
        self.mounts.push(path.to_owned());
    }

    /// What is there.
    pub fn meta(&self, path: &str) -> Option<Meta> {
        self.node(path).ok().map(Node::meta)
    }

    /// Whether a folder is there.
    pub fn is_folder(&self, path: &str) -> bool {
        self.meta(path).is_some_and(|meta| meta.folder)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// When it is not there or no file.
    pub fn read(&self, path: &str) -> Result<&[u8], Errno> {
        match &self.node(path)?.content {
            Content::File(bytes) => Ok(bytes),
            Content::Folder(_) => Err(Errno::IsFolder),
        }
    }

    /// The entries of a folder by name.
    ///
    /// # Errors
    /// When it is not there or no folder.
    pub fn list(&self, path: &str) -> Result<Vec<(String, Meta)>, Errno> {
        match &self.node(path)?.content {
            Content::Folder(entries) => Ok(entries
                .iter()
                .map(|(name, node)| (name.clone(), node.meta()))
                .collect()),
            Content::File(_) => Err(Errno::NotFolder),
        }
    }

    /// Writes a file, over what is there or behind it.
    ///
    /// # Errors
    /// When it cannot be.
    pub fn write(
        &mut self,
        path: &str,
        bytes: &[u8],
        append: bool,
        now: Timestamp,
    ) -> Result<(), Errno> {
        self.changeable(path)?;
        let used = self.used;
        let (parent, name) = self.parent(path)?;
        let before = match parent.get(name).map(|node| &node.content) {
            Some(Content::Folder(_)) => return Err(Errno::IsFolder),
            Some(Content::File(old)) => old.len() + ENTRY,
            None => 0,
        };
        let kept = if append {
            before.saturating_sub(ENTRY)
        } else {
            0
        };
        let after = kept + bytes.len() + ENTRY;
        let total = used - before + after;
        if total > ROOM {
            return Err(Errno::Full);
        }
        let node = parent.entry(name.to_owned()).or_insert_with(|| Node {
            content: Content::File(Vec::new()),
            mode: 0o644,
            changed: now,
        });
        if let Content::File(old) = &mut node.content {
            if !append {
                old.clear();
            }
            old.extend_from_slice(bytes);
        }
        node.changed = now;
        self.used = total;
        Ok(())
    }

    /// Changes permission bits.
    ///
    /// # Errors
    /// When nothing is there.
    pub fn set_mode(&mut self, path: &str, mode: u32) -> Result<(), Errno> {
        self.changeable(path)?;
        self.node_mut(path)?.mode = mode & 0o7777;
        Ok(())
    }

    /// Says that something was changed at this moment.
    ///
    /// # Errors
    /// When nothing is there.
    pub fn touch(&mut self, path: &str, at: Timestamp) -> Result<(), Errno> {
        self.changeable(path)?;
        self.node_mut(path)?.changed = at;
        Ok(())
    }

    /// Makes a folder; with `parents` also those above, and it may be there already.
    ///
    /// # Errors
    /// When it cannot be.
    pub fn make_folder(&mut self, path: &str, parents: bool, now: Timestamp) -> Result<(), Errno> {
        if parents {
            let mut so_far = String::new();
            for name in names(path) {
                so_far = format!("{so_far}/{name}");
                match self.meta(&so_far) {
                    Some(meta) if meta.folder => {}
                    Some(_) => return Err(Errno::NotFolder),
                    None => self.make_folder(&so_far, false, now)?,
                }
            }
            return Ok(());
        }
        self.changeable(path)?;
        if self.used + ENTRY > ROOM {
            return Err(Errno::Full);
        }
        let (parent, name) = self.parent(path)?;
        if parent.contains_key(name) {
            return Err(Errno::Exists);
        }
        parent.insert(name.to_owned(), folder(now));
        self.used += ENTRY;
        Ok(())
    }

    /// Removes a file, or with `recursive` a folder with all that is in it.
    ///
    /// # Errors
    /// When it cannot be.
    pub fn remove(&mut self, path: &str, recursive: bool) -> Result<(), Errno> {
        self.changeable(path)?;
        let (parent, name) = self.parent(path)?;
        match parent.get(name) {
            None => return Err(Errno::NotFound),
            Some(node) if node.meta().folder && !recursive => return Err(Errno::IsFolder),
            Some(_) => {}
        }
        let freed = parent.remove(name).map_or(0, |node| node.cost());
        self.used = self.used.saturating_sub(freed);
        Ok(())
    }

    /// Removes an empty folder.
    ///
    /// # Errors
    /// When it is none or not empty.
    pub fn remove_folder(&mut self, path: &str) -> Result<(), Errno> {
        if self.list(path)?.is_empty() {
            self.remove(path, true)
        } else {
            Err(Errno::NotEmpty)
        }
    }

    /// Moves something to another place, over a file that is there.
    ///
    /// # Errors
    /// When it cannot be.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), Errno> {
        self.changeable(from)?;
        self.changeable(to)?;
        if to == from {
            return Ok(());
        }
        if to.starts_with(&format!("{from}/")) {
            return Err(Errno::Busy);
        }
        self.parent(to)?;
        if self.is_folder(to) {
            return Err(Errno::Exists);
        }
        let (parent, name) = self.parent(from)?;
        let node = parent.remove(name).ok_or(Errno::NotFound)?;
        let (parent, name) = self.parent(to)?;
        let replaced = parent.insert(name.to_owned(), node);
        self.used = self
            .used
            .saturating_sub(replaced.map_or(0, |node| node.cost()));
        Ok(())
    }

    fn changeable(&self, path: &str) -> Result<(), Errno> {
        let inside = |mount: &String| path == mount || path.starts_with(&format!("{mount}/"));
        if path == "/" {
            Err(Errno::Busy)
        } else if self.mounts.iter().any(inside) {
            Err(Errno::ReadOnly)
        } else {
            Ok(())
        }
    }

    fn node(&self, path: &str) -> Result<&Node, Errno> {
        names(path).try_fold(&self.root, |node, name| match &node.content {
            Content::Folder(entries) => entries.get(name).ok_or(Errno::NotFound),
            Content::File(_) => Err(Errno::NotFolder),
        })
    }

    fn node_mut(&mut self, path: &str) -> Result<&mut Node, Errno> {
        names(path).try_fold(&mut self.root, |node, name| match &mut node.content {
            Content::Folder(entries) => entries.get_mut(name).ok_or(Errno::NotFound),
            Content::File(_) => Err(Errno::NotFolder),
        })
    }

    fn parent<'a>(
        &mut self,
        path: &'a str,
    ) -> Result<(&mut BTreeMap<String, Node>, &'a str), Errno> {
        let (parent, name) = path.rsplit_once('/').ok_or(Errno::NotFound)?;
        if name.is_empty() {
            return Err(Errno::Busy);
        }
        match &mut self.node_mut(parent)?.content {
            Content::Folder(entries) => Ok((entries, name)),
            Content::File(_) => Err(Errno::NotFolder),
        }
    }
}

impl Node {
    fn meta(&self) -> Meta {
        let (folder, size) = match &self.content {
            Content::File(bytes) => (false, bytes.len()),
            Content::Folder(_) => (true, 4096),
        };
        Meta {
            folder,
            mode: self.mode,
            size,
            changed: self.changed,
        }
    }

    fn cost(&self) -> usize {
        ENTRY
            + match &self.content {
                Content::File(bytes) => bytes.len(),
                Content::Folder(entries) => entries.values().map(Self::cost).sum(),
            }
    }
}

fn folder(now: Timestamp) -> Node {
    Node {
        content: Content::Folder(BTreeMap::new()),
        mode: 0o755,
        changed: now,
    }
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty())
}

/// The absolute path that `path` means in the folder `cwd`, without `.` and `..`.
pub fn absolute(cwd: &str, path: &str) -> String {
    let mut all: Vec<&str> = Vec::new();
    let start = if path.starts_with('/') { "" } else { cwd };
    for name in names(start).chain(names(path)) {
        match name {
            "." => {}
            ".." => {
                all.pop();
            }
            _ => all.push(name),
        }
    }
    format!("/{}", all.join("/"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn fs() -> Fs {
        Fs::new(Timestamp::UNIX_EPOCH)
    }

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn paths_are_made_absolute() {
        for (cwd, path, wanted) in [
            ("/app", "x", "/app/x"),
            ("/app", "../etc/./hosts", "/etc/hosts"),
            ("/", "../..", "/"),
            ("/a/b", "/c//d/", "/c/d"),
            ("/a/b", "", "/a/b"),
        ] {
            assert_eq!(absolute(cwd, path), wanted);
        }
    }

    #[test]
    fn what_is_written_is_read_and_removed() {
        let mut fs = fs();
        fs.make_folder("/a/b", true, NOW).unwrap();
        fs.write("/a/b/c", b"one", false, NOW).unwrap();
        fs.write("/a/b/c", b"two", true, NOW).unwrap();
        assert_eq!(fs.read("/a/b/c").unwrap(), b"onetwo");
        fs.rename("/a/b/c", "/a/d").unwrap();
        assert_eq!(fs.read("/a/b/c"), Err(Errno::NotFound));
        assert_eq!(fs.remove("/a", false), Err(Errno::IsFolder));
        assert_eq!(fs.remove_folder("/a"), Err(Errno::NotEmpty));
        assert_eq!(fs.rename("/a", "/a/b/x"), Err(Errno::Busy));
        fs.remove("/a", true).unwrap();
        assert_eq!(fs.used, 0);
        assert_eq!(fs.list("/").unwrap(), []);
        assert_eq!(fs.remove("/", true), Err(Errno::Busy));
    }

    #[test]
    fn it_is_full_some_day_and_empties_again() {
        let mut fs = fs();
        let big = vec![0; ROOM / 2];
        fs.write("/one", &big, false, NOW).unwrap();
        assert_eq!(fs.write("/one", &big, true, NOW), Err(Errno::Full));
        assert_eq!(fs.write("/two", &big, false, NOW), Err(Errno::Full));
        fs.write("/one", b"", false, NOW).unwrap();
        fs.write("/two", &big, false, NOW).unwrap();
    }

    #[test]
    fn mounts_cannot_be_changed() {
        let mut fs = fs();
        fs.make_folder("/etc/config", true, NOW).unwrap();
        fs.write("/etc/config/a", b"x", false, NOW).unwrap();
        fs.protect("/etc/config");
        assert_eq!(
            fs.write("/etc/config/a", b"y", false, NOW),
            Err(Errno::ReadOnly)
        );
        assert_eq!(fs.remove("/etc/config", true), Err(Errno::ReadOnly));
        assert_eq!(
            fs.make_folder("/etc/config/z", false, NOW),
            Err(Errno::ReadOnly)
        );
        fs.write("/etc/configuration", b"y", false, NOW).unwrap();
    }
}
