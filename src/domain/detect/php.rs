//! PHP: `composer.json`, or pages that end in `.php`.

use super::{Answer, Found, Scope, name_of};
use serde_json::Value;

pub fn detect(scope: &Scope<'_>) -> Option<Found> {
    let page = ["public/index.php", "web/index.php", "index.php"]
        .into_iter()
        .find(|path| scope.has(path));
    if !scope.has("composer.json") && page.is_none() {
        return None;
    }
    let mut found;
    if let Some(text) = scope.read("composer.json") {
        found = Found::new(
            scope,
            "php",
            scope.there("composer.json", "a Composer project"),
        );
        let json: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if let Some(version) = json.pointer("/require/php").and_then(Value::as_str) {
            let quoted = format!("\"php\": \"{version}\"");
            let at = scope.at("composer.json", &text, "\"php\"");
            let evidence = scope.line("composer.json", at.line.unwrap_or(1), &quoted);
            found.add(Answer::Version(version.to_owned()), evidence);
        }
        if let Some(name) = json.get("name").and_then(Value::as_str) {
            found.add(
                Answer::Name(name_of(name)),
                scope.at("composer.json", &text, "\"name\""),
            );
        }
        found.add(
            Answer::Tool("composer".into()),
            scope.there("composer.json", "a Composer project"),
        );
        let manifests = scope.present(&["composer.json", "composer.lock"]);
        found.add(
            Answer::Manifests(manifests),
            scope.there("composer.json", "names the dependencies"),
        );
    } else {
        let page = page.unwrap_or_default();
        found = Found::new(scope, "php", scope.there(page, "a PHP page"));
        found.add(
            Answer::Tool("plain".into()),
            scope.there(page, "there is no composer.json"),
        );
    }
    match page {
        Some(page) => {
            let root = page.rsplit_once('/').map_or(".", |(folder, _)| folder);
            found.add(
                Answer::Output(root.to_owned()),
                scope.there(page, "the first page"),
            );
        }
        None => found.ask(
            "build.output",
            "no index.php was found: which folder does the web server serve, such as \"public\"?",
        ),
    }
    Some(found)
}
