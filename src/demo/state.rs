//! What outlives one run of the server: the authority and the tokens, in a directory of their own.
//!
//! Files are written whole under another name and then renamed, mode 0600 in a directory of mode
//! 0700, so that a run that ends in the middle leaves the old file or the new one.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{
    people::Tokens,
    tls::{Authority, TlsError},
};

/// The state cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A file cannot be read or written.
    #[error("cannot {what} {}: {source}", path.display())]
    File {
        /// `read`, `write` or `make`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The directory holds something that no run of the demo wrote.
    #[error("{} is damaged ({why}); remove it to start afresh", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// No certificate can be made.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// The authority and tokens of a server.
#[derive(Debug)]
pub struct Identity {
    /// The certificate authority.
    pub authority: Authority,
    /// One secret per person.
    pub tokens: Tokens,
}

/// Reads the identity kept in `dir`, or makes one and keeps it; without a directory it is made and not kept.
///
/// # Errors
/// [`StateError`], each with the file and what to do.
pub fn identity(dir: Option<&Path>) -> Result<Identity, StateError> {
    let Some(dir) = dir else {
        return Ok(Identity {
            authority: Authority::make()?,
            tokens: Tokens::make(),
        });
    };
    make_private_dir(dir)?;
    let (certificate, key, tokens) = (
        dir.join("ca.crt"),
        dir.join("ca.key"),
        dir.join("tokens.json"),
    );
    let authority = if let (Some(certificate), Some(key)) = (read(&certificate)?, read(&key)?) {
        Authority { certificate, key }
    } else {
        let made = Authority::make()?;
        write_private(&key, &made.key)?;
        write_private(&certificate, &made.certificate)?;
        made
    };
    let tokens = if let Some(text) = read(&tokens)? {
        Tokens::parse(&text).map_err(|error| StateError::Damaged {
            path: tokens.clone(),
            why: error.to_string(),
        })?
    } else {
        let made = Tokens::make();
        write_private(&tokens, &made.to_json())?;
        made
    };
    Ok(Identity { authority, tokens })
}

/// Writes a file that only its owner may read, whole or not at all.
///
/// # Errors
/// [`StateError::File`].
pub fn write_private(path: &Path, text: &str) -> Result<(), StateError> {
    let failed = |source| StateError::File {
        what: "write",
        path: path.to_owned(),
        source,
    };
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(format!(".{}.tmp", std::process::id()));
    let unfinished = PathBuf::from(unfinished);
    let written = private_file(&unfinished).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written
        .and_then(|()| fs::rename(&unfinished, path))
        .map_err(|error| {
            // The first error is the one worth telling.
            let _ = fs::remove_file(&unfinished);
            failed(error)
        })
}

fn private_file(path: &Path) -> io::Result<fs::File> {
    // A left-over of a run that was killed may have any mode; a fresh file has ours.
    if path.exists() {
        fs::remove_file(path)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn make_private_dir(dir: &Path) -> Result<(), StateError> {
    let failed = |source| StateError::File {
        what: "make",
        path: dir.to_owned(),
        source,
    };
    fs::create_dir_all(dir).map_err(failed)?;
    #[cfg(unix)]
    fs::set_permissions(dir, std::os::unix::fs::PermissionsExt::from_mode(0o700))
        .map_err(failed)?;
    Ok(())
}

fn read(path: &Path) -> Result<Option<String>, StateError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StateError::File {
            what: "read",
            path: path.to_owned(),
            source,
        }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn the_same_directory_gives_the_same_identity() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("state");
        let first = identity(Some(&dir)).unwrap();
        let again = identity(Some(&dir)).unwrap();
        assert_eq!(first.authority.certificate, again.authority.certificate);
        assert_eq!(first.tokens.admin, again.tokens.admin);
        assert_ne!(first.tokens.admin, identity(None).unwrap().tokens.admin);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("state");
        identity(Some(&dir)).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);
        for entry in fs::read_dir(&dir).unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), 0o600);
        }
    }

    #[test]
    fn a_damaged_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        identity(Some(dir.path())).unwrap();
        fs::write(dir.path().join("tokens.json"), "{").unwrap();
        let error = identity(Some(dir.path())).unwrap_err().to_string();
        assert!(
            error.contains("tokens.json") && error.contains("remove it"),
            "{error}"
        );
    }
}
