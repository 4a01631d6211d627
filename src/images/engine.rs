//! The Docker Engine: where it is, and whether it is there.

use crate::domain::build::{Fault, FaultSort};
use bollard::Docker;
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where an engine is when nobody says otherwise.
const DEFAULT: &str = "unix:///var/run/docker.sock";

/// Longest time between two answers of the engine: a large context is uploaded before the first.
const PATIENCE: Duration = Duration::from_hours(2);

/// An engine that answered.
#[derive(Debug)]
pub struct Engine {
    /// The client.
    pub(super) docker: Docker,
    /// Its address.
    pub address: String,
    /// Its version.
    pub version: String,
    /// Whether it builds with `BuildKit`.
    pub buildkit: bool,
}

impl Engine {
    /// Connects to the engine of the environment, `DOCKER_HOST`, the current Docker context, or the
    /// usual sockets; `get` looks a variable up.
    pub async fn connect(get: impl Fn(&str) -> Option<OsString>) -> Result<Self, Fault> {
        let address = address(&get);
        let docker = Docker::connect_with_host(&address)
            .map_err(|error| no_engine(&address, &error.to_string()))?;
        let docker = docker
            .negotiate_version()
            .await
            .map_err(|error| no_engine(&address, &error.to_string()))?
            .with_timeout(PATIENCE)
            .with_request_modifier(url_safe);
        let version = docker
            .version()
            .await
            .map_err(|error| no_engine(&address, &error.to_string()))?;
        let podman = version
            .components
            .iter()
            .flatten()
            .any(|component| component.name.contains("Podman"));
        let linux = version.os.as_deref() == Some("linux");
        Ok(Self {
            docker,
            address,
            version: version.version.unwrap_or_default(),
            buildkit: linux && !podman,
        })
    }
}

/// The engine reads `X-Registry-Auth` as URL-safe base64, the client writes the standard alphabet:
/// some passwords would arrive as none.
fn url_safe(mut request: bollard::BollardRequest) -> bollard::BollardRequest {
    let name = "X-Registry-Auth";
    let value = request
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok());
    let safe = value.map(|value| value.replace('+', "-").replace('/', "_"));
    if let Some(Ok(safe)) = safe.map(|safe| safe.parse()) {
        request.headers_mut().insert(name, safe);
    }
    request
}

fn no_engine(address: &str, why: &str) -> Fault {
    Fault::new(
        FaultSort::NoEngine,
        format!("no Docker Engine answers at {address} ({why})"),
        "install one (Debian and Ubuntu: apt-get install docker.io; also Docker Desktop, or rootless dockerd) and start it, or point DOCKER_HOST or `docker context use` at one. Detection, recipe, Dockerfile and lint need none",
    )
}

/// The address of the engine.
fn address(get: &impl Fn(&str) -> Option<OsString>) -> String {
    let text = |name: &str| {
        get(name)
            .and_then(|it| it.into_string().ok())
            .filter(|it| !it.is_empty())
    };
    if let Some(host) = text("DOCKER_HOST") {
        return host;
    }
    let config = config_folder(get);
    let wanted = text("DOCKER_CONTEXT").or_else(|| {
        let config = std::fs::read_to_string(config.as_ref()?.join("config.json")).ok()?;
        let config: Value = serde_json::from_str(&config).ok()?;
        config.get("currentContext")?.as_str().map(str::to_owned)
    });
    if let (Some(config), Some(wanted)) = (&config, wanted.filter(|name| name != "default"))
        && let Some(host) = context_host(config, &wanted)
    {
        return host;
    }
    let rootless = get("XDG_RUNTIME_DIR").map(|folder| Path::new(&folder).join("docker.sock"));
    match rootless {
        Some(socket) if socket.exists() && !Path::new("/var/run/docker.sock").exists() => {
            format!("unix://{}", socket.display())
        }
        _ => DEFAULT.to_owned(),
    }
}

/// The folder of Docker's client settings.
pub fn config_folder(get: &impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    get("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(get("HOME")?).join(".docker")))
}

/// The address in a Docker context of that name.
fn context_host(config: &Path, name: &str) -> Option<String> {
    // The folders are named by a hash of the context's name: the files say which is which.
    let folders = std::fs::read_dir(config.join("contexts/meta")).ok()?;
    folders.flatten().find_map(|folder| {
        let meta = std::fs::read_to_string(folder.path().join("meta.json")).ok()?;
        let meta: Value = serde_json::from_str(&meta).ok()?;
        (meta.get("Name")?.as_str()? == name).then_some(())?;
        let host = meta.pointer("/Endpoints/docker/Host")?.as_str()?;
        Some(host.to_owned())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_environment_then_the_context_then_the_sockets() {
        let folder = tempfile::tempdir().unwrap();
        let meta = folder.path().join("contexts/meta/abc");
        std::fs::create_dir_all(&meta).unwrap();
        std::fs::write(
            meta.join("meta.json"),
            r#"{"Name":"far","Endpoints":{"docker":{"Host":"tcp://far:2375"}}}"#,
        )
        .unwrap();
        std::fs::write(
            folder.path().join("config.json"),
            r#"{"currentContext":"far"}"#,
        )
        .unwrap();
        let config = folder.path().as_os_str().to_owned();
        let with = |host: Option<&str>| {
            let host = host.map(OsString::from);
            let config = config.clone();
            address(&move |name: &str| match name {
                "DOCKER_HOST" => host.clone(),
                "DOCKER_CONFIG" => Some(config.clone()),
                _ => None,
            })
        };
        assert_eq!(with(Some("unix:///x.sock")), "unix:///x.sock");
        assert_eq!(with(None), "tcp://far:2375");
        assert_eq!(address(&|_: &str| None), DEFAULT);
    }

    #[tokio::test]
    async fn without_an_engine_it_is_said_how_to_get_one() {
        let get = |name: &str| {
            (name == "DOCKER_HOST").then(|| OsString::from("unix:///nonexistent.sock"))
        };
        let fault = Engine::connect(get).await.unwrap_err();
        assert_eq!(fault.sort, FaultSort::NoEngine);
        let text = fault.to_string();
        assert!(
            text.contains("/nonexistent.sock") && text.contains("apt-get install docker.io"),
            "{text}"
        );
    }
}
