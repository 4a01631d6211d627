//! When to try again.

use super::clock::stands_still;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Waits that double from a first one up to a cap, each shortened by up to a quarter so that many
/// streams do not come back in step.
#[derive(Debug)]
pub(super) struct Backoff {
    first: Duration,
    cap: Duration,
    steps: u32,
    seed: RandomState,
}

impl Backoff {
    pub(super) fn new(first: Duration, cap: Duration) -> Self {
        Self {
            first,
            cap,
            steps: 0,
            seed: RandomState::new(),
        }
    }

    /// The next wait; never longer than the cap.
    pub(super) fn next(&mut self) -> Duration {
        if stands_still() {
            // A picture must not tell how often it was tried before it was taken.
            return self.cap;
        }
        let doubled = self.first.saturating_mul(1 << self.steps.min(16));
        let full = doubled.min(self.cap);
        let dice = u32::try_from(self.seed.hash_one(self.steps) % 256).unwrap_or(0);
        self.steps = self.steps.saturating_add(1);
        full.saturating_sub(full * dice / 1024)
    }

    /// It worked: the next failure starts from the first wait.
    pub(super) fn reset(&mut self) {
        self.steps = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_start_anew() {
        let (first, cap) = (Duration::from_millis(250), Duration::from_secs(5));
        let mut backoff = Backoff::new(first, cap);
        let waits: Vec<Duration> = (0..40).map(|_| backoff.next()).collect();
        assert!(waits[0] <= first && waits[0] >= first * 3 / 4);
        assert!(waits.iter().all(|wait| *wait <= cap), "{waits:?}");
        assert!(waits[10..].iter().all(|wait| *wait >= cap * 3 / 4));
        backoff.reset();
        assert!(backoff.next() <= first);
    }
}
