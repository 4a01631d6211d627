//! A build, a push and the registry's own word for it, with a real Docker Engine. Says that it was
//! skipped where there is none; bases are not needed: the images begin from nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests"
)]

use serde_json::Value;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A registry on loopback that ends with the test.
struct Registry {
    process: Child,
    port: u16,
}

impl Registry {
    /// Starts Debian's `docker-registry`; nothing when it is not installed.
    fn start(folder: &Path) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let config = folder.join("registry.yml");
        let text = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: 127.0.0.1:{port}}}\n",
            folder.join("registry").display()
        );
        std::fs::write(&config, text).unwrap();
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let registry = Self { process, port };
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "the registry does not listen");
            std::thread::yield_now();
        }
        Some(registry)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn quarterdeck(folder: &Path, args: &[&str]) -> (i32, Vec<Value>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .args(args)
        .current_dir(folder)
        .env("HOME", folder)
        .env_remove("XDG_CONFIG_HOME")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let events = out.lines().map(|line| serde_json::from_str(line).unwrap());
    let err = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), events.collect(), err)
}

const RECIPE: &str = "version = 1\n[project]\nname = \"hello\"\nproject = \"shop\"\n[base]\nstack = \"shell\"\nversion = \"1\"\nsystem = \"scratch\"\n[build]\ntool = \"plain\"\n[run]\ncommand = [\"/app/hello\"]\n";

const CATALOGUE: &str =
    "[stacks.shell]\nimages = [{ version = \"1\", system = \"scratch\", run = \"scratch\" }]\n";

#[test]
fn an_image_is_built_pushed_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    let dir = &folder.path().join("service");
    std::fs::create_dir(dir).unwrap();
    for (file, text) in [
        ("quarterdeck.toml", RECIPE),
        ("catalogue.toml", CATALOGUE),
        ("hello", "#!/bin/sh\n"),
        (".env", "SECRET=1\n"),
    ] {
        std::fs::write(dir.join(file), text).unwrap();
    }
    let Some(registry) = Registry::start(folder.path()) else {
        eprintln!("skipped: no docker-registry (apt-get install docker-registry)");
        return;
    };
    for variant in ["", "--classic"] {
        let tag = format!("127.0.0.1:{}/shop/hello:1{variant}", registry.port);
        let mut args = vec![
            "image",
            "build",
            "--tag",
            &tag,
            "--push",
            "-o",
            "json",
            "--catalogue",
            "catalogue.toml",
        ];
        args.extend(Some(variant).filter(|it| !it.is_empty()));
        let (code, events, err) = quarterdeck(dir, &args);
        if code == 5 && err.contains("no Docker Engine") {
            eprintln!("skipped: no engine (apt-get install docker.io)");
            return;
        }
        assert_eq!(code, 0, "{err}");
        let context = &events[0];
        assert_eq!(
            (&context["event"], &context["files"]),
            (&"context".into(), &2.into()),
            "{context}"
        );
        let pushed = events.iter().find(|it| it["event"] == "pushed").unwrap();
        let last = events.last().unwrap();
        assert_eq!(
            (&last["result"], &last["digest"]),
            (&"done".into(), &pushed["digest"])
        );

        let (code, events, err) = quarterdeck(dir, &["image", "verify", &tag, "-o", "json"]);
        assert_eq!((code, &events[0]["digest"]), (0, &last["digest"]), "{err}");
    }
    let missing = format!("127.0.0.1:{}/shop/hello:none", registry.port);
    let (code, _, err) = quarterdeck(dir, &["image", "verify", &missing, "-o", "json"]);
    assert!(code == 1 && err.contains("has no"), "{err}");
}
