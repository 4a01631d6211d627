//! The fictional company whose cluster the demo shows: its departments, projects, components and
//! releases, as tables. Data only; nothing here builds an object.

/// The private registry that all of the company's own images come from.
pub const REGISTRY: &str = "registry.halyard.example";

/// The DNS zone that its ingresses answer under.
pub const DOMAIN: &str = "halyard.example";

/// What a component is written in; decides its probes, user, memory habits and pull size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stack {
    /// A static Go binary.
    Go,
    /// A Java service with a slow start and a large heap.
    Java,
    /// A Node.js service.
    Node,
    /// A Python service.
    Python,
    /// An nginx that serves files.
    Static,
}

/// The kind of workload that runs a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// A Deployment that rolls.
    Deployment,
    /// A Deployment that stops the old pod before it starts the new one.
    Single,
    /// A `StatefulSet` whose pods each own a volume of this size.
    Stateful(&'static str),
    /// A `DaemonSet` on the workers.
    EveryNode,
    /// A `CronJob` with this schedule.
    Schedule(&'static str),
}

/// One program of a project.
#[derive(Debug, Clone, Copy)]
pub struct Component {
    /// Name of the workload and of its container.
    pub name: &'static str,
    /// What runs it.
    pub runs: Runs,
    /// What it is written in.
    pub stack: Stack,
    /// The port it serves; 0 for none.
    pub port: u16,
    /// CPU request in millicores.
    pub cpu: u32,
    /// Memory request in MiB; the limit is twice that.
    pub memory: u32,
    /// Extended resource it asks one of.
    pub device: Option<&'static str>,
    /// It migrates its database in an init container first.
    pub migrates: bool,
    /// The host name before [`DOMAIN`] under which the production release answers.
    pub host: Option<&'static str>,
}

/// One installation of a project in a namespace.
#[derive(Debug, Clone, Copy)]
pub struct Release {
    /// Namespace it lives in.
    pub namespace: &'static str,
    /// Value of `app.kubernetes.io/instance`.
    pub instance: &'static str,
    /// Environment: `prod`, `staging` or `dev`.
    pub environment: &'static str,
    /// Versions, the oldest first; the last one is running.
    pub versions: &'static [&'static str],
    /// Days since it was installed.
    pub days: i64,
    /// Replicas per component, in the order that they are listed; a `CronJob` takes 1.
    pub replicas: &'static [(&'static str, u32)],
}

/// A product or service that a team onboarded.
#[derive(Debug, Clone, Copy)]
pub struct Project {
    /// Value of `app.kubernetes.io/part-of`.
    pub name: &'static str,
    /// Department that owns it.
    pub department: &'static str,
    /// Person who owns it.
    pub owner: &'static str,
    /// Its programs.
    pub components: &'static [Component],
    /// Its installations.
    pub releases: &'static [Release],
}

const fn component(
    name: &'static str,
    stack: Stack,
    port: u16,
    cpu: u32,
    memory: u32,
) -> Component {
    Component {
        name,
        runs: Runs::Deployment,
        stack,
        port,
        cpu,
        memory,
        device: None,
        migrates: false,
        host: None,
    }
}

impl Component {
    const fn run_by(mut self, runs: Runs) -> Self {
        self.runs = runs;
        self
    }

    const fn migrating(mut self) -> Self {
        self.migrates = true;
        self
    }

    const fn at(mut self, host: &'static str) -> Self {
        self.host = Some(host);
        self
    }

    const fn with_device(mut self, device: &'static str) -> Self {
        self.device = Some(device);
        self
    }
}

const fn release(
    namespace: &'static str,
    instance: &'static str,
    environment: &'static str,
    versions: &'static [&'static str],
    days: i64,
    replicas: &'static [(&'static str, u32)],
) -> Release {
    Release {
        namespace,
        instance,
        environment,
        versions,
        days,
        replicas,
    }
}

/// Every project of the company.
pub const PROJECTS: &[Project] = &[
    Project {
        name: "billing",
        department: "finance",
        owner: "bob",
        components: &[
            component("api", Stack::Go, 8080, 200, 256)
                .migrating()
                .at("billing"),
            component("invoicer", Stack::Go, 9000, 100, 128).run_by(Runs::Single),
            component("ledger", Stack::Java, 8080, 400, 768),
            component("report", Stack::Python, 0, 250, 384).run_by(Runs::Schedule("*/15 * * * *")),
        ],
        releases: &[
            release(
                "billing-prod",
                "billing-prod",
                "prod",
                &["3.0.4", "3.1.0", "3.1.1"],
                212,
                &[("api", 4), ("invoicer", 1), ("ledger", 3), ("report", 1)],
            ),
            release(
                "billing-staging",
                "billing-staging",
                "staging",
                &["3.1.0", "3.1.1", "3.2.0-rc.1"],
                205,
                &[("api", 2), ("invoicer", 1), ("ledger", 1)],
            ),
            release(
                "billing-dev",
                "billing-dev",
                "dev",
                &["3.1.1", "3.2.0-rc.1"],
                160,
                &[("api", 1), ("invoicer", 1)],
            ),
        ],
    },
    Project {
        name: "accounts",
        department: "finance",
        owner: "ines",
        components: &[
            component("api", Stack::Java, 8080, 300, 512)
                .migrating()
                .at("accounts"),
            component("web", Stack::Node, 3000, 100, 192),
            component("sessions", Stack::Go, 6380, 100, 128).run_by(Runs::Stateful("2Gi")),
        ],
        releases: &[
            release(
                "accounts-prod",
                "accounts-prod",
                "prod",
                &["2.7.1", "2.8.0", "2.8.1"],
                301,
                &[("api", 3), ("web", 3), ("sessions", 2)],
            ),
            release(
                "accounts-staging",
                "accounts-staging",
                "staging",
                &["2.8.0", "2.8.1", "2.9.0-rc.2"],
                290,
                &[("api", 2), ("web", 1), ("sessions", 1)],
            ),
        ],
    },
    Project {
        name: "payouts",
        department: "finance",
        owner: "dana",
        components: &[
            component("api", Stack::Go, 8080, 150, 192),
            component("settler", Stack::Go, 9000, 100, 128),
            component("reconcile", Stack::Python, 0, 200, 256)
                .run_by(Runs::Schedule("0 */2 * * *")),
        ],
        releases: &[
            release(
                "payouts-prod",
                "payouts-prod",
                "prod",
                &["1.0.9", "1.1.0", "1.1.2"],
                96,
                &[("api", 2), ("settler", 2), ("reconcile", 1)],
            ),
            release(
                "payouts-staging",
                "payouts-staging",
                "staging",
                &["1.1.2", "1.2.0-rc.1"],
                90,
                &[("api", 1), ("settler", 1)],
            ),
        ],
    },
    Project {
        name: "shop",
        department: "retail",
        owner: "mara",
        components: &[
            component("web", Stack::Node, 3000, 150, 256).at("www"),
            component("api", Stack::Go, 8080, 250, 256)
                .migrating()
                .at("api"),
            component("cart", Stack::Go, 8081, 100, 128),
            component("worker", Stack::Python, 0, 200, 256),
            component("cache", Stack::Go, 6379, 100, 512).run_by(Runs::Stateful("8Gi")),
        ],
        releases: &[
            release(
                "shop-prod",
                "shop-prod",
                "prod",
                &["1.4.0", "1.4.1", "1.4.2", "1.4.3"],
                248,
                &[
                    ("web", 3),
                    ("api", 5),
                    ("cart", 3),
                    ("worker", 2),
                    ("cache", 3),
                ],
            ),
            release(
                "shop-prod",
                "shop-canary",
                "prod",
                &["1.5.0-beta.1", "1.5.0-beta.2"],
                9,
                &[("web", 1), ("api", 1)],
            ),
            release(
                "shop-staging",
                "shop-staging",
                "staging",
                &["1.4.3", "1.5.0-beta.1", "1.5.0-beta.2"],
                240,
                &[
                    ("web", 2),
                    ("api", 2),
                    ("cart", 1),
                    ("worker", 1),
                    ("cache", 1),
                ],
            ),
            release(
                "shop-dev",
                "shop-dev",
                "dev",
                &["1.5.0-beta.2", "1.5.0-dev.41"],
                190,
                &[("web", 1), ("api", 1), ("cart", 1), ("worker", 1)],
            ),
            release(
                "shop-perf",
                "shop-perf",
                "staging",
                &["1.4.2", "1.4.3"],
                30,
                &[("web", 1), ("api", 2)],
            ),
            release(
                "shop-outlet",
                "shop-outlet",
                "prod",
                &["1.4.1", "1.4.2"],
                61,
                &[("web", 1), ("api", 2)],
            ),
        ],
    },
    Project {
        name: "checkout",
        department: "retail",
        owner: "jonas",
        components: &[
            component("web", Stack::Node, 3000, 100, 192).at("checkout"),
            component("api", Stack::Java, 8080, 300, 512).migrating(),
            component("payments", Stack::Go, 8443, 200, 192),
            component("fraud", Stack::Python, 8000, 300, 512),
        ],
        releases: &[
            release(
                "checkout-prod",
                "checkout-prod",
                "prod",
                &["5.1.3", "5.2.0", "5.2.1"],
                233,
                &[("web", 3), ("api", 6), ("payments", 2), ("fraud", 2)],
            ),
            release(
                "checkout-prod",
                "checkout-canary",
                "prod",
                &["5.3.0-rc.1", "5.3.0-rc.2"],
                5,
                &[("api", 2)],
            ),
            release(
                "checkout-staging",
                "checkout-staging",
                "staging",
                &["5.2.1", "5.3.0-rc.1", "5.3.0-rc.2"],
                230,
                &[("web", 1), ("api", 2), ("payments", 1), ("fraud", 1)],
            ),
            release(
                "checkout-dev",
                "checkout-dev",
                "dev",
                &["5.3.0-rc.2", "5.3.0-dev.7"],
                120,
                &[("web", 1), ("api", 1)],
            ),
        ],
    },
    Project {
        name: "catalog",
        department: "retail",
        owner: "lena",
        components: &[
            component("api", Stack::Node, 3000, 150, 256).at("catalog"),
            component("images", Stack::Static, 8080, 50, 64),
            component("import", Stack::Python, 0, 300, 512).run_by(Runs::Schedule("30 3 * * *")),
        ],
        releases: &[
            release(
                "catalog-prod",
                "catalog-prod",
                "prod",
                &["0.18.0", "0.19.0", "0.19.2"],
                154,
                &[("api", 2), ("images", 2), ("import", 1)],
            ),
            release(
                "catalog-staging",
                "catalog-staging",
                "staging",
                &["0.19.2", "0.20.0-rc.1"],
                150,
                &[("api", 1), ("images", 1)],
            ),
        ],
    },
    Project {
        name: "search",
        department: "platform",
        owner: "tomas",
        components: &[
            component("api", Stack::Go, 8080, 200, 256).at("search"),
            component("indexer", Stack::Java, 9200, 500, 1024).run_by(Runs::Stateful("40Gi")),
            component("ranker", Stack::Python, 8000, 400, 768),
            component("trainer", Stack::Python, 0, 4000, 8192).with_device("nvidia.com/gpu"),
        ],
        releases: &[
            release(
                "search-prod",
                "search-prod",
                "prod",
                &["0.8.7", "0.9.0", "0.9.1"],
                88,
                &[("api", 2), ("indexer", 1), ("ranker", 1), ("trainer", 1)],
            ),
            release(
                "search-staging",
                "search-staging",
                "staging",
                &["0.9.0", "0.9.1-rc.3"],
                80,
                &[("api", 1), ("ranker", 1)],
            ),
        ],
    },
    Project {
        name: "identity",
        department: "platform",
        owner: "noor",
        components: &[
            component("idp", Stack::Java, 8443, 400, 768)
                .run_by(Runs::Stateful("5Gi"))
                .at("login"),
            component("api", Stack::Go, 8080, 100, 128),
        ],
        releases: &[
            release(
                "identity-prod",
                "identity-prod",
                "prod",
                &["4.2.0", "4.3.0", "4.3.1"],
                322,
                &[("idp", 2), ("api", 2)],
            ),
            release(
                "identity-staging",
                "identity-staging",
                "staging",
                &["4.3.1", "4.4.0-rc.1"],
                310,
                &[("idp", 1), ("api", 1)],
            ),
        ],
    },
    Project {
        name: "notify",
        department: "platform",
        owner: "noor",
        components: &[
            component("api", Stack::Go, 8080, 100, 128),
            component("sender", Stack::Node, 0, 100, 192),
            component("digest", Stack::Python, 0, 100, 128).run_by(Runs::Schedule("*/5 * * * *")),
        ],
        releases: &[
            release(
                "notify-prod",
                "notify-prod",
                "prod",
                &["1.9.0", "1.9.1", "1.10.0"],
                177,
                &[("api", 2), ("sender", 2), ("digest", 1)],
            ),
            release(
                "notify-staging",
                "notify-staging",
                "staging",
                &["1.10.0", "1.11.0-rc.1"],
                170,
                &[("sender", 1)],
            ),
        ],
    },
    Project {
        name: "shipping",
        department: "logistics",
        owner: "petra",
        components: &[
            component("api", Stack::Go, 8080, 150, 192)
                .migrating()
                .at("shipping"),
            component("tracker", Stack::Node, 3000, 100, 192),
            component("labels", Stack::Python, 8000, 150, 256),
        ],
        releases: &[
            release(
                "shipping-prod",
                "shipping-prod",
                "prod",
                &["2.3.0", "2.3.1", "2.4.0"],
                199,
                &[("api", 3), ("tracker", 2), ("labels", 1)],
            ),
            release(
                "shipping-staging",
                "shipping-staging",
                "staging",
                &["2.4.0", "2.5.0-rc.1"],
                195,
                &[("api", 1), ("tracker", 1)],
            ),
        ],
    },
    Project {
        name: "warehouse",
        department: "logistics",
        owner: "owen",
        components: &[
            component("api", Stack::Java, 8080, 300, 512),
            component("picker", Stack::Go, 9000, 100, 128),
        ],
        releases: &[
            release(
                "warehouse-prod",
                "warehouse-prod",
                "prod",
                &["6.0.2", "6.1.0", "6.1.4"],
                266,
                &[("api", 2), ("picker", 2)],
            ),
            release(
                "warehouse-dev",
                "warehouse-dev",
                "dev",
                &["6.1.4", "6.2.0-dev.12"],
                140,
                &[("api", 1)],
            ),
        ],
    },
    Project {
        name: "insights",
        department: "data",
        owner: "yuki",
        components: &[
            component("collector", Stack::Java, 8080, 400, 512),
            component("dashboard", Stack::Node, 3000, 100, 192).at("insights"),
            component("beacon", Stack::Go, 9100, 50, 64).run_by(Runs::EveryNode),
            component("rollup", Stack::Python, 0, 500, 1024).run_by(Runs::Schedule("10 * * * *")),
        ],
        releases: &[
            release(
                "insights-prod",
                "insights-prod",
                "prod",
                &["0.30.1", "0.31.0", "0.31.2"],
                111,
                &[
                    ("collector", 2),
                    ("dashboard", 1),
                    ("beacon", 1),
                    ("rollup", 1),
                ],
            ),
            release(
                "insights-staging",
                "insights-staging",
                "staging",
                &["0.31.2", "0.32.0-rc.1"],
                101,
                &[("dashboard", 1)],
            ),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_release_names_components_its_project_has() {
        for project in PROJECTS {
            let known: BTreeSet<_> = project.components.iter().map(|c| c.name).collect();
            for release in project.releases {
                assert!(!release.versions.is_empty(), "{}", release.instance);
                for (name, _) in release.replicas {
                    assert!(known.contains(name), "{}: {name}", release.instance);
                }
            }
        }
    }

    #[test]
    fn the_company_has_the_size_that_the_console_is_shown_with() {
        let departments: BTreeSet<_> = PROJECTS.iter().map(|p| p.department).collect();
        let releases: BTreeSet<_> = PROJECTS
            .iter()
            .flat_map(|p| p.releases)
            .map(|r| (r.namespace, r.instance))
            .collect();
        assert_eq!(departments.len(), 5);
        assert_eq!(PROJECTS.len(), 12);
        assert_eq!(releases.len(), 31);
    }
}
