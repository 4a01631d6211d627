//! Sources in git: a shallow copy of one reference, made with the `git` program.
//!
//! Nothing ever asks: a password that is missing is an error at once. Only protocols that carry a
//! repository are allowed, and an address can never be taken for a flag.

use crate::domain::build::{Fault, FaultSort, Labels};
use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// Longest time for one step of `git`.
const PATIENCE: Duration = Duration::from_mins(3);

/// Longest time for a question about a folder of this machine.
const LOOK: Duration = Duration::from_secs(5);

/// Protocols that carry a repository; `ext::` and its like run programs.
const PROTOCOLS: &str = "https:http:ssh:git:file";

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The address or the reference would be taken for something else.
    #[error(
        "`{0}` is no git address or reference; it may not begin with `-` or hold control characters"
    )]
    Refused(String),
    /// There is no `git`.
    #[error("git is not installed ({0}); install it, or give a folder instead of an address")]
    NoGit(std::io::Error),
    /// It took too long.
    #[error("{url} did not answer within {} s", PATIENCE.as_secs())]
    Slow {
        /// The address, without credentials.
        url: String,
    },
    /// It said no.
    #[error("git could not fetch {url}: {said}")]
    Failed {
        /// The address, without credentials.
        url: String,
        /// What git said last.
        said: String,
    },
}

impl From<GitError> for Fault {
    fn from(error: GitError) -> Self {
        let (sort, remedy) = match &error {
            GitError::Refused(_) | GitError::NoGit(_) => (FaultSort::Context, ""),
            GitError::Slow { .. } => (FaultSort::NoSource, NETWORK),
            GitError::Failed { said, .. } => kind(said),
        };
        let asks = if sort == FaultSort::Denied {
            "it wants to know who you are: "
        } else {
            ""
        };
        Self::new(sort, format!("{asks}{error}"), remedy)
    }
}

/// What helps where nothing answers.
const NETWORK: &str = "check the address, the network and the proxy";

/// What git's words mean, and what to do. They are in English: the environment says so.
fn kind(said: &str) -> (FaultSort, &'static str) {
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if says(&[
        "Authentication failed",
        "could not read Username",
        "could not read Password",
        "Permission denied",
        "Host key verification failed",
        "error: 403",
    ]) {
        let remedy = "nothing is asked here: let `git ls-remote` with this address work first, by a `credential.helper` for https, or a key in the agent and a known host for ssh";
        (FaultSort::Denied, remedy)
    } else if says(&["not found", "does not appear to be a git repository"]) {
        (
            FaultSort::Missing,
            "check the address; some hosts hide what you may not see",
        )
    } else if says(&["find remote ref", "no such ref"]) {
        (FaultSort::Missing, "check the name of the branch or tag")
    } else if says(&[
        "resolve host",
        "Could not resolve",
        "connect to",
        "timed out",
        "Connection",
        "too slow",
        "unable to access",
    ]) {
        (FaultSort::NoSource, NETWORK)
    } else {
        (FaultSort::Context, "")
    }
}

/// Fetches one reference of `url` (its default branch without one) into the empty folder `into`,
/// without history.
pub async fn clone(url: &str, reference: Option<&str>, into: &Path) -> Result<(), GitError> {
    for text in [Some(url), reference].into_iter().flatten() {
        if text.is_empty() || text.starts_with('-') || text.chars().any(char::is_control) {
            return Err(GitError::Refused(text.to_owned()));
        }
    }
    let shown = without_credentials(url);
    git(&shown, into, ["init", "--quiet"]).await?;
    let reference = reference.unwrap_or("HEAD");
    let fetch = [
        "fetch",
        "--quiet",
        "--depth",
        "1",
        "--no-tags",
        "--no-recurse-submodules",
        "--",
        url,
        reference,
    ];
    git(&shown, into, fetch).await?;
    git(
        &shown,
        into,
        ["checkout", "--quiet", "--detach", "FETCH_HEAD"],
    )
    .await
}

/// What git calls the version and the revision of a folder; empty where it knows nothing.
pub async fn labels(folder: &Path) -> Labels {
    let version = said(folder, &["describe", "--tags", "--always", "--dirty"]).await;
    let revision = said(folder, &["rev-parse", "HEAD"]).await;
    Labels {
        version: as_tag(&version),
        revision,
        created: String::new(),
    }
}

/// The text as a tag of an image may be.
fn as_tag(text: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let tag: String = text
        .chars()
        .map(|c| if legal(c) { c } else { '-' })
        .take(128)
        .collect();
    tag.trim_start_matches(['.', '-']).to_owned()
}

/// The first line of what git says of a folder; empty when it says nothing.
async fn said(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command
        .args(["-c", "core.fsmonitor=false", "-C"])
        .arg(folder)
        .args(arguments)
        .env("LC_ALL", "C")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    match tokio::time::timeout(LOOK, command.output()).await {
        Ok(Ok(output)) if output.status.success() => String::from_utf8_lossy(&output.stdout)
            .lines()
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned(),
        _ => String::new(),
    }
}

async fn git<const N: usize>(
    url: &str,
    folder: &Path,
    arguments: [&str; N],
) -> Result<(), GitError> {
    let mut command = Command::new("git");
    command
        .args([
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "core.fsmonitor=false",
            // A host that takes the connection and says nothing is given up.
            "-c",
            "http.lowSpeedLimit=1",
            "-c",
            "http.lowSpeedTime=30",
        ])
        .arg("-C")
        .arg(folder)
        .args(arguments.map(OsStr::new))
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ASKPASS", "true")
        .env("SSH_ASKPASS", "true")
        .env("GCM_INTERACTIVE", "never")
        .env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes -oConnectTimeout=20")
        .env("GIT_ALLOW_PROTOCOL", PROTOCOLS)
        .env("LC_ALL", "C")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let child = command.spawn().map_err(GitError::NoGit)?;
    let Ok(done) = tokio::time::timeout(PATIENCE, child.wait_with_output()).await else {
        return Err(GitError::Slow {
            url: url.to_owned(),
        });
    };
    let output = done.map_err(GitError::NoGit)?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let said: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    // The last lines say why; an address in them may hold a password.
    let from = said.len().saturating_sub(3);
    let said: Vec<String> = said[from..]
        .iter()
        .map(|line| {
            line.split(' ')
                .map(quoted_without_credentials)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    Err(GitError::Failed {
        url: url.to_owned(),
        said: said.join("; "),
    })
}

/// A word of a message; an address in quotes is one as well.
fn quoted_without_credentials(word: &str) -> String {
    match word.strip_prefix('\'') {
        Some(rest) => format!("'{}", without_credentials(rest)),
        None => without_credentials(word),
    }
}

/// An address without the user and password in it; a user alone, as SSH has it, stays.
pub fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rsplit_once('@') {
        Some((user, host)) if scheme.ends_with("ssh") && !user.contains(':') => {
            format!("{scheme}://{user}@{host}{}", &rest[end..])
        }
        Some((_, host)) => format!("{scheme}://{host}{}", &rest[end..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn credentials_are_taken_out_of_addresses() {
        for (url, plain) in [
            ("https://a:b@h/x", "https://h/x"),
            ("https://token@h/x", "https://h/x"),
            ("https://h/x@y", "https://h/x@y"),
            ("ssh://git@h:22/x", "ssh://git@h:22/x"),
            ("git@h:x/y", "git@h:x/y"),
            ("https://a:b@h", "https://h"),
        ] {
            assert_eq!(without_credentials(url), plain);
        }
    }

    #[tokio::test]
    async fn what_could_be_a_flag_or_a_program_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (url, reference) in [
            ("--upload-pack=touch /tmp/x", None),
            ("https://h/x", Some("--upload-pack=x")),
            ("", None),
            ("https://h/\nx", None),
        ] {
            let error = clone(url, reference, folder.path()).await.unwrap_err();
            assert!(matches!(error, GitError::Refused(_)), "{error}");
        }
        let error = clone("ext::sh -c true", None, folder.path())
            .await
            .unwrap_err();
        assert!(matches!(error, GitError::Failed { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_repository_of_this_machine_is_copied() {
        let from = tempfile::tempdir().unwrap();
        std::fs::write(from.path().join("go.mod"), "module x\n").unwrap();
        for arguments in [
            &["init", "-q", "-b", "main"][..],
            &["add", "."],
            &[
                "-c",
                "user.name=t",
                "-c",
                "user.email=t@example.com",
                "commit",
                "-q",
                "-m",
                "x",
            ],
        ] {
            let done = Command::new("git")
                .arg("-C")
                .arg(from.path())
                .args(arguments)
                .status()
                .await;
            assert!(done.unwrap().success());
        }
        let into = tempfile::tempdir().unwrap();
        clone(from.path().to_str().unwrap(), Some("main"), into.path())
            .await
            .unwrap();
        assert!(into.path().join("go.mod").exists());
        let again = tempfile::tempdir().unwrap();
        let error = clone(from.path().to_str().unwrap(), Some("nothing"), again.path())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("nothing"), "{error}");
    }
}
