//! A build, a push and the registry's own word for it, with a real Docker Engine and a registry with a
//! password. Says that it was skipped where there is none; bases are not needed: the images begin
//! from nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests"
)]

mod common;

use common::image::{CATALOGUE, RECIPE, Ran, command, service};
use common::registry::{Registry, docker, missing};
use std::fs;
use std::path::Path;

/// Both builders, with a word for a tag.
const BUILDERS: [(&str, &[&str]); 2] = [("buildkit", &[]), ("classic", &["--classic"])];

/// The program in the service, with the engine of this machine.
fn run(folder: &Path, args: &[&str]) -> Ran {
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    let mut command = command(folder, &host, args);
    Ran::of(command.args(["-o", "json"]).spawn().unwrap())
}

fn build(folder: &Path, tag: &str, more: &[&str]) -> Ran {
    let args = ["image", "build", "--catalogue", "catalogue.toml"];
    run(folder, &[&args[..], &["--tag", tag], more].concat())
}

#[test]
fn an_image_is_built_pushed_and_verified() {
    if let Some(why) = missing() {
        eprintln!("skipped: {why}");
        return;
    }
    let folder = service();
    let recipe = RECIPE.replace("name = \"hello\"", "name = \"hello\"\nproject = \"shop\"");
    let dir = folder.path().join("service");
    fs::write(dir.join("quarterdeck.toml"), recipe).unwrap();
    fs::write(dir.join(".env"), "SECRET=1\n").unwrap();
    let registry = Registry::start(folder.path());
    registry.log_in(folder.path());
    for (name, builder) in BUILDERS {
        let tag = format!("127.0.0.1:{}/shop/hello:{name}", registry.port);
        let ran = build(folder.path(), &tag, &[&["--push"][..], builder].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        // The secret and the recipe beside the source are left out.
        assert_eq!(ran.events[0]["event"], "context");
        assert_eq!(ran.events[0]["files"], 2, "{}", ran.events[0]);
        let pushed = ran.events.iter().find(|it| it["event"] == "pushed");
        let last = ran.events.last().unwrap();
        assert_eq!(last["result"], "done");
        assert_eq!(last["digest"], pushed.unwrap()["digest"]);

        let known = run(folder.path(), &["image", "verify", &tag]);
        assert_eq!(known.events[0]["digest"], last["digest"], "{}", known.err);
        docker(&["rmi", "-f", &tag]);
    }
    let none = format!("127.0.0.1:{}/shop/hello:none", registry.port);
    let ran = run(folder.path(), &["image", "verify", &none]);
    assert!(ran.code == 1 && ran.err.contains("has no"), "{}", ran.err);
    run(folder.path(), &["image", "push", &none]).failed(4, &["the engine has no image", "build"]);
}

#[test]
fn a_base_behind_a_password_is_fetched_with_the_persons_credentials() {
    if let Some(why) = missing() {
        eprintln!("skipped: {why}");
        return;
    }
    let folder = service();
    let registry = Registry::start(folder.path());
    registry.log_in(folder.path());
    let base = format!("127.0.0.1:{}/bases/hello:1", registry.port);
    let ran = build(folder.path(), &base, &["--push"]);
    assert_eq!(ran.code, 0, "{}", ran.err);

    let catalogue = CATALOGUE.replace("run = \"scratch\"", &format!("run = \"{base}\""));
    let catalogue = format!("[policy]\nregistries = []\n{catalogue}");
    let file = folder.path().join("service/catalogue.toml");
    fs::write(&file, &catalogue).unwrap();
    // Somebody who has not logged in.
    let stranger = service();
    fs::write(stranger.path().join("service/catalogue.toml"), &catalogue).unwrap();
    for (name, builder) in BUILDERS {
        docker(&["rmi", "-f", &base]);
        let tag = format!("quarterdeck-test/private-{name}:1");
        build(stranger.path(), &tag, builder).failed(1, &[&base, "[base]"]);
        let ran = build(folder.path(), &tag, builder);
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        docker(&["rmi", "-f", &tag]);
    }
    docker(&["rmi", "-f", &base]);
}
