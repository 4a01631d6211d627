//! Looking up what a recipe asks for, and saying what is missing.

use super::{Variant, quote};
use crate::domain::catalogue::{
    Catalogue, Dependency, ImageRef, Network, On, Packages, Pair, Stack, System, Tool,
};
use crate::domain::document::Flaw;
use crate::domain::recipe::{Recipe, Secret};
use crate::domain::text::nearest;

/// Everything that a Dockerfile says, looked up and checked.
#[derive(Clone, Debug)]
pub struct Plan<'c> {
    /// The answers.
    pub recipe: &'c Recipe,
    /// The language or framework.
    pub stack: &'c Stack,
    /// The operating system.
    pub system: &'c System,
    /// The way to build.
    pub tool: &'c Tool,
    /// What is special about the stack on this system.
    pub on: Option<&'c On>,
    /// What builds, where something is built.
    pub builder: Option<&'c ImageRef>,
    /// What runs.
    pub base: &'c ImageRef,
    /// How build steps reach the network.
    pub network: &'c Network,
    /// What the engine can do.
    pub variant: Variant,
    /// Packages of the run image, sorted, each once.
    pub packages: Vec<String>,
    /// Packages of the builder, sorted, each once.
    pub build_packages: Vec<String>,
    /// How the builder installs them.
    pub build_system: Packages,
    /// Build commands.
    pub commands: Vec<String>,
    /// The command that runs.
    pub command: Vec<String>,
    /// The folder it runs in.
    pub directory: String,
    /// User and group.
    pub user: u32,
    /// Ports.
    pub ports: Vec<u16>,
    /// How its health is asked; empty: not at all.
    pub probe: Vec<String>,
    /// Secrets of the build.
    pub secrets: &'c [Secret],
}

/// Looks everything up. `Err` holds all that is missing or wrong, each with the recipe's key.
pub fn plan<'c>(
    recipe: &'c Recipe,
    catalogue: &'c Catalogue,
    variant: Variant,
) -> Result<Plan<'c>, Vec<Flaw>> {
    let mut flaws = Vec::new();
    if recipe.project.name.is_empty() {
        flaws.push(missing(
            "project.name",
            "the image has no name",
            "name it: [project] name = \"shop-api\"",
        ));
    }
    let Some((stack, pair, system)) = base(recipe, catalogue, &mut flaws) else {
        return Err(flaws);
    };
    let Some(tool) = tool(recipe, stack, &mut flaws) else {
        return Err(flaws);
    };
    let on = stack.on(&system.id);
    let commands = match &recipe.build.commands {
        Some(commands) => commands.clone(),
        None => tool.build.clone(),
    };
    let builder = builder(recipe, pair, tool, &commands, &mut flaws);
    let mut plan = Plan {
        recipe,
        stack,
        system,
        tool,
        on,
        builder,
        base: &pair.run,
        network: &catalogue.network,
        variant,
        packages: Vec::new(),
        build_packages: Vec::new(),
        build_system: system.packages,
        commands,
        command: Vec::new(),
        directory: or(&recipe.run.directory, &stack.directory).to_owned(),
        user: recipe.run.user.unwrap_or(stack.user),
        ports: if recipe.run.ports.is_empty() {
            stack.port.into_iter().collect()
        } else {
            recipe.run.ports.clone()
        },
        probe: Vec::new(),
        secrets: &recipe.build.secrets,
    };
    plan.packages = packages(catalogue, &plan, &mut flaws);
    (plan.build_system, plan.build_packages) = build_packages(catalogue, &plan, &mut flaws);
    plan.command = command(&plan, &mut flaws);
    plan.probe = probe(catalogue, &plan, &mut flaws);
    rest(&plan, &mut flaws);
    if flaws.is_empty() {
        Ok(plan)
    } else {
        Err(flaws)
    }
}

fn missing(key: &str, what: &str, remedy: &str) -> Flaw {
    Flaw::of(key, what, remedy)
}

fn or<'t>(first: &'t str, second: &'t str) -> &'t str {
    if first.is_empty() { second } else { first }
}

/// Stack, images and system.
fn base<'c>(
    recipe: &Recipe,
    catalogue: &'c Catalogue,
    flaws: &mut Vec<Flaw>,
) -> Option<(&'c Stack, &'c Pair, &'c System)> {
    let wanted = &recipe.base;
    let Some(stack) = catalogue.stack(&wanted.stack) else {
        let known: Vec<_> = catalogue
            .stacks
            .iter()
            .map(|stack| stack.id.as_str())
            .collect();
        flaws.push(unknown("base.stack", "stack", &wanted.stack, &known));
        return None;
    };
    let versions = stack.versions();
    if !versions.contains(&wanted.version.as_str()) {
        let what = format!("version of {}", stack.title);
        flaws.push(unknown("base.version", &what, &wanted.version, &versions));
        return None;
    }
    let systems = stack.systems(&wanted.version);
    let pair = stack.pair(&wanted.version, &wanted.system);
    let (Some(pair), Some(system)) = (pair, catalogue.system(&wanted.system)) else {
        let what = format!("system for {} {}", stack.title, wanted.version);
        flaws.push(unknown("base.system", &what, &wanted.system, &systems));
        return None;
    };
    for image in pair.builder.iter().chain([&pair.run]) {
        if !catalogue.allows(image) {
            flaws.push(Flaw::of(
                "base",
                format!("`{image}` is not from a registry that the catalogue allows"),
                format!(
                    "ask operations; allowed are {}",
                    catalogue.policy.registries.join(", ")
                ),
            ));
        }
    }
    Some((stack, pair, system))
}

/// A flaw for a word that is no key, or no word at all.
fn unknown(key: &str, sort: &str, word: &str, known: &[&str]) -> Flaw {
    let what = if word.is_empty() {
        format!("`{key}` is missing: no {sort} is chosen")
    } else {
        format!("`{key}`: there is no {sort} `{word}` in the catalogue")
    };
    Flaw::of(key, what, format!("choose one of {}", known.join(", ")))
}

fn tool<'c>(recipe: &Recipe, stack: &'c Stack, flaws: &mut Vec<Flaw>) -> Option<&'c Tool> {
    let known: Vec<_> = stack.tools.iter().map(|tool| tool.id.as_str()).collect();
    let chosen = match (recipe.build.tool.as_str(), stack.tools.as_slice()) {
        ("", [only]) => Some(only),
        (id, _) => stack.tool(id),
    };
    if chosen.is_none() {
        flaws.push(unknown(
            "build.tool",
            &format!("tool of {}", stack.title),
            &recipe.build.tool,
            &known,
        ));
    }
    chosen
}

/// The image that builds, when something is built.
fn builder<'c>(
    recipe: &Recipe,
    pair: &'c Pair,
    tool: &Tool,
    commands: &[String],
    flaws: &mut Vec<Flaw>,
) -> Option<&'c ImageRef> {
    let builds = !tool.direct || !commands.is_empty();
    if builds && pair.builder.is_none() {
        flaws.push(Flaw::of(
            "base",
            format!(
                "the catalogue has no builder image for {} {} on {}",
                recipe.base.stack, pair.version, pair.system
            ),
            "choose another system, or ask operations for one",
        ));
    }
    pair.builder.as_ref().filter(|_| builds)
}

/// The packages of the run image.
fn packages(catalogue: &Catalogue, plan: &Plan<'_>, flaws: &mut Vec<Flaw>) -> Vec<String> {
    let wanted = &plan.recipe.run.dependencies;
    let mut packages = looked_up(
        catalogue,
        wanted,
        &plan.system.id,
        "run.dependencies",
        flaws,
    );
    packages.extend(plan.on.iter().flat_map(|on| on.packages.iter().cloned()));
    conflicts(catalogue, wanted, flaws);
    packages.sort();
    packages.dedup();
    packages
}

/// The packages of the builder and how it installs them. The builder of a system without packages
/// is a Debian, as a rule; the catalogue says otherwise by packages of its own for it.
fn build_packages(
    catalogue: &Catalogue,
    plan: &Plan<'_>,
    flaws: &mut Vec<Flaw>,
) -> (Packages, Vec<String>) {
    let alpine = plan
        .builder
        .is_some_and(|image| image.tag.contains("alpine") || image.name.contains("alpine"));
    let family = match (alpine, plan.system.packages) {
        (true, _) => Packages::Apk,
        (false, Packages::Apk | Packages::None) => Packages::Apt,
        (false, Packages::Apt) => Packages::Apt,
    };
    let of = |system: &&System| system.packages == family;
    let system = Some(plan.system)
        .filter(of)
        .or_else(|| catalogue.systems.iter().find(of));
    let id = system.map_or("", |system| system.id.as_str());
    let wanted = &plan.recipe.build.dependencies;
    let mut packages = looked_up(catalogue, wanted, id, "build.dependencies", flaws);
    packages.extend(
        plan.on
            .iter()
            .flat_map(|on| on.build_packages.iter().cloned()),
    );
    if !wanted.is_empty() && plan.builder.is_none() {
        flaws.push(Flaw::of(
            "build.dependencies",
            "`build.dependencies` are for a build, and nothing is built",
            "tick them under [run], or choose another `build.tool`",
        ));
    }
    packages.sort();
    packages.dedup();
    (family, packages)
}

fn looked_up(
    catalogue: &Catalogue,
    wanted: &[String],
    system: &str,
    key: &str,
    flaws: &mut Vec<Flaw>,
) -> Vec<String> {
    let mut packages = Vec::new();
    for id in wanted {
        let Some(dependency) = catalogue.dependency(id) else {
            let known = catalogue.dependencies.iter();
            let remedy = match nearest(id, known.map(|known| known.id.as_str())) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "`quarterdeck catalogue show` lists what there is; operations can add it"
                    .to_owned(),
            };
            flaws.push(Flaw::of(
                key,
                format!("`{key}`: there is no dependency `{id}` in the catalogue"),
                remedy,
            ));
            continue;
        };
        match dependency.on(system) {
            Some(found) => packages.extend(found.iter().cloned()),
            None => flaws.push(not_there(dependency, system, key)),
        }
    }
    packages
}

fn not_there(dependency: &Dependency, system: &str, key: &str) -> Flaw {
    let systems: Vec<_> = dependency
        .packages
        .iter()
        .map(|(system, _)| system.as_str())
        .collect();
    Flaw::of(
        key,
        format!(
            "`{key}`: {} ({}) cannot be installed on {system}",
            dependency.title, dependency.id
        ),
        format!("it is there on {}", systems.join(", ")),
    )
}

fn conflicts(catalogue: &Catalogue, wanted: &[String], flaws: &mut Vec<Flaw>) {
    for (at, id) in wanted.iter().enumerate() {
        let Some(dependency) = catalogue.dependency(id) else {
            continue;
        };
        for other in &wanted[at + 1..] {
            let against = catalogue
                .dependency(other)
                .is_some_and(|other| other.conflicts.contains(id));
            if against || dependency.conflicts.contains(other) {
                flaws.push(Flaw::of(
                    "run.dependencies",
                    format!("`{id}` and `{other}` cannot be in one image"),
                    "take one of them away",
                ));
            }
        }
    }
}

/// The run command: the recipe's, or the catalogue's with its placeholders filled.
fn command(plan: &Plan<'_>, flaws: &mut Vec<Flaw>) -> Vec<String> {
    let given = &plan.recipe.run.command;
    let mut words: Vec<String> = if given.is_empty() {
        let default = [
            plan.on.map(|on| on.run.as_slice()).unwrap_or_default(),
            &plan.tool.run,
            &plan.stack.run,
        ]
        .into_iter()
        .find(|run| !run.is_empty());
        let Some(default) = default else {
            flaws.push(missing(
                "run.command",
                "`run.command` is missing: nothing says what starts the service",
                "write it: [run] command = [\"program\", \"argument\"]",
            ));
            return Vec::new();
        };
        default
            .iter()
            .map(|word| plan.fill(word, str::to_owned))
            .collect()
    } else {
        given.clone()
    };
    let Some(first) = words.first().cloned() else {
        return words;
    };
    if let Some(path) = plan
        .on
        .and_then(|on| on.programs.iter().find(|(name, _)| *name == first))
    {
        words[0].clone_from(&path.1);
    }
    let bash = plan.recipe.run.dependencies.contains(&first);
    if plan.system.lacks.contains(&first) && !bash {
        flaws.push(Flaw::of(
            "run.command",
            format!(
                "`run.command` starts `{first}`, which {} does not have",
                plan.system.title
            ),
            "start the program itself, or choose a system that has it",
        ));
    }
    words
}

/// How health is asked: the recipe's command, or the first way that the image has.
fn probe(catalogue: &Catalogue, plan: &Plan<'_>, flaws: &mut Vec<Flaw>) -> Vec<String> {
    let health = &plan.recipe.health;
    if !health.command.is_empty() {
        return health.command.clone();
    }
    if health.path.is_empty() {
        return Vec::new();
    }
    if plan.ports.is_empty() {
        flaws.push(missing(
            "health.path",
            "`health.path` needs a port to ask",
            "write it: [run] ports = [8080]",
        ));
        return Vec::new();
    }
    let ticked = plan
        .recipe
        .run
        .dependencies
        .iter()
        .filter_map(|id| catalogue.dependency(id))
        .map(|dependency| dependency.probe.as_slice());
    let found = [
        plan.on.map(|on| on.probe.as_slice()).unwrap_or_default(),
        &plan.stack.probe,
        &plan.system.probe,
    ]
    .into_iter()
    .chain(ticked)
    .find(|probe| !probe.is_empty());
    let Some(found) = found else {
        flaws.push(Flaw::of(
            "health.path",
            format!("nothing in {} on {} can ask an HTTP path", plan.stack.title, plan.system.title),
            "tick `curl` under [run] dependencies, write `health.command`, or leave [health] out: Kubernetes asks by itself",
        ));
        return Vec::new();
    };
    let mut words: Vec<String> = found
        .iter()
        .map(|word| {
            plan.fill(word, str::to_owned)
                .replace("{path}", &health.path)
        })
        .collect();
    let path = plan.on.and_then(|on| {
        on.programs
            .iter()
            .find(|(name, _)| words.first() == Some(name))
    });
    if let Some((_, path)) = path {
        words[0].clone_from(path);
    }
    words
}

/// What is left to check when everything is looked up.
fn rest(plan: &Plan<'_>, flaws: &mut Vec<Flaw>) {
    let uses = |placeholder: &str| plan.texts().any(|text| text.contains(placeholder));
    for (placeholder, key, value, what) in [
        (
            "{target}",
            "build.target",
            &plan.recipe.build.target,
            "what is built",
        ),
        (
            "{output}",
            "build.output",
            &plan.recipe.build.output,
            "what the build leaves",
        ),
    ] {
        if value.is_empty() && uses(placeholder) {
            flaws.push(Flaw::of(
                key,
                format!("`{key}` is missing: {} has to know {what}", plan.tool.title),
                format!(
                    "write it: [build] {} = \"…\"",
                    key.trim_start_matches("build.")
                ),
            ));
        }
    }
    if plan.ports.is_empty() && uses("{port}") {
        flaws.push(missing(
            "run.ports",
            "`run.ports` is missing, and the catalogue's commands need a port",
            "write it: [run] ports = [8080]",
        ));
    }
    if plan.variant == Variant::Classic && !plan.secrets.is_empty() {
        flaws.push(Flaw::of(
            "build.secrets",
            "`build.secrets` need BuildKit: the classic builder would leave them in a layer",
            "build with an engine that has BuildKit",
        ));
    }
    let shell = |system: &System| !system.lacks.iter().any(|word| word == "sh");
    if !plan.recipe.run.writable.is_empty() && plan.builder.is_none() && !shell(plan.system) {
        flaws.push(Flaw::of(
            "run.writable",
            format!(
                "`run.writable` needs a build or a shell to make the folders, and {} has neither here",
                plan.system.title
            ),
            "mount a volume there, or choose another system",
        ));
    }
    for text in plan.texts() {
        if let Err(must_be) = quote::command(text) {
            flaws.push(Flaw::of(
                "base.stack",
                format!("the catalogue's command `{text}` cannot be written into a Dockerfile"),
                format!("operations correct the catalogue: it must be {must_be}"),
            ));
        }
    }
    for path in [&plan.directory]
        .into_iter()
        .chain(plan.stack.path.iter())
        .chain(&plan.tool.caches)
    {
        if let Err(must_be) = quote::image_path(path) {
            flaws.push(Flaw::of(
                "base.stack",
                format!("the catalogue's path `{path}` is none"),
                format!("operations correct the catalogue: it must be {must_be}"),
            ));
        }
    }
}

impl Plan<'_> {
    /// The texts in which placeholders may stand.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let built = self.builder.is_some();
        let tool = self.tool;
        let steps = [&tool.prepare, &tool.fetch, &tool.finish]
            .into_iter()
            .filter(move |_| built)
            .flatten();
        let on = self.on.into_iter();
        let on = on.flat_map(|on| on.setup.iter().chain(&on.configure));
        let run = (self.recipe.run.command.is_empty()).then(|| {
            [
                self.on.map(|on| on.run.as_slice()).unwrap_or_default(),
                &tool.run,
                &self.stack.run,
            ]
            .into_iter()
            .find(|run| !run.is_empty())
            .unwrap_or_default()
        });
        steps
            .chain(&self.commands)
            .chain(on)
            .chain(run.into_iter().flatten())
            .chain(tool.copy.iter().map(|(from, _)| from))
            .map(String::as_str)
            .filter(|text| !text.starts_with('-'))
    }

    /// Fills placeholders; `quoted` writes a value for where it stands.
    pub fn fill(&self, text: &str, quoted: impl Fn(&str) -> String) -> String {
        if !text.contains('{') {
            return text.to_owned();
        }
        let recipe = self.recipe;
        let port = self.ports.first().map(u16::to_string).unwrap_or_default();
        let user = self.user.to_string();
        let output = recipe.build.output.as_str();
        let mut filled = text.to_owned();
        for (name, value) in [
            ("{target}", recipe.build.target.as_str()),
            ("{output}", output),
            ("{directory}", &self.directory),
            ("{port}", &port),
            ("{name}", &recipe.project.name),
            ("{version}", &recipe.base.version),
            ("{user}", &user),
        ] {
            // `${port}` is the shell's own.
            if filled.contains(name) && !filled.contains(&format!("${name}")) {
                filled = filled.replace(name, &quoted(value));
            }
        }
        filled
    }
}
