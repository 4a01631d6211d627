//! The file that remembers things between runs: read once, written a moment after a change.

use super::files::{private_folder, replace};
use crate::config::State;
use rustix::process::{Pid, test_kill_process};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
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

/// Writes the state so that a crash leaves the old file or the new one, never half of one. What
/// another console has changed since `base` was read or written stays, where this one has not.
pub fn save(file: &Path, base: &State, ours: &State) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    private_folder(folder)?;
    let _alone = alone(folder);
    let theirs = fs::read(file)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let (base, ours) = (serde_json::to_value(base)?, serde_json::to_value(ours)?);
    let merged = match &theirs {
        Some(theirs) => merged(&base, &ours, theirs, ENTRIES),
        None => ours,
    };
    let mut bytes = serde_json::to_vec_pretty(&merged)?;
    bytes.push(b'\n');
    replace(file, &bytes)
}

/// Parts of the state are merged, and their entries: what an entry holds belongs together.
const ENTRIES: usize = 2;

/// What is changed on one side is taken; of what is changed on both, ours, unless it is gone here.
fn merged(base: &Value, ours: &Value, theirs: &Value, depth: usize) -> Value {
    let (Value::Object(base), Value::Object(ours), Value::Object(theirs), Some(depth)) =
        (base, ours, theirs, depth.checked_sub(1))
    else {
        return if base == ours { theirs } else { ours }.clone();
    };
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let part = |name: &String| match (base.get(name), ours.get(name), theirs.get(name)) {
        (Some(base), Some(ours), Some(theirs)) => Some(merged(base, ours, theirs, depth)),
        (base, ours, theirs) if base == theirs => ours.cloned(),
        (base, ours, theirs) if base == ours => theirs.cloned(),
        (_, ours, theirs) => ours.or(theirs).cloned(),
    };
    let parts = names
        .into_iter()
        .filter_map(|name| Some((name.clone(), part(name)?)));
    Value::Object(parts.collect())
}

/// Keeps other consoles from writing in this folder until it is dropped. One that was stopped in the
/// middle of it is waited for a while only.
#[expect(clippy::disallowed_methods, reason = "the thread is the writer's own")]
fn alone(folder: &Path) -> Option<File> {
    let lock = File::open(folder).ok()?;
    for _ in 0..ALONE.as_millis() / STEP.as_millis() {
        match lock.try_lock() {
            Ok(()) => return Some(lock),
            Err(TryLockError::WouldBlock) => thread::sleep(STEP),
            Err(TryLockError::Error(_)) => return None,
        }
    }
    None
}

/// Another console is waited for so long, looking again after each step.
const ALONE: Duration = Duration::from_millis(300);
const STEP: Duration = Duration::from_millis(10);

/// Writes the state after a rest, by a thread of its own: a slow disk holds no key.
#[derive(Debug)]
pub struct Keeper {
    pending: Option<State>,
    due: Option<Instant>,
    states: Sender<State>,
    writer: JoinHandle<()>,
}

impl Keeper {
    /// Keeps the state in `file`, where `base` was read. `complain` hears the first failure: nobody
    /// wants to hear it twice.
    pub fn new(file: PathBuf, base: State, complain: impl FnOnce(String) + Send + 'static) -> Self {
        let (states, received) = channel();
        Self {
            pending: None,
            due: None,
            states,
            writer: thread::spawn(move || write(&file, base, &received, complain)),
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

    /// Lets what is pending be written.
    pub fn write(&mut self) {
        self.due = None;
        if let Some(state) = self.pending.take() {
            // A writer that is gone has panicked, and its report is written.
            let _ = self.states.send(state);
        }
    }

    /// Writes what is pending, and waits for it.
    pub fn end(mut self) {
        self.write();
        drop(self.states);
        let _ = self.writer.join();
    }
}

/// Writes each state that comes, the last one where several wait.
fn write(file: &Path, mut base: State, states: &Receiver<State>, complain: impl FnOnce(String)) {
    let mut complain = Some(complain);
    while let Ok(state) = states.recv() {
        let state = states.try_iter().last().unwrap_or(state);
        match save(file, &base, &state) {
            Ok(()) => base = state,
            Err(error) => {
                if let Some(complain) = complain.take() {
                    complain(format!("{}: {error}", file.display()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::config::{OpenTabs, Sort};
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
        save(&file, &State::default(), &favourites(&["a"])).unwrap();
        save(&file, &favourites(&["a"]), &favourites(&["b"])).unwrap();
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
        save(&file, &State::default(), &state).unwrap();
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
    fn what_another_console_changes_meanwhile_stays() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("state.json");
        let sort = |column: &str| Sort {
            column: column.into(),
            reverse: false,
        };
        let begun = State {
            sorts: [("pods".into(), sort("name")), ("jobs".into(), sort("age"))].into(),
            ..favourites(&["a"])
        };
        save(&file, &State::default(), &begun).unwrap();
        let (mut here, mut there) = (begun.clone(), begun.clone());
        there.sorts.insert("pods".into(), sort("cpu"));
        there.scopes.insert("prod".into(), vec!["shop".into()]);
        there.sorts.remove("jobs");
        save(&file, &begun, &there).unwrap();
        here.favourites = vec!["b".into()];
        here.tour = Some(3);
        save(&file, &begun, &here).unwrap();
        let both = load(&file).unwrap();
        assert_eq!(both.sorts, there.sorts, "theirs, and what they took away");
        assert_eq!((&both.scopes, both.tour), (&there.scopes, Some(3)));
        assert_eq!(both.favourites, here.favourites);

        // Both have changed it: the last one. Taken away here and changed there: it stays.
        here.sorts.insert("pods".into(), sort("age"));
        let mut last = here.clone();
        last.scopes.remove("prod");
        save(&file, &begun, &last).unwrap();
        let both = load(&file).unwrap();
        assert_eq!(both.sorts["pods"], sort("age"));
        assert_eq!(both.scopes, there.scopes);
    }

    #[test]
    fn changes_are_collected_and_a_failure_is_told_once() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("state.json");
        let now = Instant::now();
        let keeper = |file: &Path| {
            let (told, heard) = channel();
            let tell = move |why| told.send(why).unwrap();
            (Keeper::new(file.to_owned(), State::default(), tell), heard)
        };
        let (mut here, heard) = keeper(&file);
        here.keep(favourites(&["a"]), now);
        here.keep(favourites(&["b"]), now + REST / 2);
        assert_eq!(here.due(), Some(now + REST));
        here.write();
        assert_eq!(here.due(), None);
        here.end();
        assert_eq!(load(&file), Ok(favourites(&["b"])));
        assert_eq!(heard.iter().count(), 0);

        let (mut here, heard) = keeper(Path::new("/dev/null/state.json"));
        here.keep(favourites(&["a"]), now);
        here.write();
        assert!(heard.recv().unwrap().contains("state.json"));
        here.keep(favourites(&["b"]), now);
        here.end();
        assert_eq!(heard.iter().count(), 0);
    }

    #[test]
    fn a_console_that_was_stopped_while_it_writes_holds_up_no_other() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("state.json");
        let stopped = File::open(home.path()).unwrap();
        stopped.lock().unwrap();
        save(&file, &State::default(), &favourites(&["a"])).unwrap();
        assert_eq!(load(&file), Ok(favourites(&["a"])));
    }
}
