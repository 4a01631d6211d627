//! Pure nouns and rules: rows, labels, health, the fleet, the filter language.
