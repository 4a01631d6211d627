//! The wizard in a pseudo-terminal: from a folder to a build, and back to it after a crash.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::demo::clean_home;
use common::terminal::Terminal;
use common::wire::engine;
use std::path::Path;
use std::time::Duration;

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");
const QUIET: Duration = Duration::from_millis(300);
const SOON: Duration = Duration::from_secs(10);

/// A machine without an engine.
const NO_ENGINE: (&str, &str) = ("DOCKER_HOST", "unix:///nonexistent.sock");

fn open(home: &Path, args: &[&str], size: (u16, u16)) -> Terminal {
    open_at(home, args, size, NO_ENGINE)
}

/// The same, with an engine.
fn open_at(home: &Path, args: &[&str], size: (u16, u16), engine: (&str, &str)) -> Terminal {
    let env = clean_home(home);
    let mut env: Vec<(&str, &str)> = env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    env.push(("XDG_RUNTIME_DIR", ""));
    env.push(engine);
    Terminal::start(Path::new(PROGRAM), args, &env, size.0, size.1)
}

/// A small service for Node.
fn service(folder: &Path) {
    for (name, text) in [
        (
            "package.json",
            "{ \"name\": \"checkout-api\", \"engines\": { \"node\": \"22\" },\n  \"scripts\": { \"start\": \"node server.js\" } }\n",
        ),
        ("package-lock.json", "{}\n"),
        ("server.js", "require('http').createServer().listen(8080)\n"),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

fn new(terminal: &mut Terminal, folder: &Path) {
    terminal.send(&format!(":new {}\r", folder.display()));
}

#[test]
fn a_detected_service_is_built_with_one_enter() {
    let (home, source) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    service(source.path());
    let mut terminal = open(home.path(), &["demo"], (160, 50));
    terminal.wait_for("billing");
    new(&mut terminal, source.path());
    terminal.wait_for("lint: clean");
    terminal.wait_for("the demo plays a build");
    terminal.send("\r");
    terminal.wait_for("npm ci");
    terminal.wait_for("nothing runs");
    terminal.wait_for("built in");
    // The steps as a tree, and the lines of one.
    terminal.wait_for("build ┬ FROM");
    terminal.send("\t\t\t\t");
    terminal.wait_for("/step=4");
    terminal.wait_for("nothing runs");
    terminal.send("\t");
    terminal.wait_for("no line passes the filter");
    terminal.send("\x1b[Z\x1b[Z");
    terminal.wait_for("/step=3");
    let recipe = std::fs::read_to_string(source.path().join("quarterdeck.toml")).unwrap();
    assert!(recipe.contains("name = \"checkout-api\""), "{recipe}");
}

#[test]
fn without_an_engine_everything_but_the_build_works() {
    let (home, source) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    service(source.path());
    let mut terminal = open(home.path(), &[], (80, 24));
    terminal.wait_for("Open the demo");
    new(&mut terminal, source.path());
    terminal.wait_for("no Docker Engine answers");
    terminal.wait_for("docker.io");
    terminal.send("\x02");
    terminal.settle(QUIET);
    assert!(terminal.text().contains("Review"), "no build begins");
    // The whole Dockerfile, and back.
    terminal.send("\x04\x1b[6~");
    terminal.wait_for("CMD [\"node\", \"server.js\"]");
    terminal.send("\x04");
    terminal.wait_for("Only write quarterdeck.toml");
    terminal.send("\x13");
    terminal.wait_for("wrote");
    assert!(source.path().join("quarterdeck.toml").exists());
}

#[test]
fn a_wrong_answer_is_told_beside_it_and_a_crash_loses_none() {
    let (home, source) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    service(source.path());
    let mut terminal = open(home.path(), &[], (160, 50));
    terminal.wait_for("Open the demo");
    new(&mut terminal, source.path());
    terminal.wait_for("lint: clean");
    // From the review back to the settings, where the port stands first.
    terminal.send("\x1b[5~\x1b[5~");
    terminal.wait_for("found: server.js line 1");
    terminal.send("\x15http");
    terminal.wait_for("is no number");
    terminal.send("\x159191");
    terminal.wait_for("EXPOSE 9191");
    let drafts = home.path().join("state/quarterdeck/drafts");
    let deadline = std::time::Instant::now() + SOON;
    while std::fs::read_dir(&drafts).map_or(0, Iterator::count) == 0 {
        assert!(std::time::Instant::now() < deadline, "no draft is kept");
        terminal.settle(Duration::from_millis(100));
    }
    terminal.signal("KILL");
    let mut again = open(home.path(), &[], (160, 50));
    again.wait_for("Open the demo");
    new(&mut again, source.path());
    again.wait_for("your answers of last time");
    again.wait_for("EXPOSE 9191");
}

#[test]
fn a_source_that_is_not_there_is_named_and_can_be_typed_again() {
    let (home, source) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    service(source.path());
    let mut terminal = open(home.path(), &[], (80, 24));
    terminal.wait_for("Open the demo");
    new(&mut terminal, Path::new("/nonexistent/service"));
    terminal.wait_for("there is no folder");
    terminal.send(&format!("\x15{}\r", source.path().display()));
    terminal.wait_for("checkout-api:dev");
}

#[test]
fn a_build_whose_engine_dies_is_told_kept_and_leads_back_to_the_answers() {
    let (home, source) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    service(source.path());
    let host = engine(home.path(), |request, wire| {
        if !request.path.contains("/build?") {
            return wire.answer("404 Not Found", "", "{\"message\":\"no such image\"}");
        }
        wire.body(request, |_| {});
        wire.lines();
        wire.line("{\"stream\":\"Step 1/2 : FROM node\"}");
        wire.line("{\"stream\":\"Step 2/2 : RUN npm ci\"}");
        wire.line("{\"stream\":\"fetching the world\\n\"}");
    });
    let host = ("DOCKER_HOST", host.as_str());
    let mut terminal = open_at(home.path(), &["demo"], (160, 50), host);
    terminal.wait_for("billing");
    new(&mut terminal, source.path());
    terminal.wait_for("Docker 28.0.0 at");
    // An answer of one's own.
    terminal.send("\x1b[5~\x1b[5~");
    terminal.wait_for("found: server.js line 1");
    terminal.send("\x159191");
    terminal.wait_for("EXPOSE 9191");
    terminal.send("\x02");
    terminal.wait_for("the engine went away during the step `RUN npm ci`");
    terminal.wait_for("fetching the world");
    terminal.wait_for("look whether it still runs");
    terminal.send("e");
    terminal.wait_for("the build failed here");
    terminal.wait_for("EXPOSE 9191");
    terminal.send("\x1b");
    terminal.wait_for("billing");
    terminal.send(":builds\r");
    terminal.wait_for("failed");
    terminal.wait_for("the engine went away");
}

#[test]
fn a_dockerfile_of_ones_own_is_seen_beside_the_one_that_would_be_made() {
    let (home, source) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    service(source.path());
    let own = "FROM node:22\nCOPY . /srv\nCMD npm start\n";
    std::fs::write(source.path().join("Dockerfile"), own).unwrap();
    let mut terminal = open(home.path(), &["demo"], (80, 24));
    terminal.wait_for("live");
    new(&mut terminal, source.path());
    terminal.wait_for("Only write quarterdeck.toml");
    terminal.send("\x1bd");
    terminal.wait_for("COPY . /srv");
    assert!(terminal.text().contains("from the answers"));
    terminal.send("\x1b[6~");
    terminal.wait_for("CMD npm start");
    terminal.send("\x1bd");
    terminal.wait_for("Only write quarterdeck.toml");
}
