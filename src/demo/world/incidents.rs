//! What is wrong in the company when one looks at it first. A table: which component of which
//! release is in which trouble, and since when.

/// The trouble that a component is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// A rollout that has replaced all but the last pod, begun so many seconds ago.
    Rolling(i64),
    /// Crashes at start since its last rollout, so many times.
    CrashLoop(i64),
    /// A rollout that cannot pull its image, begun so many minutes ago.
    Unpullable(i64),
    /// Fits on no node since so many minutes.
    Unschedulable(i64),
    /// Some pods fail their readiness probe since so many minutes.
    Unready(usize, i64),
    /// Pods were killed for their memory, so many minutes ago last.
    OutOfMemory(i64),
    /// Its jobs fail.
    FailingJob,
}

/// Namespace, release, component and its trouble.
pub const INCIDENTS: &[(&str, &str, &str, Trouble)] = &[
    ("shop-prod", "shop-prod", "web", Trouble::Rolling(40)),
    (
        "billing-prod",
        "billing-prod",
        "invoicer",
        Trouble::CrashLoop(7),
    ),
    (
        "search-prod",
        "search-prod",
        "ranker",
        Trouble::Unpullable(63),
    ),
    (
        "search-prod",
        "search-prod",
        "trainer",
        Trouble::Unschedulable(64),
    ),
    (
        "checkout-prod",
        "checkout-prod",
        "api",
        Trouble::Unready(2, 3),
    ),
    (
        "insights-prod",
        "insights-prod",
        "collector",
        Trouble::OutOfMemory(21),
    ),
    (
        "payouts-prod",
        "payouts-prod",
        "reconcile",
        Trouble::FailingJob,
    ),
];

/// The trouble that a component is in, if any.
pub fn trouble(namespace: &str, instance: &str, component: &str) -> Option<Trouble> {
    let found = INCIDENTS.iter().find(|(ns, release, name, _)| {
        *ns == namespace && *release == instance && *name == component
    });
    found.map(|(.., trouble)| *trouble)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::world::company::PROJECTS;

    #[test]
    fn every_incident_names_a_component_that_runs() {
        for (namespace, instance, component, _) in INCIDENTS {
            let mut releases = PROJECTS.iter().flat_map(|project| project.releases);
            let release = releases.find(|r| r.namespace == *namespace && r.instance == *instance);
            let runs =
                release.is_some_and(|r| r.replicas.iter().any(|(name, _)| name == component));
            assert!(runs, "{namespace} {instance} {component}");
        }
    }
}
