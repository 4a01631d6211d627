//! Drafts of answers, one for each folder, so that nothing is lost when a wizard is left.

use super::project::{private_folder, text, write};
use crate::domain::build::{Fault, FaultSort};
use crate::domain::dockerfile::quote::slug;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Letters of a folder's name that are seen in the name of its draft.
const SEEN: usize = 80;

/// Where drafts are kept.
#[derive(Clone, Debug)]
pub struct Drafts(pub PathBuf);

impl Drafts {
    /// The draft of a folder, when there is one.
    pub fn read(&self, folder: &Path) -> Option<String> {
        // A draft that cannot be read is as good as none: the source says the rest.
        text(&self.file(folder)).ok().flatten()
    }

    /// Keeps the draft of a folder, for this person alone; without one it is forgotten.
    pub fn keep(&self, folder: &Path, draft: Option<&str>) -> Result<(), Fault> {
        let file = self.file(folder);
        let Some(draft) = draft else {
            // It may never have been kept.
            let _ = fs::remove_file(file);
            return Ok(());
        };
        let kept = |done: std::io::Result<()>| {
            done.map_err(|error| {
                Fault::new(
                    FaultSort::Project,
                    format!(
                        "your answers cannot be kept in {}: {error}",
                        self.0.display()
                    ),
                    "write them with ctrl-s",
                )
            })
        };
        kept(private_folder(&self.0))?;
        write(&file, draft)?;
        kept(fs::set_permissions(
            &file,
            fs::Permissions::from_mode(0o600),
        ))
    }

    /// A name that can be read, and that no other folder has.
    fn file(&self, folder: &Path) -> PathBuf {
        let path = folder.display().to_string();
        let mut name = slug(&path);
        let from = name.len().saturating_sub(SEEN);
        name = name.split_off(from);
        self.0.join(format!("{name}-{}.toml", fingerprint(&path)))
    }
}

/// Sixteen digits that tell texts apart: FNV-1a, the same in every version of the program.
pub fn fingerprint(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_draft_is_kept_for_its_folder_and_for_nobody_else() {
        let state = tempfile::tempdir().unwrap();
        let drafts = Drafts(state.path().join("drafts"));
        let (one, other) = (Path::new("/srv/a/b"), Path::new("/srv/a-b"));
        drafts.keep(one, Some("x")).unwrap();
        assert_eq!(drafts.read(one).as_deref(), Some("x"));
        assert_eq!(drafts.read(other), None);
        let mode = fs::metadata(drafts.file(one)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drafts.keep(one, None).unwrap();
        assert_eq!(drafts.read(one), None);
    }
}
