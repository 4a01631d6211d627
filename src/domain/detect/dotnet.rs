//! .NET: project files.

use super::{Answer, Found, Scope, ends, name_of, xml};

pub fn detect(scope: &Scope<'_>) -> Option<Found> {
    let is_project = |path: &&str| {
        [".csproj", ".fsproj", ".vbproj"]
            .iter()
            .any(|end| path.ends_with(end))
    };
    let mut projects: Vec<&str> = scope.direct().filter(is_project).collect();
    let solution = scope
        .direct()
        .find(|path| ends(path, ".sln") || ends(path, ".slnx"));
    if projects.is_empty() && solution.is_some() {
        projects = scope
            .all()
            .filter(is_project)
            .filter(|path| path.matches('/').count() <= 3)
            .collect();
    }
    let web: Vec<&str> = projects
        .iter()
        .copied()
        .filter(|path| {
            scope.read(path).is_some_and(|text| {
                text.contains("Microsoft.NET.Sdk.Web") || text.contains("<OutputType>Exe")
            })
        })
        .collect();
    let first = solution.or(projects.first().copied())?;
    let mut found = Found::new(scope, "dotnet", scope.there(first, "a .NET project"));
    found.add(
        Answer::Tool("dotnet".into()),
        scope.there(first, "a .NET project"),
    );
    match (web.as_slice(), projects.as_slice()) {
        ([project], _) | ([], [project]) => one(scope, project, &mut found),
        ([], several) | (several, _) => {
            found.ask(
                "build.target",
                format!("which project is the program: {}?", several.join(", ")),
            );
        }
    }
    Some(found)
}

fn one(scope: &Scope<'_>, project: &str, found: &mut Found) {
    let text = scope.read(project).unwrap_or_default();
    let framework = xml::text(&text, "Project/PropertyGroup/TargetFramework");
    if let Some((framework, line)) = framework {
        let whole = text.lines().nth(line - 1).unwrap_or_default();
        let version = framework
            .trim_start_matches("net")
            .split('-')
            .next()
            .unwrap_or_default()
            .to_owned();
        found.add(Answer::AtLeast(version), scope.line(project, line, whole));
    }
    let sdk = scope.find("global.json", |line| {
        let (_, rest) = line.split_once("\"version\"")?;
        Some(
            rest.trim_start_matches([':', ' ', '"'])
                .split('"')
                .next()?
                .to_owned(),
        )
    });
    found.take(sdk.map(|(version, evidence)| (Answer::Version(version), evidence)));
    let stem = project.rsplit('/').next().unwrap_or(project);
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    let assembly = xml::text(&text, "Project/PropertyGroup/AssemblyName")
        .map_or_else(|| stem.to_owned(), |(name, _)| name);
    found.add(
        Answer::Target(project.to_owned()),
        scope.there(project, "the project"),
    );
    found.add(
        Answer::Output(format!("{assembly}.dll")),
        scope.there(project, "gives the assembly its name"),
    );
    found.add(
        Answer::Name(name_of(stem)),
        scope.there(project, "the project's name"),
    );
    // A project that refers to others needs theirs to restore.
    if !text.contains("<ProjectReference") {
        let mut manifests = vec![project.to_owned()];
        manifests.extend(scope.present(&[
            "global.json",
            "NuGet.config",
            "nuget.config",
            "Directory.Build.props",
            "Directory.Packages.props",
        ]));
        if project.contains('/') {
            return;
        }
        manifests.extend(scope.present(&["packages.lock.json"]));
        found.add(
            Answer::Manifests(manifests),
            scope.there(project, "names the dependencies"),
        );
    }
}
