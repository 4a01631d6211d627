//! Edits of objects: the text goes into a private file, an editor changes it, and what was saved
//! is applied. An edit that is not applied stays in its file.

use super::answers::no_session;
use super::files::{create_beside, replace};
use crate::app::{EditStep, Edited, Id, Msg};
use crate::cluster::Session;
use crate::domain::compare::compare;
use crate::domain::feed::{Failure, FailureSort};
use crate::domain::session::Target;
use crate::domain::text::Text;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Begins each line that is no part of the object.
const REMARK: char = '#';

/// What is being edited.
#[derive(Clone, Debug)]
pub struct Edits {
    folder: PathBuf,
    open: Arc<Mutex<HashMap<Id, Edit>>>,
}

/// One object that is being edited.
#[derive(Clone, Debug)]
struct Edit {
    target: Target,
    file: PathBuf,
    /// The object as the server had it when the edit was begun, or last collided.
    original: String,
}

impl Edits {
    /// Edits whose files are in `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            open: Arc::default(),
        }
    }

    /// Takes a step of an edit.
    pub async fn step(self, session: Option<Session>, id: Id, step: EditStep) -> Msg {
        let session = || session.ok_or_else(no_session);
        let done = async {
            match step {
                EditStep::Begin(target) => self.begin(&session()?, id, target).await,
                EditStep::Judge => self.judge(id),
                EditStep::Apply => self.apply(&session()?, id).await,
            }
        };
        Msg::Edit(id, done.await.unwrap_or_else(Edited::Failed))
    }

    async fn begin(&self, session: &Session, id: Id, target: Target) -> Result<Edited, Failure> {
        let original = session.manifest(&target).await?;
        let remarks = [
            format!("{target}"),
            "Save and leave the editor to see what would change and to apply it; leave it".into(),
            "without a change to do nothing. Lines that begin with # do not count.".into(),
        ];
        let file = self
            .create(&target, &text(&remarks, &original))
            .map_err(|error| unwritable(&self.folder, &error))?;
        let edit = Edit {
            target,
            file: file.clone(),
            original,
        };
        self.with(|open| open.insert(id, edit));
        Ok(Edited::Ready(file))
    }

    /// What the editor has left.
    fn judge(&self, id: Id) -> Result<Edited, Failure> {
        let edit = self.edit(id)?;
        let edited = edit.read()?;
        if edited == edit.original || edited.trim().is_empty() {
            return Ok(Edited::Unchanged);
        }
        Session::check_manifest(&edit.target, &edited)?;
        let old: Vec<&str> = edit.original.lines().collect();
        let new: Vec<&str> = edited.lines().collect();
        let changes = compare(&old, &new)
            .into_iter()
            .filter(|(sign, _)| *sign != ' ')
            .map(|(sign, line)| Text::new(&format!("{sign} {line}")))
            .collect();
        Ok(Edited::Changed(changes))
    }

    async fn apply(&self, session: &Session, id: Id) -> Result<Edited, Failure> {
        let edit = self.edit(id)?;
        let edited = edit.read()?;
        match session.replace_object(&edit.target, &edited).await {
            Ok(()) => {
                self.forget(id);
                Ok(Edited::Applied)
            }
            Err(failure) if failure.sort == FailureSort::Conflict => {
                Err(self.collide(session, id, edit, &edited).await)
            }
            Err(failure) => {
                let remarks = [
                    "The server refused this:".to_owned(),
                    failure.why.to_string(),
                ];
                // The answer stands above the edit when it is opened again.
                let _ = replace(&edit.file, text(&remarks, &edited).as_bytes());
                Err(failure)
            }
        }
    }

    /// Somebody else has changed the object: the edit is now one of the newest version, and what
    /// the other has changed stands above it.
    async fn collide(&self, session: &Session, id: Id, edit: Edit, edited: &str) -> Failure {
        let newest = match session.manifest(&edit.target).await {
            Ok(newest) => newest,
            Err(failure) => return failure,
        };
        let old: Vec<&str> = edit.original.lines().collect();
        let new: Vec<&str> = newest.lines().collect();
        let mut remarks = vec![
            "Somebody else changed this since the edit was begun; theirs is not in".to_owned(),
        ];
        remarks.push("your text, take over what is to stay:".into());
        let theirs = compare(&old, &new);
        let mut version = None;
        for (sign, line) in theirs.iter().filter(|(sign, _)| *sign != ' ') {
            remarks.push(format!("  {sign} {line}"));
            if *sign == '+' && line.trim_start().starts_with("resourceVersion:") {
                version = Some(*line);
            }
        }
        let mine: String = edited
            .lines()
            .map(|line| match version {
                Some(version) if line.starts_with("  resourceVersion:") => version,
                _ => line,
            })
            .flat_map(|line| [line, "\n"])
            .collect();
        if let Err(error) = replace(&edit.file, text(&remarks, &mine).as_bytes()) {
            return unwritable(&edit.file, &error);
        }
        let what = Text::new(&format!("apply the edit of {}", edit.target));
        self.with(|open| {
            open.insert(
                id,
                Edit {
                    original: newest,
                    ..edit
                },
            )
        });
        Failure {
            what,
            why: "somebody else has changed it since the edit was begun".into(),
            remedy: "edit it again: what they changed stands at the top".into(),
            sort: FailureSort::Conflict,
        }
    }

    /// Nobody goes on with the edit: where its file stays, when it holds something.
    pub fn leave(&self, id: Id) -> Option<PathBuf> {
        let edit = self.edit(id).ok()?;
        let kept = edit
            .read()
            .is_ok_and(|edited| edited != edit.original && !edited.trim().is_empty());
        if kept {
            self.with(|open| open.remove(&id));
            return Some(edit.file);
        }
        self.forget(id);
        None
    }

    fn forget(&self, id: Id) {
        if let Some(edit) = self.with(|open| open.remove(&id)) {
            // What cannot be removed is in a folder for this person alone.
            let _ = fs::remove_file(edit.file);
        }
    }

    fn edit(&self, id: Id) -> Result<Edit, Failure> {
        self.with(|open| open.get(&id).cloned()).ok_or(Failure {
            what: "go on with the edit".into(),
            why: "it was never begun".into(),
            remedy: "begin it anew".into(),
            sort: FailureSort::NotFound,
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<Id, Edit>) -> T) -> T {
        act(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// `deployment-shop-prod-web.yaml`
    fn create(&self, target: &Target, text: &str) -> io::Result<PathBuf> {
        let kind = target.kind.to_lowercase();
        let parts = [kind.as_str(), &target.namespace, &target.name];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let (file, mut out) = create_beside(&self.folder, &parts.join("-"), "yaml")?;
        out.write_all(text.as_bytes())?;
        Ok(file)
    }
}

impl Edit {
    /// What the file says, without remarks.
    fn read(&self) -> Result<String, Failure> {
        let text = fs::read_to_string(&self.file).map_err(|error| Failure {
            what: Text::new(&format!("read the edit in {}", self.file.display())),
            why: Text::new(&error.to_string()),
            remedy: "see whether the editor has moved it".into(),
            sort: FailureSort::Other,
        })?;
        let lines = text.lines().filter(|line| !line.starts_with(REMARK));
        Ok(lines.flat_map(|line| [line, "\n"]).collect())
    }
}

fn text(remarks: &[String], object: &str) -> String {
    let mut out = String::new();
    for remark in remarks.iter().flat_map(|remark| remark.lines()) {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{REMARK} {remark}");
    }
    out.push_str(object);
    out
}

fn unwritable(place: &Path, error: &io::Error) -> Failure {
    Failure {
        what: Text::new(&format!("keep the edit in {}", place.display())),
        why: Text::new(&error.to_string()),
        remedy: "make room there, or name another folder with XDG_STATE_HOME".into(),
        sort: FailureSort::Other,
    }
}
