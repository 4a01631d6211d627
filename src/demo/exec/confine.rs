//! Confinement of a host command to its scratch folder, by Landlock where the kernel has it.
//!
//! It restricts the process that calls it and then becomes the command; the server therefore runs
//! commands through the program's own hidden `demo confined`. No unsafe code is needed that way.

use std::{ffi::OsString, io, os::unix::process::CommandExt, path::Path, process::Command};

use landlock::{
    ABI, Access, AccessFs, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus,
    Scope, path_beneath_rules,
};

/// The newest rules that were tried; older kernels apply what they know of them.
const KNOWN: ABI = ABI::V6;

/// Devices that every program may write to.
const DEVICES: [&str; 8] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
];

/// How much of the confinement the kernel knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confinement {
    /// Nothing can be written outside of the folder.
    Folder,
    /// The kernel has no Landlock, or an early one.
    None,
}

impl Confinement {
    /// The first line on a terminal.
    pub fn greeting(self, folder: &Path) -> String {
        let folder = folder.display();
        match self {
            Self::Folder => {
                format!("demo: this is a shell of your own machine; it can write to {folder} only")
            }
            Self::None => format!(
                "demo: this is a shell of your own machine, in {folder}; this kernel cannot confine it"
            ),
        }
    }
}

/// Takes from this process, for ever, the right to write outside of `folder` and to signal others.
///
/// # Errors
/// When the rules cannot be set although the kernel has them.
pub fn confine(folder: &Path) -> Result<Confinement, RulesetError> {
    let all = AccessFs::from_all(KNOWN);
    let status = Ruleset::default()
        .handle_access(all)?
        .scope(Scope::from_all(KNOWN))?
        .create()?
        .add_rules(path_beneath_rules(["/"], AccessFs::from_read(KNOWN)))?
        .add_rules(path_beneath_rules([folder], all))?
        .add_rules(path_beneath_rules(DEVICES, all))?
        .restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::NotEnforced => Confinement::None,
        RulesetStatus::PartiallyEnforced | RulesetStatus::FullyEnforced => Confinement::Folder,
    })
}

/// Becomes the command, in a session of its own. Comes back only when that fails.
pub fn become_command(command: &[OsString]) -> io::Error {
    // On a terminal this process leads a session already.
    let _ = rustix::process::setsid();
    let Some((program, arguments)) = command.split_first() else {
        return io::Error::new(io::ErrorKind::InvalidInput, "no command");
    };
    Command::new(program).args(arguments).exec()
}
