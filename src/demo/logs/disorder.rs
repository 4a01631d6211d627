//! What a fault does to one log stream.

use crate::demo::faults::{Act, Severance};

/// The faults of one stream.
#[derive(Debug, Default)]
pub struct Disorder {
    cut: Option<Cut>,
    /// Lines after which the stream falls silent.
    stall: Option<u64>,
    /// The first second is sent twice.
    pub repeat: bool,
}

#[derive(Debug, Clone, Copy)]
struct Cut {
    lines: Option<u64>,
    bytes: Option<u64>,
    by: End,
}

/// How a stream ends that is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// As if the log had ended.
    Whole,
    /// Without a word.
    Severed(Severance),
}

/// What becomes of a stream after some lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It goes on.
    On,
    /// It is silent until faults change; the rest waits.
    Stalled,
    /// It ends.
    Cut(End),
}

impl Disorder {
    /// Whether an act concerns streams that are open.
    pub fn concerns(act: &Act) -> bool {
        matches!(
            act,
            Act::LogCut { .. } | Act::LogEnd { .. } | Act::LogStall { .. } | Act::Silence
        )
    }

    /// The faults that these acts make.
    pub fn of(acts: &[Act]) -> Self {
        let mut disorder = Self::default();
        for act in acts {
            match act {
                Act::LogCut { lines, bytes, by } => {
                    disorder.cut = Some(Cut {
                        lines: *lines,
                        bytes: *bytes,
                        by: End::Severed(*by),
                    });
                }
                Act::LogEnd { lines } => {
                    disorder.cut = Some(Cut {
                        lines: Some(*lines),
                        bytes: None,
                        by: End::Whole,
                    });
                }
                Act::LogStall { lines } => disorder.stall = Some(*lines),
                Act::Silence => disorder.stall = Some(0),
                Act::LogRepeat => disorder.repeat = true,
                _ => {}
            }
        }
        disorder
    }

    /// Lets through what may pass of `out` and says what comes of the stream. What is held back by
    /// a stall is returned.
    pub fn pass(&mut self, out: &mut Vec<u8>) -> (Fate, Vec<u8>) {
        if let Some(lines) = &mut self.stall {
            let end = end_of(out, *lines);
            if end < out.len() || *lines == 0 {
                *lines = 0;
                return (Fate::Stalled, out.split_off(end));
            }
            *lines -= count(out);
        }
        let fate = self.cut.as_mut().map_or(Fate::On, |cut| cut.pass(out));
        (fate, Vec::new())
    }
}

impl Cut {
    fn pass(&mut self, out: &mut Vec<u8>) -> Fate {
        let by_lines = self.lines.map(|lines| end_of(out, lines));
        let by_bytes = self
            .bytes
            .map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX).min(out.len()));
        let end = match (by_lines, by_bytes) {
            (Some(lines), Some(bytes)) => lines.min(bytes),
            (Some(end), None) | (None, Some(end)) => end,
            (None, None) => 0,
        };
        let through = end == out.len();
        out.truncate(end);
        self.lines = self.lines.map(|lines| lines - count(out).min(lines));
        self.bytes = self.bytes.map(|bytes| bytes - (end as u64).min(bytes));
        let spent = self.lines == Some(0) || self.bytes == Some(0);
        if through && !spent && (self.lines.is_some() || self.bytes.is_some()) {
            Fate::On
        } else {
            Fate::Cut(self.by)
        }
    }
}

fn count(out: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', out).count() as u64
}

/// Where in `out` so many lines end; its end when it has fewer.
fn end_of(out: &[u8], lines: u64) -> usize {
    let Some(last) = lines.checked_sub(1) else {
        return 0;
    };
    memchr::memchr_iter(b'\n', out)
        .nth(usize::try_from(last).unwrap_or(usize::MAX))
        .map_or(out.len(), |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(disorder: &mut Disorder, text: &str) -> (String, Fate, String) {
        let mut out = text.as_bytes().to_vec();
        let (fate, held) = disorder.pass(&mut out);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap_or_default();
        (text(out), fate, text(held))
    }

    #[test]
    fn a_stream_is_cut_after_its_lines_or_bytes() {
        let severed = Fate::Cut(End::Severed(Severance::Rst));
        let cut = |lines, bytes| {
            Disorder::of(&[Act::LogCut {
                lines,
                bytes,
                by: Severance::Rst,
            }])
        };
        let mut three = cut(Some(3), None);
        assert_eq!(passed(&mut three, "a\nb\n").1, Fate::On);
        let (text, fate, _) = passed(&mut three, "c\nd\n");
        assert_eq!((text.as_str(), fate), ("c\n", severed));
        let (text, fate, _) = passed(&mut cut(None, Some(3)), "a\nb\nc\n");
        assert_eq!((text.as_str(), fate), ("a\nb", severed));
        assert_eq!(passed(&mut cut(None, None), "a\n").0, "");
        let (text, fate, _) = passed(&mut Disorder::of(&[Act::LogEnd { lines: 1 }]), "a\nb\n");
        assert_eq!((text.as_str(), fate), ("a\n", Fate::Cut(End::Whole)));
    }

    #[test]
    fn a_stalled_stream_holds_the_rest() {
        let mut stall = Disorder::of(&[Act::LogStall { lines: 2 }]);
        assert_eq!(passed(&mut stall, "a\n").1, Fate::On);
        let (text, fate, held) = passed(&mut stall, "b\nc\n");
        assert_eq!(
            (text.as_str(), fate, held.as_str()),
            ("b\n", Fate::Stalled, "c\n")
        );
        assert_eq!(passed(&mut Disorder::default(), "a\n").1, Fate::On);
    }
}
