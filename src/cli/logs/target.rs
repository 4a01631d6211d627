//! How the things whose logs are wanted are named on the command line.

use crate::domain::feed::Scope;
use crate::domain::logs::Source;
use crate::domain::logs::target::Target;
use crate::domain::text::Text;

/// `sts`, `deployment`: the words for the kinds of workloads, and the kind.
const WORKLOADS: [(&str, &[&str]); 6] = [
    ("Deployment", &["deploy", "deployment", "deployments"]),
    ("StatefulSet", &["sts", "statefulset", "statefulsets"]),
    ("DaemonSet", &["ds", "daemonset", "daemonsets"]),
    ("ReplicaSet", &["rs", "replicaset", "replicasets"]),
    ("Job", &["job", "jobs"]),
    ("CronJob", &["cj", "cronjob", "cronjobs"]),
];

/// Reads `project/x`, `release/ns/x`, `deploy/ns/x`, `pod/ns/x[/container]`. A namespace may be
/// left out where `home` is one.
pub(super) fn read(text: &str, home: Option<&Text>) -> Result<Target, String> {
    let wrong = || {
        format!(
            "`{text}` names nothing that has logs: give project/NAME, release/NAMESPACE/NAME, \
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

/// Where the target's pods are.
pub(super) fn scope(target: &Target) -> Option<Scope> {
    match target {
        Target::Container(Source { namespace, .. })
        | Target::Pod { namespace, .. }
        | Target::Workload { namespace, .. }
        | Target::Release { namespace, .. } => Some(Scope(Some(namespace.clone()))),
        Target::Project(_) | Target::Several(_) | Target::Selector(..) => None,
    }
}

/// The target as it was named, for messages.
pub(super) fn name(target: &Target) -> String {
    match target {
        Target::Container(source) => format!("container {source}"),
        Target::Pod { namespace, name } => format!("pod {namespace}/{name}"),
        Target::Workload {
            kind,
            namespace,
            name,
        } => format!("{} {namespace}/{name}", kind.to_lowercase()),
        Target::Release { namespace, name } => format!("release {namespace}/{name}"),
        Target::Project(name) => format!("project {name}"),
        Target::Several(targets) => format!("{} targets", targets.len()),
        Target::Selector(text, _) => format!("pods with {text}"),
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
            ("pod/shop-prod/web-1/app", Some("container shop-prod/web-1/app")),
            ("pod/", None),
            ("web-1", None),
            ("node/n1", None),
            ("project/a/b", None),
        ] {
            let found = read(text, Some(&home)).ok().map(|target| name(&target));
            assert_eq!(found.as_deref(), expected, "{text}");
        }
        assert!(read("pod/web-1", None).is_err());
    }
}
