//! The engine as a whole: chunks in, seen lines out.

use super::shown::Shown;
use super::*;
use crate::domain::query::Query;
use crate::domain::time::Timestamp;
use proptest::prelude::*;

fn source(name: &str) -> Source {
    Source {
        namespace: "shop-prod".into(),
        pod: name.into(),
        container: "app".into(),
    }
}

/// A log of one live source with these lines, a second apart.
fn log(lines: &[&str]) -> Log {
    let mut log = Log::new(1 << 20);
    let web = source("web-1");
    let id = log.join([&web])[0].0;
    let text: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(n, line)| format!("2026-11-23T10:{:02}:{:02}Z {line}\n", n / 60, n % 60))
        .collect();
    let items = vec![
        Item::State(SourceState::Live),
        Item::Lines(text.concat().into()),
    ];
    log.take(Chunk { source: id, items }, Timestamp(0));
    log
}

fn seen(shown: &Shown, log: &Log) -> Vec<String> {
    (0..shown.len())
        .filter_map(|n| Some(log.buffer().get(shown.get(n)?)?.text.to_owned()))
        .collect()
}

fn look(log: &Log, filters: &[&str], context: usize, folded: bool) -> Vec<String> {
    let mut shown = Shown::new(log.buffer().end());
    let filters = filters.iter().map(|text| Query::parse(text)).collect();
    shown.set(filters, context, folded, log.buffer());
    while shown.work(log.buffer(), log.sources()).1 {}
    seen(&shown, log)
}

#[test]
fn filters_stack() {
    let log = log(&[
        r#"{"level":"info","msg":"hello","status":200}"#,
        r#"{"level":"error","msg":"boom","status":503}"#,
        "WARN slow request",
        "GET /healthz 200",
        r#"{"level":"error","msg":"boom again","status":404}"#,
    ]);
    let all = look(&log, &[], 0, true);
    for (filters, expected) in [
        (&["level>=warn"][..], &[1, 2, 4][..]),
        (&["level=error"], &[1, 4]),
        (&["level:err", "status>=500"], &[1]),
        (&["!healthz", "!boom"], &[0, 2]),
        (&["-f slwreq"], &[2]),
        (&["pod:web*", "boom"], &[1, 4]),
        (&["pod:db*"], &[]),
        (&["msg:boom*"], &[1, 4]),
        (&["status!=200 boom"], &[1, 4]),
        (&["status!=200"], &[1, 2, 3, 4]),
        (&["status=~^5"], &[1]),
        (&["status!~^[45]"], &[0, 2, 3]),
        (&["stat"], &[0, 1, 4]),
        (&["status:"], &[0, 1, 2, 3, 4]),
    ] {
        let expected: Vec<String> = expected.iter().map(|n| all[*n].clone()).collect();
        assert_eq!(look(&log, filters, 0, true), expected, "{filters:?}");
    }
}

#[test]
fn a_field_within_a_message_is_a_field() {
    let log = log(&["line seq=17 of many", "line seq=8", "pull registry:5000/x"]);
    let all = look(&log, &[], 0, true);
    for (filter, expected) in [
        (r"seq=~\d*7", &[0][..]),
        ("seq>10", &[0]),
        ("seq=8", &[1]),
        ("registry:5000", &[2]),
        (r"seq=\d*7", &[]),
    ] {
        let expected: Vec<String> = expected.iter().map(|n| all[*n].clone()).collect();
        assert_eq!(look(&log, &[filter], 0, true), expected, "{filter}");
    }
}

#[test]
fn a_dot_asks_what_the_line_itself_writes() {
    let log = log(&[
        r#"{"msg":"in","pod":"other","source":"cron"}"#,
        r#"{"msg":"in","source":"web"}"#,
        "plain",
    ]);
    let all = look(&log, &[], 0, true);
    for (filter, expected) in [
        (".source=cron", &[0][..]),
        (".source!=cron", &[1, 2]),
        (".pod:oth*", &[0]),
        (".msg=in", &[0, 1]),
        ("source:*web*", &[0, 1, 2]),
        ("pod=other", &[]),
    ] {
        let expected: Vec<String> = expected.iter().map(|n| all[*n].clone()).collect();
        assert_eq!(look(&log, &[filter], 0, true), expected, "{filter}");
    }
}

#[test]
fn a_field_that_no_line_has_is_known() {
    let log = log(&["level=info msg=hello status=200", "plain"]);
    let absent = |filter: &str| {
        let mut shown = Shown::new(log.buffer().end());
        shown.set(vec![Query::parse(filter)], 0, true, log.buffer());
        while shown.work(log.buffer(), log.sources()).1 {}
        shown.absent()
    };
    assert_eq!(absent("stauts>=500").as_deref(), Some("stauts"));
    for filter in [
        "status>=500",
        "level>=error",
        "stauts!=200",
        "pod:x",
        "stauts:",
    ] {
        assert_eq!(absent(filter), None, "{filter}");
    }
}

#[test]
fn marks_are_seen_and_are_no_lines() {
    let mut log = log(&["a", "b", "a"]);
    let mut shown = Shown::new(log.buffer().end());
    shown.set(vec![Query::parse("a")], 0, true, log.buffer());
    let items = vec![Item::Mark(Mark::Deleted)];
    let chunk = Chunk {
        source: SourceId(0),
        items,
    };
    log.take(chunk, Timestamp(0));
    shown.grow(log.buffer(), log.sources());
    while shown.work(log.buffer(), log.sources()).1 {}
    assert_eq!((shown.len(), shown.written(), shown.hidden()), (3, 2, 1));
}

fn member(name: &str, uid: &str) -> target::Member {
    target::Member {
        source: source(name),
        pod: uid.into(),
        started: true,
        running: true,
        restarts: 0,
        failed: false,
    }
}

#[test]
fn a_new_pod_under_an_old_name_is_read_once_the_old_one_has_ended() {
    let mut log = Log::new(1 << 20);
    let (old, new) = (member("db-0", "one"), member("db-0", "two"));
    let state = |log: &mut Log, state: SourceState| {
        let items = vec![Item::State(state)];
        let source = SourceId(0);
        log.take(Chunk { source, items }, Timestamp(0));
    };
    assert!(!log.admit([&old], true)[0].again);
    assert!(log.admit([&old, &new], true).is_empty(), "it is being read");
    state(&mut log, SourceState::Ended);
    assert!(log.admit([&old], true).is_empty(), "it has ended for good");
    assert!(log.admit([&new], false).is_empty(), "nothing is followed");
    assert!(log.admit([&new], true)[0].again);
    assert!(log.admit([&new], true).is_empty(), "it is read now");
    // The edge found the new one by itself.
    let mut log = Log::new(1 << 20);
    log.admit([&old], true);
    let items = vec![Item::Pod("two".into()), Item::State(SourceState::Ended)];
    let source = SourceId(0);
    log.take(Chunk { source, items }, Timestamp(0));
    assert!(log.admit([&new], true).is_empty());
}

#[test]
fn what_is_kept_of_each_source_is_known() {
    let mut kept = log(&["a", "b"]);
    let older = ["java.lang.Exception: x", "\tat Pool.take"].map(|text| buffer::Older {
        at: Nanos(5),
        source: SourceId(0),
        raw: text.into(),
        cut: 0,
    });
    kept.prepend(older.into());
    let expected = Kept {
        lines: 4,
        first: Some(Nanos(5)),
    };
    assert_eq!(kept.kept(), [expected]);
    assert_eq!(
        look(&kept, &[], 0, true),
        ["java.lang.Exception: x", "a", "b"],
        "earlier traces fold too"
    );
}

#[test]
fn traces_fold_to_their_head() {
    let log = log(&[
        "ERROR request failed",
        "java.lang.IllegalStateException: pool",
        "\tat com.example.Pool.take(Pool.java:7)",
        "Caused by: java.io.IOException: refused",
        "\t... 3 more",
        "INFO next",
        "Traceback (most recent call last):",
        "  File \"app.py\", line 1, in <module>",
        "ValueError: bad",
        "after",
        "panic: open /app/config.yaml: no such file or directory",
        "",
        "goroutine 1 [running]:",
        "main.main()",
        "\t/app/main.go:12 +0x1d",
    ]);
    assert_eq!(
        look(&log, &[], 0, true),
        [
            "ERROR request failed",
            "java.lang.IllegalStateException: pool",
            "INFO next",
            "after",
            "panic: open /app/config.yaml: no such file or directory",
        ]
    );
    assert_eq!(look(&log, &[], 0, false).len(), 15);
    let bad = look(&log, &["level>=error"], 0, true);
    assert!(
        bad.iter().any(|line| line.contains("main.go:12")),
        "a trace has its head's level"
    );
    assert!(bad.iter().all(|line| !line.contains("INFO")));
}

#[test]
fn context_stands_around_what_passes() {
    let lines: Vec<String> = (0..30).map(|n| format!("line {n}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let log = log(&lines);
    assert_eq!(
        look(&log, &["line 1[05]$"], 2, true),
        [8, 9, 10, 11, 12, 13, 14, 15, 16, 17].map(|n| format!("line {n}"))
    );
}

#[test]
fn sources_have_short_names_that_differ() {
    let mut log = Log::new(1 << 20);
    for name in ["api-7d9c4b5f66-5jmkx", "web-7d9c4b5f66-5jmkx", "db-0"] {
        log.join([&source(name)]);
    }
    let shorts: Vec<&str> = log
        .sources()
        .iter()
        .map(|info| info.short.as_str())
        .collect();
    assert_eq!(shorts, ["api-5jmkx", "web-5jmkx", "db-0"]);
    log.join([&Source {
        container: "proxy".into(),
        ..source("db-0")
    }]);
    assert_eq!(log.sources()[2].short, "db-0/app");
    log.join([&Source {
        namespace: "shop-dev".into(),
        ..source("api-7d9c4b5f66-5jmkx")
    }]);
    assert_eq!(log.sources()[0].short, "shop-prod/api-7d9c4b5f66-5jmkx/app");
}

proptest! {
    /// However lines arrive, and however much was looked at before, the list is what a fresh look
    /// at all of them gives.
    #[test]
    fn a_list_grown_in_steps_is_the_list_made_at_once(
        words in proptest::collection::vec(prop_oneof![Just("a"), Just("b"), Just("ab"), Just(" c")], 1..200),
        cut in 0_usize..200,
        context in 0_usize..4,
        filter in prop_oneof![Just(""), Just("a"), Just("!b"), Just("zzz")],
    ) {
        let cut = cut.min(words.len());
        let mut grown = log(&words[..cut]);
        let mut shown = Shown::new(grown.buffer().end());
        shown.set(vec![Query::parse(filter)], context, true, grown.buffer());
        if cut % 2 == 0 {
            while shown.work(grown.buffer(), grown.sources()).1 {}
        }
        for word in &words[cut..] {
            let line = format!("2026-11-23T11:00:00Z {word}\n");
            let chunk = Chunk { source: SourceId(0), items: vec![Item::Lines(line.into())] };
            grown.take(chunk, Timestamp(0));
            shown.grow(grown.buffer(), grown.sources());
        }
        while shown.work(grown.buffer(), grown.sources()).1 {}
        let mut fresh = Shown::new(grown.buffer().end());
        fresh.set(vec![Query::parse(filter)], context, true, grown.buffer());
        while fresh.work(grown.buffer(), grown.sources()).1 {}
        let of = |shown: &Shown| (0..shown.len()).filter_map(|n| shown.get(n)).collect::<Vec<_>>();
        prop_assert_eq!(of(&shown), of(&fresh));
    }
}
