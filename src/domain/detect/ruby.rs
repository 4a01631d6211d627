//! Ruby: `Gemfile`.

use super::{Answer, Found, Scope, node::tool_versions};

pub fn detect(scope: &Scope<'_>) -> Option<Found> {
    const FILE: &str = "Gemfile";
    let text = scope.read(FILE)?;
    let mut found = Found::new(scope, "ruby", scope.there(FILE, "a Bundler project"));
    let own = scope.find(".ruby-version", |line| {
        let line = line.trim();
        (!line.is_empty()).then(|| line.trim_start_matches("ruby-").to_owned())
    });
    found.take(own.map(|(version, evidence)| (Answer::Version(version), evidence)));
    let version = scope.find(FILE, |line| {
        let rest = line.trim().strip_prefix("ruby ")?.trim();
        let quoted = rest.strip_prefix(['"', '\''])?;
        Some(quoted.split(['"', '\'']).next()?.to_owned())
    });
    found.take(version.map(|(version, evidence)| (Answer::Version(version), evidence)));
    let locked = scope.find("Gemfile.lock", |line| {
        let rest = line.strip_prefix("   ruby ")?;
        Some(rest.split('p').next()?.trim().to_owned())
    });
    found.take(locked.map(|(version, evidence)| (Answer::Version(version), evidence)));
    found.take(tool_versions(scope, "ruby"));
    found.add(
        Answer::Tool("bundler".into()),
        scope.there(FILE, "a Bundler project"),
    );
    found.add(
        Answer::Manifests(scope.present(&[FILE, "Gemfile.lock", ".ruby-version"])),
        scope.there(FILE, "names the dependencies"),
    );
    if !scope.has("Gemfile.lock") {
        found.ask("build.manifests", "there is no Gemfile.lock beside the Gemfile: run `bundle lock` and commit it, builds use it");
    }
    start(scope, &text, &mut found);
    Some(found)
}

fn start(scope: &Scope<'_>, gemfile: &str, found: &mut Found) {
    let gem = |name: &str| {
        gemfile.lines().any(|line| {
            let rest = line.trim().strip_prefix("gem ").unwrap_or_default();
            rest.trim_start_matches([' ', '"', '\''])
                .split(['"', '\''])
                .next()
                == Some(name)
        })
    };
    let words = |words: &[&str]| words.iter().map(|&it| it.to_owned()).collect();
    if gem("puma") && scope.has("config/puma.rb") {
        found.add(
            Answer::Command(words(&["bundle", "exec", "puma", "-C", "config/puma.rb"])),
            scope.there("config/puma.rb", "settings of puma"),
        );
        let port = scope.find("config/puma.rb", |line| {
            let rest = line.trim().strip_prefix("port ")?;
            let digits: String = rest
                .chars()
                .skip_while(|c| !c.is_ascii_digit())
                .take_while(char::is_ascii_digit)
                .collect();
            digits.parse().ok()
        });
        found.take(port.map(|(port, evidence)| (Answer::Port(port), evidence)));
    } else if gem("puma") && scope.has("config.ru") {
        let evidence = scope.at("Gemfile", gemfile, "puma");
        found.add(
            Answer::Command(words(&[
                "bundle",
                "exec",
                "puma",
                "-b",
                "tcp://0.0.0.0:9292",
            ])),
            evidence.clone(),
        );
        found.add(Answer::Port(9292), evidence);
    } else if gem("rackup") && scope.has("config.ru") {
        let evidence = scope.at("Gemfile", gemfile, "rackup");
        found.add(
            Answer::Command(words(&[
                "bundle", "exec", "rackup", "--host", "0.0.0.0", "--port", "9292",
            ])),
            evidence.clone(),
        );
        found.add(Answer::Port(9292), evidence);
    } else {
        let program = ["app.rb", "server.rb", "main.rb"]
            .into_iter()
            .find(|name| scope.has(name));
        match program {
            Some(file) => found.add(
                Answer::Command(words(&["bundle", "exec", "ruby", file])),
                scope.there(file, "the usual name of the program"),
            ),
            None if scope.has("Procfile") => {}
            None => found.ask(
                "run.command",
                "no server was recognised among the gems: what starts the service?",
            ),
        }
    }
}
