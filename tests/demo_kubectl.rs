//! An unmodified kubectl against the demo cluster: what a person types works, and says what it says
//! on any Kubernetes. Without kubectl on the PATH each test says "skipped: no kubectl".
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::kubectl::{Kubectl, wait_until};
use std::process::Stdio;

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");

#[test]
fn every_kind_is_listed_in_every_form() {
    let Some(kubectl) = Kubectl::start(PROGRAM, &["--seed", "7"]) else {
        return;
    };
    let kinds = "nodes namespaces pods deploy rs sts ds controllerrevisions jobs cronjobs svc cm secrets sa events ingress \
        roles rolebindings clusterroles clusterrolebindings leases pvc crd ingressroutes";
    for kind in kinds.split_whitespace() {
        let table = kubectl
            .run(&format!("get {kind} -A --no-headers"))
            .says(&[]);
        let items = kubectl
            .run(&format!("get {kind} -A -o json"))
            .says(&["\"items\""])
            .json();
        assert!(
            !items["items"].as_array().unwrap().is_empty(),
            "there are no {kind}"
        );
        // Things happen meanwhile, so the numbers may differ by a few.
        let (rows, items) = (
            table.out.lines().count(),
            items["items"].as_array().unwrap().len(),
        );
        assert!(
            rows.abs_diff(items) <= 5,
            "{kind}: {rows} rows, {items} items"
        );
        kubectl.run(&format!("get {kind} -A -o wide")).says(&[]);
    }
    kubectl
        .run("get pods -A -o wide")
        .says(&["NOMINATED NODE", "READINESS GATES"]);
    kubectl
        .run("get all -A")
        .says(&["pod/", "deployment.apps/", "replicaset.apps/"]);
    kubectl
        .run("get pods -A --chunk-size=20 --no-headers")
        .says(&["Running"]);
    kubectl.run("get events -A").says(&["LAST SEEN", "REASON"]);
}

#[test]
fn selections_and_watches_show_what_they_name() {
    let Some(kubectl) = Kubectl::start(PROGRAM, &["--seed", "7"]) else {
        return;
    };
    let all = kubectl.run("get pods -A -o name").says(&[]).lines();
    let labelled = kubectl
        .run("get pods -A -l app.kubernetes.io/part-of -o name")
        .says(&["pod/"])
        .lines();
    assert!(labelled.len() < all.len());
    let running = kubectl
        .run("get pods -A --field-selector status.phase=Running -o json")
        .says(&[])
        .json();
    let items = running["items"].as_array().unwrap();
    assert!(!items.is_empty() && items.iter().all(|pod| pod["status"]["phase"] == "Running"));
    kubectl
        .run("get pods -A --field-selector spec.color=red")
        .refuses("field label not supported");
    let (ns, name, _, replicas) = kubectl.deployment();
    let mut watch = kubectl
        .command(&format!(
            "-n {ns} get deploy {name} -w -o name --output-watch-events=false"
        ))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(watch.stdout.take().unwrap()));
    assert!(lines.next().unwrap().unwrap().ends_with(&name));
    kubectl
        .run(&format!(
            "-n {ns} scale deploy {name} --replicas={}",
            replicas + 1
        ))
        .says(&["scaled"]);
    assert!(
        lines.next().unwrap().unwrap().ends_with(&name),
        "the watch told the change"
    );
    watch.kill().unwrap();
    watch.wait().unwrap();
}

#[test]
fn questions_about_the_cluster_and_oneself_are_answered() {
    let Some(kubectl) = Kubectl::start(PROGRAM, &["--seed", "7"]) else {
        return;
    };
    kubectl.run("version").says(&["Server Version: v1.36"]);
    kubectl
        .run("api-resources")
        .says(&["deployments", "ingressroutes", "po "]);
    kubectl
        .run("api-versions")
        .says(&["apps/v1", "metrics.k8s.io/v1beta1"]);
    kubectl
        .run("auth whoami")
        .says(&["Username", "admin", "system:masters"]);
    kubectl.run("auth can-i delete pods -A").says(&["yes"]);
    kubectl.run("auth can-i --list").says(&["*.*"]);
    kubectl
        .run("get --raw /livez?verbose")
        .says(&["livez check passed"]);
    kubectl.run("get --raw /readyz").says(&["ok"]);
    kubectl
        .run("top nodes")
        .says(&["CPU(cores)", "MEMORY(bytes)"]);
    kubectl.run("top pods -A").says(&["MEMORY(bytes)"]);
    kubectl.run("events -A").says(&["REASON"]);
    kubectl
        .run("explain deployment")
        .says(&["KIND:", "Deployment"]);
}

#[test]
fn people_may_do_their_part_only() {
    let Some(kubectl) = Kubectl::start(PROGRAM, &["--seed", "7"]) else {
        return;
    };
    let config = kubectl.run("config get-contexts -o name").says(&[]).lines();
    let context = |name: &str| {
        config
            .iter()
            .find(|context| context.ends_with(name))
            .unwrap()
            .clone()
    };
    let oncall = context("oncall");
    kubectl
        .run(&format!("--context {oncall} get pods -A"))
        .says(&["NAMESPACE"]);
    kubectl
        .run(&format!("--context {oncall} get secrets -A"))
        .refuses("cannot list resource \"secrets\"");
    kubectl
        .run(&format!("--context {oncall} auth can-i delete pods"))
        .refuses("no");
    let owner = config
        .iter()
        .find(|name| *name != &oncall && name.starts_with("quarterdeck-demo-"))
        .unwrap();
    kubectl
        .run(&format!("--context {owner} get pods -A"))
        .refuses("at the cluster scope");
    kubectl
        .run("get pods -A --as=nobody")
        .refuses("User \"nobody\" cannot list");
    kubectl.run("get pods --token=wrong --user=").refuses("");
    kubectl
        .run(&format!("--context {oncall} get --raw /demo/faults"))
        .refuses("only the admin");
}

#[test]
fn workloads_scale_heal_roll_and_come_back() {
    let Some(kubectl) = Kubectl::start(PROGRAM, &["--seed", "7"]) else {
        return;
    };
    let (ns, name, selector, replicas) = kubectl.deployment();
    let run = |line: &str| kubectl.run(&format!("-n {ns} {line}"));
    run(&format!("describe deploy {name}")).says(&["Replicas:", "StrategyType:", "NewReplicaSet:"]);
    let pods = kubectl.pods(&ns, &selector);
    run(&format!("describe {}", pods.first().unwrap())).says(&[
        "Containers:",
        "Conditions:",
        "Controlled By:",
    ]);
    run(&format!("scale deploy {name} --replicas={}", replicas + 1)).says(&["scaled"]);
    run(&format!("rollout status deploy {name} --timeout=60s")).says(&["successfully rolled out"]);
    let before = kubectl.pods(&ns, &selector);
    assert!(i64::try_from(before.len()).unwrap() > replicas);
    run(&format!("delete {} --wait=false", before.first().unwrap())).says(&["deleted"]);
    wait_until("a deleted pod is replaced", || {
        !kubectl.pods(&ns, &selector).is_subset(&before)
    });
    run(&format!("rollout restart deploy {name}")).says(&["restarted"]);
    run(&format!("rollout status deploy {name} --timeout=90s")).says(&["successfully rolled out"]);
    run(&format!("rollout history deploy {name}")).says(&["REVISION"]);
    run(&format!("rollout undo deploy {name}")).says(&["rolled back"]);
    run(&format!("rollout status deploy {name} --timeout=90s")).says(&["successfully rolled out"]);
    run(&format!("label deploy {name} tried=yes")).says(&["labeled"]);
    run(&format!("annotate deploy {name} tried=yes")).says(&["annotated"]);
    run(&format!(
        "get deploy {name} -o jsonpath={{.metadata.labels.tried}}{{.metadata.annotations.tried}}"
    ))
    .says(&["yesyes"]);
    // Pods of the run before still end: one of them could be gone before it is deleted.
    let wanted = usize::try_from(replicas).unwrap() + 1;
    wait_until("the old pods are gone", || {
        kubectl.pods(&ns, &selector).len() == wanted
    });
    run(&format!(
        "delete {}",
        kubectl.pods(&ns, &selector).first().unwrap()
    ))
    .says(&["deleted"]);
}

#[test]
fn nodes_are_cordoned_and_everything_is_described() {
    let Some(kubectl) = Kubectl::start(PROGRAM, &["--seed", "7"]) else {
        return;
    };
    let nodes = kubectl.run("get nodes -o name").says(&[]).lines();
    let node = nodes.last().unwrap();
    kubectl.run(&format!("cordon {node}")).says(&["cordoned"]);
    kubectl
        .run(&format!("get {node}"))
        .says(&["SchedulingDisabled"]);
    kubectl
        .run(&format!("uncordon {node}"))
        .says(&["uncordoned"]);
    kubectl
        .run(&format!("describe {node}"))
        .says(&["Allocatable:", "Non-terminated Pods:"]);
    for kind in "ns svc cm secret sa rs sts ds job cronjob ingress pvc role rolebinding clusterrole crd ingressroutes".split(' ') {
        let list = kubectl.run(&format!("get {kind} -A -o json")).says(&[]).json();
        let first = &list["items"][0]["metadata"];
        let ns = first["namespace"].as_str().unwrap_or("default");
        kubectl.run(&format!("-n {ns} describe {kind} {}", first["name"].as_str().unwrap())).says(&["Name:"]);
    }
}

#[test]
fn manifests_are_applied_in_every_way() {
    let Some(kubectl) = Kubectl::start(PROGRAM, &["--seed", "7"]) else {
        return;
    };
    let (ns, ..) = kubectl.deployment();
    let config = |value: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: tried, namespace: {ns}}}\ndata: {{a: '{value}'}}\n"
        )
    };
    kubectl
        .run_with("apply -f -", &config("1"))
        .says(&["created"]);
    kubectl
        .run_with("apply -f -", &config("1"))
        .says(&["unchanged"]);
    kubectl
        .run_with("apply -f -", &config("2"))
        .says(&["configured"]);
    kubectl.run_with("diff -f -", &config("2")).says(&[]);
    kubectl
        .run(&format!("-n {ns} get cm tried -o jsonpath={{.data.a}}"))
        .says(&["2"]);
    kubectl
        .run_with("apply --server-side --force-conflicts -f -", &config("3"))
        .says(&["serverside-applied"]);
    kubectl
        .run(&format!("-n {ns} get cm tried -o jsonpath={{.data.a}}"))
        .says(&["3"]);
    kubectl
        .run_with("replace -f -", &config("4"))
        .says(&["replaced"]);
    kubectl
        .run_with("create -f -", &config("4"))
        .refuses("AlreadyExists");
    kubectl
        .run_with("apply --dry-run=server -f -", &config("5"))
        .says(&["server dry run"]);
    kubectl.run(&format!("-n {ns} patch cm tried --type=json -p [{{\"op\":\"replace\",\"path\":\"/data/a\",\"value\":\"6\"}}]")).says(&["patched"]);
    kubectl
        .run(&format!("-n {ns} delete cm tried"))
        .says(&["deleted"]);
    kubectl
        .run(&format!("-n {ns} get pod no-such-pod"))
        .refuses("NotFound");
    let world = "apiVersion: v1\nkind: Namespace\nmetadata: {name: tried}\n---\n\
        apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: tried}\n\
        spec: {replicas: 2, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, \
        spec: {containers: [{name: pause, image: 'registry.k8s.io/pause:3.10'}]}}}\n";
    kubectl
        .run_with("apply -f -", world)
        .says(&["namespace/tried created", "deployment.apps/web created"]);
    wait_until("its pods are made", || {
        kubectl.pods("tried", "app=web").len() == 2
    });
    kubectl
        .run("-n tried set image deploy/web pause=registry.k8s.io/pause:3.11")
        .says(&["image updated"]);
    kubectl.run("delete ns tried").says(&["deleted"]);
    let orphan = config("7").replace(&format!("namespace: {ns}"), "namespace: tried");
    kubectl
        .run_with("create -f -", &orphan)
        .refuses("not found");
}

#[test]
fn the_same_seed_names_the_same_pods() {
    let Some(first) = Kubectl::start(PROGRAM, &["--seed", "7"]) else {
        return;
    };
    let second = Kubectl::start(PROGRAM, &["--seed", "7"]).unwrap();
    let steady = |kubectl: &Kubectl| {
        kubectl
            .run("get sts,deploy,svc,nodes -A -o name")
            .says(&[])
            .lines()
    };
    assert_eq!(steady(&first), steady(&second));
    let pods = |kubectl: &Kubectl| kubectl.run("get pods -A -o name").says(&[]).lines();
    let (one, other) = (pods(&first), pods(&second));
    // A few are made and unmade from the first second on.
    assert!(one.symmetric_difference(&other).count() < one.len() / 10);
}
