//! Keeps the import table of `src/lib.rs`: who may import whom, and which crates stay in which
//! rooms. The table in the crate's documentation is the only copy.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

#[path = "architecture/imports.rs"]
mod imports;

use imports::{Named, named};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// One room of the table.
#[derive(Debug, Default)]
struct Room {
    /// Rooms it may import.
    imports: BTreeSet<String>,
    /// Crates, or parts of `std`, that only the rooms which list them may name.
    crates: BTreeSet<String>,
}

/// The table: rooms by name.
fn table(docs: &str) -> BTreeMap<String, Room> {
    let cells = |line: &str| -> Option<Vec<String>> {
        let row = line.trim().strip_prefix("//!")?.trim();
        let row = row.strip_prefix('|')?.strip_suffix('|')?;
        Some(row.split('|').map(|cell| cell.trim().to_owned()).collect())
    };
    let words = |cell: &str| -> BTreeSet<String> {
        let words = cell.split(',').map(|word| word.trim().trim_matches('`'));
        words
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let rows = docs.lines().filter_map(cells);
    rows.filter(|row| row.len() == 3 && row[0] != "room" && !row[0].starts_with('-'))
        .map(|row| {
            let room = Room {
                imports: words(&row[1]),
                crates: words(&row[2]),
            };
            (row[0].clone(), room)
        })
        .collect()
}

/// Everything in `files` (path below `src/`, text) that the table does not allow.
fn violations(table: &BTreeMap<String, Room>, files: &[(String, String)]) -> Vec<String> {
    let mut found = Vec::new();
    for room in table.values().flat_map(|room| &room.imports) {
        if !table.contains_key(room) {
            found.push(format!(
                "the table lets somebody import `{room}`, which is no room"
            ));
        }
    }
    for room in table.keys() {
        if !files.iter().any(|(path, _)| room_of(path) == Some(room)) {
            found.push(format!("the table has a room `{room}` that is not in src/"));
        }
    }
    for (path, text) in files {
        let Some(name) = room_of(path) else { continue };
        if !table.contains_key(name) {
            found.push(format!("{path}: the table does not know the room `{name}`"));
            continue;
        }
        for Named {
            line,
            path: named,
            in_tests,
        } in named(path, text)
        {
            // Tests of pure rooms may read files: a folder walk, a fixture.
            if in_tests && named.starts_with("std::") {
                continue;
            }
            if let Some(part) = forbidden(table, name, &named) {
                found.push(format!("{path}:{line}: `{name}` may not {part} ({named})"));
            }
        }
    }
    found
}

/// What the room `name` does by naming `path` that it may not do.
fn forbidden(table: &BTreeMap<String, Room>, name: &str, path: &str) -> Option<String> {
    let room = &table[name];
    let mut parts = path.split("::");
    if parts.next() == Some("crate") {
        let other = parts.next()?;
        let foreign = other != name && table.contains_key(other);
        return (foreign && !room.imports.contains(other)).then(|| format!("import `{other}`"));
    }
    let is_part = |part: &&String| path == **part || path.starts_with(&format!("{part}::"));
    let kept = table.values().flat_map(|room| &room.crates).find(is_part)?;
    (!room.crates.contains(kept)).then(|| format!("name `{kept}`"))
}

/// What the table allows and no file does.
fn unused(table: &BTreeMap<String, Room>, files: &[(String, String)]) -> Vec<String> {
    let mut used: BTreeSet<(&str, String)> = BTreeSet::new();
    for (path, text) in files {
        let Some(room) = room_of(path) else { continue };
        used.extend(named(path, text).into_iter().map(|it| (room, it.path)));
    }
    let names = |room: &str, wanted: &str| {
        let below = format!("{wanted}::");
        let is_it = |path: &String| path == wanted || path.starts_with(&below);
        used.iter().any(|(by, path)| *by == room && is_it(path))
    };
    let mut found = Vec::new();
    for (room, allowed) in table {
        let rooms = allowed.imports.iter().map(|it| format!("crate::{it}"));
        for wanted in rooms.chain(allowed.crates.iter().cloned()) {
            if !names(room, &wanted) {
                found.push(format!("`{room}` may name `{wanted}` and does not"));
            }
        }
    }
    found
}

/// The room of a path below `src/`: its first folder, or the file's stem. `lib.rs` is the house.
fn room_of(path: &str) -> Option<&str> {
    let first = path.split('/').next()?;
    let room = first.strip_suffix(".rs").unwrap_or(first);
    (room != "lib").then_some(room)
}

fn sources(folder: &Path, below: &str, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            sources(&entry.path(), &format!("{name}/"), files);
        } else if Path::new(&name).extension().is_some_and(|it| it == "rs") {
            files.push((name, std::fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

#[test]
fn the_house_keeps_its_table() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, "", &mut files);
    let docs = std::fs::read_to_string(src.join("lib.rs")).unwrap();
    let table = table(&docs);
    assert!(
        table.len() > 10,
        "the table was found in src/lib.rs: {table:?}"
    );
    assert!(files.len() > 20, "the sources were found");
    let mut found = violations(&table, &files);
    found.extend(unused(&table, &files));
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

const SAMPLE: &str = "
//! | room | may import | crates only these rooms may name |
//! |---|---|---|
//! | domain | | regex |
//! | view | domain | ratatui |
//! | edge | domain | kube, `std::fs` |
//! | main | | |
";

fn sample(files: &[(&str, &str)]) -> Vec<String> {
    let mut all = vec![
        ("domain/mod.rs", ""),
        ("view/mod.rs", ""),
        ("edge/mod.rs", ""),
        ("main.rs", "fn main() {}"),
    ];
    all.retain(|(path, _)| files.iter().all(|(other, _)| other != path));
    all.extend(files);
    let files: Vec<_> = all
        .into_iter()
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .collect();
    violations(&table(SAMPLE), &files)
}

#[test]
fn what_the_table_allows_passes() {
    let view = "use crate::domain::Row;\nuse ratatui::{buffer::Buffer, style};\nuse std::io;\nfn f() { crate::view::g(); }";
    let domain =
        "mod a;\n#[cfg(test)]\nmod tests { use super::*; fn f() { std::fs::read(\"x\"); } }";
    let edge = "use {kube::Client, std::fs};\nuse super::domain::Row;";
    assert_eq!(
        sample(&[
            ("view/mod.rs", view),
            ("edge/mod.rs", edge),
            ("domain/mod.rs", domain)
        ]),
        [""; 0]
    );
}

#[test]
fn each_way_to_break_the_table_is_found() {
    for (path, text, word) in [
        (
            "view/mod.rs",
            "use crate::edge::Session;",
            "view/mod.rs:1: `view` may not import `edge`",
        ),
        (
            "view/mod.rs",
            "use crate::{domain::Row,\n edge::{self, Session}};",
            "view/mod.rs:2: `view` may not import `edge`",
        ),
        (
            "view/mod.rs",
            "fn f() {\n let x = crate::edge::connect();\n}",
            "view/mod.rs:2: `view` may not import `edge`",
        ),
        (
            "view/a.rs",
            "use super::super::edge::X;",
            "`view` may not import `edge`",
        ),
        (
            "view/mod.rs",
            "mod t { use super::super::edge::X; }",
            "`view` may not import `edge`",
        ),
        (
            "main.rs",
            "use quarterdeck::edge;",
            "`main` may not import `edge`",
        ),
        (
            "domain/x.rs",
            "use kube::Client;",
            "`domain` may not name `kube`",
        ),
        (
            "domain/x.rs",
            "fn f(x: &ratatui::buffer::Buffer) {}",
            "`domain` may not name `ratatui`",
        ),
        (
            "domain/x.rs",
            "use std::{fmt, fs::File};",
            "`domain` may not name `std::fs`",
        ),
        (
            "domain/x.rs",
            "extern crate kube;",
            "`domain` may not name `kube`",
        ),
        (
            "domain/x.rs",
            "use ::kube as k;",
            "`domain` may not name `kube`",
        ),
        (
            "domain/x.rs",
            "#[derive(kube::Resource)] struct X;",
            "`domain` may not name `kube`",
        ),
        (
            "attic/mod.rs",
            "",
            "the table does not know the room `attic`",
        ),
        ("attic.rs", "", "the table does not know the room `attic`"),
    ] {
        let found = sample(&[(path, text)]);
        assert!(!found.is_empty(), "{path}: {text}: nothing found");
        assert!(found[0].contains(word), "{}: {word}", found[0]);
    }
}

#[test]
fn what_is_allowed_and_not_done_is_found() {
    let files = [
        (
            "view/mod.rs",
            "use crate::domain::Row;\nuse ratatui::style;",
        ),
        ("edge/mod.rs", "use kube::Client;"),
        ("domain/mod.rs", "use regex::Regex;"),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    assert_eq!(
        unused(&table(SAMPLE), &files),
        [
            "`edge` may name `crate::domain` and does not",
            "`edge` may name `std::fs` and does not"
        ]
    );
}

#[test]
fn comments_and_texts_are_not_imports() {
    let text = concat!(
        "// use kube::Client;\n/* crate::edge /* nested */ kube::x */\n",
        "const A: &str = \"kube::Client \\\" crate::edge\";\nconst B: &str = r#\"kube::\"x\"\"#;\n",
        "const C: char = '\"'; const D: &str = \"kube::y\"; const E: char = '\\''; // kube::z\n",
        "fn f<'a>(x: &'a str) -> &'a str { my::kube::z(x) }",
    );
    assert_eq!(sample(&[("domain/x.rs", text)]), [""; 0]);
}

#[test]
fn a_room_that_is_gone_is_found() {
    let files = [("domain/mod.rs".to_owned(), String::new())];
    let found = violations(&table(SAMPLE), &files);
    assert_eq!(found.len(), 3, "{found:?}");
}
