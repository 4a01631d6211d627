//! Key maps: loading, merging, resolving.
