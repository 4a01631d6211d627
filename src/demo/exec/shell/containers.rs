//! The inside of simulated containers: files and processes, kept for as long as the container runs
//! and the server lives, for the latest few only.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use super::{
    fs::{Errno, Fs, Meta, absolute},
    image::{self, Image},
    pattern,
};
use crate::demo::{clock::Clock, place::Place};

/// Containers whose inside is remembered. With the room that a file system has this bounds the memory.
const KEPT: usize = 32;

/// The containers that somebody has been in, the latest last.
#[derive(Debug, Default)]
pub struct Containers {
    clock: Clock,
    known: Mutex<VecDeque<Arc<Container>>>,
}

impl Containers {
    /// None yet.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            known: Mutex::default(),
        }
    }

    /// The container of a place as it was left, or as its image makes it.
    pub fn of(&self, place: &Place) -> Arc<Container> {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let incarnation = place.incarnation();
        let known = all
            .iter()
            .position(|container| container.incarnation == incarnation)
            .and_then(|at| all.remove(at));
        let container =
            known.unwrap_or_else(|| Arc::new(Container::new(place, self.clock.clone())));
        if all.len() >= KEPT {
            all.pop_front();
        }
        all.push_back(Arc::clone(&container));
        container
    }
}

/// The inside of one run of a container.
#[derive(Debug)]
pub struct Container {
    incarnation: String,
    /// The time in it.
    pub clock: Clock,
    /// What the image and the pod say about it.
    pub image: Image,
    fs: Mutex<Fs>,
    processes: Mutex<Processes>,
}

/// A process as `ps` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// The number of who began it.
    pub parent: u32,
    /// Its command line.
    pub command: String,
    /// When it began.
    pub began: Timestamp,
    /// It was killed; whoever runs it must see that.
    pub killed: Option<i32>,
}

#[derive(Debug)]
struct Processes {
    next: u32,
    all: Vec<Process>,
}

impl Container {
    /// The inside of a container that nobody has been in.
    pub fn new(place: &Place, clock: Clock) -> Self {
        let now = clock.now();
        let image = Image::of(place, now);
        let mut fs = Fs::new(image.began);
        image::fill(&mut fs, &image, place);
        let main = Process {
            pid: 1,
            parent: 0,
            command: image.command.clone(),
            began: image.began,
            killed: None,
        };
        let mut all = vec![main];
        all.extend(
            image
                .children
                .iter()
                .enumerate()
                .map(|(at, command)| Process {
                    pid: 7 + u32::try_from(at).unwrap_or(0),
                    parent: 1,
                    command: command.clone(),
                    began: image.began,
                    killed: None,
                }),
        );
        // Numbers go on from where a container of this age would be.
        let next =
            20 + u32::try_from((now - image.began).get_seconds().rem_euclid(400)).unwrap_or(0);
        Self {
            incarnation: place.incarnation(),
            clock,
            image,
            fs: Mutex::new(fs),
            processes: Mutex::new(Processes { next, all }),
        }
    }

    /// The files.
    pub fn fs(&self) -> MutexGuard<'_, Fs> {
        self.fs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes behind what a file holds.
    ///
    /// # Errors
    /// As [`Fs::write`].
    pub fn append(&self, path: &str, bytes: &[u8]) -> Result<(), Errno> {
        self.fs().write(path, bytes, true, self.clock.now())
    }

    fn processes(&self) -> MutexGuard<'_, Processes> {
        self.processes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The processes by number.
    pub fn running(&self) -> Vec<Process> {
        self.processes().all.clone()
    }

    /// A new process, until [`Container::gone`].
    pub fn begin(&self, parent: u32, command: &str) -> u32 {
        let mut processes = self.processes();
        processes.next += 1;
        let pid = processes.next;
        processes.all.push(Process {
            pid,
            parent,
            command: command.to_owned(),
            began: self.clock.now(),
            killed: None,
        });
        pid
    }

    /// The process has ended.
    pub fn gone(&self, pid: u32) {
        self.processes().all.retain(|process| process.pid != pid);
    }

    /// Sends a signal. Whether there is such a process.
    pub fn kill(&self, pid: u32, signal: i32) -> bool {
        let mut processes = self.processes();
        let Some(process) = processes.all.iter_mut().find(|process| process.pid == pid) else {
            return false;
        };
        // The first process ignores what it has no handler for; signal 0 only asks.
        if pid > 20 && signal != 0 {
            process.killed = Some(signal);
        }
        true
    }

    /// The signal that has killed a process.
    pub fn killed(&self, pid: u32) -> Option<i32> {
        self.processes()
            .all
            .iter()
            .find(|process| process.pid == pid)
            .and_then(|process| process.killed)
    }

    /// The paths that a pattern matches, by name.
    pub fn matching(&self, cwd: &str, pattern: &[(char, bool)]) -> Vec<String> {
        let rooted = pattern.first().is_some_and(|(c, _)| *c == '/');
        let parts: Vec<&[(char, bool)]> = pattern
            .split(|(c, _)| *c == '/')
            .filter(|part| !part.is_empty())
            .collect();
        let fs = self.fs();
        let mut found = vec![if rooted {
            "/".to_owned()
        } else {
            String::new()
        }];
        for (at, part) in parts.iter().enumerate() {
            let last = at + 1 == parts.len();
            found = found
                .iter()
                .flat_map(|prefix| candidates(&fs, cwd, prefix, part, last))
                .collect();
        }
        found.retain(|path| !path.is_empty());
        found
    }

    /// What is at a path.
    pub fn meta(&self, path: &str) -> Option<Meta> {
        self.fs().meta(path)
    }
}

/// The entries of the folder `prefix` that match one part of a pattern.
fn candidates(fs: &Fs, cwd: &str, prefix: &str, part: &[(char, bool)], last: bool) -> Vec<String> {
    let folder = absolute(cwd, prefix);
    let hidden = part.first().is_some_and(|(c, _)| *c == '.');
    let join = |name: &str| {
        if prefix.is_empty() || prefix.ends_with('/') {
            format!("{prefix}{name}")
        } else {
            format!("{prefix}/{name}")
        }
    };
    let text: String = part.iter().map(|(c, _)| *c).collect();
    if text == "." || text == ".." {
        return vec![join(&text)];
    }
    fs.list(&folder)
        .unwrap_or_default()
        .into_iter()
        .filter(|(name, meta)| {
            (hidden || !name.starts_with('.'))
                && (last || meta.folder)
                && pattern::matches(part, name)
        })
        .map(|(name, _)| join(&name))
        .collect()
}
