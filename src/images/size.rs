//! How large a base image is: as the engine has it, else as its registry sends it.

use super::credentials;
use super::engine::Engine;
use super::registry;
use crate::domain::build::{Fault, FaultSort};
use crate::domain::catalogue::ImageRef;
use crate::domain::survey::BaseSize;
use std::ffi::OsString;

/// Asks the engine, and where it does not have the image, the registry when `remote` allows it.
pub async fn base_size(
    image: &ImageRef,
    remote: bool,
    get: &(impl Fn(&str) -> Option<OsString> + Sync),
) -> Result<BaseSize, Fault> {
    if let Ok(engine) = Engine::connect(get).await
        && let Ok(known) = engine.docker.inspect_image(&image.to_string()).await
        && let Some(bytes) = known.size.and_then(|it| u64::try_from(it).ok())
    {
        return Ok(BaseSize {
            bytes,
            packed: false,
        });
    }
    if !remote {
        return Err(Fault::new(
            FaultSort::Registry,
            "the engine does not have the base, and the demo asks no registry",
            "",
        ));
    }
    let known = credentials::find(image.registry(), get).await;
    let bytes = registry::size(image, known.as_ref()).await?;
    Ok(BaseSize {
        bytes,
        packed: true,
    })
}
