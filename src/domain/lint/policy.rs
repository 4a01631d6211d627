//! Rules of operations: registries, forbidden things, ends of life.

use super::{Instruction, Level, Remark};
use crate::domain::catalogue::{About, Catalogue, ImageRef};
use regex::Regex;

/// Everything that the catalogue's policy finds.
pub(super) fn check(all: &[Instruction], catalogue: &Catalogue, today: &str) -> Vec<Remark> {
    let mut found = Vec::new();
    let stages: Vec<&str> = all
        .iter()
        .filter(|at| at.keyword == "FROM")
        .filter_map(|at| at.rest.split_whitespace().nth(2))
        .collect();
    for at in all.iter().filter(|at| at.keyword == "FROM") {
        let image = at.rest.split_whitespace().next().unwrap_or_default();
        if stages.contains(&image) {
            continue;
        }
        if let Ok(image) = ImageRef::parse(image) {
            image_rules(at, &image, catalogue, today, &mut found);
        }
    }
    for rule in &catalogue.policy.forbidden {
        let Ok(pattern) = Regex::new(&rule.pattern) else {
            continue;
        };
        for at in all {
            for text in looked_at(at, rule.about) {
                if pattern.is_match(&text) {
                    found.push(Remark {
                        level: Level::Error,
                        rule: "forbidden",
                        line: at.line,
                        what: format!("the {} `{text}` is forbidden", rule.about.word()),
                        remedy: rule.reason.clone(),
                    });
                }
            }
        }
    }
    found
}

fn image_rules(
    at: &Instruction,
    image: &ImageRef,
    catalogue: &Catalogue,
    today: &str,
    found: &mut Vec<Remark>,
) {
    if !catalogue.allows(image) {
        found.push(Remark {
            level: Level::Error,
            rule: "registry",
            line: at.line,
            what: format!("`{image}` is not from a registry that the catalogue allows"),
            remedy: format!("allowed are {}", catalogue.policy.registries.join(", ")),
        });
    }
    for (what, ends) in ends(catalogue, image) {
        if ends < today {
            found.push(ended(at.line, &what, ends));
        }
    }
}

/// The remark about something without security updates.
pub(super) fn ended(line: usize, what: &str, day: &str) -> Remark {
    Remark {
        level: Level::Warning,
        rule: "end-of-life",
        line,
        what: format!("{what} has had no security updates since {day}"),
        remedy: "choose a newer one: `quarterdeck catalogue show` lists them".into(),
    }
}

/// What the catalogue knows to end about an image: its version, its system.
fn ends<'c>(catalogue: &'c Catalogue, image: &ImageRef) -> Vec<(String, &'c str)> {
    let mut ends = Vec::new();
    for stack in &catalogue.stacks {
        let pair = stack.images.iter().find(|pair| pair.run == *image);
        let Some(pair) = pair else { continue };
        if let Some(day) = stack.ends(&pair.version) {
            ends.push((format!("{} {}", stack.title, pair.version), day));
        }
        let system = catalogue.system(&pair.system);
        if let Some(system) = system
            && let Some(day) = &system.ends
        {
            ends.push((system.title.clone(), day.as_str()));
        }
    }
    ends.sort();
    ends.dedup();
    // One image runs programs of several stacks and versions: what is built into it decides, and
    // only the builder tells that.
    let several = ends.len() > 2;
    ends.retain(|(what, _)| {
        !several || catalogue.systems.iter().any(|system| system.title == *what)
    });
    ends
}

/// The texts of an instruction that a rule looks at.
fn looked_at(at: &Instruction, about: About) -> Vec<String> {
    let words = || at.rest.split_whitespace();
    match (about, at.keyword.as_str()) {
        (About::Image, "FROM") => words().take(1).map(str::to_owned).collect(),
        (About::Command, "RUN" | "CMD" | "ENTRYPOINT") => vec![at.rest.clone()],
        (About::Variable, "ENV" | "ARG") => words()
            .filter_map(|word| word.split('=').next())
            .map(str::to_owned)
            .collect(),
        (About::Port, "EXPOSE") => words()
            .filter_map(|word| word.split('/').next())
            .map(str::to_owned)
            .collect(),
        (About::Package, "RUN") => packages(&at.rest),
        _ => Vec::new(),
    }
}

/// Names of packages that a step installs, without versions.
fn packages(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for command in text.split(['&', ';', '|']) {
        let mut words = command.split_whitespace();
        let installs = words.any(|word| matches!(word, "install" | "add"));
        let program = command.split_whitespace().next().unwrap_or_default();
        if installs
            && matches!(
                program,
                "apt-get" | "apt" | "apk" | "dnf" | "yum" | "microdnf"
            )
        {
            found.extend(
                words
                    .filter(|word| !word.starts_with('-'))
                    .filter_map(|word| word.trim_matches('\'').split(['=', '~', '<', '>']).next())
                    .map(str::to_owned),
            );
        }
    }
    found
}
