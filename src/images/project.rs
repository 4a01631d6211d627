//! A project on disk: its source, its recipe, the catalogue in force, files written whole.

use super::git::{clone, without_credentials};
use super::source::{Source, SourceError};
use crate::domain::build::{Fault, FaultSort};
use crate::domain::document::Flaw;
use crate::domain::recipe::{self, Read, Recipe};
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A source that was read, and the copy it may live in.
#[derive(Debug)]
pub struct Opened {
    /// The files.
    pub source: Source,
    /// The address it was fetched from, without credentials.
    pub url: Option<String>,
    /// A copy that goes away with this.
    _copy: Option<Copy>,
}

impl Opened {
    /// Reads a folder.
    pub fn folder(folder: &Path) -> Result<Self, Fault> {
        Ok(Self {
            source: Source::read(folder)?,
            url: None,
            _copy: None,
        })
    }

    /// Fetches a git address, at its default branch without a reference, and reads the copy.
    pub async fn git(url: &str, reference: Option<&str>) -> Result<Self, Fault> {
        let copy = Copy::new().map_err(|error| {
            Fault::new(
                FaultSort::Context,
                format!("no folder for a copy of the source can be made: {error}"),
                "see whether the temporary folder is writable",
            )
        })?;
        clone(url, reference, &copy.0).await?;
        Ok(Self {
            source: Source::read(&copy.0)?,
            url: Some(without_credentials(url)),
            _copy: Some(copy),
        })
    }
}

impl From<SourceError> for Fault {
    fn from(error: SourceError) -> Self {
        let sort = match error {
            SourceError::Missing(_) => FaultSort::Missing,
            SourceError::NotAFolder(_) => FaultSort::Usage,
            SourceError::Unreadable { .. } | SourceError::TooLarge(_) => FaultSort::Context,
        };
        Self::new(sort, error.to_string(), "")
    }
}

/// A folder of our own that is removed at the end.
#[derive(Debug)]
struct Copy(PathBuf);

impl Copy {
    fn new() -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let time = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let name = format!("quarterdeck-{}-{}", std::process::id(), time.as_nanos());
        let folder = std::env::temp_dir().join(name);
        // Nobody else may look in, and a folder that is there already is not taken.
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What is left in the temporary folder is for the system to clear.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The text of a file, when there is one.
pub fn text(file: &Path) -> Result<Option<String>, Fault> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(Fault::new(
            FaultSort::Project,
            format!("`{}` cannot be read: {error}", file.display()),
            "",
        )),
    }
}

/// The text of a file that has to be there.
pub fn needed(file: &Path) -> Result<String, Fault> {
    text(file)?.ok_or_else(|| {
        Fault::new(
            FaultSort::Missing,
            format!("there is no file `{}`", file.display()),
            "",
        )
    })
}

/// The recipe of a folder. Without flaws, or not at all.
pub fn recipe(folder: &Path) -> Result<Read, Fault> {
    if !folder.is_dir() {
        let what = format!("there is no folder `{}`", folder.display());
        return Err(Fault::new(FaultSort::Missing, what, ""));
    }
    let file = folder.join(recipe::FILE);
    let Some(text) = text(&file)? else {
        return Err(Fault::new(
            FaultSort::Missing,
            format!("there is no recipe `{}`", file.display()),
            format!(
                "`quarterdeck image init --yes {}` writes one from what the source says",
                folder.display()
            ),
        ));
    };
    let read = Recipe::read(&file.display().to_string(), &text);
    if read.flaws.is_empty() {
        return Ok(read);
    }
    Err(flawed("the recipe cannot be used", &read.flaws))
}

/// A fault that lists flaws, one a line.
pub fn flawed(what: &str, flaws: &[Flaw]) -> Fault {
    let lines: Vec<String> = flaws.iter().map(ToString::to_string).collect();
    let what = format!("{what}\n{}", lines.join("\n"));
    Fault::new(FaultSort::Project, what, "")
}

/// Makes a folder for this person alone.
pub(super) fn private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

/// Writes a file whole, or not at all.
pub fn write(file: &Path, text: &str) -> Result<(), Fault> {
    let failed = |error: std::io::Error| {
        Fault::new(
            FaultSort::Project,
            format!("`{}` cannot be written: {error}", file.display()),
            "",
        )
    };
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let beside = file.with_file_name(format!(".{name}.{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    let done = options
        .write(true)
        .create_new(true)
        .open(&beside)
        .and_then(|mut new| {
            new.write_all(text.as_bytes())?;
            new.sync_all()
        })
        .and_then(|()| fs::rename(&beside, file));
    if done.is_err() {
        // It may not have been made at all.
        let _ = fs::remove_file(&beside);
    }
    done.map_err(failed)
}
