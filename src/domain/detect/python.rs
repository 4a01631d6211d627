//! Python: `requirements.txt`, `pyproject.toml`, `Pipfile`, or only programs.

use super::{Answer, Evidence, Found, Scope, name_of, node::tool_versions, toml_text};

/// Programs by their usual name, the likeliest first.
const PROGRAMS: &[&str] = &[
    "main.py",
    "app.py",
    "server.py",
    "wsgi.py",
    "asgi.py",
    "run.py",
    "start.py",
    "bot.py",
    "hello.py",
];

pub fn detect(scope: &Scope<'_>) -> Option<Found> {
    let files = scope.present(&[
        "pyproject.toml",
        "requirements.txt",
        "Pipfile",
        "setup.py",
        "manage.py",
    ]);
    let program = PROGRAMS.iter().find(|name| scope.has(name));
    let first = files.first().map(String::as_str).or(program.copied())?;
    let what = if files.is_empty() {
        "a Python program"
    } else {
        "a Python project"
    };
    let mut found = Found::new(scope, "python", scope.there(first, what));
    let pyproject = scope.read("pyproject.toml").unwrap_or_default();
    for path in ["project.name", "tool.poetry.name"] {
        if let Some((name, line)) = toml_text::text(&pyproject, path) {
            found.add(Answer::Name(name_of(&name)), quote(scope, &pyproject, line));
        }
    }
    version(scope, &pyproject, &mut found);
    tool(scope, &pyproject, &mut found);
    start(scope, &pyproject, &mut found);
    Some(found)
}

/// Evidence of a line of `pyproject.toml`.
fn quote(scope: &Scope<'_>, text: &str, line: usize) -> Evidence {
    scope.line(
        "pyproject.toml",
        line,
        text.lines().nth(line - 1).unwrap_or_default(),
    )
}

fn version(scope: &Scope<'_>, pyproject: &str, found: &mut Found) {
    let first = scope.find(".python-version", |line| {
        let line = line.trim();
        (!line.is_empty() && !line.starts_with('#')).then(|| line.to_owned())
    });
    found.take(first.map(|(version, evidence)| (Answer::Version(version), evidence)));
    let runtime = scope.find("runtime.txt", |line| {
        line.trim().strip_prefix("python-").map(str::to_owned)
    });
    found.take(runtime.map(|(version, evidence)| (Answer::Version(version), evidence)));
    found.take(tool_versions(scope, "python"));
    let pipfile = scope.read("Pipfile").unwrap_or_default();
    if let Some((version, line)) = toml_text::text(&pipfile, "requires.python_version") {
        let whole = pipfile.lines().nth(line - 1).unwrap_or_default();
        found.add(Answer::Version(version), scope.line("Pipfile", line, whole));
    }
    for path in ["project.requires-python", "tool.poetry.dependencies.python"] {
        if let Some((version, line)) = toml_text::text(pyproject, path) {
            found.add(Answer::Version(version), quote(scope, pyproject, line));
        }
    }
}

fn tool(scope: &Scope<'_>, pyproject: &str, found: &mut Found) {
    let add = |found: &mut Found, tool: &str, file: &str, why: &str, manifests: &[&str]| {
        found.add(Answer::Tool(tool.to_owned()), scope.there(file, why));
        found.add(
            Answer::Manifests(scope.present(manifests)),
            scope.there(file, "names the dependencies"),
        );
    };
    if scope.has("uv.lock") {
        add(
            found,
            "uv",
            "uv.lock",
            "the lockfile",
            &["pyproject.toml", "uv.lock"],
        );
    } else if scope.has("poetry.lock") || toml_text::has(pyproject, "tool.poetry") {
        let file = if scope.has("poetry.lock") {
            "poetry.lock"
        } else {
            "pyproject.toml"
        };
        add(
            found,
            "poetry",
            file,
            "made by Poetry",
            &["pyproject.toml", "poetry.lock"],
        );
    } else if scope.has("Pipfile.lock") {
        add(
            found,
            "pipenv",
            "Pipfile.lock",
            "the lockfile",
            &["Pipfile", "Pipfile.lock"],
        );
    } else if scope.has("requirements.txt") {
        add(
            found,
            "pip",
            "requirements.txt",
            "names the dependencies",
            &["requirements.txt", "constraints.txt"],
        );
        found.add(
            Answer::Target("requirements.txt".into()),
            scope.there("requirements.txt", "names the dependencies"),
        );
    } else if toml_text::has(pyproject, "project") {
        found.add(
            Answer::Tool("pyproject".into()),
            scope.there("pyproject.toml", "names the dependencies"),
        );
    } else if scope.has("Pipfile") {
        found.ask(
            "build.tool",
            "there is a Pipfile without Pipfile.lock: run `pipenv lock`, or choose another tool",
        );
    } else {
        found.add(
            Answer::Tool("plain".into()),
            scope.there(
                &found.findings[0].evidence.file.clone(),
                "nothing names dependencies",
            ),
        );
    }
}

/// What names of dependencies the project gives, lower case, in one text.
fn dependencies(scope: &Scope<'_>) -> String {
    ["requirements.txt", "pyproject.toml", "Pipfile", "setup.py"]
        .iter()
        .filter_map(|file| scope.read(file))
        .collect::<Vec<_>>()
        .join("\n")
        .to_ascii_lowercase()
}

fn start(scope: &Scope<'_>, pyproject: &str, found: &mut Found) {
    let wants = dependencies(scope);
    if scope.has("manage.py") && wants.contains("django") {
        django(scope, &wants, found);
        return;
    }
    for file in PROGRAMS.iter().filter(|name| scope.has(name)) {
        if let Some((command, port, evidence)) = application(scope, file, &wants) {
            found.add(Answer::Command(command), evidence.clone());
            found.add(Answer::Port(port), evidence);
            return;
        }
    }
    let program = PROGRAMS.iter().find_map(|file| {
        scope.find(file, |line| {
            line.starts_with("if __name__").then_some(*file)
        })
    });
    if let Some((file, evidence)) = program {
        found.add(
            Answer::Command(vec!["python".into(), file.into()]),
            evidence,
        );
        return;
    }
    let script = first_script(pyproject);
    if let Some((name, line)) = script {
        found.add(Answer::Command(vec![name]), quote(scope, pyproject, line));
        return;
    }
    let only: Vec<_> = PROGRAMS.iter().filter(|name| scope.has(name)).collect();
    if let [file] = only.as_slice() {
        let command = ["python", **file].map(str::to_owned).to_vec();
        found.add(
            Answer::Command(command),
            scope.there(file, "the usual name of the program"),
        );
    } else if !scope.has("Procfile") {
        found.ask("run.command", "no program was recognised: what starts the service, such as \"gunicorn --bind 0.0.0.0:8000 app:app\"?");
    }
}

/// A web application in a file: how it is served, and its port.
fn application(scope: &Scope<'_>, file: &str, wants: &str) -> Option<(Vec<String>, u16, Evidence)> {
    let module = file.trim_end_matches(".py");
    let (name, kind, evidence) = scope
        .find(file, |line| {
            let (name, rest) = line.split_once('=')?;
            let name = name.split(':').next()?.trim();
            let plain =
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            let kind = ["Flask(", "FastAPI(", "Starlette(", "Quart("]
                .iter()
                .find(|kind| {
                    rest.trim_start().starts_with(**kind) || rest.contains(&format!(".{kind}"))
                })?;
            (plain && !line.starts_with([' ', '\t', '#'])).then(|| (name.to_owned(), *kind))
        })
        .map(|((name, kind), evidence)| (name, kind, evidence))?;
    let target = format!("{module}:{name}");
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    let asgi = kind != "Flask(";
    let command = if asgi
        && ["uvicorn", "fastapi[standard]"]
            .iter()
            .any(|it| wants.contains(it))
    {
        words(&["uvicorn", &target, "--host", "0.0.0.0", "--port", "8000"])
    } else if asgi && wants.contains("hypercorn") {
        words(&["hypercorn", "--bind", "0.0.0.0:8000", &target])
    } else if !asgi && wants.contains("gunicorn") {
        words(&["gunicorn", "--bind", "0.0.0.0:8000", &target])
    } else if !asgi && wants.contains("waitress") {
        words(&[
            "waitress-serve",
            "--host",
            "0.0.0.0",
            "--port",
            "8000",
            &target,
        ])
    } else {
        return None;
    };
    Some((command, 8000, evidence))
}

fn django(scope: &Scope<'_>, wants: &str, found: &mut Found) {
    let settings = scope.find("manage.py", |line| {
        let (_, rest) = line.split_once("DJANGO_SETTINGS_MODULE")?;
        let module = rest.trim_start_matches(['"', '\'', ',', ' ']);
        module
            .split(['"', '\''])
            .next()?
            .split('.')
            .next()
            .map(str::to_owned)
    });
    match settings {
        Some((package, evidence)) if wants.contains("gunicorn") => {
            let target = format!("{package}.wsgi:application");
            let command = ["gunicorn", "--bind", "0.0.0.0:8000", &target]
                .map(str::to_owned)
                .to_vec();
            found.add(Answer::Command(command), evidence.clone());
            found.add(Answer::Port(8000), evidence);
        }
        _ => found.ask(
            "run.command",
            "a Django project without gunicorn among its dependencies: what serves it?",
        ),
    }
}

/// The first of `[project.scripts]`.
fn first_script(pyproject: &str) -> Option<(String, usize)> {
    let mut inside = false;
    for (at, line) in pyproject.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line == "[project.scripts]";
        } else if inside && let Some((name, _)) = line.split_once('=') {
            return Some((name.trim().trim_matches('"').to_owned(), at + 1));
        }
    }
    None
}
