//! A source folder, read within bounds: names of all files, texts of the few that are asked for.

use crate::domain::detect::{Evidence, Tree};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Files that are listed at most: a larger tree is a mistake of the folder, as a rule.
const FILES: usize = 400_000;

/// Folders below each other that are entered at most.
const DEPTH: usize = 32;

/// Bytes of a file that are read at most: project files are small.
const BYTES: u64 = 1 << 20;

/// Folders that hold what was fetched or built, not the source.
const SKIPPED: &[&str] = &[
    ".git",
    "node_modules",
    "target",
    ".venv",
    "venv",
    "__pycache__",
    ".tox",
    ".gradle",
    ".m2",
    ".idea",
    ".terraform",
    ".next",
    ".cache",
    ".svn",
    ".hg",
];

/// Why a folder is no source.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is nothing of that name.
    #[error("there is no folder `{}`", .0.display())]
    Missing(PathBuf),
    /// It is there, and no folder.
    #[error("`{}` is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// It cannot be read.
    #[error("`{}` cannot be read: {why}", .folder.display())]
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
    /// It is more than a source can be.
    #[error("`{}` holds more than {FILES} files: this is no folder of one service", .0.display())]
    TooLarge(PathBuf),
}

/// A folder that was listed.
#[derive(Clone, Debug)]
pub struct Source {
    root: PathBuf,
    name: String,
    files: Vec<String>,
    /// Folders that could not be read, relative.
    unread: Vec<String>,
    origin: Option<(String, Evidence)>,
}

impl Source {
    /// Lists the files of a folder. Links are not followed; what cannot be entered is kept in
    /// [`Self::unread`].
    pub fn read(folder: &Path) -> Result<Self, SourceError> {
        let meta = fs::metadata(folder).map_err(|why| match why.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
                SourceError::Missing(folder.to_owned())
            }
            _ => unreadable(folder, why),
        })?;
        if !meta.is_dir() {
            return Err(SourceError::NotAFolder(folder.to_owned()));
        }
        // The folder's own name, where `.` was given.
        let whole = folder
            .canonicalize()
            .map_err(|why| unreadable(folder, why))?;
        let mut source = Self {
            name: whole
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
            root: whole,
            files: Vec::new(),
            unread: Vec::new(),
            origin: None,
        };
        let root = source.root.clone();
        let entries = fs::read_dir(&root).map_err(|why| unreadable(folder, why))?;
        source.walk(entries, "", 0)?;
        source.files.sort_unstable();
        source.origin = origin(&source.root);
        Ok(source)
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Folders below it that could not be read.
    pub fn unread(&self) -> &[String] {
        &self.unread
    }

    fn walk(
        &mut self,
        entries: fs::ReadDir,
        prefix: &str,
        depth: usize,
    ) -> Result<(), SourceError> {
        for entry in entries.flatten() {
            let name = entry.file_name();
            // A name that is no Unicode belongs to no rule.
            let Some(name) = name.to_str() else { continue };
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            let path = format!("{prefix}{name}");
            if kind.is_dir() {
                if depth == DEPTH || SKIPPED.contains(&name) {
                    continue;
                }
                match fs::read_dir(entry.path()) {
                    Ok(below) => self.walk(below, &format!("{path}/"), depth + 1)?,
                    Err(_) => self.unread.push(path),
                }
            } else if kind.is_file() || kind.is_symlink() && self.leads_inside(&entry.path()) {
                if self.files.len() == FILES {
                    return Err(SourceError::TooLarge(self.root.clone()));
                }
                self.files.push(path);
            }
        }
        Ok(())
    }

    /// Whether a link leads to a file inside the folder.
    fn leads_inside(&self, link: &Path) -> bool {
        link.canonicalize()
            .is_ok_and(|to| to.starts_with(&self.root) && to.is_file())
    }
}

fn unreadable(folder: &Path, why: std::io::Error) -> SourceError {
    SourceError::Unreadable {
        folder: folder.to_owned(),
        why,
    }
}

impl Tree for Source {
    fn files(&self) -> &[String] {
        &self.files
    }

    fn read(&self, path: &str) -> Option<String> {
        let whole = self.root.join(path);
        if !whole.canonicalize().ok()?.starts_with(&self.root) {
            return None;
        }
        small_text(&whole)
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn origin(&self) -> Option<(String, Evidence)> {
        self.origin.clone()
    }
}

/// The text of a regular file that is small.
fn small_text(path: &Path) -> Option<String> {
    let file = fs::File::open(path).ok()?;
    let meta = file.metadata().ok()?;
    if !meta.is_file() || meta.len() > BYTES {
        return None;
    }
    let mut text = String::new();
    file.take(BYTES).read_to_string(&mut text).ok()?;
    Some(text)
}

/// The address of the remote `origin`, from git's own settings, without credentials.
fn origin(root: &Path) -> Option<(String, Evidence)> {
    let file = root.join(".git/config");
    if fs::symlink_metadata(&file).ok()?.is_symlink() {
        return None;
    }
    let text = small_text(&file)?;
    let mut inside = false;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line == "[remote \"origin\"]";
        } else if inside && let Some(url) = line.strip_prefix("url") {
            let url = url.trim_start().strip_prefix('=')?.trim();
            let url = super::git::without_credentials(url);
            let evidence = Evidence {
                file: ".git/config".into(),
                line: Some(at + 1),
                text: format!("url = {url}"),
            };
            let plain = !url.is_empty() && url.chars().all(|c| !c.is_control());
            return plain.then_some((url, evidence));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_folder_is_listed_without_what_was_fetched_or_built() {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            "go.mod",
            "cmd/a/main.go",
            "node_modules/x/package.json",
            ".git/config",
            "target/debug/x",
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "text").unwrap();
        }
        let source = Source::read(folder.path()).unwrap();
        assert_eq!(source.files(), ["cmd/a/main.go", "go.mod"]);
        assert_eq!(source.read("go.mod").as_deref(), Some("text"));
    }

    #[test]
    fn links_do_not_lead_out_or_round() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "s").unwrap();
        let folder = tempfile::tempdir().unwrap();
        symlink(outside.path().join("secret"), folder.path().join("go.mod")).unwrap();
        symlink(folder.path(), folder.path().join("again")).unwrap();
        fs::write(folder.path().join("a"), "a").unwrap();
        symlink("a", folder.path().join("b")).unwrap();
        let source = Source::read(folder.path()).unwrap();
        assert_eq!(source.files(), ["a", "b"]);
        assert_eq!(source.read("go.mod"), None);
        assert_eq!(source.read("../x"), None);
    }

    #[test]
    fn what_is_no_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("nothing-here");
        let error = Source::read(&missing).unwrap_err().to_string();
        assert!(error.contains("nothing-here"), "{error}");
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(
            Source::read(&file),
            Err(SourceError::NotAFolder(_))
        ));
    }

    #[test]
    fn the_origin_is_told_without_its_password() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        let config = "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = https://me:pw@git.example.com/a/b.git\n";
        fs::write(folder.path().join(".git/config"), config).unwrap();
        let (url, evidence) = Source::read(folder.path()).unwrap().origin().unwrap();
        assert_eq!(url, "https://git.example.com/a/b.git");
        assert_eq!(evidence.line, Some(4));
        assert!(!evidence.text.contains("pw"));
    }
}
