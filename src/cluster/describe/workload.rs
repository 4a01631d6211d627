//! Deployments, replica sets, stateful sets, daemon sets, jobs and cron jobs.

use super::page::{Page, date, each, joined, or, pairs, plain, truth};
use super::{container, controller, pod, selector, volume, write_head, write_labels};
use crate::cluster::call::{Call, escape};
use crate::cluster::connect::Session;
use crate::cluster::error::Fault;
use crate::domain::session::Target;
use crate::domain::time::{Timestamp, kubectl};
use serde_json::Value;

const REVISION: &str = "deployment.kubernetes.io/revision";

impl Session {
    /// The replica sets that may belong to a deployment.
    pub(super) async fn replica_sets_of(
        &self,
        target: &Target,
        deployment: &Value,
    ) -> Result<Value, Fault> {
        let labels = pairs(&deployment["spec"]["selector"]["matchLabels"], "=").join(",");
        let path = format!(
            "/apis/apps/v1/namespaces/{}/replicasets?limit=500&labelSelector={}",
            escape(&target.namespace),
            escape(&labels)
        );
        self.json(&Call::get(path)).await
    }
}

/// The replica sets of a deployment: those of earlier revisions that still have pods, and that of
/// the present one.
pub(super) fn write_sets(page: &mut Page, deployment: &Value, sets: Option<&Value>) {
    let Some(sets) = sets else {
        return page.field("NewReplicaSet", "<cannot be read>");
    };
    let uid = &deployment["metadata"]["uid"];
    let revision = &deployment["metadata"]["annotations"][REVISION];
    let owned = each(&sets["items"])
        .filter(|set| each(&set["metadata"]["ownerReferences"]).any(|o| o["uid"] == *uid));
    let (new, old): (Vec<&Value>, Vec<&Value>) =
        owned.partition(|set| set["metadata"]["annotations"][REVISION] == *revision);
    let told = |sets: Vec<&Value>| {
        let words: Vec<String> = sets.into_iter().map(set_words).collect();
        none_or(&words.join(", "))
    };
    let alive = |set: &&Value| set["status"]["replicas"].as_i64().unwrap_or(0) > 0;
    page.field(
        "OldReplicaSets",
        &told(old.into_iter().filter(alive).collect()),
    );
    page.field("NewReplicaSet", &told(new));
}

/// `web-6548d986cf (3/3 replicas created)`
fn set_words(set: &Value) -> String {
    format!(
        "{} ({}/{} replicas created)",
        plain(&set["metadata"]["name"]),
        or(&set["status"]["replicas"], "0"),
        or(&set["spec"]["replicas"], "1"),
    )
}

/// Whether `kind` is written here.
pub(super) fn known(kind: &str) -> bool {
    matches!(
        kind,
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" | "CronJob"
    )
}

pub(super) fn write(page: &mut Page, kind: &str, object: &Value) {
    let (spec, status) = (&object["spec"], &object["status"]);
    write_head(page, object);
    page.field(
        "CreationTimestamp",
        &date(&object["metadata"]["creationTimestamp"]),
    );
    if kind != "CronJob" {
        page.field("Selector", &selector(&spec["selector"]));
    }
    write_labels(page, object);
    page.some("Controlled By", &controller(object));
    match kind {
        "Deployment" => deployment(page, spec, status),
        "DaemonSet" => daemon_set(page, spec, status),
        "StatefulSet" => stateful_set(page, spec, status),
        "ReplicaSet" => {
            let (current, wanted) = (or(&status["replicas"], "0"), or(&spec["replicas"], "1"));
            page.field("Replicas", &format!("{current} current / {wanted} desired"));
        }
        "Job" => job(page, spec, status),
        _ => cron_job(page, spec),
    }
    match kind {
        "CronJob" => template(page, &spec["jobTemplate"]["spec"]["template"]),
        _ => template(page, &spec["template"]),
    }
    claims(page, spec);
    conditions(page, status);
    if kind == "CronJob" {
        page.field(
            "Last Schedule Time",
            &or_unset(&date(&status["lastScheduleTime"])),
        );
        let active: Vec<String> = each(&status["active"])
            .map(|job| plain(&job["name"]))
            .collect();
        page.field("Active Jobs", &none_or(&active.join(", ")));
    }
}

fn none_or(text: &str) -> String {
    if text.is_empty() {
        "<none>".into()
    } else {
        text.to_owned()
    }
}

fn or_unset(text: &str) -> String {
    if text.is_empty() {
        "<unset>".into()
    } else {
        text.to_owned()
    }
}

fn deployment(page: &mut Page, spec: &Value, status: &Value) {
    let number = |value: &Value| or(value, "0");
    page.field(
        "Replicas",
        &format!(
            "{} desired | {} updated | {} total | {} available | {} unavailable",
            or(&spec["replicas"], "1"),
            number(&status["updatedReplicas"]),
            number(&status["replicas"]),
            number(&status["availableReplicas"]),
            number(&status["unavailableReplicas"]),
        ),
    );
    let strategy = &spec["strategy"];
    page.field("StrategyType", &plain(&strategy["type"]));
    page.field("MinReadySeconds", &or(&spec["minReadySeconds"], "0"));
    if spec["paused"] == true {
        page.field("Paused", "true");
    }
    if let Some(rolling) = strategy.get("rollingUpdate") {
        let (unavailable, surge) = (
            plain(&rolling["maxUnavailable"]),
            plain(&rolling["maxSurge"]),
        );
        page.field(
            "RollingUpdateStrategy",
            &format!("{unavailable} max unavailable, {surge} max surge"),
        );
    }
}

fn daemon_set(page: &mut Page, spec: &Value, status: &Value) {
    page.field(
        "Node-Selector",
        &joined(&spec["template"]["spec"]["nodeSelector"]),
    );
    for (label, field) in [
        (
            "Desired Number of Nodes Scheduled",
            "desiredNumberScheduled",
        ),
        (
            "Current Number of Nodes Scheduled",
            "currentNumberScheduled",
        ),
        (
            "Number of Nodes Scheduled with Up-to-date Pods",
            "updatedNumberScheduled",
        ),
        (
            "Number of Nodes Scheduled with Available Pods",
            "numberAvailable",
        ),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ] {
        page.row(&[&format!("{label}: {}", or(&status[field], "0"))]);
    }
}

fn stateful_set(page: &mut Page, spec: &Value, status: &Value) {
    let (wanted, total) = (or(&spec["replicas"], "1"), or(&status["replicas"], "0"));
    page.field("Replicas", &format!("{wanted} desired | {total} total"));
    page.field("Update Strategy", &plain(&spec["updateStrategy"]["type"]));
    let partition = &spec["updateStrategy"]["rollingUpdate"]["partition"];
    page.some("  Partition", &plain(partition));
}

fn job(page: &mut Page, spec: &Value, status: &Value) {
    page.field("Parallelism", &or(&spec["parallelism"], "<unset>"));
    page.field("Completions", &or(&spec["completions"], "<unset>"));
    page.some("Completion Mode", &plain(&spec["completionMode"]));
    page.field("Suspend", &or(&spec["suspend"], "false"));
    page.field("Backoff Limit", &or(&spec["backoffLimit"], "6"));
    let deadline = plain(&spec["activeDeadlineSeconds"]);
    if !deadline.is_empty() {
        page.field("Active Deadline Seconds", &format!("{deadline}s"));
    }
    page.some("Start Time", &date(&status["startTime"]));
    page.some("Completed At", &date(&status["completionTime"]));
    page.some("Duration", &duration(status));
    page.field(
        "Pods Statuses",
        &format!(
            "{} Active ({} Ready) / {} Succeeded / {} Failed",
            or(&status["active"], "0"),
            or(&status["ready"], "0"),
            or(&status["succeeded"], "0"),
            or(&status["failed"], "0"),
        ),
    );
}

/// How long a finished Job took.
fn duration(status: &Value) -> String {
    let time = |name: &str| status[name].as_str().and_then(Timestamp::parse);
    match (time("startTime"), time("completionTime")) {
        (Some(started), Some(ended)) => kubectl(ended.since(started)),
        _ => String::new(),
    }
}

fn cron_job(page: &mut Page, spec: &Value) {
    page.field("Schedule", &plain(&spec["schedule"]));
    page.some("Time Zone", &plain(&spec["timeZone"]));
    page.field("Concurrency Policy", &plain(&spec["concurrencyPolicy"]));
    page.field("Suspend", truth(&spec["suspend"]));
    for (label, field) in [
        ("Successful Job History Limit", "successfulJobsHistoryLimit"),
        ("Failed Job History Limit", "failedJobsHistoryLimit"),
        ("Starting Deadline Seconds", "startingDeadlineSeconds"),
    ] {
        page.field(label, &or(&spec[field], "<unset>"));
    }
    let job = &spec["jobTemplate"]["spec"];
    page.field("Parallelism", &or(&job["parallelism"], "<unset>"));
    page.field("Completions", &or(&job["completions"], "<unset>"));
}

fn template(page: &mut Page, template: &Value) {
    page.title("Pod Template");
    page.inside(|page| {
        page.many("Labels", &pairs(&template["metadata"]["labels"], "="));
        let notes = super::annotations(&template["metadata"]["annotations"]);
        if !notes.is_empty() {
            page.many("Annotations", &notes);
        }
        let spec = &template["spec"];
        page.some("Service Account", &plain(&spec["serviceAccountName"]));
        container::write(
            page,
            "Init Containers",
            &spec["initContainers"],
            &Value::Null,
        );
        container::write(page, "Containers", &spec["containers"], &Value::Null);
        volume::write(page, &spec["volumes"]);
        page.some("Priority Class Name", &plain(&spec["priorityClassName"]));
        pod::placement(page, spec);
    });
}

/// Claims that a stateful set makes for each of its pods.
fn claims(page: &mut Page, spec: &Value) {
    if each(&spec["volumeClaimTemplates"]).next().is_none() {
        return;
    }
    page.title("Volume Claims");
    page.inside(|page| {
        for claim in each(&spec["volumeClaimTemplates"]) {
            let spec = &claim["spec"];
            page.field("Name", &plain(&claim["metadata"]["name"]));
            page.field("StorageClass", &plain(&spec["storageClassName"]));
            page.field(
                "Capacity",
                &plain(&spec["resources"]["requests"]["storage"]),
            );
            let modes: Vec<String> = each(&spec["accessModes"]).map(plain).collect();
            page.field("Access Modes", &modes.join(","));
        }
    });
}

fn conditions(page: &mut Page, status: &Value) {
    let rows: Vec<Vec<String>> = each(&status["conditions"])
        .map(|condition| {
            ["type", "status", "reason", "message"]
                .iter()
                .map(|field| plain(&condition[*field]))
                .collect()
        })
        .collect();
    if !rows.is_empty() {
        page.title("Conditions");
        page.inside(|page| page.table(&["Type", "Status", "Reason", "Message"], &rows));
    }
}
