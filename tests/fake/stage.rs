//! A demo cluster inside the test, a session of ours on it, and a client that switches its faults.

use super::timing::quick;
use http::Request;
use kube::config::{KubeConfigOptions, Kubeconfig};
use quarterdeck::cluster::{ConnectOptions, Session, Timing};
use quarterdeck::demo::{Demo, Options};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

/// The cluster and who talks to it.
pub struct Stage {
    pub session: Session,
    pub client: kube::Client,
    _demo: Demo,
    dir: tempfile::TempDir,
}

impl Stage {
    /// A demo with these options.
    pub async fn set(options: Options, readonly: bool) -> Self {
        Self::behind(options, readonly, async |port| port).await
    }

    /// The same, where the session reaches it at the port that `way` makes of its own.
    pub async fn behind(
        options: Options,
        readonly: bool,
        way: impl AsyncFnOnce(u16) -> u16,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        let demo = quarterdeck::demo::start(Options {
            kubeconfig_out: Some(path.clone()),
            seed: 7,
            ..options
        });
        let demo = demo.await.unwrap();
        let kubeconfig = Kubeconfig::read_from(&path).unwrap();
        let config = KubeConfigOptions::default();
        let mut config = kube::Config::from_custom_kubeconfig(kubeconfig, &config)
            .await
            .unwrap();
        config.default_retry = false;
        let port = config.cluster_url.port_u16().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.replace(&format!(":{port}"), &format!(":{}", way(port).await));
        let through = dir.path().join("through");
        std::fs::write(&through, text).unwrap();
        let session = Session::connect(ConnectOptions {
            kubeconfig: Some(through),
            readonly: readonly.into(),
            timing: Timing {
                caught_up: Duration::from_millis(50),
                stall: Duration::from_millis(300),
                restart_look: Duration::from_millis(100),
                // Long enough to switch a fault between a cut and the next attempt.
                backoff_first: Duration::from_millis(250),
                backoff_cap: Duration::from_millis(500),
                // Streams that wait their turn must not be taken for a slow server too soon.
                watch_start: Duration::from_secs(2),
                log_start: Duration::from_secs(1),
                ..quick()
            },
            ..ConnectOptions::default()
        });
        Self {
            session: session.await.unwrap(),
            client: kube::Client::try_from(config).unwrap(),
            _demo: demo,
            dir,
        }
    }

    /// The kubeconfig that the demo has written.
    #[allow(dead_code, reason = "not every test makes a session of its own")]
    pub fn kubeconfig(&self) -> PathBuf {
        self.dir.path().join("config")
    }

    /// Replaces the faults.
    pub async fn faults(&self, faults: Value) {
        let request = Request::put("/demo/faults")
            .header("content-type", "application/json")
            .body(faults.to_string().into_bytes())
            .unwrap();
        self.client.request_text(request).await.unwrap();
    }

    /// Running pods of a namespace with their first container.
    pub async fn pods(&self, namespace: &str) -> Vec<(String, String)> {
        let path = format!("/api/v1/namespaces/{namespace}/pods");
        let request = Request::get(path).body(Vec::new()).unwrap();
        let list: Value = self.client.request(request).await.unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|pod| pod["status"]["phase"] == "Running")
            .map(|pod| {
                let container = &pod["spec"]["containers"][0]["name"];
                (text(&pod["metadata"]["name"]), text(container))
            })
            .collect()
    }
}
