//! The engine that a Docker context leads to: its address, and the certificates that are kept for it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::wire::{behind_tls, version};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// An engine that wants to see a certificate of its own authority, and the context `safe` that leads
/// there.
fn engine(home: &Path) {
    let key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = ca.self_signed(&key).unwrap();
    let issuer = Issuer::new(ca, key);
    let signed = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &issuer).unwrap(), key)
    };
    let (server, server_key) = signed("127.0.0.1");
    let (client, client_key) = signed("client");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root.der().clone()).unwrap();
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
        Arc::new(roots),
        Arc::clone(&provider),
    );
    let settings = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(
            vec![server.der().clone()],
            server_key.serialize_der().try_into().unwrap(),
        )
        .unwrap();
    let port = behind_tls(settings, |request, wire| {
        if request.path.ends_with("/version") {
            return version(wire);
        }
        wire.body(request, |_| {});
        wire.lines();
        wire.line("{\"aux\":{\"ID\":\"sha256:1\"}}");
        wire.end();
    });
    let docker = home.join(".docker");
    let (meta, tls) = (
        docker.join("contexts/meta/a"),
        docker.join("contexts/tls/a/docker"),
    );
    fs::create_dir_all(&meta).unwrap();
    fs::create_dir_all(&tls).unwrap();
    let text = format!(
        "{{\"Name\":\"safe\",\"Endpoints\":{{\"docker\":{{\"Host\":\"tcp://127.0.0.1:{port}\"}}}}}}"
    );
    fs::write(meta.join("meta.json"), text).unwrap();
    fs::write(docker.join("config.json"), "{\"currentContext\":\"safe\"}").unwrap();
    fs::write(tls.join("ca.pem"), root.pem()).unwrap();
    fs::write(tls.join("cert.pem"), client.pem()).unwrap();
    fs::write(tls.join("key.pem"), client_key.serialize_pem()).unwrap();
}

/// Builds with the engine of the context; exit code and what was said of it.
fn build(home: &Path, context: Option<&str>) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command
        .args(["image", "build", "--classic", "--tag", "hello:1"])
        .args(["--catalogue", "catalogue.toml"])
        .current_dir(home)
        .env("HOME", home)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("DOCKER_HOST")
        .env_remove("DOCKER_CONFIG")
        .stdin(Stdio::null());
    match context {
        Some(context) => command.env("DOCKER_CONTEXT", context),
        None => command.env_remove("DOCKER_CONTEXT"),
    };
    let output = command.output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), err)
}

#[test]
fn a_context_leads_to_its_engine_with_its_certificates() {
    let home = tempfile::tempdir().unwrap();
    engine(home.path());
    for (file, text) in [
        (
            "quarterdeck.toml",
            "version = 1\n[project]\nname = \"hello\"\n[base]\nstack = \"shell\"\nversion = \"1\"\nsystem = \"scratch\"\n[build]\ntool = \"plain\"\n[run]\ncommand = [\"/app/hello\"]\n",
        ),
        (
            "catalogue.toml",
            "[stacks.shell]\nimages = [{ version = \"1\", system = \"scratch\", run = \"scratch\" }]\n",
        ),
    ] {
        fs::write(home.path().join(file), text).unwrap();
    }
    let (code, err) = build(home.path(), None);
    assert_eq!(code, 0, "{err}");
    let (code, err) = build(home.path(), Some("gone"));
    assert!(
        code == 5 && err.contains("no Docker context `gone`"),
        "{err}"
    );
    // Without the person's own certificate the engine stays shut, and it is said which one it is.
    fs::remove_file(home.path().join(".docker/contexts/tls/a/docker/cert.pem")).unwrap();
    let (code, err) = build(home.path(), None);
    assert!(code == 5 && err.contains("tcp://127.0.0.1"), "{err}");
}
