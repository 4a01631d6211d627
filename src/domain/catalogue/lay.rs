//! Reading a catalogue document onto what is known already.
//!
//! Systems, stacks, tools and dependencies are known by their key, images by version and system: a
//! document that names one changes the parts it gives and leaves the others.

use super::{
    About, Catalogue, Dependency, Forbidden, ImageRef, On, Packages, Pair, Place, Stack, System,
    Tool, VERSION,
};
use crate::domain::document::{Flaw, Item, Reader};

/// Lays `text` over `catalogue`.
pub(super) fn lay(catalogue: &mut Catalogue, file: &str, text: &str) -> Vec<Flaw> {
    let (flaws, _) = Reader::read(file, text, |reader, items| {
        let alone = items.iter().find(|item| item.name == "extends");
        if alone.and_then(|item| reader.flag(item)) == Some(false) {
            *catalogue = Catalogue::default();
        }
        for item in &items {
            root(catalogue, reader, item);
        }
    });
    catalogue.layers.push(file.to_owned());
    flaws
}

fn root(catalogue: &mut Catalogue, reader: &mut Reader<'_>, item: &Item<'_>) {
    match item.name.as_str() {
        "version" => {
            reader.number(item, VERSION, VERSION);
        }
        "extends" => {}
        "name" => set(&mut catalogue.name, reader.word(item)),
        "systems" => {
            for entry in reader.entries(item) {
                system(&mut catalogue.systems, reader, &entry);
            }
        }
        "stacks" => {
            for entry in reader.entries(item) {
                stack(&mut catalogue.stacks, reader, &entry);
            }
        }
        "dependencies" => {
            for entry in reader.entries(item) {
                dependency(&mut catalogue.dependencies, reader, &entry);
            }
        }
        "policy" => policy(catalogue, reader, item),
        "network" => network(catalogue, reader, item),
        "push" => push(catalogue, reader, item),
        _ => reader.unknown(
            item,
            &[
                "version",
                "extends",
                "name",
                "systems",
                "stacks",
                "dependencies",
                "policy",
                "network",
                "push",
            ],
        ),
    }
}

/// Puts a value in place when there is one.
fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn place(reader: &Reader<'_>, item: &Item<'_>) -> Place {
    Place {
        file: reader.file().to_owned(),
        line: reader.line_of(item),
    }
}

/// The entry of a key, made when it is new.
fn entry<T>(all: &mut Vec<T>, found: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> &mut T {
    let at = all.iter().position(found).unwrap_or_else(|| {
        all.push(make());
        all.len() - 1
    });
    &mut all[at]
}

/// A key that stands in recipes and in names of caches.
fn is_key(key: &str) -> bool {
    !key.is_empty()
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Says so when the entry's name cannot be a key.
fn named(reader: &mut Reader<'_>, item: &Item<'_>) -> bool {
    let well = is_key(&item.name);
    if !well {
        reader.wrong(item, "under a key of letters, digits, `-`, `_` and `.`");
    }
    well
}

fn system(systems: &mut Vec<System>, reader: &mut Reader<'_>, item: &Item<'_>) {
    if !named(reader, item) {
        return;
    }
    let at = place(reader, item);
    let system = entry(
        systems,
        |known| known.id == item.name,
        || System {
            id: item.name.clone(),
            title: item.name.clone(),
            ..System::default()
        },
    );
    system.place = at;
    for part in reader.entries(item) {
        match part.name.as_str() {
            "title" => set(&mut system.title, reader.word(&part)),
            "packages" => set(&mut system.packages, packages(reader, &part)),
            "shell" => set(&mut system.shell, reader.flag(&part)),
            "ends" => system.ends = day(reader, &part),
            "probe" => system.probe = reader.words(&part),
            "lacks" => system.lacks = reader.words(&part),
            "note" => set(&mut system.note, reader.text(&part)),
            _ => reader.unknown(
                &part,
                &[
                    "title", "packages", "shell", "ends", "probe", "lacks", "note",
                ],
            ),
        }
    }
}

fn packages(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Packages> {
    match reader.word(item)?.as_str() {
        "apt" => Some(Packages::Apt),
        "apk" => Some(Packages::Apk),
        "none" => Some(Packages::None),
        _ => {
            reader.wrong(item, "\"apt\", \"apk\" or \"none\"");
            None
        }
    }
}

/// A day, `2028-06-30`.
fn day(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<String> {
    reader.checked(item, |text| {
        text.parse::<jiff::civil::Date>()
            .map(|_| ())
            .map_err(|_| "a day such as \"2028-06-30\"".to_owned())
    })
}

fn dependency(all: &mut Vec<Dependency>, reader: &mut Reader<'_>, item: &Item<'_>) {
    if !named(reader, item) {
        return;
    }
    let at = place(reader, item);
    let dependency = entry(
        all,
        |known| known.id == item.name,
        || Dependency {
            id: item.name.clone(),
            title: item.name.clone(),
            group: "other".into(),
            ..Dependency::default()
        },
    );
    dependency.place = at;
    for part in reader.entries(item) {
        match part.name.as_str() {
            "title" => set(&mut dependency.title, reader.word(&part)),
            "group" => set(&mut dependency.group, reader.word(&part)),
            "note" => set(&mut dependency.note, reader.text(&part)),
            "conflicts" => dependency.conflicts = reader.words(&part),
            "probe" => dependency.probe = reader.words(&part),
            "packages" => {
                for on in reader.entries(&part) {
                    let packages = package_list(reader, &on);
                    entry(
                        &mut dependency.packages,
                        |(system, _)| *system == on.name,
                        || (on.name.clone(), Vec::new()),
                    )
                    .1 = packages;
                }
            }
            _ => reader.unknown(
                &part,
                &["title", "group", "note", "conflicts", "packages", "probe"],
            ),
        }
    }
}

/// Packages with versions, as the package manager takes them.
fn package_list(reader: &mut Reader<'_>, item: &Item<'_>) -> Vec<String> {
    let words = reader.words(item);
    let (good, bad): (Vec<_>, Vec<_>) = words.into_iter().partition(|word| is_package(word));
    if !bad.is_empty() {
        reader.wrong(
            item,
            "package names with a version behind `=`, such as \"curl=7.88.*\"",
        );
    }
    good
}

/// Letters, digits and the signs of package names and versions; not a flag.
fn is_package(word: &str) -> bool {
    !word.starts_with('-')
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-._:=~*><".contains(&b))
}

fn stack(stacks: &mut Vec<Stack>, reader: &mut Reader<'_>, item: &Item<'_>) {
    if !named(reader, item) {
        return;
    }
    let at = place(reader, item);
    let stack = entry(
        stacks,
        |known| known.id == item.name,
        || Stack {
            id: item.name.clone(),
            title: item.name.clone(),
            user: 10_001,
            directory: "/app".into(),
            ..Stack::default()
        },
    );
    stack.place = at;
    for part in reader.entries(item) {
        match part.name.as_str() {
            "title" => set(&mut stack.title, reader.word(&part)),
            "port" => stack.port = reader.port(&part),
            "user" => set(&mut stack.user, user(reader, &part)),
            "directory" => set(&mut stack.directory, reader.word(&part)),
            "run" => stack.run = reader.words(&part),
            "probe" => stack.probe = reader.words(&part),
            "env" => stack.env = reader.pairs(&part),
            "path" => stack.path = reader.words(&part),
            "ignore" => stack.ignore = reader.words(&part),
            "trust" => stack.trust = reader.words(&part),
            "ends" => {
                for version in reader.entries(&part) {
                    if let Some(day) = day(reader, &version) {
                        stack.ends.retain(|(known, _)| *known != version.name);
                        stack.ends.push((version.name.clone(), day));
                    }
                }
            }
            "tools" => {
                for named in reader.entries(&part) {
                    tool(&mut stack.tools, reader, &named);
                }
            }
            "on" => {
                for named in reader.entries(&part) {
                    on(&mut stack.on, reader, &named);
                }
            }
            "images" => {
                for element in reader.elements(&part) {
                    pair(&mut stack.images, reader, &element);
                }
            }
            _ => reader.unknown(
                &part,
                &[
                    "title",
                    "port",
                    "user",
                    "directory",
                    "run",
                    "probe",
                    "env",
                    "path",
                    "ignore",
                    "trust",
                    "ends",
                    "tools",
                    "on",
                    "images",
                ],
            ),
        }
    }
}

/// A numeric user that is not root.
fn user(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<u32> {
    reader
        .number(item, 1, i64::from(u32::MAX - 1))
        .and_then(|number| u32::try_from(number).ok())
}

fn tool(tools: &mut Vec<Tool>, reader: &mut Reader<'_>, item: &Item<'_>) {
    if !named(reader, item) {
        return;
    }
    let at = place(reader, item);
    let tool = entry(
        tools,
        |known| known.id == item.name,
        || Tool {
            id: item.name.clone(),
            title: item.name.clone(),
            ..Tool::default()
        },
    );
    tool.place = at;
    for part in reader.entries(item) {
        match part.name.as_str() {
            "title" => set(&mut tool.title, reader.word(&part)),
            "direct" => set(&mut tool.direct, reader.flag(&part)),
            "env" => tool.env = reader.pairs(&part),
            "plain_env" => tool.plain_env = reader.pairs(&part),
            "prepare" => tool.prepare = reader.words(&part),
            "fetch" => tool.fetch = reader.words(&part),
            "build" => tool.build = reader.words(&part),
            "finish" => tool.finish = reader.words(&part),
            "caches" => tool.caches = reader.words(&part),
            "copy" => tool.copy = copies(reader, &part),
            "run" => tool.run = reader.words(&part),
            _ => reader.unknown(
                &part,
                &[
                    "title",
                    "direct",
                    "env",
                    "plain_env",
                    "prepare",
                    "fetch",
                    "build",
                    "finish",
                    "caches",
                    "copy",
                    "run",
                ],
            ),
        }
    }
}

/// A list of `["from", "to"]`.
fn copies(reader: &mut Reader<'_>, item: &Item<'_>) -> Vec<(String, String)> {
    let mut copies = Vec::new();
    for element in reader.elements(item) {
        let words = if element.is_list() {
            reader.words(&element)
        } else {
            Vec::new()
        };
        match <[String; 2]>::try_from(words) {
            Ok([from, to]) => copies.push((from, to)),
            Err(_) => reader.wrong(&element, "a pair such as [\"dist\", \".\"]"),
        }
    }
    copies
}

fn on(all: &mut Vec<On>, reader: &mut Reader<'_>, item: &Item<'_>) {
    let at = place(reader, item);
    let on = entry(
        all,
        |known| known.system == item.name,
        || On {
            system: item.name.clone(),
            ..On::default()
        },
    );
    on.place = at;
    for part in reader.entries(item) {
        match part.name.as_str() {
            "packages" => on.packages = package_list(reader, &part),
            "build_packages" => on.build_packages = package_list(reader, &part),
            "setup" => on.setup = reader.words(&part),
            "configure" => on.configure = reader.words(&part),
            "copy" => on.copy = copies(reader, &part),
            "run" => on.run = reader.words(&part),
            "programs" => on.programs = reader.pairs(&part),
            "reset_entrypoint" => set(&mut on.reset_entrypoint, reader.flag(&part)),
            "probe" => on.probe = reader.words(&part),
            _ => reader.unknown(
                &part,
                &[
                    "packages",
                    "build_packages",
                    "setup",
                    "configure",
                    "copy",
                    "run",
                    "programs",
                    "reset_entrypoint",
                    "probe",
                ],
            ),
        }
    }
}

fn pair(pairs: &mut Vec<Pair>, reader: &mut Reader<'_>, item: &Item<'_>) {
    let at = place(reader, item);
    let mut read = Pair {
        place: at,
        ..Pair::default()
    };
    let mut run = None;
    for part in reader.entries(item) {
        match part.name.as_str() {
            "version" => set(&mut read.version, reader.word(&part)),
            "system" => set(&mut read.system, reader.word(&part)),
            "builder" => read.builder = image(reader, &part),
            "run" => run = image(reader, &part),
            _ => reader.unknown(&part, &["version", "system", "builder", "run"]),
        }
    }
    for (key, given) in [
        ("version", !read.version.is_empty()),
        ("system", !read.system.is_empty()),
        ("run", run.is_some()),
    ] {
        if !given {
            reader.missing(
                item,
                key,
                "each image needs `version`, `system` and `run`, and `builder` where something is built",
            );
        }
    }
    let Some(run) = run else { return };
    if read.version.is_empty() || read.system.is_empty() {
        return;
    }
    read.run = run;
    let known = pairs
        .iter()
        .position(|known| known.version == read.version && known.system == read.system);
    match known {
        Some(at) => pairs[at] = read,
        None => pairs.push(read),
    }
}

fn image(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<ImageRef> {
    let mut image = None;
    reader.checked(item, |text| {
        image = Some(ImageRef::parse(text)?);
        Ok(())
    });
    image
}

fn policy(catalogue: &mut Catalogue, reader: &mut Reader<'_>, item: &Item<'_>) {
    for part in reader.entries(item) {
        match part.name.as_str() {
            "registries" => catalogue.policy.registries = reader.words(&part),
            "forbidden" => {
                for element in reader.elements(&part) {
                    let rule = forbidden(reader, &element);
                    catalogue.policy.forbidden.extend(rule);
                }
            }
            _ => reader.unknown(&part, &["registries", "forbidden"]),
        }
    }
}

fn forbidden(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Forbidden> {
    let at = place(reader, item);
    let (mut found, mut reason) = (None, None);
    for part in reader.entries(item) {
        let about = About::ALL.iter().find(|(word, _)| *word == part.name);
        match (about, part.name.as_str()) {
            (Some((_, about)), _) => {
                let pattern = reader.checked(&part, |text| {
                    regex::Regex::new(text)
                        .map(|_| ())
                        .map_err(|_| "a regular expression".to_owned())
                });
                found = pattern.map(|pattern| (*about, pattern));
            }
            (None, "reason") => reason = reader.word(&part),
            _ => reader.unknown(
                &part,
                &["package", "image", "command", "variable", "port", "reason"],
            ),
        }
    }
    if found.is_none() || reason.is_none() {
        reader.missing(
            item,
            if reason.is_none() { "reason" } else { "package" },
            "a rule is one of package, image, command, variable or port with a regular expression, and a reason",
        );
    }
    let (about, pattern) = found?;
    Some(Forbidden {
        about,
        pattern,
        reason: reason?,
        place: at,
    })
}

fn push(catalogue: &mut Catalogue, reader: &mut Reader<'_>, item: &Item<'_>) {
    for part in reader.entries(item) {
        match part.name.as_str() {
            "image" => set(&mut catalogue.push.image, reader.text(&part)),
            _ => reader.unknown(&part, &["image"]),
        }
    }
}

fn network(catalogue: &mut Catalogue, reader: &mut Reader<'_>, item: &Item<'_>) {
    let network = &mut catalogue.network;
    for part in reader.entries(item) {
        match part.name.as_str() {
            "proxy" => set(&mut network.proxy, reader.text(&part)),
            "no_proxy" => set(&mut network.no_proxy, reader.text(&part)),
            "ca_bundle" => set(&mut network.ca_bundle, reader.text(&part)),
            "ca_variables" => network.ca_variables = reader.words(&part),
            _ => reader.unknown(&part, &["proxy", "no_proxy", "ca_bundle", "ca_variables"]),
        }
    }
}
