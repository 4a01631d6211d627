//! The core as a person and a cluster meet it: messages in, state and effects out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::screens::shell::Way;
use super::*;
use crate::command::Command;
use crate::domain::exec::{End, ExecItem, ExecRequest};
use crate::domain::feed::{AccessAnswer, Batch, Change, Failure, FailureSort, FeedState, Resource};
use crate::domain::health::Health;
use crate::domain::rows::{Container, Kind, Labels, Meta, Pod, Row, State, Terminated};
use crate::domain::session::{ContextInfo, SessionInfo};
use crate::domain::time::Millis;
use crate::key::{Code, Key};

const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// A program with the default keys that talks to a cluster with some pods.
struct Bench {
    app: App,
    effects: Effects,
}

impl Bench {
    fn new(setup: Setup) -> Self {
        let keymap = crate::input::shipped("default").unwrap();
        let mut setup = setup;
        setup.settings.keymap = keymap;
        let (app, effects) = App::new(setup, (160, 50), NOW);
        Self { app, effects }
    }

    /// The effects, but for what is remembered.
    fn asked_outside(&self) -> Effects {
        let mut effects = self.effects.clone();
        effects.retain(|effect| !matches!(effect, Effect::SaveState(_)));
        effects
    }

    fn connected() -> Self {
        let mut bench = Self::new(Setup::default());
        bench.connect("test");
        bench
    }

    fn connect(&mut self, context: &str) {
        let info = SessionInfo {
            context: context.into(),
            user: "alice".into(),
            namespace: "shop-prod".into(),
            ..SessionInfo::default()
        };
        self.send(Msg::Connected(info));
    }

    fn with_pods() -> Self {
        let mut bench = Self::connected();
        bench.list(vec![
            pod("shop-prod", "web-1", "shop", "shop-prod", None),
            pod("shop-prod", "web-2", "shop", "shop-prod", None),
            pod(
                "billing-prod",
                "invoicer-1",
                "billing",
                "billing-prod",
                Some(2),
            ),
            pod("billing-prod", "ledger-1", "billing", "billing-prod", None),
        ]);
        bench
    }

    fn list(&mut self, pods: Vec<Row>) {
        let puts = pods.into_iter().map(|row| Change::Put(Box::new(row)));
        let changes = std::iter::once(Change::Begin)
            .chain(puts)
            .chain([Change::Complete])
            .collect();
        self.send(Msg::Batch(Batch {
            kind: Kind::Pod,
            scope: Scope::ALL,
            changes,
        }));
        self.send(Msg::Feed {
            kind: Kind::Pod,
            scope: Scope::ALL,
            state: FeedState::Live,
        });
    }

    fn send(&mut self, msg: Msg) {
        self.effects = self.app.update(msg, NOW);
    }

    /// Types keys by the names of key maps, separated by spaces.
    fn keys(&mut self, keys: &str) {
        for key in keys.split(' ') {
            self.send(Msg::Key(key.parse().unwrap()));
        }
    }

    /// Types a text letter by letter.
    fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.send(Msg::Key(Key::char(c)));
        }
    }

    fn names(&self) -> Vec<String> {
        let Screen::List(ListScreen { source, list }) = self.app.screen() else {
            panic!("not a list: {:?}", self.app.screen())
        };
        list.order
            .rows()
            .iter()
            .map(|&row| source.rows().key(&self.app.world, row).name.to_string())
            .collect()
    }

    fn selected(&self) -> String {
        let Screen::List(ListScreen { source, list }) = self.app.screen() else {
            panic!("not a list")
        };
        list.selected()
            .map(|row| source.rows().key(&self.app.world, row).name.to_string())
            .unwrap_or_default()
    }

    fn title(&self) -> String {
        self.app.screen().title()
    }

    fn said(&self) -> String {
        self.app
            .world
            .notices
            .current(NOW)
            .map(Notice::line)
            .unwrap_or_default()
    }

    /// The id of the one request that went out.
    fn asked(&self, wanted: impl Fn(&Request) -> bool) -> Id {
        let ids: Vec<Id> = self
            .effects
            .iter()
            .filter_map(|e| {
                if let Effect::Fetch(id, r) = e {
                    wanted(r).then_some(*id)
                } else {
                    None
                }
            })
            .collect();
        assert_eq!(ids.len(), 1, "{:?}", self.effects);
        ids[0]
    }
}

/// A pod with labels; with an exit code it is in a crash loop.
fn pod(namespace: &str, name: &str, project: &str, release: &str, exit: Option<i32>) -> Row {
    let labels = [
        ("app.kubernetes.io/instance", release),
        ("app.kubernetes.io/part-of", project),
    ];
    let end = exit.map(|exit_code| {
        Box::new(Terminated {
            exit_code,
            reason: "Error".into(),
            finished: Some(NOW),
            ..Terminated::default()
        })
    });
    let state = match exit {
        None => State::Running { since: Some(NOW) },
        Some(_) => State::Waiting {
            reason: "CrashLoopBackOff".into(),
            message: "back-off".into(),
        },
    };
    let ready = exit.is_none();
    let container = Container {
        name: "main".into(),
        ready,
        started: ready,
        restarts: if ready { 0 } else { 7 },
        state,
        last: end,
        ..Container::default()
    };
    let condition = crate::domain::rows::Condition {
        kind: "Ready".into(),
        status: if ready {
            crate::domain::rows::Truth::True
        } else {
            crate::domain::rows::Truth::False
        },
        ..Default::default()
    };
    Row::Pod(Pod {
        meta: Meta {
            uid: name.into(),
            namespace: namespace.into(),
            name: name.into(),
            created: Timestamp(NOW.0 - 3_600_000),
            labels: Labels(
                labels
                    .into_iter()
                    .map(|(k, v)| (k.into(), v.into()))
                    .collect(),
            ),
            ..Meta::default()
        },
        phase: "Running".into(),
        node: "worker-1".into(),
        conditions: Box::new([condition]),
        containers: Box::new([container]),
        ..Pod::default()
    })
}

fn services() -> Resource {
    Resource {
        group: "".into(),
        version: "v1".into(),
        kind: "Service".into(),
        plural: "services".into(),
        singular: "service".into(),
        short_names: vec!["svc".into()],
        namespaced: true,
        verbs: vec!["list".into(), "watch".into()],
    }
}

#[test]
fn it_connects_before_anything_else_and_watches_all_namespaces() {
    let bench = Bench::new(Setup::default());
    assert_eq!(bench.effects, [Effect::Connect(None)]);
    let bench = Bench::connected();
    assert!(bench.effects.contains(&Effect::Watch(vec![Scope::ALL])));
}

#[test]
fn the_sick_project_stands_first() {
    let bench = Bench::with_pods();
    assert_eq!(bench.names(), ["billing", "shop"]);
}

#[test]
fn enter_drills_and_escape_comes_back_to_the_same_row() {
    let mut bench = Bench::with_pods();
    bench.keys("j enter");
    assert_eq!(
        (bench.title(), bench.names()),
        ("shop releases".into(), vec!["shop-prod".to_owned()])
    );
    bench.keys("enter");
    assert_eq!(bench.names(), ["web-1", "web-2"]);
    bench.keys("enter");
    assert_eq!(
        (bench.title(), bench.names()),
        ("web-1".into(), vec!["main".to_owned()])
    );
    bench.keys("esc esc esc");
    assert_eq!(
        (bench.title(), bench.selected()),
        ("Projects".into(), "shop".into())
    );
    assert!(bench.app.overlay.is_none());
}

#[test]
fn the_selection_stays_on_its_object_when_the_order_changes() {
    let mut bench = Bench::with_pods();
    bench.keys("j");
    assert_eq!(bench.selected(), "shop");
    bench.list(vec![
        pod("shop-prod", "web-1", "shop", "shop-prod", Some(1)),
        pod("billing-prod", "ledger-1", "billing", "billing-prod", None),
    ]);
    assert_eq!(bench.names(), ["shop", "billing"]);
    assert_eq!(bench.selected(), "shop");
}

/// F3
#[test]
fn a_relist_keeps_selection_and_scroll_by_object() {
    let row = |n: usize| {
        pod(
            "shop-prod",
            &format!("web-{n:03}"),
            "shop",
            "shop-prod",
            None,
        )
    };
    let mut bench = Bench::connected();
    bench.list((100..300).map(row).collect());
    bench.type_text(":pods");
    bench.keys("enter");
    bench.keys(&["j"; 120].join(" "));
    let place = |bench: &Bench| {
        let Screen::List(ListScreen { list, .. }) = bench.app.screen() else {
            panic!("not a list")
        };
        (bench.selected(), list.cursor - list.offset)
    };
    let before = place(&bench);
    assert_eq!(before.0, "web-220");
    // Rows came and went before it; while the list is under way nothing is missing.
    let changes = std::iter::once(Change::Begin)
        .chain((0..40).map(|n| Change::Put(Box::new(row(n)))))
        .collect();
    bench.send(Msg::Batch(Batch {
        kind: Kind::Pod,
        scope: Scope::ALL,
        changes,
    }));
    assert_eq!((bench.names().len(), place(&bench)), (240, before.clone()));
    bench.list((0..10).chain(150..300).map(row).collect());
    assert_eq!((bench.names().len(), place(&bench)), (160, before));
}

#[test]
fn a_filter_is_live_on_each_key_and_escape_takes_it_away() {
    let mut bench = Bench::with_pods();
    bench.type_text(":pods");
    bench.keys("enter");
    assert_eq!(bench.names().len(), 4);
    bench.type_text("/we");
    assert_eq!(bench.names(), ["web-1", "web-2"]);
    bench.type_text("b-2");
    assert_eq!(bench.names(), ["web-2"]);
    bench.keys("backspace backspace");
    assert_eq!(bench.names().len(), 2);
    bench.keys("enter esc");
    assert_eq!(bench.names().len(), 4);
    bench.type_text("/health:failing");
    assert_eq!(bench.names(), ["invoicer-1"]);
}

#[test]
fn an_unknown_command_is_answered_and_the_line_stays() {
    let mut bench = Bench::with_pods();
    bench.type_text(":porjects");
    bench.keys("enter");
    assert!(
        bench.said().contains("porjects") && bench.said().contains("projects"),
        "{}",
        bench.said()
    );
    assert!(matches!(bench.app.overlay, Some(Overlay::Palette(..))));
    bench.keys("esc");
    assert!(bench.app.overlay.is_none());
}

#[test]
fn any_kind_opens_by_a_short_name_as_a_table() {
    let mut bench = Bench::connected();
    let id = bench.asked(|request| *request == Request::Resources);
    bench.send(Msg::Answer(id, Answer::Resources(vec![services()])));
    bench.type_text(":svc");
    bench.keys("enter");
    assert!(
        matches!(&bench.asked_outside()[..], [Effect::OpenTable { resource, .. }] if resource.plural == "services"),
        "{:?}",
        bench.effects
    );
    assert_eq!(bench.title(), "Services");
    bench.keys("esc");
    bench.type_text(":pods");
    bench.keys("enter");
    assert!(
        matches!(&bench.effects[..], [Effect::CloseTable(_), ..]),
        "a table that cannot be gone to is closed: {:?}",
        bench.effects
    );
}

#[test]
fn the_short_names_of_k9s_open_kinds_unless_the_server_means_another() {
    let named = |plural: &str, short: &[&str]| Resource {
        kind: plural.into(),
        plural: plural.into(),
        singular: plural.into(),
        short_names: short.iter().map(|name| Text::new(name)).collect(),
        ..services()
    };
    let kinds = vec![
        named("secrets", &[]),
        named("clusterroles", &[]),
        named("crumbs", &["cr"]),
    ];
    for (line, opened) in [(":sec", "secrets"), (":cr", "crumbs")] {
        let mut bench = Bench::connected();
        let id = bench.asked(|request| *request == Request::Resources);
        bench.send(Msg::Answer(id, Answer::Resources(kinds.clone())));
        bench.type_text(line);
        bench.keys("enter");
        assert!(
            matches!(&bench.asked_outside()[..], [Effect::OpenTable { resource, .. }] if resource.plural == opened),
            "{line}: {:?}",
            bench.effects
        );
    }
}

#[test]
fn a_command_of_the_start_waits_for_the_kinds_it_names() {
    let mut bench = Bench::new(Setup {
        command: Some("svc".into()),
        ..Setup::default()
    });
    bench.connect("test");
    let id = bench.asked(|request| *request == Request::Resources);
    bench.send(Msg::Answer(id, Answer::Resources(vec![services()])));
    assert_eq!(bench.title(), "Services");
}

#[test]
fn deleting_asks_for_the_right_first_and_then_the_person() {
    let mut bench = Bench::with_pods();
    bench.type_text(":pods");
    bench.keys("enter");
    let id = bench
        .asked(|request| matches!(request, Request::Access(asked) if asked[0].verb == "delete"));
    bench.send(Msg::Answer(
        id,
        Answer::Access(vec![AccessAnswer {
            allowed: true,
            reason: "".into(),
        }]),
    ));
    bench.keys("ctrl-d");
    let Some(Overlay::Confirm(confirm)) = &bench.app.overlay else {
        panic!("no question")
    };
    assert!(
        confirm.question.contains("pod billing-prod/invoicer-1"),
        "{}",
        confirm.question
    );
    bench.keys("n");
    assert_eq!(bench.effects, []);
    bench.keys("ctrl-k y");
    let id = bench
        .asked(|request| matches!(request, Request::Delete(target) if target.name == "invoicer-1"));
    bench.send(Msg::Answer(id, Answer::Done));
    assert!(bench.said().contains("being deleted"));
}

#[test]
fn a_missing_right_is_said_and_nothing_is_asked() {
    let mut bench = Bench::with_pods();
    bench.type_text(":pods");
    bench.keys("enter");
    let id = bench
        .asked(|request| matches!(request, Request::Access(asked) if asked[0].verb == "delete"));
    bench.send(Msg::Answer(
        id,
        Answer::Access(vec![AccessAnswer {
            allowed: false,
            reason: "no role".into(),
        }]),
    ));
    assert!(bench.app.refusal(Command::Delete).is_some());
    bench.keys("ctrl-d");
    assert!(bench.app.overlay.is_none());
    assert!(
        bench.said().contains("may not delete pods"),
        "{}",
        bench.said()
    );
}

/// F23
#[test]
fn a_right_that_was_taken_away_is_grey_after_a_minute() {
    let mut bench = Bench::with_pods();
    bench.type_text(":pods");
    bench.keys("enter");
    let deletes =
        |request: &Request| matches!(request, Request::Access(asked) if asked[0].verb == "delete");
    let answer = |allowed| {
        Answer::Access(vec![AccessAnswer {
            allowed,
            reason: "".into(),
        }])
    };
    let id = bench.asked(deletes);
    bench.send(Msg::Answer(id, answer(true)));
    bench.effects = bench.app.update(Msg::Tick, NOW.plus(Millis::seconds(59)));
    assert_eq!(bench.effects, [], "what is known is not asked again");
    let later = NOW.plus(Millis::seconds(61));
    bench.effects = bench.app.update(Msg::Tick, later);
    let id = bench.asked(deletes);
    bench.app.update(Msg::Answer(id, answer(false)), later);
    assert!(bench.app.refusal(Command::Delete).is_some());
}

#[test]
fn on_production_the_name_has_to_be_typed() {
    let mut bench = Bench::new(Setup {
        settings: Settings {
            production: vec!["prod".into()],
            ..Settings::default()
        },
        ..Setup::default()
    });
    bench.connect("prod-eu");
    bench.list(vec![pod("a", "web-1", "shop", "shop", None)]);
    assert!(bench.app.is_production());
    bench.type_text(":pods");
    bench.keys("enter");
    let id = bench.asked(
        |request| matches!(request, Request::Access(questions) if questions[0].verb == "delete"),
    );
    bench.send(Msg::Answer(
        id,
        Answer::Access(vec![AccessAnswer {
            allowed: true,
            reason: "".into(),
        }]),
    ));
    bench.keys("ctrl-d");
    bench.type_text("web");
    bench.keys("enter");
    assert_eq!(bench.effects, [], "not yet");
    bench.type_text("-1");
    bench.keys("enter");
    bench.asked(|request| matches!(request, Request::Delete(_)));
}

#[test]
fn read_only_deletes_nothing() {
    let mut bench = Bench::new(Setup {
        settings: Settings {
            readonly: true,
            ..Settings::default()
        },
        ..Setup::default()
    });
    bench.connect("test");
    bench.list(vec![pod("a", "web-1", "shop", "shop", None)]);
    bench.type_text(":pods");
    bench.keys("enter ctrl-d");
    assert!(bench.said().contains("read-only"), "{}", bench.said());
    assert!(bench.app.overlay.is_none());
}

#[test]
fn where_all_namespaces_are_forbidden_the_contexts_own_is_shown() {
    let mut bench = Bench::connected();
    let state = FeedState::Forbidden {
        verb: "list".into(),
        resource: "pods".into(),
        scope: Scope::ALL,
    };
    bench.send(Msg::Feed {
        kind: Kind::Pod,
        scope: Scope::ALL,
        state: state.clone(),
    });
    assert!(
        bench
            .effects
            .contains(&Effect::Watch(vec![Scope::namespace("shop-prod")])),
        "{:?}",
        bench.effects
    );
    assert!(bench.said().contains("shop-prod"));
    assert_eq!(bench.app.world.scope_label(), "shop-prod");
    bench.send(Msg::Feed {
        kind: Kind::Pod,
        scope: Scope::namespace("shop-prod"),
        state,
    });
    assert!(matches!(
        bench.app.list_state(),
        status::ListState::Forbidden(_)
    ));
}

#[test]
fn several_namespaces_at_once_and_back_to_all() {
    let mut bench = Bench::with_pods();
    bench.type_text(":ns shop-prod,shop-dev");
    bench.keys("enter");
    assert!(bench.effects.contains(&Effect::Watch(vec![
        Scope::namespace("shop-prod"),
        Scope::namespace("shop-dev")
    ])));
    assert_eq!(bench.names(), ["shop"], "what is out of scope goes at once");
    bench.keys("0");
    assert!(bench.effects.contains(&Effect::Watch(vec![Scope::ALL])));
}

#[test]
fn no_cluster_shows_what_is_wrong_and_the_ways_on() {
    let mut bench = Bench::new(Setup::default());
    bench.send(Msg::Contexts(vec![ContextInfo {
        name: "other".into(),
        ..ContextInfo::default()
    }]));
    let failure = Failure {
        what: "no kubeconfig".into(),
        why: "no such file".into(),
        remedy: "set KUBECONFIG".into(),
        sort: FailureSort::Config,
    };
    bench.send(Msg::ConnectFailed(failure));
    assert_eq!(bench.title(), "Welcome");
    bench.keys("enter");
    assert_eq!(bench.effects, [Effect::ConnectDemo]);
}

#[test]
fn a_switch_of_context_works_while_disconnected_and_forgets_the_old_cluster() {
    let mut bench = Bench::with_pods();
    bench.send(Msg::Contexts(vec![ContextInfo {
        name: "other".into(),
        ..ContextInfo::default()
    }]));
    let state = FeedState::Disconnected {
        seen: Some(NOW),
        why: "gone".into(),
        retry_at: NOW,
    };
    bench.send(Msg::Feed {
        kind: Kind::Pod,
        scope: Scope::ALL,
        state,
    });
    assert_eq!(bench.names().len(), 2, "rows stay");
    bench.type_text(":ctx other");
    bench.keys("enter");
    assert_eq!(bench.effects, [Effect::Connect(Some("other".into()))]);
    assert_eq!(bench.names().len(), 0);
}

#[test]
fn behind_a_list_the_palette_offers_what_may_stand_there() {
    let mut bench = Bench::with_pods();
    bench.send(Msg::Contexts(vec![ContextInfo {
        name: "Other".into(),
        ..ContextInfo::default()
    }]));
    for (typed, offered) in [
        ("po @ot", Some("pods @Other")),
        ("pods shop @o", Some("pods shop @Other")),
        ("pods -l app=o", None),
        ("pods app=o", None),
        ("pods /o", None),
    ] {
        let palette = palette::Palette::open(typed, &bench.app.world);
        let first = palette.choices.first().map(|it| it.line.as_str());
        assert_eq!(first, offered, "{typed}");
    }
}

#[test]
fn a_line_for_another_context_opens_there_and_in_no_other() {
    let lists = |reached: &str| {
        let mut bench = Bench::connected();
        let known = ["test", "other", "third"].map(|name| ContextInfo {
            name: name.into(),
            ..ContextInfo::default()
        });
        bench.send(Msg::Contexts(known.into()));
        bench.type_text(":pods @other /web");
        bench.keys("enter");
        assert_eq!(bench.effects, [Effect::Connect(Some("other".into()))]);
        bench.connect(reached);
        let id = bench.asked(|request| *request == Request::Resources);
        bench.send(Msg::Answer(id, Answer::Resources(vec![services()])));
        bench.title()
    };
    assert_eq!(lists("other"), "Pods");
    assert_eq!(lists("third"), "Projects", "that line was not meant for it");
    // Here already: nothing is connected anew.
    let mut bench = Bench::connected();
    bench.send(Msg::Contexts(vec![ContextInfo {
        name: "test".into(),
        ..ContextInfo::default()
    }]));
    bench.type_text(":pods @test");
    bench.keys("enter");
    assert!(
        !bench
            .effects
            .iter()
            .any(|it| matches!(it, Effect::Connect(_)))
    );
    assert_eq!(bench.title(), "Pods");
}

#[test]
fn ctrl_c_never_ends_the_program_and_q_asks() {
    let mut bench = Bench::with_pods();
    bench.keys("ctrl-c");
    assert_eq!(bench.effects, []);
    bench.keys("q");
    assert!(matches!(bench.app.overlay, Some(Overlay::Confirm(_))));
    bench.keys("x");
    assert!(bench.app.overlay.is_none(), "any other key is a no");
    bench.keys("q y");
    assert_eq!(bench.effects, [Effect::Quit]);
    let mut bench = Bench::with_pods();
    bench.type_text(":q");
    bench.keys("enter");
    assert_eq!(bench.effects, [Effect::Quit]);
}

#[test]
fn the_preview_asks_for_the_lines_of_the_one_to_blame_when_the_selection_rests() {
    let mut bench = Bench::with_pods();
    let timer = bench.app.preview.waiting.unwrap();
    assert_eq!(
        bench
            .app
            .preview
            .culprit
            .as_ref()
            .map(|c| (c.container.to_string(), c.previous)),
        Some(("main".into(), true))
    );
    bench.send(Msg::Timer(timer));
    let id = bench.asked(|request| matches!(request, Request::Tail { previous: true, .. }));
    bench.keys("j");
    assert!(
        bench.effects.contains(&Effect::Cancel(id)),
        "moving on gives the request up"
    );
    bench.send(Msg::Answer(id, Answer::Tail(vec!["late".into()])));
    assert_eq!(
        bench.app.preview.tail,
        preview::Tail::None,
        "a late answer is ignored"
    );
}

#[test]
fn yaml_is_asked_for_and_shown() {
    let mut bench = Bench::with_pods();
    bench.type_text(":pods");
    bench.keys("enter y");
    let id = bench.asked(|request| {
        matches!(
            request,
            Request::Yaml {
                reveal: false,
                managed_fields: false,
                ..
            }
        )
    });
    bench.send(Msg::Answer(id, Answer::Document("kind: Pod\n".into())));
    let Screen::Text(screen) = bench.app.screen() else {
        panic!("not a text")
    };
    assert_eq!(screen.text(), "kind: Pod\n");
    assert!(!bench.app.offers(Command::Reveal), "nothing is masked");
    bench.keys("m");
    let id = bench.asked(|request| {
        matches!(
            request,
            Request::Yaml {
                managed_fields: true,
                ..
            }
        )
    });
    let masked = Answer::Document("password: <hidden, 6 bytes>\n".into());
    bench.send(Msg::Answer(id, masked));
    assert!(bench.app.offers(Command::Reveal), "a key shows them");
}

#[test]
fn a_filter_is_edited_anywhere() {
    let mut bench = Bench::with_pods();
    bench.type_text(":pods");
    bench.keys("enter /");
    bench.type_text("wb");
    bench.keys("left e home x right delete end ! left backspace");
    let Screen::List(screen) = bench.app.screen() else {
        panic!("not a list")
    };
    let filter = &screen.list.filter;
    assert_eq!((filter.text.as_str(), filter.cursor), ("xw!", 2));
}

#[test]
fn history_goes_back_and_forward() {
    let mut bench = Bench::with_pods();
    bench.type_text(":pods");
    bench.keys("enter");
    bench.type_text(":nodes");
    bench.keys("enter [");
    assert_eq!(bench.title(), "Pods");
    bench.keys("]");
    assert_eq!(bench.title(), "Nodes");
}

#[test]
fn marks_are_what_an_action_is_about() {
    let mut bench = Bench::with_pods();
    bench.type_text(":pods");
    bench.keys("enter space space");
    let Screen::List(ListScreen { source, list }) = bench.app.screen() else {
        panic!("not a list")
    };
    assert_eq!(list.chosen(source.rows(), &bench.app.world).len(), 2);
    bench.keys("esc");
    let Screen::List(screen) = bench.app.screen() else {
        panic!("not a list")
    };
    assert!(screen.list.marks.is_empty());
}

#[test]
fn copies_go_to_the_clipboard() {
    let mut bench = Bench::with_pods();
    bench.keys("c");
    assert_eq!(bench.effects, [Effect::Copy("billing".into())]);
}

#[test]
fn sort_orders_are_remembered() {
    let mut bench = Bench::with_pods();
    bench.keys("shift-n");
    assert!(
        matches!(&bench.effects[..], [Effect::SaveState(state)] if state.sorts["projects"].column == "name")
    );
    bench.keys("shift-o");
    assert_eq!(bench.names(), ["shop", "billing"]);
}

#[test]
fn the_same_messages_lead_to_the_same_state() {
    let script = |bench: &mut Bench| {
        bench.keys("j enter enter j");
        bench.type_text("/web");
        bench.keys("enter d");
        format!(
            "{:?} {:?} {:?}",
            bench.app.crumbs(),
            bench.app.world.notices,
            bench.effects
        )
    };
    assert_eq!(
        script(&mut Bench::with_pods()),
        script(&mut Bench::with_pods())
    );
}

#[test]
fn any_size_and_any_key_is_lived_through() {
    let keys = [
        Code::Up,
        Code::Down,
        Code::PageDown,
        Code::Enter,
        Code::Esc,
        Code::Tab,
        Code::Backspace,
        Code::End,
        Code::Char(':'),
        Code::Char('/'),
        Code::Char('y'),
        Code::Char(' '),
    ];
    let mut bench = Bench::with_pods();
    for (n, size) in [
        (1, 1),
        (2, 1),
        (0, 0),
        (300, 2),
        (80, 24),
        (65_535, 1),
        (160, 50),
    ]
    .into_iter()
    .cycle()
    .take(70)
    .enumerate()
    {
        bench.send(Msg::Resize(size.0, size.1));
        for shift in 0..keys.len() {
            bench.send(Msg::Key(Key::plain(keys[(n * 7 + shift * 5) % keys.len()])));
        }
    }
}

#[test]
fn before_all_first_lists_have_come_nobody_is_called_sick() {
    let mut bench = Bench::with_pods();
    let shown = |bench: &Bench| {
        let Screen::List(ListScreen { source, list }) = bench.app.screen() else {
            panic!("not a list")
        };
        let (rows, row) = (source.rows(), list.selected().unwrap());
        let mut cause = String::new();
        rows.cell(&bench.app.world, row, "cause", &mut cause);
        (rows.health(&bench.app.world, row), cause.is_empty())
    };
    assert_eq!(shown(&bench), (Some(Health::Failing), false));
    bench.send(Msg::Feed {
        kind: Kind::Deployment,
        scope: Scope::ALL,
        state: FeedState::Loading { since: NOW },
    });
    assert_eq!(shown(&bench), (Some(Health::Unknown), true));
    assert!(bench.app.preview.culprit.is_none());
    bench.send(Msg::Feed {
        kind: Kind::Deployment,
        scope: Scope::ALL,
        state: FeedState::Absent,
    });
    assert_eq!(shown(&bench), (Some(Health::Failing), false));
}

/// Opens a program in a container: its id, and how it is asked for.
fn enter(bench: &mut Bench, way: Way) -> (Id, ExecRequest) {
    let source = crate::domain::logs::Source {
        namespace: "a".into(),
        pod: "web-1".into(),
        container: "app".into(),
    };
    let mut effects = Effects::new();
    bench.app.enter(source, way, &mut effects);
    let Some(Effect::Exec(id, request)) = effects.pop() else {
        panic!("{effects:?}");
    };
    (id, request)
}

#[test]
fn lines_begin_at_the_left_whether_the_program_has_a_terminal_or_not() {
    for (way, written) in [
        (Way::Attach, "one\ntwo\nthree"),
        (Way::Attach, "one\r\ntwo\r\nthree"),
        (Way::Shell, "one\r\ntwo\r\nthree"),
    ] {
        let mut bench = Bench::new(Setup::default());
        bench.connect("prod-eu");
        let (id, _) = enter(&mut bench, way);
        bench.send(Msg::Exec(id, ExecItem::Started));
        for piece in written.as_bytes().chunks(5) {
            bench.send(Msg::Exec(id, ExecItem::Output(piece.to_vec().into())));
        }
        let Screen::Shell(shell) = bench.app.screen() else {
            panic!("no pane")
        };
        assert_eq!(shell.terminal.text().trim_end(), "one\ntwo\nthree");
    }
}

#[test]
fn an_image_without_a_shell_leaves_no_pane_and_help_leads_back_to_one() {
    let mut bench = Bench::new(Setup::default());
    bench.connect("prod-eu");
    let (id, _) = enter(&mut bench, Way::Shell);
    bench.send(Msg::Exec(id, ExecItem::Started));
    bench.keys("ctrl-]");
    bench.keys("?");
    assert!(matches!(bench.app.screen(), Screen::Text(_)));
    bench.keys("esc");
    assert!(matches!(bench.app.screen(), Screen::Shell(shell) if shell.id == id));
    let (none, _) = enter(&mut bench, Way::Shell);
    assert_eq!(bench.app.tab_count(), 3);
    let missing = End::Failed("exec: \"sh\": executable file not found in $PATH".into());
    bench.send(Msg::Exec(none, ExecItem::Ended(missing)));
    assert_eq!(bench.app.tab_count(), 2);
    let told = bench.app.world.notices.all().next().unwrap();
    assert!(told.1.what.contains("has no shell"), "{told:?}");
}

#[test]
fn a_key_typed_into_a_shell_that_has_just_ended_is_no_command() {
    let mut bench = Bench::new(Setup::default());
    bench.connect("prod-eu");
    let (id, request) = enter(&mut bench, Way::Shell);
    assert!(request.tty && request.stdin);
    bench.send(Msg::Exec(id, ExecItem::Started));
    bench.keys("q");
    assert_eq!(bench.asked_outside(), [Effect::Write(id, b"q".to_vec())]);
    bench.send(Msg::Exec(id, ExecItem::Ended(End::Exited(0))));
    bench.keys("q");
    assert_eq!(bench.app.tab_count(), 2, "it was meant for the shell");
    let later = NOW.plus(Millis::seconds(2));
    bench.app.update(Msg::Key(Key::char('q')), later);
    assert_eq!(bench.app.tab_count(), 1);
}
