use super::*;
use crate::domain::catalogue::Catalogue;

/// Rules and lines of what is said about a text.
fn said(text: &str) -> Vec<(&'static str, usize)> {
    let remarks = lint(text, &Catalogue::built_in(), "2026-11-23");
    remarks.iter().map(|it| (it.rule, it.line)).collect()
}

const GOOD: &str = "FROM docker.io/library/debian:12-slim\nLABEL org.opencontainers.image.title=\"x\"\nWORKDIR /app\nCOPY . .\nUSER 10001\nCMD [\"/app/x\"]\n";

#[test]
fn a_good_one_has_no_remark() {
    assert_eq!(said(GOOD), []);
}

#[test]
fn each_rule_finds_its_fault() {
    let head =
        "FROM docker.io/library/debian:12-slim\nLABEL org.opencontainers.image.title=\"x\"\n";
    let tail = "\nUSER 1\nCMD [\"x\"]\n";
    for (middle, rule) in [
        ("RUN sudo make", "sudo"),
        ("RUN make && sudo make install", "sudo"),
        (
            "RUN apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*",
            "unpinned",
        ),
        (
            "RUN apt-get install -y curl=1 && rm -rf /var/lib/apt/lists/*",
            "recommends",
        ),
        (
            "RUN apt-get install --no-install-recommends curl=1 && rm -rf /var/lib/apt/lists/*",
            "asks",
        ),
        (
            "RUN apt-get install -y --no-install-recommends curl=1",
            "apt-lists",
        ),
        ("RUN apk add curl=1", "apk-cache"),
        ("RUN apk add --no-cache curl", "unpinned"),
        ("RUN npm install", "no-lockfile"),
        ("RUN chmod -R 777 /x", "world-writable"),
        ("ADD x /x", "add"),
        ("MAINTAINER me", "maintainer"),
        ("WORKDIR app", "relative-workdir"),
        ("EXPOSE 80", "low-port"),
        ("EXPOSE 0", "port"),
        ("EXPOSE 99999", "port"),
        ("ENV DB_PASSWORD=x", "secret-in-variable"),
        ("ARG NPM_TOKEN", "secret-in-variable"),
        ("COPY .env .", "copied-secret"),
        ("COPY id_rsa /root/.ssh/", "copied-secret"),
        ("COPYY a b", "unknown-instruction"),
        ("ENTRYPOINT start.sh", "shell-form"),
        ("# hadolint ignore=DL3008", "pragma"),
        ("RUN curl -s https://x | sh", "forbidden"),
        (
            "RUN apt-get install -y --no-install-recommends sudo=1 && rm -rf /var/lib/apt/lists/*",
            "forbidden",
        ),
        ("EXPOSE 22", "forbidden"),
    ] {
        let found = said(&format!("{head}{middle}{tail}"));
        assert!(found.contains(&(rule, 3)), "{middle}: {found:?}");
    }
}

#[test]
fn bases_and_users_are_looked_at() {
    for (text, rule) in [
        ("FROM docker.io/library/debian\n", "untagged-base"),
        ("FROM docker.io/library/debian:latest\n", "latest-base"),
        ("FROM evil.example/x:1\n", "registry"),
        ("FROM docker.io/library/debian:12-slim\n", "root"),
        ("FROM docker.io/library/debian:12-slim\nUSER root\n", "root"),
        ("FROM docker.io/library/debian:12-slim\nUSER 0:0\n", "root"),
        (
            "FROM docker.io/library/debian:12-slim\nUSER app\n",
            "named-user",
        ),
        (
            "FROM docker.io/library/debian:12-slim\nCMD [\"a\"]\nCMD [\"b\"]\n",
            "twice",
        ),
        (
            "FROM docker.io/library/python:3.11-slim-bookworm\n",
            "no-command",
        ),
        ("nothing\n", "no-base"),
        ("FROM a:1 AS x\nFROM b:1 AS x\n", "stage-twice"),
    ] {
        let found = said(text);
        assert!(
            found.iter().any(|(found, _)| *found == rule),
            "{text}: {found:?}"
        );
    }
    let staged = "FROM docker.io/library/golang:1.25-bookworm AS build\nFROM build\nUSER 1\n";
    assert!(
        said(staged)
            .iter()
            .all(|(rule, _)| *rule != "untagged-base" && *rule != "root")
    );
}

#[test]
fn what_ended_is_told() {
    let text = "FROM docker.io/library/node:22-bookworm-slim\nUSER 1\n";
    let catalogue = Catalogue::built_in();
    let rules = |today| -> Vec<_> {
        lint(text, &catalogue, today)
            .iter()
            .map(|it| it.rule)
            .collect()
    };
    assert!(!rules("2026-11-23").contains(&"end-of-life"));
    assert!(rules("2027-05-01").contains(&"end-of-life"));
}

#[test]
fn continuation_lines_and_here_documents_are_one_instruction() {
    let text = "FROM a:1\nRUN one \\\n  # comment\n\n  two\nRUN <<EOF\nUSER root\nEOF\nUSER 7\n";
    let found: Vec<_> = parse(text)
        .into_iter()
        .map(|it| (it.keyword, it.rest, it.line))
        .collect();
    let expected = [
        ("FROM", "a:1", 1),
        ("RUN", "one two", 2),
        ("RUN", "<<EOF", 6),
        ("USER", "7", 9),
    ];
    let expected =
        expected.map(|(keyword, rest, line)| (keyword.to_owned(), rest.to_owned(), line));
    assert_eq!(found, expected);
}

#[test]
fn a_version_that_ended_is_told_of_its_recipe() {
    let catalogue = Catalogue::built_in();
    let mut recipe = Recipe::default();
    recipe.base.stack = "go".into();
    recipe.base.version = "1.24".into();
    recipe.base.system = "debian".into();
    let said = |today| -> Vec<_> {
        let remarks = lint_recipe(&recipe, &catalogue, today);
        remarks.into_iter().map(|it| it.what).collect()
    };
    assert_eq!(said("2026-02-01"), [""; 0]);
    assert_eq!(
        said("2026-03-01"),
        ["Go 1.24 has had no security updates since 2026-02-28"]
    );
    assert_eq!(said("2030-01-01").len(), 2);
}
