#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

fn laid(text: &str) -> (Catalogue, Vec<String>) {
    let mut catalogue = Catalogue::built_in();
    let mut flaws = catalogue.lay("own.toml", text);
    flaws.extend(catalogue.check());
    let flaws = flaws.iter().map(ToString::to_string).collect();
    (catalogue, flaws)
}

#[test]
fn the_shipped_catalogue_is_sound_and_wide() {
    let mut catalogue = Catalogue::default();
    assert_eq!(catalogue.lay(BUILT_IN_NAME, BUILT_IN), []);
    assert_eq!(catalogue.check(), []);
    assert!(catalogue.stacks.len() >= 11);
    for stack in &catalogue.stacks {
        assert!(stack.versions().len() >= 2, "{}", stack.id);
        assert!(!stack.tools.is_empty(), "{}", stack.id);
    }
    for dependency in &catalogue.dependencies {
        for (system, packages) in &dependency.packages {
            assert!(
                packages.iter().all(|it| it.contains(['=', '>'])),
                "{} on {system} is not pinned",
                dependency.id
            );
        }
    }
}

#[test]
fn a_document_changes_the_parts_that_it_names() {
    let (catalogue, flaws) = laid(
        r#"
        name = "acme"
        [policy]
        registries = ["harbor.acme.example/base", "docker.io", "gcr.io/distroless", "mcr.microsoft.com"]
        [stacks.go]
        port = 9000
        images = [{ version = "1.24", system = "debian", builder = "harbor.acme.example/base/go:1.24", run = "harbor.acme.example/base/debian:12" }]
        [dependencies.oracle]
        title = "Oracle client"
        group = "Databases"
        packages.debian = "oracle-client=21.*"
        "#,
    );
    assert_eq!(flaws, [""; 0]);
    let go = catalogue.stack("go").unwrap();
    assert_eq!(go.port, Some(9000));
    let pair = go.pair("1.24", "debian").unwrap();
    assert_eq!(pair.run.to_string(), "harbor.acme.example/base/debian:12");
    assert!(go.pair("1.24", "alpine").is_some() && !go.tools.is_empty());
    assert!(
        catalogue
            .dependency("oracle")
            .unwrap()
            .on("debian")
            .is_some()
    );
    assert_eq!(catalogue.layers, [BUILT_IN_NAME, "own.toml"]);
}

#[test]
fn a_document_can_stand_alone() {
    let (catalogue, flaws) = laid("extends = false\nname = \"bare\"\n");
    assert_eq!(catalogue.stacks.len(), 0);
    assert!(flaws[0].contains("no stack"), "{flaws:?}");
}

#[test]
fn every_mistake_has_a_line_and_a_remedy() {
    let (_, flaws) = laid(
        r#"nam = "x"
[systems.debian]
packages = "rpm"
ends = "soon"
[stacks.go]
port = 0
images = [
  { version = "1.24", system = "plan9", run = "docker.io/library/debian:12" },
  { version = "1.24", run = "debian" },
  { version = "1.30", system = "debian", builder = "evil.example/go:1", run = "docker.io/library/debian:12" },
]
[stacks.go.tools.go]
copy = ["a"]
[dependencies.x]
packages.debian = ["-oAPT::x"]
conflicts = ["nothing"]
[[policy.forbidden]]
package = "("
"#,
    );
    let all = flaws.join("\n");
    for (line, word) in [
        (1, "did you mean `name`"),
        (3, "\"apt\", \"apk\" or \"none\""),
        (4, "a day such as"),
        (6, "1 to 65535"),
        (8, "`plan9`"),
        (9, "no `system`"),
        (9, "with a tag"),
        (10, "evil.example"),
        (13, "a pair such as"),
        (15, "package names"),
        (14, "`nothing`"),
        (18, "regular expression"),
        (17, "no `reason`"),
    ] {
        let start = format!("own.toml:{line}: ");
        assert!(
            flaws
                .iter()
                .any(|flaw| flaw.starts_with(&start) && flaw.contains(word)),
            "{line} {word}\n{all}"
        );
    }
}

#[test]
fn registries_are_compared_by_whole_parts() {
    let mut catalogue = Catalogue::default();
    catalogue.policy.registries = vec!["harbor.example.com/base".into(), "docker.io".into()];
    for (image, allowed) in [
        ("harbor.example.com/base/a:1", true),
        ("harbor.example.com/basement/a:1", false),
        ("harbor.example.com/a:1", false),
        ("debian:12", true),
        ("docker.io.evil.example/a:1", false),
        ("scratch", true),
    ] {
        let image = ImageRef::parse(image).unwrap();
        assert_eq!(catalogue.allows(&image), allowed, "{image}");
    }
}
