//! Releases of the company's projects: each component as a workload with its history, its pods in
//! the mood that the table of incidents says, and the events that tell of it.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::access;
use super::builder::{Builder, Mood};
use super::company::{Component, PROJECTS, Runs};
use super::history;
use super::incidents::{self, Trouble};
use super::jobs::{self, Scheduled};
use super::supplies;
use super::template::{Place, labels, selector, spread, template, workload_name};
use super::workloads::{self, Crew, Revision, Strategy, Workload};
use crate::demo::control::status::Exit;
use crate::demo::kinds::PODS;

/// One installation to be made: where, what, and its versions, the oldest first.
#[derive(Debug)]
pub struct Installation<'a> {
    /// Whose and where.
    pub place: Place<'a>,
    /// Components and their replicas.
    pub components: Vec<(&'a Component, usize)>,
    /// Versions, the last one running.
    pub versions: Vec<String>,
    /// When it was installed.
    pub installed: Timestamp,
}

/// Every project with all its releases.
pub fn company(builder: &mut Builder<'_>) {
    let mut known = std::collections::BTreeSet::new();
    for project in PROJECTS {
        for release in project.releases {
            let place = Place {
                project: project.name,
                department: project.department,
                owner: project.owner,
                namespace: release.namespace,
                instance: release.instance,
                environment: release.environment,
            };
            let installed = builder.ago(SignedDuration::from_hours(24 * release.days));
            if known.insert(release.namespace) {
                namespace(builder, &place, installed);
            }
            let of = |name: &str| {
                project
                    .components
                    .iter()
                    .find(|component| component.name == name)
            };
            let components = release
                .replicas
                .iter()
                .filter_map(|(name, n)| Some((of(name)?, usize::try_from(*n).ok()?)))
                .collect();
            let versions = release
                .versions
                .iter()
                .map(|version| (*version).to_owned())
                .collect();
            install(
                builder,
                &Installation {
                    place,
                    components,
                    versions,
                    installed,
                },
            );
        }
    }
}

/// A project's namespace with its accounts and, in the owned department, its owner's rights.
pub fn namespace(builder: &mut Builder<'_>, place: &Place<'_>, born: Timestamp) {
    let labels = json!({
        "app.kubernetes.io/part-of": place.project,
        "quarterdeck.io/department": place.department,
        "quarterdeck.io/environment": place.environment,
    });
    supplies::namespace(builder, place.namespace, labels, born);
    supplies::accounts(builder, place, born);
    if place.department == access::OWNED_DEPARTMENT {
        access::business_owner(builder, place.namespace, place.department, born);
    }
}

/// Makes one release.
pub fn install(builder: &mut Builder<'_>, installation: &Installation<'_>) {
    for (component, replicas) in &installation.components {
        if builder.is_full() {
            return;
        }
        let replicas = (*replicas).min(builder.limit.saturating_sub(builder.pods));
        let version = installation.versions.last().map_or("", String::as_str);
        supplies::of_component(
            builder,
            &installation.place,
            component,
            version,
            installation.installed,
        );
        make(builder, installation, component, replicas);
    }
}

fn make(
    builder: &mut Builder<'_>,
    installation: &Installation<'_>,
    component: &Component,
    replicas: usize,
) {
    let place = &installation.place;
    let trouble = incidents::trouble(place.namespace, place.instance, component.name);
    if let Runs::Schedule(schedule) = component.runs {
        schedule_job(builder, installation, component, schedule, trouble);
        return;
    }
    let workload = workload(builder, installation, component, replicas, trouble);
    match component.runs {
        Runs::Deployment => staff(builder, &workload, Strategy::Rolling, trouble),
        Runs::Single => staff(builder, &workload, Strategy::Recreate, trouble),
        Runs::Stateful(size) => workloads::stateful_set(builder, &workload, size),
        Runs::EveryNode => workloads::daemon_set(builder, &workload, false),
        Runs::Schedule(_) => {}
    }
}

fn workload(
    builder: &Builder<'_>,
    installation: &Installation<'_>,
    component: &Component,
    replicas: usize,
    trouble: Option<Trouble>,
) -> Workload {
    let place = &installation.place;
    let version = installation.versions.last().map_or("", String::as_str);
    Workload {
        namespace: place.namespace.to_owned(),
        name: workload_name(place, component.name),
        labels: labels(place, component.name, version),
        annotations: Value::Null,
        selector: selector(place, component.name),
        revisions: revisions(builder, installation, component, trouble),
        replicas,
        manager: "pipeline",
    }
}

/// The revisions that a component has gone through: its first installation, a change of its
/// configuration, then its versions.
fn revisions(
    builder: &Builder<'_>,
    installation: &Installation<'_>,
    component: &Component,
    trouble: Option<Trouble>,
) -> Vec<Revision> {
    let place = &installation.place;
    let last = last_rollout(builder, installation, component, trouble);
    if matches!(trouble, Some(Trouble::Unschedulable(_))) {
        // It is new, and has never run.
        let version = installation.versions.last().map_or("", String::as_str);
        return vec![Revision {
            template: template(place, component, version),
            cause: cause(place, version),
            at: last,
        }];
    }
    let mut steps: Vec<(Value, String)> = Vec::new();
    for (at, version) in installation.versions.iter().enumerate() {
        let made = template(place, component, version);
        if at == 0 && installation.versions.len() < 3 {
            let mut first = made.clone();
            first["metadata"]["annotations"]["checksum/config"] =
                crate::demo::control::hash::digest_of("first").into();
            steps.push((first, format!("install {} {version}", place.project)));
        }
        steps.push((made, cause(place, version)));
    }
    let count = i64::try_from(steps.len() - 1).unwrap_or(1).max(1);
    let span = last.duration_since(installation.installed).as_secs();
    let moment = |at: usize| {
        installation.installed
            + SignedDuration::from_secs(span * i64::try_from(at).unwrap_or(0) / count)
    };
    steps
        .into_iter()
        .enumerate()
        .map(|(at, (template, cause))| Revision {
            template,
            cause,
            at: moment(at),
        })
        .collect()
}

fn cause(place: &Place<'_>, version: &str) -> String {
    format!("deploy {} {version} by {}", place.project, place.owner)
}

fn last_rollout(
    builder: &Builder<'_>,
    installation: &Installation<'_>,
    component: &Component,
    trouble: Option<Trouble>,
) -> Timestamp {
    let place = &installation.place;
    let ago = match trouble {
        Some(Trouble::Rolling(seconds)) => seconds,
        Some(Trouble::CrashLoop(_)) => 16 * 60,
        Some(Trouble::Unpullable(minutes) | Trouble::Unschedulable(minutes)) => minutes * 60,
        _ => {
            // All components of a release roll out within minutes of each other.
            let together = spread(place, "");
            let apart = i64::try_from(spread(place, component.name) % 240).unwrap_or(0);
            let (least, most) = match place.environment {
                "prod" => (5 * 3600, 16 * 86_400),
                "staging" => (2 * 3600, 5 * 86_400),
                _ => (25 * 60, 30 * 3600),
            };
            let age = builder.now.duration_since(installation.installed).as_secs();
            let most = most.min(age / 2).max(least + 60);
            least
                + i64::try_from(together % u64::try_from(most - least).unwrap_or(1)).unwrap_or(0)
                + apart
        }
    };
    builder.ago(SignedDuration::from_secs(ago))
}

fn staff(
    builder: &mut Builder<'_>,
    workload: &Workload,
    strategy: Strategy,
    trouble: Option<Trouble>,
) {
    let crew = crew(builder, workload, trouble);
    let (object, pods) = workloads::deployment(builder, workload, strategy, &crew);
    if let Some(trouble) = trouble {
        history::of_trouble(builder, &object, &pods, trouble);
    }
    for pod in pods {
        builder.put(&PODS, pod);
    }
}

fn crew(builder: &mut Builder<'_>, workload: &Workload, trouble: Option<Trouble>) -> Crew {
    let now = builder.now;
    let ago = |seconds: i64| now - SignedDuration::from_secs(seconds);
    let rolled = workload
        .revisions
        .last()
        .map_or(now, |revision| revision.at);
    let before = match workload.revisions.as_slice() {
        [.., before, _] => before.at,
        _ => rolled,
    };
    let mut crew = Crew {
        new: (0..workload.replicas)
            .map(|at| well(builder, rolled, at))
            .collect(),
        old: Vec::new(),
    };
    match trouble {
        None | Some(Trouble::FailingJob) => {}
        Some(Trouble::Rolling(seconds)) => {
            crew.new = vec![
                (Mood::Well, ago(seconds)),
                (Mood::Warming, ago(seconds / 3)),
            ];
            crew.old =
                vec![before + SignedDuration::from_secs(20); workload.replicas.saturating_sub(1)];
        }
        Some(Trouble::CrashLoop(restarts)) => {
            let words = "panic: open /app/config/config.yaml: no such file or directory\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/cmd/invoicer/main.go:41 +0x1d5\n";
            crew.new = vec![(
                Mood::CrashLoop(restarts, Exit::saying(2, words), ago(12)),
                rolled,
            )];
        }
        Some(Trouble::Unpullable(_)) => {
            crew.old = vec![before; workload.replicas];
            crew.new = vec![(Mood::Unpullable, rolled)];
        }
        Some(Trouble::Unschedulable(_)) => {
            crew.new = vec![(Mood::Unschedulable, rolled); workload.replicas];
        }
        Some(Trouble::Unready(count, minutes)) => {
            for (at, (mood, _)) in crew.new.iter_mut().enumerate().take(count) {
                *mood = Mood::Unready(ago(minutes * 60 + 7 * i64::try_from(at).unwrap_or(0)));
            }
        }
        Some(Trouble::OutOfMemory(minutes)) => {
            for (at, (mood, _)) in crew.new.iter_mut().enumerate() {
                let at = i64::try_from(at).unwrap_or(0);
                *mood = Mood::Recovered(
                    3 - at.min(2),
                    Exit::out_of_memory(),
                    ago((minutes + 53 * at) * 60),
                );
            }
        }
    }
    crew
}

/// A pod that is well; now and then one that was moved since the rollout, or restarted once.
fn well(builder: &mut Builder<'_>, rolled: Timestamp, at: usize) -> (Mood, Timestamp) {
    let born = rolled + SignedDuration::from_secs(9 * i64::try_from(at % 40).unwrap_or(0));
    let age = builder.now.duration_since(born).as_secs();
    let chance = builder.random.below(100);
    if age < 7200 || chance >= 12 {
        return (Mood::Well, born.min(builder.now));
    }
    let ago = 3700 + builder.random.between(0, age - 7200);
    let later = builder.ago(SignedDuration::from_secs(ago));
    if chance < 4 {
        (Mood::Recovered(1, Exit::code(1), later), born)
    } else {
        (Mood::Well, later)
    }
}

fn schedule_job(
    builder: &mut Builder<'_>,
    installation: &Installation<'_>,
    component: &Component,
    schedule: &str,
    trouble: Option<Trouble>,
) {
    let place = &installation.place;
    let version = installation.versions.last().map_or("", String::as_str);
    let words = "service.errors.LedgerMismatch: batch 2214: 3 transfers without a booking\n";
    jobs::cron_job(
        builder,
        Scheduled {
            namespace: place.namespace,
            name: &workload_name(place, component.name),
            labels: &labels(place, component.name, version),
            schedule,
            template: template(place, component, version),
            born: installation.installed,
            failure: (trouble == Some(Trouble::FailingJob)).then(|| Exit::saying(1, words)),
        },
    );
}
