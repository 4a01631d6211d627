//! Asking a registry itself what it holds: the proof that a push arrived.

use super::credentials::Credentials;
use crate::domain::build::{Fault, FaultSort};
use crate::domain::catalogue::ImageRef;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT, CONTENT_TYPE, WWW_AUTHENTICATE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// Longest time for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The manifests that are known; without this a registry may answer with an old form, whose digest
/// is another.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/// Bytes of a manifest or a document that are read at most.
const DOCUMENT: usize = 4 << 20;

/// The digest that the registry has under the image's tag; nothing when it has no such tag.
pub async fn digest(
    image: &ImageRef,
    credentials: Option<&Credentials>,
) -> Result<Option<String>, Fault> {
    let registry = Registry::of(image, credentials)?;
    let Some(answer) = registry.ask(Method::HEAD, &manifest(image)).await? else {
        return Ok(None);
    };
    let digest = answer
        .headers()
        .get("docker-content-digest")
        .and_then(|it| it.to_str().ok());
    match digest {
        Some(digest) => Ok(Some(digest.to_owned())),
        None => Err(unreachable(image.registry(), "its answer has no digest")),
    }
}

/// Bytes of the image's layers as they travel; of one for several platforms, those for this
/// machine's, in Linux.
pub async fn size(image: &ImageRef, credentials: Option<&Credentials>) -> Result<u64, Fault> {
    let registry = Registry::of(image, credentials)?;
    let strange = || unreachable(image.registry(), "its manifest cannot be read");
    let mut manifest = registry.json(&manifest(image)).await?;
    if let Some(all) = manifest.get("manifests").and_then(Value::as_array) {
        let here = architecture();
        let text = |it: &Value, path: &str| it.pointer(path)?.as_str().map(str::to_owned);
        let fits = |it: &&Value| {
            text(it, "/platform/architecture").as_deref() == Some(here)
                && text(it, "/platform/os").as_deref() == Some("linux")
        };
        let one = all.iter().find(fits).ok_or_else(|| {
            Fault::new(
                FaultSort::Registry,
                format!("{image} is not there for linux/{here}"),
                "choose another base",
            )
        })?;
        let digest = text(one, "/digest").ok_or_else(strange)?;
        manifest = registry.json(&format!("manifests/{digest}")).await?;
    }
    let layers = manifest.get("layers").and_then(Value::as_array);
    let sizes = layers.ok_or_else(strange)?.iter();
    Ok(sizes.filter_map(|it| it.get("size")?.as_u64()).sum())
}

/// The text of a document that an artifact holds: its one layer, or the one whose title ends in
/// `.toml`. What arrives is what its digest names, or nothing.
pub async fn document(
    image: &ImageRef,
    credentials: Option<&Credentials>,
) -> Result<String, Fault> {
    let registry = Registry::of(image, credentials)?;
    let strange = |what: &str| {
        let remedy = "push it with `oras push NAME catalogue.toml`";
        Fault::new(FaultSort::Project, format!("{image} {what}"), remedy)
    };
    let manifest = registry.json(&manifest(image)).await?;
    let layers = manifest.get("layers").and_then(Value::as_array);
    let layers = layers.map_or(&[][..], Vec::as_slice);
    let title = "/annotations/org.opencontainers.image.title";
    let named = |it: &&Value| {
        let title = it.pointer(title).and_then(Value::as_str);
        title.is_some_and(|title| Path::new(title).extension() == Some("toml".as_ref()))
    };
    let layer = match layers {
        [only] => Some(only),
        several => several.iter().find(named),
    };
    let digest = layer.and_then(|it| it.get("digest")?.as_str());
    let digest = digest.ok_or_else(|| strange("holds no document"))?;
    let bytes = registry.bytes(&format!("blobs/{digest}")).await?;
    if sha256(&bytes).as_deref() != digest.strip_prefix("sha256:") {
        return Err(strange(
            "holds a document that is not what its digest names",
        ));
    }
    String::from_utf8(bytes).map_err(|_| strange("holds a document that is no text"))
}

/// The SHA-256 of bytes in hexadecimal digits, by the library that TLS brings.
fn sha256(bytes: &[u8]) -> Option<String> {
    use rustls::crypto::hash::HashAlgorithm;
    let provider = rustls::crypto::ring::default_provider();
    let mut suites = provider.cipher_suites.iter();
    let hash = suites.find_map(|suite| {
        let hash = suite.tls13()?.common.hash_provider;
        (hash.algorithm() == HashAlgorithm::SHA256).then_some(hash)
    })?;
    let digest = hash.hash(bytes);
    Some(digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
        use std::fmt::Write as _;
        // Writing to a text never fails.
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

/// The architecture of this machine, as images call it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// Where the manifest of an image is, below its repository.
fn manifest(image: &ImageRef) -> String {
    let reference = if image.tag.is_empty() {
        &image.digest
    } else {
        &image.tag
    };
    format!("manifests/{reference}")
}

/// A repository of a registry, as it is asked.
struct Registry<'r> {
    name: &'r str,
    /// Where the repository is, with a slash at its end.
    base: String,
    client: Client,
    credentials: Option<&'r Credentials>,
}

impl<'r> Registry<'r> {
    fn of(image: &'r ImageRef, credentials: Option<&'r Credentials>) -> Result<Self, Fault> {
        // Somebody else may have chosen it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let name = image.registry();
        let client = Client::builder()
            .timeout(PATIENCE)
            .build()
            .map_err(|error| unreachable(name, &chain(&error)))?;
        Ok(Self {
            name,
            base: repository_url(image),
            client,
            credentials,
        })
    }

    /// What is there; nothing when nothing is.
    async fn ask(&self, method: Method, what: &str) -> Result<Option<Response>, Fault> {
        let url = format!("{}{what}", self.base);
        let request = || {
            self.client
                .request(method.clone(), &url)
                .header(ACCEPT, MANIFESTS)
        };
        let mut answer = request().send().await.map_err(|it| self.failed(&it))?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            answer = self.again(request(), &answer).await?;
        }
        let status = answer.status();
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
            return Err(denied(self.name, status));
        }
        if !status.is_success() {
            return Err(unreachable(self.name, &format!("it answered {status}")));
        }
        Ok(Some(answer))
    }

    /// A document, whole.
    async fn bytes(&self, what: &str) -> Result<Vec<u8>, Fault> {
        let Some(answer) = self.ask(Method::GET, what).await? else {
            let missing = format!("{} has no {what} there", self.name);
            return Err(Fault::new(FaultSort::Missing, missing, "check its name"));
        };
        self.whole(answer).await
    }

    /// What an answer holds, as far as a document goes.
    async fn whole(&self, mut answer: Response) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|it| self.failed(&it))? {
            bytes.extend_from_slice(&part);
            if bytes.len() > DOCUMENT {
                return Err(unreachable(self.name, "its answer does not end"));
            }
        }
        Ok(bytes)
    }

    async fn json(&self, what: &str) -> Result<Value, Fault> {
        let bytes = self.bytes(what).await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| unreachable(self.name, &format!("it answered no JSON ({error})")))
    }

    fn failed(&self, error: &reqwest::Error) -> Fault {
        unreachable(self.name, &chain(error))
    }

    /// Asks again, with what the registry wants to see.
    async fn again(&self, request: RequestBuilder, refused: &Response) -> Result<Response, Fault> {
        let challenge = refused
            .headers()
            .get(WWW_AUTHENTICATE)
            .and_then(|it| it.to_str().ok())
            .unwrap_or_default();
        let (scheme, rest) = challenge.split_once(' ').unwrap_or((challenge, ""));
        if scheme.eq_ignore_ascii_case("basic") {
            let Some(credentials) = self.credentials else {
                return Err(denied(self.name, StatusCode::UNAUTHORIZED));
            };
            let request = request.basic_auth(&credentials.user, Some(&credentials.password));
            return request.send().await.map_err(|it| self.failed(&it));
        }
        let token = self.token(rest).await?;
        let request = request.bearer_auth(token);
        request.send().await.map_err(|it| self.failed(&it))
    }

    /// A token of the service that the challenge names.
    async fn token(&self, challenge: &str) -> Result<String, Fault> {
        let part = |name: &str| {
            challenge.split(',').find_map(|pair| {
                let (key, value) = pair.trim().split_once('=')?;
                (key == name).then(|| value.trim_matches('"').to_owned())
            })
        };
        // A password goes unencrypted only where the registry itself is asked so: on this machine.
        let plain = self.base.starts_with("http://");
        let safe = |it: &String| it.starts_with("https://") || plain && it.starts_with("http://");
        let Some(realm) = part("realm").filter(safe) else {
            return Err(denied(self.name, StatusCode::UNAUTHORIZED));
        };
        let named = |name: &str, value: &str| {
            format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
        };
        let asked = ["service", "scope"]
            .into_iter()
            .filter_map(|name| Some(named(name, &part(name)?)));
        let mut asked: Vec<String> = asked.collect();
        let ask = match self.credentials {
            Some(Credentials {
                token: Some(token), ..
            }) => {
                asked.push("grant_type=refresh_token&client_id=quarterdeck".into());
                asked.push(named("refresh_token", token));
                let form = "application/x-www-form-urlencoded";
                let ask = self.client.post(&realm).header(CONTENT_TYPE, form);
                ask.body(asked.join("&"))
            }
            credentials => {
                let sign = if realm.contains('?') { '&' } else { '?' };
                let ask = self.client.get(format!("{realm}{sign}{}", asked.join("&")));
                match credentials {
                    Some(known) => ask.basic_auth(&known.user, Some(&known.password)),
                    None => ask,
                }
            }
        };
        let answer = ask.send().await.map_err(|it| self.failed(&it))?;
        if !answer.status().is_success() {
            return Err(denied(self.name, answer.status()));
        }
        let answer = self.whole(answer).await?;
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let token = answer.get("token").or_else(|| answer.get("access_token"));
        match token.and_then(Value::as_str) {
            Some(token) => Ok(token.to_owned()),
            None => Err(unreachable(self.name, "its token service gave no token")),
        }
    }
}

/// Where a repository is. Registries of this machine speak HTTP, as the engine has it.
fn repository_url(image: &ImageRef) -> String {
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
    format!("{scheme}://{host}/v2/{path}/")
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
            let image = ImageRef::parse(image).unwrap();
            assert_eq!(repository_url(&image) + &manifest(&image), url);
        }
    }

    #[test]
    fn the_sum_is_that_of_everybody() {
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc").as_deref(), Some(known));
    }

    /// A registry on loopback whose token service wants to see an identity token.
    async fn with_tokens() -> u16 {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = String::new();
                let mut piece = vec![0; 4096];
                // The body may come after the head.
                while !(asked.contains("\r\n\r\n")
                    && (asked.starts_with("GET") || asked.contains("refresh_token=")))
                {
                    let read = stream.read(&mut piece).await.unwrap();
                    asked.push_str(&String::from_utf8_lossy(&piece[..read]));
                }
                let granted = asked.starts_with("POST /token ")
                    && asked.contains("grant_type=refresh_token")
                    && asked.contains("refresh_token=tic%2Dtac");
                let (status, more, body) = if granted {
                    ("200 OK", String::new(), "{\"access_token\":\"in\"}")
                } else if asked
                    .to_ascii_lowercase()
                    .contains("authorization: bearer in")
                {
                    ("200 OK", String::new(), "{}")
                } else {
                    let realm = format!("http://127.0.0.1:{port}/token");
                    let challenge =
                        format!("WWW-Authenticate: Bearer realm=\"{realm}\",service=\"here\"\r\n");
                    ("401 Unauthorized", challenge, "")
                };
                let answer = format!(
                    "HTTP/1.1 {status}\r\n{more}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        port
    }

    #[tokio::test]
    async fn an_identity_token_is_exchanged_for_one_of_the_registry() {
        let port = with_tokens().await;
        let image = ImageRef::parse(&format!("127.0.0.1:{port}/a/b:1")).unwrap();
        let known = Credentials {
            user: String::new(),
            password: String::new(),
            token: Some("tic-tac".into()),
        };
        let registry = Registry::of(&image, Some(&known)).unwrap();
        let answer = registry.ask(Method::GET, "manifests/1").await;
        assert!(matches!(answer, Ok(Some(_))), "{:?}", answer.err());
        let none = Registry::of(&image, None).unwrap();
        let refused = none.ask(Method::GET, "manifests/1").await;
        assert!(refused.is_err_and(|fault| fault.sort == FaultSort::Denied));
    }

    /// A registry on loopback that gives these answers, by path.
    async fn served(answers: &'static [(&'static str, &'static str)]) -> u16 {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = vec![0; 4096];
                let read = stream.read(&mut asked).await.unwrap();
                let asked = String::from_utf8_lossy(&asked[..read]).into_owned();
                let path = asked.split(' ').nth(1).unwrap_or_default();
                let known = answers.iter().find(|(known, _)| path == *known);
                let (status, body) =
                    known.map_or(("404 Not Found", ""), |(_, body)| ("200 OK", *body));
                let answer = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        port
    }

    #[tokio::test]
    async fn the_layers_for_this_machine_are_summed() {
        let port = served(&[
            (
                "/v2/base/manifests/1",
                r#"{"manifests":[{"digest":"sha256:other","platform":{"architecture":"s390x","os":"linux"}},{"digest":"sha256:amd","platform":{"architecture":"amd64","os":"linux"}},{"digest":"sha256:arm","platform":{"architecture":"arm64","os":"linux"}}]}"#,
            ),
            (
                "/v2/base/manifests/sha256:amd",
                r#"{"layers":[{"size":100},{"size":23}]}"#,
            ),
            (
                "/v2/base/manifests/sha256:arm",
                r#"{"layers":[{"size":100},{"size":23}]}"#,
            ),
        ])
        .await;
        let image = |name: &str| ImageRef::parse(&format!("127.0.0.1:{port}/{name}")).unwrap();
        assert_eq!(size(&image("base:1"), None).await, Ok(123));
        let fault = size(&image("base:2"), None).await.unwrap_err();
        assert_eq!(fault.sort, FaultSort::Missing);
    }

    #[tokio::test(start_paused = true)]
    async fn a_registry_that_says_nothing_is_given_up() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let image = ImageRef::parse(&format!("127.0.0.1:{port}/base:1")).unwrap();
        let fault = digest(&image, None).await.unwrap_err();
        assert_eq!(fault.sort, FaultSort::Registry);
        assert!(fault.what.contains("timed out"), "{fault}");
    }
}
