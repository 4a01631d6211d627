//! From a recipe and a catalogue to what goes to the engine.

use super::build::Order;
use super::context::Context;
use super::project::{flawed, needed, text};
use super::secrets::{self, Secret, SecretFiles};
use crate::domain::build::{Fault, FaultSort, Labels, Sent};
use crate::domain::catalogue::{Catalogue, ImageRef};
use crate::domain::dockerfile::{CA_FILE, CA_SECRET, Ignore, Variant, plan, render, render_ignore};
use crate::domain::lint::parse;
use crate::domain::recipe::Read;
use std::path::Path;

/// The made Dockerfile's name in the context: one of the project's own stays what it is.
pub(super) const MADE: &str = ".quarterdeck.Dockerfile";

/// What is built of `folder`, by `BuildKit` where `buildkit` says so. The recipe's secrets are read
/// from `files`.
pub fn order(
    folder: &Path,
    read: &Read,
    catalogue: &Catalogue,
    tag: ImageRef,
    labels: &Labels,
    files: &SecretFiles,
    buildkit: bool,
) -> Result<Order, Fault> {
    let recipe = &read.recipe;
    let variant = if buildkit {
        Variant::BuildKit
    } else {
        Variant::Classic
    };
    let Texts {
        name,
        dockerfile,
        ignore,
    } = texts(folder, read, catalogue, variant)?;
    // Where nothing reads them, they would only be copied into the image.
    let reads_ca = dockerfile.contains(CA_FILE);
    let bases = parse(&dockerfile)
        .iter()
        .filter(|at| at.keyword == "FROM")
        .filter_map(|at| ImageRef::parse(at.rest.split_whitespace().next()?).ok())
        .collect();
    let mut extra = vec![(name.clone(), dockerfile.into_bytes())];
    let mut secrets = Vec::new();
    let authorities = authorities(catalogue)?;
    if buildkit {
        for secret in &recipe.build.secrets {
            secrets.push(files.read(&secret.id)?);
        }
        secrets.extend(authorities);
    } else if let Some(bundle) = authorities.filter(|_| reads_ca) {
        extra.push((CA_FILE.to_owned(), bundle.content));
    }
    Ok(Order {
        context: Context::list(folder, &Ignore::parse(&ignore), extra)?,
        dockerfile: name,
        bases,
        tag,
        arguments: arguments(catalogue, labels),
        secrets,
        buildkit,
    })
}

/// What a build says beside the source.
struct Texts {
    /// The Dockerfile's name in the context.
    name: String,
    dockerfile: String,
    ignore: String,
}

fn texts(
    folder: &Path,
    read: &Read,
    catalogue: &Catalogue,
    variant: Variant,
) -> Result<Texts, Fault> {
    let own = &read.recipe.build.dockerfile;
    let (name, dockerfile, made_ignore) = if own.is_empty() {
        let plan = plan(&read.recipe, catalogue, variant).map_err(|mut flaws| {
            read.places.locate(&mut flaws);
            flawed("the recipe cannot be used", &flaws)
        })?;
        (MADE.to_owned(), render(&plan), render_ignore(&plan))
    } else {
        (own.clone(), needed(&folder.join(own))?, String::new())
    };
    let ignore = text(&folder.join(".dockerignore"))?.unwrap_or(made_ignore);
    Ok(Texts {
        name,
        dockerfile,
        ignore,
    })
}

/// What a build would send of `folder`.
pub fn weigh(folder: &Path, read: &Read, catalogue: &Catalogue) -> Result<Sent, Fault> {
    let texts = texts(folder, read, catalogue, Variant::BuildKit)?;
    let context = Context::list(folder, &Ignore::parse(&texts.ignore), Vec::new())?;
    Ok(context.size())
}

/// The company's certificate authorities, as the secret that they are to a step.
fn authorities(catalogue: &Catalogue) -> Result<Option<Secret>, Fault> {
    let bundle = &catalogue.network.ca_bundle;
    if bundle.is_empty() {
        return Ok(None);
    }
    match secrets::read(CA_SECRET, bundle.as_ref()) {
        Ok(secret) => Ok(Some(secret)),
        Err(why) => Err(Fault::new(
            FaultSort::Project,
            format!("the catalogue's `ca_bundle` cannot be used: {why}"),
            "operations correct `ca_bundle` under [network] in the catalogue",
        )),
    }
}

/// Build arguments: the proxy, and what the labels say of this build.
fn arguments(catalogue: &Catalogue, labels: &Labels) -> Vec<(String, String)> {
    let network = &catalogue.network;
    [
        ("HTTP_PROXY", &network.proxy),
        ("HTTPS_PROXY", &network.proxy),
        ("http_proxy", &network.proxy),
        ("https_proxy", &network.proxy),
        ("NO_PROXY", &network.no_proxy),
        ("no_proxy", &network.no_proxy),
        ("VERSION", &labels.version),
        ("REVISION", &labels.revision),
        ("CREATED", &labels.created),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(name, value)| (name.to_owned(), value.clone()))
    .collect()
}
