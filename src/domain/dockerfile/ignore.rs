//! `.dockerignore`: what is never sent to a builder.

use super::MARK;
use super::plan::Plan;

/// What no image needs, whatever the stack: history, secrets, and what describes the build.
const ALWAYS: &[&str] = &[
    ".git",
    ".gitignore",
    ".github",
    ".gitlab-ci.yml",
    ".svn",
    ".hg",
    ".idea",
    ".vscode",
    "**/.DS_Store",
    "**/.env",
    "**/.env.*",
    "!**/.env.example",
    "**/*.pem",
    "**/*.key",
    "**/*.p12",
    "**/*.pfx",
    "**/id_rsa*",
    "**/id_ed25519*",
    "**/.netrc",
    ".aws",
    ".kube",
    ".ssh",
    "Dockerfile*",
    ".dockerignore",
    "docker-compose*.yml",
    "compose*.yaml",
    "quarterdeck.toml",
];

/// The `.dockerignore` of a plan, with a line feed at its end.
pub fn render(plan: &Plan<'_>) -> String {
    let mut lines: Vec<String> = vec![
        format!("{MARK}: what is not sent to the builder."),
        "# More patterns: [build] ignore = [\"…\"] in quarterdeck.toml".into(),
        String::new(),
    ];
    let below = plan.recipe.build.directory.trim_matches('/');
    let own = plan.stack.ignore.iter().map(|pattern| {
        if below.is_empty() || below == "." || pattern.starts_with("**/") {
            pattern.clone()
        } else {
            format!("{below}/{pattern}")
        }
    });
    let mut patterns: Vec<String> = ALWAYS.iter().map(|&it| it.to_owned()).collect();
    patterns.extend(own);
    patterns.extend(plan.recipe.build.ignore.iter().cloned());
    // What is copied by name has to be sent, whatever a general pattern says.
    let copied = plan.builder.is_none().then_some(&plan.recipe.build.output);
    patterns.retain(|pattern| copied != Some(pattern));
    let mut seen: Vec<&String> = Vec::new();
    for pattern in &patterns {
        if !seen.contains(&pattern) {
            seen.push(pattern);
        }
    }
    lines.extend(seen.into_iter().cloned());
    // Where nothing can be mounted, the company's certificate authorities come with the context.
    if !plan.network.ca_bundle.is_empty() {
        lines.push(format!("!{}", super::CA_FILE));
    }
    lines.join("\n") + "\n"
}
