//! The controllers that make the demo cluster behave as Kubernetes does.
//!
//! They work on the store alone: each reads objects, writes objects and plans its next look. One
//! [`Controllers::step`] takes in what has changed since the last and does all that is due, so
//! that tests drive them by an injected clock; [`run`] does so for as long as the server lives.
//! Work follows changes, never the number of pods. Nothing here knows HTTP or users.

pub mod churn;
pub mod context;
pub mod cron;
pub mod cronjob;
pub mod daemonset;
pub mod deployment;
pub mod event;
pub mod garbage;
pub mod hash;
pub mod images;
pub mod job;
pub mod json;
pub mod kubelet;
pub mod machines;
pub mod managed;
pub mod nodes;
pub mod orders;
pub mod pod;
pub mod programs;
pub mod quantity;
pub mod replicaset;
pub mod revision;
mod route;
pub mod scenario;
pub mod scheduler;
pub mod statefulset;
pub mod status;
pub mod summary;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::kinds::{
    CRONJOBS, DAEMONSETS, DEPLOYMENTS, EVENTS, JOBS, Kind, NODES, PODS, REPLICASETS, STATEFULSETS,
};
use super::random::Random;
use super::store::Store;
use churn::Churn;
use context::{Agenda, Context, Key, Task};
use event::Recorder;
use kubelet::Kubelet;
use machines::Machines;
use nodes::Heartbeats;
pub use orders::Orders;
use scenario::Scenario;
use scheduler::Waiting;
use summary::Summary;

/// Tasks done in one step before others get their turn.
const TASKS_PER_STEP: usize = 20_000;

/// The controllers look at the clock at least this often.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

/// How the controllers work.
#[derive(Debug, Clone)]
pub struct ControlOptions {
    /// Fixes names and everything that happens by chance.
    pub seed: u64,
    /// Changes to pods in a second, for measuring; 0 for none.
    pub churn: u32,
    /// What time alone changes.
    pub pace: Pace,
}

/// What time alone changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Nothing: what was there at the start stays as it is until somebody changes it. What somebody
    /// makes lives.
    Still,
    /// What it changes in any cluster: schedules fire, back-offs pass, programs end.
    Alive,
    /// And now and then a delivery, a moved pod, an upstream that fails or comes back.
    Eventful,
}

/// All controllers of the cluster.
#[derive(Debug)]
pub struct Controllers {
    store: Arc<Store>,
    random: Random,
    events: Recorder,
    agenda: Agenda,
    /// What is known of every pod, by uid.
    pods: HashMap<Box<str>, Summary>,
    /// Everything that can own something, by uid.
    owners: HashMap<Box<str>, (&'static Kind, Key)>,
    machines: Machines,
    waiting: Waiting,
    kubelet: Kubelet,
    hearts: Heartbeats,
    scenario: Scenario,
    churn: Churn,
    pace: Pace,
    /// In a still world, when it was taken over.
    still_before: Option<Timestamp>,
    /// The last revision of the store that was taken in.
    seen: u64,
}

/// Runs the controllers until the store is gone. `orders` are carried out at once.
pub async fn run(store: Arc<Store>, options: ControlOptions, orders: Orders) {
    let clock = store.clock().clone();
    let mut changes = store.subscribe(None);
    let now = clock.now();
    let made = tokio::task::spawn_blocking(move || Controllers::new(store, &options, now)).await;
    let Ok(mut controllers) = made else { return };
    loop {
        // What was written until now is taken in by this step, its own writes included.
        changes.mark_unchanged();
        controllers.obey(&orders);
        let now = clock.now();
        let stepped = tokio::task::spawn_blocking(move || {
            let next = controllers.step(now);
            (controllers, next)
        });
        let Ok((same, next)) = stepped.await else {
            return;
        };
        controllers = same;
        let sleep = next.map_or(LONGEST_SLEEP, |next| {
            Duration::try_from(next.duration_since(clock.now())).unwrap_or_default()
        });
        tokio::select! {
            told = changes.changed() => if told.is_err() { return },
            () = orders.told() => {}
            () = tokio::time::sleep(sleep.min(LONGEST_SLEEP)) => {}
        }
    }
}

impl Controllers {
    /// Controllers that take over the store as it is at `now`.
    pub fn new(store: Arc<Store>, options: &ControlOptions, now: Timestamp) -> Self {
        let mut controllers = Self {
            store,
            // The world was drawn with the seed itself; names must not come out the same again.
            random: Random::new(options.seed ^ 0x5eed_c0de_0000_0001),
            events: Recorder::default(),
            agenda: Agenda::default(),
            pods: HashMap::new(),
            owners: HashMap::new(),
            machines: Machines::default(),
            waiting: Waiting::default(),
            kubelet: Kubelet::default(),
            hearts: Heartbeats::default(),
            scenario: Scenario::default(),
            churn: Churn::new(options.churn),
            pace: options.pace,
            // Creation times carry no more than seconds.
            still_before: (options.pace == Pace::Still)
                .then(|| Timestamp::from_second(now.as_second()).ok())
                .flatten(),
            seen: 0,
        };
        controllers.take_over(now);
        let churn = std::mem::take(&mut controllers.churn);
        let mut context = controllers.context(now);
        context
            .agenda
            .at(now + SignedDuration::from_secs(1), Task::Heartbeat);
        context
            .agenda
            .at(now + SignedDuration::from_mins(1), Task::ForgetEvents);
        if options.pace == Pace::Eventful {
            scenario::begin(&mut context);
        }
        churn::begin(&mut context, &churn);
        controllers.churn = churn;
        controllers
    }

    fn context(&mut self, now: Timestamp) -> Context<'_> {
        Context {
            store: &self.store,
            now,
            random: &mut self.random,
            events: &mut self.events,
            agenda: &mut self.agenda,
            pods: &self.pods,
            still_before: self.still_before,
        }
    }

    /// Does all that is due at `now` and says when something is due next.
    pub fn step(&mut self, now: Timestamp) -> Option<Timestamp> {
        for _ in 0..TASKS_PER_STEP {
            self.take_changes(now);
            match self.agenda.pop(now) {
                Some(task) => self.perform(task, now),
                None => return self.agenda.next(),
            }
        }
        Some(now)
    }

    fn perform(&mut self, task: Task, now: Timestamp) {
        // Borrowed field by field, because the context borrows some of them, too.
        let mut context = Context {
            store: &self.store,
            now,
            random: &mut self.random,
            events: &mut self.events,
            agenda: &mut self.agenda,
            pods: &self.pods,
            still_before: self.still_before,
        };
        let context = &mut context;
        match task {
            Task::Sync(kind, key) => sync(context, &self.machines, kind, &key),
            Task::Schedule(key) => {
                scheduler::schedule(context, &mut self.machines, &mut self.waiting, &key);
            }
            Task::RetryUnschedulable => {
                self.waiting
                    .take()
                    .into_iter()
                    .for_each(|key| context.agenda.now(Task::Schedule(key)));
            }
            Task::Pod(key, uid, step) => {
                kubelet::step(
                    context,
                    &mut self.machines,
                    &mut self.kubelet,
                    &key,
                    &uid,
                    step,
                );
            }
            Task::Orphans(uid) => garbage::orphans(context, &uid),
            Task::Finalize(kind, key) => garbage::finalize(context, kind, &key),
            Task::Furnish(name) => garbage::furnish(context, &name),
            Task::Complete(key) => complete(context, &key),
            Task::Heartbeat => nodes::beat(context, &mut self.hearts),
            Task::ForgetEvents => {
                context.events.forget_old(context.store, now);
                context.after(SignedDuration::from_mins(1), Task::ForgetEvents);
            }
            Task::Act => scenario::play(context, &self.kubelet, &mut self.scenario),
            Task::Churn => churn::slice(context, &mut self.churn),
        }
    }
}

fn sync(context: &mut Context<'_>, machines: &Machines, kind: &'static Kind, key: &Key) {
    match kind {
        kind if *kind == DEPLOYMENTS => deployment::sync(context, key),
        kind if *kind == REPLICASETS => replicaset::sync(context, key),
        kind if *kind == STATEFULSETS => statefulset::sync(context, key),
        kind if *kind == DAEMONSETS => daemonset::sync(context, machines, key),
        kind if *kind == JOBS => job::sync(context, key),
        kind if *kind == CRONJOBS => cronjob::sync(context, key),
        kind if *kind == NODES => nodes::sync(context, key),
        _ => {}
    }
}

/// Fills in what the API server's admission would have.
fn complete(context: &mut Context<'_>, key: &Key) {
    let mut random = context.random.clone();
    context.change(&PODS, key, |pod| pod::complete(pod, &mut random));
    *context.random = random;
}

/// Kinds whose objects may own others and are looked up by uid.
fn may_own(kind: &Kind) -> bool {
    *kind != PODS && *kind != EVENTS
}
