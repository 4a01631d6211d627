//! The words of the container runtime, which clients know and match.

use crate::demo::control::hash::digest_of;

/// What containerd says when runc cannot start a command.
pub fn not_started(command: &[String], why: &str) -> String {
    let program = command.first().map_or("", String::as_str);
    let digest = digest_of(&command.join(" "));
    let id = digest.trim_start_matches("sha256:");
    format!(
        "error executing command in container: failed to exec in container: failed to start exec \"{id}\": \
         OCI runtime exec failed: exec failed: unable to start container process: exec: \"{program}\": {why}: unknown"
    )
}

/// Why a program that is not in the image cannot be started.
pub fn missing(program: &str) -> String {
    if program.contains('/') {
        format!("stat {program}: no such file or directory")
    } else {
        "executable file not found in $PATH".to_owned()
    }
}

/// What the kubelet says when a container does not run.
pub fn not_running(container: &str) -> String {
    format!("unable to upgrade connection: container not found (\"{container}\")")
}
