//! Shells in the console in a pseudo-terminal: what reaches the outer terminal, what reaches the
//! program, any size at any time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::demo::Demo;
use common::outer::foreign;
use common::terminal::Terminal;
use std::path::Path;
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");
const SOON: Duration = Duration::from_secs(20);
const QUIET: Duration = Duration::from_millis(300);

type Start = fn(&Path, &[&str], &[(&str, &str)], u16, u16) -> Terminal;

/// The console with a shell of this machine in a pod, and its demo.
fn shell(start: Start) -> (Demo, Terminal) {
    let program = Path::new(PROGRAM);
    let demo = Demo::start(program, &["--pods", "60", "--seed", "7", "--exec", "host"]);
    let env = demo.env();
    let env: Vec<(&str, &str)> = env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let mut terminal = start(program, &["-A", "-c", "pods"], &env, 100, 30);
    terminal.wait("rows", SOON, |screen| screen.contains("Running"));
    terminal.send("/status=Running\r");
    terminal.settle(QUIET);
    terminal.send("s");
    terminal.wait("a shell", SOON, |screen| {
        let prompt = |line: &str| line.trim_end().ends_with(['$', '#']);
        screen.lines().skip(1).any(prompt)
    });
    terminal.send("PS1='re''ady> '\r");
    terminal.wait_for("ready>");
    (demo, terminal)
}

/// Every pair of bytes, each with what ends whatever it may have begun.
fn pairs() -> Vec<u8> {
    let pairs = (0..=255_u8).flat_map(|first| (0..=255_u8).map(move |second| [first, second]));
    pairs
        .flat_map(|[first, second]| [first, second, b'x', 0x18, 0x1b, b'\\'])
        .collect()
}

/// Nothing reached the outer terminal but what is on our list, and the one question whether its
/// ground is light.
fn assert_only_ours(terminal: &mut Terminal) {
    let question = b"\x1b]11;?\x1b\\";
    let mut places = terminal.raw.windows(question.len());
    let at = places.position(|it| it == question).unwrap();
    terminal.raw.drain(at..at + question.len());
    assert_eq!(foreign(&terminal.raw), None);
}

#[test]
fn the_outer_terminal_gets_what_is_on_our_list_and_nothing_else() {
    let begun = Instant::now();
    let (_demo, mut terminal) = shell(Terminal::start);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pairs");
    let strings = "\x1b]0;title\x07\x1b]52;c;ZXZpbA==\x07\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\\
         \x1bPq#0\x1b\\\x1b_Gpayload\x1b\\\x1b]1337;File=:AAAA\x07\x1b]7;file://x\x07\x1b]9;note\x07\
         \x1b[21t\x1b[6n\x1b[c\x1b[?1003h\x1b[>1u\x1b]4;1;?\x07";
    std::fs::write(&file, [&pairs(), strings.as_bytes()].concat()).unwrap();
    for _ in 0..3 {
        terminal.send(&format!("cat {}\r", file.display()));
        terminal.settle(Duration::from_millis(500));
    }
    terminal.send("\x15\x1bc\rprintf '\\033c'; echo se''en\r");
    terminal.wait_for("seen");
    // The bell is rung by the console itself, not more often than once a second.
    let with_bells = terminal.raw.len();
    terminal.raw.retain(|byte| *byte != 7);
    let bells = with_bells - terminal.raw.len();
    assert!(
        bells <= usize::try_from(begun.elapsed().as_secs()).unwrap() + 1,
        "{bells}"
    );
    assert_only_ours(&mut terminal);
    assert!(terminal.raw.len() > 10_000, "{}", terminal.raw.len());
}

#[test]
fn any_size_is_borne_while_a_program_floods() {
    let (_demo, mut terminal) = shell(Terminal::start);
    terminal.send("yes flooding\r");
    terminal.wait_for("flooding");
    let odd = [
        (1, 1),
        (2, 1),
        (0, 0),
        (65535, 1),
        (1, 200),
        (500, 200),
        (60, 15),
    ];
    for n in 0..500_u16 {
        let size = if n % 25 == 0 {
            odd[usize::from(n / 25) % odd.len()]
        } else {
            (40 + n * 7 % 120, 10 + n * 3 % 40)
        };
        terminal.resize(size.0, size.1);
        terminal.pump(Duration::from_millis(10));
    }
    terminal.resize(90, 26);
    assert!(terminal.alive());
    terminal.send("\x03");
    terminal.settle(QUIET);
    terminal.send("\rclear; stty size; echo la''st\r");
    // The strip and the last line are the console's.
    terminal.wait("the last size", SOON, |screen| {
        screen.contains("24 90") && screen.contains("last")
    });
    assert_only_ours(&mut terminal);
}

#[test]
fn keys_are_told_apart_where_the_outer_terminal_does() {
    let (_demo, mut terminal) = shell(Terminal::start_with_kitty);
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    assert!(raw.contains("\x1b[>1u"), "the terminal was asked");
    terminal.send("cat -v\r");
    terminal.settle(QUIET);
    // Control and i, as such a terminal tells it: a tab for a program that knows no better.
    terminal.send("<\x1b[105;5u>\r");
    terminal.wait("a tab", SOON, |screen| screen.contains("<       >"));
    terminal.send("\x03");
    terminal.settle(QUIET);
    terminal.send("printf '\\033[>1u'; cat -v\r");
    terminal.settle(QUIET);
    terminal.send("<\x1b[105;5u>\r");
    terminal.wait_for("<^[[105;5u>");
    // The key that leaves the pane leaves it, however it is told.
    terminal.send("\x1b[93;5u");
    terminal.wait_for("back to the shell");
    terminal.send(":quit\ry");
    assert_eq!(terminal.exit(SOON), Some(0));
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    let (back, main) = (raw.rfind("\x1b[<u"), raw.rfind("\x1b[?1049l"));
    assert!(
        back.is_some() && back < main,
        "given back before the screen is"
    );
}

#[test]
fn a_program_that_asks_hears_every_move_of_the_pointer() {
    let (_demo, mut terminal) = shell(Terminal::start);
    terminal.send("stty raw -echo; printf '\\033[?1003h\\033[?1006h'; cat -v\r");
    terminal.settle(QUIET);
    assert!(String::from_utf8_lossy(&terminal.raw).contains("\x1b[?1003h"));
    terminal.send("\x1b[<35;7;5M");
    terminal.wait_for("^[[<35;7;4M");
    terminal.raw.clear();
    terminal.send("\x1d");
    terminal.settle(QUIET);
    assert!(
        String::from_utf8_lossy(&terminal.raw).contains("\x1b[?1003l"),
        "the console itself does not want it"
    );
}
