//! An unmodified kubectl against the demo cluster: what a person types works, and says what it says
//! on any Kubernetes. Without kubectl on the PATH each test says "skipped: no kubectl".
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::kubectl::{Kubectl, Said, wait_until};
use std::process::Stdio;

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");
/// A world that does nothing by itself.
const STILL: &[&str] = &["--seed", "7", "--pods", "200"];

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
    kubectl
        .run("get ingressroutes -A -o wide")
        .says(&["ENTRY POINTS", "MATCH", "SERVICE", "TLS"]);
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
    kubectl
        .run("get --raw /readyz?verbose")
        .says(&["[+]ping ok", "readyz check passed"]);
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
    run(&format!("rollout history deploy {name} --revision=1")).says(&["Pod Template", "Image:"]);
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
fn a_rollout_is_paused_resumed_waited_for_and_edited() {
    let Some(kubectl) = Kubectl::start(PROGRAM, STILL) else {
        return;
    };
    let (ns, name, selector, replicas) = kubectl.deployment();
    let run = |line: &str| kubectl.run(&format!("-n {ns} {line}"));
    let sets = || {
        run(&format!("get rs -l {selector} -o name"))
            .says(&[])
            .lines()
    };
    run(&format!("rollout pause deploy {name}")).says(&["paused"]);
    let before = sets();
    run(&format!("set env deploy {name} TRIED=yes")).says(&["env updated"]);
    run(&format!("scale deploy {name} --replicas={}", replicas + 1)).says(&["scaled"]);
    // The scale is seen, and with it the paused template was.
    let ready = format!("--for=jsonpath={{.status.readyReplicas}}={}", replicas + 1);
    run(&format!("wait deploy {name} {ready} --timeout=30s")).says(&["condition met"]);
    assert_eq!(sets(), before, "a paused rollout makes no ReplicaSet");
    run(&format!("rollout resume deploy {name}")).says(&["resumed"]);
    run(&format!("rollout status deploy {name} --timeout=60s")).says(&["successfully rolled out"]);
    assert_eq!(sets().len(), before.len() + 1);
    run(&format!(
        "wait deploy {name} --for=condition=Available --timeout=10s"
    ))
    .says(&["condition met"]);
    let mut edit = kubectl.command(&format!("-n {ns} edit deploy {name}"));
    edit.env(
        "EDITOR",
        "sed -i 's/minReadySeconds: .*//; s/^  replicas: .*/  replicas: 1/'",
    );
    let edited = Said::of(&edit.stdin(Stdio::null()).output().unwrap());
    edited.says(&["edited"]);
    let left = "--for=jsonpath={.status.replicas}=1";
    run(&format!("wait deploy {name} {left} --timeout=30s")).says(&["condition met"]);
    for (patch, replicas) in [
        ("--type=strategic -p {\"spec\":{\"replicas\":2}}", 2),
        ("--type=merge -p {\"spec\":{\"replicas\":3}}", 3),
        (
            "--type=json -p [{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":1}]",
            1,
        ),
    ] {
        run(&format!("patch deploy {name} {patch}")).says(&["patched"]);
        let now = run(&format!("get deploy {name} -o jsonpath={{.spec.replicas}}"));
        assert_eq!(now.out, replicas.to_string());
    }
    run(&format!(
        "scale deploy {name} --current-replicas=9 --replicas=2"
    ))
    .refuses("Expected replicas to be 9, was 1");
    run(&format!("set image deploy {name} *=nginx:does-not-exist")).says(&["updated"]);
    run(&format!("rollout status deploy {name} --timeout=5s")).refuses("timed out");
    wait_until("the bad image shows", || {
        let pods = run(&format!("get pods -l {selector}")).all;
        pods.contains("ImagePullBackOff") || pods.contains("ErrImagePull")
    });
    run(&format!("rollout undo deploy {name}")).says(&["rolled back"]);
    run(&format!("rollout status deploy {name} --timeout=60s")).says(&["successfully rolled out"]);
}

#[test]
fn what_kubectl_makes_itself_is_made() {
    let Some(kubectl) = Kubectl::start(PROGRAM, STILL) else {
        return;
    };
    kubectl
        .run("create namespace made")
        .says(&["namespace/made created"]);
    let run = |line: &str| kubectl.run(&format!("-n made {line}"));
    for line in [
        "create deployment web --image=nginx:1.29 --replicas=2 --port=80",
        "create configmap config --from-literal=key=value",
        "create secret generic secret --from-literal=key=value",
        "create serviceaccount somebody",
        "create job once --image=busybox:1.37 -- echo hello",
        "create cronjob often --image=busybox:1.37 --schedule=*/5 * -- echo hello",
        "create service clusterip inside --tcp=80:8080",
        "create service nodeport outside --tcp=80:http",
        "create ingress way --rule=shop.example/a*=inside:80,tls=cert",
        "create role reader --verb=get,list --resource=pods,deployments.apps",
        "create rolebinding readers --role=reader --user=dana --serviceaccount=made:somebody",
        "create clusterrole made-reader --verb=get --resource=pods",
        "create clusterrolebinding made-readers --clusterrole=made-reader --group=people",
        "run alone --image=httpd:2.4",
        "expose deployment web --port=80",
    ] {
        let line = line.replace("*/5 *", "*/5_*_*_*_*");
        let mut command = kubectl.command("-n made");
        command.args(line.split(' ').map(|word| word.replace('_', " ")));
        let said = Said::of(&command.stdin(Stdio::null()).output().unwrap());
        assert!(said.ok, "{line}: {}", said.all);
    }
    run("rollout status deploy/web --timeout=30s").says(&["successfully rolled out"]);
    run("wait job/once --for=condition=Complete --timeout=30s").says(&["condition met"]);
    let get = |what: &str| run(&format!("get {what} -o json")).says(&[]).json();
    assert_eq!(get("secret secret")["data"]["key"], "dmFsdWU=");
    assert_eq!(get("cm config")["data"]["key"], "value");
    assert_eq!(get("cronjob often")["spec"]["schedule"], "*/5 * * * *");
    let deployment = get("deploy web");
    assert_eq!(deployment["spec"]["replicas"], 2);
    assert_eq!(
        deployment["spec"]["template"]["spec"]["containers"][0]["ports"][0]["containerPort"],
        80
    );
    let outside = get("svc outside");
    assert_eq!(outside["spec"]["ports"][0]["targetPort"], "http");
    assert!(outside["spec"]["ports"][0]["nodePort"].as_i64().unwrap() >= 30_000);
    assert_eq!(get("svc inside")["spec"]["ports"][0]["targetPort"], 8080);
    assert_eq!(
        get("role reader")["rules"][0]["verbs"],
        serde_json::json!(["get", "list"])
    );
    let path = &get("ingress way")["spec"]["rules"][0]["http"]["paths"][0];
    assert_eq!(path["backend"]["service"]["port"]["number"], 80);
    run("auth can-i get pods --as=system:serviceaccount:made:somebody").says(&["yes"]);
    run("wait pod/alone --for=condition=Ready --timeout=30s").says(&["condition met"]);
    // The story of a pod in the order in which it happened, also within a second.
    let told =
        run("get events --field-selector involvedObject.name=alone -o jsonpath={.items[*].reason}");
    assert_eq!(told.out, "Scheduled Pulling Pulled Created Started");
    kubectl
        .run("delete namespace made --wait=false")
        .says(&["deleted"]);
    kubectl.run("get namespace made").says(&["Terminating"]);
    run("create configmap late").refuses("because it is being terminated");
    kubectl
        .run("wait namespace/made --for=delete --timeout=30s")
        .says(&["condition met"]);
    run("get pods").says(&["No resources found"]);
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
    // Another manager's field: refused, unless it has the same value or is forced.
    let other = "apply --server-side --field-manager=other -f -";
    kubectl.run_with(other, &config("3")).says(&["applied"]);
    kubectl
        .run_with(other, &config("4"))
        .refuses("conflict with \"kubectl\": .data.a");
    kubectl
        .run_with(&format!("{other} --force-conflicts"), &config("4"))
        .says(&["applied"]);
    kubectl
        .run_with("apply --server-side -f -", &config("3"))
        .refuses("conflict with \"other\": .data.a");
    let diff = kubectl.run_with("diff -f -", &config("5"));
    assert!(!diff.ok && diff.out.contains("+  a: \"5\""), "{}", diff.all);
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
