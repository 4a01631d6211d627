//! Go: `go.mod`.

use super::{Answer, Found, Scope, ends, name_of};

pub fn detect(scope: &Scope<'_>) -> Option<Found> {
    let text = scope.read("go.mod")?;
    let mut found = Found::new(scope, "go", scope.there("go.mod", "a Go module"));
    for (at, line) in text.lines().enumerate() {
        let mut words = line.split_whitespace();
        let evidence = || scope.line("go.mod", at + 1, line);
        match (words.next(), words.next()) {
            (Some("go"), Some(version)) => {
                found.add(Answer::AtLeast(version.to_owned()), evidence());
            }
            (Some("module"), Some(module)) => {
                let plain = module.trim_matches('"');
                // `example.com/shop/v2` is the second version of `shop`.
                let last = plain.rsplit('/').next().unwrap_or_default();
                let major = last
                    .strip_prefix('v')
                    .is_some_and(|n| n.parse::<u32>().is_ok());
                let plain = if major {
                    plain.trim_end_matches(last)
                } else {
                    plain
                };
                found.add(Answer::Name(name_of(plain)), evidence());
            }
            _ => {}
        }
    }
    found.add(
        Answer::Tool("go".into()),
        scope.there("go.mod", "a Go module"),
    );
    found.add(
        Answer::Manifests(scope.present(&["go.mod", "go.sum"])),
        scope.there("go.mod", "names the dependencies"),
    );
    target(scope, &mut found);
    Some(found)
}

/// The package with `func main`: the root, or the only one below.
fn target(scope: &Scope<'_>, found: &mut Found) {
    let mut packages: Vec<(String, String)> = Vec::new();
    let mut read = 0;
    for path in scope.all() {
        let wanted = ends(path, ".go")
            && !path.ends_with("_test.go")
            && path.matches('/').count() <= 3
            && !path.split('/').any(|part| {
                matches!(
                    part,
                    "vendor"
                        | "testdata"
                        | "examples"
                        | "example"
                        | "internal"
                        | "pkg"
                        | "tools"
                        | "hack"
                        | "scripts"
                )
            });
        if !wanted || read == 500 {
            continue;
        }
        let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
        if packages.iter().any(|(known, _)| known == folder) {
            continue;
        }
        read += 1;
        let text = scope.read(path).unwrap_or_default();
        let is_main = text.lines().any(|line| line.trim_end() == "package main")
            && text.lines().any(|line| line.starts_with("func main()"));
        if is_main && !text.contains("//go:build ignore") {
            packages.push((folder.to_owned(), path.to_owned()));
        }
    }
    packages.sort_by_key(|(folder, _)| (folder != ".", folder.clone()));
    let root = packages.iter().find(|(folder, _)| folder == ".");
    match (root, packages.as_slice()) {
        (Some(main), _) | (None, [main]) => {
            let (folder, file) = main;
            let target = if folder == "." {
                ".".to_owned()
            } else {
                format!("./{folder}")
            };
            let main = |line: &str| line.starts_with("func main()").then_some(());
            if let Some(((), evidence)) = scope.find(file, main) {
                found.add(Answer::Target(target), evidence);
            }
            port(scope, file, found);
        }
        (None, []) => found.ask(
            "build.target",
            "no `package main` was found: which package is the program, such as \"./cmd/server\"?",
        ),
        (None, several) => {
            let folders: Vec<String> = several
                .iter()
                .map(|(folder, _)| format!("./{folder}"))
                .collect();
            found.ask(
                "build.target",
                format!("there are several programs: {}", folders.join(", ")),
            );
        }
    }
}

/// `":8080"` in the main file.
fn port(scope: &Scope<'_>, file: &str, found: &mut Found) {
    let port = scope.find(file, |line| {
        let (_, rest) = line.split_once("\":")?;
        let digits = rest.split('"').next()?;
        digits.parse::<u16>().ok().filter(|port| *port > 0)
    });
    found.take(port.map(|(port, evidence)| (Answer::Port(port), evidence)));
}
