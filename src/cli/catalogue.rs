//! `quarterdeck catalogue`: which catalogue is in force, and whether one is sound.

use super::exit::Code;
use super::out::{Out, warn};
use crate::cluster::{ConnectOptions, Session};
use crate::config::{self, Config, Paths, SYSTEM_CATALOGUE};
use crate::domain::build::{Fault, FaultSort};
use crate::domain::catalogue::{BUILT_IN_NAME, Catalogue, ImageRef, Stack};
use crate::domain::feed::{Failure, FailureSort};
use crate::images::{self, ConfigMaps, Rules};
use clap::{Args, Subcommand, ValueEnum};
use futures::FutureExt;
use futures::TryFutureExt;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Arguments of `catalogue`.
#[derive(Debug, Args)]
pub struct CatalogueArgs {
    #[command(subcommand)]
    pub what: What,
}

/// What to do with the catalogue.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Say what is wrong with a catalogue document, each with line and remedy
    Check {
        /// The document
        file: PathBuf,
    },
    /// Ask the registries for the digest behind each tag of a document, and write it beside the tag
    Pin {
        /// The document
        file: PathBuf,
        /// Ask again for images that have a digest already
        #[arg(long)]
        renew: bool,
    },
    /// Show which catalogue is in force, and what it offers
    Show {
        /// A catalogue document laid over the others
        #[arg(long, value_name = "FILE")]
        catalogue: Option<PathBuf>,
        /// Form of the answer
        #[arg(short, long, value_enum, default_value_t)]
        output: Form,
    },
}

/// Forms of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    #[default]
    Text,
    Json,
    /// The document that ships with the program, to begin one's own with
    Toml,
}

/// Carries out `catalogue`.
pub fn run(args: &CatalogueArgs, out: &mut Out) -> anyhow::Result<Code> {
    match &args.what {
        What::Check { file } => check(file, out),
        What::Pin { file, renew } => pin(file, *renew, out),
        What::Show { catalogue, output } => show(catalogue.as_deref(), *output, out),
    }
}

fn check(file: &Path, out: &mut Out) -> anyhow::Result<Code> {
    let text = images::needed(file)?;
    let mut catalogue = Catalogue::built_in();
    let name = file.display().to_string();
    let mut flaws = catalogue.lay(&name, &text);
    flaws.extend(catalogue.check());
    for flaw in &flaws {
        out.line(crate::domain::text::clean(&flaw.to_string()))?;
    }
    if flaws.is_empty() {
        out.line(format!(
            "{name} is sound: {} stacks, {} systems, {} dependencies",
            catalogue.stacks.len(),
            catalogue.systems.len(),
            catalogue.dependencies.len()
        ))?;
        return Ok(Code::Done);
    }
    Ok(Code::Failed)
}

/// Writes digests beside tags. An image that nobody could tell stays as it is, and makes it fail.
fn pin(file: &Path, renew: bool, out: &mut Out) -> anyhow::Result<Code> {
    let text = images::needed(file)?;
    let mut own = Catalogue::default();
    let flaws = own.lay(&file.display().to_string(), &text);
    if !flaws.is_empty() {
        return Err(images::flawed("the catalogue is not sound", &flaws).into());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (mut pinned, mut left) = (text.clone(), 0);
    for image in own.images() {
        if image.is_scratch() || image.tag.is_empty() || !image.digest.is_empty() && !renew {
            continue;
        }
        match runtime.block_on(resolve(&image)) {
            Ok(digest) => {
                let known = ImageRef {
                    digest,
                    ..image.clone()
                };
                pinned = pinned.replace(&format!("\"{image}\""), &format!("\"{known}\""));
                out.line(&known)?;
            }
            Err(why) => {
                left += 1;
                warn(&format!("{image} was left as it is: {why}"));
            }
        }
    }
    if pinned != text {
        images::write(file, &pinned)?;
    }
    Ok(if left == 0 { Code::Done } else { Code::Failed })
}

/// The digest that the registry has under the image's tag.
async fn resolve(image: &ImageRef) -> Result<String, Fault> {
    let known = images::credentials(image.registry(), &|name: &str| std::env::var_os(name)).await;
    images::verify(image, None, known.as_ref()).await
}

/// The catalogue in force: the built-in one, the machine's, the person's, that of the registry,
/// then `extra`, each laid over the one before.
pub fn load(extra: Option<&Path>) -> anyhow::Result<Catalogue> {
    let paths = Paths::from_env(|name| std::env::var_os(name));
    // What is wrong in the file is told by `quarterdeck info` and the console.
    let (config, _) = config::load(&paths.config_file());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let variable = |name: &str| std::env::var_os(name);
    let rules = rules(&paths, &config, ConnectOptions::default());
    let read = runtime.block_on(rules.read(extra, &variable));
    Ok(read?)
}

/// Where the catalogue comes from; a `ConfigMap` is read from the cluster of these options.
pub fn rules(paths: &Paths, config: &Config, cluster: ConnectOptions) -> Rules {
    let read = move |namespace: String, name: String| {
        let options = cluster.clone();
        let text = async move {
            let session = Session::connect(options).await?;
            session
                .config_text(&namespace, &name, images::CONFIG_KEY)
                .await
        };
        text.map_err(|failure| not_read(&failure)).boxed()
    };
    Rules {
        files: paths.catalogue_files().to_vec(),
        remote: config.catalogue.clone(),
        config_maps: Some(ConfigMaps(Arc::new(read))),
        kept: paths.state.clone(),
    }
}

/// Why a cluster did not give a catalogue.
fn not_read(failure: &Failure) -> Fault {
    let sort = match failure.sort {
        FailureSort::Forbidden | FailureSort::Unauthorized | FailureSort::ReadOnly => {
            FaultSort::Denied
        }
        FailureSort::NotFound => FaultSort::Missing,
        FailureSort::Config => FaultSort::Project,
        // Nobody answered, or not as it should: a copy that is kept holds.
        FailureSort::Unreachable | FailureSort::Conflict | FailureSort::Other => {
            FaultSort::Registry
        }
    };
    let what = format!("could not {}: {}", failure.what, failure.why);
    Fault::new(sort, what, failure.remedy.to_string())
}

fn show(extra: Option<&Path>, form: Form, out: &mut Out) -> anyhow::Result<Code> {
    if form == Form::Toml {
        out.line(Catalogue::built_in_text().trim_end())?;
        return Ok(Code::Done);
    }
    let catalogue = load(extra)?;
    if form == Form::Json {
        serde_json::to_writer_pretty(&mut *out, &as_json(&catalogue))?;
        out.line("")?;
        return Ok(Code::Done);
    }
    out.line(format!("catalogue: {}", catalogue.name))?;
    for layer in &catalogue.layers {
        out.line(format!("  from {layer}"))?;
    }
    if catalogue.layers == [BUILT_IN_NAME] {
        warn(&format!(
            "only the catalogue that ships with the program is in force; operations lay their own over it in {SYSTEM_CATALOGUE}"
        ));
    }
    out.line("")?;
    for stack in &catalogue.stacks {
        out.line(format!("{:14} {}", stack.id, stack.title))?;
        for version in stack.versions() {
            let ends = stack
                .ends(version)
                .map(|day| format!(", ends {day}"))
                .unwrap_or_default();
            out.line(format!(
                "  {version:12} {}{ends}",
                stack.systems(version).join(", ")
            ))?;
        }
    }
    out.line("")?;
    let mut group = "";
    for dependency in &catalogue.dependencies {
        if dependency.group != group {
            group = &dependency.group;
            out.line(group)?;
        }
        let systems: Vec<_> = dependency
            .packages
            .iter()
            .map(|(id, _)| id.as_str())
            .collect();
        out.line(format!(
            "  {:18} {} ({})",
            dependency.id,
            dependency.title,
            systems.join(", ")
        ))?;
    }
    Ok(Code::Done)
}

fn as_json(catalogue: &Catalogue) -> Value {
    let stack = |stack: &Stack| {
        let images: Vec<Value> = stack
            .images
            .iter()
            .map(|pair| {
                json!({
                    "version": pair.version,
                    "system": pair.system,
                    "builder": pair.builder.as_ref().map(ToString::to_string),
                    "run": pair.run.to_string(),
                    "ends": stack.ends(&pair.version),
                })
            })
            .collect();
        let tools: Vec<_> = stack.tools.iter().map(|tool| &tool.id).collect();
        json!({ "id": stack.id, "title": stack.title, "tools": tools, "images": images })
    };
    let dependencies: Vec<Value> = catalogue
        .dependencies
        .iter()
        .map(|it| {
            let packages: serde_json::Map<String, Value> = it
                .packages
                .iter()
                .map(|(system, packages)| (system.clone(), json!(packages)))
                .collect();
            json!({ "id": it.id, "title": it.title, "group": it.group, "packages": packages, "conflicts": it.conflicts, "note": it.note })
        })
        .collect();
    let systems: Vec<Value> = catalogue
        .systems
        .iter()
        .map(|it| json!({ "id": it.id, "title": it.title, "ends": it.ends, "note": it.note }))
        .collect();
    json!({
        "name": catalogue.name,
        "layers": catalogue.layers,
        "systems": systems,
        "stacks": catalogue.stacks.iter().map(stack).collect::<Vec<_>>(),
        "dependencies": dependencies,
        "registries": catalogue.policy.registries,
    })
}
