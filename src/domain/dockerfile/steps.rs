//! The `RUN` instructions of a Dockerfile: which commands stand in one, and what is mounted.

use super::plan::Plan;
use super::{CA_FILE, CA_SECRET, Variant, quote};
use crate::domain::catalogue::Packages;
use std::fmt::Write;

/// Where the certificate authorities are seen while a step runs.
const CA_PATH: &str = "/run/secrets/quarterdeck-ca.pem";

/// Where a builder without mounts keeps them, in stages that are not the image.
const CA_PLAIN_PATH: &str = "/tmp/quarterdeck-ca.pem";

/// What a step may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    /// Caches and secrets of the build, and the certificate authorities.
    Build,
    /// The certificate authorities only.
    Network,
    /// Nothing: it does not leave the machine.
    Nothing,
}

/// One `RUN` of several commands, each on a line of its own. Nothing when there is no command.
pub fn run(plan: &Plan<'_>, sees: Sees, commands: &[String]) -> String {
    if commands.is_empty() {
        return String::new();
    }
    let mut lines = mounts(plan, sees);
    let trusted = trust(plan, sees);
    for (at, command) in trusted.iter().chain(commands).enumerate() {
        let sign = if at == 0 { "" } else { "&& " };
        lines.push(format!("{sign}{}", grouped(command)));
    }
    format!("RUN {}\n", lines.join(" \\\n    "))
}

/// A command that fails as a whole: what only a list of commands needs is put into a group.
fn grouped(command: &str) -> String {
    if !quote::signs(command).list {
        return command.to_owned();
    }
    let command = command.trim_end_matches([';', ' ']);
    let end = if command.ends_with('&') { "" } else { ";" };
    format!("{{ {command}{end} }}")
}

fn mounts(plan: &Plan<'_>, sees: Sees) -> Vec<String> {
    if plan.variant == Variant::Classic || sees == Sees::Nothing {
        return Vec::new();
    }
    let mut mounts = Vec::new();
    if !plan.network.ca_bundle.is_empty() {
        mounts.push(format!(
            "--mount=type=secret,id={CA_SECRET},target={CA_PATH},required=true"
        ));
    }
    if sees == Sees::Build {
        for target in &plan.tool.caches {
            // The default name is the path alone: all teams of one builder would share it.
            let id = cache_id(plan, target);
            mounts.push(format!(
                "--mount=type=cache,id={id},target={target},sharing=locked"
            ));
        }
        for secret in plan.secrets {
            mounts.push(format!(
                "--mount=type=secret,id={},target={},required=true",
                secret.id, secret.target
            ));
        }
    }
    mounts
}

/// The name of a cache: department, project, image and path.
fn cache_id(plan: &Plan<'_>, target: &str) -> String {
    let project = &plan.recipe.project;
    let parts = [
        &project.department,
        &project.project,
        &project.name,
        &plan.stack.id,
    ];
    let mut id = String::new();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        let _infallible = write!(id, "{}-", quote::slug(part));
    }
    id + &quote::slug(target)
}

/// Commands that make tools believe the company's certificate authorities, in this step only.
fn trust(plan: &Plan<'_>, sees: Sees) -> Vec<String> {
    if plan.network.ca_bundle.is_empty() || sees == Sees::Nothing {
        return Vec::new();
    }
    let path = match plan.variant {
        Variant::BuildKit => CA_PATH,
        Variant::Classic => CA_PLAIN_PATH,
    };
    let variables: Vec<String> = plan
        .network
        .ca_variables
        .iter()
        .map(|name| format!("{name}={path}"))
        .collect();
    let mut commands = Vec::new();
    if !variables.is_empty() {
        commands.push(format!("export {}", variables.join(" ")));
    }
    if sees == Sees::Build {
        commands.extend(plan.stack.trust.iter().cloned());
    }
    commands
}

/// Whether the certificate authorities come in a file of the context: where something reads them
/// there. A file that nothing reads would only be copied into the image.
pub fn ca_in_context(plan: &Plan<'_>) -> bool {
    let sets_up = plan.on.is_some_and(|on| !on.setup.is_empty());
    let reads = plan.builder.is_some() || !plan.packages.is_empty() || sets_up;
    plan.variant == Variant::Classic && reads && !plan.network.ca_bundle.is_empty()
}

/// Takes the file away where the whole context was copied.
pub fn drop_copied_ca() -> String {
    format!("rm -f {CA_FILE}")
}

/// Brings the certificate authorities into a stage that is not the image, where nothing can be
/// mounted.
pub fn plain_ca(plan: &Plan<'_>) -> String {
    if ca_in_context(plan) {
        format!("COPY {CA_FILE} {CA_PLAIN_PATH}\n")
    } else {
        String::new()
    }
}

/// Takes them away again, in a stage whose files become the image's.
pub fn drop_plain_ca(plan: &Plan<'_>) -> Option<String> {
    (!plain_ca(plan).is_empty()).then(|| format!("rm -f {CA_PLAIN_PATH}"))
}

/// Commands that install packages.
pub fn install(system: Packages, packages: &[String]) -> Vec<String> {
    if packages.is_empty() {
        return Vec::new();
    }
    let words: Vec<String> = packages.iter().map(|word| quote::shell(word)).collect();
    let words = words.join(" ");
    match system {
        Packages::Apt => vec![
            "apt-get update".into(),
            format!("apt-get install -y --no-install-recommends {words}"),
            "rm -rf /var/lib/apt/lists/*".into(),
        ],
        Packages::Apk => vec![format!("apk add --no-cache {words}")],
        Packages::None => Vec::new(),
    }
}
