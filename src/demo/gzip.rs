//! Gzip without compressing the same object twice.
//!
//! Each object's bytes are deflated once, on their own and ended at a byte boundary; a list is then
//! one gzip member stitched together from such fragments and from short stored blocks, its checksum
//! combined from theirs. So the largest list costs a copy, not a compression.

use std::cell::RefCell;

use flate2::{Compress, Compression, Crc, FlushCompress};

/// Bytes deflated on their own.
#[derive(Debug)]
pub struct Fragment {
    deflated: Box<[u8]>,
    crc: Crc,
}

thread_local! {
    static DEFLATE: RefCell<Compress> = RefCell::new(Compress::new(Compression::fast(), false));
}

impl Fragment {
    /// Deflates `plain`; costs time in proportion to it.
    pub fn new(plain: &[u8]) -> Self {
        let mut crc = Crc::new();
        crc.update(plain);
        let mut deflated = Vec::with_capacity(plain.len() / 2 + 64);
        DEFLATE.with_borrow_mut(|deflate| {
            deflate.reset();
            let mut rest = plain;
            loop {
                let before = deflate.total_in();
                // Deflating into memory with room left has no way to fail; the loop gives it room.
                let _ = deflate.compress_vec(rest, &mut deflated, FlushCompress::Full);
                let read = usize::try_from(deflate.total_in() - before).unwrap_or(rest.len());
                rest = &rest[read.min(rest.len())..];
                if rest.is_empty() && deflated.len() < deflated.capacity() {
                    break;
                }
                deflated.reserve(deflated.capacity().max(1024));
            }
        });
        Self {
            deflated: deflated.into(),
            crc,
        }
    }
}

/// One gzip member in the making.
#[derive(Debug)]
pub struct Member {
    out: Vec<u8>,
    crc: Crc,
}

impl Default for Member {
    fn default() -> Self {
        // RFC 1952: magic, deflate, no flags, no time, no hints, unknown system.
        Self {
            out: vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF],
            crc: Crc::new(),
        }
    }
}

impl Member {
    /// Adds bytes as they are.
    pub fn store(&mut self, plain: &[u8]) {
        for block in plain.chunks(0xFFFF) {
            let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
            self.out.push(0);
            self.out.extend_from_slice(&length.to_le_bytes());
            self.out.extend_from_slice(&(!length).to_le_bytes());
            self.out.extend_from_slice(block);
        }
        self.crc.update(plain);
    }

    /// Adds bytes that are deflated already.
    pub fn add(&mut self, fragment: &Fragment) {
        self.out.extend_from_slice(&fragment.deflated);
        self.crc.combine(&fragment.crc);
    }

    /// What has been made since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// How much [`Member::take`] would give.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Ends the member; returns what [`Member::take`] has not given yet.
    pub fn finish(mut self) -> Vec<u8> {
        self.out.extend_from_slice(&[1, 0, 0, 0xFF, 0xFF]);
        self.out.extend_from_slice(&self.crc.sum().to_le_bytes());
        self.out.extend_from_slice(&self.crc.amount().to_le_bytes());
        self.out
    }
}

/// One complete member with `plain` in it.
pub fn member(plain: &[u8]) -> Vec<u8> {
    let mut member = Member::default();
    member.add(&Fragment::new(plain));
    member.finish()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn stitched_members_read_back() {
        let text: Vec<u8> = (0..200_000_u32)
            .flat_map(|i| (i.wrapping_mul(2_654_435_761) >> 20).to_le_bytes())
            .collect();
        let fragment = Fragment::new(&text[..70_000]);
        let mut member = Member::default();
        let mut expected = Vec::new();
        for round in 0..3 {
            member.store(b"[");
            expected.push(b'[');
            member.add(&fragment);
            expected.extend_from_slice(&text[..70_000]);
            member.store(&text[..round * 70_000]);
            expected.extend_from_slice(&text[..round * 70_000]);
        }
        member.add(&Fragment::new(b""));
        let mut bytes = member.take();
        bytes.extend(member.finish());
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(bytes.as_slice())
            .read_to_end(&mut read)
            .unwrap();
        assert!(read == expected);
    }
}
