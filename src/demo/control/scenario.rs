//! Things that happen by themselves, slowly enough to be read: deliveries, moved pods, an upstream
//! that comes and goes. All by a seeded clock.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::Value;

use super::context::{Context, Key, Task};
use super::json::{int, set, text};
use super::kubelet::{Kubelet, Step};
use crate::demo::kinds::{DEPLOYMENTS, REPLICASETS};
use crate::demo::store::Object;

const VERSION: &str = "app.kubernetes.io/version";
const PROJECT: &str = "app.kubernetes.io/part-of";

/// Something that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// A release delivers its next version.
    Deliver,
    /// A pod is moved away.
    Move,
    /// The upstream that made readiness probes fail is back, or away again.
    Upstream,
}

const ROUND: [Act; 6] = [
    Act::Move,
    Act::Deliver,
    Act::Upstream,
    Act::Move,
    Act::Deliver,
    Act::Upstream,
];

/// Where the scenario stands.
#[derive(Debug, Default)]
pub struct Scenario {
    done: usize,
}

/// Plans the first act.
pub fn begin(context: &mut Context<'_>) {
    let pause = context.random.between(110, 170);
    context.after(SignedDuration::from_secs(pause), Task::Act);
}

/// Plays the next act and plans the one after it.
pub fn play(context: &mut Context<'_>, kubelet: &Kubelet, scenario: &mut Scenario) {
    match ROUND[scenario.done % ROUND.len()] {
        Act::Deliver => deliver(context),
        Act::Move => move_pod(context),
        Act::Upstream => upstream(context, kubelet),
    }
    scenario.done += 1;
    let pause = context.random.between(100, 190);
    context.after(SignedDuration::from_secs(pause), Task::Act);
}

/// A Deployment of the company that is well and has more than one pod.
fn choose(
    context: &mut Context<'_>,
    fits: impl Fn(&Object, &Value) -> bool,
) -> Option<(Arc<Object>, Value)> {
    let mut all = context.store.list(&DEPLOYMENTS, None);
    all.retain(|deployment| deployment.label(PROJECT).is_some());
    // A few draws are enough, and cost the same in a world of any size.
    for _ in 0..20 {
        let at = context.random.index(all.len());
        let Some(deployment) = all.get(at) else { break };
        let value = deployment.value();
        let wanted = int(&value, "/spec/replicas").unwrap_or(0);
        let settled = int(&value, "/status/availableReplicas") == Some(wanted)
            && int(&value, "/status/replicas") == Some(wanted);
        if settled && wanted >= 2 && fits(deployment, &value) {
            return Some((Arc::clone(deployment), value));
        }
    }
    None
}

fn deliver(context: &mut Context<'_>) {
    let production = |deployment: &Object, _: &Value| !deployment.namespace.ends_with("-dev");
    let Some((deployment, value)) = choose(context, production) else {
        return;
    };
    let Some(version) = deployment.label(VERSION).and_then(next_version) else {
        return;
    };
    let project = deployment.label(PROJECT).unwrap_or_default().to_owned();
    let owner = deployment
        .label("quarterdeck.io/owner")
        .unwrap_or("the pipeline")
        .to_owned();
    let old = text(&value["spec"]["template"], "/spec/containers/0/image").to_owned();
    let image = format!("{}:{version}", super::status::repository(&old));
    context.change(&DEPLOYMENTS, &Key::of(&deployment), |value| {
        set(value, &["metadata", "labels", VERSION], version.as_str());
        set(
            value,
            &["metadata", "annotations", "kubernetes.io/change-cause"],
            format!("deploy {project} {version} by {owner}"),
        );
        set(
            value,
            &["spec", "template", "metadata", "labels", VERSION],
            version.as_str(),
        );
        for list in ["initContainers", "containers"] {
            let containers = value["spec"]["template"]["spec"][list].as_array_mut();
            for container in containers
                .into_iter()
                .flatten()
                .filter(|container| text(container, "/image") == old)
            {
                container["image"] = image.as_str().into();
            }
        }
    });
}

/// `1.4.3` after `1.4.2`; nothing for a version of another form, such as a release candidate.
fn next_version(version: &str) -> Option<String> {
    let (front, patch) = version.rsplit_once('.')?;
    let patch: u32 = patch.parse().ok()?;
    front
        .bytes()
        .all(|b| b.is_ascii_digit() || b == b'.')
        .then(|| format!("{front}.{}", patch + 1))
}

fn move_pod(context: &mut Context<'_>) {
    let Some((deployment, _)) = choose(context, |_, _| true) else {
        return;
    };
    let sets = context.store.owned(&REPLICASETS, &deployment.uid);
    let pods: Vec<Arc<Object>> = sets
        .iter()
        .flat_map(|set| context.active_pods(&set.uid))
        .map(|(pod, _)| pod)
        .collect();
    let at = context.random.index(pods.len());
    if let Some(pod) = pods.get(at) {
        context.delete_pod(pod);
    }
}

fn upstream(context: &mut Context<'_>, kubelet: &Kubelet) {
    let mut failing: Vec<(Box<str>, Key)> = kubelet
        .failing()
        .map(|(uid, key)| (uid.clone(), key.clone()))
        .collect();
    failing.sort();
    if !failing.is_empty() {
        for (uid, key) in failing {
            let pause = SignedDuration::from_millis(context.random.between(200, 9000));
            context.after(pause, Task::Pod(key, uid, Step::Heal(0)));
        }
        return;
    }
    let probed = |_: &Object, value: &Value| {
        value
            .pointer("/spec/template/spec/containers/0/readinessProbe")
            .is_some()
            && int(value, "/spec/replicas").unwrap_or(0) >= 3
    };
    let Some((deployment, _)) = choose(context, probed) else {
        return;
    };
    for set_object in context.store.owned(&REPLICASETS, &deployment.uid) {
        for (pod, _) in context.active_pods(&set_object.uid).into_iter().take(2) {
            let pause = SignedDuration::from_millis(context.random.between(200, 9000));
            context.after(
                pause,
                Task::Pod(Key::of(&pod), pod.uid.clone(), Step::Fail(0)),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_version_counts_the_last_number_up() {
        assert_eq!(next_version("1.4.2").as_deref(), Some("1.4.3"));
        assert_eq!(next_version("0.9.1-rc.3"), None);
        assert_eq!(next_version("latest"), None);
    }
}
