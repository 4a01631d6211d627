//! The hands of the world's makers: where objects go, what time it is, chance, and the machines.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::HashSet;

use super::nodes::Nodes;
use crate::demo::clock::stamp;
use crate::demo::control::event::{self, APART, Story};
use crate::demo::control::hash::fnv1a;
use crate::demo::control::json::text;
use crate::demo::control::pod::{self, Birth, Owner};
use crate::demo::control::status::{self, Exit, Part};
use crate::demo::kinds::{EVENTS, Kind, PODS};
use crate::demo::random::Random;

/// How a pod of the seeded world is doing.
#[derive(Debug, Clone, PartialEq)]
pub enum Mood {
    /// Up and serving.
    Well,
    /// Started a moment ago, not ready yet.
    Warming,
    /// Up, but its probe has failed since this moment.
    Unready(Timestamp),
    /// Ended so badly so many times, the last time at this moment.
    CrashLoop(i64, Exit, Timestamp),
    /// Ended so badly so many times, came back, and serves since this moment.
    Recovered(i64, Exit, Timestamp),
    /// Its image cannot be pulled.
    Unpullable,
    /// No node takes it.
    Unschedulable,
    /// Ran for so many seconds and ended.
    Ended(i64, Exit),
}

/// Makes objects and hands them on.
pub struct Builder<'a> {
    /// The present.
    pub now: Timestamp,
    /// Chance.
    pub random: Random,
    /// The machines.
    pub nodes: Nodes,
    /// Pods made so far.
    pub pods: usize,
    /// Pods to make at most.
    pub limit: usize,
    /// Hashes of the names that chance has drawn, and of those of events.
    taken: HashSet<u64>,
    sink: &'a mut dyn FnMut(&'static Kind, Value),
}

impl<'a> Builder<'a> {
    /// A builder that gives each object to `sink`, owners before what they own.
    pub fn new(
        now: Timestamp,
        seed: u64,
        nodes: Nodes,
        sink: &'a mut dyn FnMut(&'static Kind, Value),
    ) -> Self {
        Self {
            now,
            random: Random::new(seed),
            nodes,
            pods: 0,
            limit: usize::MAX,
            taken: HashSet::new(),
            sink,
        }
    }

    /// Hands an object on. One that has no uid gets one.
    pub fn put(&mut self, kind: &'static Kind, mut object: Value) {
        if text(&object, "/metadata/uid").is_empty() {
            object["metadata"]["uid"] = self.random.uid().into();
        }
        self.pods += usize::from(kind == &PODS);
        (self.sink)(kind, object);
    }

    /// Whether the world has as many pods as it may.
    pub fn is_full(&self) -> bool {
        self.pods >= self.limit
    }

    /// `ago` before the present.
    pub fn ago(&self, ago: SignedDuration) -> Timestamp {
        self.now - ago
    }

    /// Writes down that something was told about `object`, `count` times until `last`.
    pub fn told(
        &mut self,
        object: &Value,
        path: &str,
        story: &Story<'_>,
        count: i64,
        first: Timestamp,
        last: Timestamp,
    ) {
        let involved = event::involved(object, path);
        let mut named = first;
        let event = loop {
            let event = event::object(&involved, story, count, named, last);
            if self.take(&EVENTS, &event) {
                break event;
            }
            // Two stories of one moment have one hash: the later one's name is a moment later.
            named += APART;
        };
        self.put(&EVENTS, event);
    }

    /// Takes the name of an object; false when another of its kind has it.
    fn take(&mut self, kind: &'static Kind, object: &Value) -> bool {
        let of = |path| text(object, path);
        let (namespace, name) = (of("/metadata/namespace"), of("/metadata/name"));
        let name = format!("{}/{namespace}/{name}", kind.plural);
        self.taken.insert(fnv1a(&name))
    }

    /// A name of a pod that no other has.
    fn drawn(&mut self, namespace: &str, base: &str) -> String {
        loop {
            let name = format!("{base}-{}", self.random.suffix(5));
            let object = json!({"metadata": {"namespace": namespace, "name": name}});
            if self.take(&PODS, &object) {
                return name;
            }
        }
    }

    /// Makes a pod of `template` as its controller would have.
    pub fn pod(
        &mut self,
        template: &Value,
        namespace: &str,
        name: Name<'_>,
        owner: Option<&Owner>,
        born: Timestamp,
    ) -> Value {
        let (name, generate_name) = match name {
            Name::Given(name) => (name.to_owned(), String::new()),
            Name::Drawn(base) => (self.drawn(namespace, base), format!("{base}-")),
        };
        let uid = self.random.uid();
        let birth = Birth {
            namespace,
            name,
            generate_name,
            uid,
            at: born,
            owner,
        };
        pod::from_template(template, &birth, &mut self.random)
    }

    /// Lets a new pod live from `born` until now, on the given node or where the turn falls.
    pub fn live(&mut self, pod: &mut Value, born: Timestamp, mood: &Mood, node: Option<usize>) {
        if *mood == Mood::Unschedulable {
            let message = self.no_node_message(pod);
            status::set_condition(
                pod,
                "PodScheduled",
                false,
                Some(("Unschedulable", &message)),
                born,
            );
            return;
        }
        let at = node.unwrap_or_else(|| self.nodes.place());
        let (name, host_ip) = (
            self.nodes.all[at].name.clone(),
            self.nodes.all[at].ip.clone(),
        );
        let address = if pod::on_host_network(pod) {
            host_ip.clone()
        } else {
            self.nodes.address(at)
        };
        pod::bind(pod, &name, born);
        status::admit(pod, &host_ip, born);
        status::give_address(pod, &address, born + SignedDuration::from_secs(1));
        let started = self.run_init(pod, born + SignedDuration::from_secs(1));
        status::settle(pod, started);
        if matches!(mood, Mood::Unready(_)) {
            // It was ready until then.
            self.bring(pod, &Mood::Well, started);
        }
        self.bring(pod, mood, started);
        status::mark_reported(pod, started);
    }

    /// Brings the containers of an initialised pod into their mood.
    fn bring(&self, pod: &mut Value, mood: &Mood, started: Timestamp) {
        for index in 0..containers(pod) {
            let Some(container) = pod["spec"]["containers"].get(index) else {
                continue;
            };
            let container_name = text(container, "/name").to_owned();
            // Trouble is the first container's; side cars are well.
            let mood = if index == 0 { mood } else { &Mood::Well };
            act(pod, &container_name, mood, started, self.now);
        }
        status::settle(pod, ready_at(mood, started, self.now));
    }

    fn run_init(&mut self, pod: &mut Value, mut at: Timestamp) -> Timestamp {
        let names: Vec<String> = status::statuses(pod, Part::Init)
            .iter()
            .map(|s| text(s, "/name").to_owned())
            .collect();
        let uid = text(pod, "/metadata/uid").to_owned();
        for name in names {
            let ended = at + SignedDuration::from_secs(self.random.between(1, 6));
            if let Some(container) = status::container_mut(pod, Part::Init, &name) {
                status::run(container, &status::container_id(&uid, &name, 0), at);
                status::end(container, &Exit::code(0), ended);
                container["ready"] = true.into();
            }
            at = ended;
        }
        at + SignedDuration::from_secs(1)
    }

    fn no_node_message(&self, pod: &Value) -> String {
        let all = self.nodes.all.len();
        let masters = self
            .nodes
            .all
            .iter()
            .filter(|node| node.control_plane)
            .count();
        let drained = self.nodes.all.iter().filter(|node| node.drained).count();
        let rest = all - masters - drained;
        let requests = &pod["spec"]["containers"][0]["resources"]["requests"];
        let device = requests
            .as_object()
            .and_then(|map| map.keys().find(|key| key.contains('/')))
            .map_or("cpu", String::as_str);
        format!(
            "0/{all} nodes are available: {drained} node(s) were unschedulable, {masters} node(s) had untolerated taint \
             {{node-role.kubernetes.io/control-plane: }}, {rest} Insufficient {device}. preemption: 0/{all} nodes are available: \
             {} Preemption is not helpful for scheduling, {rest} No preemption victims found for incoming pod.",
            masters + drained
        )
    }
}

/// How a pod gets its name.
#[derive(Debug, Clone, Copy)]
pub enum Name<'a> {
    /// As given.
    Given(&'a str),
    /// The base and five drawn letters.
    Drawn(&'a str),
}

fn containers(pod: &Value) -> usize {
    pod["spec"]["containers"].as_array().map_or(0, Vec::len)
}

/// Brings one container into its mood.
fn act(pod: &mut Value, name: &str, mood: &Mood, started: Timestamp, now: Timestamp) {
    let uid = text(pod, "/metadata/uid").to_owned();
    let Some(container) = status::container_mut(pod, Part::Main, name) else {
        return;
    };
    let id = |restarts| status::container_id(&uid, name, restarts);
    match mood {
        Mood::Well | Mood::Warming | Mood::Unready(_) => {
            status::run(container, &id(0), started);
            container["ready"] = (*mood == Mood::Well).into();
        }
        Mood::CrashLoop(restarts, exit, ended) => {
            status::run(
                container,
                &id(*restarts),
                *ended - SignedDuration::from_secs(3),
            );
            status::end(container, exit, *ended);
            status::back_off(container, &back_off_message(*restarts, name, &uid));
            container["restartCount"] = (*restarts).into();
        }
        Mood::Recovered(restarts, exit, again) => {
            status::run(
                container,
                &id(restarts - 1),
                started.max(*again - SignedDuration::from_mins(95)),
            );
            status::end(container, exit, *again - SignedDuration::from_secs(1));
            status::restart(container);
            container["restartCount"] = (*restarts).into();
            status::run(container, &id(*restarts), *again);
            container["ready"] = true.into();
        }
        Mood::Ended(seconds, exit) => {
            status::run(container, &id(0), started);
            status::end(
                container,
                exit,
                (started + SignedDuration::from_secs(*seconds)).min(now),
            );
        }
        Mood::Unpullable => {
            let image = text(container, "/image").to_owned();
            let why = crate::demo::control::images::refusal(&image).unwrap_or_default();
            status::wait(
                container,
                "ImagePullBackOff",
                &format!("Back-off pulling image \"{image}\": ErrImagePull: {why}"),
            );
        }
        Mood::Unschedulable => {}
    }
}

/// The kubelet's sentence about a container that it keeps waiting.
fn back_off_message(restarts: i64, container: &str, uid: &str) -> String {
    let seconds = 10_i64
        .saturating_mul(1 << (restarts - 1).clamp(0, 6))
        .min(300);
    let wait = if seconds == 300 {
        "5m0s".to_owned()
    } else {
        format!("{seconds}s")
    };
    format!("back-off {wait} restarting failed container={container} pod={uid}")
}

/// When the pod became as ready or unready as it is.
fn ready_at(mood: &Mood, started: Timestamp, now: Timestamp) -> Timestamp {
    match mood {
        Mood::Unready(since) => *since,
        Mood::Recovered(_, _, again) => *again + SignedDuration::from_secs(4),
        Mood::Ended(seconds, _) => (started + SignedDuration::from_secs(*seconds)).min(now),
        Mood::CrashLoop(..) | Mood::Unpullable | Mood::Unschedulable | Mood::Warming => started,
        Mood::Well => (started + SignedDuration::from_secs(4)).min(now),
    }
}

/// `metadata` of a made thing.
pub fn metadata(namespace: &str, name: &str, labels: &Value, born: Timestamp) -> Value {
    let mut metadata = json!({"name": name, "creationTimestamp": stamp(born)});
    if !namespace.is_empty() {
        metadata["namespace"] = namespace.into();
    }
    if !labels.is_null() {
        metadata["labels"] = labels.clone();
    }
    metadata
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::control::event::Source;
    use std::collections::BTreeSet;

    /// What is told at one moment is named by a hash of sixteen bits: in a large world two are the
    /// same now and then, and then the world could not be made.
    #[test]
    fn stories_of_one_moment_have_names_of_their_own() {
        let mut names = BTreeSet::new();
        let mut sink = |_, object: Value| {
            names.insert(text(&object, "/metadata/name").to_owned());
        };
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(9);
        let mut builder = Builder::new(now, 7, Nodes::new(3), &mut sink);
        let job = json!({"metadata": {"namespace": "payouts-prod", "name": "reconcile-1"}});
        let story = Story::normal(Source::kubelet("worker-1"), "Completed", "Job completed");
        for _ in 0..3 {
            builder.told(&job, "", &story, 1, now, now);
        }
        assert_eq!(names.len(), 3, "{names:?}");
    }

    #[test]
    fn no_name_is_drawn_twice() {
        let mut sink = |_, _| {};
        let mut builder = Builder::new(Timestamp::UNIX_EPOCH, 7, Nodes::new(3), &mut sink);
        let drawn: BTreeSet<_> = (0..50_000).map(|_| builder.drawn("shop", "web")).collect();
        assert_eq!(drawn.len(), 50_000);
    }
}
