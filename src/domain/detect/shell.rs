//! Anything with a shell: a script of the usual name, or a `Procfile`.

use super::{Answer, Found, Scope, ends};

const SCRIPTS: &[&str] = &[
    "start.sh",
    "run.sh",
    "entrypoint.sh",
    "main.sh",
    "server.sh",
    "start",
    "run",
];

pub fn detect(scope: &Scope<'_>) -> Option<Found> {
    let script = SCRIPTS.iter().find(|name| {
        scope.has(name)
            && (ends(name, ".sh") || scope.read(name).is_some_and(|text| text.starts_with("#!")))
    });
    let Some(script) = script else {
        let evidence = scope
            .has("Procfile")
            .then(|| scope.there("Procfile", "says how it is started"))?;
        return Some(with_tool(
            Found::new(scope, "shell", evidence),
            scope,
            "Procfile",
        ));
    };
    let found = Found::new(
        scope,
        "shell",
        scope.there(script, "a script of the usual name"),
    );
    let mut found = with_tool(found, scope, script);
    let text = scope.read(script).unwrap_or_default();
    let first = text.lines().next().unwrap_or_default();
    let shell = if first.contains("bash") { "bash" } else { "sh" };
    let evidence = scope.line(script, 1, first);
    found.add(
        Answer::Command(vec![shell.into(), (*script).into()]),
        evidence,
    );
    Some(found)
}

fn with_tool(mut found: Found, scope: &Scope<'_>, file: &str) -> Found {
    found.add(
        Answer::Tool("plain".into()),
        scope.there(file, "nothing has to be built"),
    );
    found
}
