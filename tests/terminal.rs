//! The console in a pseudo-terminal: what it takes, what it gives back, on every way out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::demo::{Demo, clean_home};
use common::terminal::Terminal;
use common::wire::on_loopback;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use quarterdeck::runtime::mailbox::{Control, Mailbox};
use quarterdeck::runtime::{panics, terminal};
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");
const SOON: Duration = Duration::from_secs(10);
const QUIET: Duration = Duration::from_millis(300);

/// What gives a terminal back, in the order in which it must come last.
const GIVEN_BACK: &str =
    "\x1b[?2026l\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?2004l\x1b[0m\x1b[?25h\x1b[?1049l";

fn open(home: &Path, args: &[&str], more: &[(&str, &str)], size: (u16, u16)) -> Terminal {
    let env = clean_home(home);
    let mut env: Vec<(&str, &str)> = env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    // Files of a login session have no place here: they go below the home.
    env.push(("XDG_RUNTIME_DIR", ""));
    env.extend(more);
    Terminal::start(Path::new(PROGRAM), args, &env, size.0, size.1)
}

/// The console of somebody who has no kubeconfig.
fn welcome(home: &Path) -> Terminal {
    let mut terminal = open(home, &[], &[], (80, 24));
    terminal.wait_for("Open the demo");
    terminal
}

fn tail(terminal: &Terminal) -> String {
    let raw = String::from_utf8_lossy(&terminal.raw);
    raw.chars()
        .skip(raw.chars().count().saturating_sub(GIVEN_BACK.len()))
        .collect()
}

fn assert_given_back(terminal: &Terminal) {
    assert_eq!(tail(terminal), GIVEN_BACK);
    let stty = terminal.stty();
    assert!(
        stty.contains(" icanon") && stty.contains(" echo "),
        "{stty}"
    );
}

#[test]
fn without_a_kubeconfig_a_screen_offers_the_demo() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = welcome(home.path());
    assert!(
        terminal.text().contains("kubeconfig"),
        "{}",
        terminal.text()
    );
    assert!(terminal.stty().contains("-icanon"), "raw mode");
    terminal.send("\r");
    terminal.wait_for("billing");
    terminal.wait_for("quarterdeck-demo");
}

#[test]
fn quitting_gives_the_terminal_back() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = welcome(home.path());
    terminal.send(":quit\r");
    assert_eq!(terminal.exit(SOON), Some(0));
    assert_given_back(&terminal);
}

#[test]
fn signals_that_end_it_give_the_terminal_back() {
    for (signal, code) in [("TERM", 143), ("HUP", 129), ("QUIT", 131)] {
        let home = tempfile::tempdir().unwrap();
        let mut terminal = welcome(home.path());
        terminal.signal(signal);
        assert_eq!(
            terminal.exit(Duration::from_secs(2)),
            Some(code),
            "{signal}"
        );
        assert_given_back(&terminal);
    }
}

#[test]
fn an_interrupt_is_a_key_and_not_an_end() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = welcome(home.path());
    terminal.signal("INT");
    terminal.send("\x03");
    terminal.settle(QUIET);
    assert!(terminal.alive());
}

#[test]
fn stopped_it_gives_the_terminal_back_and_takes_it_again() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = welcome(home.path());
    terminal.signal("TSTP");
    let mut stopped = false;
    for _ in 0..100 {
        terminal.pump(Duration::from_millis(50));
        stopped = running(terminal.pid()) == Some('T');
        if stopped {
            break;
        }
    }
    assert!(stopped, "the shell would see it stopped");
    assert_given_back(&terminal);
    terminal.raw.clear();
    terminal.signal("CONT");
    terminal.wait("the screen again", SOON, |screen| {
        screen.contains("Open the demo")
    });
    terminal.settle(QUIET);
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    assert!(
        raw.starts_with("\x1b[?1049h") && raw.contains("\x1b[2J"),
        "{raw:?}"
    );
    assert!(terminal.stty().contains("-icanon"), "raw mode again");
    terminal.send(":quit\r");
    assert_eq!(terminal.exit(SOON), Some(0));
}

#[test]
fn the_first_frame_waits_for_no_network_and_keys_work_meanwhile() {
    // It takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let home = tempfile::tempdir().unwrap();
    let server = format!("https://{}", silent.local_addr().unwrap());
    let file = kubeconfig(home.path(), &server, "{token: t}");
    let mut terminal = open(home.path(), &["--kubeconfig", &file], &[], (80, 24));
    terminal.wait("a first frame", Duration::from_secs(2), |screen| {
        screen.contains("Projects")
    });
    terminal.send(":pods\r");
    terminal.wait("the keys to work", Duration::from_secs(2), |screen| {
        screen.contains("Pods")
    });
    terminal.signal("TERM");
    assert_eq!(terminal.exit(Duration::from_secs(2)), Some(143));
}

/// A kubeconfig below `home` that leads to `server`, as a user of whom this is known.
fn kubeconfig(home: &Path, server: &str, user: &str) -> String {
    let path = home.join("kubeconfig");
    let text = format!(
        "{{apiVersion: v1, kind: Config, current-context: c, contexts: [{{name: c, context: {{cluster: c, user: u}}}}], clusters: [{{name: c, cluster: {{server: '{server}'}}}}], users: [{{name: u, user: {user}}}]}}"
    );
    std::fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

/// The longest time from a letter typed into the palette to the frame that shows it, the best of
/// some tries: other programs may have the processor meanwhile.
fn slowest_letter(terminal: &mut Terminal) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        terminal.send(":");
        terminal.settle(Duration::from_millis(100));
        let mut slowest = Duration::ZERO;
        for n in 1..=30 {
            let typed = "x".repeat(n);
            let time = terminal.key_to_frame("x", SOON, |screen| screen.contains(&typed));
            slowest = slowest.max(time.expect("the letter is shown"));
        }
        terminal.send("\x1b");
        terminal.settle(Duration::from_millis(100));
        best = best.min(slowest);
        if best <= FRAME {
            break;
        }
    }
    best
}

/// A key is answered within this, whatever the server does.
const FRAME: Duration = Duration::from_millis(16);

/// F5: a kilobyte a second.
#[test]
fn keys_are_answered_within_a_frame_while_the_server_is_slow() {
    let port = on_loopback(|request, wire| {
        if !request.path.starts_with("/api/v1/pods?") {
            return wire.answer("404 Not Found", "", "");
        }
        wire.lines();
        for n in 0..1000 {
            let object = format!(
                "{{\"metadata\":{{\"name\":\"slow-{n}\",\"namespace\":\"a\",\"uid\":\"{n}\"}}}}"
            );
            if request.path.contains("watch=true") {
                wire.line(&format!("{{\"type\":\"ADDED\",\"object\":{object}}}"));
            } else if n == 0 {
                wire.line(&format!("{{\"kind\":\"PodList\",\"items\":[{object}"));
            } else {
                wire.line(&format!(",{object}"));
            }
            #[expect(clippy::disallowed_methods, reason = "a slow server, in a thread")]
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let home = tempfile::tempdir().unwrap();
    let file = kubeconfig(
        home.path(),
        &format!("http://127.0.0.1:{port}"),
        "{token: t}",
    );
    let mut terminal = open(
        home.path(),
        &["--kubeconfig", &file, "-c", "pods"],
        &[],
        (80, 24),
    );
    terminal.wait_for("slow-3");
    let slowest = slowest_letter(&mut terminal);
    assert!(slowest <= FRAME, "{slowest:?}");
}

/// F21
#[test]
fn a_plugin_that_hangs_and_writes_to_the_terminal_does_no_harm() {
    let home = tempfile::tempdir().unwrap();
    let script = "echo canary >&2; echo canary; echo canary > /dev/tty; sleep 60";
    let user = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, args: ['-c', '{script}'], interactiveMode: Never}}}}"
    );
    let file = kubeconfig(home.path(), "https://127.0.0.1:1", &user);
    let mut terminal = open(home.path(), &["--kubeconfig", &file], &[], (80, 24));
    terminal.wait_for("connecting");
    let slowest = slowest_letter(&mut terminal);
    assert!(slowest <= FRAME, "{slowest:?}");
    terminal.send(":ctx\r");
    terminal.wait_for("Contexts");
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    assert!(!raw.contains("canary"), "{raw:?}");
    terminal.signal("TERM");
    assert_eq!(terminal.exit(Duration::from_secs(2)), Some(143));
    let log = home.path().join("state/quarterdeck/quarterdeck.log");
    let log = std::fs::read_to_string(log).unwrap_or_default();
    assert!(!log.contains("canary"), "{log}");
}

/// F28: whoever started it outlives the terminal and passes no signal on.
#[test]
fn a_terminal_that_is_lost_without_a_signal_ends_it() {
    let home = tempfile::tempdir().unwrap();
    let size = PtySize {
        rows: 24,
        cols: 80,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pty = native_pty_system().openpty(size).unwrap();
    // In a session of its own it is not told that the terminal hangs up.
    let pid = home.path().join("pid");
    let line = format!(
        "exec 3<&0; setsid {PROGRAM} <&3 & echo $! > {}; wait",
        pid.display()
    );
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", &line]);
    for (name, value) in clean_home(home.path()) {
        command.env(name, value);
    }
    command.env_remove("KUBECONFIG");
    command.env("TERM", "xterm-256color");
    let mut shell = pty.slave.spawn_command(command).unwrap();
    drop(pty.slave);
    let mut reader = pty.master.try_clone_reader().unwrap();
    let mut seen = Vec::new();
    let mut part = [0; 4096];
    while !String::from_utf8_lossy(&seen).contains("Open the demo") {
        let n = reader.read(&mut part).unwrap();
        assert!(n > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&part[..n]);
    }
    let pid: u32 = std::fs::read_to_string(&pid)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    assert!(Path::new(&format!("/proc/{pid}")).exists());
    drop((reader, pty.master));
    let lost = Instant::now();
    while !matches!(running(pid), None | Some('Z')) {
        assert!(lost.elapsed() < Duration::from_secs(1), "it still runs");
        std::thread::yield_now();
    }
    let _ = shell.kill();
    let _ = shell.wait();
}

/// The state letter of a process; nothing when it is gone.
fn running(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next()
}

#[test]
fn when_nothing_changes_nothing_is_written() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = welcome(home.path());
    // A notice goes after some seconds.
    terminal.pump(Duration::from_secs(10));
    let before = terminal.bytes;
    terminal.pump(Duration::from_secs(3));
    assert_eq!(terminal.bytes, before, "bytes of an idle console");
}

#[test]
fn no_size_is_too_small() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = welcome(home.path());
    for (columns, rows) in [
        (1, 1),
        (2, 1),
        (1, 40),
        (300, 2),
        (0, 0),
        (59, 14),
        (60, 15),
        (500, 200),
        (80, 24),
    ] {
        terminal.resize(columns, rows);
        terminal.settle(Duration::from_millis(100));
        assert!(terminal.alive(), "{columns}x{rows}");
    }
    terminal.wait_for("Open the demo");
}

#[test]
fn a_terminal_that_starts_without_a_size_is_taken_for_80_by_24() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(home.path(), &[], &[], (0, 0));
    terminal.settle(QUIET);
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    assert!(raw.contains("Open the demo"), "{raw:?}");
}

#[test]
fn no_color_means_no_colour() {
    let demo = Demo::start(Path::new(PROGRAM), &[]);
    let env = demo.env();
    let mut env: Vec<(&str, &str)> = env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    env.push(("NO_COLOR", "1"));
    let mut terminal = Terminal::start(Path::new(PROGRAM), &["--theme", "light"], &env, 160, 50);
    terminal.wait_for("billing");
    terminal.settle(QUIET);
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    let styles = regex::Regex::new("\x1b\\[([0-9;:]*)m").unwrap();
    for style in styles.captures_iter(&raw) {
        let colours = style[1].split(';').filter_map(|n| n.parse::<u8>().ok());
        let mut colours = colours.filter(|n| matches!(n, 30..=38 | 40..=48 | 90..=107));
        assert_eq!(colours.next(), None, "{:?}", &style[0]);
    }
    assert!(
        raw.contains("\x1b[7m"),
        "the selection is seen all the same"
    );
}

#[test]
fn the_demo_shows_a_living_company_and_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(home.path(), &["demo"], &[], (160, 50));
    terminal.wait_for("billing");
    terminal.wait_for("CrashLoopBackOff");
    terminal.send(":pods\r");
    terminal.wait_for("Running");
    terminal.send("c");
    terminal.wait("the name on the clipboard", SOON, |screen| {
        screen.contains("copied")
    });
    terminal.settle(QUIET);
    assert!(
        String::from_utf8_lossy(&terminal.raw).contains("\x1b]52;c;"),
        "OSC 52"
    );
    terminal.signal("TERM");
    assert_eq!(terminal.exit(SOON), Some(143));
    assert_given_back(&terminal);
    let run = home.path().join("state/quarterdeck/run");
    assert_eq!(
        std::fs::read_dir(run).unwrap().count(),
        0,
        "the kubeconfig of the demo is gone"
    );
}

#[test]
fn a_click_opens_what_is_under_it() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(home.path(), &["demo"], &[], (160, 50));
    terminal.wait_for("billing");
    terminal.settle(QUIET);
    let row = terminal
        .lines()
        .iter()
        .position(|line| line.contains("checkout "))
        .unwrap();
    let press = format!("\x1b[<0;8;{}M\x1b[<0;8;{}m", row + 1, row + 1);
    terminal.send(&press);
    terminal.settle(QUIET);
    terminal.send("\r");
    terminal.wait_for("checkout releases");
}

#[test]
fn the_state_of_one_run_is_there_in_the_next() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(home.path(), &["demo", "-c", "pods"], &[], (160, 50));
    terminal.wait_for("Running");
    // Sorted by age, and left at once: what is pending is written on the way out.
    terminal.send("A");
    terminal.settle(QUIET);
    terminal.send(":quit\r");
    assert_eq!(terminal.exit(SOON), Some(0));
    let state = std::fs::read_to_string(home.path().join("state/quarterdeck/state.json")).unwrap();
    let state: serde_json::Value = serde_json::from_str(&state).unwrap();
    assert_eq!(state["sorts"]["pods"]["column"], "age", "{state}");
}

#[test]
fn files_with_mistakes_are_told_and_the_rest_counts() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config/quarterdeck");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(
        config.join("config.toml"),
        "theem = \"light\"\nkeymap = \"mine\"\n",
    )
    .unwrap();
    std::fs::create_dir_all(config.join("keymaps")).unwrap();
    std::fs::write(
        config.join("keymaps/mine.toml"),
        "[global]\n\"ctrl-n\" = \"notices\"\n\"x\" = \"porjects\"\n",
    )
    .unwrap();
    std::fs::create_dir_all(config.join("themes")).unwrap();
    std::fs::write(
        config.join("themes/ours.toml"),
        "[colours]\nsky = \"#0102fe\"\n[roles]\naccent = { fg = \"sky\" }\nfailling = { fg = \"red\" }\ndim = { fg = \"nosuch\" }\n",
    )
    .unwrap();
    let mut terminal = open(home.path(), &["--theme", "ours"], &[], (160, 50));
    terminal.wait_for("Open the demo");
    // What it asks the terminal at its start is answered by then.
    terminal.settle(Duration::from_millis(300));
    terminal.send("\x0e");
    terminal.wait_for("config.toml:1");
    terminal.wait_for("did you mean `theme`?");
    terminal.wait_for("mine.toml:3");
    terminal.wait_for("ours.toml:5");
    terminal.wait_for("did you mean `failing`?");
    terminal.wait_for("ours.toml:6");
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    assert!(raw.contains("38;2;1;2;254"), "the rest of the theme counts");
}

#[test]
fn a_theme_or_key_map_that_is_not_there_is_told_and_the_usual_one_is_used() {
    let home = tempfile::tempdir().unwrap();
    let flags = ["--theme", "dakr", "--keymap", "vmi"];
    let mut terminal = open(home.path(), &flags, &[], (160, 50));
    terminal.wait_for("Open the demo");
    terminal.send(":notices\r");
    terminal.wait_for("no theme `dakr`");
    terminal.wait_for("no key map `vmi`");
}

// The two below run in a process of their own, in a terminal of their own.

#[test]
#[ignore = "started by the tests that follow"]
fn helper_that_panics_while_it_holds_the_terminal() {
    let (_mailbox, post) = Mailbox::new();
    panics::watch(post, reports());
    let _terminal = terminal::Terminal::take(true).unwrap();
    panic!("the core is wrong");
}

#[test]
#[ignore = "started by the tests that follow"]
fn helper_whose_task_panics_while_it_holds_the_terminal() {
    let (mut mailbox, post) = Mailbox::new();
    panics::watch(post, reports());
    let held = terminal::Terminal::take(true).unwrap();
    std::thread::spawn(|| panic!("a task is wrong"))
        .join()
        .unwrap_err();
    assert!(terminal::is_taken(), "the terminal is still ours");
    let told = mailbox.control.try_recv();
    drop(held);
    assert!(matches!(told, Ok(Control::Msg(_))), "{told:?}");
}

/// The folder that the test has named for reports.
fn reports() -> PathBuf {
    std::env::var_os("REPORTS").unwrap().into()
}

fn helper(name: &str, reports: &Path) -> Terminal {
    let this = std::env::current_exe().unwrap();
    Terminal::start(
        &this,
        &[
            "--ignored",
            "--exact",
            name,
            "--nocapture",
            "--test-threads=1",
        ],
        &[("REPORTS", reports.to_str().unwrap())],
        80,
        24,
    )
}

/// The one report in a folder: its path and its text.
fn report(folder: &Path) -> (String, String) {
    let mut files = std::fs::read_dir(folder).unwrap().flatten();
    let file = files.next().unwrap().path();
    assert!(files.next().is_none());
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).unwrap();
    (file.display().to_string(), text)
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_speaks() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = helper(
        "helper_that_panics_while_it_holds_the_terminal",
        folder.path(),
    );
    assert_eq!(terminal.exit(SOON), Some(101));
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    let back = raw.find(GIVEN_BACK).expect("given back");
    let said = raw.find("the core is wrong").expect("said");
    assert!(back < said, "{raw:?}");
    assert!(terminal.stty().contains(" icanon"));
    let (file, text) = report(folder.path());
    assert!(
        raw.contains(&format!("a report of it is in {file}")),
        "{raw:?}"
    );
    for part in ["the core is wrong", "tests/terminal.rs", "quarterdeck 0."] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_panic_in_a_task_leaves_the_screen_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = helper(
        "helper_whose_task_panics_while_it_holds_the_terminal",
        folder.path(),
    );
    assert_eq!(terminal.exit(SOON), Some(0), "{}", terminal.text());
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    let back = raw.find(GIVEN_BACK).expect("given back");
    assert!(!raw[..back].contains("a task is wrong"), "{raw:?}");
    assert!(report(folder.path()).1.contains("a task is wrong"));
}

/// Its kubectl speaks to the cluster on the screen; its kubeconfig is for this person alone, and
/// goes when the shell does.
#[test]
fn a_local_shell_is_of_this_context() {
    let home = tempfile::tempdir().unwrap();
    let files = home.path().join("run");
    std::fs::create_dir(&files).unwrap();
    let folder = files.to_str().unwrap();
    let mut terminal = open(
        home.path(),
        &["demo", "-n", "shop-prod"],
        &[("SHELL", "/bin/sh"), ("XDG_RUNTIME_DIR", folder)],
        (120, 40),
    );
    terminal.wait_for("shop");
    terminal.send(":shell\r");
    terminal.wait_for("$ local");
    terminal.send("echo \"pin=${KUBECONFIG%%:*}\"; cat \"${KUBECONFIG%%:*}\"; echo; echo se''en\r");
    terminal.wait_for("seen");
    let text = terminal.text().replace('\n', "");
    assert!(
        text.contains("\"current-context\":\"quarterdeck-demo\""),
        "{text}"
    );
    assert!(text.contains("\"namespace\":\"shop-prod\""), "{text}");
    let kept = || {
        let files = std::fs::read_dir(&files).unwrap().flatten();
        let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.ends_with(".kubeconfig")).count()
    };
    let with_shell = kept();
    assert!(with_shell > 0);
    terminal.send("exit 3\r");
    terminal.wait_for("exit 3");
    // A pane takes no key for a moment after the end of its program.
    terminal.pump(Duration::from_secs(1));
    terminal.send(":quit\r");
    assert_eq!(terminal.exit(SOON), Some(0));
    assert!(kept() < with_shell, "its kubeconfig is gone");
}

#[test]
fn files_are_read_again_and_what_is_wrong_changes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("config/quarterdeck");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("config.toml");
    let mut terminal = open(home.path(), &["demo"], &[], (100, 30));
    terminal.wait_for("billing");
    std::fs::write(&file, "keymap = \"vim\"\nmouse = \"no\"\n").unwrap();
    terminal.send(":reload\r");
    terminal.wait_for("config.toml:2");
    std::fs::write(&file, "favourites = [\"shop-prod\"]\n").unwrap();
    terminal.send(":reload\r");
    terminal.wait_for("were read again");
    terminal.send("1");
    terminal.wait_for("shop-prod");
}

/// Everything in the file counts at once: the mouse, the labels, whether anything may be changed.
#[test]
fn every_key_of_the_configuration_counts_when_it_is_read_again() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("config/quarterdeck");
    std::fs::create_dir_all(&folder).unwrap();
    let mut terminal = open(home.path(), &["demo"], &[], (100, 30));
    terminal.wait_for("billing");
    terminal.raw.clear();
    std::fs::write(
        folder.join("config.toml"),
        "mouse = false\nreadonly = true\n[labels]\nproject = [\"example.com/nowhere\"]\n\
         [colours]\nhead = \"#0a0b0c\"\n[contexts.\"quarterdeck-*\"]\ntheme = \"light\"\n",
    )
    .unwrap();
    terminal.send(":reload\r");
    terminal.wait_for("READ-ONLY");
    terminal.wait("projects by other labels", SOON, |screen| {
        screen.contains("unlabelled") && !screen.contains("billing ")
    });
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    assert!(raw.contains("\x1b[?1002l"), "the mouse is left");
    assert!(raw.contains("38;2;10;11;12"), "the colour of a role");
    assert!(
        raw.contains(&ground_of("light")),
        "the theme of the context"
    );
    std::fs::remove_file(folder.join("config.toml")).unwrap();
    terminal.raw.clear();
    terminal.send(":reload\r");
    terminal.wait("everything as before", SOON, |screen| {
        screen.contains("billing") && !screen.contains("READ-ONLY")
    });
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    assert!(raw.contains("\x1b[?1002h"), "the mouse is taken");
}

/// The bytes that set the ground of a shipped theme.
fn ground_of(theme: &str) -> String {
    let ground = quarterdeck::theme::shipped(theme).unwrap().ground.bg;
    match ground {
        Some(ratatui::style::Color::Rgb(r, g, b)) => format!("48;2;{r};{g};{b}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_light_ground_is_found_out_and_its_answer_is_no_keys() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = welcome(home.path());
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    assert!(raw.contains("\x1b]11;?\x1b\\"), "it asks: {raw:?}");
    assert!(!raw.contains(&ground_of("light")));
    terminal.send("\x1b]11;rgb:fdfd/f6f6/e3e3\x1b\\");
    terminal.settle(QUIET);
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    assert!(raw.contains(&ground_of("light")), "{raw:?}");
    assert!(
        terminal.text().contains("Open the demo"),
        "no key was pressed"
    );
    // Whoever has chosen a theme is not asked.
    let mut terminal = open(home.path(), &["--theme", "dark"], &[], (80, 24));
    terminal.wait_for("Open the demo");
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    assert!(!raw.contains("\x1b]11;?"));
}

/// The tour of the demo, by its own keys, in the demo.
#[test]
fn the_tour_can_be_walked() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = open(home.path(), &["demo"], &[], (80, 24));
    terminal.wait_for("billing");
    let step = |terminal: &mut Terminal, keys: &[&str], next: usize| {
        for keys in keys {
            terminal.send(keys);
            terminal.settle(Duration::from_millis(150));
        }
        terminal.wait_for(&format!("Tour {next} of 13"));
    };
    step(&mut terminal, &[":tutor\r"], 1);
    step(&mut terminal, &["\r"], 2);
    step(&mut terminal, &["\x1b"], 3);
    step(&mut terminal, &["/health:failing", "\r"], 4);
    step(&mut terminal, &["\r", "\r", "\r"], 5);
    step(&mut terminal, &["l"], 6);
    step(&mut terminal, &["\x06", "error\r"], 7);
    step(&mut terminal, &[":pods\r"], 8);
    // A pod may have several containers: enter takes the first.
    terminal.send("/status:running\r");
    terminal.settle(QUIET);
    terminal.send("s");
    terminal.settle(QUIET);
    if terminal.text().contains("Which container") {
        terminal.send("\r");
    }
    terminal.wait_for("Tour 9 of 13");
    step(&mut terminal, &["ls\r", "\x1d"], 10);
    step(&mut terminal, &["\x1b[1;3D"], 11);
    step(&mut terminal, &[":new\r"], 12);
    step(&mut terminal, &["\x1b", "?"], 13);
}
