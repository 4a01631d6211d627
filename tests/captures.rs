//! Sessions of real programs, replayed into the emulator and into tmux: every cell is the same.
//!
//! The recordings under `tests/captures/` are our own; `record` makes them anew.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests; what is skipped is said"
)]

mod common;

use common::terminal::Terminal as Screen;
use quarterdeck::vt::{Colour, Style, Terminal, Underline};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const COLUMNS: u16 = 80;
const ROWS: u16 = 24;

/// The recordings.
const NAMES: [&str; 5] = ["vim", "htop", "less", "tmux", "colours"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures")
}

fn file(name: &str) -> PathBuf {
    folder().join(format!("{name}.bytes"))
}

/// What stands in one place of a screen. The second half of a wide character is empty.
#[derive(Clone, Debug, Default)]
struct Place {
    text: String,
    /// Unknown where tmux does not tell it: behind the last character of a line.
    style: Option<Style>,
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        let known = self.style.zip(other.style);
        self.text == other.text && known.is_none_or(|(one, other)| one == other)
    }
}

type Places = Vec<Vec<Place>>;

fn blank() -> Places {
    let place = Place {
        text: " ".into(),
        style: None,
    };
    vec![vec![place; COLUMNS.into()]; ROWS.into()]
}

/// The screen of our emulator after these bytes.
fn ours(bytes: &[u8]) -> Places {
    let mut terminal = Terminal::new(COLUMNS, ROWS, 1000, false);
    // In pieces, as they come over a network.
    for piece in bytes.chunks(1000) {
        terminal.advance(piece);
    }
    let mut places = blank();
    for cell in terminal.cells() {
        let row = &mut places[usize::from(cell.row)];
        let place = &mut row[usize::from(cell.column)];
        place.text.clear();
        cell.text(&mut place.text);
        place.style = Some(cell.style);
        if cell.width == 2 {
            row[usize::from(cell.column) + 1] = Place {
                text: String::new(),
                style: Some(cell.style),
            };
        }
    }
    places
}

/// tmux on a server of its own, without status line. Dropping it ends the server.
struct Tmux(String);

impl Tmux {
    fn start() -> Option<Self> {
        let tmux = Self(format!("quarterdeck-captures-{}", std::process::id()));
        let config = folder().join("tmux.conf");
        let begun = Command::new("tmux")
            .args(["-L", &tmux.0, "-f"])
            .arg(config)
            .args([
                "new-session",
                "-d",
                "-x",
                "80",
                "-y",
                "24",
                "exec sleep 1000",
            ])
            .env("LANG", "C.UTF-8")
            .output();
        match begun {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                eprintln!("skipped: tmux is not installed");
                None
            }
            begun => {
                let begun = begun.unwrap();
                assert!(begun.status.success(), "{begun:?}");
                Some(tmux)
            }
        }
    }

    fn run(&self, args: &[&str]) -> Output {
        let output = Command::new("tmux")
            .args(["-u", "-L", &self.0])
            .args(args)
            .output();
        output.unwrap()
    }

    /// A window that shows the first bytes of a file.
    fn show(&self, file: &Path, bytes: usize) {
        let show = format!(
            "stty raw -echo; head -c {bytes} {}; exec sleep 1000",
            file.display()
        );
        let shown = self.run(&["respawn-window", "-k", &show]);
        assert!(shown.status.success(), "{shown:?}");
    }

    fn screen(&self) -> Places {
        let captured = self.run(&["capture-pane", "-p", "-e", "-N"]);
        assert!(captured.status.success(), "{captured:?}");
        read(&String::from_utf8(captured.stdout).unwrap())
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

/// Reads a capture of tmux: lines of text with styles, and letters of the line-drawing set between
/// shift-out and shift-in.
fn read(capture: &str) -> Places {
    let mut places = blank();
    let mut style = Style::default();
    for (row, line) in capture.lines().enumerate().take(ROWS.into()) {
        let (mut column, mut drawing) = (0, false);
        let mut rest = line.chars();
        while let Some(c) = rest.next() {
            match c {
                '\x1b' => {
                    let sequence: String = rest.by_ref().take_while(|c| *c != 'm').collect();
                    dress(&mut style, sequence.strip_prefix('[').unwrap());
                }
                '\x0e' => drawing = true,
                '\x0f' => drawing = false,
                c => {
                    let c = if drawing { drawn(c) } else { c };
                    column += put(&mut places[row], column, c, style);
                }
            }
        }
    }
    places
}

/// Puts a character into its place; how many columns it takes.
fn put(row: &mut [Place], column: usize, c: char, style: Style) -> usize {
    let width = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
    if width == 0 {
        // A mark belongs to the last place that is not the second half of another.
        let before = row[..column]
            .iter_mut()
            .rev()
            .find(|place| !place.text.is_empty());
        before.unwrap().text.push(c);
        return 0;
    }
    let style = Some(style);
    row[column] = Place {
        text: c.into(),
        style,
    };
    if width == 2 {
        row[column + 1] = Place {
            text: String::new(),
            style,
        };
    }
    width
}

/// The line-drawing set of the VT100, as far as programs use it.
fn drawn(c: char) -> char {
    let set = [
        ('j', '┘'),
        ('k', '┐'),
        ('l', '┌'),
        ('m', '└'),
        ('n', '┼'),
        ('q', '─'),
        ('t', '├'),
        ('u', '┤'),
        ('v', '┴'),
        ('w', '┬'),
        ('x', '│'),
        ('a', '▒'),
        ('~', '·'),
        ('`', '◆'),
    ];
    set.iter()
        .find(|(from, _)| *from == c)
        .map_or(c, |(_, to)| *to)
}

/// Applies the numbers of a style, as tmux writes them.
fn dress(style: &mut Style, numbers: &str) {
    let mut rest = numbers.split(';');
    while let Some(word) = rest.next() {
        let (number, kind) = word.split_once(':').unwrap_or((word, ""));
        match number.parse().unwrap_or(0) {
            0 => *style = Style::default(),
            1 => style.bold = true,
            2 => style.dim = true,
            3 => style.italic = true,
            4 => {
                style.underline = match kind {
                    "2" => Underline::Double,
                    "3" => Underline::Curly,
                    "4" => Underline::Dotted,
                    "5" => Underline::Dashed,
                    _ => Underline::Single,
                }
            }
            7 => style.inverse = true,
            9 => style.strikeout = true,
            n @ 30..=37 => style.foreground = Colour::Indexed(n - 30),
            38 => style.foreground = colour(&mut rest),
            39 => style.foreground = Colour::Default,
            n @ 40..=47 => style.background = Colour::Indexed(n - 40),
            48 => style.background = colour(&mut rest),
            49 => style.background = Colour::Default,
            n @ 90..=97 => style.foreground = Colour::Indexed(n - 82),
            n @ 100..=107 => style.background = Colour::Indexed(n - 92),
            n => panic!("{n} in {numbers:?} is not known"),
        }
    }
}

fn colour<'a>(rest: &mut impl Iterator<Item = &'a str>) -> Colour {
    let mut next = || rest.next().unwrap().parse::<u8>().unwrap();
    match next() {
        5 => Colour::Indexed(next()),
        2 => Colour::Rgb(next(), next(), next()),
        n => panic!("a colour of kind {n}"),
    }
}

/// What differs, place by place.
fn differences(ours: &Places, theirs: &Places) -> String {
    let mut told = String::new();
    for (y, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        for (x, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
            if ours != theirs {
                let _ = writeln!(
                    told,
                    "row {y}, column {x}:\n  ours {ours:?}\n  tmux {theirs:?}"
                );
            }
        }
    }
    told
}

/// Compared after each of so many parts of a recording.
const PARTS: usize = 6;

#[test]
fn recorded_sessions_look_as_they_do_in_tmux() {
    let Some(tmux) = Tmux::start() else { return };
    for name in NAMES {
        let bytes = std::fs::read(file(name)).unwrap();
        for part in 1..=PARTS {
            let end = bytes.len() * part / PARTS;
            let ours = ours(&bytes[..end]);
            tmux.show(&file(name), end);
            // tmux takes its time; what is wrong stays wrong.
            let begun = Instant::now();
            loop {
                let told = differences(&ours, &tmux.screen());
                if told.is_empty() {
                    break;
                }
                let late = begun.elapsed() > Duration::from_secs(5);
                assert!(!late, "{name}, {end} of {} bytes:\n{told}", bytes.len());
                std::thread::yield_now();
            }
        }
    }
}

/// Each recording shows something of its program, so that none is compared empty.
#[test]
fn recordings_hold_what_they_are_named_after() {
    for (name, words) in [
        ("vim", "fn main"),
        ("htop", "PID"),
        ("less", "line 41 bold of 256"),
        ("tmux", "[0]"),
        ("colours", "wide 日本語"),
    ] {
        let bytes = std::fs::read(file(name)).unwrap();
        let screen = ours(&bytes);
        let line = |row: &Vec<Place>| row.iter().map(|place| place.text.as_str()).collect();
        let lines: Vec<String> = screen.iter().map(line).collect();
        let text = lines.join("\n");
        assert!(text.contains(words), "{name}:\n{text}");
        let styled = screen
            .iter()
            .flatten()
            .filter(|it| it.style != Some(Style::default()));
        assert!(styled.count() > 20, "{name} is not coloured");
    }
}

/// The text that is edited and read in the recordings.
fn sample(folder: &Path) -> String {
    let mut text = String::from(
        "//! A small program to be looked at.\n\nuse std::collections::BTreeMap;\n\n\
         /// Counts words: 日本語 and naïve ones too.\nfn main() {\n    let mut counts = BTreeMap::new();\n",
    );
    for n in 0..60 {
        let _ = writeln!(
            text,
            "    counts.insert(\"word {n}\", {n}); // TODO: 0x{n:04x}"
        );
    }
    text += "    println!(\"{counts:?}\");\n}\n";
    std::fs::write(folder.join("sample.rs"), &text).unwrap();
    let mut coloured = String::new();
    for n in 0..80 {
        let _ = writeln!(
            coloured,
            "\x1b[{}mline {n:02}\x1b[0m \x1b[1mbold\x1b[0m \x1b[38;5;{}mof 256\x1b[0m 漢字 {}",
            31 + n % 7,
            16 + n * 3,
            "long ".repeat(n % 20)
        );
    }
    std::fs::write(folder.join("coloured.txt"), coloured).unwrap();
    folder.display().to_string()
}

/// Makes the recordings anew. Names and processes of the machine stay outside: what shows them runs
/// in namespaces of its own, which needs root.
#[test]
#[ignore = "overwrites the recordings"]
fn record() {
    let here = tempfile::tempdir().unwrap();
    let place = sample(here.path());
    let apart = "exec unshare --pid --fork --mount-proc --uts sh -c 'hostname here; cd /; \
                 sleep 1000 & sleep 1001 & exec env -i HOME=/nowhere LANG=C.UTF-8 TERM=xterm-256color";
    let sessions: [(&str, String, &[&str]); 5] = [
        (
            "vim",
            format!(
                "cd {place} && exec vim -u NONE -N --cmd 'set nomodeline shortmess=at' -c 'set number ruler showcmd hlsearch' -c 'syntax on' sample.rs"
            ),
            &[
                "/counts\r",
                "n",
                "5j",
                "0",
                "v5e",
                "\x1b",
                "yyp",
                "ccchanged 漢字\x1b",
                ":split\r",
                "\x17j",
                "\x04",
                "\x04",
                "\x15",
                ":set nonumber\r",
                ":vsplit\r",
                "G",
                "gg",
                "dd",
                "u",
                ":1,5d\r",
                "u",
                "6G",
            ],
        ),
        (
            "htop",
            format!("{apart} htop --delay=5'"),
            &["", "\x1b[B", "t", "", "\x1bOP", "\x1b", "", "H"],
        ),
        (
            "less",
            format!("cd {place} && exec less -R -N coloured.txt"),
            &[
                " ", "/256\r", "n", "n", "-S\r", "\x1b[C", "\x1b[C", "\x1b[D", "G", "b", "10g",
                "=\r", " ", "5k",
            ],
        ),
        (
            "tmux",
            format!(
                "cd {place} && {apart} PS1=\"$ \" tmux -u -L recorded -f /dev/null new-session sh'"
            ),
            &[
                "echo one; ls /usr\r",
                "\x02%",
                "seq 1 40\r",
                "\x02\"",
                "printf \"\\033[31mred\\033[0m 漢字\\n\"\r",
                "\x02o",
                "\x02c",
                "echo second window\r",
                "\x02p",
                "\x02[",
                "\x1b[5~",
                "q",
                "\x02,",
                "renamed\r",
            ],
        ),
        (
            "colours",
            format!("exec sh {}", folder().join("colours.sh").display()),
            &[""],
        ),
    ];
    for (name, command, keys) in sessions {
        let mut screen = Screen::start(Path::new("sh"), &["-c", &command], &[], COLUMNS, ROWS);
        screen.settle(Duration::from_millis(1500));
        for keys in keys {
            screen.send(keys);
            screen.pump(Duration::from_millis(700));
        }
        std::fs::write(file(name), &screen.raw).unwrap();
    }
}
