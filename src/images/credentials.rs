//! Credentials of registries, from Docker's own settings: `auths`, `credHelpers`, `credsStore`.
//!
//! They are read when they are needed, never logged, never put into arguments or the environment.

use super::engine::config_folder;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::ffi::OsString;
use std::fmt;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Longest time that a helper may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The key under which Docker keeps its own hub.
const HUB: &str = "https://index.docker.io/v1/";

/// User and password, or a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user; empty with a token.
    pub user: String,
    /// The password.
    pub password: String,
    /// An identity token instead.
    pub token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

/// The credentials for a registry, when there are some.
pub async fn find(registry: &str, get: &impl Fn(&str) -> Option<OsString>) -> Option<Credentials> {
    let file = config_folder(get)?.join("config.json");
    let text = tokio::fs::read_to_string(file).await.ok()?;
    let config: Value = serde_json::from_str(&text).ok()?;
    let hub = matches!(
        registry,
        "docker.io" | "index.docker.io" | "registry-1.docker.io"
    );
    let key = if hub { HUB } else { registry };
    let own = config
        .get("credHelpers")
        .and_then(|all| all.get(key)?.as_str());
    let store = config.get("credsStore").and_then(Value::as_str);
    if let Some(helper) = own.or(store).filter(|name| !name.is_empty())
        && let Some(found) = ask(helper, key).await
    {
        return Some(found);
    }
    let auths = config.get("auths")?;
    let keys = [
        key.to_owned(),
        format!("https://{key}"),
        format!("http://{key}"),
        format!("https://{key}/v1/"),
        format!("https://{key}/v2/"),
    ];
    keys.iter().find_map(|key| plain(auths.get(key)?))
}

/// An entry of `auths`.
fn plain(entry: &Value) -> Option<Credentials> {
    let text = |name: &str| {
        entry
            .get(name)
            .and_then(Value::as_str)
            .filter(|it| !it.is_empty())
    };
    let token = text("identitytoken").map(str::to_owned);
    if let (Some(user), Some(password)) = (text("username"), text("password")) {
        return Some(Credentials {
            user: user.to_owned(),
            password: password.to_owned(),
            token,
        });
    }
    let auth = String::from_utf8(STANDARD.decode(text("auth")?).ok()?).ok()?;
    let (user, password) = auth.split_once(':')?;
    let password = password.trim_end_matches('\0');
    Some(Credentials {
        user: user.to_owned(),
        password: password.to_owned(),
        token,
    })
}

/// Asks a helper program; the registry goes in by standard input, as helpers want it.
async fn ask(helper: &str, key: &str) -> Option<Credentials> {
    let plain = helper
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if !plain {
        return None;
    }
    let mut child = Command::new(format!("docker-credential-{helper}"))
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .ok()?;
    let mut input = child.stdin.take()?;
    input.write_all(key.as_bytes()).await.ok()?;
    drop(input);
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output())
        .await
        .ok()?
        .ok()?;
    let answer: Value = serde_json::from_slice(&output.stdout).ok()?;
    let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    let (user, secret) = (text("Username")?, text("Secret")?);
    let token = user == "<token>";
    Some(Credentials {
        user: if token { String::new() } else { user },
        token: token.then(|| secret.clone()),
        password: secret,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[tokio::test]
    async fn the_file_of_docker_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let auth = STANDARD.encode("robot$ci:p:w>>>???");
        let config = format!(
            "{{\"auths\":{{\"https://a.example\":{{\"auth\":\"{auth}\"}},\"b.example:5000\":{{\"username\":\"u\",\"password\":\"p\"}},\"{HUB}\":{{\"auth\":\"dTpw\"}}}}}}"
        );
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        let config = folder.path().as_os_str().to_owned();
        let get = move |name: &str| (name == "DOCKER_CONFIG").then(|| config.clone());
        let found = find("a.example", &get).await.unwrap();
        assert_eq!(
            (found.user.as_str(), found.password.as_str()),
            ("robot$ci", "p:w>>>???")
        );
        assert_eq!(find("b.example:5000", &get).await.unwrap().user, "u");
        assert_eq!(find("docker.io", &get).await.unwrap().user, "u");
        assert_eq!(find("c.example", &get).await, None);
        assert_eq!(format!("{found:?}"), "Credentials(..)");
    }
}
