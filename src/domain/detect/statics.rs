//! A static site: pages without a program.

use super::{Answer, Found, Scope};

/// Folders that pages are usually in, the folder itself first.
const FOLDERS: &[&str] = &[
    "", "public/", "dist/", "site/", "www/", "html/", "build/", "docs/",
];

pub fn detect(scope: &Scope<'_>) -> Option<Found> {
    let staticfile = scope.read("Staticfile").and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("root:"))?;
        Some(format!(
            "{}/",
            line.trim().trim_matches('"').trim_end_matches('/')
        ))
    });
    let folder = staticfile
        .into_iter()
        .chain(FOLDERS.iter().map(|&folder| folder.to_owned()))
        .find(|folder| scope.has(&format!("{folder}index.html")))?;
    let page = format!("{folder}index.html");
    let evidence = || scope.there(&page, "a page");
    let mut found = Found::new(scope, "static", evidence());
    found.add(Answer::Tool("files".into()), evidence());
    let output = folder.trim_end_matches('/');
    let output = if output.is_empty() { "." } else { output };
    found.add(Answer::Output(output.to_owned()), evidence());
    Some(found)
}
