//! Carries out what the core asks of images: looks at sources, drafts and recipes, builds. Each is
//! a task of its own; a build that is stopped is dropped, which ends the engine's work.

use super::mailbox::Post;
use crate::app::{BuildOrder, Id, Msg, Work, Worked};
use crate::domain::build::{Event, Fault, Outcome};
use crate::domain::dockerfile::{Variant, generate};
use crate::domain::recipe::Read;
use crate::domain::survey::EngineInfo;
use crate::images::{self, Drafts, Engine, Opened};
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// Events that wait at most: a reader that is slow slows the build.
const EVENTS: usize = 512;

/// Between two messages of events: nobody sees more of them a second.
const REST: Duration = Duration::from_millis(30);

/// Where catalogues and drafts are.
#[derive(Clone, Debug)]
pub struct WorkshopPaths {
    /// Documents laid over the built-in catalogue.
    pub catalogues: Vec<PathBuf>,
    /// The folder of drafts.
    pub drafts: PathBuf,
}

/// Work that is under way.
#[derive(Debug)]
pub struct Workshop {
    post: Post,
    catalogues: Vec<PathBuf>,
    drafts: Drafts,
    tasks: HashMap<Id, AbortHandle>,
    /// Copies of sources that were fetched, as long as their wizards live.
    copies: Arc<Mutex<HashMap<Id, Opened>>>,
}

impl Workshop {
    /// A workshop whose results go to `post`.
    pub fn new(post: Post, paths: WorkshopPaths) -> Self {
        Self {
            post,
            catalogues: paths.catalogues,
            drafts: Drafts(paths.drafts),
            tasks: HashMap::new(),
            copies: Arc::default(),
        }
    }

    /// Carries out a piece of work; `demo` plays where there is no engine.
    pub fn carry_out(&mut self, id: Id, work: Work, demo: bool) {
        let post = self.post.clone();
        let task = match work {
            Work::Survey { place, reference } => {
                let (layers, drafts) = (self.catalogues.clone(), self.drafts.clone());
                let copies = Arc::clone(&self.copies);
                tokio::spawn(async move {
                    let done = images::survey(&place, &reference, &layers, &variable).await;
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
            Work::Build(order) => tokio::spawn(async move {
                let outcome = build(id, *order, &post)
                    .await
                    .unwrap_or_else(Outcome::Failed);
                post.send(Msg::Work(id, Worked::Ended(outcome))).await;
            }),
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

async fn build(id: Id, order: BuildOrder, post: &Post) -> Result<Outcome, Fault> {
    let (events, rx) = mpsc::channel(EVENTS);
    let told = tokio::spawn(tell(id, rx, post.clone()));
    let outcome = if order.simulated {
        play(&order, &events).await
    } else {
        real(order, &events).await
    };
    drop(events);
    // What was said before the end is told before it.
    let _ = told.await;
    outcome
}

async fn play(order: &BuildOrder, events: &mpsc::Sender<Event>) -> Result<Outcome, Fault> {
    let dockerfile = generate(&order.recipe, &order.catalogue, Variant::BuildKit)
        .map_err(|flaws| images::flawed("the recipe cannot be used", &flaws))?;
    Ok(images::simulate(&dockerfile, 0, events).await)
}

async fn real(order: BuildOrder, events: &mpsc::Sender<Event>) -> Result<Outcome, Fault> {
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
            buildkit,
        )
    });
    let ordered = ordered
        .await
        .unwrap_or_else(|error| Err(images::flawed(&error.to_string(), &[])))?;
    let image = images::build(&engine, ordered, events, &variable).await?;
    let digest = if push {
        Some(images::push(&engine, &tag, events, &variable).await?)
    } else {
        None
    };
    Ok(Outcome::Built { image, digest })
}

/// Hands events on in batches.
async fn tell(id: Id, mut events: mpsc::Receiver<Event>, post: Post) {
    while let Some(first) = events.recv().await {
        let mut batch = vec![first];
        while batch.len() < EVENTS
            && let Ok(event) = events.try_recv()
        {
            batch.push(event);
        }
        if !post.send(Msg::Work(id, Worked::Events(batch))).await {
            return;
        }
        tokio::time::sleep(REST).await;
    }
}
