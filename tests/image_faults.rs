//! What goes wrong while an image is made: each fault ends in a clear state, says what and what to
//! do, and leaves what the person wrote as it was. Where a real engine cannot be made to fail in
//! that way, one of our own does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests"
)]

mod common;

use common::image::{CATALOGUE, PROGRAM, RECIPE, Ran, command, service};
use common::wire::{Request, Wire, engine, on_loopback};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const TAG: &str = "127.0.0.1:1/shop/hello:1";

const BUILD: [&str; 9] = [
    "image",
    "build",
    "--classic",
    "--catalogue",
    "catalogue.toml",
    "--tag",
    TAG,
    "-o",
    "json",
];

fn build(folder: &Path, host: &str) -> Ran {
    Ran::of(command(folder, host, &BUILD).spawn().unwrap())
}

/// An engine that answers builds alone.
fn builder(
    folder: &Path,
    handler: impl Fn(&Request, &mut Wire<'_>) + Send + Sync + 'static,
) -> String {
    engine(folder, move |request, wire| {
        if request.path.contains("/build?") {
            handler(request, wire);
        } else {
            wire.answer("404 Not Found", "", "{\"message\":\"page not found\"}");
        }
    })
}

#[test]
fn an_engine_that_dies_in_a_step_is_told_and_the_step_failed() {
    let folder = service();
    let host = builder(folder.path(), |request, wire| {
        wire.body(request, |_| {});
        wire.lines();
        wire.line("{\"stream\":\"Step 1/2 : FROM scratch\"}");
        wire.line("{\"stream\":\"Step 2/2 : RUN make\"}");
        wire.line("{\"stream\":\"compiling\\n\"}");
    });
    let ran = build(folder.path(), &host);
    ran.failed(
        5,
        &["the engine went away", "RUN make", "whether it still runs"],
    );
    let failed = ran.events.iter().any(|it| it["state"] == "failed");
    assert!(failed, "the step that ran is told to have failed");
}

#[test]
fn an_engine_that_dies_while_the_source_is_sent_is_told() {
    let folder = service();
    fs::write(folder.path().join("service/big"), vec![7; 8 << 20]).unwrap();
    let host = builder(folder.path(), |_, _| {});
    build(folder.path(), &host).failed(5, &["the engine went away", "whether it still runs"]);
}

/// A build of a source with a large file before a small one, which is changed when the engine has
/// begun to read.
fn changed_while_read(change: impl Fn(&Path) + Send + Sync + 'static) -> (Ran, tempfile::TempDir) {
    let folder = service();
    let last = folder.path().join("service/zlast");
    fs::write(folder.path().join("service/big"), vec![7; 16 << 20]).unwrap();
    fs::write(&last, "as it was listed").unwrap();
    let host = builder(folder.path(), move |request, wire| {
        let mut change = Some(|| change(&last));
        wire.body(request, |_| {
            if let Some(change) = change.take() {
                change();
            }
        });
        wire.lines();
        wire.line("{\"aux\":{\"ID\":\"sha256:1\"}}");
        wire.end();
    });
    (build(folder.path(), &host), folder)
}

#[test]
fn a_source_that_changes_while_it_is_read_fails_by_name_or_arrives_as_it_was_listed() {
    let (ran, _folder) = changed_while_read(|file| fs::write(file, "short").unwrap());
    ran.failed(1, &["zlast: it became shorter", "build again"]);
    let (ran, _folder) = changed_while_read(|file| fs::remove_file(file).unwrap());
    ran.failed(1, &["zlast", "No such file", "build again"]);
    let (ran, _folder) = changed_while_read(|file| {
        let mut file = fs::OpenOptions::new().append(true).open(file).unwrap();
        file.write_all(b" and more").unwrap();
    });
    assert_eq!(ran.code, 0, "what was promised is sent: {}", ran.err);
}

/// Runs as somebody who may not read everything; nothing where that cannot be had.
fn without_rights(command: &mut Command, folder: &Path) -> Option<()> {
    let output = Command::new("id").arg("-u").output().ok()?;
    if String::from_utf8_lossy(&output.stdout).trim() != "0" {
        return Some(());
    }
    // The program must be reachable for that person too.
    let program = folder.join("quarterdeck");
    fs::copy(PROGRAM, &program).ok()?;
    let mut others = Command::new(&program);
    others
        .args(command.get_args())
        .current_dir(folder.join("service"))
        .env("HOME", folder)
        .env("DOCKER_HOST", "unix:///nonexistent.sock")
        .uid(65534)
        .gid(65534)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => others.env(name, value),
            None => others.env_remove(name),
        };
    }
    *command = others;
    Some(())
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = service();
    let dir = folder.path().join("service");
    let host = builder(folder.path(), |request, wire| {
        wire.body(request, |_| {});
        wire.lines();
        wire.line("{\"aux\":{\"ID\":\"sha256:1\"}}");
        wire.end();
    });
    for path in [folder.path(), &dir] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let socket = folder.path().join("engine.sock");
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o777)).unwrap();
    let run = |args: &[&str]| {
        let mut command = command(folder.path(), &host, args);
        without_rights(&mut command, folder.path())?;
        Some(Ran::of(command.spawn().ok()?))
    };
    let secret = dir.join("secret");
    fs::write(&secret, "s").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    let Some(ran) = run(&BUILD) else {
        eprintln!("skipped: nobody without rights can be had here");
        return;
    };
    ran.failed(1, &["secret", "Permission denied", "ignore"]);

    // Left out, it is in nobody's way.
    fs::write(dir.join(".dockerignore"), "secret\nclosed\n").unwrap();
    let ran = run(&BUILD).unwrap();
    assert_eq!(ran.code, 0, "{}", ran.err);
    fs::remove_file(dir.join(".dockerignore")).unwrap();
    fs::remove_file(&secret).unwrap();

    let closed = dir.join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let ran = run(&BUILD).unwrap();
    ran.failed(1, &["closed", "cannot be read", "ignore"]);
    // What can be read is enough to say what it is.
    fs::write(dir.join("go.mod"), "module x\n\ngo 1.25\n").unwrap();
    let ran = run(&["image", "detect", "-o", "json"]).unwrap();
    assert_eq!(ran.code, 0, "{}", ran.err);
    fs::write(dir.join(".dockerignore"), "closed\n").unwrap();
    let ran = run(&BUILD).unwrap();
    assert_eq!(
        ran.code, 0,
        "a folder that is left out is not entered: {}",
        ran.err
    );
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_file_of_gigabytes_does_not_enter_memory() {
    let long = std::env::var_os("QUARTERDECK_LONG_TESTS").is_some();
    let gigabytes: u64 = if long { 5 } else { 2 };
    let bytes = gigabytes << 30;
    let folder = service();
    let dir = folder.path().join("service");
    let file = fs::File::create(dir.join("huge.bin")).unwrap();
    file.set_len(bytes).unwrap();
    fs::write(dir.join("go.mod"), "module x\n\ngo 1.25\n").unwrap();
    let began = Instant::now();
    let detect = command(folder.path(), "", &["image", "detect", "-o", "json"]);
    let detected = Ran::of({ detect }.spawn().unwrap());
    assert!(detected.code == 0 && began.elapsed() < Duration::from_secs(5));

    let process = Arc::new(AtomicU32::new(0));
    let peak = Arc::new(AtomicU32::new(0));
    let (of, seen) = (Arc::clone(&process), Arc::clone(&peak));
    let host = builder(folder.path(), move |request, wire| {
        let sent = wire.body(request, |_| {});
        let status = fs::read_to_string(format!("/proc/{}/status", of.load(Ordering::SeqCst)));
        let peak = status.unwrap_or_default().lines().find_map(|line| {
            let kilobytes = line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?;
            kilobytes.parse().ok()
        });
        seen.store(peak.unwrap_or(0), Ordering::SeqCst);
        wire.lines();
        wire.line(&format!("{{\"stream\":\"arrived: {sent}\\n\"}}"));
        wire.line("{\"aux\":{\"ID\":\"sha256:1\"}}");
        wire.end();
    });
    let child = command(folder.path(), &host, &BUILD).spawn().unwrap();
    process.store(child.id(), Ordering::SeqCst);
    let ran = Ran::of(child);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.events[0]["largest"][0]["file"], "huge.bin");
    let line = ran.events.iter().find_map(|it| it["line"].as_str());
    let arrived = line.and_then(|it| it.strip_prefix("arrived: "));
    assert!(arrived.unwrap().parse::<u64>().unwrap() > bytes);
    let peak = peak.load(Ordering::SeqCst);
    assert!(peak > 0 && peak < 200_000, "{peak} kB at most");
}

#[test]
fn an_address_of_git_that_does_not_answer_or_wants_a_password_never_asks() {
    let folder = service();
    let run = |url: &str| {
        let began = Instant::now();
        let args = ["image", "detect", "--git", url];
        let output = command(folder.path(), "", &args).output().unwrap();
        assert!(began.elapsed() < Duration::from_secs(20), "{url}");
        let err = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), err)
    };
    let (code, err) = run("http://127.0.0.1:1/team/service.git");
    assert_eq!(code, 5, "{err}");
    assert!(
        err.contains("could not fetch") && err.contains("network"),
        "{err}"
    );

    let port = on_loopback(|_, wire| {
        wire.answer(
            "401 Unauthorized",
            "WWW-Authenticate: Basic realm=\"git\"\r\n",
            "",
        );
    });
    for url in [
        format!("http://127.0.0.1:{port}/team/service.git"),
        format!("http://me:opensesame@127.0.0.1:{port}/team/service.git"),
    ] {
        let (code, err) = run(&url);
        assert_eq!(code, 3, "{err}");
        assert!(err.contains("wants to know who you are"), "{err}");
        assert!(err.contains("credential.helper"), "{err}");
        assert!(!err.contains("opensesame"), "{err}");
    }
    let port = on_loopback(|_, wire| wire.answer("404 Not Found", "", ""));
    let (code, err) = run(&format!("http://127.0.0.1:{port}/team/service.git"));
    assert!(code == 4 && err.contains("not found"), "{code}: {err}");
}

/// Asks a registry that always answers so.
fn verify(status: &'static str, headers: &'static str) -> Ran {
    let folder = service();
    let port = on_loopback(move |_, wire| wire.answer(status, headers, ""));
    let tag = format!("127.0.0.1:{port}/shop/hello:1");
    let args = ["image", "verify", &tag, "-o", "json"];
    Ran::of(command(folder.path(), "", &args).spawn().unwrap())
}

#[test]
fn a_registry_that_refuses_to_show_is_told_from_one_that_is_ill() {
    verify(
        "401 Unauthorized",
        "WWW-Authenticate: Basic realm=\"r\"\r\n",
    )
    .failed(3, &["401", "docker login 127.0.0.1"]);
    verify("403 Forbidden", "").failed(3, &["403", "right to pull"]);
    verify("500 Internal Server Error", "").failed(5, &["500", "image verify"]);
    verify("200 OK", "").failed(5, &["no digest"]);
}

/// With the engine of this machine, wherever that is.
fn at_home(command: &mut Command) -> &mut Command {
    match std::env::var_os("DOCKER_HOST") {
        Some(host) => command.env("DOCKER_HOST", host),
        None => command.env_remove("DOCKER_HOST"),
    }
}

/// Builds with the engine of this machine; nothing where there is none. `tag` may be pushed after.
fn really(folder: &Path, tag: &str, more: &[&str]) -> Option<Ran> {
    if common::registry::docker(&["version"]).is_none() {
        eprintln!("skipped: no engine (apt-get install docker.io, then dockerd)");
        return None;
    }
    let mut args = vec!["image", "build", "--catalogue", "catalogue.toml"];
    args.extend(["--tag", tag, "-o", "json"]);
    args.extend(more);
    let mut command = command(folder, "", &args);
    Some(Ran::of(at_home(&mut command).spawn().unwrap()))
}

#[test]
fn a_brought_dockerfile_that_is_wrong_is_named_by_its_line() {
    for builder in [&[][..], &["--classic"]] {
        let folder = service();
        let dir = folder.path().join("service");
        let recipe = RECIPE.replace("tool = \"plain\"", "dockerfile = \"Dockerfile\"");
        fs::write(dir.join("quarterdeck.toml"), recipe).unwrap();
        let own = "FROM scratch\nCOPPY hello /\n";
        fs::write(dir.join("Dockerfile"), own).unwrap();
        let Some(ran) = really(folder.path(), TAG, builder) else {
            return;
        };
        ran.failed(1, &["COPPY", "line 2", "Dockerfile"]);
        assert_eq!(fs::read_to_string(dir.join("Dockerfile")).unwrap(), own);
    }
}

#[test]
fn a_base_that_does_not_exist_leads_to_the_answer_that_names_it() {
    let folder = service();
    let port = on_loopback(|request, wire| {
        let missing =
            "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"manifest unknown\"}]}";
        let json = "Content-Type: application/json\r\n";
        match request.path.as_str() {
            "/v2/" => wire.answer(
                "200 OK",
                "Docker-Distribution-Api-Version: registry/2.0\r\n",
                "",
            ),
            _ => wire.answer("404 Not Found", json, missing),
        }
    });
    let base = format!("127.0.0.1:{port}/bases/nothing:1");
    let catalogue = CATALOGUE.replace("run = \"scratch\"", &format!("run = \"{base}\""));
    // An empty list allows all.
    let catalogue = format!("[policy]\nregistries = []\n{catalogue}");
    fs::write(folder.path().join("service/catalogue.toml"), catalogue).unwrap();
    for builder in [&[][..], &["--classic"]] {
        let Some(ran) = really(folder.path(), TAG, builder) else {
            return;
        };
        ran.failed(1, &[&base, "[base]", "catalogue"]);
    }
}

/// A registry that takes whatever is asked up to the layers, and does `then` with those.
fn layers(then: impl Fn(&Request, &mut Wire<'_>) + Send + Sync + 'static) -> u16 {
    on_loopback(move |request, wire| {
        let uploads = "/v2/shop/hello/blobs/uploads/";
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/v2/") => {
                wire.answer(
                    "200 OK",
                    "Docker-Distribution-Api-Version: registry/2.0\r\n",
                    "",
                );
            }
            ("POST", path) if path.starts_with(uploads) => {
                let headers =
                    format!("Location: {uploads}1\r\nRange: 0-0\r\nDocker-Upload-UUID: 1\r\n");
                wire.answer("202 Accepted", &headers, "");
            }
            ("PATCH" | "PUT", _) => then(request, wire),
            _ => wire.answer("404 Not Found", "", ""),
        }
    })
}

/// Pushes to a registry like that. The image stays in the engine, and it is said how to go on.
fn push(port: u16) -> Option<Ran> {
    let folder = service();
    let tag = format!("127.0.0.1:{port}/shop/hello:1");
    fs::write(folder.path().join("service/big"), vec![7; 4 << 20]).unwrap();
    let ran = really(folder.path(), &tag, &["--push"])?;
    let kept = common::registry::docker(&["image", "inspect", &tag]);
    assert!(kept.is_some(), "the image stays: {}", ran.err);
    common::registry::docker(&["rmi", "-f", &tag]);
    assert!(!ran.events.iter().any(|it| it["event"] == "pushed"));
    Some(ran)
}

#[test]
fn a_registry_that_refuses_a_push_says_how_to_be_let_in() {
    let port = on_loopback(|_, wire| {
        wire.answer(
            "401 Unauthorized",
            "WWW-Authenticate: Basic realm=\"r\"\r\n",
            "",
        );
    });
    let Some(ran) = push(port) else { return };
    ran.failed(3, &["was not pushed", "docker login 127.0.0.1"]);
    let denied = "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"no right to push to shop\"}]}";
    let port = layers(move |request, wire| {
        wire.body(request, |_| {});
        wire.answer(
            "403 Forbidden",
            "Content-Type: application/json\r\n",
            denied,
        );
    });
    let ran = push(port).unwrap();
    ran.failed(
        3,
        &["was not pushed", "no right to push", "ask for the right"],
    );
}

#[test]
fn a_registry_that_is_ill_or_cuts_a_layer_is_tried_again_and_then_told() {
    let tries = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&tries);
    let cut = layers(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    let ill = layers(|request, wire| {
        wire.body(request, |_| {});
        wire.answer("500 Internal Server Error", "", "");
    });
    let other = std::thread::spawn(move || push(ill));
    let Some(ran) = push(cut) else { return };
    ran.failed(5, &["was not pushed", "image push 127.0.0.1"]);
    assert!(tries.load(Ordering::SeqCst) > 1, "the engine tries again");
    let waits = |it: &Value| {
        it["line"]
            .as_str()
            .is_some_and(|line| line.contains("Retrying"))
    };
    assert!(ran.events.iter().any(waits), "that it tries again is told");
    let ran = other.join().unwrap().unwrap();
    ran.failed(5, &["was not pushed", "500", "image push 127.0.0.1"]);
}

#[test]
fn a_push_that_hangs_is_ended_within_a_second() {
    let (tx, rx) = std::sync::mpsc::channel();
    let tx = std::sync::Mutex::new(tx);
    let port = layers(move |request, wire| {
        let _ = tx.lock().unwrap().send(());
        wire.body(request, |_| std::thread::park());
    });
    let folder = service();
    let tag = format!("127.0.0.1:{port}/shop/hello:1");
    let Some(built) = really(folder.path(), &tag, &[]) else {
        return;
    };
    assert_eq!(built.code, 0, "{}", built.err);
    let mut command = command(folder.path(), "", &["image", "push", &tag, "-o", "json"]);
    let child = at_home(&mut command).spawn().unwrap();
    rx.recv_timeout(Duration::from_secs(30))
        .expect("a layer begins");
    let began = Instant::now();
    let interrupt = ["-INT", &child.id().to_string()];
    assert!(
        Command::new("kill")
            .args(interrupt)
            .status()
            .unwrap()
            .success()
    );
    let ran = Ran::of(child);
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "it takes too long to stop"
    );
    ran.failed(1, &["cancelled"]);
    common::registry::docker(&["rmi", "-f", &tag]);
}
