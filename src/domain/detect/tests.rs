#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::domain::catalogue::Catalogue;
use crate::domain::recipe::propose;
use proptest::prelude::*;

fn tree(files: &[(&str, &str)]) -> MemoryTree {
    MemoryTree::new("hello", files.iter().copied())
}

fn first(files: &[(&str, &str)]) -> Found {
    detect(&tree(files)).into_iter().next().unwrap()
}

/// Key, value and evidence of each finding.
fn says(found: &Found) -> Vec<(String, String, String)> {
    let line = |it: &Finding| {
        (
            it.answer.key().to_owned(),
            it.answer.value(),
            it.evidence.to_string(),
        )
    };
    found.findings.iter().map(line).collect()
}

#[track_caller]
fn expect(found: &Found, key: &str, value: &str, evidence: &str) {
    let all = says(found);
    assert!(
        all.iter()
            .any(|(k, v, e)| k == key && v == value && e == evidence),
        "{key} = {value} by {evidence}\n{all:#?}"
    );
}

#[test]
fn go() {
    let main = "package main\n\nimport \"net/http\"\n\nfunc main() {\n\thttp.ListenAndServe(\":9000\", nil)\n}\n";
    let found = first(&[
        ("go.mod", "module example.test/shop/v2\n\ngo 1.24\n"),
        ("cmd/api/main.go", main),
        ("internal/x.go", "package x\n"),
    ]);
    assert_eq!(found.stack.as_str(), "go");
    expect(
        &found,
        "base.version",
        "1.24 or newer",
        "go.mod line 3: go 1.24",
    );
    expect(
        &found,
        "build.target",
        "./cmd/api",
        "cmd/api/main.go line 5: func main() {",
    );
    expect(
        &found,
        "run.ports",
        "9000",
        "cmd/api/main.go line 6: http.ListenAndServe(\":9000\", nil)",
    );
    expect(
        &found,
        "project.name",
        "shop",
        "go.mod line 1: module example.test/shop/v2",
    );
    let two = first(&[
        ("go.mod", "module x\n"),
        ("cmd/a/main.go", main),
        ("cmd/b/main.go", main),
    ]);
    assert_eq!(two.questions[0].key, "build.target");
    assert!(two.questions[0].why.contains("./cmd/a, ./cmd/b"));
}

#[test]
fn node_and_its_package_managers() {
    let package = "{\n  \"name\": \"@acme/hello\",\n  \"engines\": {\"node\": \">=22\"},\n  \"scripts\": {\n    \"start\": \"node server.js\",\n    \"build\": \"tsc\"\n  }\n}";
    let server = "listen(process.env.PORT || 4000)\n";
    let found = first(&[
        ("package.json", package),
        ("package-lock.json", "{}"),
        ("server.js", server),
    ]);
    assert_eq!(found.stack.as_str(), "node");
    expect(
        &found,
        "project.name",
        "hello",
        "package.json line 2: \"name\": \"@acme/hello\",",
    );
    expect(
        &found,
        "base.version",
        ">=22",
        "package.json line 3: \"engines\": {\"node\": \">=22\"},",
    );
    expect(
        &found,
        "run.command",
        "node server.js",
        "package.json line 5: \"start\": \"node server.js\",",
    );
    expect(
        &found,
        "build.commands",
        "npm run build",
        "package.json line 6: \"build\": \"tsc\"",
    );
    expect(
        &found,
        "run.ports",
        "4000",
        "server.js line 1: listen(process.env.PORT || 4000)",
    );
    for (lock, text, tool) in [
        ("pnpm-lock.yaml", "", "pnpm"),
        ("yarn.lock", "# yarn lockfile v1\n", "yarn-classic"),
        ("yarn.lock", "__metadata:\n", "yarn"),
        ("package-lock.json", "{}", "npm"),
        ("README", "", "npm-install"),
    ] {
        let found = first(&[("package.json", "{\"main\":\"a.js\"}"), (lock, text)]);
        assert_eq!(found.get("build.tool").unwrap().answer.value(), tool);
    }
    let none = first(&[("package.json", "{}")]);
    assert_eq!(none.questions[0].key, "run.command");
}

#[test]
fn a_site_built_with_node_is_static() {
    let package = "{\"scripts\":{\"build\":\"vite build\"},\"devDependencies\":{\"vite\":\"6\"}}";
    let found = first(&[("package.json", package), ("package-lock.json", "{}")]);
    assert_eq!(
        (
            found.stack.as_str(),
            found.get("build.output").unwrap().answer.value()
        ),
        ("static", "dist".into())
    );
    let server = "{\"scripts\":{\"build\":\"vite build\",\"start\":\"node a.js\"},\"dependencies\":{\"express\":\"4\",\"vite\":\"6\"}}";
    assert_eq!(first(&[("package.json", server)]).stack, "node");
}

#[test]
fn python() {
    let app = "from flask import Flask\napp = Flask(__name__)\n";
    let found = first(&[
        ("requirements.txt", "flask==3.1.0\ngunicorn==23.0.0\n"),
        (".python-version", "3.12\n"),
        ("app.py", app),
    ]);
    expect(
        &found,
        "base.version",
        "3.12",
        ".python-version line 1: 3.12",
    );
    expect(
        &found,
        "run.command",
        "gunicorn --bind 0.0.0.0:8000 app:app",
        "app.py line 2: app = Flask(__name__)",
    );
    let poetry = "[tool.poetry]\nname = \"x\"\n[tool.poetry.dependencies]\npython = \"^3.11\"\nfastapi = \"1\"\nuvicorn = \"1\"\n";
    let found = first(&[
        ("pyproject.toml", poetry),
        ("poetry.lock", ""),
        (
            "main.py",
            "from fastapi import FastAPI\napp: FastAPI = FastAPI()\n",
        ),
    ]);
    expect(
        &found,
        "base.version",
        "^3.11",
        "pyproject.toml line 4: python = \"^3.11\"",
    );
    assert_eq!(found.get("build.tool").unwrap().answer.value(), "poetry");
    assert_eq!(
        found.get("run.command").unwrap().answer.value(),
        "uvicorn main:app --host 0.0.0.0 --port 8000"
    );
    let unclear = first(&[("requirements.txt", "requests\n")]);
    assert_eq!(unclear.questions[0].key, "run.command");
}

#[test]
fn java() {
    let pom = "<project>\n<groupId>t</groupId>\n<artifactId>hello</artifactId>\n<version>1.0</version>\n<properties>\n<maven.compiler.release>21</maven.compiler.release>\n</properties></project>";
    let found = first(&[("pom.xml", pom)]);
    assert_eq!(found.stack.as_str(), "java-maven");
    expect(
        &found,
        "base.version",
        "21 or newer",
        "pom.xml line 6: <maven.compiler.release>21</maven.compiler.release>",
    );
    expect(
        &found,
        "build.output",
        "target/hello-1.0.jar",
        "pom.xml line 3: <artifactId>hello</artifactId>",
    );
    let gradle = "plugins { id 'java' }\nversion = '2.0'\njava { toolchain { languageVersion = JavaLanguageVersion.of(17) } }\n";
    let found = first(&[
        ("build.gradle", gradle),
        ("settings.gradle", "rootProject.name = 'shop'\n"),
        ("gradlew", ""),
    ]);
    assert_eq!(
        (
            found.stack.as_str(),
            found.get("build.tool").unwrap().answer.value()
        ),
        ("java-gradle", "wrapper".into())
    );
    assert_eq!(
        found.get("build.output").unwrap().answer.value(),
        "build/libs/shop-2.0.jar"
    );
    let unclear = first(&[("build.gradle", "")]);
    assert_eq!(unclear.questions[0].key, "build.output");
}

#[test]
fn rust() {
    let cargo = "[package]\nname = \"hello\"\nversion = \"0.1.0\"\nrust-version = \"1.80\"\n";
    let found = first(&[
        ("Cargo.toml", cargo),
        ("Cargo.lock", ""),
        ("src/main.rs", "bind(\"0.0.0.0:7000\")\n"),
    ]);
    expect(
        &found,
        "base.version",
        ">=1.80",
        "Cargo.toml line 4: rust-version = \"1.80\"",
    );
    assert_eq!(found.get("build.target").unwrap().answer.value(), "hello");
    assert_eq!(found.get("run.ports").unwrap().answer.value(), "7000");
    let two = first(&[
        ("Cargo.toml", cargo),
        ("Cargo.lock", ""),
        ("src/main.rs", ""),
        ("src/bin/b.rs", ""),
    ]);
    assert!(
        two.questions[0].why.contains("b, hello"),
        "{:?}",
        two.questions
    );
}

#[test]
fn dotnet_elixir_php_ruby() {
    let project = "<Project Sdk=\"Microsoft.NET.Sdk.Web\">\n<PropertyGroup>\n<TargetFramework>net8.0</TargetFramework></PropertyGroup></Project>";
    let found = first(&[("Hello.csproj", project)]);
    expect(
        &found,
        "base.version",
        "8.0 or newer",
        "Hello.csproj line 3: <TargetFramework>net8.0</TargetFramework></PropertyGroup></Project>",
    );
    assert_eq!(
        found.get("build.output").unwrap().answer.value(),
        "Hello.dll"
    );
    let found = first(&[("mix.exs", "  app: :shop,\n  elixir: \"~> 1.17\",\n")]);
    assert_eq!(found.get("build.target").unwrap().answer.value(), "shop");
    let found = first(&[
        ("composer.json", "{\"require\":{\"php\":\"^8.3\"}}"),
        ("public/index.php", ""),
    ]);
    expect(
        &found,
        "base.version",
        "^8.3",
        "composer.json line 1: \"php\": \"^8.3\"",
    );
    assert_eq!(found.get("build.output").unwrap().answer.value(), "public");
    let found = first(&[
        ("Gemfile", "ruby \"3.3.6\"\ngem \"puma\"\n"),
        ("Gemfile.lock", ""),
        ("config.ru", ""),
    ]);
    expect(
        &found,
        "base.version",
        "3.3.6",
        "Gemfile line 1: ruby \"3.3.6\"",
    );
    assert_eq!(found.get("run.ports").unwrap().answer.value(), "9292");
}

#[test]
fn pages_scripts_and_procfiles() {
    let found = first(&[("public/index.html", ""), ("README.md", "")]);
    assert_eq!(
        (
            found.stack.as_str(),
            found.get("build.output").unwrap().answer.value()
        ),
        ("static", "public".into())
    );
    let found = first(&[("start.sh", "#!/bin/bash\n")]);
    assert_eq!(
        (
            found.stack.as_str(),
            found.get("run.command").unwrap().answer.value()
        ),
        ("shell", "bash start.sh".into())
    );
    let found = first(&[
        ("requirements.txt", ""),
        ("Procfile", "web: gunicorn -b :$PORT x:app\n"),
    ]);
    expect(
        &found,
        "run.command",
        "gunicorn -b :8080 x:app",
        "Procfile line 1: web: gunicorn -b :$PORT x:app",
    );
    assert_eq!(found.get("run.ports").unwrap().answer.value(), "8080");
}

#[test]
fn what_is_uncertain_is_asked() {
    let found = first(&[
        ("go.mod", "module x\n"),
        ("main.go", "package main\nfunc main() {\n"),
        ("package.json", "{\"scripts\":{\"start\":\"node s.js\"}}"),
    ]);
    assert!(
        found.questions.iter().any(|it| it.key == "base.stack"),
        "{:?}",
        found.questions
    );
    let rails = first(&[
        ("Gemfile", "gem 'puma'\n"),
        ("Gemfile.lock", ""),
        ("config.ru", ""),
        ("package.json", "{\"scripts\":{\"start\":\"x\"}}"),
    ]);
    assert_eq!((rails.stack.as_str(), rails.questions.len()), ("ruby", 0));
}

#[test]
fn projects_of_a_monorepo_are_listed() {
    let all = detect(&tree(&[
        ("README.md", ""),
        ("services/api/go.mod", "module x\n"),
        ("services/web/package.json", "{}"),
        ("services/web/tests/fixtures/package.json", "{}"),
    ]));
    let folders: Vec<_> = all
        .iter()
        .map(|it| (it.folder.as_str(), it.stack.as_str()))
        .collect();
    assert_eq!(folders, [("services/api", "go"), ("services/web", "node")]);
    // Which one is meant is asked, not guessed.
    let proposal = propose(&all[0], &Catalogue::built_in());
    let mut questions = proposal.questions.iter();
    let question = questions.find(|it| it.key == PROJECT).unwrap();
    assert!(question.what.contains("services/web (node)"), "{question}");
    assert_eq!(proposal.recipe.build.directory, "services/api");
    let one = first(&[("go.mod", "module x\n"), ("web/package.json", "{}")]);
    assert!(one.questions.iter().all(|it| it.key != PROJECT));
}

#[test]
fn a_version_that_is_not_offered_is_asked() {
    let catalogue = Catalogue::built_in();
    let found = first(&[(
        "package.json",
        "{\"engines\":{\"node\":\"12\"},\"main\":\"a.js\"}",
    )]);
    let proposal = propose(&found, &catalogue);
    assert_eq!(proposal.recipe.base.version, "");
    assert!(
        proposal.questions[0].to_string().contains("22, 24"),
        "{:?}",
        proposal.questions
    );
}

#[test]
fn a_large_tree_costs_little() {
    let mut files: Vec<(String, String)> = (0..50_000)
        .map(|n| (format!("src/d{}/f{n}.txt", n % 500), String::new()))
        .collect();
    files.push(("go.mod".into(), "module x\n\ngo 1.24\n".into()));
    let tree = MemoryTree::new("big", files);
    let start = std::time::Instant::now();
    assert_eq!(detect(&tree)[0].stack, "go");
    assert!(start.elapsed().as_millis() < 1000, "{:?}", start.elapsed());
}

proptest! {
    #[test]
    fn hostile_files_do_not_panic(file in "(go.mod|package.json|pom.xml|Cargo.toml|pyproject.toml|Gemfile|mix.exs|x.csproj|build.gradle|composer.json|Procfile|Dockerfile)", text in "\\PC{0,120}") {
        let found = detect(&tree(&[(&file, &text)]));
        for project in &found {
            drop(propose(project, &Catalogue::built_in()));
        }
    }
}
