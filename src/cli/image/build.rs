//! `quarterdeck image build`, `push` and `verify`: what a pipeline runs.

use super::{BuildArgs, Form, PushArgs};
use crate::cli::catalogue;
use crate::cli::exit::{Code, Refusal};
use crate::cli::out::{Out, warn};
use crate::config::Paths;
use crate::domain::build::{Event, Labels, Sent, StepState};
use crate::domain::catalogue::ImageRef;
use crate::domain::text::clean;
use crate::images::{self, Engine, SecretFiles};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::time::Instant;
use tokio::sync::mpsc;

/// Events that wait at most: a reader that is slow slows the build.
const EVENTS: usize = 256;

/// The image's id, where one was built, and its digest, where one was pushed or asked for.
type Made = (Option<String>, Option<String>);

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Builds, and pushes when asked.
pub fn build(args: &BuildArgs, out: &mut Out) -> anyhow::Result<Code> {
    let catalogue = catalogue::load(args.catalogue.catalogue.as_deref())?;
    let read = images::recipe(&args.dir)?;
    let tag = reference(&args.tag)?;
    let secrets = SecretFiles {
        named: args.secret.clone(),
        folder: Paths::from_env(variable).secrets(),
    };
    carry(args.output, &tag, out, async |events| {
        let engine = Engine::connect(variable).await?;
        let buildkit = engine.buildkit && !args.classic;
        // What nobody says, git knows, where it is there.
        let known = images::labels(&args.dir).await;
        let or = |said: &str, known: String| match said {
            "" => known,
            said => said.to_owned(),
        };
        let labels = Labels {
            version: or(&args.version, known.version),
            revision: or(&args.revision, known.revision),
            created: or(&args.created, known.created),
        };
        let order = images::order(
            &args.dir,
            &read,
            &catalogue,
            tag.clone(),
            &labels,
            &secrets,
            buildkit,
        )?;
        for path in &order.context.skipped {
            warn(&format!("`{path}` is no file and is not sent"));
        }
        let id = images::build(&engine, order, &events, &variable).await?;
        let digest = if args.push {
            Some(images::push(&engine, &tag, &events, &variable).await?)
        } else {
            None
        };
        Ok((Some(id), digest))
    })
}

/// Pushes an image that is there.
pub fn push(args: &PushArgs, out: &mut Out) -> anyhow::Result<Code> {
    let tag = reference(&args.tag)?;
    carry(args.output, &tag, out, async |events| {
        let engine = Engine::connect(variable).await?;
        let digest = images::push(&engine, &tag, &events, &variable).await?;
        Ok((None, Some(digest)))
    })
}

/// Asks the registry what it has under a tag.
pub fn verify(args: &PushArgs, out: &mut Out) -> anyhow::Result<Code> {
    let tag = reference(&args.tag)?;
    carry(args.output, &tag, out, async |_events| {
        let known = images::credentials(tag.registry(), &variable).await;
        let expected = (!tag.digest.is_empty()).then_some(tag.digest.as_str());
        let digest = images::verify(&tag, expected, known.as_ref()).await?;
        Ok((None, Some(digest)))
    })
}

fn reference(tag: &str) -> Result<ImageRef, Refusal> {
    ImageRef::parse(tag).map_err(|must_be| {
        Refusal::new(
            Code::Usage,
            format!("`{tag}` is no name for an image: it must be {must_be}"),
        )
    })
}

/// Runs `work`, prints its events as they come, and its result at the end. An interrupt drops it,
/// which ends the engine's work.
fn carry(
    form: Form,
    tag: &ImageRef,
    out: &mut Out,
    work: impl AsyncFnOnce(mpsc::Sender<Event>) -> Result<Made, Refusal>,
) -> anyhow::Result<Code> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let start = Instant::now();
    let done: anyhow::Result<Result<Made, Refusal>> = runtime.block_on(async {
        let (tx, mut rx) = mpsc::channel(EVENTS);
        let mut work = Box::pin(work(tx));
        loop {
            tokio::select! {
                biased;
                Some(event) = rx.recv() => print(&event, form, out)?,
                done = &mut work => {
                    while let Ok(event) = rx.try_recv() {
                        print(&event, form, out)?;
                    }
                    break Ok(done);
                }
                _ = tokio::signal::ctrl_c() => {
                    break Ok(Err(Refusal::new(Code::Failed, "cancelled; the engine has stopped the build")));
                }
            }
        }
    });
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    let done = done?;
    result(form, tag, &done, start, out)?;
    Ok(done.map(|_| Code::Done)?)
}

/// The last line: how it ended.
fn result(
    form: Form,
    tag: &ImageRef,
    done: &Result<Made, Refusal>,
    start: Instant,
    out: &mut Out,
) -> anyhow::Result<()> {
    let seconds = start.elapsed().as_secs_f64();
    let line = match (form, done) {
        (Form::Json, Ok((image, digest))) => {
            json!({ "result": "done", "tag": tag.tagged(), "image": image, "digest": digest, "seconds": seconds }).to_string()
        }
        (Form::Json, Err(error)) => {
            json!({ "result": "failed", "tag": tag.tagged(), "digest": Value::Null, "error": error.message, "seconds": seconds }).to_string()
        }
        (Form::Text, Ok((_, Some(digest)))) => format!("{}@{digest} is in the registry ({seconds:.1} s)", tag.tagged()),
        (Form::Text, Ok((Some(id), None))) => format!("{} is built: {id} ({seconds:.1} s)", tag.tagged()),
        (Form::Text, _) => return Ok(()),
    };
    out.line(line)?;
    Ok(())
}

fn print(event: &Event, form: Form, out: &mut Out) -> anyhow::Result<()> {
    if form == Form::Json {
        out.line(as_json(event))?;
    } else if let Some(line) = as_text(event) {
        out.line(clean(&line))?;
    }
    // Somebody watches.
    out.flush()?;
    Ok(())
}

fn as_json(event: &Event) -> Value {
    match event {
        Event::Context(Sent {
            files,
            bytes,
            largest,
        }) => {
            let largest: Vec<Value> = largest
                .iter()
                .map(|(file, bytes)| json!({ "file": file, "bytes": bytes }))
                .collect();
            json!({ "event": "context", "files": files, "bytes": bytes, "largest": largest })
        }
        Event::Step { id, name, state } => {
            json!({ "event": "step", "id": id, "name": name, "state": state.word() })
        }
        Event::Log { step, line } => json!({ "event": "log", "step": step, "line": line }),
        Event::Progress {
            what,
            current,
            total,
        } => json!({ "event": "progress", "what": what, "current": current, "total": total }),
        Event::Image { id } => json!({ "event": "image", "id": id }),
        Event::Pushed { digest } => json!({ "event": "pushed", "digest": digest }),
        Event::Verified { digest } => json!({ "event": "verified", "digest": digest }),
    }
}

fn as_text(event: &Event) -> Option<String> {
    Some(match event {
        Event::Context(sent) => format!("sends {}", sent.told()),
        Event::Step {
            name,
            state: StepState::Started,
            ..
        } => format!("> {name}"),
        Event::Step { name, state, .. } => format!("  {}: {name}", state.word()),
        Event::Log { line, .. } => format!("    {line}"),
        Event::Progress { .. } | Event::Image { .. } => return None,
        Event::Pushed { digest } => format!("pushed {digest}"),
        Event::Verified { digest } => format!("verified {digest}"),
    })
}
