//! Building and pushing through the Docker Engine. Dropping the future ends the engine's work.

use super::context::Context;
use super::credentials::{self, Credentials};
use super::engine::Engine;
use super::order::MADE;
use super::secrets::Secret;
use super::session::Session;
use crate::domain::build::{Event, Fault, FaultSort, StepState};
use crate::domain::catalogue::ImageRef;
use crate::domain::text::{Text, clean};
use bollard::auth::DockerCredentials;
use bollard::errors::Error;
use bollard::models::{BuildInfo, BuildInfoAux, ProgressDetail};
use bollard::{body_try_stream, query_parameters as query};
use futures::{StreamExt, TryStreamExt};
use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc;
use tokio_stream_of::stream_of;

/// Letters of a step's name that stand in a message.
const NAME: usize = 100;

/// A line without an end is kept so far, about.
const LINE: usize = 64 << 10;

/// What is built.
#[derive(Debug)]
pub struct Order {
    /// The source.
    pub context: Context,
    /// The Dockerfile's name in the context.
    pub dockerfile: String,
    /// Images of its `FROM` lines: their registries may want credentials.
    pub bases: Vec<ImageRef>,
    /// Name and tag of the image.
    pub tag: ImageRef,
    /// Build arguments.
    pub arguments: Vec<(String, String)>,
    /// Secrets that steps may mount; the classic builder has no mounts.
    pub secrets: Vec<Secret>,
    /// Whether `BuildKit` builds.
    pub buildkit: bool,
}

/// Builds; the answer is the image's id. Events go to `events` as they come.
pub async fn build(
    engine: &Engine,
    order: Order,
    events: &mpsc::Sender<Event>,
    get: &impl Fn(&str) -> Option<OsString>,
) -> Result<String, Fault> {
    tell(events, Event::Context(order.context.size())).await;
    let mut known = HashMap::new();
    for base in &order.bases {
        if let Some(found) = credentials::find(base.registry(), get).await {
            known.insert(
                base.registry().to_owned(),
                for_engine(base.registry(), &found),
            );
        }
    }
    let arguments: HashMap<&str, &str> = order
        .arguments
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let tagged = order.tag.tagged();
    let mut options = query::BuildImageOptionsBuilder::default()
        .dockerfile(&order.dockerfile)
        .t(&tagged)
        .buildargs(&arguments)
        .rm(true)
        .forcerm(true);
    // It lives as long as the build.
    let session = if order.buildkit {
        let credentials = std::mem::take(&mut known);
        let session = Session::open(engine, order.secrets, credentials).await;
        Some(session.map_err(|why| no_session(engine, &why))?)
    } else {
        None
    };
    if let Some(session) = &session {
        options = options.session(&session.id);
    }
    // What became of the source on its way: the client's own words for it say nothing.
    let broken = Arc::new(OnceLock::new());
    let seen = Arc::clone(&broken);
    let source = stream_of(order.context.stream()).inspect_err(move |error| {
        // The first that broke it is the reason.
        let _ = seen.set(clean(&error.to_string()).into_owned());
    });
    let body = body_try_stream(source);
    let mut answers = Box::pin(
        engine
            .docker
            .build_image(options.build(), Some(known), Some(body)),
    );
    let mut progress = Progress {
        brought: order.dockerfile != MADE,
        ..Progress::default()
    };
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(info) => {
                for event in progress.events(info) {
                    tell(events, event).await;
                }
            }
            Err(error) => {
                for event in progress.failed(went_away(&error)) {
                    tell(events, event).await;
                }
                return Err(match broken.get() {
                    Some(why) => not_sent(why),
                    None => progress.fault(&error),
                });
            }
        }
    }
    for event in progress.ended() {
        tell(events, event).await;
    }
    match progress.image {
        Some(id) => Ok(id),
        None => Err(Fault::new(
            FaultSort::NoEngine,
            "the engine ended the build without an image and without a reason",
            "look whether it still runs, and build again",
        )),
    }
}

/// What the engine calls these images: their digests, or ids where they have none.
pub async fn base_digests(engine: &Engine, bases: &[ImageRef]) -> Vec<String> {
    let mut found = Vec::new();
    for base in bases.iter().filter(|base| !base.is_scratch()) {
        let Ok(known) = engine.docker.inspect_image(&base.to_string()).await else {
            continue;
        };
        let digest = known.repo_digests.unwrap_or_default().into_iter().next();
        found.extend(digest.or(known.id).map(|it| clean(&it).into_owned()));
    }
    found
}

/// Pushes, and asks the registry what it has; the answer is the digest that it was shown.
pub async fn push(
    engine: &Engine,
    tag: &ImageRef,
    events: &mpsc::Sender<Event>,
    get: &impl Fn(&str) -> Option<OsString>,
) -> Result<String, Fault> {
    let found = credentials::find(tag.registry(), get).await;
    let sending = send(engine, tag, found.as_ref(), events);
    let pushed = as_step(events, "push", format!("push {tag}"), sending).await?;
    let event = Event::Pushed {
        digest: pushed.clone(),
    };
    tell(events, event).await;
    let name = format!("ask {} for what it has", tag.registry());
    let asking = verify(tag, Some(&pushed), found.as_ref());
    let digest = as_step(events, "verify", name, asking).await?;
    let event = Event::Verified {
        digest: digest.clone(),
    };
    tell(events, event).await;
    Ok(digest)
}

/// Tells of `work` as of a step.
async fn as_step<T>(
    events: &mpsc::Sender<Event>,
    id: &str,
    name: String,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let step = |state| Event::Step {
        id: id.to_owned(),
        name: name.clone(),
        state,
    };
    tell(events, step(StepState::Started)).await;
    let done = work.await;
    let state = if done.is_ok() {
        StepState::Done
    } else {
        StepState::Failed
    };
    tell(events, step(state)).await;
    done
}

/// Has the engine send an image to its registry; the answer is the digest that it says it sent.
async fn send(
    engine: &Engine,
    tag: &ImageRef,
    found: Option<&Credentials>,
    events: &mpsc::Sender<Event>,
) -> Result<String, Fault> {
    let known = found.map(|found| for_engine(tag.registry(), found));
    let options = query::PushImageOptionsBuilder::default()
        .tag(&tag.tag)
        .build();
    let mut answers = Box::pin(engine.docker.push_image(&tag.name, Some(options), known));
    let mut pushed = None;
    let mut before = String::new();
    while let Some(answer) = answers.next().await {
        let info = answer.map_err(|error| not_pushed(tag, &error))?;
        let status = clean(info.status.as_deref().unwrap_or_default()).into_owned();
        // The only place where the engine tells the digest: `1: digest: sha256:… size: 528`.
        if let Some((_, rest)) = status.split_once("digest: ") {
            pushed = rest.split_whitespace().next().map(str::to_owned);
        }
        if let Some(event) = moved(&status, info.progress_detail.as_ref()) {
            tell(events, event).await;
        } else if !status.is_empty() && status != before {
            // A layer that is broken off is tried again for a while: that must be seen.
            let log = Event::Log {
                step: "push".into(),
                line: status.clone(),
            };
            tell(events, log).await;
            before = status;
        }
    }
    pushed.ok_or_else(|| {
        Fault::new(
            FaultSort::Registry,
            format!("the push of {tag} ended without a digest"),
            push_again(tag),
        )
    })
}

/// What to do after a push that failed: the image is still there.
fn push_again(tag: &ImageRef) -> String {
    format!(
        "the image stays in the engine: `quarterdeck image push {}` sends what is missing",
        tag.tagged()
    )
}

/// Asks the registry for the digest under a tag, and compares it with `expected`.
pub async fn verify(
    tag: &ImageRef,
    expected: Option<&str>,
    credentials: Option<&Credentials>,
) -> Result<String, Fault> {
    let again = "push again, and see whether somebody else pushes to the same tag";
    match (super::registry::digest(tag, credentials).await?, expected) {
        (None, _) => Err(Fault::new(
            FaultSort::NotVerified,
            format!("{} has no {tag}", tag.registry()),
            again,
        )),
        (Some(found), Some(expected)) if found != expected => Err(Fault::new(
            FaultSort::NotVerified,
            format!(
                "{} has {found} under {tag}, and {expected} was pushed",
                tag.registry()
            ),
            again,
        )),
        (Some(found), _) => Ok(found),
    }
}

fn for_engine(registry: &str, found: &Credentials) -> DockerCredentials {
    DockerCredentials {
        username: Some(found.user.clone()),
        password: found.token.is_none().then(|| found.password.clone()),
        identitytoken: found.token.clone(),
        serveraddress: Some(registry.to_owned()),
        ..DockerCredentials::default()
    }
}

fn not_pushed(tag: &ImageRef, error: &Error) -> Fault {
    let text = said(error);
    let lower = text.to_ascii_lowercase();
    if lower.contains("does not exist locally") {
        return Fault::new(
            FaultSort::Missing,
            format!("the engine has no image {}", tag.tagged()),
            format!(
                "build it first: `quarterdeck image build --tag {}`",
                tag.tagged()
            ),
        );
    }
    let denied = [
        "denied",
        "unauthorized",
        "authentication required",
        "no basic auth",
    ]
    .iter()
    .any(|it| lower.contains(it));
    let (sort, remedy) = if denied {
        (
            FaultSort::Denied,
            format!(
                "log in with `docker login {}`, or ask for the right to push",
                tag.registry()
            ),
        )
    } else {
        (FaultSort::Registry, push_again(tag))
    };
    Fault::new(sort, format!("{tag} was not pushed: {text}"), remedy)
}

/// What the engine says, without the client's words around it.
fn said(error: &Error) -> String {
    let text = match error {
        Error::DockerStreamError { error } => error.clone(),
        Error::DockerResponseServerError { message, .. } => message.clone(),
        other => other.to_string(),
    };
    clean(text.trim()).into_owned()
}

fn no_session(engine: &Engine, why: &str) -> Fault {
    Fault::new(
        FaultSort::NoEngine,
        format!(
            "the engine at {} cannot be built with: {why}",
            engine.address()
        ),
        "build with `--classic`, or look whether the engine still runs",
    )
}

/// A reader that went away does not stop a build.
async fn tell(events: &mpsc::Sender<Event>, event: Event) {
    let _ = events.send(event).await;
}

fn moved(what: &str, detail: Option<&ProgressDetail>) -> Option<Event> {
    let number = |it: Option<i64>| it.and_then(|it| u64::try_from(it).ok()).unwrap_or_default();
    let (current, total) = (number(detail?.current), number(detail?.total));
    (current > 0).then(|| Event::Progress {
        what: what.to_owned(),
        // Engines have been seen to count past the total.
        current: if total > 0 {
            current.min(total)
        } else {
            current
        },
        total,
    })
}

/// What is known of a running build.
#[derive(Debug, Default)]
struct Progress {
    /// Steps by id: name and state.
    steps: HashMap<String, (String, StepState)>,
    /// The step that runs, for the classic builder.
    current: String,
    /// A line that has not ended yet, by step.
    partial: HashMap<String, String>,
    image: Option<String>,
    /// The Dockerfile is the project's own.
    brought: bool,
}

impl Progress {
    fn events(&mut self, info: BuildInfo) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(text) = info.stream {
            self.classic(&text, &mut events);
        }
        match info.aux {
            Some(BuildInfoAux::BuildKit(status)) => {
                for vertex in status.vertexes {
                    let state = if vertex.error.contains("context canceled") {
                        // It was given up because another one failed: that one is to be named.
                        continue;
                    } else if !vertex.error.is_empty() {
                        StepState::Failed
                    } else if vertex.cached {
                        StepState::Cached
                    } else if vertex.completed.is_some() {
                        StepState::Done
                    } else if vertex.started.is_some() {
                        StepState::Started
                    } else {
                        continue;
                    };
                    self.step(&vertex.digest, &vertex.name, state, &mut events);
                }
                for moved in status.statuses {
                    let number = |it: i64| u64::try_from(it).unwrap_or_default();
                    if moved.current > 0 {
                        events.push(Event::Progress {
                            what: clean(&moved.id).into_owned(),
                            current: number(moved.current),
                            total: number(moved.total),
                        });
                    }
                }
                for log in status.logs {
                    self.log(&log.vertex, &String::from_utf8_lossy(&log.msg), &mut events);
                }
            }
            Some(BuildInfoAux::Default(image)) => {
                if let Some(id) = image.id {
                    events.push(Event::Image { id: id.clone() });
                    self.image = Some(id);
                }
            }
            None => {}
        }
        events.extend(moved(
            info.status.as_deref().unwrap_or_default(),
            info.progress_detail.as_ref(),
        ));
        events
    }

    /// A fragment of the classic builder's text.
    fn classic(&mut self, text: &str, events: &mut Vec<Event>) {
        if text.starts_with("Step ")
            && let Some((number, name)) = text.trim().split_once(" : ")
        {
            self.finish(events);
            number.clone_into(&mut self.current);
            let id = self.current.clone();
            self.step(&id, name, StepState::Started, events);
        } else if text.trim() == "---> Using cache" {
            let id = self.current.clone();
            let name = self
                .steps
                .get(&id)
                .map_or_else(String::new, |(name, _)| name.clone());
            self.step(&id, &name, StepState::Cached, events);
        } else if !text.starts_with(" ---> ") {
            let step = self.current.clone();
            self.log(&step, text, events);
        }
    }

    fn step(&mut self, id: &str, name: &str, state: StepState, events: &mut Vec<Event>) {
        // BuildKit looks at a base that is there more than once: it is told once.
        let before = self.steps.get(id).map(|(_, state)| *state);
        let again = matches!(before, Some(StepState::Done | StepState::Cached));
        if again && matches!(state, StepState::Started | StepState::Cached) {
            return;
        }
        let known = self.steps.insert(id.to_owned(), (name.to_owned(), state));
        if known.is_none_or(|(_, before)| before != state) {
            events.push(Event::Step {
                id: id.to_owned(),
                name: Text::new(name).to_string(),
                state,
            });
        }
    }

    /// Whole lines of a step; what has not ended waits.
    fn log(&mut self, step: &str, text: &str, events: &mut Vec<Event>) {
        let partial = self.partial.entry(step.to_owned()).or_default();
        let mut rest = text;
        while let Some(end) = rest.find('\n') {
            partial.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            let line = written(&std::mem::take(partial));
            if !line.is_empty() && !is_housekeeping(&line) {
                events.push(Event::Log {
                    step: step.to_owned(),
                    line,
                });
            }
        }
        if partial.len() < LINE {
            partial.push_str(rest);
        }
        // A bar of progress writes one line again and again: what it wrote before is gone.
        if let Some(again) = partial.trim_end_matches('\r').rfind('\r') {
            partial.drain(..=again);
        }
    }

    /// The classic builder says only when the next step begins that one is done.
    fn finish(&mut self, events: &mut Vec<Event>) {
        let id = std::mem::take(&mut self.current);
        if let Some((name, StepState::Started)) = self.steps.get(&id).cloned() {
            self.step(&id, &name, StepState::Done, events);
        }
    }

    /// What steps have written without a line feed behind it.
    fn flush(&mut self, events: &mut Vec<Event>) {
        for (step, rest) in std::mem::take(&mut self.partial) {
            let line = written(&rest);
            if !line.is_empty() && !is_housekeeping(&line) {
                events.push(Event::Log { step, line });
            }
        }
    }

    fn ended(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        self.flush(&mut events);
        self.finish(&mut events);
        events
    }

    /// The build came to a bad end. Where the engine went away, what ran did not come to its own.
    fn failed(&mut self, gone: bool) -> Vec<Event> {
        let mut events = Vec::new();
        self.flush(&mut events);
        let id = self.current.clone();
        if let Some((name, StepState::Started)) = self.steps.get(&id).cloned() {
            self.step(&id, &name, StepState::Failed, &mut events);
        }
        let ran = |(_, state): &(String, StepState)| gone && *state == StepState::Started;
        let running: Vec<(String, String)> = self
            .steps
            .iter()
            .filter(|(_, step)| ran(step))
            .map(|(id, (name, _))| (id.clone(), name.clone()))
            .collect();
        for (id, name) in running {
            self.step(&id, &name, StepState::Failed, &mut events);
        }
        events
    }

    fn fault(&self, error: &Error) -> Fault {
        let failed = self
            .steps
            .values()
            .find(|(_, state)| *state == StepState::Failed);
        let text = said(error);
        match error {
            Error::DockerStreamError { .. } | Error::DockerResponseServerError { .. } => {
                let why = short(&text);
                let what = match failed {
                    Some((name, _)) => format!("the step `{}` failed: {why}", brief(name)),
                    None => format!("the build failed: {why}"),
                };
                let step = failed.map(|(name, _)| name.as_str());
                let (remedy, answer) = remedy(step, &text, self.brought);
                Fault::new(FaultSort::Build, what, remedy).about(answer)
            }
            _ => {
                let during = failed.map_or_else(String::new, |(name, _)| {
                    format!(" during the step `{}`", brief(name))
                });
                Fault::new(
                    FaultSort::NoEngine,
                    format!("the engine went away{during}: {text}"),
                    "look whether it still runs, and build again",
                )
            }
        }
    }
}

/// Whether an error is no word of the engine, but its silence.
fn went_away(error: &Error) -> bool {
    !matches!(
        error,
        Error::DockerStreamError { .. } | Error::DockerResponseServerError { .. }
    )
}

/// A file of the source could not be read, or changed on the way.
fn not_sent(why: &str) -> Fault {
    Fault::new(
        FaultSort::Context,
        format!("the source could not be sent: {why}"),
        "correct what it names or leave it out with [build] ignore, and build again",
    )
}

/// What the classic builder says of itself between the lines of a step.
fn is_housekeeping(line: &str) -> bool {
    [
        "Removing intermediate container ",
        "Successfully built ",
        "Successfully tagged ",
    ]
    .iter()
    .any(|start| line.starts_with(start))
}

/// The beginning of a step's name: a command can be a page long.
fn brief(name: &str) -> String {
    let name = clean(name);
    let mut short: String = name.chars().take(NAME).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}

/// The reason without what stands around it: the command, which the name of the step has already,
/// and the parts of the builder through which it went.
fn short(text: &str) -> &str {
    let mut text = text;
    for around in AROUND {
        text = text.strip_prefix(around).unwrap_or(text);
    }
    let after = ["did not complete successfully: ", "]: "];
    let wordy = text.starts_with("executor failed running [") || text.contains(after[0]);
    let rest = after
        .iter()
        .find_map(|sign| text.rsplit_once(sign).map(|(_, rest)| rest));
    rest.filter(|rest| wordy && !rest.is_empty())
        .unwrap_or(text)
}

/// What `BuildKit` writes before the reason, from the outside inwards.
const AROUND: [&str; 4] = [
    "failed to solve with frontend dockerfile.v0: ",
    "failed to solve: ",
    "failed to create LLB definition: ",
    "rpc error: code = Unknown desc = ",
];

/// Which answer of the recipe to look at, and its key.
fn remedy(step: Option<&str>, text: &str, brought: bool) -> (&'static str, &'static str) {
    let step = step.unwrap_or_default();
    // In a Dockerfile of ours the recipe's commands run in the stage `build`; those of the image
    // itself are the catalogue's. The classic builder does not name the stage.
    let of_the_image = step.starts_with('[') && !step.starts_with("[build ");
    if text.contains("no space left") {
        (
            "the engine's disk is full: `docker system prune` frees what nothing uses",
            "",
        )
    } else if brought && (step.contains("load metadata for") || step.starts_with("FROM ")) {
        (
            "the registry of the base image does not answer, or has no such image: check the FROM line of your Dockerfile",
            "build.dockerfile",
        )
    } else if step.contains("load metadata for") || step.starts_with("FROM ") {
        (
            "the registry of the base image does not answer, or has no such image: check [base], or the image in the catalogue",
            "base.version",
        )
    } else if brought {
        (
            "its lines say why: correct the Dockerfile that you brought, or let one be made",
            "build.dockerfile",
        )
    } else if step.contains("apt-get") || step.contains("apk add") {
        (
            "look at `dependencies` under [run] and [build]; the catalogue holds their versions",
            "run.dependencies",
        )
    } else if step.contains("COPY") {
        (
            "look at `manifests`, `output` and `ignore` under [build]",
            "build.output",
        )
    } else if step.contains("RUN") && of_the_image {
        (
            "operations look at `setup` and `configure` of this system in the catalogue; its lines say why",
            "base.system",
        )
    } else if step.contains("RUN") {
        (
            "look at `commands`, `target` and `tool` under [build]; its lines say why",
            "build.commands",
        )
    } else {
        (
            "look at its lines; `quarterdeck image lint` checks the Dockerfile",
            "",
        )
    }
}

/// What is left of a line when it has been written: what stands behind the last return.
fn written(line: &str) -> String {
    let line = line.trim_end();
    let last = line.rsplit('\r').next().unwrap_or_default();
    uncoloured(last)
}

/// A line without colours, made harmless.
fn uncoloured(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("\u{1b}[") {
        out.push_str(&rest[..at]);
        let after = &rest[at + 2..];
        let end = after
            .find(|c: char| c.is_ascii_alphabetic())
            .map_or(after.len(), |end| end + 1);
        rest = &after[end..];
    }
    out.push_str(rest);
    clean(&out).into_owned()
}

/// A channel as a stream.
mod tokio_stream_of {
    use futures::Stream;
    use tokio::sync::mpsc::Receiver;

    /// The items of a channel.
    pub fn stream_of<T: Send + 'static>(rx: Receiver<T>) -> impl Stream<Item = T> + Send + 'static {
        futures::stream::unfold(rx, |mut rx| async move { Some((rx.recv().await?, rx)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(text: &str) -> BuildInfo {
        BuildInfo {
            stream: Some(text.to_owned()),
            ..BuildInfo::default()
        }
    }

    #[test]
    fn the_classic_builders_text_becomes_steps_and_lines() {
        let mut progress = Progress::default();
        let mut all = Vec::new();
        for text in [
            "Step 1/2 : FROM a:1",
            "\n",
            " ---> 123\n",
            "Step 2/2 : RUN x",
            "\n",
            "one\ntw",
            "\u{1b}[91mo\n\u{1b}[0m",
            "Successfully built 1\n",
        ] {
            all.extend(progress.events(stream(text)));
        }
        all.extend(progress.ended());
        let step = |id: &str, name: &str, state| Event::Step {
            id: id.into(),
            name: name.into(),
            state,
        };
        let log = |line: &str| Event::Log {
            step: "Step 2/2".into(),
            line: line.into(),
        };
        let expected = [
            step("Step 1/2", "FROM a:1", StepState::Started),
            step("Step 1/2", "FROM a:1", StepState::Done),
            step("Step 2/2", "RUN x", StepState::Started),
            log("one"),
            log("two"),
            step("Step 2/2", "RUN x", StepState::Done),
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn a_step_that_is_done_is_told_once() {
        let mut progress = Progress::default();
        let mut events = Vec::new();
        for state in [StepState::Started, StepState::Done, StepState::Started] {
            progress.step("a", "[1/2] FROM a:1", state, &mut events);
        }
        progress.step("a", "[1/2] FROM a:1", StepState::Cached, &mut events);
        assert_eq!(events.len(), 2, "{events:?}");
    }

    #[test]
    fn the_reason_stands_without_the_parts_it_went_through() {
        for (text, reason) in [
            (
                "failed to solve with frontend dockerfile.v0: failed to create LLB definition: no such host",
                "no such host",
            ),
            ("failed to solve: rpc error: code = Unknown desc = x", "x"),
            (
                "process \"/bin/sh -c make\" did not complete successfully: exit code: 2",
                "exit code: 2",
            ),
            ("plain", "plain"),
        ] {
            assert_eq!(short(text), reason);
        }
    }

    #[test]
    fn a_failure_names_the_step_and_the_answer() {
        let mut progress = Progress::default();
        drop(progress.events(stream("Step 1/1 : RUN apt-get install x")));
        drop(progress.failed(false));
        let fault = progress.fault(&Error::DockerStreamError {
            error: "returned a non-zero code: 100".into(),
        });
        assert!(
            fault.what.contains("RUN apt-get") && fault.remedy.contains("dependencies"),
            "{fault}"
        );
        for (step, answer, of_own) in [
            ("[build 4/5] RUN make", "build.commands", "build.dockerfile"),
            ("RUN make", "build.commands", "build.dockerfile"),
            (
                "[stage-1 2/4] RUN a2enmod x",
                "base.system",
                "build.dockerfile",
            ),
            ("[2/3] RUN a2enmod x", "base.system", "build.dockerfile"),
            ("[build 3/5] COPY a b", "build.output", "build.dockerfile"),
            (
                "[internal] load metadata for x:1",
                "base.version",
                "build.dockerfile",
            ),
        ] {
            assert_eq!(
                remedy(Some(step), "exit code: 1", false).1,
                answer,
                "{step}"
            );
            assert_eq!(remedy(Some(step), "exit code: 1", true).1, of_own, "{step}");
        }
    }

    #[test]
    fn a_line_that_is_written_again_and_again_is_told_as_it_ended() {
        let mut progress = Progress::default();
        let mut events = Vec::new();
        for text in ["10 %\r", "20 %\r30", " %\r", "done\nlast", " word"] {
            progress.log("1", text, &mut events);
        }
        for _ in 0..10_000 {
            progress.log("2", "0123456789\r", &mut events);
        }
        assert!(progress.partial["2"].len() < 100);
        progress.flush(&mut events);
        let lines: Vec<&str> = events
            .iter()
            .filter_map(|event| match event {
                Event::Log { step, line } if step == "1" => Some(line.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(lines, ["done", "last word"]);
    }

    #[test]
    fn colours_and_controls_do_not_pass() {
        assert_eq!(uncoloured("\u{1b}[91mred\u{1b}[0m \u{7}x"), "red \u{fffd}x");
    }
}
