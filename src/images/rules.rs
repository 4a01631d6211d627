//! The catalogue in force: the built-in one, documents on this machine, one in a registry.

use super::credentials;
use super::drafts::fingerprint;
use super::project::{flawed, needed, private_folder, text, write};
use super::registry;
use crate::domain::build::{Fault, FaultSort};
use crate::domain::catalogue::{Catalogue, ImageRef};
use crate::domain::document::Flaw;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Where the catalogue comes from.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Documents laid over the built-in catalogue, each where it is there.
    pub files: Vec<PathBuf>,
    /// The artifact in a registry that is laid over those; empty: none.
    pub remote: String,
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

    /// Name and text of the artifact; its last copy while the registry does not answer.
    async fn fetch(
        &self,
        get: &(impl Fn(&str) -> Option<OsString> + Sync),
    ) -> Result<(String, String), Fault> {
        let name = &self.remote;
        let image = ImageRef::parse(name).map_err(|must_be| {
            Fault::new(
                FaultSort::Project,
                format!("`catalogue` in config.toml, `{name}`, is no name of an artifact"),
                format!("it must be {must_be}"),
            )
        })?;
        let kept = self
            .kept
            .join(format!("catalogue-{}.toml", fingerprint(name)));
        let known = credentials::find(image.registry(), get).await;
        match registry::document(&image, known.as_ref()).await {
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
