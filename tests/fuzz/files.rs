//! Files that people write for the console: kubeconfig, key map, theme, configuration.

use super::harness::{Corpus, assert_harmless, run};
use quarterdeck::cluster::{ConnectOptions, Environment, Session, load};
use quarterdeck::domain::feed::Failure;
use quarterdeck::{config, input, theme};
use std::path::Path;

const KUBECONFIG: Corpus<'_> = Corpus {
    seeds: &[
        b"apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters:\n- name: c\n  cluster:\n    server: https://127.0.0.1:1\n    certificate-authority-data: bm90IGEgY2VydA==\nusers:\n- name: u\n  user: {token: CANARYCANARY}\ncontexts:\n- name: a\n  context: {cluster: c, user: u, namespace: n}\n",
        b"{\"apiVersion\":\"v1\",\"clusters\":[{\"name\":\"c\",\"cluster\":{\"server\":\"http://[::1]:1\",\"insecure-skip-tls-verify\":true,\"proxy-url\":\"socks5://127.0.0.1:1\",\"tls-server-name\":\"x\"}}],\"contexts\":[{\"name\":\"a\",\"context\":{\"cluster\":\"c\",\"user\":\"u\"}}],\"users\":[{\"name\":\"u\",\"user\":{\"username\":\"b\",\"password\":\"CANARYCANARY\",\"client-key-data\":\"CANARYCANARY\"}}]}",
        b"a: &x [1, 2]\nb: *x\nc: |\n  text\nd: >-\n  folded\n",
    ],
    words: &[
        "current-context: ", "clusters:", "contexts:", "users:", "- name: ", "server: ", "token: ", "~", "null", "&a ",
        "*a", "!!binary ", "<<: ", "|", ">", "---", "...", "{", "}", "[", "]", ":", "\n  ", "https://", "\t", "%",
    ],
};

/// What is read is told without a word of its secrets, and what cannot be read has a reason.
#[test]
fn kubeconfig() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    run("kubeconfig", |dice| {
        let bytes = KUBECONFIG.draw(dice);
        std::fs::write(&file, &bytes).unwrap();
        let environment = Environment::default();
        match load(Some(&file), &environment) {
            Err(failure) => {
                told(&failure);
                assert!(!format!("{failure:?}").contains("CANARY"), "{failure:?}");
            }
            Ok(loaded) => {
                for context in loaded.contexts() {
                    for text in [
                        &context.name,
                        &context.cluster,
                        &context.user,
                        &context.server,
                    ] {
                        assert_harmless(text);
                    }
                }
            }
        }
        // Changed at random it could name a program, which nobody wants to run.
        if memchr::memmem::find(&bytes, b"exec").is_some() {
            return;
        }
        let options = ConnectOptions {
            kubeconfig: Some(file.clone()),
            environment,
            ..ConnectOptions::default()
        };
        if let Err(failure) = runtime.block_on(Session::connect(options)) {
            told(&failure);
        }
    });
}

#[track_caller]
fn told(failure: &Failure) {
    for text in [&failure.what, &failure.why, &failure.remedy] {
        assert_harmless(text);
    }
    assert!(
        !failure.what.is_empty() && !failure.why.is_empty(),
        "{failure:?}"
    );
}

const KEYS: Corpus<'_> = Corpus {
    seeds: &[
        include_bytes!("../../keymaps/default.toml"),
        include_bytes!("../../keymaps/vim.toml"),
        b"[list]\n\"g g\" = \"top\"\n\"ctrl-d\" = \"\"\nx = 'open'\n[global]\n\"alt-shift-f12\" = \"quit\"\n",
    ],
    words: &[
        "[list]", "[logs]", "\"", "ctrl-", "alt-", "shift-", "f13", "space", "= ", "\"open\"", "\n", "esc", "[[", "]]", "'''",
    ],
};

#[test]
fn key_map() {
    run("key_map", |dice| {
        let text = KEYS.text(dice);
        let lines = text.lines().count().max(1) + 1;
        let mut keymap = input::shipped("default").unwrap();
        for problem in input::load(&mut keymap, &text) {
            assert!(
                (1..=lines).contains(&problem.line),
                "{problem} of {lines} lines"
            );
            assert!(
                !problem.what.is_empty() && !problem.remedy.is_empty(),
                "{problem:?}"
            );
        }
        for binding in keymap.bindings() {
            for key in &binding.keys {
                assert_eq!(
                    key.to_string().parse().as_ref(),
                    Ok(key),
                    "what is told can be written"
                );
            }
            let contexts = [binding.context];
            assert_ne!(
                keymap.resolve(&contexts, &binding.keys),
                input::Resolution::Unbound
            );
        }
        drop(keymap.unreachable());
    });
}

const SETTINGS: Corpus<'_> = Corpus {
    seeds: &[
        b"version = 1\ntheme = \"auto\"\nkeymap = \"vim\"\nreadonly = true\nproduction = [\"prod*\", \"live-[0-9]+\"]\nfavourites = [\"a\"]\n[logs]\nmebibytes = 64\n[shells]\ncommand = [\"bash\", \"-l\"]\nscrollback = 500\n[labels]\nproject = [\"a/b\"]\n",
        include_bytes!("../../themes/dark.toml"),
        include_bytes!("../../themes/mono.toml"),
    ],
    words: &["[labels]", "version = ", "-1", "99999999999", "[", "]", "\"", "#ff00", "#12345g", " = ", "\n", "true", "1979-05-27"],
};

#[test]
fn configuration() {
    run("configuration", |dice| {
        let text = SETTINGS.text(dice);
        let (_, problems) = config::parse(&text, Path::new("config.toml"));
        for problem in problems {
            assert!(
                !problem.place().is_empty() && !problem.what.is_empty(),
                "{problem:?}"
            );
        }
        let mut worn = theme::shipped("dark").unwrap();
        for problem in theme::load(&mut worn, &text) {
            assert!(problem.line <= text.lines().count() + 1, "{problem:?}");
        }
    });
}
