//! A catalogue that operations keep in a registry: fetched, checked, kept for the day on which the
//! registry does not answer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::wire::on_loopback;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

const DOCUMENT: &str = "name = \"ops\"\n[network]\nproxy = \"http://proxy.example.com:3128\"\n";

fn sha256(text: &str) -> String {
    let mut child = Command::new("sha256sum")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap()[..64].to_owned()
}

/// A kubeconfig for a server that speaks plain HTTP.
fn kubeconfig(home: &Path, port: u16) {
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\nclusters: [{{name: c, cluster: {{server: 'http://127.0.0.1:{port}'}}}}]\nusers: [{{name: u, user: {{}}}}]\n"
    );
    fs::create_dir_all(home.join(".kube")).unwrap();
    fs::write(home.join(".kube/config"), text).unwrap();
}

fn show(home: &Path) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command
        .args(["catalogue", "show"])
        .env("HOME", home)
        .stdin(Stdio::null());
    for name in [
        "XDG_CONFIG_HOME",
        "XDG_STATE_HOME",
        "DOCKER_CONFIG",
        "KUBECONFIG",
    ] {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(text).unwrap(),
    )
}

#[test]
fn the_catalogue_of_a_registry_is_in_force_and_kept() {
    /// What the registry does now.
    const WELL: u8 = 0;
    const ILL: u8 = 1;
    const FALSE: u8 = 2;
    const SHUT: u8 = 3;
    let now = Arc::new(AtomicU8::new(ILL));
    let state = Arc::clone(&now);
    let digest = sha256(DOCUMENT);
    let port = on_loopback(move |request, wire| {
        let state = state.load(Ordering::SeqCst);
        let path = request.path.as_str();
        match state {
            ILL => wire.answer("503 Service Unavailable", "", ""),
            SHUT => wire.answer("403 Forbidden", "", ""),
            _ if path.ends_with("/manifests/3") => {
                let manifest = format!(
                    "{{\"layers\":[{{\"digest\":\"sha256:0\",\"annotations\":{{\"org.opencontainers.image.title\":\"README\"}}}},{{\"digest\":\"sha256:{digest}\",\"annotations\":{{\"org.opencontainers.image.title\":\"catalogue.toml\"}}}}]}}"
                );
                wire.answer("200 OK", "", &manifest);
            }
            FALSE => wire.answer("200 OK", "", "name = \"another\"\n"),
            _ => wire.answer("200 OK", "", DOCUMENT),
        }
    });
    let home = tempfile::tempdir().unwrap();
    let name = format!("127.0.0.1:{port}/ops/catalogue:3");
    let config = home.path().join(".config/quarterdeck");
    fs::create_dir_all(&config).unwrap();
    let text = format!("catalogue = \"{name}\"\n");
    fs::write(config.join("config.toml"), text).unwrap();

    // Rules that were never had are not taken for none.
    let (code, told) = show(home.path());
    assert!(
        code == 5 && told.contains("cannot be had") && told.contains("503"),
        "{told}"
    );
    now.store(WELL, Ordering::SeqCst);
    let (code, told) = show(home.path());
    assert!(code == 0 && told.contains("catalogue: ops"), "{told}");
    assert!(told.contains(&format!("from {name}\n")), "{told}");
    now.store(ILL, Ordering::SeqCst);
    let (code, told) = show(home.path());
    assert!(code == 0 && told.contains("catalogue: ops"), "{told}");
    assert!(told.contains("last copy") && told.contains("503"), "{told}");
    now.store(FALSE, Ordering::SeqCst);
    let (code, told) = show(home.path());
    assert!(
        code == 1 && told.contains("not what its digest names"),
        "{told}"
    );
    now.store(SHUT, Ordering::SeqCst);
    let (code, told) = show(home.path());
    assert!(code == 3 && told.contains("docker login"), "{told}");
}

#[test]
fn the_catalogue_of_a_config_map_is_in_force_and_kept() {
    const WELL: u8 = 0;
    const SHUT: u8 = 1;
    const ILL: u8 = 2;
    let now = Arc::new(AtomicU8::new(WELL));
    let state = Arc::clone(&now);
    let port = on_loopback(move |request, wire| {
        let json = "Content-Type: application/json\r\n";
        let known = request
            .path
            .starts_with("/api/v1/namespaces/ops/configmaps/images");
        match state.load(Ordering::SeqCst) {
            ILL => wire.answer("500 Internal Server Error", json, "{}"),
            SHUT => wire.answer(
                "403 Forbidden",
                json,
                "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Forbidden\",\"message\":\"you may not\",\"code\":403}",
            ),
            _ if known => {
                let object = serde_json::json!({
                    "apiVersion": "v1", "kind": "ConfigMap",
                    "metadata": { "name": "images", "namespace": "ops" },
                    "data": { "README": "x", "catalogue.toml": DOCUMENT },
                });
                wire.answer("200 OK", json, &object.to_string());
            }
            _ => wire.answer("404 Not Found", json, "{}"),
        }
    });
    let home = tempfile::tempdir().unwrap();
    kubeconfig(home.path(), port);
    let config = home.path().join(".config/quarterdeck");
    fs::create_dir_all(&config).unwrap();
    let write = |name: &str| {
        fs::write(
            config.join("config.toml"),
            format!("catalogue = \"{name}\"\n"),
        )
        .unwrap();
    };
    write("configmap:ops/images");
    let (code, told) = show(home.path());
    assert!(code == 0 && told.contains("catalogue: ops"), "{told}");
    now.store(ILL, Ordering::SeqCst);
    let (code, told) = show(home.path());
    assert!(code == 0 && told.contains("last copy"), "{told}");
    now.store(SHUT, Ordering::SeqCst);
    let (code, told) = show(home.path());
    assert!(code == 3 && told.contains("cannot be had"), "{told}");
    write("configmap:images");
    let (code, told) = show(home.path());
    assert!(
        code == 1 && told.contains("configmap:namespace/name"),
        "{told}"
    );
}
