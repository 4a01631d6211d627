//! Fuzzy matching: the letters in this order, best where they stand together or begin words.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use std::fmt;

/// A pattern that is matched against many texts; keeps its buffers between them.
pub struct Fuzzy {
    pattern: Pattern,
    matcher: Matcher,
    buffer: Vec<char>,
}

impl Fuzzy {
    /// A pattern of these letters; capitals are meant only when one is typed.
    pub fn new(letters: &str) -> Self {
        Self {
            pattern: Pattern::parse(letters, CaseMatching::Smart, Normalization::Smart),
            matcher: Matcher::new(Config::DEFAULT),
            buffer: Vec::new(),
        }
    }

    /// How well the text matches, higher is better; `None` when it does not. Everything matches
    /// an empty pattern.
    pub fn score(&mut self, text: &str) -> Option<u32> {
        self.pattern
            .score(Utf32Str::new(text, &mut self.buffer), &mut self.matcher)
    }
}

impl fmt::Debug for Fuzzy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fuzzy").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_in_order_match_and_the_closer_ones_match_better() {
        let mut fuzzy = Fuzzy::new("shw");
        assert!(fuzzy.score("shop-web") > fuzzy.score("s-x-h-x-w"));
        assert_eq!(fuzzy.score("wsh"), None);
        assert!(Fuzzy::new("").score("anything").is_some());
    }
}
