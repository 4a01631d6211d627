//! Credential plugins (`users[].user.exec`), run by us rather than by kube.
//!
//! A plugin is a stranger's program: it gets no terminal and no stdin, its output is read into
//! memory and never shown or logged, it is ended after a limit, and it runs beside the requests
//! instead of blocking them.

use super::error::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::config::{AuthInfo, Cluster, ExecAuthCluster, ExecConfig};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

/// More output than this is not a credential.
const MAX_OUTPUT: u64 = 1 << 20;

/// What a plugin gave.
#[derive(Clone, Default)]
pub(super) struct Credential {
    token: Option<String>,
    /// PEM certificate and key.
    identity: Option<(String, String)>,
    /// When it ends, by the plugin's word.
    pub(super) expires: Option<SystemTime>,
}

impl Credential {
    /// Puts the credential where kube looks for one, in place of the plugin.
    pub(super) fn apply(self, user: &mut AuthInfo) {
        user.exec = None;
        if let Some(token) = self.token {
            user.token = Some(token.into());
        }
        if let Some((certificate, key)) = self.identity {
            user.client_certificate_data = Some(STANDARD.encode(certificate));
            user.client_key_data = Some(STANDARD.encode(key).into());
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<String>,
}

/// Runs the plugin and reads its credential; `limit` is how long it may take.
pub(super) async fn run(
    exec: &ExecConfig,
    cluster: &Cluster,
    limit: Duration,
) -> Result<Credential, Fault> {
    let command = exec.command.as_deref().unwrap_or_default();
    let Some(program) = find(command) else {
        return Err(missing(exec));
    };
    let mut process = prepare(&program);
    process.args(exec.args.iter().flatten());
    process.envs(exec.env.iter().flatten().filter_map(|entry| {
        let (name, value) = (entry.get("name")?, entry.get("value")?);
        Some((name, value))
    }));
    process.env("KUBERNETES_EXEC_INFO", exec_info(exec, cluster)?);
    match tokio::time::timeout(limit, collect(process)).await {
        Err(_) => Err(fault(
            format!("credential plugin {command} did not end within {limit:?} and was stopped"),
            format!("run {command} in a shell to see what it waits for, then retry"),
        )),
        Ok(Err(why)) => Err(fault(
            format!("credential plugin {command} {why}"),
            format!("run {command} in a shell to see what it says, then retry"),
        )),
        Ok(Ok(output)) => read(&output).map_err(|why| {
            fault(
                format!("credential plugin {command} {why}"),
                format!("check the version of {command}, or choose another context"),
            )
        }),
    }
}

fn fault(why: String, remedy: String) -> Fault {
    Fault::Credentials { why, remedy }
}

fn missing(exec: &ExecConfig) -> Fault {
    let command = exec.command.as_deref().unwrap_or_default();
    if command.is_empty() {
        return fault(
            "the kubeconfig's exec entry names no command".into(),
            "correct users[].user.exec.command in the kubeconfig".into(),
        );
    }
    let hint = exec.install_hint.as_deref().unwrap_or_default().trim();
    fault(
        format!("credential plugin {command} is not on this machine"),
        if hint.is_empty() {
            format!("install {command}, or choose another context")
        } else {
            hint.to_owned()
        },
    )
}

/// The executable that `command` names: a path, or a file on `PATH`.
fn find(command: &str) -> Option<PathBuf> {
    if command.is_empty() {
        return None;
    }
    if command.contains(std::path::MAIN_SEPARATOR) {
        return Some(PathBuf::from(command)).filter(|path| path.is_file());
    }
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|dir| dir.join(command))
        .find(|path| path.is_file())
}

/// A command without our terminal. Where `setsid` exists the plugin also has no controlling
/// terminal, so that it cannot write over the screen through `/dev/tty`.
fn prepare(program: &Path) -> Command {
    let mut process = match find("setsid") {
        Some(setsid) => {
            let mut process = Command::new(setsid);
            process.arg("--").arg(program);
            process
        }
        None => Command::new(program),
    };
    process
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    process
}

/// `KUBERNETES_EXEC_INFO`, as the plugin protocol asks for.
fn exec_info(exec: &ExecConfig, cluster: &Cluster) -> Result<String, Fault> {
    let mut spec = serde_json::json!({ "interactive": false });
    if exec.provide_cluster_info {
        let info = ExecAuthCluster::try_from(cluster).map_err(|error| {
            fault(
                format!("the cluster's certificate authority cannot be read: {error}"),
                "correct the cluster entry of the kubeconfig".into(),
            )
        })?;
        let mut entry = serde_json::json!({
            "server": info.server.unwrap_or_default(),
        });
        let fields = [
            ("tls-server-name", info.tls_server_name.map(Into::into)),
            (
                "insecure-skip-tls-verify",
                info.insecure_skip_tls_verify.map(Into::into),
            ),
            (
                "certificate-authority-data",
                info.certificate_authority_data
                    .map(|ca| STANDARD.encode(ca).into()),
            ),
            ("proxy-url", info.proxy_url.map(Into::into)),
            ("config", info.config),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                entry[name] = value;
            }
        }
        spec["cluster"] = entry;
    }
    let version = exec
        .api_version
        .as_deref()
        .unwrap_or("client.authentication.k8s.io/v1");
    Ok(
        serde_json::json!({ "kind": "ExecCredential", "apiVersion": version, "spec": spec })
            .to_string(),
    )
}

/// What the process printed; an error says how it failed, never what it printed.
async fn collect(mut process: Command) -> Result<Vec<u8>, String> {
    let mut child = process
        .spawn()
        .map_err(|error| format!("could not be started: {error}"))?;
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    let (out, _, status) = tokio::join!(drain(stdout), drain(stderr), child.wait());
    let status = status.map_err(|error| format!("was lost: {error}"))?;
    if !status.success() {
        return Err(match status.code() {
            Some(code) => format!("failed with exit code {code}"),
            None => "was ended by a signal".into(),
        });
    }
    Ok(out)
}

/// Reads to the end, keeping the first [`MAX_OUTPUT`] bytes, so that a chatty plugin never blocks.
async fn drain(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    let Some(mut pipe) = pipe else { return kept };
    let _ = (&mut pipe).take(MAX_OUTPUT).read_to_end(&mut kept).await;
    let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    kept
}

/// JSON, or the YAML that some plugins write and client-go accepts.
fn read(output: &[u8]) -> Result<Credential, String> {
    let text = std::str::from_utf8(output).map_err(|_| "printed something that is not text")?;
    let answer: Answer = serde_saphyr::from_str(text)
        .map_err(|_| "printed something that is not an ExecCredential")?;
    let status = answer
        .status
        .ok_or("printed an ExecCredential without status")?;
    let token = status.token.filter(|token| !token.is_empty());
    let identity = match (status.client_certificate_data, status.client_key_data) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => return Err("gave half a client certificate".into()),
    };
    if token.is_none() && identity.is_none() {
        return Err("gave neither a token nor a client certificate".into());
    }
    let expires = status
        .expiration_timestamp
        .and_then(|text| crate::domain::time::Timestamp::parse(&text))
        .and_then(|at| u64::try_from(at.0).ok())
        .map(|ms| SystemTime::UNIX_EPOCH + Duration::from_millis(ms));
    Ok(Credential {
        token,
        identity,
        expires,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;
    use std::time::Instant;

    fn plugin(script: &str) -> ExecConfig {
        ExecConfig {
            command: Some("sh".into()),
            args: Some(vec!["-c".into(), script.into()]),
            ..ExecConfig::default()
        }
    }

    async fn why(exec: &ExecConfig, limit: Duration) -> String {
        let result = run(exec, &Cluster::default(), limit).await;
        let fault = result.err().unwrap();
        let failure = fault.failure("log in");
        format!("{failure:?}")
    }

    const LONG: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_token_is_read_and_put_in_place() {
        let script = r#"test -z "$(cat)" || exit 9
            case "$KUBERNETES_EXEC_INFO" in *'"interactive":false'*) ;; *) exit 8;; esac
            echo "{\"kind\":\"ExecCredential\",\"status\":{\"token\":\"tok-$X\",
            \"expirationTimestamp\":\"2030-01-01T00:00:00Z\"}}""#;
        let mut exec = plugin(script);
        exec.env = Some(vec![
            [("name", "X"), ("value", "1")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .into(),
        ]);
        let credential = run(&exec, &Cluster::default(), LONG).await.ok().unwrap();
        assert!(credential.expires.unwrap() > SystemTime::UNIX_EPOCH);
        assert_eq!(credential.token.as_deref(), Some("tok-1"));
        let mut user = AuthInfo {
            exec: Some(exec),
            ..AuthInfo::default()
        };
        credential.apply(&mut user);
        assert!(user.exec.is_none() && user.token.is_some());
    }

    #[tokio::test]
    async fn failures_never_repeat_what_the_plugin_printed() {
        for script in [
            "echo canary; exit 3",
            "echo canary >&2; exit 3",
            "echo canary",
            "echo '{\"status\":{\"canary\":1}}'",
            "exec head -c 3000000 /dev/zero",
        ] {
            let text = why(&plugin(script), LONG).await;
            assert!(!text.contains("canary"), "{text}");
            assert!(text.contains("plugin sh"), "{text}");
        }
        assert!(why(&plugin("exit 3"), LONG).await.contains("exit code 3"));
    }

    #[tokio::test]
    async fn a_hanging_plugin_is_stopped() {
        let begun = Instant::now();
        let text = why(&plugin("sleep 600"), Duration::from_millis(200)).await;
        assert!(text.contains("did not end"), "{text}");
        assert!(begun.elapsed() < Duration::from_secs(10));
    }

    #[tokio::test]
    async fn a_missing_plugin_shows_its_hint() {
        let mut exec = plugin("");
        exec.command = Some("no-such-plugin-anywhere".into());
        exec.install_hint = Some("get it from the platform team".into());
        let text = why(&exec, LONG).await;
        assert!(text.contains("get it from the platform team"), "{text}");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_plugin_has_no_terminal() {
        if find("setsid").is_none() {
            return;
        }
        let script = "if (: >/dev/tty) 2>/dev/null; then exit 5; fi; echo 'status: {token: t}'";
        assert!(
            run(&plugin(script), &Cluster::default(), LONG)
                .await
                .is_ok()
        );
    }
}
