//! Every screen in every state, at 80×24 and at 160×50: texts and roles.

use super::company::{NOW, batches};
use super::stage::{Stage, notices};
use crate::app::{Msg, Settings, Setup};
use crate::domain::feed::{Change, Column, Columns};
use crate::domain::feed::{Failure, FailureSort, FeedState, Scope, TableChange, TableRow};
use crate::domain::rows::{Kind, Labels};
use crate::domain::session::ContextInfo;
use crate::domain::time::Millis;

/// Photographs what `make` builds at both sizes.
fn shoot(name: &str, make: impl Fn() -> Stage) {
    for (columns, rows) in [(80, 24), (160, 50)] {
        let stage = make().sized(columns, rows);
        insta::assert_snapshot!(format!("{name}-{columns}x{rows}"), stage.photograph());
    }
}

/// The same, for states that must be reached at the size itself.
fn shoot_sized(name: &str, make: impl Fn(Stage) -> Stage) {
    for (columns, rows) in [(80, 24), (160, 50)] {
        let stage = make(Stage::company().sized(columns, rows));
        insta::assert_snapshot!(format!("{name}-{columns}x{rows}"), stage.photograph());
    }
}

#[test]
fn lists() {
    shoot("projects", Stage::company);
    for (name, line) in [
        ("releases", "releases"),
        ("workloads", "workloads"),
        ("pods", "pods"),
        ("nodes", "nodes"),
        ("namespaces", "ns"),
        ("contexts", "ctx"),
        ("resources", "resources"),
    ] {
        shoot_sized(name, |stage| stage.run(line));
    }
}

#[test]
fn drilling() {
    shoot_sized("project", |stage| stage.keys("enter"));
    shoot_sized("release", |stage| stage.keys("enter enter"));
    shoot_sized("pod", |stage| stage.keys("enter enter enter"));
}

#[test]
fn ways_of_looking() {
    shoot_sized("pods-wide", |stage| stage.run("pods").keys("ctrl-w"));
    shoot_sized("pods-wide-scrolled", |stage| {
        stage.run("pods").keys("ctrl-w right right right")
    });
    shoot_sized("pods-labels", |stage| stage.run("pods").keys("shift-l"));
    shoot_sized("pods-times", |stage| stage.run("pods").keys("t"));
    shoot_sized("pods-marked", |stage| {
        stage.run("pods").keys("space space down")
    });
    shoot_sized("pods-faults", |stage| stage.run("pods").keys("ctrl-z"));
    shoot_sized("pods-last", |stage| stage.run("pods").keys("shift-g"));
    shoot_sized("filter-typing", |stage| {
        stage.run("pods").keys("/").typed("restarts>2 ns:billing*")
    });
    shoot_sized("filter-broken", |stage| {
        stage.run("pods").keys("/").typed("web(")
    });
    shoot_sized("filter-nothing", |stage| {
        stage.run("pods").keys("/").typed("nosuch").keys("enter")
    });
    shoot_sized("filter-misnamed", |stage| {
        let stage = stage.run("pods").keys("/");
        stage.typed("helth:failing").keys("enter")
    });
    shoot_sized("filter-no-label", |stage| {
        stage
            .run("pods")
            .keys("/")
            .typed("-l tear=web")
            .keys("enter")
    });
}

#[test]
fn what_is_in_no_namespace_is_not_missed_in_one() {
    let mut stage = Stage::company().sized(80, 24).run("notices");
    let screen = stage.photograph();
    assert!(
        screen.contains("no notices yet") && !screen.contains(":ns"),
        "{screen}"
    );
    stage = stage.keys("esc");
    assert!(!stage.photograph().contains("no notices"));
}

#[test]
fn texts() {
    let pod = |stage: Stage| stage.run("pods");
    shoot_sized("yaml", |stage| pod(stage).keys("y down down"));
    shoot_sized("yaml-folded", |stage| pod(stage).keys("y shift-tab"));
    shoot_sized("yaml-search", |stage| {
        pod(stage).keys("y /").typed("invoicer")
    });
    shoot_sized("describe", |stage| pod(stage).keys("d"));
    shoot_sized("help", |stage| stage.keys("?"));
    shoot_sized("about", |stage| stage.run("about"));
}

#[test]
fn what_lies_over() {
    shoot_sized("palette", |stage| stage.keys(":"));
    shoot_sized("palette-typed", |stage| {
        stage.keys(":").typed("re").keys("down")
    });
    shoot_sized("palette-unknown", |stage| stage.run("nosuch"));
    shoot_sized("confirm", |stage| stage.run("pods").keys("ctrl-d"));
    shoot_sized("confirm-many", |stage| {
        stage.run("pods").keys("space space space ctrl-d")
    });
    shoot_sized("quit", |stage| stage.keys("q"));
    shoot("confirm-production", || {
        production().run("pods").keys("ctrl-d").typed("inv")
    });
}

fn production() -> Stage {
    let settings = Settings {
        production: vec!["^prod".into()],
        ..Settings::default()
    };
    Stage::company_in(
        Setup {
            settings,
            ..Setup::default()
        },
        "prod-eu",
    )
}

#[test]
fn the_world() {
    shoot("production", production);
    shoot("readonly", || {
        Stage::company_in(
            Setup {
                settings: Settings {
                    readonly: true,
                    ..Settings::default()
                },
                ..Setup::default()
            },
            "staging-eu",
        )
        .run("pods")
    });
    shoot_sized("notice", |mut stage| {
        for notice in notices() {
            stage.send(Msg::Notice(notice));
        }
        stage
    });
    shoot_sized("notices", |mut stage| {
        for notice in notices() {
            stage.send(Msg::Notice(notice));
        }
        stage.wait(Millis::seconds(20));
        stage.run("notices")
    });
}

#[test]
fn states_of_a_list() {
    let loading = |millis| {
        move || {
            let mut stage = Stage::connected(Setup::default(), "prod-eu");
            stage.feeds(&FeedState::Loading { since: NOW });
            stage.wait(Millis(millis));
            stage
        }
    };
    shoot("starting", || Stage::new(Setup::default()));
    shoot("loading-unnoticed", loading(100));
    shoot("loading", loading(7_000));
    shoot("empty", || {
        let mut stage = Stage::connected(Setup::default(), "prod-eu");
        stage.feeds(&FeedState::Live);
        stage.run("pods")
    });
    shoot("forbidden", || {
        let mut stage = Stage::connected(Setup::default(), "prod-eu");
        stage.feeds(&FeedState::Live);
        let scope = Scope::ALL;
        stage.feed(
            Kind::Node,
            FeedState::Forbidden {
                verb: "list".into(),
                resource: "nodes".into(),
                scope,
            },
        );
        stage.run("nodes")
    });
    let refused = |namespace: &str| FeedState::Forbidden {
        verb: "list".into(),
        resource: "pods".into(),
        scope: Scope::namespace(namespace),
    };
    let pods = |namespace: &str, state| Msg::Feed {
        kind: Kind::Pod,
        scope: Scope::namespace(namespace),
        state,
    };
    let listed = |stage: &mut Stage, namespace: &str| {
        stage.send(pods(namespace, FeedState::Live));
        for mut batch in batches() {
            batch.scope = Scope::namespace(namespace);
            batch.changes.retain(|change| match change {
                Change::Put(row) => *row.meta().namespace == *namespace,
                _ => true,
            });
            stage.send(Msg::Batch(batch));
        }
    };
    shoot("partial", || {
        let mut stage = Stage::connected(Setup::default(), "prod-eu")
            .run("ns shop-prod,billing-prod,search-prod");
        listed(&mut stage, "shop-prod");
        for namespace in ["billing-prod", "search-prod"] {
            stage.send(pods(namespace, refused(namespace)));
        }
        stage
    });
    shoot("refused-later", || {
        let mut stage =
            Stage::connected(Setup::default(), "prod-eu").run("ns shop-prod,billing-prod");
        for namespace in ["shop-prod", "billing-prod"] {
            listed(&mut stage, namespace);
        }
        stage.send(pods("billing-prod", refused("billing-prod")));
        stage.run("pods")
    });
    shoot("absent", || {
        let mut stage = Stage::connected(Setup::default(), "prod-eu");
        stage.feeds(&FeedState::Live);
        stage.feed(Kind::Node, FeedState::Absent);
        stage.run("nodes")
    });
    let cut = |seen| FeedState::Disconnected {
        seen,
        why: "connection refused by 10.0.0.1:6443".into(),
        retry_at: NOW.plus(Millis::seconds(15)),
    };
    shoot("disconnected", || {
        let mut stage = Stage::company();
        stage.feeds(&cut(Some(NOW)));
        stage.wait(Millis::seconds(12));
        stage
    });
    shoot("disconnected-empty", || {
        let mut stage = Stage::connected(Setup::default(), "prod-eu");
        stage.feeds(&cut(None));
        stage.wait(Millis::seconds(12));
        stage
    });
    shoot("stale", || {
        let mut stage = Stage::company();
        stage.feeds(&FeedState::Stale { seen: NOW });
        stage.wait(Millis::seconds(20));
        stage
    });
}

#[test]
fn tables_of_the_server() {
    let row = |name: &str, kind: &str| {
        TableChange::Put(Box::new(TableRow {
            namespace: "shop-prod".into(),
            name: name.into(),
            uid: name.into(),
            created: Some(NOW.plus(Millis::minutes(-90))),
            labels: Labels::default(),
            cells: vec![
                name.into(),
                kind.into(),
                "10.96.0.12".into(),
                "80/TCP".into(),
                "90m".into(),
            ],
        }))
    };
    let column = |name: &str, kind: &str, priority| Column {
        name: name.into(),
        kind: kind.into(),
        priority,
    };
    let columns = Columns(vec![
        column("Name", "string", 0),
        column("Type", "string", 0),
        column("Cluster-IP", "string", 0),
        column("Port(s)", "string", 0),
        column("Age", "string", 0),
    ]);
    shoot_sized("table", |mut stage| {
        stage.send(Msg::Tick);
        let mut stage = stage.run("svc");
        let id = stage.table_id();
        stage.send(Msg::Table(
            id,
            vec![
                TableChange::Begin(columns.clone()),
                row("web", "ClusterIP"),
                row("checkout-gateway", "LoadBalancer"),
                TableChange::Complete,
            ],
        ));
        stage.send(Msg::TableFeed(id, FeedState::Live));
        stage
    });
}

#[test]
fn welcome() {
    let failed = |what: &str, why: &str, remedy: &str, contexts: Vec<ContextInfo>| {
        let mut stage = Stage::new(Setup::default());
        stage.send(Msg::Contexts(contexts));
        stage.send(Msg::ConnectFailed(Failure {
            what: what.into(),
            why: why.into(),
            remedy: remedy.into(),
            sort: FailureSort::Unreachable,
        }));
        stage.wait(Millis::seconds(20));
        stage
    };
    shoot("welcome-no-kubeconfig", || {
        failed(
            "there is no kubeconfig",
            "neither KUBECONFIG nor ~/.kube/config names a file",
            "choose a way on",
            Vec::new(),
        )
    });
    shoot("welcome-unreachable", || {
        let context = ContextInfo {
            name: "prod-eu".into(),
            server: "https://10.0.0.1:6443".into(),
            current: true,
            ..ContextInfo::default()
        };
        failed(
            "prod-eu cannot be reached",
            "connection refused by 10.0.0.1:6443",
            "is the VPN up? try again, or choose another context",
            vec![context],
        )
    });
}
