//! Files that people ask for: a log that is saved. Each is new, for this person alone, and told
//! with its path; a write that fails says how far it came.

use super::state::private_folder;
use crate::app::Notice;
use crate::domain::feed::{Failure, FailureSort};
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Bytes written at a time.
const STEP: usize = 1 << 20;

/// Writes `text` into a new file of `folder` and says where, or why not.
pub fn save(folder: &Path, name: &str, text: &str, now: Timestamp) -> Notice {
    let file = folder.join(file_name(name, now));
    let mut written = 0;
    match write(folder, &file, text.as_bytes(), &mut written) {
        Ok(()) => Notice::info(format!(
            "saved {} lines to {}",
            text.lines().count(),
            file.display()
        )),
        Err(error) => Notice::from(Failure {
            what: Text::new(&format!("save to {}", file.display())),
            why: Text::new(&format!(
                "{error}; {written} of {} bytes are written",
                text.len()
            )),
            remedy: "make room or choose another folder with XDG_DATA_HOME".into(),
            sort: FailureSort::Other,
        }),
    }
}

/// `shop-prod-20261123T100411.log`: one word, never a way out of the folder.
fn file_name(name: &str, now: Timestamp) -> PathBuf {
    let word: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '-'
            }
        })
        .take(80)
        .collect();
    let stamp: String = now
        .to_string()
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == 'T')
        .collect();
    format!("{word}-{stamp}.log").into()
}

fn write(folder: &Path, file: &Path, bytes: &[u8], written: &mut usize) -> io::Result<()> {
    private_folder(folder)?;
    let mut out = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    for step in bytes.chunks(STEP) {
        out.write_all(step)?;
        *written += step.len();
    }
    out.sync_all()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_saved_log_is_private_and_a_full_disk_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("saved");
        let notice = save(&inside, "../evil name", "a\nb\n", Timestamp(0));
        let file = inside.join("---evil-name-19700101T000000.log");
        assert!(notice.line().contains("saved 2 lines"), "{}", notice.line());
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "a\nb\n");
        let mut written = 0;
        if Path::new("/dev/full").exists() {
            let mut full = OpenOptions::new().write(true).open("/dev/full").unwrap();
            assert!(full.write_all(b"x").and_then(|()| full.flush()).is_err());
        }
        assert!(write(&inside, &file, b"again", &mut written).is_err());
        assert_eq!(written, 0);
    }
}
