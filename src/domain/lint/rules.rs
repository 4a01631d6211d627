//! Rules about the text itself.

use super::{Instruction, Level, Remark};
use crate::domain::catalogue::ImageRef;
use crate::domain::secrecy::looks_secret;
use regex::Regex;
use std::sync::LazyLock;

const KEYWORDS: &[&str] = &[
    "FROM",
    "RUN",
    "CMD",
    "LABEL",
    "EXPOSE",
    "ENV",
    "ADD",
    "COPY",
    "ENTRYPOINT",
    "VOLUME",
    "USER",
    "WORKDIR",
    "ARG",
    "ONBUILD",
    "STOPSIGNAL",
    "HEALTHCHECK",
    "SHELL",
    "MAINTAINER",
];

fn remark(
    at: &Instruction,
    level: Level,
    rule: &'static str,
    what: impl Into<String>,
    remedy: &str,
) -> Remark {
    Remark {
        level,
        rule,
        line: at.line,
        what: what.into(),
        remedy: remedy.to_owned(),
    }
}

/// Everything that the rules find.
pub(super) fn check(text: &str, all: &[Instruction]) -> Vec<Remark> {
    let mut found = Vec::new();
    if all.iter().all(|it| it.keyword != "FROM") {
        found.push(Remark {
            level: Level::Error,
            rule: "no-base",
            line: 1,
            what: "there is no FROM: this is no Dockerfile".into(),
            remedy: "begin with FROM and an image of the catalogue".into(),
        });
        return found;
    }
    pragmas(text, &mut found);
    let mut stages: Vec<String> = Vec::new();
    for at in all {
        match at.keyword.as_str() {
            "FROM" => from(at, &mut stages, &mut found),
            "RUN" => run(at, &mut found),
            "COPY" => copy(at, &stages, &mut found),
            "ENV" | "ARG" => variables(at, &mut found),
            "CMD" | "ENTRYPOINT" if at.exec().is_none() => found.push(remark(
                at,
                Level::Warning,
                "shell-form",
                format!(
                    "{} is a shell line: signals do not reach the program, and it ends late",
                    at.keyword
                ),
                "write words in brackets: [\"program\", \"argument\"]",
            )),
            "ADD" => found.push(remark(
                at,
                Level::Warning,
                "add",
                "ADD unpacks and downloads what nobody checked",
                "use COPY, or fetch in a RUN with a checksum",
            )),
            "MAINTAINER" => found.push(remark(
                at,
                Level::Warning,
                "maintainer",
                "MAINTAINER is no longer an instruction",
                "use LABEL quarterdeck.io/owner",
            )),
            "WORKDIR" if !at.rest.trim_matches('"').starts_with(['/', '$']) => found.push(remark(
                at,
                Level::Warning,
                "relative-workdir",
                format!("WORKDIR {} depends on what came before", at.rest),
                "write an absolute path",
            )),
            "EXPOSE" => expose(at, &mut found),
            keyword if !KEYWORDS.contains(&keyword) => found.push(remark(
                at,
                Level::Error,
                "unknown-instruction",
                format!("`{}` is no instruction", at.written),
                "correct the word, or end the line before it in `\\`",
            )),
            _ => {}
        }
    }
    last_stage(all, &mut found);
    found
}

/// Remarks that switch lint off are told: they hide what they are about.
fn pragmas(text: &str, found: &mut Vec<Remark>) {
    for (line, _) in text.lines().enumerate().filter(|(_, line)| {
        let comment = line.trim().strip_prefix('#').map(str::trim);
        comment.is_some_and(|it| it.starts_with("hadolint ") && it.contains("ignore"))
    }) {
        found.push(Remark {
            level: Level::Note,
            rule: "pragma",
            line: line + 1,
            what: "a comment switches rules of a linter off".into(),
            remedy: "correct what the rule is about; it is reported here all the same".into(),
        });
    }
}

fn from(at: &Instruction, stages: &mut Vec<String>, found: &mut Vec<Remark>) {
    let mut words = at.rest.split_whitespace();
    let image = words.next().unwrap_or_default();
    let known = stages.iter().any(|stage| stage.eq_ignore_ascii_case(image));
    if !known && !image.contains('$') && image != "scratch" {
        match ImageRef::parse(image) {
            Err(_) => found.push(remark(
                at,
                Level::Error,
                "untagged-base",
                format!("`{image}` has no tag, or is no image"),
                "name a tag or a digest: without one the build takes whatever is newest",
            )),
            Ok(image) if image.tag == "latest" && image.digest.is_empty() => found.push(remark(
                at,
                Level::Error,
                "latest-base",
                format!("`{image}` is another image tomorrow"),
                "name a version",
            )),
            Ok(_) => {}
        }
    }
    if let (Some("as" | "AS" | "As" | "aS"), Some(name)) = (words.next(), words.next()) {
        if stages.iter().any(|stage| stage.eq_ignore_ascii_case(name)) {
            found.push(remark(
                at,
                Level::Error,
                "stage-twice",
                format!("there are two stages called `{name}`"),
                "give one another name",
            ));
        }
        stages.push(name.to_owned());
    } else {
        stages.push(String::new());
    }
}

static SUDO: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(^|[;&|]\s*)sudo\b").ok());
static APT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"apt-get\s+(?:-\S+\s+)*install\b([^;&|]*)").ok());
static APK: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"apk\s+(?:-\S+\s+)*add\b([^;&|]*)").ok());

fn is_match(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern
        .as_ref()
        .is_some_and(|pattern| pattern.is_match(text))
}

fn run(at: &Instruction, found: &mut Vec<Remark>) {
    let text = &at.rest;
    if is_match(&SUDO, text) {
        found.push(remark(
            at,
            Level::Error,
            "sudo",
            "sudo has no place in a build",
            "steps run as root until USER says otherwise",
        ));
    }
    if let Some(packages) = APT.as_ref().and_then(|pattern| pattern.captures(text)) {
        let words = packages.get(1).map_or("", |it| it.as_str());
        unpinned(at, words, &['='], found);
        if !words.contains("--no-install-recommends") && !text.contains("--no-install-recommends") {
            found.push(remark(
                at,
                Level::Warning,
                "recommends",
                "apt-get installs what is only recommended too",
                "add --no-install-recommends",
            ));
        }
        if !words.split_whitespace().any(|word| {
            matches!(
                word,
                "-y" | "--yes" | "-qy" | "-yq" | "-qqy" | "--assume-yes"
            )
        }) && !text.contains("-y ")
        {
            found.push(remark(
                at,
                Level::Error,
                "asks",
                "apt-get asks, and nobody answers",
                "add -y",
            ));
        }
        let cached = at
            .flags
            .iter()
            .any(|(name, value)| name == "mount" && value.contains("/var/lib/apt"));
        if !text.contains("rm -rf /var/lib/apt/lists") && !cached {
            found.push(remark(
                at,
                Level::Warning,
                "apt-lists",
                "the package lists stay in the layer",
                "end the step with rm -rf /var/lib/apt/lists/*",
            ));
        }
    }
    if let Some(packages) = APK.as_ref().and_then(|pattern| pattern.captures(text)) {
        let words = packages.get(1).map_or("", |it| it.as_str());
        unpinned(at, words, &['=', '~', '<', '>'], found);
        if !text.contains("--no-cache") && !at.flags.iter().any(|(_, value)| value.contains("/apk"))
        {
            found.push(remark(
                at,
                Level::Warning,
                "apk-cache",
                "the package index stays in the layer",
                "add --no-cache",
            ));
        }
    }
    for (word, better) in [
        ("npm install", "npm ci"),
        ("yarn install", "yarn install --immutable"),
    ] {
        let with_lock = text.contains("--immutable") || text.contains("--frozen-lockfile");
        if text.contains(word) && !with_lock && !text.contains("install -g") {
            found.push(remark(
                at,
                Level::Note,
                "no-lockfile",
                format!("`{word}` takes what is newest today"),
                &format!("commit a lockfile and use `{better}`"),
            ));
        }
    }
    if text.contains("chmod 777") || text.contains("chmod -R 777") {
        found.push(remark(
            at,
            Level::Error,
            "world-writable",
            "everybody may write there",
            "give the folder to the user that runs",
        ));
    }
}

/// Packages without a version.
fn unpinned(at: &Instruction, words: &str, signs: &[char], found: &mut Vec<Remark>) {
    let loose: Vec<&str> = words
        .split_whitespace()
        .filter(|word| !word.starts_with(['-', '$', '"', '\\', '.', '/', '<', '>']))
        .map(|word| word.trim_matches('\''))
        .filter(|word| !word.contains(signs))
        .collect();
    if !loose.is_empty() {
        found.push(remark(
            at,
            Level::Warning,
            "unpinned",
            format!("no version for {}", loose.join(", ")),
            "name one: package=1.2.*",
        ));
    }
}

fn copy(at: &Instruction, stages: &[String], found: &mut Vec<Remark>) {
    if let Some(stage) = at.flag("from") {
        let current = stages.last().map_or("", String::as_str);
        if !current.is_empty() && stage.eq_ignore_ascii_case(current) {
            found.push(remark(
                at,
                Level::Error,
                "copy-from-itself",
                format!("`{stage}` is the stage itself"),
                "copy from another stage",
            ));
        }
    }
    let secret = [
        ".env",
        "id_rsa",
        "id_ed25519",
        ".npmrc",
        ".netrc",
        ".pypirc",
        "credentials",
    ];
    if at.flag("from").is_none() {
        for word in at.rest.split_whitespace() {
            let name = word.rsplit('/').next().unwrap_or_default();
            // `.npmrc` is settings as often as it holds a token: it is looked at, not refused.
            if name == ".npmrc" {
                found.push(remark(
                    at,
                    Level::Note,
                    "copied-secret",
                    ".npmrc may hold a token, and a layer keeps it",
                    "give tokens as a secret of the build",
                ));
            } else if secret.contains(&name) {
                found.push(remark(
                    at,
                    Level::Error,
                    "copied-secret",
                    format!("`{name}` is copied into a layer, which keeps it"),
                    "give it as a secret of the build: RUN --mount=type=secret",
                ));
            }
        }
    }
}

fn variables(at: &Instruction, found: &mut Vec<Remark>) {
    for word in at.rest.split_whitespace() {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let given = !value.trim_matches('"').is_empty() || at.keyword == "ARG";
        if plain && looks_secret(name) && given {
            found.push(remark(at, Level::Error, "secret-in-variable", format!("`{name}` looks like a secret, and the image keeps it"), "give it to a step as RUN --mount=type=secret, or to the release as a Kubernetes Secret"));
        }
    }
}

fn expose(at: &Instruction, found: &mut Vec<Remark>) {
    for word in at.rest.split_whitespace() {
        let port = word.split('/').next().unwrap_or_default();
        if port.contains('$') {
            continue;
        }
        match port.parse::<u16>() {
            Ok(0) | Err(_) if !port.contains('-') => found.push(remark(
                at,
                Level::Error,
                "port",
                format!("`{word}` is no port"),
                "write a number from 1 to 65535",
            )),
            Ok(1..=1023) => found.push(remark(
                at,
                Level::Warning,
                "low-port",
                format!("port {port} needs rights that a container should not have"),
                "listen on a port above 1023; the Service can still offer the low one",
            )),
            _ => {}
        }
    }
}

/// What the image that comes out must have.
fn last_stage(all: &[Instruction], found: &mut Vec<Remark>) {
    let Some(begin) = all.iter().rposition(|at| at.keyword == "FROM") else {
        return;
    };
    let stage = &all[begin..];
    let last = |keyword: &str| stage.iter().rfind(|at| at.keyword == keyword);
    match last("USER") {
        None => found.push(remark(
            &stage[0],
            Level::Error,
            "root",
            "nothing says which user runs: it is root, as a rule",
            "end with USER and a number, such as USER 10001:10001",
        )),
        Some(user) => {
            let name = user.rest.split(':').next().unwrap_or_default().trim();
            if matches!(name, "0" | "root") {
                found.push(remark(
                    user,
                    Level::Error,
                    "root",
                    "the container runs as root",
                    "end with USER and a number, such as USER 10001:10001",
                ));
            } else if name.parse::<u32>().is_err() && !name.contains('$') {
                found.push(remark(
                    user,
                    Level::Warning,
                    "named-user",
                    format!("`{name}` is a name: Kubernetes cannot tell that it is not root"),
                    "write the number",
                ));
            }
        }
    }
    for keyword in ["CMD", "ENTRYPOINT"] {
        let several = stage.iter().filter(|at| at.keyword == keyword).nth(1);
        if let Some(second) = several {
            found.push(remark(
                second,
                Level::Warning,
                "twice",
                format!("only the last {keyword} counts"),
                "take the others away",
            ));
        }
    }
    if last("CMD").is_none() && last("ENTRYPOINT").is_none() {
        found.push(remark(
            &stage[0],
            Level::Note,
            "no-command",
            "nothing says what runs: the base image decides",
            "end with CMD",
        ));
    }
    let labelled = stage
        .iter()
        .any(|at| at.keyword == "LABEL" && at.rest.contains("org.opencontainers.image"));
    if !labelled {
        found.push(remark(
            &stage[0],
            Level::Note,
            "no-labels",
            "the image does not say what it is made from",
            "add the org.opencontainers.image labels (source, revision, version)",
        ));
    }
}
