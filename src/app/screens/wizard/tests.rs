#![allow(clippy::unwrap_used, reason = "tests")]

use super::form::Row;
use super::*;
use crate::app::effect::Work;
use crate::domain::build::{FaultSort, Labels};
use crate::domain::detect::{MemoryTree, detect};
use crate::domain::survey::EngineInfo;
use crate::key::{Code, Key};

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn survey(files: &[(&str, &str)]) -> Survey {
    let tree = MemoryTree::new("shop-api", files.iter().copied());
    Survey {
        folder: "/src/shop-api".into(),
        url: None,
        catalogue: Catalogue::built_in(),
        found: detect(&tree),
        unread: Vec::new(),
        recipe: None,
        dockerfiles: Vec::new(),
        labels: Labels {
            version: "1.4.2".into(),
            ..Labels::default()
        },
        engine: Ok(EngineInfo {
            address: "unix:///x".into(),
            version: "26".into(),
            buildkit: true,
            simulated: false,
        }),
        draft: None,
    }
}

const NODE: &[(&str, &str)] = &[
    (
        "package.json",
        "{\n\"name\": \"shop-api\",\n\"engines\": {\"node\": \"22\"},\n\"scripts\": {\"start\": \"node server.js\"}\n}\n",
    ),
    ("package-lock.json", "{}"),
    ("server.js", "require('http').createServer().listen(8080)\n"),
];

fn opened(files: &[(&str, &str)]) -> Wizard {
    let mut wizard = Wizard::new(Id(1), ".", NOW);
    wizard.surveyed(survey(files), NOW);
    wizard
}

fn focus(wizard: &mut Wizard, key: &str) {
    wizard.enter(Step::of(key));
    wizard.row = wizard
        .rows()
        .iter()
        .position(|row| matches!(row, Row::Field(known) if *known == key))
        .unwrap();
}

fn type_in(wizard: &mut Wizard, key: &str, text: &str) {
    focus(wizard, key);
    assert!(wizard.key(Key::ctrl('u')));
    for c in text.chars() {
        assert!(wizard.key(Key::plain(Code::Char(c))), "{c}");
    }
}

#[test]
fn a_detected_project_is_one_enter_away_from_its_build() {
    let mut wizard = opened(NODE);
    assert_eq!(
        wizard.step,
        Step::Review,
        "{:?}",
        wizard.troubles().collect::<Vec<_>>()
    );
    assert!(wizard.ready());
    assert_eq!(
        wizard.image.as_ref().map(ToString::to_string).as_deref(),
        Some("shop-api:1.4.2")
    );
    assert_eq!(wizard.enter_row(), Some(Wish::Build));
}

#[test]
fn what_is_missing_is_where_the_wizard_opens() {
    let wizard = opened(&[("requirements.txt", "flask\n"), ("x.py", "")]);
    assert!(!wizard.ready());
    assert_ne!(wizard.step, Step::Review);
    assert_eq!(wizard.standing(wizard.step), Standing::Asks);
}

#[test]
fn nothing_recognised_still_leads_to_a_dockerfile() {
    let mut wizard = opened(&[]);
    assert!(wizard.shown.lines.is_empty());
    wizard.choose_for_test(Group::Stack, "go");
    assert!(
        wizard
            .shown
            .lines
            .iter()
            .any(|line| line.starts_with("FROM")),
        "from the first answer on"
    );
    assert!(!wizard.ready());
}

#[test]
fn a_typed_answer_changes_the_dockerfile_and_lights_the_change() {
    let mut wizard = opened(NODE);
    type_in(&mut wizard, "run.command", "node other.js");
    assert_eq!(wizard.recipe.run.command, ["node", "other.js"]);
    let lit: Vec<&String> = wizard
        .shown
        .lit
        .iter()
        .map(|n| &wizard.shown.lines[*n])
        .collect();
    assert!(lit.iter().any(|line| line.contains("other.js")), "{lit:?}");
}

#[test]
fn an_answer_that_cannot_be_used_is_told_and_the_last_one_holds() {
    let mut wizard = opened(NODE);
    type_in(&mut wizard, "run.ports", "http");
    assert!(wizard.wrong.contains_key("run.ports"));
    assert_eq!(wizard.standing(Step::Settings), Standing::Wrong);
    assert!(!wizard.ready());
    wizard.enter(Step::Review);
    let rows = wizard.rows();
    let told =
        |row: &Row| matches!(row, Row::Trouble(_, what, _) if what.starts_with("Ports: `http`"));
    assert!(rows.iter().any(told), "{rows:?}");
    let stale = |row: &Row| matches!(row, Row::Fact("Listens on", _));
    assert!(!rows.iter().any(stale), "{rows:?}");
    type_in(&mut wizard, "run.ports", "9090");
    assert_eq!(wizard.recipe.run.ports, [9090]);
    assert!(wizard.ready());
}

#[test]
fn a_secret_in_the_environment_is_refused() {
    let mut wizard = opened(NODE);
    type_in(&mut wizard, "run.env", "DB_PASSWORD=x");
    let flaw = &wizard.wrong["run.env"];
    assert!(flaw.to_string().to_lowercase().contains("secret"), "{flaw}");
    let leaked = wizard
        .shown
        .lines
        .iter()
        .any(|line| line.contains("PASSWORD=x"));
    assert!(
        !leaked
            && wizard
                .recipe
                .run
                .env
                .iter()
                .all(|(_, value)| value.is_empty())
    );
}

#[test]
fn a_dependency_goes_into_the_image_then_the_build_then_nowhere() {
    let mut wizard = opened(NODE);
    wizard.enter(Step::Dependencies);
    let at = wizard
        .rows()
        .iter()
        .position(|row| matches!(row, Row::Tick { why_not: None, .. }))
        .unwrap();
    wizard.row = at;
    let mut seen = Vec::new();
    for _ in 0..3 {
        wizard.tick();
        let Row::Tick { state, .. } = wizard.rows()[at].clone() else {
            unreachable!("the row stays a tick");
        };
        seen.push(state);
    }
    assert_eq!(seen, [Ticked::Run, Ticked::Build, Ticked::No]);
}

#[test]
fn what_is_not_in_the_catalogue_is_said() {
    let mut wizard = opened(NODE);
    wizard.enter(Step::Dependencies);
    wizard.row = 0;
    for c in "nosuchthing".chars() {
        wizard.key(Key::plain(Code::Char(c)));
    }
    let rows = wizard.rows();
    assert!(
        matches!(&rows[..], [Row::Field("search"), Row::Say(text)] if text.contains("nosuchthing")),
        "{rows:?}"
    );
}

#[test]
fn another_language_forgets_what_was_answered_for_the_one_before() {
    let mut wizard = opened(NODE);
    wizard.choose_for_test(Group::Stack, "python");
    assert_eq!(wizard.recipe.base.stack, "python");
    assert!(wizard.recipe.run.command.is_empty());
    let stack = wizard.stack().unwrap();
    let base = &wizard.recipe.base;
    assert!(stack.systems(&base.version).contains(&base.system.as_str()));
}

#[test]
fn a_draft_brings_every_answer_back() {
    let mut wizard = opened(NODE);
    type_in(&mut wizard, "run.command", "node other.js");
    type_in(&mut wizard, "image", "registry.example.com/shop/api:7");
    assert!(wizard.push, "its name says where to");
    let draft = wizard.draft(NOW, true).unwrap();
    assert_eq!(wizard.draft(NOW, true), None, "kept once");
    let mut again = survey(NODE);
    again.draft = Some(draft);
    let mut second = Wizard::new(Id(2), ".", NOW);
    second.surveyed(again, NOW);
    assert_eq!(second.recipe, wizard.recipe);
    assert_eq!(second.image, wizard.image);
    assert!(second.remark.is_some());
}

#[test]
fn a_brought_dockerfile_is_used_as_it_is() {
    let mut it = survey(NODE);
    it.dockerfiles = vec![("Dockerfile".into(), "FROM scratch\n".into())];
    let mut wizard = Wizard::new(Id(1), ".", NOW);
    wizard.surveyed(it, NOW);
    wizard.enter(Step::Source);
    wizard.choose_for_test(Group::Dockerfile, "Dockerfile");
    assert_eq!(wizard.shown.lines, ["FROM scratch"]);
    wizard.choose_for_test(Group::Dockerfile, "");
    assert!(wizard.shown.lines.len() > 3);
}

#[test]
fn every_flaw_has_a_step_with_a_place_for_its_answer() {
    let mut wizard = opened(NODE);
    for key in [
        "run.command",
        "run.ports",
        "project.name",
        "build.output",
        "health.path",
    ] {
        wizard.enter(Step::of(key));
        let fields = wizard.rows();
        assert!(
            fields
                .iter()
                .any(|row| matches!(row, Row::Field(known) if *known == key)),
            "{key}"
        );
    }
}

#[test]
fn which_of_several_projects_is_meant_is_asked_first() {
    let mut wizard = opened(&[
        ("api/go.mod", "module x/api\n\ngo 1.26\n"),
        ("api/main.go", "package main\n\nfunc main() {}\n"),
        ("web/package.json", "{}"),
    ]);
    assert_eq!(wizard.step, Step::Source);
    assert_eq!(wizard.standing(Step::Source), Standing::Asks);
    assert!(!wizard.ready());
    let focused = wizard.focused();
    assert!(
        matches!(&focused, Some(Row::Choice { group: Group::Project, value, .. }) if value == "api"),
        "{focused:?}"
    );
    // As one, nothing of the first is left.
    wizard.choose_for_test(Group::Project, "");
    assert_eq!(wizard.standing(Step::Source), Standing::Done);
    assert_eq!(wizard.recipe.base.stack, "");
}

#[test]
fn placeholders_of_the_catalogue_are_filled_in_the_review() {
    let wizard = opened(&[
        ("go.mod", "module x/api\n\ngo 1.26\n"),
        ("main.go", "package main\n\nfunc main() {}\n"),
    ]);
    let facts: Vec<String> = wizard
        .rows()
        .into_iter()
        .filter_map(|row| match row {
            Row::Fact(_, text) => Some(text),
            _ => None,
        })
        .collect();
    assert!(facts.iter().any(|text| text == "/app/app"), "{facts:?}");
    assert!(!facts.iter().any(|text| text.contains('{')), "{facts:?}");
}

#[test]
fn the_review_tells_what_is_sent_and_nothing_moves_when_it_is_known() {
    let mut wizard = opened(NODE);
    wizard.enter(Step::Review);
    let before = wizard.rows().len();
    let Some(Work::Weigh { written, .. }) = wizard.wants_weight() else {
        unreachable!("it asks");
    };
    assert_eq!(wizard.wants_weight(), None, "once");
    let sent = Sent {
        files: 3,
        bytes: 950,
        largest: Vec::new(),
    };
    wizard.weighed("another recipe", Ok(sent.clone()));
    assert!(wizard.weight_told().contains("looking"));
    wizard.weighed(&written, Ok(sent));
    assert_eq!(wizard.weight_told(), "3 files, 950 bytes to the engine");
    assert_eq!(wizard.rows().len(), before);
}

#[test]
fn a_source_that_cannot_be_read_can_be_typed_again() {
    let mut wizard = Wizard::new(Id(1), "/nonexistent", NOW);
    wizard.look = Look::Failed(Fault::new(FaultSort::Missing, "there is no folder", ""));
    wizard.enter(Step::Source);
    wizard.row = 0;
    assert!(wizard.key(Key::plain(Code::Char('x'))));
    assert_eq!(wizard.place().0, "/nonexistentx");
    assert_eq!(wizard.enter_row(), Some(Wish::Look));
    wizard.step_by(true);
    assert!(matches!(&wizard.rows()[..], [Row::Say(_)]));
}

#[test]
fn the_review_asks_once_for_the_size_of_each_base() {
    let mut wizard = opened(NODE);
    let base = wizard.wants_size().unwrap();
    assert_eq!(wizard.wants_size(), None, "it was asked for");
    let told = |wizard: &Wizard| {
        let size = wizard.rows().into_iter().find_map(|row| match row {
            Row::Fact("Size", text) => Some(text),
            _ => None,
        });
        size.unwrap()
    };
    assert!(told(&wizard).contains("asking"), "{}", told(&wizard));
    let size = BaseSize {
        bytes: 75 << 20,
        packed: true,
    };
    wizard.sized(&base, Ok(size));
    assert!(
        told(&wizard).contains("75M packed (estimate"),
        "{}",
        told(&wizard)
    );
    let fault = Fault::new(FaultSort::Registry, "nobody answers", "");
    wizard.sized(&base, Err(fault));
    assert_eq!(told(&wizard), "unknown: nobody answers");
    // Another base is another question.
    wizard.choose_for_test(Group::System, "alpine");
    wizard.enter(Step::Review);
    assert_ne!(wizard.wants_size(), Some(base));
}

#[test]
fn a_brought_dockerfile_tells_its_last_base_and_is_compared() {
    let own = "FROM golang:1.25 AS build\nFROM debian:12 AS base\nFROM base\nCMD [\"x\"]\n";
    let mut wizard = Wizard::new(Id(1), ".", NOW);
    let mut survey = survey(NODE);
    survey.dockerfiles = vec![("Dockerfile".into(), own.into())];
    wizard.surveyed(survey, NOW);
    assert!(wizard.made_dockerfile().contains("CMD [\"node\""));
    wizard.compare();
    assert!(wizard.takes_body() && !wizard.typing());
    assert_eq!(wizard.own_dockerfile(), Some(("Dockerfile", own)));
    assert!(wizard.close_body() && !wizard.takes_body());
    wizard.choose_for_test(Group::Dockerfile, "Dockerfile");
    wizard.enter(Step::Review);
    let base = wizard.wants_size().map(|base| base.to_string());
    assert!(base.unwrap().contains("debian:12"));
    assert!(
        wizard.made_dockerfile().contains("CMD [\"node\""),
        "also while its own is used"
    );
}
