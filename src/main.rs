//! The `quarterdeck` binary: parse, call, exit code.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    quarterdeck::cli::run(std::env::args_os())
}
