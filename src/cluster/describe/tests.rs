use super::*;
use serde_json::json;

fn page(write: impl FnOnce(&mut Page)) -> String {
    let mut page = Page::default();
    write(&mut page);
    page.finish()
}

#[test]
fn a_pod_is_described_as_kubectl_does() {
    let object = json!({
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {"name": "web-1", "namespace": "shop", "labels": {"app": "web", "v": "1"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "web", "controller": true}]},
        "spec": {"nodeName": "n1", "serviceAccountName": "default",
            "containers": [{"name": "web", "image": "w:1", "command": ["sh", "-c", "a\nb"],
                "ports": [{"containerPort": 80, "name": "http"}],
                "livenessProbe": {"httpGet": {"port": "http", "path": "/up"}},
                "resources": {"requests": {"cpu": "5m"}},
                "env": [{"name": "A", "value": "b"},
                    {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
                "volumeMounts": [{"mountPath": "/c", "name": "c", "readOnly": true}]}],
            "tolerations": [{"key": "x", "operator": "Exists", "effect": "NoExecute",
                "tolerationSeconds": 300}],
            "volumes": [{"name": "c", "configMap": {"name": "web"}}]},
        "status": {"phase": "Running", "hostIP": "10.0.0.1", "podIP": "10.1.0.1",
            "podIPs": [{"ip": "10.1.0.1"}], "qosClass": "Burstable",
            "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": [{"name": "web", "ready": false, "restartCount": 7,
                "containerID": "c://1", "imageID": "w@sha256:12",
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": {"exitCode": 2, "reason": "Error",
                    "startedAt": "2026-11-23T06:59:27Z", "finishedAt": "2026-11-23T06:59:28Z"}}}]},
    });
    let text = page(|page| pod::write(page, &object));
    for line in [
        "Node:             n1/10.0.0.1",
        "Labels:           app=web",
        "                  v=1",
        "Controlled By:  ReplicaSet/web",
        "  web:",
        "    Port:          80/TCP (http)",
        "      sh",
        "    State:          Waiting",
        "      Reason:       CrashLoopBackOff",
        "    Last State:     Terminated",
        "      Exit Code:    2",
        "      Started:      Mon, 23 Nov 2026 06:59:27 +0000",
        "    Restart Count:  7",
        "      S:  <set to the key 'k' in secret 's'>  Optional: false",
        "      /c from c (ro)",
        "  Ready  False",
        "Tolerations:     x:NoExecute op=Exists for 300s",
    ] {
        assert!(
            text.lines()
                .any(|l| l.trim_end() == line || l.contains(line.trim())),
            "{line}\n{text}"
        );
    }
    assert!(
        text.contains("http-get http://:http/up delay=0s timeout=1s period=10s"),
        "{text}"
    );
    let specs = container::specs(&object);
    assert_eq!(specs[0].digest, "sha256:12");
    assert_eq!(specs[0].env, ["A", "S from secret s/k"]);
    assert_eq!(specs[0].mounts, ["/c from configmap web (ro)"]);
    assert_eq!(specs[0].requests, "cpu 5m");
}

#[test]
fn a_deployment_tells_its_replicas() {
    let object = json!({
        "metadata": {"name": "web", "namespace": "shop",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "canary",
                "deployment.kubernetes.io/revision": "3"}},
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"},
            "matchExpressions": [{"key": "t", "operator": "In", "values": ["a", "b"]}]},
            "strategy": {"type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": 1}},
            "template": {"spec": {"containers": [{"name": "web", "image": "w:1"}]}}},
        "status": {"updatedReplicas": 2, "replicas": 4, "availableReplicas": 3,
            "conditions": [{"type": "Available", "status": "True", "reason": "Min"}]},
    });
    let text = page(|page| workload::write(page, "Deployment", &object));
    for part in [
        "3 desired | 2 updated | 4 total | 3 available | 0 unavailable",
        "app=web,t in (a,b)",
        "25% max unavailable, 1 max surge",
        "deployment.kubernetes.io/revision: 3",
        "Available  True    Min",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("canary"), "{text}");
}

#[test]
fn a_deployment_tells_its_replica_sets() {
    let revision = |n: &str| json!({"deployment.kubernetes.io/revision": n});
    let set = |name: &str, n: &str, owner: &str, replicas: u32| {
        json!({
            "metadata": {"name": name, "annotations": revision(n),
                "ownerReferences": [{"uid": owner}]},
            "spec": {"replicas": replicas}, "status": {"replicas": replicas},
        })
    };
    let deployment = json!({"metadata": {"uid": "d", "annotations": revision("3")}});
    let sets = json!({"items": [
        set("a", "1", "d", 0), set("b", "2", "d", 1), set("c", "3", "d", 2),
        set("x", "2", "other", 5)]});
    let text = page(|page| workload::write_sets(page, &deployment, Some(&sets)));
    assert_eq!(
        text,
        "OldReplicaSets:  b (1/1 replicas created)\nNewReplicaSet:   c (2/2 replicas created)\n"
    );
}

#[test]
fn any_kind_is_described_by_its_fields() {
    let object = json!({
        "apiVersion": "x.io/v1", "kind": "Thing",
        "metadata": {"name": "t", "uid": "u", "managedFields": [{"manager": "noise"}]},
        "spec": {"maxSize": 3, "rules": [{"host": "a"}, {"host": "b"}], "on": null, "tags": ["q"]},
    });
    let text = page(|page| generic::write(page, &object));
    assert_eq!(
        text,
        "Name:         t\nLabels:       <none>\nAnnotations:  <none>\nAPI Version:  x.io/v1\n\
         Kind:         Thing\nMetadata:\n  UID:  u\nSpec:\n  Max Size:  3\n  Rules:\n    Host:  a\n\
         \x20   Host:  b\n  Tags:\n    q\n"
    );
}

#[test]
fn events_close_the_page() {
    let event = EventLine {
        warning: true,
        reason: "BackOff".into(),
        message: "again".into(),
        count: 3,
        last: Some(Timestamp(60_000)),
        first: Some(Timestamp(0)),
        source: "kubelet".into(),
    };
    let now = Timestamp(120_000);
    let text = page(|page| write_events(page, Ok(&[event]), now));
    assert!(
        text.contains("Warning  BackOff  60s (x3 over 2m)  kubelet  again"),
        "{text}"
    );
    let none = page(|page| write_events(page, Ok(&[]), now));
    assert_eq!(none, "Events:  <none>\n");
    let denied = Fault::status(403);
    let denied = page(|page| write_events(page, Err(&denied), now));
    assert!(denied.contains("cannot be read"), "{denied}");
}
