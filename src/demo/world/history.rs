//! The events of the last hour: what Kubernetes has said about the incidents before one looks.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::builder::Builder;
use super::incidents::Trouble;
use crate::demo::control::event::{Source, Story, container_path};
use crate::demo::control::images;
use crate::demo::control::json::{items, text, time};
use crate::demo::control::status;

/// Tells of a Deployment in trouble and its pods.
pub fn of_trouble(builder: &mut Builder<'_>, deployment: &Value, pods: &[Value], trouble: Trouble) {
    match trouble {
        Trouble::Rolling(seconds) => {
            rollout(builder, deployment, pods, seconds);
            let since = builder.ago(SignedDuration::from_secs(seconds + 1));
            for pod in pods {
                if time(pod, "/metadata/creationTimestamp").is_some_and(|born| born >= since) {
                    started(builder, pod, 1);
                }
            }
        }
        Trouble::CrashLoop(restarts) => pods
            .iter()
            .for_each(|pod| crash_loop(builder, pod, restarts)),
        Trouble::Unpullable(minutes) => {
            pods.iter()
                .filter(|pod| !status::is_ready(pod))
                .for_each(|pod| unpullable(builder, pod, minutes));
        }
        Trouble::Unschedulable(minutes) => pods
            .iter()
            .for_each(|pod| unschedulable(builder, pod, minutes)),
        Trouble::Unready(_, minutes) => {
            pods.iter()
                .filter(|pod| !status::is_ready(pod))
                .for_each(|pod| unhealthy(builder, pod, minutes));
        }
        Trouble::OutOfMemory(_) => pods.iter().for_each(|pod| out_of_memory(builder, pod)),
        Trouble::FailingJob => {}
    }
}

fn seconds(n: i64) -> SignedDuration {
    SignedDuration::from_secs(n)
}

fn first_container(pod: &Value) -> (String, String, String) {
    let container = &pod["spec"]["containers"][0];
    let name = text(container, "/name");
    (
        name.to_owned(),
        text(container, "/image").to_owned(),
        container_path("containers", name),
    )
}

fn born(builder: &Builder<'_>, pod: &Value) -> Timestamp {
    time(pod, "/metadata/creationTimestamp").unwrap_or(builder.now)
}

/// From `Scheduled` to `Started`, so many times over.
fn started(builder: &mut Builder<'_>, pod: &Value, times: i64) {
    let (name, image, path) = first_container(pod);
    let node = text(pod, "/spec/nodeName").to_owned();
    let (birth, now) = (born(builder, pod), builder.now);
    let last = if times > 1 {
        now - seconds(15)
    } else {
        (birth + seconds(2)).min(now)
    };
    let assigned = format!(
        "Successfully assigned {}/{} to {node}",
        text(pod, "/metadata/namespace"),
        text(pod, "/metadata/name")
    );
    builder.told(
        pod,
        "",
        &Story::normal(
            Source::component("default-scheduler"),
            "Scheduled",
            &assigned,
        ),
        1,
        birth,
        birth,
    );
    let kubelet = Source::kubelet(&node);
    let pulling = format!("Pulling image \"{image}\"");
    builder.told(
        pod,
        &path,
        &Story::normal(kubelet, "Pulling", &pulling),
        1,
        birth,
        birth,
    );
    let pulled = format!(
        "Successfully pulled image \"{image}\" in 842ms (842ms including waiting). Image size: {} bytes.",
        images::size(&image)
    );
    builder.told(
        pod,
        &path,
        &Story::normal(kubelet, "Pulled", &pulled),
        1,
        birth,
        birth + seconds(1),
    );
    if times > 1 {
        let present = format!("Container image \"{image}\" already present on machine");
        builder.told(
            pod,
            &path,
            &Story::normal(kubelet, "Pulled", &present),
            times - 1,
            birth + seconds(5),
            last,
        );
    }
    builder.told(
        pod,
        &path,
        &Story::normal(kubelet, "Created", &format!("Created container: {name}")),
        times,
        birth + seconds(1),
        last,
    );
    builder.told(
        pod,
        &path,
        &Story::normal(kubelet, "Started", &format!("Started container {name}")),
        times,
        birth + seconds(1),
        last,
    );
}

fn rollout(builder: &mut Builder<'_>, deployment: &Value, pods: &[Value], ago: i64) {
    let source = Source::component("deployment-controller");
    let set_of = |pod: &Value| text(pod, "/metadata/ownerReferences/0/name").to_owned();
    let (Some(old), Some(new)) = (pods.first().map(set_of), pods.last().map(set_of)) else {
        return;
    };
    let second = ago / 3;
    let steps = [
        (format!("Scaled up replica set {new} from 0 to 1"), ago),
        (format!("Scaled down replica set {old} from 3 to 2"), second),
        (format!("Scaled up replica set {new} from 1 to 2"), second),
    ];
    for (message, ago) in steps {
        let at = builder.ago(seconds(ago));
        builder.told(
            deployment,
            "",
            &Story::normal(source, "ScalingReplicaSet", &message),
            1,
            at,
            at,
        );
    }
}

fn crash_loop(builder: &mut Builder<'_>, pod: &Value, restarts: i64) {
    started(builder, pod, restarts + 1);
    let (name, _, path) = first_container(pod);
    let node = text(pod, "/spec/nodeName").to_owned();
    let full = format!(
        "{}_{}({})",
        text(pod, "/metadata/name"),
        text(pod, "/metadata/namespace"),
        text(pod, "/metadata/uid")
    );
    let message = format!("Back-off restarting failed container {name} in pod {full}");
    let (first, last) = (born(builder, pod) + seconds(8), builder.ago(seconds(11)));
    builder.told(
        pod,
        &path,
        &Story::warning(Source::kubelet(&node), "BackOff", &message),
        64,
        first,
        last,
    );
}

fn unpullable(builder: &mut Builder<'_>, pod: &Value, minutes: i64) {
    let (_, image, path) = first_container(pod);
    let node = text(pod, "/spec/nodeName").to_owned();
    let kubelet = Source::kubelet(&node);
    let (birth, tried, last) = (
        born(builder, pod),
        builder.ago(seconds(184)),
        builder.ago(seconds(21)),
    );
    let why = images::refusal(&image).unwrap_or_default();
    let attempts = 5 + minutes / 5;
    let assigned = format!(
        "Successfully assigned {}/{} to {node}",
        text(pod, "/metadata/namespace"),
        text(pod, "/metadata/name")
    );
    builder.told(
        pod,
        "",
        &Story::normal(
            Source::component("default-scheduler"),
            "Scheduled",
            &assigned,
        ),
        1,
        birth,
        birth,
    );
    builder.told(
        pod,
        &path,
        &Story::normal(kubelet, "Pulling", &format!("Pulling image \"{image}\"")),
        attempts,
        birth,
        tried,
    );
    builder.told(
        pod,
        &path,
        &Story::warning(
            kubelet,
            "Failed",
            &format!("Failed to pull image \"{image}\": {why}"),
        ),
        attempts,
        birth,
        tried,
    );
    builder.told(
        pod,
        &path,
        &Story::warning(kubelet, "Failed", "Error: ErrImagePull"),
        attempts,
        birth,
        tried,
    );
    builder.told(
        pod,
        &path,
        &Story::normal(
            kubelet,
            "BackOff",
            &format!("Back-off pulling image \"{image}\""),
        ),
        minutes * 4,
        birth + seconds(1),
        last,
    );
    builder.told(
        pod,
        &path,
        &Story::warning(kubelet, "Failed", "Error: ImagePullBackOff"),
        minutes * 4,
        birth + seconds(1),
        last,
    );
}

fn unschedulable(builder: &mut Builder<'_>, pod: &Value, minutes: i64) {
    let conditions = items(pod, "/status/conditions");
    let message = conditions
        .iter()
        .map(|condition| text(condition, "/message"))
        .find(|text| !text.is_empty())
        .unwrap_or_default();
    let (first, last) = (born(builder, pod), builder.ago(seconds(96)));
    let story = Story::warning(
        Source::component("default-scheduler"),
        "FailedScheduling",
        message,
    );
    builder.told(pod, "", &story, 1 + minutes / 5, first, last);
}

fn unhealthy(builder: &mut Builder<'_>, pod: &Value, minutes: i64) {
    let (_, _, path) = first_container(pod);
    let node = text(pod, "/spec/nodeName").to_owned();
    let (first, last) = (
        builder.ago(seconds(minutes * 60 + 15)),
        builder.ago(seconds(3)),
    );
    let message = "Readiness probe failed: HTTP probe failed with statuscode: 503";
    builder.told(
        pod,
        &path,
        &Story::warning(Source::kubelet(&node), "Unhealthy", message),
        minutes * 12 + 3,
        first,
        last,
    );
}

fn out_of_memory(builder: &mut Builder<'_>, pod: &Value) {
    let container = &pod["status"]["containerStatuses"][0];
    let Some(at) = time(container, "/lastState/terminated/finishedAt") else {
        return;
    };
    if builder.now.duration_since(at) > SignedDuration::from_mins(55) {
        return;
    }
    let (name, image, path) = first_container(pod);
    let node = text(pod, "/spec/nodeName").to_owned();
    let kubelet = Source::kubelet(&node);
    killed_on_node(builder, &node, at);
    let present = format!("Container image \"{image}\" already present on machine");
    builder.told(
        pod,
        &path,
        &Story::normal(kubelet, "Pulled", &present),
        3,
        at - SignedDuration::from_hours(2),
        at,
    );
    builder.told(
        pod,
        &path,
        &Story::normal(kubelet, "Created", &format!("Created container: {name}")),
        4,
        at - SignedDuration::from_hours(5),
        at,
    );
    builder.told(
        pod,
        &path,
        &Story::normal(kubelet, "Started", &format!("Started container {name}")),
        4,
        at - SignedDuration::from_hours(5),
        at,
    );
}

fn killed_on_node(builder: &mut Builder<'_>, node: &str, at: Timestamp) {
    let pid = builder.random.between(20_000, 900_000);
    let message = format!(
        "Memory cgroup out of memory: Killed process {pid} (java) total-vm:4831292kB, anon-rss:1043112kB, file-rss:24576kB, shmem-rss:0kB, UID:10001 pgtables:2540kB oom_score_adj:984"
    );
    let story = Story::warning(
        Source {
            component: "kernel-monitor",
            host: node,
        },
        "OOMKilling",
        &message,
    );
    builder.told(&machine(node), "", &story, 1, at, at);
}

/// Tells of the machines: the one that was drained, and one that was away for a moment.
pub fn of_machines(builder: &mut Builder<'_>) {
    let drained: Vec<String> = builder
        .nodes
        .all
        .iter()
        .filter(|node| node.drained)
        .map(|node| node.name.clone())
        .collect();
    for node in drained {
        let at = builder.ago(SignedDuration::from_mins(47));
        let message = format!("Node {node} status is now: NodeNotSchedulable");
        builder.told(
            &machine(&node),
            "",
            &Story::normal(Source::kubelet(&node), "NodeNotSchedulable", &message),
            1,
            at,
            at,
        );
    }
    let Some(node) = builder
        .nodes
        .all
        .iter()
        .find(|node| !node.control_plane && !node.drained)
        .map(|node| node.name.clone())
    else {
        return;
    };
    let (left, back) = (
        builder.ago(SignedDuration::from_mins(38)),
        builder.ago(SignedDuration::from_mins(36)),
    );
    let gone = format!("Node {node} status is now: NodeNotReady");
    builder.told(
        &machine(&node),
        "",
        &Story::normal(Source::component("node-controller"), "NodeNotReady", &gone),
        1,
        left,
        left,
    );
    let ready = format!("Node {node} status is now: NodeReady");
    builder.told(
        &machine(&node),
        "",
        &Story::normal(Source::kubelet(&node), "NodeReady", &ready),
        1,
        back,
        back,
    );
}

fn machine(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
}
