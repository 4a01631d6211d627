//! The cluster's own inhabitants: control plane, network, DNS, metrics, leases, the custom kind.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::builder::{Builder, Mood, Name, metadata};
use super::nodes::KUBELET_VERSION;
use super::supplies;
use super::workloads::{self, Crew, Revision, Strategy, Workload};
use crate::demo::clock::stamp;
use crate::demo::control::pod::Owner;
use crate::demo::kinds::{CUSTOMRESOURCEDEFINITIONS, LEASES, NODES, PODS, SERVICES};

const SYSTEM: &str = "kube-system";

/// Days since the cluster was set up.
pub const AGE: SignedDuration = SignedDuration::from_hours(24 * 341);

/// The machines, the system namespaces and all that runs in them.
pub fn cluster(builder: &mut Builder<'_>) {
    let born = builder.ago(AGE);
    let now = builder.now;
    let machines = builder.nodes.objects(&mut builder.random, now, AGE);
    for name in ["default", SYSTEM, "kube-public", "kube-node-lease"] {
        supplies::namespace(builder, name, Value::Null, born);
    }
    kubernetes_service(builder, born);
    for machine in &machines {
        builder.put(&NODES, machine.clone());
        node_lease(builder, machine, born);
    }
    leader_leases(builder, born);
    control_plane(builder, &machines, born);
    network(builder, born);
    dns(builder, born);
    metrics(builder, born);
    custom_kind(builder, born);
}

fn kubernetes_service(builder: &mut Builder<'_>, born: Timestamp) {
    let labels = json!({"component": "apiserver", "provider": "kubernetes"});
    builder.put(
        &SERVICES,
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": metadata("default", "kubernetes", &labels, born),
            "spec": {"type": "ClusterIP", "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"], "sessionAffinity": "None",
                "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]},
            "status": {"loadBalancer": {}},
        }),
    );
}

fn node_lease(builder: &mut Builder<'_>, machine: &Value, born: Timestamp) {
    let ago = builder.random.between(0, 9);
    let renewed = builder.ago(SignedDuration::from_secs(ago));
    let name = machine["metadata"]["name"].as_str().unwrap_or_default();
    let mut lease = lease("kube-node-lease", name, name, 40, renewed, born);
    lease["metadata"]["ownerReferences"] = json!([{"apiVersion": "v1", "kind": "Node", "name": name, "uid": machine["metadata"]["uid"]}]);
    builder.put(&LEASES, lease);
}

fn lease(
    namespace: &str,
    name: &str,
    holder: &str,
    seconds: i64,
    renewed: Timestamp,
    born: Timestamp,
) -> Value {
    let mut object = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata(namespace, name, &Value::Null, born),
        "spec": {"holderIdentity": holder, "leaseDurationSeconds": seconds, "renewTime": micro(renewed)},
    });
    if namespace == SYSTEM {
        object["spec"]["acquireTime"] = micro(born).into();
        object["spec"]["leaseTransitions"] = 2.into();
    }
    object
}

/// A moment as leases write it, with microseconds.
pub fn micro(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

fn leader_leases(builder: &mut Builder<'_>, born: Timestamp) {
    for (name, node) in [
        ("kube-controller-manager", "cp-1"),
        ("kube-scheduler", "cp-2"),
    ] {
        let holder = format!("{node}_{}", builder.random.uid());
        let renewed = builder.now;
        builder.put(&LEASES, lease(SYSTEM, name, &holder, 15, renewed, born));
    }
}

/// Static pods of the control plane: owned by their node, named after it.
fn control_plane(builder: &mut Builder<'_>, machines: &[Value], born: Timestamp) {
    let parts = [
        (
            "etcd",
            "registry.k8s.io/etcd:3.6.4-0".to_owned(),
            2379,
            "100m",
        ),
        (
            "kube-apiserver",
            format!("registry.k8s.io/kube-apiserver:{KUBELET_VERSION}"),
            6443,
            "250m",
        ),
        (
            "kube-controller-manager",
            format!("registry.k8s.io/kube-controller-manager:{KUBELET_VERSION}"),
            10257,
            "200m",
        ),
        (
            "kube-scheduler",
            format!("registry.k8s.io/kube-scheduler:{KUBELET_VERSION}"),
            10259,
            "100m",
        ),
    ];
    for (at, machine) in machines.iter().enumerate().take(3) {
        let node = builder.nodes.all[at].name.clone();
        let owner = Owner::of(machine);
        for (name, image, port, cpu) in &parts {
            let hash = builder.random.hex(32);
            let template = json!({
                "metadata": {
                    "labels": {"component": name, "tier": "control-plane"},
                    "annotations": {"kubernetes.io/config.hash": hash, "kubernetes.io/config.mirror": hash,
                        "kubernetes.io/config.seen": stamp(born), "kubernetes.io/config.source": "file"},
                },
                "spec": {
                    "hostNetwork": true, "priorityClassName": "system-node-critical", "priority": 2_000_001_000, "automountServiceAccountToken": false,
                    "tolerations": [{"operator": "Exists", "effect": "NoExecute"}],
                    "containers": [{
                        "name": name, "image": image, "command": [name],
                        "ports": [{"name": "https", "containerPort": port, "hostPort": port, "protocol": "TCP"}],
                        "livenessProbe": {"httpGet": {"path": "/livez", "port": port, "scheme": "HTTPS"}, "periodSeconds": 10, "failureThreshold": 8, "timeoutSeconds": 15, "successThreshold": 1},
                        "readinessProbe": {"httpGet": {"path": "/readyz", "port": port, "scheme": "HTTPS"}, "periodSeconds": 1, "failureThreshold": 3, "timeoutSeconds": 15, "successThreshold": 1},
                        "resources": {"requests": {"cpu": cpu, "memory": "100Mi"}},
                        "volumeMounts": [{"name": "certs", "mountPath": "/etc/kubernetes/pki", "readOnly": true}],
                    }],
                    "volumes": [{"name": "certs", "hostPath": {"path": "/etc/kubernetes/pki", "type": "DirectoryOrCreate"}}],
                },
            });
            let up = builder.ago(SignedDuration::from_hours(24 * 33));
            let mut pod = builder.pod(
                &template,
                SYSTEM,
                Name::Given(&format!("{name}-{node}")),
                Some(&owner),
                up,
            );
            builder.live(&mut pod, up, &Mood::Well, Some(at));
            builder.put(&PODS, pod);
        }
    }
}

fn network(builder: &mut Builder<'_>, born: Timestamp) {
    let labels = json!({"k8s-app": "cilium"});
    let template = json!({
        "metadata": {"labels": {"k8s-app": "cilium"}},
        "spec": {
            "hostNetwork": true, "priorityClassName": "system-node-critical", "serviceAccountName": "cilium",
            "tolerations": [{"operator": "Exists"}],
            "containers": [{
                "name": "cilium-agent", "image": "quay.io/cilium/cilium:v1.18.1", "command": ["cilium-agent"],
                "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}},
                "securityContext": {"capabilities": {"add": ["NET_ADMIN", "SYS_ADMIN"], "drop": ["ALL"]}},
                "readinessProbe": {"httpGet": {"host": "127.0.0.1", "path": "/healthz", "port": 9879, "scheme": "HTTP"}, "periodSeconds": 30, "failureThreshold": 3, "timeoutSeconds": 5, "successThreshold": 1},
            }],
        },
    });
    supplies::service_account(builder, SYSTEM, "cilium", &Value::Null, born);
    let workload = Workload {
        namespace: SYSTEM.to_owned(),
        name: "cilium".to_owned(),
        labels: labels.clone(),
        annotations: Value::Null,
        selector: labels,
        revisions: vec![Revision {
            template,
            cause: String::new(),
            at: builder.ago(SignedDuration::from_hours(24 * 19)),
        }],
        replicas: 0,
        manager: "cilium-cli",
    };
    workloads::daemon_set(builder, &workload, true);
}

fn dns(builder: &mut Builder<'_>, born: Timestamp) {
    supplies::service_account(builder, SYSTEM, "coredns", &Value::Null, born);
    let container = json!({
        "name": "coredns", "image": "registry.k8s.io/coredns/coredns:v1.12.1", "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [{"name": "dns", "containerPort": 53, "protocol": "UDP"}, {"name": "metrics", "containerPort": 9153, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "100m", "memory": "70Mi"}, "limits": {"memory": "170Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181, "scheme": "HTTP"}, "periodSeconds": 10, "failureThreshold": 3, "timeoutSeconds": 1, "successThreshold": 1},
    });
    system_deployment(
        builder,
        "coredns",
        &json!({"k8s-app": "kube-dns"}),
        &container,
        2,
        "kubeadm",
    );
}

fn metrics(builder: &mut Builder<'_>, born: Timestamp) {
    supplies::service_account(builder, SYSTEM, "metrics-server", &Value::Null, born);
    let container = json!({
        "name": "metrics-server", "image": "registry.k8s.io/metrics-server/metrics-server:v0.8.0",
        "args": ["--cert-dir=/tmp", "--secure-port=10250", "--metric-resolution=15s"],
        "ports": [{"name": "https", "containerPort": 10250, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "100m", "memory": "200Mi"}},
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": "https", "scheme": "HTTPS"}, "periodSeconds": 10, "failureThreshold": 3, "timeoutSeconds": 1, "successThreshold": 1},
    });
    system_deployment(
        builder,
        "metrics-server",
        &json!({"k8s-app": "metrics-server"}),
        &container,
        1,
        "kubectl-client-side-apply",
    );
}

fn system_deployment(
    builder: &mut Builder<'_>,
    name: &str,
    labels: &Value,
    container: &Value,
    replicas: usize,
    manager: &'static str,
) {
    let born = builder.ago(SignedDuration::from_hours(24 * 33));
    let template = json!({
        "metadata": {"labels": labels},
        "spec": {
            "serviceAccountName": name, "priorityClassName": "system-cluster-critical",
            "tolerations": [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}],
            "containers": [container],
        },
    });
    let workload = Workload {
        namespace: SYSTEM.to_owned(),
        name: name.to_owned(),
        labels: labels.clone(),
        annotations: Value::Null,
        selector: labels.clone(),
        revisions: vec![Revision {
            template,
            cause: String::new(),
            at: born,
        }],
        replicas,
        manager,
    };
    let crew = Crew::well((0..replicas).map(|_| born));
    let (_, pods) = workloads::deployment(builder, &workload, Strategy::Rolling, &crew);
    for pod in pods {
        builder.put(&PODS, pod);
    }
}

fn custom_kind(builder: &mut Builder<'_>, born: Timestamp) {
    let names = json!({"plural": "ingressroutes", "singular": "ingressroute", "kind": "IngressRoute", "listKind": "IngressRouteList"});
    builder.put(
        &CUSTOMRESOURCEDEFINITIONS,
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": metadata("", "ingressroutes.traefik.io", &Value::Null, born),
            "spec": {
                "group": "traefik.io", "names": names, "scope": "Namespaced",
                "versions": [{"name": "v1alpha1", "served": true, "storage": true,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
                    "additionalPrinterColumns": [
                        {"name": "Entry Points", "type": "string", "jsonPath": ".spec.entryPoints"},
                        {"name": "Match", "type": "string", "jsonPath": ".spec.routes[0].match"},
                        {"name": "Service", "type": "string", "jsonPath": ".spec.routes[0].services[0].name"},
                        {"name": "TLS", "type": "string", "jsonPath": ".spec.tls.secretName", "priority": 1},
                        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
                    ]}],
                "conversion": {"strategy": "None"},
            },
            "status": {
                "acceptedNames": names, "storedVersions": ["v1alpha1"],
                "conditions": [
                    {"type": "NamesAccepted", "status": "True", "reason": "NoConflicts", "message": "no conflicts found", "lastTransitionTime": stamp(born)},
                    {"type": "Established", "status": "True", "reason": "InitialNamesAccepted", "message": "the initial names have been accepted", "lastTransitionTime": stamp(born)},
                ],
            },
        }),
    );
}
