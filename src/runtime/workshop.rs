//! Carries out what the core asks of images: looks at sources, drafts and recipes, builds. Each is
//! a task of its own; a build that is stopped is dropped, which ends the engine's work.

use super::mailbox::Post;
use crate::app::{BuildOrder, Id, Msg, Work, Worked};
use crate::cluster::{now, stands_still};
use crate::domain::build::{Build, Event, Fault, Outcome};
use crate::domain::dockerfile::{Variant, generate};
use crate::domain::outdated::Age;
use crate::domain::recipe::{Read, write};
use crate::domain::survey::EngineInfo;
use crate::images::{self, Drafts, Engine, Entry, History, Opened, Recording, Rules, SecretFiles};
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// Events that wait at most: a reader that is slow slows the build.
const EVENTS: usize = 512;

/// Between two messages of events: nobody sees more of them a second.
const REST: Duration = Duration::from_millis(30);

/// Where catalogues and drafts are.
#[derive(Clone, Debug)]
pub struct WorkshopPaths {
    /// Where the catalogue comes from.
    pub rules: Rules,
    /// The folder of drafts.
    pub drafts: PathBuf,
    /// The folder in which builds are remembered.
    pub builds: PathBuf,
    /// The folder with the secrets of builds.
    pub secrets: PathBuf,
}

/// Work that is under way.
#[derive(Debug)]
pub struct Workshop {
    post: Post,
    rules: Rules,
    drafts: Drafts,
    history: History,
    secrets: SecretFiles,
    tasks: HashMap<Id, AbortHandle>,
    /// Copies of sources that were fetched, as long as their wizards live.
    copies: Arc<Mutex<HashMap<Id, Opened>>>,
}

impl Workshop {
    /// A workshop whose results go to `post`.
    pub fn new(post: Post, paths: WorkshopPaths) -> Self {
        Self {
            post,
            rules: paths.rules,
            drafts: Drafts(paths.drafts),
            history: History(paths.builds),
            secrets: SecretFiles {
                named: Vec::new(),
                folder: paths.secrets,
            },
            tasks: HashMap::new(),
            copies: Arc::default(),
        }
    }

    /// Another catalogue, for work that begins from now on.
    pub fn rule(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// Carries out a piece of work; `demo` plays where there is no engine.
    pub fn carry_out(&mut self, id: Id, work: Work, demo: bool) {
        let post = self.post.clone();
        let task = match work {
            Work::Survey { place, reference } => {
                let (rules, drafts) = (self.rules.clone(), self.drafts.clone());
                let copies = Arc::clone(&self.copies);
                tokio::spawn(async move {
                    let done = images::survey(&place, &reference, &rules, &variable).await;
                    let worked = match done {
                        Ok((mut survey, opened)) => {
                            survey.draft = drafts.read(&survey.folder);
                            if demo && survey.engine.is_err() {
                                survey.engine = Ok(played());
                            }
                            let mut copies = copies.lock().unwrap_or_else(PoisonError::into_inner);
                            copies.insert(id, opened);
                            Worked::Surveyed(Box::new(survey))
                        }
                        Err(fault) => Worked::Failed(fault),
                    };
                    post.send(Msg::Work(id, worked)).await;
                })
            }
            Work::Build(order) => {
                let (history, secrets) = (self.history.clone(), self.secrets.clone());
                tokio::spawn(async move {
                    let outcome = build(id, *order, secrets, &history, &post).await;
                    post.send(Msg::Work(id, Worked::Ended(outcome))).await;
                })
            }
            Work::History => {
                let text = told(&self.history, demo);
                post.send_or_lose(Msg::Work(id, Worked::History(text)));
                return;
            }
            Work::Outdated(place) => {
                self.look_at_recipes(id, place, Vec::new());
                return;
            }
            Work::Renew(place, folders) => {
                self.look_at_recipes(id, place, folders);
                return;
            }
            Work::Size { image, remote } => {
                drop(tokio::spawn(async move {
                    let size = images::base_size(&image, remote, &variable).await;
                    post.send(Msg::Work(id, Worked::Sized(image, size))).await;
                }));
                return;
            }
            Work::Weigh {
                folder,
                recipe,
                catalogue,
                written,
            } => {
                drop(tokio::task::spawn_blocking(move || {
                    let read = Read {
                        recipe: *recipe,
                        ..Read::default()
                    };
                    let sent = images::weigh(&folder, &read, &catalogue);
                    post.send_or_lose(Msg::Work(id, Worked::Weighed(written, sent)));
                }));
                return;
            }
            Work::Sources { project, names } => {
                let (history, drafts) = (self.history.clone(), self.drafts.clone());
                drop(tokio::task::spawn_blocking(move || {
                    let found = images::sources(&history, &drafts, &project, &names);
                    post.send_or_lose(Msg::Work(id, Worked::Sources(project, found)));
                }));
                return;
            }
            Work::Write(file, text) => {
                drop(tokio::task::spawn_blocking(move || {
                    let worked = match images::write(&file, &text) {
                        Ok(()) => Worked::Written(file),
                        Err(fault) => Worked::Failed(fault),
                    };
                    post.send_or_lose(Msg::Work(id, worked));
                }));
                return;
            }
            Work::Keep(folder, draft) => {
                // In order, and done when the program ends: drafts are small.
                if let Err(fault) = self.drafts.keep(&folder, draft.as_deref()) {
                    post.send_or_lose(Msg::Work(id, Worked::Failed(fault)));
                }
                return;
            }
            Work::Stop => {
                self.stop(id);
                return;
            }
        };
        if let Some(before) = self.tasks.insert(id, task.abort_handle()) {
            before.abort();
        }
        self.tasks.retain(|_, task| !task.is_finished());
    }

    /// Makes the Dockerfiles of some recipes again, and tells of all below a place.
    fn look_at_recipes(&self, id: Id, place: String, renewed: Vec<PathBuf>) {
        let (post, rules) = (self.post.clone(), self.rules.clone());
        let here = tokio::runtime::Handle::current();
        drop(tokio::task::spawn_blocking(move || {
            let look = || -> Result<_, Fault> {
                let catalogue = here.block_on(rules.read(None, &variable))?;
                // One that cannot be written is told with the others.
                let mut known: HashMap<PathBuf, _> = renewed
                    .iter()
                    .map(|folder| images::renew(folder, &catalogue, false))
                    .filter(|aged| aged.age == Age::Flawed)
                    .map(|aged| (aged.folder.clone(), aged))
                    .collect();
                let folder = images::folder(&place, variable);
                let mut all = images::outdated(&[folder], &catalogue, false)?;
                for aged in &mut all {
                    if let Some(flawed) = known.remove(&aged.folder) {
                        *aged = flawed;
                    }
                }
                Ok(all)
            };
            let worked = look().map_or_else(Worked::Failed, Worked::Outdated);
            post.send_or_lose(Msg::Work(id, worked));
        }));
    }

    fn stop(&mut self, id: Id) {
        if let Some(task) = self.tasks.remove(&id) {
            task.abort();
        }
        let mut copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        copies.remove(&id);
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        for task in self.tasks.values() {
            task.abort();
        }
    }
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

fn played() -> EngineInfo {
    EngineInfo {
        address: String::new(),
        version: String::new(),
        buildkit: true,
        simulated: true,
    }
}

/// What was built, for reading.
fn told(history: &History, demo: bool) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for entry in history.read() {
        // Writing to a text never fails.
        let _ = writeln!(
            text,
            "{}  {:<8} {:>7.1}s  {}",
            entry.at, entry.result, entry.seconds, entry.tag
        );
        for (about, what) in [
            ("why", &entry.why),
            ("source", &entry.folder),
            ("recipe", &entry.recipe),
            ("bases", &entry.bases.join(" ")),
            ("image", &entry.image),
            ("digest", &entry.digest),
        ] {
            if !what.is_empty() {
                let _ = writeln!(text, "    {about:<7} {what}");
            }
        }
        if !entry.log.is_empty() {
            let _ = writeln!(text, "    lines   {}", history.0.join(&entry.log).display());
        }
    }
    if text.is_empty() {
        text = "nothing was built yet; :new begins\n".into();
    }
    if demo {
        text.push_str("\nwhat the demo plays without an engine is not kept here\n");
    }
    text
}

/// Builds, tells of it, and remembers it; a build that is dropped is remembered as stopped.
async fn build(
    id: Id,
    order: BuildOrder,
    secrets: SecretFiles,
    history: &History,
    post: &Post,
) -> Outcome {
    if let Some(last) = history.last(&order.tag.name) {
        post.send(Msg::Work(id, Worked::Last(last))).await;
    }
    let mut memory = Memory::new(&order, history.clone());
    let (events, rx) = mpsc::channel(EVENTS);
    let recording = memory.recording.take();
    let begun = Build::new(order.tag.clone(), order.push, order.simulated, now());
    let told = tokio::spawn(tell(id, rx, post.clone(), recording, begun));
    let outcome = if order.simulated {
        play(&order, &events).await
    } else {
        real(order, secrets, &events, &mut memory.entry.bases).await
    };
    let outcome = outcome.unwrap_or_else(Outcome::Failed);
    drop(events);
    // What was said before the end is told before it.
    let _ = told.await;
    memory.entry.ended(&outcome);
    outcome
}

/// What will be remembered of a build, however it ends.
struct Memory {
    entry: Entry,
    began: Instant,
    history: History,
    recording: Option<Recording>,
    played: bool,
}

impl Memory {
    fn new(order: &BuildOrder, history: History) -> Self {
        let at = order.labels.created.clone();
        let name = format!("{}-{}", at.replace([':', '.'], "-"), std::process::id());
        // A build whose lines cannot be kept is built all the same.
        let recording = (!order.simulated)
            .then(|| history.record(&name).ok())
            .flatten();
        let entry = Entry {
            at,
            tag: order.tag.tagged(),
            folder: order.folder.display().to_string(),
            recipe: images::fingerprint(&write(&order.recipe, None)),
            result: "stopped".into(),
            log: recording
                .as_ref()
                .map_or_else(String::new, |it| it.log.clone()),
            ..Entry::default()
        };
        Self {
            entry,
            began: Instant::now(),
            history,
            recording,
            played: order.simulated,
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if self.played {
            return;
        }
        self.entry.seconds = self.began.elapsed().as_secs_f64();
        if let Err(error) = self.history.add(&self.entry) {
            tracing::warn!("a build is not remembered: {error}");
        }
    }
}

async fn play(order: &BuildOrder, events: &mpsc::Sender<Event>) -> Result<Outcome, Fault> {
    let dockerfile = generate(&order.recipe, &order.catalogue, Variant::BuildKit)
        .map_err(|flaws| images::flawed("the recipe cannot be used", &flaws))?;
    Ok(images::simulate(&dockerfile, 0, stands_still(), events).await)
}

async fn real(
    order: BuildOrder,
    secrets: SecretFiles,
    events: &mpsc::Sender<Event>,
    bases: &mut Vec<String>,
) -> Result<Outcome, Fault> {
    let engine = Engine::connect(variable).await?;
    let (tag, push, buildkit) = (order.tag.clone(), order.push, engine.buildkit);
    let ordered = tokio::task::spawn_blocking(move || {
        let read = Read {
            recipe: order.recipe,
            ..Read::default()
        };
        images::order(
            &order.folder,
            &read,
            &order.catalogue,
            order.tag,
            &order.labels,
            &secrets,
            buildkit,
        )
    });
    let ordered = ordered
        .await
        .unwrap_or_else(|error| Err(images::flawed(&error.to_string(), &[])))?;
    let from = ordered.bases.clone();
    let image = images::build(&engine, ordered, events, &variable).await?;
    *bases = images::base_digests(&engine, &from).await;
    let digest = if push {
        Some(images::push(&engine, &tag, events, &variable).await?)
    } else {
        None
    };
    Ok(Outcome::Built { image, digest })
}

/// Hands events on in batches, and keeps what they say.
async fn tell(
    id: Id,
    mut events: mpsc::Receiver<Event>,
    post: Post,
    mut recording: Option<Recording>,
    mut build: Build,
) {
    while let Some(first) = events.recv().await {
        let mut batch = vec![first];
        while batch.len() < EVENTS
            && let Ok(event) = events.try_recv()
        {
            batch.push(event);
        }
        for event in &batch {
            build.take(event, now());
            // A full disk costs the lines that are kept, not the build.
            let kept = recording
                .as_mut()
                .is_none_or(|it| it.take(event, &build).is_ok());
            if !kept {
                recording = None;
            }
        }
        if !post.send(Msg::Work(id, Worked::Events(batch))).await {
            return;
        }
        tokio::time::sleep(REST).await;
    }
    if let Some(Err(error)) = recording.map(Recording::end) {
        tracing::warn!("the lines of a build are not kept: {error}");
    }
}
