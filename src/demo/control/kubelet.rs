//! The kubelets: what happens to a pod on its node, step by step. Each step changes the stored
//! pod and plans the next one; between steps a pod costs nothing.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::context::{Context, Key, Task};
use super::event::{self, Source, Story};
use super::hash::fnv1a;
use super::json::{int, items, text, time};
use super::machines::Machines;
use super::programs;
use super::status::{self, Exit, Part};
use super::summary::{self, Stage, Summary};
use super::{images, pod};
use crate::demo::kinds::PODS;
use crate::demo::store::Object;

/// The longest wait between two starts of a container or two tries to pull an image.
const LONGEST_WAIT: i64 = 300;

/// A run that lasts this long is not held against the container when it ends.
const FORGIVEN_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// How often a failing readiness probe is told of.
const PROBE_EVERY: SignedDuration = SignedDuration::from_secs(20);

/// The next step in the life of a pod on its node. Containers are meant by their place in the
/// spec; a count of restarts ties a step to one run of the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Accept a pod that was bound.
    Admit,
    /// Set up its sandbox and begin with its containers.
    Begin,
    /// Get the image of a container.
    Pull(Part, u8),
    /// The image is there.
    Pulled(Part, u8),
    /// Wait before the next try to pull.
    PullLater(Part, u8),
    /// The readiness probe succeeds.
    Ready(u8, i64),
    /// The program ends.
    End(Part, u8, i64),
    /// The program is killed; it starts again at once, as often as that happens.
    Kill(Part, u8),
    /// Wait before the next start.
    StartLater(Part, u8, i64),
    /// Start an ended container again.
    Restart(Part, u8, i64),
    /// The readiness probe fails, once more.
    Fail(u8),
    /// The readiness probe succeeds again.
    Heal(u8),
    /// The pod was asked to go.
    Stop,
    /// Its containers have stopped.
    Gone,
}

/// What the kubelets of all nodes remember.
#[derive(Debug, Default)]
pub struct Kubelet {
    /// Images by node, as hashes of both.
    cached: HashSet<u64>,
    /// Failed starts and pulls in a row, by pod and container.
    failures: HashMap<(Box<str>, Part, u8), u32>,
    /// Pods whose readiness probe fails, by uid.
    failing: HashMap<Box<str>, Key>,
    /// Pods that are on their way out, by uid.
    stopping: HashSet<Box<str>>,
}

impl Kubelet {
    /// The pods whose readiness probe fails.
    pub fn failing(&self) -> impl Iterator<Item = (&Box<str>, &Key)> {
        self.failing.iter()
    }

    /// Forgets a pod that is gone.
    pub fn forget(&mut self, uid: &str) {
        self.failing.remove(uid);
        self.stopping.remove(uid);
        if !self.failures.is_empty() {
            self.failures.retain(|(pod, ..), _| **pod != *uid);
        }
    }

    fn wait(&self, uid: &str, part: Part, at: u8) -> SignedDuration {
        let failures = self
            .failures
            .get(&(uid.into(), part, at))
            .copied()
            .unwrap_or(0);
        SignedDuration::from_secs(
            10_i64
                .saturating_mul(1 << i64::from(failures.saturating_sub(1)).min(6))
                .min(LONGEST_WAIT),
        )
    }

    /// Takes over a pod that was there before the controllers were. Unless it `lives_on` its
    /// containers stay as they are.
    pub fn adopt(
        &mut self,
        context: &mut Context<'_>,
        pod: &Object,
        summary: &Summary,
        lives_on: bool,
    ) {
        let node = pod.field("spec.nodeName").unwrap_or_default();
        let images = summary::images(pod);
        self.cached
            .extend(images.iter().map(|image| cache_key(node, image)));
        if !summary.is_bound() || summary.is_finished() && !summary.leaving {
            return;
        }
        let mut plan = |when: Timestamp, step: Step| {
            context
                .agenda
                .at(when, Task::Pod(Key::of(pod), pod.uid.clone(), step));
        };
        if summary.leaving {
            plan(context.now, Step::Stop);
            return;
        }
        if summary.stage == Stage::Bound {
            plan(context.now, Step::Admit);
            return;
        }
        let mortal = images.iter().any(|image| programs::is_mortal(image))
            || pod.field("spec.restartPolicy") != Some("Always");
        if lives_on && (!summary.ready || mortal) {
            self.resume(context, pod);
        }
    }

    /// Plans the next step of each container of a pod that is not simply well.
    fn resume(&mut self, context: &mut Context<'_>, object: &Object) {
        let value = object.value();
        for at in 0..u8::try_from(items(&value, "/spec/containers").len()).unwrap_or(u8::MAX) {
            let Some(run) = Run::find(&value, Part::Main, at) else {
                continue;
            };
            let restarts = int(run.status, "/restartCount").unwrap_or(0);
            let failures = u32::try_from(restarts).unwrap_or(0);
            let waiting = text(run.status, "/state/waiting/reason");
            let (when, step) = if waiting == "CrashLoopBackOff" {
                self.failures
                    .insert((object.uid.clone(), Part::Main, at), failures);
                let ended =
                    time(run.status, "/lastState/terminated/finishedAt").unwrap_or(context.now);
                (
                    ended + self.wait(&object.uid, Part::Main, at),
                    Step::Restart(Part::Main, at, restarts),
                )
            } else if !waiting.is_empty() {
                self.failures
                    .insert((object.uid.clone(), Part::Main, at), 6);
                let pause = if waiting.starts_with("Image") {
                    context.random.between(40, LONGEST_WAIT)
                } else {
                    1
                };
                (
                    context.now + SignedDuration::from_secs(pause),
                    Step::Pull(Part::Main, at),
                )
            } else {
                self.resume_running(context, object, &value, &run, at, restarts);
                continue;
            };
            let when = when.max(context.now + SignedDuration::from_secs(1));
            context
                .agenda
                .at(when, Task::Pod(Key::of(object), object.uid.clone(), step));
        }
    }

    fn resume_running(
        &mut self,
        context: &mut Context<'_>,
        object: &Object,
        value: &Value,
        run: &Run<'_>,
        at: u8,
        restarts: i64,
    ) {
        let Some(started) = time(run.status, "/state/running/startedAt") else {
            return;
        };
        let program = programs::of(value, run.container, false, context.random);
        let task = |step| Task::Pod(Key::of(object), object.uid.clone(), step);
        if let Some((life, _)) = program.end {
            let soon = context.now + SignedDuration::from_secs(context.random.between(120, 1200));
            let due = if started + life > context.now {
                started + life
            } else {
                soon
            };
            context
                .agenda
                .at(due, task(Step::End(Part::Main, at, restarts)));
        }
        if run.status["ready"] == true {
            return;
        }
        let up = context.now.duration_since(started);
        if up > program.warm_up + SignedDuration::from_secs(40) {
            self.failing.insert(object.uid.clone(), Key::of(object));
            let pause = SignedDuration::from_millis(context.random.between(1000, 19_000));
            context.after(pause, task(Step::Fail(at)));
        } else {
            let due = (started + program.warm_up).max(context.now + SignedDuration::from_secs(1));
            context.agenda.at(due, task(Step::Ready(at, restarts)));
        }
    }
}

/// One container and its status.
struct Run<'a> {
    container: &'a Value,
    status: &'a Value,
}

impl<'a> Run<'a> {
    fn find(pod: &'a Value, part: Part, at: u8) -> Option<Self> {
        let container = pod["spec"].get(part.spec_key())?.get(usize::from(at))?;
        let name = text(container, "/name");
        let status = status::statuses(pod, part)
            .iter()
            .find(|status| text(status, "/name") == name)?;
        Some(Self { container, status })
    }
}

fn cache_key(node: &str, image: &str) -> u64 {
    fnv1a(&format!("{node}\u{1}{image}"))
}

/// The tools for one step of one pod.
pub struct Hand<'a, 'b> {
    /// The controllers' tools.
    pub context: &'a mut Context<'b>,
    /// The nodes.
    pub machines: &'a mut Machines,
    /// The kubelets' memory.
    pub kubelet: &'a mut Kubelet,
    key: Key,
    uid: Box<str>,
    node: String,
    pod: Value,
}

/// Takes one step of a pod, if it is still the same pod.
pub fn step(
    context: &mut Context<'_>,
    machines: &mut Machines,
    kubelet: &mut Kubelet,
    key: &Key,
    uid: &str,
    step: Step,
) {
    let Some(object) = context
        .store
        .get(&PODS, &key.namespace, &key.name)
        .filter(|object| *object.uid == *uid)
    else {
        return;
    };
    let pod = object.value();
    let leaving = pod::is_leaving(&pod);
    if leaving != matches!(step, Step::Stop | Step::Gone) {
        return;
    }
    let node = text(&pod, "/spec/nodeName").to_owned();
    let mut hand = Hand {
        context,
        machines,
        kubelet,
        key: key.clone(),
        uid: uid.into(),
        node,
        pod,
    };
    match step {
        Step::Admit => hand.admit(),
        Step::Begin => hand.begin(),
        Step::Pull(part, at) => hand.pull(part, at),
        Step::Pulled(part, at) => hand.pulled(part, at),
        Step::PullLater(part, at) => hand.pull_later(part, at),
        Step::Ready(at, restarts) => hand.ready(at, restarts),
        Step::End(part, at, restarts) => hand.end(part, at, restarts),
        Step::Kill(part, at) => hand.kill(part, at),
        Step::StartLater(part, at, restarts) => hand.start_later(part, at, restarts),
        Step::Restart(part, at, restarts) => hand.restart(part, at, restarts),
        Step::Fail(at) => hand.fail(at),
        Step::Heal(at) => hand.heal(at),
        Step::Stop => hand.stop(),
        Step::Gone => hand.gone(),
    }
}

impl Hand<'_, '_> {
    fn plan(&mut self, delay: SignedDuration, step: Step) {
        self.context
            .after(delay, Task::Pod(self.key.clone(), self.uid.clone(), step));
    }

    /// Plans a step after a random number of milliseconds.
    fn soon(&mut self, least: i64, most: i64, step: Step) {
        let delay = SignedDuration::from_millis(self.context.random.between(least, most));
        self.plan(delay, step);
    }

    fn change(&mut self, change: impl FnOnce(&mut Value)) {
        let now = self.context.now;
        self.context.change(&PODS, &self.key, |pod| {
            change(pod);
            status::settle(pod, now);
        });
        if let Some(object) = self
            .context
            .store
            .get(&PODS, &self.key.namespace, &self.key.name)
        {
            self.pod = object.value();
        }
    }

    fn change_container(&mut self, part: Part, at: u8, change: impl FnOnce(&mut Value)) {
        let name = self
            .container(part, at)
            .map_or_else(String::new, |container| text(container, "/name").to_owned());
        self.change(|pod| {
            if let Some(status) = status::container_mut(pod, part, &name) {
                change(status);
            }
        });
    }

    fn container(&self, part: Part, at: u8) -> Option<&Value> {
        self.pod["spec"].get(part.spec_key())?.get(usize::from(at))
    }

    fn name_and_image(&self, part: Part, at: u8) -> (String, String) {
        let read = |pointer| {
            self.container(part, at)
                .map_or_else(String::new, |c| text(c, pointer).to_owned())
        };
        (read("/name"), read("/image"))
    }

    fn restarts(&self, part: Part, at: u8) -> i64 {
        Run::find(&self.pod, part, at)
            .and_then(|run| int(run.status, "/restartCount"))
            .unwrap_or(0)
    }

    /// Whether the container is in the run that a step was planned for.
    fn is_run(&self, part: Part, at: u8, restarts: i64) -> bool {
        self.restarts(part, at) == restarts
    }

    fn is_running(&self, part: Part, at: u8) -> bool {
        Run::find(&self.pod, part, at)
            .is_some_and(|run| run.status.pointer("/state/running").is_some())
    }

    fn say(&mut self, part: Part, at: u8, warning: bool, reason: &str, message: &str) {
        let (name, _) = self.name_and_image(part, at);
        let involved = event::involved(&self.pod, &event::container_path(part.spec_key(), &name));
        let story = Story {
            source: Source::kubelet(&self.node),
            warning,
            reason,
            message,
        };
        self.context
            .events
            .record(self.context.store, self.context.now, &involved, &story);
    }

    fn admit(&mut self) {
        let host_ip = self
            .machines
            .all
            .get(self.node.as_str())
            .map_or_else(String::new, |machine| machine.ip.clone());
        let now = self.context.now;
        self.change(|pod| {
            status::admit(pod, &host_ip, now);
            status::mark_reported(pod, now);
        });
        self.soon(250, 600, Step::Begin);
    }

    fn begin(&mut self) {
        let address = if pod::on_host_network(&self.pod) {
            Some(text(&self.pod, "/status/hostIP").to_owned())
        } else {
            self.machines.address(&self.node)
        };
        let now = self.context.now;
        if let Some(address) = address {
            self.change(|pod| status::give_address(pod, &address, now));
        }
        if self.container(Part::Init, 0).is_some() {
            self.pull(Part::Init, 0);
        } else {
            self.begin_main();
        }
    }

    fn begin_main(&mut self) {
        for at in 0..u8::try_from(items(&self.pod, "/spec/containers").len()).unwrap_or(u8::MAX) {
            self.pull(Part::Main, at);
        }
    }

    fn pull(&mut self, part: Part, at: u8) {
        let (_, image) = self.name_and_image(part, at);
        let always = self
            .container(part, at)
            .is_some_and(|c| text(c, "/imagePullPolicy") == "Always");
        let cached = self.kubelet.cached.contains(&cache_key(&self.node, &image));
        let pulling = format!("Pulling image \"{image}\"");
        if let Some(why) = images::refusal(&image) {
            self.say(part, at, false, "Pulling", &pulling);
            self.say(
                part,
                at,
                true,
                "Failed",
                &format!("Failed to pull image \"{image}\": {why}"),
            );
            self.say(part, at, true, "Failed", "Error: ErrImagePull");
            self.change_container(part, at, |status| {
                status::wait(status, "ErrImagePull", &why);
            });
            self.count_failure(part, at);
            self.soon(2000, 4000, Step::PullLater(part, at));
        } else if cached && !always {
            self.say(
                part,
                at,
                false,
                "Pulled",
                &format!("Container image \"{image}\" already present on machine"),
            );
            self.start(part, at);
        } else {
            self.say(part, at, false, "Pulling", &pulling);
            self.soon(350, 1100, Step::Pulled(part, at));
        }
    }

    fn pulled(&mut self, part: Part, at: u8) {
        let (_, image) = self.name_and_image(part, at);
        self.kubelet.cached.insert(cache_key(&self.node, &image));
        let took = self.context.random.between(350, 1100);
        let size = images::size(&image);
        let message = format!(
            "Successfully pulled image \"{image}\" in {took}ms ({took}ms including waiting). Image size: {size} bytes."
        );
        self.say(part, at, false, "Pulled", &message);
        self.start(part, at);
    }

    fn pull_later(&mut self, part: Part, at: u8) {
        let (_, image) = self.name_and_image(part, at);
        let message = format!("Back-off pulling image \"{image}\"");
        let why = images::refusal(&image).unwrap_or_default();
        self.say(part, at, false, "BackOff", &message);
        self.say(part, at, true, "Failed", "Error: ImagePullBackOff");
        let full = format!("{message}: ErrImagePull: {why}");
        self.change_container(part, at, |status| {
            status::wait(status, "ImagePullBackOff", &full);
        });
        let wait = self.kubelet.wait(&self.uid, part, at);
        self.plan(wait, Step::Pull(part, at));
    }

    fn count_failure(&mut self, part: Part, at: u8) {
        *self
            .kubelet
            .failures
            .entry((self.uid.clone(), part, at))
            .or_default() += 1;
    }

    fn start(&mut self, part: Part, at: u8) {
        let (name, _) = self.name_and_image(part, at);
        let (now, restarts) = (self.context.now, self.restarts(part, at));
        self.say(
            part,
            at,
            false,
            "Created",
            &format!("Created container: {name}"),
        );
        self.say(
            part,
            at,
            false,
            "Started",
            &format!("Started container {name}"),
        );
        let id = status::container_id(&self.uid, &name, restarts);
        self.change_container(part, at, |status| status::run(status, &id, now));
        let Some(container) = self.container(part, at).cloned() else {
            return;
        };
        let program = programs::of(
            &self.pod,
            &container,
            part == Part::Init,
            self.context.random,
        );
        if let Some((life, _)) = program.end {
            self.plan(life, Step::End(part, at, restarts));
        }
        let lives_on = program.end.is_none_or(|(life, _)| life > program.warm_up);
        if part == Part::Main && lives_on && !self.kubelet.failing.contains_key(&self.uid) {
            self.plan(program.warm_up, Step::Ready(at, restarts));
        }
    }

    fn ready(&mut self, at: u8, restarts: i64) {
        if self.is_run(Part::Main, at, restarts) && self.is_running(Part::Main, at) {
            self.change_container(Part::Main, at, |status| status["ready"] = true.into());
        }
    }

    fn end(&mut self, part: Part, at: u8, restarts: i64) {
        if !self.is_run(part, at, restarts) || !self.is_running(part, at) {
            return;
        }
        let Some(container) = self.container(part, at).cloned() else {
            return;
        };
        let program = programs::of(
            &self.pod,
            &container,
            part == Part::Init,
            self.context.random,
        );
        let exit = program.end.map_or_else(|| Exit::code(0), |(_, exit)| exit);
        let started = Run::find(&self.pod, part, at)
            .and_then(|run| time(run.status, "/state/running/startedAt"));
        let now = self.context.now;
        if exit.reason == "OOMKilled" {
            self.tell_out_of_memory();
        }
        self.change_container(part, at, |status| {
            status::end(status, &exit, now);
            if part == Part::Init && exit.code == 0 {
                status["ready"] = true.into();
            }
        });
        if exit.code == 0 && part == Part::Init {
            self.after_init(at);
            return;
        }
        let policy = text(&self.pod, "/spec/restartPolicy");
        if policy == "Never" || policy == "OnFailure" && exit.code == 0 {
            return;
        }
        if started.is_some_and(|started| now.duration_since(started) >= FORGIVEN_AFTER) {
            self.kubelet.failures.remove(&(self.uid.clone(), part, at));
        }
        let first = !self
            .kubelet
            .failures
            .contains_key(&(self.uid.clone(), part, at));
        self.count_failure(part, at);
        if first {
            // The first end is no loop yet: the container comes back at once.
            self.soon(900, 1500, Step::Restart(part, at, restarts));
        } else {
            self.soon(900, 1500, Step::StartLater(part, at, restarts));
        }
    }

    fn kill(&mut self, part: Part, at: u8) {
        if !self.is_running(part, at) {
            return;
        }
        let (now, restarts) = (self.context.now, self.restarts(part, at));
        let exit = Exit {
            code: 137,
            reason: "Error",
            message: String::new(),
        };
        self.change_container(part, at, |status| status::end(status, &exit, now));
        if text(&self.pod, "/spec/restartPolicy") != "Never" {
            self.soon(900, 1500, Step::Restart(part, at, restarts));
        }
    }

    fn after_init(&mut self, at: u8) {
        if self.container(Part::Init, at.saturating_add(1)).is_some() {
            self.pull(Part::Init, at.saturating_add(1));
        } else {
            self.begin_main();
        }
    }

    fn tell_out_of_memory(&mut self) {
        let pid = self.context.random.between(20_000, 900_000);
        let message = format!(
            "Memory cgroup out of memory: Killed process {pid} (java) total-vm:4831292kB, anon-rss:1043112kB, file-rss:24576kB, \
             shmem-rss:0kB, UID:10001 pgtables:2540kB oom_score_adj:984"
        );
        let node = serde_json::json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": self.node}});
        let source = Source {
            component: "kernel-monitor",
            host: &self.node,
        };
        self.context
            .tell(&node, &Story::warning(source, "OOMKilling", &message));
    }

    fn start_later(&mut self, part: Part, at: u8, restarts: i64) {
        if !self.is_run(part, at, restarts) {
            return;
        }
        let (name, _) = self.name_and_image(part, at);
        let wait = self.kubelet.wait(&self.uid, part, at);
        let spelled = if wait.as_secs() >= 60 {
            format!("{}m{}s", wait.as_secs() / 60, wait.as_secs() % 60)
        } else {
            format!("{}s", wait.as_secs())
        };
        let full = format!("{}_{}({})", self.key.name, self.key.namespace, self.uid);
        self.say(
            part,
            at,
            true,
            "BackOff",
            &format!("Back-off restarting failed container {name} in pod {full}"),
        );
        let message = format!("back-off {spelled} restarting failed container={name} pod={full}");
        self.change_container(part, at, |status| status::back_off(status, &message));
        self.plan(wait, Step::Restart(part, at, restarts));
    }

    fn restart(&mut self, part: Part, at: u8, restarts: i64) {
        if !self.is_run(part, at, restarts) || self.is_running(part, at) {
            return;
        }
        self.change_container(part, at, status::restart);
        self.pull(part, at);
    }

    fn fail(&mut self, at: u8) {
        if !self.is_running(Part::Main, at) {
            return;
        }
        self.kubelet
            .failing
            .insert(self.uid.clone(), self.key.clone());
        self.say(
            Part::Main,
            at,
            true,
            "Unhealthy",
            "Readiness probe failed: HTTP probe failed with statuscode: 503",
        );
        self.change_container(Part::Main, at, |status| status["ready"] = false.into());
        self.plan(PROBE_EVERY, Step::Fail(at));
    }

    fn heal(&mut self, at: u8) {
        self.kubelet.failing.remove(&self.uid);
        if self.is_running(Part::Main, at) {
            self.change_container(Part::Main, at, |status| status["ready"] = true.into());
        }
    }

    fn stop(&mut self) {
        if !self.kubelet.stopping.insert(self.uid.clone()) {
            return;
        }
        let grace = int(&self.pod, "/metadata/deletionGracePeriodSeconds")
            .unwrap_or(30)
            .max(0);
        let mut drain = SignedDuration::ZERO;
        for at in 0..u8::try_from(items(&self.pod, "/spec/containers").len()).unwrap_or(u8::MAX) {
            let Some(container) = self.container(Part::Main, at).cloned() else {
                break;
            };
            if self.is_running(Part::Main, at) {
                self.say(
                    Part::Main,
                    at,
                    false,
                    "Killing",
                    &format!("Stopping container {}", text(&container, "/name")),
                );
                drain = drain
                    .max(programs::of(&self.pod, &container, false, self.context.random).drain);
            }
        }
        self.plan(drain.min(SignedDuration::from_secs(grace)), Step::Gone);
    }

    fn gone(&mut self) {
        // Whoever set a finalizer has to take it off first; taking it off brings the next look.
        if items(&self.pod, "/metadata/finalizers").is_empty() {
            self.context.remove(&PODS, &self.key);
        } else {
            self.kubelet.stopping.remove(&self.uid);
            self.soon(1000, 2000, Step::Stop);
        }
    }
}
