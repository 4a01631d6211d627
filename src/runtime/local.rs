//! Programs of this machine in panes: an editor, a pager, and a shell whose kubectl speaks to the
//! cluster that is seen. For that a small kubeconfig of its own, for this person alone, stands
//! before the others and names context and namespace.

use super::files::create;
use super::sources::Sources;
use crate::app::LocalProgram;
use crate::domain::exec::ExecItem;
use crate::domain::feed::{Failure, FailureSort};
use crate::domain::session::ContextInfo;
use crate::domain::text::Text;
use crate::pty::{self, Child, Program};
use serde_json::json;
use std::env;
use std::fs;
use std::future::Future;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The shell of somebody who names none.
const SHELL: &str = "/bin/sh";

/// A program, and the file that goes with it.
#[derive(Debug)]
pub struct Local {
    /// The program.
    pub child: Child,
    _pin: Option<Pin>,
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

/// Starts a program in `context`. What comes of it goes to `give`.
pub fn start<F, R>(
    program: &LocalProgram,
    sources: &Sources,
    context: &str,
    size: (u16, u16),
    name: &str,
    give: F,
) -> Result<Local, Failure>
where
    F: Fn(ExecItem) -> R + Send + Sync + 'static,
    R: Future<Output = bool> + Send + 'static,
{
    let (mut program, pin) = match program {
        LocalProgram::Shell(namespace) => shell(sources, context, namespace.as_ref(), name)?,
        LocalProgram::Editor(file) => (on_file(&editor(), file), None),
        LocalProgram::Reader(file) => (on_file(&editor(), file), Some(Pin(file.clone()))),
        LocalProgram::Pager(file) => (on_file(&pager(), file), Some(Pin(file.clone()))),
    };
    program.environment.extend([
        ("TERM".into(), "xterm-256color".into()),
        ("COLORTERM".into(), "truecolor".into()),
    ]);
    program.folder = env::current_dir().ok();
    program.size = size;
    let child = pty::spawn(&program, give)?;
    Ok(Local { child, _pin: pin })
}

fn shell(
    sources: &Sources,
    context: &str,
    namespace: Option<&Text>,
    name: &str,
) -> Result<(Program, Option<Pin>), Failure> {
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
        environment: vec![("KUBECONFIG".into(), search)],
        ..Program::default()
    };
    Ok((program, Some(pin)))
}

/// The editor, as kubectl finds it.
fn editor() -> String {
    variable(&["KUBE_EDITOR", "VISUAL", "EDITOR"]).unwrap_or_else(|| "vi".into())
}

fn pager() -> String {
    variable(&["PAGER"]).unwrap_or_else(|| "less -R".into())
}

fn variable(names: &[&str]) -> Option<String> {
    let value = |name: &&str| env::var(name).ok().filter(|value| !value.trim().is_empty());
    names.iter().find_map(value)
}

/// A command line that may hold options (`code --wait`), on a file: a shell takes it apart.
fn on_file(command: &str, file: &Path) -> Program {
    Program {
        name: SHELL.into(),
        arguments: vec![
            "-c".into(),
            format!("exec {command} \"$1\"").into(),
            SHELL.into(),
            file.into(),
        ],
        ..Program::default()
    }
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
    // A process of the same number may have been killed before it could clear up.
    let _ = fs::remove_file(&file);
    let mut out = create(&file)?;
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
