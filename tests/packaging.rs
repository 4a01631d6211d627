//! The Debian package as `packaging/deb.sh` makes it: unpacked, the program runs, and its pages and
//! completions are where a system looks for them.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn a_package_holds_the_program_its_pages_and_completions() {
    let has = |program: &str| {
        Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_ok()
    };
    if !has("dpkg-deb") {
        eprintln!("skipped: no dpkg-deb");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made = Command::new(root.join("packaging/deb.sh"))
        .arg(env!("CARGO_BIN_EXE_quarterdeck"))
        .arg(folder.path())
        // A debug build is large, and nobody downloads it.
        .env("DEB_COMPRESSION", "none")
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let package = String::from_utf8(made.stdout).unwrap();
    let tree = folder.path().join("tree");
    let unpacked = Command::new("dpkg-deb")
        .args(["-x", package.trim()])
        .arg(&tree)
        .status();
    assert!(unpacked.unwrap().success());
    let program = Command::new(tree.join("usr/bin/quarterdeck"))
        .arg("--version")
        .output()
        .unwrap();
    assert!(program.stdout.starts_with(b"quarterdeck "), "{program:?}");
    for file in [
        "man/man1/quarterdeck.1.gz",
        "man/man1/quarterdeck-get.1.gz",
        "man/man1/quarterdeck-image-build.1.gz",
        "bash-completion/completions/quarterdeck",
        "zsh/vendor-completions/_quarterdeck",
        "fish/vendor_completions.d/quarterdeck.fish",
        "doc/quarterdeck/README.md",
        "doc/quarterdeck/rights.yaml",
    ] {
        let length = std::fs::metadata(tree.join("usr/share").join(file)).map(|file| file.len());
        assert!(length.is_ok_and(|length| length > 100), "{file}");
    }
    let told = Command::new("dpkg-deb")
        .args(["--field", package.trim()])
        .output()
        .unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let version = concat!("Version: ", env!("CARGO_PKG_VERSION"), "-1");
    assert!(
        told.contains("Package: quarterdeck") && told.contains(version),
        "{told}"
    );
}
