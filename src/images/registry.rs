//! Asking a registry itself what it holds: the proof that a push arrived.

use super::credentials::Credentials;
use crate::domain::build::{Fault, FaultSort};
use crate::domain::catalogue::ImageRef;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT, WWW_AUTHENTICATE};
use reqwest::{Client, Response, StatusCode};
use std::time::Duration;

/// Longest time for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The manifests that are known; without this a registry may answer with an old form, whose digest
/// is another.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/// The digest that the registry has under the image's tag; nothing when it has no such tag.
pub async fn digest(
    image: &ImageRef,
    credentials: Option<&Credentials>,
) -> Result<Option<String>, Fault> {
    // Somebody else may have chosen it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let registry = image.registry();
    let failed = |error: reqwest::Error| unreachable(registry, &chain(&error));
    let client = Client::builder()
        .timeout(PATIENCE)
        .build()
        .map_err(failed)?;
    let url = manifest_url(image);
    let mut answer = client
        .head(&url)
        .header(ACCEPT, MANIFESTS)
        .send()
        .await
        .map_err(failed)?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        answer = again(&client, &url, &answer, credentials, registry).await?;
    }
    let status = answer.status();
    if status == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
        return Err(denied(registry, status));
    }
    if !status.is_success() {
        return Err(unreachable(registry, &format!("it answered {status}")));
    }
    let digest = answer
        .headers()
        .get("docker-content-digest")
        .and_then(|it| it.to_str().ok());
    match digest {
        Some(digest) => Ok(Some(digest.to_owned())),
        None => Err(unreachable(registry, "its answer has no digest")),
    }
}

/// Where the manifest is. Registries of this machine speak HTTP, as the engine has it.
fn manifest_url(image: &ImageRef) -> String {
    let registry = image.registry();
    let path = image
        .name
        .strip_prefix(registry)
        .map_or(image.name.as_str(), |rest| rest.trim_start_matches('/'));
    let (host, path) = match registry {
        "docker.io" if !path.contains('/') => ("registry-1.docker.io", format!("library/{path}")),
        "docker.io" => ("registry-1.docker.io", path.to_owned()),
        host => (host, path.to_owned()),
    };
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let local = name == "localhost" || name.starts_with("127.");
    let scheme = if local { "http" } else { "https" };
    let reference = if image.tag.is_empty() {
        &image.digest
    } else {
        &image.tag
    };
    format!("{scheme}://{host}/v2/{path}/manifests/{reference}")
}

/// Asks again, with what the registry wants to see.
async fn again(
    client: &Client,
    url: &str,
    refused: &Response,
    credentials: Option<&Credentials>,
    registry: &str,
) -> Result<Response, Fault> {
    let failed = |error: reqwest::Error| unreachable(registry, &chain(&error));
    let challenge = refused
        .headers()
        .get(WWW_AUTHENTICATE)
        .and_then(|it| it.to_str().ok())
        .unwrap_or_default();
    let request = client.head(url).header(ACCEPT, MANIFESTS);
    let (scheme, rest) = challenge.split_once(' ').unwrap_or((challenge, ""));
    if scheme.eq_ignore_ascii_case("basic") {
        let Some(credentials) = credentials else {
            return Err(denied(registry, StatusCode::UNAUTHORIZED));
        };
        let request = request.basic_auth(&credentials.user, Some(&credentials.password));
        return request.send().await.map_err(failed);
    }
    let part = |name: &str| {
        rest.split(',').find_map(|pair| {
            let (key, value) = pair.trim().split_once('=')?;
            (key == name).then(|| value.trim_matches('"').to_owned())
        })
    };
    let Some(realm) =
        part("realm").filter(|it| it.starts_with("https://") || it.starts_with("http://"))
    else {
        return Err(denied(registry, StatusCode::UNAUTHORIZED));
    };
    let mut address = realm;
    for name in ["service", "scope"] {
        if let Some(value) = part(name) {
            let sign = if address.contains('?') { '&' } else { '?' };
            address = format!(
                "{address}{sign}{name}={}",
                utf8_percent_encode(&value, NON_ALPHANUMERIC)
            );
        }
    }
    let mut ask = client.get(&address);
    if let Some(credentials) = credentials {
        ask = ask.basic_auth(&credentials.user, Some(&credentials.password));
    }
    let answer = ask.send().await.map_err(failed)?;
    if !answer.status().is_success() {
        return Err(denied(registry, answer.status()));
    }
    let text = answer.text().await.map_err(failed)?;
    let token: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let token = token
        .get("token")
        .or_else(|| token.get("access_token"))
        .and_then(|it| it.as_str());
    let Some(token) = token else {
        return Err(unreachable(registry, "its token service gave no token"));
    };
    request.bearer_auth(token).send().await.map_err(failed)
}

fn denied(registry: &str, status: StatusCode) -> Fault {
    Fault::new(
        FaultSort::Denied,
        format!("{registry} does not let us look ({status})"),
        format!("log in with `docker login {registry}`, or ask for the right to pull"),
    )
}

fn unreachable(registry: &str, why: &str) -> Fault {
    Fault::new(
        FaultSort::Registry,
        format!("{registry} could not be asked: {why}"),
        "check the name and the network, then run `quarterdeck image verify`",
    )
}

/// An error with its causes: the outermost says nothing.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn manifests_have_their_address() {
        for (image, url) in [
            (
                "localhost:5000/a/b:1",
                "http://localhost:5000/v2/a/b/manifests/1",
            ),
            (
                "127.0.0.1:5000/a:1",
                "http://127.0.0.1:5000/v2/a/manifests/1",
            ),
            (
                "harbor.example.com/a/b:1",
                "https://harbor.example.com/v2/a/b/manifests/1",
            ),
            (
                "debian:12",
                "https://registry-1.docker.io/v2/library/debian/manifests/12",
            ),
            (
                "docker.io/library/debian:12",
                "https://registry-1.docker.io/v2/library/debian/manifests/12",
            ),
        ] {
            assert_eq!(manifest_url(&ImageRef::parse(image).unwrap()), url);
        }
    }
}
