//! A shell of this machine whose kubectl speaks to the cluster that is seen: a small kubeconfig of
//! its own, for this person alone, stands before the others and names context and namespace.

use super::sources::Sources;
use crate::domain::exec::ExecItem;
use crate::domain::feed::{Failure, FailureSort};
use crate::domain::session::ContextInfo;
use crate::domain::text::Text;
use crate::pty::{self, Child, Program};
use serde_json::json;
use std::env;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::future::Future;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// The shell of somebody who names none.
const SHELL: &str = "/bin/sh";

/// A shell, and its kubeconfig as long as it runs.
#[derive(Debug)]
pub struct Local {
    /// The program.
    pub child: Child,
    _pin: Pin,
}

/// A file that goes with this.
#[derive(Debug)]
struct Pin(PathBuf);

impl Drop for Pin {
    fn drop(&mut self) {
        // What is left in the temporary folder is for the system to clear.
        let _ = fs::remove_file(&self.0);
    }
}

/// Opens a shell for `context`, in `namespace` where one is given. What comes of it goes to `give`.
pub fn shell<F, R>(
    sources: &Sources,
    context: &str,
    namespace: Option<&Text>,
    size: (u16, u16),
    name: &str,
    give: F,
) -> Result<Local, Failure>
where
    F: Fn(ExecItem) -> R + Send + Sync + 'static,
    R: Future<Output = bool> + Send + 'static,
{
    let (info, files) = sources.files_of(context)?;
    let pin = pin(&info, namespace, name).map_err(|error| Failure {
        sort: FailureSort::Other,
        what: "no local shell can be opened".into(),
        why: Text::new(&format!("its kubeconfig cannot be written: {error}")),
        remedy: "see whether the temporary folder is writable".into(),
    })?;
    let mut search = pin.0.clone().into_os_string();
    if !files.is_empty() {
        search.push(":");
        search.push(files);
    }
    let program = Program {
        name: env::var_os("SHELL")
            .filter(|shell| !shell.is_empty())
            .unwrap_or_else(|| SHELL.into()),
        environment: vec![
            ("KUBECONFIG".into(), search),
            ("TERM".into(), "xterm-256color".into()),
            ("COLORTERM".into(), "truecolor".into()),
        ],
        folder: env::current_dir().ok(),
        arguments: Vec::<OsString>::new(),
        size,
    };
    let child = pty::spawn(&program, give)?;
    Ok(Local { child, _pin: pin })
}

/// Context and namespace; clusters and users stay in the person's own files.
fn pin(info: &ContextInfo, namespace: Option<&Text>, name: &str) -> io::Result<Pin> {
    let namespace = namespace.unwrap_or(&info.namespace);
    let mut context = json!({ "cluster": &*info.cluster, "user": &*info.user });
    if !namespace.is_empty() {
        context["namespace"] = json!(&**namespace);
    }
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": &*info.name,
        "contexts": [{ "name": &*info.name, "context": context }],
    });
    let folder = env::var_os("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .filter(|folder| folder.is_dir())
        .unwrap_or_else(env::temp_dir);
    let file = folder.join(format!(
        "quarterdeck-{}-{name}.kubeconfig",
        std::process::id()
    ));
    let mut out = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&file)?;
    let pin = Pin(file);
    // JSON is YAML, and quotes whatever a name may hold.
    out.write_all(config.to_string().as_bytes())?;
    Ok(pin)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_file_names_context_and_namespace_and_goes_with_the_shell() {
        let info = ContextInfo {
            name: "prod: eu".into(),
            cluster: "c".into(),
            user: "u".into(),
            ..ContextInfo::default()
        };
        let kept = pin(&info, Some(&"shop".into()), "test-a").unwrap();
        let path = kept.0.clone();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("\"current-context\":\"prod: eu\""), "{text}");
        assert!(text.contains("\"namespace\":\"shop\""), "{text}");
        drop(kept);
        assert!(!path.exists());
    }
}
