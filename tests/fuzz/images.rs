//! Recipes, catalogues and Dockerfiles. What a recipe says can fill a Dockerfile, never steer it.

use super::harness::{Corpus, Dice, run};
use quarterdeck::domain::catalogue::Catalogue;
use quarterdeck::domain::dockerfile::{Ignore, MARK, Variant, generate, plan, render_ignore};
use quarterdeck::domain::lint::{lint, lint_recipe, parse};
use quarterdeck::domain::recipe::{Recipe, write};

const TODAY: &str = "2026-11-23";

const RECIPES: Corpus<'_> = Corpus {
    seeds: &[
        b"version = 1\n[project]\nname = \"shop-api\"\nproject = \"shop\"\nowner = \"ada\"\nsource = \"https://git.example.com/shop\"\n[base]\nstack = \"node\"\nversion = \"22\"\nsystem = \"debian\"\n[build]\ntool = \"npm\"\nmanifests = [\"package.json\", \"package-lock.json\"]\ncommands = [\"npm run build\"]\ndependencies = [\"git\"]\nsecrets = [{ id = \"npmrc\", target = \"/root/.npmrc\" }]\nignore = [\"docs\"]\n[run]\ncommand = \"node server.js\"\ndirectory = \"/app\"\nuser = 10002\nports = [3000]\nwritable = [\"tmp\"]\nenv = { LOG_LEVEL = \"info\" }\n[health]\npath = \"/healthz\"\n",
        b"version = 1\n[project]\nname = \"tool\"\n[base]\nstack = \"shell\"\nversion = \"1\"\nsystem = \"debian\"\n[run]\ncommand = [\"sh\", \"run.sh\"]\n",
        b"version = 1\n[project]\nname = \"go\"\n[base]\nstack = \"go\"\nversion = \"1.23\"\nsystem = \"alpine\"\n[build]\ntarget = \"./cmd/app\"\noutput = \"app\"\n[run]\ncommand = \"./app --port 80\"\n[health]\ncommand = [\"./app\", \"health\"]\n",
    ],
    words: &[
        "[run]", "command = ", "\"", "'''", "\\n", "\\u0000", "$(id)", "`id`", "${X}", "\\", "RUN ", "FROM ", "<<EOF", "&&", ";",
        "#", "../", "/", " ", "env = { A = \"", "\" }", "[[", "]]", "true", "ports = [", "65536",
    ],
};

/// Instructions that a generated Dockerfile may hold.
const MADE: &[&str] = &[
    "FROM",
    "ARG",
    "ENV",
    "WORKDIR",
    "COPY",
    "RUN",
    "USER",
    "EXPOSE",
    "LABEL",
    "CMD",
    "ENTRYPOINT",
    "HEALTHCHECK",
    "STOPSIGNAL",
    "SHELL",
];

#[test]
fn recipe() {
    let catalogue = Catalogue::built_in();
    run("recipe", |dice| {
        let text = RECIPES.text(dice);
        let mut recipe = Recipe::read("quarterdeck.toml", &text).recipe;
        answer(&mut recipe, dice);
        let written = write(&recipe, None);
        let again = Recipe::read("quarterdeck.toml", &written);
        assert_eq!(again.recipe, recipe, "{written}");
        let laid = Recipe::read("quarterdeck.toml", &write(&recipe, Some(&text)));
        assert!(laid.recipe == recipe || !laid.flaws.is_empty(), "{text:?}");
        drop(lint_recipe(&recipe, &catalogue, TODAY));
        for variant in [Variant::BuildKit, Variant::Classic] {
            if let Ok(dockerfile) = generate(&recipe, &catalogue, variant) {
                made(&dockerfile, &catalogue);
                drop(plan(&recipe, &catalogue, variant).map(|plan| render_ignore(&plan)));
            }
        }
    });
}

/// Answers as the wizard takes them.
fn answer(recipe: &mut Recipe, dice: &mut Dice) {
    const KEYS: &[&str] = &[
        "project.name",
        "project.owner",
        "build.commands",
        "build.manifests",
        "build.output",
        "run.command",
        "run.directory",
        "run.user",
        "run.ports",
        "run.env",
        "run.writable",
        "health.path",
        "health.command",
    ];
    for _ in 0..dice.roll(3) {
        let key = dice.pick(KEYS);
        let text = RECIPES.text(dice);
        let before = recipe.clone();
        if let Err(flaw) = recipe.set_answer(key, &text) {
            assert_eq!(*recipe, before, "a refused answer changes nothing");
            assert!(!flaw.what.is_empty(), "{flaw:?}");
        } else {
            let told = recipe.answer(key);
            let mut again = recipe.clone();
            assert_eq!(
                again.set_answer(key, &told).map_err(|flaw| flaw.what),
                Ok(()),
                "{key} {told:?}"
            );
            assert_eq!(again, *recipe, "{key}: what is told is what was answered");
        }
    }
}

fn made(dockerfile: &str, catalogue: &Catalogue) {
    let first = dockerfile.lines().next().unwrap_or_default();
    assert!(dockerfile.contains(MARK), "{first}");
    for instruction in parse(dockerfile) {
        assert!(
            MADE.contains(&instruction.keyword.as_str()),
            "{instruction:?} in\n{dockerfile}"
        );
    }
    drop(lint(dockerfile, catalogue, TODAY));
}

const DOCKERFILES: Corpus<'_> = Corpus {
    seeds: &[
        b"# syntax=docker/dockerfile:1\nFROM node:22 AS build\nWORKDIR /app\nCOPY package*.json ./\nRUN --mount=type=cache,target=/root/.npm npm ci \\\n  && npm run build\nFROM debian@sha256:0000000000000000000000000000000000000000000000000000000000000000\nCOPY --from=build --chown=1:1 /app /app\nENV A=b C=\"d e\"\nEXPOSE 80/tcp 1-2\nUSER 10001\nHEALTHCHECK --interval=5s CMD [\"a\"]\nCMD [\"node\", \"s.js\"]\n",
        b"from scratch\nadd https://x/y.tar /\nrun <<EOF\necho hi\nEOF\nRUN apt-get update; curl x | sh\nCOPY . .\nlabel a=b \\\n# comment\n c=d\n",
        b"FROM a\nRUN <<-'A' <<B cat\nx\nA\ny\nB\nONBUILD RUN x\nSHELL [\"a\"]\n",
    ],
    words: &[
        "FROM ", "RUN ", "COPY ", "--from=", "\\\n", "<<EOF", "EOF", "\n", "#", "[", "]", "\"", "$X", "${X:-", "}", "@sha256:", ":",
        "ADD ", "USER root", "ENV ", "=", "sudo ", "latest", "--", "ARG ", "AS ",
    ],
};

#[test]
fn dockerfile() {
    let catalogue = Catalogue::built_in();
    run("dockerfile", |dice| {
        let text = DOCKERFILES.text(dice);
        let lines = text.lines().count();
        for instruction in parse(&text) {
            assert!((1..=lines).contains(&instruction.line), "{instruction:?}");
        }
        for remark in lint(&text, &catalogue, TODAY) {
            assert!(remark.line <= lines.max(1), "{remark:?} of {lines} lines");
            assert!(
                !remark.what.is_empty() && !remark.remedy.is_empty(),
                "{remark:?}"
            );
        }
        let ignore = Ignore::parse(&text);
        let _ = ignore.leaves_out("a/b/c.txt");
        let _ = ignore.brings_back();
    });
}

const CATALOGUES: Corpus<'_> = Corpus {
    seeds: &[
        b"version = 1\n[network]\nproxy = \"http://proxy:3128\"\n[push]\nimage = \"registry.example/{department}/{name}\"\n[systems.debian]\ntitle = \"Debian\"\n",
        include_bytes!("../../tests/services/catalogue.toml"),
    ],
    words: &["[", "]", "=", "\"", "\n", "{name}", "{", "}", "systems", "stacks", "run = ", "@sha256:", ":", "/", "true"],
};

#[test]
fn catalogue() {
    run("catalogue", |dice| {
        let mut catalogue = Catalogue::built_in();
        for flaw in catalogue.lay("catalogue.toml", &CATALOGUES.text(dice)) {
            assert!(!flaw.what.is_empty(), "{flaw:?}");
        }
        drop(catalogue.check());
        let seed = RECIPES.seeds[dice.roll(RECIPES.seeds.len())];
        let recipe = Recipe::read("quarterdeck.toml", std::str::from_utf8(seed).unwrap()).recipe;
        drop(generate(&recipe, &catalogue, Variant::BuildKit));
    });
}
