//! Secrets of a build: files of the person who builds, shown to its steps and kept by no layer.
//!
//! A recipe names a secret and where a step sees it, never where its content is: the source of
//! somebody else must not choose which file of this machine its commands may read.

use crate::domain::build::{Fault, FaultSort};
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes that `BuildKit` takes at most.
const MOST: usize = 500 * 1024;

/// A secret with its content.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// The name by which a step mounts it.
    pub id: String,
    /// What the step sees.
    pub content: Vec<u8>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({}, ..)", self.id)
    }
}

/// Where the contents of secrets are.
#[derive(Clone, Debug, Default)]
pub struct SecretFiles {
    /// Files that were named for this build.
    pub named: Vec<(String, PathBuf)>,
    /// A folder with one file for each secret, called as it is.
    pub folder: PathBuf,
}

impl SecretFiles {
    /// The file of a secret.
    fn file(&self, id: &str) -> PathBuf {
        let named = self.named.iter().find(|(name, _)| name == id);
        named.map_or_else(|| self.folder.join(id), |(_, file)| file.clone())
    }

    /// Reads the secret of a recipe.
    pub fn read(&self, id: &str) -> Result<Secret, Fault> {
        let file = self.file(id);
        read(id, &file).map_err(|fault| {
            let folder = self.folder.join(id);
            let remedy = format!(
                "put it into `{}` (a link to a file will do), or name the file: `quarterdeck image build --secret {id}=FILE`",
                folder.display()
            );
            Fault::new(FaultSort::Project, fault, remedy).about("build.secrets")
        })
    }
}

/// Reads a secret from its file; what is wrong in words.
pub(super) fn read(id: &str, file: &Path) -> Result<Secret, String> {
    let unread = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => {
            format!(
                "the build needs the secret `{id}`, and there is no `{}`",
                file.display()
            )
        }
        _ => format!(
            "the secret `{id}` in `{}` cannot be read: {error}",
            file.display()
        ),
    };
    let opened = std::fs::File::open(file).map_err(unread)?;
    let mut content = Vec::new();
    let most = u64::try_from(MOST).unwrap_or(u64::MAX);
    opened
        .take(most + 1)
        .read_to_end(&mut content)
        .map_err(unread)?;
    if content.len() > MOST {
        return Err(format!(
            "the secret `{id}` in `{}` is larger than the {MOST} bytes that BuildKit takes",
            file.display()
        ));
    }
    Ok(Secret {
        id: id.to_owned(),
        content,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_named_file_wins_over_that_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other");
        std::fs::write(folder.path().join("npmrc"), "mine").unwrap();
        std::fs::write(&other, "named").unwrap();
        let mut files = SecretFiles {
            named: Vec::new(),
            folder: folder.path().to_owned(),
        };
        assert_eq!(files.read("npmrc").unwrap().content, b"mine");
        files.named.push(("npmrc".into(), other));
        let secret = files.read("npmrc").unwrap();
        assert_eq!(secret.content, b"named");
        assert_eq!(format!("{secret:?}"), "Secret(npmrc, ..)");
    }

    #[test]
    fn what_is_missing_or_too_large_says_where_it_belongs() {
        let folder = tempfile::tempdir().unwrap();
        let files = SecretFiles {
            named: Vec::new(),
            folder: folder.path().to_owned(),
        };
        let fault = files.read("npmrc").unwrap_err();
        assert_eq!(fault.answer, "build.secrets");
        assert!(fault.remedy.contains("--secret npmrc=FILE"), "{fault}");
        std::fs::write(folder.path().join("npmrc"), vec![7; MOST + 1]).unwrap();
        let fault = files.read("npmrc").unwrap_err();
        assert!(fault.what.contains("larger"), "{fault}");
    }
}
