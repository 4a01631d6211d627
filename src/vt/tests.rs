//! What comes out of the emulator steers no terminal, whatever goes in.

use super::*;
use proptest::prelude::*;

fn hostile(text: &str) -> bool {
    text.chars().any(|c| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}

/// What is shown and the title.
fn seen(terminal: &Terminal) -> String {
    let mut text = String::new();
    for cell in terminal.cells() {
        cell.text(&mut text);
    }
    text + &terminal.title()
}

#[test]
fn no_pair_of_bytes_steers_the_outer_terminal() {
    let mut terminal = Terminal::new(20, 4, 0, true);
    for first in 0..=255_u8 {
        for second in 0..=255_u8 {
            terminal.advance(&[first, second, b'x']);
            terminal.advance(b"\x18\x1b\\");
            terminal.release();
        }
        assert!(!hostile(&seen(&terminal)), "{first:#x}");
        terminal.advance(b"\x1bc");
    }
}

#[test]
fn what_programs_may_not_do_is_not_done() {
    let mut terminal = Terminal::new(40, 5, 100, true);
    terminal.advance(b"\x1b]52;c;?\x07\x1b[21t\x1b]0;a title\x07");
    assert!(!String::from_utf8_lossy(&terminal.take_replies()).contains("title"));
    assert_eq!(terminal.title(), "a title");
    terminal.advance(b"\x1b]52;c;ZXZpbA==\x07");
    assert_eq!(terminal.take_clipboard().as_deref(), Some("evil"));
    terminal.advance(b"\x1b[6n");
    assert_eq!(terminal.take_replies(), b"\x1b[1;1R");
    terminal.advance(b"\x1b[?2026hheld");
    assert!(terminal.is_holding());
    terminal.release();
    assert!(terminal.text().starts_with("held"));
}

#[test]
fn a_text_is_the_same_wherever_it_is_cut() {
    let bytes = "e\u{301} \u{202e}日本 x\u{9b}31m👨‍👩‍👧 ü\x1b]0;ü\x07ö é".as_bytes();
    let mut whole = Terminal::new(60, 2, 0, false);
    whole.advance(bytes);
    for cut in 0..=bytes.len() {
        for second in cut..=bytes.len() {
            let mut parts = Terminal::new(60, 2, 0, false);
            parts.advance(&bytes[..cut]);
            parts.advance(&bytes[cut..second]);
            parts.advance(&bytes[second..]);
            assert_eq!(parts.text(), whole.text(), "cut at {cut} and {second}");
            assert_eq!(parts.title(), whole.title());
        }
    }
}

#[test]
fn text_comes_back_after_the_pane_was_narrow() {
    let mut terminal = Terminal::new(60, 5, 1000, false);
    terminal.advance(b"the quick brown fox jumps over the lazy dog");
    terminal.resize(20, 5);
    terminal.resize(60, 5);
    assert!(
        terminal
            .history_text()
            .contains("the quick brown fox jumps over the lazy dog")
    );
    for n in 0..100 {
        terminal.advance(format!("line {n}\r\n").as_bytes());
    }
    assert!(terminal.history() > 90);
    terminal.scroll(Scroll::Top);
    assert!(terminal.text().contains("quick brown"));
    assert_eq!(terminal.find("line 4[0-9]"), Ok(true));
}

#[test]
fn no_character_has_more_than_a_handful_of_marks() {
    let mut terminal = Terminal::new(10, 2, 0, true);
    terminal.advance(b"a");
    for _ in 0..50 {
        terminal.advance("b\u{8}\u{301}\u{301}\u{301}".as_bytes());
    }
    let text = terminal.text();
    let marks = text.chars().filter(|c| *c == '\u{301}').count();
    assert!(text.starts_with('a') && marks == 8, "{text:?}");
}

#[test]
fn a_large_frame_that_was_held_back_is_shown_whole() {
    let mut terminal = Terminal::new(40, 4, 60_000, true);
    terminal.advance(b"\x1b[?2026h");
    for n in 0..50_000 {
        terminal.advance(format!("number {n}\r\n").as_bytes());
    }
    terminal.advance(b"\x1b[?2026l");
    assert!(
        terminal.text().contains("number 49999"),
        "{}",
        terminal.text()
    );
    assert!(terminal.history_text().starts_with("number 0\nnumber 1\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_and_any_sizes_are_borne(
        steps in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>(), 0..60), 0_u16..90, 0_u16..40),
            1..12,
        )
    ) {
        let mut terminal = Terminal::new(1, 1, 50, true);
        for (bytes, columns, rows) in steps {
            terminal.advance(&bytes);
            terminal.resize(columns, rows);
            terminal.advance("日本👨‍👩‍👧\u{202e}e\u{301}".as_bytes());
            prop_assert!(!hostile(&seen(&terminal)));
        }
    }
}
