//! Drafts of answers, one for each folder, so that nothing is lost when a wizard is left.

use super::project::{private_folder, text, write};
use crate::domain::build::{Fault, FaultSort};
use crate::domain::dockerfile::quote::slug;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Letters of a folder's name that are seen in the name of its draft.
const SEEN: usize = 80;

/// Begins the last line of a draft: the folder that it is of.
const OF: &str = "# of ";

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
        let of = folder.display().to_string();
        let of = if of.contains(char::is_control) {
            String::new()
        } else {
            format!("{OF}{of}\n")
        };
        write(&file, &format!("{draft}{of}"))?;
        kept(fs::set_permissions(
            &file,
            fs::Permissions::from_mode(0o600),
        ))
    }

    /// All drafts with the folders that they are of.
    pub fn all(&self) -> Vec<(PathBuf, String)> {
        // No drafts yet are none.
        let files = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let mut all: Vec<_> = files
            .filter_map(|file| {
                let draft = text(&file.path()).ok().flatten()?;
                let of = draft.lines().last()?.strip_prefix(OF)?.to_owned();
                Some((PathBuf::from(of), draft))
            })
            .collect();
        all.sort();
        all
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
        drafts.keep(one, Some("x\n")).unwrap();
        let kept = "x\n# of /srv/a/b\n";
        assert_eq!(drafts.read(one).as_deref(), Some(kept));
        assert_eq!(drafts.all(), [(one.to_owned(), kept.to_owned())]);
        assert_eq!(drafts.read(other), None);
        let mode = fs::metadata(drafts.file(one)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drafts.keep(one, None).unwrap();
        assert_eq!(drafts.read(one), None);
    }
}
