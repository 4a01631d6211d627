//! Rust: `Cargo.toml`.

use super::{Answer, Evidence, Found, Scope, name_of, toml_text};

const FILE: &str = "Cargo.toml";

pub fn detect(scope: &Scope<'_>) -> Option<Found> {
    let text = scope.read(FILE)?;
    let mut found = Found::new(scope, "rust", scope.there(FILE, "a Cargo package"));
    let at = |line: usize| scope.line(FILE, line, text.lines().nth(line - 1).unwrap_or_default());
    version(scope, &text, &at, &mut found);
    found.add(
        Answer::Tool("cargo".into()),
        scope.there(FILE, "a Cargo package"),
    );
    if !scope.has("Cargo.lock") {
        found.ask("build.manifests", "there is no Cargo.lock beside Cargo.toml: run `cargo generate-lockfile` and commit it, builds use it");
    }
    let package = toml_text::text(&text, "package.name");
    if toml_text::has(&text, "workspace") {
        let members = toml_text::list(&text, "workspace.members", "");
        if package.is_none() {
            found.ask(
                "build.target",
                format!(
                    "a workspace ({}): which program of it is meant?",
                    members.join(", ")
                ),
            );
        }
    } else if scope.has("Cargo.lock") && !scope.has("build.rs") && !text.contains("path = \"..") {
        // A workspace or a build script needs more than these two to fetch.
        let manifests = scope.present(&[FILE, "Cargo.lock"]);
        found.add(
            Answer::Manifests(manifests),
            scope.there("Cargo.lock", "the lockfile"),
        );
    }
    if let Some((name, line)) = package {
        found.add(Answer::Name(name_of(&name)), at(line));
        target(scope, &text, &name, &at(line), &mut found);
    }
    Some(found)
}

fn version(scope: &Scope<'_>, text: &str, at: &dyn Fn(usize) -> Evidence, found: &mut Found) {
    let toolchain = scope.read("rust-toolchain.toml").unwrap_or_default();
    if let Some((channel, line)) = toml_text::text(&toolchain, "toolchain.channel") {
        let whole = toolchain.lines().nth(line - 1).unwrap_or_default();
        found.add(
            Answer::Version(channel),
            scope.line("rust-toolchain.toml", line, whole),
        );
    }
    let plain = scope.find("rust-toolchain", |line| {
        let line = line.trim();
        line.starts_with(|c: char| c.is_ascii_alphanumeric())
            .then(|| line.to_owned())
    });
    found.take(plain.map(|(version, evidence)| (Answer::Version(version), evidence)));
    for path in ["package.rust-version", "workspace.package.rust-version"] {
        if let Some((version, line)) = toml_text::text(text, path) {
            found.add(Answer::Version(format!(">={version}")), at(line));
        }
    }
}

/// The program: the only `[[bin]]`, or the package's own.
fn target(scope: &Scope<'_>, text: &str, package: &str, evidence: &Evidence, found: &mut Found) {
    let mut programs = toml_text::list(text, "bin", "name");
    for path in scope.all().filter(|path| path.starts_with("src/bin/")) {
        let rest = path.trim_start_matches("src/bin/");
        let name = rest
            .strip_suffix("/main.rs")
            .or_else(|| rest.strip_suffix(".rs"));
        programs.extend(name.filter(|name| !name.contains('/')).map(str::to_owned));
    }
    if scope.has("src/main.rs")
        && !programs.iter().any(|name| name == package)
        && toml_text::list(text, "bin", "path")
            .iter()
            .all(|path| path != "src/main.rs")
    {
        programs.push(package.to_owned());
    }
    let default = toml_text::text(text, "package.default-run").map(|(name, _)| name);
    programs.sort();
    programs.dedup();
    match (default, programs.as_slice()) {
        (Some(name), _) => found.add(Answer::Target(name), evidence.clone()),
        (None, [name]) => found.add(Answer::Target(name.clone()), evidence.clone()),
        (None, []) => found.ask(
            "build.target",
            "the package has no program (src/main.rs or [[bin]]): which one is meant?",
        ),
        (None, several) => found.ask(
            "build.target",
            format!("there are several programs: {}", several.join(", ")),
        ),
    }
    if let Some((port, evidence)) = scope.find("src/main.rs", port_in) {
        found.add(Answer::Port(port), evidence);
    }
}

/// `"0.0.0.0:8080"`.
fn port_in(line: &str) -> Option<u16> {
    let (_, rest) = line
        .split_once("0.0.0.0:")
        .or_else(|| line.split_once("[::]:"))?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
