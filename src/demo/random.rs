//! A seeded source of names: the same seed gives the same world, names included.

/// The alphabet of Kubernetes' generated names: no vowels, no look-alikes.
const SUFFIX: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// `SplitMix64` (Steele, Lea and Flood, 2014): small, fast, good enough for names; no secret may come from it.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A generator that gives the same values for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.bits().checked_rem(bound).unwrap_or_default()
    }

    /// An index into a slice of `len` items; 0 for an empty one.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or_default()
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or_default();
        low.saturating_add(i64::try_from(self.below(span.saturating_add(1))).unwrap_or_default())
    }

    /// Lower-case hexadecimal digits, as container ids and digests are written.
    pub fn hex(&mut self, length: usize) -> String {
        (0..length)
            .filter_map(|_| char::from_digit(u32::try_from(self.below(16)).unwrap_or_default(), 16))
            .collect()
    }

    /// A suffix as `generateName` adds it.
    pub fn suffix(&mut self, length: usize) -> String {
        (0..length)
            .map(|_| char::from(SUFFIX[usize::try_from(self.below(27)).unwrap_or_default()]))
            .collect()
    }

    /// An identity in the form of a version 4 UUID.
    pub fn uid(&mut self) -> String {
        let (high, low) = (self.bits(), self.bits());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xFFFF,
            high & 0xFFF,
            (low >> 48) & 0x3FFF | 0x8000,
            low & 0xFFFF_FFFF_FFFF,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_names() {
        let (mut one, mut same, mut other) = (Random::new(7), Random::new(7), Random::new(8));
        let uid = one.uid();
        assert_eq!(uid, same.uid());
        assert_ne!(uid, other.uid());
        assert_eq!((uid.len(), uid.as_bytes()[14]), (36, b'4'));
        let suffix = one.suffix(5);
        assert_eq!(suffix.len(), 5);
        assert!(suffix.bytes().all(|b| SUFFIX.contains(&b)));
        assert_eq!(one.below(0), 0);
        assert_eq!(one.index(0), 0);
        assert!((0..100).all(|_| (-2..=2).contains(&one.between(-2, 2))));
        assert_eq!(one.hex(64).len(), 64);
    }
}
