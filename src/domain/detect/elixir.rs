//! Elixir: `mix.exs`.

use super::{Answer, Found, Scope, name_of, node::tool_versions};

pub fn detect(scope: &Scope<'_>) -> Option<Found> {
    const FILE: &str = "mix.exs";
    scope.has(FILE).then_some(())?;
    let mut found = Found::new(scope, "elixir", scope.there(FILE, "a Mix project"));
    found.take(tool_versions(scope, "elixir"));
    let version = scope.find(FILE, |line| {
        let rest = line.trim().strip_prefix("elixir:")?;
        Some(
            rest.trim()
                .trim_end_matches(',')
                .trim_matches('"')
                .to_owned(),
        )
    });
    found.take(version.map(|(version, evidence)| {
        (
            Answer::AtLeast(version.trim_start_matches(['~', '>', '=', ' ']).to_owned()),
            evidence,
        )
    }));
    found.add(
        Answer::Tool("mix".into()),
        scope.there(FILE, "a Mix project"),
    );
    found.add(
        Answer::Manifests(scope.present(&[FILE, "mix.lock"])),
        scope.there(FILE, "names the dependencies"),
    );
    let app = scope.find(FILE, |line| {
        let rest = line.trim().strip_prefix("app:")?;
        Some(
            rest.trim()
                .trim_start_matches(':')
                .trim_end_matches(',')
                .to_owned(),
        )
    });
    match app {
        Some((app, evidence)) => {
            found.add(Answer::Name(name_of(&app)), evidence.clone());
            found.add(Answer::Target(app), evidence);
        }
        None => found.ask(
            "build.target",
            "mix.exs does not name its application plainly: what is the release called?",
        ),
    }
    Some(found)
}
