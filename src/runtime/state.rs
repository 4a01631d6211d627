//! The file that remembers things between runs: read once, written a moment after a change.

use super::files::replace;
use crate::config::State;
use rustix::process::{Pid, test_kill_process};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Changes are collected for so long before they are written.
const REST: Duration = Duration::from_millis(700);

/// The remembered state of `file`. A file that is missing is an empty state; one that cannot be
/// used is too, and `Err` says why. Tabs that another console has open are left to it.
pub fn load(file: &Path) -> Result<State, String> {
    match fs::read(file) {
        Ok(bytes) => {
            let mut state: State = serde_json::from_slice(&bytes)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            state.tabs.retain(|_, open| !runs(open.run));
            Ok(state)
        }
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(State::default())
        }
        Err(error) => Err(format!("{}: {error}", file.display())),
    }
}

/// Whether this process is there; 0 names none.
fn runs(process: u32) -> bool {
    let known = i32::try_from(process).ok().and_then(Pid::from_raw);
    known.is_some_and(|pid| test_kill_process(pid).is_ok())
}

/// Writes the state so that a crash leaves the old file or the new one, never half of one.
pub fn save(file: &Path, state: &State) -> io::Result<()> {
    let mut bytes = serde_json::to_vec_pretty(state).map_err(io::Error::other)?;
    bytes.push(b'\n');
    replace(file, &bytes)
}

/// Writes the state after a rest, at most one write under way.
#[derive(Debug)]
pub struct Keeper {
    file: PathBuf,
    pending: Option<State>,
    due: Option<Instant>,
    complained: bool,
}

impl Keeper {
    /// Keeps the state in `file`.
    pub fn new(file: PathBuf) -> Self {
        Self {
            file,
            pending: None,
            due: None,
            complained: false,
        }
    }

    /// This is the state now.
    pub fn keep(&mut self, state: State, now: Instant) {
        self.pending = Some(state);
        self.due.get_or_insert(now + REST);
    }

    /// When the next write is due, if one is.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Writes what is pending. `Err` the first time that it fails: nobody wants to hear it twice.
    pub fn write(&mut self) -> Result<(), String> {
        self.due = None;
        let Some(state) = self.pending.take() else {
            return Ok(());
        };
        match save(&self.file, &state) {
            Err(error) if !std::mem::replace(&mut self.complained, true) => {
                Err(format!("{}: {error}", self.file.display()))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::config::OpenTabs;
    use std::os::unix::fs::PermissionsExt;

    fn favourites(names: &[&str]) -> State {
        State {
            favourites: names.iter().map(|name| (*name).to_owned()).collect(),
            ..State::default()
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("deep/state.json");
        assert_eq!(load(&file), Ok(State::default()));
        save(&file, &favourites(&["a"])).unwrap();
        save(&file, &favourites(&["b"])).unwrap();
        assert_eq!(load(&file), Ok(favourites(&["b"])));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
        assert_eq!(
            fs::read_dir(file.parent().unwrap()).unwrap().count(),
            1,
            "nothing else is left behind"
        );
    }

    #[test]
    fn tabs_that_a_running_console_has_open_are_left_to_it() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("state.json");
        let mut over = std::process::Command::new("true").spawn().unwrap();
        over.wait().unwrap();
        let of = |run| OpenTabs {
            run,
            ..OpenTabs::default()
        };
        let mut state = State::default();
        state.tabs.insert("lost".into(), of(over.id()));
        state.tabs.insert("open".into(), of(std::process::id()));
        save(&file, &state).unwrap();
        let tabs = load(&file).unwrap().tabs;
        assert_eq!(tabs.keys().collect::<Vec<_>>(), ["lost"]);
    }

    #[test]
    fn a_broken_file_is_named() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("state.json");
        fs::write(&file, "{\"favourites\": 3}").unwrap();
        assert!(load(&file).unwrap_err().contains("state.json"));
    }

    #[test]
    fn changes_are_collected_and_a_failure_is_told_once() {
        let home = tempfile::tempdir().unwrap();
        let now = Instant::now();
        let mut keeper = Keeper::new(home.path().join("state.json"));
        keeper.keep(favourites(&["a"]), now);
        keeper.keep(favourites(&["b"]), now + REST / 2);
        assert_eq!(keeper.due(), Some(now + REST));
        assert_eq!(keeper.write(), Ok(()));
        assert_eq!(
            (keeper.due(), load(&home.path().join("state.json"))),
            (None, Ok(favourites(&["b"])))
        );

        let mut keeper = Keeper::new(PathBuf::from("/dev/null/state.json"));
        keeper.keep(favourites(&["a"]), now);
        assert!(keeper.write().is_err());
        keeper.keep(favourites(&["b"]), now);
        assert_eq!(keeper.write(), Ok(()));
    }
}
