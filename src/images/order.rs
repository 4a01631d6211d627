//! From a recipe and a catalogue to what goes to the engine.

use super::build::Order;
use super::context::Context;
use super::project::{flawed, needed, text};
use crate::domain::build::{Fault, FaultSort, Labels};
use crate::domain::catalogue::{Catalogue, ImageRef};
use crate::domain::dockerfile::{CA_FILE, Ignore, Variant, plan, render, render_ignore};
use crate::domain::lint::parse;
use crate::domain::recipe::Read;
use std::path::Path;

/// The made Dockerfile's name in the context: one of the project's own stays what it is.
pub(super) const MADE: &str = ".quarterdeck.Dockerfile";

/// What is built of `folder`, by `BuildKit` where `buildkit` says so.
pub fn order(
    folder: &Path,
    read: &Read,
    catalogue: &Catalogue,
    tag: ImageRef,
    labels: &Labels,
    buildkit: bool,
) -> Result<Order, Fault> {
    let recipe = &read.recipe;
    let network = &catalogue.network;
    // Secrets reach BuildKit through a session that the Engine API does not open here: the
    // certificates come with the context, and other secrets are refused.
    let variant = if buildkit {
        Variant::Bound
    } else {
        Variant::Classic
    };
    if buildkit && !recipe.build.secrets.is_empty() {
        return Err(Fault::new(
            FaultSort::Project,
            "`build.secrets` cannot be given to the engine yet",
            "`quarterdeck image dockerfile --write`, then `docker buildx build --secret …`",
        ));
    }
    let own = &recipe.build.dockerfile;
    let (name, dockerfile, made_ignore) = if own.is_empty() {
        let plan = plan(recipe, catalogue, variant).map_err(|mut flaws| {
            read.places.locate(&mut flaws);
            flawed("the recipe cannot be used", &flaws)
        })?;
        (MADE.to_owned(), render(&plan), render_ignore(&plan))
    } else {
        (own.clone(), needed(&folder.join(own))?, String::new())
    };
    let ignore = text(&folder.join(".dockerignore"))?.unwrap_or(made_ignore);
    let bases = parse(&dockerfile)
        .iter()
        .filter(|at| at.keyword == "FROM")
        .filter_map(|at| ImageRef::parse(at.rest.split_whitespace().next()?).ok())
        .collect();
    // Where nothing reads them, they would only be copied into the image.
    let reads_ca = !network.ca_bundle.is_empty() && dockerfile.contains(CA_FILE);
    let mut extra = vec![(name.clone(), dockerfile.into_bytes())];
    if reads_ca {
        let bundle = std::fs::read(&network.ca_bundle).map_err(|error| {
            Fault::new(
                FaultSort::Project,
                format!(
                    "the catalogue's `ca_bundle`, `{}`, cannot be read: {error}",
                    network.ca_bundle
                ),
                "",
            )
        })?;
        extra.push((CA_FILE.to_owned(), bundle));
    }
    Ok(Order {
        context: Context::list(folder, &Ignore::parse(&ignore), extra)?,
        dockerfile: name,
        bases,
        tag,
        arguments: arguments(catalogue, labels),
        buildkit,
    })
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
