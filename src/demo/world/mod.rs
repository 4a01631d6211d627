//! The company that the demo cluster belongs to, and how its objects are made.
//!
//! One seed and one moment give one world: names, uids and ages included. Everything in it agrees
//! with what the controllers of [`super::control`] would have left behind, so that they have
//! nothing to do when they first look. It must not read a clock.

pub mod access;
mod builder;
pub mod company;
mod growth;
mod guests;
mod history;
mod incidents;
mod jobs;
mod nodes;
mod platform;
mod releases;
mod supplies;
mod template;
mod workloads;

use jiff::Timestamp;
use serde_json::Value;

pub use access::{ADMIN, OWNED_DEPARTMENT, OWNER, READER};
pub use platform::micro;

use super::error::ApiError;
use super::kinds::Kind;
use super::store::Store;
use builder::Builder;
use nodes::Nodes;

/// Workers of the small world; the last of them is drained.
const WORKERS: usize = 6;

/// Pods that a worker of a grown world carries.
const PODS_PER_WORKER: usize = 62;

/// How a world is made.
#[derive(Debug, Clone)]
pub struct WorldOptions {
    /// Fixes names and uids.
    pub seed: u64,
    /// Pods to have at the start; the company alone, about 180, when absent or less than that.
    pub pods: Option<usize>,
    /// The present: ages are counted back from here.
    pub now: Timestamp,
}

/// Fills an empty store with the world.
///
/// # Errors
/// What the store refuses, which for an empty store is nothing.
pub fn seed(store: &Store, options: &WorldOptions) -> Result<(), ApiError> {
    let mut refused = None;
    build(options, &mut |kind, object| {
        if let Err(error) = store.create(kind, object) {
            refused.get_or_insert(error);
        }
    });
    refused.map_or(Ok(()), Err)
}

/// Makes the objects of the world, one after the other, owners before what they own.
pub fn build(options: &WorldOptions, sink: &mut dyn FnMut(&'static Kind, Value)) {
    let workers = options
        .pods
        .map_or(WORKERS, |pods| (pods / PODS_PER_WORKER + 2).max(WORKERS));
    let mut builder = Builder::new(options.now, options.seed, Nodes::new(workers), sink);
    platform::cluster(&mut builder);
    access::cluster(&mut builder, options.now - platform::AGE);
    guests::charts(&mut builder);
    releases::company(&mut builder);
    guests::legacy(&mut builder);
    history::of_machines(&mut builder);
    if let Some(pods) = options.pods {
        builder.limit = pods;
        growth::grow(&mut builder);
    }
}

#[cfg(test)]
mod tests;
