//! What the verbs share: sources, recipes on disk, files written whole.

use super::SourceArgs;
use crate::cli::exit::{Code, Refusal};
use crate::domain::document::Flaw;
use crate::domain::recipe::{self, Read, Recipe};
use crate::images::{Source, SourceError, clone};
use std::io::{ErrorKind, Write};
use std::path::Path;

/// A source that was read, and the copy it may live in.
pub struct Opened {
    /// The files.
    pub source: Source,
    /// The address it was fetched from, without credentials.
    pub url: Option<String>,
    /// A copy that goes away with this.
    _copy: Option<Copy>,
}

/// Reads the folder, or fetches the address first.
pub fn open(args: &SourceArgs) -> anyhow::Result<Opened> {
    let Some(url) = &args.git else {
        return Ok(Opened {
            source: Source::read(&args.dir).map_err(refused)?,
            url: None,
            _copy: None,
        });
    };
    let copy = Copy::new()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(clone(url, args.reference.as_deref(), &copy.0))?;
    Ok(Opened {
        source: Source::read(&copy.0).map_err(refused)?,
        url: Some(crate::images::without_credentials(url)),
        _copy: Some(copy),
    })
}

#[expect(clippy::needless_pass_by_value, reason = "it is mapped over errors")]
fn refused(error: SourceError) -> Refusal {
    let code = match error {
        SourceError::Missing(_) => Code::NotFound,
        SourceError::NotAFolder(_) => Code::Usage,
        SourceError::Unreadable { .. } | SourceError::TooLarge(_) => Code::Failed,
    };
    Refusal::new(code, error.to_string())
}

/// A folder of our own that is removed at the end.
struct Copy(std::path::PathBuf);

impl Copy {
    fn new() -> anyhow::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let base = std::env::temp_dir();
        let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
        let name = format!("quarterdeck-{}-{}", std::process::id(), time.as_nanos());
        let folder = base.join(name);
        // Nobody else may look in, and a folder that is there already is not taken.
        std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What is left in the temporary folder is for the system to clear.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The text of a file, when there is one.
pub fn text(file: &Path) -> Result<Option<String>, Refusal> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(Refusal::new(
            Code::Failed,
            format!("`{}` cannot be read: {error}", file.display()),
        )),
    }
}

/// The recipe of a folder. Without flaws, or not at all.
pub fn recipe(folder: &Path) -> Result<Read, Refusal> {
    if !folder.is_dir() {
        let what = format!("there is no folder `{}`", folder.display());
        return Err(Refusal::new(Code::NotFound, what));
    }
    let file = folder.join(recipe::FILE);
    let Some(text) = text(&file)? else {
        return Err(Refusal::new(
            Code::NotFound,
            format!(
                "there is no recipe `{}`; `quarterdeck image init --yes {}` writes one from what the source says",
                file.display(),
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

/// A refusal that lists flaws, one a line.
pub fn flawed(what: &str, flaws: &[Flaw]) -> Refusal {
    let lines: Vec<String> = flaws.iter().map(ToString::to_string).collect();
    Refusal::new(Code::Failed, format!("{what}\n{}", lines.join("\n")))
}

/// Writes a file whole, or not at all.
pub fn write(file: &Path, text: &str) -> Result<(), Refusal> {
    let failed = |error: std::io::Error| {
        Refusal::new(
            Code::Failed,
            format!("`{}` cannot be written: {error}", file.display()),
        )
    };
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let beside = file.with_file_name(format!(".{name}.{}", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    let done = options
        .write(true)
        .create_new(true)
        .open(&beside)
        .and_then(|mut new| {
            new.write_all(text.as_bytes())?;
            new.sync_all()
        })
        .and_then(|()| std::fs::rename(&beside, file));
    if done.is_err() {
        // It may not have been made at all.
        let _ = std::fs::remove_file(&beside);
    }
    done.map_err(failed)
}
