//! Images against their goals: detection of a large tree, the Dockerfile of a recipe, and the build
//! context beside GNU tar; a build beside `docker build` where an engine runs.
//!
//! `cargo bench --bench images`. Prints a table; exits with 1 when a goal is missed.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a benchmark prints its figures and ends where it cannot go on"
)]

mod measure;

use measure::{Goal, has, head, median, most, ms, row};
use quarterdeck::domain::catalogue::Catalogue;
use quarterdeck::domain::dockerfile::{Ignore, Variant, generate};
use quarterdeck::domain::recipe::Recipe;
use quarterdeck::images::Context;
use std::fs;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Files of the tree in which something is to be detected.
const FILES: usize = 50_000;

/// Rounds of what is compared.
const ROUNDS: usize = 5;

fn main() {
    let program = measure::binary();
    head("peer");
    let mut good = detection(&program);
    good &= dockerfile();
    good &= context();
    good &= overhead(&program);
    std::process::exit(i32::from(!good));
}

/// A Go service in one of many folders; the others hold small files of text.
fn plant(root: &Path, files: usize, bytes: usize) {
    let text = "a line of no meaning, as sources have many\n".repeat(bytes / 43 + 1);
    for n in 0..files {
        let folder = root.join(format!("pkg{:03}/part{}", n / 500, n / 50 % 10));
        if n % 50 == 0 {
            fs::create_dir_all(&folder).unwrap();
        }
        fs::write(folder.join(format!("file{n}.go")), &text[..bytes]).unwrap();
    }
    fs::write(root.join("go.mod"), "module example.test/shop\n\ngo 1.24\n").unwrap();
    fs::write(root.join("main.go"), "package main\n\nfunc main() {}\n").unwrap();
}

fn timed(command: &mut Command) -> Duration {
    let start = Instant::now();
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{command:?} failed");
    start.elapsed()
}

fn detection(program: &Path) -> bool {
    let folder = tempfile::tempdir().unwrap();
    plant(folder.path(), FILES, 200);
    let once = || {
        timed(
            Command::new(program)
                .args(["image", "detect"])
                .arg(folder.path()),
        )
    };
    let time = median((0..ROUNDS).map(|_| once()));
    most(
        format!("detection of a tree of {FILES} files, the whole process"),
        ms(time),
        "ms",
        1000.0,
    )
    .print()
}

/// What somebody answered for a Node service.
const RECIPE: &str = r#"version = 1

[project]
name = "shop"

[base]
stack = "node"
version = "22"
system = "debian"

[build]
tool = "npm"
manifests = ["package.json", "package-lock.json"]

[run]
command = ["node", "server.js"]
ports = [3000]
"#;

fn dockerfile() -> bool {
    let catalogue = Catalogue::built_in();
    let read = Recipe::read("quarterdeck.toml", RECIPE);
    let once = || generate(&read.recipe, &catalogue, Variant::BuildKit);
    if let Err(flaws) = once() {
        println!("the recipe of the benchmark is wrong: {flaws:?}");
        return false;
    }
    let time = median((0..1000).map(|_| {
        let start = Instant::now();
        black_box(once()).unwrap();
        start.elapsed()
    }));
    most("Dockerfile from a recipe", ms(time), "ms", 1.0).print()
}

/// Takes bytes and only counts them.
struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The context of many small and of a few large files, in turns with GNU tar through a pipe.
fn context() -> bool {
    let mut good = true;
    for (name, files, bytes) in [
        ("10,000 files of 10 kB", 10_000, 10_000),
        ("20 files of 20 MB", 20, 20_000_000),
    ] {
        let folder = tempfile::tempdir().unwrap();
        plant(folder.path(), files, bytes);
        let megabytes = (files * bytes) as f64 / 1e6;
        let tar = has("tar", &["--version"]);
        let (mut ours, mut peers) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let start = Instant::now();
            sent(folder.path());
            ours.push(start.elapsed());
            if tar {
                let start = Instant::now();
                piped(folder.path());
                peers.push(start.elapsed());
            }
        }
        let speed = |times: Vec<Duration>| megabytes / median(times.into_iter()).as_secs_f64();
        let peer = (!peers.is_empty()).then(|| speed(peers));
        good &= row(
            format!("build context of {name} (beside GNU tar)"),
            speed(ours),
            "MB/s",
            peer,
            Goal::LeastOfPeer(0.8),
        )
        .print();
    }
    good
}

/// Lists and streams a context as a build does; the receiver only counts.
fn sent(folder: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let ignore = Ignore::parse("");
    let context = Context::list(folder, &ignore, Vec::new()).unwrap();
    let bytes = runtime.block_on(async {
        let mut stream = context.stream();
        let mut bytes = 0;
        while let Some(chunk) = stream.recv().await {
            bytes += chunk.unwrap().len();
        }
        bytes
    });
    assert!(bytes > 0);
}

/// GNU tar of the same folder; the receiver only counts.
fn piped(folder: &Path) {
    let mut child = Command::new("tar")
        .args(["--sort=name", "-cf", "-", "-C"])
        .arg(folder)
        .arg(".")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut count = Count(0);
    io::copy(child.stdout.as_mut().unwrap(), &mut count).unwrap();
    assert!(child.wait().unwrap().success() && count.0 > 0);
}

/// The same build of nothing but a copied context, by us and by `docker build`.
fn overhead(program: &Path) -> bool {
    if !has("docker", &["info"]) {
        println!("build beside `docker build`: skipped: no engine");
        return true;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    plant(path, 2_000, 100_000);
    fs::write(path.join("Dockerfile"), "FROM scratch\nCOPY . /app\n").unwrap();
    fs::write(
        path.join("quarterdeck.toml"),
        "version = 1\n[project]\nname = \"bench\"\n[build]\ndockerfile = \"Dockerfile\"\n",
    )
    .unwrap();
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // Nothing is cached: each build has a file that no other had.
        let stamp = |who: &str| fs::write(path.join("stamp"), format!("{who}{round}")).unwrap();
        stamp("ours");
        let build = [
            "image",
            "build",
            "--classic",
            "-t",
            "example.test/bench:ours",
        ];
        ours.push(timed(Command::new(program).args(build).arg(path)));
        stamp("peer");
        peers.push(timed(
            Command::new("docker")
                .args(["build", "-t", "example.test/bench:peer"])
                .arg(path)
                .env("DOCKER_BUILDKIT", "0"),
        ));
    }
    let _ = Command::new("docker")
        .args([
            "rmi",
            "-f",
            "example.test/bench:ours",
            "example.test/bench:peer",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    row(
        "build of a 200 MB context (beside docker build, classic)",
        median(ours.into_iter()).as_secs_f64(),
        "s",
        Some(median(peers.into_iter()).as_secs_f64()),
        Goal::MostOfPeer(1.03),
    )
    .print()
}
