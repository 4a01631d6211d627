//! Typed roles of colour, loaded from data.
