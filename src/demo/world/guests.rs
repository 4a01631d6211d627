//! What the company did not write or never labelled: third parties installed by Helm, with Helm's
//! labels only, and a legacy corner with bare pods and plain `app` labels.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::builder::{Builder, Mood, Name};
use super::supplies;
use super::workloads::{self, Crew, Revision, Strategy, Workload};
use crate::demo::kinds::{PODS, SECRETS, SERVICES};

/// One workload of a chart.
struct Chart {
    namespace: &'static str,
    release: &'static str,
    package: &'static str,
    version: &'static str,
    name: &'static str,
    component: &'static str,
    image: &'static str,
    port: u16,
    /// Size of its volumes; empty for a Deployment.
    volume: &'static str,
    replicas: usize,
    memory: &'static str,
    days: i64,
}

const CHARTS: &[Chart] = &[
    Chart {
        namespace: "ingress-nginx",
        release: "ingress-nginx",
        package: "ingress-nginx-4.13.0",
        version: "1.13.0",
        name: "ingress-nginx-controller",
        component: "controller",
        image: "registry.k8s.io/ingress-nginx/controller:v1.13.0",
        port: 443,
        volume: "",
        replicas: 2,
        memory: "256Mi",
        days: 41,
    },
    Chart {
        namespace: "traefik",
        release: "traefik",
        package: "traefik-37.0.0",
        version: "v3.5.0",
        name: "traefik",
        component: "proxy",
        image: "docker.io/traefik:v3.5.0",
        port: 8443,
        volume: "",
        replicas: 1,
        memory: "128Mi",
        days: 41,
    },
    Chart {
        namespace: "databases",
        release: "postgresql",
        package: "postgresql-16.7.21",
        version: "17.5.0",
        name: "postgresql",
        component: "primary",
        image: "docker.io/bitnami/postgresql:17.5.0",
        port: 5432,
        volume: "100Gi",
        replicas: 1,
        memory: "2Gi",
        days: 120,
    },
    Chart {
        namespace: "databases",
        release: "redis",
        package: "redis-21.2.13",
        version: "8.0.3",
        name: "redis-master",
        component: "master",
        image: "docker.io/bitnami/redis:8.0.3",
        port: 6379,
        volume: "8Gi",
        replicas: 1,
        memory: "512Mi",
        days: 64,
    },
    Chart {
        namespace: "databases",
        release: "redis",
        package: "redis-21.2.13",
        version: "8.0.3",
        name: "redis-replicas",
        component: "replica",
        image: "docker.io/bitnami/redis:8.0.3",
        port: 6379,
        volume: "8Gi",
        replicas: 2,
        memory: "512Mi",
        days: 64,
    },
    Chart {
        namespace: "monitoring",
        release: "prometheus",
        package: "prometheus-27.30.0",
        version: "v3.5.0",
        name: "prometheus-server",
        component: "server",
        image: "quay.io/prometheus/prometheus:v3.5.0",
        port: 9090,
        volume: "",
        replicas: 1,
        memory: "2Gi",
        days: 27,
    },
    Chart {
        namespace: "monitoring",
        release: "prometheus",
        package: "alertmanager-1.22.0",
        version: "v0.28.1",
        name: "prometheus-alertmanager",
        component: "alertmanager",
        image: "quay.io/prometheus/alertmanager:v0.28.1",
        port: 9093,
        volume: "2Gi",
        replicas: 1,
        memory: "128Mi",
        days: 27,
    },
    Chart {
        namespace: "monitoring",
        release: "prometheus",
        package: "kube-state-metrics-6.1.0",
        version: "2.16.0",
        name: "prometheus-kube-state-metrics",
        component: "metrics",
        image: "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.16.0",
        port: 8080,
        volume: "",
        replicas: 1,
        memory: "128Mi",
        days: 27,
    },
    Chart {
        namespace: "monitoring",
        release: "grafana",
        package: "grafana-9.3.1",
        version: "12.1.0",
        name: "grafana",
        component: "grafana",
        image: "docker.io/grafana/grafana:12.1.0",
        port: 3000,
        volume: "",
        replicas: 1,
        memory: "256Mi",
        days: 27,
    },
];

/// Everything that Helm installed.
pub fn charts(builder: &mut Builder<'_>) {
    let mut namespaces = std::collections::BTreeSet::new();
    let mut releases = std::collections::BTreeSet::new();
    for chart in CHARTS {
        let born = builder.ago(SignedDuration::from_hours(24 * chart.days));
        if namespaces.insert(chart.namespace) {
            supplies::namespace(builder, chart.namespace, Value::Null, born);
        }
        if releases.insert(chart.release) {
            release_record(builder, chart, born);
        }
        install(builder, chart, born);
    }
}

/// The Secret in which Helm keeps a release. Its content here is a note, not a release.
fn release_record(builder: &mut Builder<'_>, chart: &Chart, born: Timestamp) {
    let labels =
        json!({"name": chart.release, "owner": "helm", "status": "deployed", "version": "1"});
    let name = format!("sh.helm.release.v1.{}.v1", chart.release);
    let record = supplies::secret(
        chart.namespace,
        &name,
        "helm.sh/release.v1",
        "release",
        "simulated",
        &labels,
        born,
    );
    builder.put(&SECRETS, record);
}

fn install(builder: &mut Builder<'_>, chart: &Chart, born: Timestamp) {
    let short = chart
        .package
        .rsplit_once('-')
        .map_or(chart.package, |(name, _)| name);
    let selector = json!({
        "app.kubernetes.io/name": short,
        "app.kubernetes.io/instance": chart.release,
        "app.kubernetes.io/component": chart.component,
    });
    let mut labels = selector.clone();
    labels["app.kubernetes.io/managed-by"] = "Helm".into();
    labels["app.kubernetes.io/version"] = chart.version.trim_start_matches('v').into();
    labels["helm.sh/chart"] = chart.package.into();
    supplies::service_account(builder, chart.namespace, chart.name, &labels, born);
    let annotations = json!({"meta.helm.sh/release-name": chart.release, "meta.helm.sh/release-namespace": chart.namespace});
    service(builder, chart, &labels, &annotations, &selector, born);
    let workload = Workload {
        namespace: chart.namespace.to_owned(),
        name: chart.name.to_owned(),
        labels: labels.clone(),
        annotations,
        selector,
        revisions: vec![Revision {
            template: template(chart, &labels),
            cause: String::new(),
            at: born,
        }],
        replicas: chart.replicas,
        manager: "helm",
    };
    if chart.volume.is_empty() {
        let crew = Crew::well((0..chart.replicas).map(|_| born));
        let (_, pods) = workloads::deployment(builder, &workload, Strategy::Rolling, &crew);
        for pod in pods {
            builder.put(&PODS, pod);
        }
    } else {
        workloads::stateful_set(builder, &workload, chart.volume);
    }
}

fn service(
    builder: &mut Builder<'_>,
    chart: &Chart,
    labels: &Value,
    annotations: &Value,
    selector: &Value,
    born: Timestamp,
) {
    let headless = !chart.volume.is_empty();
    let name = if headless {
        format!("{}-headless", chart.name)
    } else {
        chart.name.to_owned()
    };
    let address = if headless {
        "None".to_owned()
    } else {
        format!("10.96.200.{}", 10 + builder.random.below(200))
    };
    let mut metadata = super::builder::metadata(chart.namespace, &name, labels, born);
    metadata["annotations"] = annotations.clone();
    builder.put(
        &SERVICES,
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": metadata,
            "spec": {"type": "ClusterIP", "clusterIP": address, "clusterIPs": [address], "selector": selector, "sessionAffinity": "None",
                "ports": [{"name": "main", "port": chart.port, "protocol": "TCP", "targetPort": "main"}]},
            "status": {"loadBalancer": {}},
        }),
    );
}

fn template(chart: &Chart, labels: &Value) -> Value {
    json!({
        "metadata": {"labels": labels, "annotations": {"checksum/configuration": crate::demo::control::hash::digest_of(chart.package)}},
        "spec": {
            "serviceAccountName": chart.name,
            "containers": [{
                "name": chart.component,
                "image": chart.image,
                "ports": [{"name": "main", "containerPort": chart.port, "protocol": "TCP"}],
                "resources": {"requests": {"cpu": "100m", "memory": chart.memory}, "limits": {"memory": chart.memory}},
                "readinessProbe": {"tcpSocket": {"port": "main"}, "periodSeconds": 10, "failureThreshold": 3, "timeoutSeconds": 1, "successThreshold": 1},
                "securityContext": {"allowPrivilegeEscalation": false, "runAsNonRoot": true},
            }],
        },
    })
}

/// The corner that nobody has labelled: Deployments with `app` only, and pods without an owner.
pub fn legacy(builder: &mut Builder<'_>) {
    let born = builder.ago(SignedDuration::from_hours(24 * 303));
    for namespace in ["legacy", "tools"] {
        supplies::namespace(builder, namespace, Value::Null, born);
    }
    for (namespace, name, image, replicas, days) in [
        ("legacy", "intranet", "docker.io/library/httpd:2.4", 2, 212),
        (
            "legacy",
            "timesheet",
            "docker.io/library/tomcat:9.0",
            2,
            176,
        ),
        ("tools", "wiki", "docker.io/library/php:8.2-apache", 2, 98),
    ] {
        plain_deployment(builder, namespace, name, image, replicas, days);
    }
    for (namespace, name, image, days) in [
        ("legacy", "ftp-gateway", "docker.io/library/debian:11", 259),
        ("legacy", "fax-bridge", "docker.io/library/perl:5.34", 259),
        (
            "default",
            "netshoot",
            "docker.io/nicolaka/netshoot:v0.13",
            2,
        ),
    ] {
        bare_pod(builder, namespace, name, image, days);
    }
}

fn plain_deployment(
    builder: &mut Builder<'_>,
    namespace: &str,
    name: &str,
    image: &str,
    replicas: usize,
    days: i64,
) {
    let born = builder.ago(SignedDuration::from_hours(24 * days));
    let labels = json!({"app": name});
    let template = json!({
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": name, "image": image, "ports": [{"containerPort": 80, "protocol": "TCP"}]}]},
    });
    let workload = Workload {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        labels: labels.clone(),
        annotations: Value::Null,
        selector: labels,
        revisions: vec![Revision {
            template,
            cause: String::new(),
            at: born,
        }],
        replicas,
        manager: "kubectl-client-side-apply",
    };
    let crew = Crew::well((0..replicas).map(|_| born));
    let (_, pods) = workloads::deployment(builder, &workload, Strategy::Rolling, &crew);
    for pod in pods {
        builder.put(&PODS, pod);
    }
}

fn bare_pod(builder: &mut Builder<'_>, namespace: &str, name: &str, image: &str, days: i64) {
    let born = builder.ago(SignedDuration::from_hours(24 * days));
    let template = json!({
        "metadata": {},
        "spec": {"containers": [{"name": name, "image": image, "command": ["sleep", "infinity"]}]},
    });
    let mut pod = builder.pod(&template, namespace, Name::Given(name), None, born);
    builder.live(&mut pod, born, &Mood::Well, None);
    builder.put(&PODS, pod);
}
