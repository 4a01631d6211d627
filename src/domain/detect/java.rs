//! Java: `pom.xml` (Maven), `build.gradle` and `build.gradle.kts` (Gradle).

use super::{Answer, Found, Scope, name_of, node::tool_versions, xml};

pub fn detect(scope: &Scope<'_>) -> Option<Found> {
    let mut found = if scope.has("pom.xml") {
        maven(scope)
    } else {
        gradle(scope)?
    };
    properties(scope, &mut found);
    Some(found)
}

fn maven(scope: &Scope<'_>) -> Found {
    const FILE: &str = "pom.xml";
    let text = scope.read(FILE).unwrap_or_default();
    let at = |path: &str| {
        let (value, line) = xml::text(&text, path)?;
        let whole = text.lines().nth(line - 1).unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        // A whole document on one line is not worth quoting.
        let quoted = if whole.len() > 200 {
            format!("<{name}>{value}</{name}>")
        } else {
            whole.to_owned()
        };
        Some((value, scope.line(FILE, line, &quoted)))
    };
    let mut found = Found::new(scope, "java-maven", scope.there(FILE, "a Maven project"));
    for property in [
        "maven.compiler.release",
        "java.version",
        "maven.compiler.target",
        "maven.compiler.source",
    ] {
        if let Some((version, evidence)) = at(&format!("project/properties/{property}")) {
            let version = version.strip_prefix("1.").unwrap_or(&version).to_owned();
            if version.starts_with(|c: char| c.is_ascii_digit()) {
                found.add(Answer::AtLeast(version), evidence);
            }
        }
    }
    found.take(tool_versions(scope, "java"));
    found.add(
        Answer::Tool("maven".into()),
        scope.there(FILE, "a Maven project"),
    );
    if let Some((name, evidence)) = at("project/artifactId") {
        found.add(Answer::Name(name_of(&name)), evidence);
    }
    if text.contains("<modules>") {
        found.ask("build.output", "a Maven project of several modules: which jar is the program, such as \"server/target/server-1.0.jar\"?");
        return found;
    }
    found.add(
        Answer::Manifests(vec![FILE.into()]),
        scope.there(FILE, "names the dependencies"),
    );
    let final_name = at("project/build/finalName");
    let version = at("project/version").or_else(|| at("project/parent/version"));
    let packaging = at("project/packaging").map_or_else(|| "jar".to_owned(), |(it, _)| it);
    let jar = match (final_name, at("project/artifactId"), version) {
        (Some((name, evidence)), _, _) => Some((format!("target/{name}.{packaging}"), evidence)),
        (None, Some((artifact, evidence)), Some((version, _))) => {
            Some((format!("target/{artifact}-{version}.{packaging}"), evidence))
        }
        _ => None,
    };
    match jar {
        Some((jar, evidence)) if !jar.contains("${") && packaging == "jar" => found.add(Answer::Output(jar), evidence),
        _ => found.ask("build.output", "the name of the jar is not plain in pom.xml: which file below `target` is the program?"),
    }
    found
}

fn gradle(scope: &Scope<'_>) -> Option<Found> {
    let file = ["build.gradle.kts", "build.gradle"]
        .into_iter()
        .find(|name| scope.has(name))?;
    let mut found = Found::new(scope, "java-gradle", scope.there(file, "a Gradle project"));
    let number = |line: &str, sign: &str| {
        let (_, rest) = line.split_once(sign)?;
        let digits: String = rest
            .trim_start_matches(['(', ' ', '=', '\'', '"'])
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        (!digits.is_empty()).then_some(digits)
    };
    let version = scope.find(file, |line| {
        [
            "JavaLanguageVersion.of",
            "jvmToolchain",
            "JavaVersion.VERSION_",
            "sourceCompatibility",
        ]
        .iter()
        .find_map(|sign| number(line, sign))
    });
    found.take(version.map(|(version, evidence)| (Answer::AtLeast(version), evidence)));
    found.take(tool_versions(scope, "java"));
    let (tool, evidence) = if scope.has("gradlew") {
        (
            "wrapper",
            scope.there("gradlew", "the project's own Gradle"),
        )
    } else {
        ("gradle", scope.there(file, "a Gradle project"))
    };
    found.add(Answer::Tool(tool.into()), evidence);
    let settings = ["settings.gradle.kts", "settings.gradle"]
        .into_iter()
        .find(|name| scope.has(name));
    let several = settings.is_some_and(|file| {
        scope
            .find(file, |line| {
                line.trim_start().starts_with("include").then_some(())
            })
            .is_some()
    });
    if !several {
        let files = [
            file,
            "settings.gradle.kts",
            "settings.gradle",
            "gradle.properties",
            "gradle.lockfile",
            "gradlew",
            "gradle/wrapper/gradle-wrapper.jar",
            "gradle/wrapper/gradle-wrapper.properties",
            "gradle/libs.versions.toml",
        ];
        found.add(
            Answer::Manifests(scope.present(&files)),
            scope.there(file, "names the dependencies"),
        );
    }
    let quoted = |line: &str, key: &str| {
        let rest = line
            .trim()
            .strip_prefix(key)?
            .trim_start_matches([' ', '=']);
        let text = rest.strip_prefix(['"', '\''])?.split(['"', '\'']).next()?;
        Some(text.to_owned())
    };
    let name = settings.and_then(|file| scope.find(file, |line| quoted(line, "rootProject.name")));
    let version = scope.find(file, |line| quoted(line, "version"));
    if let Some((name, evidence)) = &name {
        found.add(Answer::Name(name_of(name)), evidence.clone());
    }
    match (name, version) {
        (Some((name, evidence)), Some((version, _))) if !several => {
            found.add(Answer::Output(format!("build/libs/{name}-{version}.jar")), evidence);
        }
        _ => found.ask("build.output", "the name of the jar is not plain in the Gradle files: which file below `build/libs` is the program?"),
    }
    Some(found)
}

/// `server.port` of Spring's settings.
fn properties(scope: &Scope<'_>, found: &mut Found) {
    let port = scope.find("src/main/resources/application.properties", |line| {
        line.trim()
            .strip_prefix("server.port")?
            .trim_start_matches([' ', '=', ':'])
            .trim()
            .parse()
            .ok()
    });
    found.take(port.map(|(port, evidence)| (Answer::Port(port), evidence)));
}
