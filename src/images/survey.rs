//! A look at a project: its source, what is there already, and the engine that would build.

use super::engine::Engine;
use super::git;
use super::order::MADE;
use super::project::{Opened, text};
use super::rules::Rules;
use crate::domain::build::{Fault, FaultSort, Labels};
use crate::domain::catalogue::Catalogue;
use crate::domain::detect::{Tree, detect};
use crate::domain::dockerfile::MARK;
use crate::domain::recipe;
use crate::domain::survey::{EngineInfo, Survey};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest wait for the engine: the wizard does not need one.
const ENGINE: Duration = Duration::from_secs(5);

/// Dockerfiles that are offered at most.
const DOCKERFILES: usize = 8;

/// Looks at a folder, or at a git address. The copy of an address lives as long as what comes with
/// the survey.
pub async fn survey(
    place: &str,
    reference: &str,
    rules: &Rules,
    get: &(impl Fn(&str) -> Option<OsString> + Sync),
) -> Result<(Survey, Opened), Fault> {
    let opened = if place.contains("://") || place.starts_with("git@") {
        Opened::git(place, Some(reference).filter(|it| !it.is_empty())).await?
    } else {
        let folder = folder(place, get);
        blocking(move || Opened::folder(&folder)).await?
    };
    let catalogue = rules.read(None, get).await?;
    let (opened, mut survey) = blocking(move || look(opened, catalogue)).await?;
    survey.labels = git::labels(&survey.folder).await;
    survey.engine = engine(get).await;
    Ok((survey, opened))
}

/// The folder that a person means; `~/` is the home folder.
pub fn folder(place: &str, get: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    match (place.strip_prefix("~/"), get("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(place),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Fault::new(FaultSort::Context, error.to_string(), "")))
}

fn look(opened: Opened, catalogue: Catalogue) -> Result<(Opened, Survey), Fault> {
    let source = &opened.source;
    let folder = source.root().to_owned();
    let mut dockerfiles = Vec::new();
    for name in source.files().iter().filter(|name| is_dockerfile(name)) {
        if let Some(text) = source.read(name)
            && !text.starts_with(MARK)
            && dockerfiles.len() < DOCKERFILES
        {
            dockerfiles.push((name.clone(), text));
        }
    }
    let survey = Survey {
        url: opened.url.clone(),
        catalogue,
        found: detect(source),
        unread: source.unread().to_owned(),
        recipe: text(&folder.join(recipe::FILE))?,
        dockerfiles,
        labels: Labels::default(),
        engine: Err(Fault::new(FaultSort::NoEngine, "", "")),
        draft: None,
        folder,
    };
    Ok((opened, survey))
}

/// Whether a file of the folder itself is a Dockerfile by its name.
fn is_dockerfile(name: &str) -> bool {
    !name.contains('/')
        && name != MADE
        && (name == "Dockerfile"
            || name == "Containerfile"
            || name.starts_with("Dockerfile.")
            || name.ends_with(".Dockerfile"))
}

async fn engine(get: impl Fn(&str) -> Option<OsString>) -> Result<EngineInfo, Fault> {
    let engine = tokio::time::timeout(ENGINE, Engine::connect(get))
        .await
        .unwrap_or_else(|_| {
            Err(Fault::new(
                FaultSort::NoEngine,
                format!(
                    "the Docker Engine did not answer within {} s",
                    ENGINE.as_secs()
                ),
                "see whether it hangs; detection, recipe, Dockerfile and lint need none",
            ))
        })?;
    Ok(EngineInfo {
        address: engine.address().to_owned(),
        version: engine.version,
        buildkit: engine.buildkit,
        simulated: false,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn nothing(name: &str) -> Option<OsString> {
        (name == "DOCKER_HOST").then(|| "unix:///nonexistent.sock".into())
    }

    #[tokio::test]
    async fn a_folder_is_looked_at_without_an_engine() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("go.mod", "module example.com/shop\n\ngo 1.24\n"),
            ("main.go", "package main\n\nfunc main() {}\n"),
            ("Dockerfile", "FROM scratch\n"),
            ("old.Dockerfile", &format!("{MARK}\nFROM scratch\n")),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let place = folder.path().display().to_string();
        let (survey, _) = survey(&place, "", &Rules::default(), &nothing)
            .await
            .unwrap();
        assert_eq!(survey.found[0].stack, "go");
        let names: Vec<_> = survey.dockerfiles.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Dockerfile"], "one of ours is not brought");
        assert_eq!(survey.engine.unwrap_err().sort, FaultSort::NoEngine);
    }

    #[tokio::test]
    async fn what_is_not_there_is_named() {
        let fault = survey("/nonexistent/x", "", &Rules::default(), &nothing)
            .await
            .unwrap_err();
        assert_eq!(fault.sort, FaultSort::Missing);
        assert!(fault.what.contains("/nonexistent/x"), "{fault}");
    }
}
