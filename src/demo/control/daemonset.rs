//! The `DaemonSet` controller: one pod on each node that its pods tolerate.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::context::{Context, Key};
use super::deployment::absolute;
use super::event::{Source, Story};
use super::json::{int, set, text};
use super::machines::{Machine, Machines};
use super::pod::{self, Birth, Owner};
use super::revision;
use super::scheduler::{selected, tie_to_node, tolerates};
use super::summary::Summary;
use crate::demo::kinds::{DAEMONSETS, PODS};
use crate::demo::random::Random;
use crate::demo::store::Object;

const SOURCE: Source<'static> = Source::component("daemonset-controller");

/// What a `DaemonSet`'s status counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Nodes that should run a pod.
    pub desired: i64,
    /// Nodes that run one.
    pub current: i64,
    /// Nodes whose pod is of the newest revision.
    pub updated: i64,
    /// Nodes whose pod is ready.
    pub ready: i64,
    /// Nodes that run one and should not.
    pub misplaced: i64,
}

impl Tally {
    /// Each node's pod ready and of the newest revision.
    pub fn all_well(nodes: i64) -> Self {
        Self {
            desired: nodes,
            current: nodes,
            updated: nodes,
            ready: nodes,
            misplaced: 0,
        }
    }
}

/// The pod of `set` for a node, of the revision whose hash is given.
pub fn pod(
    set_object: &Value,
    hash: &str,
    node: &str,
    uid: String,
    at: Timestamp,
    random: &mut Random,
) -> Value {
    let owner = Owner::of(set_object);
    let mut template = set_object["spec"]["template"].clone();
    set(
        &mut template,
        &["metadata", "labels", revision::HASH_LABEL],
        hash,
    );
    set(
        &mut template,
        &["metadata", "labels", "pod-template-generation"],
        template_generation(set_object),
    );
    tie_to_node(&mut template, node);
    let generate_name = format!("{}-", owner.name);
    let name = format!("{generate_name}{}", random.suffix(5));
    let birth = Birth {
        namespace: text(set_object, "/metadata/namespace"),
        name,
        generate_name,
        uid,
        at,
        owner: Some(&owner),
    };
    pod::from_template(&template, &birth, random)
}

fn template_generation(set_object: &Value) -> String {
    let noted = &set_object["metadata"]["annotations"]["deprecated.daemonset.template.generation"];
    noted.as_str().map_or_else(|| "1".to_owned(), str::to_owned)
}

/// Brings one `DaemonSet` a step further.
pub fn sync(context: &mut Context<'_>, machines: &Machines, key: &Key) {
    let Some(object) = context.store.get(&DAEMONSETS, &key.namespace, &key.name) else {
        return;
    };
    let set_object = object.value();
    if pod::is_leaving(&set_object) {
        return;
    }
    let hash = revision::record(context, &set_object);
    let homes = homes(&set_object, machines);
    let pods = by_node(context, &object.uid);
    for node in homes.iter().filter(|node| !pods.contains_key(**node)) {
        make_pod(context, &set_object, &hash, node);
    }
    for (_, (pod, summary)) in pods
        .iter()
        .filter(|(node, _)| !homes.contains(node.as_ref()))
    {
        if !summary.leaving {
            remove_pod(context, &set_object, pod);
        }
    }
    for (pod, _) in pods
        .values()
        .filter(|(_, summary)| summary.is_finished() && !summary.leaving)
    {
        remove_pod(context, &set_object, pod);
    }
    roll(context, &set_object, &hash, &pods, homes.len());
    let tally = tally(&pods, &homes, &hash);
    context.change(&DAEMONSETS, key, |live| write_status(live, tally));
}

fn homes<'a>(set_object: &Value, machines: &'a Machines) -> BTreeSet<&'a str> {
    let mut probe = json!({"spec": set_object["spec"]["template"]["spec"]});
    tie_to_node(&mut probe, "");
    super::json::unset(
        &mut probe,
        &[
            "spec",
            "affinity",
            "nodeAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
        ],
    );
    let admitted = |name: &str, machine: &Machine| {
        selected(&probe, name, machine)
            && machine.rules.taints.iter().all(|taint| {
                text(taint, "/effect") == "PreferNoSchedule" || tolerates(&probe, taint)
            })
    };
    machines
        .all
        .iter()
        .filter(|(name, machine)| admitted(name, machine))
        .map(|(name, _)| name.as_ref())
        .collect()
}

type Pods = BTreeMap<Box<str>, (Arc<Object>, Summary)>;

/// The set's pods by the node that they stand on or are meant for.
fn by_node(context: &Context<'_>, uid: &str) -> Pods {
    let home = |pod: &Object| match pod.field("spec.nodeName") {
        Some(node) if !node.is_empty() => Box::from(node),
        _ => {
            let terms = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchFields/0/values/0";
            Box::from(text(&pod.value(), terms))
        }
    };
    context
        .owned_pods(uid)
        .into_iter()
        .map(|(pod, summary)| (home(&pod), (pod, summary)))
        .collect()
}

fn roll(context: &mut Context<'_>, set_object: &Value, hash: &str, pods: &Pods, nodes: usize) {
    if text(set_object, "/spec/updateStrategy/type") == "OnDelete" {
        return;
    }
    let nodes = i64::try_from(nodes).unwrap_or(0);
    let limit = &set_object["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"];
    let limit = if limit.is_null() {
        1
    } else {
        absolute(limit, nodes, true).max(1)
    };
    let serving = i64::try_from(
        pods.values()
            .filter(|(_, summary)| summary.ready && !summary.leaving)
            .count(),
    )
    .unwrap_or(0);
    let mut room = limit - (nodes - serving);
    let outdated = |pod: &Object| pod.label(revision::HASH_LABEL) != Some(hash);
    for (pod, summary) in pods
        .values()
        .filter(|(pod, summary)| outdated(pod) && !summary.leaving)
    {
        // An outdated pod that serves nobody costs no availability.
        if summary.ready {
            if room <= 0 {
                continue;
            }
            room -= 1;
        }
        remove_pod(context, set_object, pod);
    }
}

fn make_pod(context: &mut Context<'_>, set_object: &Value, hash: &str, node: &str) {
    let uid = context.random.uid();
    let made = pod(set_object, hash, node, uid, context.now, context.random);
    let name = text(&made, "/metadata/name").to_owned();
    if context.store.create(&PODS, made).is_ok() {
        context.tell(
            set_object,
            &Story::normal(SOURCE, "SuccessfulCreate", &format!("Created pod: {name}")),
        );
    }
}

fn remove_pod(context: &mut Context<'_>, set_object: &Value, pod: &Object) {
    context.delete_pod(pod);
    context.tell(
        set_object,
        &Story::normal(
            SOURCE,
            "SuccessfulDelete",
            &format!("Deleted pod: {}", pod.name),
        ),
    );
}

fn tally(pods: &Pods, homes: &BTreeSet<&str>, hash: &str) -> Tally {
    let mut tally = Tally {
        desired: i64::try_from(homes.len()).unwrap_or(0),
        ..Tally::default()
    };
    for (node, (pod, summary)) in pods.iter().filter(|(_, (_, summary))| !summary.leaving) {
        if !homes.contains(node.as_ref()) {
            tally.misplaced += 1;
            continue;
        }
        tally.current += 1;
        tally.ready += i64::from(summary.ready);
        tally.updated += i64::from(pod.label(revision::HASH_LABEL) == Some(hash));
    }
    tally
}

/// Writes the counts into a `DaemonSet`'s status.
pub fn write_status(set_object: &mut Value, tally: Tally) {
    let mut status = json!({
        "desiredNumberScheduled": tally.desired,
        "currentNumberScheduled": tally.current,
        "numberMisscheduled": tally.misplaced,
        "numberReady": tally.ready,
    });
    let parts = [
        ("updatedNumberScheduled", tally.updated),
        ("numberAvailable", tally.ready),
        ("numberUnavailable", tally.desired - tally.ready),
    ];
    for (name, count) in parts {
        if count > 0 {
            status[name] = count.into();
        }
    }
    if let Some(generation) = int(set_object, "/metadata/generation") {
        status["observedGeneration"] = generation.into();
    }
    set(set_object, &["status"], status);
}
