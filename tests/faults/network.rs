//! F4, F5, F14, F17, F20: half-open, slow and reset connections, sizes under a flood, and twenty
//! seeds of everything that a network does.

use crate::client::{Client, SOON};
use crate::common::proxy::{Proxy, Sever, Weather};
use crate::common::terminal::Terminal;
use crate::console::Behind;
use crate::fake::Fake;
use crate::number;
use crate::timing::quick;
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);

fn hole() -> Weather {
    Weather {
        hole: true,
        ..Weather::default()
    }
}

/// Opens a shell of the first pod on a tab of its own.
fn shell(terminal: &mut Terminal) {
    terminal.send("s");
    terminal.wait_for(":/app#");
    terminal.settle(300 * MS);
}

/// F4. The list says so within 15 s, a shell within 20 s, a log within 30 s; nothing is emptied.
#[test]
fn a_half_open_connection_is_told_by_lists_shells_and_logs() {
    let behind = Behind::start(&["--seed", "7"]);
    let mut list = behind.open(&["-n", "shop-prod", "-c", "pods"]);
    let mut pane = behind.open(&["-n", "shop-prod", "-c", "pods"]);
    let mut log = behind.open(&["-n", "shop-prod", "-c", "pods"]);
    for terminal in [&mut list, &mut pane, &mut log] {
        terminal.wait_for("Running");
        terminal.wait_for("live");
    }
    shell(&mut pane);
    pane.send("echo to be kept\r");
    pane.wait_for("\nto be kept");
    log.send("l");
    log.settle(500 * MS);
    behind.proxy.set(hole());
    let holed = Instant::now();
    let within = |terminal: &mut Terminal, what: &str, seconds: u64, words: &[&str]| {
        let left = Duration::from_secs(seconds).saturating_sub(holed.elapsed());
        terminal.wait(what, left, |screen| {
            words.iter().any(|word| screen.contains(word))
        });
        eprintln!("{what} after {:?}", holed.elapsed());
    };
    within(
        &mut list,
        "the list is stale",
        15,
        &["stale", "disconnected"],
    );
    assert!(
        list.text().contains("Running"),
        "rows stay:\n{}",
        list.text()
    );
    within(&mut pane, "the shell is lost", 20, &["end is unknown"]);
    assert!(pane.text().contains("to be kept"), "{}", pane.text());
    within(
        &mut log,
        "the log is lost",
        30,
        &["lost", "disconnected", "stale"],
    );
    behind.proxy.set(Weather::default());
    list.wait("live again", SOON, |screen| screen.contains("● live"));
}

fn percentile(times: &mut [Duration], share: usize) -> Duration {
    times.sort();
    times[(times.len() * share / 100).min(times.len() - 1)]
}

/// F5. A server of one kilobyte a second holds no key: they are as fast as without it.
#[test]
fn a_slow_server_holds_no_key() {
    let behind = Behind::start(&["--seed", "7"]);
    let mut terminal = behind.open(&["-A", "-c", "pods"]);
    terminal.wait_for("live");
    let keys = |terminal: &mut Terminal| {
        let mut times: Vec<Duration> = (0..60)
            .filter_map(|n| {
                terminal.pump(20 * MS);
                terminal.key_to_frame(if n % 20 < 10 { "j" } else { "k" }, SOON, |_| true)
            })
            .collect();
        assert!(times.len() > 50, "{} keys were seen", times.len());
        (percentile(&mut times, 50), percentile(&mut times, 95))
    };
    let fair = keys(&mut terminal);
    behind.proxy.set(Weather {
        latency: 300 * MS,
        bytes_per_second: 1000,
        ..Weather::default()
    });
    // Something to wait for while the keys are pressed.
    terminal.send(":services\r");
    terminal.settle(300 * MS);
    terminal.send(":pods\r");
    terminal.settle(300 * MS);
    let slow = keys(&mut terminal);
    eprintln!("median and 95th: {fair:?}, behind a slow server {slow:?}");
    assert!(
        slow.0 <= 16 * MS && slow.1 <= (fair.1 * 3).max(30 * MS),
        "{slow:?} after {fair:?}"
    );
    // What is waited for can be left at once.
    terminal.send(":secrets\r");
    terminal.settle(200 * MS);
    let left = terminal.key_to_frame("\x1b", SOON, |screen| screen.contains("Pods"));
    assert!(left.is_some_and(|left| left <= 100 * MS), "{left:?}");
}

/// F14. A reset ends the shell without an exit code; what it wrote stays, one key begins another.
#[test]
fn a_reset_shell_keeps_its_text_and_is_begun_again_by_a_key() {
    let behind = Behind::start(&["--seed", "7"]);
    let mut terminal = behind.open(&["-n", "shop-prod", "-c", "pods"]);
    terminal.wait_for("Running");
    terminal.wait_for("live");
    for how in [Sever::Rst, Sever::Fin] {
        shell(&mut terminal);
        terminal.send("echo to be k''ept\r");
        terminal.wait_for("to be kept");
        behind.proxy.sever(how);
        terminal.wait_for("end is unknown");
        let text = terminal.text();
        assert!(
            text.contains("to be kept") && !text.contains("exit 0"),
            "{how:?}:\n{text}"
        );
        // A pane takes no key for a moment after the end of its program.
        terminal.pump(1200 * MS);
        terminal.send("r");
        terminal.wait("another shell", SOON, |screen| {
            !screen.contains("end is unknown")
        });
        terminal.settle(500 * MS);
        terminal.send("echo a''gain\r");
        terminal.wait_for("again");
        terminal.send("exit\r");
        terminal.wait_for("exit 0");
        terminal.pump(1200 * MS);
        terminal.send("\x1bw");
        terminal.wait_for("Running");
    }
}

/// F17. Five hundred sizes in five seconds while a log floods: no hang, and the last frame is right.
#[test]
fn five_hundred_sizes_under_a_flood_end_in_a_right_frame() {
    let behind = Behind::start(&["--seed", "7", "--pods", "50", "--log-flood", "2000000"]);
    let mut terminal = behind.open(&["-A", "-c", "pods"]);
    terminal.wait_for("Running");
    terminal.send("l");
    terminal.settle(300 * MS);
    let begun = Instant::now();
    for n in 0_u16..500 {
        let (columns, rows) = match n % 10 {
            0 => (1, 1),
            1 => (2, 1),
            2 => (0, 0),
            // The test's own model of the screen takes its time with these.
            3 if n % 100 == 3 => (65_535, 1),
            n => (40 + n * 17, 10 + n * 5),
        };
        terminal.resize(columns, rows);
        terminal
            .pump((Duration::from_secs(5) * u32::from(n) / 500).saturating_sub(begun.elapsed()));
    }
    terminal.resize(100, 30);
    // Two keys: together they would be one with alt.
    for _ in 0..2 {
        terminal.send("\x1b");
        terminal.settle(200 * MS);
    }
    terminal.wait("a list again", SOON, |screen| {
        screen.contains("Running") && screen.contains("Pods")
    });
    terminal.settle(300 * MS);
    let lines = terminal.lines();
    assert_eq!(lines.len(), 30);
    assert!(lines.iter().all(|line| line.chars().count() <= 100));
    assert!(terminal.alive());
}

/// F20. A clock that is a day wrong, either way, makes no age negative and no connection impossible.
#[test]
fn a_clock_that_is_a_day_wrong_shows_no_negative_age() {
    let behind = Behind::start(&["--seed", "7", "--still-at", "2026-03-04T10:00:00Z"]);
    for clock in [
        "2026-03-03T10:00:00Z",
        "2026-03-04T09:50:00Z",
        "2026-03-04T10:10:00Z",
        "2026-03-05T10:00:00Z",
    ] {
        let mut terminal = behind.open(&["--still-at", clock, "-A", "-c", "pods"]);
        terminal.wait_for("Running");
        terminal.wait_for("live");
        for screen in [":pods\r", ":nodes\r", ":releases\r", ":events\r"] {
            terminal.send(screen);
            terminal.settle(400 * MS);
            let text = terminal.text();
            let negative = text.split_whitespace().find(|word| {
                let rest = word.strip_prefix('-').unwrap_or_default();
                let digits = rest.trim_end_matches(['s', 'm', 'h', 'd']);
                rest.len() > digits.len()
                    && !digits.is_empty()
                    && digits.bytes().all(|b| b.is_ascii_digit())
            });
            assert_eq!(negative, None, "{clock} {screen:?}:\n{text}");
        }
    }
}

/// A small generator, so that a failure can be repeated from its printed seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

/// F1 to F6 in any order. Once the network is clear again the rows are the server's; they were never
/// seen empty.
#[test]
fn random_weather_ends_in_the_truth() {
    let first = number("QUARTERDECK_TEST_SEED");
    let count = if first.is_some() {
        1
    } else {
        number("QUARTERDECK_TEST_SEEDS").unwrap_or(20)
    };
    let first = first.unwrap_or_else(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.unwrap().as_secs()
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    for seed in first..first + count {
        eprintln!("seed {seed}");
        runtime.block_on(weather(seed));
    }
}

async fn weather(seed: u64) {
    let mut dice = Dice(seed);
    let fake = Fake::start().await;
    for n in 0..300 {
        fake.put("shop", &format!("p{n:04}"), "Running");
    }
    fake.stream_lists(dice.roll(2) == 0);
    let proxy = Proxy::start(fake.addr());
    let mut client = Client::by(&fake, proxy.addr, quick()).await;
    client.until_live().await;
    for _ in 0..25 {
        proxy.set(Weather {
            latency: dice.roll(40) as u32 * MS,
            bytes_per_second: [0, 0, 20_000, 200_000][dice.roll(4) as usize],
            hole: dice.roll(6) == 0,
            refuses: dice.roll(6) == 0,
            ends_after: [0, 0, dice.roll(60_000) as usize][dice.roll(3) as usize],
        });
        match dice.roll(4) {
            0 => proxy.sever(Sever::Rst),
            1 => proxy.sever(Sever::Fin),
            _ => {}
        }
        for _ in 0..dice.roll(6) {
            let name = format!("p{:04}", dice.roll(350));
            match dice.roll(3) {
                0 => fake.delete("shop", &name),
                1 => fake.put("shop", &name, "Failed"),
                _ => fake.put("shop", &name, "Pending"),
            }
        }
        if dice.roll(8) == 0 {
            fake.forget();
        }
        client.for_a_while(dice.roll(60) as u32 * MS).await;
    }
    proxy.set(Weather::default());
    client.until_true(&fake).await;
    client.until_live().await;
    assert!(!client.blanked, "seed {seed}");
}
