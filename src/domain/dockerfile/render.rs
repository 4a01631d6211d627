//! Writing a planned Dockerfile.

use super::plan::Plan;
use super::steps::{Sees, ca_in_context, drop_copied_ca, drop_plain_ca, install, plain_ca, run};
use super::{MARK, Variant, quote};
use crate::domain::catalogue::{On, Packages};
use std::fmt::Write;

/// Where the source is while it is built.
const SOURCE: &str = "/src";

/// Where folders that may be written to are made, for the run image to take.
const WRITABLE: &str = "/quarterdeck/writable";

/// The Dockerfile, with a line feed at its end.
pub fn render(plan: &Plan<'_>) -> String {
    let mut out = head(plan);
    if plan.builder.is_some() {
        out.push_str(&build_stage(plan));
        out.push('\n');
    }
    out.push_str(&run_stage(plan));
    out
}

fn head(plan: &Plan<'_>) -> String {
    let builder = match plan.variant {
        Variant::BuildKit => "",
        Variant::Classic => " --classic",
    };
    format!(
        "{MARK} from quarterdeck.toml and the catalogue of base images.\n\
         # Change those, then: quarterdeck image dockerfile{builder} --write\n\n"
    )
}

fn build_stage(plan: &Plan<'_>) -> String {
    let Some(builder) = plan.builder else {
        return String::new();
    };
    let tool = plan.tool;
    let mut out = format!("FROM {builder} AS build\n");
    out.push_str(&env(&build_env(plan)));
    out.push_str(&path(plan));
    let _infallible = writeln!(out, "WORKDIR {SOURCE}");
    out.push_str(&plain_ca(plan));
    let packages = install(plan.build_system, &plan.build_packages);
    out.push_str(&run(plan, Sees::Network, &packages));
    let steps = |commands: &[String]| -> Vec<String> {
        commands
            .iter()
            .map(|command| plan.fill(command, quote::shell))
            .collect()
    };
    let prepare = steps(&tool.prepare);
    let fetch = steps(&tool.fetch);
    // First of all: what follows may copy the whole source.
    let mut rest: Vec<String> = copies_ca(plan).then(drop_copied_ca).into_iter().collect();
    rest.extend(steps(&plan.commands));
    rest.extend(steps(&tool.finish));
    rest.extend(writable(plan));
    let manifests = &plan.recipe.build.manifests;
    if manifests.is_empty() {
        let (clean, rest) = rest.split_at(usize::from(copies_ca(plan)));
        let all: Vec<String> = [clean, &prepare, &fetch, rest].concat();
        out.push_str(&copy_source(plan));
        out.push_str(&run(plan, Sees::Build, &all));
    } else {
        out.push_str(&copy_manifests(plan, manifests));
        out.push_str(&run(plan, Sees::Build, &[prepare, fetch].concat()));
        out.push_str(&copy_source(plan));
        out.push_str(&run(plan, Sees::Build, &rest));
    }
    out
}

fn build_env<'p>(plan: &'p Plan<'_>) -> Vec<(&'p str, String)> {
    let uncached = (plan.variant == Variant::Classic).then_some(&plan.tool.plain_env);
    let mut pairs: Vec<_> = plan
        .tool
        .env
        .iter()
        .chain(uncached.into_iter().flatten())
        .map(|(name, value)| (name.as_str(), plan.fill(value, str::to_owned)))
        .collect();
    // A virtual environment and its like are the same in both images.
    if !plan.stack.path.is_empty() {
        let own = plan.stack.env.iter().filter(|(_, value)| {
            plan.stack
                .path
                .iter()
                .any(|path| path.starts_with(value.as_str()))
        });
        pairs.extend(own.map(|(name, value)| (name.as_str(), value.clone())));
    }
    pairs.sort();
    pairs
}

/// `ENV`, a variable a line.
fn env(pairs: &[(&str, String)]) -> String {
    if pairs.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", quote::value(value)))
        .collect();
    format!("ENV {}\n", lines.join(" \\\n    "))
}

fn path(plan: &Plan<'_>) -> String {
    if plan.stack.path.is_empty() {
        return String::new();
    }
    format!("ENV PATH=\"{}:${{PATH}}\"\n", plan.stack.path.join(":"))
}

/// The source's folder in the context, with a slash, empty for the whole.
fn below(plan: &Plan<'_>) -> String {
    match plan.recipe.build.directory.trim_matches('/') {
        "" | "." => String::new(),
        folder => format!("{folder}/"),
    }
}

/// Whether the certificate authorities lie in what is copied of the context.
fn copies_ca(plan: &Plan<'_>) -> bool {
    ca_in_context(plan) && below(plan).is_empty()
}

fn copy_source(plan: &Plan<'_>) -> String {
    match below(plan).as_str() {
        "" => "COPY . .\n".to_owned(),
        folder => format!("COPY {folder} .\n"),
    }
}

/// Copies the manifests, each to its own folder, in their order.
fn copy_manifests(plan: &Plan<'_>, manifests: &[String]) -> String {
    let below = below(plan);
    let mut folders: Vec<(&str, Vec<&str>)> = Vec::new();
    for file in manifests {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        match folders.iter_mut().find(|(known, _)| *known == folder) {
            Some((_, files)) => files.push(file),
            None => folders.push((folder, vec![file])),
        }
    }
    let mut out = String::new();
    for (folder, files) in folders {
        let files: Vec<String> = files.iter().map(|file| format!("{below}{file}")).collect();
        let _infallible = writeln!(
            out,
            "COPY {} ./{folder}{}",
            files.join(" "),
            if folder.is_empty() { "" } else { "/" }
        );
    }
    out
}

/// Folders that may be written to, made in the build stage: the run image may have no shell.
fn writable(plan: &Plan<'_>) -> Vec<String> {
    let folders = &plan.recipe.run.writable;
    if folders.is_empty() {
        return Vec::new();
    }
    vec![format!("mkdir -p {}", below_folder(WRITABLE, folders))]
}

/// Folders below another one, as words of a command.
fn below_folder(root: &str, folders: &[String]) -> String {
    let paths = folders
        .iter()
        .map(|folder| quote::shell(&format!("{root}/{folder}")));
    paths.collect::<Vec<_>>().join(" ")
}

/// The same where nothing is built: the image makes them itself.
fn writable_here(plan: &Plan<'_>) -> Vec<String> {
    let folders = &plan.recipe.run.writable;
    if folders.is_empty() {
        return Vec::new();
    }
    let paths = below_folder(plan.directory.trim_end_matches('/'), folders);
    vec![
        format!("mkdir -p {paths}"),
        format!("chown {user}:{user} {paths}", user = plan.user),
    ]
}

fn run_stage(plan: &Plan<'_>) -> String {
    let mut out = String::new();
    if cleans_source(plan) {
        out.push_str(&source_stage(plan));
    }
    out.push_str(&run_base(plan));
    out.push_str(&env(&run_env(plan)));
    out.push_str(&path(plan));
    let _infallible = writeln!(out, "WORKDIR {}", plan.directory);
    out.push_str(&copies(plan));
    out.push_str(&labels(plan));
    for port in &plan.ports {
        let _infallible = writeln!(out, "EXPOSE {port}");
    }
    let _infallible = writeln!(out, "USER {0}:{0}", plan.user);
    if !plan.probe.is_empty() {
        let _infallible = writeln!(
            out,
            "HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \\\n    CMD {}",
            quote::exec(&plan.probe)
        );
    }
    if plan.on.is_some_and(|on| on.reset_entrypoint) {
        out.push_str("ENTRYPOINT []\n");
    }
    let _infallible = writeln!(out, "CMD {}", quote::exec(&plan.command));
    out
}

/// The run image's `FROM` with what is installed and set up on it, and the stage aside that this
/// may need.
fn run_base(plan: &Plan<'_>) -> String {
    let mut out = String::new();
    let own = |of: fn(&On) -> &Vec<String>| -> Vec<String> {
        let commands = plan.on.into_iter().flat_map(of);
        commands.map(|it| plan.fill(it, quote::shell)).collect()
    };
    let setup = own(|on| &on.setup);
    let everywhere = !setup.is_empty();
    let fetches = [install(plan.system.packages, &plan.packages), setup].concat();
    let mut here = own(|on| &on.configure);
    if plan.builder.is_none() {
        here.extend(writable_here(plan));
    }
    // A builder without mounts cannot show the certificate authorities to a step of the image
    // itself without a layer that keeps them: a stage aside fetches, and its files are taken.
    let aside = !fetches.is_empty() && drop_plain_ca(plan).is_some();
    if aside {
        out.push_str(&system_stage(plan, fetches));
    } else {
        here.splice(0..0, fetches);
    }
    let _infallible = writeln!(out, "FROM {}", plan.base);
    if !here.is_empty() || aside {
        // Some run images have a user of their own, who may not install.
        out.push_str("USER 0:0\n");
    }
    if aside {
        let folders = if everywhere {
            &["/"]
        } else {
            installed_to(plan.system.packages)
        };
        for folder in folders {
            let _infallible = writeln!(out, "COPY --from=system {folder} {folder}");
        }
    }
    let sees = if plan.variant == Variant::Classic {
        Sees::Nothing
    } else {
        Sees::Network
    };
    out.push_str(&run(plan, sees, &here));
    out
}

/// Whether the whole context is copied into the image, and the certificate authorities lie in it.
fn cleans_source(plan: &Plan<'_>) -> bool {
    let whole = |from: &str| plan.fill(from, str::to_owned) == ".";
    plan.builder.is_none() && copies_ca(plan) && plan.tool.copy.iter().any(|(from, _)| whole(from))
}

/// The stage that takes the certificate authorities out of the context.
fn source_stage(plan: &Plan<'_>) -> String {
    format!(
        "FROM {} AS source\nUSER 0:0\nWORKDIR {SOURCE}\n{}{}USER {user}:{user}\n\n",
        plan.base,
        copy_source(plan),
        run(plan, Sees::Nothing, &[drop_copied_ca()]),
        user = plan.user
    )
}

/// The stage that fetches where nothing can be mounted.
fn system_stage(plan: &Plan<'_>, mut commands: Vec<String>) -> String {
    commands.extend(drop_plain_ca(plan));
    format!(
        "FROM {} AS system\nUSER 0:0\n{}{}USER {user}:{user}\n\n",
        plan.base,
        plain_ca(plan),
        run(plan, Sees::Network, &commands),
        user = plan.user
    )
}

/// Folders that installing packages changes. On Debian the others are links into `/usr`.
fn installed_to(packages: Packages) -> &'static [&'static str] {
    match packages {
        Packages::Apt => &["/etc", "/usr", "/var"],
        Packages::Apk => &["/bin", "/etc", "/lib", "/sbin", "/usr", "/var"],
        Packages::None => &[],
    }
}

fn run_env<'p>(plan: &'p Plan<'_>) -> Vec<(&'p str, String)> {
    let stack = plan.stack.env.iter();
    let stack = stack.filter(|(name, _)| plan.recipe.run.env.iter().all(|(own, _)| own != name));
    let mut pairs: Vec<_> = stack
        .map(|(name, value)| (name.as_str(), plan.fill(value, str::to_owned)))
        .chain(
            plan.recipe
                .run
                .env
                .iter()
                .map(|(name, value)| (name.as_str(), value.clone())),
        )
        .collect();
    pairs.sort();
    pairs
}

fn copies(plan: &Plan<'_>) -> String {
    let mut out = String::new();
    let built = plan.builder.is_some();
    let below = below(plan);
    for (from, to) in &plan.tool.copy {
        let from = plan.fill(from, str::to_owned);
        let from = from.trim_start_matches("./");
        let to = plan.fill(to, str::to_owned);
        let _infallible = if built && from.starts_with('/') {
            writeln!(out, "COPY --from=build {from} {to}")
        } else if built {
            let from = if from == "." {
                String::new()
            } else {
                format!("/{from}")
            };
            writeln!(out, "COPY --from=build {SOURCE}{from} {to}")
        } else if from == "." && cleans_source(plan) {
            writeln!(out, "COPY --from=source {SOURCE} {to}")
        } else {
            let from = if from == "." && !below.is_empty() {
                ""
            } else {
                from
            };
            writeln!(out, "COPY {below}{from} {to}")
        };
    }
    if built {
        for (from, to) in plan.on.iter().flat_map(|on| &on.copy) {
            let _infallible = writeln!(out, "COPY --from=build {from} {to}");
        }
    }
    if built && !plan.recipe.run.writable.is_empty() {
        let _infallible = writeln!(
            out,
            "COPY --from=build --chown={0}:{0} {WRITABLE} .",
            plan.user
        );
    }
    out
}

/// Labels of the image: the open ones, and those of the platform. What is different for each build
/// comes as build arguments, last, so that it disturbs no cache.
fn labels(plan: &Plan<'_>) -> String {
    let project = &plan.recipe.project;
    let mut pairs = vec![
        ("app.kubernetes.io/name", project.name.clone()),
        ("app.kubernetes.io/part-of", project.project.clone()),
        (
            "org.opencontainers.image.base.digest",
            plan.base.digest.clone(),
        ),
        ("org.opencontainers.image.base.name", plan.base.tagged()),
        ("org.opencontainers.image.source", project.source.clone()),
        ("org.opencontainers.image.title", project.name.clone()),
        (
            "org.opencontainers.image.vendor",
            project.department.clone(),
        ),
        ("quarterdeck.io/department", project.department.clone()),
        ("quarterdeck.io/owner", project.owner.clone()),
    ];
    pairs.retain(|(_, value)| !value.is_empty());
    let mut lines: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", quote::value(value)))
        .collect();
    for (name, argument) in [
        ("created", "CREATED"),
        ("revision", "REVISION"),
        ("version", "VERSION"),
    ] {
        lines.push(format!(
            "org.opencontainers.image.{name}=\"${{{argument}}}\""
        ));
    }
    format!(
        "ARG CREATED=\"\"\nARG REVISION=\"\"\nARG VERSION=\"\"\nLABEL {}\n",
        lines.join(" \\\n    ")
    )
}
