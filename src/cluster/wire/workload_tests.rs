#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use super::super::Reader;
use super::*;
use crate::domain::rows::Node;

fn workload(kind: Kind, json: &str) -> Workload {
    match Reader::new(kind).read(json.as_bytes()).row {
        Row::Workload(row) => {
            assert_eq!(row.meta.unreadable, None);
            row
        }
        other => panic!("not a workload: {other:?}"),
    }
}

#[test]
fn a_deployment_that_rolls_is_read() {
    let row = workload(
        Kind::Deployment,
        r#"{"metadata":{"name":"web","namespace":"shop","generation":4,
             "annotations":{"deployment.kubernetes.io/revision":"3"}},
            "spec":{"replicas":3,"paused":true,"template":{"metadata":{"labels":{"app":"web"}},
              "spec":{"containers":[{"name":"web","image":"w:2"},{"name":"log","image":"l:1"}]}}},
            "status":{"observedGeneration":3,"replicas":4,"updatedReplicas":2,"readyReplicas":3,
              "availableReplicas":3,"conditions":[
               {"type":"Available","status":"True","message":"gone"},
               {"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded",
                "message":"stuck"}]}}"#,
    );
    assert_eq!(
        (
            row.desired,
            row.current,
            row.ready,
            row.updated,
            row.available
        ),
        (3, 4, 3, 2, 3)
    );
    assert!(row.paused && row.unobserved);
    assert_eq!(row.revision, "3");
    assert_eq!(row.template_labels.get("app").unwrap(), "web");
    assert_eq!(row.images[1].1, "l:1");
    assert_eq!(row.conditions[0].message, "");
    assert_eq!(row.conditions[1].message, "stuck");
}

#[test]
fn the_other_workloads_are_read_in_their_own_words() {
    let set = workload(
        Kind::StatefulSet,
        r#"{"metadata":{"name":"db"},"spec":{},"status":{"updateRevision":"db-6c"}}"#,
    );
    assert_eq!((set.desired, &*set.revision), (1, "db-6c"));
    let daemon = workload(
        Kind::DaemonSet,
        r#"{"metadata":{"name":"agent"},"status":{"desiredNumberScheduled":9,
            "currentNumberScheduled":9,"numberReady":8,"updatedNumberScheduled":7,
            "numberAvailable":8}}"#,
    );
    assert_eq!(
        (
            daemon.desired,
            daemon.current,
            daemon.ready,
            daemon.updated,
            daemon.available
        ),
        (9, 9, 8, 7, 8)
    );
    let job = workload(
        Kind::Job,
        r#"{"metadata":{"name":"once"},"spec":{"completions":5,"parallelism":2,"suspend":true},
            "status":{"active":2,"succeeded":1,"failed":3,"startTime":"2026-11-23T06:00:00Z",
            "conditions":[{"type":"Failed","status":"True","message":"too often"}]}}"#,
    );
    assert_eq!(
        (job.desired, job.ready, job.updated, job.failed),
        (5, 1, 2, 3)
    );
    assert!(job.paused && job.started.is_some());
    assert_eq!(job.conditions[0].message, "too often");
    let cron = workload(
        Kind::CronJob,
        r#"{"metadata":{"name":"report"},"spec":{"schedule":"0 3 * * *","jobTemplate":{"spec":{
            "template":{"metadata":{"labels":{"app":"report"}},
            "spec":{"containers":[{"name":"r","image":"r:1"}]}}}}},
            "status":{"active":[{"name":"a"},{"name":"b"}],
            "lastScheduleTime":"2026-11-23T03:00:00Z"}}"#,
    );
    assert_eq!((cron.desired, cron.updated), (0, 2));
    assert_eq!(cron.schedule, "0 3 * * *");
    assert!(cron.last_time.is_some());
    assert_eq!(cron.images[0].0, "r");
}

#[test]
fn a_node_is_read() {
    let json = r#"{"metadata":{"name":"worker-1","labels":{"node-role.kubernetes.io/worker":"",
        "node-role.kubernetes.io/edge":"","kubernetes.io/role":"worker"}},
        "spec":{"unschedulable":true,"taints":[{"key":"k","value":"v","effect":"NoSchedule"},
          {"key":"node.kubernetes.io/unschedulable","effect":"NoSchedule"}]},
        "status":{"addresses":[{"type":"Hostname","address":"h"},
          {"type":"InternalIP","address":"10.0.0.1"}],
        "allocatable":{"cpu":"3920m","memory":"16Gi","pods":"110"},
        "nodeInfo":{"kubeletVersion":"v1.36.3","osImage":"Debian"},
        "conditions":[{"type":"Ready","status":"True","message":"ok"},
          {"type":"DiskPressure","status":"True","message":"full"}]}}"#;
    let Row::Node(node) = Reader::new(Kind::Node).read(json.as_bytes()).row else {
        panic!("not a node");
    };
    let Node {
        roles,
        taints,
        conditions,
        ..
    } = &node;
    assert_eq!(roles, "edge,worker");
    assert_eq!(taints[0], "k=v:NoSchedule");
    assert_eq!(taints[1], "node.kubernetes.io/unschedulable:NoSchedule");
    assert_eq!(
        (node.cpu_milli, node.memory, node.max_pods),
        (3920, 16 << 30, 110)
    );
    assert_eq!(node.internal_ip, "10.0.0.1");
    assert!(node.cordoned);
    assert_eq!(
        (&*conditions[0].message, &*conditions[1].message),
        ("", "full")
    );
}
