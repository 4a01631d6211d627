//! Scratch folders of host commands: one per pod, for their owner only, gone when the server is.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

/// Names tried before somebody else's folders are believed to be in the way for good.
const ATTEMPTS: u32 = 1000;

/// The folders; dropping it removes them with all that is in them.
#[derive(Debug, Default)]
pub struct Scratch {
    root: Mutex<Option<PathBuf>>,
}

impl Scratch {
    /// The folder of a pod, made when it is not there yet.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn of(&self, namespace: &str, pod: &str) -> io::Result<PathBuf> {
        let folder = self.root()?.join(plain(namespace)).join(plain(pod));
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        Ok(folder)
    }

    fn root(&self) -> io::Result<PathBuf> {
        let mut root = self.root.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(root) = &*root {
            return Ok(root.clone());
        }
        let base = std::env::temp_dir();
        for attempt in 0..ATTEMPTS {
            let name = format!("quarterdeck-demo-{}-{attempt}", std::process::id());
            let folder = base.join(name);
            // Not recursive: a folder that is there already may be anybody's.
            match fs::DirBuilder::new().mode(0o700).create(&folder) {
                Ok(()) => {
                    *root = Some(folder.clone());
                    return Ok(folder);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Removes the folders.
    pub fn remove(&self) {
        let root = self
            .root
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(root) = root
            && let Err(error) = fs::remove_dir_all(&root)
        {
            tracing::warn!(%error, folder = %root.display(), "demo: a scratch folder stays");
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.remove();
    }
}

/// A name that leads nowhere else.
fn plain(name: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    name.chars().map(safe).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_folder_is_its_owners_and_goes_with_the_scratch() {
        let scratch = Scratch::default();
        let folder = scratch.of("shop", "../../web").unwrap();
        fs::write(folder.join("x"), "x").unwrap();
        assert_eq!(
            fs::metadata(&folder).unwrap().permissions().mode() & 0o777,
            0o700
        );
        assert!(folder.ends_with("shop/______web"));
        let root = scratch.root().unwrap();
        drop(scratch);
        assert!(!root.exists());
    }
}
