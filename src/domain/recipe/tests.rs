#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use proptest::prelude::*;

const WHOLE: &str = r#"# ours
version = 1

[project]
name = "shop-api" # the service
project = "shop"
department = "sales"
owner = "ada"
source = "https://git.example.com/shop"

[base]
# operations said so
stack = "node"
version = "22"
system = "debian"

[build]
tool = "npm"
manifests = ["package.json", "package-lock.json"]
commands = ["npm run build"]
dependencies = ["git"]
secrets = [{ id = "npmrc", target = "/root/.npmrc" }]
ignore = ["docs"]

[run]
command = "node server.js"
directory = "/app"
user = 10002
ports = [3000, 9090]
dependencies = ["curl"]
writable = ["tmp"]
env = { LOG_LEVEL = "info" }

[health]
path = "/healthz"
"#;

fn read(text: &str) -> Read {
    Recipe::read("quarterdeck.toml", text)
}

fn flaws(text: &str) -> Vec<String> {
    read(text).flaws.iter().map(ToString::to_string).collect()
}

#[test]
fn a_command_keeps_its_words_as_they_are() {
    let line = r#"run.command = "app --prefix '' ' spaced '""#;
    let recipe = read(line).recipe;
    assert_eq!(recipe.run.command, ["app", "--prefix", "", " spaced "]);
    assert_eq!(read(&write(&recipe, None)).recipe, recipe);
    for nothing in [r#"run.command = "''""#, r#"run.command = ["", "a"]"#] {
        assert!(
            flaws(nothing)[0].contains("first word"),
            "{:?}",
            flaws(nothing)
        );
    }
}

#[test]
fn everything_can_be_said() {
    let read = read(WHOLE);
    assert_eq!(read.flaws, []);
    assert_eq!(read.recipe.run.command, ["node", "server.js"]);
    assert_eq!(read.recipe.run.ports, [3000, 9090]);
    assert_eq!(read.recipe.build.secrets[0].target, "/root/.npmrc");
    assert_eq!(read.places.line("base.stack"), Some(13));
}

#[test]
fn a_written_recipe_reads_the_same() {
    let recipe = read(WHOLE).recipe;
    let text = write(&recipe, None);
    assert_eq!(flaws(&text), [""; 0], "{text}");
    assert_eq!(read(&text).recipe, recipe, "{text}");
    assert!(
        text.starts_with("# How this project becomes an image"),
        "{text}"
    );
}

#[test]
fn a_rewrite_keeps_comments_and_changes_what_differs() {
    let mut recipe = read(WHOLE).recipe;
    recipe.base.version = "24".into();
    recipe.health = Health::default();
    recipe.project.name = "shop-web".into();
    let text = write(&recipe, Some(WHOLE));
    for kept in [
        "# ours",
        "# the service",
        "# operations said so",
        "version = \"24\"",
        "name = \"shop-web\" # the service",
    ] {
        assert!(text.contains(kept), "{kept}\n{text}");
    }
    assert!(!text.contains("/healthz"), "{text}");
    assert_eq!(read(&text).recipe, recipe);
    let again = write(&recipe, Some(&text));
    assert_eq!(again, text);
}

#[test]
fn what_is_wrong_is_told_with_line_and_remedy() {
    let found = flaws(
        "no_such_key = 1\n[base]\nstak = \"go\"\n[build]\ncommands = [\"a\\nUSER root\", \"b \\\\\"]\ntarget = \"../up\"\n[run]\ncommand = \"a && b\"\nports = [0]\nuser = 0\ndirectory = \"app\"\n[run.env]\nDB_PASSWORD = \"hunter2\"\n\"A B\" = \"x\"\n[project]\nowner = \"a@b.c\"\nsource = \"https://me:pw@h/x\"\n",
    );
    let all = found.join("\n");
    for (line, word) in [
        (1, "no_such_key"),
        (3, "did you mean `stack`"),
        (5, "one line"),
        (5, "join the next line"),
        (6, "below the source"),
        (8, "`&` is read by a shell only"),
        (9, "1 to 65535"),
        (10, "1 to"),
        (11, "absolute path"),
        (13, "looks like a secret"),
        (14, "letters, digits and `_`"),
        (16, "Kubernetes label"),
        (17, "without user and password"),
    ] {
        let start = format!("quarterdeck.toml:{line}: ");
        assert!(
            found
                .iter()
                .any(|flaw| flaw.starts_with(&start) && flaw.contains(word)),
            "{line} {word}\n{all}"
        );
    }
    assert!(!all.contains("hunter2"), "{all}");
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in "\\PC{0,200}") {
        drop(read(&text));
    }

    #[test]
    fn no_value_makes_reading_panic(key in "(base|run|build|project)\\.[a-z]{3,10}", value in "\\PC{0,40}") {
        drop(read(&format!("{key} = \"{value}\"\n")));
    }
}
