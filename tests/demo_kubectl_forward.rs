//! Port-forwards against the demo cluster: kubectl's, in SPDY through a WebSocket and on the bare
//! connection, and those of a client that speaks numbered channels. Without kubectl on the PATH the
//! tests that need it say "skipped: no kubectl".
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Stdio},
    sync::{
        Mutex,
        mpsc::{Receiver, channel},
    },
    time::Duration,
};

use common::{demo::Demo, kubectl::Kubectl};
use kube::{
    Api, Client, Config,
    api::ListParams,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");
const STILL: &[&str] = &["--seed", "7", "--pods", "200"];

/// A `kubectl port-forward` in the background. Dropping it ends it.
struct Forward {
    child: Child,
    port: u16,
    errors: Mutex<Receiver<String>>,
}

impl Forward {
    fn start(kubectl: &Kubectl, websocket: bool, target: &str) -> Self {
        let mut child = kubectl
            .command(&format!("port-forward {target}"))
            .env("KUBECTL_PORT_FORWARD_WEBSOCKETS", websocket.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let (say, errors) = channel();
        let told = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in told.lines().map_while(Result::ok) {
                let _ = say.send(line);
            }
        });
        // Its pipe must stay open, or it dies of the first connection.
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        let port = line
            .strip_prefix("Forwarding from 127.0.0.1:")
            .and_then(|rest| rest.split(' ').next()?.parse().ok())
            .unwrap_or_else(|| {
                panic!("{line:?} {:?}", errors.recv_timeout(Duration::from_secs(5)))
            });
        Self {
            child,
            port,
            errors: Mutex::new(errors),
        }
    }

    fn connect(&self) -> TcpStream {
        let connection = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        connection
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        connection
    }

    /// What a page says, and how its connection ended.
    fn get(&self, path: &str) -> String {
        let mut connection = self.connect();
        write!(
            connection,
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut page = Vec::new();
        // One that broke off has said what it has said.
        let _ = connection.read_to_end(&mut page);
        String::from_utf8(page).unwrap()
    }

    /// Waits for a complaint.
    #[track_caller]
    fn complains(&self, part: &str) {
        let mut all = String::new();
        while let Ok(line) = self
            .errors
            .lock()
            .unwrap()
            .recv_timeout(Duration::from_secs(10))
        {
            all += &line;
            if all.contains(part) {
                return;
            }
        }
        panic!("no {part:?} in {all:?}");
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_port_answers_with_a_page_that_names_the_pod() {
    let Some(kubectl) = Kubectl::start(PROGRAM, STILL) else {
        return;
    };
    for websocket in [true, false] {
        let forward = Forward::start(&kubectl, websocket, "-n shop-prod svc/web :80");
        let page = forward.get("/");
        assert!(page.starts_with("HTTP/1.1 200 OK"), "{page}");
        assert!(page.contains("\r\n\r\nweb-") && page.contains("namespace  shop-prod"));
        assert!(forward.get("/nothing").starts_with("HTTP/1.1 404"));
        // Many at once, and one that is kept open meanwhile.
        let mut kept = forward.connect();
        std::thread::scope(|scope| {
            let all: Vec<_> = (0..20).map(|_| scope.spawn(|| forward.get("/"))).collect();
            for one in all {
                assert_eq!(one.join().unwrap().lines().next(), page.lines().next());
            }
        });
        kept.write_all(b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .unwrap();
        let mut first = [0; 15];
        kept.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200 OK");
    }
}

#[test]
fn a_port_that_nobody_listens_on_is_refused_as_the_kubelet_does() {
    let Some(kubectl) = Kubectl::start(PROGRAM, STILL) else {
        return;
    };
    for websocket in [true, false] {
        let forward = Forward::start(&kubectl, websocket, "-n shop-prod deploy/web :4711");
        assert_eq!(forward.get("/"), "");
        forward.complains("dial tcp4 127.0.0.1:4711: connect: connection refused");
    }
    kubectl
        .run("-n shop-prod port-forward pod/nobody 4711")
        .refuses("\"nobody\" not found");
    kubectl
        .run("--as=stranger get --raw /api/v1/namespaces/shop-prod/pods/x/portforward")
        .refuses("cannot get resource \"pods/portforward\"");
}

#[test]
fn a_forward_ends_with_its_pod_and_by_a_fault() {
    let Some(kubectl) = Kubectl::start(PROGRAM, STILL) else {
        return;
    };
    let pods = kubectl.pods("shop-prod", "app.kubernetes.io/name=web");
    let (first, second) = (pods.first().unwrap(), pods.last().unwrap());
    let forward = Forward::start(&kubectl, true, &format!("-n shop-prod {first} :3000"));
    assert!(forward.get("/").contains("200 OK"));
    kubectl
        .run(&format!(
            "-n shop-prod delete {first} --grace-period=0 --force"
        ))
        .says(&["deleted"]);
    forward.complains("lost connection to pod");
    for by in ["fin", "rst"] {
        let faults = json!([{"fault": "cut_stream", "bytes": 20, "by": by, "path": "/api/v1/namespaces/shop-prod/pods"}]);
        kubectl
            .run_with("replace --raw /demo/faults -f -", &faults.to_string())
            .says(&[]);
        let forward = Forward::start(&kubectl, true, &format!("-n shop-prod {second} :3000"));
        let page = forward.get("/");
        assert!(page.len() <= 20, "{by}: {page}");
        forward.complains("lost connection to pod");
    }
}

#[tokio::test]
async fn numbered_channels_carry_ports_and_their_errors() {
    let demo = Demo::start(Path::new(PROGRAM), STILL);
    // The crate chooses it for itself; a test has to, too.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let kubeconfig = Kubeconfig::read_from(&demo.kubeconfig).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .unwrap();
    let client = Client::try_from(config).unwrap();
    let pods: Api<k8s_openapi::api::core::v1::Pod> = Api::namespaced(client, "shop-prod");
    let labelled = ListParams::default().labels("app.kubernetes.io/name=web");
    let pod = pods.list(&labelled).await.unwrap().items.remove(0);
    let name = pod.metadata.name.unwrap();
    let mut forward = pods.portforward(&name, &[3000, 4711]).await.unwrap();
    let mut stream = forward.take_stream(3000).unwrap();
    let ask = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(ask).await.unwrap();
    let mut page = String::new();
    while !page.contains("no program runs behind it") {
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).await.unwrap();
        assert!(read > 0, "{page}");
        page += std::str::from_utf8(&piece[..read]).unwrap();
    }
    assert!(page.starts_with("HTTP/1.1 200 OK") && page.contains(&name));
    let error = forward.take_error(4711).unwrap().await.unwrap();
    assert!(error.contains("connection refused"), "{error}");
}
