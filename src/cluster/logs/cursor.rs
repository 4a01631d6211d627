//! Exactly how far a log was read.
//!
//! `sinceTime` is rounded to seconds, and many lines share a second: after a cut the server sends
//! some again. The cursor remembers the run of lines that share the second of the last one (its
//! first stamp, its last, how many) and finds that run again in what the server sends. Lines of the
//! run are skipped; when the run is not there, what was between it and the first new line may be
//! lost, and that is said.

use crate::domain::logs::Nanos;
use crate::domain::logs::stamp::Stamps;
use bytes::Bytes;

/// `2026-11-23T10:04:11`
const SECOND: usize = 19;

/// How far a log was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Cursor {
    stamps: Stamps,
    run: Option<Run>,
    /// The text of the second of the run, to see quickly that a line belongs to it.
    second: [u8; SECOND],
    /// The beginnings of the first and the last line of the run: stamps alone may be equal.
    first_line: Vec<u8>,
    last_line: Vec<u8>,
    search: Search,
    /// No line of the present stream was new yet.
    begins: bool,
}

/// So much of a line tells it from others of the same moment.
const BEGINNING: usize = 256;

fn beginning(line: &[u8]) -> &[u8] {
    &line[..line.len().min(BEGINNING)]
}

/// Lines in a row that share a second.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Run {
    first: Nanos,
    last: Nanos,
    count: u64,
}

/// Where the cursor is in what the server sends again.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Search {
    /// Everything is new.
    #[default]
    Done,
    /// The first line of the run has not come yet. In a stream of a new run of the container it
    /// may never come, and nothing is missing then.
    First { new_run: bool },
    /// So many lines of the run are still to come.
    Rest(u64),
    /// The run has come. A server may send its second once more; those lines are older than the
    /// last one.
    Again { repeated: bool },
}

/// What a line is to somebody who has read up to the cursor.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Known,
    New,
    /// New, and what was between the run and it may be missing.
    AfterGap(Nanos),
}

/// What of a piece is new.
#[derive(Debug, Default, PartialEq)]
pub(super) struct News {
    /// The new lines; with a gap, those after it.
    pub(super) lines: Bytes,
    /// Lines are missing before them: the last known and the first new stamp.
    pub(super) gap: Option<(Nanos, Nanos)>,
    /// Where among them nothing was written for a while.
    pub(super) jumps: Vec<Jump>,
}

/// Two lines in a row that lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Jump {
    /// Where in the new lines the second one begins.
    pub(super) at: usize,
    /// Their stamps.
    pub(super) from: Nanos,
    pub(super) to: Nanos,
}

/// Lines this far apart are a [`Jump`]: kubelets rotate a log no more often than every three
/// seconds, so that a file which was passed over holds about so much.
const JUMP: i64 = 2_000_000_000;

impl Cursor {
    /// The stamp of the last line that was read.
    pub(super) fn last(&self) -> Option<Nanos> {
        self.run.map(|run| run.last)
    }

    /// From which moment the server must send lines again: the second of the run.
    pub(super) fn since(&self) -> Option<Nanos> {
        Some(Nanos(self.run?.first.seconds() * 1_000_000_000))
    }

    /// A new stream begins, from [`Cursor::since`]; `new_run` when the container was restarted.
    pub(super) fn reopen(&mut self, new_run: bool) {
        self.begins = true;
        if self.run.is_some() {
            self.search = Search::First { new_run };
        }
    }

    /// Whether lines may turn out to be missing before the next one.
    pub(super) fn may_miss(&self) -> bool {
        self.search == Search::First { new_run: false }
    }

    /// Reads whole lines; says what of them is new.
    pub(super) fn read(&mut self, lines: &Bytes) -> News {
        let mut at = 0;
        // In the present stream everything from here on is new.
        let mut from = None;
        let mut gap = None;
        let mut noted = 0..0;
        let mut jumps = Vec::new();
        while at < lines.len() {
            let end = memchr::memchr(b'\n', &lines[at..]).map_or(lines.len(), |n| at + n + 1);
            let line = &lines[at..end];
            let verdict = self.judge(line);
            if let Verdict::AfterGap(first) = verdict {
                gap = self.last().map(|last| (last, first));
            }
            if verdict == Verdict::Known {
                // What is known comes before what is new, but for a server that repeats itself in
                // the middle of a piece: then the rest is read line by line.
                if let Some(start) = from {
                    self.keep_last(&lines[noted]);
                    let rest = lines.slice(end..);
                    let more = self.read(&rest);
                    let mut kept = lines.slice(start..at).to_vec();
                    kept.extend_from_slice(&more.lines);
                    return News {
                        lines: kept.into(),
                        gap,
                        jumps,
                    };
                }
            } else {
                let begin = *from.get_or_insert(at);
                if let Some((from, to)) = self.note(line) {
                    let at = at - begin;
                    jumps.push(Jump { at, from, to });
                }
                noted = at..end;
            }
            at = end;
        }
        if !noted.is_empty() {
            self.keep_last(&lines[noted]);
        }
        News {
            lines: from.map_or_else(Bytes::new, |from| lines.slice(from..)),
            gap,
            jumps,
        }
    }

    fn keep_last(&mut self, line: &[u8]) {
        self.last_line.clear();
        self.last_line.extend_from_slice(beginning(line));
    }

    /// What a line is, when known lines may still come.
    fn judge(&mut self, line: &[u8]) -> Verdict {
        let Some(run) = self.run.filter(|_| self.search != Search::Done) else {
            return Verdict::New;
        };
        let Some(at) = self.stamps.split(line).0 else {
            return Verdict::New;
        };
        match self.search {
            Search::First { .. } if at == run.first && self.first_line == beginning(line) => {
                self.search = match run.count {
                    1 => Search::Again { repeated: false },
                    count => Search::Rest(count - 1),
                };
                Verdict::Known
            }
            // Status and stream are asked one after the other: the new run may have been read
            // already. Where its first line is another, it was not.
            Search::First { new_run: true } => {
                self.search = Search::Done;
                // Its lines are sought by themselves from now on, also within the same second.
                self.second = [0; SECOND];
                Verdict::New
            }
            Search::First { .. } if at <= run.last => Verdict::Known,
            Search::First { .. } => {
                self.search = Search::Done;
                Verdict::AfterGap(at)
            }
            Search::Rest(count) if at <= run.last => {
                self.search = match count {
                    1 => Search::Again { repeated: false },
                    count => Search::Rest(count - 1),
                };
                Verdict::Known
            }
            Search::Again { .. } if at < run.last => {
                self.search = Search::Again { repeated: true };
                Verdict::Known
            }
            Search::Again { .. } if at == run.last && self.last_line == beginning(line) => {
                Verdict::Known
            }
            Search::Again { repeated: true } if at == run.last => Verdict::Known,
            // A line later than the run: nothing before it can be missing. As long as it shares the
            // second from which the server sends, the server may still repeat itself.
            _ => {
                self.search = if at.seconds() > run.first.seconds() {
                    Search::Done
                } else {
                    Search::Again { repeated: false }
                };
                Verdict::New
            }
        }
    }

    /// A line was handed on. The stamps of the one before it and its own, when they lie apart.
    fn note(&mut self, line: &[u8]) -> Option<(Nanos, Nanos)> {
        let same = line.len() > SECOND && line[..SECOND] == self.second;
        let at = self.stamps.split(line).0?;
        let begins = std::mem::take(&mut self.begins);
        match &mut self.run {
            Some(run) if same => {
                run.last = run.last.max(at);
                run.count += 1;
                None
            }
            run => {
                let before = run.map(|run| run.last);
                *run = Some(Run {
                    first: at,
                    last: at,
                    count: 1,
                });
                self.first_line.clear();
                self.first_line.extend_from_slice(beginning(line));
                if line.len() > SECOND {
                    self.second.copy_from_slice(&line[..SECOND]);
                }
                // What lies before a stream is judged by what it sends again.
                let before = before.filter(|before| !begins && at.0 - before.0 >= JUMP)?;
                Some((before, at))
            }
        }
    }

    /// The head of a long line: whether it is new, and the stamp after a gap.
    pub(super) fn read_long(&mut self, head: &[u8]) -> (bool, Option<(Nanos, Nanos)>) {
        let verdict = self.judge(head);
        let gap = match verdict {
            Verdict::AfterGap(first) => self.last().map(|last| (last, first)),
            _ => None,
        };
        if verdict != Verdict::Known {
            self.note(head);
            self.keep_last(head);
        }
        (verdict != Verdict::Known, gap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(stamp: (u8, u16), n: usize) -> String {
        format!("2026-11-23T10:04:{:02}.{:03}Z line {n}\n", stamp.0, stamp.1)
    }

    fn text(lines: &[(u8, u16)], from: usize) -> String {
        let numbered = lines.iter().enumerate().skip(from);
        numbered.map(|(n, stamp)| line(*stamp, n)).collect()
    }

    /// What a server sends for `sinceTime`: lines of that second or later.
    fn since(lines: &[(u8, u16)], second: i64) -> String {
        let text = |(n, stamp): (usize, &(u8, u16))| {
            (i64::from(stamp.0) >= second % 60).then(|| line(*stamp, n))
        };
        lines.iter().enumerate().filter_map(text).collect()
    }

    fn read(cursor: &mut Cursor, text: &str) -> (String, bool) {
        let news = cursor.read(&Bytes::copy_from_slice(text.as_bytes()));
        let lines = String::from_utf8_lossy(&news.lines).into_owned();
        (lines, news.gap.is_some())
    }

    proptest! {
        /// Wherever the stream is cut, and wherever reading began, the parts make the whole.
        #[test]
        fn a_cut_loses_nothing_and_repeats_nothing(
            mut lines in proptest::collection::vec((0_u8..4, 0_u16..6), 1..60),
            start in 0_usize..60,
            cuts in proptest::collection::vec(0_usize..60, 0..4),
        ) {
            lines.sort_unstable();
            let start = start.min(lines.len() - 1);
            let mut cursor = Cursor::default();
            let mut got = String::new();
            let mut known = start;
            let mut cuts = cuts;
            cuts.sort_unstable();
            for cut in cuts.into_iter().chain([lines.len()]) {
                let cut = cut.clamp(known, lines.len());
                let sent = match cursor.since() {
                    None => text(&lines[..cut], start),
                    Some(at) => {
                        cursor.reopen(false);
                        since(&lines[..cut], at.seconds())
                    }
                };
                let (new, gap) = read(&mut cursor, &sent);
                prop_assert!(!gap);
                got.push_str(&new);
                known = cut;
            }
            prop_assert_eq!(got, text(&lines, start));
        }

        /// A server that sends a part twice changes nothing.
        #[test]
        fn what_a_server_repeats_is_read_once(count in 1_u16..20, cut in 1_u16..20) {
            let lines: Vec<(u8, u16)> = (0..count).map(|n| (7, n)).collect();
            let cut = usize::from(cut.min(count));
            let mut cursor = Cursor::default();
            let (mut got, _) = read(&mut cursor, &text(&lines[..cut], 0));
            cursor.reopen(false);
            let twice = text(&lines[..cut], 0) + &text(&lines, 0) + &text(&lines, 0);
            let (new, gap) = read(&mut cursor, &twice);
            got.push_str(&new);
            prop_assert_eq!((got, gap), (text(&lines, 0), false));
        }
    }

    #[test]
    fn a_log_that_begins_later_than_it_was_read_has_a_gap() {
        let lines: Vec<(u8, u16)> = (0..40).map(|n| (n / 10, u16::from(n % 10))).collect();
        let mut cursor = Cursor::default();
        read(&mut cursor, &text(&lines[..15], 0));
        cursor.reopen(false);
        let (new, gap) = read(&mut cursor, &text(&lines, 22));
        assert_eq!((new, gap), (text(&lines, 22), true));
    }

    #[test]
    fn a_new_run_has_no_gap_and_is_not_read_twice() {
        let old: Vec<(u8, u16)> = (0..5).map(|n| (3, n)).collect();
        let new: Vec<(u8, u16)> = (0..5).map(|n| (3, n + 5)).collect();
        let mut cursor = Cursor::default();
        read(&mut cursor, &text(&old, 0));
        cursor.reopen(true);
        assert_eq!(read(&mut cursor, &text(&new, 0)), (text(&new, 0), false));
        // The restart was noticed only after the new run had been read.
        cursor.reopen(true);
        assert_eq!(read(&mut cursor, &text(&new, 0)).0, text(&new, 5));
    }

    #[test]
    fn a_while_without_lines_is_a_jump_within_a_stream_alone() {
        let mut cursor = Cursor::default();
        let mut jumps = |lines: &[(u8, u16)]| {
            let text = text(lines, 0);
            let news = cursor.read(&Bytes::copy_from_slice(text.as_bytes()));
            let jumps = news.jumps.iter();
            let found: Vec<usize> = jumps.map(|jump| jump.at).collect();
            cursor.reopen(true);
            found
        };
        let line = text(&[(1, 0)], 0).len();
        assert_eq!(
            jumps(&[(1, 0), (2, 5), (4, 5), (9, 0)]),
            [line * 2, line * 3]
        );
        assert!(jumps(&[(30, 0), (31, 0)]).is_empty(), "another run");
    }

    #[test]
    fn the_last_line_alone_is_enough_to_know_that_nothing_is_missing() {
        let lines: Vec<(u8, u16)> = (0..10).map(|n| (3, n)).collect();
        let mut cursor = Cursor::default();
        read(&mut cursor, &text(&lines[..5], 4));
        cursor.reopen(false);
        let (new, gap) = read(&mut cursor, &text(&lines, 0));
        assert_eq!((new, gap), (text(&lines, 5), false));
    }
}
