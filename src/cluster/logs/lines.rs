//! Makes whole lines of the bytes that arrive, in any pieces. Lines that are too long are cut.

use bytes::{Bytes, BytesMut};

/// The most that is kept of a line.
pub(super) const LONGEST: usize = 64 * 1024;

/// Bytes that were taken apart at their lines.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    /// Whole lines, each with its line feed (the last one of a stream may lack it).
    Lines(Bytes),
    /// The head of a long line, and how many bytes of it were left out.
    Long(Bytes, u64),
}

/// The beginning of a line whose end has not come yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    begun: BytesMut,
    /// Bytes of it that were left out.
    left_out: u64,
}

impl Lines {
    /// Takes in what arrived.
    pub(super) fn feed(&mut self, mut bytes: Bytes, out: &mut Vec<Piece>) {
        if !self.is_empty() {
            let Some(end) = memchr::memchr(b'\n', &bytes) else {
                return self.keep(&bytes);
            };
            let rest = bytes.split_off(end + 1);
            self.keep(&bytes[..end]);
            self.finish(b"\n", out);
            bytes = rest;
        }
        // Everything up to the last line feed is whole lines: handed on as it is.
        let end = memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1);
        let rest = bytes.split_off(end);
        whole(bytes, out);
        self.keep(&rest);
    }

    fn is_empty(&self) -> bool {
        self.begun.is_empty()
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = LONGEST - self.begun.len();
        let (kept, left) = bytes.split_at(bytes.len().min(room));
        self.begun.extend_from_slice(kept);
        self.left_out += left.len() as u64;
    }

    /// The stream has ended: what was begun, if anything was.
    pub(super) fn rest(mut self) -> Option<Piece> {
        let mut out = Vec::new();
        if !self.is_empty() {
            self.finish(b"", &mut out);
        }
        out.pop()
    }

    fn finish(&mut self, end: &[u8], out: &mut Vec<Piece>) {
        let mut line = std::mem::take(&mut self.begun);
        match std::mem::take(&mut self.left_out) {
            0 => {
                line.extend_from_slice(end);
                out.push(Piece::Lines(line.freeze()));
            }
            left => out.push(Piece::Long(line.freeze(), left)),
        }
    }
}

/// Hands on whole lines, with those that are too long cut.
fn whole(mut bytes: Bytes, out: &mut Vec<Piece>) {
    if bytes.len() <= LONGEST + 1 {
        if !bytes.is_empty() {
            out.push(Piece::Lines(bytes));
        }
        return;
    }
    let mut from = 0;
    while from < bytes.len() {
        let end = memchr::memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |at| from + at + 1);
        if end - from > LONGEST + 1 {
            let rest = bytes.split_off(end);
            let mut long = bytes.split_off(from);
            if !bytes.is_empty() {
                out.push(Piece::Lines(bytes));
            }
            let feed = usize::from(long.ends_with(b"\n"));
            let left = long.len() - feed - LONGEST;
            long.truncate(LONGEST);
            out.push(Piece::Long(long, left as u64));
            bytes = rest;
            from = 0;
        } else {
            from = end;
        }
    }
    if !bytes.is_empty() {
        out.push(Piece::Lines(bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The lines that came out: what was kept of each, and what was left out.
    fn lines(pieces: &[Bytes]) -> Vec<(Vec<u8>, u64)> {
        let mut splitter = Lines::default();
        let mut out = Vec::new();
        for piece in pieces {
            splitter.feed(piece.clone(), &mut out);
        }
        out.extend(splitter.rest());
        let mut lines = Vec::new();
        for piece in out {
            match piece {
                Piece::Lines(bytes) => {
                    let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
                    lines.extend(text.split(|byte| *byte == b'\n').map(|l| (l.to_vec(), 0)));
                }
                Piece::Long(head, left) => lines.push((head.to_vec(), left)),
            }
        }
        lines
    }

    proptest! {
        #[test]
        fn lines_are_the_same_however_they_arrive(
            lengths in proptest::collection::vec(prop_oneof![0_usize..200, LONGEST - 2..LONGEST + 3, 65_000_usize..200_000], 1..8),
            step in 1_usize..150_000,
        ) {
            let text: Vec<u8> = lengths
                .iter()
                .enumerate()
                .flat_map(|(n, length)| {
                    let letter = b'a' + u8::try_from(n).unwrap_or(0);
                    std::iter::repeat_n(letter, *length).chain([b'\n'])
                })
                .collect();
            let pieces: Vec<Bytes> = text.chunks(step).map(Bytes::copy_from_slice).collect();
            let got = lines(&pieces);
            prop_assert_eq!(got.len(), lengths.len());
            for ((head, left), length) in got.iter().zip(&lengths) {
                prop_assert_eq!(head.len() as u64 + left, *length as u64);
                prop_assert_eq!(head.len(), LONGEST.min(*length));
            }
        }
    }

    #[test]
    fn a_gigabyte_without_a_line_feed_stays_small() {
        let mut splitter = Lines::default();
        let mut out = Vec::new();
        let piece = Bytes::from(vec![b'x'; 1 << 20]);
        for _ in 0..1024 {
            splitter.feed(piece.clone(), &mut out);
            assert!(splitter.begun.len() <= LONGEST);
        }
        splitter.feed("\nnext\n".into(), &mut out);
        let expected = (1_u64 << 30) - LONGEST as u64;
        assert!(
            matches!(&out[0], Piece::Long(head, left) if head.len() == LONGEST && *left == expected)
        );
        assert_eq!(out[1], Piece::Lines("next\n".into()));
    }
}
