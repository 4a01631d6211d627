//! The demo cluster's only source of time.
//!
//! Everything in the room asks a [`Clock`], so that tests can hold time still and move it.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// A source of the present instant; cheap to clone.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    Wall,
    /// A clock that moves only when it is told to.
    Manual(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(Mutex::new(start)))
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Wall => Timestamp::now(),
            Self::Manual(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// The present instant as the API writes it: RFC 3339, UTC, whole seconds.
    pub fn stamp(&self) -> String {
        stamp(self.now())
    }

    /// Moves a manual clock forward; the wall clock cannot be moved and stays as it is.
    pub fn advance(&self, by: SignedDuration) {
        if let Self::Manual(at) = self {
            let mut at = at.lock().unwrap_or_else(PoisonError::into_inner);
            *at = at.checked_add(by).unwrap_or(Timestamp::MAX);
        }
    }
}

/// An instant as the API writes it: RFC 3339, UTC, whole seconds.
pub fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = Clock::manual("2026-01-02T03:04:05.678Z".parse().unwrap());
        assert_eq!(clock.stamp(), "2026-01-02T03:04:05Z");
        clock.clone().advance(SignedDuration::from_secs(60));
        assert_eq!(clock.stamp(), "2026-01-02T03:05:05Z");
    }
}
