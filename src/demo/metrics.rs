//! `metrics.k8s.io`: what pods and nodes use; invented, seeded by identity, gently moving.

use std::collections::HashMap;

use hyper::Response;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    body::{self, Body},
    clock::stamp,
    error::ApiError,
    kinds::{NODES, PODS},
    object::Object,
    request::{Query, Target},
    select::Selector,
    store::Store,
};

const PREFIX: &str = "/apis/metrics.k8s.io/v1beta1/";
/// Nanocores of a millicore, and KiB of a MiB.
const MILLI: u64 = 1_000_000;
const MEBI: u64 = 1024;

/// What somebody uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Usage {
    nanocores: u64,
    kibibytes: u64,
}

impl Usage {
    fn told(self) -> Value {
        json!({"cpu": format!("{}n", self.nanocores), "memory": format!("{}Ki", self.kibibytes)})
    }

    fn add(&mut self, other: Self) {
        self.nanocores += other.nanocores;
        self.kibibytes += other.kibibytes;
    }
}

/// The target of a metrics path, told as the core resource that it measures.
pub fn target(path: &str) -> Option<Target> {
    let rest = path.strip_prefix(PREFIX)?;
    Target::parse(&format!("/api/v1/{rest}")).filter(|target| {
        (target.kind == &NODES || target.kind == &PODS) && target.subresource.is_none()
    })
}

/// Answers GET of node or pod metrics.
///
/// # Errors
/// `NotFound`, or `BadRequest` for a bad selector.
pub fn answer(store: &Store, target: &Target, query: &Query) -> Result<Response<Body>, ApiError> {
    let now = store.clock().now();
    let selector = Selector::parse(target.kind, query)?;
    let nodes = if target.kind == &NODES {
        node_usage(store, now)
    } else {
        HashMap::new()
    };
    let metrics = |object: &Object| {
        if target.kind == &NODES {
            Some(node_metrics(
                object,
                nodes.get(&object.name).copied().unwrap_or_default(),
                now,
            ))
        } else {
            pod_metrics(object, now)
        }
    };
    if let Some(name) = &target.name {
        let found = store
            .get(target.kind, target.ns(), name)
            .as_deref()
            .and_then(metrics);
        return found.map(|found| body::json(200, &found)).ok_or_else(|| {
            let mut error = ApiError::not_found(target.kind, name);
            error.message = format!("{}.metrics.k8s.io \"{name}\" not found", target.kind.plural);
            error
        });
    }
    let objects = store.list(target.kind, target.namespace.as_deref());
    let items: Vec<_> = objects
        .iter()
        .filter(|object| selector.matches(object))
        .filter_map(|object| metrics(object))
        .collect();
    let kind = if target.kind == &NODES {
        "NodeMetricsList"
    } else {
        "PodMetricsList"
    };
    Ok(body::json(
        200,
        &json!({"kind": kind, "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": items}),
    ))
}

fn head(object: &Object, kind: &str, now: Timestamp) -> Value {
    let labels: serde_json::Map<_, _> = object
        .labels
        .iter()
        .map(|(key, value)| (key.to_string(), json!(value)))
        .collect();
    let mut metadata =
        json!({"name": object.name, "creationTimestamp": stamp(now), "labels": labels});
    if !object.namespace.is_empty() {
        metadata["namespace"] = json!(object.namespace);
    }
    json!({"kind": kind, "apiVersion": "metrics.k8s.io/v1beta1", "metadata": metadata, "timestamp": stamp(now), "window": "15s"})
}

fn node_metrics(object: &Object, usage: Usage, now: Timestamp) -> Value {
    let mut metrics = head(object, "NodeMetrics", now);
    metrics["usage"] = usage.told();
    metrics
}

/// `None` for a pod that does not run: the metrics server has nothing of it either.
fn pod_metrics(object: &Object, now: Timestamp) -> Option<Value> {
    let containers = containers(object, now)?;
    let mut metrics = head(object, "PodMetrics", now);
    metrics["containers"] = containers
        .into_iter()
        .map(|(name, usage)| json!({"name": name, "usage": usage.told()}))
        .collect();
    Some(metrics)
}

fn node_usage(store: &Store, now: Timestamp) -> HashMap<Box<str>, Usage> {
    let mut nodes = HashMap::new();
    for node in store.list(&NODES, None) {
        // The kubelet, the runtime and the system itself.
        nodes.insert(
            node.name.clone(),
            Usage {
                nanocores: 120 * MILLI,
                kibibytes: 900 * MEBI,
            },
        );
    }
    for pod in store.list(&PODS, None) {
        let node = pod
            .field("spec.nodeName")
            .and_then(|node| nodes.get_mut(node));
        if let (Some(node), Some(containers)) = (node, containers(&pod, now)) {
            for (_, usage) in containers {
                node.add(usage);
            }
        }
    }
    nodes
}

fn containers(pod: &Object, now: Timestamp) -> Option<Vec<(String, Usage)>> {
    if pod.field("status.phase") != Some("Running") {
        return None;
    }
    let value = pod.value();
    let usage = |container: &Value| {
        let name = container["name"].as_str().unwrap_or_default();
        let requests = &container["resources"]["requests"];
        (
            name.to_owned(),
            used(&format!("{}/{name}", pod.uid), requests, now),
        )
    };
    Some(
        value["spec"]["containers"]
            .as_array()
            .into_iter()
            .flatten()
            .map(usage)
            .collect(),
    )
}

/// A share of what was requested that is this container's own and sways by a fifth over minutes.
fn used(identity: &str, requests: &Value, now: Timestamp) -> Usage {
    // FNV-1a.
    let hash = identity
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3)
        });
    let cpu = quantity(&requests["cpu"], 1000).unwrap_or(50);
    let memory = quantity(&requests["memory"], 1).map_or(64 * MEBI, |bytes| bytes / 1024);
    let share = |from: u64, span: u64, bits: u64| from + bits % span;
    // A triangle wave: 0..=100 and back over 4 to 12 minutes.
    let period = share(240, 480, hash >> 16);
    let phase = (u64::try_from(now.as_second()).unwrap_or(0) + hash % period) % period;
    let wave = 100 - (200 * phase / period).abs_diff(100);
    Usage {
        nanocores: cpu * share(150, 500, hash >> 24) * (400 + wave) * MILLI / 1000 / 500,
        kibibytes: memory * share(450, 400, hash >> 40) * (900 + wave) / 1000 / 1000,
    }
}

/// A quantity in thousandths (`scale` 1000) or whole units; `None` for none.
fn quantity(value: &Value, scale: u64) -> Option<u64> {
    let text = value.as_str()?;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let (number, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let thousandths = number.parse::<u64>().ok()? * 1000
        + format!("{fraction:0<3}").get(..3)?.parse::<u64>().ok()?;
    let unit = match &text[digits.len()..] {
        "" => 1,
        "m" => return Some(thousandths * scale / 1_000_000),
        "k" => 1000,
        "Ki" => 1024,
        "M" => 1_000_000,
        "Mi" => 1024 * 1024,
        "G" => 1_000_000_000,
        "Gi" => 1024 * 1024 * 1024,
        _ => return None,
    };
    Some(thousandths * unit * scale / 1000)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::demo::store::StoreOptions;

    #[test]
    fn quantities_are_read() {
        let table = [
            ("250m", 1000, 250),
            ("2", 1000, 2000),
            ("1.5", 1000, 1500),
            ("64Mi", 1, 67_108_864),
            ("1G", 1, 1_000_000_000),
        ];
        for (text, scale, expected) in table {
            assert_eq!(quantity(&json!(text), scale), Some(expected), "{text}");
        }
        assert_eq!(
            (quantity(&json!("x"), 1), quantity(&Value::Null, 1)),
            (None, None)
        );
    }

    #[test]
    fn usage_moves_gently_and_stays_in_reason() {
        let requests = json!({"cpu": "100m", "memory": "128Mi"});
        let at = |second: i64| {
            used(
                "u/web",
                &requests,
                Timestamp::from_second(1_800_000_000 + second).unwrap(),
            )
        };
        let (mut moved, mut before) = (false, at(0));
        for second in 1..1000 {
            let now = at(second);
            assert!((5 * MILLI..100 * MILLI).contains(&now.nanocores), "{now:?}");
            assert!(now.nanocores.abs_diff(before.nanocores) < 5 * MILLI);
            moved |= now != before;
            before = now;
        }
        assert!(moved);
    }

    #[test]
    fn only_running_pods_are_measured() {
        let store = Store::new(StoreOptions::default());
        let pod = |name: &str, phase: &str| {
            let object = json!({"metadata": {"name": name, "namespace": "n"}, "spec": {"nodeName": "n1", "containers": [{"name": "c"}]}, "status": {"phase": phase}});
            store.create(&PODS, object).unwrap();
        };
        pod("a", "Running");
        pod("b", "Pending");
        store
            .create(&NODES, json!({"metadata": {"name": "n1"}}))
            .unwrap();
        let get = |path: &str| {
            answer(&store, &target(path).unwrap(), &Query::default())
                .map(|response| response.status().as_u16())
                .map_err(|error| error.code)
        };
        assert_eq!(
            get("/apis/metrics.k8s.io/v1beta1/namespaces/n/pods/a"),
            Ok(200)
        );
        assert_eq!(
            get("/apis/metrics.k8s.io/v1beta1/namespaces/n/pods/b"),
            Err(404)
        );
        assert_eq!(get("/apis/metrics.k8s.io/v1beta1/nodes"), Ok(200));
        assert!(target("/apis/metrics.k8s.io/v1beta1/secrets").is_none());
    }
}
