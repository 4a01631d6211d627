//! The configuration file, and where files live.
