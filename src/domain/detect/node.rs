//! Node.js: `package.json`; and sites that are built with it and served as files.

use super::{Answer, Evidence, Found, Scope, name_of};
use crate::domain::dockerfile::quote;
use serde_json::Value;

const FILE: &str = "package.json";

/// Builders of pages, with the folder that they leave.
const SITES: &[(&str, &str)] = &[
    ("vite", "dist"),
    ("react-scripts", "build"),
    ("@angular/cli", "dist"),
    ("@vue/cli-service", "dist"),
    ("parcel", "dist"),
    ("gatsby", "public"),
    ("@docusaurus/core", "build"),
    ("vitepress", ".vitepress/dist"),
    ("@11ty/eleventy", "_site"),
    ("astro", "dist"),
];

/// Packages that answer HTTP: their presence means a server, not a site.
const SERVERS: &[&str] = &[
    "express",
    "fastify",
    "koa",
    "@nestjs/core",
    "next",
    "nuxt",
    "@hapi/hapi",
    "hono",
    "@sveltejs/adapter-node",
];

struct Package<'s> {
    scope: &'s Scope<'s>,
    text: String,
    json: Value,
}

impl Package<'_> {
    fn text_at(&self, path: &[&str]) -> Option<&str> {
        let mut value = &self.json;
        for part in path {
            value = value.get(part)?;
        }
        value.as_str().filter(|text| !text.trim().is_empty())
    }

    /// Evidence of the line that holds `"key"`.
    fn line_of(&self, key: &str) -> Evidence {
        let needle = format!("\"{key}\"");
        // A package on one line would be quoted whole: the key and its value say it as well.
        if self.text.lines().count() <= 1 {
            let value = value_of(&self.json, key)
                .map(ToString::to_string)
                .unwrap_or_default();
            return self.scope.line(FILE, 1, &format!("{needle}: {value}"));
        }
        self.scope.at(FILE, &self.text, &needle)
    }

    fn depends_on(&self, name: &str) -> bool {
        ["dependencies", "devDependencies"].iter().any(|table| {
            self.json
                .get(table)
                .and_then(|table| table.get(name))
                .is_some()
        })
    }
}

/// The first value of a key, however deep.
fn value_of<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    let table = value.as_object()?;
    table
        .get(key)
        .or_else(|| table.values().find_map(|inner| value_of(inner, key)))
}

pub fn detect(scope: &Scope<'_>) -> Option<Found> {
    let text = scope.read(FILE)?;
    let json = serde_json::from_str(&text).unwrap_or(Value::Null);
    let package = Package { scope, text, json };
    let site = SITES.iter().find(|(name, _)| package.depends_on(name));
    let serves = SERVERS.iter().any(|name| package.depends_on(name));
    let mut found = match site {
        Some((name, output)) if !serves && package.text_at(&["scripts", "build"]).is_some() => {
            let mut found = Found::new(scope, "static", package.line_of(name));
            found.add(Answer::Output((*output).to_owned()), package.line_of(name));
            found
        }
        _ => Found::new(scope, "node", scope.there(FILE, "a Node.js package")),
    };
    if let Some(name) = package.text_at(&["name"]) {
        found.add(Answer::Name(name_of(name)), package.line_of("name"));
    }
    manager(&package, &mut found);
    if found.stack == "node" {
        version(&package, &mut found);
        if package.text_at(&["scripts", "build"]).is_some() {
            let runner = runner(&found);
            let build = Answer::Commands(vec![format!("{runner} run build")]);
            found.add(build, package.line_of("build"));
        }
        start(&package, &mut found);
    }
    Some(found)
}

/// The program that runs scripts.
fn runner(found: &Found) -> &'static str {
    match found
        .get("build.tool")
        .map(|finding| finding.answer.value())
    {
        Some(tool) if tool == "pnpm" => "pnpm",
        Some(tool) if tool.starts_with("yarn") => "yarn",
        _ => "npm",
    }
}

fn version(package: &Package<'_>, found: &mut Found) {
    let scope = package.scope;
    if let Some(wanted) = package.text_at(&["engines", "node"]) {
        found.add(Answer::Version(wanted.to_owned()), package.line_of("node"));
    }
    for file in [".nvmrc", ".node-version"] {
        let line = scope.find(file, |line| {
            let line = line.trim();
            (!line.is_empty() && !line.starts_with('#')).then(|| line.to_owned())
        });
        found.take(line.map(|(version, evidence)| (Answer::Version(version), evidence)));
    }
    found.take(tool_versions(scope, "nodejs"));
}

/// A line of `.tool-versions`.
pub fn tool_versions(scope: &Scope<'_>, tool: &str) -> Option<(Answer, Evidence)> {
    let found = scope.find(".tool-versions", |line| {
        let mut words = line.split_whitespace();
        (words.next()? == tool).then(|| words.next().map(str::to_owned))?
    });
    found.map(|(version, evidence)| (Answer::Version(version), evidence))
}

fn manager(package: &Package<'_>, found: &mut Found) {
    let scope = package.scope;
    let yarn = || {
        let first = scope.read("yarn.lock").unwrap_or_default();
        let classic = first
            .lines()
            .take(3)
            .any(|line| line.contains("yarn lockfile v1"));
        if classic { "yarn-classic" } else { "yarn" }
    };
    if let Some(named) = package.text_at(&["packageManager"]) {
        let (name, version) = named.split_once('@').unwrap_or((named, ""));
        let tool = match name {
            "yarn" if version.starts_with('1') => Some("yarn-classic"),
            "yarn" => Some("yarn"),
            "pnpm" => Some("pnpm"),
            "npm" if scope.has("package-lock.json") => Some("npm"),
            _ => None,
        };
        if let Some(tool) = tool {
            found.add(Answer::Tool(tool.into()), package.line_of("packageManager"));
        }
    }
    for (lock, tool) in [
        ("pnpm-lock.yaml", "pnpm"),
        ("yarn.lock", yarn()),
        ("package-lock.json", "npm"),
        ("npm-shrinkwrap.json", "npm"),
    ] {
        if scope.has(lock) {
            found.add(Answer::Tool(tool.into()), scope.there(lock, "the lockfile"));
        }
    }
    found.add(
        Answer::Tool("npm-install".into()),
        scope.there(FILE, "there is no lockfile beside it"),
    );
    let files = [
        FILE,
        "package-lock.json",
        "npm-shrinkwrap.json",
        "pnpm-lock.yaml",
        "pnpm-workspace.yaml",
        "yarn.lock",
        ".yarnrc.yml",
        ".npmrc",
    ];
    // Packages of a workspace are named by other files: everything is copied before it is fetched.
    if package.json.get("workspaces").is_none() && !scope.has("pnpm-workspace.yaml") {
        found.add(
            Answer::Manifests(scope.present(&files)),
            scope.there(FILE, "names the dependencies"),
        );
    }
}

/// How it starts: `scripts.start`, then `main`, then a file of the usual name.
fn start(package: &Package<'_>, found: &mut Found) {
    let scope = package.scope;
    let mut entry = None;
    if let Some(line) = package.text_at(&["scripts", "start"]) {
        let words = quote::split(line)
            .ok()
            .filter(|words| words.first().is_some_and(|it| it == "node"));
        if let Some(words) = &words {
            entry = words
                .iter()
                .skip(1)
                .find(|word| !word.starts_with('-'))
                .cloned();
        }
        let words =
            words.unwrap_or_else(|| [runner(found), "run", "start"].map(str::to_owned).to_vec());
        found.add(Answer::Command(words), package.line_of("start"));
    } else if let Some(main) = package
        .text_at(&["main"])
        .filter(|main| quote::source_path(main).is_ok())
    {
        entry = Some(main.to_owned());
        found.add(
            Answer::Command(vec!["node".into(), main.to_owned()]),
            package.line_of("main"),
        );
    } else {
        for file in [
            "server.js",
            "index.js",
            "app.js",
            "server.mjs",
            "index.mjs",
            "main.js",
        ] {
            if scope.has(file) {
                entry = Some(file.to_owned());
                found.add(
                    Answer::Command(vec!["node".into(), file.into()]),
                    scope.there(file, "the usual name of the program"),
                );
            }
        }
    }
    if found.get("run.command").is_none() {
        found.ask(
            "run.command",
            "package.json has neither a `start` script nor `main`: what starts the service?",
        );
    }
    if let Some(entry) = entry {
        let entry = entry.trim_start_matches("./").to_owned();
        let port = scope.find(&entry, port_in);
        found.take(port.map(|(port, evidence)| (Answer::Port(port), evidence)));
    }
}

/// `process.env.PORT || 3000`, `.listen(3000`.
fn port_in(line: &str) -> Option<u16> {
    for sign in ["PORT ||", "PORT||", "PORT ??", "PORT??", ".listen("] {
        let Some((_, rest)) = line.split_once(sign) else {
            continue;
        };
        let rest = rest.trim_start_matches([' ', '"', '\'']);
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        if let Ok(port) = digits.parse() {
            return Some(port);
        }
    }
    None
}
