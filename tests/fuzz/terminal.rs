//! What containers write: the two sanitisers, the emulator of a pane, and lines of logs.

use super::harness::{Corpus, Dice, assert_harmless, run};
use bytes::Bytes;
use quarterdeck::domain::logs::shown::Shown;
use quarterdeck::domain::logs::structure::Structure;
use quarterdeck::domain::logs::{Chunk, Item, Log, Source, SourceId, level, text};
use quarterdeck::domain::query::Query;
use quarterdeck::domain::text::{clean, clean_lines};
use quarterdeck::domain::time::Timestamp;
use quarterdeck::vt::Terminal;

const WRITTEN: Corpus<'_> = Corpus {
    seeds: &[
        b"\x1b[31;1mred\x1b[0m plain \x1b]0;title\x07\x1b]52;c;ZXZpbA==\x07 end",
        b"\x1b[?1049h\x1b[2J\x1b[H\x1b[38;2;1;2;3mx\x1b[48;5;200my\x1b[10;20r\x1b[5L\x1b[3M\x1b(0qqq\x1b(B",
        b"\x1bP1$r0m\x1b\\\x1b_apc\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\\xc2\x9b31m\xc2\x9d0;t\x07",
        "日本語 👨‍👩‍👧 e\u{301} \u{202e}txet\u{202c} \u{200b} \u{feff}\r\nnext\ttab\x08\x7f".as_bytes(),
        b"\x1b[6n\x1b[c\x1b[>c\x1b[18t\x1b[?2026h\x1b[?2026l\x1b[?1000;1006h\x1b[>1u\x1b[?u\x1b[!p\x1bc",
        b"\xff\xfe\x80\xc0\xaf\xf0\x9f\x92 \xed\xa0\x80",
    ],
    words: &[
        "\x1b", "\x1b[", "\x1b]", "\x1bP", "\x1b\\", "\x07", "31m", "?25l", "999999999", ";", "0;", "8;;http://a",
        "\u{9b}", "\u{9d}", "\x18", "H", "J", "@", "X", "r", "\n", "\r", "text",
    ],
};

#[test]
fn sanitiser() {
    run("sanitiser", |dice| {
        let raw = WRITTEN.text(dice);
        let once = clean(&raw);
        assert_harmless(&once);
        assert!(!once.contains('\t'), "{once:?}");
        assert_eq!(clean(&once), once, "cleaning what is clean changes nothing");
        let lines = clean_lines(&raw);
        assert_harmless(&lines.replace('\n', " "));
        assert_eq!(clean_lines(&lines), lines);
    });
}

/// However the bytes are cut, the screen is the same, and nothing on it steers the outer terminal.
#[test]
fn emulator() {
    run("emulator", |dice| {
        let bytes = WRITTEN.draw(dice);
        let (columns, rows) = (small(dice, 90), small(dice, 30));
        let mut whole = Terminal::new(columns, rows, 50, true);
        whole.advance(&bytes);
        let mut pieces = Terminal::new(columns, rows, 50, true);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(1 + dice.roll(rest.len()));
            pieces.advance(piece);
            rest = after;
        }
        assert_eq!(whole.is_holding(), pieces.is_holding());
        whole.release();
        pieces.release();
        assert_eq!(whole.text(), pieces.text(), "{bytes:?}");
        assert_eq!(whole.take_replies(), pieces.take_replies(), "{bytes:?}");
        for _ in 0..dice.roll(4) {
            pieces.resize(small(dice, 200), small(dice, 60));
            assert_harmless(&pieces.text().replace('\n', " "));
        }
        assert_harmless(&pieces.title());
        assert_harmless(&pieces.history_text().replace('\n', " "));
    });
}

fn small(dice: &mut Dice, below: usize) -> u16 {
    u16::try_from(dice.roll(below)).unwrap()
}

const LINES: Corpus<'_> = Corpus {
    seeds: &[
        br#"{"level":"error","ts":1700000000.5,"msg":"it broke","err":{"code":7,"why":null},"tags":["a",1]}"#,
        b"ts=2026-01-01T00:00:00Z level=warn msg=\"slow query\" took=1.5s path=/a?b=c quoted=\"a \\\" b\"",
        b"E0102 15:04:05.678901   12345 server.go:42] \"Failed\" err=\"no route\" pod=\"a/b\"",
        b"2026-01-02 03:04:05.678 ERROR 1 --- [main] c.e.shop.Checkout : payment refused",
        b"\tat com.example.Main.main(Main.java:5)\nCaused by: java.io.IOException: x\nTraceback (most recent call last):",
        b"panic: runtime error: index out of range [5]\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:7",
        b"10.0.0.1 - - [02/Jan/2026:03:04:05 +0000] \"GET / HTTP/1.1\" 500 12 \"-\" \"curl\"",
        b"\x1b[32mINFO\x1b[0m coloured \x1b[1;38;5;12mtext\x1b[m done\r",
    ],
    words: &[
        "{", "}", "\"", "\\u0000", "\\ud800", ":", "level", "=", "error", "WARN", "[", "]", "msg", "\n", "\t", "I0102 ",
        "1e400", "null", "\x1b[", "38;2;", "m", "panic:",
    ],
};

#[test]
fn log_lines() {
    run("log_lines", |dice| {
        let bytes = LINES.draw(dice);
        let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        for line in &lines {
            look_at(line);
        }
        keep(&lines, dice);
    });
}

fn look_at(line: &[u8]) {
    let mut cleaned = String::from("before ");
    let runs = text::clean(line, &mut cleaned);
    assert_harmless(&cleaned);
    let text = &cleaned["before ".len()..];
    let mut last = 0;
    for run in &runs {
        assert!(
            text.is_char_boundary(run.from as usize),
            "{run:?} in {text:?}"
        );
        assert!(last <= run.from, "{runs:?}");
        last = run.from;
    }
    let _ = level::detect(line);
    let structure = Structure::of(text);
    assert_harmless(&structure.message);
    assert!(structure.aside <= structure.fields.len());
    for (key, value) in structure.details() {
        assert_harmless(key);
        assert_harmless(value);
    }
}

/// Every line is kept, once, whatever the chunks it comes in; a filter sees no line twice.
fn keep(lines: &[&[u8]], dice: &mut Dice) {
    let mut log = Log::new(1 << 20);
    log.join([&Source::default()]);
    let mut stamped = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        stamped.extend_from_slice(format!("2026-11-23T11:00:{:02}.5Z ", at % 60).as_bytes());
        stamped.extend_from_slice(line);
        stamped.push(b'\n');
        if dice.roll(3) == 0 || at + 1 == lines.len() {
            let items = vec![Item::Lines(Bytes::from(std::mem::take(&mut stamped)))];
            log.take(
                Chunk {
                    source: SourceId(0),
                    items,
                },
                Timestamp(0),
            );
        }
    }
    log.release(Timestamp(i64::MAX / 2));
    assert_eq!(log.buffer().len(), lines.len());
    let mut shown = Shown::new(log.buffer().end());
    let filter = ["", "level>=warn", "!a", "msg:x", "-f er", "took>1"][dice.roll(6)];
    shown.set(
        vec![Query::parse(filter)],
        dice.roll(3),
        dice.roll(2) == 0,
        log.buffer(),
    );
    while shown.work(log.buffer(), log.sources()).1 {}
    let seen: Vec<_> = (0..shown.len()).map(|n| shown.get(n).unwrap()).collect();
    assert!(
        seen.windows(2).all(|pair| pair[0] < pair[1]),
        "in order, each once"
    );
    assert!(seen.iter().all(|seq| log.buffer().get(*seq).is_some()));
}
