//! What a log is of: not a list of streams but something whose pods come and go.

use super::Source;
use crate::domain::fleet::{Fleet, PodRef};
use crate::domain::rows::{Container, State};
use crate::domain::selector::Selector;
use crate::domain::text::Text;
use std::collections::HashSet;

/// What a log is of.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// One container.
    Container(Source),
    /// All containers of a pod.
    Pod {
        /// Its namespace.
        namespace: Text,
        /// Its name.
        name: Text,
    },
    /// All pods of a workload.
    Workload {
        /// `Deployment`, `StatefulSet`, …
        kind: Text,
        /// Its namespace.
        namespace: Text,
        /// Its name.
        name: Text,
    },
    /// All pods of a release.
    Release {
        /// Its namespace.
        namespace: Text,
        /// Its name.
        name: Text,
    },
    /// All pods of a project.
    Project(Text),
    /// Several of the above.
    Several(Vec<Target>),
    /// Pods with these labels, in the namespaces that are watched.
    Selector(Text, Selector),
    /// The steps of a build of this image: nothing of a cluster.
    Build(Text),
}

/// A container that belongs to a target now.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Which.
    pub source: Source,
    /// The uid of its pod.
    pub pod: Text,
    /// It has begun to run at least once, so that there is a log.
    pub started: bool,
    /// It runs now.
    pub running: bool,
    /// How often it was restarted.
    pub restarts: u32,
    /// It failed: it waits after a crash, or ended with an error.
    pub failed: bool,
}

impl Member {
    /// Whether there is something to read: a container that has not started yet joins when it does.
    pub fn has_log(&self, previous: bool) -> bool {
        if previous {
            self.restarts > 0
        } else {
            self.started
        }
    }
}

impl Target {
    /// Reads `project/x`, `release/ns/x`, `deploy/ns/x`, `pod/ns/x[/container]`. A namespace may be
    /// left out where `home` is one. The error says what can be named.
    pub fn parse(text: &str, home: Option<&Text>) -> Result<Self, String> {
        read(text, home)
    }

    /// Reads what is typed behind `logs`: one target, several with spaces between, or a label
    /// selector as kubectl takes it (`-l app=web`).
    pub fn parse_words(text: &str, home: Option<&Text>) -> Result<Self, String> {
        let text = text.trim();
        let option = ["-l", "--selector"].into_iter().find_map(|name| {
            let rest = text.strip_prefix(name)?;
            rest.strip_prefix([' ', '=']).map(str::trim)
        });
        let selector =
            option.or_else(|| Some(text).filter(|it| it.contains('=') && !it.contains(' ')));
        if let Some(selector) = selector {
            return Ok(Self::Selector(
                Text::new(selector),
                Selector::parse(selector)?,
            ));
        }
        let mut targets = text
            .split_whitespace()
            .map(|word| Self::parse(word, home))
            .collect::<Result<Vec<Self>, String>>()?;
        Ok(match targets.len() {
            1 => targets.remove(0),
            _ => Self::Several(targets),
        })
    }

    /// The namespace in which its pods are; `None` when they may be in several.
    pub fn namespace(&self) -> Option<&Text> {
        match self {
            Self::Container(Source { namespace, .. })
            | Self::Pod { namespace, .. }
            | Self::Workload { namespace, .. }
            | Self::Release { namespace, .. } => Some(namespace),
            Self::Project(_) | Self::Several(_) | Self::Selector(..) | Self::Build(_) => None,
        }
    }

    /// What stands in the breadcrumb: `api-5jmk`, `shop-prod`.
    pub fn title(&self) -> String {
        match self {
            Self::Container(source) => format!("{}/{}", source.pod, source.container),
            Self::Pod { name, .. } | Self::Workload { name, .. } | Self::Release { name, .. } => {
                name.to_string()
            }
            Self::Project(name) | Self::Build(name) => name.to_string(),
            Self::Several(targets) => match &targets[..] {
                [one] => one.title(),
                targets => format!("{} marked", targets.len()),
            },
            Self::Selector(text, _) => format!("-l {text}"),
        }
    }

    /// The containers that belong to it now, in the order of the fleet.
    pub fn members(&self, fleet: &Fleet) -> Vec<Member> {
        let mut members = Vec::new();
        self.collect(fleet, &mut members);
        members
    }

    fn collect(&self, fleet: &Fleet, members: &mut Vec<Member>) {
        let add = |pod: PodRef<'_>| members.extend(members_of(pod));
        match self {
            Self::Container(source) => {
                let pod = fleet.pod_by_name(&source.namespace, &source.pod);
                if let Some(pod) = pod.and_then(|id| fleet.pod(id)) {
                    members.extend(members_of(pod).filter(|member| member.source == *source));
                }
            }
            Self::Pod { namespace, name } => {
                let pod = fleet.pod_by_name(namespace, name);
                pod.and_then(|id| fleet.pod(id)).into_iter().for_each(add);
            }
            Self::Workload {
                kind,
                namespace,
                name,
            } => {
                if let Some(id) = fleet.workload_by_key(kind, namespace, name) {
                    let pods = fleet.pods_of_workload(id).iter();
                    pods.filter_map(|id| fleet.pod(*id)).for_each(add);
                }
            }
            Self::Release { namespace, name } => {
                if let Some(id) = fleet.release_by_key(namespace, name) {
                    let pods = fleet.pods_of_release(id);
                    pods.filter_map(|id| fleet.pod(id)).for_each(add);
                }
            }
            Self::Project(name) => {
                if let Some(id) = fleet.project_by_name(name) {
                    let pods = fleet.pods_of_project(id);
                    pods.filter_map(|id| fleet.pod(id)).for_each(add);
                }
            }
            Self::Several(targets) => {
                for target in targets {
                    target.collect(fleet, members);
                }
                // What was marked may overlap: a release and one of its pods.
                let mut known = HashSet::new();
                members.retain(|member| known.insert(member.source.clone()));
            }
            Self::Selector(_, selector) => {
                let has = |pod: &PodRef<'_>| selector.matches(&pod.pod.meta.labels);
                fleet.pods().filter(has).for_each(add);
            }
            Self::Build(_) => {}
        }
    }
}

fn members_of(pod: PodRef<'_>) -> impl Iterator<Item = Member> {
    let pod = pod.pod;
    pod.all_containers().map(|(container, _)| Member {
        source: Source {
            namespace: pod.meta.namespace.clone(),
            pod: pod.meta.name.clone(),
            container: container.name.clone(),
        },
        pod: pod.meta.uid.clone(),
        started: has_started(container),
        running: matches!(container.state, State::Running { .. }),
        restarts: container.restarts,
        failed: has_failed(container),
    })
}

fn has_started(container: &Container) -> bool {
    matches!(
        container.state,
        State::Running { .. } | State::Terminated(_)
    ) || container.last.is_some()
}

fn has_failed(container: &Container) -> bool {
    match &container.state {
        State::Terminated(end) => end.exit_code != 0,
        State::Waiting { .. } => container
            .last
            .as_ref()
            .is_some_and(|end| end.exit_code != 0),
        State::Running { .. } | State::Unknown => false,
    }
}

/// `sts`, `deployment`: the words for the kinds of workloads, and the kind.
const WORKLOADS: [(&str, &[&str]); 6] = [
    ("Deployment", &["deploy", "deployment", "deployments"]),
    ("StatefulSet", &["sts", "statefulset", "statefulsets"]),
    ("DaemonSet", &["ds", "daemonset", "daemonsets"]),
    ("ReplicaSet", &["rs", "replicaset", "replicasets"]),
    ("Job", &["job", "jobs"]),
    ("CronJob", &["cj", "cronjob", "cronjobs"]),
];

fn read(text: &str, home: Option<&Text>) -> Result<Target, String> {
    let wrong = || {
        format!(
            "`{text}` names no containers: give project/NAME, release/NAMESPACE/NAME, \
             deploy/NAMESPACE/NAME (sts, ds, job, cronjob) or pod/NAMESPACE/NAME[/CONTAINER]"
        )
    };
    let (kind, rest) = text.split_once('/').ok_or_else(wrong)?;
    let parts: Vec<&str> = rest.split('/').collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err(wrong());
    }
    if matches!(kind, "project" | "projects" | "proj") {
        return match parts[..] {
            [name] => Ok(Target::Project(name.into())),
            _ => Err(wrong()),
        };
    }
    let in_namespace = |parts: &[&str]| match (parts, home) {
        ([namespace, name], _) => Ok((Text::new(namespace), Text::new(name))),
        ([name], Some(home)) => Ok((home.clone(), Text::new(name))),
        _ => Err(wrong()),
    };
    match kind {
        "pod" | "pods" | "po" => match parts[..] {
            [namespace, name, container] => Ok(Target::Container(Source {
                namespace: namespace.into(),
                pod: name.into(),
                container: container.into(),
            })),
            _ => in_namespace(&parts).map(|(namespace, name)| Target::Pod { namespace, name }),
        },
        "release" | "releases" | "rel" => {
            in_namespace(&parts).map(|(namespace, name)| Target::Release { namespace, name })
        }
        word => {
            let kind = WORKLOADS
                .iter()
                .find(|(_, words)| words.contains(&word))
                .ok_or_else(wrong)?
                .0;
            in_namespace(&parts).map(|(namespace, name)| Target::Workload {
                kind: kind.into(),
                namespace,
                name,
            })
        }
    }
}

impl std::fmt::Display for Target {
    /// The target as a person names it: `release shop-prod/web`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Container(source) => write!(f, "container {source}"),
            Self::Pod { namespace, name } => write!(f, "pod {namespace}/{name}"),
            Self::Workload {
                kind,
                namespace,
                name,
            } => write!(f, "{} {namespace}/{name}", kind.to_lowercase()),
            Self::Release { namespace, name } => write!(f, "release {namespace}/{name}"),
            Self::Project(name) => write!(f, "project {name}"),
            Self::Several(targets) => write!(f, "{} targets", targets.len()),
            Self::Selector(text, _) => write!(f, "pods with {text}"),
            Self::Build(name) => write!(f, "build of {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_and_named() {
        let home = Text::new("shop");
        for (text, expected) in [
            ("project/billing", Some("project billing")),
            ("release/shop-prod/web", Some("release shop-prod/web")),
            ("rel/web", Some("release shop/web")),
            ("deploy/shop-prod/api", Some("deployment shop-prod/api")),
            ("sts/db", Some("statefulset shop/db")),
            ("pod/shop-prod/web-1", Some("pod shop-prod/web-1")),
            (
                "pod/shop-prod/web-1/app",
                Some("container shop-prod/web-1/app"),
            ),
            ("pod/", None),
            ("web-1", None),
            ("node/n1", None),
            ("project/a/b", None),
        ] {
            let found = read(text, Some(&home))
                .ok()
                .map(|target| target.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
        assert!(read("pod/web-1", None).is_err());
    }

    #[test]
    fn words_name_several_targets_or_a_selector() {
        for (text, expected) in [
            ("release/a/b", Some("release a/b")),
            ("release/a/b pod/a/c", Some("2 targets")),
            ("-l app=web,tier!=db", Some("pods with app=web,tier!=db")),
            ("-l=app=web", Some("pods with app=web")),
            ("app=web", Some("pods with app=web")),
            (
                "app.kubernetes.io/name=web",
                Some("pods with app.kubernetes.io/name=web"),
            ),
            ("-l =", None),
            ("release/a/b nonsense", None),
        ] {
            let target = Target::parse_words(text, None).ok();
            let found = target.map(|target| target.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
