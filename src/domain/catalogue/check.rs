//! Whether the parts of a catalogue fit together, after everything was laid.

use super::{Catalogue, ImageRef, Packages, Place, Stack};
use crate::domain::document::Flaw;

/// Everything that does not fit.
pub(super) fn check(catalogue: &Catalogue) -> Vec<Flaw> {
    let mut found = Vec::new();
    if catalogue.stacks.is_empty() || catalogue.systems.is_empty() {
        found.push(Flaw::of(
            "",
            "the catalogue offers no stack or no system",
            "add [systems.…] and [stacks.…], or take `extends = false` away",
        ));
    }
    for stack in &catalogue.stacks {
        check_stack(catalogue, stack, &mut found);
    }
    for dependency in &catalogue.dependencies {
        let key = format!("dependencies.{}", dependency.id);
        let place = &dependency.place;
        if dependency.packages.is_empty() {
            let what = format!("`{key}` has no packages");
            found.push(at(
                place,
                &key,
                what,
                "name them by system: packages.debian = [\"…\"]",
            ));
        }
        for (system, _) in &dependency.packages {
            let Some(system) = catalogue.system(system) else {
                found.push(no_system(catalogue, place, &key, system));
                continue;
            };
            if system.packages == Packages::None {
                let what = format!(
                    "`{key}` has packages for {}, which cannot install any",
                    system.id
                );
                found.push(at(
                    place,
                    &key,
                    what,
                    "take them away, or give the system a package manager",
                ));
            }
        }
        for other in &dependency.conflicts {
            if catalogue.dependency(other).is_none() {
                let what =
                    format!("`{key}` conflicts with `{other}`, which is not in the catalogue");
                found.push(at(place, &key, what, "correct the name"));
            }
        }
    }
    found
}

fn check_stack(catalogue: &Catalogue, stack: &Stack, found: &mut Vec<Flaw>) {
    let key = format!("stacks.{}", stack.id);
    if stack.images.is_empty() {
        let what = format!("`{key}` has no images");
        found.push(at(
            &stack.place,
            &key,
            what,
            "add images = [{ version, system, builder, run }]",
        ));
    }
    if stack.tools.is_empty() {
        let what = format!("`{key}` has no tools");
        found.push(at(
            &stack.place,
            &key,
            what,
            "add [stacks.….tools.…] that says how it is built",
        ));
    }
    for pair in &stack.images {
        if catalogue.system(&pair.system).is_none() {
            found.push(no_system(catalogue, &pair.place, &key, &pair.system));
        }
        for image in pair.builder.iter().chain([&pair.run]) {
            if !allowed(catalogue, image) {
                let what = format!("`{image}` is not from a registry that the policy allows");
                let remedy = format!(
                    "the policy allows {}",
                    catalogue.policy.registries.join(", ")
                );
                found.push(at(&pair.place, &key, what, &remedy));
            }
        }
        let builds = stack.tools.iter().any(|tool| !tool.direct);
        if pair.builder.is_none() && builds && stack.tools.iter().all(|tool| !tool.direct) {
            let what = format!("`{key}` {} on {} has no builder", pair.version, pair.system);
            found.push(at(
                &pair.place,
                &key,
                what,
                "add `builder`, the image that its tools run in",
            ));
        }
    }
    for on in &stack.on {
        if catalogue.system(&on.system).is_none() {
            found.push(no_system(catalogue, &on.place, &key, &on.system));
        }
    }
    for (version, _) in &stack.ends {
        if !stack.versions().contains(&version.as_str()) {
            let what =
                format!("`{key}` tells when version {version} ends, but has no images of it");
            found.push(at(
                &stack.place,
                &key,
                what,
                "correct the version, or take the line away",
            ));
        }
    }
}

/// Whether the policy lets this image in.
pub(super) fn allowed(catalogue: &Catalogue, image: &ImageRef) -> bool {
    let registries = &catalogue.policy.registries;
    if registries.is_empty() || image.is_scratch() {
        return true;
    }
    let full = if image.name.starts_with(image.registry()) {
        image.name.clone()
    } else if image.name.contains('/') {
        format!("{}/{}", image.registry(), image.name)
    } else {
        format!("{}/library/{}", image.registry(), image.name)
    };
    registries.iter().any(|allowed| {
        let allowed = allowed.trim_end_matches('/');
        full.strip_prefix(allowed)
            .is_some_and(|rest| rest.starts_with('/'))
    })
}

impl Catalogue {
    /// Whether the policy lets this image in.
    pub fn allows(&self, image: &ImageRef) -> bool {
        allowed(self, image)
    }
}

fn no_system(catalogue: &Catalogue, place: &Place, key: &str, system: &str) -> Flaw {
    let known: Vec<_> = catalogue.systems.iter().map(|it| it.id.as_str()).collect();
    let what = format!("`{key}` names the system `{system}`, which is not in the catalogue");
    let remedy = format!(
        "the systems are {}; or add [systems.{system}]",
        known.join(", ")
    );
    at(place, key, what, &remedy)
}

fn at(place: &Place, key: &str, what: String, remedy: &str) -> Flaw {
    Flaw {
        file: place.file.clone(),
        line: Some(place.line),
        ..Flaw::of(key, what, remedy)
    }
}
