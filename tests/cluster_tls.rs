//! Certificates: a server that cannot prove who it is gets no request, and the reason is told.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quarterdeck::cluster::{CHANNEL, ConnectOptions, Environment, Event, Session};
use quarterdeck::domain::feed::{FailureSort, FeedState, Scope};
use quarterdeck::domain::rows::Kind;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }
}

/// A server for `name` whose certificate ends in `year`; counts the requests it gets.
async fn server(authority: &Authority, name: &str, year: i32) -> (SocketAddr, Arc<AtomicUsize>) {
    let (addr, requests, _) = serve(None, authority, name, year).await;
    (addr, requests)
}

/// The same at an address that is known, and the task that serves.
async fn serve(
    at: Option<SocketAddr>,
    authority: &Authority,
    name: &str,
    year: i32,
) -> (SocketAddr, Arc<AtomicUsize>, JoinHandle<()>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_after = date_time_ymd(year, 1, 1);
    let certificate = params.signed_by(&key, &authority.issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            key.serialize_der().try_into().unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = TcpListener::bind(at.unwrap_or(any)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let requests = Arc::new(AtomicUsize::new(0));
    let count = requests.clone();
    let task = tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(mut socket) = acceptor.accept(socket).await else {
                continue;
            };
            let mut head = [0; 4096];
            if socket.read(&mut head).await.is_ok_and(|n| n > 0) {
                count.fetch_add(1, Ordering::SeqCst);
                let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 24\r\n\r\n\
                    {\"gitVersion\":\"v1.36.0\"} ";
                let _ = socket.write_all(answer.as_bytes()).await;
                let _ = socket.shutdown().await;
            }
        }
    });
    (addr, requests, task)
}

async fn session(addr: SocketAddr, ca: &str, more: &str) -> Session {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config");
    let text = format!(
        "current-context: x\nclusters:\n- name: c\n  cluster:\n    server: https://{addr}\n\
         \x20   certificate-authority-data: {}\n{more}\
         users:\n- name: u\n  user: {{token: canary}}\n\
         contexts:\n- name: x\n  context: {{cluster: c, user: u}}\n",
        STANDARD.encode(ca)
    );
    std::fs::write(&path, text).unwrap();
    let options = ConnectOptions {
        kubeconfig: Some(path),
        environment: Environment::default(),
        ..ConnectOptions::default()
    };
    Session::connect(options).await.unwrap()
}

#[tokio::test]
async fn a_good_certificate_is_accepted_also_under_another_name() {
    let authority = Authority::new();
    let (addr, _) = server(&authority, "127.0.0.1", 2090).await;
    let plain = session(addr, &authority.pem, "").await;
    assert_eq!(plain.version().await.unwrap(), "v1.36.0");
    let (addr, _) = server(&authority, "kubernetes", 2090).await;
    let named = session(addr, &authority.pem, "    tls-server-name: kubernetes\n").await;
    assert_eq!(named.version().await.unwrap(), "v1.36.0");
}

/// F22
#[tokio::test]
async fn a_bad_certificate_is_refused_with_the_reason() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    for (signer, name, year, remedy) in [
        (&ours, "127.0.0.1", 2001, "clock"),
        (&ours, "other.example", 2090, "tls-server-name"),
        (&theirs, "127.0.0.1", 2090, "certificate-authority"),
    ] {
        let (addr, requests) = server(signer, name, year).await;
        let session = session(addr, &ours.pem, "").await;
        let failure = session.version().await.unwrap_err();
        assert_eq!(failure.sort, FailureSort::Unreachable);
        assert!(failure.remedy.contains(remedy), "{failure:?}");
        assert!(!format!("{failure:?}").contains("canary"));
        let (tx, mut rx) = tokio::sync::mpsc::channel(CHANNEL);
        let _feed = session.watch(Kind::Pod, &Scope::ALL, tx);
        loop {
            if let Event::Feed { state, .. } = rx.recv().await.unwrap()
                && let FeedState::Disconnected { why, .. } = state
            {
                assert!(why.contains("certificate"), "{why}");
                break;
            }
        }
        assert_eq!(
            requests.load(Ordering::SeqCst),
            0,
            "no token goes to a stranger"
        );
    }
}

/// F22
#[tokio::test]
async fn an_authority_that_changes_under_a_session_is_refused_with_the_reason() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let (addr, _, first) = serve(None, &ours, "127.0.0.1", 2090).await;
    let session = session(addr, &ours.pem, "").await;
    assert_eq!(session.version().await.unwrap(), "v1.36.0");
    first.abort();
    // The port is free when the task that held it has ended.
    let _ = first.await;
    let (_, requests, _) = serve(Some(addr), &theirs, "127.0.0.1", 2090).await;
    let failure = session.version().await.unwrap_err();
    assert_eq!(failure.sort, FailureSort::Unreachable);
    assert!(failure.why.contains("unknown issuer"), "{failure:?}");
    assert_eq!(requests.load(Ordering::SeqCst), 0, "no silent downgrade");
}

#[tokio::test]
async fn an_unchecked_server_is_flagged() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let (addr, _) = server(&theirs, "other.example", 2001).await;
    let session = session(addr, &ours.pem, "    insecure-skip-tls-verify: true\n").await;
    assert!(session.info().insecure);
    assert_eq!(session.version().await.unwrap(), "v1.36.0");
}
