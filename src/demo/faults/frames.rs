//! Faults of connections into containers: messages that come slowly, and ends without a word.

use std::time::Duration;

use super::{Act, Severance};

/// What goes wrong with the messages of one connection.
#[derive(Debug, Clone, Copy)]
pub struct Disturbance {
    cut: Option<(usize, Severance)>,
    pause: Option<Duration>,
}

impl Disturbance {
    /// What these faults do to a connection.
    pub fn of(acts: &[Act]) -> Self {
        let mut all = Self {
            cut: None,
            pause: None,
        };
        for act in acts {
            match act {
                Act::CutStream { bytes, by } => all.cut = Some((*bytes, *by)),
                Act::SlowFrames { ms } => all.pause = Some(Duration::from_millis(*ms)),
                _ => {}
            }
        }
        all
    }

    /// How the connection is cut before anything is sent, if it is.
    pub fn cut_at_once(&self) -> Option<Severance> {
        self.cut.and_then(|(bytes, by)| (bytes == 0).then_some(by))
    }

    /// Waits as long as the next message has to.
    pub async fn wait(&self) {
        if let Some(pause) = self.pause {
            tokio::time::sleep(pause).await;
        }
    }

    /// How many of a message's bytes still go out, and whether the connection is cut behind them.
    pub fn admit(&mut self, bytes: usize) -> (usize, Option<Severance>) {
        let Some((left, by)) = &mut self.cut else {
            return (bytes, None);
        };
        if bytes < *left {
            *left -= bytes;
            return (bytes, None);
        }
        (*left, Some(*by))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_falls_behind_its_byte() {
        let mut fault = Disturbance::of(&[Act::CutStream {
            bytes: 5,
            by: Severance::Fin,
        }]);
        assert_eq!(fault.cut_at_once(), None);
        assert_eq!(fault.admit(3), (3, None));
        assert_eq!(fault.admit(4), (2, Some(Severance::Fin)));
    }
}
