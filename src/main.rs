//! The `quarterdeck` binary: parse, call, exit code.

#![forbid(unsafe_code)]

fn main() {}
