//! The company's certificate authorities and the secrets of a recipe reach the steps of a build, and
//! nothing of them stays: every file of every layer is searched, and what the image says of itself.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests"
)]

mod common;

use common::registry::docker;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

/// What `tests/services/bases.sh small` makes: a busybox.
const BASE: &str = "quarterdeck-test/debian:12";

/// What stands in the bundle and nowhere else.
const SIGN: &str = "Quarterdeck Test Authority 7d1f";

/// A command that fails where the authorities are not shown.
const SEES: &str = "busybox grep -q 'Test Authority' \"$SSL_CERT_FILE\"";

/// A bundle with one authority, and texts by which it is known wherever it lies: in its own form,
/// and in the form for files.
fn bundle(file: &Path) -> Vec<Vec<u8>> {
    let mut about = rcgen::CertificateParams::default();
    about.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    about
        .distinguished_name
        .push(rcgen::DnType::CommonName, SIGN);
    let key = rcgen::KeyPair::generate().unwrap();
    let made = about.self_signed(&key).unwrap();
    let pem = made.pem();
    fs::write(file, format!("# {SIGN}\n{pem}")).unwrap();
    let mut signs = vec![SIGN.as_bytes().to_vec()];
    signs.extend(pem.lines().skip(1).take(2).map(|it| it.as_bytes().to_vec()));
    signs
}

/// Every file in the archive of an image, and of the archives in it, by name.
fn files(bytes: &[u8], prefix: &str, found: &mut Vec<(String, Vec<u8>)>) {
    let mut archive = tar::Archive::new(bytes);
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.path().unwrap().display());
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        if content.starts_with(&[0x1f, 0x8b]) {
            let mut plain = Vec::new();
            let mut packed = flate2::read::GzDecoder::new(content.as_slice());
            packed.read_to_end(&mut plain).unwrap();
            content = plain;
        }
        if content.get(257..262) == Some(b"ustar") {
            files(&content, &format!("{name}:"), found);
        }
        found.push((name, content));
    }
}

fn saved(tag: &str) -> Vec<(String, Vec<u8>)> {
    let output = Command::new("docker").args(["save", tag]).output().unwrap();
    assert!(output.status.success());
    let mut found = Vec::new();
    files(&output.stdout, "", &mut found);
    found
}

/// Looks for the signs, and for a file that was named for them.
fn search(tag: &str, signs: &[Vec<u8>]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, content) in saved(tag) {
        let has = |sign: &Vec<u8>| memchr::memmem::find(&content, sign).is_some();
        if signs.iter().any(has) || name.contains("quarterdeck-ca") {
            found.push(name);
        }
    }
    found
}

/// A token for a private feed: the build sees it, the image does not.
const TOKEN: &str = "opensesame-51c0";

/// A command that fails where the token is not shown.
const OPENS: &str = "busybox grep -q opensesame /root/.feed";

struct Case {
    name: &'static str,
    /// Beside project, name and command.
    recipe: &'static str,
    dockerfile: &'static str,
}

const CASES: [Case; 3] = [
    Case {
        name: "built",
        recipe: "[build]\ntool = \"commands\"\ncommands = [\"SEES\", \"OPENS\", \"cp -r . /tmp/all\"]\noutput = \".\"\nSECRETS\n",
        dockerfile: "",
    },
    Case {
        name: "set-up",
        recipe: "[build]\ntool = \"plain\"\n",
        dockerfile: "",
    },
    Case {
        name: "brought",
        recipe: "[build]\ndockerfile = \"Dockerfile\"\n",
        dockerfile: "FROM quarterdeck-test/debian:12\nCOPY . /all\nCMD [\"sh\"]\n",
    },
];

#[test]
fn no_layer_holds_the_companys_authorities_or_a_secret() {
    if docker(&["image", "inspect", BASE]).is_none() {
        eprintln!("skipped: no engine or no base image (dockerd, tests/services/bases.sh small)");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let ca = home.path().join("company.pem");
    let mut signs = bundle(&ca);
    signs.push(TOKEN.as_bytes().to_vec());
    let token = home.path().join("token");
    fs::write(&token, format!("{TOKEN}\n")).unwrap();
    let token = format!("feed={}", token.display());
    for builder in ["", "--classic"] {
        for case in &CASES {
            let dir = home.path().join(format!("{}{builder}", case.name));
            fs::create_dir(&dir).unwrap();
            let sees = SEES.replace('"', "\\\"");
            // The classic builder has no secrets, and says so.
            let (opens, secrets) = if builder.is_empty() {
                let secret = "secrets = [{ id = \"feed\", target = \"/root/.feed\" }]";
                (OPENS, secret)
            } else {
                ("true", "")
            };
            let recipe = case.recipe.replace("SEES", &sees);
            let recipe = recipe.replace("OPENS", opens).replace("SECRETS", secrets);
            let recipe = format!(
                "version = 1\n[project]\nname = \"hello\"\n[base]\nstack = \"shell\"\nversion = \"12\"\nsystem = \"debian\"\n{recipe}[run]\ncommand = [\"/bin/sh\"]\n"
            );
            fs::write(dir.join("quarterdeck.toml"), recipe).unwrap();
            fs::write(dir.join("hello.txt"), "hello\n").unwrap();
            if !case.dockerfile.is_empty() {
                fs::write(dir.join("Dockerfile"), case.dockerfile).unwrap();
            }
            let catalogue = format!(
                "[network]\nca_bundle = \"{}\"\n[policy]\nregistries = []\n[stacks.shell]\nimages = [{{ version = \"12\", system = \"debian\", builder = \"{BASE}\", run = \"{BASE}\" }}]\n[stacks.shell.on.debian]\nsetup = [\"{sees}\", \"busybox touch /set-up\"]\nconfigure = [\"busybox test -f /set-up\"]\n",
                ca.display(),
            );
            fs::write(dir.join("catalogue.toml"), catalogue).unwrap();
            let tag = format!("quarterdeck-test/layers-{}{builder}:1", case.name);
            let mut build = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
            build.args(["image", "build", "--tag", &tag]);
            build.args(["--catalogue", "catalogue.toml", "--secret", &token]);
            build.args(Some(builder).filter(|it| !it.is_empty()));
            build.current_dir(&dir).env("HOME", home.path());
            let ran = build
                .env_remove("XDG_CONFIG_HOME")
                .stdin(Stdio::null())
                .output()
                .unwrap();
            let told = String::from_utf8_lossy(&ran.stderr);
            let out = String::from_utf8_lossy(&ran.stdout);
            assert!(ran.status.success(), "{tag}: {out}{told}");
            let found = search(&tag, &signs);
            assert!(found.is_empty(), "{tag}: {found:?}");
            let own = saved(&tag);
            let hello = own.iter().any(|(name, _)| name.ends_with("hello.txt"));
            assert!(hello, "{tag}: the search sees the layers");
            docker(&["rmi", "-f", &tag]);
        }
    }
}

#[test]
fn the_search_finds_what_was_left() {
    if docker(&["version"]).is_none() {
        eprintln!("skipped: no engine");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let signs = bundle(&home.path().join("company.pem"));
    let tag = "quarterdeck-test/layers-left:1";
    let context = home.path().display().to_string();
    fs::write(
        home.path().join("Dockerfile"),
        "FROM scratch\nCOPY company.pem /x/y.pem\nCMD [\"/x\"]\n",
    )
    .unwrap();
    let built = Command::new("docker")
        .args(["build", "-q", "-t", tag, &context])
        .env("DOCKER_BUILDKIT", "0")
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");
    let found = search(tag, &signs);
    assert!(found.iter().any(|it| it.ends_with("x/y.pem")), "{found:?}");
    docker(&["rmi", "-f", tag]);
}
