//! Cases from a seed each: a known input, changed a few times. A failure names the seed of its case.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// No input of a few kilobytes may take longer, on any machine: it would hold the screen.
const TOO_LONG: Duration = Duration::from_secs(20);
/// Longer inputs are cut.
const LONGEST: usize = 16 << 10;

/// A small generator of numbers (splitmix64).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `sides`; 0 when there is none.
    pub fn roll(&mut self, sides: usize) -> usize {
        let sides = u64::try_from(sides).unwrap().max(1);
        usize::try_from(self.next() % sides).unwrap()
    }

    /// One of these.
    pub fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.roll(of.len())]
    }

    fn byte(&mut self) -> u8 {
        const TELLING: &[u8] = b"\0\t\n\r\x1b\x7f\x80\x9b\x9d\xc2\xff \"'\\{}[]()<>=:,;#!-*?/.0";
        match self.roll(3) {
            0 => u8::try_from(self.roll(256)).unwrap(),
            _ => TELLING[self.roll(TELLING.len())],
        }
    }
}

/// What inputs are made of.
pub struct Corpus<'a> {
    /// Inputs as somebody would write them.
    pub seeds: &'a [&'a [u8]],
    /// Words that mean something to the reader.
    pub words: &'a [&'a str],
}

impl Corpus<'_> {
    /// An input: a seed, changed none to eight times, or words one after another.
    pub fn draw(&self, dice: &mut Dice) -> Vec<u8> {
        let mut input = match dice.roll(4) {
            0 => (0..dice.roll(12)).flat_map(|_| self.word(dice)).collect(),
            _ => dice.pick(self.seeds).to_vec(),
        };
        for _ in 0..dice.roll(9) {
            self.change(&mut input, dice);
            input.truncate(LONGEST);
        }
        input
    }

    /// The same as a text.
    pub fn text(&self, dice: &mut Dice) -> String {
        String::from_utf8_lossy(&self.draw(dice)).into_owned()
    }

    fn word(&self, dice: &mut Dice) -> Vec<u8> {
        const ODD: &[&str] = &[
            "\u{202e}",
            "\u{200b}",
            "日本",
            "👨‍👩‍👧",
            "e\u{301}",
            "\u{9b}31m",
            "\x1b]0;t\x07",
            "İ",
            "ſ",
            "18446744073709551616",
            "-1",
            "1e999",
            "NaN",
            "\r\n",
            "\n\n",
            " ",
            "\"",
            "'",
        ];
        match dice.roll(4) {
            0 => dice.pick(ODD).as_bytes().to_vec(),
            1 => vec![dice.byte()],
            _ if self.words.is_empty() => vec![dice.byte()],
            _ => dice.pick(self.words).as_bytes().to_vec(),
        }
    }

    fn change(&self, input: &mut Vec<u8>, dice: &mut Dice) {
        let at = dice.roll(input.len() + 1);
        let reach = 1 << dice.roll(9);
        let to = (at + dice.roll(reach)).min(input.len());
        match dice.roll(8) {
            0 if at < input.len() => input[at] = dice.byte(),
            1 if at < input.len() => input[at] ^= 1 << dice.roll(8),
            2 => drop(input.drain(at..to)),
            3 => {
                let again = input[at..to].to_vec();
                let place = dice.roll(input.len() + 1);
                input.splice(place..place, again);
            }
            4 => {
                let other = dice.pick(self.seeds);
                let from = dice.roll(other.len() + 1);
                input.splice(at..to, other[from..].iter().copied());
            }
            5 => input.truncate(at),
            _ => {
                let word = self.word(dice);
                input.splice(at..at, word);
            }
        }
    }
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} must be a number, it is `{text}`")),
    )
}

/// Runs `check` on case after case until the time is over. Each is made of its own seed.
pub fn run(target: &'static str, check: impl Fn(&mut Dice)) {
    if let Some(case) = number("QUARTERDECK_FUZZ_CASE") {
        check(&mut Dice::new(case));
        return;
    }
    let time = Duration::from_secs(number("QUARTERDECK_FUZZ_SECONDS").unwrap_or(2));
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let first = u64::try_from(clock.as_nanos() & u128::from(u64::MAX >> 1)).unwrap();
    let present = Arc::new(AtomicU64::new(first));
    watch(target, Arc::downgrade(&present));
    let begun = Instant::now();
    let mut cases = 0;
    while begun.elapsed() < time {
        let case = first + cases;
        present.store(case, Ordering::Relaxed);
        let done = catch_unwind(AssertUnwindSafe(|| check(&mut Dice::new(case))));
        assert!(
            done.is_ok(),
            "{target}: case {case} fails: QUARTERDECK_FUZZ_CASE={case} cargo test --test fuzz {target}"
        );
        cases += 1;
    }
    eprintln!("{target}: {cases} cases, {first} and those that follow");
    assert!(cases > 0, "{target}: no case in {time:?}");
}

/// Ends the process when a case does not: nobody else would say which one it was.
fn watch(target: &'static str, present: std::sync::Weak<AtomicU64>) {
    std::thread::spawn(move || {
        let (mut last, mut since) = (0, Instant::now());
        while let Some(case) = present.upgrade().map(|case| case.load(Ordering::Relaxed)) {
            if case != last {
                (last, since) = (case, Instant::now());
            }
            if since.elapsed() > TOO_LONG {
                eprintln!("{target}: case {case} has not ended after {TOO_LONG:?}");
                std::process::abort();
            }
            std::thread::park_timeout(Duration::from_millis(200));
        }
    });
}

/// What would steer the terminal it is written to.
#[track_caller]
pub fn assert_harmless(text: &str) {
    let steers = |c: char| {
        (c.is_control() && c != '\t')
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.chars().any(steers), "{text:?}");
}
