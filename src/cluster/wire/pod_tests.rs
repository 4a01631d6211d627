#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use super::super::Reader;
use super::*;
use crate::domain::rows::{Labels, Role};
use crate::domain::time::Timestamp;
use std::sync::Arc;

const CRASHING: &str = r#"{"kind":"Pod","apiVersion":"v1","metadata":{
  "name":"invoicer-7d9-x2x","generateName":"invoicer-7d9-","namespace":"billing-prod",
  "uid":"0b5c","resourceVersion":"812","creationTimestamp":"2026-11-23T06:00:00Z",
  "labels":{"app":"invoicer","app.kubernetes.io/part-of":"billing","pod-template-hash":"7d9"},
  "annotations":{"other":"x","meta.helm.sh/release-name":"billing"},
  "ownerReferences":[{"apiVersion":"v1","kind":"Other","name":"o","uid":"o1"},
    {"apiVersion":"apps/v1","kind":"ReplicaSet","name":"invoicer-7d9","uid":"rs1","controller":true}],
  "managedFields":[{"manager":"kubelet","fieldsV1":{"f:status":{}}}]},
 "spec":{"nodeName":"worker-1","initContainers":[
   {"name":"migrate","image":"m:1"},{"name":"proxy","image":"p:1","restartPolicy":"Always"}],
  "containers":[{"name":"invoicer","image":"i:2","env":[{"name":"A","value":"b"}]},
    {"name":"late","image":"l:1"}],
  "readinessGates":[{"conditionType":"lb/ready"},{"conditionType":"x"}]},
 "status":{"phase":"Running","podIP":"10.0.0.7","conditions":[
   {"type":"Initialized","status":"True"},
   {"type":"lb/ready","status":"True"},
   {"type":"Ready","status":"False","reason":"ContainersNotReady","message":"not ready: [invoicer]",
    "lastProbeTime":null,"lastTransitionTime":"2026-11-23T06:01:00Z"},
   {"type":"PodScheduled","status":"True","message":"dropped"}],
  "initContainerStatuses":[{"name":"proxy","ready":true,"started":true,"restartCount":0,
     "state":{"running":{"startedAt":"2026-11-23T06:00:05Z"}}},
    {"name":"migrate","ready":true,"restartCount":0,
     "state":{"terminated":{"exitCode":0,"reason":"Completed"}}}],
  "containerStatuses":[{"name":"invoicer","ready":false,"started":false,"restartCount":7,
     "state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off 5m0s\u001b[31m"}},
     "lastState":{"terminated":{"exitCode":2,"reason":"Error","signal":0,
       "startedAt":"2026-11-23T06:05:00Z","finishedAt":"2026-11-23T06:05:01Z"}}}]}}"#;

fn pod(json: &str) -> Pod {
    match Reader::new(Kind::Pod).read(json.as_bytes()).row {
        Row::Pod(pod) => pod,
        other => panic!("not a pod: {other:?}"),
    }
}

#[test]
fn a_crashing_pod_is_read_whole() {
    let parsed = Reader::new(Kind::Pod).read(CRASHING.as_bytes());
    assert_eq!(parsed.version, "812");
    let pod = pod(CRASHING);
    assert_eq!(pod.meta.unreadable, None);
    assert_eq!(pod.meta.name, "invoicer-7d9-x2x");
    assert_eq!(
        pod.meta.created,
        Timestamp::parse("2026-11-23T06:00:00Z").unwrap()
    );
    assert_eq!(pod.meta.labels.get("app").unwrap(), "invoicer");
    assert_eq!(pod.meta.helm_release.as_deref(), Some("billing"));
    assert_eq!(pod.meta.owner.as_ref().unwrap().name, "invoicer-7d9");
    assert_eq!(
        (&*pod.node, &*pod.phase, &*pod.ip),
        ("worker-1", "Running", "10.0.0.7")
    );
    assert_eq!(pod.readiness_gates, (1, 2));
    let kinds: Vec<&str> = pod.conditions.iter().map(|c| &*c.kind).collect();
    assert_eq!(kinds, ["Initialized", "Ready", "PodScheduled"]);
    assert_eq!(pod.conditions[1].message, "not ready: [invoicer]");
    assert_eq!(pod.conditions[2].message, "");
    assert!(!pod.init_containers[0].sidecar && pod.init_containers[1].sidecar);
    assert!(matches!(pod.init_containers[0].state, State::Terminated(_)));
    assert!(matches!(
        pod.init_containers[1].state,
        State::Running { since: Some(_) }
    ));
    let main = &pod.containers[0];
    assert_eq!(main.restarts, 7);
    let State::Waiting { reason, message } = &main.state else {
        panic!("{:?}", main.state);
    };
    assert_eq!(reason, "CrashLoopBackOff");
    assert_eq!(message, "back-off 5m0s\u{fffd}[31m");
    assert_eq!(main.last.as_ref().unwrap().exit_code, 2);
    assert_eq!(pod.containers[1].state, State::Unknown);
}

#[test]
fn nulls_and_unknown_fields_are_no_reason_to_fail() {
    let pod = pod(
        r#"{"metadata":{"name":"p","namespace":null,"labels":null,"annotations":null,
            "creationTimestamp":null,"ownerReferences":null,"generation":null},
            "spec":{"nodeName":null,"containers":null,"readinessGates":null,"new":[1,{"a":2}]},
            "status":null}"#,
    );
    assert_eq!(pod.meta.unreadable, None);
    assert_eq!(pod.meta.labels, Labels::default());
    assert!(pod.containers.is_empty());
}

#[test]
fn pods_of_one_template_share_their_labels() {
    let mut reader = Reader::new(Kind::Pod);
    let mut read = |json: &str| reader.read(json.as_bytes()).row.meta().clone();
    let one = read(r#"{"metadata":{"name":"a","namespace":"n","labels":{"b":"2","a":"1"}}}"#);
    let two = read(r#"{"metadata":{"name":"b","namespace":"n","labels":{"a":"1","b":"2"}}}"#);
    let other = read(r#"{"metadata":{"name":"c","namespace":"n","labels":{"a":"1","b":"3"}}}"#);
    assert!(Arc::ptr_eq(&one.labels.0, &two.labels.0));
    assert_eq!(other.labels.get("b").unwrap(), "3");
    assert_eq!(one.labels.get("b").unwrap(), "2");
}

#[test]
fn a_container_that_looks_into_the_pod_is_read_and_decides_nothing() {
    let pod = pod(r#"{"metadata":{"name":"p"},
            "spec":{"containers":[{"name":"app"}],"ephemeralContainers":[{"name":"debugger-x"}]},
            "status":{"phase":"Running","containerStatuses":[{"name":"app","ready":true,
              "state":{"running":{"startedAt":"2026-11-23T06:00:00Z"}}}],
              "ephemeralContainerStatuses":[{"name":"debugger-x",
                "state":{"terminated":{"exitCode":130,"reason":"Error"}}}]}}"#);
    let roles: Vec<_> = pod
        .all_containers()
        .map(|(container, role)| (container.name.as_str(), role))
        .collect();
    assert_eq!(
        roles,
        [("app", Role::Main), ("debugger-x", Role::Ephemeral)]
    );
    assert!(matches!(
        pod.ephemeral_containers[0].state,
        State::Terminated(_)
    ));
}
