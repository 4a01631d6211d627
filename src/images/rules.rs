//! The catalogue in force: the built-in one, documents on this machine, one in a registry.

use super::credentials;
use super::drafts::fingerprint;
use super::project::{flawed, needed, private_folder, text, write};
use super::registry;
use crate::domain::build::{Fault, FaultSort};
use crate::domain::catalogue::{Catalogue, ImageRef};
use crate::domain::document::Flaw;
use futures::future::BoxFuture;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Begins the name of a `ConfigMap`, before `namespace/name`.
const CONFIG_MAP: &str = "configmap:";

/// The key of a `ConfigMap` that holds the document.
pub const CONFIG_KEY: &str = "catalogue.toml";

/// Asks a cluster for the text of a `ConfigMap`, by namespace and name.
pub type ReadConfigMap =
    dyn Fn(String, String) -> BoxFuture<'static, Result<String, Fault>> + Send + Sync;

/// Reads the texts of `ConfigMap` objects: another room speaks to clusters.
#[derive(Clone)]
pub struct ConfigMaps(pub Arc<ReadConfigMap>);

impl fmt::Debug for ConfigMaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConfigMaps(..)")
    }
}

/// Where the catalogue comes from.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Documents laid over the built-in catalogue, each where it is there.
    pub files: Vec<PathBuf>,
    /// The artifact in a registry, or `configmap:namespace/name`, that is laid over those; empty:
    /// none.
    pub remote: String,
    /// Reads `ConfigMaps`, where there is a cluster to ask.
    pub config_maps: Option<ConfigMaps>,
    /// The folder for the last copy of that.
    pub kept: PathBuf,
}

impl Rules {
    /// The catalogue in force, `extra` laid over it. A document with flaws is refused as a whole:
    /// half a rule is none. So is everything when the artifact was never had: rules that are missing
    /// do not mean that all is allowed.
    pub async fn read(
        &self,
        extra: Option<&Path>,
        get: &(impl Fn(&str) -> Option<OsString> + Sync),
    ) -> Result<Catalogue, Fault> {
        let remote = if self.remote.is_empty() {
            None
        } else {
            Some(self.fetch(get).await?)
        };
        let mut catalogue = Catalogue::built_in();
        for file in &self.files {
            if let Some(text) = text(file)? {
                sound(&catalogue.lay(&file.display().to_string(), &text))?;
            }
        }
        if let Some((name, text)) = remote {
            sound(&catalogue.lay(&name, &text))?;
        }
        if let Some(file) = extra {
            let text = needed(file)?;
            sound(&catalogue.lay(&file.display().to_string(), &text))?;
        }
        sound(&catalogue.check())?;
        Ok(catalogue)
    }

    /// Name and text of the document elsewhere; its last copy while nobody answers there.
    async fn fetch(
        &self,
        get: &(impl Fn(&str) -> Option<OsString> + Sync),
    ) -> Result<(String, String), Fault> {
        let name = &self.remote;
        let kept = self
            .kept
            .join(format!("catalogue-{}.toml", fingerprint(name)));
        match self.document(get).await {
            Ok(text) => {
                let done = private_folder(&self.kept).is_ok() && write(&kept, &text).is_ok();
                if !done {
                    tracing::warn!("the catalogue {name} cannot be kept in {}", kept.display());
                }
                Ok((name.clone(), text))
            }
            Err(fault) if fault.sort == FaultSort::Registry => match text(&kept)? {
                Some(text) => Ok((format!("{name} (last copy: {})", fault.what), text)),
                None => Err(without(name, &fault)),
            },
            Err(fault) => Err(without(name, &fault)),
        }
    }

    async fn document(
        &self,
        get: &(impl Fn(&str) -> Option<OsString> + Sync),
    ) -> Result<String, Fault> {
        let wrong = |must_be: &str| {
            let name = &self.remote;
            let what = format!("`catalogue` in config.toml, `{name}`, names no document");
            Fault::new(FaultSort::Project, what, format!("it must be {must_be}"))
        };
        if let Some(place) = self.remote.strip_prefix(CONFIG_MAP) {
            let (namespace, name) = place
                .split_once('/')
                .filter(|(namespace, name)| !namespace.is_empty() && !name.is_empty())
                .ok_or_else(|| wrong("`configmap:namespace/name`"))?;
            let ask = self
                .config_maps
                .as_ref()
                .ok_or_else(|| wrong("an artifact here"))?;
            return (ask.0)(namespace.to_owned(), name.to_owned()).await;
        }
        let image = ImageRef::parse(&self.remote).map_err(|must_be| wrong(&must_be))?;
        let known = credentials::find(image.registry(), get).await;
        registry::document(&image, known.as_ref()).await
    }
}

/// The rules of the company are missing.
fn without(name: &str, fault: &Fault) -> Fault {
    Fault::new(
        fault.sort,
        format!("the catalogue {name} cannot be had: {}", fault.what),
        fault.remedy.clone(),
    )
}

fn sound(flaws: &[Flaw]) -> Result<(), Fault> {
    if flaws.is_empty() {
        Ok(())
    } else {
        Err(flawed("the catalogue is not sound", flaws))
    }
}
