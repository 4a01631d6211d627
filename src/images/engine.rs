//! The Docker Engine: where it is, and whether it is there.

use crate::domain::build::{Fault, FaultSort};
use bollard::{BollardRequest, Docker};
use reqwest::{Certificate, Client, ClientBuilder, Identity};
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
    place: Place,
    /// Its version.
    pub version: String,
    /// Whether it builds with `BuildKit`.
    pub buildkit: bool,
}

impl Engine {
    /// Connects to the engine of the environment, `DOCKER_HOST`, the current Docker context, or the
    /// usual sockets; `get` looks a variable up.
    pub async fn connect(get: impl Fn(&str) -> Option<OsString>) -> Result<Self, Fault> {
        // Somebody else may have chosen it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let place = place(&get)?;
        let none = |error: bollard::errors::Error| no_engine(&place.address, &error.to_string());
        let docker = place
            .docker()
            .map_err(none)?
            .negotiate_version()
            .await
            .map_err(none)?
            .with_timeout(PATIENCE)
            .with_request_modifier(as_meant);
        let version = docker.version().await.map_err(none)?;
        let podman = version
            .components
            .iter()
            .flatten()
            .any(|component| component.name.contains("Podman"));
        let linux = version.os.as_deref() == Some("linux");
        Ok(Self {
            docker,
            place,
            version: version.version.unwrap_or_default(),
            buildkit: linux && !podman,
        })
    }

    /// Its address.
    pub fn address(&self) -> &str {
        &self.place.address
    }

    /// A client of its own for what the other one does not speak, and the address to begin with.
    pub(super) fn client(&self) -> Result<(Client, String), String> {
        self.place.client()
    }
}

/// What a request needs that the client does not write as it is meant.
fn as_meant(request: BollardRequest) -> BollardRequest {
    with_builder(url_safe(request))
}

/// Asks for `BuildKit` where a session is named: asked for it itself, the client would open a
/// session of its own, which knows no secrets.
fn with_builder(mut request: BollardRequest) -> BollardRequest {
    let uri = request.uri();
    let wanted = uri
        .path_and_query()
        .filter(|it| it.path().ends_with("/build"))
        .map(http::uri::PathAndQuery::as_str)
        .filter(|it| it.contains("session="))
        .map(|it| it.replace("version=1", "version=2"));
    let mut parts = uri.clone().into_parts();
    if let Some(Ok(wanted)) = wanted.map(|it| it.parse()) {
        parts.path_and_query = Some(wanted);
        if let Ok(uri) = http::Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// The engine reads `X-Registry-Auth` as URL-safe base64, the client writes the standard alphabet:
/// some passwords would arrive as none.
fn url_safe(mut request: BollardRequest) -> BollardRequest {
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

/// Where an engine is, and how it is spoken to.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    /// `unix://…`, `tcp://…`
    address: String,
    /// The folder with `ca.pem`, `cert.pem` and `key.pem` of a Docker context.
    tls: Option<PathBuf>,
}

impl Place {
    fn plain(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            tls: None,
        }
    }

    /// The files of the certificate that is shown, and of the authority that is believed.
    fn pems(tls: &Path) -> [PathBuf; 3] {
        ["key.pem", "cert.pem", "ca.pem"].map(|name| tls.join(name))
    }

    fn client(&self) -> Result<(Client, String), String> {
        let client = Client::builder().no_proxy().http1_only();
        if let Some(socket) = self.address.strip_prefix("unix://") {
            let client = client.unix_socket(socket).build();
            let client = client.map_err(|error| error.to_string())?;
            return Ok((client, "http://docker".into()));
        }
        let (_, host) = self.address.split_once("://").unwrap_or_default();
        let (client, scheme) = match &self.tls {
            Some(tls) => (with_certificates(client, tls)?, "https"),
            None => (client, "http"),
        };
        let client = client.build().map_err(|error| error.to_string())?;
        Ok((client, format!("{scheme}://{host}")))
    }

    fn docker(&self) -> Result<Docker, bollard::errors::Error> {
        let Some(tls) = &self.tls else {
            return Docker::connect_with_host(&self.address);
        };
        let [key, cert, ca] = Self::pems(tls);
        let patience = PATIENCE.as_secs();
        Docker::connect_with_ssl(
            &self.address,
            &key,
            &cert,
            &ca,
            patience,
            bollard::API_DEFAULT_VERSION,
        )
    }
}

fn with_certificates(client: ClientBuilder, tls: &Path) -> Result<ClientBuilder, String> {
    let read =
        |file: &Path| std::fs::read(file).map_err(|error| format!("`{}`: {error}", file.display()));
    let [key, cert, ca] = Place::pems(tls);
    let shown = [read(&key)?, read(&cert)?].concat();
    let shown = Identity::from_pem(&shown).map_err(|error| error.to_string())?;
    let believed = Certificate::from_pem_bundle(&read(&ca)?).map_err(|error| error.to_string())?;
    Ok(client.identity(shown).tls_certs_merge(believed))
}

/// Where the engine is.
fn place(get: &impl Fn(&str) -> Option<OsString>) -> Result<Place, Fault> {
    let text = |name: &str| {
        get(name)
            .and_then(|it| it.into_string().ok())
            .filter(|it| !it.is_empty())
    };
    let config = config_folder(get);
    if let Some(host) = text("DOCKER_HOST") {
        let wanted = text("DOCKER_TLS_VERIFY").is_some() && !host.starts_with("unix://");
        let certificates = text("DOCKER_CERT_PATH").map(PathBuf::from).or(config);
        let tls = certificates.filter(|_| wanted || host.starts_with("https://"));
        return spoken(Place { address: host, tls });
    }
    let wanted = text("DOCKER_CONTEXT").or_else(|| {
        let config = std::fs::read_to_string(config.as_ref()?.join("config.json")).ok()?;
        let config: Value = serde_json::from_str(&config).ok()?;
        config.get("currentContext")?.as_str().map(str::to_owned)
    });
    let wanted = wanted.filter(|name| !name.is_empty() && name != "default");
    if let (Some(config), Some(wanted)) = (&config, wanted) {
        let known = context_place(config, &wanted).ok_or_else(|| {
            Fault::new(
                FaultSort::NoEngine,
                format!("there is no Docker context `{wanted}` with an address"),
                "`docker context ls` lists those there are; `docker context use` or DOCKER_CONTEXT chooses one",
            )
        });
        return known.and_then(spoken);
    }
    let rootless = get("XDG_RUNTIME_DIR").map(|folder| Path::new(&folder).join("docker.sock"));
    Ok(match rootless {
        Some(socket) if socket.exists() && !Path::new("/var/run/docker.sock").exists() => {
            Place::plain(format!("unix://{}", socket.display()))
        }
        _ => Place::plain(DEFAULT),
    })
}

/// Whether an address is of a kind that is spoken here.
fn spoken(place: Place) -> Result<Place, Fault> {
    let Some(far) = place.address.strip_prefix("ssh://") else {
        return Ok(place);
    };
    Err(Fault::new(
        FaultSort::NoEngine,
        format!(
            "the engine is at `{}`, and ssh is not spoken here",
            place.address
        ),
        format!(
            "bring its socket here and point at that: `ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock {far} &`, then DOCKER_HOST=unix:///tmp/engine.sock"
        ),
    ))
}

/// The folder of Docker's client settings.
pub fn config_folder(get: &impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    get("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(get("HOME")?).join(".docker")))
}

/// What a Docker context of that name says.
fn context_place(config: &Path, name: &str) -> Option<Place> {
    // The folders are named by a hash of the context's name: the files say which is which.
    let folders = std::fs::read_dir(config.join("contexts/meta")).ok()?;
    folders.flatten().find_map(|folder| {
        let meta = std::fs::read_to_string(folder.path().join("meta.json")).ok()?;
        let meta: Value = serde_json::from_str(&meta).ok()?;
        (meta.get("Name")?.as_str()? == name).then_some(())?;
        let host = meta.pointer("/Endpoints/docker/Host")?.as_str()?;
        let tls = config.join("contexts/tls").join(folder.file_name());
        let tls = Some(tls.join("docker")).filter(|it| it.join("ca.pem").exists());
        Some(Place {
            address: host.to_owned(),
            tls,
        })
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
        let behind = folder.path().join("contexts/meta/ghi");
        std::fs::create_dir_all(&behind).unwrap();
        std::fs::write(
            behind.join("meta.json"),
            r#"{"Name":"behind","Endpoints":{"docker":{"Host":"ssh://me@far"}}}"#,
        )
        .unwrap();
        let safe = folder.path().join("contexts/meta/def");
        std::fs::create_dir_all(&safe).unwrap();
        std::fs::write(
            safe.join("meta.json"),
            r#"{"Name":"safe","Endpoints":{"docker":{"Host":"tcp://safe:2376"}}}"#,
        )
        .unwrap();
        let tls = folder.path().join("contexts/tls/def/docker");
        std::fs::create_dir_all(&tls).unwrap();
        std::fs::write(tls.join("ca.pem"), "").unwrap();
        std::fs::write(
            folder.path().join("config.json"),
            r#"{"currentContext":"far"}"#,
        )
        .unwrap();
        let config = folder.path().as_os_str().to_owned();
        let with = |host: &str, context: &str| {
            place(&|name: &str| match name {
                "DOCKER_HOST" => Some(host.into()),
                "DOCKER_CONTEXT" => Some(context.into()),
                "DOCKER_CONFIG" => Some(config.clone()),
                _ => None,
            })
        };
        let plain = |address: &str| Ok(Place::plain(address));
        assert_eq!(with("unix:///x.sock", "safe"), plain("unix:///x.sock"));
        assert_eq!(with("", ""), plain("tcp://far:2375"));
        assert_eq!(with("", "default"), plain(DEFAULT));
        for (host, context) in [("ssh://me@far:22", ""), ("", "behind")] {
            let fault = with(host, context).unwrap_err();
            assert!(fault.what.contains("ssh is not spoken"), "{fault}");
            assert!(fault.remedy.contains("me@far"), "{fault}");
        }
        let verified = place(&|name: &str| match name {
            "DOCKER_HOST" => Some("tcp://far:2376".into()),
            "DOCKER_TLS_VERIFY" => Some("1".into()),
            "DOCKER_CERT_PATH" => Some("/certs".into()),
            _ => None,
        });
        assert_eq!(verified.unwrap().tls, Some("/certs".into()));
        let safe = with("", "safe").unwrap();
        assert_eq!(safe.address, "tcp://safe:2376");
        assert_eq!(safe.tls, Some(tls));
        let fault = with("", "gone").unwrap_err();
        assert!(fault.what.contains("`gone`"), "{fault}");
        assert_eq!(place(&|_: &str| None), plain(DEFAULT));
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
